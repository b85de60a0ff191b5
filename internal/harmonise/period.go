package harmonise

import (
	"slices"
	"strings"
	"time"

	"guichet"
	"guichet/trade"
)

// earliest is the first year that is read: before it a year is a slip of the
// pen, since no classification held here reaches back so far.
const earliest = 1900

// period reads the period of a figure.
//
// Column: the period as the office writes it.
//
// Fields: period gets its first day, 2024-01-01; freq its frequency, A, Q, M, D.
//
// Params:
//
//	format  how it is written, named as in guichet.PeriodWays; several are parted by |, the first that fits reads; required
//	freq    the frequency when the text says less or more than it: a day that stands for its month
//	now     today, 2026-11-21: a period that begins later is put aside; without it none is
type period struct {
	formats []guichet.PeriodWay
	freq    guichet.Freq
	now     time.Time
	fields  []string
}

func newPeriod(g guichet.KeyGroup) (rule, error) {
	if err := checkColumns(g, 1); err != nil {
		return nil, err
	}
	if err := checkParams(g, "format", "freq", "now"); err != nil {
		return nil, err
	}
	p := &period{freq: guichet.Freq(g.Params["freq"]), fields: g.Fields}
	var err error
	if p.formats, err = formatsOf(g, "format"); err != nil {
		return nil, err
	}
	if p.freq != "" && !slices.Contains([]guichet.Freq{guichet.Annual, guichet.Quarterly, guichet.Monthly, guichet.Daily}, p.freq) {
		return nil, fault(g, "freq %q is none of A, Q, M, D", p.freq)
	}
	if now := g.Params["now"]; now != "" {
		if p.now, err = time.Parse(time.DateOnly, now); err != nil {
			return nil, fault(g, "now %q is no day", now).WithHint("write it 2026-11-21")
		}
	}
	for _, f := range g.Fields {
		if f != guichet.FieldPeriod && f != guichet.FieldFreq {
			return nil, fault(g, "the rule period does not fill %q", f).WithHint("it fills period and freq")
		}
	}
	return p, nil
}

func (p *period) verdict(key []string) guichet.Verdict {
	text := at(key, 0)
	if text == "" {
		return reject(trade.RejectNoPeriod)
	}
	found, ok := readPeriod(p.formats, text)
	if !ok {
		return reject(trade.RejectNotAPeriod)
	}
	if p.freq != "" {
		found = stretch(found, p.freq)
	}
	if !p.now.IsZero() && found.Start.After(p.now) {
		return reject(trade.RejectFuturePeriod)
	}
	v := guichet.Verdict{Values: make([]string, len(p.fields))}
	for i, f := range p.fields {
		v.Values[i] = found.Start.Format(time.DateOnly)
		if f == guichet.FieldFreq {
			v.Values[i] = string(found.Freq)
		}
	}
	return v
}

// stretch returns the period of a frequency in which p begins.
func stretch(p guichet.Period, f guichet.Freq) guichet.Period {
	year, month, day := p.Start.Date()
	switch f {
	case guichet.Annual:
		month, day = 1, 1
	case guichet.Quarterly:
		month, day = month-(month-1)%3, 1
	case guichet.Monthly:
		day = 1
	case guichet.Daily:
	}
	return guichet.Period{Freq: f, Start: time.Date(year, month, day, 0, 0, 0, 0, time.UTC)}
}

// formatsOf reads a parameter that names ways of writing periods.
func formatsOf(g guichet.KeyGroup, param string) ([]guichet.PeriodWay, error) {
	known := guichet.PeriodWays()
	var out []guichet.PeriodWay
	for name := range strings.SplitSeq(g.Params[param], "|") {
		i := slices.IndexFunc(known, func(w guichet.PeriodWay) bool { return w.Name() == name })
		if i < 0 {
			names := make([]string, len(known))
			for j, w := range known {
				names[j] = w.Name()
			}
			slices.Sort(names)
			return nil, fault(g, "%s %q is no way of writing periods", param, name).WithHint("ways: %s; several are parted by |", strings.Join(names, ", "))
		}
		out = append(out, known[i])
	}
	return out, nil
}

// readPeriod reads a text by the first way that fits.
func readPeriod(ways []guichet.PeriodWay, text string) (guichet.Period, bool) {
	for _, w := range ways {
		if p, ok := w.Read(text); ok && p.Start.Year() >= earliest {
			return p, true
		}
	}
	return guichet.Period{}, false
}
