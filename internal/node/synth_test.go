package node_test

import (
	"path/filepath"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/node"
)

// TestWhatSynthMakesIsTakenIn makes a few months of five members and takes in
// every file that an office would have: each finds its profile, nothing is put
// aside, all is marked as made, and what is answered is what the manifest says.
func TestWhatSynthMakesIsTakenIn(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made")
	made, err := node.Synth(t.Context(), node.SynthRequest{
		Members: node.SynthMembers(), From: "2020-11", To: "2020-12", Declarations: 5000, Seed: 5, Gzip: true, Dir: dir,
	}, func(string, int64, int64) {})
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, "US")
	want := map[string]guichet.Decimal{}
	for _, f := range made.Files {
		if f.Kind != "declarations" && f.Kind != "aggregate" {
			continue
		}
		released := map[string]string{"first": "2021-03-10", "revised": "2021-06-10", "": "2021-03-10"}[f.Vintage]
		sub := h.take(t, node.IngestRequest{File: filepath.Join(dir, f.Name), Released: released, NoCompact: true}).Submission
		if sub.Aside != 0 || sub.Kept != f.Lines || !sub.Generated {
			t.Errorf("%s (%s): %d lines kept of %d, %d put aside (%v), generated %v", f.Name, sub.Profile, sub.Kept, f.Lines, sub.Aside, sub.Reasons, sub.Generated)
		}
		for column, n := range f.Totals {
			if f.Vintage != "first" {
				key := f.Kind + " " + f.Member + " " + column + madeTable(f.Name)
				want[key] = want[key].Add(n)
			}
		}
	}
	for key, words := range map[string]string{
		"aggregate US GEN_VAL_MO":               "reporter=US flow=imports grain=aggregate mode=_T",
		"aggregate US ALL_VAL_MO":               "reporter=US flow=exports grain=aggregate mode=_T",
		"aggregate US DF 2 ALL_VAL_MO":          "reporter=US flow=re_exports grain=aggregate mode=_T",
		"aggregate NZ vfd":                      "reporter=NZ flow=imports grain=aggregate",
		"aggregate NZ Export_FOB":               "reporter=NZ flow=domestic_exports grain=aggregate",
		"aggregate CA Value/Valeur CIMT Imp":    "reporter=CA flow=imports grain=aggregate",
		"aggregate CA Value/Valeur CIMT Tot":    "reporter=CA flow=exports grain=aggregate",
		"aggregate CA Value/Valeur CIMT Dom":    "reporter=CA flow=domestic_exports grain=aggregate",
		"aggregate AU M primaryValue":           "reporter=AU flow=imports grain=aggregate",
		"aggregate AU X primaryValue":           "reporter=AU flow=exports grain=aggregate",
		"aggregate GB value imports":            "reporter=GB flow=imports grain=aggregate trade_system=general",
		"aggregate GB value exports":            "reporter=GB flow=exports grain=aggregate trade_system=general",
		"declarations US I CUSTOMS_VALUE":       "reporter=US flow=imports grain=line",
		"declarations NZ EXP FOB_VALUE":         "reporter=NZ flow=exports grain=line",
		"declarations AU N10 CUSTOMS_VALUE":     "reporter=AU flow=imports grain=line",
		"declarations CA IMPORT VALUE_FOR_DUTY": "reporter=CA flow=imports grain=line",
		"declarations GB IM DE_8_6_STAT_VALUE":  "reporter=GB flow=imports grain=line valuation=cif",
	} {
		var got guichet.Decimal
		a := h.ask(t, words+" measure=value")
		for _, r := range a.Rows {
			if v, ok := r["value"].(guichet.Decimal); ok {
				got = got.Add(v)
			}
		}
		if got.Cmp(want[key]) != 0 || got.Sign() == 0 {
			t.Errorf("%s: answered %s, made %s (%v)", words, got, want[key], a.Gaps)
		}
	}
}

// madeTable tells apart files whose columns have the same name: Canada's archives
// and HMRC's directions.
func madeTable(name string) string {
	switch {
	case strings.HasPrefix(name, "CIMT"):
		return " CIMT " + name[len("CIMT-CICM_"):][:3]
	case strings.HasPrefix(name, "SMKI"):
		return " imports"
	case strings.HasPrefix(name, "SMKE"):
		return " exports"
	}
	return ""
}
