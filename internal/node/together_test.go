package node_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/desk"
	"guichet/internal/node"
)

// TestSeveralCopiesAnswer: NZ has figures of its own, and copies of what US and GB hold;
// a question to it is answered from all of them side by side, each as its own agreement
// says, in one exchange; the ledger tells them apart.
func TestSeveralCopiesAnswer(t *testing.T) {
	t.Parallel()
	x := newTrio(t, func(a *guichet.Agreement) {
		us, gb, nz := a.Terms[0], a.Terms[0], a.Terms[0]
		us.From, gb.From, nz.From = []string{"US"}, []string{"GB"}, []string{"NZ"}
		us.Onward, gb.Onward = "parties", "parties"
		a.Terms = []guichet.Term{us, gb, nz}
	}, "US", "NZ", "GB")
	us, nz, gb := x.seats["US"], x.seats["NZ"], x.seats["GB"]
	us.month("2024-01", "2024-03-01", "1220 6307909870 30", "1220 6307909891 12")
	gb.month("2024-01", "2024-04-01", "1220 6307909870 31") // another state of the same trade
	nz.open(func(n *node.Node) {
		const head = "DATAFLOW,COMMODITY_SITC: Commodity by SITC,COUNTRY_ORIGIN: Country of Origin,STATE_DEST: State of Destination,FREQ: Frequency,TIME_PERIOD: Time Period,OBS_VALUE,UNIT_MULT: Unit of Multiplier\n"
		text := head + "ABS:MERCH_IMP(1.0.0),TOT: Total,TOT: Total,TOT: Total,M: Monthly,2024-01,7,3: Thousands\nABS:MERCH_IMP(1.0.0),TOT: Total,NZ: New Zealand,TOT: Total,M: Monthly,2024-01,7,3: Thousands\n"
		given(n.Ingest(t.Context(), node.IngestRequest{File: write(t, "abs.csv", text), Generated: true, Released: "2024-03-01"}))(t)
	})
	x.serve("US")
	x.serve("GB")
	sync := func(from string) { given(nz.sync(node.SyncRequest{From: from}))(t) }
	sync("US")
	sync("GB")
	x.serve("NZ")

	const both = "reporter=US,AU flow=imports period=2024-01 trade_system=general"
	ask := func(words string) node.MembersAnswer { return us.askMembers(words, "NZ") }
	a := ask(both)
	wantCopy(t, a.Answer, "US", "US", "42")
	wantCopy(t, a.Answer, "US", "GB", "31")
	wantCopy(t, a.Answer, "AU", nil, "7000")
	remark(t, a.Answer, node.RemarkCopy, "copy of what US holds")
	remark(t, a.Answer, node.RemarkCopy, "copy of what GB holds")
	remark(t, a.Answer, desk.RemarkSeveralCopies, "the figures of US are told from what GB, US hold")
	exchange := a.Members[0].Exchange
	if n, m := us.leaves(exchange, guichet.LeafReceived), nz.leaves(exchange, guichet.LeafAnswered); n != 1 || m != 1 {
		t.Errorf("%d leaves at who asked, %d at who answered, want one each", n, m)
	}
	snapshots, cells := nz.givenTo("US", x.clock.Now())
	if wanted := []string{"copy/GB/trade@", "copy/US/trade@", "trade@"}; !slices.EqualFunc(snapshots, wanted, strings.HasPrefix) || cells != 3 {
		t.Errorf("the ledger has %d cells of %q, want 3 of %q", cells, snapshots, wanted)
	}

	// A reporter of whom copies alone are there; and where we hold something ourselves, a
	// question that names nobody is answered by our own tables alone.
	a = ask(strings.Replace(both, "US,AU", "US", 1))
	if len(a.Answer.Rows) != 2 {
		t.Errorf("%d rows of two copies", len(a.Answer.Rows))
	}
	a = ask(strings.Replace(both, "reporter=US,AU ", "", 1))
	want(t, a.Answer, "reporter=AU member=NZ", "value", "7000") // one source: no column says of whom
	if len(a.Answer.Rows) != 1 {
		t.Errorf("%d rows where nobody is named", len(a.Answer.Rows))
	}

	// One copy is too old; the other answers.
	x.clock.Move(31 * 24 * time.Hour)
	sync("US")
	a = ask(both)
	wantCopy(t, a.Answer, "US", "US", "42")
	wantCopy(t, a.Answer, "AU", nil, "7000")
	gap(t, a.Answer, guichet.GapStale, "copy of GB")
	if len(a.Answer.Rows) != 2 {
		t.Errorf("a copy that is too old answers: %v", a.Answer.Rows)
	}
	if snapshots, cells = nz.givenTo("US", x.clock.Now()); !slices.EqualFunc(snapshots, []string{"copy/US/", "trade@"}, strings.HasPrefix) || cells != 2 {
		t.Errorf("the ledger has %d cells of %q on that day", cells, snapshots)
	}

	// One may not be passed on by its clause; then none.
	sync("GB")
	x.agree(func(a *guichet.Agreement) { a.Terms[1].Onward, a.Terms[1].Derived = "none", "none" })
	x.clock.Move(time.Minute)
	sync("US")
	sync("GB")
	a = ask(both)
	wantCopy(t, a.Answer, "US", "US", "42")
	gap(t, a.Answer, guichet.GapRefused, "terms[1].onward")
	x.agree(func(a *guichet.Agreement) { a.Terms[0].Onward, a.Terms[0].Derived = "none", "none" })
	x.clock.Move(time.Minute)
	sync("US")
	sync("GB")
	a = ask(strings.Replace(both, "US,AU", "US", 1))
	gap(t, a.Answer, guichet.GapRefused, ".onward")
	if d := a.Members[0].Decision; len(a.Answer.Rows) != 0 || d.Permitted || !strings.HasSuffix(d.Clause, ".onward") {
		t.Errorf("where no copy may answer: %+v", d)
	}
	a = ask(both)
	wantCopy(t, a.Answer, "AU", nil, "7000")
	gap(t, a.Answer, guichet.GapRefused, "terms[0].onward")
	gap(t, a.Answer, guichet.GapRefused, "terms[1].onward")
}

// givenTo is what a home's ledger says that a member was given on a day: of which states,
// in order, and how many cells.
func (m *trioSeat) givenTo(member string, day time.Time) (snapshots []string, cells int) {
	m.trio.t.Helper()
	m.open(func(n *node.Node) {
		for _, set := range given(n.GivenIn(m.trio.t.Context(), "three"))(m.trio.t) {
			if set.Party.Member == member && set.Last.UTC().Format(time.DateOnly) == day.UTC().Format(time.DateOnly) {
				snapshots = append(snapshots, set.Snapshot)
				cells += len(set.Cells)
			}
		}
	})
	slices.Sort(snapshots)
	return snapshots, cells
}

// wantCopy holds the one figure of a reporter that is a copy of what a member holds,
// nil: that is our own.
func wantCopy(t *testing.T, a guichet.Answer, reporter string, of any, figure string) {
	t.Helper()
	found := slices.DeleteFunc(slices.Clone(a.Rows), func(r guichet.Row) bool {
		return r["reporter"] != reporter || r["copy_of"] != of || r["member"] != "NZ"
	})
	a.Rows = found
	want(t, a, "reporter="+reporter, "value", figure)
}
