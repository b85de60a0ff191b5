package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/store"
)

// stageIn stages texts of crossings into a folder.
func stageIn(ctx context.Context, dir string, ds *guichet.Dataset, l guichet.Layout, texts ...string) (*store.Staged, error) {
	for i, text := range texts {
		name := filepath.Join(dir, fmt.Sprintf("in%d.csv", i))
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return nil, err
		}
		l.Files = append(l.Files, name)
	}
	cfg := store.StageConfig{Dir: dir, Submission: "0123456789abcdef", Reporter: "FR", Engine: store.EngineConfig{Threads: 2, MemoryMiB: 256}}
	return store.Stage(ctx, cfg, ds, l, judgeCrossings)
}

func stage(t *testing.T, l guichet.Layout, texts ...string) *store.Staged {
	t.Helper()
	st, err := stageIn(t.Context(), t.TempDir(), crossings(), l, texts...)
	if err != nil {
		t.Fatal(err)
	}
	checkStaged(t, st)
	return st
}

// checkStaged holds what was staged to the invariant.
func checkStaged(t interface {
	Helper()
	Errorf(string, ...any)
}, st *store.Staged,
) {
	t.Helper()
	if st.Lines != st.Kept+st.Aside {
		t.Errorf("%d lines, but %d kept and %d put aside", st.Lines, st.Kept, st.Aside)
	}
	for _, x := range st.Totals {
		if x.File.Cmp(x.Kept.Add(x.Aside)) != 0 {
			t.Errorf("%s: %s in the file, but %s kept and %s put aside", x.Measure, x.File, x.Kept, x.Aside)
		}
	}
	var records, reasons int64
	for _, u := range st.Units {
		records += u.Rows
	}
	for _, r := range st.Reasons {
		reasons += r.Rows
	}
	if records != st.Records {
		t.Errorf("%d records, but %d in the units", st.Records, records)
	}
	if reasons != st.Aside {
		t.Errorf("%d put aside, but %d by reason", st.Aside, reasons)
	}
	for _, f := range st.Fields {
		if f.Filled > st.Records || f.Remarked > st.Records || f.Aside > st.Aside || min(f.Filled, f.Remarked, f.Aside) < 0 {
			t.Errorf("%s: %+v, of %d records and %d lines put aside", f.Field, f, st.Records, st.Aside)
		}
	}
}

// reasonsOf are the reasons with their lines, as "no_post 2".
func reasonsOf(st *store.Staged) string {
	var out []string
	for _, r := range st.Reasons {
		out = append(out, fmt.Sprintf("%s %d", r.Code, r.Rows))
	}
	return strings.Join(out, ", ")
}

// TestNumbersAreReadStrictly: the engine's own casts would take most of these.
func TestNumbersAreReadStrictly(t *testing.T) {
	for _, c := range []struct {
		text string
		want string // the figure; a reason; "" absent
		spec guichet.NumberColumn
	}{
		{"12", "12", guichet.NumberColumn{}},
		{"-12", "-12", guichet.NumberColumn{}},
		{"+7", "7", guichet.NumberColumn{}},
		{"007", "7", guichet.NumberColumn{}},
		{"1.5", "not_a_number", guichet.NumberColumn{}},
		{"1.5", "1.5", guichet.NumberColumn{Decimals: 1}},
		{"1.25", "not_a_number", guichet.NumberColumn{Decimals: 1}},
		{"1.2345", "not_a_number", guichet.NumberColumn{Decimals: 3}},
		{"1.", "not_a_number", guichet.NumberColumn{Decimals: 3}},
		{".5", "not_a_number", guichet.NumberColumn{Decimals: 3}},
		{"1e3", "not_a_number", guichet.NumberColumn{}},
		{"0x10", "not_a_number", guichet.NumberColumn{}},
		{"1_000", "not_a_number", guichet.NumberColumn{}},
		{"NaN", "not_a_number", guichet.NumberColumn{}},
		{"inf", "not_a_number", guichet.NumberColumn{}},
		{"true", "not_a_number", guichet.NumberColumn{}},
		{" 12", "not_a_number", guichet.NumberColumn{}},
		{"12 ", "not_a_number", guichet.NumberColumn{}},
		{"1 000", "not_a_number", guichet.NumberColumn{}},
		{"--1", "not_a_number", guichet.NumberColumn{}},
		{"١٢", "not_a_number", guichet.NumberColumn{}},
		{"999999999999999", "999999999999999", guichet.NumberColumn{}},
		{"1000000000000000", "not_a_number", guichet.NumberColumn{}}, // 16 digits do not fit DECIMAL(18,3)
		{"-999999999999999.999", "-999999999999999.999", guichet.NumberColumn{Decimals: 3}},
		{"1234567890123456789", "not_a_number", guichet.NumberColumn{}},
		{`"1,5"`, "1.5", guichet.NumberColumn{Comma: true, Decimals: 1}},
		{"1.5", "not_a_number", guichet.NumberColumn{Comma: true, Decimals: 1}},
		{`"1,5"`, "not_a_number", guichet.NumberColumn{Decimals: 1}},
		{`"1.000,5"`, "not_a_number", guichet.NumberColumn{Comma: true, Decimals: 1}},
		{"n/a", "", guichet.NumberColumn{Absent: []string{"n/a"}}},
		{"0", "", guichet.NumberColumn{Absent: []string{"0", "0.0"}}},
		{"00", "0", guichet.NumberColumn{Absent: []string{"0", "0.0"}}},
		{"", "", guichet.NumberColumn{}},
		{`""`, "", guichet.NumberColumn{}},
		{"", "no_figure", guichet.NumberColumn{Required: true}},
		{"x", "no_figure", guichet.NumberColumn{Required: true, Absent: []string{"x"}}},
	} {
		t.Run(fmt.Sprintf("%s in %+v", c.text, c.spec), func(t *testing.T) {
			l := layout()
			c.spec.Column = "tonnes"
			l.Records[0].Measures["tonnes"] = c.spec
			st := stage(t, l, header+"2024-01,in,NW-Calais,cars,10,"+c.text+"\n2024-01,in,NW-Calais,cars,20,\n")
			kept, aside := "", ""
			if x := total(t, st, "tonnes").Kept; x.Sign() != 0 || c.want == "0" {
				kept = x.String()
			}
			for _, r := range st.Reasons {
				if r.Code != "no_figure" || !strings.HasPrefix(r.Example, "line 3") {
					aside = r.Code
				}
			}
			if got := kept + aside; got != c.want {
				t.Errorf("%s was read as %q (put aside: %s), want %q", c.text, kept, reasonsOf(st), c.want)
			}
		})
	}
}

