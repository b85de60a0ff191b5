package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
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
// pure: the same submissions, in order of taking in, give the same answer.
//
// Of two submissions for one unit the one published later answers; where a day
// of publication is not known, the day on which it was taken in stands for it;
// then the order of taking in decides. A content that was judged again takes the
// place of its former reading as a whole, and stands where that stood.
//
// A submission that comes in later never gives an older one a unit back: what a
// former reading had superseded stays so. The writing of the table rests on it.
func InForce(ds *guichet.Dataset, subs []*guichet.Submission, at guichet.Moment) []guichet.Holding {
	var known []*guichet.Submission
	reading := map[string]*guichet.Submission{} // content -> its last reading
	for _, sub := range subs {
		if !at.AsOf.IsZero() && sub.TakenAt.After(at.AsOf) {
			continue
		}
		if at.Vintage != "" && (sub.Released == "" || sub.Released > at.Vintage) {
			continue
		}
		known = append(known, sub)
		reading[content(sub)] = sub
	}
	order := ranked(known)
	owner := map[string]*guichet.Submission{}
	gone := map[string]bool{} // submission|reporter superseded as a whole
	for i, sub := range order {
		cube := sub.Field(guichet.FieldCube)
		if sub.Action != ActionReplace {
			for _, prev := range order[:i] {
				if prev.Field(guichet.FieldCube) != cube || !overtakes(sub, prev) {
					continue
				}
				for _, r := range sub.Reporters() {
					gone[prev.ID+"|"+r] = true
				}
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
		if reading[content(sub)] != sub {
			continue
		}
		h := guichet.Holding{Submission: sub}
		for _, u := range sub.Units {
			stands := sub.Action == ActionAdd || owner[sub.Field(guichet.FieldCube)+"|"+u.Key(ds.UnitFields)] == sub
			if stands && !gone[sub.ID+"|"+u.Reporter] {
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

// overtakes says whether a newer submission takes the place of all that an older
// one holds of its reporters.
func overtakes(newer, older *guichet.Submission) bool {
	switch newer.Action {
	case ActionAdd:
		return older.Action == ActionAdd && newer.FilePer != "" && newer.FilePer == older.FilePer
	case ActionCumulative:
		return true
	}
	return false
}

// content names what was read, whatever the tables by which it was judged: the
// file, the kind of profile, and what the operator added to it.
func content(s *guichet.Submission) string {
	if s.Digest == "" {
		return s.ID
	}
	parts := []string{s.Digest, s.Profile}
	for _, k := range slices.Sorted(maps.Keys(s.Given)) {
		parts = append(parts, k+"="+s.Given[k])
	}
	return strings.Join(parts, "\n")
}

// rank is where a submission stands among the others.
type rank struct {
	day    string // on which its content was published
	origin int    // when its content was first taken in, as a number in order
	n      int    // when it was taken in itself
}

// ranked orders submissions by publication. A reading of a content that is here
// already stands right behind the former one, whenever it came: judging an old
// file again does not make it news.
func ranked(known []*guichet.Submission) []*guichet.Submission {
	first := map[string]rank{}
	ranks := make(map[*guichet.Submission]rank, len(known))
	for i, sub := range known {
		r := rank{cmp.Or(sub.Released, sub.TakenAt.UTC().Format(time.DateOnly)), i, i}
		if o, ok := first[content(sub)]; ok {
			r.day, r.origin = o.day, o.origin
		} else {
			first[content(sub)] = r
		}
		ranks[sub] = r
	}
	order := slices.Clone(known)
	slices.SortFunc(order, func(a, b *guichet.Submission) int {
		x, y := ranks[a], ranks[b]
		return cmp.Or(cmp.Compare(x.day, y.day), cmp.Compare(x.origin, y.origin), cmp.Compare(x.n, y.n))
	})
	return order
}
