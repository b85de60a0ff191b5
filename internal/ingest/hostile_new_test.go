package ingest_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"guichet"
	"guichet/internal/ingest"
)

// Files at fault of the formats that came after CSV, fixed lines and arrays, and
// of those that a profile is drafted from.

// inWords fails unless an error is one that people may read and names the file.
func inWords(t *testing.T, what, file string, err error) {
	t.Helper()
	switch k := guichet.KindOf(err); {
	case err == nil:
	case k != guichet.KindInvalid && k != guichet.KindHostile && k != guichet.KindUnrecognised:
		t.Errorf("%s: %v of the kind %q, want words", what, err, k)
	case !strings.Contains(err.Error(), file):
		t.Errorf("%s: %q does not name %s", what, err, file)
	}
}

// TestFaultsNameTheFile: of several files that are taken in together, people
// must know which is at fault.
func TestFaultsNameTheFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		profiles []*ingest.Profile
		file     []byte
		says     string
	}{
		"a line":   {nil, []byte(smallText + "2025-01,0102,C\xe7,1\n"), "line 4 is not UTF-8"},
		"a quote":  {nil, []byte("\xef\xbb\xbf" + smallText + "2025-01,\"0102,CA,1\n"), "a quote opens"},
		"a row":    {objects(t), []byte(objectsText[:len(objectsText)-40]), "truncated: the JSON ends in row 2"},
		"a member": {nil, zipOf(t, entry{name: "a.csv", body: smallText + "\x00"}), "member a.csv: a NUL byte"},
	} {
		_, err := prepareBy(t, write(t, "office.dat", c.file), ingest.Options{Profiles: c.profiles})
		wantFault(t, name, err, guichet.KindInvalid, c.says)
		inWords(t, name, "office.dat", err)
		if n := strings.Count(fmt.Sprint(err), "office.dat"); n > 1 {
			t.Errorf("%s: the file is named %d times: %v", name, n, err)
		}
	}
}

// TestObjectsCutAnywhere: no part of a document is taken for the whole.
func TestObjectsCutAnywhere(t *testing.T) {
	t.Parallel()
	whole := strings.TrimSpace(objectsText)
	profiles := objects(t)
	for at := 1; at < len(whole); at++ {
		_, err := prepareBy(t, write(t, "cut.json", []byte(whole[:at])), ingest.Options{Profiles: profiles})
		if err == nil {
			t.Errorf("cut after %d bytes it is taken: %s", at, whole[:at])
		}
		inWords(t, fmt.Sprintf("cut after %d bytes", at), "cut.json", err)
	}
}

func TestObjectsThatAreHostile(t *testing.T) {
	t.Parallel()
	const most = 1_000_000
	sound := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(objectsText), "{"), "}")
	around := func(before, after string) []byte { return []byte("{" + before + sound + after + "}") }
	var utf16le []byte
	for _, c := range utf16.Encode([]rune(objectsText)) {
		utf16le = binary.LittleEndian.AppendUint16(utf16le, c)
	}
	for name, c := range map[string]struct {
		file []byte
		kind guichet.Kind
		says string
	}{
		"arrays before the rows":     {around(`"x": `+strings.Repeat("[", most)+strings.Repeat("]", most)+",", ""), guichet.KindUnrecognised, "nested more than 32 deep"},
		"objects before the rows":    {around(`"x": `+strings.Repeat(`{"a":`, most), ""), guichet.KindUnrecognised, "nested more than 32 deep"},
		"arrays after the rows":      {around("", `, "x": `+strings.Repeat("[", most)), guichet.KindHostile, "nested more than 32 deep"},
		"arrays alone":               {bytes.Repeat([]byte("["), most), guichet.KindUnrecognised, "'['"},
		"an enormous text after":     {around("", `, "x": "`+strings.Repeat("a", 3*most)+`"`), guichet.KindHostile, "longer than 1048576 bytes"},
		"an enormous key":            {around("", `, "`+strings.Repeat("a", 3*most)+`": 1`), guichet.KindHostile, "longer than 1048576 bytes"},
		"an enormous number":         {bytes.Replace([]byte(objectsText), []byte("-20.50"), bytes.Repeat([]byte("1"), most), 1), guichet.KindInvalid, "more than 60 digits"},
		"a bomb of one text":         {gz(t, around("", `, "x": "`+strings.Repeat("a", 20*most)+`"`)), guichet.KindHostile, "longer than"},
		"half a character":           {bytes.Replace([]byte(objectsText), []byte("0102"), []byte(`\ud800`), 1), guichet.KindInvalid, "half a character"},
		"Latin-1":                    {bytes.Replace([]byte(objectsText), []byte("0102"), []byte("\xe9"), 1), guichet.KindInvalid, "is not UTF-8"},
		"UTF-16 without its mark":    {utf16le, guichet.KindUnrecognised, "no JSON"},
		"a NUL between values":       {bytes.Replace([]byte(objectsText), []byte("-20.50,"), []byte("-20.50,\x00"), 1), guichet.KindInvalid, "a NUL byte"},
		"a key twice, once escaped":  {bytes.Replace([]byte(objectsText), []byte(`"code": "0102"`), []byte(`"code": "0102", "c\u006fde": "0103"`), 1), guichet.KindInvalid, "the key 'code' stands twice"},
		"two documents":              {[]byte(objectsText + objectsText), guichet.KindInvalid, "'{' after the end"},
		"a line per object":          {[]byte(`{"month":"2025-01"}` + "\n" + `{"month":"2025-01"}`), guichet.KindUnrecognised, "'{' after the end"},
		"an error that writes lines": {bytes.Replace([]byte(objectsText), []byte(`"error": ""`), []byte(`"error": "a\nb\u001b[31m"`), 1), guichet.KindInvalid, `it says "a\nb\x1b[31m" as its error`},
	} {
		_, err := prepareBy(t, write(t, "x.json", c.file), ingest.Options{Profiles: objects(t)})
		wantFault(t, name, err, c.kind, c.says)
		inWords(t, name, "x.json", err)
	}
}

