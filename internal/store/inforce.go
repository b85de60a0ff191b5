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
	return InForce(ds, sh.upTo(at.State), at), nil
}

// upTo are the submissions of a state, in order of taking in; 0 is the present.
func (sh *shelf) upTo(state int) []*guichet.Submission {
	if state == 0 {
		return sh.subs
	}
	n := len(sh.subs)
	for n > 0 && sh.seq[sh.subs[n-1].ID] > state {
		n--
	}
	return sh.subs[:n]
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
// former reading had superseded stays so. The withdrawal of one does: then it is as
// if it had never come in.
//
// A unit whose rows were purged answers for nothing, and what it had taken the
// place of stays superseded.
func InForce(ds *guichet.Dataset, subs []*guichet.Submission, at guichet.Moment) []guichet.Holding {
	held, _ := inForce(ds, subs, at)
	return held
}

// Purged returns the submissions that would answer at a moment with units whose
// rows were purged, and those units.
func (s *Store) Purged(ctx context.Context, dataset string, at guichet.Moment) ([]guichet.Holding, error) {
	ds, err := s.Dataset(dataset)
	if err != nil {
		return nil, err
	}
	sh, err := s.shelfOf(ctx, dataset)
	if err != nil || sh.purged == 0 {
		return nil, err
	}
	_, purged := inForce(ds, sh.upTo(at.State), at)
	return purged, nil
}

// inForce works out who answers, and who would if its rows had not been purged.
func inForce(ds *guichet.Dataset, subs []*guichet.Submission, at guichet.Moment) (held, purged []guichet.Holding) {
	var all []*filed
	reading := map[string]*filed{} // content -> its last reading
	counts := func(sub *guichet.Submission) bool {
		return (at.AsOf.IsZero() || !sub.TakenAt.After(at.AsOf)) && (at.Vintage == "" || sub.Released != "" && sub.Released <= at.Vintage)
	}
	withdrawn := withdrawals(subs, counts)
	for _, sub := range subs {
		if sub.Event != nil || !counts(sub) || withdrawn != nil && withdrawn[content(sub)] != "" {
			continue
		}
		f := newFiled(ds, sub, len(all))
		if first, ok := reading[f.content]; ok {
			f.day, f.origin = first.day, first.origin
		}
		all = append(all, f)
		reading[f.content] = f
	}
	order := slices.Clone(all)
	slices.SortFunc(order, (*filed).compare)
	owner := map[string]*filed{}
	gone := map[string]bool{} // submission|reporter superseded as a whole
	for i, f := range order {
		if f.sub.Action != ActionReplace {
			for _, prev := range order[:i] {
				if prev.cube != f.cube || !overtakes(f.sub, prev.sub) {
					continue
				}
				for _, r := range f.sub.Reporters() {
					gone[prev.sub.ID+"|"+r] = true
				}
			}
		}
		if f.sub.Action == ActionAdd {
			continue
		}
		for _, key := range f.units {
			owner[key] = f
		}
	}
	for _, f := range all {
		if reading[f.content] != f {
			continue
		}
		h, without := f.standing(func(i int, u guichet.Unit) bool {
			return (f.sub.Action == ActionAdd || owner[f.units[i]] == f) && (len(gone) == 0 || !gone[f.sub.ID+"|"+u.Reporter])
		})
		if len(h.Units) > 0 {
			held = append(held, h)
		}
		if len(without.Units) > 0 {
			purged = append(purged, without)
		}
	}
	return held, purged
}

// standing are the units of a submission that stand: those that have rows, and those
// whose rows were purged.
func (f *filed) standing(stands func(i int, u guichet.Unit) bool) (held, purged guichet.Holding) {
	held.Submission, purged.Submission = f.sub, f.sub
	left := 0
	for i, u := range f.sub.Units {
		if u.Purged == "" {
			left++
		}
		switch {
		case !stands(i, u):
		case u.Purged == "":
			held.Units = append(held.Units, u)
		default:
			purged.Units = append(purged.Units, u)
		}
	}
	held.Whole = len(held.Units) == left
	return held, purged
}

// filed is a submission among the others.
type filed struct {
	sub     *guichet.Submission
	cube    string
	content string
	units   []string // key of each of its units, within its cube
	day     string   // on which its content was published
	origin  int      // when its content was first taken in, as a number in order
	n       int      // when it was taken in itself
}

func newFiled(ds *guichet.Dataset, sub *guichet.Submission, n int) *filed {
	f := &filed{sub: sub, cube: sub.Field(guichet.FieldCube), content: content(sub), units: make([]string, len(sub.Units)), day: sub.Released, origin: n, n: n}
	if f.day == "" {
		f.day = sub.TakenAt.UTC().Format(time.DateOnly)
	}
	for i, u := range sub.Units {
		f.units[i] = f.cube + "|" + u.Key(ds.UnitFields)
	}
	return f
}

// compare orders submissions by publication. A reading of a content that is here
// already stands right behind the former one, whenever it came: judging an old
// file again does not make it news.
func (f *filed) compare(g *filed) int {
	return cmp.Or(cmp.Compare(f.day, g.day), cmp.Compare(f.origin, g.origin), cmp.Compare(f.n, g.n))
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
