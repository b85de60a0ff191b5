package circle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"guichet"
)

// Limits of the notices that lie beside a circle. One member cannot fill the
// place of the others: it has a number, and its share of the file's size.
const (
	maxNotices         = 5000
	maxNoticesOfMember = 200
)

// looseBytes is notices.json as others may read it. mu is held.
func (r *Repository) looseBytes() ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(r.cfg.Dir, noticesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return []byte("[]"), nil
	}
	return text, err
}

// aside is a notice that lies beside the circle.
type aside struct {
	text  []byte
	n     Withdrawal
	fault error // why it does not count; nil: it does
	fresh bool  // it came just now
}

// kept reads the notices that lie beside the circle. One that does not verify is
// among them: a member's paper may be missing today. mu is held.
func (r *Repository) kept(v *view) ([]aside, error) {
	text, err := r.looseBytes()
	if err != nil {
		return nil, stopped("read the notices", err)
	}
	all, err := readNotices(text)
	if err != nil {
		return nil, err
	}
	out := make([]aside, 0, len(all))
	now := r.cfg.Clock()
	for _, text := range all {
		n, err := v.checkNotice(text, now)
		out = append(out, aside{text: text, n: n, fault: err})
	}
	return out, nil
}

// readLoose reads the notices that lie beside the circle, and tells those that do
// not verify. mu is held.
func (r *Repository) readLoose(v *view) error {
	all, err := r.kept(v)
	if err != nil {
		return err
	}
	r.loose, r.looseFaults, r.until = counting(all), nil, time.Time{}
	for _, a := range all {
		if a.fault != nil {
			r.looseFaults = append(r.looseFaults, faultOf(noticesFile, a.fault))
		}
	}
	return nil
}

// counting are the notices that are in force.
func counting(all []aside) []Withdrawal {
	var out []Withdrawal
	for _, a := range all {
		if a.fault == nil {
			out = append(out, a.n)
		}
	}
	return out
}

func readNotices(text []byte) ([][]byte, error) {
	if len(text) > MaxFile {
		return nil, guichet.Errorf(guichet.KindHostile, "%s has %d bytes; at most %d are read", noticesFile, len(text), MaxFile)
	}
	var all []json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil || len(all) > maxNotices {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s is no list of at most %d notices", noticesFile, maxNotices)
	}
	out := make([][]byte, 0, len(all))
	for _, n := range all {
		out = append(out, n)
	}
	return out, nil
}

// fetchNotices takes over the notices of another copy that verify here. One that
// does not is left: it can hold nothing up.
func (r *Repository) fetchNotices(ctx context.Context, get Get) (int, error) {
	text, err := get(ctx, noticesFile)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	all, err := readNotices(text)
	if err != nil {
		return 0, err
	}
	return r.keepNotices(all, false)
}

// Receive takes a notice of one party. It is in force here at once. It must be
// signed by the key that signs for that party now (KindUntrusted), not be made
// after now, and count on from the party's notices before (KindInvalid); KindFull
// where the party has more of them beside the circle than it may.
func (r *Repository) Receive(notice []byte) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	_, err := r.keepNotices([][]byte{notice}, true)
	return err
}

// mayKeep refuses a notice that could not be received either.
func (r *Repository) mayKeep(v *view, notice []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.cfg.Clock()
	n, err := v.checkNotice(bytes.TrimSpace(notice), now)
	if err != nil {
		return err
	}
	return n.arrives(v.highest(n.Member, r.loose), now)
}

// keepNotices adds the notices that verify and are new. A notice is new by its
// bytes' content: member, agreement, version and serial. writing is held.
func (r *Repository) keepNotices(all [][]byte, strict bool) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, err := r.current()
	if err != nil {
		return 0, err
	}
	kept, err := r.kept(v)
	if err != nil {
		return 0, err
	}
	now := r.cfg.Clock()
	var came []aside
	for _, text := range all {
		text = bytes.TrimSpace(text)
		n, err := v.checkNotice(text, now)
		if err != nil && strict {
			return 0, err
		}
		if err == nil {
			came = append(came, aside{text: text, n: n, fresh: true})
		}
	}
	// In the order in which their members counted, so that one leads to the next.
	slices.SortStableFunc(came, func(a, b aside) int { return a.n.Serial - b.n.Serial })
	for _, a := range came {
		next, err := v.with(kept, a, now)
		if err != nil && strict {
			return 0, err
		}
		if err == nil {
			kept = next
		}
	}
	added := 0
	for _, a := range kept {
		if a.fresh {
			added++
		}
	}
	if added == 0 {
		return 0, nil
	}
	return added, r.writeLoose(v, kept)
}

