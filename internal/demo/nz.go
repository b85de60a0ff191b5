package demo

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"

	"guichet"
)

// confidential is the NZ line under which goods of a few traders are published
// without saying which.
const confidential = "9809000000"

// nzLine is one row of Stats NZ's file, NZ$ free on board:
//
//	month,hs,hs_desc,uom,country,Export_FOB,Export_Qty,Re_export_FOB,Re_export_Qty,total_export_FOB,total_export_qty,status
//	202501,4015120000,"Rubber; ...",NPR,Tonga,0,0,1802,20000,1802,20000,Final
type nzLine struct {
	month                           int
	hs, name, unit, country         string
	domestic, re, units, unitsAgain int64
}

// newZealand makes a year's exports by HS10 and country. Countries have names
// and no codes; Puerto Rico stands apart from the United States.
func newZealand(w world) ([]made, error) {
	var lines []nzLine
	for m := 1; m <= 12; m++ {
		for _, g := range w.goods {
			lines = append(lines, w.nzMonth(g, m)...)
		}
	}
	slices.SortStableFunc(lines, func(a, b nzLine) int {
		return cmp.Or(cmp.Compare(a.month, b.month), cmp.Compare(a.hs, b.hs), cmp.Compare(a.country, b.country))
	})
	lines = rolledUp(lines)
	out := made{
		name: fmt.Sprintf("nz-exports-hs10-by-country-%d%s.csv", Year, mark), member: "NZ", lines: len(lines),
		title:  guichet.Text{EN: "New Zealand's exports, HS10 by country", FR: "Exportations de la Nouvelle-Zélande, SH10 par pays"},
		totals: map[string]int64{},
	}
	var text bytes.Buffer
	table := csv.NewWriter(&text)
	rows := [][]string{{
		"month", "hs", "hs_desc", "uom", "country", "Export_FOB", "Export_Qty", "Re_export_FOB", "Re_export_Qty",
		"total_export_FOB", "total_export_qty", "status",
	}}
	for _, l := range lines {
		out.totals["Export_FOB"] += l.domestic
		out.totals["Re_export_FOB"] += l.re
		out.totals["total_export_FOB"] += l.domestic + l.re
		rows = append(rows, l.row())
	}
	if err := table.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("write table of NZ: %w", err)
	}
	out.bytes = text.Bytes()
	return []made{out}, nil
}

// nzMonth returns the exports of one good in a month. Now and then one has too
// few traders and is rolled up.
func (w world) nzMonth(g good, month int) []nzLine {
	var lines []nzLine
	nz := w.place("NZ")
	for _, p := range w.places {
		usd, again := w.exported(nz, p, g, month), w.reExported(nz, p, g, month)
		l := nzLine{
			month: Year*100 + month, hs: g.nz, name: g.name, unit: g.nzUnit, country: p.nz,
			domestic: w.national(usd, "NZD", month, "out", p.iso, g.hs6), re: w.national(again, "NZD", month, "again", p.iso, g.hs6),
			units: g.units(usd), unitsAgain: g.units(again),
		}
		if w.draw(60, "few traders", p.iso, g.hs6) == 0 {
			l.hs, l.name, l.unit = confidential, "Confidential items", ""
		}
		if l.domestic+l.re > 0 {
			lines = append(lines, l)
		}
	}
	return lines
}

// rolledUp makes one line of neighbours that share month, code and country.
func rolledUp(lines []nzLine) []nzLine {
	var out []nzLine
	for _, l := range lines {
		if n := len(out) - 1; n >= 0 && out[n].month == l.month && out[n].hs == l.hs && out[n].country == l.country {
			out[n].domestic, out[n].re = out[n].domestic+l.domestic, out[n].re+l.re
			continue
		}
		out = append(out, l)
	}
	return out
}

func (l nzLine) row() []string {
	quantity := func(n int64) string {
		if l.unit == "" {
			return ""
		}
		return strconv.FormatInt(n, 10)
	}
	return []string{
		strconv.Itoa(l.month), l.hs, l.name, l.unit, l.country,
		strconv.FormatInt(l.domestic, 10), quantity(l.units),
		strconv.FormatInt(l.re, 10), quantity(l.unitsAgain),
		strconv.FormatInt(l.domestic+l.re, 10), quantity(l.units + l.unitsAgain),
		"Final",
	}
}
