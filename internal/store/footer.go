package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"guichet"
)

// footerWalk reads the footer of a Parquet file once, without keeping any of it,
// to see that the counts in it can be true: the library makes room for as many
// children of a column as the footer states, and a footer of 400 bytes may state
// two thousand million.
//
// The footer is a FileMetaData (parquet.thrift of apache/parquet-format) in
// Thrift's compact protocol (doc/specs/thrift-compact-protocol.md of
// apache/thrift): a struct is a list of fields, each a byte of (step of the
// field's number, type) and its value, ended by 0. Whole numbers are varints.
type footerWalk struct {
	b     []byte
	path  []int64 // numbers of the fields around the present one
	lists []int   // elements of the lists around it
	index *footerIndex
}

// Types of the compact protocol.
const (
	thriftStop   = 0
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

// maxFooterDepth is more than twice as deep as the format nests its structs.
const maxFooterDepth = 24

var errFooter = errors.New("its footer cannot be read")

// checkFooter says what is wrong with a footer's counts.
func checkFooter(b []byte) error {
	w := &footerWalk{b: b}
	return w.fields()
}

// fields reads a struct.
func (w *footerWalk) fields() error {
	if len(w.path) > maxFooterDepth {
		return fmt.Errorf("%w: it is nested too deep", errFooter)
	}
	number := int64(0)
	for {
		head, err := w.take(1)
		if err != nil {
			return err
		}
		kind := head[0] & 0x0f
		if kind == thriftStop {
			return nil
		}
		if step := int64(head[0] >> 4); step > 0 {
			number += step
		} else if number, err = w.number(); err != nil {
			return err
		}
		w.path = append(w.path, number)
		if err := w.value(kind, false); err != nil {
			return err
		}
		w.path = w.path[:len(w.path)-1]
	}
}

// value reads a value; a truth value stands in a field's type, and in a list is
// a byte.
func (w *footerWalk) value(kind byte, inList bool) error {
	switch kind {
	case thriftTrue, thriftFalse:
		if !inList {
			return nil
		}
		_, err := w.take(1)
		return err
	case thriftByte:
		_, err := w.take(1)
		return err
	case thriftI16, thriftI32, thriftI64:
		left := len(w.b)
		n, err := w.number()
		if err != nil {
			return err
		}
		if w.index != nil {
			w.index.number(w.path, left, len(w.b), n)
		}
		return w.plausible(n)
	case thriftDouble:
		_, err := w.take(8)
		return err
	case thriftBinary:
		n, err := w.size()
		if err == nil {
			_, err = w.take(n)
		}
		return err
	case thriftList, thriftSet:
		return w.list()
	case thriftMap:
		// The format has none.
		return fmt.Errorf("%w: it holds a map", errFooter)
	case thriftStruct:
		return w.fields()
	}
	return fmt.Errorf("%w: it holds a value of the unknown type %d", errFooter, kind)
}

// list reads a list, or a set.
func (w *footerWalk) list() error {
	left := len(w.b)
	head, err := w.take(1)
	if err != nil {
		return err
	}
	n := int(head[0] >> 4)
	if n == 15 {
		if n, err = w.size(); err != nil {
			return err
		}
	}
	if n > len(w.b) { // each element has a byte at least
		return fmt.Errorf("%w: it states a list of %d values in %d bytes", errFooter, n, len(w.b))
	}
	if err := w.long(n); err != nil {
		return err
	}
	groups := w.index != nil && slices.Equal(w.path, []int64{fileRowGroups})
	if groups {
		w.index.list = stretch{w.index.size - left, w.index.size - len(w.b)}
	}
	w.lists = append(w.lists, n)
	for range n {
		if groups {
			w.index.begin(len(w.b))
		}
		if err := w.value(head[0]&0x0f, true); err != nil {
			return err
		}
		if groups {
			w.index.end(len(w.b))
		}
	}
	w.lists = w.lists[:len(w.lists)-1]
	return nil
}

// Limits of the two lists that a footer grows by. The library walks the schema
// by calling itself, and keeps some hundred bytes of every column of every row
// group.
const (
	maxSchema    = 2 * maxParquetColumns // elements: columns, and columns of columns
	maxRowGroups = 50_000
)

// long refuses a schema (field 2) or row groups (field 4) beyond any table's.
func (w *footerWalk) long(n int) error {
	if len(w.lists) > 0 || len(w.path) != 1 {
		return nil
	}
	switch {
	case w.path[0] == 2 && n > maxSchema:
		return guichet.Errorf(guichet.KindHostile, "its footer states %d columns and columns of columns, and at most %d are read", n-1, maxSchema-1)
	case w.path[0] == 4 && n > maxRowGroups:
		return guichet.Errorf(guichet.KindHostile, "its footer states %d groups of rows, and at most %d are read", n, maxRowGroups)
	}
	return nil
}

// plausible looks at the numbers that room is made for: the children of a
// column, field 5 of the elements of the list in field 2. The elements are a
// tree written in order, so there are fewer children than elements.
func (w *footerWalk) plausible(n int64) error {
	if slices.Equal(w.path, []int64{2, 5}) && len(w.lists) == 1 && (n < 0 || n >= int64(w.lists[0])) {
		return fmt.Errorf("%w: it states a column of %d columns, and has %d in all", errFooter, n, w.lists[0]-1)
	}
	return nil
}

// take takes so many bytes off the front.
func (w *footerWalk) take(n int) ([]byte, error) {
	if n > len(w.b) {
		return nil, fmt.Errorf("%w: it ends within a value", errFooter)
	}
	out := w.b[:n]
	w.b = w.b[n:]
	return out, nil
}

// size reads the length of a text or a list.
func (w *footerWalk) size() (int, error) {
	n, width := binary.Uvarint(w.b)
	if width <= 0 || n > uint64(len(w.b)) {
		return 0, fmt.Errorf("%w: it states a length of %d in %d bytes", errFooter, n, len(w.b))
	}
	w.b = w.b[width:]
	return int(n), nil //nolint:gosec // no more than len(w.b)
}

// number reads a whole number: a varint, signed by zigzag.
func (w *footerWalk) number() (int64, error) {
	n, width := binary.Varint(w.b) // encoding/binary's signed varint is zigzag too
	if width <= 0 {
		return 0, fmt.Errorf("%w: it ends within a number", errFooter)
	}
	w.b = w.b[width:]
	return n, nil
}
