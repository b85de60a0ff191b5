package circle

import (
	"bytes"
	"crypto/ed25519"
	"slices"
	"strings"
	"time"

	"guichet"
	"guichet/wording"
)

// preview reads what the circle would be after a proposal, without regard to
// signatures that are missing, and refuses what no honest proposal holds.
func (r *Repository) preview(base *view, p *Proposal) (*view, error) {
	if err := r.fits(base, p); err != nil {
		return nil, err
	}
	next, err := (&loader{prev: base, anew: true, id: p.CircleID, name: r.cfg.Name, get: overlay(p, base)}).load()
	if err != nil {
		return nil, err
	}
	if next.content.charter.Name != p.Circle {
		return nil, guichet.Errorf(guichet.KindUntrusted, "the proposal says %s, its papers %s", clip(p.Circle), next.content.charter.Name)
	}
	next.opened = map[string]signedPaper{}
	for path, raw := range p.Papers {
		if next.opened[path], err = openPaper(path, raw); err != nil {
			return nil, err
		}
	}
	for _, check := range []func(*view, *view, *Proposal) error{allUsed, r.noNewFaults, checkSteps, r.checkDates, r.checkAgreements, checkPapers, checkSignatures} {
		if err := check(base, next, p); err != nil {
			return nil, err
		}
	}
	return next, nil
}

// fits says whether the proposal is about this circle as it stands.
func (r *Repository) fits(base *view, p *Proposal) error {
	if base == nil {
		if p.Base != 0 {
			return guichet.Errorf(guichet.KindNotFound, "the proposal changes a circle that is not here").WithHint("adopt it first, with its ID as a member reads it out: guichet circle adopt BUNDLE --circle %s --id ID", clip(p.Circle))
		}
		return nil
	}
	version := base.timestamp.Signed.Version
	switch {
	case p.CircleID != base.id:
		return guichet.Errorf(guichet.KindUntrusted, "the proposal is about another circle: %s %.16s, not %.16s", clip(p.Circle), clip(p.CircleID), base.id)
	case p.Base < version:
		return guichet.Errorf(guichet.KindRefused, "the proposal changes version %d of the circle; version %d is in force", p.Base, version).
			WithHint("propose the change again on the circle as it is now")
	case p.Base > version:
		return guichet.Errorf(guichet.KindRefused, "the proposal changes version %d of the circle; ours is version %d", p.Base, version).
			WithHint("bring ours up to date first: guichet circle update BUNDLE; a running node follows by itself")
	}
	return nil
}

// allUsed refuses what nobody would be shown: papers and files that the next
// state does not hold.
func allUsed(_, next *view, p *Proposal) error {
	for path, text := range p.Papers {
		if !bytes.Equal(next.raw[path], text) {
			return guichet.Errorf(guichet.KindUntrusted, "the proposal holds a paper that is no part of the circle: %s", clip(path))
		}
	}
	for path, text := range p.Files {
		if !bytes.Equal(next.raw[path], text) {
			return guichet.Errorf(guichet.KindUntrusted, "the proposal holds a file that is no part of the circle: %q", clip(path))
		}
	}
	return nil
}

func (r *Repository) noNewFaults(base, next *view, _ *Proposal) error {
	for _, f := range next.faults {
		known := base != nil && slices.ContainsFunc(base.faults, func(o Fault) bool { return o.Paper == f.Paper })
		if !known {
			return guichet.Errorf(guichet.KindUntrusted, "%s", f.Said)
		}
	}
	return nil
}

// checkSteps wants each paper to be the same or the next version.
func checkSteps(base, next *view, p *Proposal) error {
	if base == nil {
		for path, s := range next.opened {
			if s.version != 1 {
				return guichet.Errorf(guichet.KindUntrusted, "%s is not the first version of its paper", path)
			}
		}
		return nil
	}
	step := func(name string, from, to int64) error {
		if to == from+1 {
			return nil
		}
		return guichet.Errorf(guichet.KindUntrusted, "%s goes from version %d to %d", name, from, to)
	}
	if err := step("timestamp", base.timestamp.Signed.Version, next.timestamp.Signed.Version); err != nil {
		return err
	}
	if err := step("snapshot", base.snapshot.Signed.Version, next.snapshot.Signed.Version); err != nil {
		return err
	}
	if next.root.Signed.Version > base.root.Signed.Version+1 {
		return step("root", base.root.Signed.Version, next.root.Signed.Version)
	}
	for name, e := range next.snapshot.Signed.Meta {
		from := int64(0)
		if o := base.snapshot.Signed.Meta[name]; o != nil {
			if o.Version == e.Version && entryDigest(o) == entryDigest(e) {
				continue
			}
			from = o.Version
		}
		role := strings.TrimSuffix(name, ".json")
		if _, ok := p.Papers[versioned(e.Version, role)]; !ok {
			return guichet.Errorf(guichet.KindUntrusted, "the proposal changes %s, and does not hold it", role)
		}
		if err := step(role, from, e.Version); err != nil {
			return err
		}
	}
	return base.noOlder(next)
}

