package desk

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"guichet"
)

// Asked is a member's request as it came.
type Asked struct {
	Request guichet.Request
	Body    []byte            // its bytes: what digests are of
	Key     guichet.MemberKey // the seal key that signed it
}

// Decider says who may ask what.
type Decider interface {
	// Decide judges a request. Its question is completed (what it is answered by,
	// measures, dimensions that stand apart) wherever it can be. A doubt refuses.
	Decide(ctx context.Context, a Asked) guichet.Decision
}

// Encoder writes an answer's rows in columns.
type Encoder interface {
	// EncodeRows returns an Arrow IPC stream; KindInvalid when the rows are too
	// many for one answer.
	EncodeRows(columns []guichet.Column, rows []guichet.Row) ([]byte, error)
}

// Journal is the log of a circle.
type Journal interface {
	// Append returns the index of the leaf once it is durable. KindInvalid: the
	// leaf is none; any other error: nothing can be written, and the counter
	// closes.
	Append(ctx context.Context, leaf guichet.Leaf) (int64, error)
}

// Ledger remembers which cells each party was given.
type Ledger interface {
	// Give returns when the set is durable; after an error nothing may be given.
	Give(ctx context.Context, set guichet.GivenSet) error
}

// Tally counts what was given.
type Tally interface {
	// Answered returns how many answers a member was given under an agreement on
	// a day, UTC.
	Answered(ctx context.Context, circle, member, agreement string, day time.Time) (int, error)
}

// CounterConfig says what a counter is made of. All but Tally and HeldBytes must
// be there.
type CounterConfig struct {
	Us        string // our member code: "CA"
	Decider   Decider
	Protector Protector
	Encoder   Encoder
	Journal   Journal
	Ledger    Ledger
	Tally     Tally // nil: the quota is the decider's alone
	HeldBytes int64 // answers held ready; 0: 64 MiB, under 0: none
	// Words says an error and its hint in both languages; nil: in English alone.
	Words func(error) (said, hint guichet.Text)
}

// Counter answers the members of one circle. It is safe for concurrent use.
type Counter struct {
	desk    *Desk
	cfg     CounterConfig
	weigher Weigher
	records Records
	read    readings
	held    held
	closed  atomic.Pointer[guichet.Error]
}

// Counter opens the desk to the members of a circle. KindInvalid when something
// is missing: a counter that cannot decide, protect or record never opens.
func (d *Desk) Counter(c CounterConfig) (*Counter, error) {
	weigher, weighs := d.tables.(Weigher)
	records, streams := d.tables.(Records)
	if c.Us == "" || c.Decider == nil || c.Protector == nil || c.Encoder == nil || c.Journal == nil || c.Ledger == nil || !weighs || !streams {
		return nil, guichet.Errorf(guichet.KindInvalid, "a counter needs a member, a decider, a protector, an encoder, a journal, a ledger, and tables that weigh contributions and stream records")
	}
	return &Counter{desk: d, cfg: c, weigher: weigher, records: records, held: held{limit: cmp.Or(c.HeldBytes, heldBytes)}}, nil
}

// Closed is the error of every reply while the journal cannot write, nil when
// the counter is open.
func (c *Counter) Closed() error {
	if e := c.closed.Load(); e != nil {
		return e
	}
	return nil
}

// Reopen opens a counter that closed. Whoever calls it has seen that the journal
// writes again; where it does not, the next reply closes the counter anew.
func (c *Counter) Reopen() { c.closed.Store(nil) }

// Sealed is a reply that is recorded and may leave.
type Sealed struct {
	Reply guichet.Reply // its answer without rows, shared by all who got the same: not to be changed
	Body  []byte        // four bytes of length, big-endian, as many of JSON, then the rows as an Arrow IPC stream; none of a refusal
	Leaf  int64         // in the journal
	Rows  int64
	Held  bool // it was held ready
}

// Reply answers a member: with figures, or with a refusal, which is recorded and
// returned like an answer. A question that is wrong in itself is refused with the
// clause "question". The order of the steps is the guarantee: nothing is found
// that was not permitted, nothing is encoded that was not protected, nothing
// leaves that is not durable in the ledger and in the journal.
//
// After an error nothing may leave: KindInvalid, the request is no request;
// KindBusy, the journal cannot write and the counter is closed; else a fault of
// ours.
func (c *Counter) Reply(ctx context.Context, a Asked) (Sealed, error) {
	if err := c.Closed(); err != nil {
		return Sealed{}, err
	}
	if err := c.wellFormed(a); err != nil {
		return Sealed{}, err
	}
	e := c.begin(a)

	if err := c.decide(ctx, e); err != nil {
		return Sealed{}, err
	}
	made, err := c.ready(ctx, e)
	if err != nil {
		return Sealed{}, err
	}
	if made == nil {
		found, err := c.find(ctx, e) // and protect: a hidden cell is never folded
		if err != nil {
			return Sealed{}, err
		}
		if made, err = c.encode(e, found); err != nil {
			return Sealed{}, err
		}
		if err := c.give(ctx, e, found); err != nil {
			return Sealed{}, err
		}
		c.keep(e, made)
	}
	body := c.assemble(e, made)
	leaf, err := c.record(ctx, e, c.leafOf(e, made, body))
	if err != nil {
		return Sealed{}, err
	}
	return c.handOver(e, made, body, leaf), nil
}

