package circle_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet"
	"guichet/internal/circle"
)

// TestGrace: an expired circle is used for a while, and says so; then refused;
// then renewed.
func TestGrace(t *testing.T) {
	h := newHouse(t, 3, five()...)
	ca := h.of("CA")
	s, err := ca.repo.State()
	h.must(err)
	if s.InGrace || !s.Expires.Equal(h.clock.Now().Add(30*oneDay)) || !s.Grace.Equal(h.clock.Now().Add(44*oneDay)) {
		t.Errorf("at first: in grace %v, expires %s, grace %s", s.InGrace, s.Expires, s.Grace)
	}
	h.clock.Move(30*oneDay + time.Second)
	s, err = ca.repo.State()
	h.must(err)
	if !s.InGrace || len(s.Members) != 5 {
		t.Errorf("a second after: in grace %v, %d members", s.InGrace, len(s.Members))
	}
	h.clock.Move(14 * oneDay)
	_, err = ca.repo.State()
	kind(t, err, guichet.KindRefused, "after the grace")
	if e, ok := errors.AsType[*guichet.Error](err); !ok || !strings.Contains(e.Hint, "clock") || !strings.Contains(e.Message, "2027-") && !strings.Contains(e.Message, "2026-") {
		t.Errorf("the refusal names neither dates nor the clock: %#v", err)
	}
	rep, err := ca.repo.Verify()
	h.must(err)
	if rep.Fatal == "" || len(rep.Papers) != 9 {
		t.Errorf("the report of an expired circle: fatal %q, %d papers", rep.Fatal, len(rep.Papers))
	}
	s = h.change(circle.Change{By: "CA", Renew: []string{}}, "CA", "GB")
	if s.InGrace || s.Version != 2 {
		t.Errorf("renewed: in grace %v, version %d", s.InGrace, s.Version)
	}
}

// TestAMembersPaperExpires: that member is told, the others go on.
func TestAMembersPaperExpires(t *testing.T) {
	h := newHouse(t, 3, five()...)
	h.clock.Move(150 * oneDay)
	p, err := h.all[0].repo.Propose(circle.Change{By: "CA", Renew: []string{}})
	h.must(err)
	all := h.sign(p, five()...)
	if r, err := h.all[0].repo.Review(all); err != nil || !r.Ready {
		t.Errorf("a renewal of everything signed by all: ready %v, missing %v, %v", r.Ready, r.Missing, err)
	}
	// NZ does not come: the rest is renewed without it.
	names := []string{"root", "targets", "member-AU", "member-CA", "member-GB", "member-US"}
	h.change(circle.Change{By: "CA", Renew: names}, "AU", "CA", "GB", "US")
	for range 2 {
		h.clock.Move(22 * oneDay)
		h.change(circle.Change{By: "CA", Renew: []string{"timestamp"}}, "AU", "CA")
	}
	h.clock.Move(oneDay + time.Minute) // 195 days
	s, err := h.of("GB").repo.State()
	h.must(err)
	if _, ok := s.Member("NZ"); ok || len(s.Members) != 4 || len(s.Faults) != 1 || s.Faults[0].Paper != "member-NZ" {
		t.Errorf("%d members, faults %v", len(s.Members), s.Faults)
	}
}

// TestOurClockIsBehind is told apart from anything about the papers.
func TestOurClockIsBehind(t *testing.T) {
	h := newHouse(t, 2, "AU", "CA")
	h.clock.Move(-9 * time.Minute)
	if _, err := h.all[0].repo.State(); err != nil {
		t.Errorf("9 minutes: %v", err)
	}
	h.clock.Move(-2 * oneDay)
	_, err := h.all[0].repo.State()
	kind(t, err, guichet.KindInvalid, "a clock two days behind")
	if err == nil || !strings.Contains(err.Error(), "our clock is 48h") {
		t.Errorf("it is not told by how much: %v", err)
	}
}

