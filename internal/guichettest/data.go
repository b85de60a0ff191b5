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
func Data(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("GUICHET_DATA")
	if dir == "" {
		dir = filepath.Join(root(t), "..", "shared", "data")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "flows")); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the folder of real files is missing, and CI needs it: set GUICHET_DATA (%v)", err)
		}
		t.Skipf("the folder of real files is not on this machine, so its figures cannot be checked; set GUICHET_DATA to try (%v)", err)
	}
	return dir
}

// Flow returns the path of a file of figures below Data(t)/flows, named with
// slashes.
func Flow(t testing.TB, name string) string {
	t.Helper()
	return filepath.Join(Data(t), "flows", filepath.FromSlash(name))
}

// root returns the folder of the module: tests run in the folder of their
// package.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at
		}
		if filepath.Dir(at) == at {
			t.Fatalf("%s is in no module", dir)
		}
	}
}

// Figure reads a figure as people write it: "-1,234,567.89".
func Figure(t testing.TB, s string) guichet.Decimal {
	t.Helper()
	d, err := guichet.ParseDecimal(strings.ReplaceAll(s, ",", ""))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Period reads a period or a span of them: "2024", "2024-01:2024-06".
func Period(t testing.TB, s string) guichet.Span {
	t.Helper()
	span, err := guichet.ParseSpan(s)
	if err != nil {
		t.Fatal(err)
	}
	return span
}
