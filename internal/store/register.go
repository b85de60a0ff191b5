package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"guichet"
)

// States of a submission in the register. A staged one becomes committed when
// the Iceberg snapshot that carries its rows is durable.
const (
	stateStaged    = "staged"
	stateCommitted = "committed"
)

// createRegister makes the tables of the register, beside Iceberg's own in the
// same file.
func (s *Store) createRegister(ctx context.Context) error {
	for _, q := range []string{
		`CREATE TABLE IF NOT EXISTS submissions (
			seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, identity TEXT NOT NULL, dataset TEXT NOT NULL,
			state TEXT NOT NULL, taken_at TEXT NOT NULL, snapshot INTEGER, doc TEXT NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS units (
			submission TEXT NOT NULL REFERENCES submissions(id) ON DELETE CASCADE, reporter TEXT NOT NULL, freq TEXT NOT NULL,
			period TEXT NOT NULL, dims TEXT NOT NULL, scope TEXT NOT NULL, rows INTEGER NOT NULL, value TEXT NOT NULL)`,
		`CREATE INDEX IF NOT EXISTS units_by_submission ON units(submission)`,
	} {
		if _, err := s.db.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("create register: %w", err)
		}
	}
	if err := errors.Join(s.createPacks(ctx), s.createKeeping(ctx)); err != nil {
		return err
	}
	return s.createLedger(ctx)
}

// register writes a submission and its units, staged.
func (s *Store) register(ctx context.Context, sub *guichet.Submission) error {
	doc := *sub
	doc.Units = nil
	b, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("register: %w", err)
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("register: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, `INSERT INTO submissions (id, identity, dataset, state, taken_at, doc) VALUES (?,?,?,?,?,?)`,
		sub.ID, sub.Identity, sub.Dataset, stateStaged, sub.TakenAt.UTC().Format(time.RFC3339Nano), string(b)); err != nil {
		return fmt.Errorf("register: %w", err)
	}
	ins, err := tx.PrepareContext(ctx, `INSERT INTO units (submission, reporter, freq, period, dims, scope, rows, value) VALUES (?,?,?,?,?,?,?,?)`)
	if err != nil {
		return fmt.Errorf("register: %w", err)
	}
	defer func() { _ = ins.Close() }()
	for _, u := range sub.Units {
		dims, err := json.Marshal(u.Dims)
		if err != nil {
			return fmt.Errorf("register: %w", err)
		}
		if _, err := ins.ExecContext(ctx, sub.ID, u.Reporter, string(u.Period.Freq), u.Period.Start.Format(time.DateOnly), string(dims), u.Scope, u.Rows, u.Value.String()); err != nil {
			return fmt.Errorf("register unit: %w", err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("register: %w", err)
	}
	return nil
}

// confirm says that a submission's rows are durable in a snapshot.
func (s *Store) confirm(ctx context.Context, sub *guichet.Submission, k kept) error {
	return s.inTx(ctx, "confirm submission", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE submissions SET state=?, snapshot=? WHERE id=?`, stateCommitted, k.snapshot, sub.ID); err != nil {
			return err
		}
		if err := applyPurge(ctx, tx, sub.ID); err != nil {
			return err
		}
		return s.keepPresent(ctx, tx, sub.Dataset, k)
	})
}

// strike removes a submission that never became durable.
func (s *Store) strike(ctx context.Context, id string) error {
	return s.inTx(ctx, "strike submission", func(tx *sql.Tx) error {
		for _, q := range []string{`DELETE FROM purges WHERE id=? AND state=?`, `DELETE FROM events WHERE id IN (SELECT id FROM submissions WHERE id=? AND state=?)`} {
			if _, err := tx.ExecContext(ctx, q, id, stateStaged); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM submissions WHERE id=? AND state=?`, id, stateStaged)
		return err
	})
}

// shelf is what a dataset's register holds, read once per change.
type shelf struct {
	version   string
	subs      []*guichet.Submission // committed, in order of taking in, events among them
	snapshots map[string]int64      // submission -> snapshot that first carried it
	seq       map[string]int
	compacted map[string]int64    // submission -> snapshot of the last compaction before the next came in
	packs     map[string]*pack    // every pack there ever was, by name
	plans     map[int64]*filePlan // by snapshot; guarded by Store.mu
	purged    int                 // place of the last purge; 0: none
}

