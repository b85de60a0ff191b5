package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"guichet"
)

// Names in the summary of an Iceberg snapshot.
const propSubmission = "guichet.submission"

// Writer is the right to write to a home.
type Writer struct {
	s *Store
	l *lock
}

// Write waits for the right to write; KindBusy when another process keeps it.
func (s *Store) Write(ctx context.Context) (*Writer, error) {
	l, err := lockHome(ctx, s.home.Path, s.cfg.LockWait)
	if err != nil {
		return nil, err
	}
	if err := s.recover(ctx); err != nil {
		l.release()
		return nil, err
	}
	// A home that was opened beside a writer may still lack newer columns.
	for _, ds := range s.cfg.Datasets {
		if _, err := s.openTable(ctx, ds, true); err != nil {
			l.release()
			return nil, full(err)
		}
	}
	return &Writer{s, l}, nil
}

// Close gives the right back.
func (w *Writer) Close() { w.l.release() }

// Intake is what Commit makes durable.
type Intake struct {
	Submission *guichet.Submission
	Dir        string // the staging folder
	Data       string // Parquet in Dir, "" when no row was kept
	Rejects    string // Parquet in Dir, "" when nothing was put aside
	Original   string // the kept copy of the file in Dir, "" when it is kept already
}

// Commit makes a submission durable and visible in one snapshot: its rows are
// added, the rows that it supersedes are taken out, nothing is lost. It returns
// the ids of the submissions of which something was superseded. When it fails,
// nothing is visible, and what was written is removed here or at the next
// opening.
func (w *Writer) Commit(ctx context.Context, in Intake) ([]string, error) {
	s := w.s
	ds, err := s.Dataset(in.Submission.Dataset)
	if err != nil {
		return nil, err
	}
	sh, err := s.shelfOf(ctx, ds.Name)
	if err != nil {
		return nil, err
	}
	if in.Data != "" {
		if err := w.cut(in); err != nil {
			return nil, full(err)
		}
	}
	if err := s.register(ctx, in.Submission); err != nil {
		return nil, full(err)
	}
	s.at("registered")
	replaced, k, err := w.place(ctx, ds, sh, in)
	if err == nil {
		s.at("snapshot")
		err = s.confirm(ctx, in.Submission, k)
	}
	if err != nil {
		return w.abandon(context.WithoutCancel(ctx), in.Submission.ID, replaced, err)
	}
	s.at("confirmed")
	return replaced, nil
}

// cut says what files a submission is kept in: a large one is cut into pieces,
// in the staging folder.
func (w *Writer) cut(in Intake) error {
	sub, path := in.Submission, filepath.Join(in.Dir, in.Data)
	// The child that staged the file is the one that a hostile file may have
	// taken over: what it says of its rows is held against what it wrote.
	rows, err := rowsOf(path)
	if err != nil {
		return err
	}
	if rows != sub.Records {
		return guichet.Errorf(guichet.KindInternal, "the staging process told of %d records and wrote %d; nothing is taken in", sub.Records, rows)
	}
	if sub.Parts, err = cutLarge(path, sub.ID+".parquet", w.s.cfg.PieceSize); err != nil || len(sub.Parts) == 1 {
		return err
	}
	for _, p := range sub.Parts {
		held, err := rowsOf(filepath.Join(in.Dir, p.Path))
		if err != nil {
			return err
		}
		rows -= held
	}
	if rows != 0 {
		return guichet.Errorf(guichet.KindInternal, "the pieces of a file of %d records lack %d; nothing is taken in", sub.Records, rows)
	}
	return w.s.raiseVersion(packsVersion)
}

// abandon undoes a commit that failed. Where its snapshot is durable all the
// same (the fault came after it), the submission is there, and that is said.
func (w *Writer) abandon(ctx context.Context, id string, replaced []string, cause error) ([]string, error) {
	if err := w.s.recover(ctx); err != nil {
		return nil, full(errors.Join(cause, err))
	}
	ids, _, err := w.s.registered(ctx)
	if err != nil {
		return nil, full(errors.Join(cause, err))
	}
	if ids[id] {
		return replaced, nil
	}
	return nil, full(cause)
}

// at tells a test how far a commit has come.
func (s *Store) at(step string) {
	if s.step != nil {
		s.step(step)
	}
}

// full says in words that the disk is full.
func full(err error) error {
	if isFull(err) {
		return &guichet.Error{Kind: guichet.KindFull, Message: "the disk is full; nothing was kept", Hint: "free some space beside the home and take the file in again", Err: err}
	}
	return err
}

// place moves the files into their places and commits the snapshot.
func (w *Writer) place(ctx context.Context, ds *guichet.Dataset, sh *shelf, in Intake) ([]string, kept, error) {
	s, sub := w.s, in.Submission
	if in.Original != "" {
		if err := moveDurably(filepath.Join(in.Dir, in.Original), s.originalPath(sub.Original)); err != nil {
			return nil, kept{}, err
		}
		s.at("original")
	}
	if in.Rejects != "" {
		if err := moveDurably(filepath.Join(in.Dir, in.Rejects), s.rejectsPath(sub.ID)); err != nil {
			return nil, kept{}, err
		}
		s.at("rejects")
	}
	for _, p := range sub.Parts {
		if err := moveDurably(filepath.Join(in.Dir, p.Path), s.dataPath(ds.Name, p.Path)); err != nil {
			return nil, kept{}, err
		}
	}
	if len(sub.Parts) > 0 {
		s.at("data")
	}
	before, after, err := w.Outlook(ctx, sub)
	if err != nil {
		return nil, kept{}, err
	}
	tbl, err := s.openTable(ctx, ds, false)
	if err != nil {
		return nil, kept{}, err
	}
	held, err := w.heldNow(ctx, ds, tbl, sh)
	if err != nil {
		return nil, kept{}, err
	}
	del, add, replaced, err := w.changes(ctx, ds, change{before: before, after: after, held: held, packs: sh.packs, sub: sub, cause: sub.ID})
	if err != nil {
		return nil, kept{}, err
	}
	s.at("rewritten")
	k, err := w.commitFiles(ctx, ds, tbl, swap{del: del, add: add, prop: propSubmission, id: sub.ID})
	return replaced, k, err
}

