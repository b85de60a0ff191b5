package node

import (
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"guichet"
	"guichet/internal/circle"
	"guichet/internal/seal"
)

// Ceremonies are what a member does with the circle's papers, at its own home,
// by its own key: by files that members send each other. A running node need not
// be stopped for them.
type Ceremonies struct {
	n    *Node
	repo *circle.Repository // nil where no circle is named and the home has none, or several
	name string
	none error // why repo is nil; nil where the home has no circle yet
}

// OpenCeremonies opens a home for ceremonies of the circle that cfg names, or of
// its only one. Close must be called.
func OpenCeremonies(ctx context.Context, cfg Config) (*Ceremonies, error) {
	n, err := Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	c := &Ceremonies{n: n}
	name, err := circleIn(n.Home().Path, n.cfg.Circle)
	switch kind := guichet.KindOf(err); {
	case err == nil:
		err = c.use(name)
	case kind == guichet.KindNotFound:
		err = nil // the first ceremonies make a circle
	case kind == guichet.KindInvalid:
		c.none, err = err, nil // of several none is named: most files say whose they are
	}
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return c, nil
}

// Close lets go of the home.
func (c *Ceremonies) Close() error { return c.n.Close() }

// use opens the folder of a circle.
func (c *Ceremonies) use(name string) error {
	repo, err := c.n.repository(name)
	if err == nil {
		c.repo, c.name = repo, name
	}
	return err
}

// standing returns the repository of a circle that stands.
func (c *Ceremonies) standing() (*circle.Repository, error) {
	if c.none != nil && c.repo == nil {
		return nil, c.none
	}
	if c.repo == nil || !c.repo.Exists() {
		return nil, guichet.Errorf(guichet.KindNotFound, "%s has no seat in any circle yet", c.n.Home().Path).
			WithHint("found one with 'guichet circle create'; of one that stands take its papers in with 'guichet circle adopt'")
	}
	return c.repo, nil
}

// DraftPaper writes the paper of this home's member as YAML to be filled in.
func (c *Ceremonies) DraftPaper() ([]byte, error) {
	code := c.n.Home().Member
	if c.repo != nil && c.repo.Exists() {
		if st, err := c.repo.State(); err == nil {
			if m, ok := st.Member(code); ok {
				return circle.WriteMember(m)
			}
		}
	}
	return circle.WriteMember(guichet.Member{
		Code: code, Name: areaName(code), Role: "party",
		Offices: []guichet.Office{
			{ID: "statistics", Name: guichet.Text{EN: "Statistics office", FR: "Office de statistique"}, Regime: "statistical"},
			{ID: "customs", Name: guichet.Text{EN: "Customs", FR: "Douanes"}, Regime: "administrative"},
		},
		Endpoints: []string{"guichet.example.org:7443"},
		Contacts: []guichet.Contact{
			{For: "operations", Name: "guichet operations", Email: "operations@example.org", Hours: "08:00-18:00, weekdays"},
			{For: "security", Name: "security", Email: "security@example.org", Hours: "24/7"},
			{For: "rights", Name: "rights of data subjects and traders", Email: "rights@example.org", Hours: "weekdays"},
		},
	})
}

// paper reads a member's paper and puts our public keys into it.
func (c *Ceremonies) paper(yaml []byte, keys ...*seal.Keys) (guichet.Member, error) {
	m, err := circle.ReadMember(yaml)
	if err != nil {
		return m, err
	}
	if m.Code != c.n.Home().Member {
		return m, guichet.Errorf(guichet.KindInvalid, "the paper is of %s; this home is of %s", m.Code, c.n.Home().Member)
	}
	for _, k := range keys {
		m.Keys = append(m.Keys, k.Public()...)
	}
	return m, nil
}

// KeyPaths are the two key files by which the home stands in the circle.
func (c *Ceremonies) KeyPaths() (node, member string) {
	dir := keyDir(c.n.Home().Path, c.name)
	return filepath.Join(dir, nodeKeys), filepath.Join(dir, memberKeys)
}

