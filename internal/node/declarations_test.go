package node_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/node"
)

// declared is a declaration line by the columns of its form; those that are not
// said are empty.
type declared map[string]string

// forms are the columns of the five forms, as docs/design/declarations.md lists
// them: written from the paper and not from the profiles.
func forms() map[string]string {
	return map[string]string{
		"us": "GENERATED FLOW ENTRY_ITN LINE_NO FILED_DATE ENTRY_DATE RELEASE_DATE PORT_CODE MODE_CODE INCOTERM HTS_SCHED_B COUNTRY_ORIGIN COUNTRY_EXPORTING COUNTRY_ULT_DEST FOREIGN_DOMESTIC CUSTOMS_VALUE CHARGES CIF_VALUE FAS_VALUE QTY_1 UNIT_1 QTY_2 UNIT_2 SHIPPING_WEIGHT_KG IMPORTER_EXPORTER_NO PARENT_GROUP FILER_CODE BL_AWB_NO CONFIDENTIAL",
		"ca": "GENERATED DIRECTION TRANSACTION_NO LINE_NO LODGED_DATE ACCEPTED_DATE RELEASE_DATE CUSTOMS_OFFICE MODE_CODE INCOTERM HS_CODE COUNTRY_ORIGIN COUNTRY_EXPORT COUNTRY_DEST EXPORT_TYPE VALUE_FOR_DUTY FREIGHT INSURANCE FOB_VALUE INLAND_FREIGHT QUANTITY UOM NET_KG BUSINESS_NO GROUP_NO BROKER_NO CARGO_CONTROL_NO CONFIDENTIAL",
		"gb": "GENERATED DE_1_1_TYPE MRN DE_1_6_ITEM_NO LODGED_DATE ACCEPTANCE_DATE CLEARANCE_DATE DE_5_26_OFFICE DE_7_4_MODE DE_4_1_TERMS DE_1_10_PROCEDURE DE_6_14_COMMODITY DE_5_15_ORIGIN DE_5_14_DISPATCH DE_5_8_DESTINATION DE_4_14_PRICE FREIGHT INSURANCE DE_8_6_STAT_VALUE DE_6_1_NET_KG DE_6_2_SUPP_UNITS SUPP_UNIT TRADER_EORI GROUP_NO DE_3_18_DECLARANT DE_2_3_TRANSPORT_DOC SUPPRESSION",
		"nz": "GENERATED MSG_TYPE ENTRY_NO DETAIL_LINE LODGED_DATE ACCEPTED_DATE CLEARED_DATE CUSTOMS_PORT TRANSPORT_MODE INCOTERM TARIFF_ITEM COUNTRY_ORIGIN COUNTRY_EXPORT COUNTRY_DEST EXPORT_TYPE VFD_VALUE FREIGHT INSURANCE CIF_VALUE FOB_VALUE STAT_QTY STAT_UNIT NET_KG CLIENT_CODE GROUP_NO DECLARANT_CODE BILL_NO CONFIDENTIAL",
		"au": "GENERATED DECLARATION_TYPE DECLARATION_ID LINE_NO LODGED_DATE ACCEPTED_DATE CLEARED_DATE PORT TRANSPORT_MODE INCOTERM TARIFF_STAT AHECC GOODS_ORIGIN_CODE ORIGIN_COUNTRY LOADING_COUNTRY DESTINATION_COUNTRY CUSTOMS_VALUE FREIGHT INSURANCE CIF_VALUE FOB_VALUE QUANTITY UQ NET_KG OWNER_ID GROUP_ID BROKER_LICENCE BILL_NO CONFIDENTIALITY",
	}
}

