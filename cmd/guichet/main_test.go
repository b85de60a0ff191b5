package main_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	guichet "guichet/cmd/guichet"

	"guichet/internal/guichettest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"guichet": guichet.Main})
}

// TestScripts runs the behaviours of the binary: one script each in
// testdata/script, headed by what it settles. Beside testscript's own there are
// commands, each told where it stands below, and a condition, [data], for
// scripts that read the real files in $GUICHET_DATA.
func TestScripts(t *testing.T) {
	data := dataFolder()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "..", "testdata", "script"),
		RequireExplicitExec: false,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GUICHET_DATA", data)
			env.Values[testOfScript{}] = t
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "port": port, "answers": answers, "keeps": keeps, "replace": replace, "opens": opens,
		},
		Condition: func(cond string) (bool, error) {
			if cond != "data" {
				return false, errors.New("unknown condition")
			}
			if data == "" && os.Getenv("CI") == "true" {
				return false, errors.New("CI needs the data folder: set GUICHET_DATA")
			}
			return data != "", nil
		},
	})
}

// testOfScript is under what a script finds its test.
type testOfScript struct{}

// exits runs a command and compares its exit code: exits 3 guichet ...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N COMMAND ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("run %s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("%v ended with exit code %d, want %d", args[1:], got, want)
	}
}

// port finds a port of this machine that nobody listens at: port VARIABLE.
func port(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: port VARIABLE")
	}
	tb, ok := ts.Value(testOfScript{}).(testing.TB)
	if !ok {
		ts.Fatalf("the script does not know its test")
	}
	_, number, err := net.SplitHostPort(guichettest.FreeAddr(tb))
	ts.Check(err)
	ts.Setenv(args[0], number)
}

// answers waits until a node that was started in the background takes questions:
// answers HOST:PORT. That it says so itself is seen once it has ended.
func answers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: answers HOST:PORT")
	}
	const most = guichettest.Patience
	for end := time.Now().Add(most); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", args[0], time.Second)
		if err == nil {
			ts.Check(conn.Close())
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("nobody answers at %s after %s: %v", args[0], most, err)
		}
	}
}

// opens waits until a file names an address for browsers, opens it, and looks for a
// text on the page: opens FILE TEXT.
func opens(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: opens FILE TEXT")
	}
	const most = guichettest.Patience
	address := regexp.MustCompile(`http://127\.0\.0\.1:[0-9]+/`)
	for end := time.Now().Add(most); ; time.Sleep(50 * time.Millisecond) {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		if at := address.Find(text); err == nil && at != nil {
			resp, err := http.Get(string(at))
			ts.Check(err)
			page, err := io.ReadAll(resp.Body)
			ts.Check(errors.Join(err, resp.Body.Close()))
			if resp.StatusCode != http.StatusOK || !strings.Contains(string(page), args[1]) {
				ts.Fatalf("%s: %s, without %q\n%s", at, resp.Status, args[1], page)
			}
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s names no address after %s: %s", args[0], most, text)
		}
	}
}

// keeps puts the first group of the first match in the last standard output into
// a variable: keeps VARIABLE PATTERN.
func keeps(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: keeps VARIABLE PATTERN")
	}
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	found := pattern.FindStringSubmatch(ts.ReadFile("stdout"))
	if len(found) < 2 {
		ts.Fatalf("no %s in the standard output", args[1])
	}
	ts.Setenv(args[0], found[1])
}

// replace changes every OLD to NEW in the files of a pattern, each of which must
// hold it: replace FILES OLD NEW.
func replace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace FILES OLD NEW")
	}
	files, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(files) == 0 {
		ts.Fatalf("there is no %s", args[0])
	}
	for _, name := range files {
		text := ts.ReadFile(name)
		if !strings.Contains(text, args[1]) {
			ts.Fatalf("%s does not hold %q", name, args[1])
		}
		ts.Check(os.WriteFile(name, []byte(strings.ReplaceAll(text, args[1], args[2])), 0o600))
	}
}

// dataFolder returns the folder of real files, "" when it is not there.
func dataFolder() string {
	dir := os.Getenv("GUICHET_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	if _, err := os.Stat(abs); err != nil {
		return ""
	}
	return abs
}
