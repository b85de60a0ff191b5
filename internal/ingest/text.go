package ingest

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	"guichet"
)

// Encodings of text.
const (
	utf8Name        = "utf-8"
	latin1Name      = "latin-1"      // ISO 8859-1
	windows1252Name = "windows-1252" // latin-1 with signs where that has control characters
)

const byteOrderMark = "\xef\xbb\xbf"

// encodingError is a fault that another encoding may cure.
type encodingError struct{ fault *guichet.Error }

func (e encodingError) Error() string { return e.fault.Error() }
func (e encodingError) Unwrap() error { return e.fault }

// textCheck looks at a text as it passes: no NUL, valid UTF-8, no line longer
// than limit. It is fed in chunks and keeps what a seam cuts apart.
type textCheck struct {
	utf8  bool // false: the bytes are of another encoding, each is a character
	limit int  // longest line in bytes; 0: none

	lines  int64 // line ends seen
	carry  int64 // bytes since the last of them
	crlf   int64 // line ends that have a CR before them
	cr     int64 // CRs in all
	lastCR bool
	quotes bool // a double quote was seen
	seam   []byte
}

// write looks at the next chunk. Its errors name the line, counted from 1, and
// for NUL the column in bytes.
func (t *textCheck) write(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if i := bytes.IndexByte(b, 0); i >= 0 {
		line, col := t.place(b, i)
		return guichet.Errorf(guichet.KindInvalid, "a NUL byte stands in line %d, column %d: this is no text", line, col).
			WithHint("the file may be damaged, or be UTF-16 or a binary format; ask the office for UTF-8 text")
	}
	if t.utf8 {
		if i := t.invalid(b); i >= 0 {
			line, col := t.place(b, i)
			return encodingError{guichet.Errorf(guichet.KindInvalid, "line %d is not UTF-8: the byte 0x%02x in column %d begins no character", line, b[i], col).
				WithHint("if the office writes another encoding, the profile must say so under format.encoding")}
		}
	}
	if err := t.lengths(b); err != nil {
		return err
	}
	t.lines += int64(bytes.Count(b, []byte{'\n'}))
	if t.lastCR || bytes.IndexByte(b, '\r') >= 0 {
		t.cr += int64(bytes.Count(b, []byte{'\r'}))
		t.crlf += int64(bytes.Count(b, []byte("\r\n")))
		if t.lastCR && b[0] == '\n' {
			t.crlf++
		}
		t.lastCR = b[len(b)-1] == '\r'
	}
	t.quotes = t.quotes || bytes.IndexByte(b, '"') >= 0
	return nil
}

// close looks at what the text ends with.
func (t *textCheck) close() error {
	if len(t.seam) > 0 {
		return encodingError{guichet.Errorf(guichet.KindInvalid, "line %d is not UTF-8: the text ends within a character", t.lines+1)}
	}
	return nil
}

// plain says whether all lines end alike and no CR stands elsewhere, so that an
// engine cuts lines where we do.
func (t *textCheck) plain() bool {
	return t.cr == 0 || t.cr == t.crlf && (t.crlf == t.lines)
}

// place says where the byte b[i] stands.
func (t *textCheck) place(b []byte, i int) (line, col int64) {
	line = t.lines + int64(bytes.Count(b[:i], []byte{'\n'})) + 1
	if last := bytes.LastIndexByte(b[:i], '\n'); last >= 0 {
		return line, int64(i - last)
	}
	return line, t.carry + int64(i) + 1
}

// lengths looks for lines that are too long. A stretch of at most limit bytes
// can hold only the end of one.
func (t *textCheck) lengths(b []byte) error {
	if t.limit == 0 {
		if last := bytes.LastIndexByte(b, '\n'); last >= 0 {
			t.carry = int64(len(b) - last - 1)
		} else {
			t.carry += int64(len(b))
		}
		return nil
	}
	line := t.lines
	for len(b) > 0 {
		part := b[:min(len(b), t.limit)]
		b = b[len(part):]
		end := bytes.IndexByte(part, '\n')
		upTo := end
		if end < 0 {
			upTo = len(part)
		}
		if t.carry+int64(upTo) > int64(t.limit) {
			return guichet.Errorf(guichet.KindHostile, "line %d is longer than %d bytes", line+1, t.limit).
				WithHint("no office writes such lines; look at the file")
		}
		if end < 0 {
			t.carry += int64(len(part))
			continue
		}
		t.carry = int64(len(part) - bytes.LastIndexByte(part, '\n') - 1)
		if len(b) > 0 {
			line += int64(bytes.Count(part, []byte{'\n'}))
		}
	}
	return nil
}

