package circle_test

import (
	"context"
	"crypto"
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/circle"
)

// TestAMemberJoins later, by invitation, and copies the circle from its inviter.
func TestAMemberJoins(t *testing.T) {
	h := newHouse(t, 3, five()...)
	fr := newCountry(t, "FR", h.clock)
	invitation, err := h.of("CA").repo.Invite(circle.Invitation{Code: "FR", Role: "party", By: "CA"}, h.of("CA").key)
	h.must(err)
	i, err := circle.ReadInvitation(invitation)
	h.must(err)
	request, err := circle.Join(circle.Joining{Invitation: invitation, Paper: fr.paper, Made: h.clock.Now()}, fr.signers())
	h.must(err)
	p, err := h.of("CA").repo.Propose(circle.Change{By: "CA", Why: "a neighbour", Join: request})
	h.must(err)

	review, err := h.of("GB").repo.Review(h.sent(p))
	h.must(err)
	if !says(review, "member_joins", "FR") || !says(review, "threshold", "4 of 6") {
		t.Errorf("the review does not tell the joining and the threshold: %+v", review.Changes)
	}
	bundle, err := h.of("CA").repo.Bundle()
	h.must(err)
	get, _, err := circle.ReadBundle(bundle)
	h.must(err)
	h.must(fr.repo.Adopt(context.Background(), i.CircleID, get))
	h.all = append(h.all, fr)
	p = h.sign(p, "AU", "CA", "GB", "US", "FR")
	for _, c := range h.all {
		s, err := c.repo.Publish(context.Background(), h.sent(p))
		h.must(err)
		if len(s.Members) != 6 || s.Threshold != 4 || s.Version != 2 || len(s.Faults) != 0 {
			t.Errorf("%s: %d members, threshold %d, version %d, faults %v", c.code, len(s.Members), s.Threshold, s.Version, s.Faults)
		}
	}
}

// TestJoiningNeedsEveryKey refuses a paper that holds somebody else's key.
func TestJoiningNeedsEveryKey(t *testing.T) {
	h := newHouse(t, 2, "CA", "US")
	fr := newCountry(t, "FR", h.clock)
	invitation, err := h.of("CA").repo.Invite(circle.Invitation{Code: "FR", Role: "party", By: "CA"}, h.of("CA").key)
	h.must(err)
	_, err = circle.Join(circle.Joining{Invitation: invitation, Paper: fr.paper, Made: h.clock.Now()}, []crypto.Signer{fr.key, fr.node[0]})
	kind(t, err, guichet.KindUntrusted, "a request without the seal key's signature")
	_, err = h.of("CA").repo.Invite(circle.Invitation{Code: "FR", Role: "party", By: "CA"}, fr.key)
	kind(t, err, guichet.KindInvalid, "an invitation by a stranger's key")
}

// TestAMemberLeaves: its keys count no more, what it signed before stays told.
func TestAMemberLeaves(t *testing.T) {
	h := newHouse(t, 3, five()...)
	a := agreement("b5-covid", "CA", "US")
	h.change(circle.Change{By: "CA", Agreement: &a}, "CA", "US", "GB")
	s := h.change(circle.Change{By: "AU", Leave: &circle.Leaving{Member: "US"}}, "AU", "CA", "GB")
	us, ok := s.Member("US")
	if !ok || !us.HasLeft(h.clock.Now()) || s.Threshold != 3 {
		t.Errorf("US: %v, left %v, threshold %d", ok, us.Left, s.Threshold)
	}
	if len(s.Agreements) != 1 || len(s.Faults) != 0 {
		t.Errorf("agreements %d, faults %v", len(s.Agreements), s.Faults)
	}
	// It comes back, and its paper goes on counting.
	invitation, err := h.of("CA").repo.Invite(circle.Invitation{Code: "US", Role: "party", By: "CA"}, h.of("CA").key)
	h.must(err)
	request, err := circle.Join(circle.Joining{Invitation: invitation, Paper: h.of("US").paper, Made: h.clock.Now()}, h.of("US").signers())
	h.must(err)
	s = h.change(circle.Change{By: "CA", Join: request}, "AU", "CA", "GB", "US")
	if us, _ := s.Member("US"); us.HasLeft(h.clock.Now()) || len(s.Faults) != 0 {
		t.Errorf("US is not back: left %v, faults %v", us.Left, s.Faults)
	}
}

