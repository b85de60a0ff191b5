package demo_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/codes"
	"guichet/hs"
	"guichet/internal/demo"
	"guichet/trade"

	"github.com/google/go-cmp/cmp"
)

func makeFiles(t *testing.T, seed uint64) []demo.File {
	t.Helper()
	files, err := demo.Make(t.TempDir(), seed)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func content(t *testing.T, f demo.File) []byte {
	t.Helper()
	text, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestSameSeedSameBytes(t *testing.T) {
	first, again, other := makeFiles(t, 7), makeFiles(t, 7), makeFiles(t, 8)
	if len(first) != len(again) || len(first) != len(other) {
		t.Fatalf("%d, %d and %d files", len(first), len(again), len(other))
	}
	for i, f := range first {
		if !bytes.Equal(content(t, f), content(t, again[i])) {
			t.Errorf("%s differs from itself", filepath.Base(f.Path))
		}
		if bytes.Equal(content(t, f), content(t, other[i])) {
			t.Errorf("%s is the same for another seed", filepath.Base(f.Path))
		}
	}
}

func TestEveryFileSaysThatItIsMade(t *testing.T) {
	members, lines := map[string]bool{}, 0
	for _, f := range makeFiles(t, 1) {
		members[f.Member] = true
		lines += f.Lines
		if !f.Generated || !strings.Contains(filepath.Base(f.Path), "-generated.") || f.Title.EN == "" || f.Title.FR == "" {
			t.Errorf("%s does not say that it is made, or what it is: %+v", filepath.Base(f.Path), f)
		}
	}
	if len(members) != 5 || lines < 2000 || lines > 9000 {
		t.Errorf("%d members have %d lines, want 5 with a few thousand", len(members), lines)
	}
}

// TestStatedTotalsStandInTheFiles reads each file as its office writes it.
func TestStatedTotalsStandInTheFiles(t *testing.T) {
	readers := map[string]func(*testing.T, []byte) (map[string]int64, int){"US": readUS, "CA": readCA, "NZ": readNZ, "GB": readGB, "AU": readAU}
	for _, seed := range []uint64{0, 1, 42} {
		for _, f := range makeFiles(t, seed) {
			sums, lines := readers[f.Member](t, content(t, f))
			found := map[string]string{}
			for name, n := range sums {
				found[name] = strconv.FormatInt(n, 10)
			}
			stated := map[string]string{}
			for name, d := range f.Totals {
				stated[name] = d.String()
			}
			if d := cmp.Diff(found, stated); d != "" || lines != f.Lines {
				t.Errorf("seed %d, %s: %d lines, stated %d; totals (-found +stated):\n%s", seed, filepath.Base(f.Path), lines, f.Lines, d)
			}
		}
	}
}

func readUS(t *testing.T, text []byte) (map[string]int64, int) {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(z.Comment, "generated") {
		t.Errorf("the gzip comment is %q", z.Comment)
	}
	sums, lines := map[string]int64{}, 0
	for archive := tar.NewReader(z); ; {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return sums, lines
		}
		if err != nil {
			t.Fatal(err)
		}
		key, _ := strings.CutSuffix(strings.TrimPrefix(head.Name, "2024/countries_data/"), ".json")
		if area, ok := codes.AreaIn("us-schedule-c", key); !ok || area.Kind != codes.Country {
			t.Errorf("the member %s names no country", head.Name)
		}
		var rows [][]any
		if err := json.NewDecoder(archive).Decode(&rows); err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			for i, name := range []string{"general", "consumption", "dutiable", "duties"} {
				sums[name] += int64(row[i+1].(float64))
			}
			if len(row) != 5 || len(row[0].(string)) != 10 || row[2].(float64) > row[1].(float64) || row[3].(float64) > row[2].(float64) {
				t.Errorf("%s holds %v", head.Name, row)
			}
		}
		lines += len(rows)
	}
}

