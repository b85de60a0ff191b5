package portal_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"guichet"
	"guichet/internal/portal"
	"guichet/wording"
)

// sayers are the functions of a room that take a format, each with its place among their
// arguments.
func sayers(room string) map[string][]int {
	out := map[string][]int{"Errorf": {1}, "WithHint": {0}, "Say": {0}}
	own := map[string]map[string][]int{
		"internal/ingest":    {"placed": {1}, "fault": {0}, "faulty": {1}, "fail": {1}, "at": {1}, "unfit": {0}},
		"internal/harmonise": {"fault": {1}},
		"internal/store":     {"garbled": {0}},
		"internal/circle":    {"fault": {1}, "bad": {0}},
		"internal/journal":   {"fail": {1}},
		"internal/node":      {"wrong": {2}},
	}
	maps.Copy(out, own[room])
	return out
}

// spokenRooms are the rooms whose errors people meet on pages, with the files that only
// commands use.
func spokenRooms() map[string][]string {
	return map[string][]string{
		".": nil, "trade": nil, "internal/agreement": nil, "internal/ingest": nil, "internal/harmonise": nil, "internal/desk": nil,
		"internal/store":  {"ipc*.go", "export.go", "pin.go", "evolve.go", "footer.go", "stream.go"},
		"internal/circle": {"found.go", "form.go", "fetch.go"},
		"internal/seal":   nil, "internal/gate": nil,
		"internal/journal": {"drafting.go", "cosign.go", "witness.go", "note.go", "receipt.go"},
		"internal/portal":  nil,
		"internal/node": {
			"demo*.go", "backup.go", "restore.go", "letters.go", "told.go", "sync*.go", "copyout.go", "serve.go", "service.go", "tracing.go", "metrics.go", "notices.go", "notify.go",
			"listening.go", "renewing.go", "pages.go", "pages_signin.go", "socket.go", "standing.go", "identity.go", "member.go", "node.go", "salts.go", "answering.go", "dataset.go", "keep.go",
		},
	}
}

// english are the formats that a room writes for people, each with where it stands.
func english(t *testing.T, room string, but []string) map[string]string {
	t.Helper()
	out := map[string]string{}
	files, err := filepath.Glob(filepath.Join("../..", room, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v", room, err)
	}
	set, trees := token.NewFileSet(), []*ast.File{}
	constants := map[string]ast.Expr{}
	for _, name := range files {
		base := filepath.Base(name)
		if strings.HasSuffix(base, "_test.go") || slices.ContainsFunc(but, func(p string) bool { ok, _ := filepath.Match(p, base); return ok }) {
			continue
		}
		tree, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		trees = append(trees, tree)
		ast.Inspect(tree, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok {
				for i, x := range v.Values {
					constants[v.Names[i].Name] = x
				}
			}
			return true
		})
	}
	take := func(x ast.Expr) {
		if id, ok := x.(*ast.Ident); ok && constants[id.Name] != nil {
			x = constants[id.Name]
		}
		if text, ok := literal(x); ok && !wordless(text) {
			if _, twice := out[text]; !twice {
				at := set.Position(x.Pos())
				out[text] = filepath.Join(room, filepath.Base(at.Filename)) + ":" + strconv.Itoa(at.Line)
			}
		}
	}
	says := sayers(room)
	for _, tree := range trees {
		ast.Inspect(tree, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.CallExpr:
				for _, i := range says[called(x)] {
					if i < len(x.Args) && (called(x) != "Errorf" || !strings.Contains(called2(x.Args[0]), "KindInternal")) {
						take(x.Args[i])
					}
				}
			case *ast.CompositeLit:
				if called2(x.Type) != "Error" || strings.Contains(fieldOf(x, "Kind"), "KindInternal") {
					return true
				}
				for _, e := range x.Elts {
					if kv, ok := e.(*ast.KeyValueExpr); ok {
						if k := called2(kv.Key); k == "Message" || k == "Hint" {
							take(kv.Value)
						}
					}
				}
			}
			return true
		})
	}
	return out
}

// called is the name of a function; "" for what is not ours to read.
func called(x *ast.CallExpr) string {
	if s, ok := x.Fun.(*ast.SelectorExpr); ok {
		if p := called2(s.X); p == "fmt" || p == "errors" || p == "strings" {
			return ""
		}
	}
	return called2(x.Fun)
}

func called2(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return x.Sel.Name
	}
	return ""
}

func fieldOf(x *ast.CompositeLit, name string) string {
	for _, e := range x.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok && called2(kv.Key) == name {
			return called2(kv.Value)
		}
	}
	return ""
}

func literal(x ast.Expr) (string, bool) {
	switch x := x.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(x.Value)
		return text, err == nil && x.Kind == token.STRING
	case *ast.BinaryExpr:
		a, ok := literal(x.X)
		b, too := literal(x.Y)
		return a + b, ok && too && x.Op == token.ADD
	case *ast.ParenExpr:
		return literal(x.X)
	}
	return "", false
}

