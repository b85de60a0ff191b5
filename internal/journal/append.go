package journal

import (
	"context"
	"fmt"
	"time"

	"github.com/transparency-dev/tessera"

	"guichet"
)

// MaxLeaf bounds the canonical JSON of a leaf, in bytes: C2SP tlog-tiles writes
// the length of an entry in 16 bits.
const MaxLeaf = 1<<16 - 1

// pending is a leaf on its way to the disk.
type pending struct {
	leaf  guichet.Leaf
	entry *tessera.Entry
	index uint64
	err   error
	done  chan struct{} // closed when index or err is told
}

// Append writes a leaf and returns its index when it is durable and in the tree:
// the entry, the hash tiles and the state of the tree have been written, synced,
// renamed and their folders synced, in that order.
//
// Once the leaf has been handed to the writer Append waits for the outcome, even
// when ctx ends: whether a leaf is there must be known.
//
// KindInvalid for a leaf that is none or too large; KindFull when the disk is full
// and KindBusy when it cannot be written or takes longer than Config.Patience.
// After either the journal takes nothing until it is opened again, since what the
// disk holds is then not known: the desk closes. A leaf whose Append failed may be
// in the log or not.
func (j *Journal) Append(ctx context.Context, leaf guichet.Leaf) (int64, error) {
	entry, err := j.encode(leaf)
	if err != nil {
		return 0, err
	}
	p := &pending{leaf: leaf, entry: entry, done: make(chan struct{})}
	if err := j.enter(); err != nil {
		return 0, err
	}
	defer j.appender.Done()
	patience := time.NewTimer(j.cfg.Patience)
	defer patience.Stop()
	select {
	case j.incoming <- p:
	case <-ctx.Done():
		return 0, fmt.Errorf("append to the journal: %w", context.Cause(ctx))
	case <-patience.C:
		return 0, j.stuck()
	}
	select {
	case <-p.done:
		return signed(p.index), p.err
	case <-patience.C:
		return 0, j.stuck()
	}
}

// stuck closes the journal because the disk does not answer.
func (j *Journal) stuck() error {
	err := guichet.Errorf(guichet.KindBusy, "the journal has not written for %s", j.cfg.Patience).
		WithHint("look at the disk of %s, then restart the node: it answers nobody until the journal can write", j.cfg.Dir)
	j.fail(err)
	return err
}

// encode makes the entry of a leaf: its canonical JSON.
func (j *Journal) encode(leaf guichet.Leaf) (*tessera.Entry, error) {
	if leaf.Format != LeafFormat || !knownKind(leaf.Kind) {
		return nil, guichet.Errorf(guichet.KindInvalid, "a leaf of format %d and kind %q is not written", leaf.Format, leaf.Kind)
	}
	if leaf.From.Circle != j.circle {
		return nil, guichet.Errorf(guichet.KindInvalid, "a leaf of the circle %q does not belong in the journal of %s", leaf.From.Circle, j.cfg.Origin)
	}
	text, err := leafText(leaf)
	if err != nil {
		return nil, err
	}
	if len(text) > MaxLeaf {
		return nil, guichet.Errorf(guichet.KindInvalid, "a leaf of %d bytes is not written: %d is the most", len(text), MaxLeaf)
	}
	return tessera.NewEntry(text), nil
}

// Ready returns nil when the journal takes leaves, else what Append would say.
func (j *Journal) Ready() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.ready()
}

// ready is called with mu held.
func (j *Journal) ready() error {
	if j.failed != nil {
		return j.failed
	}
	if j.closed {
		return guichet.Errorf(guichet.KindBusy, "the journal is closed")
	}
	return j.held
}

// enter lets an Append in, so that Close waits for it.
func (j *Journal) enter() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.ready(); err != nil {
		return err
	}
	j.appender.Add(1)
	return nil
}

// fail closes the journal to further leaves; the first reason stays.
func (j *Journal) fail(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.failed == nil {
		j.failed = err
	}
}

// write is the one goroutine that hands leaves to the log: a batch at a time, so
// that after a batch that failed none follows it. While one is being written the
// next gathers by itself.
func (j *Journal) write(ctx context.Context) {
	defer close(j.done)
	var batch []*pending
	for first := range j.incoming {
		batch = j.gather(first, len(batch))
		if err := j.failure(); err != nil {
			refuse(batch, err)
			continue
		}
		j.commit(ctx, batch)
	}
}

func (j *Journal) failure() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.failed
}

const (
	// crowd is the batch after which others are expected: a leaf that comes alone
	// waits BatchAge for company, one in a crowd crowdAge times as long. A batch
	// costs a millisecond or two of the processor, however many leaves are in it.
	crowd    = 4
	crowdAge = 5
)

// gather takes what has come, and waits for more as long as the size of the last
// batch makes that worth it.
func (j *Journal) gather(first *pending, last int) []*pending {
	batch := append(make([]*pending, 0, j.cfg.BatchSize), first)
	wait := j.cfg.BatchAge
	if last >= crowd {
		wait *= crowdAge
	}
	age := time.NewTimer(wait)
	defer age.Stop()
	for len(batch) < j.cfg.BatchSize {
		select {
		case p, ok := <-j.incoming:
			if !ok {
				return batch
			}
			batch = append(batch, p)
		case <-age.C:
			return batch
		}
	}
	return batch
}

// commit writes a batch and tells each leaf its index or its error.
func (j *Journal) commit(ctx context.Context, batch []*pending) {
	j.writing.Lock()
	defer j.writing.Unlock()
	futures := make([]tessera.IndexFuture, len(batch))
	for i, p := range batch {
		futures[i] = j.add(ctx, p.entry)
	}
	var broken error
	written := batch[:0:0]
	for i, p := range batch {
		at, err := futures[i]()
		if err == nil {
			p.index = at.Index
			written = append(written, p)
			continue
		}
		if broken == nil {
			broken = fault(j.cfg.Dir, err)
			j.fail(broken)
		}
		p.err = broken
	}
	if len(written) > 0 {
		j.size.Store(written[len(written)-1].index + 1)
		if err := j.index.add(written); err != nil {
			// The leaves are safe; the index is made whole when the journal is opened.
			j.fail(fault(j.cfg.Dir, err))
		}
	}
	for _, p := range batch {
		close(p.done)
	}
}

func refuse(batch []*pending, err error) {
	for _, p := range batch {
		p.err = err
		close(p.done)
	}
}
