package circle

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/trustedmetadata"

	"guichet"
)

// getter reads a file of a repository: "metadata/timestamp.json". What does not
// exist is fs.ErrNotExist.
type getter func(path string) ([]byte, error)

// view is one state of a circle, as read: its papers, its target files, and the
// bytes of all of them. It is never changed once it was loaded.
type view struct {
	id        string // digest of the first root
	root      *rootPaper
	timestamp *timestampPaper
	snapshot  *snapshotPaper
	targets   *targetsPaper
	roles     map[string]*targetsPaper // delegations that were verified
	files     map[string][]byte        // target -> content
	raw       map[string][]byte        // path in the repository -> bytes
	faults    []Fault                  // delegations that were not
	content   content                  // what the files say
	opened    map[string]signedPaper   // of a proposal's preview: its papers
}

// loader reads a view. With trusted nil it checks everything but signatures:
// so a proposal is looked at before it has them.
type loader struct {
	get     getter
	id      string    // of the circle that is expected; "" takes the first root's
	name    string    // of the circle that is expected; "" takes that of prev, or the charter's
	prev    *view     // the state trusted so far; nil at first
	ref     time.Time // the instant that papers must outlive; zero: expiry is judged by the caller
	signed  bool      // signatures are required
	anew    bool      // every paper is read again, also one that is there already
	trusted *trustedmetadata.TrustedMetadata
	out     *view
	size    int
	// unchanged: the state offered is the one we have, and nothing more is read.
	unchanged bool
}

// load runs the client's part of TUF (the library's rules, section 5 of its
// specification): roots one after the other, timestamp, snapshot, top-level
// targets, delegations, target files. A fault in a delegation takes that paper
// away and is told; any other refuses the whole.
func (l *loader) load() (*view, error) {
	l.out = &view{roles: map[string]*targetsPaper{}, files: map[string][]byte{}, raw: map[string][]byte{}}
	for _, step := range []func() error{l.roots, l.loadTimestamp, l.loadSnapshot, l.loadTargets, l.delegations, l.topFiles} {
		if err := step(); err != nil {
			return nil, err
		}
		if l.unchanged {
			return l.prev, nil
		}
	}
	if err := l.out.read(); err != nil {
		return nil, err
	}
	if err := l.sameName(); err != nil {
		return nil, err
	}
	return l.out, nil
}

// fetch reads a file once, within the limits.
func (l *loader) fetch(path string) ([]byte, error) {
	text, err := l.get(path)
	if err != nil {
		return nil, err
	}
	l.size += len(text)
	if len(text) > MaxFile || l.size > maxCircle {
		return nil, guichet.Errorf(guichet.KindHostile, "%s makes the circle larger than %d bytes", path, maxCircle)
	}
	l.out.raw[path] = text
	return text, nil
}

func rootFile(version int64) string { return metaFile(strconv.FormatInt(version, 10) + ".root") }
func metaFile(name string) string   { return "metadata/" + name + ".json" }

func versioned(version int64, role string) string {
	return metaFile(strconv.FormatInt(version, 10) + "." + role)
}

// roots walks from the trusted root to the newest, each signed by a threshold of
// the one before and of its own. Every one is kept, for those who come later.
func (l *loader) roots() error {
	version := int64(1)
	if l.prev != nil {
		version = l.prev.root.Signed.Version
		for v := int64(1); v <= version; v++ {
			l.out.raw[rootFile(v)] = l.prev.raw[rootFile(v)]
		}
		l.id = l.prev.id
		if err := l.firstRoot(l.prev.raw[rootFile(version)], version); err != nil {
			return err
		}
	} else {
		text, err := l.fetch(rootFile(1))
		if err != nil {
			return missing(rootFile(1), err)
		}
		if err := l.firstRoot(text, 1); err != nil {
			return err
		}
	}
	l.out.id = l.id
	for range maxRoots {
		version++
		text, err := l.fetch(rootFile(version))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := l.nextRoot(text, version); err != nil {
			return err
		}
	}
	return guichet.Errorf(guichet.KindHostile, "the circle has more than %d new roots", maxRoots)
}

