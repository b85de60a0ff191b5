package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"guichet"
)

// Reject is one line that was put aside.
type Reject struct {
	Line   string
	Reason string
	Text   string
}

// Rejects returns the lines of a submission that were put aside, in the order
// of the file; limit 0 returns all.
func (s *Store) Rejects(ctx context.Context, id string, limit int) ([]Reject, error) {
	path := s.rejectsPath(id)
	if _, err := os.Stat(path); err != nil {
		return nil, nil //nolint:nilerr // nothing was put aside
	}
	engine, err := s.asking(ctx)
	if err != nil {
		return nil, err
	}
	query := "SELECT line, reason, coalesce(raw,'') FROM read_parquet(" + lit(path) + ")"
	if limit > 0 {
		query += " LIMIT " + strconv.Itoa(limit)
	}
	rows, err := engine.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("lines put aside: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []Reject
	for rows.Next() {
		var r Reject
		if err := rows.Scan(&r.Line, &r.Reason, &r.Text); err != nil {
			return nil, fmt.Errorf("lines put aside: %w", err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// Check holds the home to its promises: every committed submission has its
// snapshot, its files and its original; what its last snapshot holds is what is
// in force by the register, row for row; totals add up. The first broken
// promise is returned as KindInternal with what and where.
func (s *Store) Check(ctx context.Context) error {
	for _, ds := range s.cfg.Datasets {
		if err := s.checkDataset(ctx, ds); err != nil {
			return err
		}
	}
	return nil
}

// Look is the cheap part of Check: the register adds up, the table's snapshot is one
// that it names, and every file is there. What stands in the files is not read.
func (s *Store) Look(ctx context.Context) error {
	for _, ds := range s.cfg.Datasets {
		sh, err := s.shelfOf(ctx, ds.Name)
		if err != nil {
			return err
		}
		for _, sub := range sh.subs {
			if err := s.lookAt(ds, sub); err != nil {
				return err
			}
		}
		if err := s.checkSnapshot(ctx, ds); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) checkDataset(ctx context.Context, ds *guichet.Dataset) error {
	r, err := s.read(ctx, ds.Name)
	if err != nil {
		return err
	}
	defer r.end()
	sh, err := s.shelfOf(ctx, ds.Name)
	if err != nil {
		return err
	}
	for _, sub := range sh.subs {
		if err := s.checkSubmission(ds, sub); err != nil {
			return err
		}
	}
	if err := s.checkSnapshot(ctx, ds); err != nil {
		return err
	}
	held, err := s.snapshotFiles(ctx, ds, sh, guichet.Moment{})
	if err != nil {
		return err
	}
	inForce := map[string]int64{}
	for _, h := range InForce(ds, sh.subs, guichet.Moment{}) {
		for _, u := range h.Units {
			inForce[h.Submission.ID] += u.Rows
		}
	}
	for _, id := range slices.Sorted(maps.Keys(held.bySub)) {
		rows, err := s.countRows(ctx, ds, id, held.of(id))
		if err != nil {
			return err
		}
		if rows != inForce[id] {
			return guichet.Errorf(guichet.KindInternal, "submission %s: the table holds %d rows, the register says %d", id, rows, inForce[id])
		}
		delete(inForce, id)
	}
	for _, id := range slices.Sorted(maps.Keys(inForce)) {
		return guichet.Errorf(guichet.KindInternal, "submission %s: the table holds no row, the register says %d", id, inForce[id])
	}
	return nil
}

// checkSnapshot holds the table's present snapshot to be of a submission that
// the register names. Beside a writer it may be one that is not confirmed yet.
func (s *Store) checkSnapshot(ctx context.Context, ds *guichet.Dataset) error {
	tbl, err := s.openTable(ctx, ds, false)
	if err != nil {
		return err
	}
	now := tbl.CurrentSnapshot()
	if now == nil || now.Summary == nil {
		return nil
	}
	ids, _, err := s.registered(ctx)
	if err != nil {
		return err
	}
	var kept int64 // what a purge has tidied is of no submission, and kept as the present
	if err := s.db.QueryRowContext(ctx, `SELECT coalesce(max(snapshot),0) FROM plans WHERE dataset=?`, ds.Name).Scan(&kept); err != nil {
		return fmt.Errorf("read register: %w", err)
	}
	if kept == now.SnapshotID {
		return nil
	}
	if seq, ok := now.Summary.Properties[propCompaction]; ok {
		return s.checkCompaction(ctx, ds, seq)
	}
	if id := now.Summary.Properties[propSubmission]; !ids[id] {
		return guichet.Errorf(guichet.KindInternal, "table %s: its present snapshot is of submission %q, which no register names", ds.Name, id)
	}
	return nil
}

// checkSubmission looks at a submission and reads its original.
func (s *Store) checkSubmission(ds *guichet.Dataset, sub *guichet.Submission) error {
	if sub.Event != nil {
		return nil
	}
	if digest, err := digestOf(s.originalPath(sub.Original)); err == nil && digest != sub.Original {
		return guichet.Errorf(guichet.KindInternal, "submission %s: the kept original has changed: its digest is %s", sub.ID, digest).WithHint("restore it from a backup")
	}
	return s.lookAt(ds, sub)
}

func (s *Store) lookAt(ds *guichet.Dataset, sub *guichet.Submission) error {
	if sub.Event != nil {
		return nil // no file
	}
	if sub.Lines != sub.Kept+sub.Aside {
		return guichet.Errorf(guichet.KindInternal, "submission %s: %d lines, %d kept and %d put aside", sub.ID, sub.Lines, sub.Kept, sub.Aside)
	}
	for _, t := range sub.Totals {
		if t.File.Cmp(t.Kept.Add(t.Aside)) != 0 {
			return guichet.Errorf(guichet.KindInternal, "submission %s: %s of %s, %s kept and %s put aside", sub.ID, t.Measure, t.File, t.Kept, t.Aside)
		}
	}
	var paths []string
	for _, p := range sub.Parts {
		paths = append(paths, s.dataPath(ds.Name, p.Path))
	}
	if len(sub.Purged) == 0 { // else the original and the lines put aside went with the first rows
		paths = append(paths, s.originalPath(sub.Original))
		if sub.Aside > 0 {
			paths = append(paths, s.rejectsPath(sub.ID))
		}
	}
	for _, p := range paths {
		if _, err := os.Stat(p); err != nil {
			return guichet.Errorf(guichet.KindInternal, "submission %s: %s is missing", sub.ID, filepath.Base(p)).WithHint("restore it from a backup")
		}
	}
	return nil
}

// digestOf is the sha256 of a file in hex.
func digestOf(path string) (string, error) {
	f, err := os.Open(path) //nolint:gosec // inside the home
	if err != nil {
		return "", fmt.Errorf("digest: %w", err)
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("digest: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// countRows counts the rows of a submission: of the files that it has to itself
// all that they hold, of a pack those that say so.
func (s *Store) countRows(ctx context.Context, ds *guichet.Dataset, id string, held []heldFile) (int64, error) {
	engine, err := s.asking(ctx)
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, f := range held {
		path := s.dataPath(ds.Name, f.Name)
		if _, err := os.Stat(path); err != nil {
			return 0, guichet.Errorf(guichet.KindInternal, "submission %s: %s is missing", id, f.Name).WithHint("restore it from a backup")
		}
		query, args := "SELECT count(*) FROM "+readParquet(ds, []string{path})+" r", []any{}
		if isPack(f.Name) {
			query, args = query+" WHERE r.submission=?", []any{id}
		}
		var n int64
		if err := engine.QueryRowContext(ctx, query, args...).Scan(&n); err != nil {
			return 0, fmt.Errorf("count rows: %w", err)
		}
		sum += n
	}
	return sum, nil
}

// checkCompaction holds the table's present snapshot to be of a compaction that
// the register names.
func (s *Store) checkCompaction(ctx context.Context, ds *guichet.Dataset, seq string) error {
	var n int
	if err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM compactions WHERE seq=? AND dataset=?`, seq, ds.Name).Scan(&n); err != nil {
		return fmt.Errorf("read register: %w", err)
	}
	if n == 0 {
		return guichet.Errorf(guichet.KindInternal, "table %s: its present snapshot is of compaction %s, which no register names", ds.Name, seq)
	}
	return nil
}
