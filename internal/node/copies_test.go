package node_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/node"
)

const masks = "630790"

// TestCopyAnswersAsItsSource: a copy is taken, answers at home as its source does,
// marked with its age; only what is new comes again; what is corrected or
// withdrawn at the source is so in the copy, with leaves on both sides.
func TestCopyAnswersAsItsSource(t *testing.T) {
	t.Parallel()
	x := newTrio(t, nil, "US", "NZ")
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
	us.month("2024-01", "2024-06-01", "1220 6307909870 33")                                // a correction of one of two codes
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

const copied = "reporter=US flow=imports period=2024-01 product=" + masks + " trade_system=general"

// TestCopyFaults: what befalls a copy, one after the other, on three nodes.
func TestCopyFaults(t *testing.T) { //nolint:tparallel // each fault befalls what the one before left
	t.Parallel()
	x := newTrio(t, func(a *guichet.Agreement) { a.Terms[0].Onward = "parties" }, "US", "NZ", "GB")
	us, nz := x.seats["US"], x.seats["NZ"]
	us.month("2024-01", "2024-03-01", "1220 6307909870 30", "1220 6307909891 12", "2010 9018390020 5")
	us.open(func(n *node.Node) { // its licence forbids copies
		given(n.Ingest(t.Context(), node.IngestRequest{File: write(t, "bps.csv", "\ufeffKode HS,Deskripsi HS,Negara Tujuan Ekspor,Periode,Berat (Kg),Nilai (USD)\n63079040,x,JAPAN,202401,100,7\n")}))(t)
	})
	x.serve("US")
	for _, fault := range []struct {
		name   string
		befall func(*testing.T, *trio)
	}{
		{"cut at every chunk", cutEverywhere},
		{"a lying source", lyingSource},
		{"two at once", twoAtOnce},
		{"passed on", passedOn},
		{"a full disk", fullUnderCopy},
		{"too old", tooOld},
		{"denied", deniedCopy},
		{"withdrawn", withdrawnAgreement},
	} {
		if !t.Run(fault.name, func(t *testing.T) { x.t, nz.trio.t = t, t; fault.befall(t, x) }) {
			break
		}
	}
	x.t = t
}

// cutEverywhere cuts the way after ever more bytes: nothing answers before all is
// there, and what was fetched is not fetched again.
func cutEverywhere(t *testing.T, x *trio) {
	t.Helper()
	us, nz := x.seats["US"], x.seats["NZ"]
	var fetched int64
	cuts := 0
	nz.at(func(op node.Operator) {
		for cut := int64(2500); ; cut += 900 {
			us.relay.CutAfter(cut)
			r, err := op.Sync(t.Context(), node.SyncRequest{From: "US", Purpose: "official-statistics"}, nil)
			us.relay.Heal()
			fetched += r.Fetched
			if err == nil {
				if fetched != r.Copy.Bytes {
					t.Errorf("%d bytes were fetched of a copy of %d, in %d pieces", fetched, r.Copy.Bytes, cuts+1)
				}
				if len(r.Back) != 1 || !strings.Contains(r.Back[0].Text.EN, "does not permit") {
					t.Errorf("kept back: %+v, want the one whose licence forbids copies", r.Back)
				}
				return
			}
			if cuts++; cuts > 60 {
				t.Fatalf("still cut: %v", err)
			}
			if r.Copy.Submissions != 0 && r.Fetched > 0 {
				t.Errorf("a sync that was cut keeps %d submissions", r.Copy.Submissions)
			}
		}
	})
	if cuts < 3 {
		t.Errorf("the way was cut %d times only", cuts)
	}
	want(t, nz.ask(copied), "", "value", "42")
}

// lyingSource: what is given is not what was listed.
func lyingSource(t *testing.T, x *trio) {
	t.Helper()
	us, nz := x.seats["US"], x.seats["NZ"]
	us.month("2024-02", "2024-04-01", "1220 6307909870 40")
	us.relay.CutAfter(8000) // the list comes, and not all of the file
	if _, err := nz.sync(node.SyncRequest{}); err == nil {
		t.Fatal("nothing was cut")
	}
	us.relay.Heal()
	spool := given(filepath.Glob(filepath.Join(us.cfg.Home, "copies", "three", "out", "NZ", "*.arrow")))(t)
	honest := map[string][]byte{}
	for _, path := range spool {
		text := given(os.ReadFile(path))(t)
		honest[path] = slices.Clone(text)
		text[len(text)-200] ^= 1
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := nz.sync(node.SyncRequest{})
	if guichet.KindOf(err) != guichet.KindUntrusted || !strings.Contains(err.Error(), "not the one of its signed list") {
		t.Errorf("a lying source: %v", err)
	}
	want(t, nz.ask(copied), "", "value", "42") // as it was
	for path, text := range honest {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	given(nz.sync(node.SyncRequest{}))(t)
	want(t, nz.ask(strings.Replace(copied, "2024-01", "2024-02", 1)), "", "value", "40")
	if err := node.CheckList("US", guichet.CopyList{LetterReply: guichet.LetterReply{Rows: 1}, Known: true, Items: []guichet.CopyItem{{
		Key: strings.Repeat("a", 64), SHA256: strings.Repeat("b", 64), Bytes: 1, Submission: guichet.Submission{ID: "0123456789abcdef", Identity: "0123456789abcdef", Dataset: "trade"},
	}}}); guichet.KindOf(err) != guichet.KindRefused {
		t.Errorf("a list of what may not be redistributed: %v", err)
	}
}

// twoAtOnce: of two syncs of one member at once one is told to wait, and nothing is
// taken twice.
func twoAtOnce(t *testing.T, x *trio) {
	t.Helper()
	us, nz := x.seats["US"], x.seats["NZ"]
	us.month("2024-03", "2024-05-01", "1220 6307909870 50")
	nz.at(func(op node.Operator) {
		errs := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := op.Sync(t.Context(), node.SyncRequest{From: "US", Purpose: "official-statistics"}, nil)
				errs <- err
			}()
		}
		one, two := <-errs, <-errs
		if one != nil && two != nil || one != nil && guichet.KindOf(one) != guichet.KindBusy || two != nil && guichet.KindOf(two) != guichet.KindBusy {
			t.Errorf("two at once: %v, %v", one, two)
		}
	})
	want(t, nz.ask(strings.Replace(copied, "2024-01", "2024-01:2024-03", 1)), "", "value", "132")
}

// passedOn: NZ holds nothing of its own; GB asks it of US.
func passedOn(t *testing.T, x *trio) {
	t.Helper()
	x.serve("NZ")
	defer x.seats["NZ"].stop()
	gb := x.seats["GB"]
	a := gb.askMembers(copied, "NZ")
	want(t, a.Answer, "member=NZ", "value", "42")
	remark(t, a.Answer, node.RemarkCopy, "copy of what US holds")
	a = gb.askMembers(strings.Replace(copied, "reporter=US ", "", 1), "NZ") // there is one copy alone
	want(t, a.Answer, "reporter=US member=NZ", "value", "42")
	x.agree(func(a *guichet.Agreement) { a.Terms[0].Onward, a.Terms[0].Derived = "none", "none" })
	x.clock.Move(time.Minute)
	a = gb.askMembers(copied, "NZ")
	gap(t, a.Answer, guichet.GapRefused, "version 1 of three-copies, and version 2 is in force")
	given(x.seats["NZ"].sync(node.SyncRequest{}))(t) // by the running node
	a = gb.askMembers(copied, "NZ")
	gap(t, a.Answer, guichet.GapRefused, "terms[0].onward")
	want(t, x.seats["NZ"].ask(copied), "", "value", "42")
}

// fullUnderCopy: the disk is full on the way; the copy stays as it was.
func fullUnderCopy(t *testing.T, x *trio) {
	t.Helper()
	us, nz := x.seats["US"], x.seats["NZ"]
	us.month("2024-04", "2024-06-01", "1220 6307909870 60")
	files := filepath.Join(nz.cfg.Home, "copies", "three", "of", "US", "files")
	if err := errors.Join(os.Rename(files, files+".kept"), os.Mkdir(files, 0o700)); err != nil {
		t.Fatal(err)
	}
	back := func() {
		if err := errors.Join(os.RemoveAll(files), os.Rename(files+".kept", files)); err != nil {
			t.Error(err)
		}
	}
	full := t.Run("disk", func(t *testing.T) {
		guichettest.SmallDiskAt(t, files, 1)
		_ = os.WriteFile(filepath.Join(files, "filler"), make([]byte, 2<<20), 0o600) // as much as there is room for
		if _, err := nz.sync(node.SyncRequest{}); guichet.KindOf(err) != guichet.KindFull {
			t.Errorf("a sync onto a full disk: %v", err)
		}
	})
	if back(); !full {
		return
	}
	want(t, nz.ask(copied), "", "value", "42")
	given(nz.sync(node.SyncRequest{}))(t)
	want(t, nz.ask(strings.Replace(copied, "2024-01", "2024-04", 1)), "", "value", "60")
}

// tooOld: beyond the greatest age the copy does not answer, until it is confirmed.
func tooOld(t *testing.T, x *trio) {
	t.Helper()
	nz := x.seats["NZ"]
	x.clock.Move(31 * 24 * time.Hour)
	gap(t, nz.ask(copied), guichet.GapStale, "allows 30 days")
	given(nz.sync(node.SyncRequest{}))(t)
	want(t, nz.ask(copied), "", "value", "42")
}

// deniedCopy: the source has forgotten that it gave it.
func deniedCopy(t *testing.T, x *trio) {
	t.Helper()
	us, nz := x.seats["US"], x.seats["NZ"]
	if err := os.RemoveAll(filepath.Join(us.cfg.Home, "copies")); err != nil {
		t.Fatal(err)
	}
	_, err := nz.sync(node.SyncRequest{})
	if guichet.KindOf(err) != guichet.KindRefused || !strings.Contains(err.Error(), "never gave") {
		t.Errorf("denied: %v", err)
	}
	gap(t, nz.ask(copied), guichet.GapRefused, "never gave")
	if _, err := nz.sync(node.SyncRequest{}); err == nil {
		t.Error("a denied copy was taken again unasked")
	}
	given(nz.sync(node.SyncRequest{Afresh: true}))(t)
	want(t, nz.ask(copied), "", "value", "42")
}

// withdrawnAgreement: the agreement ends; the copy stops at once, and is removed at
// the next sync, with leaves on both sides.
func withdrawnAgreement(t *testing.T, x *trio) {
	t.Helper()
	nz := x.seats["NZ"]
	x.agree(func(a *guichet.Agreement) { a.Validity.Withdrawn = x.clock.Now().Format(time.DateOnly) })
	x.clock.Move(time.Minute)
	gap(t, nz.ask(copied), guichet.GapRefused, "validity.withdrawn")
	r, err := nz.sync(node.SyncRequest{})
	if guichet.KindOf(err) != guichet.KindRefused || len(r.Removed) != 4 || r.Receipt == "" {
		t.Errorf("withdrawn: %v, %+v", err, r)
	}
	if n := x.seats["US"].leaves(r.Receipt, guichet.LeafAnswered); n != 1 {
		t.Errorf("%d leaves at the source of what was removed", n)
	}
	for _, pattern := range []string{"files/*", "tables-*"} {
		if left := given(filepath.Glob(filepath.Join(nz.cfg.Home, "copies", "three", "of", "US", pattern)))(t); len(left) > 0 {
			t.Errorf("left of the copy: %v", left)
		}
	}
	gap(t, nz.ask(copied), guichet.GapRefused, "validity.withdrawn")
}
