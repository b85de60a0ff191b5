//go:build linux

package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/node"
)

// cutOff: a member whose cable is pulled is silent, and takes nothing
// from the others; healed, it answers again, and all journals tell one story.
func (f *five) cutOff() {
	t := f.t
	us := f.member("US")
	before := us.ask("all")
	f.answered(before, "AU", "CA", "GB", "NZ", "US")

	f.hosts.Cut(t, f.member("NZ").host)
	during := us.askWithout("NZ")
	gaps := f.answered(during, "AU", "CA", "GB", "US")
	wantGap(t, gaps, "NZ", guichet.GapSilent, guichet.GapLate)
	sameRows(t, before, during, "AU", "CA", "GB", "US")
	if found := doctor(us, "member NZ"); found.State != "wrong" || found.Do.EN == "" {
		t.Errorf("the doctor says of a member that is cut off: %+v", found)
	}
	// The one that is cut off sees itself alone.
	f.answered(f.member("NZ").ask("all", "--within", "4s"), "NZ")

	f.hosts.Heal(t, f.member("NZ").host)
	after := again(us, func(a node.MembersAnswer) bool { return f.of(a, "NZ").Gap == nil })
	f.answered(after, "AU", "CA", "GB", "NZ", "US")
	sameRows(t, before, after, "AU", "CA", "GB", "NZ", "US")
	f.whole(us)
}

// stopped: a member that stops in the middle of its answer costs the
// asker its time and no more. What it had answered is told, on both sides, as an
// answer that was missed.
func (f *five) stopped() {
	t := f.t
	us, gb := f.member("US"), f.member("GB")
	before := us.ask("all")
	from := gb.relay.Counts().ToClient
	gb.relay.HoldAfter(500) // of some thousands
	asked := guichettest.Start(t, us.command(append(asking("all"), "--within", "10s")...))
	for deadline := time.Now().Add(patience); gb.relay.Counts().ToClient < from+500; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no answer began")
		}
	}
	gb.serving.Pause(t)
	begin := time.Now()
	asked.Wait(t, patience)
	if took := time.Since(begin); took > patience/2 {
		t.Errorf("one that stopped held up the question for %s", took)
	}
	var during node.MembersAnswer
	if err := json.Unmarshal([]byte(asked.Stdout()), &during); err != nil {
		t.Fatal(err)
	}
	wantGap(t, f.answered(during, "AU", "CA", "NZ", "US"), "GB", guichet.GapLate, guichet.GapSilent)
	sameRows(t, before, during, "AU", "CA", "NZ", "US")
	gb.relay.Heal()
	gb.serving.Resume(t)
	f.answered(again(us, func(a node.MembersAnswer) bool { return f.of(a, "GB").Gap == nil }), "AU", "CA", "GB", "NZ", "US")
	f.whole(us)
}

// cutStream: an answer that breaks off after any of these bytes is no
// answer, and the others are not touched by it.
func (f *five) cutStream() {
	t := f.t
	us, ca := f.member("US"), f.member("CA")
	before := us.ask("all")
	ca.relay.Cut() // so that it is a new connection each time
	ca.relay.Heal()
	from := ca.relay.Counts().ToClient
	f.answered(us.ask("all"), "AU", "CA", "GB", "NZ", "US")
	whole := ca.relay.Counts().ToClient - from
	ca.relay.Cut()
	ca.relay.Heal()
	for _, n := range []int64{1, whole / 3, whole * 3 / 4} {
		ca.relay.CutAfter(n)
		gaps := f.answered(us.ask("all"), "AU", "GB", "NZ", "US")
		wantGap(t, gaps, "CA", guichet.GapSilent, guichet.GapGarbled)
		ca.relay.Heal()
	}
	seen := false
	for i := 0; i < 20 && !seen; i++ {
		// Nodes talk among themselves too: the byte may be of another answer.
		ca.relay.Garble(300)
		a := us.ask("all")
		sameRows(t, before, a, "AU", "GB", "NZ", "US")
		if seen = f.of(a, "CA").Gap != nil; !seen {
			sameRows(t, before, a, "CA")
		}
	}
	if !seen || ca.relay.Counts().Garbled == 0 {
		t.Errorf("no answer was garbled; %+v", ca.relay.Counts())
	}
	after := again(us, func(a node.MembersAnswer) bool { return f.of(a, "CA").Gap == nil })
	sameRows(t, before, after, "AU", "CA", "GB", "NZ", "US")
	f.whole(us)
}

