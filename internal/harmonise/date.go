package harmonise

import (
	"time"

	"guichet"
	"guichet/trade"
)

// reach is how many years after today a date may lie: a release may be foreseen,
// a year beyond it is a slip of the pen.
const reach = 2

// date reads a day that is no period of a figure: when a declaration was lodged,
// accepted, released. Days are the reporter's calendar days, without a time.
//
// Column: the day as the office writes it.
//
// Field: one, which gets the day, 2024-01-31.
//
// Params:
//
//	format    how it is written, those of the rule period that write a day; required
//	required  "true": rows without a readable day are put aside. Otherwise an
//	          empty text is an absent date, and one that cannot be read is absent
//	          too, with a remark: the figure is not in doubt because of it
//	now       today, 2026-11-21: a day more than two years later cannot be meant
//
// Days before 1900 cannot be read.
type date struct {
	formats  []guichet.PeriodWay
	required bool
	last     time.Time // zero: any
}

func newDate(g guichet.KeyGroup) (rule, error) {
	if err := checkColumns(g, 1); err != nil {
		return nil, err
	}
	if err := checkParams(g, "format", "required", "now"); err != nil {
		return nil, err
	}
	if len(g.Fields) != 1 {
		return nil, fault(g, "it fills %d fields; the rule date fills one", len(g.Fields))
	}
	d := &date{required: g.Params["required"] == "true"}
	if r := g.Params["required"]; r != "" && r != "true" && r != "false" {
		return nil, fault(g, "required is %q", r).WithHint("give true or false")
	}
	var err error
	if d.formats, err = formatsOf(g, "format"); err != nil {
		return nil, err
	}
	for _, f := range d.formats {
		if f.Freq() != guichet.Daily {
			return nil, fault(g, "format %q does not write days alone", g.Params["format"]).WithHint("give a format with a day, such as 2006-01-02")
		}
	}
	if now := g.Params["now"]; now != "" {
		today, err := time.Parse(time.DateOnly, now)
		if err != nil {
			return nil, fault(g, "now %q is no day", now).WithHint("write it 2026-11-21")
		}
		d.last = today.AddDate(reach, 0, 0)
	}
	return d, nil
}

func (d *date) verdict(key []string) guichet.Verdict {
	text := at(key, 0)
	if text == "" {
		if d.required {
			return reject(trade.RejectNoDate)
		}
		return guichet.Verdict{Values: []string{""}}
	}
	found, ok := readPeriod(d.formats, text)
	switch {
	case ok && (d.last.IsZero() || !found.Start.After(d.last)):
		return guichet.Verdict{Values: []string{found.Start.Format(time.DateOnly)}}
	case d.required:
		return reject(trade.RejectNotADate)
	}
	return guichet.Verdict{Values: []string{""}, Remarks: []string{trade.RemarkDateUnreadable}}
}
