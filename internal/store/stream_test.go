package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/store"
	"guichet/trade"
)

// recordsPlan asks for rows of two kinds of column: in the rows, a level, and one
// that stands in the submission.
func recordsPlan(subs ...string) guichet.Plan {
	p := guichet.Plan{
		Dataset: "trade", By: []string{"reporter", "hs4", "partner", "period", "currency", "lodged", "edition", "subtotal"}, Measures: []string{"value", "net_kg"},
		Constant: map[string]map[string]string{"currency": {}}, Parts: []guichet.PlanPart{{}, {}},
	}
	for i, s := range subs {
		p.Parts[i%2].Submissions = append(p.Parts[i%2].Submissions, id16(s))
		p.Constant["currency"][id16(s)] = []string{"CAD", "it's"}[i%2]
	}
	return p
}

// TestRecordsComeAsTheyAre: each row once, with its own values, exactly; and as
// CSV, Parquet and Arrow on the other side.
func TestRecordsComeAsTheyAre(t *testing.T) {
	h := tradersHouse(t, "2024-01;I;630790;CN;50.25;2024-01-31;G1;A\n2024-01;I;630790;CN;50.25;;;A\n2024-02;E;300490;DE;-3;;;B\n", "2024-03;I;850440;\"C,D\";7;;;C\n")
	var out bytes.Buffer
	n, err := h.s.Stream(t.Context(), recordsPlan("lines0", "lines1"), &out)
	if err != nil || n != 4 {
		t.Fatalf("%d rows, %v", n, err)
	}
	want := []string{
		"reporter,hs4,partner,period,currency,lodged,edition,subtotal,value,net_kg",
		`FR,6307,CN,2024-01-01,CAD,,2022,false,50.25,`, `FR,6307,CN,2024-01-01,CAD,2024-01-31,2022,false,50.25,`,
		`FR,3004,DE,2024-02-01,CAD,,2022,false,-3,`, `FR,8504,"C,D",2024-03-01,it's,,2022,false,7,`,
	}
	slices.Sort(want[1:])
	for _, format := range []string{"csv", "arrow", "parquet"} {
		var file bytes.Buffer
		rows, err := store.CopyRecords(t.Context(), bytes.NewReader(out.Bytes()), format, &file)
		if err != nil || rows != 4 {
			t.Fatalf("%s: %d rows, %v", format, rows, err)
		}
		got := lines(t, format, file.Bytes())
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", format, diff)
		}
	}
	for _, text := range []string{"G1", "trader"} {
		if bytes.Contains(out.Bytes(), []byte(text)) {
			t.Errorf("%q stands in the stream", text)
		}
	}
}

// lines reads records back, as lines of CSV with the header first.
func lines(t *testing.T, format string, file []byte) []string {
	t.Helper()
	switch format {
	case "arrow": // by the way of CSV, which the other case has looked at
		var text bytes.Buffer
		if _, err := store.CopyRecords(t.Context(), bytes.NewReader(file), "csv", &text); err != nil {
			t.Fatal(err)
		}
		file = text.Bytes()
	case "parquet":
		path := filepath.Join(t.TempDir(), "records.parquet")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		header := "reporter,hs4,partner,period,currency,lodged,edition,subtotal,value,net_kg"
		texts, err := store.TextsIn(t.Context(), path, strings.Split(header, ",")...)
		if err != nil {
			t.Fatal(err)
		}
		out := []string{header}
		for _, text := range texts {
			text = strings.NewReplacer("C,D", `"C,D"`, "|", ",", "50.250", "50.25", "7.000", "7", "-3.000", "-3").Replace(text)
			out = append(out, text)
		}
		slices.Sort(out[1:])
		return out
	}
	out := strings.Split(strings.TrimSuffix(string(file), "\n"), "\n")
	slices.Sort(out[1:])
	return out
}

// TestRecordsOfNothing: a schema and an end.
func TestRecordsOfNothing(t *testing.T) {
	h := tradersHouse(t, "2024-01;I;630790;CN;50.25;;G1;A\n")
	for name, p := range map[string]guichet.Plan{"no file": recordsPlan(), "no row": recordsPlan("lines0")} {
		for i := range p.Parts {
			p.Parts[i].Clauses = []guichet.Clause{{Field: "partner", In: []string{"NZ"}}}
		}
		var out, text bytes.Buffer
		n, err := h.s.Stream(t.Context(), p, &out)
		if err != nil || n != 0 {
			t.Fatalf("%s: %d rows, %v", name, n, err)
		}
		if rows, err := store.CopyRecords(t.Context(), &out, "csv", &text); err != nil || rows != 0 || strings.Count(text.String(), "\n") != 1 {
			t.Errorf("%s: %d rows, %v, %q", name, rows, err, text.String())
		}
	}
}

