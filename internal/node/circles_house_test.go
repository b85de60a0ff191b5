package node_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
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

// The two circles of these tests, in both of which NZ has its seat, and in each of
// which there is a CA: two nodes of one name with other keys.
const (
	oneCircle   = "border-five"
	otherCircle = "asean"
)

// circles is NZ's node, which serves both, and the CA of each.
type circles struct {
	t     *testing.T
	nz    node.Config
	ca    map[string]node.Config // by circle
	at    map[string]string      // "border-five NZ" -> address
	state map[string]guichet.Circle
	until string // last day of agreements; "" three years on
}

func newCircles(t *testing.T) *circles {
	t.Helper()
	c := &circles{t: t, ca: map[string]node.Config{}, at: map[string]string{}, state: map[string]guichet.Circle{}}
	c.nz = c.home("NZ")
	made := filepath.Join(t.TempDir(), "made")
	m := given(node.Synth(t.Context(), node.SynthRequest{Members: []string{"CA", "NZ"}, From: "2020-01", To: "2020-01", Declarations: 800, Seed: 3, Dir: made}, func(string, int64, int64) {}))(t)
	n := given(node.Open(t.Context(), c.nz))(t)
	for _, f := range m.Files {
		if f.Kind == "aggregate" && f.Member == "NZ" && f.Vintage != "revised" {
			given(n.Ingest(t.Context(), node.IngestRequest{File: filepath.Join(made, f.Name), Released: "2020-05-15", NoCompact: true}))(t)
		}
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{oneCircle, otherCircle} {
		c.found(name)
		c.agree(name)
	}
	c.serve(c.nz, map[string]string{oneCircle: c.at[oneCircle+" NZ"], otherCircle: c.at[otherCircle+" NZ"]})
	for name, cfg := range c.ca {
		c.serve(cfg, map[string]string{"": c.at[name+" CA"]})
	}
	return c
}

func (c *circles) home(member string) node.Config {
	c.t.Helper()
	words := func() ([]byte, error) { return []byte(pairPassphrase), nil }
	cfg := node.Config{Home: filepath.Join(c.t.TempDir(), member), Child: []string{exe(c.t), stageChild}, Passphrase: words, MemberPassphrase: words}
	given(node.Init(c.t.Context(), cfg, member))(c.t)
	return cfg
}

func (c *circles) ceremony(cfg node.Config, circle string, do func(*node.Ceremonies) error) {
	c.t.Helper()
	cfg.Circle = circle
	x := given(node.OpenCeremonies(c.t.Context(), cfg))(c.t)
	if err := do(x); err != nil {
		_ = x.Close()
		c.t.Fatalf("%s in %s: %v", cfg.Home, circle, err)
	}
	if err := x.Close(); err != nil {
		c.t.Fatal(err)
	}
}

// found makes a circle of NZ and a CA of its own.
func (c *circles) found(name string) {
	c.t.Helper()
	ca := c.home("CA")
	c.ca[name] = ca
	for _, code := range []string{"NZ", "CA"} {
		c.port(name + " " + code)
	}
	var draft, invitation, join, proposal []byte
	c.ceremony(c.nz, name, func(x *node.Ceremonies) (err error) {
		if draft, err = x.Found(name, 2, c.paper("NZ", c.at[name+" NZ"]), "a test"); err != nil {
			return err
		}
		invitation, err = x.Invite(name, "CA", "party")
		return err
	})
	c.ceremony(ca, "", func(x *node.Ceremonies) (err error) {
		join, err = x.Join(invitation, c.paper("CA", c.at[name+" CA"]))
		return err
	})
	c.ceremony(c.nz, name, func(x *node.Ceremonies) (err error) {
		proposal, err = x.Admit(draft, [][]byte{join})
		return err
	})
	c.sign(name, proposal)
}

// port finds an address for a seat, at which it listens later.
func (c *circles) port(seat string) {
	c.t.Helper()
	c.at[seat] = guichettest.FreeAddr(c.t)
}

// sign has both sign a proposal and publish it.
func (c *circles) sign(name string, proposal []byte) {
	c.t.Helper()
	both := []node.Config{c.nz, c.ca[name]}
	for _, cfg := range both {
		c.ceremony(cfg, name, func(x *node.Ceremonies) (err error) { proposal, err = x.Sign(proposal); return err })
	}
	for _, cfg := range both {
		c.ceremony(cfg, name, func(x *node.Ceremonies) (err error) {
			c.state[name], err = x.Publish(c.t.Context(), proposal)
			return err
		})
	}
}

// agree puts an agreement of one and the same identifier in force, of two answers a
// day.
func (c *circles) agree(name string) {
	c.t.Helper()
	text := given(node.DraftAgreement(c.nz, node.AgreementDraft{Template: "small-circle", ID: "statistics", Parties: []string{"NZ", "CA"}, Until: c.until}, c.state[name]))(c.t)
	a, faults, err := node.ReadAgreement(text)
	if err != nil || len(faults) > 0 {
		c.t.Fatal(err, faults)
	}
	a.Terms[0].Quota = 2
	var proposal []byte
	c.ceremony(c.nz, name, func(x *node.Ceremonies) (err error) {
		proposal, err = x.Propose(node.Change{Why: "a test", Agreement: &a})
		return err
	})
	c.sign(name, proposal)
}

func (c *circles) paper(code, addr string) []byte {
	return []byte("code: " + code + `
name: {en: "A member made for a test", fr: "Un membre fait pour un essai"}
role: party
offices: [{id: statistics, name: {en: "Office", fr: "Office"}, regime: statistical}]
endpoints: ["` + addr + `"]
contacts: [{for: operations, name: "Operations", email: "operations@example.org", hours: "always"}]
`)
}

// serve lets a node serve until the test ends, and returns what it listens at.
func (c *circles) serve(cfg node.Config, at map[string]string, more ...func(*node.ServeRequest)) []node.Listening {
	c.t.Helper()
	req := node.ServeRequest{Listen: at}
	for _, m := range more {
		m(&req)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan []node.Listening, 1), make(chan error, 1)
	req.Ready = func(l []node.Listening) { ready <- l }
	go func() { done <- node.Serve(ctx, cfg, req) }()
	c.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			c.t.Errorf("%s ended: %v", cfg.Home, err)
		}
		done <- nil
	})
	select {
	case l := <-ready:
		return l
	case err := <-done:
		done <- nil
		c.t.Fatalf("%s does not serve: %v", cfg.Home, err)
	}
	return nil
}

