package ingest

import (
	"bytes"
	"strings"
)

// Some offices write more into a cell than its value, or the value in a dress
// that no figure has here. A column of a csv says so:
//
//	before: ": "	"JAPA: Japan"	->	"JAPA"		(SDMX-CSV with labels=both)
//	after: ": "	"JAPA: Japan"	->	"Japan"
//	grouped: ","	"1,234,567"	->	"1234567"
//	grouped: " "	"1 234,5"	->	"1234,5"	(any space; the comma where the measure has comma: true)
//	shift: 3	"36053.845"	->	"36053845"	(thousands of dollars)
//	binary: 2	"241.58000000000004"	->	"241.58"	(counted in binary fractions)
//
// Each works on the text, so that nothing is rounded. What is not of the shape
// is left as it is, to be put aside with its line by whoever reads the value.

// altered says whether a column's cells are not taken as they are.
func (c Column) altered() bool {
	return c.Trim || c.Before != "" || c.After != "" || c.Grouped != "" || c.Shift != 0 || c.Binary != 0
}

// value is what a cell means. It is asked of every cell of a csv.
func (c *Column) value(cell []byte) []byte {
	if c.Trim {
		cell = bytes.TrimSpace(cell)
	}
	if c.Before != "" {
		cell, _, _ = bytes.Cut(cell, []byte(c.Before))
	}
	if c.After != "" {
		if _, rest, ok := bytes.Cut(cell, []byte(c.After)); ok {
			cell = rest
		}
	}
	if c.Grouped != "" {
		cell = ungroup(cell, c.Grouped, c.sign())
	}
	if c.Shift > 0 {
		cell = shift(cell, c.Shift, c.sign())
	}
	if c.Binary > 0 {
		cell = unbinary(cell, c.Binary)
	}
	return cell
}

// ungroup takes the sign between groups of three digits out of a number with
// the decimal sign point: "-1,234,567.5" is "-1234567.5". A text that is not
// grouped so is returned as it is: "1,5" and "12,34" may be decimals, or a slip.
func ungroup(cell []byte, sign string, point byte) []byte {
	plain := cell
	if anySpace(sign) {
		plain, sign = oneSpace(cell), " "
	}
	if !bytes.Contains(plain, []byte(sign)) {
		return cell
	}
	whole, frac, _ := bytes.Cut(bytes.TrimLeft(plain, "+-"), []byte{point})
	groups := bytes.Split(whole, []byte(sign))
	for i, g := range groups {
		full := len(g) == 3 || i == 0 && len(g) >= 1 && len(g) < 3
		if !full || !onlyDigits(g) {
			return cell
		}
	}
	if !onlyDigits(frac) {
		return cell
	}
	return bytes.ReplaceAll(plain, []byte(sign), nil)
}

// shift moves the decimal sign of a number to the right: by 3, "1.5" is "1500"
// and "0.0005" is "0000.5". It does so for every text that is a number by
// guichet.ParseDecimal, with the sign point; any other text is returned as it
// is, which no measure of that sign reads. Nought stays as it is, so that a
// measure may still take it for an absent figure.
func shift(cell []byte, places int, point byte) []byte {
	digits := cell
	if len(digits) > 0 && (digits[0] == '-' || digits[0] == '+') {
		digits = digits[1:]
	}
	whole, frac, _ := bytes.Cut(digits, []byte{point})
	if len(whole)+len(frac) == 0 || !onlyDigits(whole) || !onlyDigits(frac) {
		return cell
	}
	nought := len(whole) > 0 && len(bytes.Trim(whole, "0")) == 0 && len(bytes.Trim(frac, "0")) == 0
	out := append([]byte(nil), cell[:len(cell)-len(digits)]...)
	out = append(out, whole...)
	moved := min(len(frac), places)
	if !nought {
		out = append(out, frac[:moved]...)
		out = append(out, bytes.Repeat([]byte{'0'}, places-moved)...)
	}
	if rest := frac[moved:]; len(rest) > 0 {
		out = append(append(out, point), rest...)
	}
	return out
}

// onlyDigits is true of the empty text, too.
func onlyDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// dress finds the faults of what a column says of its cells.
func (f *faulter) dress(path string, c Column) {
	if c.Before+c.After+c.Grouped == "" && c.Shift == 0 && c.Binary == 0 {
		return
	}
	if kind := f.p.Format.Kind; kind != kindCSV && (kind != kindParquet || c.Before+c.After+c.Grouped != "" || c.Shift != 0) {
		f.at(path, "before, after, grouped, shift and binary are only for the kind %s (binary for %s too)", kindCSV, kindParquet)
	}
	if c.Before != "" && c.After != "" {
		f.at(path, "either what stands before a text or what stands after it, not both")
	}
	f.signs(path, c)
	if c.Shift < 0 || c.Shift > maxShift {
		f.at(path+".shift", "must be from 0 to %d places", maxShift)
	}
	if c.Binary < 0 || c.Binary > 3 {
		f.at(path+".binary", "figures have 1 to 3 decimals")
	}
}

// maxShift bounds a shift: billions. A kept figure has 15 digits before its point.
const maxShift = 9

// named takes the columns without a name off the end of a header, where the
// profile allows them, and says how many empty fields a line may have in their
// place.
func (f Format) named(header []string) (names []string, extra int) {
	names = header
	for f.Unnamed && len(names) > 1 && strings.TrimSpace(names[len(names)-1]) == "" {
		names = names[:len(names)-1]
	}
	if f.Trailing && len(names) > 1 && names[len(names)-1] == "" {
		names = names[:len(names)-1]
	}
	extra = len(header) - len(names)
	if f.Trailing {
		extra = max(extra, 1)
	}
	return names, extra
}

// short takes at most extra empty fields off the end of a line of so many
// columns. A field there that is not empty stays, and with it the line has too
// many.
func short(line [][]byte, columns, extra int) [][]byte {
	for ; extra > 0 && len(line) > columns && len(line[len(line)-1]) == 0; extra-- {
		line = line[:len(line)-1]
	}
	return line
}
