package mirror

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"guichet"
	"guichet/trade"
)

// Given is what the desk answered to Questions.
type Given struct {
	Total    guichet.Answer
	Products *guichet.Answer // nil: not asked
}

// Rates gives the units of a currency per US dollar; Of may be nil, then no
// figure at the rate of the year is given.
type Rates struct {
	Of      func(currency string, p guichet.Period) (guichet.Decimal, bool)
	Version string
}

// scale is the number of decimals that dollars are rounded to, as the dataset's
// measures are.
const scale = 3

// SideFrom makes one side out of what the desk answered to Ask. Where an office
// publishes a flow in several trade systems, valuations or partner roles, the
// one that covers most months is taken, then general trade, then the valuation
// without freight and insurance; Others names the rest. They are never added.
func SideFrom(q trade.MirrorQuestion, outward bool, g Given, r Rates) trade.Side {
	s := trade.Side{
		Reporter: q.Importer, Partner: q.Exporter, Flow: trade.Imports,
		Asked: len(q.Period.Months()), Months: []string{}, Periods: []trade.PeriodFigure{},
	}
	if outward {
		s.Reporter, s.Partner, s.Flow = q.Exporter, q.Importer, trade.Exports
	}
	provenance(&s, g.Total)
	all := variants(g.Total.Rows, s.Partner)
	zero := zeroMonths(g.Total.Gaps, q.Period)
	if len(all) == 0 {
		nothing(&s, g, zero)
		return s
	}
	slices.SortStableFunc(all, func(a, b variant) int { return better(a, b, s.Partner) })
	v := all[0]
	s.Others = others(v, all[1:])
	s.System, s.Valuation, s.Role = trade.System(v.system), trade.Valuation(v.valuation), trade.PartnerRole(v.role)
	s.Currency, s.Freq = v.currency, guichet.Freq(v.freq)
	s.Estimated = s.Currency != "USD"
	flows := v.flows()
	if len(flows) == 1 {
		s.Flow = flows[0]
	}
	own := v.figures(s.Partner, flows)
	s.National, s.USD = sum(own)
	s.Periods = periods(own)
	s.Months = reported(months(own, zero), g.Total.Gaps, flows)
	s.Remarks = slices.DeleteFunc(s.Remarks, func(r guichet.Remark) bool { return beside(r, v, flows) })
	s.USDYear = yearMean(s, own, r)
	if s.Valuation == trade.CIF {
		s.FOB = fob(own)
	}
	if domestic := v.figures(s.Partner, []trade.Flow{trade.DomesticExports}); len(domestic) > 0 && s.Flow != trade.DomesticExports {
		_, s.Domestic = sum(domestic)
	}
	s.Parts = parts(v, s.Partner, flows)
	if g.Products != nil {
		products(&s, v, flows, *g.Products)
	}
	return s
}

// provenance takes over what came with the figures.
func provenance(s *trade.Side, a guichet.Answer) {
	s.Sources = append([]guichet.Source{}, a.Sources...)
	s.Remarks = append([]guichet.Remark{}, a.Remarks...)
	s.Gaps = append([]guichet.Gap{}, a.Gaps...)
	for _, src := range a.Sources {
		s.Generated = s.Generated || src.Generated
		s.Cube = join(s.Cube, src.Fields["cube"])
		s.List = join(s.List, src.Fields["list"])
	}
	for _, gap := range a.Gaps {
		s.Hidden = s.Hidden || gap.Reason == guichet.GapHidden
	}
	for _, remark := range a.Remarks {
		s.Hidden = s.Hidden || remark.Code == trade.RemarkRolledUp || remark.Code == trade.RemarkConfidential
	}
}

// join adds a name to a list with commas, once.
func join(list, name string) string {
	switch {
	case name == "" || slices.Contains(strings.Split(list, ","), name):
		return list
	case list == "":
		return name
	}
	return list + "," + name
}

