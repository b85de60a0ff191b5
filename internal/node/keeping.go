package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"guichet"
	"guichet/internal/store"
)

// How long rows are kept, what keeps them from being removed, and that they were.

// RetentionRule is the store's own word.
type RetentionRule = store.RetentionRule

// LegalHold is the store's own word.
type LegalHold = store.LegalHold

const (
	// purgeEvery is how often a node that serves looks what is due: rules count days.
	purgeEvery = time.Hour
	// tellEvery is how often it looks whether a journal lacks an event.
	tellEvery = 2 * time.Second
	// readersWait is how long a purge waits for answers that still read what it
	// removes; then the next command that writes, or the node, removes it.
	readersWait = 10 * time.Minute
)

// Keeping is what a home is told to keep, and for how long.
type Keeping struct {
	Rules []RetentionRule `json:"rules"`
	Holds []LegalHold     `json:"holds"` // every one that there ever was
	Plans []PurgePlan     `json:"plans"` // one a dataset that has a rule
}

// PurgePlan is what the next purge takes of a dataset.
type PurgePlan struct {
	Dataset string     `json:"dataset"`
	Goes    []Goes     `json:"goes"`
	Held    []Goes     `json:"held"`          // what would go, but for a hold
	Next    *time.Time `json:"next,omitzero"` // when something falls due after that; nil: nothing will
}

// Goes are rows of one submission whose time has come.
type Goes struct {
	Submission string    `json:"submission"`
	File       string    `json:"file"`
	Rule       string    `json:"rule"`
	Basis      string    `json:"basis"`
	Periods    string    `json:"periods"`
	Units      int       `json:"units"`
	Rows       int64     `json:"rows"`
	Whole      bool      `json:"whole"` // nothing of the submission stays
	On         time.Time `json:"on"`    // since when the first of them has been due
	Hold       string    `json:"hold,omitempty"`
}

// PurgeResult is what a purge has removed.
type PurgeResult struct {
	Purges []EventEntry `json:"purges"` // one a dataset of which something went
	Held   []Goes       `json:"held"`
}

// EventEntry is what became of submissions, with its proofs.
type EventEntry struct {
	ID      string            `json:"id"`
	Dataset string            `json:"dataset"`
	At      time.Time         `json:"at"`
	Kind    guichet.EventKind `json:"kind"`
	Of      []string          `json:"of"`
	Why     string            `json:"why"`
	By      string            `json:"by,omitempty"`
	Removed []guichet.Removed `json:"removed"`
	OffDisk bool              `json:"off_disk"` // all of it; false while somebody still reads it
	Proofs  []EventProof      `json:"proofs"`   // one a circle of the home
}

// EventProof is where a circle's journal tells of an event. Its leaf holds the
// digest of the paper, so that whoever is shown both can check it.
type EventProof struct {
	Circle   string `json:"circle"`
	Exchange string `json:"exchange"` // by which the leaf is found: guichet receipt EXCHANGE
	Leaf     int64  `json:"leaf"`     // -1: not yet written
	Paper    string `json:"paper"`    // canonical JSON
	Digest   string `json:"digest"`   // its SHA-256
}

// eventPaper is what a leaf of an event is a digest of. The circle stands in it: in
// no other circle does the same paper have the same digest.
type eventPaper struct {
	Format  int               `json:"format"`
	Circle  string            `json:"circle"`
	Member  string            `json:"member"`
	Dataset string            `json:"dataset"`
	Event   string            `json:"event"`
	Kind    guichet.EventKind `json:"kind"`
	Of      []string          `json:"of"`
	Why     string            `json:"why"`
	At      time.Time         `json:"at"`
	Removed []guichet.Removed `json:"removed"`
}

