package node_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet"
	"guichet/internal/federation"
	"guichet/internal/gate"
	"guichet/internal/node"
	"guichet/internal/seal"
)

// TestOwnKeysOverTheWire: a thief with the node's own keys asks the node. It would
// be the owner there, who needs no agreement.
func TestOwnKeysOverTheWire(t *testing.T) {
	p := newPair(t)
	keys := given(seal.OpenKeys(filepath.Join(p.us.Home, "keys", "node.age"), []byte(pairPassphrase)))(t)
	defer keys.Close()
	c := p.signed("US", keys, http.MethodPost, "ask")
	if status, said, err := p.as("US", keys, c); err == nil && status == http.StatusOK {
		t.Errorf("the node answered its own stolen keys: %.300s", said)
	}
}

// TestPapersAreServed: a revocation or a withdrawal reaches the others by the papers
// that a node serves.
func TestPapersAreServed(t *testing.T) {
	p := newPair(t)
	keys := p.keys()
	defer keys.Close()
	status, said, err := p.as("CA", keys, p.signed("CA", keys, http.MethodGet, "circle/metadata/timestamp.json"))
	if err != nil || status != http.StatusOK || !strings.Contains(said, `"signatures"`) {
		t.Errorf("the circle's timestamp: %d %.200s %v", status, said, err)
	}
	for _, path := range []string{"circle/../keys/node.age", "circle/%2e%2e/%2e%2e/keys/node.age", "circle/metadata", "circle/nothing.json"} {
		if status, said, err := p.as("CA", keys, p.signed("CA", keys, http.MethodGet, path)); err == nil && (status == http.StatusOK || status == http.StatusInternalServerError) {
			t.Errorf("%s: %d %.200s", path, status, said)
		}
	}
}

// signed is a request of a member to US's window; a question where it is a POST.
func (p *pair) signed(from string, keys *seal.Keys, method, path string) captured {
	p.t.Helper()
	c := captured{url: "https://" + p.relay.Addr() + federation.Prefix + path, method: method}
	if method == http.MethodPost {
		req := given(federation.NewRequest(rand.Reader, p.clock.Now(), guichet.Request{
			From: guichet.Party{Circle: "two", Member: from, Office: "statistics"}, To: "US", Officer: "0123456789abcdef", Purpose: "supply-monitoring",
			Question: guichet.Question{Dataset: "trade"},
		}))(p.t)
		c.body = given(json.Marshal(req))(p.t)
	}
	r := given(http.NewRequestWithContext(p.t.Context(), method, c.url, bytes.NewReader(c.body)))(p.t)
	if c.body != nil {
		r.Header.Set("Content-Type", federation.MediaJSON)
	}
	sealer := given(seal.NewSealer(given(keys.Signer(guichet.KeySeal))(p.t), p.clock.Now, rand.Reader))(p.t)
	if err := sealer.Request(r, c.body); err != nil {
		p.t.Fatal(err)
	}
	c.header = r.Header
	return c
}

// as sends a request over a connection with a member's tls key.
func (p *pair) as(member string, keys *seal.Keys, c captured) (status int, said string, err error) {
	p.t.Helper()
	g := given(gate.New(gate.Config{
		Self: member, Circle: func(context.Context) (guichet.Circle, error) { return p.circle, nil },
		TLS: given(keys.Signer(guichet.KeyTLS))(p.t), Clock: p.clock.Now,
		Verify: func(*http.Request, []byte, func(string) (ed25519.PublicKey, error)) (string, time.Time, error) {
			return "", time.Time{}, nil
		},
	}))(p.t)
	tls := g.ClientTLS("US")
	tls.VerifyConnection = nil // a thief does not look whom it calls
	tr := &http.Transport{TLSClientConfig: tls, ForceAttemptHTTP2: true}
	defer tr.CloseIdleConnections()
	r := given(http.NewRequestWithContext(p.t.Context(), c.method, c.url, bytes.NewReader(c.body)))(p.t)
	r.Header = c.header.Clone()
	resp, err := tr.RoundTrip(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

// TestQuotaOfManyAtOnce: of a hundred questions put at once no more are answered
// than the quota has.
func TestQuotaOfManyAtOnce(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	g := node.NewGiven("US", now)
	leaf := guichet.Leaf{Kind: guichet.LeafAnswered, Agreement: "b5", From: guichet.Party{Member: "CA"}, To: "US", Time: now}
	const quota = 7
	var mu sync.Mutex
	answered := 0
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			ctx, done := g.Begin(t.Context())
			defer done()
			if !g.Take(ctx, "b5", "CA", quota, now) {
				return
			}
			time.Sleep(time.Millisecond) // the answer is made
			if i%10 == 9 {
				return // what breaks down is not given
			}
			g.Add(ctx, leaf)
			mu.Lock()
			defer mu.Unlock()
			answered++
		})
	}
	all.Wait()
	if answered > quota {
		t.Errorf("%d answers were given under a quota of %d", answered, quota)
	}
	if n := g.Of("b5", "CA", now); n != answered {
		t.Errorf("%d are counted, %d were given", n, answered)
	}
	ctx, done := g.Begin(t.Context())
	defer done()
	if g.Take(context.Background(), "b5", "CA", quota+1, now) {
		t.Error("a place was taken outside of an exchange, where nobody gives it back")
	}
	midnight := now.Add(12 * time.Hour)
	g.Add(ctx, func(l guichet.Leaf) guichet.Leaf { l.Time = midnight; return l }(leaf))
	g.Add(ctx, leaf) // dated before midnight, written after it
	if n := g.Of("b5", "CA", midnight); n != 2 {
		t.Errorf("after midnight %d are counted, want 2: a leaf of yesterday forgot the day", n)
	}
}

// TestLawIsReadStrictly: a law that is written wrongly is no reason to go on
// without it.
func TestLawIsReadStrictly(t *testing.T) {
	for text, want := range map[string]string{
		`{"forbidden":["customs-risk"],"bounds":[{"tier":"","disclosure":{"threshold":5,"dominance_top":0,"dominance_per_cent":0,"prior_per_cent":0}}]}`: "",
		`{}`: "",
		`{"forbidden":["customs-risk"],"forbidden":[]}`:       "twice",
		`{"forbidden":["customs-risk"],"Forbidden":[]}`:       "twice",
		`{"forbids":["customs-risk"]}`:                        "unknown field",
		`{"forbidden":["espionage"]}`:                         "espionage",
		`{"bounds":[{"tier":"very-secret"}]}`:                 "very-secret",
		`{"bounds":[{"tier":"","delay_days":-1}]}`:            "below zero",
		`{"bounds":[{"tier":"","levels":{"product":"hs5"}}]}`: "hs5",
		`{"forbidden":[]} {}`:                                 "follows",
		`{"forbidden":[`:                                      "JSON",
		``:                                                    "JSON",
		strings.Repeat(" ", 1<<20) + `{}`:                     "larger",
	} {
		_, err := node.ParseLaw([]byte(text))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.80s gives %v, want %q", text, err, want)
		}
	}
	p := newPair(t)
	p.stop()
	if err := os.WriteFile(filepath.Join(p.us.Home, "law.json"), []byte(`{"forbids":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if seat, err := node.TakeSeat(t.Context(), p.us); err == nil {
		_ = seat.Close()
		t.Error("a node with a law that cannot be read takes its seat")
	}
}
