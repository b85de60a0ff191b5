package gate_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet"
	"guichet/internal/gate"
	"guichet/internal/guichettest"
)

// world is a circle of three, with a window at CA.
type world struct {
	clock    *guichettest.Clock
	us, mx   *node
	rate     float64
	burst    int
	listener net.Listener

	mu     sync.Mutex // guards all below
	circle guichet.Circle
	fails  error
	server *http.Server
	count  int // requests that reached the handler
	conns  map[net.Conn]bool
	nonce  int
	addr   string
}

type node struct {
	gate      *gate.Gate
	seal      ed25519.PrivateKey
	transport http.RoundTripper
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{clock: guichettest.NewClock(), conns: map[net.Conn]bool{}}
	w.circle = guichet.Circle{Name: "three", Members: []guichet.Member{paper("CA", 1), paper("US", 2), paper("MX", 3)}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.addr = l.Addr().String()
	w.circle.Members[0].Endpoints = []string{w.addr}
	w.serve(t, l)
	w.us, w.mx = newNode(t, w, "US", 2), newNode(t, w, "MX", 3)
	t.Cleanup(func() { _ = w.server.Close() })
	return w
}

// restart ends the window and opens it at the same address, with a new gate.
func (w *world) restart(t *testing.T) {
	t.Helper()
	_ = w.listener.Close() // the server may not have come to know it yet
	_ = w.server.Close()
	for _, n := range []*node{w.us, w.mx} {
		n.transport.(interface{ CloseIdleConnections() }).CloseIdleConnections()
		n.transport = n.gate.Transport("CA") // one that has no connection of before
	}
	l, err := net.Listen("tcp", w.addr)
	if err != nil {
		t.Fatal(err)
	}
	w.serve(t, l)
}

func (w *world) serve(t *testing.T, l net.Listener) {
	t.Helper()
	g, err := gate.New(gate.Config{
		Self: "CA", Circle: w.now, TLS: key(1), Clock: w.clock.Now, Rate: w.rate, Burst: w.burst,
		Verify: func(r *http.Request, body []byte, find func(string) (ed25519.PublicKey, error)) (string, time.Time, error) {
			return verify(r, body, find, w.clock.Now())
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.server = g.Server(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.count++
		w.mu.Unlock()
		body, err := gate.ReadBody(rw, r, 64<<10)
		var m guichet.Member
		if err == nil {
			var k guichet.MemberKey
			if m, k, err = g.Admit(r, body); err == nil && k.ID != m.Keys[1].ID {
				t.Errorf("admitted by the key %s, want %s", k.ID, m.Keys[1].ID)
			}
		}
		if err != nil {
			p := gate.Problem(err)
			if p.RetryAfter > 0 {
				rw.Header().Set("Retry-After", strconv.Itoa(int(p.RetryAfter/time.Second)))
			}
			rw.Header().Set("Content-Type", gate.ProblemType)
			rw.WriteHeader(p.Status)
			_, _ = rw.Write(p.Body)
			return
		}
		_, _ = io.WriteString(rw, "admitted "+m.Code)
	}))
	w.server.ConnState = func(c net.Conn, s http.ConnState) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if s == http.StateActive {
			w.conns[c] = true
		}
	}
	server := w.server
	w.listener = l
	go func() { _ = server.ServeTLS(l, "", "") }()
}

func (w *world) now(context.Context) (guichet.Circle, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.circle, w.fails
}

// change gives the circle a new state; what was handed out is not touched.
func (w *world) change(how func(*guichet.Circle)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	next := w.circle
	next.Members = append([]guichet.Member(nil), w.circle.Members...)
	for i := range next.Members {
		next.Members[i].Keys = append([]guichet.MemberKey(nil), next.Members[i].Keys...)
	}
	how(&next)
	w.circle = next
}

func (w *world) revoke(member string, use guichet.KeyUse) {
	w.change(func(c *guichet.Circle) {
		for i := range c.Members {
			for j := range c.Members[i].Keys {
				if c.Members[i].Code == member && c.Members[i].Keys[j].Use == use {
					c.Members[i].Keys[j].Revoked = w.clock.Now().Add(-time.Minute)
				}
			}
		}
	})
}

func (w *world) connections() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.conns)
}

func (w *world) asked() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.count
}

// reply is what came back, read to its end.
type reply struct {
	StatusCode, ProtoMajor int
	Proto                  string
	Header                 http.Header
	Resumed                bool
	Text                   string
}

// ask sends a request signed by a key.
func (w *world) ask(t *testing.T, tr http.RoundTripper, seal ed25519.PrivateKey, body string) (reply, string) {
	t.Helper()
	r, err := w.send(t, tr, w.request(t, seal, body))
	if err != nil {
		t.Fatal(err)
	}
	return r, r.Text
}

