package store

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"guichet"
)

// sqlType is the engine's type of a field's values.
func sqlType(t guichet.Type) string {
	switch t {
	case guichet.TypeDate:
		return "DATE"
	case guichet.TypeDecimal:
		return "DECIMAL(18,3)"
	case guichet.TypeInt:
		return "INTEGER"
	case guichet.TypeBool:
		return "BOOLEAN"
	case guichet.TypeText:
	}
	return "VARCHAR"
}

// Files that a staging writes into its folder.
const (
	dataFile    = "data.parquet"
	rejectsFile = "rejects.parquet"
)

// constType is the type in which a constant is written: an ENUM of one value,
// since Parquet's writer would hash a plain text again for every row.
func constType(f guichet.Field) string {
	if f.Type == guichet.TypeText {
		return "const_" + f.Name
	}
	return sqlType(f.Type)
}

// filling says how each field of a row is filled.
type filling struct {
	constant map[string]string   // the same in every record
	varying  map[string][]string // field -> expression per record
	enums    map[string][]string // field -> its constants, when each record has its own
}

// writeRecords joins the verdicts to every line and writes sorted Parquet.
func (s *stager) writeRecords(ctx context.Context, _ Judge) error {
	base := "(" + s.base() + ")"
	if len(s.layout.Records) > 1 || len(s.layout.Records[0].When) > 0 {
		if err := s.exec(ctx, "CREATE TEMP TABLE base AS "+s.base()); err != nil {
			return err
		}
		if err := s.conn.QueryRowContext(ctx, "SELECT count(*) FROM base").Scan(&s.out.Kept); err != nil {
			return fmt.Errorf("count kept lines: %w", err)
		}
		base = "base"
	}
	// What is put aside is found meanwhile, on a connection of its own.
	if err := s.exec(ctx, "CREATE TABLE aside (line VARCHAR, reason VARCHAR, raw VARCHAR, cause INTEGER"+strings.Join(prefixed(", ", s.numNames(), " DECIMAL(18,3)"), "")+")"); err != nil {
		return err
	}
	var g errgroup.Group
	g.Go(func() error { return s.asideByKeys(ctx) })
	g.Go(func() error { return s.copyRecords(ctx, base) })
	return g.Wait()
}

// copyRecords writes the kept records, sorted.
func (s *stager) copyRecords(ctx context.Context, base string) error {
	fill := s.fillings()
	parts := make([]string, len(s.layout.Records))
	fields := make([]string, 0, len(fill.varying))
	for _, f := range s.ds.RowFields() {
		if _, ok := fill.varying[f.Name]; ok {
			fields = append(fields, f.Name)
		}
	}
	for i := range s.layout.Records {
		sel := make([]string, len(fields))
		for j, f := range fields {
			sel[j] = fill.varying[f][i] + " AS " + f
		}
		if len(sel) == 0 {
			sel = []string{"1 AS nothing"}
		}
		parts[i] = "SELECT " + strings.Join(sel, ", ") + " FROM " + base
		if len(s.layout.Records[i].When) > 0 {
			parts[i] += fmt.Sprintf(" WHERE w%d", i)
		}
	}
	var order []string
	for _, f := range s.ds.Sort {
		if slices.Contains(fields, f) {
			order = append(order, f)
		}
	}
	inner := strings.Join(parts, " UNION ALL ")
	if len(order) > 0 {
		inner = "SELECT " + strings.Join(fields, ", ") + " FROM (" + inner + ") ORDER BY " + strings.Join(order, ", ")
	}
	out, ids := s.outColumns(fill)
	for _, f := range s.ds.RowFields() {
		if v, ok := fill.constant[f.Name]; ok && f.Type == guichet.TypeText {
			if err := s.exec(ctx, "CREATE TYPE "+constType(f)+" AS ENUM ("+lit(v)+")"); err != nil {
				return err
			}
		}
		if vals := fill.enums[f.Name]; len(vals) > 0 {
			slices.Sort(vals)
			if err := s.exec(ctx, "CREATE TYPE each_"+f.Name+" AS ENUM ("+strings.Join(slices.Compact(vals), ", ")+")"); err != nil {
				return err
			}
		}
	}
	path := filepath.Join(s.cfg.Dir, dataFile)
	query := "COPY (SELECT " + strings.Join(out, ", ") + " FROM (" + inner + ")) TO " + lit(path) +
		" (FORMAT parquet, COMPRESSION zstd, FIELD_IDS {" + strings.Join(ids, ", ") + "})"
	if err := s.exec(ctx, query); err != nil {
		return err
	}
	s.out.Data = dataFile
	if base == "base" {
		return s.exec(ctx, "DROP TABLE base")
	}
	query = "SELECT count(*) FROM read_parquet(" + lit(path) + ")"
	if err := s.conn.QueryRowContext(ctx, query).Scan(&s.out.Kept); err != nil {
		return fmt.Errorf("count kept lines: %w", err)
	}
	return nil
}

