package store_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	gocmp "github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/store"
)

// parquetOf writes rows of JSON as a Parquet file of a schema.
func parquetOf(tb testing.TB, fields []arrow.Field, rows string) []byte {
	tb.Helper()
	schema := arrow.NewSchema(fields, nil)
	batch, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(rows))
	if err != nil {
		tb.Fatal(err)
	}
	defer batch.Release()
	return parquetOfBatch(tb, batch, nil)
}

func parquetOfBatch(tb testing.TB, batch arrow.RecordBatch, props *parquet.WriterProperties) []byte {
	tb.Helper()
	var out bytes.Buffer
	if props == nil {
		props = parquet.NewWriterProperties()
	}
	w, err := pqarrow.NewFileWriter(batch.Schema(), &out, props, pqarrow.DefaultWriterProps())
	if err != nil {
		tb.Fatal(err)
	}
	if err := errors.Join(w.Write(batch), w.Close()); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func onDisk(tb testing.TB, b []byte) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "x[1].parquet")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// readParquet reads all rows of the columns that can be read.
func readParquet(ctx context.Context, path string) (cols []guichet.FileColumn, rows []string, err error) {
	r := store.ParquetReader{}
	cols, _, err = r.Columns(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	var read []int
	for i, c := range cols {
		if c.Type != guichet.ColumnOther {
			read = append(read, i)
		}
	}
	err = r.Rows(ctx, path, read, func(row int64, values [][]byte) error {
		rows = append(rows, fmt.Sprintf("%d: %s", row, bytes.Join(values, []byte("|"))))
		return nil
	})
	return cols, rows, err
}

func nullable(name string, t arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: t, Nullable: true}
}

// TestParquetValuesAreExactTexts: what each type becomes.
func TestParquetValuesAreExactTexts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of   arrow.DataType
		rows string
		kind guichet.ColumnType
		want []string
	}{
		{arrow.BinaryTypes.String, `[{"x":"0101"},{"x":null},{"x":" é|\""}]`, guichet.ColumnText, []string{"1: 0101", "2: ", "3:  é|\""}},
		{arrow.PrimitiveTypes.Int64, `[{"x":-9223372036854775808},{"x":null},{"x":0}]`, guichet.ColumnWhole, []string{"1: -9223372036854775808", "2: ", "3: 0"}},
		{arrow.PrimitiveTypes.Uint64, `[{"x":18446744073709551615}]`, guichet.ColumnWhole, []string{"1: 18446744073709551615"}},
		{arrow.PrimitiveTypes.Int16, `[{"x":-7}]`, guichet.ColumnWhole, []string{"1: -7"}},
		{&arrow.Decimal128Type{Precision: 18, Scale: 3}, `[{"x":"12.500"},{"x":"-0.001"},{"x":"100.000"},{"x":null}]`, guichet.ColumnDecimal, []string{"1: 12.5", "2: -0.001", "3: 100", "4: "}},
		{arrow.FixedWidthTypes.Date32, `[{"x":"2024-02-29"},{"x":null}]`, guichet.ColumnDate, []string{"1: 2024-02-29", "2: "}},
		{arrow.PrimitiveTypes.Float64, `[{"x":9007199254740992},{"x":-3},{"x":12.5},{"x":1e300},{"x":null}]`, guichet.ColumnFloat, []string{"1: 9007199254740992", "2: -3", "3: 12.5", "4: 1e+300", "5: "}},
		{arrow.PrimitiveTypes.Float32, `[{"x":16777216},{"x":12.1},{"x":1e20}]`, guichet.ColumnFloat, []string{"1: 16777216", "2: 12.1", "3: 1e+20"}},
		{arrow.FixedWidthTypes.Boolean, `[{"x":true}]`, guichet.ColumnOther, []string{"1: "}},
		{arrow.FixedWidthTypes.Timestamp_ms, `[{"x":"2024-01-01T00:00:00Z"}]`, guichet.ColumnOther, []string{"1: "}},
		{arrow.ListOf(arrow.BinaryTypes.String), `[{"x":["a"]}]`, guichet.ColumnOther, []string{"1: "}},
		{arrow.StructOf(nullable("y", arrow.BinaryTypes.String)), `[{"x":{"y":"a"}}]`, guichet.ColumnOther, []string{"1: "}},
	} {
		t.Run(c.of.String(), func(t *testing.T) {
			t.Parallel()
			// A column beside it, so that a row is there when x is not read.
			path := onDisk(t, parquetOf(t, []arrow.Field{nullable("x", c.of), nullable("beside", arrow.BinaryTypes.String)}, c.rows))
			cols, rows, err := readParquet(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			if cols[0].Name != "x" || cols[0].Type != c.kind || cols[0].Said == "" {
				t.Errorf("the column is %+v, want x of the type %s", cols[0], c.kind)
			}
			for i := range rows {
				rows[i] = strings.TrimSuffix(rows[i], "|")
			}
			if d := gocmp.Diff(c.want, rows); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// TestParquetNaNIsAbsent: pandas writes a missing whole number so.
func TestParquetNaNIsAbsent(t *testing.T) {
	t.Parallel()
	b := array.NewFloat64Builder(memory.DefaultAllocator)
	b.AppendValues([]float64{math.NaN(), math.Inf(-1), math.Copysign(0, -1)}, nil)
	batch := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "x", Type: arrow.PrimitiveTypes.Float64}}, nil), []arrow.Array{b.NewArray()}, -1)
	_, rows, err := readParquet(t.Context(), onDisk(t, parquetOfBatch(t, batch, nil)))
	if d := gocmp.Diff([]string{"1: ", "2: -Inf", "3: 0"}, rows); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}

