package codes_test

import (
	"archive/zip"
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"guichet/codes"
)

// mapAll fails for every key that does not lead to an area.
func mapAll(t *testing.T, list string, keys map[string]bool, want int) {
	t.Helper()
	if len(keys) != want {
		t.Errorf("%s: %d distinct keys, expected %d", list, len(keys), want)
	}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if a, ok := codes.AreaIn(list, k); !ok || !a.Kind.Known() || a.Code == "" {
			t.Errorf("%s: %q leads to no area", list, k)
		}
	}
}

func column(rows []map[string]string, name string) map[string]bool {
	out := map[string]bool{}
	for _, r := range rows {
		out[r[name]] = true
	}
	return out
}

func TestStatsNZNamesAndUnitsAllMap(t *testing.T) {
	t.Parallel()
	names, units := map[string]bool{}, map[string]bool{}
	for _, f := range filesUnder(t, "flows/statsnz-exports-hs10") {
		rows := rowsOf(t, f)
		maps.Copy(names, column(rows, "country"))
		maps.Copy(units, column(rows, "uom"))
	}
	mapAll(t, "nz-names", names, 187)
	for u := range units {
		if _, ok := codes.UnitIn("nz", u); !ok && u != "" {
			t.Errorf("nz: unit %q is not known", u)
		}
	}
}

func TestStatCanCodesAllMap(t *testing.T) {
	t.Parallel()
	mapAll(t, "statcan", column(rowsOf(t, "flows/statcan-2024-2026/countries_monthly.csv"), "country"), 224)
	for _, k := range []string{"ZX", "ZZ", "NA"} {
		if _, ok := codes.AreaIn("statcan", k); !ok {
			t.Errorf("statcan: %q leads to no area", k)
		}
	}
}

func TestCensusCodesAndNamesAllMap(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(dataFile(t, "flows/us-census-imports-hts10/data/2024/countries.json").Name())
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]any
	if err := json.Unmarshal(b, &rows); err != nil {
		t.Fatal(err)
	}
	keys, names := map[string]bool{}, map[string]bool{}
	for _, r := range rows {
		code, name := r[0].(string), r[1].(string)
		keys[code], names[name] = true, true
		byCode, _ := codes.AreaIn("us-schedule-c", code)
		if byName, ok := codes.AreaIn("us-census-names", name); ok && byName != byCode {
			t.Errorf("%s is %s by code and %s by its name %q", code, byCode.Code, byName.Code, name)
		}
	}
	mapAll(t, "us-schedule-c", keys, 232)
	mapAll(t, "us-census-names", names, 232)
	mapAll(t, "us-schedule-c", column(rowsOf(t, "codes/us_census_schedule_c.csv"), "schedule_c"), 240)
	for _, y := range []string{"2018", "2019"} {
		rows := rowsOf(t, "flows/us-census-imports-hs6-seafood-monthly/hs6_imports_"+y+".csv.gz")
		seen := map[string]bool{}
		for _, r := range rows {
			if seen[r["CTY_CODE"]] {
				continue
			}
			seen[r["CTY_CODE"]] = true
			a, ok := codes.AreaIn("us-schedule-c", r["CTY_CODE"])
			if !ok || a.Kind.InTotal() == (r["SUMMARY_LVL"] == "CGP" || r["CTY_CODE"] == "-") {
				t.Errorf("%s %s: %+v", r["CTY_CODE"], r["CTY_NAME"], a)
			}
			if n, ok := codes.AreaIn("us-census-names", r["CTY_NAME"]); !ok || n != a {
				t.Errorf("%s is %s by code, %s by its name %q", r["CTY_CODE"], a.Code, n.Code, r["CTY_NAME"])
			}
		}
	}
}