// base joins lines and verdicts and leaves out the lines put aside: varying
// outputs as kN_vM, numbers as nN, record conditions as wN. Every number is
// worked out once, inside; the outer WHERE only looks at it.
func (s *stager) base() string {
	inner, outer, joins, where := []string{}, []string{}, "", []string{}
	keep := func(expr, name string) {
		inner, outer = append(inner, expr+" AS "+name), append(outer, name)
	}
	for _, g := range s.groups {
		needed := g.reject || !g.remark.constant
		for _, o := range append(slices.Clone(g.outputs), g.remark) {
			if !o.constant {
				needed = true
				keep(g.table+"."+o.column, g.table+"_"+o.column)
			}
		}
		if needed {
			joins += " JOIN " + g.table + " ON " + g.on()
		}
		if g.reject {
			keeps := g.table + ".reject IS NULL"
			if g.when != "" {
				keeps = "(NOT " + g.when + " OR " + keeps + ")"
			}
			where = append(where, keeps)
		}
	}
	for _, c := range s.copied {
		keep(c.text(), c.name())
	}
	if bad := s.badCopied(); bad != "" {
		where = append(where, "NOT "+bad)
	}
	bad := make([]string, len(s.nums))
	for i, n := range s.nums {
		keep("("+n.typed()+")", "n"+strconv.Itoa(i))
		bad[i] = "NOT " + n.bad("n"+strconv.Itoa(i))
	}
	for _, c := range s.otherColumns(nil) {
		inner = append(inner, "src."+c)
	}
	for i := range s.layout.Records {
		if w, _ := s.condition(s.layout.Records[i].When); w != "" {
			outer = append(outer, "("+w+") AS w"+strconv.Itoa(i))
		}
	}
	if len(inner) == 0 {
		inner, outer = []string{"1 AS one"}, []string{"one"}
	}
	q := "SELECT " + strings.Join(inner, ", ") + " FROM (SELECT " + strings.Join(s.keyColumns(), ", ") + " FROM " + s.source(false) + ") src" + joins
	if len(where) > 0 {
		q += " WHERE " + strings.Join(where, " AND ")
	}
	q = "SELECT " + strings.Join(outer, ", ") + " FROM (" + q + ")"
	if len(bad) > 0 {
		q += " WHERE " + strings.Join(bad, " AND ")
	}
	return q
}

// on joins a group's table to the lines.
func (g *group) on() string {
	eq := make([]string, len(g.cols))
	for i, c := range g.cols {
		eq[i] = "src." + c + "=" + g.table + ".x" + strconv.Itoa(i)
	}
	return strings.Join(eq, " AND ")
}

// fillings works out, field by field, what fills it in each record.
func (s *stager) fillings() filling {
	fill := filling{constant: map[string]string{}, varying: map[string][]string{}, enums: map[string][]string{}}
	for _, f := range s.ds.RowFields() {
		exprs, values := make([]string, len(s.layout.Records)), make([]string, len(s.layout.Records))
		constant := true
		for i, r := range s.layout.Records {
			var one bool
			exprs[i], values[i], one = s.fieldIn(f, i, r)
			constant = constant && one
		}
		same := !slices.ContainsFunc(values, func(v string) bool { return v != values[0] })
		switch {
		case constant && same && values[0] == "":
		case constant && same:
			fill.constant[f.Name] = values[0]
		case constant && f.Type == guichet.TypeText:
			// Another constant in each record: an ENUM of these moves through the
			// sort as a small integer.
			for i, v := range values {
				exprs[i] = "NULL::each_" + f.Name
				if v != "" {
					exprs[i] = lit(v) + "::each_" + f.Name
					fill.enums[f.Name] = append(fill.enums[f.Name], lit(v))
				}
			}
			fill.varying[f.Name] = exprs
		default:
			fill.varying[f.Name] = exprs
		}
	}
	return fill
}

