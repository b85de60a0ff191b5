package hs_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"guichet/hs"
)

func TestSources(t *testing.T) {
	var tables []string
	for _, s := range hs.Sources() {
		tables = append(tables, s.Table)
		if s.From == "" || s.Date != "2026-11-21" || s.Version == "" || s.Rows < 5052 || len(s.Digest) != 64 {
			t.Errorf("a source is not told whole: %+v", s)
		}
	}
	want := []string{
		"HS2007", "HS2012", "HS2017", "HS2017-HS2007", "HS2017-HS2012", "HS2022", "HS2022-HS2007", "HS2022-HS2012", "HS2022-HS2017",
	}
	if !slices.Equal(tables, want) {
		t.Errorf("the tables are %v, want %v", tables, want)
	}
}

func TestVersion(t *testing.T) {
	v := hs.Version()
	if !regexp.MustCompile(`^hs-[0-9a-f]{12}$`).MatchString(v) {
		t.Errorf("the version is %q", v)
	}
	if again, err := hs.Load(asItIs); err != nil || again != v {
		t.Errorf("loaded again the version is %q, %v; it was %q", again, err, v)
	}
}

func asItIs(_ string, b []byte) ([]byte, error) { return b, nil }

// TestVersionFollowsTheFacts: one unit changed, another version.
func TestVersionFollowsTheFacts(t *testing.T) {
	got, err := hs.Load(func(table string, b []byte) ([]byte, error) {
		if table != "HS2022" {
			return b, nil
		}
		return reseal(t, strings.Replace(unzip(t, b), "\n0101 21k", "\n0101 21f", 1)), nil
	})
	if err != nil || got == hs.Version() {
		t.Errorf("with another unit the version is %q, %v; it was %q", got, err, hs.Version())
	}
}

// TestDamagedTables: what one table says against itself or another is refused.
func TestDamagedTables(t *testing.T) {
	for name, c := range map[string]struct{ table, old, now, word string }{
		"list with a hole":        {"HS2022", "\n0101 21k 29k", "\n0101 21k", "codes where the header says"},
		"list out of order":       {"HS2022", "\n0101 21k 29k", "\n0101 29k 21k", "no subheading after"},
		"another table's name":    {"HS2022", "table=HS2022", "table=HS2017", "the header says"},
		"table with a hole":       {"HS2022-HS2017", "\n010121 21*\n29 29*", "\n010121 21*", "relations where the header says"},
		"table out of order":      {"HS2022-HS2017", "\n010121 21*\n29 29*", "\n010129 21*\n21 29*", "does not go on"},
		"code of no edition":      {"HS2022-HS2017", "\n010121 21*", "\n010111 21*", "does not hold"},
		"code of no edition, old": {"HS2022-HS2017", "\n010121 21*", "\n010121 11*", "does not hold"},
	} {
		_, err := hs.Load(func(table string, b []byte) ([]byte, error) {
			if table != c.table {
				return b, nil
			}
			text := unzip(t, b)
			if !strings.Contains(text, c.old) {
				t.Fatalf("%s: %q is not in the table", name, c.old)
			}
			return reseal(t, strings.Replace(text, c.old, c.now, 1)), nil
		})
		if err == nil || !strings.Contains(err.Error(), c.word) || !strings.HasPrefix(err.Error(), c.table) {
			t.Errorf("%s: the error is %v; it should name %s and say %q", name, err, c.table, c.word)
		}
	}
	for _, absent := range []string{"HS2012", "HS2017-HS2007"} {
		_, err := hs.Load(func(table string, b []byte) ([]byte, error) {
			if table == absent {
				return nil, os.ErrNotExist
			}
			return b, nil
		})
		if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("without %s the error is %v", absent, err)
		}
	}
}

// reseal packs a text under a digest that fits it.
func reseal(t *testing.T, text string) []byte {
	t.Helper()
	_, body, _ := strings.Cut(text, "\n")
	sum := sha256.Sum256([]byte(body))
	return zip(t, regexp.MustCompile("digest=[0-9a-f]*").ReplaceAllString(text, "digest="+hex.EncodeToString(sum[:])))
}

// TestDamage: a file that was cut or changed is refused.
func TestDamage(t *testing.T) {
	whole, err := hs.Packed("HS2007")
	if err != nil {
		t.Fatal(err)
	}
	text := unzip(t, whole)
	for name, damaged := range map[string][]byte{
		"cut":           whole[:len(whole)/2],
		"no gzip":       []byte("guichet hs facts\tformat=1"),
		"one digit":     zip(t, strings.Replace(text, "\n0101 10", "\n0101 20", 1)),
		"other format":  zip(t, strings.Replace(text, "format=1", "format=2", 1)),
		"rows in words": zip(t, strings.Replace(text, "rows=5052", "rows=many", 1)),
		"no digest":     zip(t, regexp.MustCompile("digest=[0-9a-f]*").ReplaceAllString(text, "digest=")),
		"a bomb":        zip(t, strings.Repeat("0", 3<<20)),
		"empty":         zip(t, ""),
	} {
		if _, _, err := hs.Unpack(damaged); err == nil {
			t.Errorf("%s: the file is taken", name)
		}
	}
	if s, body, err := hs.Unpack(whole); err != nil || s.Table != "HS2007" || !strings.HasPrefix(body, "units\n0101 10 90\n") {
		t.Errorf("the whole file is %+v, %v", s, err)
	}
}