func table(t *testing.T, text []byte, columns int) [][]string {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	r.FieldsPerRecord = columns
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func whole(t *testing.T, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(strings.TrimSuffix(s, ".0"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func readCA(t *testing.T, text []byte) (map[string]int64, int) {
	t.Helper()
	if bytes.Count(text, []byte("\n")) != bytes.Count(text, []byte("\r\n")) {
		t.Error("a line of Canada's does not end in CRLF")
	}
	rows := table(t, text, 0)
	at := len(rows[0]) - 3 // imports, exports, total
	sums := map[string]int64{}
	for _, row := range rows[1:] {
		in, out := whole(t, row[at]), whole(t, row[at+1])
		if whole(t, row[at+2]) != in+out {
			t.Errorf("the total of %v is wrong", row)
		}
		sums["imports"] += in
		sums["exports"] += out
	}
	return sums, len(rows) - 1
}

func readNZ(t *testing.T, text []byte) (map[string]int64, int) {
	t.Helper()
	rows := table(t, text, 12)
	sums, names, keys := map[string]int64{}, map[string]bool{}, map[string]bool{}
	for _, row := range rows[1:] {
		key := row[0] + row[1] + row[4]
		if keys[key] {
			t.Errorf("two rows are of %s", key)
		}
		keys[key] = true
		sums["Export_FOB"] += whole(t, row[5])
		sums["Re_export_FOB"] += whole(t, row[7])
		sums["total_export_FOB"] += whole(t, row[9])
		if whole(t, row[5])+whole(t, row[7]) != whole(t, row[9]) || (row[3] == "") != (row[6] == "") {
			t.Errorf("the row %v does not add up, or has a quantity without unit", row)
		}
		names[row[4]] = true
	}
	for name := range names {
		if _, ok := codes.AreaIn("nz-names", name); !ok {
			t.Errorf("%q is no name of Stats NZ's", name)
		}
	}
	return sums, len(rows) - 1
}

func readGB(t *testing.T, packed []byte) (map[string]int64, int) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil || len(z.File) != 1 || !strings.Contains(z.Comment, "generated") {
		t.Fatalf("the zip has %d members and the comment %q: %v", len(z.File), z.Comment, err)
	}
	member, err := z.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(member)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\r\n"), "\r\n")
	head, trailer := lines[0], strings.Split(lines[len(lines)-1], "|")
	if len(head) != 67 || head[:33] != "000000000|HMCUSTOMS MONTHLY DATA|" || len(lines[len(lines)-1]) != 103 {
		t.Errorf("header %q or trailer %v is not of HMRC's form", head, trailer)
	}
	month, err := time.Parse("2006 January", head[33:37]+" "+strings.TrimSpace(head[38:47]))
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]int64{"value": 0, "month": 0, "amendments": 0, "general": 0, "special": 0, "net_mass": 0}
	for _, line := range lines[1 : len(lines)-1] {
		f := strings.Split(line, "|")
		if len(line) != 123 || len(f) != 17 {
			t.Fatalf("the line %q has %d characters in %d fields", line, len(line), len(f))
		}
		value := whole(t, f[14])
		sums["value"] += value
		sums["net_mass"] += whole(t, f[15])
		if f[9] == "0"+month.Format("200601") {
			sums["month"] += value
		} else {
			sums["amendments"] += value
		}
		if f[4] != "5" {
			sums["general"] += value
		}
		if f[4] != "4" {
			sums["special"] += value
		}
	}
	if whole(t, trailer[1]) != int64(len(lines)-2) || whole(t, trailer[5]) != sums["month"] || whole(t, trailer[6]) != sums["amendments"] || sums["amendments"] == 0 {
		t.Errorf("the trailer %v does not reconcile with %v over %d lines", trailer, sums, len(lines)-2)
	}
	return sums, len(lines) - 2
}

func readAU(t *testing.T, text []byte) (map[string]int64, int) {
	t.Helper()
	rows := table(t, text, 47)
	sums, worlds, lines := map[string]int64{}, map[string]int64{}, 0
	for _, row := range rows[1:] {
		if row[11] == "0" {
			worlds[row[9]+" primaryValue"] += whole(t, row[43])
			continue
		}
		sums[row[9]+" primaryValue"] += whole(t, row[43])
		sums[row[9]+" fobvalue"] += whole(t, row[42])
		sums[row[9]+" netWgt"] += whole(t, row[37])
		lines++
	}
	for name, n := range worlds {
		if n != sums[name] {
			t.Errorf("World rows of %s give %d, the partners %d", name, n, sums[name])
		}
	}
	return sums, lines
}

func TestKeysAreThoseOfTheOffices(t *testing.T) {
	on := time.Date(demo.Year, 12, 1, 0, 0, 0, 0, time.UTC)
	group, _ := trade.GroupCodes("covid19", hs.HS2022)
	for _, g := range demo.Goods() {
		known := false
		for _, c := range group {
			known = known || string(c) == g.HS6
		}
		if !known {
			t.Errorf("%s is not among the COVID goods", g.HS6)
		}
		for list, lines := range map[string][]string{"us-hts": g.US, "nz-tariff": {g.NZ}, "eu-cn": g.GB} {
			for _, code := range lines {
				entry, standing := codes.CommodityIn(list, code, on)
				if standing != codes.Listed || entry.HS6 != g.HS6 {
					t.Errorf("%s %s is %s with HS6 %q, want %s", list, code, standing, entry.HS6, g.HS6)
				}
			}
		}
	}
	for _, p := range demo.Places() {
		for list, key := range map[string]string{"us-schedule-c": p.Census, "comtrade": p.M49, "iso3": p.ISO3, "nz-names": p.NZ, "uk-hmrc-seq": p.HMRC, "statcan": p.ISO} {
			if area, ok := codes.AreaIn(list, key); key != "" && (!ok || area.Code != p.ISO) {
				t.Errorf("%s %q is %q, want %s", list, key, area.Code, p.ISO)
			}
		}
	}
}

// TestPairsDifferAsInLife compares what two offices say of one flow.
func TestPairsDifferAsInLife(t *testing.T) {
	files := makeFiles(t, 1)
	au := map[string]int64{}
	var nzToAU, nzToUS int64
	for _, f := range files {
		switch f.Member {
		case "AU":
			for _, row := range table(t, content(t, f), 47)[1:] {
				au[row[9]+row[12]] += whole(t, row[43])
			}
		case "NZ":
			for _, row := range table(t, content(t, f), 12)[1:] {
				m, err := guichet.ParsePeriod(row[0][:4] + "-" + row[0][4:])
				if err != nil {
					t.Fatal(err)
				}
				rate, _ := trade.Rate("NZD", m)
				usd := int64(float64(whole(t, row[9])) / rate.Float64())
				switch row[4] {
				case "Australia":
					nzToAU += usd
				case "United States of America":
					nzToUS += usd
				}
			}
		}
	}
	ratio := float64(nzToAU) / float64(au["MNZL"])
	if ratio < 0.85 || ratio > 1.02 {
		t.Errorf("NZ's exports to AU are %.3f of AU's imports from NZ (CIF)", ratio)
	}
	if nzToUS == 0 || au["XUSA"] == 0 {
		t.Error("NZ or AU sells nothing to the US")
	}
}

func TestCanadasMarginalsAgree(t *testing.T) {
	var totals []string
	for _, f := range makeFiles(t, 3) {
		if f.Member == "CA" {
			totals = append(totals, fmt.Sprint(f.Totals["imports"], f.Totals["exports"]))
		}
	}
	if len(totals) != 2 || totals[0] != totals[1] {
		t.Errorf("by country and by chapter: %v", totals)
	}
}

func TestAFolderThatCannotBeWritten(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := demo.Make(blocked, 1); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("a file in place of the folder gives %v", err)
	}
	dir := t.TempDir()
	files, err := demo.Make(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	last := files[len(files)-1].Path
	if err := errors.Join(os.Remove(last), os.Mkdir(last, 0o750)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(last, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := demo.Make(dir, 1); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("a folder in place of a file gives %v", err)
	}
	if _, err := os.Stat(files[0].Path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a failed run left %s", files[0].Path)
	}
}
