package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"guichet"
)

// Outliers are flagged when at most outlierRows rows of a file of at least
// outlierFile rows carry more than outlierShare of a measure's absolute sum.
// Five amendment lines of the HMRC file of February 2009 carry 63 % of its
// mass for half a million pounds; among thousands of lines no true figure has
// been seen to do so.
const (
	outlierRows  = 10
	outlierFile  = 1000
	outlierShare = 0.5
)

// findOutliers looks for the few rows that carry most of a measure.
func (s *stager) findOutliers(ctx context.Context, from string) error {
	if s.out.Records < outlierFile {
		return nil
	}
	for _, m := range s.ds.Measures() {
		if _, written := s.out.Filled[m.Name]; !m.Outliers || !written {
			continue
		}
		if err := s.outliersOf(ctx, m, from); err != nil {
			return err
		}
	}
	return nil
}

func (s *stager) outliersOf(ctx context.Context, m guichet.Field, from string) error {
	var total sql.NullFloat64
	if err := s.conn.QueryRowContext(ctx, "SELECT sum(abs("+m.Name+"))::DOUBLE"+from).Scan(&total); err != nil {
		return fmt.Errorf("outliers: %w", err)
	}
	dims := s.outlierDims()
	sel := make([]string, len(dims))
	for i, d := range dims {
		sel[i] = "coalesce(" + d + "::VARCHAR,'')"
	}
	// A line that gives several records (two trade systems) stands in several
	// rows: the same figure of the same key is one outlier.
	rows, err := s.conn.QueryContext(ctx, "SELECT "+m.Name+"::VARCHAR, abs("+m.Name+")::DOUBLE, "+strings.Join(sel, ", ")+from+
		" WHERE "+m.Name+" IS NOT NULL ORDER BY abs("+m.Name+") DESC LIMIT "+strconv.Itoa(outlierRows))
	if err != nil {
		return fmt.Errorf("outliers: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var found []guichet.Outlier
	var carried float64
	for rows.Next() {
		var figure string
		var size float64
		vals := make([]string, len(dims))
		dest := []any{&figure, &size}
		for i := range vals {
			dest = append(dest, &vals[i])
		}
		if err := rows.Scan(dest...); err != nil {
			return fmt.Errorf("outliers: %w", err)
		}
		d, err := guichet.ParseDecimal(figure)
		if err != nil {
			return err
		}
		row := map[string]string{}
		for i, name := range dims {
			row[name] = vals[i]
		}
		// Rows are taken while each alone outweighs a hundredth of the rest:
		// the tail of ordinary rows is not flagged with the culprits.
		if size < total.Float64/100 {
			break
		}
		carried += size
		found = append(found, guichet.Outlier{Measure: m.Name, Figure: d, Share: size / total.Float64, Row: row})
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("outliers: %w", err)
	}
	if total.Float64 > 0 && carried/total.Float64 > outlierShare {
		s.out.Outliers = append(s.out.Outliers, found...)
	}
	return nil
}

// outlierDims are the dimensions that were written, to say which row it is.
func (s *stager) outlierDims() []string {
	var out []string
	for _, f := range s.ds.RowFields() {
		if _, ok := s.out.Filled[f.Name]; ok && f.Role == guichet.Dimension {
			out = append(out, f.Name)
		}
	}
	return out
}
