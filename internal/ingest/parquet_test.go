package ingest_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/ingest"
)

// table stands for the reader of Parquet files: what room ingest does with
// columns and rows is tested here, the format itself in room store.
type table struct {
	cols  []guichet.FileColumn
	rows  [][]string
	says  int64 // rows that the footer states; 0: those that there are
	fault error
}

// Columns implements ingest.Columnar.
func (x table) Columns(context.Context, string) ([]guichet.FileColumn, int64, error) {
	return x.cols, max(x.says, int64(len(x.rows))), x.fault
}

// Rows implements ingest.Columnar.
func (x table) Rows(_ context.Context, _ string, columns []int, each func(int64, [][]byte) error) error {
	for n, row := range x.rows {
		values := make([][]byte, len(columns))
		for i, c := range columns {
			values[i] = []byte(row[c])
		}
		if err := each(int64(n+1), values); err != nil {
			return err
		}
	}
	return nil
}

func text(names ...string) []guichet.FileColumn {
	var out []guichet.FileColumn
	for _, n := range names {
		out = append(out, guichet.FileColumn{Name: n, Type: guichet.ColumnText, Said: "utf8"})
	}
	return out
}

// parquetBytes is enough of a file to be sniffed.
const parquetBytes = "PAR1 pages and a footer PAR1"

// parquetYAML is the smallest profile of the kind.
func parquetYAML() string {
	return strings.NewReplacer("{kind: csv}", "{kind: parquet}", "{name: value}", "{name: value, number: true}").Replace(smallYAML)
}

// prepareTable prepares a file whose reader is x.
func prepareTable(t *testing.T, yaml string, x table) (*ingest.Prepared, error) {
	t.Helper()
	o := ingest.Options{Profiles: []*ingest.Profile{parse(t, yaml)}, Columnar: x}
	return prepareBy(t, write(t, "x.parquet", []byte(parquetBytes)), o)
}

func TestParquetBecomesLines(t *testing.T) {
	t.Parallel()
	x := table{
		// In another order than the profile's.
		cols: append(text("country", "code", "month"), guichet.FileColumn{Name: "value", Type: guichet.ColumnFloat, Said: "float64"}),
		rows: [][]string{{"AU", "0101", "2025-01", "10"}, {"CA", "0102", "2025-01", ""}, {`C"A,`, "0103", "2025-02", "-3"}},
	}
	p, err := prepareTable(t, parquetYAML(), x)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(parquetBytes))
	if want := hex.EncodeToString(sum[:]); p.Digest != want || p.Lines != 3 {
		t.Errorf("digest %s of %d lines, want that of the file as it lies, %s, of 3", p.Digest, p.Lines, want)
	}
	b, err := os.ReadFile(p.Layout.Files[0])
	if err != nil {
		t.Fatal(err)
	}
	want := "_line,month,code,country,value\n1,2025-01,0101,AU,10\n2,2025-01,0102,CA,\n3,2025-02,0103,\"C\"\"A,\",-3\n"
	if d := gocmp.Diff(want, string(b)); d != "" {
		t.Errorf("the lines (-want +got):\n%s", d)
	}
}

