package desk

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"guichet"
)

// stack is what one reporter's figures of one flow are drawn from: the
// submissions of one cube, of one frequency.
type stack struct {
	cube     string
	freq     guichet.Freq
	dims     map[string]string // the dataset's unit fields
	holdings []guichet.Holding // with the units in use only
	periods  []guichet.Period
	amended  []guichet.Period // those of which only amendments are held
}

// reporters returns who is asked: as the question names them, else everybody
// who is held here.
func (w *work) reporters(holdings []guichet.Holding) []string {
	if named := w.q.Where[guichet.FieldReporter]; len(named) > 0 {
		return named
	}
	var out []string
	for _, h := range holdings {
		for _, u := range h.Units {
			if !slices.Contains(out, u.Reporter) {
				out = append(out, u.Reporter)
			}
		}
	}
	slices.Sort(out)
	if len(out) == 0 {
		w.gap("", guichet.GapNotReported, w.say("no file has been taken in yet", "aucun fichier n'a encore été pris en charge"), "")
	}
	return out
}

// choose finds, for each combination of the unit fields (each flow), the one
// cube and frequency that the answer is drawn from.
func (w *work) choose(ctx context.Context, reporter string, holdings []guichet.Holding) ([]stack, error) {
	all := w.stacks(reporter, holdings)
	if len(all) == 0 {
		w.notReported(reporter, holdings)
		return nil, nil
	}
	groups := map[string][]stack{}
	for _, st := range all {
		key := fmt.Sprint(st.dims)
		groups[key] = append(groups[key], st)
	}
	var out []stack
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		st, ok, err := w.best(ctx, reporter, groups[key])
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, st)
			w.missingPeriods(reporter, st)
		}
	}
	return out, nil
}

// stacks sorts a reporter's units within the span by unit fields, cube and
// frequency.
func (w *work) stacks(reporter string, holdings []guichet.Holding) []stack {
	at := map[string]int{}
	var out []stack
	own := map[int][]guichet.Period{} // stack -> periods with figures of their own
	for _, h := range holdings {
		cube := h.Submission.Field(guichet.FieldCube)
		if w.q.Cube != "" && cube != w.q.Cube || !w.subMatches(h.Submission) {
			continue
		}
		mine := map[int][]guichet.Unit{}
		for _, u := range h.Units {
			if u.Reporter != reporter || !w.q.Period.Contains(u.Period) || !w.unitMatches(u) {
				continue
			}
			key := fmt.Sprint(u.Dims, "|", cube, "|", u.Period.Freq)
			i, ok := at[key]
			if !ok {
				i = len(out)
				at[key], out = i, append(out, stack{cube: cube, freq: u.Period.Freq, dims: u.Dims})
			}
			mine[i] = append(mine[i], u)
		}
		for i, units := range mine {
			h := h
			h.Units = units
			out[i].holdings = append(out[i].holdings, h)
			for _, u := range units {
				if !slices.Contains(out[i].periods, u.Period) {
					out[i].periods = append(out[i].periods, u.Period)
				}
				if !amends(h.Submission, u) {
					own[i] = append(own[i], u.Period)
				}
			}
		}
	}
	for i := range out {
		for _, p := range out[i].periods {
			if !slices.Contains(own[i], p) {
				out[i].amended = append(out[i].amended, p)
			}
		}
	}
	return out
}

// amends says whether a unit only amends what another file holds: a file that
// adds has figures of its own for the period that it names, and for no other.
func amends(sub *guichet.Submission, u guichet.Unit) bool {
	return sub.Action == "add" && sub.FilePer != "" && sub.FilePer != u.Period.String()
}

// unitMatches says whether a unit may hold what the question asks for.
func (w *work) unitMatches(u guichet.Unit) bool {
	for _, f := range w.ds.UnitFields {
		if want := w.q.Where[f]; len(want) > 0 && !slices.Contains(want, u.Dims[f]) {
			return false
		}
	}
	if want := w.q.Where[guichet.FieldFreq]; len(want) > 0 && !slices.Contains(want, string(u.Period.Freq)) {
		return false
	}
	return true
}

// subMatches holds the conditions on fields that stand in the submission.
func (w *work) subMatches(sub *guichet.Submission) bool {
	for name, want := range w.q.Where {
		if f, ok := w.ds.Field(name); ok && f.Place == guichet.InSubmission && !slices.Contains(want, sub.Field(name)) {
			return false
		}
	}
	return true
}

// best takes the one stack that answers: it must break down what is asked, and
// list it; of several, the first in the order of preference. What else was
// there is said.
func (w *work) best(ctx context.Context, reporter string, stacks []stack) (stack, bool, error) {
	var able []stack
	var why []string
	for _, st := range stacks {
		if missing := w.lacks(st); missing != "" {
			why = append(why, fmt.Sprintf("%s has no %s", st.cube, missing))
			continue
		}
		able = append(able, st)
	}
	if len(able) == 0 {
		slices.Sort(why)
		w.gap(reporter, guichet.GapNotCovered, w.dimsText(stacks[0].dims)+": "+strings.Join(slices.Compact(why), "; "), "")
		return stack{}, false, nil
	}
	able, err := w.listing(ctx, reporter, able)
	if err != nil {
		return stack{}, false, err
	}
	w.order(able)
	w.otherGrain(reporter, able[0], able[1:])
	if len(able) > 1 {
		var others []string
		for _, st := range able[1:] {
			others = append(others, fmt.Sprintf("%s (%s)", st.cube, st.freq))
		}
		w.remark(guichet.Remark{Code: RemarkOneCube, Reporter: reporter, Text: w.say(
			"%s is answered from the table %s (%s) alone; also held and never added: %s",
			"%s est tiré du seul tableau %s (%s) ; détenus aussi et jamais ajoutés : %s",
			w.dimsText(able[0].dims), able[0].cube, string(able[0].freq), strings.Join(others, ", "))})
	}
	return able[0], true, nil
}

