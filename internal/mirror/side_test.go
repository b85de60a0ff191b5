package mirror_test

import (
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/mirror"
	"guichet/trade"

	"github.com/google/go-cmp/cmp"
)

// row is one row of an answer of the desk: "flow=exports period=2024-01", then
// the value, dollars and FOB value ("" none).
func row(t *testing.T, words, value, usd, fob string) guichet.Row {
	t.Helper()
	r := guichet.Row{
		"reporter": "NZ", "partner": "US", "flow": "exports", "trade_system": "general", "valuation": "fob",
		"partner_role": "last_known_destination", "currency": "NZD", "grain": "aggregate", "freq": "M", "period": "2024-01",
	}
	for word := range strings.FieldsSeq(words) {
		name, v, _ := strings.Cut(word, "=")
		r[name] = v
	}
	for name, v := range map[string]string{"value": value, "value_usd": usd, "fob_value": fob} {
		if v != "" {
			r[name] = dec(t, v)
		}
	}
	return r
}

func TestAskNamesBothSides(t *testing.T) {
	q := question(t, "NZ", "US", "2022-01")
	x := mirror.Ask(q, true)
	want := map[string][]string{"reporter": {"NZ"}, "partner": {"US", "PR", "VI"}, "flow": {"exports", "domestic_exports", "re_exports"}}
	if d := cmp.Diff(want, x.Total.Where); d != "" || x.Total.Edition != 0 || x.Products.Edition != 2022 {
		t.Errorf("the exporter is asked (-want +got):\n%s in edition %d, products in %d", d, x.Total.Edition, x.Products.Edition)
	}
	q.Product, q.Edition = []string{"630790"}, 2017
	m := mirror.Ask(q, false)
	want = map[string][]string{"reporter": {"US"}, "partner": {"NZ"}, "flow": {"imports"}, "product": {"630790"}}
	if d := cmp.Diff(want, m.Total.Where); d != "" || m.Total.Edition != 2017 || m.Products.Edition != 2017 {
		t.Errorf("the importer is asked (-want +got):\n%s in edition %d", d, m.Total.Edition)
	}
	if slices.Contains(m.Products.By, "period") || !slices.Contains(m.Products.By, "hs6") || !slices.Contains(m.Total.By, "period") || slices.Contains(m.Total.By, "hs6") {
		t.Errorf("the total is asked by %v, products by %v", m.Total.By, m.Products.By)
	}
}

// TestPeriodsHaveTheMarksOfTheirRows: of what is added up, each once.
func TestPeriodsHaveTheMarksOfTheirRows(t *testing.T) {
	q := question(t, "NZ", "US", "2024-01:2024-02")
	rows := []guichet.Row{row(t, "flow=domestic_exports", "5", "3", ""), row(t, "flow=re_exports", "1", "1", ""), row(t, "flow=domestic_exports period=2024-02", "6", "4", "")}
	rows[0]["marks"], rows[1]["marks"] = "preliminary", "estimate_over_partners preliminary"
	s := mirror.SideFrom(q, true, mirror.Given{Total: guichet.Answer{Rows: rows}}, mirror.Rates{})
	if len(s.Periods) != 2 || s.Periods[0].Marks != "estimate_over_partners preliminary" || s.Periods[1].Marks != "" {
		t.Errorf("%+v", s.Periods)
	}
}

func TestGeneralTradeIsTakenAndTheRestNamed(t *testing.T) {
	q := question(t, "CA", "US", "2024")
	base := "reporter=US partner=CA flow=imports currency=USD freq=A period=2024 partner_role=origin valuation=customs_value "
	rows := []guichet.Row{
		row(t, base+"trade_system=special_strict", "90", "90", ""),
		row(t, base+"trade_system=general", "100", "", ""),
		row(t, base+"trade_system=general valuation=cif partner_role=consignment", "104", "104", ""),
		row(t, base+"trade_system=general valuation=unknown", "100", "100", ""),
		row(t, base+"trade_system=general freq=Q period=2024-Q1", "999", "999", ""),
		row(t, base+"period=never", "7", "7", ""),
		row(t, base, "", "", ""),
	}
	s := mirror.SideFrom(q, false, mirror.Given{Total: guichet.Answer{Rows: rows}}, mirror.Rates{})
	if s.System != trade.General || s.National.String() != "100" || show(s.USD) != "100" || s.Estimated || len(s.Months) != 12 {
		t.Errorf("taken: %s, %v, US$ %s, %d months", s.System, s.National, show(s.USD), len(s.Months))
	}
	want := []string{"partner_role=consignment", "trade_system=special_strict", "valuation=cif", "valuation=unknown"}
	if !slices.Equal(s.Others, want) || s.Missing != nil || s.Flow != trade.Imports {
		t.Errorf("published too: %v, want %v", s.Others, want)
	}
}

