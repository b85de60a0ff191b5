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
	wantTotal(t, a, "flow=imports", "value", imports)
	wantTotal(t, a, "flow=exports", "value", exports)
	a = h.ask(t, "reporter=CA period=2024 by=hs2")
	wantTotal(t, a, "flow=imports", "value", imports)
	wantTotal(t, a, "flow=exports", "value", exports)

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
// cover 28 months, which is no period that a record can have: refused, unless
// whoever takes them in answers for one. Whatever he says, no two are added.
func TestThreeCubes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "CA")
	file := guichettest.Flow(t, caProduct)
	_, err := h.Ingest(t.Context(), node.IngestRequest{File: file})
	kind(t, err, guichet.KindInvalid)
	_, err = h.Ingest(t.Context(), node.IngestRequest{File: file, Given: map[string]string{"period": "2024-01:2026-04"}})
	if err == nil {
		t.Error("28 months were taken for one period")
	}
	h.check(t)
	sub := h.flow(t, caProduct, func(r *node.IngestRequest) { r.Given = map[string]string{"period": "2024"} })
	h.flow(t, caCountry)
	h.flow(t, caChapter)

	per := map[string]map[string]guichet.Decimal{}
	for _, cube := range []string{"ca-by-country", "ca-by-hs2", "ca-by-product"} {
		a := h.ask(t, "reporter=CA period=2024 cube="+cube)
		per[cube] = map[string]guichet.Decimal{"imports": total(t, a, "flow=imports", "value"), "exports": total(t, a, "flow=exports", "value")}
	}
	for flow, sum := range map[string]string{"imports": "767,211,186,094", "exports": "780,794,738,909"} {
		for _, cube := range []string{"ca-by-country", "ca-by-hs2"} {
			if per[cube][flow].Cmp(guichettest.Figure(t, sum)) != 0 {
				t.Errorf("%s by %s: %s, want %s", flow, cube, per[cube][flow], sum)
			}
		}
		a := h.ask(t, "reporter=CA period=2024 flow="+flow)
		got := total(t, a, "", "value")
		if got.Cmp(per["ca-by-country"][flow]) != 0 && got.Cmp(per["ca-by-product"][flow]) != 0 {
			t.Errorf("%s with three tables held: %s, which is the figure of none (%v)", flow, got, per)
		}
		remark(t, a, "one_cube", "ca-by-hs2")
		if len(a.Sources) != 1 {
			t.Errorf("%s is drawn from %d submissions, want one", flow, len(a.Sources))
		}
		// Only the table of products knows a subheading, whatever the months of the others.
		a = h.ask(t, "reporter=CA period=2024 product=870323 by=period flow="+flow)
		if len(a.Sources) != 1 || a.Sources[0].Submission != sub.ID {
			t.Errorf("%s of 870323 come from %v, want %s alone", flow, a.Sources, sub.File)
		}
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
