package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/transparency-dev/tessera/api/layout"

	"guichet"
)

// Check reads the whole log and holds it against what was signed: every leaf is
// hashed again, the tree is made again, every hash tile is compared, the
// checkpoint's signature is checked, and the head that we remember and the
// checkpoint that others have signed under must be trees within it. keys are the
// circle's, to know the witnesses by; Keys{} knows none.
//
// It checks the leaves that the newest checkpoint covers, and may run while leaves
// are appended. An error means that it could not look; what it saw is in the
// findings.
func (j *Journal) Check(ctx context.Context, keys Keys) (Report, error) {
	for _, t := range j.own.list {
		keys.add(t)
	}
	return CheckDir(ctx, j.cfg.Dir, j.cfg.Origin, keys)
}

// CheckDir is Check of a journal that is not open, or that Open refuses. keys must
// hold the log key of the origin.
func CheckDir(ctx context.Context, dir, origin string, keys Keys) (Report, error) {
	c := checking{dir: logDir(filepath.Join(dir, dirLog)), report: Report{Origin: origin}}
	// What was signed is read before the checkpoint, which may move on meanwhile.
	if err := c.readHead(filepath.Join(dir, fileHead)); err != nil {
		return c.report, err
	}
	c.readCosigned(filepath.Join(dir, fileCosigned), keys)
	raw, err := os.ReadFile(filepath.Join(dir, dirLog, layout.CheckpointPath)) //nolint:gosec // of the journal
	if err != nil {
		return c.report, &guichet.Error{Kind: guichet.KindNotFound, Message: "there is no journal in " + dir, Hint: "name the folder of a journal", Err: err}
	}
	cp, err := openCheckpoint(raw, keys)
	if err == nil && cp.origin != origin {
		err = guichet.Errorf(guichet.KindUntrusted, "it is of %s, not of %s", cp.origin, origin)
	}
	if err != nil {
		c.found(finding(BadCheckpoint, -1, err.Error()))
		return c.report, nil
	}
	c.signed = head{cp.size, cp.root}
	if err := c.run(ctx); err != nil {
		return c.report, err
	}
	return c.report, nil
}

// anchor is a tree that was signed or remembered before, and by whom.
type anchor struct {
	head
	en, fr string
}

// checking is a check of one log under way.
type checking struct {
	dir     logDir
	signed  head // what the checkpoint signs
	anchors []anchor
	report  Report
}

func (c *checking) found(f Finding) { c.report.Findings = append(c.report.Findings, f) }

