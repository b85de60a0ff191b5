package desk

import (
	"slices"

	"guichet"
)

// Where an office's published figures and the declaration lines behind them are
// both held, they say the same thing twice, by different rules: published
// figures have been checked, completed and partly hidden, and lines are
// administrative data. The published ones answer unless lines are asked for
// (grain line), and what answers is said.

// grain is a stack's place among the grains of the dataset: the first is
// preferred.
func (w *work) grain(st stack) int {
	return max(0, slices.Index(w.ds.Grains, st.holdings[0].Submission.Field(guichet.FieldGrain)))
}

// otherGrains says whether only rows of another grain than the stack's have a
// field: what an office publishes has no day of lodgement.
func (w *work) otherGrains(st stack, field string) bool {
	f, ok := w.ds.Field(field)
	return ok && f.Grain != "" && f.Grain != st.holdings[0].Submission.Field(guichet.FieldGrain)
}

// otherGrain says of a stack that answers that finer ones are held too.
func (w *work) otherGrain(reporter string, chosen stack, others []stack) {
	for _, st := range others {
		if w.grain(st) > w.grain(chosen) {
			w.remark(w.coded(remarkLinesHeld, reporter, w.dimsText(st.dims)+", "+st.cube))
		}
	}
}

// fromLines says of figures that they were added up here, not published.
func (w *work) fromLines(reporter string, st stack) {
	if w.grain(st) > 0 {
		w.remark(w.coded(remarkFromLines, reporter, w.dimsText(st.dims)+", "+st.cube))
	}
}
