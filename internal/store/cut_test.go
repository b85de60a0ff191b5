package store_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/store"
)

// crowds are 300,000 lines of 12 months and 300 posts on three coasts: three
// row groups as they are staged, a dozen as they are written anew.
func crowds() string {
	var b strings.Builder
	for i := range 300_000 {
		fmt.Fprintf(&b, "2024-%02d,in,%s-%03d,cars,%d,1.5\n", 1+i%12, []string{"NW", "OO", "SE"}[i%3], i*7919%100, i%1000)
	}
	return b.String()
}

// TestLargeFilesAreCut: no answer changes by it, of the present or the past; a
// question opens the pieces that can hold it; a part of it may be superseded,
// and what is left is cut as well.
func TestLargeFilesAreCut(t *testing.T) {
	h := newHouse(t)
	h.cut = 64 << 10
	h.open()
	h.take(filing{id: "big", text: crowds()})
	sub, err := h.s.Submission(t.Context(), "crossings", id16("big"))
	if err != nil || len(sub.Parts) != 3 || sub.Parts[2].Path != id16("big")+".002.parquet" {
		t.Fatalf("the submission is kept in %+v, %v; want three pieces", sub.Parts, err)
	}
	if got := h.s.Home().Version; got != 2 {
		t.Errorf("the home is of version %d; an older program would find no file of a piece's submission", got)
	}
	plan := guichet.Plan{Dataset: "crossings", Parts: []guichet.PlanPart{{Submissions: []string{id16("big")}, Clauses: []guichet.Clause{{Field: "post", In: []string{"NW-007"}}}}}}
	if n, err := h.s.FilesFor(t.Context(), plan); n != 1 || err != nil {
		t.Errorf("a question about one post opens %d pieces, %v", n, err)
	}
	if n, err := h.s.Snapshots(t.Context(), "crossings"); n != 1 || err != nil {
		t.Errorf("one submission made %d snapshots, %v", n, err)
	}
	if got := h.take(filing{id: "march", text: line("2024-03", "in", "NW-A", 5)}); !slices.Equal(got, []string{id16("big")}) {
		t.Errorf("replaced %v, want the large one", got)
	}
	if got := h.files("tables", "crossings", "data"); !slices.Contains(got, id16("big")+"-"+id16("march")+".001.parquet") {
		t.Errorf("what is left of it was not cut: %v", got)
	}
	h.take(filing{id: "april", text: line("2024-04", "in", "NW-A", 5)})
	if c := h.compact(); c.Packed != 2 {
		t.Errorf("compacted %+v, want the two small files; pieces are left", c)
	}
	h.open()
	h.check()
	if _, err := h.s.Export(t.Context(), h.ds, filepath.Join(t.TempDir(), "out")); err != nil {
		t.Errorf("export of pieces: %v", err)
	}
}

// TestKilledWithPieces: none is left of a submission that was not taken in.
func TestKilledWithPieces(t *testing.T) {
	h := newHouse(t)
	h.cut = 64 << 10
	h.open()
	h.commitKilledAt("data", filing{id: "big", text: crowds()})
	if got := h.files("tables", "crossings", "data"); len(got) != 3 {
		t.Fatalf("the killed process left %v, want three pieces", got)
	}
	h.open()
	if got := h.kept(); len(got) > 0 {
		t.Errorf("left: %v", got)
	}
	h.check()
}

// TestFileOfSeveralTasks: the Iceberg library plans several tasks of one large
// file. It was then read once for each, and its figures were multiplied.
func TestFileOfSeveralTasks(t *testing.T) {
	h := newHouse(t)
	if err := h.s.Stretch(t.Context(), "crossings", "1000"); err != nil {
		t.Fatal(err)
	}
	h.take(filing{id: "big", text: crowds()})
	all := guichet.Plan{Parts: []guichet.PlanPart{{Submissions: []string{id16("big")}}}, Measures: []string{"people"}}
	if got := h.find(all); len(got) != 1 || got[0].Rows != 300_000 {
		t.Errorf("found %+v, want 300,000 rows", got)
	}
	if err := h.s.KeepTwice(t.Context(), "crossings"); err != nil {
		t.Fatal(err)
	}
	h.open()
	h.check()
	h.take(filing{id: "march", text: line("2024-03", "in", "NW-A", 5)})
}