// TestParquetIsRefused: what is wrong, where, and nothing half done.
func TestParquetIsRefused(t *testing.T) {
	t.Parallel()
	good := text("month", "code", "country", "value")
	row := []string{"2025-01", "0101", "AU", "1"}
	typed := func(name string, kind guichet.ColumnType, said string) []guichet.FileColumn {
		out := append([]guichet.FileColumn(nil), good...)
		for i := range out {
			if out[i].Name == name {
				out[i].Type, out[i].Said = kind, said
			}
		}
		return out
	}
	for name, c := range map[string]struct {
		x    table
		kind guichet.Kind
		says string
	}{
		"a column is missing":      {table{cols: good[:3], rows: [][]string{row}}, guichet.KindUnrecognised, "column 'value' is missing"},
		"a column is not known":    {table{cols: append(text("more"), good...), rows: [][]string{append([]string{""}, row...)}}, guichet.KindUnrecognised, "column 'more' is not known"},
		"a column stands twice":    {table{cols: append(text("code"), good...), rows: [][]string{append([]string{""}, row...)}}, guichet.KindUnrecognised, "column 'code' stands twice"},
		"a code is a number":       {table{cols: typed("code", guichet.ColumnWhole, "int64"), rows: [][]string{row}}, guichet.KindUnrecognised, "column 'code' holds numbers (int64)"},
		"a column is nested":       {table{cols: typed("country", guichet.ColumnOther, "list<item: utf8>"), rows: [][]string{row}}, guichet.KindUnrecognised, "column 'country' is of the type list<item: utf8>"},
		"a figure is a day":        {table{cols: typed("value", guichet.ColumnDate, "date32"), rows: [][]string{row}}, guichet.KindUnrecognised, "column 'value' holds days"},
		"a figure is no exact one": {table{cols: typed("value", guichet.ColumnFloat, "float64"), rows: [][]string{row, {"2025-01", "0101", "CA", "20.5"}}}, guichet.KindInvalid, "row 2, column 'value': 20.5 is a binary fraction"},
		"a figure is infinite":     {table{cols: typed("value", guichet.ColumnFloat, "float64"), rows: [][]string{{"2025-01", "0101", "CA", "+Inf"}}}, guichet.KindInvalid, "+Inf is a binary fraction"},
		"a text holds a NUL":       {table{cols: good, rows: [][]string{{"2025-01", "01\x0001", "AU", "1"}}}, guichet.KindInvalid, "row 1, column 'code': a NUL byte"},
		"a text is no UTF-8":       {table{cols: good, rows: [][]string{row, {"2025-01", "0101", "\xff", "1"}}}, guichet.KindInvalid, "row 2, column 'country': no valid UTF-8"},
		"a row is too long":        {table{cols: good, rows: [][]string{{"2025-01", strings.Repeat("0", 2<<20), "AU", "1"}}}, guichet.KindHostile, "row 1 is longer than"},
		"absurdly many rows":       {table{cols: good, rows: [][]string{row}, says: 1 << 40}, guichet.KindHostile, "states 1099511627776 rows of 4 columns in 28 bytes"},
		"the reader finds a fault": {table{fault: guichet.Errorf(guichet.KindInvalid, "truncated: no end")}, guichet.KindInvalid, "x.parquet: truncated: no end"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := prepareTable(t, parquetYAML(), c.x)
			wantFault(t, name, err, c.kind, c.says)
		})
	}
}

// TestParquetBinaryFractions: a profile may say for how many decimals they stand.
func TestParquetBinaryFractions(t *testing.T) {
	t.Parallel()
	yaml := strings.Replace(parquetYAML(), "{name: value, number: true}", "{name: value, number: true, binary: 2}", 1)
	x := table{cols: append(text("month", "code", "country"), guichet.FileColumn{Name: "value", Type: guichet.ColumnFloat, Said: "float64"})}
	x.rows = [][]string{{"2025-01", "0101", "AU", "241.58000000000004"}, {"2025-01", "0102", "AU", "0.5"}}
	p, err := prepareTable(t, yaml, x)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(p.Layout.Files[0])
	if err != nil || !strings.HasSuffix(string(b), "1,2025-01,0101,AU,241.58\n2,2025-01,0102,AU,0.5\n") {
		t.Errorf("the lines are %q (%v)", b, err)
	}
	x.rows = [][]string{{"2025-01", "0101", "AU", "1e+20"}}
	_, err = prepareTable(t, yaml, x)
	wantFault(t, "too large", err, guichet.KindInvalid, "row 1, column 'value': 1e+20 is a binary fraction")
}

