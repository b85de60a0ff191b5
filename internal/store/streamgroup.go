package store

import (
	"slices"
	"strings"

	"guichet"
)

// grouped is the one statement of a stream of sums: the rows of all parts that
// are alike in the columns asked for are one record, in no order. So no row leaves
// that is finer than the columns say.
//
// A measure of a record is the sum of its rows. It has none where one of them has
// no figure, or a quantity has no unit: a sum of some cannot stand for all, nor
// pairs be added to boxes. Remarks do not tell rows apart: a record has those of
// all of its rows.
type grouped struct {
	ds      *guichet.Dataset
	cols    []streamColumn
	inner   []string
	args    []any
	partial []guichet.Holding
	parts   []guichet.PlanPart
}

// wideDecimal is the type of sums of figures, as streamSchema names it.
const wideDecimal = "DECIMAL(38,3)"

// wholeOf is the expression of whether a row has a measure that may be added.
func wholeOf(ds *guichet.Dataset, f guichet.Field) string {
	if u, ok := ds.Field(f.Unit); ok && u.Place == guichet.InRow {
		return "r." + f.Name + " IS NOT NULL AND r." + u.Name + " IS NOT NULL"
	}
	return "r." + f.Name + " IS NOT NULL"
}

// add adds the rows of one part.
func (g *grouped) add(part guichet.PlanPart, open opened) {
	where, args := whereOf(g.ds, part, open)
	if len(open.partial) > 0 {
		where = append(where, wantedUnits(g.ds, open.partial))
	}
	var sel []string
	for i, c := range g.cols {
		sel = append(sel, "("+c.expr+")::"+sqlType(c.typ)+" AS c"+lettered(i))
		if c.whole != "" {
			sel = append(sel, "("+c.whole+") AS w"+lettered(i))
		}
	}
	shown, held := strings.Join(sel, ", "), strings.Join(where, " AND ")
	g.inner = append(g.inner, "SELECT "+shown+" FROM "+readMentioned(g.ds, open.files, shown+" "+held)+" r WHERE "+held)
	g.args, g.partial, g.parts = append(g.args, args...), append(g.partial, open.partial...), append(g.parts, part)
}

// statement adds the rows of all parts up, in two steps: first those that are
// alike in their remarks too, so that each remark comes once into a record without
// a set of texts for each (twenty times as slow).
func (g *grouped) statement() streamPart {
	out := streamPart{args: g.args, partial: g.partial, fixed: make([]*string, len(g.cols))}
	var first, sel, each, by []string
	for i, c := range g.cols {
		name, whole := "c"+lettered(i), "w"+lettered(i)
		switch {
		case c.whole != "":
			first = append(first, "sum("+name+") AS "+name, "bool_and("+whole+") AS "+whole)
			sel = append(sel, "(CASE WHEN bool_and("+whole+") THEN sum("+name+") END)::"+wideDecimal+" AS "+name)
		case c.field == guichet.FieldRemark:
			first, each = append(first, name), append(each, name)
			sel = append(sel, "string_agg("+name+", ' ') AS "+name)
		default:
			if out.fixed[i] = g.fixed(c); out.fixed[i] == nil || len(sel)+len(g.cols)-i == 1 { // one must stand in the statement
				out.fixed[i] = nil
				first, each = append(first, name), append(each, name)
				sel, by = append(sel, name), append(by, name)
			}
		}
	}
	inner := "SELECT " + strings.Join(first, ", ") + " FROM (" + strings.Join(g.inner, " UNION ALL ") + ")" + groupBy(each)
	out.query = "SELECT " + strings.Join(sel, ", ") + " FROM (" + inner + ")" + groupBy(by)
	return out
}

// groupBy groups by columns; without any there is one record, and none of no row.
func groupBy(columns []string) string {
	if len(columns) == 0 {
		return " HAVING count(*) > 0"
	}
	return " GROUP BY " + strings.Join(columns, ", ")
}

// fixed returns the text that a column has in every row of all parts, nil where
// it has others.
func (g *grouped) fixed(c streamColumn) *string {
	first := c.fixedIn(g.parts[0])
	if first == nil || slices.ContainsFunc(g.parts, func(p guichet.PlanPart) bool {
		v := c.fixedIn(p)
		return v == nil || *v != *first
	}) {
		return nil
	}
	return first
}
