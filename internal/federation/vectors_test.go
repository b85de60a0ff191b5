package federation_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"flag"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/federation"
)

var update = flag.Bool("update", false, "write docs/protocol/vectors/exchange.json, letters.json and records.json again")

const vectorsAbout = "GENERATED test vectors of docs/protocol/README.md, made by internal/federation; the keys are for tests alone and the figures are made up. Binary values are base64, digests hex."

// vectorKey is the asked member's seal key in all vectors: 32 times the byte 2.
func vectorKey() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, 32)) }

func vectorTime() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

// vectorRequest is the question of the vectors. Its chance is the bytes 0, 1, 2 …
func vectorRequest(tb testing.TB) guichet.Request {
	tb.Helper()
	chance := make([]byte, 48)
	for i := range chance {
		chance[i] = byte(i)
	}
	span, err := guichet.ParseSpan("2020")
	if err != nil {
		tb.Fatal(err)
	}
	req, err := federation.NewRequest(bytes.NewReader(chance), vectorTime(), guichet.Request{
		From: guichet.Party{Circle: "border-five", Member: "US", Office: "statistics"}, To: "CA", Officer: "0123456789abcdef", Purpose: "supply-monitoring",
		Question: guichet.Question{
			Dataset: "trade", Where: map[string][]string{"flow": {"imports"}, "product": {"covid19/protective/masks"}}, Period: span,
			By: []string{"reporter", "partner"}, Measures: []string{"value"}, Lang: "en",
		},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return req
}

// requestVector is a question as it travels.
type requestVector struct {
	Body   string `json:"body"` // JSON, as sent
	SHA256 string `json:"sha256"`
	Salt   []byte `json:"salt"`
	Salted string `json:"salted_digest"` // of the body: Leaf.Request
}

func vectorOf(req guichet.Request) (requestVector, []byte, error) {
	body, err := json.Marshal(req)
	sum := sha256.Sum256(body)
	return requestVector{string(body), hex.EncodeToString(sum[:]), req.Salt, federation.SaltedDigest(req.Salt, body)}, body, err
}

// replyVector is a reply as it travels.
type replyVector struct {
	Request string `json:"request"` // to which question: "ask" or "records"
	Body    []byte `json:"body"`
	Head    string `json:"head"`
	Rows    []byte `json:"rows"` // Arrow IPC stream
	Salted  string `json:"salted_digest"`
}

type keyVector struct {
	Seed   string `json:"seed"`
	Public string `json:"public"`
	ID     string `json:"id"`
}

type exchangeVectors struct {
	About   string        `json:"about"`
	Request requestVector `json:"request"`
	Answer  replyVector   `json:"answer"`
	Table   []guichet.Row `json:"answer_table"` // what the rows of the answer hold
	Marked  replyVector   `json:"marked"`       // an answer whose rows carry marks
	Marks   []guichet.Row `json:"marked_table"`
	Refusal replyVector   `json:"refusal"`
	Refused []badVector   `json:"refused"` // bodies of a reply that must not be taken
}

// badVector is what a reader must refuse.
type badVector struct {
	Name string `json:"name"`
	Body []byte `json:"body"`
}

type frameVector struct {
	Type    string `json:"type"`
	Payload []byte `json:"payload"`
	Chain   string `json:"chain,omitempty"` // the digest after it
}

type recordsVectors struct {
	About      string        `json:"about"`
	Key        keyVector     `json:"key"`
	Request    requestVector `json:"request"`
	Exchange   string        `json:"exchange"`
	Start      string        `json:"chain_start"`
	Frames     []frameVector `json:"frames"`
	Stream     []byte        `json:"stream"`
	Root       string        `json:"root"`
	Salted     string        `json:"salted_digest"` // of the root: Leaf.Reply of the leaf that ends it
	EndMessage string        `json:"end_message"`   // what is signed after the context
	EndContext string        `json:"end_context"`
	Leaf       string        `json:"leaf_header"`
	Receipt    string        `json:"receipt_header"`
	Refused    []badVector   `json:"refused"` // streams that must not be taken for whole ones
}

// vectorNode answers as the vectors say, without a network.
func vectorNode(t *testing.T) (*node, http.Handler) {
	t.Helper()
	n := &node{t: t, code: "CA", seal: seal{key: vectorKey()}, journal: &journal{}}
	n.desk = desk{records: n.streams(3, 20)}
	s, err := federation.NewServer(federation.ServerConfig{
		Us: "CA", Version: "test", Circle: func() guichet.Circle { return guichet.Circle{Name: "border-five"} }, Clock: vectorTime, Gate: everybody{}, Seal: n.seal, Desk: n.desk, Still: everybody{}.still,
		Journal: n.journal, Papers: func(guichet.Member) fs.FS { return fstest.MapFS{} }, Size: func() uint64 { return 0 }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return n, s.Handler()
}

// everybody is a gate that takes everybody for US.
type everybody struct{}

func (everybody) Peer(*http.Request) (guichet.Member, error) {
	return guichet.Member{Code: "US"}, nil
}

func (everybody) still(context.Context, federation.Asked, guichet.Decision) error { return nil }

func (everybody) Admit(*http.Request, []byte) (federation.Visitor, error) {
	return federation.Visitor{Member: guichet.Member{Code: "US"}}, nil
}

func makeExchange(t *testing.T) exchangeVectors {
	t.Helper()
	n, _ := vectorNode(t)
	req := vectorRequest(t)
	asked, body, err := vectorOf(req)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := os.ReadFile(filepath.Join("testdata", "rows.arrow"))
	if err != nil {
		t.Fatal(err)
	}
	a := federation.Asked{Request: req, Body: body}
	out := exchangeVectors{About: vectorsAbout, Request: asked}
	n.seal = seal{key: vectorKey()}
	sealed := func(reply guichet.Reply, rows []byte) replyVector {
		said, err := n.sealed(t.Context(), a, reply, rows)
		if err != nil {
			t.Fatal(err)
		}
		size := binary.BigEndian.Uint32(said.Body)
		return replyVector{"ask", said.Body, string(said.Body[4 : 4+size]), rows, federation.SaltedDigest(req.Salt, said.Body)}
	}
	out.Answer = sealed(n.head(a), rows)
	out.Table = []guichet.Row{{"reporter": "CA", "partner": "CN", "value": "1234567.890"}, {"reporter": "CA", "partner": nil, "value": "-0.001"}}
	marked := n.head(a)
	said := *marked.Answer
	said.Columns = append(columns(), guichet.Column{Name: "marks", Title: guichet.Text{EN: "marks", FR: "signes"}})
	said.Remarks = []guichet.Remark{{Code: "cells_hidden", Text: "the figures of 1 row are hidden", Reporter: "CA", Rows: 1}, {Code: "preliminary", Text: "not final", Reporter: "CA"}}
	marked.Answer, marked.Hidden = &said, 1
	if rows, err = os.ReadFile(filepath.Join("testdata", "marked.arrow")); err != nil {
		t.Fatal(err)
	}
	out.Marked = sealed(marked, rows)
	out.Marks = []guichet.Row{
		{"reporter": "CA", "partner": "CN", "value": "1234567.890", "marks": "estimate_over_partners preliminary"},
		{"reporter": "CA", "partner": "DE", "value": nil, "marks": "protected"},
		{"reporter": "CA", "partner": "FR", "value": "5.000", "marks": nil},
	}
	refusal := n.head(a)
	refusal.Answer, refusal.Snapshot = nil, ""
	refusal.Decision = guichet.Decision{Agreement: "b5-covid", Version: 2, Clause: "purposes.permitted", Text: "the agreement does not permit this purpose", Hint: "ask for supply-monitoring"}
	out.Refusal = sealed(refusal, nil)
	out.Refused = []badVector{
		{"no length", []byte("abc")},
		{"a length beyond the body", []byte("\x00\x00\x10\x00{}")},
		{"a length beyond the limit", []byte("\xff\xff\xff\xff{}")},
		{"a name twice", []byte("\x00\x00\x00\x0d{\"a\":1,\"a\":2}")},
		{"no UTF-8", []byte("\x00\x00\x00\x09{\"a\":\"\xff\"}")},
		{"something after the head's JSON", []byte("\x00\x00\x00\x04{}{}")},
	}
	return out
}

func makeRecords(t *testing.T) recordsVectors {
	t.Helper()
	n, h := vectorNode(t)
	req := vectorRequest(t)
	req.Records = true
	asked, body, err := vectorOf(req)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://ca.example.org:8443/guichet/1/records", bytes.NewReader(body))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	k := public(n.seal.key)
	out := recordsVectors{
		About: vectorsAbout, Key: keyVector{hex.EncodeToString(n.seal.key.Seed()), hex.EncodeToString(k), keyID(k)}, Request: asked, Exchange: req.Exchange,
		Stream: w.Body.Bytes(), EndContext: strings.TrimSuffix(endContext, "\x00"), Leaf: w.Header().Get(federation.HeaderLeaf), Receipt: w.Header().Get(federation.HeaderReceipt),
	}
	frames := split(out.Stream)
	last := len(frames) - 1
	chain := federation.Chain(req.Exchange, frames[:last]...)
	out.Start, out.Root = chain[0], chain[last]
	for i, f := range frames {
		v := frameVector{Type: string(f[0]), Payload: f[5:]}
		if i < last {
			v.Chain = chain[i+1]
		}
		out.Frames = append(out.Frames, v)
	}
	out.Salted = federation.SaltedDigest(req.Salt, []byte(out.Root))
	var end map[string]any
	d := json.NewDecoder(bytes.NewReader(frames[last][5:]))
	d.UseNumber()
	if err := d.Decode(&end); err != nil {
		t.Fatal(err)
	}
	delete(end, "keyid")
	delete(end, "signature")
	message, err := guichet.Canonical(end)
	if err != nil {
		t.Fatal(err)
	}
	out.EndMessage = string(message)
	join := func(f ...[]byte) []byte { return bytes.Join(f, nil) }
	out.Refused = []badVector{
		{"without its end", join(frames[:last]...)},
		{"cut in the last frame", out.Stream[:len(out.Stream)-1]},
		{"without its last chunk", join(append(frames[:last-1:last-1], frames[last])...)},
		{"two chunks swapped", join(frames[0], federation.WriteFrame('C', []byte("b")), frames[1], frames[last])},
		{"a byte altered", join(frames[0], federation.WriteFrame('C', append([]byte("X"), frames[1][6:]...)), frames[last])},
		{"a chunk after the end", join(out.Stream, federation.WriteFrame('C', []byte("more")))},
		{"more rows than were signed", join(append(frames[:last:last], resize(frames[last], `"rows":3`, `"rows":4`))...)},
		{"a fault on the way", join(frames[0], frames[1], federation.WriteFrame('X', []byte(`{"kind":"internal","message":"a fault of this node"}`)))},
	}
	return out
}

// TestTheVectorsAreCurrent: what stands in docs/protocol/vectors is what this
// code makes; -update writes it again, and a change of it is a change of the
// protocol.
func TestTheVectorsAreCurrent(t *testing.T) {
	for name, made := range map[string]any{"exchange.json": makeExchange(t), "records.json": makeRecords(t), "letters.json": makeLetters(t)} {
		text, err := json.MarshalIndent(made, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, '\n')
		path := filepath.Join("..", "..", "docs", "protocol", "vectors", name)
		if *update {
			if err := os.WriteFile(path, text, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		stands, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(stands), string(text)); diff != "" {
			t.Errorf("%s is not what the code makes; -update writes it again:\n%s", name, diff)
		}
	}
}

// TestTheVectorsAreReadByOurs: our own reader takes and refuses what the vectors
// say.
func TestTheVectorsAreReadByOurs(t *testing.T) {
	v := makeExchange(t)
	if req, err := federation.ParseRequest([]byte(v.Request.Body)); err != nil || req.Exchange != vectorRequest(t).Exchange {
		t.Errorf("the question: %v", err)
	}
	for _, r := range []replyVector{v.Answer, v.Refusal} {
		reply, rows, err := federation.DecodeReply(r.Body)
		if err != nil || reply.Request != v.Request.SHA256 || !bytes.Equal(rows, r.Rows) {
			t.Errorf("the reply: %+v, %v", reply, err)
		}
	}
	for _, bad := range v.Refused {
		if _, _, err := federation.DecodeReply(bad.Body); err == nil {
			t.Errorf("a reply with %s is taken", bad.Name)
		}
	}
}
