package node_test

import (
	"archive/zip"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/guichettest"
)

// TestAmendmentsAdd: HMRC's file of a month adds to earlier months, and the
// next edition of the same month takes its place as a whole.
func TestAmendmentsAdd(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "GB")
	lines := hmrcLines(t)
	february := h.release(t, hmrcText(t, "FEBRUARY", lines), "2009-04-15")
	wantReplaced(t, february)
	base := h.months(t, "")
	held := h.clock.Now()
	h.clock.Move(time.Minute)
	if len(base) < 3 || base["2009-02"].Sign() == 0 {
		t.Fatalf("the lines give %v", base)
	}

	// March amends February and earlier months by the same lines; it replaces nothing.
	march := h.release(t, hmrcText(t, "MARCH", lines), "2009-05-15")
	wantReplaced(t, march)
	h.wantMonths(t, "", plus(base, base))
	h.wantMonths(t, "vintage=2009-05-01", base)
	h.wantMonths(t, asOf(held), base)

	// A new edition of February has half of the lines.
	half := h.release(t, hmrcText(t, "FEBRUARY", lines[:len(lines)/2]), "2009-06-15")
	wantReplaced(t, half, february.Submission)
	halved := h.months(t, "")
	h.wantMonths(t, "vintage=2009-05-20", plus(base, base))
	h.wantMonths(t, asOf(held), base)

	// One that was published between the two, and comes late, is history.
	late := h.release(t, hmrcText(t, "FEBRUARY", lines[:3]), "2009-04-30")
	wantReplaced(t, late)
	h.wantMonths(t, "", halved)
	few := h.months(t, "vintage=2009-05-01")
	h.wantMonths(t, "vintage=2009-05-20", plus(base, few))
	h.wantMonths(t, "vintage=2009-04-20", base)
	if fmt.Sprint(few) == fmt.Sprint(base) {
		t.Error("what had been published by May is the first edition still")
	}
	remark(t, h.ask(t, "reporter=GB trade_system=unknown"), "amendments", "")
}

func (h *house) months(t *testing.T, words string) map[string]guichet.Decimal {
	t.Helper()
	out := map[string]guichet.Decimal{}
	for _, row := range h.ask(t, "reporter=GB trade_system=unknown by=period "+words).Rows {
		out[fmt.Sprint(row["period"])], _ = row["value"].(guichet.Decimal)
	}
	return out
}

func (h *house) wantMonths(t *testing.T, words string, w map[string]guichet.Decimal) {
	t.Helper()
	if got := h.months(t, words); fmt.Sprint(got) != fmt.Sprint(w) {
		t.Errorf("%q: %v, want %v", words, got, w)
	}
}

// plus adds two histories up, month by month.
func plus(a, b map[string]guichet.Decimal) map[string]guichet.Decimal {
	out := maps.Clone(a)
	for month, v := range b {
		out[month] = out[month].Add(v)
	}
	return out
}

// hmrcLines are a few detail lines of HMRC's file: of its own month, and
// amendments to others.
func hmrcLines(t *testing.T) []string {
	t.Helper()
	z := guichettest.Open(t, func() (*zip.ReadCloser, error) { return zip.OpenReader(guichettest.Flow(t, hmrcFile)) })
	f, err := z.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.SplitSeq(string(b), "\r\n") {
		if len(line) == 123 && (strings.HasPrefix(line, "010110") || strings.HasPrefix(line, "380290")) {
			out = append(out, line)
		}
	}
	return out
}

// hmrcText is a file of a month of 2009, with a tail that reconciles.
func hmrcText(t *testing.T, month string, lines []string) string {
	t.Helper()
	own := map[string]string{"FEBRUARY": "0200902", "MARCH": "0200903"}[month]
	var kinds [4]int
	var sums [2]guichet.Decimal // of the month, of amendments
	for _, line := range lines {
		cells := strings.Split(line, "|")
		kinds[cells[1][0]-'0']++
		i := 0
		if cells[9] != own {
			i = 1
		}
		sums[i] = sums[i].Add(guichettest.Figure(t, cells[14]))
	}
	tail := "999999999"
	for _, n := range kinds {
		tail += fmt.Sprintf("|%013d", n)
	}
	for _, s := range sums {
		sign := "+"
		if s.Sign() < 0 {
			sign = "-"
		}
		digits := s.Abs().String()
		tail += "|" + sign + strings.Repeat("0", 17-len(digits)) + digits
	}
	head := fmt.Sprintf("000000000|HMCUSTOMS MONTHLY DATA|2009|%9s|%-19s", month, "EU ARRIVALS")
	return write(t, "SMKM46-"+month, head+"\r\n"+strings.Join(lines, "\r\n")+"\r\n"+tail+"\r\n")
}
