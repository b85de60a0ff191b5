package codes

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"time"
)

// Rate is the mean of a month: so many units of the currency for one US dollar.
type Rate struct {
	Currency string // ISO 4217, "GBP"
	Month    string // "2024-01"
	// UnitsPerUSD is the exact decimal text as published, "0.8052"; of a currency
	// with a fixed parity it is made from its anchor's, to six decimals at most.
	UnitsPerUSD string
	// Micro is the same exactly, in millionths: 805200.
	Micro int64
}

// RateOf finds the rate of a month. The US dollar is 1 in every month. XCD, XAF
// and XOF have no published mean here: theirs is the fixed parity times the
// anchor's mean (2.70 to the dollar, Eastern Caribbean Central Bank; 655.957 to
// the euro, Council Decision 98/683/EC), rounded half up to six decimals, in the
// months of the table.
func RateOf(currency, month string) (Rate, bool) {
	if currency == "USD" {
		_, err := time.Parse("2006-01", month)
		return Rate{currency, month, "1", microPerUnit}, err == nil
	}
	r, ok := rates().at[[2]string{currency, month}]
	return r, ok
}

// Rates returns every published rate, by currency and month; the US dollar and
// what is derived by a parity are not among them.
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

// parseRates reads the first month, then one line per currency, then fixed
// parities, so many units for one of the anchor:
//
//	2000-01
//	AUD|1.5244|1.5929|...
//	=XOF|655.957|EUR
func parseRates(text string) (*rateTable, error) {
	start, rest, _ := strings.Cut(text, "\n")
	first, err := time.Parse("2006-01", start)
	if err != nil {
		return nil, fmt.Errorf("the first month: %w", err)
	}
	t := &rateTable{at: map[[2]string]Rate{}}
	for line := range strings.Lines(rest) {
		p := strings.Split(strings.TrimSuffix(line, "\n"), "|")
		if currency, ok := strings.CutPrefix(p[0], "="); ok {
			if err := t.peg(currency, p[1:], first); err != nil {
				return nil, fmt.Errorf("the parity of %s: %w", currency, err)
			}
			continue
		}
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

// peg derives the rates of a currency, for the months that its anchor, or for
// the dollar any currency, has a rate.
func (t *rateTable) peg(currency string, p []string, first time.Time) error {
	if len(p) != 2 || len(t.all) == 0 {
		return errors.New("want a parity and its anchor, behind the rates")
	}
	parity, err := parseMicro(p[0])
	if err != nil {
		return err
	}
	for at := first; ; at = at.AddDate(0, 1, 0) {
		month := at.Format("2006-01")
		anchor := Rate{Micro: microPerUnit}
		if p[1] != "USD" {
			anchor = t.at[[2]string{p[1], month}]
		} else if _, ok := t.at[[2]string{t.all[0].Currency, month}]; !ok {
			anchor = Rate{}
		}
		if anchor.Micro == 0 {
			break
		}
		// Both are below 10^15 by parseMicro; their product needs more than 64 bits.
		micro := new(big.Int).Mul(big.NewInt(parity), big.NewInt(anchor.Micro))
		micro.Div(micro.Add(micro, big.NewInt(microPerUnit/2)), big.NewInt(microPerUnit))
		if !micro.IsInt64() || micro.Sign() == 0 {
			return fmt.Errorf("out of range in %s", month)
		}
		t.at[[2]string{currency, month}] = Rate{currency, month, microText(micro.Int64()), micro.Int64()}
	}
	if _, ok := t.at[[2]string{currency, first.Format("2006-01")}]; !ok {
		return fmt.Errorf("no rate of its anchor %q", p[1])
	}
	return nil
}

// microText writes millionths as a decimal without zeros at its end: 2700000 is "2.7".
func microText(micro int64) string {
	text := fmt.Sprintf("%d.%06d", micro/microPerUnit, micro%microPerUnit)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
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
