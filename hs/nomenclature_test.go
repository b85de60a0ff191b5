package hs_test

import (
	"slices"
	"strings"
	"testing"

	"guichet/hs"
)

func TestCounts(t *testing.T) {
	want := map[hs.Edition][3]int{
		hs.HS2007: {96, 1221, 5052}, hs.HS2012: {96, 1224, 5205}, hs.HS2017: {96, 1222, 5387}, hs.HS2022: {96, 1228, 5612},
	}
	for _, e := range hs.Editions() {
		got := [3]int{len(hs.Codes(e, 2)), len(hs.Codes(e, 4)), len(hs.Codes(e, 6))}
		if got != want[e] {
			t.Errorf("%v has %v chapters, headings, subheadings, want %v", e, got, want[e])
		}
	}
}

func TestEveryCodeHasItsPlace(t *testing.T) {
	for _, e := range hs.Editions() {
		below := make(map[hs.Code][]hs.Code)
		for _, digits := range []int{2, 4, 6} {
			codes := hs.Codes(e, digits)
			if !slices.IsSorted(codes) {
				t.Errorf("%v: codes of %d digits are not sorted", e, digits)
			}
			for _, c := range codes {
				if p := c.Parent(); p != "" && !hs.Known(e, p) {
					t.Errorf("%v does not know %s, parent of %s", e, p, c)
				}
				if !hs.Known(e, c) || len(c) != digits {
					t.Errorf("%v does not know its own code %q of %d digits", e, c, digits)
				}
				if got, err := hs.ParseCode(string(c)); err != nil || got != c {
					t.Errorf("%v: %s is read as %s, %v", e, c, got, err)
				}
				if text, level := hs.Label(e, c, "en"); text == "" || level != min(digits, 4) {
					t.Errorf("%v: %s has the label %q of level %d", e, c, text, level)
				}
				if s := hs.Section(e, c); s == "" || hs.SectionLabel(s, "fr") == "" {
					t.Errorf("%v: %s is in section %q", e, c, s)
				}
				if unit := hs.StandardUnit(e, c); (unit != "") != (digits == 6 && e != hs.HS2007 && c != "051110") {
					t.Errorf("%v: %s is measured in %q", e, c, unit)
				}
				below[c.Parent()] = append(below[c.Parent()], c)
			}
		}
		for c, want := range below {
			if got := hs.Children(e, c); !slices.Equal(got, want) {
				t.Errorf("%v: below %q are %v, want %v", e, c, got, want)
			}
		}
	}
}

func TestNotOfTheHS(t *testing.T) {
	for _, e := range hs.Editions() {
		for _, c := range []hs.Code{"", "6", "77", "98", "99", "9999", "999999", "980900", "63079", "6307901", "000000"} {
			if hs.Known(e, c) || hs.Section(e, c) != "" || hs.StandardUnit(e, c) != "" || (c != "" && hs.Children(e, c) != nil) {
				t.Errorf("%v claims to know %q", e, c)
			}
		}
		if got := hs.Codes(e, 8); got != nil {
			t.Errorf("%v has codes of eight digits: %v", e, got)
		}
	}
	if hs.Known(2002, "63") || hs.Codes(0, 6) != nil || hs.Children(2002, "63") != nil || hs.StandardUnit(2002, "630790") != "" {
		t.Error("an edition that is not held answers")
	}
}

func TestSections(t *testing.T) {
	for c, want := range map[hs.Code]string{
		"01": "I", "05": "I", "06": "II", "15": "III", "24": "IV", "27": "V", "3004": "VI", "401519": "VII", "630790": "XI", "64": "XII",
		"71": "XIV", "72": "XV", "83": "XV", "84": "XVI", "85": "XVI", "901920": "XVIII", "93": "XIX", "94": "XX", "97": "XXI",
	} {
		if got := hs.Section(hs.HS2022, c); got != want {
			t.Errorf("%s is in section %q, want %q", c, got, want)
		}
	}
}

func TestStandardUnits(t *testing.T) {
	for c, want := range map[hs.Code]string{"630790": "kg", "640399": "2u", "870323": "u", "271600": "1000 kWh", "220300": "l", "051110": ""} {
		if got := hs.StandardUnit(hs.HS2022, c); got != want {
			t.Errorf("%s is measured in %q, want %q", c, got, want)
		}
	}
}