func (l *loader) firstRoot(text []byte, version int64) error {
	name := strconv.FormatInt(version, 10) + ".root"
	p, err := readRoot(name, text)
	if err != nil {
		return err
	}
	if version == 1 {
		digest, err := digestOf(p)
		if err != nil {
			return err
		}
		if l.id != "" && l.id != digest {
			return guichet.Errorf(guichet.KindUntrusted, "this is another circle: its first root is %.16s, not %.16s", digest, l.id).
				WithHint("compare the circle's ID with the member who invited you, by telephone")
		}
		l.id = digest
	}
	l.out.root = p
	if !l.signed {
		return nil
	}
	if l.trusted, err = trustedmetadata.New(text); err != nil {
		return untrusted(name, err)
	}
	l.trusted.RefTime = l.ref
	return nil
}

func (l *loader) nextRoot(text []byte, version int64) error {
	name := strconv.FormatInt(version, 10) + ".root"
	p, err := readRoot(name, text)
	if err != nil {
		return err
	}
	if p.Signed.Version != version {
		return guichet.Errorf(guichet.KindUntrusted, "%s says that it is version %d", name, p.Signed.Version)
	}
	if l.signed {
		if _, err := l.trusted.UpdateRoot(text); err != nil {
			return untrusted(name, err)
		}
	}
	l.out.root = p
	return nil
}

func (l *loader) loadTimestamp() error {
	text, err := l.fetch(metaFile("timestamp"))
	if err != nil {
		return missing("timestamp", err)
	}
	if l.out.timestamp, err = readTimestamp(text); err != nil {
		return err
	}
	if l.prev != nil && !l.anew && l.prev.root.Signed.Version == l.out.root.Signed.Version {
		same, err := l.prev.same(l.out)
		if err != nil {
			return err
		}
		l.unchanged = same
	}
	if !l.signed || l.unchanged {
		return nil
	}
	if l.prev != nil {
		// The old one is loaded first, for the library's own rule against rollback.
		// It may be expired, or signed by a key that was replaced since: noOlder
		// compares versions whether or not the library could.
		if err := l.old(func() error {
			_, err := l.trusted.UpdateTimestamp(l.prev.raw[metaFile("timestamp")])
			return err
		}); err != nil {
			return untrusted("timestamp", err)
		}
	}
	_, err = l.trusted.UpdateTimestamp(text)
	if errors.Is(err, &metadata.ErrEqualVersionNumber{}) {
		err = nil // noOlder and sameVersions tell whether it is the same paper
	}
	if err != nil {
		return untrusted("timestamp", err)
	}
	return nil
}

// old loads what was trusted before, of any age.
func (l *loader) old(update func() error) error {
	l.trusted.RefTime = time.Time{}
	err := update()
	l.trusted.RefTime = l.ref
	if err != nil && errors.Is(err, &metadata.ErrRepository{}) {
		return nil
	}
	return err
}

func (l *loader) loadSnapshot() error {
	e := l.out.timestamp.Signed.Meta["snapshot.json"]
	path := versioned(e.Version, "snapshot")
	text, err := l.fetch(path)
	if err != nil {
		return missing("snapshot", err)
	}
	if l.out.snapshot, err = readSnapshot(text); err != nil {
		return err
	}
	if err := agrees("snapshot", e, l.out.snapshot); err != nil {
		return err
	}
	if !l.signed {
		return nil
	}
	if l.prev != nil {
		if err := l.old(func() error {
			_, err := l.trusted.UpdateSnapshot(l.prev.raw[versioned(l.prev.snapshot.Signed.Version, "snapshot")], true)
			return err
		}); err != nil {
			return untrusted("snapshot", err)
		}
	}
	if _, err := l.trusted.UpdateSnapshot(text, false); err != nil {
		return untrusted("snapshot", err)
	}
	return nil
}

