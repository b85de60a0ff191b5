package node_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/node"
)

// What a file covers: answers from files that hold a selection of goods or of
// partners. All figures here are generated.

// bulk writes lines of UN Comtrade's old bulk layout, each "flow partner code
// value", of Indonesia in 2019.
func (h *house) bulk(t *testing.T, lines ...string) {
	t.Helper()
	var b strings.Builder
	b.WriteString("Year,Reporter Code,Trade Flow Code,Partner Code,Classification,Commodity Code,Quantity Unit Code,Supplementary Quantity,Netweight (kg),Value,Estimation Code\r\n")
	for _, l := range lines {
		f := strings.Fields(l)
		fmt.Fprintf(&b, "2019,360,%s,%s,\"H5\",\"%s\",1,,,%s,0\r\n", f[0], f[1], f[2], f[3])
	}
	h.generated(t, "bulk.csv", b.String())
}

// bps writes lines of Indonesia's exports by eight digits, each "code country
// month value".
func (h *house) bps(t *testing.T, lines ...string) {
	t.Helper()
	text := "\ufeffKode HS,Deskripsi HS,Negara Tujuan Ekspor,Periode,Berat (Kg),Nilai (USD)\n"
	for _, l := range lines {
		f := strings.Fields(l)
		text += fmt.Sprintf("%s,made,%s,%s,100,%s\n", f[0], f[1], f[2], f[3])
	}
	h.generated(t, "bps.csv", text)
}

// answered writes an answer of UN Comtrade's API: Indonesia's exports of 2019 of
// a code, each line "partner value".
func (h *house) answered(t *testing.T, code string, lines ...string) {
	t.Helper()
	var rows []string
	for _, l := range lines {
		partner, value, _ := strings.Cut(l, " ")
		rows = append(rows, fmt.Sprintf(`{"typeCode":"C","freqCode":"A","refPeriodId":20190101,"refYear":2019,"refMonth":52,"period":"2019",
"reporterCode":360,"reporterISO":"IDN","reporterDesc":"x","flowCode":"X","flowDesc":"Export","partnerCode":%s,"partnerISO":"x","partnerDesc":"x",
"partner2Code":0,"partner2ISO":"W00","partner2Desc":"World","classificationCode":"H5","classificationSearchCode":"HS","isOriginalClassification":true,
"cmdCode":"%s","cmdDesc":"x","aggrLevel":6,"isLeaf":true,"customsCode":"C00","customsDesc":"x","mosCode":"0","motCode":0,"motDesc":"x",
"qtyUnitCode":-1,"qtyUnitAbbr":"N/A","qty":null,"isQtyEstimated":false,"altQtyUnitCode":-1,"altQtyUnitAbbr":"N/A","altQty":null,"isAltQtyEstimated":false,
"netWgt":null,"isNetWgtEstimated":false,"grossWgt":null,"isGrossWgtEstimated":false,"cifvalue":null,"fobvalue":%s,"primaryValue":%[3]s,
"legacyEstimationFlag":0,"isReported":true,"isAggregate":false}`, partner, code, value))
	}
	h.generated(t, "answer.json", fmt.Sprintf(`{"elapsedTime":"0.1 secs","count":%d,"data":[%s],"error":""}`, len(rows), strings.Join(rows, ",")))
}

// abs writes Australia's imports by SITC of April 2026, each line "code|country|thousands".
func (h *house) abs(t *testing.T, lines ...string) {
	t.Helper()
	text := "DATAFLOW,COMMODITY_SITC: Commodity by SITC,COUNTRY_ORIGIN: Country of Origin,STATE_DEST: State of Destination,FREQ: Frequency,TIME_PERIOD: Time Period,OBS_VALUE,UNIT_MULT: Unit of Multiplier\n"
	for _, l := range lines {
		f := strings.Split(l, "|")
		text += fmt.Sprintf("ABS:MERCH_IMP(1.0.0),%s: made,%s,TOT: Total,M: Monthly,2026-04,%s,3: Thousands\n", f[0], f[1], f[2])
	}
	h.generated(t, "abs.csv", text)
}

