package agreement

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"guichet"
)

// The effects of a change. Either is said where a machine cannot say: of two
// parties one may gain what the other loses.
const (
	Widens  = "widens"  // somebody may ask for more, keep it longer, or must do less for it
	Narrows = "narrows" // somebody may ask for less, keep it shorter, or must do more for it
	Either  = "either"  // it changes what holds, in a way that has no order
	Words   = "text"    // wording, and what is recorded and shown
)

// Change is one difference between two versions of a paper.
type Change struct {
	Clause string `json:"clause"` // "terms[0].levels.product", "parties[CA].offices"
	Before string `json:"before"` // "" where it was not there
	After  string `json:"after"`
	Effect string `json:"effect"`
}

// Diff says what a later version of a paper changes, in the order of paths. Both
// are flattened to single values, and every value that differs is a change: a
// clause of which this package has no opinion is told with the effect "either",
// never left out. The datasets tell the order of levels and tiers. The order of
// words in a list has no meaning and is no change.
func Diff(before, after guichet.Agreement, ds []*guichet.Dataset) []Change {
	old, now := flatten(before), flatten(after)
	all := maps.Clone(old)
	maps.Copy(all, now)
	var out []Change
	for _, path := range slices.Sorted(maps.Keys(all)) {
		b, was := old[path]
		a, is := now[path]
		thing := strings.HasSuffix(path, "]") && was && is // what is in it is told
		if b == a && was == is || thing {
			continue
		}
		clause, _, _ := strings.Cut(path, "{")
		c := comparison{path: path, before: b, after: a, was: was, is: is, old: old, now: now}
		c.levels = levelsOf(path, old, now, ds)
		out = append(out, Change{clause, b, a, c.effect()})
	}
	return out
}

// comparison is one value that differs.
type comparison struct {
	path          string
	before, after string
	was, is       bool
	old, now      flat
	levels        []string // the order of values, where the path is a level or a tier
}

// way says how a clause grows: what a larger, later or added value does.
type way int

const (
	noWay     way = iota
	wording       // text
	grows         // larger, later, added: widens
	shrinks       // larger, later, added: narrows
	openGrows     // as grows, and empty or zero is without bound
	openList      // words; a list without any is without bound
	namedList     // as openList, of parties and roles: without any, every full party
	ordered       // by the levels
	openOrder     // by the levels; empty is without bound
)

// ways are the clauses by pattern, the first that fits. A term is terms[0] and a
// tier's rule tiers[high].
func ways() []struct {
	pattern string
	way     way
	words   []string
} {
	return []struct {
		pattern string
		way     way
		words   []string
	}{
		{`^(version|title\..*|texts\..*|legal_basis.*|controllers.*|accuracy\..*|breach_notice\.text\..*|audit\..*|rights\..*|contacts.*|fees\..*|service_level\..*|changes\..*|language|annexes.*|.*\.reason\..*|.*\.attribution\..*|.*\.licence)$`, wording, nil},
		{`^parties\[[^]]*\]\.role$`, ordered, []string{"guest", "dialogue_partner", "observer", "party"}},
		{`^parties\[[^]]*\]\.offices\{`, grows, nil},
		{`^parties\[[^]]*\]$`, grows, nil},
		{`^validity\.from$`, shrinks, nil},
		{`^validity\.until$`, grows, nil},
		{`^validity\.withdrawn$`, openGrows, nil},
		{`^validity\.copies$`, ordered, []string{"delete", "keep_archived"}},
		{`^purposes\.permitted\{`, grows, nil},
		{`^purposes\.forbidden\{`, shrinks, nil},
		{`^suspended\[[^]]*\]$`, shrinks, nil},
		{`^suspended\[[^]]*\]\.from$`, grows, nil},
		{`^suspended\[[^]]*\]\.until$`, noWay, nil},
		{`^security\.key_age_days$`, openGrows, nil},
		{`^security\.witnesses$`, shrinks, nil},
		{`^automated_decisions$`, ordered, []string{"forbidden", "permitted"}},
		{`^corrections$`, ordered, []string{"forward", "on_request"}},
		{`^breach_notice\.hours$`, grows, nil},
		{`^terms\[\d+\]$`, grows, nil},
		{`^terms\[\d+\]\.(from|to)\{`, namedList, nil},
		{`^terms\[\d+\]\.by\{`, openList, nil},
		{`^terms\[\d+\]\.(grains|measures|picks\.[^{]*)\{`, grows, nil},
		{`^terms\[\d+\]\.where\.[^{]*\{`, openList, nil},
		{`^terms\[\d+\]\.max_tier$`, openOrder, nil},
		{`^terms\[\d+\]\.levels\.`, ordered, nil},
		{`^terms\[\d+\]\.periods\.from$`, shrinks, nil},
		{`^terms\[\d+\]\.periods\.to$`, openGrows, nil},
		{`\.delay_days$`, shrinks, nil},
		{`\.periods\.embargo$`, shrinks, nil},
		{`\.disclosure\.(threshold|dominance_top|prior_per_cent)$`, shrinks, nil},
		{`\.disclosure\.dominance_per_cent$`, openGrows, nil},
		{`\.mirror$`, shrinks, nil},
		{`^tiers\[[^]]*\]\.quota_per_day$`, openGrows, nil},
		{`\.quota_per_day$`, grows, nil},
		{`\.records$`, grows, nil},
		{`\.copies\.permitted$`, grows, nil},
		{`\.copies\.max_age_days$`, openGrows, nil},
		{`\.onward$`, ordered, []string{"none", "parties", "public"}},
		{`\.derived$`, ordered, []string{"none", "internal", "publish"}},
		{`\.retention\.days$`, grows, nil},
		{`\.retention\.proof$`, shrinks, nil},
		{`^tiers\[[^]]*\]$`, shrinks, nil},
		{`^tiers\[[^]]*\]\.levels\.`, openOrder, nil},
		{`^tiers\[[^]]*\]\.purposes\{`, openList, nil},
	}
}

