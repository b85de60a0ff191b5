package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"guichet"
)

// readParquet reads files by field id: a file written before a field existed,
// or by a profile that does not fill it, gives NULL for it.
func readParquet(ds *guichet.Dataset, files []string) string {
	return readFields(ds.RowFields(), files)
}

// readMentioned reads, as readParquet does, those fields alone that a statement
// mentions as r.field: binding a column costs as much whether it is used or not,
// a tenth of a small question's time for the whole record.
func readMentioned(ds *guichet.Dataset, files []string, statement string) string {
	return readFields(slices.DeleteFunc(ds.RowFields(), func(f guichet.Field) bool { return !strings.Contains(statement, "r."+f.Name) }), files)
}

func readFields(fields []guichet.Field, files []string) string {
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = lit(f)
	}
	cols := make([]string, len(fields))
	for i, f := range fields {
		cols[i] = fmt.Sprintf("%d: {name: %s, type: %s, default_value: NULL}", f.ID, lit(f.Name), lit(sqlType(f.Type)))
	}
	return "read_parquet([" + strings.Join(paths, ",") + "], schema=MAP {" + strings.Join(cols, ", ") + "})"
}

// Find runs a plan and returns its groups. As many plans run at once as there
// are cores; others wait their turn.
func (s *Store) Find(ctx context.Context, p guichet.Plan) ([]guichet.Found, error) {
	ds, err := s.Dataset(p.Dataset)
	if err != nil {
		return nil, err
	}
	if err := noPrivate(ds, p); err != nil {
		return nil, err
	}
	for _, m := range p.Measures {
		if f, ok := ds.Field(m); !ok || f.Role != guichet.Measure || f.Place != guichet.InRow {
			return nil, guichet.Errorf(guichet.KindInvalid, "rows of %s have no measure %q", ds.Name, m)
		}
	}
	engine, err := s.asking(ctx)
	if err != nil {
		return nil, err
	}
	r, err := s.read(ctx, ds.Name)
	if err != nil {
		return nil, err
	}
	defer r.end()
	select {
	case s.ask <- struct{}{}:
		defer func() { <-s.ask }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	conn, err := engine.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("find: %w", err)
	}
	defer func() { _ = conn.Close() }()
	var out []guichet.Found
	for _, part := range p.Parts {
		found, err := s.findPart(ctx, conn, ds, asked{p, part})
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// asked is one part of a plan with the plan that it belongs to.
type asked struct {
	guichet.Plan
	part guichet.PlanPart
}

func (s *Store) findPart(ctx context.Context, conn *sql.Conn, ds *guichet.Dataset, a asked) ([]guichet.Found, error) {
	open, err := s.filesFor(ctx, ds, a)
	if err != nil || len(open.files) == 0 {
		return nil, err
	}
	where, args := whereOf(ds, a.part, open)
	if len(open.partial) > 0 {
		if err := unitTable(ctx, conn, ds, open.partial); err != nil {
			return nil, err
		}
		defer func() { _, _ = conn.ExecContext(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS wanted_units") }()
		where = append(where, wantedUnits(ds, open.partial))
	}
	sel := []string{"r.submission"}
	for _, by := range a.By {
		sel = append(sel, keyOf(ds, by))
	}
	period := "NULL::VARCHAR, NULL::DATE"
	if a.Periods || slices.Contains(a.By, guichet.FieldPeriod) {
		period = "r.freq, r.period"
	}
	sel = append(sel, period, "coalesce(r.remark,'')")
	group := make([]string, len(a.By)+4)
	for i := range group {
		group[i] = strconv.Itoa(i + 1)
	}
	sel = append(sel, "count(*)")
	for _, m := range a.Measures {
		sel = append(sel, "sum(r."+m+")::DECIMAL(38,3)", "count(r."+m+")")
	}
	asked, held := strings.Join(sel, ", "), strings.Join(where, " AND ")
	query := "SELECT " + asked + " FROM " + readMentioned(ds, open.files, asked+" "+held) + " r WHERE " + held +
		" GROUP BY " + strings.Join(group, ",") + " ORDER BY " + strings.Join(group, ",")
	rows, err := conn.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("find: %w", err)
	}
	defer func() { _ = rows.Close() }()
	return scanFound(rows, a)
}

func scanFound(rows *sql.Rows, a asked) ([]guichet.Found, error) {
	var out []guichet.Found
	keys := make([]sql.NullString, len(a.By))
	var freq sql.NullString
	var start sql.NullTime
	nums := make([]sql.Null[duckdb.Decimal], len(a.Measures))
	for rows.Next() {
		f := guichet.Found{Keys: make([]string, len(a.By)), Measures: make([]*guichet.Decimal, len(a.Measures)), Figures: make([]int64, len(a.Measures))}
		dest := []any{&f.Submission}
		for i := range keys {
			dest = append(dest, &keys[i])
		}
		dest = append(dest, &freq, &start, &f.Remark, &f.Rows)
		for i := range nums {
			dest = append(dest, &nums[i], &f.Figures[i])
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, fmt.Errorf("find: %w", err)
		}
		for i := range keys {
			f.Keys[i] = keys[i].String
		}
		f.Period = guichet.Period{Freq: guichet.Freq(freq.String), Start: start.Time.UTC()}
		for i, n := range nums {
			if n.Valid && f.Figures[i] > 0 {
				d := guichet.NewDecimal(n.V.Value, int(n.V.Scale))
				f.Measures[i] = &d
			}
		}
		out = append(out, f)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("find: %w", err)
	}
	return out, nil
}

// keyOf is the expression of a dimension in a group: a field, or a level of a
// classification, which is the beginning of the common code.
func keyOf(ds *guichet.Dataset, by string) string {
	if f, ok := ds.Field(by); ok && f.Place == guichet.InRow {
		if f.Type == guichet.TypeText {
			return "r." + f.Name
		}
		return "r." + f.Name + "::VARCHAR"
	}
	if c, l, ok := ds.ClassificationBy(by); ok {
		if l.Digits == 0 {
			return "r." + c.Code
		}
		return "left(r." + c.Common + ", " + strconv.Itoa(l.Digits) + ")"
	}
	return "NULL::VARCHAR"
}

// whereOf writes the clauses of a part: names from the descriptor, values
// bound. A clause on a plain column lets the engine skip row groups, and makes
// it look at every one of them, bloom filter and all (submission and flow, 810
// row groups: 25 ms). So what is certain of the files that are opened is not
// asked again, and beside a code, by which they are sorted, no other text is
// asked of a plain column.
func whereOf(ds *guichet.Dataset, part guichet.PlanPart, open opened) (where []string, args []any) {
	bind := func(vals []string) string {
		marks := make([]string, len(vals))
		for i, v := range vals {
			marks[i] = "?"
			args = append(args, v)
		}
		return strings.Join(marks, ",")
	}
	picked := pickedBy(ds)
	byCode := slices.ContainsFunc(part.Clauses, func(c guichet.Clause) bool { return !c.Not && slices.Contains(picked, c.Field) })
	where = append(where, "true")
	switch {
	case open.own:
	case byCode:
		where = append(where, "coalesce(r.submission,'') IN ("+bind(part.Submissions)+")")
	default:
		where = append(where, "r.submission IN ("+bind(part.Submissions)+")")
	}
	if !part.Span.IsZero() && !open.within {
		where = append(where, "r.period >= ?::DATE AND r.period <= ?::DATE")
		args = append(args, part.Span.From.Start.Format(time.DateOnly), part.Span.To.End().Format(time.DateOnly))
	}
	for _, c := range part.Clauses {
		f, ok := ds.Field(c.Field)
		if !ok || f.Place != guichet.InRow {
			where = append(where, "false")
			continue
		}
		col := "r." + f.Name
		text := "coalesce(" + col + "::VARCHAR,'')"
		var alts []string
		if len(c.In) > 0 {
			if f.Type == guichet.TypeText && !c.Not && !slices.Contains(c.In, "") && (!byCode || slices.Contains(picked, f.Name)) {
				text = col
			}
			alts = append(alts, text+" IN ("+bind(c.In)+")")
		}
		for _, p := range c.Prefix {
			args = append(args, p, p+afterAny)
			alts = append(alts, "("+col+" >= ? AND "+col+" < ?)")
		}
		expr := "false"
		if len(alts) > 0 {
			expr = "(" + strings.Join(alts, " OR ") + ")"
		}
		if c.Not {
			expr = "NOT coalesce(" + expr + ", false)" // an absent value begins with nothing
		}
		where = append(where, expr)
	}
	return where, args
}

// opened are the files behind a part that can hold a row of it.
type opened struct {
	files   []string
	partial []guichet.Holding // submissions of which only some units may count
	own     bool              // they hold rows of the part's submissions alone
	within  bool              // every row of them lies within the part's span
}

// filesFor returns what is opened for a part. At present or as of a day these
// are the table's own files in its snapshot of then; for a vintage they are the
// first files of the submissions, of which only some units may count.
func (s *Store) filesFor(ctx context.Context, ds *guichet.Dataset, a asked) (opened, error) {
	sh, err := s.shelfOf(ctx, ds.Name)
	if err != nil {
		return opened{}, err
	}
	if a.Moment.State != 0 && a.Moment.State < sh.purged {
		return opened{}, purgedMeanwhile()
	}
	if a.Moment.Vintage != "" || sh.beforePurge(a.Moment) {
		return s.vintageFiles(ctx, ds, a)
	}
	plan, err := s.snapshotFiles(ctx, ds, sh, a.Moment)
	if err != nil {
		return opened{}, err
	}
	period, _ := ds.Field(guichet.FieldPeriod)
	wanted := map[string]bool{}
	for _, id := range a.part.Submissions {
		wanted[id] = true
	}
	out := opened{own: true, within: period.Required}
	for _, f := range plan.filesOf(a.part.Submissions) {
		if !f.Bounds.canHold(ds, a.part) {
			continue
		}
		out.files = append(out.files, s.dataPath(ds.Name, f.Name))
		out.own = out.own && sh.holdsOnly(f.Name, wanted)
		out.within = out.within && f.Bounds.within(a.part.Span)
	}
	return out, nil
}

// beforePurge says whether a moment is older than the last purge: the table's
// snapshots of it are gone, and what is left answers from the first files.
func (sh *shelf) beforePurge(at guichet.Moment) bool {
	if sh.purged == 0 || at.AsOf.IsZero() {
		return false
	}
	last := 0
	for _, sub := range sh.subs {
		if !sub.TakenAt.After(at.AsOf) {
			last = sh.seq[sub.ID]
		}
	}
	return last < sh.purged
}

// holdsOnly says whether a file holds no rows but of these submissions.
func (sh *shelf) holdsOnly(name string, wanted map[string]bool) bool {
	p := sh.packs[name]
	if p == nil {
		return true // a file of one of them
	}
	for id := range p.leaves {
		if !wanted[id] {
			return false
		}
	}
	return true
}

func (s *Store) vintageFiles(ctx context.Context, ds *guichet.Dataset, a asked) (opened, error) {
	holdings, err := s.Holdings(ctx, ds.Name, a.Moment)
	if err != nil {
		return opened{}, err
	}
	var out opened
	for _, h := range holdings {
		if !slices.Contains(a.part.Submissions, h.Submission.ID) {
			continue
		}
		for _, p := range h.Submission.Parts {
			out.files = append(out.files, s.dataPath(ds.Name, p.Path))
		}
		out.partial = append(out.partial, h)
	}
	return out, nil
}

// unitTable lays the wanted units down for a join.
func unitTable(ctx context.Context, conn *sql.Conn, ds *guichet.Dataset, hs []guichet.Holding) error {
	if _, err := conn.ExecContext(ctx, "CREATE OR REPLACE TEMP TABLE wanted_units (key VARCHAR)"); err != nil {
		return fmt.Errorf("units: %w", err)
	}
	const chunk = 500
	var keys []string
	for _, h := range hs {
		for _, u := range h.Units {
			keys = append(keys, h.Submission.ID+"|"+unitKey(ds, u))
		}
	}
	for part := range slices.Chunk(keys, chunk) {
		args := make([]any, len(part))
		for i, k := range part {
			args[i] = k
		}
		marks := strings.TrimSuffix(strings.Repeat("(?),", len(part)), ",")
		if _, err := conn.ExecContext(ctx, "INSERT INTO wanted_units VALUES "+marks, args...); err != nil {
			return fmt.Errorf("units: %w", err)
		}
	}
	return nil
}

// unitKey writes a unit as unitKeyOfRow writes it of a row.
func unitKey(ds *guichet.Dataset, u guichet.Unit) string {
	parts := []string{u.Reporter, string(u.Period.Freq), u.Period.Start.Format(time.DateOnly)}
	for _, f := range ds.UnitFields {
		parts = append(parts, u.Dims[f])
	}
	return strings.Join(append(parts, u.Scope), "|")
}

// wantedUnits is true for rows of a wanted unit of these holdings. Submissions
// may cut their units by different fields; each is asked by its own.
func wantedUnits(ds *guichet.Dataset, hs []guichet.Holding) string {
	byScope := map[string][]string{} // expression of a row's unit -> submissions
	for _, h := range hs {
		key := unitKeyOfRow(ds, h.Submission.Scope)
		byScope[key] = append(byScope[key], lit(h.Submission.ID))
	}
	var alts []string
	for _, key := range slices.Sorted(maps.Keys(byScope)) {
		alts = append(alts, "(r.submission IN ("+strings.Join(byScope[key], ",")+") AND "+key+" IN (SELECT key FROM wanted_units))")
	}
	return "(" + strings.Join(alts, " OR ") + ")"
}

// unitKeyOfRow writes the unit of a row as unitKey writes it; scope are the
// fields that units are cut by, beside reporter, unit fields and period.
func unitKeyOfRow(ds *guichet.Dataset, scope []string) string {
	parts := []string{"r.submission", "coalesce(r.reporter,'')", "coalesce(r.freq,'')", "r.period::VARCHAR"}
	for _, f := range ds.UnitFields {
		parts = append(parts, "coalesce(r."+f+"::VARCHAR,'')")
	}
	extra := append([]string{"''"}, prefixed("coalesce(r.", scope, "::VARCHAR,'') || ' '")...)
	return "(" + strings.Join(append(parts, "trim("+strings.Join(extra, " || ")+")"), " || '|' || ") + ")"
}
