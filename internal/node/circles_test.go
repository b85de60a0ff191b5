package node_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"io"
	mrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
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

// port finds an address for a seat: of a port that no connection of this machine is
// given by itself (32768 and above), since it is listened at only later.
func (c *circles) port(seat string) {
	c.t.Helper()
	for range 100 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(20000+mrand.IntN(12000))) //nolint:gosec // any will do
		if ln, err := new(net.ListenConfig).Listen(c.t.Context(), "tcp", addr); err == nil {
			_ = ln.Close()
			c.at[seat] = addr
			return
		}
	}
	c.t.Fatal("no port is free")
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

// allPaths are what members may ask for.
func allPaths() map[string]string {
	return map[string]string{
		"ask": http.MethodPost, "records": http.MethodPost, "witness/add-checkpoint": http.MethodPost, "receipts/0": http.MethodGet, "exchanges": http.MethodGet,
		"log/checkpoint": http.MethodGet, "log/checkpoint.cosigned": http.MethodGet, "log/tile/0/000.p/1": http.MethodGet,
		"circle/metadata/timestamp.json": http.MethodGet, "ping": http.MethodGet, "nothing": http.MethodGet,
	}
}

// TestCircles: a node stands in two circles, and of neither is anything to be seen in
// the other.
func TestCircles(t *testing.T) {
	c := newCircles(t)
	one, other := c.keys(oneCircle), c.keys(otherCircle)
	defer one.Close()
	defer other.Close()
	t.Run("a stranger's connection", func(t *testing.T) {
		c.t = t
		body, _ := c.question(otherCircle)
		for path, method := range allPaths() {
			sent := body
			if method == http.MethodGet {
				sent = nil
			}
			status, said, err := c.put(otherCircle, one, one, method, path, sent)
			if err == nil || strings.Contains(err.Error()+said, otherCircle) {
				t.Errorf("%s: a member of %s is told %d %q %v", path, oneCircle, status, said, err)
			}
		}
	})
	t.Run("a stranger's signature", func(t *testing.T) { // the CA of the one carries what the CA of the other signed
		c.t = t
		body, _ := c.question(otherCircle)
		if status, said, err := c.put(otherCircle, other, one, http.MethodPost, "ask", body); err != nil || status != http.StatusUnauthorized || strings.Contains(said, oneCircle) {
			t.Errorf("signed by the CA of %s: %d %s %v", oneCircle, status, said, err)
		}
		body, _ = c.question(oneCircle)
		if status, said, err := c.put(otherCircle, other, other, http.MethodPost, "ask", body); err != nil || status != http.StatusBadRequest {
			t.Errorf("a question of %s put in %s: %d %s %v", oneCircle, otherCircle, status, said, err)
		}
	})
	t.Run("what is given", func(t *testing.T) { c.t = t; c.apart(one, other) })
	t.Run("papers", func(t *testing.T) { c.t = t; c.papersApart() })
	t.Run("the operator", func(t *testing.T) { c.t = t; c.operated() })
}