// effect says what a change does. All that belongs to a thing which came or went
// does what the thing does.
func (c *comparison) effect() string {
	if at := c.whole(); at != "" {
		_, is := c.now[at]
		whole := comparison{path: at, is: is, was: !is, old: c.old, now: c.now}
		return whole.alone()
	}
	return c.alone()
}

// whole is the outermost thing around the value that is in one paper only.
func (c *comparison) whole() string {
	for i, r := range c.path {
		if r != ']' {
			continue
		}
		_, was := c.old[c.path[:i+1]]
		_, is := c.now[c.path[:i+1]]
		if was != is {
			return c.path[:i+1]
		}
	}
	return ""
}

func (c *comparison) alone() string {
	for _, w := range ways() {
		if !regexp.MustCompile(w.pattern).MatchString(c.path) {
			continue
		}
		if w.words != nil {
			c.levels = w.words
		}
		return c.by(w.way)
	}
	return Either
}

func (c *comparison) by(w way) string {
	switch w {
	case wording:
		return Words
	case grows:
		return direction(c.compare(false))
	case shrinks:
		return direction(-c.compare(false))
	case openGrows:
		return direction(c.compare(true))
	case openList:
		return c.list()
	case namedList:
		return c.names()
	case ordered:
		return direction(c.place(false))
	case openOrder:
		return direction(c.place(true))
	case noWay:
	}
	return Either
}

func direction(n int) string {
	switch {
	case n > 0:
		return Widens
	case n < 0:
		return Narrows
	}
	return Either
}

// compare orders two values: numbers by size, texts (days and months) by the
// alphabet, a thing that is there above one that is not. Where empty and zero are
// without bound they stand above all.
func (c *comparison) compare(open bool) int {
	switch {
	case c.was != c.is:
		return sign(c.is)
	case open && none(c.before) != none(c.after):
		return sign(none(c.after))
	}
	b, errB := strconv.Atoi(c.before)
	a, errA := strconv.Atoi(c.after)
	if errA == nil && errB == nil {
		return a - b
	}
	return strings.Compare(c.after, c.before)
}

func none(s string) bool { return s == "" || s == "0" }

func sign(up bool) int {
	if up {
		return 1
	}
	return -1
}

// list: a word that is added widens, but for the first of a list that was without
// bound while it was empty.
func (c *comparison) list() string {
	prefix, _, _ := strings.Cut(c.path, "{")
	empty := func(f flat) bool {
		for path := range f {
			if strings.HasPrefix(path, prefix+"{") {
				return false
			}
		}
		return true
	}
	if empty(c.old) {
		return Narrows
	}
	if empty(c.now) {
		return Widens
	}
	return direction(sign(c.is))
}

// names: as list; but where the list was or becomes empty, a name that is no full
// party's gains what it had not, while others lose.
func (c *comparison) names() string {
	prefix, _, _ := strings.Cut(c.path, "{")
	full := true
	for _, f := range []flat{c.old, c.now} {
		for path := range f {
			word, in := strings.CutPrefix(path, prefix+"{")
			word = strings.TrimSuffix(word, "}")
			full = full && (!in || word == roleParty || f["parties["+word+"].role"] == roleParty)
		}
	}
	if effect := c.list(); full || effect == direction(sign(c.is)) {
		return effect
	}
	return Either
}

// place orders two values by the levels; what they do not have has no order.
func (c *comparison) place(open bool) int {
	at := func(s string) int {
		if open && s == "" {
			return len(c.levels)
		}
		return slices.Index(c.levels, s)
	}
	b, a := at(c.before), at(c.after)
	if b < 0 || a < 0 {
		return 0
	}
	return a - b
}

// levelsOf is the order of the values at a path: of a level by its name, of a tier
// as any classification has it.
func levelsOf(path string, old, now flat, ds []*guichet.Dataset) []string {
	_, name, level := strings.Cut(path, ".levels.")
	for _, f := range []flat{now, old} {
		term, _, _ := strings.Cut(path, ".")
		for _, d := range ds {
			if dataset, ok := f[term+".dataset"]; ok && dataset != d.Name {
				continue
			}
			if level {
				return Levels(d, name)
			}
			for _, c := range d.Classifications {
				return c.Tiers
			}
		}
	}
	return nil
}
