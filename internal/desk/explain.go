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

// say formats a sentence in the question's language.
func (w *work) say(en, fr string, args ...any) string {
	if w.q.Lang == "fr" {
		return fmt.Sprintf(fr, args...)
	}
	return fmt.Sprintf(en, args...)
}

func (w *work) gap(reporter string, reason guichet.GapReason, text, period string) {
	g := guichet.Gap{Reporter: reporter, Reason: reason, Text: text, Period: period}
	if !slices.Contains(w.answer.Gaps, g) {
		w.answer.Gaps = append(w.answer.Gaps, g)
	}
}

func (w *work) remark(r guichet.Remark) {
	same := func(x guichet.Remark) bool {
		return x.Code == r.Code && x.Reporter == r.Reporter && x.Text == r.Text
	}
	if !slices.ContainsFunc(w.answer.Remarks, same) {
		w.answer.Remarks = append(w.answer.Remarks, r)
	}
}

// coded is a remark with its sentence from the descriptor.
func (w *work) coded(code, reporter, about string) guichet.Remark {
	text := w.ds.RemarkText(code, w.q.Lang)
	if text == "" {
		text = code
	}
	if about != "" {
		text += " (" + about + ")"
	}
	return guichet.Remark{Code: code, Reporter: reporter, Text: text}
}

// dimsText names the unit fields of a stack: "imports".
func (w *work) dimsText(dims map[string]string) string {
	var out []string
	for _, f := range w.ds.UnitFields {
		out = append(out, dims[f])
	}
	return strings.Join(out, ", ")
}

// notReported says why a reporter has nothing at all in the span.
func (w *work) notReported(reporter string, holdings []guichet.Holding) {
	var spans []string
	for _, h := range holdings {
		for _, u := range h.Units {
			if u.Reporter == reporter && w.unitMatches(u) {
				spans = append(spans, u.Period.String())
			}
		}
	}
	if len(spans) == 0 {
		w.gap(reporter, guichet.GapNotReported, w.say("no file of %s with what is asked for has been taken in", "aucun fichier de %s contenant ce qui est demandé n'a été pris en charge", reporter), w.q.Period.String())
		return
	}
	slices.Sort(spans)
	w.gap(reporter, guichet.GapNotReported, w.say("no file of that period has been taken in; what is held runs from %s to %s", "aucun fichier de cette période n'a été pris en charge ; ce qui est détenu va de %s à %s", spans[0], spans[len(spans)-1]), w.q.Period.String())
}

// missingPeriods says which months of the span no file covers.
func (w *work) missingPeriods(reporter string, st stack) {
	if w.q.Period.IsZero() {
		return
	}
	var missing []string
	for _, m := range w.q.Period.Months() {
		p := guichet.Period{Freq: guichet.Monthly, Start: m}
		if !slices.ContainsFunc(st.periods, func(have guichet.Period) bool { return have.Contains(p) }) {
			missing = append(missing, p.String())
		}
	}
	if len(missing) == 0 || st.freq == guichet.Daily {
		return
	}
	total := len(w.q.Period.Months())
	shown := missing[0]
	if len(missing) > 1 {
		shown += ":" + missing[len(missing)-1]
	}
	w.gap(reporter, guichet.GapNotReported, w.say("%s: %d of %d months have no file (%s)", "%s : %d mois sur %d sans fichier (%s)", w.dimsText(st.dims), len(missing), total, shown), shown)
}

// nothingFound tells a reported zero from what a file does not list.
func (w *work) nothingFound(reporter string, st stack) {
	for _, dim := range w.needed() {
		for _, h := range st.holdings {
			if h.Submission.Covers[dim] == "listed" {
				w.gap(reporter, guichet.GapNotCovered, w.say("%s: the files at hand list only some of %s, and not this", "%s : les fichiers détenus n'énumèrent qu'une partie de %s, et pas ceci", w.dimsText(st.dims), dim), "")
				return
			}
		}
	}
	if len(w.hidden) > 0 {
		return
	}
	w.gap(reporter, guichet.GapZero, w.say("%s: the file covers this and has no line: a reported zero", "%s : le fichier couvre ceci et n'a pas de ligne : un zéro déclaré", w.dimsText(st.dims)), w.span(st).String())
}

