package ingest

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"guichet"
	"guichet/wording"
)

// arrayReader reads rows of JSON arrays as they stream by:
//
//	[["0101210010",809426,809426,0,0],["0101210020",2890222,2890222,0,0]]
//
// Only arrays of strings, plain decimal numbers and null are read: no objects,
// nothing nested deeper, no exponents (1e3 is no figure that an office writes),
// no truth values. It reads each byte once and keeps one row.
type arrayReader struct {
	in     io.Reader
	buf    []byte
	pos    int
	end    int
	err    error
	offset int64 // of buf[0] in the text
	limit  int   // longest row in bytes

	row    int64 // rows read
	text   []byte
	ends   []int
	kinds  []byte // 's', 'n' or '0' for null
	fields [][]byte
}

func newArrayReader(r io.Reader, limit int) *arrayReader {
	return &arrayReader{in: r, buf: make([]byte, 128<<10), limit: limit}
}

// reset begins anew with another text, in the same buffers.
func (a *arrayReader) reset(r io.Reader) {
	*a = arrayReader{in: r, buf: a.buf, limit: a.limit, text: a.text[:0], ends: a.ends[:0], kinds: a.kinds[:0], fields: a.fields[:0]}
}

// fault says what is wrong with the JSON, and where.
func (a *arrayReader) fault(format string, args ...any) error {
	if a.err != nil && !errors.Is(a.err, io.EOF) {
		return a.err
	}
	if a.err != nil && a.pos >= a.end {
		return guichet.Errorf(guichet.KindInvalid, "truncated: the JSON ends in row %d, at byte %d", a.row+1, a.offset+int64(a.pos)).
			WithHint("fetch it again; compare its size with the office's")
	}
	return guichet.Errorf(guichet.KindInvalid, "row %d, byte %d: %s", a.row+1, a.offset+int64(a.pos), wording.Say(format, args...)).
		WithHint("the profile reads rows of texts and plain numbers only")
}

// more fills the buffer; false at the end or on an error.
func (a *arrayReader) more() bool {
	if a.err != nil {
		return false
	}
	a.offset += int64(a.end)
	a.pos, a.end = 0, 0
	for a.end == 0 && a.err == nil {
		a.end, a.err = a.in.Read(a.buf)
	}
	return a.end > 0
}

// peek returns the next byte that is no white space, 0 at the end.
func (a *arrayReader) peek() byte {
	for {
		for a.pos < a.end {
			switch c := a.buf[a.pos]; c {
			case ' ', '\t', '\n', '\r':
				a.pos++
			default:
				return c
			}
		}
		if !a.more() {
			return 0
		}
	}
}

func (a *arrayReader) expect(c byte) error {
	if got := a.peek(); got != c {
		return a.fault("%s where %q must stand", said(got), c)
	}
	a.pos++
	return nil
}

func said(c byte) string {
	if c == 0 {
		return "the end"
	}
	return strconv.QuoteRune(rune(c))
}

// next reads one row; io.EOF after the last. The fields are valid until the
// next call, null is the empty text.
func (a *arrayReader) next() ([][]byte, error) {
	if a.row == 0 {
		if err := a.expect('['); err != nil {
			return nil, err
		}
		if a.peek() == ']' {
			a.pos++
			return nil, a.finish()
		}
	} else {
		switch c := a.peek(); c {
		case ',':
			a.pos++
		case ']':
			a.pos++
			return nil, a.finish()
		default:
			return nil, a.fault("%s where a comma or ']' must stand", said(c))
		}
	}
	if err := a.readRow(); err != nil {
		return nil, err
	}
	a.row++
	a.fields = a.fields[:0]
	from := 0
	for _, end := range a.ends {
		a.fields = append(a.fields, a.text[from:end:end])
		from = end
	}
	return a.fields, nil
}

// finish looks at what follows the last row: white space only.
func (a *arrayReader) finish() error {
	if c := a.peek(); c != 0 {
		return a.fault("%s after the end", said(c))
	}
	if a.err != nil && !errors.Is(a.err, io.EOF) {
		return a.err
	}
	return io.EOF
}

