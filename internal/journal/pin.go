package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/transparency-dev/tessera/api/layout"

	"guichet"
)

// Pin gives every file of the log a second name in a folder, and copies the leaves
// that are ahead of it, whose files are written in place: what lies there is the journal at one size, which opens and verifies by itself,
// whatever is appended afterwards. No leaf is written meanwhile: some
// milliseconds, and about a second at ten million leaves.
func (j *Journal) Pin(ctx context.Context, to string) error {
	if err := j.Ready(); err != nil && !j.Ended() {
		return err
	}
	j.pinned.Lock() // held over I/O: what is linked must be of one size
	defer j.pinned.Unlock()
	return pin(ctx, j.cfg.Dir, to)
}

// PinDir is Pin of a journal, with all its logs, that no process has open. KindBusy when one has.
func PinDir(ctx context.Context, dir, to string, clock guichet.Clock) error {
	for number := 1; number <= MaxLogs; number++ {
		from := dirOf(dir, number)
		if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		lock, err := lockDir(from, clock())
		if err != nil {
			return err
		}
		err = pin(ctx, from, dirOf(to, number))
		_ = lock.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// pin links what a log is made of. A checkpoint may be published meanwhile, never
// a leaf: so the checkpoint is taken first and the head, which was written before
// it, last. The index is left out, since it is made anew, and so are the locks.
func pin(ctx context.Context, dir, to string) error {
	log := filepath.Join(dir, dirLog)
	if err := os.MkdirAll(filepath.Join(to, dirLog), 0o700); err != nil {
		return fmt.Errorf("pin the journal: %w", err)
	}
	for i := range (ahead{}).files {
		if err := copyFile(aheadName(dir, i), aheadName(to, i)); err != nil {
			return err
		}
	}
	if err := link(filepath.Join(log, layout.CheckpointPath), filepath.Join(to, dirLog, layout.CheckpointPath)); err != nil {
		return err
	}
	err := filepath.WalkDir(log, func(path string, e fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if errors.Is(err, fs.ErrNotExist) && path != log {
			return nil // a tile that a fuller one has replaced
		}
		if err != nil {
			return fmt.Errorf("pin the journal: %w", err)
		}
		rel, err := filepath.Rel(log, path)
		if err != nil {
			return fmt.Errorf("pin the journal: %w", err)
		}
		target := filepath.Join(to, dirLog, rel)
		switch {
		case e.IsDir():
			err = os.MkdirAll(target, 0o700)
		case rel == layout.CheckpointPath, strings.HasSuffix(rel, ".lock"), !e.Type().IsRegular():
		default:
			return link(path, target)
		}
		if err != nil {
			return fmt.Errorf("pin the journal: %w", err)
		}
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return errors.Join(link(filepath.Join(dir, fileCosigned), filepath.Join(to, fileCosigned)), link(filepath.Join(dir, fileHead), filepath.Join(to, fileHead)))
}

// copyFile copies a small file; one that is not there is left out.
func copyFile(from, to string) error {
	text, err := readSmall(from, aheadSize)
	if err == nil {
		err = os.WriteFile(to, text, fileMode)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("pin the journal: %w", err)
	}
	return nil
}

// link gives a file a second name; one that is not there is left out.
func link(from, to string) error {
	if err := os.Link(from, to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("pin the journal: %w", err)
	}
	return nil
}

// Unlinked are the files of a journal's folder that Pin takes, or that are of one
// process or made anew: whoever copies the folder leaves them to it.
func Unlinked() []string {
	names := []string{fileLock, fileHead, fileCosigned, fileIndex, dirLog, filepath.Base(aheadName("", 0)), filepath.Base(aheadName("", 1))}
	for number := 2; number <= MaxLogs; number++ {
		names = append(names, dirOf("", number))
	}
	return names
}
