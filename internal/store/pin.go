package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"guichet"
)

// pinPrefix begins the name of a folder that holds a home as it was at one moment,
// for as long as the process of that number copies it.
const pinPrefix = "pin-"

// Pin holds the home as it is now, for a copy, in a folder of the staging that it
// returns: the register is copied by SQLite, of a state between two transactions;
// tables, originals, lines put aside and labels get a second name there. None of
// those files is ever changed in its place, so that they stay what they were,
// whatever is taken in or joined meanwhile. The right to write is held only while
// names are given; questions are answered all the time.
//
// before is called with the folder before the register is copied. The folder is to
// be removed; where the process is killed, the next writer removes it. KindBusy
// when another process keeps the right to write, KindFull when the disk is full,
// KindInvalid where the disk gives no second names.
func (s *Store) Pin(ctx context.Context, before func(dir string) error) (dir string, err error) {
	w, err := s.Write(ctx)
	if err != nil {
		return "", err
	}
	defer w.Close()
	dir = filepath.Join(s.home.Path, dirStaging, pinPrefix+strconv.Itoa(os.Getpid()))
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700)); err != nil {
		return "", pinFault(err)
	}
	if err = before(dir); err == nil {
		err = s.pinFiles(ctx, dir)
	}
	if err != nil {
		return "", errors.Join(pinFault(err), os.RemoveAll(dir))
	}
	return dir, nil
}

func pinFault(err error) error {
	switch {
	case isFull(err):
		return &guichet.Error{Kind: guichet.KindFull, Message: "the disk of the home is full: its register cannot be copied", Hint: "free some space beside the home", Err: err}
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EXDEV), errors.Is(err, unix.EMLINK):
		return &guichet.Error{Kind: guichet.KindInvalid, Message: "the disk of the home gives files no second name (hard links), by which they are held while they are copied", Hint: "stop the node and copy the folder", Err: err}
	}
	return err
}

func (s *Store) pinFiles(ctx context.Context, dir string) error {
	if _, err := s.db.ExecContext(ctx, `VACUUM INTO ?`, filepath.Join(dir, homeDB)); err != nil {
		return fmt.Errorf("copy the register: %w", err)
	}
	if err := os.Link(filepath.Join(s.home.Path, homePaper), filepath.Join(dir, homePaper)); err != nil {
		return fmt.Errorf("pin: %w", err)
	}
	for _, d := range []string{dirTables, dirOriginals, dirRejects, dirLabels} {
		if err := linkTree(filepath.Join(s.home.Path, d), filepath.Join(dir, d)); err != nil {
			return err
		}
	}
	return nil
}

// linkTree gives every file below a folder a second name below another.
func linkTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("pin: %w", err)
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return fmt.Errorf("pin: %w", err)
		}
		if e.IsDir() {
			err = os.Mkdir(filepath.Join(to, rel), 0o700)
		} else if e.Type().IsRegular() {
			err = os.Link(path, filepath.Join(to, rel)) //nolint:gosec // our own home, which others cannot write to
		}
		if err != nil {
			return fmt.Errorf("pin: %w", err)
		}
		return nil
	})
}

// pinned says whether an entry of the staging is a home that a process holds.
func pinned(name string) bool {
	pid, ok := strings.CutPrefix(name, pinPrefix)
	return ok && runs(pid)
}

// HomeParts are the names in a home that Pin holds, and those that are of one
// process or one machine and belong in no copy.
func HomeParts() (pinned, never []string) {
	return []string{homePaper, homeDB, dirTables, dirOriginals, dirRejects, dirLabels},
		[]string{homeLock, homeDB + "-wal", homeDB + "-shm", homeDB + "-journal", dirStaging, dirReading}
}

// Furnish makes the folders of a home that are not there: an archive of files
// carries none that is empty.
func Furnish(path string) error {
	for _, d := range homeDirs() {
		if err := mkdirDurably(filepath.Join(path, d)); err != nil {
			return err
		}
	}
	return nil
}