func (w *world) send(t *testing.T, tr http.RoundTripper, r *http.Request) (reply, error) {
	t.Helper()
	resp, err := tr.RoundTrip(r)
	if err != nil {
		return reply{}, err
	}
	text, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		t.Error(err)
	}
	return reply{resp.StatusCode, resp.ProtoMajor, resp.Proto, resp.Header, resp.TLS.DidResume, string(text)}, nil
}

func (w *world) request(t *testing.T, seal ed25519.PrivateKey, body string) *http.Request {
	t.Helper()
	return w.requestAt(t, w.addr, seal, body)
}

// requestAt is a request to an address on the way to the window.
func (w *world) requestAt(t *testing.T, addr string, seal ed25519.PrivateKey, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+addr+"/guichet/1/ask?x=1", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	w.nonce++
	nonce := fmt.Sprintf("nonce-%020d", w.nonce)
	w.mu.Unlock()
	sign(r, body, nonce, w.clock.Now(), seal)
	return r
}

// rewind is the very request once more, with the body "x".
func rewind(r *http.Request) *http.Request {
	again := r.Clone(r.Context())
	again.Body = io.NopCloser(strings.NewReader("x"))
	return again
}

func plain(t *testing.T, c *tls.Config) http.RoundTripper {
	t.Helper()
	tr := &http.Transport{TLSClientConfig: c, ForceAttemptHTTP2: true}
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

func newNode(t *testing.T, w *world, code string, seed byte) *node {
	t.Helper()
	g, err := gate.New(gate.Config{
		Self: code, Circle: w.now, TLS: key(seed), Clock: w.clock.Now,
		Verify: func(*http.Request, []byte, func(string) (ed25519.PublicKey, error)) (string, time.Time, error) {
			return "", time.Time{}, errors.New("this node serves nobody")
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	n := &node{gate: g, seal: key(seed + 100), transport: g.Transport("CA")}
	t.Cleanup(func() {
		if c, ok := n.transport.(interface{ CloseIdleConnections() }); ok {
			c.CloseIdleConnections()
		}
	})
	return n
}

// key is the same for a seed; the tls key of a member has the seed, its seal key
// the seed and 100.
func key(seed byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
}

func paper(code string, seed byte) guichet.Member {
	of := func(use guichet.KeyUse, k crypto.Signer) guichet.MemberKey {
		public := k.Public().(ed25519.PublicKey)
		sum := sha256.Sum256(public)
		return guichet.MemberKey{ID: hex.EncodeToString(sum[:8]), Use: use, Public: public}
	}
	return guichet.Member{Code: code, Keys: []guichet.MemberKey{of(guichet.KeyTLS, key(seed)), of(guichet.KeySeal, key(seed+100))}}
}

// sign and verify are a signature as the gate expects one: Ed25519 over all that it
// must bind. The real one is room seal's, and the two meet in the tests of node.
func sign(r *http.Request, body, nonce string, at time.Time, k ed25519.PrivateKey) {
	r.Header.Set("X-Key", paper("", k.Seed()[0]-100).Keys[1].ID)
	r.Header.Set("X-Nonce", nonce)
	r.Header.Set("X-Created", strconv.FormatInt(at.Unix(), 10))
	r.Header.Set("X-Signature", base64.StdEncoding.EncodeToString(ed25519.Sign(k, signed(r, []byte(body)))))
}

func verify(r *http.Request, body []byte, find func(string) (ed25519.PublicKey, error), now time.Time) (string, time.Time, error) {
	public, err := find(r.Header.Get("X-Key"))
	if err != nil {
		return "", time.Time{}, err
	}
	signature, err := base64.StdEncoding.DecodeString(r.Header.Get("X-Signature"))
	if err != nil || !ed25519.Verify(public, signed(r, body), signature) {
		return "", time.Time{}, guichet.Errorf(guichet.KindUntrusted, "the signature does not hold")
	}
	seconds, err := strconv.ParseInt(r.Header.Get("X-Created"), 10, 64)
	if err != nil {
		return "", time.Time{}, guichet.Errorf(guichet.KindInvalid, "no time")
	}
	created := time.Unix(seconds, 0)
	if now.Sub(created).Abs() > gate.MaxLife+gate.DefaultSkew {
		return "", time.Time{}, guichet.Errorf(guichet.KindRefused, "your clock is behind ours")
	}
	return r.Header.Get("X-Nonce"), created, nil
}

func signed(r *http.Request, body []byte) []byte {
	sum := sha256.Sum256(body)
	return fmt.Appendf(nil, "%s %s %s %s %x", r.Method, r.URL.RequestURI(), r.Header.Get("X-Nonce"), r.Header.Get("X-Created"), sum)
}
