package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"guichet"
)

// maxNesting bounds how deep what stands beside the rows may be nested. The
// deepest that a service was seen to write is 3.
const maxNesting = 32

// objectReader reads rows of flat JSON objects, all in one array, as they
// stream by; the path of the array is the profile's format.at, here data:
//
//	{"count": 2, "data": [{"cmdCode": "0101", "qty": null, "primaryValue": 12.5}, {...}], "error": ""}
//
// A value in a row is a text, a plain number, true, false or null; nothing is
// nested there, no number has an exponent, no key stands twice, and every key
// is a column of the profile. What stands beside the array is passed over, but
// for the single values that the profile names in format.beside. It reads each
// byte once and keeps one row. Duplicate keys in what is passed over are not
// seen.
type objectReader struct {
	in    *arrayReader // its scanner
	p     *Profile
	names map[string]int    // key -> column
	found bool              // the array was there
	empty bool              // and without a row
	said  map[string]string // what stands beside it, by path
	// first, in recognising, takes the keys of the first row whatever they are.
	first func(keys []string) error

	seen []bool // by column: the row has it
	from []int  // by column: where its value stands in in.text
	to   []int
	kind []byte // by column: 's', 'n', 'b' or '0' for null
	row  [][]byte
}

func newObjectReader(in *arrayReader, p *Profile) *objectReader {
	n := len(p.Columns)
	o := &objectReader{
		in: in, p: p, names: map[string]int{}, said: map[string]string{},
		seen: make([]bool, n), from: make([]int, n), to: make([]int, n), kind: make([]byte, n), row: make([][]byte, n),
	}
	for i, c := range p.Columns {
		o.names[c.Name] = i
		for _, also := range c.Also {
			o.names[also] = i
		}
	}
	return o
}

// rowVisit receives one row, in the order of the profile's columns and valid
// until it returns. odd says that the row cannot be cut into its columns: one is
// missing, or a number stands where a text must, which may have lost its zeros.
type rowVisit func(row [][]byte, odd bool) error

// run reads the whole document.
func (o *objectReader) run(visit rowVisit) error {
	var err error
	if o.p.Format.At == "" {
		err = o.array(visit)
	} else {
		err = o.outer("", visit)
	}
	if err != nil {
		return err
	}
	if err := o.in.finish(); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if !o.found {
		return guichet.Errorf(guichet.KindInvalid, "it has no rows at %q", o.p.Format.At).
			WithHint("the office's service may have sent an error in place of figures; look at the file")
	}
	return o.beside()
}

// beside compares what stands beside the rows with what the profile wants of it.
func (o *objectReader) beside() error {
	for _, c := range o.p.Format.Beside {
		v, ok := o.said[c.Name]
		if !ok && !c.Optional {
			return guichet.Errorf(guichet.KindInvalid, "it has no %q beside its rows", c.Name).WithHint("the file may be cut; fetch it again")
		}
		if ok && len(c.Only) > 0 && !slices.Contains(c.Only, v) {
			return guichet.Errorf(guichet.KindInvalid, "it says \"%s\" as its %s, where %s must stand", shorten(v), c.Name, quotedAll(c.Only)).
				WithHint("the office's service did not answer in full; ask it again")
		}
	}
	return nil
}

func quotedAll(texts []string) string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = fmt.Sprintf("%q", t)
	}
	return strings.Join(out, " or ")
}

// outer reads an object around the rows; path is its own, "" of the document.
func (o *objectReader) outer(path string, visit rowVisit) error {
	return o.members(func(key []byte) error {
		at := string(key)
		if path != "" {
			at = path + "." + at
		}
		switch {
		case at == o.p.Format.At:
			if o.found {
				return o.in.fault("%q stands twice", at)
			}
			return o.array(visit)
		case slices.ContainsFunc(o.p.Format.Beside, func(c Column) bool { return c.Name == at }):
			return o.single(at)
		case o.leadsTo(at) && o.in.peek() == '{':
			return o.outer(at, visit)
		}
		return o.skip(1)
	})
}

// leadsTo says whether something that is wanted may stand below a path.
func (o *objectReader) leadsTo(path string) bool {
	below := func(p string) bool { return strings.HasPrefix(p, path+".") }
	return below(o.p.Format.At) || slices.ContainsFunc(o.p.Format.Beside, func(c Column) bool { return below(c.Name) })
}

// members reads an object: each is called after the colon, with the key valid
// until anything more is read, and reads the value.
func (o *objectReader) members(each func(key []byte) error) error {
	a := o.in
	if err := a.expect('{'); err != nil {
		return err
	}
	if a.peek() == '}' {
		a.pos++
		return nil
	}
	for {
		if err := a.expect('"'); err != nil {
			return err
		}
		from := len(a.text)
		if err := a.str(); err != nil {
			return err
		}
		key := a.text[from:]
		a.text = a.text[:from]
		if err := a.expect(':'); err != nil {
			return err
		}
		if err := each(key); err != nil {
			return err
		}
		switch c := a.peek(); c {
		case ',':
			a.pos++
		case '}':
			a.pos++
			return nil
		default:
			return a.fault("%s where a comma or '}' must stand", said(c))
		}
	}
}

