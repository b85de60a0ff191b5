package desk_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"guichet"
	"guichet/internal/desk"
	"guichet/internal/guichettest"
)

// counter is a desk with fakes around it that tell what came to them, in order.
type counter struct {
	*desk.Counter
	tables   *tables
	clock    *guichettest.Clock
	decision guichet.Decision

	mu    sync.Mutex // guards what follows
	steps []string
	seen  desk.Asked
	log   []guichet.Leaf
	given []guichet.GivenSet
	cells []desk.Cell
	fail  map[string]error // step -> what it returns

	failAfter int // leaves that the journal takes; 0: all
}

func newCounter(tb testing.TB) *counter {
	tb.Helper()
	c := &counter{
		tables: newTables(), clock: guichettest.NewClock(), fail: map[string]error{},
		decision: guichet.Decision{Permitted: true, Agreement: "b5", Version: 1, Digest: "d1", Conditions: guichet.Conditions{Quota: 10}},
	}
	var err error
	c.Counter, err = desk.New(c.tables, c.clock.Now).Counter(desk.CounterConfig{Us: "CA", Decider: c, Protector: c, Encoder: c, Journal: c, Ledger: c})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func (c *counter) step(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.steps = append(c.steps, name)
	return c.fail[name]
}

func (c *counter) Decide(_ context.Context, a desk.Asked) guichet.Decision {
	_ = c.step("decide")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = a
	return c.decision
}

func (c *counter) Needed(guichet.DisclosureRules) int { return 2 }

// Protect hides by threshold and by the p % rule, whose cases are METHODS part 2's.
func (c *counter) Protect(r guichet.DisclosureRules, cells []desk.Cell) []desk.Verdict {
	_ = c.step("protect")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cells = append(c.cells, cells...)
	out := make([]desk.Verdict, len(cells))
	for i, cell := range cells {
		rest := cell.Gross
		for _, x := range cell.Largest {
			rest = rest.Sub(x)
		}
		hundred, prior := guichet.DecimalOf(100).Rat(), guichet.DecimalOf(int64(r.Prior)).Rat()
		few := cell.Contributors < r.Threshold
		near := r.Prior > 0 && hundred.Mul(hundred, rest.Rat()).Cmp(prior.Mul(prior, cell.Largest[0].Rat())) < 0
		out[i] = desk.Verdict{Hidden: few || near}
	}
	return out
}

func (c *counter) EncodeRows(columns []guichet.Column, rows []guichet.Row) ([]byte, error) {
	if err := c.step("encode"); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, row := range rows {
		for _, col := range columns {
			fmt.Fprintf(&out, "%v ", row[col.Name])
		}
		out.WriteByte('\n')
	}
	return out.Bytes(), nil
}

func (c *counter) Append(ctx context.Context, leaf guichet.Leaf) (int64, error) {
	if err := c.step("record"); err != nil {
		return 0, err
	}
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failAfter > 0 && len(c.log) >= c.failAfter {
		return 0, errGone
	}
	c.log = append(c.log, leaf)
	return int64(len(c.log) - 1), nil
}

func (c *counter) Give(_ context.Context, set guichet.GivenSet) error {
	if err := c.step("give"); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.given = append(c.given, set)
	return nil
}

// ask is a request for imports by partner, of an exchange that a number names.
func ask(n int, change ...func(*guichet.Request)) desk.Asked {
	r := guichet.Request{
		Exchange: fmt.Sprintf("%032x", n), From: guichet.Party{Circle: "border-five", Member: "NZ", Office: "statistics"}, To: "CA", Officer: "0123456789abcdef", Purpose: "supply-monitoring",
		Question: guichet.Question{Dataset: "trade", Where: map[string][]string{"flow": {"imports"}, "reporter": {"CA"}}, By: []string{"partner"}, Measures: []string{"value"}},
		Salt:     bytes.Repeat([]byte{7}, 32), Put: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
	for _, f := range change {
		f(&r)
	}
	body, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	return desk.Asked{Request: r, Body: body}
}

func (c *counter) reply(tb testing.TB, a desk.Asked) desk.Sealed {
	tb.Helper()
	s, err := c.Reply(tb.Context(), a)
	if err != nil {
		tb.Fatal(err)
	}
	c.sealed(tb, a, s)
	return s
}

// sealed holds a reply to what every reply promises: its body says what it is
// of, and its leaf is of that very body.
func (c *counter) sealed(tb testing.TB, a desk.Asked, s desk.Sealed) {
	tb.Helper()
	n := binary.BigEndian.Uint32(s.Body)
	var head guichet.Reply
	if err := json.Unmarshal(s.Body[4:4+n], &head); err != nil {
		tb.Fatal(err)
	}
	sum := sha256.Sum256(a.Body)
	if head.Exchange != a.Request.Exchange || head.Request != hex.EncodeToString(sum[:]) || head.Member != "CA" || head.Exchange != s.Reply.Exchange || head.Request != s.Reply.Request {
		tb.Errorf("the body is of exchange %s and request %s", head.Exchange, head.Request)
	}
	if head.Answer != nil && len(head.Answer.Rows) > 0 || head.Decision.Permitted != (head.Answer != nil) {
		tb.Errorf("the head has rows, or an answer to what was refused: %s", s.Body[4:4+n])
	}
	c.mu.Lock()
	leaf := c.log[s.Leaf]
	c.mu.Unlock()
	digest := func(b []byte) string {
		m := hmac.New(sha256.New, a.Request.Salt)
		_, _ = m.Write(b)
		return hex.EncodeToString(m.Sum(nil))
	}
	kind := guichet.LeafAnswered
	if !head.Decision.Permitted {
		kind = guichet.LeafRefused
	}
	if leaf.Reply != digest(s.Body) || leaf.Request != digest(a.Body) || leaf.Exchange != a.Request.Exchange || leaf.Kind != kind || leaf.Rows != s.Rows || leaf.Clause != head.Decision.Clause || leaf.Hidden != int64(head.Hidden) {
		tb.Errorf("the leaf is not of this reply: %+v", leaf)
	}
}

// rows are the rows of a reply as the encoder wrote them, but for the dimensions
// that stand apart and for marks.
func rowsOf(s desk.Sealed) []string {
	n := binary.BigEndian.Uint32(s.Body)
	var out []string
	for l := range strings.Lines(string(s.Body[4+n:])) {
		w := strings.Fields(l)
		out = append(out, w[1]+" "+w[figureAt(s)])
	}
	slices.Sort(out)
	return out
}

// figureAt is the place of the last measure among the columns of a reply.
func figureAt(s desk.Sealed) int {
	last := 0
	for i, c := range s.Reply.Answer.Columns {
		if c.Measure {
			last = i
		}
	}
	return last
}

func has(tb testing.TB, s desk.Sealed, reason guichet.GapReason, text string) {
	tb.Helper()
	if !slices.ContainsFunc(s.Reply.Answer.Gaps, func(g guichet.Gap) bool { return g.Reason == reason && strings.Contains(g.Text, text) }) {
		tb.Errorf("no gap %s with %q among %v", reason, text, s.Reply.Answer.Gaps)
	}
}

func stepsAre(tb testing.TB, c *counter, want string) {
	tb.Helper()
	if got := strings.Join(c.steps, " "); got != want {
		tb.Errorf("steps %q, want %q", got, want)
	}
	c.steps = nil
}

func published(period string, lines ...string) file {
	return file{id: "stats-" + period, grain: "aggregate", regime: "statistical", released: "2025-01-31", period: period, lines: lines}
}

// TestAnAnswerIsDecidedFoundGivenAndRecordedInThatOrder: and a refusal is
// recorded and returned like an answer, without a look at the tables.
func TestAnAnswerIsDecidedFoundGivenAndRecordedInThatOrder(t *testing.T) {
	c := newCounter(t)
	c.tables.take(t, published("2024", "630790 CN 10", "630790 DE 5"))
	s := c.reply(t, ask(1))
	stepsAre(t, c, "decide encode give record")
	if got := rowsOf(s); !slices.Equal(got, []string{"CN 10", "DE 5"}) || s.Rows != 2 || s.Reply.Snapshot != "trade@1" {
		t.Errorf("%v, %d rows of %s", got, s.Rows, s.Reply.Snapshot)
	}
	if by := c.seen.Request.Question.By; !slices.Contains(by, "valuation") || by[0] != "reporter" {
		t.Errorf("the decider saw a question by %v, which is not completed", by)
	}
	if g := c.given[0]; len(c.given) != 1 || g.Party.Member != "NZ" || g.Agreement != "b5" || len(g.Cells) != 2 || g.Exchange != s.Reply.Exchange || g.Cells[0].Hidden || len(g.Cells[0].Key) != len(g.Question.By) {
		t.Errorf("the ledger has %+v", c.given)
	}
	c.decision = guichet.Decision{Agreement: "b5", Version: 1, Clause: "purposes.permitted", Text: "not for this"}
	finds := c.tables.finds
	s = c.reply(t, ask(2))
	stepsAre(t, c, "decide record")
	if s.Reply.Answer != nil || s.Reply.Decision.Clause != "purposes.permitted" || c.tables.finds != finds || len(rowsOf(s)) != 0 {
		t.Errorf("the refusal is %+v", s.Reply)
	}
}

// TestAWrongQuestionIsRefusedAndRecorded: with its kind; and whoever may not ask
// is not told what is wrong.
func TestAWrongQuestionIsRefusedAndRecorded(t *testing.T) {
	c := newCounter(t)
	c.tables.take(t, published("2024", "630790 CN 10"))
	for name, x := range map[string]struct {
		change func(*guichet.Request)
		kind   guichet.Kind
	}{
		"private":      {func(r *guichet.Request) { r.Question.By = []string{"trader"} }, guichet.KindRefused},
		"no dimension": {func(r *guichet.Request) { r.Question.By = []string{"nonsense"} }, guichet.KindInvalid},
		"no code":      {func(r *guichet.Request) { r.Question.Where["product"] = []string{"covid19/nonsense"} }, guichet.KindNotFound},
	} {
		s := c.reply(t, ask(1, x.change))
		if s.Reply.Decision.Clause != desk.ClauseQuestion || s.Reply.Fault != x.kind || s.Reply.Decision.Text == "" || s.Reply.Decision.Agreement != "b5" {
			t.Errorf("%s: %+v", name, s.Reply)
		}
		c.decision.Permitted = false
		c.decision.Clause = "none"
		if s := c.reply(t, ask(2, x.change)); s.Reply.Fault != "" || s.Reply.Decision.Clause != "none" {
			t.Errorf("%s: who may not ask is told %+v", name, s.Reply)
		}
		c.decision.Permitted, c.decision.Clause = true, ""
	}
	c.fail["encode"] = guichet.Errorf(guichet.KindInvalid, "too many rows").WithHint("ask for less")
	if s := c.reply(t, ask(3)); s.Reply.Decision.Clause != desk.ClauseQuestion || s.Reply.Decision.Hint != "ask for less" {
		t.Errorf("too many rows: %+v", s.Reply)
	}
	if len(c.given) != 0 {
		t.Errorf("the ledger has %v, and nothing was given", c.given)
	}
	for name, change := range map[string]func(*guichet.Request){
		"exchange": func(r *guichet.Request) { r.Exchange = `x","member":"` }, "salt": func(r *guichet.Request) { r.Salt = nil }, "to": func(r *guichet.Request) { r.To = "US" },
		"ours":    func(r *guichet.Request) { r.From.Member = "CA" },
		"officer": func(r *guichet.Request) { r.Officer = "Jane Doe" }, "purpose": func(r *guichet.Request) { r.Purpose = strings.Repeat("p", 70_000) },
	} {
		if _, err := c.Reply(t.Context(), ask(4, change)); guichet.KindOf(err) != guichet.KindInvalid {
			t.Errorf("%s: %v, want no request", name, err)
		}
	}
}

// TestNothingLeavesUnrecorded: whichever step fails, no body comes out; a journal
// that cannot write closes the counter to all until it is reopened; a ledger that
// cannot keeps back its own answer alone; who hangs up closes nothing.
func TestNothingLeavesUnrecorded(t *testing.T) {
	boom := errors.New("boom")
	c := newCounter(t)
	c.tables.take(t, published("2024", "630790 CN 10"))
	none := func(what string, want guichet.Kind) {
		t.Helper()
		s, err := c.Reply(t.Context(), ask(1))
		if guichet.KindOf(err) != want || s.Body != nil || len(c.log) != 0 {
			t.Errorf("%s: %v with %d bytes and %d leaves", what, err, len(s.Body), len(c.log))
		}
	}
	c.tables.fail = boom
	none("the tables", guichet.KindInternal)
	c.tables.fail = nil
	for _, name := range []string{"encode", "give"} {
		c.fail[name] = boom
		none(name, guichet.KindInternal)
		c.fail[name] = nil
	}
	c.fail["record"] = guichet.Errorf(guichet.KindInvalid, "no leaf")
	none("no leaf", guichet.KindInvalid)
	if c.Closed() != nil {
		t.Errorf("a leaf that is none has closed the counter: %v", c.Closed())
	}
	c.fail["record"] = boom
	none("the journal", guichet.KindBusy)
	c.fail["record"] = nil
	none("closed", guichet.KindBusy)
	if guichet.KindOf(c.Closed()) != guichet.KindBusy {
		t.Errorf("the counter says that it is open: %v", c.Closed())
	}
	if err := c.Records(t.Context(), ask(1), nil); guichet.KindOf(err) != guichet.KindBusy {
		t.Errorf("records of a closed counter: %v", err)
	}
	c.Reopen()
	c.reply(t, ask(2))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Reply(ctx, ask(3)); err != nil || c.Closed() != nil {
		t.Errorf("somebody hung up: %v, %v", err, c.Closed())
	}
}

// TestHeldReady: the same question of the same party under the same decision is
// answered without the tables, in the words of its own exchange, and recorded;
// a file taken in, another word of the decision, another party or another day is
// another answer.
func TestHeldReady(t *testing.T) {
	c := newCounter(t)
	c.tables.take(t, published("2024", "630790 CN 10"))
	n := 0
	held := func(what string, want bool, change ...func(*guichet.Request)) {
		t.Helper()
		n++
		finds, leaves, sets := c.tables.finds, len(c.log), len(c.given)
		s := c.reply(t, ask(n, change...))
		if s.Held != want || (c.tables.finds == finds) != want || len(c.log) != leaves+1 || (len(c.given) == sets) != want {
			t.Errorf("%s: held %v, %d looks, %d leaves, %d sets", what, s.Held, c.tables.finds-finds, len(c.log)-leaves, len(c.given)-sets)
		}
	}
	held("first", false)
	held("again", true)
	held("another party", false, func(r *guichet.Request) { r.From.Office = "customs" })
	held("the party of that name in another circle", false, func(r *guichet.Request) { r.From.Circle = "asean" })
	held("another question", false, func(r *guichet.Request) { r.Question.Lang = "fr" })
	c.decision.Version, c.decision.Digest = 2, "d2"
	held("another version", false)
	held("again", true)
	c.decision.Conditions.Rules.Threshold = 3
	held("other rules", false)
	c.decision.Notices = []guichet.Remark{{Code: "legal_basis", Text: "x"}}
	held("another notice", false)
	c.tables.take(t, published("2025", "630790 CN 10"))
	held("another state", false)
	held("again", true)
	c.clock.Move(24 * time.Hour)
	held("another day", false)
	c.decision.Permitted = false
	if s := c.reply(t, ask(99)); s.Reply.Answer != nil || s.Held {
		t.Errorf("what was held ready is given though it is refused: %+v", s.Reply)
	}
}

// TestManyAtOnce: fifty at a time, each with its own exchange and leaf.
func TestManyAtOnce(t *testing.T) {
	c := newCounter(t)
	c.tables.take(t, published("2024", "630790 CN 10"))
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			for j := range 4 {
				a := ask(i*10+j, func(r *guichet.Request) { r.Question.Limit = 1 + j%2 })
				s, err := c.Reply(t.Context(), a)
				if err != nil {
					t.Error(err)
					return
				}
				c.sealed(t, a, s)
			}
		})
	}
	wg.Wait()
	if len(c.log) != 200 {
		t.Errorf("%d leaves of 200 exchanges", len(c.log))
	}
}
