package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"guichet"
)

// maxKeys bounds the distinct keys of one group: a nomenclature by month has
// some 200,000; a file with more distinct keys than this is not coded.
const maxKeys = 2_000_000

// group is a key group of the layout with its place in the statements.
type group struct {
	guichet.KeyGroup
	cols     []string // engine columns
	table    string   // "k0": keys and verdicts
	keys     [][]string
	rows     []int64
	sums     []guichet.Decimal // of the main measure, over the lines of a key
	verdicts []guichet.Verdict
	outputs  []output // one per field
	reject   bool     // some key is put aside
	remark   output   // of the group's remarks, joined by a space
}

// output is one field that a group fills: constant over all keys, or varying.
type output struct {
	field    string
	constant bool
	value    string // when constant
	column   string // when varying: column of the group's table
	sqlType  string // when varying: its ENUM type, or the type of its field
	enum     bool   // when varying: sqlType is an ENUM to be made from the values
}

// number is one column that is summed, under a record's condition.
type number struct {
	record  int
	measure string
	spec    guichet.NumberColumn
	col     string // engine column
	when    string // the record's condition, "" always
	file    guichet.Decimal
	aside   guichet.Decimal
}

// readKeys reads the text once: distinct keys of every group with the number
// of lines and the sum of each number behind them, and the lines that could not
// be cut into columns.
func (s *stager) readKeys(ctx context.Context, _ Judge) error {
	if err := s.collectGroups(); err != nil {
		return err
	}
	if err := s.collectNumbers(); err != nil {
		return err
	}
	cols, sets := s.groupingSets()
	sel := append([]string{}, prefixed("coalesce(", cols, ",'')")...)
	aggr := make([]string, len(s.nums))
	for i, n := range s.nums {
		aggr[i] = fmt.Sprintf("coalesce(sum(%s)%s,0)::VARCHAR", n.typed(), n.filter())
	}
	grouping := "0"
	if len(cols) > 0 {
		grouping = "grouping(" + strings.Join(cols, ",") + ")"
	}
	query := "SELECT " + strings.Join(append(append(sel, grouping, "count(*)"), aggr...), ", ") +
		" FROM (SELECT " + strings.Join(s.keyColumns(cols), ", ") + " FROM " + s.source(true) + ") GROUP BY GROUPING SETS (" + strings.Join(sets, ", ") + ")"
	rows, err := s.conn.QueryContext(ctx, query)
	if err != nil {
		return s.csvError(err)
	}
	defer func() { _ = rows.Close() }()
	if err := s.scanKeys(rows, cols); err != nil {
		return s.csvError(err)
	}
	return s.raggedLines(ctx)
}

// keyColumns are the columns that the keys pass needs, absent ones as "".
func (s *stager) keyColumns(cols []string) []string {
	out := make([]string, 0, len(cols)+len(s.nums))
	for _, c := range cols {
		out = append(out, "coalesce("+c+",'') AS "+c)
	}
	for _, c := range s.otherColumns(cols) {
		out = append(out, c)
	}
	if len(out) == 0 {
		out = append(out, "1")
	}
	return out
}

