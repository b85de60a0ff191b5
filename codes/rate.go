package codes

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Rate is the mean of a month: so many units of the currency for one US dollar.
type Rate struct {
	Currency string // ISO 4217, "GBP"
	Month    string // "2024-01"
	// UnitsPerUSD is the exact decimal text as published, "0.8052".
	UnitsPerUSD string
	// Micro is the same exactly, in millionths: 805200.
	Micro int64
}

// RateOf finds the rate of a month. The US dollar is 1 in every month.
func RateOf(currency, month string) (Rate, bool) {
	if currency == "USD" {
		_, err := time.Parse("2006-01", month)
		return Rate{currency, month, "1", microPerUnit}, err == nil
	}
	r, ok := rates().at[[2]string{currency, month}]
	return r, ok
}

// Rates returns every rate, by currency and month; the US dollar is not among them.
func Rates() []Rate { return append([]Rate(nil), rates().all...) }

// RatesVersion names the rates held: "rates-" and twelve hex digits.
func RatesVersion() string { return "rates-" + sourceOf("rates").Digest[:12] }

// RatesSource says who published the rates, and for which months.
func RatesSource() string {
	s := sourceOf("rates")
	return s.From + ", " + s.Date
}

func sourceOf(name string) Source {
	for _, s := range sources() {
		if s.Name == name {
			return s
		}
	}
	panic("codes: no facts named " + name)
}

const microPerUnit = 1_000_000

type rateTable struct {
	all []Rate
	at  map[[2]string]Rate
}

//nolint:gochecknoglobals // decoded once, never changed
var rates = sync.OnceValue(func() *rateTable { return must(parseRates(body(textOf("rates")))) })

// parseRates reads the first month, then one line per currency:
//
//	2000-01
//	AUD|1.5244|1.5929|...
func parseRates(text string) (*rateTable, error) {
	start, rest, _ := strings.Cut(text, "\n")
	first, err := time.Parse("2006-01", start)
	if err != nil {
		return nil, fmt.Errorf("the first month: %w", err)
	}
	t := &rateTable{at: map[[2]string]Rate{}}
	for line := range strings.Lines(rest) {
		p := strings.Split(strings.TrimSuffix(line, "\n"), "|")
		for i, text := range p[1:] {
			micro, err := parseMicro(text)
			if err != nil {
				return nil, fmt.Errorf("%s, month %d: %w", p[0], i+1, err)
			}
			r := Rate{p[0], first.AddDate(0, i, 0).Format("2006-01"), text, micro}
			t.all = append(t.all, r)
			t.at[[2]string{r.Currency, r.Month}] = r
		}
	}
	return t, nil
}

// parseMicro reads a positive decimal of at most six places exactly: "1529.4619" is 1529461900.
func parseMicro(text string) (int64, error) {
	whole, part, _ := strings.Cut(text, ".")
	if whole == "" || len(whole) > 9 || len(part) > 6 {
		return 0, fmt.Errorf("%q is no rate", text)
	}
	micro := int64(0)
	for _, c := range []byte(whole + (part + "000000")[:6]) {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("%q is no rate", text)
		}
		micro = micro*10 + int64(c-'0')
	}
	if micro == 0 {
		return 0, errors.New("a rate of nothing")
	}
	return micro, nil
}