// invalid returns the place of the first byte that is no UTF-8, -1 when there
// is none. A character that the chunk's end cuts waits in the seam.
func (t *textCheck) invalid(b []byte) int {
	start := 0
	for len(t.seam) > 0 {
		if start == len(b) {
			return -1
		}
		t.seam = append(t.seam, b[start])
		start++
		if utf8.FullRune(t.seam) {
			if r, n := utf8.DecodeRune(t.seam); r == utf8.RuneError && n == 1 {
				return start - 1
			}
			t.seam = t.seam[:0]
		}
	}
	end := len(b)
	for back := 1; back <= min(utf8.UTFMax-1, len(b)-start); back++ {
		if c := b[len(b)-back]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-back:]) {
				end = len(b) - back
			}
			break
		}
	}
	if !utf8.Valid(b[start:end]) {
		for i := start; i < end; {
			r, n := utf8.DecodeRune(b[i:end])
			if r == utf8.RuneError && n == 1 {
				return i
			}
			i += n
		}
	}
	t.seam = append(t.seam, b[end:]...)
	return -1
}

// textReader gives the UTF-8 text of a member: bytes are looked at, a byte
// order mark is left out, other encodings are converted.
type textReader struct {
	from   io.Reader
	check  *textCheck
	table  *[256]rune // nil for UTF-8
	begun  bool
	raw    []byte
	out    []byte // converted, not yet read
	ending error
}

func newTextReader(r io.Reader, encoding string, lineLimit int) *textReader {
	t := &textReader{raw: make([]byte, 256<<10)}
	if encoding != utf8Name {
		t.table = table(encoding)
	}
	t.reset(r, lineLimit)
	return t
}

// reset begins anew with another text of the same encoding.
func (t *textReader) reset(r io.Reader, lineLimit int) {
	*t = textReader{from: r, check: &textCheck{utf8: t.table == nil, limit: lineLimit}, table: t.table, raw: t.raw}
}

// Read gives the next piece of text.
func (t *textReader) Read(p []byte) (int, error) {
	for len(t.out) == 0 {
		if t.ending != nil {
			return 0, t.ending
		}
		t.next()
	}
	n := copy(p, t.out)
	t.out = t.out[n:]
	return n, nil
}

// next reads, looks at and converts one piece.
func (t *textReader) next() {
	n, err := t.from.Read(t.raw)
	if !t.begun && n > 0 && n < len(byteOrderMark) && err == nil { // a mark must not be cut
		var more int
		more, err = io.ReadAtLeast(t.from, t.raw[n:], len(byteOrderMark)-n)
		n += more
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = io.EOF
		}
	}
	b := t.raw[:n]
	if !t.begun && n > 0 {
		t.begun = true
		if t.table == nil {
			b = bytes.TrimPrefix(b, []byte(byteOrderMark))
		}
	}
	if bad := t.check.write(b); bad != nil {
		t.ending = bad
		return
	}
	if errors.Is(err, io.EOF) {
		if bad := t.check.close(); bad != nil {
			err = bad
		}
	}
	t.ending = err
	if t.table == nil {
		t.out = b
		return
	}
	out := make([]byte, 0, len(b)+len(b)/8)
	for _, c := range b {
		out = utf8.AppendRune(out, t.table[c])
	}
	t.out = out
}

// table maps the bytes of an encoding to characters. Windows-1252 after the
// WHATWG Encoding Standard, which maps the five bytes that it leaves open to
// the control characters of the same number.
func table(encoding string) *[256]rune {
	var t [256]rune
	for i := range t {
		t[i] = rune(i)
	}
	if encoding == windows1252Name {
		copy(t[0x80:], []rune("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ"))
	}
	return &t
}
