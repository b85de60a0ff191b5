package desk

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"guichet"
)

// terms bind an answer to somebody else. The zero value binds nothing: the
// operator's own question.
//
// They are held inside the query. A submission that they keep back is out before
// a table is chosen, so that no row, no remark and no count of it is made; a
// dimension that they narrow is a condition of every plan.
type terms struct {
	guichet.Conditions

	member    bool // another member asks
	protector Protector
	weigher   Weigher
}

// narrow makes the question's open dimensions what the conditions give. It
// returns what was narrowed, in words, and the clause that leaves nothing of the
// question, "" where something is left: a question that goes beyond the
// conditions is the decider's to refuse, and is refused here where it did not.
func narrow(ds *guichet.Dataset, q guichet.Question, c guichet.Conditions) (out guichet.Question, said []string, clause string) {
	q.Where = maps.Clone(q.Where)
	if q.Where == nil {
		q.Where = map[string][]string{}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Where)) {
		given := c.Where[name]
		if own := q.Where[name]; len(own) > 0 {
			given = slices.DeleteFunc(slices.Clone(own), func(v string) bool { return !slices.Contains(c.Where[name], v) })
		}
		if len(given) == 0 {
			return q, nil, "where." + name
		}
		if !slices.Equal(given, q.Where[name]) {
			said = append(said, name+" "+strings.Join(given, ", "))
		}
		q.Where[name] = given
	}
	for _, name := range slices.Sorted(maps.Keys(c.Picks)) {
		cl, _, ok := ds.ClassificationBy(name)
		if !ok || len(c.Picks[name]) == 0 {
			return q, nil, "picks." + name
		}
		if own := q.Where[cl.Name]; len(own) > 0 && !(&work{ds: ds, q: q}).allOf(cl, own) {
			continue // it picks itself, and the decider has looked at what
		}
		q.Where[cl.Name] = c.Picks[name]
		said = append(said, cl.Name+" "+strings.Join(c.Picks[name], ", "))
	}
	if !c.Period.IsZero() {
		was := q.Period
		if q.Period = within(q.Period, c.Period); q.Period.IsZero() {
			return q, nil, "periods"
		}
		if q.Period != was {
			said = append(said, guichet.FieldPeriod+" "+q.Period.String())
		}
	}
	return q, said, ""
}

// within is what two spans have in common; zero where that is nothing. The zero
// span is all time.
func within(a, b guichet.Span) guichet.Span {
	if a.IsZero() {
		return b
	}
	if b.From.Start.After(a.From.Start) {
		a.From = b.From
	}
	if b.To.End().Before(a.To.End()) {
		a.To = b.To
	}
	if a.To.End().Before(a.From.Start) {
		return guichet.Span{}
	}
	return a
}

// holdings are the submissions that answer at the moment of the question, of
// those that the office had published by the day of the terms. Where all that is
// held was, the present answers, which is quicker than a vintage.
func (w *work) holdings(ctx context.Context) ([]guichet.Holding, error) {
	bound := w.terms.Released
	all, err := w.desk.tables.Holdings(ctx, w.ds.Name, w.moment)
	if err != nil || bound == "" || w.moment.Vintage != "" && w.moment.Vintage <= bound {
		return all, err
	}
	if _, err := time.Parse(time.DateOnly, bound); err != nil {
		return nil, guichet.Errorf(guichet.KindInternal, "the decision names %q for a day", bound)
	}
	// A file of which nobody told the day of its release is bound by the delay after
	// its period alone, which the decision has applied: else nothing that was taken
	// in without --released could ever be given.
	later := func(h guichet.Holding) bool { return h.Submission.Released > bound }
	if w.moment.Vintage == "" && !slices.ContainsFunc(all, later) {
		return all, nil
	}
	w.q.Vintage, w.moment.Vintage = bound, bound
	w.answer.Question.Vintage = bound
	return w.desk.tables.Holdings(ctx, w.ds.Name, w.moment)
}

