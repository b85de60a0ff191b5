package draft

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"guichet"
)

// figure is a column of figures and the measure that it fills.
type figure struct {
	col       *column
	field     string // value, cif_value, fob_value, quantity, quantity2, net_kg, dutiable_value, duty
	flow      string // where its name says one
	valuation string // of a value, where its name says one
}

// sumOf is a column that is the sum of two others in every row.
type sumOf struct{ total, a, b *column }

// unitColumn is the column of units of a quantity.
type unitColumn struct {
	col  *column
	list string
}

// findMeasures looks for the columns of figures.
func (p *proposal) findMeasures() {
	var values []*column
	for _, c := range p.free() {
		if !c.figure() || len(c.order) < 2 && !c.says("value") && !c.says("quantity") && !c.says("mass") {
			continue
		}
		switch {
		case c.says("unit"): // a code of units may be a number
		case c.says("gross"):
			p.ignore(c, guichet.Text{
				EN: "a gross mass: the record holds the net mass only",
				FR: "une masse brute : l'enregistrement ne tient que la masse nette",
			})
		case c.says("mode"):
			p.ignore(c, guichet.Text{
				EN: "figures of one mode of transport, a part of those of another column",
				FR: "chiffres d'un seul mode de transport, une partie de ceux d'une autre colonne",
			})
		case c.says("quantity"):
			p.add(figure{col: c, field: "quantity", flow: flowOf(c.words)})
		case c.says("mass"):
			p.add(figure{col: c, field: "net_kg", flow: flowOf(c.words)})
		case c.says("dutiable"):
			p.add(figure{col: c, field: "dutiable_value"})
		case c.says("duty"):
			p.add(figure{col: c, field: "duty"})
		case c.says("value") || currencyIn(c) != "" || plainFlow(c):
			values = append(values, c)
		}
	}
	p.findSums(values)
	if len(values) == 0 {
		values = p.unnamedValue()
	}
	for _, c := range values {
		if c.role == "" {
			p.add(figure{col: c, field: "value", flow: flowOf(c.words), valuation: valuationIn(c)})
		}
	}
	p.splitExports()
	p.oneValueEach()
	p.pairQuantities()
	order := []string{"value", "cif_value", "fob_value", "dutiable_value", "duty", "quantity", "quantity2", "net_kg"}
	slices.SortStableFunc(p.figures, func(a, b figure) int { return slices.Index(order, a.field) - slices.Index(order, b.field) })
}

// plainFlow says whether a name says a flow and little else: imports, Total
// exports; not Import Type.
func plainFlow(c *column) bool {
	return flowOf(c.words) != "" && !slices.ContainsFunc(c.words, func(w string) bool {
		return flowWord(w, false) == "" && !strings.Contains(" re total general consumption domestic special merchandise goods national ", " "+w+" ")
	})
}

func (p *proposal) add(f figure) {
	f.col.role = f.field
	p.figures = append(p.figures, f)
}

