package desk_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"guichet/internal/desk"
	"guichet/trade"
)

// TestEveryRemarkHasItsSentence reads the room's own text: whatever code it puts
// on a remark is one of its constants, and the desk or the dataset says it in
// both languages. Codes that come with a file or a row are the dataset's.
func TestEveryRemarkHasItsSentence(t *testing.T) {
	codes, used := constants(t), codesUsed(t)
	for _, name := range used {
		code, ok := codes[name]
		if !ok {
			t.Errorf("a remark is made with the code %s, which is no constant of words.go", name)
			continue
		}
		own := slices.Contains(desk.RemarkCodes(), code)
		if own == slices.Contains(trade.RemarkCodes(), code) {
			t.Errorf("%s: said by the desk %v, and as often by the dataset", code, own)
		}
		say := trade.RemarkText
		if own {
			say = desk.RemarkText
		}
		if en, fr := say(code, "en"), say(code, "fr"); en == "" || fr == "" || en == fr || len([]rune(fr)) > 140 {
			t.Errorf("%s: %q, %q", code, en, fr)
		}
	}
	for name, code := range codes {
		if !slices.Contains(used, name) {
			t.Errorf("no remark is made with %s, %q", name, code)
		}
	}
	if len(used) < len(desk.RemarkCodes()) || desk.RemarkText("never_said", "en") != "" {
		t.Errorf("%d codes are used: %v", len(used), used)
	}
}

// constants are the codes of words.go by their names.
func constants(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	ast.Inspect(read(t, "words.go"), func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if lit, ok := spec.Values[0].(*ast.BasicLit); ok {
			out[spec.Names[0].Name], _ = strconv.Unquote(lit.Value)
		}
		return true
	})
	return out
}

// codesUsed are the expressions that stand as a remark's code: in a literal, or
// in a call of coded. Those that are a variable's are of a file or a row.
func codesUsed(t *testing.T) []string {
	t.Helper()
	files, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	add := func(e ast.Expr) {
		switch e := e.(type) {
		case *ast.BasicLit:
			found[e.Value] = true
		case *ast.Ident:
			if strings.HasPrefix(strings.ToLower(e.Name), "remark") {
				found[e.Name] = true
			}
		}
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		ast.Inspect(read(t, name), func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "coded" {
					add(n.Args[0])
				}
			case *ast.CompositeLit:
				if f, ok := n.Type.(*ast.SelectorExpr); ok && f.Sel.Name == "Remark" {
					for _, e := range n.Elts {
						if kv, ok := e.(*ast.KeyValueExpr); ok && kv.Key.(*ast.Ident).Name == "Code" { //nolint:forcetypeassert // keys of a struct are names
							add(kv.Value)
						}
					}
				}
			}
			return true
		})
	}
	return slices.Sorted(maps.Keys(found))
}

func read(t *testing.T, name string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
