package draft

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"guichet"
)

// periodWay is a way of writing periods that the rule period reads, named as
// that rule names it (room harmonise), and how package time reads it. A quarter
// has no layout of package time.
type periodWay struct {
	name, layout string
	freq         string
}

// periodWays stand in the order in which they are tried; of two that read the
// same texts the first is proposed.
func periodWays() []periodWay {
	return []periodWay{
		{"200601", "200601", "M"},
		{"2006-01", "2006-01", "M"},
		{"2006M01", "2006M01", "M"},
		{"2006-M01", "2006-M01", "M"},
		{"01/2006", "01/2006", "M"},
		{"0200601", "0200601", "M"},
		{"2006", "2006", "A"},
		{"2006-Q1", "", "Q"},
		{"2006Q1", "", "Q"},
		{"20060102", "20060102", "D"},
		{"2006-01-02", "2006-01-02", "D"},
		{"02/01/2006", "02/01/2006", "D"},
		{"01/02/2006", "01/02/2006", "D"},
	}
}

// reads says whether a text is a period in this way, of a year that a trade
// figure may have.
func (w periodWay) reads(text string) bool {
	var year string
	if w.layout == "" {
		joint := strings.TrimSuffix(strings.TrimPrefix(w.name, "2006"), "1")
		y, q, ok := strings.Cut(text, joint)
		if !ok || len(y) != 4 || len(q) != 1 || q[0] < '1' || q[0] > '4' {
			return false
		}
		year = y
	} else {
		lead := ""
		if w.name == "0200601" {
			lead = "0"
		}
		rest, ok := strings.CutPrefix(text, lead)
		t, err := time.Parse(strings.TrimPrefix(w.layout, lead), rest)
		if !ok || err != nil || len(text) != len(w.layout) {
			return false
		}
		year = t.Format("2006")
	}
	return year >= "1960" && year <= "2099"
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
		if strings.Contains(ways, "01") || strings.Contains(ways, "Q1") { // finer than a year
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
	if best != nil && best.periodGrain(format) == "A" && p.monthColumn(best) != nil {
		p.yearAndMonth(best, p.monthColumn(best))
		return
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
	if format == "02/01/2006" || format == "01/02/2006" {
		p.openIfBoth(best)
	}
	if best.periodGrain(format) == "D" {
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
// that they read.
func (c *column) periodWays() (ways string, share float64) {
	if len(c.order) == 0 {
		return "", 0
	}
	var names []string
	read := map[string]bool{}
	for _, w := range periodWays() {
		fresh := false
		for _, v := range c.order {
			if !read[v] && w.reads(v) {
				read[v], fresh = true, true
			}
		}
		if fresh {
			names = append(names, w.name)
		}
	}
	return strings.Join(names, "|"), float64(len(read)) / float64(len(c.order))
}

// periodGrain is the frequency of a single way, "" of several.
func (c *column) periodGrain(ways string) string {
	for _, w := range periodWays() {
		if w.name == ways {
			return w.freq
		}
	}
	return ""
}

// openIfBoth asks which of two comes first where both orders read everything.
func (p *proposal) openIfBoth(c *column) {
	ways := periodWays()
	both := func(name string) bool {
		i := slices.IndexFunc(ways, func(w periodWay) bool { return w.name == name })
		return !slices.ContainsFunc(c.order, func(v string) bool { return !ways[i].reads(v) })
	}
	if both("02/01/2006") && both("01/02/2006") {
		p.period.format = FillMe
		p.open("period", guichet.Text{
			EN: "day first (02/01/2006) or month first (01/02/2006)? every date of the sample can be read both ways",
			FR: "le jour d'abord (02/01/2006) ou le mois d'abord (01/02/2006) ? chaque date de l'échantillon se lit des deux façons",
		})
	}
}

// monthColumn finds a column of months beside one of years.
func (p *proposal) monthColumn(year *column) *column {
	for _, c := range p.free() {
		if c == year || !c.says("month") || len(c.order) == 0 {
			continue
		}
		months := !slices.ContainsFunc(c.order, func(v string) bool {
			v = strings.TrimPrefix(v, "0")
			return len(v) > 2 || v < "1" || len(v) == 2 && (v < "10" || v > "12")
		})
		if months {
			return c
		}
	}
	return nil
}

// joinedName is the column that a draft makes of a year and a month.
const joinedName = "_period"

// yearAndMonth takes the period from two columns.
func (p *proposal) yearAndMonth(year, month *column) {
	year.role, month.role = "period", "period"
	year.share, month.share = 1, 1
	p.period = timing{col: year, format: "2006-01"}
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
