package ingest

import (
	"slices"

	"guichet"
)

// tally adds up one side of a control.
type tally struct {
	tail  string
	total string
	lines bool
	cols  []int
	when  []test
	sum   figure
}

// ledger adds up the controls of a profile, line by line.
type ledger struct {
	controls []Control
	sides    [][2]tally
	totals   map[string]guichet.Decimal // of companions, by "companion.column"
}

func (p *Profile) ledger(cols []string, values map[string]string) *ledger {
	l := &ledger{controls: p.Controls}
	side := func(s Sum) tally {
		t := tally{tail: s.Tail, total: s.Total, lines: s.Lines, when: compile(s.When, cols, values)}
		for _, c := range s.Sum {
			t.cols = append(t.cols, slices.Index(cols, c))
		}
		return t
	}
	for _, c := range p.Controls {
		l.sides = append(l.sides, [2]tally{side(c.Stated), side(c.Found)})
	}
	return l
}

// add counts one line. A line with a figure that is no number is left out of
// both sides of a control: the store puts it aside and says so.
func (l *ledger) add(row [][]byte) {
	for i := range l.sides {
		s := &l.sides[i]
		if s[0].reads(row) && s[1].reads(row) {
			s[0].add(row)
			s[1].add(row)
		}
	}
}

func (t *tally) reads(row [][]byte) bool {
	for _, c := range t.cols {
		if _, ok := milli(row[c]); !ok {
			if _, err := guichet.ParseDecimal(string(row[c])); err != nil {
				return false
			}
		}
	}
	return true
}

func (t *tally) add(row [][]byte) {
	if !t.lines && len(t.cols) == 0 || !holds(t.when, row) {
		return
	}
	if t.lines {
		t.sum.addMilli(1000)
	}
	for _, c := range t.cols {
		t.sum.add(row[c])
	}
}

// results returns the controls with what was stated and what was found.
func (l *ledger) results(tail map[string]string) ([]guichet.Control, error) {
	out := make([]guichet.Control, len(l.sides))
	for i, s := range l.sides {
		out[i].Name = l.controls[i].Name
		for j, side := range s {
			d := side.sum.decimal()
			if side.total != "" {
				d = l.totals[side.total]
			}
			if side.tail != "" {
				var err error
				if d, err = guichet.ParseDecimal(tail[side.tail]); err != nil {
					return nil, guichet.Errorf(guichet.KindInvalid, "the tail line states %q as its %s, which is no number", shorten(tail[side.tail]), side.tail)
				}
			}
			if j == 0 {
				out[i].Stated = d
			} else {
				out[i].Found = d
			}
		}
	}
	return out, nil
}

// figure is an exact sum: thousandths in 64 bits while they last.
type figure struct {
	n    int64
	more guichet.Decimal
}

func (f *figure) add(v []byte) {
	if n, ok := milli(v); ok {
		f.addMilli(n)
		return
	}
	if d, err := guichet.ParseDecimal(string(v)); err == nil {
		f.more = f.more.Add(d)
	}
}

func (f *figure) addMilli(n int64) {
	f.n += n
	if f.n > 1<<61 || f.n < -1<<61 {
		f.more, f.n = f.decimal(), 0
	}
}

func (f *figure) decimal() guichet.Decimal {
	whole, frac := f.n/1000, f.n%1000
	d := guichet.DecimalOf(whole)
	if frac != 0 {
		thousandth, err := guichet.ParseDecimal("0.001")
		if err == nil {
			for range max(frac, -frac) { // at most 999 times, once per control
				if frac > 0 {
					d = d.Add(thousandth)
				} else {
					d = d.Sub(thousandth)
				}
			}
		}
	}
	return f.more.Add(d)
}

// milli reads a number of at most 15 digits before and 3 after the point as
// thousandths; the empty text is 0.
func milli(b []byte) (n int64, ok bool) {
	if len(b) == 0 {
		return 0, true
	}
	neg := b[0] == '-'
	if neg || b[0] == '+' {
		b = b[1:]
	}
	decimals, digits := -1, 0
	for _, c := range b {
		if c == '.' && decimals < 0 {
			decimals = 0
			continue
		}
		if c < '0' || c > '9' || digits == 15 || decimals == 3 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
		digits++
		if decimals >= 0 {
			decimals++
		}
	}
	if digits == 0 {
		return 0, false
	}
	for range 3 - max(decimals, 0) {
		n *= 10
	}
	if neg {
		n = -n
	}
	return n, true
}
