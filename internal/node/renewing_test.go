package node_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/node"
	"guichet/trade"
)

// renew lets US renew its journal, as its operator does, and returns the draft.
func (p *pair) renew(t *testing.T) (draft []byte, st node.Standing) {
	t.Helper()
	op := given(node.Operate(t.Context(), p.us))(t)
	defer func() { _ = op.Close() }()
	if _, err := op.DraftRenewal(t.Context(), ""); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("without a reason: %v", err)
	}
	draft = given(op.DraftRenewal(t.Context(), "the disk was lost"))(t)
	if _, err := op.PublishRenewal(t.Context(), draft); guichet.KindOf(err) != guichet.KindUntrusted || !strings.Contains(err.Error(), "not signed by its member key") {
		t.Errorf("without the member's own key: %v", err)
	}
	signed := given(p.ceremonies(p.us).SignRenewal(draft))(t)
	return draft, given(op.PublishRenewal(t.Context(), signed))(t)
}

// asks is a question of one of the two to the other, and its exchange.
func (p *pair) asks(t *testing.T, cfg node.Config, member string) string {
	t.Helper()
	op := given(node.Operate(t.Context(), cfg))(t)
	defer func() { _ = op.Close() }()
	a := given(op.AskMembers(t.Context(), node.MembersQuestion{
		Question: guichet.Question{Dataset: trade.Dataset().Name, Period: guichettest.Period(t, "2020")}, Members: []string{member}, Purpose: "supply-monitoring", Officer: "a test", Within: guichettest.Patience,
	}, nil))(t)
	if len(a.Members) != 1 || a.Members[0].Peer == 0 {
		t.Fatalf("told %+v", a.Members)
	}
	return a.Members[0].Exchange
}

