package portal

import (
	"guichet"
	"guichet/trade"
)

// mirrorTable is a comparison as a table for programs: the whole, each period, each
// product. What is not known has no figure.
func mirrorTable(a trade.MirrorAnswer) guichet.Answer {
	out := guichet.Answer{
		Question: guichet.Question{Dataset: trade.Dataset().Name, Period: a.Question.Period, By: []string{"part", "period", "hs6"}, Lang: a.Question.Lang},
		Columns: []guichet.Column{
			{Name: "part", Title: guichet.Text{EN: "Part", FR: "Partie"}},
			{Name: "period", Title: guichet.Text{EN: "Period", FR: "Période"}},
			{Name: "hs6", Title: guichet.Text{EN: "Subheading", FR: "Sous-position"}},
			{Name: "export_usd", Measure: true, Title: guichet.Text{EN: "X: reported by the exporter, USD", FR: "X : déclaré par l’exportateur, USD"}},
			{Name: "import_usd", Measure: true, Title: guichet.Text{EN: "M: reported by the importer, USD", FR: "M : déclaré par l’importateur, USD"}},
			{Name: "difference_usd", Measure: true, Title: guichet.Text{EN: "X − M, USD", FR: "X − M, USD"}},
			{Name: "asymmetry", Measure: true, Title: guichet.Text{EN: "c: (X − M) / ((X + M) / 2)", FR: "c : (X − M) / ((X + M) / 2)"}},
			{Name: "ratio", Measure: true, Title: guichet.Text{EN: "M / X", FR: "M / X"}},
		},
		Remarks: append(append(append([]guichet.Remark{}, a.Remarks...), a.Export.Remarks...), a.Import.Remarks...),
		Gaps:    a.Gaps, AsOf: a.AsOf,
		Sources: append(append([]guichet.Source{}, a.Export.Sources...), a.Import.Sources...),
	}
	add := func(part, period, hs6 string, x, m *guichet.Decimal) {
		row := guichet.Row{"part": part, "period": period, "hs6": hs6}
		put := func(name string, d *guichet.Decimal) {
			row[name] = nil
			if d != nil {
				row[name] = *d
			}
		}
		put("export_usd", x)
		put("import_usd", m)
		put("difference_usd", minus(x, m))
		put("asymmetry", between(x, m))
		put("ratio", ratio(m, x))
		out.Rows = append(out.Rows, row)
	}
	x, m := usdOf(a.Export), usdOf(a.Import)
	if x == nil && m == nil {
		return out // nothing is known; the gaps say why
	}
	add("all", a.Question.Period.String(), "", x, m)
	for _, l := range monthPairs(a) {
		add("period", l.period, "", l.x, l.m)
	}
	for _, pair := range a.Products {
		add("product", a.Question.Period.String(), pair.Code, &pair.Export, &pair.Import)
	}
	return out
}

// usdOf are the dollars of a side; nil where it is missing or they are not known.
func usdOf(s trade.Side) *guichet.Decimal {
	if s.Missing != nil {
		return nil
	}
	return s.USD
}
