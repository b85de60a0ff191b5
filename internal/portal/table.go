package portal

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"guichet"
)

// figureTable is an answer as a table for people. What is the same in every row is said
// once, above.
type figureTable struct {
	Above []line
	Heads []head
	Rows  [][]cell
	Signs []sign // that occur, when the table is cut to a page
	Notes []note
}

type head struct {
	Text    string
	Numeric bool
	Signs   []sign // of every figure of the column
}

// cell is one cell. Why says why there is no figure.
type cell struct {
	Text    string
	Why     string
	Numeric bool
	Signs   []sign
}

// figures makes tables of an answer.
type figures struct {
	v      *visit
	ds     *guichet.Dataset
	a      guichet.Answer
	marked marked
	ofAll  map[string]bool // columns whose head says how all their figures are made
}

func figuresOf(v *visit, ds *guichet.Dataset, a Answer) figures {
	return figures{v: v, ds: ds, a: a.Answer, marked: markedOf(ds, a.Answer, a.Members), ofAll: map[string]bool{}}
}

func (p *Portal) tableOf(v *visit, a Answer) figureTable {
	if len(a.Answer.Rows) == 0 {
		return figureTable{}
	}
	f := figuresOf(v, p.dataset(a.Answer.Question.Dataset), a)
	return f.table(p.cfg.Goods)
}

func (f *figures) table(goods Goods) figureTable {
	out := figureTable{}
	type column struct {
		c        guichet.Column
		decimals int
	}
	var columns []column
	same := map[string]string{}
	for _, c := range f.a.Columns {
		if c.Measure || isMarks(c.Name) {
			continue
		}
		if c.Name == guichet.FieldReporter && sameColumn(f.a, "member", c.Name) {
			continue // each speaks for itself
		}
		asked := slices.Contains(f.a.Question.By, c.Name) || c.Name == "member"
		if text, ok := f.constant(c.Name); ok {
			same[c.Name] = text
			if !asked {
				if text != "" {
					out.Above = append(out.Above, line{Key: title(c.Title.In(f.v.lang), c.Name), Text: f.named(c.Name, text)})
				}
				continue
			}
		}
		columns = append(columns, column{c: c})
		out.Heads = append(out.Heads, head{Text: title(c.Title.In(f.v.lang), c.Name)})
		if _, _, ok := f.ds.ClassificationBy(c.Name); ok {
			out.Heads = append(out.Heads, head{Text: f.v.t("table.label")})
		}
	}
	for _, c := range f.a.Columns {
		if c.Measure {
			columns = append(columns, column{c, f.decimals(c.Name)})
			out.Heads = append(out.Heads, head{f.measureTitle(c, same), true, f.headSigns(c.Name)})
		}
	}
	for _, row := range f.a.Rows {
		var cells []cell
		for _, col := range columns {
			if col.c.Measure {
				cells = append(cells, f.figure(row, col.c.Name, col.decimals))
				continue
			}
			text := plain(row[col.c.Name])
			cells = append(cells, cell{Text: f.named(col.c.Name, text)})
			if class, _, ok := f.ds.ClassificationBy(col.c.Name); ok {
				cells = append(cells, cell{Text: f.label(goods, class, row, text)})
			}
		}
		out.Rows = append(out.Rows, cells)
	}
	return out
}

// title begins a title with a capital.
func title(text, name string) string {
	if text == "" {
		return name
	}
	first, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[n:]
}

// constant returns the text that a column has in every row.
func (f *figures) constant(name string) (string, bool) {
	first := plain(f.a.Rows[0][name])
	for _, r := range f.a.Rows[1:] {
		if plain(r[name]) != first {
			return "", false
		}
	}
	return first, true
}

// measureTitle adds the unit to a title where it is one for all rows.
func (f *figures) measureTitle(c guichet.Column, same map[string]string) string {
	text := title(c.Title.In(f.v.lang), c.Name)
	field, ok := f.ds.Field(c.Name)
	if !ok {
		return text
	}
	if unit := same[field.Unit]; unit != "" {
		return text + " (" + unit + ")"
	}
	return text
}

// decimals are the most digits after the sign in a column, so that signs stand below
// each other.
func (f *figures) decimals(name string) int {
	most := 0
	for _, r := range f.a.Rows {
		if d, ok := decimalOf(r[name]); ok {
			_, frac, _ := strings.Cut(d.String(), ".")
			most = max(most, len(frac))
		}
	}
	return most
}

func decimalOf(v any) (guichet.Decimal, bool) {
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

// figure writes a figure, or why there is none: hidden by the agreement's rules, no
// rate of the month, or not reported.
func (f *figures) figure(row guichet.Row, name string, decimals int) cell {
	if d, ok := decimalOf(row[name]); ok {
		return cell{Text: f.v.words.number(d, decimals), Numeric: true, Signs: f.signs(row, name)}
	}
	return cell{Why: f.v.t("why." + f.marked.whyNone(row, name)), Numeric: true, Signs: f.signs(row, name)}
}

// plain writes the value of a dimension as it is.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		if v {
			return "yes"
		}
		return "no"
	}
	return fmt.Sprint(v)
}

// named writes a code for people: areas by their name, periods by their month, words of
// closed lists by ours; other codes stand for themselves.
func (f *figures) named(column, value string) string {
	field, _ := f.ds.Field(column)
	switch {
	case value == "":
		return ""
	case field.List == "CL_AREA", column == "member":
		if name := areaName(value, f.v.lang); name != value {
			return name + " (" + value + ")"
		}
		return value
	case column == guichet.FieldPeriod:
		return f.v.words.period(value)
	}
	var of []string
	if f.ds.Values != nil {
		of = f.ds.Values(field.List)
	}
	return f.v.named(f.ds, field.List, value, of)
}

// label names a common code. A national code without one has no wording of ours.
func (f *figures) label(goods Goods, c guichet.Classification, row guichet.Row, code string) string {
	edition := f.a.Question.Edition
	if e, ok := row[c.Edition].(int64); ok {
		edition = int(e)
	}
	if common, ok := row[c.Common].(string); ok && common != "" {
		code = common
	}
	if code == "" || edition == 0 && len(c.Editions) == 0 {
		return ""
	}
	if edition == 0 {
		edition = c.Editions[len(c.Editions)-1]
	}
	return goods.Label(edition, code, f.v.lang)
}
