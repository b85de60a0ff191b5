package circle

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"guichet"
)

// draft builds the next versions of papers out of a view. What a change does not
// touch is not in the proposal.
type draft struct {
	base    *view // nil for a new circle
	life    Life
	now     time.Time
	charter charter
	root    *rootPaper    // nil: untouched
	targets *targetsPaper // nil: untouched
	roles   map[string]*targetsPaper
	resign  map[string][]byte // path -> paper that gets another signature, and is not changed
	files   map[string][]byte // place -> content
}

func newDraft(base *view, life Life, now time.Time) *draft {
	d := &draft{
		base: base, life: life, now: now.UTC().Truncate(time.Second),
		roles: map[string]*targetsPaper{}, resign: map[string][]byte{}, files: map[string][]byte{},
	}
	if base != nil {
		d.charter = base.content.charter
		d.charter.Members = slices.Clone(base.content.charter.Members)
	}
	return d
}

func (d *draft) expires(days int) time.Time { return d.now.Add(time.Duration(days) * day) }

// touchTargets returns the next top-level targets.
func (d *draft) touchTargets() (*targetsPaper, error) {
	if d.targets != nil {
		return d.targets, nil
	}
	var err error
	if d.targets, err = d.next("targets", d.baseTargets()); err != nil {
		return nil, err
	}
	if d.targets.Signed.Delegations == nil {
		d.targets.Signed.Delegations = &metadata.Delegations{Keys: map[string]*metadata.Key{}, Roles: []metadata.DelegatedRole{}}
	}
	return d.targets, nil
}

func (d *draft) baseTargets() *targetsPaper {
	if d.base == nil {
		return nil
	}
	return d.base.targets
}

// touch returns the next paper of a delegation: version 1 of one that never was.
func (d *draft) touch(role string) (*targetsPaper, error) {
	if p := d.roles[role]; p != nil {
		return p, nil
	}
	var old *targetsPaper
	if d.base != nil {
		old = d.base.roles[role]
	}
	p, err := d.next(role, old)
	if err != nil {
		return nil, err
	}
	d.roles[role] = p
	return p, nil
}

func (d *draft) next(role string, old *targetsPaper) (*targetsPaper, error) {
	p := metadata.Targets(d.expires(d.life.Papers))
	if old != nil {
		text, err := writePaper(old)
		if err != nil {
			return nil, err
		}
		if p, err = readTargets(role, text); err != nil {
			return nil, err
		}
		p.Signed.Expires, p.Signatures = d.expires(d.life.Papers), nil
	}
	// The snapshot remembers versions of papers that are gone: a member that comes
	// back goes on counting, or its first paper would be a rollback.
	p.Signed.Version = 1
	if d.base != nil {
		if e := d.base.snapshot.Signed.Meta[role+".json"]; e != nil {
			p.Signed.Version = e.Version + 1
		}
	}
	return p, nil
}

// put makes a file one of a role's.
func (d *draft) put(p *targetsPaper, target string, content []byte) {
	t := targetOf(content)
	p.Signed.Targets[target] = t
	d.files[stored(target, t.Hashes["sha256"])] = content
}

// delegate puts a delegation in place of one of that name, or adds it.
func (d *draft) delegate(role string, keys []*metadata.Key) error {
	p, err := d.touchTargets()
	if err != nil {
		return err
	}
	r := metadata.DelegatedRole{Name: role, KeyIDs: []string{}, Threshold: len(keys), Terminating: true, Paths: paths(role)}
	for _, k := range keys {
		id, err := k.ID()
		if err != nil {
			return fmt.Errorf("key of %s: %w", role, err)
		}
		r.KeyIDs = append(r.KeyIDs, id)
		p.Signed.Delegations.Keys[id] = k
	}
	slices.Sort(r.KeyIDs)
	roles := &p.Signed.Delegations.Roles
	if i := slices.IndexFunc(*roles, func(o metadata.DelegatedRole) bool { return o.Name == role }); i >= 0 {
		(*roles)[i] = r
		return nil
	}
	*roles = append(*roles, r)
	return nil
}

// keyOf is the key that signs a member's papers, in the state that is drafted.
func (d *draft) keyOf(code string) *metadata.Key {
	p := d.targets
	if p == nil {
		p = d.baseTargets()
	}
	if p == nil || p.Signed.Delegations == nil {
		return nil
	}
	for _, r := range p.Signed.Delegations.Roles {
		if r.Name == memberRole(code) && len(r.KeyIDs) == 1 {
			return p.Signed.Delegations.Keys[r.KeyIDs[0]]
		}
	}
	return nil
}

// settle makes charter and root follow from the members: at least the majority
// that keeps a circle one, at most all.
func (d *draft) settle() error {
	n := len(d.charter.signers())
	d.charter.Threshold = min(max(d.charter.Threshold, n/2+1), max(n, 1))
	if err := d.charter.check(); err != nil {
		return err
	}
	p, err := d.touchTargets()
	if err != nil {
		return err
	}
	text, err := guichet.Canonical(d.charter)
	if err != nil {
		return err
	}
	d.put(p, charterPath, text)
	d.dropUnused(p)
	return d.settleRoot(n)
}

