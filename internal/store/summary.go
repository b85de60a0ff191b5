package store

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet"
)

// summarise reads what was written: units, shapes, remarks and the totals kept,
// and checks the invariant file = kept + aside for every measure.
func (s *stager) summarise(ctx context.Context, _ Judge) error {
	from := " FROM read_parquet(" + lit(filepath.Join(s.cfg.Dir, dataFile)) + ")"
	if err := s.summariseUnits(ctx, from); err != nil {
		return err
	}
	if err := s.summariseRemarks(ctx, from); err != nil {
		return err
	}
	if err := s.countFields(ctx); err != nil {
		return err
	}
	if err := s.findOutliers(ctx, from); err != nil {
		return err
	}
	if err := s.sumAside(ctx); err != nil {
		return err
	}
	if s.out.Lines != s.out.Kept+s.out.Aside {
		return guichet.Errorf(guichet.KindInternal, "the file has %d lines, but %d were kept and %d put aside; nothing is taken in", s.out.Lines, s.out.Kept, s.out.Aside)
	}
	if err := s.strictly(ctx); err != nil {
		return err
	}
	for _, t := range s.out.Totals {
		if t.File.Cmp(t.Kept.Add(t.Aside)) != 0 {
			return guichet.Errorf(guichet.KindInternal, "%s: the file sums to %s, but %s was kept and %s put aside; nothing is taken in", t.Measure, t.File, t.Kept, t.Aside)
		}
	}
	return nil
}

// written names a field as it stands in the Parquet, NULL when it was not
// written.
func (s *stager) written(field string) string {
	if _, ok := s.out.Filled[field]; ok {
		return field
	}
	if f, ok := s.ds.Field(field); ok && f.Required {
		return field
	}
	return "NULL"
}

// summaryRow is one group of rows of the same unit and shape.
type summaryRow struct {
	reporter, freq, scope string
	period                time.Time
	dims                  []string
	edition, level        int64
	subtotal              bool
	kinds                 []string
	rows                  int64
	sums                  []string // by measure, in order of ds.Measures()
}

// summaryKeys are the expressions of what units and shapes are told apart by.
func (s *stager) summaryKeys() []string {
	var extra strings.Builder
	extra.WriteString("''")
	for _, f := range s.layout.Scope {
		if f != guichet.FieldReporter && f != guichet.FieldPeriod && f != guichet.FieldFreq && !slices.Contains(s.ds.UnitFields, f) && f != ScopeFilePeriod {
			extra.WriteString(" || coalesce(" + s.written(f) + "::VARCHAR,'') || ' '")
		}
	}
	sel := []string{"coalesce(" + s.written(guichet.FieldReporter) + ",'')", "coalesce(" + s.written(guichet.FieldFreq) + ",'')", s.written(guichet.FieldPeriod), "trim(" + extra.String() + ")"}
	for _, f := range s.ds.UnitFields {
		sel = append(sel, "coalesce("+s.written(f)+"::VARCHAR,'')")
	}
	var c guichet.Classification // a dataset may have none: the fields of "" were not written
	if len(s.ds.Classifications) > 0 {
		c = s.ds.Classifications[0]
	}
	sel = append(sel, "coalesce("+s.written(c.Edition)+",0)", "coalesce("+s.written(c.Level)+",0)", "coalesce("+s.written(c.Subtotal)+",false)")
	for _, b := range s.ds.Breakdowns {
		sel = append(sel, s.kindOf(b))
	}
	return sel
}

// targets are where a row of the summary is scanned into.
func (r *summaryRow) targets(ds *guichet.Dataset) []any {
	*r = summaryRow{dims: make([]string, len(ds.UnitFields)), kinds: make([]string, len(ds.Breakdowns)), sums: make([]string, len(ds.Measures()))}
	dest := []any{&r.reporter, &r.freq, &r.period, &r.scope}
	for i := range r.dims {
		dest = append(dest, &r.dims[i])
	}
	dest = append(dest, &r.edition, &r.level, &r.subtotal)
	for i := range r.kinds {
		dest = append(dest, &r.kinds[i])
	}
	dest = append(dest, &r.rows)
	for i := range r.sums {
		dest = append(dest, &r.sums[i])
	}
	return dest
}

