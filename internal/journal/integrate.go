package journal

import (
	"context"
	"sync"
	"time"

	"github.com/transparency-dev/tessera"

	"guichet"
)

const (
	// integrateEvery is how often the tree takes in the leaves that are durable ahead
	// of it while they keep coming; after a pause at once.
	integrateEvery = 100 * time.Millisecond
	// integrateMost is how many it takes in a step.
	integrateMost = 1024
)

// waiting are the leaves that are durable and not yet in the tree.
type waiting struct {
	mu     sync.Mutex // guards what follows
	leaves []*pending
	ended  bool          // no more will come
	wake   chan struct{} // holds one token when there is something to do
	moved  chan struct{} // closed, and made anew, when the tree has grown or never will again
}

func newWaiting() *waiting {
	return &waiting{wake: make(chan struct{}, 1), moved: make(chan struct{})}
}

func (w *waiting) nudge() {
	select {
	case w.wake <- struct{}{}:
	default: // it is awake
	}
}

// add hands leaves to the tree.
func (w *waiting) add(batch []*pending) {
	w.mu.Lock()
	w.leaves = append(w.leaves, batch...)
	w.mu.Unlock()
	w.nudge()
}

// end says that no more will come.
func (w *waiting) end() {
	w.mu.Lock()
	w.ended = true
	w.mu.Unlock()
	w.nudge()
}

// take takes the next leaves; ended when there are none and no more will come.
func (w *waiting) take() (batch []*pending, ended bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(len(w.leaves), integrateMost)
	batch, w.leaves = w.leaves[:n:n], w.leaves[n:]
	if len(w.leaves) == 0 {
		w.leaves = nil // what was taken is let go
	}
	return batch, n == 0 && w.ended
}

// tell wakes who waits for the tree.
func (w *waiting) tell() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.moved)
	w.moved = make(chan struct{})
}

func (w *waiting) change() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.moved
}

// integrate is the one goroutine that puts leaves into the tree, in their order.
// After a step that failed none follows: what is ahead stays there, and is put in
// when the journal is opened again.
func (j *Journal) integrate(ctx context.Context) {
	defer close(j.done)
	defer j.waiting.tell()
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		batch, ended := j.waiting.take()
		if ended {
			return
		}
		if len(batch) == 0 {
			<-j.waiting.wake
			continue
		}
		begun := time.Now() //nolint:forbidigo // how long a step took, for the pause after it
		if err := j.grow(ctx, batch); err != nil {
			j.fail(err)
			return
		}
		j.waiting.tell()
		pause.Reset(time.Until(begun.Add(integrateEvery)))
		select {
		case <-pause.C:
		case <-j.hurry:
		}
	}
}

// grow puts leaves into the tree, and returns when they are. They go in as one
// batch of the library's: of two, the first could fail and the second not, and its
// leaves would stand at other places than those that were acknowledged. So what
// cannot be handed over well within the time after which the library begins to
// write waits for the next step, and all of it is waited for, whatever fails.
func (j *Journal) grow(ctx context.Context, batch []*pending) error {
	for len(batch) > 0 {
		n, err := j.growOnce(ctx, batch)
		if err != nil {
			return err
		}
		if err := j.noteGrown(batch[:n]); err != nil {
			return err
		}
		batch = batch[n:]
	}
	return nil
}

func (j *Journal) growOnce(ctx context.Context, batch []*pending) (int, error) {
	j.pinned.RLock()
	defer j.pinned.RUnlock()
	for _, p := range batch {
		p.entry = tessera.NewEntry(p.text)
	}
	begun := time.Now() //nolint:forbidigo // against the library's own timer
	futures := make([]tessera.IndexFuture, 0, len(batch))
	for _, p := range batch {
		if len(futures) > 0 && time.Since(begun) > flushAge/2 {
			break
		}
		futures = append(futures, j.add(ctx, p.entry))
	}
	var first error
	for i, future := range futures {
		at, err := future()
		if err == nil && at.Index != batch[i].index {
			err = guichet.Errorf(guichet.KindUntrusted, "the log put a leaf at %d that was acknowledged at %d", at.Index, batch[i].index).WithHint("run: guichet journal verify")
		}
		if err != nil && first == nil {
			first = err
		}
	}
	if first != nil && guichet.KindOf(first) != guichet.KindUntrusted {
		first = fault(j.cfg.Dir, first)
	}
	return len(futures), first
}

// noteGrown says that leaves are in the tree.
func (j *Journal) noteGrown(batch []*pending) error {
	j.size.Store(batch[len(batch)-1].index + 1)
	if j.index == nil {
		return nil // the journal is being opened; the index is made whole after it
	}
	if err := j.index.add(batch); err != nil {
		// The leaves are safe; the index is made whole when the journal is opened.
		return fault(j.cfg.Dir, err)
	}
	return nil
}

// caughtUp returns when the tree has all leaves that were durable when it was
// called. Who reads the log waits for it; who appends does not. After a failure it
// returns at once: what is in the tree can still be read.
func (j *Journal) caughtUp(ctx context.Context) error {
	want := j.durable.Load()
	for {
		changed := j.waiting.change()
		if j.size.Load() >= want || j.failure() != nil {
			return nil
		}
		select {
		case j.hurry <- struct{}{}:
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-j.done:
			return nil
		}
	}
}

// replay puts the leaves into the tree that were durable ahead of it when the last
// process ended, however it ended. KindUntrusted, before anything is put in, when
// some that were durable are missing or damaged.
func (j *Journal) replay(ctx context.Context, found, strays []aheadBatch) error {
	size := j.size.Load()
	var batch []*pending
	for _, b := range found {
		for i, text := range b.leaves {
			if at := b.first + uint64(i); at >= size {
				batch = append(batch, &pending{text: text, index: at})
			}
		}
	}
	end := size + uint64(len(batch))
	for i, p := range batch {
		if want := size + uint64(i); p.index != want {
			return guichet.Errorf(guichet.KindUntrusted, "the log in %s has %d leaves, and leaf %d is the next that was written: those between are missing", j.cfg.Dir, want, p.index).WithHint(restoreAhead)
		}
	}
	// A batch is begun when the one before it is durable: what is not whole and has a
	// later one was damaged after it was acknowledged.
	for _, b := range strays {
		if b.first >= end {
			return guichet.Errorf(guichet.KindUntrusted, "what was written ahead of the log in %s is damaged: leaf %d is there and leaf %d, which was durable before it, is not", j.cfg.Dir, b.first, end).WithHint(restoreAhead)
		}
	}
	for len(batch) > 0 {
		n := min(len(batch), integrateMost)
		if err := j.grow(ctx, batch[:n]); err != nil {
			return err
		}
		batch = batch[n:]
	}
	j.durable.Store(end)
	return nil
}
