package ingest_test

import (
	"strings"
	"testing"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/ingest"
)

// Files in the published layouts of the US Census Bureau and of HM Revenue &
// Customs, made by guichettest from docs/design/national-files.md and not from
// the profiles: a wrong position shows. Every figure is generated.

type cells = guichettest.Cells

// laptops and shirts of two countries: one line with every mode of transport,
// one that only left a warehouse, one with units in dozens and kilograms, and
// one of a cell that was active earlier in the year.
func censusImports(period string) guichettest.Census {
	return guichettest.Census{
		Period: period,
		Units:  map[string][2]string{"6109100004": {"DOZ", "KG"}, "8471300100": {"NO", ""}},
		Lines: []cells{
			{
				"commodity": "8471300100", "cty_code": "5700", "cty_subco": "00", "dist_entry": "39", "dist_unlad": "20", "rate_prov": "61",
				"cards_mo": "3", "con_qy1_mo": "8", "con_val_mo": "4000", "dut_val_mo": "3900", "cal_dut_mo": "250", "con_cha_mo": "240", "con_cif_mo": "4240",
				"gen_qy1_mo": "10", "gen_val_mo": "5000", "gen_cha_mo": "300", "gen_cif_mo": "5300",
				"air_val_mo": "1000", "air_wgt_mo": "11", "air_cha_mo": "100", "ves_val_mo": "3500", "ves_wgt_mo": "71", "ves_cha_mo": "150", "cnt_val_mo": "3400", "cnt_wgt_mo": "70", "cnt_cha_mo": "145",
			},
			{
				"commodity": "8471300100", "cty_code": "5700", "cty_subco": "A", "dist_entry": "27", "dist_unlad": "27", "rate_prov": "18",
				"con_qy1_mo": "2", "con_val_mo": "700", "con_cha_mo": "30", "con_cif_mo": "730",
			},
			{
				"commodity": "6109100004", "cty_code": "1220", "dist_entry": "07", "dist_unlad": "07", "rate_prov": "10",
				"con_qy1_mo": "20", "con_qy2_mo": "36", "con_val_mo": "900", "con_cif_mo": "900", "gen_qy1_mo": "20", "gen_qy2_mo": "36", "gen_val_mo": "900", "gen_cif_mo": "900",
			},
			{"commodity": "8471300100", "cty_code": "1220", "dist_entry": "07", "dist_unlad": "07", "rate_prov": "10"},
		},
	}
}

// censusExports is domestic and foreign goods of one number.
func censusExports(period string) guichettest.Census {
	return guichettest.Census{
		Exports: true, Period: period,
		Units: map[string][2]string{"0901110000": {"KG", ""}},
		Lines: []cells{
			{"df": "1", "commodity": "8471300100", "cty_code": "1220", "district": "38", "qty_1_mo": "3", "all_val_mo": "6000", "air_val_mo": "500", "air_wgt_mo": "5", "ves_val_mo": "0", "cnt_val_mo": "0"},
			{"df": "2", "commodity": "8471300100", "cty_code": "1220", "district": "38", "qty_1_mo": "1", "all_val_mo": "1500", "air_val_mo": "1500", "air_wgt_mo": "2"},
			{"df": "2", "commodity": "0901110000", "cty_code": "4280", "district": "53", "qty_1_mo": "800", "all_val_mo": "4100", "ves_val_mo": "4100", "ves_wgt_mo": "900", "cnt_val_mo": "4000", "cnt_wgt_mo": "880"},
			{"df": "1", "commodity": "0901110000", "cty_code": "4280", "district": "53"},
		},
	}
}

func hmrcImports(year, month int) guichettest.HMRCNonEU {
	return guichettest.HMRCNonEU{Year: year, Month: month, Lines: []cells{
		{
			"comcode": "847130000", "sitc": "75220", "cod_seq": "720", "cod_alpha": "CN", "coo_seq": "732", "coo_alpha": "JP", "port_seq": "204", "port_alpha": "FXT", "flag_seq": "008", "flag_alpha": "DK",
			"coo_imp_seq": "736", "coo_imp_alpha": "TW", "container": "001", "mode": "010", "inland_mot": "30", "golo_seq": "111", "golo_alpha": "BHM", "procedure": "333", "value": "17640", "quantity_1": "500", "quantity_2": "41",
		},
		{"comcode": "847130000", "cod_alpha": "CN", "coo_alpha": "CN", "trade_ind": "4", "mode": "040", "port_alpha": "LHR", "value": "1000", "quantity_1": "30", "quantity_2": "3"},
		{"comcode": "847130000", "cod_alpha": "CN", "coo_alpha": "CN", "trade_ind": "5", "value": "2000", "quantity_1": "60", "quantity_2": "6"},
		{"comcode": "610910000", "cod_alpha": "US", "coo_alpha": "US", "cb_code": "010", "mode": "040", "value": "300", "quantity_1": "7", "quantity_2": "90"},
		{"comcode": "990847100", "record_type": "003", "cod_alpha": "US", "coo_alpha": "US", "mode": "040", "value": "70", "quantity_1": "1"},
		{"comcode": "710812000", "suite": "008", "cod_alpha": "CH", "coo_alpha": "CH", "mode": "040", "value": "50000", "quantity_1": "1"},
		{"comcode": "847130000", "cod_alpha": "CN", "coo_alpha": "CN", "account": "01/2019", "mode": "010", "port_alpha": "FXT", "value": "-640", "quantity_1": "-20", "quantity_2": "-2"},
	}}
}

