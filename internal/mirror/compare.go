package mirror

import (
	"cmp"
	"maps"
	"math/big"
	"slices"
	"time"

	"guichet"
	"guichet/trade"
)

// Options say how to word an answer.
type Options struct {
	Lang  string    // "en", or "fr"
	Rates string    // the version of the rates behind the dollars
	AsOf  time.Time // what we held then
}

// Compare sets X beside M. The formulas are those of trade.MirrorAnswer.
func Compare(q trade.MirrorQuestion, x, m trade.Side, o Options) trade.MirrorAnswer {
	a := trade.MirrorAnswer{
		Question: q, Export: x, Import: m, AsOf: o.AsOf,
		Products: []trade.ProductPair{}, Adjusted: []trade.Adjustment{},
		Gaps: append(append([]guichet.Gap{}, x.Gaps...), m.Gaps...),
	}
	p := pair{q: q, x: x, m: m, o: o}
	switch {
	case !p.known():
	case !slices.Equal(x.Months, m.Months), len(x.Months) == 0: // none: amendments alone
		a.Adjusted = p.overCommonMonths()
	default:
		d := x.USD.Sub(*m.USD)
		a.Difference, a.Asymmetry = &d, asymmetry(*x.USD, *m.USD)
		if x.ByProduct != nil && m.ByProduct != nil {
			a.Products, a.SumAbsolute = byProduct(x.ByProduct, m.ByProduct)
		}
		a.Adjusted = p.adjusted()
	}
	a.Remarks = p.remarks(a)
	return a
}

// pair is the two sides with what was asked of them.
type pair struct {
	q    trade.MirrorQuestion
	x, m trade.Side
	o    Options
}

// known: both sides have figures in dollars.
func (p pair) known() bool {
	return p.x.Missing == nil && p.m.Missing == nil && p.x.USD != nil && p.m.USD != nil
}

// asymmetry returns c = (X - M) / ((X + M) / 2) to six decimals, half away from
// zero; nil when either is negative, as a sum of amendments may be, or both are
// zero.
func asymmetry(x, m guichet.Decimal) *guichet.Decimal {
	sum := x.Add(m)
	if x.Sign() < 0 || m.Sign() < 0 || sum.Sign() == 0 {
		return nil
	}
	c := new(big.Rat).Quo(x.Sub(m).Rat(), sum.Rat())
	d := guichet.DecimalFromRat(c.Mul(c, big.NewRat(2, 1)), 6)
	return &d
}

// byProduct pairs the products of both sides and adds |X - M| up. A product
// that one side does not list is a reported zero there: its file covers products
// by country. What the sides hold outside products is not in the sum.
func byProduct(x, m map[string]guichet.Decimal) ([]trade.ProductPair, *guichet.Decimal) {
	all := slices.Collect(maps.Keys(x))
	for code := range m {
		if _, both := x[code]; !both {
			all = append(all, code)
		}
	}
	pairs, total := make([]trade.ProductPair, 0, len(all)), guichet.Decimal{}
	for _, code := range all {
		pairs = append(pairs, trade.ProductPair{Code: code, Export: x[code], Import: m[code], Asymmetry: asymmetry(x[code], m[code])})
		total = total.Add(x[code].Sub(m[code]).Abs())
	}
	slices.SortFunc(pairs, func(a, b trade.ProductPair) int {
		return cmp.Or(b.Export.Sub(b.Import).Abs().Cmp(a.Export.Sub(a.Import).Abs()), cmp.Compare(a.Code, b.Code))
	})
	return pairs, &total
}
