package guichettest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// FreeAddr is an address of this machine at which nobody listens, the test's own until
// it ends: for what listens later, and for what is never to answer. Its port is below
// those that connections are given by themselves (32768 and above), and a lock keeps
// tests of other packages from choosing it meanwhile.
func FreeAddr(tb testing.TB) string {
	tb.Helper()
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("guichet-test-ports-%d", os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		tb.Fatal(err)
	}
	for range 1000 {
		port := strconv.Itoa(20_000 + rand.IntN(12_000)) //nolint:gosec // it need not be hard to guess
		addr := net.JoinHostPort("127.0.0.1", port)
		lock, err := os.OpenFile(filepath.Join(dir, port), os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // a folder of our own
		if err != nil {
			tb.Fatal(err)
		}
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			if l, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", addr); err == nil {
				_ = l.Close()
				tb.Cleanup(func() { _ = lock.Close() })
				return addr
			}
		}
		_ = lock.Close()
	}
	tb.Fatal("no port of 127.0.0.1 between 20000 and 32000 is free")
	return ""
}
