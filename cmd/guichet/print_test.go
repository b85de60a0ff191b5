package main_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	root "guichet"
	guichet "guichet/cmd/guichet"
)

func dec(t *testing.T, s string) root.Decimal {
	t.Helper()
	d, err := root.ParseDecimal(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		in       string
		decimals int
		en, fr   string
	}{
		{"0", 0, "0", "0"},
		{"999", 0, "999", "999"},
		{"1000", 0, "1,000", "1\u202f000"},
		{"-1234567.5", 2, "-1,234,567.50", "-1\u202f234\u202f567,50"},
		{"3263893254128.123", 1, "3,263,893,254,128.123", "3\u202f263\u202f893\u202f254\u202f128,123"},
	} {
		if got := guichet.Number(dec(t, c.in), "en", c.decimals); got != c.en {
			t.Errorf("%s in English is %q, want %q", c.in, got, c.en)
		}
		if got := guichet.Number(dec(t, c.in), "fr", c.decimals); got != c.fr {
			t.Errorf("%s in French is %q, want %q", c.in, got, c.fr)
		}
	}
}

func TestPercentAndSize(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{guichet.Percent(1, 3, "en"), "33.3 %"},
		{guichet.Percent(0, 3, "en"), "0.0 %"},
		{guichet.Percent(7, 338487, "fr"), "< 0,1 %"},
		{guichet.Percent(1, 0, "en"), ""},
		{guichet.Size(512, "en"), "512 B"},
		{guichet.Size(1<<20, "en"), "1 MiB"},
		{guichet.Size(2500<<20, "en"), "2 GiB"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestTableAligns(t *testing.T) {
	var b strings.Builder
	guichet.Table(&b, []string{"Partner", ">Value", "Note"}, []string{"CN 中国", "1,234", ""}, []string{"Réunion", "-5", "x\x1b[31m"})
	want := `Partner  Value  Note
-------  -----  ----------
CN 中国  1,234
Réunion     -5  x\u001b[31m
`
	want = strings.ReplaceAll(want, "----------\n", "-----------\n")
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("the table differs (-want +got):\n%s", diff)
	}
}

// TestMarksInATable: signs beside their figures, which stay below each other, and a
// legend of those that occur.
func TestMarksInATable(t *testing.T) {
	a := root.Answer{
		Question: root.Question{Dataset: "trade"},
		Columns:  []root.Column{{Name: "partner"}, {Name: "value", Measure: true}, {Name: "quantity", Measure: true}, {Name: "marks"}},
		Rows: []root.Row{
			{"partner": "CA", "value": dec(t, "1000.5"), "quantity": dec(t, "7"), "marks": "estimate_over_partners preliminary"},
			{"partner": "CN", "value": nil, "quantity": nil, "marks": "protected"},
			{"partner": "MX", "value": dec(t, "20"), "quantity": nil, "marks": "unknown_unit later_\x1b[31m"},
		},
	}
	for lang, want := range map[string]string{
		"en": `partner          value  quantity
---------  -----------  --------
CA Canada  1,000.5 e p     7 e p
CN China         - c       - c
MX Mexico     20.0         - u

  c: hidden by the disclosure rules of the agreement: the figure would tell of single contributors
  e: an estimate of the office over its partners, not a record of goods
  p: preliminary figures that the office may revise
  u: the unit is not known; the quantity cannot be added or converted
`,
		"fr": "partner           value  quantity\n----------  -----------  --------\nCA Canada   1\u202f000,5 e p     7 e p\nCN Chine          - c       - c\nMX Mexique     20,0         - u\n\n" +
			"  c\u00a0: masqué par les règles de confidentialité de l’accord : le chiffre révélerait des participants particuliers\n" +
			"  e\u00a0: une estimation de l’office sur ses partenaires, non un relevé de biens\n" +
			"  p\u00a0: chiffres provisoires que l’office peut réviser\n" +
			"  u\u00a0: l’unité est inconnue ; la quantité ne peut être ni additionnée ni convertie\n",
	} {
		got := strings.ReplaceAll(guichet.Figures(lang, a, "partner"), "Partner", "partner")
		if diff := cmp.Diff(strings.ReplaceAll(want, "\u00a0", " "), strings.ReplaceAll(got, "\u00a0", " ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", lang, diff)
		}
		if strings.Contains(got, "protected") || strings.Contains(got, "later_") {
			t.Errorf("marks are a column:\n%s", got)
		}
	}
}

func TestCleanEscapesWhatATerminalObeys(t *testing.T) {
	for in, want := range map[string]string{
		"plain, é, 中国":     "plain, é, 中国",
		"\x1b]0;title\x07": `\u001b]0;title\u0007`,
		"a\tb\nc\r":        `a\tb\nc\r`,
		"\u009b31m":        `\u009b31m`,
		"\u202egpj.exe":    `\u202egpj.exe`,
		"bad \xff byte":    `bad \xff byte`,
		"nul\x00":          `nul\u0000`,
	} {
		if got := guichet.Clean(in); got != want {
			t.Errorf("clean %q gave %q, want %q", in, got, want)
		}
	}
	if got := guichet.CleanLines("one\n\x1btwo\n"); got != "one\n  \\u001btwo" {
		t.Errorf("lines gave %q", got)
	}
}

func FuzzClean(f *testing.F) {
	f.Add("\x1b[31m\u009b\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		out := guichet.Clean(s)
		if strings.ContainsFunc(out, guichet.Dangerous) {
			t.Errorf("clean %q left %q", s, out)
		}
		if guichet.Clean(out) != out {
			t.Errorf("clean is not done after once: %q", out)
		}
	})
}

