package node_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/node"
	"guichet/travel"
)

// alsoCrossings gives crossings as they are, beside what is given of trade; both may be
// passed on among the parties.
func alsoCrossings(a *guichet.Agreement) {
	a.Terms[0].Onward = "parties"
	t := a.Terms[0]
	t.Dataset, t.Picks, t.Where = travel.Name, nil, nil
	t.Levels = map[string]string{"period": "month", "port": "each", "mode": "each", "nationality": "country"}
	t.Measures = []string{"crossings", "wait_p50", "wait_p90"}
	for _, b := range travel.Bands() {
		t.Measures = append(t.Measures, b.Field)
	}
	a.Terms = append(a.Terms, t)
}

// cross makes crossings of some months, takes in those of a member, and returns the
// submission.
func (m *trioSeat) cross(from, to string, seed uint64) (sub guichet.Submission) {
	m.trio.t.Helper()
	dir := filepath.Join(m.trio.t.TempDir(), "made")
	made := given(node.SynthCrossings(m.trio.t.Context(), node.CrossingsRequest{Members: []string{m.code}, From: from, To: to, Seed: seed, Dir: dir}, func(string, int64, int64) {}))(m.trio.t)
	for _, f := range made.Files {
		if f.Kind == "crossings" {
			m.open(func(n *node.Node) {
				sub = given(n.Ingest(m.trio.t.Context(), node.IngestRequest{File: filepath.Join(dir, f.Name)}))(m.trio.t).Submission
			})
		}
	}
	if sub.Dataset != travel.Name || sub.Aside != 0 {
		m.trio.t.Fatalf("crossings came in as %+v", sub)
	}
	m.trio.clock.Move(time.Minute)
	return sub
}

// crossed is a question about crossings.
func crossed(t *testing.T, words string) guichet.Question {
	t.Helper()
	q := question(t, words)
	q.Dataset = travel.Name
	return q
}

// askCrossings asks a home's own desk.
func (m *trioSeat) askCrossings(words string) (out guichet.Answer) {
	m.trio.t.Helper()
	m.open(func(n *node.Node) {
		out = given(n.Ask(m.trio.t.Context(), crossed(m.trio.t, words)))(m.trio.t)
	})
	return out
}

// askMemberCrossings asks one other member.
func (m *trioSeat) askMemberCrossings(words, member string) (out node.MembersAnswer) {
	m.trio.t.Helper()
	q := node.MembersQuestion{Question: crossed(m.trio.t, words), Members: []string{member}, Purpose: "official-statistics", Office: "statistics", Officer: "a test"}
	m.at(func(op node.Operator) { out = given(op.AskMembers(m.trio.t.Context(), q, nil))(m.trio.t) })
	return out
}

// figures are the rows of an answer about a reporter, without what a copy says more:
// whose they are.
func figures(a guichet.Answer, reporter string) (out []string) {
	for _, r := range a.Rows {
		if of := r["reporter"]; of != reporter && of != nil {
			continue
		}
		r = maps.Clone(r)
		delete(r, "member")
		delete(r, "copy_of")
		out = append(out, fmt.Sprint(r))
	}
	return out
}

func sameFigures(t *testing.T, what string, got, want []string) {
	t.Helper()
	if len(want) == 0 {
		t.Errorf("%s: nothing to compare with", what)
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-source +copy):\n%s", what, diff)
	}
}

var crossingQuestions = []string{
	"reporter=US period=2024-01:2024-02 by=port,mode measure=crossings,wait_p50,wait_p90",
	"reporter=US period=2024-01:2024-02 by=nationality,period measure=crossings",
	"reporter=US period=2024-01:2024-02 direction=entry by=reporter measure=crossings,wait_p90,wait_to_30",
}

