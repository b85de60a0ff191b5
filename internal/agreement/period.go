package agreement

import (
	"cmp"
	"slices"
	"time"

	"guichet"
)

// periods: embargo, delay, first and last period, and the finest level of time. A
// question without a span is narrowed to whole units of that level.
func (m *matter) periods() *refusal {
	if e := m.t.Periods.Embargo; e != "" && (!isDay(e) || m.f.today() < e) {
		return refuse(stagePeriods, m.clause("periods.embargo"), say("nothing is given before %s", "rien n'est donné avant le %s", e),
			say("ask from that day on", "interrogez à partir de ce jour"))
	}
	names := Levels(m.f.Dataset, guichet.FieldPeriod)
	if names == nil {
		return refuse(stagePeriods, m.clause("dataset"), say("the dataset has no period", "le jeu de données n'a pas de période"), guichet.Text{})
	}
	at, by := m.finest(guichet.FieldPeriod, names)
	if no := m.frequencies(names[at], by); no != nil {
		return no
	}
	return m.span(names[at], by)
}

// frequencies: figures of months are not given where years are the finest. Rows as
// they are tell each its own time, whatever columns they come with.
func (m *matter) frequencies(level string, by *raise) *refusal {
	allowed := freqsOf(level)
	asked := m.q.Where[guichet.FieldFreq]
	for _, v := range asked {
		if !slices.Contains(allowed, v) {
			return m.tooFine(level, by)
		}
	}
	tells := m.r.Records || slices.Contains(m.by, guichet.FieldPeriod) || slices.Contains(m.by, guichet.FieldFreq)
	if len(asked) > 0 || !tells || level == "day" {
		return nil
	}
	if named, ok := m.cond.Where[guichet.FieldFreq]; ok {
		both := slices.DeleteFunc(slices.Clone(named), func(v string) bool { return !slices.Contains(allowed, v) })
		if len(both) == 0 {
			return m.tooFine(level, by)
		}
		allowed = both
	}
	m.allow(guichet.FieldFreq, allowed)
	return nil
}

func (m *matter) tooFine(level string, by *raise) *refusal {
	return refuse(stagePeriods, m.levelClause(guichet.FieldPeriod, by), say("time is given down to the %s, and the question is finer", "le temps est donné jusqu'à l'unité « %s », et la question est plus fine", level),
		say("ask for whole units of that level, and name their frequency", "demandez des unités entières de ce niveau, et nommez leur fréquence"))
}

// window is the time that may be asked about; zero times are open.
type window struct {
	first, last time.Time
	until       string // the clause that bounds last
}

// span: the time asked for is inside the window, in whole units of the finest
// level: a span of one month tells a month, whatever it is grouped by.
func (m *matter) span(level string, by *raise) *refusal {
	w, no := m.window(level)
	if no != nil {
		return no
	}
	s := m.q.Period
	if s == (guichet.Span{}) {
		return m.narrowSpan(level, w)
	}
	from, to := s.From.Start, s.To.End()
	if from.IsZero() || s.To.Start.IsZero() || to.Before(from) {
		return refuse(stagePeriods, m.clause("periods"), say("the period cannot be read", "la période est illisible"),
			say("write 2024, 2024-05 or 2024-01:2024-06", "écrivez 2024, 2024-05 ou 2024-01:2024-06"))
	}
	unit, _ := unitOf(level, from)
	_, end := unitOf(level, to)
	switch {
	case !unit.Equal(from) || !end.Equal(to):
		return m.tooFine(level, by)
	case from.Before(w.first):
		return m.outOfTime(m.clause("periods.from"), w)
	case !w.last.IsZero() && to.After(w.last):
		return m.outOfTime(w.until, w)
	}
	return nil
}

// earliest is where a narrowed span begins that has no first period: before any
// record.
func earliest() time.Time { return time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC) }

// narrowSpan bounds a question that names no time, to whole units.
func (m *matter) narrowSpan(level string, w window) *refusal {
	if w.first.IsZero() && w.last.IsZero() {
		return nil
	}
	if w.first.IsZero() {
		w.first = earliest()
	}
	if w.last.IsZero() {
		_, w.last = unitOf(level, m.f.Now.UTC().Truncate(24*time.Hour))
	}
	first, end := unitOf(level, w.first)
	if first.Before(w.first) {
		first = end.AddDate(0, 0, 1)
	}
	last, end := unitOf(level, w.last)
	if end.After(w.last) {
		last, _ = unitOf(level, last.AddDate(0, 0, -1))
	}
	if last.Before(first) {
		if w.until == "" {
			w.until = m.clause("periods.from")
		}
		return refuse(stagePeriods, w.until, say("no whole %s may be asked about today", "aucune unité entière « %s » ne peut être demandée aujourd'hui", level),
			say("ask later", "interrogez plus tard"))
	}
	m.cond.Period = guichet.Span{From: periodOf(level, first), To: periodOf(level, last)}
	return nil
}

// window reads the first and last period and the delay, the longest that applies.
func (m *matter) window(level string) (window, *refusal) {
	p, w, t := m.t.Periods, window{}, &m.p.times[m.term]
	switch {
	case t.errFrom != nil:
		return w, m.unreadable("periods.from", p.From)
	case t.errTo != nil:
		return w, m.unreadable("periods.to", p.To)
	case p.To != "":
		w.last, w.until = t.to.End(), m.clause("periods.to")
	}
	w.first = t.from.Start
	days, clause := p.Delay, ""
	for _, r := range m.raised {
		if r.rule.DelayDays > days {
			days, clause = r.rule.DelayDays, r.clause+".delay_days"
		}
	}
	if days <= 0 {
		return w, nil
	}
	cut := m.f.Now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -days)
	m.cond.Released = cut.Format(time.DateOnly)
	first, end := unitOf(level, cut)
	if end.After(cut) {
		end = first.AddDate(0, 0, -1)
	}
	if w.last.IsZero() || end.Before(w.last) {
		w.last, w.until = end, cmp.Or(clause, m.clause("periods.delay_days"))
	}
	return w, nil
}

func (m *matter) unreadable(path, value string) *refusal {
	return refuse(stagePeriods, m.clause(path), say("the agreement's %q is no period", "« %s » de l'accord n'est pas une période", clip(value)),
		say("correct the agreement", "corrigez l'accord"))
}

func (m *matter) outOfTime(clause string, w window) *refusal {
	from, to := "…", "…"
	if !w.first.IsZero() {
		from = w.first.Format(time.DateOnly)
	}
	if !w.last.IsZero() {
		to = w.last.Format(time.DateOnly)
	}
	return refuse(stagePeriods, clause, say("today figures from %s to %s are given", "aujourd'hui sont donnés les chiffres du %s au %s", from, to),
		say("ask for a time inside", "demandez une période comprise dans ces bornes"))
}
