package store_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/store"
)

// TestGroupedRecordsAreSums: over all parts and submissions one record for each
// value of the columns; none of a measure that a row lacks.
func TestGroupedRecordsAreSums(t *testing.T) {
	h := tradersHouse(t,
		"2024-01;I;6307909870;CN;50.25;;;A\n2024-01;I;6307909810;CN;1.5;;;A\n2024-01;I;6307909810;DE;-3;;;B\n",
		"2024-03;I;6307909800;CN;7;;;C\n2024-03;I;6307909800;FR;;;;C\n")
	p := recordsPlan("lines0", "lines1")
	p.Grouped, p.By, p.Measures = true, []string{"reporter", "hs6", "partner", "freq", "remark"}, []string{"value", "net_kg"}
	if got, want := grouped(t, h, p), "FR,630790,CN,M,,58.75,|FR,630790,DE,M,,-3,"; !strings.HasPrefix(got, want) {
		t.Errorf("records %s, want %s", got, want)
	}
	p.By = []string{"reporter", "period"}
	if got, want := grouped(t, h, p), "FR,2024-01-01,48.75,|FR,2024-03-01,"; !strings.HasPrefix(got, want) {
		t.Errorf("records %s, want %s", got, want)
	}
	p.By = nil
	for i := range p.Parts {
		p.Parts[i].Clauses = []guichet.Clause{{Field: "partner", In: []string{"CN"}}}
	}
	if got := grouped(t, h, p); got != "58.75," {
		t.Errorf("all in one record: %s", got)
	}
	for i := range p.Parts {
		p.Parts[i].Clauses = []guichet.Clause{{Field: "partner", In: []string{"NZ"}}}
	}
	if got := grouped(t, h, p); got != "" {
		t.Errorf("of no row: %s", got)
	}
}

// grouped are the records of a plan, sorted.
func grouped(t *testing.T, h *house, p guichet.Plan) string {
	t.Helper()
	var out, text bytes.Buffer
	if _, err := h.s.Stream(t.Context(), p, &out); err != nil {
		t.Fatal(err)
	}
	if _, err := store.CopyRecords(t.Context(), &out, "csv", &text); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")[1:]
	slices.Sort(lines)
	return strings.Join(lines, "|")
}

// TestContributorsAreFolded: one trader in several spellings is one contributor.
func TestContributorsAreFolded(t *testing.T) {
	const cn = "2024-01;I;630790;CN;"
	h := tradersHouse(t, cn+"5;;;ACME\n"+cn+"4;;;acme\n"+cn+"3;;; Acme \n"+cn+"2;;;Acme\u00a0\n"+cn+"1;;;other\n")
	if got := weigh(t, h, []string{"partner"}, guichet.Moment{}, "lines0"); len(got) != 1 || !strings.HasPrefix(got[0], "CN: 2 of 2 ") {
		t.Errorf("%v, want two contributors", got)
	}
}

// TestNoRecordIsRunByASpreadsheet: texts that would be formulas have an
// apostrophe; figures do not.
func TestNoRecordIsRunByASpreadsheet(t *testing.T) {
	h := tradersHouse(t, "2024-01;I;630790;CN;-50;;;A\n")
	p := recordsPlan("lines0")
	for formula, want := range map[string]string{"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "CAD": "CAD", "a=1": "a=1", "": ""} {
		p.By, p.Constant = []string{"period", "currency"}, map[string]map[string]string{"currency": {id16("lines0"): formula}}
		if got := grouped(t, h, p); got != "2024-01-01,"+want+",-50," {
			t.Errorf("%q is written %q", formula, got)
		}
	}
}
