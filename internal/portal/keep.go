package portal

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"guichet"
	"guichet/wording"
)

// Bounds of what is kept.
const (
	keptFor     = 30 * 24 * time.Hour // where no agreement says less
	keptOfOne   = 200                 // of a person; then the oldest goes
	keptAtAll   = 5000
	keptFormat  = 1
	longestKept = 256 << 20 // bytes of one
	remembered  = 8         // answers that are held ready
)

// The states of what was asked.
const (
	stateAsking = "asking"
	stateDone   = "done"
	stateFailed = "failed"
)

// keptHead says what was asked, by whom, and how it stands. It is the first line of its
// file; the answer is the second.
type keptHead struct {
	Format  int              `json:"format"`
	ID      string           `json:"id"`
	Owner   string           `json:"owner"` // pseudonym: nobody else sees it
	Circle  string           `json:"circle"`
	Query   string           `json:"query"` // the question as an address holds it
	Lang    string           `json:"lang"`  // of its sentences
	Members []string         `json:"members"`
	Began   time.Time        `json:"began"`
	Ended   time.Time        `json:"ended,omitzero"`
	Until   time.Time        `json:"until"` // it is removed then
	State   string           `json:"state"`
	Kind    string           `json:"kind,omitempty"` // of what failed: guichet.Kind
	Said    string           `json:"said,omitempty"` // and its sentences
	Hint    string           `json:"hint,omitempty"`
	SaidOf  wording.Sentence `json:"said_of,omitzero"` // how they came to be
	HintOf  wording.Sentence `json:"hint_of,omitzero"`
	Rows    int              `json:"rows"`
	Missing int              `json:"missing"` // members that gave no answer
}

// kept is one question with its answer.
type kept struct {
	keptHead
	Answer Answer
}

// shelf keeps what was asked, so that an answer can be looked at again without asking:
// a file each in a folder that is the owner's alone. It holds what members said, so it
// keeps that no longer than their agreements allow.
type shelf struct {
	dir   string
	clock guichet.Clock

	mu    sync.Mutex // guards what follows; held over the reading of one file, so that it is read once
	heads map[string]keptHead
	ready []kept // the last that were looked at, newest first
}

func openShelf(dir string, clock guichet.Clock) (*shelf, error) {
	s := &shelf{dir: dir, clock: clock, heads: map[string]keptHead{}}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("kept answers: %w", err)
	}
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok || !isID(id) {
			if strings.HasPrefix(e.Name(), ".part-") {
				_ = os.Remove(filepath.Join(dir, e.Name())) // a node that ended while it wrote
			}
			continue
		}
		h, err := s.readHead(id)
		if err != nil {
			return nil, err
		}
		s.heads[id] = h
	}
	return s, s.sweep()
}

func (s *shelf) path(id string) string { return filepath.Join(s.dir, id+".json") }

func (s *shelf) readHead(id string) (keptHead, error) {
	f, err := os.Open(s.path(id))
	if err != nil {
		return keptHead{}, fmt.Errorf("kept answer: %w", err)
	}
	defer func() { _ = f.Close() }()
	text, err := bufio.NewReader(io.LimitReader(f, 1<<20)).ReadBytes('\n')
	var h keptHead
	if err == nil {
		err = json.Unmarshal(text, &h)
	}
	if err != nil || h.Format != keptFormat || h.ID != id {
		// What cannot be read is no answer any more; its receipt is in the journals.
		return keptHead{ID: id}, nil
	}
	return h, nil
}

// put writes what was asked, whole or not at all, and lets go of what is over.
func (s *shelf) put(k kept) error {
	k.Format = keptFormat
	head, err := json.Marshal(k.keptHead)
	if err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	body, err := json.Marshal(k.Answer)
	if err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	f, err := os.CreateTemp(s.dir, ".part-*") // 0600
	if err != nil {
		return fmt.Errorf("keep answer: %w", err)
	}
	_, err = f.Write(slices.Concat(head, []byte("\n"), body, []byte("\n")))
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), s.path(k.ID))
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("keep answer: %w", err)
	}
	s.mu.Lock()
	s.heads[k.ID] = k.keptHead
	s.ready = slices.DeleteFunc(s.ready, func(o kept) bool { return o.ID == k.ID })
	s.mu.Unlock()
	return s.sweep()
}

