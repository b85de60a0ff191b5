package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"guichet"
)

// HomeVersion is the newest version of a home's layout that this program knows.
// A home is made as the oldest, and raised where it comes to hold what an older
// program would misread: 2 holds files of several submissions (packsVersion), 3
// submissions that were withdrawn or purged (eventsVersion).
const (
	HomeVersion   = 3
	oldestVersion = 1
)

// Home is the paper at the door of a home: guichet.json.
type Home struct {
	Path    string    `json:"-"`
	Member  string    `json:"member"` // ISO alpha-2 of the member that runs the node
	Version int       `json:"version"`
	Created time.Time `json:"created"`
}

// Names inside a home. Every kept path is relative to it, so that it can move.
const (
	homePaper    = "guichet.json"
	homeLock     = "lock"
	homeDB       = "home.db"
	dirTables    = "tables"
	dirOriginals = "originals"
	dirRejects   = "rejects"
	dirStaging   = "staging"
	dirLabels    = "labels"
)

// InitHome makes a home in a folder that is empty or not there. KindInvalid for
// any other, KindFull when the disk is full. A half-made home, as a killed
// process leaves it, counts as empty.
func InitHome(path, member string, now time.Time) (Home, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return Home{}, fmt.Errorf("home: %w", err)
	}
	if st, err := os.Stat(abs); err == nil && !st.IsDir() {
		return Home{}, guichet.Errorf(guichet.KindInvalid, "%s is no folder", path).WithHint("name an empty folder, or one that is not there yet")
	}
	if _, err := os.Stat(filepath.Join(abs, homePaper)); err == nil {
		return Home{}, guichet.Errorf(guichet.KindInvalid, "%s is a home already", path).WithHint("use it as it is, or name another folder with --home")
	}
	if entries, err := os.ReadDir(abs); err == nil && slices.ContainsFunc(entries, func(e os.DirEntry) bool { return !halfMade(abs, e) }) {
		return Home{}, guichet.Errorf(guichet.KindInvalid, "%s is not empty", path).WithHint("name an empty folder, or one that is not there yet")
	}
	h := Home{Path: abs, Member: member, Version: oldestVersion, Created: now.UTC().Truncate(time.Second)}
	if err := makeHome(h); err != nil {
		if isFull(err) {
			err = &guichet.Error{Kind: guichet.KindFull, Message: "the disk is full; no home was made", Hint: "free some space there and try again", Err: err}
		}
		return Home{}, err
	}
	return h, nil
}

func homeDirs() []string {
	return []string{dirTables, dirOriginals, dirRejects, dirStaging, dirLabels}
}

// halfMade says whether an entry is one that makeHome leaves before the paper
// stands: a folder of a home with nothing in it but the paper to come.
func halfMade(home string, e os.DirEntry) bool {
	if !slices.Contains(homeDirs(), e.Name()) {
		return false
	}
	inside, err := os.ReadDir(filepath.Join(home, e.Name()))
	return err == nil && !slices.ContainsFunc(inside, func(x os.DirEntry) bool { return x.Name() != homePaper })
}

// makeHome makes the folders, then the paper, by which it is a home.
func makeHome(h Home) error {
	for _, d := range homeDirs() {
		if err := mkdirDurably(filepath.Join(h.Path, d)); err != nil {
			return err
		}
	}
	paper, err := json.MarshalIndent(h, "", "  ")
	if err != nil {
		return fmt.Errorf("home: %w", err)
	}
	tmp := filepath.Join(h.Path, dirStaging, homePaper)
	if err := os.WriteFile(tmp, append(paper, '\n'), 0o600); err != nil {
		return fmt.Errorf("home: %w", err)
	}
	return moveDurably(tmp, filepath.Join(h.Path, homePaper))
}

// OpenHome reads the paper at the door.
func OpenHome(path string) (Home, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return Home{}, fmt.Errorf("home: %w", err)
	}
	b, err := os.ReadFile(filepath.Join(abs, homePaper)) //nolint:gosec // the home that the operator names
	if errors.Is(err, os.ErrNotExist) {
		return Home{}, guichet.Errorf(guichet.KindNotFound, "there is no home in %s", path).WithHint("make one: guichet init --home %s --member US", path)
	}
	if err != nil {
		return Home{}, fmt.Errorf("home: %w", err)
	}
	var h Home
	if err := json.Unmarshal(b, &h); err != nil || h.Version == 0 {
		return Home{}, guichet.Errorf(guichet.KindInvalid, "%s is damaged: it is no paper of a home", filepath.Join(path, homePaper)).WithHint("restore it from a backup; the tables beside it are not touched")
	}
	if h.Version > HomeVersion {
		return Home{}, guichet.Errorf(guichet.KindVersion, "this home is of version %d; this program knows up to %d", h.Version, HomeVersion).WithHint("use a newer guichet")
	}
	if h.Version < oldestVersion {
		return Home{}, guichet.Errorf(guichet.KindVersion, "this home is of version %d, made by an older guichet; this program reads version %d and later", h.Version, oldestVersion).
			WithHint("make a new home and take the files in %s in again", filepath.Join(path, dirOriginals))
	}
	h.Path = abs
	return h, nil
}

// lock is the right to write to a home: one process at a time.
type lock struct{ f *os.File }

// lockHome waits up to wait for the right to write, or until the context ends;
// then KindBusy, naming who holds it. The lock falls with the process, however it ends.
func lockHome(ctx context.Context, path string, wait time.Duration) (*lock, error) {
	name := filepath.Join(path, homeLock)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // inside the home
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	const step = 50 * time.Millisecond
	for waited := time.Duration(0); ; waited += step {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			break
		}
		if waited >= wait {
			who, _ := os.ReadFile(name) //nolint:gosec // inside the home
			_ = f.Close()
			return nil, guichet.Errorf(guichet.KindBusy, "another guichet is writing to this home (process %s)", strings.TrimSpace(string(who))).
				WithHint("wait until it has ended and try again; nothing was changed")
		}
		select {
		case <-time.After(step):
		case <-ctx.Done():
			_ = f.Close()
			return nil, fmt.Errorf("wait for the right to write: %w", context.Cause(ctx))
		}
	}
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return &lock{f}, nil
}

func (l *lock) release() { _ = l.f.Close() }
