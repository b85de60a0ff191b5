package codes_test

import (
	"testing"
	"time"

	"guichet/codes"
	"guichet/hs"
)

func day(tb testing.TB, s string) time.Time {
	tb.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// lists says how each embedded list is read from its source, and on which day it is asked.
var lists = []struct {
	name, csv, code, on string
	keep                func(map[string]string) bool
	homeless            int // lines outside chapters 98 and 99 without an HS6 in any edition held: older numbers, aggregates
}{
	{"us-hts", "us_hts10_2026.csv.gz", "hts10", "2026-02-21", nil, 27},
	{"us-schedule-b", "us_schedule_b10_2019.csv.gz", "schedule_b10", "2019-06-01", nil, 1},
	{"ca-tariff", "ca_tariff10_2026.csv", "tariff10", "2024-06-01", nil, 0},
	{"nz-tariff", "nz_tariff10_2022.csv.gz", "code10", "2025-01-15", func(r map[string]string) bool { return r["declarable"] == "1" }, 0},
	{"nz-tariff8", "nz_tariff8_2021.csv.gz", "code", "2021-05-01", func(r map[string]string) bool { return r["level"] == "tariff_item" }, 0},
	{"au-tariff", "au_tariff10_2019.csv.gz", "code", "2019-08-01", func(r map[string]string) bool { return r["stat_code"] != "" }, 0},
	{"au-ahecc", "au_ahecc8_2012.csv.gz", "ahecc8", "2014-01-01", nil, 1},
	{"au-ahecc", "au_ahecc8_2017.csv.gz", "ahecc8", "2018-01-01", nil, 1},
	{"uk-cn", "uk_cn8_2021.csv.gz", "code", "2021-03-01", func(r map[string]string) bool { return r["level"] == "cn8" }, 0},
	{"uk-taric", "uk_taric10_2019.csv.gz", "goods_nomenclature10", "2019-11-01", func(r map[string]string) bool { return r["leaf"] == "1" }, 0},
	{"eu-taric", "eu_taric10_2021.csv.gz", "goods_nomenclature10", "2021-02-15", func(r map[string]string) bool { return r["leaf"] == "1" }, 0},
	{"eu-cn", "eu_cn8_2024.csv", "cn8", "2024-06-01", nil, 0},
}

func TestEmbeddedListsEqualTheirSources(t *testing.T) {
	t.Parallel()
	for _, l := range lists {
		want, homeless := map[string]bool{}, 0
		for _, r := range rowsOf(t, "codes/"+l.csv) {
			if l.keep == nil || l.keep(r) {
				want[r[l.code]] = true
			}
		}
		on := day(t, l.on)
		for code := range want {
			e, s := codes.CommodityIn(l.name, code, on)
			if s != codes.Listed && s != codes.NotInForce || e.Code != code || e.List.Name != l.name {
				t.Fatalf("%s %s on %s: %s, %+v", l.name, code, l.on, s, e)
			}
			if e.List.Entries != len(want) {
				t.Fatalf("%s holds %d entries, its source %d", l.name, e.List.Entries, len(want))
			}
			if e.HS6 != "" && !hs.Known(e.Edition, hs.Code(e.HS6)) {
				t.Errorf("%s %s: HS6 %q of %s", l.name, code, e.HS6, e.Edition)
			}
			if e.HS6 == "" && code < "98" {
				homeless++
			}
			for _, u := range e.Units {
				if _, ok := codes.UnitByCode(u); !ok {
					t.Errorf("%s %s: unit %q is not known", l.name, code, u)
				}
			}
		}
		if homeless != l.homeless {
			t.Errorf("%s: %d lines without an HS6 before chapter 98, expected %d", l.name, homeless, l.homeless)
		}
		for code := range want {
			if e, s := codes.CommodityIn(l.name, code[:len(code)-1]+"x", on); s != codes.NotListed || e.List.Snapshot == "" {
				t.Fatalf("%s: a code that does not exist is %s", l.name, s)
			}
			break
		}
	}
}

func TestListsFollowTheEditionInForce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		list, code, on string
		want           codes.Standing
		snapshot       string
	}{
		{"us-hts", "6307909870", "2019-06-01", codes.NoList, ""},
		{"us-hts", "0101210010", "2022-01-26", codes.NoList, ""},
		{"us-hts", "0101210010", "2022-01-27", codes.Listed, "2026-02-21"},
		{"us-hts", "0000000000", "2024-01-01", codes.NotListed, "2026-02-21"},
		{"us-hts", "6307909842", "2022-06-01", codes.NotInForce, "2026-02-21"},
		{"us-schedule-b", "0101210000", "2021-12-31", codes.Listed, "2019-01-01"},
		{"us-schedule-b", "0101210000", "2022-01-01", codes.NoList, ""},
		{"au-ahecc", "01012100", "2013-05-01", codes.Listed, "2012-01-01"},
		{"au-ahecc", "01012100", "2019-05-01", codes.Listed, "2017-01-01"},
		{"au-ahecc", "01012100", "2023-05-01", codes.NoList, ""},
		{"uk-cn", "01012100", "2009-02-01", codes.NoList, ""},
		{"nz-tariff", "0101210010", "2025-01-01", codes.Listed, "2022-01-01"},
		{"nowhere", "0101210010", "2025-01-01", codes.NoList, ""},
	} {
		e, got := codes.CommodityIn(c.list, c.code, day(t, c.on))
		if got != c.want || e.List.Snapshot != c.snapshot {
			t.Errorf("%s %s on %s: %s by the list of %q, want %s by %q", c.list, c.code, c.on, got, e.List.Snapshot, c.want, c.snapshot)
		}
	}
}

