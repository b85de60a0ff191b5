package journal_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/journal"
)

// served fetches from the folder of a closed journal what a member would get of it.
func served(dir string) func(context.Context, string) ([]byte, error) {
	return func(_ context.Context, name string) ([]byte, error) {
		if strings.Contains(name, "entries") {
			return nil, errors.New("entries were asked for")
		}
		full := filepath.Join(dir, "log", filepath.FromSlash(name))
		if name == journal.PathCosigned {
			full = filepath.Join(dir, name)
		}
		b, err := os.ReadFile(full)
		if isNotThere(err) {
			return nil, guichet.Errorf(guichet.KindNotFound, "no %s", name)
		}
		return b, err
	}
}

func checkPeer(tb testing.TB, dir, seen string, leaves ...journal.IndexedLeaf) journal.Report {
	tb.Helper()
	report, err := journal.CheckPeer(context.Background(), journal.PeerLog{
		Circle: circleName, Member: "US", Keys: trusted(), Dir: seen, Fetch: served(dir), Leaves: leaves,
	})
	if err != nil {
		tb.Fatalf("check of a partner's log: %v", err)
	}
	return report
}

func grow(tb testing.TB, dir string, from, n int) {
	tb.Helper()
	j := open(tb, dir)
	fill(tb, j, "US", from, n)
	closeNow(tb, j)
}

func TestAPartnersLogThatGrows(t *testing.T) {
	dir, seen := filled(t, "US", 1), t.TempDir()
	size := int64(1)
	for _, n := range []int{0, 1, 2, 4, 120, 128, 300} {
		grow(t, dir, int(size), n)
		size += int64(n)
		report := checkPeer(t, dir, seen)
		if got := codes(report.Findings); len(got) > 0 || report.Size != size {
			t.Errorf("at %d leaves: %+v", size, report)
		}
	}
	if report := checkPeer(t, dir, seen); report.Seen != size {
		t.Errorf("remembered %d, want %d", report.Seen, size)
	}
}

func TestALeafThatAPartnerShows(t *testing.T) {
	dir := filled(t, "US", 300)
	j := open(t, dir)
	shown, err := j.Latest(context.Background(), 0, 2)
	if err != nil {
		t.Fatal(err)
	}
	closeNow(t, j)
	made := shown[0]
	made.Leaf.Rows += 1000
	late := shown[1]
	late.Index = 300
	report := checkPeer(t, dir, t.TempDir(), shown[0], shown[1], made, late)
	if got := codes(report.Findings); !slices.Equal(got, []journal.Code{journal.NotIncluded, journal.NotCovered}) {
		t.Errorf("%+v", report.Findings)
	}
}

// A log is copied and both copies grow: whoever has seen one finds the other out,
// and keeps the proof. Sizes that are powers of two are a case of their own.
func TestAForkedLogIsProven(t *testing.T) {
	for _, n := range []int{100, 108, 336} { // 120, 128 and 356 leaves were seen
		one := filled(t, "US", n)
		other, seen := copyDir(t, one), t.TempDir()
		grow(t, one, n, 20)
		grow(t, other, 10_000, 20)
		if got := codes(checkPeer(t, one, seen).Findings); len(got) > 0 {
			t.Fatalf("the first: %v", got)
		}
		for range 2 { // of one size, then larger
			report := checkPeer(t, other, seen)
			if got := codes(report.Findings); !slices.Equal(got, []journal.Code{journal.LogForked}) {
				t.Fatalf("%d leaves: %+v", n, report)
			}
			f := report.Findings[len(report.Findings)-1]
			if f.Severity != journal.Grave || len(f.Evidence) != 3 {
				t.Errorf("%+v", f)
			}
			for _, name := range f.Evidence {
				if b, err := os.ReadFile(name); err != nil || len(b) == 0 {
					t.Errorf("evidence %s: %v", name, err)
				}
			}
			grow(t, other, 20_000, 50)
		}
		// The log that was believed first is still the one that is remembered.
		if got := codes(checkPeer(t, one, seen).Findings); len(got) > 0 {
			t.Errorf("the first again: %v", got)
		}
	}
}

func TestAPartnersLogThatShrinks(t *testing.T) {
	dir, seen := filled(t, "US", 50), t.TempDir()
	old := copyDir(t, dir)
	grow(t, dir, 50, 5)
	checkPeer(t, dir, seen)
	if got := codes(checkPeer(t, old, seen).Findings); !slices.Equal(got, []journal.Code{journal.RolledBack}) {
		t.Errorf("%v", got)
	}
}

func TestTilesThatAreNotTheLogs(t *testing.T) {
	dir, seen := filled(t, "US", 300), t.TempDir()
	checkPeer(t, dir, seen)
	grow(t, dir, 300, 30)
	alter(t, tile(dir, "0/001.p/74"), func(b []byte) []byte { b[33] ^= 1; return b })
	if got := codes(checkPeer(t, dir, seen).Findings); !slices.Equal(got, []journal.Code{journal.TilesUntrue}) {
		t.Errorf("%v", got)
	}
	// The checkpoint of another member in its place.
	other := filled(t, "CA", 300)
	alter(t, filepath.Join(dir, "log", "checkpoint"), func([]byte) []byte { return checkpointOf(t, other) })
	if got := codes(checkPeer(t, dir, seen).Findings); !slices.Equal(got, []journal.Code{journal.BadCheckpoint}) {
		t.Errorf("%v", got)
	}
}

func TestAPartnerOutOfReachIsNoFinding(t *testing.T) {
	_, err := journal.CheckPeer(context.Background(), journal.PeerLog{
		Circle: circleName, Member: "US", Keys: trusted(), Dir: t.TempDir(),
		Fetch: func(context.Context, string) ([]byte, error) {
			return nil, guichet.Errorf(guichet.KindBusy, "no route")
		},
	})
	if guichet.KindOf(err) != guichet.KindBusy {
		t.Errorf("%v", err)
	}
}