// keys opens the two key files for a circle, and makes those that are not there yet.
func (c *Ceremonies) keys(circle string) (node, member *seal.Keys, err error) {
	dir, err := newKeyDir(c.n.Home().Path, circle)
	if err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("keys: %w", err)
	}
	nodePath, memberPath := filepath.Join(dir, nodeKeys), filepath.Join(dir, memberKeys)
	if node, err = c.keysAt(nodePath, c.n.cfg.Passphrase, guichet.KeyTLS, guichet.KeySeal, guichet.KeyLog, guichet.KeyWitness); err != nil {
		return nil, nil, err
	}
	member, err = c.keysAt(memberPath, c.n.cfg.MemberPassphrase, guichet.KeyMember)
	return node, member, err
}

func (c *Ceremonies) keysAt(path string, passphrase func() ([]byte, error), uses ...guichet.KeyUse) (*seal.Keys, error) {
	if passphrase == nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "nobody says the passphrase of %s", path)
	}
	words, err := passphrase()
	if err != nil {
		return nil, err
	}
	defer seal.Wipe(words)
	if _, err := os.Stat(path); err == nil {
		return seal.OpenKeys(path, words)
	}
	k, err := seal.NewKeys(c.n.cfg.Clock().UTC().Truncate(time.Second), rand.Reader, uses...)
	if err != nil {
		return nil, err
	}
	return k, k.Create(path, words)
}

// memberKey opens the member's own key.
func (c *Ceremonies) memberKey() (crypto.Signer, *seal.Keys, error) {
	k, err := c.n.openKeys(c.name, memberKeys, c.n.cfg.MemberPassphrase)
	if err != nil {
		return nil, nil, err
	}
	s, err := k.Signer(guichet.KeyMember)
	return s, k, err
}

// Found drafts a circle with this home's member as the first.
func (c *Ceremonies) Found(name string, threshold int, paper []byte, why string) ([]byte, error) {
	if err := c.use(name); err != nil {
		return nil, err
	}
	if c.repo.Exists() {
		return nil, guichet.Errorf(guichet.KindInvalid, "this home has a seat in a circle %s already", name)
	}
	node, member, err := c.keys(name)
	if err != nil {
		return nil, err
	}
	m, err := c.paper(paper, node, member)
	if err != nil {
		return nil, err
	}
	p, err := c.repo.Create(circle.Founding{Name: name, Threshold: threshold, Paper: m, Why: why})
	if err != nil {
		return nil, err
	}
	return p.Bytes()
}

// Invitation is what an invitation says.
type Invitation struct {
	Circle string `json:"circle"`
	ID     string `json:"id"` // of the circle, "" of one that is being founded
	Member string `json:"member"`
	Role   string `json:"role"`
	By     string `json:"by"`
	KeyID  string `json:"key"` // of the inviter: compare it by telephone
}

// Member is the code of the home's member.
func (c *Ceremonies) Member() string { return c.n.Home().Member }

// Invite writes an invitation for a member.
func (c *Ceremonies) Invite(name, member, role string) ([]byte, error) {
	if err := knownMember(member); err != nil {
		return nil, err
	}
	if member == c.n.Home().Member {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s is the member of this home: it needs no invitation", member).WithHint("say with --member whom to invite")
	}
	if c.repo == nil {
		if c.none != nil {
			return nil, c.none
		}
		if name == "" {
			return nil, guichet.Errorf(guichet.KindInvalid, "no circle is named").WithHint("add --circle NAME")
		}
		if err := c.use(name); err != nil {
			return nil, err
		}
	}
	key, held, err := c.memberKey()
	if err != nil {
		return nil, err
	}
	defer held.Close()
	return c.repo.Invite(circle.Invitation{Circle: c.name, Code: member, Role: role, By: c.n.Home().Member}, key)
}

