package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/apache/iceberg-go/table"

	"guichet"
)

// heldFile is one file of a snapshot, with what its footer says of it.
type heldFile struct {
	Name   string `json:"name"` // in the table's data folder
	Rows   int64  `json:"rows"`
	Size   int64  `json:"size"`
	Bounds bounds `json:"bounds"`
}

// filePlan says which files of a snapshot hold which submission. It does not
// change once it is made, and is shared by all who ask.
type filePlan struct {
	files []heldFile
	bySub map[string][]int // submission -> places in files
}

// of returns the files that hold rows of a submission.
func (p *filePlan) of(id string) []heldFile { return p.filesOf([]string{id}) }

// filesOf returns the files that hold rows of any of these submissions, each
// once, in the order of the submissions.
func (p *filePlan) filesOf(ids []string) []heldFile {
	var out []heldFile
	seen := make([]bool, len(p.files))
	for _, id := range ids {
		for _, i := range p.bySub[id] {
			if !seen[i] {
				out = append(out, p.files[i])
			}
			seen[i] = true
		}
	}
	return out
}

// newPlan sorts files by the submissions that they hold: a file of one says
// whose it is in its name, a pack is in the register.
func newPlan(files []heldFile, packs map[string]*pack) (*filePlan, error) {
	p := &filePlan{files: files, bySub: map[string][]int{}}
	for i, f := range files {
		if !isPack(f.Name) {
			id, _ := ownersOf(f.Name)
			p.bySub[id] = append(p.bySub[id], i)
			continue
		}
		known := packs[f.Name]
		if known == nil {
			return nil, guichet.Errorf(guichet.KindInternal, "the table holds the file %s, of which the register does not say what it holds", f.Name).
				WithHint("restore the home from a backup")
		}
		for id := range known.leaves {
			p.bySub[id] = append(p.bySub[id], i)
		}
	}
	return p, nil
}

// tableFiles lists the data files of a snapshot, from Iceberg's manifests, each
// once: the library plans tasks, and makes several of a file of more than 128 MiB
// (read.split.target-size), one for each stretch of its row groups.
func tableFiles(ctx context.Context, ds *guichet.Dataset, tbl *table.Table, snap *table.Snapshot) ([]heldFile, error) {
	if snap == nil {
		return nil, nil
	}
	tasks, err := tbl.Scan(table.WithSnapshotID(snap.SnapshotID)).PlanFiles(ctx)
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	out := make([]heldFile, len(tasks))
	for i, t := range tasks {
		out[i] = heldFile{Name: filepath.Base(t.File.FilePath()), Rows: t.File.Count(), Size: t.File.FileSizeBytes(), Bounds: boundsOf(ds, t.File)}
	}
	return eachOnce(out), nil
}

// eachOnce leaves a file that is named again out: what is listed twice is read
// twice, and its figures are doubled.
func eachOnce(files []heldFile) []heldFile {
	seen := make(map[string]bool, len(files))
	return slices.DeleteFunc(files, func(f heldFile) bool {
		again := seen[f.Name]
		seen[f.Name] = true
		return again
	})
}

// snapshotFiles returns the plan of a moment, made once per snapshot. It goes
// by a shelf, not by the table's present snapshot, which beside a writer may be
// of a submission that is not confirmed.
func (s *Store) snapshotFiles(ctx context.Context, ds *guichet.Dataset, sh *shelf, at guichet.Moment) (*filePlan, error) {
	var snap int64
	for _, sub := range sh.upTo(at.State) {
		if at.AsOf.IsZero() || !sub.TakenAt.After(at.AsOf) {
			snap = sh.snapshotAfter(sub.ID)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.planOf(ctx, ds, sh, snap)
}

// snapshotAfter is the snapshot that shows the rows in force once a submission
// had come in: its own, or that of the last compaction before the next came.
func (sh *shelf) snapshotAfter(id string) int64 {
	if snap, ok := sh.compacted[id]; ok {
		return snap
	}
	return sh.snapshots[id]
}

// newest is the snapshot of the present.
func (sh *shelf) newest() int64 {
	if len(sh.subs) == 0 {
		return 0
	}
	return sh.snapshotAfter(sh.subs[len(sh.subs)-1].ID)
}

// planOf returns the plan of a snapshot. A pack that the present no longer
// holds may be gone from the disk: the files that it was made of stand in for
// it. The caller holds s.mu.
func (s *Store) planOf(ctx context.Context, ds *guichet.Dataset, sh *shelf, snap int64) (*filePlan, error) {
	if p, ok := sh.plans[snap]; ok {
		return p, nil
	}
	files, err := s.keptPlan(ctx, ds, snap)
	if err != nil {
		return nil, err
	}
	if files == nil && snap != 0 {
		tbl, err := s.openTable(ctx, ds, false)
		if err != nil {
			return nil, err
		}
		at := tbl.SnapshotByID(snap)
		if at == nil {
			return nil, purgedMeanwhile()
		}
		if files, err = tableFiles(ctx, ds, tbl, at); err != nil {
			return nil, err
		}
	}
	if newest := sh.newest(); snap != newest {
		present, err := s.planOf(ctx, ds, sh, newest)
		if err != nil {
			return nil, err
		}
		files = unpacked(files, sh.packs, present)
	}
	p, err := newPlan(files, sh.packs)
	if err != nil {
		return nil, err
	}
	sh.plans[snap] = p
	return p, nil
}

// unpacked puts the files that a pack was made of in its place, for each pack
// that the present does not hold. Their bounds are not known.
func unpacked(files []heldFile, packs map[string]*pack, present *filePlan) []heldFile {
	var out []heldFile
	for _, f := range files {
		live := slices.ContainsFunc(present.files, func(p heldFile) bool { return p.Name == f.Name })
		if known := packs[f.Name]; isPack(f.Name) && !live && known != nil {
			for _, leaf := range known.all() {
				out = append(out, heldFile{Name: leaf})
			}
			continue
		}
		out = append(out, f)
	}
	return out
}

// keepPlan writes the plan of a dataset's newest snapshot beside the register,
// so that a process that only asks need not read Iceberg's manifests.
func keepPlan(ctx context.Context, tx *sql.Tx, dataset string, snap int64, files []heldFile) error {
	b, err := json.Marshal(files)
	if err != nil {
		return fmt.Errorf("keep plan: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO plans (dataset, snapshot, doc) VALUES (?,?,?)`, dataset, snap, string(b)); err != nil {
		return fmt.Errorf("keep plan: %w", err)
	}
	return nil
}

// keptPlan returns the files of a snapshot if they were kept, else nil: of an
// older snapshot, after a recovery, or in a home of an older program. A plan that
// was kept with a large file several times is read with it once.
func (s *Store) keptPlan(ctx context.Context, ds *guichet.Dataset, snap int64) ([]heldFile, error) {
	var doc string
	err := s.db.QueryRowContext(ctx, `SELECT doc FROM plans WHERE dataset=? AND snapshot=?`, ds.Name, snap).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read plan: %w", err)
	}
	var out []heldFile
	if err := json.Unmarshal([]byte(doc), &out); err != nil {
		return nil, fmt.Errorf("read plan: %w", err)
	}
	return eachOnce(out), nil
}
