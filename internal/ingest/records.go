package ingest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"guichet"
	"guichet/wording"
)

// recordReader cuts lines of fixed length:
//
//	000000000|HMCUSTOMS MONTHLY DATA|2009| FEBRUARY|EU ARRIVALS        	head
//	010110100|0|001|FR|0|000|  |000|000|0200902|000|00150|...        	detail
//	999999999|0000000132302|0000000000000|...                        	tail
//
// A head must be the first line and a tail the last, where the profile has
// them. A detail line of another length, or with something else between its
// columns, is given whole, as ragged.
type recordReader struct {
	in    *bufio.Reader
	p     *Profile
	limit int

	line   int64
	head   map[string]string
	tail   map[string]string
	ended  bool
	fields [][]byte
	ragged bool
	long   []byte
	nums   [][]byte // scratch of the figures, by column
}

func newRecordReader(r io.Reader, p *Profile, limit int) *recordReader {
	return &recordReader{in: bufio.NewReaderSize(r, 256<<10), p: p, limit: limit, nums: make([][]byte, len(p.Columns))}
}

// readLine returns the next line without its end.
func (c *recordReader) readLine() ([]byte, error) {
	c.long = c.long[:0]
	for {
		part, err := c.in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			if c.long = append(c.long, part...); len(c.long) > c.limit {
				return nil, guichet.Errorf(guichet.KindHostile, "line %d is longer than %d bytes", c.line+1, c.limit)
			}
			continue
		}
		if err != nil && (!errors.Is(err, io.EOF) || len(part)+len(c.long) == 0) {
			return nil, err
		}
		if len(c.long) > 0 {
			part = append(c.long, part...)
		}
		c.line++
		return bytes.TrimSuffix(bytes.TrimSuffix(part, []byte("\n")), []byte("\r")), nil
	}
}

// begin reads the head line, where there is one.
func (c *recordReader) begin() error {
	l := c.p.Format.Head
	if l == nil {
		return nil
	}
	b, err := c.readLine()
	if errors.Is(err, io.EOF) {
		return guichet.Errorf(guichet.KindInvalid, "there is no line")
	}
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(b, []byte(l.Starts)) {
		return guichet.Errorf(guichet.KindInvalid, "line 1 is no head line: it does not begin with %q", l.Starts)
	}
	c.head, err = l.read(b, 1)
	return err
}

// next reads one detail line; io.EOF after the tail. The fields are valid until
// the next call.
func (c *recordReader) next() ([][]byte, error) {
	for {
		b, err := c.readLine()
		if errors.Is(err, io.EOF) {
			if c.p.Format.Tail != nil && !c.ended {
				return nil, guichet.Errorf(guichet.KindInvalid, "truncated: the tail line is missing after line %d", c.line).
					WithHint("fetch the file again; compare its size with the office's")
			}
			return nil, io.EOF
		}
		if err != nil {
			return nil, err
		}
		if len(b) == 0 {
			continue
		}
		if c.ended {
			return nil, guichet.Errorf(guichet.KindInvalid, "line %d stands after the tail line", c.line)
		}
		if t := c.p.Format.Tail; t != nil && bytes.HasPrefix(b, []byte(t.Starts)) {
			if c.tail, err = t.read(b, c.line); err != nil {
				return nil, err
			}
			c.ended = true
			continue
		}
		return c.detail(b), nil
	}
}

// detail cuts one line by the positions of the profile's columns.
func (c *recordReader) detail(b []byte) [][]byte {
	l := c.p.Format.Detail
	c.fields = c.fields[:0]
	if c.ragged = !l.holds(b, c.p.Columns); c.ragged {
		c.fields = append(c.fields, b)
		return c.fields
	}
	for i, col := range c.p.Columns {
		v := b[col.From-1 : col.To]
		if col.Trim {
			v = bytes.TrimSpace(v)
		}
		if col.Number {
			v = c.unpad(i, v)
		}
		c.fields = append(c.fields, v)
	}
	return c.fields
}

// unpad takes the sign + and leading zeros off a figure: +000000000020221 is
// 20221. What is no figure stays as it is, and is put aside later.
func (c *recordReader) unpad(i int, v []byte) []byte {
	sign, digits := byte(0), v
	if len(v) > 0 && (v[0] == '+' || v[0] == '-') {
		sign, digits = v[0], v[1:]
	}
	if !allDigits(digits) {
		return v
	}
	for len(digits) > 1 && digits[0] == '0' {
		digits = digits[1:]
	}
	if sign != '-' {
		return digits
	}
	c.nums[i] = append(append(c.nums[i][:0], '-'), digits...)
	return c.nums[i]
}

// holds says whether a line has the length, and between its columns what must
// stand there.
func (l *Line) holds(b []byte, cols []Column) bool {
	if len(b) != l.Length {
		return false
	}
	if l.Between == "" {
		return true
	}
	at := 0
	for _, col := range cols { // in the order of their positions, or each gap is looked at from the last end
		for ; at < col.From-1; at++ {
			if b[at] != l.Between[0] {
				return false
			}
		}
		at = max(at, col.To)
	}
	for ; at < len(b); at++ {
		if b[at] != l.Between[0] {
			return false
		}
	}
	return true
}

// read cuts a head or tail line.
func (l *Line) read(b []byte, line int64) (map[string]string, error) {
	if !l.holds(b, l.Columns) {
		return nil, guichet.Errorf(guichet.KindInvalid, "line %d, \"%s\", is not %d bytes long or not cut as the profile says", line, shorten(string(b)), l.Length)
	}
	out := map[string]string{}
	for _, c := range l.Columns {
		v := strings.TrimSpace(string(b[c.From-1 : c.To]))
		if why := c.refuses(v); why.Of != "" {
			return nil, guichet.Errorf(guichet.KindInvalid, "line %d: %s", line, why)
		}
		out[c.Name] = v
	}
	return out, nil
}

// fitsRecords compares the first two lines with the profile.
func (p *Profile) fitsRecords(head []byte, all bool) (int, wording.Sentence) {
	c := newRecordReader(bytes.NewReader(head), p, headBytes)
	score := 10
	if h := p.Format.Head; h != nil {
		if !bytes.HasPrefix(head, []byte(h.Starts)) {
			return 0, wording.Say("its first line does not begin with %q", h.Starts)
		}
		if err := c.begin(); err != nil {
			return 60, wording.Say("%v", err)
		}
		score = 80
	}
	if _, err := c.next(); err != nil {
		if all && errors.Is(err, io.EOF) {
			return 100, wording.Sentence{}
		}
		return score, wording.Say("it has no detail line")
	}
	if c.ragged {
		return score, wording.Say("its line %d has %d bytes or is not cut as the profile says; a detail line has %d", c.line, len(c.fields[0]), p.Format.Detail.Length)
	}
	for i, col := range p.Columns {
		if why := col.refuses(string(c.fields[i])); why.Of != "" {
			return 90, why
		}
	}
	return 100, wording.Sentence{}
}
