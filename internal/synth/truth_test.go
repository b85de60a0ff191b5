package synth_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"guichet/codes"
	"guichet/internal/synth"
)

// cell is what the two sides of a flow are compared by.
type cell struct{ exporter, importer, month, hs6 string }

// TestTheCausesAddUp reads what was made as an outsider would and holds the
// promise of the package: for every pair, month and subheading X - M is the sum
// over the causes, to the cent, at the rates of the days and of the months.
func TestTheCausesAddUp(t *testing.T) {
	spans := [][2]string{{"2019-01", "2019-03"}, {"2021-11", "2022-02"}, {"2016-12", "2017-02"}, {"2020-02", "2020-02"}}
	// Each case makes and reads whole folders: thirty say as much as a hundred.
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := flag.Set("rapid.checks", "30"); err != nil {
			t.Fatal(err)
		}
	}
	all, cases := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		span := rapid.SampledFrom(spans).Draw(rt, "months")
		members := rapid.SliceOfNDistinct(rapid.SampledFrom(synth.Members()), 2, 5, rapid.ID[string]).Draw(rt, "members")
		cases++
		parent := filepath.Join(all, strconv.Itoa(cases))
		defer func() { _ = os.RemoveAll(parent) }()
		o := synth.Options{
			Members: members, From: span[0], To: span[1], Declarations: rapid.Int64Range(1, 2500).Draw(rt, "declarations"),
			Seed: rapid.Uint64().Draw(rt, "seed"), Gzip: rapid.Bool().Draw(rt, "gzip"), Dir: filepath.Join(parent, "out"),
		}
		if _, err := synth.Make(context.Background(), o, silent); err != nil {
			rt.Fatalf("%v", err)
		}
		holdTruth(rt, o)
	})
}

// holdTruth compares the declared lines with the causes.
func holdTruth(t fataler, o synth.Options) {
	t.Helper()
	byDay, byMonth := map[cell]int64{}, map[cell]int64{}
	rates := dayRates(t, o.Dir)
	for _, member := range o.Members {
		for _, d := range declarations(t, o.Dir, member) {
			at := cell{d.exporter, d.importer, d.date[:7], d.hs6}
			sign := int64(1)
			if d.imports {
				sign = -1
			}
			rate, ok := codes.RateOf(currency(member), at.month)
			if !ok {
				t.Fatalf("no rate of %s in %s", member, at.month)
			}
			byDay[at] += sign * usd(d.cents, rates[[2]string{d.date, currency(member)}])
			byMonth[at] += sign * usd(d.cents, rate.Micro)
		}
	}
	hidden := hiddenLines(t, o)
	for _, r := range read(t, o.Dir, "truth-causes-*-generated.csv.gz") {
		before, after := amounts(t, r)
		if off := after.usd - before.usd; r["cause"] == "rounding" && (off < -1 || off > 1) {
			t.Fatalf("a rounding of %d cents hides something: %v", off, r)
		}
		switch r["level"] {
		case "line":
			byDay[before.cell] += before.usd
			byDay[after.cell] -= after.usd
			byMonth[before.cell] += before.usd
			byMonth[after.cell] -= after.usd
		case "monthly_mean":
			// A rolled-up line is converted under the code that it was rolled into.
			if hidden[r["side"]+r["consignment"]] == "" {
				byMonth[before.cell] += before.usd
				byMonth[after.cell] -= after.usd
			}
		}
	}
	// Lines that were hidden stand at the rate of the day in byMonth's causes.
	for at, rest := range byDay {
		if rest != 0 && compared(o, at) {
			t.Fatalf("%v: %d US cents are not explained", at, rest)
		}
	}
	if len(hidden) > 0 {
		return
	}
	for at, rest := range byMonth {
		if rest != 0 && compared(o, at) {
			t.Fatalf("%v: %d US cents are not explained at monthly means", at, rest)
		}
	}
}

// hiddenLines returns the sides of consignments that an office hides.
func hiddenLines(t fataler, o synth.Options) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, r := range read(t, o.Dir, "truth-causes-*-generated.csv.gz") {
		if r["cause"] == "confidentiality" {
			out[r["side"]+r["consignment"]] = r["detail"]
		}
	}
	return out
}

// compared says whether both sides of a cell are members and its month was
// asked for.
func compared(o synth.Options, c cell) bool {
	return slices.Contains(o.Members, c.exporter) && slices.Contains(o.Members, c.importer) && o.From <= c.month && c.month <= o.To
}

// amount is where an amount stands, with the sign that it has in X - M.
type amount struct {
	cell
	usd int64
}

func amounts(t fataler, r row) (before, after amount) {
	t.Helper()
	sign := int64(1)
	if r["side"] == "M" {
		sign = -1
	}
	of := func(when string) amount {
		return amount{
			cell{r["exporter_"+when], r["importer_"+when], r["month_"+when], r["hs_"+when]},
			sign * number(t, r["usd_cents_"+when]),
		}
	}
	return of("before"), of("after")
}

// TestWithoutACauseBothSidesAgree looks at the consignments that no cause
// touched: both lines say the same month, subheading and US cents.
func TestWithoutACauseBothSidesAgree(t *testing.T) {
	o := options(t, 30_000, 3)
	if _, err := synth.Make(t.Context(), o, silent); err != nil {
		t.Fatal(err)
	}
	touched := map[string]bool{}
	for _, r := range read(t, o.Dir, "truth-causes-*") {
		if r["level"] == "line" && r["usd_cents_before"] != "" && (r["usd_cents_before"] != r["usd_cents_after"] || r["month_before"] != r["month_after"] ||
			r["exporter_before"] != r["exporter_after"] || r["importer_before"] != r["importer_after"] || r["hs_before"] != r["hs_after"]) {
			touched[r["consignment"]] = true
		}
	}
	lines, rates := map[string]declared{}, dayRates(t, o.Dir)
	for _, member := range o.Members {
		for _, d := range declarations(t, o.Dir, member) {
			lines[d.number] = d
		}
	}
	agreed := 0
	for _, r := range read(t, o.Dir, "truth-consignments-*") {
		if touched[r["consignment"]] {
			continue
		}
		x, okX := lines[r["export_declaration"]+"/"+r["line"]]
		m, okM := lines[r["import_declaration"]+"/"+r["line"]]
		if !okX || !okM {
			t.Fatalf("%s has no cause and is not declared on both sides", r["consignment"])
		}
		xUSD, mUSD := usd(x.cents, rates[[2]string{x.date, currency(x.member)}]), usd(m.cents, rates[[2]string{m.date, currency(m.member)}])
		if xUSD != mUSD || x.date[:7] != m.date[:7] || x.hs6 != m.hs6 || x.exporter != m.exporter || x.importer != m.importer || xUSD != number(t, r["fob_usd_cents"]) {
			t.Errorf("%s: %+v (%d), %+v (%d), true %s", r["consignment"], x, xUSD, m, mUSD, r["fob_usd_cents"])
		}
		agreed++
	}
	if agreed < 100 {
		t.Errorf("%d consignments without a cause, want some hundreds", agreed)
	}
}
