package circle_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/circle"
)

// TestWhoMustStillSign is said once, in a line that can be read.
func TestWhoMustStillSign(t *testing.T) {
	h := newHouse(t, 3, five()...)
	two := agreement("two", "CA", "US")
	p, err := h.all[0].repo.Propose(circle.Change{By: "CA", Agreement: &two})
	h.must(err)
	for _, c := range []struct {
		by   []string
		want string
	}{
		{nil, "must still sign: CA, US (agreement-two); 1 of AU, GB, NZ (targets)"},
		{[]string{"CA"}, "must still sign: US (agreement-two); 1 of AU, GB, NZ (targets)"},
		{[]string{"CA", "AU"}, "must still sign: US (agreement-two)"},
	} {
		_, err = h.all[0].repo.Publish(context.Background(), h.sign(p, c.by...))
		if err == nil || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("signed by %v: %v, want %q", c.by, err, c.want)
		}
	}
	founding, err := open(t, t.TempDir(), h.clock).Create(circle.Founding{Name: "alone", Threshold: 1, Paper: h.all[0].paper})
	h.must(err)
	_, err = open(t, t.TempDir(), h.clock).Publish(context.Background(), founding)
	if err == nil || strings.Count(err.Error(), "targets") != 1 || strings.Count(err.Error(), "root") != 1 {
		t.Errorf("a founding: %v", err)
	}
}

// TestWhatIsNoProposal is said by what it looks like.
func TestWhatIsNoProposal(t *testing.T) {
	h := newHouse(t, 2, "AU", "CA")
	bundle, err := h.all[0].repo.Bundle()
	h.must(err)
	envelope, err := circle.Envelope("application/x", []byte("{}"), h.of("CA").key)
	h.must(err)
	for text, want := range map[string]string{
		"# An agreement\nformat: 1\n": "YAML", "format: 1\nid: a\n": "YAML", " \n": "is empty", string(bundle): "bundle",
		string(envelope): "a signed paper", `{"x":1}`: "fields", "PK\x03\x04": "no JSON",
	} {
		_, err := circle.ReadProposal([]byte(text))
		e, ok := errors.AsType[*guichet.Error](err)
		if !ok || e.Kind != guichet.KindInvalid || !strings.Contains(e.Message, "this is no proposal") || !strings.Contains(e.Message, want) || !strings.Contains(e.Hint, "circle create") {
			t.Errorf("%.20q: %#v, want %q", text, err, want)
		}
	}
}

// TestHintsNameCommands that there are.
func TestHintsNameCommands(t *testing.T) {
	h := newHouse(t, 2, "AU", "CA")
	empty := open(t, t.TempDir(), h.clock)
	ctx := context.Background()
	_, fetched := empty.Fetch(ctx, from(h.all[0].repo))
	p, err := h.all[0].repo.Propose(circle.Change{By: "AU", Renew: []string{"targets"}})
	h.must(err)
	_, reviewed := empty.Review(p)
	adopted := h.all[0].repo.Adopt(ctx, "x", from(h.all[0].repo))
	_, faulty := circle.ReadMember([]byte("code: AU\nnonsense: 1\n"))
	_, bad := circle.ReadAgreement([]byte("id: a\nnonsense: 1\n"))
	for want, err := range map[string]error{
		"guichet circle adopt BUNDLE --circle NAME": fetched, "guichet circle adopt BUNDLE --circle border-five": reviewed,
		"guichet circle update BUNDLE": adopted, "guichet circle paper": faulty, "guichet agreement draft": bad,
	} {
		if e, ok := errors.AsType[*guichet.Error](err); !ok || !strings.Contains(e.Hint, want) {
			t.Errorf("%#v does not name %q", err, want)
		}
	}
}

// TestReviewsInFrench say names, titles and roles in French.
func TestReviewsInFrench(t *testing.T) {
	h := newHouse(t, 2, "AU", "CA")
	two := agreement("two", "AU", "CA")
	p, err := h.all[0].repo.Propose(circle.Change{By: "CA", Agreement: &two})
	h.must(err)
	review, err := h.all[0].repo.Review(p)
	h.must(err)
	founding, err := open(t, t.TempDir(), h.clock).Create(circle.Founding{Name: "alone", Threshold: 1, Paper: h.all[0].paper})
	h.must(err)
	first, err := open(t, t.TempDir(), h.clock).Review(founding)
	h.must(err)
	all := slices.Concat(review.Changes, first.Changes)
	for code, want := range map[string][2]string{
		"agreement_new": {"two (Generated agreement)", "two (Accord inventé), entre AU, CA, du 2026-01-01"},
		"member_joins":  {"AU joins as party: Generated land AU.", "AU devient membre, en qualité de partie : Pays inventé AU."},
	} {
		i := slices.IndexFunc(all, func(x circle.Explained) bool { return x.Code == code })
		if i < 0 || !strings.Contains(all[i].Text.EN, want[0]) || !strings.Contains(all[i].Text.FR, want[1]) {
			t.Errorf("%s: %+v", code, all)
		}
	}
}
