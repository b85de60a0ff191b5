package node_test

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"math/big"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"guichet"
	"guichet/codes"
	"guichet/internal/guichettest"
	"guichet/internal/node"
)

const (
	webFile     = "comtrade-formats/comtrade_old_csv_871200.csv"
	bulkFile    = "comtrade-formats/comtrade_bulk_H3_2010_IND_partnerCHN.csv"
	jsonFile    = "comtrade-formats/comtrade_new_api_sample.json"
	jsonOldFile = "comtrade-formats/comtrade_old_api_sample.json"
	bpsFile     = "indonesia-covid-goods-hs8/Book1.csv"
)

// TestFormats takes in UN Comtrade's older forms and Indonesia's exports, each
// by the profile that recognises it, and compares what a node answers with sums
// over the files, which are read here by their columns alone.
//
//nolint:tparallel // the subtests share one home, and one writer at a time has it
func TestFormats(t *testing.T) {
	t.Parallel()
	guichettest.Data(t)
	h := newHouse(t, "ID")
	t.Run("Web", h.comtradeWeb)
	t.Run("Bulk", h.comtradeBulk)
	t.Run("JSON", h.comtradeJSON)
	t.Run("OldJSON", h.comtradeOldJSON)
	t.Run("Indonesia", h.indonesia)
	t.Run("Korea", h.korea)
}

