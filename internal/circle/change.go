package circle

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"guichet"
)

// Change is what somebody proposes: who, why, and exactly one of the rest.
type Change struct {
	By  string // who proposes: "CA"; shown, not trusted
	Why string

	Join      []byte             // a join request, as Join wrote it
	Leave     *Leaving           //
	Rotate    *Rotation          // another key that signs for a member
	Paper     *guichet.Member    // a member's own next paper: node keys, offices, endpoints, contacts
	Agreement *guichet.Agreement // a new one (version 1), or the next version
	Withdraw  []byte             // a party's notice, to be kept in the circle
	Threshold int                // how many must sign
	Role      *RoleChange        //
	Lists     map[string][]byte  // "codes/areas.json" -> content; nil content takes it out
	// Renew names papers to be signed again before they expire: "root", "targets",
	// "member-CA". An empty list that is not nil is all that expire within 60 days.
	// Snapshot and timestamp are renewed by every proposal.
	Renew []string
}

// Leaving is a member that leaves, since a time.
type Leaving struct {
	Member string
	From   time.Time // zero: now
}

// Rotation gives a member another key of use member. Unless the old one is Lost,
// it must sign too.
type Rotation struct {
	Member string
	Key    guichet.MemberKey
	Lost   bool
}

// RoleChange gives a member another role: "observer".
type RoleChange struct{ Member, Role string }

// Propose drafts a change of the circle and looks at it as every signer will. The
// proposal has no signatures yet. No key is needed.
func (r *Repository) Propose(c Change) (*Proposal, error) {
	base, err := r.viewOrNone()
	if err != nil {
		return nil, err
	}
	if base == nil {
		return nil, guichet.Errorf(guichet.KindNotFound, "there is no circle here to change").WithHint("found one: guichet circle create")
	}
	kind, err := c.kind()
	if err != nil {
		return nil, err
	}
	if kind == "withdraw" {
		if err := r.mayKeep(base, c.Withdraw); err != nil {
			return nil, err
		}
	}
	d := newDraft(base, r.cfg.Life, r.cfg.Clock())
	if err := d.apply(kind, c); err != nil {
		return nil, err
	}
	p, err := d.finish(kind, c.By, c.Why)
	if err != nil {
		return nil, err
	}
	_, err = r.preview(base, p)
	return p, err
}

// kind is the one thing that a change changes.
func (c Change) kind() (string, error) {
	set := map[string]bool{
		"join": c.Join != nil, "leave": c.Leave != nil, "rotate": c.Rotate != nil && !c.Rotate.Lost, "lost": c.Rotate != nil && c.Rotate.Lost,
		"paper": c.Paper != nil, "agreement": c.Agreement != nil, "withdraw": c.Withdraw != nil, "threshold": c.Threshold != 0,
		"role": c.Role != nil, "lists": c.Lists != nil, "renew": c.Renew != nil,
	}
	maps.DeleteFunc(set, func(_ string, is bool) bool { return !is })
	if len(set) != 1 {
		return "", guichet.Errorf(guichet.KindInvalid, "a proposal changes one thing, not %d", len(set)).WithHint("make a proposal for each")
	}
	return slices.Collect(maps.Keys(set))[0], nil
}

func (d *draft) apply(kind string, c Change) error {
	switch kind {
	case "join":
		return d.join(c.Join)
	case "leave":
		return d.leave(*c.Leave)
	case "rotate", "lost":
		return d.rotate(*c.Rotate)
	case "paper":
		return d.paper(*c.Paper)
	case "agreement":
		return d.agreement(*c.Agreement)
	case "withdraw":
		return d.withdraw(c.Withdraw)
	case "threshold":
		d.charter.Threshold = c.Threshold
		if err := d.charter.check(); err != nil { // settle would mend it unasked
			return err
		}
		return d.settle()
	case "role":
		return d.role(*c.Role)
	case "lists":
		return d.lists(c.Lists)
	}
	return d.renew(c.Renew)
}

func (d *draft) join(request []byte) error {
	j, err := ReadJoin(request)
	if err != nil {
		return err
	}
	if err := d.base.invited(j, d.now); err != nil {
		return err
	}
	return d.admit(j.Paper)
}