func (d *draft) settleRoot(n int) error {
	d.root = metadata.Root(d.expires(d.life.Papers))
	if d.base != nil {
		d.root.Signed.Version = d.base.root.Signed.Version + 1
	}
	for _, code := range d.charter.signers() {
		k := d.keyOf(code)
		if k == nil {
			return guichet.Errorf(guichet.KindInvalid, "%s has no key that signs for it", code)
		}
		for _, role := range metadata.TOP_LEVEL_ROLE_NAMES {
			if err := d.root.Signed.AddKey(k, role); err != nil {
				return fmt.Errorf("root: %w", err)
			}
		}
	}
	for _, role := range metadata.TOP_LEVEL_ROLE_NAMES {
		r := d.root.Signed.Roles[role]
		slices.Sort(r.KeyIDs)
		r.Threshold = d.charter.Threshold
		if role == metadata.SNAPSHOT || role == metadata.TIMESTAMP {
			r.Threshold = freshThreshold(n)
		}
	}
	return nil
}

// dropUnused removes keys that no delegation uses any more.
func (d *draft) dropUnused(p *targetsPaper) {
	used := map[string]bool{}
	for _, r := range p.Signed.Delegations.Roles {
		for _, id := range r.KeyIDs {
			used[id] = true
		}
	}
	maps.DeleteFunc(p.Signed.Delegations.Keys, func(id string, _ *metadata.Key) bool { return !used[id] })
}

// finish writes the proposal: what was touched, and the snapshot and timestamp
// that bind it together.
func (d *draft) finish(kind, by, why string) (*Proposal, error) {
	p := &Proposal{
		Format: format, Kind: kind, Circle: d.charter.Name, By: by, Why: why, Made: d.now,
		Papers: map[string]json.RawMessage{}, Files: map[string][]byte{},
	}
	snapshot, timestamp := metadata.Snapshot(d.expires(d.life.Fresh)), metadata.Timestamp(d.expires(d.life.Fresh))
	snapshot.Signed.Meta = map[string]*metadata.MetaFiles{}
	if d.base != nil {
		p.CircleID, p.Base = d.base.id, d.base.timestamp.Signed.Version
		snapshot.Signed.Meta = maps.Clone(d.base.snapshot.Signed.Meta)
		snapshot.Signed.Version = d.base.snapshot.Signed.Version + 1
		timestamp.Signed.Version = p.Base + 1
	}
	if err := d.writeTouched(p, snapshot); err != nil {
		return nil, err
	}
	digest, err := digestOf(snapshot)
	if err != nil {
		return nil, err
	}
	timestamp.Signed.Meta = map[string]*metadata.MetaFiles{"snapshot.json": entry(snapshot.Signed.Version, digest)}
	timestamp.Signed.UnrecognizedFields = map[string]any{madeField: d.now.Format(time.RFC3339)}
	if err := put(p, versioned(snapshot.Signed.Version, "snapshot"), snapshot); err != nil {
		return nil, err
	}
	if err := put(p, metaFile("timestamp"), timestamp); err != nil {
		return nil, err
	}
	if d.base == nil {
		p.CircleID, err = digestOf(d.root)
	}
	return p, err
}

func (d *draft) writeTouched(p *Proposal, snapshot *snapshotPaper) error {
	if d.root != nil {
		if err := put(p, rootFile(d.root.Signed.Version), d.root); err != nil {
			return err
		}
	}
	touched := maps.Clone(d.roles)
	if d.targets != nil {
		touched["targets"] = d.targets
	}
	for role, paper := range touched {
		if err := put(p, versioned(paper.Signed.Version, role), paper); err != nil {
			return err
		}
		digest, err := digestOf(paper)
		if err != nil {
			return err
		}
		snapshot.Signed.Meta[role+".json"] = entry(paper.Signed.Version, digest)
	}
	for path, raw := range d.resign {
		p.Papers[path] = raw
	}
	d.writeFiles(p, touched)
	return nil
}

// writeFiles takes into the proposal what its papers name and the circle has not
// yet: a charter may have been written several times on the way.
func (d *draft) writeFiles(p *Proposal, touched map[string]*targetsPaper) {
	for _, paper := range touched {
		for target, t := range paper.Signed.Targets {
			path := stored(target, t.Hashes["sha256"])
			content, ok := d.files[path]
			if ok && (d.base == nil || d.base.raw[path] == nil) {
				p.Files[path] = content
			}
		}
	}
}

func put[T metadata.Roles](p *Proposal, path string, paper *metadata.Metadata[T]) error {
	text, err := writePaper(paper)
	p.Papers[path] = text
	return err
}

// overlay reads the proposal first, then the state that it changes.
func overlay(p *Proposal, base *view) getter {
	return func(path string) ([]byte, error) {
		if text, ok := p.Papers[path]; ok {
			return text, nil
		}
		if text, ok := p.Files[path]; ok {
			return text, nil
		}
		if base != nil {
			if text, ok := base.raw[path]; ok {
				return text, nil
			}
		}
		return nil, fs.ErrNotExist
	}
}