// TestLinesThatCannotBeCut are put aside with their place; none is lost.
func TestLinesThatCannotBeCut(t *testing.T) {
	good := line("2024-01", "in", "NW-Calais", 10)
	for _, c := range []struct {
		name, text    string
		lines, kept   int64
		reasons, line string
	}{
		{"too few", header + good + "2024-01,in\n" + good, 3, 2, "wrong_columns 1", "3"},
		{"too many", header + good + "2024-01,in,NW-Calais,cars,5,1,extra\n", 2, 1, "wrong_columns 1", "3"},
		{"far too many", header + "2024-01,in,NW-Calais,cars,5,1,a,b,c,d\n" + good, 2, 1, "wrong_columns 1", "2"},
		{"one of each", header + "a\n" + good + "2024-01,in,NW-Calais,cars,5,1,x\n", 3, 1, "wrong_columns 2", "2"},
		{"carriage returns", strings.ReplaceAll(header+good+good, "\n", "\r\n"), 2, 2, "", ""},
		{"no last line end", header + good + strings.TrimSuffix(good, "\n"), 2, 2, "", ""},
		{"a quote with a line end", header + "2024-01,in,\"NW-Cal\nais\",cars,10,1\n" + good, 2, 2, "", ""},
		{"a quote with a delimiter", header + "2024-01,in,\"NW-Calais, old\",cars,10,1\n", 1, 1, "", ""},
		{"a quote within a quote", header + "2024-01,in,\"NW-\"\"C\"\"\",cars,10,1\n", 1, 1, "", ""},
		{"an empty file", header, 0, 0, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := stage(t, layout(), c.text)
			if st.Lines != c.lines || st.Kept != c.kept || reasonsOf(st) != c.reasons {
				t.Fatalf("%d lines, %d kept, put aside %q; want %d, %d, %q", st.Lines, st.Kept, reasonsOf(st), c.lines, c.kept, c.reasons)
			}
			if c.line != "" && !strings.HasPrefix(st.Reasons[0].Example, "line "+c.line+":") {
				t.Errorf("the example is %q, want line %s", st.Reasons[0].Example, c.line)
			}
		})
	}
}

// TestRaggedLinesOfTwoFiles stand on the same line of each and are two.
func TestRaggedLinesOfTwoFiles(t *testing.T) {
	text := header + "short\n" + line("2024-01", "in", "NW-Calais", 10)
	st := stage(t, layout(), text, text)
	if st.Lines != 4 || st.Kept != 2 || st.Aside != 2 {
		t.Errorf("%d lines, %d kept, %d put aside; want 4, 2, 2", st.Lines, st.Kept, st.Aside)
	}
}

