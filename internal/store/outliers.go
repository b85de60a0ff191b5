package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"guichet"
)

// Outliers are flagged when at most outlierRows lines of a file of at least
// outlierFile records carry more than outlierShare of a measure's absolute sum,
// each for next to no value: its share of the measure is outlierTimes that of
// the main measure, or more. Five amendment lines of the HMRC file of February
// 2009 carry 61 % of its mass (absolute) for half a million pounds, 3,000 times
// and more; in a file of one heading (8542 of Thailand) ten true lines carry as
// much, with value to match. Sand and gravel, the cheapest goods by mass, come
// to a few hundred times.
const (
	outlierRows  = 10
	outlierFile  = 1000
	outlierShare = 0.5
	outlierTimes = 1000
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

// outliersOf finds the outliers of one measure. A line that gives several
// records (two trade systems) is one outlier: records that differ in nothing
// but what is told apart are counted together.
func (s *stager) outliersOf(ctx context.Context, m guichet.Field, from string) error {
	var total, worth sql.NullFloat64
	if err := s.conn.QueryRowContext(ctx, "SELECT sum(abs("+m.Name+"))::DOUBLE, sum(abs("+s.written(s.ds.Main)+"))::DOUBLE"+from).Scan(&total, &worth); err != nil {
		return fmt.Errorf("outliers: %w", err)
	}
	if total.Float64 <= 0 {
		return nil
	}
	dims := s.outlierDims()
	names, sel := []string{"figure", "size"}, []string{m.Name + "::VARCHAR AS figure", "abs(" + m.Name + ")::DOUBLE AS size"}
	for i, d := range dims {
		names = append(names, "d"+strconv.Itoa(i))
		sel = append(sel, "coalesce("+d+"::VARCHAR,'') AS d"+strconv.Itoa(i))
	}
	cheap := fmt.Sprintf("abs(%s)::DOUBLE/? > %d * abs(coalesce(%s,0))::DOUBLE/?", m.Name, outlierTimes, s.written(s.ds.Main))
	most := outlierRows * len(s.layout.Records)
	largest := "SELECT " + strings.Join(sel, ", ") + from + " WHERE " + m.Name + " IS NOT NULL AND " + cheap + " ORDER BY size DESC LIMIT " + strconv.Itoa(most)
	group := strings.Join(names, ", ")
	rows, err := s.conn.QueryContext(ctx, "SELECT "+group+", count(*) FROM ("+largest+") GROUP BY "+group+" ORDER BY size DESC, "+group+" LIMIT "+strconv.Itoa(outlierRows),
		total.Float64, max(worth.Float64, 1))
	if err != nil {
		return fmt.Errorf("outliers: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var found []guichet.Outlier
	var carried float64
	for rows.Next() {
		o, err := scanOutlier(rows, dims, total.Float64)
		if err != nil {
			return err
		}
		// Lines are taken while each alone outweighs a hundredth of the rest:
		// the tail of ordinary ones is not flagged with the culprits.
		if o.Share < 0.01 {
			break
		}
		o.Measure = m.Name
		carried += o.Share
		found = append(found, o)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("outliers: %w", err)
	}
	if carried > outlierShare {
		s.out.Outliers = append(s.out.Outliers, found...)
	}
	return nil
}

// scanOutlier reads one line; its share is that of all of its records.
func scanOutlier(rows *sql.Rows, dims []string, total float64) (o guichet.Outlier, err error) {
	var figure string
	var size float64
	var n int64
	vals := make([]string, len(dims))
	dest := []any{&figure, &size}
	for i := range vals {
		dest = append(dest, &vals[i])
	}
	if err := rows.Scan(append(dest, &n)...); err != nil {
		return o, fmt.Errorf("outliers: %w", err)
	}
	if o.Figure, err = guichet.ParseDecimal(figure); err != nil {
		return o, err
	}
	o.Row = map[string]string{}
	for i, name := range dims {
		o.Row[name] = vals[i]
	}
	o.Share = size * float64(n) / total
	return o, nil
}

// outlierDims are the dimensions that were written, to say which line it is,
// without those that tell its records apart.
func (s *stager) outlierDims() []string {
	var out []string
	for _, f := range s.ds.RowFields() {
		if _, ok := s.out.Filled[f.Name]; ok && f.Role == guichet.Dimension && !f.Separate {
			out = append(out, f.Name)
		}
	}
	return out
}
