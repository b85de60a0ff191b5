package node_test

import (
	"testing"

	"guichet"
	"guichet/internal/node"
)

const masks = "630790"

// TestCopyAnswersAsItsSource: a copy is taken, answers at home as its source does,
// marked with its age; only what is new comes again; what is corrected or
// withdrawn at the source is so in the copy, with leaves on both sides.
func TestCopyAnswersAsItsSource(t *testing.T) {
	t.Parallel()
	x := newTrio(t, func(a *guichet.Agreement) { a.Terms[0].Onward = "parties" })
	us, nz := x.seats["US"], x.seats["NZ"]
	us.month("2024-01", "2024-03-01", "1220 6307909870 30", "1220 6307909891 12", "2010 9018390020 5")
	us.month("2024-02", "2024-04-01", "1220 6307909870 40")
	x.serve("US")
	r := given(nz.sync(node.SyncRequest{}))(t)
	if len(r.New) != 2 || r.Fetched == 0 || r.Copy.Submissions != 2 || r.Receipt == "" || r.Copy.Ended != "" {
		t.Fatalf("the first sync: %+v", r)
	}
	const asked = "reporter=US flow=imports period=2024-01 product=" + masks + " by=partner trade_system=general"
	here, there := nz.ask(asked), us.ask(asked)
	want(t, here, "partner=CA member=US", "value", "42")
	want(t, there, "partner=CA", "value", "42")
	remark(t, here, node.RemarkCopy, "copy of what US holds")
	if here.Sources[0].Digest != there.Sources[0].Digest || here.Sources[0].Submission != there.Sources[0].Submission {
		t.Errorf("the copy cites %+v, its source %+v", here.Sources, there.Sources)
	}
	want(t, nz.ask("reporter=US flow=imports period=2024-01:2024-02 product=63 trade_system=general"), "", "value", "82")

	if r = given(nz.sync(node.SyncRequest{}))(t); r.Fetched != 0 || len(r.New)+len(r.Removed) != 0 {
		t.Errorf("a sync of nothing new fetched %d bytes: %+v", r.Fetched, r)
	}
	us.month("2024-03", "2024-05-01", "1220 6307909870 50")
	if r = given(nz.sync(node.SyncRequest{}))(t); len(r.New) != 1 || len(r.Removed) != 0 || r.Fetched == 0 {
		t.Errorf("a sync of one new month: %+v", r)
	}
	us.month("2024-01", "2024-06-01", "1220 6307909870 33") // a correction of one of two codes
	if r = given(nz.sync(node.SyncRequest{}))(t); len(r.New) != 2 || len(r.Removed) != 1 { // what is left of the older one is given otherwise
		t.Errorf("a sync of a correction: %+v", r)
	}
	want(t, nz.ask(asked), "partner=CA member=US", "value", "45")
	if n := nz.leaves(r.Receipt, guichet.LeafReceived); n != 1 {
		t.Errorf("%d leaves of the report at the copy, want one", n)
	}
	if n := us.leaves(r.Receipt, guichet.LeafAnswered); n != 1 {
		t.Errorf("%d leaves of the report at the source, want one", n)
	}
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

// leaves counts a home's leaves of an exchange.
func (m *trioSeat) leaves(exchange string, kind guichet.LeafKind) (n int) {
	m.trio.t.Helper()
	m.at(func(op node.Operator) {
		for _, l := range given(op.Leaves(m.trio.t.Context(), node.LeavesQuestion{Exchange: exchange}))(m.trio.t) {
			if l.Leaf.Kind == kind {
				n++
			}
		}
	})
	return n
}
