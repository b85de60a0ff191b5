package desk_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/desk"
)

// sink takes records as federation's writer does, and notes how many leaves
// there were at each call.
type sink struct {
	c       *counter
	calls   []string
	leaves  []int
	head    guichet.Reply
	body    bytes.Buffer
	refused []byte
	leaf    uint64
	fail    string
}

var errGone = errors.New("the other side is gone")

func (s *sink) call(name string) error {
	s.calls, s.leaves = append(s.calls, name), append(s.leaves, len(s.c.log))
	if s.fail == name {
		return errGone
	}
	return nil
}

func (s *sink) Refuse(body []byte, leaf uint64) error {
	s.refused, s.leaf = body, leaf
	return s.call("refuse")
}

func (s *sink) Begin(head guichet.Reply, leaf uint64) error {
	s.head, s.leaf = head, leaf
	return s.call("begin")
}

func (s *sink) Write(p []byte) (int, error) {
	if !slices.Contains(s.calls, "write") || s.fail == "write" {
		if err := s.call("write"); err != nil {
			return 0, err
		}
	}
	return s.body.Write(p)
}

func (s *sink) Root() (string, error) { return "r00t", s.call("root") }

func (s *sink) End(_ int64, leaf uint64) error {
	s.leaf = leaf
	return s.call("end")
}

func records(r *guichet.Request) { r.Records = true }

// TestRecordsBeginAndEndInTheJournal: the leaf of the beginning is there before
// the first byte, that of the end, under the digest of the root, before the last.
func TestRecordsBeginAndEndInTheJournal(t *testing.T) {
	c := newCounter(t)
	c.decision.Conditions.Records = true
	c.decision.Conditions.Rules.Threshold = 3
	c.tables.take(t, published("2024", "630790 CN 10", "630790 DE 11"))
	a := ask(1, records, func(r *guichet.Request) { r.Question.Measures = []string{"value_usd"} })
	s := &sink{c: c}
	if err := c.Records(t.Context(), a, s); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(s.calls, " "); got != "begin write root end" || !slices.Equal(s.leaves, []int{1, 1, 1, 2}) || s.leaf != 1 {
		t.Errorf("calls %s with %v leaves, the last %d", got, s.leaves, s.leaf)
	}
	m := hmac.New(sha256.New, a.Request.Salt)
	_, _ = m.Write([]byte("r00t"))
	if start, end := c.log[0], c.log[1]; start.Kind != guichet.LeafStarted || start.Reply != "" || end.Kind != guichet.LeafEnded || end.Rows != 2 || end.Reply != hex.EncodeToString(m.Sum(nil)) {
		t.Errorf("leaves %+v", c.log)
	}
	var names []string
	for _, col := range s.head.Answer.Columns {
		names = append(names, col.Name)
	}
	if got := strings.Join(names, " "); got != "reporter partner flow trade_system valuation partner_role grain currency freq remark value" {
		t.Errorf("columns %s", got)
	}
	if s.head.Exchange != a.Request.Exchange || len(s.head.Answer.Sources) != 1 || s.head.Answer.Sources[0].Rows != 0 || strings.Count(s.body.String(), "\n") != 2 {
		t.Errorf("head %+v, body %q", s.head, s.body.String())
	}
	if len(c.given) != 1 || !c.given[0].Records || len(c.given[0].Cells) != 0 {
		t.Errorf("the ledger has %+v", c.given)
	}
}

// TestRecordsAreRefused: where the agreement gives none, and of declarations
// where cells are protected; and a wrong question.
func TestRecordsAreRefused(t *testing.T) {
	for name, x := range map[string]struct {
		conditions guichet.Conditions
		file       file
		clause     string
	}{
		"none given": {guichet.Conditions{}, published("2024", "630790 CN 10"), desk.ClauseRecords},
		"protected":  {guichet.Conditions{Records: true, Rules: guichet.DisclosureRules{Threshold: 3}}, declared("630790 CN 10 a"), desk.ClauseDisclosure},
		"narrowed":   {guichet.Conditions{Records: true, Where: map[string][]string{"flow": {"exports"}}}, published("2024", "630790 CN 10"), "where.flow"},
	} {
		c := newCounter(t)
		c.decision.Conditions = x.conditions
		c.tables.take(t, x.file)
		s := &sink{c: c}
		if err := c.Records(t.Context(), ask(1, records), s); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(s.calls, []string{"refuse"}) || s.leaves[0] != 1 || c.log[0].Kind != guichet.LeafRefused || c.log[0].Clause != x.clause || !bytes.Contains(s.refused, []byte(`"clause":"`+x.clause)) || len(c.given) != 0 {
			t.Errorf("%s: %v, %+v, %s", name, s.calls, c.log, s.refused)
		}
	}
	c := newCounter(t)
	c.decision.Conditions.Records = true
	c.tables.take(t, declared("630790 CN 10 a"))
	s := &sink{c: c}
	if err := c.Records(t.Context(), ask(1, records), s); err != nil || len(s.calls) != 4 || strings.Contains(s.body.String(), " a\n") {
		t.Errorf("lines without rules: %v, %v, %q", err, s.calls, s.body.String())
	}
}

// TestRecordsThatBreakOff: whichever call fails after the beginning, the journal
// has an end without a digest, and nobody is told that it was whole.
func TestRecordsThatBreakOff(t *testing.T) {
	for _, at := range []string{"begin", "write", "root", "store", "journal", "end"} {
		c := newCounter(t)
		c.decision.Conditions.Records = true
		c.tables.take(t, published("2024", "630790 CN 10"))
		s := &sink{c: c, fail: at}
		if at == "store" {
			c.tables.fail = errGone
		}
		if at == "journal" { // it writes the beginning and no more
			c.failAfter = 1
		}
		err := c.Records(t.Context(), ask(1, records), s)
		if err == nil {
			t.Errorf("%s: no error", at)
		}
		switch {
		case at == "journal":
			if len(c.log) != 1 || slices.Contains(s.calls, "end") || guichet.KindOf(c.Closed()) != guichet.KindBusy {
				t.Errorf("%s: %v, %d leaves, closed %v", at, s.calls, len(c.log), c.Closed())
			}
		case at == "end": // it was sent but for its last frame
			if len(c.log) != 2 || c.log[1].Reply == "" {
				t.Errorf("%s: leaves %+v", at, c.log)
			}
		case len(c.log) != 2 || c.log[1].Kind != guichet.LeafEnded || c.log[1].Reply != "" || slices.Contains(s.calls, "end"):
			t.Errorf("%s: calls %v, leaves %+v", at, s.calls, c.log)
		}
	}
}
