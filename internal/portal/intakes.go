package portal

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"guichet"
	"guichet/wording"
)

// Bounds of files on their way in.
const (
	mostOfFile    = int64(4) << 30 // where the house says nothing
	receivedAtAll = 2              // files that come in over the network at a time
	intakesAtAll  = 8              // that wait or are taken in; one at a time
	intakeFor     = 2 * time.Hour
	heldAtAll     = 12             // files that lie here and were not taken in
	heldFor       = 24 * time.Hour // such a file; its page stays
	intakeKeptFor = 30 * 24 * time.Hour
	intakesKept   = 500
)

// The states of a file that came by a page.
const (
	intakeHeld    = "held"    // it is here, and something is still to be said
	intakeWaiting = "waiting" // or being taken in
	intakeTaken   = "taken"
	intakeAlready = "already"
	intakeRefused = "refused"
	intakeAsks    = "asks" // it was read, and what it would do is to be looked at
)

// intakeHead says what came, from whom, and how it stands.
type intakeHead struct {
	ID      string           `json:"id"`
	Owner   string           `json:"owner"` // pseudonym
	Name    string           `json:"name"`  // of the file
	Bytes   int64            `json:"bytes"`
	Options intakeOptions    `json:"options"`
	Began   time.Time        `json:"began"`
	Ended   time.Time        `json:"ended,omitzero"`
	State   string           `json:"state"`
	Gone    bool             `json:"gone,omitempty"` // the file is no longer held
	Kind    guichet.Kind     `json:"kind,omitempty"` // of what was refused
	Said    string           `json:"said,omitempty"`
	Hint    string           `json:"hint,omitempty"`
	SaidOf  wording.Sentence `json:"said_of,omitzero"` // how they came to be
	HintOf  wording.Sentence `json:"hint_of,omitzero"`
	Took    *Took            `json:"took,omitempty"`
	Plan    *IntakePlan      `json:"plan,omitempty"` // as long as it is to be looked at: examples of lines are in it
}

// intakeOptions are what a person says of a file, as it was typed.
type intakeOptions struct {
	Profile   string `json:"profile,omitempty"`
	Released  string `json:"released,omitempty"`
	Given     string `json:"given,omitempty"` // name=value, a line each
	Generated bool   `json:"generated,omitempty"`
	Totals    string `json:"totals,omitempty"` // why control totals are accepted
	Aside     bool   `json:"aside,omitempty"`
	Look      bool   `json:"look,omitempty"` // show what it would do first, in any case
}

// intakes are files that came by pages. What was begun goes on when nobody looks.
type intakes struct {
	s         *Stewardship
	clock     guichet.Clock
	log       *slog.Logger
	heads     *drawer[intakeHead]
	receiving chan struct{}   // a place each
	turn      chan struct{}   // whoever holds it takes in
	ctx       context.Context //nolint:containedctx // of all that is taken in: ended by close, which waits
	end       context.CancelFunc
	work      sync.WaitGroup

	mu  sync.Mutex // guards what follows
	now map[string]*intaking
}

// intaking is a file that waits or is being taken in.
type intaking struct {
	mu      sync.Mutex // guards what follows
	stage   string
	done    int64
	total   int64
	changed chan struct{} // closed, and made anew, at each change
	over    bool
}

func openIntakes(s *Stewardship, clock guichet.Clock, log *slog.Logger) (*intakes, error) {
	heads, err := openDrawer[intakeHead](s.Dir)
	if err != nil {
		return nil, err
	}
	x := &intakes{s: s, clock: clock, log: log, heads: heads, receiving: make(chan struct{}, receivedAtAll), turn: make(chan struct{}, 1), now: map[string]*intaking{}}
	x.ctx, x.end = context.WithCancel(context.Background())
	return x, x.sweep()
}

func (x *intakes) close() {
	x.end()
	x.work.Wait()
}

// file is where a file lies.
func (x *intakes) file(id string) string { return filepath.Join(x.s.Dir, id+".file") }

// most is how large a file may be.
func (x *intakes) most() int64 { return cmp.Or(x.s.Most, mostOfFile) }

// all are the files that came, newest first.
func (x *intakes) all() []intakeHead {
	out := x.heads.all()
	slices.SortFunc(out, func(a, b intakeHead) int { return cmp.Or(b.Began.Compare(a.Began), strings.Compare(a.ID, b.ID)) })
	return out
}

// sweep lets go of files that nobody came back for, and of old pages.
func (x *intakes) sweep() error {
	known := map[string]bool{}
	var gone error
	for i, h := range x.all() {
		if x.underWay(h.ID) != nil {
			known[h.ID] = true
			continue
		}
		age := x.clock().Sub(h.Began)
		switch {
		case age > intakeKeptFor || i >= intakesKept:
			gone = errors.Join(gone, x.remove(h.ID))
		case age > heldFor && !h.Gone:
			gone = errors.Join(gone, x.letGo(h))
		case !h.Gone:
			known[h.ID] = true
		}
	}
	entries, err := os.ReadDir(x.s.Dir)
	if err != nil {
		return errors.Join(gone, err)
	}
	for _, e := range entries {
		if id, ok := strings.CutSuffix(e.Name(), ".file"); ok && !known[id] {
			gone = errors.Join(gone, os.Remove(filepath.Join(x.s.Dir, e.Name())))
		}
	}
	return gone
}

