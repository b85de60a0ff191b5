package journal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api/layout"
	"golang.org/x/sync/errgroup"
)

// walk goes through a log from the first leaf to the last and makes the tree
// again: from the hashes in the tiles, or from the leaves themselves.
type walk struct {
	c     *checking
	size  uint64
	tiles bool // make the tree from the tiles, and compare the tiles above too

	root   []byte
	roots  map[uint64][]byte // at the sizes of the anchors
	differ []uint64          // leaves whose hash is not the one in the tile
	apart  []uint64          // first leaves of the bundles whose hash the tile above has otherwise
	above  []Finding         // hashes in upper tiles that differ
	gone   []Finding         // what is not there or cannot be read
	hole   bool              // of some leaf neither entry nor hash is there
	rows   map[uint][][]byte // by tile level: the hashes of the tile being filled
}

// block is one bundle and its tile.
type block struct {
	first  uint64
	want   int
	leaves [][]byte // their hashes, as many as can be read
	tile   [][]byte
}

// run reads blocks in parallel, and folds them in order.
func (w *walk) run(ctx context.Context) error {
	w.roots, w.rows = map[uint64][]byte{}, map[uint][][]byte{}
	tree := (&compact.RangeFactory{Hash: hashChildren}).NewEmptyRange(0)
	const window = 64
	blocks := (w.size + layout.EntryBundleWidth - 1) / layout.EntryBundleWidth
	for from := uint64(0); from < blocks; from += window {
		read := make([]block, min(window, blocks-from))
		g, gctx := errgroup.WithContext(ctx)
		g.SetLimit(runtime.GOMAXPROCS(0))
		for i := range read {
			g.Go(func() error {
				read[i] = w.c.dir.block(gctx, from+uint64(i), w.size) //nolint:gosec // not negative
				return gctx.Err()
			})
		}
		if err := g.Wait(); err != nil {
			return fmt.Errorf("check the journal: %w", err)
		}
		for _, b := range read {
			if err := w.fold(tree, b); err != nil {
				return err
			}
		}
	}
	w.lastTiles()
	var err error
	if w.root, err = tree.GetRootHash(nil); err != nil {
		return fmt.Errorf("check the journal: %w", err)
	}
	if w.size == 0 {
		w.root = rfc6962.DefaultHasher.EmptyRoot()
	}
	w.roots[w.size], w.roots[0] = w.root, rfc6962.DefaultHasher.EmptyRoot()
	return nil
}

// block reads one bundle and its tile, as much of them as there is.
func (d logDir) block(ctx context.Context, number, size uint64) block {
	b := block{first: number * layout.EntryBundleWidth, want: layout.EntryBundleWidth}
	partial := layout.PartialTileSize(0, number, size)
	if partial > 0 {
		b.want = int(partial)
	}
	if raw, err := d.ReadEntryBundle(ctx, number, partial); err == nil {
		b.leaves = hashLeaves(splitBundle(raw, b.want))
	}
	if raw, err := d.ReadTile(ctx, 0, number, partial); err == nil {
		b.tile = splitTile(raw, b.want)
	}
	return b
}

// hashLeaves makes the hashes of entries, RFC 6962 section 2.1, a bundle's at once.
func hashLeaves(entries [][]byte) [][]byte {
	out := make([][]byte, len(entries))
	sums := make([]byte, 0, hashSize*len(entries))
	prefixed := []byte{rfc6962.RFC6962LeafHashPrefix}
	for i, entry := range entries {
		prefixed = append(prefixed[:1], entry...)
		sum := sha256.Sum256(prefixed)
		sums = append(sums, sum[:]...)
		out[i] = sums[hashSize*i:][:hashSize]
	}
	return out
}

// hashChildren is the hash of an inner node, RFC 6962 section 2.1, without the
// library's copies: a whole-log check makes as many as there are leaves.
func hashChildren(left, right []byte) []byte {
	var node [1 + 2*hashSize]byte
	node[0] = rfc6962.RFC6962NodeHashPrefix
	copy(node[1:], left)
	copy(node[1+hashSize:], right)
	sum := sha256.Sum256(node[:])
	return sum[:]
}

