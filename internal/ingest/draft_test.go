package ingest_test

import (
	"archive/zip"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/ingest"
	"guichet/trade"
)

// answered are answers to all that no file says.
func answered(reporter, currency, flow, valuation string) ingest.Answers {
	return ingest.Answers{
		Reporter: reporter, Office: "an office", Source: "https://example.org/", Licence: "none", Redistribute: "false",
		Currency: currency, Flow: flow, Valuation: valuation,
	}
}

func draft(t *testing.T, file string, a ingest.Answers) ingest.Drafted {
	t.Helper()
	d, err := ingest.Draft(t.Context(), file, ingest.Options{Now: now()}, a, "en")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// sound reads a draft as a profile that has no fault.
func sound(t *testing.T, d ingest.Drafted) *ingest.Profile {
	t.Helper()
	p, err := ingest.ParseProfile("draft.yaml", []byte(d.YAML))
	if err == nil {
		err = p.Check(trade.Dataset())
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, d.YAML)
	}
	return p
}

func roles(d ingest.Drafted) map[string]string {
	out := map[string]string{}
	for _, c := range d.Columns {
		if c.Role != "ignored" {
			out[c.Column] = c.Role
		}
	}
	return out
}

// TestDraftsOfRealFiles holds drafts against the profiles that were written by
// hand for the same files: the columns are what they are there, the draft has
// no fault once the questions are answered, and the file taken in by it gives
// the same totals.
func TestDraftsOfRealFiles(t *testing.T) {
	for _, c := range []struct {
		file, hand, by string // by: the constant that tells the records apart
		answers        ingest.Answers
		roles          map[string]string
		lists          []string
	}{
		{
			"statsnz-exports-hs10/Jan_2025_Exports_HS10_by_Country.csv", "statsnz-exports-hs10", "flow", answered("NZ", "NZD", "", ""),
			map[string]string{
				"month": "period", "hs": "code", "uom": "unit", "country": "partner", "status": "finality",
				"Export_FOB": "value", "Re_export_FOB": "value", "total_export_FOB": "value",
				"Export_Qty": "quantity", "Re_export_Qty": "quantity", "total_export_qty": "quantity",
			},
			[]string{"nz-tariff", "nz-names", "list: nz}"},
		},
		{
			"indonesia-covid-goods-hs8/Book1.csv", "bps-exports-hs8", "flow", answered("ID", "", "", "fob"),
			map[string]string{"Kode HS": "code", "Negara Tujuan Ekspor": "partner", "Periode": "period", "Berat (Kg)": "net_kg", "Nilai (USD)": "value"},
			[]string{"indonesia-names", "currency: USD"},
		},
		{
			"statcan-2024-2026/countries_monthly.csv", "statcan-by-country", "flow", answered("CA", "CAD", "", "fob"),
			map[string]string{"date": "period", "country": "partner", "imports": "value", "exports": "value", "total": "control"},
			[]string{"product: none", "list: statcan"},
		},
		{
			"statcan-2024-2026/hs2_monthly.csv", "statcan-by-hs2", "flow", answered("CA", "CAD", "", "fob"),
			map[string]string{"date": "period", "hs2": "code", "imports": "value", "exports": "value", "total": "control"},
			[]string{"partner: none", "list: hs,"},
		},
		{
			"comtrade-formats/comtrade_old_csv_871200.csv", "comtrade-web", "partner_role", answered("", "", "", "unknown"),
			map[string]string{
				"Classification": "edition", "Period": "period", "Trade Flow": "flow", "Reporter Code": "reporter", "Partner Code": "partner",
				"Commodity Code": "code", "Qty Unit Code": "unit", "Qty": "quantity", "Netweight (kg)": "net_kg", "Trade Value (US$)": "value",
			},
			[]string{"list: comtrade", "currency: USD", "Re-Export: re_exports"},
		},
		{
			"comtrade-formats/comtrade_bulk_H3_2010_IND_partnerCHN.csv", "comtrade-bulk", "partner_role", answered("", "USD", "", "unknown"),
			map[string]string{
				"Year": "period", "Reporter Code": "reporter", "Trade Flow Code": "flow", "Partner Code": "partner", "Classification": "edition",
				"Commodity Code": "code", "Quantity Unit Code": "unit", "Supplementary Quantity": "quantity", "Netweight (kg)": "net_kg", "Value": "value",
			},
			[]string{"total: TOTAL", "subtotals: auto"},
		},
	} {
		t.Run(filepath.Base(c.file), func(t *testing.T) {
			file := data(t, c.file)
			d := draft(t, file, c.answers)
			if diff := cmp.Diff(c.roles, roles(d)); diff != "" {
				t.Errorf("roles of columns (-want +got):\n%s", diff)
			}
			for _, l := range c.lists {
				if !strings.Contains(d.YAML, l) {
					t.Errorf("the draft does not say %q", l)
				}
			}
			compareTotals(t, file, c.by, sound(t, d), byName(t, c.hand))
		})
	}
}

