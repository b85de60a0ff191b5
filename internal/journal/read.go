package journal

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/api/layout"

	"guichet"
)

// LeafFormat is the format of leaves that this program writes and reads.
const LeafFormat = 1

// IndexedLeaf is a leaf with its place in its log, from 0 on.
type IndexedLeaf struct {
	Index int64        `json:"index"`
	Leaf  guichet.Leaf `json:"leaf"`
}

// knownKind says whether a kind is of the closed list.
func knownKind(k guichet.LeafKind) bool {
	switch k {
	case guichet.LeafAnswered, guichet.LeafRefused, guichet.LeafStarted, guichet.LeafEnded,
		guichet.LeafReceived, guichet.LeafMissed, guichet.LeafTaken, guichet.LeafPurged, guichet.LeafWithdrew,
		guichet.LeafRenewed, guichet.LeafRecovered:
		return true
	}
	return false
}

func leafHash(entry []byte) []byte { return rfc6962.DefaultHasher.HashLeaf(entry) }

// readLeaf reads an entry. KindVersion for a leaf of a newer format, KindInvalid
// for what is no leaf.
func readLeaf(entry []byte) (guichet.Leaf, error) {
	var leaf guichet.Leaf
	if err := json.Unmarshal(entry, &leaf); err != nil {
		return leaf, guichet.Errorf(guichet.KindInvalid, "this is no leaf: %w", err)
	}
	if leaf.Format > LeafFormat {
		return leaf, guichet.Errorf(guichet.KindVersion, "the leaf is of format %d; this program reads %d", leaf.Format, LeafFormat).WithHint("use a newer guichet")
	}
	if leaf.Format != LeafFormat || !knownKind(leaf.Kind) {
		return leaf, guichet.Errorf(guichet.KindInvalid, "this is no leaf: format %d, kind %q", leaf.Format, leaf.Kind)
	}
	return leaf, nil
}

// bundle reads the entries of one bundle as they are in a tree of a size.
func (j *Journal) bundle(ctx context.Context, number, size uint64) ([][]byte, error) {
	partial := layout.PartialTileSize(0, number, size)
	raw, err := j.reader.ReadEntryBundle(ctx, number, partial)
	if err != nil {
		return nil, fmt.Errorf("entries from %d: %w", number*layout.EntryBundleWidth, err)
	}
	var b api.EntryBundle
	if err := b.UnmarshalText(raw); err != nil {
		return nil, guichet.Errorf(guichet.KindUntrusted, "the entries from %d on are damaged: %w", number*layout.EntryBundleWidth, err)
	}
	want := layout.EntryBundleWidth
	if partial > 0 {
		want = int(partial)
	}
	if len(b.Entries) < want {
		return nil, guichet.Errorf(guichet.KindUntrusted, "of the entries from %d on %d are there, not %d", number*layout.EntryBundleWidth, len(b.Entries), want)
	}
	return b.Entries[:want], nil
}

// entry reads one entry as it was written.
func (j *Journal) entry(ctx context.Context, i int64) ([]byte, error) {
	if err := j.caughtUp(ctx); err != nil {
		return nil, err
	}
	size := j.size.Load()
	if i < 0 || unsigned(i) >= size {
		return nil, guichet.Errorf(guichet.KindNotFound, "there is no leaf %d: the journal has %d, from 0 on", i, size)
	}
	entries, err := j.bundle(ctx, unsigned(i)/layout.EntryBundleWidth, size)
	if err != nil {
		return nil, err
	}
	return entries[unsigned(i)%layout.EntryBundleWidth], nil
}

// Leaf returns a leaf of the journal. KindNotFound when there are fewer.
func (j *Journal) Leaf(ctx context.Context, i int64) (guichet.Leaf, error) {
	entry, err := j.entry(ctx, i)
	if err != nil {
		return guichet.Leaf{}, err
	}
	return readLeaf(entry)
}

// eachEntry calls fn with the entries from one on, as many as there are now.
func (j *Journal) eachEntry(ctx context.Context, from uint64, fn func(i uint64, entry []byte) error) error {
	if err := j.caughtUp(ctx); err != nil {
		return err
	}
	size := j.size.Load()
	for from < size {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("read the journal: %w", err)
		}
		entries, err := j.bundle(ctx, from/layout.EntryBundleWidth, size)
		if err != nil {
			return err
		}
		for _, entry := range entries[from%layout.EntryBundleWidth:] {
			if err := fn(from, entry); err != nil {
				return err
			}
			from++
		}
	}
	return nil
}

