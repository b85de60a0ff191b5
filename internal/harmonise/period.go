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
//	format  how it is written, see formats; several are parted by |, the first that fits reads; required
//	freq    the frequency when the text says less or more than it: a day that stands for its month
//	now     today, 2026-11-21: a period that begins later is put aside; without it none is
type period struct {
	formats []format
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

// format is a way of writing periods.
type format struct {
	lead   string // stands in front and is dropped
	layout string // of package time; "" for a quarter
	joint  string // of a quarter: what stands between the year and its number
	freq   guichet.Freq
	span   bool // several months at once, "2024-01/P28M"
}

// formats are named as package time would write 2 January 2006, in its first
// quarter; 0200601 is HMRC's month, with its leading zero.
func formats() map[string]format {
	return map[string]format{
		"2006":        {layout: "2006", freq: guichet.Annual},
		"2006-Q1":     {joint: "-Q", freq: guichet.Quarterly},
		"2006Q1":      {joint: "Q", freq: guichet.Quarterly},
		"200601":      {layout: "200601", freq: guichet.Monthly},
		"0200601":     {lead: "0", layout: "200601", freq: guichet.Monthly},
		"2006-01":     {layout: "2006-01", freq: guichet.Monthly},
		"2006M01":     {layout: "2006M01", freq: guichet.Monthly},
		"2006-M01":    {layout: "2006-M01", freq: guichet.Monthly},
		"01/2006":     {layout: "01/2006", freq: guichet.Monthly},
		"2006-01/P1M": {span: true},
		"20060102":    {layout: "20060102", freq: guichet.Daily},
		"2006-01-02":  {layout: "2006-01-02", freq: guichet.Daily},
		"02/01/2006":  {layout: "02/01/2006", freq: guichet.Daily},
		"01/02/2006":  {layout: "01/02/2006", freq: guichet.Daily},
	}
}

// formatsOf reads a parameter that names formats.
func formatsOf(g guichet.KeyGroup, param string) ([]format, error) {
	known := formats()
	var out []format
	for name := range strings.SplitSeq(g.Params[param], "|") {
		f, ok := known[name]
		if !ok {
			names := make([]string, 0, len(known))
			for n := range known {
				names = append(names, n)
			}
			slices.Sort(names)
			return nil, fault(g, "%s %q is no way of writing periods", param, name).WithHint("ways: %s; several are parted by |", strings.Join(names, ", "))
		}
		out = append(out, f)
	}
	return out, nil
}

// readPeriod reads a text by the first format that fits.
func readPeriod(ways []format, text string) (guichet.Period, bool) {
	for _, f := range ways {
		if f.span {
			if p, err := guichet.ParsePeriod(text); err == nil && strings.Contains(text, "/") && p.Start.Year() >= earliest {
				return p, true
			}
			continue
		}
		rest, ok := strings.CutPrefix(text, f.lead)
		if !ok {
			continue
		}
		if f.layout == "" {
			year, number, _ := strings.Cut(rest, f.joint)
			p, err := guichet.ParsePeriod(year + "-Q" + number)
			if err == nil && p.Start.Year() >= earliest {
				return p, true
			}
			continue
		}
		// The lengths are compared because package time reads fractions and the like.
		if start, err := time.Parse(f.layout, rest); err == nil && len(rest) == len(f.layout) && start.Year() >= earliest {
			return guichet.Period{Freq: f.freq, Start: start}, true
		}
	}
	return guichet.Period{}, false
}
