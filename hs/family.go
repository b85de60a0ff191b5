package hs

import "slices"

// maxFamily is how many codes a family may have, both sides together. Beyond
// a dozen a family is no longer a thing one can name: the largest component
// of HS2022-HS2017 has 2,258 codes.
const maxFamily = 12

// Family is a set of codes of one edition and a set of codes of another that
// hold the same goods: every relation of a member leads to a member. What was
// recorded under all of From would have been recorded under all of To. It
// says nothing of a part of From or To.
type Family struct {
	From, To []Code // sorted
}

// FamilyOf returns the closed family in which a subheading stands, ok when it
// has at most a dozen codes, both sides together. In its own edition a code
// is its own family. Seen from any member of the other side the family is the
// same one swapped.
//
// All relations count, those of 8549 and 8524 too (electrical waste, flat
// panels), although these two make more than half of HS2022-HS2017 and tie a
// fifth of all codes into one component. To leave them out would make
// families small by looking away: of the goods of HS2017 850110 some are HS2022
// 854921, so 850110 before and after do not hold the same goods, and calling
// that exact would be wrong however small the part. Such codes get the default
// conversion, which says that it is an estimate.
func FamilyOf(from Edition, c Code, to Edition) (Family, bool) {
	if from == to {
		if _, ok := listOf(from).subheading(c); !ok {
			return Family{}, false
		}
		return Family{From: []Code{c}, To: []Code{c}}, true
	}
	v, i, ok := viewOf(from, c, to)
	if !ok || v.family[i] < 0 {
		return Family{}, false
	}
	f := v.families[v.family[i]]
	return Family{From: slices.Clone(f.From), To: slices.Clone(f.To)}, true
}

// findFamilies sorts the codes of both views into the connected components of
// the given relations, which are v.links or more, and keeps the small ones.
func (v *view) findFamilies(links [][]link) {
	// A code is a number: the positions of from, then those of to.
	count := len(v.from.six)
	group := newGrouping(count + len(v.to.six))
	for i, ls := range links {
		for _, l := range ls {
			group.join(i, count+int(l.to))
		}
	}
	size := make([]int, len(group))
	for n := range group {
		size[group.find(n)]++
	}
	members := make([][]int, len(group)) // by root, of small components only
	for n := range group {
		if root := group.find(n); size[root] <= maxFamily {
			members[root] = append(members[root], n)
		} else {
			v.enrol(n, tooLarge)
		}
	}
	leaks := v.leaks(group)
	for root, ms := range members {
		if ms != nil {
			v.keep(ms, leaks[root])
		}
	}
}

// leaks returns the components, by root, into which goods may have come from a
// code that the table forgets, unseen. There is one such code: HS2017 300219
// has no row in HS2022-HS2017. It was in use (US exports to Ireland in 2019:
// US$38,587,679, Census monthly files), so its goods are somewhere in HS2022,
// and nothing tells where. They were goods of subheading 3002.1; therefore no
// family with a code of 3002.1 on the other side is called closed.
func (v *view) leaks(group grouping) map[int]bool {
	leaks := make(map[int]bool)
	count := len(v.from.six)
	for _, side := range []struct {
		*view
		here, there int // where the numbers of from and to begin
	}{{v, 0, count}, {v.back, count, 0}} {
		for i, ls := range side.links {
			if len(ls) > 0 {
				continue
			}
			leaks[group.find(side.here+i)] = true
			for n, c := range side.to.six {
				if c[:5] == side.from.six[i][:5] {
					leaks[group.find(side.there+n)] = true
				}
			}
		}
	}
	return leaks
}

// keep records a small component for both views.
func (v *view) keep(members []int, leaks bool) {
	var f Family
	count := len(v.from.six)
	for _, n := range members {
		if n < count {
			f.From = append(f.From, v.from.six[n])
		} else {
			f.To = append(f.To, v.to.six[n-count])
		}
	}
	id := len(v.families)
	switch {
	case len(f.From) == 0 || len(f.To) == 0:
		id = forgotten
	case leaks:
		id = leaking
	default:
		v.families = append(v.families, f)
		v.back.families = append(v.back.families, Family{From: f.To, To: f.From})
	}
	for _, n := range members {
		v.enrol(n, id)
	}
}

// enrol writes down the family of a code by its number.
func (v *view) enrol(n, id int) {
	if count := len(v.from.six); n < count {
		v.family[n] = id
	} else {
		v.back.family[n-count] = id
	}
}

// grouping is a union-find: each number points to one of its group, the root
// to itself.
type grouping []int

func newGrouping(n int) grouping {
	g := make(grouping, n)
	for i := range g {
		g[i] = i
	}
	return g
}

func (g grouping) find(n int) int {
	for g[n] != n {
		g[n] = g[g[n]]
		n = g[n]
	}
	return n
}

func (g grouping) join(a, b int) {
	if a, b = g.find(a), g.find(b); a != b {
		g[max(a, b)] = min(a, b)
	}
}
