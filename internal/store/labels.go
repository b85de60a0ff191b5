package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"guichet"
)

// labelFile is an official label list as a home keeps it, one file for each
// edition or national list and language, in the folder labels:
//
//	2022-fr.json         the HS of 2022, French
//	uk-cn-2017-en.json   the list uk-cn that refines the HS of 2017, English
//
// Labels are no records: no answer counts by them, none cites them, and the
// list that comes last holds.
type labelFile struct {
	Edition int               `json:"edition"`
	List    string            `json:"list,omitempty"` // "" the HS
	Lang    string            `json:"lang"`
	Source  string            `json:"source"` // the file that was imported
	Digest  string            `json:"digest"` // sha256 of its unpacked content
	Labels  map[string]string `json:"labels"` // code -> label
}

// LabelKey says which labels are meant.
type LabelKey struct {
	Edition int    // of the HS; of a national list, the one that it refines
	List    string // "" the HS, else the national list: "uk-cn"
	Lang    string // "en"
}

// fileName is where the labels of a key lie; ok is false for a key that none
// can have. No name from outside reaches the disk otherwise.
func (k LabelKey) fileName() (name string, ok bool) {
	name = strconv.Itoa(k.Edition) + "-" + k.Lang + ".json"
	if k.List != "" {
		name = k.List + "-" + name
	}
	return name, k.Edition > 0 && labelName().MatchString(name)
}

// labelName tells the names of label files from everything else.
var labelName = sync.OnceValue(func() *regexp.Regexp { //nolint:gochecknoglobals // a constant
	return regexp.MustCompile(`^([a-z][a-z0-9-]{0,62}-)?([0-9]{4})-([a-z]{2,3})\.json$`)
})

// PutLabels keeps the official labels of one list in one language, in the place
// of those held before. When it returns they are on disk; when it fails those
// before hold. Source is the name of the file that they come from, digest its
// sha256. KindInvalid for a key that no list can have or no labels at all,
// KindBusy when another process writes, KindFull when the disk is full.
func (s *Store) PutLabels(ctx context.Context, k LabelKey, source, digest string, labels map[string]string) error {
	name, ok := k.fileName()
	if !ok || len(labels) == 0 {
		return guichet.Errorf(guichet.KindInvalid, "there are no labels to keep as edition %d, list %q, language %q", k.Edition, k.List, k.Lang)
	}
	text, err := json.Marshal(labelFile{Edition: k.Edition, List: k.List, Lang: k.Lang, Source: source, Digest: digest, Labels: labels})
	if err != nil {
		return fmt.Errorf("keep labels: %w", err)
	}
	w, err := s.Write(ctx)
	if err != nil {
		return err
	}
	defer w.Close()
	dir, err := s.StagingDir()
	if err != nil {
		return full(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	staged := filepath.Join(dir, name)
	if err := os.WriteFile(staged, append(text, '\n'), 0o600); err != nil {
		return full(fmt.Errorf("keep labels: %w", err))
	}
	if err := moveDurably(staged, filepath.Join(s.home.Path, dirLabels, name)); err != nil {
		return full(err)
	}
	return nil
}

// Label returns the official label of a code of the HS in a language, when the
// home holds one. A list is read when it is first asked for and again when it
// was replaced, by whichever process. A file of labels that is damaged counts
// as not there: an answer is never lost for want of a wording. Safe for
// concurrent use.
func (s *Store) Label(edition int, code, lang string) (string, bool) {
	return s.ListLabel(LabelKey{Edition: edition, Lang: lang}, code)
}

// ListLabel does as Label for any list, national ones among them.
func (s *Store) ListLabel(k LabelKey, code string) (string, bool) {
	name, ok := k.fileName()
	if !ok {
		return "", false
	}
	label, ok := s.labels.of(filepath.Join(s.home.Path, dirLabels, name), k)[code]
	return label, ok
}

// HeldLabels calls a function with every list of labels that the home holds, in
// the order of their file names. The labels are shared and must not be changed.
func (s *Store) HeldLabels(each func(LabelKey, map[string]string)) error {
	entries, err := os.ReadDir(filepath.Join(s.home.Path, dirLabels))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("label lists: %w", err)
	}
	for _, e := range entries {
		k, ok := keyOfLabels(e.Name())
		if !ok {
			continue
		}
		if labels := s.labels.of(filepath.Join(s.home.Path, dirLabels, e.Name()), k); labels != nil {
			each(k, labels)
		}
	}
	return nil
}

// keyOfLabels reads the name of a label file.
func keyOfLabels(name string) (LabelKey, bool) {
	m := labelName().FindStringSubmatch(name)
	if m == nil {
		return LabelKey{}, false
	}
	edition, err := strconv.Atoi(m[2])
	return LabelKey{Edition: edition, List: strings.TrimSuffix(m[1], "-"), Lang: m[3]}, err == nil
}

// labelCache holds label files that were read.
type labelCache struct {
	mu   sync.RWMutex
	held map[string]readLabels // by path; guarded by mu
}

type readLabels struct {
	info   os.FileInfo
	labels map[string]string // never changed after it was read; nil when damaged
}

// of returns the labels that a file holds, nil when there are none. The lock is
// held while a list is read: others want the same one.
func (c *labelCache) of(path string, k LabelKey) map[string]string {
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	c.mu.RLock()
	r, ok := c.held[path]
	c.mu.RUnlock()
	if ok && r.is(info) {
		return r.labels
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r, ok := c.held[path]; ok && r.is(info) {
		return r.labels
	}
	if c.held == nil {
		c.held = map[string]readLabels{}
	}
	// Looked at before it is read: if it is replaced in between, the next
	// question sees another file and reads again.
	c.held[path] = readLabels{info, readLabelFile(path, k)}
	return c.held[path].labels
}

// is says whether a file is the one that was read: files of labels are replaced
// by renaming, never written to.
func (r readLabels) is(info os.FileInfo) bool {
	return os.SameFile(r.info, info) && r.info.Size() == info.Size() && r.info.ModTime().Equal(info.ModTime())
}

func readLabelFile(path string, k LabelKey) map[string]string {
	text, err := os.ReadFile(path) //nolint:gosec // inside the home
	if err != nil {
		return nil
	}
	var f labelFile
	if err := json.Unmarshal(text, &f); err != nil || (LabelKey{f.Edition, f.List, f.Lang}) != k {
		return nil
	}
	return f.Labels
}
