package guichet

import (
	"strings"
	"sync"
	"time"
)

// PeriodWay is a way in which offices write periods. Its name is how it would
// write 2 January 2006, in the first quarter of its year: "2006-01",
// "02/01/2006", "Jan-06", "T1 2006". Names of months are read in four
// languages, whichever of them the office writes; see PeriodWays.
type PeriodWay struct {
	name   string
	lead   string // stands in front and is dropped
	layout string // of package time, months by number or as Jan; "" for a span or a quarter
	freq   Freq   // "" of a span of months
}

// PeriodWays are the ways that are read, in the order in which a text of
// unknown writing is best tried: months before years, days last.
//
// A way with Jan or January in its name reads any name of a month or usual
// abbreviation of it in English, French, Spanish or Portuguese, with or without
// a full stop, whatever its case and accents are: "Jan-06" reads ene-23 and
// janv.-23, "January 2006" reads Jan 2023 and enero de 2023. Years of two digits
// are those of package time: 69 to 99 are 1969 to 1999, 00 to 68 are 2000 to
// 2068. "0200601" is HMRC's month, with its leading zero; "2006-01/P1M" a span
// of months, "2024-01/P28M"; T stands for trimestre.
func PeriodWays() []PeriodWay {
	return []PeriodWay{
		number("200601", Monthly), number("2006-01", Monthly), number("2006M01", Monthly), number("2006-M01", Monthly),
		number("01/2006", Monthly), number("2006/01", Monthly), number("2006.01", Monthly), number("01.2006", Monthly), number("01-2006", Monthly),
		number("1/2006", Monthly),
		{name: "0200601", lead: "0", layout: "200601", freq: Monthly},
		named("Jan-06", Monthly), named("Jan 06", Monthly), named("Jan-2006", Monthly), named("Jan/2006", Monthly), named("Jan 2006", Monthly),
		named("January-06", Monthly), named("January-2006", Monthly), named("January 2006", Monthly),
		named("2006-Jan", Monthly), named("2006 Jan", Monthly), named("2006-January", Monthly), named("2006 January", Monthly),
		number("2006", Annual),
		quarter("2006-Q1"), quarter("2006Q1"), quarter("2006 Q1"), quarter("Q1 2006"), quarter("Q1-2006"),
		quarter("2006-T1"), quarter("2006T1"), quarter("2006 T1"), quarter("T1 2006"), quarter("T1-2006"),
		{name: "2006-01/P1M"},
		number("20060102", Daily), number("2006-01-02", Daily), number("2006/01/02", Daily),
		number("02/01/2006", Daily), number("01/02/2006", Daily), number("02.01.2006", Daily), number("02-01-2006", Daily),
		named("02-Jan-06", Daily), named("02-Jan-2006", Daily), named("2 January 2006", Daily),
	}
}

func number(name string, f Freq) PeriodWay { return PeriodWay{name: name, layout: name, freq: f} }

func named(name string, f Freq) PeriodWay {
	return PeriodWay{name: name, layout: strings.Replace(name, "January", "Jan", 1), freq: f}
}

func quarter(name string) PeriodWay { return PeriodWay{name: name, freq: Quarterly} }

// Name is how the way would write 2 January 2006.
func (w PeriodWay) Name() string { return w.name }

// Freq is the frequency of what the way writes, "" where each text says its own
// (spans of months).
func (w PeriodWay) Freq() Freq { return w.freq }

// Read reads a whole text; false when it is not written this way. Which years
// can be meant is the caller's to judge.
func (w PeriodWay) Read(text string) (Period, bool) {
	switch {
	case w.freq == "":
		p, err := ParsePeriod(text)
		return p, err == nil && strings.Contains(text, "/")
	case w.layout == "":
		return w.readQuarter(text)
	case strings.Contains(w.layout, "Jan"):
		var ok bool
		if text, ok = monthInEnglish(text); !ok {
			return Period{}, false
		}
	}
	rest, ok := strings.CutPrefix(text, w.lead)
	start, err := time.Parse(w.layout, rest)
	// Written again it must be the same: package time also reads fractions,
	// single digits where two are meant, and the like.
	if !ok || err != nil || start.Format(w.layout) != rest {
		return Period{}, false
	}
	return Period{Freq: w.freq, Start: start}, true
}

// readQuarter reads a text that differs from the name in its year and in the
// number of the quarter only.
func (w PeriodWay) readQuarter(text string) (Period, bool) {
	if len(text) != len(w.name) {
		return Period{}, false
	}
	y, q := strings.Index(w.name, "2006"), strings.IndexByte(w.name, '1')
	year, no := text[y:y+4], text[q:q+1]
	p, err := ParsePeriod(year + "-Q" + no)
	same := strings.NewReplacer("2006", year, "1", no).Replace(w.name) == text
	return p, err == nil && same
}

// longestMonth bounds a text with a month's name: "30 de septiembre de 2023"
// has 24 bytes.
const longestMonth = 32

// monthInEnglish writes the one name of a month that a text holds as package
// time writes it: "31-janv.-2023" is "31-Jan-2023", "enero de 2023" is
// "Jan 2023". False when the text has no such name, or other words beside it.
func monthInEnglish(text string) (string, bool) {
	if len(text) < len("Jan06") || len(text) > longestMonth || !strings.ContainsAny(text, "0123456789") {
		return "", false
	}
	text = strings.ReplaceAll(foldMonth(text), " de ", " ")
	from := strings.IndexFunc(text, isLetter)
	if from < 0 {
		return "", false
	}
	end := from + len(text[from:]) - len(strings.TrimLeftFunc(text[from:], isLetter))
	name, ok := monthNames()[text[from:end]]
	rest := strings.TrimPrefix(text[end:], ".")
	return text[:from] + name + rest, ok
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' }

// foldMonth brings a text to lower case without the accents that names of
// months have, and spaces that do not break to plain ones.
func foldMonth(text string) string { return monthSigns().Replace(strings.ToLower(text)) }

//nolint:gochecknoglobals // made once; a file has many texts
var monthSigns = sync.OnceValue(func() *strings.Replacer {
	return strings.NewReplacer("é", "e", "û", "u", "ç", "c", "e\u0301", "e", "u\u0302", "u", "c\u0327", "c", "\u00a0", " ", "\u202f", " ")
})

// monthNames are the names of the months and their usual abbreviations, folded:
// in English, French, Spanish and Portuguese, after the everyday use of each
// (Unicode CLDR's wide and abbreviated names, and what offices' spreadsheets
// write). "jui" is not among them: it may be juin or juillet.
//
//nolint:gochecknoglobals // made once; a file has many texts
var monthNames = sync.OnceValue(func() map[string]string {
	out := make(map[string]string, 96)
	for month, names := range map[time.Month]string{
		time.January:   "jan january janv janvier ene enero janeiro",
		time.February:  "feb february fev fevr fevrier febrero fevereiro",
		time.March:     "mar march mars marzo marco",
		time.April:     "apr april avr avril abr abril",
		time.May:       "may mai mayo maio",
		time.June:      "jun june juin junio junho",
		time.July:      "jul july juil juillet julio julho",
		time.August:    "aug august aou aout ago agosto",
		time.September: "sep sept september septembre septiembre setiembre set setembro",
		time.October:   "oct october octobre octubre out outubro",
		time.November:  "nov november novembre noviembre novembro",
		time.December:  "dec december decembre dic diciembre dez dezembro", //nolint:misspell // four languages
	} {
		for name := range strings.FieldsSeq(names) {
			out[name] = month.String()[:len("Jan")]
		}
	}
	return out
})
