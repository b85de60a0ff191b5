package node_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/node"
)

// The files of the data folder, below flows.
const (
	usFile    = "us-census-imports-hts10/data/2024_countries_data.tar.gz"
	nzJanuary = "statsnz-exports-hs10/Jan_2025_Exports_HS10_by_Country.csv"
	nzSecond  = "statsnz-exports-hs10/Feb_2025_Exports_HS10_by_Country.csv"
	hmrcFile  = "hmrc-bulk-smkm46-2009-02/SMKM460902_rl_manual_fix.zip"
	caCountry = "statcan-2024-2026/countries_monthly.csv"
	caChapter = "statcan-2024-2026/hs2_monthly.csv"
	caProduct = "statcan-2024-2026/products.csv"
)

// The figures of DATA.md, "Figures to check against", and what must be told
// beside them. A file is taken in when a test first needs it, by one node that
// in the end holds several reporters: none may change what another answers.
//
//nolint:tparallel // the subtests share one home, and one writer at a time has it
func TestFigures(t *testing.T) {
	t.Parallel()
	guichettest.Data(t) // without the real files there is nothing to ask about
	h := newHouse(t, "US")
	t.Run("US", h.usFigures)
	t.Run("COVID", h.covidFigures)
	t.Run("NZ", h.nzFigures)
	t.Run("HMRC", h.hmrcFigures)
	t.Run("HMRCMass", h.hmrcMass)
	t.Run("HMRCEdition", h.hmrcEdition)
	t.Run("StatCan", h.caFigures)
	t.Run("Mirror", h.mirrorFigures)
	t.Run("Comtrade", h.comtradeFigures)
	t.Run("Odd", h.oddQuestions)
	t.Run("Edition", h.editions)
	t.Run("Properties", h.properties)
}

func (h *house) usFigures(t *testing.T) {
	sub := h.flow(t, usFile)
	if sub.Lines != 338_487 || sub.Aside != 0 || sub.Records != 2*338_487 {
		t.Errorf("%d lines, %d put aside, %d records; want 338,487, none, and two trade systems of each", sub.Lines, sub.Aside, sub.Records)
	}
	a := h.ask(t, "reporter=US period=2024")
	want(t, a, "trade_system=general flow=imports valuation=customs_value", "value", "3,263,893,254,128")
	want(t, a, "trade_system=special_relaxed", "value", "3,248,681,266,535")
	want(t, h.ask(t, "reporter=US period=2024 trade_system=special_relaxed measure=dutiable_value"), "", "dutiable_value", "1,010,044,716,112")
	want(t, h.ask(t, "reporter=US period=2024 trade_system=special_relaxed measure=duty"), "", "duty", "76,631,002,517")

	// 133 lines of ten digits are not in the list of 2026: kept, and told.
	if r := remark(t, a, "not_listed", "general"); r.Value == nil || r.Value.Cmp(guichettest.Figure(t, "175,964,457,324")) != 0 {
		t.Errorf("not in the list of 2026: %v, want 175,964,457,324 of general imports", r.Value)
	}

	a = h.ask(t, "reporter=US period=2024 product=98 trade_system=general")
	want(t, a, "", "value", "104,127,083,751")
	remark(t, a, "national_chapter", "")

	a = h.ask(t, "reporter=US period=2024 product=9999950000 trade_system=general by=partner")
	wantTotal(t, a, "", "24,457,567,867")
	if len(a.Rows) != 227 {
		t.Errorf("the estimate stands under %d partners, want 227", len(a.Rows))
	}
	if r := remark(t, a, "estimate_over_partners", ""); r.Rows != 227 || r.Value.Cmp(guichettest.Figure(t, "24,457,567,867")) != 0 {
		t.Errorf("the estimate is told of %d rows and %v, want 227 and 24,457,567,867", r.Rows, r.Value)
	}
}