// splitBundle reads entries, each behind its length in two bytes, until they end
// or make no sense.
func splitBundle(raw []byte, most int) [][]byte {
	var out [][]byte
	for len(raw) >= 2 && len(out) < most {
		n := int(binary.BigEndian.Uint16(raw)) + 2
		if n > len(raw) {
			break
		}
		out = append(out, raw[2:n])
		raw = raw[n:]
	}
	return out
}

func splitTile(raw []byte, most int) [][]byte {
	var out [][]byte
	for len(raw) >= hashSize && len(out) < most {
		out = append(out, raw[:hashSize])
		raw = raw[hashSize:]
	}
	return out
}

// fold adds a block to the tree. Where hashes are missing on one side those of the
// other stand in; where both are, the tree cannot be the signed one.
func (w *walk) fold(tree *compact.Range, b block) error {
	for i := range b.want {
		at := b.first + uint64(i)
		var h []byte
		switch {
		case i < len(b.leaves) && i < len(b.tile):
			h = b.leaves[i]
			if !bytes.Equal(h, b.tile[i]) {
				w.differ = append(w.differ, at)
			}
			if w.tiles {
				h = b.tile[i]
			}
		case i < len(b.leaves):
			h = b.leaves[i]
		case i < len(b.tile):
			h = b.tile[i]
		default:
			h, w.hole = make([]byte, hashSize), true
		}
		if err := tree.Append(h, w.visit); err != nil {
			return fmt.Errorf("check the journal: %w", err)
		}
		if slices.ContainsFunc(w.c.anchors, func(a anchor) bool { return a.Size == at+1 }) {
			w.roots[at+1], _ = tree.GetRootHash(nil) // a tree that is not empty has a root
		}
	}
	w.missing(b)
	return nil
}

func (w *walk) missing(b block) {
	last := b.first + uint64(b.want) - 1 //nolint:gosec // at least one
	if n := len(b.leaves); n < b.want {
		w.gone = append(w.gone, spanFinding(LeafGone, b.first+uint64(n), last))
	}
	if n := len(b.tile); n < b.want {
		w.gone = append(w.gone, spanFinding(TileGone, b.first+uint64(n), last))
	}
}

// visit sees each node as it is made, and compares those that are kept in tiles
// above the lowest: the levels that are a multiple of eight.
func (w *walk) visit(id compact.NodeID, hash []byte) {
	if !w.tiles || id.Level == 0 || id.Level%layout.TileHeight != 0 {
		return
	}
	level := id.Level / layout.TileHeight
	w.rows[level] = append(w.rows[level], hash)
	if len(w.rows[level]) == layout.TileWidth {
		w.compareTile(level, id.Index/layout.TileWidth)
		w.rows[level] = nil
	}
}

// lastTiles compares the tiles on the right edge, which are not full.
func (w *walk) lastTiles() {
	for level, row := range w.rows {
		if len(row) > 0 {
			w.compareTile(level, (w.size>>(layout.TileHeight*level))/layout.TileWidth)
		}
	}
}

func (w *walk) compareTile(level uint, index uint64) {
	row := w.rows[level]
	var kept [][]byte
	raw, err := w.c.dir.ReadTile(context.Background(), uint64(level), index, uint8(len(row)%layout.TileWidth))
	if err == nil {
		kept = splitTile(raw, len(row))
	}
	width := uint64(1) << (layout.TileHeight * level)
	for i, h := range row {
		first := (index*layout.TileWidth + uint64(i)) * width
		switch {
		case i >= len(kept):
			w.gone = append(w.gone, spanFinding(TileGone, first, first+width-1))
		case !bytes.Equal(h, kept[i]):
			w.above = append(w.above, spanFinding(TileChanged, first, first+width-1))
			if level == 1 {
				w.apart = append(w.apart, first)
			}
		}
	}
}
