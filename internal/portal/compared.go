package portal

import (
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet"
	"guichet/mark"
	"guichet/trade"
)

// comparedPage is what the page of a comparison receives.
type comparedPage struct {
	ID, Title               string
	Verdict                 banner
	Numbers                 []line // gap, c, ratio, sum of gaps
	Who                     []whoLine
	Export, Import          string // names of the columns
	Basis                   []basisLine
	Chart                   *chart
	Months                  []pairLine
	Products                []pairLine
	Pages                   pages
	Adjusted                []adjustedLine
	Remarks                 []remarkGroup
	Gaps, Notices           []said
	Sources                 []guichet.Source
	Made                    bool
	SaidIn                  string
	Lines                   []line
	Change, Share, Download string
	Kept                    keptHead
	AsOf                    string
	CurrencyX, CurrencyM    string // where it is not the dollar
	OfFigures               []said // remarks that came with the figures
	Notes                   []note // of the signs beside months
}

// basisLine sets one property of the two sides beside each other.
type basisLine struct {
	Key, Export, Import string
	Differs             bool
}

// pairLine is X and M of a month or a product.
type pairLine struct {
	Code, Name, To             string
	X, M, Difference, C, Ratio string
	NationalX, NationalM       string
	OneSided                   bool
	SignsX, SignsM             []sign
	x, m, nationalX, nationalM *guichet.Decimal
	period, marksX, marksM     string
}

// adjustedLine is another reading of the flow.
type adjustedLine struct {
	X, M, Difference, C, How, Text, Source string
	Estimated                              bool
}

// remarkGroup are the remarks of one kind.
type remarkGroup struct {
	Key  string
	Said []said
}

// compared shows a comparison.
func (p *Portal) compared(v *visit, k kept) error {
	a := k.Answer.Mirror
	seat, err := p.seat(k.Circle)
	if err != nil {
		return err
	}
	again, change := p.waysBack(v, k.keptHead)
	page := comparedPage{
		ID: k.ID, Title: p.titleOf(v, k.keptHead), Verdict: v.verdictOf(*a), Kept: k.keptHead, SaidIn: k.Lang, AsOf: v.words.moment(a.AsOf),
		Export: v.t("compare.says.x", "who", areaName(a.Question.Exporter, v.lang)), Import: v.t("compare.says.m", "who", areaName(a.Question.Importer, v.lang)),
		Basis: v.basisOf(*a), Change: change, Share: again, Download: v.to("/asked/"+k.ID+"/figures/", nil),
		Adjusted: v.adjustedOf(*a), Remarks: v.remarkGroups(*a), Notices: v.noticesOf(k.Answer), Lines: p.linesOfKept(v, k.keptHead, seat.Circle()),
		Sources:   append(slices.Clone(a.Export.Sources), a.Import.Sources...),
		CurrencyX: notDollars(a.Export), CurrencyM: notDollars(a.Import), OfFigures: v.figureRemarks(*a),
	}
	for _, m := range k.Answer.Members {
		page.Who = append(page.Who, v.whoOf(seat.Circle(), m))
	}
	page.Numbers = v.numbersOf(*a)
	page.Gaps = v.gapsOf(guichet.Answer{Gaps: slices.Concat(a.Gaps, a.Export.Gaps, a.Import.Gaps)})
	page.Made = slices.ContainsFunc(page.Sources, func(s guichet.Source) bool { return s.Generated })
	page.Months = v.monthsOf(*a)
	var signs []sign
	for _, l := range page.Months {
		signs = append(append(signs, l.SignsX...), l.SignsM...)
	}
	page.Notes = markedOf(trade.Dataset(), guichet.Answer{}, nil).notesOf(v, signs, nil)
	page.Chart = v.mirrorChart(*a, page.Months)
	if page.Chart != nil {
		page.Chart.Title = page.Title + v.t("shell.colon") + page.Chart.Title
	}
	page.Pages = pagesOf(v, k.ID, len(a.Products))
	page.Products = p.productsOf(v, k, a.Products[page.Pages.First:page.Pages.To])
	return v.show(http.StatusOK, "compared", v.t("compare.answer"), page)
}

