package node_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/node"
	"guichet/internal/synth"
)

// form says where a form has what is summed here, from the paper.
type form struct {
	member, flow, in, out    string
	code, exportCode         string
	accepted, day            string
	origin, destination      string
	imports, exports         string // columns of value
	reExport, reExportIs, no string
}

func formsOfSynth() []form {
	return []form{
		{"US", "FLOW", "I", "E", "HTS_SCHED_B", "HTS_SCHED_B", "ENTRY_DATE", "01/02/2006", "", "", "CUSTOMS_VALUE", "FAS_VALUE", "FOREIGN_DOMESTIC", "F", "ENTRY_ITN"},
		{"CA", "DIRECTION", "IMPORT", "EXPORT", "HS_CODE", "HS_CODE", "ACCEPTED_DATE", "2006-01-02", "COUNTRY_ORIGIN", "COUNTRY_DEST", "VALUE_FOR_DUTY", "FOB_VALUE", "EXPORT_TYPE", "R", "TRANSACTION_NO"},
		{"GB", "DE_1_1_TYPE", "IM", "EX", "DE_6_14_COMMODITY", "DE_6_14_COMMODITY", "ACCEPTANCE_DATE", "20060102", "DE_5_15_ORIGIN", "DE_5_8_DESTINATION", "DE_8_6_STAT_VALUE", "DE_8_6_STAT_VALUE", "DE_1_10_PROCEDURE", "3171", "MRN"},
		{"NZ", "MSG_TYPE", "IMP", "EXP", "TARIFF_ITEM", "TARIFF_ITEM", "ACCEPTED_DATE", "02/01/2006", "COUNTRY_ORIGIN", "COUNTRY_DEST", "VFD_VALUE", "FOB_VALUE", "EXPORT_TYPE", "REX", "ENTRY_NO"},
		{"AU", "DECLARATION_TYPE", "N10", "EXD", "TARIFF_STAT", "AHECC", "ACCEPTED_DATE", "02/01/2006", "ORIGIN_COUNTRY", "DESTINATION_COUNTRY", "CUSTOMS_VALUE", "FOB_VALUE", "GOODS_ORIGIN_CODE", "FGN", "DECLARATION_ID"},
	}
}

// sums adds a file up by itself: "imports 2021-12 6307909889 CN" -> value. The
// partner is left out where it is written in another list than ISO's.
func (f form) sums(t *testing.T, path string) map[string]string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	all, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, name := range all[0] {
		at[name] = i
	}
	sums := map[string]guichet.Decimal{}
	for _, row := range all[1:] {
		cell := func(name string) string {
			if name == "" {
				return ""
			}
			return row[at[name]]
		}
		day, err := time.Parse(f.day, cell(f.accepted))
		if err != nil {
			t.Fatal(err)
		}
		flows, code, partner, value := []string{"imports"}, cell(f.code), cell(f.origin), cell(f.imports)
		if cell(f.flow) == f.out {
			flows, code, partner, value = []string{"exports", "domestic_exports"}, cell(f.exportCode), cell(f.destination), cell(f.exports)
			if cell(f.reExport) == f.reExportIs {
				flows[1] = "re_exports"
			}
		}
		d, err := guichet.ParseDecimal(value)
		if err != nil {
			t.Fatal(err)
		}
		for _, flow := range flows {
			key := strings.TrimSpace(flow + " " + day.Format("2006-01") + " " + code + " " + partner)
			sums[key] = sums[key].Add(d)
		}
	}
	out := map[string]string{}
	for k, v := range sums {
		out[k] = v.String()
	}
	return out
}

// TestLinesOfSynth: what synth declares is taken in whole by all five profiles,
// and adds up by flow, month, national line and partner as the files do, read by
// other means.
func TestLinesOfSynth(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made")
	// The turn of 2022, at which the editions change, by flow on different days.
	o := synth.Options{Members: synth.Members(), From: "2021-12", To: "2022-02", Declarations: 20_000, Seed: 22, Dir: dir}
	if _, err := synth.Make(t.Context(), o, func(string, int64, int64) {}); err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, "US")
	for _, f := range formsOfSynth() {
		path := filepath.Join(dir, "declarations-"+strings.ToLower(f.member)+"-2021-12_2022-02-generated.csv")
		sub := h.take(t, node.IngestRequest{File: path}).Submission
		if sub.Aside != 0 || !sub.Generated || sub.Profile != strings.ToLower(f.member)+"-declarations" {
			t.Errorf("%s: %d of %d put aside (%v), generated %v", sub.Profile, sub.Aside, sub.Lines, sub.Reasons, sub.Generated)
		}
		by := "by=period,national"
		if f.origin != "" {
			by += ",partner"
		}
		a := h.ask(t, "reporter="+f.member+" "+by)
		got := map[string]string{}
		for _, row := range a.Rows {
			words := []string{}
			for _, name := range []string{"flow", "period", "national", "partner"} {
				if v, ok := row[name].(string); ok {
					words = append(words, v)
				}
			}
			value, ok := row["value"].(guichet.Decimal)
			if !ok {
				t.Fatalf("%v has no value", row)
			}
			got[strings.Join(words, " ")] = value.String()
		}
		want := f.sums(t, path)
		if len(want) < 20 {
			t.Errorf("%s: %d sums prove little", f.member, len(want))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: the file (-) against the answer (+): %s", f.member, diff)
		}
		remark(t, a, "from_declaration_lines", strings.ToLower(f.member)+"-declarations")
		remark(t, a, "generated", "")
	}
}
