package desk_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/desk"
	"guichet/mark"
)

// declared is a file of declaration lines "code partner value trader [remark]".
func declared(lines ...string) file {
	return file{id: "lines", grain: "line", regime: "administrative", released: "2025-01-31", period: "2024", lines: lines}
}

// five are the contributions 700, 200, 60, 40, 10 of METHODS part 2 (tau-Argus
// manual 4.1), to a partner, by traders or by the groups that they form.
func five(partner string, traders ...string) []string {
	var out []string
	for i, v := range []int{700, 200, 60, 40, 10} {
		out = append(out, fmt.Sprintf("630790 %s %d %s", partner, v, traders[i]))
	}
	return out
}

// TestCellsAreProtected: the cases of METHODS. p 10 % leaves five traders safe
// (110 >= 70), and hides them where two are one group (50 < 90); a threshold
// hides two; what is hidden and has few behind it is not there at all.
func TestCellsAreProtected(t *testing.T) {
	lines := slices.Concat(five("DE", "a", "b", "c", "d", "e"), five("FR", "a", "a", "c", "d", "e"), []string{"630790 CN 11 a", "630790 CN 9 b", "630790 MX 5 a"})
	for name, x := range map[string]struct {
		rules guichet.DisclosureRules
		want  string
		seen  int
	}{
		"p 10 %":                {guichet.DisclosureRules{Prior: 10}, "DE 1010; FR <nil>", 1},
		"threshold 3":           {guichet.DisclosureRules{Threshold: 3}, "DE 1010; FR 1010", 0},
		"threshold 5":           {guichet.DisclosureRules{Threshold: 5}, "DE 1010", 0},
		"threshold 3 and p 10%": {guichet.DisclosureRules{Threshold: 3, Prior: 10}, "DE 1010; FR <nil>", 1},
		"none":                  {guichet.DisclosureRules{}, "CN 20; DE 1010; FR 1010; MX 5", 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCounter(t)
			c.tables.take(t, declared(lines...))
			c.decision.Conditions.Rules = x.rules
			s := c.reply(t, ask(1, func(r *guichet.Request) { r.Question.Measures = []string{"value_usd", "value"} }))
			if got := strings.Join(rowsOf(s), "; "); got != x.want {
				t.Errorf("rows %q, want %q", got, x.want)
			}
			if s.Reply.Hidden != x.seen || c.log[s.Leaf].Hidden != int64(x.seen) {
				t.Errorf("%d are told to be hidden, want %d", s.Reply.Hidden, x.seen)
			}
			for _, row := range all(s) {
				hidden := strings.Count(row, "<nil>")
				if x.seen > 0 && strings.HasSuffix(strings.TrimSpace(row), " <nil>") {
					hidden-- // no mark
				}
				if marked := strings.HasSuffix(strings.TrimSpace(row), " protected"); hidden != 0 && hidden != 2 && x.seen == 0 || x.seen > 0 && marked != (hidden == 2) {
					t.Errorf("a hidden row tells a figure, or is not marked: %s", row)
				}
			}
			if marked := slices.ContainsFunc(s.Reply.Answer.Columns, func(c guichet.Column) bool { return c.Name == mark.Column }); marked != (x.seen > 0) {
				t.Errorf("columns %v, and %d rows are hidden", s.Reply.Answer.Columns, x.seen)
			}
			if name == "none" {
				return
			}
			has(t, s, guichet.GapProtected, "is no zero")
			hidden := 0
			for _, cell := range c.given[0].Cells {
				if cell.Hidden {
					hidden++
				}
			}
			if want := 4 - strings.Count(x.want, " 1010"); hidden != want || len(c.given[0].Cells) != 4 {
				t.Errorf("the ledger has %d hidden of %d, want %d of 4", hidden, len(c.given[0].Cells), want)
			}
		})
	}
}

// all are the rows with all their columns.
func all(s desk.Sealed) []string {
	return strings.Split(strings.TrimSpace(string(s.Body[4+binary.BigEndian.Uint32(s.Body):])), "\n")
}

// TestAHiddenCellLooksLikeNone: to a question about one cell, one trader, two and
// none give the same bytes but for the exchange: no count, no source, no sum
// beside the figures tells them apart.
func TestAHiddenCellLooksLikeNone(t *testing.T) {
	var bodies []string
	for _, lines := range [][]string{nil, {"630790 MX 5 a"}, {"630790 MX 5 a unknown_unit", "630790 MX 7 b"}, {"630790 MX 5 "}} {
		c := newCounter(t)
		c.tables.take(t, declared(append(five("DE", "a", "b", "c", "d", "e"), lines...)...))
		c.decision.Conditions.Rules = guichet.DisclosureRules{Threshold: 3}
		s := c.reply(t, ask(1, where("partner", "MX"), where("product", "630790")))
		bodies = append(bodies, string(s.Body))
		if strings.Contains(string(s.Body), `"reason":"`+string(guichet.GapZero)) {
			t.Errorf("a zero is told: %s", s.Body)
		}
	}
	for i, b := range bodies {
		if b != bodies[0] {
			t.Errorf("%d lines behind it are told apart from none:\n%s\n%s", i, bodies[0], b)
		}
	}
}

// TestWhatIsShownTellsNoLine: remarks of a protected answer have no sum and no
// count, and sources do not say how many rows they gave.
func TestWhatIsShownTellsNoLine(t *testing.T) {
	c := newCounter(t)
	lines := five("DE", "a", "b", "c", "d", "e")
	lines[0] += " unknown_unit"
	c.tables.take(t, declared(lines...))
	c.decision.Conditions.Rules = guichet.DisclosureRules{Threshold: 3}
	s := c.reply(t, ask(1))
	told := false
	for _, r := range s.Reply.Answer.Remarks {
		told = told || r.Code == "unknown_unit"
		if r.Value != nil || r.Rows != 0 {
			t.Errorf("a remark tells of lines: %+v", r)
		}
	}
	if !told || len(s.Reply.Answer.Sources) != 1 || s.Reply.Answer.Sources[0].Rows != 0 {
		t.Errorf("remarks %v, sources %v", s.Reply.Answer.Remarks, s.Reply.Answer.Sources)
	}
}

// TestPublishedFiguresAreTheOffices: they carry its protection, and that is said;
// where nobody can tell who contributed, nothing is shown.
func TestPublishedFiguresAreTheOffices(t *testing.T) {
	c := newCounter(t)
	c.tables.take(t, published("2024", "630790 CN 10"))
	c.decision.Conditions.Rules = guichet.DisclosureRules{Threshold: 3}
	s := c.reply(t, ask(1))
	if !slices.ContainsFunc(s.Reply.Answer.Remarks, func(r guichet.Remark) bool { return r.Code == "office_protection" }) || len(rowsOf(s)) != 1 || slices.Contains(c.steps, "protect") {
		t.Errorf("%s", s.Body)
	}
	c = newCounter(t)
	c.tables.ds.Contributor = nil
	c.tables.take(t, declared(five("DE", "a", "b", "c", "d", "e")...))
	c.decision.Conditions.Rules = guichet.DisclosureRules{Prior: 1}
	s = c.reply(t, ask(1))
	has(t, s, guichet.GapProtected, "")
	if len(rowsOf(s)) != 0 {
		t.Errorf("nobody can tell who contributed, and it is shown: %s", s.Body)
	}
}
