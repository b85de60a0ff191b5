package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"guichet"
	"guichet/codes"
	"guichet/mark"
)

// labels names a code of an edition in a language.
type labels func(edition int, code, lang string) string

// labelWidth keeps the wording of a code on one line beside its figures.
const labelWidth = 44

// figures is an answer on its way to a table.
type figures struct {
	w     *window
	d     *guichet.Dataset
	a     guichet.Answer
	label labels
	same  map[string]string // dimensions that are the same in all rows: said once, above
	marks []mark.Mark       // that may stand in it
	said  map[string]string // sign -> code, of those that do
}

// printFigures prints the rows of an answer. What is the same in every row is
// said above the table and not in it, unless it was asked for.
func (w *window) printFigures(a guichet.Answer, by []string, label labels) {
	if len(a.Rows) == 0 {
		w.print(w.say("answer.none"))
		return
	}
	f := figures{w: w, d: datasetOf(a.Question.Dataset), a: a, label: label, same: map[string]string{}, said: map[string]string{}}
	f.marks = append(mark.Own(), f.d.Marks...)
	var above []string
	for _, c := range a.Columns {
		if c.Measure || c.Name == mark.Column || slices.Contains(by, c.Name) {
			continue
		}
		if value, ok := f.constant(c.Name); ok {
			f.same[c.Name] = value
			if value != "" {
				above = append(above, f.title(c)+w.say("colon")+f.named(c.Name, value))
			}
		}
	}
	if len(above) > 0 {
		w.print(strings.Join(above, "; "))
		w.print("")
	}
	w.table(f.table())
	f.legend()
}

// constant returns the text that a column has in every row.
func (f *figures) constant(name string) (string, bool) {
	first := f.text(f.a.Rows[0][name])
	for _, r := range f.a.Rows[1:] {
		if f.text(r[name]) != first {
			return "", false
		}
	}
	return first, true
}

func (f *figures) table() *table {
	var heads []string
	var cells []func(guichet.Row) string
	for _, c := range f.a.Columns {
		if _, said := f.same[c.Name]; said || c.Name == mark.Column {
			continue
		}
		if c.Measure {
			decimals, room := f.decimals(c.Name), f.room(c.Name)
			heads = append(heads, ">"+f.measureTitle(c))
			cells = append(cells, func(r guichet.Row) string {
				return f.figure(r[c.Name], decimals) + padded(f.signs(r, c.Name), room)
			})
			continue
		}
		heads = append(heads, f.title(c))
		cells = append(cells, func(r guichet.Row) string { return f.named(c.Name, f.text(r[c.Name])) })
		if class, _, ok := f.d.ClassificationBy(c.Name); ok && f.label != nil {
			heads = append(heads, f.w.say("head.label"))
			cells = append(cells, func(r guichet.Row) string { return f.labelOf(class, r, f.text(r[c.Name])) })
		}
	}
	t := newTable(heads...)
	for _, r := range f.a.Rows {
		row := make([]string, len(cells))
		for i, cell := range cells {
			row[i] = cell(r)
		}
		t.add(row...)
	}
	return t
}

func (f *figures) title(c guichet.Column) string {
	t := c.Title.In(f.w.lang)
	if t == "" {
		return c.Name
	}
	first, n := utf8.DecodeRuneInString(t)
	return string(unicode.ToUpper(first)) + t[n:]
}

// measureTitle adds the unit to the title where it is one for all rows.
func (f *figures) measureTitle(c guichet.Column) string {
	title := f.title(c)
	field, ok := f.d.Field(c.Name)
	if !ok {
		return title
	}
	if unit := f.same[field.Unit]; unit != "" {
		return title + ", " + unit
	}
	return title
}

// decimals returns the most digits after the sign in a column, so that signs
// stand below each other.
func (f *figures) decimals(name string) int {
	most := 0
	for _, r := range f.a.Rows {
		if d, ok := decimal(r[name]); ok {
			most = max(most, decimalsOf(d))
		}
	}
	return most
}

func (f *figures) figure(v any, decimals int) string {
	if d, ok := decimal(v); ok {
		return number(d, f.w.lang, decimals)
	}
	if v == nil {
		return "-"
	}
	return f.text(v)
}

// signs are the signs of a cell, "e p"; "" none.
func (f *figures) signs(r guichet.Row, name string) string {
	_, figure := decimal(r[name])
	c := mark.Cell{Measure: name, Figure: figure}
	if d, ok := f.d.DerivedBy(name); ok {
		c.Parts, c.By = d.Parts(), d.By
	}
	var out []string
	for _, m := range mark.On(f.marks, r[mark.Column], c) {
		f.said[m.Sign] = m.Code
		out = append(out, m.Sign)
	}
	return strings.Join(out, " ")
}

// room is how wide the signs of a column are at most.
func (f *figures) room(name string) int {
	most := 0
	for _, r := range f.a.Rows {
		most = max(most, width(f.signs(r, name)))
	}
	return most
}