// csvLines reads a file of delimited text as lines by column name.
func csvLines(t *testing.T, name string) []map[string]string {
	t.Helper()
	b, err := os.ReadFile(guichettest.Flow(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return columns(t, b)
}

func columns(t *testing.T, text []byte) []map[string]string {
	t.Helper()
	lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := make([]map[string]string, 0, len(lines)-1)
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, column := range lines[0] {
			row[column] = line[i]
		}
		out = append(out, row)
	}
	return out
}

// jsonRows reads the objects of one array of a document; numbers stay as text.
func jsonRows(t *testing.T, name, at string) []map[string]string {
	t.Helper()
	f, err := os.Open(guichettest.Flow(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	d := json.NewDecoder(f)
	d.UseNumber()
	var whole map[string]any
	if err := d.Decode(&whole); err != nil {
		t.Fatal(err)
	}
	list, _ := whole[at].([]any)
	var out []map[string]string
	for _, of := range list {
		object, _ := of.(map[string]any)
		row := map[string]string{}
		for k, v := range object {
			if v != nil {
				row[k] = fmt.Sprint(v)
			}
		}
		out = append(out, row)
	}
	if len(out) == 0 {
		t.Fatalf("%s has no rows at %s", name, at)
	}
	return out
}

// area is our code of a country that a file also names by ISO 3166-1 alpha-3;
// of what that does not name, Asia not elsewhere specified.
func area(t *testing.T, iso3 string) string {
	t.Helper()
	if iso3 == "" {
		return "_NE.ASIA"
	}
	a, ok := codes.AreaIn("iso3", iso3)
	if !ok {
		t.Fatalf("no area %q", iso3)
	}
	return a.Code
}

// oldFlow is a flow as UN Comtrade wrote it until 2022.
func oldFlow(code string) string {
	return map[string]string{"1": "imports", "2": "exports", "3": "re_exports", "4": "re_imports"}[code]
}

// sums adds figures up by a key.
func sums(t *testing.T, lines []map[string]string, column string, key func(map[string]string) string) map[string]guichet.Decimal {
	t.Helper()
	out := map[string]guichet.Decimal{}
	for _, line := range lines {
		if k := key(line); k != "" && line[column] != "" {
			out[k] = out[k].Add(guichettest.Figure(t, line[column]))
		}
	}
	if len(out) == 0 {
		t.Fatalf("nothing was added up of %s", column)
	}
	return out
}

// wantSums compares the values of an answer, by the words that pick its rows,
// with sums; the answer has no other rows.
func wantSums(t *testing.T, a guichet.Answer, measure string, want map[string]guichet.Decimal) {
	t.Helper()
	n := 0
	for _, words := range slices.Sorted(maps.Keys(want)) {
		found := rows(t, a, words)
		n += len(found)
		if got := total(t, a, words, measure); got.Cmp(want[words]) != 0 || len(found) == 0 {
			t.Errorf("%q: %s is %s in %d rows, and the file's lines add up to %s", words, measure, got, len(found), want[words])
		}
	}
	if n != len(a.Rows) {
		t.Errorf("the answer has %d rows, of which %d were looked for", len(a.Rows), n)
	}
}

// whole fails unless every line of a file was kept, by the profile named, not
// to be passed on.
func whole(t *testing.T, sub guichet.Submission, profile string, lines int64) {
	t.Helper()
	if sub.Profile != profile || sub.Lines != lines || sub.Aside != 0 || sub.Records != lines || sub.MayRedistribute {
		t.Errorf("%s was taken in by %s: %d lines, %d put aside, %d records, may be redistributed: %v; want %s, %d lines and as many records",
			sub.File, sub.Profile, sub.Lines, sub.Aside, sub.Records, sub.MayRedistribute, profile, lines)
	}
}

func (h *house) comtradeWeb(t *testing.T) {
	lines := csvLines(t, webFile)
	whole(t, h.flow(t, webFile), "comtrade-web", int64(len(lines)))
	key := func(line map[string]string) string {
		return "reporter=" + area(t, line["Reporter ISO"]) + " flow=" + oldFlow(line["Trade Flow Code"])
	}
	const words = "cube=comtrade-legacy period=2016:2019"
	a := h.ask(t, words+" measure=value")
	wantSums(t, a, "value", sums(t, lines, "Trade Value (US$)", key))
	remark(t, a, "quantity_not_reported", "")
	remark(t, a, "quantity_estimated", "")
	for _, row := range a.Rows {
		if row["valuation"] != "unknown" || row["trade_system"] != "unknown" {
			t.Errorf("%v: the file tells neither the valuation nor the trade system", row)
		}
	}
	a = h.ask(t, words+" by=period,partner reporter=NZ measure=value,quantity,net_kg")
	byYear := func(line map[string]string) string {
		if line["Reporter ISO"] != "NZL" {
			return ""
		}
		return "partner=W0 flow=" + oldFlow(line["Trade Flow Code"]) + " period=" + line["Year"]
	}
	wantSums(t, a, "value", sums(t, lines, "Trade Value (US$)", byYear))
	remark(t, a, "partner_world_only", "")
	// Bicycles have one code in all editions held; the editions of 2002 and
	// before are not held, and such lines have no HS code.
	held := func(line map[string]string) string {
		if line["Classification"] < "H3" {
			return ""
		}
		return key(line)
	}
	wantSums(t, h.ask(t, words+" product=871200 edition=2017"), "value", sums(t, lines, "Trade Value (US$)", held))
	only(t, h.ask(t, words+" reporter=NZ partner=AU"), guichet.GapNotCovered)
}

func (h *house) comtradeBulk(t *testing.T) {
	lines := csvLines(t, bulkFile)
	whole(t, h.flow(t, bulkFile), "comtrade-bulk", int64(len(lines)))
	const words = "cube=comtrade-legacy-bulk reporter=IN period=2010"
	// The total, chapters, headings and subheadings tell one flow four times, and
	// differ by rounding: each question is answered from one level.
	for by, digits := range map[string]int{"": 0, " by=hs2": 2, " by=hs4": 4, " by=hs6": 6} {
		key := func(line map[string]string) string {
			code := line["Commodity Code"]
			if code == "TOTAL" {
				code = ""
			}
			if len(code) != digits {
				return ""
			}
			return "flow=" + oldFlow(line["Trade Flow Code"])
		}
		wantSums(t, h.ask(t, words+by), "value", sums(t, lines, "Value", key))
	}
	a := h.ask(t, words+" flow=imports product=0304 by=partner measure=value,net_kg")
	want(t, a, "partner=CN", "value", "156,394")
	want(t, a, "partner=CN", "net_kg", "84,295")
	want(t, h.ask(t, words+" flow=exports product=030429 measure=quantity"), "unit=KGM", "quantity", "3,692,916")
	only(t, h.ask(t, words+" partner=US"), guichet.GapNotCovered)
}

func (h *house) comtradeJSON(t *testing.T) {
	lines := jsonRows(t, jsonFile, "data")
	sub := h.flow(t, jsonFile)
	whole(t, sub, "comtrade-json", int64(len(lines)))
	if len(sub.Controls) != 1 || !sub.Controls[0].OK() || sub.Controls[0].Stated.String() != "4" {
		t.Errorf("the file states 4 rows; controls %v", sub.Controls)
	}
	key := func(line map[string]string) string {
		flow, valuation := "imports", "cif"
		if line["flowCode"] == "X" {
			flow, valuation = "exports", "fob"
		}
		return "reporter=" + area(t, line["reporterISO"]) + " flow=" + flow + " valuation=" + valuation + " partner=" + area(t, line["partnerISO"])
	}
	a := h.ask(t, "cube=comtrade-api period=2010 by=partner")
	wantSums(t, a, "value", sums(t, lines, "primaryValue", key))
	want(t, a, "partner=DE flow=imports", "value", "74,251,272,075")
	only(t, h.ask(t, "cube=comtrade-api reporter=CN period=2010 partner=US"), guichet.GapNotCovered)
}

func (h *house) comtradeOldJSON(t *testing.T) {
	// The service counted 360 rows, and the file has two.
	_, err := h.Ingest(t.Context(), node.IngestRequest{File: guichettest.Flow(t, jsonOldFile)})
	kind(t, err, guichet.KindTotals)
	if err == nil || !strings.Contains(err.Error(), "360") {
		t.Errorf("the refusal does not say how many rows the file states: %v", err)
	}
	lines := jsonRows(t, jsonOldFile, "dataset")
	sub := h.flow(t, jsonOldFile, func(r *node.IngestRequest) { r.AcceptTotals = "two rows were kept as a sample" })
	whole(t, sub, "comtrade-json-old", int64(len(lines)))
	key := func(line map[string]string) string {
		return "reporter=" + area(t, line["rt3ISO"]) + " flow=" + oldFlow(line["rgCode"])
	}
	a := h.ask(t, "cube=comtrade-legacy reporter=AL period=2014")
	wantSums(t, a, "value", sums(t, lines, "TradeValue", key))
	want(t, a, "flow=imports", "value", "5,229,972,238")
	remark(t, a, "totals_accepted", "two rows were kept as a sample")
}

func (h *house) indonesia(t *testing.T) {
	lines := csvLines(t, bpsFile)
	whole(t, h.flow(t, bpsFile), "bps-exports-hs8", int64(len(lines)))
	const words = "cube=id-exports-hs8 reporter=ID flow=exports period=2019-01:2020-02"
	for measure, column := range map[string]string{"value": "Nilai (USD)", "net_kg": "Berat (Kg)"} {
		month := func(line map[string]string) string {
			return "flow=exports period=" + line["Periode"][:4] + "-" + line["Periode"][4:]
		}
		wantSums(t, h.ask(t, words+" by=period measure="+measure), measure, sums(t, lines, column, month))
	}
	gloves := h.ask(t, "reporter=ID flow=exports period=2019 cube=id-exports-hs8 product=401519 partner=US measure=value,net_kg")
	want(t, gloves, "", "value", "134,424,279.394")
	want(t, gloves, "", "net_kg", "25,782,028.329")
	if price := ratio(t, gloves.Rows[0]); price != "5.21" {
		t.Errorf("401519 to the US: %s dollars a kilogram, want 5.21", price)
	}
	var months []string
	for _, row := range h.ask(t, "reporter=ID flow=exports period=2019 cube=id-exports-hs8 product=401519 partner=US measure=value,net_kg by=period").Rows {
		months = append(months, ratio(t, row))
	}
	if slices.Sort(months); len(months) != 12 || months[0] != "4.91" || months[11] != "5.69" {
		t.Errorf("dollars a kilogram by month: %v, want twelve from 4.91 to 5.69", months)
	}
	only(t, h.ask(t, "cube=id-exports-hs8 reporter=ID flow=exports period=2019 product=870323"), guichet.GapNotCovered)
}

// korea takes in the synthetic declarations of DATA.md: 45,519 lines, all of
// them generated. Their prices bear the traces of binary fractions, so that they
// are added up here in hundredths.
func (h *house) korea(t *testing.T) {
	price := map[string]guichet.Decimal{} // by month
	var lines int64
	for _, name := range []string{"train", "valid"} {
		file := "bacuda-synthetic-declarations/df_syn_" + name + "_eng.csv.gz"
		sub := h.flow(t, file)
		lines += sub.Lines
		if sub.Profile != "bacuda-declarations" || sub.Aside != 0 || !sub.Generated {
			t.Errorf("%s: by %s, %d put aside, generated: %v", file, sub.Profile, sub.Aside, sub.Generated)
		}
		for _, line := range gzipLines(t, file) {
			x, err := strconv.ParseFloat(line["Item Price"], 64)
			if err != nil {
				t.Fatal(err)
			}
			key := "period=" + line["Date"][:7]
			price[key] = price[key].Add(guichet.DecimalFromRat(big.NewRat(int64(math.Round(x*100)), 100), 2))
		}
	}
	if lines != 45_519 {
		t.Errorf("%d lines, want 45,519", lines)
	}
	a := h.ask(t, "reporter=KR period=2020-01:2021-03 by=period")
	wantSums(t, a, "value", price)
	remark(t, a, "generated", "never an observation")
	remark(t, a, "from_declaration_lines", "")
	wantTotal(t, a, "grain=line currency=KRW valuation=customs_value flow=imports", "157,828,205,501.78")
}

// gzipLines reads a gzip file of delimited text as lines by column name.
func gzipLines(t *testing.T, name string) []map[string]string {
	t.Helper()
	f, err := os.Open(guichettest.Flow(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return columns(t, text)
}

// ratio is value over net mass, to the cent.
func ratio(t *testing.T, row guichet.Row) string {
	t.Helper()
	usd, ok := row["value"].(guichet.Decimal)
	kg, ok2 := row["net_kg"].(guichet.Decimal)
	if !ok || !ok2 || kg.Sign() == 0 {
		t.Fatalf("no value or mass in %v", row)
	}
	x := usd.Rat()
	return x.Quo(x, kg.Rat()).FloatString(2)
}

// TestIndonesiaAbsentFigures: a line without a value is put aside, one without a
// mass is kept, and the answer says that its mass is not known.
func TestIndonesiaAbsentFigures(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ID")
	text := "\ufeffKode HS,Deskripsi HS,Negara Tujuan Ekspor,Periode,Berat (Kg),Nilai (USD)\n"
	for i := range 40 {
		text += fmt.Sprintf("401519%02d,made,Jepang,201902,%d,10.5\n", 10+i, 100)
	}
	text += "22071000,made,Jepang,201902,1630460,\n22071000,made,Malaysia,201902,,7\n"
	sub := h.take(t, node.IngestRequest{File: write(t, "generated.csv", text), Generated: true}).Submission
	if sub.Kept != 41 || sub.Aside != 1 || sub.Reasons[0].Code != guichet.RejectNoFigure || !strings.Contains(sub.Reasons[0].Example, "1630460") {
		t.Errorf("%d kept, %d put aside for %v; want 41 and the line without a value", sub.Kept, sub.Aside, sub.Reasons)
	}
	a := h.ask(t, "reporter=ID flow=exports period=2019-02 measure=value,net_kg")
	want(t, a, "", "value", "427")
	want(t, a, "", "net_kg", "4,000")
	remark(t, a, "figures_absent", "net_kg: 1 of 41 rows")
}
