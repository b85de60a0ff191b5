//go:build bench

package node_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/hs"
	"guichet/internal/node"
)

// The figures of `make bench-large` (tools/bench-large.sh), printed as those of
// `make bench` are: how cost per row, memory and questions grow with the size of
// a home. Measured, never asserted.

// largeSizes are the rows of each file, in millions; $SCALE names others.
func largeSizes(t *testing.T) []int {
	t.Helper()
	text := os.Getenv("SCALE")
	if text == "" {
		text = "1 10 100"
	}
	var out []int
	for word := range strings.FieldsSeq(text) {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 || len(out) > 0 && n <= out[len(out)-1] {
			t.Fatalf("SCALE=%q: write whole millions of rows, growing, as in \"1 10 100\"", text)
		}
		out = append(out, n)
	}
	if len(out) < 2 {
		t.Fatalf("SCALE=%q: name at least two sizes, to set one against the other", text)
	}
	return out
}

// TestLargeScale takes files of growing size into homes of their own, and asks
// the smallest and the largest the same questions in turns: their answers have
// about as many lines, summed of as many more rows as the home has. Then the
// largest is asked of one partner too, so that both sum about as many rows.
func TestLargeScale(t *testing.T) {
	sizes := largeSizes(t)
	dir := t.TempDir()
	var perRow, peaks []float64
	homes := make([]string, len(sizes))
	for i, millions := range sizes {
		homes[i] = filepath.Join(dir, fmt.Sprintf("home%d", millions))
		us, peak := scaleIngest(t, dir, homes[i], millions)
		perRow, peaks = append(perRow, us), append(peaks, peak)
		fmt.Printf("scale_%dm_us_per_row: %.3f\nscale_%dm_peak_mib: %.0f\n", millions, us, millions, peak)
	}
	last := len(sizes) - 1
	fmt.Printf("scale_row_cost_ratio: %.2f\nscale_peak_mib: %.0f\n", perRow[last]/perRow[0], slices.Max(peaks))
	questions := largeQuestions("US")
	small, large := askBoth(t, asking{homes[0], questions}, asking{homes[last], questions})
	fmt.Printf("scale_ask_small_p50_ms: %.1f\nscale_ask_large_p50_ms: %.1f\nscale_ask_ratio: %.2f\n", small, large, large/small)
	small, large = askBoth(t, asking{homes[0], questions}, asking{homes[last], ofOnePartner(questions)})
	fmt.Printf("scale_ask_same_rows_small_p50_ms: %.1f\nscale_ask_same_rows_large_p50_ms: %.1f\nscale_ask_same_rows_ratio: %.2f\n", small, large, large/small)
	all := []guichet.Question{everything("US")}
	small, large = askBoth(t, asking{homes[0], all}, asking{homes[last], all})
	fmt.Printf("scale_sum_all_small_ms: %.1f\nscale_sum_all_large_ms: %.1f\n", small, large)
}

// scaleIngest returns microseconds per row and the peak of both processes. A
// small file is taken in several times: what starting costs varies, and would
// make the ratio look better than it is when it is slow.
func scaleIngest(t *testing.T, dir, home string, millions int) (usPerRow, peakMiB float64) {
	t.Helper()
	bin := tool(t, "BENCH_GUICHET")
	file := filepath.Join(dir, fmt.Sprintf("scale%d.csv", millions))
	rows := millions * 1_000_000
	writeBench(t, file, rows, "")
	defer func() { _ = os.Remove(file) }()
	profile, err := filepath.Abs("testdata/bench.yaml")
	if err != nil {
		t.Fatal(err)
	}
	runs := 1
	if millions <= 10 {
		runs = benchRuns
	}
	var secs []float64
	for i := range runs {
		if i > 0 {
			if err := os.RemoveAll(home); err != nil {
				t.Fatal(err)
			}
		}
		warm(t, file)
		timed(t, bin, "init", "--home", home, "--member", "US")
		s, peak := timed(t, bin, "ingest", "--quiet", "--home", home, "--profile", profile, file)
		secs, peakMiB = append(secs, s), max(peakMiB, peak)
	}
	return median(secs) * 1e6 / float64(rows), peakMiB
}

// largeQuestions is the fixed set: random subheadings, asked by partner, by
// month, and by national code. They name a product; what names none has to read
// every row, and is measured apart.
func largeQuestions(reporter string) []guichet.Question {
	year, _ := guichet.ParseSpan("2024")
	list := hs.Codes(hs.HS2022, 6)
	rng := rand.New(rand.NewPCG(1, 2))
	var out []guichet.Question
	for i := range 90 {
		by := [][]string{{"partner"}, {"period"}, {"national"}}[i%3]
		out = append(out, guichet.Question{
			Where:  map[string][]string{"reporter": {reporter}, "flow": {"imports"}, "product": {string(list[rng.IntN(len(list))])}},
			Period: year, By: by, Measures: []string{"value"},
		})
	}
	return out
}

