package store

import (
	"bytes"
	"cmp"
	"fmt"
	"math/big"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"guichet"
)

// Columns writes an answer's rows as an Arrow IPC stream, and reads them. Zero
// values are usable limits.
type Columns struct {
	MaxRows    int // 0: 250,000
	MaxColumns int // 0: 64
	MaxBytes   int // 0: 64 MiB
}

// leastScale is how many decimals a figure travels with at least: those of the
// tables.
const leastScale = 3

// EncodeRows writes rows, column by column: a text as utf8, a whole number as
// int64, yes and no as bool, a decimal exactly as decimal128(38, s), s 3 or what
// the finest needs; a column without any value is a decimal where it is a
// measure, else utf8. KindInvalid for a value that none of these holds, for a
// column of two kinds, and beyond the limits.
func (c Columns) EncodeRows(columns []guichet.Column, rows []guichet.Row) ([]byte, error) {
	if len(columns) > cmp.Or(c.MaxColumns, 64) || len(rows) > cmp.Or(c.MaxRows, 250_000) {
		return nil, guichet.Errorf(guichet.KindInvalid, "%d rows of %d columns are too many for one answer", len(rows), len(columns)).
			WithHint("ask for less, or for records")
	}
	fields := make([]arrow.Field, len(columns))
	arrays := make([]arrow.Array, len(columns))
	for i, col := range columns {
		a, err := encodeColumn(col, rows)
		if err != nil {
			return nil, err
		}
		defer a.Release()
		fields[i], arrays[i] = arrow.Field{Name: col.Name, Type: a.DataType(), Nullable: true}, a
	}
	schema := arrow.NewSchema(fields, nil)
	batch := array.NewRecordBatch(schema, arrays, int64(len(rows)))
	defer batch.Release()
	var out bytes.Buffer
	w := ipc.NewWriter(&out, ipc.WithSchema(schema))
	if len(rows) > 0 {
		if err := w.Write(batch); err != nil {
			return nil, fmt.Errorf("encode rows: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("encode rows: %w", err)
	}
	if out.Len() > cmp.Or(c.MaxBytes, 64<<20) {
		return nil, guichet.Errorf(guichet.KindInvalid, "%d bytes are too many for one answer", out.Len()).WithHint("ask for less, or for records")
	}
	return out.Bytes(), nil
}

func encodeColumn(col guichet.Column, rows []guichet.Row) (arrow.Array, error) {
	var first any
	for _, row := range rows {
		if first = row[col.Name]; first != nil {
			break
		}
	}
	if first == nil && col.Measure {
		first = guichet.Decimal{}
	}
	var b array.Builder
	var put func(v any) bool
	switch first.(type) {
	case nil, string:
		texts := array.NewStringBuilder(memory.DefaultAllocator)
		b, put = texts, func(v any) bool { s, ok := v.(string); texts.Append(s); return ok && len(s) <= mostText }
	case int64:
		numbers := array.NewInt64Builder(memory.DefaultAllocator)
		b, put = numbers, func(v any) bool { n, ok := v.(int64); numbers.Append(n); return ok }
	case bool:
		yes := array.NewBooleanBuilder(memory.DefaultAllocator)
		b, put = yes, func(v any) bool { x, ok := v.(bool); yes.Append(x); return ok }
	case guichet.Decimal:
		return encodeDecimals(col, rows)
	default:
		return nil, unfit(col, first)
	}
	defer b.Release()
	for _, row := range rows {
		v := row[col.Name]
		if v == nil {
			b.AppendNull()
			continue
		}
		if !put(v) {
			return nil, unfit(col, v)
		}
	}
	return b.NewArray(), nil
}

func unfit(col guichet.Column, v any) error {
	return guichet.Errorf(guichet.KindInvalid, "%s: a %T cannot travel here", col.Name, v)
}

// encodeDecimals writes decimals by their digits, all to the scale of the
// finest.
func encodeDecimals(col guichet.Column, rows []guichet.Row) (arrow.Array, error) {
	texts := make([]string, len(rows))
	scale := leastScale
	for i, row := range rows {
		v := row[col.Name]
		if v == nil {
			continue
		}
		d, ok := v.(guichet.Decimal)
		if !ok {
			return nil, unfit(col, v)
		}
		texts[i] = d.String()
		_, frac, _ := strings.Cut(texts[i], ".")
		scale = max(scale, len(frac))
	}
	const most = 38
	if scale > most {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s: a figure of %d decimals cannot travel", col.Name, scale)
	}
	b := array.NewDecimal128Builder(memory.DefaultAllocator, &arrow.Decimal128Type{Precision: most, Scale: int32(scale)})
	defer b.Release()
	for _, text := range texts {
		if text == "" {
			b.AppendNull()
			continue
		}
		whole, frac, _ := strings.Cut(text, ".")
		digits := whole + frac + strings.Repeat("0", scale-len(frac))
		n, ok := new(big.Int).SetString(digits, 10)
		if !ok || len(strings.TrimLeft(digits, "-0")) > most {
			return nil, guichet.Errorf(guichet.KindInvalid, "%s: %s has more digits than travel", col.Name, text)
		}
		b.Append(decimal128.FromBigInt(n))
	}
	return b.NewArray(), nil
}

// DecodeRows reads what EncodeRows writes, from whoever: the columns as they
// were told, in their order, and nothing behind them. KindHostile for anything
// else; memory goes with the bytes that are there and the limits, never with
// what the bytes say.
func (c Columns) DecodeRows(columns []guichet.Column, data []byte) ([]guichet.Row, error) {
	if len(data) > cmp.Or(c.MaxBytes, 64<<20) || len(columns) > cmp.Or(c.MaxColumns, 64) {
		return nil, garbled("%d bytes of %d columns are too many", len(data), len(columns))
	}
	r := bytes.NewReader(data)
	in, err := newIPCReader(r)
	if err != nil {
		return nil, err
	}
	if len(in.cols) != len(columns) {
		return nil, garbled("%d columns, and %d were told", len(in.cols), len(columns))
	}
	for i, col := range columns {
		if in.cols[i].name != col.Name || in.cols[i].kind == ipcDate {
			return nil, garbled("column %d is %q, and %q was told", i, in.cols[i].name, col.Name)
		}
	}
	out := []guichet.Row{}
	for {
		batch, err := in.next()
		if err != nil {
			return nil, err
		}
		if batch == nil {
			break
		}
		if batch.rows > cmp.Or(c.MaxRows, 250_000)-len(out) {
			return nil, garbled("more rows than %d", cmp.Or(c.MaxRows, 250_000))
		}
		out = append(out, in.rows(batch)...)
	}
	if r.Len() > 0 {
		return nil, garbled("%d bytes stand behind their end", r.Len())
	}
	return out, nil
}

// rows are the rows of a batch, with room for one column more: who merges answers
// adds whose they are.
func (in *ipcReader) rows(batch *ipcRows) []guichet.Row {
	out := make([]guichet.Row, batch.rows)
	for i := range out {
		out[i] = make(guichet.Row, len(in.cols)+1)
	}
	for j, col := range in.cols {
		said := map[string]any{} // most columns say few texts again and again
		for i, row := range out {
			row[col.name] = col.value(batch.data[j], i, said)
		}
	}
	return out
}

// value is one value of a column as rows hold it; said has the texts of the
// column that were met before.
func (c ipcColumn) value(d ipcData, i int, said map[string]any) any {
	if c.kind == ipcNull || !d.has(i) {
		return nil
	}
	switch c.kind {
	case ipcInt:
		if c.bits == 32 {
			return int64(d.int32(i))
		}
		return d.int64(i)
	case ipcBool:
		return d.bool(i)
	case ipcDecimal:
		return d.decimal(i, c.scale)
	}
	text := d.text(i)
	v, ok := said[string(text)]
	if !ok {
		v = string(text)
		said[string(text)] = v
	}
	return v
}
