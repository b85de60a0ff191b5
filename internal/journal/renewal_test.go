package journal_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/journal"
)

// A journal that others have seen more of goes on in a second log, and then in a
// third: the others accept both, cosign them and find nothing wrong.
func TestAJournalIsRenewed(t *testing.T) {
	ctx := context.Background()
	dir, whole, seen := rolledBack(t)
	ca, gb := newMember(t, "CA"), newMember(t, "GB")
	full := open(t, whole)
	if err := ca.cosigns(full.Cosign); err != nil {
		t.Fatal(err)
	}
	lost := receipt(t, full, 80)
	closeNow(t, full)
	b := openBook(t, dir)
	if ahead, err := b.Beyond(ctx, seen); err != nil || ahead == nil || ahead.Seen != 100 || ahead.Have != 60 {
		t.Fatalf("%+v %v", ahead, err)
	}
	r := draft(t, b, seen)
	if r.Number != 2 || r.First != 100 || r.Before[0].Have != 60 || r.Before[0].EndSize() != 100 || r.Lost() != 40 {
		t.Fatalf("%+v", r)
	}
	s := begin(t, b, r)
	if ahead, err := b.Beyond(ctx, seen); err != nil || ahead != nil {
		t.Errorf("after it: %+v %v", ahead, err)
	}
	if err := ca.cosigns(b.Cosign); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("CA cosigns a log that it has not heard of: %v", err)
	}
	for _, m := range []*member{ca, gb} {
		if err := m.accept(s); err != nil {
			t.Fatal(err)
		}
		if err := m.cosigns(b.Cosign); err != nil {
			t.Fatal(err)
		}
	}
	at := must(b.Append(ctx, answered("US", 500)))(t)
	if at != 101 || b.Size() != 102 || b.Leaves() != 62 {
		t.Errorf("leaf %d of %d, %d there", at, b.Size(), b.Leaves())
	}
	if l, err := b.Leaf(ctx, at); err != nil || l.Exchange != exchangeID(500) {
		t.Errorf("%+v %v", l, err)
	}
	if _, err := b.Leaf(ctx, 80); guichet.KindOf(err) != guichet.KindNotFound || !strings.Contains(err.Error(), "lost") {
		t.Errorf("a leaf that was lost: %v", err)
	}
	if got := all(t, b); len(got) != 61 || got[60].Index != 101 || got[59].Index != 59 {
		t.Errorf("%d leaves with CA, the last %+v", len(got), got[len(got)-1])
	}
	if got := must(b.Latest(ctx, 0, 4))(t); len(got) != 4 || got[0].Index != 101 || got[1].Index != 100 || got[2].Index != 59 {
		t.Errorf("%+v", got)
	}
	renewedOnce := journal.Trusted(papers()).Ending(s.Renewal)
	// Receipts from before hold, the one of a leaf that is lost among them.
	for _, text := range [][]byte{lost, must(b.Receipt(ctx, 5))(t)} {
		if got, err := journal.VerifyReceipt(text, renewedOnce); err != nil || got.Log != 1 {
			t.Errorf("%+v %v", got, err)
		}
	}
	until(t, "receipt", func() error {
		text, err := b.Receipt(ctx, at)
		if err != nil {
			return err
		}
		got := must(journal.VerifyReceipt(text, renewedOnce))(t)
		if place, ok := s.Renewal.Position(got.Log, got.Index); got.Log != 2 || place != at || !ok {
			t.Errorf("%+v", got)
		}
		return nil
	})
	wellRenewed(t, ca, b, 1)
	wellRenewed(t, gb, b, 1)

	// The second log too is put back from an older copy.
	older := filepath.Join(t.TempDir(), "older")
	if err := b.Pin(ctx, older); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(older, "renewal.json"), textOf(t, s), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Append(ctx, answered("US", 501)); err != nil {
		t.Fatal(err)
	}
	ca.cosignsAll(b)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	seen = must(journal.Remembered(ca.dir, circleName, "US"))(t)
	again := openBook(t, older)
	r = draft(t, again, seen)
	if r.Number != 3 || r.Before[1].EndSize() <= r.Before[1].Have || r.First != r.Before[1].First+r.Before[1].EndSize() {
		t.Fatalf("%+v", r)
	}
	s3 := begin(t, again, r)
	for _, m := range []*member{ca, gb} {
		if err := m.accept(s3); err != nil {
			t.Fatal(err)
		}
		if err := m.cosigns(again.Cosign); err != nil {
			t.Fatal(err)
		}
		wellRenewed(t, m, again, 2)
	}
	// One that was away for both learns of the last.
	late := newMember(t, "GB")
	if err := late.accept(s3); err != nil {
		t.Fatal(err)
	}
	wellRenewed(t, late, again, 2)
	rep := must(again.Check(ctx, journal.Trusted(papers())))(t)
	if got := codes(rep.Findings); !slices.Equal(got, []journal.Code{journal.Renewed, journal.Renewed}) || rep.Size != again.Leaves() {
		t.Errorf("%+v", rep)
	}
}

