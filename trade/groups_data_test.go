package trade_test

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"guichet/hs"
	"guichet/trade"
)

// groupsData opens a file of the shared data folder, which is no part of the
// repository: a stranger's machine skips, CI fails.
func groupsData(t *testing.T, name string) *os.File {
	t.Helper()
	dir := os.Getenv("GUICHET_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("CI must have the data folder: %v", err)
		}
		t.Skipf("no data folder, set GUICHET_DATA: %v", err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// groupsTable reads a CSV file of the data folder as one map per row.
func groupsTable(t *testing.T, name string) []map[string]string {
	t.Helper()
	rows, err := csv.NewReader(groupsData(t, name)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := make([]map[string]string, 0, len(rows))
	for _, r := range rows[1:] {
		m := map[string]string{}
		for i, column := range rows[0] {
			m[column] = r[i]
		}
		out = append(out, m)
	}
	return out
}

const wcoList = "codes/covid_wco_who_ed3_2020.csv"

// TestUSImportsOf2024 holds the published figures: general imports in USD.
func TestUSImportsOf2024(t *testing.T) {
	var rows [][]any
	if err := json.NewDecoder(groupsData(t, "flows/us-census-imports-hts10/data/2024/products.json")).Decode(&rows); err != nil {
		t.Fatal(err)
	}
	general := map[hs.Code]int64{}
	for _, r := range rows {
		general[hs.Code(r[0].(string)[:6])] += int64(r[1].(float64))
	}
	sum := func(codes []hs.Code) (total int64) {
		for _, c := range codes {
			total += general[c]
		}
		return total
	}
	for path, want := range map[string]int64{"covid19/protective": 27_888_252_881, "covid19": 269_078_506_141} {
		codes, _ := trade.GroupCodes(path, hs.HS2022)
		if got := sum(codes); got != want {
			t.Errorf("%s: general imports %d, want %d", path, got, want)
		}
	}
	var parts, sections int64
	for _, p := range fiveGroups {
		codes, _ := trade.GroupCodes(p, hs.HS2022)
		parts += sum(codes)
	}
	if parts != 269_078_506_141 {
		t.Errorf("the five groups add up to %d", parts)
	}
	// The sum with repeats: a code counts once in each section that names it.
	for _, it := range itemsOf(hs.HS2022) {
		if !it.Partial {
			sections += sum([]hs.Code{it.Code}) * int64(1+len(it.AlsoSections))
		}
	}
	if sections != 321_939_697_736 {
		t.Errorf("the sections with repeats add up to %d, want 321939697736", sections)
	}
}

func itemsOf(e hs.Edition) []trade.Item {
	var out []trade.Item
	for _, g := range trade.Groups() {
		for _, it := range g.Items {
			if it.Edition == e {
				out = append(out, it)
			}
		}
	}
	return out
}

// TestTheListIsWhole compares codes, sections and partial marks with the list,
// in its own edition and in HS2022.
func TestTheListIsWhole(t *testing.T) {
	type place struct {
		e       hs.Edition
		code    hs.Code
		section string
	}
	want := map[place]bool{} // true: counted
	for _, r := range groupsTable(t, wcoList) {
		want[place{hs.HS2017, hs.Code(r["hs2017_code"]), r["section"]}] = r["digits"] == "6"
		if r["digits"] == "4" {
			want[place{hs.HS2022, hs.Code(r["hs2017_code"]), r["section"]}] = false
		}
		for _, c := range split(r["hs2022_main"]) {
			want[place{hs.HS2022, c, r["section"]}] = true
		}
		for _, c := range split(r["hs2022_partial"]) {
			at := place{hs.HS2022, c, r["section"]}
			if !want[at] { // the main place of another code stays one, as 401512
				want[at] = false
			}
		}
	}
	got := map[place]bool{}
	for _, e := range []hs.Edition{hs.HS2017, hs.HS2022} {
		for _, it := range itemsOf(e) {
			for _, s := range append([]string{it.Section}, it.AlsoSections...) {
				got[place{e, it.Code, s}] = !it.Partial
			}
		}
	}
	for p, counted := range want {
		if g, ok := got[p]; !ok || g != counted {
			t.Errorf("%v: counted %v, present %v; the list says counted %v", p, g, ok, counted)
		}
	}
	for p := range got {
		if _, ok := want[p]; !ok {
			t.Errorf("%v is not in the list", p)
		}
	}
}

func split(list string) []hs.Code {
	var out []hs.Code
	for c := range strings.SplitSeq(list, "|") {
		if c != "" {
			out = append(out, hs.Code(c))
		}
	}
	return out
}

// TestProtectiveIsSectionII: every code of section II, and no other, is counted
// as protective equipment, in the list's edition and in HS2022.
func TestProtectiveIsSectionII(t *testing.T) {
	var in17, in22 []hs.Code
	for _, r := range groupsTable(t, wcoList) {
		if r["section"] == "II" {
			in17 = append(in17, hs.Code(r["hs2017_code"]))
			in22 = append(in22, split(r["hs2022_main"])...)
		}
	}
	for e, want := range map[hs.Edition][]hs.Code{hs.HS2017: in17, hs.HS2022: in22} {
		slices.Sort(want)
		want = slices.Compact(want)
		if got, _ := trade.GroupCodes("covid19/protective", e); !slices.Equal(got, want) || len(got) != 18 {
			t.Errorf("edition %v: protective is %v, section II is %v", e, got, want)
		}
	}
}

// TestCodesAreInThePublishedLists: headings too.
func TestCodesAreInThePublishedLists(t *testing.T) {
	for e, file := range map[hs.Edition]string{hs.HS2007: "h3", hs.HS2012: "h4", hs.HS2017: "h5", hs.HS2022: "h6"} {
		listed := map[hs.Code]bool{}
		for _, r := range groupsTable(t, "codes/hs_"+file+".csv") {
			listed[hs.Code(r["code"])] = true
		}
		for _, it := range itemsOf(e) {
			if !listed[it.Code] {
				t.Errorf("%s is not in hs_%s.csv", it.Code, file)
			}
			if len(it.Code) == 4 && (!it.Partial || it.Via != nil) {
				t.Errorf("heading %s is counted or converted", it.Code)
			}
		}
	}
}

// links is one correlation table: HS2017 codes to the other edition's and back.
type links struct{ to, from map[hs.Code][]hs.Code }

func readLinks(t *testing.T, name, other string) links {
	t.Helper()
	l := links{map[hs.Code][]hs.Code{}, map[hs.Code][]hs.Code{}}
	for _, r := range groupsTable(t, "codes/"+name) {
		mine, theirs := hs.Code(r["hs2017"]), hs.Code(r[other])
		if sideEffect(theirs) {
			continue
		}
		l.to[mine] = append(l.to[mine], theirs)
		l.from[theirs] = append(l.from[theirs], mine)
	}
	return l
}

// sideEffect: what the new headings of HS2022 drag along (see trade.Via).
func sideEffect(c hs.Code) bool {
	return c[:4] == "8524" || c[:4] == "8549" || c == "852990"
}

// TestConversionsAgreeWithTheTables works every source and relation out again.
func TestConversionsAgreeWithTheTables(t *testing.T) {
	list, _ := trade.GroupCodes("covid19", hs.HS2017)
	for e, l := range map[hs.Edition]links{
		hs.HS2007: readLinks(t, "concordance_hs2017_hs2007.csv", "hs2007"),
		hs.HS2012: readLinks(t, "concordance_hs2017_hs2012.csv", "hs2012"),
		hs.HS2022: readLinks(t, "concordance_hs2022_hs2017.csv", "hs2022"),
	} {
		counted, _ := trade.GroupCodes("covid19", e)
		reached := map[hs.Code]bool{}
		for _, it := range itemsOf(e) {
			if len(it.Code) == 4 || sideEffect(it.Code) {
				continue
			}
			for _, f := range it.Via.From {
				if !slices.Contains(l.from[it.Code], f) || !slices.Contains(list, f) {
					t.Errorf("edition %v: %s does not come from %s", e, it.Code, f)
				}
				reached[f] = true
			}
			if it.Partial {
				continue
			}
			from, relation := relate(l, it.Code, list, counted)
			if relation != it.Via.Relation || !slices.Equal(from, it.Via.From) {
				t.Errorf("edition %v: %s is %s of %v, the table says %s of %v", e, it.Code, it.Via.Relation, it.Via.From, relation, from)
			}
		}
		for _, c := range list {
			if !reached[c] {
				t.Errorf("edition %v: %s of the list leads nowhere", e, c)
			}
		}
	}
}

func relate(l links, c hs.Code, list, counted []hs.Code) ([]hs.Code, trade.Relation) {
	var from []hs.Code
	wider, narrower, others := false, false, false
	for _, f := range l.from[c] {
		if !slices.Contains(list, f) {
			wider = true
			continue
		}
		from = append(from, f)
		for _, to := range l.to[f] {
			others = others || to != c
			narrower = narrower || !slices.Contains(counted, to)
		}
	}
	slices.Sort(from)
	switch {
	case wider && narrower:
		return from, trade.RelationOverlap
	case wider:
		return from, trade.RelationWider
	case narrower:
		return from, trade.RelationNarrower
	case others || len(from) > 1:
		return from, trade.RelationRegrouped
	case from[0] == c:
		return from, trade.RelationSame
	}
	return from, trade.RelationRenumbered
}
