package harmonise_test

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"guichet"
	"guichet/hs"
	"guichet/internal/harmonise"
	"guichet/trade"
)

// open opens a file of the data folder, or skips the test where there is none.
func open(t *testing.T, name string) *os.File {
	t.Helper()
	folder := os.Getenv("GUICHET_DATA")
	if folder == "" {
		folder = "../../../shared/data"
	}
	f, err := os.Open(filepath.Join(folder, name))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("the real files are not here (set GUICHET_DATA): %v", err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// tally counts what is judged.
type tally struct {
	group  guichet.KeyGroup
	judge  *harmonise.Judge
	values map[string]int64           // remark or reason, and the sum of its figures
	codes  map[string]map[string]bool // remark or reason, and its keys
}

func newTally(t *testing.T, g guichet.KeyGroup) *tally {
	t.Helper()
	return &tally{g, mustJudge(t, g), map[string]int64{}, map[string]map[string]bool{}}
}

func (c *tally) add(value int64, key ...string) guichet.Verdict {
	v := c.judge.Verdict(key)
	said := append([]string{"all"}, v.Remarks...)
	if v.Reject != "" {
		said = append(said, "!"+v.Reject)
	}
	for _, s := range said {
		c.values[s] += value
		if c.codes[s] == nil {
			c.codes[s] = map[string]bool{}
		}
		c.codes[s][key[0]] = true
	}
	return v
}

// countryFiles yields the rows of each country's file: 2024/countries_data/1220.json.
func countryFiles(t *testing.T, files *tar.Reader) iter.Seq2[string, [][]any] {
	t.Helper()
	return func(yield func(string, [][]any) bool) {
		for {
			h, err := files.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			country, ok := strings.CutSuffix(filepath.Base(h.Name), ".json")
			if !ok {
				continue
			}
			var rows [][]any
			d := json.NewDecoder(files)
			d.UseNumber()
			if err := d.Decode(&rows); err != nil {
				t.Fatal(err)
			}
			if !yield(country, rows) {
				return
			}
		}
	}
}

// TestUSImports2024 holds the figures that must come out of the Census file:
// nothing put aside, unlisted codes kept and told.
func TestUSImports2024(t *testing.T) {
	t.Parallel()
	z, err := gzip.NewReader(open(t, "flows/us-census-imports-hts10/data/2024_countries_data.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	g := usImports()
	g.Params["period_format"] = "2006"
	hsAt := slices.Index(g.Fields, "hs")
	product := newTally(t, g)
	partner := mustJudge(t, guichet.KeyGroup{
		Name: "partner", Rule: harmonise.RuleArea, Columns: []string{"cty"}, Fields: []string{"partner", "partner_kind"},
		Params: map[string]string{"list": "us-schedule-c", "reporter": "US"},
	})
	var chapter98, hiddenCA int64
	for member, rows := range countryFiles(t, tar.NewReader(z)) {
		country := partner.Verdict([]string{member})
		if country.Reject != "" || country.Values[1] == "group" || country.Values[1] == "world" {
			t.Errorf("%s is %v", member, country)
		}
		for _, r := range rows {
			value, err := r[1].(json.Number).Int64()
			if err != nil {
				t.Fatal(err)
			}
			v := product.add(value, r[0].(string), "2024")
			switch {
			case v.Values[hsAt] == "98":
				chapter98 += value
			case slices.Contains(v.Remarks, trade.RemarkRolledUp) && country.Values[0] == "CA":
				hiddenCA += value
			}
		}
	}
	for said, want := range map[string]int64{"all": 3_263_893_254_128, "not_listed": 175_964_457_324, "estimate_over_partners": 24_457_567_867} {
		if got := product.values[said]; got != want {
			t.Errorf("%s: US$%d, want %d", said, got, want)
		}
	}
	if chapter98 != 104_127_083_751 || hiddenCA != 70_959_560 || len(product.codes["not_listed"]) != 133 {
		t.Errorf("chapter 98 %d, rolled up from Canada %d, codes not listed %d", chapter98, hiddenCA, len(product.codes["not_listed"]))
	}
	for said, codes := range product.codes {
		t.Logf("%-24s %6d codes, US$%d", said, len(codes), product.values[said])
		if strings.HasPrefix(said, "!") || said == "no_hs" || said == "odd_length" || said == "edition_assumed" {
			t.Errorf("%d codes are %s", len(codes), said)
		}
	}
}

// TestNZExports2025 holds that every code, country and unit of Stats NZ is read.
func TestNZExports2025(t *testing.T) {
	t.Parallel()
	rows, err := csv.NewReader(open(t, "flows/statsnz-exports-hs10/Jan_2025_Exports_HS10_by_Country.csv")).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	product := newTally(t, guichet.KeyGroup{
		Name: "product", Rule: harmonise.RuleCommodity, Columns: []string{"hs", "month"}, Fields: []string{"hs"},
		Params: map[string]string{"list": "nz-tariff", "country": "NZ", "flow": "exports", "period_format": "200601"},
		Marks:  []guichet.Mark{{Pattern: "^9809000000$", Remark: "confidential_total", Fields: map[string]string{"hs": "", "level": "0", "conf_status": "rolled_up"}}},
	})
	country := newTally(t, guichet.KeyGroup{
		Name: "partner", Rule: harmonise.RuleArea, Columns: []string{"country"}, Fields: []string{"partner", "partner_kind"},
		Params: map[string]string{"list": "nz-names", "reporter": "NZ"},
	})
	unit := newTally(t, guichet.KeyGroup{
		Name: "unit", Rule: harmonise.RuleUnit, Columns: []string{"uom"}, Fields: []string{"unit"}, Params: map[string]string{"list": "nz"},
	})
	for _, r := range rows[1:] {
		value, err := strconv.ParseInt(r[9], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		product.add(value, r[1], r[0])
		country.add(value, r[4])
		unit.add(value, r[3])
	}
	if product.values["all"] != 6_054_649_883 || product.values["confidential_total"] != 57_280_081 {
		t.Errorf("total NZ$%d, confidential NZ$%d", product.values["all"], product.values["confidential_total"])
	}
	for name, c := range map[string]*tally{"product": product, "partner": country, "unit": unit} {
		for said, keys := range c.codes {
			t.Logf("%s: %s of %d keys, NZ$%d", name, said, len(keys), c.values[said])
			if strings.HasPrefix(said, "!") || said == "unknown_unit" || said == "no_hs" || said == "prefix_not_in_hs" {
				t.Errorf("%s: %s of %d keys", name, said, len(keys))
			}
		}
	}
}

// TestHMRCArrivals2009 holds that CN2009 is read in HS2007.
func TestHMRCArrivals2009(t *testing.T) {
	t.Parallel()
	f := open(t, "flows/hmrc-bulk-smkm46-2009-02/SMKM460902_rl_manual_fix.zip")
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	in, err := z.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	g := guichet.KeyGroup{
		Name: "product", Rule: harmonise.RuleCommodity, Columns: []string{"comcode", "period"}, Fields: []string{"hs", "edition"},
		Params: map[string]string{"list": "uk-cn", "country": "GB", "flow": "imports", "period_format": "0200601", "digits": "9", "depth": "8"},
		Marks: []guichet.Mark{
			{Pattern: "^9990(87|88)000$", Common: "$1", Remark: "rolled_up"},
			{Pattern: `^990(\d\d)\d{4}$`, Common: "$1", Remark: "rolled_up", Fields: map[string]string{"conf_status": "rolled_up"}},
		},
	}
	product := newTally(t, g)
	var older, lines int64
	for s := bufio.NewScanner(in); s.Scan(); {
		l := s.Text()
		if len(l) < 100 || strings.HasPrefix(l, "999999999|") {
			continue
		}
		value, err := strconv.ParseInt(l[77:93], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		v := product.add(value, l[:9], l[36:43])
		if six := hs.Code(v.Values[0]); len(six) == 6 && !hs.Known(hs.HS2012, six) {
			older += value
			lines++
		}
	}
	if lines != 3_625 || older != 390_403_296 {
		t.Errorf("not in HS2012: %d lines, GBP %d; want 3625 and 390403296", lines, older)
	}
	if product.values["all"] != 13_704_670_056 {
		t.Errorf("GBP %d", product.values["all"])
	}
	for said, codes := range product.codes {
		t.Logf("%s of %d codes, GBP %d", said, len(codes), product.values[said])
		if strings.HasPrefix(said, "!") || said == "no_hs" || said == "prefix_not_in_hs" {
			t.Errorf("%d codes are %s", len(codes), said)
		}
	}
}