func TestHarmlessJSONMeansTheSame(t *testing.T) {
	text, err := json.Marshal("\u009b \u007f \u202e é")
	if err != nil {
		t.Fatal(err)
	}
	out := guichet.Harmless(string(text))
	if strings.ContainsFunc(out, guichet.Dangerous) {
		t.Errorf("left %q", out)
	}
	var back string
	if err := json.Unmarshal([]byte(out), &back); err != nil || back != "\u009b \u007f \u202e é" {
		t.Errorf("read back %q, %v", back, err)
	}
}

func TestGuardTouchesTextOnly(t *testing.T) {
	for in, want := range map[string]string{"=1+1": "'=1+1", "+x": "'+x", "-x": "'-x", "@x": "'@x", "630790": "630790", "": ""} {
		if got := guichet.Guard(in); got != want {
			t.Errorf("guard %q gave %q, want %q", in, got, want)
		}
	}
}

func TestShort(t *testing.T) {
	if got := guichet.Short("abcdef", 4); got != "abc…" {
		t.Errorf("got %q", got)
	}
	if got := guichet.Width(guichet.Short("中国中国", 5)); got > 5 {
		t.Errorf("a cut wide text takes %d columns", got)
	}
}

func answer(t *testing.T) root.Answer {
	t.Helper()
	value := dec(t, "12345")
	return root.Answer{
		Question: root.Question{Dataset: "trade", By: []string{"reporter", "partner", "flow"}, Measures: []string{"value"}},
		Columns: []root.Column{
			{Name: "partner", Title: root.Text{EN: "Partner", FR: "Partenaire"}},
			{Name: "flow", Title: root.Text{EN: "Flow", FR: "Flux"}},
			{Name: "currency", Title: root.Text{EN: "Currency", FR: "Monnaie"}},
			{Name: "value", Measure: true, Title: root.Text{EN: "Value", FR: "Valeur"}},
		},
		Rows: []root.Row{
			{"partner": "CN", "flow": "imports", "currency": "CAD", "value": dec(t, "1234567.5")},
			{"partner": "@evil", "flow": "imports", "currency": "CAD", "value": dec(t, "-3")},
			{"partner": "NZ", "flow": "imports", "currency": "CAD", "value": nil},
		},
		Remarks: []root.Remark{{Code: "not_listed", Text: "the national list at hand does not know this code; the figure is kept: 3 codes", Reporter: "CA", Rows: 3, Value: &value, Unit: "CAD"}},
		Gaps:    []root.Gap{{Reporter: "US", Reason: root.GapNotReported, Period: "2024"}},
		Sources: []root.Source{{Submission: "0123", Digest: "dd", Rows: 3, Reporter: "CA", File: "a.zip", Licence: "OGL"}},
		AsOf:    time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
}

func TestAnswerForPeople(t *testing.T) {
	var out, words strings.Builder
	if err := guichet.PrintAnswer(&out, &words, answer(t), "en", ""); err != nil {
		t.Fatal(err)
	}
	want := `Flow: imports; Currency: CAD

Partner          Value, CAD
--------------  -----------
CN China        1,234,567.5
@evil                  -3.0
NZ New Zealand            -

Remarks
  * the national list at hand does not know this code; the figure is kept: 3 codes (CA, 3 rows, 12,345 CAD)

No figure
  * US 2024: not reported: no file of that period has been taken in

Source  Reporter  Released  Rows  File   Licence
------  --------  --------  ----  -----  -------
0123    CA        unknown      3  a.zip  OGL

as we held it on 2026-01-02 03:04:05Z
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("the answer differs (-want +got):\n%s", diff)
	}
}

func TestAnswerInFrench(t *testing.T) {
	var out, words strings.Builder
	if err := guichet.PrintAnswer(&out, &words, answer(t), "fr", ""); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Flux : imports; Monnaie : CAD", "1\u202f234\u202f567,5", "CN Chine", "le chiffre est gardé : 3 codes", "non déclaré"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the answer does not say %q:\n%s", want, out.String())
		}
	}
}

func TestAnswerAsCSV(t *testing.T) {
	var out, words strings.Builder
	if err := guichet.PrintAnswer(&out, &words, answer(t), "en", "csv"); err != nil {
		t.Fatal(err)
	}
	want := "partner,flow,currency,value\nCN,imports,CAD,1234567.5\n'@evil,imports,CAD,-3\nNZ,imports,CAD,\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("the CSV differs (-want +got):\n%s", diff)
	}
	if !strings.Contains(words.String(), "not reported") {
		t.Errorf("standard error does not tell the gap: %q", words.String())
	}
}

func TestAnswerAsJSONHasNoNull(t *testing.T) {
	var out bytes.Buffer
	if err := guichet.PrintAnswer(&out, &out, root.Answer{}, "en", "json"); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for _, list := range []string{"columns", "rows", "remarks", "gaps", "sources"} {
		if _, ok := got[list].([]any); !ok {
			t.Errorf("%s is %v, want a list", list, got[list])
		}
	}
}

func TestProgress(t *testing.T) {
	steps := []guichet.Step{
		{At: 0, Stage: "reading", Done: 0, Total: 10},
		{At: 500 * time.Millisecond, Stage: "reading", Done: 2, Total: 10},
		{At: 2500 * time.Millisecond, Stage: "reading", Done: 5, Total: 10},
		{At: 3 * time.Second, Stage: "writing", Done: 0, Total: 0},
		{At: 5 * time.Second, Stage: "wri\x1bting", Done: 0, Total: 0},
	}
	var plain, bar strings.Builder
	guichet.Report(&plain, false, steps...)
	if want := "guichet: reading 20.0 %\nguichet: reading 50.0 %\nguichet: wri\\u001bting\n"; plain.String() != want {
		t.Errorf("without a terminal: got %q, want %q", plain.String(), want)
	}
	guichet.Report(&bar, true, steps...)
	if !strings.Contains(bar.String(), "[############............] 50.0 %") || !strings.HasSuffix(bar.String(), "\r\x1b[K") {
		t.Errorf("on a terminal: got %q", bar.String())
	}
}
