package node_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/node"
)

func subscribing(t *testing.T, period string) node.MembersQuestion {
	t.Helper()
	return node.MembersQuestion{Question: question(t, "reporter=US flow=imports product="+masks+" period="+period), Members: []string{"US"}, Purpose: "official-statistics", Office: "statistics"}
}

func (m *trioSeat) subscribe(period string) (out guichet.Subscription, err error) {
	m.trio.t.Helper()
	m.at(func(op node.Operator) { out, err = op.Subscribe(m.trio.t.Context(), subscribing(m.trio.t, period)) })
	return out, err
}

// closings are the reasons of the notices that close, by how often each is given.
func closings(a node.NoticesAnswer) map[string]int {
	out := map[string]int{}
	for _, n := range a.Notices {
		if n.Kind == "closed" {
			out[n.Text.EN]++
			if n.Text.FR == "" || n.Subscription == "" || n.Submission != "" {
				out[fmt.Sprintf("no closing: %+v", n)]++
			}
		}
	}
	return out
}

// TestSubscriptionBounds: how many there may be, how long a reader may be away, how many
// notices may wait, and an agreement that ends: each is told.
func TestSubscriptionBounds(t *testing.T) { //nolint:tparallel // each bound is met by what the one before left
	t.Parallel()
	x := newTrio(t, nil, "US", "GB")
	us, gb := x.seats["US"], x.seats["GB"]
	us.month("2024-01", "2024-03-01", "1220 6307909870 30")
	x.serve("US")
	for _, bound := range []struct {
		name string
		meet func(*testing.T, *trio)
	}{
		{"a hundred", hundredSubscriptions},
		{"away for 30 days", awayForLong},
		{"a thousand wait", thousandWait},
		{"its agreement runs out", agreementRunsOut},
	} {
		if !t.Run(bound.name, func(t *testing.T) { x.t = t; bound.meet(t, x) }) {
			break
		}
	}
	x.t = t
	if a := gb.told("US"); len(a.Notices)+len(a.Subscriptions)+len(a.Failed) != 0 {
		t.Errorf("at the end: %+v", a)
	}
}

// hundredSubscriptions: the 101st is refused until one has ended.
func hundredSubscriptions(t *testing.T, x *trio) {
	t.Helper()
	gb := x.seats["GB"]
	var first guichet.Subscription
	for i := range 100 {
		x.clock.Move(time.Second)
		sub, err := gb.subscribe("2024")
		if err != nil {
			t.Fatalf("subscription %d: %v", i+1, err)
		}
		if i == 0 {
			first = sub
		}
	}
	if _, err := gb.subscribe("2024"); guichet.KindOf(err) != guichet.KindBusy || !strings.Contains(err.Error(), "has 100 subscriptions here, as many as one member may") {
		t.Errorf("the 101st: %v", err)
	}
	gb.at(func(op node.Operator) {
		given(op.Notices(t.Context(), node.NoticesQuestion{Members: []string{"US"}, Office: "statistics", End: []string{first.ID}}))(t)
	})
	if _, err := gb.subscribe("2024"); err != nil {
		t.Errorf("after one has ended: %v", err)
	}
}

// awayForLong: 30 days are not too long; a second more is, and what came in meanwhile is
// told to nobody.
func awayForLong(t *testing.T, x *trio) {
	t.Helper()
	us, gb := x.seats["US"], x.seats["GB"]
	gb.told("US")
	x.clock.Move(30 * 24 * time.Hour)
	if a := gb.told("US"); len(a.Subscriptions) != 100 || len(closings(a)) != 0 {
		t.Errorf("after 30 days: %d subscriptions, %v", len(a.Subscriptions), closings(a))
	}
	x.agree(nil) // also renews the circle's papers, which expire after 30 days
	path := filepath.Join(us.cfg.Home, "subscriptions", "three", "of", "GB.json")
	before := given(os.ReadFile(path))(t)
	us.month("2024-02", "2024-04-01", "1220 6307909870 40")
	x.clock.Move(30 * 24 * time.Hour)
	if !bytes.Equal(before, given(os.ReadFile(path))(t)) {
		t.Error("something piles up for a reader that does not come")
	}
	a := gb.told("US")
	if want := map[string]int{"nobody has read its notices for 30 days": 100}; !maps.Equal(closings(a), want) || len(a.Notices) != 100 {
		t.Errorf("after 30 days and a minute: %v of %d notices", closings(a), len(a.Notices))
	}
	if a = gb.told("US"); len(a.Subscriptions) != 0 || len(a.Failed) != 0 {
		t.Errorf("closed and read, and still there: %+v", a)
	}
}

