package portal

import (
	"slices"
	"strings"

	"guichet"
	"guichet/mark"
	"guichet/trade"
)

// sign is a mark beside a figure, which leads to its note.
type sign struct{ Code, Sign, Word string }

// note says below a table what a sign in it means. Remark is the place on the page
// where a member says more of it, "" none.
type note struct{ Code, Sign, Text, Remark string }

// marked finds the marks of figures, and why there is none.
type marked struct {
	ds     *guichet.Dataset
	beside string // the measure that an answer of two days sets beside itself
	list   []mark.Mark
	guess  map[string]bool // members that hid rows and do not mark them: older nodes
}

// Signs of what this node knows of a column without being told by a row: dollars that
// were converted, percentiles that were found within a band.
const (
	withinBand = "within_band"
	signRate   = "d"
	signBand   = "b"
)

func markedOf(ds *guichet.Dataset, a guichet.Answer, members []MemberResult) marked {
	m := marked{ds: ds, beside: ds.Main, guess: map[string]bool{}}
	if asked := a.Question.Measures; len(asked) > 0 && !slices.Contains(asked, ds.Main) {
		m.beside = asked[0]
	}
	m.list = append(mark.Own(), ds.Marks...)
	m.list = append(m.list, mark.Mark{Code: trade.RemarkDollars, Sign: signRate}, mark.Mark{Code: withinBand, Sign: signBand})
	for _, r := range members {
		m.guess[r.Member] = r.Hidden > 0
	}
	for _, row := range a.Rows {
		if m.protected(row) {
			m.guess[plain(row["member"])] = false
		}
	}
	return m
}

// Columns of marks of an answer of two days, one for each.
const (
	marksFirst  = "first_" + mark.Column
	marksSecond = "second_" + mark.Column
)

// columnsOfMarks are the columns of the marks of the two days, where a row has one.
func columnsOfMarks(rows []guichet.Row) []guichet.Column {
	var out []guichet.Column
	for _, c := range []guichet.Column{
		{Name: marksFirst, Title: guichet.Text{EN: "Marks, first day", FR: "Signes, premier jour"}},
		{Name: marksSecond, Title: guichet.Text{EN: "Marks, second day", FR: "Signes, second jour"}},
	} {
		if slices.ContainsFunc(rows, func(r guichet.Row) bool { return r[c.Name] != nil }) {
			out = append(out, c)
		}
	}
	return out
}

// isMarks says whether a column holds marks: they stand beside figures, not apart.
func isMarks(name string) bool {
	return slices.Contains([]string{mark.Column, marksFirst, marksSecond}, name)
}

// at are the marks of a cell.
func (m marked) at(row guichet.Row, name string) []mark.Mark {
	text := row[mark.Column]
	_, figure := decimalOf(row[name])
	c := mark.Cell{Measure: name, Figure: figure}
	switch name {
	case "first":
		c.Measure, text = m.beside, row[marksFirst]
	case "second":
		c.Measure, text = m.beside, row[marksSecond]
	}
	if d, ok := m.ds.DerivedBy(c.Measure); ok {
		c.Parts, c.By = d.Parts(), d.By
	}
	return mark.On(m.list, text, c)
}

// derived is the mark that a figure has because of how its column is made, "" none.
func (m marked) derived(row guichet.Row, name string) string {
	d, ok := m.ds.DerivedBy(name)
	switch {
	case !ok:
		return ""
	case d.By == guichet.ByBands:
		return withinBand
	}
	from, _ := m.ds.Field(d.From)
	if unit, told := row[from.Unit]; !told || plain(unit) != "USD" {
		return trade.RemarkDollars
	}
	return ""
}

// protected says whether a row is marked as hidden by an agreement.
func (m marked) protected(row guichet.Row) bool {
	text, _ := row[mark.Column].(string)
	return slices.Contains(strings.Fields(text), mark.Protected)
}

// hidden says whether the figures of a row are hidden: by its mark; of a member that
// marks nothing, by the count of rows that it hid.
func (m marked) hidden(row guichet.Row) bool {
	_, main := decimalOf(row[m.ds.Main])
	_, told := row[m.ds.Main]
	return m.protected(row) || told && !main && m.guess[plain(row["member"])]
}

