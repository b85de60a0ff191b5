package gate_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"guichet"
	"guichet/internal/guichettest"
)

// TestADeadConnectionIsNotUsedAgain: a cable is pulled and nobody is told. The
// question under way is given up at its time, its connection with it, and the next
// one after the cut goes over a fresh one and is answered at once.
func TestADeadConnectionIsNotUsedAgain(t *testing.T) {
	w := newWorld(t)
	relay := guichettest.NewRelay(t, w.addr, guichettest.RelayConfig{})
	w.change(func(c *guichet.Circle) { c.Members[0].Endpoints = []string{relay.Addr()} })
	send := func(within time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		r := w.requestAt(t, relay.Addr(), w.us.seal, "x").WithContext(ctx)
		resp, err := w.send(t, w.us.transport, r)
		if err == nil && resp.StatusCode != http.StatusOK {
			t.Errorf("answered %d %s", resp.StatusCode, resp.Text)
		}
		return err
	}
	for range 2 {
		if err := send(5 * time.Second); err != nil {
			t.Fatal(err)
		}
	}
	if n := relay.Counts().Accepted; n != 1 {
		t.Fatalf("two questions took %d connections, want one that is kept", n)
	}
	relay.BlackHole()
	if err := send(300 * time.Millisecond); err == nil {
		t.Fatal("an answer came out of the black hole")
	}
	relay.Heal()
	began := time.Now()
	if err := send(5 * time.Second); err != nil {
		t.Errorf("the first question after the cut: %v", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the first question after the cut took %s", took)
	}
	if n := relay.Counts().Accepted; n != 2 {
		t.Errorf("there were %d connections, want the dead one and a fresh one", n)
	}
}
