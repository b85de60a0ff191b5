package node_test

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/node"

	"guichet/internal/guichettest"
)

// TestWithdrawnFromCirculation: a submission that members were answered from,
// subscribed to and copied is withdrawn. Each is told in its own way, the past
// stays, and a leaf proves it.
func TestWithdrawnFromCirculation(t *testing.T) {
	t.Parallel()
	x := newTrio(t, func(a *guichet.Agreement) { a.Corrections = "forward" }, "US", "NZ")
	us, nz := x.seats["US"], x.seats["NZ"]
	us.month("2024-01", "2024-03-01", "1220 6307909870 30", "1220 6307909891 12")
	x.serve("US")
	const asked = "reporter=US flow=imports period=2024-01 product=" + masks + " trade_system=general"
	q := node.MembersQuestion{Question: question(t, asked), Members: []string{"US"}, Purpose: "official-statistics", Office: "statistics", Officer: "a test"}
	nz.at(func(op node.Operator) { given(op.Subscribe(t.Context(), q))(t) })
	us.month("2024-01", "2024-06-01", "1220 6307909870 99", "1220 6307909891 99") // supersedes all of the first
	if got := nz.notices(); len(got) != 1 || got[0].Kind != node.NoticeRevised {
		t.Fatalf("NZ is told %+v", got)
	}
	answer := nz.askMembers(asked, "US")
	want(t, answer.Answer, "member=US", "value", "198")
	given(nz.sync(node.SyncRequest{}))(t)
	want(t, nz.ask(asked), "member=US", "value", "198")

	var bad guichet.Submission
	var dry, done node.SubmissionWithdrawal
	us.open(func(n *node.Node) {
		bad = given(n.Submissions(t.Context()))(t)[0]
		dry = given(n.Withdraw(t.Context(), node.WithdrawRequest{Submission: bad.ID[:8], DryRun: true}))(t)
		if _, err := n.Withdraw(t.Context(), node.WithdrawRequest{Submission: bad.ID}); guichet.KindOf(err) != guichet.KindInvalid {
			t.Errorf("a withdrawal without a reason says %v", err)
		}
		done = given(n.Withdraw(t.Context(), node.WithdrawRequest{Submission: bad.ID, Why: "a unit was wrong", By: "steward"}))(t)
		e := given(n.Told(t.Context(), done.Event.ID))(t)
		done.Event = &e
	})
	if dry.Event != nil || len(dry.Answered) != 1 || len(dry.Copied) != 1 || len(dry.Again) != 1 {
		t.Errorf("what it would mean: %+v", dry)
	}
	if a := done.Answered; len(a) != 1 || a[0].Party.Member != "NZ" || a[0].Exchange != answer.Members[0].Exchange || !a[0].Told {
		t.Errorf("who was answered from it: %+v", a)
	}
	if c := done.Copied; len(c) != 1 || c[0].Member != "NZ" {
		t.Errorf("who keeps a copy: %+v", c)
	}
	us.proved(*done.Event, guichet.LeafWithdrew)

	want(t, nz.askMembers(asked, "US").Answer, "member=US", "value", "42")
	got := nz.notices()
	if len(got) != 2 || got[0].Kind != node.NoticeWithdrawn || got[0].Submission != bad.ID || got[0].Text.EN != "a unit was wrong" || got[1].Exchange != answer.Members[0].Exchange {
		t.Errorf("NZ is told %+v", got)
	}
	if again := nz.notices(); len(again) != 0 {
		t.Errorf("NZ is told again %+v", again)
	}
	r := given(nz.sync(node.SyncRequest{}))(t)
	if len(r.New) != 1 || len(r.Removed) != 1 {
		t.Errorf("the copy follows with %+v", r)
	}
	want(t, nz.ask(asked), "member=US", "value", "42")
	us.open(func(n *node.Node) {
		_, err := n.Ingest(t.Context(), node.IngestRequest{File: us.last, Generated: true, Released: "2024-06-01"})
		if guichet.KindOf(err) != guichet.KindInvalid || !strings.Contains(err.Error(), "was withdrawn") {
			t.Errorf("the file again says %v", err)
		}
		given(n.Withdraw(t.Context(), node.WithdrawRequest{Submission: bad.ID, Why: "it was right", Reinstate: true}))(t)
	})
	want(t, nz.askMembers(asked, "US").Answer, "member=US", "value", "198")
	if got := nz.notices(); len(got) != 1 || got[0].Kind != node.NoticeRevised {
		t.Errorf("reinstated, NZ is told %+v", got)
	}
}

