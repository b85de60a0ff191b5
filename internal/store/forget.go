package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/apache/iceberg-go/table"

	"guichet"
)

// going are the files that purges still have to remove, and the submissions that
// lost rows to one: their originals and lines put aside are nobody's.
func (s *Store) going(ctx context.Context) (files, purged map[string]bool, err error) {
	names, err := s.texts(ctx, `SELECT name FROM going`)
	if err != nil {
		return nil, nil, err
	}
	ids, err := s.texts(ctx, `SELECT submission FROM purged`)
	if err != nil {
		return nil, nil, err
	}
	files, purged = map[string]bool{}, map[string]bool{}
	for _, name := range names {
		files[name] = true
	}
	for _, id := range ids {
		purged[id] = true
	}
	return files, purged, nil
}

// finishPurges removes what committed purges left to be removed, and returns of how
// many somebody still reads.
func (s *Store) finishPurges(ctx context.Context, wait time.Duration) (pending int, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT p.id, p.dataset || ' ' || s.seq FROM purges p JOIN submissions s ON s.id=p.id WHERE p.state=? ORDER BY s.seq`, stateCommitted)
	if err != nil {
		return 0, fmt.Errorf("purge: %w", err)
	}
	todo, err := scanPairs(rows)
	if err != nil {
		return 0, err
	}
	for id, where := range todo {
		var dataset string
		var seq int
		if _, err := fmt.Sscan(where, &dataset, &seq); err != nil {
			return 0, fmt.Errorf("purge: %w", err)
		}
		gone, err := s.readersGone(ctx, dataset, seq, wait)
		if err != nil {
			return 0, err
		}
		if !gone {
			pending++
			continue
		}
		if err := s.removeGoing(ctx, dataset, id); err != nil {
			return 0, err
		}
	}
	return pending, nil
}

// removeGoing removes what a purge left, and says so in the register when all of
// it is gone.
func (s *Store) removeGoing(ctx context.Context, dataset, id string) error {
	ds, err := s.Dataset(dataset)
	if err != nil {
		return err
	}
	names, err := s.texts(ctx, `SELECT name FROM going WHERE purge=?`, id)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := os.Remove(s.dataPath(dataset, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("purge: %w", err)
		}
	}
	s.at("purge removed")
	if err := s.sweep(ctx); err != nil {
		return err
	}
	if err := s.forget(ctx, ds); err != nil {
		return err
	}
	for _, dir := range []string{filepath.Dir(s.dataPath(dataset, "x")), filepath.Join(s.home.Path, dirOriginals), filepath.Join(s.home.Path, dirRejects)} {
		if err := syncFile(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	s.at("purge forgotten")
	// Free pages of SQLite keep what stood in them until they are written over.
	for _, q := range []string{`VACUUM`, `PRAGMA wal_checkpoint(TRUNCATE)`} {
		if _, err := s.db.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("purge: write the register anew: %w", err)
		}
	}
	return s.inTx(ctx, "purge", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM going WHERE purge=?`, id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE purges SET state=? WHERE id=?`, stateRemoved, id)
		return err
	})
}

// forget lets the table's older snapshots go, and removes their manifests: these
// tell of each file the smallest and the largest value of every column.
func (s *Store) forget(ctx context.Context, ds *guichet.Dataset) error {
	tbl, err := s.openTable(ctx, ds, false)
	if err != nil {
		return err
	}
	if len(tbl.Metadata().Snapshots()) > 1 {
		tx := tbl.NewTransaction()
		// The files are not the library's to remove: first files of what was
		// superseded are of no snapshot and stay.
		if err := tx.ExpireSnapshots(table.WithRetainLast(1), table.WithOlderThan(0), table.WithPostCommit(false)); err != nil {
			return fmt.Errorf("forget older snapshots: %w", err)
		}
		if tbl, err = tx.Commit(ctx); err != nil {
			return fmt.Errorf("forget older snapshots: %w", err)
		}
	}
	named := map[string]bool{}
	for _, snap := range tbl.Metadata().Snapshots() {
		named[filepath.Base(snap.ManifestList)] = true
		fs, err := tbl.FS(ctx)
		if err != nil {
			return fmt.Errorf("forget older snapshots: %w", err)
		}
		manifests, err := snap.Manifests(fs)
		if err != nil {
			return fmt.Errorf("forget older snapshots: %w", err)
		}
		for _, m := range manifests {
			named[filepath.Base(m.FilePath())] = true
		}
	}
	dir := filepath.Join(s.home.Path, dirTables, ds.Name, "metadata")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("forget older snapshots: %w", err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".avro") && !named[e.Name()] {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return fmt.Errorf("forget older snapshots: %w", err)
			}
		}
	}
	return syncFile(dir)
}

// EventState says how far an event has come: its place in the register, whether
// all that it takes is off the disk, and in which circles' journals it stands.
type EventState struct {
	Removed bool
	Leaves  map[string]int64 // circle -> leaf
}

// EventState returns the state of an event.
func (s *Store) EventState(ctx context.Context, id string) (EventState, error) {
	out := EventState{Leaves: map[string]int64{}}
	states, err := s.texts(ctx, `SELECT state FROM purges WHERE id=?`, id)
	if err != nil {
		return out, err
	}
	out.Removed = len(states) == 0 || states[0] == stateRemoved
	rows, err := s.db.QueryContext(ctx, `SELECT circle, leaf FROM told WHERE event=?`, id)
	if err != nil {
		return out, fmt.Errorf("read register: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var circle string
		var leaf int64
		if err := rows.Scan(&circle, &leaf); err != nil {
			return out, fmt.Errorf("read register: %w", err)
		}
		out.Leaves[circle] = leaf
	}
	return out, rows.Err()
}

// Untold returns the events of a dataset of which a circle's journal does not tell
// yet, oldest first. A purge is told of when what it takes is off the disk.
func (s *Store) Untold(ctx context.Context, dataset, circle string) ([]*guichet.Submission, error) {
	docs, err := s.texts(ctx, `SELECT doc FROM submissions WHERE state=?2 AND id IN (SELECT id FROM events WHERE dataset=?1)
		AND id NOT IN (SELECT event FROM told WHERE circle=?3) AND id NOT IN (SELECT id FROM purges WHERE state<>?4) ORDER BY seq`,
		dataset, stateCommitted, circle, stateRemoved)
	return parseAll[*guichet.Submission](docs, err)
}

// Tell notes the leaf of a circle's journal that tells of an event.
func (s *Store) Tell(ctx context.Context, event, circle string, leaf int64) error {
	s.giving.Lock()
	defer s.giving.Unlock()
	if _, err := s.db.ExecContext(ctx, `INSERT OR IGNORE INTO told (event, circle, leaf) VALUES (?,?,?)`, event, circle, leaf); err != nil {
		return full(fmt.Errorf("note a leaf: %w", err))
	}
	return nil
}
