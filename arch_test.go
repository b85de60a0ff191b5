package guichet_test

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"guichet"
	"guichet/trade"
	"guichet/travel"
)

const module = "guichet"

// words are the packages that say what is exchanged, each with the words it
// may use: hs <- codes <- trade, hs <- guichet <- trade, guichet <- travel, and mark and
// wording <- guichet, never back. "." is the root.
var words = map[string][]string{
	".":       {"hs", "mark", "wording"},
	"codes":   {"hs"},
	"hs":      {},
	"mark":    {},
	"trade":   {".", "codes", "hs", "mark", "wording"},
	"travel":  {"."},
	"wording": {},
}

// rooms are what stands under internal. A new room is added here and in
// docs/design/layout.md in the same change.
var rooms = []string{
	"agreement", "circle", "desk", "disclosure", "federation", "gate", "guichettest", "harmonise",
	"ingest", "journal", "mirror", "node", "portal", "seal", "search", "store", "synth",
}

// rules are the rooms that judge. They are pure: what they say depends on
// what they were given, and on nothing else.
var rules = []string{"agreement", "disclosure", "harmonise", "mirror", "search"}

// doors says which room a foreign library comes in by: one, but for YAML, which
// people write for two rooms. A path stands for itself and all below it.
var doors = map[string][]string{
	"database/sql":                         {"store"},
	"github.com/apache/arrow-go":           {"store"},
	"github.com/apache/iceberg-go":         {"store"},
	"github.com/duckdb":                    {"store"},
	"github.com/uptrace/bun":               {"store"},
	"github.com/mattn/go-sqlite3":          {"store"},
	"modernc.org/sqlite":                   {"store"},
	"go.yaml.in/yaml":                      {"ingest", "circle"},
	"gopkg.in/yaml.v3":                     {"ingest"},
	"github.com/goccy/go-yaml":             {"ingest"},
	"github.com/theupdateframework/go-tuf": {"circle"},
	"github.com/secure-systems-lab":        {"circle"},
	"github.com/transparency-dev":          {"journal"},
	"golang.org/x/mod/sumdb":               {"journal"},
	"github.com/dunglas/httpsfv":           {"seal"},
	"filippo.io/age":                       {"seal"},
	"github.com/xuri/excelize":             {"portal"},
	"html/template":                        {"portal"},
	"github.com/prometheus":                {"node"},
	"go.opentelemetry.io":                  {"node"},
	"github.com/coreos/go-oidc":            {"portal"},
	"golang.org/x/oauth2":                  {"portal"},
}

const (
	// A package of words is read in one sitting. At the ceiling something
	// leaves before something enters.
	maxWordFiles = 15
	maxWordLines = 1500
)

// impureImports may stand in no package of words or rules: they reach the
// disk, the network, the process, chance, or past the types. A path stands
// for itself and all below it.
var impureImports = []string{
	"crypto/rand", "database", "log", "math/rand", "net", "os", "path/filepath", "plugin", "runtime", "syscall", "testing", "unsafe",
}

// impureCalls read the clock, wait, or write to the process's own output.
var impureCalls = map[string][]string{
	"time": {"After", "AfterFunc", "NewTicker", "NewTimer", "Now", "Since", "Sleep", "Tick", "Until"},
	"fmt":  {"Print", "Printf", "Println", "Scan", "Scanf", "Scanln"},
}

// TestOnlyNodeKnowsTheRooms holds the one rule of the layout: a room imports
// the words and what stands under itself, and no other room. Only node sees
// them all; the command sees node. A test obeys it too, but may use
// guichettest; the tests of the command and of the root may start a node.
//
// It reads the files, not the built packages: a build tag hides nothing.
func TestOnlyNodeKnowsTheRooms(t *testing.T) {
	for _, f := range readHouse(t) {
		if f.room == "node" {
			continue
		}
		for _, imp := range f.imports {
			to := roomOf(imp)
			switch {
			case to == "" || to == f.room:
			case f.test && to == "guichettest":
			case to == "node" && strings.HasPrefix(f.dir, "cmd/"):
			case to == "node" && f.test && f.dir == ".":
			default:
				t.Errorf("%s imports the room %q; say it with the words, or let node pass it in", f.path, to)
			}
		}
	}
}

