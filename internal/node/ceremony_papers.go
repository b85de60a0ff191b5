package node

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"slices"
	"time"

	"guichet"
	"guichet/codes"
	"guichet/hs"
	"guichet/internal/circle"
	"guichet/internal/seal"
	"guichet/trade"
)

// overlap is how long an old key of a node stays in force beside its new one, so
// that what is under way is still read.
const overlap = 7 * 24 * time.Hour

// nextPaper is our own next paper: with new words, a new key, or a revoked one.
func (c *Ceremonies) nextPaper(ch Change) (*guichet.Member, error) {
	st, err := c.repo.State()
	if err != nil {
		return nil, err
	}
	now, ok := st.Member(c.n.Home().Member)
	if !ok {
		return nil, guichet.Errorf(guichet.KindRefused, "%s is no member of the circle %s", c.n.Home().Member, c.name)
	}
	now.Keys = slices.Clone(now.Keys)
	switch {
	case ch.Paper != nil:
		next, err := c.paper(ch.Paper)
		if err != nil {
			return nil, err
		}
		next.Keys, next.Left, next.Role = now.Keys, now.Left, now.Role
		now = next
	case ch.Revoke != "":
		i := slices.IndexFunc(now.Keys, func(k guichet.MemberKey) bool { return k.ID == ch.Revoke })
		if i < 0 {
			return nil, guichet.Errorf(guichet.KindNotFound, "our paper has no key %s", ch.Revoke).WithHint("'guichet circle members --json' shows the keys")
		}
		now.Keys[i].Revoked = ch.From
		if !slices.ContainsFunc(now.Keys, func(k guichet.MemberKey) bool { return k.Use == now.Keys[i].Use && k.InForce(ch.From) }) {
			fresh, err := c.newNodeKey(now.Keys[i].Use)
			if err != nil {
				return nil, err
			}
			now.Keys = append(now.Keys, fresh)
		}
	default:
		fresh, err := c.newNodeKey(ch.Rotate)
		if err != nil {
			return nil, err
		}
		for i, k := range now.Keys {
			if k.Use == ch.Rotate && k.InForce(fresh.From) && k.Until.IsZero() {
				now.Keys[i].Until = fresh.From.Add(overlap)
			}
		}
		now.Keys = append(now.Keys, fresh)
	}
	return &now, nil
}

// newNodeKey makes a new key beside those of its use in the node's key file.
func (c *Ceremonies) newNodeKey(use guichet.KeyUse) (guichet.MemberKey, error) {
	if !slices.Contains([]guichet.KeyUse{guichet.KeyTLS, guichet.KeySeal, guichet.KeyLog, guichet.KeyWitness}, use) {
		return guichet.MemberKey{}, guichet.Errorf(guichet.KindInvalid, "there is no key of use %q", use).WithHint("tls, seal, log, witness or member")
	}
	return c.replace(nodeKeys, c.n.cfg.Passphrase, use)
}

// replace makes a new key in a key file.
func (c *Ceremonies) replace(file string, passphrase func() ([]byte, error), use guichet.KeyUse) (guichet.MemberKey, error) {
	words, err := passphrase()
	if err != nil {
		return guichet.MemberKey{}, err
	}
	defer seal.Wipe(words)
	again := func() ([]byte, error) { return slices.Clone(words), nil }
	k, err := c.n.openKeys(c.name, file, again)
	if err != nil {
		return guichet.MemberKey{}, err
	}
	defer k.Close()
	fresh, err := k.Replace(use, c.now(), rand.Reader)
	if err != nil {
		return guichet.MemberKey{}, err
	}
	node, member := c.KeyPaths()
	path := node
	if file == memberKeys {
		path = member
	}
	return fresh, k.Save(path, words)
}

// rotateMember makes a new member key for the old, which still signs the change.
func (c *Ceremonies) rotateMember() (*circle.Rotation, error) {
	fresh, err := c.replace(memberKeys, c.n.cfg.MemberPassphrase, guichet.KeyMember)
	if err != nil {
		return nil, err
	}
	return &circle.Rotation{Member: c.n.Home().Member, Key: fresh}, nil
}

// NewMemberKey makes a new member key where the old one is lost, and returns its
// public part for the others, who propose and sign the change.
func (c *Ceremonies) NewMemberKey() ([]byte, error) {
	k, err := seal.NewKeys(c.now(), rand.Reader, guichet.KeyMember)
	if err != nil {
		return nil, err
	}
	defer k.Close()
	if c.n.cfg.MemberPassphrase == nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "nobody says the passphrase")
	}
	words, err := c.n.cfg.MemberPassphrase()
	if err != nil {
		return nil, err
	}
	defer seal.Wipe(words)
	_, path := c.KeyPaths()
	if err := k.Create(path, words); err != nil {
		return nil, err
	}
	return json.MarshalIndent(k.Public()[0], "", "  ")
}

func lostKey(ch Change) (*circle.Rotation, error) {
	var k guichet.MemberKey
	if err := json.Unmarshal(ch.Lost, &k); err != nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "the new key cannot be read: %w", err).WithHint("it is what 'guichet circle new-key' wrote at the member that lost its own")
	}
	fresh := circle.NewKey(guichet.KeyMember, k.Public, k.From)
	if fresh.ID != k.ID || k.Use != guichet.KeyMember {
		return nil, guichet.Errorf(guichet.KindInvalid, "that is no new member key, or its id is another key's")
	}
	return &circle.Rotation{Member: ch.LostOf, Key: fresh, Lost: true}, nil
}

