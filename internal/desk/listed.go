package desk

import (
	"context"
	"fmt"
	"math"
	"slices"

	"guichet"
)

// A file may hold a selection: of goods (a list of COVID goods), of partners
// (one country's answer of an API), of modes of transport. What is not in it is
// no zero, and a sum over it is no total. This file says so, and finds the table
// that lists what was asked for.

// asPublished stands for the digits of a national code: as many as it has.
const asPublished = math.MaxInt

// excerpt is a dimension of which a stack's files hold a selection.
type excerpt struct {
	dim    string
	summed bool // the answer adds up what is listed; else what is listed stands in its rows
}

// excerpts finds the dimensions in which an answer from the stack is of what
// its files list, and nobody says that this is all. picked is how many digits of
// a code the question's conditions fix, 0 where it picks no code.
//
// A total that a file states is no selection, and neither is a code that was
// asked for at the depth at which it is published.
func (w *work) excerpts(st stack, picked int) []excerpt {
	var out []excerpt
	c := w.ds.Class()
	shown := w.shown(c)
	switch finest := w.finest(st, max(w.deepest(c), min(picked, deepestCommon))); {
	case finest > max(picked, shown):
		out = append(out, excerpt{c.Name, true})
	case finest > 0 && shown > picked:
		out = append(out, excerpt{c.Name, false})
	}
	for _, b := range w.ds.Breakdowns {
		if len(w.q.Where[b.Field]) > 0 || len(w.q.Where[b.Kind]) > 0 {
			continue
		}
		byParts, byWhole := w.partsListed(st, b)
		asked := slices.Contains(w.q.By, b.Field)
		if byParts && (asked || !byWhole) {
			out = append(out, excerpt{b.Field, !asked})
		}
	}
	return out
}

// deepestCommon is how many digits of a code all national ones have in common.
const deepestCommon = 6

// shown is how many digits of a code the rows of the answer tell.
func (w *work) shown(c guichet.Classification) int {
	n := w.deepest(c)
	for _, by := range w.q.By {
		_, level, ok := w.ds.ClassificationBy(by)
		if by == c.Code || ok && level.Name == by && level.Digits == 0 {
			return asPublished
		}
		if by == c.Common {
			n = max(n, deepestCommon)
		}
	}
	return n
}

// finest is at how many digits those rows are published that answer, of the
// submissions that do not cover all codes; 0 when these answer by totals alone.
func (w *work) finest(st stack, deep int) int {
	c := w.ds.Class()
	most := 0
	for _, h := range st.holdings {
		if how := h.Submission.Covers[c.Name]; how != "listed" && how != "none" {
			continue
		}
		least, all, subtotals := asPublished, 0, false
		for _, sh := range w.shapesOf(st, h.Submission) {
			if sh.Level >= deep {
				least, all = min(least, sh.Level), max(all, sh.Level)
			}
			subtotals = subtotals || sh.Subtotal
		}
		if subtotals && least < all { // one level answers, see levelClause
			all = least
		}
		most = max(most, all)
	}
	return most
}

// partsListed says of a breakdown whether submissions that list only some of
// its members have any, and whether each that has states the total too.
func (w *work) partsListed(st stack, b guichet.Breakdown) (parts, whole bool) {
	whole = true
	for _, h := range st.holdings {
		if h.Submission.Covers[b.Field] != "listed" {
			continue
		}
		has := map[string]bool{}
		for _, sh := range w.shapesOf(st, h.Submission) {
			has[sh.Kinds[b.Field]] = true
		}
		parts = parts || has["part"]
		whole = whole && (has["whole"] || !has["part"])
	}
	return parts, whole
}

// selectionSummed is 1 for a stack whose figures would be sums over a selection
// where the question picks nothing: they are not what was asked for, and answer
// only where nothing else does.
func (w *work) selectionSummed(st stack) int {
	picked := 0
	if w.picksCodes() {
		picked = asPublished
	}
	if slices.ContainsFunc(w.excerpts(st, picked), func(e excerpt) bool { return e.summed }) {
		return 1
	}
	return 0
}