// declare writes lines of a member's form into a file whose name says that they
// are made.
func declare(t *testing.T, member string, lines ...declared) string {
	t.Helper()
	cols := strings.Fields(forms()[member])
	var b strings.Builder
	b.WriteString(strings.Join(cols, ",") + "\n")
	for _, l := range lines {
		for name := range l {
			if !slices.Contains(cols, name) {
				t.Fatalf("the form of %s has no %s", member, name)
			}
		}
		cells := make([]string, len(cols))
		for i, c := range cols {
			cells[i] = l[c]
		}
		cells[0] = "Y"
		b.WriteString(strings.Join(cells, ",") + "\n")
	}
	name := filepath.Join(t.TempDir(), "declarations-"+member+"-generated.csv")
	if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// with is a line with some of its columns changed.
func (d declared) with(changes declared) declared {
	out := maps.Clone(d)
	maps.Copy(out, changes)
	return out
}

// usImport and usExport are masks, in and out.
func usImport() declared {
	return declared{
		"FLOW": "I", "ENTRY_ITN": "G0000000001", "LINE_NO": "1", "FILED_DATE": "03/27/2020", "ENTRY_DATE": "03/28/2020", "RELEASE_DATE": "03/30/2020",
		"PORT_CODE": "2704", "MODE_CODE": "11", "INCOTERM": "FOB", "HTS_SCHED_B": "6307909889", "COUNTRY_ORIGIN": "5700", "COUNTRY_EXPORTING": "5820",
		"CUSTOMS_VALUE": "1000", "CHARGES": "90", "CIF_VALUE": "1090", "QTY_1": "5000", "UNIT_1": "NO", "SHIPPING_WEIGHT_KG": "210.5",
		"IMPORTER_EXPORTER_NO": "G0-0001234", "PARENT_GROUP": "UG000123", "FILER_CODE": "GF042", "BL_AWB_NO": "MAEU-G123", "CONFIDENTIAL": "Y",
	}
}

func usExport() declared {
	return declared{
		"FLOW": "E", "ENTRY_ITN": "XG0000000001", "LINE_NO": "1", "FILED_DATE": "01/09/2022", "ENTRY_DATE": "01/10/2022", "RELEASE_DATE": "01/10/2022",
		"PORT_CODE": "3801", "MODE_CODE": "30", "HTS_SCHED_B": "3822190000", "COUNTRY_ORIGIN": "1000", "COUNTRY_ULT_DEST": "1220", "FOREIGN_DOMESTIC": "D",
		"FAS_VALUE": "700", "QTY_1": "3.125", "UNIT_1": "KG", "IMPORTER_EXPORTER_NO": "G0-0005678", "PARENT_GROUP": "UG000123", "BL_AWB_NO": "T-G9",
	}
}

// TestDeclarationsOfTheUS: flow by column, edition by flow and day, valuation by
// flow, dates, origin beside the partner, and every line marked as made.
func TestDeclarationsOfTheUS(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "US")
	in := usImport()
	file := declare(
		t, "us",
		in, in.with(declared{"LINE_NO": "2", "CUSTOMS_VALUE": "500", "CIF_VALUE": "540", "COUNTRY_EXPORTING": "5700", "RELEASE_DATE": "never"}),
		// January 2022: the HTS was in HS2017 until the 26th, Schedule B in HS2022 from the 1st.
		in.with(declared{"ENTRY_DATE": "01/26/2022", "HTS_SCHED_B": "4015110110", "CUSTOMS_VALUE": "30"}),
		in.with(declared{"ENTRY_DATE": "01/27/2022", "HTS_SCHED_B": "4015120000", "CUSTOMS_VALUE": "40"}),
		usExport(), usExport().with(declared{"FOREIGN_DOMESTIC": "F", "FAS_VALUE": "300", "COUNTRY_ORIGIN": "5700"}),
	)
	sub := h.take(t, node.IngestRequest{File: file}).Submission
	if sub.Profile != "us-declarations" || !sub.Generated || sub.Aside != 0 || sub.Records != 8 {
		t.Fatalf("%s, generated %v, %d put aside (%v), %d records", sub.Profile, sub.Generated, sub.Aside, sub.Reasons, sub.Records)
	}
	if !slices.ContainsFunc(sub.Remarks, func(c guichet.Count) bool { return c.Code == "date_unreadable" && c.Rows == 1 }) {
		t.Errorf("a date that cannot be read is not told: %v", sub.Remarks)
	}
	a := h.ask(t, "reporter=US flow=imports period=2020:2022 by=period,hs6,partner measure=value,cif_value,quantity")
	want(t, a, "period=2020-03 hs6=630790 partner=CN", "value", "1500")
	want(t, a, "period=2020-03 hs6=630790 partner=CN", "cif_value", "1630")
	want(t, a, "period=2020-03 hs6=630790 partner=CN unit=H87 valuation=customs_value partner_role=origin grain=line", "quantity", "10000")
	// January 2022: the HTS was in HS2017 until the 26th, Schedule B in HS2022
	// from the 1st.
	want(t, a, "period=2022-01 hs6=401511", "value", "30")
	want(t, a, "period=2022-01 hs6=401512", "value", "40")
	a = h.ask(t, "reporter=US product=382219 edition=2022 period=2022 by=flow,partner")
	want(t, a, "flow=exports partner=CA valuation=fas partner_role=last_known_destination trade_system=general", "value", "1000")
	want(t, a, "flow=domestic_exports partner=CA", "value", "700")
	want(t, a, "flow=re_exports partner=CA", "value", "300")
	remark(t, a, "from_declaration_lines", "exports, us-declarations")
	remark(t, a, "generated", "declarations-us-generated.csv")
	for _, s := range a.Sources {
		if s.Fields["regime"] != "administrative" || !s.Generated {
			t.Errorf("a source is %+v, want administrative and generated", s)
		}
	}
	// What is beside the partner is picked from, and not told apart by.
	wantTotal(t, h.ask(t, "reporter=US flow=imports period=2020 .consignment=HK"), "", "1000")
	wantTotal(t, h.ask(t, "reporter=US flow=re_exports period=2022 .origin=CN"), "", "300")
	wantTotal(t, h.ask(t, "reporter=US flow=imports period=2020 .incoterm=FOB .customs_office=2704 .mode=1"), "", "1500")
	wantTotal(t, h.ask(t, "reporter=US flow=imports period=2020 .released=2020-03-30"), "", "1000")
	only(t, h.ask(t, "reporter=US flow=imports period=2020-03 product=220710"), guichet.GapNotCovered)
	kind(t, h.refused(t, "reporter=US .grain=lines"), guichet.KindNotFound)
	kind(t, h.refused(t, "reporter=US .incoterm=FOBB"), guichet.KindNotFound)
}

