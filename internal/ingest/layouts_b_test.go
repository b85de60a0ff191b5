package ingest_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/ingest"
)

// The files below are made by the tests in the layouts that
// docs/design/national-files.md describes; no figure in them was published.

// The headers as the offices write them.
const (
	cimtImports  = "YearMonth/AnnéeMois,HS10,Country/Pays,Province,State/État,Value/Valeur,Quantity/Quantité,Unit of Measure/Unité de Mesure"
	cimtDomestic = "YearMonth/AnnéeMois,HS8,Country/Pays,Province,State/État,Value/Valeur,Quantity/Quantité,Unit of Measure/Unité de Mesure"
	cimtTotal    = "YearMonth/AnnéeMois,HS8,Country/Pays,State/État,Value/Valeur,Quantity/Quantité,Unit of Measure/Unité de Mesure"
	nzLong       = "Month,Country,Harmonised System Code,Harmonised System Description,Unit Qty,Imports ($NZD vfd),Imports ($NZD cif),Imports Qty,Status"
	nzShort      = "month,hs,hs_desc,uom,country,vfd,cif,qty,status"
	absExports   = "DATAFLOW,COMMODITY_SITC: Commodity by SITC,COUNTRY_DEST: Country of Destination,STATE_ORIGIN: State of Origin,FREQ: Frequency,TIME_PERIOD: Time Period,OBS_VALUE,UNIT_MULT: Unit of Multiplier"
	absImports   = "DATAFLOW,COMMODITY_SITC: Commodity by SITC,COUNTRY_ORIGIN: Country of Origin,STATE_DEST: State of Destination,FREQ: Frequency,TIME_PERIOD: Time Period,OBS_VALUE,UNIT_MULT: Unit of Multiplier"
	absBulk      = "STRUCTURE,STRUCTURE_ID,STRUCTURE_NAME,ACTION,COMMODITY_SITC,Commodity by SITC,COUNTRY_DEST,Country of Destination,STATE_ORIGIN,State of Origin,FREQ,Frequency,TIME_PERIOD,Time Period,OBS_VALUE,Observation Value,UNIT_MULT,Unit of Multiplier,OBS_STATUS,Observation Status"
)

