package desk

import (
	"context"
	"time"

	"guichet"
)

// Tables is what the desk needs of the store.
type Tables interface {
	// Dataset returns a descriptor; KindNotFound for a name not held here.
	Dataset(name string) (*guichet.Dataset, error)
	// Holdings returns who answers at a moment, with the units in force.
	Holdings(ctx context.Context, dataset string, at guichet.Moment) ([]guichet.Holding, error)
	// Purged returns who would answer at a moment with units whose rows were
	// removed for good, and those units.
	Purged(ctx context.Context, dataset string, at guichet.Moment) ([]guichet.Holding, error)
	// State names the present state of the tables: an answer keeps to one.
	State(ctx context.Context, dataset string) (int, error)
	// Find runs a plan.
	Find(ctx context.Context, p guichet.Plan) ([]guichet.Found, error)
}

// Desk answers questions.
type Desk struct {
	tables Tables
	clock  guichet.Clock
}

// New returns a desk over tables.
func New(tables Tables, clock guichet.Clock) *Desk { return &Desk{tables, clock} }

// Answer answers a question. Errors are KindInvalid for what cannot be asked
// and KindNotFound for codes and names that do not exist; a figure that is not
// there is no error but a gap with its reason.
func (d *Desk) Answer(ctx context.Context, q guichet.Question) (guichet.Answer, error) {
	ds, err := d.tables.Dataset(q.Dataset)
	if err != nil {
		return guichet.Answer{}, err
	}
	q, err = complete(ds, q)
	if err != nil {
		return guichet.Answer{}, err
	}
	w, holdings, err := d.begin(ctx, ds, q, terms{})
	if err != nil {
		return guichet.Answer{}, err
	}
	if err := w.run(ctx, holdings); err != nil {
		return guichet.Answer{}, err
	}
	return w.answer, nil
}

// begin prepares the work on a completed question: the state of the tables that
// it keeps to, and who may answer it under the terms.
func (d *Desk) begin(ctx context.Context, ds *guichet.Dataset, q guichet.Question, t terms) (*work, []guichet.Holding, error) {
	state, err := d.tables.State(ctx, ds.Name)
	if err != nil {
		return nil, nil, err
	}
	w := &work{ds: ds, q: q, desk: d, terms: t, moment: guichet.Moment{AsOf: q.AsOf, Vintage: q.Vintage, State: state}}
	w.answer = guichet.Answer{Question: q, Rows: []guichet.Row{}, Remarks: []guichet.Remark{}, Gaps: []guichet.Gap{}, Sources: []guichet.Source{}, AsOf: q.AsOf}
	if q.AsOf.IsZero() {
		w.answer.AsOf = d.clock().UTC().Truncate(time.Second)
	}
	holdings, err := w.holdings(ctx)
	if err != nil {
		return nil, nil, err
	}
	if w.purged, err = d.tables.Purged(ctx, ds.Name, w.moment); err != nil {
		return nil, nil, err
	}
	return w, w.admitted(holdings), nil
}

// work is one answer in the making.
type work struct {
	ds     *guichet.Dataset
	q      guichet.Question // completed, and narrowed by the terms
	desk   *Desk
	terms  terms
	moment guichet.Moment
	answer guichet.Answer

	plan guichet.Plan
	subs map[string]*guichet.Submission // in use, by id
	rows *folded

	purged []guichet.Holding         // whose rows would answer, and were removed for good
	kept   map[string][]guichet.Unit // by reporter: what the terms keep from the asker
	hidden int                       // rows of which the figures are hidden

	omitted map[string]bool // rows that are left out like those of nothing

	states []string // of an answer from several tables: the state of each
}

// run goes through the answer's steps, reporter by reporter.
func (w *work) run(ctx context.Context, holdings []guichet.Holding) error {
	w.plans()
	reporters := w.reporters(holdings)
	if err := w.unplaced(ctx, reporters); err != nil {
		return err
	}
	for _, reporter := range reporters {
		stacks, err := w.choose(ctx, reporter, holdings)
		if err != nil {
			return err
		}
		for _, stack := range stacks {
			parts, err := w.parts(reporter, stack)
			if err != nil {
				return err
			}
			if len(parts) == 0 {
				continue
			}
			if err := w.ask(ctx, reporter, stack, parts); err != nil {
				return err
			}
		}
	}
	w.finish()
	return nil
}

// plans prepares what every plan of the answer has in common.
func (w *work) plans() {
	w.subs, w.omitted = map[string]*guichet.Submission{}, map[string]bool{}
	w.rows = newFolded(w.ds, w.q)
	w.plan = guichet.Plan{
		Dataset: w.ds.Name, Moment: w.moment, By: w.rows.rowKeys, Measures: w.rows.kept,
		Periods: w.rows.usd != "",
	}
}

// ask runs the parts of one stack and folds what comes.
func (w *work) ask(ctx context.Context, reporter string, st stack, parts []guichet.PlanPart) error {
	plan := w.plan
	plan.Parts, plan.Periods = parts, plan.Periods || w.listedOnly(st)
	found, err := w.desk.tables.Find(ctx, plan)
	if err != nil {
		return err
	}
	for _, h := range st.holdings {
		w.subs[h.Submission.ID] = h.Submission
	}
	switch w.protection(st) {
	case weighed, counted, unknown:
		return w.askWeighed(ctx, asking{reporter, st, parts}, found)
	case published:
		w.remark(guichet.Remark{Code: RemarkOfficeProtection, Reporter: reporter, Text: w.say(
			"%s, %s: published figures; they are protected by the office that publishes them, and the agreement's rules cannot be held against them",
			"%s, %s : chiffres publiés ; ils sont protégés par l'office qui les publie, et les règles de l'accord ne peuvent leur être appliquées", w.dimsText(st.dims), st.cube)})
	case unprotected:
	}
	for _, f := range found {
		w.rows.add(w.subs[f.Submission], reporter, f)
	}
	hidden, err := w.askHidden(ctx, reporter, st, parts)
	if err != nil {
		return err
	}
	if err := w.askOutliers(ctx, reporter, st, parts); err != nil {
		return err
	}
	switch {
	case len(found) > 0:
		w.missingMembers(reporter, st, found)
		w.untoldDimensions(reporter, st, found)
		if err := w.tellListed(ctx, reporter, st, parts); err != nil {
			return err
		}
	case !hidden:
		if err := w.nothingFound(ctx, reporter, st, parts); err != nil {
			return err
		}
	}
	w.explainUse(reporter, st)
	return nil
}