func TestExportsWithPartsReExportsAndRates(t *testing.T) {
	q := question(t, "NZ", "US", "2024-01:2024-02")
	rows := []guichet.Row{
		row(t, "flow=exports", "160", "100", ""), row(t, "flow=domestic_exports", "150", "94", ""), row(t, "flow=re_exports", "10", "6", ""),
		row(t, "flow=exports period=2024-02-01", "170", "104", ""), row(t, "flow=domestic_exports period=2024-02", "170", "104", ""),
		row(t, "flow=exports partner=PR", "3", "2", ""), row(t, "flow=exports partner=VI", "0", "0", ""), row(t, "flow=re_exports freq=A period=2024", "1", "1", ""),
	}
	products := []guichet.Row{
		row(t, "hs6=630790", "130", "80", ""), row(t, "hs6=630790", "30", "20", ""), row(t, "hs6=", "20", "12", ""),
		row(t, "hs6=630790 partner=PR", "3", "2", ""), row(t, "hs6=630790 flow=domestic_exports", "3", "2", ""), row(t, "hs6=630790 freq=A", "3", "2", ""),
	}
	total := guichet.Answer{
		Rows:    rows,
		Sources: []guichet.Source{{Fields: map[string]string{"cube": "exports-hs10", "list": "nz-hs10"}}, {Generated: true, Fields: map[string]string{"cube": "exports-hs10", "list": "nz-hs8"}}},
		Remarks: []guichet.Remark{{Code: trade.RemarkConfidential}},
	}
	given := mirror.Given{Total: total, Products: &guichet.Answer{Rows: products, Question: guichet.Question{Edition: 2022}}}
	rates := mirror.Rates{Of: func(currency string, p guichet.Period) (guichet.Decimal, bool) {
		return dec(t, "1.6"), currency == "NZD" && p.String() == "2024"
	}}
	s := mirror.SideFrom(q, true, given, rates)
	if s.National.String() != "330" || show(s.USD) != "204" || show(s.USDYear) != "206.25" || show(s.Domestic) != "198" || s.Flow != trade.Exports || !s.Estimated {
		t.Errorf("NZ$ %v, US$ %s (%s at the mean of the year), domestic %s", s.National, show(s.USD), show(s.USDYear), show(s.Domestic))
	}
	if len(s.Parts) != 1 || s.Parts["PR"].String() != "2" || !slices.Equal(s.Months, []string{"2024-01", "2024-02"}) || len(s.Periods) != 2 || s.Periods[1].Period != "2024-02" {
		t.Errorf("parts %v, months %v, periods %v", s.Parts, s.Months, s.Periods)
	}
	if s.ByProduct["630790"].String() != "100" || show(s.Rest) != "104" || s.Edition != 2022 {
		t.Errorf("products %v, outside them %s, edition %d", s.ByProduct, show(s.Rest), s.Edition)
	}
	if s.Cube != "exports-hs10" || s.List != "nz-hs10,nz-hs8" || !s.Generated || !s.Hidden {
		t.Errorf("cube %q, list %q, generated %v, hidden %v", s.Cube, s.List, s.Generated, s.Hidden)
	}
	rates.Of = func(string, guichet.Period) (guichet.Decimal, bool) { return guichet.Decimal{}, false }
	if s := mirror.SideFrom(q, true, given, rates); s.USDYear != nil {
		t.Errorf("without a rate the year's mean gives %s", show(s.USDYear))
	}
}

