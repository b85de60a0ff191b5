package circle_test

import (
	"context"
	"testing"

	"guichet"
	"guichet/internal/circle"
)

// TestFiveFoundACircle goes the whole way, and reads the state on every machine.
func TestFiveFoundACircle(t *testing.T) {
	h := newHouse(t, 3, five()...)
	for _, c := range h.all {
		s, err := c.repo.State()
		h.must(err)
		if s.Name != "border-five" || s.Version != 1 || s.Threshold != 3 || len(s.Members) != 5 || len(s.Faults) != 0 {
			t.Errorf("%s reads %s version %d, threshold %d, %d members, faults %v", c.code, s.Name, s.Version, s.Threshold, len(s.Members), s.Faults)
		}
		self, _ := s.Member(c.code)
		if _, ok := self.Key(guichet.KeySeal, circle.KeyID(public(c.node[1])), h.clock.Now()); !ok {
			t.Errorf("%s does not find its own seal key", c.code)
		}
	}
	rep, err := h.of("CA").repo.Verify()
	h.must(err)
	if rep.Fatal != "" || len(rep.Papers) != 9 || len(rep.Papers[0].Signed) != 5 {
		t.Errorf("the report: %+v", rep)
	}
}

func TestFoundingNeedsAll(t *testing.T) {
	h := newHouse(t, 3, five()...)
	draft, err := open(t, t.TempDir()+"/new", h.clock).Create(circle.Founding{Name: "other", Threshold: 1, Paper: h.all[0].paper})
	h.must(err)
	_, err = open(t, t.TempDir()+"/new", h.clock).Publish(context.Background(), draft)
	kind(t, err, guichet.KindRefused, "an unsigned founding")
}
