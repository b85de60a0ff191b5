package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"guichet"
	main "guichet/cmd/guichet"

	"guichet/internal/guichettest"
)

// bigLines is how many lines the files have during whose intake a process is
// killed.
const bigLines = 80_000

// bigFile is a ledger of many lines of one month, some of which are put aside.
// Its months are made from one text.
type bigFile struct{ text []byte }

func newBigFile() bigFile {
	text := ledgerHead + ledgerLines("2001-01", bigLines-100) + strings.Repeat("2001-01,M,,US,7,0.5\n", 100)
	return bigFile{[]byte(text)}
}

// month is the n-th file: the same lines of another month.
func (b bigFile) month(n int) []byte {
	return bytes.ReplaceAll(b.text, []byte("2001-01"), fmt.Appendf(nil, "%d-%02d", 2001+n/12, 1+n%12))
}

// ingested is what ingest says of one file.
func (p *place) ingested(stdout string) main.TakenJSON {
	p.t.Helper()
	var told struct {
		Files []main.TakenJSON `json:"files"`
	}
	if err := json.Unmarshal([]byte(stdout), &told); err != nil || len(told.Files) != 1 {
		p.t.Fatalf("ingest says %s: %v", stdout, err)
	}
	return told.Files[0]
}

// whole holds a submission of a big file to what the file holds.
func (p *place) whole(s guichet.Submission) {
	p.t.Helper()
	v := s.Totals[0]
	if s.Lines != bigLines || s.Aside != 100 || s.Records != bigLines-100 || v.Aside.String() != "700" || v.File.Cmp(v.Kept.Add(v.Aside)) != 0 {
		p.t.Errorf("submission %s is not whole: %d lines, %d put aside, %d records, %s = %s + %s", s.ID, s.Lines, s.Aside, s.Records, v.File, v.Kept, v.Aside)
	}
}

// TestKilledAtAnyMoment: kill -9 of the parent at random moments of an intake.
// After each the home opens and every invariant holds, the submission is wholly
// there or wholly absent, and the file can be taken in again. It stops after
// twenty kills, or when its time is up.
func TestKilledAtAnyMoment(t *testing.T) {
	const kills = 20
	budget := 22 * time.Second
	if testing.Short() {
		budget = 5 * time.Second
	}
	p, file := newPlace(t), newBigFile()
	begin := time.Now()
	p.must("ingest", "--profile", p.profile, p.write("0.csv", file.month(0)))
	took := time.Since(begin)
	inTime := 0
	n := 1
	for ; n <= kills && time.Since(begin) < budget; n++ {
		name := p.write(strconv.Itoa(n)+".csv", file.month(n))
		cmd, _, _ := p.command("ingest", "--profile", p.profile, name)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		wait := time.Duration(rand.Int64N(int64(took) * 6 / 5))
		time.Sleep(wait)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if _, words, code := p.run("check"); code != 0 {
			t.Fatalf("killed after %s of some %s, the home does not hold: %s", wait, took, words)
		}
		again := p.ingested(p.must("ingest", "--profile", p.profile, name))
		p.whole(*again.Submission)
		if again.Already {
			inTime++
		}
		_ = os.Remove(name)
	}
	t.Logf("%d kills within %s each; %d came too late", n-1, took.Round(time.Millisecond), inTime)
	p.holds(n)
	for _, s := range p.submissions() {
		p.whole(s)
	}
}

