package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"guichet"
	"guichet/internal/journal"
	"guichet/internal/node/archive"
	"guichet/internal/portal/signin"
	"guichet/internal/store"
)

// BackupRequest asks for a copy of a whole home in one file.
type BackupRequest struct {
	Out         string // a file that is not there yet
	WithoutKeys bool   // leave the key files out; they are encrypted as they are
	Progress    guichet.Progress
}

// BackupResult says what was backed up, or restored.
type BackupResult struct {
	File    string    `json:"file"`
	Digest  string    `json:"digest"` // of the whole: kept elsewhere, it proves that a copy is this one
	Member  string    `json:"member"`
	Made    time.Time `json:"made"`
	Files   int64     `json:"files"`
	Bytes   int64     `json:"bytes"` // of the files
	Keys    bool      `json:"keys"`
	Circles []string  `json:"circles"`
	// Pages: what the pages for people need to sign people in is in it. No session is.
	Pages bool `json:"pages,omitempty"`
}

// Backup writes the whole home into a file: tables, register, originals, lines put
// aside, labels, the circles' papers, journals with their salts and heads, keys. It
// is of one moment, and a node that runs goes on answering. The file is there
// whole, or not at all. KindBusy while another process takes something in,
// KindFull when a disk is full.
func (n *Node) Backup(ctx context.Context, req BackupRequest) (BackupResult, error) {
	if req.Progress == nil {
		req.Progress = func(string, int64, int64) {}
	}
	out, err := n.newOutside(req.Out)
	if err != nil {
		return BackupResult{}, err
	}
	var res BackupResult
	err = wholeFile(out, func(f *os.File) error {
		req.Progress("pinning", 0, 0)
		dir, err := n.store.Pin(ctx, func(dir string) error { return n.pinRest(ctx, dir, req.WithoutKeys) })
		if err != nil {
			return err
		}
		err = func() error {
			res, err = n.pack(ctx, f, dir, req)
			return err
		}()
		return errors.Join(err, os.RemoveAll(dir))
	})
	res.File = req.Out
	return res, err
}

// newOutside is the absolute path of a file that is not there and not in the home.
func (n *Node) newOutside(name string) (string, error) {
	abs, err := filepath.Abs(name)
	if err != nil || name == "" {
		return "", guichet.Errorf(guichet.KindInvalid, "a backup needs the name of a file").WithHint("say it with --out")
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(abs))
	if err != nil {
		return "", guichet.Errorf(guichet.KindNotFound, "there is no folder %s", filepath.Dir(name)).WithHint("make it first")
	}
	home, err := filepath.EvalSymlinks(n.Home().Path)
	if err != nil {
		return "", fmt.Errorf("home: %w", err)
	}
	if rel, err := filepath.Rel(home, dir); err == nil && filepath.IsLocal(rel) {
		return "", guichet.Errorf(guichet.KindInvalid, "%s is in the home that is backed up", name).WithHint("name a file elsewhere, best on another disk")
	}
	if _, err := os.Lstat(abs); err == nil {
		return "", thereAlready(name)
	}
	return abs, nil
}

func thereAlready(name string) error {
	return guichet.Errorf(guichet.KindInvalid, "%s is there already", name).WithHint("name another file: a backup never replaces one")
}

// wholeFile makes a file that is there whole or not at all: written beside its
// place under a name of its own, synced, then renamed without replacing anything.
// What a killed process left of it is written over.
func wholeFile(name string, write func(*os.File) error) error {
	part := name + ".part"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW, 0o600) //nolint:gosec // the operator names it
	if err != nil {
		return backupFault(fmt.Errorf("write %s: %w", part, err))
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return errors.Join(guichet.Errorf(guichet.KindBusy, "another guichet writes %s", part).WithHint("wait until it has ended, or name another file"), f.Close())
	}
	err = f.Truncate(0)
	if err == nil {
		err = write(f)
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = renameNew(part, name)
	}
	if err != nil {
		_ = os.Remove(part)
	}
	return backupFault(errors.Join(err, f.Close()))
}

// renameNew renames, and never over something.
func renameNew(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) { // a disk that does not know how: look, then rename
		if _, err2 := os.Lstat(to); err2 == nil {
			return thereAlready(to)
		}
		err = os.Rename(from, to)
	}
	if errors.Is(err, fs.ErrExist) {
		return thereAlready(to)
	}
	if err != nil {
		return fmt.Errorf("move into place: %w", err)
	}
	return syncDir(filepath.Dir(to))
}