// TestDigitsOfOthers: what only looks like a number stays a text, to be put
// aside with its row.
func TestDigitsOfOthers(t *testing.T) {
	t.Parallel()
	two := ingest.Column{Binary: 2}
	for _, text := range []string{"0x1.8000", "0b1.1000", "1_0.0000", "1e2.0000", "١.5000", "Inf.000", "1/2.000", " 1.5000"} {
		if got := ingest.ValueOf(two, text); got != text {
			t.Errorf("%q is read as %q", text, got)
		}
	}
	if got := ingest.ValueOf(two, "-1.5000"); got != "-1.50" {
		t.Errorf("-1.5000 is read as %q", got)
	}
}

// zipWithDirectory is a zip of one member whose directory names it n times.
func zipWithDirectory(tb testing.TB, n int) []byte {
	tb.Helper()
	whole := zipOf(tb, entry{name: "a.csv", body: smallText})
	end := whole[len(whole)-22:]
	from := binary.LittleEndian.Uint32(end[16:])
	out := append(bytes.Clone(whole[:from]), bytes.Repeat(whole[from:len(whole)-22], n)...)
	end = bytes.Clone(end)
	binary.LittleEndian.PutUint16(end[8:], uint16(n))
	binary.LittleEndian.PutUint16(end[10:], uint16(n))
	binary.LittleEndian.PutUint32(end[12:], uint32(len(out)-int(from)))
	if _, err := zip.NewReader(bytes.NewReader(append(out, end...)), int64(len(out)+len(end))); err != nil {
		tb.Fatalf("the library does not read what is made for the test: %v", err)
	}
	return append(out, end...)
}

// TestZipDirectory: the library keeps every entry of a directory; one that is
// larger than its members allow is not read to its end.
func TestZipDirectory(t *testing.T) {
	t.Parallel()
	limits := ingest.Limits{Members: 50}
	_, err := prepareBy(t, write(t, "a.zip", zipWithDirectory(t, 60_000)), ingest.Options{Limits: limits})
	wantFault(t, "60,000 entries", err, guichet.KindHostile, "more than 50 members, or says too much of them in its directory")
	_, err = prepareBy(t, write(t, "a.zip", zipWithDirectory(t, 2)), ingest.Options{Limits: limits})
	wantFault(t, "two entries", err, guichet.KindHostile, "two members of the name")
}

// TestCompanionThatIsHostile: a companion is bounded as lines are.
func TestCompanionThatIsHostile(t *testing.T) {
	t.Parallel()
	whole := censusImports("202401").Zip(t)
	comm := string(memberOf(t, whole, "IMP_COMM.TXT"))
	for name, c := range map[string]struct {
		body string
		kind guichet.Kind
		says string
	}{
		"a NUL":              {comm[:20] + "\x00" + comm[21:], guichet.KindInvalid, "a NUL byte stands in line 1, column 21"},
		"a byte order mark":  {"\xef\xbb\xbf" + comm, guichet.KindInvalid, "line 1 has"},
		"UTF-16":             {"\xff\xfe" + strings.Join(strings.Split(comm, ""), "\x00"), guichet.KindInvalid, "a NUL byte"},
		"CR alone":           {strings.ReplaceAll(comm, "\n", "\r"), guichet.KindInvalid, "line 1 has"},
		"a line without end": {strings.Repeat("1", 3<<20), guichet.KindHostile, "line 1 is longer than"},
		"digits of others":   {comm[:230] + "２" + comm[233:], guichet.KindInvalid, "which is no number"},
		"an exponent":        {comm[:222] + "            1e3" + comm[237:], guichet.KindInvalid, `"1e3", which is no number`},
		"an archive":         {string(zipOf(t, entry{name: "x", body: "x"})), guichet.KindInvalid, "NUL"},
	} {
		_, err := prepareBy(t, write(t, "x.zip", setMember(t, whole, "IMP_COMM.TXT", c.body)), ingest.Options{Profiles: profiles(t)})
		wantFault(t, name, err, c.kind, c.says)
		inWords(t, name, "x.zip", err)
	}
}

