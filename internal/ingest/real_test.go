package ingest_test

import (
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet"
	"guichet/internal/ingest"
)

// data returns a file of the data folder. Without the folder the test is
// skipped; under CI its absence fails.
func data(tb testing.TB, name string) string {
	tb.Helper()
	dir := os.Getenv("GUICHET_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	path := filepath.Join(dir, "flows", name)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			tb.Fatalf("the data folder is missing: %v", err)
		}
		tb.Skipf("no data folder: %v", err)
	}
	return path
}

func now() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

// embedded are the profiles, read once.
var embedded = sync.OnceValues(ingest.Profiles)

func profiles(tb testing.TB) []*ingest.Profile {
	tb.Helper()
	all, err := embedded()
	if err != nil {
		tb.Fatal(err)
	}
	return slices.Clone(all)
}

func prepare(tb testing.TB, file string) *ingest.Prepared {
	tb.Helper()
	p, err := ingest.Prepare(tb.Context(), file, ingest.Options{Profiles: profiles(tb), Dir: tb.TempDir(), Now: now()})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// lines reads the text of a layout by column name.
func lines(tb testing.TB, l guichet.Layout, visit func(get func(string) string)) (n int) {
	tb.Helper()
	at := map[string]int{}
	for i, c := range l.Columns {
		at[c] = i
	}
	var row []string
	get := func(col string) string {
		i, ok := at[col]
		if !ok {
			tb.Fatalf("the layout has no column %q", col)
		}
		return row[i]
	}
	for _, name := range l.Files {
		f, err := os.Open(name)
		if err != nil {
			tb.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		r := csv.NewReader(f)
		r.ReuseRecord = true
		r.FieldsPerRecord = len(l.Columns)
		for first := true; ; first = false {
			var err error
			row, err = r.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				tb.Fatal(err)
			}
			if first && l.Header {
				continue
			}
			n++
			visit(get)
		}
	}
	return n
}

// totals adds up what each record of a layout gives, by the constant that
// tells the records apart.
func totals(tb testing.TB, l guichet.Layout, field string) (map[string]guichet.Decimal, map[string]int) {
	tb.Helper()
	sums, counts := map[string]guichet.Decimal{}, map[string]int{}
	lines(tb, l, func(get func(string) string) {
		for _, r := range l.Records {
			holds := true
			for _, w := range r.When {
				holds = holds && slices.Contains(w.In, get(w.Column)) != w.Not
			}
			if !holds {
				continue
			}
			d, err := guichet.ParseDecimal(get(r.Measures["value"].Column))
			if err != nil {
				tb.Fatal(err)
			}
			name := r.Constants[field]
			sums[name] = sums[name].Add(d)
			counts[name]++
		}
	})
	return sums, counts
}

func wantSums(t *testing.T, got map[string]guichet.Decimal, want map[string]string) {
	t.Helper()
	for k, v := range want {
		if got[k].String() != v {
			t.Errorf("%s: the sum is %s, want %s", k, got[k], v)
		}
	}
}

// The figures below are those of data/DATA.md, computed on the same files.

func TestUSCensus(t *testing.T) {
	p := prepare(t, data(t, "us-census-imports-hts10/data/2024_countries_data.tar.gz"))
	if p.Profile.Name != "us-census-imports-hts10" || p.FilePeriod != "2024" || p.Reporter != "US" || p.Lines != 338487 {
		t.Errorf("got %s, %s, %s, %d lines", p.Profile.Name, p.FilePeriod, p.Reporter, p.Lines)
	}
	sums, counts := totals(t, p.Layout, "trade_system")
	wantSums(t, sums, map[string]string{"general": "3263893254128", "special_relaxed": "3248681266535"})
	if counts["general"] != 338487 {
		t.Errorf("%d general records", counts["general"])
	}
	var estimate, hidden guichet.Decimal
	lines(t, p.Layout, func(get func(string) string) {
		hts := get("hts")
		if hts != "9999950000" && hts != "2918000000" {
			return
		}
		d, err := guichet.ParseDecimal(get("general"))
		if err != nil {
			t.Fatal(err)
		}
		if hts == "9999950000" {
			estimate = estimate.Add(d)
		} else if get("country") == "1220" {
			hidden = hidden.Add(d)
		}
	})
	if estimate.String() != "24457567867" || hidden.String() != "70959560" {
		t.Errorf("9999950000 is %s, 2918000000 from Canada %s", estimate, hidden)
	}
}

func TestStatsNZ(t *testing.T) {
	p := prepare(t, data(t, "statsnz-exports-hs10/Jan_2025_Exports_HS10_by_Country.csv"))
	sums, _ := totals(t, p.Layout, "flow")
	wantSums(t, sums, map[string]string{"exports": "6054649883", "domestic_exports": "5786480457", "re_exports": "268169426"})
	if p.Lines != 17705 || len(p.Controls) != 1 || !p.Controls[0].OK() || p.Controls[0].Stated.String() != "6054649883" {
		t.Errorf("%d lines, controls %v", p.Lines, p.Controls)
	}
	partners, unreported := 0, 0
	lines(t, p.Layout, func(get func(string) string) {
		if strings.HasPrefix(get("hs"), "901920") {
			partners++
			if get("_total_status") == "not_reported" && get("_total_qty") == "" {
				unreported++
			}
		}
	})
	if partners != 40 || unreported != 40 {
		t.Errorf("901920 goes to %d partners, quantity not reported on %d", partners, unreported)
	}
}

func TestStatCan(t *testing.T) {
	for _, file := range []string{"countries_monthly.csv", "hs2_monthly.csv"} {
		path := data(t, "statcan-2024-2026/"+file)
		p := prepare(t, path)
		sums, _ := totals(t, p.Layout, "flow")
		wantSums(t, sums, map[string]string{"imports": "767211186094", "exports": "780794738909"})
		if !p.Controls[0].OK() {
			t.Errorf("%s: %v", file, p.Controls)
		}
		if p.Layout.Files[0] != path {
			t.Errorf("%s was copied to %s", file, p.Layout.Files[0])
		}
	}
}

func TestStatCanProductsNeedTheirPeriod(t *testing.T) {
	path := data(t, "statcan-2024-2026/products.csv")
	o := ingest.Options{Profiles: profiles(t), Dir: t.TempDir(), Now: now()}
	for _, given := range []string{"", "2024-01-05:2026-04-06", "28 months"} {
		o.Given = map[string]string{"period": given}
		_, err := ingest.Prepare(t.Context(), path, o)
		if guichet.KindOf(err) != guichet.KindInvalid || !strings.Contains(err.Error(), "period") {
			t.Errorf("given %q: %v", given, err)
		}
	}
	o.Given = map[string]string{"period": "2024-01:2026-04"}
	p, err := ingest.Prepare(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	sums, counts := totals(t, p.Layout, "flow")
	wantSums(t, sums, map[string]string{"imports": "1823110652014", "exports": "1827386242442"})
	if counts["imports"] != 10750 || counts["exports"] != 5978 {
		t.Errorf("records %v", counts)
	}
}

func TestHMRC(t *testing.T) {
	p := prepare(t, data(t, "hmrc-bulk-smkm46-2009-02/SMKM460902_rl_manual_fix.zip"))
	if p.FilePeriod != "2009-02" || p.Lines != 132776 || p.Action != "add" {
		t.Errorf("period %s, %d lines, action %s", p.FilePeriod, p.Lines, p.Action)
	}
	sums, counts := totals(t, p.Layout, "trade_system")
	wantSums(t, sums, map[string]string{"unknown": "13704670056", "general": "13625605275", "special_relaxed": "13623930408"})
	if counts["unknown"] != 132776 {
		t.Errorf("records %v", counts)
	}
	months, flagged, mass := map[string]guichet.Decimal{}, 0, guichet.Decimal{}
	lines(t, p.Layout, func(get func(string) string) {
		d, err := guichet.ParseDecimal(get("value"))
		if err != nil {
			t.Fatal(err)
		}
		months[get("period")] = months[get("period")].Add(d)
		if get("_mass") == "outlier" {
			flagged++
			kg, err := guichet.ParseDecimal(get("net_mass"))
			if err != nil {
				t.Fatal(err)
			}
			mass = mass.Add(kg)
		}
	})
	wantSums(t, months, map[string]string{
		"0200801": "-14173723", "0200802": "2592376", "0200803": "-15977455", "0200804": "-7579794", "0200805": "1016739",
		"0200806": "16097394", "0200807": "32464459", "0200808": "36287239", "0200809": "947782325", "0200810": "45483415",
		"0200811": "52014122", "0200812": "79152786", "0200901": "246223268", "0200902": "12283286905",
	})
	if flagged != 5 || mass.String() != "11872001520" {
		t.Errorf("%d lines with an outlying mass of %s kg", flagged, mass)
	}
	want := []string{"132302 131968", "0 0", "106 106", "369 702", "15067930317 12283286905", "842911648 1421383151"}
	for i, c := range p.Controls {
		if got := c.Stated.String() + " " + c.Found.String(); got != want[i] {
			t.Errorf("%s: %s, want %s", c.Name, got, want[i])
		}
	}
}

func TestComtrade(t *testing.T) {
	p := prepare(t, data(t, "comtrade-formats/comtradeplus_new_csv_THA_imports_8542.csv"))
	n := lines(t, p.Layout, func(get func(string) string) {
		if get("_valuation") != "cif" {
			t.Errorf("line %s: valuation %s", get("_line"), get("_valuation"))
		}
		if get("partnerCode") == "531" && get("partnerDesc") != "Curaçao" {
			t.Errorf("531 is %s", get("partnerDesc"))
		}
	})
	if n != 1178 || p.MayRedistribute {
		t.Errorf("%d lines, may redistribute: %v", n, p.MayRedistribute)
	}
	for folder, want := range map[string]int{"comtrade-b5-imports-hs6-2018-2024": 7726, "mirror-us-exports-vs-partner-imports-hs6": 6089} {
		files, err := filepath.Glob(filepath.Join(data(t, folder), "*", "*.csv"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no files: %v", err)
		}
		valuations, rows := map[string]int{}, 0
		for _, f := range files {
			p := prepare(t, f)
			rows += lines(t, p.Layout, func(get func(string) string) { valuations[get("reporterCode")+" "+get("_valuation")]++ })
		}
		if rows != want || valuations["124 cif"] != 0 || valuations["826 fob"] != 0 || valuations["757 unknown"] != 0 {
			t.Errorf("%s: %d rows, valuations %v", folder, rows, valuations)
		}
	}
}
