package ingest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"guichet"
	"guichet/wording"
)

// csvReader cuts delimited text into fields, strictly:
//
//	a,"b ""c"", d",	->	a | b "c", d |
//
// A line that breaks the rules of quoting (a sign after a closing quote) is
// given whole, as ragged; a quote that never closes is an error, since it would
// swallow the rest of the file.
type csvReader struct {
	in    *bufio.Reader
	comma byte
	quote byte // 0: none
	limit int  // longest record in bytes

	line   int64 // the line on which the record began
	at     int64 // lines read
	raw    []byte
	buf    []byte
	ends   []int
	fields [][]byte
	ragged bool
}

func newCSVReader(r io.Reader, comma, quote byte, limit int) *csvReader {
	return &csvReader{in: bufio.NewReaderSize(r, 256<<10), comma: comma, quote: quote, limit: limit}
}

// next reads one record; blank lines are passed over. The fields are valid
// until the next call.
func (c *csvReader) next() ([][]byte, error) {
	for {
		c.raw, c.ragged = c.raw[:0], false
		c.line = c.at + 1
		if err := c.readLine(); err != nil {
			return nil, err
		}
		if len(bytes.TrimRight(c.raw, "\r\n")) > 0 {
			return c.cut()
		}
	}
}

// skip passes over n lines as they stand, whatever quotes they hold: titles in
// front of a table are no records. io.EOF: there are not so many.
func (c *csvReader) skip(n int) error {
	for range n {
		c.raw, c.line = c.raw[:0], c.at+1
		if err := c.readLine(); err != nil {
			return err
		}
	}
	return nil
}

// readLine appends the next physical line to raw.
func (c *csvReader) readLine() error {
	for {
		part, err := c.in.ReadSlice('\n')
		c.raw = append(c.raw, part...)
		if len(c.raw) > c.limit+2 {
			return guichet.Errorf(guichet.KindHostile, "the record that begins on line %d is longer than %d bytes", c.line, c.limit).
				WithHint("a quote may be missing")
		}
		switch {
		case err == nil:
			c.at++
			return nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(part) > 0:
			c.at++
			return nil
		default:
			return err
		}
	}
}

// cut cuts raw into fields, reading on where a quoted field holds a line's end.
func (c *csvReader) cut() ([][]byte, error) {
	c.buf, c.ends = c.buf[:0], c.ends[:0]
	b := c.raw
	i := 0
	for {
		if c.quote != 0 && i < len(b) && b[i] == c.quote {
			var err error
			if i, b, err = c.quoted(i+1, b); err != nil {
				return nil, err
			}
			if i < 0 {
				return c.whole()
			}
		} else {
			end := i
			for end < len(b) && b[end] != c.comma && b[end] != '\n' && b[end] != '\r' {
				if c.quote != 0 && b[end] == c.quote {
					return c.whole()
				}
				end++
			}
			c.buf = append(c.buf, b[i:end]...)
			i = end
		}
		c.ends = append(c.ends, len(c.buf))
		if i < len(b) && b[i] == c.comma {
			i++
			continue
		}
		if len(bytes.TrimLeft(b[i:], "\r\n")) > 0 { // a CR within a line
			return c.whole()
		}
		return c.split(), nil
	}
}

// quoted reads a quoted field from after its opening quote to after its closing
// one; -1 when something else than a delimiter follows.
func (c *csvReader) quoted(i int, b []byte) (int, []byte, error) {
	for {
		end := bytes.IndexByte(b[i:], c.quote)
		if end < 0 {
			c.buf = append(c.buf, b[i:]...)
			i = len(b)
			if err := c.readLine(); err != nil {
				if errors.Is(err, io.EOF) {
					return 0, nil, guichet.Errorf(guichet.KindInvalid, "a quote opens in the record that begins on line %d and never closes", c.line).
						WithHint("look at the line with an editor; the file may be truncated")
				}
				return 0, nil, err
			}
			b = c.raw
			continue
		}
		c.buf = append(c.buf, b[i:i+end]...)
		i += end + 1
		if i < len(b) && b[i] == c.quote {
			c.buf = append(c.buf, c.quote)
			i++
			continue
		}
		if i == len(b) || b[i] == c.comma || b[i] == '\n' || b[i] == '\r' {
			return i, b, nil
		}
		return -1, b, nil
	}
}

func (c *csvReader) split() [][]byte {
	c.fields = c.fields[:0]
	from := 0
	for _, end := range c.ends {
		c.fields = append(c.fields, c.buf[from:end:end])
		from = end
	}
	return c.fields
}

