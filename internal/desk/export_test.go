package desk

import (
	"guichet"
	"guichet/mark"
)

// KeyOf is the key under which an answer to a question under a decision is held
// ready, but for the party, the state and the day.
func KeyOf(q guichet.Question, d guichet.Decision) string {
	var k keyer
	k.question(q)
	k.decision(d)
	return string(k)
}

// PercentileOf is what a derived measure is of so many counted in each band, and
// whether it lies above the last bound; nil, false: nothing can be said.
func PercentileOf(ds *guichet.Dataset, measure string, counted map[string]guichet.Decimal, partial ...string) (*guichet.Decimal, bool) {
	f := newFolded(ds, guichet.Question{Measures: []string{measure}})
	c := &cell{sums: make([]*guichet.Decimal, len(f.kept)), partial: map[string]bool{}}
	for i, name := range f.kept {
		if n, ok := counted[name]; ok {
			c.sums[i] = &n
		}
	}
	for _, name := range partial {
		c.partial[name] = true
	}
	return f.percentile(c, f.banded[0])
}

// CountedFigures are the figures of a row with how many stand behind each.
func CountedFigures(ds *guichet.Dataset, p Protector, people guichet.Decimal, measures map[string]guichet.Decimal, asked ...string) []Cell {
	q := guichet.Question{Measures: asked}
	return (&work{ds: ds, q: q, terms: terms{protector: p}, rows: newFolded(ds, q)}).countedFigures(people, measures)
}

// Addable is what rows may have of the measures asked for, and the gaps that say what
// they may not.
func Addable(ds *guichet.Dataset, grouped bool, asked ...string) ([]string, []guichet.Gap, error) {
	q := guichet.Question{Measures: asked, Lang: "en"}
	w := &work{ds: ds, q: q, rows: newFolded(ds, q)}
	out, err := w.addable(guichet.Plan{Measures: asked, Grouped: grouped})
	return out, w.answer.Gaps, err
}

// MarksOf are the marks of a row in which so many are counted in each band.
func MarksOf(ds *guichet.Dataset, measure string, counted map[string]guichet.Decimal) any {
	f := newFolded(ds, guichet.Question{Measures: []string{measure}})
	c := &cell{row: guichet.Row{}, sums: make([]*guichet.Decimal, len(f.kept)), partial: map[string]bool{}, whole: true}
	for i, name := range f.kept {
		if n, ok := counted[name]; ok {
			c.sums[i] = &n
		}
	}
	f.deriveBands(c)
	f.mark(c)
	return c.row[mark.Column]
}