// single reads one value that stands beside the rows.
func (o *objectReader) single(path string) error {
	if _, twice := o.said[path]; twice {
		return o.in.fault("%q stands twice", path)
	}
	o.in.text = o.in.text[:0]
	if _, err := o.value(); err != nil {
		return err
	}
	o.said[path] = string(o.in.text)
	return nil
}

// value appends one value of a row to in.text and says of which kind it is.
func (o *objectReader) value() (byte, error) {
	a := o.in
	switch c := a.peek(); {
	case c == '"':
		a.pos++
		return 's', a.str()
	case c == '-' || c >= '0' && c <= '9':
		return 'n', a.number()
	case c == 'n':
		return '0', a.literal("null")
	case c == 't':
		a.text = append(a.text, "true"...)
		return 'b', a.literal("true")
	case c == 'f':
		a.text = append(a.text, "false"...)
		return 'b', a.literal("false")
	default:
		return 0, a.fault("%s where a text, a number, true, false or null must stand", said(c))
	}
}

// skip passes over any value; depth is how deep it is nested.
func (o *objectReader) skip(depth int) error {
	a := o.in
	a.text = a.text[:0]
	switch c := a.peek(); {
	case depth > maxNesting:
		return guichet.Errorf(guichet.KindHostile, "the JSON is nested more than %d deep, at byte %d", maxNesting, a.offset+int64(a.pos))
	case c == '{':
		return o.members(func([]byte) error { return o.skip(depth + 1) })
	case c == '[':
		return o.skipArray(depth)
	case c == '-' || c >= '0' && c <= '9':
		return o.skipNumber()
	}
	_, err := o.value()
	return err
}

func (o *objectReader) skipArray(depth int) error {
	a := o.in
	a.pos++
	if a.peek() == ']' {
		a.pos++
		return nil
	}
	for {
		if err := o.skip(depth + 1); err != nil {
			return err
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

// skipNumber passes over a number of any form: a service may tell the time that
// it took as 5.2E-05, which is no figure of ours.
func (o *objectReader) skipNumber() error {
	a := o.in
	for {
		c, ok := a.byteAt()
		if !ok || bytes.IndexByte([]byte("+-.eE0123456789"), c) < 0 || len(a.text) > 60 {
			break
		}
		a.text = append(a.text, c)
		a.pos++
	}
	if !json.Valid(a.text) {
		return a.fault("no number: %s", shorten(string(a.text)))
	}
	return nil
}

// array reads the rows.
func (o *objectReader) array(visit rowVisit) error {
	a := o.in
	if err := a.expect('['); err != nil {
		return err
	}
	o.found = true
	if a.peek() == ']' {
		o.empty = true
		a.pos++
		return nil
	}
	for {
		if err := o.one(visit); err != nil {
			return err
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

// one reads one row and hands it on.
func (o *objectReader) one(visit rowVisit) error {
	a := o.in
	a.text = a.text[:0]
	clear(o.seen)
	var keys []string
	err := o.members(func(key []byte) error {
		i, known := o.names[string(key)]
		switch {
		case o.first != nil:
			keys = append(keys, string(key))
			if !known || o.seen[i] {
				text := len(a.text)
				_, err := o.value()
				a.text = a.text[:text]
				return err
			}
		case !known:
			return guichet.Errorf(guichet.KindInvalid, "row %d: column '%s' is not known", a.row+1, shorten(string(key))).
				WithHint("it may break the figures down further; the profile must name it under columns, to be used or ignored")
		case o.seen[i]:
			return a.fault("the key '%s' stands twice", shorten(string(key)))
		}
		return o.cell(i)
	})
	if err != nil {
		return err
	}
	a.row++
	if o.first != nil {
		if err := o.first(keys); err != nil {
			return err
		}
	}
	return visit(o.row, o.odd())
}

// cell reads the value of a column.
func (o *objectReader) cell(i int) error {
	a := o.in
	o.seen[i], o.from[i] = true, len(a.text)
	kind, err := o.value()
	if err != nil {
		return err
	}
	o.kind[i], o.to[i] = kind, len(a.text)
	if len(a.text) > a.limit {
		return guichet.Errorf(guichet.KindHostile, "row %d is longer than %d bytes", a.row+1, a.limit)
	}
	return nil
}

// odd puts the values in order and says whether the row is odd; see rowVisit.
func (o *objectReader) odd() bool {
	missing := false
	for i, c := range o.p.Columns {
		o.row[i] = nil
		switch {
		case !o.seen[i]:
			missing = missing || !c.Optional
			continue
		case c.Trim:
			o.row[i] = bytes.TrimSpace(o.in.text[o.from[i]:o.to[i]])
		default:
			o.row[i] = o.in.text[o.from[i]:o.to[i]]
		}
	}
	return missing || o.mistyped() >= 0
}

// mistyped is the first column that holds a number in place of a text, -1 none.
func (o *objectReader) mistyped() int {
	for i, c := range o.p.Columns {
		if o.seen[i] && o.kind[i] == 'n' && !c.Number {
			return i
		}
	}
	return -1
}

// text is an odd row as people may read it: {"cmdCode": 101, ...} gives
// cmdCode=101, ...
func (o *objectReader) text() []byte {
	var out []byte
	for i, c := range o.p.Columns {
		if !o.seen[i] {
			continue
		}
		if len(out) > 0 {
			out = append(out, ", "...)
		}
		out = append(append(append(out, c.Name...), '='), o.row[i]...)
	}
	return out
}