// TestThePlanIsWrittenDown refuses a folder that the plan does not name, and
// a plan that the paper for readers does not show.
func TestThePlanIsWrittenDown(t *testing.T) {
	paper, err := os.ReadFile("docs/design/layout.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, room := range rooms {
		if !strings.Contains(string(paper), " "+room+"/ ") {
			t.Errorf("docs/design/layout.md does not name the room %s/", room)
		}
	}
	for _, rule := range rules {
		if !slices.Contains(rooms, rule) {
			t.Errorf("the rule %q is no room", rule)
		}
	}
	for _, f := range readHouse(t) {
		_, isWords := words[f.dir]
		top, below, _ := strings.Cut(f.dir, "/")
		switch {
		case isWords, top == "cmd" && below != "":
		case f.room == "":
			t.Errorf("%s: %q is neither words, nor a command, nor a room", f.path, f.dir)
		case !slices.Contains(rooms, f.room):
			t.Errorf("%s: room %q is not on the plan", f.path, f.room)
		}
	}
}

// TestWordsPointOneWay holds the arrows among the words, and keeps every
// foreign library out of them. A test of words may use a library for testing.
func TestWordsPointOneWay(t *testing.T) {
	for _, f := range readHouse(t) {
		may, isWords := words[f.dir]
		if !isWords || f.test {
			continue
		}
		for _, imp := range f.imports {
			to, ours := wordsOf(imp)
			switch {
			case ours && !slices.Contains(may, to):
				t.Errorf("%s imports %s; the words of %s may use only %v", f.path, imp, f.dir, may)
			case !ours && isForeign(imp):
				t.Errorf("%s imports %s; words use the standard library alone", f.path, imp)
			}
		}
	}
}

// TestWordsStayUnderTheCeiling counts files and lines of code; comments and
// blank lines are free.
func TestWordsStayUnderTheCeiling(t *testing.T) {
	files, lines := map[string]int{}, map[string]int{}
	for _, f := range readHouse(t) {
		if _, isWords := words[f.dir]; isWords && !f.test {
			files[f.dir]++
			lines[f.dir] += f.codeLines()
		}
	}
	for dir := range words {
		if files[dir] > maxWordFiles {
			t.Errorf("words %q hold %d files, more than %d: something must leave", dir, files[dir], maxWordFiles)
		}
		if lines[dir] > maxWordLines {
			t.Errorf("words %q hold %d lines of code, more than %d: something must leave", dir, lines[dir], maxWordLines)
		}
	}
}

// TestWordsAndRulesArePure refuses disk, network, clock, chance and goroutines
// where figures are judged, and foreign libraries in the rules. It reads
// imports and calls by name; a value handed in may still do I/O, and that it
// does not see.
func TestWordsAndRulesArePure(t *testing.T) {
	for _, f := range readHouse(t) {
		_, isWords := words[f.dir]
		isRule := slices.Contains(rules, f.room)
		if f.test || !isWords && !isRule {
			continue
		}
		for _, imp := range f.imports {
			if slices.ContainsFunc(impureImports, func(bad string) bool { return isUnder(imp, bad) }) {
				t.Errorf("%s imports %s; words and rules do no I/O, know no clock and no chance", f.path, imp)
			}
			if isRule && isForeign(imp) {
				t.Errorf("%s imports %s; a rule uses the words and the standard library", f.path, imp)
			}
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s: a goroutine; words and rules are plain functions", f.set.Position(n.Pos()))
			case *ast.SelectorExpr:
				pkg, ok := n.X.(*ast.Ident)
				if ok && slices.Contains(impureCalls[pkg.Name], n.Sel.Name) {
					t.Errorf("%s: %s.%s; let the caller say it", f.set.Position(n.Pos()), pkg.Name, n.Sel.Name)
				}
			}
			return true
		})
	}
}

// TestForeignLibrariesHaveOneDoor keeps each of them replaceable: it is named
// in one room, by tests as by code.
func TestForeignLibrariesHaveOneDoor(t *testing.T) {
	for _, f := range readHouse(t) {
		for _, imp := range f.imports {
			for library, open := range doors {
				if isUnder(imp, library) && !slices.Contains(open, f.room) {
					t.Errorf("%s imports %s; its door is %s", f.path, imp, strings.Join(open, " or "))
				}
			}
		}
	}
}

// general are the rooms that know datasets by their description alone.
var general = []string{"agreement", "desk", "federation", "store"}

