package node_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/node"
	"guichet/trade"
)

const (
	b5Folder     = "comtrade-b5-imports-hs6-2018-2024/UNComtrade_%s_Import_ByPartner/%s_M_%[1]s_partners.csv"
	mirrorFolder = "mirror-us-exports-vs-partner-imports-hs6/UNComtrade_%s_Import_ByPartner/%s_M_%[1]s_partners.csv"
	thaiFile     = "comtrade-formats/comtradeplus_new_csv_THA_imports_8542.csv"
)

// comtradeSample are files of the several hundred: all five members, four
// years, CIF and FOB, four digits, partners that are the reporter itself, two
// editions of the HS.
func comtradeSample() []string {
	var out []string
	for _, f := range [][3]string{
		{b5Folder, "2021", "36_850760"},
		{b5Folder, "2020", "36_2510"},
		{b5Folder, "2020", "36_811100"},
		{b5Folder, "2018", "124_253090"},
		{b5Folder, "2021", "124_2510"},
		{b5Folder, "2021", "554_2510"},
		{b5Folder, "2020", "826_850760"},
		{b5Folder, "2019", "842_811100"},
		{mirrorFolder, "2021", "757_750220"},
		{mirrorFolder, "2022", "757_750220"},
		{mirrorFolder, "2024", "372_850760"},
	} {
		out = append(out, fmt.Sprintf(f[0], f[1], f[2]))
	}
	return append(out, thaiFile)
}

// comtradeFile is what a file says, read here by its columns alone.
type comtradeFile struct {
	reporter, product string
	world             map[string]guichet.Decimal            // by year
	partners          map[string]map[string]guichet.Decimal // year, code of Comtrade
}

func readComtrade(t *testing.T, path string) comtradeFile {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.TrimPrefix(string(b), "\ufeff")
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	lines, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	f := comtradeFile{world: map[string]guichet.Decimal{}, partners: map[string]map[string]guichet.Decimal{}}
	at := func(line []string, name string) string { return line[slices.Index(lines[0], name)] }
	for _, line := range lines[1:] {
		year, partner := at(line, "period"), at(line, "partnerCode")
		f.reporter, f.product = at(line, "reporterISO"), at(line, "cmdCode")
		v := guichettest.Figure(t, at(line, "primaryValue"))
		if partner == "0" {
			f.world[year] = f.world[year].Add(v)
			continue
		}
		if f.partners[year] == nil {
			f.partners[year] = map[string]guichet.Decimal{}
		}
		f.partners[year][partner] = f.partners[year][partner].Add(v)
	}
	return f
}

func iso2(iso3 string) string {
	return map[string]string{"AUS": "AU", "CAN": "CA", "NZL": "NZ", "GBR": "GB", "USA": "US", "IRL": "IE", "CHE": "CH", "THA": "TH"}[iso3]
}

func (h *house) comtradeFigures(t *testing.T) {
	for _, name := range comtradeSample() {
		sub := h.flow(t, name)
		f := readComtrade(t, guichettest.Flow(t, name))
		if sub.Aside != 0 || sub.MayRedistribute {
			t.Errorf("%s: %d lines put aside; may be redistributed: %v", name, sub.Aside, sub.MayRedistribute)
		}
		if len(sub.Outliers) != 0 {
			t.Errorf("%s: ordinary lines are flagged as outliers: %v", name, sub.Outliers)
		}
		for year, world := range f.world {
			if len(f.world) > 3 && !slices.Contains([]string{"2014", "2017", "2024"}, year) {
				continue
			}
			h.comtradeYear(t, f, year, world)
		}
	}
	h.comtradeOdds(t)
}

