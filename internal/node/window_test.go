package node_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/gate"
	"guichet/internal/guichettest"
	"guichet/internal/seal"
)

// window is what node makes of rooms gate and seal, and of nothing else: CA's
// window, and US that asks there over mutual TLS with signed messages.
type window struct {
	ours, theirs *guichettest.Clock // CA's and US's
	address      string
	sealer       *seal.Sealer // US's
	gate         *gate.Gate   // US's
	verifier     seal.Verifier
	client       *http.Client
}

func TestTheWindow(t *testing.T) {
	w := newWindow(t)
	for _, c := range []struct {
		name   string
		alter  func(r *http.Request)
		clock  time.Duration // how far US's clock is ahead of CA's
		status int
		says   string
	}{
		{"as it should be", nil, 0, 200, "admitted US"},
		{"another body", func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("Question")) }, 0, 401, "the body is not the one"},
		{"another digest", func(r *http.Request) { r.Header.Set("Content-Digest", seal.ContentDigest([]byte("x"))) }, 0, 401, "the body is not the one"},
		{"another type", func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 0, 401, "the signature does not hold"},
		{"no nonce", func(r *http.Request) {
			in := r.Header.Get("Signature-Input")
			before, after, _ := strings.Cut(in, ";nonce=")
			_, after, _ = strings.Cut(after, ";")
			r.Header.Set("Signature-Input", before+";"+after)
		}, 0, 400, "its nonce has 0 characters"},
		{"not signed", func(r *http.Request) { r.Header.Del("Signature") }, 0, 400, "Signature is missing"},
		{"large signature", func(r *http.Request) { r.Header.Set("Signature", strings.Repeat("x", 5000)) }, 0, 413, "more than 4096"},
		{"10 minutes behind", nil, -10 * time.Minute, 403, "your clock is 10 min behind ours"},
		{"10 minutes ahead", nil, 10 * time.Minute, 403, "your clock is 10 min ahead of ours"},
	} {
		w.theirs.Move(c.clock)
		r := w.question(t)
		if c.alter != nil {
			c.alter(r)
		}
		resp, body := w.send(t, r)
		w.theirs.Move(-c.clock)
		if resp.StatusCode != c.status || !strings.Contains(body, c.says) {
			t.Errorf("%s: %d %s, want %d %s", c.name, resp.StatusCode, body, c.status, c.says)
		}
		// Refusals are signed as answers are, and bound where the request was signed.
		if resp.Request.Header.Get("Signature") == "" || c.clock != 0 {
			continue
		}
		if err := w.verify(t, resp, body); err != nil {
			t.Errorf("%s: the answer is not signed: %v", c.name, err)
		}
	}
}

func TestTheWindowAdmitsOnceAndAnswersToEach(t *testing.T) {
	w := newWindow(t)
	first := w.question(t)
	again := first.Clone(t.Context())
	again.Body = io.NopCloser(strings.NewReader("question"))
	one, body := w.send(t, first)
	if one.StatusCode != http.StatusOK {
		t.Fatal(body)
	}
	if resp, told := w.send(t, again); resp.StatusCode != http.StatusConflict || !strings.Contains(told, "its nonce has been used") {
		t.Errorf("the same again is answered %d %s", resp.StatusCode, told)
	}
	two, other := w.send(t, w.question(t))
	one.Request, two.Request = two.Request, one.Request
	for _, resp := range []*answered{one, two} {
		if err := w.verify(t, resp, other); guichet.KindOf(err) != guichet.KindUntrusted {
			t.Errorf("the answer to another question was taken: %v", err)
		}
	}
}