func TestParquetInAGzipIsRefused(t *testing.T) {
	t.Parallel()
	o := ingest.Options{Profiles: []*ingest.Profile{parse(t, parquetYAML())}, Columnar: table{}}
	_, err := prepareBy(t, write(t, "x.parquet.gz", gz(t, []byte(parquetBytes))), o)
	wantFault(t, "gzip", err, guichet.KindInvalid, "a Parquet file in a gzip")
}

// TestParquetOfNoProfile: a profile of another kind says what it was shown.
func TestParquetOfNoProfile(t *testing.T) {
	t.Parallel()
	_, err := prepareTable(t, smallYAML, table{fault: guichet.Errorf(guichet.KindInternal, "it must not be asked")})
	wantFault(t, "csv", err, guichet.KindUnrecognised, "a Parquet file")
}

// TestFormsOfOneProfile: the same columns as CSV, as an array of arrays whose
// first row names them, and as Parquet give the same lines.
func TestFormsOfOneProfile(t *testing.T) {
	t.Parallel()
	yaml := strings.NewReplacer("{kind: csv}", "{kind: csv, also: [json-arrays, parquet], header: true}",
		"{name: month}", "{name: YEAR}\n  - {name: MONTH}\n  - {name: more, optional: true, ignored: true}",
		"\ncube:", "\nderive:\n  - {name: month, cases: [{when: [{column: MONTH, in: [\"\"]}], value: \"\"}], else: {value: \"{YEAR}-{MONTH}\"}}\ncube:",
	).Replace(smallYAML)
	x := table{cols: text("code", "country", "MONTH", "YEAR", "value"), rows: [][]string{{"0101", "AU", "01", "2025", "10"}, {"0102", "CA", "", "2025", "20.5"}}}
	want := "2025,01,,0101,AU,10,2025-01\n2025,,,0102,CA,20.5,\n"
	for name, file := range map[string]string{
		"csv":         "code,country,MONTH,YEAR,value\n0101,AU,01,2025,10\n0102,CA,,2025,20.5\n",
		"json-arrays": `[["code","country","MONTH","YEAR","value"],` + "\n" + `["0101","AU","01","2025","10"],["0102","CA",null,"2025","20.5"]]`,
		"parquet":     parquetBytes,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := ingest.Options{Profiles: []*ingest.Profile{parse(t, yaml)}, Columnar: x}
			p, err := prepareBy(t, write(t, "x", []byte(file)), o)
			if err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(p.Layout.Files[0])
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for _, line := range strings.SplitAfter(string(b), "\n")[1:] {
				_, rest, _ := strings.Cut(line, ",")
				got.WriteString(rest)
			}
			if d := gocmp.Diff(want, got.String()); d != "" {
				t.Errorf("the lines without their places (-want +got):\n%s", d)
			}
		})
	}
}

// TestNamedArraysAreRefused: a header that is none, and rows beside it.
func TestNamedArraysAreRefused(t *testing.T) {
	t.Parallel()
	yaml := strings.Replace(smallYAML, "{kind: csv}", "{kind: json-arrays, header: true}", 1)
	for name, c := range map[string]struct{ file, says string }{
		"no header":      {`[]`, "whose first names the columns"},
		"another header": {`[["month","code","country"],["2025-01","0101","AU"]]`, "column 'value' is missing"},
		"twice":          {`[["month","code","country","value","code"],["2025-01","0101","AU","1","2"]]`, "column 'code' stands twice"},
		"a number":       {`[["month","code","country","value"],["2025-01",101,"AU","1"]]`, "column 'code' a text"},
		"a short row":    {`[["month","code","country","value"],["2025-01","0101","AU"]]`, "its first row has 3 values, not 4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := ingest.Options{Profiles: []*ingest.Profile{parse(t, yaml)}}
			_, err := prepareBy(t, write(t, "x.json", []byte(c.file)), o)
			wantFault(t, name, err, guichet.KindUnrecognised, c.says)
		})
	}
}

