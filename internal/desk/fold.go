package desk

import (
	"cmp"
	"math/big"
	"slices"
	"strings"

	"guichet"
)

// folded gathers groups of rows into the answer's rows.
type folded struct {
	ds       *guichet.Dataset
	q        guichet.Question
	rowKeys  []string          // dimensions that stand in rows
	kept     []string          // measures that rows carry and the answer needs
	usd      string            // the measure derived by a rate that was asked for, "" none
	from     int               // index in kept of what it is made from
	banded   []guichet.Derived // the percentiles that were asked for
	currency string            // the field that says the main measure's unit, "" where that is one for all
	unit     string            // that unit
	cells    map[string]*cell
	order    []string
	used     map[string]int64        // submission -> rows
	remarks  map[string]*remarkCount // reporter|code
	absent   map[string]*[2]int64    // reporter|measure -> rows without a figure, rows
	norate   map[string]bool         // currency and period without a rate
	bare     map[string]bool         // reporters of whom no count or sum of rows is told beside the figures
	unnamed  map[string]bool         // submissions of which it is not told how many rows were used

	marking marking

	// By measure, in how many rows of the answer: a figure that stands alone would
	// be of several kept rows; a percentile was found in a band, lies above all
	// bounds, or has nothing counted behind it.
	joined, within, above, uncounted map[string]int
}

// cell is one row of the answer in the making.
type cell struct {
	row   guichet.Row
	sums  []*guichet.Decimal // by kept
	usd   *big.Rat
	rows  int64 // kept rows behind it
	whole bool  // every figure has a rate
	// partial are measures that have no sum here: other valuations of the main
	// measure that some rows lack, since a sum of some rows cannot stand beside
	// the sum of all, and quantities of which nobody knows the unit.
	partial map[string]bool
	hidden  bool // its figures are protected
	above   bool // a percentile of it lies above all bounds
	marks   uint // of the dataset's, by their place in marking
}

// remarkCount is how many records carry a remark, and how much they are worth.
type remarkCount struct {
	code, reporter string
	share
}

func newFolded(ds *guichet.Dataset, q guichet.Question) *folded {
	f := &folded{
		ds: ds, q: q, cells: map[string]*cell{}, used: map[string]int64{}, remarks: map[string]*remarkCount{},
		absent: map[string]*[2]int64{}, norate: map[string]bool{}, bare: map[string]bool{}, unnamed: map[string]bool{},
		joined: map[string]int{}, within: map[string]int{}, above: map[string]int{}, uncounted: map[string]int{},
	}
	if m, ok := ds.Field(ds.Main); ok {
		f.unit = m.Unit
		if _, varies := ds.Field(m.Unit); varies {
			f.currency, f.unit = m.Unit, ""
		}
	}
	for _, by := range q.By {
		if x, ok := ds.Field(by); !ok || x.Place == guichet.InRow {
			f.rowKeys = append(f.rowKeys, by)
		}
	}
	add := func(name string) int {
		i := slices.Index(f.kept, name)
		if i < 0 {
			i, f.kept = len(f.kept), append(f.kept, name)
		}
		return i
	}
	for _, m := range q.Measures {
		d, derived := ds.DerivedBy(m)
		switch {
		case !derived:
			add(m)
		case d.By == guichet.ByBands:
			f.banded = append(f.banded, d)
			for _, part := range d.Parts() {
				add(part)
			}
		default:
			f.usd, f.from = m, add(d.From)
		}
	}
	add(ds.Main) // remarks say how much they are about
	if ds.Counts != "" {
		add(ds.Counts) // who stands behind a figure
	}
	f.marking = newMarking(ds, q.Measures, f.kept)
	return f
}

// unitOf is the unit of the main measure in a submission.
func (f *folded) unitOf(sub *guichet.Submission) string {
	if f.currency == "" {
		return f.unit
	}
	return sub.Field(f.currency)
}

// add folds one group of rows of a submission.
func (f *folded) add(sub *guichet.Submission, reporter string, found guichet.Found) {
	c := f.cell(sub, found)
	c.rows += found.Rows
	for i, m := range found.Measures {
		f.countAbsent(reporter, f.kept[i], found.Rows-found.Figures[i], found.Rows)
		if found.Figures[i] < found.Rows && f.anotherValuation(f.kept[i]) {
			c.partial[f.kept[i]] = true
		}
		if m == nil {
			continue
		}
		if f.unknownUnit(sub, f.kept[i], found) {
			c.partial[f.kept[i]] = true
			continue
		}
		sum := *m
		if c.sums[i] != nil {
			sum = sum.Add(*c.sums[i])
		}
		c.sums[i] = &sum
	}
	if f.usd != "" {
		f.convert(c, sub.Field(f.currency), found)
	}
	f.used[sub.ID] += found.Rows
	c.marks |= f.marking.of(sub, found)
	f.countRemarks(sub, reporter, found)
}

// cell is the row that a group of rows belongs to, made when it is not there.
func (f *folded) cell(sub *guichet.Submission, found guichet.Found) *cell {
	key := f.key(sub, found)
	c, ok := f.cells[key]
	if !ok {
		row := guichet.Row{}
		for _, by := range f.q.By {
			row[by] = f.value(sub, by, found)
		}
		c = &cell{row: row, sums: make([]*guichet.Decimal, len(f.kept)), whole: true, partial: map[string]bool{}}
		f.cells[key], f.order = c, append(f.order, key)
	}
	return c
}

