package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"guichet"
)

// ParquetReader reads Parquet files of others, row by row, in a memory that
// does not grow with the file: one page of each column and one batch of rows.
// Its errors are *guichet.Error without the file's name, which the caller
// knows: KindInvalid for a file at fault, KindHostile for one beyond a limit.
//
// It is not the engine's reader: that one holds a whole result in memory, or
// writes it to disk as text, before the first row can be looked at.
type ParquetReader struct{}

// Limits of a Parquet file. A footer has some 200 bytes per column and row
// group; no office publishes a table of 2,000 columns.
const (
	maxFooter         = 16 << 20
	maxParquetColumns = 2000
	parquetBatch      = 256      // rows read at a time: each may hold a text of maxParquetText
	maxParquetText    = 1 << 20  // bytes of a text in a dictionary, the longest line that is read anywhere
	maxParquetPage    = 64 << 20 // bytes of a page once it is unpacked; writers make pages of 1 MiB
)

// parquetMagic begins and ends a Parquet file; before the last stands the
// length of the footer, four bytes, little end first:
//
//	PAR1 ... pages ... footer 17 11 00 00 PAR1
const (
	parquetMagic     = "PAR1"
	parquetEncrypted = "PARE"
)

// Columns returns the columns of a file and the number of rows that its footer
// states. Pages are not looked at.
func (ParquetReader) Columns(ctx context.Context, path string) (cols []guichet.FileColumn, rows int64, err error) {
	err = withParquet(ctx, path, func(r *file.Reader, fr *pqarrow.FileReader) error {
		for _, f := range fr.Manifest.Fields {
			cols = append(cols, guichet.FileColumn{Name: f.Field.Name, Type: columnType(f), Said: f.Field.Type.String()})
		}
		rows = r.NumRows()
		return nil
	})
	return cols, rows, err
}

// Rows calls each with every row in the order of the file, counted from 1, and
// the texts of the columns of these indexes; an absent value is the empty text.
// A whole number, a decimal and a day are told exactly (a decimal without
// zeros at its end); a binary fraction as a whole number where it is one that
// its type holds exactly, as nothing where it is NaN, else as the shortest text
// that stands for it, which the caller must not take for a figure. The values
// are valid until each returns; its error ends the reading and is returned.
func (ParquetReader) Rows(ctx context.Context, path string, columns []int, each func(row int64, values [][]byte) error) error {
	return withParquet(ctx, path, func(r *file.Reader, fr *pqarrow.FileReader) error {
		leaves := make([]int, len(columns))
		for i, c := range columns {
			if c < 0 || c >= len(fr.Manifest.Fields) || columnType(fr.Manifest.Fields[c]) == guichet.ColumnOther {
				return fmt.Errorf("read parquet: column %d cannot be read", c)
			}
			leaves[i] = fr.Manifest.Fields[c].ColIndex
		}
		if r.NumRows() == 0 {
			return nil
		}
		if err := checkTexts(r, leaves); err != nil {
			return err
		}
		rr, err := fr.GetRecordReader(ctx, leaves, nil)
		if err != nil {
			return parquetFault(err)
		}
		defer rr.Release()
		n, err := readBatches(ctx, rr, len(columns), each)
		if err == nil && n != r.NumRows() {
			err = guichet.Errorf(guichet.KindInvalid, "its footer states %d rows, and its pages hold %d", r.NumRows(), n).WithHint(fetchAgain)
		}
		return err
	})
}

const fetchAgain = "fetch it again; compare its size with the office's"

// readBatches hands on the rows of all batches and returns how many there were.
func readBatches(ctx context.Context, rr pqarrow.RecordReader, columns int, each func(int64, [][]byte) error) (rows int64, err error) {
	values := make([][]byte, columns)
	for rr.Next() {
		if err := ctx.Err(); err != nil {
			return rows, fmt.Errorf("read parquet: %w", err)
		}
		batch := rr.RecordBatch()
		for i := range int(batch.NumRows()) {
			for c := range values {
				values[c] = appendText(values[c][:0], batch.Column(c), i)
			}
			rows++
			if err := each(rows, values); err != nil {
				return rows, callersError{err}
			}
		}
	}
	if err := rr.Err(); err != nil && !errors.Is(err, io.EOF) {
		return rows, parquetFault(err)
	}
	return rows, nil
}

