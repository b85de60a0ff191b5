package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"guichet"
)

// The ledger of given cells stands beside the register. A set of cells is kept
// once, under the digest of its content; who was given it is a short line of its
// own. So the same answer to twenty members, or to one every day, costs twenty
// lines and one set.

// ledgerVersion is that of the tables below; a program that finds a newer one
// writes nothing.
const ledgerVersion = 1

// createLedger makes the tables of the ledger.
func (s *Store) createLedger(ctx context.Context) error {
	for _, q := range []string{
		`CREATE TABLE IF NOT EXISTS ledger (version INTEGER NOT NULL)`,
		`INSERT INTO ledger (version) SELECT 1 WHERE NOT EXISTS (SELECT version FROM ledger)`,
		`CREATE TABLE IF NOT EXISTS given_sets (digest TEXT PRIMARY KEY, dataset TEXT NOT NULL, doc BLOB NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS given (
			circle TEXT NOT NULL, member TEXT NOT NULL, office TEXT NOT NULL, agreement TEXT NOT NULL, version INTEGER NOT NULL,
			digest TEXT NOT NULL REFERENCES given_sets(digest) DEFERRABLE INITIALLY DEFERRED, snapshot TEXT NOT NULL,
			exchange TEXT NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL,
			PRIMARY KEY (circle, member, office, agreement, version, digest, snapshot)) WITHOUT ROWID`,
	} {
		if _, err := s.db.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("create ledger: %w", err)
		}
	}
	var version int
	if err := s.db.QueryRowContext(ctx, `SELECT max(version) FROM ledger`).Scan(&version); err != nil {
		return fmt.Errorf("read ledger: %w", err)
	}
	if version > ledgerVersion {
		return guichet.Errorf(guichet.KindVersion, "the ledger of given cells is of version %d; this program knows up to %d", version, ledgerVersion).WithHint("use a newer guichet")
	}
	return nil
}

// givenDoc is the content of a set: what its digest is of.
type givenDoc struct {
	Question guichet.Question    `json:"question"`
	Records  bool                `json:"records,omitempty"`
	Cells    []guichet.GivenCell `json:"cells"`
}

// Give notes that a party is given a set of cells: durable when it returns. The
// same set from the same snapshot again moves its last day.
func (s *Store) Give(ctx context.Context, g guichet.GivenSet) error {
	text, err := json.Marshal(givenDoc{g.Question, g.Records, g.Cells})
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	sum := sha256.Sum256(text)
	digest := hex.EncodeToString(sum[:])
	s.giving.Lock() // held while SQLite syncs: it lets one write at a time, and makes others poll
	defer s.giving.Unlock()
	err = s.inTx(ctx, "ledger", func(tx *sql.Tx) error {
		// The write comes first: a transaction that has read cannot wait for
		// another writer.
		first, last := g.First.UTC().Format(time.RFC3339), g.Last.UTC().Format(time.RFC3339)
		if _, err := tx.ExecContext(ctx, `INSERT INTO given (circle, member, office, agreement, version, digest, snapshot, exchange, first, last)
			VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO UPDATE SET last=max(last, excluded.last)`,
			g.Party.Circle, g.Party.Member, g.Party.Office, g.Agreement, g.Version, digest, g.Snapshot, g.Exchange, first, last); err != nil {
			return err
		}
		return keepSet(ctx, tx, digest, g.Question.Dataset, text)
	})
	if err != nil && isFull(err) {
		return &guichet.Error{Kind: guichet.KindFull, Message: "the disk is full: what is given cannot be noted, so nothing is given", Hint: "free some space beside the home", Err: err}
	}
	return err
}

// keepSet keeps the content of a set, if it is not kept.
func keepSet(ctx context.Context, tx *sql.Tx, digest, dataset string, text []byte) error {
	var held int
	err := tx.QueryRowContext(ctx, `SELECT 1 FROM given_sets WHERE digest=?`, digest).Scan(&held)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	packed, err := packDoc(text)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO given_sets (digest, dataset, doc) VALUES (?,?,?)`, digest, dataset, packed)
	return err
}

// Given returns what parties were given, oldest first; of all parties where none
// is named. An empty member or office of a party stands for any.
func (s *Store) Given(ctx context.Context, parties ...guichet.Party) ([]guichet.GivenSet, error) {
	if len(parties) == 0 {
		parties = []guichet.Party{{}}
	}
	var out []guichet.GivenSet
	for _, p := range parties {
		sets, err := s.givenTo(ctx, p)
		if err != nil {
			return nil, err
		}
		out = append(out, sets...)
	}
	return out, nil
}

// GivenBy returns what was first given by an exchange; nothing where the same was given
// before, or the exchange gave nothing.
func (s *Store) GivenBy(ctx context.Context, exchange string) ([]guichet.GivenSet, error) {
	return s.givenOf(ctx, guichet.Party{}, exchange)
}

func (s *Store) givenTo(ctx context.Context, p guichet.Party) ([]guichet.GivenSet, error) {
	return s.givenOf(ctx, p, "")
}

func (s *Store) givenOf(ctx context.Context, p guichet.Party, exchange string) ([]guichet.GivenSet, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT g.circle, g.member, g.office, g.agreement, g.version, g.snapshot, g.exchange, g.first, g.last, c.doc
		FROM given g JOIN given_sets c ON c.digest=g.digest
		WHERE (?1='' OR g.circle=?1) AND (?2='' OR g.member=?2) AND (?3='' OR g.office=?3) AND (?4='' OR g.exchange=?4) ORDER BY g.first, g.exchange`, p.Circle, p.Member, p.Office, exchange)
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []guichet.GivenSet
	for rows.Next() {
		var g guichet.GivenSet
		var first, last string
		var packed []byte
		if err := rows.Scan(&g.Party.Circle, &g.Party.Member, &g.Party.Office, &g.Agreement, &g.Version, &g.Snapshot, &g.Exchange, &first, &last, &packed); err != nil {
			return nil, fmt.Errorf("read ledger: %w", err)
		}
		var doc givenDoc
		if err := unpackDoc(packed, &doc); err != nil {
			return nil, err
		}
		g.Question, g.Records, g.Cells = doc.Question, doc.Records, doc.Cells
		if g.First, err = time.Parse(time.RFC3339, first); err != nil {
			return nil, fmt.Errorf("read ledger: %w", err)
		}
		if g.Last, err = time.Parse(time.RFC3339, last); err != nil {
			return nil, fmt.Errorf("read ledger: %w", err)
		}
		out = append(out, g)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	return out, nil
}

func packDoc(text []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	_, err = w.Write(text)
	if err := errors.Join(err, w.Close()); err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return out.Bytes(), nil
}

func unpackDoc(packed []byte, doc *givenDoc) error {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return fmt.Errorf("read ledger: %w", err)
	}
	text, err := io.ReadAll(r) // our own bytes, from our own home
	if err != nil {
		return fmt.Errorf("read ledger: %w", err)
	}
	if err := json.Unmarshal(text, doc); err != nil {
		return fmt.Errorf("read ledger: %w", err)
	}
	return nil
}
