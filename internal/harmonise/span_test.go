package harmonise_test

import (
	"testing"

	"guichet"
	"guichet/internal/harmonise"
	"guichet/trade"
)

// TestSpansOfMonths reads figures over several months as one period of theirs.
func TestSpansOfMonths(t *testing.T) {
	t.Parallel()
	j, err := harmonise.New(guichet.KeyGroup{
		Name: "period", Rule: "period", Columns: []string{"period"}, Fields: []string{"period", "freq"},
		Params: map[string]string{"format": "2006-01/P1M|2006", "now": "2026-11-21"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]guichet.Verdict{
		"2024-01/P28M": {Values: []string{"2024-01-01", "P28M"}},
		"2024":         {Values: []string{"2024-01-01", "A"}},
		"2024-01":      {Reject: trade.RejectNotAPeriod},
		"2024-01/P0M":  {Reject: trade.RejectNotAPeriod},
		"1024-01/P28M": {Reject: trade.RejectNotAPeriod},
		"2030-01/P2M":  {Reject: trade.RejectFuturePeriod},
	} {
		got := j.Verdict([]string{text})
		if got.Reject != want.Reject || len(got.Values) != len(want.Values) {
			t.Errorf("%s: %+v, want %+v", text, got, want)
			continue
		}
		for i := range want.Values {
			if got.Values[i] != want.Values[i] {
				t.Errorf("%s: %v, want %v", text, got.Values, want.Values)
			}
		}
	}
}