// TestRecordsTellNoName: private fields are refused, whatever asks for them.
func TestRecordsTellNoName(t *testing.T) {
	h := tradersHouse(t, "2024-01;I;630790;CN;50.25;;G1;A\n")
	for _, name := range []string{"trader", "trader_group", "declaration"} {
		p := recordsPlan("lines0")
		p.By = append(p.By, name)
		if _, err := h.s.Stream(t.Context(), p, &bytes.Buffer{}); guichet.KindOf(err) != guichet.KindRefused {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
}

// TestRecordsKeepToTheirMoment: of a vintage only the units in force are given.
func TestRecordsKeepToTheirMoment(t *testing.T) {
	h := newHouse(t)
	h.ds = trade.Dataset()
	h.open()
	l := tradersLayout()
	for _, f := range []filing{
		{id: "old", released: "2024-03-01", text: linesHeader + "2024-01;I;630790;CN;1;;;A\n2024-02;I;630790;CN;2;;;B\n"},
		{id: "new", released: "2024-04-01", text: linesHeader + "2024-02;I;630790;CN;4;;;C\n"},
	} {
		h.now = h.now.Add(1e9 * 60)
		f.layout = &l
		if _, err := h.commit(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	for vintage, want := range map[string]string{"2024-03-31": "1 2", "2024-05-01": "1 4", "": "1 4"} {
		p := guichet.Plan{Dataset: "trade", Measures: []string{"value"}, Moment: guichet.Moment{Vintage: vintage}, Parts: []guichet.PlanPart{{Submissions: []string{id16("old"), id16("new")}}}}
		var out, text bytes.Buffer
		if _, err := h.s.Stream(t.Context(), p, &out); err != nil {
			t.Fatal(err)
		}
		if _, err := store.CopyRecords(t.Context(), &out, "csv", &text); err != nil {
			t.Fatal(err)
		}
		got := strings.Fields(text.String())[1:]
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("vintage %q: %v, want %s", vintage, got, want)
		}
	}
}

// failing takes some bytes, and then no more.
type failing struct{ left int }

var errNoMore = errors.New("no more")

func (f *failing) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errNoMore
	}
	return len(p), nil
}

// TestAStreamThatBreaksOff: who stops taking, or goes, ends it, and the next one
// is not hurt; a stream that was cut is never a whole one.
func TestAStreamThatBreaksOff(t *testing.T) {
	var b strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&b, "2024-01;I;630790;CN;%d;;;T%d\n", i, i%100)
	}
	h := tradersHouse(t, b.String())
	p := recordsPlan("lines0")
	if _, err := h.s.Stream(t.Context(), p, &failing{left: 200_000}); !errors.Is(err, errNoMore) {
		t.Errorf("%v, want the writer's error", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.s.Stream(ctx, p, &bytes.Buffer{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the context's end", err)
	}
	var out bytes.Buffer
	if n, err := h.s.Stream(t.Context(), p, &out); err != nil || n != 20_000 {
		t.Fatalf("%d rows, %v", n, err)
	}
	r, err := ipc.NewReader(bytes.NewReader(out.Bytes())) // Arrow's own reader takes it too
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	rows := int64(0)
	for r.Next() {
		rows += r.RecordBatch().NumRows()
	}
	if rows != 20_000 || r.Err() != nil {
		t.Errorf("%d rows, %v", rows, r.Err())
	}
	for _, n := range []int{0, 7, 100, out.Len() / 2, out.Len() - 8, out.Len() - 1} {
		if _, err := store.CopyRecords(t.Context(), bytes.NewReader(out.Bytes()[:n]), "csv", &bytes.Buffer{}); guichet.KindOf(err) != guichet.KindHostile {
			t.Errorf("cut after %d of %d bytes: %v", n, out.Len(), err)
		}
	}
	if _, err := store.CopyRecords(t.Context(), &out, "xlsx", &bytes.Buffer{}); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("another format: %v", err)
	}
}
