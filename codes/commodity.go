package codes

import (
	"time"

	"guichet/hs"
)

// Standing says how a code stands to a list on a day. Standings are never
// renamed: they are kept in records.
type Standing string

// The standings.
const (
	Listed Standing = "listed"
	// NotInForce is a code that the list knows, outside the dates of the code.
	NotInForce Standing = "not_in_force"
	// NotListed is a code that is not in the list of Entry.List.Snapshot. It
	// is still a figure: most lists are of one day, and codes come and go.
	NotListed Standing = "not_listed"
	// NoList: no snapshot of the edition in force on that day is held.
	NoList Standing = "no_list"
)

// Entry is one line of a national list, without its wording. Its slices are
// shared: they must not be changed.
type Entry struct {
	Code string
	// HS6 is "" where the code has none: chapters 98 and 99, national aggregates.
	HS6 string
	// Edition is the one in which HS6 is known. It differs from the list's for obsolete numbers that a list still carries.
	Edition  hs.Edition
	Units    []string // our unit codes, in the list's order; nil where the list names none
	From, To string   // days, "" where open or not told
	List     List     // the snapshot that was asked; set for every standing but NoList
}

// CommodityIn judges a national code, digits only, by a list of that name on
// a day. Of several snapshots it asks the one nearest to the day among those
// of the edition of the HS that was in force for the list; when none is of
// that edition it says NoList rather than judging by another nomenclature.
func CommodityIn(list, code string, on time.Time) (Entry, Standing) {
	s := shelfFor(list, on)
	if s == nil {
		return Entry{}, NoList
	}
	e := s.entries()
	n, ok := e.at[code]
	if !ok {
		return Entry{List: s.list}, NotListed
	}
	l := e.lines[n]
	if !e.inForce(l, on.Format(time.DateOnly)) {
		return e.entry(l, s.list), NotInForce
	}
	return e.entry(l, s.list), Listed
}

// SplitLines returns the lines of a list in force on a day under a six-digit
// code of the list's edition, in the order of their codes; none when no list
// is held.
func SplitLines(list string, hs6 string, on time.Time) []Entry {
	s := shelfFor(list, on)
	if s == nil {
		return nil
	}
	e := s.entries()
	day := on.Format(time.DateOnly)
	var out []Entry
	for _, n := range e.byHS6[hs6] {
		if l := e.lines[n]; l.edition == 0 && e.inForce(l, day) {
			out = append(out, e.entry(l, s.list))
		}
	}
	return out
}

// shelfFor picks the snapshot by which to judge, nil for none.
func shelfFor(list string, on time.Time) *shelf {
	var best *shelf
	var bestGap time.Duration
	var force hs.Force
	asked := false
	for _, s := range shelves() {
		if s.list.Name != list {
			continue
		}
		if !asked {
			force, asked = hs.InForce(s.list.Country, s.list.Flows[0], list, on), true
		}
		if s.list.Edition != force.Edition {
			continue
		}
		taken, err := time.Parse(time.DateOnly, s.list.Snapshot)
		if err != nil {
			continue
		}
		if gap := on.Sub(taken).Abs(); best == nil || gap < bestGap {
			best, bestGap = s, gap
		}
	}
	return best
}

func (e *entries) inForce(l line, day string) bool {
	from, to := e.dates[l.from], e.dates[l.to]
	return (from == "" || from <= day) && (to == "" || day <= to)
}

func (e *entries) entry(l line, list List) Entry {
	out := Entry{Code: l.code, HS6: l.subheading(), Edition: list.Edition, Units: e.units[l.units], From: e.dates[l.from], To: e.dates[l.to], List: list}
	if l.edition != 0 {
		out.Edition = hs.Edition(l.edition)
	}
	if out.HS6 == "" {
		out.Edition = 0
	}
	return out
}