// TestAKeyIsReplaced by itself and a threshold; agreements go on holding.
func TestAKeyIsReplaced(t *testing.T) {
	for _, lost := range []bool{false, true} {
		h := newHouse(t, 3, five()...)
		a := agreement("b5-covid", "CA", "US")
		h.change(circle.Change{By: "CA", Agreement: &a}, "CA", "US", "GB")
		ca, fresh := h.of("CA"), newKey("CA member, the second")
		p, err := h.all[0].repo.Propose(circle.Change{By: "CA", Rotate: &circle.Rotation{
			Member: "CA", Key: circle.NewKey(guichet.KeyMember, public(fresh), h.clock.Now()), Lost: lost,
		}})
		h.must(err)
		review, err := h.of("GB").repo.Review(p)
		h.must(err)
		if lost != says(review, "key_lost", "WITHOUT its signature") || lost == says(review, "key_rotated", "CA") {
			t.Errorf("lost %v: the review says %+v", lost, review.Changes)
		}
		p = h.sign(p, "AU", "GB", "US")
		old := ca.key
		if ca.key = fresh; true {
			p = h.sign(p, "CA")
		}
		if !lost {
			_, err = h.all[0].repo.Publish(context.Background(), p)
			kind(t, err, guichet.KindRefused, "a rotation that the old key has not signed")
			ca.key = old
			p = h.sign(p, "CA")
			ca.key = fresh
		}
		_, err = h.all[0].repo.Publish(context.Background(), p)
		h.must(err)
		h.follow()
		s, err := h.of("NZ").repo.State()
		h.must(err)
		if len(s.Agreements) != 1 || len(s.Faults) != 0 || len(s.Members) != 5 {
			t.Errorf("lost %v: agreements %d, faults %v", lost, len(s.Agreements), s.Faults)
		}
		// The old key signs nothing any more; the new one does.
		p, err = h.all[0].repo.Propose(circle.Change{By: "CA", Renew: []string{"targets"}})
		h.must(err)
		_, err = h.all[0].repo.Sign(p, old)
		kind(t, err, guichet.KindRefused, "a signature by the replaced key")
		h.sign(p, "CA")
	}
}

// TestANodeKeyIsRevoked by its member, with a date; two of n make it known.
func TestANodeKeyIsRevoked(t *testing.T) {
	h := newHouse(t, 3, five()...)
	stolen := circle.KeyID(public(h.of("NZ").node[1]))
	s, err := h.of("NZ").repo.State()
	h.must(err)
	paper, _ := s.Member("NZ")
	paper, err = circle.RevokeKey(paper, stolen, h.clock.Now())
	h.must(err)
	paper.Keys = append(paper.Keys, circle.NewKey(guichet.KeySeal, public(newKey("NZ seal, the second")), h.clock.Now()))
	s = h.change(circle.Change{By: "NZ", Why: "stolen", Paper: &paper}, "NZ", "AU")
	h.clock.Move(1)
	paper, _ = s.Member("NZ")
	if _, ok := paper.Key(guichet.KeySeal, stolen, h.clock.Now()); ok {
		t.Error("the stolen key still counts")
	}
	if _, ok := paper.Key(guichet.KeySeal, circle.KeyID(public(newKey("NZ seal, the second"))), h.clock.Now()); !ok {
		t.Error("the new key does not count")
	}
	paper.Keys = paper.Keys[2:]
	_, err = h.of("NZ").repo.Propose(circle.Change{By: "NZ", Paper: &paper})
	kind(t, err, guichet.KindInvalid, "a paper that forgets a revoked key")
}

// TestAgreements: all parties sign, versions follow each other, old ones stay.
func TestAgreements(t *testing.T) {
	h := newHouse(t, 3, five()...)
	a := agreement("b5-covid", "CA", "US")
	p, err := h.all[0].repo.Propose(circle.Change{By: "CA", Agreement: &a})
	h.must(err)
	half := h.sign(p, "CA", "GB", "AU")
	_, err = h.all[0].repo.Publish(context.Background(), half)
	kind(t, err, guichet.KindRefused, "an agreement signed by one party of two")
	if err == nil || !strings.Contains(err.Error(), "agreement-b5-covid") || !strings.Contains(err.Error(), "US") {
		t.Errorf("the refusal does not say who has not signed what: %v", err)
	}
	_, err = h.all[0].repo.Publish(context.Background(), h.sign(half, "US"))
	h.must(err)
	h.follow()

	a.Version, a.Terms[0].Quota = 2, 50
	p, err = h.all[0].repo.Propose(circle.Change{By: "US", Agreement: &a})
	h.must(err)
	review, err := h.all[0].repo.Review(p)
	h.must(err)
	for _, m := range review.Missing {
		if m.Paper == "targets" || m.Paper == "root" {
			t.Errorf("a version between the same parties asks for %s", m.Paper)
		}
	}
	s, err := h.all[0].repo.Publish(context.Background(), h.sign(p, "CA", "US"))
	h.must(err)
	if len(s.Agreements) != 1 || s.Agreements[0].Version != 2 || s.Agreements[0].Terms[0].Quota != 50 {
		t.Errorf("the state has %+v", s.Agreements)
	}
	if _, err := h.all[0].repo.Target("agreements/b5-covid.v1.json"); err != nil {
		t.Errorf("the older version: %v", err)
	}
	a.Version = 4
	_, err = h.all[0].repo.Propose(circle.Change{By: "US", Agreement: &a})
	kind(t, err, guichet.KindInvalid, "a version that skips one")
}