// wellRenewed holds a member to find so many renewals, and nothing else.
func wellRenewed(t *testing.T, m *member, b *journal.Book, renewals int) {
	t.Helper()
	m.cosignsAll(b)
	found := m.check(b, all(t, b)...)
	for _, f := range found {
		if f.Code != journal.Renewed {
			t.Errorf("%s finds %+v", m.code, f)
		}
	}
	if got := slices.DeleteFunc(codes(found), func(c journal.Code) bool { return c != journal.Renewed }); len(got) != renewals {
		t.Errorf("%s is told of %d renewals, want %d", m.code, len(got), renewals)
	}
}

// What the log's owner, or who has stolen its keys, cannot do.
func TestAForgedRenewalIsRefused(t *testing.T) {
	dir, whole, seen := rolledBack(t)
	b := openBook(t, dir)
	good := draft(t, b, seen)
	ca := newMember(t, "CA")
	full := open(t, whole)
	if err := ca.cosigns(full.Cosign); err != nil {
		t.Fatal(err)
	}
	closeNow(t, full)
	other := filled(t, "US", 0)
	grow(t, other, 5000, 100)
	foreign := filled(t, "CA", 100)
	change := func(do func(*journal.Renewal)) journal.SignedRenewal {
		r := good
		r.Before = slices.Clone(good.Before)
		do(&r)
		return signed(t, r, "US")
	}
	without := func(use guichet.KeyUse) journal.SignedRenewal {
		s := signed(t, good, "US")
		s.Signatures = slices.DeleteFunc(s.Signatures, func(x journal.RenewalSignature) bool { return x.Use == use })
		return s
	}
	stolen := without(guichet.KeyMember)
	if err := stolen.Sign(guichet.KeyMember, memberKey(guichet.KeyMember, "US member").ID, key("US log")); err != nil {
		t.Fatal(err)
	}
	for what, s := range map[string]journal.SignedRenewal{
		"by another member's keys":       signed(t, good, "GB"),
		"without the member's own key":   without(guichet.KeyMember),
		"without the log key":            without(guichet.KeyLog),
		"the log key for the member's":   stolen,
		"a lower end than was witnessed": change(func(r *journal.Renewal) { r.Before[0].End = string(checkpointOf(t, dir)); r.First = 60 }),
		"another tree at the end":        change(func(r *journal.Renewal) { r.Before[0].End = string(checkpointOf(t, other)) }),
		"the end of another's log":       change(func(r *journal.Renewal) { r.Before[0].End = string(checkpointOf(t, foreign)) }),
		"dated in the future":            change(func(r *journal.Renewal) { r.Time = r.Time.Add(time.Hour) }),
		"before its keys":                change(func(r *journal.Renewal) { r.Time = r.Time.AddDate(-2, 0, 0) }),
		"another circle":                 change(func(r *journal.Renewal) { r.Circle = "pacific" }),
		"another member":                 change(func(r *journal.Renewal) { r.Member = "GB" }),
		"more than there is":             change(func(r *journal.Renewal) { r.Before[0].Have = 101 }),
		"a log left out":                 change(func(r *journal.Renewal) { r.Number = 3 }),
		"a first leaf within the last":   change(func(r *journal.Renewal) { r.First = 59 }),
		"without a reason":               change(func(r *journal.Renewal) { r.Why = "" }),
		"a reason that plays":            change(func(r *journal.Renewal) { r.Why = "a\x1b[2J" }),
		"too many":                       change(func(r *journal.Renewal) { r.Number = 17 }),
	} {
		if err := ca.accept(s); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
	if _, err := ca.renewals.Accept([]byte(`{"renewal":{},"signatures":[],"more":1}`), papers(), "US", now()); err == nil {
		t.Error("with a field that is not known: accepted")
	}
	revoked := papers()
	i := slices.IndexFunc(revoked.Members[2].Keys, func(k guichet.MemberKey) bool { return k.Use == guichet.KeyMember })
	revoked.Members[2].Keys[i].Revoked = now().Add(time.Hour)
	if _, err := ca.renewals.Accept(textOf(t, signed(t, good, "US")), revoked, "US", now()); err == nil {
		t.Error("by a revoked key: accepted")
	}
	if s, err := ca.renewals.Of("US"); s != nil || err != nil {
		t.Fatalf("%+v %v", s, err)
	}
	// The true one is accepted, once; and another of its number never.
	if err := ca.accept(signed(t, good, "US")); err != nil {
		t.Error(err)
	}
	if err := ca.accept(change(func(r *journal.Renewal) { r.Why = "another" })); err == nil {
		t.Error("two renewals of one number: accepted")
	}
	if s := must(journal.OpenRenewals(ca.dir).Of("US"))(t); s == nil || s.Renewal.Digest() != good.Digest() {
		t.Errorf("after a new start: %+v", s)
	}
}

// Nothing that is signed of a log after its end counts, and it is kept as evidence.
func TestALogThatGoesOnAfterItsEnd(t *testing.T) {
	dir, whole, seen := rolledBack(t)
	ca := newMember(t, "CA")
	b := openBook(t, dir)
	s := begin(t, b, draft(t, b, seen))
	if err := ca.accept(s); err != nil {
		t.Fatal(err)
	}
	ca.cosignsAll(b)
	grow(t, whole, 100, 20)
	full := open(t, whole)
	if err := ca.cosigns(full.Cosign); err == nil || !strings.Contains(err.Error(), "410") {
		t.Errorf("CA cosigns a log that has ended: %v", err)
	}
	text := receipt(t, full, 110)
	closeNow(t, full)
	if _, err := journal.VerifyReceipt(text, journal.Trusted(papers()).Ending(s.Renewal)); guichet.KindOf(err) != guichet.KindUntrusted {
		t.Errorf("a receipt of a leaf after the end: %v", err)
	}
	found := ca.check(b)
	i := slices.IndexFunc(found, func(f journal.Finding) bool { return f.Code == journal.AfterTheEnd })
	if i < 0 || found[i].Severity != journal.Grave || len(found[i].Evidence) != 2 {
		t.Fatalf("%+v", found)
	}
	if raw, err := os.ReadFile(found[i].Evidence[0]); err != nil || string(raw) != string(checkpointOf(t, whole)) {
		t.Errorf("the evidence: %v", err)
	}
}

// A journal that is older than its own renewal learns of it from those who have
// accepted it, and goes on behind it.
func TestAJournalOlderThanItsRenewal(t *testing.T) {
	ctx := context.Background()
	dir, _, seen := rolledBack(t)
	oldest := copyDir(t, dir)
	ca := newMember(t, "CA")
	b := openBook(t, dir)
	s := begin(t, b, draft(t, b, seen))
	if err := ca.accept(s); err != nil {
		t.Fatal(err)
	}
	ca.cosignsAll(b)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	old := openBook(t, oldest)
	seen = must(journal.Remembered(ca.dir, circleName, "US"))(t)
	if ahead, err := old.Beyond(ctx, seen); err != nil || ahead == nil || ahead.Log != 2 {
		t.Fatalf("%+v %v", ahead, err)
	}
	if ahead, err := old.Beyond(ctx, []byte(s.Renewal.Before[0].End)); err != nil || ahead == nil {
		t.Fatalf("%+v %v", ahead, err)
	}
	r := must(old.Draft(ctx, "again", [][]byte{seen}, [][]byte{textOf(t, s)}, papers()))(t)
	if r.Number != 3 || len(r.Before) != 2 || r.Before[0].EndSize() != 100 || r.Before[1].Have != 0 || r.Before[1].EndSize() != 1 || r.First != 101 {
		t.Fatalf("%+v", r)
	}
	s3 := begin(t, old, r)
	if err := ca.accept(s3); err != nil {
		t.Fatal(err)
	}
	wellRenewed(t, ca, old, 2)
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	if got := openBook(t, oldest); got.Size() != 102 {
		t.Errorf("opened again: %d", got.Size())
	}
}

// An exchange of which one side has lost its leaf is told, and is no lie.
func TestALostLeafIsNoLie(t *testing.T) {
	ours := answered("US", 1)
	theirs := received("US", 1)
	text := must(guichet.Canonical(theirs))(t)
	sum := sha256.Sum256(append([]byte{0}, text...))
	hash := must(journal.HashOf(theirs))(t)
	if hash != hex.EncodeToString(sum[:]) {
		t.Errorf("the hash of a leaf is %s", hash)
	}
	recovered := with(ours, func(l *guichet.Leaf) { l.Kind, l.Request, l.Reply = guichet.LeafRecovered, hash, "" })
	at := func(l guichet.Leaf) []journal.IndexedLeaf { return []journal.IndexedLeaf{{Index: 3, Leaf: l}} }
	for what, x := range map[string]struct {
		us, them []journal.IndexedLeaf
		want     journal.Code
	}{
		"ours":   {at(recovered), at(theirs), journal.RecoveredHere},
		"theirs": {at(theirs), at(recovered), journal.RecoveredThere},
	} {
		us, them := "US", "CA"
		if what == "theirs" {
			us, them = "CA", "US"
		}
		got := journal.Compare(x.us, x.them, us, them)
		if len(got) != 1 || got[0].Code != x.want || got[0].Severity != journal.Notice || got[0].Exchange != ours.Exchange {
			t.Errorf("%s: %+v", what, got)
		}
	}
}

// FuzzParseRenewal: what is read is written the same, and nothing else is read.
func FuzzParseRenewal(f *testing.F) {
	f.Add([]byte(`{"renewal":{},"signatures":[]}`))
	dir, _, seen := rolledBack(f)
	b := openBook(f, dir)
	f.Add(textOf(f, signed(f, draft(f, b, seen), "US")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := journal.ParseRenewal(raw)
		if err != nil {
			return
		}
		if got := textOf(t, s); string(got) != strings.TrimSpace(string(raw)) {
			t.Errorf("%s is read as %s", raw, got)
		}
		_ = s.Verify(papers(), now())
	})
}

// A member that was silent had seen more than the end that was announced. It refuses
// the renewal; its owner renews again, from what it shows, and both accept that.
func TestAnEndThatWasTooLow(t *testing.T) {
	ctx := context.Background()
	dir, whole, seen := rolledBack(t)
	ca, gb := newMember(t, "CA"), newMember(t, "GB")
	grow(t, whole, 100, 10)
	full := open(t, whole)
	if err := gb.cosigns(full.Cosign); err != nil {
		t.Fatal(err)
	}
	closeNow(t, full)
	b := openBook(t, dir)
	s := begin(t, b, draft(t, b, seen))
	if err := ca.accept(s); err != nil {
		t.Fatal(err)
	}
	ca.cosignsAll(b)
	if err := gb.accept(s); guichet.KindOf(err) != guichet.KindUntrusted || !strings.Contains(err.Error(), "110 were seen") {
		t.Errorf("GB has seen more, and accepts: %v", err)
	}
	more := must(journal.Remembered(gb.dir, circleName, "US"))(t)
	if ahead, err := b.Beyond(ctx, more); err != nil || ahead == nil || ahead.Seen != 110 || ahead.Have != 100 {
		t.Errorf("%+v %v", ahead, err)
	}
	r := draft(t, b, more)
	if r.Number != 3 || r.Before[0].EndSize() != 110 || r.Before[0].Have != 60 || r.Before[1].First != 100 || r.First != 101 {
		t.Fatalf("%+v", r)
	}
	s = begin(t, b, r)
	for _, m := range []*member{ca, gb} {
		if err := m.accept(s); err != nil {
			t.Fatal(err)
		}
		wellRenewed(t, m, b, 2)
	}
	if ahead, err := b.Beyond(ctx, more); err != nil || ahead != nil {
		t.Errorf("after it: %+v %v", ahead, err)
	}
}
