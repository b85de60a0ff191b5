package desk

import (
	"cmp"
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

// called is what people call a field, "partner", « partenaire »; of a classification its
// finest common level: "subheading".
func (w *work) called(name string) string {
	title := ""
	if f, ok := w.ds.Field(name); ok {
		title = f.Title.In(w.q.Lang)
	} else if _, l, ok := w.ds.ClassificationBy(name); ok {
		title = l.Title.In(w.q.Lang)
	}
	return cmp.Or(strings.ToLower(title), name)
}

func (w *work) gap(reporter string, reason guichet.GapReason, text, period string) {
	w.addGap(guichet.Gap{Reporter: reporter, Reason: reason, Text: text, Period: period})
}

func (w *work) addGap(g guichet.Gap) {
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

// explainUse says what is to be known of the submissions in use, for figures
// or for a reported zero.
func (w *work) explainUse(reporter string, st stack) {
	for _, h := range st.holdings {
		sub := h.Submission
		if _, used := w.rows.used[sub.ID]; !used {
			continue
		}
		w.fromLines(reporter, st)
		if sub.Override != "" {
			w.remark(w.coded(remarkTotalsAccepted, reporter, w.ours(sub.Override)))
		}
		for _, code := range sub.Notes {
			w.remark(w.coded(code, reporter, ""))
		}
		if sub.Generated {
			w.remark(w.coded(remarkGenerated, reporter, w.source(sub).File))
		}
		switch {
		case sub.Aside == 0:
		case w.terms.member:
			w.gap(reporter, guichet.GapPutAside, w.say("some lines of a file behind this were put aside", "des lignes d'un fichier dont ceci est tiré ont été écartées"), "")
		default:
			w.gap(reporter, guichet.GapPutAside, w.say("%d of %d lines of %s were put aside; see guichet submissions rejects %s", "%d lignes sur %d de %s ont été écartées ; voir guichet submissions rejects %s", sub.Aside, sub.Lines, sub.File, sub.ID), "")
		}
	}
}

// finish writes rows, sources and the remarks that the rows carry.
func (w *work) finish() {
	w.answer.Rows = w.rows.rows()
	if n := w.q.Limit; n > 0 && len(w.answer.Rows) > n {
		w.remark(guichet.Remark{Code: RemarkLimited, Text: w.say("the first %d of %d rows", "les %d premières lignes sur %d", n, len(w.answer.Rows)), Rows: int64(len(w.answer.Rows))})
		w.answer.Rows = w.answer.Rows[:n]
	}
	w.columns()
	w.sources()
	w.rowRemarks()
	w.figuresAbsent()
	w.dollars()
	w.tellDerived()
	w.sortGaps()
	if len(w.answer.Rows) == 0 && len(w.answer.Gaps) == 0 {
		w.gap("", guichet.GapNotReported, w.say("nothing here answers this question", "rien ici ne répond à cette question"), "")
	}
}

func (w *work) sortGaps() {
	slices.SortStableFunc(w.answer.Gaps, func(a, b guichet.Gap) int { return cmp.Compare(a.Reporter, b.Reporter) })
}

// sources cites the submissions in use.
func (w *work) sources() {
	for _, id := range slices.Sorted(maps.Keys(w.rows.used)) {
		sub := w.subs[id]
		w.answer.Sources = append(w.answer.Sources, w.source(sub))
	}
}

// source cites one submission. To a member a file of declaration lines has no
// name, digest or number of lines: these are of all that it holds.
func (w *work) source(sub *guichet.Submission) guichet.Source {
	out := guichet.Source{
		Submission: sub.ID, Digest: sub.Digest, Rows: w.rowsUsed(sub.ID), Reporter: strings.Join(sub.Reporters(), " "),
		File: sub.File, Generated: sub.Generated, Released: sub.Released, Licence: sub.Field("licence"), Fields: sub.Fields,
	}
	if w.terms.member && w.ofLines(sub) {
		out.File, out.Digest, out.Rows = "", "", 0
	}
	return out
}

// rowsUsed is how many rows of a submission the figures are of; 0 where that
// would tell of a hidden cell.
func (w *work) rowsUsed(id string) int64 {
	if w.rows.unnamed[id] {
		return 0
	}
	return w.rows.used[id]
}

// rowRemarks says what the rows carry, and of how many and how much: each
// separate combination (imports of two trade systems) by itself, since figures
// of two are never added, in a remark either.
func (w *work) rowRemarks() {
	groups := map[string][]share{}
	of := map[string]*remarkCount{}
	for _, c := range w.rows.remarks {
		group := c.reporter + "|" + c.code
		groups[group], of[group] = append(groups[group], c.share), c
	}
	for _, group := range slices.Sorted(maps.Keys(groups)) {
		for _, s := range w.tellApart(groups[group]) {
			r := w.coded(of[group].code, of[group].reporter, "")
			if w.rows.bare[r.Reporter] {
				w.remark(r)
				continue
			}
			r.Text += s.label
			r.Rows, r.Of = s.rows, s.of
			if w.mainAsked() {
				r.Value, r.Unit = &s.sum, s.unit
			}
			w.remark(r)
		}
	}
}

// figuresAbsent says for each measure asked for how many rows have no figure.
func (w *work) figuresAbsent() {
	for _, key := range slices.Sorted(maps.Keys(w.rows.absent)) {
		n := w.rows.absent[key]
		reporter, measure, _ := strings.Cut(key, "|")
		if n[0] == 0 || !slices.Contains(w.q.Measures, measure) || w.rows.alone(measure) && w.rows.joined[measure] > 0 {
			continue
		}
		if w.rows.bare[reporter] {
			w.remark(guichet.Remark{Code: RemarkFiguresAbsent, Reporter: reporter, Unit: measure, Text: w.say(
				"%s: some rows have no figure; the sum is of the others", "%s : des lignes n'ont pas de chiffre ; la somme porte sur les autres", measure)})
			continue
		}
		w.remark(guichet.Remark{Code: RemarkFiguresAbsent, Reporter: reporter, Rows: n[0], Unit: measure, Text: w.say(
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
		w.remark(w.coded(remarkDollars, "", w.ds.RatesVersion))
	}
	if len(w.rows.norate) > 0 {
		w.remark(guichet.Remark{Code: RemarkNoRate, Text: w.say("no rate is held for %s: no dollars there", "aucun taux n'est détenu pour %s : pas de dollars là", strings.Join(slices.Sorted(maps.Keys(w.rows.norate)), ", "))})
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
	w.columnOfMarks()
}
