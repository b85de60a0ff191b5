package portal

import (
	"slices"
	"strconv"
	"strings"

	"guichet"
	"guichet/mark"
)

// Marks of a row of two days.
const (
	markChanged = "changed"
	markNew     = "new"
	markGone    = "gone"
	markHidden  = "veiled" // on one day or both the agreement's rules hid it
	markSame    = "same"
)

func marks() []string { return []string{markChanged, markNew, markGone, markHidden, markSame} }

// besides sets two answers beside each other: rows by all that tells them apart, those
// that differ first; remarks, gaps and sources of both.
func besides(ds *guichet.Dataset, first, second Answer) Answer {
	out := Answer{Circle: second.Circle, Answer: second.Answer, Members: append(slices.Clone(second.Members), first.Members...), Notices: second.Notices}
	var apart []guichet.Column
	// A second answer without figures has no columns.
	for _, c := range append(slices.Clone(second.Answer.Columns), first.Answer.Columns...) {
		if !c.Measure && !isMarks(c.Name) && !slices.ContainsFunc(apart, func(o guichet.Column) bool { return o.Name == c.Name }) {
			apart = append(apart, c)
		}
	}
	main := besideOf(ds, append(slices.Clone(second.Answer.Columns), first.Answer.Columns...))
	out.Answer.Rows = rowsBeside(apart, main.Name, first.Answer.Rows, second.Answer.Rows)
	out.Answer.Columns = append(apart,
		guichet.Column{Name: "mark", Title: guichet.Text{EN: "Difference", FR: "Différence"}},
		guichet.Column{Name: "first", Measure: true, Title: guichet.Text{EN: main.Title.EN + ", first day", FR: main.Title.FR + ", premier jour"}},
		guichet.Column{Name: "second", Measure: true, Title: guichet.Text{EN: main.Title.EN + ", second day", FR: main.Title.FR + ", second jour"}},
		guichet.Column{Name: "change", Measure: true, Title: guichet.Text{EN: "Change", FR: "Variation"}},
	)
	out.Answer.Columns = append(out.Answer.Columns, columnsOfMarks(out.Answer.Rows)...)
	out.Answer.Remarks = addRemarks(second.Answer.Remarks, first.Answer.Remarks)
	out.Answer.Gaps = append(slices.Clone(second.Answer.Gaps), first.Answer.Gaps...)
	out.Answer.Sources = slices.Clone(second.Answer.Sources)
	for _, s := range first.Answer.Sources {
		if !slices.ContainsFunc(out.Answer.Sources, func(o guichet.Source) bool { return o.Submission == s.Submission && o.Member == s.Member }) {
			out.Answer.Sources = append(out.Answer.Sources, s)
		}
	}
	first.Answer.Rows, second.Answer.Rows = nil, nil
	out.Twice = &Twice{First: first, Second: second}
	return out
}

// besideOf is the measure that is set beside itself: the dataset's main one, else the
// first that was asked for.
func besideOf(ds *guichet.Dataset, columns []guichet.Column) guichet.Column {
	main, _ := ds.Field(ds.Main)
	out := guichet.Column{Name: ds.Main, Title: main.Title}
	for _, c := range slices.Backward(columns) {
		switch {
		case !c.Measure:
		case c.Name == ds.Main:
			return guichet.Column{Name: ds.Main, Title: main.Title}
		default:
			out = c
		}
	}
	return out
}

// rowsBeside pairs rows by the columns that tell them apart.
func rowsBeside(apart []guichet.Column, main string, first, second []guichet.Row) []guichet.Row {
	key := func(r guichet.Row) string {
		var b strings.Builder
		for _, c := range apart {
			b.WriteString(strconv.Quote(plain(r[c.Name])) + ",")
		}
		return b.String()
	}
	before := map[string]guichet.Row{}
	for _, r := range first {
		before[key(r)] = r
	}
	var rows []guichet.Row
	for _, r := range second {
		k := key(r)
		rows = append(rows, rowBeside(apart, main, before[k], r))
		delete(before, k)
	}
	for _, r := range first {
		if _, left := before[key(r)]; left {
			rows = append(rows, rowBeside(apart, main, r, nil))
		}
	}
	slices.SortStableFunc(rows, func(x, y guichet.Row) int {
		return slices.Index(marks(), plain(x["mark"])) - slices.Index(marks(), plain(y["mark"]))
	})
	return rows
}

// rowBeside is one row of both days; nil is a day that does not have it.
func rowBeside(apart []guichet.Column, main string, x, y guichet.Row) guichet.Row {
	from := y
	if y == nil {
		from = x
	}
	row := guichet.Row{}
	for _, c := range apart {
		row[c.Name] = from[c.Name]
	}
	a, okA := decimalOf(x[main])
	b, okB := decimalOf(y[main])
	row["first"], row["second"], row["change"] = x[main], y[main], nil
	row[marksFirst], row[marksSecond] = x[mark.Column], y[mark.Column]
	if okA && okB {
		row["change"] = b.Sub(a)
	}
	switch {
	case x == nil:
		row["mark"] = markNew
	case y == nil:
		row["mark"] = markGone
	case !okA || !okB:
		row["mark"] = markHidden
	case a.Cmp(b) != 0:
		row["mark"] = markChanged
	default:
		row["mark"] = markSame
	}
	return row
}