func (h *house) generated(t *testing.T, name, text string) {
	t.Helper()
	sub := h.take(t, node.IngestRequest{File: write(t, name, text), Generated: true}).Submission
	if sub.Aside != 0 {
		t.Fatalf("%s: %d lines put aside: %v", name, sub.Aside, sub.Reasons)
	}
}

// fromCube fails when an answer is drawn from another table.
func fromCube(t *testing.T, a guichet.Answer, cube string) {
	t.Helper()
	for _, s := range a.Sources {
		if s.Fields["cube"] != cube {
			t.Errorf("the answer is drawn from %s, want %s", s.Fields["cube"], cube)
		}
	}
	if len(a.Sources) == 0 {
		t.Errorf("the answer has no source, want %s: %v", cube, a.Gaps)
	}
}

// TestSumsOverASelectionAreTold: what adds up the goods that a file lists says
// so, and what is asked for as it is listed does not.
func TestSumsOverASelectionAreTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ID")
	h.bps(t, "40151910 Jepang 201902 10.5", "40151990 Jepang 201902 2", "63079040 Malaysia 201902 7")
	const words = "reporter=ID flow=exports period=2019-02 "
	for asked, text := range map[string]string{
		"":                                "do not list every subheading, and the figures are of what they list: 3 (40151910, 40151990, 63079040)",
		"partner=JP":                      "what they list: 3 (",
		"by=hs2":                          "what they list: 3 (",
		"by=partner":                      "what they list: 3 (",
		"product=40":                      "what they list: 2 (40151910, 40151990)",
		"product=401519":                  "what they list: 2 (40151910, 40151990)",
		"product=6307 partner=MY":         "what they list: 63079040",
		"by=national":                     "not among the rows is not known, and is no zero",
		"product=40 by=national":          "not among the rows",
		"lang=fr":                         "les chiffres ne portent que sur ce qu'ils énumèrent : 3 (",
		"lang=fr product=40 by=national":  "n'est pas un zéro",
		"product=40151910":                "",
		".code=40151910":                  "",
		"product=40151910,40151990 by=hs": "",
	} {
		a := h.ask(t, words+asked)
		if text == "" {
			if hasRemark(a, "listed_only") || len(a.Rows) == 0 {
				t.Errorf("%s: asked as it is listed, %d rows, remarks %v", asked, len(a.Rows), a.Remarks)
			}
			continue
		}
		remark(t, a, "listed_only", text)
	}
	want(t, h.ask(t, words+"product=401519"), "", "value", "12.5")
	// Nobody sums what is not there.
	if a := h.ask(t, words+"product=850760"); hasRemark(a, "listed_only") {
		t.Errorf("nothing was found, and a selection is told: %v", a.Remarks)
	}
}

// TestATotalIsNoSelection: the World row and the code TOTAL stand for all, and a
// table that has them answers before one that lists some goods.
func TestATotalIsNoSelection(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ID")
	lines := make([]string, 0, 12)
	for m := range 12 {
		lines = append(lines, fmt.Sprintf("63079040 Malaysia 2019%02d 1", m+1))
	}
	h.bps(t, lines...)
	a := h.ask(t, "reporter=ID flow=exports period=2019")
	fromCube(t, a, "id-exports-hs8")
	remark(t, a, "listed_only", "63079040")

	// One partner: its total is no total of all.
	h.bulk(t, "2 156 TOTAL 500", "2 156 40 300", "2 156 63 200", "1 0 TOTAL 90")
	a = h.ask(t, "reporter=ID flow=exports period=2019 cube=comtrade-legacy-bulk")
	want(t, a, "", "value", "500")
	if r := remark(t, a, "listed_only", "do not list every partner, and the figures are of what they list: CN"); r.Reporter != "ID" {
		t.Errorf("the remark is of %q", r.Reporter)
	}
	if slices.ContainsFunc(a.Remarks, func(r guichet.Remark) bool { return strings.Contains(r.Text, "some of product") }) {
		t.Errorf("the code TOTAL is told as a selection: %v", a.Remarks)
	}
	remark(t, h.ask(t, "reporter=ID flow=exports period=2019 cube=comtrade-legacy-bulk by=partner"), "listed_only", "not among the rows")
	if a := h.ask(t, "reporter=ID flow=exports period=2019 partner=CN"); hasRemark(a, "listed_only") {
		t.Errorf("a total under the partner asked for is told as a selection: %v", a.Remarks)
	} else {
		fromCube(t, a, "comtrade-legacy-bulk")
	}

	// The whole, stated: it answers, though months of a selection cover the year, too.
	h.bulk(t, "2 0 TOTAL 900", "2 0 40 600", "2 0 63 300")
	a = h.ask(t, "reporter=ID flow=exports period=2019")
	want(t, a, "", "value", "900")
	fromCube(t, a, "comtrade-legacy-bulk")
	if hasRemark(a, "listed_only") {
		t.Errorf("a stated total is told as a selection: %v", a.Remarks)
	}
	// By month only the selection can be told.
	remark(t, h.ask(t, "reporter=ID flow=exports period=2019-03"), "listed_only", "63079040")
}

