package gate_test

import (
	"context"
	"net/http"
	"net/http/httptrace"
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
	// The time runs from when the question is on its way: it is to be lost there.
	send := func(within time.Duration) error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var late *time.Timer
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { late = time.AfterFunc(within, cancel) }})
		defer func() {
			if late != nil {
				late.Stop()
			}
		}()
		r := w.requestAt(t, relay.Addr(), w.us.seal, "x").WithContext(ctx)
		resp, err := w.send(t, w.us.transport, r)
		if err == nil && resp.StatusCode != http.StatusOK {
			t.Errorf("answered %d %s", resp.StatusCode, resp.Text)
		}
		return err
	}
	for range 2 {
		if err := send(guichettest.Patience); err != nil {
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
	if err := send(guichettest.Patience); err != nil {
		t.Errorf("the first question after the cut: %v", err)
	}
	if took := time.Since(began); took > guichettest.Patience/2 {
		t.Errorf("the first question after the cut took %s", took)
	}
	if n := relay.Counts().Accepted; n != 2 {
		t.Errorf("there were %d connections, want the dead one and a fresh one", n)
	}
}
