//go:build linux

package guichettest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Disk is a small file system in memory, which can be filled.
type Disk struct {
	Dir string // where it is mounted
}

// SmallDisk mounts a disk of so many MiB on a folder of the test's own; it goes
// with the test. It needs root; without it the test is skipped, and under
// CI=true it fails. What a killed run left mounted is unmounted first.
func SmallDisk(tb testing.TB, mib int) *Disk {
	tb.Helper()
	return SmallDiskAt(tb, tb.TempDir(), mib)
}

// SmallDiskAt is SmallDisk on an empty folder that the test names:
// home/journals.
func SmallDiskAt(tb testing.TB, dir string, mib int) *Disk {
	tb.Helper()
	if os.Geteuid() != 0 {
		lacking(tb, "a small disk can be mounted by root only, and this is user "+strconv.Itoa(os.Geteuid()), "run the tests as root")
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		tb.Fatalf("a small disk needs an empty folder: %s holds %d entries (%v)", dir, len(entries), err)
	}
	sweepMounts(tb)
	err := unix.Mount(owner(tb), dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, fmt.Sprintf("size=%dm,mode=0755", mib))
	if err != nil {
		lacking(tb, "root may not mount a small disk on this machine: "+err.Error(), "give the container the capability CAP_SYS_ADMIN, or run the tests outside of it")
	}
	tb.Cleanup(func() {
		// Detached, so that a process which outlives its test keeps no other test
		// from being cleaned up.
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			tb.Errorf("unmount the small disk: %v", err)
		}
	})
	return &Disk{Dir: dir}
}

// Free returns how many bytes can still be written.
func (d *Disk) Free(tb testing.TB) int64 {
	tb.Helper()
	var st unix.Statfs_t
	if err := unix.Statfs(d.Dir, &st); err != nil {
		tb.Fatal(err)
	}
	return int64(st.Bavail) * st.Bsize //nolint:gosec // of a small disk
}

// FillUp fills the disk until so many bytes are free, rounded down to whole
// pages; who writes there meanwhile makes it fewer. It fails when fewer are free
// already.
func (d *Disk) FillUp(tb testing.TB, leave int64) {
	tb.Helper()
	f, err := os.OpenFile(d.ballast(), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	free := d.Free(tb)
	if free < leave {
		tb.Fatalf("the small disk has %d bytes free, fewer than the %d that were to be left", free, leave)
	}
	page := int64(os.Getpagesize())
	st, err := f.Stat()
	if err != nil {
		tb.Fatal(err)
	}
	more := (free - leave + page - 1) / page * page
	if more == 0 {
		return
	}
	if err := unix.Fallocate(int(f.Fd()), 0, st.Size(), more); err != nil && !errors.Is(err, unix.ENOSPC) {
		tb.Fatalf("fill the small disk: %v", err)
	}
}

// FreeUp takes away what FillUp put there.
func (d *Disk) FreeUp(tb testing.TB) {
	tb.Helper()
	if err := os.Remove(d.ballast()); err != nil && !errors.Is(err, os.ErrNotExist) {
		tb.Fatal(err)
	}
}

// ballast stands beside what the test keeps there; nothing of ours is named so.
func (d *Disk) ballast() string { return filepath.Join(d.Dir, ".ballast") }

// sweepMounts unmounts the disks of test processes that are gone.
//
// /proc/self/mountinfo: 36 35 98:0 / /tmp/x rw,noatime - tmpfs guichet-test-1-2 rw
// The place is the fifth field, the source the second after the dash; blanks are
// written \040 (proc(5)).
func sweepMounts(tb testing.TB) {
	tb.Helper()
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		head, rest, _ := strings.Cut(line, " - ")
		place, source := strings.Fields(head), strings.Fields(rest)
		if len(place) < 5 || len(source) < 2 || source[0] != "tmpfs" || !isLeft(source[1]) {
			continue
		}
		dir := strings.ReplaceAll(place[4], `\040`, " ")
		if err := unix.Unmount(dir, unix.MNT_DETACH); err == nil {
			_ = os.Remove(dir) // the folder of the killed test
		}
	}
}
