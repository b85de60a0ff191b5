package hs_test

import (
	"strings"
	"testing"

	"guichet/hs"
)

func TestParseCode(t *testing.T) {
	for in, want := range map[string]hs.Code{
		"630790": "630790", "6307.90": "630790", "63.07.90": "630790", "63 07 90": "630790",
		" 6307\t": "6307", "63.07": "6307", "63": "63", "999999": "999999", "98": "98",
	} {
		if got, err := hs.ParseCode(in); err != nil || got != want {
			t.Errorf("ParseCode(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for in, word := range map[string]string{
		"": "0 digits", "6": "1 digits", "630": "3 digits", "6307901": "7 digits", "6307909889": "10 digits",
		"6.30790": "character 2", "63..07": "character 4", ".63": "character 1", "63.": "character 3",
		"63-07": "character 3", "63079O": "character 6", "６３": "character 1", "XI": "character 1",
	} {
		_, err := hs.ParseCode(in)
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("ParseCode(%q): the error is %v; it should say %q", in, err, word)
		}
	}
	if _, err := hs.ParseCode(strings.Repeat("6", 1000)); err == nil || len(err.Error()) > 100 {
		t.Errorf("a long code is repeated in the error: %v", err)
	}
}

func TestCodeAbove(t *testing.T) {
	for c, want := range map[hs.Code][3]hs.Code{
		"630790": {"6307", "63", "6307"}, "6307": {"63", "63", "6307"}, "63": {"", "63", ""}, "": {"", "", ""}, "6": {"", "", ""},
	} {
		if got := [3]hs.Code{c.Parent(), c.Chapter(), c.Heading()}; got != want {
			t.Errorf("above %q are %q, want %q", c, got, want)
		}
	}
}

func TestParseEdition(t *testing.T) {
	for in, want := range map[string]hs.Edition{
		"HS2022": hs.HS2022, "2022": hs.HS2022, "H6": hs.HS2022, " hs2017 ": hs.HS2017, "h5": hs.HS2017, "H4": hs.HS2012, "H3": hs.HS2007,
	} {
		if got, err := hs.ParseEdition(in); err != nil || got != want {
			t.Errorf("ParseEdition(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "HS", "HS2002", "H2", "22", "none"} {
		if e, err := hs.ParseEdition(in); err == nil {
			t.Errorf("ParseEdition(%q) = %v without an error", in, e)
		}
	}
	if got := hs.Edition(0).String() + " " + hs.HS2012.String(); got != "none HS2012" {
		t.Errorf("editions read %q", got)
	}
}

func FuzzParseCode(f *testing.F) {
	for _, s := range []string{"630790", "6307.90", "63 07", "", "6..3", "98", "63.0790 "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := hs.ParseCode(s)
		if err != nil {
			if c != "" {
				t.Fatalf("ParseCode(%q) gives %q with the error %v", s, c, err)
			}
			return
		}
		if len(c) != 2 && len(c) != 4 && len(c) != 6 || strings.Trim(string(c), "0123456789") != "" {
			t.Fatalf("ParseCode(%q) = %q", s, c)
		}
		if again, err := hs.ParseCode(string(c)); err != nil || again != c {
			t.Fatalf("%q read again is %q, %v", c, again, err)
		}
	})
}