// ReadInvitation says what an invitation says, after a look at its signature.
func ReadInvitation(text []byte) (Invitation, error) {
	i, err := circle.ReadInvitation(text)
	return Invitation{Circle: i.Circle, ID: i.CircleID, Member: i.Code, Role: i.Role, By: i.By, KeyID: circle.KeyID(i.Key)}, err
}

// Join answers an invitation with this home's paper and its keys, each of which
// signs, so that nobody brings another's.
func (c *Ceremonies) Join(invitation, paper []byte) ([]byte, error) {
	to, err := ReadInvitation(invitation)
	if err != nil {
		return nil, err
	}
	node, member, err := c.keys(to.Circle)
	if err != nil {
		return nil, err
	}
	m, err := c.paper(paper, node, member)
	if err != nil {
		return nil, err
	}
	var signers []crypto.Signer
	for _, k := range m.Keys {
		held := node
		if k.Use == guichet.KeyMember {
			held = member
		}
		s, err := held.SignerOf(k.ID)
		if err != nil {
			return nil, err
		}
		signers = append(signers, s)
	}
	return circle.Join(circle.Joining{Invitation: invitation, Paper: m, Made: c.now()}, signers)
}

func (c *Ceremonies) now() time.Time { return c.n.cfg.Clock().UTC().Truncate(time.Second) }

// Admit takes joins into a draft of a new circle, or, with no draft, proposes
// that the circle takes one in.
func (c *Ceremonies) Admit(draft []byte, joins [][]byte) ([]byte, error) {
	if draft == nil {
		if len(joins) != 1 {
			return nil, guichet.Errorf(guichet.KindInvalid, "a circle that stands takes one member in at a time")
		}
		return c.Propose(Change{Join: joins[0]})
	}
	p, err := c.read(draft)
	if err != nil {
		return nil, err
	}
	for _, j := range joins {
		if p, err = c.repo.Admit(p, j); err != nil {
			return nil, err
		}
	}
	return p.Bytes()
}

