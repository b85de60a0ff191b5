package store

import "encoding/binary"

// What another node sends is read by the few pages below, not by a library: a
// library follows the paper (nested types without end, dictionaries,
// compression, a length that is believed before the bytes are there), and a
// partner that was taken over would write all of these. Here nothing is
// allocated by what a length says, and what is not needed is refused.
//
// The metadata of an Arrow IPC message is a flatbuffer: a table at `pos` begins
// with the distance back to its vtable, which says how far behind pos each field
// stands, 0 for a field that is left out.

// flat reads a flatbuffer. A place outside of it gives zero and marks it bad.
type flat struct {
	data []byte
	bad  bool
}

func (f *flat) at(pos, n int) []byte {
	if pos < 0 || n < 0 || pos > len(f.data)-n {
		f.bad = true
		return nil
	}
	return f.data[pos : pos+n]
}

func (f *flat) u8(pos int) byte {
	if b := f.at(pos, 1); b != nil {
		return b[0]
	}
	return 0
}

func (f *flat) u16(pos int) int {
	if b := f.at(pos, 2); b != nil {
		return int(binary.LittleEndian.Uint16(b))
	}
	return 0
}

func (f *flat) u32(pos int) int {
	if b := f.at(pos, 4); b != nil {
		return int(binary.LittleEndian.Uint32(b))
	}
	return 0
}

func (f *flat) i32(pos int) int { return int(int32(f.u32(pos))) } //nolint:gosec // the sign is in the bits

func (f *flat) i64(pos int) int64 {
	if b := f.at(pos, 8); b != nil {
		return int64(binary.LittleEndian.Uint64(b)) //nolint:gosec // the sign is in the bits
	}
	return 0
}

// flatTable is one table of a flatbuffer.
type flatTable struct {
	f        *flat
	pos      int
	vt, size int // of its vtable
}

func (f *flat) table(pos int) flatTable {
	t := flatTable{f: f, pos: pos, vt: pos - f.i32(pos)}
	t.size = f.u16(t.vt)
	return t
}

// root is the table that a flatbuffer begins with.
func (f *flat) root() flatTable { return f.table(f.u32(0)) }

// field is the place of a field, 0 where it is left out.
func (t flatTable) field(i int) int {
	slot := 4 + 2*i
	if slot+2 > t.size {
		return 0
	}
	if off := t.f.u16(t.vt + slot); off != 0 {
		return t.pos + off
	}
	return 0
}

func (t flatTable) has(i int) bool { return t.field(i) != 0 }

// sub is the table that a field points to.
func (t flatTable) sub(i int) flatTable {
	p := t.field(i)
	if p == 0 {
		t.f.bad = true
		return flatTable{f: t.f}
	}
	return t.f.table(p + t.f.u32(p))
}

// vector is where a field's list begins and how many it has; 0, 0 without one.
func (t flatTable) vector(i int) (pos, n int) {
	p := t.field(i)
	if p == 0 {
		return 0, 0
	}
	at := p + t.f.u32(p)
	return at + 4, t.f.u32(at)
}

func (t flatTable) text(i int) string {
	pos, n := t.vector(i)
	return string(t.f.at(pos, n))
}

func (t flatTable) byte(i int) byte {
	if p := t.field(i); p != 0 {
		return t.f.u8(p)
	}
	return 0
}

// short is a 16 bit number with the value that it has when it is left out.
func (t flatTable) short(i, absent int) int {
	if p := t.field(i); p != 0 {
		return t.f.u16(p)
	}
	return absent
}

func (t flatTable) int(i, absent int) int {
	if p := t.field(i); p != 0 {
		return t.f.i32(p)
	}
	return absent
}

func (t flatTable) long(i int) int64 {
	if p := t.field(i); p != 0 {
		return t.f.i64(p)
	}
	return 0
}
