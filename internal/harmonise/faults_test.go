package harmonise_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/harmonise"
)

func sound(rule string) guichet.KeyGroup {
	g := guichet.KeyGroup{Name: "keys", Rule: rule, Columns: []string{"a"}, Fields: []string{"partner"}, Params: map[string]string{}}
	switch rule {
	case harmonise.RuleCommodity:
		g.Fields = []string{"hs"}
		maps.Copy(g.Params, map[string]string{"list": "us-hts", "country": "US", "flow": "imports", "period": "2024"})
	case harmonise.RuleArea:
		g.Params["list"] = "iso2"
	case harmonise.RuleUnit:
		g.Params["list"] = "us"
	case harmonise.RulePeriod:
		g.Fields = []string{"period"}
		g.Params["format"] = "2006"
	case harmonise.RuleDate:
		g.Fields = []string{"lodged"}
		g.Params["format"] = "2006-01-02"
	}
	return g
}

type change func(*guichet.KeyGroup)

func set(name, value string) change {
	return func(g *guichet.KeyGroup) { g.Params[name] = value }
}

func mark(m guichet.Mark) change {
	return func(g *guichet.KeyGroup) { g.Marks = []guichet.Mark{m} }
}

func markSets(field, value string) change {
	return mark(guichet.Mark{Pattern: "^9", Fields: map[string]string{field: value}})
}

func columns(n int) change {
	return func(g *guichet.KeyGroup) { g.Columns = slices.Repeat([]string{"a"}, n) }
}

func without(names ...string) change {
	return func(g *guichet.KeyGroup) {
		for _, n := range names {
			delete(g.Params, n)
		}
	}
}

func both(changes ...change) change {
	return func(g *guichet.KeyGroup) {
		for _, c := range changes {
			c(g)
		}
	}
}

