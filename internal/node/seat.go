package node

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"guichet"
	"guichet/internal/federation"
	"guichet/internal/gate"
	"guichet/internal/journal"
	"guichet/internal/portal"
	"guichet/internal/seal"
)

// Names inside a home that belong to its seats.
const (
	dirKeys     = "keys"
	nodeKeys    = "node.age"   // tls, seal, log and witness keys: what serve needs
	memberKeys  = "member.age" // the member's ceremony key: what circle and agreement sign need
	dirCircles  = "circles"
	dirJournals = "journals"
)

// Seat is a member's seat in one circle: its keys, the circle's papers, its
// journal there, and the way to the other members. One process has it at a time.
// A home may have several, and a process may take them all; they share the home's
// tables and nothing else.
type Seat struct {
	n       *Node
	alone   bool   // the node is this seat's, and closed with it
	name    string // of the circle
	keys    *seal.Keys
	papers  *papers
	journal *journal.Book
	witness *journal.Witness
	// renewals are those of the others' journals that we have accepted.
	renewals *journal.Renewals
	salts    *salts
	given    *given
	law      *law
	gate     *gate.Gate
	lines    lines
	client   *federation.Client
	watch    *watching // nil: nobody watches
	outbox   outbox
	using    map[guichet.KeyUse]string // ids of the keys that were taken at the start
	// unproven: the journal was restored, or others have seen more of it; nothing is
	// written or signed.
	unproven atomic.Bool
	// recovering guards recoverAfter: until when a member is not asked again for what
	// we have lost.
	recovering   sync.Mutex
	recoverAfter map[string]time.Time
	// refusedRenewals is, by member, why its renewal was refused the last time.
	refusedRenewals sync.Map
	doubted         atomic.Bool // a witness says that it has seen another log of ours
}

// TakeSeat opens a node and its seat in a circle; Close must be called. KindBusy
// when another process has the seat: ask that one, by its socket (Operate).
func TakeSeat(ctx context.Context, cfg Config) (*Seat, error) {
	n, err := Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	paceGarbage()
	name, err := circleIn(n.Home().Path, n.cfg.Circle)
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	s, err := n.takeSeat(ctx, name, n.cfg.Passphrase)
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	s.alone = true
	return s, nil
}

