package main

import (
	"strconv"
	"strings"
	"time"

	"guichet"
)

// Signs of the two languages: English 1,234.5, French 1 234,5 with a narrow
// no-break space.
const (
	frenchGroup   = "\u202f"
	frenchDecimal = ","
)

// half rounds a positive float when it is cut to a whole number.
const half = 0.5

// number writes an exact decimal with thousands separators and at least so
// many digits after the sign. It drops none.
func number(d guichet.Decimal, lang string, decimals int) string {
	digits, negative := strings.CutPrefix(d.String(), "-")
	whole, frac, _ := strings.Cut(digits, ".")
	if len(frac) < decimals {
		frac += strings.Repeat("0", decimals-len(frac))
	}
	group, point := ",", "."
	if lang == "fr" {
		group, point = frenchGroup, frenchDecimal
	}
	var b strings.Builder
	if negative {
		b.WriteByte('-')
	}
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(group)
		}
		b.WriteRune(r)
	}
	if frac != "" {
		b.WriteString(point + frac)
	}
	return b.String()
}

// count writes a whole number with thousands separators.
func count(n int64, lang string) string { return number(guichet.DecimalOf(n), lang, 0) }

// decimalsOf returns how many digits a number has after the sign.
func decimalsOf(d guichet.Decimal) int {
	_, frac, _ := strings.Cut(d.String(), ".")
	return len(frac)
}

// percent writes part of whole in per cent with one digit, "" when the whole
// is nothing.
func percent(part, whole int64, lang string) string {
	if whole == 0 {
		return ""
	}
	tenths := (part*1000 + whole/2) / whole
	if tenths == 0 && part > 0 {
		return "< " + number(tenth(1), lang, 1) + " %"
	}
	return number(tenth(tenths), lang, 1) + " %"
}

// tenth returns n/10.
func tenth(n int64) guichet.Decimal {
	d, err := guichet.ParseDecimal(strconv.FormatInt(n/10, 10) + "." + strconv.FormatInt(n%10, 10))
	if err != nil {
		return guichet.Decimal{}
	}
	return d
}

// size writes a number of bytes in the unit that keeps it short.
func size(bytes int64, lang string) string {
	const step = 1024
	n, unit := bytes, "B"
	for _, u := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if n < step {
			break
		}
		n, unit = (n+step/2)/step, u
	}
	return count(n, lang) + " " + unit
}

// moment writes an instant in UTC, "" when there is none.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}