// wrongClock: a node whose clock is ten minutes off is told so in words,
// by itself and by the others; it gives and gets nothing until its clock is right.
func (f *five) wrongClock() {
	t := f.t
	us, nz := f.member("US"), f.member("NZ")
	for _, offset := range []string{"10m", "-10m"} {
		nz.restart("GUICHET_TEST_CLOCK_OFFSET=" + offset)
		gaps := f.answered(us.ask("all"), "AU", "CA", "GB", "US")
		if gap := gaps["NZ"]; !strings.Contains(gap.Text, "clock") || !strings.Contains(gap.Text, "10 min") {
			t.Errorf("with a clock %s off, NZ is told as %+v", offset, gap)
		}
		if found := doctor(nz, "member US"); found.State != "wrong" || !strings.Contains(found.Text.EN, "clock") {
			t.Errorf("with a clock %s off, the doctor of NZ says %+v", offset, found)
		}
		f.answered(nz.ask("all"), "NZ")
	}
	nz.restart()
	f.answered(us.ask("all"), "AU", "CA", "GB", "NZ", "US")
	f.whole(us)
}

// stolenKey: who has a copy of a member's home is that member until the
// key is revoked, and nobody from then on; the member goes on with its new key.
func (f *five) stolenKey() {
	t := f.t
	us, ca := f.member("US"), f.member("CA")
	f.answered(ca.ask("all"), "AU", "CA", "GB", "NZ", "US")
	if code := ca.serving.Stop(t, patience); code != 0 {
		t.Fatalf("CA ended with exit code %d", code)
	}
	thief := &seat{five: f, code: "CA", host: ca.host, home: filepath.Join(f.dir, "thief")}
	copyAll(t, thief.home, ca.home)
	thief.serve()
	f.answered(thief.ask("all"), "AU", "CA", "GB", "NZ", "US")
	cosigned(thief) // from then on the others have seen it

	for _, use := range []guichet.KeyUse{guichet.KeyTLS, guichet.KeySeal} {
		proposal := filepath.Join(f.dir, "revoke-"+string(use)+".json")
		ca.must("circle", "propose", "--revoke", keyOf(ca, use), "--why", "stolen", "--out", proposal)
		f.publish(proposal, ca, ca, us, f.member("GB"))
	}
	// Nodes look at their papers each second.
	told := again(thief, func(a node.MembersAnswer) bool {
		return !slices.ContainsFunc(a.Members, func(r node.MemberResult) bool { return r.Member != "CA" && r.Gap == nil })
	})
	for member, gap := range f.answered(told, "CA") {
		if gap.Reason != guichet.GapRefused && gap.Reason != guichet.GapUntrusted && gap.Reason != guichet.GapSilent {
			t.Errorf("%s tells the thief %+v", member, gap)
		}
	}
	if a := us.ask("CA"); f.of(a, "CA").Gap == nil {
		t.Error("the thief answered in the name of CA")
	}
	thief.serving.Kill()
	ca.serve()
	// The thief wrote in the journal under the key of CA's log: it stays closed until
	// it goes on in a log of its own.
	if out, words, code := ca.run(asking("all")...); code == 0 {
		t.Errorf("CA goes on beside what a thief wrote in its name: %s%s", out, words)
	}
	renewal := filepath.Join(f.dir, "renewal.json")
	ca.must("journal", "renew", "--why", "the keys were stolen, and are revoked", "--out", renewal)
	ca.must("journal", "sign", renewal, "--yes")
	ca.must("journal", "publish", renewal)
	f.answered(ca.ask("all"), "AU", "CA", "GB", "NZ", "US")
	f.answered(us.ask("all"), "AU", "CA", "GB", "NZ", "US")
}

// expiredCircle: in the grace after an expiry every answer says so;
// after it nobody answers, and the doctor says what to do.
func (f *five) expiredCircle() {
	t := f.t
	us := f.member("US")
	at := func(offset string) {
		for _, m := range f.members {
			m.env = []string{"GUICHET_TEST_CLOCK_OFFSET=" + offset}
			m.serving.Kill()
		}
	}
	at("816h") // 34 days: the papers of 30 have expired, the grace of 14 has not
	for _, m := range f.members {
		m.serve()
	}
	late := us.ask("all")
	f.answered(late, "AU", "CA", "GB", "NZ", "US")
	if !strings.Contains(strings.Join(late.Notices, "\n"), "expired") {
		t.Errorf("an answer under expired papers says %q", late.Notices)
	}
	at("1128h") // 47 days
	p := us.launch()
	if code := p.Wait(t, patience); code == 0 || !strings.Contains(p.Log(), "expired") {
		t.Errorf("beyond the grace, serve ends with exit code %d: %s", code, p.Log())
	}
	if _, words, code := us.run(asking("all")...); code == 0 || !strings.Contains(words, "expired") {
		t.Errorf("beyond the grace, ask ends with exit code %d: %s", code, words)
	}
}