// admit adds a member, or takes back one that has left.
func (d *draft) admit(m guichet.Member) error {
	s := standing{Code: m.Code, Role: m.Role, Joined: d.now}
	i, there := slices.BinarySearchFunc(d.charter.Members, m.Code, func(o standing, code string) int { return strings.Compare(o.Code, code) })
	if there && d.charter.Members[i].Left.IsZero() {
		return guichet.Errorf(guichet.KindInvalid, "%s is a member already", m.Code)
	}
	if there {
		d.charter.Members[i] = s
		t, err := d.touchTargets()
		if err != nil {
			return err
		}
		maps.DeleteFunc(t.Signed.Targets, func(target string, _ *metadata.TargetFiles) bool { return mayHold(memberRole(m.Code), target) })
	} else {
		d.charter.Members = slices.Insert(d.charter.Members, i, s)
	}
	key, err := signingKey(m, d.now)
	if err != nil {
		return err
	}
	if err := d.delegate(memberRole(m.Code), []*metadata.Key{key}); err != nil {
		return err
	}
	if err := d.putMember(m); err != nil {
		return err
	}
	return d.settle()
}

func (d *draft) putMember(m guichet.Member) error {
	m.Left = time.Time{} // the charter's to say
	text, err := memberBytes(m)
	if err != nil {
		return err
	}
	p, err := d.touch(memberRole(m.Code))
	if err != nil {
		return err
	}
	d.put(p, memberPath(m.Code), text)
	return checkMember(m)
}

// active is the paper of a member that has not left.
func (d *draft) active(code string) (guichet.Member, error) {
	s, ok := d.charter.of(code)
	m, have := d.base.content.members[code]
	if !ok || !have || !s.Left.IsZero() {
		return m, guichet.Errorf(guichet.KindNotFound, "%s is no member of %s, or its paper is not valid", clip(code), d.charter.Name).
			WithHint("guichet circle members lists them")
	}
	return m, nil
}

func (d *draft) setStanding(code string, set func(*standing)) {
	i := slices.IndexFunc(d.charter.Members, func(m standing) bool { return m.Code == code })
	set(&d.charter.Members[i])
}

// leave takes a member's keys out of the root and its delegation away. Its last
// paper and its notices stay, signed by the others, for what its keys signed.
func (d *draft) leave(l Leaving) error {
	if _, err := d.active(l.Member); err != nil {
		return err
	}
	from := l.From.UTC().Truncate(time.Second)
	if l.From.IsZero() {
		from = d.now
	}
	d.setStanding(l.Member, func(s *standing) { s.Left = from })
	p, err := d.touchTargets()
	if err != nil {
		return err
	}
	role := memberRole(l.Member)
	for target, t := range d.base.roles[role].Signed.Targets {
		p.Signed.Targets[target] = t
		d.files[stored(target, t.Hashes["sha256"])] = d.base.files[target]
	}
	roles := &p.Signed.Delegations.Roles
	*roles = slices.DeleteFunc(*roles, func(r metadata.DelegatedRole) bool { return r.Name == role })
	return d.settle()
}

// agreement adds an agreement or its next version. Where the parties stay the
// same, they alone sign it.
func (d *draft) agreement(a guichet.Agreement) error {
	text, err := agreementBytes(a)
	if err != nil {
		return err
	}
	if a, err = parseAgreement("the agreement", text); err != nil {
		return err
	}
	if a.Circle != d.charter.Name {
		return guichet.Errorf(guichet.KindInvalid, "the agreement %s is of the circle %q, not %s", a.ID, clip(a.Circle), d.charter.Name)
	}
	old, have := d.base.content.agreements[a.ID]
	if have && a.Version != old.Version+1 || !have && a.Version != 1 {
		return guichet.Errorf(guichet.KindInvalid, "the agreement %s has the version %d; the next is %d", a.ID, a.Version, old.Version+1)
	}
	if !have && d.base.roles[agreementRole(a.ID)] != nil {
		return guichet.Errorf(guichet.KindInvalid, "there is an agreement %s that cannot be used; choose another name", a.ID)
	}
	p, err := d.touch(agreementRole(a.ID))
	if err != nil {
		return err
	}
	if have {
		d.put(p, versionPath(a.ID, old.Version), d.base.files[agreementPath(a.ID)])
	}
	d.put(p, agreementPath(a.ID), text)
	return d.delegateAgreement(a)
}

