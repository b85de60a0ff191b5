package desk

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

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
	c := w.ds.Classifications[0]
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
	c := w.ds.Classifications[0]
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
	c := w.ds.Classifications[0]
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
			r.Text = w.say("%s: the files at hand list only some of %s; what is not among the rows is not known, and is no zero", "%s : les fichiers détenus n'énumèrent qu'une partie de %s ; ce qui n'est pas dans les lignes est inconnu, et n'est pas un zéro", w.dimsText(st.dims), e.dim)
			w.remark(r)
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
		r.Text = w.say("%s: the files at hand list only some of %s, and the figures are of these alone: %s", "%s : les fichiers détenus n'énumèrent qu'une partie de %s, et les chiffres ne portent que sur ceux-ci : %s", w.dimsText(st.dims), e.dim, names)
		w.remark(r)
	}
	return nil
}

// pickedDigits is how many digits of a code the clauses fix, of the shortest
// that they name; 0 when they name none.
func (w *work) pickedDigits(parts []guichet.PlanPart) int {
	c := w.ds.Classifications[0]
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
	c := w.ds.Classifications[0]
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
	c := w.ds.Classifications[0]
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

// inScope returns the value of a field that a submission's units are cut by.
// The scope writes one value after the other; where one is missing it cannot be
// told which, and ok is false.
func inScope(sub *guichet.Submission, u guichet.Unit, field string) (value string, ok bool) {
	i := slices.Index(sub.Scope, field)
	if i < 0 {
		return "", false
	}
	values := strings.Fields(u.Scope)
	if len(values) != len(sub.Scope) {
		return "", false
	}
	return values[i], true
}

func distinct(members [][2]string) int {
	seen := map[string]bool{}
	for _, m := range members {
		seen[m[0]] = true
	}
	return len(seen)
}

// listing keeps those of several stacks that list what the question picks: one
// that lists other goods cannot answer. When none does, all stay, and the one
// that is taken says why it has no figure.
func (w *work) listing(ctx context.Context, reporter string, able []stack) ([]stack, error) {
	if len(able) < 2 {
		return able, nil
	}
	var out []stack
	for _, st := range able {
		ok, err := w.lists(ctx, reporter, st)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, st)
		}
	}
	if len(out) == 0 {
		return able, nil
	}
	return out, nil
}

// lists says whether the files of a stack have any row of what the question
// picks from the dimensions that they list in part. The units are asked first,
// and the rows where those cannot tell.
func (w *work) lists(ctx context.Context, reporter string, st stack) (bool, error) {
	dims := w.pickedListed(st)
	if len(dims) == 0 {
		return true, nil
	}
	parts, err := w.tryParts(reporter, st)
	if err != nil || len(parts) == 0 {
		return false, err
	}
	for _, h := range st.holdings {
		for _, u := range h.Units {
			if w.unitLists(h.Submission, u, dims, parts) {
				return true, nil
			}
		}
	}
	rows, err := w.members(ctx, w.without(parts, dims...), "", "")
	return len(rows) > 0, err
}

// pickedListed are the dimensions that the question picks from and of which the
// stack's files list only some members.
func (w *work) pickedListed(st stack) []string {
	c := w.ds.Classifications[0]
	var out []string
	if w.picksCodes() && covers(st, c.Name, "listed") {
		out = append(out, c.Name)
	}
	for _, f := range w.ds.RowFields() {
		if len(w.q.Where[f.Name]) > 0 && covers(st, f.Name, "listed") {
			out = append(out, f.Name)
		}
	}
	return out
}

// tryParts are a stack's parts, without what would be said of them if it
// answered.
func (w *work) tryParts(reporter string, st stack) ([]guichet.PlanPart, error) {
	gaps, remarks := slices.Clone(w.answer.Gaps), slices.Clone(w.answer.Remarks)
	parts, err := w.parts(reporter, st)
	w.answer.Gaps, w.answer.Remarks = gaps, remarks
	return parts, err
}

