package desk_test

import (
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/desk"
	"guichet/mark"
	"guichet/travel"
)

// marksOf are the marks of an answer's rows by a dimension, and whether the column
// is there, last.
func marksOf(t *testing.T, a guichet.Answer, by string) (map[string]any, bool) {
	t.Helper()
	out := map[string]any{}
	for _, r := range a.Rows {
		key, _ := r[by].(string)
		if v, there := r[mark.Column]; there {
			out[key] = v
		}
	}
	at := slices.IndexFunc(a.Columns, func(c guichet.Column) bool { return c.Name == mark.Column })
	if at >= 0 && (at != len(a.Columns)-1 || a.Columns[at].Measure) {
		t.Errorf("marks are column %d of %d", at, len(a.Columns))
	}
	return out, at >= 0
}

// TestFiguresAreMarked: a row has the marks of the records behind it, of measures that
// were asked for, in one question to the tables.
func TestFiguresAreMarked(t *testing.T) {
	lines := []string{
		"630790 CN 10 - estimate_over_partners", "630790 CN 5",
		"630790 DE 7 - preliminary,estimate_over_partners,net_mass_estimated",
		"630790 FR 8 - low_value,quantity_not_reported", "630790 MX 9",
		"630790 NZ  - estimate_over_partners",
	}
	for name, x := range map[string]struct {
		lines    []string
		measures []string
		notes    []string
		want     map[string]any
	}{
		"of the value":   {lines, []string{"value"}, nil, map[string]any{"CN": "estimate_over_partners", "DE": "estimate_over_partners preliminary", "FR": nil, "MX": nil}},
		"of dollars":     {lines[:3], []string{"value_usd"}, nil, map[string]any{"CN": "estimate_over_partners", "DE": "estimate_over_partners preliminary"}},
		"of the mass":    {lines[2:4], []string{"value", "net_kg"}, nil, map[string]any{"DE": "estimate_over_partners preliminary", "FR": nil}},
		"of no quantity": {lines[3:5], []string{"quantity"}, nil, map[string]any{"FR": "quantity_not_reported", "MX": nil}},
		"none":           {lines[3:5], []string{"value"}, nil, map[string]any{}},
		"of a file":      {lines[3:5], []string{"value"}, []string{"totals_accepted", "preliminary"}, map[string]any{"FR": "preliminary", "MX": "preliminary"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTables()
			s.take(t, published("2024", x.lines...))
			s.subs[0].Notes = x.notes
			for _, row := range s.rows["stats-2024"] {
				row["remark"] = strings.ReplaceAll(row["remark"], ",", " ")
			}
			a, err := desk.New(s, newCounter(t).clock.Now).Answer(t.Context(), guichet.Question{Dataset: "trade", By: []string{"partner"}, Measures: x.measures})
			if err != nil {
				t.Fatal(err)
			}
			got, there := marksOf(t, a, "partner")
			delete(got, "") // no partner, no figure
			for partner, want := range x.want {
				if v, ok := got[partner]; !ok || v != want {
					t.Errorf("%s is marked %v, want %v", partner, v, want)
				}
			}
			if there != (len(x.want) > 0) || !there && len(got) > 0 {
				t.Errorf("the column is there: %v, rows have %v", there, got)
			}
			if s.finds != 1 {
				t.Errorf("%d questions to the tables", s.finds)
			}
		})
	}
}

// TestMarksTellNoLine: where remarks have no counts, no row is marked by its records;
// a hidden row is marked as hidden, whatever rule hides it and whatever stands in it.
func TestMarksTellNoLine(t *testing.T) {
	shown, hidden := five("DE", "a", "b", "c", "d", "e"), five("FR", "a", "a", "c", "d", "e")
	shown[0] += " preliminary"
	bodies := map[string]bool{}
	for _, remark := range []string{"", " estimate_over_partners"} {
		c := newCounter(t)
		lines := slices.Concat(shown, hidden)
		lines[5] += remark
		c.tables.take(t, declared(lines...))
		c.decision.Conditions.Rules = guichet.DisclosureRules{Prior: 10}
		s := c.reply(t, ask(1))
		bodies[strings.Join(all(s), "\n")] = true
		for _, row := range all(s) {
			want := " 1010 <nil>"
			if strings.Contains(row, " FR ") {
				want = " <nil> protected"
			}
			if !strings.HasSuffix(strings.TrimSpace(row), want) {
				t.Errorf("%q, want it to end with %q", row, want)
			}
		}
	}
	if len(bodies) != 1 {
		t.Errorf("a remark of a hidden line is told:\n%v", bodies)
	}
	var rules []string
	for _, r := range []guichet.DisclosureRules{{Prior: 10}, {Prior: 99}} {
		c := newCounter(t)
		c.tables.take(t, declared(slices.Concat(hidden, five("DE", "a", "b", "c", "d", "e"))...))
		c.decision.Conditions.Rules = r
		for _, row := range all(c.reply(t, ask(1))) {
			if strings.Contains(row, " FR ") {
				rules = append(rules, row)
			}
		}
	}
	if len(rules) != 2 || rules[0] != rules[1] {
		t.Errorf("the rule that hides is told: %q", rules)
	}
}

// TestMarksWhereThereIsNoFigure: no rate is held for one of the months, or a percentile
// lies above all bounds.
func TestMarksWhereThereIsNoFigure(t *testing.T) {
	s := newTables()
	s.take(t, published("2024", "630790 CN 10"))
	s.ds.Rate = func(string, guichet.Period) (guichet.Decimal, bool) { return guichet.Decimal{}, false }
	a, err := desk.New(s, newCounter(t).clock.Now).Answer(t.Context(), guichet.Question{Dataset: "trade", By: []string{"partner"}, Measures: []string{"value", "value_usd"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, there := marksOf(t, a, "partner"); !there || got["CN"] != mark.NoRate {
		t.Errorf("without a rate: %v", got)
	}
	for counted, want := range map[string]any{"wait_to_5=1,wait_over_120=9": mark.AboveBands, "wait_to_5=10": nil} {
		if got := desk.MarksOf(travel.Dataset(), "wait_p90", decimals(t, strings.ReplaceAll(counted, ",", " "))); got != want {
			t.Errorf("%s: %v, want %v", counted, got, want)
		}
	}
}
