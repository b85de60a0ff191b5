package node_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/node"
)

// The files of the Census Bureau's API, below flows.
const (
	seafood2018 = "us-census-imports-hs6-seafood-monthly/hs6_imports_2018.csv.gz"
	toIreland   = "us-census-exports-hs10-monthly/4190data-combined.parquet"
	toSwiss     = "us-census-exports-hs10-monthly/4419data-combined.parquet"
	covidIE     = "us-census-exports-hs10-monthly/derived-covid-csv/4190-covid-hs10-monthly.csv.gz"
	irishImport = "mirror-us-exports-vs-partner-imports-hs6/UNComtrade_2021_Import_ByPartner/372_%s_M_2021_partners.csv"
)

// TestCensusFigures are the figures of the files under the API's own names.
//
//nolint:tparallel // the subtests share one home, and one writer at a time has it
func TestCensusFigures(t *testing.T) {
	t.Parallel()
	guichettest.Data(t)
	h := newHouse(t, "US")
	t.Run("Exports", h.censusExports)
	t.Run("Extract", h.censusExtract)
	t.Run("Mirror", h.censusMirror)
	t.Run("Seafood", h.censusSeafood)
	t.Run("Damaged", h.censusDamaged)
}

// censusYears are the sums of ALL_VAL_MO by year, from 2013 to 2025, which
// pyarrow and Python's integers gave on the two files, without our reader:
//
//	t = pyarrow.parquet.read_table(file).to_pydict()
//	for month, value in zip(t["time"], t["ALL_VAL_MO"]): sums[month[:4]] += int(value)
func censusYears() map[string][]string {
	return map[string][]string{
		"IE": {
			"6,632,235,721", "7,807,755,566", "8,930,613,964", "9,565,391,148", "10,707,688,433", "10,748,945,877", "9,796,561,107",
			"10,668,064,020", "13,733,933,053", "15,947,211,746", "16,830,018,515", "16,759,686,645", "19,335,768,868",
		},
		"CH": {
			"26,558,942,638", "22,204,420,118", "22,154,240,851", "22,797,085,101", "21,695,898,034", "22,172,243,129", "17,960,213,314",
			"18,063,848,608", "23,634,981,778", "36,718,710,078", "27,781,927,683", "25,042,798,073", "71,694,230,077",
		},
	}
}

// censusExports: Parquet, one country to a file, three editions of the HS.
func (h *house) censusExports(t *testing.T) {
	for file, lines := range map[string]int64{toIreland: 438_215, toSwiss: 503_107} {
		sub := h.flow(t, file)
		if sub.Lines != lines || sub.Aside != 0 || sub.Records != lines || sub.Field("cube") != "us-exports-api-hs10" {
			t.Errorf("%s: %d lines, %d put aside, %d records of %s; want %d, none, as many, of us-exports-api-hs10", file, sub.Lines, sub.Aside, sub.Records, sub.Field("cube"), lines)
		}
	}
	a := h.ask(t, "reporter=US flow=exports period=2013:2025 by=partner,period")
	got := map[string]guichet.Decimal{}
	for _, row := range rows(t, a, "valuation=fas") {
		partner, _ := row["partner"].(string)
		period, _ := row["period"].(string)
		value, _ := row["value"].(guichet.Decimal)
		year := partner + " " + period[:4]
		got[year] = got[year].Add(value)
	}
	for partner, years := range censusYears() {
		for i, sum := range years {
			year := fmt.Sprintf("%s %d", partner, 2013+i)
			if got[year].Cmp(guichettest.Figure(t, sum)) != 0 {
				t.Errorf("%s: %s, want %s", year, got[year], sum)
			}
		}
	}
	want(t, h.ask(t, "reporter=US flow=exports period=2021 product=750220 partner=CH"), "valuation=fas partner_role=last_known_destination", "value", "10,395,199")
	// The edition is the period's: Schedule B took HS2022 on 2022-01-01, and
	// nobody but the dates says so: 382200 became 382211 to 382290.
	editions := map[int]int64{}
	for _, s := range h.taken[toSwiss].Shapes {
		editions[s.Edition] += s.Rows
	}
	if len(editions) != 3 || editions[2012] == 0 || editions[2017] == 0 || editions[2022] == 0 {
		t.Errorf("lines by edition are %v, want some of 2012, 2017 and 2022", editions)
	}
	want(t, h.ask(t, "reporter=US flow=exports period=2021-12 product=382200 edition=2017"), "", "value", "15,185,279")
	want(t, h.ask(t, "reporter=US flow=exports period=2022-01 product=382219 edition=2022"), "", "value", "14,863,324")
}

// censusExtract: a file of some codes never takes the place of the country's
// whole months, and is never added to them.
func (h *house) censusExtract(t *testing.T) {
	h.censusHolds(t)
	words := "reporter=US flow=exports period=2013:2025 partner=IE"
	before := total(t, h.ask(t, words), "", "value")
	sub := h.flow(t, covidIE)
	if sub.Aside != 0 || sub.Field("cube") != "us-exports-api-hs10-extract" {
		t.Errorf("%d lines put aside of %s, want none of us-exports-api-hs10-extract", sub.Aside, sub.Field("cube"))
	}
	a := h.ask(t, words)
	if got := total(t, a, "", "value"); got.Cmp(before) != 0 {
		t.Errorf("exports to IE were %s and are %s with an extract beside them", before, got)
	}
	remark(t, a, "one_cube", "us-exports-api-hs10-extract")
	// The extract's codes have the same figures in both.
	both := "reporter=US flow=exports period=2020 partner=IE product=us-schedule-b:2207106090"
	whole := total(t, h.ask(t, both+" cube=us-exports-api-hs10"), "", "value")
	if part := total(t, h.ask(t, both+" cube=us-exports-api-hs10-extract"), "", "value"); part.Cmp(whole) != 0 || whole.Sign() <= 0 {
		t.Errorf("2207106090 is %s in the extract and %s in the whole", part, whole)
	}
}

