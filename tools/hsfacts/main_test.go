package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRefused: what is not as expected stops the work and names the place.
func TestRefused(t *testing.T) {
	known := func(codes ...string) map[string]bool {
		m := make(map[string]bool)
		for _, c := range codes {
			m[c] = true
		}
		return m
	}
	head := "hs2022,hs2017,relationship,partial_ex,is_unsd_conversion\n"
	for name, c := range map[string]struct{ text, word string }{
		"columns":      {"hs2017,hs2012,relationship,partial_ex,is_unsd_conversion\n", "columns"},
		"ragged":       {head + "401512,401511\n", "wrong number of fields"},
		"flags":        {head + "401512,401511,1:1,EX,1\n", "flags"},
		"count":        {head + "401512,401511,1:1,,1\n", "1 rows, not 2"},
		"double":       {head + "401512,401511,1:1,,1\n401512,401511,1:1,,1\n", "twice"},
		"foreign code": {head + "401512,401511,1:1,,1\n401519,630790,1:1,,1\n", "does not hold"},
		"kind":         {head + "401512,401511,1:1,,1\n401512,401519,1:1,,0\n", "by count"},
		"conversions":  {head + "401512,401511,1:n,,1\n401512,401519,1:n,,1\n", "conversions"},
		"forgotten":    {head + "401512,401511,n:1,,1\n401519,401511,n:1,,1\n", "0 relations"},
	} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "t.csv"), []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := table{name: "t.csv", newer: "HS2022", older: "HS2017", rows: 2}.file(folder, known("401512", "401519"), known("401511", "401519"))
		if err == nil || !strings.Contains(err.Error(), c.word) {
			t.Errorf("%s: the error is %v; it should say %q", name, err, c.word)
		}
	}
}

func TestTable(t *testing.T) {
	folder := t.TempDir()
	text := "hs2022,hs2017,relationship,partial_ex,is_unsd_conversion\n401519,401519,n:1,ex,1\n401512,401511,1:n,,1\n401512,401519,n:n,,0\n999999,999999,1:1,,1\n"
	if err := os.WriteFile(filepath.Join(folder, "t.csv"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := table{name: "t.csv", newer: "HS2022", older: "HS2017", rows: 3}.file(folder,
		map[string]bool{"401512": true, "401519": true}, map[string]bool{"401511": true, "401519": true})
	if want := "401512 11* 19\n19 19*x\n"; err != nil || string(f.body) != want {
		t.Errorf("the table is packed as %q, %v; want %q", f.body, err, want)
	}
}

func TestList(t *testing.T) {
	head := "code,parent,level,description_en,description_en_alt,wco_std_unit,is_residual\n"
	for name, c := range map[string]struct{ text, body, word string }{
		"whole":  {head + "XI,,S,,,,\n63,XI,2,,,,\n6307,63,4,,,,\n630790,6307,6,,,kg,\n630710,6307,6,,,,\n999999,9999,6,,,,1\n", "units\tkg\n6307 10 90a\n", ""},
		"double": {head + "63,,2,,,,\n63,,2,,,,\n", "", "twice"},
		"orphan": {head + "63,,2,,,,\n6307,62,4,,,,\n", "", "not the code above"},
		"level":  {head + "63,,4,,,,\n", "", "no code of level"},
		"count":  {head + "63,,2,,,,\n", "", "not [1 1 2]"},
	} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "l.csv"), []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		f, _, err := list{name: "l.csv", edition: "HS2022", chapters: 1, headings: 1, subheadings: 2, units: true}.file(folder)
		switch {
		case c.word == "" && (err != nil || string(f.body) != c.body):
			t.Errorf("%s: the list is packed as %q, %v", name, f.body, err)
		case c.word != "" && (err == nil || !strings.Contains(err.Error(), c.word)):
			t.Errorf("%s: the error is %v; it should say %q", name, err, c.word)
		}
	}
}

// TestNothingWrittenOnFailure: the old facts stay when the data is absent.
func TestNothingWrittenOnFailure(t *testing.T) {
	out := t.TempDir()
	if err := run([]string{"-data", t.TempDir(), "-out", out}, io.Discard, io.Discard); err == nil {
		t.Error("an empty folder is taken")
	}
	if err := run([]string{"-out", out}, io.Discard, io.Discard); err == nil {
		t.Error("no data folder is taken")
	}
	left, err := os.ReadDir(out)
	if err != nil || len(left) != 0 {
		t.Errorf("a failed run leaves %v, %v", left, err)
	}
}
