package main

import (
	"fmt"
	"sort"
	"strings"
)

// national says how one national list is read: which rows, and what is known of the list as a whole.
type national struct {
	file, csv                 string
	rows, entries             int
	code                      string
	units                     []string // columns of units
	unitList                  string   // the list of units in which they are written
	from, to                  string   // columns of dates
	keep                      func(row) bool
	only                      []string // columns that keep looks at
	name, country, flows      string
	digits                    int
	edition                   int
	snapshot, valid, complete string
	source, note              string
	foreign                   int // codes whose HS6 is not their prefix in the list's own edition, outside chapters 98 and 99
}

func nationals() []national { //nolint:revive // one list after the other, each in a few lines
	leaf := func(x row) bool { return x["leaf"] == "1" && x["productline_suffix"] == "80" }
	return []national{
		{
			file: "list-us-hts-2026", csv: "us_hts10_2026.csv.gz", rows: 22154, entries: 22154, code: "hts10", units: []string{"unit1", "unit2", "unit3"}, unitList: "us", from: "effective_from", to: "effective_to",
			name: "us-hts", country: "US", flows: "imports", digits: 10, edition: 2022, snapshot: "2026-02-21", valid: "2022-01-27", complete: "1", foreign: 80,
			source: "US CBP, ACE HTS report of 2026-02-21, through joyahacs/tariff-simulator", note: "codes closed before the snapshot are not in it; numbers of chapters 98 and 99 have 8 or 10 digits; eight numbers 09903014.. are padded wrongly in the source",
		},
		{
			file: "list-us-schedule-b-2019", csv: "us_schedule_b10_2019.csv.gz", rows: 9356, entries: 9356, code: "schedule_b10", units: []string{"unit1", "unit2"}, unitList: "us",
			name: "us-schedule-b", country: "US", flows: "exports", digits: 10, edition: 2017, snapshot: "2019-01-01", complete: "1", foreign: 1,
			source: "US Census concordance of 2019, through insongkim/concordance", note: "8800000000 is an aggregate of the Census",
		},
		{
			file: "list-ca-tariff-2026", csv: "ca_tariff10_2026.csv", rows: 10972, entries: 10972, code: "tariff10", units: []string{"unit"}, unitList: "ca",
			name: "ca-tariff", country: "CA", flows: "imports", digits: 10, edition: 2022, snapshot: "2026-01-01", complete: "1",
			source: "CBSA Customs Tariff T2026, through fahadhg/resilience-hq",
		},
		{
			file: "list-nz-tariff-2022", csv: "nz_tariff10_2022.csv.gz", rows: 21431, entries: 16172, code: "code10", units: []string{"unit"}, unitList: "nz", only: []string{"declarable"},
			keep: func(x row) bool { return x["declarable"] == "1" },
			name: "nz-tariff", country: "NZ", flows: "imports,exports", digits: 10, edition: 2022, snapshot: "2022-01-01", valid: "2022-01-01", complete: "0",
			source: "NZ Working Tariff of 2022-01-01, through suestreet/NZ-Tariff", note: "heading 2716 is missing in the source; 2206.00 lacks the keys of three items",
		},
		{
			file: "list-nz-tariff8-2021", csv: "nz_tariff8_2021.csv.gz", rows: 10428, entries: 7934, code: "code", only: []string{"level"},
			keep: func(x row) bool { return x["level"] == "tariff_item" },
			name: "nz-tariff8", country: "NZ", flows: "imports", digits: 8, edition: 2017, snapshot: "2021-05-01", complete: "0",
			source: "NZ tariff items of May 2021, through suestreet/NZ-Tariff", note: "heading 2716 is missing in the source; no units, no statistical keys",
		},
		{
			file: "list-au-tariff-2019", csv: "au_tariff10_2019.csv.gz", rows: 9051, entries: 7957, code: "code", units: []string{"unit"}, unitList: "au", only: []string{"stat_code"},
			keep: func(x row) bool { return x["stat_code"] != "" },
			name: "au-tariff", country: "AU", flows: "imports", digits: 10, edition: 2017, snapshot: "2019-07-01", complete: "0",
			source: "Australia, Schedule 3 of July 2019, through mitcda/dibp.actc", note: "nine HS6 have no statistical line in the source",
		},
		{
			file: "list-au-ahecc-2012", csv: "au_ahecc8_2012.csv.gz", rows: 5722, entries: 5722, code: "ahecc8", units: []string{"unit"}, unitList: "au",
			name: "au-ahecc", country: "AU", flows: "exports", digits: 8, edition: 2012, snapshot: "2012-01-01", complete: "1", foreign: 1,
			source: "ABS AHECC 2012, through mitcda/abs.ahecc", note: "26999999 is local",
		},
		{
			file: "list-au-ahecc-2017", csv: "au_ahecc8_2017.csv.gz", rows: 5870, entries: 5870, code: "ahecc8", units: []string{"unit"}, unitList: "au",
			name: "au-ahecc", country: "AU", flows: "exports", digits: 8, edition: 2017, snapshot: "2017-01-01", complete: "1", foreign: 5,
			source: "ABS AHECC 2017, through mitcda/abs.ahecc", note: "four codes kept the number of an older subheading; 26999999 is local",
		},
		{
			file: "list-uk-cn-2021", csv: "uk_cn8_2021.csv.gz", rows: 14635, entries: 9494, code: "code", only: []string{"level"},
			keep: func(x row) bool { return x["level"] == "cn8" },
			name: "uk-cn", country: "GB", flows: "imports,exports", digits: 8, edition: 2017, snapshot: "2021-01-01", complete: "1",
			source: "Combined Nomenclature 2021 as HMRC used it, through GSS-Cogs/family-trade", note: "no units in the source",
		},
		{
			file: "list-uk-taric-2019", csv: "uk_taric10_2019.csv.gz", rows: 24375, entries: 15783, code: "goods_nomenclature10", from: "valid_from", to: "valid_to", only: []string{"leaf", "productline_suffix"}, keep: leaf,
			name: "uk-taric", country: "GB", flows: "imports", digits: 10, edition: 2017, snapshot: "2019-07-01", complete: "1",
			source: "TARIC of mid 2019 as the UK held it, through mattlavis-transform/tariffs", note: "leaves only, no units; the day of the snapshot is not known",
		},
		{
			file: "list-eu-taric-2021", csv: "eu_taric10_2021.csv.gz", rows: 24671, entries: 16005, code: "goods_nomenclature10", from: "valid_from", to: "valid_to", only: []string{"leaf", "productline_suffix"}, keep: leaf,
			name: "eu-taric", country: "EU", flows: "imports", digits: 10, edition: 2017, snapshot: "2021-02-15", complete: "1",
			source: "EU TARIC of 2021-02-15, through mattlavis-transform/commodity-codes-welsh", note: "leaves only, no units",
		},
		{
			file: "list-eu-cn-2024", csv: "eu_cn8_2024.csv", rows: 9763, entries: 9763, code: "cn8", units: []string{"supplementary_unit"}, unitList: "eu",
			name: "eu-cn", country: "EU", flows: "imports,exports", digits: 8, edition: 2022, snapshot: "2024-01-01", valid: "2024-01-01|2024-12-31", complete: "1",
			source: "EU Combined Nomenclature 2024, through xterr/php-cncodes", note: "units are the supplementary units; net mass is collected besides",
		},
	}
}

