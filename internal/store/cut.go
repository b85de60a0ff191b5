package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"guichet"
)

// pieceSize is about how large the pieces are of a file that is cut: one of
// twice that and more. It is larger than smallFile. The engine looks at every column of every row group of
// a file that it opens, also of those that it then skips: some 2 us each, 20 ms
// for a question about one product of 100 million rows in one file. Of pieces,
// which follow each other in the order of the codes, those are opened whose
// bounds can hold the product (prune.go), one or two.
const pieceSize = 64 << 20

// maxCutFooter is the longest footer that is cut: 100 million rows have one of
// some 2 MiB.
const maxCutFooter = 256 << 20

// pieceName names the i-th piece of a file: a1.parquet is cut into
// a1.000.parquet, a1.001.parquet ...
func pieceName(name string, i int) string {
	return fmt.Sprintf("%s.%03d.parquet", strings.TrimSuffix(name, ".parquet"), i)
}

func isPiece(name string) bool {
	return strings.Contains(strings.TrimSuffix(name, ".parquet"), ".")
}

// ownersOf says of a file that is no pack whose rows it holds, and which
// submission caused it to be written anew ("" when none did).
func ownersOf(name string) (owner, cause string) {
	name, _, _ = strings.Cut(strings.TrimSuffix(name, ".parquet"), ".")
	owner, cause, _ = strings.Cut(name, "-")
	return owner, cause
}

// cutLarge cuts a Parquet file in a folder into pieces of a size when it is
// large, and returns what it is then made of: paths within the folder, rows,
// sizes. kept is the name by which it will be kept, from which the pieces have
// theirs.
func cutLarge(path, kept string, piece int64) ([]guichet.Part, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("cut: %w", err)
	}
	dir := filepath.Dir(path)
	if st.Size() < 2*piece {
		if err := os.Rename(path, filepath.Join(dir, kept)); err != nil {
			return nil, fmt.Errorf("cut: %w", err)
		}
		rows, err := rowsOf(filepath.Join(dir, kept))
		return []guichet.Part{{Path: kept, Rows: rows, Size: st.Size()}}, err
	}
	parts, err := cutParquet(path, int(st.Size()/piece), func(i int) string { return pieceName(kept, i) })
	if err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil { // the disk need not hold both longer than it must
		return nil, fmt.Errorf("cut: %w", err)
	}
	return parts, nil
}

// cutParquet cuts a Parquet file into at most n pieces of about one size, in its
// folder: row groups are copied as they are, byte for byte, with their bloom
// filters; only the places in the footer change. Reading and writing the rows
// again would take longer than taking them in.
func cutParquet(path string, n int, name func(i int) string) ([]guichet.Part, error) {
	src, err := os.Open(path) //nolint:gosec // in a staging folder
	if err != nil {
		return nil, fmt.Errorf("cut: %w", err)
	}
	defer func() { _ = src.Close() }()
	c, err := newCutter(src)
	if err != nil {
		return nil, fmt.Errorf("cut %s: %w", filepath.Base(path), err)
	}
	var out []guichet.Part
	first, total := 0, c.groups[len(c.groups)-1].to-c.groups[0].from
	for i, g := range c.groups {
		enough := (g.to - c.groups[0].from) * int64(n) / total // shares that are full
		if enough <= int64(len(out)) && i+1 < len(c.groups) {
			continue
		}
		part := guichet.Part{Path: name(len(out))}
		if part.Size, err = c.write(filepath.Join(filepath.Dir(path), part.Path), first, i+1); err != nil {
			return nil, fmt.Errorf("cut %s: %w", filepath.Base(path), err)
		}
		for _, g := range c.groups[first : i+1] {
			part.Rows += g.rows
		}
		out, first = append(out, part), i+1
	}
	return out, nil
}

// Numbers of fields in a footer (parquet.thrift of apache/parquet-format):
// FileMetaData, and from there RowGroup, ColumnChunk and ColumnMetaData.
const (
	fileRows      = 3
	fileRowGroups = 4

	groupColumns = 1
	groupRows    = 3
	groupOffset  = 5
	groupOrdinal = 7

	chunkOffset      = 2
	chunkMeta        = 3
	chunkOffsetIndex = 4
	chunkColumnIndex = 6

	metaCompressed = 7
	metaData       = 9
	metaIndex      = 10
	metaDictionary = 11
	metaBloom      = 14
	metaBloomSize  = 15
)