// letGo removes a file and keeps its page.
func (x *intakes) letGo(h intakeHead) error {
	h.Gone, h.Plan = true, nil
	err := os.Remove(x.file(h.ID))
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, x.heads.put(h.ID, h))
}

// remove removes a file and its page.
func (x *intakes) remove(id string) error {
	err := os.Remove(x.file(id))
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, x.heads.drop(id))
}

// held counts the files that lie here and are not under way.
func (x *intakes) held() int {
	n := 0
	for _, h := range x.heads.all() {
		if !h.Gone {
			n++
		}
	}
	return n
}

// underWay is the work on a file; nil where there is none.
func (x *intakes) underWay(id string) *intaking {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.now[id]
}

// begin takes a file in when its turn comes. One that is under way is not begun again.
func (x *intakes) begin(v *visit, h intakeHead, in Intake) error {
	x.mu.Lock()
	if x.now[h.ID] != nil {
		x.mu.Unlock()
		return nil
	}
	if len(x.now) >= intakesAtAll || x.ctx.Err() != nil {
		x.mu.Unlock()
		return guichet.Errorf(guichet.KindBusy, "%s", v.words.count("intake.busy", intakesAtAll))
	}
	w := &intaking{changed: make(chan struct{})}
	x.now[h.ID] = w
	x.work.Add(1) // under the lock: close has not begun to wait
	x.mu.Unlock()
	h.State, h.Kind, h.Said, h.Hint, h.Ended, h.Took, h.Plan = intakeWaiting, "", "", "", time.Time{}, nil, nil
	h.SaidOf, h.HintOf = wording.Sentence{}, wording.Sentence{}
	// Written down before it begins: a node that ends meanwhile says so later.
	if err := x.heads.put(h.ID, h); err != nil {
		x.forget(h.ID, w)
		x.work.Done()
		return err
	}
	go func() {
		defer x.work.Done()
		defer x.forget(h.ID, w)
		x.run(h, in, w)
	}()
	return nil
}

func (x *intakes) run(h intakeHead, in Intake, w *intaking) {
	ctx, cancel := context.WithTimeout(x.ctx, intakeFor)
	defer cancel()
	select {
	case x.turn <- struct{}{}:
		defer func() { <-x.turn }()
	case <-ctx.Done():
		return // the node ends: its page says that it was not begun
	}
	in.Path = x.file(h.ID)
	took, err := x.s.Taker.TakeIn(ctx, in, w.tell)
	if x.ctx.Err() != nil && err != nil {
		return // broken off, and nothing of it was kept
	}
	h.Ended = x.clock()
	h.State, h.Kind = intakeRefused, guichet.KindOf(err)
	switch {
	case err == nil && took.Plan != nil:
		h.State, h.Kind, h.Plan = intakeAsks, "", took.Plan
	case err == nil:
		h.Kind = ""
		h.State, h.Took = intakeTaken, &took
		if took.Already {
			h.State = intakeAlready
		}
		if err = x.letGo(h); err != nil {
			x.log.LogAttrs(ctx, slog.LevelError, "file that was taken in not removed", slog.String("error", err.Error()))
		}
		return
	case guichet.KindOf(err) == guichet.KindInternal:
		x.log.LogAttrs(ctx, slog.LevelError, "file not taken in", slog.String("error", err.Error()))
	default:
		if e, ok := errors.AsType[*guichet.Error](err); ok {
			h.Said, h.Hint, h.SaidOf, h.HintOf = e.Error(), e.Hint, e.Said, e.Next
		}
	}
	if err := x.heads.put(h.ID, h); err != nil {
		x.log.LogAttrs(ctx, slog.LevelError, "page of a file not kept", slog.String("error", err.Error()))
	}
}

// forget takes a file off the list of those under way, and tells who waits.
func (x *intakes) forget(id string, w *intaking) {
	x.mu.Lock()
	delete(x.now, id)
	x.mu.Unlock()
	w.mu.Lock()
	w.over = true
	close(w.changed)
	w.mu.Unlock()
}

// tell notes how far the work is.
func (w *intaking) tell(stage string, done, total int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return
	}
	w.stage, w.done, w.total = stage, done, total
	close(w.changed)
	w.changed = make(chan struct{})
}

// stands is how far the work is, and what is closed when that changes.
func (w *intaking) stands() (stage string, done, total int64, over bool, changed <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stage, w.done, w.total, w.over, w.changed
}
