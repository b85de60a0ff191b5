package disclosure_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"guichet"
	"guichet/internal/disclosure"
)

// helper is what both a test and a property give.
type helper interface {
	Helper()
	Fatal(args ...any)
}

func dec(t helper, s string) guichet.Decimal {
	t.Helper()
	d, err := guichet.ParseDecimal(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// cellOf makes a cell of all its contributions, written with spaces between.
func cellOf(t helper, contributions string) disclosure.Cell {
	t.Helper()
	var c disclosure.Cell
	for s := range strings.FieldsSeq(contributions) {
		x := dec(t, s)
		c.Contributors++
		c.Total, c.Gross = c.Total.Add(x), c.Gross.Add(x.Abs())
		c.Largest = append(c.Largest, x)
	}
	return c
}

func ruleOf(r guichet.DisclosureRules, c disclosure.Cell) string {
	return disclosure.Protect(r, []disclosure.Cell{c}).Verdicts[0].Rule
}

// TestPublishedCases are cases that others have published with what comes out.
func TestPublishedCases(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name, contributions string
		rules               guichet.DisclosureRules
		want                string
	}{
		// tau-Argus manual, 4.1: 110 is left beside the two largest, 10 % of 700 is 70.
		{"five units", "700 200 60 40 10", guichet.DisclosureRules{Prior: 10}, ""},
		// The first two are one group: 50 is left, 10 % of 900 is 90.
		{"as groups", "900 60 40 10", guichet.DisclosureRules{Prior: 10}, "prior"},
		// sdcTable, microdata1, region by gender: A-female has two (11, 9); of D-male
		// METHODS gives 366 of 11 with 280 and 11 the largest; the nine others
		// are made up here to that sum, none above 11.
		{"A-female, freq 2", "11 9", guichet.DisclosureRules{Threshold: 3}, "threshold"},
		{"A-female, (2,75)", "11 9", guichet.DisclosureRules{Top: 2, Share: 75}, "dominance"},
		{"A-female, p 70", "11 9", guichet.DisclosureRules{Prior: 70}, "prior"},
		{"D-male, freq 2", "280 11 9 9 9 8 8 8 8 8 8", guichet.DisclosureRules{Threshold: 3}, ""},
		{"D-male, (2,75)", "280 11 9 9 9 8 8 8 8 8 8", guichet.DisclosureRules{Top: 2, Share: 75}, "dominance"},
		{"D-male, p 70", "280 11 9 9 9 8 8 8 8 8 8", guichet.DisclosureRules{Prior: 70}, "prior"},
	} {
		if got := ruleOf(x.rules, cellOf(t, x.contributions)); got != x.want {
			t.Errorf("%s: %q, not %q", x.name, got, x.want)
		}
	}
}

// magnitude1 is a data set of Statistics Norway's SSBtools, as the vignette
// "Magnitude table suppression" of GaussSuppression prints it: sector, country,
// company, value.
const magnitude1 = `
Agriculture   Portugal A 75.9
Agriculture   Portugal B 24.5
Agriculture   Spain    A 96.6
Agriculture   Spain    B 43.2
Entertainment Iceland  B 16.8
Entertainment Portugal B 7.1
Entertainment Portugal D 2.3
Entertainment Spain    A 77.4
Entertainment Spain    B 11.5
Entertainment Spain    C 16.4
Governmental  Portugal B 21.6
Governmental  Portugal D 2.0
Governmental  Spain    C 6.5
Governmental  Spain    D 2.7
Industry      Iceland  B 9.6
Industry      Iceland  C 8.8
Industry      Iceland  D 1.9
Industry      Portugal B 25.7
Industry      Portugal D 3.4
Industry      Spain    C 8.4
`

// table sums magnitude1 by cell, and in it by contributor: sector and country, or
// the country alone.
func table(t *testing.T, total bool) map[string]disclosure.Cell {
	t.Helper()
	by := map[string]map[string]guichet.Decimal{}
	for line := range strings.Lines(strings.TrimSpace(magnitude1)) {
		f := strings.Fields(line)
		name := f[0] + "-" + f[1]
		if total {
			name = "Total-" + f[1]
		}
		if by[name] == nil {
			by[name] = map[string]guichet.Decimal{}
		}
		by[name][f[2]] = by[name][f[2]].Add(dec(t, f[3]))
	}
	out := map[string]disclosure.Cell{}
	for name, companies := range by {
		var list []string
		for _, v := range companies {
			list = append(list, v.String())
		}
		out[name] = cellOf(t, strings.Join(list, " "))
	}
	return out
}

func hidden(r guichet.DisclosureRules, cells map[string]disclosure.Cell) string {
	var out []string
	for name, c := range cells {
		if ruleOf(r, c) != "" {
			out = append(out, name+" "+c.Total.String())
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func TestStatisticsNorway(t *testing.T) {
	t.Parallel()
	if got, want := hidden(guichet.DisclosureRules{Top: 1, Share: 80}, table(t, false)), "Entertainment-Iceland 16.8, Governmental-Portugal 23.6, Industry-Portugal 29.1, Industry-Spain 8.4"; got != want {
		t.Errorf("(1,80) hides %s, not %s", got, want)
	}
	if got, want := hidden(guichet.DisclosureRules{Prior: 10}, table(t, true)), "Total-Iceland 37.1, Total-Portugal 162.5"; got != want {
		t.Errorf("p 10 hides of the totals %s, not %s", got, want)
	}
}

// TestDoubtHides: what is not known, or cannot be, is hidden; what nobody
// contributes to, or no rule is about, is shown.
func TestDoubtHides(t *testing.T) {
	t.Parallel()
	all := guichet.DisclosureRules{Threshold: 3, Top: 2, Share: 85, Prior: 10}
	for _, x := range []struct {
		name  string
		rules guichet.DisclosureRules
		cell  disclosure.Cell
		want  string
	}{
		{"no rules", guichet.DisclosureRules{}, disclosure.Cell{Contributors: -1, Total: dec(t, "5")}, ""},
		{"nobody", all, disclosure.Cell{}, ""},
		{"a figure of nobody", all, disclosure.Cell{Total: dec(t, "5")}, "doubt"},
		{"not counted", all, disclosure.Cell{Contributors: -1, Total: dec(t, "5")}, "doubt"},
		{"too few told", all, disclosure.Cell{Contributors: 9, Total: dec(t, "90"), Largest: []guichet.Decimal{dec(t, "10")}}, "doubt"},
		{"more than there are", all, disclosure.Cell{Contributors: 1, Total: dec(t, "9"), Largest: []guichet.Decimal{dec(t, "4"), dec(t, "5")}}, "doubt"},
		{"larger than the whole", all, disclosure.Cell{Contributors: 9, Total: dec(t, "10"), Largest: []guichet.Decimal{dec(t, "9"), dec(t, "8")}}, "doubt"},
		{"rules that cannot be", guichet.DisclosureRules{Threshold: -1}, cellOf(t, "1 1 1"), "doubt"},
		{"signs, without their sum", all, disclosure.Cell{Contributors: 4, Total: dec(t, "10"), Largest: []guichet.Decimal{dec(t, "-4"), dec(t, "3")}}, "doubt"},
		{"a negative sum", all, disclosure.Cell{Contributors: 4, Total: dec(t, "-10"), Largest: []guichet.Decimal{dec(t, "4"), dec(t, "3")}}, "doubt"},
		{"repayments", all, cellOf(t, "-70 50 40 30 -20 10"), ""},
		{"a large repayment", all, cellOf(t, "-700 20 10 5 5"), "dominance"},
		{"zeros of four", all, cellOf(t, "0 0 0 0"), ""},
		{"zeros of two", all, cellOf(t, "0 0"), "threshold"},
		{"one alone", guichet.DisclosureRules{Prior: 1}, cellOf(t, "5"), "prior"},
		{"exactly the share", guichet.DisclosureRules{Top: 1, Share: 75}, cellOf(t, "75 25"), ""},
		{"a cent above", guichet.DisclosureRules{Top: 1, Share: 75}, cellOf(t, "75.01 24.99"), "dominance"},
		{"exactly the threshold", guichet.DisclosureRules{Threshold: 3}, disclosure.Cell{Contributors: 3, Total: dec(t, "5")}, ""},
		{"in any order", guichet.DisclosureRules{Top: 1, Share: 75}, cellOf(t, "1 2 90"), "dominance"},
	} {
		v := disclosure.Protect(x.rules, []disclosure.Cell{x.cell}).Verdicts[0]
		if v.Rule != x.want || v.Hidden != (x.want != "") {
			t.Errorf("%s: %+v, not %q", x.name, v, x.want)
		}
		if v.Hidden && (v.Text.EN == "" || v.Text.FR == "") {
			t.Errorf("%s: no reason: %+v", x.name, v)
		}
	}
	if n := disclosure.Needed(guichet.DisclosureRules{Top: 1, Prior: 5}); n != 2 {
		t.Errorf("%d contributions are needed, not 2", n)
	}
	if n := disclosure.Needed(guichet.DisclosureRules{Top: 3, Prior: 5}); n != 3 {
		t.Errorf("%d contributions are needed, not 3", n)
	}
}

// TestOneHiddenInASum: it follows from the rest.
func TestOneHiddenInASum(t *testing.T) {
	t.Parallel()
	r := guichet.DisclosureRules{Threshold: 3}
	in := func(c disclosure.Cell, groups ...string) disclosure.Cell { c.Groups = groups; return c }
	of := func(c disclosure.Cell, sums ...string) disclosure.Cell { c.TotalOf = sums; return c }
	safe, unsafe := cellOf(t, "5 5 5"), cellOf(t, "5 5")
	for _, x := range []struct {
		name  string
		cells []disclosure.Cell
		want  string
	}{
		{"one of two", []disclosure.Cell{in(safe, "CN"), in(unsafe, "CN"), of(safe, "CN")}, "[CN:1]"},
		{"the total is not told", []disclosure.Cell{in(safe, "CN"), in(unsafe, "CN")}, "[CN:1]"},
		{"two", []disclosure.Cell{in(unsafe, "CN"), in(unsafe, "CN"), in(safe, "CN"), of(safe, "CN")}, "[]"},
		{"one and the total", []disclosure.Cell{in(unsafe, "CN"), in(safe, "CN"), of(unsafe, "CN")}, "[]"},
		{"the total alone", []disclosure.Cell{in(safe, "CN"), of(unsafe, "CN")}, "[CN:1]"},
		{"row and column", []disclosure.Cell{in(unsafe, "row", "column"), in(unsafe, "row"), in(safe, "column")}, "[column:0]"},
		{"no sum", []disclosure.Cell{unsafe, safe}, "[]"},
		{"none hidden", []disclosure.Cell{in(safe, "CN"), of(safe, "CN")}, "[]"},
		{"a group twice", []disclosure.Cell{in(unsafe, "CN", "CN"), in(safe, "CN")}, "[CN:0]"},
	} {
		var got []string
		for _, e := range disclosure.Protect(r, x.cells).Exposed {
			got = append(got, fmt.Sprintf("%s:%d", e.Group, e.Cell))
			if !strings.Contains(e.Text.EN, e.Group) || !strings.Contains(e.Text.FR, e.Group) {
				t.Errorf("%s: told as %+v", x.name, e.Text)
			}
		}
		if fmt.Sprint(got) != x.want {
			t.Errorf("%s: %v, not %s", x.name, got, x.want)
		}
	}
}

// TestStricterRulesHideMore, scaling changes nothing, and no cell that anybody
// could undo by arithmetic is shown: with p % the second largest cannot come nearer
// to the largest than p %.
func TestProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var texts []string
		for range rapid.IntRange(1, 8).Draw(t, "contributors") {
			texts = append(texts, fmt.Sprint(rapid.IntRange(-1000, 1000).Draw(t, "contribution")))
		}
		c, scaled := cellOf(t, strings.Join(texts, " ")), cellOf(t, strings.Join(texts, "0 ")+"0")
		r := guichet.DisclosureRules{
			Threshold: rapid.IntRange(0, 5).Draw(t, "m"), Top: rapid.IntRange(1, 3).Draw(t, "n"),
			Share: rapid.IntRange(1, 99).Draw(t, "k"), Prior: rapid.IntRange(0, 99).Draw(t, "p"),
		}
		if ruleOf(r, c) != ruleOf(r, scaled) {
			t.Fatalf("ten times %v is judged otherwise", texts)
		}
		tight := r
		tight.Threshold, tight.Top, tight.Share, tight.Prior = r.Threshold+1, r.Top+1, r.Share/2+1, min(99, r.Prior+5)
		if tight.Share > r.Share {
			tight.Share = r.Share
		}
		if ruleOf(r, c) != "" && ruleOf(tight, c) == "" {
			t.Fatalf("%v is hidden by %+v and shown by the stricter %+v", texts, r, tight)
		}
	})
}