// shelfOf returns the register of a dataset, read again only when it changed.
func (s *Store) shelfOf(ctx context.Context, dataset string) (*shelf, error) {
	var version string
	row := s.db.QueryRowContext(ctx, `SELECT count(*) || '/' || coalesce(max(seq),0) || '/' || (SELECT coalesce(max(seq),0) FROM compactions WHERE dataset=?1 AND state=?2)
		FROM submissions WHERE dataset=?1 AND state=?2`, dataset, stateCommitted)
	if err := row.Scan(&version); err != nil {
		return nil, fmt.Errorf("read register: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if sh, ok := s.cache[dataset]; ok && sh.version == version {
		return sh, nil
	}
	sh, err := s.readShelf(ctx, dataset)
	if err != nil {
		return nil, err
	}
	sh.version = version
	s.cache[dataset] = sh
	return sh, nil
}

func (s *Store) readShelf(ctx context.Context, dataset string) (*shelf, error) {
	sh := &shelf{snapshots: map[string]int64{}, seq: map[string]int{}, compacted: map[string]int64{}, packs: map[string]*pack{}, plans: map[int64]*filePlan{}}
	byID := map[string]*guichet.Submission{}
	rows, err := s.db.QueryContext(ctx, `SELECT seq, id, coalesce(snapshot,0), doc FROM submissions WHERE dataset=? AND state=? ORDER BY seq`, dataset, stateCommitted)
	if err != nil {
		return nil, fmt.Errorf("read register: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id, doc string
		var seq int
		var snap int64
		if err := rows.Scan(&seq, &id, &snap, &doc); err != nil {
			return nil, fmt.Errorf("read register: %w", err)
		}
		sub := &guichet.Submission{}
		if err := json.Unmarshal([]byte(doc), sub); err != nil {
			return nil, fmt.Errorf("read submission %s: %w", id, err)
		}
		sh.subs, byID[id], sh.snapshots[id], sh.seq[id] = append(sh.subs, sub), sub, snap, seq
		if sub.Event != nil && sub.Event.Kind == guichet.EventPurged {
			sh.purged = seq
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read register: %w", err)
	}
	if err := s.readPacks(ctx, dataset, sh); err != nil {
		return nil, err
	}
	gone := withdrawals(sh.subs, func(*guichet.Submission) bool { return true })
	for _, sub := range sh.subs {
		sub.Withdrawn = gone[content(sub)]
	}
	return sh, s.readUnits(ctx, dataset, byID)
}

func (s *Store) readUnits(ctx context.Context, dataset string, byID map[string]*guichet.Submission) error {
	rows, err := s.db.QueryContext(ctx, `SELECT u.submission, u.reporter, u.freq, u.period, u.dims, u.scope, u.rows, u.value, u.purged
		FROM units u JOIN submissions s ON s.id=u.submission WHERE s.dataset=? AND s.state=? ORDER BY u.rowid`, dataset, stateCommitted)
	if err != nil {
		return fmt.Errorf("read units: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id, freq, period, dims, value string
		var u guichet.Unit
		if err := rows.Scan(&id, &u.Reporter, &freq, &period, &dims, &u.Scope, &u.Rows, &value, &u.Purged); err != nil {
			return fmt.Errorf("read units: %w", err)
		}
		start, err := time.Parse(time.DateOnly, period)
		if err != nil {
			return fmt.Errorf("read units: %w", err)
		}
		u.Period = guichet.Period{Freq: guichet.Freq(freq), Start: start}
		if err := json.Unmarshal([]byte(dims), &u.Dims); err != nil {
			return fmt.Errorf("read units: %w", err)
		}
		if u.Value, err = guichet.ParseDecimal(value); err != nil {
			return err
		}
		if sub := byID[id]; sub != nil {
			sub.Units = append(sub.Units, u)
		}
	}
	return rows.Err()
}

// Submissions returns what has been taken in, newest first. The values are
// shared: readers do not change them.
func (s *Store) Submissions(ctx context.Context, dataset string) ([]*guichet.Submission, error) {
	sh, err := s.shelfOf(ctx, dataset)
	if err != nil {
		return nil, err
	}
	var out []*guichet.Submission
	for _, sub := range slices.Backward(sh.subs) {
		if sub.Event == nil {
			out = append(out, sub)
		}
	}
	return out, nil
}

// Submission returns one submission by its id or a prefix of it that is its own.
func (s *Store) Submission(ctx context.Context, dataset, id string) (*guichet.Submission, error) {
	sh, err := s.shelfOf(ctx, dataset)
	if err != nil {
		return nil, err
	}
	var found []*guichet.Submission
	for _, sub := range sh.subs {
		if sub.Event == nil && strings.HasPrefix(sub.ID, id) && id != "" {
			found = append(found, sub)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, guichet.Errorf(guichet.KindNotFound, "there is no submission %q here", id).WithHint("list them: guichet submissions")
	}
	return nil, guichet.Errorf(guichet.KindInvalid, "%q is the beginning of %d submissions", id, len(found)).WithHint("write more of it")
}

// ByIdentity returns the submission of an identity, nil when there is none.
func (s *Store) ByIdentity(ctx context.Context, identity string) (*guichet.Submission, error) {
	var id, dataset string
	err := s.db.QueryRowContext(ctx, `SELECT id, dataset FROM submissions WHERE identity=? AND state=?`, identity, stateCommitted).Scan(&id, &dataset)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // absence is an answer here
	}
	if err != nil {
		return nil, fmt.Errorf("look up identity: %w", err)
	}
	return s.Submission(ctx, dataset, id)
}
