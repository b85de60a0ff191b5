package ingest_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/ingest"
)

// layoutsA makes one file of each layout, with one thing changed.
func layoutsA(t *testing.T, alter func(line int, text string) string, tail func(string) string) map[string]string {
	t.Helper()
	imdb, exdb := censusImports("202401"), censusExports("202401")
	smki, smke := hmrcImports(2019, 11), hmrcExports(2019, 11)
	imdb.Alter, exdb.Alter, smki.Alter, smke.Alter = alter, alter, alter, alter
	smki.Tail, smke.Tail = tail, tail
	return map[string]string{
		"us-census-imdb": write(t, "IMDB2401-generated.ZIP", imdb.Zip(t)),
		"us-census-exdb": write(t, "EXDB2401-generated.ZIP", exdb.Zip(t)),
		"hmrc-smki19":    write(t, "SMKI191911-generated.zip", smki.Zip(t)),
		"hmrc-smke19":    write(t, "SMKE191911-generated.zip", smke.Zip(t)),
	}
}

// differing are the controls that do not reconcile.
func differing(p *ingest.Prepared) []string {
	var out []string
	for _, c := range p.Controls {
		if c.Stated.Cmp(c.Found) != 0 {
			out = append(out, c.Name)
		}
	}
	return out
}

// A line of another length is handed on whole, is in no sum, and the totals of
// the file show that it is missing.
func TestLayoutsOddLines(t *testing.T) {
	const second = 1
	for name, alter := range map[string]func(int, string) string{
		"short": func(i int, s string) string {
			if i == second {
				return s[:len(s)-1]
			}
			return s
		},
		"long": func(i int, s string) string {
			if i == second {
				return s + "0"
			}
			return s
		},
	} {
		for profile, file := range layoutsA(t, alter, nil) {
			p := prepare(t, file)
			if p.Profile.Name != profile || len(differing(p)) == 0 {
				t.Errorf("%s line: read by %s, and the controls %v differ; want %s and at least one", name, p.Profile.Name, differing(p), profile)
			}
			if n := wholeLines(t, p.Layout); n != 1 {
				t.Errorf("%s, %s line: %d lines are handed on whole, want one", profile, name, n)
			}
		}
	}
}

// wholeLines counts the lines that could not be cut: their place and their text.
func wholeLines(t *testing.T, l guichet.Layout) int {
	t.Helper()
	n := 0
	for _, line := range textOf(t, l.Files[0]) {
		if strings.Count(line, ",") == 1 {
			n++
		}
	}
	return n
}

func TestLayoutsLettersInANumber(t *testing.T) {
	// The last figure of the month that a profile reads, in each layout.
	at := map[int]int{688: 193, 323: 83, 143: 113, 141: 95}
	files := layoutsA(t, func(i int, s string) string {
		if end := at[len(s)]; i == 1 && end > 0 {
			return s[:end-1] + "O" + s[end:]
		}
		return s
	}, nil)
	for profile, file := range files {
		p := prepare(t, file)
		found := false
		lines(t, p.Layout, func(get func(string) string) {
			for _, c := range []string{"gen_val_mo", "all_val_mo", "value"} {
				found = found || p.Profile.Name == profile && slices.Contains(p.Layout.Columns, c) && strings.HasSuffix(get(c), "O")
			}
		})
		if !found {
			t.Errorf("%s: the letter is gone, and the store cannot put the line aside for it", profile)
		}
	}
}

func TestLayoutsTail(t *testing.T) {
	gone := layoutsA(t, nil, func(string) string { return "" })
	counts := layoutsA(t, nil, func(s string) string { return strings.Replace(s, "|0000000000001|", "|0000000000002|", 1) })
	values := layoutsA(t, nil, func(s string) string { return s[:len(s)-1] + "7" })
	cut := layoutsA(t, nil, func(s string) string { return s[:60] })
	for _, profile := range []string{"hmrc-smki19", "hmrc-smke19"} {
		_, err := prepareBy(t, gone[profile], ingest.Options{Profiles: profiles(t)})
		wantFault(t, profile, err, guichet.KindInvalid, "tail line is missing")
		_, err = prepareBy(t, cut[profile], ingest.Options{Profiles: profiles(t)})
		wantFault(t, profile, err, guichet.KindInvalid, "103 bytes")
		if d := differing(prepare(t, counts[profile])); len(d) != 1 || !strings.HasPrefix(d[0], "lines of record type") {
			t.Errorf("%s: a wrong count makes the controls %v differ", profile, d)
		}
		if d := differing(prepare(t, values[profile])); len(d) != 1 || d[0] != "value of amendments, GBP" {
			t.Errorf("%s: a wrong sum makes the controls %v differ", profile, d)
		}
	}
}

