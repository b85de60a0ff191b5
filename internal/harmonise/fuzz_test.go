package harmonise_test

import (
	"slices"
	"testing"

	"guichet"
	"guichet/internal/harmonise"
	"guichet/trade"
)

// FuzzVerdict: whatever bytes a file holds where a key should be, a verdict
// comes out, with a value for each field or a reason that has a sentence.
func FuzzVerdict(f *testing.F) {
	for _, s := range []string{"", "6307909842", "2918000000", "2024-01", "janv.-23", "2 de março de 2023", "T1 2023", "United Kingdom", "KG", "\x00", "\xff\xfe", "０１", "-1", "9999999999999999"} {
		f.Add(s, s)
		f.Add(s, "2024-01")
	}
	product := usImports()
	product.Params["strip"], product.Params["pad_left"] = ". ", "10"
	comtrade := sound(harmonise.RuleCommodity)
	comtrade.Columns, comtrade.Params = []string{"code", "edition"}, map[string]string{"list": "hs", "period": "2024", "subtotals": "true"}
	names := sound(harmonise.RuleArea)
	names.Params["list"] = "nz-names"
	enum := sound(harmonise.RuleEnum)
	enum.Params["else"] = "keep"
	period := sound(harmonise.RulePeriod)
	period.Params["format"] = "2006|200601|0200601|2006-Q1|2006Q1|02/01/2006|1/2006|T1 2006|Jan-06|2 January 2006"
	groups := []guichet.KeyGroup{product, comtrade, names, enum, period, sound(harmonise.RuleUnit), sound(harmonise.RuleDate)}
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, g := range groups {
			v := mustJudge(t, g).Verdict([]string{a, b})
			if v.Reject == "" && len(v.Values) != len(g.Fields) || v.Reject != "" && !slices.Contains(trade.RejectCodes(), v.Reject) {
				t.Errorf("%s: %q and %q are judged %+v", g.Rule, a, b, v)
			}
		}
	})
}
