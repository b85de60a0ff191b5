package ingest

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// A profile says of a measure that its decimal sign is a comma (comma: true),
// and of a column how its cells are dressed (grouped, shift). The dress cannot
// be taken off without the sign: "1,234" in thousands is 1 234 where the comma
// is the decimal sign, and nobody's figure where it is not. So each column is
// told the sign of the measures that it comes to, straight or by way of
// derived columns, and a column of two signs is a fault.

// signedAs is by which decimal signs the text of a column is read.
type signedAs struct{ comma, point bool }

// sign is the decimal sign of a column's figures: a point where nothing is said.
func (c *Column) sign() byte {
	if c.read.comma {
		return ','
	}
	return '.'
}

// settleSigns tells each column of the lines by which signs it is read.
func (p *Profile) settleSigns() {
	read := map[string]signedAs{}
	for _, r := range append(slices.Clone(p.Records), p.Every) {
		for _, n := range r.Measures {
			s := read[n.Column]
			s.comma, s.point = s.comma || n.Comma, s.point || !n.Comma
			read[n.Column] = s
		}
	}
	// A derived column is made of those before it, so that the last is asked first.
	for _, d := range slices.Backward(p.Derive) {
		s := read[d.Name]
		if d.Figure != nil {
			s = signedAs{point: true} // what is worked out is read and written with a point
		}
		for _, from := range d.copied() {
			of := read[from]
			of.comma, of.point = of.comma || s.comma, of.point || s.point
			read[from] = of
		}
	}
	for i := range p.Columns {
		p.Columns[i].read = read[p.Columns[i].Name]
	}
}

// copied are the columns whose text a derived column takes over, or works with.
func (d Derived) copied() []string {
	var out []string
	for _, c := range d.Cases {
		out = append(append(out, c.From), placeholders(c.Text)...)
	}
	out = append(append(out, d.Else.From), placeholders(d.Else.Text)...)
	if d.Figure != nil {
		out = slices.Concat(out, d.Figure.Plus, d.Figure.Minus)
	}
	return out
}

// signs finds the faults of what a column says of the signs in its figures.
func (f *faulter) signs(path string, c Column) {
	if (c.Grouped != "" || c.Shift != 0) && c.read.comma && c.read.point {
		f.at(path, "one measure reads %q with a decimal comma (comma: true) and another, or a figure, with a point: with grouped or shift there must be one sign", c.Name)
	}
	if c.Grouped == "" {
		return
	}
	path += ".grouped"
	one := utf8.RuneCountInString(c.Grouped) == 1 && (len(c.Grouped) == 1 || anySpace(c.Grouped))
	switch {
	case !one || strings.Contains("0123456789+-", c.Grouped):
		f.at(path, "%q must be one character that no number has otherwise, such as a comma or a space", c.Grouped)
	case c.Grouped == "." && !c.read.comma:
		f.at(path, "a point between groups of three digits needs a decimal comma: write comma: true at the measure")
	case c.Grouped == "," && c.read.comma:
		f.at(path, "the measure has a decimal comma (comma: true): a comma cannot stand between groups of three digits, too")
	}
}

// dressedAbsent finds texts of a measure that mean "no figure" and that the
// column's dress changes before the measure sees them.
func (c *checker) dressedAbsent(path string, n Number) {
	i := slices.IndexFunc(c.p.Columns, func(x Column) bool { return x.Name == n.Column })
	if i < 0 || c.p.Columns[i].Grouped == "" && c.p.Columns[i].Shift == 0 {
		return
	}
	for _, a := range n.Absent {
		if after := string(c.p.Columns[i].value([]byte(a))); after != a {
			c.at(path+".absent", "the column's grouped or shift makes %q of %q before it is compared: write what it makes", after, a)
		}
	}
}

// figureSign finds a measure that reads a worked-out figure with a comma.
func (c *checker) figureSign(path string, n Number) {
	if n.Comma && slices.ContainsFunc(c.p.Derive, func(d Derived) bool { return d.Name == n.Column && d.Figure != nil }) {
		c.at(path+".comma", "a figure is worked out of numbers with a decimal point and written with one")
	}
}

// spaces are the signs that offices and spreadsheets write for a space between
// groups of digits: the no-break space, the narrow one, the thin one.
func spaces() []string { return []string{"\u00a0", "\u202f", "\u2009"} }

// anySpace says whether a sign between groups is a space: then every kind of
// space is, since nobody sees which one stands in a file.
func anySpace(sign string) bool { return sign == " " || slices.Contains(spaces(), sign) }

// oneSpace writes every kind of space as the plain one.
func oneSpace(cell []byte) []byte {
	if !bytes.ContainsFunc(cell, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return cell
	}
	for _, s := range spaces() {
		cell = bytes.ReplaceAll(cell, []byte(s), []byte(" "))
	}
	return cell
}
