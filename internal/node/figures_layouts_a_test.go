package node_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/node"
)

// Files in the published layouts of the US Census Bureau and HM Revenue &
// Customs, made by guichettest: every figure is generated, and marked so.

type cells = guichettest.Cells

// made takes in a file that a test made.
func (h *house) made(t *testing.T, name string, body []byte, more ...func(*node.IngestRequest)) node.IngestResult {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	req := node.IngestRequest{File: path, Generated: true}
	for _, m := range more {
		m(&req)
	}
	return h.take(t, req)
}

// laptops from China, by sea, air and road; shirts in dozens and kilograms
// from Canada; and a cell with nothing in this month.
func usImports(period string, laptops int) guichettest.Census {
	n := func(v int) string { return fmt.Sprint(v) }
	return guichettest.Census{
		Period: period, Units: map[string][2]string{"6109100004": {"DOZ", "KG"}},
		Lines: []cells{
			{
				"commodity": "8471300100", "cty_code": "5700", "dist_entry": "39", "dist_unlad": "20", "gen_qy1_mo": "10", "gen_val_mo": n(laptops), "gen_cha_mo": "300", "gen_cif_mo": n(laptops + 300),
				"air_val_mo": "1000", "air_cha_mo": "100", "ves_val_mo": "3500", "ves_cha_mo": "150", "cnt_val_mo": "3400",
				"con_qy1_mo": "8", "con_val_mo": "4000", "con_cif_mo": "4240", "dut_val_mo": "3900", "cal_dut_mo": "250",
			},
			{"commodity": "8471300100", "cty_code": "5700", "dist_unlad": "27", "con_qy1_mo": "2", "con_val_mo": "700", "con_cif_mo": "730"},
			{"commodity": "6109100004", "cty_code": "1220", "dist_unlad": "07", "gen_qy1_mo": "20", "gen_qy2_mo": "36", "gen_val_mo": "900", "gen_cif_mo": "910", "con_qy1_mo": "20", "con_qy2_mo": "36", "con_val_mo": "900", "con_cif_mo": "910"},
			{"commodity": "8471300100", "cty_code": "1220", "dist_unlad": "07"},
		},
	}
}

func usExports(period string) guichettest.Census {
	return guichettest.Census{
		Exports: true, Period: period, Units: map[string][2]string{"0901110000": {"KG", ""}},
		Lines: []cells{
			{"df": "1", "commodity": "8471300100", "cty_code": "1220", "district": "38", "qty_1_mo": "3", "all_val_mo": "6000", "air_val_mo": "500"},
			{"df": "2", "commodity": "8471300100", "cty_code": "1220", "district": "38", "qty_1_mo": "1", "all_val_mo": "1500", "air_val_mo": "1500"},
			{"df": "2", "commodity": "0901110000", "cty_code": "4280", "district": "53", "qty_1_mo": "800", "all_val_mo": "4100", "ves_val_mo": "4100"},
		},
	}
}

//nolint:tparallel // the subtests share one home
func TestCensusLayouts(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "US")
	for _, period := range []string{"202112", "202201", "202401"} {
		sub := h.made(t, "IMDB-generated.ZIP", usImports(period, 5000).Zip(t)).Submission
		if sub.Lines != 4 || sub.Aside != 0 || sub.Records != 12 || !sub.Generated {
			t.Errorf("%s: %d lines, %d put aside, %d records, generated %v", period, sub.Lines, sub.Aside, sub.Records, sub.Generated)
		}
		h.made(t, "EXDB-generated.ZIP", usExports(period).Zip(t))
	}
	t.Run("Imports", h.layoutImports)
	t.Run("Modes", h.layoutModes)
	t.Run("Exports", h.layoutExports)
	t.Run("Editions", h.layoutEditions)
	t.Run("Revised", h.layoutRevised)
}

