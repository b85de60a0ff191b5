package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"guichet"
)

// recover finishes or undoes what a killed process left: a staged submission
// whose snapshot is durable is confirmed, any other is struck and its files
// removed. It needs the right to write.
func (s *Store) recover(ctx context.Context) error {
	rows, err := s.db.QueryContext(ctx, `SELECT id, dataset FROM submissions WHERE state=?`, stateStaged)
	if err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	staged, err := scanPairs(rows)
	if err != nil {
		return err
	}
	for id, dataset := range staged {
		if err := s.recoverOne(ctx, id, dataset); err != nil {
			return err
		}
	}
	if err := s.recoverCompactions(ctx); err != nil {
		return err
	}
	if _, err := s.finishPurges(ctx, 0); err != nil {
		return err
	}
	return s.sweep(ctx)
}

func scanPairs(rows *sql.Rows) (map[string]string, error) {
	defer func() { _ = rows.Close() }()
	out := map[string]string{}
	for rows.Next() {
		var a, b string
		if err := rows.Scan(&a, &b); err != nil {
			return nil, fmt.Errorf("recover: %w", err)
		}
		out[a] = b
	}
	return out, rows.Err()
}

func (s *Store) recoverOne(ctx context.Context, id, dataset string) error {
	ds, err := s.Dataset(dataset)
	if err != nil {
		return err
	}
	tbl, err := s.openTable(ctx, ds, false)
	if err != nil {
		return err
	}
	for _, snap := range tbl.Metadata().Snapshots() {
		if snap.Summary != nil && snap.Summary.Properties[propSubmission] == id {
			sub := &guichet.Submission{ID: id, Dataset: dataset}
			k, err := s.tidied(ctx, ds, tbl, sub.ID, snap.SnapshotID)
			if err != nil {
				return err
			}
			return s.confirm(ctx, sub, k)
		}
	}
	return s.strike(ctx, id)
}

// sweep removes what no register names: staging folders of processes that are
// gone, and files that never became part of a submission. No such file is ever
// read; removing them only frees the space.
func (s *Store) sweep(ctx context.Context) error {
	entries, err := os.ReadDir(filepath.Join(s.home.Path, dirStaging))
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	for _, e := range entries {
		if pinned(e.Name()) {
			continue // of a process that copies the home
		}
		if pid, ok := strings.CutPrefix(e.Name(), "spill-"); ok && (runs(pid) || !s.isOld(e)) {
			continue // of a process that asks
		}
		if err := os.RemoveAll(filepath.Join(s.home.Path, dirStaging, e.Name())); err != nil {
			return fmt.Errorf("sweep: %w", err)
		}
	}
	ids, originals, err := s.registered(ctx)
	if err != nil {
		return err
	}
	packs, err := s.keptPacks(ctx)
	if err != nil {
		return err
	}
	going, purged, err := s.going(ctx)
	if err != nil {
		return err
	}
	owned := func(name string) bool {
		if isPack(name) {
			return packs[name] || going[name]
		}
		owner, cause := ownersOf(name)
		return ids[owner] && (cause == "" || ids[cause])
	}
	for _, ds := range s.cfg.Datasets {
		if err := sweepFolder(filepath.Dir(s.dataPath(ds.Name, "x")), owned); err != nil {
			return err
		}
	}
	if err := sweepFolder(filepath.Join(s.home.Path, dirRejects), func(name string) bool {
		owner, _ := ownersOf(name)
		return ids[owner] && !purged[owner]
	}); err != nil {
		return err
	}
	return sweepFolder(filepath.Join(s.home.Path, dirOriginals), func(name string) bool { return originals[name] })
}

// sweepFolder removes the files of a folder that nobody owns.
func sweepFolder(dir string, owned func(name string) bool) error {
	files, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("sweep: %w", err)
	}
	for _, f := range files {
		if owned(f.Name()) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
			return fmt.Errorf("sweep: %w", err)
		}
	}
	return nil
}

// isOld says whether a folder has not been touched for a day.
func (s *Store) isOld(e os.DirEntry) bool {
	info, err := e.Info()
	return err == nil && s.cfg.Clock != nil && s.cfg.Clock().Sub(info.ModTime()) > 24*time.Hour
}

// runs says whether a process of that number is there. One in a container of
// its own is not seen, which is why isOld is asked too.
func runs(pid string) bool {
	n, err := strconv.Atoi(pid)
	return err == nil && n > 0 && !errors.Is(unix.Kill(n, 0), unix.ESRCH)
}

// registered returns the ids of all submissions, and the digests of their
// originals.
func (s *Store) registered(ctx context.Context) (ids, originals map[string]bool, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, CASE WHEN p.submission IS NULL THEN coalesce(json_extract(doc,'$.original'),'') ELSE '' END
		FROM submissions LEFT JOIN purged p ON p.submission=id`)
	if err != nil {
		return nil, nil, fmt.Errorf("recover: %w", err)
	}
	pairs, err := scanPairs(rows)
	if err != nil {
		return nil, nil, err
	}
	ids, originals = map[string]bool{}, map[string]bool{}
	for id, original := range pairs {
		ids[id], originals[original] = true, true
	}
	return ids, originals, nil
}
