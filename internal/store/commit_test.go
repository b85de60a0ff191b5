package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"guichet"
	"guichet/internal/store"
)

// TestCommitSupersedes: wholly, in part, and in the wrong order; after each step
// the table is what the register says.
func TestCommitSupersedes(t *testing.T) {
	h := newHouse(t)
	year := line("2024-01", "in", "NW-A", 1) + line("2024-02", "in", "NW-A", 2) + line("2024-03", "in", "NW-B", 3) + line("2024-03", "in", "nowhere", 9)
	if got := h.take(filing{id: "a", text: year, released: "2024-04-01"}); len(got) != 0 {
		t.Errorf("the first submission replaced %v", got)
	}
	if got := h.take(filing{id: "b", text: line("2024-02", "in", "NW-A", 20), released: "2024-05-01"}); !slices.Equal(got, []string{id16("a")}) {
		t.Errorf("a part of a was superseded, but %v is told", got)
	}
	// Published before a, and taken in only now: what a and b hold stands.
	if got := h.take(filing{id: "old", text: line("2024-01", "in", "NW-A", 100) + line("2023-12", "in", "NW-A", 12), released: "2024-03-01"}); len(got) != 0 {
		t.Errorf("an older publication replaced %v", got)
	}
	// Of this one nothing is in force, ever.
	h.take(filing{id: "older", text: line("2024-01", "in", "NW-A", 1000), released: "2024-02-01"})
	want := "a.csv FR in 2024-01 NW-A=1; a.csv FR in 2024-03 NW-B=3; b.csv FR in 2024-02 NW-A=20; old.csv FR in 2023-12 NW-A=12"
	if got := answers(h.answer(guichet.Moment{})); got != want {
		t.Errorf("the answer is %s, want %s", got, want)
	}
	// The rest of a goes too.
	h.take(filing{id: "c", text: line("2024-01", "in", "NW-A", 7) + line("2024-03", "in", "NW-A", 8)})
	want = "b.csv FR in 2024-02 NW-A=20; c.csv FR in 2024-01 NW-A=7; c.csv FR in 2024-03 NW-A=8; old.csv FR in 2023-12 NW-A=12"
	if got := answers(h.answer(guichet.Moment{})); got != want {
		t.Errorf("the answer is %s, want %s", got, want)
	}
	for vintage, want := range map[string]string{
		"2024-02-01": "older.csv FR in 2024-01 NW-A=1000",
		"2024-03-31": "old.csv FR in 2023-12 NW-A=12; old.csv FR in 2024-01 NW-A=100",
		"2024-04-30": "a.csv FR in 2024-01 NW-A=1; a.csv FR in 2024-02 NW-A=2; a.csv FR in 2024-03 NW-B=3; old.csv FR in 2023-12 NW-A=12",
		"2024-01-31": "",
	} {
		if got := answers(h.answer(guichet.Moment{Vintage: vintage})); got != want {
			t.Errorf("the vintage of %s is %s, want %s", vintage, got, want)
		}
	}
	if rejects, err := h.s.Rejects(t.Context(), id16("a"), 0); err != nil || len(rejects) != 1 || rejects[0].Line != "5" || rejects[0].Reason != "no_post" {
		t.Errorf("put aside: %v, %v", rejects, err)
	}
	h.open()
	h.check()
}

// TestCommitAddsAndCumulates: signed amendments stand beside each other; a
// cumulative file takes the place of all.
func TestCommitAddsAndCumulates(t *testing.T) {
	h := newHouse(t)
	h.take(filing{id: "jan", action: store.ActionAdd, filePer: "2024-01", text: line("2024-01", "in", "NW-A", 10)})
	h.take(filing{id: "feb", action: store.ActionAdd, filePer: "2024-02", text: line("2024-02", "in", "NW-A", 20) + line("2024-01", "in", "NW-A", -1)})
	if got := h.take(filing{id: "jan again", action: store.ActionAdd, filePer: "2024-01", text: line("2024-01", "in", "NW-A", 11)}); !slices.Equal(got, []string{id16("jan")}) {
		t.Errorf("january again replaced %v, want january", got)
	}
	want := "feb.csv FR in 2024-01 NW-A=-1; feb.csv FR in 2024-02 NW-A=20; jan again.csv FR in 2024-01 NW-A=11"
	if got := answers(h.answer(guichet.Moment{})); got != want {
		t.Errorf("the answer is %s, want %s", got, want)
	}
	h.take(filing{id: "all", action: store.ActionCumulative, text: line("2024-01", "in", "NW-A", 1)})
	if got, want := answers(h.answer(guichet.Moment{})), "all.csv FR in 2024-01 NW-A=1"; got != want {
		t.Errorf("the answer is %s, want %s", got, want)
	}
}

// TestCommitByScope: an extract takes the place of what it holds, and of
// nothing else, also in a vintage beside submissions of another scope.
func TestCommitByScope(t *testing.T) {
	h := newHouse(t)
	post := []string{"post"}
	h.take(filing{id: "a", scope: post, released: "2024-03-01", text: line("2024-01", "in", "NW-A", 1) + line("2024-01", "in", "NW-B", 2)})
	h.take(filing{id: "b", scope: post, released: "2024-04-01", text: line("2024-01", "in", "NW-B", 20)})
	h.take(filing{id: "c", released: "2024-05-01", text: line("2024-02", "in", "NW-A", 4) + line("2024-03", "in", "NW-A", 8)})
	h.take(filing{id: "d", released: "2024-06-01", text: line("2024-03", "in", "NW-A", 80)})
	want := "a.csv FR in 2024-01 NW-A=1; b.csv FR in 2024-01 NW-B=20; c.csv FR in 2024-02 NW-A=4; d.csv FR in 2024-03 NW-A=80"
	for _, at := range []guichet.Moment{{}, {Vintage: "2024-06-01"}} {
		if got := answers(h.answer(at)); got != want {
			t.Errorf("at %+v the answer is %s, want %s", at, got, want)
		}
	}
}