// usHidden: what is rolled up under 2918 is missing from the lines below it.
func (h *house) usHidden(t *testing.T) {
	h.flow(t, usFile)
	a := h.ask(t, "reporter=US period=2024 product=2918000000 by=partner")
	want(t, a, "partner=CA trade_system=general", "value", "70,959,560")
	if r := remark(t, a, "rolled_up", "general"); r.Rows != 1 || r.Value.Cmp(guichettest.Figure(t, "70,959,560")) != 0 {
		t.Errorf("rolled up: %d rows and %v, want one and 70,959,560", r.Rows, r.Value)
	}
	for words, hides := range map[string]bool{
		"product=291811 partner=CA":    true,
		"product=291811":               true,
		"product=covid19":              true, // a code of the group is under 2918
		"product=2918 partner=CA":      false,
		"product=291811 partner=MX":    false,
		"product=covid19/protective":   false,
		"product=290511 partner=CA":    false,
		"product=29 partner=CA by=hs4": false,
	} {
		a := h.ask(t, "reporter=US period=2024 trade_system=general "+words)
		told := false
		for _, g := range a.Gaps {
			told = told || g.Reason == guichet.GapHidden
		}
		if told != hides {
			t.Errorf("%s: told as hidden: %v, want %v (%v)", words, told, hides, a.Gaps)
		}
		if hides {
			gap(t, a, guichet.GapHidden, "70959560 USD")
		}
	}
}

// usChapters are the file's own totals by chapter, published beside it.
func (h *house) usChapters(t *testing.T) {
	h.flow(t, usFile)
	b, err := os.ReadFile(filepath.Join(guichettest.Data(t), "flows", "us-census-imports-hts10", "data", "2024", "product_rankings.json"))
	if err != nil {
		t.Fatal(err)
	}
	var published map[string]map[string][][]any
	if err := json.Unmarshal(b, &published); err != nil {
		t.Fatal(err)
	}
	a := h.ask(t, "reporter=US period=2024 by=hs2")
	list := published["2"]["general"]
	if len(list) == 0 {
		t.Fatal("no chapter in product_rankings.json")
	}
	for _, c := range list {
		hs2, _ := c[0].(string)
		for i, system := range []string{"general", "special_relaxed"} {
			v, _ := c[2+i].(float64)
			row := rows(t, a, "hs2="+hs2+" trade_system="+system)
			if len(row) != 1 || row[0]["value"].(guichet.Decimal).Cmp(guichet.DecimalOf(int64(v))) != 0 {
				t.Errorf("chapter %s, %s: %v, published %.0f", hs2, system, row, v)
			}
		}
	}
}

func (h *house) covidFigures(t *testing.T) {
	t.Run("hidden", h.usHidden)
	t.Run("chapters", h.usChapters)
	a := h.ask(t, "reporter=US flow=imports period=2024 product=covid19/protective trade_system=general by=partner")
	wantTotal(t, a, "", "27,888,252,881")
	want(t, a, "partner=CA", "value", "1,287,697,684")
	want(t, a, "partner=GB", "value", "271,104,356")
	want(t, a, "partner=AU", "value", "30,257,316")
	want(t, a, "partner=NZ", "value", "15,480,560")
	want(t, h.ask(t, "reporter=US flow=imports period=2024 product=covid19/protective trade_system=general"), "", "value", "27,888,252,881")
	union := "reporter=US flow=imports period=2024 trade_system=general product=covid19"
	want(t, h.ask(t, union), "", "value", "269,078,506,141")
	// A headline counts nothing twice: the group beside its own parts.
	want(t, h.ask(t, union+",covid19/protective,covid19/medical,630790"), "", "value", "269,078,506,141")
	want(t, h.ask(t, union+"/protective,covid19/protective/masks"), "", "value", "27,888,252,881")
	var sum guichet.Decimal
	for _, group := range []string{"medical", "cleaning", "personal-care", "protective", "other"} {
		a, err := h.Ask(t.Context(), question(t, union+"/"+group))
		if err != nil {
			t.Fatal(err)
		}
		sum = sum.Add(total(t, a, "", "value"))
	}
	if sum.Cmp(guichettest.Figure(t, "269,078,506,141")) != 0 {
		t.Errorf("the five groups of covid19 add up to %s, and the union is 269,078,506,141", sum)
	}
}