func syncDir(dir string) error {
	f, err := os.Open(dir) //nolint:gosec // the operator names it
	if err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	return errors.Join(f.Sync(), f.Close())
}

// backupFault says in words that the disk of the backup is full.
func backupFault(err error) error {
	if guichet.KindOf(err) != guichet.KindFull && (errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EFBIG)) {
		return &guichet.Error{Kind: guichet.KindFull, Message: "the disk is full; nothing was left on it", Hint: "free some space, or name a file on another disk", Err: err}
	}
	return err
}

// pinRest puts into the folder of a pinned home what the store does not know:
// journals first, so that the register, which is copied after them, knows of every
// answer that a leaf tells of; then all that lies in the home beside, the keys
// only if they are wanted.
func (n *Node) pinRest(ctx context.Context, dir string, withoutKeys bool) error {
	home := n.Home().Path
	entries, err := os.ReadDir(home)
	if err != nil {
		return fmt.Errorf("home: %w", err)
	}
	if err := n.pinJournals(ctx, dir); err != nil {
		return err
	}
	pinned, never := store.HomeParts()
	leave := slices.Concat(pinned, never, []string{dirRun, dirJournals, dirPortal, dirTaking})
	if withoutKeys {
		leave = append(leave, dirKeys)
	}
	for _, e := range entries {
		if slices.Contains(leave, e.Name()) {
			continue
		}
		if err := copySteady(filepath.Join(home, e.Name()), filepath.Join(dir, e.Name()), nil); err != nil {
			return err
		}
	}
	if withoutKeys {
		return nil
	}
	return pinPortal(filepath.Join(home, dirPortal), filepath.Join(dir, dirPortal))
}

// pinPortal puts into a pinned home how people sign in. What makes sessions stays: who
// reads a backup can be nobody at the pages of the node that it is of. The client's
// secret and the secret of pseudonyms are in it, as keys are.
func pinPortal(from, to string) error {
	if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := copySteady(from, to, []string{signin.KeysFile, signin.EndedFile}); err != nil {
		return err
	}
	return signin.PutAside(from, filepath.Join(to, signin.KeysFile))
}

// pinJournals pins the journal of each circle: under its lock where no node runs,
// else by asking the node that has it.
func (n *Node) pinJournals(ctx context.Context, dir string) error {
	names, err := foldersIn(filepath.Join(n.Home().Path, dirJournals))
	if err != nil {
		return err
	}
	for _, name := range names {
		from, to := filepath.Join(n.Home().Path, dirJournals, name), filepath.Join(dir, dirJournals, name)
		if err := os.MkdirAll(to, 0o700); err != nil {
			return fmt.Errorf("pin the journal: %w", err)
		}
		err := journal.PinDir(ctx, from, to, n.cfg.Clock)
		if guichet.KindOf(err) == guichet.KindBusy {
			if r, ok := running(ctx, n.Home().Path, name); ok {
				_, err = call[bool](ctx, r, "pin", pinOrder{Circle: name, Dir: to}, nil)
				err = errors.Join(err, r.Close())
			}
		}
		if err != nil {
			return err
		}
		// What else lies there changes by itself and file by file: what it
		// remembers of others, and salts, of which a last line may be cut.
		if err := copyTree(from, to, journal.Unlinked()); err != nil {
			return err
		}
	}
	return nil
}

// pinOrder asks the node that has a journal to pin it.
type pinOrder struct {
	Circle string `json:"circle"`
	Dir    string `json:"dir"` // in the staging of its own home
}

// pinFor pins our journal for a command that backs the home up.
func (s *Seat) pinFor(ctx context.Context, o pinOrder) (bool, error) {
	rel, err := filepath.Rel(filepath.Join(s.n.Home().Path, "staging"), o.Dir)
	if err != nil || !filepath.IsLocal(rel) || !strings.HasPrefix(rel, "pin-") {
		return false, guichet.Errorf(guichet.KindInvalid, "%s is no folder of this home's staging", o.Dir)
	}
	if o.Circle != s.name {
		return false, guichet.Errorf(guichet.KindBusy, "the journal of %s is held by a process that is not this node (%s)", o.Circle, s.name).WithHint("wait until it has ended")
	}
	return true, s.journal.Pin(ctx, o.Dir)
}

// foldersIn are the names of the folders in a folder; none where it is not there.
func foldersIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("home: %w", err)
	}
	var out []string
	for _, e := range entries {
		if e.IsDir() && e.Name()[0] != '.' {
			out = append(out, e.Name())
		}
	}
	return out, nil
}

