package desk

import "guichet"

// Rows of some datasets count persons and name nobody: who stands behind a figure
// is then how many it counts, each for one.

// countedVerdicts says what becomes of each row, by what the rows count. A count
// of nobody is left out like one of too few: were it told, what is not there
// would be known to be somebody.
func (w *work) countedVerdicts(found []guichet.Found) (map[string]state, error) {
	type sum struct {
		people   guichet.Decimal
		measures map[string]guichet.Decimal
	}
	sums := map[string]*sum{}
	var order []string
	for _, f := range found {
		key := w.rows.key(w.subs[f.Submission], f)
		if sums[key] == nil {
			sums[key] = &sum{measures: map[string]guichet.Decimal{}}
			order = append(order, key)
		}
		for i, name := range w.rows.kept {
			if f.Measures[i] == nil {
				continue
			}
			s := sums[key]
			s.measures[name] = s.measures[name].Add(*f.Measures[i])
			if name == w.ds.Counts {
				s.people = s.people.Add(*f.Measures[i])
			}
		}
	}
	rows := make([]behind, 0, len(order))
	for _, key := range order {
		s := sums[key]
		row := behind{key: key, contributors: whole(s.people)}
		if row.contributors > 0 {
			row.figures = w.countedFigures(s.people, s.measures)
		}
		rows = append(rows, row)
	}
	return w.judge(rows)
}

// countedFigures are the figures of a row with how many stand behind each: of a
// count, those that it counts; of a percentile, those that its bands count; of any
// other, all of the row. A band that counts nobody tells of nobody.
func (w *work) countedFigures(people guichet.Decimal, measures map[string]guichet.Decimal) []Cell {
	counts, _ := w.ds.Field(w.ds.Counts)
	out := []Cell{w.ones(people)} // also where it is not asked for: the others are of these persons
	for _, name := range w.q.Measures {
		var n guichet.Decimal
		f, field := w.ds.Field(name)
		d, derived := w.ds.DerivedBy(name)
		switch {
		case derived:
			for _, part := range d.Parts() {
				n = n.Add(measures[part])
			}
		case field && f.Unit == counts.Unit:
			n = measures[name]
		default:
			n = people
		}
		if n.Sign() != 0 {
			out = append(out, w.ones(n))
		}
	}
	return out
}

// ones is a figure to which so many contribute one each.
func (w *work) ones(n guichet.Decimal) Cell {
	c := Cell{Contributors: whole(n), Total: n, Gross: n}
	for range min(c.Contributors, w.terms.protector.Needed(w.terms.Rules)) {
		c.Largest = append(c.Largest, guichet.DecimalOf(1))
	}
	return c
}

// whole is a count as a number; below zero, which no rule lets pass, where it is
// none.
func whole(n guichet.Decimal) int {
	r := n.Rat()
	if !r.IsInt() || !r.Num().IsInt64() || r.Num().Int64() > 1<<40 {
		return -1
	}
	return int(r.Num().Int64())
}
