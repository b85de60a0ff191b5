package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"guichet"
)

// Holdings returns the submissions that answer at a moment, each with the
// units in force then, in order of taking in.
func (s *Store) Holdings(ctx context.Context, dataset string, at guichet.Moment) ([]guichet.Holding, error) {
	ds, err := s.Dataset(dataset)
	if err != nil {
		return nil, err
	}
	sh, err := s.shelfOf(ctx, dataset)
	if err != nil {
		return nil, err
	}
	return InForce(ds, sh.subs, at), nil
}

// InForce works out which units of which submissions answer at a moment. It is
// pure: the same submissions give the same answer.
//
// Of two submissions for one unit the one published later answers; where a day
// of publication is not known, the day on which it was taken in stands for it;
// then the order of taking in decides.
func InForce(ds *guichet.Dataset, subs []*guichet.Submission, at guichet.Moment) []guichet.Holding {
	var known []*guichet.Submission
	for _, sub := range subs {
		if !at.AsOf.IsZero() && sub.TakenAt.After(at.AsOf) {
			continue
		}
		if at.Vintage != "" && (sub.Released == "" || sub.Released > at.Vintage) {
			continue
		}
		known = append(known, sub)
	}
	order := slices.Clone(known)
	slices.SortStableFunc(order, func(a, b *guichet.Submission) int { return cmp.Compare(published(a), published(b)) })
	owner := map[string]*guichet.Submission{}
	gone := map[string]bool{} // submissions superseded as a whole
	for i, sub := range order {
		cube := sub.Field(guichet.FieldCube)
		for _, prev := range order[:i] {
			if prev.Field(guichet.FieldCube) == cube && overtakes(sub, prev) {
				gone[prev.ID] = true
			}
		}
		if sub.Action == ActionAdd {
			continue
		}
		for _, u := range sub.Units {
			owner[cube+"|"+u.Key(ds.UnitFields)] = sub
		}
	}
	var out []guichet.Holding
	for _, sub := range known {
		if gone[sub.ID] {
			continue
		}
		h := guichet.Holding{Submission: sub}
		for _, u := range sub.Units {
			if sub.Action == ActionAdd || owner[sub.Field(guichet.FieldCube)+"|"+u.Key(ds.UnitFields)] == sub {
				h.Units = append(h.Units, u)
			}
		}
		h.Whole = len(h.Units) == len(sub.Units)
		if len(h.Units) > 0 {
			out = append(out, h)
		}
	}
	return out
}

// What a newer file does to an older one of the same cube.
const (
	ActionReplace    = "replace"    // takes the place of the units that it holds
	ActionAdd        = "add"        // adds to them; the same file period again takes the place of the older file
	ActionCumulative = "cumulative" // takes the place of everything of its reporters
)

// overtakes says whether a newer submission takes the place of an older one as
// a whole.
func overtakes(newer, older *guichet.Submission) bool {
	switch newer.Action {
	case ActionAdd:
		return older.Action == ActionAdd && newer.FilePer != "" && newer.FilePer == older.FilePer && shareReporter(newer, older)
	case ActionCumulative:
		return shareReporter(newer, older)
	}
	return false
}

func shareReporter(a, b *guichet.Submission) bool {
	have := a.Reporters()
	return slices.ContainsFunc(b.Reporters(), func(r string) bool { return slices.Contains(have, r) })
}

// published is the day that orders submissions.
func published(s *guichet.Submission) string {
	if s.Released != "" {
		return s.Released
	}
	return s.TakenAt.UTC().Format(time.DateOnly)
}
