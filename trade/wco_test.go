package trade_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"guichet/trade"
)

// TestWCOTable holds that every line of the table is read, names a field that
// is or will be (ids are fixed ahead up to 53), and has the shape of an element.
func TestWCOTable(t *testing.T) {
	text, err := os.ReadFile("wco.txt")
	if err != nil {
		t.Fatal(err)
	}
	number := regexp.MustCompile(`^([A-Z]\d{3}|\d{3})$`)
	known := map[int]bool{}
	for _, f := range trade.Dataset().Fields {
		known[f.ID] = true
	}
	lines, read := 0, map[int]int{}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		lines++
		head, _, _ := strings.Cut(line, "|")
		id, err := strconv.Atoi(head)
		if err != nil || !known[id] && (id < 38 || id > 53) {
			t.Errorf("%q names no field of the record", line)
		}
		read[id] = len(trade.WCO(id))
	}
	all := 0
	for id, n := range read {
		all += n
		for _, e := range trade.WCO(id) {
			if !number.MatchString(e.ID) || e.Class == "" || e.Attribute == "" || e.Flow != "" && e.Flow != "imports" && e.Flow != "exports" {
				t.Errorf("field %d has the element %+v", id, e)
			}
		}
	}
	if all != lines {
		t.Errorf("%d lines, %d elements", lines, all)
	}
}

func TestWCO(t *testing.T) {
	code, _ := trade.Dataset().Field("code")
	want := []trade.WCOElement{{ID: "145", Class: "Classification", Attribute: "ID"}}
	if diff := cmp.Diff(want, trade.WCO(code.ID)); diff != "" {
		t.Errorf("the commodity code (-want +got):\n%s", diff)
	}
	partner, _ := trade.Dataset().Field("partner")
	if got := trade.WCO(partner.ID); len(got) != 2 || got[0].Flow != "imports" || got[1].ID != "465" {
		t.Errorf("the partner: %+v", got)
	}
	level, _ := trade.Dataset().Field("level")
	if got := trade.WCO(level.ID); got != nil {
		t.Errorf("no list names the level of a figure, and it has %+v", got)
	}
}
