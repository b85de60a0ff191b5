//go:build linux

package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/node"
)

// fullDisk: where the journal cannot write, the desk closes: no answer
// leaves, and none is used. With space, and started anew, it opens again.
func (f *five) fullDisk() {
	t := f.t
	us, gb, ca := f.member("US"), f.member("GB"), f.member("CA")
	f.answered(us.ask("all"), "AU", "CA", "GB", "NZ", "US")

	// Of the member that is asked.
	free := fill(t, gb)
	gaps := f.answered(ca.ask("all"), "AU", "CA", "NZ", "US")
	wantGap(t, gaps, "GB", guichet.GapLate)
	if found := doctor(gb, "journal"); found.State != "wrong" {
		t.Errorf("the doctor says of a full disk under the journal: %+v", found)
	}
	free()
	gb.restart()
	f.answered(again(ca, func(a node.MembersAnswer) bool { return f.of(a, "GB").Gap == nil }), "AU", "CA", "GB", "NZ", "US")

	// Of the one that asks.
	free = fill(t, us)
	if out, words, code := us.run(asking("all")...); code == 0 {
		t.Errorf("the asker's journal cannot write, and yet it has an answer: %s%s", out, words)
	}
	free()
	us.restart()
	f.answered(again(us, func(a node.MembersAnswer) bool { return f.of(a, "GB").Gap == nil }), "AU", "CA", "GB", "NZ", "US")
	// They answered what the asker could not write down, and so did not use.
	f.whole(us, "answered_not_received")
	f.whole(ca)
}

// fill fills the disk under a member's journal.
func fill(t *testing.T, m *seat) (free func()) {
	t.Helper()
	d := &guichettest.Disk{Dir: filepath.Join(m.home, "journals")}
	d.FillUp(t, 0)
	return func() { d.FreeUp(t) }
}

// forkedLog: a member goes back to an older copy of its journal and
// writes another history. Those who saw the first one find it.
func (f *five) forkedLog() {
	t := f.t
	us, ca, au := f.member("US"), f.member("CA"), f.member("AU")
	us.ask("all")
	log, old := filepath.Join(au.home, "journals"), filepath.Join(f.dir, "old-journals")
	au.stop()
	copyAll(t, old, log)
	au.serve()
	us.ask("all")
	f.whole(us) // it has seen the journal of AU as it is now
	au.stop()
	if err := os.RemoveAll(log); err != nil {
		t.Fatal(err)
	}
	copyAll(t, log, old)
	au.serve()
	ca.ask("all")
	ca.ask("all")
	var codes []string
	for _, found := range findings(us.journals("AU"), "AU") {
		codes = append(codes, found.Code)
		if found.Severity == "grave" && (found.Code == "log_forked" || found.Code == "rolled_back") {
			return
		}
	}
	t.Errorf("the fork was told as %v", codes)
}

