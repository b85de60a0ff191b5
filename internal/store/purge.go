package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"guichet"
)

// A purge removes rows for good, from every file of a home in which they stand:
//
//  1. What is left of each submission is written anew.
//  2. The event is registered, staged, with what it has to do.
//  3. One snapshot takes the old files out of the table and the new ones in; the
//     manifests are written anew, since an entry of a file that is gone still tells
//     the smallest and largest figure in it.
//  4. The event is committed, and with it, in one transaction: the units say that
//     their rows are gone, totals and examples leave the submission.
//  5. When nobody reads any more who began before, the files are removed, with the
//     originals, the lines put aside and every older snapshot of the table; the
//     register is written anew, so that nothing stands in its free pages.
//
// Killed before 4 nothing has happened, killed after it the next writer goes on at
// 5. Moments before a purge are answered from the first files of the submissions,
// as vintages are.

// purgePlan is what is done in the register when a purge is committed.
type purgePlan struct {
	Units map[string][]guichet.Unit `json:"units"` // submission -> units whose rows go
	Parts map[string][]guichet.Part `json:"parts"` // submission -> what is left of it
	Files []string                  `json:"files"` // of the table's data folder, to be removed
}

// stateRemoved is that of a purge of which nothing is left to remove.
const stateRemoved = "removed"

// PurgeDue removes what is due of a dataset and not held, and returns the event;
// nil when nothing is. Removed says that the files are gone: where somebody still
// reads them after wait, the next writer removes them.
func (w *Writer) PurgeDue(ctx context.Context, dataset, by string, wait time.Duration, p guichet.Progress) (entry *guichet.Submission, removed bool, err error) {
	s := w.s
	if p == nil {
		p = func(string, int64, int64) {}
	}
	due, _, err := s.Due(ctx, dataset, s.cfg.Clock().UTC())
	if err != nil {
		return nil, false, err
	}
	due = slices.DeleteFunc(due, func(d Due) bool { return d.Hold != "" })
	if len(due) == 0 {
		return nil, true, nil
	}
	if err := s.raiseVersion(eventsVersion); err != nil {
		return nil, false, full(err)
	}
	entry = newEvent(dataset, purgeEvent(due, by), s.cfg.Clock())
	if err := w.purge(ctx, entry, due, p); err != nil {
		if _, err = w.abandon(context.WithoutCancel(ctx), entry.ID, nil, err); err != nil {
			return nil, false, err
		}
	}
	s.at("purge confirmed")
	p("waiting", 0, 0)
	pending, err := s.finishPurges(ctx, wait)
	if err == nil {
		err = s.sweep(ctx)
	}
	return entry, pending == 0, err
}

// purgeEvent tells what goes, and by which rule.
func purgeEvent(due []Due, by string) guichet.Event {
	e := guichet.Event{Kind: guichet.EventPurged, Why: "retention", By: by}
	for _, d := range due {
		if !slices.Contains(e.Of, d.Submission.ID) {
			e.Of = append(e.Of, d.Submission.ID)
		}
		e.Removed = append(e.Removed, guichet.Removed{
			Submission: d.Submission.ID, File: d.Submission.File, Digest: d.Submission.Digest, Original: d.Submission.Original,
			Rule: d.Rule, Basis: d.Basis, Periods: spanOf(d.Units), Units: len(d.Units), Rows: d.Rows(), Whole: d.Whole,
		})
	}
	return e
}

// spanOf is the first and the last period of units.
func spanOf(units []guichet.Unit) string {
	first, last := units[0].Period, units[0].Period
	for _, u := range units {
		if u.Period.Start.Before(first.Start) {
			first = u.Period
		}
		if u.Period.End().After(last.End()) {
			last = u.Period
		}
	}
	return guichet.Span{From: first, To: last}.String()
}