// apart asks the same in both circles, and holds quotas, leaves and the ledger apart.
func (c *circles) apart(one, other *seal.Keys) {
	t := c.t
	t.Helper()
	var exchanges []string
	for range 2 { // the quota of the one
		body, exchange := c.question(oneCircle)
		exchanges = append(exchanges, exchange)
		if status, said, err := c.put(oneCircle, one, one, http.MethodPost, "ask", body); err != nil || status != http.StatusOK || !strings.Contains(said, `"permitted":true`) {
			t.Fatalf("asked in %s: %d %.300s %v", oneCircle, status, said, err)
		}
	}
	body, _ := c.question(oneCircle)
	if _, said, err := c.put(oneCircle, one, one, http.MethodPost, "ask", body); err != nil || !strings.Contains(said, "quota_per_day") {
		t.Errorf("a third question in %s: %.300s %v", oneCircle, said, err)
	}
	body, inOther := c.question(otherCircle)
	if _, said, err := c.put(otherCircle, other, other, http.MethodPost, "ask", body); err != nil || !strings.Contains(said, `"permitted":true`) {
		t.Errorf("the quota of %s was used up in %s: %.300s %v", otherCircle, oneCircle, said, err)
	}
	for circle, keys := range map[string]*seal.Keys{oneCircle: one, otherCircle: other} {
		_, said, err := c.put(circle, keys, keys, http.MethodGet, "exchanges", nil)
		if err != nil {
			t.Fatal(err)
		}
		own, foreign := exchanges, []string{inOther}
		if circle == otherCircle {
			own, foreign = foreign, own
		}
		for _, x := range own {
			if !strings.Contains(said, x) {
				t.Errorf("%s does not tell of its own exchange %s: %.300s", circle, x, said)
			}
		}
		for _, x := range foreign {
			if strings.Contains(said, x) {
				t.Errorf("%s tells of an exchange of the other circle: %.300s", circle, said)
			}
		}
		want := map[string]int{oneCircle: 3, otherCircle: 1}[circle]
		if n := strings.Count(said, `"index"`); n != want {
			t.Errorf("%s tells of %d leaves, want %d", circle, n, want)
		}
		// Of the log's first leaf a receipt is this circle's, and of the third there is
		// none where the other has three.
		for _, index := range []string{"receipts/0", "receipts/2"} {
			status, said, err := c.put(circle, keys, keys, http.MethodGet, index, nil)
			for range 50 { // until a checkpoint covers it
				if status != http.StatusTooEarly {
					break
				}
				time.Sleep(50 * time.Millisecond)
				status, said, err = c.put(circle, keys, keys, http.MethodGet, index, nil)
			}
			there := index == "receipts/0" || circle == oneCircle
			if err != nil || there != (status == http.StatusOK) || !there && status != http.StatusNotFound || there && !strings.Contains(said, "guichet/"+circle+"/NZ") {
				t.Errorf("%s in %s: %d %.200s %v", index, circle, status, said, err)
			}
		}
	}
	n := given(node.Open(t.Context(), c.nz))(t)
	defer func() { _ = n.Close() }()
	for circle, want := range map[string][]string{oneCircle: exchanges[:1], otherCircle: {inOther}} {
		sets := given(n.GivenIn(t.Context(), circle))(t)
		var got []string
		for _, s := range sets {
			got = append(got, s.Exchange)
		}
		if !slices.Equal(got, want) {
			t.Errorf("the ledger of %s has the exchanges %v, want %v", circle, got, want)
		}
	}
}

// papersApart: NZ has other keys in each circle, and what was signed for one is not
// taken for the other.
func (c *circles) papersApart() {
	t := c.t
	t.Helper()
	ids := map[string]string{}
	for circle, state := range c.state {
		m, _ := state.Member("NZ")
		for _, k := range m.Keys {
			if before, ok := ids[k.ID]; ok {
				t.Errorf("the %s key %s of NZ is in %s and %s", k.Use, k.ID, before, circle)
			}
			ids[k.ID] = circle
		}
	}
	if len(ids) != 10 {
		t.Errorf("NZ has %d keys in two circles, want ten", len(ids))
	}
	var foreign []byte
	c.ceremony(c.nz, oneCircle, func(x *node.Ceremonies) (err error) { foreign, err = x.Bundle(); return err })
	c.ceremony(c.nz, otherCircle, func(x *node.Ceremonies) error {
		if _, err := x.Update(t.Context(), foreign); guichet.KindOf(err) != guichet.KindUntrusted {
			t.Errorf("the papers of %s as an update of %s: %v", oneCircle, otherCircle, err)
		}
		return nil
	})
	us := c.home("US")
	c.ceremony(us, "", func(x *node.Ceremonies) error {
		if _, err := x.Adopt(t.Context(), otherCircle, foreign, c.state[oneCircle].ID); guichet.KindOf(err) != guichet.KindUntrusted {
			t.Errorf("the papers of %s adopted as those of %s: %v", oneCircle, otherCircle, err)
		}
		return nil
	})
}