// otherColumns are the columns of numbers and conditions that are no keys.
func (s *stager) otherColumns(cols []string) []string {
	var out []string
	add := func(c string) {
		if !slices.Contains(cols, c) && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	for _, n := range s.nums {
		add(n.col)
	}
	for _, r := range s.layout.Records {
		for _, w := range r.When {
			if c, err := s.column(w.Column); err == nil {
				add(c)
			}
		}
	}
	return out
}

// groupingSets returns the distinct key columns, and one set per distinct set of
// columns (two groups may judge the same columns, in any order); the empty set
// counts all lines.
func (s *stager) groupingSets() (cols, sets []string) {
	sets = []string{"()"}
	for _, g := range s.groups {
		for _, c := range g.cols {
			if !slices.Contains(cols, c) {
				cols = append(cols, c)
			}
		}
		own := slices.Clone(g.cols)
		slices.Sort(own)
		set := "(" + strings.Join(slices.Compact(own), ",") + ")"
		if !slices.Contains(sets, set) {
			sets = append(sets, set)
		}
	}
	return cols, sets
}

// scanKeys sorts the rows of the keys pass into their groups. grouping() has a
// bit per column, set when the column is not part of the row's set.
func (s *stager) scanKeys(rows *sql.Rows, cols []string) error {
	vals := make([]string, len(cols)+len(s.nums))
	var mask, n int64
	dest := make([]any, 0, len(vals)+2)
	for i := range cols {
		dest = append(dest, &vals[i])
	}
	dest = append(dest, &mask, &n)
	for i := range s.nums {
		dest = append(dest, &vals[len(cols)+i])
	}
	masks := make([]int64, len(s.groups))
	for gi, g := range s.groups {
		for i, c := range cols {
			if !slices.Contains(g.cols, c) {
				masks[gi] |= 1 << (len(cols) - 1 - i)
			}
		}
	}
	all := int64(1)<<len(cols) - 1
	mainNum := slices.IndexFunc(s.nums, func(n *number) bool { return n.measure == s.ds.Main })
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return fmt.Errorf("read keys: %w", err)
		}
		if mask == all || len(cols) == 0 {
			s.out.Lines = n
			for i, num := range s.nums {
				d, err := guichet.ParseDecimal(vals[len(cols)+i])
				if err != nil {
					return err
				}
				num.file = d
			}
			continue
		}
		for gi, g := range s.groups {
			if mask != masks[gi] {
				continue
			}
			if len(g.keys) >= maxKeys {
				return guichet.Errorf(guichet.KindHostile, "the columns %s hold more than %d different values; they are no codes", strings.Join(g.Columns, ", "), maxKeys)
			}
			key := make([]string, len(g.cols))
			for i, c := range g.cols {
				key[i] = vals[slices.Index(cols, c)]
			}
			var sum guichet.Decimal
			if mainNum >= 0 {
				var err error
				if sum, err = guichet.ParseDecimal(vals[len(cols)+mainNum]); err != nil {
					return err
				}
			}
			g.keys, g.rows, g.sums = append(g.keys, key), append(g.rows, n), append(g.sums, sum)
		}
	}
	return rows.Err()
}

// collectGroups gathers the layout's groups by name, and makes one for every
// column that is taken as it is, so that it becomes an ENUM too.
func (s *stager) collectGroups() error {
	seen := map[string]bool{}
	add := func(g guichet.KeyGroup) error {
		if seen[g.Name] {
			return nil
		}
		seen[g.Name] = true
		cols := make([]string, len(g.Columns))
		for i, name := range g.Columns {
			c, err := s.column(name)
			if err != nil {
				return err
			}
			cols[i] = c
		}
		s.groups = append(s.groups, &group{KeyGroup: g, cols: cols, table: "k" + strconv.Itoa(len(s.groups))})
		return nil
	}
	for _, r := range s.layout.Records {
		for _, g := range r.Groups {
			if err := add(g); err != nil {
				return err
			}
		}
		for _, field := range slices.Sorted(maps.Keys(r.Texts)) {
			col := r.Texts[field]
			g := guichet.KeyGroup{Name: asIs + field + " " + col, Rule: asIs, Columns: []string{col}, Fields: []string{field}}
			if err := add(g); err != nil {
				return err
			}
		}
	}
	// Scope fields that no group fills are found from the rows afterwards.
	return nil
}

// asIs is the rule of columns that are taken without judgement.
const asIs = "text "

// collectNumbers gathers the numbers of all records.
func (s *stager) collectNumbers() error {
	for i, r := range s.layout.Records {
		when, err := s.condition(r.When)
		if err != nil {
			return err
		}
		for _, f := range s.ds.Measures() {
			spec, ok := r.Measures[f.Name]
			if !ok {
				continue
			}
			col, err := s.column(spec.Column)
			if err != nil {
				return err
			}
			s.nums = append(s.nums, &number{record: i, measure: f.Name, spec: spec, col: col, when: when})
		}
	}
	return nil
}