// ofOnePartner asks the same questions of one partner each: of a product, a
// hundred times as many rows hold some 250 partners.
func ofOnePartner(questions []guichet.Question) []guichet.Question {
	areas := isoAreas()
	out := slices.Clone(questions)
	for i, q := range out {
		out[i].Where = maps.Clone(q.Where)
		out[i].Where["partner"] = []string{areas[i%len(areas)]}
	}
	return out
}

// everything asks for the sum of all products, by partner.
func everything(reporter string) guichet.Question {
	year, _ := guichet.ParseSpan("2024")
	return guichet.Question{Where: map[string][]string{"reporter": {reporter}, "flow": {"imports"}}, Period: year, By: []string{"partner"}, Measures: []string{"value"}}
}

// asking is a home and what it is asked.
type asking struct {
	home      string
	questions []guichet.Question
}

// askBoth asks two homes as many questions in turns, and returns the medians in
// milliseconds. Each is asked a few before, so that both are warm.
func askBoth(t *testing.T, a, b asking) (float64, float64) {
	t.Helper()
	var ms [2][]float64
	var nodes [2]*node.Node
	for i, x := range []asking{a, b} {
		n, err := node.Open(context.Background(), node.Config{Home: x.home})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = n.Close() }()
		nodes[i] = n
		for _, q := range x.questions[:min(3, len(x.questions))] {
			askTimed(t, n, q)
		}
	}
	for range 2 {
		for k := range a.questions {
			ms[0] = append(ms[0], askTimed(t, nodes[0], a.questions[k]))
			ms[1] = append(ms[1], askTimed(t, nodes[1], b.questions[k]))
		}
	}
	return median(ms[0]), median(ms[1])
}

func askTimed(t *testing.T, n *node.Node, q guichet.Question) float64 {
	t.Helper()
	start := time.Now()
	a, err := n.Ask(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Rows)+len(a.Gaps) == 0 {
		t.Fatalf("%v: no figure and no reason", q.Where)
	}
	return float64(time.Since(start).Microseconds()) / 1000
}

// TestLargeCompact takes many small files of one table in, and asks before and
// after they are joined: by one reporter, and of all reporters together, which
// opens every file that may hold the product.
func TestLargeCompact(t *testing.T) {
	const reporters, months, rows = 35, 12, 2000
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
	for _, area := range areas {
		profile := filepath.Join(dir, area+".yaml")
		if err := os.WriteFile(profile, []byte(strings.Replace(string(yaml), "reporter: US", "reporter: "+area, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		for m := range months {
			file := filepath.Join(dir, fmt.Sprintf("%s-%02d.csv", area, m+1))
			writeBench(t, file, rows, fmt.Sprintf("2024%02d", m+1))
			if _, err := n.Ingest(ctx, node.IngestRequest{File: file, Profile: profile, NoCompact: true}); err != nil {
				t.Fatal(err)
			}
			_ = os.Remove(file)
		}
	}
	one, all := largeQuestions(areas[7]), largeQuestions("")
	for _, q := range all {
		delete(q.Where, "reporter")
	}
	all = all[:30]
	before := askAll(t, n, one)
	beforeAll := askAll(t, n, all)
	c, err := n.Compact(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Before != reporters*months {
		t.Fatalf("the table had %d files, want one of each of %d submissions", c.Before, reporters*months)
	}
	after := askAll(t, n, one)
	afterAll := askAll(t, n, all)
	fmt.Printf("compact_files_before: %d\ncompact_files_after: %d\ncompact_s: %.2f\n", c.Before, c.After, c.Seconds)
	fmt.Printf("compact_ask_before_p50_ms: %.1f\ncompact_ask_p50_ms: %.1f\ncompact_ask_ratio: %.2f\n", before, after, after/before)
	fmt.Printf("compact_ask_all_before_p50_ms: %.1f\ncompact_ask_all_p50_ms: %.1f\ncompact_ask_all_ratio: %.2f\n", beforeAll, afterAll, afterAll/beforeAll)
}

// askAll asks one home and returns the median in milliseconds.
func askAll(t *testing.T, n *node.Node, questions []guichet.Question) float64 {
	t.Helper()
	var ms []float64
	for _, q := range questions[:3] {
		askTimed(t, n, q)
	}
	for _, q := range questions {
		ms = append(ms, askTimed(t, n, q))
	}
	return median(ms)
}