// TestParquetRowsInOrder: over row groups and batches every row comes once, in
// its place; a caller may stop.
func TestParquetRowsInOrder(t *testing.T) {
	t.Parallel()
	const n = 30_000
	ids, sums := array.NewInt32Builder(memory.DefaultAllocator), array.NewDecimal128Builder(memory.DefaultAllocator, &arrow.Decimal128Type{Precision: 10, Scale: 2})
	for i := range n {
		ids.Append(int32(i))
		sums.Append(decimal128.FromI64(int64(i)*100 + 50))
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.PrimitiveTypes.Int32}, {Name: "sum", Type: sums.Type()}}, nil)
	batch := array.NewRecordBatch(schema, []arrow.Array{ids.NewArray(), sums.NewArray()}, -1)
	path := onDisk(t, parquetOfBatch(t, batch, parquet.NewWriterProperties(parquet.WithMaxRowGroupLength(7000))))
	seen := int64(0)
	err := store.ParquetReader{}.Rows(t.Context(), path, []int{1, 0}, func(row int64, values [][]byte) error {
		seen++
		if want := fmt.Sprintf("%d.5|%d", row-1, row-1); row != seen || string(bytes.Join(values, []byte("|"))) != want {
			return fmt.Errorf("row %d is the %dth: %q, want %s", row, seen, values, want)
		}
		return nil
	})
	if err != nil || seen != n {
		t.Errorf("%d rows (%v), want %d", seen, err, n)
	}
	stop := errors.New("stop")
	if err := (store.ParquetReader{}).Rows(t.Context(), path, []int{0}, func(int64, [][]byte) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("stopping gives %v, want the caller's own error", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := readParquet(ctx, path); !errors.Is(err, context.Canceled) {
		t.Errorf("reading that is no longer wanted gives %v", err)
	}
}

// sampleParquet is a small sound file.
func sampleParquet(tb testing.TB) []byte {
	tb.Helper()
	return parquetOf(tb, []arrow.Field{nullable("code", arrow.BinaryTypes.String), nullable("value", arrow.PrimitiveTypes.Int64)},
		`[{"code":"0101","value":10},{"code":"0102","value":null},{"code":"0103","value":-3}]`)
}

// TestParquetFaults: each fault has a kind and words.
func TestParquetFaults(t *testing.T) {
	t.Parallel()
	sound := sampleParquet(t)
	end := func(footer uint32, magic string) []byte {
		out := slices.Clone(sound[:len(sound)-8])
		return append(binary.LittleEndian.AppendUint32(out, footer), magic...)
	}
	// The root of the schema, named "schema", states how many columns it has.
	children := func(count int64) []byte {
		footer := len(sound) - 8 - int(binary.LittleEndian.Uint32(sound[len(sound)-8:]))
		lie := append([]byte("schema\x15"), binary.AppendVarint(nil, count)...)
		out := bytes.Replace(sound[:len(sound)-8], []byte("schema\x15\x04"), lie, 1)
		return append(binary.LittleEndian.AppendUint32(out, uint32(len(out)-footer)), "PAR1"...)
	}
	many := make([]arrow.Field, 2001)
	for i := range many {
		many[i] = nullable(fmt.Sprintf("c%d", i), arrow.PrimitiveTypes.Int32)
	}
	for name, c := range map[string]struct {
		file []byte
		kind guichet.Kind
		says string
	}{
		"a few bytes":            {[]byte("PAR1PAR1"), guichet.KindInvalid, "at least 12 bytes"},
		"no Parquet":             {[]byte("a,b,c\n1,2,3\n"), guichet.KindInvalid, "does not begin with PAR1"},
		"its end is missing":     {sound[:len(sound)-9], guichet.KindInvalid, "does not end with PAR1"},
		"its footer is too long": {end(1<<31, "PAR1"), guichet.KindInvalid, "footer is said to have 2147483648 bytes"},
		"its footer is empty":    {end(0, "PAR1"), guichet.KindInvalid, "footer is said to have 0 bytes"},
		"its footer is cut":      {end(20, "PAR1"), guichet.KindInvalid, "damaged"},
		"far too many children":  {children(1<<31 - 1), guichet.KindInvalid, "a column of 2147483647 columns, and has 2 in all"},
		"fewer than no children": {children(-1), guichet.KindInvalid, "a column of -1 columns"},
		"encrypted":              {end(20, "PARE"), guichet.KindInvalid, "encrypted"},
		"thousands of columns":   {parquetOf(t, many, "[]"), guichet.KindHostile, "2001 columns"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := readParquet(t.Context(), onDisk(t, c.file))
			if guichet.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want an error of the kind %s that says %q", err, c.kind, c.says)
			}
		})
	}
}

