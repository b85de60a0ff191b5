package desk

import (
	"slices"

	"guichet"
)

// To a member nothing is told that stands outside of what was granted to it: no
// figure and no code that a look beyond the question found, no fact about a whole
// file. This file has the sentences that are left, and what they depend on:
// never a row outside of the conditions, but for whether goods were rolled up.

// ours is a text that only the owner is told.
func (w *work) ours(text string) string {
	if w.terms.member {
		return ""
	}
	return text
}

// mainAsked says whether remarks may tell sums of the main measure: to a member
// only where it asked for it.
func (w *work) mainAsked() bool {
	return !w.terms.member || slices.Contains(w.q.Measures, w.ds.Main)
}

// ofLines says whether a submission holds declaration lines, or may.
func (w *work) ofLines(sub *guichet.Submission) bool {
	return len(w.ds.Grains) == 0 || sub.Field(guichet.FieldGrain) != w.ds.Grains[0]
}

// rolledUpUnsaid says that goods were rolled up, not which nor how much.
func (w *work) rolledUpUnsaid(reporter string, st stack) {
	w.gap(reporter, guichet.GapHidden, w.say("%s: part of this may be hidden: the file has goods that were rolled up", "%s : une partie peut être masquée : le fichier a des marchandises regroupées", w.dimsText(st.dims)), "")
}

// shortUnsaid says that the members of a dimension fall short of their total,
// not by how much: these are sums over the whole file.
func (w *work) shortUnsaid(reporter string, b guichet.Breakdown) {
	w.remark(guichet.Remark{Code: RemarkPartsIncomplete, Reporter: reporter, Text: w.say(
		"the members of %s listed in a file add up to less than the total that it states; the total is taken where members are not asked for",
		"les membres de %s énumérés dans un fichier font moins que le total qu'il indique ; le total est pris là où les membres ne sont pas demandés", b.Field)})
}

// listedUnsaid says that the figures are of a selection, not of which.
func (w *work) listedUnsaid(r guichet.Remark, st stack, dim string) {
	r.Text = w.say("%s: the files at hand do not list every %s, and the figures are of what they list", "%s : les fichiers détenus n'énumèrent pas chaque %s, et les chiffres ne portent que sur ce qu'ils énumèrent", w.dimsText(st.dims), w.called(dim))
	w.remark(r)
}

// notThere is all that a member is told of why there is no figure.
func (w *work) notThere() string {
	return w.say("what was asked for is not there", "ce qui est demandé n'y est pas")
}

// coversAsked says, by what the files claim to cover and without a look at other
// rows, whether a missing line is a zero: they have all of each dimension that is
// picked from, and no selection of any other.
func (w *work) coversAsked(st stack) bool {
	c := w.ds.Class()
	if covers(st, c.Name, "listed") || slices.ContainsFunc(w.ds.Breakdowns, func(b guichet.Breakdown) bool { return covers(st, b.Field, "listed") }) {
		return false
	}
	for name := range w.q.Where {
		f, ok := w.ds.Field(name)
		if w.isUnitField(name) || ok && (f.Place == guichet.InSubmission || f.Separate) {
			continue
		}
		if slices.Contains([]string{c.Code, c.Common}, name) {
			name = c.Name
		}
		if slices.ContainsFunc(st.holdings, func(h guichet.Holding) bool { return h.Submission.Covers[name] != "all" }) {
			return false
		}
	}
	return true
}
