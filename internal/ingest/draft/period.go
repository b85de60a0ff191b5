package draft

import (
	"fmt"
	"slices"
	"strings"

	"guichet"
)

// periodWays are the ways of writing that a draft may propose, in the order in
// which they are tried; of two that read the same texts the first is proposed.
// Spans of months are none: people give them, files do not hold them.
func periodWays() []guichet.PeriodWay {
	return slices.DeleteFunc(guichet.PeriodWays(), func(w guichet.PeriodWay) bool { return w.Freq() == "" })
}

// reads says whether a text is a period in this way, of a year that a trade
// figure may have.
func reads(w guichet.PeriodWay, text string) bool {
	p, ok := w.Read(text)
	return ok && p.Start.Year() >= 1960 && p.Start.Year() <= 2099
}

// findPeriod looks for the column that says when.
func (p *proposal) findPeriod() {
	best, bestScore := (*column)(nil), 0.0
	var format string
	for _, c := range p.free() {
		ways, share := c.periodWays()
		if share < 0.98 {
			continue
		}
		score := share
		if c.says("period") {
			score++
		}
		if ways != "2006" { // finer than a year
			score += 0.5
		}
		if firstDays(c.order, ways) { // a day that stands for its month or year
			score -= 0.6
		}
		if slices.ContainsFunc(c.words, func(w string) bool { return strings.HasPrefix(w, "period") }) {
			score += 0.25
		}
		// 201901 may be a figure; a year even more so. Without a name that says
		// so a period must be among few.
		if !c.says("period") && (ways == "2006" || len(c.order) > 400) {
			continue
		}
		if score > bestScore {
			best, bestScore, format = c, score, ways
		}
	}
	if best != nil && best.periodGrain(format) == guichet.Annual {
		if month, joint := p.monthColumn(best); month != nil {
			p.yearAndMonth(best, month, joint)
			return
		}
	}
	if best == nil {
		p.doubt("given", guichet.Text{
			EN: "no column says which period the figures are of: whoever takes the file in must say it (--given period=...)",
			FR: "aucune colonne ne dit de quelle période sont les chiffres : qui reçoit le fichier doit le dire (--given period=...)",
		})
		return
	}
	best.role = "period"
	_, best.share = best.periodWays()
	p.period = timing{best, format}
	if n := best.unreadIn(format); n > 0 {
		p.doubt("period", guichet.Text{
			EN: fmt.Sprintf("%d lines of the sample have a text in %q that is no period: they would be put aside", n, best.name),
			FR: fmt.Sprintf("%d lignes de l'échantillon ont dans « %s » un texte qui n'est pas une période : elles seraient mises de côté", n, best.name),
		})
	}
	if format == "02/01/2006" || format == "01/02/2006" {
		p.openIfBoth(best)
	}
	if best.periodGrain(format) == guichet.Daily {
		p.doubt("period", guichet.Text{
			EN: "each figure is of one day; where a day stands for its month, write params freq: M",
			FR: "chaque chiffre est d'un jour ; si un jour y représente son mois, écrivez params freq: M",
		})
	}
}

// firstDays says whether all days are the first of a month.
func firstDays(values []string, ways string) bool {
	return (ways == "20060102" || ways == "2006-01-02") && !slices.ContainsFunc(values, func(v string) bool { return !strings.HasSuffix(v, "01") })
}

// periodWays are the ways that read all values, parted by bars, and the share
// that they read: of the distinct values, or where the name speaks of a period
// of the lines if that is more.
func (c *column) periodWays() (ways string, share float64) {
	if len(c.order) == 0 {
		return "", 0
	}
	var names []string
	read := map[string]bool{}
	for _, w := range periodWays() {
		fresh := false
		for _, v := range c.order {
			if !read[v] && reads(w, v) {
				read[v], fresh = true, true
			}
		}
		if fresh {
			names = append(names, w.Name())
		}
	}
	share = float64(len(read)) / float64(len(c.order))
	if c.says("period") { // a note below the table weighs no more than its line
		rows := 0
		for v := range read {
			rows += c.values[v]
		}
		share = max(share, float64(rows)/float64(c.rows-c.empty))
	}
	return strings.Join(names, "|"), share
}