// TestParquetPageBomb: a page that unpacks to more than any writer makes is not
// unpacked.
func TestParquetPageBomb(t *testing.T) {
	t.Parallel()
	b := array.NewStringBuilder(memory.DefaultAllocator)
	b.Append(strings.Repeat("0", 65<<20))
	batch := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "x", Type: arrow.BinaryTypes.String}}, nil), []arrow.Array{b.NewArray()}, -1)
	props := parquet.NewWriterProperties(parquet.WithDictionaryDefault(false), parquet.WithStats(false))
	_, _, err := readParquet(t.Context(), onDisk(t, parquetOfBatch(t, batch, props)))
	if guichet.KindOf(err) != guichet.KindHostile {
		t.Errorf("got %v, want an error of the kind %s", err, guichet.KindHostile)
	}
}

// TestParquetDamaged: whatever byte is altered or wherever the file is cut, a
// file is read or refused in words; nothing panics, and no row is made up.
// TestParquetTextBomb: one long text in a dictionary that all rows point at,
// texts by shared beginnings, a schema of hundreds of thousands of columns: none
// is written out before it is refused.
func TestParquetTextBomb(t *testing.T) {
	t.Parallel()
	const rows = 64 // a dictionary holds the text once, whatever their number
	b := array.NewStringBuilder(memory.DefaultAllocator)
	for range rows {
		b.Append(strings.Repeat("x", 2<<20))
	}
	schema := arrow.NewSchema([]arrow.Field{nullable("t", arrow.BinaryTypes.String)}, nil)
	batch := array.NewRecordBatch(schema, []arrow.Array{b.NewArray()}, rows)
	for name, c := range map[string]struct {
		props *parquet.WriterProperties
		kind  guichet.Kind
		want  string
	}{
		"dictionary": {parquet.NewWriterProperties(parquet.WithDictionaryDefault(true), parquet.WithDictionaryPageSizeLimit(8<<20)), guichet.KindHostile, "a text of 2097152 bytes"},
		"beginnings": {parquet.NewWriterProperties(parquet.WithDictionaryDefault(false), parquet.WithEncoding(parquet.Encodings.DeltaByteArray)), guichet.KindInvalid, "shared beginnings"},
	} {
		_, _, err := readParquet(t.Context(), onDisk(t, parquetOfBatch(t, batch, c.props)))
		if guichet.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s: %s", name, err, c.kind, c.want)
		}
	}
	var fields []arrow.Field
	for i := range 4100 {
		fields = append(fields, nullable(fmt.Sprint("c", i), arrow.PrimitiveTypes.Int32))
	}
	wide := arrow.NewSchema(fields, nil)
	var out bytes.Buffer
	w, err := pqarrow.NewFileWriter(wide, &out, nil, pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := readParquet(t.Context(), onDisk(t, out.Bytes())); guichet.KindOf(err) != guichet.KindHostile || !strings.Contains(err.Error(), "4100 columns") {
		t.Errorf("a schema of 4100 columns: %v", err)
	}
}

func TestParquetDamaged(t *testing.T) {
	t.Parallel()
	sound := sampleParquet(t)
	path := filepath.Join(t.TempDir(), "x.parquet")
	try := func(what string, b []byte) {
		t.Helper()
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		_, rows, err := readParquet(t.Context(), path)
		if k := guichet.KindOf(err); err != nil && k != guichet.KindInvalid && k != guichet.KindHostile {
			t.Errorf("%s: %v of the kind %s, want words", what, err, k)
		}
		if err == nil && len(rows) > 1000 {
			t.Errorf("%s: %d rows are read of 3", what, len(rows))
		}
	}
	for at := range sound {
		try(fmt.Sprintf("cut after %d bytes", at), sound[:at])
		for _, flip := range []byte{0x01, 0x80, 0xff} {
			b := slices.Clone(sound)
			b[at] ^= flip
			try(fmt.Sprintf("byte %d altered by %x", at, flip), b)
		}
	}
}

// FuzzParquet: any bytes are rows or a fault in words.
func FuzzParquet(f *testing.F) {
	sound := sampleParquet(f)
	for _, seed := range [][]byte{sound, sound[:len(sound)-1], append([]byte("PAR1"), sound[len(sound)-200:]...), []byte("PAR1PAR1PAR1")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, err := readParquet(t.Context(), onDisk(t, b))
		if k := guichet.KindOf(err); err != nil && k != guichet.KindInvalid && k != guichet.KindHostile {
			t.Errorf("%v of the kind %s, want words", err, k)
		}
	})
}