// Each calls fn with every leaf from an index on, in order, as many as there are
// when it is called. It stops at fn's first error and returns it.
func (j *Journal) Each(ctx context.Context, from int64, fn func(i int64, leaf guichet.Leaf) error) error {
	return j.eachEntry(ctx, unsigned(from), func(i uint64, entry []byte) error {
		leaf, err := readLeaf(entry)
		if err != nil {
			return fmt.Errorf("leaf %d: %w", i, err)
		}
		return fn(signed(i), leaf)
	})
}

// Latest returns up to n leaves before an index, newest first; before <= 0 means
// from the end.
func (j *Journal) Latest(ctx context.Context, before int64, n int) ([]IndexedLeaf, error) {
	end := j.Size()
	if before > 0 {
		end = min(end, before)
	}
	start := max(0, end-int64(max(n, 0)))
	if start == end {
		return nil, nil
	}
	var out []IndexedLeaf
	err := j.Each(ctx, start, func(i int64, leaf guichet.Leaf) error {
		if i >= end {
			return errEnough
		}
		out = append(out, IndexedLeaf{i, leaf})
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	slices.Reverse(out)
	return out, nil
}

// errEnough ends a reading early.
var errEnough = errors.New("enough")

// Exchange returns the leaves of an exchange, oldest first; none when there are
// none.
func (j *Journal) Exchange(ctx context.Context, id string) ([]IndexedLeaf, error) {
	sum := sha256.Sum256([]byte(id))
	key := [16]byte(sum[:16])
	out, _, err := j.search(ctx, query{
		limit:  maxFound,
		record: func(r *record) bool { return [16]byte(r[:16]) == key },
		leaf:   func(l guichet.Leaf) bool { return l.Exchange == id },
	})
	return out, err
}

// maxFound bounds what one search returns.
const maxFound = 10_000

// Of returns up to limit leaves, from an index on, in which a member is a party,
// and where the next page begins; -1 when there is nothing more.
func (j *Journal) Of(ctx context.Context, member string, from int64, limit int) ([]IndexedLeaf, int64, error) {
	var code [2]byte
	copy(code[:], member)
	return j.search(ctx, query{
		from: unsigned(from), limit: min(max(limit, 1), maxFound),
		record: func(r *record) bool { return [2]byte(r[16:18]) == code || [2]byte(r[18:20]) == code },
		leaf:   func(l guichet.Leaf) bool { return l.From.Member == member || l.To == member },
	})
}

// query is what to look for: a quick look at the index, and a sure one at the leaf.
type query struct {
	from   uint64
	limit  int
	record func(*record) bool
	leaf   func(guichet.Leaf) bool
}

// search looks through the index, and then through the leaves that it does not
// know yet.
func (j *Journal) search(ctx context.Context, q query) ([]IndexedLeaf, int64, error) {
	if err := j.caughtUp(ctx); err != nil {
		return nil, 0, err
	}
	var candidates []uint64
	known := j.index.size()
	err := j.index.scan(q.from, func(position uint64, r *record) bool {
		if q.record(r) {
			candidates = append(candidates, position)
		}
		return position+1 < known && len(candidates) <= q.limit
	})
	if err != nil {
		return nil, 0, err
	}
	more := len(candidates) > q.limit
	var out []IndexedLeaf
	for _, at := range candidates[:min(len(candidates), q.limit)] {
		leaf, err := j.Leaf(ctx, signed(at))
		if err != nil {
			return nil, 0, fmt.Errorf("leaf %d: %w", at, err)
		}
		if q.leaf(leaf) {
			out = append(out, IndexedLeaf{signed(at), leaf})
		}
	}
	if more {
		return out, signed(candidates[q.limit]), nil
	}
	next := int64(-1)
	err = j.Each(ctx, signed(max(known, q.from)), func(i int64, leaf guichet.Leaf) error {
		if len(out) == q.limit {
			next = i
			return errEnough
		}
		if q.leaf(leaf) {
			out = append(out, IndexedLeaf{i, leaf})
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, 0, err
	}
	return out, next, nil
}