// sweep removes what is over, and the oldest of what is too much.
func (s *shelf) sweep() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []keptHead
	of := map[string]int{}
	for _, h := range s.heads {
		all = append(all, h)
	}
	slices.SortFunc(all, newest)
	var gone error
	for i, h := range all {
		of[h.Owner]++
		if h.Until.Before(s.clock()) || of[h.Owner] > keptOfOne || i >= keptAtAll {
			gone = errors.Join(gone, s.drop(h.ID))
		}
	}
	return gone
}

func newest(a, b keptHead) int {
	return cmp.Or(b.Began.Compare(a.Began), strings.Compare(a.ID, b.ID))
}

// drop removes one; the lock is held.
func (s *shelf) drop(id string) error {
	delete(s.heads, id)
	s.ready = slices.DeleteFunc(s.ready, func(o kept) bool { return o.ID == id })
	if err := os.Remove(s.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove kept answer: %w", err)
	}
	return nil
}

// remove removes what a person asked.
func (s *shelf) remove(id, owner string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if h, ok := s.heads[id]; !ok || h.Owner != owner {
		return notKept()
	}
	return s.drop(id)
}

func notKept() error {
	return &guichet.Error{Kind: guichet.KindNotFound}
}

// of are the questions of a person, newest first.
func (s *shelf) of(owner string) []keptHead {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []keptHead
	for _, h := range s.heads {
		if h.Owner == owner && !h.Until.Before(s.clock()) {
			out = append(out, h)
		}
	}
	slices.SortFunc(out, newest)
	return out
}

// has says whether something of an id is kept, whoever's it is.
func (s *shelf) has(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.heads[id]
	return ok
}

// get returns what a person asked. Of somebody else's it says what it says of none.
func (s *shelf) get(id, owner string) (kept, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, ok := s.heads[id]
	if !ok || h.Owner != owner || h.Until.Before(s.clock()) {
		return kept{}, notKept()
	}
	if i := slices.IndexFunc(s.ready, func(o kept) bool { return o.ID == id }); i >= 0 {
		return s.ready[i], nil
	}
	k := kept{keptHead: h}
	if err := s.read(&k); err != nil {
		return kept{}, err
	}
	s.ready = append([]kept{k}, s.ready[:min(len(s.ready), remembered-1)]...)
	return k, nil
}

func (s *shelf) read(k *kept) error {
	f, err := os.Open(s.path(k.ID))
	if err != nil {
		return fmt.Errorf("kept answer: %w", err)
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, longestKept))
	if err != nil {
		return fmt.Errorf("kept answer: %w", err)
	}
	_, body, _ := bytes.Cut(text, []byte("\n"))
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // a figure is exact, a double is not
	if err := d.Decode(&k.Answer); err != nil {
		return fmt.Errorf("kept answer %s: %w", k.ID, err)
	}
	return exact(&k.Answer.Answer)
}

// exact gives the values of rows the types that they had before they were written.
func exact(a *guichet.Answer) error {
	measures := map[string]bool{}
	for _, c := range a.Columns {
		measures[c.Name] = c.Measure
	}
	for _, row := range a.Rows {
		for name, v := range row {
			n, ok := v.(json.Number)
			if !ok {
				continue
			}
			if whole, err := n.Int64(); err == nil && !measures[name] {
				row[name] = whole
				continue
			}
			d, err := guichet.ParseDecimal(n.String())
			if err != nil {
				return fmt.Errorf("kept answer: %w", err)
			}
			row[name] = d
		}
	}
	return nil
}
