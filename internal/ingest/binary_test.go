package ingest_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"guichet"
	"guichet/internal/ingest"
)

func TestTracesOfBinaryFractions(t *testing.T) {
	two := ingest.Column{Binary: 2}
	for cell, want := range map[string]string{
		"241.58000000000004": "241.58", "4897.0999999999985": "4897.10", "-14030.000000000002": "-14030.00",
		"53051833.99999999": "53051834.00", "0.6000000000000001": "0.60",
		"1.5": "1.5", "12": "12", "0.0": "0.0", "": "",
		// No trace, but a figure of more decimals, or none at all: left as it is.
		"1.2345": "1.2345", "0.001": "0.001", "1.005000001": "1.005000001", "n.a": "n.a", "1.2.3": "1.2.3", "1.000e5": "1.000e5",
		"1." + strings.Repeat("0", 60): "1." + strings.Repeat("0", 60),
	} {
		if got := ingest.ValueOf(two, cell); got != want {
			t.Errorf("%q is %q, want %q", cell, got, want)
		}
	}
	if err := parseError(t, strings.Replace(smallYAML, "{name: value}", "{name: value, binary: 4}", 1)); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("four decimals: %v", err)
	}
}

func parseError(t *testing.T, text string) error {
	t.Helper()
	_, err := ingest.ParseProfile("p.yaml", []byte(text))
	return err
}

// Any price in hundredths, multiplied and divided as a program might, is found
// again to the hundredth.
func TestTracesAreFoundAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cents := rapid.Int64Range(1, 1_000_000_000).Draw(t, "cents")
		by := rapid.Float64Range(0.1, 1000).Draw(t, "by")
		x := float64(cents) / 100 * by / by
		text := strconv.FormatFloat(x, 'f', -1, 64)
		got, err := guichet.ParseDecimal(ingest.ValueOf(ingest.Column{Binary: 2}, text))
		if err != nil || math.Round(got.Float64()*100) != float64(cents) || len(text) > 12 && got.String() != strconv.FormatFloat(float64(cents)/100, 'f', -1, 64) {
			t.Fatalf("%s is read as %s (%v), want %d hundredths", text, got, err, cents)
		}
	})
}