// proofOf writes the paper of an event for a circle, and names its leaf.
func (n *Node) proofOf(circle string, e *guichet.Submission) (EventProof, error) {
	paper := eventPaper{
		Format: 1, Circle: circle, Member: n.Home().Member, Dataset: e.Dataset, Event: e.ID, Kind: e.Event.Kind, Of: e.Event.Of, Why: e.Event.Why,
		At: e.TakenAt.UTC().Truncate(time.Second), Removed: some(e.Event.Removed),
	}
	text, err := guichet.Canonical(paper)
	if err != nil {
		return EventProof{}, fmt.Errorf("paper of an event: %w", err)
	}
	name, sum := sha256.Sum256([]byte("event\n"+circle+"\n"+e.Identity)), sha256.Sum256(text)
	return EventProof{Circle: circle, Exchange: hex.EncodeToString(name[:16]), Leaf: -1, Paper: string(text), Digest: hex.EncodeToString(sum[:])}, nil
}

// some is a list that JSON shows as [] when it is empty.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Keeping returns the rules and holds of a home, and what the next purge takes.
func (n *Node) Keeping(ctx context.Context) (Keeping, error) {
	rules, err := n.store.Retention(ctx)
	if err != nil {
		return Keeping{}, err
	}
	holds, err := n.store.Holds(ctx)
	if err != nil {
		return Keeping{}, err
	}
	out := Keeping{Rules: some(rules), Holds: some(holds), Plans: []PurgePlan{}}
	for _, ds := range datasets() {
		if !slices.ContainsFunc(rules, func(r RetentionRule) bool { return r.Dataset == ds.Name }) {
			continue
		}
		p, err := n.plan(ctx, ds.Name)
		if err != nil {
			return Keeping{}, err
		}
		out.Plans = append(out.Plans, p)
	}
	return out, nil
}

func (n *Node) plan(ctx context.Context, dataset string) (PurgePlan, error) {
	due, next, err := n.store.Due(ctx, dataset, n.cfg.Clock().UTC())
	if err != nil {
		return PurgePlan{}, err
	}
	out := PurgePlan{Dataset: dataset, Goes: []Goes{}, Held: []Goes{}}
	if !next.IsZero() {
		out.Next = &next
	}
	for _, d := range due {
		first, last := d.Units[0].Period, d.Units[0].Period
		for _, u := range d.Units {
			if u.Period.Start.Before(first.Start) {
				first = u.Period
			}
			if u.Period.End().After(last.End()) {
				last = u.Period
			}
		}
		g := Goes{
			Submission: d.Submission.ID, File: d.Submission.File, Rule: d.Rule, Basis: d.Basis, Periods: guichet.Span{From: first, To: last}.String(),
			Units: len(d.Units), Rows: d.Rows(), Whole: d.Whole, On: d.On, Hold: d.Hold,
		}
		if d.Hold != "" {
			out.Held = append(out.Held, g)
		} else {
			out.Goes = append(out.Goes, g)
		}
	}
	return out, nil
}

// writing1 does something with the right to write.
func (n *Node) writing1(ctx context.Context, do func(*store.Writer) error) error {
	w, err := n.store.Write(ctx)
	if err != nil {
		return err
	}
	defer w.Close()
	return do(w)
}

// SetRetention makes a rule, in the place of one for the same rows.
func (n *Node) SetRetention(ctx context.Context, r RetentionRule) (out RetentionRule, err error) {
	err = n.writing1(ctx, func(w *store.Writer) error {
		out, err = w.SetRetention(ctx, r)
		return err
	})
	return out, err
}

// DropRetention ends a rule.
func (n *Node) DropRetention(ctx context.Context, dataset, profile string) error {
	return n.writing1(ctx, func(w *store.Writer) error { return w.DropRetention(ctx, dataset, profile) })
}

// SetHold keeps rows from every purge.
func (n *Node) SetHold(ctx context.Context, h LegalHold) (out LegalHold, err error) {
	err = n.writing1(ctx, func(w *store.Writer) error {
		out, err = w.SetHold(ctx, h)
		return err
	})
	return out, err
}

