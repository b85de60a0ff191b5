package portal

import (
	"slices"
	"strings"

	"guichet"
)

// tiles say who gave figures for which months: members as rows, months as columns. Each
// tile has a sign beside its colour.
type tiles struct {
	Months []string // short
	Rows   []tileRow
	Keys   []tile
}

type tileRow struct {
	Name  string
	Tiles []tile
}

// tile is one of them.
type tile struct{ Kind, Sign, Text string }

// anyFigure says whether a row has a figure of any measure.
func anyFigure(columns []guichet.Column, r guichet.Row) bool {
	return slices.ContainsFunc(columns, func(c guichet.Column) bool {
		_, ok := decimalOf(r[c.Name])
		return ok && c.Measure
	})
}

// mostMonths bounds the matrix: the table has the rest.
const mostMonths = 60

// tilesOf makes the matrix of an answer; nil where nothing was asked by months.
func tilesOf(p phrases, a Answer, f askForm) *tiles {
	span, err := guichet.ParseSpan(f.From + ":" + f.To)
	if err != nil || !slices.Contains(f.By, "period") || len(span.Months()) > mostMonths || len(a.Members) == 0 {
		return nil
	}
	type key struct{ member, period string }
	marked := markedOf(f.ds, a.Answer, a.Members)
	figure, hidden := map[key]bool{}, map[key]bool{}
	for _, r := range a.Answer.Rows {
		k := key{plain(r["member"]), plain(r[guichet.FieldPeriod])}
		if anyFigure(a.Answer.Columns, r) {
			figure[k] = true
		} else if marked.hidden(r) {
			hidden[k] = true
		}
	}
	out := &tiles{}
	of := func(kind string) tile { return tile{kind, p.say("tile." + kind + ".sign"), p.say("tile." + kind)} }
	for _, kind := range []string{"figure", "hidden", "none", "refused", "silent"} {
		out.Keys = append(out.Keys, of(kind))
	}
	for _, m := range span.Months() {
		out.Months = append(out.Months, strings.ReplaceAll(shortMonth(p, m), "\u00a0", " ")) // on two lines
	}
	for _, m := range a.Members {
		row := tileRow{Name: areaName(m.Member, p.lang)}
		for _, month := range span.Months() {
			k := key{m.Member, month.Format("2006-01")}
			kind := "none"
			switch {
			case m.Gap != nil && m.Gap.Reason == guichet.GapRefused:
				kind = "refused"
			case m.Gap != nil:
				kind = "silent"
			case figure[k]:
				kind = "figure"
			case hidden[k]:
				kind = "hidden"
			}
			row.Tiles = append(row.Tiles, of(kind))
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}
