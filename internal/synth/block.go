package synth

import "github.com/klauspost/compress/flate"

// blockSize is how many consignments make a block. Every block has a sequence
// of chance of its own, so the bytes depend on neither cores nor order.
const blockSize = 4096

// Streams of a block: the lines of each member, then the truth.
const (
	streamThings = members + iota
	streamTruth
	streams
)

// block is a piece of work with the text that came of it. Blocks are used
// again.
type block struct {
	number uint64
	first  uint64 // number of its first consignment, from 1
	size   uint64
	lines  [members][]byte
	things []byte
	truth  []byte
	packed [streams][]byte
	done   chan struct{}
}

// newBlock has room for what a block of three years of five members needs, so
// that its texts do not grow from nothing.
func newBlock() *block {
	b := &block{done: make(chan struct{}, 1)}
	for m := range b.lines {
		b.lines[m] = make([]byte, 0, 1<<18)
	}
	b.things, b.truth = make([]byte, 0, 1<<20), make([]byte, 0, 1<<21)
	for s := streamThings; s < streams; s++ {
		b.packed[s] = make([]byte, 0, 1<<20)
	}
	return b
}

func (b *block) text(stream int) []byte {
	switch stream {
	case streamThings:
		return b.things
	case streamTruth:
		return b.truth
	default:
		return b.lines[stream]
	}
}

// worker makes blocks, one after another.
type worker struct {
	account
	w     *world
	lw    lineWriter
	cells *cellTable
	gz    [streams]bool
	flate [streams]*flate.Writer // nil where a stream is not packed
	into  joined
}

// joined collects what is written into a buffer that is used again.
type joined struct{ text []byte }

func (j *joined) Write(p []byte) (int, error) {
	j.text = append(j.text, p...)
	return len(p), nil
}

func newWorker(w *world, gz [streams]bool) (*worker, error) {
	k := &worker{w: w, lw: lineWriter{w, forms()}, cells: newCellTable(), gz: gz}
	for s := range streams {
		if !gz[s] {
			continue
		}
		f, err := flate.NewWriter(nil, packing(s))
		if err != nil {
			return nil, err
		}
		k.flate[s] = f
	}
	return k, nil
}

// packing is how hard a stream is packed. The truth is by Huffman codes alone:
// three times as quick as looking for repetitions, which took almost half of
// all time, for files of twice the size.
func packing(stream int) int {
	if stream >= members {
		return flate.HuffmanOnly
	}
	return flate.BestSpeed
}

// make fills a block.
func (k *worker) make(b *block) error {
	for m := range b.lines {
		b.lines[m] = b.lines[m][:0]
	}
	b.things, b.truth = b.things[:0], b.truth[:0]
	dice := chanceOf(k.w.seed, b.number)
	r := recorder{block: b, worker: k, dice: &dice}
	for n := b.first; n < b.first+b.size; {
		n += k.shipment(&r, n, b.first+b.size-n)
	}
	for s := range streams {
		if !k.gz[s] {
			continue
		}
		packed, err := k.pack(k.flate[s], b.packed[s][:0], b.text(s))
		if err != nil {
			return err
		}
		b.packed[s] = packed
	}
	return nil
}

// shipment draws one shipment of one to four lines, as many as there is room
// for, records both sides of each, and returns how many lines it has.
func (k *worker) shipment(r *recorder, number, room uint64) uint64 {
	w, dice := k.w, r.dice
	lines := min([]uint64{1, 1, 1, 1, 2, 2, 3, 4}[dice.below(8)], room)
	s := w.ship(dice, number)
	goods := w.goodsOf[s.exporter][s.importer]
	good := goods.draw(dice)
	s.seller, s.buyer = w.party(dice, s.exporter, good), w.party(dice, s.importer, good)
	k.tally[reExports].could += int64(lines)     //nolint:gosec // a few
	k.tally[transshipment].could += int64(lines) //nolint:gosec // a few
	for i := range lines {
		if i > 0 {
			good = goods.draw(dice)
		}
		c := w.consign(dice, &s, number+i, good)
		r.s, r.c = &s, &c
		r.known()
		r.exported()
		r.imported()
		k.things++
	}
	return lines
}

// write adds a line to its member's file.
func (r *recorder) write(rec *record) {
	sums := &r.files[rec.member][0]
	if rec.imports {
		sums = &r.files[rec.member][1]
	}
	sums.lines++
	sums.value += rec.value
	r.declared(r.w, &r.now, rec.imports)
	r.lines[rec.member] = r.w.office[rec.member].append(&r.lw, r.lines[rec.member], rec)
}

// pack deflates a text so that pieces can be joined: it ends at a byte and
// leaves the stream open (RFC 1951, 3.2.4: a stored block of no bytes).
func (k *worker) pack(f *flate.Writer, to, text []byte) ([]byte, error) {
	k.into.text = to
	f.Reset(&k.into)
	if _, err := f.Write(text); err != nil {
		return nil, err
	}
	if err := f.Flush(); err != nil {
		return nil, err
	}
	return k.into.text, nil
}
