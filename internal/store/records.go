package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

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

// filling says how each field of a row is filled.
type filling struct {
	constant map[string]string   // the same in every record
	varying  map[string][]string // field -> expression per record
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
// outputs as kN_vM, numbers as nN, record conditions as wN.
func (s *stager) base() string {
	sel, joins, where := []string{}, []string{}, []string{}
	cols, _ := s.groupingSets()
	for _, g := range s.groups {
		needed := g.reject || !g.remark.constant
		for _, o := range append(slices.Clone(g.outputs), g.remark) {
			if !o.constant {
				needed = true
				sel = append(sel, g.table+"."+o.column+" AS "+g.table+"_"+o.column)
			}
		}
		if needed {
			joins = append(joins, " JOIN "+g.table+" ON "+g.on())
		}
		if g.reject {
			where = append(where, g.table+".reject IS NULL")
		}
	}
	for i, n := range s.nums {
		sel = append(sel, n.typed()+" AS n"+strconv.Itoa(i))
		where = append(where, "NOT "+n.bad())
	}
	for i := range s.layout.Records {
		if w, _ := s.condition(s.layout.Records[i].When); w != "" {
			sel = append(sel, "("+w+") AS w"+strconv.Itoa(i))
		}
	}
	if len(sel) == 0 {
		sel = []string{"1 AS one"}
	}
	q := "SELECT " + strings.Join(sel, ", ") + " FROM (SELECT " + strings.Join(s.keyColumns(cols), ", ") + " FROM " + s.source(false) + ") src" + strings.Join(joins, "")
	if len(where) > 0 {
		q += " WHERE " + strings.Join(where, " AND ")
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
	fill := filling{constant: map[string]string{}, varying: map[string][]string{}}
	for _, f := range s.ds.RowFields() {
		exprs := make([]string, len(s.layout.Records))
		same, isConst := "", true
		for i, r := range s.layout.Records {
			expr, value, constant := s.fieldIn(f, i, r)
			exprs[i] = expr
			if i == 0 {
				same = value
			}
			isConst = isConst && constant && value == same
		}
		if isConst {
			if same != "" {
				fill.constant[f.Name] = same
			}
			continue
		}
		fill.varying[f.Name] = exprs
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
			out = append(out, lit(v)+"::"+sqlType(f.Type)+" AS "+f.Name)
			s.out.Filled[f.Name] = v
		case varying:
			out = append(out, f.Name)
			s.out.Filled[f.Name] = ""
		case f.Required:
			out = append(out, "NULL::"+sqlType(f.Type)+" AS "+f.Name)
		default:
			continue
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
			return &guichet.Error{Kind: guichet.KindInvalid, Message: "the text cannot be cut into columns: " + firstLine(text), Hint: "look at the line with an editor; a quote may be missing", Err: err}
		}
	}
	return err
}

// writeRejects reads the text once more, only when something must be put
// aside, and writes those lines with their place and reason.
func (s *stager) writeRejects(ctx context.Context, _ Judge) error {
	if err := s.exec(ctx, "CREATE TEMP TABLE aside (line VARCHAR, reason VARCHAR, raw VARCHAR"+strings.Join(prefixed(", ", s.numNames(), " DECIMAL(18,3)"), "")+")"); err != nil {
		return err
	}
	if s.mayReject() {
		if err := s.exec(ctx, s.rejectsQuery()); err != nil {
			return err
		}
	}
	place, text := s.raggedPlace()
	if err := s.exec(ctx, "INSERT INTO aside (line, reason, raw) SELECT "+place+", 'ragged_line', left("+text+", 2000) FROM ragged_lines"); err != nil {
		return err
	}
	return s.countRejects(ctx)
}

// mayReject says whether any line can have been put aside after it was cut.
func (s *stager) mayReject() bool {
	return s.out.Kept != s.out.Lines || slices.ContainsFunc(s.groups, func(g *group) bool { return g.reject })
}

func (s *stager) numNames() []string {
	out := make([]string, len(s.nums))
	for i := range s.nums {
		out[i] = "n" + strconv.Itoa(i)
	}
	return out
}

// rejectsQuery finds the lines put aside. The first fault names the reason:
// groups in their order, then numbers.
func (s *stager) rejectsQuery() string {
	cols := make([]string, len(s.layout.Columns))
	for i := range cols {
		cols[i] = "coalesce(c" + strconv.Itoa(i) + ",'') AS c" + strconv.Itoa(i)
	}
	joins, reasons := "", []string{}
	for _, g := range s.groups {
		if g.reject {
			joins += " JOIN " + g.table + " ON " + g.on()
			reasons = append(reasons, g.table+".reject")
		}
	}
	for _, n := range s.nums {
		why := guichet.RejectNotANumber
		if n.spec.Required {
			reasons = append(reasons, "CASE WHEN "+n.guarded(n.absent())+" THEN "+lit(guichet.RejectNoFigure)+" END")
		}
		reasons = append(reasons, "CASE WHEN "+n.bad()+" THEN "+lit(why)+" END")
	}
	line := "(row_number() OVER ())" + map[bool]string{true: " + 1", false: ""}[s.layout.Header] + ""
	if s.layout.Line != "" {
		if c, err := s.column(s.layout.Line); err == nil {
			line = c
		}
	}
	nums := make([]string, len(s.nums))
	for i, n := range s.nums {
		nums[i] = ", CASE WHEN " + n.guarded("true") + " THEN " + n.typed() + " END"
	}
	raw := make([]string, 0, len(s.layout.Columns))
	for i, name := range s.layout.Columns {
		if name != s.layout.Line {
			raw = append(raw, "c"+strconv.Itoa(i))
		}
	}
	sep := lit(s.layout.Delimiter)
	inner := "SELECT " + strings.Join(cols, ", ") + " FROM " + s.source(false)
	numbered := "SELECT (" + line + ")::VARCHAR AS line, * FROM (" + inner + ")"
	why := "coalesce(" + strings.Join(append(reasons, "NULL"), ", ") + ")"
	return "INSERT INTO aside SELECT src.line, " + why + ", left(concat_ws(" + sep + ", " + strings.Join(raw, ", ") + "), 2000)" + strings.Join(nums, "") +
		" FROM (" + numbered + ") src" + joins + " WHERE " + why + " IS NOT NULL"
}

// guarded limits an expression to the lines that give the number's record.
func (n *number) guarded(expr string) string {
	if n.when == "" {
		return "(" + expr + ")"
	}
	return "((" + n.when + ") AND (" + expr + "))"
}

// raggedLines gathers the lines that could not be cut, each once (the engine
// tells a line as often as it has columns too few or too many), and adds them
// to the count of lines.
func (s *stager) raggedLines(ctx context.Context) error {
	for _, q := range []string{
		"CREATE TEMP TABLE IF NOT EXISTS ragged (file_id BIGINT, line BIGINT, line_byte_position BIGINT, csv_line VARCHAR)",
		"CREATE TEMP TABLE ragged_lines AS SELECT min(line) AS line, min(csv_line) AS csv_line FROM ragged GROUP BY file_id, line_byte_position",
	} {
		if err := s.exec(ctx, q); err != nil {
			return err
		}
	}
	var n int64
	if err := s.conn.QueryRowContext(ctx, "SELECT count(*) FROM ragged_lines").Scan(&n); err != nil {
		return fmt.Errorf("count ragged lines: %w", err)
	}
	s.out.Lines += n
	return nil
}

// raggedPlace are the expressions of where a line that could not be cut stood,
// and of its text. A text with a column of places begins such a line with its
// place and gives the rest whole, as one field:
//
//	17,"2025-01,0103"
func (s *stager) raggedPlace() (place, text string) {
	l := s.layout
	if l.Line == "" || l.Line != l.Columns[0] || l.Delimiter != "," || l.Quote != `"` {
		return "line::VARCHAR", "csv_line"
	}
	const first = `("(?:[^"]|"")*"|[^,"]+),`
	unquoted := func(x string) string {
		return "regexp_replace(replace(regexp_replace(" + x + `, '^"((?:[^"]|"")*)"$', '\1'), '""', '"'), '\n+$', '')`
	}
	place = "coalesce(nullif(" + unquoted("regexp_extract(csv_line, '^"+first+"', 1)") + ", ''), line::VARCHAR)"
	return place, unquoted("regexp_replace(csv_line, '^" + first + "', '')")
}

// countRejects writes the lines put aside to Parquet and counts them by reason.
func (s *stager) countRejects(ctx context.Context) error {
	mainNum := slices.IndexFunc(s.nums, func(n *number) bool { return n.measure == s.ds.Main })
	value := "0"
	if mainNum >= 0 {
		value = "coalesce(sum(n" + strconv.Itoa(mainNum) + "),0)"
	}
	rows, err := s.conn.QueryContext(ctx, "SELECT reason, count(*), ("+value+")::VARCHAR, min('line ' || line || ': ' || left(raw, 160)) FROM aside GROUP BY reason ORDER BY 2 DESC, 1")
	if err != nil {
		return fmt.Errorf("count lines put aside: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var c guichet.Count
		var v string
		if err := rows.Scan(&c.Code, &c.Rows, &v, &c.Example); err != nil {
			return fmt.Errorf("count lines put aside: %w", err)
		}
		if c.Value, err = guichet.ParseDecimal(v); err != nil {
			return err
		}
		s.out.Aside += c.Rows
		s.out.Reasons = append(s.out.Reasons, c)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("count lines put aside: %w", err)
	}
	if s.out.Aside == 0 {
		return nil
	}
	path := filepath.Join(s.cfg.Dir, rejectsFile)
	if err := s.exec(ctx, "COPY (SELECT line, reason, raw FROM aside) TO "+lit(path)+" (FORMAT parquet, COMPRESSION zstd)"); err != nil {
		_ = os.Remove(path)
		return err
	}
	s.out.Rejects = rejectsFile
	return nil
}