func TestExportsWithoutTheirTotal(t *testing.T) {
	q := question(t, "NZ", "US", "2024-01")
	domestic, re := row(t, "flow=domestic_exports", "9", "6", ""), row(t, "flow=re_exports", "1", "1", "")
	for _, c := range []struct {
		rows []guichet.Row
		flow trade.Flow
		usd  string
	}{
		{[]guichet.Row{domestic, re}, trade.Exports, "7"},
		{[]guichet.Row{domestic}, trade.DomesticExports, "6"},
	} {
		s := mirror.SideFrom(q, true, mirror.Given{Total: guichet.Answer{Rows: c.rows}}, mirror.Rates{})
		if s.Flow != c.flow || show(s.USD) != c.usd || s.Missing != nil {
			t.Errorf("%d flows give %s of US$ %s, want %s of %s", len(c.rows), s.Flow, show(s.USD), c.flow, c.usd)
		}
	}
	s := mirror.SideFrom(q, true, mirror.Given{Total: guichet.Answer{Rows: []guichet.Row{re}}}, mirror.Rates{})
	if s.Missing == nil || s.Missing.Reason != guichet.GapNotCovered {
		t.Errorf("re-exports alone are taken for exports: %+v", s.Missing)
	}
}

func TestFOBBesideCIF(t *testing.T) {
	q := question(t, "NZ", "AU", "2024-01:2024-02")
	base := "reporter=AU partner=NZ flow=imports valuation=cif currency=AUD "
	rows := []guichet.Row{row(t, base, "104", "52", "100"), row(t, base+"period=2024-02", "104", "52", "96")}
	s := mirror.SideFrom(q, false, mirror.Given{Total: guichet.Answer{Rows: rows}}, mirror.Rates{})
	if show(s.FOB) != "98" {
		t.Errorf("FOB is US$ %s, want 98", show(s.FOB))
	}
	delete(rows[1], "fob_value")
	if s := mirror.SideFrom(q, false, mirror.Given{Total: guichet.Answer{Rows: rows}}, mirror.Rates{}); s.FOB != nil {
		t.Errorf("FOB of one month of two is given as %s", show(s.FOB))
	}
	delete(rows[1], "value_usd")
	products := guichet.Answer{Rows: []guichet.Row{row(t, base+"hs6=630790", "1", "1", "")}, Gaps: []guichet.Gap{{Reason: guichet.GapHidden}}}
	s = mirror.SideFrom(q, false, mirror.Given{Total: guichet.Answer{Rows: rows}, Products: &products}, mirror.Rates{})
	if s.USD != nil || s.ByProduct != nil || !s.Hidden {
		t.Errorf("without a rate for a month: US$ %s, products %v, hidden %v", show(s.USD), s.ByProduct, s.Hidden)
	}
}

func TestSidesWithoutRows(t *testing.T) {
	q := question(t, "NZ", "US", "2024-01:2024-03")
	zero := func(period string) guichet.Gap {
		return guichet.Gap{Reporter: "NZ", Reason: guichet.GapZero, Text: "no line", Period: period}
	}
	silent := guichet.Gap{Reporter: "NZ", Reason: guichet.GapNotReported, Text: "no file"}
	given := mirror.Given{
		Total:    guichet.Answer{Gaps: []guichet.Gap{zero("")}},
		Products: &guichet.Answer{Gaps: []guichet.Gap{zero("")}, Question: guichet.Question{Edition: 2022}},
	}
	s := mirror.SideFrom(q, true, given, mirror.Rates{})
	if s.Missing != nil || show(s.USD) != "0" || len(s.Months) != 3 || s.ByProduct == nil || s.Edition != 2022 {
		t.Errorf("a reported zero is %+v", s)
	}
	given.Products.Gaps = append(given.Products.Gaps, silent)
	if s := mirror.SideFrom(q, true, given, mirror.Rates{}); s.ByProduct != nil {
		t.Error("products that were not reported are taken for zero")
	}
	given.Total.Gaps = []guichet.Gap{zero("2024-01"), silent}
	if s := mirror.SideFrom(q, true, given, mirror.Rates{}); s.Missing == nil || s.Missing.Reason != guichet.GapNotReported || s.USD != nil {
		t.Errorf("a silent side is %+v", s)
	}
	given.Total = guichet.Answer{}
	if s := mirror.SideFrom(q, true, given, mirror.Rates{}); s.Missing == nil || len(s.Gaps) != 1 {
		t.Errorf("an answer without a reason is %+v", s)
	}
	given.Total = guichet.Answer{Rows: []guichet.Row{row(t, "", "1", "1", "")}, Gaps: []guichet.Gap{zero("2024-02"), {Reason: guichet.GapHidden}}}
	if s := mirror.SideFrom(q, true, given, mirror.Rates{}); !slices.Equal(s.Months, []string{"2024-01", "2024-02"}) || !s.Hidden {
		t.Errorf("a month of figures and one of zero cover %v, hidden %v", s.Months, s.Hidden)
	}
}
