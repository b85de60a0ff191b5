package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/parquet/file"

	"guichet"
)

// countFields says how each field came out. None of it reads the rows again: what is
// filled stands in the footer of the file that was written, remarks were counted, and
// lines that were put aside are few.
func (s *stager) countFields(ctx context.Context) error {
	filled := map[string]int64{}
	if s.out.Data != "" {
		if err := filledIn(filepath.Join(s.cfg.Dir, s.out.Data), filled); err != nil {
			return err
		}
	}
	aside, err := s.asideByField(ctx)
	if err != nil {
		return err
	}
	remarked := s.remarkedByField()
	for _, f := range s.ds.RowFields() {
		n, written := filled[f.Name]
		if written || aside[f.Name] > 0 || remarked[f.Name] > 0 {
			s.out.Fields = append(s.out.Fields, guichet.FieldCount{Field: f.Name, Filled: n, Remarked: remarked[f.Name], Aside: aside[f.Name]})
		}
	}
	return nil
}

// asideByField counts the lines that were put aside by the fields that were wrong. Lines
// that could not be cut into columns are no field's.
func (s *stager) asideByField(ctx context.Context) (map[string]int64, error) {
	rows, err := s.conn.QueryContext(ctx, "SELECT cause, count(*) FROM aside WHERE cause IS NOT NULL GROUP BY cause")
	if err != nil {
		return nil, fmt.Errorf("count lines put aside by field: %w", err)
	}
	defer func() { _ = rows.Close() }()
	out := map[string]int64{}
	for rows.Next() {
		var cause int
		var n int64
		if err := rows.Scan(&cause, &n); err != nil {
			return nil, fmt.Errorf("count lines put aside by field: %w", err)
		}
		for _, field := range s.fieldsOf(cause) {
			out[field] += n
		}
	}
	return out, rows.Err()
}

// fieldsOf are the fields behind what caused names.
func (s *stager) fieldsOf(cause int) []string {
	if cause < len(s.groups) {
		return s.groups[cause].Fields
	}
	if cause -= len(s.groups); cause < len(s.nums) {
		return []string{s.nums[cause].measure}
	}
	var out []string
	for _, f := range s.ds.RowFields() {
		if slices.ContainsFunc(s.layout.Records, func(r guichet.RecordMap) bool { _, ok, err := s.copiedIn(r, f.Name); return ok && err == nil }) {
			out = append(out, f.Name)
		}
	}
	return out
}

// remarkedByField counts the kept records by the fields that something was remarked of.
func (s *stager) remarkedByField() map[string]int64 {
	out := map[string]int64{}
	for _, g := range s.groups {
		says := map[string]bool{}
		for _, v := range g.verdicts {
			for _, code := range v.Remarks {
				says[code] = true
			}
		}
		if len(says) == 0 {
			continue
		}
		for remark, n := range s.said {
			if !slices.ContainsFunc(strings.Fields(remark), func(code string) bool { return says[code] }) {
				continue
			}
			for _, field := range g.Fields {
				out[field] += n
			}
		}
	}
	return out
}

// filledIn adds, by the footer of a Parquet file, in how many of its rows each column
// holds something. A column of which the file does not say it is left out. No column of
// ours holds an empty text: it is written as absent.
func filledIn(path string, out map[string]int64) error {
	r, err := file.OpenParquetFile(path, false)
	if err != nil {
		return fmt.Errorf("count what is filled: %w", err)
	}
	defer func() { _ = r.Close() }()
	for g := range r.NumRowGroups() {
		group := r.MetaData().RowGroup(g)
		for c := range group.NumColumns() {
			chunk, err := group.ColumnChunk(c)
			if err != nil {
				return fmt.Errorf("count what is filled: %w", err)
			}
			stats, err := chunk.Statistics()
			if err != nil {
				return fmt.Errorf("count what is filled: %w", err)
			}
			if stats != nil && stats.HasNullCount() {
				out[chunk.PathInSchema().String()] += chunk.NumValues() - stats.NullCount()
			}
		}
	}
	return nil
}

// FieldCounts says how each field of a submission came out: as it was counted when it
// was taken in, else by the footers of its files, which know of nothing that was
// remarked or put aside (partly). counted is false where neither is there any more.
func (s *Store) FieldCounts(sub *guichet.Submission) (counts []guichet.FieldCount, partly, counted bool, err error) {
	if sub.FieldCounts != nil {
		return sub.FieldCounts, false, true, nil
	}
	ds, err := s.Dataset(sub.Dataset)
	if err != nil {
		return nil, false, false, err
	}
	filled := map[string]int64{}
	for _, p := range sub.Parts {
		path := s.dataPath(ds.Name, p.Path)
		if _, err := os.Stat(path); err != nil {
			return nil, false, false, nil //nolint:nilerr // its file was joined with others, or is gone
		}
		if err := filledIn(path, filled); err != nil {
			return nil, false, false, err
		}
	}
	for _, f := range ds.RowFields() {
		if n, ok := filled[f.Name]; ok {
			counts = append(counts, guichet.FieldCount{Field: f.Name, Filled: n})
		}
	}
	return counts, true, len(counts) > 0, nil
}
