package main

import (
	"context"
	"io"
	"strings"
	"time"

	"guichet"
	"guichet/internal/node"
)

// What the tests outside need of the inside.
var (
	Main        = main
	Number      = number
	Percent     = percent
	Size        = size
	Clean       = clean
	CleanLines  = cleanLines
	Harmless    = harmless
	Dangerous   = dangerous
	Width       = width
	Short       = short
	Guard       = guard
	Closest     = closest
	ExitCode    = exitCode
	Faults      = faults
	EnvLang     = envLang
	PhrasesIn   = phrasesIn
	DefaultBy   = defaultBy
	Dataset     = dataset
	AllCommands = commands
)

// JSON types, for the test that each of their fields is documented.
type (
	HomeJSON     = homeJSON
	TakenJSON    = takenJSON
	RejectJSON   = rejectJSON
	ProfileJSON  = profileJSON
	FieldUseJSON = fieldUseJSON
	CheckedJSON  = checkedJSON
	DraftJSON    = draftJSON
	VersionJSON  = versionJSON
	HelpEntry    = helpEntry
	ListJSON     = listJSON
	GroupJSON    = groupJSON
	CodeJSON     = codeJSON
	Problem      = problem
	SynthJSON    = node.SynthManifest
	MembersJSON  = membersJSON
	RecordsJSON  = recordsJSON
)

// Run runs a command line in a world of strings.
func Run(ctx context.Context, stdout, stderr io.Writer, env map[string]string, args ...string) int {
	return run(ctx, args, world{
		stdout: stdout, stderr: stderr, getenv: func(k string) string { return env[k] },
		clock: func() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) },
	})
}

// End tells an error after its context was cancelled, or not, and returns what
// was told and the exit code.
func End(err error, cancelled bool) (words string, code int) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if cancelled {
		cancel()
	}
	var b strings.Builder
	w := newWindow(world{stderr: &b, getenv: func(string) string { return "" }})
	code = w.end(ctx, err)
	return b.String(), code
}

// FlagNames returns the flags that a command declares.
func FlagNames(name string) []string {
	c, _ := commandBy(name)
	f := newFlags(name)
	c.define(f)
	return f.names()
}

// Usage returns the usage of a command in a language.
func Usage(name, lang string) (string, error) {
	w := &window{lang: lang, words: phrasesIn(lang)}
	return w.usageText(name)
}

// Read reads arguments as a command with these flags would: --home, --limit (a
// number), --by (a list), --given (each) and --once (yes or no).
func Read(args ...string) (rest []string, got map[string]any, err error) {
	w := &window{lang: "en", words: phrasesIn("en")}
	f := newFlags("try")
	var limit int
	var by, given []string
	var once bool
	f.atHome()
	f.int(&limit, "limit", 20)
	f.list(&by, "by")
	f.each(&given, "given")
	f.bool(&once, "once")
	rest, err = w.read(f, args)
	return rest, map[string]any{"home": f.home, "limit": limit, "by": by, "given": given, "once": once}, err
}

// Question makes the question of ask from its arguments.
func Question(args ...string) (guichet.Question, error) {
	w := &window{lang: "en", words: phrasesIn("en")}
	var q guichet.Question
	var questionErr error
	f := newFlags("ask")
	o := askFlags(f)
	if _, err := w.read(f, args); err != nil {
		return q, err
	}
	q, questionErr = w.question(dataset(), *o)
	return q, questionErr
}

// Table prints a table.
// Figures prints the rows of an answer in a language.
func Figures(lang string, a guichet.Answer, by ...string) string {
	var b strings.Builder
	win := newWindow(world{stdout: &b, getenv: func(string) string { return "" }})
	win.lang, win.words = lang, phrasesIn(lang)
	win.printFigures(a, by, nil)
	_ = win.out.Flush()
	return b.String()
}

func Table(w io.Writer, heads []string, rows ...[]string) {
	win := newWindow(world{stdout: w, getenv: func(string) string { return "" }})
	t := newTable(heads...)
	for _, r := range rows {
		t.add(r...)
	}
	win.table(t)
	_ = win.out.Flush()
}

// PrintAnswer prints an answer as ask does.
func PrintAnswer(out, words io.Writer, a guichet.Answer, lang, how string) error {
	w := newWindow(world{stdout: out, stderr: words, getenv: func(string) string { return "" }})
	w.lang, w.words, w.json = lang, phrasesIn(lang), how == "json"
	label := func(_ int, code, _ string) string { return "label of " + code }
	if err := w.printAnswer(a, []string{"partner"}, label, how == "csv"); err != nil {
		return err
	}
	return w.out.Flush()
}

// Report tells a work's progress at instants after a start, on a terminal or
// not, and returns what was written.
func Report(w io.Writer, terminal bool, steps ...Step) {
	var now time.Time
	win := newWindow(world{stderr: w, getenv: func(string) string { return "" }, clock: func() time.Time { return now }})
	p := win.progress()
	p.terminal = terminal
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, s := range steps {
		now = start.Add(s.At)
		p.report()(s.Stage, s.Done, s.Total)
	}
	p.end()
}

// Step is one report of progress.
type Step struct {
	At          time.Duration
	Stage       string
	Done, Total int64
}

// CommandName returns the name of a command.
func CommandName(c command) string { return c.name }
