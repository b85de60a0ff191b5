package circle_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/circle"
)

// notice is a notice of US on an agreement, version 1.
func (h *house) notice(key ed25519.PrivateKey, change func(*circle.Withdrawal)) []byte {
	h.tb.Helper()
	s, err := h.all[0].repo.State()
	h.must(err)
	n := circle.Withdrawal{
		Circle: s.Name, CircleID: s.ID, Agreement: "two", Version: 1, Member: "US", Serial: 1, Made: h.clock.Now(),
		Reason: guichet.Text{EN: "a new law", FR: "une loi nouvelle"},
	}
	change(&n)
	text, err := circle.Withdraw(n, key)
	h.must(err)
	return text
}

// agreed is a circle of five in which CA and US have agreed.
func agreed(t *testing.T) *house {
	t.Helper()
	h := newHouse(t, 3, five()...)
	two := agreement("two", "CA", "US")
	h.change(circle.Change{By: "CA", Agreement: &two}, "CA", "US", "GB")
	return h
}

// TestALostKeyGivesNoNotice, whatever day it writes: neither one that comes now
// nor one that lay there before.
func TestALostKeyGivesNoNotice(t *testing.T) {
	for _, lost := range []bool{true, false} {
		h := agreed(t)
		us, ca, old, fresh := h.of("US"), h.of("CA"), h.of("US").key, newKey("US member, the second")
		early := h.clock.Now()
		h.must(ca.repo.Receive(h.notice(old, func(n *circle.Withdrawal) { n.From = "2026-12-01" })))
		h.clock.Move(oneDay)
		p, err := h.all[0].repo.Propose(circle.Change{By: "US", Rotate: &circle.Rotation{
			Member: "US", Key: circle.NewKey(guichet.KeyMember, public(fresh), h.clock.Now()), Lost: lost,
		}})
		h.must(err)
		if !lost {
			p = h.sign(p, "US")
		}
		us.key = fresh
		_, err = h.all[0].repo.Publish(context.Background(), h.sign(p, "AU", "GB", "CA", "US"))
		h.must(err)
		h.follow()

		s, err := ca.repo.State()
		h.must(err)
		if len(s.Withdrawals) != 0 || s.Agreements[0].Validity.Withdrawn != "" || len(s.Faults) != 1 {
			t.Errorf("lost %v: the notice before still counts: %+v, faults %v", lost, s.Withdrawals, s.Faults)
		}
		backdated := h.notice(old, func(n *circle.Withdrawal) { n.Serial, n.Made, n.From = 2, early, "2026-12-01" })
		kind(t, ca.repo.Receive(backdated), guichet.KindUntrusted, "a backdated notice by the replaced key")
		_, err = ca.repo.Propose(circle.Change{By: "US", Withdraw: backdated})
		kind(t, err, guichet.KindUntrusted, "a proposal of it")
		got, err := ca.repo.Fetch(context.Background(), served(h.all[0].repo, backdated))
		h.must(err)
		if got.Notices != 0 {
			t.Errorf("lost %v: %d backdated notices were fetched", lost, got.Notices)
		}
		before := h.notice(fresh, func(n *circle.Withdrawal) { n.Made = early })
		kind(t, ca.repo.Receive(before), guichet.KindUntrusted, "a notice made before its key counted")
		h.must(ca.repo.Receive(h.notice(fresh, func(n *circle.Withdrawal) { n.From = "2026-12-24" })))
		if s, err = ca.repo.State(); err != nil || s.Agreements[0].Validity.Withdrawn != "2026-12-24" {
			t.Errorf("lost %v: the true member's notice does not count: %+v, %v", lost, s.Agreements[0].Validity, err)
		}
	}
}

// TestPermanentNoticesOutliveTheKey that signed them: the metadata vouch for them.
func TestPermanentNoticesOutliveTheKey(t *testing.T) {
	h := agreed(t)
	us, fresh := h.of("US"), newKey("US member, the second")
	notice := h.notice(us.key, func(n *circle.Withdrawal) { n.From = "2026-12-01" })
	h.change(circle.Change{By: "US", Withdraw: notice}, "US", "NZ")
	p, err := h.all[0].repo.Propose(circle.Change{By: "US", Rotate: &circle.Rotation{
		Member: "US", Key: circle.NewKey(guichet.KeyMember, public(fresh), h.clock.Now()), Lost: true,
	}})
	h.must(err)
	us.key = fresh
	s, err := h.all[0].repo.Publish(context.Background(), h.sign(p, "AU", "GB", "CA", "US"))
	h.must(err)
	if len(s.Withdrawals) != 1 || s.Agreements[0].Validity.Withdrawn != "2026-12-01" {
		t.Errorf("the withdrawal is gone: %+v", s.Withdrawals)
	}
}

