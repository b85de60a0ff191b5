package mirror_test

import (
	"compress/gzip"
	"encoding/csv"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"guichet"
	"guichet/internal/mirror"
	"guichet/trade"
)

// dotsPair is one line of the IMF's matched pairs: what an importer and an
// exporter say of one flow in a year, in dollars. Its import value is no
// office's: the source has divided what was CIF by 1.06 before it wrote it.
type dotsPair struct {
	importer, exporter, year string
	asFOB                    bool            // the importer reports FOB, TMG_FOB_USD
	m, x                     guichet.Decimal // as written, to the thousandth
	cif                      guichet.Decimal // m times 1.06
}

// dotsPairs reads the lines between the five members.
func dotsPairs(t *testing.T) []dotsPair {
	t.Helper()
	f, err := os.Open(filepath.Join(dataFolder(t), "flows/mirror-imf-dots-gfi/dots_pairs_2015_2016.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(z).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := func(line []string, name string) string { return line[slices.Index(lines[0], name)] }
	members := map[string]string{"United States": "US", "United Kingdom": "GB", "Canada": "CA", "Australia": "AU", "New Zealand": "NZ"}
	var out []dotsPair
	for _, line := range lines[1:] {
		p := dotsPair{importer: members[at(line, "ctyname_m")], exporter: members[at(line, "ctyname_x")], year: at(line, "year_m")}
		if p.importer == "" || p.exporter == "" {
			continue
		}
		if at(line, "year_x") != p.year || at(line, "indcode_x") != "TXG_FOB_USD" {
			t.Fatalf("%v pairs two years, or exports that are not FOB", line)
		}
		p.asFOB = at(line, "indcode_m") == "TMG_FOB_USD"
		m, ok := new(big.Rat).SetString(at(line, "value_m"))
		x, ok2 := new(big.Rat).SetString(at(line, "value_x"))
		if !ok || !ok2 {
			t.Fatalf("%v has no figures", line)
		}
		p.m, p.x = guichet.DecimalFromRat(m, 3), guichet.DecimalFromRat(x, 3)
		p.cif = guichet.DecimalFromRat(m.Mul(m, big.NewRat(106, 100)), 3)
		out = append(out, p)
	}
	return out
}

// TestDOTSPairs: all twenty ordered pairs are there in both years; Canada and
// Australia stand twice as importers, CIF over 1.06 and FOB, which are one
// figure: their CIF is FOB times 1.06 and nobody measured it.
func TestDOTSPairs(t *testing.T) {
	pairs := dotsPairs(t)
	count, fob := map[string]int{}, map[string]int{}
	for _, p := range pairs {
		if !p.asFOB {
			count[p.year]++
			continue
		}
		fob[p.importer]++
		i := slices.IndexFunc(pairs, func(q dotsPair) bool {
			return !q.asFOB && q.importer == p.importer && q.exporter == p.exporter && q.year == p.year
		})
		if i < 0 {
			t.Fatalf("%s from %s %s stands as FOB alone", p.importer, p.exporter, p.year)
		}
		if d := pairs[i].m.Sub(p.m).Abs(); d.Cmp(guichet.DecimalOf(3)) > 0 {
			t.Errorf("%s from %s %s: CIF over 1.06 is %s, and FOB %s", p.importer, p.exporter, p.year, pairs[i].m, p.m)
		}
	}
	if count["2015"] != 20 || count["2016"] != 20 || fob["CA"] != 8 || fob["AU"] != 8 || len(fob) != 2 {
		t.Errorf("%v ordered pairs, FOB of %v; want twenty in each year, and eight each of CA and AU", count, fob)
	}
}

// TestDOTSAsymmetries: c of every pair by the formula, and of CA to US 2016
// 0.068; the division of what is no CIF by 1.06 alone would make it 0.126.
func TestDOTSAsymmetries(t *testing.T) {
	for _, p := range dotsPairs(t) {
		if p.asFOB {
			continue
		}
		q := question(t, p.exporter, p.importer, p.year)
		a := mirror.Compare(q, plain(q, true, p.x), plain(q, false, p.cif), mirror.Options{})
		divided := mirror.Compare(q, plain(q, true, p.x), plain(q, false, p.m), mirror.Options{})
		for _, side := range []struct {
			m   guichet.Decimal
			got *guichet.Decimal
		}{{p.cif, a.Asymmetry}, {p.m, divided.Asymmetry}} {
			x, m := p.x.Float64(), side.m.Float64()
			if c := 2 * (x - m) / (x + m); side.got == nil || side.got.Float64()-c > 1e-6 || c-side.got.Float64() > 1e-6 {
				t.Errorf("%s to %s %s: c is %s, want %.6f", p.exporter, p.importer, p.year, show(side.got), c)
			}
		}
		// Canada and the US publish one measurement between them.
		shared := slices.Contains([]string{"CAUS", "USCA"}, p.exporter+p.importer)
		if a.SumAbsolute != nil || says(a, trade.MirrorSharedSource) != shared {
			t.Errorf("%s to %s: by product %s; remarks %s", p.exporter, p.importer, show(a.SumAbsolute), codesOf(a.Remarks))
		}
		if p.exporter+p.importer+p.year != "CAUS2016" {
			continue
		}
		if billions(&p.x, 2) != "297.59" || billions(&p.cif, 2) != "278.07" || a.Asymmetry.Rat().FloatString(3) != "0.068" || divided.Asymmetry.Rat().FloatString(3) != "0.126" {
			t.Errorf("CA to US 2016: X %s, M %s, c %s, and %s over 1.06; want 297.59, 278.07, 0.068 and 0.126",
				billions(&p.x, 2), billions(&p.cif, 2), show(a.Asymmetry), show(divided.Asymmetry))
		}
	}
}
