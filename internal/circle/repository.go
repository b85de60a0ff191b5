package circle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"guichet"
	"guichet/wording"
)

// Config says where a circle lies and what its room is given.
type Config struct {
	// Dir is the folder of one circle: HOME/circles/border-five. It is made when
	// the first state is installed.
	Dir string
	// Name is the circle's: papers of another are refused, whoever signed them. "":
	// the name of the papers that are there is kept to.
	Name  string
	Clock guichet.Clock
	// Life is how long papers live that this node proposes, and the grace it
	// gives. Zero: 180, 30 and 14 days.
	Life Life
	// Diff says what a new version of an agreement changes, clause by clause.
	// nil: reviews say only that there is a new version.
	Diff func(old, next guichet.Agreement) []ClauseChange
	// Check returns the faults of an agreement; with any, no proposal is made or
	// signed. nil: not asked.
	Check func(guichet.Agreement) []wording.Sentence
}

// Repository is one circle on this machine, or the place where one will be. It
// may be used by many goroutines.
type Repository struct {
	cfg Config

	// writing is held while a state is verified and installed, over file I/O: two
	// installations at once would each verify against a state that is gone.
	writing sync.Mutex

	mu          sync.Mutex // guards all below; held over reading the folder, so that it is read once for all who wait
	seen        string     // fingerprint of the folder that the view was read from
	checked     time.Time  // when the fingerprint was compared last
	now         *view
	before      *view        // the state before, served to those who are in the middle of fetching it
	loose       []Withdrawal // notices beside the circle that verify
	looseFaults []Fault      // and those that do not
	state       State
	from        time.Time // state holds from then
	until       time.Time // to then
}

// Open returns the circle of a folder, which may be empty. Nothing is read yet.
func Open(cfg Config) (*Repository, error) {
	if cfg.Dir == "" || cfg.Clock == nil {
		return nil, guichet.Errorf(guichet.KindInternal, "a circle needs a folder and a clock")
	}
	cfg.Life = cfg.Life.filled()
	return &Repository{cfg: cfg}, nil
}

// Exists says whether a circle is here.
func (r *Repository) Exists() bool {
	_, err := readCurrent(r.cfg.Dir)
	return !errors.Is(err, fs.ErrNotExist)
}

// recheck is how long a verified state is used before the folder is looked at
// again. Installations by this process are seen at once.
const recheck = 500 * time.Millisecond

// State returns the circle as it stands now. All of it is verified from the
// first root whenever the files have changed; between, the same state is given
// to all, who must not change what it holds.
//
// KindNotFound: no circle here. KindRefused: a paper of all has expired beyond
// grace. KindUntrusted: the files are not what the members have signed.
// KindInvalid: our clock stands before the papers were made.
func (r *Repository) State() (State, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, err := r.current()
	if err != nil {
		return State{}, err
	}
	now := r.cfg.Clock()
	if !r.until.IsZero() && !now.Before(r.from) && now.Before(r.until) {
		return r.state, nil
	}
	s, until, err := v.state(now, r.cfg.Life, r.loose)
	if err != nil {
		return State{}, err
	}
	s.Faults = append(s.Faults, r.looseFaults...)
	r.state, r.from, r.until = s, now, until
	return s, nil
}

// current reads the folder if it has changed. mu is held.
func (r *Repository) current() (*view, error) {
	now := r.cfg.Clock()
	if since := now.Sub(r.checked); r.now != nil && since >= 0 && since < recheck {
		return r.now, nil
	}
	seen, err := fingerprint(r.cfg.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, guichet.Errorf(guichet.KindNotFound, "there is no circle in %s", filepath.Base(r.cfg.Dir)).
			WithHint("found one (guichet circle create), or answer an invitation (guichet circle join)")
	}
	if err != nil {
		return nil, err
	}
	if r.now != nil && seen == r.seen {
		r.checked = now
		return r.now, nil
	}
	v, err := r.read()
	if err != nil {
		return nil, err
	}
	if r.now != nil {
		if err := r.now.noOlder(v); err != nil {
			return nil, err
		}
	}
	if err := r.readLoose(v); err != nil {
		return nil, err
	}
	r.take(v, seen)
	return v, nil
}

// take puts a view in use. mu is held.
func (r *Repository) take(v *view, seen string) {
	if r.now != nil && r.now.timestamp.Signed.Version != v.timestamp.Signed.Version {
		r.before = r.now
	}
	r.now, r.seen, r.checked, r.until = v, seen, r.cfg.Clock(), time.Time{}
}

