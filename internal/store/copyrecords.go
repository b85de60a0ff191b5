package store

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"guichet"
)

// CopyRecords writes records that came from another node, an Arrow IPC stream,
// as "csv" (a header, then lines; days as 2024-01-31, figures exact, what is
// absent as nothing; a text that begins with =, +, -, @, a tab or a line's end has
// an apostrophe before it, so that no spreadsheet runs what somebody else wrote:
// https://owasp.org/www-community/attacks/CSV_Injection), "parquet" (zstd) or "arrow" (an IPC stream again), and
// returns how many they were. The stream is held to its types as it comes, a
// batch at a time. KindHostile for what is no such stream, and for one that
// breaks off: what was written then counts for nothing.
func CopyRecords(ctx context.Context, r io.Reader, format string, w io.Writer) (int64, error) {
	if format != "csv" && format != "parquet" && format != "arrow" {
		return 0, guichet.Errorf(guichet.KindInvalid, "records are not written as %q", format).WithHint("csv, parquet or arrow")
	}
	in, err := newIPCReader(bufio.NewReaderSize(r, 1<<18))
	if err != nil {
		return 0, err
	}
	out, err := newRecordsWriter(format, in, w)
	if err != nil {
		return 0, err
	}
	var rows int64
	for {
		if err := ctx.Err(); err != nil {
			return rows, err
		}
		batch, err := in.next()
		if err != nil {
			return rows, err
		}
		if batch == nil {
			break
		}
		if err := out.write(batch); err != nil {
			return rows, fmt.Errorf("write records: %w", err)
		}
		rows += int64(batch.rows)
	}
	if err := out.close(); err != nil {
		return rows, fmt.Errorf("write records: %w", err)
	}
	if _, err := in.r.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		return rows, garbled("bytes stand behind their end")
	}
	return rows, nil
}

// recordsWriter writes batches in one format.
type recordsWriter interface {
	write(b *ipcRows) error
	close() error
}

func newRecordsWriter(format string, in *ipcReader, w io.Writer) (recordsWriter, error) {
	if format == "csv" {
		return newCSVRecords(in.cols, w)
	}
	fields := make([]arrow.Field, len(in.cols))
	for i, c := range in.cols {
		fields[i] = arrow.Field{Name: c.name, Type: c.arrowType(), Nullable: true}
	}
	a := &arrowRecords{cols: in.cols, schema: arrow.NewSchema(fields, nil)}
	if format == "arrow" {
		a.stream = ipc.NewWriter(w, ipc.WithSchema(a.schema))
		return a, nil
	}
	props := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd), parquet.WithMaxRowGroupLength(parquetGroup))
	var err error
	a.file, err = pqarrow.NewFileWriter(a.schema, w, props, pqarrow.DefaultWriterProps())
	if err != nil {
		return nil, fmt.Errorf("write records: %w", err)
	}
	return a, nil
}

// parquetGroup is how many rows stand in a row group: as many as in a kept file.
const parquetGroup = 122_880

// arrowRecords writes batches by Arrow's own writers.
type arrowRecords struct {
	cols   []ipcColumn
	schema *arrow.Schema
	stream *ipc.Writer
	file   *pqarrow.FileWriter
}

func (a *arrowRecords) write(b *ipcRows) error {
	arrays := make([]arrow.Array, len(a.cols))
	for i, c := range a.cols {
		arrays[i] = c.array(b.data[i], b.rows)
	}
	rec := array.NewRecordBatch(a.schema, arrays, int64(b.rows))
	defer rec.Release()
	if a.stream != nil {
		return a.stream.Write(rec)
	}
	return a.file.WriteBuffered(rec)
}

func (a *arrowRecords) close() error {
	if a.stream != nil {
		return a.stream.Close()
	}
	return a.file.Close()
}