// operated: the operator's commands reach the seat that is named, and each CA is the
// one of its circle.
func (c *circles) operated() {
	t := c.t
	t.Helper()
	if _, err := node.Operate(t.Context(), c.nz); guichet.KindOf(err) != guichet.KindInvalid || !strings.Contains(err.Error(), "several circles") {
		t.Errorf("without a name: %v", err)
	}
	ask := node.MembersQuestion{
		Question: guichet.Question{Period: guichettest.Period(t, "2020-01")}, Members: []string{"CA"}, Purpose: "official-statistics", Officer: "j.doe",
	}
	officers, exchanges := map[string]string{}, map[string]string{}
	for circle := range c.state {
		cfg := c.nz
		cfg.Circle = circle
		op := given(node.Operate(t.Context(), cfg))(t)
		a := given(op.AskMembers(t.Context(), ask, nil))(t)
		if len(a.Members) != 1 || a.Circle != circle || a.Members[0].Decision.Agreement != "statistics" {
			t.Fatalf("%s: %+v", circle, a.Members)
		}
		exchanges[circle] = a.Members[0].Exchange
		leaves := given(op.Leaves(t.Context(), node.LeavesQuestion{Exchange: exchanges[circle]}))(t)
		officers[circle] = leaves[0].Leaf.Officer
		if err := op.Close(); err != nil {
			t.Error(err)
		}
		their := c.ca[circle]
		caOp := given(node.Operate(t.Context(), their))(t)
		if _, err := caOp.Leaves(t.Context(), node.LeavesQuestion{Exchange: exchanges[circle]}); err != nil {
			t.Errorf("the CA of %s was not asked: %v", circle, err)
		}
		if err := caOp.Close(); err != nil {
			t.Error(err)
		}
	}
	if officers[oneCircle] == "" || officers[oneCircle] == officers[otherCircle] {
		t.Errorf("an officer has the pseudonym %q in both circles", officers[oneCircle])
	}
	for circle, foreign := range map[string]string{oneCircle: exchanges[otherCircle], otherCircle: exchanges[oneCircle]} {
		cfg := c.nz
		cfg.Circle = circle
		op := given(node.Operate(t.Context(), cfg))(t)
		if _, err := op.Receipt(t.Context(), foreign); guichet.KindOf(err) != guichet.KindNotFound {
			t.Errorf("%s has a receipt of the other circle's exchange: %v", circle, err)
		}
		if err := op.Close(); err != nil {
			t.Error(err)
		}
	}
	found := given(node.Doctor(t.Context(), c.nz, node.DoctorQuestion{}))(t)
	seen := map[string]int{}
	for _, f := range found {
		seen[f.Circle+"/"+f.What]++
		if f.State == "wrong" {
			t.Errorf("%s/%s: %s", f.Circle, f.What, f.Text.EN)
		}
	}
	for _, what := range []string{"/disk", "/home", oneCircle + "/keys", otherCircle + "/keys", oneCircle + "/member CA", otherCircle + "/member CA", oneCircle + "/journal", otherCircle + "/journal"} {
		if seen[what] != 1 {
			t.Errorf("the doctor says %d sentences of %s: %v", seen[what], what, seen)
		}
	}
}

// TestOneCircleEndsAlone: a circle whose papers cannot be used is left out, unless it
// was named; the other is served.
func TestOneCircleEndsAlone(t *testing.T) {
	c := &circles{t: t, ca: map[string]node.Config{}, at: map[string]string{}, state: map[string]guichet.Circle{}}
	c.nz = c.home("NZ")
	c.found(oneCircle)
	c.found(otherCircle)
	charter := given(filepath.Glob(filepath.Join(c.nz.Home, "circles", oneCircle, "states", "*", "targets", "*.circle.json")))(t)
	if len(charter) != 1 {
		t.Fatal(charter)
	}
	if err := os.WriteFile(charter[0], []byte(`{}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := node.Serve(t.Context(), c.nz, node.ServeRequest{Circles: []string{oneCircle, otherCircle}}); err == nil || !strings.Contains(err.Error(), "circle "+oneCircle) {
		t.Errorf("both were named, and the one that cannot be served ended with: %v", err)
	}
	if err := node.Serve(t.Context(), c.nz, node.ServeRequest{Listen: map[string]string{"": "127.0.0.1:0"}}); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("one address for two circles: %v", err)
	}
	if err := node.Serve(t.Context(), c.nz, node.ServeRequest{Circles: []string{"nato"}}); guichet.KindOf(err) != guichet.KindNotFound {
		t.Errorf("a circle that the home is not in: %v", err)
	}
	c.port("metrics")
	at := c.serve(c.nz, nil, func(r *node.ServeRequest) { r.Metrics = c.at["metrics"] })
	if status, said := c.get("/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(said, oneCircle+": ") || strings.Contains(said, otherCircle) {
		t.Errorf("ready: %d %s", status, said)
	}
	if status, _ := c.get("/healthz"); status != http.StatusOK {
		t.Errorf("healthy: %d", status)
	}
	if len(at) != 2 || at[0].Circle != otherCircle || at[0].Address == "" || at[1].Circle != oneCircle || at[1].Err == nil {
		t.Errorf("served are %+v", at)
	}
}
