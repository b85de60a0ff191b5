package portal_test

import (
	"net/http"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/portal"
)

// TestSentencesAreOfPeople: what members say stands on a page with names for words of
// programs, the signs of print, and months once.
func TestSentencesAreOfPeople(t *testing.T) {
	for text, want := range map[string]string{
		"re_exports: none":                                       "Réexportations: none",
		"imports : l'office n'a rien dit":                        "Importations\u00a0: l’office n’a rien dit",
		"un « avis » ; 'cité'":                                   "un «\u00a0avis\u00a0»\u00a0; 'cité'",
		"donné du 2018-01-01 au 2026-10-31, et x-2020-01-01.csv": "donné du 1er\u00a0janvier\u00a02018 au 31\u00a0octobre\u00a02026, et x-2020-01-01.csv",
		"importsomething: x":                                     "importsomething: x",
	} {
		if got := portal.SentenceOf("fr", text); got != want {
			t.Errorf("%q is written %q, want %q", text, got, want)
		}
	}
	for _, c := range [][3]string{
		{"2020-02 2020-05", "no line of this in 2020-02, 2020-05", ""},
		{"2015-01:2015-03", "no file of that period", "January\u00a02015 to March\u00a02015"},
		{"2015-01:2015-03 2016-02", "no file", "January\u00a02015 to March\u00a02015, February\u00a02016"},
		{"", "no file", ""},
	} {
		if got := portal.UnsaidOf("en", c[0], c[1]); got != c[2] {
			t.Errorf("of %q is left to say %q, want %q", c[0], got, c[2])
		}
	}
}

// TestRefusalsSayWhatCodesMean: beside purposes and levels stand their words, and nothing
// beside what only looks like them.
func TestRefusalsSayWhatCodesMean(t *testing.T) {
	purposes := []portal.Purpose{
		{Word: "customs-risk", Text: guichet.Text{EN: "To look closer", FR: "Regarder de plus près"}},
		{Word: "research", Text: guichet.Text{EN: "To know", FR: "Savoir"}},
	}
	for _, c := range [][3]string{
		{"en", `the purpose "customs-risk" is forbidden`, `the purpose "customs-risk" (to look closer) is forbidden`},
		{"fr", `la fin "customs-risk" est interdite`, `la fin "customs-risk" (regarder de plus près) est interdite`},
		{"en", "purposes permitted: research, customs-risk", "purposes permitted: research (to know), customs-risk (to look closer)"},
		{"en", "let one of these ask: research, statistics", "let one of these ask: research, statistics"},
		{"en", "product is given down to hs4, and the question goes down to hs6", "product is given down to hs4 (headings, 4 digits), and the question goes down to hs6 (subheadings, 6 digits)"},
		{"fr", "demandez jusqu'à hs2", "demandez jusqu'à hs2 (chapitres, 2 chiffres)"},
		{"en", `the office "customs" may not, hs8 neither, for research`, `the office "customs" may not, hs8 neither, for research`},
	} {
		if got := portal.WordedOf(c[0], c[1], purposes...); got != c[2] {
			t.Errorf("%q is written %q, want %q", c[1], got, c[2])
		}
	}
}

// TestToggleTakesTheFormAlong: the toggle of languages sends what is typed into a form
// to the same page, and does not ask for it to be checked.
func TestToggleTakesTheFormAlong(t *testing.T) {
	w := newWindow(t)
	defer close(w.circle.answer)
	status, page := w.get("/en/ask?goods=gloves&partner=Atlantis&from=2024-13")
	if status != http.StatusOK {
		t.Fatalf("%d\n%s", status, page)
	}
	for _, want := range []string{`<form id="typed"`, `form="typed" formmethod="get" formaction="/fr/ask" formnovalidate lang="fr"`} {
		if strings.Count(page, want) != 1 {
			t.Errorf("the page does not hold %q once", want)
		}
	}
	_, french := w.get("/fr/ask?goods=gloves&partner=Atlantis&from=2024-13")
	for _, want := range []string{`value="gloves"`, `value="Atlantis"`, `value="2024-13"`} {
		if !strings.Contains(french, want) {
			t.Errorf("in French %s is lost", want)
		}
	}
	if strings.Contains(french, "govuk-error-summary") {
		t.Error("the toggle checks the form")
	}
	if _, page := w.get("/en/asked"); !strings.Contains(page, `rel="alternate"`) || strings.Contains(page, "guichet-header__toggle") {
		t.Error("a page without a form has no plain link to the other language")
	}
}
