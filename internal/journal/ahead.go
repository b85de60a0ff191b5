package journal

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"guichet"
)

// Leaves are written ahead of the tree. A batch of them becomes durable by one
// write and one sync in one of two files of fixed size, which were filled with
// zeros when they were made, so that a sync writes no metadata; the tree, whose
// batch costs some ten files and as many syncs, follows in larger steps
// (integrate.go). At the start the leaves that the tree has not got are put into
// it from here, before anything else happens.
//
// A batch begins at a multiple of a sector:
//
//	4 bytes  of the payload: its length       4 bytes  number of leaves
//	8 bytes  index of the first leaf          4 bytes  CRC-32C of the 16 before and the payload
//	the payload: of each leaf 2 bytes, its length, and its canonical JSON
//
// All numbers are big-endian. The writer begins a batch only when the one before
// it is durable. So a batch that is not whole was never acknowledged if it is the
// last, and is damage if one with a higher index is whole. A file is used anew from
// its beginning when the tree has all that is in it; what is left of its former
// content has lower indexes.
const (
	aheadSize   = 1 << 20 // bytes of each of the two files
	aheadSector = 512
	aheadHead   = 20
	// aheadMost is the payload of a batch at most: two fit into a file, and so does
	// any one leaf.
	aheadMost = aheadSize/2 - aheadSector
	// reserve is what the disk must have free before a leaf is acknowledged: the tree
	// needs some of it to take in what is ahead.
	reserve = 1 << 20
)

// ahead are the two files.
type ahead struct {
	dir   string
	files [2]*aheadFile
	now   int // which is written
}

type aheadFile struct {
	f    *os.File
	used int64  // bytes from the beginning that count
	end  uint64 // index after the last leaf in it; 0 when it is empty
}

// aheadBatch is a batch as it was found.
type aheadBatch struct {
	first  uint64
	leaves [][]byte
}

func (b aheadBatch) end() uint64 { return b.first + uint64(len(b.leaves)) }

func aheadName(dir string, i int) string {
	return filepath.Join(dir, fmt.Sprintf("%s.%d", fileAhead, i))
}

// openAhead opens the files, or makes them. It returns what is in them, in order,
// and the batches that stand behind one that is not whole: former content, or else
// the proof of damage.
func openAhead(dir string) (a *ahead, found, strays []aheadBatch, err error) {
	a = &ahead{dir: dir}
	for i := range a.files {
		content, err := aheadContent(aheadName(dir, i))
		if err != nil {
			a.close()
			return nil, nil, nil, err
		}
		f, err := os.OpenFile(aheadName(dir, i), os.O_RDWR, fileMode)
		if err != nil {
			a.close()
			return nil, nil, nil, fmt.Errorf("open what is ahead: %w", err)
		}
		a.files[i] = &aheadFile{f: f}
		batches := readAhead(content)
		found = append(found, batches...)
		strays = append(strays, readStrays(content, batches)...)
	}
	slices.SortFunc(found, func(x, y aheadBatch) int { return cmp.Compare(x.first, y.first) })
	return a, found, strays, nil
}

// aheadContent reads a file, and makes it where it is not there.
func aheadContent(name string) ([]byte, error) {
	content, err := readSmall(name, aheadSize)
	if errors.Is(err, fs.ErrNotExist) {
		content = make([]byte, aheadSize)
		return content, writeDurably(name, content)
	}
	if err == nil && len(content) != aheadSize {
		err = guichet.Errorf(guichet.KindUntrusted, "%s has %d bytes, not %d: it was cut", name, len(content), aheadSize).WithHint(restoreAhead)
	}
	return content, err
}

const restoreAhead = "restore the newest copy of the whole folder of the journal; receipts for leaves that are missing may be out in the world"

// readAhead reads the batches of a file from its beginning, as long as they are
// whole and follow each other.
func readAhead(content []byte) []aheadBatch {
	var out []aheadBatch
	for at := int64(0); ; {
		b, ok := readBatch(content[at:])
		if !ok || len(out) > 0 && b.first != out[len(out)-1].end() {
			return out
		}
		out = append(out, b)
		if at += aheadLength(b.leaves); at >= int64(len(content)) {
			return out
		}
	}
}

