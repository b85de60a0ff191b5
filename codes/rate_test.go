package codes_test

import (
	"strings"
	"testing"

	"guichet/codes"
)

func TestRates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		currency, month, text string
		micro                 int64
	}{
		{"GBP", "2020-04", "0.8052", 805200},
		{"EUR", "2020-04", "0.9199", 919900},
		{"AUD", "2000-01", "1.5244", 1524400},
		{"XCD", "2020-04", "2.7", 2700000},
		{"XCD", "2000-01", "2.7", 2700000},
		{"XOF", "2020-04", "603.414844", 603414844}, // 655.957 x 0.9199 = 603.4148443
		{"XAF", "2020-04", "603.414844", 603414844},
		{"USD", "2020-04", "1", 1000000},
		{"USD", "1950-01", "1", 1000000},
	} {
		r, ok := codes.RateOf(c.currency, c.month)
		if !ok || r.UnitsPerUSD != c.text || r.Micro != c.micro || r.Currency != c.currency || r.Month != c.month {
			t.Errorf("%s %s: %+v, %v", c.currency, c.month, r, ok)
		}
	}
	for _, c := range [][2]string{{"GBP", "1999-12"}, {"GBP", "2026-07"}, {"XCD", "2026-07"}, {"XCD", "1999-12"}, {"XOF", "2026-07"}, {"XXX", "2020-04"}, {"USD", "never"}, {"", ""}} {
		if r, ok := codes.RateOf(c[0], c[1]); ok {
			t.Errorf("%v should have no rate, got %+v", c, r)
		}
	}
	for _, r := range codes.Rates() {
		if !codes.CurrencyKnown(r.Currency) {
			t.Errorf("%s is not a currency", r.Currency)
		}
	}
	if v := codes.RatesVersion(); len(v) != 18 || !strings.HasPrefix(v, "rates-") || !strings.Contains(codes.RatesSource(), "Federal Reserve") {
		t.Errorf("version %q, source %q", v, codes.RatesSource())
	}
}

func TestRatesAreThePublishedOnes(t *testing.T) {
	t.Parallel()
	rows := rowsOf(t, "codes/fx_monthly_usd_2000_2026.csv")
	if len(rows) != len(codes.Rates()) {
		t.Errorf("%d rates published, %d held", len(rows), len(codes.Rates()))
	}
	for _, r := range rows {
		if got, ok := codes.RateOf(r["currency"], r["month"]); !ok || got.UnitsPerUSD != r["units_per_usd"] {
			t.Errorf("%s %s: %s published, %+v held", r["currency"], r["month"], r["units_per_usd"], got)
		}
	}
}

func TestCurrencies(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bool{"NZD": true, "DEM": true, "USD": true, "": false, "nzd": false, "ABC": false} {
		if codes.CurrencyKnown(code) != want {
			t.Errorf("currency %q known: %v", code, !want)
		}
	}
	if codes.CurrencyWithdrawn("DEM") == "" || codes.CurrencyWithdrawn("NZD") != "" {
		t.Errorf("withdrawn: DEM %q, NZD %q", codes.CurrencyWithdrawn("DEM"), codes.CurrencyWithdrawn("NZD"))
	}
}

func FuzzParseMicro(f *testing.F) {
	for _, s := range []string{"0.8052", "1", ".", "1529.4619", "0.0000001", "-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := codes.ParseMicro(s); (err == nil) != (n > 0) {
			t.Errorf("ParseMicro(%q) = %d, %v", s, n, err)
		}
	})
}
