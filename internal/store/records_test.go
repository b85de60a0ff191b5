package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/store"
	"guichet/trade"
)

// counts writes counts as "code rows value".
func counts(cs []guichet.Count) []string {
	var out []string
	for _, c := range cs {
		out = append(out, fmt.Sprintf("%s %d %s", c.Code, c.Rows, c.Value))
	}
	slices.Sort(out)
	return out
}

// TestOneLineGivesSeveralRecords: cars and people on foot stand side by side;
// a line for which no condition holds is kept and gives none, and the fault of
// a number of another record puts nothing aside.
func TestOneLineGivesSeveralRecords(t *testing.T) {
	l := layout()
	l.Columns = []string{"month", "way", "post", "kind", "cars", "walkers"}
	base := l.Records[0]
	with := func(lane, column string, when ...guichet.Condition) guichet.RecordMap {
		r := base
		r.Constants = map[string]string{"lane": lane}
		r.Texts = map[string]string{"way": "way"}
		r.Measures = map[string]guichet.NumberColumn{"people": {Column: column, Required: true}}
		r.When = when
		return r
	}
	kind := func(not bool, in ...string) guichet.Condition {
		return guichet.Condition{Column: "kind", In: in, Not: not}
	}
	l.Records = []guichet.RecordMap{
		with("cars", "cars", kind(false, "both", "cars")),
		with("foot", "walkers", kind(true, "cars", "none")),
	}
	st := stage(t, l, "h,h,h,h,h,h\n"+
		"2024-01,in,NW-A,both,10,1\n"+
		"2024-01,in,NW-A,cars,20,not counted\n"+
		"2024-01,out,NW-A,foot,not counted,2\n"+
		"2024-01,in,NW-A,none,x,x\n"+
		"2024-01,in,NW-A,both,40,x\n"+
		"2024-01,in,nowhere,both,80,8\n")
	if st.Lines != 6 || st.Kept != 4 || st.Aside != 2 || st.Records != 4 {
		t.Errorf("%d lines, %d kept, %d put aside, %d records; want 6, 4, 2, 4", st.Lines, st.Kept, st.Aside, st.Records)
	}
	x := total(t, st, "people")
	if x.File.String() != "161" || x.Kept.String() != "33" || x.Aside.String() != "128" {
		t.Errorf("people: %s in the file, %s kept, %s put aside; want 161, 33, 128", x.File, x.Kept, x.Aside)
	}
	var units []string
	for _, u := range st.Units {
		units = append(units, fmt.Sprintf("%s %s %s %d %s", u.Reporter, u.Period, u.Dims["way"], u.Rows, u.Value))
	}
	if diff := cmp.Diff([]string{"FR 2024-01 in 3 31", "FR 2024-01 out 1 2"}, units); diff != "" {
		t.Error(diff)
	}
	if st.Filled["freq"] != "M" || st.Filled["reporter"] != "FR" || st.Filled["lane"] != "" {
		t.Errorf("filled: %v", st.Filled)
	}
}

// TestRemarksAreJoined and counted once each, whichever group says them.
func TestRemarksAreJoined(t *testing.T) {
	l := layout()
	l.Columns = append(l.Columns, "clock", "again")
	l.Records[0].Constants["remark"] = "sample"
	for _, name := range []string{"clock", "again"} {
		l.Records[0].Groups = append(l.Records[0].Groups, guichet.KeyGroup{Name: name, Rule: "clock", Columns: []string{name}, Fields: []string{"nothing"}})
	}
	st := stage(t, l, header+
		"2024-01,in,NW-A,cars,1,,day,day\n"+
		"2024-01,in,NW-A,cars,2,,night,day\n"+
		"2024-01,in,NW-closed,cars,4,,night,night\n")
	want := []string{"at_night 2 6", "post_closed 1 4", "sample 3 7"}
	if diff := cmp.Diff(want, counts(st.Remarks)); diff != "" {
		t.Error(diff)
	}
}

// TestGroupsOfTheSameColumns in another order are each judged once.
func TestGroupsOfTheSameColumns(t *testing.T) {
	l := layout()
	l.Records[0].Groups = append(l.Records[0].Groups,
		guichet.KeyGroup{Name: "one", Rule: "clock", Columns: []string{"way", "post"}, Fields: []string{"nothing"}},
		guichet.KeyGroup{Name: "two", Rule: "clock", Columns: []string{"post", "way"}, Fields: []string{"other"}},
		guichet.KeyGroup{Name: "three", Rule: "clock", Columns: []string{"way", "post", "way"}, Fields: []string{"third"}})
	st := stage(t, l, header+line("2024-01", "in", "NW-A", 1)+line("2024-01", "out", "NW-A", 2)+line("2024-01", "in", "night", 4))
	if st.Kept != 2 || st.Records != 2 {
		t.Errorf("%d kept, %d records, want 2 and 2", st.Kept, st.Records)
	}
}

// TestDatasetWithoutClassification: nothing hierarchical has to be described.
func TestDatasetWithoutClassification(t *testing.T) {
	ds := crossings()
	ds.Classifications, ds.Breakdowns, ds.UnitFields, ds.Sort = nil, nil, nil, nil
	st, err := stageIn(t.Context(), t.TempDir(), ds, layout(), header+line("2024-01", "in", "NW-A", 1)+line("2024-02", "in", "NW-A", 2))
	if err != nil {
		t.Fatal(err)
	}
	checkStaged(t, st)
	if len(st.Units) != 2 || len(st.Shapes) != 1 {
		t.Errorf("%d units, %d shapes, want 2 and 1", len(st.Units), len(st.Shapes))
	}
}

