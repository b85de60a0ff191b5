package ingest

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"strconv"

	"guichet"
)

func (n *normaliser) csv(t *textReader, captures map[string]string) error {
	if err := n.begin(captures); err != nil {
		return err
	}
	f := n.p.Format
	c := newCSVReader(t, f.delimiter(), f.quote(), max(n.limits.Line, headBytes))
	order := make([]int, len(n.p.Columns))
	for i := range order {
		order[i] = i
	}
	_, extra := f.named(nil)
	if err := c.skip(f.Skip); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if f.header() {
		line, err := c.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		header := make([]string, 0, len(line))
		for _, x := range line {
			header = append(header, string(x))
		}
		header, extra = f.named(header)
		m := n.p.match(header)
		if why := m.why(); why.Of != "" {
			return guichet.Errorf(guichet.KindInvalid, "%s", why)
		}
		order = m.order
	}
	for {
		line, err := c.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		line = short(line, len(order), extra)
		if c.ragged || len(line) != len(order) {
			if err := n.ragged(c.line, bytes.TrimRight(c.raw, "\r\n")); err != nil {
				return err
			}
			continue
		}
		for i, j := range order {
			n.row[j] = n.p.Columns[j].value(line[i])
		}
		if err := n.line(c.line); err != nil {
			return err
		}
	}
}

func (n *normaliser) arrays(t *textReader, captures map[string]string) error {
	if err := n.begin(captures); err != nil {
		return err
	}
	if n.rows == nil {
		n.rows = newArrayReader(t, n.limits.Line)
	}
	a := n.rows
	a.reset(t)
	order := n.p.inOrder()
	if n.p.Format.headed() {
		var err error
		if order, err = n.p.arrayOrder(a); err != nil {
			return err
		}
	}
	for {
		row, err := a.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(row) != len(order) || n.p.mistyped(a.kinds, order) >= 0 {
			if err := n.ragged(a.row, bytes.Join(row, []byte(","))); err != nil {
				return err
			}
			continue
		}
		for i, j := range order {
			n.row[j] = n.p.Columns[j].value(row[i])
		}
		if err := n.line(a.row); err != nil {
			return err
		}
	}
}

func (n *normaliser) records(t *textReader, captures map[string]string) error {
	c := newRecordReader(t, n.p, max(n.limits.Line, headBytes))
	if err := c.begin(); err != nil {
		return err
	}
	said := map[string]string{}
	maps.Copy(said, captures)
	maps.Copy(said, c.head)
	if err := n.begin(said); err != nil {
		return err
	}
	for {
		row, err := c.next()
		if errors.Is(err, io.EOF) {
			n.tail = c.tail
			return nil
		}
		if err != nil {
			return err
		}
		if c.ragged {
			if err := n.ragged(c.line, row[0]); err != nil {
				return err
			}
			continue
		}
		copy(n.row, row)
		if err := n.line(c.line); err != nil {
			return err
		}
	}
}

// line derives, adds up and writes one line.
func (n *normaliser) line(at int64) error {
	n.lines++
	first := len(n.cols) - len(n.derive)
	for i := range n.derive {
		n.row[first+i] = n.derive[i].value(n.row)
	}
	n.ledger.add(n.row)
	if n.codeAt >= 0 && len(n.codes) < maxCodes && !n.codes[string(n.row[n.codeAt])] {
		n.codes[string(n.row[n.codeAt])] = true
	}
	if n.out == nil {
		return nil
	}
	b := n.place(n.scratch[:0], at)
	for _, v := range n.row {
		b = append(b, ',')
		b = appendField(b, v)
	}
	n.scratch = append(b, '\n')
	if _, err := n.out.Write(n.scratch); err != nil {
		return diskError(err)
	}
	return nil
}

// ragged hands on a line that could not be cut into its columns as its place
// and its text: two fields, where a line has at least three (or one more, so
// that it never has the right number).
func (n *normaliser) ragged(at int64, text []byte) error {
	n.lines++
	if n.out == nil {
		return nil
	}
	b := append(n.place(n.scratch[:0], at), ',')
	b = appendField(b, text)
	if len(n.cols) == 1 {
		b = append(b, ',')
	}
	n.scratch = append(b, '\n')
	if _, err := n.out.Write(n.scratch); err != nil {
		return diskError(err)
	}
	return nil
}

// place writes where a line stands.
func (n *normaliser) place(b []byte, at int64) []byte {
	if n.quoted {
		n.spot = strconv.AppendInt(append(n.spot[:0], n.prefix...), at, 10)
		return appendField(b, n.spot)
	}
	return strconv.AppendInt(append(b, n.prefix...), at, 10)
}

func (n *normaliser) writeHeader() {
	b := []byte(lineColumn)
	for _, c := range n.cols {
		b = append(b, ',')
		b = appendField(b, []byte(c))
	}
	_, _ = n.out.Write(append(b, '\n')) // a bufio.Writer keeps its error for Flush
}

// appendField writes one field of delimited text (RFC 4180), quoted where it
// must be.
func appendField(b, v []byte) []byte {
	for _, c := range v {
		if c == ',' || c == '"' || c == '\n' || c == '\r' {
			b = append(b, '"')
			for _, c := range v {
				if c == '"' {
					b = append(b, '"')
				}
				b = append(b, c)
			}
			return append(b, '"')
		}
	}
	return append(b, v...)
}
