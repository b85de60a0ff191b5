package demo

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"

	"guichet"
)

// inland is the per mille that goods cost to the border: Canada values exports
// there, the US at the door.
const inland = 45

// trade is imports and exports of one cell.
type cell struct{ imports, exports int64 }

// canada makes two marginals of one flow, by country and by chapter, as
// Statistics Canada publishes them: their sums are the same, and nobody may add
// them. There are no products by country.
//
//	date,country,imports,exports,total
//	2024-01,US,27933282779.0,47636497478.0,75569780257.0
func canada(w world) ([]made, error) {
	byCountry, byChapter := map[[2]string]cell{}, map[[2]string]cell{}
	var sum cell
	ca := w.place("CA")
	for m := 1; m <= 12; m++ {
		for _, p := range w.places {
			for _, g := range w.goods {
				c := cell{
					imports: w.national(w.arrived(p, ca, g, m), "CAD", m, "in", p.iso, g.hs6),
					exports: w.national(w.canadaTo(p, g, m), "CAD", m, "out", p.iso, g.hs6),
				}
				if p.part || c == (cell{}) {
					continue
				}
				addTo(byCountry, [2]string{monthName(m), p.iso}, c)
				addTo(byChapter, [2]string{monthName(m), g.hs6[:2]}, c)
				sum.imports, sum.exports = sum.imports+c.imports, sum.exports+c.exports
			}
		}
	}
	totals := map[string]int64{"imports": sum.imports, "exports": sum.exports}
	countries := made{
		name: "countries_monthly" + mark + ".csv", member: "CA", lines: len(byCountry), totals: totals,
		title: guichet.Text{EN: "Canada's trade by country and month", FR: "Commerce du Canada par pays et mois"},
		bytes: statcan("date,country,imports,exports,total", byCountry, func(key string) string { return key }),
	}
	names := map[string]string{
		"22": "Beverages and spirits", "34": "Soap and cleaning products", "38": "Miscellaneous chemical products", "39": "Plastics",
		"40": "Rubber", "62": "Woven apparel", "63": "Other textile articles", "90": "Optical and medical instruments",
	}
	chapters := made{
		name: "hs2_monthly" + mark + ".csv", member: "CA", lines: len(byChapter), totals: maps.Clone(totals),
		title: guichet.Text{EN: "Canada's trade by chapter and month", FR: "Commerce du Canada par chapitre et mois"},
		bytes: statcan("date,hs2,hs2_name,imports,exports,total", byChapter, func(key string) string { return key + "," + names[key] }),
	}
	return []made{countries, chapters}, nil
}

// canadaTo returns Canada's exports. Those to the US are what the US sees come
// in, brought to the border of export, and re-exports, which the US puts under
// their origin: the two offices share a source.
func (w world) canadaTo(p place, g good, month int) int64 {
	ca := w.place("CA")
	if p.iso == "US" {
		return w.arrived(ca, p, g, month)*(1000+inland)/1000 + w.reExported(ca, p, g, month)
	}
	return w.exported(ca, p, g, month) + w.reExported(ca, p, g, month)
}

func addTo(cells map[[2]string]cell, key [2]string, c cell) {
	old := cells[key]
	cells[key] = cell{old.imports + c.imports, old.exports + c.exports}
}

// statcan writes cells by month, the largest first, with CRLF and one decimal.
func statcan(head string, cells map[[2]string]cell, name func(string) string) []byte {
	keys := slices.SortedFunc(maps.Keys(cells), func(a, b [2]string) int {
		x, y := cells[a], cells[b]
		return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(y.imports+y.exports, x.imports+x.exports), cmp.Compare(a[1], b[1]))
	})
	var out bytes.Buffer
	out.WriteString(head + "\r\n")
	for _, key := range keys {
		c := cells[key]
		fmt.Fprintf(&out, "%s,%s,%d.0,%d.0,%d.0\r\n", key[0], name(key[1]), c.imports, c.exports, c.imports+c.exports)
	}
	return out.Bytes()
}
