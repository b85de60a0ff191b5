package main

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
)

// makeRates writes one line per currency: the units per USD of every month from the first, as published.
// Fixed parities follow, "=XOF|655.957|EUR".
// The unit is told by the file: two known months are checked (2020-04: GBP 0.8052, EUR 0.9199 per USD).
func makeRates(r *reader) ([]*fact, error) {
	rows, err := r.table("fx_monthly_usd_2000_2026.csv", 6996, "month", "currency", "units_per_usd")
	if err != nil {
		return nil, err
	}
	decimal := regexp.MustCompile(`^\d{1,6}(\.\d{1,6})?$`)
	rate := map[string]map[string]string{}
	months := map[string]bool{}
	for _, x := range rows {
		c, m, v := x["currency"], x["month"], x["units_per_usd"]
		if rate[c] == nil {
			rate[c] = map[string]string{}
		}
		if rate[c][m] != "" || !decimal.MatchString(v) || len(c) != 3 {
			return nil, fmt.Errorf("rates: %v is malformed or there twice", x)
		}
		rate[c][m], months[m] = v, true
	}
	if rate["GBP"]["2020-04"] != "0.8052" || rate["EUR"]["2020-04"] != "0.9199" {
		return nil, fmt.Errorf("rates: not in units per USD any more")
	}
	order, names := keysOf(months), keysOf(rate)
	f := &fact{name: "rates", date: order[0] + ".." + order[len(order)-1], source: "Federal Reserve G.5 monthly averages, through FRED and datasets/exchange-rates; XCD by its parity with USD (Eastern Caribbean Central Bank), XAF and XOF by theirs with EUR (Council Decision 98/683/EC)", rows: len(rows)}
	fmt.Fprintln(&f.body, order[0])
	for _, c := range names {
		line := []string{c}
		for _, m := range order {
			if rate[c][m] == "" {
				return nil, fmt.Errorf("rates: %s lacks %s", c, m)
			}
			line = append(line, rate[c][m])
		}
		fmt.Fprintln(&f.body, strings.Join(line, "|"))
	}
	pegs, err := readPegs(order[0])
	if err != nil {
		return nil, err
	}
	for _, p := range pegs {
		if rate[p[0]] != nil || p[2] != "USD" && rate[p[2]] == nil || !decimal.MatchString(p[1]) {
			return nil, fmt.Errorf("hand/pegs.txt: %v: published already, of an anchor without rates, or no decimal", p)
		}
		fmt.Fprintln(&f.body, "="+strings.Join(p[:3], "|"))
	}
	return []*fact{f}, nil
}

// readPegs reads the parities written by hand; each must have been in force before the first month of the rates.
func readPegs(first string) ([][]string, error) {
	lines, err := handLines("pegs.txt")
	if err != nil {
		return nil, err
	}
	var out [][]string
	for _, l := range lines {
		p := strings.Split(l, "|")
		if len(p) != 5 || p[3] >= first || p[4] == "" {
			return nil, fmt.Errorf("hand/pegs.txt: %q", l)
		}
		out = append(out, p)
	}
	return out, nil
}

// makeCurrencies keeps the alphabetic codes of ISO 4217, withdrawn ones with their date.
func makeCurrencies(r *reader) ([]*fact, error) {
	rows, err := r.table("iso4217_currencies.csv", 449, "alpha_code", "numeric_code", "minor_unit", "withdrawal_date")
	if err != nil {
		return nil, err
	}
	line := map[string]string{}
	for _, x := range rows {
		c := x["alpha_code"]
		if c == "" { // Antarctica, Palestine, South Georgia: no universal currency
			continue
		}
		if len(c) != 3 {
			return nil, fmt.Errorf("currencies: code %q", c)
		}
		if old, ok := line[c]; !ok || !strings.HasSuffix(old, "|") && x["withdrawal_date"] == "" {
			line[c] = c + "|" + x["withdrawal_date"]
		}
	}
	f := &fact{name: "currencies", date: "2026-02", source: "ISO 4217 through datasets/currency-codes", rows: len(line)}
	for _, c := range keysOf(line) {
		fmt.Fprintln(&f.body, line[c])
	}
	return []*fact{f}, nil
}

func keysOf[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