// tamperedAgreement: a paper that was altered on a node's disk is named,
// and gives nobody anything; the other nodes go by their own copies.
func (f *five) tamperedAgreement() {
	t := f.t
	us, gb := f.member("US"), f.member("GB")
	gb.serving.Kill()
	altered := 0
	err := filepath.WalkDir(filepath.Join(gb.home, "circles", fiveCircle), func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil || !strings.Contains(string(text), `"supply-monitoring"`) {
			return err
		}
		altered++
		return os.WriteFile(name, []byte(strings.ReplaceAll(string(text), `"supply-monitoring"`, `"supply-monitorinG"`)), 0o600)
	})
	if err != nil || altered == 0 {
		t.Fatalf("%d papers altered (%v)", altered, err)
	}
	if out, words, code := gb.run("circle", "verify"); code == 0 || !strings.Contains(out+words, fiveAgreement) {
		t.Errorf("circle verify ends with exit code %d: %s%s", code, out, words)
	}
	p := gb.launch()
	select {
	case <-time.After(3 * time.Second):
		gaps := f.answered(us.ask("all"), "AU", "CA", "NZ", "US")
		wantGap(t, gaps, "GB", guichet.GapRefused, guichet.GapSilent)
	case <-ended(p):
		f.answered(us.ask("all"), "AU", "CA", "NZ", "US")
	}
}

func ended(p *guichettest.Process) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for p.Running() {
			time.Sleep(10 * time.Millisecond)
		}
	}()
	return done
}

// keyOf is the id of a member's key, as the circle names it.
func keyOf(m *seat, use guichet.KeyUse) string {
	m.five.t.Helper()
	var told struct {
		Circle guichet.Circle `json:"circle"`
	}
	if err := json.Unmarshal([]byte(m.must("circle", "members")), &told); err != nil {
		m.five.t.Fatal(err)
	}
	self, _ := told.Circle.Member(m.code)
	for _, k := range self.Keys {
		if k.Use == use && k.Revoked.IsZero() {
			return k.ID
		}
	}
	m.five.t.Fatalf("%s has no key of use %s", m.code, use)
	return ""
}

func wantGap(t *testing.T, gaps map[string]guichet.Gap, member string, reasons ...guichet.GapReason) {
	t.Helper()
	for _, r := range reasons {
		if gaps[member].Reason == r && gaps[member].Text != "" {
			return
		}
	}
	t.Errorf("%s is told as %+v, want one of %v and a sentence", member, gaps[member], reasons)
}

// sameRows holds that members gave the same figures in two answers.
func sameRows(t *testing.T, a, b node.MembersAnswer, members ...string) {
	t.Helper()
	for _, m := range members {
		if x, y := rowsOf(t, a, m), rowsOf(t, b, m); x != y || x == "" {
			t.Errorf("%s gave other figures: %s\nand then %s", m, x, y)
		}
	}
}

func rowsOf(t *testing.T, a node.MembersAnswer, member string) string {
	t.Helper()
	var out strings.Builder
	for _, row := range a.Answer.Rows {
		if row["member"] != member {
			continue
		}
		text, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(text, '\n'))
	}
	return out.String()
}

// again asks all until it is as wanted, and returns the last answer. It gives them more
// time each time.
func again(m *seat, wanted func(node.MembersAnswer) bool) node.MembersAnswer {
	m.five.t.Helper()
	deadline := time.Now().Add(patience)
	for within := 5; ; within = min(within+5, 60) {
		a := m.ask("all", "--within", strconv.Itoa(within)+"s")
		if wanted(a) || time.Now().After(deadline) {
			return a
		}
	}
}

// askWithout asks all where one cannot answer: with little time, and with more where
// others were not quick enough either.
func (m *seat) askWithout(silent string) (a node.MembersAnswer) {
	m.five.t.Helper()
	for _, within := range []string{"4s", "60s"} {
		a = m.ask("all", "--within", within)
		if !slices.ContainsFunc(a.Members, func(r node.MemberResult) bool { return r.Member != silent && r.Gap != nil }) {
			return a
		}
	}
	return a
}

// cosigned waits until others have cosigned all of a member's journal.
func cosigned(m *seat) {
	m.five.t.Helper()
	if !guichettest.Until(200*time.Millisecond, func() bool {
		n := wholeJournal.FindStringSubmatch(doctor(m, "journal").Text.EN)
		return n != nil && n[1] == n[2]
	}) {
		m.five.t.Fatalf("nobody cosigns the journal of %s: %+v", m.code, doctor(m, "journal"))
	}
}

// wholeJournal is what the doctor says of one: so many leaves, cosigned up to so many.
var wholeJournal = regexp.MustCompile(`^(\d+) leaves, whole; cosigned up to (\d+) by [1-9]`)

// doctor is what the doctor of a member's home says of one thing.
func doctor(m *seat, what string) node.Finding {
	m.five.t.Helper()
	out, words, _ := m.run("doctor")
	var told struct {
		Findings []node.Finding `json:"findings"`
	}
	if err := json.Unmarshal([]byte(out), &told); err != nil {
		m.five.t.Fatalf("%s: doctor says %s%s", m.code, out, words)
	}
	for _, f := range told.Findings {
		if f.What == what {
			return f
		}
	}
	m.five.t.Fatalf("%s: the doctor says nothing of %q: %+v", m.code, what, told.Findings)
	return node.Finding{}
}
