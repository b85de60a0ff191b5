package store_test

import (
	"fmt"
	"testing"
	"time"

	"guichet"
	"guichet/internal/store"
)

// TestWithdrawal: the figures are not in force, what they took the place of is
// again, the past stays, and it can be taken back. Packs are opened.
func TestWithdrawal(t *testing.T) {
	for _, packed := range []bool{false, true} {
		t.Run(fmt.Sprint("packed ", packed), func(t *testing.T) {
			h := newHouse(t)
			h.take(filing{id: "a", text: line("2024-01", "in", "NW-A", 1) + line("2024-02", "in", "NW-A", 2)})
			h.take(filing{id: "c", text: line("2024-05", "in", "NW-A", 5)})
			h.take(filing{id: "b", text: line("2024-02", "in", "NW-A", 20) + line("2024-03", "in", "NW-A", 30)})
			if packed {
				h.compact()
			}
			const with = "a.csv FR in 2024-01 NW-A=1; b.csv FR in 2024-02 NW-A=20; b.csv FR in 2024-03 NW-A=30; c.csv FR in 2024-05 NW-A=5"
			const without = "a.csv FR in 2024-01 NW-A=1; a.csv FR in 2024-02 NW-A=2; c.csv FR in 2024-05 NW-A=5"
			before := h.now
			e := h.withdraw("b", "wrong unit")
			if got := answers(h.answer(guichet.Moment{})); got != without {
				t.Errorf("the home answers %s, want %s", got, without)
			}
			if got := answers(h.answer(guichet.Moment{AsOf: before})); got != with {
				t.Errorf("as of before it answers %s, want %s", got, with)
			}
			if sub, err := h.s.Submission(t.Context(), h.ds.Name, id16("b")); err != nil || sub.Withdrawn != e.ID {
				t.Errorf("the submission says %+v, %v", sub.Withdrawn, err)
			}
			w := h.writer()
			if _, err := w.Withdraw(t.Context(), h.ds.Name, id16("b"), "again", ""); guichet.KindOf(err) != guichet.KindInvalid {
				t.Errorf("a second withdrawal says %v", err)
			}
			if _, err := w.Withdraw(t.Context(), h.ds.Name, id16("a"), " ", ""); guichet.KindOf(err) != guichet.KindInvalid {
				t.Errorf("a withdrawal without a reason says %v", err)
			}
			w.Close()
			h.take(filing{id: "d", text: line("2024-03", "in", "NW-A", 33)})
			h.now = h.now.Add(time.Hour)
			w = h.writer()
			if _, err := w.Reinstate(t.Context(), h.ds.Name, id16("b"), "it was right", ""); err != nil {
				t.Fatal(err)
			}
			w.Close()
			h.check()
			const back = "a.csv FR in 2024-01 NW-A=1; b.csv FR in 2024-02 NW-A=20; c.csv FR in 2024-05 NW-A=5; d.csv FR in 2024-03 NW-A=33"
			if got := answers(h.answer(guichet.Moment{})); got != back {
				t.Errorf("reinstated, the home answers %s, want %s", got, back)
			}
			if packed {
				h.compact()
			}
			h.open()
			h.check()
		})
	}
}

// TestWithdrawalKilled: after each step it has happened or it has not.
func TestWithdrawalKilled(t *testing.T) {
	steps := []string{"event registered", "event rewritten", "event snapshot"}
	for _, step := range steps {
		t.Run(step, func(t *testing.T) {
			h := newHouse(t)
			h.take(filing{id: "a", text: line("2024-01", "in", "NW-A", 1) + line("2024-02", "in", "NW-A", 2)})
			h.take(filing{id: "b", text: line("2024-02", "in", "NW-A", 20)})
			h.now = h.now.Add(time.Hour)
			h.killAt(step, func(w *store.Writer) error {
				_, err := w.Withdraw(t.Context(), h.ds.Name, id16("b"), "wrong", "")
				return err
			})
			h.open()
			h.check()
			want := "a.csv FR in 2024-01 NW-A=1; b.csv FR in 2024-02 NW-A=20"
			if step == "event snapshot" {
				want = "a.csv FR in 2024-01 NW-A=1; a.csv FR in 2024-02 NW-A=2"
			}
			if got := answers(h.answer(guichet.Moment{})); got != want {
				t.Errorf("the home answers %s, want %s", got, want)
			}
		})
	}
}

// killAt ends work with the right to write at a step, as kill -9 would.
func (h *house) killAt(step string, work func(*store.Writer) error) {
	h.t.Helper()
	reached := false
	h.s.OnStep(func(at string) {
		if at == step {
			reached = true
			panic(killed{at})
		}
	})
	defer func() {
		if r := recover(); r != nil && r != any(killed{step}) {
			panic(r)
		}
		h.s.OnStep(nil)
		if !reached {
			h.t.Fatalf("step %q was not reached", step)
		}
	}()
	w := h.writer()
	defer w.Close()
	if err := work(w); err != nil {
		h.t.Fatal(err)
	}
}
