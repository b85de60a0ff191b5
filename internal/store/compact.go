package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"guichet"
)

// What is packed. A file below smallFile costs a question more to open than to
// read; more than packAt of them in one cube (a question is answered from one)
// start a compaction by themselves. A pack stays below packSize: when a newer
// file takes the place of a part of it, at most that much is written again.
// Two cores pack some 8 MiB a second.
const (
	smallFile = 16 << 20
	packSize  = 64 << 20
	packAt    = 64
)

// rowGroup is how many rows a row group of a rewritten file has, a multiple of
// the engine's vector of 2,048.
const rowGroup = 12 * 2048

// Compaction says what a compaction did.
type Compaction struct {
	Before int   `json:"files_before"` // data files of the table
	After  int   `json:"files_after"`
	Packed int   `json:"packed"` // files that were joined
	Packs  int   `json:"packs"`  // into so many
	Rows   int64 `json:"rows"`   // in them
	Bytes  int64 `json:"bytes"`  // of them
}

// batch is what becomes one pack.
type batch struct {
	files  []heldFile
	leaves map[string][]string // submission -> the files as they were committed
}

// CompactAll packs the small files of every cube, in one snapshot. Figures,
// answers at every moment and what may be exported stay as they are: the rows of
// each submission are counted and summed before and after, and a compaction
// that would change any is refused (KindInternal), with nothing changed.
// KindFull when the disk is full.
func (w *Writer) CompactAll(ctx context.Context, dataset string, p guichet.Progress) (Compaction, error) {
	return w.compact(ctx, dataset, p, func(groups [][]batch) []batch { return slices.Concat(groups...) })
}

// CompactSome packs the cube that has the most small files, if they are more
// than Config.PackAt, and of it at most packSize: what an ingest does when it has
// ended, in bounded time.
func (w *Writer) CompactSome(ctx context.Context, dataset string, p guichet.Progress) (Compaction, error) {
	return w.compact(ctx, dataset, p, func(groups [][]batch) []batch {
		var most batch
		for _, g := range groups {
			small := 0
			for _, b := range g {
				small += len(b.files)
			}
			if small <= w.s.cfg.PackAt {
				continue
			}
			for _, b := range g {
				if len(b.files) > len(most.files) {
					most = b
				}
			}
		}
		if len(most.files) == 0 {
			return nil
		}
		return []batch{most}
	})
}

// compact packs what choose takes of the batches, which come cube by cube.
func (w *Writer) compact(ctx context.Context, dataset string, p guichet.Progress, choose func([][]batch) []batch) (Compaction, error) {
	s := w.s
	ds, err := s.Dataset(dataset)
	if err != nil {
		return Compaction{}, err
	}
	sh, err := s.shelfOf(ctx, ds.Name)
	if err != nil {
		return Compaction{}, err
	}
	plan, err := s.snapshotFiles(ctx, ds, sh, guichet.Moment{})
	if err != nil {
		return Compaction{}, err
	}
	batches := choose(batchesOf(sh, plan))
	out := Compaction{Before: len(plan.files), After: len(plan.files)}
	if len(batches) == 0 {
		return out, nil
	}
	if p == nil {
		p = func(string, int64, int64) {}
	}
	made, err := w.pack(ctx, ds, sh, batches, p)
	if err != nil {
		return Compaction{}, fullCompacting(err)
	}
	for i, b := range batches {
		out.Packed += len(b.files)
		out.Rows += made[i].rows
		out.Bytes += made[i].size
	}
	out.Packs = len(made)
	out.After += out.Packs - out.Packed
	return out, nil
}

// fullCompacting says in words that the disk is full.
func fullCompacting(err error) error {
	if isFull(err) {
		return &guichet.Error{Kind: guichet.KindFull, Message: "the disk is full; nothing was compacted, and nothing is lost", Hint: "free some space beside the home and run guichet compact", Err: err}
	}
	return err
}

