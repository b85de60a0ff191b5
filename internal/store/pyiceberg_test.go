package store_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/trade"
)

// question is one question to the second reader, testdata/iceberg/read.py.
type question struct {
	By    []string            `json:"by"`
	Sum   string              `json:"sum"`
	Where map[string][]string `json:"where,omitempty"`
}

// questions are the ten: sums by what is asked for most, with absent keys,
// conditions that skip files, and a measure that few rows have.
func questions() []question {
	return []question{
		{By: []string{"flow"}, Sum: "value"},
		{By: []string{"partner"}, Sum: "value"},
		{By: []string{"hs"}, Sum: "value"},
		{By: []string{"period", "freq"}, Sum: "value"},
		{By: []string{"flow", "partner", "hs", "period"}, Sum: "value"},
		{By: []string{"reporter", "partner_kind", "valuation", "trade_system"}, Sum: "value"},
		{By: []string{"partner"}, Sum: "net_kg"},
		{By: []string{"partner"}, Sum: "value", Where: map[string][]string{"flow": {"imports"}, "hs": {"630790", "300490"}}},
		{By: []string{"edition", "subtotal", "mode"}, Sum: "net_kg", Where: map[string][]string{"period": {"2024-02-01"}}},
		{By: []string{"flow"}, Sum: "quantity", Where: map[string][]string{"partner": {"CN", "nowhere"}}},
	}
}

// readAnswer is what the second reader says.
type readAnswer struct {
	Rows    int64             `json:"rows"`
	Fields  map[string][2]any `json:"fields"`
	Answers [][][]any         `json:"answers"`
}

// engine is a reader of our tables that shares no code with ours.
type engine struct {
	name    string
	command func(metadata string) []string // nil when it is not installed
	missing string                         // why it is left out then
	must    bool                           // CI may not leave it out
}

// engines are pyiceberg, which every run of the tests has, and Spark with
// Iceberg's Java library, which `make test-engines` installs.
func engines() []engine {
	script := func(name string) string { return filepath.Join("..", "..", "testdata", "iceberg", name) }
	python, spark, jar := os.Getenv("GUICHET_PYTHON"), os.Getenv("GUICHET_SPARK_PYTHON"), os.Getenv("GUICHET_SPARK_JAR")
	out := []engine{
		{name: "pyiceberg", must: true, missing: "GUICHET_PYTHON is not set; `make test` installs it, as tools/pyiceberg.sh says"},
		{name: "spark", missing: "GUICHET_SPARK_PYTHON is not set; `make test-engines` installs it"},
	}
	if python != "" {
		out[0].command = func(metadata string) []string { return []string{python, script("read.py"), metadata} }
	}
	if spark != "" && jar != "" {
		out[1].command = func(metadata string) []string { return []string{spark, script("spark.py"), metadata, jar} }
	}
	return out
}

// read opens a table with the engine and asks it.
func (e engine) read(t *testing.T, metadata string, qs []question) readAnswer {
	t.Helper()
	if e.command == nil {
		if e.must && os.Getenv("CI") == "true" {
			t.Fatalf("CI must open our tables with %s: %s", e.name, e.missing)
		}
		t.Skipf("no %s: %s", e.name, e.missing)
	}
	asked, err := json.Marshal(qs)
	if err != nil {
		t.Fatal(err)
	}
	var out, complaint bytes.Buffer
	args := e.command(metadata)
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(asked), &out, &complaint
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s cannot read the table: %v\n%s", e.name, err, complaint.String())
	}
	var a readAnswer
	if err := json.Unmarshal(out.Bytes(), &a); err != nil {
		t.Fatalf("%s says %s: %v", e.name, out.String(), err)
	}
	return a
}

// tradeText is a file of trade made by chance, the same for a seed.
func tradeText(seed uint64, month string, lines int) string {
	r := rand.New(rand.NewPCG(seed, 0))
	var b strings.Builder
	b.WriteString("m;way;code;who;kind;val;kg\n")
	pick := func(xs ...string) string { return xs[r.IntN(len(xs))] }
	for range lines {
		fmt.Fprintf(&b, "%s;%s;%s;%s;country;%d,%02d;%s\n", month, pick("imports", "exports"), pick("630790", "300490", "847130", ""), pick("CN", "DE", "US", "CA"), r.IntN(1e9)-1e6, r.IntN(100), pick("", "1.5", "0.001", "123456789012.125"))
	}
	return b.String()
}

// askDuckDB gives the answer of our own engine in the form of the second
// reader's, over the submissions named.
func (h *house) askDuckDB(q question, files ...string) [][]any {
	part := guichet.PlanPart{}
	for _, f := range files {
		part.Submissions = append(part.Submissions, id16(f))
	}
	for field, values := range q.Where {
		part.Clauses = append(part.Clauses, guichet.Clause{Field: field, In: values})
	}
	type sum struct {
		keys          []string
		total         *guichet.Decimal
		rows, figures int64
	}
	sums := map[string]*sum{}
	for _, f := range h.find(guichet.Plan{Parts: []guichet.PlanPart{part}, By: q.By, Measures: []string{q.Sum}}) {
		key := strings.Join(f.Keys, "|")
		x := sums[key]
		if x == nil {
			x = &sum{keys: f.Keys}
			sums[key] = x
		}
		x.rows, x.figures = x.rows+f.Rows, x.figures+f.Figures[0]
		if m := f.Measures[0]; m != nil {
			if x.total != nil {
				*m = m.Add(*x.total)
			}
			x.total = m
		}
	}
	out := [][]any{}
	for _, x := range sums {
		row := []any{}
		for _, k := range x.keys {
			row = append(row, k)
		}
		row = append(row, nil, float64(x.rows), float64(x.figures))
		if x.total != nil {
			row[len(x.keys)] = x.total.String()
		}
		out = append(out, row)
	}
	return out
}

