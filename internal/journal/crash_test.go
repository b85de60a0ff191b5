package journal_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"guichet"
	"guichet/internal/journal"
)

// childDir is set for the process that TestNothingAcknowledgedIsLost kills.
const childDir = "GUICHET_JOURNAL_TEST_DIR"

func TestMain(m *testing.M) {
	if step := os.Getenv(killedAt); step != "" {
		renewAndDie(os.Getenv(childDir), step)
		os.Exit(1)
	}
	if dir := os.Getenv(childDir); dir != "" {
		appendForEver(dir)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// appendForEver appends from many goroutines and says each leaf that was
// acknowledged, until it is killed.
func appendForEver(dir string) {
	j, err := journal.Open(context.Background(), config(dir, "US"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	start := int(j.Size())
	var out sync.Mutex
	var all sync.WaitGroup
	for w := range 32 {
		all.Go(func() {
			for i := 0; ; i++ {
				n := start*1000 + w*1_000_000 + i
				at, err := j.Append(context.Background(), answered("US", n))
				out.Lock()
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					out.Unlock()
					return
				}
				_, _ = os.Stdout.WriteString(strconv.FormatInt(at, 10) + " " + strconv.Itoa(n) + "\n")
				out.Unlock()
			}
		})
	}
	all.Wait()
}

// A process is killed while it appends, several times over the same log: every
// leaf that it acknowledged is there and whole, and the log is sound.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	acknowledged := map[int64]int{}
	for round := range 4 {
		killAppending(t, dir, 300+round*40, acknowledged)
		report := checkAfterCrash(t, dir)
		j := open(t, dir)
		if j.Size() < int64(len(acknowledged)) || report.Size > j.Size() {
			t.Fatalf("round %d: %d leaves, %d were acknowledged, %d were signed", round, j.Size(), len(acknowledged), report.Size)
		}
		for at, n := range acknowledged {
			leaf, err := j.Leaf(context.Background(), at)
			if err != nil || leaf != answered("US", n) {
				t.Fatalf("round %d: leaf %d is not the one that was acknowledged: %v", round, at, err)
			}
		}
		count := int64(0)
		err := j.Each(context.Background(), 0, func(int64, guichet.Leaf) error { count++; return nil })
		if err != nil || count != j.Size() {
			t.Fatalf("round %d: %d of %d leaves are whole: %v", round, count, j.Size(), err)
		}
		receipt(t, j, j.Size()-1) // the checkpoint covers all from the start
		closeNow(t, j)
		if got := codes(check(t, dir).Findings); len(got) > 0 {
			t.Fatalf("round %d: %v", round, got)
		}
	}
}

// checkAfterCrash checks the log as the killed process left it, before anyone
// opens it.
func checkAfterCrash(tb testing.TB, dir string) journal.Report {
	tb.Helper()
	report := check(tb, dir)
	if got := codes(report.Findings); len(got) > 0 {
		tb.Fatalf("as it was left: %+v", report.Findings)
	}
	return report
}

func killAppending(tb testing.TB, dir string, after int, acknowledged map[int64]int) {
	tb.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childDir+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := child.Start(); err != nil {
		tb.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		at, name, _ := strings.Cut(lines.Text(), " ")
		index, err1 := strconv.ParseInt(at, 10, 64)
		i, err2 := strconv.Atoi(name)
		if err1 != nil || err2 != nil {
			break // the last line may be half a line: the pipe was cut with the process
		}
		acknowledged[index] = i
		if n == after {
			if err := child.Process.Kill(); err != nil {
				tb.Fatal(err)
			}
		}
	}
	_ = child.Wait() // it was killed
}

// A disk that fills up closes the journal; with space again it opens, and what was
// acknowledged is there.
func TestAFullDiskClosesTheJournal(t *testing.T) {
	dir := smallDisk(t, "4m")
	j, err := journal.Open(context.Background(), config(filepath.Join(dir, "journal"), "US"))
	if err != nil {
		t.Fatal(err)
	}
	var kept []int64
	for i := 0; ; i++ {
		at, appendErr := j.Append(context.Background(), answered("US", i))
		if appendErr != nil {
			err = appendErr
			break
		}
		if kept = append(kept, at); len(kept) > 20_000 {
			t.Fatal("the disk does not fill")
		}
	}
	if guichet.KindOf(err) != guichet.KindFull {
		t.Fatalf("a full disk: %v (%s)", err, guichet.KindOf(err))
	}
	var e *guichet.Error
	if !errors.As(err, &e) || e.Hint == "" {
		t.Errorf("no hint: %v", err)
	}
	if _, err := j.Append(context.Background(), answered("US", 1)); guichet.KindOf(err) != guichet.KindFull || guichet.KindOf(j.Ready()) != guichet.KindFull {
		t.Errorf("the journal is not closed after a failure: %v, %v", err, j.Ready())
	}
	_ = j.Close() // it may not be able to write its last words
	if err := unix.Mount("", dir, "", syscall.MS_REMOUNT, "size=64m"); err != nil {
		t.Fatal(err)
	}
	j = open(t, filepath.Join(dir, "journal"))
	for i, at := range kept {
		if leaf, err := j.Leaf(context.Background(), at); err != nil || leaf != answered("US", i) {
			t.Fatalf("leaf %d after the disk was full: %v", at, err)
		}
	}
	if _, err := j.Append(context.Background(), answered("US", 1)); err != nil {
		t.Errorf("with space again: %v", err)
	}
	closeNow(t, j)
	if got := codes(check(t, filepath.Join(dir, "journal")).Findings); len(got) > 0 {
		t.Errorf("after a full disk: %v", got)
	}
}

// smallDisk mounts a small disk in memory.
func smallDisk(tb testing.TB, size string) string {
	tb.Helper()
	dir := tb.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		if os.Getenv("CI") == "true" {
			tb.Fatalf("cannot mount a small disk: %v", err)
		}
		tb.Skipf("cannot mount a small disk, which needs root: %v", err)
	}
	tb.Cleanup(func() {
		var err error
		for range 1000 {
			if err = unix.Unmount(dir, 0); err == nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		tb.Errorf("unmount: %v", err)
	})
	return dir
}