// makeLists writes every national list: codes in order, each as the length of what it shares with the one before.
func makeLists(r *reader) ([]*fact, error) {
	editions, err := readEditions(r)
	if err != nil {
		return nil, err
	}
	_, keys, err := readUnits(r)
	if err != nil {
		return nil, err
	}
	units := map[[2]string]string{}
	for _, k := range keys {
		units[[2]string{k.list, k.key}] = k.code
	}
	var out []*fact
	for _, n := range nationals() {
		f, err := n.fact(r, editions, units)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.csv, err)
		}
		out = append(out, f)
	}
	return out, nil
}

// readEditions gives the six-digit codes of every edition of the HS, without the residual 999999.
func readEditions(r *reader) (map[int]map[string]bool, error) {
	out := map[int]map[string]bool{}
	for _, e := range []struct {
		year, rows, codes int
		file              string
	}{{2007, 6372, 5052, "hs_h3.csv"}, {2012, 6550, 5205, "hs_h4.csv"}, {2017, 6729, 5387, "hs_h5.csv"}, {2022, 6960, 5612, "hs_h6.csv"}} {
		rows, err := r.table(e.file, e.rows, "code", "level")
		if err != nil {
			return nil, err
		}
		out[e.year] = map[string]bool{}
		for _, x := range rows {
			if x["level"] == "6" && x["code"] != "999999" {
				out[e.year][x["code"]] = true
			}
		}
		if len(out[e.year]) != e.codes {
			return nil, fmt.Errorf("%s: %d codes, expected %d", e.file, len(out[e.year]), e.codes)
		}
	}
	return out, nil
}

// tokens numbers the distinct values of a column, the empty one being 0.
type tokens struct {
	at    map[string]int
	order []string
}

