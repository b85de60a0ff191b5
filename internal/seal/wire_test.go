package seal_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"net/http"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/seal"
)

// wire is a member that asks and one that answers, with one clock.
type wire struct {
	clock      *guichettest.Clock
	asks, says *seal.Sealer
	askKey     ed25519.PrivateKey
	sayKey     ed25519.PrivateKey
	v          seal.Verifier
}

func newWire(tb testing.TB) *wire {
	tb.Helper()
	w := &wire{clock: guichettest.NewClock()}
	w.askKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, 32))
	w.sayKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, 32))
	for s, k := range map[**seal.Sealer]ed25519.PrivateKey{&w.asks: w.askKey, &w.says: w.sayKey} {
		made, err := seal.NewSealer(k, w.clock.Now, rand.Reader)
		if err != nil {
			tb.Fatal(err)
		}
		*s = made
	}
	w.v = seal.Verifier{Clock: w.clock.Now}
	return w
}

const question = `{"exchange":"0123456789abcdef0123456789abcdef"}`

func (w *wire) request(tb testing.TB) *http.Request {
	tb.Helper()
	r := request(tb, http.MethodPost, "https://ca.example.org:8443/guichet/1/ask?x=1", question)
	if err := w.asks.Request(r, []byte(question)); err != nil {
		tb.Fatal(err)
	}
	return r
}

func (w *wire) response(tb testing.TB, to *http.Request, body string) *answer {
	tb.Helper()
	h := http.Header{"Content-Type": {"application/vnd.guichet.reply"}, "Guichet-Leaf": {"17"}, "Guichet-Receipt": {"/guichet/1/receipts/17"}}
	if err := w.says.Response(h, 200, to, []byte(body)); err != nil {
		tb.Fatal(err)
	}
	return &answer{StatusCode: 200, Header: h, Request: to}
}

func (w *wire) read(r *http.Request, body string) error {
	_, err := w.v.Request(r, []byte(body), knows(w.askKey))
	return err
}

func (w *wire) readReply(r *answer, body string) error {
	resp := &http.Response{StatusCode: r.StatusCode, Header: r.Header, Request: r.Request}
	_, err := w.v.Response(resp, []byte(body), knows(w.sayKey))
	return err
}

func (w *wire) readStream(r *answer) error {
	resp := &http.Response{StatusCode: r.StatusCode, Header: r.Header, Request: r.Request}
	_, err := w.v.Stream(resp, knows(w.sayKey))
	return err
}

// answer is an http.Response whose body is apart.
type answer struct {
	StatusCode int
	Header     http.Header
	Request    *http.Request
}

func request(tb testing.TB, method, url, body string) *http.Request {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), method, url, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

func knows(k crypto.Signer) seal.Find {
	public, _ := k.Public().(ed25519.PublicKey)
	return func(id string) (ed25519.PublicKey, error) {
		if id != seal.KeyID(public) {
			return nil, guichet.Errorf(guichet.KindUntrusted, "no key %s", id)
		}
		return public, nil
	}
}

func TestBothWays(t *testing.T) {
	w := newWire(t)
	r := w.request(t)
	signed, err := w.v.Request(r, []byte(question), knows(w.askKey))
	if err != nil {
		t.Fatal(err)
	}
	if signed.KeyID != w.asks.KeyID() || len(signed.Nonce) != 22 || !signed.Created.Equal(w.clock.Now()) || signed.Expires.Sub(signed.Created) != 30*time.Second {
		t.Errorf("what was signed reads %+v", signed)
	}
	if err := w.readReply(w.response(t, r, "reply"), "reply"); err != nil {
		t.Error(err)
	}
	h := http.Header{"Content-Type": {"application/vnd.guichet.records"}, "Guichet-Leaf": {"18"}}
	if err := w.says.Stream(h, 200, r); err != nil {
		t.Fatal(err)
	}
	stream := &answer{StatusCode: 200, Header: h, Request: r}
	if err := w.readStream(stream); err != nil {
		t.Error(err)
	}
	if err := w.readReply(stream, ""); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("a stream was taken for a whole reply: %v", err)
	}
	get := request(t, http.MethodGet, "https://ca.example.org/guichet/1/ping", "")
	if err := w.asks.Request(get, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := w.v.Request(get, nil, knows(w.askKey)); err != nil || get.Header.Get("Content-Digest") != "" {
		t.Errorf("a GET: %v", err)
	}
	if _, err := w.v.Request(get, []byte("x"), knows(w.askKey)); err == nil {
		t.Error("a GET with a body that nobody signed was taken")
	}
	if err := w.asks.Request(get, nil); err != nil || len(get.Header.Values("Signature")) != 1 {
		t.Errorf("a request signed again has %d signatures (%v)", len(get.Header.Values("Signature")), err)
	}
}