// heldNow is the plan of the table's present snapshot: the writer is alone, so
// that it is of what the register confirms.
func (w *Writer) heldNow(ctx context.Context, ds *guichet.Dataset, tbl *table.Table, sh *shelf) (*filePlan, error) {
	files, err := tableFiles(ctx, ds, tbl, tbl.CurrentSnapshot())
	if err != nil {
		return nil, err
	}
	return newPlan(files, sh.packs)
}

// rowsOf is a Parquet file's own count of its rows.
func rowsOf(path string) (int64, error) {
	r, err := file.OpenParquetFile(path, false)
	if err != nil {
		return 0, fmt.Errorf("read what was staged: %w", err)
	}
	n := r.NumRows()
	if err := r.Close(); err != nil {
		return 0, fmt.Errorf("read what was staged: %w", err)
	}
	return n, nil
}

// change is what a commit has to work out: who answered before and after, and
// which files the table holds.
type change struct {
	before, after []guichet.Holding
	held          *filePlan // the files of the table
	packs         map[string]*pack
	sub           *guichet.Submission
	cause         string // of files that are written anew: part of their names
}

// changes works out which files leave the table and which enter it. A file of
// which only a part is in force is written anew without the rest. A pack of
// which anything is superseded is opened: what it was made of is still there and
// stands in the table again, until the next compaction.
func (w *Writer) changes(ctx context.Context, ds *guichet.Dataset, c change) (del, add, replaced []string, err error) {
	units := func(hs []guichet.Holding) map[string]guichet.Holding {
		out := map[string]guichet.Holding{}
		for _, h := range hs {
			out[h.Submission.ID] = h
		}
		return out
	}
	was, is := units(c.before), units(c.after)
	opened := map[string]bool{}
	for id, h := range was {
		if now, ok := is[id]; ok && sameUnits(ds, now, h) {
			continue
		}
		replaced = append(replaced, id)
		for _, f := range c.held.of(id) {
			if !isPack(f.Name) {
				del = append(del, f.Name)
				continue
			}
			opened[f.Name] = true
		}
	}
	for id, h := range is {
		if _, ok := was[id]; ok && !slices.Contains(replaced, id) || len(h.Submission.Parts) == 0 {
			continue
		}
		paths := pathsOf(h.Submission.Parts)
		if !h.Whole {
			if paths, err = w.rewrite(ctx, ds, h, c.cause); err != nil {
				return nil, nil, nil, err
			}
		}
		add = append(add, paths...)
	}
	for name := range opened {
		del = append(del, name)
		for id, leaves := range c.packs[name].leaves {
			if !slices.Contains(replaced, id) {
				add = append(add, leaves...)
			}
		}
	}
	slices.Sort(replaced)
	return del, add, replaced, nil
}

// sameUnits says whether a submission answers for the same units in both.
func sameUnits(ds *guichet.Dataset, a, b guichet.Holding) bool {
	return slices.EqualFunc(a.Units, b.Units, func(u, v guichet.Unit) bool { return u.Key(ds.UnitFields) == v.Key(ds.UnitFields) })
}

// swap is a change of the table's files, and who makes it.
type swap struct {
	del, add []string
	prop, id string // name and value in the summary of the snapshot
}

// commitFiles makes one snapshot, and returns it with its files. When nothing
// changes in the table (a file whose every unit is superseded already) the
// present snapshot stands.
func (w *Writer) commitFiles(ctx context.Context, ds *guichet.Dataset, tbl *table.Table, c swap) (kept, error) {
	full := func(paths []string) []string {
		return prefixed(tbl.Location()+"/data/", paths, "")
	}
	if len(c.del)+len(c.add) > 0 {
		tx := tbl.NewTransaction()
		if err := tx.ReplaceDataFiles(ctx, full(c.del), full(c.add), iceberg.Properties{c.prop: c.id}); err != nil {
			return kept{}, fmt.Errorf("commit: %w", err)
		}
		done, err := tx.Commit(ctx)
		if err != nil {
			return kept{}, fmt.Errorf("commit: %w", err)
		}
		tbl = done
	}
	snap := tbl.CurrentSnapshot()
	if snap == nil {
		return kept{}, nil
	}
	files, err := tableFiles(ctx, ds, tbl, snap)
	return kept{snap.SnapshotID, files}, err
}

// Paths of kept things.
func (s *Store) dataPath(dataset, name string) string {
	return filepath.Join(s.home.Path, dirTables, dataset, "data", name)
}

func (s *Store) rejectsPath(id string) string {
	return filepath.Join(s.home.Path, dirRejects, id+".parquet")
}

func (s *Store) originalPath(digest string) string {
	return filepath.Join(s.home.Path, dirOriginals, digest)
}

// Original returns the path of a kept original and whether it is there.
func (s *Store) Original(digest string) (string, bool) {
	p := s.originalPath(digest)
	_, err := os.Stat(p)
	return p, err == nil
}