var places = regexp.MustCompile(`%(?:\[(\d+)\])?[-+# 0]*[\d.]*[a-zA-Z]`)

func wordless(format string) bool {
	return !regexp.MustCompile(`\pL`).MatchString(places.ReplaceAllString(format, ""))
}

// TestErrorsAreHeldInFrench holds that what rooms say to people on pages is held in
// French too, with the same places, and that nothing is held which nobody says.
func TestErrorsAreHeldInFrench(t *testing.T) {
	text, err := os.ReadFile("lang/said/fr.json")
	if err != nil {
		t.Fatal(err)
	}
	var held map[string]string
	if err := json.Unmarshal(text, &held); err != nil {
		t.Fatal(err)
	}
	said, anywhere := map[string]string{}, map[string]bool{}
	for room, but := range spokenRooms() {
		maps.Copy(said, english(t, room, but))
		for text := range literals(t, room) {
			anywhere[text] = true
		}
	}
	for format, where := range said {
		if held[format] == "" {
			t.Errorf("%s says %q, of which lang/said/fr.json holds no French", where, format)
		}
	}
	for format, french := range held {
		if said[format] == "" && !anywhere[format] {
			t.Errorf("nobody says %q", format)
		}
		if a, b := numbered(format), numbered(french); !slices.Equal(a, b) {
			t.Errorf("%q has the places %v, its French %v", format, a, b)
		}
	}
}

// numbered are the places of a format by number, each once.
func numbered(format string) []int {
	var out []int
	for i, m := range places.FindAllStringSubmatch(strings.ReplaceAll(format, "%%", ""), -1) {
		n := i + 1
		if m[1] != "" {
			n, _ = strconv.Atoi(m[1])
		}
		out = append(out, n)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// literals are all texts in a room's sources: words that fill places stand among them.
func literals(t *testing.T, room string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	files, err := filepath.Glob(filepath.Join("../..", room, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if x, ok := n.(ast.Expr); ok {
				if text, ok := literal(x); ok {
					out[text] = true
				}
			}
			return true
		})
	}
	return out
}

// TestErrorsAreSaidInFrench looks at whole sentences: places, sentences within sentences,
// words that fill places, and what is not held.
func TestErrorsAreSaidInFrench(t *testing.T) {
	file := guichet.Errorf(guichet.KindNotFound, "there is no file %s", "a.csv").WithHint("look at its permissions")
	for _, c := range []struct {
		err      error
		en, fr   string
		hint, do string
	}{
		{file, "there is no file a.csv", "il n’y a pas de fichier a.csv", "look at its permissions", "regardez ses droits d’accès"},
		{guichet.Errorf(guichet.KindInvalid, "line %d: %w", 3, file), "line 3: there is no file a.csv", "ligne 3\u00a0: il n’y a pas de fichier a.csv", "", ""},
		{guichet.Errorf(guichet.KindNotFound, "there is no dataset %q here", "trades"), `there is no dataset "trades" here`, "il n’y a pas d’ensemble de données «\u00a0trades\u00a0» ici", "", ""},
		{
			guichet.Errorf(guichet.KindUnrecognised, "no profile recognises %s: it is %s", "a.bz2", "a bzip2 file"),
			"no profile recognises a.bz2: it is a bzip2 file", "aucun profil ne reconnaît a.bz2\u00a0: c’est un fichier bzip2", "", "",
		},
		{
			guichet.Errorf(guichet.KindInvalid, "%s", wording.Several([]wording.Sentence{wording.Say("column '%s' is missing", "hs"), wording.Say("and %d more", 2)}, "; ")),
			"column 'hs' is missing; and 2 more", "la colonne «\u00a0hs\u00a0» manque\u00a0; et 2 de plus", "", "",
		},
		{guichet.Errorf(guichet.KindInvalid, "%s: %s", "terms[0]", guichet.Text{EN: "nothing is named", FR: "rien n’est nommé"}), "terms[0]: nothing is named", "terms[0]\u00a0: rien n’est nommé", "", ""},
		{&guichet.Error{Kind: guichet.KindFull, Message: "the disk is full; nothing was kept"}, "the disk is full; nothing was kept", "le disque est plein\u00a0; rien n’a été gardé", "", ""},
		{guichet.Errorf(guichet.KindInvalid, "nobody has written %s", "this"), "nobody has written this", "nobody has written this", "", ""},
		{os.ErrClosed, "file already closed", "file already closed", "", ""},
	} {
		text, hint := portal.TextOf(c.err), portal.HintOf(c.err)
		if text.EN != c.en || text.FR != c.fr {
			t.Errorf("%q is said %q, want %q and %q", c.err, text, c.en, c.fr)
		}
		if hint.EN != c.hint || hint.FR != c.do {
			t.Errorf("%q hints %q, want %q and %q", c.err, hint, c.hint, c.do)
		}
	}
}