// TestDeclarationsOfTheOthers: one import and one export of each, in its own
// codes, units, dates and currency.
func TestDeclarationsOfTheOthers(t *testing.T) {
	t.Parallel()
	for member, c := range map[string]struct {
		in, out      declared
		imports, xes string // the rows that are picked
		values       map[string]string
	}{
		"ca": {
			in: declared{
				"DIRECTION": "IMPORT", "TRANSACTION_NO": "1G000001", "LINE_NO": "1", "LODGED_DATE": "2020-04-01", "ACCEPTED_DATE": "2020-04-02", "RELEASE_DATE": "2020-04-02",
				"CUSTOMS_OFFICE": "0497", "MODE_CODE": "1", "INCOTERM": "CPT", "HS_CODE": "6307909899", "COUNTRY_ORIGIN": "CN", "COUNTRY_EXPORT": "US", "VALUE_FOR_DUTY": "100.25",
				"FREIGHT": "7.5", "INSURANCE": "0.5", "INLAND_FREIGHT": "1.25", "QUANTITY": "12", "UOM": "KGM", "NET_KG": "12", "BUSINESS_NO": "G00001234RM0001",
			},
			out: declared{
				"DIRECTION": "EXPORT", "TRANSACTION_NO": "XG1", "LINE_NO": "1", "LODGED_DATE": "2020-04-01", "ACCEPTED_DATE": "2020-04-03", "RELEASE_DATE": "2020-04-03",
				"CUSTOMS_OFFICE": "0497", "MODE_CODE": "9", "HS_CODE": "63079099", "COUNTRY_ORIGIN": "CA", "COUNTRY_DEST": "GB", "EXPORT_TYPE": "D", "FOB_VALUE": "55.5", "INLAND_FREIGHT": "3",
			},
			imports: "partner=CN partner_role=origin valuation=fob_place_direct currency=CAD mode=4",
			xes:     "partner=GB partner_role=last_known_destination valuation=fob currency=CAD mode=1",
			values:  map[string]string{"value": "100.25", "freight": "7.5", "insurance": "0.5", "inland_freight": "1.25", "net_kg": "12", "x": "55.5"},
		},
		"gb": {
			in: declared{
				"DE_1_1_TYPE": "IM", "MRN": "20GBG00000000001A", "DE_1_6_ITEM_NO": "1", "LODGED_DATE": "20200401", "ACCEPTANCE_DATE": "20200402", "CLEARANCE_DATE": "20200402", "DE_5_26_OFFICE": "GBFXT",
				"DE_7_4_MODE": "1", "DE_4_1_TERMS": "CIF", "DE_1_10_PROCEDURE": "4000", "DE_6_14_COMMODITY": "6307909891", "DE_5_15_ORIGIN": "CN", "DE_5_14_DISPATCH": "NL", "DE_4_14_PRICE": "90",
				"FREIGHT": "9", "INSURANCE": "1", "DE_8_6_STAT_VALUE": "100", "DE_6_1_NET_KG": "40.125", "TRADER_EORI": "GBG00000001234", "SUPPRESSION": "Y",
			},
			out: declared{
				"DE_1_1_TYPE": "EX", "MRN": "20GBG00000000002A", "DE_1_6_ITEM_NO": "1", "LODGED_DATE": "20200401", "ACCEPTANCE_DATE": "20200402", "CLEARANCE_DATE": "20200402", "DE_5_26_OFFICE": "GBLHR",
				"DE_7_4_MODE": "4", "DE_1_10_PROCEDURE": "3171", "DE_6_14_COMMODITY": "63079098", "DE_5_15_ORIGIN": "CN", "DE_5_8_DESTINATION": "US", "DE_8_6_STAT_VALUE": "77.01", "DE_6_1_NET_KG": "5",
			},
			imports: "partner=CN partner_role=origin valuation=cif currency=GBP mode=1",
			xes:     "partner=US partner_role=last_known_destination valuation=fob currency=GBP mode=4",
			values:  map[string]string{"value": "100", "freight": "9", "insurance": "1", "net_kg": "40.125", "x": "77.01"},
		},
		"nz": {
			in: declared{
				"MSG_TYPE": "IMP", "ENTRY_NO": "G0000001", "DETAIL_LINE": "1", "LODGED_DATE": "01/04/2020", "ACCEPTED_DATE": "02/04/2020", "CLEARED_DATE": "05/04/2020", "CUSTOMS_PORT": "NZAKL",
				"TRANSPORT_MODE": "1", "INCOTERM": "FOB", "TARIFF_ITEM": "6307909900", "COUNTRY_ORIGIN": "AU", "COUNTRY_EXPORT": "AU", "VFD_VALUE": "60", "FREIGHT": "4", "INSURANCE": "1", "CIF_VALUE": "65",
				"STAT_QTY": "3", "STAT_UNIT": "KGM", "NET_KG": "3",
			},
			out: declared{
				"MSG_TYPE": "EXP", "ENTRY_NO": "G0000002", "DETAIL_LINE": "1", "LODGED_DATE": "01/04/2020", "ACCEPTED_DATE": "02/04/2020", "CLEARED_DATE": "02/04/2020", "CUSTOMS_PORT": "NZTRG",
				"TRANSPORT_MODE": "4", "TARIFF_ITEM": "6307909900", "COUNTRY_ORIGIN": "NZ", "COUNTRY_DEST": "AU", "EXPORT_TYPE": "DOM", "FOB_VALUE": "20", "NET_KG": "1",
			},
			imports: "partner=AU partner_role=origin valuation=customs_value currency=NZD port=NZAKL",
			xes:     "partner=AU partner_role=last_known_destination valuation=fob currency=NZD port=NZTRG",
			values:  map[string]string{"value": "60", "cif_value": "65", "freight": "4", "insurance": "1", "net_kg": "3", "x": "20"},
		},
		"au": {
			in: declared{
				"DECLARATION_TYPE": "N10", "DECLARATION_ID": "AG001", "LINE_NO": "1", "LODGED_DATE": "01/04/2020", "ACCEPTED_DATE": "02/04/2020", "CLEARED_DATE": "05/04/2020", "PORT": "AUSYD",
				"TRANSPORT_MODE": "S", "INCOTERM": "FOB", "TARIFF_STAT": "6307909099", "ORIGIN_COUNTRY": "NZ", "LOADING_COUNTRY": "SG", "CUSTOMS_VALUE": "80.5", "FREIGHT": "4", "INSURANCE": "1", "CIF_VALUE": "85.5",
				"QUANTITY": "9", "UQ": "NO", "NET_KG": "3",
			},
			out: declared{
				"DECLARATION_TYPE": "EXD", "DECLARATION_ID": "XG001", "LINE_NO": "1", "LODGED_DATE": "01/04/2020", "ACCEPTED_DATE": "02/04/2020", "CLEARED_DATE": "02/04/2020", "PORT": "AUMEL",
				"TRANSPORT_MODE": "A", "AHECC": "63079099", "GOODS_ORIGIN_CODE": "FGN", "ORIGIN_COUNTRY": "CN", "DESTINATION_COUNTRY": "NZ", "FOB_VALUE": "22", "NET_KG": "1",
			},
			imports: "partner=NZ partner_role=origin valuation=customs_value currency=AUD port=AUSYD",
			xes:     "partner=NZ partner_role=last_known_destination valuation=fob currency=AUD port=AUMEL",
			values:  map[string]string{"value": "80.5", "cif_value": "85.5", "freight": "4", "insurance": "1", "net_kg": "3", "x": "22"},
		},
	} {
		t.Run(member, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, strings.ToUpper(member))
			sub := h.take(t, node.IngestRequest{File: declare(t, member, c.in, c.out)}).Submission
			if sub.Profile != member+"-declarations" || sub.Aside != 0 || sub.Records != 3 || !sub.Generated {
				t.Fatalf("%s: %d put aside (%v), %d records, generated %v", sub.Profile, sub.Aside, sub.Reasons, sub.Records, sub.Generated)
			}
			by := " period=2020-04 product=630790 by=partner,mode,port measure="
			for measure, figure := range c.values {
				words, name := "flow=imports", measure
				picks := c.imports
				if measure == "x" {
					words, name, picks = "flow=exports", "value", c.xes
				}
				want(t, h.ask(t, words+by+name), picks, name, figure)
			}
		})
	}
}

