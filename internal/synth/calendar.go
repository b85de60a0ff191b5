package synth

import (
	"time"

	"guichet"
	"guichet/codes"
	"guichet/hs"
)

// layout is how an office writes a day.
type layout uint8

const (
	isoDate    layout = iota // 2020-03-28
	monthFirst               // 03/28/2020
	dayFirst                 // 28/03/2020
	compact                  // 20200328
	layouts
)

func (l layout) format() string {
	return [layouts]string{"2006-01-02", "01/02/2006", "02/01/2006", "20060102"}[l]
}

// How many days are known before the first and after the last of the months.
const (
	daysBefore = 10
	daysAfter  = 70
)

// calendar knows every day that something may happen on: its texts, its month,
// the rates and the editions of the HS then. It is made once and only read.
type calendar struct {
	first, last int32 // days of the months asked for
	days        []calendarDay
	months      []string // "2019-01"; the month of a day is an index
	from, to    int32    // the first and the last of the months asked for
	mean        [members][]int64
}

type calendarDay struct {
	text    [layouts]string
	year    string // two digits
	month   int32
	rate    [members]int64    // millionths of the currency per dollar, of that day
	edition [members][2]uint8 // index into hs.Editions, imports and exports
	world   uint8             // by the WCO's own dates
}

// newCalendar makes the days of the months from and to, both included.
func newCalendar(from, to time.Time, seed uint64) (*calendar, error) {
	end := to.AddDate(0, 1, -1)
	c := &calendar{first: daysBefore, last: daysBefore + int32(end.Sub(from).Hours()/24)}
	day := from.AddDate(0, 0, -daysBefore)
	all := offices()
	for n := int32(0); n <= c.last+daysAfter; n++ {
		name := day.Format("2006-01")
		if len(c.months) == 0 || c.months[len(c.months)-1] != name {
			c.months = append(c.months, name)
		}
		d := calendarDay{month: int32(len(c.months) - 1), year: day.Format("06")} //nolint:gosec // some hundreds
		for l := range layouts {
			d.text[l] = day.Format(l.format())
		}
		if err := d.setEditions(day, n >= c.first && n <= c.last, all); err != nil {
			return nil, err
		}
		c.days = append(c.days, d)
		day = day.AddDate(0, 0, 1)
	}
	c.from, c.to = c.days[c.first].month, c.days[c.last].month
	return c, c.setRates(seed, all)
}

// setEditions fills in the editions in force; within the months asked for each
// must be held.
func (d *calendarDay) setEditions(day time.Time, asked bool, all [members]office) error {
	for m := range all {
		for i, flow := range []string{"imports", "exports"} {
			list := ""
			if lists := all[m].lists(i == 0); len(lists) > 0 {
				list = lists[0].name
			}
			f := hs.InForce(all[m].iso, flow, list, day)
			at, ok := editionIndex(f.Edition)
			if !ok && asked {
				return guichet.Errorf(guichet.KindInvalid, "%s: the edition of the HS in force for %s of %s is not held: %s", day.Format("2006-01-02"), flow, all[m].iso, f.Source).
					WithHint("name months from 2007-03 on")
			}
			d.edition[m][i] = at
		}
	}
	d.world, _ = editionIndex(hs.InForce("", "imports", "", day).Edition)
	return nil
}

func editionIndex(e hs.Edition) (uint8, bool) {
	for i, x := range hs.Editions() {
		if x == e {
			return uint8(i), true
		}
	}
	return 0, false
}

// setRates takes the monthly means and moves each day around its month's, no
// further than wobble; the mean of the days is not the mean of the month.
func (c *calendar) setRates(seed uint64, all [members]office) error {
	for m := range all {
		means := make([]int64, len(c.months))
		for i, name := range c.months {
			r, ok := codes.RateOf(all[m].currency, name)
			if !ok && int32(i) >= c.from && int32(i) <= c.to {
				return guichet.Errorf(guichet.KindInvalid, "no rate of %s is held for %s", all[m].currency, name).
					WithHint("rates: %s", codes.RatesSource())
			}
			means[i] = r.Micro
		}
		c.mean[m] = means
		for n := range c.days {
			d := &c.days[n]
			d.rate[m] = means[d.month]
			if all[m].currency != "USD" {
				dice := chanceOf(seed, mix(uint64(n)<<8+uint64(m)))
				d.rate[m] += means[d.month] * dice.between(-wobble, wobble) / 1_000_000
			}
		}
	}
	return nil
}

// asked says whether a month is one of those asked for.
func (c *calendar) asked(month int32) bool { return c.from <= month && month <= c.to }

// parseMonths reads and checks the first and last month.
func parseMonths(from, to string) (time.Time, time.Time, error) {
	var at [2]time.Time
	for i, s := range []string{from, to} {
		t, err := time.Parse("2006-01", s)
		if err != nil {
			return at[0], at[1], guichet.Errorf(guichet.KindInvalid, "%q is no month", s).WithHint("write it as 2019-01")
		}
		at[i] = t
	}
	if at[1].Before(at[0]) {
		return at[0], at[1], guichet.Errorf(guichet.KindInvalid, "the first month, %s, is after the last, %s", from, to).WithHint("exchange them")
	}
	if low, high := ratesSpan(); from < low || to > high {
		return at[0], at[1], guichet.Errorf(guichet.KindInvalid, "the months %s to %s are not all within %s to %s, for which rates are held", from, to, low, high).
			WithHint("name months within")
	}
	return at[0], at[1], nil
}

// ratesSpan returns the first and last month that any rate is held for.
func ratesSpan() (string, string) {
	low, high := "", ""
	for _, r := range codes.Rates() {
		if low == "" || r.Month < low {
			low = r.Month
		}
		high = max(high, r.Month)
	}
	return low, high
}

// usd turns cents of a member's currency into US cents at a rate, half up.
func usd(cents, rate int64) int64 { return (cents*1_000_000 + rate/2) / rate }

// national turns US cents into cents of a currency at a rate, half up.
func national(cents, rate int64) int64 { return (cents*rate + 500_000) / 1_000_000 }

func (o office) lists(imports bool) []listOf {
	if imports {
		return o.importLists
	}
	return o.exportLists
}