// key names the row that a group of rows belongs to.
func (f *folded) key(sub *guichet.Submission, found guichet.Found) string {
	var id strings.Builder
	for _, by := range f.q.By {
		id.WriteString(f.value(sub, by, found))
		id.WriteByte(0)
	}
	return id.String()
}

// anotherValuation says whether a measure is money beside the main measure.
func (f *folded) anotherValuation(name string) bool {
	m, _ := f.ds.Field(name)
	return f.currency != "" && name != f.ds.Main && m.Unit == f.currency
}

// ofUnknownUnit is the dataset's code on rows whose quantity must not be added.
const ofUnknownUnit = "unknown_unit"

// unknownUnit says whether the figures of a measure are in units that no table
// knows. The record keeps known units alone, so that pairs and boxes look alike
// here, and their sum would be of nothing: it is left out, and the rows' remark
// says why. A unit that the files never tell is another matter (untoldDimensions).
func (f *folded) unknownUnit(sub *guichet.Submission, measure string, found guichet.Found) bool {
	m, _ := f.ds.Field(measure)
	return slices.Contains(f.rowKeys, m.Unit) && f.value(sub, m.Unit, found) == "" && says(found.Remark, ofUnknownUnit)
}

// says looks for a code among the remarks of a group of rows.
func says(remarks, code string) bool {
	return slices.Contains(strings.Fields(remarks), code)
}

// value is one dimension of a group.
func (f *folded) value(sub *guichet.Submission, by string, found guichet.Found) string {
	if by == guichet.FieldPeriod {
		return found.Period.String()
	}
	if i := slices.Index(f.rowKeys, by); i >= 0 {
		return found.Keys[i]
	}
	return sub.Field(by)
}

// convert adds the group's dollars at the rate of its period.
func (f *folded) convert(c *cell, currency string, found guichet.Found) {
	m := found.Measures[f.from]
	if m == nil {
		return
	}
	rate, ok := f.ds.Rate(currency, found.Period)
	if !ok || rate.Sign() <= 0 {
		c.whole = false
		f.norate[currency+" "+found.Period.String()] = true
		return
	}
	if c.usd == nil {
		c.usd = new(big.Rat)
	}
	c.usd.Add(c.usd, new(big.Rat).Quo(m.Rat(), rate.Rat()))
}

func (f *folded) countAbsent(reporter, measure string, absent, rows int64) {
	key := reporter + "|" + measure
	if f.absent[key] == nil {
		f.absent[key] = &[2]int64{}
	}
	f.absent[key][0] += absent
	f.absent[key][1] += rows
}

func (f *folded) countRemarks(sub *guichet.Submission, reporter string, found guichet.Found) {
	if found.Remark == "" {
		return
	}
	var apart []string
	for _, by := range f.q.By {
		if x, ok := f.ds.Field(by); ok && x.Separate {
			apart = append(apart, f.value(sub, by, found))
		}
	}
	for code := range strings.FieldsSeq(found.Remark) {
		key := reporter + "|" + code + "|" + strings.Join(apart, "|")
		r := f.remarks[key]
		if r == nil {
			r = &remarkCount{code: code, reporter: reporter, share: share{unit: f.unitOf(sub), keys: apart}}
			f.remarks[key] = r
		}
		r.rows += found.Rows
		if m := found.Measures[slices.Index(f.kept, f.ds.Main)]; m != nil {
			r.sum = r.sum.Add(*m)
		}
	}
}

// rows writes the answer's rows: by the dimensions in their order when periods
// are asked for, else the largest figures of each reporter first.
func (f *folded) rows() []guichet.Row {
	out := make([]guichet.Row, 0, len(f.order))
	sortBy := map[string]guichet.Decimal{}
	for _, key := range f.order {
		c := f.cells[key]
		for i, name := range f.kept {
			if !slices.Contains(f.q.Measures, name) {
				continue
			}
			c.row[name] = nil
			switch {
			case c.sums[i] == nil || c.partial[name]:
			case f.alone(name) && c.rows > 1:
				f.joined[name]++
			default:
				c.row[name] = *c.sums[i]
			}
		}
		f.deriveBands(c)
		f.mark(c)
		if f.usd != "" {
			c.row[f.usd] = nil
			if c.usd != nil && c.whole {
				c.row[f.usd] = guichet.DecimalFromRat(c.usd, 2)
			}
		}
		if d, ok := c.row[f.q.Measures[0]].(guichet.Decimal); ok {
			sortBy[key] = d
		}
	}
	first := f.sortKeys()
	slices.SortStableFunc(f.order, func(a, b string) int {
		ra, rb := f.cells[a].row, f.cells[b].row
		for _, by := range first {
			if d := cmp.Compare(ra[by].(string), rb[by].(string)); d != 0 { //nolint:forcetypeassert // dimensions are text
				return d
			}
		}
		if d := sortBy[b].Cmp(sortBy[a]); d != 0 {
			return d
		}
		return cmp.Compare(a, b)
	})
	for _, key := range f.order {
		out = append(out, f.cells[key].row)
	}
	return out
}

// sortKeys are the dimensions that rows are kept together by.
func (f *folded) sortKeys() []string {
	if slices.Contains(f.q.By, guichet.FieldPeriod) {
		return f.q.By
	}
	out := []string{guichet.FieldReporter}
	for _, by := range f.q.By {
		if x, ok := f.ds.Field(by); ok && x.Separate {
			out = append(out, by)
		}
	}
	return out
}