// callersError is what each returned; it is no fault of the file's form.
type callersError struct{ error }

// withParquet opens a file once its ends are as they must be. The library
// panics on some damaged files; that is the file's fault, never ours.
func withParquet(ctx context.Context, path string, do func(*file.Reader, *pqarrow.FileReader) error) (err error) {
	h, err := os.Open(path) //nolint:gosec // the file that is taken in
	if err != nil {
		return guichet.Errorf(guichet.KindInvalid, "it cannot be read: %w", err)
	}
	defer func() { _ = h.Close() }()
	defer func() {
		if p := recover(); p != nil {
			err = parquetFault(fmt.Errorf("%v", p))
		}
		if own, ok := errors.AsType[callersError](err); ok {
			err = own.error
		}
	}()
	if err := checkEnds(h); err != nil {
		return err
	}
	props := parquet.NewReaderProperties(memory.DefaultAllocator)
	props.BufferedStreamEnabled, props.MaxUncompressedPageSize = true, maxParquetPage
	r, err := file.NewParquetReader(h, file.WithReadProps(props))
	if err != nil {
		return parquetFault(err)
	}
	if n := r.MetaData().Schema.NumColumns(); n > maxParquetColumns {
		return guichet.Errorf(guichet.KindHostile, "it has %d columns, and at most %d are read", n, maxParquetColumns)
	}
	if r.NumRows() < 0 {
		return guichet.Errorf(guichet.KindInvalid, "its footer states %d rows", r.NumRows()).WithHint(fetchAgain)
	}
	fr, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{BatchSize: parquetBatch}, memory.DefaultAllocator)
	if err != nil {
		return parquetFault(err)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("read parquet: %w", err)
	}
	return do(r, fr)
}

// checkEnds looks at both ends of the file, so that the commonest faults are
// told in words, and nothing in the footer makes the library ask for memory that
// is not there, which no program survives.
func checkEnds(h *os.File) error {
	st, err := h.Stat()
	if err != nil {
		return guichet.Errorf(guichet.KindInvalid, "it cannot be looked at: %w", err)
	}
	size := st.Size()
	var head [4]byte
	var tail [8]byte
	if size < int64(len(head)+len(tail)) {
		return guichet.Errorf(guichet.KindInvalid, "truncated: a Parquet file has at least 12 bytes, and this one %d", size).WithHint(fetchAgain)
	}
	if _, err := h.ReadAt(head[:], 0); err != nil {
		return guichet.Errorf(guichet.KindInvalid, "it cannot be read: %w", err)
	}
	if _, err := h.ReadAt(tail[:], size-int64(len(tail))); err != nil {
		return guichet.Errorf(guichet.KindInvalid, "it cannot be read: %w", err)
	}
	footer := int64(binary.LittleEndian.Uint32(tail[:4]))
	switch {
	case string(tail[4:]) == parquetEncrypted || string(head[:]) == parquetEncrypted:
		return guichet.Errorf(guichet.KindInvalid, "it is an encrypted Parquet file").WithHint("write it without encryption; what is secret is kept so by the home's disk")
	case string(head[:]) != parquetMagic:
		return guichet.Errorf(guichet.KindInvalid, "it does not begin with %s: it is no Parquet file", parquetMagic)
	case string(tail[4:]) != parquetMagic:
		return guichet.Errorf(guichet.KindInvalid, "truncated: it begins as a Parquet file and does not end with %s", parquetMagic).WithHint(fetchAgain)
	case footer == 0 || footer > size-int64(len(head)+len(tail)):
		return guichet.Errorf(guichet.KindInvalid, "damaged: its footer is said to have %d bytes, and the file has %d", footer, size).WithHint(fetchAgain)
	case footer > maxFooter:
		return guichet.Errorf(guichet.KindHostile, "its footer has %d bytes, and at most %d are read", footer, maxFooter)
	}
	b := make([]byte, footer)
	if _, err := h.ReadAt(b, size-int64(len(tail))-footer); err != nil {
		return guichet.Errorf(guichet.KindInvalid, "it cannot be read: %w", err)
	}
	if err := checkFooter(b); err != nil {
		if _, said := errors.AsType[*guichet.Error](err); said {
			return err
		}
		return guichet.Errorf(guichet.KindInvalid, "damaged: %w", err).WithHint(fetchAgain)
	}
	return nil
}

