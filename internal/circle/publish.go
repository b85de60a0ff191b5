package circle

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"guichet"
)

// Publish puts a proposal in force on this machine: every signature must be
// there, and the library must follow from the state trusted so far to the new
// one. The new state is written beside the old and put in its place by one
// rename; a proposal that is refused changes nothing.
func (r *Repository) Publish(ctx context.Context, p *Proposal) (State, error) {
	if err := r.publish(ctx, p); err != nil {
		return State{}, err
	}
	return r.State()
}

func (r *Repository) publish(ctx context.Context, p *Proposal) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	base, err := r.viewOrNone()
	if err != nil {
		return err
	}
	next, err := r.preview(base, p)
	if err != nil {
		return err
	}
	if missing := missingOf(base, next, p); len(missing) > 0 {
		return guichet.Errorf(guichet.KindRefused, "the proposal is not signed by all who must; must still sign: %s", stillToSign(missing)).
			WithHint("send it to them; nothing was installed, and guichet circle review shows what each paper lacks")
	}
	v, err := (&loader{
		prev: base, anew: true, signed: true, id: p.CircleID, name: r.cfg.Name, ref: r.cfg.Clock().Add(-r.cfg.Life.grace()), get: overlay(p, base),
	}).load()
	if err != nil {
		return err
	}
	for _, f := range v.faults {
		old := f.Kind == guichet.KindRefused // expired before, and not renewed by this
		if base != nil {
			old = old || slices.ContainsFunc(base.faults, func(o Fault) bool { return o.Paper == f.Paper })
		}
		if !old {
			return guichet.Errorf(guichet.KindUntrusted, "%s", f.Said)
		}
	}
	if base != nil {
		if err := base.noOlder(v); err != nil {
			return err
		}
	}
	return r.adoptView(ctx, v)
}

// Report is the whole circle as `guichet circle verify` shows it.
type Report struct {
	Circle  string        `json:"circle"`
	ID      string        `json:"id"`
	Version int64         `json:"version"`
	Checked time.Time     `json:"checked"`
	Papers  []PaperReport `json:"papers"`
	Faults  []Fault       `json:"faults"`
	Fatal   string        `json:"fatal,omitempty"` // why the circle cannot be used at all
	Hint    string        `json:"hint,omitempty"`
}

// PaperReport is one paper: who has signed it, and until when it lives.
type PaperReport struct {
	Name    string    `json:"name"`
	Version int64     `json:"version"`
	Need    int       `json:"need"`   // signatures
	Signed  []Signed  `json:"signed"` // good ones, by keys that may sign it
	Expires time.Time `json:"expires"`
	Days    int       `json:"days"`  // left; negative: since when it is expired
	State   string    `json:"state"` // "in_force", "due" (within 60 days), "grace", "expired", "not_used"
	Files   []string  `json:"files"`
}

// Signed is who signed a paper.
type Signed struct {
	Member string `json:"member"`
	KeyID  string `json:"key_id"` // as in the member's paper
}

// Verify reads the folder anew and tells of every paper. Faults do not stop it;
// what makes the whole unusable stands in Fatal.
func (r *Repository) Verify() (Report, error) {
	now := r.cfg.Clock()
	rep := Report{Checked: now.UTC(), Papers: []PaperReport{}, Faults: []Fault{}}
	if !r.Exists() {
		return rep, guichet.Errorf(guichet.KindNotFound, "there is no circle in %s", filepath.Base(r.cfg.Dir))
	}
	v, err := r.viewOrNone()
	if err == nil && v == nil {
		err = guichet.Errorf(guichet.KindNotFound, "the circle has gone while it was read")
	}
	if err == nil {
		// Not the view in memory: the bytes that lie there now.
		v, err = r.read()
	}
	if err != nil {
		rep.Fatal, rep.Hint = words(err)
		return rep, nil
	}
	rep.Circle, rep.ID, rep.Version = v.content.charter.Name, v.id, v.timestamp.Signed.Version
	if s, err := r.State(); err != nil {
		rep.Fatal, rep.Hint = words(err)
		rep.Faults = slices.Clone(v.faults)
	} else {
		rep.Faults = s.Faults
	}
	for _, path := range v.papersInForce() {
		p, err := v.report(path, now, r.cfg.Life)
		if err != nil {
			return rep, err
		}
		rep.Papers = append(rep.Papers, p)
	}
	return rep, nil
}

func words(err error) (message, hint string) {
	if e, ok := errors.AsType[*guichet.Error](err); ok {
		return e.Error(), e.Hint
	}
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, os.ErrDeadlineExceeded) {
		return err.Error(), "the circle's folder must be readable"
	}
	return err.Error(), ""
}

func (v *view) papersInForce() []string {
	all := []string{
		rootFile(v.root.Signed.Version), versioned(v.targets.Signed.Version, "targets"),
		versioned(v.snapshot.Signed.Version, "snapshot"), metaFile("timestamp"),
	}
	for _, d := range v.targets.Signed.Delegations.Roles {
		if e := v.snapshot.Signed.Meta[d.Name+".json"]; e != nil {
			all = append(all, versioned(e.Version, d.Name))
		}
	}
	return all
}

func (v *view) report(path string, now time.Time, life Life) (PaperReport, error) {
	role, version, err := placeOf(path)
	if err != nil {
		return PaperReport{}, err
	}
	rep := PaperReport{Name: role, Version: version, State: "not_used", Signed: []Signed{}, Files: []string{}}
	s, err := openPaper(path, v.raw[path])
	if err != nil {
		return rep, nil //nolint:nilerr // a paper that cannot be read is among the faults
	}
	ids, need := v.rule(role)
	keys := keysOf(v)
	for _, id := range ids {
		if s.signedBy(id, keys[id]) {
			rep.Signed = append(rep.Signed, Signed{ownerOf(id, nil, v), KeyID(keys[id])})
		}
	}
	slices.SortFunc(rep.Signed, func(a, b Signed) int { return strings.Compare(a.Member, b.Member) })
	rep.Version, rep.Need, rep.Expires = s.version, need, s.expires
	left := s.expires.Sub(now)
	rep.Days = int(math.Floor(left.Hours() / day.Hours()))
	p := v.roles[role]
	if role == "targets" {
		p = v.targets
	}
	switch {
	case paths(role) != nil && p == nil:
		return rep, nil
	case left < -life.grace():
		rep.State = "expired"
	case left < 0:
		rep.State = "grace"
	case left < renewBefore && role != "snapshot" && role != "timestamp":
		rep.State = "due"
	default:
		rep.State = "in_force"
	}
	if p != nil {
		rep.Files = slices.Sorted(maps.Keys(p.Signed.Targets))
	}
	return rep, nil
}

// rule is which keys may sign a role, and how many must.
func (v *view) rule(role string) (ids []string, need int) {
	if r := v.root.Signed.Roles[role]; r != nil {
		return r.KeyIDs, r.Threshold
	}
	for _, d := range v.targets.Signed.Delegations.Roles {
		if d.Name == role {
			return d.KeyIDs, d.Threshold
		}
	}
	return nil, 0
}
