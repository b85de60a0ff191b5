package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"guichet"
)

// Contributions counts who stands behind each group of a plan, over all its
// parts at once, and weighs the largest `top` of them: in one statement, of which
// only counts and sums come out. The dataset's descriptor names the private
// fields; their values never leave the engine.
//
// Who names no group but has one elsewhere among these rows is counted with it.
// Rows that name nobody are one contribution together, and no contributor.
func (s *Store) Contributions(ctx context.Context, p guichet.Plan, top int) ([]guichet.Contribution, error) {
	ds, err := s.Dataset(p.Dataset)
	if err != nil {
		return nil, err
	}
	if err := noPrivate(ds, p); err != nil {
		return nil, err
	}
	if len(ds.Contributor) == 0 {
		return nil, guichet.Errorf(guichet.KindInvalid, "rows of %s do not name who contributed", ds.Name)
	}
	engine, err := s.asking(ctx)
	if err != nil {
		return nil, err
	}
	select {
	case s.ask <- struct{}{}:
		defer func() { <-s.ask }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	conn, err := engine.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("contributions: %w", err)
	}
	defer func() { _ = conn.Close() }()
	w := weighing{ds: ds, plan: p, top: max(top, 1)}
	query, args, err := w.statement(ctx, s, conn)
	if err != nil || query == "" {
		return nil, err
	}
	defer func() { _, _ = conn.ExecContext(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS wanted_units") }()
	rows, err := conn.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("contributions: %w", err)
	}
	defer func() { _ = rows.Close() }()
	return w.scan(rows)
}

// weighing is one plan of which the contributions are asked.
type weighing struct {
	ds   *guichet.Dataset
	plan guichet.Plan
	top  int
}

// statement writes the question in four steps: the rows of each part by group
// and private fields; who each of them counts for; one row for each contributor
// of a group; what is told of a group. "" where no file can hold a row.
func (w weighing) statement(ctx context.Context, s *Store, conn *sql.Conn) (query string, args []any, err error) {
	var parts []string
	var partial []guichet.Holding
	for _, part := range w.plan.Parts {
		open, err := s.filesFor(ctx, w.ds, asked{w.plan, part})
		if err != nil {
			return "", nil, err
		}
		if len(open.files) == 0 {
			continue
		}
		text, bound := w.rowsOf(part, open)
		parts, args, partial = append(parts, text), append(args, bound...), append(partial, open.partial...)
	}
	if len(parts) == 0 {
		return "", nil, nil
	}
	if len(partial) > 0 {
		if err := unitTable(ctx, conn, w.ds, partial); err != nil {
			return "", nil, err
		}
	}
	keys := strings.Join(w.names("k", len(w.plan.By)+2), ", ")
	var sums, told strings.Builder
	for i := range w.plan.Measures {
		n := strconv.Itoa(i)
		sums.WriteString(", sum(f" + n + ") AS f" + n + ", sum(s" + n + ") AS s" + n)
		told.WriteString(", sum(f" + n + ")::BIGINT, count(*) FILTER (who IS NOT NULL AND s" + n + " <> 0)" +
			", coalesce(sum(s" + n + "), 0)::DECIMAL(38,3), coalesce(sum(abs(s" + n + ")), 0)::DECIMAL(38,3)" +
			", coalesce(array_to_string(max(abs(s" + n + "), " + strconv.Itoa(w.top) + ")::VARCHAR[], ' '), '')")
	}
	return "WITH lines AS (" + strings.Join(parts, " UNION ALL ") + "), " +
		"named AS (SELECT *, " + w.who() + " AS who FROM lines), " +
		"each AS (SELECT " + keys + ", who" + sums.String() + " FROM named GROUP BY " + keys + ", who) " +
		"SELECT " + keys + ", count(who)" + told.String() + " FROM each GROUP BY " + keys + " ORDER BY " + keys, args, nil
}

// rowsOf are the rows of one part, added up as far as nobody is mixed with
// another: k0 ... are the group, p0 ... the private fields, s0 ... the sums of
// the measures and f0 ... how many rows have a figure.
func (w weighing) rowsOf(part guichet.PlanPart, open opened) (query string, args []any) {
	where, args := whereOf(w.ds, part, open)
	if len(open.partial) > 0 {
		where = append(where, wantedUnits(w.ds, open.partial))
	}
	var sel []string
	for i, by := range w.plan.By {
		expr := keyOf(w.ds, by)
		if f, ok := w.ds.Field(by); ok && f.Place == guichet.InSubmission {
			expr = constantOf(w.plan.Constant[by], part.Submissions)
		}
		sel = append(sel, "coalesce("+expr+", '') AS k"+strconv.Itoa(i))
	}
	freq, start := "NULL::VARCHAR", "NULL::DATE"
	if slices.Contains(w.plan.By, guichet.FieldPeriod) {
		freq, start = "r.freq", "r.period"
	}
	n := len(w.plan.By)
	sel = append(sel, freq+" AS k"+strconv.Itoa(n), start+" AS k"+strconv.Itoa(n+1))
	for i, f := range w.ds.Contributor {
		sel = append(sel, "nullif(lower(trim(r."+f+"::VARCHAR, "+lit(blanks)+")), '') AS p"+strconv.Itoa(i))
	}
	by := make([]string, len(sel))
	for i := range by {
		by[i] = strconv.Itoa(i + 1)
	}
	for i, m := range w.plan.Measures {
		sel = append(sel, "count(r."+m+") AS f"+strconv.Itoa(i), "sum(r."+m+") AS s"+strconv.Itoa(i))
	}
	shown, held := strings.Join(sel, ", "), strings.Join(where, " AND ")
	return "SELECT " + shown + " FROM " + readMentioned(w.ds, open.files, shown+" "+held) + " r WHERE " + held +
		" GROUP BY " + strings.Join(by, ","), args
}

// blanks are cut off around the name of a contributor, and its case is folded:
// "ACME" and "acme " are one, since whoever counts them as two shows what must be
// hidden.
const blanks = " \t\r\n\v\f\u00a0\u2007\u202f\u3000"

// who names the contributor of a row by the broadest of the private fields that
// it has, or that rows of the same narrowest one have. A number tells the fields
// apart: a group and a trader may have the same name.
func (w weighing) who() string {
	last := len(w.ds.Contributor) - 1
	narrowest := "p" + strconv.Itoa(last)
	var of []string
	for i := range w.ds.Contributor {
		name := "p" + strconv.Itoa(i)
		of = append(of, "'"+strconv.Itoa(i)+"|' || "+name)
		if i < last {
			of = append(of, "CASE WHEN "+narrowest+" IS NOT NULL THEN '"+strconv.Itoa(i)+"|' || min("+name+") OVER (PARTITION BY "+narrowest+") END")
		}
	}
	return "coalesce(" + strings.Join(of, ", ") + ")"
}

func (w weighing) names(letter string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = letter + strconv.Itoa(i)
	}
	return out
}

