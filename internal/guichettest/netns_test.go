//go:build linux

package guichettest_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"guichet/internal/guichettest"
)

// accepts echoes on a listener until the test ends.
func accepts(l net.Listener) {
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go echo(c)
		}
	}()
}

// nobody is how long a test waits for an answer that is not to come.
const nobody = 700 * time.Millisecond

// reach dials from a host and asks; an error says that nobody answered in time.
func reach(t *testing.T, h *guichettest.Hosts, from int, addr string, patience time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := h.Dial(ctx, from, addr)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, "x"); err != nil {
		return err
	}
	_, err = io.ReadFull(c, make([]byte, 1))
	return err
}

// reached waits until a host is reached.
func reached(t *testing.T, h *guichettest.Hosts, from int, addr string) {
	t.Helper()
	var err error
	for patience := nobody; patience < guichettest.Patience; patience *= 2 {
		if err = reach(t, h, from, addr, patience); err == nil {
			return
		}
	}
	t.Errorf("host %d does not reach %s: %v", from, addr, err)
}

// TestHostsSeeEachOther: all five, each other and nothing else; one that is cut
// off nobody, until it is healed.
func TestHostsSeeEachOther(t *testing.T) {
	h := guichettest.NewHosts(t, 5)
	addr := func(host int) string { return net.JoinHostPort(h.Addr(host), "8443") }
	for host := range 5 {
		accepts(h.Listen(t, host, 8443))
	}
	for from := range 5 {
		for to := range 5 {
			reached(t, h, from, addr(to))
		}
	}
	outside, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = outside.Close() }()
	accepts(outside)
	if err := reach(t, h, 0, outside.Addr().String(), nobody); err == nil {
		t.Error("a host reaches the loopback of the machine")
	}
	h.Cut(t, 3)
	for _, way := range [][2]int{{0, 3}, {3, 0}} {
		if err := reach(t, h, way[0], addr(way[1]), nobody); err == nil {
			t.Errorf("host 3 is cut off, and host %d reaches host %d", way[0], way[1])
		}
	}
	reached(t, h, 0, addr(4))
	h.Heal(t, 3)
	reached(t, h, 0, addr(3))
	reached(t, h, 3, addr(0))
}

// TestHostsRunPrograms: in their namespace, with a loopback, and signals reach
// them.
func TestHostsRunPrograms(t *testing.T) {
	h := guichettest.NewHosts(t, 2)
	p := h.RunIn(t, 1, guichettest.Command{Args: []string{"/bin/sh", "-c", "readlink /proc/self/ns/net; cat /proc/net/fib_trie; " + talker}, Env: []string{"WORD=as told"}})
	p.WaitFor(t, "^beat$", guichettest.Patience)
	own, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	if log := p.Log(); strings.Contains(log, own) || !strings.Contains(log, h.Addr(1)) || !strings.Contains(log, "127.0.0.1") || strings.Contains(log, h.Addr(0)) {
		t.Errorf("it runs elsewhere: %s", log)
	}
	if code := p.Stop(t, guichettest.Patience); code != 3 {
		t.Errorf("its exit code is %d", code)
	}
}

// TestHostsLeaveProcessesAlone: the threads on which the test enters a namespace
// end, and no process with them.
func TestHostsLeaveProcessesAlone(t *testing.T) {
	h := guichettest.NewHosts(t, 1)
	var all []*guichettest.Process
	for range 8 {
		all = append(all, h.RunIn(t, 0, guichettest.Command{Args: []string{"/bin/sleep", "600"}}))
		for range 8 {
			_ = h.Listen(t, 0, 0)
		}
	}
	time.Sleep(50 * time.Millisecond)
	for i, p := range all {
		if !p.Running() {
			t.Errorf("process %d of %d has ended", i, len(all))
		}
	}
}

// TestHostsHaveRelays between them.
func TestHostsHaveRelays(t *testing.T) {
	h := guichettest.NewHosts(t, 2)
	accepts(h.Listen(t, 1, 8443))
	r := h.Relay(t, 1, 8443, guichettest.Conditions{Delay: 20 * time.Millisecond})
	begin := time.Now()
	if err := reach(t, h, 0, r.Addr(), guichettest.Patience); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took < 75*time.Millisecond {
		t.Errorf("through a relay of 20 ms the first answer came after %s", took)
	}
	r.Cut()
	if err := reach(t, h, 0, r.Addr(), nobody); err == nil {
		t.Error("the relay is cut, and yet there is an answer")
	}
	if host, _, _ := net.SplitHostPort(r.Addr()); host != h.Addr(guichettest.Middle) {
		t.Errorf("the relay stands at %s", r.Addr())
	}
}

