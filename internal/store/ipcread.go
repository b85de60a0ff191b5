package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"guichet"
)

// What an Arrow IPC stream may be here.
const (
	mostMeta    = 1 << 20  // bytes of a message's metadata
	mostBody    = 64 << 20 // bytes of a message's body
	mostInBatch = 1 << 20  // rows of a batch
	mostColumns = 256
	mostName    = 128     // bytes of a column's name
	mostText    = 1 << 16 // bytes of one text
)

// Numbers of Arrow's Message.fbs and Schema.fbs (format version 1.5).
const (
	ipcV4, ipcV5        = 3, 4
	ipcSchema, ipcBatch = 1, 3
	ipcNull, ipcInt     = 1, 2
	ipcUtf8, ipcBool    = 5, 6
	ipcDecimal, ipcDate = 7, 8
	dateDay, dateMilli  = 0, 1
)

// ipcColumn is one column of a stream.
type ipcColumn struct {
	name      string
	kind      byte
	bits      int // of an int, a decimal
	precision int
	scale     int
}

// ipcData is one column of a batch, held to be what its type says: texts are
// UTF-8 within their bounds, decimals within their precision, days in the
// calendar.
type ipcData struct {
	valid   []byte // bitmap; nil: every row has a value
	offsets []byte // of texts
	values  []byte
	nulls   int
}

// ipcRows is a batch.
type ipcRows struct {
	rows int
	data []ipcData
}

// ipcReader reads a stream of flat columns.
type ipcReader struct {
	r    io.Reader
	cols []ipcColumn
}

func garbled(format string, args ...any) error {
	return guichet.Errorf(guichet.KindHostile, "the columns cannot be read: %w", guichet.Errorf(guichet.KindHostile, format, args...))
}

// newIPCReader reads the schema that a stream begins with.
func newIPCReader(r io.Reader) (*ipcReader, error) {
	in := &ipcReader{r: r}
	meta, err := in.metadata()
	if err != nil {
		return nil, err
	}
	if meta == nil {
		return nil, garbled("there is no schema")
	}
	f := &flat{data: meta}
	m := f.root()
	if kind := m.byte(1); kind != ipcSchema || m.long(3) != 0 {
		return nil, garbled("the stream begins with a message of type %d, not with its schema", kind)
	}
	if in.cols, err = schemaColumns(f, m); err != nil {
		return nil, err
	}
	return in, nil
}

// metadata reads the frame and the metadata of the next message; nil at the end
// of the stream. A stream that breaks off before its end is an error.
func (in *ipcReader) metadata() ([]byte, error) {
	var head [8]byte
	if _, err := io.ReadFull(in.r, head[:]); err != nil {
		return nil, cut(err)
	}
	if binary.LittleEndian.Uint32(head[:]) != 0xFFFFFFFF {
		return nil, garbled("a message does not begin as one")
	}
	n := binary.LittleEndian.Uint32(head[4:])
	if n == 0 {
		return nil, nil
	}
	if n > mostMeta || n%8 != 0 {
		return nil, garbled("%d bytes of metadata", n)
	}
	meta := make([]byte, n)
	if _, err := io.ReadFull(in.r, meta); err != nil {
		return nil, cut(err)
	}
	return meta, nil
}

// cut says of a stream that it has no end.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return garbled("they break off")
	}
	return err
}

func schemaColumns(f *flat, m flatTable) ([]ipcColumn, error) {
	if v := m.short(0, 0); v != ipcV4 && v != ipcV5 {
		return nil, garbled("version %d of the metadata", v)
	}
	s := m.sub(2)
	if s.short(0, 0) != 0 {
		return nil, garbled("they are not little-endian")
	}
	pos, n := s.vector(1)
	if f.bad || n == 0 || n > mostColumns {
		return nil, garbled("a schema of %d columns", n)
	}
	cols := make([]ipcColumn, n)
	seen := map[string]bool{}
	for i := range cols {
		p := pos + 4*i
		c, ok := schemaColumn(f.table(p + f.u32(p)))
		if !ok || f.bad || c.name == "" || len(c.name) > mostName || seen[c.name] {
			return nil, garbled("column %d is not one of plain text, numbers, days or yes and no", i)
		}
		cols[i], seen[c.name] = c, true
	}
	return cols, nil
}