// whyNone says why a cell has no figure: "hidden", "rate", "above", "unit" or "none".
func (m marked) whyNone(row guichet.Row, name string) string {
	if m.hidden(row) {
		return "hidden"
	}
	for _, x := range m.at(row, name) {
		switch x.Code {
		case mark.NoRate:
			return "rate"
		case mark.AboveBands:
			return "above"
		case trade.RemarkUnknownUnit:
			return "unit"
		}
	}
	if _, main := decimalOf(row[m.ds.Main]); main && name != m.ds.Main {
		if x, ok := m.ds.DerivedBy(name); ok && x.By == guichet.ByRate {
			return "rate"
		}
	}
	return "none"
}

// sign writes a mark for people.
func (v *visit) sign(m mark.Mark) sign {
	return sign{m.Code, m.Sign, v.words.or("sign."+m.Code, m.Code)}
}

// signs are the signs of a cell: its marks, and what follows from how its column is made
// unless the head says so of all.
func (f *figures) signs(row guichet.Row, name string) []sign {
	var out []sign
	for _, m := range f.marked.at(row, name) {
		out = append(out, f.v.sign(m))
	}
	if _, figure := decimalOf(row[name]); figure && !f.ofAll[name] {
		out = append(out, f.derivedSign(row, name)...)
	}
	return out
}

func (f *figures) derivedSign(row guichet.Row, name string) []sign {
	code := f.marked.derived(row, name)
	if code == "" {
		return nil
	}
	m, _ := mark.By(f.marked.list, code)
	return []sign{f.v.sign(m)}
}

// headSigns are the signs that every figure of a column has because of how it is made:
// they stand once, in its head.
func (f *figures) headSigns(name string) []sign {
	var out []sign
	for _, row := range f.a.Rows {
		if _, figure := decimalOf(row[name]); !figure {
			continue
		}
		if out = f.derivedSign(row, name); len(out) == 0 {
			return nil
		}
	}
	if len(out) > 0 {
		f.ofAll[name] = true
	}
	return out
}

// cut keeps the rows of a page, and makes the notes of what is left: one for each sign
// that occurs.
func (t *figureTable) cut(first, to int) {
	t.Rows = t.Rows[first:to]
	var all []sign
	for _, h := range t.Heads {
		all = append(all, h.Signs...)
	}
	for _, row := range t.Rows {
		for _, c := range row {
			all = append(all, c.Signs...)
		}
	}
	t.Signs = all
}

// notesOf are the notes of the signs of a table, each once, in order of their signs,
// with the remark among those said that tells more.
func (m marked) notesOf(v *visit, signs []sign, remarks []said) []note {
	var out []note
	for _, s := range signs {
		if slices.ContainsFunc(out, func(n note) bool { return n.Code == s.Code }) {
			continue
		}
		n := note{Code: s.Code, Sign: s.Sign, Text: v.words.or("mark."+s.Code, m.ds.RemarkText(s.Code, v.lang))}
		x, _ := mark.By(m.list, s.Code)
		about := x.Remark
		if about == "" {
			about = s.Code
		}
		for _, r := range remarks {
			if r.Word != about {
				continue
			}
			n.Remark = r.ID
			if n.Text == "" { // a later node's mark: as it says it itself
				n.Text = r.Text
			}
			break
		}
		if n.Text == "" {
			n.Text = s.Code
		}
		out = append(out, n)
	}
	slices.SortFunc(out, func(a, b note) int { return strings.Compare(a.Sign+" "+a.Code, b.Sign+" "+b.Code) })
	return out
}

// named gives the first remark of each code a name on the page, so that notes can lead
// to it.
func namedRemarks(remarks []said) []said {
	seen := map[string]bool{}
	for i, r := range remarks {
		m, ok := mark.By(nil, r.Word)
		if ok && !seen[r.Word] {
			remarks[i].ID = "remark-" + m.Code
			seen[r.Word] = true
		}
	}
	return remarks
}
