package circle_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"path/filepath"
	"testing"
	"time"

	"guichet"
	"guichet/internal/circle"
	"guichet/internal/guichettest"
)

// country is a member as a test plays it: its keys, its paper, its own copy of
// the circle on its own machine.
type country struct {
	code  string
	key   ed25519.PrivateKey   // use member
	node  []ed25519.PrivateKey // tls, seal, log, witness
	paper guichet.Member
	repo  *circle.Repository
	dir   string
}

func (c *country) signers() []crypto.Signer {
	all := []crypto.Signer{c.key}
	for _, k := range c.node {
		all = append(all, k)
	}
	return all
}

// newKey makes a key that is the same in every run.
func newKey(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("generated for tests: " + name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func public(k ed25519.PrivateKey) ed25519.PublicKey {
	p, _ := k.Public().(ed25519.PublicKey)
	return p
}

func newCountry(tb testing.TB, code string, clock *guichettest.Clock) *country {
	tb.Helper()
	c := &country{code: code, key: newKey(code + " member"), dir: filepath.Join(tb.TempDir(), "circle")}
	now := clock.Now()
	keys := []guichet.MemberKey{circle.NewKey(guichet.KeyMember, public(c.key), now)}
	for _, use := range []guichet.KeyUse{guichet.KeyTLS, guichet.KeySeal, guichet.KeyLog, guichet.KeyWitness} {
		k := newKey(code + " " + string(use))
		c.node = append(c.node, k)
		keys = append(keys, circle.NewKey(use, public(k), now))
	}
	c.paper = guichet.Member{
		Code: code, Name: guichet.Text{EN: "Generated land " + code, FR: "Pays inventé " + code}, Role: "party",
		Offices:   []guichet.Office{{ID: "statistics", Name: guichet.Text{EN: "Office of " + code}, Regime: "made up"}},
		Endpoints: []string{"node." + string(code[0]|0x20) + string(code[1]|0x20) + ".example:8443"},
		Keys:      keys,
		Contacts:  []guichet.Contact{{For: "operations", Name: "Duty desk", Email: "desk@example.org", Hours: "always"}},
	}
	c.repo = open(tb, c.dir, clock)
	return c
}

func open(tb testing.TB, dir string, clock *guichettest.Clock) *circle.Repository {
	tb.Helper()
	r, err := circle.Open(circle.Config{Dir: dir, Clock: clock.Now})
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// house is a circle of countries, all with the same state.
type house struct {
	tb    testing.TB
	clock *guichettest.Clock
	all   []*country
}

func five() []string { return []string{"AU", "CA", "GB", "NZ", "US"} }

// newHouse founds a circle the long way: drafted, invited, joined, admitted,
// signed by each on its own copy, merged, published by each.
func newHouse(tb testing.TB, threshold int, codes ...string) *house {
	tb.Helper()
	h := &house{tb: tb, clock: guichettest.NewClock()}
	for _, code := range codes {
		h.all = append(h.all, newCountry(tb, code, h.clock))
	}
	first := h.all[0]
	p, err := first.repo.Create(circle.Founding{Name: "border-five", Threshold: threshold, Paper: first.paper, Why: "to answer each other"})
	h.must(err)
	for _, c := range h.all[1:] {
		invitation, err := first.repo.Invite(circle.Invitation{Circle: "border-five", Code: c.code, Role: "party", By: first.code}, first.key)
		h.must(err)
		request, err := circle.Join(circle.Joining{Invitation: invitation, Paper: c.paper, Made: h.clock.Now()}, c.signers())
		h.must(err)
		p, err = first.repo.Admit(p, request)
		h.must(err)
	}
	const many = 12 // above it one machine stands for all: forty copies would sync forty disks
	if len(codes) > many {
		for _, c := range h.all {
			p, err = first.repo.Sign(p, c.key)
			h.must(err)
			c.repo = first.repo
		}
		_, err = first.repo.Publish(context.Background(), p)
		h.must(err)
		return h
	}
	p = h.sign(p, codes...)
	for _, c := range h.all {
		_, err := c.repo.Publish(context.Background(), h.sent(p))
		h.must(err)
	}
	return h
}

func (h *house) must(err error) {
	h.tb.Helper()
	if err != nil {
		h.tb.Fatal(err)
	}
}

func (h *house) of(code string) *country {
	h.tb.Helper()
	for _, c := range h.all {
		if c.code == code {
			return c
		}
	}
	h.tb.Fatalf("there is no %s", code)
	return nil
}

// sent is a proposal as it arrives on another machine.
func (h *house) sent(p *circle.Proposal) *circle.Proposal {
	h.tb.Helper()
	text, err := p.Bytes()
	h.must(err)
	out, err := circle.ReadProposal(text)
	h.must(err)
	return out
}

// sign lets members sign copies at the same time, and merges them.
func (h *house) sign(p *circle.Proposal, codes ...string) *circle.Proposal {
	h.tb.Helper()
	copies := []*circle.Proposal{p}
	for _, code := range codes {
		c := h.of(code)
		signed, err := c.repo.Sign(h.sent(p), c.key)
		h.must(err)
		copies = append(copies, h.sent(signed))
	}
	out, err := h.all[0].repo.Merge(copies...)
	h.must(err)
	return out
}

// change proposes, signs and publishes at the first country; the others fetch.
func (h *house) change(c circle.Change, codes ...string) circle.State {
	h.tb.Helper()
	p, err := h.all[0].repo.Propose(c)
	h.must(err)
	p = h.sign(p, codes...)
	s, err := h.all[0].repo.Publish(context.Background(), p)
	h.must(err)
	h.follow()
	return s
}

// follow brings every copy up to the first's.
func (h *house) follow() {
	h.tb.Helper()
	for _, other := range h.all[1:] {
		_, err := other.repo.Fetch(context.Background(), from(h.all[0].repo))
		h.must(err)
	}
}

// from reads another member's copy, as over the network.
func from(r *circle.Repository) circle.Get {
	return func(_ context.Context, path string) ([]byte, error) { return r.File(path) }
}

// kind fails the test unless an error is of a kind.
func kind(tb testing.TB, err error, want guichet.Kind, what string) {
	tb.Helper()
	if got := guichet.KindOf(err); got != want {
		tb.Errorf("%s: got kind %q (%v), want %q", what, got, err, want)
	}
}

func agreement(id string, parties ...string) guichet.Agreement {
	a := guichet.Agreement{
		Format: 1, ID: id, Version: 1, Circle: "border-five", Title: guichet.Text{EN: "Generated agreement", FR: "Accord inventé"},
		Validity: guichet.Validity{From: "2026-01-01", Until: "2027-12-31", Copies: "delete"},
		Purposes: guichet.Purposes{Permitted: []string{"supply-monitoring"}},
		Terms: []guichet.Term{{
			Dataset: "trade", Grains: []string{"aggregate"}, Picks: map[string][]string{"product": {"covid19", "3004"}},
			Levels: map[string]string{"product": "hs6", "period": "month"}, Quota: 100,
		}},
		Texts: map[string]guichet.Text{"definitions": {EN: "Words.", FR: "Mots."}},
	}
	for _, code := range parties {
		a.Parties = append(a.Parties, guichet.AgreementParty{Member: code, Role: "party", Offices: []string{"statistics"}})
	}
	return a
}

func sameBytes(a, b []byte) bool { return bytes.Equal(a, b) }

func newHouseClock() *guichettest.Clock { return guichettest.NewClock() }

const oneDay = 24 * time.Hour