// parquetFault says in words what the library found wrong with a file.
func parquetFault(err error) error {
	if _, ok := errors.AsType[*guichet.Error](err); ok || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	text := firstLine(err.Error())
	if strings.Contains(text, "exceeds configured limit") {
		return guichet.Errorf(guichet.KindHostile, "it has a page of more than %d bytes: %w", maxParquetPage, err).WithHint("write it with pages of the usual size, 1 MiB")
	}
	e := guichet.Errorf(guichet.KindInvalid, "damaged, or written in a way that is not read: %s", text[:min(len(text), 300)]).WithHint(fetchAgain)
	e.Err = err
	return e
}

// columnType says what a column's values can be read as.
func columnType(f pqarrow.SchemaField) guichet.ColumnType {
	if len(f.Children) > 0 || f.ColIndex < 0 || f.LevelInfo.RepLevel > 0 {
		return guichet.ColumnOther
	}
	t := f.Field.Type
	if d, ok := t.(*arrow.DictionaryType); ok {
		t = d.ValueType
	}
	switch id := t.ID(); {
	// Older writers leave the mark "this is text" out: bytes are taken for
	// text, and must then be UTF-8.
	case id == arrow.STRING, id == arrow.LARGE_STRING, id == arrow.BINARY, id == arrow.LARGE_BINARY, id == arrow.NULL:
		return guichet.ColumnText
	case arrow.IsInteger(id):
		return guichet.ColumnWhole
	case arrow.IsDecimal(id):
		return guichet.ColumnDecimal
	case id == arrow.FLOAT64, id == arrow.FLOAT32:
		return guichet.ColumnFloat
	case id == arrow.DATE32:
		return guichet.ColumnDate
	}
	return guichet.ColumnOther
}

// Whole numbers up to which a binary fraction has no neighbour that is rounded
// to it: IEEE 754, 53 and 24 bits.
const (
	exactIn64 = 1 << 53
	exactIn32 = 1 << 24
)

// appendText appends one value as text.
func appendText(b []byte, a arrow.Array, i int) []byte {
	if a.IsNull(i) {
		return b
	}
	switch a := a.(type) {
	case *array.String:
		return append(b, a.Value(i)...)
	case *array.LargeString:
		return append(b, a.Value(i)...)
	case *array.Binary:
		return append(b, a.Value(i)...)
	case *array.LargeBinary:
		return append(b, a.Value(i)...)
	case *array.Int64:
		return strconv.AppendInt(b, a.Value(i), 10)
	case *array.Int32:
		return strconv.AppendInt(b, int64(a.Value(i)), 10)
	case *array.Float64:
		return appendFloat(b, a.Value(i), exactIn64, 64)
	case *array.Float32:
		return appendFloat(b, float64(a.Value(i)), exactIn32, 32)
	case *array.Dictionary:
		return appendText(b, a.Dictionary(), a.GetValueIndex(i))
	}
	text := []byte(a.ValueStr(i))
	if bytes.IndexByte(text, '.') >= 0 && arrow.IsDecimal(a.DataType().ID()) {
		text = bytes.TrimSuffix(bytes.TrimRight(text, "0"), []byte("."))
	}
	return append(b, text...)
}

// appendFloat appends a binary fraction: as a whole number where it is one,
// without an exponent where it is no larger than figures are.
func appendFloat(b []byte, v, exact float64, bits int) []byte {
	switch {
	case math.IsNaN(v):
		return b
	case v == math.Trunc(v) && math.Abs(v) <= exact:
		return strconv.AppendInt(b, int64(v), 10)
	}
	if math.Abs(v) < 1e15 {
		return strconv.AppendFloat(b, v, 'f', -1, bits)
	}
	return strconv.AppendFloat(b, v, 'g', -1, bits)
}