// childOf waits for the staging child of a process.
func childOf(t *testing.T, parent int) int {
	t.Helper()
	for deadline := time.Now().Add(guichettest.Patience); time.Now().Before(deadline); {
		entries, err := os.ReadDir("/proc")
		if err != nil {
			t.Skipf("no /proc to find the child by: %v", err)
		}
		for _, e := range entries {
			pid, err := strconv.Atoi(e.Name())
			if err != nil {
				continue
			}
			// 123 (guichet) S 45 ...: the fourth field is the parent.
			stat, err := os.ReadFile(filepath.Join("/proc", e.Name(), "stat"))
			if err != nil {
				continue
			}
			_, rest, _ := strings.Cut(string(stat), ") ")
			if f := strings.Fields(rest); len(f) < 2 || f[1] != strconv.Itoa(parent) {
				continue
			}
			if line, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline")); bytes.Contains(line, []byte("stage-child")) {
				return pid
			}
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("the staging child was not seen")
	return 0
}

// TestKilledChild: the parent says so, keeps nothing, and goes on.
func TestKilledChild(t *testing.T) {
	p, file := newPlace(t), newBigFile()
	name := p.write("a.csv", file.month(0))
	for _, wait := range []time.Duration{0, 150 * time.Millisecond} {
		cmd, _, words := p.command("ingest", "--profile", p.profile, name)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		child := childOf(t, cmd.Process.Pid)
		time.Sleep(wait)
		killed := syscall.Kill(child, syscall.SIGKILL)
		_ = cmd.Wait()
		if wait > 0 && cmd.ProcessState.ExitCode() == 0 { // the machine let us wait for longer than the child took
			break
		}
		if killed != nil {
			t.Fatalf("kill the child: %v", killed)
		}
		if code, want := cmd.ProcessState.ExitCode(), main.ExitCode(guichet.KindInternal); code != want {
			t.Errorf("the exit code is %d, want %d", code, want)
		}
		for _, w := range []string{"the staging process was ended by signal 9 (killed); nothing was kept", "take the file in again"} {
			if !strings.Contains(words.String(), w) {
				t.Errorf("it says %s, want %q in it", words, w)
			}
		}
		p.holds(0)
	}
	p.must("ingest", "--profile", p.profile, name)
	p.holds(1)
}

// TestTwoIngestsAtOnce: one waits for the other, and both land.
func TestTwoIngestsAtOnce(t *testing.T) {
	p := newPlace(t)
	var wg sync.WaitGroup
	for i := range 2 {
		name := p.write(fmt.Sprintf("%d.csv", i), []byte(ledgerHead+ledgerLines(fmt.Sprintf("2024-%02d", i+1), 20_000)))
		cmd, _, words := p.command("ingest", "--profile", p.profile, name)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			if err := cmd.Wait(); err != nil {
				t.Errorf("one of two ingests at once: %v: %s", err, words)
			}
		})
	}
	wg.Wait()
	p.holds(2)
}

// smallDisk mounts a file system in memory. Where that is not allowed the test
// is skipped; root in CI must be allowed.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size="+size, "tmpfs", dir).CombinedOutput()
	if err != nil {
		if os.Getenv("CI") == "true" && os.Geteuid() == 0 {
			t.Fatalf("root cannot mount a small disk: %v: %s", err, out)
		}
		t.Skipf("a small disk cannot be mounted, which needs root: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("unmount the small disk: %v: %s", err, out)
		}
	})
	return dir
}

// leave fills the disk until so many bytes are free, and returns what empties
// it again.
func leave(t *testing.T, dir string, free int64) (empty func()) {
	t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "ballast")
	if err := os.WriteFile(name, make([]byte, max(0, int64(st.Bavail)*st.Bsize-free)), 0o600); err != nil {
		t.Fatal(err)
	}
	return func() { _ = os.Remove(name) }
}

// TestFullDisk: wherever on its way the file meets the end of the disk, the
// fault is told as that, nothing half is there, and with space it comes in.
func TestFullDisk(t *testing.T) {
	disk := smallDisk(t, "64m")
	p := placeIn(t, disk)
	p.must("init", "--member", "NZ")
	small := filepath.Join(t.TempDir(), "small.csv")
	if err := os.WriteFile(small, []byte(ledgerHead+ledgerLines("2000-01", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	p.must("ingest", "--profile", p.profile, small)
	big := filepath.Join(t.TempDir(), "big.csv")
	text := newBigFile().month(0)
	if err := os.WriteFile(big, text, 0o600); err != nil {
		t.Fatal(err)
	}
	const kib = 1 << 10
	size := int64(len(text))
	// While it is copied; while its rows, and then what is put aside, are
	// written; while the catalogue grows.
	came, faults := false, 0
	for _, free := range []int64{0, 64 * kib, 512 * kib, size - 64*kib, size + 16*kib, size + 256*kib, size + 700*kib, size + 900*kib, size + 1100*kib} {
		empty := leave(t, disk, free)
		_, words, code := p.run("ingest", "--profile", p.profile, big)
		switch {
		case code == 0:
			came = true
		case code != main.ExitCode(guichet.KindFull) || !strings.Contains(words, "the disk is full") || !strings.Contains(words, "free some space"):
			t.Errorf("with %d bytes free of a file of %d it ends with exit code %d: %s", free, size, code, words)
		default:
			faults++
		}
		empty()
		if came {
			break
		}
		p.holds(1)
	}
	if faults < 3 {
		t.Errorf("the disk was full %d times only", faults)
	}
	p.must("ingest", "--profile", p.profile, big)
	p.holds(2)
}
