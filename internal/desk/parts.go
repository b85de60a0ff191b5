package desk

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"guichet"
)

// parts turns a stack into plan parts: submissions that need the same clauses
// are asked together.
func (w *work) parts(reporter string, st stack) ([]guichet.PlanPart, error) {
	byKey := map[string]int{}
	var out []guichet.PlanPart
	for _, h := range st.holdings {
		clauses, err := w.clauses(reporter, st, h.Submission)
		if err != nil {
			return nil, err
		}
		for _, cl := range clauses {
			key := fmt.Sprint(cl)
			i, ok := byKey[key]
			if !ok {
				i = len(out)
				byKey[key], out = i, append(out, guichet.PlanPart{Span: w.span(st), Clauses: cl})
			}
			out[i].Submissions = append(out[i].Submissions, h.Submission.ID)
		}
	}
	return out, nil
}

// span limits a part to the stack's own periods where the question names none.
func (w *work) span(st stack) guichet.Span {
	if !w.q.Period.IsZero() {
		return w.q.Period
	}
	from := slices.MinFunc(st.periods, func(a, b guichet.Period) int { return a.Start.Compare(b.Start) })
	to := slices.MaxFunc(st.periods, func(a, b guichet.Period) int { return a.End().Compare(b.End()) })
	return guichet.Span{From: from, To: to}
}

// clauses returns the alternatives under which rows of a submission count: one
// list of clauses per edition of the classification.
func (w *work) clauses(reporter string, st stack, sub *guichet.Submission) ([][]guichet.Clause, error) {
	base := []guichet.Clause{
		{Field: guichet.FieldReporter, In: []string{reporter}},
		{Field: guichet.FieldFreq, In: []string{string(st.freq)}},
	}
	for _, f := range w.ds.UnitFields {
		base = append(base, guichet.Clause{Field: f, In: []string{st.dims[f]}})
	}
	for _, f := range w.ds.RowFields() {
		values := w.q.Where[f.Name]
		if len(values) == 0 || f.Name == guichet.FieldReporter || f.Name == guichet.FieldFreq || slices.Contains(w.ds.UnitFields, f.Name) {
			continue
		}
		if f.Name == w.ds.Class().Code && !slices.Contains(w.q.By, f.Name) {
			values = outermost(values)
		}
		base = append(base, guichet.Clause{Field: f.Name, In: values})
	}
	shapes := w.shapesOf(st, sub)
	for _, b := range w.ds.Breakdowns {
		if c, ok := w.breakdownClause(reporter, b, shapes); ok {
			base = append(base, c)
		}
	}
	return w.classified(classified{reporter: reporter, st: st, sub: sub, shapes: shapes, base: base})
}

// outermost leaves out codes that stand under another one of the list: the
// figure of that one holds them.
func outermost(codes []string) []string {
	return slices.DeleteFunc(slices.Clone(codes), func(c string) bool {
		return slices.ContainsFunc(codes, func(o string) bool { return len(o) < len(c) && strings.HasPrefix(c, o) })
	})
}

// shapesOf returns the shapes of a submission in the stack's unit fields.
func (w *work) shapesOf(st stack, sub *guichet.Submission) []guichet.Shape {
	var out []guichet.Shape
	for _, sh := range sub.Shapes {
		if maps.Equal(sh.Dims, st.dims) {
			out = append(out, sh)
		}
	}
	return out
}

