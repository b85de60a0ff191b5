package journal_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/journal"
)

func check(tb testing.TB, dir string) journal.Report {
	tb.Helper()
	report, err := journal.CheckDir(context.Background(), dir, journal.Origin(circleName, "US"), trusted())
	if err != nil {
		tb.Fatalf("check: %v", err)
	}
	for _, f := range report.Findings {
		if f.Text.EN == "" || f.Text.FR == "" || strings.Contains(f.Text.EN+f.Text.FR, "%!") {
			tb.Errorf("%s says %q and %q", f.Code, f.Text.EN, f.Text.FR)
		}
	}
	return report
}

func TestASoundLogHasNoFindings(t *testing.T) {
	for _, n := range []int{0, 1, 255, 256, 257, 700} {
		dir := filled(t, "US", n)
		if report := check(t, dir); len(codes(report.Findings)) > 0 || report.Size != int64(n) {
			t.Errorf("%d leaves: %+v", n, report)
		}
	}
}

func TestALogIsCheckedWhileItGrows(t *testing.T) {
	j := open(t, t.TempDir())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for round := range 20 {
			fill(t, j, "US", round*50, 50)
		}
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		report, err := j.Check(context.Background(), trusted())
		if err != nil || len(codes(report.Findings)) > 0 {
			t.Fatalf("%+v %v", report, err)
		}
	}
}

// bundle is the file of a bundle of entries, tile of a hash tile.
func bundle(dir, name string) string { return filepath.Join(dir, "log", "tile", "entries", name) }
func tile(dir, name string) string   { return filepath.Join(dir, "log", "tile", name) }

func TestAChangedLeafIsNamed(t *testing.T) {
	dir := filled(t, "US", 700)
	alter(t, bundle(dir, "001"), func(b []byte) []byte {
		return bytes.Replace(b, []byte(`"rows":`), []byte(`"rowz":`), 1)
	})
	report := check(t, dir)
	if len(codes(report.Findings)) != 1 {
		t.Fatalf("%+v", report.Findings)
	}
	f := report.Findings[slices.IndexFunc(report.Findings, func(f journal.Finding) bool { return f.Code != journal.NotCosigned })]
	if f.Code != journal.LeafChanged || f.Index != 256 || f.Last != 256 || f.Severity != journal.Grave {
		t.Errorf("%+v", f)
	}
	// The receipt of the changed leaf is not given out either.
	j := open(t, dir)
	if _, err := j.Receipt(context.Background(), 256); guichet.KindOf(err) != guichet.KindUntrusted {
		t.Errorf("receipt of a changed leaf: %v", err)
	}
	if _, err := j.Receipt(context.Background(), 257); err != nil {
		t.Errorf("receipt of the next leaf: %v", err)
	}
}

func TestWhatElseCanBeDoneToALog(t *testing.T) {
	sound := filled(t, "US", 700)
	flip := func(at int) func([]byte) []byte {
		return func(b []byte) []byte { b[at] ^= 1; return b }
	}
	for name, c := range map[string]struct {
		do   func(dir string)
		want []journal.Code
		at   int64 // of the first finding
	}{
		"a hash tile changed": {func(dir string) { alter(t, tile(dir, "0/001"), flip(3*32)) }, []journal.Code{journal.TileChanged}, 256 + 3},
		"leaf and hash changed together": {func(dir string) {
			alter(t, bundle(dir, "001"), flip(100))
			raw, _ := os.ReadFile(bundle(dir, "001"))
			hash := journal.LeafHash(raw[2 : 2+int(raw[0])<<8+int(raw[1])])
			alter(t, tile(dir, "0/001"), func(b []byte) []byte { copy(b, hash); return b })
		}, []journal.Code{journal.LeafAndHashChanged, journal.TreeRewritten, journal.RewrittenSince}, 256},
		"a tile above changed": {func(dir string) { alter(t, tile(dir, "1/000.p/2"), flip(32)) }, []journal.Code{journal.TileChanged}, 256},
		"a bundle removed":     {func(dir string) { remove(t, bundle(dir, "000")) }, []journal.Code{journal.LeafGone}, 0},
		"a bundle cut":         {func(dir string) { alter(t, bundle(dir, "001"), func(b []byte) []byte { return b[:len(b)/2] }) }, []journal.Code{journal.LeafGone}, -2},
		"a tile removed":       {func(dir string) { remove(t, tile(dir, "0/000")) }, []journal.Code{journal.TileGone}, 0},
		"the checkpoint changed": {func(dir string) {
			alter(t, filepath.Join(dir, "log", "checkpoint"), func(b []byte) []byte { return bytes.Replace(b, []byte("\n700\n"), []byte("\n699\n"), 1) })
		}, []journal.Code{journal.BadCheckpoint}, -1},
	} {
		dir := copyDir(t, sound)
		c.do(dir)
		var found []journal.Finding
		for _, f := range check(t, dir).Findings {
			if f.Code != journal.NotCosigned {
				found = append(found, f)
			}
		}
		if got := codes(found); !slices.Equal(got, c.want) {
			t.Errorf("%s: found %v, want %v: %+v", name, got, c.want, found)
			continue
		}
		if c.at > -2 && found[0].Index != c.at {
			t.Errorf("%s: at leaf %d, want %d", name, found[0].Index, c.at)
		}
	}
}

func remove(tb testing.TB, name string) {
	tb.Helper()
	if err := os.Remove(name); err != nil {
		tb.Fatal(err)
	}
	_ = os.RemoveAll(name + ".p")
}

// An old copy of the log is put back under the head that was remembered.
func TestALogThatWasRolledBackIsRefused(t *testing.T) {
	dir := filled(t, "US", 300)
	old := copyDir(t, dir)
	j := open(t, dir)
	fill(t, j, "US", 300, 50)
	closeNow(t, j)
	replace := func(with string) {
		if err := os.RemoveAll(filepath.Join(dir, "log")); err != nil {
			t.Fatal(err)
		}
		if with == "" {
			return
		}
		if err := os.CopyFS(filepath.Join(dir, "log"), os.DirFS(filepath.Join(with, "log"))); err != nil {
			t.Fatal(err)
		}
	}
	replace(old)
	report := check(t, dir)
	if got := codes(report.Findings); !slices.Equal(got, []journal.Code{journal.LogCut}) || report.Findings[1].Index != 300 || report.Findings[1].Last != 349 {
		t.Errorf("check of a log that was cut: %+v", report.Findings)
	}
	if _, err := journal.Open(context.Background(), config(dir, "US")); guichet.KindOf(err) != guichet.KindUntrusted {
		t.Errorf("a log that was rolled back opens: %v", err)
	}
	// Another history of the same length, made by whoever has the key.
	j = open(t, old)
	fill(t, j, "US", 900, 60)
	closeNow(t, j)
	replace(old)
	if got := codes(check(t, dir).Findings); !slices.Equal(got, []journal.Code{journal.RewrittenSince}) {
		t.Errorf("check of another history: %v", got)
	}
	if _, err := journal.Open(context.Background(), config(dir, "US")); guichet.KindOf(err) != guichet.KindUntrusted {
		t.Errorf("another history opens: %v", err)
	}
	replace("")
	if _, err := journal.Open(context.Background(), config(dir, "US")); guichet.KindOf(err) != guichet.KindUntrusted {
		t.Errorf("a log that is gone is made anew: %v", err)
	}
}