func (w weighing) scan(rows *sql.Rows) ([]guichet.Contribution, error) {
	var out []guichet.Contribution
	var freq sql.NullString
	var start sql.NullTime
	totals, gross := make([]duckdb.Decimal, len(w.plan.Measures)), make([]duckdb.Decimal, len(w.plan.Measures))
	largest := make([]string, len(w.plan.Measures))
	for rows.Next() {
		c := guichet.Contribution{Keys: make([]string, len(w.plan.By)), Of: make([]guichet.Weight, len(w.plan.Measures))}
		var dest []any
		for i := range c.Keys {
			dest = append(dest, &c.Keys[i])
		}
		dest = append(dest, &freq, &start, &c.Contributors)
		for i := range c.Of {
			dest = append(dest, &c.Of[i].Figures, &c.Of[i].Contributors, &totals[i], &gross[i], &largest[i])
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, fmt.Errorf("contributions: %w", err)
		}
		c.Period = guichet.Period{Freq: guichet.Freq(freq.String), Start: start.Time.UTC()}
		for i := range c.Of {
			c.Of[i].Total = guichet.NewDecimal(totals[i].Value, int(totals[i].Scale))
			c.Of[i].Gross = guichet.NewDecimal(gross[i].Value, int(gross[i].Scale))
			for text := range strings.FieldsSeq(largest[i]) {
				d, err := guichet.ParseDecimal(text)
				if err != nil {
					return nil, fmt.Errorf("contributions: %w", err)
				}
				c.Of[i].Largest = append(c.Of[i].Largest, d)
			}
		}
		out = append(out, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("contributions: %w", err)
	}
	return out, nil
}
