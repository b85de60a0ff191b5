package journal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api/layout"

	"guichet"
)

// PeerLog is a partner's log, as far as its members may see it.
type PeerLog struct {
	Circle string
	Member string
	Keys   Keys // of the circle
	// Renewals are those that were accepted: which log the member's journal is in now.
	Renewals *Renewals
	Dir      string // where what was seen of partners' logs is remembered, and evidence is kept
	// Fetch gets a file of the log by its path ("checkpoint", "tile/0/000.p/5"), of
	// at most 64 KiB; an error of KindNotFound when the partner says that it has none.
	Fetch func(ctx context.Context, path string) ([]byte, error)
	// Leaves are leaves that the partner has shown us, or that its receipts hold, by
	// their positions: each must be in its log where it says.
	Leaves []IndexedLeaf
}

// CheckPeer checks a partner's log without seeing its leaves: the checkpoint's
// signature; that the log seen the last time, and the one that others have signed
// under, are its beginning; that our exchanges are in it. What was seen is
// remembered durably. Two checkpoints that cannot both be true are kept as
// evidence, with the proof.
//
// An error means that the partner could not be asked, or that we could not
// remember; what was seen is in the findings.
//
// Where the journal was renewed, what is left of the logs before is held against what
// the renewal says of them.
func CheckPeer(ctx context.Context, p PeerLog) (Report, error) {
	renewed, number, err := p.Renewals.current(p.Member)
	if err != nil {
		return Report{Origin: Origin(p.Circle, p.Member)}, err
	}
	w := watch{PeerLog: p, report: Report{Origin: OriginOf(p.Circle, p.Member, number)}}
	if renewed == nil {
		return w.run(ctx)
	}
	r := renewed.Renewal
	w.all, w.Leaves = p.Leaves, append(within(p.Leaves, r.First, maxSize), IndexedLeaf{0, r.Leaf()})
	report, err := w.run(ctx)
	for _, e := range r.Before {
		if err != nil {
			break
		}
		var found []Finding
		found, err = w.before(ctx, r, e)
		report.Size += e.Have
		report.Findings = append(report.Findings, found...)
	}
	for _, l := range p.Leaves {
		if !r.holds(l.Index) {
			f := finding(NotIncluded, -1, p.Member, l.Index)
			f.Theirs, f.Exchange = l.Index, l.Leaf.Exchange
			report.Findings = append(report.Findings, f)
		}
	}
	report.Findings = append(report.Findings, r.findings()...)
	return report, err
}

// within are the leaves of a log whose first has a position, by their places in it.
func within(leaves []IndexedLeaf, first, end int64) []IndexedLeaf {
	var out []IndexedLeaf
	for _, l := range leaves {
		if l.Index >= first && l.Index < end {
			out = append(out, IndexedLeaf{l.Index - first, l.Leaf})
		}
	}
	return out
}

// before checks what is left of a log that has ended: that it is what the renewal
// says, and, as far as hashes of it are there, what was seen of it before.
func (w *watch) before(ctx context.Context, r Renewal, e Ended) ([]Finding, error) {
	old := watch{PeerLog: w.PeerLog, report: Report{Origin: OriginOf(r.Circle, r.Member, e.Number)}}
	if name := w.Renewals.after(old.report.Origin); name != "" {
		f := finding(AfterTheEnd, -1, r.Member, e.Number)
		f.Evidence = []string{name, w.Renewals.file(r.Member)}
		old.found(f)
	}
	if e.Have == 0 {
		return old.report.Findings, nil
	}
	old.Fetch = func(ctx context.Context, path string) ([]byte, error) {
		return w.Fetch(ctx, strconv.Itoa(e.Number)+"/"+path)
	}
	raw, err := old.Fetch(ctx, PathCheckpoint)
	if err != nil {
		return nil, fmt.Errorf("log %d of %s: %w", e.Number, r.Member, err)
	}
	if old.now, err = old.open(raw); err == nil && (signed(old.now.size) != e.Have || hex.EncodeToString(old.now.root) != e.Root) {
		err = guichet.Errorf(guichet.KindUntrusted, "it is of %d leaves, and the renewal says that %d are left of log %d, or of another tree", old.now.size, e.Have, e.Number)
	}
	if err != nil {
		old.found(finding(BadCheckpoint, -1, err.Error()))
		return old.report.Findings, nil
	}
	if raw, err := remembered(filepath.Dir(w.Dir), r.Member, old.report.Origin); err == nil && !e.Forked {
		if last, err := old.open(raw); err == nil && last.size <= old.now.size {
			if err := old.compare(ctx, last); err != nil {
				return nil, err
			}
		}
	}
	old.Leaves = within(w.all, e.First, e.First+e.Have)
	err = old.included(ctx)
	return old.report.Findings, err
}

