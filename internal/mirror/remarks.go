package mirror

import (
	"math/big"
	"strings"

	"guichet"
	"guichet/trade"
)

// Thresholds of ours: gaps are told to cancel when, by product, they are at
// least a tenth of the mean of both sides and more than twice the gap of the
// whole.
const (
	cancelShare = 20 // |X - M| over products times this, at least X + M
	cancelTimes = 2
)

// remarks says what makes the sides comparable or not, the gravest first.
func (p pair) remarks(a trade.MirrorAnswer) []guichet.Remark {
	out := []guichet.Remark{}
	if s, ok := SharedSourceOf(p.x.Reporter, p.m.Reporter, p.q.Period); ok {
		out = append(out, p.say(trade.MirrorSharedSource, "", p.x.Reporter, p.m.Reporter, s.From.Format("2006-01"), s.Source.In(p.o.Lang)))
	}
	for _, s := range []trade.Side{p.x, p.m} {
		out = append(out, p.ofSide(s)...)
	}
	if p.x.Missing != nil || p.m.Missing != nil {
		return out
	}
	out = append(out, p.ofCover(a)...)
	out = append(out, p.ofMaking()...)
	out = append(out, p.ofReExports()...)
	return append(out, p.ofProducts(a)...)
}

// ofSide says what is to be known of one side alone.
func (p pair) ofSide(s trade.Side) []guichet.Remark {
	var out []guichet.Remark
	add := func(code string, args ...any) { out = append(out, p.say(code, s.Reporter, args...)) }
	if s.Missing != nil {
		add(trade.MirrorNotReported, s.Reporter, s.Missing.Text)
		return out
	}
	if s.Generated {
		add(trade.MirrorGenerated, s.Reporter)
	}
	if len(s.Months) < s.Asked {
		add(trade.MirrorIncomplete, s.Reporter, len(s.Months), s.Asked)
	}
	switch {
	case s.USD == nil:
		add(trade.MirrorNoRate, s.Reporter, s.Currency, p.o.Rates)
	case s.USD.Sign() < 0:
		add(trade.MirrorNegative, s.Reporter)
	case len(s.Periods) == 0:
		add(trade.MirrorZero, s.Reporter)
	case s.Estimated:
		add(trade.MirrorRates, s.Reporter, s.Currency, p.o.Rates)
	}
	if s.Hidden {
		add(trade.MirrorHidden, s.Reporter)
	}
	for _, other := range s.Others {
		add(trade.MirrorLeftOut, s.Reporter, p.named(other))
	}
	if len(s.Parts) > 0 {
		areas, sum := partsOf(s)
		r := p.say(trade.MirrorTerritory, s.Reporter, s.Reporter, s.Partner, areas, money(sum, p.o.Lang))
		r.Value, r.Unit = &sum, "USD"
		out = append(out, r)
	}
	return out
}

// ofCover says whether both sides speak of the same time, and of anything.
func (p pair) ofCover(a trade.MirrorAnswer) []guichet.Remark {
	var out []guichet.Remark
	if p.known() && a.Difference == nil {
		out = append(out, p.say(trade.MirrorMonths, "", p.x.Reporter, p.m.Reporter, len(commonMonths(p.x, p.m))))
	}
	if p.known() && p.x.USD.Sign() == 0 && p.m.USD.Sign() == 0 {
		out = append(out, p.say(trade.MirrorBothZero, ""))
	}
	if p.reported() && p.x.Freq != p.m.Freq {
		out = append(out, p.say(trade.MirrorFreq, "", p.x.Reporter, p.x.Freq, p.m.Reporter, p.m.Freq))
	}
	return out
}

// reported: both sides have figures, of whatever currency; a reported zero has
// no valuation, role or system to compare.
func (p pair) reported() bool { return len(p.x.Periods) > 0 && len(p.m.Periods) > 0 }

// ofMaking says how the two sides were made differently. What one of them does
// not tell differs too.
func (p pair) ofMaking() []guichet.Remark {
	if !p.reported() {
		return nil
	}
	var out []guichet.Remark
	add := func(code string, x, m guichet.Text) {
		out = append(out, p.say(code, "", p.x.Reporter, x.In(p.o.Lang), p.m.Reporter, m.In(p.o.Lang)))
	}
	if p.x.Valuation != p.m.Valuation || p.x.Valuation == trade.UnknownValuation {
		add(trade.MirrorValuation, p.x.Valuation.Text(), p.m.Valuation.Text())
	}
	if p.x.Role != p.m.Role || p.x.Role == trade.UnknownRole {
		add(trade.MirrorRole, p.x.Role.Text(), p.m.Role.Text())
	}
	if p.x.System != p.m.System || p.x.System == trade.UnknownSystem {
		add(trade.MirrorSystem, p.x.System.Text(), p.m.System.Text())
	}
	return out
}