func (t *tokens) number(s string) string {
	if s == "" {
		return ""
	}
	if t.at == nil {
		t.at = map[string]int{}
	}
	if _, ok := t.at[s]; !ok {
		t.order = append(t.order, s)
		t.at[s] = len(t.order)
	}
	return fmt.Sprint(t.at[s])
}

func (n national) fact(r *reader, editions map[int]map[string]bool, units map[[2]string]string) (*fact, error) { //nolint:revive // one list after the other, each in a few lines
	columns := append([]string{n.code, "hs6"}, append(append([]string{}, n.units...), n.only...)...)
	for _, c := range []string{n.from, n.to} {
		if c != "" {
			columns = append(columns, c)
		}
	}
	if n.csv == "nz_tariff8_2021.csv.gz" || n.name == "uk-cn" {
		columns = append(columns, "level")
	}
	rows, err := r.table(n.csv, n.rows, columns...)
	if err != nil {
		return nil, err
	}
	kept := rows[:0]
	for _, x := range rows {
		if n.keep == nil || n.keep(x) {
			kept = append(kept, x)
		}
	}
	sort.Slice(kept, func(i, j int) bool { return kept[i][n.code] < kept[j][n.code] })
	if len(kept) != n.entries {
		return nil, fmt.Errorf("%d entries, expected %d", len(kept), n.entries)
	}
	var sets, dates tokens
	var lines strings.Builder
	last, foreign := "", 0
	for _, x := range kept {
		code := x[n.code]
		if code == last || len(code) != n.digits && (n.name != "us-hts" || len(code) != 8 || code < "98") || strings.Trim(code, "0123456789") != "" {
			return nil, fmt.Errorf("code %q is malformed or there twice", code)
		}
		set, err := n.unitSet(x, units)
		if err != nil {
			return nil, err
		}
		hs6, edition := n.place(code, x["hs6"], editions)
		if code < "98" && (hs6 != "" || edition != "") {
			foreign++
		}
		to := x[n.to]
		if strings.HasPrefix(to, "2030-12-31") {
			to = "" // the mark of ACE for "open"
		}
		fields := []string{sets.number(set), dates.number(x[n.from]), dates.number(to), hs6, edition}
		shared := 0
		for shared < 9 && shared < len(code) && shared < len(last) && code[shared] == last[shared] {
			shared++
		}
		fmt.Fprintln(&lines, strings.TrimRight(fmt.Sprint(shared)+code[shared:]+"|"+strings.Join(fields, "|"), "|"))
		last = code
	}
	if foreign != n.foreign {
		return nil, fmt.Errorf("%d codes outside their edition, expected %d", foreign, n.foreign)
	}
	f := &fact{name: n.file, date: n.snapshot, source: n.source, rows: len(kept)}
	from, to, _ := strings.Cut(n.valid, "|")
	fmt.Fprintln(&f.body, strings.Join([]string{"M", n.name, n.country, n.flows, fmt.Sprint(n.digits), fmt.Sprint(n.edition), n.snapshot, from, to, n.complete, n.note}, "|"))
	fmt.Fprintln(&f.body, "U|"+strings.Join(sets.order, "|"))
	fmt.Fprintln(&f.body, "D|"+strings.Join(dates.order, "|"))
	f.body.WriteString(lines.String())
	return f, nil
}

// place says how a code stands to the HS: nothing when its prefix is its HS6 in the list's edition; "-" when it has
// none (chapters 98 and 99, aggregates); else its HS6, and the latest other edition in which that is known.
func (n national) place(code, hs6 string, editions map[int]map[string]bool) (otherHS6, otherEdition string) {
	if code >= "98" || hs6 == "" {
		return "-", ""
	}
	if hs6 != code[:6] {
		otherHS6 = hs6
	}
	if editions[n.edition][hs6] {
		return otherHS6, ""
	}
	for _, e := range []int{2022, 2017, 2012, 2007} {
		if editions[e][hs6] {
			return otherHS6, fmt.Sprint(e)
		}
	}
	return "-", ""
}

// unitSet gives our codes of the units of a line, joined by spaces; every unit must be known to us.
func (n national) unitSet(x row, units map[[2]string]string) (string, error) {
	var out []string
	for _, c := range n.units {
		text := strings.TrimSpace(strings.TrimRight(x[c], " †#"))
		for u := range strings.SplitSeq(text, " and ") { // "L al and L"
			if u == "" {
				continue
			}
			code, ok := units[[2]string{n.unitList, u}]
			if !ok {
				return "", fmt.Errorf("unit %q is not in hand/unitkeys.txt, list %s", u, n.unitList)
			}
			if code != "_NOU" {
				out = append(out, code)
			}
		}
	}
	return strings.Join(out, " "), nil
}