func (s *stager) summariseUnits(ctx context.Context, from string) error {
	sel := s.summaryKeys()
	by := make([]string, len(sel))
	for i := range by {
		by[i] = strconv.Itoa(i + 1)
	}
	sel = append(sel, "count(*)")
	for _, m := range s.ds.Measures() {
		sel = append(sel, "coalesce(sum("+s.written(m.Name)+"),0)::VARCHAR")
	}
	rows, err := s.conn.QueryContext(ctx, "SELECT "+strings.Join(sel, ", ")+from+" GROUP BY "+strings.Join(by, ",")+" ORDER BY "+strings.Join(by, ","))
	if err != nil {
		return fmt.Errorf("summarise: %w", err)
	}
	defer func() { _ = rows.Close() }()
	fold := newFold(s.ds)
	for rows.Next() {
		var r summaryRow
		if err := rows.Scan(r.targets(s.ds)...); err != nil {
			return fmt.Errorf("summarise: %w", err)
		}
		if err := fold.add(r); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("summarise: %w", err)
	}
	s.out.Records, s.out.Units, s.out.Shapes = fold.records, fold.units, fold.shapes
	for _, m := range s.ds.Measures() {
		if slices.ContainsFunc(s.nums, func(n *number) bool { return n.measure == m.Name }) {
			s.out.Totals = append(s.out.Totals, guichet.Total{Measure: m.Name, Kept: fold.sums[m.Name]})
		}
	}
	return nil
}

// kindOf says of a row whether it is a whole, a part or aside of a breakdown.
func (s *stager) kindOf(b guichet.Breakdown) string {
	col := s.written(b.Kind)
	if col == "NULL" {
		return "'absent'"
	}
	in := func(vals []string) string {
		if len(vals) == 0 {
			return "false"
		}
		q := make([]string, len(vals))
		for i, v := range vals {
			q[i] = lit(v)
		}
		return "coalesce(" + col + ",'') IN (" + strings.Join(q, ",") + ")"
	}
	return "CASE WHEN " + in(b.Whole) + " THEN 'whole' WHEN " + in(b.Aside) + " THEN 'aside' WHEN " + col + " IS NULL THEN 'absent' ELSE 'part' END"
}

// ScopeFilePeriod in a profile's scope means the period that the file names,
// not that of its rows: the file's amendments to other periods add to them.
const ScopeFilePeriod = "file_period"

// fold gathers summary rows into units and shapes.
type fold struct {
	ds      *guichet.Dataset
	records int64
	units   []guichet.Unit
	shapes  []guichet.Shape
	sums    map[string]guichet.Decimal
	unitAt  map[string]int
	shapeAt map[string]int
}

func newFold(ds *guichet.Dataset) *fold {
	return &fold{ds: ds, sums: map[string]guichet.Decimal{}, unitAt: map[string]int{}, shapeAt: map[string]int{}}
}

func (f *fold) add(r summaryRow) error {
	f.records += r.rows
	var mainSum guichet.Decimal
	for i, m := range f.ds.Measures() {
		d, err := guichet.ParseDecimal(r.sums[i])
		if err != nil {
			return err
		}
		f.sums[m.Name] = f.sums[m.Name].Add(d)
		if m.Name == f.ds.Main {
			mainSum = d
		}
	}
	dims := map[string]string{}
	for i, name := range f.ds.UnitFields {
		dims[name] = r.dims[i]
	}
	u := guichet.Unit{Reporter: r.reporter, Period: guichet.Period{Freq: guichet.Freq(r.freq), Start: r.period.UTC()}, Dims: dims, Scope: r.scope}
	key := u.Key(f.ds.UnitFields)
	at, ok := f.unitAt[key]
	if !ok {
		at = len(f.units)
		f.unitAt[key], f.units = at, append(f.units, u)
	}
	f.units[at].Rows += r.rows
	f.units[at].Value = f.units[at].Value.Add(mainSum)
	kinds := map[string]string{}
	for i, b := range f.ds.Breakdowns {
		kinds[b.Field] = r.kinds[i]
	}
	sh := guichet.Shape{Dims: dims, Edition: int(r.edition), Level: int(r.level), Subtotal: r.subtotal, Kinds: kinds}
	skey := fmt.Sprint(r.dims, r.edition, r.level, r.subtotal, r.kinds)
	at, ok = f.shapeAt[skey]
	if !ok {
		at = len(f.shapes)
		f.shapeAt[skey], f.shapes = at, append(f.shapes, sh)
	}
	f.shapes[at].Rows += r.rows
	f.shapes[at].Value = f.shapes[at].Value.Add(mainSum)
	return nil
}

