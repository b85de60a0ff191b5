package gate_test

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet"
	"guichet/internal/gate"
)

func TestAdmitsAMemberOnce(t *testing.T) {
	w := newWorld(t)
	for _, body := range []string{"", `{"question":1}`} {
		resp, text := w.ask(t, w.us.transport, w.us.seal, body)
		if resp.StatusCode != http.StatusOK || text != "admitted US" {
			t.Errorf("a member's request is answered %d %q, want 200 admitted US", resp.StatusCode, text)
		}
		if resp.ProtoMajor != 1 {
			t.Errorf("the connection speaks %s, want HTTP/1.1, which costs less", resp.Proto)
		}
	}
}

func TestHTTP2Too(t *testing.T) {
	w := newWorld(t)
	tr := plain(t, w.us.gate.ClientTLS("CA"))
	if resp, text := w.ask(t, tr, w.us.seal, "x"); resp.StatusCode != http.StatusOK || resp.ProtoMajor != 2 {
		t.Errorf("HTTP/2 is answered %d %q over %s", resp.StatusCode, text, resp.Proto)
	}
}

func TestStrangersDoNotComeIn(t *testing.T) {
	w := newWorld(t)
	stranger := newNode(t, w, "US", 99) // says that it is US, with keys that the paper does not name
	_, err := w.send(t, stranger.transport, w.request(t, stranger.seal, "x"))
	if guichet.KindOf(err) != guichet.KindUntrusted || !strings.Contains(err.Error(), "does not take our tls key") {
		t.Errorf("a foreign certificate gives %v, want untrusted in words", err)
	}
	none := &tls.Config{MinVersion: tls.VersionTLS13, InsecureSkipVerify: true}
	if _, err := w.send(t, plain(t, none), w.request(t, w.us.seal, "x")); err == nil {
		t.Error("a client without certificate was let in")
	}
	old := w.us.gate.ClientTLS("CA")
	old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	if _, err := w.send(t, plain(t, old), w.request(t, w.us.seal, "x")); err == nil {
		t.Error("a client of TLS 1.2 was let in")
	}
}

func TestOurClientKnowsWhomItCalls(t *testing.T) {
	w := newWorld(t)
	_, err := w.send(t, w.us.gate.Transport("MX"), w.request(t, w.us.seal, "x"))
	if guichet.KindOf(err) != guichet.KindUntrusted || !strings.Contains(err.Error(), "we called MX and CA answered") {
		t.Errorf("calling MX where CA is gives %v", err)
	}
	if _, err := w.send(t, w.us.gate.Transport("BR"), w.request(t, w.us.seal, "x")); guichet.KindOf(err) != guichet.KindRefused {
		t.Errorf("calling a member that is none gives %v", err)
	}
}

func TestOneMemberDoesNotSignForAnother(t *testing.T) {
	w := newWorld(t)
	resp, text := w.ask(t, w.us.transport, w.mx.seal, "x")
	if resp.StatusCode != http.StatusForbidden || !strings.Contains(text, "the connection is of US and the signature of MX") {
		t.Errorf("US's connection with MX's signature is answered %d %s", resp.StatusCode, text)
	}
	resp, text = w.ask(t, w.us.transport, key(77), "x")
	if resp.StatusCode != http.StatusUnauthorized || !strings.Contains(text, "has no seal key") {
		t.Errorf("an unknown seal key is answered %d %s", resp.StatusCode, text)
	}
}

// TestRevokedKeys holds one connection open, revokes a key of the client, and asks
// again over it.
func TestRevokedKeys(t *testing.T) {
	for _, use := range []guichet.KeyUse{guichet.KeyTLS, guichet.KeySeal} {
		w := newWorld(t)
		tr := plain(t, w.us.gate.ClientTLS("CA")) // keeps its connection, unlike ours
		if resp, text := w.ask(t, tr, w.us.seal, "x"); resp.StatusCode != http.StatusOK {
			t.Fatalf("before: %d %s", resp.StatusCode, text)
		}
		open := w.connections()
		w.revoke("US", use)
		resp, text := w.ask(t, tr, w.us.seal, "x")
		if resp.StatusCode != http.StatusUnauthorized || !strings.Contains(text, "was revoked at 2026-11-21T11:59:00Z") {
			t.Errorf("a revoked %s key is answered %d %s", use, resp.StatusCode, text)
		}
		if w.connections() != open {
			t.Errorf("%s: the connection was not the open one", use)
		}
	}
}

