package ingest

import (
	"bytes"
	"regexp"
	"slices"
)

// test is a condition of a profile, ready to be asked of a line.
type test struct {
	col  int
	in   []string
	same int // -1: not asked
	re   *regexp.Regexp
	zero bool
	over int64 // in thousandths; 0: not asked
	not  bool
}

// compile makes tests ready. cols are the columns of a line; values take the
// place of names in braces.
func compile(tests []Test, cols []string, values map[string]string) []test {
	out := make([]test, len(tests))
	for i, t := range tests {
		x := test{col: slices.Index(cols, t.Column), same: -1, zero: t.Zero, not: t.Not}
		for _, v := range t.In {
			x.in = append(x.in, fill(v, values))
		}
		x.over, _ = milli([]byte(t.Over))
		if t.Same != "" {
			x.same = slices.Index(cols, t.Same)
		}
		if t.Matches != "" {
			x.re = regexp.MustCompile(`^(?:` + t.Matches + `)$`)
		}
		out[i] = x
	}
	return out
}

// holds says whether all tests hold for a line.
func holds(tests []test, row [][]byte) bool {
	for _, t := range tests {
		if t.yes(row) == t.not {
			return false
		}
	}
	return true
}

func (t test) yes(row [][]byte) bool {
	v := row[t.col]
	switch {
	case t.zero:
		return isZero(v)
	case t.same >= 0:
		return bytes.Equal(v, row[t.same])
	case t.re != nil:
		return t.re.Match(v)
	case t.over != 0:
		n, ok := milli(v)
		return ok && max(n, -n) > t.over
	}
	return slices.Contains(t.in, string(v))
}

// isZero says whether a text is empty, or a number that is 0 ("0", "0.0").
func isZero(v []byte) bool {
	zeros := 0
	for _, c := range v {
		switch c {
		case '0':
			zeros++
		case '.', '-', '+':
		default:
			return false
		}
	}
	return zeros > 0 || len(v) == 0
}

// deriver makes one derived column.
type deriver struct {
	cases  []derivedCase
	other  derivedCase
	lookup *lookup  // nil: cases
	figure *figured // nil: cases
}

type derivedCase struct {
	when []test
	text []byte
	from int     // -1: the text
	join *joined // nil: text or from
}

func (p *Profile) derivers(cols []string, values map[string]string) []deriver {
	from := func(name string) int {
		if name == "" {
			return -1
		}
		return slices.Index(cols, name)
	}
	out := make([]deriver, len(p.Derive))
	for i, d := range p.Derive {
		if d.Figure != nil {
			out[i].figure = newFigured(*d.Figure, cols)
		}
		for _, c := range d.Cases {
			out[i].cases = append(out[i].cases, derivedCase{compile(c.When, cols, values), []byte(c.Text), from(c.From), newJoined(c.Text, cols)})
		}
		out[i].other = derivedCase{nil, []byte(d.Else.Text), from(d.Else.From), newJoined(d.Else.Text, cols)}
	}
	return out
}

// value is what a lookup or a figure gives, else the first case that holds.
func (d *deriver) value(row [][]byte) []byte {
	switch {
	case d.lookup != nil:
		return d.lookup.value(row)
	case d.figure != nil:
		return d.figure.value(row)
	}
	for i := range d.cases {
		if holds(d.cases[i].when, row) {
			return d.cases[i].of(row)
		}
	}
	return d.other.of(row)
}

func (c *derivedCase) of(row [][]byte) []byte {
	if c.join != nil {
		return c.join.value(row)
	}
	if c.from < 0 {
		return c.text
	}
	return row[c.from]
}
