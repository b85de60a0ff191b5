package portal

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"guichet"
	"guichet/trade"
)

// Bounds of what is being asked at a time: each question waits for the slowest member.
const (
	askingOfOne = 3
	askingAtAll = 24
	askingFor   = 3 * time.Minute
)

// MemberResult is what came of one member.
type MemberResult struct {
	Member   string           `json:"member"`
	Exchange string           `json:"exchange"`      // "" of our own desk
	Gap      *guichet.Gap     `json:"gap,omitempty"` // nil of an answer
	Decision guichet.Decision `json:"decision,omitzero"`
	Rows     int              `json:"rows"`
	Hidden   int              `json:"hidden,omitempty"` // rows whose figures the agreement's rules hid
	Snapshot string           `json:"snapshot,omitempty"`
	Notices  []guichet.Remark `json:"notices,omitempty"`
	Leaf     int64            `json:"leaf"`           // index in our journal
	Peer     int64            `json:"peer,omitempty"` // 1 + index in theirs; 0 none
	Millis   int64            `json:"ms"`
}

// Answer is what came of all members: one answer in which every row says whose it is.
type Answer struct {
	Circle  string         `json:"circle"`
	Answer  guichet.Answer `json:"answer"`
	Members []MemberResult `json:"members"`
	Notices []string       `json:"notices,omitempty"`
	// Mirror is set of a comparison, Twice of a question as of two days: Answer is then
	// their figures as a table.
	Mirror *trade.MirrorAnswer `json:"mirror,omitempty"`
	Twice  *Twice              `json:"twice,omitempty"`
}

// askings are the questions that are under way. They go on when nobody looks.
type askings struct {
	clock guichet.Clock
	log   *slog.Logger
	shelf *shelf
	ctx   context.Context //nolint:containedctx // of all that is asked: ended by close, which waits
	end   context.CancelFunc
	all   sync.WaitGroup

	mu  sync.Mutex // guards what follows
	now map[string]*asking
}

// asking is one of them.
type asking struct {
	head keptHead

	mu      sync.Mutex // guards what follows
	came    []MemberResult
	changed chan struct{} // closed, and made anew, at each change
	over    bool
}

func newAskings(clock guichet.Clock, log *slog.Logger, s *shelf) *askings {
	a := &askings{clock: clock, log: log, shelf: s, now: map[string]*asking{}}
	a.ctx, a.end = context.WithCancel(context.Background())
	return a
}

func (a *askings) close() {
	a.end()
	a.all.Wait()
}

// begin begins to ask. The same id again, of the same person, is the same form sent
// twice: it asks nobody.
func (a *askings) begin(seat Seat, q Asking, head keptHead) error {
	head.Began, head.State = a.clock(), stateAsking
	head.Until = head.Began.Add(keptFor)
	a.mu.Lock()
	if a.now[head.ID] != nil || a.shelf.has(head.ID) {
		a.mu.Unlock()
		return nil // its page says what came of it, to whoever asked
	}
	mine := 0
	for _, o := range a.now {
		if o.head.Owner == head.Owner {
			mine++
		}
	}
	if mine >= askingOfOne || len(a.now) >= askingAtAll || a.ctx.Err() != nil {
		a.mu.Unlock()
		return guichet.Errorf(guichet.KindBusy, "%d questions of yours, and %d of all, are being asked", mine, len(a.now)).WithHint("wait until one is answered, and ask again")
	}
	x := &asking{head: head, changed: make(chan struct{})}
	a.now[head.ID] = x
	a.all.Add(1) // under the lock: close has not begun to wait
	a.mu.Unlock()
	// Written down before anybody is asked: a node that ends meanwhile says so later.
	if err := a.shelf.put(kept{keptHead: head}); err != nil {
		a.forget(x)
		a.all.Done()
		return err
	}
	go func() {
		defer a.all.Done()
		a.run(seat, q, x)
	}()
	return nil
}

func (a *askings) run(seat Seat, q Asking, x *asking) {
	defer a.forget(x)
	ctx, cancel := context.WithTimeout(a.ctx, askingFor)
	defer cancel()
	answer, err := seat.Ask(ctx, q, x.add)
	k := kept{keptHead: x.head}
	k.Ended, k.State = a.clock(), stateDone
	if err != nil {
		k.State, k.Kind = stateFailed, string(guichet.KindOf(err))
		if e, ok := errors.AsType[*guichet.Error](err); ok && k.Kind != string(guichet.KindInternal) {
			k.Said, k.Hint, k.SaidOf, k.HintOf = e.Error(), e.Hint, e.Said, e.Next
		}
		if ctx.Err() != nil {
			k.Kind = string(guichet.KindBusy)
		}
		a.log.LogAttrs(ctx, slog.LevelWarn, "question failed", slog.String("kind", k.Kind), slog.String("error", err.Error()))
	} else {
		k.Answer, k.Rows = answer, len(answer.Answer.Rows)
		k.Until = keepUntil(k.Ended, answer, seat.Circle())
		for _, m := range answer.Members {
			if m.Gap != nil {
				k.Missing++
			}
		}
	}
	if err := a.shelf.put(k); err != nil {
		a.log.LogAttrs(a.ctx, slog.LevelError, "answer not kept", slog.String("error", err.Error()))
	}
}

// keepUntil is how long an answer may be kept here: as the strictest of the agreements
// says that it was given under, and never longer than keptFor.
func keepUntil(now time.Time, answer Answer, c guichet.Circle) time.Time {
	const day = 24 * time.Hour
	longest := keptFor
	for _, m := range answer.Members {
		for _, agreement := range c.Agreements {
			if agreement.ID != m.Decision.Agreement {
				continue
			}
			for _, t := range agreement.Terms {
				if t.Dataset == answer.Answer.Question.Dataset && t.Keep.Days > 0 {
					longest = min(longest, time.Duration(t.Keep.Days)*day)
				}
			}
		}
	}
	return now.Add(longest)
}

// forget takes a question off the list of those under way, and tells who waits.
func (a *askings) forget(x *asking) {
	a.mu.Lock()
	delete(a.now, x.head.ID)
	a.mu.Unlock()
	x.mu.Lock()
	x.over = true
	close(x.changed)
	x.mu.Unlock()
}

// add notes what came of one member.
func (x *asking) add(r MemberResult) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.came = append(x.came, r)
	close(x.changed)
	x.changed = make(chan struct{})
}

// stands returns what came so far, whether it is over, and what is closed when that
// changes.
func (x *asking) stands() (came []MemberResult, over bool, changed <-chan struct{}) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clip(x.came), x.over, x.changed
}

// of returns a question under way of a person.
func (a *askings) of(id, owner string) (*asking, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	x, ok := a.now[id]
	if !ok || x.head.Owner != owner {
		return nil, false
	}
	return x, true
}