// lostDisk: a member loses its disk, and its newest backup is older than what the
// others have seen of its journal. It says so and goes on in a second log; one that
// was away learns of it later.
func (f *five) lostDisk() {
	t := f.t
	us, au, nz := f.member("US"), f.member("AU"), f.member("NZ")
	us.ask("AU")
	backup := filepath.Join(f.dir, "au.tar")
	au.must("backup", "--out", backup)
	lost := []string{f.of(us.ask("AU"), "AU").Exchange, f.of(au.ask("US"), "US").Exchange, f.of(nz.ask("AU"), "AU").Exchange}
	cosigned(au)
	for _, m := range []*seat{au, nz} {
		m.stop()
	}
	for _, inside := range []string{"journals", "circles", "keys"} { // of the home; what lies on a disk of its own is emptied
		left, err := filepath.Glob(filepath.Join(au.home, inside, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range left {
			if err := os.RemoveAll(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	restored := filepath.Join(f.dir, "au-restored")
	au.must("restore", backup, "--home", restored)
	au.home = restored
	au.serve()
	gap := f.of(us.ask("AU"), "AU").Gap
	if gap == nil {
		t.Fatal("AU was put back, and answers")
	}
	renewal := filepath.Join(f.dir, "au-renewal.json")
	au.must("journal", "renew", "--why", "the disk was lost", "--out", renewal)
	au.must("journal", "sign", renewal, "--yes")
	au.must("journal", "publish", renewal)
	f.answered(us.ask("all"), "AU", "CA", "GB", "US")
	nz.serve()
	f.answered(again(nz, func(a node.MembersAnswer) bool { return f.of(a, "AU").Gap == nil }), "AU", "CA", "GB", "NZ", "US")
	told := map[string]bool{}
	for deadline := time.Now().Add(patience); len(told) < len(lost) && time.Now().Before(deadline); {
		for _, r := range au.journals("all") {
			for _, found := range r.Findings {
				if found.Code == "recovered_here" {
					told[found.Exchange] = true
				}
			}
		}
	}
	for _, x := range lost {
		if !told[x] {
			t.Errorf("the exchange %s was lost, and is not named", x)
		}
	}
	for _, m := range []*seat{au, us, nz} {
		f.whole(m)
	}
}

func (m *seat) stop() {
	m.five.t.Helper()
	if code := m.serving.Stop(m.five.t, patience); code != 0 {
		m.five.t.Fatalf("%s was told to stop, and ended with exit code %d", m.code, code)
	}
}

func findings(reports []node.JournalReport, member string) []node.JournalFinding {
	for _, r := range reports {
		if r.Member == member {
			return r.Findings
		}
	}
	return nil
}

// killedAfterTheLeaf: a member is killed when its leaf is written and
// its answer not yet there. The asker uses nothing, and journal verify tells of a
// leaf without an answer, on either side.
func (f *five) killedAfterTheLeaf() {
	t := f.t
	us, gb := f.member("US"), f.member("GB")
	us.ask("all")
	before := len(leavesOf(t, gb))
	// A way of a second: what is written there has not arrived when it is killed.
	gb.relay.Set(guichettest.Conditions{Delay: time.Second})
	asked := guichettest.Start(t, us.command(append(asking("GB"), "--within", "60s")...))
	for deadline := time.Now().Add(patience); len(leavesOf(t, gb)) == before; {
		if time.Now().After(deadline) {
			t.Fatal("GB has written no leaf")
		}
	}
	gb.serving.Kill()
	gb.relay.Cut()
	asked.Wait(t, patience)
	var a node.MembersAnswer
	if err := json.Unmarshal([]byte(asked.Stdout()), &a); err != nil {
		t.Fatal(err)
	}
	got := f.of(a, "GB")
	if got.Gap == nil || len(a.Answer.Rows) != 0 {
		t.Errorf("an answer was used that never came: %+v", a)
	}
	gb.relay.Heal()
	gb.relay.Set(guichettest.Conditions{})
	gb.serve()
	if kinds := kindsOf(us.leaves(got.Exchange)); !slices.Equal(kinds, []guichet.LeafKind{guichet.LeafMissed}) {
		t.Errorf("the asker's leaves are %v", kinds)
	}
	if kinds := kindsOf(gb.leaves(got.Exchange)); !slices.Equal(kinds, []guichet.LeafKind{guichet.LeafAnswered}) {
		t.Errorf("the leaves of the member that was killed are %v", kinds)
	}
	for asker, other := range map[*seat]string{us: "GB", gb: "US"} {
		told := slices.ContainsFunc(asker.journals(other), func(r node.JournalReport) bool {
			return slices.ContainsFunc(r.Findings, func(f node.JournalFinding) bool {
				return f.Exchange == got.Exchange && (f.Code == "answered_but_missed" || f.Code == "leaf_without_answer")
			})
		})
		if !told {
			t.Errorf("journal verify of %s does not tell of the leaf without an answer", asker.code)
		}
	}
}

func leavesOf(t *testing.T, m *seat) []node.LeafEntry {
	t.Helper()
	out, words, code := m.run("journal", "show", "--limit", "1000")
	var told struct {
		Leaves []node.LeafEntry `json:"leaves"`
	}
	if err := json.Unmarshal([]byte(out), &told); err != nil || code != 0 {
		t.Fatalf("%s: journal show ended with exit code %d: %s%s", m.code, code, out, words)
	}
	return told.Leaves
}

func kindsOf(leaves []node.LeafEntry) []guichet.LeafKind {
	var out []guichet.LeafKind
	for _, l := range leaves {
		out = append(out, l.Leaf.Kind)
	}
	return out
}

// killedAtAnyMoment: both sides are killed at moments that chance
// chooses. Whatever the asker received, the other side has answered; nothing that
// was shown is without a leaf; and both open again.
func (f *five) killedAtAnyMoment() {
	t := f.t
	us, gb := f.member("US"), f.member("GB")
	begin := time.Now()
	us.ask("GB")
	took := time.Since(begin)
	shown := map[string]bool{}
	for i := range 8 {
		victim := []*seat{us, gb}[i%2]
		asked := guichettest.Start(t, us.command(append(asking("GB"), "--within", "60s")...))
		time.Sleep(took * time.Duration(i+1) / 8)
		victim.serving.Kill()
		asked.Wait(t, patience)
		var a node.MembersAnswer
		if err := json.Unmarshal([]byte(asked.Stdout()), &a); err == nil && len(a.Answer.Rows) > 0 {
			shown[f.of(a, "GB").Exchange] = true
		}
		victim.serve()
	}
	for exchange := range shown {
		if kinds := kindsOf(us.leaves(exchange)); !slices.Contains(kinds, guichet.LeafReceived) {
			t.Errorf("an answer was shown whose leaf is not there: %s has %v", exchange, kinds)
		}
	}
	for _, l := range leavesOf(t, us) {
		if l.Leaf.Kind != guichet.LeafReceived || l.Leaf.To != "GB" {
			continue
		}
		if kinds := kindsOf(gb.leaves(l.Leaf.Exchange)); !slices.Contains(kinds, guichet.LeafAnswered) {
			t.Errorf("US received what GB has not answered: %s has %v", l.Leaf.Exchange, kinds)
		}
	}
	f.whole(us)
}
