package store

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/bits"
	"time"
	"unicode/utf8"

	"guichet"
)

// The days that a text of four digits for the year can say, from 1970-01-01.
const firstDay, lastDay = -719162, 2932896

// data holds the pieces of a column to its type.
func (c ipcColumn) data(pieces [][]byte, rows int, nulls int64) (d ipcData, ok bool) {
	if c.kind == ipcNull {
		return ipcData{nulls: rows}, true
	}
	if len(pieces[0]) > 0 {
		if len(pieces[0]) < (rows+7)/8 {
			return d, false
		}
		d.valid = pieces[0]
		d.nulls = rows - set(d.valid, rows)
	}
	if int64(d.nulls) != nulls {
		return d, false
	}
	if c.kind == ipcUtf8 {
		d.offsets, d.values = pieces[1], pieces[2]
		return d, rows == 0 || texts(d, rows)
	}
	d.values = pieces[1]
	if len(d.values) < (rows*c.width()+7)/8 {
		return d, false
	}
	return d, c.within(d, rows)
}

// width is how many bits a value takes.
func (c ipcColumn) width() int {
	switch c.kind {
	case ipcBool:
		return 1
	case ipcDate:
		return 32
	}
	return c.bits
}

// set counts the bits of the first rows.
func set(bitmap []byte, rows int) int {
	n := 0
	for _, b := range bitmap[:rows/8] {
		n += bits.OnesCount8(b)
	}
	if rest := rows % 8; rest > 0 {
		n += bits.OnesCount8(bitmap[rows/8] & (1<<rest - 1))
	}
	return n
}

// texts holds every text to lie within the values and to be UTF-8.
func texts(d ipcData, rows int) bool {
	if len(d.offsets) < 4*(rows+1) {
		return false
	}
	from := binary.LittleEndian.Uint32(d.offsets)
	for i := 1; i <= rows; i++ {
		to := binary.LittleEndian.Uint32(d.offsets[4*i:])
		if to < from || int64(to) > int64(len(d.values)) || to-from > mostText || !utf8.Valid(d.values[from:to]) {
			return false
		}
		from = to
	}
	return true
}

// within holds decimals to their precision and days to the calendar.
func (c ipcColumn) within(d ipcData, rows int) bool {
	switch c.kind {
	case ipcDate:
		for i := range rows {
			if day := d.int32(i); d.has(i) && (day < firstDay || day > lastDay) {
				return false
			}
		}
	case ipcDecimal:
		most := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(c.precision)), nil)
		lo := new(big.Int).And(most, new(big.Int).SetUint64(1<<64-1)).Uint64()
		hi := new(big.Int).Rsh(most, 64).Uint64()
		for i := range rows {
			if h, l, _ := d.magnitude(i); d.has(i) && (h > hi || h == hi && l >= lo) {
				return false
			}
		}
	}
	return true
}

func (d ipcData) has(i int) bool { return d.valid == nil || d.valid[i/8]&(1<<(i%8)) != 0 }

func (d ipcData) int32(i int) int32 {
	return int32(binary.LittleEndian.Uint32(d.values[4*i:])) //nolint:gosec // the sign is in the bits
}

func (d ipcData) int64(i int) int64 {
	return int64(binary.LittleEndian.Uint64(d.values[8*i:])) //nolint:gosec // the sign is in the bits
}

func (d ipcData) bool(i int) bool { return d.values[i/8]&(1<<(i%8)) != 0 }

func (d ipcData) text(i int) []byte {
	return d.values[binary.LittleEndian.Uint32(d.offsets[4*i:]):binary.LittleEndian.Uint32(d.offsets[4*i+4:])]
}

// magnitude is the absolute value of a decimal's digits, high and low 64 bits.
func (d ipcData) magnitude(i int) (hi, lo uint64, negative bool) {
	lo, hi = binary.LittleEndian.Uint64(d.values[16*i:]), binary.LittleEndian.Uint64(d.values[16*i+8:])
	if hi>>63 == 0 {
		return hi, lo, false
	}
	lo, carry := bits.Add64(^lo, 1, 0)
	return ^hi + carry, lo, true
}

func (d ipcData) decimal(i, scale int) guichet.Decimal {
	hi, lo, negative := d.magnitude(i)
	if hi == 0 && lo <= math.MaxInt64 { // nearly all
		if negative {
			return guichet.NewDecimal(big.NewInt(-int64(lo)), scale)
		}
		return guichet.NewDecimal(big.NewInt(int64(lo)), scale)
	}
	n := new(big.Int).SetUint64(hi)
	n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(lo))
	if negative {
		n.Neg(n)
	}
	return guichet.NewDecimal(n, scale)
}

// day is a date's text: "2024-01-31".
func (d ipcData) day(buf []byte, i int) []byte {
	return time.Unix(int64(d.int32(i))*24*60*60, 0).UTC().AppendFormat(buf, time.DateOnly)
}