func (a *arrayReader) readRow() error {
	a.text, a.ends, a.kinds = a.text[:0], a.ends[:0], a.kinds[:0]
	if err := a.expect('['); err != nil {
		return err
	}
	if a.peek() == ']' {
		return a.fault("an empty row")
	}
	for {
		if err := a.value(); err != nil {
			return err
		}
		a.ends = append(a.ends, len(a.text))
		if len(a.text)+len(a.ends) > a.limit {
			return guichet.Errorf(guichet.KindHostile, "row %d is longer than %d bytes", a.row+1, a.limit)
		}
		switch c := a.peek(); c {
		case ',':
			a.pos++
		case ']':
			a.pos++
			return nil
		default:
			return a.fault("%s where a comma or ']' must stand", said(c))
		}
	}
}

func (a *arrayReader) value() error {
	switch c := a.peek(); {
	case c == '"':
		a.pos++
		a.kinds = append(a.kinds, 's')
		return a.str()
	case c == '-' || c >= '0' && c <= '9':
		a.kinds = append(a.kinds, 'n')
		return a.number()
	case c == 'n':
		a.kinds = append(a.kinds, '0')
		return a.literal("null")
	default:
		return a.fault("%s where a text, a number or null must stand", said(c))
	}
}

// byteAt returns the next byte as it is; ok is false at the end.
func (a *arrayReader) byteAt() (c byte, ok bool) {
	if a.pos == a.end && !a.more() {
		return 0, false
	}
	return a.buf[a.pos], true
}

func (a *arrayReader) literal(word string) error {
	for i := range len(word) {
		if c, ok := a.byteAt(); !ok || c != word[i] {
			return a.fault("a word that is not %s", word)
		}
		a.pos++
	}
	return nil
}

// str reads a string after its opening quote.
func (a *arrayReader) str() error {
	for {
		if a.pos == a.end && !a.more() {
			return a.fault("a text that does not end")
		}
		rest := a.buf[a.pos:a.end]
		i := 0
		for i < len(rest) && rest[i] != '"' && rest[i] != '\\' && rest[i] >= 0x20 {
			i++
		}
		a.text = append(a.text, rest[:i]...)
		if len(a.text) > a.limit {
			return guichet.Errorf(guichet.KindHostile, "row %d is longer than %d bytes", a.row+1, a.limit)
		}
		a.pos += i
		if i == len(rest) {
			continue
		}
		switch rest[i] {
		case '"':
			a.pos++
			return nil
		case '\\':
			a.pos++
			if err := a.escape(); err != nil {
				return err
			}
		default:
			return a.fault("a control character in a text")
		}
	}
}

// escape reads what follows a backslash (RFC 8259, 7).
func (a *arrayReader) escape() error {
	c, ok := a.byteAt()
	if !ok {
		return a.fault("a text that does not end")
	}
	a.pos++
	if i := bytes.IndexByte([]byte(`"\/bfnrt`), c); i >= 0 {
		a.text = append(a.text, "\"\\/\b\f\n\r\t"[i])
		return nil
	}
	if c != 'u' {
		return a.fault("%s after a backslash", said(c))
	}
	r, err := a.hex4()
	if err != nil {
		return err
	}
	if utf16.IsSurrogate(r) {
		if err := a.literal(`\u`); err != nil {
			return a.fault("half a character")
		}
		low, err := a.hex4()
		if err != nil {
			return err
		}
		if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
			return a.fault("half a character")
		}
	}
	if r == 0 {
		return a.fault("a NUL in a text")
	}
	a.text = utf8.AppendRune(a.text, r)
	return nil
}

func (a *arrayReader) hex4() (rune, error) {
	var h [4]byte
	for i := range h {
		c, ok := a.byteAt()
		if !ok {
			return 0, a.fault("a text that does not end")
		}
		h[i] = c
		a.pos++
	}
	n, err := strconv.ParseUint(string(h[:]), 16, 16)
	if err != nil {
		return 0, a.fault("no hexadecimal number after \\u")
	}
	return rune(n), nil
}