// text joins lines as Statistics Canada ends them.
func crlf(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n" }

// cimtZip is a yearly archive: the member of detail, its roll-ups and companions.
func cimtZip(tb testing.TB, dir, table, detail string, others ...string) []byte {
	tb.Helper()
	note := zipOf(tb, entry{name: "word/document.xml", body: "<w:document/>"}) // a .docx is a zip
	entries := []entry{
		{name: dir + "A note to users - Note aux utilisateurs.docx", body: string(note)},
		{name: dir + "ODPFN" + table + "_202412N.csv", body: detail},
		{name: dir + "ODPF_1_HS10Desc.TXT", body: "0101210000  198801 999912 NMB Horses\xe9\r\n"},
		{name: dir + "ODPF_6_CtyDesc.TXT", body: "US 840      198801 999912 United States\xc9tats-Unis\r\n"},
	}
	for _, o := range others {
		entries = append(entries, entry{name: dir + "ODPFN" + o + "_202412N.csv", body: "YearMonth/AnnéeMois,HS2,Country/Pays,State/État,Value/Valeur\r\n202401,01,US,NY,999\r\n"})
	}
	return zipOf(tb, entries...)
}

// sum is what one column gives over the lines of a record's flow, by another.
func sum(tb testing.TB, p *ingest.Prepared, by, column string) map[string]string {
	tb.Helper()
	sums := map[string]guichet.Decimal{}
	lines(tb, p.Layout, func(get func(string) string) {
		if v := get(column); v != "" {
			sums[get(by)] = sums[get(by)].Add(guichettest.Figure(tb, v))
		}
	})
	out := map[string]string{}
	for k, v := range sums {
		out[k] = v.String()
	}
	return out
}

func wantText(t *testing.T, got map[string]string, want ...string) {
	t.Helper()
	for _, w := range want {
		k, v, _ := strings.Cut(w, "=")
		if got[k] != v {
			t.Errorf("%s is %q, want %q (all: %v)", k, got[k], v, got)
		}
	}
}

func TestCIMTImports(t *testing.T) {
	detail := crlf(cimtImports,
		"202401,0101210000,US,ON,KY,1250000,12,NMB",
		"202401,0101210000,US,QC,NY,750000,8,NMB", // the same goods, another province and state
		"202401,2709001000,SA,NB,,500,0,MTQ",      // no quantity reported
		"202402,9999000000,ZX,BC,,40,0,N/A",       // none is collected
	)
	for _, dir := range []string{"", "CIMT-CICM_Imp_2024/"} {
		p := prepare(t, write(t, "CIMT-CICM_Imp_2024.zip", cimtZip(t, dir, "014", detail, "015", "022")))
		if p.Profile.Name != "statcan-cimt-imports" || p.Lines != 4 || p.Reporter != "CA" || p.Fields["currency"] != "CAD" {
			t.Errorf("in %q: %s, %d lines, %s, %s", dir, p.Profile.Name, p.Lines, p.Reporter, p.Fields["currency"])
		}
		wantText(t, sum(t, p, "YearMonth/AnnéeMois", "Value/Valeur"), "202401=2000500", "202402=40")
		wantText(t, sum(t, p, "HS10", "_quantity"), "0101210000=20", "2709001000=", "9999000000=")
		var status []string
		lines(t, p.Layout, func(get func(string) string) { status = append(status, get("_status")) })
		if !slices.Equal(status, []string{"reported", "reported", "not_reported", "not_collected"}) {
			t.Errorf("the quantities are %v", status)
		}
	}
}

func TestCIMTExports(t *testing.T) {
	total := crlf(cimtTotal, "202401,27090010,US,IL,9000,10,MTQ", "202401,27090010,US,TX,1000,1,MTQ")
	domestic := crlf(cimtDomestic, "202401,27090010,US,AB,IL,8000,9,MTQ", "202401,27090010,US,SK,TX,500,1,MTQ")
	for _, c := range []struct{ table, detail, flow, value string }{
		{"017", total, "exports", "10000"},
		{"016", domestic, "domestic_exports", "8500"},
	} {
		p := prepare(t, write(t, "CIMT.zip", cimtZip(t, "", c.table, c.detail, "018", "019", "020", "021")))
		sums := map[string]guichet.Decimal{}
		lines(t, p.Layout, func(get func(string) string) {
			for _, r := range p.Layout.Records {
				if slices.Contains(r.When[0].In, get("table")) {
					sums[r.Constants["flow"]] = sums[r.Constants["flow"]].Add(guichettest.Figure(t, get("Value/Valeur")))
				}
			}
		})
		if len(sums) != 1 || sums[c.flow].String() != c.value {
			t.Errorf("table %s gives %v, want %s of %s only", c.table, sums, c.flow, c.value)
		}
	}
}

func TestStatsNZImports(t *testing.T) {
	short := nzShort + "\n" +
		"202501,0101210010,\"Horses; live, pure-bred\",NMB,Australia,4672197,4801234,36,Final\n" +
		"202501,9809000000,Confidential,,Confidential Countries,57280,60000,,Provisional\n"
	p := prepare(t, write(t, "January_2025_Imports_HS10_by_Country.csv", []byte(short)))
	if p.Profile.Name != "statsnz-imports-hs10" || p.Lines != 2 {
		t.Errorf("%s, %d lines", p.Profile.Name, p.Lines)
	}
	wantText(t, sum(t, p, "month", "vfd"), "202501=4729477")
	wantText(t, sum(t, p, "month", "cif"), "202501=4861234")

	// A year of the other header: grouped figures, columns without a name, a
	// lost zero, columns in another order, no change of profile.
	long := nzLong + ",,\n" +
		"201911,Australia,101210010,Horses,NMB,\"1,234,567\",\"1,300,000\",36,Final,,\n" +
		"201912,\"China, People's Republic of\",6307902900,Masks,KGM,999,\"1,001\",0,Final,,\n"
	p = prepare(t, write(t, "2019_Imports_HS10_by_Country.csv", []byte(long)))
	if p.Profile.Name != "statsnz-imports-hs10" {
		t.Errorf("the long header is read by %s", p.Profile.Name)
	}
	wantText(t, sum(t, p, "month", "vfd"), "201911=1234567", "201912=999")
	wantText(t, sum(t, p, "month", "cif"), "201911=1300000", "201912=1001")
	wantText(t, sum(t, p, "month", "_qty"), "201911=36", "201912=")
}

// TestStatsNZFamily: imports and exports are of one family and never taken for
// each other; exports have the same two headers.
func TestStatsNZFamily(t *testing.T) {
	p := prepare(t, data(t, "statsnz-exports-hs10/Jan_2025_Exports_HS10_by_Country.csv"))
	if p.Profile.Name != "statsnz-exports-hs10" {
		t.Errorf("the real exports are read by %s", p.Profile.Name)
	}
	header := p.Layout.Columns
	for _, c := range []string{"month", "hs", "hs_desc", "uom", "country", "status"} {
		if !slices.Contains(header, c) || !strings.Contains(nzShort, c) {
			t.Errorf("imports and exports do not share the column %s", c)
		}
	}
	long := "Month,Country,Harmonised System Code,Harmonised System Description,Unit Qty,Exports ($NZD fob),Exports Qty,Re-exports ($NZD fob),Re-exports Qty,Total Exports ($NZD fob),Total Exports Qty,Status,,\n" +
		"201911,Australia,202300001,Meat,KGM,\"1,000,000\",\"5,000\",\"2,500\",10,\"1,002,500\",\"5,010\",Final,,\n"
	p = prepare(t, write(t, "2019_Exports_HS10_by_Country.csv", []byte(long)))
	sums, _ := totals(t, p.Layout, "flow")
	wantSums(t, sums, map[string]string{"exports": "1002500", "domestic_exports": "1000000", "re_exports": "2500"})
	if p.Profile.Name != "statsnz-exports-hs10" || len(p.Controls) != 1 || !p.Controls[0].OK() {
		t.Errorf("%s, controls %v", p.Profile.Name, p.Controls)
	}
}

func TestABS(t *testing.T) {
	const flow = "ABS:MERCH_EXP(1.0.0),"
	both := absExports + "\n" +
		flow + "TOT: Total,TOT: Total,TOT: Total,M: Monthly,2026-05,45000.5,3: Thousands\n" +
		flow + "TOT: Total,CHIN: China (excludes SARs and Taiwan),TOT: Total,M: Monthly,2026-05,30000.123,3: Thousands\n" +
		flow + "TOT: Total,CHIN: China (excludes SARs and Taiwan),5: Western Australia,M: Monthly,2026-05,20000,3: Thousands\n" +
		flow + "\"281: Iron ore, and concentrates\",CHIN: China (excludes SARs and Taiwan),TOT: Total,M: Monthly,2026-05,29000,3: Thousands\n" +
		flow + "TOT: Total,TOT: Total,TOT: Total,A: Annual,2026,500000,3: Thousands\n"
	p := prepare(t, write(t, "abs.csv", []byte(both)))
	if p.Profile.Name != "abs-exports" || p.Lines != 5 || p.Fields["currency"] != "AUD" {
		t.Errorf("%s, %d lines, %s", p.Profile.Name, p.Lines, p.Fields["currency"])
	}
	var got []string
	lines(t, p.Layout, func(get func(string) string) {
		for _, w := range p.Layout.Records[0].When {
			if !slices.Contains(w.In, get(w.Column)) {
				return
			}
		}
		got = append(got, strings.Join([]string{get("COMMODITY_SITC"), get("Country of Destination"), get("TIME_PERIOD"), get("OBS_VALUE"), get("UNIT_MULT")}, "|"))
	})
	want := []string{"TOT|Total|2026-05|45000500|3", "TOT|China (excludes SARs and Taiwan)|2026-05|30000123|3", "281|China (excludes SARs and Taiwan)|2026-05|29000000|3"}
	if !slices.Equal(got, want) {
		t.Errorf("the records are\n%s, want\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}

	bulk := absBulk + "\n" +
		"DATAFLOW,ABS:MERCH_EXP(1.0.0),Merchandise Exports,I,TOT,Total,CHIN,China (excludes SARs and Taiwan),TOT,Total,M,Monthly,2010-01,,7,,3,Thousands,,\n"
	p = prepare(t, write(t, "ABS_MERCH_EXP_1.0.0.csv", []byte(bulk)))
	wantText(t, sum(t, p, "Country of Destination", "OBS_VALUE"), "China (excludes SARs and Taiwan)=7000")

	imports := absImports + ",UNIT_MEASURE: Unit of Measure\n" +
		"ABS:MERCH_IMP(1.0.0),541: Medicinal products,NZ: New Zealand,TOT: Total,M: Monthly,2020-04,12.3,3: Thousands,AUD: Australian Dollars\n"
	p = prepare(t, write(t, "imports.csv", []byte(imports)))
	wantText(t, sum(t, p, "Country of Origin", "OBS_VALUE"), "New Zealand=12300")
	if p.Profile.Name != "abs-imports" || p.Layout.Records[0].Constants["valuation"] != "customs_value" {
		t.Errorf("%s, %v", p.Profile.Name, p.Layout.Records[0].Constants)
	}
}

// TestLayoutsRefuse: what is not of a layout is refused in words, and names
// what is wrong.
func TestLayoutsRefuse(t *testing.T) {
	good := cimtZip(t, "", "014", crlf(cimtImports, "202401,0101210000,US,ON,KY,1,1,NMB"), "015", "022")
	for name, c := range map[string]struct {
		file []byte
		says []string
	}{
		"cimt: missing column":   {cimtZip(t, "", "014", crlf(strings.Replace(cimtImports, "Value/Valeur,", "", 1), "202401,0101210000,US,ON,KY,1,NMB")), []string{"statcan-cimt-imports", "Value/Valeur", "is missing"}},
		"cimt: extra column":     {cimtZip(t, "", "014", crlf(cimtImports+",Port", "202401,0101210000,US,ON,KY,1,1,NMB,0009")), []string{"Port", "is not known"}},
		"cimt: unknown member":   {zipOf(t, entry{name: "ODPFN014_202412N.csv", body: crlf(cimtImports)}, entry{name: "ODPFN099_202412N.csv", body: "x"}), []string{"ODPFN099", "neither reads nor ignores"}},
		"cimt: truncated zip":    {good[:len(good)-40], []string{"truncated"}},
		"cimt: cut within":       {slices.Concat(good[:200], good[260:]), nil},
		"nz: missing column":     {[]byte(strings.Replace(nzLong, "Imports ($NZD cif),", "", 1) + "\n"), []string{"statsnz-imports-hs10", "'cif' is missing"}},
		"nz: extra column":       {[]byte(nzLong + ",Port\n"), []string{"Port", "is not known"}},
		"nz: a nameless figure":  {[]byte(strings.Replace(nzLong, "Status", "", 1) + "\n"), []string{"'status' is missing"}},
		"abs: bare codes":        {[]byte("DATAFLOW,COMMODITY_SITC,COUNTRY_DEST,STATE_ORIGIN,FREQ,TIME_PERIOD,OBS_VALUE,UNIT_MULT\nABS:MERCH_EXP(1.0.0),TOT,CHIN,TOT,M,2026-05,1,3\n"), []string{"abs-exports", "Country of Destination", "is missing"}},
		"abs: extra column":      {[]byte(absExports + ",PORT: Port\n"), []string{"PORT: Port", "is not known"}},
		"abs: not in dollars":    {[]byte(absExports + ",UNIT_MEASURE: Unit of Measure\nABS:MERCH_EXP(1.0.0),TOT: Total,TOT: Total,TOT: Total,M: Monthly,2026-05,1,3: Thousands,USD: US dollars\n"), []string{"USD"}},
		"an archive in the zip":  {zipOf(t, entry{name: "inner.zip", body: string(good)}), []string{"archive"}},
		"an archive as the data": {zipOf(t, entry{name: "ODPFN014_202412N.csv", body: string(good)}), []string{"archive"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ingest.Prepare(t.Context(), write(t, "file", c.file), ingest.Options{Profiles: profiles(t), Dir: t.TempDir(), Now: now()})
			if err == nil {
				t.Fatal("it was taken")
			}
			if k := guichet.KindOf(err); k != guichet.KindInvalid && k != guichet.KindUnrecognised && k != guichet.KindHostile {
				t.Errorf("kind %s: %v", k, err)
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q does not say %q", err, s)
				}
			}
		})
	}
}

// TestUnnamedColumnsAreEmpty: a figure in a column without a name is not lost
// unsaid: its line has too many columns.
func TestUnnamedColumnsAreEmpty(t *testing.T) {
	text := nzLong + ",\n201911,Australia,0101210010,Horses,NMB,1,2,3,Final,\n201911,Australia,0101210010,Horses,NMB,1,2,3,Final,7\n201911,Australia,0101210010,Horses,NMB,1,2,3,Final\n"
	p := prepare(t, write(t, "nz.csv", []byte(text)))
	if p.Lines != 3 {
		t.Errorf("%d lines", p.Lines)
	}
	b, err := os.ReadFile(p.Layout.Files[0])
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(b, []byte(",reported\n")); n != 2 {
		t.Errorf("%d lines were cut into their columns, want two:\n%s", n, b)
	}
}

func TestColumnValues(t *testing.T) {
	for _, c := range []struct {
		col       ingest.Column
		cell, out string
	}{
		{ingest.Column{Before: ": "}, "JAPA: Japan", "JAPA"},
		{ingest.Column{Before: ": "}, "JAPA", "JAPA"},
		{ingest.Column{After: ": "}, "JAPA: Japan: east", "Japan: east"},
		{ingest.Column{After: ": "}, "Japan", "Japan"},
		{ingest.Column{Trim: true, Grouped: ","}, " -1,234,567.5 ", "-1234567.5"},
		{ingest.Column{Grouped: ","}, "1,234", "1234"},
		{ingest.Column{Grouped: ","}, "1,23", "1,23"},
		{ingest.Column{Grouped: ","}, "1234,567", "1234,567"},
		{ingest.Column{Grouped: ","}, ",123", ",123"},
		{ingest.Column{Grouped: ","}, "1,2a4", "1,2a4"},
		{ingest.Column{Grouped: "'"}, "1'234'567", "1234567"},
		{ingest.Column{Shift: 3}, "36053.845", "36053845"},
		{ingest.Column{Shift: 3}, "36053.8", "36053800"},
		{ingest.Column{Shift: 3}, "-7", "-7000"},
		{ingest.Column{Shift: 3}, "0.0005", "0000.5"},
		{ingest.Column{Shift: 3}, "", ""},
		{ingest.Column{Shift: 3}, "1.", "1000"},
		{ingest.Column{Shift: 3}, ".5", "500"},
		{ingest.Column{Shift: 3}, "1,5", "1,5"},
		{ingest.Column{Shift: 3}, "1e3", "1e3"},
		{ingest.Column{Shift: 3}, "np", "np"},
	} {
		if got := ingest.ValueOf(c.col, c.cell); got != c.out {
			t.Errorf("%+v: %q is %q, want %q", c.col, c.cell, got, c.out)
		}
	}
}

func TestColumnValuesAreChecked(t *testing.T) {
	for key, says := range map[string]string{
		`before: ": ", after: ": "`: "not both",
		`grouped: ".."`:             "one character",
		`grouped: "1"`:              "one character",
		`shift: 12`:                 "0 to 9",
		`shift: -1`:                 "0 to 9",
	} {
		text := strings.Replace(smallYAML, "{name: value}", fmt.Sprintf("{name: value, %s}", key), 1)
		_, err := ingest.ParseProfile("small.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "columns[3]") {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// TestColumnValuesAreExact: a number that is grouped, or in thousands, is the
// same number, to the last digit.
func TestColumnValuesAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(-1e14, 1e14).Draw(t, "thousandths")
		places := rapid.IntRange(1, 3).Draw(t, "places")
		want, sign, size := guichet.DecimalOf(n), "", n
		if n < 0 {
			sign, size = "-", -n
		}
		digits := fmt.Sprintf("%0*d", places+1, size)
		point := len(digits) - places
		shifted := ingest.ValueOf(ingest.Column{Shift: places}, sign+digits[:point]+"."+digits[point:])
		if got, err := guichet.ParseDecimal(shifted); err != nil || got.Cmp(want) != 0 {
			t.Fatalf("%d in units of %d places is %q: %v", n, places, shifted, err)
		}
		grouped := ""
		for i, d := range fmt.Sprint(size) {
			if left := len(fmt.Sprint(size)) - i; i > 0 && left%3 == 0 {
				grouped += ","
			}
			grouped += string(d)
		}
		plain := ingest.ValueOf(ingest.Column{Grouped: ","}, sign+grouped)
		if got, err := guichet.ParseDecimal(plain); err != nil || got.Cmp(want) != 0 {
			t.Fatalf("%s%s is %q: %v", sign, grouped, plain, err)
		}
	})
}

func FuzzColumnValue(f *testing.F) {
	f.Add("JAPA: Japan", "1,234.5")
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, c := range []ingest.Column{{Before: ": "}, {After: ": "}, {Grouped: ","}, {Shift: 3}, {Trim: true, Before: ":", Grouped: ",", Shift: 9}} {
			for _, cell := range []string{a, b} {
				if out := ingest.ValueOf(c, cell); len(out) > len(cell)+c.Shift+1 {
					t.Errorf("%+v: %q became %q", c, cell, out)
				}
			}
		}
	})
}
