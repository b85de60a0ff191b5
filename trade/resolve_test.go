package trade_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"guichet"
	"guichet/hs"
	"guichet/trade"
)

func resolve(t *testing.T, r guichet.Resolution) guichet.Selection {
	t.Helper()
	s, err := trade.Resolve(r)
	if err != nil {
		t.Fatalf("%+v: %v", r, err)
	}
	return s
}

// shape writes a selection in short: codes, prefix*, list:national*, or gap.
func shape(s guichet.Selection) string {
	switch {
	case s.Gap != "":
		return "gap"
	case s.National != "":
		return s.List + ":" + s.National + "*"
	case len(s.Codes) > 0:
		return strings.Join(s.Codes, " ")
	default:
		return s.Prefix + "*"
	}
}

func remarksOf(s guichet.Selection) string {
	var out []string
	for _, r := range s.Remarks {
		out = append(out, r.Code)
	}
	return strings.Join(out, " ")
}

// resolutions are questions and, in short, what they select.
var resolutions = []struct {
	expr             string
	asked, present   int
	conversion       string
	want, wantRemark string
	digits           int
}{
	{"all", 0, 2022, "", "*", "", 0},
	{"TOTAL", 2017, 0, "", "*", "", 0},
	{"630790", 0, 2022, "", "630790", "", 6},
	{" 6307.90 ", 2022, 2022, "exact", "630790", "", 6},
	{"hs:630790", 0, 2022, "", "630790", "", 6},
	{"63", 0, 2022, "", "63*", "", 2},
	{"6307", 0, 2017, "", "6307*", "", 4},
	{"401511+401519", 0, 2017, "", "401511 401519", "", 6},
	{"4015,630790", 0, 2022, "", "401512 401519 401590 630790", "", 6},

	// Across editions: one code alone, a family, a heading, a chapter.
	{"630790", 2017, 2022, "", "630790", "", 6},
	{"401511", 2017, 2022, "", "gap", "", 0},
	{"401511+401519", 2017, 2022, "", "401512 401519", "family_exact", 6},
	{"4015", 2017, 2022, "", "4015*", "family_exact", 4},
	{"401512, 401519", 2022, 2012, "", "401511 401519", "family_exact", 6},
	{"63", 2022, 2017, "", "63*", "", 2},
	{"681510", 2012, 2017, "", "gap", "", 0},

	// Where no family is closed, the single conversion, when it is asked for.
	{"382219", 2022, 2017, "", "gap", "", 0},
	{"382219", 2022, 2017, "default", "382200", "default_conversion", 6},
	{"382200", 2017, 2022, "default", "382219 382290", "default_conversion", 6},
	{"30", 2017, 2022, "", "gap", "", 0},
	{"300219", 2017, 2022, "default", "gap", "", 0},

	// Rows without an edition have no HS code.
	{"630790", 2017, 0, "", "gap", "", 0},
	{"630790", 0, 2002, "", "gap", "", 0},
	{"covid19/protective", 0, 0, "", "gap", "", 0},

	// National codes and national chapters.
	{"uk-cn:6307 9098", 0, 2022, "", "uk-cn:63079098*", "", 8},
	{"us-hts:98", 0, 2022, "", "us-hts:98*", "", 2},
	{"6307.90.9842", 0, 2022, "", ":6307909842*", "", 10},
	{"98", 2017, 2022, "", "98*", "national_chapter", 2},
	{"9809", 0, 2022, "", ":9809*", "national_chapter", 4},
	{"9999950000", 0, 2022, "", ":9999950000*", "national_chapter", 10},

	// Groups are defined in each edition.
	{"covid19/protective/gloves", 0, 2022, "", "392620 401512 401519 611610 621600", "", 6},
	{"covid19/other/materials", 0, 2022, "", "gap", "group_not_counted", 6},
}

func TestResolve(t *testing.T) {
	t.Parallel()
	for _, c := range resolutions {
		s := resolve(t, guichet.Resolution{Expr: c.expr, Asked: c.asked, Present: c.present, Conversion: c.conversion})
		if got := shape(s); got != c.want || remarksOf(s) != c.wantRemark || s.Digits != c.digits {
			t.Errorf("%s of %d in rows of %d %s: %s (%s, %d digits), want %s (%s, %d)\n%s",
				c.expr, c.asked, c.present, c.conversion, got, remarksOf(s), s.Digits, c.want, c.wantRemark, c.digits, s.Gap)
		}
	}
}

