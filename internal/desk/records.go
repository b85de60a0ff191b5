package desk

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"guichet"
)

// Records is what the counter needs of the store for rows as they are.
type Records interface {
	// Stream writes the rows of a plan, not their sums, as an Arrow IPC stream and
	// returns how many they were; an error may come after bytes were written.
	Stream(ctx context.Context, p guichet.Plan, w io.Writer) (int64, error)
}

// RecordsWriter takes a large answer, in this order: Refuse alone; or Begin, the
// bytes of an Arrow IPC stream, Root, End. An error that Records returns after
// Begin means that the stream has no end.
type RecordsWriter interface {
	Refuse(body []byte, leaf uint64) error
	Begin(head guichet.Reply, leaf uint64) error
	io.Writer
	Root() (string, error) // of the chain over all that was written, hex
	End(rows int64, leaf uint64) error
}

// ClauseRecords and ClauseDisclosure are the clauses by which records are
// refused here: the agreement gives none, or its rules protect cells, and rows of
// declarations cannot be protected one by one.
const (
	ClauseRecords    = "records"
	ClauseDisclosure = "disclosure"
)

// Records answers a member with rows: the columns that the question is answered
// by, which the decision has bounded like those of any answer, and its measures.
// Rows that these columns tell apart come as they are; those that they do not are
// added up, so that none leaves that is finer than its labels. Private fields never; declaration lines only where
// the agreement asks for no protection of cells. The order is that of Reply; the
// leaf of the beginning is durable before the first byte, that of the end before
// the last.
//
// Errors before Begin are as those of Reply. After Begin any error means that the
// stream is cut, and the journal says so by an end without a digest.
func (c *Counter) Records(ctx context.Context, a Asked, out RecordsWriter) error {
	if err := c.Closed(); err != nil {
		return err
	}
	if err := c.wellFormed(a); err != nil {
		return err
	}
	e := c.begin(a)

	if err := c.decide(ctx, e); err != nil {
		return err
	}
	if e.decision.Permitted && !e.decision.Conditions.Records {
		e.refuse(ClauseRecords, e.say("the agreement gives sums, not rows as they are", "l'accord donne des sommes, non les lignes telles quelles"), e.say("ask without records", "demandez sans les lignes"))
	}
	w, plan, err := c.findRecords(ctx, e)
	if err != nil {
		return err
	}
	if !e.decision.Permitted {
		return c.refuseRecords(ctx, e, out)
	}
	if err := c.giveRecords(ctx, e, w); err != nil {
		return err
	}
	head := c.headOf(e, w)
	leaf := c.leaf(e, guichet.LeafStarted)
	leaf.Snapshot = head.Snapshot
	started, err := c.record(ctx, e, leaf)
	if err != nil {
		return err
	}
	if err := out.Begin(head, index(started)); err != nil {
		return errors.Join(err, c.cutShort(ctx, e, 0))
	}
	rows, err := c.records.Stream(ctx, plan, out)
	if err != nil {
		return errors.Join(err, c.cutShort(ctx, e, rows))
	}
	return c.endRecords(ctx, e, out, rows)
}

// findRecords chooses the submissions as an answer would, and makes one plan of
// their rows. The refusals that only what is held can tell are made here.
func (c *Counter) findRecords(ctx context.Context, e *exchange) (*work, guichet.Plan, error) {
	if !e.decision.Permitted {
		return nil, guichet.Plan{}, nil
	}
	w, holdings, err := c.bound(ctx, e)
	if err != nil {
		return nil, guichet.Plan{}, e.faulty(err)
	}
	if w == nil { // refused
		return nil, guichet.Plan{}, nil
	}
	plan, protected, err := w.records(ctx, holdings)
	if err != nil {
		return nil, guichet.Plan{}, e.faulty(err)
	}
	if protected {
		e.refuse(ClauseDisclosure, e.say("rows as they are are not given where cells are protected", "les lignes telles quelles ne sont pas données là où les cellules sont protégées"),
			e.say("ask for sums, or for published figures", "demandez des sommes, ou des chiffres publiés"))
	}
	return w, plan, nil
}

// records makes the plan; protected is true when rows would be given whose cells
// must be protected.
func (w *work) records(ctx context.Context, holdings []guichet.Holding) (plan guichet.Plan, protected bool, err error) {
	w.plans()
	reporters := w.reporters(holdings)
	if err := w.unplaced(ctx, reporters); err != nil {
		return plan, false, err
	}
	plan = guichet.Plan{Dataset: w.ds.Name, Moment: w.moment, By: w.recordBy(), Measures: w.measuresAsked(), Constant: map[string]map[string]string{}}
	for _, reporter := range reporters {
		stacks, err := w.choose(ctx, reporter, holdings)
		if err != nil {
			return plan, false, err
		}
		for _, st := range stacks {
			parts, err := w.parts(reporter, st)
			if err != nil {
				return plan, false, err
			}
			switch w.protection(st) {
			case weighed, counted, unknown:
				return plan, true, nil
			case published, unprotected:
			}
			plan.Parts = append(plan.Parts, parts...)
			plan.Grouped = plan.Grouped || !w.toldApart(st)
			for by, values := range w.constants(st) {
				if plan.Constant[by] == nil {
					plan.Constant[by] = map[string]string{}
				}
				maps.Copy(plan.Constant[by], values)
			}
			for _, h := range st.holdings {
				w.cite(h.Submission)
				w.rows.unnamed[h.Submission.ID] = true
			}
			w.explainUse(reporter, st)
		}
	}
	if plan.Grouped { // files may be cut by what must not be told apart
		plan.By = slices.DeleteFunc(plan.By, func(by string) bool { return by == guichet.FieldSubmission })
	}
	if plan.Measures, err = w.addable(plan); err != nil {
		return plan, false, err
	}
	w.finishRecords(plan)
	return plan, false, nil
}

