package desk

import (
	"slices"
	"strings"

	"guichet"
	"guichet/mark"
)

// A row of an answer carries marks: why its figures are hidden, or what the records
// behind them say of single figures. They follow from what is folded anyway.
//
// Nothing is told here that protection keeps back. Of a hidden row it is said that it
// is hidden, which its empty cells and the count of hidden rows say together, and not
// by which rule: that one trader dominates it, or could reckon another's figure, tells
// of those figures. And where remarks have no counts (folded.bare), no row has marks
// of records: which of the rows shown holds the line that was estimated would tell of
// that line.

// marking knows which remarks mark the figures that an answer asks for.
type marking struct {
	list []markOf
	said map[string]uint              // text of remarks -> those of the list that are in it
	note map[*guichet.Submission]uint // what is said of a whole submission
	text map[uint]string              // a row's marks, as they are written
	own  map[string]uint              // marks of the desk's own, behind those of the dataset
}

// markOf is a mark of the dataset.
type markOf struct {
	code string
	of   []int // places in folded.kept of the measures that it is about
	none bool  // it is said also where these have no figure
}

func newMarking(ds *guichet.Dataset, asked, kept []string) marking {
	m := marking{said: map[string]uint{}, note: map[*guichet.Submission]uint{}, text: map[uint]string{}, own: map[string]uint{}}
	for _, x := range ds.Marks {
		o := markOf{code: x.Code, none: x.At != mark.Figures}
		for _, measure := range asked {
			parts := []string{measure}
			if d, ok := ds.DerivedBy(measure); ok {
				parts = d.Parts()
			}
			for _, part := range parts {
				if at := slices.Index(kept, part); x.Concerns(measure, parts) && !slices.Contains(o.of, at) {
					o.of = append(o.of, at)
				}
			}
		}
		if len(o.of) > 0 {
			m.list = append(m.list, o)
		}
	}
	for i, x := range mark.Own() {
		m.own[x.Code] = 1 << (len(m.list) + i)
	}
	return m
}

// of are the marks of a group of rows, each a bit.
func (m *marking) of(sub *guichet.Submission, found guichet.Found) uint {
	said, known := m.said[found.Remark]
	if !known {
		said = m.among(strings.Fields(found.Remark))
		m.said[found.Remark] = said
	}
	note, known := m.note[sub]
	if !known {
		note = m.among(sub.Notes)
		m.note[sub] = note
	}
	out := said | note
	if out == 0 {
		return 0
	}
	for i, x := range m.list {
		has := func(at int) bool { return found.Figures[at] > 0 }
		if !x.none && !slices.ContainsFunc(x.of, has) {
			out &^= 1 << i
		}
	}
	return out
}

func (m *marking) among(codes []string) uint {
	var out uint
	for i, x := range m.list {
		if slices.Contains(codes, x.code) {
			out |= 1 << i
		}
	}
	return out
}

// write writes marks as they stand in a row.
func (m *marking) write(marks uint) string {
	text, known := m.text[marks]
	if !known {
		var codes []string
		for i, x := range m.list {
			if marks&(1<<i) != 0 {
				codes = append(codes, x.code)
			}
		}
		for code, bit := range m.own {
			if marks&bit != 0 {
				codes = append(codes, code)
			}
		}
		slices.Sort(codes)
		text = strings.Join(codes, " ")
		m.text[marks] = text
	}
	return text
}

// mark writes a row's marks into it; nothing where it has none.
func (f *folded) mark(c *cell) {
	marks := c.marks
	if reporter, _ := c.row[guichet.FieldReporter].(string); f.bare[reporter] {
		marks = 0
	}
	own := f.marking.own
	if c.hidden {
		marks = own[mark.Protected]
	}
	if !c.whole {
		marks |= own[mark.NoRate]
	}
	if c.above {
		marks |= own[mark.AboveBands]
	}
	if marks != 0 {
		c.row[mark.Column] = f.marking.write(marks)
	}
}

// columnOfMarks describes the column of marks, where a row that is given has one.
func (w *work) columnOfMarks() {
	marked := func(r guichet.Row) bool { return r[mark.Column] != nil }
	if !slices.ContainsFunc(w.answer.Rows, marked) {
		return
	}
	for _, r := range w.answer.Rows {
		if !marked(r) {
			r[mark.Column] = nil
		}
	}
	w.answer.Columns = append(w.answer.Columns, guichet.Column{Name: mark.Column, Title: guichet.Text{EN: "marks", FR: "signes"}})
}
