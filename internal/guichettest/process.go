//go:build linux

package guichettest

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Command is a program to be started.
type Command struct {
	Name  string    // in the log of the test; default: the file's name
	Args  []string  // the program and its arguments
	Dir   string    // default: the test's own
	Env   []string  // NAME=value, beside the test's own; the last of a name counts
	Stdin io.Reader // default: nothing to read
}

// Process is a program that runs. It is killed when the test ends, and when the
// test's own process is. What it wrote is told if the test failed.
type Process struct {
	name string
	cmd  *exec.Cmd
	log  output // both streams, as they came
	out  output // standard output alone
	done chan struct{}
}

// Start starts a program; it fails the test when it cannot.
func Start(tb testing.TB, c Command) *Process {
	tb.Helper()
	p := &Process{name: c.Name, done: make(chan struct{})}
	if p.name == "" {
		p.name = filepath.Base(c.Args[0])
	}
	// Not tied to the test's context, which ends before its cleanups: a process
	// whose test is over is killed below, after the ones that were started later.
	p.cmd = exec.Command(c.Args[0], c.Args[1:]...) //nolint:gosec,noctx // the test names the program
	p.cmd.Dir, p.cmd.Stdin = c.Dir, c.Stdin
	p.cmd.Env = append(os.Environ(), c.Env...)
	p.cmd.Stdout, p.cmd.Stderr = io.MultiWriter(&p.log, &p.out), &p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	// A child of the process may hold its streams open when it is gone.
	p.cmd.WaitDelay = time.Second
	if err := p.run(); err != nil {
		tb.Fatalf("start %s: %v", p.name, err)
	}
	tb.Cleanup(func() {
		p.Kill()
		if tb.Failed() {
			tb.Logf("what %s (process %d, %s) wrote:\n%s", p.name, p.Pid(), p.cmd.ProcessState, tail(p.log.String(), 200))
		}
	})
	return p
}

// run starts the process and waits for it, on a thread of its own: the kernel
// takes the end of the thread that started it for its parent's (prctl(2),
// PR_SET_PDEATHSIG), and threads do end here, see within.
func (p *Process) run() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // how it ended, ProcessState tells
			close(p.done)
		}
	}()
	return <-started
}

// Pid returns the number of the process.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Log returns what it has written until now, to both streams.
func (p *Process) Log() string { return p.log.String() }

// Stdout returns what it has written to standard output until now.
func (p *Process) Stdout() string { return p.out.String() }

// Running says whether it has not ended; a paused process runs.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// WaitFor waits until a line of its log matches a pattern, and returns the
// match and its groups. The test fails when the process ends before, or when it
// takes too long.
func (p *Process) WaitFor(tb testing.TB, pattern string, within time.Duration) []string {
	tb.Helper()
	re := regexp.MustCompile("(?m)" + pattern)
	late := time.NewTimer(within)
	defer late.Stop()
	for {
		text, more := p.log.watch()
		if m := re.FindStringSubmatch(text); m != nil {
			return m
		}
		select {
		case <-more:
		case <-p.done:
			if m := re.FindStringSubmatch(p.log.String()); m != nil {
				return m
			}
			tb.Fatalf("%s ended (%s) before it wrote %q", p.name, p.cmd.ProcessState, pattern)
		case <-late.C:
			tb.Fatalf("%s has not written %q within %s", p.name, pattern, within)
		}
	}
}

// Wait waits until it ends, and returns its exit code: -1 when a signal ended
// it. The test fails when it takes too long.
func (p *Process) Wait(tb testing.TB, within time.Duration) int {
	tb.Helper()
	select {
	case <-p.done:
	case <-time.After(within):
		tb.Fatalf("%s has not ended within %s", p.name, within)
	}
	return p.cmd.ProcessState.ExitCode()
}

// Stop asks it to end (SIGTERM) and waits, as Wait does.
func (p *Process) Stop(tb testing.TB, within time.Duration) int {
	tb.Helper()
	p.signal(tb, syscall.SIGTERM)
	return p.Wait(tb, within)
}

// Kill ends it at once (SIGKILL), paused or not, and returns when it is gone.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // that it has ended is what is wanted
	<-p.done
}

// Pause stops it where it stands (SIGSTOP): its connections stay open and nobody
// answers on them.
func (p *Process) Pause(tb testing.TB) {
	tb.Helper()
	p.signal(tb, syscall.SIGSTOP)
}

// Resume lets it go on (SIGCONT).
func (p *Process) Resume(tb testing.TB) {
	tb.Helper()
	p.signal(tb, syscall.SIGCONT)
}

func (p *Process) signal(tb testing.TB, s syscall.Signal) {
	tb.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		tb.Fatalf("send %s to %s: %v", s, p.name, err)
	}
}

// tail returns the last lines of a text.
func tail(text string, lines int) string {
	all := strings.SplitAfter(text, "\n")
	if len(all) <= lines {
		return text
	}
	return "...\n" + strings.Join(all[len(all)-lines:], "")
}

// output keeps what is written and tells who waits.
type output struct {
	mu   sync.Mutex // guards all below
	text bytes.Buffer
	more chan struct{} // closed by the next write
}

// Write keeps some bytes.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.more != nil {
		close(o.more)
		o.more = nil
	}
	return o.text.Write(b)
}

// String returns all of it.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// watch returns all of it, and what is closed when more has come.
func (o *output) watch() (text string, more <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.more == nil {
		o.more = make(chan struct{})
	}
	return o.text.String(), o.more
}
