package node_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/node"
)

// manyRows is how many records an answer has that is larger than all that lies
// between its member's table and the asker's file.
const manyRows = 320_000

// rowsOf lets a member take in many made rows of a month.
func (m *trioSeat) rowsOf(month string) {
	t := m.trio.t
	t.Helper()
	path := filepath.Join(t.TempDir(), month+".csv")
	f := given(os.Create(path))(t)
	w := bufio.NewWriter(f)
	_, _ = w.WriteString("period,flow,trade_system,code,partner,port,mode,procedure,value,quantity,unit,net_mass\n")
	areas := []string{"CA", "CN", "DE", "FR", "GB", "JP", "MX", "NZ"}
	for i := range manyRows {
		_, _ = fmt.Fprintf(w, "%s,imports,general,6307909870,%s,%d,%d,%d,%d,1,KGM,1\n", month, areas[i%8], 1000+i/8%1000, 1+i/8000%4, 1+i/32000, i)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	m.open(func(n *node.Node) {
		r := given(n.Ingest(t.Context(), node.IngestRequest{File: path, Profile: "testdata/bench.yaml", Generated: true, Released: month[:4] + "-03-01"}))(t)
		if r.Submission.Records != manyRows {
			t.Fatalf("taken in: %+v", r.Submission)
		}
	})
}

// recordsTo asks US for all rows of a period and puts them into a file.
func (m *trioSeat) recordsTo(ctx context.Context, period, file string) (out node.MemberResult, err error) {
	q := question(m.trio.t, "reporter=US flow=imports period="+period+" product="+masks)
	q.By, q.Measures = []string{"partner", "port", "mode", "procedure"}, []string{"value"}
	m.at(func(op node.Operator) {
		out, err = op.TakeRecords(ctx, node.RecordsQuestion{
			MembersQuestion: node.MembersQuestion{Question: q, Members: []string{"US"}, Purpose: "official-statistics", Office: "statistics", Officer: "a test"},
			File:            file, Format: "csv",
		})
	})
	return out, err
}

// linesOf are those of a file, in an order of their own.
func linesOf(t *testing.T, path string) []string {
	t.Helper()
	lines := strings.Split(string(given(os.ReadFile(path))(t)), "\n")
	slices.Sort(lines)
	return lines
}

// TestPurgedWhileItIsSent: the owner removes what another member is just being sent.
// The other gets all of it, as it was promised, or a gap and nothing; and the journals
// of both tell the same.
func TestPurgedWhileItIsSent(t *testing.T) {
	t.Parallel()
	x := newTrio(t, func(a *guichet.Agreement) {
		a.Terms[0].By = []string{"reporter", "product", "partner", "period", "flow", "port", "mode", "procedure"}
	}, "US", "NZ")
	us, nz := x.seats["US"], x.seats["NZ"]
	us.rowsOf("201001")
	us.rowsOf("201101")
	x.serve("US")
	for _, c := range []struct {
		name, period, keep string
		then               func(*guichettest.Relay)
		whole              bool
	}{
		{"to its end", "2010-01", "16y", (*guichettest.Relay).Heal, true},
		{"cut off", "2011-01", "15y", (*guichettest.Relay).Cut, false},
	} {
		dir := t.TempDir()
		before, during := filepath.Join(dir, "before.csv"), filepath.Join(dir, "during.csv")
		from := us.relay.Counts().ToClient
		if r, err := nz.recordsTo(t.Context(), c.period, before); err != nil || r.Gap != nil || r.Rows != manyRows {
			t.Fatalf("%s: before the purge: %+v %v", c.name, r, err)
		}
		size := us.relay.Counts().ToClient - from
		p := us.purgedAt(nz, size/10, c.period, c.keep, during)
		c.then(us.relay)
		sent := <-p.sent
		us.relay.Heal()
		p.over(t, us)

		switch r := sent.MemberResult; {
		case sent.err != nil:
			t.Errorf("%s: %v", c.name, sent.err)
		case c.whole && (r.Gap != nil || r.Rows != manyRows || !slices.Equal(linesOf(t, during), linesOf(t, before))):
			t.Errorf("%s: it is not what was promised: %+v", c.name, r)
		case !c.whole && (r.Gap == nil || r.Gap.Reason != guichet.GapSilent || r.Gap.Text == ""):
			t.Errorf("%s: there is no gap: %+v", c.name, r)
		}
		names := given(filepath.Glob(filepath.Join(dir, "*")))(t)
		hidden := given(filepath.Glob(filepath.Join(dir, ".guichet*")))(t)
		if want := map[bool]int{true: 2, false: 1}[c.whole]; len(names) != want || len(hidden) > 0 {
			t.Errorf("%s: the folder holds %v %v", c.name, names, hidden)
		}
		asker := map[bool]guichet.LeafKind{true: guichet.LeafReceived, false: guichet.LeafMissed}[c.whole]
		if n := nz.leaves(sent.Exchange, asker); n != 1 {
			t.Errorf("%s: the asker has %d leaves %s", c.name, n, asker)
		}
		if n := us.leaves(sent.Exchange, guichet.LeafStarted); n != 1 {
			t.Errorf("%s: the owner has %d leaves of its beginning", c.name, n)
		}
		if !guichettest.Until(50*time.Millisecond, func() bool { return us.leaves(sent.Exchange, guichet.LeafEnded) == 1 }) {
			t.Errorf("%s: the owner has no leaf of its end", c.name)
		}
		after := given(nz.recordsTo(t.Context(), c.period, filepath.Join(dir, "after.csv")))(t)
		if after.Rows != 0 {
			t.Errorf("%s: after the purge %d rows came", c.name, after.Rows)
		}
	}
	for m, other := range map[*trioSeat]string{us: "NZ", nz: "US"} {
		m.at(func(op node.Operator) {
			for _, r := range given(op.VerifyJournal(t.Context(), []string{other}))(t) {
				for _, f := range r.Findings {
					if f.Severity != "notice" {
						t.Errorf("%s of the journal of %s: %s", m.code, r.Member, f.Text.EN)
					}
				}
			}
		})
	}
	us.open(func(n *node.Node) {
		if err := n.Check(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// purging is a purge beside an answer that is being sent.
type purging struct {
	sent   chan sentTo
	purged chan error
}

type sentTo struct {
	node.MemberResult
	err error
}

// purgedAt lets another member ask for a period, holds the answer after so many bytes,
// and has it removed by a rule. It returns when the home no longer answers with it.
func (m *trioSeat) purgedAt(asker *trioSeat, bytes int64, period, keep, file string) purging {
	t := m.trio.t
	t.Helper()
	p := purging{make(chan sentTo, 1), make(chan error, 1)}
	// What takes time comes before: a stream that stands still is given up after a minute.
	n, beside := given(node.Open(t.Context(), m.cfg))(t), given(node.Open(t.Context(), m.cfg))(t)
	defer func() { _ = beside.Close() }()
	given(n.SetRetention(t.Context(), node.RetentionRule{Dataset: "trade", Keep: keep, Basis: "a law made for a test"}))(t)
	upTo := m.relay.Counts().ToClient + bytes
	m.relay.HoldAfter(bytes)
	go func() {
		r, err := asker.recordsTo(t.Context(), period, file)
		p.sent <- sentTo{r, err}
	}()
	if !guichettest.Until(0, func() bool { return m.relay.Counts().ToClient >= upTo }) {
		t.Fatal("no answer began")
	}
	go func() {
		_, err := n.Purge(t.Context(), "steward", nil)
		if cerr := n.Close(); err == nil {
			err = cerr
		}
		p.purged <- err
	}()
	words := question(t, "reporter=US flow=imports period="+period+" product="+masks)
	if !guichettest.Until(10*time.Millisecond, func() bool {
		a, err := beside.Ask(t.Context(), words) // which may be busy, where it was removed while this was answered
		return err == nil && slices.ContainsFunc(a.Gaps, func(g guichet.Gap) bool { return g.Reason == guichet.GapPurged })
	}) {
		t.Fatal("the purge does not come about")
	}
	select {
	case err := <-p.purged:
		t.Errorf("the purge did not wait for the answer that is being sent: %v", err)
		p.purged <- err
	default:
	}
	return p
}

// over waits until the purge is, and holds that nothing is left of what went.
func (p purging) over(t *testing.T, m *trioSeat) {
	t.Helper()
	if err := <-p.purged; err != nil {
		t.Errorf("the purge: %v", err)
	}
	m.open(func(n *node.Node) {
		for _, e := range given(n.Events(t.Context()))(t) {
			if !e.OffDisk {
				t.Errorf("after the answer it is still there: %s", strings.Join(e.Of, ", "))
			}
		}
	})
}
