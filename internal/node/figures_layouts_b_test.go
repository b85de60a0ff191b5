package node_test

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/node"
)

// Files that these tests make in the layouts of docs/design/national-files.md,
// through a whole node: no figure in them was published.

const (
	cimtImports  = "YearMonth/AnnéeMois,HS10,Country/Pays,Province,State/État,Value/Valeur,Quantity/Quantité,Unit of Measure/Unité de Mesure"
	cimtDomestic = "YearMonth/AnnéeMois,HS8,Country/Pays,Province,State/État,Value/Valeur,Quantity/Quantité,Unit of Measure/Unité de Mesure"
	cimtTotal    = "YearMonth/AnnéeMois,HS8,Country/Pays,State/État,Value/Valeur,Quantity/Quantité,Unit of Measure/Unité de Mesure"
	nzLong       = "Month,Country,Harmonised System Code,Harmonised System Description,Unit Qty,Imports ($NZD vfd),Imports ($NZD cif),Imports Qty,Status,,"
	nzShort      = "month,hs,hs_desc,uom,country,vfd,cif,qty,status"
	absHeader    = "DATAFLOW,COMMODITY_SITC: Commodity by SITC,COUNTRY_ORIGIN: Country of Origin,STATE_DEST: State of Destination,FREQ: Frequency,TIME_PERIOD: Time Period,OBS_VALUE,UNIT_MULT: Unit of Multiplier"
)

