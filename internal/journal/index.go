package journal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"sync"

	"guichet"
)

// The index says which leaves belong to an exchange, and in which a member is a
// party. It is a file of records of equal length, one a leaf, in their order:
//
//	16 bytes  of the SHA-256 of the exchange's name
//	 2 bytes  the asking member's code        2 bytes  the member asked
//	 4 bytes  of the leaf's Merkle hash       4 bytes  CRC-32C of position and record
//
// It is read from end to end: at 10 million leaves 280 MB, a few tenths of a
// second from the page cache, with one block of memory. It is not synced while
// leaves are written, since it can be made anew from them: at the start every
// record is checked, and from the first bad one on it is made again (10 million
// leaves: the log is read once, some 5 GB).
const (
	recordSize  = 28
	recordBlock = 1 << 15 // records a read: 896 KiB
)

type record [recordSize]byte

func recordOf(position uint64, leaf guichet.Leaf, hash []byte) record {
	var r record
	exchange := sha256.Sum256([]byte(leaf.Exchange))
	copy(r[0:16], exchange[:])
	copy(r[16:18], leaf.From.Member)
	copy(r[18:20], leaf.To)
	copy(r[20:24], hash)
	binary.BigEndian.PutUint32(r[24:], r.sum(position))
	return r
}

func (r *record) sum(position uint64) uint32 {
	var at [8]byte
	binary.BigEndian.PutUint64(at[:], position)
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Update(0, table, at[:]), table, r[:24])
}

func (r *record) good(position uint64) bool {
	return binary.BigEndian.Uint32(r[24:]) == r.sum(position)
}

type index struct {
	f  *os.File
	mu sync.Mutex // guards n
	n  uint64     // records that are there
}

// openIndex opens the file and keeps of it what is whole.
func openIndex(name string) (*index, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, fileMode) //nolint:gosec // inside the journal
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	x := &index{f: f, n: maxSize}
	good := uint64(0)
	err = x.scan(0, func(position uint64, r *record) bool {
		if !r.good(position) {
			return false
		}
		good = position + 1
		return true
	})
	x.n = good
	if err == nil {
		err = f.Truncate(signed(good) * recordSize)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("index: %w", err)
	}
	return x, nil
}

func (x *index) size() uint64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.n
}

// add writes the records of a batch at their place.
func (x *index) add(batch []*pending) error {
	var out bytes.Buffer
	for _, p := range batch {
		r := recordOf(p.index, p.leaf, p.entry.LeafHash())
		out.Write(r[:])
	}
	return x.write(batch[0].index, out.Bytes())
}

func (x *index) write(at uint64, records []byte) error {
	x.mu.Lock() // one writer, and readers that ask for n
	defer x.mu.Unlock()
	if at != x.n {
		return nil // a batch before this one is not there: the search reads the leaves themselves from n on
	}
	if _, err := x.f.WriteAt(records, signed(at)*recordSize); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	x.n += uint64(len(records)) / recordSize
	return nil
}

// scan calls fn with every record from a position on, until it returns false.
func (x *index) scan(from uint64, fn func(position uint64, r *record) bool) error {
	block := make([]byte, recordSize*recordBlock)
	for end := x.size(); from < end; {
		want := min(end-from, recordBlock) * recordSize
		n, err := x.f.ReadAt(block[:want], signed(from)*recordSize)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("index: %w", err)
		}
		for i := 0; i+recordSize <= n; i += recordSize {
			if !fn(from, (*record)(block[i:i+recordSize])) {
				return nil
			}
			from++
		}
		if n < recordSize {
			return nil
		}
	}
	return nil
}

func (x *index) close() error {
	err := x.f.Sync()
	if err2 := x.f.Close(); err == nil {
		err = err2
	}
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	return nil
}

// fillIndex makes the records that are missing. An index that knows more leaves
// than the log, or another last one, is of another log, and made anew.
func (j *Journal) fillIndex(ctx context.Context) error {
	if !j.indexFits(ctx) {
		if err := j.index.f.Truncate(0); err != nil {
			return fmt.Errorf("index: %w", err)
		}
		j.index.n = 0
	}
	from := j.index.n
	var out []byte
	err := j.eachEntry(ctx, from, func(i uint64, entry []byte) error {
		leaf, err := readLeaf(entry)
		if err != nil {
			leaf = guichet.Leaf{} // Check tells of it; the journal must open for that
		}
		r := recordOf(i, leaf, leafHash(entry))
		if out = append(out, r[:]...); len(out) < recordSize*recordBlock {
			return nil
		}
		err = j.index.write(from, out)
		from, out = i+1, out[:0]
		return err
	})
	if err != nil {
		return err
	}
	return j.index.write(from, out)
}

// indexFits says whether the last record is of the leaf at its place.
func (j *Journal) indexFits(ctx context.Context) bool {
	n := j.index.n
	if n == 0 || n > j.size.Load() {
		return n == 0
	}
	fits := false
	entry, err := j.entry(ctx, signed(n-1))
	if err != nil {
		return false
	}
	err = j.index.scan(n-1, func(_ uint64, r *record) bool {
		fits = bytes.Equal(r[20:24], leafHash(entry)[:4])
		return false
	})
	return err == nil && fits
}
