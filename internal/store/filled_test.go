package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet"
)

// fieldsOf are counts of fields as "field filled/remarked/aside".
func fieldsOf(counts []guichet.FieldCount) string {
	out := make([]string, len(counts))
	for i, c := range counts {
		out[i] = fmt.Sprintf("%s %d/%d/%d", c.Field, c.Filled, c.Remarked, c.Aside)
	}
	return strings.Join(out, "\n")
}

// TestFieldsAreCounted: in how many records a field is filled, remarked of, and how
// many lines it put aside; a line with two faults counts for the first, and one that
// cannot be cut for none.
func TestFieldsAreCounted(t *testing.T) {
	st := stage(t, layout(), header+
		"2024-01,in,NW-A,cars,10,1.5\n"+
		"2024-01,in,NW-A,,20,\n"+
		"2024-01,in,NW-closed,cars,40,2\n"+
		"2024-01,out,nowhere,cars,80,x\n"+
		"someday,out,NW-A,cars,80,x\n"+
		"2024-01,out,NW-A,cars,,2\n"+
		"2024-01,out,NW-A,cars,7,many\n"+
		"2024-01,out,NW-A\n")
	if st.Lines != 8 || st.Records != 3 || st.Aside != 5 {
		t.Fatalf("%d lines, %d records, %d put aside", st.Lines, st.Records, st.Aside)
	}
	got := map[string]string{}
	for l := range strings.SplitSeq(fieldsOf(st.Fields), "\n") {
		name, counts, _ := strings.Cut(l, " ")
		got[name] = counts
	}
	want := map[string]string{
		"submission": "3/0/0", "reporter": "3/0/0", "remark": "1/0/0", "way": "3/0/0", "lane": "2/0/0",
		"freq": "3/0/1", "period": "3/0/1",
		"post": "3/1/1", "place": "3/1/1", "gazetteer": "3/1/1", "depth": "3/1/1", "summed": "3/1/1",
		"people": "3/0/1", "tonnes": "2/0/1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestFieldsOfOlderSubmissions are counted by the footers of their files.
func TestFieldsOfOlderSubmissions(t *testing.T) {
	h := newHouse(t)
	h.take(filing{id: "a", text: line("2024-01", "in", "NW-A", 10) + "2024-01,in,NW-B,,20,\n"})
	sub, err := h.s.Submission(t.Context(), "crossings", id16("a"))
	if err != nil {
		t.Fatal(err)
	}
	old := *sub
	old.FieldCounts = nil
	counts, partly, counted, err := h.s.FieldCounts(&old)
	if err != nil || !partly || !counted || !strings.Contains(fieldsOf(counts), "lane 1/0/0") || !strings.Contains(fieldsOf(counts), "people 2/0/0") {
		t.Errorf("%s, partly %t, counted %t, %v", fieldsOf(counts), partly, counted, err)
	}
	for i := range old.Parts {
		old.Parts = append([]guichet.Part{}, old.Parts...)
		old.Parts[i].Path = "gone.parquet"
	}
	if _, _, counted, err := h.s.FieldCounts(&old); counted || err != nil {
		t.Errorf("files that are gone are counted: %t, %v", counted, err)
	}
}