// unitLists says whether a unit's scope alone shows that it has what was picked.
func (w *work) unitLists(sub *guichet.Submission, u guichet.Unit, dims []string, parts []guichet.PlanPart) bool {
	c := w.ds.Classifications[0]
	for _, dim := range dims {
		if dim != c.Name {
			if v, ok := inScope(sub, u, dim); !ok || !slices.Contains(w.q.Where[dim], v) {
				return false
			}
			continue
		}
		code, ok := inScope(sub, u, c.Code)
		if !ok || !slices.ContainsFunc(parts, func(p guichet.PlanPart) bool {
			return slices.Contains(p.Submissions, sub.ID) && hasCode(c, p.Clauses, code)
		}) {
			return false
		}
	}
	return true
}

// hasCode says whether a national code meets the clauses on codes. It is taken
// to begin with its common code: where a list says otherwise the rows decide.
func hasCode(c guichet.Classification, clauses []guichet.Clause, code string) bool {
	for _, cl := range clauses {
		value := code
		switch cl.Field {
		case c.Common:
			value = code[:min(len(code), deepestCommon)]
		case c.Code:
		default:
			continue
		}
		if !slices.Contains(cl.In, value) && !slices.ContainsFunc(cl.Prefix, func(p string) bool { return strings.HasPrefix(value, p) }) {
			return false
		}
	}
	return true
}

// untoldCell says why the files at hand do not tell the one cell asked for,
// though they tell each of its members somewhere: partners may stand under the
// total alone, or under some codes. It is "" where they cover all of it, so
// that a missing line is a zero.
func (w *work) untoldCell(ctx context.Context, st stack, parts []guichet.PlanPart) (string, error) {
	c := w.ds.Classifications[0]
	someCodes := covers(st, c.Name, "listed") || covers(st, c.Name, "none")
	someMembers := slices.ContainsFunc(w.ds.Breakdowns, func(b guichet.Breakdown) bool { return covers(st, b.Field, "listed") })
	if !someCodes && !someMembers {
		return "", nil
	}
	ofCodes := w.without(parts, c.Name)
	if rows, err := w.members(ctx, ofCodes, "", ""); err != nil || len(rows) == 0 {
		return "", err
	}
	for _, b := range w.ds.Breakdowns {
		values := w.q.Where[b.Field]
		if len(values) == 0 || !covers(st, b.Field, "listed") {
			continue
		}
		told, err := w.members(ctx, ofCodes, b.Field, b.Kind)
		if err != nil {
			return "", err
		}
		told = w.proper(told, &b)
		has := slices.ContainsFunc(told, func(m [2]string) bool { return slices.Contains(values, m[0]) })
		switch {
		case len(told) == 0:
			return w.say("the files at hand tell this without %s alone", "les fichiers détenus ne donnent ceci que sans %s", b.Field), nil
		case !has && someCodes:
			return w.say("the files at hand list only some of %s for this, and not that: %s", "les fichiers détenus n'énumèrent pour ceci qu'une partie de %s, et pas cela : %s", b.Field, firstOf(told)), nil
		}
	}
	rows, err := w.members(ctx, w.withoutKinds(parts), "", "")
	if len(rows) > 0 {
		return w.say("the files at hand tell this only in a breakdown that was not asked for, and not as a whole", "les fichiers détenus ne donnent ceci que dans une ventilation qui n'est pas demandée, et non en un tout"), err
	}
	return "", err
}

// withoutKinds strips off parts what keeps totals away from their parts in the
// dimensions that the question does not pick from.
func (w *work) withoutKinds(parts []guichet.PlanPart) []guichet.PlanPart {
	out := make([]guichet.PlanPart, len(parts))
	for i, p := range parts {
		out[i] = p
		out[i].Clauses = slices.DeleteFunc(slices.Clone(p.Clauses), func(cl guichet.Clause) bool {
			return slices.ContainsFunc(w.ds.Breakdowns, func(b guichet.Breakdown) bool {
				return b.Kind == cl.Field && len(w.q.Where[b.Field]) == 0 && len(w.q.Where[b.Kind]) == 0
			})
		})
	}
	return out
}
