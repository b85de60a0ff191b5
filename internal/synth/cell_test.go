package synth_test

import (
	"testing"

	"guichet/internal/synth"
)

// TestCellsAreTheLines adds cells and lines up by member: what an office
// publishes last is what was declared to it; what it published first differs by
// the revisions in the truth.
func TestCellsAreTheLines(t *testing.T) {
	o := options(t, 50_000, 6)
	m, cells, err := synth.MakeCells(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if m.Cells != len(cells) || len(cells) == 0 {
		t.Errorf("%d cells, the manifest says %d", len(cells), m.Cells)
	}
	final, lines, first := map[string]int64{}, map[string]int64{}, map[string]int64{}
	hidden := map[string]int64{}
	for _, c := range cells {
		final[c.Member] += c.Final.Value
		first[c.Member] += c.First.Value
		lines[c.Member] += c.Final.Lines
		if c.Hidden {
			hidden[c.Member] += c.Final.Lines
		}
		if c.Hidden && (c.Into == "") != (c.Member == "AU" || c.Member == "CA") {
			t.Errorf("%s: hidden in %q", c.Member, c.Into)
		}
	}
	late, secret := map[string]int64{}, map[string]int64{}
	for _, r := range read(t, o.Dir, "truth-causes-*") {
		if r["cause"] == "confidentiality" {
			secret[r["reporter"]]++
		}
		if r["cause"] == "revision" && r["detail"] == "late" {
			late[r["reporter"]]++
		}
	}
	for _, member := range synth.Members() {
		all := declarations(t, o.Dir, member)
		var sum int64
		for _, d := range all {
			sum += d.cents
		}
		if sum != final[member] || int64(len(all)) != lines[member] {
			t.Errorf("%s: %d in %d lines, its cells hold %d in %d", member, sum, len(all), final[member], lines[member])
		}
		if first[member] == final[member] || late[member] == 0 {
			t.Errorf("%s: nothing is revised", member)
		}
		if hidden[member] != secret[member] || hidden[member] == 0 {
			t.Errorf("%s: %d lines in hidden cells, %d in the truth", member, hidden[member], secret[member])
		}
	}
}
