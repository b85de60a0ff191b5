package synth

import (
	"slices"
	"strings"

	"guichet"
	"guichet/travel"
)

// What is assumed of crossings. None of it is measured.
const (
	leastPersons = 400   // a month at the smallest port, one mode and direction
	mostPersons  = 6_000 // at the largest, before the season
	longestWait  = 240   // minutes
	waitWidth    = 9     // sixteenths of a doubling, see chance.spread
	ownShare     = 60    // per cent of those who cross are of the member's own nationality
	summer       = 140   // per cent of other months, in July, August and December
)

func crossingsAssumptions() []Assumption {
	return []Assumption{
		{"persons a month, at least", leastPersons, "persons", "made up"},
		{"persons a month, at most", mostPersons, "persons", "made up"},
		{"longest wait", longestWait, "minutes", "made up"},
		{"spread of waits", waitWidth, "sixteenths of a doubling", "made up"},
		{"own nationals", ownShare, "per cent", "made up"},
		{"July, August and December", summer, "per cent of other months", "made up"},
	}
}

// nationals are the nationalities that are drawn from beside the member's own, the
// rare ones last so that small counts come out.
func nationals() []string {
	return []string{"US", "GB", "CA", "AU", "NZ", "IN", "CN", "MX", "DE", "FR", "JP", "PH", "BR", "FJ", "IE", "WS", "TO", "IS"}
}

func nationalWeights() []int64 {
	out := make([]int64, len(nationals()))
	for i := range out {
		out[i] = max(int64(20_000)>>i, 60) // each half of the one before, down to a few
	}
	return out
}

// drawn is what was drawn of one port, mode, direction and month.
type drawn struct {
	member, month string
	port          string
	mode          travel.Mode
	direction     travel.Direction
	persons       int64
	of            map[string]int64        // by nationality
	waits         *[longestWait + 1]int64 // by minute; nil where none are measured
}

// draw draws the persons who cross at a place in a month.
func (c *crossing) draw(p travel.Port, mode travel.Mode, direction travel.Direction, month string) *drawn {
	place := uint64(0)
	for _, b := range []byte(p.Code + string(mode) + string(direction)) {
		place = mix(place ^ uint64(b))
	}
	size := chanceOf(c.o.Seed, place)
	base := size.between(leastPersons, mostPersons)
	median := size.between(4, 26) * 1000 // thousandths of a minute
	if mode == travel.Land {
		median = median * 3 / 2
	}
	for _, b := range []byte(month) {
		place = mix(place ^ uint64(b))
	}
	r := chanceOf(c.o.Seed, place)
	g := &drawn{member: p.Country(), month: month, port: p.Code, mode: mode, direction: direction, of: map[string]int64{}}
	g.persons = base * r.between(85, 115) / 100
	if slices.Contains([]string{"07", "08", "12"}, month[5:]) {
		g.persons, median = g.persons*summer/100, median*summer/100
	}
	if measured(p.Country(), direction) {
		g.waits = &[longestWait + 1]int64{}
	}
	names := nationals()
	for range g.persons {
		nationality := p.Country()
		if r.below(100) >= ownShare {
			nationality = names[c.origin.draw(&r)]
		}
		g.of[nationality]++
		if g.waits != nil {
			g.waits[min(r.spread(median, waitWidth)/1000, longestWait)]++
		}
	}
	return g
}

// measured says whether a member measures waits: those who leave Canada and the
// United States pass no control of the country that they leave.
func measured(member string, d travel.Direction) bool {
	return d == travel.Entry || member != "CA" && member != "US"
}

// lines writes the rows of a place: the total with its waits, then the
// nationalities.
func (g *drawn) lines() (text []byte, n int64) {
	var b strings.Builder
	put := func(cells ...string) {
		b.WriteString(strings.Join(append([]string{g.member, g.month, g.port, string(g.mode), string(g.direction)}, cells...), ",") + ",generated\n")
		n++
	}
	bands := travel.Bands()
	total := make([]string, 4+len(bands))
	total[0], total[1] = "", itoa(g.persons) // all nationalities
	if g.waits != nil {
		total[2], total[3] = itoa(g.percentile(50)), itoa(g.percentile(90))
		for i, n := range g.banded(len(bands)) {
			total[4+i] = itoa(n)
		}
	}
	put(total...)
	names := make([]string, 0, len(g.of))
	for name := range g.of {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		row := make([]string, 4+len(bands))
		row[0], row[1] = name, itoa(g.of[name])
		put(row...)
	}
	return []byte(b.String()), n
}

// banded counts the waits by band.
func (g *drawn) banded(n int) []int64 {
	out := make([]int64, n)
	bands := travel.Bands()
	for minute, persons := range g.waits {
		i := slices.IndexFunc(bands, func(b guichet.Band) bool { return b.UpTo == 0 || minute <= b.UpTo })
		out[i] += persons
	}
	return out
}

// percentile is the nearest-rank percentile of the waits, in minutes.
func (g *drawn) percentile(share int64) int64 {
	var below int64
	for minute, persons := range g.waits {
		if below += persons; below*100 >= g.persons*share {
			return int64(minute)
		}
	}
	return longestWait
}

// truth writes how many waited how many minutes.
func (g *drawn) truth() (text []byte, n int64) {
	if g.waits == nil {
		return nil, 0
	}
	var b strings.Builder
	for minute, persons := range g.waits {
		if persons > 0 {
			b.WriteString(strings.Join([]string{g.member, g.month, g.port, string(g.mode), string(g.direction), itoa(int64(minute)), itoa(persons), "generated"}, ",") + "\n")
			n++
		}
	}
	return []byte(b.String()), n
}
