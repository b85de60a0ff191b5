package journal_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/journal"

	"guichet/internal/guichettest"
)

func TestWhatIsAppendedIsThere(t *testing.T) {
	ctx := context.Background()
	dir := filepath.Join(t.TempDir(), "journal")
	j, err := journal.Open(ctx, config(dir, "US"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		at, err := j.Append(ctx, answered("US", i))
		if err != nil || at != int64(i) {
			t.Fatalf("leaf %d: index %d, %v", i, at, err)
		}
	}
	fill(t, j, "US", 5, 700)
	closeNow(t, j)

	j = open(t, dir)
	if j.Size() != 705 {
		t.Fatalf("size %d, want 705", j.Size())
	}
	for i := range 5 {
		leaf, err := j.Leaf(ctx, int64(i))
		if diff := cmp.Diff(answered("US", i), leaf); err != nil || diff != "" {
			t.Fatalf("leaf %d: %v %s", i, err, diff)
		}
	}
	if _, err := j.Leaf(ctx, 705); guichet.KindOf(err) != guichet.KindNotFound {
		t.Errorf("leaf 705: %v", err)
	}
	var n int64
	err = j.Each(ctx, 300, func(i int64, _ guichet.Leaf) error {
		if i != 300+n {
			t.Fatalf("leaf %d, want %d", i, 300+n)
		}
		n++
		return nil
	})
	if err != nil || n != 405 {
		t.Errorf("read %d leaves from 300 on: %v", n, err)
	}
	last, err := j.Latest(ctx, 0, 3)
	if err != nil || len(last) != 3 || last[0].Index != 704 || last[2].Index != 702 {
		t.Errorf("latest: %v %v", last, err)
	}
	before, err := j.Latest(ctx, 702, 1000)
	if err != nil || len(before) != 702 || before[0].Index != 701 {
		t.Errorf("latest before 702: %d %v", len(before), err)
	}
}

func TestSearchFindsExchangesAndParties(t *testing.T) {
	ctx := context.Background()
	dir := filled(t, "US", 600)
	for _, lost := range []bool{false, true} {
		if lost {
			// A lost or damaged index is made anew.
			alter(t, filepath.Join(dir, "leaves.index"), func(b []byte) []byte { b[400*28+3] ^= 1; return b[:500*28+5] })
		}
		j := open(t, dir)
		other := answered("US", 7)
		other.From.Member = "GB"
		at, err := j.Append(ctx, other)
		if err != nil {
			t.Fatal(err)
		}
		found, err := j.Exchange(ctx, exchangeID(7))
		want := 2
		if lost {
			want = 3
		}
		if err != nil || len(found) != want || found[want-1].Index != at {
			t.Errorf("exchange 7: %v %v", found, err)
		}
		if found, err := j.Exchange(ctx, exchangeID(599)); err != nil || len(found) != 1 {
			t.Errorf("exchange 599: %v %v", found, err)
		}
		if found, err := j.Exchange(ctx, "none"); err != nil || len(found) != 0 {
			t.Errorf("no exchange: %v %v", found, err)
		}
		if found, next, err := j.Of(ctx, "GB", 0, 10); err != nil || len(found) != want-1 || next != -1 {
			t.Errorf("leaves of GB: %v %d %v", found, next, err)
		}
		var all int
		for from := int64(0); from >= 0; {
			found, next, err := j.Of(ctx, "CA", from, 250)
			if err != nil || len(found) > 250 {
				t.Fatalf("leaves of CA: %d %v", len(found), err)
			}
			all, from = all+len(found), next
		}
		if all != 600 {
			t.Errorf("%d leaves of CA, want 600", all)
		}
		closeNow(t, j)
	}
}

func TestWhatIsNoLeafIsNotWritten(t *testing.T) {
	j := open(t, t.TempDir())
	big := answered("US", 1)
	big.Purpose = strings.Repeat("x", 1<<16)
	for name, change := range map[string]guichet.Leaf{
		"no format": {Kind: guichet.LeafAnswered}, "no kind": {Format: 1, Kind: "thing"},
		"another circle": {Format: 1, Kind: guichet.LeafAnswered, From: guichet.Party{Circle: "other"}},
		"too large":      big,
	} {
		if _, err := j.Append(context.Background(), change); guichet.KindOf(err) != guichet.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := j.Ready(); err != nil || j.Size() != 0 {
		t.Errorf("a bad leaf closed the journal: %v, size %d", err, j.Size())
	}
}

func TestALeafOfSixtyKilobytesHasAReceipt(t *testing.T) {
	j := open(t, t.TempDir())
	big := answered("US", 1)
	big.Purpose = strings.Repeat("x", 1<<16-1000)
	at, err := j.Append(context.Background(), big)
	if err != nil {
		t.Fatal(err)
	}
	r, err := journal.VerifyReceipt(receipt(t, j, at), trusted())
	if err != nil || r.Leaf.Purpose != big.Purpose {
		t.Errorf("receipt of a large leaf: %v", err)
	}
}

func TestOneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	_, err := journal.Open(context.Background(), config(dir, "US"))
	if guichet.KindOf(err) != guichet.KindBusy || !strings.Contains(err.Error(), "process ") {
		t.Errorf("a second opening: %v", err)
	}
}

func TestCloseTakesNoMore(t *testing.T) {
	j := open(t, t.TempDir())
	closeNow(t, j)
	if _, err := j.Append(context.Background(), answered("US", 1)); guichet.KindOf(err) != guichet.KindBusy {
		t.Errorf("append after close: %v", err)
	}
}

// A checkpoint covers everything once the journal is closed, and again when it is
// opened after a crash.
func TestACheckpointCoversAllAtTheEnd(t *testing.T) {
	dir := filled(t, "US", 300)
	raw, err := os.ReadFile(filepath.Join(dir, "log", "checkpoint"))
	if err != nil || !strings.HasPrefix(string(raw), "guichet/border-five/US\n300\n") {
		t.Fatalf("checkpoint: %q %v", raw, err)
	}
}

func TestReceiptComesWithTheCheckpoint(t *testing.T) {
	ctx := context.Background()
	guichettest.Longer(func(within time.Duration) bool {
		cfg := config(t.TempDir(), "US")
		cfg.Checkpoint = 4 * within
		j, err := journal.Open(ctx, cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer closeNow(t, j)
		if _, err := j.Append(ctx, answered("US", 1)); err != nil {
			t.Fatal(err)
		}
		_, err = j.Receipt(ctx, 0)
		if err == nil && within < time.Minute {
			return true // the checkpoint was there already
		}
		if !errors.Is(err, journal.ErrNotYet) || guichet.KindOf(err) != guichet.KindBusy {
			t.Errorf("receipt before a checkpoint: %v", err)
		}
		if _, err := j.Receipt(ctx, 1); guichet.KindOf(err) != guichet.KindNotFound {
			t.Errorf("receipt of no leaf: %v", err)
		}
		return false
	})
}

func TestOnlyCheckpointsAndHashesAreServed(t *testing.T) {
	ctx := context.Background()
	j := open(t, filled(t, "US", 300))
	for _, name := range []string{"checkpoint", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"} {
		if b, err := j.File(ctx, name); err != nil || len(b) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{
		"tile/entries/000", "tile/entries/001.p/44", "checkpoint.cosigned", "tile/0/007", ".state/treeState", "../head", "head",
		"tile/0/../entries/000", "tile/0/1", "tile/0/000.p/0", "tile/64/000", "", "tile", "tile/0/x001/000/../000",
	} {
		if _, err := j.File(ctx, name); guichet.KindOf(err) != guichet.KindNotFound {
			t.Errorf("%q is served: %v", name, err)
		}
	}
}
