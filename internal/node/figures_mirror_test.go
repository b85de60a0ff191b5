package node_test

import (
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/node"
	"guichet/trade"
)

// caFigures: three marginals of one flow, never added.
func (h *house) caFigures(t *testing.T) {
	for _, f := range []string{caCountry, caChapter} {
		sub := h.flow(t, f)
		if sub.Aside != 0 || slices.ContainsFunc(sub.Controls, func(c guichet.Control) bool { return !c.OK() }) {
			t.Errorf("%s: %d lines put aside, controls %v", f, sub.Aside, sub.Controls)
		}
	}
	const imports, exports = "767,211,186,094", "780,794,738,909"
	for _, words := range []string{"", " cube=ca-by-country", " cube=ca-by-hs2"} {
		a := h.ask(t, "reporter=CA period=2024"+words)
		want(t, a, "flow=imports valuation=fob_place_direct partner_role=origin", "value", imports)
		want(t, a, "flow=exports valuation=fob partner_role=last_known_destination", "value", exports)
		if len(a.Sources) != 1 {
			t.Errorf("%q is answered from %d submissions, want one", words, len(a.Sources))
		}
		if words == "" {
			remark(t, a, "one_cube", "imports")
			remark(t, a, "one_cube", "exports")
		}
	}
	a := h.ask(t, "reporter=CA period=2024 by=partner")
	wantTotal(t, a, "flow=imports", imports)
	wantTotal(t, a, "flow=exports", exports)
	a = h.ask(t, "reporter=CA period=2024 by=hs2")
	wantTotal(t, a, "flow=imports", imports)
	wantTotal(t, a, "flow=exports", exports)

	a = h.ask(t, "reporter=CA period=2024 flow=exports partner=US measure=value,value_usd")
	want(t, a, "", "value", "595,938,794,151")
	near(t, "C$595,938,794,151 in dollars at monthly rates", total(t, a, "", "value_usd"), "434,930,000,000", "5,000,000")
	remark(t, a, "dollars_estimated", "rates")

	// What one table has and the other has not is not covered by either.
	for _, words := range []string{"product=87 partner=US", "product=87 by=partner", "by=hs2,partner", "partner=US by=hs2"} {
		only(t, h.ask(t, "reporter=CA period=2024 "+words), guichet.GapNotCovered)
	}
	// The chapters are all there is: a subheading is no reported zero.
	for _, words := range []string{"product=870323", "product=8703", "product=covid19/protective", "by=hs6", "by=hs4", "product=87 by=product"} {
		only(t, h.ask(t, "reporter=CA period=2024 "+words), guichet.GapNotCovered)
	}
}

// near fails when a figure is further from another than allowed.
func near(t *testing.T, what string, got guichet.Decimal, w, allowed string) {
	t.Helper()
	if got.Sub(guichettest.Figure(t, w)).Abs().Cmp(guichettest.Figure(t, allowed)) > 0 {
		t.Errorf("%s is %s, want %s", what, got, w)
	}
}

// TestThreeCubes takes all three files of Statistics Canada in. The products
// cover 28 months, which the file does not say: refused without a word for it,
// then one period of its own. No two tables are ever added, and what covers 28
// months answers no question about twelve of them.
func TestThreeCubes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "CA")
	_, err := h.Ingest(t.Context(), node.IngestRequest{File: guichettest.Flow(t, caProduct)})
	kind(t, err, guichet.KindInvalid)
	h.check(t)
	products := h.flow(t, caProduct, func(r *node.IngestRequest) { r.Given = map[string]string{"period": "2024-01:2026-04"} })
	h.flow(t, caCountry)
	h.flow(t, caChapter)
	for flow, sums := range map[string][2]string{
		"imports": {"767,211,186,094", "1,823,110,652,014"},
		"exports": {"780,794,738,909", "1,827,386,242,442"},
	} {
		for _, cube := range []string{"", " cube=ca-by-country", " cube=ca-by-hs2"} {
			a := h.ask(t, "reporter=CA period=2024 flow="+flow+cube)
			want(t, a, "", "value", sums[0])
			if len(a.Sources) != 1 {
				t.Errorf("%s%s is drawn from %d submissions, want one", flow, cube, len(a.Sources))
			}
		}
		a := h.ask(t, "reporter=CA period=2024-01:2026-04 cube=ca-by-product flow="+flow)
		want(t, a, "", "value", sums[1])
		if len(a.Sources) != 1 || a.Sources[0].Submission != products.ID {
			t.Errorf("28 months of %s come from %v, want %s alone", flow, a.Sources, products.File)
		}
		a = h.ask(t, "reporter=CA period=2024-01:2026-04 flow="+flow)
		if got := total(t, a, "", "value").String(); got != strings.ReplaceAll(sums[0], ",", "") && got != strings.ReplaceAll(sums[1], ",", "") {
			t.Errorf("%s with three tables held: %s, which is the figure of none of them", flow, got)
		}
		remark(t, a, "one_cube", "ca-by-hs2")
		only(t, h.ask(t, "reporter=CA period=2024 product=870323 flow="+flow), guichet.GapNotCovered)
		if a := h.ask(t, "reporter=CA period=2024-01:2026-04 product=870323 by=period flow="+flow); len(a.Rows) != 1 {
			t.Errorf("%s of 870323: %d rows, want one of 28 months: %v", flow, len(a.Rows), a.Gaps)
		}
		a = h.ask(t, "reporter=CA period=2024 by=period flow="+flow)
		wantTotal(t, a, "", sums[0])
	}
}

