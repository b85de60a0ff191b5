package store_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/trade"
)

// linesLayout is how the tests' declaration lines are cut: month, flow, code,
// country of the other side, value, day lodged, declaration, trader.
func linesLayout() guichet.Layout {
	record := func(letter, flow, partnerColumn string) guichet.RecordMap {
		return guichet.RecordMap{
			When:      []guichet.Condition{{Column: "way", In: []string{letter}}},
			Constants: map[string]string{"flow": flow, "trade_system": "general", "valuation": "cif", "partner_role": "origin", "list": "none", "edition": "2022", "subtotal": "false", "partner_kind": "country"},
			Texts:     map[string]string{"code": "code", "hs": "code", "partner": partnerColumn, "lodged": "day", "declaration": "decl", "trader": "trader"},
			Measures:  map[string]guichet.NumberColumn{"value": {Column: "val", Required: true, Decimals: 2}},
			Groups:    []guichet.KeyGroup{{Name: "m", Rule: "month", Columns: []string{"m"}, Fields: []string{"freq", "period"}}},
		}
	}
	return guichet.Layout{
		Dataset: "trade", Delimiter: ";", Quote: `"`, Header: true, Columns: []string{"m", "way", "code", "who", "val", "day", "decl", "trader"},
		Records: []guichet.RecordMap{record("I", "imports", "who"), record("E", "exports", "who")},
	}
}

const linesHeader = "m;way;code;who;val;day;decl;trader\n"

// TestPrivateTextsAreCopied: nearly unique texts come through as they are,
// without outer spaces; what is no such text puts its line aside.
func TestPrivateTextsAreCopied(t *testing.T) {
	long := strings.Repeat("é", 70)
	for _, c := range []struct{ name, decl, want string }{
		{"a number", "26US0000123-2", ""},
		{"spaces around", "  26US0000123-2 ", ""},
		{"nothing", "", ""},
		{"70 characters of more bytes", long, ""},
		{"71 characters", long + "x", "not_an_identifier"},
		{"70 characters and a space", long + " ", ""},
		{"a tab", "26US\t1", "not_an_identifier"},
		{"a line end", "\"26US\n1\"", "not_an_identifier"},
		{"a delete", "26US\x7f", "not_an_identifier"},
		{"a next line", "26US\u0085", "not_an_identifier"},
		{"a mark that turns text round", "26US\u202e1", "not_an_identifier"},
		{"a line separator", "26US\u20281", "not_an_identifier"},
		{"letters of another script", "申报单-7", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			st, err := stageIn(t.Context(), t.TempDir(), trade.Dataset(), linesLayout(),
				linesHeader+"2024-01;I;630790;CN;10;2024-01-31;"+c.decl+";acme\n2024-01;E;630790;CA;20;;ok-1;\n")
			if err != nil {
				t.Fatal(err)
			}
			checkStaged(t, st)
			want := ""
			if c.want != "" {
				want = c.want + " 1"
			}
			if got := reasonsOf(st); got != want {
				t.Errorf("put aside %q, want %q", got, want)
			}
		})
	}
}

// TestAKeyAsksOnlyItsOwnLines: the rule of one record puts no line of another
// aside, and its own still.
func TestAKeyAsksOnlyItsOwnLines(t *testing.T) {
	l := linesLayout()
	l.Records[0].Groups = append(l.Records[0].Groups, guichet.KeyGroup{Name: "in", Rule: "post", Columns: []string{"who"}, Fields: []string{"port"}})
	st, err := stageIn(t.Context(), t.TempDir(), trade.Dataset(), l, linesHeader+
		"2024-01;I;630790;CN-1;10;;a;\n2024-01;I;630790;CN;20;;b;\n2024-01;E;630790;CA;40;;c;\n2024-01;E;630790;CA;x;;d;\n")
	if err != nil {
		t.Fatal(err)
	}
	checkStaged(t, st)
	if got, want := reasonsOf(st), "no_post 1, not_a_number 1"; got != want {
		t.Errorf("put aside %q, want %q", got, want)
	}
	if x := total(t, st, "value"); x.Kept.String() != "50" || x.Aside.String() != "20" {
		t.Errorf("kept %s and put %s aside, want 50 and 20", x.Kept, x.Aside)
	}
}

// manyLines are declaration lines of two months with traders that must not be
// found anywhere outside the home.
func manyLines() string {
	var b strings.Builder
	b.WriteString(linesHeader)
	for i := range 200 {
		fmt.Fprintf(&b, "2024-0%d;%c;630790;CN;%d;2024-02-%02d;SECRET-%d;TRADER-%d\n", 1+i%2, "IE"[i/2%2], i, 1+i%28, i, i%7)
	}
	b.WriteString("2024-01;I;630790;CN;x;;SECRET-ASIDE;TRADER-ASIDE\n")
	return b.String()
}