// run checks one log.
func (w *watch) run(ctx context.Context) (Report, error) {
	p := w.PeerLog
	// The cosigned checkpoint first: the other may move on meanwhile, not back.
	cosigned, err := p.Fetch(ctx, PathCosigned)
	if err != nil && guichet.KindOf(err) != guichet.KindNotFound {
		return w.report, fmt.Errorf("the log of %s: %w", p.Member, err)
	}
	raw, err := p.Fetch(ctx, PathCheckpoint)
	if err != nil {
		return w.report, fmt.Errorf("the log of %s: %w", p.Member, err)
	}
	if w.now, err = w.open(raw); err != nil {
		w.found(finding(BadCheckpoint, -1, err.Error()))
		return w.report, nil
	}
	w.report.Size = signed(w.now.size)
	if err := w.compareCosigned(ctx, cosigned); err != nil {
		return w.report, err
	}
	if err := w.compareSeen(ctx); err != nil {
		return w.report, err
	}
	return w.report, w.included(ctx)
}

// watch is a check of a partner's log under way.
type watch struct {
	PeerLog
	now    checkpoint
	all    []IndexedLeaf // PeerLog.Leaves as they were given, by position
	report Report
}

func (w *watch) found(f Finding) { w.report.Findings = append(w.report.Findings, f) }

func (w *watch) open(raw []byte) (checkpoint, error) {
	cp, err := openCheckpoint(raw, w.Keys)
	if err == nil && cp.origin != w.report.Origin {
		err = guichet.Errorf(guichet.KindUntrusted, "it is of %s, not of %s", cp.origin, w.report.Origin)
	}
	return cp, err
}

// tile fetches a hash tile.
func (w *watch) tile(ctx context.Context, level, index uint64, partial uint8) ([]byte, error) {
	raw, err := w.Fetch(ctx, layout.TilePath(level, index, partial))
	if guichet.KindOf(err) == guichet.KindNotFound && partial > 0 {
		raw, err = w.Fetch(ctx, layout.TilePath(level, index, 0)) // a fuller one has taken its place
	}
	if err != nil {
		return nil, fmt.Errorf("the log of %s: %w", w.Member, err)
	}
	if len(raw) > layout.TileWidth*hashSize {
		return nil, guichet.Errorf(guichet.KindUntrusted, "the log of %s: a hash tile of %d bytes", w.Member, len(raw))
	}
	return raw, nil
}

func (w *watch) compareCosigned(ctx context.Context, raw []byte) error {
	if len(raw) == 0 {
		w.found(finding(NotCosigned, -1))
		return nil
	}
	cp, err := w.open(raw)
	if err != nil {
		w.found(finding(BadCosigned, -1, err.Error()))
		return nil
	}
	w.report.Cosigned, w.report.Witnesses = signed(cp.size), cp.witnesses
	if len(cp.witnesses) == 0 {
		w.found(finding(NotCosigned, -1))
	}
	return w.compare(ctx, cp)
}

