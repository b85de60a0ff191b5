package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	root "guichet"
	guichet "guichet/cmd/guichet"
	"guichet/internal/node"
	"guichet/trade"
)

func kinds() []root.Kind {
	return []root.Kind{
		root.KindInvalid, root.KindNotFound, root.KindUnrecognised, root.KindTotals, root.KindTooMany, root.KindHostile,
		root.KindBusy, root.KindVersion, root.KindFull, root.KindRefused, root.KindUntrusted, root.KindInternal,
	}
}

func TestEachKindHasItsExitCode(t *testing.T) {
	paper := jsonPaper(t)
	seen := map[int]root.Kind{}
	for _, k := range kinds() {
		code := guichet.ExitCode(k)
		if other, ok := seen[code]; ok || code == 0 {
			t.Errorf("kinds %q and %q share exit code %d", k, other, code)
		}
		seen[code] = k
		if row := fmt.Sprintf("| %d | `%s` |", code, k); !strings.Contains(paper, row) {
			t.Errorf("docs/json.md has no row %q", row)
		}
	}
}

func TestFaultsTakesErrorsApart(t *testing.T) {
	busy := root.Errorf(root.KindBusy, "somebody writes").WithHint("try again")
	got := guichet.Faults(errors.Join(fmt.Errorf("open: %w", busy), io.ErrUnexpectedEOF))
	if len(got) != 2 || got[0].Kind != root.KindBusy || got[1].Kind != root.KindInternal {
		t.Errorf("got %v", got)
	}
}

func TestInterruption(t *testing.T) {
	invalid := root.Errorf(root.KindInvalid, "line 3 is wrong").WithHint("look at it")
	for _, c := range []struct {
		name      string
		err       error
		cancelled bool
		words     string
		code      int
	}{
		{"done", nil, true, "", 0},
		{"cancelled", fmt.Errorf("ask: %w", context.Canceled), true, "guichet: interrupted; what was not finished was not kept\n", 130},
		{"a child that was ended", errors.New("signal: killed"), true, "guichet: interrupted; what was not finished was not kept\n", 130},
		{"the fault of a file", invalid, true, "guichet: line 3 is wrong\nguichet: hint: look at it\n", 2},
		{"cancelled by nobody", context.Canceled, false, "guichet: context canceled\n", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if words, code := guichet.End(c.err, c.cancelled); words != c.words || code != c.code {
				t.Errorf("told %q and exit code %d, want %q and %d", words, code, c.words, c.code)
			}
		})
	}
}

// TestWritingToStandardOutputFails holds that guichet codes lists | head ends
// in silence, and that a full disk does not.
func TestWritingToStandardOutputFails(t *testing.T) {
	for _, c := range []struct {
		err   error
		code  int
		words string
	}{
		{&os.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}, 0, ""},
		{&os.PathError{Op: "write", Path: "out", Err: syscall.ENOSPC}, 10, `{"error":{"kind":"full","message":"standard output is full"}}` + "\n"},
	} {
		var words strings.Builder
		code := guichet.Run(context.Background(), broken{c.err}, &words, nil, "codes", "lists", "--json")
		if code != c.code || words.String() != c.words {
			t.Errorf("%v: exit code %d and %q, want %d and %q", c.err, code, words.String(), c.code, c.words)
		}
	}
}

// broken is a stream that cannot be written to.
type broken struct{ err error }

// Write fails.
func (b broken) Write([]byte) (int, error) { return 0, b.err }

func TestErrorsAreToldAsAsked(t *testing.T) {
	for _, c := range []struct {
		name string
		env  map[string]string
		args []string
		want string
	}{
		{"plain", nil, []string{"injest"}, "guichet: \"injest\" is no command\nguichet: hint: did you mean ingest?\n"},
		{"French", map[string]string{"LANG": "fr_CA.UTF-8"}, []string{"injest"}, "guichet: « injest » n'est pas une commande\nguichet: conseil : vouliez-vous dire ingest ?\n"},
		{"LC_ALL first", map[string]string{"LANG": "fr_FR", "LC_ALL": "C"}, []string{"injest"}, "guichet: \"injest\" is no command\nguichet: hint: did you mean ingest?\n"},
		{"JSON", nil, []string{"injest", "--json"}, `{"error":{"kind":"invalid","message":"\"injest\" is no command","hint":"did you mean ingest?"}}` + "\n"},
		{"terminal", nil, []string{"\x1b[31m"}, "guichet: \"\\u001b[31m\" is no command\nguichet: hint: 'guichet help' names the commands\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, words strings.Builder
			if code := guichet.Run(context.Background(), &out, &words, c.env, c.args...); code != 2 {
				t.Errorf("exit code %d, want 2", code)
			}
			if words.String() != c.want || out.String() != "" {
				t.Errorf("got %q and on standard output %q, want %q", words.String(), out.String(), c.want)
			}
		})
	}
}