// cimt writes a yearly archive of Statistics Canada: one table in detail, its
// roll-up beside it, and the lists of codes.
func cimt(t *testing.T, name, table, rollup string, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(f)
	for _, m := range [][2]string{
		{"ODPFN" + table + "_202412N.csv", strings.Join(lines, "\r\n") + "\r\n"},
		{"ODPFN" + rollup + "_202412N.csv", "YearMonth/AnnéeMois,HS2,Country/Pays,State/État,Value/Valeur\r\n202401,01,US,NY,999\r\n"},
		{"ODPF_6_CtyDesc.TXT", "US 840      198801 999912 \xc9tats-Unis\r\n"},
	} {
		out, err := w.Create(strings.TrimSuffix(name, ".zip") + "/" + m[0])
		if err == nil {
			_, err = out.Write([]byte(m[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func csvFile(t *testing.T, name string, lines ...string) string {
	t.Helper()
	return write(t, name, strings.Join(lines, "\n")+"\n")
}

// TestLayoutsB: Statistics Canada's yearly archives, Stats NZ's imports and the
// ABS's tables, in one home.
//
//nolint:tparallel // the subtests share one home, and one writer at a time has it
func TestLayoutsB(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "CA")
	t.Run("CIMTImports", h.cimtImports)
	t.Run("CIMTExports", h.cimtExports)
	t.Run("StatsNZImports", h.nzImports)
	t.Run("ABS", h.absFigures)
}

func (h *house) cimtImports(t *testing.T) {
	h.take(t, node.IngestRequest{File: cimt(t, "CIMT-CICM_Imp_2023.zip", "014", "022", cimtImports,
		"202312,0101210000,US,ON,KY,100,1,NMB")})
	year := []string{
		cimtImports,
		"202401,0101210000,US,ON,KY,1250000,12,NMB",
		"202401,0101210000,US,QC,NY,750000,8,NMB",
		"202401,2709001000,SA,NB,,500,0,MTQ",
		"202402,0101210000,US,ON,KY,40,1,NMB",
		"202402,9999000000,ZX,BC,,7,0,N/A",
	}
	sub := h.take(t, node.IngestRequest{File: cimt(t, "CIMT-CICM_Imp_2024.zip", "014", "022", year...)}).Submission
	if sub.Aside != 0 || sub.Records != 5 || sub.Profile != "statcan-cimt-imports" {
		t.Errorf("%s: %d lines put aside, %d records", sub.Profile, sub.Aside, sub.Records)
	}
	// The lines of provinces and states are parts: their sum is Canada's.
	a := h.ask(t, "reporter=CA flow=imports period=2024-01 product=010121 measure=value,quantity")
	want(t, a, "partner_role=origin valuation=fob_place_direct currency=CAD", "value", "2,000,000")
	want(t, a, "", "quantity", "20")
	a = h.ask(t, "reporter=CA flow=imports period=2024 by=partner")
	want(t, a, "partner=US", "value", "2,000,040")
	want(t, a, "partner=_UN", "value", "7")
	remark(t, h.ask(t, "reporter=CA flow=imports period=2024-01 product=270900 measure=quantity"), "quantity_not_reported", "")
	want(t, h.ask(t, "reporter=CA flow=imports period=2023-12"), "", "value", "100")

	// The year is issued again, with a figure revised: it replaces its months.
	year[4] = "202402,0101210000,US,ON,KY,50,1,NMB"
	res := h.take(t, node.IngestRequest{File: cimt(t, "CIMT-CICM_Imp_2024.zip", "014", "022", year...)})
	if len(res.Replaced) == 0 {
		t.Error("the year issued again replaces nothing")
	}
	want(t, h.ask(t, "reporter=CA flow=imports period=2024"), "", "value", "2,000,557")
	want(t, h.ask(t, "reporter=CA flow=imports period=2023-12"), "", "value", "100")
}

func (h *house) cimtExports(t *testing.T) {
	h.take(t, node.IngestRequest{File: cimt(t, "CIMT-CICM_Tot_Exp_2024.zip", "017", "021", cimtTotal,
		"202401,63079099,US,IL,9000,10,KGM", "202401,63079099,US,TX,1000,1,KGM", "202402,63079099,ZZ,,5,0,KGM")})
	h.take(t, node.IngestRequest{File: cimt(t, "CIMT-CICM_Dom_Exp_2024.zip", "016", "020", cimtDomestic,
		"202401,63079099,US,AB,IL,8000,9,KGM", "202401,63079099,US,SK,TX,500,1,KGM")})
	a := h.ask(t, "reporter=CA flow=exports,domestic_exports period=2024-01 product=630790")
	want(t, a, "flow=exports valuation=fob", "value", "10,000")
	want(t, a, "flow=domestic_exports valuation=fob", "value", "8,500")
	want(t, h.ask(t, "reporter=CA flow=exports period=2024 by=partner"), "partner=_SEA", "value", "5")
}

func (h *house) nzImports(t *testing.T) {
	sub := h.take(t, node.IngestRequest{File: csvFile(t, "2019_Imports_HS10_by_Country.csv", nzLong,
		`201911,Australia,101210010,Horses,NMB,"1,234,567","1,300,000",36,Final,,`,
		`201912,"China, People's Republic of",6307909000,Masks,KGM,999,"1,001",0,Final,,`)}).Submission
	if sub.Aside != 0 || sub.Profile != "statsnz-imports-hs10" {
		t.Errorf("%s: %d lines put aside: %v", sub.Profile, sub.Aside, sub.Reasons)
	}
	h.take(t, node.IngestRequest{File: csvFile(t, "Sep_2026_Imports_HS10_by_Country.csv", nzShort,
		"202609,0101210010,Horses,NMB,Australia,500,600,5,Provisional",
		"202609,9809000000,Confidential,,Confidential Countries,70,80,,Provisional")})

	a := h.ask(t, "reporter=NZ flow=imports period=2019 measure=value,cif_value")
	want(t, a, "valuation=customs_value currency=NZD", "value", "1,235,566")
	want(t, a, "", "cif_value", "1,301,001")
	a = h.ask(t, "reporter=NZ flow=imports period=2019 product=010121 measure=value,cif_value,quantity")
	want(t, a, "", "value", "1,234,567") // the zero that the file lost was filled up
	want(t, a, "", "quantity", "36")
	a = h.ask(t, "reporter=NZ flow=imports period=2026-09 by=partner measure=value,cif_value")
	want(t, a, "partner=AU", "cif_value", "600")
	want(t, h.ask(t, "reporter=NZ flow=imports period=2026-09 .finality=preliminary"), "", "value", "570")
	want(t, h.ask(t, "reporter=NZ flow=imports period=2019 .finality=final"), "", "value", "1,235,566")
	remark(t, a, "confidential_total", "")
	gap(t, h.ask(t, "reporter=NZ flow=imports period=2026-09 product=261210"), guichet.GapHidden, "70 NZD")
}

func (h *house) absFigures(t *testing.T) {
	line := func(sitc, country, state, month, value string) string {
		return "ABS:MERCH_IMP(1.0.0)," + sitc + "," + country + "," + state + ",M: Monthly," + month + "," + value + ",3: Thousands"
	}
	const china, all, tot = "CHIN: China (excludes SARs and Taiwan)", "TOT: Total", "TOT: Total"
	sub := h.take(t, node.IngestRequest{File: csvFile(t, "abs.csv", absHeader,
		line(tot, tot, all, "2026-04", "100.5"),
		line(tot, china, all, "2026-04", "60.25"),
		line(tot, "NZ: New Zealand", all, "2026-04", "30"),
		line(tot, "NCD: No Country Details", all, "2026-04", "10.25"),
		line(tot, china, "2: Victoria", "2026-04", "50"),
		line("5: Chemicals", china, all, "2026-04", "40"),
		line("54: Medicinal products", china, all, "2026-04", "40"),
		line(`"541: Medicinal products, other"`, china, all, "2026-04", "25"),
		line("542: Medicaments", china, all, "2026-04", "15"),
		line("988: Combined confidential items", china, all, "2026-04", "20.25"),
		line(tot, china, all, "2026-05", "1"))}).Submission
	if sub.Aside != 0 || sub.Records != 10 {
		t.Errorf("%d lines put aside, %d records; want none, and none of a state: %v", sub.Aside, sub.Records, sub.Reasons)
	}
	a := h.ask(t, "reporter=AU flow=imports period=2026-04 by=partner")
	want(t, a, "partner=CN valuation=customs_value currency=AUD partner_role=origin", "value", "60,250")
	want(t, a, "partner=NZ", "value", "30,000")
	want(t, a, "partner=_SU", "value", "10,250")
	want(t, h.ask(t, "reporter=AU flow=imports period=2026-04"), "", "value", "100,500")
	// The SITC says nothing of a code of the HS, not even that it is zero.
	only(t, h.ask(t, "reporter=AU flow=imports period=2026-04 product=300490"), guichet.GapNotCovered)
}

// TestLayoutsBAside: a few bad lines are put aside with their reasons, and the
// file is taken; with many it is refused.
func TestLayoutsBAside(t *testing.T) {
	t.Parallel()
	good := strings.Repeat("202401,0101210000,US,ON,KY,10,1,NMB\r\n", 96)
	for name, bad := range map[string]struct{ line, reason string }{
		"letters":   {"202401,0101210000,US,ON,KY,1O,1,NMB", "not_a_number"},
		"country":   {"202401,0101210000,QQ,ON,,10,1,NMB", "unknown_area"},
		"future":    {"203012,0101210000,US,ON,KY,10,1,NMB", "future_period"},
		"no code":   {"202401,HORSE,US,ON,KY,10,1,NMB", "not_a_code"},
		"no figure": {"202401,0101210000,US,ON,KY,,1,NMB", "no_figure"},
		"columns":   {"202401,0101210000,US,ON,KY,10,1", "wrong_columns"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "CA")
			sub := h.take(t, node.IngestRequest{File: cimt(t, "CIMT-CICM_Imp_2024.zip", "014", "022", cimtImports, good+bad.line)}).Submission
			if sub.Aside != 1 || len(sub.Reasons) != 1 || sub.Reasons[0].Code != bad.reason {
				t.Errorf("%d lines put aside: %v, want one: %s", sub.Aside, sub.Reasons, bad.reason)
			}
			want(t, h.ask(t, "reporter=CA flow=imports period=2024-01"), "", "value", "960")
			_, err := h.Ingest(t.Context(), node.IngestRequest{File: cimt(t, "CIMT-CICM_Imp_2024.zip", "014", "022", cimtImports, bad.line, bad.line)})
			if err == nil {
				t.Error("a file of bad lines only was taken")
			}
		})
	}
}

// TestLayoutsBOtherOffices: the same of the other layouts, in one home.
func TestLayoutsBOtherOffices(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "NZ")
	aside := func(sub guichet.Submission, want map[string]int64) {
		t.Helper()
		for _, r := range sub.Reasons {
			if want[r.Code] != r.Rows {
				t.Errorf("%s: %s on %d lines, want %d", sub.File, r.Code, r.Rows, want[r.Code])
			}
			delete(want, r.Code)
		}
		if len(want) > 0 {
			t.Errorf("%s: no line was put aside for %v: %v", sub.File, want, sub.Reasons)
		}
	}
	nz := []string{nzShort}
	for range 100 {
		nz = append(nz, "202501,0101210010,Horses,NMB,Australia,10,12,1,Final")
	}
	nz = append(nz, "202501,0101210010,Horses,NMB,Atlantis,10,12,1,Final", "203001,0101210010,Horses,NMB,Australia,10,12,1,Final",
		"202501,0101210010,Horses,NMB,Australia,1x,12,1,Final", `202501,0101210010,Horses,NMB,Australia,"1,23",12,1,Final`, "202501,0199999999,Unicorns,NMB,Australia,5,6,1,Final")
	sub := h.take(t, node.IngestRequest{File: csvFile(t, "nz.csv", nz...)}).Submission
	aside(sub, map[string]int64{"unknown_area": 1, "future_period": 1, "not_a_number": 2})
	// A code that is not in the list is still a figure, and says so.
	a := h.ask(t, "reporter=NZ flow=imports period=2025-01")
	want(t, a, "", "value", "1,005")
	remark(t, a, "not_listed", "")

	abs := []string{absHeader}
	for range 100 {
		abs = append(abs, "ABS:MERCH_IMP(1.0.0),TOT: Total,NZ: New Zealand,TOT: Total,M: Monthly,2025-01,1,3: Thousands")
	}
	abs = append(abs, "ABS:MERCH_IMP(1.0.0),TOT: Total,ATLA: Atlantis,TOT: Total,M: Monthly,2025-01,1,3: Thousands",
		"ABS:MERCH_IMP(1.0.0),TOT: Total,NZ: New Zealand,TOT: Total,M: Monthly,2025-01,1,6: Millions",
		"ABS:MERCH_IMP(1.0.0),TOT: Total,NZ: New Zealand,TOT: Total,M: Monthly,2031-01,1,3: Thousands",
		"ABS:MERCH_IMP(1.0.0),TOT: Total,NZ: New Zealand,TOT: Total,M: Monthly,2025-01,np,3: Thousands")
	sub = h.take(t, node.IngestRequest{File: csvFile(t, "abs.csv", abs...)}).Submission
	aside(sub, map[string]int64{"unknown_area": 1, "unknown_value": 1, "future_period": 1, "not_a_number": 1})
	want(t, h.ask(t, "reporter=AU flow=imports period=2025-01"), "", "value", "100,000")
}

// TestStatsNZBothWays: the real exports and imports of the same layout stand in
// one home, and neither changes what the other answers.
func TestStatsNZBothWays(t *testing.T) {
	t.Parallel()
	guichettest.Data(t)
	h := newHouse(t, "NZ")
	h.flow(t, nzJanuary)
	h.take(t, node.IngestRequest{File: csvFile(t, "Jan_2025_Imports_HS10_by_Country.csv", nzShort, "202501,9019200000,Apparatus,NMB,Australia,10,12,1,Final")})
	want(t, h.ask(t, "reporter=NZ flow=exports period=2025-01"), "", "value", "6,054,649,883")
	want(t, h.ask(t, "reporter=NZ flow=imports period=2025-01 product=901920"), "", "value", "10")
}