// TestTheTableThatListsIt: whichever table covers most, the one answers that
// has the product and the partner asked for.
func TestTheTableThatListsIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ID")
	h.bps(t, "40151910 Jepang 201902 10.5", "63079040 Malaysia 201903 7")
	h.answered(t, "871200", "0 50", "156 20")
	h.bulk(t, "2 0 850760 70", "2 36 850760 60")
	const words = "reporter=ID flow=exports period=2019 "
	for asked, c := range map[string][2]string{
		"product=401519":                     {"id-exports-hs8", "10.5"},
		"product=4015 partner=JP":            {"id-exports-hs8", "10.5"},
		"product=covid19/protective":         {"id-exports-hs8", "17.5"},
		"product=871200 partner=CN":          {"comtrade-api", "20"},
		"product=87":                         {"comtrade-api", "50"},
		"product=850760":                     {"comtrade-legacy-bulk", "70"},
		"product=85 partner=AU edition=2017": {"comtrade-legacy-bulk", "60"},
		"partner=AU":                         {"comtrade-legacy-bulk", "60"},
	} {
		a := h.ask(t, words+asked)
		want(t, a, "", "value", c[1])
		fromCube(t, a, c[0])
	}
	// What none of them lists is not covered, and no zero.
	for _, asked := range []string{"product=220710", "product=871200 partner=AU", "product=871200 partner=US", "product=850760 partner=CN"} {
		only(t, h.ask(t, words+asked), guichet.GapNotCovered)
	}
	// A table that covers all partners of what it lists knows a zero of theirs.
	a := h.ask(t, "reporter=ID flow=exports period=2019-02 product=401519 partner=AQ")
	only(t, a, guichet.GapZero)
}

// TestCellsThatFilesDoNotTell: partners under the total alone say nothing of a
// product, not even that it is zero.
func TestCellsThatFilesDoNotTell(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "AU")
	h.bulk(t, "2 0 TOTAL 900", "2 36 TOTAL 500", "2 156 TOTAL 400", "2 0 0304 600", "2 0 6307 300", "2 36 6307 300")
	const words = "reporter=ID flow=exports period=2019 "
	want(t, h.ask(t, words+"partner=AU"), "", "value", "500")
	want(t, h.ask(t, words+"product=6307 partner=AU"), "", "value", "300")
	gap(t, h.ask(t, words+"product=0304 partner=AU"), guichet.GapNotCovered, "without partner alone")
	gap(t, h.ask(t, words+"product=0304 partner=AU lang=fr"), guichet.GapNotCovered, "sans partenaire")
	gap(t, h.ask(t, words+"product=6307 partner=CN"), guichet.GapNotCovered, "do not list every partner of this, and not this one: AU")
	for _, asked := range []string{"product=0304 partner=AU", "product=6307 partner=CN", "product=0304 by=partner"} {
		only(t, h.ask(t, words+asked), guichet.GapNotCovered)
	}

	const china, zealand, all = `"CHIN: China (excludes SARs and Taiwan)"`, "NZ: New Zealand", "TOT: Total"
	h.abs(t, "TOT|"+all+"|100", "TOT|"+china+"|70", "TOT|"+zealand+"|30", "541|"+china+"|25", "542|"+all+"|15")
	const imports = "reporter=AU flow=imports period=2026-04 "
	want(t, h.ask(t, imports), "", "value", "100,000")
	want(t, h.ask(t, imports+".code=541 partner=CN"), "", "value", "25,000")
	for _, asked := range []string{".code=541 partner=NZ", ".code=542 partner=NZ", ".code=542 partner=CN"} {
		only(t, h.ask(t, imports+asked), guichet.GapNotCovered)
	}
}