// stretch is a part of the footer, from the one byte to before the other.
type stretch struct{ from, to int }

// footerNumber is a number of a row group that may have to change.
type footerNumber struct {
	stretch
	level int   // how deep: 2 in the row group, 3 in a column's chunk, 4 in its metadata
	field int64 // number of its field there
	value int64
}

// groupIndex is a row group: where it stands in the footer, and its pages and
// bloom filters in the file.
type groupIndex struct {
	stretch
	numbers []footerNumber
}

// footerIndex is where things stand in a footer.
type footerIndex struct {
	size   int // of the footer, in bytes
	rows   stretch
	list   stretch // the head of the list of row groups
	groups []groupIndex
}

func (x *footerIndex) begin(left int) {
	x.groups = append(x.groups, groupIndex{stretch: stretch{from: x.size - left}})
}
func (x *footerIndex) end(left int) { x.groups[len(x.groups)-1].to = x.size - left }

// number notes a number, which began when so many bytes were left.
func (x *footerIndex) number(path []int64, left, leftAfter int, v int64) {
	at := stretch{x.size - left, x.size - leftAfter}
	switch {
	case slices.Equal(path, []int64{fileRows}):
		x.rows = at
		return
	case len(path) < 2 || path[0] != fileRowGroups:
		return
	case len(path) == 3 && path[1] != groupColumns, len(path) == 4 && (path[1] != groupColumns || path[2] != chunkMeta), len(path) > 4:
		return // of what is sorted, of statistics
	}
	g := &x.groups[len(x.groups)-1]
	g.numbers = append(g.numbers, footerNumber{at, len(path), path[len(path)-1], v})
}

// cutter holds a file that is cut.
type cutter struct {
	src    *os.File
	footer []byte
	index  footerIndex
	groups []groupPlace
}

// groupPlace is where the pages of a row group are in the file, and its bloom
// filters, in the order of its columns.
type groupPlace struct {
	from, to, rows int64
	blooms         [][2]int64 // place and size
}

// newCutter reads the footer, and sees that its row groups follow each other and
// that nothing else lies between them.
func newCutter(src *os.File) (*cutter, error) {
	st, err := src.Stat()
	if err != nil {
		return nil, err
	}
	var tail [8]byte
	if _, err := src.ReadAt(tail[:], st.Size()-int64(len(tail))); err != nil {
		return nil, err
	}
	n := int64(binary.LittleEndian.Uint32(tail[:4]))
	end := st.Size() - int64(len(tail)) - n
	if string(tail[4:]) != parquetMagic || n > maxCutFooter || end < int64(len(parquetMagic)) {
		return nil, fmt.Errorf("its footer of %d bytes is not one that is written here", n)
	}
	c := &cutter{src: src, footer: make([]byte, n)}
	if _, err := src.ReadAt(c.footer, end); err != nil {
		return nil, err
	}
	c.index.size = len(c.footer)
	w := &footerWalk{b: c.footer, index: &c.index}
	if err := w.fields(); err != nil {
		return nil, err
	}
	at := int64(len(parquetMagic))
	for i, g := range c.index.groups {
		p, err := placeOfGroup(g)
		if err != nil || p.from < at || p.to < p.from || p.to > end {
			return nil, errors.Join(fmt.Errorf("row group %d does not follow the one before", i), err)
		}
		c.groups, at = append(c.groups, p), p.to
	}
	if len(c.groups) == 0 || c.index.rows.to == 0 || c.index.rows.to > c.index.list.from {
		return nil, errors.New("its footer is in another order than it is written in here")
	}
	return c, nil
}

