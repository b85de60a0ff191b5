package synth

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// gbAmended marks an amendment among the lines of a month.
const gbOwn, gbAmended = "own", "amended"

// publishGB writes HMRC's monthly bulk files of trade with countries outside
// the EU, SMKI19 and SMKE19 (docs/design/national-files.md): a month's own
// lines as first published, and signed amendments that bring the month before
// to its last publication; the month after the last has amendments alone. HMRC
// gave up the layout after December 2021; later months are made in it all the
// same. Whole pounds, kilograms.
func publishGB(w *world, cells []Cell, file func(published) error) error {
	for m := w.cal.from; m <= w.cal.to+1; m++ {
		for _, imports := range []bool{true, false} {
			f, err := w.gbMonth(cells, m, imports)
			if err != nil {
				return err
			}
			if err := file(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// gbRows gathers one month: of imports by dispatch and origin, of exports by
// destination, parted in domestic goods and re-exports.
func gbRows(cells []Cell, month string, imports, first bool) []row {
	return rows(cells, choose{imports: imports, first: first, year: month, key: func(c *Cell) rowKey {
		k := rowKey{month: c.Month, code: c.shown()[:8], partner: c.Consignment, mode: c.Mode}
		if imports {
			k.second = c.Partner
			return k
		}
		k.second = string(c.Flow)
		return k
	}})
}

func (w *world) gbMonth(cells []Cell, m int32, imports bool) (published, error) {
	month, before := w.cal.months[m], w.cal.months[m-1]
	at, err := time.Parse("2006-01", month)
	if err != nil {
		return published{}, err
	}
	name, suite := "SMKE19", "NON-EU EXPORTS"
	if imports {
		name, suite = "SMKI19", "NON-EU IMPORTS"
	}
	name += at.Format("0601")
	var text bytes.Buffer
	fmt.Fprintf(&text, "000000000|00000|000|%-22s|%9s|%s|%-18s\r\n", "HMCUSTOMS MONTHLY DATA", strings.ToUpper(at.Format("January")), at.Format("2006"), suite)
	count, sums := map[bool]int64{}, map[string]int64{}
	write := func(r *row, s Sums, kind string) {
		value := wholeSigned(s.Value, 100)
		count[r.hidden]++
		sums[kind] += value
		text.WriteString(w.gbLine(r, s, imports))
	}
	if w.cal.asked(m) {
		for _, r := range gbRows(cells, month, imports, true) {
			write(&r, r.all, gbOwn)
		}
	}
	if w.cal.asked(m - 1) {
		for _, r := range amendments(gbRows(cells, before, imports, true), gbRows(cells, before, imports, false)) {
			write(&r, r.all, gbAmended)
		}
	}
	fmt.Fprintf(&text, "999999999|%013d|%013d|%013d|%013d|%+018d|%+018d\r\n", count[false], 0, 0, count[true], sums[gbOwn], sums[gbAmended])
	packed, err := zipped(name, text.Bytes())
	return published{
		name: name + mark + ".zip", text: packed, lines: count[false] + count[true],
		totals: map[string]int64{"value": sums[gbOwn] + sums[gbAmended], "value of amendments": sums[gbAmended]},
	}, err
}

// amendments are the lines that bring a first publication to the last: in both
// orders of keys; what did not change has none.
func amendments(first, last []row) []row {
	old := map[rowKey]Sums{}
	for i := range first {
		old[first[i].rowKey] = first[i].all
	}
	var out []row
	for _, r := range last {
		was := old[r.rowKey]
		// Both are printed in whole units: so is what is between them.
		r.all.Value = (wholeOf(r.all.Value) - wholeOf(was.Value)) * 100
		r.all.Grams -= was.Grams
		r.all.Quantity[0] -= was.Quantity[0]
		if r.all.Value != 0 || r.all.Grams != 0 {
			out = append(out, r)
		}
	}
	return out
}

// wholeSigned divides and rounds half away from zero.
func wholeSigned(n, by int64) int64 {
	if n < 0 {
		return -((-n + by/2) / by)
	}
	return (n + by/2) / by
}

// gbLine is a detail line: 143 characters of imports, 141 of exports, and CR
// LF. What the model does not have (SITC, port, flag, container, inland) is
// zeros and blanks.
func (w *world) gbLine(r *row, s Sums, imports bool) string {
	kind, mode := "000", map[string]string{"sea": "010", "rail": "020", "road": "030", "air": "040"}[r.mode]
	if r.hidden {
		kind = "003"
	}
	account := r.month[5:] + "/" + r.month[:4]
	value, kg, units := wholeSigned(s.Value, 100), wholeSigned(s.Grams, 1000), wholeSigned(s.Quantity[0], 1000)
	if r.units[0] == "" {
		units = 0
	}
	if imports {
		return fmt.Sprintf("%s0|00000|%s|%s|%s|%s|%s|%s|000|   |000|  |000|  |0|000|%s|00|000|   |000|000|000|%+016d|%+014d|%+014d\r\n",
			r.code, kind, gbSequence(r.partner), r.partner, gbSequence(r.second), r.second, account, mode, value, kg, units)
	}
	procedure := "001"
	if r.again.Lines > 0 {
		procedure = "006"
	}
	return fmt.Sprintf("%s0|00000|%s|%s|%s|%s|000|   |000|  |0|000|%s|00|000|   |000|%s|%+016d|%+014d|%+014d|000000000000000\r\n",
		r.code, kind, gbSequence(r.partner), r.partner, account, mode, procedure, value, kg, units)
}

// gbSequence is HMRC's number of a country.
func gbSequence(iso string) string {
	return map[string]string{
		"AU": "800", "CA": "404", "NZ": "804", "US": "400", "SG": "706", "HK": "740", "NL": "003", "BE": "017", "PA": "442",
		"CN": "720", "MY": "701", "DE": "004", "MX": "412", "TH": "680", "GB": "006",
	}[iso]
}
