package mirror

import (
	"cmp"
	"slices"

	"guichet"
	"guichet/mark"
	"guichet/trade"
)

// key is what is never added over: the figures of one key may be summed.
type key struct{ system, valuation, role, currency, grain, freq string }

// variant is one way in which an office publishes the flow.
type variant struct {
	key
	rows []figure
}

// figure is one row of the desk's answer.
type figure struct {
	flow     trade.Flow
	area     string
	period   guichet.Period
	national guichet.Decimal
	usd      *guichet.Decimal // nil: no rate
	fob      *guichet.Decimal // national currency; nil: not published
	marks    string
}

// variants sorts rows by what may not be added. Rows without a figure or a
// readable period are none. A variant that has re-exports alone is not the flow,
// and one that has only parts of the partner's territory is not the partner.
func variants(rows []guichet.Row, partner string) []variant {
	var out []variant
	for _, row := range rows {
		f, ok := figureOf(row)
		if !ok {
			continue
		}
		k := keyOf(row)
		i := slices.IndexFunc(out, func(v variant) bool { return v.key == k })
		if i < 0 {
			i = len(out)
			out = append(out, variant{key: k})
		}
		out[i].rows = append(out[i].rows, f)
	}
	return slices.DeleteFunc(out, func(v variant) bool { return len(v.figures(partner, v.flows())) == 0 })
}

func keyOf(row guichet.Row) key {
	return key{
		system: word(row, "trade_system"), valuation: word(row, "valuation"), role: word(row, "partner_role"),
		currency: word(row, "currency"), grain: word(row, "grain"), freq: word(row, "freq"),
	}
}

// figureOf reads a row. The period may be written as such ("2024-05") or as its
// first day beside a frequency.
func figureOf(row guichet.Row) (figure, bool) {
	p, err := guichet.ParsePeriod(word(row, "period"))
	national, usd, ok := amounts(row)
	if err != nil || !ok {
		return figure{}, false
	}
	if freq := word(row, "freq"); freq != "" {
		p.Freq = guichet.Freq(freq)
	}
	f := figure{flow: trade.Flow(word(row, "flow")), area: word(row, "partner"), period: p, national: national, usd: usd, marks: word(row, mark.Column)}
	if fob, ok := row[fobValue].(guichet.Decimal); ok {
		f.fob = &fob
	}
	return f, true
}

// amounts returns the value in national currency and in dollars, the latter nil
// when not known.
func amounts(row guichet.Row) (national guichet.Decimal, usd *guichet.Decimal, ok bool) {
	national, ok = row["value"].(guichet.Decimal)
	if d, known := row["value_usd"].(guichet.Decimal); known {
		usd = &d
	}
	if usd == nil && word(row, "currency") == "USD" {
		usd = &national
	}
	return national, usd, ok
}

func word(row guichet.Row, name string) string {
	s, _ := row[name].(string)
	return s
}

// flows returns what makes up the flow: imports; or total exports; or, where an
// office gives no total, domestic exports and re-exports together, or domestic
// exports alone.
func (v variant) flows() []trade.Flow {
	has := func(f trade.Flow) bool {
		return slices.ContainsFunc(v.rows, func(r figure) bool { return r.flow == f })
	}
	switch {
	case has(trade.Imports):
		return []trade.Flow{trade.Imports}
	case has(trade.Exports):
		return []trade.Flow{trade.Exports}
	case has(trade.DomesticExports) && has(trade.ReExports):
		return []trade.Flow{trade.DomesticExports, trade.ReExports}
	case has(trade.DomesticExports):
		return []trade.Flow{trade.DomesticExports}
	}
	return nil
}

func (v variant) figures(area string, flows []trade.Flow) []figure {
	var out []figure
	for _, f := range v.rows {
		if f.area == area && slices.Contains(flows, f.flow) {
			out = append(out, f)
		}
	}
	return out
}

func (v variant) areas() []string {
	var out []string
	for _, f := range v.rows {
		out = append(out, f.area)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// better orders variants, the one to take first: most months, then as the lists
// below say, then by name so that the order is always the same.
func better(a, b variant, partner string) int {
	covers := func(v variant) int { return len(months(v.figures(partner, v.flows()), nil)) }
	return cmp.Or(
		cmp.Compare(covers(b), covers(a)),
		cmp.Compare(rank(trade.System(a.system), trade.General, trade.SpecialRelaxed, trade.SpecialStrict), rank(trade.System(b.system), trade.General, trade.SpecialRelaxed, trade.SpecialStrict)),
		cmp.Compare(valuationRank(a), valuationRank(b)),
		cmp.Compare(roleRank(a), roleRank(b)),
		cmp.Compare(rank(guichet.Freq(a.freq), guichet.Monthly, guichet.Quarterly, guichet.Annual), rank(guichet.Freq(b.freq), guichet.Monthly, guichet.Quarterly, guichet.Annual)),
		cmp.Compare(rank(a.grain, "aggregate"), rank(b.grain, "aggregate")),
		cmp.Compare(a.currency, b.currency),
	)
}

func valuationRank(v variant) int {
	return rank(trade.Valuation(v.valuation), trade.FOB, trade.FAS, trade.CustomsValue, trade.FOBDirect, trade.Invoice, trade.CIF)
}

func roleRank(v variant) int {
	return rank(trade.PartnerRole(v.role), trade.Origin, trade.LastKnown, trade.Consignment, trade.Purchase)
}

// rank is the place of x in order; what is not in it comes last.
func rank[T comparable](x T, order ...T) int {
	if i := slices.Index(order, x); i >= 0 {
		return i
	}
	return len(order)
}

// others names the trade systems, valuations and roles of the variants that
// were not taken.
func others(taken variant, rest []variant) []string {
	var out []string
	for _, v := range rest {
		if v.system != taken.system {
			out = append(out, "trade_system="+v.system)
		}
		if v.valuation != taken.valuation {
			out = append(out, "valuation="+v.valuation)
		}
		if v.role != taken.role {
			out = append(out, "partner_role="+v.role)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
