package synth_test

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet/codes"
	"guichet/internal/synth"
)

// row is a line of a CSV by its columns.
type row map[string]string

// read reads the one file of a folder that the pattern fits, packed or not.
// Fatal is that of a *testing.T or a *rapid.T.
func read(t fataler, dir, pattern string) []row {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(paths) != 1 {
		t.Fatalf("%s: %v, %v", pattern, paths, err)
	}
	f, err := os.Open(paths[0])
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer func() { _ = f.Close() }()
	var text io.Reader = f
	if strings.HasSuffix(paths[0], ".gz") {
		if text, err = gzip.NewReader(f); err != nil {
			t.Fatalf("%v", err)
		}
	}
	all, err := csv.NewReader(text).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", paths[0], err)
	}
	out := make([]row, 0, len(all))
	for _, line := range all[1:] {
		r := make(row, len(line))
		for i, name := range all[0] {
			r[name] = line[i]
		}
		if r["GENERATED"] != "Y" {
			t.Fatalf("%s: a line is not marked as generated: %v", paths[0], line)
		}
		out = append(out, r)
	}
	return out
}

type fataler interface {
	Helper()
	Fatalf(string, ...any)
}

// declared is a declaration line as an outsider reads it.
type declared struct {
	member, number, exporter, importer string
	date                               string // 2020-03-28
	hs6, code                          string
	cents                              int64 // of the currency, as the office values the flow
	imports, reExport                  bool
}

// form says where a member's format has what.
type form struct {
	flow, imports, number, line, date, layout, value, exportValue, code, exportCode, origin, destination, reExport, again string
	schedule                                                                                                              string
}

func forms() map[string]form {
	return map[string]form{
		"US": {
			"FLOW", "I", "ENTRY_ITN", "LINE_NO", "ENTRY_DATE", "01/02/2006", "CUSTOMS_VALUE", "FAS_VALUE", "HTS_SCHED_B", "HTS_SCHED_B",
			"COUNTRY_ORIGIN", "COUNTRY_ULT_DEST", "FOREIGN_DOMESTIC", "F", "us-schedule-c",
		},
		"CA": {
			"DIRECTION", "IMPORT", "TRANSACTION_NO", "LINE_NO", "ACCEPTED_DATE", "2006-01-02", "VALUE_FOR_DUTY", "FOB_VALUE", "HS_CODE", "HS_CODE",
			"COUNTRY_ORIGIN", "COUNTRY_DEST", "EXPORT_TYPE", "R", "iso2",
		},
		"GB": {
			"DE_1_1_TYPE", "IM", "MRN", "DE_1_6_ITEM_NO", "ACCEPTANCE_DATE", "20060102", "DE_8_6_STAT_VALUE", "DE_8_6_STAT_VALUE", "DE_6_14_COMMODITY", "DE_6_14_COMMODITY",
			"DE_5_15_ORIGIN", "DE_5_8_DESTINATION", "DE_1_10_PROCEDURE", "3171", "iso2",
		},
		"NZ": {
			"MSG_TYPE", "IMP", "ENTRY_NO", "DETAIL_LINE", "ACCEPTED_DATE", "02/01/2006", "CIF_VALUE", "FOB_VALUE", "TARIFF_ITEM", "TARIFF_ITEM",
			"COUNTRY_ORIGIN", "COUNTRY_DEST", "EXPORT_TYPE", "REX", "iso2",
		},
		"AU": {
			"DECLARATION_TYPE", "N10", "DECLARATION_ID", "LINE_NO", "ACCEPTED_DATE", "02/01/2006", "CUSTOMS_VALUE", "FOB_VALUE", "TARIFF_STAT", "AHECC",
			"ORIGIN_COUNTRY", "DESTINATION_COUNTRY", "GOODS_ORIGIN_CODE", "FGN", "iso2",
		},
	}
}

// declarations reads the lines of a member.
func declarations(t fataler, dir, member string) []declared {
	t.Helper()
	f := forms()[member]
	var out []declared
	for _, r := range read(t, dir, "declarations-"+strings.ToLower(member)+"-*-generated.csv*") {
		d := declared{member: member, number: r[f.number] + "/" + r[f.line], imports: r[f.flow] == f.imports}
		when, err := time.Parse(f.layout, r[f.date])
		if err != nil {
			t.Fatalf("%s %s: %v", member, d.number, err)
		}
		value, code, partner := r[f.exportValue], r[f.exportCode], r[f.destination]
		if d.imports {
			value, code, partner = r[f.value], r[f.code], r[f.origin]
		}
		area, ok := codes.AreaIn(f.schedule, partner)
		if !ok {
			t.Fatalf("%s %s: country %q", member, d.number, partner)
		}
		d.date, d.code, d.hs6, d.cents = when.Format(time.DateOnly), code, code[:6], cents(t, value)
		d.exporter, d.importer, d.reExport = member, area.Code, r[f.reExport] == f.again
		if d.imports {
			d.exporter, d.importer, d.reExport = area.Code, member, false
		}
		out = append(out, d)
	}
	return out
}

// cents reads an amount with at most two decimals, exactly.
func cents(t fataler, text string) int64 {
	t.Helper()
	whole, part, _ := strings.Cut(text, ".")
	for len(part) < 2 {
		part += "0"
	}
	return number(t, whole+part)
}

func number(t fataler, text string) int64 {
	t.Helper()
	var n int64
	if err := json.Unmarshal([]byte(strings.TrimLeft(text, "0")+"0"), &n); err != nil || text == "" {
		t.Fatalf("%q is no whole number: %v", text, err)
	}
	return n / 10
}

// dayRates reads the rates of the days, in millionths, by day and currency.
func dayRates(t fataler, dir string) map[[2]string]int64 {
	t.Helper()
	out := map[[2]string]int64{}
	for _, r := range read(t, dir, "rates-generated.csv") {
		out[[2]string{r["date"], r["currency"]}] = number(t, strings.ReplaceAll(r["units_per_usd"], ".", ""))
	}
	return out
}

func currency(member string) string {
	return map[string]string{"AU": "AUD", "CA": "CAD", "NZ": "NZD", "GB": "GBP", "US": "USD"}[member]
}

// usd turns cents of a currency into US cents, half up: the rule that
// docs/design/synth.md gives to readers.
func usd(cents, rate int64) int64 { return (cents*1_000_000 + rate/2) / rate }

// manifest reads manifest.json.
func manifest(t fataler, dir string) synth.Manifest {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatalf("%v", err)
	}
	var m synth.Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatalf("%v", err)
	}
	return m
}

var _ fataler = (*testing.T)(nil)
