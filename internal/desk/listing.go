package desk

import (
	"context"
	"slices"
	"strings"

	"guichet"
)

// Of several tables some may list other goods or partners than were asked for:
// they cannot answer, however much of the period they cover.

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
	c := w.ds.Class()
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
	c := w.ds.Class()
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
