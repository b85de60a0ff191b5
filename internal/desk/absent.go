package desk

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"guichet"
)

// This file says why there is no figure. Zero is said only where the files at
// hand break down by all that was picked from, and have no line; whatever they
// do not tell is not covered.

// notReported says why a reporter has no submission to answer from.
func (w *work) notReported(reporter string, holdings []guichet.Holding) {
	var spans, tables []string
	for _, h := range holdings {
		for _, u := range h.Units {
			if u.Reporter != reporter || !w.unitMatches(u) {
				continue
			}
			spans = append(spans, u.Period.String())
			if w.q.Period.Contains(u.Period) {
				tables = append(tables, w.tableText(h.Submission))
			}
		}
	}
	gone := w.saidPurged(reporter, nil)
	switch {
	case len(gone) > 0: // which has been said
	case len(w.kept[reporter]) > 0:
	case w.terms.member: // what else is held is not told
		w.gap(reporter, guichet.GapNotReported, w.notThere(), w.q.Period.String())
	case len(tables) > 0:
		slices.Sort(tables)
		w.gap(reporter, guichet.GapNotCovered, w.say(
			"what is held of that period is of another table than asked for: %s", "ce qui est détenu de cette période est d'un autre tableau que demandé : %s",
			strings.Join(slices.Compact(tables), ", ")), w.q.Period.String())
	case len(spans) > 0:
		slices.Sort(spans)
		w.gap(reporter, guichet.GapNotReported, w.say(
			"no file of that period has been taken in; what is held runs from %s to %s", "aucun fichier de cette période n'a été pris en charge ; ce qui est détenu va de %s à %s",
			spans[0], spans[len(spans)-1]), w.q.Period.String())
	default:
		w.gap(reporter, guichet.GapNotReported, w.say(
			"no file of %s with what is asked for has been taken in", "aucun fichier de %s contenant ce qui est demandé n'a été pris en charge", reporter), w.q.Period.String())
	}
}

// tableText names a table with the fields of it that were asked for.
func (w *work) tableText(sub *guichet.Submission) string {
	out := []string{sub.Field(guichet.FieldCube)}
	for _, f := range w.ds.SubmissionFields() {
		if len(w.q.Where[f.Name]) > 0 {
			out = append(out, "("+f.Name+" "+sub.Field(f.Name)+")")
		}
	}
	return strings.Join(out, " ")
}

// missingPeriods says which months of the span no file covers, and of which
// only amendments are held: those are not the months' own figures.
func (w *work) missingPeriods(reporter string, st stack) {
	if len(st.amended) > 0 {
		shown := stretches(st.amended)
		w.gapOf(st, reporter, shown, w.say(
			"%s: of %d of %d periods only amendments are held, not their own figures (%s)", "%s : de %d périodes sur %d seules des rectifications sont détenues, non leurs propres chiffres (%s)",
			w.dimsText(st.dims), len(st.amended), len(st.periods), shown))
	}
	gone := w.saidPurged(reporter, &st)
	missing := slices.DeleteFunc(w.missingMonths(st), func(p guichet.Period) bool {
		if slices.ContainsFunc(gone, func(have guichet.Period) bool { return have.Contains(p) }) {
			return true
		}
		return slices.ContainsFunc(w.kept[reporter], func(u guichet.Unit) bool { return u.Period.Contains(p) })
	})
	if len(missing) == 0 {
		return
	}
	shown := stretches(missing)
	w.gapOf(st, reporter, shown, w.say("%s: %d of %d months have no file (%s)", "%s : %d mois sur %d sans fichier (%s)", w.dimsText(st.dims), len(missing), len(w.q.Period.Months()), shown))
}

