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

// writeRejects completes the table of lines put aside and writes it out.
func (s *stager) writeRejects(ctx context.Context, _ Judge) error {
	place, text := s.raggedPlace()
	if err := s.exec(ctx, "INSERT INTO aside (line, reason, raw) SELECT "+place+", "+lit(guichet.RejectColumns)+", left("+text+", 2000) FROM ragged_lines"); err != nil {
		return err
	}
	var have int64
	if err := s.conn.QueryRowContext(ctx, "SELECT count(*) FROM aside").Scan(&have); err != nil {
		return fmt.Errorf("count lines put aside: %w", err)
	}
	if s.out.Kept+have < s.out.Lines {
		if err := s.exec(ctx, s.rejectsQuery(true)); err != nil {
			return err
		}
	}
	if err := s.renumber(ctx); err != nil {
		return err
	}
	return s.countRejects(ctx)
}

// renumber moves the lines that were counted by the engine behind the lines
// that it could not cut and did not count: the k-th of those, on line n, comes
// before whatever was counted as more than n-k.
func (s *stager) renumber(ctx context.Context) error {
	if s.layout.Line != "" || len(s.layout.Files) != 1 {
		return nil // the text says its places itself, or they mean little
	}
	return s.exec(ctx, "UPDATE aside SET line = (aside.line::BIGINT + moved.k)::VARCHAR FROM (SELECT a.rowid AS id, r.k FROM aside a ASOF JOIN ("+
		"SELECT after, max(k) AS k FROM (SELECT line - row_number() OVER (ORDER BY line) AS after, row_number() OVER (ORDER BY line) AS k FROM ragged_lines) GROUP BY after"+
		") r ON a.line::BIGINT > r.after WHERE a.reason <> "+lit(guichet.RejectColumns)+") moved WHERE moved.id = aside.rowid")
}