// TestCopiesOfASecondDataset: what goes for trade goes for crossings. US holds both, NZ
// keeps a copy of each, GB asks NZ. Neither list, copy nor file touches the other's.
func TestCopiesOfASecondDataset(t *testing.T) {
	t.Parallel()
	x := newTrio(t, alsoCrossings, "US", "NZ", "GB")
	us, nz, gb := x.seats["US"], x.seats["NZ"], x.seats["GB"]
	us.month("2024-01", "2024-03-01", "1220 6307909870 30", "1220 6307909891 12")
	us.cross("2024-01", "2024-02", 3)
	x.serve("US")
	for _, dataset := range []string{"", travel.Name} {
		r := given(nz.sync(node.SyncRequest{Dataset: dataset}))(t)
		if wanted := (map[string]string{"": "trade"})[dataset]; len(r.New) != 1 || r.Copy.Submissions != 1 || r.Copy.Dataset != wanted && r.Copy.Dataset != dataset {
			t.Fatalf("the first sync of %q: %+v", dataset, r)
		}
	}
	if _, err := nz.sync(node.SyncRequest{Dataset: "fish"}); guichet.KindOf(err) != guichet.KindNotFound {
		t.Errorf("a copy of a dataset that there is not: %v", err)
	}
	for _, q := range crossingQuestions {
		here := nz.askCrossings(q)
		sameFigures(t, q, figures(here, "US"), figures(us.askCrossings(q), "US"))
		remark(t, here, node.RemarkCopy, "copy of what US holds")
	}
	if a := nz.ask(copied); len(a.Gaps) != 0 || len(a.Rows) != 1 {
		t.Errorf("a question about trade is answered by the copy of crossings too: %+v", a)
	}
	x.onlyWhatIsNew()

	// Answers to members: from the one copy, and side by side with what NZ holds.
	x.serve("NZ")
	sameFigures(t, "passed on", figures(gb.askMemberCrossings(crossingQuestions[0], "NZ").Answer, "US"), figures(us.askCrossings(crossingQuestions[0]), "US"))
	nz.cross("2024-01", "2024-02", 4)
	const both = "reporter=US,NZ period=2024-01:2024-02 by=reporter,mode measure=crossings,wait_p90"
	a := gb.askMemberCrossings(both, "NZ").Answer
	for _, r := range a.Rows {
		if of, us := r["copy_of"], r["reporter"] == "US"; us && of != "US" || !us && of != nil {
			t.Errorf("a row of %v is said to be a copy of %v", r["reporter"], of)
		}
	}
	sameFigures(t, "side by side", figures(a, "US"), figures(us.askCrossings(strings.Replace(both, "US,NZ", "US", 1)), "US"))
	sameFigures(t, "our own beside it", figures(a, "NZ"), figures(nz.askCrossings(strings.Replace(both, "US,NZ", "NZ", 1)), "NZ"))
	snapshots, _ := nz.givenTo("GB", x.clock.Now())
	if wanted := []string{"copy/US/travel.crossings@", "copy/US/travel.crossings@", "travel.crossings@"}; !slices.EqualFunc(snapshots, wanted, strings.HasPrefix) {
		t.Errorf("the ledger tells of %q", snapshots)
	}
	nz.stop()
	x.countsOfFew()
}

// onlyWhatIsNew: each dataset has its lists, files and reports; a withdrawal removes what
// lies ready of both, and the copy of the one that it is of.
func (x *trio) onlyWhatIsNew() {
	t, us, nz := x.t, x.seats["US"], x.seats["NZ"]
	sync := func(dataset string, fresh, removed int) {
		t.Helper()
		r := given(nz.sync(node.SyncRequest{Dataset: dataset}))(t)
		if len(r.New) != fresh || len(r.Removed) != removed || fresh == 0 && r.Fetched != 0 {
			t.Errorf("a sync of %q: %+v, want %d new and %d removed", dataset, r, fresh, removed)
		}
	}
	march := us.cross("2024-03", "2024-03", 5)
	sync(travel.Name, 1, 0)
	sync(travel.Name, 0, 0) // more lists of crossings than are served at a time
	sync(travel.Name, 0, 0)
	ready := func() int {
		return len(given(filepath.Glob(filepath.Join(us.cfg.Home, "copies", "three", "out", "NZ", "*.arrow")))(t))
	}
	if n := ready(); n != 3 {
		t.Errorf("%d files lie ready for NZ, want one of trade and two of crossings", n)
	}
	sync("trade", 0, 0)
	withdraw := func(w node.WithdrawRequest) (out node.SubmissionWithdrawal) {
		w.Submission, w.Why, w.By = march.ID, "a test", "a test"
		us.open(func(n *node.Node) { out = given(n.Withdraw(t.Context(), w))(t) })
		x.clock.Move(time.Minute)
		return out
	}
	if w := withdraw(node.WithdrawRequest{}); len(w.Copied) != 1 || w.Copied[0].Member != "NZ" {
		t.Errorf("who keeps a copy of what is withdrawn: %+v", w.Copied)
	}
	if n := ready(); n != 0 {
		t.Errorf("%d files lie ready after a withdrawal", n)
	}
	sync(travel.Name, 0, 1)
	sync("trade", 0, 0)
	if w := withdraw(node.WithdrawRequest{Reinstate: true}); len(w.Copied) != 0 {
		t.Errorf("NZ has reported that it removed the copy, and is said to keep it: %+v", w.Copied)
	}
	sync(travel.Name, 1, 0)
	nz.open(func(n *node.Node) {
		var of []string
		for _, c := range n.Copies() {
			of = append(of, c.Dataset)
		}
		if !slices.Equal(of, []string{"trade", travel.Name}) {
			t.Errorf("copies of %q are kept", of)
		}
	})
}

