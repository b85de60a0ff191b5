package store_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet"
)

// found writes groups as "keys [period] rows people tonnes/figures (remark)".
func found(fs []guichet.Found) []string {
	var out []string
	for _, f := range fs {
		var parts []string
		for _, k := range f.Keys {
			parts = append(parts, fmt.Sprintf("%q", k))
		}
		if !f.Period.Start.IsZero() {
			parts = append(parts, f.Period.String())
		}
		parts = append(parts, fmt.Sprint(f.Rows))
		for i, m := range f.Measures {
			text := "none"
			if m != nil {
				text = m.String()
			}
			parts = append(parts, fmt.Sprintf("%s/%d", text, f.Figures[i]))
		}
		if f.Remark != "" {
			parts = append(parts, "("+f.Remark+")")
		}
		out = append(out, strings.Join(parts, " "))
	}
	slices.Sort(out)
	return out
}

// busy is a home with one file of posts on several coasts; "-X" has no place.
func busy(t *testing.T) *house {
	t.Helper()
	h := newHouse(t)
	h.take(filing{id: "a", released: "2024-06-01", text: "2024-01,in,NW-A,cars,1,0.5\n2024-01,in,NW-B,foot,2,\n2024-02,in,NE-C,cars,4,1\n2024-02,out,S-closed,,8,\n2024-03,in,-X,cars,16,\n2024,in,NW-A,cars,32,\n"})
	return h
}

