// Package mirror compares what two countries report of one flow: how far
// apart, and why.
//
// It promises: what to ask the desk for each side (Ask), one side out of what
// the desk answered (SideFrom), and the comparison (Compare). It is a rule:
// the same input gives the same answer. c is always that of the published
// figures; every other reading stands beside it, with its source. A figure that
// is not known stays unknown: it is never taken for zero.
//
// It does not fetch figures, convert currencies (the desk's dollars come in),
// judge who may ask, or say which side is right. It does not see what the
// figures do not tell: triangular trade, fraud, goods under way at the turn of
// the year.
package mirror

import (
	"maps"
	"slices"

	"guichet"
	"guichet/hs"
	"guichet/trade"
)

// fobValue is the measure of imports at FOB beside CIF.
const fobValue = "fob_value"

// Questions are what is asked of the desk for one side.
type Questions struct {
	Total    guichet.Question // by published period
	Products guichet.Question // by six-digit code, over all of the period
}

// Ask returns the questions for the exporter's side (outward) or the
// importer's. Parts of the partner's statistical territory are asked for as
// well: some offices list them apart. Both sides are read in one edition, that
// of the importer at the period's end when the question names none, since codes
// of two editions cannot be paired.
func Ask(q trade.MirrorQuestion, outward bool) Questions {
	reporter, partner := q.Importer, q.Exporter
	flows := []string{string(trade.Imports)}
	if outward {
		reporter, partner = q.Exporter, q.Importer
		flows = []string{string(trade.Exports), string(trade.DomesticExports), string(trade.ReExports)}
	}
	where := map[string][]string{
		"reporter": {reporter},
		"partner":  append([]string{partner}, TerritoryParts(partner)...),
		"flow":     flows,
	}
	edition := q.Edition
	if edition == 0 && !q.Period.IsZero() {
		edition = int(hs.InForce(q.Importer, string(trade.Imports), "", q.Period.To.End()).Edition)
	}
	dims := []string{"reporter", "partner", "flow", "trade_system", "valuation", "partner_role", "currency", "grain", "freq"}
	total := guichet.Question{
		Dataset: "trade", Where: where, Period: q.Period, Conversion: q.Conversion, AsOf: q.AsOf, Vintage: q.Vintage,
		By: append(slices.Clip(dims), "period"), Measures: []string{"value", "value_usd", fobValue},
	}
	products := total
	products.By = append(slices.Clip(dims), "hs6")
	products.Measures = []string{"value", "value_usd"}
	products.Edition = edition
	if len(q.Product) > 0 {
		total.Where = map[string][]string{"product": q.Product}
		maps.Copy(total.Where, where)
		total.Edition = edition
		products.Where = total.Where
	}
	return Questions{Total: total, Products: products}
}
