//go:build linux

package guichettest_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet/internal/guichettest"
)

// talker says that it stands, and then goes on talking until SIGTERM, which it
// obeys with exit code 3.
const talker = `trap 'echo bye; exit 3' TERM; echo "ready on port 4711" >&2; echo "$WORD"; while :; do sleep 0.02; echo beat; done`

func shell(t *testing.T, script string) *guichettest.Process {
	t.Helper()
	return guichettest.Start(t, guichettest.Command{Args: []string{"/bin/sh", "-c", script}, Env: []string{"WORD=as told"}})
}

func TestProcessIsAwaitedAndStopped(t *testing.T) {
	p := shell(t, talker)
	if m := p.WaitFor(t, `^ready on port (\d+)$`, guichettest.Patience); m[1] != "4711" {
		t.Errorf("the port is %q", m[1])
	}
	p.WaitFor(t, "^beat$", guichettest.Patience)
	if code := p.Stop(t, guichettest.Patience); code != 3 || p.Running() {
		t.Errorf("stopped, its exit code is %d, running: %t", code, p.Running())
	}
	if out := p.Stdout(); !strings.HasPrefix(out, "as told\n") || !strings.HasSuffix(out, "bye\n") || strings.Contains(out, "ready") {
		t.Errorf("on standard output it wrote %q", out)
	}
}

func TestProcessPausedAndKilled(t *testing.T) {
	p := shell(t, talker)
	p.WaitFor(t, "^beat$", guichettest.Patience)
	p.Pause(t)
	// It takes effect when the process is next scheduled.
	still := ""
	for deadline := time.Now().Add(guichettest.Patience); time.Now().Before(deadline); {
		now := p.Log()
		time.Sleep(200 * time.Millisecond)
		if still = p.Log(); still == now {
			break
		}
	}
	p.Resume(t)
	for deadline := time.Now().Add(guichettest.Patience); p.Log() == still; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("resumed, it says nothing")
		}
	}
	p.Pause(t)
	p.Kill()
	if code := p.Wait(t, guichettest.Patience); code != -1 {
		t.Errorf("killed, its exit code is %d", code)
	}
}

// witness is a test that is looked at from outside: what it fails with or is
// skipped for, and what it logs.
type witness struct {
	testing.TB
	fatal, skipped, logged string
	cleanups               []func()
}

// ended is what a witness panics with where a test would end.
type ended struct{}

func (w *witness) Helper()                 {}
func (w *witness) Failed() bool            { return w.fatal != "" }
func (w *witness) Cleanup(f func())        { w.cleanups = append(w.cleanups, f) }
func (w *witness) Fatal(args ...any)       { w.Fatalf("%v", args...) }
func (w *witness) Logf(f string, a ...any) { w.logged += fmt.Sprintf(f, a...) }

func (w *witness) Fatalf(f string, a ...any) {
	w.fatal = fmt.Sprintf(f, a...)
	panic(ended{})
}

func (w *witness) Skipf(f string, a ...any) {
	w.skipped = fmt.Sprintf(f, a...)
	panic(ended{})
}

// watch runs a test and its cleanups.
func watch(t *testing.T, test func(tb testing.TB)) *witness {
	t.Helper()
	w := &witness{TB: t}
	func() {
		defer func() {
			if r := recover(); r != nil && r != (ended{}) {
				panic(r)
			}
		}()
		test(w)
	}()
	for _, clean := range slices.Backward(w.cleanups) {
		clean()
	}
	return w
}

func TestProcessThatIsNotAsWanted(t *testing.T) {
	for _, c := range []struct {
		name, script, fatal, logged string
		within                      time.Duration
	}{
		{"ends first", "echo I cannot; exit 7", `sh ended (exit status 7) before it wrote "^ready"`, "I cannot", guichettest.Patience},
		{"takes too long", "echo wait for me; sleep 600", `sh has not written "^ready" within`, "wait for me", 300 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := watch(t, func(tb testing.TB) {
				tb.Helper()
				p := guichettest.Start(tb, guichettest.Command{Args: []string{"/bin/sh", "-c", c.script}})
				p.WaitFor(tb, "^"+c.logged+"$", guichettest.Patience)
				p.WaitFor(tb, "^ready", c.within)
			})
			if !strings.Contains(w.fatal, c.fatal) || !strings.Contains(w.logged, c.logged) {
				t.Errorf("the test failed with %q and told %q", w.fatal, w.logged)
			}
		})
	}
}

// TestProcessDiesWithItsTest: a test starts a process and is killed, as it is
// when it takes too long.
func TestProcessDiesWithItsTest(t *testing.T) {
	if os.Getenv(inner) != "" {
		p := shell(t, talker)
		p.WaitFor(t, "^beat$", guichettest.Patience)
		_, _ = fmt.Fprintf(os.Stdout, "started %d\n", p.Pid())
		time.Sleep(2 * guichettest.Patience)
	}
	parent := again(t, "TestProcessDiesWithItsTest")
	pid := parent.WaitFor(t, `^started (\d+)$`, guichettest.Patience)[1]
	parent.Kill()
	for deadline := time.Now().Add(guichettest.Patience); runs(pid); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("process %s is still there", pid)
		}
	}
}

// inner is set in the environment of a test that another test runs.
const inner = "GUICHET_TEST_INNER"

// again runs a test of this package in a process of its own.
func again(t *testing.T, test string) *guichettest.Process {
	t.Helper()
	return guichettest.Start(t, guichettest.Command{
		Name: test, Args: []string{os.Args[0], "-test.run=^" + test + "$", "-test.v"}, Env: []string{inner + "=1"},
	})
}

// runs says whether a process is there; one that ended and that nobody has asked
// for its exit code is not.
func runs(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}
