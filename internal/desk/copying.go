package desk

import (
	"context"
	"maps"
	"slices"

	"guichet"
)

// Copyable is one submission as a member that keeps copies may have it: what is
// to be known of it, and the plan of its rows.
type Copyable struct {
	Submission guichet.Submission // narrowed: what the copy shows; without parts and shapes, which the rows tell
	Plan       guichet.Plan
	InForce    []string // keys of its units: the rows of others are not given any more
}

// Copies tells what a member may keep copies of, under a decision about the
// question that agreement made of a term: of every submission in force, the rows
// that this question would get as records. What is protected cell by cell, or may
// not be passed on, is kept back with its reason. Nothing is read yet but the
// register, nothing recorded: that is the caller's.
//
// Every submission stands for itself, in the order of taking in: a copy works
// out by itself what answers, like the member that it is a copy of.
func (c *Counter) Copies(ctx context.Context, q guichet.Question, cond guichet.Conditions) (give []Copyable, back []guichet.KeptBack, snapshot string, err error) {
	ds, err := c.desk.tables.Dataset(q.Dataset)
	if err != nil {
		return nil, nil, "", err
	}
	if q, err = complete(ds, q); err != nil {
		return nil, nil, "", err
	}
	q, _, clause := narrow(ds, q, cond)
	if clause != "" {
		return nil, nil, "", guichet.Errorf(guichet.KindRefused, "the agreement gives nothing: %s", clause)
	}
	state, err := c.desk.tables.State(ctx, ds.Name)
	if err != nil {
		return nil, nil, "", err
	}
	w := c.copier(ds, q, cond, state)
	holdings, err := w.holdings(ctx)
	if err != nil {
		return nil, nil, "", err
	}
	for _, h := range holdings {
		item, why, err := c.copyOf(w, h)
		if err != nil {
			return nil, nil, "", err
		}
		if item != nil {
			give = append(give, *item)
		} else {
			back = append(back, guichet.KeptBack{Submission: h.Submission.ID, Text: why})
		}
	}
	return give, back, w.snapshot(), nil
}

// copier is the work on one question of copies.
func (c *Counter) copier(ds *guichet.Dataset, q guichet.Question, cond guichet.Conditions, state int) *work {
	w := &work{
		ds: ds, q: q, desk: c.desk, moment: guichet.Moment{State: state},
		terms: terms{Conditions: cond, member: true, protector: c.cfg.Protector, weigher: c.weigher},
	}
	w.answer.Question = q
	w.plans()
	return w
}

// nothingOf is why a submission outside of what is asked is no copy.
//
//nolint:gochecknoglobals // a sentence
var nothingOf = guichet.Text{EN: "held, and nothing of it is of what the agreement gives", FR: "détenu, et rien n'y relève de ce que l'accord donne"}

// copyOf makes the copy of one submission, nil with the reason where there is
// none.
func (c *Counter) copyOf(of *work, h guichet.Holding) (*Copyable, guichet.Text, error) {
	if why := of.keptBack(h.Submission); why.EN != "" {
		return nil, why, nil
	}
	w := c.copier(of.ds, ofWhat(of, h), of.terms.Conditions, of.moment.State)
	w.moment, w.totals = of.moment, true
	plan := guichet.Plan{Dataset: w.ds.Name, Moment: w.moment, Measures: w.q.Measures, Constant: map[string]map[string]string{}}
	var units []guichet.Unit
	for _, reporter := range reportersOf(h, w.q) {
		for _, st := range w.stacks(reporter, []guichet.Holding{h}) {
			if w.lacks(st) != "" {
				continue
			}
			switch w.protection(st) {
			case weighed, unknown:
				return nil, guichet.Text{EN: "held, and made of declarations whose cells must be protected: no rows of it leave", FR: "détenu, et tiré de déclarations dont les cellules doivent être protégées : aucune ligne n'en sort"}, nil
			case counted:
				return nil, guichet.Text{EN: "held, and its counts of few must be protected: no rows of it leave", FR: "détenu, et ses petits effectifs doivent être protégés : aucune ligne n'en sort"}, nil
			case published, unprotected:
			}
			parts, err := w.parts(reporter, st)
			if err != nil {
				return nil, guichet.Text{}, err
			}
			plan.Parts = append(plan.Parts, parts...)
			plan.Grouped = plan.Grouped || !w.toldApart(st)
			for _, sh := range st.holdings {
				units = append(units, sh.Units...)
			}
		}
	}
	if len(plan.Parts) == 0 {
		return nil, nothingOf, nil
	}
	plan.By = w.copyColumns(plan.Grouped)
	out := &Copyable{Submission: w.narrowed(h.Submission, units), Plan: plan}
	for _, u := range units {
		out.InForce = append(out.InForce, u.Key(w.ds.UnitFields))
	}
	return out, guichet.Text{}, nil
}

// reportersOf are the reporters of a holding that a question is about.
func reportersOf(h guichet.Holding, q guichet.Question) []string {
	var out []string
	for _, u := range h.Units {
		named := q.Where[guichet.FieldReporter]
		if !slices.Contains(out, u.Reporter) && (len(named) == 0 || slices.Contains(named, u.Reporter)) {
			out = append(out, u.Reporter)
		}
	}
	return out
}