// TestCommitOfNothing: a file of which no line could be kept, or which has
// none, is a submission all the same.
func TestCommitOfNothing(t *testing.T) {
	h := newHouse(t)
	h.take(filing{id: "empty"})
	h.take(filing{id: "aside", text: line("2024-01", "in", "nowhere", 1)})
	h.take(filing{id: "a", text: line("2024-01", "in", "NW-A", 1)})
	h.take(filing{id: "empty again", text: line("never", "in", "NW-A", 1)})
	h.open()
	h.check()
	subs, err := h.s.Submissions(t.Context(), "crossings")
	if err != nil || len(subs) != 4 || subs[0].File != "empty again.csv" {
		t.Errorf("%d submissions, %v", len(subs), err)
	}
}

// TestJudgedAgain: another reading of a content takes the place of the former.
func TestJudgedAgain(t *testing.T) {
	h := newHouse(t)
	h.take(filing{id: "a", digest: "x", text: line("2024-01", "in", "NW-A", 1) + line("2024-02", "in", "NW-A", 2)})
	h.take(filing{id: "b", digest: "y", text: line("2024-01", "in", "NW-A", 10)})
	if got := h.take(filing{id: "a, judged again", digest: "x", text: line("2024-01", "in", "NW-A", 1) + line("2024-02", "out", "NW-A", 2)}); !slices.Equal(got, []string{id16("a")}) {
		t.Errorf("judging a again replaced %v", got)
	}
	want := "a, judged again.csv FR out 2024-02 NW-A=2; b.csv FR in 2024-01 NW-A=10"
	if got := answers(h.answer(guichet.Moment{})); got != want {
		t.Errorf("the answer is %s, want %s", got, want)
	}
}

// drawFilings draws a history of files.
func drawFilings(t *rapid.T) []filing {
	var out []filing
	for i := range rapid.IntRange(3, 7).Draw(t, "n") {
		f := filing{
			id:       fmt.Sprintf("s%d", i),
			action:   rapid.SampledFrom([]string{store.ActionReplace, store.ActionReplace, store.ActionReplace, store.ActionAdd, store.ActionCumulative}).Draw(t, "action"),
			released: rapid.SampledFrom([]string{"", "2024-05-01", "2024-06-01"}).Draw(t, "released"),
			filePer:  rapid.SampledFrom([]string{"", "2024-01"}).Draw(t, "file period"),
			digest:   rapid.SampledFrom([]string{"", "", "x"}).Draw(t, "digest"),
		}
		if rapid.IntRange(0, 2).Draw(t, "scope") == 0 {
			f.scope = []string{"post"}
		}
		for range rapid.IntRange(0, 5).Draw(t, "lines") {
			pick := func(xs ...string) string { return rapid.SampledFrom(xs).Draw(t, "value") }
			f.text += line(pick("2024-01", "2024-02", "2024", "2024-01/P3M"), pick("in", "out"), pick("NW-A", "NW-B", "nowhere"), rapid.IntRange(-5, 1000).Draw(t, "people"))
		}
		out = append(out, f)
	}
	return out
}

// TestAnyHistoryHolds takes generated histories in; house.check holds each step
// to the promises and to the past.
func TestAnyHistoryHolds(t *testing.T) {
	for seed := range 6 {
		t.Run(fmt.Sprintf("history %d", seed), func(t *testing.T) {
			h := newHouse(t)
			for _, f := range rapid.Custom(drawFilings).Example(seed) {
				h.take(f)
			}
			h.open()
			h.check()
			for _, vintage := range []string{"2024-05-15", "2024-12-31"} {
				h.answer(guichet.Moment{Vintage: vintage})
			}
		})
	}
}

// TestCommitRefusesWhatIsThere: an id stands once; the home stays whole.
func TestCommitRefusesWhatIsThere(t *testing.T) {
	h := newHouse(t)
	f := filing{id: "a", text: line("2024-01", "in", "NW-A", 1)}
	h.take(f)
	if _, err := h.commit(t.Context(), f); err == nil {
		t.Error("the same submission was committed twice")
	}
	h.check()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.commit(ctx, filing{id: "b", text: line("2024-01", "in", "NW-A", 2)}); err == nil {
		t.Error("a stopped commit succeeded")
	}
	h.check()
	if sub, err := h.s.ByIdentity(t.Context(), "identity of a"); err != nil || sub == nil || sub.ID != id16("a") {
		t.Errorf("a by its identity is %v, %v", sub, err)
	}
	if sub, err := h.s.ByIdentity(t.Context(), "identity of b"); err != nil || sub != nil {
		t.Errorf("b by its identity is %v, %v", sub, err)
	}
}

// TestSubmissionByItsBeginning: as much of an id as tells it from others.
func TestSubmissionByItsBeginning(t *testing.T) {
	h := newHouse(t)
	h.take(filing{id: "a", text: line("2024-01", "in", "NW-A", 1)})
	if sub, err := h.s.Submission(t.Context(), "crossings", id16("a")[:4]); err != nil || sub.File != "a.csv" {
		t.Errorf("%v, %v", sub, err)
	}
	for _, id := range []string{"", "zz", strings.Repeat("0", 20)} {
		if _, err := h.s.Submission(t.Context(), "crossings", id); guichet.KindOf(err) != guichet.KindNotFound {
			t.Errorf("%q: %v", id, err)
		}
	}
	if _, err := h.s.Submissions(t.Context(), "no such dataset"); err != nil {
		t.Errorf("a dataset that is not here has submissions: %v", err)
	}
}
