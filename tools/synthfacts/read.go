package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// source is the folder of real files, with the goods that are looked for.
type source struct {
	codes, flows string
	goods        map[string]bool // six digits, HS2017 and HS2022
}

// rows reads a CSV and hands each line over by the names of its columns.
func rows(path string, row func(func(string) string) error) error {
	raw, err := os.ReadFile(path) //nolint:gosec // the operator names the folder
	if err != nil {
		return err
	}
	if strings.HasSuffix(path, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if raw, err = io.ReadAll(z); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	all, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\ufeff")))).ReadAll()
	if err != nil || len(all) == 0 {
		return fmt.Errorf("%s: %d lines: %w", path, len(all), err)
	}
	for i, line := range all[1:] {
		get := func(name string) string {
			if at := slices.Index(all[0], name); at >= 0 {
				return line[at]
			}
			return "\x00" // no number and no code: the caller's check stops at it
		}
		if err := row(get); err != nil {
			return fmt.Errorf("%s, line %d: %w", path, i+2, err)
		}
	}
	return nil
}

// readList takes the six-digit codes of the COVID-19 list in both editions.
func (s *source) readList() error {
	s.goods = map[string]bool{}
	err := rows(filepath.Join(s.codes, "covid_wco_who_ed3_2020.csv"), func(get func(string) string) error {
		if get("digits") != "6" {
			return nil
		}
		s.goods[get("hs2017_code")] = true
		for code := range strings.SplitSeq(get("hs2022_main"), "|") {
			s.goods[code] = true
		}
		return nil
	})
	delete(s.goods, "")
	if err == nil && len(s.goods) < 72 {
		return fmt.Errorf("the COVID-19 list has %d codes, want at least 72", len(s.goods))
	}
	return err
}

// add sums a whole number under a key, for goods of the list alone.
func (s *source) add(t table, code, key, number string) error {
	if len(code) < 6 || !s.goods[code[:6]] {
		return nil
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return err
	}
	if n > 0 {
		t.sums[key+code[:6]] += n
	}
	return nil
}

func (s *source) usImports() (table, error) {
	t := table{"us-imports", "US Census Bureau, general imports of 2024, customs value, US dollars, by country and HS6 of HS2022 (public domain)", map[string]int64{}}
	from := map[string]string{"1220": "CA|", "4120": "GB|", "6021": "AU|", "6141": "NZ|"}
	err := rows(filepath.Join(s.flows, "us-census-imports-hts10", "derived_b5_covid_2024.csv"), func(get func(string) string) error {
		if get("YEAR") != "2024" {
			return fmt.Errorf("year %q", get("YEAR"))
		}
		key, ok := from[get("COUNTRY_CODE")]
		if !ok {
			return nil
		}
		return s.add(t, get("HTSUS10"), key, get("GENERAL_IMPORTS_USD"))
	})
	return t, err
}

func (s *source) usExports() (table, error) {
	t := table{"us-exports", "US Census Bureau, exports to Ireland and Switzerland 2019 to 2021, FAS, US dollars, by HS6 of HS2017 (public domain)", map[string]int64{}}
	for _, country := range []string{"4190", "4419"} {
		path := filepath.Join(s.flows, "us-census-exports-hs10-monthly", "derived-covid-csv", country+"-covid-hs10-monthly.csv.gz")
		err := rows(path, func(get func(string) string) error {
			if year, _, _ := strings.Cut(get("time"), "-"); year < "2019" || year > "2021" || get("COMM_LVL") != "HS10" {
				return nil
			}
			return s.add(t, get("E_COMMODITY"), "", get("ALL_VAL_MO"))
		})
		if err != nil {
			return t, err
		}
	}
	return t, nil
}

func (s *source) nzExports() (table, error) {
	t := table{"nz-exports", "Stats NZ, exports of 2025-01, domestic and re-exports, FOB, NZ dollars, by country and HS6 of HS2022 (CC BY 4.0)", map[string]int64{}}
	to := map[string]string{"Australia": "AU|", "Canada": "CA|", "United Kingdom": "GB|", "United States of America": "US|"}
	seen := map[string]bool{}
	err := rows(filepath.Join(s.flows, "statsnz-exports-hs10", "Jan_2025_Exports_HS10_by_Country.csv"), func(get func(string) string) error {
		key, ok := to[get("country")]
		if !ok {
			return nil
		}
		seen[key] = true
		return s.add(t, get("hs"), key, get("total_export_FOB"))
	})
	if err == nil && len(seen) != len(to) {
		return t, fmt.Errorf("exports of NZ: %d of %d partners are there", len(seen), len(to))
	}
	return t, err
}

func (s *source) pairs() (table, error) {
	t := table{"pairs", "IMF Direction of Trade Statistics, exports FOB of all goods in 2016, millions of US dollars, by exporter and importer", map[string]int64{}}
	area := map[string]string{"111": "US", "112": "GB", "156": "CA", "193": "AU", "196": "NZ"}
	err := rows(filepath.Join(s.flows, "mirror-imf-dots-gfi", "dots_pairs_2015_2016.csv.gz"), func(get func(string) string) error {
		importer, exporter := area[get("ctycode_m")], area[get("ctycode_x")]
		if get("year_x") != "2016" || importer == "" || exporter == "" {
			return nil
		}
		usd, err := strconv.ParseInt(get("value_x"), 10, 64)
		t.sums[exporter+"|"+importer] = (usd + 500_000) / 1_000_000 // a pair that stands twice says the same of X
		return err
	})
	if err == nil && len(t.sums) != 20 {
		return t, fmt.Errorf("pairs: %d of 20", len(t.sums))
	}
	return t, err
}

// enough is the mass from which the price of exports to the US alone is taken: below it a few parcels decide.
const enough = 100_000

// prices are dollars over kilograms: of exports to the US where there are enough, else of all.
func (s *source) prices() (table, error) {
	t := table{"prices", "BPS Indonesia, exports of 2019, US cents per kilogram, HS6 of HS2017: to the US where they weigh 100 tonnes or more, else to all", map[string]int64{}}
	type sum struct{ usd, kg big.Rat }
	all, us := map[string]*sum{}, map[string]*sum{}
	err := rows(filepath.Join(s.flows, "indonesia-covid-goods-hs8", "Book1.csv"), func(get func(string) string) error {
		code := get("Kode HS")
		usd, ok1 := new(big.Rat).SetString(get("Nilai (USD)"))
		kg, ok2 := new(big.Rat).SetString(get("Berat (Kg)"))
		if len(code) < 6 || !ok1 || !ok2 {
			return fmt.Errorf("code %q, or its figures", code)
		}
		sums := []map[string]*sum{all}
		if get("Negara Tujuan Ekspor") == "Amerika Serikat" {
			sums = append(sums, us)
		}
		for _, m := range sums {
			if m[code[:6]] == nil {
				m[code[:6]] = &sum{}
			}
			m[code[:6]].usd.Add(&m[code[:6]].usd, usd)
			m[code[:6]].kg.Add(&m[code[:6]].kg, kg)
		}
		return nil
	})
	for code, x := range all {
		if u := us[code]; u != nil && u.kg.Cmp(big.NewRat(enough, 1)) >= 0 {
			x = u
		}
		if !s.goods[code] || x.kg.Sign() == 0 {
			continue
		}
		cents, _ := new(big.Rat).Mul(new(big.Rat).Quo(&x.usd, &x.kg), big.NewRat(100, 1)).Float64()
		t.sums[code] = int64(cents + 0.5)
	}
	return t, err
}