func (h *house) nzFigures(t *testing.T) {
	jan := h.flow(t, nzJanuary)
	feb := h.flow(t, nzSecond)
	if jan.Aside != 0 || feb.Aside != 0 {
		t.Errorf("%d and %d lines put aside, want none", jan.Aside, feb.Aside)
	}
	for _, c := range append(jan.Controls, feb.Controls...) {
		if !c.OK() {
			t.Errorf("%s: stated %s, found %s", c.Name, c.Stated, c.Found)
		}
	}
	a := h.ask(t, "reporter=NZ product=901920 period=2025-01 by=partner measure=value,quantity")
	for flow, sum := range map[string]string{"exports": "36,326,326", "domestic_exports": "36,045,353", "re_exports": "280,973"} {
		wantTotal(t, a, "flow="+flow, sum)
		if n := len(rows(t, a, "flow="+flow)); n != 40 {
			t.Errorf("%s go to %d partners, want 40", flow, n)
		}
	}
	for partner, sum := range map[string]string{"US": "13,142,446", "AU": "3,713,532", "GB": "1,293,486", "CA": "938,963"} {
		want(t, a, "flow=exports partner="+partner, "value", sum)
	}
	for _, row := range rows(t, a, "") {
		if row["quantity"] != nil {
			t.Errorf("%v has a quantity; it is reported for no partner", row)
		}
	}
	if r := remark(t, a, "quantity_not_reported", "exports"); r.Rows != 40 {
		t.Errorf("not reported on %d rows, want 40", r.Rows)
	}
	remark(t, a, "figures_absent", "quantity")

	a = h.ask(t, "reporter=NZ period=2025-01")
	want(t, a, "flow=exports currency=NZD", "value", "6,054,649,883")
	x, dx, rx := total(t, a, "flow=exports", "value"), total(t, a, "flow=domestic_exports", "value"), total(t, a, "flow=re_exports", "value")
	if x.Cmp(dx.Add(rx)) != 0 {
		t.Errorf("exports are %s, domestic exports and re-exports %s and %s", x, dx, rx)
	}
	for _, product := range []string{"9809", "9809000000", "nz-tariff:9809000000"} {
		a = h.ask(t, "reporter=NZ flow=exports period=2025-01 product="+product)
		want(t, a, "flow=exports", "value", "57,280,081")
		if r := remark(t, a, "confidential_total", ""); r.Value == nil || r.Value.Cmp(guichettest.Figure(t, "57,280,081")) != 0 {
			t.Errorf("%s: confidential goods told as %v, want 57,280,081", product, r.Value)
		}
	}
	// Confidential goods of any chapter stand there: a product without a line
	// is no reported zero.
	a = h.ask(t, "reporter=NZ flow=exports period=2025-01 product=261210")
	only(t, a, guichet.GapHidden)
	gap(t, a, guichet.GapHidden, "57280081 NZD")
}

func (h *house) takeHMRC(t *testing.T) guichet.Submission {
	t.Helper()
	return h.flow(t, hmrcFile, func(r *node.IngestRequest) { r.AcceptTotals = "the tail is known not to reconcile" })
}