// TestNoticesCountOn: neither from far away nor from tomorrow.
func TestNoticesCountOn(t *testing.T) {
	h := agreed(t)
	us, ca := h.of("US"), h.of("CA").repo
	at := func(serial int, ahead time.Duration) []byte {
		return h.notice(us.key, func(n *circle.Withdrawal) { n.Serial, n.Made = serial, n.Made.Add(ahead) })
	}
	kind(t, ca.Receive(at(1<<52, 0)), guichet.KindInvalid, "a serial that leaves no other")
	_, err := ca.Propose(circle.Change{By: "US", Withdraw: at(1<<52, 0)})
	kind(t, err, guichet.KindInvalid, "a proposal of it")
	kind(t, ca.Receive(at(101, 0)), guichet.KindInvalid, "a serial beyond the step")
	h.must(ca.Receive(at(100, 0)))
	h.must(ca.Receive(at(200, 0)))
	kind(t, ca.Receive(at(201, 11*time.Minute)), guichet.KindInvalid, "a notice of tomorrow")
	h.must(ca.Receive(at(201, 9*time.Minute)))
	again := open(t, h.of("CA").dir, h.clock)
	s, err := again.State()
	h.must(err)
	if len(s.Withdrawals) != 1 || s.Withdrawals[0].Serial != 201 || len(s.Faults) != 0 {
		t.Errorf("on disk: %+v, faults %v", s.Withdrawals, s.Faults)
	}
}

// served is a copy of a circle that hands out notices of its own.
func served(r *circle.Repository, notices ...[]byte) circle.Get {
	return func(ctx context.Context, path string) ([]byte, error) {
		if path != "notices.json" {
			return from(r)(ctx, path)
		}
		var all []json.RawMessage
		for _, n := range notices {
			all = append(all, n)
		}
		return guichet.Canonical(all)
	}
}

// TestOneMemberFillsNothing: growing serials stay one notice, notices on many
// agreements stay within a member's bound, and others have room.
func TestOneMemberFillsNothing(t *testing.T) {
	h := agreed(t)
	us, reader := h.of("US"), h.of("NZ").repo
	var growing, many [][]byte
	for i := range 3000 {
		growing = append(growing, h.notice(us.key, func(n *circle.Withdrawal) {
			if n.Serial = i + 1; i == 4 {
				n.From = "2026-12-01" // stays: later notices do not take it back
			}
		}))
	}
	got, err := reader.Fetch(context.Background(), served(h.all[0].repo, growing...))
	h.must(err)
	s, err := reader.State()
	h.must(err)
	if got.Notices != 2 || len(s.Withdrawals) != 2 || s.Withdrawals[1].Serial != 3000 {
		t.Errorf("fetched %+v, %d notices stay", got, len(s.Withdrawals))
	}
	if i := len(s.Agreements); i != 1 || s.Agreements[0].Validity.Withdrawn != "2026-12-01" {
		t.Errorf("the withdrawal was taken back: %+v", s.Agreements)
	}
	for i := range 300 {
		many = append(many, h.notice(us.key, func(n *circle.Withdrawal) { n.Agreement = fmt.Sprintf("made-up-%d", i) }))
	}
	_, err = reader.Fetch(context.Background(), served(h.all[0].repo, many...))
	h.must(err)
	if s, err = reader.State(); err != nil || len(s.Withdrawals) != 200 {
		t.Errorf("%d notices of one member stay: %v", len(s.Withdrawals), err)
	}
	err = reader.Receive(h.notice(us.key, func(n *circle.Withdrawal) { n.Agreement = "one-more" }))
	kind(t, err, guichet.KindFull, "one more of that member")
	h.must(reader.Receive(h.notice(us.key, func(n *circle.Withdrawal) { n.Serial = 3001 })))
	h.must(reader.Receive(h.notice(h.of("CA").key, func(n *circle.Withdrawal) { n.Member = "CA" })))

	long := strings.Repeat("a long reason ", 70000)
	err = reader.Receive(h.notice(h.of("GB").key, func(n *circle.Withdrawal) { n.Member, n.Reason.EN = "GB", long }))
	kind(t, err, guichet.KindFull, "a notice beyond its member's share of the file")
	if s, err = reader.State(); err != nil || len(s.Withdrawals) != 201 {
		t.Errorf("%d notices at the end: %v", len(s.Withdrawals), err)
	}
}

// TestNoticesOfTheNextVersion count from 1 again beside those of the version before.
func TestNoticesOfTheNextVersion(t *testing.T) {
	h := agreed(t)
	us := h.of("US")
	h.change(circle.Change{By: "US", Withdraw: h.notice(us.key, func(n *circle.Withdrawal) { n.Serial, n.From = 2, "2026-12-01" })}, "US", "NZ")
	next := agreement("two", "CA", "US")
	next.Version = 2
	h.change(circle.Change{By: "CA", Agreement: &next}, "CA", "US")
	for serial := range 2 {
		h.must(h.of("CA").repo.Receive(h.notice(us.key, func(n *circle.Withdrawal) { n.Version, n.Serial, n.From = 2, serial+1, "2026-12-24" })))
		s, err := h.of("CA").repo.State()
		h.must(err)
		if s.Agreements[0].Version != 2 || s.Agreements[0].Validity.Withdrawn != "2026-12-24" {
			t.Errorf("serial %d: %+v", serial+1, s.Agreements[0].Validity)
		}
	}
	s := h.change(circle.Change{By: "US", Withdraw: h.notice(us.key, func(n *circle.Withdrawal) { n.Version, n.Serial, n.From = 2, 1, "2026-12-20" })}, "US", "NZ")
	if s.Agreements[0].Validity.Withdrawn != "2026-12-20" {
		t.Errorf("for good: %+v", s.Agreements[0].Validity)
	}
}