// TestNoDatasetIsKnownByName: what decides, answers, carries and keeps knows no
// dataset. It imports no package that describes one, and writes no name that is
// one's own: of a field, a classification, a level, a measure, the dataset itself.
// Names that all datasets share, and words that mean something else besides
// ("public", "month"), are not looked for.
func TestNoDatasetIsKnownByName(t *testing.T) {
	shared := map[string]bool{}
	own := map[string]string{}
	all := []*guichet.Dataset{trade.Dataset(), travel.Dataset()}
	names := func(d *guichet.Dataset) []string {
		out := []string{d.Name}
		for _, f := range d.Fields {
			out = append(out, f.Name)
		}
		for _, x := range d.Derived {
			out = append(out, x.Name)
		}
		for _, c := range d.Classifications {
			out = append(out, c.Name)
			for _, l := range c.Levels {
				out = append(out, l.Name)
			}
		}
		return out
	}
	for i, d := range all {
		for _, name := range names(d) {
			other := all[1-i]
			shared[name] = shared[name] || slices.Contains(names(other), name)
			own[name] = d.Name
		}
	}
	// Words of the rooms themselves: an agreement is between parties and has its
	// text; ODRL has duties; a journal and a file have a code, a list, an edition, a level, a line.
	besides := []string{"code", "list", "edition", "level", "value", "released", "unit", "accepted", "national", "coverage", "duty"}
	for _, f := range readHouse(t) {
		if f.test || !slices.Contains(general, f.room) || f.dir == "internal/store/bare" {
			continue
		}
		for _, imp := range f.imports {
			if imp == "guichet/trade" || imp == "guichet/travel" || imp == "guichet/hs" {
				t.Errorf("%s imports %s; it must know datasets by their description alone", f.path, imp)
			}
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Error(err)
			}
			if of, known := own[text]; known && !shared[text] && !slices.Contains(besides, text) {
				t.Errorf("%s: %q is a name of the dataset %s", f.set.Position(lit.Pos()), text, of)
			}
			return true
		})
	}
}

// goFile is one file of the house.
type goFile struct {
	path    string // from the root, with slashes
	dir     string // its folder, "." for the root
	room    string // the room it stands in, "" for words and commands
	test    bool
	imports []string
	source  []byte
	set     *token.FileSet
	syntax  *ast.File
}

// readHouse parses every Go file of the module. Folders that hold a module of
// their own, test data or hidden things are not the house.
func readHouse(t *testing.T) []goFile {
	t.Helper()
	var house []goFile
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if d.IsDir() {
			if name != "." && isOutside(name) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		f, err := readGoFile(name)
		house = append(house, f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(house) == 0 {
		t.Fatal("no Go file found: this test must run in the root of the module")
	}
	return house
}

func isOutside(dir string) bool {
	base := path.Base(dir)
	if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" {
		return true
	}
	_, err := os.Stat(path.Join(dir, "go.mod"))
	return err == nil
}

func readGoFile(name string) (goFile, error) {
	f := goFile{
		path: name,
		dir:  path.Dir(name),
		test: strings.HasSuffix(name, "_test.go"),
		set:  token.NewFileSet(),
	}
	f.room = roomOf(path.Join(module, f.dir))
	var err error
	if f.source, err = os.ReadFile(name); err != nil {
		return f, err
	}
	if f.syntax, err = parser.ParseFile(f.set, name, f.source, parser.SkipObjectResolution); err != nil {
		return f, err
	}
	for _, spec := range f.syntax.Imports {
		imp, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return f, err
		}
		f.imports = append(f.imports, imp)
	}
	return f, nil
}

// codeLines counts the lines on which something other than a comment stands.
func (f goFile) codeLines() int {
	var s scanner.Scanner
	set := token.NewFileSet()
	file := set.AddFile(f.path, set.Base(), len(f.source))
	s.Init(file, f.source, nil, 0)
	lines := map[int]bool{}
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return len(lines)
		}
		if tok == token.SEMICOLON && lit == "\n" {
			continue
		}
		first := file.Line(pos)
		for i := range 1 + strings.Count(lit, "\n") {
			lines[first+i] = true
		}
	}
}

// roomOf returns the room that a package stands in, "" for words and commands.
func roomOf(pkg string) string {
	inside, ok := strings.CutPrefix(pkg, module+"/internal/")
	if !ok {
		return ""
	}
	room, _, _ := strings.Cut(inside, "/")
	return room
}

// wordsOf returns the folder of an import of our own module.
func wordsOf(imp string) (dir string, ours bool) {
	if imp == module {
		return ".", true
	}
	return strings.CutPrefix(imp, module+"/")
}

// isForeign reports whether an import is neither ours nor the standard
// library's: only other people's modules have a dot in their first element.
func isForeign(imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	return strings.Contains(first, ".")
}

func isUnder(imp, root string) bool {
	return imp == root || strings.HasPrefix(imp, root+"/")
}
