package main_test

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

	"github.com/google/go-cmp/cmp"

	guichet "guichet/cmd/guichet"
)

// TestLanguagesSayTheSame holds that both languages have the same keys, the
// same places in each, and both forms of every number.
func TestLanguagesSayTheSame(t *testing.T) {
	en, fr := guichet.PhrasesIn("en"), guichet.PhrasesIn("fr")
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
		if one, ok := strings.CutSuffix(key, ".one"); ok && en[one+".other"] == "" {
			t.Errorf("%s has no plural", one)
		}
		if other, ok := strings.CutSuffix(key, ".other"); ok && en[other+".one"] == "" {
			t.Errorf("%s has no singular", other)
		}
	}
}

// TestEveryWordIsHeldAndUsed reads the sources: each key that is said is held
// in lang/, and each key that is held is said. Keys made of parts ("tier."+t)
// count by their beginning.
func TestEveryWordIsHeldAndUsed(t *testing.T) {
	held := guichet.PhrasesIn("en")
	var whole, begun []string
	for _, text := range literals(t) {
		if strings.HasSuffix(text, ".") {
			begun = append(begun, text)
			continue
		}
		whole = append(whole, text)
	}
	for key := range held {
		base := strings.TrimSuffix(strings.TrimSuffix(key, ".one"), ".other")
		used := slices.Contains(whole, base) || slices.ContainsFunc(begun, func(b string) bool { return strings.HasPrefix(key, b) })
		if !used {
			t.Errorf("nobody says %q", key)
		}
	}
	begins := map[string]bool{}
	for key := range held {
		head, _, _ := strings.Cut(key, ".")
		begins[head+"."] = true
	}
	word := regexp.MustCompile(`^[a-z]+\.[a-zA-Z.]+$`)
	for _, text := range whole {
		head, _, _ := strings.Cut(text, ".")
		if !word.MatchString(text) || !begins[head+"."] {
			continue
		}
		if held[text] == "" && held[text+".other"] == "" {
			t.Errorf("%q is said and not held", text)
		}
	}
}

// literals returns every string literal of the command's sources.
func literals(t *testing.T) []string {
	t.Helper()
	var out []string
	everyNode(t, func(n ast.Node) {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return
		}
		if s, err := strconv.Unquote(lit.Value); err == nil {
			// ">" before a head says that its column stands to the right.
			out = append(out, strings.TrimPrefix(s, ">"))
		}
	})
	return out
}

// everyNode visits the syntax of the command's sources.
func everyNode(t *testing.T, visit func(ast.Node)) {
	t.Helper()
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
			visit(n)
			return true
		})
	}
}

func TestEnvLang(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{nil, "en"},
		{map[string]string{"LANG": "fr_FR.UTF-8"}, "fr"},
		{map[string]string{"LANG": "de_DE"}, "en"},
		{map[string]string{"LANG": "fr", "LC_MESSAGES": "en_GB"}, "en"},
		{map[string]string{"LANG": "en", "LC_ALL": "fr_CA"}, "fr"},
	} {
		if got := guichet.EnvLang(func(k string) string { return c.env[k] }); got != c.want {
			t.Errorf("%v speaks %q, want %q", c.env, got, c.want)
		}
	}
}
