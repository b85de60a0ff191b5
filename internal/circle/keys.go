package circle

import (
	"slices"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"guichet"
)

// rotate puts another key in place of the one that signs for a member: in the
// root, its delegation, its agreements (which it signs again, unchanged), its
// paper.
func (d *draft) rotate(c Rotation) error {
	m, err := d.active(c.Member)
	if err != nil {
		return err
	}
	key, id, err := tufKey(c.Key.Public)
	if err != nil {
		return err
	}
	if c.Key.Use != guichet.KeyMember || c.Key.ID != KeyID(c.Key.Public) || d.base.content.keys[id] != "" {
		return guichet.Errorf(guichet.KindInvalid, "the new key of %s is not of use %q, under another id, or in use", m.Code, guichet.KeyMember)
	}
	old := d.base.content.keyOf(m.Code)
	m.Keys = slices.Clone(m.Keys)
	for i, k := range m.Keys {
		if k.Use != guichet.KeyMember || !k.InForce(d.now) {
			continue
		}
		if c.Lost {
			m.Keys[i].Revoked = d.now
		} else {
			m.Keys[i].Until = d.now
		}
	}
	c.Key.From = d.now
	m.Keys = append(m.Keys, c.Key)
	if err := d.delegate(memberRole(m.Code), []*metadata.Key{key}); err != nil {
		return err
	}
	if err := d.putMember(m); err != nil {
		return err
	}
	if err := d.replaceInAgreements(old, key); err != nil {
		return err
	}
	return d.settle()
}

func (d *draft) replaceInAgreements(old string, key *metadata.Key) error {
	for _, r := range d.base.targets.Signed.Delegations.Roles {
		if _, ok := agreementOf(r.Name); !ok || !slices.Contains(r.KeyIDs, old) {
			continue
		}
		keys := []*metadata.Key{key}
		for _, id := range r.KeyIDs {
			if id != old {
				keys = append(keys, d.base.targets.Signed.Delegations.Keys[id])
			}
		}
		if err := d.delegate(r.Name, keys); err != nil {
			return err
		}
		if p := d.base.roles[r.Name]; p != nil {
			path := versioned(p.Signed.Version, r.Name)
			d.resign[path] = d.base.raw[path]
		}
	}
	return nil
}

// paper is a member's own: the charter says its role, and its signing key is
// changed by rotation.
func (d *draft) paper(m guichet.Member) error {
	old, err := d.active(m.Code)
	if err != nil {
		return err
	}
	if m.Role != old.Role {
		return guichet.Errorf(guichet.KindInvalid, "the role of %s is the circle's to say", m.Code).WithHint("propose a change of role")
	}
	key, err := signingKey(m, d.now)
	if err != nil {
		return err
	}
	if id, err := key.ID(); err != nil || id != d.base.content.keyOf(m.Code) {
		return guichet.Errorf(guichet.KindInvalid, "the paper of %s names another key that signs for it", m.Code).WithHint("propose a rotation of the key")
	}
	if err := keepsKeys(old, m); err != nil {
		return err
	}
	return d.putMember(m)
}

// signingKey is the one key of use member that is in force.
func signingKey(m guichet.Member, now time.Time) (*metadata.Key, error) {
	var found []guichet.MemberKey
	for _, k := range m.Keys {
		if k.Use == guichet.KeyMember && k.InForce(now) {
			found = append(found, k)
		}
	}
	if len(found) != 1 {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s has %d keys in force that sign for it; it needs one", m.Code, len(found))
	}
	k, _, err := tufKey(found[0].Public)
	return k, err
}

// keepsKeys refuses a paper that forgets a key: what it signed would no longer
// verify, and a revocation would be undone.
func keepsKeys(old, next guichet.Member) error {
	for _, k := range old.Keys {
		i := slices.IndexFunc(next.Keys, func(o guichet.MemberKey) bool { return o.ID == k.ID })
		if i < 0 {
			return guichet.Errorf(guichet.KindInvalid, "the next paper of %s has lost the key %s", next.Code, k.ID).
				WithHint("keep replaced keys, with the time until which they counted")
		}
		o := next.Keys[i]
		if o.Use != k.Use || !o.From.Equal(k.From) || !k.Revoked.IsZero() && (o.Revoked.IsZero() || o.Revoked.After(k.Revoked)) {
			return guichet.Errorf(guichet.KindInvalid, "the next paper of %s gives the key %s another use or beginning, or takes back its revocation", next.Code, k.ID)
		}
	}
	return nil
}
