package store

import "context"

// What the tests outside need of the inside.

// OnStep is told of every step of a commit as it ends: a test that panics there
// leaves the home as a killed process would.
func (s *Store) OnStep(f func(step string)) { s.step = f }

// LockOf names the file that is locked while somebody writes.
const LockOf = homeLock

// Unchecked are the bounds of the outliers, for tests that stand beside them.
const (
	OutlierRows = outlierRows
	OutlierFile = outlierFile
)

// Snapshots returns how many snapshots the table of a dataset has.
func (s *Store) Snapshots(ctx context.Context, dataset string) (int, error) {
	ds, err := s.Dataset(dataset)
	if err != nil {
		return 0, err
	}
	t, err := s.openTable(ctx, ds, false)
	if err != nil {
		return 0, err
	}
	return len(t.Metadata().Snapshots()), nil
}
