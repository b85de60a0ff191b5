package main_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	guichet "guichet/cmd/guichet"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"guichet": guichet.Main})
}

// TestScripts runs the behaviours of the binary: one script each in
// testdata/script, headed by what it settles. Beside testscript's own there is
// a command, "exits N COMMAND", and a condition, [data], for scripts that read
// the real files in $GUICHET_DATA.
func TestScripts(t *testing.T) {
	data := dataFolder()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "..", "testdata", "script"),
		RequireExplicitExec: false,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GUICHET_DATA", data)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
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