// picksCodes says whether the question picks from the classification.
func (w *work) picksCodes() bool {
	c := w.ds.Class()
	if len(w.q.Where[c.Code]) > 0 || len(w.q.Where[c.Common]) > 0 {
		return true
	}
	exprs := w.q.Where[c.Name]
	return len(exprs) > 0 && !w.allOf(c, exprs)
}

// tellListed remarks in which dimensions the figures are of what the files list
// alone, and what that is.
func (w *work) tellListed(ctx context.Context, reporter string, st stack, parts []guichet.PlanPart) error {
	for _, e := range w.excerpts(st, w.pickedDigits(parts)) {
		r := guichet.Remark{Code: RemarkListedOnly, Reporter: reporter}
		if !e.summed {
			r.Text = w.say("%s: the files at hand do not list every %s; what is not among the rows is not known, and is no zero", "%s : les fichiers détenus n'énumèrent pas chaque %s ; ce qui n'est pas dans les lignes est inconnu, et n'est pas un zéro", w.dimsText(st.dims), w.called(e.dim))
			w.remark(r)
			continue
		}
		if w.terms.member {
			w.listedUnsaid(r, st, e.dim)
			continue
		}
		members, err := w.listedMembers(ctx, st, parts, e.dim)
		if err != nil {
			return err
		}
		if len(members) == 0 {
			continue
		}
		names := firstOf(members)
		if n := distinct(members); n > 1 {
			names = fmt.Sprintf("%d (%s)", n, names)
		}
		r.Text = w.say("%s: the files at hand do not list every %s, and the figures are of what they list: %s", "%s : les fichiers détenus n'énumèrent pas chaque %s, et les chiffres ne portent que sur ce qu'ils énumèrent : %s", w.dimsText(st.dims), w.called(e.dim), names)
		w.remark(r)
	}
	return nil
}

// pickedDigits is how many digits of a code the clauses fix, of the shortest
// that they name; 0 when they name none.
func (w *work) pickedDigits(parts []guichet.PlanPart) int {
	c := w.ds.Class()
	least := asPublished
	for _, p := range parts {
		picked := 0
		for _, cl := range p.Clauses {
			if cl.Field != c.Code && cl.Field != c.Common {
				continue
			}
			shortest := asPublished
			for _, code := range slices.Concat(cl.In, cl.Prefix) {
				shortest = min(shortest, len(code))
			}
			picked = max(picked, shortest)
		}
		least = min(least, picked)
	}
	return least
}

// listedMembers returns the members of a dimension that the files list, under
// the codes picked. Where the units tell the codes, no row is looked at.
func (w *work) listedMembers(ctx context.Context, st stack, parts []guichet.PlanPart, dim string) ([][2]string, error) {
	c := w.ds.Class()
	if dim == c.Name {
		if codes, ok := w.codesOfUnits(st); ok && !w.picksCodes() {
			return codes, nil
		}
		return w.members(ctx, w.without(parts, c.Name), c.Code, "")
	}
	b := w.breakdown(dim)
	told, err := w.members(ctx, w.without(parts, c.Name), dim, b.Kind)
	return w.proper(told, b), err
}

// codesOfUnits reads a stack's codes from its units; ok is false when some unit
// does not tell its code, or when totals stand beside finer rows.
func (w *work) codesOfUnits(st stack) (codes [][2]string, ok bool) {
	c := w.ds.Class()
	seen := map[string]bool{}
	for _, h := range st.holdings {
		if slices.ContainsFunc(w.shapesOf(st, h.Submission), func(sh guichet.Shape) bool { return sh.Subtotal }) {
			return nil, false
		}
		for _, u := range h.Units {
			code, told := inScope(h.Submission, u, c.Code)
			if !told {
				return nil, false
			}
			if !seen[code] {
				seen[code], codes = true, append(codes, [2]string{code})
			}
		}
	}
	return codes, true
}

func distinct(members [][2]string) int {
	seen := map[string]bool{}
	for _, m := range members {
		seen[m[0]] = true
	}
	return len(seen)
}
