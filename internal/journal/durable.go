package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"guichet"
)

const (
	dirMode  = 0o750
	fileMode = 0o600
)

// writeDurably puts a file in its place: written beside it, synced, renamed, and
// the folder synced. After a power cut there is the old content or the new.
func writeDurably(name string, content []byte) error {
	dir := filepath.Dir(name)
	if err := mkdirDurably(dir); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, filepath.Base(name)+".new*")
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(name), err)
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err2 := f.Close(); err == nil {
		err = err2
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("write %s: %w", filepath.Base(name), err)
	}
	return syncPath(dir)
}

// mkdirDurably creates a folder and the missing ones above it, and syncs the
// folder in which each new entry stands.
func mkdirDurably(dir string) error {
	if st, err := os.Stat(dir); err == nil && st.IsDir() {
		return nil
	}
	if parent := filepath.Dir(dir); parent != dir {
		if err := mkdirDurably(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, dirMode); err != nil && !os.IsExist(err) {
		return fmt.Errorf("create folder: %w", err)
	}
	return syncPath(filepath.Dir(dir))
}

func syncPath(name string) error {
	f, err := os.Open(name) //nolint:gosec // folders of the journal
	if err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	defer func() { _ = f.Close() }()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", name, err)
	}
	return nil
}

// readSmall reads a file that ought to be small; KindInvalid when it is not.
func readSmall(name string, limit int64) ([]byte, error) {
	st, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	if st.Size() > limit {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s has %d bytes, more than %d", filepath.Base(name), st.Size(), limit)
	}
	b, err := os.ReadFile(name) //nolint:gosec // files of the journal
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	return b, nil
}

// lockDir takes the right to write to a journal. The lock falls with the process,
// however it ends; KindBusy names who holds it.
func lockDir(dir string, now time.Time) (*os.File, error) {
	name := filepath.Join(dir, fileLock)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, fileMode) //nolint:gosec // inside the journal
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		who, _ := os.ReadFile(name) //nolint:gosec // inside the journal
		_ = f.Close()
		return nil, guichet.Errorf(guichet.KindBusy, "the journal in %s is held by another process (%s)", dir, strings.TrimSpace(string(who))).
			WithHint("the node that runs there keeps it; ask it through its socket, or stop it first")
	}
	// Told to people alone; the lock holds without it.
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt([]byte("process "+strconv.Itoa(os.Getpid())+" since "+now.UTC().Format(time.RFC3339)+"\n"), 0)
	}
	return f, nil
}

// isFull says whether an error means that there is no space: of the disk, of a
// quota, or of the largest file that is allowed.
func isFull(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EFBIG)
}

// fault turns an error of writing into one for people. Tessera drops the cause
// of some of its errors, and errors are not told by their text: whether the disk
// is full is then found out by writing to it.
func fault(dir string, err error) error {
	if isFull(err) || isFull(probe(dir)) {
		return &guichet.Error{Kind: guichet.KindFull, Message: "the disk under the journal is full; nothing was written", Hint: "free space on the disk of " + dir + ", then restart the node: it answers nobody until the journal can write", Err: err}
	}
	return &guichet.Error{Kind: guichet.KindBusy, Message: "the journal cannot write", Hint: "look at the disk of " + dir + ", then restart the node: it answers nobody until the journal can write", Err: err}
}

// probe writes as much as a large batch needs, and takes it away again.
func probe(dir string) error {
	const size = 1 << 20
	f, err := os.CreateTemp(dir, "probe*")
	if err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(make([]byte, size))
	if err == nil {
		err = f.Sync()
	}
	if err2 := f.Close(); err == nil {
		err = err2
	}
	if err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	return nil
}
