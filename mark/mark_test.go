package mark_test

import (
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/mark"
	"guichet/trade"
	"guichet/travel"
)

// TestWhereMarksStand: a mark stands at the measures that it is about, at figures or
// where there is none; what is no code says nothing; a later node's code stands for
// itself.
func TestWhereMarksStand(t *testing.T) {
	list := append(mark.Own(), mark.Mark{Code: "estimated", Sign: "e"}, mark.Mark{Code: "mass", Sign: "m", Of: []string{"kg"}}, mark.Mark{Code: "unit", Sign: "u", Of: []string{"kg"}, At: mark.Either})
	kg := mark.Cell{Measure: "kg", Figure: true}
	value := mark.Cell{Measure: "value", Figure: true}
	dollars := mark.Cell{Measure: "usd", Parts: []string{"value"}, By: guichet.ByRate}
	wait := mark.Cell{Measure: "p90", Parts: []string{"to_5"}, By: guichet.ByBands}
	derived := mark.Cell{Measure: "tonnes", Parts: []string{"kg"}, Figure: true}
	none := func(c mark.Cell) mark.Cell { c.Figure = false; return c }
	for name, x := range map[string]struct {
		text any
		at   mark.Cell
		want string
	}{
		"none":                   {nil, kg, ""},
		"no text":                {int64(7), kg, ""},
		"a figure":               {"estimated mass", kg, "e m"},
		"another measure":        {"estimated mass", value, "e"},
		"made from it":           {"mass", derived, "m"},
		"no figure":              {"estimated mass", none(kg), ""},
		"why none":               {"unit", none(kg), "u"},
		"hidden":                 {"protected", none(value), "c"},
		"hidden, and a figure":   {"protected", value, ""},
		"no rate":                {"no_rate", dollars, "r"},
		"no rate of a measure":   {"no_rate", none(value), ""},
		"above":                  {"above_bands", wait, ">"},
		"above, of dollars":      {"above_bands", dollars, ""},
		"sorted, once":           {"mass estimated mass", kg, "e m"},
		"a later node's":         {"mass zeal_3", kg, "m zeal_3"},
		"a later node's, absent": {"zeal_3", none(kg), "zeal_3"},
		"no codes":               {"<b>x</b> A é -- " + strings.Repeat("a", 41), kg, ""},
		"too many":               {strings.Repeat("zeal ", 16) + "mass", kg, "zeal"},
	} {
		var signs []string
		for _, m := range mark.On(list, x.text, x.at) {
			signs = append(signs, m.Sign)
		}
		if got := strings.Join(signs, " "); got != x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
}

// TestMarksOfDatasets: each has a sign of its own, a sentence in both languages and
// measures that are there.
func TestMarksOfDatasets(t *testing.T) {
	for _, ds := range []*guichet.Dataset{trade.Dataset(), travel.Dataset()} {
		var signs, codes []string
		for _, m := range append(mark.Own(), ds.Marks...) {
			if m.Sign == "" || len(m.Sign) > 2 || slices.Contains(signs, m.Sign) || slices.Contains(codes, m.Code) {
				t.Errorf("%s: %+v has no sign of its own", ds.Name, m)
			}
			signs, codes = append(signs, m.Sign), append(codes, m.Code)
			for _, of := range m.Of {
				if f, ok := ds.Field(of); !ok || f.Role != guichet.Measure {
					t.Errorf("%s: %s is about %q, which is no measure", ds.Name, m.Code, of)
				}
			}
		}
		for _, m := range ds.Marks {
			if en, fr := ds.RemarkText(m.Code, "en"), ds.RemarkText(m.Code, "fr"); en == "" || fr == en {
				t.Errorf("%s: %s says %q, %q", ds.Name, m.Code, en, fr)
			}
		}
		if len(ds.Marks) > 32 {
			t.Errorf("%s has %d marks", ds.Name, len(ds.Marks))
		}
	}
	if len(trade.Dataset().Marks) == 0 {
		t.Error("figures of trade are never marked")
	}
}

// TestMarksStandLast keeps the order of what was there before.
func TestMarksStandLast(t *testing.T) {
	names := []string{"b", mark.Column, "a", mark.Column, "c"}
	slices.SortStableFunc(names, mark.Last)
	if got := strings.Join(names, " "); got != "b a c marks marks" {
		t.Error(got)
	}
}