func TestGapsSayWhatCouldBeAsked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		expr           string
		asked, present int
		want           []string
	}{
		{"401511", 2017, 2022, []string{"{401511, 401519} to {401512, 401519}", "ask for 401511+401519"}},
		{"382219", 2022, 2017, []string{"382219 of HS2022 is not comparable with rows of HS2017", "conversion default"}},
		{"30", 2017, 2022, []string{"subheadings have no closed family inside it", "more)"}},
		{"401511+630790", 2017, 2022, []string{"1 of its 2 subheadings", "401511", "reaches outside what was asked"}},
		{"300219", 2017, 2022, []string{"no relation for this code"}},
		{"630790", 0, 0, []string{"edition of these rows is not known"}},
	} {
		gap := resolve(t, guichet.Resolution{Expr: c.expr, Asked: c.asked, Present: c.present}).Gap
		for _, want := range c.want {
			if !strings.Contains(gap, want) {
				t.Errorf("%s of %d in %d: the gap %q does not say %q", c.expr, c.asked, c.present, gap, want)
			}
		}
	}
	s := resolve(t, guichet.Resolution{Expr: "382219", Asked: 2022, Present: 2017, Conversion: "default"})
	if text := s.Remarks[0].Text; !strings.Contains(text, "382200 also stand for codes that were not asked for") {
		t.Errorf("a conversion that takes too much says %q", text)
	}
}

func TestSentencesInFrench(t *testing.T) {
	t.Parallel()
	for _, r := range []guichet.Resolution{
		{Expr: "401511", Asked: 2017, Present: 2022},
		{Expr: "382219", Asked: 2022, Present: 2017},
		{Expr: "30", Asked: 2017, Present: 2022},
		{Expr: "401511+630790", Asked: 2017, Present: 2022},
		{Expr: "382219", Asked: 2022, Present: 2017, Conversion: "default"},
		{Expr: "4015", Asked: 2017, Present: 2022},
		{Expr: "covid19/other/materials", Present: 2022},
		{Expr: "covid19", Asked: 2012, Present: 2022},
		{Expr: "630790"},
	} {
		r.Lang = "en"
		en := resolve(t, r)
		r.Lang = "fr"
		fr := resolve(t, r)
		if en.Gap != "" && en.Gap == fr.Gap || shape(en) != shape(fr) || len(en.Remarks) != len(fr.Remarks) {
			t.Errorf("%+v: %q, %q", r, en.Gap, fr.Gap)
		}
		for i := range en.Remarks {
			if en.Remarks[i].Text == fr.Remarks[i].Text {
				t.Errorf("%+v: both languages say %q", r, fr.Remarks[i].Text)
			}
		}
		if all := en.Gap + fr.Gap; strings.Contains(all, "%!") {
			t.Errorf("%+v: %s", r, all)
		}
	}
}

func TestGroupsAcrossEditions(t *testing.T) {
	t.Parallel()
	for _, e := range hs.Editions() {
		codes, _ := trade.GroupCodes("covid19/protective", e)
		s := resolve(t, guichet.Resolution{Expr: "covid19/protective", Asked: 2017, Present: int(e)})
		if len(s.Codes) != len(codes) || s.Digits != 6 {
			t.Errorf("%s: %v", e, s.Codes)
		}
		if differs := strings.Contains(remarksOf(s), "group_basket_differs"); differs && e == hs.HS2017 {
			t.Errorf("%s: the group differs from itself", e)
		}
	}
	s := resolve(t, guichet.Resolution{Expr: "covid19/medical", Present: 2022})
	if got := remarksOf(s); got != "group_not_counted group_elsewhere" && got != "group_elsewhere" {
		t.Errorf("medical is remarked %q", got)
	}
	if text := s.Remarks[len(s.Remarks)-1].Text; !strings.Contains(text, "392690") {
		t.Errorf("what is counted elsewhere is not named: %q", text)
	}
	if s := resolve(t, guichet.Resolution{Expr: "covid19", Asked: 2012, Present: 2022}); !strings.Contains(remarksOf(s), "group_basket_differs") {
		t.Errorf("the whole list is said to be the same in HS2012 and HS2022: %s", remarksOf(s))
	}
}

func TestResolveErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		r    guichet.Resolution
		kind guichet.Kind
		want string // in message or hint
	}{
		{guichet.Resolution{Expr: "masks", Present: 2022}, guichet.KindInvalid, `"masks" is no product`},
		{guichet.Resolution{Expr: "", Present: 2022}, guichet.KindInvalid, "no product"},
		{guichet.Resolution{Expr: "630", Present: 2022}, guichet.KindInvalid, "2, 4 or 6 digits"},
		{guichet.Resolution{Expr: strings.Repeat("é", 99), Present: 2022}, guichet.KindInvalid, "..."},
		{guichet.Resolution{Expr: "123456789012345", Present: 2022}, guichet.KindInvalid, "no product"},
		{guichet.Resolution{Expr: "401511", Present: 2022}, guichet.KindNotFound, "HS2007, HS2012, HS2017"},
		{guichet.Resolution{Expr: "401511", Asked: 2022, Present: 2017}, guichet.KindNotFound, "401511 is not in HS2022"},
		{guichet.Resolution{Expr: "630799", Present: 2022}, guichet.KindNotFound, "in no edition"},
		{guichet.Resolution{Expr: "63", Asked: 2002, Present: 2022}, guichet.KindInvalid, "2002"},
		{guichet.Resolution{Expr: "covid19", Asked: 2002, Present: 2022}, guichet.KindInvalid, "2002"},
		{guichet.Resolution{Expr: "covid19/beer", Present: 2022}, guichet.KindNotFound, "covid19/protective"},
		{guichet.Resolution{Expr: "fr-cn:63079098", Present: 2022}, guichet.KindNotFound, "us-hts"},
		{guichet.Resolution{Expr: "uk-cn:masks", Present: 2022}, guichet.KindInvalid, "no code of uk-cn"},
		{guichet.Resolution{Expr: "630790+6307909842", Present: 2022}, guichet.KindInvalid, "is a national code"},
		{guichet.Resolution{Expr: "630790+98", Present: 2022}, guichet.KindInvalid, "us-hts:98"},
		{guichet.Resolution{Expr: "630790", Present: 2022, Conversion: "best"}, guichet.KindInvalid, "neither exact nor default"},
	} {
		_, err := trade.Resolve(c.r)
		var e *guichet.Error
		if !errors.As(err, &e) || e.Kind != c.kind || !strings.Contains(e.Message+" "+e.Hint, c.want) || e.Hint == "" {
			t.Errorf("%+v: %v, want %s with %q and a hint", c.r, err, c.kind, c.want)
		}
	}
}

// TestExactSelectionsComeBack holds what exact means: asked back in the other
// direction, the codes that were found lead to the ones asked for, no more and
// no fewer.
func TestExactSelectionsComeBack(t *testing.T) {
	t.Parallel()
	exact := 0
	for _, heading := range hs.Codes(hs.HS2017, 4) {
		there := resolve(t, guichet.Resolution{Expr: string(heading), Asked: 2017, Present: 2022})
		if there.Gap != "" {
			continue
		}
		exact++
		expr := strings.Join(there.Codes, "+")
		if there.Prefix != "" {
			expr = there.Prefix
		}
		back := resolve(t, guichet.Resolution{Expr: expr, Asked: 2022, Present: 2017})
		want := hs.Children(hs.HS2017, heading)
		got := back.Codes
		if back.Prefix != "" {
			got = nil
			for _, c := range hs.Children(hs.HS2017, hs.Code(back.Prefix)) {
				got = append(got, string(c))
			}
		}
		if !slices.EqualFunc(got, want, func(a string, b hs.Code) bool { return a == string(b) }) {
			t.Errorf("%s of HS2017 is %s in HS2022, which is %v in HS2017", heading, expr, got)
		}
	}
	if exact < 900 {
		t.Errorf("only %d headings are comparable", exact)
	}
}

func TestProductLabel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		edition    int
		code, lang string
		want       string
	}{
		{2022, "630790", "en", "Made-up textile articles n.e.c., incl. face masks"},
		{2022, "63", "en", "Other made-up textiles, worn clothing, rags"},
		{2022, "63", "fr", "Autres textiles confectionnés, friperie, chiffons"},
		{2022, "630710", "en", "630710 (heading 6307: Other made-up textiles, face masks, cleaning cloths)"},
		{2022, "630710", "fr", "630710 (position 6307 : Autres articles textiles confectionnés, masques, serpillières, lavettes)"},
		{2022, "6307", "fr", "Autres articles textiles confectionnés, masques, serpillières, lavettes"},
		{2017, "8806", "en", "8806 (chapter 88: Aircraft and spacecraft)"},
		{2022, "98", "en", "national codes of chapter 98"},
		{2022, "99", "fr", "codes nationaux du chapitre 99"},
		{2022, "", "en", ""},
		{2002, "63", "en", ""},
		{2022, "00", "en", ""},
	} {
		if got := trade.ProductLabel(c.edition, c.code, c.lang); got != c.want {
			t.Errorf("%s of %d is called %q, want %q", c.code, c.edition, got, c.want)
		}
	}
}
