package federation_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"guichet"
	"guichet/internal/federation"
	marks "guichet/mark"
)

func answered(member string, a guichet.Answer) federation.Result {
	return federation.Result{Member: member, Reply: &guichet.Reply{Member: member, Decision: guichet.Decision{Permitted: true, Notices: []guichet.Remark{{Code: "accuracy", Text: "as published"}}}, Answer: &a}}
}

func rowOf(reporter, partner string, value int64) guichet.Row {
	return guichet.Row{"reporter": reporter, "partner": partner, "value": guichet.DecimalOf(value)}
}

// TestMergeLaysSideBySide: nothing is added, each row says who said it, copies
// are told, and what is generated stays marked.
func TestMergeLaysSideBySide(t *testing.T) {
	early, late := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	results := []federation.Result{
		answered("US", guichet.Answer{Columns: columns(), AsOf: late, Rows: []guichet.Row{rowOf("US", "CN", 9), rowOf("US", "DE", 1)}, Sources: []guichet.Source{{Submission: "a", Reporter: "US"}}}),
		answered("GB", guichet.Answer{
			Columns: append(columns(), guichet.Column{Name: "extra"}), AsOf: early, Rows: []guichet.Row{rowOf("US", "CN", 9), rowOf("GB", "CN", 3)},
			Sources: []guichet.Source{{Submission: "b", Reporter: "GB", Generated: true}}, Remarks: []guichet.Remark{{Code: "generated", Reporter: "GB", Text: "made"}},
			Gaps: []guichet.Gap{{Reporter: "FR", Reason: guichet.GapNotCovered, Text: "no"}},
		}),
		answered("AU", guichet.Answer{Columns: columns(), AsOf: late, Rows: []guichet.Row{rowOf("NZ", "CN", 4)}}),
		{Member: "CA", Gap: &guichet.Gap{Reporter: "CA", Member: "CA", Reason: guichet.GapSilent, Text: "cannot be reached"}},
	}
	a := federation.Merge(guichet.Question{Lang: "fr"}, results)
	var got []string
	for _, r := range a.Rows {
		got = append(got, strings.Join([]string{r["reporter"].(string), r["member"].(string), r["partner"].(string), r["value"].(guichet.Decimal).String()}, " "))
	}
	if diff := cmp.Diff([]string{"GB GB CN 3", "NZ AU CN 4", "US GB CN 9", "US US CN 9", "US US DE 1"}, got); diff != "" {
		t.Errorf("the rows: %s", diff)
	}
	var names []string
	for _, c := range a.Columns {
		names = append(names, c.Name)
	}
	if diff := cmp.Diff([]string{"member", "reporter", "partner", "value", "extra"}, names); diff != "" {
		t.Errorf("the columns: %s", diff)
	}
	if !a.AsOf.Equal(early) || len(a.Gaps) != 2 || a.Gaps[0].Member != "CA" || a.Gaps[1].Member != "GB" {
		t.Errorf("as of %s, gaps %+v", a.AsOf, a.Gaps)
	}
	codes := map[string]guichet.Remark{}
	for _, r := range a.Remarks {
		codes[r.Code+" "+r.Reporter] = r
	}
	if r := codes["said_by_several US"]; !strings.Contains(r.Text, "GB, US") || !strings.Contains(r.Text, "côte à côte") {
		t.Errorf("two members speak for US, and it is not told: %+v", a.Remarks)
	}
	if r := codes["said_by_other NZ"]; r.Member != "AU" {
		t.Errorf("AU speaks for NZ, and it is not told: %+v", a.Remarks)
	}
	if codes["generated GB"].Member != "GB" || !a.Sources[0].Generated && !a.Sources[1].Generated {
		t.Errorf("generated data are not marked: %+v %+v", a.Remarks, a.Sources)
	}
	if results[0].Reply.Answer.Rows[0]["member"] != nil {
		t.Error("the member's own answer was changed")
	}
}

// TestMarksOfOneMemberStandLast: one that marks its figures beside one that does not.
func TestMarksOfOneMemberStandLast(t *testing.T) {
	marked := rowOf("AU", "CN", 4)
	marked[marks.Column] = "preliminary"
	a := federation.Merge(guichet.Question{}, []federation.Result{
		answered("US", guichet.Answer{Columns: append(columns(), guichet.Column{Name: "copy_of"}), Rows: []guichet.Row{rowOf("US", "CN", 9)}}),
		answered("AU", guichet.Answer{Columns: append(columns(), guichet.Column{Name: marks.Column}), Rows: []guichet.Row{marked}}),
	})
	var names []string
	for _, c := range a.Columns {
		names = append(names, c.Name)
	}
	if diff := cmp.Diff([]string{"member", "reporter", "partner", "value", "copy_of", "marks"}, names); diff != "" {
		t.Errorf("the columns: %s", diff)
	}
	if a.Rows[0][marks.Column] != "preliminary" || a.Rows[1][marks.Column] != nil {
		t.Errorf("the rows: %v", a.Rows)
	}
}

// TestMergeKnowsNoOrder: whoever comes first, the answer is the same, and no row
// is lost, added or changed.
func TestMergeKnowsNoOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var results []federation.Result
		rows := 0
		for _, m := range []string{"AU", "CA", "GB", "NZ", "US"}[:rapid.IntRange(0, 5).Draw(rt, "members")] {
			a := guichet.Answer{Columns: columns()}
			for range rapid.IntRange(0, 4).Draw(rt, "rows") {
				a.Rows = append(a.Rows, rowOf(rapid.SampledFrom([]string{"AU", "CA", "US", ""}).Draw(rt, "reporter"), "CN", int64(rapid.IntRange(0, 9).Draw(rt, "value"))))
			}
			rows += len(a.Rows)
			results = append(results, answered(m, a))
		}
		shuffled := append([]federation.Result{}, results...)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		one, two := federation.Merge(guichet.Question{}, results), federation.Merge(guichet.Question{}, shuffled)
		if diff := cmp.Diff(one, two, cmp.Comparer(func(a, b guichet.Decimal) bool { return a.Cmp(b) == 0 })); diff != "" {
			rt.Fatal(diff)
		}
		if len(one.Rows) != rows {
			rt.Fatalf("%d rows of %d", len(one.Rows), rows)
		}
		if diff := cmp.Diff(one, federation.Absorb(guichet.Question{}, results), cmp.Comparer(func(a, b guichet.Decimal) bool { return a.Cmp(b) == 0 })); diff != "" {
			rt.Fatal(diff)
		}
	})
}

// TestRemarksHaveSentences: each code in both languages.
func TestRemarksHaveSentences(t *testing.T) {
	for _, code := range federation.RemarkCodes() {
		if en, fr := federation.RemarkText(code, "en"), federation.RemarkText(code, "fr"); en == "" || fr == "" || en == fr {
			t.Errorf("%s: %q, %q", code, en, fr)
		}
	}
	if federation.RemarkText("none", "en") != "" {
		t.Error("a code that is none has a sentence")
	}
}