// unreadIn counts the lines whose text none of these ways reads.
func (c *column) unreadIn(ways string) int {
	known := slices.DeleteFunc(periodWays(), func(w guichet.PeriodWay) bool { return !slices.Contains(strings.Split(ways, "|"), w.Name()) })
	n := 0
	for v, times := range c.values {
		if !slices.ContainsFunc(known, func(w guichet.PeriodWay) bool { return reads(w, v) }) {
			n += times
		}
	}
	return n
}

// periodGrain is the frequency of these ways, "" where they have several.
func (c *column) periodGrain(ways string) guichet.Freq {
	var found guichet.Freq
	for _, w := range periodWays() {
		switch {
		case !slices.Contains(strings.Split(ways, "|"), w.Name()):
		case found != "" && found != w.Freq():
			return ""
		default:
			found = w.Freq()
		}
	}
	return found
}

// openIfBoth asks which of two comes first where both orders read everything.
func (p *proposal) openIfBoth(c *column) {
	ways := periodWays()
	both := func(name string) bool {
		i := slices.IndexFunc(ways, func(w guichet.PeriodWay) bool { return w.Name() == name })
		return !slices.ContainsFunc(c.order, func(v string) bool { return !reads(ways[i], v) })
	}
	if both("02/01/2006") && both("01/02/2006") {
		p.period.format = FillMe
		p.open("period", guichet.Text{
			EN: "day first (02/01/2006) or month first (01/02/2006)? every date of the sample can be read both ways",
			FR: "le jour d'abord (02/01/2006) ou le mois d'abord (01/02/2006) ? chaque date de l'échantillon se lit des deux façons",
		})
	}
}

// monthColumn finds a column of months, by number or by name, beside one of
// years, and how the two are joined: in the format 2006-01 or 2006 January.
func (p *proposal) monthColumn(year *column) (month *column, format string) {
	numbered, named := wayNamed("2006-01"), wayNamed("2006 January")
	for _, c := range p.free() {
		if c == year || !c.says("month") || len(c.order) == 0 {
			continue
		}
		for _, w := range []guichet.PeriodWay{numbered, named} {
			months := !slices.ContainsFunc(c.order, func(v string) bool {
				if w == numbered {
					return !reads(w, "2006-"+v) && !reads(w, "2006-0"+v)
				}
				return !reads(w, "2006 "+v)
			})
			if months {
				return c, w.Name()
			}
		}
	}
	return nil, ""
}

// wayNamed is the way of a name that PeriodWays has.
func wayNamed(name string) guichet.PeriodWay {
	ways := periodWays()
	return ways[slices.IndexFunc(ways, func(w guichet.PeriodWay) bool { return w.Name() == name })]
}

// joinedName is the column that a draft makes of a year and a month.
const joinedName = "_period"

// yearAndMonth takes the period from two columns.
func (p *proposal) yearAndMonth(year, month *column, format string) {
	year.role, month.role = "period", "period"
	year.share, month.share = 1, 1
	p.period = timing{col: year, format: format}
	p.joined = month
	p.doubt("joined", guichet.Text{
		EN: fmt.Sprintf("%q and %q together are taken for the month", year.name, month.name),
		FR: fmt.Sprintf("« %s » et « %s » ensemble sont pris pour le mois", year.name, month.name),
	})
}

// periodColumn names the column that holds the period: of the file, derived or
// given.
func (p *proposal) periodColumn() (name, format string) {
	switch {
	case p.joined != nil:
		return joinedName, p.period.format
	case p.period.col != nil:
		return p.period.col.name, p.period.format
	}
	return "period", givenFormats
}
