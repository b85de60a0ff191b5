package store

import (
	"fmt"
	"strings"

	"guichet"
)

// number is one column that is summed, under a record's condition.
type number struct {
	record  int
	measure string
	spec    guichet.NumberColumn
	col     string // engine column
	when    string // the record's condition, "" always
	file    guichet.Decimal
}

// collectNumbers gathers the numbers of all records.
func (s *stager) collectNumbers() error {
	for i, r := range s.layout.Records {
		when, err := s.condition(r.When)
		if err != nil {
			return err
		}
		for _, f := range s.ds.Measures() {
			spec, ok := r.Measures[f.Name]
			if !ok {
				continue
			}
			col, err := s.column(spec.Column)
			if err != nil {
				return err
			}
			s.nums = append(s.nums, &number{record: i, measure: f.Name, spec: spec, col: col, when: when})
		}
	}
	return nil
}

// condition writes a record's conditions as SQL.
func (s *stager) condition(when []guichet.Condition) (string, error) {
	var out []string
	for _, w := range when {
		col, err := s.column(w.Column)
		if err != nil {
			return "", err
		}
		vals := make([]string, len(w.In))
		for i, v := range w.In {
			vals[i] = lit(v)
		}
		not := ""
		if w.Not {
			not = "NOT "
		}
		out = append(out, fmt.Sprintf("coalesce(%s,'') %sIN (%s)", col, not, strings.Join(vals, ",")))
	}
	return strings.Join(out, " AND "), nil
}

// absent is true for a text that means "no figure".
func (n *number) absent() string {
	vals := []string{"''"}
	for _, a := range n.spec.Absent {
		vals = append(vals, lit(a))
	}
	return "(coalesce(" + n.col + ", '') IN (" + strings.Join(vals, ", ") + "))"
}

// plain is true for a text that is a plain decimal number: the engine's own
// casts would take 1e3, 0x10, 1_000 and NaN, and round 1.5 for a whole number.
func (n *number) plain() string {
	sign := "[.]"
	if n.spec.Comma {
		sign = ","
	}
	frac := ""
	if n.spec.Decimals > 0 {
		frac = fmt.Sprintf("(%s[0-9]{1,%d})?", sign, n.spec.Decimals)
	}
	return "regexp_full_match(" + n.col + ", '[+-]?[0-9]{1,18}" + frac + "')"
}

// cast is the number, NULL when it does not fit DECIMAL(18,3).
func (n *number) cast() string {
	col := n.col
	if n.spec.Comma {
		col = "replace(" + col + ",',','.')"
	}
	return "try_cast(" + col + " AS DECIMAL(18,3))"
}

// typed is the number where it is one, else NULL.
func (n *number) typed() string {
	guard := n.plain()
	if len(n.spec.Absent) > 0 {
		guard = "NOT " + n.absent() + " AND " + guard
	}
	return "CASE WHEN " + guard + " THEN " + n.cast() + " END"
}

// lenient is the number as the engine's cast takes it.
func (n *number) lenient() string {
	if len(n.spec.Absent) > 0 {
		return "CASE WHEN NOT " + n.absent() + " THEN " + n.cast() + " END"
	}
	return n.cast()
}

// bad is true where the line must be put aside because of this number; typed
// names the column that holds it where it is one, so that it is worked out once.
func (n *number) bad(typed string) string {
	bad := "(" + typed + " IS NULL AND NOT " + n.absent() + ")"
	if n.spec.Required {
		bad = "(" + typed + " IS NULL)"
	}
	return n.guarded(bad)
}

func (n *number) filter() string {
	if n.when == "" {
		return ""
	}
	return " FILTER (WHERE " + n.when + ")"
}

// guarded limits an expression to the lines that give the number's record.
func (n *number) guarded(expr string) string {
	if n.when == "" {
		return "(" + expr + ")"
	}
	return "((" + n.when + ") AND (" + expr + "))"
}
