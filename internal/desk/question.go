package desk

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"guichet"
	"guichet/wording"
)

// complete fills in what a question leaves open and refuses what cannot be
// asked. All faults are told together.
func complete(ds *guichet.Dataset, q guichet.Question) (guichet.Question, error) {
	if refusal := private(ds, q); refusal != nil {
		return q, refusal
	}
	var faults []wording.Sentence
	if len(q.By) == 0 {
		q.By = ds.By
	}
	if len(q.Measures) == 0 {
		q.Measures = []string{ds.Main}
	}
	if q.Conversion == "" {
		q.Conversion = "exact"
	}
	for _, by := range q.By {
		if !known(ds, by) {
			faults = append(faults, wording.Say("there is no dimension %s (there are: %s)", quote(by), ds.Names()))
		}
	}
	for _, m := range q.Measures {
		f, ok := ds.Field(m)
		_, derived := ds.DerivedBy(m)
		if (!ok || f.Role != guichet.Measure) && !derived {
			faults = append(faults, wording.Say("there is no measure %s (there are: %s)", quote(m), measures(ds)))
		}
	}
	var unknown *guichet.Error
	for _, name := range slices.Sorted(maps.Keys(q.Where)) {
		values := q.Where[name]
		switch f, ok := ds.Field(name); {
		case name == guichet.FieldPeriod:
			faults = append(faults, wording.Say("the period is given apart, not as a condition"))
		case !known(ds, name) && (!ok || f.Role != guichet.Attribute):
			faults = append(faults, wording.Say("there is no dimension %s (there are: %s)", quote(name), ds.Names()))
		case isLevel(ds, name):
			c, _, _ := ds.ClassificationBy(name)
			faults = append(faults, wording.Say("%s is a level to answer by; codes of any level are picked by %s", quote(name), quote(c.Name)))
		case len(values) == 0 || slices.Contains(values, ""):
			faults = append(faults, wording.Say("the condition on %s names no value", quote(name)))
		case unknown == nil:
			unknown = unknownValue(ds, q, name)
		}
	}
	q.By = withSeparate(ds, q)
	if len(faults) > 0 {
		slices.SortFunc(faults, func(a, b wording.Sentence) int { return strings.Compare(a.String(), b.String()) })
		return q, guichet.Errorf(guichet.KindInvalid, "%s", wording.Several(faults, "; ")).WithHint("see guichet ask -h")
	}
	if unknown != nil {
		return q, unknown
	}
	return q, nil
}

// unknownValue finds what is in no code list and in no classification: the
// tables would only find that they have no line of it, and call it a zero.
func unknownValue(ds *guichet.Dataset, q guichet.Question, name string) *guichet.Error {
	c, _, classified := ds.ClassificationBy(name)
	f, _ := ds.Field(name)
	for _, v := range q.Where[name] {
		if classified && c.Name == name {
			_, err := c.Resolve(guichet.Resolution{Expr: v, Asked: q.Edition, Conversion: q.Conversion, Lang: q.Lang})
			if e, ok := errors.AsType[*guichet.Error](err); ok {
				return e
			}
			continue
		}
		if ds.Known == nil || f.List == "" {
			continue
		}
		if ok, hint := ds.Known(f.List, v); !ok {
			return guichet.Errorf(guichet.KindNotFound, "there is no %s %s", name, quote(v)).WithHint("%s", hint)
		}
	}
	return nil
}

func known(ds *guichet.Dataset, name string) bool {
	if f, ok := ds.Field(name); ok {
		return f.Role == guichet.Dimension
	}
	_, _, ok := ds.ClassificationBy(name)
	return ok
}

// isLevel says whether a name is that of a level, not of its classification.
func isLevel(ds *guichet.Dataset, name string) bool {
	c, _, ok := ds.ClassificationBy(name)
	_, field := ds.Field(name)
	return ok && !field && c.Name != name
}

func measures(ds *guichet.Dataset) string {
	var out []string
	for _, f := range ds.Measures() {
		out = append(out, f.Name)
	}
	for _, d := range ds.Derived {
		out = append(out, d.Name)
	}
	return strings.Join(out, ", ")
}

func quote(s string) string { return `"` + s + `"` }

// withSeparate adds the dimensions that figures are never summed over unsaid:
// the descriptor's separate ones, and the unit of each measure asked for.
func withSeparate(ds *guichet.Dataset, q guichet.Question) []string {
	by := slices.Clone(q.By)
	add := func(name string) {
		if !slices.Contains(by, name) {
			by = append(by, name)
		}
	}
	if !slices.Contains(by, guichet.FieldReporter) {
		by = append([]string{guichet.FieldReporter}, by...)
	}
	for _, f := range ds.Fields {
		if f.Separate {
			add(f.Name)
		}
	}
	for _, m := range q.Measures {
		if f, ok := ds.Field(m); ok {
			if u, ok := ds.Field(f.Unit); ok {
				add(u.Name)
			}
		}
	}
	return by
}