func newWindow(t *testing.T) *window {
	t.Helper()
	w := &window{ours: guichettest.NewClock(), theirs: guichettest.NewClock()}
	circle := guichet.Circle{Name: "two"}
	keys := map[string]*seal.Keys{}
	for _, code := range []string{"CA", "US"} {
		k, err := seal.NewKeys(w.ours.Now(), rand.Reader, guichet.KeyTLS, guichet.KeySeal)
		if err != nil {
			t.Fatal(err)
		}
		keys[code] = k
		m := guichet.Member{Code: code, Keys: k.Public()}
		for i := range m.Keys {
			m.Keys[i].From = time.Time{}
		}
		circle.Members = append(circle.Members, m)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.address = l.Addr().String()
	circle.Members[0].Endpoints = []string{w.address}
	state := func(context.Context) (guichet.Circle, error) { return circle, nil }
	server := w.gateOf(t, "CA", keys["CA"], w.ours, state)
	says := sealerOf(t, keys["CA"], w.ours)
	s := server.Server(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { answer(t, server, says, rw, r) }))
	go func() { _ = s.ServeTLS(l, "", "") }()
	w.gate, w.sealer = w.gateOf(t, "US", keys["US"], w.theirs, state), sealerOf(t, keys["US"], w.theirs)
	w.verifier = seal.Verifier{Clock: w.theirs.Now}
	w.client = &http.Client{Transport: w.gate.Transport("CA"), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(func() {
		w.client.CloseIdleConnections()
		_ = s.Close()
	})
	return w
}

func (w *window) gateOf(t *testing.T, code string, k *seal.Keys, clock *guichettest.Clock, state func(context.Context) (guichet.Circle, error)) *gate.Gate {
	t.Helper()
	key, err := k.Signer(guichet.KeyTLS)
	if err != nil {
		t.Fatal(err)
	}
	v := seal.Verifier{Clock: clock.Now}
	g, err := gate.New(gate.Config{
		Self: code, Circle: state, TLS: key, Clock: clock.Now,
		Verify: func(r *http.Request, body []byte, find func(string) (ed25519.PublicKey, error)) (string, time.Time, error) {
			s, err := v.Request(r, body, find)
			return s.Nonce, s.Created, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func sealerOf(t *testing.T, k *seal.Keys, clock *guichettest.Clock) *seal.Sealer {
	t.Helper()
	key, err := k.Signer(guichet.KeySeal)
	if err != nil {
		t.Fatal(err)
	}
	s, err := seal.NewSealer(key, clock.Now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// answer is a handler as the federation's are: read, admit, answer, sign.
func answer(t *testing.T, g *gate.Gate, says *seal.Sealer, rw http.ResponseWriter, r *http.Request) {
	t.Helper()
	body, err := gate.ReadBody(rw, r, 64<<10)
	var m guichet.Member
	if err == nil {
		m, _, err = g.Admit(r, body)
	}
	status, text := http.StatusOK, []byte("admitted "+m.Code)
	rw.Header().Set("Content-Type", "text/plain")
	if err != nil {
		p := gate.Problem(err)
		status, text = p.Status, p.Body
		rw.Header().Set("Content-Type", gate.ProblemType)
	}
	if err := says.Response(rw.Header(), status, r, text); err != nil {
		t.Error(err)
	}
	rw.WriteHeader(status)
	_, _ = rw.Write(text)
}

func (w *window) question(t *testing.T) *http.Request {
	t.Helper()
	body := []byte("question")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+w.address+"/guichet/1/ask", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if err := w.sealer.Request(r, body); err != nil {
		t.Fatal(err)
	}
	return r
}

// answered is a response whose body was read.
type answered struct {
	StatusCode int
	Header     http.Header
	Request    *http.Request
}

func (w *window) send(t *testing.T, r *http.Request) (*answered, string) {
	t.Helper()
	resp, err := w.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return &answered{resp.StatusCode, resp.Header, resp.Request}, string(text)
}

func (w *window) verify(t *testing.T, a *answered, body string) error {
	t.Helper()
	resp := &http.Response{StatusCode: a.StatusCode, Header: a.Header, Request: a.Request}
	_, err := w.verifier.Response(resp, []byte(body), w.gate.SealKey(t.Context(), "CA"))
	return err
}
