package ingest

import (
	"errors"
	"io"

	"guichet"
)

// CSVRows cuts delimited text as a file is cut; ragged lines are given whole.
func CSVRows(r io.Reader, limit int) (rows [][]string, err error) {
	c := newCSVReader(r, ',', '"', limit)
	for {
		line, err := c.next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		rows = append(rows, copied(line))
	}
}

// ArrayRows reads rows of JSON arrays.
func ArrayRows(r io.Reader, limit int) (rows [][]string, err error) {
	a := newArrayReader(r, limit)
	for {
		row, err := a.next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		rows = append(rows, copied(row))
	}
}

// RecordRows cuts lines of fixed length by a profile.
func RecordRows(r io.Reader, p *Profile, limit int) (rows [][]string, err error) {
	c := newRecordReader(r, p, limit)
	if err := c.begin(); err != nil {
		return nil, err
	}
	for {
		row, err := c.next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		rows = append(rows, copied(row))
	}
}

// CheckText looks at a text in chunks of at most n bytes.
func CheckText(b []byte, n, limit int) (lines int64, plain bool, err error) {
	t := &textCheck{utf8: true, limit: limit}
	for len(b) > 0 {
		part := b[:min(n, len(b))]
		if err := t.write(part); err != nil {
			return 0, false, err
		}
		b = b[len(part):]
	}
	return t.lines, t.plain(), t.close()
}

// Decode converts a text to UTF-8.
func Decode(r io.Reader, encoding string) ([]byte, error) {
	return io.ReadAll(newTextReader(r, encoding, 0))
}

// ValueOf is what a cell of a column means.
func ValueOf(c Column, cell string) string { return string(c.value([]byte(cell))) }

// ValueWithComma is what a cell of a column means whose measure has a decimal
// comma.
func ValueWithComma(c Column, cell string) string {
	c.read = signedAs{comma: true}
	return string(c.value([]byte(cell)))
}

// Field writes one field of delimited text.
func Field(v []byte) []byte { return appendField(nil, v) }

// Milli reads a number as thousandths.
func Milli(b []byte) (int64, bool) { return milli(b) }

// SumOf adds numbers up.
func SumOf(numbers ...string) guichet.Decimal {
	var f figure
	for _, n := range numbers {
		f.add([]byte(n))
	}
	return f.decimal()
}

// MemberName is the name of a member, or why it is refused.
func MemberName(name string) (clean, why string) { return memberName(name) }

// Shorten writes a text from outside for people.
func Shorten(s string) string { return shorten(s) }

func copied(fields [][]byte) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = string(f)
	}
	return out
}
