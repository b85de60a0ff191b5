package harmonise_test

import (
	"fmt"
	"testing"

	"guichet"
	"guichet/hs"
	"guichet/internal/harmonise"
)

// BenchmarkCommodity judges 200,000 distinct keys, 17,000 national codes in
// twelve months, as a large file of an office has them: to be done in 0.2 s.
func BenchmarkCommodity(b *testing.B) {
	six := hs.Codes(hs.HS2022, 6)
	keys := make([][]string, 0, 200_000)
	for i := range 200_000 {
		code := i / 12
		keys = append(keys, []string{fmt.Sprintf("%s%04d", six[code%len(six)], code/len(six)*10), fmt.Sprintf("2024-%02d", i%12+1)})
	}
	g := usImports()
	for b.Loop() {
		j, err := harmonise.New(g)
		if err != nil {
			b.Fatal(err)
		}
		kept := 0
		for _, k := range keys {
			if v := j.Verdict(k); v.Reject == "" {
				kept++
			}
		}
		if kept != len(keys) {
			b.Fatalf("%d of %d kept", kept, len(keys))
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/200k")
}

// usImports is how the Census publishes imports, with the period in a column.
func usImports() guichet.KeyGroup {
	return guichet.KeyGroup{
		Name: "product", Rule: harmonise.RuleCommodity, Columns: []string{"hts10", "month"},
		Fields: []string{"code", "list", "hs", "edition", "level", "subtotal", "relation", "coverage", "conf_status", "obs_status"},
		Params: map[string]string{"list": "us-hts", "country": "US", "flow": "imports", "period_format": "2006-01"},
		Marks: []guichet.Mark{
			{Pattern: `^9999950000$`, Remark: "estimate_over_partners", Fields: map[string]string{"coverage": "estimate", "obs_status": "E"}},
			{Pattern: `^9809000000$`, Remark: "confidential_total", Fields: map[string]string{"hs": "", "level": "0", "conf_status": "rolled_up"}},
		},
	}
}