// placeOfGroup reads a group's numbers. The size of a column stands before the
// places of its pages.
func placeOfGroup(g groupIndex) (groupPlace, error) {
	p := groupPlace{from: -1}
	var size, start, bloom int64
	column := func() {
		if size > 0 {
			p.to = max(p.to, start+size)
		}
	}
	for _, n := range g.numbers {
		switch {
		case n.level == 2 && n.field == groupRows:
			p.rows = n.value
		case n.level == 3 && (n.field == chunkOffsetIndex || n.field == chunkColumnIndex):
			return p, errors.New("it has an index of pages, which is not cut")
		case n.level == 4 && n.field == metaCompressed:
			column()
			size, start = n.value, -1
		case isPlace(n) && n.level == 4 && n.value > 0:
			if start < 0 || n.value < start {
				start = n.value
			}
			if p.from < 0 || n.value < p.from {
				p.from = n.value
			}
		case n.level == 4 && n.field == metaBloom:
			bloom = n.value
		case n.level == 4 && n.field == metaBloomSize:
			p.blooms = append(p.blooms, [2]int64{bloom, n.value})
		}
	}
	column()
	return p, nil
}

// isPlace says whether a number is a place among the pages.
func isPlace(n footerNumber) bool {
	switch n.level {
	case 2:
		return n.field == groupOffset
	case 3:
		return n.field == chunkOffset
	}
	return n.field == metaData || n.field == metaIndex || n.field == metaDictionary
}

// write writes the row groups from the one to before the other into a file, and
// returns its size.
func (c *cutter) write(path string, from, to int) (size int64, err error) {
	dst, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // in a staging folder
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	if _, err := dst.WriteString(parquetMagic); err != nil {
		return 0, err
	}
	start := c.groups[from].from
	if err := c.copy(dst, start, c.groups[to-1].to-start); err != nil {
		return 0, err
	}
	size = int64(len(parquetMagic)) + c.groups[to-1].to - start
	blooms := size
	for _, g := range c.groups[from:to] {
		for _, b := range g.blooms {
			if err := c.copy(dst, b[0], b[1]); err != nil {
				return 0, err
			}
			size += b[1]
		}
	}
	tail := c.footerOf(from, to, blooms)
	tail = binary.LittleEndian.AppendUint32(tail, uint32(len(tail))) //nolint:gosec // shorter than the footer that it is of
	tail = append(tail, parquetMagic...)
	_, err = dst.Write(tail)
	return size + int64(len(tail)), err
}

// copy appends a stretch of the file; the system does it where it can.
func (c *cutter) copy(dst *os.File, at, n int64) error {
	if _, err := c.src.Seek(at, io.SeekStart); err != nil {
		return err
	}
	_, err := io.CopyN(dst, c.src, n)
	return err
}

// footerOf is the footer of a piece of these row groups, whose bloom filters
// begin at blooms.
func (c *cutter) footerOf(from, to int, blooms int64) []byte {
	x, rows := c.index, int64(0)
	for _, g := range c.groups[from:to] {
		rows += g.rows
	}
	out := slices.Clone(c.footer[:x.rows.from])
	out = binary.AppendVarint(out, rows)
	out = append(out, c.footer[x.rows.to:x.list.from]...)
	out = appendListHead(out, to-from)
	for i, g := range x.groups[from:to] {
		at, bloom := g.from, 0
		for _, n := range g.numbers {
			v := n.value
			switch {
			case isPlace(n) && v > 0: // 0: not said
				v += int64(len(parquetMagic)) - c.groups[from].from
			case n.level == 2 && n.field == groupOrdinal:
				v -= int64(from)
			case n.level == 4 && n.field == metaBloom:
				v = blooms
				blooms += c.groups[from+i].blooms[bloom][1]
				bloom++
			}
			if v != n.value {
				out = append(out, c.footer[at:n.from]...)
				out, at = binary.AppendVarint(out, v), n.to
			}
		}
		out = append(out, c.footer[at:g.to]...)
	}
	return append(out, c.footer[x.groups[len(x.groups)-1].to:]...)
}

// appendListHead begins a list of structs: its length and type in one byte, or a
// length of 15 and more behind it.
func appendListHead(b []byte, n int) []byte {
	if n < 15 {
		return append(b, byte(n<<4|thriftStruct)) //nolint:gosec // below 256
	}
	return binary.AppendUvarint(append(b, 0xf0|thriftStruct), uint64(n))
}