func TestCensusTotals(t *testing.T) {
	for column, control := range map[string]string{
		"gen_val_mo": "general imports, USD", "con_val_mo": "imports for consumption, USD", "dut_val_mo": "dutiable value, USD", "cal_dut_mo": "calculated duty, USD",
	} {
		c := censusImports("202401")
		c.Stated = cells{column: "1"}
		if d := differing(prepare(t, write(t, "i.zip", c.Zip(t)))); len(d) != 1 || d[0] != control {
			t.Errorf("a wrong %s makes the controls %v differ", column, d)
		}
	}
	c := censusExports("202401")
	c.Stated = cells{"all_val_mo": "1"}
	if d := differing(prepare(t, write(t, "e.zip", c.Zip(t)))); len(d) != 1 || d[0] != "exports, USD" {
		t.Errorf("a wrong all_val_mo makes the controls %v differ", d)
	}
}

// Without the totals by number nobody knows the units.
func TestCensusWithoutCompanion(t *testing.T) {
	c := censusImports("202401")
	c.Without = "IMP_COMM.TXT"
	_, err := prepareBy(t, write(t, "i.zip", c.Zip(t)), ingest.Options{Profiles: profiles(t)})
	wantFault(t, "no IMP_COMM", err, guichet.KindInvalid, "imp_comm")
	c.Without = "IMP_DETL.TXT"
	_, err = prepareBy(t, write(t, "i.zip", c.Zip(t)), ingest.Options{Profiles: profiles(t)})
	wantFault(t, "no IMP_DETL", err, guichet.KindUnrecognised, "")
	// A number that the totals do not have: its unit is told to be unknown.
	c = censusImports("202401")
	other := censusImports("202401")
	other.Lines = append(other.Lines, cells{"commodity": "0901110015", "cty_code": "1220", "dist_unlad": "07", "gen_qy1_mo": "5", "gen_val_mo": "9"})
	body := setMember(t, c.Zip(t), "IMP_DETL.TXT", string(memberOf(t, other.Zip(t), "IMP_DETL.TXT")))
	p := prepare(t, write(t, "i.zip", body))
	if d := differing(p); len(d) != 1 || d[0] != "general imports, USD" {
		t.Errorf("the controls %v differ", d)
	}
	found := false
	lines(t, p.Layout, func(get func(string) string) {
		found = found || get("commodity") == "0901110015" && get("_unit1") == "not in IMP_COMM"
	})
	if !found {
		t.Error("a number without units does not say so")
	}
}

// Companions of another shape.
func TestCompanionFaults(t *testing.T) {
	imdb := censusImports("202401").Zip(t)
	comm := string(memberOf(t, imdb, "IMP_COMM.TXT"))
	for name, c := range map[string]struct{ body, says string }{
		"short":     {comm[:500], "line 1 has 500 bytes, and a line of it has 732"},
		"letters":   {comm[:230] + "x" + comm[231:], "gen_val_mo"},
		"two units": {comm + strings.Replace(comm, "NO ", "PCS", 1), `unit_qy1 of 8471300100 is "PCS", and a line above says "NO"`},
		"empty":     {"", ""},
	} {
		body := setMember(t, imdb, "IMP_COMM.TXT", c.body)
		p, err := prepareBy(t, write(t, "i.zip", body), ingest.Options{Profiles: profiles(t)})
		if name == "empty" {
			if err != nil || len(differing(p)) != 4 {
				t.Errorf("empty totals: %v, want four controls that differ", err)
			}
			continue
		}
		wantFault(t, name, err, guichet.KindInvalid, c.says)
		wantFault(t, name, err, guichet.KindInvalid, "member IMP_COMM.TXT")
	}
	// A description beyond ASCII moves nothing, in either encoding.
	for name, accent := range map[string]string{"latin-1": "\xC9", "utf-8": "É"} {
		i := strings.Index(comm, "GENERATED")
		body := setMember(t, imdb, "IMP_COMM.TXT", comm[:i]+accent+comm[i+len(accent):])
		reconciles(t, prepare(t, write(t, name+".zip", body)), 4)
	}
}

func TestFigure(t *testing.T) {
	const yaml = `  - {name: _sum, figure: {plus: [a, b], minus: [c]}}`
	p := parse(t, strings.Replace(strings.Replace(smallYAML, "cube:", "derive:\n"+yaml+"\ncube:", 1), "  - {name: value}\n", "  - {name: value}\n  - {name: a}\n  - {name: b}\n  - {name: c}\n", 1))
	text := "month,code,country,value,a,b,c\n"
	cases := [][4]string{
		{"1", "2", "4", "-1"},
		{"0.5", "0.250", "0", "0.75"},
		{"1.5", "1.5", "3", "0"},
		{"", "1", "1", ""},
		{"1", "x", "1", "x"},
		{"-5", "5", "-7", "7"},
		{"999999999999999999", "1", "0", "1000000000000000000"},
		{"999999999999999", "999999999999999", "999999999999999", "999999999999999"},
		{"9999999999999999", "1", "1e3", "1e3"},
	}
	for _, c := range cases {
		text += "2025-01,0101,AU,1," + c[0] + "," + c[1] + "," + c[2] + "\n"
	}
	out, err := prepareBy(t, write(t, "f.csv", []byte(text)), ingest.Options{Profiles: []*ingest.Profile{p}})
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	lines(t, out.Layout, func(get func(string) string) {
		if get("_sum") != cases[i][3] {
			t.Errorf("%s + %s - %s is %q, want %q", cases[i][0], cases[i][1], cases[i][2], get("_sum"), cases[i][3])
		}
		i++
	})
}