// whole gives the line as one field that is no field.
func (c *csvReader) whole() ([][]byte, error) {
	c.ragged = true
	c.fields = append(c.fields[:0], bytes.TrimRight(c.raw, "\r\n"))
	return c.fields, nil
}

// matched is how the columns of a file stand to those of a profile.
type matched struct {
	order   []int    // for each field of the file, the index of the profile's column
	missing []string // columns that must be there
	unknown []string // columns that the profile does not name
	twice   []string
}

// match finds the profile's columns in a header.
func (p *Profile) match(header []string) matched {
	m := matched{order: make([]int, len(header))}
	seen := map[int]bool{}
	for i, name := range header {
		name = strings.TrimSpace(name)
		j := slices.IndexFunc(p.Columns, func(c Column) bool { return c.Name == name || slices.Contains(c.Also, name) })
		m.order[i] = j
		switch {
		case j < 0:
			m.unknown = append(m.unknown, name)
		case seen[j]:
			m.twice = append(m.twice, name)
		}
		seen[j] = true
	}
	for j, c := range p.Columns {
		if !seen[j] && !c.Optional {
			m.missing = append(m.missing, c.Name)
		}
	}
	return m
}

// why says what is wrong with a header, nothing when nothing is.
func (m matched) why() wording.Sentence {
	var out []wording.Sentence
	add := func(names []string, say func(name string) wording.Sentence) {
		const most = 8
		for i, n := range names {
			if i == most {
				out = append(out, wording.Say("and %d more", len(names)-most))
				break
			}
			out = append(out, say(shorten(n)))
		}
	}
	add(m.missing, func(n string) wording.Sentence { return wording.Say("column '%s' is missing", n) })
	add(m.unknown, func(n string) wording.Sentence { return wording.Say("column '%s' is not known", n) })
	add(m.twice, func(n string) wording.Sentence { return wording.Say("column '%s' stands twice", n) })
	return wording.Several(out, "; ")
}

// fitsCSV compares the first two lines of delimited text with the profile.
func (p *Profile) fitsCSV(head []byte, all bool) (int, wording.Sentence) {
	if signed(head, append(others(), archives()...)) != "" {
		return 0, wording.Say("it is no delimited text")
	}
	c := newCSVReader(bytes.NewReader(head), p.Format.delimiter(), p.Format.quote(), headBytes)
	if c.skip(p.Format.Skip) != nil {
		return 0, wording.Say("it has no %d lines in front of its header", p.Format.Skip)
	}
	line, err := c.next()
	if err != nil || c.ragged || bytes.IndexByte(c.raw, 0) >= 0 {
		return 0, wording.Say("its first line cannot be cut into columns")
	}
	order := make([]int, len(p.Columns))
	for i := range order {
		order[i] = i
	}
	if p.Format.header() {
		header, _ := p.Format.named(fieldTexts(line))
		m := p.match(header)
		if why := m.why(); why.Of != "" {
			if other := p.cutOtherwise(c.raw); other != 0 {
				return 50, wording.Say("the file is cut by %s, the profile by %s", signName(other), signName(p.Format.delimiter()))
			}
			known := len(header) - len(m.unknown) - len(m.twice)
			return 90 * known / (len(p.Columns) + len(m.unknown)), why
		}
		order = m.order
		if line, err = c.next(); err != nil {
			if all {
				return 100, wording.Sentence{} // a header and no line: a file that reports nothing
			}
			return 90, wording.Say("its second line cannot be read")
		}
	} else if n := len(line); n != len(p.Columns) && (!p.Format.Trailing || n != len(p.Columns)+1) {
		return 10, wording.Say("its first line has %d columns, not %d", n, len(p.Columns))
	}
	for i, j := range order {
		if i < len(line) {
			if why := p.Columns[j].refuses(string(p.Columns[j].value(line[i]))); why.Of != "" {
				return 95, why
			}
		}
	}
	return 100, wording.Sentence{}
}

// refuses says why a value cannot stand in the first line, "" when it can.
func (c Column) refuses(v string) wording.Sentence {
	v = strings.TrimSpace(v)
	if len(c.Only) == 0 || slices.Contains(c.Only, v) {
		return wording.Sentence{}
	}
	return wording.Say("column '%s' is '%s' in the first line, not %s", c.Name, shorten(v), strings.Join(c.Only, " or "))
}
