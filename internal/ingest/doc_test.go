package ingest_test

import (
	"os"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/ingest"
	"guichet/trade"
)

// TestWorkedExample holds the paper to its word: the profile in it has no
// fault, and takes in the file that it is about.
func TestWorkedExample(t *testing.T) {
	paper, err := os.ReadFile("../../docs/design/profiles.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(paper), "```yaml\n")
	text, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the paper has no block of YAML")
	}
	embedded, err := os.ReadFile("profiles/bps-exports-hs8.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if text != string(embedded) {
		t.Error("the paper shows another profile than profiles/bps-exports-hs8.yaml")
	}
	p, err := ingest.ParseProfile("profiles.md", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check(trade.Dataset()); err != nil {
		t.Fatal(err)
	}
	got := prepare(t, data(t, "indonesia-covid-goods-hs8/Book1.csv"))
	if got.Profile.Name != p.Name || got.Lines != 21_045 {
		t.Errorf("taken in by %s, %d lines; want %s, 21,045", got.Profile.Name, got.Lines, p.Name)
	}
	// data/DATA.md: 401519 to the US in 2019.
	var usd, kg guichet.Decimal
	lines(t, got.Layout, func(get func(string) string) {
		if !strings.HasPrefix(get("Kode HS"), "401519") || get("Negara Tujuan Ekspor") != "Amerika Serikat" {
			return
		}
		for column, sum := range map[string]*guichet.Decimal{"Nilai (USD)": &usd, "Berat (Kg)": &kg} {
			d, err := guichet.ParseDecimal(get(column))
			if err != nil {
				t.Fatal(err)
			}
			*sum = sum.Add(d)
		}
	})
	if usd.Float64() < 134424278 || usd.Float64() > 134424280 || kg.Float64() < 25782027 || kg.Float64() > 25782029 {
		t.Errorf("US$%s for %s kg", usd, kg)
	}
}
