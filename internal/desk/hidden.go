package desk

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"guichet"
)

// askHidden looks, where an office rolled goods up, for figures that may hold
// what was asked for at a level above it, and says so. It returns whether there
// are any: then a missing line is no zero.
func (w *work) askHidden(ctx context.Context, reporter string, st stack, parts []guichet.PlanPart) (bool, error) {
	c := w.ds.Class()
	asked := w.hiddenParts(c, st, parts)
	if len(asked) == 0 {
		return false, nil
	}
	found, err := w.apart(ctx, asked, c.Common, w.ds.Main)
	if err != nil {
		return false, err
	}
	hidden := false
	for _, code := range slices.Sorted(maps.Keys(found)) {
		var figures []string
		for _, s := range found[code] {
			if s.sum.Sign() != 0 {
				figures = append(figures, s.sum.String()+" "+w.currency(st)+s.label)
			}
		}
		if len(figures) == 0 {
			continue
		}
		hidden = true
		if w.terms.member {
			continue
		}
		text := w.say("part of this may be hidden: %s rolled up under %s", "une partie peut être masquée : %s regroupés sous %s", strings.Join(figures, ", "), code)
		if code == "" {
			text = w.say("part of this may be hidden: %s of any kind in one line", "une partie peut être masquée : %s de toute nature en une ligne", strings.Join(figures, ", "))
		}
		w.gap(reporter, guichet.GapHidden, w.dimsText(st.dims)+": "+text, "")
	}
	if hidden && w.terms.member {
		w.rolledUpUnsaid(reporter, st)
	}
	for _, h := range st.holdings {
		if hidden && slices.ContainsFunc(asked, func(p guichet.PlanPart) bool { return slices.Contains(p.Submissions, h.Submission.ID) }) {
			w.cite(h.Submission)
		}
	}
	return hidden, nil
}

// hiddenParts are parts as they were asked, but for rows that were rolled up
// above the codes that were picked.
func (w *work) hiddenParts(c guichet.Classification, st stack, parts []guichet.PlanPart) []guichet.PlanPart {
	if c.Hidden[0] == "" || len(w.q.Where[c.Name]) == 0 {
		return nil
	}
	var out []guichet.PlanPart
	for _, p := range parts {
		i := slices.IndexFunc(p.Clauses, func(cl guichet.Clause) bool { return cl.Field == c.Common || cl.Field == c.Code })
		if i < 0 {
			continue
		}
		subs, levelless := w.rolledUp(st, p.Submissions)
		above := ancestors(slices.Concat(p.Clauses[i].In, p.Clauses[i].Prefix))
		if levelless {
			above = append(above, "") // of any kind in one line
		}
		if len(subs) == 0 || len(above) == 0 {
			continue
		}
		cl := slices.DeleteFunc(slices.Clone(p.Clauses), func(cl guichet.Clause) bool {
			return slices.Contains([]string{c.Common, c.Code, c.Level}, cl.Field)
		})
		cl = append(cl, guichet.Clause{Field: c.Common, In: above}, guichet.Clause{Field: c.Hidden[0], In: []string{c.Hidden[1]}})
		if own := p.Clauses[i]; own.Field == c.Code { // who asks for the very line sees it
			own.Not = true
			cl = append(cl, own)
		}
		out = append(out, guichet.PlanPart{Submissions: subs, Span: p.Span, Clauses: cl})
	}
	return out
}

func (w *work) currency(st stack) string { return w.rows.unitOf(st.holdings[0].Submission) }

// rolledUp returns those of the submissions that have such rows, and whether
// any has rows without a level.
func (w *work) rolledUp(st stack, ids []string) (subs []string, levelless bool) {
	by := w.ds.Class().HiddenBy
	for _, h := range st.holdings {
		sub := h.Submission
		if !slices.Contains(ids, sub.ID) || !slices.ContainsFunc(sub.Remarks, func(c guichet.Count) bool { return slices.Contains(by, c.Code) }) {
			continue
		}
		subs = append(subs, sub.ID)
		levelless = levelless || slices.ContainsFunc(sub.Shapes, func(s guichet.Shape) bool { return s.Level == 0 })
	}
	return subs, levelless
}

// ancestors are the shorter codes under which a code may have been rolled up;
// of a national one, those of the common code that it begins with.
func ancestors(codes []string) []string {
	const common = 6
	var out []string
	for _, c := range codes {
		n := len(c) - 2
		if len(c) > common {
			n = common
		}
		for ; n > 0; n -= 2 {
			if !slices.Contains(out, c[:n]) {
				out = append(out, c[:n])
			}
		}
	}
	return out
}

