package ingest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"guichet/internal/ingest"
	"guichet/trade"
)

// linesYAML is a profile of declaration lines.
func linesYAML(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("profiles", "us-declarations.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestFaultsOfLines: what a profile may not do with private fields, joined texts
// and dates.
func TestFaultsOfLines(t *testing.T) {
	yaml := linesYAML(t)
	if got := faultsOf(yaml); got != "" {
		t.Fatalf("the profile without fault has one: %s", got)
	}
	for _, c := range []faultCase{
		{"a private constant", "    trade_system: general\n", "    trade_system: general\n    declarant: ACME\n", []string{`"declarant" is private`, "filled twice"}},
		{"a scope by trader", "scope: [flow, period]", "scope: [flow, period, trader]", []string{`"trader" is no dimension that a row carries`}},
		{"covers traders", "{product: listed, partner: all}", "{product: listed, trader: all}", []string{`"trader" is no dimension`}},
		{"a join of a field that is judged", "joins: {declaration:", "joins: {customs_office:", []string{"only a private text is joined", "filled twice"}},
		{"a join of one", "[ENTRY_ITN, LINE_NO]", "[ENTRY_ITN]", []string{"at least two columns", `"LINE_NO" is neither used`}},
		{"a join of nothing known", "[ENTRY_ITN, LINE_NO]", "[ENTRY_ITN, LINE]", []string{`there is no column "LINE"`}},
		{"a join of no field", "joins: {declaration:", "joins: {paper:", []string{`no field "paper" in its rows`}},
		{"a join of a measure", "joins: {declaration:", "joins: {freight:", []string{`"freight" is a measure`}},
		{"no such rule term", `format: "01/02/2006", required: "true"}`, `format: "01/02/2006", must: "true"}`, []string{"no such parameter"}},
		{"no such Incoterm", "CIF: CIF}", "CIF: CAF}", []string{`"CAF"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(yaml, c.old, c.new, 1)
			if text == yaml {
				t.Fatalf("the case changes nothing: %q is not in the profile", c.old)
			}
			got := faultsOf(text)
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("want %q in:\n%s", want, got)
				}
			}
		})
	}
}

// TestLinesOfFiveMembers: each of the five is marked as made, is of lines, and
// says what fills each private field.
func TestLinesOfFiveMembers(t *testing.T) {
	all, err := ingest.Profiles()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, p := range all {
		if !strings.HasSuffix(p.Name, "-declarations") || !p.Generated || p.Fields["grain"] != trade.GrainLine {
			continue
		}
		if p.Reporter+"-declarations" != strings.ToUpper(p.Name[:2])+p.Name[2:] {
			continue
		}
		found++
		if p.Fields["regime"] != "administrative" {
			t.Errorf("%s: lines are administrative, not %s", p.Name, p.Fields["regime"])
		}
		from := map[string]string{}
		for _, u := range p.Conformity(trade.Dataset()) {
			from[u.Field] = u.How + " " + u.From
		}
		for _, field := range []string{"declaration", "trader", "trader_group", "declarant", "transport_document", "secrecy"} {
			if !strings.HasPrefix(from[field], "column ") {
				t.Errorf("%s: %s comes from %q", p.Name, field, from[field])
			}
		}
		for _, field := range []string{"lodged", "accepted", "released"} {
			if !strings.HasPrefix(from[field], "judged date over ") {
				t.Errorf("%s: %s comes from %q", p.Name, field, from[field])
			}
		}
	}
	if found != 5 {
		t.Errorf("%d profiles of declaration lines, want five", found)
	}
}
