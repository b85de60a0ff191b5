package store

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"guichet"
)

// Records leave as they are, row for row, as an Arrow IPC stream: of 10 million
// rows no more than a few batches stand in memory at a time. The engine's usual
// way makes the whole result first, outside of its own limit of memory (10
// million rows of eight columns: 1.1 GB under a limit of 200 MiB), so records
// have an engine of their own that hands them out while it reads.

const (
	// streamMemoryMiB bounds that engine.
	streamMemoryMiB = 256
	// mostStreams run at once; others wait their turn.
	mostStreams = 4
)

// Stream writes the rows of a plan as they are, not their sums, as one Arrow
// IPC stream, and returns how many they were: the columns of Plan.By, then
// Plan.Measures; Plan.Constant tells fields that stand in submissions. Rows come
// part by part in the order in which they are kept. An error may come after
// bytes were written: the stream then has no end.
//
// A plan that is Grouped gives sums instead, see grouped.
func (s *Store) Stream(ctx context.Context, p guichet.Plan, w io.Writer) (int64, error) {
	ds, err := s.Dataset(p.Dataset)
	if err != nil {
		return 0, err
	}
	if err := noPrivate(ds, p); err != nil {
		return 0, err
	}
	cols, err := streamColumns(ds, p)
	if err != nil {
		return 0, err
	}
	schema, err := streamSchema(cols)
	if err != nil {
		return 0, err
	}
	r, err := s.read(ctx, ds.Name)
	if err != nil {
		return 0, err
	}
	defer r.end()
	var parts []streamPart
	group := grouped{ds: ds, cols: cols}
	for _, part := range p.Parts {
		open, err := s.filesFor(ctx, ds, asked{p, part})
		if err != nil {
			return 0, err
		}
		if len(open.files) == 0 {
			continue
		}
		if p.Grouped {
			group.add(part, open)
			continue
		}
		parts = append(parts, streamStatement(ds, part, open, cols))
	}
	if len(group.inner) > 0 {
		parts = append(parts, group.statement())
	}
	return s.streaming.run(ctx, s, streamed{ds, schema, parts}, w)
}

// streamed is what is written to one stream.
type streamed struct {
	ds     *guichet.Dataset
	schema *arrow.Schema
	parts  []streamPart
}

// streamPart is one statement of a stream.
type streamPart struct {
	query   string
	args    []any
	partial []guichet.Holding // submissions of which only some units count
	fixed   []*string         // by column: the text of every row; nil where the statement gives it
}

// streamColumn is one column of a stream.
type streamColumn struct {
	name     string
	expr     string
	typ      guichet.Type
	field    string            // of a text that rows hold as it is
	constant map[string]string // of a field that stands in submissions: id -> value
	whole    string            // of a measure that is added up: whether a row has it; "" of others
}

// fixedIn returns the text that a column has in every row of a part, where the
// part says it: half of the columns of most records. The engine does not have to
// write them out, row for row.
func (c streamColumn) fixedIn(part guichet.PlanPart) *string {
	if c.constant != nil && len(part.Submissions) > 0 {
		v := c.constant[part.Submissions[0]]
		if slices.ContainsFunc(part.Submissions, func(id string) bool { return c.constant[id] != v }) {
			return nil
		}
		return &v
	}
	if c.field == guichet.FieldSubmission && len(part.Submissions) == 1 {
		return &part.Submissions[0]
	}
	for _, clause := range part.Clauses {
		if c.field != "" && clause.Field == c.field && !clause.Not && len(clause.Prefix) == 0 && len(clause.In) == 1 && clause.In[0] != "" {
			return &clause.In[0]
		}
	}
	return nil
}

