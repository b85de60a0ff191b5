package portal

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet"
	"guichet/trade"
)

// chart is a picture of figures, made here: lines over months, or bars. Its numbers are
// all in the table of the same page.
type chart struct {
	ID          string // tells it from others of its page; "" the first
	Title, Note string
	W, H        float64
	Rules       []rule
	Texts       []label
	Lines       []stroke
	Dots        []dot
	Bars        []bar
}

type rule struct{ X1, Y1, X2, Y2 float64 }

type label struct {
	X, Y   float64
	Anchor string
	Text   string
	class  string // of the line that it names
}

type stroke struct {
	Class  string
	Points string
}

type dot struct {
	Class string
	X, Y  float64
}

type bar struct{ X, Y, W, H float64 }

// Bounds of a picture: more cannot be told apart.
const (
	mostSeries = 6
	mostBars   = 16
	mostDots   = 24
)

// series is one line: a figure for each period that has one. total ranks it: of what is
// never added, the largest.
type series struct {
	name  string
	at    map[time.Time]float64
	total float64
}

// picture is what one shows: a measure, and what it is called with its unit.
type picture struct {
	measure, what string
	// level: figures that are never added, a percentile.
	level bool
}

// chartsOf makes the pictures of an answer: of the measure that stands for it, and of a
// percentile beside it, which says something else.
func chartsOf(p phrases, ds *guichet.Dataset, a Answer, by []string) []*chart {
	var out []*chart
	if c := chartOf(p, ds, a, by); c != nil {
		out = append(out, c)
	}
	main, _ := pictured(p, ds, a.Answer)
	for _, d := range slices.Backward(ds.Derived) { // the highest share last
		if d.By != guichet.ByBands || d.Name == main.measure || !hasFigure(a.Answer, d.Name) {
			continue
		}
		if c := chartOfRows(p, ds, a.Answer, picture{d.Name, p.whatOf(ds, d.Title, ""), true}, slices.Contains(by, guichet.FieldPeriod)); c != nil {
			c.ID = "-" + d.Name
			out = append(out, c)
		}
		break
	}
	return out
}

// chartOf makes the picture of an answer; nil where there is nothing to compare, and
// where figures of several units would stand side by side.
func chartOf(p phrases, ds *guichet.Dataset, a Answer, by []string) *chart {
	rows, left := oneSystem(a.Answer.Rows)
	shown := a.Answer
	shown.Rows = rows
	of, ok := pictured(p, ds, shown)
	if !ok {
		return nil
	}
	c := chartOfRows(p, ds, shown, of, slices.Contains(by, guichet.FieldPeriod))
	if c != nil && left != "" {
		c.Note = strings.TrimSpace(c.Note + " " + p.say("chart.system", "system", p.or("code."+left, left)))
	}
	return c
}

// oneSystem keeps one trade system of each member, the general one where there are
// several: the same goods stand in both, and lines of both would lie on each other. left
// is the system that was left out of the picture; "" none.
func oneSystem(rows []guichet.Row) (kept []guichet.Row, left string) {
	const field = "trade_system"
	of := map[string]string{}
	for _, r := range rows {
		m, s := plain(r["member"]), plain(r[field])
		if of[m] == "" || s == string(trade.General) {
			of[m] = s
		}
	}
	for _, r := range rows {
		if s := plain(r[field]); s == of[plain(r["member"])] {
			kept = append(kept, r)
		} else {
			left = s
		}
	}
	return kept, left
}

func chartOfRows(p phrases, ds *guichet.Dataset, a guichet.Answer, of picture, overTime bool) *chart {
	all := seriesOf(p, ds, a, of, overTime)
	slices.SortStableFunc(all, func(x, y series) int { return cmp.Compare(math.Abs(y.total), math.Abs(x.total)) })
	points := map[time.Time]bool{}
	for _, s := range all {
		for t := range s.at {
			points[t] = true
		}
	}
	switch {
	case len(points) >= 2:
		return lines(p, all, of.what)
	case len(all) >= 2:
		return bars(p, all, of.what)
	}
	return nil
}

// pictured is the measure that a picture shows: dollars where all can be told in them,
// else the dataset's main measure where it has one unit, else the first that has.
func pictured(p phrases, ds *guichet.Dataset, a guichet.Answer) (picture, bool) {
	var names []string
	for _, c := range a.Columns {
		if !c.Measure || !hasFigure(a, c.Name) {
			continue
		}
		d, derived := ds.DerivedBy(c.Name)
		switch {
		case derived && d.By == guichet.ByRate:
			from, _ := ds.Field(d.From)
			return picture{measure: c.Name, what: p.whatOf(ds, from.Title, "usd")}, true
		case c.Name == ds.Main:
			names = slices.Insert(names, 0, c.Name)
		default:
			names = append(names, c.Name)
		}
	}
	for _, name := range names {
		d, derived := ds.DerivedBy(name)
		f, known := ds.Field(name)
		unit, one := unitOf(ds, a, f)
		switch {
		case derived:
			return picture{name, p.whatOf(ds, d.Title, ""), d.By == guichet.ByBands}, true
		case known && one:
			return picture{name, p.whatOf(ds, f.Title, unit), f.Alone}, true
		}
	}
	return picture{}, false
}

