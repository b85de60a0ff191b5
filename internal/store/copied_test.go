package store_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet/internal/store"
	"guichet/trade"
)

// TestJoinedTexts: what stands in the record, read back from the Parquet.
func TestJoinedTexts(t *testing.T) {
	dir, l := t.TempDir(), linesLayout()
	for i := range l.Records {
		l.Records[i].Joins = map[string][]string{"transport_document": {"decl", "trader"}}
	}
	st, err := stageIn(t.Context(), dir, trade.Dataset(), l, linesHeader+
		"2024-01;I;630790;CN;1;; D1 ; T1\n2024-01;I;630790;CN;2;;D2;\n2024-01;E;630790;CN;3;;;T3\n"+
		"2024-01;I;630790;CN;4;;"+strings.Repeat("x", 68)+";T\n2024-01;I;630790;CN;5;;"+strings.Repeat("x", 68)+";TT\n")
	if err != nil {
		t.Fatal(err)
	}
	checkStaged(t, st)
	if got := reasonsOf(st); got != "not_an_identifier 1" {
		t.Errorf("put aside %q: a joined text is as long as what it is made of, and the hyphen", got)
	}
	got, err := store.TextsIn(t.Context(), filepath.Join(dir, st.Data), "value", "declaration", "trader", "transport_document")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"1.000|D1|T1|D1-T1", "2.000|D2||", "3.000||T3|",
		"4.000|" + strings.Repeat("x", 68) + "|T|" + strings.Repeat("x", 68) + "-T",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