func TestEntriesOfNote(t *testing.T) {
	t.Parallel()
	old, s := codes.CommodityIn("us-hts", "0101100010", day(t, "2026-01-01"))
	if s != codes.Listed || old.HS6 != "010110" || old.Edition != hs.HS2007 {
		t.Errorf("an obsolete number that the HTS still carries: %s %+v", s, old)
	}
	national, s := codes.CommodityIn("us-hts", "9801001010", day(t, "2026-01-01"))
	if s != codes.Listed || national.HS6 != "" || national.Edition != 0 {
		t.Errorf("chapter 98: %s %+v", s, national)
	}
	moved, s := codes.CommodityIn("au-ahecc", "69071000", day(t, "2018-01-01"))
	if s != codes.Listed || moved.HS6 != "690600" {
		t.Errorf("a code that kept an older number: %s %+v", s, moved)
	}
	found := false
	for _, e := range codes.SplitLines("au-ahecc", "690600", day(t, "2018-01-01")) {
		found = found || e.Code == "69071000"
	}
	if !found {
		t.Error("SplitLines goes by the prefix, not by the HS6")
	}
	masks := codes.SplitLines("ca-tariff", "630790", day(t, "2024-01-01"))
	if len(masks) < 2 || masks[0].Code >= masks[1].Code {
		t.Errorf("Canada's lines under 630790: %v", masks)
	}
	if got := codes.SplitLines("us-hts", "630790", day(t, "2019-01-01")); got != nil {
		t.Errorf("lines of another edition: %v", got)
	}
	early := codes.SplitLines("us-hts", "630790", day(t, "2022-06-01"))
	late := codes.SplitLines("us-hts", "630790", day(t, "2023-06-01"))
	if len(early) >= len(late) {
		t.Errorf("masks were split on 2023-01-01: %d lines before, %d after", len(early), len(late))
	}
	if ls := codes.Lists(); len(ls) != 12 {
		t.Errorf("%d lists", len(ls))
	}
	for _, l := range codes.Lists() {
		if l.Source == "" || l.Entries == 0 || l.Snapshot == "" || len(l.Flows) == 0 || l.Edition == 0 || !l.Complete && l.Note == "" {
			t.Errorf("a list that says too little of itself: %+v", l)
		}
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	next := codes.Successors("uk-cn", "02012011")
	if len(next) != 2 || next[0] != (codes.Change{Old: "02012011", New: "02012021", FromYear: 1989}) || next[1].New != "02012029" {
		t.Errorf("02012011 became %v", next)
	}
	if back := codes.Predecessors("cn", "02012029"); len(back) < 2 {
		t.Errorf("02012029 was %v", back)
	}
	if nz := codes.Successors("nz-tariff", "0208900049"); len(nz) != 2 || nz[1].New != "0410100500" {
		t.Errorf("0208900049 became %v", nz)
	}
	if codes.Successors("nowhere", "02012011") != nil || codes.Successors("cn", "x") != nil {
		t.Error("changes out of nothing")
	}
}

func TestChangesEqualTheirSources(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ csv, list, old, next string }{
		{"cn8_code_changes_1988_2019.csv", "cn", "origin_cn8", "destination_cn8"},
		{"nz_correlation_2021_2022.csv", "nz-tariff", "old_code10", "new_code10"},
	} {
		want := map[string]int{}
		rows := rowsOf(t, "codes/"+c.csv)
		for _, r := range rows {
			want[r[c.old]]++
		}
		total := 0
		for old, n := range want {
			got := codes.Successors(c.list, old)
			total += len(got)
			if len(got) != n {
				t.Errorf("%s %s: %d steps, want %d", c.list, old, len(got), n)
			}
			for _, s := range got {
				found := false
				for _, p := range codes.Predecessors(c.list, s.New) {
					found = found || p == s
				}
				if !found {
					t.Errorf("%v is not found backwards", s)
				}
			}
		}
		if total != len(rows) {
			t.Errorf("%s: %d steps, want %d", c.list, total, len(rows))
		}
	}
}

func BenchmarkCommodityIn(b *testing.B) {
	on := day(b, "2024-06-01")
	codes.CommodityIn("us-hts", "0101210010", on)
	for b.Loop() {
		codes.CommodityIn("us-hts", "6307909845", on)
	}
}