func hasFigure(a guichet.Answer, measure string) bool {
	return slices.ContainsFunc(a.Rows, func(r guichet.Row) bool { _, ok := decimalOf(r[measure]); return ok })
}

// unitOf is the unit of a measure in an answer, and whether all figures have the same.
func unitOf(ds *guichet.Dataset, a guichet.Answer, f guichet.Field) (unit string, one bool) {
	if _, column := ds.Field(f.Unit); !column {
		return f.Unit, true
	}
	units := map[string]bool{}
	for _, r := range a.Rows {
		if _, has := decimalOf(r[f.Name]); has {
			unit = plain(r[f.Unit])
			units[unit] = true
		}
	}
	return unit, len(units) == 1
}

// whatOf says what a picture shows: a measure with its unit, where its title does not say
// that already.
func (p phrases) whatOf(ds *guichet.Dataset, title guichet.Text, unit string) string {
	what := small(title.In(p.lang))
	word := unit
	switch unit {
	case "":
	case "usd":
		word = p.say("chart.usd")
	default:
		word = p.value(ds, "", unit)
	}
	if word == "" || strings.Contains(what, word) || strings.HasSuffix(what, ", kg") {
		return what
	}
	return what + ", " + word
}

// seriesOf splits rows by everything that tells them apart but time.
func seriesOf(p phrases, ds *guichet.Dataset, a guichet.Answer, of picture, overTime bool) []series {
	var apart []string
	for _, c := range a.Columns {
		if c.Measure || isMarks(c.Name) || c.Name == guichet.FieldPeriod && overTime || c.Name == "currency" || c.Name == "freq" {
			continue
		}
		first := plain(a.Rows[0][c.Name])
		if slices.ContainsFunc(a.Rows, func(r guichet.Row) bool { return plain(r[c.Name]) != first }) {
			apart = append(apart, c.Name)
		}
	}
	if slices.Contains(apart, "member") { // what each member has one of need not be said with it
		apart = slices.DeleteFunc(apart, func(n string) bool { return n != "member" && follows(a, "member", n) })
	}
	f := figures{v: &visit{lang: p.lang, words: p}, ds: ds, a: a}
	var out []series
	at := map[string]int{}
	for _, r := range a.Rows {
		d, ok := decimalOf(r[of.measure])
		if !ok {
			continue
		}
		var names []string
		for _, c := range apart {
			names = append(names, f.short(c, plain(r[c])))
		}
		name := strings.Join(names, ", ")
		i, known := at[name]
		if !known {
			i = len(out)
			at[name] = i
			out = append(out, series{name: name, at: map[time.Time]float64{}})
		}
		var when time.Time
		if overTime {
			per, err := guichet.ParsePeriod(plain(r[guichet.FieldPeriod]))
			if err != nil {
				continue
			}
			when = per.Start
		}
		if of.level {
			out[i].at[when] = d.Float64()
			out[i].total = max(out[i].total, d.Float64())
			continue
		}
		out[i].at[when] += d.Float64()
		out[i].total += d.Float64()
	}
	return out
}

// follows says whether a column has one value for each value of another.
func follows(a guichet.Answer, of, column string) bool {
	at := map[string]string{}
	for _, r := range a.Rows {
		k, v := plain(r[of]), plain(r[column])
		if was, known := at[k]; known && was != v {
			return false
		}
		at[k] = v
	}
	return true
}

func sameColumn(a guichet.Answer, x, y string) bool {
	return !slices.ContainsFunc(a.Rows, func(r guichet.Row) bool { return plain(r[x]) != plain(r[y]) })
}

// short names a code in few letters, for a picture.
func (f *figures) short(column, value string) string {
	field, _ := f.ds.Field(column)
	if field.List == "CL_AREA" || column == "member" {
		return areaName(value, f.v.lang)
	}
	if _, _, ok := f.ds.ClassificationBy(column); ok {
		return value
	}
	return f.v.words.value(f.ds, field.List, value)
}

// Measures of a picture, in its own units.
const (
	chartW, chartH           = 860.0, 340.0
	left, right, top, bottom = 110.0, 250.0, 16.0, 36.0
	lineHeight               = 16.0
)

// scale finds a round step so that about four lines cover from low to high.
func scale(low, high float64) (from, to, step float64) {
	if high <= low {
		high = low + 1
	}
	rough := (high - low) / 4
	unit := math.Pow(10, math.Floor(math.Log10(rough)))
	step = unit
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if unit*m >= rough {
			step = unit * m
			break
		}
	}
	return math.Floor(low/step) * step, math.Ceil(high/step) * step, step
}