// readStrays reads the whole batches that stand behind those that count.
func readStrays(content []byte, count []aheadBatch) []aheadBatch {
	at := int64(0)
	for _, b := range count {
		at += aheadLength(b.leaves)
	}
	var out []aheadBatch
	for ; at < int64(len(content)); at += aheadSector {
		if b, ok := readBatch(content[at:]); ok {
			out = append(out, b)
		}
	}
	return out
}

// readBatch reads the batch at the beginning of some bytes; false where none is.
func readBatch(from []byte) (aheadBatch, bool) {
	if len(from) < aheadHead {
		return aheadBatch{}, false
	}
	long, count := binary.BigEndian.Uint32(from), binary.BigEndian.Uint32(from[4:])
	if long == 0 || long > aheadMost || int(long) > len(from)-aheadHead || count == 0 || count > long/2 {
		return aheadBatch{}, false
	}
	payload := from[aheadHead : aheadHead+int(long)]
	if binary.BigEndian.Uint32(from[16:]) != aheadSum(from[:16], payload) {
		return aheadBatch{}, false
	}
	b := aheadBatch{first: binary.BigEndian.Uint64(from[8:])}
	for range count {
		if len(payload) < 2 || len(payload)-2 < int(binary.BigEndian.Uint16(payload)) {
			return aheadBatch{}, false
		}
		n := 2 + int(binary.BigEndian.Uint16(payload))
		b.leaves = append(b.leaves, payload[2:n])
		payload = payload[n:]
	}
	return b, len(payload) == 0
}

func aheadSum(head, payload []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return crc32.Update(crc32.Update(0, table, head), table, payload)
}

// aheadLength is what a batch takes in a file: whole sectors.
func aheadLength(leaves [][]byte) int64 {
	n := int64(aheadHead)
	for _, l := range leaves {
		n += 2 + int64(len(l))
	}
	return (n + aheadSector - 1) / aheadSector * aheadSector
}

// room says whether leaves can be written: false while the tree, which has taken in
// so many, still needs both files.
func (a *ahead) room(leaves [][]byte, taken uint64) bool {
	return a.files[a.now].used+aheadLength(leaves) <= aheadSize || a.files[1-a.now].end <= taken
}

// write makes leaves durable. There is room for them.
func (a *ahead) write(first uint64, leaves [][]byte) error {
	if err := a.spare(); err != nil {
		return err
	}
	long := aheadLength(leaves)
	if a.files[a.now].used+long > aheadSize {
		a.now = 1 - a.now
		a.files[a.now].used, a.files[a.now].end = 0, 0
	}
	to := a.files[a.now]
	out := make([]byte, aheadHead, long)
	for _, l := range leaves {
		out = binary.BigEndian.AppendUint16(out, uint16(len(l))) //nolint:gosec // at most MaxLeaf
		out = append(out, l...)
	}
	binary.BigEndian.PutUint32(out, uint32(len(out)-aheadHead)) //nolint:gosec // at most aheadMost
	binary.BigEndian.PutUint32(out[4:], uint32(len(leaves)))    //nolint:gosec // fewer than bytes
	binary.BigEndian.PutUint64(out[8:], first)
	binary.BigEndian.PutUint32(out[16:], aheadSum(out[:16], out[aheadHead:]))
	if _, err := to.f.WriteAt(out[:long], to.used); err != nil {
		return fmt.Errorf("write ahead: %w", err)
	}
	if err := unix.Fdatasync(int(to.f.Fd())); err != nil {
		return fmt.Errorf("sync what was written ahead: %w", err)
	}
	to.used += long
	to.end = first + uint64(len(leaves))
	return nil
}

// spare refuses where the disk has less free than the tree may need.
func (a *ahead) spare() error {
	var st unix.Statfs_t
	if err := unix.Statfs(a.dir, &st); err != nil {
		return fmt.Errorf("look at the disk: %w", err)
	}
	if free := st.Bavail * uint64(st.Bsize); free < reserve { //nolint:gosec // the size of a block is positive
		return fmt.Errorf("%d bytes are free, and %d must be: %w", free, reserve, unix.ENOSPC)
	}
	return nil
}

func (a *ahead) close() {
	for _, f := range a.files {
		if f != nil {
			_ = f.f.Close() // everything in it was synced
		}
	}
}