func (h *house) mirrorFigures(t *testing.T) {
	h.flow(t, usFile)
	h.flow(t, caCountry)
	h.flow(t, caChapter)
	m, err := h.Mirror(t.Context(), trade.MirrorQuestion{Exporter: "CA", Importer: "US", Period: guichettest.Period(t, "2024")})
	if err != nil {
		t.Fatal(err)
	}
	if m.Export.Missing != nil || m.Import.Missing != nil || m.Export.USD == nil || m.Import.USD == nil {
		t.Fatalf("a side is missing: %+v %+v", m.Export.Missing, m.Import.Missing)
	}
	if m.Export.National.Cmp(guichettest.Figure(t, "595,938,794,151")) != 0 || m.Export.Currency != "CAD" {
		t.Errorf("X is %s %s, want 595,938,794,151 CAD", m.Export.National, m.Export.Currency)
	}
	near(t, "X", *m.Export.USD, "434,930,000,000", "5,000,000")
	near(t, "X at the mean rate of the year", *m.Export.USDYear, "435,000,000,000", "50,000,000")
	if m.Import.USD.Cmp(guichettest.Figure(t, "411,771,590,692")) != 0 {
		t.Errorf("M is %s, want 411,771,590,692: general imports alone", m.Import.USD)
	}
	if m.Import.System != trade.General || m.Export.Cube != "ca-by-country" || len(m.Export.Months) != 12 {
		t.Errorf("M is of %s; X of %s, %d months", m.Import.System, m.Export.Cube, len(m.Export.Months))
	}
	c := m.Export.USD.Sub(*m.Import.USD).Float64() / (m.Export.USD.Add(*m.Import.USD).Float64() / 2)
	if m.Asymmetry == nil || m.Asymmetry.Float64()-c > 1e-6 || c-m.Asymmetry.Float64() > 1e-6 {
		t.Errorf("c is %v, want %.6f", m.Asymmetry, c)
	}
	if m.SumAbsolute != nil || len(m.Products) != 0 {
		t.Errorf("by product: %v over %d, and Canada has no products by country", m.SumAbsolute, len(m.Products))
	}
	for code, words := range map[string][]string{
		trade.MirrorSharedSource: {"1990-01", "Statistics Canada", "not two measurements"},
		trade.MirrorValuation:    {"FOB at the border of export", "customs value"},
		trade.MirrorRole:         {"last known destination", "country of origin"},
		trade.MirrorNoProducts:   {"not known", "CA has no products by country"},
		trade.MirrorRates:        {"estimates", "CAD"},
		trade.MirrorLeftOut:      {"special trade"},
	} {
		i := slices.IndexFunc(m.Remarks, func(r guichet.Remark) bool { return r.Code == code })
		if i < 0 {
			t.Errorf("the mirror does not remark %s: %v", code, m.Remarks)
			continue
		}
		for _, w := range words {
			if !strings.Contains(m.Remarks[i].Text, w) {
				t.Errorf("%s does not say %q: %s", code, w, m.Remarks[i].Text)
			}
		}
	}
	h.mirrorByProduct(t)
}

// mirrorByProduct: of a product only one side is known, and that is said.
func (h *house) mirrorByProduct(t *testing.T) {
	t.Helper()
	m, err := h.Mirror(t.Context(), trade.MirrorQuestion{Exporter: "CA", Importer: "US", Period: guichettest.Period(t, "2024"), Product: []string{"87"}})
	if err != nil {
		t.Fatal(err)
	}
	if m.Export.Missing == nil || m.Export.Missing.Reason != guichet.GapNotCovered || m.Difference != nil || m.Asymmetry != nil {
		t.Errorf("X of chapter 87 to the US: missing %v, difference %v; want it not covered and nothing compared", m.Export.Missing, m.Difference)
	}
	if m.Import.Missing != nil || m.Import.USD.Sign() <= 0 {
		t.Errorf("M of chapter 87 from Canada is known: %v %v", m.Import.Missing, m.Import.USD)
	}
	m, err = h.Mirror(t.Context(), trade.MirrorQuestion{Exporter: "US", Importer: "CA", Period: guichettest.Period(t, "2024")})
	if err != nil {
		t.Fatal(err)
	}
	if m.Export.Missing == nil || m.Export.Missing.Reason != guichet.GapNotReported || m.Import.National.Cmp(guichettest.Figure(t, "377,503,838,879")) != 0 {
		t.Errorf("the other way: X %v, M %s CAD; want X not reported and 377,503,838,879", m.Export.Missing, m.Import.National)
	}
	_, err = h.Mirror(t.Context(), trade.MirrorQuestion{Exporter: "UK", Importer: "US", Period: guichettest.Period(t, "2024")})
	kind(t, err, guichet.KindInvalid)
}