// TestLinesThatCannotBeDeclarations are put aside with their reason, and nothing
// is lost between the records.
func TestLinesThatCannotBeDeclarations(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "US")
	in, out := usImport(), usExport()
	lines := slices.Repeat([]declared{in, out}, 60)
	lines = append(
		lines,
		in.with(declared{"FLOW": "X"}), out.with(declared{"FOREIGN_DOMESTIC": ""}), in.with(declared{"ENTRY_DATE": ""}), in.with(declared{"ENTRY_DATE": "2020-03-28"}),
		in.with(declared{"COUNTRY_ORIGIN": "9999"}), out.with(declared{"COUNTRY_ULT_DEST": ""}), in.with(declared{"CUSTOMS_VALUE": ""}), out.with(declared{"FAS_VALUE": "7e2"}),
		in.with(declared{"BL_AWB_NO": strings.Repeat("9", 71)}), in.with(declared{"MODE_CODE": "99"}),
	)
	sub := h.take(t, node.IngestRequest{File: declare(t, "us", lines...), AcceptAside: true}).Submission
	got := map[string]int64{}
	for _, r := range sub.Reasons {
		got[r.Code] = r.Rows
	}
	want := map[string]int64{"unknown_value": 3, "no_period": 1, "not_a_period": 1, "unknown_area": 1, "no_partner": 1, "no_figure": 1, "not_a_number": 1, "not_an_identifier": 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("put aside (-want +got): %s", diff)
	}
}