// TestFormsAreChecked: what a profile may not say of kinds, tables and extracts.
func TestFormsAreChecked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ from, to, says string }{
		"packed":          {"{kind: csv}", "{kind: parquet, container: [gzip]}", "format.container: is not for the kind parquet"},
		"delimited":       {"{kind: csv}", "{kind: parquet, delimiter: ;}", "format.delimiter: is not for the kind parquet"},
		"twice":           {"{kind: csv}", "{kind: csv, also: [csv]}", `the kind "csv" is said twice`},
		"unknown":         {"{kind: csv}", "{kind: csv, also: [records]}", `"records" is not known`},
		"without names":   {"{kind: csv}", "{kind: csv, also: [json-arrays]}", "format.header: must be said to be true"},
		"table by nobody": {"{name: small, covers", "{name: small, by: level, covers", `the file has no column "level"`},
		"table by any":    {"{name: small, covers", "{name: small, by: month, covers", "say under only what it may hold"},
		"no such column":  {"\ncube:", "\nderive:\n  - {name: m, cases: [{when: [{column: code, in: [x]}], value: \"{nothing}\"}]}\ncube:", `there is no column "nothing"`},
		"extract of what": {"scope: [flow, period]", "scope: [flow, period], extract: {chapters: 49, scope: [code]}", "subtotals of their key is auto"},
		"extract of none": {"scope: [flow, period]", "scope: [flow, period], extract: {chapters: 0}", "update.extract.chapters: must be from 1 to 98"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ingest.ParseProfile("small.yaml", []byte(strings.Replace(smallYAML, c.from, c.to, 1)))
			wantFault(t, name, err, guichet.KindInvalid, c.says)
		})
	}
}

// TestTableByLevel: the first line says which of the office's tables it is, and
// a file of few chapters is a table apart.
func TestTableByLevel(t *testing.T) {
	t.Parallel()
	yaml := strings.NewReplacer(
		"{name: country}", "{name: country}\n  - {name: lvl, only: [HS2, HS4, \"-\"]}",
		"{name: small, covers", "{name: small, by: lvl, covers",
		`period_format: "2006-01"}`, `period_format: "2006-01", subtotals: auto}`,
		"scope: [flow, period]", "scope: [flow, period], extract: {chapters: 2, scope: [flow, period, code]}",
	).Replace(smallYAML)
	p := parse(t, yaml)
	for file, want := range map[string]string{
		"2025-01,0101,AU,HS4,10\n2025-01,0201,AU,HS4,10\n": "small-hs4 flow period",
		"2025-01,01,AU,HS2,10\n2025-01,02,AU,HS2,10\n":     "small-hs2 flow period",
		"2025-01,0101,AU,HS4,10\n2025-01,0102,AU,HS4,10\n": "small-hs4-extract flow period code",
		"2025-01,-,AU,-,10\n":                              "small-total-extract flow period code",
	} {
		o := ingest.Options{Profiles: []*ingest.Profile{p}}
		got, err := prepareBy(t, write(t, "x.csv", []byte("month,code,country,lvl,value\n"+file)), o)
		if err != nil {
			t.Fatal(err)
		}
		if said := got.Fields["cube"] + " " + strings.Join(got.Scope, " "); said != want {
			t.Errorf("%q is of %q, want %q", file, said, want)
		}
		if d := gocmp.Diff(got.Scope, got.Layout.Scope); d != "" {
			t.Errorf("the layout has another scope: %s", d)
		}
	}
	_, err := prepareBy(t, write(t, "x.csv", []byte("month,code,country,lvl,value\n2025-01,010121,AU,HS6,10\n")), ingest.Options{Profiles: []*ingest.Profile{p}})
	wantFault(t, "another level", err, guichet.KindUnrecognised, "column 'lvl' is 'HS6' in the first line, not HS2 or HS4 or -")
}