// ofReExports says whether X holds goods that were not made by the exporter.
func (p pair) ofReExports() []guichet.Remark {
	switch {
	case len(p.x.Periods) == 0:
		return nil
	case p.x.Flow == trade.DomesticExports:
		return []guichet.Remark{p.say(trade.MirrorReExportsOut, p.x.Reporter, p.x.Reporter)}
	case p.x.Domestic == nil || p.x.USD == nil:
		return []guichet.Remark{p.say(trade.MirrorReExports, p.x.Reporter, p.x.Reporter)}
	}
	re := p.x.USD.Sub(*p.x.Domestic)
	r := p.say(trade.MirrorReExportsIn, p.x.Reporter, p.x.Reporter, money(re, p.o.Lang))
	r.Value, r.Unit = &re, "USD"
	return []guichet.Remark{r}
}

// ofProducts says what the comparison by product holds and what it does not.
func (p pair) ofProducts(a trade.MirrorAnswer) []guichet.Remark {
	var out []guichet.Remark
	for _, s := range []trade.Side{p.x, p.m} {
		if s.ByProduct == nil && s.USD != nil {
			out = append(out, p.say(trade.MirrorNoProducts, s.Reporter, s.Reporter))
		}
	}
	if a.SumAbsolute == nil {
		return out
	}
	if p.x.Edition != p.m.Edition {
		out = append(out, p.say(trade.MirrorEdition, "", p.x.Reporter, p.x.Edition, p.m.Reporter, p.m.Edition))
	}
	if p.x.List != p.m.List {
		out = append(out, p.say(trade.MirrorList, "", p.x.Reporter, orUnknown(p.x.List), p.m.Reporter, orUnknown(p.m.List)))
	}
	for _, s := range []trade.Side{p.x, p.m} {
		if money(s.Rest.Abs(), "") != money(guichet.Decimal{}, "") { // less than half a dollar would be said as zero
			r := p.say(trade.MirrorRest, s.Reporter, s.Reporter, money(*s.Rest, p.o.Lang))
			r.Value, r.Unit = s.Rest, "USD"
			out = append(out, r)
		}
	}
	both := p.x.USD.Add(*p.m.USD)
	large := new(big.Rat).Mul(a.SumAbsolute.Rat(), big.NewRat(cancelShare, 1)).Cmp(both.Rat()) >= 0
	times := new(big.Rat).Mul(a.Difference.Abs().Rat(), big.NewRat(cancelTimes, 1))
	if a.Asymmetry != nil && large && a.SumAbsolute.Rat().Cmp(times) > 0 {
		r := p.say(trade.MirrorCancel, "", number(a.Asymmetry.Rat(), 2, p.o.Lang), money(*a.SumAbsolute, p.o.Lang), money(both, p.o.Lang))
		r.Value, r.Unit = a.SumAbsolute, "USD"
		out = append(out, r)
	}
	return out
}

func (p pair) say(code, reporter string, args ...any) guichet.Remark {
	return guichet.Remark{Code: code, Text: Text(code, p.o.Lang, args...), Reporter: reporter}
}

// named says "trade_system=general" and its like for people.
func (p pair) named(other string) string {
	field, value, _ := strings.Cut(other, "=")
	switch field {
	case "trade_system":
		return trade.System(value).Text().In(p.o.Lang)
	case "valuation":
		return trade.Valuation(value).Text().In(p.o.Lang)
	}
	return trade.PartnerRole(value).Text().In(p.o.Lang)
}

func orUnknown(name string) string {
	if name == "" {
		return "?"
	}
	return name
}

// money writes dollars as people read them: US$434.93bn, 434,93 Md$ US.
func money(d guichet.Decimal, lang string) string {
	size, places, en, fr := int64(1), 0, "", ""
	switch abs := d.Abs(); {
	case abs.Cmp(guichet.DecimalOf(1_000_000_000)) >= 0:
		size, places, en, fr = 1_000_000_000, 2, "bn", "Md"
	case abs.Cmp(guichet.DecimalOf(1_000_000)) >= 0:
		size, places, en, fr = 1_000_000, 2, "m", "M"
	}
	n := number(new(big.Rat).Quo(d.Rat(), big.NewRat(size, 1)), places, lang)
	if lang == "fr" {
		return n + " " + fr + "$ US"
	}
	return "US$" + n + en
}

func percent(t *big.Rat, lang string) string {
	return number(new(big.Rat).Mul(t, big.NewRat(100, 1)), 2, lang)
}

func number(r *big.Rat, places int, lang string) string {
	group, point := ",", "."
	if lang == "fr" {
		group, point = "\u202f", ","
	}
	whole, part, broken := strings.Cut(r.FloatString(places), ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + group + whole[i:]
	}
	if broken {
		whole += point + part
	}
	return whole
}