// condition writes a record's conditions as SQL.
func (s *stager) condition(when []guichet.Condition) (string, error) {
	var out []string
	for _, w := range when {
		col, err := s.column(w.Column)
		if err != nil {
			return "", err
		}
		vals := make([]string, len(w.In))
		for i, v := range w.In {
			vals[i] = lit(v)
		}
		not := ""
		if w.Not {
			not = "NOT "
		}
		out = append(out, fmt.Sprintf("coalesce(%s,'') %sIN (%s)", col, not, strings.Join(vals, ",")))
	}
	return strings.Join(out, " AND "), nil
}

// absent is true for a text that means "no figure".
func (n *number) absent() string {
	out := n.col + " IS NULL OR " + n.col + "=''"
	for _, a := range n.spec.Absent {
		out += " OR " + n.col + "=" + lit(a)
	}
	return "(" + out + ")"
}

// plain is true for a text that is a plain decimal number: the engine's own
// casts would take 1e3, 0x10, 1_000 and NaN, and round 1.5 for a whole number.
func (n *number) plain() string {
	sign := "[.]"
	if n.spec.Comma {
		sign = ","
	}
	frac := ""
	if n.spec.Decimals > 0 {
		frac = fmt.Sprintf("(%s[0-9]{1,%d})?", sign, n.spec.Decimals)
	}
	return "regexp_full_match(" + n.col + ", '[+-]?[0-9]{1,18}" + frac + "')"
}

// cast is the number, NULL when it does not fit DECIMAL(18,3).
func (n *number) cast() string {
	col := n.col
	if n.spec.Comma {
		col = "replace(" + col + ",',','.')"
	}
	return "try_cast(" + col + " AS DECIMAL(18,3))"
}

// typed is the number where it is one, else NULL.
func (n *number) typed() string {
	guard := n.plain()
	if len(n.spec.Absent) > 0 {
		guard = "NOT " + n.absent() + " AND " + guard
	}
	return "CASE WHEN " + guard + " THEN " + n.cast() + " END"
}

// bad is true where the line must be put aside because of this number.
func (n *number) bad() string {
	bad := "(NOT coalesce(" + n.absent() + ", true) AND NOT coalesce(" + n.plain() + " AND " + n.cast() + " IS NOT NULL, false))"
	if n.spec.Required {
		bad = "(" + n.absent() + " OR " + bad + ")"
	}
	if n.when != "" {
		bad = "((" + n.when + ") AND " + bad + ")"
	}
	return bad
}

func (n *number) filter() string {
	if n.when == "" {
		return ""
	}
	return " FILTER (WHERE " + n.when + ")"
}

// judgeKeys asks for the verdicts and lays them down beside the keys.
func (s *stager) judgeKeys(ctx context.Context, judge Judge) error {
	for gi, g := range s.groups {
		s.cfg.Progress("judging "+strings.Join(g.Fields, ", "), int64(gi), int64(len(s.groups)))
		if g.Rule == asIs {
			g.verdicts = make([]guichet.Verdict, len(g.keys))
			for i, k := range g.keys {
				g.verdicts[i].Values = k
			}
		} else {
			v, err := judge(g.KeyGroup, g.keys)
			if err != nil {
				return err
			}
			if len(v) != len(g.keys) {
				return fmt.Errorf("group %s: %d verdicts for %d keys", g.Name, len(v), len(g.keys))
			}
			g.verdicts = v
		}
		if err := s.layDown(ctx, g); err != nil {
			return fmt.Errorf("lay down verdicts of %s: %w", g.Name, err)
		}
	}
	return nil
}

