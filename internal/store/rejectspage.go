package store

import (
	"context"
	"fmt"
	"os"
)

// RejectsPage returns lines of a submission that were put aside, in the order of the
// file: for a reason, "" for any, so many behind the first ones.
func (s *Store) RejectsPage(ctx context.Context, id, reason string, from, most int) ([]Reject, error) {
	path := s.rejectsPath(id)
	if _, err := os.Stat(path); err != nil {
		return nil, nil //nolint:nilerr // nothing was put aside
	}
	engine, err := s.asking(ctx)
	if err != nil {
		return nil, err
	}
	query := "SELECT line, reason, coalesce(raw,'') FROM read_parquet(" + lit(path) + ") WHERE ? = '' OR reason = ? LIMIT ? OFFSET ?"
	rows, err := engine.QueryContext(ctx, query, reason, reason, most, from)
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
