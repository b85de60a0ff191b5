package seal_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"flag"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/seal"
)

var update = flag.Bool("update", false, "write docs/protocol/vectors/signatures.json; review it like code")

// The file is for those who write a node of their own: docs/protocol/signatures.md
// says how to read it.
type (
	vectors struct {
		About   string           `json:"about"`
		Now     string           `json:"now"` // of the verifier's clock
		Keys    []vectorKey      `json:"keys"`
		Signed  []vectorMessage  `json:"signed"`
		Refused []vectorRefusal  `json:"refused"`
		Bytes   []vectorBytes    `json:"bytes"`
		Digests []map[string]any `json:"digests"`
	}
	vectorKey struct {
		Who    string `json:"who"`
		ID     string `json:"id"`
		Seed   string `json:"seed"`   // hex, RFC 8032
		Public string `json:"public"` // hex
	}
	vectorMessage struct {
		Name   string            `json:"name"`
		Key    string            `json:"key"`
		Method string            `json:"method,omitempty"`
		URL    string            `json:"url,omitempty"`
		Status int               `json:"status,omitempty"`
		To     string            `json:"to,omitempty"` // of a response: the request's name
		Stream bool              `json:"stream,omitempty"`
		Header map[string]string `json:"header"`
		Body   string            `json:"body,omitempty"`
		Base   string            `json:"base"`
	}
	vectorRefusal struct {
		Name  string            `json:"name"`
		Of    string            `json:"of"`              // the signed message that was altered
		Set   map[string]string `json:"set,omitempty"`   // fields that are other; "" away
		Body  string            `json:"body,omitempty"`  // the other body
		To    string            `json:"to,omitempty"`    // the other request
		Clock int               `json:"clock,omitempty"` // seconds that the verifier's clock has moved on
		Kind  guichet.Kind      `json:"kind"`
	}
	vectorBytes struct {
		Key       string `json:"key"`
		Context   string `json:"context"`
		Message   string `json:"message"`
		Signature string `json:"signature"` // hex
	}
)

const vectorsAbout = "GENERATED test vectors of docs/protocol/signatures.md; the keys are for tests alone. " +
	"Each message in `signed` must be verified by the key that it names, and its signature base be `base`; each in `refused` must not be."

var vectorsPath = filepath.Join("..", "..", "docs", "protocol", "vectors", "signatures.json")