// askHidden looks, where an office rolled goods up, for figures that may hold
// what was asked for at a level above it.
func (w *work) askHidden(ctx context.Context, reporter string, st stack, parts []guichet.PlanPart) error {
	c := w.ds.Classifications[0]
	if c.Hidden[0] == "" || len(w.q.Where[c.Name]) == 0 {
		return nil
	}
	var asked []guichet.PlanPart
	for _, p := range parts {
		i := slices.IndexFunc(p.Clauses, func(cl guichet.Clause) bool { return cl.Field == c.Common })
		if i < 0 || !w.rolledUp(st, p.Submissions) {
			continue
		}
		above := ancestors(append(slices.Clone(p.Clauses[i].In), p.Clauses[i].Prefix...))
		if len(above) == 0 {
			continue
		}
		cl := slices.Clone(p.Clauses)
		cl[i] = guichet.Clause{Field: c.Common, In: above}
		cl = append(cl, guichet.Clause{Field: c.Hidden[0], In: []string{c.Hidden[1]}})
		asked = append(asked, guichet.PlanPart{Submissions: p.Submissions, Span: p.Span, Clauses: cl})
	}
	if len(asked) == 0 {
		return nil
	}
	found, err := w.desk.tables.Find(ctx, guichet.Plan{Dataset: w.ds.Name, Moment: w.moment, Parts: asked, By: []string{c.Common}, Measures: []string{w.ds.Main}})
	if err != nil {
		return err
	}
	sums := map[string]guichet.Decimal{}
	for _, f := range found {
		if f.Measures[0] != nil {
			sums[f.Keys[0]] = sums[f.Keys[0]].Add(*f.Measures[0])
		}
	}
	for _, code := range slices.Sorted(maps.Keys(sums)) {
		if w.hidden == nil {
			w.hidden = map[string]guichet.Decimal{}
		}
		w.hidden[reporter] = w.hidden[reporter].Add(sums[code])
		w.gap(reporter, guichet.GapHidden, w.say("part of this may be hidden: %s %s is rolled up under %s", "une partie peut être masquée : %s %s sont regroupés sous %s", sums[code], w.currency(st), code), "")
	}
	return nil
}

func (w *work) currency(st stack) string { return st.holdings[0].Submission.Field(w.rows.currency) }

func (w *work) rolledUp(st stack, ids []string) bool {
	for _, h := range st.holdings {
		if slices.Contains(ids, h.Submission.ID) && slices.ContainsFunc(h.Submission.Remarks, func(c guichet.Count) bool { return c.Code == w.ds.Classifications[0].Hidden[1] }) {
			return true
		}
	}
	return false
}

// ancestors are the shorter codes under which a code may have been rolled up.
func ancestors(codes []string) []string {
	var out []string
	for _, c := range codes {
		for n := len(c) - 2; n > 0; n -= 2 {
			if !slices.Contains(out, c[:n]) {
				out = append(out, c[:n])
			}
		}
	}
	return out
}

// askOutliers warns when one of the few rows that carry most of a measure is
// among those used.
func (w *work) askOutliers(ctx context.Context, st stack, parts []guichet.PlanPart) error {
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
		if len(figures) == 0 {
			continue
		}
		var asked []guichet.PlanPart
		for _, p := range parts {
			p.Clauses = append(slices.Clone(p.Clauses), guichet.Clause{Field: m, In: figures})
			p.Submissions = slices.DeleteFunc(slices.Clone(p.Submissions), func(id string) bool { return !ids[id] })
			if len(p.Submissions) > 0 {
				asked = append(asked, p)
			}
		}
		if err := w.warnOutliers(ctx, m, asked); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) warnOutliers(ctx context.Context, measure string, parts []guichet.PlanPart) error {
	found, err := w.desk.tables.Find(ctx, guichet.Plan{Dataset: w.ds.Name, Moment: w.moment, Parts: parts, Measures: []string{measure}})
	if err != nil {
		return err
	}
	var sum guichet.Decimal
	var rows int64
	for _, f := range found {
		rows += f.Rows
		if f.Measures[0] != nil {
			sum = sum.Add(*f.Measures[0])
		}
	}
	if rows == 0 {
		return nil
	}
	r := w.coded("outlier_mass", "", "")
	r.Rows, r.Value, r.Unit = rows, &sum, measure
	r.Text = w.say("%d lines carry %s of %s: %s", "%d lignes portent %s de %s : %s", rows, sum, measure, r.Text)
	w.remark(r)
	return nil
}

// fixed3 writes a figure as the engine writes a DECIMAL(18,3).
func fixed3(d guichet.Decimal) string { return d.Rat().FloatString(3) }