func (h *house) layoutImports(t *testing.T) {
	a := h.ask(t, "reporter=US flow=imports period=2024-01")
	want(t, a, "trade_system=general", "value", "5,900")
	want(t, a, "trade_system=special_relaxed", "value", "5,600")
	remark(t, a, "generated", "")
	for measure, figure := range map[string][2]string{
		"cif_value": {"6,210", "5,880"}, "net_kg": {"36", "36"},
	} {
		a := h.ask(t, "reporter=US flow=imports period=2024-01 measure="+measure)
		want(t, a, "trade_system=general", measure, figure[0])
		want(t, a, "trade_system=special_relaxed", measure, figure[1])
	}
	a = h.ask(t, "reporter=US flow=imports period=2024-01 trade_system=special_relaxed measure=duty,dutiable_value")
	want(t, a, "", "duty", "250")
	want(t, a, "", "dutiable_value", "3,900")
	// Quantities stand apart by unit.
	a = h.ask(t, "reporter=US flow=imports period=2024-01 trade_system=general measure=quantity")
	want(t, a, "unit=H87", "quantity", "10")
	want(t, a, "unit=DZN", "quantity", "20")
	a = h.ask(t, "reporter=US flow=imports period=2024-01 by=partner")
	want(t, a, "trade_system=general partner=CN", "value", "5,000")
	want(t, a, "trade_system=special_relaxed partner=CN", "value", "4,700")
	want(t, a, "trade_system=general partner=CA", "value", "900")
	// The port is the district in which the goods came in, not that of entry.
	a = h.ask(t, "reporter=US flow=imports period=2024-01 trade_system=general by=port")
	want(t, a, "port=20", "value", "5,000")
	want(t, a, "port=07", "value", "900")
	// The year to date is in no month.
	a = h.ask(t, "reporter=US flow=imports period=2021-12:2024-01 trade_system=general by=period")
	for _, period := range []string{"2021-12", "2022-01", "2024-01"} {
		want(t, a, "period="+period, "value", "5,900")
	}
}

// Modes of transport are parts of general imports, and add up to them.
func (h *house) layoutModes(t *testing.T) {
	a := h.ask(t, "reporter=US flow=imports period=2024-01 trade_system=general by=mode")
	want(t, a, "mode=1", "value", "3,500")
	want(t, a, "mode=4", "value", "1,000")
	want(t, a, "mode=0", "value", "1,400")
	if slices.ContainsFunc(a.Remarks, func(r guichet.Remark) bool { return r.Code == "parts_incomplete" }) {
		t.Errorf("the modes are said to fall short: %v", a.Remarks)
	}
	a = h.ask(t, "reporter=US flow=imports period=2024-01 trade_system=general mode=1 measure=cif_value")
	want(t, a, "", "cif_value", "3,650")
	a = h.ask(t, "reporter=US flow=imports period=2024-01 trade_system=special_relaxed by=mode")
	want(t, a, "mode=0", "value", "5,600")
	// What came by rail is not told: no zero.
	only(t, h.ask(t, "reporter=US flow=imports period=2024-01 trade_system=general mode=2"), guichet.GapNotCovered)
	a = h.ask(t, "reporter=US flow=exports period=2024-01 by=mode")
	want(t, a, "mode=1", "value", "4,100")
	want(t, a, "mode=4", "value", "2,000")
	want(t, a, "mode=0", "value", "5,500")
}

func (h *house) layoutExports(t *testing.T) {
	a := h.ask(t, "reporter=US period=2024-01 valuation=fas by=flow")
	want(t, a, "flow=exports", "value", "11,600")
	want(t, a, "flow=domestic_exports", "value", "6,000")
	want(t, a, "flow=re_exports", "value", "5,600")
	a = h.ask(t, "reporter=US period=2024-01 flow=re_exports by=partner,port")
	want(t, a, "partner=CA port=38", "value", "1,500")
	want(t, a, "partner=DE port=53", "value", "4,100")
	want(t, h.ask(t, "reporter=US period=2024-01 flow=re_exports measure=net_kg"), "", "net_kg", "800")
}

