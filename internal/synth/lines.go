package synth

import (
	"cmp"
	"slices"
	"time"

	"guichet/codes"
	"guichet/hs"
)

// Standing of a national line against the lists that package codes holds.
const (
	lineListed  = "listed"  // of the edition in force, in the list on every day of it that was asked for
	lineCarried = "carried" // of a list of another edition, whose subheading has the same number: an assumption
	lineMade    = "made"    // the subheading and zeros: no list held has a line under it; an assumption
)

// line is a national line of goods of one office, direction and edition.
type line struct {
	number   int32 // unique in a run, for cells
	code     string
	list     string // "us-hts"; "" for a made line
	standing string
	hs6      string
	units    [2]unit
	count    int // of units
}

// unit is a unit of quantity as an office writes it.
type unit struct {
	text     string // "NO"
	code     string // ours, "H87"
	measure  string // "count"
	num, den int64  // to the base unit of its measure
}

// maxLines is how many lines of a list are used for one subheading.
const maxLines = 12

// lineTable holds the lines of every office by direction (0 imports, 1
// exports), edition and good; nil where the edition was not asked for.
type lineTable struct {
	at  [members][2][4][][]line
	all []line // by number
}

// newLineTable reads the lists that the days of a calendar need.
func newLineTable(cal *calendar, goods []good) *lineTable {
	t := &lineTable{}
	for m, o := range offices() {
		for flow := range 2 {
			for e := range hs.Editions() {
				from, to, ok := cal.span(m, flow, e)
				if !ok {
					continue
				}
				perGood := make([][]line, len(goods))
				for g := range goods {
					perGood[g] = t.number(o.linesOf(flow == 0, goods[g].codes[e], from, to))
				}
				t.at[m][flow][e] = perGood
			}
		}
	}
	return t
}

// number gives lines their numbers.
func (t *lineTable) number(lines []line) []line {
	for i := range lines {
		lines[i].number = int32(len(t.all)) //nolint:gosec // some ten thousand
		t.all = append(t.all, lines[i])
	}
	return lines
}

// span returns the first and last of the days asked for on which an edition is
// in force for a member and direction.
func (c *calendar) span(m, flow, e int) (from, to time.Time, ok bool) {
	for n := c.first; n <= c.last; n++ {
		if int(c.days[n].edition[m][flow]) != e {
			continue
		}
		day, err := time.Parse(time.DateOnly, c.days[n].text[isoDate])
		if err != nil {
			continue
		}
		if !ok {
			from, ok = day, true
		}
		to = day
	}
	return from, to, ok
}

// linesOf finds the lines of a subheading: in the first of the office's lists
// that knows it, in force on both days; else in such a list of another edition;
// else the subheading and zeros.
func (o office) linesOf(imports bool, code hs.Code, from, to time.Time) []line {
	digits := o.exportDigits
	if imports {
		digits = o.importDigits
	}
	for _, l := range o.lists(imports) {
		if out := o.fromList(l, string(code), [2]time.Time{from, to}, lineListed); len(out) > 0 {
			return out
		}
		for _, day := range snapshots(l.name) {
			if out := o.fromList(l, string(code), [2]time.Time{day, day}, lineCarried); len(out) > 0 {
				return out
			}
		}
	}
	made := line{code: string(code), standing: lineMade, hs6: string(code)}
	for len(made.code) < digits {
		made.code += "0"
	}
	made.setUnits(o, standardUnit(code))
	return []line{made}
}

// fromList takes the lines under a subheading that are in force on both days.
func (o office) fromList(l listOf, code string, days [2]time.Time, standing string) []line {
	last := codes.SplitLines(l.name, code, days[1])
	var out []line
	for _, e := range codes.SplitLines(l.name, code, days[0]) {
		if len(out) == maxLines || !slices.ContainsFunc(last, func(x codes.Entry) bool { return x.Code == e.Code }) {
			continue
		}
		x := line{code: e.Code + l.suffix, list: l.name, standing: standing, hs6: code}
		if l.suffix != "" {
			x.standing = lineMade
		}
		x.setUnits(o, e.Units)
		out = append(out, x)
	}
	return out
}

// setUnits keeps the units that the office can write and that we can count in.
func (x *line) setUnits(o office, list []string) {
	for _, code := range list {
		u, ok := codes.UnitByCode(code)
		text := o.units[code]
		if !ok || text == "" || u.Num == 0 || x.count == len(x.units) || !countable(u.Measure) {
			continue
		}
		x.units[x.count] = unit{text: text, code: code, measure: u.Measure, num: u.Num, den: u.Den}
		x.count++
	}
}

func countable(measure string) bool {
	return slices.Contains([]string{"mass", "count", "pairs", "volume", "area", "pure alcohol"}, measure)
}

// snapshots are the days on which the snapshots of a list are in force, oldest
// first.
func snapshots(list string) []time.Time {
	var out []time.Time
	for _, l := range codes.Lists() {
		if day, err := time.Parse(time.DateOnly, l.Snapshot); l.Name == list && err == nil {
			out = append(out, day)
		}
	}
	slices.SortFunc(out, func(a, b time.Time) int { return cmp.Compare(b.Unix(), a.Unix()) })
	return out
}

// standardUnit is the WCO's unit of a subheading in our codes.
func standardUnit(code hs.Code) []string {
	for _, e := range []hs.Edition{hs.HS2022, hs.HS2017, hs.HS2012} {
		switch hs.StandardUnit(e, code) {
		case "kg":
			return []string{"KGM"}
		case "u":
			return []string{"H87"}
		case "2u":
			return []string{"PR"}
		case "l":
			return []string{"LTR"}
		}
	}
	return nil
}

// quantity returns thousandths of a unit for a mass in grams of goods of which
// a piece weighs so much; at least one thousandth.
func (u unit) quantity(grams, piece int64) int64 {
	base := int64(0) // thousandths of the base unit
	switch u.measure {
	case "mass":
		base = grams
	case "count", "pairs":
		base = max(grams/piece, 1) * 1000
	case "volume": // cubic metres; a litre is taken for a kilogram: an assumption
		base = grams / 1000
	case "pure alcohol": // litres; nine tenths: an assumption
		base = grams * 9 / 10
	case "area": // four square metres of film a kilogram: an assumption
		base = grams * 4
	}
	return max(base*u.den/u.num, 1)
}
