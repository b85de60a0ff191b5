package seal_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The messages as testdata/interop.py reads and writes them.
type (
	interopMessage struct {
		Method  string            `json:"method,omitempty"`
		URL     string            `json:"url,omitempty"`
		Status  int               `json:"status,omitempty"`
		Header  map[string]string `json:"header"`
		Body    []byte            `json:"body"`
		Whole   bool              `json:"whole"`   // the body is covered by its digest
		Covered []string          `json:"covered"` // identifiers, as serialised
	}
	interopPair struct {
		Request  interopMessage `json:"request"`
		Response interopMessage `json:"response"`
	}
	interopAnswer struct {
		Verified [][]string        `json:"verified"`
		Request  map[string]string `json:"request"`
		Response map[string]string `json:"response"`
	}
)

// TestAnotherImplementation lets PyPI's http-message-signatures verify what we sign
// and sign what we verify, requests and responses.
func TestAnotherImplementation(t *testing.T) {
	w := newWire(t)
	now := time.Now() // the library knows no other
	w.clock.Move(now.Sub(w.clock.Now()))
	pairs := []interopPair{w.pair(t, http.MethodPost, "ask?x=1&y=%20", false), w.pair(t, http.MethodPost, "records", true), w.pair(t, http.MethodGet, "exchanges?from=17", false)}
	answers := w.python(t, pairs)
	if len(answers) != len(pairs) {
		t.Fatalf("%d pairs came back, not %d", len(answers), len(pairs))
	}
	for i, a := range answers {
		p := pairs[i]
		if diff := cmp.Diff([][]string{p.Request.Covered, p.Response.Covered}, a.Verified); diff != "" {
			t.Errorf("pair %d: they read other components (-ours +theirs):\n%s", i, diff)
		}
		r := request(t, p.Request.Method, p.Request.URL, "")
		for k, v := range a.Request {
			r.Header.Set(k, v)
		}
		if !strings.HasPrefix(r.Header.Get("Signature"), "py=:") {
			t.Fatalf("pair %d: they did not sign: %v", i, r.Header)
		}
		if _, err := w.v.Request(r, p.Request.Body, knows(w.askKey)); err != nil {
			t.Errorf("pair %d: their request: %v\n%s", i, err, r.Header.Get("Signature-Input"))
		}
		resp := &http.Response{StatusCode: p.Response.Status, Header: http.Header{}, Request: r}
		for k, v := range a.Response {
			resp.Header.Set(k, v)
		}
		var err error
		if p.Response.Whole {
			_, err = w.v.Response(resp, p.Response.Body, knows(w.sayKey))
		} else {
			_, err = w.v.Stream(resp, knows(w.sayKey))
		}
		if err != nil {
			t.Errorf("pair %d: their response: %v\n%s", i, err, resp.Header.Get("Signature-Input"))
		}
	}
}

// pair is a question and its answer, both signed by us.
func (w *wire) pair(t *testing.T, method, target string, stream bool) interopPair {
	t.Helper()
	var body []byte
	text := ""
	if method != http.MethodGet {
		text, body = question, []byte(question)
	}
	r := request(t, method, "https://ca.example.org:8443/guichet/1/"+target, text)
	r.Header.Set("Content-Type", "application/json")
	if err := w.asks.Request(r, body); err != nil {
		t.Fatal(err)
	}
	h := http.Header{"Content-Type": {"application/vnd.guichet.reply"}, "Guichet-Leaf": {"17"}, "Guichet-Receipt": {"/guichet/1/receipts/17"}}
	reply := []byte("a reply")
	say := func() error { return w.says.Response(h, 200, r, reply) }
	if stream {
		say = func() error { return w.says.Stream(h, 200, r) }
	}
	if err := say(); err != nil {
		t.Fatal(err)
	}
	return interopPair{
		Request:  interopMessage{Method: method, URL: r.URL.String(), Header: flat(r.Header), Body: body, Whole: body != nil, Covered: covered(r.Header)},
		Response: interopMessage{Status: 200, Header: flat(h), Body: reply, Whole: !stream, Covered: covered(h)},
	}
}

func flat(h http.Header) map[string]string {
	out := map[string]string{}
	for k := range h {
		out[k] = h.Get(k)
	}
	return out
}

// covered are the identifiers in a Signature-Input of ours.
func covered(h http.Header) []string {
	_, list, _ := strings.Cut(h.Get("Signature-Input"), "(")
	list, _, _ = strings.Cut(list, ")")
	return strings.Fields(list)
}

func (w *wire) python(t *testing.T, pairs []interopPair) []interopAnswer {
	t.Helper()
	python := os.Getenv("GUICHET_SIGNATURES_PYTHON")
	if python == "" {
		const missing = "GUICHET_SIGNATURES_PYTHON is not set; `make test` installs it, as tools/signatures.sh says"
		if os.Getenv("CI") == "true" {
			t.Fatal("CI must hold our signatures against another implementation: " + missing)
		}
		t.Skip(missing)
	}
	told, err := json.Marshal(map[string]any{
		"pairs": pairs, "asker": w.asks.KeyID(), "asked": w.says.KeyID(),
		"seeds": map[string][]byte{w.asks.KeyID(): w.askKey.Seed(), w.says.KeyID(): w.sayKey.Seed()},
	})
	if err != nil {
		t.Fatal(err)
	}
	var out, complaint bytes.Buffer
	cmd := exec.CommandContext(t.Context(), python, filepath.Join("testdata", "interop.py"))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(told), &out, &complaint
	if err := cmd.Run(); err != nil {
		t.Fatalf("the other implementation: %v\n%s", err, complaint.String())
	}
	var answers []interopAnswer
	if err := json.Unmarshal(out.Bytes(), &answers); err != nil {
		t.Fatalf("it says %s: %v", out.String(), err)
	}
	return answers
}
