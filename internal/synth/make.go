package synth

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"guichet"
)

// most is the number of goroutines that make blocks; one more writes them.
const most = 8

// Make makes the files that the options ask for and returns what they are.
// Progress is told in lines, under the stages "declare" and "publish".
//
// KindInvalid says which option cannot be followed, KindFull that there is no
// space, KindInternal that the truth does not add up. After any error, and when
// ctx ends, nothing is left in the folder.
func Make(ctx context.Context, o Options, tell guichet.Progress) (Manifest, error) {
	m, err := prepare(o, tell)
	if err != nil {
		return Manifest{}, err
	}
	if m.dir, err = openFolder(o.Dir); err != nil {
		return Manifest{}, err
	}
	err = m.run(ctx)
	if err == nil {
		err = m.dir.commit()
	}
	if gone := m.dir.Close(); err != nil || gone != nil {
		return Manifest{}, errors.Join(err, gone)
	}
	return m.manifest, nil
}

// prepare checks the options and makes the world that they ask for.
func prepare(o Options, tell guichet.Progress) (*maker, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	from, to, err := parseMonths(o.From, o.To)
	if err != nil {
		return nil, err
	}
	cal, err := newCalendar(from, to, o.Seed)
	if err != nil {
		return nil, err
	}
	w, err := newWorld(o, cal)
	return &maker{o: o, w: w, tell: tell}, err
}

// maker makes one set of files.
type maker struct {
	o        Options
	w        *world
	dir      *folder
	tell     guichet.Progress
	outputs  [streams]*output
	workers  []*worker
	cells    []Cell
	manifest Manifest
}

func (m *maker) run(ctx context.Context) error {
	if err := m.open(); err != nil {
		return err
	}
	if err := m.declare(ctx); err != nil {
		return err
	}
	all := m.workers[0]
	for _, k := range m.workers[1:] {
		all.merge(&k.account)
		all.cells.merge(k.cells)
	}
	if err := all.holds(m.w); err != nil {
		return err
	}
	m.tell("publish", 0, 0)
	return m.finish(ctx, all)
}

// open begins the files of lines and truth with their heads.
func (m *maker) open() error {
	months := m.o.From + "_" + m.o.To
	for s := range streams {
		name, head, gz := "truth-causes", truthHead, true
		switch {
		case s == streamThings:
			name, head = "truth-consignments", thingsHead
		case s < members:
			o := m.w.office[s]
			if !m.o.has(o.iso) {
				continue
			}
			name, head, gz = "declarations-"+lower(o.iso), o.head, m.o.Gzip
		}
		name += "-" + months + mark + ".csv"
		if gz {
			name += ".gz"
		}
		out, err := m.dir.create(name, gz)
		if err != nil {
			return err
		}
		m.outputs[s] = out
		if err := out.add([]byte(head)); err != nil {
			return err
		}
	}
	return nil
}

// mark stands in every file's name.
const mark = "-generated"

func lower(iso string) string { return string([]byte{iso[0] | 0x20, iso[1] | 0x20}) }

// declare makes all blocks on as many cores as there are, and writes them in
// order: at most a few wait for their turn.
func (m *maker) declare(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	count := min(runtime.GOMAXPROCS(0), most)
	free := make(chan *block, 3*count)
	for range cap(free) {
		free <- newBlock()
	}
	jobs, order := make(chan *block), make(chan *block, cap(free))
	var group sync.WaitGroup
	for range count {
		k, err := newWorker(m.w, m.packed())
		if err != nil {
			return err
		}
		m.workers = append(m.workers, k)
		group.Go(func() {
			for b := range jobs {
				if err := k.make(b); err != nil {
					stop(err)
				}
				b.done <- struct{}{}
			}
		})
	}
	group.Go(func() {
		defer close(jobs)
		defer close(order)
		m.deal(ctx, free, jobs, order)
	})
	err := m.collect(ctx, free, order)
	if err != nil {
		stop(err)
		for b := range order { // what is under way ends before we do
			<-b.done
		}
	}
	group.Wait()
	if err == nil {
		err = context.Cause(ctx)
	}
	return err
}

func (m *maker) packed() [streams]bool {
	var out [streams]bool
	for s, o := range m.outputs {
		out[s] = o != nil && o.gz
	}
	return out
}

// deal hands out the blocks in order until all are, or ctx ends.
func (m *maker) deal(ctx context.Context, free <-chan *block, jobs, order chan<- *block) {
	total := uint64(m.o.consignments()) //nolint:gosec // over 0
	for n := uint64(0); n*blockSize < total; n++ {
		select {
		case <-ctx.Done():
			return
		case b := <-free:
			b.number, b.first = n, n*blockSize+1
			b.size = min(blockSize, total-n*blockSize)
			jobs <- b
			order <- b
		}
	}
}

// collect writes the blocks in order.
func (m *maker) collect(ctx context.Context, free chan<- *block, order <-chan *block) error {
	var done int64
	for b := range order {
		<-b.done
		if err := context.Cause(ctx); err != nil {
			return err
		}
		for s, o := range m.outputs {
			if o == nil {
				continue
			}
			if err := o.write(b.text(s), b.packed[s]); err != nil {
				return err
			}
		}
		done += 2 * int64(b.size) //nolint:gosec // a few thousand
		m.tell("declare", done, 2*m.o.consignments())
		free <- b
	}
	return context.Cause(ctx)
}
