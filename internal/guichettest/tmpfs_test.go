//go:build linux

package guichettest_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"guichet/internal/guichettest"
)

func TestSmallDiskIsFilledAndFreed(t *testing.T) {
	d := guichettest.SmallDisk(t, 4)
	name := filepath.Join(d.Dir, "a")
	write := func(n int) error { return os.WriteFile(name, make([]byte, n), 0o600) }
	if err := write(1 << 20); err != nil || d.Free(t) > 3<<20 {
		t.Fatalf("%d bytes are free (%v)", d.Free(t), err)
	}
	for _, leave := range []int64{64 << 10, 4 << 10, 0} {
		d.FillUp(t, leave)
		if free := d.Free(t); free > leave || free < leave-int64(os.Getpagesize()) {
			t.Errorf("%d bytes are free, want %d", free, leave)
		}
	}
	if err := write(2 << 20); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("on a full disk: %v", err)
	}
	d.FreeUp(t)
	if err := write(2 << 20); err != nil {
		t.Errorf("freed: %v", err)
	}
}

// TestSmallDiskOfAKilledTestIsUnmounted by the next one.
func TestSmallDiskOfAKilledTestIsUnmounted(t *testing.T) {
	if os.Getenv(inner) != "" {
		d := guichettest.SmallDisk(t, 1)
		_, _ = fmt.Fprintf(os.Stdout, "mounted %s\n", d.Dir)
		time.Sleep(2 * guichettest.Patience)
	}
	guichettest.SmallDisk(t, 1) // or the reason why there is none
	p := again(t, t.Name())
	dir := p.WaitFor(t, `^mounted (.+)$`, guichettest.Patience)[1]
	p.Kill()
	if !mounted(t, dir) {
		t.Fatalf("nothing was left mounted on %s", dir)
	}
	guichettest.SmallDisk(t, 1)
	if mounted(t, dir) {
		t.Errorf("%s is still mounted", dir)
	}
}

func mounted(t *testing.T, dir string) bool {
	t.Helper()
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(text), " "+dir+" ")
}
