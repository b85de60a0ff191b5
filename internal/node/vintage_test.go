package node_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/node"
)

// The history of one office's table: what was published when, and what was held
// when, are two clocks. The files are copies of some lines of Stats NZ's, with
// the figure of one line changed.

// nzLines returns some lines of a month of Stats NZ, changed by an amount in
// the line of 901920 to the US, both in exports and in their total.
func nzLines(t *testing.T, file string, more int64) string {
	t.Helper()
	path := keepLines(t, guichettest.Flow(t, file), func(line string) bool {
		return strings.Contains(line, ",9019") || strings.Contains(line, ",9018") || strings.Contains(line, ",0405")
	})
	if more == 0 {
		return path
	}
	const country = ",United States of America,"
	lines := strings.SplitAfter(readText(t, path), "\n")
	for i, line := range lines {
		head, tail, ok := strings.Cut(line, country)
		if !ok || !strings.Contains(head, ",9019200000,") {
			continue
		}
		cells := strings.Split(tail, ",")
		for _, at := range []int{0, 4} { // Export_FOB, total_export_FOB
			cells[at] = guichettest.Figure(t, cells[at]).Add(guichet.DecimalOf(more)).String()
		}
		lines[i] = head + country + strings.Join(cells, ",")
		return write(t, "changed.csv", strings.Join(lines, ""))
	}
	t.Fatal("no line of 901920 to the US")
	return ""
}

func readText(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// joined is one file of two months.
func joined(t *testing.T, a, b string) string {
	t.Helper()
	first, second := readText(t, a), readText(t, b)
	_, rest, _ := strings.Cut(second, "\n")
	return write(t, "two-months.csv", first+rest)
}

// history asks for 901920 to the US by month.
func (h *house) history(t *testing.T, words string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, row := range h.ask(t, "reporter=NZ flow=exports product=901920 partner=US by=period "+words).Rows {
		out[fmt.Sprint(row["period"])] = fmt.Sprint(row["value"])
	}
	return out
}

func (h *house) wantHistory(t *testing.T, words string, w map[string]string) {
	t.Helper()
	got := h.history(t, words)
	if fmt.Sprint(got) != fmt.Sprint(w) {
		t.Errorf("%q: %v, want %v", words, got, w)
	}
}

func (h *house) release(t *testing.T, file, day string) node.IngestResult {
	t.Helper()
	return h.take(t, node.IngestRequest{File: file, Released: day})
}

func wantReplaced(t *testing.T, res node.IngestResult, w ...guichet.Submission) {
	t.Helper()
	var ids []string
	for _, s := range w {
		ids = append(ids, s.ID)
	}
	slices.Sort(ids)
	if !slices.Equal(res.Replaced, ids) {
		t.Errorf("%s replaces %v, want %v", res.Submission.File, res.Replaced, ids)
	}
}

func asOf(when time.Time) string { return "asof=" + when.Format(time.RFC3339) }

// The figure of January as it is, and 1,000 and 3,000 dollars later.
const january, january2, january3 = "13142446", "13143446", "13145446"

func TestVintagesInOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "NZ")
	before := h.clock.Move(time.Minute)
	h.clock.Move(time.Minute)
	first := h.release(t, nzLines(t, nzJanuary, 0), "2025-03-01")
	wantReplaced(t, first)
	held1 := h.clock.Now()
	h.clock.Move(time.Minute)
	h.wantHistory(t, "", map[string]string{"2025-01": january})

	second := h.release(t, nzLines(t, nzJanuary, 1000), "2025-06-01")
	wantReplaced(t, second, first.Submission)
	held2 := h.clock.Now()
	h.clock.Move(time.Minute)
	third := h.release(t, nzLines(t, nzJanuary, 3000), "2025-09-01")
	wantReplaced(t, third, second.Submission)

	for words, w := range map[string]string{
		"": january3, "vintage=2026-01-01": january3, "vintage=2025-09-01": january3, "vintage=2025-08-31": january2,
		"vintage=2025-06-01": january2, "vintage=2025-05-31": january, "vintage=2025-03-01": january,
		asOf(held1): january, asOf(held2): january2, asOf(h.clock.Now()): january3,
		// Both clocks: of what was held then, what had been published by that day.
		asOf(held2) + " vintage=2025-12-31": january2, asOf(held2) + " vintage=2025-04-01": january,
	} {
		h.wantHistory(t, words, map[string]string{"2025-01": w})
	}
	for _, words := range []string{"vintage=2025-02-28", asOf(before), asOf(held1) + " vintage=2025-02-28", asOf(before) + " vintage=2026-01-01"} {
		only(t, h.ask(t, "reporter=NZ flow=exports product=901920 "+words), guichet.GapNotReported)
	}
	a := h.ask(t, "reporter=NZ flow=exports product=901920 vintage=2025-07-01")
	if len(a.Sources) != 1 || a.Sources[0].Submission != second.Submission.ID || a.Sources[0].Released != "2025-06-01" {
		t.Errorf("by July the source is %v, want %s of 2025-06-01", a.Sources, second.Submission.ID)
	}
}

