package portal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/portal"
	"guichet/trade"
)

func words(t *testing.T, lang string) map[string]string {
	t.Helper()
	w, err := portal.Words(lang)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestLanguagesSayTheSame holds that both languages have the same keys, the same places
// in each, both forms of every number, and no straight apostrophe in French.
func TestLanguagesSayTheSame(t *testing.T) {
	en, fr := words(t, "en"), words(t, "fr")
	if diff := cmp.Diff(slices.Sorted(maps.Keys(en)), slices.Sorted(maps.Keys(fr))); diff != "" {
		t.Fatalf("the keys differ (-en +fr):\n%s", diff)
	}
	place := regexp.MustCompile(`\{[a-zA-Z]+\}`)
	places := func(s string) []string {
		found := place.FindAllString(s, -1)
		slices.Sort(found)
		return slices.Compact(found)
	}
	for key, text := range en {
		if diff := cmp.Diff(places(text), places(fr[key])); diff != "" {
			t.Errorf("%s: the places differ (-en +fr):\n%s", key, diff)
		}
		if text == "" || fr[key] == "" {
			t.Errorf("%s says nothing", key)
		}
		if strings.Contains(fr[key], "'") {
			t.Errorf("%s has a straight apostrophe: %s", key, fr[key])
		}
		if one, ok := strings.CutSuffix(key, ".one"); ok && en[one+".other"] == "" {
			t.Errorf("%s has no plural", one)
		}
		if other, ok := strings.CutSuffix(key, ".other"); ok && en[other+".one"] == "" {
			t.Errorf("%s has no singular", other)
		}
	}
}

// TestEveryWordIsHeldAndUsed reads the sources and the templates: each key that is said
// is held, and each that is held is said. Keys made of parts ("flow."+f) count by their
// beginning.
func TestEveryWordIsHeldAndUsed(t *testing.T) {
	held := words(t, "en")
	whole, begun := said(t)
	for key := range held {
		base := strings.TrimSuffix(strings.TrimSuffix(key, ".one"), ".other")
		if !slices.Contains(whole, base) && !slices.ContainsFunc(begun, func(b string) bool { return strings.HasPrefix(key, b) }) {
			t.Errorf("nobody says %q", key)
		}
	}
	heads := map[string]bool{}
	for key := range held {
		head, _, _ := strings.Cut(key, ".")
		heads[head] = true
	}
	word := regexp.MustCompile(`^[a-z]+(\.[a-zA-Z0-9_]+)+$`)
	for _, key := range whole {
		head, _, _ := strings.Cut(key, ".")
		if word.MatchString(key) && !strings.HasSuffix(key, ".json") && heads[head] && held[key] == "" && held[key+".other"] == "" {
			t.Errorf("%q is said and not held", key)
		}
	}
}

// said are the string literals of the sources and of the templates' actions, and those
// that are the beginning of keys.
func said(t *testing.T) (whole, begun []string) {
	t.Helper()
	take := func(text string) {
		if strings.HasSuffix(text, ".") {
			begun = append(begun, text)
			return
		}
		whole = append(whole, text)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(syntax, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, err := strconv.Unquote(lit.Value); err == nil {
					take(s)
				}
			}
			return true
		})
	}
	templates, err := portal.Templates()
	if err != nil {
		t.Fatal(err)
	}
	literal := regexp.MustCompile(`\b[tn] \(?(?:print )?"([^"]+)"`)
	for _, text := range templates {
		for _, m := range literal.FindAllStringSubmatch(text, -1) {
			take(m[1])
		}
	}
	return whole, begun
}

// TestEveryCodeHasWords holds that what is shown from closed lists has words.
func TestEveryCodeHasWords(t *testing.T) {
	held := words(t, "en")
	var keys []string
	for _, f := range trade.Flows() {
		keys = append(keys, "flow."+string(f), "code."+string(f))
	}
	for _, s := range trade.Systems() {
		keys = append(keys, "code."+string(s))
	}
	for _, v := range trade.Valuations() {
		keys = append(keys, "code."+string(v))
	}
	for _, r := range trade.Roles() {
		keys = append(keys, "code."+string(r))
	}
	for _, g := range trade.GapCodes() {
		keys = append(keys, "gap."+g)
	}
	for _, g := range []guichet.GapReason{guichet.GapRefused, guichet.GapSilent, guichet.GapLate, guichet.GapUntrusted, guichet.GapGarbled, guichet.GapProtected, guichet.GapStale} {
		keys = append(keys, "gap."+string(g))
	}
	for _, k := range []guichet.LeafKind{guichet.LeafAnswered, guichet.LeafRefused, guichet.LeafStarted, guichet.LeafEnded, guichet.LeafReceived, guichet.LeafMissed, guichet.LeafTaken, guichet.LeafRecovered} {
		keys = append(keys, "leaf."+string(k))
	}
	for _, k := range []guichet.Kind{
		guichet.KindInvalid, guichet.KindNotFound, guichet.KindUnrecognised, guichet.KindTotals, guichet.KindTooMany, guichet.KindHostile,
		guichet.KindBusy, guichet.KindVersion, guichet.KindFull, guichet.KindRefused, guichet.KindUntrusted, guichet.KindInternal, "sign_in",
	} {
		keys = append(keys, "error."+string(k)+".title", "error."+string(k)+".lead", "error."+string(k)+".do")
	}
	for _, key := range keys {
		if held[key] == "" {
			t.Errorf("%q has no words", key)
		}
	}
}

// TestNothingIsWrittenIntoPages: the policy of every page forbids styles and scripts
// within it, so a template that has one would not work.
func TestNothingIsWrittenIntoPages(t *testing.T) {
	templates, err := portal.Templates()
	if err != nil {
		t.Fatal(err)
	}
	bad := regexp.MustCompile(`(?i)\sstyle=|<style|\son[a-z]+=|javascript:|<script(?:[^>]*[^-])?>[^<]|src="http|href="http`)
	for name, text := range templates {
		if m := bad.FindString(text); m != "" {
			t.Errorf("%s holds %q", name, m)
		}
		if strings.Contains(text, `method="post"`) && !strings.Contains(text, `name="csrf"`) {
			t.Errorf("%s has a form without a token", name)
		}
	}
}

func TestNumbersAndDays(t *testing.T) {
	when := time.Date(2026, 3, 1, 9, 5, 0, 0, time.UTC)
	for _, c := range []struct{ got, want string }{
		{portal.Number("en", "1234567.5", 2), "1,234,567.50"},
		{portal.Number("fr", "1234567.5", 2), "1\u202f234\u202f567,50"},
		{portal.Number("en", "-999", 0), "\u2212999"},
		{portal.Number("fr", "12345678901234567890.125", 0), "12\u202f345\u202f678\u202f901\u202f234\u202f567\u202f890,125"},
		{portal.Roughly("en", 1_250_000), "1.2\u00a0million"},
		{portal.Roughly("fr", -2_500), "\u22122,5\u00a0mille"},
		{portal.Roughly("en", 12), "12"},
		{portal.Moment("en", when), "1\u00a0March\u00a02026, 09:05\u00a0UTC"},
		{portal.Moment("fr", when), "1er\u00a0mars\u00a02026, 09\u00a0h\u00a005\u00a0UTC"},
		{portal.Period("fr", "2024-05"), "mai\u00a02024"},
		{portal.Period("en", "2024-Q2"), "2024-Q2"},
		{portal.Period("en", "<b>"), "<b>"},
		{portal.Preferred("de-DE,fr-CA;q=0.8,en;q=0.7"), "fr"},
		{portal.Preferred("de"), "en"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}
