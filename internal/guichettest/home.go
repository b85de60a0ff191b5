package guichettest

import (
	"io"
	"path/filepath"
	"testing"
)

// Home returns the path of a home that is not there yet. It goes with the test.
func Home(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "home")
}

// Open opens something and closes it when the test ends, which fails when it
// cannot be opened or closed.
func Open[T io.Closer](t testing.TB, open func() (T, error)) T {
	t.Helper()
	x, err := open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return x
}
