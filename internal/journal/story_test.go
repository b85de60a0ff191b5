package journal_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/journal"
)

func numbered(leaves ...guichet.Leaf) []journal.IndexedLeaf {
	var out []journal.IndexedLeaf
	for i, l := range leaves {
		out = append(out, journal.IndexedLeaf{Index: int64(i), Leaf: l})
	}
	return out
}

func with(l guichet.Leaf, change func(*guichet.Leaf)) guichet.Leaf {
	change(&l)
	return l
}

// CA asks US. Each case is what CA's journal says, what that of US says, and what
// CA finds, and US.
func TestTwoSidesOfAStory(t *testing.T) {
	ask, give := received("US", 1), answered("US", 1)
	missed := with(ask, func(l *guichet.Leaf) { l.Kind, l.Reason, l.Reply, l.Rows = guichet.LeafMissed, guichet.GapLate, "", 0 })
	started := with(give, func(l *guichet.Leaf) { l.Kind, l.Reply, l.Rows = guichet.LeafStarted, "", 0 })
	ended := with(give, func(l *guichet.Leaf) { l.Kind = guichet.LeafEnded })
	no := with(give, func(l *guichet.Leaf) { l.Kind, l.Clause, l.Rows = guichet.LeafRefused, "terms/1/level", 0 })
	gotNo := with(ask, func(l *guichet.Leaf) { l.Clause, l.Rows = "terms/1/level", 0 })
	type leaves = []guichet.Leaf
	type found = []journal.Code
	for name, c := range map[string]struct {
		ca, us   leaves
		byCA     found
		byUS     found
		severity journal.Severity
	}{
		"one story":               {leaves{ask}, leaves{give}, nil, nil, ""},
		"one refusal":             {leaves{gotNo}, leaves{no}, nil, nil, ""},
		"a large answer":          {leaves{ask}, leaves{started, ended}, nil, nil, ""},
		"silence":                 {leaves{missed}, nil, nil, nil, ""},
		"no leaf of an answer":    {leaves{ask}, nil, found{journal.ReceivedNotAnswered}, found{journal.TheyReceivedNothing}, journal.Grave},
		"a leaf without answer":   {nil, leaves{give}, found{journal.AnsweredNotReceived}, found{journal.LeafWithoutAnswer}, journal.Serious},
		"an answer that was late": {leaves{missed}, leaves{give}, found{journal.AnsweredButMissed}, found{journal.LeafWithoutAnswer}, journal.Notice},
		"an answer cut off":       {leaves{missed}, leaves{started}, found{journal.AnsweredButMissed, journal.NoEnd}, found{journal.LeafWithoutAnswer, journal.NoEnd}, journal.Notice},
		"no end":                  {leaves{ask}, leaves{started}, found{journal.NoEnd}, found{journal.NoEnd}, journal.Notice},
		"another question":        {leaves{with(ask, func(l *guichet.Leaf) { l.Request = digest("x", 1) })}, leaves{give}, found{journal.OtherRequest}, found{journal.OtherRequest}, journal.Grave},
		"another answer":          {leaves{with(ask, func(l *guichet.Leaf) { l.Reply = digest("x", 1) })}, leaves{give}, found{journal.OtherReply}, found{journal.OtherReply}, journal.Grave},
		"refused or answered":     {leaves{ask}, leaves{no}, found{journal.OtherDecision, journal.OtherRows}, found{journal.OtherDecision, journal.OtherRows}, journal.Grave},
		"answered or refused":     {leaves{with(gotNo, func(l *guichet.Leaf) { l.Rows = give.Rows })}, leaves{give}, found{journal.OtherDecision}, found{journal.OtherDecision}, journal.Grave},
		"another clause":          {leaves{with(gotNo, func(l *guichet.Leaf) { l.Clause = "validity" })}, leaves{no}, found{journal.OtherDecision}, found{journal.OtherDecision}, journal.Grave},
		"another agreement":       {leaves{with(ask, func(l *guichet.Leaf) { l.Version = 3 })}, leaves{give}, found{journal.OtherAgreement}, found{journal.OtherAgreement}, journal.Serious},
		"more rows":               {leaves{with(ask, func(l *guichet.Leaf) { l.Rows = 99 })}, leaves{give}, found{journal.OtherRows}, found{journal.OtherRows}, journal.Serious},
		"a clock":                 {leaves{with(ask, func(l *guichet.Leaf) { l.Time = l.Time.Add(6 * time.Minute) })}, leaves{give}, found{journal.OtherTime}, found{journal.OtherTime}, journal.Notice},
		"another leaf":            {leaves{with(ask, func(l *guichet.Leaf) { l.Peer = 8 })}, leaves{give}, found{journal.OtherLeaf}, found{journal.OtherLeaf}, journal.Serious},
		"the right leaf":          {leaves{with(ask, func(l *guichet.Leaf) { l.Peer = 1 })}, leaves{give}, nil, nil, ""},
		"told twice":              {leaves{ask, ask}, leaves{give}, found{journal.ToldTwice}, found{journal.ToldTwice}, journal.Serious},
		"another office": {
			leaves{with(ask, func(l *guichet.Leaf) { l.From.Office = "customs" })},
			leaves{give},
			found{journal.OtherParties},
			found{journal.OtherParties},
			journal.Grave,
		},
		"the other way round": {
			leaves{ask},
			leaves{with(ask, func(l *guichet.Leaf) { l.From.Member, l.To = "US", "CA" })},
			found{journal.OtherParties},
			found{journal.OtherParties},
			journal.Grave,
		},
		"others and submissions": {leaves{received("GB", 3), {Kind: guichet.LeafTaken}}, leaves{with(answered("US", 4), func(l *guichet.Leaf) { l.From.Member = "NZ" })}, nil, nil, ""},
	} {
		for _, side := range []struct {
			who  string
			got  []journal.Finding
			want found
		}{
			{"CA", journal.Compare(numbered(c.ca...), numbered(c.us...), "CA", "US"), c.byCA},
			{"US", journal.Compare(numbered(c.us...), numbered(c.ca...), "US", "CA"), c.byUS},
		} {
			if got := codes(side.got); !slices.Equal(got, side.want) {
				t.Errorf("%s: %s finds %v, want %v", name, side.who, got, side.want)
			}
			for _, f := range side.got {
				if f.Exchange == "" || strings.Contains(f.Text.EN+f.Text.FR, "%!") || !strings.Contains(f.Text.FR, f.Exchange) {
					t.Errorf("%s: %+v", name, f)
				}
			}
		}
		if got := journal.Worst(journal.Compare(numbered(c.ca...), numbered(c.us...), "CA", "US")); got != c.severity {
			t.Errorf("%s: severity %q, want %q", name, got, c.severity)
		}
	}
}

func TestCodesAreAClosedListWithWeights(t *testing.T) {
	all := journal.Codes()
	if len(all) < 25 || len(slices.Compact(slices.Sorted(slices.Values(all)))) != len(all) {
		t.Errorf("%v", all)
	}
}