// addable leaves out of a plan that adds rows up what cannot be added, and
// refuses percentiles that are derived: as rows, what they are made of would leave,
// which was not asked for.
func (w *work) addable(plan guichet.Plan) ([]string, error) {
	for _, d := range w.rows.banded {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s", w.say("%s is made of sums, and rows have none", "%s se tire de sommes, et les lignes n'en ont pas", d.Name)).
			WithHint("%s", w.say("ask without records, or for its bands: %s", "demandez sans les lignes, ou ses tranches : %s", strings.Join(d.Parts(), ", ")))
	}
	if !plan.Grouped {
		return plan.Measures, nil
	}
	var out []string
	for _, m := range plan.Measures {
		if w.rows.alone(m) {
			w.gap("", guichet.GapIncomparable, w.say("%s: rows are given added up, and such figures cannot be added", "%s : les lignes sont données additionnées, et de tels chiffres ne s'additionnent pas", m), "")
			continue
		}
		out = append(out, m)
	}
	if len(out) == 0 {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s", w.say("nothing is left of the measures asked for: they cannot be added", "il ne reste rien des mesures demandées : elles ne s'additionnent pas")).
			WithHint("%s", w.say("ask as fine as they are kept", "demandez aussi fin qu'elles sont tenues"))
	}
	return out, nil
}

// toldApart says whether the columns asked for tell every row of a stack by all
// that its files break down by: then each leaves as it is. Else rows that they do
// not tell apart leave as one: a row of ten digits under six, or of a partner in
// an answer without partners, is finer than what was asked, decided and granted.
func (w *work) toldApart(st stack) bool {
	c := w.ds.Class()
	if w.shown(c) < w.levels(st) || w.levels(st) > deepestCommon && w.shown(c) != asPublished {
		return false
	}
	for _, f := range w.ds.RowFields() {
		told := slices.Contains(w.q.By, f.Name) || w.isUnitField(f.Name) || f.Name == c.Code || f.Name == c.Common
		if f.Role == guichet.Dimension && !told && !covers(st, f.Name, "none") && !w.otherGrains(st, f.Name) {
			return false
		}
	}
	return true
}

// recordBy are the columns of a record before its measures: those asked for, and
// which file it is of (of a row as it is), its frequency, and what is to be known
// of it.
func (w *work) recordBy() []string {
	out := slices.Clone(w.q.By)
	for _, name := range []string{guichet.FieldSubmission, guichet.FieldFreq, guichet.FieldRemark} {
		if _, ok := w.ds.Field(name); ok && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// finishRecords describes the columns as they are streamed, and cites the
// sources.
func (w *work) finishRecords(plan guichet.Plan) {
	w.q.Measures = plan.Measures // what is derived is made of sums
	w.q.By = plan.By
	w.columns()
	w.sources()
	w.sortGaps()
}

// headOf is the reply that goes before records.
func (c *Counter) headOf(e *exchange, w *work) guichet.Reply {
	m := madeReply{reply: c.replyOf(e, w)}
	return c.handOver(e, &m, nil, 0).Reply
}

// refuseRecords answers with a refusal, as Reply would.
func (c *Counter) refuseRecords(ctx context.Context, e *exchange, out RecordsWriter) error {
	made, err := c.encode(e, nil)
	if err != nil {
		return err
	}
	body := c.assemble(e, made)
	leaf, err := c.record(ctx, e, c.leafOf(e, made, body))
	if err != nil {
		return err
	}
	return out.Refuse(body, index(leaf))
}

// giveRecords notes that the rows of a question were given, not which: the
// snapshot has them.
func (c *Counter) giveRecords(ctx context.Context, e *exchange, w *work) error {
	set := c.setOf(e, w)
	set.Records = true
	return c.cfg.Ledger.Give(ctx, set)
}

// endRecords writes the end leaf, under the digest of all that was sent, before
// the end is sent.
func (c *Counter) endRecords(ctx context.Context, e *exchange, out RecordsWriter, rows int64) error {
	root, err := out.Root()
	if err != nil {
		return errors.Join(err, c.cutShort(ctx, e, rows))
	}
	leaf := c.ended(e, rows)
	leaf.Reply = salted(e.asked.Request.Salt, []byte(root))
	ended, err := c.record(ctx, e, leaf)
	if err != nil {
		return err
	}
	return out.End(rows, index(ended))
}

// cutShort writes the leaf of a stream that broke off: it has no digest.
func (c *Counter) cutShort(ctx context.Context, e *exchange, rows int64) error {
	_, err := c.record(ctx, e, c.ended(e, rows))
	return err
}

func (c *Counter) ended(e *exchange, rows int64) guichet.Leaf {
	leaf := c.leaf(e, guichet.LeafEnded)
	leaf.Rows, leaf.Time = rows, c.desk.clock().UTC().Truncate(1e9)
	return leaf
}

func index(i int64) uint64 { return uint64(max(i, 0)) }
