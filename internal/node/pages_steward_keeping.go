package node

import (
	"context"

	"guichet/internal/portal"
)

// Keeping are rules, holds and plans.
func (s stewardPages) Keeping(ctx context.Context) (portal.Keeping, error) {
	k, err := s.n.Keeping(ctx)
	if err != nil {
		return portal.Keeping{}, err
	}
	out := portal.Keeping{}
	for _, r := range k.Rules {
		out.Rules = append(out.Rules, portal.KeepingRule{Dataset: r.Dataset, Profile: r.Profile, Keep: r.Keep, From: r.From, Superseded: r.Superseded, Basis: r.Basis, By: r.By})
	}
	for _, h := range k.Holds {
		out.Holds = append(out.Holds, portal.KeepingHold{
			Name: h.Name, Dataset: h.Dataset, Submissions: h.Submissions, Reporters: h.Reporters, From: h.From, To: h.To, Why: h.Why, By: h.By,
			Set: h.Set, Lifted: h.Lifted, LiftedWhy: h.LiftedWhy,
		})
	}
	due := func(list []Goes) []portal.KeepingDue {
		var out []portal.KeepingDue
		for _, g := range list {
			out = append(out, portal.KeepingDue{Submission: g.Submission, File: g.File, Rule: g.Rule, Basis: g.Basis, Periods: g.Periods, Hold: g.Hold, Rows: g.Rows, Whole: g.Whole, On: g.On})
		}
		return out
	}
	for _, p := range k.Plans {
		out.Plans = append(out.Plans, portal.KeepingPlan{Dataset: p.Dataset, Goes: due(p.Goes), Held: due(p.Held), Next: p.Next})
	}
	return out, nil
}

// Change makes or ends a rule or a hold.
func (s stewardPages) Change(ctx context.Context, c portal.KeepingChange) error {
	var err error
	switch {
	case c.Rule != nil:
		r := c.Rule
		_, err = s.n.SetRetention(ctx, RetentionRule{Dataset: r.Dataset, Profile: r.Profile, Keep: r.Keep, From: r.From, Superseded: r.Superseded, Basis: r.Basis, By: r.By})
	case c.Drop != nil:
		err = s.n.DropRetention(ctx, c.Drop.Dataset, c.Drop.Profile)
	case c.Hold != nil:
		h := c.Hold
		_, err = s.n.SetHold(ctx, LegalHold{Name: h.Name, Dataset: h.Dataset, Submissions: h.Submissions, Reporters: h.Reporters, From: h.From, To: h.To, Why: h.Why, By: h.By})
	case c.Lift != nil:
		_, err = s.n.LiftHold(ctx, c.Lift.Name, c.Lift.LiftedWhy, c.Lift.By)
	}
	return err
}

// Purge removes what is due. A page does not wait for answers that still read it: the
// node removes that when they have ended.
func (s stewardPages) Purge(ctx context.Context, by string) ([]portal.Fate, error) {
	res, err := s.n.purge(ctx, by, 0, nil)
	if err != nil {
		return nil, err
	}
	var out []portal.Fate
	for _, e := range res.Purges {
		out = append(out, fateOf(e))
	}
	return out, nil
}