// TestVintagesOutOfOrder: an older release that is taken in later is history:
// it supersedes nothing.
func TestVintagesOutOfOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "NZ")
	second := h.release(t, nzLines(t, nzJanuary, 1000), "2025-06-01")
	wantReplaced(t, second)
	held := h.clock.Now()
	h.clock.Move(time.Minute)
	first := h.release(t, nzLines(t, nzJanuary, 0), "2025-03-01")
	wantReplaced(t, first)
	h.wantHistory(t, "", map[string]string{"2025-01": january2})
	h.wantHistory(t, "vintage=2025-04-01", map[string]string{"2025-01": january})
	h.wantHistory(t, "vintage=2025-07-01", map[string]string{"2025-01": january2})
	h.wantHistory(t, asOf(held), map[string]string{"2025-01": january2})
	only(t, h.ask(t, "reporter=NZ "+asOf(held)+" vintage=2025-04-01"), guichet.GapNotReported)

	third := h.release(t, nzLines(t, nzJanuary, 3000), "2025-09-01")
	wantReplaced(t, third, second.Submission)
	h.wantHistory(t, "", map[string]string{"2025-01": january3})
	// Two months released between them: its January is history, its February news.
	both := h.release(t, joined(t, nzLines(t, nzJanuary, 7), nzLines(t, nzSecond, 0)), "2025-07-01")
	wantReplaced(t, both)
	feb := h.history(t, "period=2025-02")["2025-02"]
	if feb == "" {
		t.Fatal("the file of two months gives no February")
	}
	h.wantHistory(t, "", map[string]string{"2025-01": january3, "2025-02": feb})
	h.wantHistory(t, "vintage=2025-08-01", map[string]string{"2025-01": "13142453", "2025-02": feb})
	h.wantHistory(t, "vintage=2025-06-30", map[string]string{"2025-01": january2})
	a := h.ask(t, "reporter=NZ flow=exports product=901920")
	if len(a.Sources) != 2 {
		t.Errorf("the sources are %v, want January's of one release and February's of another", a.Sources)
	}
}

// TestPartialReplacement: of a file of two months one is superseded, then the
// other.
func TestPartialReplacement(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "NZ")
	both := h.release(t, joined(t, nzLines(t, nzJanuary, 0), nzLines(t, nzSecond, 0)), "2025-04-01")
	wantReplaced(t, both)
	all := h.history(t, "")
	feb := all["2025-02"]
	if all["2025-01"] != january || feb == "" {
		t.Fatalf("two months: %v", all)
	}
	total1 := total(t, h.ask(t, "reporter=NZ flow=exports period=2025-02"), "", "value")
	held := h.clock.Now()
	h.clock.Move(time.Minute)

	jan := h.release(t, nzLines(t, nzJanuary, 1000), "2025-06-01")
	wantReplaced(t, jan, both.Submission)
	h.wantHistory(t, "", map[string]string{"2025-01": january2, "2025-02": feb})
	h.wantHistory(t, asOf(held), map[string]string{"2025-01": january, "2025-02": feb})
	h.wantHistory(t, "vintage=2025-05-01", map[string]string{"2025-01": january, "2025-02": feb})
	if got := total(t, h.ask(t, "reporter=NZ flow=exports period=2025-02"), "", "value"); got.Cmp(total1) != 0 {
		t.Errorf("February is %s after January was replaced, before %s", got, total1)
	}
	half := h.clock.Now()
	h.clock.Move(time.Minute)

	second := h.release(t, nzLines(t, nzSecond, 1000), "2025-07-01")
	wantReplaced(t, second, both.Submission)
	febNew := guichettest.Figure(t, feb).Add(guichet.DecimalOf(1000)).String()
	h.wantHistory(t, "", map[string]string{"2025-01": january2, "2025-02": febNew})
	h.wantHistory(t, asOf(half), map[string]string{"2025-01": january2, "2025-02": feb})
	h.wantHistory(t, asOf(held), map[string]string{"2025-01": january, "2025-02": feb})
	for _, s := range h.ask(t, "reporter=NZ").Sources {
		if s.Submission == both.Submission.ID {
			t.Errorf("%s is wholly superseded and still a source", both.Submission.File)
		}
	}
	// The same files again change nothing, though one is superseded.
	again := h.release(t, joined(t, nzLines(t, nzJanuary, 0), nzLines(t, nzSecond, 0)), "2025-04-01")
	if !again.Already {
		t.Error("the same file again was taken for a new one")
	}
	h.wantHistory(t, "", map[string]string{"2025-01": january2, "2025-02": febNew})
}

// TestReleaseUnknown: where a day of publication is not known, the day on which
// the file was taken in stands for it, and a question for a vintage says that
// the file cannot be placed.
func TestReleaseUnknown(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "NZ")
	known := h.release(t, nzLines(t, nzJanuary, 0), "2025-03-01")
	unknown := h.release(t, nzLines(t, nzJanuary, 1000), "")
	wantReplaced(t, unknown, known.Submission)
	h.wantHistory(t, "", map[string]string{"2025-01": january2})
	h.wantHistory(t, "vintage=2025-12-31", map[string]string{"2025-01": january})
	remark(t, h.ask(t, "reporter=NZ flow=exports vintage=2025-12-31"), "vintage_unknown", unknown.Submission.File)
	later := h.release(t, nzLines(t, nzJanuary, 3000), "2025-09-01")
	wantReplaced(t, later)
	h.wantHistory(t, "", map[string]string{"2025-01": january2})
	// Of two that came out on one day the one that was taken in later counts.
	same := h.release(t, nzLines(t, nzJanuary, 5000), "2025-09-01")
	h.wantHistory(t, "vintage=2025-09-01", map[string]string{"2025-01": "13147446"})
	wantReplaced(t, same)
}