// TestWeDoNotSendToARevokedServer: our transport gives up its connections when the
// server's key is revoked, before it sends.
func TestWeDoNotSendToARevokedServer(t *testing.T) {
	w := newWorld(t)
	if resp, _ := w.ask(t, w.us.transport, w.us.seal, "x"); resp.StatusCode != http.StatusOK {
		t.Fatal("not admitted before")
	}
	asked := w.asked()
	w.revoke("CA", guichet.KeyTLS)
	_, err := w.send(t, w.us.transport, w.request(t, w.us.seal, "secret"))
	if guichet.KindOf(err) != guichet.KindUntrusted || !strings.Contains(err.Error(), "was revoked") {
		t.Errorf("asking a server whose key is revoked gives %v", err)
	}
	if w.asked() != asked {
		t.Error("the request reached the server")
	}
}

func TestLeftAndNotYet(t *testing.T) {
	w := newWorld(t)
	tr := plain(t, w.us.gate.ClientTLS("CA"))
	w.ask(t, tr, w.us.seal, "x")
	w.change(func(c *guichet.Circle) { c.Members[1].Left = w.clock.Now() })
	if resp, text := w.ask(t, tr, w.us.seal, "x"); resp.StatusCode != http.StatusForbidden || !strings.Contains(text, "US has left the circle") {
		t.Errorf("a member that has left is answered %d %s", resp.StatusCode, text)
	}
	w.change(func(c *guichet.Circle) {
		c.Members[1].Left = time.Time{}
		c.Members[1].Keys[1].From = w.clock.Now().Add(time.Hour)
	})
	if resp, text := w.ask(t, tr, w.us.seal, "x"); resp.StatusCode != http.StatusUnauthorized || !strings.Contains(text, "counts from") {
		t.Errorf("a key of tomorrow is answered %d %s", resp.StatusCode, text)
	}
	w.change(func(c *guichet.Circle) {
		c.Members[1].Keys[1].From, c.Members[1].Keys[1].Until = time.Time{}, w.clock.Now()
	})
	if resp, text := w.ask(t, tr, w.us.seal, "x"); resp.StatusCode != http.StatusUnauthorized || !strings.Contains(text, "has run out") {
		t.Errorf("a key of yesterday is answered %d %s", resp.StatusCode, text)
	}
}

// TestNoSessionIsResumed gives the client a cache, as a foreign node may have, and
// looks whether the second connection is a whole handshake.
func TestNoSessionIsResumed(t *testing.T) {
	w := newWorld(t)
	c := w.us.gate.ClientTLS("CA")
	c.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	c.NextProtos = []string{"http/1.1"}
	for range 3 {
		tr := &http.Transport{TLSClientConfig: c}
		resp, _ := w.ask(t, tr, w.us.seal, "x")
		if resp.Resumed {
			t.Fatal("a session was resumed")
		}
		tr.CloseIdleConnections()
	}
	w.revoke("US", guichet.KeyTLS)
	tr := &http.Transport{TLSClientConfig: c}
	if resp, err := w.send(t, tr, w.request(t, w.us.seal, "x")); err == nil {
		t.Errorf("a revoked key came in by a session of before: %d", resp.StatusCode)
	}
}

func TestReplays(t *testing.T) {
	w := newWorld(t)
	r := w.request(t, w.us.seal, "x")
	again := func() (reply, string) {
		resp, err := w.send(t, w.us.transport, rewind(r))
		if err != nil {
			t.Fatal(err)
		}
		return resp, resp.Text
	}
	if resp, text := again(); resp.StatusCode != http.StatusOK {
		t.Fatalf("the first: %d %s", resp.StatusCode, text)
	}
	for _, later := range []time.Duration{0, 15 * time.Second, 40 * time.Second} {
		w.clock.Move(later)
		resp, text := again()
		if resp.StatusCode != http.StatusConflict || !strings.Contains(text, "its nonce has been used") {
			t.Errorf("the same again, %s later: %d %s", later, resp.StatusCode, text)
		}
	}
	w.clock.Move(2 * time.Minute)
	if resp, text := again(); resp.StatusCode == http.StatusOK {
		t.Errorf("the same again after its window: %d %s", resp.StatusCode, text)
	}
}

// TestReplayAfterRestart starts the node again within the life of a request.
func TestReplayAfterRestart(t *testing.T) {
	w := newWorld(t)
	r := w.request(t, w.us.seal, "x")
	if _, err := w.send(t, w.us.transport, rewind(r)); err != nil {
		t.Fatal(err)
	}
	w.clock.Move(2 * time.Second)
	w.restart(t)
	resp, err := w.send(t, w.us.transport, rewind(r))
	if err != nil {
		t.Fatal(err)
	}
	text := resp.Text
	if resp.StatusCode != http.StatusServiceUnavailable || !strings.Contains(text, "before this node was started") || resp.Header.Get("Retry-After") != "1" {
		t.Errorf("a replay after a restart is answered %d %s", resp.StatusCode, text)
	}
	if resp, text := w.ask(t, w.us.transport, w.us.seal, "x"); resp.StatusCode != http.StatusOK {
		t.Errorf("a new request after the restart is answered %d %s", resp.StatusCode, text)
	}
}

