package mirror_test

import (
	"archive/tar"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/mirror"
	"guichet/trade"
)

// TestCanadaAndTheUS2024 reads the two offices' own files: C$595,938,794,151
// is US$434.93bn at monthly rates, against US general imports of 411.77bn.
func TestCanadaAndTheUS2024(t *testing.T) {
	data := dataFolder(t)
	q := question(t, "CA", "US", "2024")
	canada := guichet.Answer{Rows: canadaToUS(t, filepath.Join(data, "flows/statcan-2024-2026/countries_monthly.csv"))}
	us, byProduct := usFromCanada(t, filepath.Join(data, "flows/us-census-imports-hts10/data/2024_countries_data.tar.gz"))
	none := guichet.Answer{Gaps: []guichet.Gap{{Reporter: "CA", Reason: guichet.GapNotCovered, Text: "no products by country"}}}
	x := mirror.SideFrom(q, true, mirror.Given{Total: canada, Products: &none}, mirror.Rates{Of: trade.Rate})
	m := mirror.SideFrom(q, false, mirror.Given{Total: us, Products: &byProduct}, mirror.Rates{Of: trade.Rate})
	a := mirror.Compare(q, x, m, mirror.Options{Lang: "en", Rates: trade.RatesVersion()})

	if x.National.String() != "595938794151" || show(m.USD) != "411771590692" || m.System != trade.General {
		t.Errorf("X is C$%v, M US$%s of %s", x.National, show(m.USD), m.System)
	}
	for name, c := range map[string]struct {
		of     *guichet.Decimal
		places int
		want   string
	}{"at monthly rates": {x.USD, 2, "434.93"}, "at the mean of the year": {x.USDYear, 1, "435.0"}} {
		if got := billions(c.of, c.places); got != c.want {
			t.Errorf("X %s is US$%sbn, want %s", name, got, c.want)
		}
	}
	want := "shared_source dollars_estimated also_published frequency_differs valuations_differ partner_roles_differ re_exports_not_told by_product_unknown"
	if got := codesOf(a.Remarks); got != want {
		t.Errorf("remarks:\n got %s\nwant %s", got, want)
	}
	if a.SumAbsolute != nil || a.Asymmetry == nil || len(m.ByProduct) == 0 {
		t.Errorf("c %s, by product %s over %d US products", show(a.Asymmetry), show(a.SumAbsolute), len(m.ByProduct))
	}
	if r, ok := adjustmentOf(a, trade.AdjustCIF); ok {
		t.Errorf("what is not CIF was divided: %+v", r)
	}
}

func billions(d *guichet.Decimal, places int) string {
	if d == nil {
		return "none"
	}
	return d.Rat().Quo(d.Rat(), guichet.DecimalOf(1_000_000_000).Rat()).FloatString(places)
}

func canadaToUS(t *testing.T, file string) []guichet.Row {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []guichet.Row
	for _, line := range lines {
		if line[1] != "US" || !strings.HasPrefix(line[0], "2024-") {
			continue
		}
		month, err := guichet.ParsePeriod(line[0])
		if err != nil {
			t.Fatal(err)
		}
		rate, ok := trade.Rate("CAD", month)
		if !ok {
			t.Fatalf("no rate of %s", month)
		}
		value := dec(t, line[3])
		usd := guichet.DecimalFromRat(value.Rat().Quo(value.Rat(), rate.Rat()), 3)
		rows = append(rows, row(t, "reporter=CA partner=US currency=CAD period="+line[0], line[3], usd.String(), ""))
	}
	return rows
}

// usFromCanada returns the rows of the US file of Canada, 1220: both trade
// systems, in all and by six digits.
func usFromCanada(t *testing.T, file string) (total, byProduct guichet.Answer) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewReader(z)
	for name := ""; name != "2024/countries_data/1220.json"; {
		head, err := archive.Next()
		if err != nil {
			t.Fatal(err)
		}
		name = head.Name
	}
	text, err := io.ReadAll(archive)
	if err != nil {
		t.Fatal(err)
	}
	var lines [][]any
	if err := json.Unmarshal(text, &lines); err != nil {
		t.Fatal(err)
	}
	const base = "reporter=US partner=CA flow=imports valuation=customs_value partner_role=origin currency=USD freq=A period=2024 trade_system="
	for i, system := range []trade.System{trade.SpecialRelaxed, trade.General} {
		sum := guichet.Decimal{}
		for _, line := range lines {
			value := guichet.DecimalOf(int64(line[2-i].(float64)))
			sum = sum.Add(value)
			byProduct.Rows = append(byProduct.Rows, row(t, base+string(system)+" hs6="+line[0].(string)[:6], value.String(), "", ""))
		}
		total.Rows = append(total.Rows, row(t, base+string(system), sum.String(), "", ""))
	}
	return total, byProduct
}

func dataFolder(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("GUICHET_DATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	if _, err := os.Stat(filepath.Join(dir, "DATA.md")); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the data folder is missing: %v", err)
		}
		t.Skipf("needs the data folder: set GUICHET_DATA or put it at ../shared/data (%v)", err)
	}
	return dir
}
