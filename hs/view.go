package hs

import (
	"cmp"
	"fmt"
	"slices"
)

// view is a correlation table seen from one of its two editions. A code is
// its position in the edition's list.
type view struct {
	from, to *list
	links    [][]link // by position in from, sorted
	back     *view    // the same table seen from the other edition
	newest   bool     // from is the newer of the two
	derived  bool
	family   []int // by position in from: which of families, or a reason below zero
	families []Family
}

// link is the far end of a relation.
type link struct {
	to                 uint16 // position in the other edition, which has 5,612 at most
	byDefault, partial bool
}

// Why a code stands in no family.
const (
	tooLarge  = -1 // its family has more codes than maxFamily
	leaking   = -2 // a code that the table forgets may belong to its family
	forgotten = -3 // the table has no relation for it
)

// viewOf finds the table and the code's position in it; not ok when there is
// no such table or no such code.
func viewOf(from Edition, c Code, to Edition) (*view, int, bool) {
	f, t := from.place(), to.place()
	if f < 0 || t < 0 || f == t {
		return nil, 0, false
	}
	v := facts().views[f][t]
	i, ok := v.from.subheading(c)
	return v, i, ok
}

// correlate takes in a table.
func (lib *library) correlate(newer, older Edition, pairs []pair) error {
	down := lib.twins(newer, older)
	for _, p := range pairs {
		n, okNewer := down.from.subheading(p.newer)
		o, okOlder := down.to.subheading(p.older)
		if !okNewer || !okOlder {
			return fmt.Errorf("%s to %s names a code that its edition does not hold", p.newer, p.older)
		}
		down.add(n, o, p.byDefault, p.partial)
	}
	down.settle()
	down.findFamilies(down.links)
	return nil
}

// twins makes the two empty views of a table and returns the newer edition's.
func (lib *library) twins(newer, older Edition) *view {
	n, o := newer.place(), older.place()
	down := &view{from: lib.lists[n], to: lib.lists[o], newest: true}
	up := &view{from: down.to, to: down.from, back: down}
	down.back = up
	for _, v := range []*view{down, up} {
		v.links, v.family = make([][]link, len(v.from.six)), make([]int, len(v.from.six))
	}
	lib.views[n][o], lib.views[o][n] = down, up
	return down
}

// add puts a relation into both views.
func (v *view) add(from, to int, byDefault, partial bool) {
	v.links[from] = append(v.links[from], link{uint16(to), byDefault, partial})         //nolint:gosec // a position, at most 5,612
	v.back.links[to] = append(v.back.links[to], link{uint16(from), byDefault, partial}) //nolint:gosec // as above
}

// settle sorts the relations of every code.
func (v *view) settle() {
	for _, side := range []*view{v, v.back} {
		for _, links := range side.links {
			slices.SortFunc(links, func(a, b link) int { return cmp.Compare(a.to, b.to) })
		}
	}
}

// derive makes the relations between HS2012 and HS2007, for which no table is
// held, through HS2017.
//
// A first idea is to relate two codes when some HS2017 code is related to
// both. It misses nothing, but invents much: 34,794 relations, because HS2017
// 962000 (monopods and the like, out of sixteen headings) ties each of its
// sixteen predecessors of 2012 to each of 2007. Every row of UNSD's 2022-2012
// and 2022-2007 tables is the 2022-2017 table followed by 2017-2012 or
// 2017-2007, none more and none less: UNSD composes. So a relation between a
// code of 2012 and one of 2007 shows in the 2017-2007 table for every HS2017
// code of the former. Two codes are therefore related when all HS2017 codes
// of the 2012 code are related to the 2007 code: 5,969 relations, and followed
// after 2017-2012 they give the 2017-2007 table row by row (tests hold both).
//
// Families are found with the first idea, not the second: should UNSD not have
// composed, the second might miss a relation, and a family would be called
// exact that is not. The first cannot.
//
// There is no UNSD conversion from HS2012 to HS2007. One is derived where the
// HS2017 codes that convert to the 2012 code all convert to the same 2007 code.
func (lib *library) derive() {
	y07, y12, y17 := HS2007.place(), HS2012.place(), HS2017.place()
	up, down := lib.views[y12][y17], lib.views[y17][y07]
	v := lib.twins(HS2012, HS2007)
	v.derived, v.back.derived = true, true
	some := make([][]link, len(v.links))
	count, conversions := make(map[uint16]int), make(map[uint16]bool)
	for i, middles := range up.links {
		clear(count)
		clear(conversions)
		for _, m := range middles {
			for _, l := range down.links[m.to] {
				count[l.to]++
				if m.byDefault && l.byDefault {
					conversions[l.to] = true
				}
			}
		}
		for to, n := range count {
			some[i] = append(some[i], link{to: to})
			if n == len(middles) {
				v.add(i, int(to), len(conversions) == 1 && conversions[to], false)
			}
		}
	}
	v.settle()
	v.findFamilies(some)
}