// What a profile says wrongly of companions, lookups and figures.
func TestCompanionProfileFaults(t *testing.T) {
	for says, yaml := range map[string]string{
		"must name 2 to 8 columns":                 "derive:\n  - {name: _x, figure: {plus: [value]}}\n",
		`there is no column "nothing" before this`: "derive:\n  - {name: _x, figure: {plus: [value, nothing]}}\n",
		"one of them makes a column":               "derive:\n  - {name: _x, figure: {plus: [value, value]}, else: {value: a}}\n",
		`no companion of the name "y"`:             "derive:\n  - {name: _x, lookup: {in: y, by: [code], key: [a], gives: b, missing: c}}\n",
		`no companion has a column of numbers`:     "controls:\n  - {name: n, stated: {total: y.b}, found: {lines: true}}\n",
		"exactly one of tail, total, lines":        "controls:\n  - {name: n, stated: {}, found: {lines: true}}\n",
	} {
		_, err := ingest.ParseProfile("small.yaml", []byte(strings.Replace(smallYAML, "cube:", yaml+"cube:", 1)))
		wantFault(t, yaml, err, guichet.KindInvalid, says)
	}
	_, err := ingest.ParseProfile("small.yaml", []byte(strings.Replace(smallYAML, "format: {kind: csv}",
		"format: {kind: csv, companions: [{name: a, member: '(', length: 3, columns: [{name: x, from: 1, to: 4}]}]}", 1)))
	for _, says := range []string{"only for the kind records", "no regular expression", "the line has the positions 1 to 3"} {
		wantFault(t, "companion", err, guichet.KindInvalid, says)
	}
}

// A member far behind in a zip is found by its name, and only as much of the
// file is unpacked as is needed.
func TestSampleFindsNamedMember(t *testing.T) {
	c := censusImports("202401")
	entries := []entry{}
	for name := range strings.FieldsSeq("a b c d e f g h i j k l") {
		entries = append(entries, entry{name: name + ".txt", body: "generated\n"})
	}
	entries = append(entries, entry{name: "IMP_DETL.TXT", body: string(memberOf(t, c.Zip(t), "IMP_DETL.TXT"))}, entry{name: "IMP_COMM.TXT", body: string(memberOf(t, c.Zip(t), "IMP_COMM.TXT"))})
	if p := prepare(t, write(t, "x.zip", zipOf(t, entries...))); p.Profile.Name != "us-census-imdb" || p.Lines != 4 {
		t.Errorf("read by %s, %d lines", p.Profile.Name, p.Lines)
	}
	entries = append(entries, entry{name: "imp_comm.txt", body: "x"})
	_, err := prepareBy(t, write(t, "y.zip", zipOf(t, entries...)), ingest.Options{Profiles: profiles(t)})
	wantFault(t, "two totals", err, guichet.KindInvalid, "two members that are read as imp_comm")
	entries[len(entries)-1].name = "imp_detl.txt"
	_, err = prepareBy(t, write(t, "z.zip", zipOf(t, entries...)), ingest.Options{Profiles: profiles(t)})
	wantFault(t, "two details", err, guichet.KindInvalid, "imp_detl.txt is one too many")
}

func wantFault(t *testing.T, what string, err error, kind guichet.Kind, says string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error, want %s: ... %s", what, kind, says)
		return
	}
	if guichet.KindOf(err) != kind || !strings.Contains(err.Error(), says) {
		t.Errorf("%s: %s: %v, want %s: ... %s", what, guichet.KindOf(err), err, kind, says)
	}
}

// memberOf returns a member of a zip.
func memberOf(t *testing.T, b []byte, name string) []byte {
	t.Helper()
	for _, e := range membersOf(t, b) {
		if e.name == name {
			return []byte(e.body)
		}
	}
	t.Fatalf("there is no member %s", name)
	return nil
}

func membersOf(t *testing.T, b []byte) []entry {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var out []entry
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, entry{name: f.Name, body: string(body)})
	}
	return out
}

// setMember returns a zip with another body of one member.
func setMember(t *testing.T, b []byte, name, body string) []byte {
	t.Helper()
	all := membersOf(t, b)
	for i := range all {
		if all[i].name == name {
			all[i].body = body
		}
	}
	return zipOf(t, all...)
}

// textOf is the lines of a file, without the first.
func textOf(t *testing.T, file string) []string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n")[1:]
}