func TestLabels(t *testing.T) {
	for _, c := range []struct {
		edition hs.Edition
		code    hs.Code
		want    string
		level   int
	}{
		{hs.HS2022, "300215", "Sang, antisérums, produits immunologiques, vaccins, toxines, cultures", 4},
		{hs.HS2022, "3002", "Sang, antisérums, produits immunologiques, vaccins, toxines, cultures", 4},
		{hs.HS2022, "30", "Produits pharmaceutiques", 2},
		{hs.HS2017, "880690", "Aéronefs et engins spatiaux", 2}, // drones are a heading of HS2022
	} {
		if text, level := hs.Label(c.edition, c.code, "fr"); text != c.want || level != c.level {
			t.Errorf("%s of %d is %q of level %d, want %q of level %d", c.code, c.edition, text, level, c.want, c.level)
		}
	}
	if text, _ := hs.Label(hs.HS2007, "30", "de"); text != "Pharmaceutical products" {
		t.Errorf("another language gives %q, want English", text)
	}
	if text, _ := hs.Label(hs.HS2007, "30", "fr-CA"); text != "Produits pharmaceutiques" {
		t.Errorf("Canadian French gives %q", text)
	}
	for _, c := range []hs.Code{"98", "999999", "", "3"} {
		if text, level := hs.Label(hs.HS2022, c, "en"); text != "" || level != 0 {
			t.Errorf("%q is %q of level %d", c, text, level)
		}
	}
	if text, _ := hs.Label(2002, "30", "en"); text != "" {
		t.Errorf("an edition that is not held says %q", text)
	}
	for _, s := range []string{"", "XXII", "30", "xi"} {
		if got := hs.SectionLabel(s, "en"); got != "" {
			t.Errorf("section %q is %q", s, got)
		}
	}
	seen := make(map[string]bool)
	for n := 1; n <= 97; n++ {
		c := hs.Code([]byte{'0' + byte(n/10), '0' + byte(n%10)})
		for _, lang := range []string{"en", "fr"} {
			text, _ := hs.Label(hs.HS2022, c, lang)
			if text == "" || len(text) > 64 || text != strings.TrimSpace(text) || seen[lang+text] {
				t.Errorf("chapter %s in %s is %q: empty, long, or like another", c, lang, text)
			}
			seen[lang+text] = true
		}
	}
}

// TestEveryHeadingHasALabel: of its own, short, in both languages, in every
// edition; none is left over.
func TestEveryHeadingHasALabel(t *testing.T) {
	seen, said := make(map[string]hs.Code), make(map[hs.Code]bool)
	for _, e := range hs.Editions() {
		for _, c := range hs.Codes(e, 4) {
			for _, lang := range []string{"en", "fr"} {
				text, level := hs.Label(e, c, lang)
				if level != 4 || text == "" || len([]rune(text)) > 85 || text != strings.TrimSpace(text) {
					t.Errorf("heading %s of %d in %s is %q of level %d", c, e, lang, text, level)
				}
				if other, ok := seen[lang+text]; ok && other != c {
					t.Errorf("headings %s and %s are both %q", c, other, text)
				}
				seen[lang+text] = c
			}
			said[c] = true
		}
	}
	if held := hs.HeadingLabels(); held != len(said) {
		t.Errorf("%d headings have a label, the editions have %d", held, len(said))
	}
}

// TestCallerOwnsTheAnswer: what a caller does to an answer does not reach the
// next caller.
func TestCallerOwnsTheAnswer(t *testing.T) {
	hs.Codes(hs.HS2022, 2)[0] = "x"
	hs.Children(hs.HS2022, "63")[0] = "x"
	c := hs.Correspond(hs.HS2017, "401519", hs.HS2022)
	c.To[0], c.Family.From[0], c.Family.To[0] = "x", "x", "x"
	hs.Sources()[0].Table = "x"
	again := hs.Correspond(hs.HS2017, "401519", hs.HS2022)
	if hs.Codes(hs.HS2022, 2)[0] != "01" || hs.Children(hs.HS2022, "63")[0] != "6301" || hs.Sources()[0].Table == "x" ||
		again.To[0] == "x" || again.Family.From[0] == "x" || again.Family.To[0] == "x" {
		t.Error("a caller's change is seen by the next caller")
	}
}