func hmrcExports(year, month int) guichettest.HMRCNonEU {
	return guichettest.HMRCNonEU{Exports: true, Year: year, Month: month, Lines: []cells{
		{
			"comcode": "010121000", "sitc": "00150", "cod_seq": "028", "cod_alpha": "NO", "port_seq": "204", "port_alpha": "IMM", "flag_seq": "008", "flag_alpha": "DK", "container": "000", "mode": "010", "inland_mot": "30",
			"procedure": "001", "value": "17640", "quantity_1": "500", "quantity_2": "1", "plant": "980000000000000",
		},
		{"comcode": "010121000", "cod_alpha": "NO", "trade_ind": "1", "mode": "030", "procedure": "004", "port_alpha": "ZLC", "value": "1795", "quantity_1": "500", "quantity_2": "1"},
		{"comcode": "990847100", "record_type": "003", "cod_alpha": "US", "mode": "040", "procedure": "001", "value": "9", "quantity_1": "1"},
		{"comcode": "010121000", "cod_alpha": "NO", "account": "01/2019", "mode": "010", "procedure": "001", "value": "-40", "quantity_1": "-5"},
	}}
}

// sumsBy adds up a measure of the records of a layout by what tells them apart.
func sumsBy(tb testing.TB, l guichet.Layout, measure string, by ...string) map[string]string {
	tb.Helper()
	out := map[string]guichet.Decimal{}
	lines(tb, l, func(get func(string) string) {
		for _, r := range l.Records {
			if !applies(r, get) || r.Measures[measure].Column == "" {
				continue
			}
			text := get(r.Measures[measure].Column)
			if text == "" {
				continue
			}
			v := guichettest.Figure(tb, text)
			var key []string
			for _, f := range by {
				word := r.Constants[f]
				if word == "" && r.Texts[f] != "" {
					word = get(r.Texts[f])
				}
				key = append(key, word)
			}
			name := strings.Join(key, " ")
			out[name] = out[name].Add(v)
		}
	})
	words := map[string]string{}
	for k, v := range out {
		words[k] = v.String()
	}
	return words
}

func applies(r guichet.RecordMap, get func(string) string) bool {
	for _, w := range r.When {
		found := false
		for _, v := range w.In {
			found = found || v == get(w.Column)
		}
		if found == w.Not {
			return false
		}
	}
	return true
}

func same(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s, %q: %s, want %s", what, k, got[k], v)
		}
	}
	for k, v := range got {
		if _, ok := want[k]; !ok && v != "0" {
			t.Errorf("%s, %q: %s, want none", what, k, v)
		}
	}
}