// verdictOf says whether the two sides can be set against each other.
func (v *visit) verdictOf(a trade.MirrorAnswer) banner {
	differs := slices.ContainsFunc(v.basisOf(a), func(b basisLine) bool { return b.Differs })
	state, tag := "same", "green"
	switch {
	case a.Export.Missing != nil && a.Import.Missing != nil:
		state, tag = "none", "red"
	case a.Export.Missing != nil || a.Import.Missing != nil:
		state, tag = "half", "red"
	case a.Difference == nil:
		state, tag = "apart", "red"
	case slices.ContainsFunc(a.Remarks, func(r guichet.Remark) bool { return r.Code == trade.MirrorSharedSource }):
		state, tag = "shared", "yellow"
	case differs:
		state, tag = "differs", "yellow"
	}
	return banner{Title: v.t("compare.verdict." + state), Text: v.t("compare.verdict." + state + ".text"), Tag: tag}
}

// numbersOf are what lies between the two.
func (v *visit) numbersOf(a trade.MirrorAnswer) []line {
	if a.Export.Missing != nil || a.Import.Missing != nil {
		return nil
	}
	out := []line{
		{Key: "compare.gap", Text: v.dollars(a.Difference)},
		{Key: "compare.c", Text: v.rounded(a.Asymmetry, 3)},
	}
	if a.Difference != nil {
		out = append(out, line{Key: "compare.ratio", Text: v.rounded(ratio(a.Import.USD, a.Export.USD), 3)})
	}
	return append(out, line{Key: "compare.sum", Text: v.dollars(a.SumAbsolute)})
}

// dollars writes whole dollars; the files have every digit.
func (v *visit) dollars(d *guichet.Decimal) string { return v.rounded(d, 0) }

// rounded writes a figure with so many digits after the sign, or that it is not known.
func (v *visit) rounded(d *guichet.Decimal, digits int) string {
	if d == nil {
		return v.t("compare.unknown")
	}
	return v.words.number(guichet.DecimalFromRat(d.Rat(), digits), digits)
}

// ratio is a for one of b; nil where b is none or nothing.
func ratio(a, b *guichet.Decimal) *guichet.Decimal {
	if a == nil || b == nil || b.Sign() <= 0 || a.Sign() < 0 {
		return nil
	}
	d := guichet.DecimalFromRat(new(big.Rat).Quo(a.Rat(), b.Rat()), 6)
	return &d
}

// between is (X - M) / ((X + M) / 2), by the formula of trade.MirrorAnswer.
func between(x, m *guichet.Decimal) *guichet.Decimal {
	if x == nil || m == nil || x.Sign() < 0 || m.Sign() < 0 || x.Add(*m).Sign() == 0 {
		return nil
	}
	c := new(big.Rat).Quo(x.Sub(*m).Rat(), x.Add(*m).Rat())
	d := guichet.DecimalFromRat(c.Mul(c, big.NewRat(2, 1)), 6)
	return &d
}

func minus(x, m *guichet.Decimal) *guichet.Decimal {
	if x == nil || m == nil {
		return nil
	}
	d := x.Sub(*m)
	return &d
}

// basisOf sets beside each other how the two sides were made.
func (v *visit) basisOf(a trade.MirrorAnswer) []basisLine {
	var out []basisLine
	add := func(key string, judged bool, text func(trade.Side) string) {
		x, m := text(a.Export), text(a.Import)
		if a.Export.Missing != nil {
			x = ""
		}
		if a.Import.Missing != nil {
			m = ""
		}
		if x == "" && m == "" {
			return
		}
		b := basisLine{Key: key, Export: x, Import: m, Differs: judged && x != "" && m != "" && x != m}
		for _, side := range []*string{&b.Export, &b.Import} {
			if *side == "" {
				*side = v.t("compare.unknown")
			}
		}
		out = append(out, b)
	}
	whole := func(n int) string { return v.words.whole(int64(n)) }
	add("compare.basis.usd", false, func(s trade.Side) string { return v.dollars(s.USD) })
	add("compare.basis.national", false, func(s trade.Side) string { return v.dollars(&s.National) + "\u00a0" + s.Currency })
	add("compare.basis.how", false, func(s trade.Side) string {
		if s.Estimated {
			return v.t("compare.estimated")
		}
		return v.t("compare.published")
	})
	add("compare.basis.flow", false, func(s trade.Side) string { return v.words.or("flow."+string(s.Flow), string(s.Flow)) })
	add("compare.basis.valuation", true, func(s trade.Side) string { return s.Valuation.Text().In(v.lang) })
	add("compare.basis.partner", true, func(s trade.Side) string { return s.Role.Text().In(v.lang) })
	add("compare.basis.system", true, func(s trade.Side) string { return s.System.Text().In(v.lang) })
	add("compare.basis.freq", true, func(s trade.Side) string { return v.words.or("code."+string(s.Freq), string(s.Freq)) })
	add("compare.basis.months", true, func(s trade.Side) string {
		return v.t("compare.months.of", "n", whole(len(s.Months)), "of", whole(s.Asked))
	})
	add("compare.basis.list", false, func(s trade.Side) string { return s.List })
	add("compare.basis.edition", true, func(s trade.Side) string {
		if s.Edition == 0 {
			return ""
		}
		return "HS " + strconv.Itoa(s.Edition)
	})
	add("compare.basis.cube", false, func(s trade.Side) string { return strings.ReplaceAll(s.Cube, ",", ", ") })
	return out
}