// TestOnePartyWithdraws alone: at once here, and for good in the circle.
func TestOnePartyWithdraws(t *testing.T) {
	h := newHouse(t, 3, five()...)
	two, three := agreement("two", "CA", "US"), agreement("three", "CA", "GB", "US")
	h.change(circle.Change{By: "CA", Agreement: &two}, "CA", "US", "GB")
	s := h.change(circle.Change{By: "CA", Agreement: &three}, "CA", "US", "GB")
	us := h.of("US")
	for _, id := range []string{"two", "three"} {
		n := circle.Withdrawal{
			Circle: s.Name, CircleID: s.ID, Agreement: id, Version: 1, Member: "US", Serial: 1, Made: h.clock.Now(), From: "2026-12-01", Reason: guichet.Text{EN: "a new law", FR: "une loi nouvelle"},
		}
		notice, err := circle.Withdraw(n, us.key)
		h.must(err)
		h.must(us.repo.Receive(notice))
		forged, err := circle.Withdraw(n, h.of("GB").key)
		h.must(err)
		kind(t, h.of("NZ").repo.Receive(forged), guichet.KindUntrusted, "a notice signed by somebody else")
		if id == "two" {
			p, err := us.repo.Propose(circle.Change{By: "US", Withdraw: notice})
			h.must(err)
			p = h.sign(p, "US", "NZ")
			_, err = us.repo.Publish(context.Background(), p)
			h.must(err)
		}
	}
	got, err := h.of("CA").repo.Fetch(context.Background(), from(us.repo))
	h.must(err)
	if got.Notices != 1 || !got.Changed { // the other came with the circle
		t.Errorf("CA fetched %+v", got)
	}
	s, err = h.of("CA").repo.State()
	h.must(err)
	for _, a := range s.Agreements {
		switch a.ID {
		case "two":
			if a.Validity.Withdrawn != "2026-12-01" {
				t.Errorf("two: withdrawn %q", a.Validity.Withdrawn)
			}
		case "three":
			stopped := func(member, by string) bool {
				return slices.ContainsFunc(a.Suspended, func(s guichet.Suspension) bool { return s.Member == member && s.By == by })
			}
			if a.Validity.Withdrawn != "" || !stopped("US", "") || !stopped("CA", "US") || !stopped("GB", "US") {
				t.Errorf("three: withdrawn %q, suspended %+v", a.Validity.Withdrawn, a.Suspended)
			}
		}
	}
	if len(s.Withdrawals) != 2 || len(s.Faults) != 0 {
		t.Errorf("withdrawals %+v, faults %v", s.Withdrawals, s.Faults)
	}
	later, err := circle.Withdraw(circle.Withdrawal{Circle: s.Name, CircleID: s.ID, Agreement: "two", Version: 1, Member: "US", Serial: 2, Made: h.clock.Now()}, us.key)
	h.must(err)
	_, err = us.repo.Propose(circle.Change{By: "US", Withdraw: later})
	kind(t, err, guichet.KindInvalid, "a withdrawal taken back alone")
}

// TestListsAndRoles: what the top-level targets hold beside delegations.
func TestListsAndRoles(t *testing.T) {
	h := newHouse(t, 3, five()...)
	s := h.change(circle.Change{By: "CA", Lists: map[string][]byte{"codes/areas.json": []byte(`{"generated":true}`), "products/covid19.json": []byte("{}")}}, "AU", "CA", "GB")
	if len(s.Lists) != 2 {
		t.Errorf("lists: %v", s.Lists)
	}
	text, err := h.of("NZ").repo.Target("codes/areas.json")
	h.must(err)
	if !sameBytes(text, []byte(`{"generated":true}`)) {
		t.Errorf("the list reads %q", text)
	}
	s = h.change(circle.Change{By: "CA", Role: &circle.RoleChange{Member: "NZ", Role: "observer"}}, "AU", "CA", "GB", "NZ")
	if nz, _ := s.Member("NZ"); nz.Role != "observer" || s.Threshold != 3 {
		t.Errorf("NZ is %q, threshold %d", nz.Role, s.Threshold)
	}
	for _, name := range []string{"codes/../../etc", "codes/a/b", "/codes/x", "other/x", "codes/..", "codes/A"} {
		_, err := h.all[0].repo.Propose(circle.Change{By: "CA", Lists: map[string][]byte{name: {}}})
		kind(t, err, guichet.KindInvalid, name)
	}
	_, err = h.all[0].repo.Propose(circle.Change{By: "CA", Threshold: 2})
	kind(t, err, guichet.KindInvalid, "a threshold that two groups reach")
}

func says(r circle.Review, code, part string) bool {
	return slices.ContainsFunc(r.Changes, func(x circle.Explained) bool {
		return x.Code == code && strings.Contains(x.Text.EN, part) && x.Text.FR != ""
	})
}