// breakdownClause keeps a total away from its parts. A dimension that is asked
// for or picked from is answered by its parts (groups of members stay out
// unless they are named); one that is summed over, by its parts or by its
// whole, as the descriptor prefers.
func (w *work) breakdownClause(reporter string, b guichet.Breakdown, shapes []guichet.Shape) (guichet.Clause, bool) {
	has := map[string]bool{}
	for _, sh := range shapes {
		has[sh.Kinds[b.Field]] = true
	}
	parts := guichet.Clause{Field: b.Kind, In: slices.Concat(b.Whole, b.Aside), Not: true}
	whole := guichet.Clause{Field: b.Kind, In: b.Whole}
	switch {
	case len(w.q.Where[b.Field]) > 0 || len(w.q.Where[b.Kind]) > 0:
		return guichet.Clause{}, false
	case slices.Contains(w.q.By, b.Field):
		if !has["part"] && has["whole"] {
			w.remark(w.coded(remarkWorldOnly, reporter, b.Field))
			return whole, true
		}
		if w.totals {
			// Who may tell them apart may ask without them, for the total that the office states; and
			// it may state more of a total than of its parts. The copy sees which rows are totals.
			return guichet.Clause{Field: b.Kind, In: b.Aside, Not: true}, len(b.Aside) > 0
		}
		if has["part"] && has["whole"] {
			w.fallsShort(reporter, b, shapes)
		}
		return parts, true
	case has["whole"] && (!b.Parts || !has["part"] || w.fallsShort(reporter, b, shapes)):
		return whole, true
	case has["whole"] || has["aside"]:
		return parts, true
	}
	return guichet.Clause{}, false
}

// fallsShort says whether the parts of a dimension that a file lists add up to
// less than the whole that it states, and tells it: an extract may hold the
// world and a few partners only. Rounding, half a unit a row, is no shortfall.
func (w *work) fallsShort(reporter string, b guichet.Breakdown, shapes []guichet.Shape) bool {
	var whole, parts guichet.Decimal
	var rows int64
	for _, sh := range shapes {
		switch sh.Kinds[b.Field] {
		case "whole":
			whole = whole.Add(sh.Value)
		case "part":
			parts, rows = parts.Add(sh.Value), rows+sh.Rows
		}
	}
	short := whole.Sub(parts)
	if short.Add(short).Cmp(guichet.DecimalOf(rows)) <= 0 {
		return false
	}
	if w.terms.member {
		w.shortUnsaid(reporter, b)
		return true
	}
	w.remark(guichet.Remark{Code: RemarkPartsIncomplete, Reporter: reporter, Text: w.say(
		"the members of %s listed in a file add up to %s, and the total that it states is %s; the total is taken where members are not asked for",
		"les membres de %s énumérés dans un fichier font %s, et le total qu'il indique est %s ; le total est pris là où les membres ne sont pas demandés",
		b.Field, parts, whole)})
	return true
}

// classified is what the clauses of a classification depend on.
type classified struct {
	reporter string
	st       stack
	sub      *guichet.Submission
	shapes   []guichet.Shape
	base     []guichet.Clause
}

// classified returns the alternatives by edition; none when the submission has
// nothing that may be used, which is then said as a gap.
func (w *work) classified(in classified) ([][]guichet.Clause, error) {
	c := w.ds.Class()
	exprs := w.q.Where[c.Name]
	deep := w.deepest(c)
	if len(exprs) == 0 || w.allOf(c, exprs) {
		cl, ok := w.levelClause(c, in, deep)
		if !ok {
			return nil, nil
		}
		return [][]guichet.Clause{append(slices.Clone(in.base), cl...)}, nil
	}
	var out [][]guichet.Clause
	for _, edition := range editions(in.shapes) {
		sel, err := w.selection(c, in, edition, exprs)
		if err != nil {
			return nil, err
		}
		if sel == nil {
			continue
		}
		cl, ok := w.levelClause(c, in, max(deep, sel.digits))
		if !ok {
			continue
		}
		own := append(slices.Clone(in.base), cl...)
		if edition != 0 {
			own = append(own, guichet.Clause{Field: c.Edition, In: []string{strconv.Itoa(edition)}})
		}
		if len(sel.national) > 0 {
			own = append(own, guichet.Clause{Field: c.Code, Prefix: sel.national})
		} else {
			own = append(own, guichet.Clause{Field: c.Common, In: sel.codes, Prefix: sel.prefixes})
		}
		out = append(out, own)
	}
	return out, nil
}

// picked gathers the selections of all expressions in one edition.
type picked struct {
	codes, prefixes, national []string
	digits                    int
}