// comtradeYear: the World row and the partners are one flow told twice.
func (h *house) comtradeYear(t *testing.T, f comtradeFile, year string, world guichet.Decimal) {
	t.Helper()
	words := fmt.Sprintf("cube=comtrade-goods flow=imports reporter=%s product=%s period=%s", iso2(f.reporter), f.product, year)
	var parts guichet.Decimal
	for _, v := range f.partners[year] {
		parts = parts.Add(v)
	}
	a := h.ask(t, words)
	got := total(t, a, "", "value")
	// Rows are rounded, mostly to the thousandth of a dollar, in 2014 to the dollar.
	if slack := guichet.DecimalOf(int64(len(f.partners[year]))); got.Sub(world).Abs().Cmp(slack) > 0 {
		t.Errorf("%s: %s, and its World row is %s", words, got, world)
	}
	if got.Cmp(parts) != 0 {
		t.Errorf("%s: %s, and its partners add up to %s", words, got, parts)
	}
	by := h.ask(t, words+" by=partner")
	if n := len(by.Rows); n != len(f.partners[year]) && f.product != "850760" {
		t.Errorf("%s by partner: %d rows, want %d", words, n, len(f.partners[year]))
	}
	if sum := total(t, by, "", "value"); sum.Cmp(got) != 0 {
		t.Errorf("%s by partner: %s, the whole %s", words, sum, got)
	}
	only := h.ask(t, words+" partner=W0")
	if w := total(t, only, "", "value"); w.Cmp(world) != 0 {
		t.Errorf("%s for the World: %s, want its row, %s", words, w, world)
	}
}

func (h *house) comtradeOdds(t *testing.T) {
	t.Helper()
	const swiss = "reporter=CH flow=imports product=750220 period="
	want(t, h.ask(t, swiss+"2021 partner=US"), "valuation=cif", "value", "11,073,498.95")
	m, err := h.Mirror(t.Context(), trade.MirrorQuestion{Exporter: "US", Importer: "CH", Period: guichettest.Period(t, "2021"), Product: []string{"750220"}})
	if err != nil {
		t.Fatal(err)
	}
	if m.Export.Missing == nil || m.Import.USD.Cmp(guichettest.Figure(t, "11,073,498.95")) != 0 || m.Difference != nil {
		t.Errorf("US to CH 750220: X %v, M %v; want X not reported and M 11,073,498.95", m.Export.Missing, m.Import.USD)
	}
	// The files list some products: what none of them lists is not known.
	only(t, h.ask(t, "reporter=CH flow=imports period=2021 product=750210"), guichet.GapNotCovered)
	only(t, h.ask(t, "reporter=AU flow=imports period=2020 product=251010"), guichet.GapNotCovered)
	// Of this product two years are held, of four asked: the other two are told.
	a := h.ask(t, "reporter=CA flow=imports period=2018:2021 product=253090")
	if len(a.Gaps) == 0 {
		t.Error("253090 of CA is held for 2018 alone, and nothing says so of 2021, for which another product is held")
	}
	gap(t, a, guichet.GapNotCovered, "2021")
	a = h.ask(t, "reporter=CA flow=imports period=2018 partner=CA")
	for _, row := range a.Rows {
		if row["trade_system"] != "unknown" {
			t.Errorf("%v: Comtrade does not tell the trade system", row)
		}
	}
}

// TestWorldAlone: an extract may hold the World and a few partners only. Its
// World row is the total, and the few are not.
func TestWorldAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "AU")
	source := guichettest.Flow(t, fmt.Sprintf(b5Folder, "2021", "36_850760"))
	file := keepLines(t, source, func(line string) bool {
		cells := strings.Split(line, ",")
		return slices.Contains([]string{"0", "156"}, cells[11])
	})
	h.take(t, node.IngestRequest{File: file})
	f := readComtrade(t, file)
	const words = "reporter=AU flow=imports product=850760 period=2021"
	want(t, h.ask(t, words+" partner=CN"), "", "value", f.partners["2021"]["156"].String())
	a := h.ask(t, words)
	want(t, a, "", "value", f.world["2021"].String())
	// The partners listed are less than the World, and the answer says so.
	a = h.ask(t, words+" by=partner")
	remark(t, a, "parts_incomplete", f.world["2021"].String())
}

// keepLines copies the head of a text and those of its lines that are wanted.
func keepLines(t *testing.T, path string, keep func(line string) bool) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(b), "\n")
	out := lines[:1:1]
	for _, line := range lines[1:] {
		if line != "" && keep(line) {
			out = append(out, line)
		}
	}
	return write(t, filepath.Base(path), strings.Join(out, ""))
}

// write makes a file of a text in a folder of the test.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
