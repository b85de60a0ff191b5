package guichettest

import (
	"io"
	"path/filepath"
	"testing"
)

// Home returns the path of a home that is not there yet. It goes with the test.
func Home(tb testing.TB) string {
	tb.Helper()
	return filepath.Join(tb.TempDir(), "home")
}

// Open opens something and closes it when the test ends, which fails when it
// cannot be opened or closed.
func Open[T io.Closer](tb testing.TB, open func() (T, error)) T {
	tb.Helper()
	x, err := open()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := x.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	return x
}