// Exports have HS2022 from 1 January 2022, imports from the 27th; the edition
// of a month is that in force on its last day.
func (h *house) layoutEditions(t *testing.T) {
	for _, flow := range []string{"imports", "exports"} {
		for period, edition := range map[string]int{"2021-12": 2017, "2022-01": 2022, "2024-01": 2022} {
			subs, err := h.Submissions(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, s := range subs {
				for _, u := range s.Units {
					if u.Dims["flow"] == flow && u.Period.String() == period {
						for _, sh := range s.Shapes {
							found = true
							if sh.Edition != edition {
								t.Errorf("%s of %s stand in HS%d, want HS%d", flow, period, sh.Edition, edition)
							}
						}
					}
				}
			}
			if !found {
				t.Errorf("there are no %s of %s", flow, period)
			}
		}
	}
}

// A month's archive takes the place of that month, and of no other.
func (h *house) layoutRevised(t *testing.T) {
	res := h.made(t, "IMDB-revised-generated.ZIP", usImports("202401", 5100).Zip(t))
	if len(res.Replaced) != 1 {
		t.Errorf("it replaced %v", res.Replaced)
	}
	a := h.ask(t, "reporter=US flow=imports period=2021-12:2024-01 trade_system=general by=period")
	want(t, a, "period=2024-01", "value", "6,000")
	want(t, a, "period=2022-01", "value", "5,900")
}

// Lines that cannot be read are put aside with a reason, and the rest is kept.
func TestCensusLayoutsAside(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "US")
	accept := func(r *node.IngestRequest) {
		r.AcceptAside, r.AcceptTotals = true, "the test spoils its lines"
	}
	imports := usImports("202401", 5000)
	good := len(imports.Lines)
	imports.Lines = append(imports.Lines,
		cells{"commodity": "8471300100", "cty_code": "9999", "gen_val_mo": "11"},
		cells{"commodity": "8471300100", "cty_code": "5700", "gen_val_mo": "12", "year": "2031"},
		cells{"commodity": "8471300100", "cty_code": "5700", "gen_val_mo": "13", "month": "13"},
		cells{"commodity": "        ", "cty_code": "5700", "gen_val_mo": "14"},
		cells{"commodity": "8471300100", "cty_code": "5700", "gen_val_mo": "15"},                    // letters
		cells{"commodity": "8471300100", "cty_code": "5700", "gen_val_mo": "16"},                    // short
		cells{"commodity": "8471300100", "cty_code": "5700", "gen_val_mo": "17"},                    // long
		cells{"commodity": "8471309999", "cty_code": "5700", "gen_val_mo": "18"},                    // in no list: kept
		cells{"commodity": "8471300100", "cty_code": "5700", "gen_val_mo": strings.Repeat(" ", 15)}, // a blank is no zero
	)
	imports.Alter = func(i int, s string) string {
		switch i - good {
		case 4:
			return s[:192] + "O" + s[193:]
		case 5:
			return s[:687]
		case 6:
			return s + "0"
		}
		return s
	}
	kind(t, h.refuse(t, imports.Zip(t)), guichet.KindTotals)
	sub := h.made(t, "IMDB-generated.ZIP", imports.Zip(t), accept).Submission
	wantReasons(t, sub, map[string]int64{"unknown_area": 1, "future_period": 1, "not_a_period": 1, "no_code": 1, "not_a_number": 1, "no_figure": 1, "wrong_columns": 2})
	a := h.ask(t, "reporter=US flow=imports period=2024-01 trade_system=general")
	want(t, a, "", "value", "5,918")
	remark(t, a, "not_listed", "")
	remark(t, a, "totals_accepted", "")

	exports := usExports("202401")
	exports.Lines = append(exports.Lines,
		cells{"df": "3", "commodity": "8471300100", "cty_code": "1220", "all_val_mo": "21"},
		cells{"df": "1", "commodity": "8471300100", "cty_code": "0000", "all_val_mo": "22"})
	sub = h.made(t, "EXDB-generated.ZIP", exports.Zip(t), accept).Submission
	wantReasons(t, sub, map[string]int64{"unknown_value": 1, "unknown_area": 1})
	want(t, h.ask(t, "reporter=US flow=exports period=2024-01"), "", "value", "11,600")
}

// refuse takes in a file that must be refused, and returns why.
func (h *house) refuse(t *testing.T, body []byte) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bad-generated.zip")
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := h.Ingest(t.Context(), node.IngestRequest{File: path, Generated: true})
	if err == nil {
		t.Fatal("the file was taken in")
	}
	h.check(t)
	return err
}