// ofWhat is the question of a term as one submission can answer it: without the
// dimensions that its file does not break down, and at the level of the
// classification at which it is published where that is coarser.
func ofWhat(of *work, h guichet.Holding) guichet.Question {
	q, c := of.q, of.ds.Class()
	deepest := 0
	for _, sh := range h.Submission.Shapes {
		deepest = max(deepest, sh.Level)
	}
	by := make([]string, 0, len(q.By))
	for _, name := range q.By {
		dim := name
		_, level, classified := of.ds.ClassificationBy(name)
		if classified {
			dim = c.Name
			if level.Digits > deepest {
				name = levelAt(c, deepest)
			}
		}
		if name != "" && h.Submission.Covers[dim] != "none" {
			by = append(by, name)
		}
	}
	q.By = by
	return q
}

// levelAt is the finest level of a classification with at most so many digits.
func levelAt(c guichet.Classification, digits int) string {
	best := guichet.Level{}
	for _, l := range c.Levels {
		if l.Digits > best.Digits && l.Digits <= digits {
			best = l
		}
	}
	return best.Name
}

// copyColumns are the columns of a copy's rows: what the question tells apart,
// and what describes a row. Of rows that are added up only what follows from the
// columns told is a column of its own, so that none is finer than these.
func (w *work) copyColumns(grouped bool) []string {
	c := w.ds.Class()
	told := func(name string) bool { return slices.Contains(w.q.By, name) }
	national := slices.ContainsFunc(w.q.By, func(by string) bool {
		_, l, ok := w.ds.ClassificationBy(by)
		return ok && l.Digits == 0 && by == l.Name
	})
	var out []string
	for _, by := range w.q.By {
		if _, level, ok := w.ds.ClassificationBy(by); ok && level.Name == by && (level.Digits == 0 || !grouped) {
			continue // the columns of codes say it
		}
		if f, ok := w.ds.Field(by); ok && f.Place == guichet.InSubmission {
			continue // it stands in the submission
		}
		out = append(out, by)
	}
	codes := []string{c.Code, c.Common, c.Level, c.Subtotal, c.Relation}
	for _, f := range w.ds.RowFields() {
		if slices.Contains(out, f.Name) || f.Grain != "" || f.Role == guichet.Measure || f.Role == guichet.Private || f.Name == guichet.FieldSubmission {
			continue
		}
		kind := slices.ContainsFunc(w.ds.Fields, func(o guichet.Field) bool { return o.KindOf == f.Name })
		kindTold := slices.ContainsFunc(w.ds.Fields, func(o guichet.Field) bool { return o.KindOf == f.Name && told(o.Name) })
		unit := slices.ContainsFunc(w.ds.Measures(), func(m guichet.Field) bool { return m.Unit == f.Name })
		unitTold := slices.ContainsFunc(w.q.Measures, func(name string) bool { m, _ := w.ds.Field(name); return m.Unit == f.Name })
		describes := f.Name == guichet.FieldRemark || f.Name == guichet.FieldFreq || f.Name == c.Edition || f.Name == c.List
		switch {
		case kind && !kindTold, unit && !unitTold:
		case kind, unit, describes, slices.Contains(codes, f.Name) && (national || !grouped), !grouped && f.Role == guichet.Attribute:
			out = append(out, f.Name)
		}
	}
	return out
}

// narrowed is what a copy's reader may know of a submission: not what was put
// aside, nor totals over more than is given.
func (w *work) narrowed(sub *guichet.Submission, units []guichet.Unit) guichet.Submission {
	out := *sub
	out.Given, out.Totals, out.Reasons, out.Remarks, out.Controls, out.Shapes, out.Parts, out.Outliers, out.FieldCounts = nil, nil, nil, nil, nil, nil, nil, nil, nil
	out.Override, out.OverrideBy, out.ProfileText, out.Original = "", "", "", ""
	out.Lines, out.Kept, out.Aside, out.Records, out.Bytes = 0, 0, 0, 0, 0
	out.Scope, out.Units = nil, nil
	seen := map[string]bool{}
	for _, u := range units {
		// Over more than is given; and its own scope, since all that is given is in force.
		u.Rows, u.Value, u.Scope = 0, guichet.Decimal{}, sub.ID
		if key := u.Key(w.ds.UnitFields); !seen[key] {
			seen[key] = true
			out.Units = append(out.Units, u)
		}
	}
	if out.Covers = maps.Clone(sub.Covers); out.Covers == nil {
		out.Covers = map[string]string{}
	}
	c := w.ds.Class()
	classified := slices.ContainsFunc(w.q.By, func(by string) bool { _, _, ok := w.ds.ClassificationBy(by); return ok })
	switch picks := w.q.Where[c.Name]; {
	case c.Name == "": // nothing is classified in this dataset
	case !classified:
		out.Covers[c.Name] = "none"
	case len(picks) > 0 && !w.allOf(c, picks):
		out.Covers[c.Name] = "listed" // some goods only: what is not there is not zero
	}
	for _, f := range w.ds.RowFields() {
		codes := f.Name == c.Code || f.Name == c.Common
		switch {
		case f.Role != guichet.Dimension || codes || w.isUnitField(f.Name) || f.Name == guichet.FieldPeriod:
		case !slices.Contains(w.q.By, f.Name):
			out.Covers[f.Name] = "none"
		case len(w.q.Where[f.Name]) > 0:
			out.Covers[f.Name] = "listed"
		}
	}
	return out
}
