package main

import "testing"

func TestParseFactorIsExact(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"10³ kg":              "1000/1 mass",
		"0,453 592 37 kg":     "45359237/100000000 mass",
		"2,834 952 x 10⁻² kg": "354369/12500000 mass",
		"1 609,344 m":         "201168/125 length",
		"200 mg":              "1/5000 mass",
		"10-15 m3":            "1/1000000000000000 volume",
		"10³m³":               "1000/1 volume",
		"4, 731 76 x 10⁻⁴ m³": "59147/125000000 volume",
		"m²":                  "1/1 area",
		"10⁶ J/m³":            "",
		"1,5 x 10 m":          "",
		"1.667 × 104 W/s":     "",
		"10^[x/10] W":         "",
		"0 kg":                "",
		"":                    "",
		"kg/m³":               "",
		"1,,2 kg":             "",
		"10⁻⁻ m":              "",
		"10⁹⁹⁹⁹ m":            "",
	} {
		value, measure, ok := parseFactor(text)
		got := ""
		if ok {
			got = value.String() + " " + measure
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzParseFactor(f *testing.F) {
	for _, s := range []string{"10³ kg", "1 609,344 m", "4, 731 76 x 10⁻⁴ m³", "10⁻⁻⁻ m", "999999999 x 10⁹⁹ J"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if v, measure, ok := parseFactor(s); ok && (v.Sign() <= 0 || measure == "") {
			t.Errorf("parseFactor(%q) = %v, %q", s, v, measure)
		}
	})
}
