package store

import (
	"context"
	"slices"

	"guichet"
)

// Outlook says who answers for what now, and who would if a submission that has been
// staged were committed. The right to write is held, so that nothing changes before it
// is. Nothing is changed by it.
func (w *Writer) Outlook(ctx context.Context, sub *guichet.Submission) (before, after []guichet.Holding, err error) {
	ds, err := w.s.Dataset(sub.Dataset)
	if err != nil {
		return nil, nil, err
	}
	sh, err := w.s.shelfOf(ctx, ds.Name)
	if err != nil {
		return nil, nil, err
	}
	return InForce(ds, sh.subs, guichet.Moment{}), InForce(ds, append(slices.Clone(sh.subs), sub), guichet.Moment{}), nil
}
