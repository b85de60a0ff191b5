package circle

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"guichet"
)

// A circle's folder:
//
//	CURRENT                     the name of the state in force
//	states/17-3f9a.../metadata  1.root.json ... timestamp.json
//	states/17-3f9a.../targets   members/<sha256>.CA.json ...
//	notices.json                notices of parties that are not in the metadata yet
//
// A state is written into a folder of its own and synced; then CURRENT is
// renamed over. So whoever reads sees one state or the other, whole.
const (
	currentFile = "CURRENT"
	statesDir   = "states"
	noticesFile = "notices.json"
)

var stateName = regexp.MustCompile(`^[1-9][0-9]{0,15}-[0-9a-f]{16}$`)

// nameOf is the folder of a view: its version, and the digest of its timestamp.
func (v *view) nameOf() (string, error) {
	digest, err := digestOf(v.timestamp)
	if err != nil {
		return "", err
	}
	const enough = 16
	return strconv.FormatInt(v.timestamp.Signed.Version, 10) + "-" + digest[:enough], nil
}

// install writes a verified view and puts it in force. The state before stays,
// for those who are reading it; older ones are removed.
func (r *Repository) install(v *view) error {
	name, err := v.nameOf()
	if err != nil {
		return err
	}
	states := filepath.Join(r.cfg.Dir, statesDir)
	if err := os.MkdirAll(states, 0o700); err != nil {
		return stopped("make the circle's folder", err)
	}
	tmp, err := os.MkdirTemp(states, ".new-")
	if err != nil {
		return stopped("make the circle's folder", err)
	}
	defer os.RemoveAll(tmp) //nolint:errcheck // gone by rename when all went well
	if err := writeAll(tmp, v.raw); err != nil {
		return stopped("write the circle", err)
	}
	if err := os.RemoveAll(filepath.Join(states, name)); err != nil { // left by a crash before CURRENT named it, or the same state again
		return stopped("write the circle", err)
	}
	if err := os.Rename(tmp, filepath.Join(states, name)); err != nil {
		return stopped("write the circle", err)
	}
	if err := syncDir(states); err != nil {
		return stopped("write the circle", err)
	}
	before, err := readCurrent(r.cfg.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := writeFile(filepath.Join(r.cfg.Dir, currentFile), []byte(name+"\n")); err != nil {
		return stopped("put the circle in force", err)
	}
	return prune(states, name, before)
}

// prune removes states that nobody reads any more.
func prune(states string, keep ...string) error {
	entries, err := os.ReadDir(states)
	if err != nil {
		return stopped("tidy the circle's folder", err)
	}
	for _, e := range entries {
		old := stateName.MatchString(e.Name()) || strings.HasPrefix(e.Name(), ".new-")
		if !old || slices.Contains(keep, e.Name()) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(states, e.Name())); err != nil {
			return stopped("tidy the circle's folder", err)
		}
	}
	return nil
}

func stopped(doing string, err error) error {
	return guichet.Errorf(guichet.KindInternal, "%s: %w", doing, err)
}

// readCurrent is the name of the state in force; fs.ErrNotExist before the
// first.
func readCurrent(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, currentFile)) //nolint:gosec // the circle's folder is given by the operator
	if err != nil {
		return "", err
	}
	name := strings.TrimSpace(string(text))
	if !stateName.MatchString(name) {
		return "", guichet.Errorf(guichet.KindUntrusted, "%s does not name a state of the circle", currentFile).
			WithHint("somebody has changed the circle's folder; adopt the circle anew into an empty one: guichet circle adopt BUNDLE --circle NAME --id ID")
	}
	return name, nil
}

// writeAll writes files below a folder, each synced, then the folders. Names
// were checked when the view was read.
func writeAll(dir string, files map[string][]byte) error {
	root, err := os.OpenRoot(dir) // no name can lead out of it
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // a folder that was only written below
	dirs := map[string]bool{".": true}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		local := filepath.FromSlash(name)
		if err := root.MkdirAll(filepath.Dir(local), 0o700); err != nil {
			return err
		}
		for d := filepath.Dir(local); d != "."; d = filepath.Dir(d) {
			dirs[d] = true
		}
		if err := writeIn(root, local, files[name]); err != nil {
			return err
		}
	}
	for d := range dirs {
		if err := syncDir(filepath.Join(dir, d)); err != nil {
			return err
		}
	}
	return nil
}

func writeIn(root *os.Root, name string, content []byte) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

// writeFile replaces a file by another, whole and durable.
func writeFile(name string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // gone by rename when all went well
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	return syncDir(filepath.Dir(name))
}

func syncDir(name string) error {
	d, err := os.Open(name) //nolint:gosec // a folder of the circle
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