// TestFindByClauses is a table of conditions on one home.
func TestFindByClauses(t *testing.T) {
	h := busy(t)
	span := func(text string) guichet.Span {
		s, err := guichet.ParseSpan(text)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, c := range []struct {
		name    string
		span    guichet.Span
		clauses []guichet.Clause
		want    string // the people
	}{
		{name: "all", want: "31"},
		{"one value", guichet.Span{}, []guichet.Clause{{Field: "post", In: []string{"NW-A"}}}, "1"},
		{"several", guichet.Span{}, []guichet.Clause{{Field: "post", In: []string{"NW-A", "S-closed", "nowhere"}}}, "9"},
		{"no value holds for none", guichet.Span{}, []guichet.Clause{{Field: "post"}}, ""},
		{"and none is not none", guichet.Span{}, []guichet.Clause{{Field: "post", Not: true}}, "31"},
		{"not one", guichet.Span{}, []guichet.Clause{{Field: "post", In: []string{"NW-A"}, Not: true}}, "30"},
		{"absent", guichet.Span{}, []guichet.Clause{{Field: "lane", In: []string{""}}}, "8"},
		{"absent or not", guichet.Span{}, []guichet.Clause{{Field: "lane", In: []string{"", "foot"}}}, "10"},
		{"not of a value keeps the absent", guichet.Span{}, []guichet.Clause{{Field: "lane", In: []string{"cars"}, Not: true}}, "10"},
		{"not absent", guichet.Span{}, []guichet.Clause{{Field: "lane", In: []string{""}, Not: true}}, "23"},
		{"a beginning", guichet.Span{}, []guichet.Clause{{Field: "place", Prefix: []string{"N"}}}, "7"},
		{"beginnings", guichet.Span{}, []guichet.Clause{{Field: "place", Prefix: []string{"NW", "S"}}}, "11"},
		{"a beginning or a value", guichet.Span{}, []guichet.Clause{{Field: "place", Prefix: []string{"NW"}, In: []string{"NE"}}}, "7"},
		{"no such beginning", guichet.Span{}, []guichet.Clause{{Field: "place", Prefix: []string{"N", "NW"}, Not: true}}, "24"},
		{"neither beginning nor value", guichet.Span{}, []guichet.Clause{{Field: "place", Prefix: []string{"NW"}, In: []string{"S"}, Not: true}}, "20"},
		{"all must hold", guichet.Span{}, []guichet.Clause{{Field: "place", Prefix: []string{"N"}}, {Field: "lane", In: []string{"cars"}}}, "5"},
		{"a number", guichet.Span{}, []guichet.Clause{{Field: "depth", In: []string{"1"}}}, "8"},
		{"a figure", guichet.Span{}, []guichet.Clause{{Field: "people", In: []string{"4.000"}}}, "4"},
		{"no field of a row", guichet.Span{}, []guichet.Clause{{Field: "cube", In: []string{"c"}}}, ""},
		{"no field at all", guichet.Span{}, []guichet.Clause{{Field: "1=1 OR post", In: []string{"c"}}}, ""},
		{"a value that would be SQL", guichet.Span{}, []guichet.Clause{{Field: "post", In: []string{"x') OR ('1'='1"}}}, ""},
		{"a month", span("2024-02"), nil, "12"},
		{"a span", span("2024-01:2024-02"), nil, "15"},
	} {
		t.Run(c.name, func(t *testing.T) {
			// The year's own row is of another frequency and asked apart.
			part := guichet.PlanPart{Submissions: []string{id16("a")}, Span: c.span, Clauses: append(c.clauses, guichet.Clause{Field: "people", In: []string{"32.000"}, Not: true})}
			got := ""
			var sum guichet.Decimal
			for _, f := range h.find(guichet.Plan{Parts: []guichet.PlanPart{part}, Measures: []string{"people"}}) {
				sum = sum.Add(*f.Measures[0])
				got = sum.String()
			}
			if got != c.want {
				t.Errorf("%s people, want %s", got, c.want)
			}
		})
	}
}

// TestFindByKeys: fields, levels of the hierarchy, periods, and measures that
// no row has.
func TestFindByKeys(t *testing.T) {
	h := busy(t)
	all := guichet.PlanPart{Submissions: []string{id16("a")}}
	for _, c := range []struct {
		name string
		plan guichet.Plan
		want []string
	}{
		{"a field", guichet.Plan{By: []string{"way"}, Measures: []string{"people"}}, []string{`"in" 5 55/5`, `"out" 1 8/1 (post_closed)`}},
		{"a level", guichet.Plan{By: []string{"coast"}, Measures: []string{"people", "tonnes"}}, []string{`"" 1 16/1 none/0`, `"N" 4 39/4 1.5/2`, `"S" 1 8/1 none/0 (post_closed)`}},
		{"a deeper level", guichet.Plan{By: []string{"stretch"}}, []string{`"" 1`, `"NE" 1`, `"NW" 3`, `"S" 1 (post_closed)`}},
		{"the national code", guichet.Plan{By: []string{"national", "depth"}}, []string{`"-X" "0" 1`, `"NE-C" "2" 1`, `"NW-A" "2" 2`, `"NW-B" "2" 1`, `"S-closed" "1" 1 (post_closed)`}},
		{"periods", guichet.Plan{Periods: true, Measures: []string{"people"}}, []string{"2024 1 32/1", "2024-01 2 3/2", "2024-02 1 4/1", "2024-02 1 8/1 (post_closed)", "2024-03 1 16/1"}},
		{"the period as a key", guichet.Plan{By: []string{"period"}}, []string{`"2024-01-01" 2024 1`, `"2024-01-01" 2024-01 2`, `"2024-02-01" 2024-02 1`, `"2024-02-01" 2024-02 1 (post_closed)`, `"2024-03-01" 2024-03 1`}},
		{"what is nowhere", guichet.Plan{By: []string{"nothing"}}, []string{`"" 1 (post_closed)`, `"" 5`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.plan.Parts = []guichet.PlanPart{all}
			if diff := cmp.Diff(c.want, found(h.find(c.plan))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFindRefuses what the description does not have.
func TestFindRefuses(t *testing.T) {
	h := busy(t)
	parts := []guichet.PlanPart{{Submissions: []string{id16("a")}}}
	for _, m := range []string{"nothing", "way", "people) FROM x; --"} {
		_, err := h.s.Find(t.Context(), guichet.Plan{Dataset: "crossings", Parts: parts, Measures: []string{m}})
		wantError(t, err, guichet.KindInvalid, "no measure", "")
	}
	_, err := h.s.Find(t.Context(), guichet.Plan{Dataset: "nothing"})
	wantError(t, err, guichet.KindNotFound, "no dataset", "")
	if fs := h.find(guichet.Plan{Parts: []guichet.PlanPart{{Submissions: []string{"not there"}}, {}}}); len(fs) != 0 {
		t.Errorf("submissions that are not there have rows: %v", fs)
	}
}

// TestFindManyAtOnce: questions share the engine and do not disturb each other.
func TestFindManyAtOnce(t *testing.T) {
	h := busy(t)
	h.take(filing{id: "b", released: "2024-12-01", text: line("2024-02", "in", "NE-C", 40)})
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			at := guichet.Moment{}
			if i%3 == 0 {
				at.Vintage = "2024-12-31" // lays down a table of units of its own
			}
			fs, err := h.s.Find(t.Context(), guichet.Plan{Dataset: "crossings", Moment: at, Parts: []guichet.PlanPart{{Submissions: []string{id16("b")}}}, Measures: []string{"people"}})
			if err != nil || len(fs) != 1 || fs[0].Measures[0].String() != "40" {
				t.Errorf("question %d: %v, %v", i, fs, err)
			}
		})
	}
	wg.Wait()
}