func streamColumns(ds *guichet.Dataset, p guichet.Plan) ([]streamColumn, error) {
	var out []streamColumn
	for _, by := range p.By {
		f, ok := ds.Field(by)
		_, _, classified := ds.ClassificationBy(by)
		switch {
		case ok && f.Place == guichet.InSubmission:
			constant := p.Constant[by]
			if constant == nil {
				constant = map[string]string{}
			}
			out = append(out, streamColumn{name: by, expr: constantOf(constant, submissionsOf(p)), typ: guichet.TypeText, constant: constant})
		case ok && f.Role != guichet.Measure:
			c := streamColumn{name: by, expr: "r." + f.Name + "::" + sqlType(f.Type), typ: f.Type}
			if f.Type == guichet.TypeText {
				c.field = f.Name
			}
			out = append(out, c)
		case classified:
			out = append(out, streamColumn{name: by, expr: keyOf(ds, by), typ: guichet.TypeText})
		default:
			return nil, guichet.Errorf(guichet.KindInvalid, "rows of %s have no column %q", ds.Name, by)
		}
	}
	for _, m := range p.Measures {
		f, ok := ds.Field(m)
		if !ok || f.Role != guichet.Measure || f.Place != guichet.InRow {
			return nil, guichet.Errorf(guichet.KindInvalid, "rows of %s have no measure %q", ds.Name, m)
		}
		c := streamColumn{name: m, expr: "r." + f.Name + "::" + sqlType(f.Type), typ: f.Type}
		if p.Grouped {
			c.whole = wholeOf(ds, f)
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, guichet.Errorf(guichet.KindInvalid, "no column of %s was asked for", ds.Name)
	}
	return out, nil
}

// submissionsOf are the submissions of a plan.
func submissionsOf(p guichet.Plan) []string {
	var out []string
	for _, part := range p.Parts {
		out = append(out, part.Submissions...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// constantOf is the expression of a field that stands in the submissions; most
// plans have one value for all.
func constantOf(values map[string]string, subs []string) string {
	distinct := map[string][]string{} // value -> submissions
	for _, id := range subs {
		distinct[values[id]] = append(distinct[values[id]], lit(id))
	}
	var expr strings.Builder
	for _, v := range slices.Sorted(maps.Keys(distinct)) {
		if len(distinct) == 1 {
			return lit(v)
		}
		expr.WriteString(" WHEN r.submission IN (" + strings.Join(distinct[v], ",") + ") THEN " + lit(v))
	}
	if expr.Len() == 0 {
		return "''"
	}
	return "CASE" + expr.String() + " END"
}

func streamStatement(ds *guichet.Dataset, part guichet.PlanPart, open opened, cols []streamColumn) streamPart {
	where, args := whereOf(ds, part, open)
	if len(open.partial) > 0 {
		where = append(where, wantedUnits(ds, open.partial))
	}
	var sel []string
	fixed := make([]*string, len(cols))
	for i, c := range cols {
		if fixed[i] = c.fixedIn(part); fixed[i] != nil && len(sel)+len(cols)-i > 1 { // one must stand in the statement
			continue
		}
		fixed[i] = nil
		sel = append(sel, "("+c.expr+")::"+sqlType(c.typ)+" AS c"+lettered(i))
	}
	shown, held := strings.Join(sel, ", "), strings.Join(where, " AND ")
	query := "SELECT " + shown + " FROM " + readMentioned(ds, open.files, shown+" "+held) + " r WHERE " + held
	return streamPart{query: query, args: args, partial: open.partial, fixed: fixed}
}

// lettered numbers a column by a letter for each digit, so that no part of the
// name is taken for a field.
func lettered(i int) string {
	out := ""
	for ; i > 0 || out == ""; i /= 10 {
		out = string(rune('a'+i%10)) + out
	}
	return out
}

// streamSchema says what stands in a stream, whatever the engine would call it.
func streamSchema(cols []streamColumn) (*arrow.Schema, error) {
	fields := make([]arrow.Field, len(cols))
	for i, c := range cols {
		var t arrow.DataType
		switch c.typ {
		case guichet.TypeText:
			t = arrow.BinaryTypes.String
		case guichet.TypeDate:
			t = arrow.FixedWidthTypes.Date32
		case guichet.TypeDecimal:
			t = &arrow.Decimal128Type{Precision: 18, Scale: 3}
			if c.whole != "" {
				t = &arrow.Decimal128Type{Precision: 38, Scale: 3}
			}
		case guichet.TypeInt:
			t = arrow.PrimitiveTypes.Int32
		case guichet.TypeBool:
			t = arrow.FixedWidthTypes.Boolean
		default:
			return nil, guichet.Errorf(guichet.KindInternal, "the column %s has the unknown type %q", c.name, c.typ)
		}
		fields[i] = arrow.Field{Name: c.name, Type: t, Nullable: true}
	}
	return arrow.NewSchema(fields, nil), nil
}
