package desk_test

import (
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/guichettest"
)

// TestTermsKeepBack: what may not be redistributed, another grain, another
// regime and what was published later give no figure, no source and no word of
// themselves but that they are held.
func TestTermsKeepBack(t *testing.T) {
	c := newCounter(t)
	secret := published("2024", "630790 CN 777")
	secret.private, secret.id = true, "secret"
	c.tables.take(t, secret)
	for name, x := range map[string]struct {
		conditions guichet.Conditions
		gap        string
	}{"may not leave": {gap: "the source does not permit it"}} {
		c.decision.Conditions = x.conditions
		s := c.reply(t, ask(1))
		has(t, s, guichet.GapNotCovered, x.gap)
		if len(rowsOf(s)) != 0 || len(s.Reply.Answer.Sources) != 0 || strings.Contains(string(s.Body), "777") || len(s.Reply.Answer.Gaps) != 1 {
			t.Errorf("%s: %s", name, s.Body)
		}
	}

	c = newCounter(t)
	c.tables.take(t, published("2024", "630790 CN 10"))
	for gap, conditions := range map[string]guichet.Conditions{
		"not of a grain that the agreement gives": {Grains: []string{"line"}}, "not for this purpose": {Regimes: []string{"administrative", "public"}},
	} {
		c.decision.Conditions = conditions
		s := c.reply(t, ask(1))
		has(t, s, guichet.GapNotCovered, gap)
		if len(rowsOf(s)) != 0 || len(s.Reply.Answer.Sources) != 0 || len(s.Reply.Answer.Gaps) != 1 {
			t.Errorf("%s: %s", gap, s.Body)
		}
	}
	c.decision.Conditions = guichet.Conditions{Grains: []string{"aggregate"}, Regimes: []string{"statistical"}, Released: "2025-01-30"}
	if s := c.reply(t, ask(1)); len(rowsOf(s)) != 0 || s.Reply.Answer.Question.Vintage != "2025-01-30" {
		t.Errorf("published a day too late: %s", s.Body)
	}
	c.decision.Conditions.Released = "2025-01-31"
	s := c.reply(t, ask(1))
	if got := rowsOf(s); !slices.Equal(got, []string{"CN 10"}) || s.Reply.Answer.Question.Vintage != "" {
		t.Errorf("published in time: %v", got)
	}
	if s := c.reply(t, ask(1, func(r *guichet.Request) { r.Question.Vintage = "2024-06-30" })); len(rowsOf(s)) != 0 {
		t.Errorf("an earlier vintage than the terms': %s", s.Body)
	}
}

// TestTermsNarrowWhatIsOpen: and never widen; a question that goes beyond them is
// refused with the clause.
func TestTermsNarrowWhatIsOpen(t *testing.T) {
	for name, x := range map[string]struct {
		conditions guichet.Conditions
		change     func(*guichet.Request)
		want       string // rows, or the clause of a refusal
	}{
		"partner open":     {guichet.Conditions{Where: map[string][]string{"partner": {"CN"}}}, nil, "CN 30"},
		"partner both":     {guichet.Conditions{Where: map[string][]string{"partner": {"CN", "FR"}}}, where("partner", "CN", "DE"), "CN 30"},
		"partner beyond":   {guichet.Conditions{Where: map[string][]string{"partner": {"CN"}}}, where("partner", "DE"), "where.partner"},
		"picks open":       {guichet.Conditions{Picks: map[string][]string{"product": {"6307"}}}, nil, "CN 10; DE 5"},
		"picks of all":     {guichet.Conditions{Picks: map[string][]string{"product": {"6307"}}}, where("product", "all"), "CN 10; DE 5"},
		"picks named":      {guichet.Conditions{Picks: map[string][]string{"product": {"6307", "3004"}}}, where("product", "3004"), "CN 20"},
		"picks of nothing": {guichet.Conditions{Picks: map[string][]string{"product": {}}}, nil, "picks.product"},
		"picks of what":    {guichet.Conditions{Picks: map[string][]string{"nonsense": {"1"}}}, nil, "picks.nonsense"},
		"period open":      {guichet.Conditions{Period: guichettest.Period(t, "2024")}, nil, "CN 30; DE 5"},
		"period beyond":    {guichet.Conditions{Period: guichettest.Period(t, "2023")}, func(r *guichet.Request) { r.Question.Period = guichettest.Period(t, "2024") }, "periods"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCounter(t)
			c.tables.take(t, published("2024", "630790 CN 10", "630790 DE 5", "300490 CN 20"))
			c.decision.Conditions = x.conditions
			var change []func(*guichet.Request)
			if x.change != nil {
				change = append(change, x.change)
			}
			s := c.reply(t, ask(1, change...))
			got := strings.Join(rowsOf(s), "; ")
			if !s.Reply.Decision.Permitted {
				got = s.Reply.Decision.Clause
			}
			if got != x.want {
				t.Errorf("got %q, want %q", got, x.want)
			}
			if strings.HasSuffix(name, "open") && !slices.ContainsFunc(s.Reply.Answer.Remarks, func(r guichet.Remark) bool { return r.Code == "narrowed" }) {
				t.Errorf("nobody says that it was narrowed: %v", s.Reply.Answer.Remarks)
			}
		})
	}
}

func where(name string, values ...string) func(*guichet.Request) {
	return func(r *guichet.Request) { r.Question.Where[name] = values }
}