// read reads a proposal and opens the folder of its circle.
func (c *Ceremonies) read(text []byte) (*circle.Proposal, error) {
	p, err := circle.ReadProposal(text)
	if err != nil {
		return nil, err
	}
	if c.name != p.Circle {
		if err := c.use(p.Circle); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Change is what may be proposed; one of its fields is set.
type Change struct {
	Why       string
	Join      []byte             // a join
	Leave     string             // a member that leaves
	From      time.Time          // of Leave and Revoke: since when; zero: now
	Paper     []byte             // our own next paper, YAML
	Rotate    guichet.KeyUse     // a new key of ours for the old
	Revoke    string             // id of a key of ours that is lost or stolen
	Lost      []byte             // another member's new member key: its old one is lost (JSON of NewMemberKey)
	LostOf    string             // whose
	Agreement *guichet.Agreement // a new one, or its next version
	Withdraw  []byte             // a notice, made permanent
	Threshold int
	Role      [2]string // member, role
	Lists     bool      // the code lists and product groups of this program
	Renew     bool
}

// Propose writes a proposal to change the circle.
func (c *Ceremonies) Propose(ch Change) ([]byte, error) {
	repo, err := c.standing()
	if err != nil {
		return nil, err
	}
	in := circle.Change{By: c.n.Home().Member, Why: ch.Why, Join: ch.Join, Agreement: ch.Agreement, Withdraw: ch.Withdraw, Threshold: ch.Threshold}
	if ch.From.IsZero() {
		ch.From = c.now()
	}
	switch {
	case ch.Leave != "":
		in.Leave = &circle.Leaving{Member: ch.Leave, From: ch.From}
	case ch.Role[0] != "":
		in.Role = &circle.RoleChange{Member: ch.Role[0], Role: ch.Role[1]}
	case ch.Renew:
		in.Renew = []string{}
	case ch.Lists:
		in.Lists, err = signedLists()
	case ch.Lost != nil:
		in.Rotate, err = lostKey(ch)
	case ch.Rotate == guichet.KeyMember:
		in.Rotate, err = c.rotateMember()
	case ch.Rotate != "" || ch.Revoke != "" || ch.Paper != nil:
		in.Paper, err = c.nextPaper(ch)
	}
	if err != nil {
		return nil, err
	}
	p, err := repo.Propose(in)
	if err != nil {
		return nil, err
	}
	return p.Bytes()
}

// Explained is one thing that a proposal changes.
type Explained struct {
	Code   string       `json:"-"`                // of a text: "expires"
	Text   guichet.Text `json:"text,omitzero"`    // zero of a clause
	Clause string       `json:"clause,omitempty"` // of an agreement
	Before string       `json:"before,omitempty"`
	After  string       `json:"after,omitempty"`
	Effect string       `json:"effect,omitempty"` // "widens", "narrows", "either", "text"
}

// Review is what a proposal changes, and what it still lacks.
type Review struct {
	Circle  string      `json:"circle"`
	ID      string      `json:"id"` // of what is signed: the same after any signature
	Kind    string      `json:"kind"`
	By      string      `json:"by"`
	Why     string      `json:"why"`
	Changes []Explained `json:"changes"`
	Missing []Missing   `json:"missing"`
	Ready   bool        `json:"ready"` // may be published
}

// Missing is who may still sign a paper.
type Missing struct {
	Paper   string   `json:"paper"`
	Need    int      `json:"need"`
	Have    int      `json:"have"`
	Members []string `json:"members"`
}

// Review says what a proposal changes.
func (c *Ceremonies) Review(text []byte) (Review, error) {
	p, err := c.read(text)
	if err != nil {
		return Review{}, err
	}
	r, err := c.repo.Review(p)
	if err != nil {
		return Review{}, err
	}
	out := Review{Circle: r.Circle, ID: r.ID, Kind: r.Kind, By: r.By, Why: r.Why, Ready: r.Ready, Changes: explained(r.Changes), Missing: []Missing{}}
	for _, m := range r.Missing {
		out.Missing = append(out.Missing, Missing{Paper: m.Paper, Need: m.Need, Have: m.Have, Members: m.Members})
	}
	return out, nil
}

func explained(in []circle.Explained) []Explained {
	out := []Explained{}
	for _, e := range in {
		x := Explained{Code: e.Code, Text: e.Text}
		if e.Clause != nil {
			x.Clause, x.Before, x.After, x.Effect = e.Clause.Clause, e.Clause.Before, e.Clause.After, e.Clause.Effect
		}
		out = append(out, x)
	}
	return out
}

// Sign signs a proposal with the member's key. Review it first: what cannot be
// explained is not signed.
func (c *Ceremonies) Sign(text []byte) ([]byte, error) {
	p, err := c.read(text)
	if err != nil {
		return nil, err
	}
	key, held, err := c.memberKey()
	if err != nil {
		return nil, err
	}
	defer held.Close()
	if p, err = c.repo.Sign(p, key); err != nil {
		return nil, err
	}
	return p.Bytes()
}

// Merge puts the signatures of several copies of one proposal together.
func (c *Ceremonies) Merge(texts [][]byte) ([]byte, error) {
	var all []*circle.Proposal
	for _, t := range texts {
		p, err := c.read(t)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	p, err := c.repo.Merge(all...)
	if err != nil {
		return nil, err
	}
	return p.Bytes()
}

// Publish makes a proposal that is signed by all who must the circle's state at
// this home; the nodes of the others follow by themselves.
func (c *Ceremonies) Publish(ctx context.Context, text []byte) (guichet.Circle, error) {
	p, err := c.read(text)
	if err != nil {
		return guichet.Circle{}, err
	}
	st, err := c.repo.Publish(ctx, p)
	return st.Circle, err
}