// askOutliers warns when one of the few rows that carry most of a measure is
// among those used.
func (w *work) askOutliers(ctx context.Context, reporter string, st stack, parts []guichet.PlanPart) error {
	for _, m := range w.rows.kept {
		f, _ := w.ds.Field(m)
		if !f.Outliers || !slices.Contains(w.q.Measures, m) {
			continue
		}
		var figures []string
		ids := map[string]bool{}
		for _, h := range st.holdings {
			for _, o := range h.Submission.Outliers {
				if o.Measure == m {
					figures, ids[h.Submission.ID] = append(figures, fixed3(o.Figure)), true
				}
			}
		}
		var asked []guichet.PlanPart
		for _, p := range parts {
			p.Clauses = append(slices.Clone(p.Clauses), guichet.Clause{Field: m, In: figures})
			p.Submissions = slices.DeleteFunc(slices.Clone(p.Submissions), func(id string) bool { return !ids[id] })
			if len(p.Submissions) > 0 {
				asked = append(asked, p)
			}
		}
		if len(asked) == 0 {
			continue
		}
		found, err := w.apart(ctx, asked, "", m)
		if err != nil {
			return err
		}
		if w.terms.member && len(found[""]) > 0 {
			w.remark(w.coded(remarkOutlierMass, reporter, m)) // of a few lines, which may be finer than what is given
			continue
		}
		for _, s := range found[""] {
			r := w.coded(remarkOutlierMass, reporter, "")
			r.Rows, r.Value, r.Unit, r.Of = s.rows, &s.sum, m, s.of
			r.Text = w.say("%d lines carry %s of %s: %s", "%d lignes portent %s de %s : %s", s.rows, s.sum, m, r.Text) + s.label
			w.remark(r)
		}
	}
	return nil
}

// fixed3 writes a figure as the engine writes a DECIMAL(18,3).
func fixed3(d guichet.Decimal) string { return d.Rat().FloatString(3) }

// share is a sum of one measure over rows that may be added.
type share struct {
	sum   guichet.Decimal
	unit  string
	rows  int64
	keys  []string // the separate dimensions
	label string   // " (general)" where it differs from other shares, else ""
	of    string   // "general" where it is of that one alone, else ""
}

// apart sums a measure by a dimension ("" none), and never over a separate one.
func (w *work) apart(ctx context.Context, parts []guichet.PlanPart, by, measure string) (map[string][]share, error) {
	plan := guichet.Plan{Dataset: w.ds.Name, Moment: w.moment, Parts: parts, Measures: []string{measure}}
	for _, f := range w.ds.RowFields() {
		if f.Separate {
			plan.By = append(plan.By, f.Name)
		}
	}
	separate := len(plan.By)
	if by != "" {
		plan.By = append(plan.By, by)
	}
	found, err := w.desk.tables.Find(ctx, plan)
	if err != nil {
		return nil, err
	}
	out := map[string][]share{}
	for _, f := range found {
		name := ""
		if by != "" {
			name = f.Keys[separate]
		}
		i := slices.IndexFunc(out[name], func(s share) bool { return slices.Equal(s.keys, f.Keys[:separate]) })
		if i < 0 {
			i, out[name] = len(out[name]), append(out[name], share{keys: f.Keys[:separate]})
		}
		s := &out[name][i]
		s.rows += f.Rows
		if f.Measures[0] != nil {
			s.sum = s.sum.Add(*f.Measures[0])
		}
	}
	for name, shares := range out {
		out[name] = w.tellApart(shares)
	}
	return out, nil
}

// tellApart labels shares by the keys in which they differ: " (general)", none
// where nothing differs. Shares of the same figure are told as one, which is
// that of each: " (each of general; special_relaxed)".
func (w *work) tellApart(shares []share) []share {
	slices.SortFunc(shares, func(a, b share) int { return slices.Compare(a.keys, b.keys) })
	var out []share
	var labels [][]string
	for _, s := range shares {
		i := slices.IndexFunc(out, func(o share) bool { return o.rows == s.rows && o.unit == s.unit && o.sum.Cmp(s.sum) == 0 })
		if i < 0 {
			i, out, labels = len(out), append(out, s), append(labels, nil)
		}
		labels[i] = append(labels[i], differing(s.keys, shares))
	}
	for i, of := range labels {
		switch {
		case len(shares) == 1:
		case len(of) == 1:
			out[i].of, out[i].label = of[0], " ("+of[0]+")"
		default:
			out[i].label = w.say(" (each of %s)", " (pour chacun : %s)", strings.Join(of, "; "))
		}
	}
	return out
}

// differing names those of the keys in which any of the shares differ.
func differing(keys []string, shares []share) string {
	var out []string
	for k, v := range keys {
		if slices.ContainsFunc(shares, func(s share) bool { return s.keys[k] != v }) {
			out = append(out, cmp.Or(v, "-"))
		}
	}
	return strings.Join(out, ", ")
}