// layDown writes the group's table: keys, reject reason, varying outputs as
// ENUM, so that the join and the sort move small integers.
func (s *stager) layDown(ctx context.Context, g *group) error {
	g.describe(s.ds)
	names := make([]string, 0, len(g.cols)+8)
	for i := range g.cols {
		names = append(names, "x"+strconv.Itoa(i)+" VARCHAR")
	}
	names = append(names, "reject VARCHAR", "remark VARCHAR")
	for i, o := range g.outputs {
		if !o.constant {
			names = append(names, "v"+strconv.Itoa(i)+" VARCHAR")
		}
	}
	raw := g.table + "_raw"
	if err := s.exec(ctx, "CREATE TEMP TABLE "+raw+" ("+strings.Join(names, ", ")+")"); err != nil {
		return err
	}
	if err := s.appendVerdicts(ctx, g, raw); err != nil {
		return err
	}
	sel := make([]string, 0, len(names))
	for i := range g.cols {
		sel = append(sel, "x"+strconv.Itoa(i))
	}
	sel = append(sel, "reject")
	typed := append(slices.Clone(g.outputs), g.remark)
	for _, o := range typed {
		if o.constant {
			continue
		}
		if o.enum {
			if err := s.exec(ctx, "CREATE TYPE "+o.sqlType+" AS ENUM (SELECT DISTINCT "+o.column+" FROM "+raw+" WHERE "+o.column+" IS NOT NULL ORDER BY 1)"); err != nil {
				return err
			}
		}
		sel = append(sel, o.column+"::"+o.sqlType+" AS "+o.column)
	}
	if err := s.exec(ctx, "CREATE TEMP TABLE "+g.table+" AS SELECT "+strings.Join(sel, ", ")+" FROM "+raw); err != nil {
		return err
	}
	return s.exec(ctx, "DROP TABLE "+raw)
}

// describe finds which outputs are the same for every kept key.
func (g *group) describe(ds *guichet.Dataset) {
	g.outputs = make([]output, len(g.Fields))
	one := func(field, column string, at func(guichet.Verdict) string) output {
		o := output{field: field, constant: true, column: column, sqlType: "e_" + g.table + "_" + column, enum: true}
		if f, ok := ds.Field(field); ok && f.Type != guichet.TypeText {
			o.sqlType, o.enum = sqlType(f.Type), false
		}
		first := true
		for _, v := range g.verdicts {
			if v.Reject != "" {
				continue
			}
			x := at(v)
			if first {
				o.value, first = x, false
			} else if x != o.value {
				o.constant = false
				break
			}
		}
		return o
	}
	for i, f := range g.Fields {
		g.outputs[i] = one(f, "v"+strconv.Itoa(i), func(v guichet.Verdict) string {
			if i < len(v.Values) {
				return v.Values[i]
			}
			return ""
		})
	}
	g.remark = one(guichet.FieldRemark, "remark", func(v guichet.Verdict) string { return strings.Join(v.Remarks, " ") })
	g.reject = slices.ContainsFunc(g.verdicts, func(v guichet.Verdict) bool { return v.Reject != "" })
}

func (s *stager) appendVerdicts(ctx context.Context, g *group, table string) error {
	return s.conn.Raw(func(dc any) error {
		c, ok := dc.(driver.Conn)
		if !ok {
			return fmt.Errorf("engine connection is a %T", dc)
		}
		app, err := duckdb.NewAppender(c, "temp", "main", table)
		if err != nil {
			return fmt.Errorf("append verdicts: %w", err)
		}
		for i, v := range g.verdicts {
			if i%65536 == 0 && ctx.Err() != nil {
				_ = app.Close()
				return ctx.Err()
			}
			if err := app.AppendRow(g.line(i, v)...); err != nil {
				_ = app.Close()
				return fmt.Errorf("append verdict: %w", err)
			}
		}
		return app.Close()
	})
}

// line is one row of a group's table.
func (g *group) line(i int, v guichet.Verdict) []driver.Value {
	row := make([]driver.Value, 0, len(g.cols)+len(g.outputs)+2)
	for _, k := range g.keys[i] {
		row = append(row, k)
	}
	orNull := func(x string) driver.Value {
		if x == "" {
			return nil
		}
		return x
	}
	row = append(row, orNull(v.Reject), orNull(strings.Join(v.Remarks, " ")))
	for j, o := range g.outputs {
		if o.constant {
			continue
		}
		x := ""
		if j < len(v.Values) {
			x = v.Values[j]
		}
		row = append(row, orNull(x))
	}
	return row
}

func prefixed(before string, xs []string, after string) []string {
	out := make([]string, len(xs))
	for i, x := range xs {
		out[i] = before + x + after
	}
	return out
}