// order puts the stack that answers first: published rather than added up from
// lines; not a sum over a selection where all was asked for; covering all of the
// span; in periods of the calendar; covering most of it; of the coarser
// frequency, unless periods are asked for; covering all members; by name.
func (w *work) order(able []stack) {
	ranks := map[string][]int{}
	name := func(st stack) string { return st.cube + "|" + string(st.freq) }
	for _, st := range able {
		ranks[name(st)] = []int{w.grain(st), w.selectionSummed(st), w.short(st), w.odd(st), -days(st), w.freqRank(st.freq), listed(st)}
	}
	slices.SortStableFunc(able, func(a, b stack) int {
		return cmp.Or(slices.Compare(ranks[name(a)], ranks[name(b)]), cmp.Compare(a.cube, b.cube))
	})
}

// short is 1 for a stack that leaves out some of the span asked for, or holds
// amendments to it alone. Figures over 28 months are whole where 28 months were
// asked for, but never where they were asked for period by period.
func (w *work) short(st stack) int {
	st.periods = slices.DeleteFunc(slices.Clone(st.periods), func(p guichet.Period) bool { return slices.Contains(st.amended, p) })
	if len(w.missingMonths(st)) > 0 || w.odd(st) > 0 && slices.Contains(w.q.By, guichet.FieldPeriod) {
		return 1
	}
	return 0
}

// lacks names the dimension that a question needs and a stack does not break
// down, or not as deep as is asked, "" when there is none.
func (w *work) lacks(st stack) string {
	for _, dim := range w.needed() {
		if covers(st, dim, "none") || w.otherGrains(st, dim) {
			return dim
		}
	}
	if deep, have := w.depth(st), w.levels(st); deep > have {
		return w.say("%s at %d digits", "%s à %d chiffres", w.ds.Class().Name, deep)
	}
	return ""
}

// levels is at how many digits a stack is published at most.
func (w *work) levels(st stack) int {
	most := 0
	for _, h := range st.holdings {
		for _, sh := range w.shapesOf(st, h.Submission) {
			most = max(most, sh.Level)
		}
	}
	return most
}

// depth is how many digits a question needs: for its breakdown, and for the
// codes that it picks. A code that cannot be read in an edition of the stack
// asks for none.
func (w *work) depth(st stack) int {
	c := w.ds.Class()
	deep := w.deepest(c)
	if len(w.q.Where[c.Name]) == 0 {
		return deep
	}
	var all []guichet.Shape
	for _, h := range st.holdings {
		all = append(all, w.shapesOf(st, h.Submission)...)
	}
	for _, edition := range editions(all) {
		for _, expr := range w.q.Where[c.Name] {
			s, err := c.Resolve(guichet.Resolution{Expr: expr, Asked: edition, Present: edition, Conversion: w.q.Conversion})
			if err == nil {
				deep = max(deep, min(s.Digits, 6))
			}
		}
	}
	return deep
}

// needed are the dimensions that the question breaks down or picks from.
func (w *work) needed() []string {
	var out []string
	add := func(name string) {
		if c, _, ok := w.ds.ClassificationBy(name); ok {
			name = c.Name
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, by := range w.q.By {
		add(by)
	}
	for name, values := range w.q.Where {
		if c, _, ok := w.ds.ClassificationBy(name); ok && w.allOf(c, values) {
			continue
		}
		if b := w.breakdown(name); b != nil && len(values) == 1 && slices.Contains(w.wholeMembers(*b), values[0]) {
			continue
		}
		add(name)
	}
	slices.Sort(out)
	return out
}

// allOf says whether the values of a classification select everything.
func (w *work) allOf(c guichet.Classification, values []string) bool {
	for _, v := range values {
		s, err := c.Resolve(guichet.Resolution{Expr: v, Conversion: w.q.Conversion})
		if err == nil && s.Gap == "" && len(s.Codes) == 0 && s.Prefix == "" && s.National == "" {
			return true
		}
	}
	return false
}

// wholeMembers are the members of a dimension that stand for all the others.
func (w *work) wholeMembers(b guichet.Breakdown) []string {
	if f, ok := w.ds.Field(b.Field); ok && f.Whole != "" {
		return []string{f.Whole}
	}
	return nil
}

func (w *work) breakdown(name string) *guichet.Breakdown {
	for i := range w.ds.Breakdowns {
		if w.ds.Breakdowns[i].Field == name {
			return &w.ds.Breakdowns[i]
		}
	}
	return nil
}

func days(st stack) int {
	n := 0
	for _, p := range st.periods {
		n += int(p.End().Sub(p.Start).Hours()/24) + 1
	}
	return n
}

// odd is 1 for figures over a span of months that is no quarter or year: they
// answer only where nothing else does.
func (w *work) odd(st stack) int {
	switch st.freq {
	case guichet.Annual, guichet.Quarterly, guichet.Monthly, guichet.Daily:
		return 0
	}
	return 1
}

// freqRank puts the coarser frequency first, or the finer when periods are asked
// for.
func (w *work) freqRank(f guichet.Freq) int {
	rank := map[guichet.Freq]int{guichet.Annual: 0, guichet.Quarterly: 1, guichet.Monthly: 2, guichet.Daily: 3}[f]
	if slices.Contains(w.q.By, guichet.FieldPeriod) {
		return -rank
	}
	return rank
}

// listed is 1 for a stack that covers only listed members of some dimension: one
// that covers all is preferred.
func listed(st stack) int {
	for _, h := range st.holdings {
		for _, v := range h.Submission.Covers {
			if v == "listed" {
				return 1
			}
		}
	}
	return 0
}
