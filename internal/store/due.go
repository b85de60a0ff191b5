package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"guichet"
)

// Due are units of one submission whose time has come by one rule.
type Due struct {
	Submission *guichet.Submission
	Rule       string // in words
	Basis      string
	Units      []guichet.Unit
	On         time.Time // when the first of them fell due
	Hold       string    // the hold that keeps them; "" they go with the next purge
	Whole      bool      // nothing of the submission would be left
}

// Rows are the rows of what is due.
func (d Due) Rows() int64 {
	var n int64
	for _, u := range d.Units {
		n += u.Rows
	}
	return n
}

// Due returns what of a dataset is to be removed by its rules at a moment, in order
// of taking in, and when the next unit after it falls due; zero: none will.
func (s *Store) Due(ctx context.Context, dataset string, now time.Time) ([]Due, time.Time, error) {
	ds, err := s.Dataset(dataset)
	if err != nil {
		return nil, time.Time{}, err
	}
	rules, err := s.Retention(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	holds, err := s.Holds(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	sh, err := s.shelfOf(ctx, dataset)
	if err != nil {
		return nil, time.Time{}, err
	}
	return dueOf(ds, sh.subs, rules, holds, now)
}

// dueOf is Due over values: the same gives the same.
func dueOf(ds *guichet.Dataset, subs []*guichet.Submission, rules []RetentionRule, holds []LegalHold, now time.Time) ([]Due, time.Time, error) {
	var out []Due
	var next time.Time
	gone := supersession(ds, subs)
	for _, sub := range subs {
		rule, ok := ruleFor(rules, sub)
		if !ok {
			continue
		}
		at := map[string]int{}
		for _, u := range sub.Units {
			if u.Purged != "" {
				continue
			}
			on, text, err := rule.dueOn(sub, u, gone)
			if err != nil {
				return nil, next, err
			}
			if now.Before(on) {
				if next.IsZero() || on.Before(next) {
					next = on
				}
				continue
			}
			hold := ""
			for _, h := range holds {
				if h.holds(sub, u) {
					hold = h.Name
					break
				}
			}
			i, known := at[text+"|"+hold]
			if !known {
				i = len(out)
				at[text+"|"+hold] = i
				out = append(out, Due{Submission: sub, Rule: text, Basis: rule.Basis, On: on, Hold: hold})
			}
			out[i].Units = append(out[i].Units, u)
			if on.Before(out[i].On) {
				out[i].On = on
			}
		}
		left := len(sub.Units)
		for _, u := range sub.Units {
			if u.Purged != "" {
				left--
			}
		}
		for _, i := range at {
			if out[i].Hold == "" {
				left -= len(out[i].Units)
			}
		}
		for _, i := range at {
			out[i].Whole = left == 0 && out[i].Hold == ""
		}
	}
	return out, next, nil
}

// dueOn is when a unit is to be removed, and by which half of the rule.
func (r RetentionRule) dueOn(sub *guichet.Submission, u guichet.Unit, superseded map[string]time.Time) (time.Time, string, error) {
	from := u.Period.End().AddDate(0, 0, 1) // the period has ended when its last day has
	if r.From == RetainTaken {
		from = sub.TakenAt.UTC()
	}
	on, err := after(from, r.Keep)
	if err != nil || r.Superseded == "" {
		return on, r.text(false), err
	}
	since, ok := superseded[sub.ID+"|"+u.Key([]string{})+"|"+fmt.Sprint(u.Dims)]
	if !ok {
		return on, r.text(false), nil
	}
	early, err := after(since.UTC(), r.Superseded)
	if err == nil && early.Before(on) {
		return early, r.text(true), nil
	}
	return on, r.text(false), err
}

// ruleFor is the rule of a submission's rows: that of its profile, else that of its
// dataset.
func ruleFor(rules []RetentionRule, sub *guichet.Submission) (RetentionRule, bool) {
	if sub.Event != nil {
		return RetentionRule{}, false
	}
	var out RetentionRule
	found := false
	for _, r := range rules {
		if r.Dataset == sub.Dataset && (r.Profile == sub.Profile || r.Profile == "" && !found) {
			out, found = r, true
		}
	}
	return out, found
}

// supersession says since when units are not in force: when the first file came in
// that holds the same unit or overtakes theirs, or the submission was withdrawn;
// never before they came in themselves.
func supersession(ds *guichet.Dataset, subs []*guichet.Submission) map[string]time.Time {
	inForce := map[string]bool{}
	name := func(sub *guichet.Submission, u guichet.Unit) string {
		return sub.ID + "|" + u.Key([]string{}) + "|" + fmt.Sprint(u.Dims)
	}
	for _, h := range InForce(ds, subs, guichet.Moment{}) {
		for _, u := range h.Units {
			inForce[name(h.Submission, u)] = true
		}
	}
	others := map[string][]*guichet.Submission{} // cube and unit -> who holds it
	var sweeping []*guichet.Submission           // that overtake whole reporters
	at := map[string]time.Time{}
	for _, sub := range subs {
		at[sub.ID] = sub.TakenAt
		if sub.Event != nil {
			continue
		}
		if sub.Action != ActionReplace {
			sweeping = append(sweeping, sub)
		}
		for _, u := range sub.Units {
			key := sub.Field(guichet.FieldCube) + "|" + u.Key(ds.UnitFields)
			others[key] = append(others[key], sub)
		}
	}
	out := map[string]time.Time{}
	for _, sub := range subs {
		if sub.Event != nil {
			continue
		}
		for _, u := range sub.Units {
			if inForce[name(sub, u)] || u.Purged != "" {
				continue
			}
			var by []*guichet.Submission // who may have taken its place
			if sub.Action != ActionAdd {
				by = others[sub.Field(guichet.FieldCube)+"|"+u.Key(ds.UnitFields)]
			}
			for _, o := range sweeping {
				if o.Field(guichet.FieldCube) == sub.Field(guichet.FieldCube) && overtakes(o, sub) && slices.Contains(o.Reporters(), u.Reporter) {
					by = append(slices.Clip(by), o)
				}
			}
			out[name(sub, u)] = since(sub, by, at)
		}
	}
	return out
}

// since is when a unit of a submission went out of force, by the first of those that
// may have taken its place, or by its withdrawal; at says when each entry came.
func since(sub *guichet.Submission, by []*guichet.Submission, at map[string]time.Time) time.Time {
	var first time.Time
	take := func(t time.Time) {
		if t.Before(sub.TakenAt) {
			t = sub.TakenAt
		}
		if first.IsZero() || t.Before(first) {
			first = t
		}
	}
	for _, o := range by {
		if o != sub {
			take(o.TakenAt)
		}
	}
	if sub.Withdrawn != "" {
		take(at[sub.Withdrawn])
	}
	if first.IsZero() {
		return sub.TakenAt
	}
	return first
}