// with adds a notice, where it says anything new and there is room for it.
func (v *view) with(kept []aside, a aside, now time.Time) ([]aside, error) {
	loose := counting(kept)
	if v.knows(a.n, loose) {
		return kept, nil
	}
	if err := a.n.arrives(v.highest(a.n.Member, loose), now); err != nil {
		return nil, err
	}
	next := v.tidied(append(slices.Clone(kept), a))
	if v.room(next, a.n.Member) {
		return next, nil
	}
	// What does not count makes room first.
	next = slices.DeleteFunc(next, func(o aside) bool { return o.fault != nil && o.n.Member == a.n.Member })
	if v.room(next, a.n.Member) {
		return next, nil
	}
	return nil, guichet.Errorf(guichet.KindFull, "there are as many notices of %s beside the circle as one member may have", a.n.Member).
		WithHint("a later notice on the same version takes the place of one before it; ask %s for one of those", a.n.Member)
}

// highest is the highest serial that is known of a member.
func (v *view) highest(member string, loose []Withdrawal) int {
	most := 0
	for _, n := range v.content.notices {
		if n.Member == member {
			most = max(most, n.Serial)
		}
	}
	for _, n := range loose {
		if n.Member == member {
			most = max(most, n.Serial)
		}
	}
	return most
}

// tidied drops the notices that say nothing beside a later one. Of a member, an
// agreement and a version stays the newest, and the one that withdraws earliest
// where the newest does not withdraw as early: it is not taken back.
func (v *view) tidied(all []aside) []aside {
	type about struct {
		member, agreement string
		version           int
		counts            bool
	}
	newest, firmest := map[about]aside{}, map[about]aside{}
	key := func(a aside) about { return about{a.n.Member, a.n.Agreement, a.n.Version, a.fault == nil} }
	for _, a := range all {
		k := key(a)
		if o, ok := newest[k]; !ok || a.n.Serial > o.n.Serial {
			newest[k] = a
		}
		if o, ok := firmest[k]; a.n.From != "" && (!ok || a.n.From < o.n.From) {
			firmest[k] = a
		}
	}
	is := func(a, o aside) bool { return bytes.Equal(a.text, o.text) }
	return slices.DeleteFunc(all, func(a aside) bool {
		if a.n.Member == "" { // it cannot be read, and is told
			return false
		}
		k := key(a)
		firm, withdraws := firmest[k]
		first := withdraws && is(a, firm) && (newest[k].n.From == "" || newest[k].n.From > firm.n.From)
		return v.knows(a.n, nil) || !is(a, newest[k]) && !first
	})
}

// room says whether the notices may lie beside the circle, those of one member
// among them.
func (v *view) room(all []aside, member string) bool {
	size, count, own := len("[]"), 0, 0
	for _, a := range all {
		n := len(a.text) + len(",")
		size += n
		if a.n.Member == member {
			count, own = count+1, own+n
		}
	}
	share := MaxFile / max(1, len(v.content.charter.Members))
	return len(all) <= maxNotices && size <= MaxFile && count <= maxNoticesOfMember && own <= share
}

// knows says whether a notice says nothing new: it is there, or its member has
// given a later one of that version that withdraws no less.
func (v *view) knows(n Withdrawal, loose []Withdrawal) bool {
	covers := func(o Withdrawal) bool {
		return o.Member == n.Member && o.Agreement == n.Agreement && o.Version == n.Version && o.Serial >= n.Serial &&
			(n.From == "" || o.From != "" && o.From <= n.From)
	}
	return covers(v.content.notices[n.target()]) || slices.ContainsFunc(loose, covers)
}

func (r *Repository) writeLoose(v *view, all []aside) error {
	raw := make([]json.RawMessage, 0, len(all))
	for _, a := range all {
		raw = append(raw, a.text)
	}
	text, err := guichet.Canonical(raw)
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(r.cfg.Dir, noticesFile), text); err != nil {
		return stopped("write the notices", err)
	}
	seen, err := fingerprint(r.cfg.Dir)
	if err != nil {
		return err
	}
	r.take(v, seen)
	return r.readLoose(v)
}
