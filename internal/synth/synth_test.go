package synth_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/synth"
)

// silent is a Progress that says nothing.
func silent(string, int64, int64) {}

// options are three years of all five members.
func options(tb testing.TB, n int64, seed uint64) synth.Options {
	tb.Helper()
	return synth.Options{
		Members: synth.Members(), From: "2019-01", To: "2021-12", Declarations: n, Seed: seed, Dir: filepath.Join(tb.TempDir(), "out"),
	}
}

func BenchmarkSynth(b *testing.B) {
	const n = 2_000_000
	lines := int64(0)
	for b.Loop() {
		o := options(b, n, 1)
		m, err := synth.Make(context.Background(), o, silent)
		if err != nil {
			b.Fatal(err)
		}
		lines += m.Lines
		if err := os.RemoveAll(o.Dir); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(lines)/b.Elapsed().Seconds(), "synth_lines_per_s")
}

// TestSameSeedSameBytes makes the same on one core, on two and on five, and
// with another seed.
func TestSameSeedSameBytes(t *testing.T) {
	made := func(cores int, seed uint64) map[string]string {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		o := options(t, 40_000, seed)
		if _, err := synth.Make(t.Context(), o, silent); err != nil {
			t.Fatal(err)
		}
		return digests(t, o.Dir)
	}
	want := made(1, 11)
	for _, cores := range []int{2, 5} {
		if diff := cmp.Diff(want, made(cores, 11)); diff != "" {
			t.Errorf("%d cores make other bytes: %s", cores, diff)
		}
	}
	other := made(2, 12)
	for name, digest := range want {
		if other[name] == digest {
			t.Errorf("another seed makes the same %s", name)
		}
	}
}

// digests are the sha256 of every file of a folder, and must be those of its
// manifest.
func digests(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = fmt.Sprintf("%x", sha256.Sum256(raw))
		if !strings.Contains(e.Name(), "-generated") && e.Name() != "manifest.json" {
			t.Errorf("the name %s does not say that it is generated", e.Name())
		}
	}
	m := manifest(t, dir)
	if len(m.Files) != len(out)-1 {
		t.Errorf("the manifest names %d files, there are %d", len(m.Files), len(out)-1)
	}
	for _, f := range m.Files {
		if out[f.Name] != f.SHA256 {
			t.Errorf("%s: the manifest says %s, its bytes %s", f.Name, f.SHA256, out[f.Name])
		}
	}
	return out
}

// TestGzipHoldsTheSame unpacks the packed lines with another reader of gzip and
// compares them with those that are not packed.
func TestGzipHoldsTheSame(t *testing.T) {
	plain, packed := options(t, 20_000, 5), options(t, 20_000, 5)
	packed.Gzip = true
	for _, o := range []synth.Options{plain, packed} {
		if _, err := synth.Make(t.Context(), o, silent); err != nil {
			t.Fatal(err)
		}
	}
	for _, member := range synth.Members() {
		if diff := cmp.Diff(declarations(t, plain.Dir, member), declarations(t, packed.Dir, member), cmp.AllowUnexported(declared{})); diff != "" {
			t.Errorf("%s: %s", member, diff)
		}
	}
}

// TestTotalsAreThoseOfTheFiles adds up every file of lines.
func TestTotalsAreThoseOfTheFiles(t *testing.T) {
	o := options(t, 20_000, 8)
	m, err := synth.Make(t.Context(), o, silent)
	if err != nil {
		t.Fatal(err)
	}
	var lines int64
	for _, f := range m.Files {
		if f.Kind != "declarations" {
			continue
		}
		var in, out int64
		all := declarations(t, o.Dir, f.Member)
		for _, d := range all {
			if d.imports {
				in += d.cents
			} else {
				out += d.cents
			}
		}
		if int64(len(all)) != f.Lines {
			t.Errorf("%s: %d lines, the manifest says %d", f.Name, len(all), f.Lines)
		}
		want := []string{guichet.NewDecimal(big.NewInt(in), 2).String(), guichet.NewDecimal(big.NewInt(out), 2).String()}
		var got []string
		for _, n := range f.Totals {
			got = append(got, n.String())
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: totals: %s", f.Name, diff)
		}
		lines += f.Lines
	}
	if lines != m.Lines || lines < 15_000 || lines > 20_000 {
		t.Errorf("%d lines, the manifest says %d, asked for 20,000 less those not declared", lines, m.Lines)
	}
}

// TestNumbersAreUnique looks at the numbers of all declarations.
func TestNumbersAreUnique(t *testing.T) {
	o := options(t, 40_000, 9)
	if _, err := synth.Make(t.Context(), o, silent); err != nil {
		t.Fatal(err)
	}
	for _, member := range o.Members {
		seen := map[string]bool{}
		for _, d := range declarations(t, o.Dir, member) {
			if seen[d.number] {
				t.Errorf("%s: %s stands twice", member, d.number)
			}
			seen[d.number] = true
		}
	}
}
