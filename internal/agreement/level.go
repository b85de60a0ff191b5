package agreement

import (
	"cmp"
	"slices"
	"time"

	"guichet"
	"guichet/codes"
)

// Levels returns the names of the levels to which a term may bound a dimension or
// classification of a dataset, the coarsest first; none for what has no levels:
//
//	product  total, hs2, hs4, hs6, national     a classification: its own levels
//	period   year, quarter, month, day
//	partner  total, region, country             a dimension whose members are of kinds
//	mode     total, each                        any other dimension
func Levels(d *guichet.Dataset, name string) []string {
	for _, c := range d.Classifications {
		if c.Name == name {
			return classLevels(c)
		}
	}
	f, ok := d.Field(name)
	switch {
	case !ok || f.Role != guichet.Dimension:
		return nil
	case name == guichet.FieldPeriod:
		return []string{"year", "quarter", "month", "day"}
	case f.KindOf != "":
		return []string{"total", "region", "country"}
	}
	return []string{"total", "each"}
}

func classLevels(c guichet.Classification) []string {
	levels := slices.Clone(c.Levels)
	slices.SortStableFunc(levels, func(a, b guichet.Level) int { return cmp.Compare(deep(a), deep(b)) })
	out := []string{"total"}
	for _, l := range levels {
		out = append(out, l.Name)
	}
	return out
}

// national stands for the digits of a level that has the national code itself.
const national = 1 << 10

func deep(l guichet.Level) int { return cmp.Or(l.Digits, national) }

// depth is how fine a question is in a classification or dimension: a place among
// its Levels, 0 the coarsest.
type depth struct {
	names []string
	at    int
}

// deepen moves to the level at a number of digits, or the next finer one; the finest
// where there is none.
func (d *depth) deepen(c guichet.Classification, digits int) {
	if digits == 0 {
		return
	}
	for i, name := range d.names[1:] {
		j := slices.IndexFunc(c.Levels, func(l guichet.Level) bool { return l.Name == name })
		if deep(c.Levels[j]) >= digits || i+2 == len(d.names) {
			d.at = max(d.at, i+1)
			return
		}
	}
}

// common is the number of digits of the finest common code.
func common(c guichet.Classification) int {
	n := 0
	for _, l := range c.Levels {
		n = max(n, l.Digits)
	}
	return n
}

// kindOf says how fine a member of a dimension is: 0 the total, 1 a group of
// members, 2 a member.
func kindOf(b guichet.Breakdown, list, value string) int {
	kind := value
	if list == "CL_AREA" {
		a, ok := codes.AreaByCode(value)
		if !ok {
			return 2
		}
		kind = string(a.Kind)
	}
	return rankOfKind(b, kind)
}

func rankOfKind(b guichet.Breakdown, kind string) int {
	switch {
	case slices.Contains(b.Whole, kind):
		return 0
	case slices.Contains(b.Aside, kind):
		return 1
	}
	return 2
}

func breakdownOf(d *guichet.Dataset, field string) guichet.Breakdown {
	i := slices.IndexFunc(d.Breakdowns, func(b guichet.Breakdown) bool { return b.Field == field })
	if i < 0 {
		return guichet.Breakdown{Field: field}
	}
	return d.Breakdowns[i]
}

// monthsOf is how many months a level of time spans, 0 a day.
func monthsOf(level string) int {
	switch level {
	case "day":
		return 0
	case "month":
		return 1
	case "quarter":
		return 3
	}
	return 12
}

// freqsOf are the frequencies of figures that are no finer than a level of time.
func freqsOf(level string) []string {
	all := []string{string(guichet.Annual), string(guichet.Quarterly), string(guichet.Monthly), string(guichet.Daily)}
	switch level {
	case "day":
		return all
	case "month":
		return all[:3]
	case "quarter":
		return all[:2]
	}
	return all[:1]
}

// unitOf returns the unit of a level in which a day lies: its first day and the
// last.
func unitOf(level string, day time.Time) (first, last time.Time) {
	n := monthsOf(level)
	if n == 0 {
		return day, day
	}
	month := (int(day.Month())-1)/n*n + 1
	first = time.Date(day.Year(), time.Month(month), 1, 0, 0, 0, 0, time.UTC)
	return first, first.AddDate(0, n, -1)
}

// periodOf is the unit of a level in which a day lies, as a period.
func periodOf(level string, day time.Time) guichet.Period {
	first, _ := unitOf(level, day)
	freq := map[int]guichet.Freq{0: guichet.Daily, 1: guichet.Monthly, 3: guichet.Quarterly, 12: guichet.Annual}[monthsOf(level)]
	return guichet.Period{Freq: freq, Start: first}
}