// checkDates bounds how long papers may live, and when they may be made.
func (r *Repository) checkDates(base, next *view, p *Proposal) error {
	const longest = 400 * day
	now := r.cfg.Clock()
	if !made(next.timestamp).Equal(p.Made) || p.Made.Sub(now) > clockSkew {
		return guichet.Errorf(guichet.KindInvalid, "the proposal was made at %s; our clock says %s", p.Made.Format(time.RFC3339), now.UTC().Format(time.RFC3339)).
			WithHint("compare the clocks of both machines")
	}
	for path, s := range next.opened {
		if base != nil && base.raw[path] != nil && path != metaFile("timestamp") {
			continue // signed once more, unchanged
		}
		if s.expires.Sub(p.Made) > longest || !s.expires.After(now) {
			return guichet.Errorf(guichet.KindRefused, "%s would expire on %s", s.role, s.expires.Format(time.DateOnly)).
				WithHint("propose the change again: papers live at most %d days, and not a day after they expired", int(longest/day))
		}
	}
	return nil
}

func (r *Repository) checkAgreements(base, next *view, _ *Proposal) error {
	for id, a := range next.content.agreements {
		if base != nil {
			if old, ok := base.content.agreements[id]; ok && old.Version == a.Version {
				continue
			}
		}
		for _, party := range a.Parties {
			if s, _ := next.content.charter.of(party.Member); !s.Left.IsZero() {
				return guichet.Errorf(guichet.KindInvalid, "the agreement %s names %s, which has left", id, party.Member)
			}
		}
		if r.cfg.Check == nil {
			continue
		}
		if faults := r.cfg.Check(a); len(faults) > 0 {
			return guichet.Errorf(guichet.KindInvalid, "the agreement %s has %d faults: %s", id, len(faults), wording.Several(faults, "; ")).
				WithHint("mend the paper and propose it again")
		}
	}
	return nil
}

// checkPapers wants what was agreed or revoked before to stay so.
func checkPapers(base, next *view, p *Proposal) error {
	if base == nil {
		return nil
	}
	for code, m := range next.content.members {
		if old, ok := base.content.members[code]; ok {
			if s, _ := base.content.charter.of(code); !s.Left.IsZero() && m.Left.IsZero() {
				continue // it comes back with another paper
			}
			if err := keepsKeys(old, m); err != nil {
				return err
			}
		}
	}
	for id, old := range base.content.agreements {
		a, ok := next.content.agreements[id]
		if !ok || a.Version == old.Version && !bytes.Equal(next.files[agreementPath(id)], base.files[agreementPath(id)]) {
			return guichet.Errorf(guichet.KindUntrusted, "the agreement %s is taken out, or changed without a new version", id).
				WithHint("an agreement ends by its dates, by a withdrawal, or by a new version")
		}
		for n := 1; n <= old.Version && a.Version > old.Version; n++ {
			was := base.files[versionPath(id, n)]
			if n == old.Version {
				was = base.files[agreementPath(id)]
			}
			if !bytes.Equal(next.files[versionPath(id, n)], was) {
				return guichet.Errorf(guichet.KindUntrusted, "version %d of the agreement %s is another paper than the parties signed", n, id)
			}
		}
	}
	for target, old := range base.content.notices {
		n, ok := next.content.notices[target]
		rejoined := p.Kind == "join" && n.Member == ""
		if !rejoined && (!ok || n.Version < old.Version || n.Version == old.Version && n.Serial < old.Serial || old.From != "" && n.Version == old.Version && (n.From == "" || n.From > old.From)) {
			return guichet.Errorf(guichet.KindUntrusted, "the notice %s is taken back", target)
		}
	}
	return nil
}

// checkSignatures refuses a proposal with a signature that is wrong, or by a key
// that neither state knows.
func checkSignatures(base, next *view, _ *Proposal) error {
	keys := keysOf(base, next)
	for _, s := range next.opened {
		for _, sig := range s.signatures {
			public, ok := keys[sig.KeyID]
			if !ok || !ed25519.Verify(public, s.payload, sig.Signature) {
				return guichet.Errorf(guichet.KindUntrusted, "%s holds a signature that does not verify, or by a key of no member", s.role).
					WithHint("somebody has changed the proposal after it was signed, or damaged it")
			}
		}
	}
	return nil
}