func zip(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func unzip(t *testing.T, packed []byte) string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestAgainstTheLists compares the facts with the files they were made from,
// row by row and in both directions.
func TestAgainstTheLists(t *testing.T) {
	for e, name := range map[hs.Edition]string{hs.HS2007: "hs_h3.csv", hs.HS2012: "hs_h4.csv", hs.HS2017: "hs_h5.csv", hs.HS2022: "hs_h6.csv"} {
		got := make(map[string]string)
		for _, digits := range []int{2, 4, 6} {
			for _, c := range hs.Codes(e, digits) {
				got[string(c)] = string(c.Parent()) + " " + hs.StandardUnit(e, c)
			}
		}
		want := make(map[string]string)
		section := make(map[string]string)
		for _, r := range readCSV(t, name) {
			switch {
			case r["level"] == "S", strings.HasPrefix(r["code"], "99"), r["code"] == "77":
			case r["level"] == "2":
				section[r["code"]] = r["parent"]
				want[r["code"]] = " "
			default:
				want[r["code"]] = r["parent"] + " " + r["wco_std_unit"]
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%v is not what %s says: %d codes here, %d there", e, name, len(got), len(want))
		}
		for c, s := range section {
			if got := hs.Section(e, hs.Code(c)); s != "" && got != s {
				t.Errorf("%v: chapter %s is in section %s, %s says %s", e, c, got, name, s)
			}
		}
	}
}

func TestAgainstTheTables(t *testing.T) {
	for _, p := range [][2]hs.Edition{{hs.HS2017, hs.HS2007}, {hs.HS2017, hs.HS2012}, {hs.HS2022, hs.HS2007}, {hs.HS2022, hs.HS2012}, {hs.HS2022, hs.HS2017}} {
		newer, older := strings.ToLower(p[0].String()), strings.ToLower(p[1].String())
		got := make(map[string]bool)
		for _, c := range hs.Codes(p[0], 6) {
			for _, r := range hs.Relations(p[0], c, p[1]) {
				got[fmt.Sprintf("%s %s %s %v %v", r.From, r.To, r.Kind, r.Partial, r.Default)] = true
				if r.Derived {
					t.Errorf("%v is printed, not derived: %+v", p, r)
				}
			}
		}
		want := make(map[string]bool)
		for _, r := range readCSV(t, "concordance_"+newer+"_"+older+".csv") {
			if r[newer] != "999999" {
				want[fmt.Sprintf("%s %s %s %v %v", r[newer], r[older], r["relationship"], r["partial_ex"] == "ex", r["is_unsd_conversion"] == "1")] = true
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%v is not what the table says: %d relations here, %d there", p, len(got), len(want))
		}
	}
}

// TestCovidFigures holds how far the goods of the WCO and WHO list of 2020,
// 72 subheadings of HS2017, can be compared with the other editions.
func TestCovidFigures(t *testing.T) {
	goods := make(map[hs.Code]bool)
	for _, r := range readCSV(t, "covid_wco_who_ed3_2020.csv") {
		if c := hs.Code(r["hs2017_code"]); len(c) == 6 {
			goods[c] = true
		}
	}
	want := map[hs.Edition]map[hs.Comparison]int{
		hs.HS2007: {hs.Exact: 62, hs.DefaultConversion: 10},
		hs.HS2012: {hs.Exact: 66, hs.DefaultConversion: 6},
		hs.HS2022: {hs.Exact: 47, hs.DefaultConversion: 25},
	}
	for _, to := range []hs.Edition{hs.HS2007, hs.HS2012, hs.HS2022} {
		got := make(map[hs.Comparison]int)
		for c := range goods {
			got[hs.Correspond(hs.HS2017, c, to).Comparison]++
		}
		if !reflect.DeepEqual(got, want[to]) {
			t.Errorf("of %d goods in %v: %v, want %v", len(goods), to, got, want[to])
		}
	}
}

// readCSV reads a file of the shared folder, which a stranger does not have.
func readCSV(t *testing.T, name string) []map[string]string {
	t.Helper()
	data := os.Getenv("GUICHET_DATA")
	if data == "" {
		data = "../../shared/data"
	}
	path := filepath.Join(data, "codes", name)
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is absent: set GUICHET_DATA to the folder of the shared data", path)
		}
		t.Skipf("skipped: %s is absent; set GUICHET_DATA to the folder of the shared data", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := make([]map[string]string, 0, len(rows)-1)
	for _, r := range rows[1:] {
		m := make(map[string]string, len(r))
		for i, v := range r {
			m[rows[0][i]] = v
		}
		out = append(out, m)
	}
	return out
}
