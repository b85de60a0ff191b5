package agreement_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"guichet"
	"guichet/codes"
	"guichet/internal/agreement"
	"guichet/trade"
)

var update = flag.Bool("update", false, "write what is decided into the corpus; review it like a ruling")

// TestCorpus decides the cases of testdata/*.txtar. A case begins with what it
// settles, in words; then come, as JSON,
//
//	agreement.json  the template and, by clause, what is changed in it
//	facts.json      what is changed in the facts of the base case
//	request.json    what is changed in the base request
//	decision.json   what is decided; of the notices, their codes
//
// A change is a path and its value; null takes out what is there.
func TestCorpus(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := decided(t, a)
			i := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == "decision.json" })
			if *update {
				if i < 0 {
					i, a.Files = len(a.Files), append(a.Files, txtar.File{Name: "decision.json"})
				}
				a.Files[i].Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(a), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if i < 0 {
				t.Fatal("no decision.json")
			}
			if diff := cmp.Diff(string(a.Files[i].Data), got); diff != "" {
				t.Errorf("%s\ndecided otherwise (-want +got):\n%s", a.Comment, diff)
			}
		})
	}
}

// decided returns the decision of a case as the corpus writes it.
func decided(t *testing.T, a *txtar.Archive) string {
	t.Helper()
	changes := map[string]map[string]any{}
	for _, f := range a.Files {
		if f.Name != "decision.json" {
			changes[f.Name] = decode[map[string]any](t, f.Data)
		}
	}
	name, _ := changes["agreement.json"]["template"].(string)
	delete(changes["agreement.json"], "template")
	paper := changed(t, template(t, name), changes["agreement.json"])
	facts := changed(t, baseFacts(), changes["facts.json"])
	d := agreement.Decide(facts.facts(t, paper), changed(t, baseRequest(), changes["request.json"]))
	var codes []string
	for _, n := range d.Notices {
		codes = append(codes, n.Code)
	}
	d.Notices, d.Digest = nil, "" // the digest is that of the whole template, and changes with its wording
	out, err := json.MarshalIndent(struct {
		guichet.Decision
		Notices []string `json:"notices,omitempty"`
	}{d, slices.Compact(codes)}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out) + "\n"
}

// caseFacts are facts as cases write them.
type caseFacts struct {
	Now     time.Time        `json:"now"`
	Us      string           `json:"us"`
	Circle  string           `json:"circle"`
	Members []guichet.Member `json:"members"`
	Dataset string           `json:"dataset"`
	Given   int              `json:"given"`
	KeyFrom time.Time        `json:"key_from"`
	Law     agreement.Law    `json:"law"`
}

func (c caseFacts) facts(t *testing.T, paper guichet.Agreement) agreement.Facts {
	t.Helper()
	f := agreement.Facts{
		Now: c.Now, Us: c.Us, Circle: c.Circle, Members: c.Members, KeyFrom: c.KeyFrom, Law: c.Law,
		Papers: []*agreement.Paper{ready(t, paper)},
		Given:  func(string, string) int { return c.Given },
	}
	if c.Dataset == "trade" {
		f.Dataset = dataset()
	}
	return f
}

func baseFacts() caseFacts {
	c := caseFacts{
		Now: time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC), Us: "CA", Circle: "border-five", Dataset: "trade",
		KeyFrom: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	for _, m := range []string{"AU", "CA", "GB", "NZ", "US"} {
		c.Members = append(c.Members, guichet.Member{Code: m, Role: "party", Offices: []guichet.Office{
			{ID: "statistics", Regime: "statistical"}, {ID: "customs", Regime: "administrative"},
		}})
	}
	return c
}

func baseRequest() guichet.Request {
	return guichet.Request{
		Exchange: strings.Repeat("0", 32), From: guichet.Party{Circle: "border-five", Member: "NZ", Office: "statistics"}, To: "CA",
		Purpose: "supply-monitoring",
		Question: guichet.Question{
			Dataset: "trade", By: []string{"reporter", "partner"}, Measures: []string{"value"},
			Where: map[string][]string{"product": {"covid19/protective/masks"}, "flow": {"imports"}}, Period: span("2024-01:2024-12"),
		},
	}
}

func span(s string) guichet.Span {
	v, err := guichet.ParseSpan(s)
	if err != nil {
		panic(err)
	}
	return v
}

func template(t *testing.T, name string) guichet.Agreement {
	t.Helper()
	x, ok := agreement.TemplateBy(datasets(), name)
	if !ok {
		t.Fatalf("no template %q", name)
	}
	return x.Paper
}

func ready(tb testing.TB, a guichet.Agreement) *agreement.Paper {
	tb.Helper()
	p, err := agreement.Ready(a, datasets())
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// dataset is the trade dataset, with the code lists that cases need.
func dataset() *guichet.Dataset {
	ds := trade.Dataset()
	ds.Known = func(list, value string) (bool, string) {
		switch list {
		case "CL_AREA":
			_, ok := codes.AreaByCode(value)
			return ok, "write two capital letters"
		case "CL_FLOW":
			return slices.Contains(trade.Flows(), trade.Flow(value)), "there are: imports, exports"
		case "CL_REGIME":
			return slices.Contains([]string{"statistical", "administrative", "public"}, value), ""
		}
		return true, ""
	}
	return ds
}

func datasets() []*guichet.Dataset { return []*guichet.Dataset{dataset()} }

func decode[T any](t *testing.T, text []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// changed sets values by path in a copy of v.
func changed[T any](t *testing.T, v T, changes map[string]any) T {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	tree := decode[any](t, text)
	for path, to := range changes {
		steps := regexp.MustCompile(`[^.\[\]]+`).FindAllString(path, -1)
		tree = set(t, tree, steps, to)
	}
	if text, err = json.Marshal(tree); err != nil {
		t.Fatal(err)
	}
	return decode[T](t, text)
}

func set(t *testing.T, tree any, steps []string, to any) any {
	t.Helper()
	if len(steps) == 0 {
		return to
	}
	switch v := tree.(type) {
	case []any:
		i, err := strconv.Atoi(steps[0])
		if err != nil || i > len(v) {
			t.Fatalf("no place %q in a list of %d", steps[0], len(v))
		}
		if i == len(v) {
			v = append(v, nil)
		}
		v[i] = set(t, v[i], steps[1:], to)
		return v
	case nil:
		return set(t, map[string]any{}, steps, to)
	case map[string]any:
		if to == nil && len(steps) == 1 {
			delete(v, steps[0])
			return v
		}
		v[steps[0]] = set(t, v[steps[0]], steps[1:], to)
		return v
	}
	t.Fatalf("nothing below %v", tree)
	return nil
}
