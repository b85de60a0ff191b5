package codes_test

import (
	"strings"
	"testing"

	"guichet/codes"
)

func TestFactsAreThoseOfTheManifest(t *testing.T) {
	t.Parallel()
	all := codes.Sources()
	if len(all) != 18 {
		t.Errorf("%d files of facts", len(all))
	}
	for _, s := range all {
		text := codes.TextOf(s.Name) // panics when the digest differs
		if !strings.HasPrefix(text, "#"+s.Name+"|1|"+s.Date+"|"+s.From+"\n") || s.Rows == 0 {
			t.Errorf("%s: the first line does not name its source", s.Name)
		}
	}
	if v := codes.Version(); len(v) != 18 || !strings.HasPrefix(v, "codes-") {
		t.Errorf("version %q", v)
	}
}

// FuzzDecoders holds that no text makes a decoder of facts panic.
func FuzzDecoders(f *testing.F) {
	for _, s := range []string{
		"x\nareas|" + strings.Repeat("a", 64) + "|1|2026|x\n",
		"A|PR|part|US|Puerto Rico|Porto Rico|PRI|630\nL|iso2\nK|PR|PR\n",
		"U|LBR|mass|45359237|100000000|pound|livre\nL|us\nK|LBS|LBR\n",
		"2000-01\nAUD|1.5|1.6\n",
		"M|us-hts|US|imports|10|2022|2026-02-21\nU|NO|KG\nD|2002-01-01\n00101100010|1|1||010110|2007\n90|1\n",
		"02012011|1989|02012021 02012029\n",
		"|\n\n|||||||||||||\n9x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, s string) {
		for _, decode := range []func(string) error{codes.ParseManifest, codes.ParseAreas, codes.ParseUnits, codes.ParseRates, codes.ParseEntries, codes.ParseChanges} {
			_ = decode(s)
		}
	})
}

func TestDecodersRefuseWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		decode func(string) error
		texts  []string
	}{
		"manifest": {codes.ParseManifest, []string{"x\ny\n", "x\na|" + strings.Repeat("a", 64) + "|-1|d|s\n"}},
		"areas":    {codes.ParseAreas, []string{"B|x\n", "A|x\n", "K|a|b\n", "A|X|country||x|y\nL|iso2\nK|a|X\nK|a |X\nK|b|Y\n", "A|a|b|c|d|e|f|g|h|i|j|k\n"}},
		"units":    {codes.ParseUnits, []string{"B|x\n", "U|\n", "U|A|mass|x|1\n", "U|A|mass|1|0\n", "K|a|b\n", "U|A|mass|1|1\nL|us\nK|a|B\n", "U|A\nU|B\nL|us\nK|a|A\nK|A|B\n", "U|1|2|3|4|5|6|7\n"}},
		"rates":    {codes.ParseRates, []string{"x", "2000-01\nA|\n", "2000-01\nA|0\n", "2000-01\nA|1.a\n"}},
		"changes":  {codes.ParseChanges, []string{"x\n", "a|b|c\n", "a|1|\n"}},
		"list": {codes.ParseEntries, []string{
			"", "M|a|b|c|d|e|2026-01-01\n", "M|a|b|c|1|1|2026-01-01\n", "M|a|b|c|1|1|2026-01-01\nU|\nD|\nx\n", "M|a|b|c|1|1|2026-01-01\nU|\nD|\n0123\n",
			"M|a|b|c|1|1|2026-01-01\nU|\nD|\n0123456|9\n", "M|a|b|c|1|1|2026-01-01\nU|\nD|\n0123456|||||x\n", "M|a|b|c|1|1|2026-01-01\nU|\nD|\n0123456|||||1|\n",
			"M|1|2|3|4|5|6|7|8|9|10|11|12\n",
		}},
	} {
		for _, text := range c.texts {
			if c.decode(text) == nil {
				t.Errorf("%s: %q was taken", name, text)
			}
		}
	}
}