// thousandWait: the reader comes now and then, and reads nothing of what waits. Its paper
// at the source is filled as a thousand files would; one more is taken in.
func thousandWait(t *testing.T, x *trio) {
	t.Helper()
	us, gb := x.seats["US"], x.seats["GB"]
	x.agree(nil)
	sub := given(gb.subscribe("2024"))(t)
	path := filepath.Join(us.cfg.Home, "subscriptions", "three", "of", "GB.json")
	var paper map[string]any
	if err := json.Unmarshal(given(os.ReadFile(path))(t), &paper); err != nil {
		t.Fatal(err)
	}
	last := int64(paper["next"].(float64)) //nolint:forcetypeassert // our own paper
	var waiting []guichet.SubmissionNotice
	for i := range int64(1000) {
		waiting = append(waiting, guichet.SubmissionNotice{Number: last + 1 + i, Subscription: sub.ID, Kind: "new", Submission: fmt.Sprintf("%016x", i), Reporter: "US", At: x.clock.Now()})
	}
	paper["next"], paper["waiting"] = last+1000, waiting
	if err := os.WriteFile(path, given(json.Marshal(paper))(t), 0o600); err != nil {
		t.Fatal(err)
	}
	us.month("2024-03", "2024-06-01", "1220 6307909870 50")
	a := gb.told("US")
	if want := map[string]int{"1001 notices wait, and none is read": 1}; !maps.Equal(closings(a), want) {
		t.Errorf("of a thousand that wait: %v", closings(a))
	}
	// All that waited comes, page by page, in order, the reason last; and nothing after it.
	numbers := make([]int64, len(a.Notices))
	for i, n := range a.Notices {
		numbers[i] = n.Number
	}
	if len(numbers) != 1000 || !slices.IsSorted(numbers) || numbers[len(numbers)-1] != last+1002 || a.Notices[len(a.Notices)-1].Kind != "closed" {
		t.Errorf("%d notices are kept of 1,002, up to %d", len(numbers), numbers[len(numbers)-1]-last)
	}
	if len(a.Failed) != 1 || a.Failed[0].Code != string(guichet.KindFull) || !strings.HasPrefix(a.Failed[0].Text, "2 older notices were let go") {
		t.Errorf("what was let go unshown: %+v", a.Failed)
	}
	us.month("2024-04", "2024-07-01", "1220 6307909870 60")
	if a = gb.told("US"); len(a.Notices)+len(a.Subscriptions)+len(a.Failed) != 0 {
		t.Errorf("after it closed: %+v", a)
	}
}

// agreementRunsOut: at the end of its last day.
func agreementRunsOut(t *testing.T, x *trio) {
	t.Helper()
	gb := x.seats["GB"]
	given(gb.subscribe("2024"))(t)
	x.agree(func(a *guichet.Agreement) { a.Validity.Until = x.clock.Now().Format(time.DateOnly) })
	x.clock.Move(time.Minute)
	if a := gb.told("US"); len(a.Notices) != 0 || len(a.Subscriptions) != 1 {
		t.Errorf("on its last day: %+v", a)
	}
	x.clock.Move(48 * time.Hour)
	a := gb.told("US")
	said := closings(a)
	if len(said) != 1 || len(a.Notices) != 1 {
		t.Fatalf("after its last day: %v", said)
	}
	for text := range said {
		if !strings.Contains(text, "(validity.until)") {
			t.Errorf("closed for %q, want the clause", text)
		}
	}
}

// TestReadAgainAfterARestore: a source that was restored from an older backup has
// forgotten notices and subscriptions; its reader is told so, reads again by the command
// that the error names, and is told what it is subscribed to no more.
func TestReadAgainAfterARestore(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil, "US", "GB")
	us, gb := x.seats["US"], x.seats["GB"]
	us.month("2024-01", "2024-03-01", "1220 6307909870 30")
	x.serve("US")
	x.serve("GB") // so that US hears what was seen of its journal
	kept := given(gb.subscribe("2024"))(t)
	us.month("2024-02", "2024-04-01", "1220 6307909870 40")
	if got := kinds(gb.told("US")); !slices.Equal(got, []string{"new US 2024-02"}) {
		t.Fatalf("before: %q", got)
	}
	file := filepath.Join(t.TempDir(), "us.tar")
	us.open(func(n *node.Node) { given(n.Backup(t.Context(), node.BackupRequest{Out: file}))(t) })
	lost := given(gb.subscribe("2024-03"))(t)
	us.month("2024-03", "2024-05-01", "1220 6307909870 50")
	if got := kinds(gb.told("US")); len(got) != 2 {
		t.Fatalf("before the loss: %q", got)
	}
	us.stop()
	if err := os.RemoveAll(us.cfg.Home); err != nil {
		t.Fatal(err)
	}
	given(node.Restore(t.Context(), us.cfg, node.RestoreRequest{File: file, Home: us.cfg.Home}))(t)
	x.serve("US")
	us.at(func(op node.Operator) {
		st := given(op.Standing(t.Context()))(t)
		if !st.Proven {
			paper := given(op.DraftRenewal(t.Context(), "the newest backup that there is"))(t)
			us.ceremonies(func(c *node.Ceremonies) { paper = given(c.SignRenewal(paper))(t) })
			st = given(op.PublishRenewal(t.Context(), paper))(t)
		}
		if !st.Proven {
			t.Fatalf("the journal stays closed: %+v", st)
		}
	})

	a := gb.told("US")
	if len(a.Notices) != 0 || len(a.Failed) != 1 || a.Failed[0].Code != string(guichet.KindRefused) || !strings.Contains(a.Failed[0].Text, "read again from the first: guichet notices --from US --afresh") {
		t.Fatalf("of a source that has forgotten: %+v", a)
	}
	us.month("2024-03", "2024-05-01", "1220 6307909870 50") // taken in again
	afresh := node.NoticesQuestion{Members: []string{"US"}, Office: "statistics", Afresh: true}
	gb.at(func(op node.Operator) {
		a = given(op.Notices(t.Context(), afresh))(t)
	})
	if got := kinds(a); !slices.Equal(got, []string{"new US 2024-03"}) || a.Notices[0].Subscription != kept.ID || a.Notices[0].Number != 2 {
		t.Errorf("read again: %+v", a.Notices)
	}
	if len(a.Failed) != 1 || a.Failed[0].Code != string(guichet.KindNotFound) || !strings.Contains(a.Failed[0].Text, lost.ID) {
		t.Errorf("what was lost: %+v", a.Failed)
	}
	if a = gb.told("US"); len(a.Notices)+len(a.Failed) != 0 || len(a.Subscriptions) != 1 {
		t.Errorf("told twice: %+v", a)
	}
}