// signedLists are the code lists and product groups that this program holds, as
// the members sign them: what figures mean must not differ from node to node.
func signedLists() (map[string][]byte, error) {
	versions, err := guichet.Canonical(map[string]string{"hs": hs.Version(), "codes": codes.Version(), "tables": TablesVersion()})
	if err != nil {
		return nil, err
	}
	type group struct {
		Path  string   `json:"path"`
		Tier  string   `json:"tier"`
		Codes []string `json:"codes"`
	}
	var groups []group
	for _, g := range trade.Groups() {
		x := group{Path: g.Path, Tier: string(g.Tier), Codes: []string{}}
		for _, i := range g.Items {
			if !i.Partial {
				x.Codes = append(x.Codes, i.Edition.String()+":"+string(i.Code))
			}
		}
		groups = append(groups, x)
	}
	text, err := guichet.Canonical(groups)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{"codes/versions.json": versions, "products/groups.json": text}, nil
}

// Circle returns the circle as it stands.
func (c *Ceremonies) Circle() (guichet.Circle, error) {
	repo, err := c.standing()
	if err != nil {
		return guichet.Circle{}, err
	}
	st, err := repo.State()
	return st.Circle, err
}

// CircleReport is what is found in the circle's papers.
type CircleReport struct {
	Circle  string        `json:"circle"`
	ID      string        `json:"id"`
	Version int64         `json:"version"`
	Papers  []PaperReport `json:"papers"`
	Faults  []PaperFault  `json:"faults"`
	Fatal   string        `json:"fatal,omitempty"`
}

// PaperReport is one signed paper.
type PaperReport struct {
	Name    string    `json:"name"`
	Version int64     `json:"version"`
	Need    int       `json:"need"`
	Signed  []string  `json:"signed"` // members
	Expires time.Time `json:"expires"`
	State   string    `json:"state"` // "in_force", "due", "grace", "expired"
}

// PaperFault is a paper that is not used.
type PaperFault struct {
	Paper string       `json:"paper"`
	Kind  guichet.Kind `json:"kind"`
	Text  guichet.Text `json:"text"`
}

// Verify looks at each of the circle's papers.
func (c *Ceremonies) Verify() (CircleReport, error) {
	repo, err := c.standing()
	if err != nil {
		return CircleReport{}, err
	}
	r, err := repo.Verify()
	if err != nil {
		return CircleReport{}, err
	}
	out := CircleReport{Circle: r.Circle, ID: r.ID, Version: r.Version, Papers: []PaperReport{}, Faults: []PaperFault{}, Fatal: r.Fatal}
	for _, p := range r.Papers {
		x := PaperReport{Name: p.Name, Version: p.Version, Need: p.Need, Signed: []string{}, Expires: p.Expires, State: p.State}
		for _, s := range p.Signed {
			x.Signed = append(x.Signed, s.Member)
		}
		out.Papers = append(out.Papers, x)
	}
	withheld, err := repo.Withheld(c.n.Home().Member)
	if err != nil && r.Fatal == "" {
		return CircleReport{}, err
	}
	for _, f := range r.Faults {
		if !slices.Contains(withheld, f.Paper) {
			out.Faults = append(out.Faults, PaperFault{f.Paper, f.Kind, f.Text})
		}
	}
	return out, nil
}

// Bundle is the whole of the circle's public papers as one file, for whoever
// verifies receipts without a home, or takes a seat on a new machine.
func (c *Ceremonies) Bundle() ([]byte, error) { return c.BundleFor("", "") }

// BundleFor is the bundle for one member, without the agreements that its role keeps
// from it. role is that of a member that is still to join; "" that of the circle's
// charter, and of a party where member is "".
func (c *Ceremonies) BundleFor(member, role string) ([]byte, error) {
	repo, err := c.standing()
	if err != nil {
		return nil, err
	}
	st, err := repo.State()
	if err != nil {
		return nil, err
	}
	m, ok := st.Member(member)
	switch {
	case ok && role != "" && role != m.Role:
		return nil, guichet.Errorf(guichet.KindInvalid, "%s is %s in the circle %s, not %s", member, m.Role, c.name, role).WithHint("leave out --role")
	case ok:
		role = m.Role
	case member != "" && role == "":
		return nil, guichet.Errorf(guichet.KindNotFound, "%s is no member of the circle %s yet", member, c.name).WithHint("say as what it is to join: --role guest")
	}
	return repo.BundleFor(member, cmp.Or(role, "party"))
}

// Adopt takes the papers of a circle that stands into a home that has none of
// it. id is the circle's, known by another way than the bundle.
func (c *Ceremonies) Adopt(ctx context.Context, name string, bundle []byte, id string) (guichet.Circle, error) {
	get, held, err := circle.ReadBundle(bundle)
	if err != nil {
		return guichet.Circle{}, err
	}
	if id != held {
		return guichet.Circle{}, guichet.Errorf(guichet.KindUntrusted, "the papers are of the circle %s, not of %s", held, id).WithHint("ask a member by telephone for the circle's id (guichet circle members)")
	}
	if err := c.use(name); err != nil {
		return guichet.Circle{}, err
	}
	if err := c.repo.Adopt(ctx, id, get); err != nil {
		return guichet.Circle{}, err
	}
	st, err := c.repo.State()
	return st.Circle, err
}

// Update takes newer papers of the circle in from a bundle that another member
// sent.
func (c *Ceremonies) Update(ctx context.Context, bundle []byte) (changed bool, err error) {
	repo, err := c.standing()
	if err != nil {
		return false, err
	}
	get, _, err := circle.ReadBundle(bundle)
	if err != nil {
		return false, err
	}
	f, err := repo.Fetch(ctx, get)
	return f.Changed || f.Notices > 0, err
}

// areaName is a country's name in both languages.
func areaName(code string) guichet.Text {
	if a, ok := codes.AreaByCode(code); ok {
		return guichet.Text{EN: a.NameEN, FR: a.NameFR}
	}
	return guichet.Text{EN: code, FR: code}
}