// TestHostsOfAKilledTestAreSweptAway, with what runs there; those of a living
// one stay.
func TestHostsOfAKilledTestAreSweptAway(t *testing.T) {
	if os.Getenv(inner) != "" {
		h := guichettest.NewHosts(t, 1)
		// Of a session of its own, and not told of its parent's end.
		p := h.RunIn(t, 0, guichettest.Command{Args: []string{"/bin/sh", "-c", "setsid /bin/sh -c 'echo pid $$; exec sleep 600' & wait"}})
		pid := p.WaitFor(t, `^pid (\d+)$`, guichettest.Patience)[1]
		_, _ = fmt.Fprintf(os.Stdout, "started %s\n", pid)
		time.Sleep(2 * guichettest.Patience)
	}
	guichettest.NewHosts(t, 1) // or the reason why there are none
	first, second := again(t, t.Name()), again(t, t.Name())
	pid := first.WaitFor(t, `^started (\d+)$`, guichettest.Patience)[1]
	living := second.WaitFor(t, `^started (\d+)$`, guichettest.Patience)[1]
	left := namespacesOf(t, first.Pid())
	first.Kill()
	if len(left) != 2 || len(namespacesOf(t, first.Pid())) != 2 || !runs(pid) {
		t.Fatalf("a killed test was to leave 2 namespaces and a process: %v", left)
	}
	guichettest.NewHosts(t, 1)
	if left := namespacesOf(t, first.Pid()); len(left) != 0 {
		t.Errorf("still there: %v", left)
	}
	for deadline := time.Now().Add(guichettest.Patience); runs(pid); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("process %s is still there", pid)
		}
	}
	if len(namespacesOf(t, second.Pid())) != 2 || !runs(living) {
		t.Error("those of a living test were swept away too")
	}
	// What it left, the next test would sweep away: here it is at once.
	second.Kill()
	guichettest.NewHosts(t, 1)
}

func namespacesOf(t *testing.T, pid int) []string {
	t.Helper()
	names, err := filepath.Glob(fmt.Sprintf("/var/run/netns/guichet-test-%d-*", pid))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestHostsLeaveNothing when the test has failed.
func TestHostsLeaveNothing(t *testing.T) {
	guichettest.NewHosts(t, 1)
	before := len(namespacesOf(t, os.Getpid()))
	w := watch(t, func(tb testing.TB) {
		tb.Helper()
		h := guichettest.NewHosts(tb, 2)
		h.RunIn(tb, 0, guichettest.Command{Args: []string{"/bin/sleep", "600"}})
		if got := len(namespacesOf(t, os.Getpid())); got != before+3 {
			t.Errorf("%d namespaces, want %d", got, before+3)
		}
		tb.Fatal("as a test may")
	})
	if got := len(namespacesOf(t, os.Getpid())); got != before || w.fatal != "as a test may" {
		t.Errorf("%d namespaces, want %d; it failed with %q", got, before, w.fatal)
	}
}

// TestWithoutRoot: skipped with the reason and what to do; under CI it fails.
func TestWithoutRoot(t *testing.T) {
	dir := t.TempDir() // made by us: nobody may not be able to
	for name, test := range map[string]func(testing.TB){
		"hosts":      func(tb testing.TB) { tb.Helper(); guichettest.NewHosts(tb, 1) },
		"small disk": func(tb testing.TB) { tb.Helper(); guichettest.SmallDiskAt(tb, dir, 1) },
	} {
		for _, ci := range []string{"", "true"} {
			t.Setenv("CI", ci)
			var w *witness
			asNobody(t, func() { w = watch(t, test) })
			said, other := w.skipped, w.fatal
			if ci == "true" {
				said, other = other, said
			}
			if other != "" || !strings.Contains(said, "root") || !strings.Contains(said, "run the tests as root") {
				t.Errorf("%s, CI=%q: said %q and %q", name, ci, said, other)
			}
		}
	}
}

// asNobody does something as a user who may do nothing. Only one thread becomes
// him, and it ends with its goroutine.
func asNobody(t *testing.T, do func()) {
	t.Helper()
	done := make(chan unix.Errno, 1)
	go func() {
		var fault unix.Errno
		defer func() { done <- fault }() // also where the test fails in what is done
		if os.Geteuid() == 0 {
			runtime.LockOSThread()
			_, _, fault = unix.RawSyscall(unix.SYS_SETRESUID, 65534, 65534, 65534)
		}
		if fault == 0 {
			do()
		}
	}()
	if fault := <-done; fault != 0 {
		t.Fatalf("become nobody: %v", fault)
	}
}
