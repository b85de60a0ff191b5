package gate

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"encoding/hex"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"guichet"
	"guichet/wording"
)

const (
	// DefaultSkew is how far a member's clock may be from ours.
	DefaultSkew = 30 * time.Second
	// MaxLife is the longest life of a signature that Verify lets through: for how
	// long a nonce must be kept, beside the skew.
	MaxLife = 60 * time.Second
	// DefaultRate and DefaultBurst bound what one member may ask: more than a node
	// of two cores can answer, and so few that the nonces of a window fit into
	// maxNonces: (60 s + 2 x 30 s) x 8,000 + 16,000 < 2^20.
	DefaultRate = 8000
	// DefaultBurst goes with DefaultRate.
	DefaultBurst = 16000
)

// Verify checks the one signature of a request over it and its body, with the
// public key that find gives for the signature's key id. It returns the nonce and
// the signer's time; an error is a *guichet.Error and reaches the other side. It
// refuses a signature that lives longer than MaxLife and one whose clock is apart.
type Verify func(r *http.Request, body []byte, find func(keyID string) (ed25519.PublicKey, error)) (nonce string, created time.Time, err error)

// Config is what a Gate is made of.
type Config struct {
	// Self is our member's code: "CA".
	Self string
	// Circle returns the state of the circle as it is now. It is asked at every
	// handshake and request, so it must be quick; an error refuses.
	Circle func(ctx context.Context) (guichet.Circle, error)
	// TLS is our tls key, Ed25519. The certificate is made of it at start.
	TLS crypto.Signer
	// Clock is ours.
	Clock guichet.Clock
	// Verify checks signatures.
	Verify Verify
	// Log takes what net/http says of connections that failed; nil: nothing is said.
	Log *slog.Logger
	// Skew is how far clocks may be apart, the same as in Verify; 0: DefaultSkew.
	Skew time.Duration
	// Rate is how many requests a member may send in a second, on average, and
	// Burst at once; 0: the defaults. Higher rates let a member fill the cache of
	// its nonces, and then it is told to wait.
	Rate  float64
	Burst int
}

// Gate is the window of one circle. It is safe for concurrent use.
type Gate struct {
	c    Config
	cert tls.Certificate
	// start: what was signed before it may have been admitted by the process that
	// ran before us, whose nonces are gone.
	start time.Time

	mu      sync.Mutex          // guards members
	members map[string]*visitor // by code: at most as many as the circle has
}

// New checks the parts and makes the certificate.
func New(c Config) (*Gate, error) {
	if c.Self == "" || c.Circle == nil || c.TLS == nil || c.Clock == nil || c.Verify == nil {
		return nil, guichet.Errorf(guichet.KindInternal, "the gate needs our member code, a circle, a tls key, a clock and a verifier")
	}
	if c.Skew == 0 {
		c.Skew = DefaultSkew
	}
	if c.Rate == 0 {
		c.Rate = DefaultRate
	}
	if c.Burst == 0 {
		c.Burst = DefaultBurst
	}
	cert, err := certificate(c.Self, c.TLS)
	if err != nil {
		return nil, err
	}
	return &Gate{c: c, cert: cert, start: c.Clock().UTC().Truncate(time.Second), members: map[string]*visitor{}}, nil
}

// Admit says which member sends a request, once: whoever sends it again is
// refused. The body has been read whole (ReadBody). The order of the checks is
// from cheap to dear, and the nonce is spent last, so that a request that was
// refused for another reason can be sent again.
//
// It returns the seal key that signed as well, whose age some agreements ask for.
func (g *Gate) Admit(r *http.Request, body []byte) (guichet.Member, guichet.MemberKey, error) {
	m, err := g.Peer(r)
	if err != nil {
		return guichet.Member{}, guichet.MemberKey{}, err
	}
	if err := g.addressed(r); err != nil {
		return guichet.Member{}, guichet.MemberKey{}, err
	}
	v := g.visitor(m.Code)
	if err := v.allow(g.c.Clock(), g.c.Rate, g.c.Burst); err != nil {
		return guichet.Member{}, guichet.MemberKey{}, err
	}
	var key guichet.MemberKey
	nonce, created, err := g.c.Verify(r, body, func(id string) (ed25519.PublicKey, error) {
		var err error
		key, err = g.sealKey(r.Context(), m.Code, id)
		return key.Public, err
	})
	if err != nil {
		return guichet.Member{}, guichet.MemberKey{}, err
	}
	if err := g.sinceStart(created); err != nil {
		return guichet.Member{}, guichet.MemberKey{}, err
	}
	if err := v.spend(nonce, g.c.Clock(), MaxLife+2*g.c.Skew); err != nil {
		return guichet.Member{}, guichet.MemberKey{}, err
	}
	return m, key, nil
}

