package federation_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// verifier runs tools/verify_protocol.py, which shares no code with ours.
func verifier(t *testing.T, args ...string) (string, error) {
	t.Helper()
	python := os.Getenv("GUICHET_PROTOCOL_PYTHON")
	if python == "" {
		const missing = "GUICHET_PROTOCOL_PYTHON is not set; `make test` installs it, as tools/protocol.sh says"
		if os.Getenv("CI") == "true" {
			t.Fatal("CI must check the protocol's vectors with another program: " + missing)
		}
		t.Skip(missing)
	}
	out, err := exec.CommandContext(t.Context(), python, append([]string{filepath.Join("..", "..", "tools", "verify_protocol.py")}, args...)...).CombinedOutput()
	return string(out), err
}

// TestAnotherProgramVerifiesTheVectors: all that stand in docs/protocol/vectors
// hold for a verifier in another language, and none does when any of its values
// is altered.
func TestAnotherProgramVerifiesTheVectors(t *testing.T) {
	out, err := verifier(t, "--altered", filepath.Join("..", "..", "docs", "protocol", "vectors"))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, file := range []string{"exchange.json", "letters.json", "receipt.json", "records.json", "renewal.json", "signatures.json"} {
		if strings.Count(out, file+": ") != 2 {
			t.Errorf("%s was not checked:\n%s", file, out)
		}
	}
}

// TestTheOtherProgramSeesWhatWasAltered: by a file, not by its own word; and a
// file that is missing or that nobody checks.
func TestTheOtherProgramSeesWhatWasAltered(t *testing.T) {
	for name, change := range map[string]func(dir string) error{
		"a question":        replaceIn("exchange.json", `\"officer\":\"0123456789abcdef\"`, `\"officer\":\"0123456789abcdee\"`),
		"a chain":           replaceIn("records.json", `"chain_start": "`, `"chain_start": "0`),
		"a signature":       replaceIn("signatures.json", `created=1795262400`, `created=1795262401`),
		"a letter":          replaceIn("letters.json", `\"after\":2`, `\"after\":3`),
		"a list":            replaceIn("letters.json", `\"may_redistribute\":true`, `\"may_redistribute\":false`),
		"a renewal":         replaceIn("renewal.json", `\"have\":2`, `\"have\":1`),
		"a receipt":         replaceIn("receipt.json", `index 0\n`, `index 1\n`),
		"something refused": replaceIn("records.json", `"refused": [`, `"refused": [{"name": "none", "body": "AAAA"}, {"name": "whole", "body": ""},`),
		"no file":           func(dir string) error { return os.Remove(filepath.Join(dir, "records.json")) },
		"another file":      func(dir string) error { return os.WriteFile(filepath.Join(dir, "more.json"), []byte("{}"), 0o600) },
	} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "docs", "protocol", "vectors"))); err != nil {
			t.Fatal(err)
		}
		if out, err := verifier(t, dir); err != nil {
			t.Fatalf("before anything is altered: %v\n%s", err, out)
		}
		if err := change(dir); err != nil {
			t.Fatal(err)
		}
		if name == "something refused" {
			if err := replaceIn("records.json", `"body": ""}`, `"body": `+streamIn(t, dir)+`}`)(dir); err != nil {
				t.Fatal(err)
			}
		}
		if out, err := verifier(t, dir); err == nil {
			t.Errorf("%s: the other program sees nothing:\n%s", name, out)
		}
	}
}

// replaceIn alters a file of vectors once, and fails where there is nothing to.
func replaceIn(file, old, with string) func(string) error {
	return func(dir string) error {
		path := filepath.Join(dir, file)
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if !strings.Contains(string(text), old) {
			return os.ErrNotExist
		}
		return os.WriteFile(path, []byte(strings.Replace(string(text), old, with, 1)), 0o600)
	}
}

// streamIn is the stream that holds, as the file has it: among those to be
// refused it must be noticed.
func streamIn(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "records.json"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), `"stream": `)
	stream, _, found := strings.Cut(rest, ",\n")
	if !found {
		t.Fatal("records.json holds no stream")
	}
	return stream
}