// purge goes as far as the confirmed event.
func (w *Writer) purge(ctx context.Context, entry *guichet.Submission, due []Due, p guichet.Progress) error {
	s := w.s
	ds, err := s.Dataset(entry.Dataset)
	if err != nil {
		return err
	}
	sh, err := s.shelfOf(ctx, ds.Name)
	if err != nil {
		return err
	}
	plan := &purgePlan{Units: map[string][]guichet.Unit{}, Parts: map[string][]guichet.Part{}}
	for _, d := range due {
		plan.Units[d.Submission.ID] = append(plan.Units[d.Submission.ID], d.Units...)
	}
	after, err := w.withoutDue(ctx, ds, sh, purging{entry, plan, p})
	if err != nil {
		return full(err)
	}
	tbl, err := s.openTable(ctx, ds, false)
	if err != nil {
		return err
	}
	held, err := w.heldNow(ctx, ds, tbl, sh)
	if err != nil {
		return err
	}
	c := change{
		before: InForce(ds, sh.subs, guichet.Moment{}), after: InForce(ds, after, guichet.Moment{}),
		held: held, packs: sh.packs, sub: entry, cause: entry.ID + ".f",
	}
	del, add, _, err := w.changes(ctx, ds, c)
	if err != nil {
		return full(err)
	}
	if plan.Files, err = s.outdated(ds, sh, plan, held, del, add); err != nil {
		return err
	}
	s.at("purge rewritten")
	if err := s.registerEvent(ctx, entry, plan); err != nil {
		return full(err)
	}
	s.at("purge registered")
	if _, err := w.commitFiles(ctx, ds, tbl, swap{del: del, add: add, prop: propSubmission, id: entry.ID}); err != nil {
		return full(err)
	}
	s.at("purge snapshot")
	if tbl, err = s.openTable(ctx, ds, false); err != nil {
		return err
	}
	k, err := s.tidied(ctx, ds, tbl, entry.ID, 0)
	if err != nil {
		return full(err)
	}
	s.at("purge tidied")
	return s.confirm(ctx, entry, k)
}

// purging is one purge on its way.
type purging struct {
	entry  *guichet.Submission
	plan   *purgePlan
	report guichet.Progress
}

// withoutDue writes what is left of each submission, and returns the register as
// it will be.
func (w *Writer) withoutDue(ctx context.Context, ds *guichet.Dataset, sh *shelf, p purging) ([]*guichet.Submission, error) {
	after := slices.Clone(sh.subs)
	done := int64(0)
	for i, sub := range after {
		going := p.plan.Units[sub.ID]
		if len(going) == 0 {
			continue
		}
		p.report("purging", done, int64(len(p.plan.Units)))
		done++
		gone := map[string]bool{}
		for _, u := range going {
			gone[unitKey(ds, u)] = true
		}
		c := *sub
		c.Units = slices.Clone(sub.Units)
		left := guichet.Holding{Submission: sub}
		for j := range c.Units {
			switch {
			case gone[unitKey(ds, c.Units[j])]:
				c.Units[j].Purged, c.Units[j].Rows, c.Units[j].Value = p.entry.ID, 0, guichet.Decimal{}
			case c.Units[j].Purged == "":
				left.Units = append(left.Units, c.Units[j])
			}
		}
		c.Parts = nil
		if len(left.Units) > 0 && len(sub.Parts) > 0 {
			parts, err := w.rewriteParts(ctx, ds, left, p.entry.ID)
			if err != nil {
				return nil, err
			}
			c.Parts = parts
		}
		p.plan.Parts[sub.ID] = c.Parts
		after[i] = &c
	}
	return append(after, p.entry), nil
}

// outdated are the files on the disk in which rows that go may stand: all of a
// submission that loses any, but for those that were just written and those that
// the table holds, or would hold if a pack were opened; and every pack of it that
// the table does not hold.
func (s *Store) outdated(ds *guichet.Dataset, sh *shelf, plan *purgePlan, held *filePlan, del, add []string) ([]string, error) {
	stays := map[string]bool{}
	for _, f := range held.files {
		if slices.Contains(del, f.Name) {
			continue
		}
		stays[f.Name] = true
		if isPack(f.Name) {
			for _, leaf := range sh.packs[f.Name].all() {
				stays[leaf] = true
			}
		}
	}
	for _, name := range add {
		stays[name] = true
	}
	for _, parts := range plan.Parts {
		for _, p := range parts {
			stays[p.Path] = true
		}
	}
	entries, err := os.ReadDir(filepath.Dir(s.dataPath(ds.Name, "x")))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("purge: %w", err)
	}
	var out []string
	for _, e := range entries {
		name := e.Name()
		owner, _ := ownersOf(name)
		loses := len(plan.Units[owner]) > 0
		if pk := sh.packs[name]; pk != nil {
			for id := range pk.leaves {
				loses = loses || len(plan.Units[id]) > 0
			}
		}
		if loses && !stays[name] {
			out = append(out, name)
		}
	}
	return out, nil
}

