package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"guichet"
)

// maxKeys bounds the distinct keys of one group: a nomenclature by month has
// some 200,000; a file with more distinct keys than this is not coded.
const maxKeys = 1_000_000

// group is a key group of the layout with its place in the statements.
type group struct {
	guichet.KeyGroup
	cols     []string // engine columns
	table    string   // "k0": keys and verdicts
	keys     [][]string
	verdicts []guichet.Verdict
	outputs  []output // one per field
	reject   bool     // some key is put aside
	when     string   // the condition under which some record uses it, "" always
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

// readKeys reads the text once: the distinct keys of every group, the sum of
// each number over all lines, and the lines that could not be cut into columns.
func (s *stager) readKeys(ctx context.Context, _ Judge) error {
	if err := s.collectGroups(); err != nil {
		return err
	}
	if err := s.collectNumbers(); err != nil {
		return err
	}
	sets, err := s.keySets(ctx)
	if err != nil {
		return s.csvError(err)
	}
	cols := s.keyCols()
	grouping := "0"
	if len(cols) > 0 {
		grouping = "grouping(" + strings.Join(cols, ",") + ")"
	}
	by := []string{"()"}
	for _, set := range sets {
		by = append(by, "("+strings.Join(set.cols, ",")+")")
	}
	// The sums are by the engine's lenient cast, which is cheap; where it took
	// what is no plain number, strictly asks again.
	sel := append(slices.Clone(cols), grouping+" AS g", "count(*) AS n")
	for i, sum := range s.sums((*number).lenient) {
		sel = append(sel, sum+" AS s"+strconv.Itoa(i))
	}
	query := "CREATE TABLE found AS SELECT " + strings.Join(sel, ", ") + " FROM " + s.source(true) + " GROUP BY GROUPING SETS (" + strings.Join(by, ", ") + ")"
	if err := s.exec(ctx, query); err != nil {
		return s.csvError(err)
	}
	if err := s.readTotals(ctx, int64(1)<<len(cols)-1); err != nil {
		return err
	}
	for _, set := range sets {
		for _, g := range set.groups {
			if err := s.readGroup(ctx, g, set.mask); err != nil {
				return err
			}
		}
	}
	if err := s.exec(ctx, "DROP TABLE found"); err != nil {
		return err
	}
	return s.raggedLines(ctx)
}

// readTotals reads the number of all lines and the sums over them.
func (s *stager) readTotals(ctx context.Context, all int64) error {
	sums := make([]string, len(s.nums))
	dest := []any{&s.out.Lines}
	sel := []string{"n"}
	for i := range s.nums {
		sel = append(sel, "s"+strconv.Itoa(i)+"::VARCHAR")
		dest = append(dest, &sums[i])
	}
	if err := s.conn.QueryRowContext(ctx, "SELECT "+strings.Join(sel, ", ")+" FROM found WHERE g="+strconv.FormatInt(all, 10)).Scan(dest...); err != nil {
		return fmt.Errorf("read totals: %w", err)
	}
	return s.fileTotals(sums)
}

// readGroup reads the distinct keys of a group. grouping() has a bit per column,
// set when the column is not part of the row's set: mask.
func (s *stager) readGroup(ctx context.Context, g *group, mask int64) error {
	rows, err := s.conn.QueryContext(ctx, "SELECT DISTINCT "+strings.Join(prefixed("coalesce(", g.cols, ",'')"), ", ")+
		" FROM found WHERE g="+strconv.FormatInt(mask, 10)+" ORDER BY ALL")
	if err != nil {
		return fmt.Errorf("read keys: %w", err)
	}
	defer func() { _ = rows.Close() }()
	vals, dest := make([]string, len(g.cols)), make([]any, len(g.cols))
	for i := range vals {
		dest[i] = &vals[i]
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return fmt.Errorf("read keys: %w", err)
		}
		if len(g.keys) >= maxKeys {
			return guichet.Errorf(guichet.KindHostile, "the columns %s hold more than %d different values; they are no codes", strings.Join(g.Columns, ", "), maxKeys)
		}
		for i, c := range g.cols {
			s.empty[c] = s.empty[c] || vals[i] == ""
		}
		g.keys = append(g.keys, slices.Clone(vals))
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read keys: %w", err)
	}
	return nil
}

// sums are the sums of all numbers under their records' conditions.
func (s *stager) sums(of func(*number) string) []string {
	out := make([]string, len(s.nums))
	for i, n := range s.nums {
		out[i] = "coalesce(sum(" + of(n) + ")" + n.filter() + ",0)"
	}
	return out
}

// keyCols are the distinct columns of all groups.
func (s *stager) keyCols() []string {
	var cols []string
	for _, g := range s.groups {
		for _, c := range g.cols {
			if !slices.Contains(cols, c) {
				cols = append(cols, c)
			}
		}
	}
	return cols
}

