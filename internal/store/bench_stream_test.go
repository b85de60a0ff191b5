package store_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/store"
	"guichet/trade"
)

// BenchmarkState is the look for changes that every answer held ready takes.
func BenchmarkState(b *testing.B) {
	h := tradersHouse(b, "2024-01;I;630790;CN;50;;G1;A\n")
	time.Sleep(200 * time.Millisecond) // what was just written is asked of the register
	for b.Loop() {
		if _, err := h.s.State(b.Context(), "trade"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStream writes a million records to nobody, and reads them as the
// other side does. GUICHET_RECORDS asks for another number, in millions; peak_MiB
// is the most that the process has held, with what the intake took.
func BenchmarkStream(b *testing.B) {
	millions, _ := strconv.Atoi(os.Getenv("GUICHET_RECORDS"))
	h := newHouse(b)
	h.ds = trade.Dataset()
	h.open()
	l := tradersLayout()
	plan := guichet.Plan{Dataset: "trade", By: []string{"reporter", "flow", "hs", "partner", "freq", "period", "submission", "remark"}, Measures: []string{"value"}, Parts: []guichet.PlanPart{{}}}
	for i := range max(millions, 1) {
		var text strings.Builder
		text.WriteString(linesHeader)
		for j := range 1_000_000 {
			fmt.Fprintf(&text, "20%02d-01;I;%06d;%c%c;%d.25;;;T\n", i, j*7%5000*100+10000, 'A'+j%26, 'A'+j/26%26, j)
		}
		id := fmt.Sprint("million", i)
		if _, err := h.commit(b.Context(), filing{id: id, layout: &l, text: text.String()}); err != nil {
			b.Fatal(err)
		}
		plan.Parts[0].Submissions = append(plan.Parts[0].Submissions, id16(id))
	}
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o600) // sets the most held to what is held; elsewhere it counts the intake too
	before := peakMiB(b)
	want := int64(max(millions, 1)) * 1_000_000
	var bytes int64
	for b.Loop() {
		r, w := io.Pipe()
		count := &counting{w: w}
		go func() {
			_, err := h.s.Stream(b.Context(), plan, count)
			_ = w.CloseWithError(err)
		}()
		n, err := store.CopyRecords(b.Context(), r, "arrow", io.Discard)
		if err != nil || n != want {
			b.Fatalf("%d of %d records, %v", n, want, err)
		}
		bytes = count.n
	}
	b.SetBytes(bytes)
	b.ReportMetric(float64(peakMiB(b)), "peak_MiB")
	b.ReportMetric(float64(before), "before_MiB")
	b.ReportMetric(float64(bytes)/float64(want), "bytes/record")
}

type counting struct {
	w io.Writer
	n int64
}

func (c *counting) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return c.w.Write(p)
}

// peakMiB is the most memory that the process has held, 0 where nobody tells.
func peakMiB(tb testing.TB) int {
	tb.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(text, []byte("VmHWM:"))
	fields := strings.Fields(string(rest))
	if len(fields) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(fields[0])
	return n / 1024
}