// read verifies the state in force from its first root. Expiry is judged by
// state: an expired circle must still be readable to be renewed.
func (r *Repository) read() (*view, error) {
	name, err := readCurrent(r.cfg.Dir)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(filepath.Join(r.cfg.Dir, statesDir, name))
	if err != nil {
		return nil, guichet.Errorf(guichet.KindUntrusted, "the circle's folder has lost its state %s", name)
	}
	defer root.Close() //nolint:errcheck // only read
	v, err := (&loader{name: r.cfg.Name, signed: true, get: func(path string) ([]byte, error) { return readLimited(root, path) }}).load()
	if err != nil {
		return nil, err
	}
	if own, err := v.nameOf(); err != nil || own != name {
		return nil, guichet.Errorf(guichet.KindUntrusted, "the circle's folder %s holds another state, %s", name, own)
	}
	return v, nil
}

func readLimited(root *os.Root, path string) ([]byte, error) {
	info, err := root.Stat(filepath.FromSlash(path))
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > MaxFile {
		return nil, guichet.Errorf(guichet.KindHostile, "%s is no file, or larger than %d bytes", path, MaxFile)
	}
	return root.ReadFile(filepath.FromSlash(path))
}

// fingerprint changes when a file of the circle does: names, sizes and times.
func fingerprint(dir string) (string, error) {
	name, err := readCurrent(dir)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(name)
	add := func(path string, info fs.FileInfo) {
		fmt.Fprintf(&b, "|%s %d %d", path, info.Size(), info.ModTime().UnixNano())
	}
	err = filepath.WalkDir(filepath.Join(dir, statesDir, name), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			add(path, info)
		}
		return err
	})
	if err != nil {
		return "", guichet.Errorf(guichet.KindUntrusted, "the circle's folder cannot be read: %w", err)
	}
	if info, err := os.Stat(filepath.Join(dir, noticesFile)); err == nil {
		add(noticesFile, info)
	}
	return b.String(), nil
}

// Target returns the verified bytes of a file that the members have signed:
// "codes/areas.json", "agreements/b5-covid.v1.json".
func (r *Repository) Target(name string) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, err := r.current()
	if err != nil {
		return nil, err
	}
	text, ok := v.files[name]
	if !ok {
		return nil, guichet.Errorf(guichet.KindNotFound, "the circle has no file %q", clip(name))
	}
	return append([]byte(nil), text...), nil
}

// Versions returns an agreement as its parties signed it, the oldest version first and
// the one in force last. KindNotFound where the circle has none of that name, or our
// role keeps it from us.
func (r *Repository) Versions(id string) ([]guichet.Agreement, error) {
	text, err := r.Target(agreementPath(id))
	if err != nil {
		return nil, err
	}
	last, err := parseAgreement(agreementPath(id), text)
	if err != nil {
		return nil, err
	}
	var out []guichet.Agreement
	for n := 1; n < last.Version; n++ {
		text, err := r.Target(versionPath(id, n))
		if err != nil {
			return nil, err
		}
		a, err := parseAgreement(versionPath(id, n), text)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return append(out, last), nil
}

// File returns a file of the repository for another member that follows us, from
// verified memory: "metadata/timestamp.json", "notices.json". What does not exist
// is KindNotFound and fs.ErrNotExist.
func (r *Repository) File(path string) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, err := r.current()
	if err != nil {
		return nil, err
	}
	if path == noticesFile {
		return r.looseBytes()
	}
	text, ok := v.raw[path]
	if !ok && r.before != nil && path != metaFile("timestamp") {
		text, ok = r.before.raw[path]
	}
	if !ok {
		return nil, guichet.Errorf(guichet.KindNotFound, "the circle has no file %s: %w", strconv.Quote(clip(path)), fs.ErrNotExist)
	}
	return append([]byte(nil), text...), nil
}

// view returns the verified view in force, nil where no circle is yet.
func (r *Repository) viewOrNone() (*view, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.checked = time.Time{} // a ceremony looks at the files themselves
	v, err := r.current()
	if guichet.KindOf(err) == guichet.KindNotFound {
		return nil, nil
	}
	return v, err
}

// adoptView installs a verified view and puts it in use. writing is held.
func (r *Repository) adoptView(ctx context.Context, v *view) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := r.install(v); err != nil {
		return err
	}
	seen, err := fingerprint(r.cfg.Dir)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.take(v, seen)
	return r.readLoose(v)
}