func TestAddressedToAnother(t *testing.T) {
	w := newWorld(t)
	r := w.request(t, w.us.seal, "x")
	r.Host = "mx.example.org"
	resp, err := w.send(t, w.us.transport, r)
	if err != nil {
		t.Fatal(err)
	}
	if text := resp.Text; resp.StatusCode != http.StatusForbidden || !strings.Contains(text, "addressed to mx.example.org") {
		t.Errorf("a request to another address is answered %d %s", resp.StatusCode, text)
	}
}

func TestRates(t *testing.T) {
	w := newWorld(t)
	w.rate, w.burst = 1, 3
	w.restart(t)
	codes := map[int]int{}
	for range 5 {
		resp, _ := w.ask(t, w.us.transport, w.us.seal, "x")
		codes[resp.StatusCode]++
	}
	if codes[http.StatusOK] != 3 || codes[http.StatusTooManyRequests] != 2 {
		t.Errorf("of five at once %v were answered, want 3 and 2 told to wait", codes)
	}
	if resp, _ := w.ask(t, w.mx.transport, w.mx.seal, "x"); resp.StatusCode != http.StatusOK {
		t.Error("another member pays for it")
	}
	w.clock.Move(2 * time.Second)
	if resp, text := w.ask(t, w.us.transport, w.us.seal, "x"); resp.StatusCode != http.StatusOK {
		t.Errorf("two seconds later: %d %s", resp.StatusCode, text)
	}
}

func TestLimits(t *testing.T) {
	w := newWorld(t)
	r := w.request(t, w.us.seal, "x")
	r.Header.Set("X-Large", strings.Repeat("x", 40<<10))
	// HTTP/2 refuses it with 431 or by ending the stream.
	if resp, err := w.send(t, w.us.transport, r); err == nil && resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header of 40 KiB is answered %d", resp.StatusCode)
	}
	resp, text := w.ask(t, w.us.transport, w.us.seal, strings.Repeat("x", 70<<10))
	if resp.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(text, "more than 65536 bytes") {
		t.Errorf("a body of 70 KiB is answered %d %s", resp.StatusCode, text)
	}
}

// TestTheCircleMayFail: without a circle nobody comes in, and nobody learns why.
func TestTheCircleMayFail(t *testing.T) {
	w := newWorld(t)
	tr := plain(t, w.us.gate.ClientTLS("CA"))
	w.ask(t, tr, w.us.seal, "x")
	r := w.request(t, w.us.seal, "x")
	w.mu.Lock()
	w.fails = errors.New("disk of CA on fire")
	w.mu.Unlock()
	resp, err := w.send(t, tr, r)
	if err != nil {
		t.Fatal(err)
	}
	if text := resp.Text; resp.StatusCode != http.StatusInternalServerError || strings.Contains(text, "fire") {
		t.Errorf("without a circle: %d %s", resp.StatusCode, text)
	}
}

func TestProblems(t *testing.T) {
	for kind, status := range map[guichet.Kind]int{
		guichet.KindInvalid: 400, guichet.KindUntrusted: 401, guichet.KindRefused: 403, guichet.KindNotFound: 404,
		guichet.KindHostile: 413, guichet.KindBusy: 503, guichet.KindInternal: 500, "new": 500,
	} {
		p := gate.Problem(fmt.Errorf("wrapped: %w", guichet.Errorf(kind, "what it was").WithHint("what to do")))
		var told map[string]string
		if err := json.Unmarshal(p.Body, &told); err != nil {
			t.Fatal(err)
		}
		if p.Status != status {
			t.Errorf("%s has status %d, want %d", kind, p.Status, status)
		}
		if hidden := told["message"] != "what it was"; hidden != (kind == guichet.KindInternal) {
			t.Errorf("%s tells %q", kind, told["message"])
		}
	}
}

func TestNewChecksItsParts(t *testing.T) {
	if _, err := gate.New(gate.Config{}); err == nil {
		t.Error("a gate of nothing was made")
	}
}

// TestManyAtOnce is for the race detector: requests, revocations and replays
// together; no nonce is admitted twice.
func TestManyAtOnce(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	admitted := map[int]int{}
	for i := range 8 {
		r := w.request(t, w.us.seal, "x")
		for range 4 {
			wg.Go(func() {
				resp, err := w.send(t, w.us.transport, rewind(r))
				if err != nil {
					t.Error(err)
					return
				}
				if resp.StatusCode == http.StatusOK {
					mu.Lock()
					admitted[i]++
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	for i := range 8 {
		if admitted[i] != 1 {
			t.Errorf("request %d was admitted %d times", i, admitted[i])
		}
	}
}
