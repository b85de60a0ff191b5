package ingest_test

import (
	"fmt"
	"strings"
	"testing"

	"guichet/internal/ingest"
)

// TestDraftsSeeScaleAndCurrency holds what a header says of its figures: how
// far they are moved, and of which money they are.
func TestDraftsSeeScaleAndCurrency(t *testing.T) {
	for _, c := range []struct {
		header, reporter string
		want, not        []string
	}{
		{"Valeur CAF (milliers FCFA)", "BJ", []string{"shift: 3}", "currency: XOF", "of BJ these are XOF", "units of 10^3"}, nil},
		{"Valeur CAF (FCFA)", "CM", []string{"currency: XAF"}, []string{"shift"}},
		{"Valeur CAF (FCFA)", "FR", []string{"currency: fill me", "XOF (West Africa) or XAF"}, nil},
		{"CIF Value (XCD '000)", "LC", []string{"shift: 3}", "currency: XCD"}, nil},
		{"CIF Value, thousands of EC$", "LC", []string{"shift: 3}", "currency: XCD"}, []string{"CAD"}},
		{"CIF Value (1000 XCD)", "LC", []string{"shift: 3}", "currency: XCD"}, nil},
		{"Valor CIF (miles de USD)", "EC", []string{"shift: 3}", "currency: USD"}, nil},
		{"CIF value (millions J$)", "JM", []string{"shift: 6}", "currency: JMD"}, nil},
		{"CIF value (1 000 000 TT$)", "TT", []string{"shift: 6}", "currency: TTD"}, nil},
		{"Wert CIF in Tsd. EUR", "DE", []string{"shift: 3}", "currency: EUR"}, nil},
		{"Valor CIF (mil R$)", "BR", []string{"shift: fill me", "currency: BRL"}, nil},
		{"Valeur CAF (k€)", "FR", []string{"shift: 3}", "currency: EUR"}, nil},
		{"Valeur CAF ($ CAN)", "CA", []string{"currency: CAD"}, []string{"shift"}},
		{"CIF value BD$", "BB", []string{"currency: BBD"}, []string{"shift"}},
		{"CIF value (US$)", "LC", []string{"currency: USD"}, []string{"shift"}},
		{"CIF value ($)", "LC", []string{"currency: fill me"}, []string{"shift"}},
	} {
		t.Run(c.header, func(t *testing.T) {
			text := "month;hs6;origin;\"" + c.header + "\"\n" + officeFile(func(m int, code, p string, v int) string {
				return fmt.Sprintf("2024-%02d;%s;%s;%d\n", m, code, p, v)
			})
			d := draft(t, made(t, "made.csv", text), answered(c.reporter, "", "imports", ""))
			for _, w := range c.want {
				if !strings.Contains(d.YAML, w) {
					t.Errorf("the draft does not say %q:\n%s", w, d.YAML)
				}
			}
			for _, w := range c.not {
				if strings.Contains(d.YAML, w) {
					t.Errorf("the draft says %q:\n%s", w, d.YAML)
				}
			}
		})
	}
}

// TestDraftsOfGroupedCommas holds thousands with decimal commas beside groups
// parted by points or any space: the draft is sound, and the file comes to
// what it says.
func TestDraftsOfGroupedCommas(t *testing.T) {
	for name, sign := range map[string]string{"a point": ".", "a space": " ", "a no-break space": "\u00a0", "a narrow one": "\u202f"} {
		t.Run(name, func(t *testing.T) {
			text := "month;hs6;origin;Valeur CAF (milliers EUR)\n" + officeFile(func(m int, code, p string, v int) string {
				return fmt.Sprintf("2024-%02d;%s;%s;%d%s%03d,5\n", m, code, p, v/1000+1, sign, v%1000)
			})
			d := draft(t, made(t, "made.csv", text), answered("SN", "", "imports", ""))
			grouped := strings.Map(func(r rune) rune {
				if r > 0x7f {
					return ' '
				}
				return r
			}, sign)
			for _, w := range []string{fmt.Sprintf("grouped: %q, shift: 3}", grouped), "comma: true"} {
				if !strings.Contains(d.YAML, w) {
					t.Errorf("the draft does not say %q:\n%s", w, d.YAML)
				}
			}
			p := sound(t, d)
			i := len(p.Columns) - 1
			if got := ingest.ValueWithComma(p.Columns[i], "1"+sign+"234,5"); got != "1234500" {
				t.Errorf("the value is %q", got)
			}
		})
	}
}

// TestDraftsAreNamedWithoutTheirMonth holds that a profile and its table are
// not called by the year of the first file that came.
func TestDraftsAreNamedWithoutTheirMonth(t *testing.T) {
	text := "month,hs6,origin,cif_usd\n" + officeFile(func(m int, code, p string, v int) string {
		return fmt.Sprintf("2024-%02d,%s,%s,%d\n", m, code, p, v)
	})
	for file, want := range map[string]string{
		"lc_imports_2023.csv":           "sn-lc-imports",
		"bj_commerce_2023S1.csv":        "sn-bj-commerce",
		"Jan_2025_Exports_HS10.csv":     "sn-exports-hs10",
		"imports-2024-02.csv":           "sn-imports",
		"imports_202402.csv":            "sn-imports",
		"janvier 2024 importations.csv": "sn-importations",
		"2024.csv":                      "sn-drafted",
		"imports_mai.csv":               "sn-imports-mai",
		"hs6_imports.csv":               "sn-hs6-imports",
	} {
		d := draft(t, made(t, file, text), answered("SN", "", "imports", ""))
		for _, line := range []string{"\nname: " + want + "\n", "\n  name: " + want + "\n"} {
			if !strings.Contains(d.YAML, line) {
				t.Errorf("%s: no %q in\n%s", file, line, d.YAML[:200])
			}
		}
	}
}

// TestDraftsOfMixedSigns holds that a column in which a comma and a point are
// decimal signs is left to a person, and that a comma behind four digits is
// one although three stand after it.
func TestDraftsOfMixedSigns(t *testing.T) {
	for _, c := range []struct{ first, rest, want string }{
		{"10,1", "12.5", "grouped in more than one way"},
		{"71552,146", "12345,678", "comma: true"},
		{"1.234.567,8", "1,234,567.8", "grouped in more than one way"},
	} {
		n := 0
		text := "month;hs6;origin;cif_usd\n" + officeFile(func(m int, code, p string, v int) string {
			n++
			figure := c.first
			if n%2 == 0 {
				figure = c.rest
			}
			return fmt.Sprintf("2024-%02d;%s;%s;%s\n", m, code, p, figure)
		})
		d := draft(t, made(t, "made.csv", text), answered("SN", "", "imports", ""))
		if !strings.Contains(d.YAML, c.want) {
			t.Errorf("%s and %s: no %q in\n%s", c.first, c.rest, c.want, d.YAML)
		}
	}
}