// batchesOf sorts the small files by cube, and by whether they may leave the
// node: a pack is exported whole or not at all. Within one they follow each
// other by reporter and period, so that a revision of some months opens few
// packs. A file that would stand alone is left as it is, and so is a piece,
// however small: a submission is packed whole.
func batchesOf(sh *shelf, plan *filePlan) [][]batch {
	held := make([][]*guichet.Submission, len(plan.files))
	for _, sub := range sh.subs {
		for _, i := range plan.bySub[sub.ID] {
			held[i] = append(held[i], sub)
		}
	}
	groups := map[string][]int{}
	for i, f := range plan.files {
		if f.Size < smallFile && len(held[i]) > 0 && !isPiece(f.Name) {
			key := fmt.Sprint(held[i][0].Field(guichet.FieldCube), "|", held[i][0].MayRedistribute)
			groups[key] = append(groups[key], i)
		}
	}
	var out [][]batch
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		at := groups[key]
		slices.SortFunc(at, func(a, b int) int {
			return cmp.Or(cmp.Compare(placeOf(held[a]), placeOf(held[b])), cmp.Compare(plan.files[a].Name, plan.files[b].Name))
		})
		var bs []batch
		var size int64
		for _, i := range at {
			if len(bs) == 0 || size+plan.files[i].Size > packSize {
				bs, size = append(bs, batch{leaves: map[string][]string{}}), 0
			}
			size += plan.files[i].Size
			bs[len(bs)-1].add(sh, plan.files[i], held[i])
		}
		bs = slices.DeleteFunc(bs, func(b batch) bool { return len(b.files) < 2 })
		out = append(out, bs)
	}
	return out
}

// placeOf sorts a file by the first reporter and period that it holds.
func placeOf(subs []*guichet.Submission) string {
	first := ""
	for _, sub := range subs {
		for _, u := range sub.Units {
			if at := u.Reporter + "|" + u.Period.String(); first == "" || at < first {
				first = at
			}
		}
	}
	return first
}

// add takes a file into a batch. Of a pack the files are named that it was made
// of, so that they never have to be looked for through several packs.
func (b *batch) add(sh *shelf, f heldFile, subs []*guichet.Submission) {
	b.files = append(b.files, f)
	for _, sub := range subs {
		names := []string{f.Name}
		if isPack(f.Name) {
			names = sh.packs[f.Name].leaves[sub.ID]
		}
		b.leaves[sub.ID] = append(b.leaves[sub.ID], names...)
	}
}

// pack goes through the steps of a compaction, which are those of a commit:
// registered as staged, files written and moved into place durably, one
// snapshot, confirmed. A process that is killed leaves what it was before, or
// what it is after.
func (w *Writer) pack(ctx context.Context, ds *guichet.Dataset, sh *shelf, batches []batch, p guichet.Progress) ([]*pack, error) {
	s := w.s
	if err := s.raiseVersion(packsVersion); err != nil {
		return nil, err
	}
	base := sh.subs[len(sh.subs)-1].ID
	seq, err := s.registerCompaction(ctx, ds.Name, base)
	if err != nil {
		return nil, err
	}
	s.at("compaction registered")
	made, err := w.packAndCommit(ctx, ds, sh, packing{seq, batches, p})
	if err == nil {
		s.at("compaction confirmed")
		return made, nil
	}
	// As abandon does for a commit: recovery confirms it where its snapshot is
	// durable, else removes what was written.
	clean := context.WithoutCancel(ctx)
	if err2 := s.recover(clean); err2 != nil {
		return nil, fmt.Errorf("%w; %w", err, err2)
	}
	if done, err2 := s.compactionStands(clean, seq); err2 != nil || !done {
		return nil, err
	}
	return made, nil
}

// packing is one compaction on its way.
type packing struct {
	seq     int64
	batches []batch
	report  guichet.Progress
}

