package journal_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"guichet"
	"guichet/internal/journal"
)

// behind makes the folder of a journal as a power cut leaves it: the tree has 50
// leaves, and 3 more, one after the other, are durable ahead of it.
func behind(t *testing.T) string {
	t.Helper()
	dir := filled(t, "US", 50)
	later := filepath.Join(t.TempDir(), "journal")
	if err := os.CopyFS(later, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	j := open(t, later)
	for i := range 3 {
		if at, err := j.Append(context.Background(), answered("US", 50+i)); err != nil || at != int64(50+i) {
			t.Fatalf("leaf %d is at %d: %v", 50+i, at, err)
		}
	}
	closeNow(t, j)
	for _, name := range []string{"ahead.0", "ahead.1"} {
		text, err := os.ReadFile(filepath.Join(later, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestWhatIsAheadOfTheTreeIsPutIn(t *testing.T) {
	dir := behind(t)
	j := open(t, dir)
	if j.Size() != 53 {
		t.Fatalf("%d leaves, want 53", j.Size())
	}
	for i := range 53 {
		if leaf, err := j.Leaf(context.Background(), int64(i)); err != nil || i >= 50 && leaf != answered("US", i) {
			t.Errorf("leaf %d: %v %v", i, leaf, err)
		}
	}
	if found, err := j.Exchange(context.Background(), exchangeID(52)); err != nil || len(found) != 1 || found[0].Index != 52 {
		t.Errorf("exchange 52: %v %v", found, err)
	}
	if r, err := journal.VerifyReceipt(receipt(t, j, 52), trusted()); err != nil || r.Size != 53 {
		t.Errorf("a receipt: %+v %v", r, err)
	}
	closeNow(t, j)
	j = open(t, dir) // and once only
	if j.Size() != 53 {
		t.Errorf("opened again: %d leaves", j.Size())
	}
	closeNow(t, j)
	if got := codes(check(t, dir).Findings); len(got) > 0 {
		t.Errorf("%v", got)
	}
}

// What was never acknowledged may be missing; what was is missed.
func TestDamageAheadOfTheTree(t *testing.T) {
	at := func(text []byte, n int) int {
		where := 0
		for i := range n + 1 {
			next := bytes.Index(text[where:], []byte(exchangeID(50+i)))
			if next < 0 {
				t.Fatalf("leaf %d is not ahead", 50+i)
			}
			where += next
		}
		return where
	}
	flip := func(n int) func([]byte) []byte {
		return func(text []byte) []byte { text[at(text, n)] ^= 1; return text }
	}
	for name, c := range map[string]struct {
		change func([]byte) []byte
		size   int64 // 0: it is not opened
	}{
		"the last batch is not whole": {flip(2), 52},
		"one before it is damaged":    {flip(1), 0},
		"the first is damaged":        {flip(0), 0},
		"the file was cut":            {func(text []byte) []byte { return text[:1<<19] }, 0},
		"all of it is gone":           {func(text []byte) []byte { return make([]byte, len(text)) }, 50},
	} {
		dir := behind(t)
		alter(t, filepath.Join(dir, "ahead.0"), c.change)
		j, err := journal.Open(context.Background(), config(dir, "US"))
		if c.size == 0 {
			if guichet.KindOf(err) != guichet.KindUntrusted {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || j.Size() != c.size {
			t.Fatalf("%s: %v, %d leaves", name, err, j.Size())
		}
		if at, err := j.Append(context.Background(), answered("US", 99)); err != nil || at != c.size {
			t.Errorf("%s: the next leaf is at %d: %v", name, at, err)
		}
		closeNow(t, j)
	}
}

// A tree that is older than what is ahead of it was put back from a copy.
func TestATreeThatWasPutBack(t *testing.T) {
	dir := behind(t)
	old := filled(t, "US", 20)
	for _, name := range []string{"ahead.0", "ahead.1"} {
		if err := os.Rename(filepath.Join(dir, name), filepath.Join(old, name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := journal.Open(context.Background(), config(old, "US")); guichet.KindOf(err) != guichet.KindUntrusted {
		t.Errorf("%v", err)
	}
}

// More leaves than both files hold, faster than the tree takes them in.
func TestManyMoreLeavesThanAheadHolds(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j := open(t, dir)
	fill(t, j, "US", 0, 6000)
	seen := map[string]bool{}
	err := j.Each(context.Background(), 0, func(_ int64, l guichet.Leaf) error { seen[l.Exchange] = true; return nil })
	if err != nil || len(seen) != 6000 || j.Size() != 6000 {
		t.Errorf("%d of 6000 leaves in a journal of %d: %v", len(seen), j.Size(), err)
	}
	closeNow(t, j)
	if got := codes(check(t, dir).Findings); len(got) > 0 {
		t.Errorf("%v", got)
	}
}
