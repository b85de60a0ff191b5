//go:build linux

package guichettest

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// ownerPrefix begins the name of everything that tests make on the machine and
// that outlives a process: network namespaces, mounts.
const ownerPrefix = "guichet-test-"

// owner names this process for all time, "guichet-test-4711-889123": its number
// and when it started, since numbers are used again.
func owner(tb testing.TB) string {
	tb.Helper()
	start := startOf("self")
	if start == "" {
		tb.Fatal("/proc/self/stat does not tell when this process started")
	}
	return fmt.Sprintf("%s%d-%s", ownerPrefix, os.Getpid(), start)
}

// isLeft says whether a name was given by a test process that is gone.
func isLeft(name string) bool {
	rest, ours := strings.CutPrefix(name, ownerPrefix)
	pid, rest, whole := strings.Cut(rest, "-")
	start, _, _ := strings.Cut(rest, "-")
	return ours && whole && start != "" && startOf(pid) != start
}

// startOf returns when a process started, in ticks since the machine did; ""
// when there is none.
//
// /proc/4711/stat: 4711 (guichet) S 1 ...; the name may hold anything, so fields
// are counted from the last parenthesis. The start is field 22 (proc(5)).
func startOf(pid string) string {
	stat, err := os.ReadFile("/proc/" + pid + "/stat") //nolint:gosec // of the kernel
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" {
		return ""
	}
	return fields[19]
}

// lacking ends a test that this machine cannot run, and says why: skipped, but
// under CI=true failed, since there it must be seen to hold.
func lacking(tb testing.TB, what, remedy string) {
	tb.Helper()
	if os.Getenv("CI") == "true" {
		tb.Fatalf("%s, and CI needs it: %s", what, remedy)
	}
	tb.Skipf("%s, so this cannot be tested here: %s", what, remedy)
}
