package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// packsVersion is the version of a home that holds packs, or large files in
// pieces: a program that does not know them would find no file of such a
// submission, and take that for a zero. A home is raised to it by its first
// compaction, or its first large file.
const packsVersion = 2

// grace is how long a pack that the table no longer names stays on the disk, for
// questions that began before. It is much longer than any of them takes.
const grace = time.Hour

// propCompaction names a compaction in the summary of its snapshot.
const propCompaction = "guichet.compaction"

// pack is a file of several submissions.
type pack struct {
	name   string
	rows   int64
	size   int64
	leaves map[string][]string // submission -> the files as they were committed, which are kept
}

// all returns the files that a pack was made of.
func (p *pack) all() []string {
	var out []string
	for _, names := range p.leaves {
		out = append(out, names...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// packName names a pack by the number of its compaction, which is never given
// twice. No submission's file begins so: their names are hexadecimal.
func packName(seq int64, i int) string { return fmt.Sprintf("pack-%d-%d.parquet", seq, i) }

func isPack(name string) bool { return strings.HasPrefix(name, "pack-") }

// createPacks makes the register's tables of compactions, and of plans that are
// kept ready.
func (s *Store) createPacks(ctx context.Context) error {
	for _, q := range []string{
		`CREATE TABLE IF NOT EXISTS compactions (
			seq INTEGER PRIMARY KEY AUTOINCREMENT, dataset TEXT NOT NULL, base TEXT NOT NULL, state TEXT NOT NULL,
			at TEXT NOT NULL, snapshot INTEGER)`,
		`CREATE TABLE IF NOT EXISTS packs (
			name TEXT PRIMARY KEY, compaction INTEGER NOT NULL REFERENCES compactions(seq) ON DELETE CASCADE,
			rows INTEGER NOT NULL, size INTEGER NOT NULL, leaves TEXT NOT NULL, retired TEXT)`,
		`CREATE TABLE IF NOT EXISTS plans (dataset TEXT PRIMARY KEY, snapshot INTEGER NOT NULL, doc TEXT NOT NULL)`,
	} {
		if _, err := s.db.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("create register: %w", err)
		}
	}
	return nil
}

// registerCompaction begins a compaction, staged. base is the submission that
// came in last: the compaction shows the rows in force since then.
func (s *Store) registerCompaction(ctx context.Context, dataset, base string) (int64, error) {
	res, err := s.db.ExecContext(ctx, `INSERT INTO compactions (dataset, base, state, at) VALUES (?,?,?,?)`, dataset, base, stateStaged, s.now())
	if err != nil {
		return 0, fmt.Errorf("register compaction: %w", err)
	}
	return res.LastInsertId()
}

func (s *Store) now() string { return s.cfg.Clock().UTC().Format(time.RFC3339) }

// registerPacks says what the packs of a compaction hold.
func (s *Store) registerPacks(ctx context.Context, seq int64, made []*pack) error {
	return s.inTx(ctx, "register packs", func(tx *sql.Tx) error {
		for _, p := range made {
			leaves, err := json.Marshal(p.leaves)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO packs (name, compaction, rows, size, leaves) VALUES (?,?,?,?,?)`, p.name, seq, p.rows, p.size, string(leaves)); err != nil {
				return err
			}
		}
		return nil
	})
}

// kept is a snapshot with its files, to be kept as the plan of the present.
type kept struct {
	snapshot int64
	files    []heldFile
}

// confirmCompaction says that a compaction is durable in a snapshot.
func (s *Store) confirmCompaction(ctx context.Context, dataset string, seq int64, k kept) error {
	return s.inTx(ctx, "confirm compaction", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE compactions SET state=?, snapshot=? WHERE seq=?`, stateCommitted, k.snapshot, seq); err != nil {
			return err
		}
		return s.keepPresent(ctx, tx, dataset, k)
	})
}

// keepPresent keeps the plan of the present, and retires the packs that are no
// longer in it.
func (s *Store) keepPresent(ctx context.Context, tx *sql.Tx, dataset string, k kept) error {
	names := make([]string, len(k.files))
	for i, f := range k.files {
		names[i] = f.Name
	}
	live, err := json.Marshal(names)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE packs SET retired=? WHERE retired IS NULL
		AND compaction IN (SELECT seq FROM compactions WHERE dataset=? AND state=?) AND name NOT IN (SELECT value FROM json_each(?))`,
		s.now(), dataset, stateCommitted, string(live)); err != nil {
		return err
	}
	return keepPlan(ctx, tx, dataset, k.snapshot, k.files)
}

// inTx runs statements in one transaction; doing names it in an error.
func (s *Store) inTx(ctx context.Context, doing string, work func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := work(tx); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// compactionStands says whether a compaction is durable and confirmed.
func (s *Store) compactionStands(ctx context.Context, seq int64) (bool, error) {
	var n int
	if err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM compactions WHERE seq=? AND state=?`, seq, stateCommitted).Scan(&n); err != nil {
		return false, fmt.Errorf("read register: %w", err)
	}
	return n == 1, nil
}

// readPacks fills a shelf with the compactions of its dataset and their packs,
// retired ones too: older snapshots name them.
func (s *Store) readPacks(ctx context.Context, dataset string, sh *shelf) error {
	rows, err := s.db.QueryContext(ctx, `SELECT c.base, c.snapshot, p.name, p.rows, p.size, p.leaves FROM compactions c JOIN packs p ON p.compaction=c.seq
		WHERE c.dataset=? AND c.state=? ORDER BY c.seq`, dataset, stateCommitted)
	if err != nil {
		return fmt.Errorf("read packs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var base, leaves string
		var snap int64
		p := &pack{}
		if err := rows.Scan(&base, &snap, &p.name, &p.rows, &p.size, &leaves); err != nil {
			return fmt.Errorf("read packs: %w", err)
		}
		if err := json.Unmarshal([]byte(leaves), &p.leaves); err != nil {
			return fmt.Errorf("read pack %s: %w", p.name, err)
		}
		sh.packs[p.name], sh.compacted[base] = p, snap
	}
	return rows.Err()
}

// recoverCompactions finishes or undoes what a killed process left of a
// compaction: as recoverOne does for a submission.
func (s *Store) recoverCompactions(ctx context.Context) error {
	rows, err := s.db.QueryContext(ctx, `SELECT seq, dataset FROM compactions WHERE state=?`, stateStaged)
	if err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	staged, err := scanPairs(rows)
	if err != nil {
		return err
	}
	for seq, dataset := range staged {
		if err := s.recoverCompaction(ctx, seq, dataset); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) recoverCompaction(ctx context.Context, seq, dataset string) error {
	ds, err := s.Dataset(dataset)
	if err != nil {
		return err
	}
	tbl, err := s.openTable(ctx, ds, false)
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(seq, 10, 64)
	if err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	for _, snap := range tbl.Metadata().Snapshots() {
		if snap.Summary == nil || snap.Summary.Properties[propCompaction] != seq {
			continue
		}
		files, err := tableFiles(ctx, ds, tbl, tbl.SnapshotByID(snap.SnapshotID))
		if err != nil {
			return err
		}
		return s.confirmCompaction(ctx, dataset, n, kept{snap.SnapshotID, files})
	}
	if _, err := s.db.ExecContext(ctx, `DELETE FROM compactions WHERE seq=? AND state=?`, n, stateStaged); err != nil {
		return fmt.Errorf("strike compaction: %w", err)
	}
	return nil
}

// keptPacks returns the names of the packs that stay on the disk: those that
// the table names, and those that it named until a while ago.
func (s *Store) keptPacks(ctx context.Context) (map[string]bool, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT name, coalesce(retired,'') FROM packs`)
	if err != nil {
		return nil, fmt.Errorf("recover: %w", err)
	}
	all, err := scanPairs(rows)
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for name, retired := range all {
		at, err := time.Parse(time.RFC3339, retired)
		out[name] = err != nil || s.cfg.Clock().Sub(at) < grace
	}
	return out, nil
}

// raiseVersion writes a higher version on the paper at the door, as it lies there now:
// another process may have raised it since we read it. The home is locked by a writer.
func (s *Store) raiseVersion(to int) error {
	if s.version.Load() >= int64(to) {
		return nil
	}
	h, err := OpenHome(s.home.Path)
	if err != nil {
		return err
	}
	if h.Version >= to {
		s.version.Store(int64(h.Version))
		return nil
	}
	h.Version = to
	paper, err := json.MarshalIndent(h, "", "  ")
	if err != nil {
		return fmt.Errorf("home: %w", err)
	}
	tmp := filepath.Join(h.Path, dirStaging, homePaper)
	if err := os.WriteFile(tmp, append(paper, '\n'), 0o600); err != nil {
		return fmt.Errorf("home: %w", err)
	}
	if err := moveDurably(tmp, filepath.Join(h.Path, homePaper)); err != nil {
		return err
	}
	s.version.Store(int64(to))
	return nil
}
