package guichettest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"guichet"
)

// Data returns the folder of real files: $GUICHET_DATA, else shared/data beside
// the repository. Where it is absent the test is skipped; under CI=true it
// fails, since there its figures must be seen to hold.
func Data(tb testing.TB) string {
	tb.Helper()
	dir := os.Getenv("GUICHET_DATA")
	if dir == "" {
		dir = filepath.Join(root(tb), "..", "shared", "data")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "flows")); err != nil { //nolint:gosec // who runs the tests names the folder
		if os.Getenv("CI") == "true" {
			tb.Fatalf("the folder of real files is missing, and CI needs it: set GUICHET_DATA (%v)", err)
		}
		tb.Skipf("the folder of real files is not on this machine, so its figures cannot be checked; set GUICHET_DATA to try (%v)", err)
	}
	return dir
}

// Flow returns the path of a file of figures below Data(tb)/flows, named with
// slashes.
func Flow(tb testing.TB, name string) string {
	tb.Helper()
	return filepath.Join(Data(tb), "flows", filepath.FromSlash(name))
}

// root returns the folder of the module: tests run in the folder of their
// package.
func root(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at
		}
		if filepath.Dir(at) == at {
			tb.Fatalf("%s is in no module", dir)
		}
	}
}

// Figure reads a figure as people write it: "-1,234,567.89".
func Figure(tb testing.TB, s string) guichet.Decimal {
	tb.Helper()
	d, err := guichet.ParseDecimal(strings.ReplaceAll(s, ",", ""))
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// Period reads a period or a span of them: "2024", "2024-01:2024-06".
func Period(tb testing.TB, s string) guichet.Span {
	tb.Helper()
	span, err := guichet.ParseSpan(s)
	if err != nil {
		tb.Fatal(err)
	}
	return span
}