// TestSwappedResponses gives each of two identical questions the other's answer.
func TestSwappedResponses(t *testing.T) {
	w := newWire(t)
	one, two := w.request(t), w.request(t)
	first, other := w.response(t, one, "reply"), w.response(t, two, "reply")
	first.Request, other.Request = two, one
	for _, r := range []*answer{first, other} {
		if err := w.readReply(r, "reply"); guichet.KindOf(err) != guichet.KindUntrusted {
			t.Errorf("the answer to another request was taken: %v", err)
		}
	}
}

func TestProblemToAnUnsignedRequest(t *testing.T) {
	w := newWire(t)
	r := request(t, http.MethodPost, "https://ca.example.org/guichet/1/ask", "x")
	resp := w.response(t, r, "problem")
	if !strings.Contains(resp.Header.Get("Signature-Input"), `"@path";req`) || strings.Contains(resp.Header.Get("Signature-Input"), `"signature";req`) {
		t.Errorf("the problem is signed over %s", resp.Header.Get("Signature-Input"))
	}
}

func TestClocks(t *testing.T) {
	for _, c := range []struct {
		ours time.Duration // our clock against theirs
		says string
	}{
		{0, ""},
		{29 * time.Second, ""},
		{-29 * time.Second, ""},
		{59 * time.Second, ""}, // 30 s of life and 30 s of skew
		{61 * time.Second, "your clock is 61 s behind ours: the message was signed at 2026-11-21T12:00:00Z, and here it is 2026-11-21T12:01:01Z"},
		{-31 * time.Second, "your clock is 31 s ahead of ours"},
		{7 * time.Minute, "your clock is 7 min behind ours"},
		{-10 * time.Minute, "your clock is 10 min ahead of ours"},
		{10 * time.Minute, "your clock is 10 min behind ours"},
		{5 * time.Hour, "your clock is 5 h behind ours"},
		{-72 * time.Hour, "your clock is 3 days ahead of ours"},
	} {
		w := newWire(t)
		r := w.request(t)
		w.clock.Move(c.ours)
		err := w.read(r, question)
		if c.says == "" {
			if err != nil {
				t.Errorf("%s apart: %v", c.ours, err)
			}
			continue
		}
		if guichet.KindOf(err) != guichet.KindRefused || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s apart: %v (%s), want %q", c.ours, err, guichet.KindOf(err), c.says)
		}
	}
	w := newWire(t)
	r := w.request(t)
	w.clock.Move(time.Hour)
	if err := w.read(r, "another"); guichet.KindOf(err) != guichet.KindUntrusted {
		t.Errorf("who holds no key learns our time: %v", err)
	}
}

// TestWhateverIsSignedIsVerified: any target, body and field that net/http sends.
func TestWhateverIsSignedIsVerified(t *testing.T) {
	w := newWire(t)
	rapid.Check(t, func(rt *rapid.T) {
		path := rapid.StringMatching(`(/[a-zA-Z0-9._~%20-]{0,8}){1,4}`).Draw(rt, "path")
		query := rapid.StringMatching(`([a-z]{1,3}=[a-zA-Z0-9+.-]{0,5}&){0,3}`).Draw(rt, "query")
		body := rapid.SliceOf(rapid.Byte()).Draw(rt, "body")
		value := rapid.StringMatching(`[!-~]([ -~]{0,20}[!-~])?`).Draw(rt, "value")
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://ca.example.org", http.NoBody)
		if err != nil {
			rt.Fatal(err)
		}
		r.URL.Opaque, r.URL.RawQuery = "", query
		r.URL.Path = path
		r.Header.Set("Content-Type", value)
		r.Header.Set("Guichet-Test", value)
		if body == nil {
			body = []byte{}
		}
		if err := w.asks.Request(r, body); err != nil {
			rt.Fatal(err)
		}
		if err := w.read(r, string(body)); err != nil {
			rt.Fatalf("%v\n%s", err, r.Header.Get("Signature-Input"))
		}
		if err := w.read(r, string(body)+"x"); err == nil {
			rt.Fatal("another body was taken")
		}
	})
}