// monthPairs sets the periods of both sides beside each other.
func monthPairs(a trade.MirrorAnswer) []pairLine {
	at := map[string]int{}
	var out []pairLine
	for i, side := range []trade.Side{a.Export, a.Import} {
		if side.Missing != nil {
			continue
		}
		for _, f := range side.Periods {
			n, ok := at[f.Period]
			if !ok {
				n = len(out)
				at[f.Period] = n
				out = append(out, pairLine{period: f.Period})
			}
			if i == 0 {
				out[n].x, out[n].nationalX, out[n].marksX = f.USD, &f.National, f.Marks
			} else {
				out[n].m, out[n].nationalM, out[n].marksM = f.USD, &f.National, f.Marks
			}
		}
	}
	slices.SortStableFunc(out, func(x, y pairLine) int { return comparePeriods(x.period, y.period) })
	return out
}

// monthsOf writes them for people.
func (v *visit) monthsOf(a trade.MirrorAnswer) []pairLine {
	out := monthPairs(a)
	for i := range out {
		l := &out[i]
		l.Name, l.NationalX, l.NationalM = v.words.period(l.period), v.dollars(l.nationalX), v.dollars(l.nationalM)
		l.SignsX, l.SignsM = v.signsOfPeriod(l.marksX, l.x), v.signsOfPeriod(l.marksM, l.m)
		v.fill(l)
	}
	return out
}

// signsOfPeriod are the signs of a side's dollars of a period.
func (v *visit) signsOfPeriod(marks string, usd *guichet.Decimal) []sign {
	row := guichet.Row{mark.Column: marks}
	const dollars = "value_usd"
	if usd != nil {
		row[dollars] = *usd
	}
	var out []sign
	for _, m := range markedOf(trade.Dataset(), guichet.Answer{}, nil).at(row, dollars) {
		out = append(out, v.sign(m))
	}
	return out
}

func comparePeriods(x, y string) int {
	a, err1 := guichet.ParsePeriod(x)
	b, err2 := guichet.ParsePeriod(y)
	if err1 != nil || err2 != nil {
		return 0
	}
	return a.Start.Compare(b.Start)
}

// fill writes the figures of a line.
func (v *visit) fill(l *pairLine) {
	l.X, l.M, l.Difference = v.dollars(l.x), v.dollars(l.m), v.dollars(minus(l.x, l.m))
	l.C, l.Ratio = v.rounded(between(l.x, l.m), 3), v.rounded(ratio(l.m, l.x), 3)
	if between(l.x, l.m) == nil {
		l.C = "–"
	}
	if ratio(l.m, l.x) == nil {
		l.Ratio = "–"
	}
}

// productsOf writes products; each leads to its own comparison, month by month.
func (p *Portal) productsOf(v *visit, k kept, pairs []trade.ProductPair) []pairLine {
	q, err := url.ParseQuery(k.Query)
	if err != nil {
		return nil
	}
	form := p.readCompare(q)
	edition := max(k.Answer.Mirror.Export.Edition, k.Answer.Mirror.Import.Edition)
	if edition == 0 {
		edition = newestEdition
	}
	var out []pairLine
	for _, pair := range pairs {
		form.Products, form.Goods = []string{pair.Code}, ""
		l := pairLine{Code: pair.Code, Name: p.cfg.Goods.Label(edition, pair.Code, v.lang), To: v.to("/compare/question", form.values()), x: &pair.Export, m: &pair.Import}
		l.OneSided = pair.Export.Sign() == 0 || pair.Import.Sign() == 0
		v.fill(&l)
		out = append(out, l)
	}
	return out
}

// newestEdition is the edition that names goods where none was read.
const newestEdition = 2022