// TestTextWithoutHeader and with the place of each line in a column.
func TestTextWithoutHeader(t *testing.T) {
	l := layout()
	l.Header = false
	st := stage(t, l, line("2024-01", "in", "NW-Calais", 10)+line("2024-01", "in", "nowhere", 5))
	if st.Lines != 2 || !strings.HasPrefix(st.Reasons[0].Example, "line 2: ") {
		t.Errorf("%d lines, %v", st.Lines, st.Reasons)
	}
	l.Columns, l.Line = append([]string{"at"}, l.Columns...), "at"
	st = stage(t, l, "b.csv:17,"+line("2024-01", "in", "nowhere", 5)+"b.csv:19,"+line("2024-01", "in", "NW-Calais", 10))
	if want := "line b.csv:17: 2024-01,in,nowhere,cars,5,1.5"; st.Reasons[0].Example != want {
		t.Errorf("the example is %q, want %q", st.Reasons[0].Example, want)
	}
}

// TestTheFirstFaultNamesTheReason: groups in their order, then numbers; what a
// line put aside held is counted all the same.
func TestTheFirstFaultNamesTheReason(t *testing.T) {
	st := stage(t, layout(), header+
		"never,in,nowhere,cars,x,1\n"+
		"2024-01,in,nowhere,cars,7,2\n"+
		"2024-01,in,NW-Calais,cars,,3\n"+
		"2024-01,in,NW-Calais,cars,1,y\n"+
		"2024-01,in,NW-Calais,cars,100,\n")
	if got, want := reasonsOf(st), "no_date 1, no_figure 1, no_post 1, not_a_number 1"; got != want {
		t.Errorf("put aside %q, want %q", got, want)
	}
	people, tonnes := total(t, st, "people"), total(t, st, "tonnes")
	got := []string{people.File.String(), people.Kept.String(), people.Aside.String(), tonnes.File.String(), tonnes.Kept.String(), tonnes.Aside.String()}
	if diff := cmp.Diff([]string{"108", "100", "8", "6", "0", "6"}, got); diff != "" {
		t.Error(diff)
	}
	for _, r := range st.Reasons {
		if r.Code == "no_post" && r.Value.String() != "7" {
			t.Errorf("%s people were put aside for no_post, want 7", r.Value)
		}
	}
}

// TestRaggedLinesHaveTheirPlace: a text with a column of places gives a line
// that could not be cut as its place and its text.
func TestRaggedLinesHaveTheirPlace(t *testing.T) {
	l := layout()
	l.Header, l.Columns, l.Line = false, append([]string{"at"}, l.Columns...), "at"
	good := "1," + line("2024-01", "in", "NW-Calais", 10)
	for text, want := range map[string]string{
		"17,\"2025-01,0103\"\n":            "line 17: 2025-01,0103",
		"\"a,b.csv:18\",\"2025\"\n":        "line a,b.csv:18: 2025",
		"19,\"a \"\"b\"\",c\"\n":           "line 19: a \"b\",c",
		"20,\"first\nsecond, and more\"\n": "line 20: first\nsecond, and more",
		"21,plain\n":                       "line 21: plain",
		"22,\n":                            "line 22: ",
	} {
		st := stage(t, l, good+text+good)
		if st.Lines != 3 || st.Aside != 1 || st.Reasons[0].Example != want {
			t.Errorf("%q: %d lines, put aside %v, want %q", text, st.Lines, st.Reasons, want)
		}
	}
}

// TestPlacesAreThoseOfTheFile: lines that the engine cannot cut count among the
// others, and what is put aside is told in the order of the file.
func TestPlacesAreThoseOfTheFile(t *testing.T) {
	h := newHouse(t)
	var text strings.Builder
	var want []string
	for at := 2; at < 40; at++ {
		switch {
		case at%7 == 0 || at == 8 || at == 9:
			text.WriteString("2024-01,in\n")
			want = append(want, fmt.Sprintf("%d wrong_columns", at))
		case at%5 == 0:
			text.WriteString(line("2024-01", "in", "nowhere", at))
			want = append(want, fmt.Sprintf("%d no_post", at))
		case at%3 == 0:
			text.WriteString("2024-01,in,NW-A,cars,many,\n")
			want = append(want, fmt.Sprintf("%d not_a_number", at))
		default:
			text.WriteString(line("2024-01", "in", "NW-A", at))
		}
	}
	h.take(filing{id: "a", text: text.String()})
	rejects, err := h.s.Rejects(t.Context(), id16("a"), 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rejects {
		got = append(got, r.Line+" "+r.Reason)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	sub, err := h.s.Submission(t.Context(), "crossings", id16("a"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range sub.Reasons {
		first := map[string]string{"wrong_columns": "line 7:", "no_post": "line 5:", "not_a_number": "line 3:"}[r.Code]
		if !strings.HasPrefix(r.Example, first) {
			t.Errorf("the example of %s is %q, want %s", r.Code, r.Example, first)
		}
	}
	if few, err := h.s.Rejects(t.Context(), id16("a"), 2); err != nil || len(few) != 2 || few[0].Line != "3" {
		t.Errorf("the first two are %v, %v", few, err)
	}
}
