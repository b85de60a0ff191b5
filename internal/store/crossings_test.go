package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/store"
)

// crossings describes a dataset that has nothing of trade: who crossed a border
// where. No field but those that every dataset has is called as one of trade.
func crossings() *guichet.Dataset {
	dim := func(id int, name string) guichet.Field {
		return guichet.Field{ID: id, Name: name, Type: guichet.TypeText, Role: guichet.Dimension, Place: guichet.InRow, Title: guichet.Text{EN: name, FR: name}}
	}
	typed := func(f guichet.Field, t guichet.Type, r guichet.Role) guichet.Field { f.Type, f.Role = t, r; return f }
	must := func(f guichet.Field) guichet.Field { f.Required = true; return f }
	people := must(typed(dim(12, "people"), guichet.TypeDecimal, guichet.Measure))
	tonnes := typed(dim(13, "tonnes"), guichet.TypeDecimal, guichet.Measure)
	tonnes.Outliers = true
	return &guichet.Dataset{
		Name: "crossings", Version: 1,
		Fields: []guichet.Field{
			must(dim(1, "submission")), must(dim(2, "reporter")), must(dim(3, "freq")),
			must(typed(dim(4, "period"), guichet.TypeDate, guichet.Dimension)),
			must(dim(5, "way")), must(dim(6, "post")), dim(7, "place"),
			typed(dim(8, "gazetteer"), guichet.TypeInt, guichet.Attribute),
			typed(dim(9, "depth"), guichet.TypeInt, guichet.Attribute),
			typed(dim(10, "summed"), guichet.TypeBool, guichet.Attribute),
			dim(11, "lane"), people, tonnes,
			typed(dim(14, "remark"), guichet.TypeText, guichet.Attribute),
			{ID: 101, Name: "cube", Type: guichet.TypeText, Role: guichet.Dimension, Place: guichet.InSubmission},
		},
		Sort: []string{"post", "lane", "period"}, UnitFields: []string{"way"},
		Breakdowns: []guichet.Breakdown{{Field: "lane", Kind: "lane", Whole: []string{"all"}, Aside: []string{"trucks+buses"}}},
		Classifications: []guichet.Classification{{
			Name: "where", Code: "post", Common: "place", Edition: "gazetteer", Level: "depth", Subtotal: "summed",
			Levels: []guichet.Level{{Name: "coast", Digits: 1}, {Name: "stretch", Digits: 2}, {Name: "national", Digits: 0}},
		}},
		Main: "people", By: []string{"reporter"},
	}
}

// layout is how the tests' files of crossings are cut: month, way, post, lane,
// people, tonnes.
func layout() guichet.Layout {
	return guichet.Layout{
		Dataset: "crossings", Delimiter: ",", Quote: `"`, Header: true,
		Columns: []string{"month", "way", "post", "lane", "people", "tonnes"},
		Records: []guichet.RecordMap{{
			Constants: map[string]string{},
			Texts:     map[string]string{"lane": "lane", "way": "way"},
			Measures:  map[string]guichet.NumberColumn{"people": {Column: "people", Required: true}, "tonnes": {Column: "tonnes", Decimals: 3}},
			Groups: []guichet.KeyGroup{
				{Name: "month", Rule: "month", Columns: []string{"month"}, Fields: []string{"freq", "period"}},
				{Name: "post", Rule: "post", Columns: []string{"post"}, Fields: []string{"post", "place", "gazetteer", "depth", "summed"}},
			},
		}},
	}
}

const header = "month,way,post,lane,people,tonnes\n"

// line is one line of such a file.
func line(month, way, post string, people int) string {
	return fmt.Sprintf("%s,%s,%s,cars,%d,1.5\n", month, way, post, people)
}

// judgeCrossings: a post is a coast, a stretch and a name ("NW-Calais"); one
// without is put aside; one that is closed has a remark.
func judgeCrossings(g guichet.KeyGroup, keys [][]string) ([]guichet.Verdict, error) {
	out := make([]guichet.Verdict, len(keys))
	for i, k := range keys {
		switch g.Rule {
		case "month":
			p, err := guichet.ParsePeriod(k[0])
			if err != nil {
				out[i].Reject = "no_date"
				continue
			}
			out[i].Values = []string{string(p.Freq), p.Start.Format(time.DateOnly)}
		case "post":
			place, _, ok := strings.Cut(k[0], "-")
			if !ok {
				out[i].Reject = "no_post"
				continue
			}
			out[i].Values = []string{k[0], place, "3", fmt.Sprint(len(place)), "false"}
			if strings.HasSuffix(k[0], "closed") {
				out[i].Remarks = []string{"post_closed"}
			}
		case "clock":
			out[i].Values = []string{k[0]}
			if k[0] == "night" {
				out[i].Remarks = []string{"at_night"}
			}
		default:
			return nil, fmt.Errorf("no rule %q", g.Rule)
		}
	}
	return out, nil
}

// total returns the totals of a measure.
func total(t *testing.T, st *store.Staged, measure string) guichet.Total {
	t.Helper()
	i := slices.IndexFunc(st.Totals, func(x guichet.Total) bool { return x.Measure == measure })
	if i < 0 {
		t.Fatalf("there is no total of %s", measure)
	}
	return st.Totals[i]
}