// TestSelectionWithoutItsTotal: codes without the code of all are summed, and
// that is told.
func TestSelectionWithoutItsTotal(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "AU")
	h.abs(t, "541|TOT: Total|25", "542|TOT: Total|15", "541|NZ: New Zealand|25", "542|NZ: New Zealand|15")
	a := h.ask(t, "reporter=AU flow=imports period=2026-04")
	want(t, a, "", "value", "40,000")
	remark(t, a, "listed_only", "do not list every subheading, and the figures are of what they list: 2 (541, 542)")
	h.abs(t, "54|TOT: Total|40", "541|TOT: Total|25")
	for codes, value := range map[string]string{"54": "40,000", "541": "25,000", "54,541": "40,000"} {
		want(t, h.ask(t, "reporter=AU flow=imports period=2026-04 .code="+codes), "", "value", value)
	}
	if a := h.ask(t, "reporter=AU flow=imports period=2026-04 .code=541"); hasRemark(a, "listed_only") {
		t.Errorf("a code that is asked for is told as a selection: %v", a.Remarks)
	}
}

// TestAllOfThePeriodFirst: a table that covers all of the span answers before
// one that covers a part; what covers a part says which.
func TestAllOfThePeriodFirst(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "CA")
	months := "date,country,imports,exports,total\n"
	for m := range 12 {
		months += fmt.Sprintf("2024-%02d,US,10.0,20.0,30.0\n", m+1)
	}
	h.generated(t, "countries_monthly.csv", months)
	products := "hs,name,imports,exports,total\n8703.23.10 10,made,700.0,0.0,700.0\n2709.00.10,made,0.0,900.0,900.0\n"
	h.take(t, node.IngestRequest{File: write(t, "products.csv", products), Generated: true, Given: map[string]string{"period": "2024-01:2026-04"}})

	a := h.ask(t, "reporter=CA flow=imports period=2024-01:2026-04")
	want(t, a, "", "value", "700")
	fromCube(t, a, "ca-by-product")
	remark(t, a, "one_cube", "ca-by-country (M)")
	if len(a.Gaps) > 0 {
		t.Errorf("all of the period is covered, and the gaps are %v", a.Gaps)
	}
	// Month by month, by country, and of a year, 28 months say nothing.
	for _, asked := range []string{"period=2024-01:2026-04 by=period", "period=2024-01:2026-04 by=partner", "period=2024", "period=2024-06:2025-06"} {
		a := h.ask(t, "reporter=CA flow=imports "+asked)
		fromCube(t, a, "ca-by-country")
		if !strings.HasPrefix(asked, "period=2024-") {
			continue
		}
		if g := gap(t, a, guichet.GapNotReported, "months have no file"); !strings.HasPrefix(g.Period, "2025-01:202") || g.Of != "imports" {
			t.Errorf("%s: the gap is of %s, %s", asked, g.Of, g.Period)
		}
	}
	// Where months are missing in between, each stretch is named.
	h.generated(t, "countries_monthly.csv", "date,country,imports,exports,total\n2025-03,US,10.0,20.0,30.0\n")
	a = h.ask(t, "reporter=CA flow=imports period=2025-01:2025-06")
	if g := gap(t, a, guichet.GapNotReported, "5 of 6"); g.Period != "2025-01:2025-02 2025-04:2025-06" {
		t.Errorf("the gap is of %q", g.Period)
	}
}
