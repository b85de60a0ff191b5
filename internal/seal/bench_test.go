package seal_test

import (
	"bytes"
	"crypto/rand"
	"net/http"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/seal"
)

func FuzzSignatureFields(f *testing.F) {
	w := newWire(f)
	var err error
	// The workers of a fuzz run must sign alike.
	if w.asks, err = seal.NewSealer(w.askKey, w.clock.Now, &counter{}); err != nil {
		f.Fatal(err)
	}
	r := w.request(f)
	f.Add(r.Header.Get("Signature-Input"), r.Header.Get("Signature"), r.Header.Get("Content-Digest"))
	f.Add(`a=("b";sf "c";key="d";req "e";bs "@query-param";name="x");created=1`, "a=:AA==:", "sha-256=:AA==:, md5=:AA==:")
	f.Add(`a=(), a=()`, "a=:AA==:, b=1", `sha-256="x"`)
	f.Add(`a=("\"\\");x=%"e";y=@1`, "a=::", "a")
	body := []byte(question)
	f.Fuzz(func(t *testing.T, input, signature, digest string) {
		altered := input != r.Header.Get("Signature-Input") || signature != r.Header.Get("Signature") || digest != r.Header.Get("Content-Digest")
		again := r.Clone(t.Context())
		again.Header.Set("Signature-Input", input)
		again.Header.Set("Signature", signature)
		again.Header.Set("Content-Digest", digest)
		_, err := w.v.Request(again, body, knows(w.askKey))
		if err == nil && strings.Trim(input, " \t") != r.Header.Get("Signature-Input") {
			t.Errorf("another input was taken: %q %q %q", input, signature, digest)
		}
		if err != nil && !altered {
			t.Errorf("what was signed was refused: %v", err)
		}
		if err != nil && guichet.KindOf(err) == guichet.KindInternal {
			t.Errorf("an error without a kind: %v", err)
		}
		_ = seal.VerifyDigest([]string{digest}, body)
		if in, err := seal.ParseInput(input); err == nil {
			if again, err := seal.ParseInput(in.String()); err != nil || again.String() != in.String() {
				t.Errorf("%q is not read as it is written: %v", in, err)
			}
		}
	})
}

func BenchmarkSignRequest(b *testing.B) {
	w := newWire(b)
	body := bytes.Repeat([]byte("x"), 512)
	r := request(b, http.MethodPost, "https://ca.example.org:8443/guichet/1/ask", "x")
	for b.Loop() {
		if err := w.asks.Request(r, body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyRequest(b *testing.B) {
	w := newWire(b)
	body := bytes.Repeat([]byte("x"), 512)
	r := request(b, http.MethodPost, "https://ca.example.org:8443/guichet/1/ask", "x")
	if err := w.asks.Request(r, body); err != nil {
		b.Fatal(err)
	}
	find := knows(w.askKey)
	for b.Loop() {
		if _, err := w.v.Request(r, body, find); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSignResponse(b *testing.B) {
	w := newWire(b)
	r, body := w.request(b), bytes.Repeat([]byte("x"), 2048)
	for b.Loop() {
		h := http.Header{"Content-Type": {"application/vnd.guichet.reply"}, "Guichet-Leaf": {"17"}, "Guichet-Receipt": {"/guichet/1/receipts/17"}}
		if err := w.says.Response(h, 200, r, body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyResponse(b *testing.B) {
	w := newWire(b)
	body := bytes.Repeat([]byte("x"), 2048)
	a := w.response(b, w.request(b), string(body))
	resp := &http.Response{StatusCode: a.StatusCode, Header: a.Header, Request: a.Request}
	find := knows(w.sayKey)
	for b.Loop() {
		if _, err := w.v.Response(resp, body, find); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenKeys(b *testing.B) {
	k, err := seal.NewKeys(guichettest.NewClock().Now(), rand.Reader, guichet.KeyTLS, guichet.KeySeal)
	if err != nil {
		b.Fatal(err)
	}
	path := b.TempDir() + "/k.age"
	if err := k.Save(path, []byte(passphrase)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := seal.OpenKeys(path, []byte(passphrase)); err != nil {
			b.Fatal(err)
		}
	}
}
