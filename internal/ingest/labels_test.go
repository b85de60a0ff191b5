package ingest_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/hs"
	"guichet/internal/ingest"
)

// Codes that only one edition knows make a short list one of that edition.
const list2022 = "code,parent,level,description_en\n" +
	"XI,,S,Textiles\n" +
	"63,XI,2,Made of cloth\n" +
	"6307,63,4,\"Sewn, other\"\n" +
	"630790,6307,6,\"Sewn; \"\"n.e.s.\"\"\"\n" +
	"854921,8549,6,Waste of batteries\n" +
	"999999,9999,6,Not told\n"

func gzippedList(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// listOfEdition is a list of all subheadings of an edition in CSV.
func listOfEdition(e hs.Edition) string {
	var b strings.Builder
	b.WriteString("code,description_en\n")
	for _, c := range hs.Codes(e, 6) {
		fmt.Fprintf(&b, "%s,goods %s\n", c, c)
	}
	return b.String()
}

func TestLabelsOfACSV(t *testing.T) {
	// 999999 is one code in three: too many in so short a list.
	text := strings.Replace(list2022, "999999,9999,6,Not told\n", "", 1)
	digest := sha256.Sum256([]byte(text))
	want := ingest.LabelList{
		Edition: 2022,
		Langs: map[string]map[string]string{"en": {
			"63": "Made of cloth", "6307": "Sewn, other", "630790": `Sewn; "n.e.s."`, "854921": "Waste of batteries",
		}},
		Source: "any.csv", Digest: hex.EncodeToString(digest[:]),
	}
	for name, file := range map[string]string{"plain": text, "gzip": gzippedList(t, text)} {
		got, err := ingest.ParseLabels("folder/any.csv", strings.NewReader(file))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	marked, err := ingest.ParseLabels("any.csv", strings.NewReader("\xef\xbb\xbf"+strings.ReplaceAll(text, "\n", "\r\n")))
	if err != nil || !cmp.Equal(marked.Langs, want.Langs) {
		t.Errorf("with a byte order mark and CR LF: %v, %v", marked.Langs, err)
	}
}

func TestLabelsOfOtherCSVs(t *testing.T) {
	cases := map[string]struct{ text, lang, code, want string }{
		"dots in codes":        {"code;label_fr\n6307.90;cousu\n85.49.21;piles\n", "fr", "630790", "cousu"},
		"tabs between columns": {"HS Code\tDescription_en\n630790\tsewn\n854921\tcells\n", "en", "854921", "cells"},
		"a second column where the first is blank": {
			"code,description_en,label_en\n630790,,sewn\n854921,cells,X\n", "en", "630790", "sewn",
		},
		"a label that several share gets its heading": {
			"code,description_fr,description_fr_with_heading\n630790,autres,Cousus — autres\n854999,autres,Piles — autres\n854921,au plomb,Piles — au plomb\n",
			"fr", "630790", "Cousus — autres",
		},
		"a label of one code stays": {
			"code,description_fr,description_fr_with_heading\n630790,autres,Cousus — autres\n854999,autres,Piles — autres\n854921,au plomb,Piles — au plomb\n",
			"fr", "854921", "au plomb",
		},
		"the same line twice":  {"code,label_en\n630790,sewn\n630790,sewn\n854921,cells\n", "en", "630790", "sewn"},
		"a label without code": {"code,label_en\n,Goods\n630790,sewn\n854921,cells\n", "en", "630790", "sewn"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := ingest.ParseLabels("list.csv", strings.NewReader(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if got.Edition != 2022 || got.List != "" || got.Langs[c.lang][c.code] != c.want {
				t.Errorf("edition %d, list %q, label %q; want 2022, none, %q", got.Edition, got.List, got.Langs[c.lang][c.code], c.want)
			}
		})
	}
}

func TestLabelsOfANationalList(t *testing.T) {
	// Only the list of 2024 has 8549; the codes of chapter 63 are British too.
	got, err := ingest.ParseLabels("x", strings.NewReader("cn8,hs6,label_en,label_fr\n63079092,630790,Drapes,Draps\n85491110,854911,Cells,\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]string{"en": {"63079092": "Drapes", "85491110": "Cells"}, "fr": {"63079092": "Draps"}}
	if got.List != "eu-cn" || got.Edition != 2022 || !cmp.Equal(got.Langs, want) {
		t.Errorf("got list %q of HS%d: %v", got.List, got.Edition, got.Langs)
	}
}

func TestLabelsTariffSteps(t *testing.T) {
	const header = "goods_nomenclature10,productline_suffix,description_en\n"
	got, err := ingest.ParseLabels("x", strings.NewReader(header+"6307909311,10,Nonwovens\n6307909311,80,FFP2\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got.List != "eu-taric" || got.Langs["en"]["6307909311"] != "FFP2" {
		t.Errorf("got list %q: %v", got.List, got.Langs)
	}
}

func TestLabelsOfJSON(t *testing.T) {
	const entries = `"results":[{"id":"TOTAL","text":"Total of all","parent":"#"},{"id":"AG6","text":"AG6 - All","parent":"#"},
  {"id":"63","text":"63 - Made of cloth","parent":"TOTAL"},
  {"id":"630790","text":"630790 - Sewn - other","parent":"6307","isLeaf":"1"},
  {"id":"010121","text":"010121 - Horses","parent":"0101"}]}`
	got, err := ingest.ParseLabels("H5.json", strings.NewReader(`{"more":false,"className":"HS2017","classCode":"H5",`+entries))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]string{"en": {"63": "Made of cloth", "630790": "Sewn - other", "010121": "Horses"}}
	if got.Edition != 2017 || !cmp.Equal(got.Langs, want) {
		t.Errorf("got HS%d: %v", got.Edition, got.Langs)
	}
	if got, err = ingest.ParseLabels("H4.json", strings.NewReader(`{"className":"HS2012",`+entries)); err != nil || got.Edition != 2012 {
		t.Errorf("by the name of its class: HS%d, %v; want HS2012", got.Edition, err)
	}
	// Three editions have all of these codes; nothing in the file says which.
	_, err = ingest.ParseLabels("x.json", strings.NewReader("{"+entries))
	mustRefuseList(t, err, guichet.KindUnrecognised, "alike")
}

// A whole list is known by its codes alone, whatever its name says.
func TestLabelsEditionByCodes(t *testing.T) {
	for _, e := range hs.Editions() {
		got, err := ingest.ParseLabels("hs_h3.csv", strings.NewReader(listOfEdition(e)))
		if err != nil || got.Edition != int(e) || got.List != "" || len(got.Langs["en"]) != len(hs.Codes(e, 6)) {
			t.Errorf("%v came out as HS%d with %d labels: %v", e, got.Edition, len(got.Langs["en"]), err)
		}
	}
}

func mustRefuseList(t *testing.T, err error, kind guichet.Kind, says string) {
	t.Helper()
	if err == nil {
		t.Fatalf("taken; want %s, %q", kind, says)
	}
	if guichet.KindOf(err) != kind || !strings.Contains(err.Error(), says) {
		t.Errorf("got %s: %v; want %s with %q", guichet.KindOf(err), err, kind, says)
	}
}

func TestLabelsRefused(t *testing.T) {
	whole := gzippedList(t, listOfEdition(hs.HS2022))
	manyRows := "code,label_en\n" + strings.Repeat("630790,sewn\n", 200_001)
	cases := map[string]struct {
		text string
		kind guichet.Kind
		says string
	}{
		"empty":                    {"", guichet.KindInvalid, "empty"},
		"blank":                    {" \n\n", guichet.KindInvalid, "empty"},
		"only a mark":              {"\xef\xbb\xbf", guichet.KindInvalid, "empty"},
		"gzip of nothing":          {gzippedList(t, ""), guichet.KindInvalid, "empty"},
		"truncated gzip":           {whole[:len(whole)/2], guichet.KindInvalid, "truncated"},
		"gzip without its end":     {whole[:len(whole)-4], guichet.KindInvalid, "truncated"},
		"damaged gzip":             {whole[:len(whole)-8] + "12345678", guichet.KindInvalid, "cannot be read"},
		"more after the gzip":      {whole + "x", guichet.KindInvalid, "truncated"},
		"gzip in gzip":             {gzippedList(t, whole), guichet.KindInvalid, "gzip"},
		"a zip, or a spreadsheet":  {"PK\x03\x04....", guichet.KindInvalid, "zip"},
		"a bomb":                   {gzippedList(t, strings.Repeat("code,label_en\n", 5<<20)), guichet.KindHostile, "67108864 bytes"},
		"too many rows":            {manyRows, guichet.KindHostile, "200000 rows"},
		"a row without end":        {"code,label_en\n630790," + strings.Repeat("x", 70<<10), guichet.KindHostile, "line 2"},
		"a label too long":         {"code,label_en\n630790,ok\n854921," + strings.Repeat("é", 2001) + "\n", guichet.KindHostile, "line 3"},
		"NUL":                      {"code,label_en\n630790,a\x00b\n", guichet.KindInvalid, "line 2"},
		"not UTF-8":                {"code,label_fr\n854921,a\n630790,cous\xe9\n", guichet.KindInvalid, "line 3"},
		"a control character":      {"code,label_en\n630790,a\x1b[2Jb\n", guichet.KindInvalid, "line 2: the label of 630790 holds the control character U+001B"},
		"C1 control":               {"code,label_en\n630790,a\u009bb\n", guichet.KindInvalid, "U+009B"},
		"writing turned around":    {"code,label_en\n630790,a\u202eb\n", guichet.KindInvalid, "U+202E"},
		"a damaged character":      {"code,label_en\n630790,a\ufffdb\n", guichet.KindInvalid, "U+FFFD"},
		"a label of two lines":     {"code,label_en\n630790,\"a\nb\"\n", guichet.KindInvalid, "line 2"},
		"a control in JSON":        {"{\"classCode\":\"H6\",\n\"results\":[{\"id\":\"630790\",\"text\":\"a\\u0007b\"}]}", guichet.KindInvalid, "line 2"},
		"no column of codes":       {"product,label_en\n630790,sewn\n", guichet.KindUnrecognised, "a code of goods"},
		"no column of labels":      {"code,unit\n630790,kg\n", guichet.KindUnrecognised, "a label in a named language"},
		"a language not named":     {"code,description\n630790,sewn\n", guichet.KindUnrecognised, "a label in a named language"},
		"a column twice":           {"code,label_en,label_en\n630790,a,b\n", guichet.KindInvalid, "label_en stands twice"},
		"a column too few":         {"code,label_en\n630790,sewn\n854921\n", guichet.KindInvalid, "line 3"},
		"a quote that never ends":  {"code,label_en\n630790,\"sewn\n854921,cells\n", guichet.KindInvalid, "line 2"},
		"a quote within":           {"code,label_en\n630790,se\"wn\n", guichet.KindInvalid, "line 2"},
		"only a header":            {"code,label_en\n", guichet.KindUnrecognised, "0 of six digits"},
		"labels all blank":         {"code,label_en\n630790,\n", guichet.KindUnrecognised, "0 of six digits"},
		"two labels":               {"code,label_en\n630790,sewn\n854921,x\n6307.90,woven\n", guichet.KindInvalid, `630790 has two labels (en): "sewn" on line 2, "woven" on line 4`},
		"lost zeros":               {"code,label_en\n10121,horses\n854921,cells\n", guichet.KindInvalid, "line 2: the code 10121 has 5 digits"},
		"unknown codes":            {list2022, guichet.KindUnrecognised, "HS2022 knows 2 of 3"},
		"an unknown national list": {"code,label_en\n0000000001,x\n", guichet.KindUnrecognised, "no list held here"},
		"fits several":             {"code,label_en\n630790,sewn\n", guichet.KindUnrecognised, "alike"},
		"a table of countries":     {"code,label_en\nAF,Afghanistan\n", guichet.KindUnrecognised, "0 of six digits"},
		"JSON of something else":   {`{"a":[1,2]}`, guichet.KindUnrecognised, "no classification"},
		"JSON, a bare list":        {`[{"id":"630790"}]`, guichet.KindUnrecognised, "no classification"},
		"truncated JSON":           {"{\"classCode\":\"H6\",\n\"results\":[{\"id\":\"6307", guichet.KindInvalid, "truncated: the JSON ends too early, on line 2"},
		"wrong JSON":               {"{\"results\":\n[}", guichet.KindInvalid, "line 2 is no JSON"},
		"more after the JSON":      {`{"results":[]} x`, guichet.KindInvalid, "no JSON"},
		"an entry of another kind": {"{\"results\":[{\"id\":\"01\"},\n{\"id\":630790}]}", guichet.KindInvalid, "line 2"},
		"another classification":   {`{"classCode":"S4","results":[{"id":"630790","text":"x"}]}`, guichet.KindUnrecognised, "it says that it is S4"},
		"a wrong class":            {`{"classCode":"H3","results":[{"id":"854921","text":"x"}]}`, guichet.KindUnrecognised, "HS2007 knows 0 of 1"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := ingest.ParseLabels("file.csv", strings.NewReader(c.text))
			if err == nil {
				t.Fatalf("taken as %+v", got)
			}
			mustRefuseList(t, err, c.kind, c.says)
			if !strings.HasPrefix(err.Error(), "file.csv: ") {
				t.Errorf("%q does not name the file", err)
			}
		})
	}
}

// What the real lists come out as: (edition, list, languages and their labels).
func TestLabelsOfRealLists(t *testing.T) {
	type found struct {
		Edition int
		List    string
		Labels  map[string]int
		Label   string // of the code asked for
	}
	const sewn = "Textiles; made up articles (including dress patterns), n.e.c. in chapter 63, n.e.c. in heading no. 6307"
	cases := []struct {
		file, lang, code string
		want             found
	}{
		{"hs_h3.csv", "en", "630790", found{2007, "", map[string]int{"en": 6372}, sewn}},
		{"hs_h4.csv", "en", "630790", found{2012, "", map[string]int{"en": 6529}, sewn}},
		{"hs_h5.csv", "en", "630790", found{2017, "", map[string]int{"en": 6708}, sewn}},
		{"hs_h6.csv", "en", "630790", found{2022, "", map[string]int{"en": 6939}, sewn}},
		{"hs_h6_fr.csv.gz", "fr", "630790", found{2022, "", map[string]int{"fr": 6868}, "Autres articles confectionnés, y compris les patrons de vêtements — autres"}},
		{"eu_cn8_2024.csv", "fr", "63079010", found{2022, "eu-cn", map[string]int{"en": 9763, "fr": 9641}, "en bonneterie"}},
		{"uk_cn8_2021.csv.gz", "en", "01012100", found{2017, "uk-cn", map[string]int{"en": 14614}, "Pure-bred breeding horses"}},
		{"us_schedule_b10_2019.csv.gz", "en", "0101210000", found{2017, "us-schedule-b", map[string]int{"en": 9356}, "HORSES, PUREBRED BREEDING, LIVE"}},
		{"nz_tariff10_2022.csv.gz", "en", "0101210010", found{2022, "nz-tariff", map[string]int{"en": 16172}, "Horses; Pure-bred breeding animals; Thoroughbred; Race breeding stock; Stallions"}},
		{"au_ahecc8_2012.csv.gz", "en", "", found{2012, "au-ahecc", map[string]int{"en": 5722}, ""}},
		{"au_ahecc8_2017.csv.gz", "en", "", found{2017, "au-ahecc", map[string]int{"en": 5870}, ""}},
	}
	for _, c := range cases {
		t.Run(c.file, func(t *testing.T) {
			list, err := ingest.ParseLabels(c.file, openCodes(t, c.file))
			if err != nil {
				t.Fatal(err)
			}
			got := found{list.Edition, list.List, map[string]int{}, list.Langs[c.lang][c.code]}
			for lang, labels := range list.Langs {
				got.Labels[lang] = len(labels)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// Real lists with faults of their own, told in PROVENANCE.md or found here.
func TestLabelsOfFaultyRealLists(t *testing.T) {
	for file, says := range map[string]string{
		"nz_tariff8_2021.csv.gz":  "the code 210690 has two labels",
		"au_tariff10_2019.csv.gz": "the code 02032900 has two labels",
		"us_hts10_2026.csv.gz":    "line 21213: the label of 99039460 holds the control character U+007F",
		"ca_tariff10_2026.csv":    "the label of 3926901000 has 2781 characters",
		"eu_taric10_2021.csv.gz":  "the label of 2903392610 has 2323 characters",
		"comtrade_areas.csv":      "a code of goods",
		"unece_rec20_rev17.csv":   "a label in a named language",
	} {
		t.Run(file, func(t *testing.T) {
			_, err := ingest.ParseLabels(file, openCodes(t, file))
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("got %v; want %q", err, says)
			}
		})
	}
}

// openCodes opens a list of the data folder, or skips the test where there is
// none.
func openCodes(t *testing.T, name string) *os.File {
	t.Helper()
	folder := os.Getenv("GUICHET_DATA")
	if folder == "" {
		folder = "../../../shared/data"
	}
	f, err := os.Open(filepath.Join(folder, "codes", name))
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("the real lists are not here (set GUICHET_DATA): %v", err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// FuzzParseLabels: whatever comes, it is a list whose labels can be shown, or a
// refusal in our own words.
func FuzzParseLabels(f *testing.F) {
	f.Add([]byte(list2022))
	f.Add([]byte("code;label_fr;description_fr_with_heading\n6307.90;a;b\n854921;a;c\n"))
	f.Add([]byte("cn8\tlabel_en\n63079092\t\"Dra\"\"pes\"\n"))
	f.Add([]byte("goods_nomenclature10,productline_suffix,description_en\n6307909311,80,FFP2\n"))
	f.Add([]byte("{\"classCode\":\"H6\",\"results\":[{\"id\":\"854921\",\"text\":\"854921 - x\"},\n{\"id\":\"TOTAL\",\"text\":\"\\ud800\"}]}"))
	f.Add([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00"))
	f.Add([]byte("\xef\xbb\xbfcode,label_en\r\n854921,x\r\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		list, err := ingest.ParseLabels("f", bytes.NewReader(file))
		if err != nil {
			if guichet.KindOf(err) == guichet.KindInternal || !strings.HasPrefix(err.Error(), "f: ") {
				t.Fatalf("%s: %v", guichet.KindOf(err), err)
			}
			return
		}
		if len(list.Langs) == 0 || list.Edition == 0 || len(list.Digest) != 64 {
			t.Fatalf("taken without what it is: %+v", list)
		}
		for lang, labels := range list.Langs {
			for code, label := range labels {
				if len(lang) != 2 || strings.Trim(code, "0123456789") != "" || code == "" || len(code) > 14 ||
					label == "" || strings.ContainsAny(label, "\x00\x1b\n\r\t") || len([]rune(label)) > 2000 {
					t.Fatalf("kept %s %q %q", lang, code, label)
				}
			}
		}
	})
}