// LiftHold ends a hold.
func (n *Node) LiftHold(ctx context.Context, name, why, by string) (out LegalHold, err error) {
	err = n.writing1(ctx, func(w *store.Writer) error {
		out, err = w.LiftHold(ctx, name, why, by)
		return err
	})
	return out, err
}

// Purge removes what is due of every dataset, for good. Where an answer still reads
// it, the files go when it has ended: waiting bounds how long this is waited for.
func (n *Node) Purge(ctx context.Context, by string, p guichet.Progress) (PurgeResult, error) {
	return n.purge(ctx, by, readersWait, p)
}

func (n *Node) purge(ctx context.Context, by string, wait time.Duration, p guichet.Progress) (PurgeResult, error) {
	out := PurgeResult{Purges: []EventEntry{}, Held: []Goes{}}
	var due []string // datasets
	for _, ds := range datasets() {
		plan, err := n.plan(ctx, ds.Name)
		if err != nil {
			return out, err
		}
		out.Held = append(out.Held, plan.Held...)
		if len(plan.Goes) > 0 {
			due = append(due, ds.Name)
		}
	}
	if len(due) == 0 { // nobody is kept from writing
		return out, nil
	}
	err := n.writing1(ctx, func(w *store.Writer) error {
		for _, dataset := range due {
			entry, _, err := w.PurgeDue(ctx, dataset, by, wait, p)
			if err != nil {
				return err
			}
			if entry == nil {
				continue
			}
			if err := n.sweepExtracts(); err != nil {
				return err
			}
			e, err := n.entry(ctx, entry)
			if err != nil {
				return err
			}
			out.Purges = append(out.Purges, e)
		}
		return nil
	})
	return out, err
}

// finishPurges removes what purges have left for readers that have ended since: to
// take the right to write does it.
func (n *Node) finishPurges(ctx context.Context) error {
	all, err := n.Events(ctx)
	if err != nil || !slices.ContainsFunc(all, func(e EventEntry) bool { return !e.OffDisk }) {
		return err
	}
	return n.writing1(ctx, func(*store.Writer) error { return nil })
}

// sweepExtracts removes the files that were written for members' copies: rows that
// were removed or withdrawn stand in them. A list that is asked for next makes them
// anew; a member that is fetching one asks for a new list.
func (n *Node) sweepExtracts() error {
	lists, err := filepath.Glob(filepath.Join(n.Home().Path, dirCopies, "*", "out", "*", "*"))
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	for _, path := range lists {
		if filepath.Base(path) == outPaper {
			continue
		}
		if err := os.RemoveAll(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("sweep: %w", err)
		}
	}
	return nil
}

// Events returns what became of submissions, newest first.
func (n *Node) Events(ctx context.Context) ([]EventEntry, error) {
	out := []EventEntry{}
	for _, ds := range datasets() {
		all, err := n.store.Events(ctx, ds.Name)
		if err != nil {
			return nil, err
		}
		for _, e := range all {
			entry, err := n.entry(ctx, e)
			if err != nil {
				return nil, err
			}
			out = append(out, entry)
		}
	}
	slices.SortStableFunc(out, func(a, b EventEntry) int { return b.At.Compare(a.At) })
	return out, nil
}

// entry is an event with its proofs.
func (n *Node) entry(ctx context.Context, e *guichet.Submission) (EventEntry, error) {
	out := EventEntry{
		ID: e.ID, Dataset: e.Dataset, At: e.TakenAt.UTC().Truncate(time.Second), Kind: e.Event.Kind, Of: e.Event.Of, Why: e.Event.Why, By: e.Event.By,
		Removed: some(e.Event.Removed), Proofs: []EventProof{},
	}
	state, err := n.store.EventState(ctx, e.ID)
	if err != nil {
		return out, err
	}
	out.OffDisk = state.Removed
	names, err := circlesIn(n.Home().Path)
	if err != nil {
		return out, err
	}
	for _, name := range names {
		p, err := n.proofOf(name, e)
		if err != nil {
			return out, err
		}
		if leaf, ok := state.Leaves[name]; ok {
			p.Leaf = leaf
		}
		out.Proofs = append(out.Proofs, p)
	}
	return out, nil
}

