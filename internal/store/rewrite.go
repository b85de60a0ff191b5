package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"guichet"
)

// pathsOf are the paths of files in the table's data folder.
func pathsOf(parts []guichet.Part) []string {
	out := make([]string, len(parts))
	for i, p := range parts {
		out[i] = p.Path
	}
	return out
}

// rewrite writes the units of a submission that are still in force into a file
// of their own, or pieces of one, from its first files, which are kept for
// questions about the past.
func (w *Writer) rewrite(ctx context.Context, ds *guichet.Dataset, h guichet.Holding, cause string) ([]string, error) {
	parts, err := w.rewriteParts(ctx, ds, h, cause)
	return pathsOf(parts), err
}

func (w *Writer) rewriteParts(ctx context.Context, ds *guichet.Dataset, h guichet.Holding, cause string) ([]guichet.Part, error) {
	engine, err := w.s.asking(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := engine.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("rewrite: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if err := unitTable(ctx, conn, ds, []guichet.Holding{h}); err != nil {
		return nil, err
	}
	defer func() { _, _ = conn.ExecContext(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS wanted_units") }()
	staging, name := filepath.Join(w.s.home.Path, dirStaging), h.Submission.ID+"-"+cause+".parquet"
	tmp := filepath.Join(staging, name)
	var first []string
	for _, p := range h.Submission.Parts {
		first = append(first, w.s.dataPath(ds.Name, p.Path))
	}
	query, err := copySorted(ds, first, wantedUnits(ds, []guichet.Holding{h}), tmp)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, query); err != nil {
		_ = os.Remove(tmp)
		return nil, fmt.Errorf("rewrite %s: %w", h.Submission.ID, err)
	}
	parts, err := cutLarge(tmp, name, w.s.cfg.PieceSize)
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		if err := moveDurably(filepath.Join(staging, p.Path), w.s.dataPath(ds.Name, p.Path)); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// copySorted is the statement that writes those rows of files for which a
// condition over r holds, sorted as the dataset sorts. A field that none of them
// carries is not written, as at first. Row groups are smaller than the engine
// would make them: a question about one product reads one or two, and a pack is
// asked for one of its submissions at a time.
func copySorted(ds *guichet.Dataset, files []string, where, to string) (string, error) {
	carried := map[int]bool{}
	for _, f := range files {
		ids, err := fieldIDs(f)
		if err != nil {
			return "", err
		}
		for _, id := range ids {
			carried[id] = true
		}
	}
	var cols, ids, order []string
	for _, f := range ds.RowFields() {
		if carried[f.ID] {
			cols, ids = append(cols, "r."+f.Name), append(ids, f.Name+": "+strconv.Itoa(f.ID))
		}
	}
	for _, name := range ds.Sort {
		if f, ok := ds.Field(name); ok && carried[f.ID] {
			order = append(order, "r."+name)
		}
	}
	query := "SELECT " + strings.Join(cols, ", ") + " FROM " + readParquet(ds, files) + " r WHERE " + where
	if len(order) > 0 {
		query += " ORDER BY " + strings.Join(order, ", ")
	}
	return "COPY (" + query + ") TO " + lit(to) + " (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE " + strconv.Itoa(rowGroup) + ", FIELD_IDS {" + strings.Join(ids, ", ") + "})", nil
}
