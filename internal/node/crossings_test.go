package node_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/node"
	"guichet/travel"
)

// wait is one line of the truth: so many waited so many minutes.
type wait struct {
	member, month, port, mode, direction string
	minutes                              int
	persons                              int64
}

// madeCrossings makes crossings of three months and takes in those of some members.
func madeCrossings(t *testing.T, members ...string) (*house, []wait, node.CrossingsManifest) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "made")
	made, err := node.SynthCrossings(t.Context(), node.CrossingsRequest{Members: members, From: "2024-01", To: "2024-03", Seed: 7, Dir: dir}, func(string, int64, int64) {})
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, members[0])
	var truth []wait
	for _, f := range made.Files {
		path := filepath.Join(dir, f.Name)
		if f.Kind == "crossings" {
			if s := h.take(t, node.IngestRequest{File: path}).Submission; s.Dataset != travel.Name || s.Lines != f.Lines || s.Aside != 0 || !s.Generated {
				t.Fatalf("%s came in as %+v", f.Name, s)
			}
			continue
		}
		text, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(text).ReadAll()
		_ = text.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows[1:] {
			minutes, _ := strconv.Atoi(r[5])
			persons, _ := strconv.ParseInt(r[6], 10, 64)
			truth = append(truth, wait{r[0], r[1], r[2], r[3], r[4], minutes, persons})
		}
	}
	return h, truth, made
}

// exactly is the nearest-rank percentile of those waits that are meant.
func exactly(truth []wait, share int64, meant func(wait) bool) int {
	var by [1000]int64
	var all, below int64
	for _, w := range truth {
		if meant(w) {
			by[w.minutes] += w.persons
			all += w.persons
		}
	}
	for minute, n := range by {
		if below += n; below > 0 && below*100 >= all*share {
			return minute
		}
	}
	return -1
}

func bandOf(minutes int) string {
	for _, b := range travel.Bands() {
		if b.UpTo == 0 || minutes <= b.UpTo {
			return b.Field
		}
	}
	return ""
}

func crossingsOf(t *testing.T, h *house, q guichet.Question) guichet.Answer {
	t.Helper()
	q.Dataset = travel.Name
	a, err := h.Ask(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func number(t *testing.T, v any) int {
	t.Helper()
	d, ok := v.(guichet.Decimal)
	if !ok {
		t.Fatalf("%v is no figure", v)
	}
	n, err := strconv.Atoi(d.String())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestCrossingsAreExact: sums are those that were made; percentiles of any grouping
// lie in the band of the true one; stated ones are told as they are kept, and never
// of several rows.
func TestCrossingsAreExact(t *testing.T) {
	h, truth, made := madeCrossings(t, "CA", "GB")
	for _, f := range made.Files {
		for key, want := range f.Totals {
			direction, _, _ := strings.Cut(key, " ")
			a := crossingsOf(t, h, guichet.Question{By: []string{"reporter"}, Where: map[string][]string{"reporter": {f.Member}, "direction": {direction}}})
			if len(a.Rows) != 1 || a.Rows[0]["crossings"].(guichet.Decimal).Cmp(want) != 0 {
				t.Errorf("%s %s: %v, not %s", f.Member, direction, a.Rows, want)
			}
		}
	}
	checked := 0
	for _, by := range [][]string{{"reporter"}, {"mode"}, {"port"}, {"port", "mode", "period"}, {"period"}} {
		a := crossingsOf(t, h, guichet.Question{By: by, Measures: []string{"wait_p50", "wait_p90"}})
		for _, r := range a.Rows {
			meant := func(w wait) bool {
				is := func(field, value string) bool { v, ok := r[field].(string); return !ok || v == value }
				return is("reporter", w.member) && is("port", w.port) && is("mode", w.mode) && is("direction", w.direction) && is("period", w.month)
			}
			for name, share := range map[string]int64{"wait_p50": 50, "wait_p90": 90} {
				want := exactly(truth, share, meant)
				if want < 0 {
					if r[name] != nil {
						t.Errorf("by %v: %s of %v is %v, and nobody was counted", by, name, r, r[name])
					}
					continue
				}
				checked++
				if got := number(t, r[name]); bandOf(got) != bandOf(want) {
					t.Errorf("by %v: %s of %v is %d (%s), truly %d (%s)", by, name, r, got, bandOf(got), want, bandOf(want))
				}
			}
		}
		if !hasRemark(a, "within_band") {
			t.Errorf("by %v: nobody says that percentiles are estimated", by)
		}
	}
	if checked < 50 {
		t.Errorf("only %d percentiles were looked at", checked)
	}
	h.statedAlone(t, truth)
	h.check(t)
}

// statedAlone looks at percentiles as an office states them.
func (h *house) statedAlone(t *testing.T, truth []wait) {
	t.Helper()
	fine := crossingsOf(t, h, guichet.Question{
		By: []string{"port", "mode", "period"}, Measures: []string{"stated_p90"}, Where: map[string][]string{"direction": {"entry"}, "reporter": {"CA"}},
	})
	if len(fine.Rows) == 0 {
		t.Fatal("no row")
	}
	for _, r := range fine.Rows {
		want := exactly(truth, 90, func(w wait) bool {
			return w.port == r["port"] && w.mode == r["mode"] && w.month == r["period"] && w.direction == "entry"
		})
		if got := number(t, r["stated_p90"]); got != want {
			t.Errorf("%v: %d, not %d", r, got, want)
		}
	}
	coarse := crossingsOf(t, h, guichet.Question{By: []string{"port"}, Measures: []string{"stated_p90", "crossings"}, Where: map[string][]string{"direction": {"entry"}, "reporter": {"CA"}}})
	for _, r := range coarse.Rows {
		if r["stated_p90"] != nil || r["crossings"] == nil {
			t.Errorf("a percentile of several rows is told: %v", r)
		}
	}
	gap(t, coarse, guichet.GapIncomparable, "neither added nor averaged")
}

// TestCrossingsThatCannotBeAsked: names of another dataset, and codes of none.
func TestCrossingsThatCannotBeAsked(t *testing.T) {
	h, _, _ := madeCrossings(t, "NZ")
	for _, q := range []guichet.Question{
		{Measures: []string{"value"}},
		{By: []string{"partner"}},
		{By: []string{"hs6"}},
		{Where: map[string][]string{"flow": {"imports"}}},
		{Where: map[string][]string{"port": {"Auckland"}}},
		{Where: map[string][]string{"mode": {"rail"}}},
	} {
		q.Dataset = travel.Name
		if _, err := h.Ask(t.Context(), q); guichet.KindOf(err) != guichet.KindInvalid && guichet.KindOf(err) != guichet.KindNotFound {
			t.Errorf("%+v: %v", q, err)
		}
	}
	if _, err := h.Ask(t.Context(), guichet.Question{Dataset: "travel"}); guichet.KindOf(err) != guichet.KindNotFound {
		t.Errorf("a dataset that there is not: %v", err)
	}
}