// fieldIn says what fills a field in one record: an expression over base, and
// the constant when it is one.
func (s *stager) fieldIn(f guichet.Field, i int, r guichet.RecordMap) (expr, value string, constant bool) {
	typed := func(v string) string {
		if v == "" {
			return "NULL::" + sqlType(f.Type)
		}
		return lit(v) + "::" + sqlType(f.Type)
	}
	switch f.Name {
	case guichet.FieldSubmission:
		return typed(s.cfg.Submission), s.cfg.Submission, true
	case guichet.FieldRemark:
		return s.remarkIn(r)
	}
	if v, ok := r.Constants[f.Name]; ok {
		return typed(v), v, true
	}
	if f.Role == guichet.Measure {
		j := slices.IndexFunc(s.nums, func(n *number) bool { return n.record == i && n.measure == f.Name })
		if j < 0 {
			return typed(""), "", true
		}
		return "n" + strconv.Itoa(j), "", false
	}
	if c, ok, err := s.copiedIn(r, f.Name); ok && err == nil { // collectCopied has told of an error
		return c.name(), "", false
	}
	for _, g := range s.groups {
		if !r.Uses(g.KeyGroup) {
			continue
		}
		for _, o := range g.outputs {
			switch {
			case o.field != f.Name:
			case o.constant:
				return typed(o.value), o.value, true
			default:
				return g.table + "_" + o.column, "", false
			}
		}
	}
	if f.Name == guichet.FieldReporter && s.cfg.Reporter != "" {
		return typed(s.cfg.Reporter), s.cfg.Reporter, true
	}
	return typed(""), "", true
}

// remarkIn joins the remarks of a record's groups.
func (s *stager) remarkIn(r guichet.RecordMap) (expr, value string, constant bool) {
	var fixed, vary []string
	if v := r.Constants[guichet.FieldRemark]; v != "" {
		fixed = append(fixed, v)
	}
	for _, g := range s.groups {
		switch {
		case !r.Uses(g.KeyGroup):
		case !g.remark.constant:
			vary = append(vary, g.table+"_remark")
		case g.remark.value != "":
			fixed = append(fixed, g.remark.value)
		}
	}
	all := strings.Join(fixed, " ")
	switch {
	case len(vary) == 0 && all == "":
		return "NULL::VARCHAR", "", true
	case len(vary) == 0:
		return lit(all), all, true
	case len(vary) == 1 && all == "":
		return vary[0], "", false
	}
	args := prefixed("", vary, "::VARCHAR")
	if all != "" {
		args = append(args, lit(all))
	}
	return "nullif(concat_ws(' ', " + strings.Join(args, ", ") + "), '')", "", false
}

// outColumns writes the final columns in the order of their ids. A field that
// nothing fills is not written: readers take it for absent by its id.
func (s *stager) outColumns(fill filling) (out, ids []string) {
	s.out.Filled = map[string]string{}
	for _, f := range s.ds.RowFields() {
		v, constant := fill.constant[f.Name]
		_, varying := fill.varying[f.Name]
		switch {
		case constant:
			out = append(out, lit(v)+"::"+constType(f)+" AS "+f.Name)
			s.out.Filled[f.Name] = v
		case varying:
			out = append(out, asWritten(s.ds, f))
			s.out.Filled[f.Name] = ""
		case f.Required:
			out = append(out, "NULL::"+sqlType(f.Type)+" AS "+f.Name)
		default:
			continue
		}
		if f.Role == guichet.Private {
			s.out.Filled[f.Name] = "" // what is constant is told, and this never
		}
		ids = append(ids, f.Name+": "+strconv.Itoa(f.ID))
	}
	return out, ids
}

// csvError turns what the engine says of a text into the file's fault.
func (s *stager) csvError(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, sign := range []string{"unquoted value", "unterminated", "Maximum line size"} {
		if strings.Contains(text, sign) {
			e := guichet.Errorf(guichet.KindInvalid, "the text cannot be cut into columns: %s", firstLine(text)).WithHint("look at the line with an editor; a quote may be missing")
			e.Err = err
			return e
		}
	}
	return err
}
