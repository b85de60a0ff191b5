package guichettest

import (
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

// Build builds the command with the build tags of the test and some more, and
// returns the program, bin/guichet-TAGS. The go command builds nothing again
// that has not changed.
//
// It is for what the released program must not be able to do: with the tag
// faults, $GUICHET_TEST_CLOCK_OFFSET moves the clock.
func Build(tb testing.TB, tags ...string) string {
	tb.Helper()
	dir := root(tb)
	program := filepath.Join(dir, "bin", "guichet-"+strings.Join(tags, "-"))
	cmd := exec.CommandContext(tb.Context(), "go", "build", "-tags", strings.Join(append(ownTags(), tags...), ","), "-o", program, "./cmd/guichet") //nolint:gosec // the test names the tags
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return program
}

// ownTags are those that the test itself was built with.
func ownTags() []string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	i := slices.IndexFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == "-tags" })
	if i < 0 || info.Settings[i].Value == "" {
		return nil
	}
	return strings.Split(info.Settings[i].Value, ",")
}
