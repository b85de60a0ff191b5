package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/apache/iceberg-go"

	"guichet"
)

// What the tests outside need of the inside.

// OnStep is told of every step of a commit as it ends: a test that panics there
// leaves the home as a killed process would.
func (s *Store) OnStep(f func(step string)) { s.step = f }

// LockOf names the file that is locked while somebody writes.
const LockOf = homeLock

// Unchecked are the bounds of the outliers, for tests that stand beside them.
const (
	OutlierRows = outlierRows
	OutlierFile = outlierFile
)

// Snapshots returns how many snapshots the table of a dataset has.
func (s *Store) Snapshots(ctx context.Context, dataset string) (int, error) {
	ds, err := s.Dataset(dataset)
	if err != nil {
		return 0, err
	}
	t, err := s.openTable(ctx, ds, false)
	if err != nil {
		return 0, err
	}
	return len(t.Metadata().Snapshots()), nil
}

// Columns returns the names of the columns of the table of a dataset.
func (s *Store) Columns(ctx context.Context, dataset string) ([]string, error) {
	ds, err := s.Dataset(dataset)
	if err != nil {
		return nil, err
	}
	t, err := s.openTable(ctx, ds, false)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, f := range t.Schema().Fields() {
		out = append(out, f.Name)
	}
	return out, nil
}

// TextsIn reads columns of a Parquet file as text, in order, parted by bars.
func TextsIn(ctx context.Context, path string, cols ...string) ([]string, error) {
	db, err := openEngine(ctx, EngineConfig{Files: []string{path}})
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(ctx, "SELECT concat_ws('|', "+strings.Join(prefixed("coalesce(", cols, "::VARCHAR, '')"), ", ")+") FROM read_parquet("+lit(path)+") ORDER BY 1")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, rows.Err()
}

// FilesFor returns how many files a plan of one part would open.
func (s *Store) FilesFor(ctx context.Context, p guichet.Plan) (int, error) {
	ds, err := s.Dataset(p.Dataset)
	if err != nil {
		return 0, err
	}
	open, err := s.filesFor(ctx, ds, asked{p, p.Parts[0]})
	return len(open.files), err
}

// Grace is how long a pack stays that the table no longer names.
const Grace = grace

// CanHold says whether a file with these bounds may hold a row of a part.
func CanHold(ds *guichet.Dataset, b map[string][2]string, part guichet.PlanPart) bool {
	return bounds(b).canHold(ds, part)
}

// Stretch sets the size of file of which the Iceberg library makes several
// tasks, 128 MiB where it is not set.
func (s *Store) Stretch(ctx context.Context, dataset, size string) error {
	ds, err := s.Dataset(dataset)
	if err != nil {
		return err
	}
	t, err := s.openTable(ctx, ds, false)
	if err != nil {
		return err
	}
	tx := t.NewTransaction()
	if err := tx.SetProperties(iceberg.Properties{"read.split.target-size": size}); err != nil {
		return err
	}
	_, err = tx.Commit(ctx)
	return err
}

// KeepTwice makes the plan that is kept of a dataset name every file twice, as
// plans of large files were kept once.
func (s *Store) KeepTwice(ctx context.Context, dataset string) error {
	_, err := s.db.ExecContext(ctx, `UPDATE plans SET doc = '[' || trim(doc, '[]') || ',' || trim(doc, '[]') || ']' WHERE dataset=?`, dataset)
	return err
}

// CutParquet cuts a file into at most n pieces, 0.parquet, 1.parquet ... beside
// it, and returns the rows of each.
func CutParquet(path string, n int) ([]int64, error) {
	parts, err := cutParquet(path, n, func(i int) string { return fmt.Sprint(i, ".parquet") })
	var out []int64
	for _, p := range parts {
		out = append(out, p.Rows)
	}
	return out, err
}

// Query asks the engine about files in a folder and returns the rows as text.
func Query(ctx context.Context, dir, query string) ([]string, error) {
	db, err := openEngine(ctx, EngineConfig{Dirs: []string{dir}})
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, rows.Err()
}

// RaiseVersion writes a higher version on the paper at the door.
func (s *Store) RaiseVersion(to int) error { return s.raiseVersion(to) }
