package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"guichet"
)

// Small papers of the node's own: what it listed to whom, what it keeps copies of,
// who is to be told of what. Each is one JSON file that is there as it was, or as
// it is, and never half.

// readPaper reads one; false where there is none.
func readPaper(path string, into any) (bool, error) {
	text, err := os.ReadFile(path) //nolint:gosec // inside the home
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return false, guichet.Errorf(guichet.KindInternal, "%s is damaged: %w", path, err).WithHint("restore it from a backup, or remove it: what it kept is then begun anew")
	}
	return true, nil
}

// writePaper writes one: durable when it returns.
func writePaper(path string, value any) error {
	text, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return durably(path, func(f *os.File) error { _, err := f.Write(append(text, '\n')); return err })
}

// durably makes a file beside its name, syncs it, and gives it its name.
func durably(path string, write func(*os.File) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fullDisk(err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fullDisk(err)
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fullDisk(err)
	}
	return syncDir(filepath.Dir(path))
}

// fullDisk says in words that the disk is full.
func fullDisk(err error) error {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return &guichet.Error{Kind: guichet.KindFull, Message: "the disk is full; what was there before stands", Hint: "free some space beside the home, then do it again: it goes on from there", Err: err}
	}
	return err
}