func (c ipcColumn) arrowType() arrow.DataType {
	switch c.kind {
	case ipcNull:
		return arrow.Null
	case ipcInt:
		if c.bits == 32 {
			return arrow.PrimitiveTypes.Int32
		}
		return arrow.PrimitiveTypes.Int64
	case ipcBool:
		return arrow.FixedWidthTypes.Boolean
	case ipcDecimal:
		return &arrow.Decimal128Type{Precision: int32(c.precision), Scale: int32(c.scale)} //nolint:gosec // at most 38
	case ipcDate:
		return arrow.FixedWidthTypes.Date32
	}
	return arrow.BinaryTypes.String
}

// array is a column that was held to its type, as Arrow's writers take it.
func (c ipcColumn) array(d ipcData, rows int) arrow.Array {
	if c.kind == ipcNull {
		return array.NewNull(rows)
	}
	var valid *memory.Buffer
	if d.valid != nil {
		valid = memory.NewBufferBytes(d.valid)
	}
	bufs := []*memory.Buffer{valid, memory.NewBufferBytes(d.values)}
	if c.kind == ipcUtf8 {
		bufs = []*memory.Buffer{valid, memory.NewBufferBytes(d.offsets), memory.NewBufferBytes(d.values)}
	}
	data := array.NewData(c.arrowType(), rows, bufs, nil, d.nulls, 0)
	defer data.Release()
	return array.MakeFromData(data)
}

// csvRecords writes batches as lines.
type csvRecords struct {
	cols []ipcColumn
	w    *csv.Writer
	line []string
	buf  []byte
}

func newCSVRecords(cols []ipcColumn, w io.Writer) (*csvRecords, error) {
	c := &csvRecords{cols: cols, w: csv.NewWriter(w), line: make([]string, len(cols))}
	for i, col := range cols {
		c.line[i] = inert(col.name)
	}
	if err := c.w.Write(c.line); err != nil {
		return nil, fmt.Errorf("write records: %w", err)
	}
	return c, nil
}

func (c *csvRecords) write(b *ipcRows) error {
	for i := range b.rows {
		for j, col := range c.cols {
			c.line[j] = ""
			if d := b.data[j]; col.kind != ipcNull && d.has(i) {
				c.line[j] = c.text(col, d, i)
			}
		}
		if err := c.w.Write(c.line); err != nil {
			return err
		}
	}
	return c.w.Error()
}

func (c *csvRecords) text(col ipcColumn, d ipcData, i int) string {
	switch col.kind {
	case ipcInt:
		if col.bits == 32 {
			return strconv.Itoa(int(d.int32(i)))
		}
		return strconv.FormatInt(d.int64(i), 10)
	case ipcBool:
		return strconv.FormatBool(d.bool(i))
	case ipcDate:
		c.buf = d.day(c.buf[:0], i)
		return string(c.buf)
	case ipcDecimal:
		return c.figure(d, i, col.scale)
	}
	return inert(string(d.text(i)))
}

// inert writes a text so that a spreadsheet takes it for one. Figures and days
// are never texts, and stay as they are.
func inert(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return "'" + text
	}
	return text
}

// figure writes a decimal without trailing zeros, as Decimal.String does; those
// of 64 bits, which nearly all are, without a big number.
func (c *csvRecords) figure(d ipcData, i, scale int) string {
	hi, lo, negative := d.magnitude(i)
	if hi != 0 {
		return d.decimal(i, scale).String()
	}
	digits := strconv.AppendUint(c.buf[:0], lo, 10)
	for len(digits) <= scale {
		digits = append([]byte{'0'}, digits...)
	}
	whole, frac := digits[:len(digits)-scale], digits[len(digits)-scale:]
	for len(frac) > 0 && frac[len(frac)-1] == '0' {
		frac = frac[:len(frac)-1]
	}
	out := string(whole)
	if len(frac) > 0 {
		out += "." + string(frac)
	}
	if negative && lo != 0 {
		out = "-" + out
	}
	return out
}

func (c *csvRecords) close() error {
	c.w.Flush()
	return c.w.Error()
}
