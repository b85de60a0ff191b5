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
	text  []byte         // its canonical JSON
	entry *tessera.Entry // of the log; made when the tree takes it in
	index uint64
	err   error
	done  chan struct{} // closed when index or err is told
}

// Append writes a leaf and returns its index when it is durable: it is synced to
// the disk at its place, ahead of the tree, which takes it in within a moment
// (ahead.go). Who reads the log sees it in any case.
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
	text, err := j.encode(leaf)
	if err != nil {
		return 0, err
	}
	p := &pending{leaf: leaf, text: text, done: make(chan struct{})}
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
func (j *Journal) encode(leaf guichet.Leaf) ([]byte, error) {
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
	return text, nil
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
	if j.ended {
		return guichet.Errorf(guichet.KindBusy, "the log %s has ended; another has taken its place", j.cfg.Origin)
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

// write is the one goroutine that makes leaves durable: a batch at a time, so that
// after a batch that failed none follows it. While one is being written the next
// gathers by itself.
func (j *Journal) write() {
	defer j.waiting.end()
	var batch []*pending
	for first := range j.incoming {
		batch = j.gather(first, len(batch))
		if err := j.failure(); err != nil {
			refuse(batch, err)
			continue
		}
		j.commit(batch)
	}
}

func (j *Journal) failure() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.failed
}

// crowd is the batch after which others are expected: a leaf that comes alone is
// written at once, one in a crowd waits BatchAge for company. A batch costs a tenth
// of a millisecond, however many leaves are in it.
const crowd = 2

// gather takes what has come, and waits for more where the size of the last batch
// makes that worth it.
func (j *Journal) gather(first *pending, last int) []*pending {
	batch := append(make([]*pending, 0, j.cfg.BatchSize), first)
	bytes := 2 + len(first.text)
	var age <-chan time.Time
	if last >= crowd {
		timer := time.NewTimer(j.cfg.BatchAge)
		defer timer.Stop()
		age = timer.C
	}
	for len(batch) < j.cfg.BatchSize && bytes <= aheadMost-aheadHead-2-MaxLeaf {
		p, ok := j.next(age)
		if !ok {
			return batch
		}
		batch = append(batch, p)
		bytes += 2 + len(p.text)
	}
	return batch
}

// next is the next leaf that comes; false when none is there, and none comes until
// age, where one is given.
func (j *Journal) next(age <-chan time.Time) (*pending, bool) {
	select {
	case p, ok := <-j.incoming:
		return p, ok
	default:
	}
	if age == nil {
		return nil, false
	}
	select {
	case p, ok := <-j.incoming:
		return p, ok
	case <-age:
		return nil, false
	}
}

// commit makes a batch durable, tells each leaf its index or its error, and hands
// them to the tree.
func (j *Journal) commit(batch []*pending) {
	leaves := make([][]byte, len(batch))
	for i, p := range batch {
		leaves[i] = p.text
	}
	first := j.durable.Load()
	err := j.makeRoom(leaves) // not under the lock: the tree needs it to make room
	if err == nil {
		j.pinned.RLock()
		err = j.ahead.write(first, leaves)
		j.pinned.RUnlock()
	}
	if err != nil {
		if err2 := j.failure(); err2 != nil {
			err = err2
		} else {
			err = fault(j.cfg.Dir, err)
			j.fail(err)
		}
		refuse(batch, err)
		return
	}
	for i, p := range batch {
		p.index = first + uint64(i)
	}
	j.durable.Store(first + uint64(len(batch)))
	j.waiting.add(batch)
	for _, p := range batch {
		close(p.done)
	}
}

// makeRoom waits until the tree has taken in what stands where leaves are to be
// written. Append's patience bounds the wait.
func (j *Journal) makeRoom(leaves [][]byte) error {
	for {
		changed := j.waiting.change()
		if j.ahead.room(leaves, j.size.Load()) {
			return nil
		}
		if err := j.failure(); err != nil {
			return err
		}
		select {
		case j.hurry <- struct{}{}:
		case <-changed:
		case <-j.done:
			return j.failure()
		}
	}
}

func refuse(batch []*pending, err error) {
	for _, p := range batch {
		p.err = err
		close(p.done)
	}
}