// compareSeen holds the log against the checkpoint seen the last time, and
// remembers the newer one.
func (w *watch) compareSeen(ctx context.Context) error {
	name := filepath.Join(w.Dir, w.id()+".checkpoint")
	raw, err := readSmall(name, maxCheckpoint)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	grave := len(w.report.Findings)
	if err == nil {
		last, err := w.open(raw)
		if err != nil {
			return &guichet.Error{Kind: guichet.KindUntrusted, Message: "what was remembered of the log of " + w.Member + " cannot be believed", Hint: "look at " + name + " before you remove it", Err: err}
		}
		w.report.Seen = signed(last.size)
		if err := w.compare(ctx, last); err != nil {
			return err
		}
		if last.size >= w.now.size {
			return nil
		}
	}
	if Worst(w.report.Findings[grave:]) != "" {
		return nil // the log that was believed stays the one that others are held against
	}
	if err := writeDurably(name, w.now.raw); err != nil {
		return fault(w.Dir, err)
	}
	return nil
}

// compare holds the present checkpoint against an earlier one.
func (w *watch) compare(ctx context.Context, old checkpoint) error {
	if old.size > w.now.size {
		w.found(finding(RolledBack, -1, w.Member, w.now.size, old.size))
		return nil
	}
	same, err := consistent(ctx, head{old.size, old.root}, head{w.now.size, w.now.root}, w.tile)
	switch {
	case errors.Is(err, errTiles):
		w.found(finding(TilesUntrue, -1, w.Member, w.now.size))
	case err != nil:
		return err
	case !same:
		f := finding(LogForked, -1, w.Member, old.size, w.now.size)
		if f.Evidence, err = w.keep(ctx, old); err != nil {
			return err
		}
		w.found(f)
	}
	return nil
}

// keep writes two checkpoints that cannot both be true, and what proves it: the
// root that the larger log has at the size of the smaller, and the consistency
// proof between them.
func (w *watch) keep(ctx context.Context, old checkpoint) ([]string, error) {
	stem := fmt.Sprintf("%s.fork-%d-%d-%x", w.id(), old.size, w.now.size, w.now.root[:4])
	var text bytes.Buffer
	if old.size < w.now.size {
		tile := tilesAt(w.now.size, w.tile)
		root, err := rootAt(ctx, old.size, tile)
		if err != nil {
			return nil, err
		}
		nodes, err := consistencyProof(ctx, old.size, w.now.size, tile)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&text, "root %d %s\nold %d\n", old.size, base64.StdEncoding.EncodeToString(root), old.size)
		for _, n := range nodes {
			text.WriteString(base64.StdEncoding.EncodeToString(n) + "\n")
		}
	} else {
		fmt.Fprintf(&text, "two roots at %d\n", old.size)
	}
	var names []string
	for ending, content := range map[string][]byte{".one": old.raw, ".other": w.now.raw, ".proof": text.Bytes()} {
		name := filepath.Join(w.Dir, stem+ending)
		if err := writeDurably(name, content); err != nil {
			return nil, fault(w.Dir, err)
		}
		names = append(names, name)
	}
	return names, nil
}

func (w *watch) id() string {
	sum := sha256.Sum256([]byte(w.report.Origin))
	return w.Member + "-" + hex.EncodeToString(sum[:8])
}

// included checks that the given leaves are in the log.
func (w *watch) included(ctx context.Context) error {
	for _, l := range w.Leaves {
		at := unsigned(l.Index)
		if at >= w.now.size {
			f := finding(NotCovered, -1, w.Member, l.Index, w.now.size)
			f.Theirs, f.Exchange = l.Index, l.Leaf.Exchange
			w.found(f)
			continue
		}
		entry, err := guichet.Canonical(l.Leaf)
		if err != nil {
			return err
		}
		nodes, err := inclusionProof(ctx, at, w.now.size, w.tile)
		if err != nil {
			return err
		}
		if proof.VerifyInclusion(rfc6962.DefaultHasher, at, w.now.size, leafHash(entry), nodes, w.now.root) != nil {
			f := finding(NotIncluded, -1, w.Member, l.Index)
			f.Theirs, f.Exchange = l.Index, l.Leaf.Exchange
			w.found(f)
		}
	}
	return nil
}
