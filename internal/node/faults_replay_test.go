package node_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"guichet"
	"guichet/internal/federation"
	"guichet/internal/gate"
	"guichet/internal/guichettest"
	"guichet/internal/node"
	"guichet/internal/seal"
	"guichet/trade"
)

const pairPassphrase = "a passphrase for a test of replays"

// pair is a circle of two, of whom US serves and CA holds its keys in its hands.
type pair struct {
	t      *testing.T
	clock  *guichettest.Clock
	us, ca node.Config
	relay  *guichettest.Relay
	serves atomic.Pointer[string] // the address at which US listens now; the relay reads it too
	stop   func()
	circle guichet.Circle
	caAddr string // CA's endpoint; "" that of US's relay, where nobody asks CA
}

// newPair founds the circle and lets US serve behind a relay, which is the
// endpoint of its paper.
func newPair(t *testing.T) *pair {
	t.Helper()
	return newPairOf(t, false)
}

// newPairOf is newPair; where both serve, CA has an endpoint of its own.
func newPairOf(t *testing.T, both bool) *pair {
	t.Helper()
	p := &pair{t: t, clock: guichettest.NewClock()}
	if both {
		p.caAddr = guichettest.FreeAddr(t)
	}
	p.relay = guichettest.NewRelay(t, "", guichettest.RelayConfig{Dial: func(ctx context.Context) (net.Conn, error) {
		at := p.serves.Load()
		if at == nil {
			return nil, net.ErrClosed
		}
		return new(net.Dialer).DialContext(ctx, "tcp", *at)
	}})
	words := func() ([]byte, error) { return []byte(pairPassphrase), nil }
	for code, cfg := range map[string]*node.Config{"US": &p.us, "CA": &p.ca} {
		// The path of a socket has 107 bytes at the most (unix(7)).
		dir, err := os.MkdirTemp("", "pair-") //nolint:usetesting // the test's own folder has too long a name
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		*cfg = node.Config{Home: filepath.Join(dir, "h"), Clock: p.clock.Now, Child: []string{exe(t), stageChild}, Passphrase: words, MemberPassphrase: words}
		if _, err := node.Init(t.Context(), *cfg, code); err != nil {
			t.Fatal(err)
		}
	}
	p.found()
	p.serve()
	return p
}

// found makes the circle of the two.
func (p *pair) found() {
	p.t.Helper()
	us, ca := p.ceremonies(p.us), p.ceremonies(p.ca)
	draft := given(us.Found("two", 2, p.paper("US"), "a test"))(p.t)
	invitation := given(us.Invite("two", "CA", "party"))(p.t)
	join := given(ca.Join(invitation, p.paper("CA")))(p.t)
	proposal := given(us.Admit(draft, [][]byte{join}))(p.t)
	proposal = given(ca.Sign(given(us.Sign(proposal))(p.t)))(p.t)
	p.circle = given(us.Publish(p.t.Context(), proposal))(p.t)
	given(ca.Adopt(p.t.Context(), "two", given(us.Bundle())(p.t), p.circle.ID))(p.t)
}

// given returns what was given, or fails the test.
func given[T any](x T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}

func (p *pair) ceremonies(cfg node.Config) *node.Ceremonies {
	p.t.Helper()
	c := given(node.OpenCeremonies(p.t.Context(), cfg))(p.t)
	p.t.Cleanup(func() { _ = c.Close() })
	return c
}

func (p *pair) paper(code string) []byte {
	at := p.relay.Addr()
	if code == "CA" && p.caAddr != "" {
		at = p.caAddr
	}
	return []byte("code: " + code + `
name: {en: "A member made for a test", fr: "Un membre fait pour un essai"}
role: party
offices: [{id: statistics, name: {en: "Office", fr: "Office"}, regime: statistical}]
endpoints: ["` + at + `"]
contacts: [{for: operations, name: "Operations", email: "operations@example.org", hours: "always"}]
`)
}

// serve lets US serve until p.stop.
func (p *pair) serve() {
	p.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() {
		done <- node.Serve(ctx, p.us, node.ServeRequest{Listen: map[string]string{"": "127.0.0.1:0"}, Ready: func(at []node.Listening) { ready <- at[0].Address }})
	}()
	select {
	case at := <-ready:
		p.serves.Store(&at)
	case err := <-done:
		cancel()
		p.t.Fatalf("US does not serve: %v", err)
	}
	stopped := false
	p.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			p.t.Errorf("US ended: %v", err)
		}
	}
	p.t.Cleanup(p.stop)
}