// asideByKeys finds the lines with a rejected key, beside the writing of the
// others: counting lines keeps one core busy at most.
func (s *stager) asideByKeys(ctx context.Context) error {
	if !slices.ContainsFunc(s.groups, func(g *group) bool { return g.reject }) {
		return nil
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("put lines aside: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, s.rejectsQuery(false)); err != nil {
		return fmt.Errorf("put lines aside: %w", err)
	}
	return nil
}

func (s *stager) numNames() []string {
	out := make([]string, len(s.nums))
	for i := range s.nums {
		out[i] = "n" + strconv.Itoa(i)
	}
	return out
}

// rejectsQuery finds lines put aside: those with a rejected key, or, asked for
// numbers, the others that hold a number that is none. The first fault names
// the reason. Counting lines runs on one core, so as little as possible is done
// on the way: the rejected keys alone are joined, and the line's text is put
// together only for what is left.
func (s *stager) rejectsQuery(numbers bool) string {
	joins, byKey, causes := "", []string{}, []string{}
	for i, g := range s.groups {
		if g.reject {
			name := "j" + strconv.Itoa(i)
			joins += " LEFT JOIN (SELECT * FROM " + g.table + " WHERE reject IS NOT NULL) " + name + " ON " + strings.ReplaceAll(g.on(), g.table+".", name+".")
			reason, wrong := name+".reject", name+".reject IS NOT NULL"
			if g.when != "" {
				reason, wrong = "CASE WHEN "+g.when+" THEN "+reason+" END", g.when+" AND "+wrong
			}
			byKey, causes = append(byKey, reason), append(causes, caused(wrong, i))
		}
	}
	why := "coalesce(" + strings.Join(append(byKey, "NULL"), ", ") + ")"
	if numbers {
		var faults []string
		faults, causes = s.numberFaults()
		why = "CASE WHEN " + why + " IS NULL THEN coalesce(" + strings.Join(append(faults, "NULL"), ", ") + ") END"
	}
	cause := "coalesce(" + strings.Join(append(causes, "NULL"), ", ") + ")"
	cols, raw := make([]string, len(s.layout.Columns)), []string{}
	for i, name := range s.layout.Columns {
		c := "c" + strconv.Itoa(i)
		cols[i] = c
		if s.empty[c] {
			cols[i] = "coalesce(" + c + ",'') AS " + c
		}
		if name != s.layout.Line {
			raw = append(raw, "coalesce("+c+",'')")
		}
	}
	line := "(row_number() OVER ())" + map[bool]string{true: " + 1", false: ""}[s.layout.Header]
	if s.layout.Line != "" {
		if c, err := s.column(s.layout.Line); err == nil {
			line = c
		}
	}
	sums := make([]string, len(s.nums))
	for i, n := range s.nums {
		sums[i] = ", CASE WHEN " + n.guarded("true") + " THEN " + n.typed() + " END"
	}
	numbered := "SELECT (" + line + ") AS line, " + strings.Join(cols, ", ") + " FROM " + s.source(false)
	return "INSERT INTO aside SELECT line::VARCHAR, why, left(concat_ws(" + lit(s.layout.Delimiter) + ", " + strings.Join(raw, ", ") + "), 2000), cause" + strings.Join(sums, "") +
		" FROM (SELECT src.*, " + why + " AS why, " + cause + " AS cause FROM (SELECT * FROM (" + numbered + ")" + s.suspects(numbers) + ") src" + joins + ") WHERE why IS NOT NULL"
}

// mostSuspects is how many values a condition names one by one.
const mostSuspects = 100

// suspects is a cheap condition that every line with a rejected key meets, and
// few others: a plain comparison before the joins, where the rejected values
// of one column are few. "" when it cannot be said so.
func (s *stager) suspects(numbers bool) string {
	if numbers {
		return ""
	}
	var either []string
	for _, g := range s.groups {
		if !g.reject {
			continue
		}
		best, values := "", []string(nil)
		for i, c := range g.cols {
			var vals []string
			for j, v := range g.verdicts {
				if v.Reject != "" && !slices.Contains(vals, lit(g.keys[j][i])) {
					if vals = append(vals, lit(g.keys[j][i])); len(vals) > mostSuspects {
						break
					}
				}
			}
			if len(vals) <= mostSuspects && !s.common(g, i) && (best == "" || len(vals) < len(values)) {
				best, values = c, vals
			}
		}
		if best == "" {
			return ""
		}
		either = append(either, best+" IN ("+strings.Join(values, ", ")+")")
	}
	return " WHERE " + strings.Join(either, " OR ")
}

// common says whether the rejected values of a group's column stand in kept keys
// too, so that they would single nothing out: the period of a wrong code.
func (s *stager) common(g *group, column int) bool {
	rejected := map[string]bool{}
	for j, v := range g.verdicts {
		if v.Reject != "" {
			rejected[g.keys[j][column]] = true
		}
	}
	for j, v := range g.verdicts {
		if v.Reject == "" && rejected[g.keys[j][column]] {
			return len(g.cols) > 1
		}
	}
	return false
}

// numberFaults are the reasons why a line's numbers put it aside, and its
// private texts; and which of them, as countFields reads it.
func (s *stager) numberFaults() (reasons, causes []string) {
	note := func(wrong, reason string, cause int) {
		reasons, causes = append(reasons, "CASE WHEN "+wrong+" THEN "+lit(reason)+" END"), append(causes, caused(wrong, cause))
	}
	for i, n := range s.nums {
		if n.spec.Required {
			note(n.guarded(n.absent()), guichet.RejectNoFigure, len(s.groups)+i)
		}
		note(n.bad("("+n.typed()+")"), guichet.RejectNotANumber, len(s.groups)+i)
	}
	if bad := s.badCopied(); bad != "" {
		note(bad, guichet.RejectNotAnIdentifier, len(s.groups)+len(s.nums))
	}
	return reasons, causes
}

// caused names what put a line aside: a group by its place, then a number by its own,
// then the private texts as one.
func caused(wrong string, cause int) string {
	return "CASE WHEN " + wrong + " THEN " + strconv.Itoa(cause) + " END"
}

// raggedLines gathers the lines that could not be cut, each once (the engine
// tells a line as often as it has columns too few or too many), and adds them
// to the count of lines.
func (s *stager) raggedLines(ctx context.Context) error {
	for _, q := range []string{
		"CREATE TABLE IF NOT EXISTS ragged (file_id BIGINT, line BIGINT, line_byte_position BIGINT, csv_line VARCHAR)",
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

// inFileOrder orders places: "17", or "member.csv:17" within each member.
const inFileOrder = "regexp_replace(line, '[0-9]+$', ''), try_cast(regexp_extract(line, '[0-9]+$') AS BIGINT), line"

// countRejects writes the lines put aside to Parquet and counts them by reason.
func (s *stager) countRejects(ctx context.Context) error {
	mainNum := slices.IndexFunc(s.nums, func(n *number) bool { return n.measure == s.ds.Main })
	value := "0"
	if mainNum >= 0 {
		value = "coalesce(sum(n" + strconv.Itoa(mainNum) + "),0)"
	}
	rows, err := s.conn.QueryContext(ctx, "SELECT reason, count(*), ("+value+")::VARCHAR, first('line ' || line || ': ' || left(raw, 160) ORDER BY "+inFileOrder+") FROM aside GROUP BY reason ORDER BY 2 DESC, 1")
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
	if err := s.exec(ctx, "COPY (SELECT line, reason, raw FROM aside ORDER BY "+inFileOrder+") TO "+lit(path)+" (FORMAT parquet, COMPRESSION zstd)"); err != nil {
		_ = os.Remove(path)
		return err
	}
	s.out.Rejects = rejectsFile
	return nil
}
