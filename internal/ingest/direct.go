package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
)

// mayStay says whether an engine can read the file where it lies, as far as its
// beginning tells: plain UTF-8 without mark, every column there, nothing to be
// made of them.
func (p *Profile) mayStay(s sample) (header []string, ok bool) {
	if _, found := p.autoSubtotals(); found {
		return nil, false
	}
	f := p.Format
	if s.container != containerNone || f.Kind != kindCSV || f.Trailing || f.Unnamed || f.Skip > 0 || len(p.Derive)+len(p.Given) > 0 ||
		f.encodings()[0] != utf8Name || bytes.HasPrefix(s.members[0].head, []byte(byteOrderMark)) ||
		slices.ContainsFunc(p.Columns, Column.altered) {
		return nil, false
	}
	if !f.header() {
		return p.fileColumns(), true
	}
	c := newCSVReader(bytes.NewReader(s.members[0].head), f.delimiter(), f.quote(), headBytes)
	line, err := c.next()
	if err != nil || c.line != 1 {
		return nil, false
	}
	var all []string
	for _, x := range line {
		all = append(all, string(x))
	}
	m := p.match(all)
	if m.why().Of != "" || len(all) != len(p.Columns) {
		return nil, false
	}
	out := make([]string, len(all))
	for i, j := range m.order {
		out[i] = p.Columns[j].Name
	}
	return out, true
}

// chunk is how much of a file is looked at together.
const chunk = 1 << 20

// scan reads a plain file once: its digest in one goroutine, its text in this
// one. It returns the text's marks for who must decide whether it may stay.
func (f *original) scan(ctx context.Context, limits Limits) (digest string, t *textCheck, err error) {
	h, err := f.open()
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = h.Close() }()
	t = &textCheck{utf8: true, limit: limits.Line}
	sum := sha256.New()
	work, done := make(chan []byte), make(chan struct{}, 2)
	go func() {
		for b := range work {
			_, _ = sum.Write(b)
			done <- struct{}{}
		}
		close(done)
	}()
	b := f.budget(ctx)
	err = f.scanChunks(h, t, b, work, done)
	close(work)
	for range done { // the goroutine closes it when it ends
		continue
	}
	if err != nil {
		return "", nil, err
	}
	return hex.EncodeToString(sum.Sum(nil)), t, nil
}

// scanChunks feeds two buffers in turn to the digest and to the text check.
func (f *original) scanChunks(r io.Reader, t *textCheck, b *budget, work chan<- []byte, done <-chan struct{}) error {
	var bufs [2][]byte
	busy := 0 // buffers that the digest still reads
	for i := 0; ; i++ {
		buf := bufs[i%2]
		if buf == nil {
			buf = make([]byte, chunk)
			bufs[i%2] = buf
		}
		if busy == 2 {
			<-done
			busy--
		}
		n, err := io.ReadFull(r, buf)
		if n > 0 {
			work <- buf[:n]
			busy++
			if bad := b.take(n); bad != nil {
				return bad
			}
			if bad := t.write(buf[:n]); bad != nil {
				return bad
			}
			f.progress("reading", b.out, f.size)
		}
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			return t.close()
		default:
			return f.readError("", err)
		}
	}
}

// plainLines is the number of data lines of a text without quotes, 0 where a
// quoted line's end may hide among them.
func (p *Profile) plainLines(t *textCheck) int64 {
	if t.quotes && p.Format.quote() != 0 {
		return 0
	}
	n := t.lines
	if t.carry > 0 {
		n++
	}
	if p.Format.header() {
		n--
	}
	return max(n, 0)
}

// periodOf returns the one period of a file, "" where it names none or several.
func (n *normaliser) periodOf() string {
	if n.several {
		return ""
	}
	return n.period
}