func (h *house) censusHolds(t *testing.T) {
	t.Helper()
	h.flow(t, toIreland)
	h.flow(t, toSwiss)
}

// irishCodes are the fourteen codes that both sides have for 2021.
func irishCodes() []string {
	return []string{
		"253090", "280920", "282540", "282739", "285390", "750120", "750210", "750400", "810520", "810590", "850760", "850790", "870360", "870370",
	}
}

// censusMirror: what the US says it sent to Ireland in 2021, and what Ireland
// says it got, code by code: 72.3 against 68.8 million dollars, c = +0.05,
// while the codes differ by 39 million altogether.
func (h *house) censusMirror(t *testing.T) {
	h.censusHolds(t)
	for _, code := range irishCodes() {
		if _, err := h.Ingest(t.Context(), node.IngestRequest{File: guichettest.Flow(t, fmt.Sprintf(irishImport, code))}); err != nil {
			t.Fatal(err)
		}
	}
	h.check(t)
	list := strings.Join(irishCodes(), ",")
	sent := byCode(t, h.ask(t, "reporter=US flow=exports period=2021 partner=IE by=hs6 product="+list))
	got := byCode(t, h.ask(t, "reporter=IE flow=imports period=2021 partner=US by=hs6 product="+list))
	var x, m, apart guichet.Decimal
	for _, code := range irishCodes() {
		x, m = x.Add(sent[code]), m.Add(got[code])
		apart = apart.Add(sent[code].Sub(got[code]).Abs())
	}
	if len(sent) != 14 || len(got) != 14 {
		t.Errorf("%d and %d codes (%v, %v), want fourteen on both sides", len(sent), len(got), slices.Sorted(maps.Keys(sent)), slices.Sorted(maps.Keys(got)))
	}
	near(t, "sent", x, "72,319,086", "0")
	near(t, "got", m, "68,750,610", "1")
	near(t, "apart", apart, "39,220,203", "1")
}

func byCode(t *testing.T, a guichet.Answer) map[string]guichet.Decimal {
	t.Helper()
	out := map[string]guichet.Decimal{}
	for _, row := range rows(t, a, "") {
		code, _ := row["hs6"].(string)
		value, _ := row["value"].(guichet.Decimal)
		out[code] = out[code].Add(value)
	}
	return out
}

// censusSeafood: half of the rows are groups of countries, and some are the
// world: each figure once, whatever is asked.
func (h *house) censusSeafood(t *testing.T) {
	sub := h.flow(t, seafood2018)
	if sub.Lines != 63_918 || sub.Aside != 0 {
		t.Errorf("%d lines, %d put aside; want 63,918 and none", sub.Lines, sub.Aside)
	}
	const world = "22,265,182,932"
	a := h.ask(t, "reporter=US flow=imports period=2018")
	want(t, a, "trade_system=general valuation=customs_value", "value", world)
	a = h.ask(t, "reporter=US flow=imports period=2018 by=partner")
	wantTotal(t, a, "", world)
	for _, row := range rows(t, a, "") {
		if p, _ := row["partner"].(string); p == "W0" || strings.HasPrefix(p, "G:") {
			t.Errorf("%s stands among the countries", p)
		}
	}
	want(t, h.ask(t, "reporter=US flow=imports period=2018 partner=W0"), "", "value", world)
	// A group that is asked for by name answers, and is no part of a sum.
	want(t, h.ask(t, "reporter=US flow=imports period=2018 partner=G:EU"), "", "value", "742,045,342")
	wantTotal(t, h.ask(t, "reporter=US flow=imports period=2018 by=hs2"), "", world)
	wantTotal(t, h.ask(t, "reporter=US flow=imports period=2018 by=period"), "", world)
	a = h.ask(t, "reporter=US flow=imports period=2018 by=mode")
	wantTotal(t, a, "", world)
	want(t, a, "mode=1", "value", "14,798,349,175")
	want(t, a, "mode=4", "value", "3,474,089,430")
}

// censusDamaged: a Parquet file without its end, and one in a gzip: refused in
// words, and nothing of them is there.
func (h *house) censusDamaged(t *testing.T) {
	whole, err := os.ReadFile(guichettest.Flow(t, toIreland))
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.parquet")
	if err := os.WriteFile(cut, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	before, err := h.Submissions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Ingest(t.Context(), node.IngestRequest{File: cut})
	kind(t, err, guichet.KindInvalid)
	if err == nil || !strings.Contains(err.Error(), "cut.parquet: truncated: it begins as a Parquet file and does not end with PAR1") {
		t.Errorf("half a file is refused with %v", err)
	}
	h.check(t)
	after, err := h.Submissions(t.Context())
	if err != nil || len(after) != len(before) {
		t.Errorf("a refused file left %d submissions of %d (%v)", len(after), len(before), err)
	}
}