// TestCompanionOfAMillionLines: a list of goods has some ten thousand.
func TestCompanionOfAMillionLines(t *testing.T) {
	t.Parallel()
	yaml := strings.Replace(smallYAML, "{kind: csv}", "{kind: records, container: [zip], members: a, detail: {length: 30}, "+
		"companions: [{name: c, member: b, length: 3, columns: [{name: k, from: 1, to: 2}, {name: n, from: 3, to: 3, number: true}]}]}", 1)
	for i, name := range []string{"month", "code", "country", "value"} {
		yaml = strings.Replace(yaml, "{name: "+name+"}", fmt.Sprintf("{name: %s, from: %d, to: %d}", name, 7*i+1, 7*i+7), 1)
	}
	yaml += "controls:\n  - {name: n, stated: {total: c.n}, found: {lines: true}}\n"
	file := zipOf(t, entry{name: "a", body: strings.Repeat("x", 30) + "\n"}, entry{name: "b", body: strings.Repeat("010\n", 1_000_001)})
	_, err := prepareBy(t, write(t, "x.zip", file), ingest.Options{Profiles: []*ingest.Profile{parse(t, yaml)}})
	wantFault(t, "a million and one", err, guichet.KindHostile, "member b: it has more than 1000000 lines")
}

// TestArchiveOfCensusCutAnywhere: no part of an archive is taken for the whole.
func TestArchiveOfCensusCutAnywhere(t *testing.T) {
	t.Parallel()
	whole := censusImports("202401").Zip(t)
	p := byName(t, "us-census-imdb")
	for at := 1; at < len(whole); at += 13 {
		_, err := prepareBy(t, write(t, "cut.zip", whole[:at]), ingest.Options{Profiles: []*ingest.Profile{p}})
		if err == nil {
			t.Errorf("cut after %d of %d bytes it is taken", at, len(whole))
		}
		inWords(t, fmt.Sprintf("cut after %d bytes", at), "cut.zip", err)
	}
}

// TestDraftsAreBounded: however wide a table is or says to be, a draft of it
// costs little.
func TestDraftsAreBounded(t *testing.T) {
	t.Parallel()
	objects := func(n, keys int) string {
		rows := make([]string, n)
		for i := range rows {
			rows[i] = fmt.Sprintf(`{"a%d":1}`, i%keys)
		}
		return "[" + strings.Join(rows, ",") + "]"
	}
	for name, text := range map[string]string{
		"a wide CSV":      strings.Repeat(strings.Repeat(",", 40_000)+"\n", 20),
		"a wide row":      "[[" + strings.Repeat("1,", 300_000) + "1]]",
		"a wide object":   `[{"a":1` + objectKeys(2000) + "}]",
		"keys row by row": objects(70_000, 70_000),
	} {
		_, err := ingest.Draft(t.Context(), made(t, "made", text), ingest.Options{}, ingest.Answers{}, "en")
		wantFault(t, name, err, guichet.KindHostile, "more than 1000 columns")
	}
	d, err := ingest.Draft(t.Context(), made(t, "made", objects(60_000, 1000)), ingest.Options{}, ingest.Answers{}, "en")
	if err != nil || d.Rows > 1<<22/1000 || len(d.Columns) != 1000 {
		t.Errorf("sparse rows: %d rows of %d columns, %v", d.Rows, len(d.Columns), err)
	}
}

func objectKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"k%d":1`, i)
	}
	return b.String()
}

// TestDraftOfOneLongLine: a character that the end of the sample cuts is no sign
// of another encoding.
func TestDraftOfOneLongLine(t *testing.T) {
	t.Parallel()
	for shift := range 2 {
		var b strings.Builder
		b.WriteString("[" + strings.Repeat(" ", shift))
		for b.Len() < 1<<20+1000 {
			b.WriteString(`{"month":"2024-01","hs":"0101","country":"éééééééééééééééééééé","value":3},`)
		}
		text := strings.TrimSuffix(b.String(), ",") + "]"
		path := made(t, "made.json", text)
		if _, err := os.Stat(path); err != nil {
			t.Fatal(err)
		}
		d, err := ingest.Draft(t.Context(), path, ingest.Options{}, ingest.Answers{}, "en")
		if err != nil || strings.Contains(d.YAML, "windows-1252") {
			t.Errorf("shifted by %d: %v\n%.900s", shift, err, d.YAML)
		}
	}
}

// TestDraftOfManyValues: sums are not looked for among very many columns, and
// the draft says so.
func TestDraftOfManyValues(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 300 {
		fmt.Fprintf(&b, "value%d,", i)
	}
	b.WriteString("month,hs\n")
	for row := range 400 {
		for i := range 300 {
			fmt.Fprintf(&b, "%d,", row*i%977)
		}
		fmt.Fprintf(&b, "2024-%02d,0101\n", row%12+1)
	}
	d, err := ingest.Draft(t.Context(), made(t, "made.csv", b.String()), ingest.Options{}, ingest.Answers{}, "en")
	if err != nil || !strings.Contains(d.YAML, "is the sum of two others was not looked at") {
		t.Errorf("%v\n%.2000s", err, d.YAML)
	}
}