// TestShapesSayWhatStandsTogether: a total beside its parts, and what stands
// outside it.
func TestShapesSayWhatStandsTogether(t *testing.T) {
	st := stage(t, layout(), header+
		"2024-01,in,NW-A,all,6,\n2024-01,in,NW-A,cars,4,\n2024-01,in,NW-A,foot,2,\n2024-01,in,NW-A,trucks+buses,1,\n2024-01,in,N-A,,1,\n")
	var got []string
	for _, s := range st.Shapes {
		got = append(got, fmt.Sprintf("%d %d %t %s %d", s.Edition, s.Level, s.Subtotal, s.Kinds["lane"], s.Rows))
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"3 1 false absent 1", "3 2 false aside 1", "3 2 false part 2", "3 2 false whole 1"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestOutliersAreFlagged only in a file that is large enough to tell, and only
// where what the row is worth does not bear it out.
func TestOutliersAreFlagged(t *testing.T) {
	var b strings.Builder
	b.WriteString(header)
	for i := range store.OutlierFile - 1 {
		fmt.Fprintf(&b, "2024-01,in,NW-%d,cars,100,1\n", i)
	}
	const slip = "2024-01,out,NW-slip,cars,1,5000\n"
	many := b.String()
	for _, c := range []struct {
		name, text string
		want       int
	}{
		{"a small file", strings.TrimPrefix(many, header+"2024-01,in,NW-0,cars,100,1\n") + slip, 0},
		{"a slip", many + slip, 1},
		{"a busy post", many + "2024-01,out,NW-busy,cars,100000,5000\n", 0},
		{"less than half", many + "2024-01,out,NW-some,cars,0,900\n", 0},
	} {
		st := stage(t, layout(), header+strings.TrimPrefix(c.text, header))
		if len(st.Outliers) != c.want {
			t.Errorf("%s: outliers %v, want %d", c.name, st.Outliers, c.want)
		}
		if c.want == 1 && (st.Outliers[0].Row["post"] != "NW-slip" || st.Outliers[0].Figure.String() != "5000" || st.Outliers[0].Measure != "tonnes") {
			t.Errorf("the outlier is %+v", st.Outliers[0])
		}
	}
	ds := crossings()
	ds.Main = ""
	if st, err := stageIn(t.Context(), t.TempDir(), ds, layout(), many+slip); err != nil || len(st.Outliers) != 1 {
		t.Errorf("without a main measure: %v, %v", st, err)
	}
}

// TestStagingFailsClearly: what a judge, a layout or a stopped context spoils.
func TestStagingFailsClearly(t *testing.T) {
	text := header + line("2024-01", "in", "NW-A", 1)
	bad := layout()
	bad.Records[0].Texts["lane"] = "no such column"
	if _, err := stageIn(t.Context(), t.TempDir(), crossings(), bad, text); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("a column that is not there: %v", err)
	}
	noRule := layout()
	noRule.Records[0].Groups[1].Rule = "guess"
	if _, err := stageIn(t.Context(), t.TempDir(), crossings(), noRule, text); err == nil {
		t.Error("a rule that nobody knows was judged")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := stageIn(ctx, t.TempDir(), crossings(), layout(), text); !errors.Is(err, context.Canceled) {
		t.Errorf("a stopped staging: %v", err)
	}
}

// TestHostileNamesAreOnlyText: quotes in values, constants and paths stay text.
func TestHostileNamesAreOnlyText(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "it's; DROP TABLE k0 --")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	l := layout()
	l.Records[0].Constants["remark"] = "o'clock"
	l.Records[0].When = []guichet.Condition{{Column: "lane", In: []string{"it's'); DROP TABLE k1; --"}}}
	st, err := stageIn(t.Context(), dir, crossings(), l, header+"2024-01,in,NW-it's,it's'); DROP TABLE k1; --,1,2\n")
	if err != nil {
		t.Fatal(err)
	}
	checkStaged(t, st)
	if st.Records != 1 {
		t.Errorf("%d records, want 1", st.Records)
	}
}

// tradeLayout is how the tests' files of trade are cut.
func tradeLayout() guichet.Layout {
	return guichet.Layout{
		Dataset: "trade", Delimiter: ";", Quote: `"`, Header: true, Columns: []string{"m", "way", "code", "who", "kind", "val", "kg"},
		Records: []guichet.RecordMap{{
			Constants: map[string]string{"trade_system": "general", "valuation": "cif", "partner_role": "origin", "list": "none", "edition": "2022", "subtotal": "false"},
			Texts:     map[string]string{"flow": "way", "code": "code", "hs": "code", "partner": "who", "partner_kind": "kind"},
			Measures:  map[string]guichet.NumberColumn{"value": {Column: "val", Required: true, Comma: true, Decimals: 2}, "net_kg": {Column: "kg", Decimals: 3}},
			Groups:    []guichet.KeyGroup{{Name: "m", Rule: "month", Columns: []string{"m"}, Fields: []string{"freq", "period"}}},
		}},
	}
}

// TestTradeIsOneDatasetOfSeveral: the same staging by another description.
func TestTradeIsOneDatasetOfSeveral(t *testing.T) {
	l := tradeLayout()
	st, err := stageIn(t.Context(), t.TempDir(), trade.Dataset(), l, "m;way;code;who;kind;val;kg\n2024-01;imports;630790;CN;country;12,50;3\n2024-01;imports;630790;WLD;world;12,50;\n2024-01;imports;630790;CN;country;12.50;3\n")
	if err != nil {
		t.Fatal(err)
	}
	checkStaged(t, st)
	if x := total(t, st, "value"); x.Kept.String() != "25" || reasonsOf(st) != "not_a_number 1" {
		t.Errorf("value kept %s, put aside %q; want 25 and not_a_number 1", x.Kept, reasonsOf(st))
	}
}