// A line of SMKM46, by the record layout eu_import_middle.csv: dispatch in characters 13-15 and 17-18, origin in 22-24 and 26-27.
//
//	010110100|0|001|FR|0|000|  |000|000|0200902|...
func TestHMRCCodesAllMap(t *testing.T) {
	t.Parallel()
	z, err := zip.OpenReader(dataFile(t, "flows/hmrc-bulk-smkm46-2009-02/SMKM460902_rl_manual_fix.zip").Name())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = z.Close() }()
	in, err := z.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	alpha, seq := map[string]bool{}, map[string]bool{}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		l := lines.Text()
		if len(l) < 100 || strings.HasPrefix(l, "999999999|") {
			continue
		}
		alpha[l[16:18]], seq[l[12:15]] = true, true
		alpha[l[25:27]], seq[l[21:24]] = true, true
	}
	mapAll(t, "uk-hmrc", alpha, 33)
	mapAll(t, "uk-hmrc-seq", seq, 28)
	table := rowsOf(t, "codes/uk_hmrc_country_codes.csv")
	for _, r := range table {
		if _, ok := codes.AreaIn("uk-hmrc", r["alpha2"]); !ok {
			t.Errorf("uk-hmrc: %q leads to no area", r["alpha2"])
		}
		if _, ok := codes.AreaIn("uk-hmrc-seq", r["country_code_numeric"]); !ok && r["country_code_numeric"] != "" {
			t.Errorf("uk-hmrc-seq: %q leads to no area", r["country_code_numeric"])
		}
	}
}

func TestComtradeCodesAndUnitsAllMap(t *testing.T) {
	t.Parallel()
	areas, units := map[string]bool{}, map[string]bool{}
	for _, folder := range []string{"flows/comtrade-formats", "flows/comtrade-b5-imports-hs6-2018-2024", "flows/mirror-us-exports-vs-partner-imports-hs6"} {
		for _, f := range filesUnder(t, folder) {
			for _, r := range rowsOf(t, f) {
				for _, c := range []string{"reporterCode", "partnerCode", "partner2Code", "Reporter Code", "Partner Code"} {
					if v, ok := r[c]; ok {
						areas[v] = true
					}
				}
				for _, c := range []string{"qtyUnitCode", "qtyUnitAbbr", "altQtyUnitCode", "altQtyUnitAbbr", "Qty Unit Code", "Qty Unit", "Quantity Unit Code"} {
					if v, ok := r[c]; ok {
						units[v] = true
					}
				}
			}
		}
	}
	maps.Copy(areas, column(rowsOf(t, "codes/comtrade_areas.csv"), "comtrade_code"))
	mapAll(t, "comtrade", areas, len(areas))
	for _, r := range rowsOf(t, "codes/comtrade_qty_units.csv") {
		units[r["qty_code"]], units[r["abbr"]] = true, true
	}
	for u := range units {
		if _, ok := codes.UnitIn("comtrade", u); !ok {
			t.Errorf("comtrade: unit %q is not known", u)
		}
	}
}

func TestOtherListsAllMap(t *testing.T) {
	t.Parallel()
	mapAll(t, "indonesia-names", column(rowsOf(t, "flows/indonesia-covid-goods-hs8/Book1.csv"), "Negara Tujuan Ekspor"), 205)
	mapAll(t, "au-abs", column(rowsOf(t, "codes/au_country_codes.csv"), "code"), 250)
	iso := rowsOf(t, "codes/iso_countries.csv")
	mapAll(t, "iso2", column(iso, "alpha2"), 249)
	mapAll(t, "iso3", column(iso, "alpha3"), 249)
	mapAll(t, "m49", column(iso, "iso_numeric"), 249)
	mapAll(t, "nz-names", column(iso, "m49_name_en"), 249)
	mapAll(t, "nz-names", column(iso, "cldr_name"), 249)
	for _, r := range rowsOf(t, "codes/au_quantity_units.csv") {
		if _, ok := codes.UnitIn("au", r["code"]); !ok {
			t.Errorf("au: unit %q is not known", r["code"])
		}
	}
	for _, r := range rowsOf(t, "codes/unece_rec20_rev17.csv") {
		if u, ok := codes.UnitIn("rec20", r["code"]); !ok || u.Code != r["code"] {
			t.Errorf("rec20: unit %q is not known", r["code"])
		}
	}
	for _, r := range rowsOf(t, "codes/iso4217_currencies.csv") {
		if c := r["alpha_code"]; c != "" && !codes.CurrencyKnown(c) {
			t.Errorf("currency %s is not known", c)
		}
	}
}
