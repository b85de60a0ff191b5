package trade_test

import (
	"strings"
	"testing"

	"guichet"
	"guichet/trade"
)

func period(t *testing.T, s string) guichet.Period {
	t.Helper()
	p, err := guichet.ParsePeriod(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ currency, period, want string }{
		{"GBP", "2020-04", "0.8052"},
		{"EUR", "2020-04", "0.9199"},
		{"GBP", "2020-04-17", "0.8052"},
		{"USD", "2024", "1"},
		{"USD", "2024-05", "1"},
		{"AUD", "2000-Q1", "1.5861"},      // (1.5244 + 1.5929 + 1.641) / 3
		{"AUD", "2000-Q2", "1.695933333"}, // (1.6779 + 1.7289 + 1.681) / 3, rounded
		{"GBP", "1999-12", ""},
		{"GBP", "1999", ""},
		{"GBP", "2026", ""}, // not all of its months are known
		{"XXX", "2024-01", ""},
	} {
		got, ok := trade.Rate(c.currency, period(t, c.period))
		if ok != (c.want != "") || ok && got.String() != c.want {
			t.Errorf("%s of %s is %s (%v), want %q", c.currency, c.period, got, ok, c.want)
		}
	}
	if _, ok := trade.Rate("USD", guichet.Period{}); ok {
		t.Error("a rate of no period")
	}
}

// TestYearIsTheMeanOfItsMonths holds the mean, to nine decimals.
func TestYearIsTheMeanOfItsMonths(t *testing.T) {
	t.Parallel()
	for _, currency := range []string{"CAD", "GBP", "NZD", "AUD", "JPY"} {
		sum := guichet.Decimal{}
		months := guichet.Span{From: period(t, "2024"), To: period(t, "2024")}.Months()
		for _, m := range months {
			r, ok := trade.Rate(currency, guichet.Period{Freq: guichet.Monthly, Start: m})
			if !ok {
				t.Fatalf("%s has no rate in %s", currency, m)
			}
			sum = sum.Add(r)
		}
		year, ok := trade.Rate(currency, period(t, "2024"))
		off := year.Float64()*12 - sum.Float64()
		if !ok || off > 1e-7 || off < -1e-7 {
			t.Errorf("%s: %s a year, %s in twelve months", currency, year, sum)
		}
	}
	if v := trade.RatesVersion(); !strings.HasPrefix(v, "rates-") {
		t.Errorf("version %q", v)
	}
}
