package circle

import (
	"context"
	"encoding/json"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"guichet"
)

// Get reads a file of another member's copy: "metadata/timestamp.json". What is
// not there is fs.ErrNotExist (a 404); any other error stops the fetching. It
// must bound what it reads by MaxFile.
type Get func(ctx context.Context, path string) ([]byte, error)

// Fetched says what a fetch brought.
type Fetched struct {
	From    int64 `json:"from"` // version before; 0: there was none
	To      int64 `json:"to"`
	Changed bool  `json:"changed"`
	Notices int   `json:"notices"` // notices of parties that are new here
}

// Fetch follows another member's copy of the circle, by the rules of TUF from
// the state trusted so far: every signature, no older state, nothing expired
// beyond grace, no file larger than allowed. The new state is installed whole or
// not at all.
func (r *Repository) Fetch(ctx context.Context, get Get) (Fetched, error) {
	r.writing.Lock()
	defer r.writing.Unlock()
	prev, err := r.viewOrNone()
	if err != nil {
		return Fetched{}, err
	}
	if prev == nil {
		return Fetched{}, guichet.Errorf(guichet.KindNotFound, "there is no circle here to bring up to date").
			WithHint("adopt it first, with its ID as a member reads it out: guichet circle adopt BUNDLE --circle NAME --id ID")
	}
	v, err := r.follow(ctx, prev, "", get)
	if err != nil {
		return Fetched{}, err
	}
	did := Fetched{From: prev.timestamp.Signed.Version, To: v.timestamp.Signed.Version}
	same, err := prev.same(v)
	if err != nil {
		return Fetched{}, err
	}
	if !same {
		did.Changed = true
		if err := r.adoptView(ctx, v); err != nil {
			return Fetched{}, err
		}
	}
	did.Notices, err = r.fetchNotices(ctx, get)
	return did, err
}

// Adopt takes the first copy of a circle on this machine. id is the circle's ID,
// which stands in the invitation and is compared by another way than this one.
func (r *Repository) Adopt(ctx context.Context, id string, get Get) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	if r.Exists() {
		return guichet.Errorf(guichet.KindInvalid, "there is a circle in this folder already").WithHint("bring it up to date: guichet circle update BUNDLE; a running node follows by itself")
	}
	if id == "" {
		return guichet.Errorf(guichet.KindInvalid, "a circle is adopted by its ID").WithHint("it stands in the invitation, or a member reads it out: guichet circle adopt BUNDLE --circle NAME --id ID")
	}
	v, err := r.follow(ctx, nil, id, get)
	if err != nil {
		return err
	}
	if err := r.adoptView(ctx, v); err != nil {
		return err
	}
	_, err = r.fetchNotices(ctx, get)
	return err
}

// follow reads and verifies; nothing is written.
func (r *Repository) follow(ctx context.Context, prev *view, id string, get Get) (*view, error) {
	now := r.cfg.Clock()
	v, err := (&loader{
		prev: prev, id: id, name: r.cfg.Name, signed: true, ref: now.Add(-r.cfg.Life.grace()),
		get: func(path string) ([]byte, error) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			return get(ctx, path)
		},
	}).load()
	if err != nil {
		return nil, err
	}
	if ahead := made(v.timestamp).Sub(now); ahead > clockSkew {
		return nil, guichet.Errorf(guichet.KindInvalid, "the circle offered was made %s after now by our clock", ahead.Round(time.Minute)).
			WithHint("our clock is behind, or that of the member who proposed it was ahead: compare them")
	}
	if prev != nil {
		if err := prev.noOlder(v); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// bundle is the whole public repository as one file.
type bundle struct {
	Format int               `json:"format"`
	ID     string            `json:"id"`
	Name   string            `json:"name"`
	Files  map[string][]byte `json:"files"`
}

// Bundle returns the circle as one file, to be carried to another machine: for a
// member that joins, or for an offline reader of receipts. All in it is signed.
func (r *Repository) Bundle() ([]byte, error) { return r.BundleFor("", "party") }

// BundleFor is the bundle for a member of a role, or one that is to become it:
// without the agreements that it may not read.
func (r *Repository) BundleFor(member, role string) ([]byte, error) {
	if !slices.Contains(roleNames(), role) {
		return nil, guichet.Errorf(guichet.KindInvalid, "there is no role %q", clip(role)).WithHint("write one of %s", strings.Join(roleNames(), ", "))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	v, err := r.current()
	if err != nil {
		return nil, err
	}
	b := bundle{Format: format, ID: v.id, Name: v.content.charter.Name, Files: maps.Clone(v.raw)}
	if !readsAll(role) {
		maps.DeleteFunc(b.Files, func(name string, _ []byte) bool {
			found := papersOf().FindStringSubmatch(name)
			return found != nil && !v.isParty(member, strings.Join(found[1:], ""))
		})
	}
	if b.Files[noticesFile], err = r.looseBytes(); err != nil {
		return nil, err
	}
	return guichet.Canonical(b)
}

// PublicBundle is what everybody may have to verify receipts: who the members are and
// their keys. No agreement's paper or text is in it, and no notice that lies beside the
// circle; what members' papers say of themselves is, as they signed it: offices,
// addresses of nodes, whom to write to.
func (r *Repository) PublicBundle() ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, err := r.current()
	if err != nil {
		return nil, err
	}
	b := bundle{Format: format, ID: v.id, Name: v.content.charter.Name, Files: maps.Clone(v.raw)}
	maps.DeleteFunc(b.Files, func(name string, _ []byte) bool { return papersOf().MatchString(name) })
	b.Files[noticesFile] = []byte("[]")
	return guichet.Canonical(b)
}

// ReadBundle returns how to read such a file, and the ID that it claims to be
// of. Nothing in it is trusted by that: Adopt and FromBundle verify.
func ReadBundle(text []byte) (get Get, id string, err error) {
	const most = 2 * maxCircle // base64 makes it larger by a third
	if len(text) > most {
		return nil, "", guichet.Errorf(guichet.KindHostile, "the bundle has %d bytes; at most %d are read", len(text), most)
	}
	var b bundle
	if err := json.Unmarshal(text, &b); err != nil {
		return nil, "", guichet.Errorf(guichet.KindInvalid, "this is no bundle of a circle: %w", err)
	}
	if b.Format != format {
		return nil, "", guichet.Errorf(guichet.KindVersion, "the bundle has format %d; this program reads %d", b.Format, format)
	}
	return func(_ context.Context, path string) ([]byte, error) {
		text, ok := b.Files[path]
		if !ok {
			return nil, fs.ErrNotExist
		}
		return text, nil
	}, b.ID, nil
}

// FromBundle verifies a bundle without a disk: a reader of receipts has nothing
// but the circle's public papers. An empty id takes the bundle's own; whoever
// does so must compare State.ID. Expired papers are no fault here, since a
// receipt outlives them; State.Expires says when they did.
func FromBundle(text []byte, id string) (State, error) {
	get, own, err := ReadBundle(text)
	if err != nil {
		return State{}, err
	}
	if id == "" {
		id = own
	}
	v, err := (&loader{id: id, signed: true, get: func(path string) ([]byte, error) {
		return get(context.Background(), path)
	}}).load()
	if err != nil {
		return State{}, err
	}
	s, _, err := v.state(made(v.timestamp), Life{}.filled(), nil)
	return s, err
}