// mirrorChart draws the two lines over time; two bars where there is one period.
func (v *visit) mirrorChart(a trade.MirrorAnswer, months []pairLine) *chart {
	x := series{name: v.t("compare.line.x", "who", areaName(a.Question.Exporter, v.lang)), at: map[time.Time]float64{}}
	m := series{name: v.t("compare.line.m", "who", areaName(a.Question.Importer, v.lang)), at: map[time.Time]float64{}}
	times := map[string]bool{}
	for _, l := range months {
		per, err := guichet.ParsePeriod(l.period)
		if err != nil {
			continue
		}
		for _, side := range []struct {
			s *series
			d *guichet.Decimal
		}{{&x, l.x}, {&m, l.m}} {
			if side.d != nil {
				side.s.at[per.Start] = side.d.Float64()
				side.s.total += side.d.Float64()
				times[l.period] = true
			}
		}
	}
	if len(x.at) == 0 || len(m.at) == 0 {
		return nil // nothing to be set against each other
	}
	what := v.t("chart.value", "unit", v.t("chart.usd"))
	if !a.Export.Estimated && !a.Import.Estimated {
		what = v.t("chart.value", "unit", v.t("compare.usd"))
	}
	if len(times) > 1 {
		return lines(v.words, []series{x, m}, what)
	}
	return bars(v.words, []series{x, m}, what)
}

// adjustedOf are the other readings.
func (v *visit) adjustedOf(a trade.MirrorAnswer) []adjustedLine {
	var out []adjustedLine
	for _, x := range a.Adjusted {
		c := "–"
		if x.Asymmetry != nil {
			c = v.rounded(x.Asymmetry, 3)
		}
		out = append(out, adjustedLine{
			X: v.dollars(&x.Export), M: v.dollars(&x.Import), Difference: v.dollars(&x.Difference), C: c, Text: v.sentence(x.Text), Source: strings.ReplaceAll(strings.ReplaceAll(x.Source, ", ", ","), ",", ", "),
			Estimated: x.Status == trade.Estimated, How: v.words.or("compare.status."+x.Status, x.Status),
		})
	}
	return out
}

// remarkGroups sorts what is said of a pair by what it means for the comparison.
func (v *visit) remarkGroups(a trade.MirrorAnswer) []remarkGroup {
	kinds := map[string]string{
		trade.MirrorValuation: "differ", trade.MirrorRole: "differ", trade.MirrorSystem: "differ", trade.MirrorEdition: "differ", trade.MirrorList: "differ",
		trade.MirrorFreq: "differ", trade.MirrorMonths: "differ", trade.MirrorReExportsIn: "differ", trade.MirrorReExportsOut: "differ",
		trade.MirrorTerritory: "differ", trade.MirrorRates: "differ",
		trade.MirrorNoProducts: "unknown", trade.MirrorNoRate: "unknown", trade.MirrorIncomplete: "unknown", trade.MirrorReExports: "unknown",
		trade.MirrorHidden: "unknown", trade.MirrorRest: "unknown", trade.MirrorNegative: "unknown", trade.MirrorNotReported: "unknown",
	}
	groups := []remarkGroup{{Key: "differ"}, {Key: "unknown"}, {Key: "more"}}
	add := func(key string, r guichet.Remark) {
		i := slices.IndexFunc(groups, func(g remarkGroup) bool { return g.Key == key })
		groups[i].Said = addSaid(groups[i].Said, said{Text: v.sentence(r.Text), Word: r.Code, Times: 1})
	}
	for _, r := range a.Remarks {
		key, ok := kinds[r.Code]
		if !ok {
			key = "more"
		}
		add(key, r)
	}
	return slices.DeleteFunc(groups, func(g remarkGroup) bool { return len(g.Said) == 0 })
}

// figureRemarks are what came with the figures of either side; terms of agreements are
// told apart.
func (v *visit) figureRemarks(a trade.MirrorAnswer) []said {
	var out []said
	for _, s := range []trade.Side{a.Export, a.Import} {
		for _, r := range s.Remarks {
			if !strings.HasPrefix(r.Code, "agreement_") {
				out = addSaid(out, said{Who: s.Reporter, Text: v.sentence(r.Text), Word: r.Code, Times: 1})
			}
		}
	}
	return out
}

// notDollars is the currency of a side where it is not the dollar.
func notDollars(s trade.Side) string {
	if s.Missing != nil || s.Currency == "USD" {
		return ""
	}
	return s.Currency
}