// published writes New Zealand's exports of a month as Stats NZ publishes them,
// under a name of the test's.
func published(t *testing.T, name, row string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	head := "month,hs,hs_desc,uom,country,Export_FOB,Export_Qty,Re_export_FOB,Re_export_Qty,total_export_FOB,total_export_qty,status\n"
	if err := os.WriteFile(path, []byte(head+row+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestLinesBesidePublishedFigures: published figures answer, and the lines when
// they are asked for; the two are never added.
func TestLinesBesidePublishedFigures(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "NZ")
	out := declared{
		"MSG_TYPE": "EXP", "ENTRY_NO": "G0000002", "DETAIL_LINE": "1", "LODGED_DATE": "01/04/2022", "ACCEPTED_DATE": "02/04/2022", "CLEARED_DATE": "02/04/2022", "CUSTOMS_PORT": "NZTRG",
		"TRANSPORT_MODE": "4", "TARIFF_ITEM": "6307909900", "COUNTRY_ORIGIN": "NZ", "COUNTRY_DEST": "AU", "EXPORT_TYPE": "DOM", "FOB_VALUE": "19.5", "NET_KG": "1",
	}
	lines := h.take(t, node.IngestRequest{File: declare(t, "nz", out, out.with(declared{"ACCEPTED_DATE": "30/05/2022", "FOB_VALUE": "7"}))}).Submission
	words := "reporter=NZ flow=exports product=630790 period=2022-04"
	a := h.ask(t, words)
	want(t, a, "grain=line", "value", "19.5")
	remark(t, a, "from_declaration_lines", "exports, nz-declarations")
	// A name that says that a file is made is believed, whoever's the format is.
	sub := h.take(t, node.IngestRequest{File: published(t, "exports-generated.csv", "202204,6307909900,Masks,,Australia,18,0,2,0,20,0,Final")}).Submission
	if !sub.Generated {
		t.Errorf("%s is not marked as made", sub.File)
	}
	a = h.ask(t, words)
	want(t, a, "", "value", "20")
	want(t, a, "grain=aggregate", "value", "20")
	remark(t, a, "declaration_lines_held", "exports, nz-declarations")
	if hasRemark(a, "from_declaration_lines") {
		t.Error("published figures are said to be added up from lines")
	}
	a = h.ask(t, words+" .grain=line lang=fr")
	want(t, a, "grain=line", "value", "19.5")
	remark(t, a, "from_declaration_lines", "lignes de déclaration")
	for _, s := range a.Sources {
		if s.Submission != lines.ID {
			t.Errorf("the lines are drawn from %s too", s.File)
		}
	}
	// Lines of a month that was not published stay lines, and are not added in.
	a = h.ask(t, "reporter=NZ flow=exports product=630790 period=2022-04:2022-05")
	want(t, a, "", "value", "20")
	gap(t, a, guichet.GapNotReported, "2022-05")
	// What published figures do not break down, lines do.
	want(t, h.ask(t, words+" .origin=NZ"), "grain=line", "value", "19.5")
	if sub := h.take(t, node.IngestRequest{File: published(t, "exports.csv", "202206,6307909900,Masks,,Australia,18,0,2,0,20,0,Final")}).Submission; sub.Generated {
		t.Errorf("%s is marked as made", sub.File)
	}
}

// TestPrivateFieldsAreNotAsked: whoever asks by them is refused in words, in both
// languages, and neither answer nor export nor what is told of the file holds
// them.
func TestPrivateFieldsAreNotAsked(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "US")
	in := usImport()
	sub := h.take(t, node.IngestRequest{File: declare(t, "us", in, in.with(declared{"LINE_NO": "2"}), usExport())}).Submission
	for _, words := range []string{
		"by=trader", "by=partner,declaration", ".trader=G0-0001234", ".secrecy=Y", "measure=declarant", ".transport_document=MAEU-G123 by=trader_group",
	} {
		err := h.refused(t, "reporter=US flow=imports "+words)
		kind(t, err, guichet.KindRefused)
		if !strings.Contains(err.Error(), "never leaves the node") {
			t.Errorf("%s: %v", words, err)
		}
		if err := h.refused(t, "lang=fr reporter=US "+words); !strings.Contains(err.Error(), "ne quitte jamais le nœud") {
			t.Errorf("%s: %v", words, err)
		}
	}
	dir := filepath.Join(t.TempDir(), "export")
	if _, err := h.Export(t.Context(), "", dir); err != nil {
		t.Fatal(err)
	}
	told, err := json.Marshal([]any{sub, h.ask(t, "reporter=US by=flow,hs6,partner,period measure=value,freight,quantity")})
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string][]byte{"what is told": told}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			texts[path], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range node.Dataset().Fields {
		if field.Role != guichet.Private {
			continue
		}
		for where, text := range texts {
			if strings.HasSuffix(where, ".parquet") && bytes.Contains(text, []byte(field.Name)) {
				t.Errorf("%s has a column %s", where, field.Name)
			}
		}
	}
	for _, secret := range []string{"G0-0001234", "UG000123", "GF042", "MAEU-G123", "G0000000001"} {
		for where, text := range texts {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%s holds %s", where, secret)
			}
		}
	}
}
