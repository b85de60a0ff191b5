//go:build bench

package node_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"guichet"
	"guichet/codes"
	"guichet/hs"
	"guichet/internal/node"
)

// The figures of `make bench` (tools/bench.sh), each printed as `name: value`.
// They are measured, never asserted: machines differ. Both sides of a ratio are
// measured in turns in one run, and the medians are set against each other.

// benchRows is the size of the main file; $BENCH_ROWS for a trial.
func benchRows() int {
	if n, err := strconv.Atoi(os.Getenv("BENCH_ROWS")); err == nil {
		return n
	}
	return 10_000_000
}

// benchRuns is how many times both sides of the ratio are run.
const benchRuns = 3

func TestBenchIngest(t *testing.T) {
	guichetBin, bareBin := tool(t, "BENCH_GUICHET"), tool(t, "BENCH_BARE")
	dir := t.TempDir()
	file := filepath.Join(dir, "bench.csv")
	writeBench(t, file, benchRows(), "")
	profile, err := filepath.Abs("testdata/bench.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var bare, ours, peaks []float64
	for i := range benchRuns {
		warm(t, file)
		s, _ := timed(t, bareBin, file, filepath.Join(dir, "bare.parquet"), "2")
		bare = append(bare, s)
		home := filepath.Join(dir, "home"+strconv.Itoa(i))
		timed(t, guichetBin, "init", "--home", home, "--member", "US")
		s, peak := timed(t, guichetBin, "ingest", "--quiet", "--home", home, "--profile", profile, file)
		ours, peaks = append(ours, s), append(peaks, peak)
		if err := os.RemoveAll(home); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Printf("bare_s: %.2f\ningest_s: %.2f\ningest_ratio: %.2f\ningest_peak_mib: %.0f\n",
		median(bare), median(ours), median(ours)/median(bare), slices.Max(peaks))
}

func TestBenchUS2024(t *testing.T) {
	data := os.Getenv("GUICHET_DATA")
	if data == "" {
		t.Skip("the data folder is not here; us2024_s is not measured")
	}
	guichetBin := tool(t, "BENCH_GUICHET")
	file := filepath.Join(data, "flows/us-census-imports-hts10/data/2024_countries_data.tar.gz")
	var s []float64
	for i := range 5 {
		home := filepath.Join(t.TempDir(), strconv.Itoa(i))
		timed(t, guichetBin, "init", "--home", home, "--member", "US")
		sec, _ := timed(t, guichetBin, "ingest", "--quiet", "--home", home, file)
		s = append(s, sec)
	}
	fmt.Printf("us2024_s: %.2f\n", median(s))
}

// TestBenchAsk asks over 600 submissions: 50 reporters, 12 months each.
func TestBenchAsk(t *testing.T) {
	const reporters, months = 50, 12
	ctx := context.Background()
	dir := t.TempDir()
	cfg := node.Config{Home: filepath.Join(dir, "home"), Child: []string{tool(t, "BENCH_GUICHET"), "stage-child"}}
	if _, err := node.Init(ctx, cfg, "US"); err != nil {
		t.Fatal(err)
	}
	n, err := node.Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = n.Close() }()
	yaml, err := os.ReadFile("testdata/bench.yaml")
	if err != nil {
		t.Fatal(err)
	}
	areas := isoAreas()[:reporters]
	for r, area := range areas {
		profile := filepath.Join(dir, area+".yaml")
		if err := os.WriteFile(profile, []byte(strings.Replace(string(yaml), "reporter: US", "reporter: "+area, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		for m := range months {
			file := filepath.Join(dir, fmt.Sprintf("%s-%02d.csv", area, m+1))
			writeBench(t, file, benchRows()/reporters/months, fmt.Sprintf("2024%02d", m+1))
			if _, err := n.Ingest(ctx, node.IngestRequest{File: file, Profile: profile}); err != nil {
				t.Fatal(err)
			}
			_ = os.Remove(file)
		}
		if r%10 == 9 {
			t.Logf("%d submissions", (r+1)*months)
		}
	}
	year, _ := guichet.ParseSpan("2024")
	codes := hs.Codes(hs.HS2022, 6)
	rng := rand.New(rand.NewPCG(1, 2))
	var ms []float64
	for range 200 {
		q := guichet.Question{
			Where:  map[string][]string{"reporter": {areas[rng.IntN(reporters)]}, "flow": {"imports"}, "product": {string(codes[rng.IntN(len(codes))])}},
			Period: year, By: []string{"partner"}, Measures: []string{"value"},
		}
		start := time.Now()
		if _, err := n.Ask(ctx, q); err != nil {
			t.Fatal(err)
		}
		ms = append(ms, float64(time.Since(start).Microseconds())/1000)
	}
	slices.Sort(ms)
	fmt.Printf("ask_p50_ms: %.1f\nask_p99_ms: %.1f\n", ms[len(ms)/2], ms[len(ms)*99/100])
}

func tool(t *testing.T, name string) string {
	t.Helper()
	p := os.Getenv(name)
	if p == "" {
		t.Fatalf("$%s is not set; run make bench", name)
	}
	return p
}

// timed runs a command and returns its seconds and its peak memory in MiB: the
// largest sum of what it and its child held at the same time, looked at every
// 20 ms, and never less than the system's own peak of either.
func timed(t *testing.T, name string, args ...string) (seconds, peakMiB float64) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	var out bytes.Buffer
	cmd.Stdout = &out
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done, peak := make(chan struct{}), make(chan float64)
	go func() {
		most := 0.0
		for {
			select {
			case <-done:
				peak <- most
				return
			case <-time.After(20 * time.Millisecond):
				most = max(most, held(cmd.Process.Pid))
			}
		}
	}()
	err := cmd.Wait()
	seconds = time.Since(start).Seconds()
	close(done)
	peakMiB = <-peak
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out.String())
	}
	if ru, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		peakMiB = max(peakMiB, float64(ru.Maxrss)/1024)
	}
	return seconds, peakMiB
}