func wantReasons(t *testing.T, sub guichet.Submission, want map[string]int64) {
	t.Helper()
	got := map[string]int64{}
	for _, r := range sub.Reasons {
		got[r.Code] = r.Rows
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: lines put aside for %v, want %v", sub.Profile, got, want)
	}
}

// ukImports is a file of imports of a month of 2019.
func ukImports(month int, more ...cells) guichettest.HMRCNonEU {
	return guichettest.HMRCNonEU{Year: 2019, Month: month, Lines: append([]cells{
		{"comcode": "847130000", "cod_alpha": "CN", "coo_alpha": "JP", "port_alpha": "FXT", "mode": "010", "value": "17640", "quantity_1": "500", "quantity_2": "41"},
		{"comcode": "847130000", "cod_alpha": "CN", "coo_alpha": "CN", "trade_ind": "4", "mode": "040", "port_alpha": "LHR", "value": "1000", "quantity_1": "30"},
		{"comcode": "847130000", "cod_alpha": "CN", "coo_alpha": "CN", "trade_ind": "5", "value": "2000", "quantity_1": "60"},
		{"comcode": "990847100", "record_type": "003", "cod_alpha": "US", "coo_alpha": "US", "mode": "040", "value": "70", "quantity_1": "1"},
		{"comcode": "710812000", "suite": "008", "cod_alpha": "CH", "coo_alpha": "CH", "mode": "040", "value": "50000", "quantity_1": "1"},
	}, more...)}
}

// ukExports is a file of exports of a month of 2019.
func ukExports(month int, more ...cells) guichettest.HMRCNonEU {
	return guichettest.HMRCNonEU{Exports: true, Year: 2019, Month: month, Lines: append([]cells{
		{"comcode": "847130000", "cod_alpha": "NO", "port_alpha": "IMM", "mode": "010", "procedure": "001", "value": "17640", "quantity_1": "500"},
		{"comcode": "847130000", "cod_alpha": "NO", "trade_ind": "1", "port_alpha": "ZLC", "mode": "030", "procedure": "004", "value": "1795", "quantity_1": "50"},
		{"comcode": "990847100", "record_type": "003", "cod_alpha": "US", "mode": "040", "procedure": "001", "value": "9", "quantity_1": "1"},
	}, more...)}
}

func TestHMRCLayouts(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "GB")
	october := ukImports(10)
	november := ukImports(11, cells{"comcode": "847130000", "cod_alpha": "CN", "coo_alpha": "JP", "account": "10/2019", "port_alpha": "FXT", "mode": "010", "value": "-640", "quantity_1": "-20"})
	h.made(t, "SMKI191910-generated.zip", october.Zip(t))
	a := h.ask(t, "reporter=GB flow=imports period=2019-10 trade_system=general,special_relaxed,unknown")
	want(t, a, "trade_system=general", "value", "18,710") // without what left a warehouse, and gold
	want(t, a, "trade_system=special_relaxed", "value", "69,710")
	want(t, a, "trade_system=unknown", "value", "70,710")
	h.made(t, "SMKI191911-generated.zip", november.Zip(t))
	h.made(t, "SMKE191911-generated.zip", ukExports(11).Zip(t))

	// November amends October, and is a month of its own.
	a = h.ask(t, "reporter=GB flow=imports trade_system=general by=period")
	want(t, a, "period=2019-10", "value", "18,070")
	want(t, a, "period=2019-11", "value", "18,710")
	remark(t, a, "amendments", "")
	remark(t, a, "generated", "")

	a = h.ask(t, "reporter=GB flow=imports period=2019-11 trade_system=general by=partner,partner2,mode,port")
	want(t, a, "partner=CN partner2=JP mode=1 port=FXT", "value", "17,640")
	want(t, a, "partner=CN partner2=CN mode=4 port=LHR", "value", "1,000")
	a = h.ask(t, "reporter=GB flow=imports period=2019-11 trade_system=unknown by=procedure")
	want(t, a, "procedure=into_warehouse", "value", "1,000")
	want(t, a, "procedure=out_of_warehouse", "value", "2,000")
	a = h.ask(t, "reporter=GB flow=imports period=2019-11 trade_system=unknown by=coverage")
	want(t, a, "coverage=non_monetary_gold", "value", "50,000")
	want(t, h.ask(t, "reporter=GB flow=imports period=2019-11 trade_system=general measure=net_kg"), "", "net_kg", "531")
	// Goods that are rolled up are told where their chapter is asked for.
	remark(t, h.ask(t, "reporter=GB flow=imports period=2019-11 trade_system=general product=84"), "rolled_up", "")

	a = h.ask(t, "reporter=GB flow=exports period=2019-11 trade_system=general,special_relaxed")
	want(t, a, "trade_system=general valuation=fob", "value", "19,444")
	want(t, a, "trade_system=special_relaxed", "value", "17,649")
	a = h.ask(t, "reporter=GB flow=exports period=2019-11 trade_system=general by=procedure,port")
	want(t, a, "procedure=re_export_from_warehouse port=ZLC", "value", "1,795")

	// The same month again takes the place of the month's own file.
	res := h.made(t, "SMKI191911-again-generated.zip", ukImports(11).Zip(t))
	if len(res.Replaced) != 1 {
		t.Errorf("it replaced %v", res.Replaced)
	}
	want(t, h.ask(t, "reporter=GB flow=imports trade_system=general by=period"), "period=2019-10", "value", "18,710")
}

