package synth_test

import (
	"archive/zip"
	"io"
	"math/big"
	"path/filepath"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/synth"
)

// TestPublishedIsWhatWasDeclared adds up the last publications and holds them
// against the lines, less what the office leaves blank: exactly in whole
// dollars, else within half a unit a row. The first publications are others.
func TestPublishedIsWhatWasDeclared(t *testing.T) {
	o := options(t, 40_000, 14)
	o.From, o.To = "2020-11", "2021-02"
	m, err := synth.Make(t.Context(), o, silent)
	if err != nil {
		t.Fatal(err)
	}
	blank := map[string]bool{}
	for _, r := range read(t, o.Dir, "truth-causes-*") {
		if r["cause"] == "confidentiality" && r["detail"] == "blank" {
			blank[r["declaration"]+"/"+r["line"]] = true
		}
	}
	want := map[string]int64{} // cents
	for _, member := range []string{"US", "CA", "NZ", "GB"} {
		for _, d := range declarations(t, o.Dir, member) {
			way := " X"
			if d.imports {
				way = " M"
			}
			if !blank[d.number] {
				want[member+way] += d.cents
			}
		}
	}
	got, rows, first := map[string]guichet.Decimal{}, map[string]int64{}, map[string]guichet.Decimal{}
	for _, f := range m.Files {
		for _, c := range []struct{ begins, column, as string }{
			{"us-census-imports", "GEN_VAL_MO", "US M"},
			{"us-census-exports", "ALL_VAL_MO", "US X"},
			{"CIMT-CICM_Imp", "Value/Valeur", "CA M"},
			{"CIMT-CICM_Tot", "Value/Valeur", "CA X"},
			{"2020_Imports", "cif", "NZ M"},
			{"2021_Imports", "cif", "NZ M"},
			{"2020_Exports", "total_export_FOB", "NZ X"},
			{"2021_Exports", "total_export_FOB", "NZ X"},
			{"SMKI19", "value", "GB M"},
			{"SMKE19", "value", "GB X"},
		} {
			switch {
			case !strings.HasPrefix(f.Name, c.begins):
			case f.Vintage == "first":
				first[c.as] = first[c.as].Add(f.Totals[c.column])
			default:
				got[c.as] = got[c.as].Add(f.Totals[c.column])
				rows[c.as] += f.Lines
			}
		}
	}
	for as, cents := range want {
		declared := guichet.NewDecimal(big.NewInt(cents), 2)
		within := guichet.DecimalOf(rows[as])
		if strings.HasPrefix(as, "US") {
			within = guichet.Decimal{}
		}
		if got[as].Sub(declared).Abs().Cmp(within) > 0 || got[as].Sign() == 0 {
			t.Errorf("%s: published %s, declared %s", as, got[as], declared)
		}
		if !strings.HasPrefix(as, "GB") && got[as].Cmp(first[as]) == 0 {
			t.Errorf("%s: the first publication is the last", as)
		}
	}
}

// TestArchivesSayThatTheyAreMade looks at the comments, and at the lengths of
// HMRC's lines.
func TestArchivesSayThatTheyAreMade(t *testing.T) {
	o := options(t, 4000, 15)
	o.From, o.To = "2020-11", "2020-12"
	if _, err := synth.Make(t.Context(), o, silent); err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(o.Dir, "*.zip"))
	if err != nil || len(paths) < 8 {
		t.Fatalf("%v, %v", paths, err)
	}
	for _, path := range paths {
		z, err := zip.OpenReader(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(z.Comment, "generated") || len(z.File) != 1 {
			t.Errorf("%s: comment %q, %d members", path, z.Comment, len(z.File))
		}
		f, err := z.File[0].Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		if name := filepath.Base(path); strings.HasPrefix(name, "SMK") {
			long := map[string]int{"SMKI": 143, "SMKE": 141}[name[:4]]
			holdLengths(t, name, strings.Split(strings.TrimSuffix(string(text), "\r\n"), "\r\n"), long)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func holdLengths(t *testing.T, name string, lines []string, long int) {
	t.Helper()
	for i, line := range lines {
		want := long
		switch i {
		case 0:
			want = 76
		case len(lines) - 1:
			want = 103
		}
		if len(line) != want {
			t.Errorf("%s, line %d has %d characters, want %d: %s", name, i+1, len(line), want, line)
		}
	}
}