// captured is a request as it went over the wire, inside of TLS.
type captured struct {
	url    string
	method string // POST where it is not said
	header http.Header
	body   []byte
}

// sign makes a request that CA's own keys have signed.
func (p *pair) sign() captured {
	p.t.Helper()
	span := guichettest.Period(p.t, "2020")
	req := given(federation.NewRequest(rand.Reader, p.clock.Now(), guichet.Request{
		From: guichet.Party{Circle: "two", Member: "CA", Office: "statistics"}, To: "US", Officer: "0123456789abcdef", Purpose: "supply-monitoring",
		Question: guichet.Question{Dataset: trade.Dataset().Name, Period: span},
	}))(p.t)
	c := captured{url: "https://" + p.relay.Addr() + federation.Prefix + "ask", body: given(json.Marshal(req))(p.t)}
	r := given(http.NewRequestWithContext(p.t.Context(), http.MethodPost, c.url, bytes.NewReader(c.body)))(p.t)
	r.Header.Set("Content-Type", federation.MediaJSON)
	keys := p.keys()
	defer keys.Close()
	sealer := given(seal.NewSealer(given(keys.Signer(guichet.KeySeal))(p.t), p.clock.Now, rand.Reader))(p.t)
	if err := sealer.Request(r, c.body); err != nil {
		p.t.Fatal(err)
	}
	c.header = r.Header
	return c
}

func (p *pair) keys() *seal.Keys {
	p.t.Helper()
	return given(seal.OpenKeys(filepath.Join(p.ca.Home, "keys", "node.age"), []byte(pairPassphrase)))(p.t)
}

// send sends a request over a connection of its own with CA's key, and returns
// the status and what was said.
func (p *pair) send(c captured) (status int, said string) {
	p.t.Helper()
	keys := p.keys()
	defer keys.Close()
	g := given(gate.New(gate.Config{
		Self: "CA", Circle: func(context.Context) (guichet.Circle, error) { return p.circle, nil },
		TLS: given(keys.Signer(guichet.KeyTLS))(p.t), Clock: p.clock.Now,
		Verify: func(r *http.Request, body []byte, find func(string) (ed25519.PublicKey, error)) (string, time.Time, error) {
			s, err := seal.Verifier{Clock: p.clock.Now}.Request(r, body, find)
			return s.Nonce, s.Created, err
		},
	}))(p.t)
	line := g.Transport("US")
	r := given(http.NewRequestWithContext(p.t.Context(), http.MethodPost, c.url, bytes.NewReader(c.body)))(p.t)
	r.Header = c.header.Clone()
	resp, err := line.RoundTrip(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	return resp.StatusCode, string(given(io.ReadAll(resp.Body))(p.t))
}

// TestFaultReplay: a request that was answered is not answered again: not at
// once, not when it has expired, not after the node was started anew; and not
// with another body.
func TestFaultReplay(t *testing.T) {
	p := newPair(t)
	c := p.sign()
	if status, said := p.send(c); status != http.StatusOK {
		t.Fatalf("the request itself: %d %s", status, said)
	}
	refused := func(when string, c captured, want ...int) {
		t.Helper()
		status, said := p.send(c)
		if !slices.Contains(want, status) {
			t.Errorf("%s: %d %s, want %v", when, status, said, want)
		}
	}
	refused("at once", c, http.StatusConflict)
	other := c
	other.body = bytes.Replace(c.body, []byte("0123456789abcdef"), []byte("fedcba9876543210"), 1)
	refused("with another body", other, http.StatusUnauthorized)
	p.clock.Move(5 * time.Second)
	p.stop()
	p.serve()
	refused("after a new start", c, http.StatusConflict, http.StatusUnauthorized, http.StatusForbidden, http.StatusServiceUnavailable)
	p.clock.Move(2 * time.Minute)
	refused("two minutes later", c, http.StatusUnauthorized, http.StatusForbidden)
	if status, said := p.send(p.sign()); status != http.StatusOK {
		t.Errorf("a new request: %d %s", status, said)
	}
}
