package ingest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"guichet"
	"guichet/internal/ingest"
	"guichet/trade"
)

const fuzzLimit = 1 << 12

func FuzzArrays(f *testing.F) {
	for _, s := range []string{`[["0101210010",809426,0],["x",-1.5,null]]`, `[]`, `[["\u00e9\ud83d\ude00"]]`, `[[1e3]]`, `[[[1]]]`, `[["a"]`, `[[01]]`, ` [ [ 1 , 2 ] ] `} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, err := ingest.ArrayRows(bytes.NewReader(b), fuzzLimit)
		if err != nil {
			return
		}
		// What we take, the library takes too, with as many rows and values.
		var want [][]any
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		if err := d.Decode(&want); err != nil {
			t.Fatalf("%q is read, and is no JSON: %v", b, err)
		}
		if len(want) != len(rows) {
			t.Fatalf("%q: %d rows, want %d", b, len(rows), len(want))
		}
		for i, row := range rows {
			for j, v := range row {
				w := want[i][j]
				if w == nil {
					w = ""
				}
				if utf8.Valid(b) && fmt.Sprint(w) != v {
					t.Fatalf("%q: row %d, value %d is %q, want %q", b, i, j, v, w)
				}
			}
		}
	})
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{smallText, "a,\"b \"\"c\"\"\nd\",e\n", "a,\"b\"c\n", "\"", "a\rb\r\n\n\n", ",,,\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = ingest.CSVRows(bytes.NewReader(b), fuzzLimit)
	})
}

func FuzzRecords(f *testing.F) {
	var hmrc *ingest.Profile
	for _, p := range profiles(f) {
		if p.Name == "hmrc-smkm46" {
			hmrc = p
		}
	}
	f.Add([]byte("000000000|HMCUSTOMS MONTHLY DATA|2009| FEBRUARY|EU ARRIVALS        \r\n" +
		"010110100|0|001|FR|0|000|  |000|000|0200902|000|00150|000000000|+00000000001|+000000000020221|+0000000000098|+0000000000000\r\n" +
		"999999999|0000000132302|0000000000000|0000000000106|0000000000369|+00000015067930317|+00000000842911648\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, err := ingest.RecordRows(bytes.NewReader(b), hmrc, fuzzLimit)
		if err == nil && !bytes.Contains(b, []byte("999999999|")) {
			t.Fatalf("%d rows, and no tail", len(rows))
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add([]byte(smallText), 3)
	f.Add([]byte("\xef\xbb\xbfé\xff"), 1)
	f.Fuzz(func(t *testing.T, b []byte, size int) {
		size = 1 + (size&0xff)%16
		n, plain, err := ingest.CheckText(b, size, fuzzLimit)
		m, plain2, err2 := ingest.CheckText(b, max(len(b), 1), fuzzLimit)
		if (err == nil) != (err2 == nil) || err == nil && (n != m || plain != plain2) {
			t.Fatalf("%q: chunks of %d: %d %v, whole: %d %v", b, size, n, err, m, err2)
		}
		for _, e := range []string{"latin-1", "windows-1252"} {
			if out, err := ingest.Decode(bytes.NewReader(b), e); err == nil && !utf8.Valid(out) {
				t.Fatalf("%q in %s becomes %q", b, e, out)
			}
		}
	})
}

// FuzzFile takes in any bytes as a file: containers, sniffing, headers.
func FuzzFile(f *testing.F) {
	plain := entry{name: "a.csv", body: smallText}
	for _, b := range [][]byte{
		[]byte(smallText), gz(f, []byte(smallText)), zipOf(f, plain), tarOf(f, plain), gz(f, tarOf(f, plain)),
		gz(f, tarOf(f, entry{name: "2024/countries_data/1220.json", body: `[["0101210010",1,1,0,0]]`})),
		[]byte("date,country,imports,exports,total\r\n2024-01,US,1.0,2.0,3.0\r\n"),
	} {
		f.Add(b)
	}
	all := append(profiles(f), small(f))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(dir, "file")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := ingest.Prepare(t.Context(), path, ingest.Options{
			Profiles: all, Dir: dir, Now: now(), Limits: ingest.Limits{Unpacked: 1 << 20, Line: fuzzLimit, Members: 20},
		})
		if err == nil {
			if len(p.Digest) != 64 || len(p.Layout.Files) != 1 || len(p.Layout.Records) == 0 {
				t.Fatalf("taken in as %+v", p)
			}
			return
		}
		if k := guichet.KindOf(err); k == guichet.KindInternal || strings.ContainsAny(err.Error(), "\x00\x1b") {
			t.Fatalf("%q: %v", k, err)
		}
	})
}

func FuzzProfile(f *testing.F) {
	f.Add(smallYAML)
	f.Add("name: [a, {b: c}]\n")
	f.Add("a: &x [*x]\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ingest.ParseProfile("fuzz", []byte(text))
		if err != nil {
			if guichet.KindOf(err) != guichet.KindInvalid {
				t.Fatalf("got %v", err)
			}
			return
		}
		_ = p.Check(trade.Dataset())
		_ = p.Conformity(trade.Dataset())
	})
}

func FuzzName(f *testing.F) {
	for _, s := range []string{"a/b.json", "../a", "/a", "./a", "a//b", "c:/x", "a\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		clean, why := ingest.MemberName(name)
		if why == "" && (!filepath.IsLocal(clean) || strings.ContainsAny(clean, "\\\x00\n")) {
			t.Fatalf("%q is taken as %q", name, clean)
		}
		if out := ingest.Shorten(name); len(out) > 2000 || strings.ContainsAny(out, "\x00\n\x1b") {
			t.Fatalf("%q is shown as %q", name, out)
		}
	})
}
