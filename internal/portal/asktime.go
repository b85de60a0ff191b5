package portal

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"guichet"
)

// momentText is how a moment is written: 2024-03-05, 2024-3-5 10:30, 2024-03-05T10:30:15,
// 2024-03-05 10 h 30, with Z or +02:00 where it is not UTC.
var momentText = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:T|\s+)(\d{1,2})(?::|\s?h\s?)(\d{2})(?::(\d{2}))?\s?(Z|UTC|[+-]\d{2}:\d{2})?)?$`)

// readMoment reads a day, or a day with a time where that may stand. A day means its last
// second: what came in on that day is held. What is wrong is said in the page's language;
// the text comes back as it is kept in an address.
func readMoment(p phrases, text string, clock bool, now time.Time) (at time.Time, kept, wrong string) {
	m := momentText.FindStringSubmatch(text)
	if m == nil || m[4] != "" && !clock {
		if clock {
			return at, text, p.say("ask.moment.none", "text", text)
		}
		return at, text, p.say("ask.day.none", "text", text)
	}
	number := func(s string) int { n, _ := strconv.Atoi(s); return n } // digits, or nothing
	year, month, day := number(m[1]), number(m[2]), number(m[3])
	first := time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC)
	const oldest = 1900
	if month < 1 || month > 12 || year < oldest {
		return at, text, p.say("ask.day.none", "text", text)
	}
	if days := first.AddDate(0, 1, -1).Day(); day < 1 || day > days {
		return at, text, p.say("ask.day.not", "day", day, "month", p.month(first), "n", days)
	}
	at = first.AddDate(0, 0, day-1)
	kept = at.Format(time.DateOnly)
	if at.After(now) {
		return at, text, p.say("ask.day.future", "day", p.day(at))
	}
	if m[4] == "" {
		return at.Add(24*time.Hour - time.Second), kept, ""
	}
	at, kept, ok := atClock(kept, m)
	switch {
	case !ok:
		return at, text, p.say("ask.clock.not", "text", text)
	case at.After(now):
		return at, text, p.say("ask.day.future", "day", p.moment(at))
	}
	return at, kept, ""
}

// atClock adds the time of a match to its day, and writes the moment in UTC.
func atClock(day string, m []string) (at time.Time, kept string, ok bool) {
	seconds, zone := m[6], m[7]
	if seconds == "" {
		seconds = "00"
	}
	if zone == "" || zone == "UTC" {
		zone = "Z"
	}
	at, err := time.Parse(time.RFC3339, day+"T"+strings.Repeat("0", 2-len(m[4]))+m[4]+":"+m[5]+":"+seconds+zone)
	at = at.UTC()
	layout := "2006-01-02 15:04"
	if at.Second() != 0 {
		layout = "2006-01-02 15:04:05"
	}
	return at, at.Format(layout), err == nil
}

// checkMonths reads the months: "2024-05", "05/2024", "5.2024", and a year for its
// first or last month.
func (f *askForm) checkMonths(p phrases, now time.Time, wrong *faults) guichet.Span {
	read := func(text *string, field string, last bool) (guichet.Period, bool) {
		if *text == "" {
			wrong.add(field, p.say("ask."+field+".missing"))
			return guichet.Period{}, false
		}
		month, err := guichet.ParsePeriod(monthOf(*text, last))
		if err != nil || month.Freq != guichet.Monthly || month.Start.Year() < 1900 {
			wrong.add(field, p.say("ask.month.none", "month", *text))
			return guichet.Period{}, false
		}
		*text = month.String()
		return month, true
	}
	from, ok1 := read(&f.From, "from", false)
	to, ok2 := read(&f.To, "to", true)
	if !ok1 || !ok2 {
		return guichet.Span{}
	}
	if to.Start.Before(from.Start) {
		wrong.add("to", p.say("ask.to.before", "from", p.month(from.Start), "to", p.month(to.Start)))
	}
	if from.Start.After(now) {
		wrong.add("from", p.say("ask.from.future", "from", p.month(from.Start)))
	}
	return guichet.Span{From: from, To: to}
}

// monthOf brings the ways to write a month into one.
func monthOf(text string, last bool) string {
	parts := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("-/. ", r) })
	if len(parts) == 1 && len(parts[0]) == 4 {
		if last {
			return parts[0] + "-12"
		}
		return parts[0] + "-01"
	}
	if len(parts) != 2 {
		return text
	}
	year, month := parts[0], parts[1]
	if len(month) == 4 {
		year, month = month, year
	}
	if len(month) == 1 {
		month = "0" + month
	}
	return year + "-" + month
}