func (l *loader) loadTargets() error {
	p, err := l.role("targets", "root")
	if err != nil {
		return err
	}
	l.out.targets = p
	return checkDelegations(p)
}

// role reads one paper of targets as the snapshot names it.
func (l *loader) role(name, delegator string) (*targetsPaper, error) {
	e := l.out.snapshot.Signed.Meta[name+".json"]
	if e == nil {
		return nil, guichet.Errorf(guichet.KindUntrusted, "the snapshot does not name %s", name)
	}
	path := versioned(e.Version, name)
	if l.prev != nil && entryDigest(l.prev.snapshot.Signed.Meta[name+".json"]) == entryDigest(e) && l.prev.raw[path] != nil && !l.anew {
		// The same paper as before need not travel again, unless it was signed anew
		// because a key was replaced.
		if p, err := l.checked(name, delegator, l.prev.raw[path]); err == nil {
			l.out.raw[path] = l.prev.raw[path]
			return p, nil
		}
	}
	text, err := l.fetch(path)
	if err != nil {
		return nil, missing(name, err)
	}
	return l.checked(name, delegator, text)
}

// checked verifies the bytes of a paper of targets.
func (l *loader) checked(name, delegator string, text []byte) (*targetsPaper, error) {
	e := l.out.snapshot.Signed.Meta[name+".json"]
	p, err := readTargets(name, text)
	if err != nil {
		return nil, err
	}
	if err := agrees(name, e, p); err != nil {
		return nil, err
	}
	if l.signed {
		if _, err := l.trusted.UpdateDelegatedTargets(text, name, delegator); err != nil {
			return nil, untrusted(name, err)
		}
	}
	return p, nil
}

// delegations reads the members' and the agreements' papers. One that fails is
// left out and told; the limits refuse the whole.
func (l *loader) delegations() error {
	for _, d := range l.out.targets.Signed.Delegations.Roles {
		p, err := l.role(d.Name, "targets")
		if err == nil {
			err = l.targetFiles(d.Name, p)
		}
		if err == nil {
			l.out.roles[d.Name] = p
			continue
		}
		if k := guichet.KindOf(err); k == guichet.KindHostile || k == guichet.KindInternal {
			return err
		}
		l.out.faults = append(l.out.faults, faultOf(d.Name, err))
		for target := range l.out.files {
			if mayHold(d.Name, target) {
				delete(l.out.files, target)
			}
		}
	}
	return nil
}

func (l *loader) topFiles() error { return l.targetFiles("targets", l.out.targets) }

// targetFiles reads what a role has signed, from the state before where it has
// the same bytes.
func (l *loader) targetFiles(role string, p *targetsPaper) error {
	for _, target := range slices.Sorted(maps.Keys(p.Signed.Targets)) {
		if !mayHold(role, target) {
			return guichet.Errorf(guichet.KindUntrusted, "%s names a file that it may not: %q", role, clip(target))
		}
		t := p.Signed.Targets[target]
		path := stored(target, t.Hashes["sha256"])
		text, have := []byte(nil), false
		if l.prev != nil {
			text, have = l.prev.raw[path]
		}
		if have {
			l.out.raw[path] = text
		} else {
			var err error
			if text, err = l.fetch(path); err != nil {
				return missing(target, err)
			}
		}
		if err := t.VerifyLengthHashes(text); err != nil {
			delete(l.out.raw, path)
			return guichet.Errorf(guichet.KindUntrusted, "%s is not the file that was signed: %w", target, err)
		}
		l.out.files[target] = text
	}
	return nil
}

