package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"guichet"
)

// What becomes of submissions after they came in stands in the register among
// them, as an entry that holds no row. So a state of the tables, a day, a snapshot
// mean the same for it as for a file that came in, and a commit of it goes through
// the same steps and is mended in the same way.

// eventsVersion is the version of a home that holds events: an older program
// would take figures that were withdrawn for figures in force.
const eventsVersion = 3

// newEvent is an entry of the register for an event.
func newEvent(dataset string, e guichet.Event, now time.Time) *guichet.Submission {
	at := now.UTC().Truncate(time.Microsecond)
	sum := sha256.Sum256([]byte(strings.Join(append([]string{"event", dataset, string(e.Kind), at.Format(time.RFC3339Nano)}, e.Of...), "\n")))
	identity := hex.EncodeToString(sum[:])
	return &guichet.Submission{
		ID: identity[:16], Identity: identity, Dataset: dataset, TakenAt: at, Released: at.Format(time.DateOnly), Action: "event",
		Fields: map[string]string{}, Event: &e,
	}
}

// Withdraw says that the figures of a submission are not to be used, from now on,
// and why; its readings are all meant. What it had taken the place of answers
// again. Nothing is removed: as of the day before it is still there. KindInvalid
// when it is withdrawn already, or no reason is given.
func (w *Writer) Withdraw(ctx context.Context, dataset, id, why, by string) (*guichet.Submission, error) {
	return w.mark(ctx, dataset, id, guichet.Event{Kind: guichet.EventWithdrawn, Why: why, By: by})
}

// Reinstate takes a withdrawal back.
func (w *Writer) Reinstate(ctx context.Context, dataset, id, why, by string) (*guichet.Submission, error) {
	return w.mark(ctx, dataset, id, guichet.Event{Kind: guichet.EventReinstated, Why: why, By: by})
}

// mark commits an event that changes who answers, and no row.
func (w *Writer) mark(ctx context.Context, dataset, id string, e guichet.Event) (*guichet.Submission, error) {
	s := w.s
	ds, sub, err := s.marked(ctx, dataset, id, e)
	if err != nil {
		return nil, err
	}
	if err := s.raiseVersion(eventsVersion); err != nil {
		return nil, full(err)
	}
	e.Of = []string{sub.ID}
	entry := newEvent(ds.Name, e, s.cfg.Clock())
	if err := s.registerEvent(ctx, entry, nil); err != nil {
		return nil, full(err)
	}
	s.at("event registered")
	k, err := w.markFiles(ctx, ds, entry)
	if err == nil {
		s.at("event snapshot")
		err = s.confirm(ctx, entry, k)
	}
	if err != nil {
		_, err = w.abandon(context.WithoutCancel(ctx), entry.ID, nil, err)
	}
	return entry, err
}

// marked finds the submission that is meant, and refuses what would say nothing.
func (s *Store) marked(ctx context.Context, dataset, id string, e guichet.Event) (*guichet.Dataset, *guichet.Submission, error) {
	ds, err := s.Dataset(dataset)
	if err != nil {
		return nil, nil, err
	}
	sub, err := s.Submission(ctx, dataset, id)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case strings.TrimSpace(e.Why) == "":
		return nil, nil, guichet.Errorf(guichet.KindInvalid, "no reason is given").WithHint("say it with --why: whoever was answered from these figures is told it")
	case len(e.Why) > longestWhy:
		return nil, nil, guichet.Errorf(guichet.KindInvalid, "the reason has %d bytes; it may have %d", len(e.Why), longestWhy).WithHint("say it shorter")
	case e.Kind == guichet.EventWithdrawn && sub.Withdrawn != "":
		return nil, nil, guichet.Errorf(guichet.KindInvalid, "submission %s is withdrawn already", sub.ID).WithHint("see why: guichet submissions show %s", sub.ID)
	case e.Kind == guichet.EventReinstated && sub.Withdrawn == "":
		return nil, nil, guichet.Errorf(guichet.KindInvalid, "submission %s is not withdrawn", sub.ID)
	}
	return ds, sub, nil
}

// longestWhy bounds a reason, in bytes.
const longestWhy = 1000

// markFiles works the event into the table.
func (w *Writer) markFiles(ctx context.Context, ds *guichet.Dataset, entry *guichet.Submission) (kept, error) {
	s := w.s
	sh, err := s.shelfOf(ctx, ds.Name)
	if err != nil {
		return kept{}, err
	}
	tbl, err := s.openTable(ctx, ds, false)
	if err != nil {
		return kept{}, err
	}
	held, err := w.heldNow(ctx, ds, tbl, sh)
	if err != nil {
		return kept{}, err
	}
	c := change{
		before: InForce(ds, sh.subs, guichet.Moment{}), after: InForce(ds, append(slices.Clone(sh.subs), entry), guichet.Moment{}),
		held: held, packs: sh.packs, sub: entry, cause: entry.ID,
	}
	del, add, _, err := w.changes(ctx, ds, c)
	if err != nil {
		return kept{}, err
	}
	s.at("event rewritten")
	return w.commitFiles(ctx, ds, tbl, swap{del: del, add: add, prop: propSubmission, id: entry.ID})
}

// registerEvent writes an event, staged; plan is what a purge has to do in the
// register when it is confirmed.
func (s *Store) registerEvent(ctx context.Context, entry *guichet.Submission, plan *purgePlan) error {
	doc, err := json.Marshal(entry)
	if err != nil {
		return fmt.Errorf("register event: %w", err)
	}
	return s.inTx(ctx, "register event", func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO submissions (id, identity, dataset, state, taken_at, doc) VALUES (?,?,?,?,?,?)`,
			entry.ID, entry.Identity, entry.Dataset, stateStaged, entry.TakenAt.UTC().Format(time.RFC3339Nano), string(doc)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO events (id, dataset) VALUES (?,?)`, entry.ID, entry.Dataset); err != nil || plan == nil {
			return err
		}
		text, err := json.Marshal(plan)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO purges (id, dataset, state, plan) VALUES (?,?,?,?)`, entry.ID, entry.Dataset, stateStaged, string(text))
		return err
	})
}

// withdrawals says of each submission whether it is withdrawn, and by which
// event. A withdrawal is of a content: of all readings of it, whenever they came.
func withdrawals(subs []*guichet.Submission, counts func(*guichet.Submission) bool) map[string]string {
	var out map[string]string // content -> event
	for _, e := range subs {
		if e.Event == nil || e.Event.Kind == guichet.EventPurged || !counts(e) {
			continue
		}
		for _, sub := range subs {
			if sub.Event != nil || !slices.Contains(e.Event.Of, sub.ID) {
				continue
			}
			if out == nil {
				out = map[string]string{}
			}
			if out[content(sub)] = e.ID; e.Event.Kind == guichet.EventReinstated {
				delete(out, content(sub))
			}
		}
	}
	return out
}

// Events returns what became of a dataset's submissions, newest first. The values
// are shared: readers do not change them.
func (s *Store) Events(ctx context.Context, dataset string) ([]*guichet.Submission, error) {
	sh, err := s.shelfOf(ctx, dataset)
	if err != nil {
		return nil, err
	}
	var out []*guichet.Submission
	for _, sub := range slices.Backward(sh.subs) {
		if sub.Event != nil {
			out = append(out, sub)
		}
	}
	return out, nil
}
