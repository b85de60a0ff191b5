package store

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"guichet"
)

// FilledRows counts, for each row field that a staging wrote, the records in
// which it holds something. Fields that were not written are not in the answer.
// Records is the count of all.
//
// It reads the Parquet of a staging that is in cfg's folder, and nothing else.
func FilledRows(ctx context.Context, cfg StageConfig, ds *guichet.Dataset, st *Staged) (map[string]int64, error) {
	out := map[string]int64{}
	if st.Data == "" {
		return out, nil
	}
	cfg.Engine.Dirs = append(cfg.Engine.Dirs, cfg.Dir)
	cfg.Engine.TempDir = filepath.Join(cfg.Dir, "spill")
	db, err := openEngine(ctx, cfg.Engine)
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	var names, sel []string
	for _, f := range ds.RowFields() {
		if _, written := st.Filled[f.Name]; written || f.Required {
			names = append(names, f.Name)
			// An empty text says as little as NULL.
			sel = append(sel, "count(*) FILTER ("+f.Name+" IS NOT NULL AND "+f.Name+"::VARCHAR <> '')")
		}
	}
	counts := make([]int64, len(names))
	into := make([]any, len(names))
	for i := range counts {
		into[i] = &counts[i]
	}
	file := st.Data
	if !filepath.IsAbs(file) {
		file = filepath.Join(cfg.Dir, file)
	}
	if err := db.QueryRowContext(ctx, "SELECT "+strings.Join(sel, ", ")+" FROM read_parquet("+lit(file)+")").Scan(into...); err != nil {
		return nil, fmt.Errorf("count what is filled: %w", err)
	}
	for i, n := range names {
		out[n] = counts[i]
	}
	return out, nil
}