// saidPurged says of which periods the figures were here and were removed for good,
// by which purge, and returns them; of a stack, those of its own unit fields alone.
// A member is told of no more than it would be answered from.
func (w *work) saidPurged(reporter string, st *stack) []guichet.Period {
	var gone []guichet.Period
	by := map[string][]guichet.Period{} // purge -> periods
	for _, h := range w.purged {
		if w.q.Cube != "" && h.Submission.Field(guichet.FieldCube) != w.q.Cube || !w.subMatches(h.Submission) || w.terms.member && w.keptBack(h.Submission).EN != "" {
			continue
		}
		for _, u := range h.Units {
			if u.Reporter != reporter || !w.q.Period.Contains(u.Period) || !w.unitMatches(u) {
				continue
			}
			if st != nil && (!maps.Equal(u.Dims, st.dims) || slices.ContainsFunc(st.periods, func(p guichet.Period) bool { return p.Contains(u.Period) })) {
				continue
			}
			if !slices.Contains(gone, u.Period) {
				gone = append(gone, u.Period)
			}
			if !slices.Contains(by[u.Purged], u.Period) {
				by[u.Purged] = append(by[u.Purged], u.Period)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(by)) {
		shown := stretches(by[id])
		g := guichet.Gap{Reporter: reporter, Reason: guichet.GapPurged, Period: shown, Text: w.say(
			"the figures of %s were here and were removed by a rule of retention (purge %s)", "les chiffres de %s étaient ici et ont été supprimés par une règle de conservation (suppression %s)", shown, id)}
		if st != nil {
			g.Of = w.dimsText(st.dims)
		}
		w.addGap(g)
	}
	return gone
}

// gapOf is the gap of periods that were not reported in a stack's unit fields.
func (w *work) gapOf(st stack, reporter, period, text string) {
	w.addGap(guichet.Gap{Reporter: reporter, Reason: guichet.GapNotReported, Text: text, Period: period, Of: w.dimsText(st.dims)})
}

// missingMonths are the months of the span asked for that no period of the stack
// holds; none for days, of which a month need not have any, and none where the
// question names no span.
func (w *work) missingMonths(st stack) []guichet.Period {
	if w.q.Period.IsZero() || st.freq == guichet.Daily {
		return nil
	}
	var missing []guichet.Period
	for _, m := range w.q.Period.Months() {
		p := guichet.Period{Freq: guichet.Monthly, Start: m}
		if !slices.ContainsFunc(st.periods, func(have guichet.Period) bool { return have.Contains(p) }) {
			missing = append(missing, p)
		}
	}
	return missing
}

// stretches writes periods as spans, those that follow each other as one:
// "2024-01:2024-03 2024-05".
func stretches(periods []guichet.Period) string {
	sorted := slices.SortedFunc(slices.Values(periods), func(a, b guichet.Period) int {
		return cmp.Or(a.Start.Compare(b.Start), a.End().Compare(b.End()))
	})
	var out []string
	for i := 0; i < len(sorted); {
		span := guichet.Span{From: sorted[i], To: sorted[i]}
		for i++; i < len(sorted) && !sorted[i].Start.After(span.To.End().AddDate(0, 0, 1)); i++ {
			span.To = sorted[i]
		}
		out = append(out, span.String())
	}
	return strings.Join(out, " ")
}

// listedOnly says whether the question picks from a classification of which the
// stack's files list only some members: then a period may be held for one
// member and not for another.
func (w *work) listedOnly(st stack) bool {
	c := w.ds.Class()
	return len(w.q.Where[c.Name]) > 0 && covers(st, c.Name, "listed")
}

func covers(st stack, dim, how string) bool {
	return slices.ContainsFunc(st.holdings, func(h guichet.Holding) bool { return h.Submission.Covers[dim] == how })
}

// missingMembers says for which periods of the stack no line came of what the
// files only list in part.
func (w *work) missingMembers(reporter string, st stack, found []guichet.Found) {
	if !w.listedOnly(st) {
		return
	}
	have := map[string]bool{}
	for _, f := range found {
		have[f.Period.String()] = true
	}
	var missing []string
	for _, p := range st.periods {
		if !have[p.String()] {
			missing = append(missing, p.String())
		}
	}
	if len(missing) == 0 {
		return
	}
	slices.Sort(missing)
	w.gap(reporter, guichet.GapNotCovered, w.say(
		"%s: no line of this in %s, and the files at hand do not list every %s", "%s : pas de ligne de ceci en %s, et les fichiers détenus n'énumèrent pas chaque %s",
		w.dimsText(st.dims), strings.Join(missing, ", "), w.called(w.ds.Class().Name)), strings.Join(missing, " "))
}

// nothingFound tells a reported zero from what the files do not tell.
func (w *work) nothingFound(ctx context.Context, reporter string, st stack, parts []guichet.PlanPart) error {
	why := ""
	var err error
	switch {
	case !w.terms.member:
		why, err = w.untold(ctx, st, parts)
	case !w.coversAsked(st):
		why = w.notThere()
	}
	if err != nil {
		return err
	}
	if why != "" {
		w.gap(reporter, guichet.GapNotCovered, w.dimsText(st.dims)+": "+why, "")
		return nil
	}
	w.gap(reporter, guichet.GapZero, w.say("%s: the file covers this and has no line: a reported zero", "%s : le fichier couvre ceci et n'a pas de ligne : un zéro déclaré", w.dimsText(st.dims)), w.span(st).String())
	for _, h := range st.holdings { // a zero, too, is somebody's figure
		w.cite(h.Submission)
	}
	return nil
}

// cite names a submission among the sources of an answer that has no row of it.
func (w *work) cite(sub *guichet.Submission) {
	w.subs[sub.ID] = sub
	w.rows.used[sub.ID] += 0
}

// untold looks at each condition by itself: why the files at hand cannot have
// answered it, "" when they can.
func (w *work) untold(ctx context.Context, st stack, parts []guichet.PlanPart) (string, error) {
	c := w.ds.Class()
	if w.listedOnly(st) {
		rows, err := w.members(ctx, w.without(parts, c.Name), "", "")
		if err != nil || len(rows) == 0 {
			return w.say("the files at hand do not list every %s, and not this", "les fichiers détenus n'énumèrent pas chaque %s, et pas ceci", w.called(c.Name)), err
		}
	}
	for _, f := range w.ds.RowFields() {
		values := w.q.Where[f.Name]
		if len(values) == 0 || w.isUnitField(f.Name) {
			continue
		}
		b := w.breakdown(f.Name)
		kind := ""
		if b != nil {
			kind = b.Kind
		}
		told, err := w.members(ctx, w.without(parts), f.Name, kind)
		if err != nil {
			return "", err
		}
		switch told = w.proper(told, b); {
		case len(told) == 0:
			return w.say("the files at hand do not break down by %s", "les fichiers détenus ne ventilent pas par %s", w.called(f.Name)), nil
		case slices.ContainsFunc(told, func(m [2]string) bool { return slices.Contains(values, m[0]) }):
		case b == nil:
			return w.say("the files at hand have no %s %s; they have: %s", "les fichiers détenus n'ont pas de %s %s ; ils ont : %s", w.called(f.Name), strings.Join(values, ", "), firstOf(told)), nil
		case covers(st, f.Name, "listed"):
			return w.say("the files at hand do not list every %s, and not this", "les fichiers détenus n'énumèrent pas chaque %s, et pas ceci", w.called(f.Name)), nil
		}
	}
	return w.untoldCell(ctx, st, parts)
}

// untoldCell says why the files at hand do not tell the one cell asked for,
// though they tell each of its members somewhere: partners may stand under the
// total alone, or under some codes. It is "" where they cover all of it, so
// that a missing line is a zero.
func (w *work) untoldCell(ctx context.Context, st stack, parts []guichet.PlanPart) (string, error) {
	c := w.ds.Class()
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
			return w.say("the files at hand tell this without %s alone", "les fichiers détenus ne donnent ceci que sans %s", w.called(b.Field)), nil
		case !has && someCodes:
			return w.say("the files at hand do not list every %s of this, and not this one: %s", "les fichiers détenus n'énumèrent pas pour ceci chaque %s, et pas celui-ci : %s", w.called(b.Field), firstOf(told)), nil
		}
	}
	rows, err := w.members(ctx, w.withoutKinds(parts), "", "")
	if len(rows) > 0 {
		return w.say("the files at hand tell this in another breakdown alone than was asked for", "les fichiers détenus ne donnent ceci que dans une autre ventilation que demandé"), err
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

// isUnitField says whether a condition chose the stack already.
func (w *work) isUnitField(name string) bool {
	return name == guichet.FieldReporter || name == guichet.FieldFreq || slices.Contains(w.ds.UnitFields, name)
}

// without strips the question's own conditions off parts, but for those on the
// dimensions named (a classification stands for all of its fields), and but for
// those that chose the stack.
func (w *work) without(parts []guichet.PlanPart, keep ...string) []guichet.PlanPart {
	c := w.ds.Class()
	out := make([]guichet.PlanPart, len(parts))
	for i, p := range parts {
		out[i] = p
		out[i].Clauses = slices.DeleteFunc(slices.Clone(p.Clauses), func(cl guichet.Clause) bool {
			name := cl.Field
			if slices.Contains([]string{c.Code, c.Common, c.Edition, c.Level}, name) {
				name = c.Name
			}
			return !w.isUnitField(cl.Field) && !slices.Contains(keep, name)
		})
	}
	return out
}

// members returns the members of a field, with their kind, that the parts
// have; one of no name when no field is given and there is any row.
func (w *work) members(ctx context.Context, parts []guichet.PlanPart, field, kind string) ([][2]string, error) {
	plan := guichet.Plan{Dataset: w.ds.Name, Moment: w.moment, Parts: parts}
	for _, by := range []string{field, kind} {
		if by != "" {
			plan.By = append(plan.By, by)
		}
	}
	found, err := w.desk.tables.Find(ctx, plan)
	if err != nil {
		return nil, err
	}
	var out [][2]string
	for _, f := range found {
		m := [2]string{}
		copy(m[:], f.Keys)
		if !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	return out, nil
}

// proper leaves out members that stand for all others, or for none.
func (w *work) proper(members [][2]string, b *guichet.Breakdown) [][2]string {
	return slices.DeleteFunc(members, func(m [2]string) bool {
		return m[0] == "" || b != nil && (slices.Contains(b.Whole, m[1]) || slices.Contains(b.Aside, m[1]))
	})
}

// firstOf names the first few members.
func firstOf(members [][2]string) string {
	const most = 6
	var names []string
	for _, m := range members {
		if !slices.Contains(names, m[0]) {
			names = append(names, m[0])
		}
	}
	slices.Sort(names)
	if len(names) > most {
		names = append(names[:most], "...")
	}
	return strings.Join(names, ", ")
}

// untoldDimensions says which dimensions of the answer no row tells; a unit is
// missed only where there is a quantity.
func (w *work) untoldDimensions(reporter string, st stack, found []guichet.Found) {
	for i, by := range w.plan.By {
		f, ok := w.ds.Field(by)
		if !ok || len(found) == 0 || slices.ContainsFunc(found, func(x guichet.Found) bool { return x.Keys[i] != "" }) {
			continue
		}
		if f.Role != guichet.Dimension && !w.measured(f.Name, found) {
			continue
		}
		w.gap(reporter, guichet.GapNotCovered, w.say(
			"%s: the files at hand do not tell %s; the figures are of all together", "%s : les fichiers détenus ne donnent pas %s ; les chiffres sont ceux de l'ensemble",
			w.dimsText(st.dims), f.Name), "")
	}
}

// measured says whether there is any figure in a unit that is summed.
func (w *work) measured(unit string, found []guichet.Found) bool {
	for i, name := range w.plan.Measures {
		f, _ := w.ds.Field(name)
		if f.Unit == unit && slices.ContainsFunc(found, func(x guichet.Found) bool { return x.Figures[i] > 0 && !says(x.Remark, ofUnknownUnit) }) {
			return true
		}
	}
	return false
}
