package ingest_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/ingest"
)

// taken returns the text of a layout and whether it is the original itself.
func taken(t *testing.T, file string, p *ingest.Prepared) (text string, original bool) {
	t.Helper()
	b, err := os.ReadFile(p.Layout.Files[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(b), p.Layout.Files[0] == file
}

func TestTextThatIsTaken(t *testing.T) {
	const copied = "_line,month,code,country,value\n2,2025-01,0101,AU,10\n3,2025-01,0102,CA,20.5\n"
	body := smallText[strings.Index(smallText, "\n")+1:]
	for _, c := range []struct {
		name, old, new string
		file           []byte
		want           string // "" when the original stays
		lines          int64
	}{
		{"plain", "", "", []byte(smallText), "", 2},
		{"CRLF", "", "", []byte(strings.ReplaceAll(smallText, "\n", "\r\n")), "", 2},
		{"no last line's end", "", "", []byte(strings.TrimSuffix(smallText, "\n")), "", 2},
		{"quoted", "", "", []byte(strings.Replace(smallText, "AU", `"AU"`, 1)), "", 0},
		{"other order", "", "", []byte("value,month,code,country\n10,2025-01,0101,AU\n"), "", 1},
		{"mixed line ends", "", "", []byte(strings.Replace(smallText, "\n", "\r\n", 2)), copied, 2},
		{"byte order mark", "", "", []byte("\xef\xbb\xbf" + smallText), copied, 2},
		{"gzip", "", "", gz(t, []byte(smallText)), copied, 2},
		{"zip", "", "", zipOf(t, entry{name: "a.csv", body: smallText}), copied, 2},
		{"another name", "{name: country}", "{name: country, also: [pays]}", []byte(strings.Replace(smallText, "country", "pays", 1)), "", 2},
		{"optional, absent", "{name: country}", "{name: country}\n  - {name: note, optional: true, ignored: true}", []byte(smallText), "_line,month,code,country,note,value\n2,2025-01,0101,AU,,10\n3,2025-01,0102,CA,,20.5\n", 2},
		{"semicolons", "kind: csv", "kind: csv, delimiter: ;", []byte(strings.ReplaceAll(smallText, ",", ";")), "", 2},
		{"no header", "kind: csv", "kind: csv, header: false", []byte(body), "", 2},
		{"trim", "{name: code}", "{name: code, trim: true}", []byte(strings.Replace(smallText, "0101", " 0101 ", 1)), copied, 2},
		{"trailing", "kind: csv", "kind: csv, trailing_delimiter: true", []byte(strings.ReplaceAll(smallText, "\n", ",\n")), copied, 2},
		{"windows-1252", "kind: csv", "kind: csv, encoding: [utf-8, windows-1252]", []byte("month,code,country,value\n2025-01,0101,\x80\xc7,10\n"), "_line,month,code,country,value\n2,2025-01,0101,€Ç,10\n", 1},
		{"latin-1", "kind: csv", "kind: csv, encoding: [latin-1]", []byte("month,code,country,value\n2025-01,0101,\xc7,10\n"), "_line,month,code,country,value\n2,2025-01,0101,Ç,10\n", 1},
		{"ragged lines", "{name: code}", "{name: code, trim: true}", []byte(smallText + "2025-01,0103\n\n2025-01,0104,AU,1,2\n2025-01,\"01\"04,AU,1\n"), copied + "4,\"2025-01,0103\"\n6,\"2025-01,0104,AU,1,2\"\n7,\"2025-01,\"\"01\"\"04,AU,1\"\n", 5},
		{
			"derived", "records:", "derive:\n  - {name: _x, cases: [{when: [{column: value, over: 15}], value: large}, {when: [{column: code, matches: '01.*'}, {column: country, in: [CA], not: true}], column: country}], else: {value: small}}\nrecords:",
			[]byte(smallText + "2025-01,02,CA,0\n"), "_line,month,code,country,value,_x\n2,2025-01,0101,AU,10,AU\n3,2025-01,0102,CA,20.5,large\n4,2025-01,02,CA,0,small\n", 3,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := parse(t, strings.Replace(smallYAML, c.old, c.new, 1))
			file := write(t, "file", c.file)
			got, err := prepareBy(t, file, ingest.Options{Profiles: []*ingest.Profile{p}})
			if err != nil {
				t.Fatal(err)
			}
			text, original := taken(t, file, got)
			if original != (c.want == "") {
				t.Errorf("the original stays: %v", original)
			}
			if diff := cmp.Diff(c.want, text); c.want != "" && diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got.Lines != c.lines {
				t.Errorf("%d lines, want %d", got.Lines, c.lines)
			}
		})
	}
}

func TestLayoutOfPlainFile(t *testing.T) {
	got, err := prepareBy(t, write(t, "f", []byte("value,month,code,country\n10,2025-01,0101,AU\n")), ingest.Options{Name: "f.csv"})
	if err != nil {
		t.Fatal(err)
	}
	got.Layout.Files = nil
	want := guichet.Layout{
		Dataset: "trade", Delimiter: ",", Quote: `"`, Header: true, Columns: []string{"value", "month", "code", "country"},
		Scope: []string{"flow", "period"},
		Records: []guichet.RecordMap{{
			Constants: map[string]string{"flow": "imports", "trade_system": "general", "valuation": "cif", "partner_role": "origin"},
			Texts:     map[string]string{},
			Measures:  map[string]guichet.NumberColumn{"value": {Column: "value", Required: true, Decimals: 3}},
			Groups: []guichet.KeyGroup{
				{
					Name: "commodity", Rule: "commodity", Columns: []string{"code", "month"}, Fields: []string{"code", "hs", "edition", "level", "list"},
					Params: map[string]string{"list": "hs", "flow": "imports", "period_format": "2006-01", "country": "NZ"},
				},
				{Name: "partner", Rule: "area", Columns: []string{"country"}, Fields: []string{"partner", "partner_kind"}, Params: map[string]string{"list": "iso2", "reporter": "NZ"}},
				{Name: "period", Rule: "period", Columns: []string{"month"}, Fields: []string{"freq", "period"}, Params: map[string]string{"format": "2006-01", "now": "2026-11-21"}},
			},
		}},
	}
	if diff := cmp.Diff(want, got.Layout); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Lines of an archive keep the name of their member, and what it says.
func TestMembers(t *testing.T) {
	text := strings.Replace(archiveYAML(), "update:", "file_period: {text: \"2025-{part}\", format: 2006-01}\nupdate:", 1)
	text = strings.Replace(text, "(?P<part>[a-z]+)", `(?P<part>\d\d)`, 1)
	p := []*ingest.Profile{parse(t, text)}
	one := entry{name: "01.csv", body: smallText}
	got, err := prepareBy(t, write(t, "f", zipOf(t, one, entry{name: "readme", body: "x"})), ingest.Options{Profiles: p})
	if err != nil {
		t.Fatal(err)
	}
	lined, _ := taken(t, "", got)
	if want := "_line,month,code,country,value,part\n01.csv:2,2025-01,0101,AU,10,01\n01.csv:3,2025-01,0102,CA,20.5,01\n"; lined != want || got.FilePeriod != "2025-01" {
		t.Errorf("got %q, period %s", lined, got.FilePeriod)
	}
	two := entry{name: "02.csv", body: smallText}
	if got, err = prepareBy(t, write(t, "f", zipOf(t, one, two)), ingest.Options{Profiles: p}); err != nil || got.FilePeriod != "" || got.Lines != 4 {
		t.Errorf("two months: period %q, %v", got.FilePeriod, err)
	}
	_, err = prepareBy(t, write(t, "f", zipOf(t, one, entry{name: "x.csv", body: smallText})), ingest.Options{Profiles: p})
	if guichet.KindOf(err) != guichet.KindInvalid || !strings.Contains(err.Error(), "neither reads nor ignores: x.csv") {
		t.Errorf("a foreign member: %v", err)
	}
	bad := entry{name: "02.csv", body: smallText + "\x00"}
	_, err = prepareBy(t, write(t, "f", zipOf(t, one, bad)), ingest.Options{Profiles: p})
	if guichet.KindOf(err) != guichet.KindInvalid || !strings.Contains(err.Error(), "member 02.csv: a NUL byte stands in line 4") {
		t.Errorf("a bad member: %v", err)
	}
}

func TestControls(t *testing.T) {
	text := strings.Replace(smallYAML, "update:", "controls: [{name: all from AU, stated: {sum: [value]}, found: {sum: [value], when: [{column: country, in: [AU]}]}}, {name: lines, stated: {lines: true}, found: {lines: true, when: [{column: value, zero: true, not: true}]}}]\nupdate:", 1)
	p := []*ingest.Profile{parse(t, text)}
	file := write(t, "f", []byte(smallText+"2025-01,03,NZ,what\n"))
	got, err := prepareBy(t, file, ingest.Options{Profiles: p})
	if err != nil {
		t.Fatal(err)
	}
	if s := got.Controls[0].Stated.String() + " " + got.Controls[0].Found.String(); s != "30.5 10" || got.Controls[0].OK() || !got.Controls[1].OK() || got.Layout.Files[0] != file {
		t.Errorf("controls %v", got.Controls)
	}
}

func TestRecordsOfFixedLength(t *testing.T) {
	text := strings.Replace(smallYAML, "format: {kind: csv}", `format:
  kind: records
  head: {starts: H, length: 8, columns: [{name: ym, from: 2, to: 8}]}
  detail: {length: 17, between: "|"}
  tail: {starts: T, length: 3, columns: [{name: n, from: 2, to: 3}]}
file_period: {text: "{ym}", format: 2006-01}`, 1)
	for _, pair := range [][2]string{
		{"{name: month}", "{name: month, from: 1, to: 7}"},
		{"{name: code}", "{name: code, from: 9, to: 10}"},
		{"{name: country}", "{name: country, from: 12, to: 13}"},
		{"{name: value}", "{name: value, from: 15, to: 17, number: true}"},
		{"update:", "controls: [{name: n, stated: {tail: n}, found: {lines: true, when: [{column: month, in: ['{file_period}']}]}}]\nupdate:"},
	} {
		text = strings.Replace(text, pair[0], pair[1], 1)
	}
	p := []*ingest.Profile{parse(t, text)}
	const head, detail = "H2025-01\r\n", "2025-01|01|AU|+07\r\n2025-01|02|CA|-00\r\n2024-12|02|CA|012\r\n2025-01x02|CA|-00\r\nshort\r\n"
	got, err := prepareBy(t, write(t, "f", []byte(head+detail+"T02\r\n")), ingest.Options{Profiles: p})
	if err != nil {
		t.Fatal(err)
	}
	lined, _ := taken(t, "", got)
	if want := "_line,month,code,country,value\n2,2025-01,01,AU,7\n3,2025-01,02,CA,-0\n4,2024-12,02,CA,12\n5,2025-01x02|CA|-00\n6,short\n"; lined != want {
		t.Errorf("got %q", lined)
	}
	if got.FilePeriod != "2025-01" || got.Lines != 5 || !got.Controls[0].OK() {
		t.Errorf("period %s, %d lines, controls %v", got.FilePeriod, got.Lines, got.Controls)
	}
	for body, want := range map[string]string{
		head + detail:                   "truncated: the tail line is missing after line 6",
		head + detail + "T02\r\nmore":   "line 8 stands after the tail line",
		head + detail + "T0x\r\n":       `states "0x" as its n`,
		head + detail + "T0\r\n":        "not 3 bytes long",
		"H2025-13\r\n" + detail + "T02": "names \"2025-13\" as its period",
		detail:                          `does not begin with "H"`,
	} {
		if _, err := prepareBy(t, write(t, "f", []byte(body)), ingest.Options{Profiles: p}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestWhoItComesFrom(t *testing.T) {
	file := write(t, "f", []byte(smallText))
	if _, err := prepareBy(t, file, ingest.Options{Reporter: "AU"}); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("another reporter: %v", err)
	}
	if p, err := prepareBy(t, file, ingest.Options{Reporter: "NZ"}); err != nil || p.Reporter != "NZ" {
		t.Errorf("the same reporter: %v", err)
	}
	if _, err := prepareBy(t, file, ingest.Options{Given: map[string]string{"period": "2024"}}); guichet.KindOf(err) != guichet.KindInvalid || !strings.Contains(err.Error(), "does not ask") {
		t.Errorf("given what is not asked: %v", err)
	}
}
