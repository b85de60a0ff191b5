package node_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/node"
)

// TestIngestJoinsSmallFiles where a table of an office has more of them than
// allowed, and leaves them with NoCompact; no answer changes, not by a revision
// of a month that was joined either.
func TestIngestJoinsSmallFiles(t *testing.T) {
	clock := guichettest.NewClock()
	home := guichettest.Home(t)
	cfg := node.Config{Home: home, Clock: clock.Now, Child: []string{exe(t), stageChild}, LockWait: guichettest.Patience, CompactAt: 3}
	if _, err := node.Init(t.Context(), cfg, "US"); err != nil {
		t.Fatal(err)
	}
	n := guichettest.Open(t, func() (*node.Node, error) { return node.Open(t.Context(), cfg) })
	h := &house{Node: n, clock: clock, taken: map[string]guichet.Submission{}}
	take := func(month, value int, leave bool) {
		file := filepath.Join(t.TempDir(), fmt.Sprintf("%02d-%d.csv", month, value))
		text := fmt.Sprintf("period,flow,trade_system,code,partner,port,mode,procedure,value,quantity,unit,net_mass\n2024%02d,imports,general,6307909891,CN,1001,1,1,%d,1,KGM,1\n", month, value)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		h.take(t, node.IngestRequest{File: file, Profile: "testdata/bench.yaml", NoCompact: leave})
	}
	packs := func() int {
		names, err := filepath.Glob(filepath.Join(home, "tables", "trade", "data", "pack-*.parquet"))
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	sum := func() string {
		year, err := guichet.ParseSpan("2024")
		if err != nil {
			t.Fatal(err)
		}
		a, err := h.Ask(t.Context(), guichet.Question{
			Where: map[string][]string{"reporter": {"US"}, "flow": {"imports"}, "product": {"630790"}}, Period: year, By: []string{"partner"}, Measures: []string{"value"},
		})
		if err != nil || len(a.Rows) != 1 || a.Rows[0]["value"] == nil {
			t.Fatalf("the answer is %+v, %v", a.Rows, err)
		}
		return fmt.Sprint(a.Rows[0]["value"])
	}
	for month := 1; month <= 4; month++ {
		take(month, month, true)
	}
	if packs() != 0 {
		t.Errorf("files were joined that were to be left")
	}
	take(5, 5, false)
	if got := sum(); packs() != 1 || got != "15" {
		t.Errorf("%d packs and a sum of %s, want 1 and 15", packs(), got)
	}
	take(2, 200, false)
	if got := sum(); got != "213" {
		t.Errorf("after a revision the sum is %s, want 213", got)
	}
	c, err := h.Compact(t.Context(), nil)
	if err != nil || c.After != 1 {
		t.Errorf("compacted %+v, %v; want one file", c, err)
	}
	h.check(t)
	if got := sum(); got != "213" {
		t.Errorf("joined again, the sum is %s, want 213", got)
	}
}