// notices fetches what US tells.
func (m *trioSeat) notices() (out []node.ToldNotice) {
	m.trio.t.Helper()
	m.at(func(op node.Operator) {
		a := given(op.Notices(m.trio.t.Context(), node.NoticesQuestion{Members: []string{"US"}, Office: "statistics"}))(m.trio.t)
		if len(a.Failed) > 0 {
			m.trio.t.Fatalf("notices of US: %+v", a.Failed)
		}
		out = a.Notices
	})
	return out
}

// proved holds an event to its leaf in the circle's journal: one, with the digest of
// its paper, which a receipt proves.
func (m *trioSeat) proved(e node.EventEntry, kind guichet.LeafKind) {
	t := m.trio.t
	t.Helper()
	if len(e.Proofs) != 1 || e.Proofs[0].Leaf < 0 {
		t.Fatalf("the proofs of the event: %+v", e.Proofs)
	}
	p := e.Proofs[0]
	if sum := sha256.Sum256([]byte(p.Paper)); hex.EncodeToString(sum[:]) != p.Digest {
		t.Errorf("the digest of the paper is not %s", p.Digest)
	}
	m.at(func(op node.Operator) {
		leaves := given(op.Leaves(t.Context(), node.LeavesQuestion{Exchange: p.Exchange}))(t)
		if len(leaves) != 1 || leaves[0].Leaf.Kind != kind || leaves[0].Leaf.Request != p.Digest || leaves[0].Index != p.Leaf {
			t.Errorf("the leaves of the event: %+v", leaves)
		}
		deadline := time.Now().Add(guichettest.Patience)
		for {
			r, err := op.Receipt(t.Context(), p.Exchange)
			if err == nil {
				if r.Leaf.Request != p.Digest || r.Member != m.code {
					t.Errorf("the receipt: %+v", r)
				}
				return
			}
			if guichet.KindOf(err) != guichet.KindBusy || time.Now().After(deadline) {
				t.Errorf("the receipt of the event: %v", err)
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
}

// TestForgottenOnTime: by a rule a node removes what is due, by itself while it
// serves or by command; whoever asks is told when it was removed and by which purge;
// the copy follows; a leaf proves it.
func TestForgottenOnTime(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil, "US", "NZ")
	us, nz := x.seats["US"], x.seats["NZ"]
	us.month("2010-01", "2010-03-01", "1220 6307909870 30")
	us.month("2024-01", "2024-03-01", "1220 6307909870 40")
	x.serve("US")
	given(nz.sync(node.SyncRequest{}))(t)
	const old = "reporter=US flow=imports period=2010-01 product=" + masks + " trade_system=general"
	const young = "reporter=US flow=imports period=2024-01 product=" + masks + " trade_system=general"
	want(t, nz.ask(old), "member=US", "value", "30")

	var res node.PurgeResult
	us.open(func(n *node.Node) {
		given(n.SetRetention(t.Context(), node.RetentionRule{Dataset: "trade", Keep: "10y", Basis: "a law made for a test"}))(t)
		given(n.SetHold(t.Context(), node.LegalHold{Name: "case", Dataset: "trade", Reporters: []string{"US"}, Why: "a case made for a test"}))(t)
		if res = given(n.Purge(t.Context(), "steward", nil))(t); len(res.Purges) != 0 || len(res.Held) != 1 || res.Held[0].Hold != "case" {
			t.Fatalf("with a hold: %+v", res)
		}
		given(n.LiftHold(t.Context(), "case", "the case is closed", "steward"))(t)
		k := given(n.Keeping(t.Context()))(t)
		if len(k.Plans) != 1 || len(k.Plans[0].Goes) != 1 || !k.Plans[0].Goes[0].Whole || k.Plans[0].Next == nil {
			t.Errorf("the plan: %+v", k.Plans)
		}
		res = given(n.Purge(t.Context(), "steward", nil))(t)
		if len(res.Purges) != 1 || !res.Purges[0].OffDisk {
			t.Fatalf("the purge: %+v", res)
		}
		us.proved(given(n.Told(t.Context(), res.Purges[0].ID))(t), guichet.LeafPurged)
		gone := given(n.Submissions(t.Context()))(t)[1]
		if !slices.Equal(gone.Purged, []string{res.Purges[0].ID}) || gone.Totals != nil || gone.Digest == "" {
			t.Errorf("the submission says %+v", gone)
		}
		if _, err := n.Reharmonise(t.Context(), gone.ID, nil); guichet.KindOf(err) != guichet.KindNotFound || !strings.Contains(err.Error(), "was removed") {
			t.Errorf("to judge it again says %v", err)
		}
	})
	var before guichet.Answer
	us.open(func(n *node.Node) {
		q := question(t, old)
		q.AsOf = x.clock.Now().Add(-time.Minute)
		before = given(n.Ask(t.Context(), q))(t)
	})
	for name, a := range map[string]guichet.Answer{"at home": us.ask(old), "as of before": before, "to a member": nz.askMembers(old, "US").Answer} {
		if len(a.Rows) != 0 || !slices.ContainsFunc(a.Gaps, func(g guichet.Gap) bool {
			return g.Reason == guichet.GapPurged && strings.Contains(g.Text, res.Purges[0].ID) && g.Period == "2010-01"
		}) {
			t.Errorf("asked %s: rows %v, gaps %+v", name, a.Rows, a.Gaps)
		}
	}
	want(t, us.ask(young), "", "value", "40")
	want(t, nz.askMembers(young, "US").Answer, "member=US", "value", "40")
	if r := given(nz.sync(node.SyncRequest{}))(t); len(r.Removed) != 1 {
		t.Errorf("the copy follows with %+v", r)
	}
	if a := nz.ask(old); len(a.Rows) != 0 {
		t.Errorf("the copy still answers %+v", a.Rows)
	}
	us.open(func(n *node.Node) {
		if err := n.Check(t.Context()); err != nil {
			t.Error(err)
		}
	})
	nz.at(func(op node.Operator) {
		for _, report := range given(op.VerifyJournal(t.Context(), []string{"US"}))(t) {
			for _, f := range report.Findings {
				if f.Severity != "notice" {
					t.Errorf("the journals of %s and NZ: %s", report.Member, f.Text.EN)
				}
			}
		}
	})
}

// TestServePurgesByItself: what is due when a node starts goes without a command.
func TestServePurgesByItself(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil, "US", "NZ")
	us := x.seats["US"]
	us.month("2010-01", "2010-03-01", "1220 6307909870 30")
	us.open(func(n *node.Node) {
		given(n.SetRetention(t.Context(), node.RetentionRule{Dataset: "trade", Keep: "10y", Basis: "a law made for a test"}))(t)
	})
	x.serve("US")
	us.open(func(n *node.Node) {
		for range 1200 {
			all := given(n.Events(t.Context()))(t)
			if len(all) == 1 && all[0].OffDisk && all[0].Proofs[0].Leaf >= 0 {
				if all[0].By != "serve" {
					t.Errorf("the event: %+v", all[0])
				}
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Error("what was due is still there")
	})
}