// TestCutParquet: the pieces hold the rows of the file in its order, with their
// bounds and bloom filters, and each is a Parquet file of its own.
func TestCutParquet(t *testing.T) {
	dir := t.TempDir()
	ask := func(query string) []string {
		t.Helper()
		out, err := store.Query(t.Context(), dir, strings.ReplaceAll(query, "DIR", dir))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	ask(`COPY (SELECT i, (i // 700)::VARCHAR AS code, CASE WHEN i % 3 = 0 THEN NULL ELSE 'x' || i END AS text, i::DECIMAL(18,3) AS amount FROM range(70000) t(i))
		TO 'DIR/whole.parquet' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048, FIELD_IDS {i: 1, code: 9, text: 20, amount: 21})`)
	rows, err := store.CutParquet(filepath.Join(dir, "whole.parquet"), 4)
	if err != nil || len(rows) != 4 {
		t.Fatalf("pieces of %v rows, %v; want four", rows, err)
	}
	pieces := "['DIR/0.parquet', 'DIR/1.parquet', 'DIR/2.parquet', 'DIR/3.parquet']"
	for _, q := range []string{
		"SELECT concat_ws(' ', i, code, text, amount) FROM read_parquet(%s)",
		"SELECT concat_ws(' ', path_in_schema, row_group_num_rows, stats_min_value, stats_max_value, stats_null_count, total_compressed_size, bloom_filter_length) FROM parquet_metadata(%s) ORDER BY file_name, row_group_id, column_id",
		"SELECT DISTINCT concat_ws(' ', name, field_id, type, converted_type) FROM parquet_schema(%s) ORDER BY 1",
		"SELECT bloom_filter_excludes::VARCHAR FROM parquet_bloom_probe(%s, 'code', '41') ORDER BY file_name, row_group_id",
	} {
		want, got := ask(fmt.Sprintf(q, "'DIR/whole.parquet'")), ask(fmt.Sprintf(q, pieces))
		if diff := gocmp.Diff(want, got); diff != "" || len(want) == 0 {
			t.Errorf("%s: the whole has %d lines, the pieces differ: %s", q, len(want), diff)
		}
	}
	if got := ask("SELECT bloom_filter_excludes::VARCHAR FROM parquet_bloom_probe('DIR/0.parquet', 'code', '3') WHERE row_group_id = 1"); !slices.Equal(got, []string{"false"}) {
		t.Errorf("the bloom filter of the piece excludes what it holds: %v", got)
	}
	for i, want := range rows {
		_, n, err := store.ParquetReader{}.Columns(t.Context(), filepath.Join(dir, fmt.Sprint(i, ".parquet")))
		if err != nil || n != want {
			t.Errorf("piece %d: another reader finds %d rows, %v; want %d", i, n, err, want)
		}
	}
}

// TestCutRefusesDamage: a footer whose places cannot be true is not followed.
func TestCutRefusesDamage(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "whole.parquet")
	if _, err := store.Query(t.Context(), dir, "COPY (SELECT i, i::VARCHAR AS code FROM range(9000) t(i)) TO '"+path+"' (FORMAT parquet, ROW_GROUP_SIZE 2048)"); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"begins later":  append([]byte("PAR1"), whole[2000:]...),
		"without end":   whole[:len(whole)-3],
		"short":         whole[len(whole)-6:],
		"empty footer":  append(slices.Clone(whole[:len(whole)-8]), 0, 0, 0, 0, 'P', 'A', 'R', '1'),
		"half a footer": append(append(slices.Clone(whole[:len(whole)-30]), 0xff, 0xff), bytes.Clone(whole[len(whole)-8:])...),
	} {
		damaged := filepath.Join(t.TempDir(), "damaged.parquet")
		if err := os.WriteFile(damaged, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if rows, err := store.CutParquet(damaged, 2); err == nil {
			t.Errorf("%s: cut into pieces of %v rows", name, rows)
		}
	}
}
