package node_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet/internal/node"
)

// TestStewardJourneys walks through a steward's pages in a real browser (make
// test-journeys): files of 100,000 lines and of few, and an agreement between two nodes.
func TestStewardJourneys(t *testing.T) {
	runner := os.Getenv("GUICHET_JOURNEYS")
	if runner == "" {
		t.Skip("make test-journeys runs it: it needs a browser")
	}
	x := newTrio(t, nil, "US", "NZ")
	x.seats["US"].month("2010-01", "", "5700 6307909885 1200000")
	x.seats["US"].month("2024-01", "", "5700 6307909885 900000", "1220 6307909885 3400")
	dir := t.TempDir()
	var files []string
	for seed, lines := range []int64{280_000, 3000} {
		out := filepath.Join(dir, string(rune('a'+seed)))
		if _, err := node.Synth(t.Context(), node.SynthRequest{Members: []string{"US", "CA"}, From: "2020-01", To: "2020-03", Declarations: lines, Seed: uint64(seed + 7), Dir: out}, func(string, int64, int64) {}); err != nil {
			t.Fatal(err)
		}
		found := given(filepath.Glob(filepath.Join(out, "declarations-us-*")))(t)
		files = append(files, found[0])
	}
	pdf := filepath.Join(dir, "report.pdf")
	if err := os.WriteFile(pdf, []byte("%PDF-1.7\nno figures"), 0o600); err != nil {
		t.Fatal(err)
	}
	us, nz := x.servePages("US"), x.servePages("NZ")
	// Another node with the door that people know, on a disk that can be filled.
	y := newTrio(t, nil, "US", "NZ")
	disk := y.seats["US"].onSmallDisk(600)
	door, _ := y.servesPages("US", node.PagesRequest{Listen: ":0", Demonstration: true})
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	go func() { // who signs out and in again does so later
		const step = 100 * time.Millisecond
		for ctx.Err() == nil {
			time.Sleep(step)
			y.clock.Move(step)
		}
	}()
	told := given(json.Marshal(map[string]string{"large": files[0], "small": files[1], "pdf": pdf, "other": nz[:len(nz)-1], "passphrase": "a passphrase for a test of copies", "disk": strings.TrimSuffix(door, "/"), "diskAt": disk.Dir}))(t)
	only := "steward"
	if named := os.Getenv("GUICHET_JOURNEYS_ONLY"); named != "" {
		ours := slices.DeleteFunc(strings.Split(named, ","), func(way string) bool { return !strings.HasPrefix(way, "steward") })
		if only = strings.Join(ours, ","); only == "" {
			t.Skip("no way of a steward is named")
		}
	}
	cmd := exec.CommandContext(ctx, "node", filepath.Join(runner, "run.mjs"), us[:len(us)-1], os.Getenv("GUICHET_SHOTS"), only)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "GUICHET_JOURNEYS_STEWARD="+string(told))
	if err := cmd.Run(); err != nil {
		t.Error(err)
	}
}