// keySet is one set of columns that the keys pass groups by, and the groups
// whose keys are read off it.
type keySet struct {
	cols   []string
	groups []*group
	mask   int64 // what grouping() says of its rows
}

// How columns are bundled: grouping by a bundle costs one hash table instead of
// one per column, as long as its combinations are few.
const (
	sampleLines = 20_000
	mostBundled = 20_000
)

// keySets decides what the keys pass groups by: every group of several columns
// by its own, and the single columns that none of those holds in bundles whose
// combinations, by a sample of the first lines, stay few.
func (s *stager) keySets(ctx context.Context) ([]*keySet, error) {
	var sets []*keySet
	holds := func(cols []string) *keySet {
		for _, set := range sets {
			if !slices.ContainsFunc(cols, func(c string) bool { return !slices.Contains(set.cols, c) }) {
				return set
			}
		}
		return nil
	}
	order := slices.Clone(s.groups)
	slices.SortStableFunc(order, func(a, b *group) int { return len(b.cols) - len(a.cols) })
	var single []string
	for _, g := range order {
		switch {
		case holds(g.cols) != nil || len(g.cols) == 1 && slices.Contains(single, g.cols[0]):
		case len(g.cols) > 1:
			sets = append(sets, &keySet{cols: g.cols})
		default:
			single = append(single, g.cols[0])
		}
	}
	counts, err := s.sampleDistinct(ctx, single)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(single, func(a, b string) int { return counts[a] - counts[b] })
	product := mostBundled + 1
	for _, c := range single {
		if product *= max(counts[c], 1); product > mostBundled {
			sets, product = append(sets, &keySet{}), max(counts[c], 1)
		}
		last := sets[len(sets)-1]
		last.cols = append(last.cols, c)
	}
	for _, g := range s.groups {
		set := holds(g.cols)
		set.groups = append(set.groups, g)
	}
	cols := s.keyCols()
	for _, set := range sets {
		for i, c := range cols {
			if !slices.Contains(set.cols, c) {
				set.mask |= 1 << (len(cols) - 1 - i)
			}
		}
	}
	return sets, nil
}

// sampleDistinct counts the distinct values of columns in the first lines.
func (s *stager) sampleDistinct(ctx context.Context, cols []string) (map[string]int, error) {
	out := map[string]int{}
	if len(cols) == 0 {
		return out, nil
	}
	query := "SELECT " + strings.Join(prefixed("count(DISTINCT ", cols, ")"), ", ") + " FROM (SELECT " + strings.Join(cols, ", ") + " FROM " + s.source(false) + " LIMIT " + strconv.Itoa(sampleLines) + ")"
	n := make([]int, len(cols))
	dest := make([]any, len(cols))
	for i := range n {
		dest[i] = &n[i]
	}
	if err := s.conn.QueryRowContext(ctx, query).Scan(dest...); err != nil {
		return nil, fmt.Errorf("sample: %w", err)
	}
	for i, c := range cols {
		out[c] = n[i]
	}
	return out, nil
}

// keyColumns are the columns that joins need. A column that holds an empty text
// somewhere gives "" there, since an absent value would join nothing; for the
// others the question is spared.
func (s *stager) keyColumns() []string {
	var out []string
	cols := s.keyCols()
	for _, c := range cols {
		if s.empty[c] {
			c = "coalesce(" + c + ",'') AS " + c
		}
		out = append(out, c)
	}
	out = append(out, s.otherColumns(cols)...)
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
	for _, text := range s.copied {
		for _, c := range text.cols {
			add(c)
		}
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

func (s *stager) fileTotals(sums []string) error {
	for i, n := range s.nums {
		d, err := guichet.ParseDecimal(sums[i])
		if err != nil {
			return err
		}
		n.file = d
	}
	return nil
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
			if copies(s.ds, field) {
				continue
			}
			g := guichet.KeyGroup{Name: asIs + field + " " + col, Rule: asIs, Columns: []string{col}, Fields: []string{field}}
			if err := add(g); err != nil {
				return err
			}
		}
	}
	// Scope fields that no group fills are found from the rows afterwards.
	if err := s.collectCopied(); err != nil {
		return err
	}
	return s.whenUsed()
}

// whenUsed works out for each group on which lines a record uses it: a key puts
// no line aside that asks it nothing, such as the destination of an import. One
// that every record uses is asked of every line, also of one that gives none.
func (s *stager) whenUsed() error {
	for _, g := range s.groups {
		var either []string
		always := true
		for _, r := range s.layout.Records {
			if !r.Uses(g.KeyGroup) {
				always = false
				continue
			}
			when, err := s.condition(r.When)
			if err != nil {
				return err
			}
			if when == "" {
				when = "true"
			}
			either = append(either, "("+when+")")
		}
		if !always {
			g.when = "(" + strings.Join(either, " OR ") + ")"
		}
	}
	return nil
}

// asIs is the rule of columns that are taken without judgement.
const asIs = "text "
