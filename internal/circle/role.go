package circle

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"guichet"
)

// papersOf finds the agreement whose paper or text a path is:
//
//	metadata/3.agreement-b5-covid.json
//	targets/agreements/<sha256>.b5-covid.json, <sha256>.b5-covid.v1.json
//
//nolint:gochecknoglobals // compiled once, never changed
var papersOf = sync.OnceValue(func() *regexp.Regexp {
	const name = `([a-z0-9-]+)`
	return regexp.MustCompile(`^(?:metadata/[0-9]+\.agreement-` + name + `|targets/agreements/[0-9a-f]+\.` + name + `(?:\.v[0-9]+)?)\.json$`)
})

// FileFor returns a file of the repository for a member that follows us, as File
// does. Of agreements among others a dialogue partner and a guest get nothing: to
// them there is no such file.
func (r *Repository) FileFor(member, name string) ([]byte, error) {
	text, err := r.File(name)
	if err != nil {
		return nil, err
	}
	found := papersOf().FindStringSubmatch(path.Clean(name))
	if found == nil {
		return text, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now == nil || !r.now.mayRead(member, strings.Join(found[1:], "")) {
		return nil, guichet.Errorf(guichet.KindNotFound, "the circle has no file %q: %w", clip(name), fs.ErrNotExist)
	}
	return text, nil
}

// mayRead says whether a member may read the paper of an agreement.
func (v *view) mayRead(member, id string) bool {
	standing, ok := v.content.charter.of(member)
	if !ok || !standing.Left.IsZero() {
		return false
	}
	return readsAll(standing.Role) || v.isParty(member, id)
}

// isParty says whether an agreement's delegation names a member's key.
func (v *view) isParty(member, id string) bool {
	key := v.content.keyOf(member)
	for _, d := range v.targets.Signed.Delegations.Roles {
		if d.Name == agreementRole(id) {
			return key != "" && slices.Contains(d.KeyIDs, key)
		}
	}
	return false
}

// Withheld are the papers that a member's role keeps from it: agreements among
// others, of which its copy of the circle has the names and nothing else. They are no
// fault.
func (r *Repository) Withheld(member string) ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, err := r.current()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, d := range v.targets.Signed.Delegations.Roles {
		if id, ok := agreementOf(d.Name); ok && !v.mayRead(member, id) {
			out = append(out, d.Name)
		}
	}
	return out, nil
}

// Whole says whether a member's copy of the circle has all papers, so that others may
// follow it.
func Whole(m guichet.Member) bool { return readsAll(m.Role) }