// keys are those of a circle's CA.
func (c *circles) keys(circle string) *seal.Keys {
	c.t.Helper()
	return given(seal.OpenKeys(filepath.Join(c.ca[circle].Home, "keys", "node.age"), []byte(pairPassphrase)))(c.t)
}

// put sends a request to NZ's address in a circle, over TLS by one CA's key and
// signed by another's.
func (c *circles) put(to string, tls, signs *seal.Keys, method, path string, body []byte) (status int, said string, err error) {
	c.t.Helper()
	url := "https://" + c.at[to+" NZ"] + federation.Prefix + path
	r := given(http.NewRequestWithContext(c.t.Context(), method, url, bytes.NewReader(body)))(c.t)
	if body != nil {
		r.Header.Set("Content-Type", federation.MediaJSON)
	}
	sealer := given(seal.NewSealer(given(signs.Signer(guichet.KeySeal))(c.t), node.SystemClock, rand.Reader))(c.t)
	if err := sealer.Request(r, body); err != nil {
		c.t.Fatal(err)
	}
	g := given(gate.New(gate.Config{
		Self: "CA", Circle: func(context.Context) (guichet.Circle, error) { return c.state[to], nil },
		TLS: given(tls.Signer(guichet.KeyTLS))(c.t), Clock: node.SystemClock,
		Verify: func(*http.Request, []byte, func(string) (ed25519.PublicKey, error)) (string, time.Time, error) {
			return "", time.Time{}, nil
		},
	}))(c.t)
	conf := g.ClientTLS("NZ")
	conf.VerifyConnection = nil
	tr := &http.Transport{TLSClientConfig: conf, ForceAttemptHTTP2: true}
	defer tr.CloseIdleConnections()
	resp, err := tr.RoundTrip(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

// question is one to NZ, of CA in a circle.
func (c *circles) question(circle string) (body []byte, exchange string) {
	c.t.Helper()
	return c.questionOf(circle, "CA")
}

func (c *circles) questionOf(circle, member string) (body []byte, exchange string) {
	c.t.Helper()
	req := given(federation.NewRequest(rand.Reader, node.SystemClock(), guichet.Request{
		From: guichet.Party{Circle: circle, Member: member, Office: "statistics"}, To: "NZ", Officer: "0123456789abcdef", Purpose: "official-statistics",
		Question: guichet.Question{Dataset: trade.Dataset().Name, Period: guichettest.Period(c.t, "2020-01"), Where: map[string][]string{"flow": {"imports"}}},
	}))(c.t)
	return given(json.Marshal(req))(c.t), req.Exchange
}