func TestCensusImportsLayout(t *testing.T) {
	for _, pad := range []string{"0", " "} {
		c := censusImports("202401")
		c.Pad = pad
		p := prepare(t, write(t, "IMDB2401-generated.ZIP", c.Zip(t)))
		if p.Profile.Name != "us-census-imdb" || p.Reporter != "US" || p.Lines != 4 {
			t.Fatalf("got %s of %s, %d lines", p.Profile.Name, p.Reporter, p.Lines)
		}
		reconciles(t, p, 4)
		same(t, "value", sumsBy(t, p.Layout, "value", "trade_system", "mode"), map[string]string{
			"general _T": "5900", "general 1": "3500", "general 4": "1000", "general 0": "1400",
			"special_relaxed _T": "5600", "special_relaxed 0": "5600",
		})
		same(t, "cif", sumsBy(t, p.Layout, "cif_value", "trade_system", "mode"), map[string]string{
			"general _T": "6200", "general 1": "3650", "general 4": "1100", "general 0": "1450",
			"special_relaxed _T": "5870", "special_relaxed 0": "5870",
		})
		same(t, "port", sumsBy(t, p.Layout, "value", "mode", "port", "trade_system"), map[string]string{
			"_T 20 general": "5000", "_T 07 general": "900", "1 20 general": "3500", "4 20 general": "1000", "0 20 general": "500", "0 07 general": "900",
			"_T 20 special_relaxed": "4000", "_T 27 special_relaxed": "700", "_T 07 special_relaxed": "900",
			"0 20 special_relaxed": "4000", "0 27 special_relaxed": "700", "0 07 special_relaxed": "900",
		})
		for measure, want := range map[string]map[string]string{
			"duty": {"special_relaxed": "250"}, "dutiable_value": {"special_relaxed": "3900"},
			"quantity": {"general": "30", "special_relaxed": "30"}, "quantity2": {"general": "36", "special_relaxed": "36"},
			"net_kg": {"general": "36", "special_relaxed": "36"},
		} {
			same(t, measure, sumsBy(t, p.Layout, measure, "trade_system"), want)
		}
		units := map[string]bool{}
		lines(t, p.Layout, func(get func(string) string) { units[get("commodity")+" "+get("_unit1")+"/"+get("_unit2")] = true })
		if !units["8471300100 NO/"] || !units["6109100004 DOZ/KG"] || len(units) != 2 {
			t.Errorf("the units are %v", units)
		}
	}
}

func TestCensusExportsLayout(t *testing.T) {
	p := prepare(t, write(t, "EXDB2401-generated.ZIP", censusExports("202401").Zip(t)))
	if p.Profile.Name != "us-census-exdb" || p.Lines != 4 {
		t.Fatalf("got %s, %d lines", p.Profile.Name, p.Lines)
	}
	reconciles(t, p, 1)
	// The flow of the second four records is judged by the line's own mark.
	same(t, "value", sumsBy(t, p.Layout, "value", "flow", "mode"), map[string]string{
		"exports _T": "11600", "exports 1": "4100", "exports 4": "2000", "exports 0": "5500",
		" _T": "11600", " 1": "4100", " 4": "2000", " 0": "5500",
	})
	same(t, "port", sumsBy(t, p.Layout, "quantity", "flow", "port"), map[string]string{"exports 38": "4", "exports 53": "800", " 38": "4", " 53": "800"})
	same(t, "mass", sumsBy(t, p.Layout, "net_kg", "flow"), map[string]string{"exports": "800", "": "800"})
}

func TestHMRCImportsLayout(t *testing.T) {
	p := prepare(t, write(t, "SMKI191911-generated.zip", hmrcImports(2019, 11).Zip(t)))
	if p.Profile.Name != "hmrc-smki19" || p.FilePeriod != "2019-11" || p.Lines != 7 || p.Action != "add" {
		t.Fatalf("got %s, %s, %d lines, %s", p.Profile.Name, p.FilePeriod, p.Lines, p.Action)
	}
	reconciles(t, p, 6)
	same(t, "value", sumsBy(t, p.Layout, "value", "trade_system"), map[string]string{
		"unknown": "70370", "general": "18370", "special_relaxed": "69370", // all; less what left a warehouse and gold; less what entered one
	})
	same(t, "mass", sumsBy(t, p.Layout, "net_kg", "trade_system"), map[string]string{"unknown": "579", "general": "518", "special_relaxed": "549"})
	same(t, "second", sumsBy(t, p.Layout, "quantity2", "trade_system"), map[string]string{"unknown": "138", "general": "132", "special_relaxed": "135"})
	same(t, "port", sumsBy(t, p.Layout, "value", "trade_system", "port", "coverage"), map[string]string{
		"unknown FXT normal": "17000", "unknown LHR normal": "1000", "unknown  normal": "2370", "unknown  non_monetary_gold": "50000",
		"general FXT normal": "17000", "general LHR normal": "1000", "general  normal": "370",
		"special_relaxed FXT normal": "17000", "special_relaxed  normal": "2370", "special_relaxed  non_monetary_gold": "50000",
	})
	var rows []string
	lines(t, p.Layout, func(get func(string) string) {
		rows = append(rows, strings.Join([]string{get("comcode"), get("cod_alpha"), get("coo_alpha"), get("account"), get("mode"), get("_indicator"), get("_amends"), get("record_type")}, " "))
	})
	for i, want := range []string{
		"847130000 CN JP 11/2019 010 0 no 000", "847130000 CN CN 11/2019 040 4 no 000", "847130000 CN CN 11/2019 000 5 no 000",
		"610910000 US US 11/2019 040 inward_processing no 000", "990847100 US US 11/2019 040 0 no 003", "710812000 CH CH 11/2019 040 0 no 000",
		"847130000 CN CN 01/2019 010 0 yes 000",
	} {
		if rows[i] != want {
			t.Errorf("line %d reads %q, want %q", i+1, rows[i], want)
		}
	}
}

