package desk

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"guichet"
	"guichet/mark"
)

// ColumnCopyOf tells, in an answer that is drawn from several tables, of whom the
// row is a copy; null: it is our own.
const ColumnCopyOf = "copy_of"

// Part is one of several tables that an answer is drawn from: our own, or a copy of
// what another member holds. Each part is found, protected and noted in its own
// ledger like an answer of its own; they share the decision, the reply and the leaf.
type Part struct {
	Of        string   // the member whose copy it is; "" our own tables
	Desk      *Desk    // nil where it may not answer
	Reporters []string // of the question, that it answers; nil: the question names none
	Ledger    Ledger
	Notices   []guichet.Remark // to be shown with it: age, and the agreement it was taken under
	Gap       *guichet.Gap     // why it does not answer
}

// Together is Reply for a question that is answered from several tables side by side.
// Nothing is added up over them: a row says by ColumnCopyOf whose word it is. A part
// that may not answer is a gap, and the others answer; the caller has judged each copy
// by its own agreement, when the question came, and the decider judges the whole by
// the agreement with who asks, and counts it once. Nothing is held ready, since what
// parts say of their age changes. Errors as Reply's.
func (c *Counter) Together(ctx context.Context, a Asked, parts []Part) (Sealed, error) {
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
	var whole *work
	var given []guichet.GivenSet
	var ledgers []Ledger
	if e.decision.Permitted {
		whole = together(e)
	}
	for _, p := range parts {
		if !e.decision.Permitted {
			break
		}
		if p.Gap != nil {
			whole.answer.Gaps = append(whole.answer.Gaps, p.gaps(*p.Gap)...)
			continue
		}
		w, err := c.part(ctx, e, p)
		if err != nil {
			return Sealed{}, err
		}
		if w == nil || !e.decision.Permitted {
			continue
		}
		if w.desk != nil { // something was looked for
			given, ledgers = append(given, c.setOf(e, w)), append(ledgers, p.Ledger)
		}
		p.Notices = slices.DeleteFunc(slices.Clone(p.Notices), func(r guichet.Remark) bool { return slices.Contains(e.decision.Notices, r) })
		whole.take(p, w)
	}
	if e.decision.Permitted {
		whole.tellCopies(c.cfg.Us)
	}
	made, err := c.encode(e, whole)
	if err != nil {
		return Sealed{}, err
	}
	for i, set := range given {
		if !e.decision.Permitted { // too large for one reply
			break
		}
		if err := ledgers[i].Give(ctx, set); err != nil {
			return Sealed{}, err
		}
	}
	body := c.assemble(e, made)
	leaf, err := c.record(ctx, e, c.leafOf(e, made, body))
	if err != nil {
		return Sealed{}, err
	}
	return c.handOver(e, made, body, leaf), nil
}

// part finds what one part answers, under the conditions of the whole; nil where the
// question itself is refused.
func (c *Counter) part(ctx context.Context, e *exchange, p Part) (*work, error) {
	weigher, ok := p.Desk.tables.(Weigher)
	if !ok {
		return nil, guichet.Errorf(guichet.KindInternal, "the tables of a copy of %s do not weigh contributions", p.Of)
	}
	of := &Counter{desk: p.Desk, cfg: c.cfg, weigher: weigher}
	own := *e
	if len(p.Reporters) > 0 {
		q := own.reading.question
		q.Where = maps.Clone(q.Where)
		q.Where[guichet.FieldReporter] = p.Reporters
		own.reading.question = q
	}
	w, err := of.find(ctx, &own)
	if err != nil {
		return nil, err
	}
	if own.fault != nil { // the question cannot be asked, of any of them
		e.fault, e.decision = own.fault, own.decision
		return nil, nil //nolint:nilnil // refused
	}
	if !own.decision.Permitted {
		return c.nothingOf(e, p, own.decision), nil
	}
	return w, nil
}

// nothingOf is the work of a part of which the agreement gives nothing: a gap.
func (c *Counter) nothingOf(e *exchange, p Part, d guichet.Decision) *work {
	w := together(e)
	w.answer.Gaps = p.gaps(guichet.Gap{Reporter: cmp.Or(p.Of, c.cfg.Us), Reason: guichet.GapRefused, Text: fmt.Sprintf("%s (%s)", d.Text, d.Clause)})
	return w
}

// gaps tells a gap of each reporter that the question names of a part.
func (p Part) gaps(g guichet.Gap) []guichet.Gap {
	out := make([]guichet.Gap, len(p.Reporters))
	for i, reporter := range p.Reporters {
		out[i] = g
		out[i].Reporter = reporter
	}
	if len(out) == 0 {
		out = append(out, g)
	}
	return out
}

// together begins the answer that parts are taken into.
func together(e *exchange) *work {
	w := &work{ds: e.reading.dataset, q: e.reading.question, rows: &folded{}}
	w.answer = guichet.Answer{
		Question: e.reading.question, AsOf: e.at, Rows: []guichet.Row{}, Remarks: []guichet.Remark{}, Gaps: []guichet.Gap{}, Sources: []guichet.Source{},
		Columns: []guichet.Column{{Name: ColumnCopyOf, Title: guichet.Text{EN: "copy of what is held by", FR: "copie de ce que détient"}}},
	}
	return w
}

// take adds what a part has found.
func (w *work) take(p Part, from *work) {
	a := &w.answer
	for _, c := range from.answer.Columns {
		if !slices.ContainsFunc(a.Columns, func(o guichet.Column) bool { return o.Name == c.Name }) {
			a.Columns = append(a.Columns, c)
		}
	}
	slices.SortStableFunc(a.Columns, func(a, b guichet.Column) int { return mark.Last(a.Name, b.Name) })
	var of any
	if p.Of != "" {
		of = p.Of
	}
	for _, row := range from.answer.Rows {
		row[ColumnCopyOf] = of
		a.Rows = append(a.Rows, row)
	}
	for _, r := range slices.Concat(p.Notices, from.answer.Remarks) {
		if !slices.Contains(a.Remarks, r) {
			a.Remarks = append(a.Remarks, r)
		}
	}
	a.Gaps = append(a.Gaps, from.answer.Gaps...)
	for _, s := range from.answer.Sources {
		s.Member = p.Of
		a.Sources = append(a.Sources, s)
	}
	if from.answer.AsOf.Before(a.AsOf) {
		a.AsOf = from.answer.AsOf
	}
	w.hidden += from.hidden
	if from.desk != nil {
		w.states = append(w.states, strings.TrimPrefix("copy/"+p.Of+"/", "copy//")+from.snapshot())
	}
}

// tellCopies remarks where several parts speak of one reporter: a reader who adds up
// would count it as often.
func (w *work) tellCopies(us string) {
	said := map[string][]string{}
	for _, s := range w.answer.Sources {
		for reporter := range strings.FieldsSeq(s.Reporter) {
			if of := cmp.Or(s.Member, us); !slices.Contains(said[reporter], of) {
				said[reporter] = append(said[reporter], of)
			}
		}
	}
	for _, reporter := range slices.Sorted(maps.Keys(said)) {
		if by := said[reporter]; len(by) > 1 {
			w.remark(guichet.Remark{Code: RemarkSeveralCopies, Reporter: reporter, Text: w.say(
				"the figures of %s are told from what %s hold: the same figures told more than once; the rows stand side by side and must not be added",
				"les chiffres de %s sont dits d’après ce que détiennent %s : les mêmes chiffres dits plusieurs fois ; les lignes sont côte à côte et ne doivent pas être additionnées", reporter, strings.Join(by, ", "))})
		}
	}
}