// tidied is the snapshot that an entry of the register is confirmed with: that of
// its commit; of a purge the present one, once no manifest names a file that is
// gone. Recovery may call it again.
func (s *Store) tidied(ctx context.Context, ds *guichet.Dataset, tbl *table.Table, id string, snap int64) (kept, error) {
	ids, err := s.texts(ctx, `SELECT id FROM purges WHERE id=?`, id)
	if err != nil {
		return kept{}, err
	}
	at := tbl.SnapshotByID(snap)
	if len(ids) > 0 {
		if tbl, err = withoutDeleted(ctx, tbl); err != nil {
			return kept{}, err
		}
		at = tbl.CurrentSnapshot()
	}
	if at == nil {
		return kept{}, nil
	}
	files, err := tableFiles(ctx, ds, tbl, at)
	return kept{at.SnapshotID, files}, err
}

// withoutDeleted writes the manifests of the present snapshot anew where they name
// files that are gone from it.
func withoutDeleted(ctx context.Context, tbl *table.Table) (*table.Table, error) {
	if tbl.CurrentSnapshot() == nil {
		return tbl, nil
	}
	tx := tbl.NewTransaction()
	// One cluster: every manifest is read and written again, whatever its size.
	if _, err := tx.RewriteManifests(ctx, table.WithRewriteManifestClusterBy(func(iceberg.DataFile) any { return 0 })); err != nil {
		return nil, fmt.Errorf("tidy the table: %w", err)
	}
	done, err := tx.Commit(ctx)
	if err != nil {
		return nil, fmt.Errorf("tidy the table: %w", err)
	}
	return done, nil
}

// applyPurge does in the register what a purge has planned; nothing for an entry
// that is none.
func applyPurge(ctx context.Context, tx *sql.Tx, id string) error {
	var dataset, text string
	err := tx.QueryRowContext(ctx, `SELECT dataset, plan FROM purges WHERE id=? AND state=?`, id, stateStaged).Scan(&dataset, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	var plan purgePlan
	if err := json.Unmarshal([]byte(text), &plan); err != nil {
		return err
	}
	for sub, units := range plan.Units {
		for _, u := range units {
			dims, err := json.Marshal(u.Dims)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `UPDATE units SET rows=0, value='0', purged=? WHERE submission=? AND reporter=? AND freq=? AND period=? AND dims=? AND scope=?`,
				id, sub, u.Reporter, string(u.Period.Freq), u.Period.Start.Format(time.DateOnly), string(dims), u.Scope); err != nil {
				return err
			}
		}
		if err := scrub(ctx, tx, sub, plan.Parts[sub], id); err != nil {
			return err
		}
	}
	for _, name := range plan.Files {
		if _, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO going (purge, dataset, name) VALUES (?,?,?)`, id, dataset, name); err != nil {
			return err
		}
	}
	// What the plan said of figures goes with it: units carry their sums.
	_, err = tx.ExecContext(ctx, `UPDATE purges SET state=?, plan='' WHERE id=?`, stateCommitted, id)
	return err
}

// scrub takes out of a submission what tells of rows that are gone: sums, examples,
// single rows. Counts of lines stay.
func scrub(ctx context.Context, tx *sql.Tx, id string, parts []guichet.Part, event string) error {
	var doc string
	if err := tx.QueryRowContext(ctx, `SELECT doc FROM submissions WHERE id=?`, id).Scan(&doc); err != nil {
		return err
	}
	var sub guichet.Submission
	if err := json.Unmarshal([]byte(doc), &sub); err != nil {
		return err
	}
	sub.Totals, sub.Controls, sub.Outliers, sub.FieldCounts = nil, nil, nil, nil
	for _, counts := range [][]guichet.Count{sub.Reasons, sub.Remarks} {
		for i := range counts {
			counts[i].Value, counts[i].Example = guichet.Decimal{}, ""
		}
	}
	for i := range sub.Shapes {
		sub.Shapes[i].Value = guichet.Decimal{}
	}
	sub.Parts, sub.Records = parts, 0
	for _, p := range parts {
		sub.Records += p.Rows
	}
	sub.Purged = append(sub.Purged, event)
	text, err := json.Marshal(sub)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE submissions SET doc=? WHERE id=?`, string(text), id); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT OR IGNORE INTO purged (submission) VALUES (?)`, id)
	return err
}