// TestVectorsAreCurrent makes the file again.
func TestVectorsAreCurrent(t *testing.T) {
	made := makeVectors(t)
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(made); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(vectorsPath, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	there, err := os.ReadFile(vectorsPath)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(there, out.Bytes()) {
		t.Error("docs/protocol/vectors/signatures.json is not what the code makes; if the wire was meant to change, run go test ./internal/seal -run Vectors -update")
	}
}

// TestVectors reads the file as another node's engineer would.
func TestVectors(t *testing.T) {
	text, err := os.ReadFile(vectorsPath)
	if err != nil {
		t.Fatal(err)
	}
	var vs vectors
	if err := json.Unmarshal(text, &vs); err != nil {
		t.Fatal(err)
	}
	if len(vs.Signed) < 5 || len(vs.Refused) < 10 || len(vs.Bytes) == 0 {
		t.Fatalf("the file has %d messages, %d refusals", len(vs.Signed), len(vs.Refused))
	}
	for _, m := range vs.Signed {
		if err := vs.verify(t, m, m.To, 0); err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
	}
	for _, r := range vs.Refused {
		m := vs.named(t, r.Of)
		m.Header = maps.Clone(m.Header)
		for k, v := range r.Set {
			m.Header[k] = v
			if v == "" {
				delete(m.Header, k)
			}
		}
		if r.Body != "" {
			m.Body = r.Body
		}
		to := m.To
		if r.To != "" {
			to = r.To
		}
		if err := vs.verify(t, m, to, time.Duration(r.Clock)*time.Second); guichet.KindOf(err) != r.Kind {
			t.Errorf("%s: %v (%s), want %s", r.Name, err, guichet.KindOf(err), r.Kind)
		}
	}
	for _, b := range vs.Bytes {
		if err := seal.VerifyBytes(unhex(t, vs.key(t, b.Key).Public), b.Context, []byte(b.Message), unhex(t, b.Signature)); err != nil {
			t.Errorf("%s: %v", b.Context, err)
		}
	}
}

func (vs vectors) verify(t *testing.T, m vectorMessage, to string, later time.Duration) error {
	t.Helper()
	now, err := time.Parse(time.RFC3339, vs.Now)
	if err != nil {
		t.Fatal(err)
	}
	v := seal.Verifier{Clock: func() time.Time { return now.Add(later) }}
	find := func(id string) (ed25519.PublicKey, error) {
		for _, k := range vs.Keys {
			if k.ID == id && k.Who == m.Key {
				return unhex(t, k.Public), nil
			}
		}
		return nil, guichet.Errorf(guichet.KindUntrusted, "no key %s", id)
	}
	if m.Status == 0 {
		_, err = v.Request(vs.request(t, m), []byte(m.Body), find)
		return err
	}
	resp := &http.Response{StatusCode: m.Status, Header: header(m.Header), Request: vs.request(t, vs.named(t, to))}
	if m.Stream {
		_, err = v.Stream(resp, find)
	} else {
		_, err = v.Response(resp, []byte(m.Body), find)
	}
	return err
}

func (vs vectors) request(t *testing.T, m vectorMessage) *http.Request {
	t.Helper()
	r := request(t, m.Method, m.URL, "")
	r.Header = header(m.Header)
	return r
}

func (vs vectors) named(t *testing.T, name string) vectorMessage {
	t.Helper()
	for _, m := range vs.Signed {
		if m.Name == name {
			return m
		}
	}
	t.Fatalf("no message is named %q", name)
	return vectorMessage{}
}

func (vs vectors) key(t *testing.T, who string) vectorKey {
	t.Helper()
	for _, k := range vs.Keys {
		if k.Who == who {
			return k
		}
	}
	t.Fatalf("no key of %q", who)
	return vectorKey{}
}

func header(fields map[string]string) http.Header {
	h := http.Header{}
	for k, v := range fields {
		h.Set(k, v)
	}
	return h
}

// makeVectors signs with keys, times and nonces that are always the same.
func makeVectors(t *testing.T) vectors {
	t.Helper()
	clock := guichettest.NewClock()
	vs := vectors{About: vectorsAbout, Now: clock.Now().Format(time.RFC3339)}
	sealers := map[string]*seal.Sealer{}
	for i, who := range []string{"asker", "asked"} {
		seed := bytes.Repeat([]byte{byte(i + 1)}, ed25519.SeedSize)
		key := ed25519.NewKeyFromSeed(seed)
		public := key.Public().(ed25519.PublicKey)
		vs.Keys = append(vs.Keys, vectorKey{Who: who, ID: seal.KeyID(public), Seed: hex.EncodeToString(seed), Public: hex.EncodeToString(public)})
		s, err := seal.NewSealer(key, clock.Now, &counter{})
		if err != nil {
			t.Fatal(err)
		}
		sealers[who] = s
	}
	add := func(m vectorMessage) {
		vs.Signed = append(vs.Signed, vs.sign(t, sealers[m.Key], m))
	}
	const host = "https://ca.example.org:8443/guichet/1/"
	jsonType := func() map[string]string { return map[string]string{"Content-Type": "application/json"} }
	answer := func(kind string) map[string]string {
		return map[string]string{"Content-Type": kind, "Guichet-Leaf": "17", "Guichet-Receipt": "/guichet/1/receipts/17"}
	}
	add(vectorMessage{Name: "ask", Key: "asker", Method: "POST", URL: host + "ask", Header: jsonType(), Body: question})
	add(vectorMessage{Name: "ask again", Key: "asker", Method: "POST", URL: host + "ask", Header: jsonType(), Body: question})
	add(vectorMessage{Name: "exchanges", Key: "asker", Method: "GET", URL: "https://CA.example.org:443/guichet/1/exchanges?from=17", Header: map[string]string{}})
	add(vectorMessage{Name: "records", Key: "asker", Method: "POST", URL: host + "records", Header: jsonType(), Body: question})
	add(vectorMessage{Name: "reply", Key: "asked", Status: 200, To: "ask", Header: answer("application/vnd.guichet.reply"), Body: "the bytes of a reply"})
	add(vectorMessage{Name: "reply again", Key: "asked", Status: 200, To: "ask again", Header: answer("application/vnd.guichet.reply"), Body: "the bytes of a reply"})
	add(vectorMessage{Name: "stream", Key: "asked", Status: 200, To: "records", Stream: true, Header: answer("application/vnd.guichet.records")})
	add(vectorMessage{Name: "problem", Key: "asked", Status: 503, To: "ask", Header: map[string]string{"Content-Type": "application/problem+json"}, Body: `{"kind":"busy","message":"the journal cannot write"}`})
	input := func(of, from, to string) map[string]string {
		return map[string]string{"Signature-Input": strings.Replace(vs.named(t, of).Header["Signature-Input"], from, to, 1)}
	}
	vs.Refused = []vectorRefusal{
		{Name: "another body", Of: "ask", Body: question + " ", Kind: guichet.KindUntrusted},
		{Name: "another body with its digest", Of: "ask", Body: "x", Set: map[string]string{"Content-Digest": seal.ContentDigest([]byte("x"))}, Kind: guichet.KindUntrusted},
		{Name: "another content type", Of: "ask", Set: map[string]string{"Content-Type": "text/html"}, Kind: guichet.KindUntrusted},
		{Name: "a field of the protocol that nobody signed", Of: "ask", Set: map[string]string{"Guichet-More": "1"}, Kind: guichet.KindUntrusted},
		{Name: "no digest", Of: "ask", Set: map[string]string{"Content-Digest": ""}, Kind: guichet.KindInvalid},
		{Name: "no signature", Of: "ask", Set: map[string]string{"Signature": "", "Signature-Input": ""}, Kind: guichet.KindInvalid},
		{Name: "method not covered", Of: "ask", Set: input("ask", `"@method" `, ""), Kind: guichet.KindUntrusted},
		{Name: "no tag", Of: "ask", Set: input("ask", `;tag="guichet"`, ""), Kind: guichet.KindInvalid},
		{Name: "no expiry", Of: "ask", Set: input("ask", ";expires=1795262430", ""), Kind: guichet.KindInvalid},
		{Name: "too long a life", Of: "ask", Set: input("ask", "expires=1795262430", "expires=1795262461"), Kind: guichet.KindInvalid},
		{Name: "another nonce", Of: "ask", Set: input("ask", `nonce="`, `nonce="x`), Kind: guichet.KindUntrusted},
		{Name: "a parameter twice", Of: "ask", Set: input("ask", ";created=", ";created=1;created="), Kind: guichet.KindInvalid},
		{Name: "an algorithm that is not the key's", Of: "ask", Set: input("ask", `;tag=`, `;alg="hmac-sha256";tag=`), Kind: guichet.KindUntrusted},
		{Name: "the answer to the same question put again", Of: "reply", To: "ask again", Kind: guichet.KindUntrusted},
		{Name: "another leaf", Of: "reply", Set: map[string]string{"Guichet-Leaf": "18"}, Kind: guichet.KindUntrusted},
		{Name: "an answer that is not bound", Of: "reply", Set: input("reply", ` "signature";req`, ""), Kind: guichet.KindUntrusted},
		{Name: "a clock 10 min ahead of the signer's", Of: "ask", Clock: 600, Kind: guichet.KindRefused},
		{Name: "a clock 10 min behind the signer's", Of: "ask", Clock: -600, Kind: guichet.KindRefused},
	}
	end := `{"bytes":1048576,"chunks":4,"leaf":17,"root":"` + strings.Repeat("ab", 32) + `","rows":12345}`
	signature, err := seal.SignBytes(ed25519.NewKeyFromSeed(unhex(t, vs.key(t, "asked").Seed)), seal.ContextRecordsEnd, []byte(end))
	if err != nil {
		t.Fatal(err)
	}
	vs.Bytes = []vectorBytes{{Key: "asked", Context: seal.ContextRecordsEnd, Message: end, Signature: hex.EncodeToString(signature)}}
	for _, body := range []string{"", "the bytes of a reply", question} {
		vs.Digests = append(vs.Digests, map[string]any{"body": body, "content_digest": seal.ContentDigest([]byte(body))})
	}
	return vs
}

// sign signs a message with what the room offers, and writes down its base.
func (vs vectors) sign(t *testing.T, s *seal.Sealer, m vectorMessage) vectorMessage {
	t.Helper()
	var view *seal.Message
	var h http.Header
	var err error
	switch m.Status {
	case 0:
		r := vs.request(t, m)
		var body []byte
		if m.Body != "" {
			body = []byte(m.Body)
		}
		err = s.Request(r, body)
		h, view = r.Header, seal.RequestMessage(r)
	default:
		to := vs.request(t, vs.named(t, m.To))
		h = header(m.Header)
		if m.Stream {
			err = s.Stream(h, m.Status, to)
		} else {
			err = s.Response(h, m.Status, to, []byte(m.Body))
		}
		view = seal.ResponseMessage(m.Status, h, to)
	}
	if err != nil {
		t.Fatal(err)
	}
	in, err := seal.ParseInput(strings.TrimPrefix(h.Get("Signature-Input"), "guichet="))
	if err != nil {
		t.Fatal(err)
	}
	base, err := in.Base(view)
	if err != nil {
		t.Fatal(err)
	}
	m.Header, m.Base = flat(h), string(base)
	return m
}

// counter gives the bytes 0, 1, 2 and so on: a chance that is always the same.
type counter struct{ next byte }

func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = c.next
		c.next++
	}
	return len(p), nil
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	out, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