func TestSignatureOfAnUnsignableMessage(t *testing.T) {
	w := newWire(t)
	r := request(t, http.MethodPost, "https://ca.example.org/x", "x")
	for _, value := range []string{"a\nb", "naïve", "\x00"} {
		r.Header["Guichet-Test"] = []string{value}
		if err := w.asks.Request(r, []byte("x")); guichet.KindOf(err) != guichet.KindInvalid {
			t.Errorf("the value %q was signed: %v", value, err)
		}
	}
	in, err := seal.ParseInput(`("@method")`)
	if err != nil {
		t.Fatal(err)
	}
	m := seal.RequestMessage(request(t, http.MethodGet, "https://ca.example.org/x", ""))
	for _, label := range []string{"", "Sig", "a b", "1"} {
		if err := seal.Sign(m, label, in, w.askKey); guichet.KindOf(err) != guichet.KindInvalid {
			t.Errorf("the label %q was taken: %v", label, err)
		}
	}
	for _, label := range []string{"one", "two"} {
		if err := seal.Sign(m, label, in, w.askKey); err != nil {
			t.Fatal(err)
		}
	}
	if err := seal.Sign(m, "two", in, w.askKey); err == nil {
		t.Error("a label was used twice")
	}
	for _, label := range []string{"one", "two"} {
		if got, err := seal.Verify(m, label, w.askKey.Public().(ed25519.PublicKey)); err != nil || got.String() != `("@method")` {
			t.Errorf("the signature %s of two: %v", label, err)
		}
	}
	if _, err := seal.Verify(m, "three", w.askKey.Public().(ed25519.PublicKey)); err == nil {
		t.Error("a signature that is not there was verified")
	}
	if _, err := (seal.Input{}).Base(m); err == nil {
		t.Error("an empty input has a base")
	}
}

func TestComponentsThatAreRefused(t *testing.T) {
	m := seal.RequestMessage(request(t, http.MethodGet, "https://ca.example.org/x?a=1&a=2", ""))
	m.Header = http.Header{"Date": {"today"}, "Dict": {"a=1"}, "Broken": {"(((("}}
	for _, id := range []string{
		`"date";sf`, `"date";bs;sf`, `"dict";bs;key="a"`, `"dict";key="b"`, `"broken";key="a"`, `"dict";key=1`, `"dict";sf=1`,
		`"date";tr`, `"date";name="a"`, `"@query-param"`, `"@query-param";name="a"`, `"@query-param";name="b"`, `"@method";sf`, `"@method";bs`,
		`"@method";tr`, `"@method";key="a"`, `""`, `"signature";sf`, `"content-digest";sf`,
	} {
		in, err := seal.ParseInput("(" + id + ")")
		if err == nil {
			_, err = in.Base(m)
		}
		if guichet.KindOf(err) != guichet.KindInvalid {
			t.Errorf("%s was taken: %v", id, err)
		}
	}
	for _, text := range []string{`"a" "b"`, `("a";x="1";y "a";y;x="1")`, `("dict";key="a";req "dict";req;key="a")`, strings.Repeat("x", 10<<10)} {
		if _, err := seal.ParseInput(text); err == nil {
			t.Errorf("the input %.40q was taken", text)
		}
	}
}

// TestTraceIsSigned: the trace that a request belongs to is covered by its signature;
// nobody on the way adds another.
func TestTraceIsSigned(t *testing.T) {
	w := newWire(t)
	const parent, other = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203332-01"
	find := func(string) (ed25519.PublicKey, error) { return w.askKey.Public().(ed25519.PublicKey), nil } //nolint:forcetypeassert // it is one
	for name, c := range map[string]struct {
		before, after string
		good          bool
	}{"signed": {parent, parent, true}, "changed": {parent, other, false}, "added": {"", parent, false}, "taken away": {parent, "", false}, "none": {"", "", true}} {
		r := request(t, http.MethodPost, "https://ca.example.org:8443/guichet/1/ask", question)
		set := func(v string) {
			r.Header.Del("Traceparent")
			if v != "" {
				r.Header.Set("Traceparent", v)
			}
		}
		set(c.before)
		if err := w.asks.Request(r, []byte(question)); err != nil {
			t.Fatal(err)
		}
		set(c.after)
		if _, err := w.v.Request(r, []byte(question), find); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}