// summariseRemarks counts the remarks of the kept records.
func (s *stager) summariseRemarks(ctx context.Context, from string) error {
	if _, ok := s.out.Filled[guichet.FieldRemark]; !ok {
		return nil
	}
	rows, err := s.conn.QueryContext(ctx, "SELECT remark, count(*), coalesce(sum("+s.written(s.ds.Main)+"),0)::VARCHAR"+from+" WHERE remark IS NOT NULL GROUP BY remark ORDER BY remark")
	if err != nil {
		return fmt.Errorf("count remarks: %w", err)
	}
	defer func() { _ = rows.Close() }()
	s.said = map[string]int64{}
	for rows.Next() {
		var remark, value string
		var n int64
		if err := rows.Scan(&remark, &n, &value); err != nil {
			return fmt.Errorf("count remarks: %w", err)
		}
		v, err := guichet.ParseDecimal(value)
		if err != nil {
			return err
		}
		s.said[remark] = n
		codes := strings.Fields(remark)
		slices.Sort(codes) // two groups may have said the same of one row
		for _, code := range slices.Compact(codes) {
			i := slices.IndexFunc(s.out.Remarks, func(c guichet.Count) bool { return c.Code == code })
			if i < 0 {
				i, s.out.Remarks = len(s.out.Remarks), append(s.out.Remarks, guichet.Count{Code: code})
			}
			s.out.Remarks[i].Rows += n
			s.out.Remarks[i].Value = s.out.Remarks[i].Value.Add(v)
		}
	}
	return rows.Err()
}

// sumAside completes the totals with what the file holds and what was put
// aside.
func (s *stager) sumAside(ctx context.Context) error {
	for i, n := range s.nums {
		var v string
		if err := s.conn.QueryRowContext(ctx, fmt.Sprintf("SELECT coalesce(sum(n%d),0)::VARCHAR FROM aside", i)).Scan(&v); err != nil {
			return fmt.Errorf("sum lines put aside: %w", err)
		}
		d, err := guichet.ParseDecimal(v)
		if err != nil {
			return err
		}
		t := slices.IndexFunc(s.out.Totals, func(t guichet.Total) bool { return t.Measure == n.measure })
		s.out.Totals[t].Aside = s.out.Totals[t].Aside.Add(d)
		s.out.Totals[t].File = s.out.Totals[t].File.Add(n.file)
	}
	return nil
}

// strictly sums the file again by plain numbers alone, where the engine's
// lenient cast has read something else as a number (1e3, 0x10): such lines are
// put aside, and are in no total.
func (s *stager) strictly(ctx context.Context) error {
	if !slices.ContainsFunc(s.out.Totals, func(t guichet.Total) bool { return t.File.Cmp(t.Kept.Add(t.Aside)) != 0 }) {
		return nil
	}
	sums := s.sums(func(n *number) string { return "(" + n.typed() + ")" })
	vals := make([]string, len(sums))
	dest := make([]any, len(sums))
	for i := range vals {
		dest[i] = &vals[i]
	}
	if err := s.conn.QueryRowContext(ctx, "SELECT "+strings.Join(prefixed("", sums, "::VARCHAR"), ", ")+" FROM "+s.source(false)).Scan(dest...); err != nil {
		return fmt.Errorf("sum the file: %w", err)
	}
	if err := s.fileTotals(vals); err != nil {
		return err
	}
	for i := range s.out.Totals {
		s.out.Totals[i].File = guichet.Decimal{}
		for _, n := range s.nums {
			if n.measure == s.out.Totals[i].Measure {
				s.out.Totals[i].File = s.out.Totals[i].File.Add(n.file)
			}
		}
	}
	return nil
}