// findSums finds columns that are the sum of two others in every row: a total
// beside its parts, which must not count as a third flow.
func (p *proposal) findSums(values []*column) {
	all := slices.Clone(values)
	for _, c := range p.free() {
		if c.figure() && slices.Contains(c.words, "total") && !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	if len(all) > mostSummed {
		p.doubt("controls", guichet.Text{
			EN: fmt.Sprintf("whether one of the %d columns of values is the sum of two others was not looked at", len(all)),
			FR: fmt.Sprintf("il n'a pas été regardé si l'une des %d colonnes de valeurs est la somme de deux autres", len(all)),
		})
		return
	}
	for _, t := range all {
		for i, a := range values {
			for _, b := range values[i+1:] {
				if t != a && t != b && p.adds(t, a, b) {
					p.sums = append(p.sums, sumOf{t, a, b})
					if x, y := flowOf(a.words), flowOf(b.words); outward(x) != outward(y) {
						t.role = "control"
					}
				}
			}
		}
	}
}

// mostSummed bounds the columns among which sums are looked for: every one is
// compared with every two others, row by row. No office has so many values beside
// each other, unless its table lies on its side.
const mostSummed = 16

// adds says whether t = a + b in every row, and not for want of figures.
func (p *proposal) adds(t, a, b *column) bool {
	left, right := 0, 0
	for _, r := range p.table.Rows {
		x, ok1 := figureOf(r[a.at])
		y, ok2 := figureOf(r[b.at])
		z, ok3 := figureOf(r[t.at])
		if !ok1 || !ok2 || !ok3 || math.Abs(x+y-z) > 0.0015+1e-9*math.Abs(z) {
			return false
		}
		if x != 0 {
			left++
		}
		if y != 0 {
			right++
		}
	}
	return left >= 3 && right >= 3
}

func figureOf(text string) (float64, bool) {
	x, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return x, err == nil
}

// unnamedValue proposes, where no name speaks of a value, the column with the
// largest sum.
func (p *proposal) unnamedValue() []*column {
	var best *column
	bestSum := 0.0
	for _, c := range p.free() {
		if !c.figure() || len(c.order) < 5 || c.says("description") || c.says("status") || c.says("mode") || c.says("unit") {
			continue
		}
		sum := 0.0
		for v, n := range c.values {
			x, _ := figureOf(strings.Replace(v, ",", ".", 1))
			sum += x * float64(n)
		}
		if sum > bestSum {
			best, bestSum = c, sum
		}
	}
	if best == nil {
		return nil
	}
	p.doubt("measures.value", guichet.Text{
		EN: fmt.Sprintf("no name speaks of a value; %q has the largest sum", best.name),
		FR: fmt.Sprintf("aucun nom ne parle d'une valeur ; « %s » a la plus grande somme", best.name),
	})
	return []*column{best}
}

// splitExports reads exports beside re-exports and the sum of both: the column
// called exports is then that of domestic exports.
func (p *proposal) splitExports() {
	for _, s := range p.sums {
		a, b, t := p.figureAt(s.a), p.figureAt(s.b), p.figureAt(s.total)
		if a == nil || b == nil || t == nil {
			continue
		}
		if b.flow != "re_exports" {
			a, b = b, a
		}
		if b.flow == "re_exports" && a.flow == "exports" {
			a.flow, t.flow = "domestic_exports", "exports"
			p.doubt("records", guichet.Text{
				EN: fmt.Sprintf("%q = %q + %q in every row: taken for exports, domestic exports and re-exports", t.col.name, a.col.name, b.col.name),
				FR: fmt.Sprintf("« %s » = « %s » + « %s » dans chaque ligne : pris pour exportations, exportations nationales et réexportations", t.col.name, a.col.name, b.col.name),
			})
		}
	}
}

func (p *proposal) figureAt(c *column) *figure {
	for i := range p.figures {
		if p.figures[i].col == c {
			return &p.figures[i]
		}
	}
	return nil
}

// oneValueEach keeps one main value a flow. Beside it a CIF and an FOB value
// have fields of their own; of what else there is a person must say what it is.
func (p *proposal) oneValueEach() {
	byFlow := map[string][]*figure{}
	var flows []string
	for i := range p.figures {
		f := &p.figures[i]
		if f.field != "value" {
			continue
		}
		if byFlow[f.flow] == nil {
			flows = append(flows, f.flow)
		}
		byFlow[f.flow] = append(byFlow[f.flow], f)
	}
	for _, flow := range flows {
		all := byFlow[flow]
		main := mainValue(all)
		for _, f := range all {
			if f == main {
				continue
			}
			if field := f.valuation + "_value"; f.valuation == "cif" || f.valuation == "fob" {
				f.field, f.col.role = field, field
				continue
			}
			f.field = ""
			p.ignore(f.col, guichet.Text{
				EN: fmt.Sprintf("a second value beside %q: another trade system, a part of it, another valuation? a record of its own could hold it", main.col.name),
				FR: fmt.Sprintf("une seconde valeur à côté de « %s » : un autre système commercial, une partie, une autre évaluation ? un enregistrement à part pourrait la tenir", main.col.name),
			})
		}
	}
	p.figures = slices.DeleteFunc(p.figures, func(f figure) bool { return f.field == "" })
}

// mainValue picks among the values of one flow: not one that is called CIF or
// FOB while another is there; else the one with the most figures, the first of
// those.
func mainValue(all []*figure) *figure {
	var best *figure
	score := func(f *figure) int {
		s := f.col.rows - f.col.empty - f.col.numbers.zeros
		if f.valuation == "" || f.valuation == "customs_value" {
			s += f.col.rows + 1
		}
		if slices.ContainsFunc(f.col.words, func(w string) bool {
			return slices.Contains([]string{"primary", "total", "trade", "all", "gen", "general"}, w)
		}) {
			s += f.col.rows + 1
		}
		return s
	}
	for _, f := range all {
		if best == nil || score(f) > score(best) {
			best = f
		}
	}
	return best
}

// pairQuantities gives quantities and masses the flow of the value that has
// the same name but for the words of value and quantity, and tells the second
// quantity from the first.
func (p *proposal) pairQuantities() {
	for i := range p.figures {
		f := &p.figures[i]
		if f.field == "value" {
			continue
		}
		for _, v := range p.figures {
			if v.field == "value" && stem(v.col) == stem(f.col) && v.flow != "" {
				f.flow = v.flow
			}
		}
	}
	count := map[string]int{}
	for i := range p.figures {
		f := &p.figures[i]
		if f.field != "quantity" && f.field != "net_kg" {
			continue
		}
		key := f.field + "/" + f.flow
		count[key]++
		switch {
		case count[key] == 2 && f.field == "quantity":
			f.field, f.col.role = "quantity2", "quantity2"
		case count[key] > 1:
			f.field = ""
			p.ignore(f.col, guichet.Text{EN: "one more quantity or mass than the record holds", FR: "une quantité ou masse de plus que n'en tient l'enregistrement"})
		}
	}
	p.figures = slices.DeleteFunc(p.figures, func(f figure) bool { return f.field == "" })
}

// stem is a name without the words that say which kind of figure it is.
func stem(c *column) string {
	rest := slices.DeleteFunc(slices.Clone(c.words), func(w string) bool {
		return slices.Contains(vocabulary("value"), w) || slices.Contains(vocabulary("quantity"), w) || slices.Contains(vocabulary("mass"), w)
	})
	return strings.Join(rest, " ")
}

// valuationIn is the valuation that a name speaks of, "" none.
func valuationIn(c *column) string {
	for _, v := range []struct{ valuation, words string }{
		{"fob", " fob fobvalue fab "},
		{"cif", " cif caf cifvalue "},
		{"fas", " fas "},
		{"customs_value", " vfd customs aduana douane aduaneiro zollwert "},
		{"invoice", " invoice facture factura fatura rechnung "},
	} {
		if slices.ContainsFunc(c.words, func(w string) bool { return strings.Contains(v.words, " "+w+" ") }) {
			return v.valuation
		}
	}
	return ""
}