func (d *draft) delegateAgreement(a guichet.Agreement) error {
	var keys []*metadata.Key
	var ids []string
	for _, party := range a.Parties {
		if _, err := d.active(party.Member); err != nil {
			return err
		}
		k := d.keyOf(party.Member)
		id, err := k.ID()
		if err != nil {
			return err
		}
		keys, ids = append(keys, k), append(ids, id)
	}
	slices.Sort(ids)
	role := agreementRole(a.ID)
	for _, r := range d.base.targets.Signed.Delegations.Roles {
		if r.Name == role && slices.Equal(r.KeyIDs, ids) {
			return nil
		}
	}
	if err := d.delegate(role, keys); err != nil {
		return err
	}
	d.dropUnused(d.targets)
	return nil
}

func (d *draft) withdraw(notice []byte) error {
	notice = bytes.TrimSpace(notice)
	n, err := d.base.checkNotice(notice, d.now)
	if err != nil {
		return err
	}
	if _, err := d.active(n.Member); err != nil {
		return err
	}
	if old, ok := d.base.content.notices[n.target()]; ok && old.Version == n.Version && (old.Serial >= n.Serial || old.From != "" && (n.From == "" || n.From > old.From)) {
		return guichet.Errorf(guichet.KindInvalid, "the circle holds a later notice of %s on %s, or a withdrawal that this one would take back", n.Member, n.Agreement).
			WithHint("give the notice the serial %d; after a withdrawal the parties sign a new version", old.Serial+1)
	}
	p, err := d.touch(memberRole(n.Member))
	if err != nil {
		return err
	}
	d.put(p, n.target(), notice)
	return nil
}

func (d *draft) role(c RoleChange) error {
	m, err := d.active(c.Member)
	if err != nil {
		return err
	}
	if !slices.Contains(roleNames(), c.Role) || c.Role == m.Role {
		return guichet.Errorf(guichet.KindInvalid, "%s cannot be given the role %q", m.Code, clip(c.Role)).
			WithHint("write one of %s, other than it has", strings.Join(roleNames(), ", "))
	}
	m.Role = c.Role
	d.setStanding(m.Code, func(s *standing) { s.Role = c.Role })
	if err := d.putMember(m); err != nil {
		return err
	}
	return d.settle()
}

func (d *draft) lists(lists map[string][]byte) error {
	p, err := d.touchTargets()
	if err != nil {
		return err
	}
	for name, content := range lists {
		if err := checkList(name); err != nil {
			return err
		}
		if len(content) > MaxFile {
			return guichet.Errorf(guichet.KindHostile, "%s has %d bytes; at most %d", name, len(content), MaxFile)
		}
		if content == nil {
			delete(p.Signed.Targets, name)
			continue
		}
		d.put(p, name, content)
	}
	return nil
}

// renewBefore is how long before expiry a paper is due.
const renewBefore = 60 * day

func (d *draft) renew(names []string) error {
	if len(names) == 0 {
		for _, a := range d.base.ages() {
			if a.expires.Sub(d.now) < renewBefore {
				names = append(names, a.name)
			}
		}
	}
	for _, name := range slices.SortedFunc(slices.Values(names), cmp.Compare[string]) {
		if err := d.renewOne(name); err != nil {
			return err
		}
	}
	return nil
}

func (d *draft) renewOne(name string) error {
	var err error
	switch {
	case name == "snapshot" || name == "timestamp": // finish makes them
	case name == "root":
		err = d.settleRoot(len(d.charter.signers()))
	case name == "targets":
		_, err = d.touchTargets()
	case d.base.roles[name] != nil:
		_, err = d.touch(name)
	default:
		err = guichet.Errorf(guichet.KindNotFound, "the circle has no paper %q", clip(name)).WithHint("guichet circle verify lists them")
	}
	return err
}