// schemaColumn reads one column; ok is false for a type that does not travel.
func schemaColumn(t flatTable) (c ipcColumn, ok bool) {
	if _, children := t.vector(5); children != 0 || t.has(4) || !t.has(3) {
		return c, false
	}
	c = ipcColumn{name: t.text(0), kind: t.byte(2)}
	typ := t.sub(3)
	switch c.kind {
	case ipcNull, ipcUtf8, ipcBool:
		return c, true
	case ipcInt:
		c.bits = typ.int(0, 0)
		return c, typ.byte(1) == 1 && (c.bits == 32 || c.bits == 64)
	case ipcDecimal:
		c.precision, c.scale, c.bits = typ.int(0, 0), typ.int(1, 0), typ.int(2, 128)
		return c, c.bits == 128 && c.precision >= 1 && c.precision <= 38 && c.scale >= 0 && c.scale <= c.precision
	case ipcDate:
		return c, typ.short(0, dateMilli) == dateDay
	}
	return c, false
}

// next reads the next batch; nil at the end.
func (in *ipcReader) next() (*ipcRows, error) {
	meta, err := in.metadata()
	if err != nil || meta == nil {
		return nil, err
	}
	f := &flat{data: meta}
	m := f.root()
	size := m.long(3)
	if kind := m.byte(1); f.bad || kind != ipcBatch {
		return nil, garbled("a message of type %d among the rows", kind)
	}
	if size < 0 || size > mostBody {
		return nil, garbled("a batch of %d bytes", size)
	}
	b := m.sub(2)
	rows := b.long(0)
	if b.has(3) || f.bad || rows < 0 || rows > mostInBatch {
		return nil, garbled("a batch of %d rows, or a compressed one", rows)
	}
	body, err := in.body(size)
	if err != nil {
		return nil, err
	}
	return in.batch(f, b, body, int(rows))
}

// body reads a message's body; what is said to be long is taken as it comes.
func (in *ipcReader) body(size int64) ([]byte, error) {
	const believed = 1 << 20
	if size <= believed {
		body := make([]byte, size)
		_, err := io.ReadFull(in.r, body)
		return body, cut(err)
	}
	var body bytes.Buffer
	_, err := io.CopyN(&body, in.r, size)
	return body.Bytes(), cut(err)
}

// batch cuts a body into columns.
func (in *ipcReader) batch(f *flat, b flatTable, body []byte, rows int) (*ipcRows, error) {
	nodes, n := b.vector(1)
	bufs, m := b.vector(2)
	want := 0
	for _, c := range in.cols {
		want += c.buffers()
	}
	if f.bad || n != len(in.cols) || m != want {
		return nil, garbled("a batch of %d columns in %d pieces", n, m)
	}
	out := &ipcRows{rows: rows, data: make([]ipcData, len(in.cols))}
	for i, c := range in.cols {
		if f.i64(nodes+16*i) != int64(rows) {
			return nil, garbled("%s has not as many rows as its batch", c.name)
		}
		nulls := f.i64(nodes + 16*i + 8)
		pieces := make([][]byte, c.buffers())
		for j := range pieces {
			off, size := f.i64(bufs), f.i64(bufs+8)
			bufs += 16
			if f.bad || off < 0 || size < 0 || off%8 != 0 || off > int64(len(body)) || size > int64(len(body))-off {
				return nil, garbled("%s stands outside of its batch", c.name)
			}
			pieces[j] = body[off : off+size]
		}
		d, ok := c.data(pieces, rows, nulls)
		if !ok {
			return nil, garbled("%s is not what its type says", c.name)
		}
		out.data[i] = d
	}
	return out, nil
}

// buffers is how many pieces a column has in a body.
func (c ipcColumn) buffers() int {
	switch c.kind {
	case ipcNull:
		return 0
	case ipcUtf8:
		return 3
	}
	return 2
}