func lines(p phrases, all []series, what string) *chart {
	c := &chart{W: chartW, H: chartH, Title: p.say("chart.months", "what", what)}
	shown := all[:min(len(all), mostSeries)]
	if len(all) > len(shown) {
		c.Note = p.say("chart.largest", "n", len(shown), "of", len(all))
	}
	var times []time.Time
	low, high := 0.0, 0.0
	for _, s := range shown {
		for t, x := range s.at {
			if !slices.ContainsFunc(times, t.Equal) {
				times = append(times, t)
			}
			low, high = min(low, x), max(high, x)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	from, to, step := scale(low, high)
	y := func(x float64) float64 { return top + (chartH-top-bottom)*(to-x)/(to-from) }
	first, last := times[0], times[len(times)-1]
	x := func(t time.Time) float64 {
		return left + (chartW-left-right)*float64(months(first, t))/float64(max(1, months(first, last)))
	}
	for v := from; v <= to+step/2; v += step {
		c.Rules = append(c.Rules, rule{left, y(v), chartW - right, y(v)})
		c.Texts = append(c.Texts, label{X: left - 8, Y: y(v) + 4, Anchor: "end", Text: p.roughly(v)})
	}
	for i, t := range times {
		if every := (len(times) + 5) / 6; i%every == 0 {
			c.Texts = append(c.Texts, label{X: x(t), Y: chartH - 12, Anchor: "middle", Text: shortMonth(p, t)})
		}
	}
	var ends []label
	for i, s := range shown {
		class := "s" + strconv.Itoa(i)
		ends = append(ends, c.draw(s, class, times, x, y))
	}
	for _, e := range apart(ends) {
		const sample = 16.0
		c.Lines = append(c.Lines, stroke{e.class, coordinate(e.X) + "," + coordinate(e.Y-4) + " " + coordinate(e.X+sample) + "," + coordinate(e.Y-4)})
		e.X += sample + 6
		c.Texts = append(c.Texts, e)
	}
	return c
}

// draw draws one line, broken where a month has no figure, and says where its name is
// to stand.
func (c *chart) draw(s series, class string, times []time.Time, x func(time.Time) float64, y func(float64) float64) label {
	var run []string
	var end label
	flush := func() {
		if len(run) > 1 {
			c.Lines = append(c.Lines, stroke{class, strings.Join(run, " ")})
		}
		run = nil
	}
	for i, t := range times {
		v, ok := s.at[t]
		if !ok || i > 0 && months(times[i-1], t) > 1 {
			flush()
		}
		if !ok {
			continue
		}
		run = append(run, coordinate(x(t))+","+coordinate(y(v)))
		if len(times) <= mostDots {
			c.Dots = append(c.Dots, dot{class, x(t), y(v)})
		}
		end = label{X: chartW - right + 10, Y: y(v) + 4, Anchor: "start", Text: cut(s.name, 30), class: class}
	}
	flush()
	return end
}

// apart moves names that stand on each other.
func apart(ends []label) []label {
	slices.SortStableFunc(ends, func(a, b label) int { return cmp.Compare(a.Y, b.Y) })
	for i := 1; i < len(ends); i++ {
		ends[i].Y = max(ends[i].Y, ends[i-1].Y+lineHeight)
	}
	if n := len(ends); n > 0 && ends[n-1].Y > chartH-bottom {
		over := ends[n-1].Y - (chartH - bottom)
		for i := range ends {
			ends[i].Y -= over
		}
	}
	return ends
}

func bars(p phrases, all []series, what string) *chart {
	const height, gap, names, figures = 22.0, 8.0, 300.0, 120.0
	shown := all[:min(len(all), mostBars)]
	c := &chart{W: chartW, H: float64(len(shown))*(height+gap) + gap, Title: what}
	if len(all) > len(shown) {
		c.Note = p.say("chart.largest", "n", len(shown), "of", len(all))
	}
	high := 0.0
	for _, s := range shown {
		high = max(high, math.Abs(s.total))
	}
	if high == 0 {
		return nil
	}
	for i, s := range shown {
		y := gap + float64(i)*(height+gap)
		w := max(1, (chartW-names-figures)*math.Abs(s.total)/high)
		c.Bars = append(c.Bars, bar{names, y, w, height})
		c.Texts = append(c.Texts, label{X: names - 8, Y: y + height/2 + 5, Anchor: "end", Text: cut(s.name, 40)}, label{X: names + w + 6, Y: y + height/2 + 5, Anchor: "start", Text: p.roughly(s.total)})
	}
	return c
}

func months(from, to time.Time) int {
	return (to.Year()-from.Year())*12 + int(to.Month()) - int(from.Month())
}

func shortMonth(p phrases, t time.Time) string {
	return p.say("month.short."+t.Format("1")) + "\u00a0" + t.Format("2006")
}

func coordinate(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }

// cut shortens a name.
func cut(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return string(r[:most-1]) + "…"
}
