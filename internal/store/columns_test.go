package store_test

import (
	"bytes"
	"context"
	"io"
	"math/big"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"guichet"
	"guichet/internal/store"
)

// sameFigure holds decimals to be the same number, written the same.
func sameFigure() gocmp.Option {
	return gocmp.Comparer(func(a, b guichet.Decimal) bool { return a.Cmp(b) == 0 && a.String() == b.String() })
}

// TestRowsTravelExactly: whatever rows hold comes back, of any type, absent or
// not, to the last digit.
func TestRowsTravelExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		figure := rapid.Custom(func(t *rapid.T) any {
			n, _ := new(big.Int).SetString(rapid.StringMatching(`-?[1-9][0-9]{0,24}`).Draw(t, "digits"), 10)
			return guichet.NewDecimal(n, rapid.IntRange(0, 12).Draw(t, "scale"))
		})
		kinds := map[string]*rapid.Generator[any]{
			"text": rapid.Map(rapid.String(), func(s string) any { return strings.ToValidUTF8(s, "") }), "figure": figure,
			"count": rapid.Map(rapid.Int64(), func(n int64) any { return n }), "yes": rapid.Map(rapid.Bool(), func(b bool) any { return b }),
			"nothing": rapid.Just[any](nil),
		}
		columns := []guichet.Column{}
		for _, name := range []string{"text", "figure", "count", "yes", "nothing"} {
			columns = append(columns, guichet.Column{Name: name, Measure: rapid.Bool().Draw(t, "measure")})
		}
		rows := []guichet.Row{}
		for range rapid.IntRange(0, 20).Draw(t, "rows") {
			row := guichet.Row{}
			for _, c := range columns {
				row[c.Name] = nil
				if rapid.IntRange(0, 4).Draw(t, "absent") > 0 {
					row[c.Name] = kinds[c.Name].Draw(t, c.Name)
				}
			}
			rows = append(rows, row)
		}
		data, err := store.Columns{}.EncodeRows(columns, rows)
		if err != nil {
			t.Fatal(err)
		}
		got, err := store.Columns{}.DecodeRows(columns, data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(rows, got, sameFigure()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestWhatCannotTravelIsSaid: too much, two kinds in a column, too many digits.
func TestWhatCannotTravelIsSaid(t *testing.T) {
	figure := func(s string) guichet.Decimal {
		d, err := guichet.ParseDecimal(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	columns := []guichet.Column{{Name: "a"}}
	for name, rows := range map[string][]guichet.Row{
		"two kinds": {{"a": "x"}, {"a": int64(1)}}, "digits": {{"a": figure("1" + strings.Repeat("0", 36))}, {"a": figure("0.0001")}},
		"decimals": {{"a": figure("0." + strings.Repeat("0", 38) + "1")}}, "a float": {{"a": 1.5}}, "a long text": {{"a": strings.Repeat("x", 70_000)}},
		"figure and text": {{"a": figure("1")}, {"a": "x"}}, "rows": make([]guichet.Row, 4),
	} {
		if _, err := (store.Columns{MaxRows: 3}).EncodeRows(columns, rows); guichet.KindOf(err) != guichet.KindInvalid {
			t.Errorf("%s: %v, want an error", name, err)
		}
	}
}

// stream writes an Arrow IPC stream by the library's own hand.
func arrowStream(tb testing.TB, fields []arrow.Field, cols func(b *array.RecordBuilder), opts ...ipc.Option) []byte {
	tb.Helper()
	schema := arrow.NewSchema(fields, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	cols(b)
	rec := b.NewRecordBatch()
	defer rec.Release()
	var out bytes.Buffer
	w := ipc.NewWriter(&out, append([]ipc.Option{ipc.WithSchema(schema)}, opts...)...)
	if err := w.Write(rec); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// TestColumnsOfOthersAreHeldToTheirTypes: what a partner sends is refused when
// it is cut, goes on behind its end, is of other columns, compressed, nested, a
// dictionary, or no text.
func TestColumnsOfOthersAreHeldToTheirTypes(t *testing.T) {
	columns := []guichet.Column{{Name: "a"}}
	text := []arrow.Field{{Name: "a", Type: arrow.BinaryTypes.String, Nullable: true}}
	put := func(v string) func(b *array.RecordBuilder) {
		return func(b *array.RecordBuilder) { b.Field(0).(*array.StringBuilder).Append(v) } //nolint:forcetypeassert // as made
	}
	good := arrowStream(t, text, put("x"))
	if rows, err := (store.Columns{}).DecodeRows(columns, good); err != nil || len(rows) != 1 || rows[0]["a"] != "x" {
		t.Fatalf("%v, %v", rows, err)
	}
	bad := map[string][]byte{
		"nothing": {}, "cut in the schema": good[:20], "cut in the rows": good[:len(good)-12], "without an end": good[:len(good)-8], "something behind": append(bytes.Clone(good), 0),
		"no text": arrowStream(t, text, put("\xff\xfe")), "a long text": arrowStream(t, text, put(strings.Repeat("x", 70_000))),
		"compressed":   arrowStream(t, text, put(strings.Repeat("x", 1000)), ipc.WithZstd()),
		"another name": arrowStream(t, []arrow.Field{{Name: "b", Type: arrow.BinaryTypes.String}}, put("x")),
		"two columns": arrowStream(t, append(text, arrow.Field{Name: "b", Type: arrow.BinaryTypes.String}), func(b *array.RecordBuilder) {
			put("x")(b)
			b.Field(1).(*array.StringBuilder).Append("y") //nolint:forcetypeassert // as made
		}),
		"nested": arrowStream(t, []arrow.Field{{Name: "a", Type: arrow.ListOf(arrow.BinaryTypes.String)}}, func(b *array.RecordBuilder) {
			b.Field(0).(*array.ListBuilder).Append(true) //nolint:forcetypeassert // as made
		}),
		"a float": arrowStream(t, []arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Float64}}, func(b *array.RecordBuilder) {
			b.Field(0).(*array.Float64Builder).Append(1) //nolint:forcetypeassert // as made
		}),
		"a dictionary": arrowStream(t, []arrow.Field{{Name: "a", Type: &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}}}, func(b *array.RecordBuilder) {
			if err := b.Field(0).(*array.BinaryDictionaryBuilder).AppendString("x"); err != nil { //nolint:forcetypeassert // as made
				t.Fatal(err)
			}
		}),
	}
	for name, data := range bad {
		rows, err := store.Columns{}.DecodeRows(columns, data)
		if guichet.KindOf(err) != guichet.KindHostile {
			t.Errorf("%s: %v and %v, want to be refused", name, rows, err)
		}
	}
	if _, err := (store.Columns{MaxRows: 1}).DecodeRows(columns, arrowStream(t, text, func(b *array.RecordBuilder) { put("x")(b); put("y")(b) })); guichet.KindOf(err) != guichet.KindHostile {
		t.Errorf("too many rows: %v", err)
	}
}

// FuzzDecodeRows: no bytes panic or take memory beyond their own size, and what
// is read can be written and read again.
func FuzzDecodeRows(f *testing.F) {
	columns := []guichet.Column{{Name: "a"}, {Name: "b", Measure: true}, {Name: "c"}}
	one := guichet.DecimalOf(1)
	for _, rows := range [][]guichet.Row{{}, {{"a": "x", "b": one, "c": true}, {"a": nil, "b": nil, "c": nil}}, {{"a": int64(-3), "b": one, "c": "é"}}} {
		data, err := store.Columns{}.EncodeRows(columns, rows)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := store.Columns{MaxRows: 5000}.DecodeRows(columns, data)
		if err != nil {
			if guichet.KindOf(err) != guichet.KindHostile {
				t.Fatalf("an error of ours: %v", err)
			}
			return
		}
		again, err := store.Columns{}.EncodeRows(columns, rows)
		if err != nil {
			if guichet.KindOf(err) == guichet.KindInvalid { // figures of 38 digits and decimals both
				return
			}
			t.Fatal(err)
		}
		back, err := store.Columns{}.DecodeRows(columns, again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(rows, back, sameFigure()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestDamagedColumns: bytes of a good stream that are changed, left out or
// doubled are read as rows or refused, and never more than that.
func TestDamagedColumns(t *testing.T) {
	columns := []guichet.Column{{Name: "a"}, {Name: "b", Measure: true}, {Name: "c"}, {Name: "d"}}
	rows := []guichet.Row{}
	for i := range 20 {
		rows = append(rows, guichet.Row{"a": strings.Repeat("é", i), "b": guichet.DecimalOf(int64(i)), "c": int64(-i), "d": i%3 == 0})
	}
	rows[3]["a"], rows[4]["b"] = nil, nil
	good, err := store.Columns{}.EncodeRows(columns, rows)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		data := bytes.Clone(good)
		for range rapid.IntRange(1, 6).Draw(t, "damages") {
			at := rapid.IntRange(0, len(data)-1).Draw(t, "at")
			switch rapid.IntRange(0, 3).Draw(t, "damage") {
			case 0:
				data = append(data[:at:at], data[min(len(data), at+8):]...)
			case 1:
				data = append(data[:at:at], append(bytes.Clone(data[at:min(len(data), at+16)]), data[at:]...)...)
			case 2:
				data[at] = byte(rapid.SampledFrom([]int{0, 1, 0x7F, 0x80, 0xFF}).Draw(t, "value"))
			default:
				data[at] = rapid.Byte().Draw(t, "byte")
			}
			if len(data) == 0 {
				return
			}
		}
		_, err := store.Columns{}.DecodeRows(columns, data)
		if err != nil && guichet.KindOf(err) != guichet.KindHostile {
			t.Fatalf("an error of ours: %v", err)
		}
		if _, err := store.CopyRecords(context.Background(), bytes.NewReader(data), "parquet", io.Discard); err != nil && guichet.KindOf(err) != guichet.KindHostile {
			t.Fatalf("an error of ours: %v", err)
		}
	})
}