// takeSeat takes the seat in a circle of an open home. What it has opened is closed
// again when it cannot be taken; the home is not.
func (n *Node) takeSeat(ctx context.Context, circle string, passphrase func() ([]byte, error)) (*Seat, error) {
	s := &Seat{n: n, name: circle, using: map[guichet.KeyUse]string{}, recoverAfter: map[string]time.Time{}}
	if err := s.take(ctx, passphrase); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// paceGarbage lets the process of a seat gather twice its live memory in garbage,
// unless $GOGC says how much. An exchange leaves a hundred kilobytes behind and a
// node's own memory is some tens of megabytes, most of it lists that never change:
// with the usual pace a tenth of an exchange is spent on looking through those.
func paceGarbage() {
	const percent = 200
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}

// Close lets go of the seat, and of the home where it was opened for it alone.
func (s *Seat) Close() error {
	var errs []error
	s.lines.rest()
	if s.journal != nil {
		errs = append(errs, s.journal.Close())
	}
	if s.salts != nil {
		errs = append(errs, s.salts.Close())
	}
	if s.keys != nil {
		s.keys.Close()
	}
	if s.alone {
		errs = append(errs, s.n.Close())
	}
	return errors.Join(errs...)
}

// Circle returns the circle's papers as they stand now.
func (s *Seat) Circle() guichet.Circle { return s.papers.circle() }

func (s *Seat) us() string { return s.n.Home().Member }

func (s *Seat) clock() time.Time { return s.n.cfg.Clock().UTC() }

func (s *Seat) take(ctx context.Context, passphrase func() ([]byte, error)) error {
	home := s.n.Home().Path
	var err error
	if s.papers, err = openPapers(s.n, s.name); err != nil {
		return err
	}
	if s.law, err = openLaw(home, s.n.cfg.Clock); err != nil {
		return err
	}
	if s.keys, err = s.n.openKeys(s.name, nodeKeys, passphrase); err != nil {
		return err
	}
	if err := s.openJournal(ctx); err != nil {
		return err
	}
	if err := s.holdRestored(); err != nil {
		return err
	}
	if s.salts, err = openSalts(filepath.Join(home, dirJournals, s.name)); err != nil {
		return err
	}
	if s.given, err = countGiven(ctx, s.journal, s.us(), s.clock()); err != nil {
		return err
	}
	return s.openWire()
}

// circlesIn are the circles that a home has papers of, sorted.
func circlesIn(home string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(home, dirCircles)) // sorted by name
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("circles: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && e.Name()[0] != '.' {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// circleIn returns the circle that is named, or the only one of the home.
func circleIn(home, name string) (string, error) {
	names, err := circlesIn(home)
	if err != nil {
		return "", err
	}
	switch {
	case name != "" && slices.Contains(names, name):
		return name, nil
	case name == "" && len(names) == 1:
		return names[0], nil
	case len(names) == 0:
		return "", guichet.Errorf(guichet.KindNotFound, "%s has no seat in any circle", home).WithHint("found one with 'guichet circle create', or join one with 'guichet circle join'")
	case name == "":
		return "", guichet.Errorf(guichet.KindInvalid, "%s has seats in several circles: %s", home, join(names)).WithHint("say which: --circle %s", names[0])
	}
	return "", guichet.Errorf(guichet.KindNotFound, "%s has no seat in a circle %q; it has: %s", home, name, join(names)).WithHint("say one of these with --circle")
}

// keyDir is the folder of the keys by which a home stands in a circle. In every
// circle but its first it has keys of its own (newKeyDir): else a member of one
// would know the node of the other by its certificate, a paper that is signed for
// one could be shown in the other, and an officer would have one pseudonym in both.
// A home that is older than this has one pair of files for all.
func keyDir(home, circle string) string {
	all := filepath.Join(home, dirKeys)
	if own := filepath.Join(all, circle); circle != "" {
		if st, err := os.Stat(own); err == nil && st.IsDir() {
			return own
		}
	}
	return all
}

// newKeyDir is keyDir for a circle that is being founded or joined.
func newKeyDir(home, circle string) (string, error) {
	names, err := circlesIn(home)
	if err != nil {
		return "", err
	}
	dir := keyDir(home, circle)
	other := func(name string) bool { return name != circle }
	if slices.Contains(names, circle) || !slices.ContainsFunc(names, other) {
		return dir, nil
	}
	return filepath.Join(home, dirKeys, circle), nil
}

// openKeys opens one of the key files of a home's seat in a circle.
func (n *Node) openKeys(circle, file string, passphrase func() ([]byte, error)) (*seal.Keys, error) {
	path := filepath.Join(keyDir(n.Home().Path, circle), file)
	if _, err := os.Stat(path); err != nil {
		return nil, guichet.Errorf(guichet.KindNotFound, "there are no keys in %s", path).WithHint("they are made with 'guichet circle create' or 'guichet circle join'; else restore them from a backup")
	}
	if passphrase == nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "nobody says the passphrase of %s", path)
	}
	words, err := passphrase()
	if err != nil {
		return nil, err
	}
	defer seal.Wipe(words)
	return seal.OpenKeys(path, words)
}

func (s *Seat) openJournal(ctx context.Context) error {
	key, former, err := s.logKeys()
	if err != nil {
		return err
	}
	dir := filepath.Join(s.n.Home().Path, dirJournals, s.name)
	s.journal, err = journal.OpenBook(ctx, journal.Config{
		Dir: dir, Origin: journal.Origin(s.name, s.us()), Log: key, Former: former, Clock: s.n.cfg.Clock,
	})
	if err != nil {
		return err
	}
	witness, err := s.keys.Signer(guichet.KeyWitness)
	if err != nil {
		return err
	}
	s.renewals = journal.OpenRenewals(dir)
	s.witness, err = journal.OpenWitness(journal.WitnessConfig{
		Dir: filepath.Join(dir, "witness"), Circle: s.name, Member: s.us(), Key: witness, Clock: s.n.cfg.Clock,
		Keys: func() journal.Keys { return journal.Trusted(s.papers.circle()) }, Renewals: s.renewals,
	})
	return err
}