// sinceStart refuses what was signed before this process was started: the one
// before it may have admitted it, and its nonces are gone. What is left open is a
// request of a member whose clock is ahead of ours, sent again within that lead of
// a restart; only the holder of that member's tls key could send it.
func (g *Gate) sinceStart(created time.Time) error {
	if !created.Before(g.start) {
		return nil
	}
	return &Refused{Status: http.StatusServiceUnavailable, After: time.Second, Err: guichet.Errorf(guichet.KindBusy,
		"the request was signed at %s, before this node was started at %s: nobody can say whether it was answered already",
		created.Format(time.RFC3339), g.start.Format(time.RFC3339)).WithHint("sign it again and send it")}
}

// Peer says which member is at the other end of a request's connection, by its tls
// key, as the circle is now.
func (g *Gate) Peer(r *http.Request) (guichet.Member, error) {
	if r.TLS == nil || !r.TLS.HandshakeComplete {
		return guichet.Member{}, guichet.Errorf(guichet.KindRefused, "this window is open over mutual TLS alone").WithHint("connect over TLS 1.3 with the certificate of your tls key")
	}
	public, err := peerKey(*r.TLS)
	if err != nil {
		return guichet.Member{}, err
	}
	circle, err := g.c.Circle(r.Context())
	if err != nil {
		return guichet.Member{}, err
	}
	return g.stranger(circle, public)
}

// stranger finds whose tls key is at the other end, which is never ours: nobody
// connects to itself. Who comes with our own keys has stolen them, and would be
// taken at our own desk for the owner of all that is there.
func (g *Gate) stranger(circle guichet.Circle, public ed25519.PublicKey) (guichet.Member, error) {
	m, err := memberOf(circle, public, g.c.Clock())
	if err == nil && m.Code == g.c.Self {
		return guichet.Member{}, guichet.Errorf(guichet.KindRefused, "the tls key %s is our own, %s's, and we do not connect to ourselves", keyID(public), g.c.Self).WithHint("if this is not a test of yours, the key was copied: revoke it at once")
	}
	return m, err
}

// SealKey finds the keys that a member signs with, as the circle is when it is
// asked: what verifies that member's answers, and its requests.
func (g *Gate) SealKey(ctx context.Context, member string) func(keyID string) (ed25519.PublicKey, error) {
	return func(id string) (ed25519.PublicKey, error) {
		k, err := g.sealKey(ctx, member, id)
		return k.Public, err
	}
}

func (g *Gate) sealKey(ctx context.Context, member, id string) (guichet.MemberKey, error) {
	circle, err := g.c.Circle(ctx)
	if err != nil {
		return guichet.MemberKey{}, err
	}
	now := g.c.Clock()
	m, ok := circle.Member(member)
	if !ok {
		return guichet.MemberKey{}, guichet.Errorf(guichet.KindRefused, "the circle %s has no member %s", circle.Name, member).WithHint("join it first")
	}
	if k, ok := m.Key(guichet.KeySeal, id, now); ok && keyID(k.Public) == id {
		return k, nil
	}
	if other, _, ok := keyOf(circle, guichet.KeySeal, id, now); ok && other.Code != member {
		return guichet.MemberKey{}, guichet.Errorf(guichet.KindRefused, "the connection is of %s and the signature of %s", member, other.Code).WithHint("a member sends its own requests, over its own connection")
	}
	return guichet.MemberKey{}, whyNot(m, guichet.KeySeal, id, now)
}

