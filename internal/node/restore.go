package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"guichet"
	"guichet/internal/journal"
	"guichet/internal/node/archive"
	"guichet/internal/portal/signin"
	"guichet/internal/store"
)

// RestoreRequest asks for a home out of a backup.
type RestoreRequest struct {
	File     string
	Home     string // a folder that is empty or not there
	Digest   string // that the backup must have; "" any
	Progress guichet.Progress
	step     func(string) // told of every step that has ended; nil but in tests
}

// restoring is a backup on its way into its place.
type restoring struct {
	cfg  Config
	req  RestoreRequest
	home string // where it is to stand
	work string // beside it: what is not whole yet
	res  BackupResult
}

// Restore makes a home out of a backup: taken apart beside its place, every file
// held against the manifest, the tables against the register, the journals against
// what was signed; then it is renamed into its place. It is there whole or not at
// all, and never over another. Journals are marked as restored: until the other
// members were asked whether they have seen more, a node does not write there.
// KindInvalid for a backup that was cut or changed, KindHostile for one that
// nobody wrote in good faith, KindFull when the disk is full.
func Restore(ctx context.Context, cfg Config, req RestoreRequest) (BackupResult, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return BackupResult{}, err
	}
	if req.Progress == nil {
		req.Progress = func(string, int64, int64) {}
	}
	if req.step == nil {
		req.step = func(string) {}
	}
	r := &restoring{cfg: cfg, req: req}
	if err := r.place(); err != nil {
		return BackupResult{}, err
	}
	lock, err := r.begin()
	if err != nil {
		return BackupResult{}, restoreFault(err)
	}
	defer func() { _ = lock.Close() }()
	err = r.run(ctx)
	if err2 := os.RemoveAll(r.work); err == nil {
		err = err2
	}
	return r.res, restoreFault(err)
}

// place looks whether a home may stand there.
func (r *restoring) place() error {
	var err error
	if r.home, err = filepath.Abs(r.req.Home); err != nil || r.req.Home == "" {
		return guichet.Errorf(guichet.KindInvalid, "a restore needs the name of a new home").WithHint("say it with --home")
	}
	switch entries, err := os.ReadDir(r.home); {
	case err == nil && len(entries) > 0:
		return guichet.Errorf(guichet.KindInvalid, "%s is not empty; a restore never replaces a home", r.req.Home).WithHint("name a folder that is not there yet; move the old home away first if it is to stand in its place")
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return guichet.Errorf(guichet.KindInvalid, "%s is no folder, or cannot be read", r.req.Home).WithHint("name a folder that is not there yet")
	}
	if st, err := os.Stat(filepath.Dir(r.home)); err != nil || !st.IsDir() {
		return guichet.Errorf(guichet.KindNotFound, "there is no folder %s", filepath.Dir(r.home)).WithHint("make it first")
	}
	r.work = filepath.Join(filepath.Dir(r.home), "."+filepath.Base(r.home)+".restoring")
	return nil
}

// begin makes the folder beside the place, empty: what a killed process left there
// is removed.
func (r *restoring) begin() (*os.File, error) {
	if err := os.Mkdir(r.work, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("restore: %w", err)
	}
	lock, err := os.OpenFile(r.work, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, fmt.Errorf("restore: %w", err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(guichet.Errorf(guichet.KindBusy, "another guichet restores into %s", r.req.Home).WithHint("wait until it has ended"), lock.Close())
	}
	if err := os.RemoveAll(r.inWork()); err != nil {
		return nil, errors.Join(fmt.Errorf("restore: %w", err), lock.Close())
	}
	if err := os.Mkdir(r.inWork(), 0o750); err != nil {
		return nil, errors.Join(fmt.Errorf("restore: %w", err), lock.Close())
	}
	return lock, nil
}

func (r *restoring) inWork() string { return filepath.Join(r.work, "home") }

func restoreFault(err error) error {
	if guichet.KindOf(err) != guichet.KindFull && (errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT)) {
		return &guichet.Error{Kind: guichet.KindFull, Message: "the disk is full; nothing was restored", Hint: "free some space, or restore to another disk", Err: err}
	}
	return err
}

func (r *restoring) run(ctx context.Context) error {
	if err := r.extract(ctx); err != nil {
		return err
	}
	r.req.step("extracted")
	if err := r.furnish(); err != nil {
		return err
	}
	r.req.step("furnished")
	if err := r.verify(ctx); err != nil {
		return err
	}
	r.req.step("verified")
	if err := syncAll(r.work); err != nil {
		return err
	}
	r.req.step("synced")
	if err := os.Remove(r.home); err != nil && !errors.Is(err, fs.ErrNotExist) { // an empty folder
		return fmt.Errorf("restore: %w", err)
	}
	r.req.step("place cleared")
	if err := renameNew(r.inWork(), r.home); err != nil {
		return err
	}
	r.req.step("in place")
	return nil
}

// syncAll makes all that was written to a disk durable.
func syncAll(dir string) error {
	f, err := os.Open(dir) //nolint:gosec // our own
	if err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	if err := unix.Syncfs(int(f.Fd())); err != nil {
		return errors.Join(fmt.Errorf("sync: %w", err), f.Close())
	}
	return f.Close()
}

