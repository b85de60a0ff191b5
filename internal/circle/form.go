package circle

import (
	"crypto/sha256"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"guichet"
)

// The form of each kind of paper, checked before the library works with it: it
// follows absent entries into a panic, and it allows much that no circle needs.

func readRoot(name string, text []byte) (*rootPaper, error) {
	p, err := readPaper[metadata.RootType](name, text)
	if err != nil {
		return nil, err
	}
	s := &p.Signed
	if err := header(name, s.Version, s.Expires); err != nil {
		return nil, err
	}
	if len(s.Roles) != len(metadata.TOP_LEVEL_ROLE_NAMES) || !s.ConsistentSnapshot {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s has not the four roles of a root, or no consistent snapshots", name)
	}
	for _, role := range metadata.TOP_LEVEL_ROLE_NAMES {
		r := s.Roles[role]
		if r == nil || r.Threshold < 1 || r.Threshold > len(r.KeyIDs) {
			return nil, guichet.Errorf(guichet.KindInvalid, "%s: the role %s has no threshold that its keys can reach", name, role)
		}
		for _, id := range r.KeyIDs {
			if s.Keys[id] == nil {
				return nil, guichet.Errorf(guichet.KindInvalid, "%s: the role %s names a key that is not there", name, role)
			}
		}
	}
	return p, checkKeys(name, s.Keys)
}

func readTimestamp(text []byte) (*timestampPaper, error) {
	p, err := readPaper[metadata.TimestampType]("timestamp", text)
	if err != nil {
		return nil, err
	}
	if err := header("timestamp", p.Signed.Version, p.Signed.Expires); err != nil {
		return nil, err
	}
	if len(p.Signed.Meta) != 1 || p.Signed.Meta["snapshot.json"] == nil || made(p).IsZero() {
		return nil, guichet.Errorf(guichet.KindInvalid, "timestamp does not name the snapshot alone, or not when it was made")
	}
	return p, checkEntries("timestamp", p.Signed.Meta)
}

func readSnapshot(text []byte) (*snapshotPaper, error) {
	p, err := readPaper[metadata.SnapshotType]("snapshot", text)
	if err != nil {
		return nil, err
	}
	if err := header("snapshot", p.Signed.Version, p.Signed.Expires); err != nil {
		return nil, err
	}
	if p.Signed.Meta["targets.json"] == nil || len(p.Signed.Meta) > maxRoles {
		return nil, guichet.Errorf(guichet.KindInvalid, "snapshot does not name the targets, or names more than %d papers", maxRoles)
	}
	return p, checkEntries("snapshot", p.Signed.Meta)
}

func readTargets(name string, text []byte) (*targetsPaper, error) {
	p, err := readPaper[metadata.TargetsType](name, text)
	if err != nil {
		return nil, err
	}
	if err := header(name, p.Signed.Version, p.Signed.Expires); err != nil {
		return nil, err
	}
	if name != "targets" && p.Signed.Delegations != nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s delegates further, which no paper of a circle does", name)
	}
	if len(p.Signed.Targets) > maxTargets {
		return nil, guichet.Errorf(guichet.KindHostile, "%s names %d files", name, len(p.Signed.Targets))
	}
	for target, t := range p.Signed.Targets {
		if len(t.Hashes) != 1 || len(t.Hashes["sha256"]) != sha256.Size || t.Custom != nil || t.Length < 0 || t.Length > MaxFile {
			return nil, guichet.Errorf(guichet.KindInvalid, "%s: the file %q has not one SHA-256 and a length up to %d", name, clip(target), MaxFile)
		}
	}
	return p, nil
}

// checkDelegations refuses what a circle's targets never hold. Whether the
// delegations are those of the charter is checked by read.
func checkDelegations(p *targetsPaper) error {
	d := p.Signed.Delegations
	if d == nil || d.SuccinctRoles != nil || len(d.Roles) > maxRoles {
		return guichet.Errorf(guichet.KindInvalid, "targets has no delegations, bins, or more than %d delegations", maxRoles)
	}
	seen := map[string]bool{}
	for _, r := range d.Roles {
		if paths(r.Name) == nil || seen[r.Name] {
			return guichet.Errorf(guichet.KindInvalid, "targets delegates to %q, which is no member and no agreement, or twice", clip(r.Name))
		}
		seen[r.Name] = true
		for _, id := range r.KeyIDs {
			if d.Keys[id] == nil {
				return guichet.Errorf(guichet.KindInvalid, "targets: %s has a key that is not there", r.Name)
			}
		}
	}
	return checkKeys("targets", d.Keys)
}

func checkEntries(name string, meta map[string]*metadata.MetaFiles) error {
	for file, e := range meta {
		if e.Version < 1 || e.Version > maxVersion || e.Length != 0 || len(e.Hashes) != 0 || len(entryDigest(e)) != 2*sha256.Size {
			return guichet.Errorf(guichet.KindInvalid, "%s: the entry of %q has not a version and the digest of what was signed", name, clip(file))
		}
	}
	return nil
}

func header(name string, version int64, expires time.Time) error {
	if version < 1 || version > maxVersion {
		return guichet.Errorf(guichet.KindInvalid, "%s has the version %d", name, version)
	}
	if expires.IsZero() || expires.Location() != time.UTC || expires.Nanosecond() != 0 {
		return guichet.Errorf(guichet.KindInvalid, "%s does not expire at a whole second, UTC", name)
	}
	return nil
}