// nothing fills a side for which no row came: a reported zero when every gap
// says so, else a gap.
func nothing(s *trade.Side, g Given, zero []string) {
	for _, gap := range g.Total.Gaps {
		if gap.Reason != guichet.GapZero {
			s.Missing = &gap
			return
		}
	}
	if len(g.Total.Gaps) == 0 {
		s.Missing = &guichet.Gap{
			Reporter: s.Reporter, Reason: guichet.GapNotReported,
			Text: fmt.Sprintf("%s has no figure of this flow", s.Reporter),
		}
		if len(g.Total.Rows) > 0 {
			s.Missing.Reason = guichet.GapNotCovered
		}
		s.Gaps = append(s.Gaps, *s.Missing)
		return
	}
	s.Months, s.USD = zero, &guichet.Decimal{}
	if g.Products != nil && len(g.Products.Gaps) > 0 && !slices.ContainsFunc(g.Products.Gaps, func(gap guichet.Gap) bool { return gap.Reason != guichet.GapZero }) {
		s.ByProduct, s.Rest = map[string]guichet.Decimal{}, &guichet.Decimal{}
		s.Edition = g.Products.Question.Edition
	}
}

// zeroMonths returns the months of which a gap says that the file covers them
// and has no line; a gap that names no period speaks of all.
func zeroMonths(gaps []guichet.Gap, span guichet.Span) []string {
	out := []string{}
	for _, gap := range gaps {
		if gap.Reason != guichet.GapZero {
			continue
		}
		of := span
		if p, err := guichet.ParseSpan(gap.Period); err == nil {
			of = p
		}
		out = append(out, monthsOf(of)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func monthsOf(span guichet.Span) []string {
	var out []string
	for _, m := range span.Months() {
		out = append(out, m.Format("2006-01"))
	}
	return out
}

// months returns the months that figures or reported zeros cover.
func months(figures []figure, zero []string) []string {
	out := slices.Clone(zero)
	for _, f := range figures {
		out = append(out, monthsOf(guichet.Span{From: f.period, To: f.period})...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// reported leaves out the months of which the desk says that they were not
// reported, though there are figures: those are amendments alone, and no
// month's own.
func reported(months []string, gaps []guichet.Gap, flows []trade.Flow) []string {
	var not []string
	for _, gap := range gaps {
		if gap.Reason != guichet.GapNotReported || gap.Of != "" && !slices.Contains(flows, trade.Flow(gap.Of)) {
			continue
		}
		for text := range strings.FieldsSeq(gap.Period) {
			if span, err := guichet.ParseSpan(text); err == nil {
				not = append(not, monthsOf(span)...)
			}
		}
	}
	return slices.DeleteFunc(months, func(m string) bool { return slices.Contains(not, m) })
}

// beside says of a remark that it is about figures that are not the side's: of a
// trade system, valuation or role that is not taken, or of the FOB value, which
// is used where every figure has one and whose absence says nothing of the
// flow.
func beside(r guichet.Remark, v variant, flows []trade.Flow) bool {
	if r.Code == figuresAbsent && r.Unit == fobValue {
		return true
	}
	own := []string{v.system, v.valuation, v.role, v.currency, v.grain}
	for of := range strings.SplitSeq(r.Of, ", ") {
		if of != "" && of != "-" && !slices.Contains(own, of) && !slices.Contains(flows, trade.Flow(of)) {
			return true
		}
	}
	return false
}

// figuresAbsent is the desk's code for rows without a figure of a measure.
const figuresAbsent = "figures_absent"

// sum adds figures up; the dollars are nil when those of one are not known.
func sum(figures []figure) (national guichet.Decimal, usd *guichet.Decimal) {
	usd = &guichet.Decimal{}
	for _, f := range figures {
		national = national.Add(f.national)
		usd = add(usd, f.usd)
	}
	return national, usd
}

// add returns a + b, nil when either is not known.
func add(a, b *guichet.Decimal) *guichet.Decimal {
	if a == nil || b == nil {
		return nil
	}
	c := a.Add(*b)
	return &c
}

func periods(figures []figure) []trade.PeriodFigure {
	by := map[string]trade.PeriodFigure{}
	for _, f := range figures {
		name := f.period.String()
		p, ok := by[name]
		if !ok {
			p = trade.PeriodFigure{Period: name, USD: &guichet.Decimal{}}
		}
		p.National, p.USD = p.National.Add(f.national), add(p.USD, f.usd)
		p.Marks = bothMarks(p.Marks, f.marks)
		by[name] = p
	}
	out := make([]trade.PeriodFigure, 0, len(by))
	for _, name := range slices.Sorted(maps.Keys(by)) {
		out = append(out, by[name])
	}
	return out
}

// bothMarks are the marks of figures that are added up.
func bothMarks(a, b string) string {
	codes := strings.Fields(a + " " + b)
	slices.Sort(codes)
	return strings.Join(slices.Compact(codes), " ")
}

// yearMean converts each year's national sum at the mean rate of that year. It
// is nil when a rate is not known and when it would say the same.
func yearMean(s trade.Side, figures []figure, r Rates) *guichet.Decimal {
	if r.Of == nil || !s.Estimated || s.Freq == guichet.Annual {
		return nil
	}
	years := map[string]guichet.Decimal{}
	for _, f := range figures {
		year := f.period.Start.Format("2006")
		years[year] = years[year].Add(f.national)
	}
	total := new(big.Rat)
	for year, national := range years {
		p, _ := guichet.ParsePeriod(year)
		rate, ok := r.Of(s.Currency, p)
		if !ok || rate.Sign() <= 0 {
			return nil
		}
		total.Add(total, new(big.Rat).Quo(national.Rat(), rate.Rat()))
	}
	usd := guichet.DecimalFromRat(total, scale)
	return &usd
}

// fob returns the importer's own FOB value in dollars, nil unless every figure
// has one.
func fob(figures []figure) *guichet.Decimal {
	total := new(big.Rat)
	for _, f := range figures {
		if f.fob == nil || f.usd == nil || f.national.Sign() == 0 {
			return nil
		}
		share := new(big.Rat).Quo(f.fob.Rat(), f.national.Rat())
		total.Add(total, share.Mul(share, f.usd.Rat()))
	}
	usd := guichet.DecimalFromRat(total, scale)
	return &usd
}

// parts returns the dollars under other areas than the partner itself.
func parts(v variant, partner string, flows []trade.Flow) map[string]guichet.Decimal {
	var out map[string]guichet.Decimal
	for _, area := range v.areas() {
		_, usd := sum(v.figures(area, flows))
		if area == partner || usd == nil || usd.Sign() == 0 {
			continue
		}
		if out == nil {
			out = map[string]guichet.Decimal{}
		}
		out[area] = *usd
	}
	return out
}

// products fills ByProduct and Rest from the rows that are of the same variant
// as the total. Rows without a common code stay in Rest.
func products(s *trade.Side, v variant, flows []trade.Flow, a guichet.Answer) {
	by, total := map[string]guichet.Decimal{}, guichet.Decimal{}
	for _, row := range a.Rows {
		code := word(row, "hs6")
		_, usd, ok := amounts(row)
		if code == "" || !ok || usd == nil || keyOf(row) != v.key || word(row, "partner") != s.Partner || !slices.Contains(flows, trade.Flow(word(row, "flow"))) {
			continue
		}
		by[code] = by[code].Add(*usd)
		total = total.Add(*usd)
	}
	for _, gap := range a.Gaps {
		s.Hidden = s.Hidden || gap.Reason == guichet.GapHidden
	}
	if len(by) == 0 || s.USD == nil {
		return
	}
	rest := s.USD.Sub(total)
	s.ByProduct, s.Rest, s.Edition = by, &rest, a.Question.Edition
}
