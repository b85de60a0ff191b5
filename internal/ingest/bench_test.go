package ingest_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"guichet/internal/ingest"
)

func BenchmarkUSCensus(b *testing.B) {
	file := data(b, "us-census-imports-hts10/data/2024_countries_data.tar.gz")
	benchmark(b, file, profiles(b))
}

func BenchmarkHMRC(b *testing.B) {
	benchmark(b, data(b, "hmrc-bulk-smkm46-2009-02/SMKM460902_rl_manual_fix.zip"), profiles(b))
}

// BenchmarkPlain reads a plain CSV that may stay where it lies: two million
// lines, digest and check alone.
func BenchmarkPlain(b *testing.B) {
	file := filepath.Join(b.TempDir(), "plain.csv")
	f, err := os.Create(file)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriter(f)
	_, _ = fmt.Fprintln(w, "month,code,country,value")
	for i := range 4_000_000 {
		_, _ = fmt.Fprintf(w, "2025-%02d,%010d,AU,%d.50\n", i%12+1, i%17000, i)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	benchmark(b, file, []*ingest.Profile{small(b)})
}

func benchmark(b *testing.B, file string, candidates []*ingest.Profile) {
	b.Helper()
	info, err := os.Stat(file)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	dir := b.TempDir()
	for b.Loop() {
		if _, err := ingest.Prepare(b.Context(), file, ingest.Options{Profiles: candidates, Dir: dir, Now: now()}); err != nil {
			b.Fatal(err)
		}
	}
}