// pack writes a pinned home into the file.
func (n *Node) pack(ctx context.Context, f *os.File, dir string, req BackupRequest) (BackupResult, error) {
	h := archive.Head{Member: n.Home().Member, Home: n.store.Home().Version, Program: n.cfg.Version, Made: n.cfg.Clock().UTC().Truncate(time.Second)}
	var err error
	if h.Circles, err = foldersIn(filepath.Join(dir, dirJournals)); err != nil {
		return BackupResult{}, err
	}
	_, err = os.Stat(filepath.Join(dir, dirKeys))
	h.Keys = err == nil
	_, err = os.Stat(filepath.Join(dir, dirPortal))
	pages := err == nil
	if err := eachFile(dir, func(_ string, info fs.FileInfo) error {
		h.Files, h.Bytes = h.Files+1, h.Bytes+info.Size()
		return ctx.Err()
	}); err != nil {
		return BackupResult{}, err
	}
	const perFile = 2048                                                                                 // of the archive, beside the content
	if left, err := free(filepath.Dir(f.Name())); err == nil && left < uint64(h.Bytes+h.Files*perFile) { //nolint:gosec // sizes
		return BackupResult{}, guichet.Errorf(guichet.KindFull, "the backup needs %d MiB, and %d MiB are free there; nothing was written", h.Bytes>>20+1, left>>20).
			WithHint("free some space, or name a file on another disk")
	}
	w, err := archive.NewWriter(f, dir, h)
	if err != nil {
		return BackupResult{}, err
	}
	var done int64
	err = eachFile(dir, func(name string, info fs.FileInfo) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		req.Progress("backing up", done, h.Bytes)
		done += info.Size()
		return addFile(w, filepath.Join(dir, filepath.FromSlash(name)), name, info.Size())
	})
	if err != nil {
		return BackupResult{}, errors.Join(err, w.Abandon())
	}
	digest, err := w.Close()
	req.Progress("backing up", h.Bytes, h.Bytes)
	return BackupResult{Digest: digest, Member: h.Member, Made: h.Made, Files: h.Files, Bytes: h.Bytes, Keys: h.Keys, Circles: append([]string{}, h.Circles...), Pages: pages}, err
}

func addFile(w *archive.Writer, path, name string, size int64) error {
	f, err := os.Open(path) //nolint:gosec // of the pinned home
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	return errors.Join(w.Add(name, f, size), f.Close())
}

// eachFile calls do with every file below a folder, by its slash-separated name, in
// their order.
func eachFile(dir string, do func(name string, info fs.FileInfo) error) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return fmt.Errorf("back up: %w", err)
		}
		info, err := e.Info()
		if err != nil {
			return fmt.Errorf("back up: %w", err)
		}
		return do(filepath.ToSlash(rel), info)
	})
}

// copySteady copies a file or a folder that others may replace meanwhile, file by
// file: until nothing of it has changed while it was copied.
func copySteady(from, to string, leave []string) error {
	const tries = 20
	for range tries {
		before, err := lookOf(from)
		if err != nil {
			return err
		}
		err = errors.Join(os.RemoveAll(to), copyTree(from, to, leave))
		after, err2 := lookOf(from)
		if err == nil && err2 == nil && slices.Equal(before, after) {
			return nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return guichet.Errorf(guichet.KindBusy, "%s changes all the time and cannot be copied", from).WithHint("try again")
}

// lookOf tells one state of a folder from another.
func lookOf(dir string) ([]string, error) {
	var out []string
	err := eachFile(dir, func(name string, info fs.FileInfo) error {
		out = append(out, fmt.Sprint(name, info.Size(), info.ModTime().UnixNano()))
		return nil
	})
	return out, err
}

// copyTree copies a file or a folder, but for entries of its own that are left.
// What is no plain file and no folder is not copied.
func copyTree(from, to string, leave []string) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("copy: %w", err)
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return fmt.Errorf("copy: %w", err)
		}
		switch {
		case slices.Contains(leave, rel):
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case e.IsDir():
			if err := os.MkdirAll(filepath.Join(to, rel), 0o700); err != nil {
				return fmt.Errorf("copy: %w", err)
			}
			return nil
		case !e.Type().IsRegular():
			return nil
		}
		return copyOne(path, filepath.Join(to, rel))
	})
}

func copyOne(from, to string) error {
	src, err := os.Open(from) //nolint:gosec // inside the home
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	defer func() { _ = src.Close() }()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // inside the staging
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	if _, err := io.Copy(dst, src); err != nil {
		return errors.Join(fmt.Errorf("copy: %w", err), dst.Close())
	}
	return dst.Close()
}