// plain writes rows in one order, and decimals without trailing zeros.
func plain(rows [][]any, sumAt int) []string {
	var out []string
	for _, r := range rows {
		if s, ok := r[sumAt].(string); ok {
			if d, err := guichet.ParseDecimal(s); err == nil {
				r[sumAt] = d.String()
			}
		}
		out = append(out, fmt.Sprint(r...))
	}
	slices.Sort(out)
	return out
}

// TestOtherEnginesGiveTheSameAnswers: an exported table says the same to
// engines that share no code with ours. One file is superseded in part, one may
// not leave the home.
func TestOtherEnginesGiveTheSameAnswers(t *testing.T) {
	h := newHouse(t)
	h.ds = trade.Dataset()
	h.open()
	l := tradeLayout()
	take := func(id, text string, private bool) {
		h.now = h.now.Add(1e9)
		if _, err := h.commit(t.Context(), filing{id: id, text: text, layout: &l, private: private}); err != nil {
			t.Fatal(err)
		}
		if err := h.s.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	take("first", tradeText(1, "2024-01", 400)+strings.TrimPrefix(tradeText(2, "2024-02", 400), "m;way;code;who;kind;val;kg\n"), false)
	take("second", tradeText(3, "2024-02", 300), false)
	take("third", tradeText(4, "2024", 50), false)
	take("secret", tradeText(5, "2023-12", 100), true)
	metadata, err := h.s.Export(t.Context(), h.ds, filepath.Join(t.TempDir(), "export"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			got := e.read(t, metadata, questions())
			if got.Rows != 400+300+50 {
				t.Errorf("the table says that it has %d rows, want %d", got.Rows, 400+300+50)
			}
			h.sameFields(t, got)
			h.sameAnswers(t, got)
		})
	}
}

// sameFields holds the fields of an export against the descriptor's: the same
// ids, none of the private.
func (h *house) sameFields(t *testing.T, got readAnswer) {
	t.Helper()
	for _, f := range h.ds.RowFields() {
		if f.Role == guichet.Private {
			if _, there := got.Fields[f.Name]; there {
				t.Errorf("the private field %s stands in the export", f.Name)
			}
			continue
		}
		if id, ok := got.Fields[f.Name][0].(float64); !ok || int(id) != f.ID {
			t.Errorf("field %s has the id %v, want %d", f.Name, got.Fields[f.Name][0], f.ID)
		}
	}
}

func (h *house) sameAnswers(t *testing.T, got readAnswer) {
	t.Helper()
	for i, q := range questions() {
		want := h.askDuckDB(q, "first", "second", "third")
		if diff := cmp.Diff(plain(want, len(q.By)), plain(got.Answers[i], len(q.By))); diff != "" {
			t.Errorf("question %d (%+v): DuckDB against the other engine: %s", i+1, q, diff)
		}
		if len(want) == 0 {
			t.Errorf("question %d has no row, and proves nothing", i+1)
		}
	}
}

// TestExport: what is constant stands beside the table, what may not leave the
// home is in neither, and a folder in use is refused.
func TestExport(t *testing.T) {
	h := newHouse(t)
	dir := filepath.Join(t.TempDir(), "out")
	_, err := h.s.Export(t.Context(), h.ds, dir)
	wantError(t, err, guichet.KindNotFound, "nothing here may be exported", "licence")
	h.take(filing{id: "secret", private: true, text: line("2024-01", "in", "NW-A", 1)})
	h.take(filing{id: "open", text: line("2024-02", "in", "NW-A", 1)})
	if entries, _ := os.ReadDir(dir); len(entries) > 0 {
		t.Errorf("a refused export left %v", entries)
	}
	if _, err := h.s.Export(t.Context(), h.ds, dir); err != nil {
		t.Fatal(err)
	}
	paper, err := os.ReadFile(filepath.Join(dir, "submissions.json"))
	if err != nil {
		t.Fatal(err)
	}
	var subs []guichet.Submission
	if err := json.Unmarshal(paper, &subs); err != nil || len(subs) != 1 || subs[0].File != "open.csv" {
		t.Errorf("submissions.json holds %d submissions, %v: %s", len(subs), err, paper)
	}
	files, err := os.ReadDir(filepath.Join(dir, "crossings", "data"))
	if err != nil || len(files) != 1 || files[0].Name() != id16("open")+".parquet" {
		t.Errorf("the export holds %v, %v", files, err)
	}
	_, err = h.s.Export(t.Context(), h.ds, dir)
	wantError(t, err, guichet.KindInvalid, "is not empty", "empty folder")
	for _, name := range []string{"a folder", "né", "100%", "a?b#c"} {
		name = filepath.Join(t.TempDir(), name)
		_, err = h.s.Export(t.Context(), h.ds, name)
		wantError(t, err, guichet.KindInvalid, "would not find a table in "+name, "without spaces")
		if _, err := os.Stat(name); err == nil {
			t.Errorf("a refused export made %s", name)
		}
	}
}