func (h *house) hmrcFigures(t *testing.T) {
	_, err := h.Ingest(t.Context(), node.IngestRequest{File: guichettest.Flow(t, hmrcFile)})
	kind(t, err, guichet.KindTotals)
	h.check(t)
	if subs, err := h.Submissions(t.Context()); err != nil || len(subs) != len(h.taken) {
		t.Errorf("a refused file left %d submissions, want %d (%v)", len(subs), len(h.taken), err)
	}
	sub := h.takeHMRC(t)
	if sub.Lines != 132_776 || sub.Aside != 0 || sub.Override == "" {
		t.Errorf("%d lines, %d put aside, override %q; want 132,776, none and the reason", sub.Lines, sub.Aside, sub.Override)
	}
	a := h.ask(t, "reporter=GB period=2008-01:2009-02 by=period")
	for i, sum := range []string{
		"-14,173,723", "2,592,376", "-15,977,455", "-7,579,794", "1,016,739", "16,097,394", "32,464,459",
		"36,287,239", "947,782,325", "45,483,415", "52,014,122", "79,152,786", "246,223,268", "12,283,286,905",
	} {
		month := guichettest.Period(t, "2008-01").From.Start.AddDate(0, i, 0).Format("2006-01")
		want(t, a, "trade_system=unknown period="+month, "value", sum)
	}
	wantTotal(t, a, "trade_system=unknown", "13,704,670,056")
	a = h.ask(t, "reporter=GB period=2008-01:2009-02")
	want(t, a, "trade_system=general", "value", "13,625,605,275")
	want(t, a, "trade_system=special_relaxed", "value", "13,623,930,408")
	want(t, a, "trade_system=unknown", "value", "13,704,670,056")
	remark(t, a, "totals_accepted", "the tail is known not to reconcile")
	if r := remark(t, a, "amendments", "unknown"); r.Rows != 31_862 || r.Value.Cmp(guichettest.Figure(t, "1,421,383,151")) != 0 {
		t.Errorf("amendments are told of %d rows and %v, want 31,862 and 1,421,383,151", r.Rows, r.Value)
	}
	// Of the earlier months only amendments are held: they are not those months' trade.
	for words, months := range map[string]string{"period=2008": "2008-01:2008-12", "period=2008-01:2009-02": "2008-01:2009-01", "product=2204": "2008-01:2009-01"} {
		a := h.ask(t, "reporter=GB trade_system=general "+words)
		if g := gap(t, a, guichet.GapNotReported, "only amendments"); g.Period != months {
			t.Errorf("%s: only amendments are told of %s, want %s", words, g.Period, months)
		}
	}
	for _, g := range h.ask(t, "reporter=GB period=2009-02").Gaps {
		t.Errorf("the file's own month has the gap %v", g)
	}
	// HMRC rolls up to 990, the chapter and the SITC.
	a = h.ask(t, "reporter=GB product=010110 trade_system=general")
	remark(t, a, "totals_accepted", "")
	gap(t, a, guichet.GapHidden, "727267 GBP rolled up under 01")
}

// hmrcMass: five lines carry 63.1 % of the file's mass for next to no value.
func (h *house) hmrcMass(t *testing.T) {
	sub := h.takeHMRC(t)
	if len(sub.Outliers) != 5 {
		t.Errorf("%d lines are flagged, want five: %v", len(sub.Outliers), sub.Outliers)
	}
	var kg guichet.Decimal
	for _, o := range sub.Outliers {
		kg = kg.Add(o.Figure)
		if o.Measure != "net_kg" || o.Row["code"] != "38029000" || o.Row["partner"] != "NL" {
			t.Errorf("flagged: %+v, want mass of 38029000 from NL", o)
		}
	}
	if kg.Cmp(guichettest.Figure(t, "11,872,001,520")) != 0 {
		t.Errorf("the flagged lines carry %s kg, want 11,872,001,520", kg)
	}
	for _, words := range []string{
		"reporter=GB measure=net_kg trade_system=unknown",
		"reporter=GB measure=value,net_kg trade_system=unknown product=380290 by=partner",
		"reporter=GB measure=net_kg trade_system=unknown product=38 period=2008-08:2008-12",
		"reporter=GB measure=net_kg trade_system=unknown partner=NL by=period,hs2",
	} {
		a := h.ask(t, words)
		if r := remark(t, a, "outlier_mass", "5 lines"); r.Rows != 5 || r.Unit != "net_kg" || r.Value.Cmp(kg) != 0 {
			t.Errorf("%s: warned of %d lines and %v %s, want 5 and %s net_kg", words, r.Rows, r.Value, r.Unit, kg)
		}
	}
	for _, words := range []string{
		"reporter=GB measure=net_kg product=010110", "reporter=GB measure=net_kg product=380290 partner=FR",
		"reporter=GB measure=net_kg period=2009-02 product=380290",
	} {
		if a := h.ask(t, words); hasRemark(a, "outlier_mass") {
			t.Errorf("%s: warned of lines that are not used: %v", words, a.Remarks)
		}
	}
	a := h.ask(t, "reporter=GB measure=value trade_system=unknown product=380290 partner=NL period=2008-08:2008-12")
	for _, r := range a.Remarks {
		if r.Unit == "net_kg" {
			t.Errorf("an answer without mass warns of mass: %v", r)
		}
	}
	if r := remark(t, a, "outlier_mass", ""); r.Rows != 5 || r.Value.Cmp(guichettest.Figure(t, "-503,809")) != 0 {
		t.Errorf("the lines are worth %v in %d rows, want -503,809 in five", r.Value, r.Rows)
	}
}
