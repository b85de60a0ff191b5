package desk_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/desk"
)

// copyOf is a part: a desk over other tables.
func (c *counter) copyOf(t *testing.T, member string, files ...file) desk.Part {
	t.Helper()
	other := newTables()
	for _, f := range files {
		other.take(t, f)
	}
	return desk.Part{Of: member, Desk: desk.New(other, c.clock.Now), Reporters: []string{"CA"}, Ledger: c, Notices: []guichet.Remark{{Code: "copy", Text: "of " + member}}}
}

func (c *counter) together(t *testing.T, a desk.Asked, parts ...desk.Part) desk.Sealed {
	t.Helper()
	s, err := c.Together(t.Context(), a, parts)
	if err != nil {
		t.Fatal(err)
	}
	c.sealed(t, a, s)
	return s
}

// TestPartsAreFoundApartAndRecordedOnce: each part is protected and noted for itself;
// there is one decision, one reply, one leaf.
func TestPartsAreFoundApartAndRecordedOnce(t *testing.T) {
	c := newCounter(t)
	c.tables.take(t, declared(five("FR", "a", "a", "c", "d", "e")...)) // hidden by p 10 %
	c.decision.Conditions.Rules = guichet.DisclosureRules{Prior: 10}
	own := desk.Part{Desk: desk.New(c.tables, c.clock.Now), Reporters: []string{"CA"}, Ledger: c}
	us, gb := c.copyOf(t, "US", published("2024", "630790 CN 10")), c.copyOf(t, "GB", published("2024", "630790 CN 11", "630790 DE 5"))
	silent := desk.Part{Of: "AU", Reporters: []string{"CA", "AU"}, Gap: &guichet.Gap{Reason: guichet.GapStale, Text: "the copy of AU is old"}}
	s := c.together(t, ask(1), own, us, gb, silent)
	stepsAre(t, c, "decide protect encode give give give record")
	var rows []string
	for _, l := range all(s) {
		w := strings.Fields(l)
		rows = append(rows, w[0]+" "+w[2]+" "+strings.Join(w[figureAt(s):], " "))
	}
	slices.Sort(rows)
	if want := []string{"<nil> FR <nil> protected", "GB CN 11 <nil>", "GB DE 5 <nil>", "US CN 10 <nil>"}; !slices.Equal(rows, want) {
		t.Errorf("rows %q, want %q", rows, want)
	}
	if s.Reply.Hidden != 1 || s.Reply.Snapshot != "trade@1 copy/US/trade@1 copy/GB/trade@1" || c.log[s.Leaf].Snapshot != s.Reply.Snapshot || len(c.log) != 1 {
		t.Errorf("%d hidden of %q, leaf %+v", s.Reply.Hidden, s.Reply.Snapshot, c.log)
	}
	for i, n := range []int{1, 1, 2} {
		if set := c.given[i]; len(set.Cells) != n || set.Snapshot != "trade@1" || set.Exchange != s.Reply.Exchange || set.Cells[0].Hidden != (i == 0) {
			t.Errorf("the ledger of part %d has %+v", i, set)
		}
	}
	has(t, s, guichet.GapStale, "the copy of AU is old")
	if g := s.Reply.Answer.Gaps; len(slices.DeleteFunc(slices.Clone(g), func(x guichet.Gap) bool { return x.Reason != guichet.GapStale })) != 2 {
		t.Errorf("gaps %v, want one for each reporter of the part that is silent", g)
	}
	for _, want := range []string{"copy/of US", "copy/of GB", "several_copies/the figures of CA are told from what CA, US, GB hold"} {
		if !slices.ContainsFunc(s.Reply.Answer.Remarks, func(r guichet.Remark) bool { return strings.HasPrefix(r.Code+"/"+r.Text, want) }) {
			t.Errorf("nobody says %q: %v", want, s.Reply.Answer.Remarks)
		}
	}
}

// TestPartsThatMayNotOrCannot: nothing is given of what is refused, wrong, or cannot be
// recorded.
func TestPartsThatMayNotOrCannot(t *testing.T) {
	c := newCounter(t)
	us, gb := c.copyOf(t, "US", published("2024", "630790 CN 10")), c.copyOf(t, "GB", published("2024", "630790 CN 11"))
	allowed := c.decision
	c.decision = guichet.Decision{Agreement: "b5", Version: 1, Clause: "purposes.permitted"}
	if s := c.together(t, ask(1), us, gb); s.Reply.Answer != nil || s.Reply.Decision.Clause != "purposes.permitted" {
		t.Errorf("refused: %+v", s.Reply)
	}
	stepsAre(t, c, "decide record")

	c.decision = allowed
	if s := c.together(t, ask(2, func(r *guichet.Request) { r.Question.By = []string{"nonsense"} }), us, gb); s.Reply.Answer != nil || s.Reply.Decision.Clause != "question" {
		t.Errorf("a wrong question: %+v", s.Reply)
	}
	stepsAre(t, c, "decide record")

	c.decision.Conditions.Where = map[string][]string{"reporter": {"NZ"}} // of these parts nothing
	s := c.together(t, ask(3), us, gb)
	stepsAre(t, c, "decide encode record")
	if s.Rows != 0 || len(c.given) != 0 {
		t.Errorf("what the agreement gives nothing of: %+v", s.Reply)
	}
	has(t, s, guichet.GapRefused, "(where.reporter)")

	c.decision = allowed
	c.decision.Conditions.Where = nil
	c.fail["encode"] = guichet.Errorf(guichet.KindInvalid, "too many rows")
	if s = c.together(t, ask(4), us, gb); s.Reply.Decision.Permitted || len(c.given) != 0 {
		t.Errorf("too large for one reply: %+v, given %v", s.Reply, c.given)
	}
	delete(c.fail, "encode")
	c.fail["give"] = errGone
	if _, err := c.Together(t.Context(), ask(5), []desk.Part{us, gb}); err == nil || len(c.log) != 4 {
		t.Errorf("a ledger that cannot be written: %v, %d leaves", err, len(c.log))
	}
	delete(c.fail, "give")
	c.fail["record"] = errGone
	for range 2 {
		if _, err := c.Together(t.Context(), ask(6), []desk.Part{us, gb}); guichet.KindOf(err) != guichet.KindBusy {
			t.Errorf("a journal that cannot be written: %v", err)
		}
	}
}

// TestManyStatesHaveOneName: what names the states of very many tables is bounded.
func TestManyStatesHaveOneName(t *testing.T) {
	c := newCounter(t)
	var parts []desk.Part
	for i := range 40 {
		parts = append(parts, c.copyOf(t, fmt.Sprintf("%c%c", 'A'+i/26, 'A'+i%26), published("2024", "630790 CN 10")))
	}
	s := c.together(t, ask(1), parts...)
	if !strings.HasPrefix(s.Reply.Snapshot, "40 tables/") || len(s.Reply.Snapshot) > 256 || s.Rows != 40 {
		t.Errorf("%d rows of %q", s.Rows, s.Reply.Snapshot)
	}
}
