package node_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/node"
)

// found is the doctor's sentence on one thing; its zero where it has none.
func (m *trioSeat) found(what string) (out node.Finding) {
	m.trio.t.Helper()
	m.at(func(op node.Operator) {
		for _, f := range given(op.Doctor(m.trio.t.Context(), node.DoctorQuestion{Offline: true}))(m.trio.t) {
			if f.What == what {
				out = f
			}
		}
	})
	return out
}

// says holds the doctor's sentence on one thing against what it should be. do is of
// what to do: "" nothing.
func (m *trioSeat) says(what, state, text, do string) {
	m.trio.t.Helper()
	f := m.found(what)
	if f.State != state || !strings.Contains(f.Text.EN, text) || (f.Text.FR == "") != (text == "") || (f.Do.EN == "") != (do == "") || !strings.Contains(f.Do.EN, do) {
		m.trio.t.Errorf("%s's doctor on %s: %q %q, to do %q; want %q %q, to do %q", m.code, what, f.State, f.Text.EN, f.Do.EN, state, text, do)
	}
}

const day = 24 * time.Hour

// TestDoctorOnCopies: a copy's age against what the agreement says, and why one does
// not answer.
func TestDoctorOnCopies(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil, "US", "NZ")
	us, nz := x.seats["US"], x.seats["NZ"]
	nz.says("copy US", "", "", "")
	if _, err := nz.sync(node.SyncRequest{}); err == nil {
		t.Fatal("a copy was taken of a node that does not run")
	}
	nz.says("copy US", "watch", "no copy of US was ever taken", "guichet sync --from US")
	us.month("2024-01", "2024-03-01", "1220 6307909870 30")
	x.serve("US")
	given(nz.sync(node.SyncRequest{}))(t)
	nz.says("copy US", "well", "1 submissions, confirmed by US 0 min ago; three-copies allows 30 days", "")
	x.clock.Move(23 * day)
	nz.says("copy US", "watch", "confirmed by US 23 d ago", "before it stops to answer: guichet sync --from US")
	x.clock.Move(8 * day)
	nz.says("copy US", "wrong", "allows 30 days: sync it", "guichet sync --from US; if it fails")
	given(nz.sync(node.SyncRequest{}))(t)
	us.stop()
	if _, err := nz.sync(node.SyncRequest{}); err == nil {
		t.Fatal("a sync with a node that does not run")
	}
	nz.says("copy US", "watch", "the last sync failed", "see why: guichet sync --from US")
	x.serve("US")
	if err := os.RemoveAll(filepath.Join(us.cfg.Home, "copies")); err != nil {
		t.Fatal(err)
	}
	if _, err := nz.sync(node.SyncRequest{}); guichet.KindOf(err) != guichet.KindRefused {
		t.Fatalf("a copy that its source denies: %v", err)
	}
	nz.says("copy US", "wrong", "never gave the copy", "begin anew: guichet sync --from US --afresh")
	given(nz.sync(node.SyncRequest{Afresh: true}))(t)
	x.agree(func(a *guichet.Agreement) { a.Title.EN = "The same in another version" })
	x.clock.Move(time.Minute)
	nz.says("copy US", "wrong", "version 2 is in force", "guichet sync --from US; if it fails")
	x.agree(func(a *guichet.Agreement) { a.Validity.Withdrawn = x.clock.Now().Format(time.DateOnly) })
	x.clock.Move(time.Minute)
	nz.says("copy US", "wrong", "does not answer any more", "agree anew")
}

// TestDoctorOnNotices: what waits to be read, what has ended, and on the other side
// who stays away.
func TestDoctorOnNotices(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil, "US", "GB")
	us, gb := x.seats["US"], x.seats["GB"]
	x.serve("US")
	gb.says("notices", "", "", "")
	us.says("subscribers", "", "", "")
	q := node.MembersQuestion{Question: question(t, "reporter=US flow=imports product="+masks+" period=2024-01:2024-12"), Members: []string{"US"}, Purpose: "official-statistics", Office: "statistics"}
	gb.at(func(op node.Operator) { given(op.Subscribe(t.Context(), q))(t) })
	gb.says("notices", "well", "1 subscriptions are open, at 1 members", "")
	us.says("subscribers", "well", "1 members have 1 subscriptions here", "")
	us.month("2024-01", "2024-03-01", "1220 6307909870 30")
	unread := func() { // fetched, as a running node does, and shown to nobody
		gb.at(func(op node.Operator) {
			given(op.Notices(t.Context(), node.NoticesQuestion{Members: []string{"US"}, Office: "statistics", End: []string{"0000000000000000"}}))(t)
		})
	}
	unread()
	gb.says("notices", "watch", "1 notices wait to be read", "guichet notices")
	if a := gb.told("US"); len(a.Notices) != 1 {
		t.Fatalf("told: %+v", a)
	}
	gb.says("notices", "well", "no notice waits", "")
	x.clock.Move(21 * day)
	us.says("subscribers", "watch", "GB (21 d) did not come for notices", "ask its operations")
	x.clock.Move(10 * day)
	unread()
	gb.says("notices", "watch", "subscriptions have ended at US (nobody has read its notices for 30 days)", "subscribe anew")
	for path, on := range map[string]*trioSeat{"to/US.json": gb, "of/GB.json": us} {
		if err := os.WriteFile(filepath.Join(on.cfg.Home, "subscriptions", "three", path), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	gb.says("notices", "wrong", "US.json", "subscribe anew")
	us.says("subscribers", "wrong", "GB.json", "must do it anew")
}
