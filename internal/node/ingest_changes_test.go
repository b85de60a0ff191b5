package node_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/node"
)

// TestFileThatChangesWhileItIsCopied: of a file that is still being written the
// copy holds a part; it is refused and nothing is kept.
func TestFileThatChangesWhileItIsCopied(t *testing.T) {
	h := newHouse(t, "NZ")
	for name, change := range map[string]func(path string) error{
		"grows":           func(path string) error { return os.WriteFile(path, []byte("month,hs,value\n2024-01,01,1\n"), 0o600) },
		"is written over": func(path string) error { return os.Chtimes(path, time.Unix(1, 0), time.Unix(1, 0)) },
		"is replaced":     func(path string) error { return replace(path) },
		"goes":            os.Remove,
	} {
		path := filepath.Join(t.TempDir(), "x.csv")
		if err := os.WriteFile(path, []byte("month,hs,value\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := h.Ingest(t.Context(), node.IngestRequest{File: path, Progress: func(stage string, done, _ int64) {
			if stage == "copying" && done == 1 {
				if err := change(path); err != nil {
					t.Error(err)
				}
			}
		}})
		if guichet.KindOf(err) != guichet.KindInvalid || !strings.Contains(err.Error(), path+" changed while it was copied") {
			t.Errorf("a file that %s: %v", name, err)
		}
	}
}

// replace puts another file of the same size and time in a file's place.
func replace(path string) error {
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", make([]byte, st.Size()), 0o600); err != nil {
		return err
	}
	if err := os.Chtimes(path+".new", st.ModTime(), st.ModTime()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