func byName(t *testing.T, name string) *ingest.Profile {
	t.Helper()
	for _, p := range profiles(t) {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("there is no profile %s", name)
	return nil
}

// compareTotals takes a file in by two profiles and compares what they make of
// it, in all and by the constant that tells their records apart.
func compareTotals(t *testing.T, file, by string, drafted, hand *ingest.Profile) {
	t.Helper()
	var got [2]map[string]string
	for i, p := range []*ingest.Profile{drafted, hand} {
		prep, err := ingest.Prepare(t.Context(), file, ingest.Options{Profiles: []*ingest.Profile{p}, Dir: t.TempDir(), Now: now()})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range prep.Controls {
			if !c.OK() {
				t.Errorf("%s: the control %s does not hold", p.Name, c.Name)
			}
		}
		sums, _ := totals(t, prep.Layout, by)
		got[i] = map[string]string{}
		for k, v := range sums {
			got[i][k] = v.String()
		}
	}
	if diff := cmp.Diff(got[1], got[0]); diff != "" {
		t.Errorf("totals (-hand-written +drafted):\n%s", diff)
	}
}

// TestDraftOfSeafood holds a file whose period stands in two columns and whose
// areas are countries, groups of them, and the world.
func TestDraftOfSeafood(t *testing.T) {
	d := draft(t, data(t, "us-census-imports-hs6-seafood-monthly/hs6_imports_2018.csv.gz"), answered("US", "USD", "", "customs_value"))
	want := map[string]string{"CTY_CODE": "partner", "GEN_VAL_MO": "value", "MONTH": "period", "YEAR": "period", "I_COMMODITY": "code"}
	if diff := cmp.Diff(want, roles(d)); diff != "" {
		t.Errorf("roles of columns (-want +got):\n%s", diff)
	}
	prep, err := ingest.Prepare(t.Context(), data(t, "us-census-imports-hs6-seafood-monthly/hs6_imports_2018.csv.gz"),
		ingest.Options{Profiles: []*ingest.Profile{sound(t, d)}, Dir: t.TempDir(), Now: now()})
	if err != nil {
		t.Fatal(err)
	}
	// data/DATA.md: the plain sum of all rows.
	sums, _ := totals(t, prep.Layout, "flow")
	if s := sums["imports"]; s.Cmp(figure(t, "122205832656")) != 0 {
		t.Errorf("the sum of all rows is %s", s)
	}
}

func figure(t *testing.T, text string) guichet.Decimal {
	t.Helper()
	d, err := guichet.ParseDecimal(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// made writes a file of the test.
func made(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// officeFile is a made-up office's table: so many months, goods and partners,
// each line as the test writes it.
func officeFile(line func(month int, code, partner string, value int) string) string {
	var b strings.Builder
	for month := 1; month <= 6; month++ {
		for i, code := range []string{"010121", "030617", "271019", "300490", "401519", "630790", "847989", "870323", "901839", "940360"} {
			for j, partner := range []string{"FR", "DE", "JP", "US", "BR", "ZA"} {
				b.WriteString(line(month, code, partner, 1000*month+100*i+j+7))
			}
		}
	}
	return b.String()
}

// TestDraftsOfMadeFiles holds shapes that offices write and the data folder has
// not: each is drafted, and taken in by the draft with nothing lost.
func TestDraftsOfMadeFiles(t *testing.T) {
	names := map[string]string{"FR": "France", "DE": "Allemagne", "JP": "Japon", "US": "États-Unis", "BR": "Brésil", "ZA": "Afrique du Sud"}
	for _, c := range []struct {
		name, text string
		answers    ingest.Answers
		want       []string
	}{
		{"semicolons, decimal commas, Windows-1252", "Mois;Code SH;Désignation;Pays d'origine;Poids net (kg);Valeur CAF (EUR)\r\n" +
			officeFile(func(m int, c, p string, v int) string {
				return fmt.Sprintf("2024-%02d;%s;Marchandise n° %s – divers;%s;%d,5;%d\r\n", m, c, c, names[p], v*3, v)
			}), answered("SN", "", "", ""), []string{`delimiter: ";"`, "comma: true", "list: french-names", "currency: EUR", "valuation: cif", "flow: imports"}},
		{"tabs, no header", officeFile(func(m int, c, p string, v int) string {
			return fmt.Sprintf("2024%02d\t%s.%s\t%s\tM\t%d\n", m, c[:4], c[4:], p, v)
		}), answered("SN", "EUR", "imports", "cif"), []string{`delimiter: "\t"`, "header: false", `strip: "."`}},
		{"bars and one at the end of each line", "Período|NCM|País de origem|Peso líquido|Valor FOB (USD)|\n" +
			officeFile(func(m int, c, p string, v int) string {
				return fmt.Sprintf("%02d/2024|%s10|%s|%d|%d|\n", m, c, p, v, v)
			}), answered("BR", "", "", ""), []string{"trailing_delimiter: true", "digits: \"8\"", `format: "01/2006"`, "valuation: fob", "list: br-hs8", "flow: imports"}},
		{"codes that lost their zeros", "Jahr,Monat,Warennummer,Bestimmungsland,Menge,Einheit,Wert (EUR)\n" +
			officeFile(func(m int, c, p string, v int) string {
				return fmt.Sprintf("2024,%d,%s,%s,%d,KGM,%d\n", m, strings.TrimLeft(c, "0"), p, v, v)
			}), answered("DE", "", "", "fob"), []string{`pad_left: "6"`, "{Jahr}-0{Monat}", "flow: exports"}},
		{"thousands, and a World row", "Period,HS,Country,Import value (USD)\n" +
			officeFile(func(m int, c, p string, v int) string {
				return fmt.Sprintf("2024-%02d,%s,%s,\"%d,%03d,000\"\n", m, c, names2(p), v/1000+1, v%1000)
			}) + "2024-01,010121,World,\"900,000,000\"\n", answered("SN", "", "", "cif"), []string{`grouped: ","`, "list: names", "currency: USD"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := c.text
			if strings.Contains(c.name, "1252") {
				text = strings.NewReplacer("é", "\xe9", "É", "\xc9", "°", "\xb0", "–", "\x96").Replace(text)
			}
			file := made(t, "made.csv", text)
			d := draft(t, file, c.answers)
			for _, w := range c.want {
				if !strings.Contains(d.YAML, w) {
					t.Errorf("the draft does not say %q:\n%s", w, d.YAML)
				}
			}
			prep, err := ingest.Prepare(t.Context(), file, ingest.Options{Profiles: []*ingest.Profile{sound(t, d)}, Dir: t.TempDir(), Now: now()})
			if err != nil {
				t.Fatal(err)
			}
			want := int64(360 + strings.Count(c.text, "World"))
			if prep.Lines != want {
				t.Errorf("%d lines of %d", prep.Lines, want)
			}
		})
	}
}

func names2(code string) string {
	return map[string]string{"FR": "France", "DE": "Germany", "JP": "Japan", "US": "United States", "BR": "Brazil", "ZA": "South Africa"}[code]
}

// TestDraftsOfPackedFilesAndJSON holds the other shapes that a draft reads.
func TestDraftsOfPackedFilesAndJSON(t *testing.T) {
	rows := func(m int, c, p string, v int) string { return fmt.Sprintf("2024-%02d,%s,%s,%d\n", m, c, p, v) }
	const header = "month,hs6,partner,imports_cif_usd\n"
	dir := t.TempDir()
	packed := filepath.Join(dir, "made.csv.gz")
	pack(t, packed, func(f *os.File) error {
		zw := gzip.NewWriter(f)
		if _, err := zw.Write([]byte(header + officeFile(rows))); err != nil {
			return err
		}
		return zw.Close()
	})
	zipped := filepath.Join(dir, "made.zip")
	pack(t, zipped, func(f *os.File) error {
		zw := zip.NewWriter(f)
		for _, m := range []struct{ name, text string }{
			{"2024/a.csv", header + officeFile(rows)},
			{"2024/b.csv", header + strings.ReplaceAll(officeFile(rows), "2024-", "2023-")},
			{"readme.txt", "What the columns mean.\n"},
		} {
			w, err := zw.Create(m.name)
			if err != nil {
				return err
			}
			if _, err := w.Write([]byte(m.text)); err != nil {
				return err
			}
		}
		return zw.Close()
	})
	arrays := made(t, "made.json", `[["month","hs6","partner","imports_cif_usd"]`+officeFile(func(m int, c, p string, v int) string {
		return fmt.Sprintf(",\n[\"2024-%02d\",\"%s\",\"%s\",%d]", m, c, p, v)
	})+"]")
	objects := made(t, "made2.json", `{"count": 360, "data": [`+strings.TrimPrefix(officeFile(func(m int, c, p string, v int) string {
		return fmt.Sprintf(",{\"month\":\"2024-%02d\",\"hs6\":\"%s\",\"partner\":\"%s\",\"imports_cif_usd\":%d}", m, c, p, v)
	}), ",")+"]}")
	for _, c := range []struct {
		file, want string
		lines      int64
	}{
		{packed, "kind: csv", 360},
		{zipped, `members: ".*\\.csv", ignore: ".*\\.txt"`, 720},
		{arrays, "kind: json-arrays, header: true", 360},
		{objects, "kind: json-objects, at: data", 360},
	} {
		t.Run(filepath.Base(c.file), func(t *testing.T) {
			d := draft(t, c.file, answered("SN", "", "", ""))
			if !strings.Contains(d.YAML, c.want) {
				t.Errorf("the draft does not say %q:\n%s", c.want, d.YAML)
			}
			prep, err := ingest.Prepare(t.Context(), c.file, ingest.Options{Profiles: []*ingest.Profile{sound(t, d)}, Dir: t.TempDir(), Now: now()})
			if err != nil {
				t.Fatal(err)
			}
			if prep.Lines != c.lines {
				t.Errorf("%d lines of %d", prep.Lines, c.lines)
			}
		})
	}
}

func pack(t *testing.T, path string, write func(*os.File) error) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := write(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestADraftNeverPassesUnread holds that what only a person knows is refused,
// each with its line and what to write, and that a column that may be a
// dimension is neither used nor ignored.
func TestADraftNeverPassesUnread(t *testing.T) {
	file := made(t, "made.csv", "when,hs6,land,region,Wert\n"+officeFile(func(m int, c, p string, v int) string {
		return fmt.Sprintf("%02d/%02d/2024,%s,%s,north,%d\n%02d/%02d/2024,%s,%s,south,%d\n", m, m, c, p, v, m, m, c, p, v+1)
	}))
	d := draft(t, file, ingest.Answers{})
	_, err := ingest.ParseProfile("draft.yaml", []byte(d.YAML))
	if err == nil {
		t.Fatal("a draft that nobody has read passes")
	}
	for _, want := range []string{
		"office: not filled in yet", "reporter: not filled in yet; write whose", "source: not", "licence: not", "redistribute: not filled in yet; write true or false",
		"fields.currency: not", "constants.flow: not filled in yet; write imports", "constants.valuation: not", "params.format: not filled in yet; write how",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not told: %s\n%v", want, err)
		}
	}
	at := slices.IndexFunc(d.Doubts, func(x ingest.Doubt) bool { return x.About == "columns.region" })
	if at < 0 || !d.Doubts[at].Open {
		t.Fatalf("the dimension is not told: %+v", d.Doubts)
	}
	line := strings.Split(d.YAML, "\n")[d.Doubts[at].Line-1]
	if line != "  - {name: region}" {
		t.Errorf("line %d is %q", d.Doubts[at].Line, line)
	}
	filled := strings.NewReplacer(
		"redistribute: fill me", "redistribute: true", "reporter: fill me", "reporter: SN", "currency: fill me", "currency: EUR",
		"flow: fill me", "flow: imports", "valuation: fill me", "valuation: cif", "format: fill me", "format: 02/01/2006", "partner_role: unknown", "partner_role: origin",
		"fill me\n", "said\n",
	).Replace(d.YAML)
	p, err := ingest.ParseProfile("draft.yaml", []byte(filled))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check(trade.Dataset()); err == nil || !strings.Contains(err.Error(), `the column "region" is neither used nor said to be ignored`) {
		t.Errorf("the dimension passes: %v", err)
	}
}

// TestWhatCannotBeDrafted holds that each is refused in words of its own.
func TestWhatCannotBeDrafted(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"lines of fixed length", strings.Repeat("0101210015US20240100000012345\n", 9), "with nothing between the columns"},
		{"prose", "This is a letter.\nIt has no columns.\n", "no table whose lines have the same columns"},
		{"two columns of one name", "a,a\n1,2\n3,4\n", `names two columns "a"`},
		{"NUL", "a,b\n1,\x00\n3,4\n", "NUL"},
		{"UTF-16", "\xff\xfea\x00,\x00b\x00\n\x00", "UTF-16"},
		{"an old workbook", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 ...", "old Office"},
		{"a header and nothing", "month,hs,value\n", "no line of data"},
		{"nested JSON", `[{"a":1,"b":{"c":2}},{"a":1,"b":{"c":2}}]`, "hold other objects"},
		{"JSON without rows", `{"error":"no"}`, "JSON without rows"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ingest.Draft(t.Context(), made(t, "made", c.text), ingest.Options{}, ingest.Answers{}, "en")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
		})
	}
	_, err := ingest.Draft(t.Context(), made(t, "made.csv", "a,b\n1,2\n"), ingest.Options{}, ingest.Answers{Reporter: "Senegal", Flow: "out", Name: "My Profile"}, "en")
	for _, want := range []string{`"Senegal" is no area`, `flow: "out" is not known`, `name: "My Profile"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("not told: %s\n%v", want, err)
		}
	}
}

// FuzzDraft holds that no file makes a draft panic, or a text that is no YAML.
func FuzzDraft(f *testing.F) {
	f.Add([]byte("month,hs,\"a \"\"b\"\"\",value: #1\n202401,0101,FR,3\n202402,0102,DE,4\n"))
	f.Add([]byte("[[\"01\",2],[\"02\",3]]"))
	f.Add([]byte("{\"data\":[{\"a\":null,\"b\":true},{\"a\":1.5}]}"))
	f.Add([]byte("\xef\xbb\xbfa;b\n1,5;-\n2,5;x\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := ingest.Draft(t.Context(), path, ingest.Options{}, ingest.Answers{}, "fr")
		if err != nil {
			return
		}
		_, err = ingest.ParseProfile("draft.yaml", []byte(d.YAML))
		if err == nil {
			t.Errorf("a draft that nobody has read passes:\n%s", d.YAML)
		} else if strings.Contains(err.Error(), "no YAML") || strings.Contains(err.Error(), "is not known; known are name") {
			t.Errorf("%v\n%s", err, d.YAML)
		}
	})
}
