package synth

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"guichet"
	"guichet/trade"
)

// publisher writes what one office publishes of its cells: the first and the
// last publication.
type publisher func(w *world, cells []Cell, file func(published) error) error

// published is a file of an office.
type published struct {
	name    string
	text    []byte
	lines   int64
	vintage string           // "first", "revised"; "" where a file holds both
	totals  map[string]int64 // by the file's own columns, in whole units
}

// The two publications.
const (
	vintageFirst   = "first"
	vintageRevised = "revised"
)

func publishers() [members]publisher {
	return [members]publisher{au: publishAU, ca: publishCA, nz: publishNZ, gb: publishGB, us: publishUS}
}

// publish has every office write its files.
func (m *maker) publish(ctx context.Context, cells []Cell) error {
	byMember := map[string][]Cell{}
	for at := 0; at < len(cells); {
		end := at
		for end < len(cells) && cells[end].Member == cells[at].Member {
			end++
		}
		byMember[cells[at].Member] = cells[at:end]
		at = end
	}
	// Offices write beside one another; what they write is taken in order.
	var group sync.WaitGroup
	defer group.Wait()
	ready := [members]chan publication{}
	for member, publish := range publishers() {
		ready[member] = make(chan publication, 1)
		group.Go(func() {
			var out publication
			out.err = publish(m.w, byMember[m.w.office[member].iso], func(f published) error {
				out.files = append(out.files, f)
				return context.Cause(ctx)
			})
			ready[member] <- out
		})
	}
	for member := range ready {
		out := <-ready[member]
		if err := cmp.Or(out.err, context.Cause(ctx)); err != nil {
			return err
		}
		for _, f := range out.files {
			// An office publishes no file without a figure.
			if f.lines == 0 {
				continue
			}
			if err := m.aggregate(m.w.office[member].iso, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// publication is all that one office publishes.
type publication struct {
	files []published
	err   error
}

// aggregate writes one published file.
func (m *maker) aggregate(iso string, f published) error {
	o, err := m.dir.create(f.name, false)
	if err != nil {
		return err
	}
	if err := o.add(f.text); err != nil {
		return err
	}
	totals := map[string]guichet.Decimal{}
	for name, n := range f.totals {
		totals[name] = guichet.DecimalOf(n)
	}
	return m.close(o, File{Kind: "aggregate", Member: iso, Lines: f.lines, Vintage: f.vintage, Totals: totals})
}

// rowKey is what a row of a publication stands for; an office leaves empty what
// it does not break down by.
type rowKey struct{ month, code, partner, second, mode string }

// row is what an office prints: sums of the cells of a key, exports parted in
// domestic goods and goods of other origin.
type row struct {
	rowKey
	all, domestic, again Sums
	air, sea             int64 // of the value, cents
	units                [2]string
	hidden               bool // rolled up
	hs6                  string
}

// choose says under what key a cell is printed, and in which publication.
type choose struct {
	imports bool
	first   bool
	year    string // "" all
	key     func(*Cell) rowKey
}

// rows gathers the cells of one direction, in the order of their keys. Cells
// that the office leaves blank are left out; rolled-up ones have no quantity.
func rows(cells []Cell, c choose) []row {
	byKey := map[rowKey]*row{}
	for i := range cells {
		x := &cells[i]
		if (x.Flow == trade.Imports) != c.imports || x.Hidden && x.Into == "" || !strings.HasPrefix(x.Month, c.year) {
			continue
		}
		sums := x.Final
		if c.first {
			sums = x.First
		}
		if sums.Lines == 0 {
			continue
		}
		k := c.key(x)
		r := byKey[k]
		if r == nil {
			r = &row{rowKey: k, units: x.Units, hidden: x.Hidden, hs6: x.HS6}
			byKey[k] = r
		}
		r.add(x, &sums)
	}
	out := make([]row, 0, len(byKey))
	for _, k := range slices.SortedFunc(maps.Keys(byKey), rowKey.compare) {
		out = append(out, *byKey[k])
	}
	return out
}

// yearRows gathers a year of one direction, by month, national code and partner.
func yearRows(cells []Cell, year string, imports, first bool) []row {
	return rows(cells, choose{imports: imports, first: first, year: year, key: func(c *Cell) rowKey {
		return rowKey{month: c.Month, code: c.shown(), partner: c.Partner}
	}})
}

func (k rowKey) compare(o rowKey) int {
	return cmp.Or(cmp.Compare(k.month, o.month), cmp.Compare(k.code, o.code), cmp.Compare(k.partner, o.partner), cmp.Compare(k.second, o.second), cmp.Compare(k.mode, o.mode))
}

func (r *row) add(x *Cell, s *Sums) {
	if r.hidden || x.Units != r.units {
		r.units = [2]string{}
	}
	r.all.add(s)
	switch x.Flow {
	case trade.DomesticExports:
		r.domestic.add(s)
	case trade.ReExports:
		r.again.add(s)
	case trade.Imports, trade.Exports, trade.ReImports: // no cell is of the latter two
	}
	switch x.Mode {
	case "air":
		r.air += s.Value
	case "sea":
		r.sea += s.Value
	}
}

// shown is the code under which a cell is printed.
func (c *Cell) shown() string {
	if c.Hidden {
		return c.Into
	}
	return c.Code
}

// units of a currency from cents, and of a quantity from thousandths: half up.
func wholeOf(cents int64) int64    { return (cents + 50) / 100 }
func roundMilli(milli int64) int64 { return (milli + 500) / 1000 }

func digits(n int64) string { return strconv.FormatInt(n, 10) }

// table is a text of comma separated values being made. No value of ours holds
// a quote or a line break.
type table struct {
	text   bytes.Buffer
	end    string
	lines  int64
	totals map[string]int64
}

func newTable(head, end string) *table {
	t := &table{end: end, totals: map[string]int64{}}
	t.text.WriteString(head + end)
	return t
}

func (t *table) row(values ...string) {
	for i, v := range values {
		if i > 0 {
			t.text.WriteByte(',')
		}
		if strings.Contains(v, ",") {
			v = `"` + v + `"`
		}
		t.text.WriteString(v)
	}
	t.text.WriteString(t.end)
	t.lines++
}

// zipped packs one member, with a comment that says that it is made.
func zipped(name string, text []byte) ([]byte, error) {
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	if err := z.SetComment(notice); err != nil {
		return nil, err
	}
	// A fixed day, since the bytes may not depend on the clock.
	f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), Comment: notice})
	if err != nil {
		return nil, err
	}
	if _, err := f.Write(text); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// years returns the years of the months asked for.
func (c *calendar) years() []string {
	var out []string
	for m := c.from; m <= c.to; m++ {
		if y := c.months[m][:4]; !slices.Contains(out, y) {
			out = append(out, y)
		}
	}
	return out
}

// lastMonth is the last of a year's months that were asked for, "2019-12".
func (c *calendar) lastMonth(year string) string {
	last := ""
	for m := c.from; m <= c.to; m++ {
		if strings.HasPrefix(c.months[m], year) {
			last = c.months[m]
		}
	}
	return last
}

func bare(month string) string { return strings.ReplaceAll(month, "-", "") }

func (w *world) areaBy(iso string) areaCode {
	for _, a := range w.area {
		if a.iso == iso {
			return a
		}
	}
	return areaCode{}
}

func vintages() map[bool]string { return map[bool]string{true: vintageFirst, false: vintageRevised} }
