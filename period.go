package guichet

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Freq is the frequency of a figure, after SDMX CL_FREQ.
type Freq string

// The frequencies that are held.
const (
	Annual    Freq = "A"
	Quarterly Freq = "Q"
	Monthly   Freq = "M"
	Daily     Freq = "D"
)

// months returns how many months one period spans, 0 for a day.
func (f Freq) months() int {
	switch f {
	case Annual:
		return 12
	case Quarterly:
		return 3
	case Monthly:
		return 1
	case Daily:
		return 0
	}
	n, _ := f.spanned()
	return n
}

// spanned reads the frequency of figures over several months that are no
// quarter or year, an ISO 8601 duration: "P28M".
func (f Freq) spanned() (int, bool) {
	digits, ok := strings.CutPrefix(string(f), "P")
	digits, whole := strings.CutSuffix(digits, "M")
	n, err := strconv.Atoi(digits)
	return n, ok && whole && err == nil && n >= 1 && n <= 1200 && strconv.Itoa(n) == digits
}

// Period is a stretch of the reporter's calendar: "2024", "2024-Q2",
// "2024-05", "2024-05-17", "2024-01/P28M" (28 months from January 2024 on).
type Period struct {
	Freq  Freq
	Start time.Time // first day, midnight UTC
}

// firstYear is the first of which there may be figures. The year 1 in particular would
// be no period at all: it begins with the zero time.
const firstYear = 1000

// ParsePeriod reads "2024", "2024-Q2", "2024-05", "2024-05-17" or
// "2024-01/P28M"; anything else is KindInvalid.
func ParsePeriod(s string) (Period, error) {
	bad := Errorf(KindInvalid, "%q is no period", s).WithHint("write a year (2024), a quarter (2024-Q2), a month (2024-05) or a day (2024-05-17)")
	for _, l := range []struct {
		layout string
		freq   Freq
	}{{"2006", Annual}, {"2006-01", Monthly}, {"2006-01-02", Daily}} {
		if len(s) == len(l.layout) {
			if t, err := time.Parse(l.layout, s); err == nil && t.Year() >= firstYear {
				return Period{l.freq, t}, nil
			}
		}
	}
	year, q, ok := strings.Cut(s, "-Q")
	if y, err := strconv.Atoi(year); ok && err == nil && y >= firstYear && len(year) == 4 && len(q) == 1 && q >= "1" && q <= "4" {
		return Period{Quarterly, time.Date(y, time.Month(3*int(q[0]-'1')+1), 1, 0, 0, 0, 0, time.UTC)}, nil
	}
	if start, freq, ok := strings.Cut(s, "/"); ok && len(start) == len("2006-01") {
		t, err := time.Parse("2006-01", start)
		if _, spans := Freq(freq).spanned(); err == nil && spans && t.Year() >= firstYear {
			return Period{Freq(freq), t}, nil
		}
	}
	return Period{}, bad
}

// String writes the period as ParsePeriod reads it.
func (p Period) String() string {
	switch p.Freq {
	case Annual:
		return p.Start.Format("2006")
	case Quarterly:
		return fmt.Sprintf("%04d-Q%d", p.Start.Year(), (int(p.Start.Month())-1)/3+1)
	case Daily:
		return p.Start.Format("2006-01-02")
	case Monthly:
		return p.Start.Format("2006-01")
	}
	return p.Start.Format("2006-01") + "/" + string(p.Freq)
}

// MarshalText writes the period as ParsePeriod reads it, "" for none.
func (p Period) MarshalText() ([]byte, error) {
	if p == (Period{}) {
		return nil, nil
	}
	return []byte(p.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (p *Period) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*p = Period{}
		return nil
	}
	v, err := ParsePeriod(string(b))
	*p = v
	return err
}

// End returns the last day of the period.
func (p Period) End() time.Time {
	if p.Freq == Daily {
		return p.Start
	}
	return p.Start.AddDate(0, p.Freq.months(), -1)
}

// Contains says whether q lies wholly within p.
func (p Period) Contains(q Period) bool {
	return !q.Start.Before(p.Start) && !q.End().After(p.End())
}

// Span is a stretch of time from the first day of From to the last day of To.
// The zero Span is all time.
type Span struct{ From, To Period }

// ParseSpan reads one period, or two joined by a colon: "2024",
// "2024-01:2024-06".
func ParseSpan(s string) (Span, error) {
	from, to, ok := strings.Cut(s, ":")
	if !ok {
		to = from
	}
	a, err := ParsePeriod(from)
	if err != nil {
		return Span{}, err
	}
	b, err := ParsePeriod(to)
	if err != nil {
		return Span{}, err
	}
	if b.End().Before(a.Start) {
		return Span{}, Errorf(KindInvalid, "the period %s ends before it begins", s)
	}
	return Span{a, b}, nil
}

// IsZero says whether the span is all time.
func (s Span) IsZero() bool { return s.From.Start.IsZero() && s.To.Start.IsZero() }

// Contains says whether p lies wholly within the span.
func (s Span) Contains(p Period) bool {
	return s.IsZero() || (!p.Start.Before(s.From.Start) && !p.End().After(s.To.End()))
}

// String writes the span as ParseSpan reads it.
func (s Span) String() string {
	if s.IsZero() {
		return ""
	}
	if s.From == s.To {
		return s.From.String()
	}
	return s.From.String() + ":" + s.To.String()
}

// MarshalText writes the span as ParseSpan reads it.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *Span) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*s = Span{}
		return nil
	}
	v, err := ParseSpan(string(b))
	*s = v
	return err
}

// AsPeriod returns the one period that the span is: a span from one month to
// another becomes figures over so many months. It fails for days.
func (s Span) AsPeriod() (Period, error) {
	if s.From == s.To {
		return s.From, nil
	}
	n := len(s.Months())
	if s.IsZero() || s.From.Freq == Daily || s.To.Freq == Daily {
		return Period{}, Errorf(KindInvalid, "%s is no span of whole months", s)
	}
	return ParsePeriod(s.From.Start.Format("2006-01") + "/P" + strconv.Itoa(n) + "M")
}

// Months returns the first days of the months that the span touches.
func (s Span) Months() []time.Time {
	var out []time.Time
	for m := s.From.Start.AddDate(0, 0, 1-s.From.Start.Day()); !m.After(s.To.End()); m = m.AddDate(0, 1, 0) {
		out = append(out, m)
	}
	return out
}
