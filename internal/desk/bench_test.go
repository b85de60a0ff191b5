package desk_test

import (
	"context"
	"strconv"
	"testing"

	"guichet"
	"guichet/internal/desk"
)

// quick are fakes that cost nothing, so that the desk alone is measured.
type quick struct{ decision guichet.Decision }

func (q quick) Decide(context.Context, desk.Asked) guichet.Decision { return q.decision }

func (quick) Needed(guichet.DisclosureRules) int { return 0 }

func (quick) Protect(_ guichet.DisclosureRules, cells []desk.Cell) []desk.Verdict {
	return make([]desk.Verdict, len(cells))
}

func (quick) EncodeRows([]guichet.Column, []guichet.Row) ([]byte, error) {
	return make([]byte, 1024), nil
}

func (quick) Append(context.Context, guichet.Leaf) (int64, error) { return 1, nil }

func (quick) Give(context.Context, guichet.GivenSet) error { return nil }

// BenchmarkHeldReady is a reply out of what is held ready, without a journal and
// without the store's look for changes (2 us, BenchmarkState).
func BenchmarkHeldReady(b *testing.B) {
	s := newTables()
	for i := range 3 {
		s.take(b, published("202"+strconv.Itoa(i), "630790 CN 10", "630790 DE 5"))
	}
	decision := guichet.Decision{Permitted: true, Agreement: "b5", Version: 1, Digest: "d1", Notices: []guichet.Remark{{Code: "legal_basis", Text: "as the law of both says"}}}
	decision.Conditions = guichet.Conditions{Grains: []string{"aggregate"}, Regimes: []string{"statistical"}, Quota: 100, Where: map[string][]string{"flow": {"imports", "exports"}}}
	q := quick{decision}
	c, err := desk.New(s, newCounter(b).clock.Now).Counter(desk.CounterConfig{Us: "CA", Decider: q, Protector: q, Encoder: q, Journal: q, Ledger: q})
	if err != nil {
		b.Fatal(err)
	}
	a := ask(1)
	var body int
	for b.Loop() {
		r, err := c.Reply(b.Context(), a)
		if err != nil {
			b.Fatal(err)
		}
		body = len(r.Body)
	}
	b.ReportMetric(float64(body), "bytes")
	b.ReportAllocs()
}

// many are tables that find so many groups: three of each of the answer's rows, and a
// remark on one group in nine.
type many struct {
	*tables
	found []guichet.Found
}

func (m many) Find(context.Context, guichet.Plan) ([]guichet.Found, error) { return m.found, nil }

// BenchmarkFold makes an answer of 20,000 rows out of 60,000 groups.
func BenchmarkFold(b *testing.B) {
	s := many{tables: newTables()}
	s.take(b, published("2024", "630790 CN 10"))
	for i := range 60_000 {
		d := guichet.DecimalOf(int64(i))
		f := guichet.Found{Submission: "stats-2024", Keys: []string{"CA", strconv.Itoa(i / 3), "imports", "general", "fob", "origin"}, Rows: 2, Measures: []*guichet.Decimal{&d}, Figures: []int64{2}}
		if i%9 == 0 {
			f.Remark = "estimate_over_partners low_value"
		}
		s.found = append(s.found, f)
	}
	d := desk.New(s, newCounter(b).clock.Now)
	q := guichet.Question{Dataset: "trade", By: []string{"partner"}, Measures: []string{"value"}}
	for b.Loop() {
		a, err := d.Answer(b.Context(), q)
		if err != nil || len(a.Rows) != 20_000 {
			b.Fatal(len(a.Rows), err)
		}
	}
	b.ReportAllocs()
}