// trusted are the keys by which logs of the circle's members are read. What was
// signed of a log after its end is not believed.
func (s *Seat) trusted() journal.Keys {
	keys := journal.Trusted(s.papers.circle())
	for _, m := range s.papers.circle().Members {
		if renewed, err := s.renewals.Of(m.Code); err == nil && renewed != nil {
			keys = keys.Ending(renewed.Renewal)
		}
	}
	if ours := s.journal.Renewal(); ours != nil {
		keys = keys.Ending(ours.Renewal)
	}
	return keys
}

// openWire builds the gate, the signatures and the client of the circle.
func (s *Seat) openWire() error {
	tlsKey, err := s.takeKey(guichet.KeyTLS)
	if err != nil {
		return err
	}
	sealKey, err := s.takeKey(guichet.KeySeal)
	if err != nil {
		return err
	}
	s.gate, err = gate.New(gate.Config{
		Self: s.us(), Circle: func(context.Context) (guichet.Circle, error) { return s.papers.state() }, TLS: tlsKey,
		Clock: s.n.cfg.Clock, Log: s.n.cfg.Log,
		Verify: func(r *http.Request, body []byte, find func(string) (ed25519.PublicKey, error)) (string, time.Time, error) {
			signed, err := seal.Verifier{Clock: s.n.cfg.Clock}.Request(r, body, find)
			return signed.Nonce, signed.Created, err
		},
	})
	if err != nil {
		return err
	}
	sealer, err := seal.NewSealer(sealKey, s.n.cfg.Clock, rand.Reader)
	if err != nil {
		return err
	}
	s.lines = lines{seat: s, gate: s.gate, sealer: sealer, key: sealKey, clients: map[string]*http.Client{}}
	s.client, err = federation.NewClient(federation.ClientConfig{
		Us: s.us(), Clock: s.n.cfg.Clock, Line: s.lines.to, Seal: &s.lines, Journal: asking{s.journal}, Rows: decodeRows, Words: portal.TextOf,
	})
	return err
}

// takeKey is keyInForce for as long as the seat is taken: watchKeys looks whether
// it still counts.
func (s *Seat) takeKey(use guichet.KeyUse) (signer, error) {
	key, paper, err := s.keyInForce(use)
	if err == nil {
		s.using[use] = paper.ID
	}
	return key, err
}

// keyInForce is ours of a use that the circle's papers name, and what they say of
// it.
func (s *Seat) keyInForce(use guichet.KeyUse) (signer, guichet.MemberKey, error) {
	self, ok := s.papers.circle().Member(s.us())
	if !ok {
		return nil, guichet.MemberKey{}, guichet.Errorf(guichet.KindRefused, "%s is no member of the circle %s", s.us(), s.name).WithHint("ask a member to invite you: guichet circle invite")
	}
	key, paper, err := s.keys.InForce(self, use, s.clock())
	if err == nil {
		return key, paper, nil
	}
	now := s.clock()
	if i := slices.IndexFunc(self.Keys, func(k guichet.MemberKey) bool { return k.Use == use && now.Before(k.From) }); i >= 0 {
		return nil, guichet.MemberKey{}, guichet.Errorf(guichet.KindInvalid, "our clock says %s, and our %s key is in force from %s: our clock is %s behind, or more",
			now.Format(time.RFC3339), use, self.Keys[i].From.Format(time.RFC3339), self.Keys[i].From.Sub(now).Round(time.Second)).
			WithHint("set this machine's clock (NTP)")
	}
	return nil, guichet.MemberKey{}, err
}

// logKeys are the key of our log that is in force and those before it.
func (s *Seat) logKeys() (signer, []ed25519.PublicKey, error) {
	key, err := s.takeKey(guichet.KeyLog)
	if err != nil {
		return nil, nil, err
	}
	public, err := seal.PublicOf(key)
	if err != nil {
		return nil, nil, err
	}
	self, _ := s.papers.circle().Member(s.us())
	var former []ed25519.PublicKey
	for _, k := range self.Keys {
		if k.Use == guichet.KeyLog && !k.Public.Equal(public) {
			former = append(former, k.Public)
		}
	}
	return key, former, nil
}
