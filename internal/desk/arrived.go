package desk

import (
	"context"
	"slices"

	"guichet"
)

// Arrived is a submission that came in and is about a question.
type Arrived struct {
	Submission *guichet.Submission
	Reporter   string
	Periods    []string // of the question, that it holds
	Replaces   []string // older submissions whose units it has taken over
}

// Arrivals tells which of some submissions, just come in, hold figures that a
// question is about, under the conditions of a decision: a submission that an
// answer would not use for this member is not told of either. all are those of the
// dataset, oldest first. Rows are looked for where the question picks some: a file
// of May without masks is no news about masks; but not where the decision protects
// cells, since that there are some tells of who stands behind them.
func (c *Counter) Arrivals(ctx context.Context, q guichet.Question, cond guichet.Conditions, all []*guichet.Submission, came func(*guichet.Submission) bool) ([]Arrived, error) {
	ds, err := c.desk.tables.Dataset(q.Dataset)
	if err != nil {
		return nil, err
	}
	if q, err = complete(ds, q); err != nil {
		return nil, err
	}
	q, _, clause := narrow(ds, q, cond)
	if clause != "" {
		return nil, nil
	}
	state, err := c.desk.tables.State(ctx, ds.Name)
	if err != nil {
		return nil, err
	}
	w := c.copier(ds, q, cond, state)
	holdings, err := w.holdings(ctx)
	if err != nil {
		return nil, err
	}
	var out []Arrived
	for _, h := range holdings {
		if !came(h.Submission) || w.keptBack(h.Submission).EN != "" {
			continue
		}
		for _, reporter := range reportersOf(h, q) {
			a, err := c.arrived(ctx, w, reporter, h)
			if err != nil {
				return nil, err
			}
			if a != nil {
				a.Replaces = replaced(ds, all, a)
				out = append(out, *a)
			}
		}
	}
	return out, nil
}

// arrived says what a submission holds of a question, nil where it is nothing.
func (c *Counter) arrived(ctx context.Context, of *work, reporter string, h guichet.Holding) (*Arrived, error) {
	w := c.copier(of.ds, of.q, of.terms.Conditions, of.moment.State)
	w.moment = of.moment
	out := &Arrived{Submission: h.Submission, Reporter: reporter}
	for _, st := range w.stacks(reporter, []guichet.Holding{h}) {
		parts, err := w.parts(reporter, st)
		if err != nil {
			return nil, err
		}
		if len(parts) == 0 {
			continue
		}
		if p := w.protection(st); p == weighed || p == counted || p == unknown {
			// That rows are there, or not, would tell what an answer hides: what the
			// submission is of is told, whatever it holds of the question.
			for _, p := range st.periods {
				if !slices.Contains(out.Periods, p.String()) {
					out.Periods = append(out.Periods, p.String())
				}
			}
			continue
		}
		plan := w.plan
		plan.Parts, plan.Periods, plan.By, plan.Measures = parts, true, nil, []string{w.ds.Main}
		found, err := c.desk.tables.Find(ctx, plan)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if p := f.Period.String(); f.Rows > 0 && !slices.Contains(out.Periods, p) {
				out.Periods = append(out.Periods, p)
			}
		}
	}
	if len(out.Periods) == 0 {
		return nil, nil //nolint:nilnil // nothing is an answer here
	}
	slices.Sort(out.Periods)
	return out, nil
}

// replaced are the older submissions of the same table that held a unit of the same
// reporter, unit fields and period.
func replaced(ds *guichet.Dataset, all []*guichet.Submission, a *Arrived) []string {
	key := func(u guichet.Unit) string {
		u.Scope = ""
		return u.Key(ds.UnitFields)
	}
	mine := map[string]bool{}
	for _, u := range a.Submission.Units {
		if u.Reporter == a.Reporter && slices.Contains(a.Periods, u.Period.String()) {
			mine[key(u)] = true
		}
	}
	var out []string
	for _, older := range all {
		if older.ID == a.Submission.ID {
			break
		}
		if older.Field(guichet.FieldCube) == a.Submission.Field(guichet.FieldCube) && slices.ContainsFunc(older.Units, func(u guichet.Unit) bool { return mine[key(u)] }) {
			out = append(out, older.ID)
		}
	}
	return out
}

// Judge decides a question without answering it, and returns it completed.
func (c *Counter) Judge(ctx context.Context, a Asked) (guichet.Question, guichet.Decision) {
	e := c.begin(a)
	d := c.cfg.Decider.Decide(ctx, e.asked)
	if d.Permitted && e.reading.fault != nil {
		d = guichet.Decision{Agreement: d.Agreement, Version: d.Version, Digest: d.Digest, Clause: ClauseQuestion, Text: e.reading.fault.Error()}
	}
	return e.asked.Request.Question, d
}