// countsOfFew: where an agreement hides counts of few, no row as it is leaves, in a copy
// neither; the copy of trade stays.
func (x *trio) countsOfFew() {
	t, nz := x.t, x.seats["NZ"]
	x.agree(func(a *guichet.Agreement) { a.Terms[1].Rules.Threshold = 10 })
	x.clock.Move(time.Minute)
	r := given(nz.sync(node.SyncRequest{Dataset: travel.Name}))(t)
	if len(r.Removed) != 2 || r.Copy.Submissions != 0 || len(r.Back) != 2 || !strings.Contains(r.Back[0].Text.EN, "counts of few") {
		t.Errorf("under a threshold: %+v", r)
	}
	given(nz.sync(node.SyncRequest{}))(t) // under the version that is in force
	want(t, nz.ask(copied), "", "value", "42")
	if left := given(filepath.Glob(filepath.Join(nz.cfg.Home, "copies", "three", "of", "US", travel.Name, "files", "*")))(t); len(left) != 0 {
		t.Errorf("left of the copy of crossings: %v", left)
	}
}

// TestNoticesOfASecondDataset: what came in, was revised or withdrawn of crossings is told
// beside what is told of trade, also by a paper of before there were several datasets; and
// under a threshold no notice tells whether anybody crossed.
func TestNoticesOfASecondDataset(t *testing.T) {
	t.Parallel()
	x := newTrio(t, alsoCrossings, "US", "GB")
	us, gb := x.seats["US"], x.seats["GB"]
	us.month("2024-01", "2024-03-01", "1220 6307909870 30")
	us.cross("2024-01", "2024-01", 3)
	x.serve("US")
	subscribe := func(q guichet.Question) {
		t.Helper()
		gb.at(func(op node.Operator) {
			given(op.Subscribe(t.Context(), node.MembersQuestion{Question: q, Members: []string{"US"}, Purpose: "official-statistics", Office: "statistics"}))(t)
		})
	}
	subscribe(question(t, "reporter=US flow=imports product="+masks+" period=2024"))
	subscribe(crossed(t, "reporter=US direction=entry period=2024"))
	told := func(wanted ...string) node.NoticesAnswer {
		t.Helper()
		a := gb.told("US")
		var got []string
		for _, n := range a.Notices {
			got = append(got, strings.Join([]string{n.Dataset, n.Kind, firstOf(n.Periods)}, " "))
		}
		if !slices.Equal(got, wanted) || len(a.Failed) != 0 {
			t.Errorf("told %q (%v), want %q", got, a.Failed, wanted)
		}
		return a
	}
	told()
	us.month("2024-02", "2024-04-01", "1220 6307909870 40")
	february := us.cross("2024-02", "2024-02", 4)
	told("trade new 2024-02", "travel.crossings new 2024-02")

	// An answer is corrected, another withdrawn; GB's paper is of before there were several.
	if a := gb.askMemberCrossings("reporter=US period=2024-01 direction=entry by=port measure=crossings", "US"); len(a.Answer.Rows) == 0 {
		t.Fatalf("no row: %+v", a)
	}
	told()
	x.olderPaper("US", "GB")
	us.cross("2024-01", "2024-01", 6)
	told("travel.crossings revised 2024-01", "travel.crossings correction 2024-01")
	us.open(func(n *node.Node) {
		given(n.Withdraw(t.Context(), node.WithdrawRequest{Submission: february.ID, Why: "a test", By: "a test"}))(t)
	})
	x.clock.Move(time.Minute)
	if a := told("travel.crossings withdrawn "); len(a.Notices) == 1 && a.Notices[0].Submission != february.ID {
		t.Errorf("withdrawn is %+v", a.Notices[0])
	}
	told()

	// Nobody of Tuvalu crosses; whether somebody did is not told.
	x.agree(func(a *guichet.Agreement) { a.Terms[1].Rules.Threshold = 10 })
	x.clock.Move(time.Minute)
	subscribe(crossed(t, "reporter=US nationality=TV period=2024-03"))
	us.cross("2024-03", "2024-03", 7)
	told("travel.crossings new 2024-03", "travel.crossings new 2024-03")
	a := gb.askMemberCrossings("reporter=US nationality=TV period=2024-03 by=port measure=crossings", "US").Answer
	if len(a.Rows) != 0 {
		t.Errorf("counts of few are told: %v", a.Rows)
	}
}

// olderPaper writes down what a member is to be told of another as it was written when
// there was trade alone.
func (x *trio) olderPaper(of, reader string) {
	x.t.Helper()
	path := filepath.Join(x.seats[of].cfg.Home, "subscriptions", "three", "of", reader+".json")
	paper := map[string]any{}
	if err := json.Unmarshal(given(os.ReadFile(path))(x.t), &paper); err != nil {
		x.t.Fatal(err)
	}
	at, _ := paper["looked_at"].(map[string]any)
	trade, _ := at["trade"].(map[string]any)
	if paper["looked"] = trade["submission"]; paper["looked"] == "" || len(at) != 2 {
		x.t.Fatalf("the paper has looked at %v", at)
	}
	delete(paper, "looked_at")
	if err := os.WriteFile(path, given(json.Marshal(paper))(x.t), 0o600); err != nil {
		x.t.Fatal(err)
	}
}
