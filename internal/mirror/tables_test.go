package mirror_test

import (
	"encoding/csv"
	"errors"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/mirror"
	"guichet/trade"
)

func TestSharedSourceHoldsFromItsDate(t *testing.T) {
	for _, c := range []struct {
		exporter, importer, span string
		want                     bool
	}{
		{"CA", "US", "2024", true},
		{"US", "CA", "2024-05", true},
		{"US", "CA", "", true},
		{"CA", "US", "1989:1990", true},
		{"CA", "US", "1989", false},
		{"AU", "NZ", "2024", false},
		{"CA", "CA", "2024", false},
	} {
		var span guichet.Span
		if err := span.UnmarshalText([]byte(c.span)); err != nil {
			t.Fatal(err)
		}
		s, got := mirror.SharedSourceOf(c.exporter, c.importer, span)
		if got != c.want || got && s.Source.EN == "" {
			t.Errorf("%s to %s in %q share a source: %v from %q, want %v", c.exporter, c.importer, c.span, got, s.Source.EN, c.want)
		}
	}
}

func TestSentencesTakeTheirArguments(t *testing.T) {
	en := mirror.Text(trade.MirrorIncomplete, "en", "NZ", 2, 12)
	fr := mirror.Text(trade.MirrorIncomplete, "fr", "NZ", 2, 12)
	if en != "NZ covers 2 of 12 months" || fr != "NZ couvre 2 mois sur 12" {
		t.Errorf("incomplete cover is said as %q and %q", en, fr)
	}
	if got := mirror.Text("no such code", "en"); got != "" {
		t.Errorf("an unknown code is said as %q", got)
	}
}

func TestTerritoryAndFactorTables(t *testing.T) {
	if got := strings.Join(mirror.TerritoryParts("US"), " "); got != "PR VI" {
		t.Errorf("within the US stand %q, want PR and VI", got)
	}
	if len(mirror.TerritoryParts("FR")) == 0 || len(mirror.TerritoryParts("CH")) == 0 || mirror.TerritoryParts("NZ") != nil {
		t.Error("the parts of FR, CH or NZ are wrong")
	}
	for reporter, want := range map[string]string{"AU": "0.0325", "GB": "0.06", "CH": "0.06"} {
		if f := mirror.CIFFactorOf(reporter); f.T.String() != want || f.Source == "" || f.From > f.To {
			t.Errorf("the factor of %s is %v from %q, want %s", reporter, f.T, f.Source, want)
		}
	}
}

// TestMeasuredFactorsComeOutOfTheFiles computes the measured rows again.
func TestMeasuredFactorsComeOutOfTheFiles(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(guichettest.Data(t), "flows", "comtrade-b5-imports-hs6-2018-2024", "*", "*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no Comtrade file found: %v", err)
	}
	cif, fob := map[string]*big.Rat{}, map[string]*big.Rat{}
	for _, file := range files {
		addBothValues(t, file, cif, fob)
	}
	codes := map[string]string{"AU": "36", "NZ": "554", "US": "842"}
	for _, f := range mirror.CIFFactors() {
		if !f.Measured {
			continue
		}
		ratio := new(big.Rat).Quo(cif[codes[f.Reporter]], fob[codes[f.Reporter]])
		if got := guichet.DecimalFromRat(ratio.Sub(ratio, big.NewRat(1, 1)), 4); got.Cmp(f.T) != 0 {
			t.Errorf("the files give %v for %s, the table says %v", got, f.Reporter, f.T)
		}
	}
}

// addBothValues adds the world rows of six-digit codes that carry both values,
// by reporter.
func addBothValues(t *testing.T, file string, cif, fob map[string]*big.Rat) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	head, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, name := range head {
		at[strings.ToLower(strings.TrimPrefix(name, "\ufeff"))] = i
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		c, cOK := new(big.Rat).SetString(row[at["cifvalue"]])
		b, bOK := new(big.Rat).SetString(row[at["fobvalue"]])
		if !cOK || !bOK || c.Sign() == 0 || b.Sign() == 0 || row[at["partnercode"]] != "0" || len(row[at["cmdcode"]]) != 6 {
			continue
		}
		reporter := row[at["reportercode"]]
		if cif[reporter] == nil {
			cif[reporter], fob[reporter] = new(big.Rat), new(big.Rat)
		}
		cif[reporter].Add(cif[reporter], c)
		fob[reporter].Add(fob[reporter], b)
	}
}