// addressed refuses a request that was signed for another node: a member that was
// asked could else pass the question on as if it had been put to us.
func (g *Gate) addressed(r *http.Request) error {
	circle, err := g.c.Circle(r.Context())
	if err != nil {
		return err
	}
	self, ok := circle.Member(g.c.Self)
	if !ok {
		return guichet.Errorf(guichet.KindRefused, "we, %s, are no member of the circle %s any more", g.c.Self, circle.Name)
	}
	is := func(endpoint string) bool { return strings.EqualFold(withPort(endpoint), withPort(r.Host)) }
	if len(self.Endpoints) > 0 && !slices.ContainsFunc(self.Endpoints, is) {
		return guichet.Errorf(guichet.KindRefused, "the request is addressed to %s, and that is not %s", clip(r.Host), g.c.Self).WithHint("send it to an address of our paper: %s", strings.Join(self.Endpoints, ", "))
	}
	return nil
}

// withPort adds the port that https leaves unsaid.
func withPort(host string) string {
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		return host
	}
	return host + ":443"
}

// clip keeps what a stranger sent from filling a message.
func clip(s string) string {
	const most = 80
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

func (g *Gate) visitor(code string) *visitor {
	g.mu.Lock()
	defer g.mu.Unlock()
	v, ok := g.members[code]
	if !ok {
		v = newVisitor(g.c.Clock(), g.c.Burst)
		g.members[code] = v
	}
	return v
}

// keyOf returns the member and its key of an id and use, if what it signs at a time
// counts.
func keyOf(c guichet.Circle, use guichet.KeyUse, id string, at time.Time) (guichet.Member, guichet.MemberKey, bool) {
	for _, m := range c.Members {
		if k, ok := m.Key(use, id, at); ok {
			return m, k, true
		}
	}
	return guichet.Member{}, guichet.MemberKey{}, false
}

// memberOf finds whose tls key that is. Papers are public and so is the key, but
// it is what decides, so it is compared in constant time.
func memberOf(c guichet.Circle, public ed25519.PublicKey, now time.Time) (guichet.Member, error) {
	id := keyID(public)
	m, k, ok := keyOf(c, guichet.KeyTLS, id, now)
	if ok && subtle.ConstantTimeCompare(k.Public, public) == 1 {
		return m, nil
	}
	for _, m := range c.Members {
		if slices.ContainsFunc(m.Keys, func(k guichet.MemberKey) bool { return k.Use == guichet.KeyTLS && k.ID == id }) {
			return guichet.Member{}, whyNot(m, guichet.KeyTLS, id, now)
		}
	}
	return guichet.Member{}, guichet.Errorf(guichet.KindRefused, "the tls key %s is of no member of the circle %s", id, c.Name).WithHint("check that the circle has published your paper with this key, and that we have its newest version")
}

// whyNot says why a key of a member does not count now.
func whyNot(m guichet.Member, use guichet.KeyUse, id string, now time.Time) error {
	name := wording.Say("the %s key %s of %s", use, id, m.Code)
	at := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	i := slices.IndexFunc(m.Keys, func(k guichet.MemberKey) bool { return k.Use == use && k.ID == id })
	switch {
	case m.HasLeft(now):
		return guichet.Errorf(guichet.KindRefused, "%s has left the circle at %s", m.Code, at(m.Left)).WithHint("ask the stewards of the circle")
	case i < 0:
		return guichet.Errorf(guichet.KindUntrusted, "the paper of %s has no %s key %s", m.Code, string(use), clip(id)).WithHint("publish the key in the circle, or sign with the one that is there")
	case !m.Keys[i].Revoked.IsZero() && !now.Before(m.Keys[i].Revoked):
		return guichet.Errorf(guichet.KindUntrusted, "%s was revoked at %s", name, at(m.Keys[i].Revoked)).WithHint("use its successor; if you know of no revocation, write to the stewards at once")
	case now.Before(m.Keys[i].From):
		return guichet.Errorf(guichet.KindUntrusted, "%s counts from %s only", name, at(m.Keys[i].From)).WithHint("use the one before it until then, and check both clocks")
	}
	return guichet.Errorf(guichet.KindUntrusted, "%s has run out at %s", name, at(m.Keys[i].Until)).WithHint("use its successor, or publish one in the circle")
}

// keyID is how papers name keys: the first 16 hex digits of the SHA-256.
func keyID(public ed25519.PublicKey) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:8])
}