// number reads -?(0|[1-9][0-9]*)(.[0-9]+)? and nothing else.
func (a *arrayReader) number() error {
	from := len(a.text)
	for i, c := range a.buf[a.pos:a.end] { // most often the whole number is at hand, and whole
		if c >= '0' && c <= '9' && i < 60 {
			continue
		}
		if c == ',' || c == ']' {
			a.text = append(a.text, a.buf[a.pos:a.pos+i]...)
			a.pos += i
		}
		break
	}
	for {
		c, ok := a.byteAt()
		if !ok || c != '-' && c != '.' && (c < '0' || c > '9') {
			if ok && (c == 'e' || c == 'E' || c == '+') {
				return a.fault("a number with an exponent")
			}
			break
		}
		if len(a.text)-from > 60 {
			return a.fault("a number of more than 60 digits")
		}
		a.text = append(a.text, c)
		a.pos++
	}
	if !plainNumber(a.text[from:]) {
		return a.fault("no plain number: %s", shorten(string(a.text[from:])))
	}
	return nil
}

func plainNumber(b []byte) bool {
	b = bytes.TrimPrefix(b, []byte("-"))
	whole, frac, point := bytes.Cut(b, []byte("."))
	return allDigits(whole) && (len(whole) == 1 || whole[0] != '0') && (!point || allDigits(frac))
}

func allDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// mistyped says which column of a row is not of its type, -1 for none. A text
// may stand where a figure is expected (it is looked at again later); a number
// in place of a code has lost its leading zeros.
func (p *Profile) mistyped(kinds []byte, order []int) int {
	for i, k := range kinds {
		if i < len(order) && k == 'n' && !p.Columns[order[i]].Number && !p.Columns[order[i]].Ignored {
			return i
		}
	}
	return -1
}

// inOrder is the order of a file without names: that of the profile.
func (p *Profile) inOrder() []int {
	order := make([]int, len(p.Columns))
	for i := range order {
		order[i] = i
	}
	return order
}

// arrayOrder reads the first row, which names the columns: for each value of a
// row the index of the profile's column.
func (p *Profile) arrayOrder(a *arrayReader) ([]int, error) {
	m, err := p.arrayHeader(a)
	if why := m.why(); err == nil && why.Of != "" {
		err = guichet.Errorf(guichet.KindInvalid, "%s", why)
	}
	return m.order, err
}

func (p *Profile) arrayHeader(a *arrayReader) (matched, error) {
	row, err := a.next()
	if errors.Is(err, io.EOF) {
		return matched{}, guichet.Errorf(guichet.KindInvalid, "the first row must name the columns, and there is none")
	}
	if err != nil {
		return matched{}, err
	}
	header := make([]string, len(row))
	for i, name := range row {
		header[i] = string(name)
	}
	return p.match(header), nil
}

// fitsArrays compares the first rows of JSON arrays with the profile.
func (p *Profile) fitsArrays(head []byte) (int, wording.Sentence) {
	a := newArrayReader(bytes.NewReader(head), headBytes)
	order := p.inOrder()
	if p.Format.headed() {
		m, err := p.arrayHeader(a)
		if err != nil {
			return 0, wording.Say("it is no JSON array of arrays whose first names the columns")
		}
		if why := m.why(); why.Of != "" {
			known := len(m.order) - len(m.unknown) - len(m.twice)
			return 90 * known / (len(p.Columns) + len(m.unknown)), why
		}
		order = m.order
	}
	row, err := a.next()
	if errors.Is(err, io.EOF) {
		return 100, wording.Sentence{} // an empty list: a member that reports nothing
	}
	if err != nil {
		return 0, wording.Say("it is no JSON array of arrays")
	}
	if len(row) != len(order) {
		return 50, wording.Say("its first row has %d values, not %d", len(row), len(order))
	}
	if i := p.mistyped(a.kinds, order); i >= 0 {
		return 60, wording.Say("value %d of its first row is a number, and column '%s' a text", i+1, p.Columns[order[i]].Name)
	}
	for i, j := range order {
		if why := p.Columns[j].refuses(string(row[i])); why.Of != "" {
			return 80, why
		}
	}
	return 100, wording.Sentence{}
}