// selection resolves the question's codes in one edition of the rows. nil means
// that nothing of that edition may be used; the gap has been said.
func (w *work) selection(c guichet.Classification, in classified, edition int, exprs []string) (*picked, error) {
	asked := w.q.Edition
	if asked == 0 {
		asked = c.InForce(in.reporter, in.st.dims, in.sub.Field(c.List), w.span(in.st).To.End())
	}
	// Several codes asked for together may be a closed family, so they are
	// resolved as one; groups and national codes stand alone.
	var together, singles []string
	for _, e := range exprs {
		if c.Alone(e) {
			singles = append(singles, e)
		} else {
			together = append(together, e)
		}
	}
	if len(together) > 0 {
		singles = append(singles, strings.Join(together, "+"))
	}
	p := &picked{}
	for _, e := range singles {
		s, err := c.Resolve(guichet.Resolution{Expr: e, Asked: asked, Present: edition, Conversion: w.q.Conversion, Lang: w.q.Lang})
		if err != nil {
			return nil, err
		}
		if s.List != "" && in.sub.Field(c.List) != s.List {
			w.gap(in.reporter, guichet.GapNotCovered, w.say("%s is published by another list than %s", "%s est publié selon une autre liste que %s", in.sub.Field(guichet.FieldCube), s.List), "")
			return nil, nil //nolint:nilnil // the gap has been said
		}
		if s.Gap != "" {
			w.gap(in.reporter, guichet.GapIncomparable, s.Gap, "")
			return nil, nil //nolint:nilnil // the gap has been said
		}
		for _, r := range s.Remarks {
			r.Reporter = in.reporter
			w.remark(r)
		}
		p.codes = append(p.codes, s.Codes...)
		if s.Prefix != "" {
			p.prefixes = append(p.prefixes, s.Prefix)
		}
		need := min(s.Digits, 6)
		if s.National != "" {
			p.national = append(p.national, s.National)
			need = min(s.Digits, deepestOf(in.shapes)) // beside six digits, ten stand in rows of their own
		}
		p.digits = max(p.digits, need)
	}
	return p, nil
}

// deepestOf is how many digits the finest rows have.
func deepestOf(shapes []guichet.Shape) int {
	deep := 0
	for _, s := range shapes {
		deep = max(deep, s.Level)
	}
	return deep
}

// deepest is how many digits the question's own breakdown needs, and those
// common codes that it picks as they stand in rows.
func (w *work) deepest(c guichet.Classification) int {
	deep := 0
	for _, code := range w.q.Where[c.Common] {
		deep = max(deep, len(code))
	}
	for _, by := range w.q.By {
		if by == c.Name {
			deep = max(deep, 6)
		}
		for _, l := range c.Levels {
			if l.Name == by {
				deep = max(deep, cmp.Or(l.Digits, 6))
			}
		}
	}
	return deep
}

// levelClause keeps a total over finer rows away from those rows: where a file
// holds both, the coarsest level that is fine enough answers.
func (w *work) levelClause(c guichet.Classification, in classified, deep int) ([]guichet.Clause, bool) {
	if len(w.q.Where[c.Code]) > 0 { // a code that is picked as it stands has one level
		return nil, true
	}
	subtotals := slices.ContainsFunc(in.shapes, func(s guichet.Shape) bool { return s.Subtotal })
	if !subtotals && slices.ContainsFunc(in.shapes, func(s guichet.Shape) bool { return s.Level >= deep }) {
		return nil, true
	}
	best := -1
	for _, sh := range in.shapes {
		level := sh.Level
		if level >= deep && (best < 0 || level < best) {
			best = level
		}
	}
	if best < 0 {
		w.gap(in.reporter, guichet.GapNotCovered, w.say("%s is published at fewer than %d digits", "%s est publié à moins de %d chiffres", in.sub.Field(guichet.FieldCube), deep), "")
		return nil, false
	}
	return []guichet.Clause{{Field: c.Level, In: []string{strconv.Itoa(best)}}}, true
}

func editions(shapes []guichet.Shape) []int {
	var out []int
	for _, sh := range shapes {
		if !slices.Contains(out, sh.Edition) {
			out = append(out, sh.Edition)
		}
	}
	slices.Sort(out)
	return out
}
