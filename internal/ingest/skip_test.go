package ingest_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/ingest"
	"guichet/trade"
)

// skipping is the small profile of a file with three lines in front.
func skipping(t *testing.T, skip string) *ingest.Profile {
	t.Helper()
	return parse(t, strings.Replace(smallYAML, "kind: csv", "kind: csv, skip: "+skip, 1))
}

const titles = "Office of \"Statistics,,,\nImports, 2025\n\n"

// TestLinesInFrontOfTheHeader passes over titles, a quote that never closes
// among them, and counts them for the place of the lines.
func TestLinesInFrontOfTheHeader(t *testing.T) {
	const want = "_line,month,code,country,value\n5,2025-01,0101,AU,10\n6,2025-01,0102,CA,20.5\n"
	for name, b := range map[string][]byte{
		"plain":           []byte(titles + smallText),
		"gzip":            gz(t, []byte(titles+smallText)),
		"CRLF":            []byte(strings.ReplaceAll(titles+smallText, "\n", "\r\n")),
		"byte order mark": []byte("\xef\xbb\xbf" + titles + smallText),
	} {
		t.Run(name, func(t *testing.T) {
			file := write(t, "f", b)
			got, err := prepareBy(t, file, ingest.Options{Profiles: []*ingest.Profile{skipping(t, "3")}})
			if err != nil {
				t.Fatal(err)
			}
			text, _ := taken(t, file, got)
			if diff := cmp.Diff(want, text); diff != "" || got.Lines != 2 {
				t.Errorf("%d lines (-want +got):\n%s", got.Lines, diff)
			}
		})
	}
}

// TestRemediesOfWhatDoesNotFit: a refusal by the one profile that was named says
// what to write in it.
func TestRemediesOfWhatDoesNotFit(t *testing.T) {
	for _, c := range []struct {
		name          string
		profile       *ingest.Profile
		file          []byte
		message, hint string
	}{
		{"fewer lines in front", skipping(t, "2"), []byte(smallText), "column 'month' is missing", "line 1: write skip: 0"},
		{"lines in front", small(t), []byte(titles + smallText), "first line cannot be cut", "line 4: write skip: 3"},
		{"lines in front without quotes", small(t), []byte("Office,,,\n" + smallText), "column 'month' is missing", "line 2: write skip: 1"},
		{"shorter than what is skipped", skipping(t, "9"), []byte(smallText), "no 9 lines in front", "format.skip"},
		{"one column more", small(t), []byte(strings.ReplaceAll(smallText, "\n", ",x\n")), "column 'x' is not known", "ignored: true"},
		{"cut by semicolons", small(t), []byte(strings.ReplaceAll(smallText, ",", ";")), `cut by ";", the profile by ","`, `delimiter: ";"`},
		{"cut by tabs", small(t), []byte(strings.ReplaceAll(smallText, ",", "\t")), "cut by a tab", `delimiter: "\t"`},
		{"UTF-16", small(t), []byte("\xff\xfem\x00o\x00"), "it is a plain file, UTF-16 text", "CSV in UTF-8"},
		{"PDF", small(t), []byte("%PDF-1.7\n"), "a PDF file", "CSV in UTF-8"},
		{"workbook", small(t), zipOf(t, entry{name: "[Content_Types].xml", body: "<Types/>"}, entry{name: "xl/workbook.xml", body: "<x/>"}), "it is an Excel workbook", "CSV in UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := prepareBy(t, write(t, "f", c.file), ingest.Options{Profiles: []*ingest.Profile{c.profile}})
			known, ok := errors.AsType[*guichet.Error](err)
			if !ok || known.Kind != guichet.KindUnrecognised || !strings.Contains(known.Message, c.message) || !strings.Contains(known.Hint, c.hint) {
				t.Errorf("%v, want %q with the hint %q", err, c.message, c.hint)
			}
			if ok && !strings.Contains(known.Hint, c.hint) {
				t.Errorf("the hint is %q", known.Hint)
			}
		})
	}
}

func TestSkipIsBounded(t *testing.T) {
	for from, to := range map[string]string{
		"kind: csv":           "kind: csv, skip: 101",
		"{kind: csv":          "{kind: csv, skip: -1",
		"format: {kind: csv}": "format: {kind: json-arrays, skip: 1}",
	} {
		_, err := ingest.ParseProfile("p.yaml", []byte(strings.Replace(smallYAML, from, to, 1)))
		if err == nil || !strings.Contains(err.Error(), "format.skip") {
			t.Errorf("%s: %v", to, err)
		}
	}
}

// TestHintsNameTheFile: a fault of meaning sends to the file, not to the name
// that stands in it.
func TestHintsNameTheFile(t *testing.T) {
	p, err := ingest.ParseProfile("dir/mine.yaml", []byte(strings.Replace(smallYAML, "currency: NZD", "currency: ZZZ", 1)))
	if err != nil {
		t.Fatal(err)
	}
	known, ok := errors.AsType[*guichet.Error](p.Check(trade.Dataset()))
	if !ok || !strings.Contains(known.Hint, "profile check dir/mine.yaml") {
		t.Errorf("the check says %v", known)
	}
}

// TestDraftsOfTitlesAndMonthNames finds the lines in front of a header, and
// months by name.
func TestDraftsOfTitlesAndMonthNames(t *testing.T) {
	var b strings.Builder
	b.WriteString("Central Statistical Office;;;;\nImports 2023;;;;\n\n")
	b.WriteString("Month;HS Code;Country of origin;Net weight (kg);CIF Value (USD)\n")
	for i, month := range []string{"Jan-23", "Feb-23", "ene-23", "août-23", "Sept-23"} {
		for j, code := range []string{"630790", "010121", "020714", "220300"} {
			for _, country := range []string{"Australia", "Canada"} {
				b.WriteString(strings.Join([]string{month, code, country, strings.Repeat("1", i+1), strings.Repeat("7", j+2) + ".5"}, ";") + "\n")
			}
		}
	}
	file := write(t, "imports.csv", []byte(b.String()))
	d := draft(t, file, answered("NZ", "USD", "", "cif"))
	p := sound(t, d)
	if !strings.Contains(d.YAML, "skip: 3") || !strings.Contains(d.YAML, "format: Jan-06") {
		t.Errorf("the draft is\n%s", d.YAML)
	}
	got, err := prepareBy(t, file, ingest.Options{Profiles: []*ingest.Profile{p}})
	if err != nil || got.Lines != 40 {
		t.Errorf("%v, %+v", err, got)
	}
}

// TestDraftsOfYearsAndNamedMonths joins a year and a month's name.
func TestDraftsOfYearsAndNamedMonths(t *testing.T) {
	var b strings.Builder
	b.WriteString("Année;Mois;Code SH;Pays d'origine;Valeur CAF (USD)\n")
	for _, month := range []string{"Janvier", "Février", "Décembre"} {
		for _, code := range []string{"630790", "010121", "020714", "220300"} {
			for _, country := range []string{"Australie", "Canada"} {
				b.WriteString("2023;" + month + ";" + code + ";" + country + ";12.5\n")
			}
		}
	}
	d := draft(t, write(t, "imports.csv", []byte(b.String())), answered("NZ", "USD", "", "cif"))
	sound(t, d)
	if !strings.Contains(d.YAML, `value: "{Année} {Mois}"}`) || !strings.Contains(d.YAML, `"2006 January"`) {
		t.Errorf("the draft is\n%s", d.YAML)
	}
}
