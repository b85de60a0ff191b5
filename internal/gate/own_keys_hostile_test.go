package gate_test

import (
	"net/http"
	"testing"
)

// TestOurOwnKeysDoNotComeIn: who has stolen a node's keys and connects to that very
// node is not taken for its owner, to whom everything is open.
func TestOurOwnKeysDoNotComeIn(t *testing.T) {
	w := newWorld(t)
	thief := newNode(t, w, "CA", 1)
	resp, err := w.send(t, thief.transport, w.request(t, key(101), "x"))
	if err == nil && resp.StatusCode == http.StatusOK {
		t.Error("CA's own keys were let in at CA's window")
	}
}
