package node

import (
	"context"
	"log/slog"

	"guichet"
	"guichet/internal/store"
)

// Compaction says what a compaction did. Nothing of it changes an answer.
type Compaction struct {
	Before  int     `json:"files_before"` // data files of the tables
	After   int     `json:"files_after"`
	Packed  int     `json:"packed"` // files that were joined
	Packs   int     `json:"packs"`  // into so many
	Rows    int64   `json:"rows"`   // in them
	Bytes   int64   `json:"bytes"`  // of them
	Seconds float64 `json:"seconds"`
}

// Compact joins the small files of every table, so that a question opens few.
// The rows of each submission are counted and summed before and after; where
// they would differ nothing is changed (KindInternal). KindBusy when another
// process writes, KindFull when the disk is full.
func (n *Node) Compact(ctx context.Context, p guichet.Progress) (Compaction, error) {
	start := n.cfg.Clock()
	w, err := n.store.Write(ctx)
	if err != nil {
		return Compaction{}, err
	}
	defer w.Close()
	var out Compaction
	for _, ds := range datasets() {
		c, err := w.CompactAll(ctx, ds.Name, p)
		if err != nil {
			return Compaction{}, err
		}
		out.Before, out.After = out.Before+c.Before, out.After+c.After
		out.Packed, out.Packs = out.Packed+c.Packed, out.Packs+c.Packs
		out.Rows, out.Bytes = out.Rows+c.Rows, out.Bytes+c.Bytes
	}
	out.Seconds = n.cfg.Clock().Sub(start).Seconds()
	return out, nil
}

// compactAfter joins small files where an ingest has left many. The file is in
// whatever comes of it: a compaction that fails has changed nothing, and is told
// as a note.
func (n *Node) compactAfter(ctx context.Context, w *store.Writer, res *IngestResult, p guichet.Progress) {
	c, err := w.CompactSome(ctx, res.Submission.Dataset, p)
	if err != nil {
		n.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "small files not compacted", slog.Any("error", err))
		res.Notes = append(res.Notes, guichet.Remark{Code: "not_compacted", Text: "the file is taken in; joining small files failed and changed nothing: " + err.Error()})
		return
	}
	if c.Packs > 0 {
		n.cfg.Log.LogAttrs(ctx, slog.LevelInfo, "small files compacted", slog.Int("packed", c.Packed), slog.Int("files", c.After))
	}
}