// explainUse says what is to be known of the submissions in use.
func (w *work) explainUse(reporter string, st stack, found []guichet.Found) {
	used := map[string]bool{}
	for _, f := range found {
		used[f.Submission] = true
	}
	for _, h := range st.holdings {
		sub := h.Submission
		if !used[sub.ID] {
			continue
		}
		if sub.Override != "" {
			w.remark(w.coded("totals_accepted", reporter, sub.Override))
		}
		for _, code := range sub.Notes {
			w.remark(w.coded(code, reporter, ""))
		}
		if sub.Generated {
			w.remark(w.coded("generated", reporter, sub.File))
		}
		if sub.Aside > 0 {
			w.gap(reporter, guichet.GapPutAside, w.say("%d of %d lines of %s were put aside; see guichet submissions rejects %s", "%d lignes sur %d de %s ont été écartées ; voir guichet submissions rejects %s", sub.Aside, sub.Lines, sub.File, sub.ID), "")
		}
	}
}

// finish writes rows, sources and the remarks that the rows carry.
func (w *work) finish() {
	w.answer.Rows = w.rows.rows()
	if n := w.q.Limit; n > 0 && len(w.answer.Rows) > n {
		w.remark(guichet.Remark{Code: "limited", Text: w.say("the first %d of %d rows", "les %d premières lignes sur %d", n, len(w.answer.Rows)), Rows: int64(len(w.answer.Rows))})
		w.answer.Rows = w.answer.Rows[:n]
	}
	w.columns()
	for _, id := range slices.Sorted(maps.Keys(w.rows.used)) {
		sub := w.subs[id]
		w.answer.Sources = append(w.answer.Sources, guichet.Source{
			Submission: id, Digest: sub.Digest, Rows: w.rows.used[id], Reporter: strings.Join(sub.Reporters(), " "),
			File: sub.File, Generated: sub.Generated, Released: sub.Released, Licence: sub.Field("licence"), Fields: sub.Fields,
		})
	}
	for _, key := range slices.Sorted(maps.Keys(w.rows.remarks)) {
		c := w.rows.remarks[key]
		r := w.coded(c.code, c.reporter, "")
		r.Rows, r.Value, r.Unit = c.rows, &c.value, c.currency
		w.remark(r)
	}
	w.figuresAbsent()
	w.dollars()
	slices.SortStableFunc(w.answer.Gaps, func(a, b guichet.Gap) int { return cmp.Compare(a.Reporter, b.Reporter) })
	if len(w.answer.Rows) == 0 && len(w.answer.Gaps) == 0 {
		w.gap("", guichet.GapNotReported, w.say("nothing here answers this question", "rien ici ne répond à cette question"), "")
	}
}

// figuresAbsent says for each measure asked for how many rows have no figure.
func (w *work) figuresAbsent() {
	for _, key := range slices.Sorted(maps.Keys(w.rows.absent)) {
		n := w.rows.absent[key]
		reporter, measure, _ := strings.Cut(key, "|")
		if n[0] == 0 || !slices.Contains(w.q.Measures, measure) {
			continue
		}
		w.remark(guichet.Remark{Code: "figures_absent", Reporter: reporter, Rows: n[0], Unit: measure, Text: w.say(
			"%s: %d of %d rows have no figure; the sum is of the others", "%s : %d lignes sur %d n'ont pas de chiffre ; la somme porte sur les autres", measure, n[0], n[1])})
	}
}

// dollars says how dollars were made.
func (w *work) dollars() {
	if w.rows.usd == "" || len(w.answer.Rows) == 0 {
		return
	}
	estimated := slices.ContainsFunc(w.answer.Rows, func(r guichet.Row) bool { return r[w.rows.currency] != "USD" && r[w.rows.usd] != nil })
	if estimated {
		w.remark(w.coded("dollars_estimated", "", w.ds.RatesVersion))
	}
	if len(w.rows.norate) > 0 {
		w.remark(guichet.Remark{Code: "no_rate", Text: w.say("no rate is held for %s: no dollars there", "aucun taux n'est détenu pour %s : pas de dollars là", strings.Join(slices.Sorted(maps.Keys(w.rows.norate)), ", "))})
	}
}

// columns describes the answer's columns.
func (w *work) columns() {
	for _, by := range w.q.By {
		c := guichet.Column{Name: by}
		if f, ok := w.ds.Field(by); ok {
			c.Title = f.Title
		} else if _, l, ok := w.ds.ClassificationBy(by); ok {
			c.Title = l.Title
		}
		w.answer.Columns = append(w.answer.Columns, c)
	}
	for _, m := range w.q.Measures {
		c := guichet.Column{Name: m, Measure: true}
		if f, ok := w.ds.Field(m); ok {
			c.Title = f.Title
		} else if d, ok := w.ds.DerivedBy(m); ok {
			c.Title = d.Title
		}
		w.answer.Columns = append(w.answer.Columns, c)
	}
}