// agrees holds a paper against the entry that names it: its version, and the
// digest of what was signed. So no two papers of one version can be swapped,
// even by the member whose paper it is.
func agrees[T metadata.Roles](name string, e *metadata.MetaFiles, p *metadata.Metadata[T]) error {
	digest, err := digestOf(p)
	if err != nil {
		return err
	}
	if entryDigest(e) != digest {
		return guichet.Errorf(guichet.KindUntrusted, "%s is another paper than the one that the members signed together", name)
	}
	return nil
}

// noOlder refuses a state that is older than the one we have, in whole or in any
// part, whatever keys have changed in between.
func (v *view) noOlder(next *view) error {
	type pair struct {
		name      string
		have, got int64
	}
	pairs := []pair{
		{"root", v.root.Signed.Version, next.root.Signed.Version},
		{"timestamp", v.timestamp.Signed.Version, next.timestamp.Signed.Version},
		{"snapshot", v.snapshot.Signed.Version, next.snapshot.Signed.Version},
	}
	for name, e := range v.snapshot.Signed.Meta {
		got := int64(0)
		if n := next.snapshot.Signed.Meta[name]; n != nil {
			got = n.Version
		}
		pairs = append(pairs, pair{name, e.Version, got})
	}
	slices.SortFunc(pairs, func(a, b pair) int { return int(a.have-a.got) - int(b.have-b.got) })
	for _, p := range pairs {
		if p.got < p.have {
			return guichet.Errorf(guichet.KindUntrusted, "the circle offered is older than ours: %s has version %d, ours has %d", p.name, p.got, p.have).
				WithHint("ask another member for the circle; the one that gave this may be behind, or may be replaying")
		}
	}
	if made(next.timestamp).Before(made(v.timestamp)) {
		return guichet.Errorf(guichet.KindUntrusted, "the circle offered was made before ours")
	}
	return nil
}

// same says whether two views are of one signed state; two different ones of
// one version are a fork, and an error.
func (v *view) same(next *view) (bool, error) {
	if v.timestamp.Signed.Version != next.timestamp.Signed.Version {
		return false, nil
	}
	ours, err := digestOf(v.timestamp)
	if err != nil {
		return false, err
	}
	theirs, err := digestOf(next.timestamp)
	if err != nil {
		return false, err
	}
	if ours != theirs {
		return false, guichet.Errorf(guichet.KindUntrusted, "there are two circles of version %d: members have signed two changes of one state", v.timestamp.Signed.Version).
			WithHint("the members decide which one stands; whoever holds the other one adopts it anew (guichet circle adopt BUNDLE --circle NAME --id ID), and its change is proposed again")
	}
	return v.root.Signed.Version == next.root.Signed.Version, nil
}

func missing(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return guichet.Errorf(guichet.KindUntrusted, "%s is missing from the circle's files", name)
	}
	return err
}

// untrusted says in our words what the library refused.
func untrusted(name string, err error) error {
	switch {
	case errors.Is(err, &metadata.ErrExpiredMetadata{}):
		return guichet.Errorf(guichet.KindRefused, "%s has expired: %w", name, err).
			WithHint("the members sign it again: guichet circle propose --renew; if today's date looks wrong to you, set the clock")
	case errors.Is(err, &metadata.ErrUnsignedMetadata{}):
		return guichet.Errorf(guichet.KindUntrusted, "%s is not signed by as many members as it needs: %w", name, err).
			WithHint("gather the signatures that are missing: guichet circle review")
	case errors.Is(err, &metadata.ErrBadVersionNumber{}):
		return guichet.Errorf(guichet.KindUntrusted, "%s is of another version than it should be: %w", name, err)
	}
	return guichet.Errorf(guichet.KindUntrusted, "%s cannot be trusted: %w", name, err)
}

// targetOf is what TUF says of a file: its length and one digest.
func targetOf(text []byte) *metadata.TargetFiles {
	sum := sha256.Sum256(text)
	return &metadata.TargetFiles{Length: int64(len(text)), Hashes: metadata.Hashes{"sha256": sum[:]}}
}