// TestPrivateFieldsNeverLeave: neither a plan nor an export gets them, whole or
// superseded in part, and what is told of a submission does not hold them.
func TestPrivateFieldsNeverLeave(t *testing.T) {
	h := newHouse(t)
	h.ds = trade.Dataset()
	h.open()
	l := linesLayout()
	for _, f := range []filing{
		{id: "lines", layout: &l, text: manyLines()},
		{id: "one", layout: &l, text: linesHeader + "2024-02;I;630790;CN;5;;SECRET-9;TRADER-9\n"},
	} {
		h.now = h.now.Add(1e9)
		if _, err := h.commit(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	part := guichet.PlanPart{Submissions: []string{id16("lines")}}
	byTrader := part
	byTrader.Clauses = []guichet.Clause{{Field: "trader", In: []string{"TRADER-1"}}}
	for name, p := range map[string]guichet.Plan{
		"by": {By: []string{"trader"}, Parts: []guichet.PlanPart{part}}, "a clause": {Parts: []guichet.PlanPart{part, byTrader}},
		"a measure": {Measures: []string{"declaration"}, Parts: []guichet.PlanPart{part}},
	} {
		p.Dataset = "trade"
		_, err := h.s.Find(t.Context(), p)
		if guichet.KindOf(err) != guichet.KindRefused || !strings.Contains(err.Error(), "is private") {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
	// The home has them, and the export does not.
	if got := holding(t, filepath.Join(h.path, "tables", "trade", "data"), "trader"); len(got) < 2 {
		t.Errorf("the home's own files hold no trader, so that nothing is shown: %v", got)
	}
	dir := filepath.Join(t.TempDir(), "out")
	if _, err := h.s.Export(t.Context(), h.ds, dir); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"SECRET", "TRADER", "trader", "declaration"} {
		if got := holding(t, dir, text); len(got) > 0 {
			t.Errorf("%q stands in the export: %v", text, got)
		}
	}
	subs, err := h.s.Submissions(t.Context(), "trade")
	if err != nil {
		t.Fatal(err)
	}
	told, err := json.Marshal(subs)
	if err != nil {
		t.Fatal(err)
	}
	if kept := strings.ReplaceAll(string(told), "SECRET-ASIDE;TRADER-ASIDE", ""); strings.Contains(kept, "SECRET") || strings.Contains(kept, "TRADER") {
		t.Errorf("what is told of submissions holds a private text: %s", kept)
	}
}

// TestAConstantPrivateTextIsNotTold: a file of one trader does not name it where
// constants are told.
func TestAConstantPrivateTextIsNotTold(t *testing.T) {
	st, err := stageIn(t.Context(), t.TempDir(), trade.Dataset(), linesLayout(), linesHeader+"2024-01;I;630790;CN;10;;D1;ACME\n2024-01;I;630790;CN;11;;D1;ACME\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"trader", "declaration"} {
		if v, ok := st.Filled[field]; !ok || v != "" {
			t.Errorf("%s is told as %q (filled: %v)", field, v, ok)
		}
	}
	l := linesLayout()
	for i := range l.Records {
		delete(l.Records[i].Texts, "trader")
		l.Records[i].Constants["trader"] = "ACME"
	}
	st, err = stageIn(t.Context(), t.TempDir(), trade.Dataset(), l, linesHeader+"2024-01;I;630790;CN;10;;D1;x\n")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("", st.Filled["trader"]); diff != "" {
		t.Error(diff)
	}
}

// TestAnExportOfLinesIsWhole: without private fields every figure is there.
func TestAnExportOfLinesIsWhole(t *testing.T) {
	h := newHouse(t)
	h.ds = trade.Dataset()
	h.open()
	l, old := linesLayout(), tradeLayout()
	for _, f := range []filing{{id: "lines", layout: &l, text: manyLines()}, {id: "figures", layout: &old, text: tradeText(3, "2023-12", 40)}} {
		h.now = h.now.Add(1e9)
		if _, err := h.commit(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	metadata, err := h.s.Export(t.Context(), h.ds, filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	q := question{By: []string{"flow", "period", "lodged"}, Sum: "value"}
	got := engines()[0].read(t, metadata, []question{q})
	if diff := cmp.Diff(plain(h.askDuckDB(q, "lines", "figures"), 3), plain(got.Answers[0], 3)); diff != "" {
		t.Error(diff)
	}
}

// holding names the files below a folder whose bytes hold a text. Parquet pages
// are compressed: short ones and statistics are not, and tables name columns.
func holding(t *testing.T, dir, text string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(text)) {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
