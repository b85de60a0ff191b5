package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/trade"
)

// tradersLayout is linesLayout with the group of enterprises in the place of the
// declaration.
func tradersLayout() guichet.Layout {
	l := linesLayout()
	for i := range l.Records {
		delete(l.Records[i].Texts, "declaration")
		l.Records[i].Texts["trader_group"] = "decl"
	}
	return l
}

// tradersHouse holds lines "month;way;code;partner;value;day;group;trader".
func tradersHouse(tb testing.TB, files ...string) *house {
	tb.Helper()
	h := newHouse(tb)
	h.ds = trade.Dataset()
	h.open()
	l := tradersLayout()
	for i, text := range files {
		h.now = h.now.Add(1e9)
		if _, err := h.commit(tb.Context(), filing{id: fmt.Sprint("lines", i), layout: &l, text: linesHeader + text, scope: []string{"code"}}); err != nil {
			tb.Fatal(err)
		}
	}
	return h
}

// weigh tells the contributions by partner: "CN: 2 of 3; 110 110 80,30".
func weigh(t *testing.T, h *house, by []string, at guichet.Moment, subs ...string) []string {
	t.Helper()
	part := guichet.PlanPart{Clauses: []guichet.Clause{{Field: "flow", In: []string{"imports"}}}}
	for _, s := range subs {
		part.Submissions = append(part.Submissions, id16(s))
	}
	groups, err := h.s.Contributions(t.Context(), guichet.Plan{
		Dataset: "trade", Moment: at, Parts: []guichet.PlanPart{part}, By: by, Measures: []string{"value"},
		Constant: map[string]map[string]string{"grain": {id16("lines0"): "line", id16("lines1"): "other"}},
	}, 2)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, g := range groups {
		w := g.Of[0]
		var largest []string
		for _, d := range w.Largest {
			largest = append(largest, d.String())
		}
		key := strings.Join(g.Keys, " ")
		if !g.Period.Start.IsZero() {
			key = strings.ReplaceAll(key, g.Period.Start.Format("2006-01-02"), g.Period.String())
		}
		out = append(out, fmt.Sprintf("%s: %d of %d in %d rows; %s %s %s", key, w.Contributors, g.Contributors, w.Figures, w.Total, w.Gross, strings.Join(largest, ",")))
	}
	return out
}

// TestContributionsAreOfGroups: enterprises of one group are one contributor,
// whether every row says so or not; a trader of the group's name is another; who
// is not named counts for nobody and weighs as one; a correction weighs by its
// absolute value. Over several submissions each contributor counts once.
func TestContributionsAreOfGroups(t *testing.T) {
	const cn = "2024-01;I;630790;CN;"
	h := tradersHouse(t,
		cn+"50;;G1;A\n"+cn+"30;;;A\n"+cn+"10;;G1;B\n"+cn+"5;;;G1\n"+cn+"-7;;;C\n"+cn+"2;;;\n"+cn+"3;;;\n"+
			"2024-01;I;630790;DE;9;;;A\n2024-01;I;630790;FR;0;;;A\n2024-02;E;630790;CN;1000;;;Z\n",
		"2024-03;I;630790;CN;100;;;C\n")
	got := weigh(t, h, []string{"partner"}, guichet.Moment{}, "lines0", "lines1")
	want := []string{
		"CN: 3 of 3 in 8 rows; 193 193 93,90", // C 93, G1 (A and B) 90, the trader G1 5, nobody 5
		"DE: 1 of 1 in 1 rows; 9 9 9",
		"FR: 0 of 1 in 1 rows; 0 0 0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got = weigh(t, h, []string{"grain", "hs4", "period"}, guichet.Moment{}, "lines0", "lines1")
	want = []string{
		"line 6307 2024-01: 3 of 3 in 9 rows; 102 116 99,7", // A is of G1 for CN, DE and FR; C -7, nobody 5, the trader G1 5
		"other 6307 2024-03: 1 of 1 in 1 rows; 100 100 100",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestContributionsKeepToTheirMoment: of a vintage only the units in force count.
func TestContributionsKeepToTheirMoment(t *testing.T) {
	h := newHouse(t)
	h.ds = trade.Dataset()
	h.open()
	l := tradersLayout()
	for i, f := range []filing{
		{id: "old", released: "2024-03-01", text: linesHeader + "2024-01;I;630790;CN;1;;;A\n2024-02;I;630790;CN;2;;;B\n"},
		{id: "new", released: "2024-04-01", text: linesHeader + "2024-02;I;630790;CN;4;;;C\n"},
		{id: "late", released: "2024-09-01", text: linesHeader + "2024-01;I;630790;CN;8;;;D\n"},
	} {
		h.now = h.now.Add(1e9 * 60)
		f.layout = &l
		if _, err := h.commit(t.Context(), f); err != nil {
			t.Fatal(i, err)
		}
	}
	for vintage, want := range map[string]string{"2024-03-31": "CN: 2 of 2 in 2 rows; 3 3 2,1", "2024-05-01": "CN: 2 of 2 in 2 rows; 5 5 4,1", "": "CN: 2 of 2 in 2 rows; 12 12 8,4"} {
		got := weigh(t, h, []string{"partner"}, guichet.Moment{Vintage: vintage}, "old", "new", "late")
		if len(got) != 1 || got[0] != want {
			t.Errorf("vintage %q: %q, want %q", vintage, got, want)
		}
	}
}

// TestContributionsTellNoName: a plan that names a private field is refused, and
// so is a dataset that names no contributor.
func TestContributionsTellNoName(t *testing.T) {
	h := tradersHouse(t, "2024-01;I;630790;CN;50;;G1;A\n")
	_, err := h.s.Contributions(t.Context(), guichet.Plan{Dataset: "trade", By: []string{"trader"}}, 2)
	if guichet.KindOf(err) != guichet.KindRefused {
		t.Errorf("by trader: %v, want a refusal", err)
	}
	h.ds.Contributor = nil
	_, err = h.s.Contributions(t.Context(), guichet.Plan{Dataset: "trade", By: []string{"partner"}}, 2)
	if guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("nobody is named: %v, want an error", err)
	}
}
