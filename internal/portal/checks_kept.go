package portal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"guichet"
)

const (
	checksFile    = "last-checks.json" // beside what people asked
	checksFormat  = 1
	longestChecks = 64 << 20 // bytes of it; the oldest outcomes are left out beyond
)

// keptChecks is the file of what the last checks found, newest first.
type keptChecks struct {
	Format int         `json:"format"`
	Checks []keptCheck `json:"checks"`
}

// keptCheck is one that has ended.
type keptCheck struct {
	ID      string          `json:"id"`
	Circle  string          `json:"circle"`
	Members []string        `json:"members"`
	Began   time.Time       `json:"began"`
	Ended   time.Time       `json:"ended"`
	Reports []JournalReport `json:"reports"`
	Kind    guichet.Kind    `json:"kind,omitempty"` // of why it did not come to its end
	Said    string          `json:"said,omitempty"`
	Hint    string          `json:"hint,omitempty"`
}

// kept is a check as it is written down; false while it is under way.
func (x *check) kept() (keptCheck, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	k := keptCheck{ID: x.ID, Circle: x.Circle, Members: x.Members, Began: x.Began, Ended: x.ended, Reports: slices.Clip(x.reports)}
	if e, ok := errors.AsType[*guichet.Error](x.err); ok {
		k.Kind, k.Said, k.Hint = e.Kind, e.Message, e.Hint
	} else if x.err != nil {
		k.Kind, k.Said = guichet.KindInternal, "the check did not come to its end" // why is in the log
	}
	return k, !x.ended.IsZero()
}

// check makes one of what was written down.
func (k keptCheck) check() *check {
	x := &check{ID: k.ID, Circle: k.Circle, Members: k.Members, Began: k.Began, ended: k.Ended, reports: k.Reports, changed: make(chan struct{})}
	if k.Kind != "" {
		x.err = &guichet.Error{Kind: k.Kind, Message: k.Said, Hint: k.Hint}
	}
	close(x.changed)
	return x
}

// save writes down what the checks found that have ended: whole or not at all.
func (c *checks) save() error {
	c.writing.Lock() // over the write, so that the newest is what lies there
	defer c.writing.Unlock()
	out := keptChecks{Format: checksFormat, Checks: []keptCheck{}}
	for _, x := range c.list() {
		if k, over := x.kept(); over {
			out.Checks = append(out.Checks, k)
		}
	}
	text, err := json.Marshal(out)
	for err == nil && len(text) > longestChecks && len(out.Checks) > 0 {
		out.Checks = out.Checks[:len(out.Checks)/2]
		text, err = json.Marshal(out)
	}
	if err != nil {
		return fmt.Errorf("keep what was found: %w", err)
	}
	f, err := os.CreateTemp(c.dir, ".part-*") // 0600
	if err != nil {
		return fmt.Errorf("keep what was found: %w", err)
	}
	if _, err = f.Write(text); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(c.dir, checksFile))
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("keep what was found: %w", err)
	}
	return nil
}

// load reads what was written down; nothing where there is none.
func (c *checks) load() error {
	f, err := os.Open(filepath.Join(c.dir, checksFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("what was found: %w", err)
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, longestChecks+1))
	if err != nil {
		return fmt.Errorf("what was found: %w", err)
	}
	var in keptChecks
	if err := json.Unmarshal(text, &in); err != nil {
		return fmt.Errorf("what was found: %w", err)
	}
	if in.Format != checksFormat {
		return fmt.Errorf("what was found: %s is of format %d, not %d", checksFile, in.Format, checksFormat)
	}
	for _, k := range in.Checks[:min(len(in.Checks), checksKept)] {
		if isID(k.ID) && !k.Ended.IsZero() {
			c.now = append(c.now, k.check())
		}
	}
	return nil
}

// bounded is a report of which no more is kept than a page shows: the gravest.
func (r JournalReport) bounded() JournalReport {
	if len(r.Findings) <= mostFindings {
		return r
	}
	grave := []string{"grave", "serious", "notice"}
	all := slices.Clone(r.Findings)
	slices.SortStableFunc(all, func(a, b JournalFinding) int {
		return slices.Index(grave, a.Severity) - slices.Index(grave, b.Severity)
	})
	r.Findings, r.Others = slices.Clip(all[:mostFindings]), r.Others+len(all)-mostFindings
	return r
}
