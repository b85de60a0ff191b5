package ingest_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"guichet"
	"guichet/internal/ingest"
)

// archiveYAML reads archives of several members.
func archiveYAML() string {
	s := strings.Replace(smallYAML, "kind: csv", `kind: csv, members: '(?P<part>[a-z]+)\.csv', ignore: 'readme.*'`, 1)
	return s
}

// The digest is of the content: neither the order of an archive nor the way in
// which it was packed changes it; content and names do.
func TestDigest(t *testing.T) {
	p := []*ingest.Profile{parse(t, archiveYAML())}
	a, b := entry{name: "a.csv", body: smallText}, entry{name: "b.csv", body: smallText + "2025-02,0101,AU,1\n"}
	readme := entry{name: "readme.txt", body: "read me"}
	digest := func(file []byte) string {
		t.Helper()
		out, err := prepareBy(t, write(t, "file", file), ingest.Options{Profiles: p})
		if err != nil {
			t.Fatal(err)
		}
		return out.Digest
	}
	same := digest(zipOf(t, a, b, readme))
	for name, file := range map[string][]byte{
		"zip, other order": zipOf(t, readme, b, a),
		"tar":              tarOf(t, b, a, readme),
		"tar.gz":           gz(t, tarOf(t, readme, a, b)),
		"tar with ./":      tarOf(t, entry{name: "./a.csv", body: a.body}, entry{name: "./b.csv", body: b.body}, entry{name: "./readme.txt", body: readme.body}),
	} {
		if got := digest(file); got != same {
			t.Errorf("%s: the digest is %s, want %s", name, got, same)
		}
	}
	for name, file := range map[string][]byte{
		"content": zipOf(t, a, a1(b), readme),
		"name":    zipOf(t, a, entry{name: "c.csv", body: b.body}, readme),
		"fewer":   zipOf(t, a, b),
	} {
		if digest(file) == same {
			t.Errorf("%s: the digest is the same", name)
		}
	}
	// As the documented command makes it, in a folder of the three files:
	// find . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
	if want := "caf10eff013e989bffb571495608edf3d8f4ade867e382656caca5aeaf5cdbcc"; same != want {
		t.Errorf("the digest is %s, want %s", same, want)
	}
}

func a1(e entry) entry {
	e.body += "\n"
	return e
}

func TestPlainAndGzipHaveOneDigest(t *testing.T) {
	var digests []string
	for _, file := range [][]byte{[]byte(smallText), gz(t, []byte(smallText))} {
		p, err := prepareBy(t, write(t, "f", file), ingest.Options{})
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, p.Digest)
	}
	if digests[0] != digests[1] {
		t.Errorf("digests %v", digests)
	}
}

// Whatever text a field holds, Go's own reader reads back what was written.
func TestFieldsAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		row := rapid.SliceOfN(rapid.StringOfN(rapid.SampledFrom([]rune("ab,\"\n é")), 0, 8, -1), 2, 5).Draw(t, "row")
		var line []byte
		for i, f := range row {
			if i > 0 {
				line = append(line, ',')
			}
			line = append(line, ingest.Field([]byte(f))...)
		}
		line = append(line, '\n')
		got, err := csv.NewReader(bytes.NewReader(line)).Read()
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if diff := cmp.Diff(row, got); diff != "" {
			t.Fatalf("%q (-want +got):\n%s", line, diff)
		}
		ours, err := ingest.CSVRows(bytes.NewReader(line), 1<<20)
		if err != nil || len(ours) != 1 || cmp.Diff(row, ours[0]) != "" {
			t.Fatalf("%q: we read %q, %v", line, ours, err)
		}
	})
}

// Text is text wherever the chunks are cut.
func TestSeams(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := []byte(rapid.StringOfN(rapid.SampledFrom([]rune("a\r\n,\"é€😀")), 0, 40, -1).Draw(t, "text"))
		if rapid.Bool().Draw(t, "spoil") && len(b) > 0 {
			b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] = rapid.SampledFrom([]byte{0x80, 0xc3, 0xff, 0xed}).Draw(t, "byte")
		}
		size := rapid.IntRange(1, 9).Draw(t, "chunk")
		n1, p1, err1 := ingest.CheckText(b, max(len(b), 1), 0)
		n2, p2, err2 := ingest.CheckText(b, size, 0)
		if (err1 == nil) != (err2 == nil) || err1 == nil && (n1 != n2 || p1 != p2) {
			t.Fatalf("%q: whole %d %v %v, in chunks of %d %d %v %v", b, n1, p1, err1, size, n2, p2, err2)
		}
		if (err1 == nil) != utf8.Valid(b) {
			t.Fatalf("%q: valid %v, but %v", b, utf8.Valid(b), err1)
		}
	})
}

// A line is too long wherever the chunks are cut.
func TestLongLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lengths := rapid.SliceOfN(rapid.IntRange(0, 12), 1, 6).Draw(t, "lengths")
		var b []byte
		long := false
		for _, n := range lengths {
			b = append(append(b, strings.Repeat("x", n)...), '\n')
			long = long || n > 8
		}
		_, _, err := ingest.CheckText(b, rapid.IntRange(1, 20).Draw(t, "chunk"), 8)
		if long != (err != nil) {
			t.Fatalf("lengths %v: %v", lengths, err)
		}
		if err != nil && guichet.KindOf(err) != guichet.KindHostile {
			t.Fatalf("got %v", err)
		}
	})
}

// Rows of JSON are what encoding/json makes of them.
func TestArraysAgainstTheLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(rapid.StringOfN(rapid.SampledFrom([]rune("a\"\\/\n\t é😀<")), 0, 6, -1), 1, 4), 0, 4).Draw(t, "rows")
		if len(rows) == 0 {
			rows = [][]string{}
		}
		b, err := json.Marshal(rows)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ingest.ArrayRows(bytes.NewReader(b), 1<<20)
		if err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if len(got) != len(rows) || len(rows) > 0 && cmp.Diff(rows, got) != "" {
			t.Fatalf("%s: got %q", b, got)
		}
	})
}

func TestSumsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfN(rapid.StringMatching(`-?[0-9]{1,20}(\.[0-9]{1,5})?`), 0, 20).Draw(t, "numbers")
		var want guichet.Decimal
		for _, n := range numbers {
			d, err := guichet.ParseDecimal(n)
			if err != nil {
				t.Fatal(err)
			}
			want = want.Add(d)
		}
		if got := ingest.SumOf(numbers...); got.Cmp(want) != 0 {
			t.Fatalf("%v: %s, want %s", numbers, got, want)
		}
	})
}