func TestHMRCExportsLayout(t *testing.T) {
	p := prepare(t, write(t, "SMKE191911-generated.zip", hmrcExports(2019, 11).Zip(t)))
	if p.Profile.Name != "hmrc-smke19" || p.FilePeriod != "2019-11" || p.Lines != 4 {
		t.Fatalf("got %s, %s, %d lines", p.Profile.Name, p.FilePeriod, p.Lines)
	}
	reconciles(t, p, 6)
	same(t, "value", sumsBy(t, p.Layout, "value", "trade_system"), map[string]string{"unknown": "19404", "general": "19404", "special_relaxed": "17609"})
	same(t, "port", sumsBy(t, p.Layout, "net_kg", "trade_system", "port"), map[string]string{
		"unknown IMM": "500", "unknown ZLC": "500", "unknown ": "-4", "general IMM": "500", "general ZLC": "500", "general ": "-4",
		"special_relaxed IMM": "500", "special_relaxed ": "-4",
	})
	// Before 2015 the codes of procedures meant something else.
	old := prepare(t, write(t, "SMKE191411-generated.zip", hmrcExports(2014, 11).Zip(t)))
	for name, file := range map[string]*ingest.Prepared{"re_export_from_warehouse": p, "004": old} {
		found := false
		lines(t, file.Layout, func(get func(string) string) { found = found || get("_indicator") == name })
		if !found {
			t.Errorf("no line of the procedure %s", name)
		}
	}
}

// reconciles holds a file to all its controls.
func reconciles(t *testing.T, p *ingest.Prepared, n int) {
	t.Helper()
	if len(p.Controls) != n {
		t.Errorf("%d controls, want %d", len(p.Controls), n)
	}
	for _, c := range p.Controls {
		if c.Stated.Cmp(c.Found) != 0 {
			t.Errorf("%s: stated %s, found %s", c.Name, c.Stated, c.Found)
		}
	}
}

// A line as HMRC wrote it, from a public copy (uktrade/data-flow, tests), and
// the positions of the specification give the same columns.
func TestHMRCRealLine(t *testing.T) {
	const real = "010121000|00150|000|028|NO|11/2019|204|IMM|008|DK|0|000|010|30|000|   |000|001|+000000000017640|+0000000000500|+0000000000001|000000000000000"
	text := "000000000|00000|000|HMCUSTOMS MONTHLY DATA| NOVEMBER|2019|NON-EU EXPORTS    \n" + real + "\n" +
		"999999999|0000000000001|0000000000000|0000000000000|0000000000000|+00000000000017640|+00000000000000000\n"
	p := prepare(t, write(t, "SMKE191911", []byte(text)))
	reconciles(t, p, 6)
	made := strings.Split(hmrcExports(2019, 11).Text(t), "\r\n")
	if len(made[0]) != len("000000000|00000|000|HMCUSTOMS MONTHLY DATA| NOVEMBER|2019|NON-EU EXPORTS    ") || len(made[1]) != len(real) {
		t.Errorf("made lines have %d and %d characters", len(made[0]), len(made[1]))
	}
	lines(t, p.Layout, func(get func(string) string) {
		if get("port_alpha") != "IMM" || get("procedure_code") != "001" || get("mode") != "010" || get("value") != "17640" || get("quantity_2") != "1" {
			t.Errorf("the line reads %s %s %s %s %s", get("port_alpha"), get("procedure_code"), get("mode"), get("value"), get("quantity_2"))
		}
	})
}

// A file of a known office from another month or year is taken without a
// change: by its layout, whatever it is called.
func TestOtherMonths(t *testing.T) {
	for _, year := range []int{2013, 2019, 2021, 2022, 2026} {
		for _, month := range []int{1, 2, 9, 12} {
			period := guichettest.Month(year, month)
			for name, want := range map[string]struct {
				body    []byte
				profile string
			}{
				"a":     {censusImports(period).Zip(t), "us-census-imdb"},
				"b.zip": {censusExports(period).Zip(t), "us-census-exdb"},
				"c":     {hmrcImports(year, month).Zip(t), "hmrc-smki19"},
				"d.txt": {[]byte(hmrcExports(year, month).Text(t)), "hmrc-smke19"},
				"e":     {[]byte(hmrcImports(year, month).Text(t)), "hmrc-smki19"},
			} {
				if p := prepare(t, write(t, name, want.body)); p.Profile.Name != want.profile {
					t.Errorf("%s of %s is read by %s, want %s", name, period, p.Profile.Name, want.profile)
				}
			}
		}
	}
}
