package ingest

import (
	"slices"
	"strconv"

	"guichet"
)

// Figure is a derived column that is worked out of others: what an office
// leaves to be subtracted (the goods that came neither by sea nor by air), or
// publishes in two parts (a value and its freight).
//
// Where one of the columns is empty the figure is empty, and where one is no
// number the figure is that text, so that the line is put aside for it.
type Figure struct {
	Plus  []string `yaml:"plus"`
	Minus []string `yaml:"minus"`
}

// maxTerms bounds the columns of a figure: eight numbers of fifteen digits in
// thousandths fit into 64 bits.
const maxTerms = 8

// figured is a Figure that is ready to be asked of a line.
type figured struct {
	cols []int
	plus int // how many of the columns are added; the rest are subtracted
	text []byte
}

func newFigured(f Figure, cols []string) *figured {
	g := &figured{plus: len(f.Plus)}
	for _, c := range slices.Concat(f.Plus, f.Minus) {
		g.cols = append(g.cols, slices.Index(cols, c))
	}
	return g
}

func (g *figured) value(row [][]byte) []byte {
	var sum int64
	for i, c := range g.cols {
		if len(row[c]) == 0 {
			return nil
		}
		n, ok := milli(row[c])
		if !ok {
			return g.long(row)
		}
		if i >= g.plus {
			n = -n
		}
		sum += n
	}
	if g.text = g.text[:0]; sum%1000 == 0 {
		g.text = strconv.AppendInt(g.text, sum/1000, 10)
		return g.text
	}
	whole := figure{n: sum}
	g.text = append(g.text, whole.decimal().String()...)
	return g.text
}

// long is value for numbers of more than fifteen digits.
func (g *figured) long(row [][]byte) []byte {
	var sum guichet.Decimal
	for i, c := range g.cols {
		d, err := guichet.ParseDecimal(string(row[c]))
		if err != nil {
			return row[c]
		}
		if i >= g.plus {
			sum = sum.Sub(d)
		} else {
			sum = sum.Add(d)
		}
	}
	return []byte(sum.String())
}

// isNumber says whether a text is a number, or empty.
func isNumber(b []byte) bool {
	if _, ok := milli(b); ok {
		return true
	}
	_, err := guichet.ParseDecimal(string(b))
	return err == nil
}

// figureChecks finds the faults of form of one figure; have are the columns
// that the line has before it.
func (f *faulter) figureChecks(path string, g Figure, have []string) {
	terms := slices.Concat(g.Plus, g.Minus)
	if len(terms) < 2 || len(terms) > maxTerms {
		f.at(path, "must name 2 to %d columns", maxTerms)
	}
	for _, c := range terms {
		if !slices.Contains(have, c) {
			f.at(path, "there is no column %q before this one", c)
		}
	}
}

// otherThanCases looks at how a derived column is made.
func (f *faulter) otherThanCases(path string, d Derived, have []string) {
	said := 0
	for _, yes := range []bool{len(d.Cases) > 0, d.Lookup != nil, d.Figure != nil} {
		if yes {
			said++
		}
	}
	switch {
	case said == 0:
		f.at(path, "no case is said")
	case said > 1 || len(d.Cases) == 0 && d.Else != (Value{}):
		f.at(path, "cases with else, lookup or figure: one of them makes a column")
	}
	if d.Lookup != nil {
		f.lookupChecks(path+".lookup", *d.Lookup, have)
	}
	if d.Figure != nil {
		f.figureChecks(path+".figure", *d.Figure, have)
	}
}

// made are the columns that a derived column is made from by lookup or figure.
func (d Derived) made() []string {
	var out []string
	if d.Lookup != nil {
		out = append(out, d.Lookup.By...)
	}
	if d.Figure != nil {
		out = append(out, d.Figure.Plus...)
		out = append(out, d.Figure.Minus...)
	}
	return out
}