// held is the resident memory of a process and its children, in MiB.
func held(pid int) float64 {
	sum := 0.0
	if b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid)); err == nil {
		if f := strings.Fields(string(b)); len(f) > 1 {
			pages, _ := strconv.Atoi(f[1])
			sum = float64(pages*os.Getpagesize()) / (1 << 20)
		}
	}
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range tasks {
		b, _ := os.ReadFile(file)
		for child := range strings.FieldsSeq(string(b)) {
			if id, err := strconv.Atoi(child); err == nil {
				sum += held(id)
			}
		}
	}
	return sum
}

func warm(t *testing.T, file string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	buf := make([]byte, 1<<20)
	for {
		if _, err := f.Read(buf); err != nil {
			return
		}
	}
}

func median(x []float64) float64 {
	s := slices.Clone(x)
	slices.Sort(s)
	return s[len(s)/2]
}

func isoAreas() []string {
	var out []string
	for _, a := range codes.Areas() {
		if len(a.Code) == 2 && a.Kind == codes.Country && a.From == "" && a.To == "" && a.ISO3 != "" {
			out = append(out, a.Code)
		}
	}
	slices.Sort(out)
	return out
}

// nationalCodes are 17,000 ten-digit codes of the list that the profile names.
func nationalCodes() []string {
	var out []string
	on := time.Date(2024, 12, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range hs.Codes(hs.HS2022, 6) {
		for _, e := range codes.SplitLines("us-hts", string(c), on) {
			if out = append(out, e.Code); len(out) == 17_000 {
				return out
			}
		}
	}
	return out
}

// writeBench writes rows of twelve columns, the same for the same number and file
// name; another name gives other rows, since two files of one content would be
// one submission, judged twice. One row in 200 cannot be read (no code, or a
// partner that no list knows).
func writeBench(t *testing.T, path string, rows int, period string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	list, areas := nationalCodes(), isoAreas()
	seed := fnv.New64a()
	_, _ = seed.Write([]byte(filepath.Base(path)))
	rng := rand.New(rand.NewPCG(uint64(rows), seed.Sum64()))
	_, _ = w.WriteString("period,flow,trade_system,code,partner,port,mode,procedure,value,quantity,unit,net_mass\n")
	for i := range rows {
		p, code, partner := period, list[rng.IntN(len(list))], areas[rng.IntN(len(areas))]
		if p == "" {
			p = fmt.Sprintf("2024%02d", 1+rng.IntN(12))
		}
		switch i % 400 {
		case 77:
			code = "n/a"
		case 277:
			partner = "??"
		}
		flow := "imports"
		if i%3 == 0 {
			flow = "exports"
		}
		fmt.Fprintf(w, "%s,%s,general,%s,%s,%d,%d,%d,%d,%d,KGM,%d\n", p, flow, code, partner, 1000+rng.IntN(90), 1+rng.IntN(4), 1+rng.IntN(9), rng.IntN(10_000_000), rng.IntN(100_000), rng.IntN(1_000_000))
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
