package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"guichet"
)

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
// ENUM, so that the join and the sort move small integers. Many keys share a
// verdict (a code's periods), so verdicts are written once and joined here.
func (s *stager) layDown(ctx context.Context, g *group) error {
	g.describe(s.ds)
	keys := make([]string, len(g.cols))
	for i := range g.cols {
		keys[i] = "x" + strconv.Itoa(i)
	}
	values := []string{"reject"}
	for _, o := range g.varying() {
		values = append(values, o.column)
	}
	for _, q := range []string{
		"CREATE TABLE " + g.table + "_keys (" + strings.Join(prefixed("", keys, " VARCHAR"), ", ") + ", verdict INTEGER)",
		"CREATE TABLE " + g.table + "_verdicts (verdict INTEGER, " + strings.Join(prefixed("", values, " VARCHAR"), ", ") + ")",
	} {
		if err := s.exec(ctx, q); err != nil {
			return err
		}
	}
	if err := s.appendVerdicts(ctx, g); err != nil {
		return err
	}
	sel := append(prefixed("k.", keys, ""), "v.reject")
	typed := []string{"verdict", "reject"}
	for _, o := range g.varying() {
		if o.enum {
			if err := s.exec(ctx, "CREATE TYPE "+o.sqlType+" AS ENUM (SELECT DISTINCT "+o.column+" FROM "+g.table+"_verdicts WHERE "+o.column+" IS NOT NULL ORDER BY 1)"); err != nil {
				return err
			}
		}
		typed = append(typed, o.column+"::"+o.sqlType+" AS "+o.column)
		sel = append(sel, "v."+o.column)
	}
	return s.exec(ctx, "CREATE TABLE "+g.table+" AS SELECT "+strings.Join(sel, ", ")+" FROM "+g.table+"_keys k JOIN (SELECT "+strings.Join(typed, ", ")+" FROM "+g.table+"_verdicts) v ON k.verdict=v.verdict")
}

// varying are the outputs that differ between keys, the remarks among them.
func (g *group) varying() []output {
	var out []output
	for _, o := range append(slices.Clone(g.outputs), g.remark) {
		if !o.constant {
			out = append(out, o)
		}
	}
	return out
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

// appendVerdicts writes each different verdict once, and the keys with the
// number of theirs.
func (s *stager) appendVerdicts(ctx context.Context, g *group) error {
	ids := map[string]int32{}
	of := make([]int32, len(g.verdicts))
	var rows [][]driver.Value
	var text strings.Builder
	for i, v := range g.verdicts {
		text.Reset()
		row := g.line(v)
		for _, x := range row {
			if t, ok := x.(string); ok {
				text.WriteString(t)
			}
			text.WriteByte(0)
		}
		id, ok := ids[text.String()]
		if !ok {
			id = int32(len(rows)) //nolint:gosec // bounded by maxKeys
			ids[text.String()] = id
			rows = append(rows, append([]driver.Value{id}, row...))
		}
		of[i] = id
	}
	if err := s.appendRows(ctx, g.table+"_verdicts", len(rows), func(i int) []driver.Value { return rows[i] }); err != nil {
		return err
	}
	key := make([]driver.Value, len(g.cols)+1)
	return s.appendRows(ctx, g.table+"_keys", len(g.keys), func(i int) []driver.Value {
		for j, k := range g.keys[i] {
			key[j] = k
		}
		key[len(g.cols)] = of[i]
		return key
	})
}

// appendRows writes n rows into a table of ours in bulk.
func (s *stager) appendRows(ctx context.Context, table string, n int, row func(int) []driver.Value) error {
	return s.conn.Raw(func(dc any) error {
		c, ok := dc.(driver.Conn)
		if !ok {
			return fmt.Errorf("engine connection is a %T", dc)
		}
		app, err := duckdb.NewAppenderFromConn(c, "", table)
		if err != nil {
			return fmt.Errorf("append: %w", err)
		}
		for i := range n {
			if i%65536 == 0 && ctx.Err() != nil {
				_ = app.Close()
				return ctx.Err()
			}
			if err := app.AppendRow(row(i)...); err != nil {
				_ = app.Close()
				return fmt.Errorf("append: %w", err)
			}
		}
		return app.Close()
	})
}

// line is a verdict as it stands in the group's table.
func (g *group) line(v guichet.Verdict) []driver.Value {
	orNull := func(x string) driver.Value {
		if x == "" {
			return nil
		}
		return x
	}
	row := []driver.Value{orNull(v.Reject)}
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
	if !g.remark.constant {
		row = append(row, orNull(strings.Join(v.Remarks, " ")))
	}
	return row
}
