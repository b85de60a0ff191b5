package node_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/node"
)

// comtradeWhole is what the 925 files of two folders say together, read here by
// their columns alone.
type comtradeWhole struct {
	texts    map[string]*strings.Builder // by folder and header: their lines in one file
	lines    map[string]int64            // by folder
	partners map[string]guichet.Decimal  // by "reporter=AU period=2018": all partners but the World
	world    map[string]guichet.Decimal  // the World rows
	cif, fob map[string]guichet.Decimal  // of codes of six digits, partners but the World, by reporter and year
}

func readWhole(t *testing.T) *comtradeWhole {
	t.Helper()
	w := &comtradeWhole{
		texts: map[string]*strings.Builder{}, lines: map[string]int64{}, partners: map[string]guichet.Decimal{},
		world: map[string]guichet.Decimal{}, cif: map[string]guichet.Decimal{}, fob: map[string]guichet.Decimal{},
	}
	for _, folder := range []string{"comtrade-b5-imports-hs6-2018-2024", "mirror-us-exports-vs-partner-imports-hs6"} {
		root := guichettest.Flow(t, folder)
		files, err := filepath.Glob(filepath.Join(root, "*", "*.csv"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no files in %s (%v)", root, err)
		}
		for _, f := range files {
			w.add(t, folder, f)
		}
	}
	return w
}

// add reads one file: its lines go to the others of the same header.
func (w *comtradeWhole) add(t *testing.T, folder, file string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(strings.TrimPrefix(string(b), "\ufeff"), "\n")
	key := folder + " " + head
	if w.texts[key] == nil {
		w.texts[key] = &strings.Builder{}
		w.texts[key].WriteString(head + "\n")
	}
	w.texts[key].WriteString(body)
	rel, err := filepath.Rel(guichettest.Flow(t, ""), file)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range csvLines(t, filepath.ToSlash(rel)) {
		w.lines[folder]++
		cell := "reporter=" + area(t, line["reporterISO"]) + " period=" + line["period"]
		value := guichettest.Figure(t, line["primaryValue"])
		if line["partnerCode"] == "0" {
			w.world[cell] = w.world[cell].Add(value)
			continue
		}
		w.partners[cell] = w.partners[cell].Add(value)
		if len(line["cmdCode"]) == 6 {
			w.cif[cell] = w.cif[cell].Add(figureOrZero(t, line["cifvalue"]))
			w.fob[cell] = w.fob[cell].Add(figureOrZero(t, line["fobvalue"]))
		}
	}
}

func figureOrZero(t *testing.T, s string) guichet.Decimal {
	t.Helper()
	if s == "" {
		return guichet.Decimal{}
	}
	return guichettest.Figure(t, s)
}

// TestComtradeFolders takes in every line of both folders. Their files are
// joined, those of one header each, since a node that takes in 925 files one by
// one shows nothing more and takes minutes; TestComtrade of package ingest reads
// each as it lies.
func TestComtradeFolders(t *testing.T) {
	t.Parallel()
	guichettest.Data(t)
	w := readWhole(t)
	h := newHouse(t, "AU")
	var lines int64
	for i, key := range slices.Sorted(maps.Keys(w.texts)) {
		sub := h.take(t, node.IngestRequest{File: write(t, fmt.Sprintf("joined-%d.csv", i), w.texts[key].String())}).Submission
		if sub.Profile != "comtrade" || sub.Aside != 0 || sub.MayRedistribute {
			t.Errorf("%s: by %s, %d put aside, may be redistributed: %v", key[:40], sub.Profile, sub.Aside, sub.MayRedistribute)
		}
		lines += sub.Lines
	}
	for folder, want := range map[string]int64{"comtrade-b5-imports-hs6-2018-2024": 7_726, "mirror-us-exports-vs-partner-imports-hs6": 6_089} {
		if w.lines[folder] != want {
			t.Errorf("%s has %d lines, want %d", folder, w.lines[folder], want)
		}
	}
	if lines != 13_815 {
		t.Errorf("%d lines were taken in, want 13,815", lines)
	}
	h.wholeTotals(t, w)
	h.cifOverFOB(t, w)
}

// wholeTotals: by reporter and year, partners and World tell one flow twice.
func (h *house) wholeTotals(t *testing.T, w *comtradeWhole) {
	t.Helper()
	const words = "cube=comtrade-goods flow=imports period=2018:2024 by=period"
	for name, c := range map[string]struct {
		words string
		want  map[string]guichet.Decimal
	}{
		"partners":        {words, w.partners},
		"the World alone": {words + " partner=W0", w.world},
	} {
		a := h.ask(t, c.words)
		for _, cell := range slices.Sorted(maps.Keys(c.want)) {
			if got := total(t, a, cell, "value"); got.Cmp(c.want[cell]) != 0 {
				t.Errorf("%s, %s: %s, and the files' lines add up to %s", name, cell, got, c.want[cell])
			}
		}
	}
	if len(w.partners) != 34 {
		t.Errorf("%d reporters and years, want 34", len(w.partners))
	}
}

// cifOverFOB: freight and insurance over FOB where the files carry both values,
// over codes of six digits. With the heading 2510, phosphates, which is there at
// four digits alone, AU would have 4.08 % and NZ 10.92 %.
func (h *house) cifOverFOB(t *testing.T, w *comtradeWhole) {
	t.Helper()
	for _, c := range []struct{ reporter, period, want string }{
		{"AU", "2018:2021", "3.25"},
		{"NZ", "2019:2021", "3.57"},
		{"US", "2019", "2.16"},
	} {
		words := "cube=comtrade-goods flow=imports reporter=" + c.reporter + " period=" + c.period + " by=period,hs6 measure=cif_value,fob_value"
		a := h.ask(t, words)
		a.Rows = slices.DeleteFunc(a.Rows, func(r guichet.Row) bool { code, _ := r["hs6"].(string); return len(code) != 6 })
		cif, fob := total(t, a, "", "cif_value"), total(t, a, "", "fob_value")
		var wantCIF, wantFOB guichet.Decimal
		for cell, v := range w.cif {
			if strings.HasPrefix(cell, "reporter="+c.reporter+" ") && len(rows(t, a, cell)) > 0 {
				wantCIF, wantFOB = wantCIF.Add(v), wantFOB.Add(w.fob[cell])
			}
		}
		if cif.Cmp(wantCIF) != 0 || fob.Cmp(wantFOB) != 0 || fob.Sign() == 0 {
			t.Fatalf("%s: CIF %s and FOB %s, and the files' lines add up to %s and %s", words, cif, fob, wantCIF, wantFOB)
		}
		x := cif.Sub(fob).Rat()
		x.Quo(x, fob.Rat())
		if got := guichet.DecimalFromRat(x, 6).Rat().FloatString(4); got != "0.0"+strings.ReplaceAll(c.want, ".", "") {
			t.Errorf("%s: CIF is %s over FOB, want %s %%", c.reporter, got, c.want)
		}
	}
}