func (w *Writer) packAndCommit(ctx context.Context, ds *guichet.Dataset, sh *shelf, k packing) ([]*pack, error) {
	s := w.s
	rows := map[string]int64{} // submission -> rows in force
	for _, h := range InForce(ds, sh.subs, guichet.Moment{}) {
		for _, u := range h.Units {
			rows[h.Submission.ID] += u.Rows
		}
	}
	made := make([]*pack, len(k.batches))
	var del, add []string
	for i, b := range k.batches {
		k.report("compacting", int64(i), int64(len(k.batches)))
		made[i] = &pack{name: packName(k.seq, i), leaves: b.leaves}
		if err := w.writePack(ctx, ds, made[i], b, rows); err != nil {
			return nil, err
		}
		for _, f := range b.files {
			del = append(del, f.Name)
		}
		add = append(add, made[i].name)
	}
	if err := s.registerPacks(ctx, k.seq, made); err != nil {
		return nil, err
	}
	s.at("packed")
	tbl, err := s.openTable(ctx, ds, false)
	if err != nil {
		return nil, err
	}
	now, err := w.commitFiles(ctx, ds, tbl, swap{del: del, add: add, prop: propCompaction, id: fmt.Sprint(k.seq)})
	if err != nil {
		return made, err
	}
	s.at("compaction snapshot")
	k.report("compacting", int64(len(k.batches)), int64(len(k.batches)))
	return made, s.confirmCompaction(ctx, ds.Name, k.seq, now)
}

// writePack writes one pack, sorted as the dataset sorts, and moves it into its
// place when its rows are those of the files that it is made of.
func (w *Writer) writePack(ctx context.Context, ds *guichet.Dataset, p *pack, b batch, inForce map[string]int64) error {
	s := w.s
	engine, err := s.asking(ctx)
	if err != nil {
		return err
	}
	var sources []string
	for _, f := range b.files {
		sources = append(sources, s.dataPath(ds.Name, f.Name))
	}
	tmp := filepath.Join(s.home.Path, dirStaging, p.name)
	defer func() { _ = os.Remove(tmp) }() // gone where it was moved
	query, err := copySorted(ds, sources, "true", tmp)
	if err != nil {
		return err
	}
	if _, err := engine.ExecContext(ctx, query); err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	before, err := s.fingerprints(ctx, ds, sources)
	if err != nil {
		return err
	}
	after, err := s.fingerprints(ctx, ds, []string{tmp})
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(p.leaves)) {
		was, is := before[id], after[id]
		if was.rows != inForce[id] || was != is {
			return guichet.Errorf(guichet.KindInternal, "submission %s: its files hold %d rows, the pack %d, the register %d, or their figures differ; nothing was compacted", id, was.rows, is.rows, inForce[id]).
				WithHint("run guichet check")
		}
		p.rows += is.rows
	}
	if len(before) != len(p.leaves) || len(after) != len(p.leaves) {
		return guichet.Errorf(guichet.KindInternal, "the files to be packed hold %d submissions, the register says %d; nothing was compacted", len(before), len(p.leaves)).
			WithHint("run guichet check")
	}
	st, err := os.Stat(tmp)
	if err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	p.size = st.Size()
	return moveDurably(tmp, s.dataPath(ds.Name, p.name))
}

// fingerprint is what must be the same of a submission's rows before and after.
type fingerprint struct {
	rows int64
	sums string // of every measure, exact
	hash string // the sum of a hash of each whole row: the order does not matter
}

// fingerprints reads files and returns the fingerprint of each submission.
func (s *Store) fingerprints(ctx context.Context, ds *guichet.Dataset, files []string) (map[string]fingerprint, error) {
	engine, err := s.asking(ctx)
	if err != nil {
		return nil, err
	}
	var sums, fields []string
	for _, f := range ds.RowFields() {
		fields = append(fields, "r."+f.Name)
		if f.Role == guichet.Measure {
			sums = append(sums, "coalesce(sum(r."+f.Name+")::DECIMAL(38,3)::VARCHAR,'')")
		}
	}
	query := "SELECT r.submission, count(*), concat_ws(' ', " + strings.Join(append([]string{"''"}, sums...), ", ") + "), sum(hash(" + strings.Join(fields, ", ") + ")::HUGEINT)::VARCHAR FROM " +
		readParquet(ds, files) + " r GROUP BY 1"
	rows, err := engine.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("compare a pack: %w", err)
	}
	defer func() { _ = rows.Close() }()
	out := map[string]fingerprint{}
	for rows.Next() {
		var id string
		var f fingerprint
		if err := rows.Scan(&id, &f.rows, &f.sums, &f.hash); err != nil {
			return nil, fmt.Errorf("compare a pack: %w", err)
		}
		out[id] = f
	}
	return out, rows.Err()
}
