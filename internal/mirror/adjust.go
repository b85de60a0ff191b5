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

// adjusted returns other readings of the flow, one cause at a time.
func (p pair) adjusted() []trade.Adjustment {
	out := []trade.Adjustment{}
	x, m := *p.x.USD, *p.m.USD
	if a, ok := p.toFOB(); ok {
		out = append(out, a)
	}
	if p.x.Domestic != nil {
		a := p.adjustment(trade.AdjustDomestic, *p.x.Domestic, m, p.x.Reporter)
		a.Source = p.x.Cube
		out = append(out, a)
	}
	for _, s := range []trade.Side{p.x, p.m} {
		if len(s.Parts) == 0 {
			continue
		}
		areas, sum := partsOf(s)
		a := p.adjustment(trade.AdjustParts, x.Add(sum), m, s.Reporter, areas)
		if s.Flow == trade.Imports {
			a = p.adjustment(trade.AdjustParts, x, m.Add(sum), s.Reporter, areas)
		}
		a.Source = s.Cube
		out = append(out, a)
	}
	if p.x.USDYear != nil || p.m.USDYear != nil {
		a := p.adjustment(trade.AdjustYearMean, *either(p.x.USDYear, p.x.USD), *either(p.m.USDYear, p.m.USD))
		a.Status, a.Source = trade.Estimated, p.o.Rates
		out = append(out, a)
	}
	return out
}

// most is the largest t that a pair may have before the FOB values at hand are
// taken to be incomplete: pairs and products measured run up to 0.3, ores up to
// 0.54 (see CIFFactors).
func most() *big.Rat { return big.NewRat(6, 10) }

// toFOB takes freight and insurance out of M, only where M is recorded CIF: to
// divide anything else invents a gap (CA to US 2016: c from 0.068 to 0.126). The
// importer's own FOB figure comes first, then the table.
func (p pair) toFOB() (trade.Adjustment, bool) {
	if p.m.Valuation != trade.CIF {
		return trade.Adjustment{}, false
	}
	one := big.NewRat(1, 1)
	if f := p.m.FOB; f != nil && f.Sign() > 0 {
		t := new(big.Rat).Quo(p.m.USD.Rat(), f.Rat())
		if t.Sub(t, one); t.Sign() >= 0 && t.Cmp(most()) <= 0 {
			a := p.adjustment(trade.AdjustFOBPublished, *p.x.USD, *f, p.m.Reporter, percent(t, p.o.Lang))
			a.Source, a.Factor = p.m.Cube, factor(t)
			return a, true
		}
	}
	f := CIFFactorOf(p.m.Reporter)
	t := f.T.Rat()
	fob := guichet.DecimalFromRat(new(big.Rat).Quo(p.m.USD.Rat(), new(big.Rat).Add(one, t)), scale)
	source := fmt.Sprintf("%s, %d-%d", f.Source, f.From, f.To)
	a := p.adjustment(trade.AdjustCIF, *p.x.USD, fob, p.m.Reporter, percent(t, p.o.Lang), source)
	a.Status, a.Source, a.Factor = trade.Estimated, source, factor(t)
	return a, true
}

// overCommonMonths compares the months that both sides cover, where both are
// monthly; with no month in common there is nothing to compare.
func (p pair) overCommonMonths() []trade.Adjustment {
	common := commonMonths(p.x, p.m)
	x, xOK := over(p.x, common)
	m, mOK := over(p.m, common)
	if len(common) == 0 || !xOK || !mOK {
		return []trade.Adjustment{}
	}
	a := p.adjustment(trade.AdjustMonths, x, m, len(common))
	a.Source = strings.Join(common, ",")
	return []trade.Adjustment{a}
}

func commonMonths(x, m trade.Side) []string {
	var out []string
	for _, month := range x.Months {
		if slices.Contains(m.Months, month) {
			out = append(out, month)
		}
	}
	return out
}

// over adds the dollars of a monthly side over some months; those of which it
// reported zero have no figure. ok is false for a side that is not monthly.
func over(s trade.Side, months []string) (sum guichet.Decimal, ok bool) {
	for _, f := range s.Periods {
		if s.Freq != guichet.Monthly {
			return sum, false
		}
		if slices.Contains(months, f.Period) {
			sum = sum.Add(*f.USD)
		}
	}
	return sum, true
}

// adjustment is X against M under a code, measured unless told otherwise.
func (p pair) adjustment(code string, x, m guichet.Decimal, args ...any) trade.Adjustment {
	return trade.Adjustment{
		Code: code, Text: Text(code, p.o.Lang, args...), Status: trade.Measured,
		Export: x, Import: m, Difference: x.Sub(m), Asymmetry: asymmetry(x, m),
	}
}

// partsOf names the areas that a side lists apart, and adds them up.
func partsOf(s trade.Side) (areas string, sum guichet.Decimal) {
	names := slices.Sorted(maps.Keys(s.Parts))
	for _, name := range names {
		sum = sum.Add(s.Parts[name])
	}
	return strings.Join(names, ", "), sum
}

func either(a, b *guichet.Decimal) *guichet.Decimal {
	if a != nil {
		return a
	}
	return b
}

func factor(t *big.Rat) *guichet.Decimal {
	d := guichet.DecimalFromRat(t, 6)
	return &d
}