// exchange is one request on its way through the steps.
type exchange struct {
	asked    Asked
	request  string    // SHA-256 of its bytes, hex
	at       time.Time // whole seconds, UTC
	reading  reading
	decision guichet.Decision
	fault    *guichet.Error // of the question
	key      string         // of the answer among those held ready; "" it is not held
	held     bool
	words    func(error) (said, hint guichet.Text)
}

// begin reads the question: completed, or with what is wrong in it.
func (c *Counter) begin(a Asked) *exchange {
	r := c.read.of(c.desk.tables, a.Request.Question)
	if r.fault == nil {
		a.Request.Question = r.question
	}
	sum := sha256.Sum256(a.Body)
	return &exchange{asked: a, request: hex.EncodeToString(sum[:]), at: c.desk.clock().UTC().Truncate(time.Second), reading: r, words: c.cfg.Words}
}

// decide asks whether the member may. Only what may be asked is told to be wrong:
// a refusal comes before any word about codes.
func (c *Counter) decide(ctx context.Context, e *exchange) error {
	e.decision = c.cfg.Decider.Decide(ctx, e.asked)
	if e.decision.Permitted && c.cfg.Tally != nil {
		from := e.asked.Request.From
		n, err := c.cfg.Tally.Answered(ctx, from.Circle, from.Member, e.decision.Agreement, e.at)
		if err != nil {
			return err
		}
		if n >= e.decision.Conditions.Quota {
			e.refuse("quota_per_day", e.say("the answers of this day are given", "les réponses de ce jour ont été données"), e.say("ask again tomorrow (UTC)", "demandez à nouveau demain (UTC)"))
		}
	}
	if e.decision.Permitted && e.reading.fault != nil {
		return e.faulty(e.reading.fault)
	}
	return nil
}

// refuse turns the decision into a refusal.
func (e *exchange) refuse(clause, text, hint string) {
	d := e.decision
	e.decision = guichet.Decision{Agreement: d.Agreement, Version: d.Version, Digest: d.Digest, Clause: clause, Text: text, Hint: hint, Notices: d.Notices}
}

// ClauseQuestion is the clause of a refusal of what is wrong in itself.
const ClauseQuestion = "question"

// faulty refuses for what is wrong with the question; other errors are ours.
func (e *exchange) faulty(err error) error {
	fault, ok := errors.AsType[*guichet.Error](err)
	if !ok || !slices.Contains([]guichet.Kind{guichet.KindInvalid, guichet.KindNotFound, guichet.KindRefused}, fault.Kind) {
		return err
	}
	e.fault = fault
	said, hint := guichet.Text{EN: fault.Message}, guichet.Text{EN: fault.Hint}
	if e.words != nil {
		said, hint = e.words(fault)
	}
	lang := e.asked.Request.Question.Lang
	e.refuse(ClauseQuestion, said.In(lang), hint.In(lang))
	return nil
}

func (e *exchange) say(en, fr string) string {
	return guichet.Text{EN: en, FR: fr}.In(e.asked.Request.Question.Lang)
}

// find answers a permitted question under its conditions; nil when it is
// refused.
func (c *Counter) find(ctx context.Context, e *exchange) (*work, error) {
	if !e.decision.Permitted {
		return nil, nil //nolint:nilnil // a refusal has no work behind it
	}
	w, holdings, err := c.bound(ctx, e)
	if err == nil && w != nil {
		err = w.run(ctx, holdings)
	}
	if err != nil {
		return nil, e.faulty(err)
	}
	return w, nil
}

// bound begins the work under the conditions of the decision; nil when these
// leave nothing of the question.
func (c *Counter) bound(ctx context.Context, e *exchange) (*work, []guichet.Holding, error) {
	r := e.reading
	q, said, clause := narrow(r.dataset, r.question, e.decision.Conditions)
	if clause != "" {
		e.refuse(clause, e.say("the agreement gives nothing of what is asked", "l'accord ne donne rien de ce qui est demandé"), "")
		return nil, nil, nil
	}
	t := terms{Conditions: e.decision.Conditions, member: true, protector: c.cfg.Protector, weigher: c.weigher}
	w, holdings, err := c.desk.begin(ctx, r.dataset, q, t)
	if err != nil {
		return nil, nil, err
	}
	for i, x := range said { // "freq A, Q, M"
		name, values, _ := strings.Cut(x, " ")
		said[i] = w.called(name) + " " + values
	}
	if len(said) > 0 {
		w.remark(guichet.Remark{Code: RemarkNarrowed, Text: w.say("what the question left open was narrowed to what the agreement gives: %s", "ce que la question laissait ouvert a été restreint à ce que l'accord donne : %s", strings.Join(said, "; "))})
	}
	return w, holdings, nil
}

// journalWait bounds how long a leaf may take: a journal that hangs is one that
// cannot write.
const journalWait = 10 * time.Second

// record writes the leaf. Whoever asked may have gone: the leaf is written all
// the same, since it is not known how far it came.
func (c *Counter) record(ctx context.Context, e *exchange, leaf guichet.Leaf) (int64, error) {
	if err := c.Closed(); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), journalWait)
	defer cancel()
	i, err := c.cfg.Journal.Append(ctx, leaf)
	if guichet.KindOf(err) == guichet.KindInvalid {
		return 0, fmt.Errorf("exchange %s: %w", e.asked.Request.Exchange, err)
	}
	if err != nil {
		closed := &guichet.Error{
			Kind: guichet.KindBusy, Message: "the journal cannot be written, so the desk is closed: nothing leaves that is not recorded",
			Hint: "ask again later; the operator sees why with: guichet doctor", Err: err,
		}
		c.closed.Store(closed)
		return 0, closed
	}
	return i, nil
}