func (c *checking) readHead(name string) error {
	raw, err := readSmall(name, maxCheckpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var h head
	if err := json.Unmarshal(raw, &h); err != nil {
		c.found(finding(BadCosigned, -1, "the file head is damaged"))
		return nil
	}
	c.anchors = append(c.anchors, anchor{h, "were signed here", "avaient été signées ici"})
	return nil
}

func (c *checking) readCosigned(name string, keys Keys) {
	raw, err := readSmall(name, maxCheckpoint)
	if errors.Is(err, fs.ErrNotExist) {
		c.found(finding(NotCosigned, -1))
		return
	}
	if err == nil {
		var cp checkpoint
		if cp, err = openCheckpoint(raw, keys); err == nil {
			c.report.Cosigned, c.report.Witnesses = signed(cp.size), cp.witnesses
			c.anchors = append(c.anchors, anchor{head{cp.size, cp.root}, "were cosigned by other members", "avaient été cosignées par d’autres membres"})
			return
		}
	}
	c.found(finding(BadCosigned, -1, err.Error()))
}

// run walks the log, once where all is well, and once more to tell whether the
// leaves or their hashes were changed.
func (c *checking) run(ctx context.Context) error {
	c.ahead(ctx)
	c.report.Size = signed(c.signed.Size)
	tiles := walk{c: c, size: c.signed.Size, tiles: true}
	if err := tiles.run(ctx); err != nil {
		return err
	}
	c.report.Findings = append(c.report.Findings, tiles.gone...)
	if bytes.Equal(tiles.root, c.signed.Root) { // the lowest hashes are as signed: what differs from them is not
		c.spans(LeafChanged, tiles.differ)
		c.report.Findings = append(c.report.Findings, tiles.above...)
		c.compareAnchors(tiles.roots)
		return nil
	}
	leaves := walk{c: c, size: c.signed.Size}
	if err := leaves.run(ctx); err != nil {
		return err
	}
	if bytes.Equal(leaves.root, c.signed.Root) {
		c.spans(TileChanged, tiles.differ)
		c.compareAnchors(leaves.roots)
		return nil
	}
	c.spans(LeafChanged, tiles.differ)
	for _, first := range tiles.apart {
		last := min(first+layout.TileWidth, c.signed.Size) - 1
		if !slices.ContainsFunc(tiles.differ, func(at uint64) bool { return at >= first && at <= last }) {
			c.found(spanFinding(LeafAndHashChanged, first, last))
		}
	}
	if !tiles.hole { // with neither leaf nor hash of some place no tree can be made to compare
		c.found(finding(TreeRewritten, -1, c.signed.Size))
		c.compareAnchors(tiles.roots)
	}
	return nil
}

// ahead takes the remembered head for the signed tree where the process ended
// between the two: head is written before the checkpoint.
func (c *checking) ahead(ctx context.Context) {
	for _, a := range c.anchors {
		if a.Size <= c.signed.Size {
			continue
		}
		if root, err := rootAt(ctx, a.Size, c.dir.ReadTile); err == nil && bytes.Equal(root, a.Root) {
			c.signed = a.head
		}
	}
}

// compareAnchors holds earlier trees against the roots that the log has at their
// sizes.
func (c *checking) compareAnchors(roots map[uint64][]byte) {
	for _, a := range c.anchors {
		switch {
		case a.Size > c.signed.Size:
			f := finding(LogCut, signed(c.signed.Size), c.signed.Size, a.Size, c.signed.Size, a.Size-1, a.en, a.fr)
			f.Last = signed(a.Size - 1)
			c.found(f)
		case !bytes.Equal(roots[a.Size], a.Root):
			c.found(finding(RewrittenSince, -1, a.Size, a.en, a.fr))
		}
	}
}

// spans tells of leaves, those in a row together.
func (c *checking) spans(code Code, leaves []uint64) {
	for i := 0; i < len(leaves); {
		last := i
		for last+1 < len(leaves) && leaves[last+1] == leaves[last]+1 {
			last++
		}
		c.found(spanFinding(code, leaves[i], leaves[last]))
		i = last + 1
	}
}

func spanFinding(code Code, from, to uint64) Finding {
	en, fr := fmt.Sprintf("leaves %d to %d", from, to), fmt.Sprintf("feuilles %d à %d", from, to)
	if from == to {
		en, fr = fmt.Sprintf("leaf %d", from), fmt.Sprintf("feuille %d", from)
	}
	f := finding(code, signed(from), en, fr)
	f.Last = signed(to)
	return f
}

// logDir reads the files of a log as they lie on the disk, open or not.
type logDir string

// ReadTile reads a hash tile; where the fuller one has taken its place, that.
func (d logDir) ReadTile(_ context.Context, level, index uint64, partial uint8) ([]byte, error) {
	return d.read(func(p uint8) string { return layout.TilePath(level, index, p) }, partial)
}

// ReadEntryBundle reads a bundle of entries in the same way.
func (d logDir) ReadEntryBundle(_ context.Context, index uint64, partial uint8) ([]byte, error) {
	return d.read(func(p uint8) string { return layout.EntriesPath(index, p) }, partial)
}

func (d logDir) read(name func(uint8) string, partial uint8) ([]byte, error) {
	const limit = 256 * (MaxLeaf + 2)
	raw, err := readSmall(filepath.Join(string(d), name(partial)), limit)
	if errors.Is(err, fs.ErrNotExist) && partial > 0 {
		raw, err = readSmall(filepath.Join(string(d), name(0)), limit)
	}
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	return raw, nil
}
