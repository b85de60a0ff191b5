package agreement_test

import (
	"slices"
	"testing"

	"guichet"
	"guichet/internal/agreement"
)

// TestCopying: of what copies may be kept is what the finest question for rows that a
// term permits would get, by the same clauses.
func TestCopying(t *testing.T) {
	t.Parallel()
	base := changed(t, template(t, "covid-supply"), map[string]any{
		"terms[0].records": true, "terms[0].copies": map[string]any{"permitted": true, "max_age_days": 30}, "tiers": []any{},
	})
	b := baseFacts()
	facts := agreement.Facts{
		Now: b.Now, Us: b.Us, Circle: b.Circle, Members: b.Members, KeyFrom: b.KeyFrom, Dataset: dataset(),
		Papers: []*agreement.Paper{ready(t, base)}, Given: func(string, string) int { return 0 },
	}
	r := baseRequest() // what it asks for is passed over: the agreement says of what
	g := agreement.Copying(facts, r)
	if !g.Decision.Permitted || g.Clause != "terms[0]" || g.MaxAgeDays != 30 || g.Onward != "parties" || len(g.Parties) != 5 {
		t.Fatalf("not permitted: %+v", g)
	}
	for _, name := range []string{"reporter", "hs6", "partner", "period", "flow"} {
		if !slices.Contains(g.Question.By, name) {
			t.Errorf("the copy does not tell %s: %v", name, g.Question.By)
		}
	}
	if slices.Contains(g.Question.By, "code") || slices.Contains(g.Question.By, "mode") || slices.Contains(g.Question.Measures, "value_usd") || !slices.Equal(g.Decision.Conditions.Picks["product"], []string{"covid19"}) {
		t.Errorf("the copy is finer than the term: %+v, %+v", g.Question, g.Decision.Conditions)
	}
	// A copy gets no row that this question would not: it is judged as any other.
	asked := r
	asked.Records, asked.Question = true, g.Question
	if d := agreement.Decide(facts, asked); !d.Permitted || d.Clause != g.Decision.Clause {
		t.Errorf("the copy's question, asked: %+v", d)
	}
	with := func(changes map[string]any) *agreement.Paper { return ready(t, changed(t, base, changes)) }
	for name, c := range map[string]struct {
		change func(*agreement.Facts, *guichet.Request)
		clause string
	}{
		"no copies": {func(f *agreement.Facts, _ *guichet.Request) {
			f.Papers = []*agreement.Paper{with(map[string]any{"terms[0].copies": map[string]any{"permitted": false}})}
		}, "terms[0].copies.permitted"},
		"no rows": {func(f *agreement.Facts, _ *guichet.Request) {
			f.Papers = []*agreement.Paper{with(map[string]any{"terms[0].records": false})}
		}, "terms[0].records"},
		"from another": {func(f *agreement.Facts, _ *guichet.Request) {
			f.Papers = []*agreement.Paper{with(map[string]any{"terms[0].from": []any{"GB"}})}
		}, "terms[0].from"},
		"withdrawn": {func(f *agreement.Facts, _ *guichet.Request) {
			f.Papers = []*agreement.Paper{with(map[string]any{"validity.withdrawn": "2026-06-01"})}
		}, "validity.withdrawn"},
		"used up":         {func(f *agreement.Facts, _ *guichet.Request) { f.Given = func(string, string) int { return 1 << 20 } }, "terms[0].quota_per_day"},
		"no agreement":    {func(f *agreement.Facts, _ *guichet.Request) { f.Papers = nil }, "none"},
		"another purpose": {func(_ *agreement.Facts, r *guichet.Request) { r.Purpose = "customs-risk" }, "parties[3].offices"},
		"another circle":  {func(_ *agreement.Facts, r *guichet.Request) { r.From.Circle = "other" }, "circle.name"},
	} {
		f, q := facts, r
		c.change(&f, &q)
		if g := agreement.Copying(f, q); g.Decision.Permitted || g.Decision.Clause != c.clause {
			t.Errorf("%s: refused by %q, want %q (%s)", name, g.Decision.Clause, c.clause, g.Decision.Text)
		}
	}
	// Where our law forbids the finest level of some goods, the next coarser is given.
	f := facts
	f.Law.Bounds = []guichet.TierRule{{Levels: map[string]string{"product": "hs2"}}}
	if g := agreement.Copying(f, r); !g.Decision.Permitted || !slices.Contains(g.Question.By, "hs2") || slices.Contains(g.Question.By, "hs6") {
		t.Errorf("bounded by our law: %+v, %v", g.Decision, g.Question.By)
	}
}