// faults are changes to a sound group, and what the error says; "" for none.
var faults = []struct {
	rule   string
	change change
	want   string
}{
	{"commodity", func(g *guichet.KeyGroup) { g.Name = "" }, "no name"},
	{"area", func(g *guichet.KeyGroup) { g.Fields = nil }, "no field"},
	{"area", func(g *guichet.KeyGroup) { g.Fields = []string{"a", "a"} }, "twice"},
	{"area", mark(guichet.Mark{Pattern: "x"}), "marks are for commodity"},
	{"area", func(g *guichet.KeyGroup) { g.Map = map[string]string{"a": "b"} }, "a map is for"},
	{"valuation", func(*guichet.KeyGroup) {}, `no rule "valuation"`},

	{"commodity", func(*guichet.KeyGroup) {}, ""},
	{"commodity", columns(0), "0 columns"},
	{"commodity", columns(4), "4 columns"},
	{"commodity", columns(3), "3 columns where its parameters speak of 2"},
	{"commodity", set("lists", "x"), `no parameter "lists"`},
	{"commodity", set("list", ""), "no name of a list"},
	{"commodity", set("list", "US HTS"), "no name of a list"},
	{"commodity", set("list", "id-btki"), "digits is missing"},
	{"commodity", set("digits", "ten"), "no number from 2 to 14"},
	{"commodity", set("depth", "1"), "no number from 2 to 14"},
	{"commodity", set("pad_left", "15"), "no number from 2 to 14"},
	{"commodity", set("subtotals", "yes"), "neither true nor false"},
	{"commodity", set("period_format", "2006"), "both given"},
	{"commodity", set("period", "last year"), `"last year" is no period`},
	{"commodity", both(without("period"), set("period_format", "yyyy")), "no way of writing"},
	{"commodity", set("edition", "HS2002"), "is not held"},
	{"commodity", both(columns(2), set("edition", "HS2017")), "a column says it too"},
	{"commodity", without("period"), "nothing says which edition"},
	{"commodity", without("country"), "is no area"},
	{"commodity", set("country", "USA"), "is no area"},
	{"commodity", set("country", "EU"), ""},
	{"commodity", without("flow"), "is not known"},
	{"commodity", both(without("flow", "country", "period"), columns(2)), ""},
	{"commodity", both(columns(2), set("flow", "in")), "is not known"},
	{"commodity", func(g *guichet.KeyGroup) { g.Fields = []string{"partner"} }, "does not fill"},
	{"commodity", mark(guichet.Mark{Pattern: "(9"}), "no regular expression"},
	{"commodity", mark(guichet.Mark{}), "no regular expression"},
	{"commodity", mark(guichet.Mark{Pattern: "9", Remark: "hush"}), `no remark "hush"`},
	{"commodity", markSets("partner", "US"), "does not fill"},
	{"commodity", markSets("level", "deep"), "sets level"},
	{"commodity", markSets("level", "-1"), "sets level"},
	{"commodity", markSets("level", "0"), ""},
	{"commodity", markSets("hs", "63"), "sets hs"},
	{"commodity", markSets("hs", ""), ""},
	{"commodity", markSets("code", ""), "sets code"},
	{"commodity", markSets("list", "local"), ""},
	{"commodity", markSets("edition", "HS2017"), "sets edition"},
	{"commodity", markSets("edition", "2017"), ""},
	{"commodity", markSets("subtotal", "no"), "sets subtotal"},
	{"commodity", markSets("relation", "cousin"), "sets relation"},
	{"commodity", markSets("coverage", "some"), "sets coverage"},
	{"commodity", markSets("conf_status", "secret"), "sets conf_status"},
	{"commodity", markSets("obs_status", "Z"), "sets obs_status"},

	{"area", func(*guichet.KeyGroup) {}, ""},
	{"area", columns(3), "3 columns"},
	{"area", set("else", "keep"), `no parameter "else"`},
	{"area", without("list"), `no list of areas ""`},
	{"area", set("reporter_list", "x"), `no list of areas "x"`},
	{"area", set("reporter", "Canada"), "is no area"},
	{"area", set("empty", "nobody"), "is no area"},

	{"unit", func(*guichet.KeyGroup) {}, ""},
	{"unit", columns(2), "2 columns"},
	{"unit", set("unit", "kg"), `no parameter "unit"`},
	{"unit", set("list", "mars"), `no list of units "mars"`},

	{"period", func(*guichet.KeyGroup) {}, ""},
	{"period", columns(2), "2 columns"},
	{"period", set("list", "x"), `no parameter "list"`},
	{"period", set("format", "2006|yyyy"), "no way of writing"},
	{"period", set("freq", "W"), "none of A, Q, M, D"},
	{"period", set("now", "today"), "is no day"},
	{"period", func(g *guichet.KeyGroup) { g.Fields = []string{"month"} }, "does not fill"},

	{"date", func(*guichet.KeyGroup) {}, ""},
	{"date", set("required", "false"), ""},
	{"date", columns(2), "2 columns"},
	{"date", set("freq", "D"), `no parameter "freq"`},
	{"date", set("format", "2006-01-02|yyyy"), "no way of writing"},
	{"date", set("format", "2006-01-02|2006-01"), "does not write days alone"},
	{"date", set("format", "2006-01/P1M"), "does not write days alone"},
	{"date", set("required", "yes"), `required is "yes"`},
	{"date", set("now", "today"), "is no day"},
	{"date", func(g *guichet.KeyGroup) { g.Fields = []string{"lodged", "accepted"} }, "fills 2 fields"},

	{"enum", func(*guichet.KeyGroup) {}, ""},
	{"enum", columns(9), "9 columns"},
	{"enum", set("otherwise", "x"), `no parameter "otherwise"`},
	{"enum", func(g *guichet.KeyGroup) { g.Fields = []string{"a", "b"} }, "fills 2 fields"},
	{"enum", set("else", "guess"), `else is "guess"`},
	{"enum", func(g *guichet.KeyGroup) { g.Map = map[string]string{"a|b": "c"} }, "2 parts for 1 columns"},
	{"enum", func(g *guichet.KeyGroup) { g.Map = map[string]string{"a": "!rolled_up"} }, "no reason"},
	{"enum", func(g *guichet.KeyGroup) { g.Map = map[string]string{"a": "b", "a ": "c"} }, "twice"},
	{"enum", set("remark_for:b", "hush"), `no remark "hush"`},
}

// TestFaultsOfGroups holds that a profile's mistake is told, and where it is.
func TestFaultsOfGroups(t *testing.T) {
	t.Parallel()
	for _, c := range faults {
		g := sound(c.rule)
		c.change(&g)
		err := harmonise.Check(g)
		if _, same := harmonise.New(g); (same == nil) != (err == nil) {
			t.Errorf("%s: New says %v, Check %v", c.rule, same, err)
		}
		if c.want == "" {
			if err != nil {
				t.Errorf("%s is sound, but: %v", c.rule, err)
			}
			continue
		}
		var e *guichet.Error
		if !errors.As(err, &e) || e.Kind != guichet.KindInvalid || !strings.Contains(e.Message, c.want) || !strings.Contains(e.Message, `key group "`+g.Name+`"`) {
			t.Errorf("%s: want an invalid group with %q, got %v", c.rule, c.want, err)
		}
	}
}