// unplaced says which submissions stay out of a vintage because nobody knows
// when the office published them.
func (w *work) unplaced(ctx context.Context, reporters []string) error {
	if w.q.Vintage == "" {
		return nil
	}
	all, err := w.desk.tables.Holdings(ctx, w.ds.Name, guichet.Moment{AsOf: w.q.AsOf, State: w.moment.State})
	if err != nil {
		return err
	}
	for _, h := range all {
		if w.keptBack(h.Submission).EN != "" {
			continue
		}
		if h.Submission.Released != "" || !w.subMatches(h.Submission) {
			continue
		}
		for _, u := range h.Units {
			if slices.Contains(reporters, u.Reporter) && w.q.Period.Contains(u.Period) && w.unitMatches(u) {
				w.remark(w.coded(remarkVintageUnknown, u.Reporter, w.ours(h.Submission.File)))
				break
			}
		}
	}
	return nil
}

// admitted leaves out what the terms keep from the asker, and says so for each
// reporter that the question is about.
func (w *work) admitted(holdings []guichet.Holding) []guichet.Holding {
	if !w.terms.member {
		return holdings
	}
	w.kept = map[string][]guichet.Unit{}
	out := slices.DeleteFunc(slices.Clone(holdings), func(h guichet.Holding) bool { return w.keptBack(h.Submission).EN != "" })
	for _, h := range holdings {
		why := w.keptBack(h.Submission)
		if why.EN == "" {
			continue
		}
		for _, u := range h.Units {
			named := w.q.Where[guichet.FieldReporter]
			if len(named) > 0 && !slices.Contains(named, u.Reporter) || !w.q.Period.Contains(u.Period) || !w.unitMatches(u) || !w.subMatches(h.Submission) {
				continue
			}
			w.kept[u.Reporter] = append(w.kept[u.Reporter], u)
			if why == otherGrain && covered(out, u) {
				continue // the grain that is given answers: nothing is missing
			}
			w.gap(u.Reporter, guichet.GapNotCovered, w.dimsText(u.Dims)+", "+h.Submission.Field(guichet.FieldCube)+": "+why.In(w.q.Lang), "")
		}
	}
	return out
}

// covered says whether what may answer holds something of the same reporter and
// unit fields.
func covered(holdings []guichet.Holding, u guichet.Unit) bool {
	return slices.ContainsFunc(holdings, func(h guichet.Holding) bool {
		return slices.ContainsFunc(h.Units, func(o guichet.Unit) bool { return o.Reporter == u.Reporter && maps.Equal(o.Dims, u.Dims) })
	})
}

// otherGrain is why submissions of a grain that is not given stay back.
//
//nolint:gochecknoglobals // a sentence
var otherGrain = guichet.Text{EN: "held, and not of a grain that the agreement gives", FR: "détenu, et pas d'un grain que l'accord donne"}

// Fields of submissions that terms are held against, by the names that every
// dataset gives them.
const fieldRegime = "regime"

// keptBack says why a submission may not answer, nothing where it may.
func (w *work) keptBack(sub *guichet.Submission) guichet.Text {
	switch {
	case !w.terms.member:
		return guichet.Text{}
	case !sub.MayRedistribute:
		return guichet.Text{EN: "held, and not passed on: the source does not permit it", FR: "détenu, et non transmis : la source ne le permet pas"}
	case !slices.Contains(w.terms.Grains, sub.Field(guichet.FieldGrain)) && len(w.terms.Grains) > 0:
		return otherGrain
	case !slices.Contains(w.terms.Regimes, sub.Field(fieldRegime)) && len(w.terms.Regimes) > 0:
		return guichet.Text{EN: "held, and not for this purpose: its legal regime is another", FR: "détenu, et pas pour cette finalité : son régime juridique est autre"}
	}
	return guichet.Text{}
}