// extract takes the file apart.
func (r *restoring) extract(ctx context.Context) error {
	if err := plainFile(r.req.File); err != nil {
		return err
	}
	f, err := os.Open(r.req.File)
	if err != nil {
		return guichet.Errorf(guichet.KindInvalid, "%s cannot be read: %w", r.req.File, err)
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if left, err := free(r.work); err == nil && left < uint64(st.Size()) { //nolint:gosec // a size
		return guichet.Errorf(guichet.KindFull, "the home needs %d MiB, and %d MiB are free there; nothing was restored", st.Size()>>20+1, left>>20).
			WithHint("free some space, or restore to another disk")
	}
	root, err := os.OpenRoot(r.inWork())
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	defer func() { _ = root.Close() }()
	h, digest, err := archive.Extract(ctx, f, root, archive.Extraction{Size: st.Size(), Scratch: r.work, Progress: r.req.Progress, Head: r.known})
	if err != nil {
		return err
	}
	if r.req.Digest != "" && r.req.Digest != digest {
		return guichet.Errorf(guichet.KindUntrusted, "the digest of %s is %s, not %s: it is another backup, or was changed; nothing was restored", r.req.File, digest, r.req.Digest).
			WithHint("take the copy that the digest was noted of")
	}
	r.res = BackupResult{File: r.req.File, Digest: digest, Member: h.Member, Made: h.Made, Files: h.Files, Bytes: h.Bytes, Keys: h.Keys, Circles: append([]string{}, h.Circles...)}
	return nil
}

// known says whether this program knows homes of that version.
func (r *restoring) known(h archive.Head) error {
	if h.Home > store.HomeVersion {
		return guichet.Errorf(guichet.KindVersion, "the backup is of a home of version %d; this program knows up to %d", h.Home, store.HomeVersion).WithHint("use a newer guichet")
	}
	return nil
}

// restoredMark is the file in a journal that says that it was put back from a
// copy.
const restoredMark = "restored"

// restored is what it holds.
type restored struct {
	Made   time.Time `json:"made"` // the backup
	At     time.Time `json:"at"`
	Digest string    `json:"digest"` // of the backup
}

// furnish makes what no archive carries: folders that were empty, rights, and the
// mark in each journal.
func (r *restoring) furnish() error {
	dir := r.inWork()
	h, err := store.OpenHome(dir)
	if err != nil {
		return err
	}
	if h.Member != r.res.Member {
		return guichet.Errorf(guichet.KindInvalid, "the backup calls itself one of %s, and holds a home of %s", r.res.Member, h.Member).WithHint("take another copy of it; nothing was restored")
	}
	if err := store.Furnish(dir); err != nil {
		return err
	}
	for _, d := range []string{dirKeys, dirCircles, dirJournals, dirPortal} {
		if err := os.Chmod(filepath.Join(dir, d), 0o700); err != nil && !errors.Is(err, fs.ErrNotExist) { //nolint:gosec // a folder needs its x
			return fmt.Errorf("restore: %w", err)
		}
	}
	if err := r.endSessions(filepath.Join(dir, dirPortal)); err != nil {
		return err
	}
	names, err := foldersIn(filepath.Join(dir, dirJournals))
	if err != nil {
		return err
	}
	mark, err := json.Marshal(restored{Made: r.res.Made, At: r.cfg.Clock().UTC().Truncate(time.Second), Digest: r.res.Digest})
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, dirJournals, name, restoredMark), mark, 0o600); err != nil {
			return fmt.Errorf("restore: %w", err)
		}
	}
	return nil
}

// endSessions ends all sessions of the pages: a backup does not know who signed out
// since.
func (r *restoring) endSessions(folder string) error {
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	r.res.Pages = true
	return signin.EndAll(folder, r.cfg.Clock())
}

// verify holds what was taken apart to what a home promises.
func (r *restoring) verify(ctx context.Context) error {
	r.req.Progress("checking", 0, 0)
	cfg := r.cfg
	cfg.Home = r.inWork()
	n, err := Open(ctx, cfg)
	if err != nil {
		return err
	}
	err = n.Check(ctx)
	if err == nil {
		err = n.checkJournals(ctx)
	}
	return errors.Join(err, n.Close())
}

// checkJournals holds every journal of the home against what was signed.
func (n *Node) checkJournals(ctx context.Context) error {
	names, err := foldersIn(filepath.Join(n.Home().Path, dirJournals))
	if err != nil {
		return err
	}
	for _, name := range names {
		p, err := openPapers(n, name)
		if err != nil {
			return err
		}
		st, err := p.state()
		if kind := guichet.KindOf(err); err != nil && kind != guichet.KindUntrusted && kind != guichet.KindRefused {
			return err
		}
		if err != nil { // papers that have expired meanwhile: their keys are not asked
			continue
		}
		us := n.Home().Member
		rep, err := journal.CheckBook(ctx, filepath.Join(n.Home().Path, dirJournals, name), journal.Origin(name, us), journal.Trusted(st))
		if guichet.KindOf(err) == guichet.KindNotFound {
			continue // a seat that never served
		}
		if err != nil {
			return err
		}
		if err := Wrong([]JournalReport{reportOf(us, rep)}); err != nil {
			return err
		}
	}
	return nil
}