// TestMergingHasNoOrder: any order, any grouping, and twice.
func TestMergingHasNoOrder(t *testing.T) {
	h := newHouse(t, 3, five()...)
	p, err := h.all[0].repo.Propose(circle.Change{By: "CA", Threshold: 4})
	h.must(err)
	var copies []*circle.Proposal
	for _, c := range h.all {
		signed, err := c.repo.Sign(h.sent(p), c.key)
		h.must(err)
		copies = append(copies, signed)
	}
	want := ""
	for i := range copies {
		order := append(append([]*circle.Proposal{}, copies[i:]...), copies[:i]...)
		one, err := h.all[i].repo.Merge(order...)
		h.must(err)
		half, err := h.all[i].repo.Merge(order[3:]...)
		h.must(err)
		two, err := h.all[i].repo.Merge(append([]*circle.Proposal{half, half}, order[:3]...)...)
		h.must(err)
		for _, p := range []*circle.Proposal{one, two} {
			text, err := p.Bytes()
			h.must(err)
			if want == "" {
				want = string(text)
			}
			if string(text) != want {
				t.Fatalf("order %d gives another file", i)
			}
		}
	}
	if p, err := h.all[0].repo.Propose(circle.Change{By: "CA", Renew: []string{"targets"}}); err != nil {
		t.Fatal(err)
	} else if _, err := h.all[0].repo.Merge(copies[0], p); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("two proposals were merged: %v", err)
	}
}

// TestManyAtOnce read, follow and serve while the circle changes.
func TestManyAtOnce(t *testing.T) {
	h := newHouse(t, 2, "AU", "CA")
	au, ca := h.of("AU").repo, h.of("CA").repo
	var proposals []*circle.Proposal
	for range 3 {
		p, err := au.Propose(circle.Change{By: "AU", Renew: []string{"timestamp"}})
		h.must(err)
		p = h.sign(p, "AU", "CA")
		_, err = au.Publish(context.Background(), p)
		h.must(err)
		proposals = append(proposals, p)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if _, err := ca.Fetch(context.Background(), from(au)); err != nil {
					t.Errorf("fetch: %v", err)
				}
			})
			wg.Go(func() {
				if _, err := ca.State(); err != nil {
					t.Errorf("state: %v", err)
				}
			})
		}
		wg.Wait()
	}
	_, err := au.Publish(context.Background(), proposals[0])
	kind(t, err, guichet.KindRefused, "a proposal of a version that is past")
}

// TestReopened reads what was installed, from the disk alone.
func TestReopened(t *testing.T) {
	h := newHouse(t, 3, five()...)
	a := agreement("b5-covid", "CA", "US")
	h.change(circle.Change{By: "CA", Agreement: &a}, "CA", "US", "GB")
	again := open(t, h.of("NZ").dir, h.clock)
	s, err := again.State()
	h.must(err)
	if s.Version != 2 || len(s.Agreements) != 1 {
		t.Errorf("version %d, %d agreements", s.Version, len(s.Agreements))
	}
	bundle, err := again.Bundle()
	h.must(err)
	offline, err := circle.FromBundle(bundle, s.ID)
	h.must(err)
	if offline.Version != 2 || len(offline.Members) != 5 {
		t.Errorf("offline: version %d, %d members", offline.Version, len(offline.Members))
	}
	_, err = circle.FromBundle(bundle, strings.Repeat("0", 64))
	kind(t, err, guichet.KindUntrusted, "a bundle of another circle")
	_, err = open(t, filepath.Join(t.TempDir(), "none"), h.clock).State()
	kind(t, err, guichet.KindNotFound, "an empty folder")
}