// padded puts signs behind a figure so that figures stay below each other.
func padded(signs string, room int) string {
	if room == 0 {
		return ""
	}
	return " " + signs + strings.Repeat(" ", room-width(signs))
}

// legend says what the signs in the table mean.
func (f *figures) legend() {
	if len(f.said) == 0 {
		return
	}
	f.w.print("")
	for _, s := range slices.Sorted(maps.Keys(f.said)) {
		f.w.print("  " + s + f.w.say("colon") + f.w.saying(f.said[s]))
	}
}

func decimal(v any) (guichet.Decimal, bool) {
	switch v := v.(type) {
	case guichet.Decimal:
		return v, true
	case *guichet.Decimal:
		if v != nil {
			return *v, true
		}
	case int64:
		return guichet.DecimalOf(v), true
	}
	return guichet.Decimal{}, false
}

// text writes the value of a dimension as it is.
func (f *figures) text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		if v {
			return f.w.say("yes")
		}
		return f.w.say("no")
	}
	return fmt.Sprint(v)
}

// named writes the code of an area with its name; other codes stand for
// themselves.
func (f *figures) named(column, value string) string {
	field, ok := f.d.Field(column)
	if !ok || field.List != "CL_AREA" {
		return value
	}
	return f.w.area(value)
}

// area writes an area's code and name.
func (w *window) area(code string) string {
	a, ok := codes.AreaByCode(code)
	if !ok {
		return code
	}
	return code + " " + guichet.Text{EN: a.NameEN, FR: a.NameFR}.In(w.lang)
}

// labelOf names a common code. A national code has no wording of ours.
func (f *figures) labelOf(c guichet.Classification, r guichet.Row, code string) string {
	edition := readIn(f.a.Question.Edition, f.a.Question.Period)
	if e, ok := r[c.Edition].(int64); ok {
		edition = int(e)
	}
	if common, ok := r[c.Common].(string); ok && common != "" {
		code = common
	}
	if code == "" {
		return ""
	}
	return short(clean(f.label(edition, code, f.w.lang)), labelWidth)
}

// readIn is the edition in which codes are named when nothing closer says it:
// the one asked for, else the WCO's at the end of the period.
func readIn(asked int, period guichet.Span) int {
	if asked != 0 || period.IsZero() {
		return asked
	}
	return int(editionOn(period.To.End()))
}

// printWhy prints what stands behind figures: remarks, gaps, sources.
func (w *window) printWhy(remarks []guichet.Remark, gaps []guichet.Gap, sources []guichet.Source) {
	var said, missing []string
	for i, r := range remarks {
		switch same := alike(remarks, r); {
		case same <= remarksOfOne:
			said = append(said, w.remarkLine(r))
		case !slices.ContainsFunc(remarks[:i], func(o guichet.Remark) bool { return o.Code == r.Code && o.Reporter == r.Reporter }):
			said = append(said, w.remarkLine(r)+" "+w.say("answer.alike", "n", strconv.Itoa(same-1)))
		}
	}
	for _, g := range gaps {
		missing = append(missing, w.gapLine(g))
	}
	w.printPoints("answer.remarks", said)
	w.printPoints("answer.gaps", missing)
	if len(sources) > 0 {
		w.print("")
		t := newTable(w.say("head.source"), w.say("head.reporter"), w.say("head.released"), ">"+w.say("head.rows"), w.say("head.file"), w.say("head.licence"))
		for _, s := range sources {
			t.add(s.Submission, s.Reporter, w.known(s.Released), count(s.Rows, w.lang), s.File, s.Licence)
		}
		w.table(t)
	}
	w.print("")
}

// remarksOfOne is how many remarks of one code about one reporter are printed one
// by one: a reporter's twelve monthly files need not say twelve times that they are
// made data. --json has all.
const remarksOfOne = 3

// alike counts the remarks of a remark's code about its reporter.
func alike(remarks []guichet.Remark, r guichet.Remark) int {
	n := 0
	for _, o := range remarks {
		if o.Code == r.Code && o.Reporter == r.Reporter {
			n++
		}
	}
	return n
}

// printPoints prints sentences under a title, each once.
func (w *window) printPoints(title string, sentences []string) {
	if len(sentences) == 0 {
		return
	}
	w.print("")
	w.print(w.say(title))
	for i, s := range sentences {
		if !slices.Contains(sentences[:i], s) {
			w.print("  * " + s)
		}
	}
}

// gapLine says who has no figure, for when, and why.
func (w *window) gapLine(g guichet.Gap) string {
	who := strings.TrimSpace(cmp.Or(g.Reporter, g.Member) + " " + g.Period)
	line := w.inLang(string(g.Reason), g.Text)
	if g.Text != "" && line == g.Text {
		// The sentence was made for this answer: put the word before it.
		line = w.say("gap."+string(g.Reason)) + w.say("colon") + line
	}
	if who == "" {
		return line
	}
	return who + w.say("colon") + line
}