// Told waits until running nodes have written the leaves of events, at most as long
// as they take to look; circles that nobody serves are written when a node starts.
func (n *Node) Told(ctx context.Context, id string) (EventEntry, error) {
	for waited := time.Duration(0); ; waited += tellEvery / 10 {
		all, err := n.Events(ctx)
		if err != nil {
			return EventEntry{}, err
		}
		i := slices.IndexFunc(all, func(e EventEntry) bool { return e.ID == id })
		if i < 0 {
			return EventEntry{}, guichet.Errorf(guichet.KindNotFound, "there is no event %q here", id).WithHint("list them: guichet purge list")
		}
		waits := slices.ContainsFunc(all[i].Proofs, func(p EventProof) bool {
			if p.Leaf >= 0 {
				return false
			}
			_, serves := running(ctx, n.Home().Path, p.Circle)
			return serves
		})
		if !waits || waited > 2*tellEvery {
			return all[i], nil
		}
		select {
		case <-time.After(tellEvery / 10):
		case <-ctx.Done():
			return EventEntry{}, fmt.Errorf("wait for the journal: %w", context.Cause(ctx))
		}
	}
}

// tellEvents writes a leaf of each event that the circle's journal does not tell of.
// A leaf that was written when the process was killed is found, not written twice.
func (s *Seat) tellEvents(ctx context.Context) {
	if err := s.tellAll(ctx); err != nil && ctx.Err() == nil {
		s.n.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "journal does not tell of what was removed or withdrawn", slog.String("circle", s.name), slog.String("error", err.Error()))
	}
}

func (s *Seat) tellAll(ctx context.Context) error {
	if s.unproven.Load() {
		return nil // nothing is written before the others were asked
	}
	for _, ds := range datasets() {
		events, err := s.n.store.Untold(ctx, ds.Name, s.name)
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := s.tell(ctx, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Seat) tell(ctx context.Context, e *guichet.Submission) error {
	proof, err := s.n.proofOf(s.name, e)
	if err != nil {
		return err
	}
	found, err := s.journal.Exchange(ctx, proof.Exchange)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return s.n.store.Tell(ctx, e.ID, s.name, found[0].Index)
	}
	leaf := guichet.Leaf{
		Format: 1, Kind: guichet.LeafWithdrew, Exchange: proof.Exchange, From: guichet.Party{Circle: s.name, Member: s.us()}, To: s.us(),
		Request: proof.Digest, Time: s.clock().Truncate(time.Second),
	}
	if e.Event.Kind == guichet.EventPurged {
		leaf.Kind = guichet.LeafPurged
		for _, r := range e.Event.Removed {
			leaf.Rows += r.Rows
		}
	}
	at, err := s.journal.Append(ctx, leaf)
	if err != nil {
		return err
	}
	return s.n.store.Tell(ctx, e.ID, s.name, at)
}

// purgeDue removes what is due: a node that serves keeps to the rules by itself.
// What an answer of an hour ago still read goes now.
func (h *house) purgeDue(ctx context.Context) {
	res, err := h.n.purge(ctx, "serve", 0, nil)
	if err == nil {
		err = h.n.finishPurges(ctx)
	}
	if err != nil {
		if ctx.Err() == nil {
			h.n.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "what is due was not removed", slog.String("error", err.Error()))
		}
		return
	}
	for _, p := range res.Purges {
		h.n.cfg.Log.LogAttrs(ctx, slog.LevelInfo, "removed by rule", slog.String("purge", p.ID), slog.String("dataset", p.Dataset), slog.Int("submissions", len(p.Of)))
	}
}