// seesRenewed holds that the journal of US is well for its own operator and for CA,
// that both name the exchanges that were lost, and that nothing is grave.
func (p *pair) seesRenewed(t *testing.T, lost ...string) {
	t.Helper()
	for _, side := range []struct {
		cfg   node.Config
		other string
		code  string
	}{{p.us, "CA", "recovered_here"}, {p.ca, "US", "recovered_there"}} {
		var told []string
		for range 600 { // a leaf of the last second is not covered yet
			op := given(node.Operate(t.Context(), side.cfg))(t)
			reports := given(op.VerifyJournal(t.Context(), []string{side.other}))(t)
			_ = op.Close()
			if err := node.Wrong(reports); err != nil {
				t.Fatalf("%s: %v: %+v", side.cfg.Home, err, reports)
			}
			told = nil
			renewed := false
			for _, r := range reports {
				for _, f := range r.Findings {
					renewed = renewed || f.Code == "renewed"
					if f.Code == side.code {
						told = append(told, f.Exchange)
					}
				}
			}
			if renewed && len(told) == len(lost) {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		slices.Sort(told)
		slices.Sort(lost)
		if !slices.Equal(told, lost) {
			t.Errorf("asked at %s: %v were lost, want %v", side.other, told, lost)
		}
	}
}

// putBack backs US up, lets things happen that it then loses, and puts it back.
func (p *pair) putBack(t *testing.T, log string, leaves int, has string, happens func()) {
	t.Helper()
	b := p.backup(t)
	happens()
	p.witnessedOf(t, log, leaves)
	p.stop()
	p.restore(t, b)
	p.serve()
	if status, said := p.status(t); status == 200 || !strings.Contains(said, "journal renew") || !strings.Contains(said, has) {
		t.Fatalf("put back, and it answers: %d %s, want %q", status, said, has)
	}
}

// TestAJournalThatWasPutBackIsRenewed: CA holds more of US's journal than any backup
// has. US says so, goes on in a second log, and CA accepts that, cosigns it, and
// tells of the exchanges that were lost. Then the same befalls the second.
func TestAJournalThatWasPutBackIsRenewed(t *testing.T) {
	t.Parallel() // it waits more than it works
	p := newPairOf(t, true)
	p.serveCA(t, p.caAddr)
	kept := p.asks(t, p.ca, "US")
	var lost []string
	p.putBack(t, "guichet/two/US", 3, "our journal has 1 leaves, and CA holds 3 of it", func() { lost = append(lost, p.asks(t, p.ca, "US"), p.asks(t, p.us, "CA")) })

	draft, st := p.renew(t)
	v := given(node.ReadRenewal(draft))(t)
	if v.Log != 2 || v.First != 3 || len(v.Logs) != 1 || v.Logs[0] != (node.EndedView{Log: 1, Have: 1, Seen: 3, Lost: 2}) {
		t.Errorf("the draft says %+v", v)
	}
	if !st.Proven || len(st.Lost) != 0 {
		t.Errorf("after it: %+v", st)
	}
	op := given(node.Operate(t.Context(), p.us))(t)
	if _, err := op.DraftRenewal(t.Context(), "again"); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("nothing is wrong, and it is renewed: %v", err)
	}
	for _, x := range lost {
		leaves := given(op.Leaves(t.Context(), node.LeavesQuestion{Exchange: x}))(t)
		if len(leaves) != 1 || leaves[0].Leaf.Kind != guichet.LeafRecovered || leaves[0].Index < 4 {
			t.Errorf("of the exchange %s, which was lost, there is %+v", x, leaves)
		}
		if _, err := os.Stat(filepath.Join(p.us.Home, "journals", "two", "recovered", x+".CA.receipt")); err != nil {
			t.Error(err)
		}
	}
	if r, err := op.Receipt(t.Context(), lost[1]); err != nil || r.Member != "CA" || r.Leaf.Exchange != lost[1] {
		t.Errorf("the receipt of what was lost: %+v %v", r, err)
	}
	_ = op.Close()
	after := p.asks(t, p.ca, "US")
	p.seesRenewed(t, lost...)
	p.proven(t, kept)
	p.proven(t, after)
	if files := given(filepath.Glob(filepath.Join(p.ca.Home, "journals", "two", "witness", "*.fork")))(t); len(files) > 0 {
		t.Errorf("CA calls it forked: %v", files)
	}

	// The second log is put back too. Of it the renewal's leaf, two that name what was
	// lost and an answer are there.
	p.putBack(t, "guichet/two/US/2", 5, "our journal has 7 leaves, and CA holds 8 of it", func() { lost = append(lost, p.asks(t, p.ca, "US")) })
	draft, st = p.renew(t)
	v = given(node.ReadRenewal(draft))(t)
	if v.Log != 3 || v.First != 8 || len(v.Logs) != 2 || v.Logs[1] != (node.EndedView{Log: 2, First: 3, Have: 4, Seen: 5, Lost: 1}) || !st.Proven {
		t.Errorf("the second draft says %+v; then %+v", v, st)
	}
	p.asks(t, p.ca, "US")
	p.seesRenewed(t, lost...)
	p.proven(t, kept)

	// A new start, and a restore of a backup that has all of it, change nothing.
	p.witnessedOf(t, "guichet/two/US/3", 3)
	p.stop()
	p.restore(t, p.backup(t))
	p.serve()
	op = given(node.Operate(t.Context(), p.us))(t)
	for wait := 0; ; wait++ {
		st := given(op.Standing(t.Context()))(t)
		if st.Proven {
			break
		}
		if wait > 1200 {
			t.Fatalf("restored whole, and closed: %+v", st)
		}
		time.Sleep(100 * time.Millisecond)
	}
	_ = op.Close()
	p.asks(t, p.ca, "US")
	p.seesRenewed(t, lost...)
}

// proven holds that CA gets a receipt of an exchange, and that it verifies.
func (p *pair) proven(t *testing.T, exchange string) {
	t.Helper()
	op := given(node.Operate(t.Context(), p.ca))(t)
	defer func() { _ = op.Close() }()
	if r, err := op.Receipt(t.Context(), exchange); err != nil || r.Member != "US" {
		t.Errorf("the receipt of %s: %+v %v", exchange, r, err)
	}
}