// TestEnvelope: an agreement outside TUF, by all its parties.
func TestEnvelope(t *testing.T) {
	h := newHouse(t, 3, five()...)
	s, err := h.all[0].repo.State()
	h.must(err)
	a := agreement("b5-covid", "CA", "US")
	text, err := circle.SealAgreement(a, h.of("CA").key, h.of("US").key)
	h.must(err)
	if got, err := circle.OpenAgreement(text, s.Circle); err != nil || got.ID != a.ID {
		t.Errorf("opened: %v, %v", got.ID, err)
	}
	text, err = circle.SealAgreement(a, h.of("CA").key, h.of("CA").key)
	h.must(err)
	_, err = circle.OpenAgreement(text, s.Circle)
	kind(t, err, guichet.KindUntrusted, "an envelope signed twice by one party")
	text, err = circle.Envelope("application/x", []byte("{}"), h.of("CA").key)
	h.must(err)
	_, err = circle.OpenAgreement(text, s.Circle)
	kind(t, err, guichet.KindInvalid, "an envelope of another type")
}

// codesFor makes member codes: AA, AB ...
func codesFor(n int) []string {
	codes := make([]string, n)
	for i := range codes {
		codes[i] = fmt.Sprintf("%c%c", 'A'+i/26, 'A'+i%26)
	}
	return codes
}

// TestForty: a circle of forty founds itself, agrees, and is followed.
func TestForty(t *testing.T) {
	if testing.Short() {
		t.Skip("a circle of forty takes a while")
	}
	codes := codesFor(40)
	h := newHouse(t, 21, codes...)
	reader := open(t, filepath.Join(t.TempDir(), "reader"), h.clock)
	s, err := h.all[0].repo.State()
	h.must(err)
	h.must(reader.Adopt(context.Background(), s.ID, from(h.all[0].repo)))
	a := agreement("all-of-us", codes...)
	p, err := h.all[0].repo.Propose(circle.Change{By: "AA", Agreement: &a})
	h.must(err)
	for _, c := range h.all[:39] {
		p, err = h.all[0].repo.Sign(p, c.key)
		h.must(err)
	}
	_, err = h.all[0].repo.Publish(context.Background(), p)
	kind(t, err, guichet.KindRefused, "an agreement of forty signed by 39")
	p, err = h.all[0].repo.Sign(p, h.all[39].key)
	h.must(err)
	_, err = h.all[0].repo.Publish(context.Background(), p)
	h.must(err)
	_, err = reader.Fetch(context.Background(), from(h.all[0].repo))
	h.must(err)
	s, err = reader.State()
	h.must(err)
	if len(s.Members) != 40 || len(s.Agreements) != 1 || s.Threshold != 21 || len(s.Faults) != 0 {
		t.Errorf("%d members, %d agreements, threshold %d, faults %v", len(s.Members), len(s.Agreements), s.Threshold, s.Faults)
	}
}

// TestALargeFile and a copy that never ends are refused, and leave nothing.
func TestALargeFile(t *testing.T) {
	h := newHouse(t, 2, "AU", "CA")
	r := h.rogue()
	r.files["metadata/timestamp.json"] = make([]byte, circle.MaxFile+1)
	_, err := h.of("CA").repo.Fetch(context.Background(), r.get)
	kind(t, err, guichet.KindHostile, "a large timestamp")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err = h.of("CA").repo.Fetch(ctx, from(h.all[0].repo)); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled fetch: %v", err)
	}
	boom := errors.New("line cut")
	h.change(circle.Change{By: "AU", Lists: map[string][]byte{"codes/a.json": []byte("1"), "codes/b.json": []byte("2")}}, "AU", "CA")
	fresh := open(t, filepath.Join(t.TempDir(), "new"), h.clock)
	s, err := h.all[0].repo.State()
	h.must(err)
	for n := 1; n < 12; n++ { // the line is cut after every file in turn
		left := n
		err := fresh.Adopt(context.Background(), s.ID, func(_ context.Context, path string) ([]byte, error) {
			if left--; left < 0 {
				return nil, boom
			}
			return h.all[0].repo.File(path)
		})
		if err == nil {
			break
		}
		if !errors.Is(err, boom) || fresh.Exists() {
			t.Fatalf("cut after %d files: %v, installed %v", n, err, fresh.Exists())
		}
	}
}