func TestFlagsOfAllMayStandFirst(t *testing.T) {
	var out, words strings.Builder
	if code := guichet.Run(context.Background(), &out, &words, nil, "--json", "--lang", "fr", "version"); code != 0 {
		t.Fatalf("exit code %d: %s", code, words.String())
	}
	var v guichet.VersionJSON
	if err := json.Unmarshal([]byte(out.String()), &v); err != nil || v.HS == "" || v.Codes == "" || v.Groups == "" || v.Rates == "" {
		t.Errorf("got %q, %v", out.String(), err)
	}
}

// TestUsage holds that every command has a usage in both languages, and that
// the usage and the flags know each other.
func TestUsage(t *testing.T) {
	shared := []string{"json", "lang", "quiet", "help"}
	for _, name := range commandNames() {
		for _, lang := range []string{"en", "fr"} {
			text, err := guichet.Usage(name, lang)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if !strings.HasPrefix(text, "guichet "+name+" - ") {
				t.Errorf("the usage of %s (%s) does not begin with its name and what it is for", name, lang)
			}
			// Cut in two, or the spelling check takes it for English.
			example := map[string]string{"en": "\nExample:\n", "fr": "\nExem" + "ple :\n"}[lang]
			if name != "stage-child" && !strings.Contains(text, example) {
				t.Errorf("the usage of %s (%s) has no example", name, lang)
			}
			for _, f := range guichet.FlagNames(name) {
				if !slices.Contains(shared, f) && !strings.Contains(text, "--"+f) {
					t.Errorf("the usage of %s (%s) does not tell --%s", name, lang, f)
				}
			}
		}
	}
}

// TestJSONIsDocumented holds that every field that --json may show stands in
// docs/json.md, and every command too.
func TestJSONIsDocumented(t *testing.T) {
	paper := jsonPaper(t)
	for _, v := range []any{
		guichet.HomeJSON{},
		guichet.TakenJSON{},
		guichet.RejectJSON{},
		guichet.ProfileJSON{},
		guichet.FieldUseJSON{},
		guichet.CheckedJSON{},
		guichet.DraftJSON{},
		guichet.VersionJSON{},
		guichet.HelpEntry{},
		guichet.ListJSON{},
		guichet.GroupJSON{},
		guichet.CodeJSON{},
		guichet.Problem{},
		guichet.SynthJSON{},
		guichet.MembersJSON{},
		guichet.RecordsJSON{},
		root.Circle{},
		root.Agreement{},
		node.AgreementTemplate{},
		node.CircleReport{},
		node.Finding{},
		node.JournalReport{},
		node.LeafEntry{},
		node.Preview{},
		node.Purpose{},
		node.Receipt{},
		node.Review{},
		root.Answer{},
		root.Submission{},
		trade.MirrorAnswer{},
	} {
		for _, name := range jsonNames(reflect.TypeOf(v), nil) {
			if !strings.Contains(paper, "`"+name+"`") {
				t.Errorf("docs/json.md does not tell the field %q of %T", name, v)
			}
		}
	}
	for _, name := range outermost(t) {
		if !strings.Contains(paper, "`"+name+"`") && !strings.Contains(paper, `"`+name+`": `) {
			t.Errorf("docs/json.md does not tell the field %q that a command prints around its answer", name)
		}
	}
	for _, name := range commandNames() {
		if name != "stage-child" && !strings.Contains(paper, "guichet "+name) {
			t.Errorf("docs/json.md does not tell the command %s", name)
		}
	}
}

// outermost returns the names around what the commands print: the keys of the
// maps that they pass to printJSON.
func outermost(t *testing.T) []string {
	t.Helper()
	var out []string
	everyNode(t, func(n ast.Node) {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 {
			return
		}
		if f, ok := call.Fun.(*ast.SelectorExpr); !ok || f.Sel.Name != "printJSON" {
			return
		}
		m, ok := call.Args[0].(*ast.CompositeLit)
		if !ok {
			return
		}
		for _, e := range m.Elts {
			pair, ok := e.(*ast.KeyValueExpr)
			if !ok {
				continue
			}
			key, ok := pair.Key.(*ast.BasicLit)
			if !ok {
				continue // a struct, whose fields are told by their tags
			}
			name, err := strconv.Unquote(key.Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, name)
		}
	})
	if len(out) == 0 {
		t.Fatal("no command prints a map")
	}
	return out
}

func jsonNames(t reflect.Type, seen []reflect.Type) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || slices.Contains(seen, t) {
		return nil
	}
	seen = append(seen, t)
	var out []string
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" || name == "" {
			continue
		}
		out = append(append(out, name), jsonNames(f.Type, seen)...)
	}
	return out
}

func commandNames() []string {
	var out []string
	for _, c := range guichet.AllCommands() {
		out = append(out, guichet.CommandName(c))
	}
	return out
}

func jsonPaper(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "json.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