func TestHMRCLayoutsAside(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "GB")
	accept := func(r *node.IngestRequest) {
		r.AcceptAside, r.AcceptTotals = true, "the test spoils its lines"
	}
	bad := []cells{
		{"comcode": "847130000", "cod_alpha": "??", "coo_alpha": "CN", "value": "1"},
		{"comcode": "847130000", "cod_alpha": "CN", "coo_alpha": "CN", "account": "11/2031", "value": "2"},
		{"comcode": "847130000", "cod_alpha": "CN", "coo_alpha": "CN", "account": "13/2019", "value": "3"},
		{"comcode": "847130000", "cod_alpha": "CN", "coo_alpha": "CN", "trade_ind": "7", "value": "4"},
		{"comcode": "847130000", "cod_alpha": "CN", "coo_alpha": "CN", "value": "5"}, // letters
		{"comcode": "847130000", "cod_alpha": "CN", "coo_alpha": "CN", "value": "6"}, // short
		{"comcode": "847130000", "cod_alpha": "CN", "coo_alpha": "CN", "value": "7"}, // long
		{"comcode": "847139990", "cod_alpha": "CN", "coo_alpha": "CN", "value": "8"}, // in no list: kept
	}
	for _, exports := range []bool{false, true} {
		file, at, total := ukImports(11), 113, "70,718"
		if exports {
			file, at, total = ukExports(11), 95, "19,452"
		}
		good := len(file.Lines)
		for _, l := range bad {
			l := cells{"comcode": l["comcode"], "cod_alpha": l["cod_alpha"], "coo_alpha": l["coo_alpha"], "account": l["account"], "trade_ind": l["trade_ind"], "value": l["value"]}
			if exports {
				delete(l, "coo_alpha")
			}
			file.Lines = append(file.Lines, l)
		}
		file.Alter = func(i int, s string) string {
			switch i - good {
			case 4:
				return s[:at-1] + "O" + s[at:]
			case 5:
				return s[:len(s)-1]
			case 6:
				return s + "0"
			}
			return s
		}
		kind(t, h.refuse(t, file.Zip(t)), guichet.KindTotals)
		name := strings.ToLower(fmt.Sprint("smk", exports, "-generated.zip"))
		sub := h.made(t, name, file.Zip(t), accept).Submission
		wantReasons(t, sub, map[string]int64{"unknown_area": 1, "future_period": 1, "not_a_period": 1, "unknown_value": 1, "not_a_number": 1, "wrong_columns": 2})
		flow := map[bool]string{false: "imports", true: "exports"}[exports]
		a := h.ask(t, "reporter=GB trade_system=unknown period=2019-11 flow="+flow)
		want(t, a, "", "value", total)
		remark(t, a, "not_listed", "")
	}
}
