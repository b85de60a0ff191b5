package portal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// longestPaper bounds one paper of a drawer.
const longestPaper = 4 << 20

// drawer keeps small papers of one kind, a file each, in a folder that is the owner's
// alone. A paper is written whole or not at all.
type drawer[T any] struct {
	dir string

	mu   sync.Mutex // guards what follows
	held map[string]T
}

// openDrawer reads what a folder holds. What cannot be read is left where it is, and
// is no paper; what a process left half-written is removed.
func openDrawer[T any](dir string) (*drawer[T], error) {
	d := &drawer[T]{dir: dir, held: map[string]T{}}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("drawer: %w", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), partPrefix) {
			_ = os.Remove(filepath.Join(dir, e.Name()))
			continue
		}
		id, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok || !isID(id) {
			continue
		}
		x, err := readDrawn[T](d.path(id))
		if err != nil {
			return nil, err
		}
		if x != nil {
			d.held[id] = *x
		}
	}
	return d, nil
}

// partPrefix begins the name of what is being written.
const partPrefix = ".part-"

func readDrawn[T any](path string) (*T, error) {
	f, err := os.Open(path) //nolint:gosec // in a folder of the home, by an id
	if err != nil {
		return nil, fmt.Errorf("drawer: %w", err)
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, longestPaper))
	if err != nil {
		return nil, fmt.Errorf("drawer: %w", err)
	}
	var x T
	if json.Unmarshal(text, &x) != nil {
		return nil, nil //nolint:nilerr // no paper of ours
	}
	return &x, nil
}

func (d *drawer[T]) path(id string) string { return filepath.Join(d.dir, id+".json") }

// put keeps a paper; it is on disk when put returns.
func (d *drawer[T]) put(id string, x T) error {
	text, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("drawer: %w", err)
	}
	f, err := os.CreateTemp(d.dir, partPrefix+"*") // 0600
	if err != nil {
		return fmt.Errorf("drawer: %w", err)
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), d.path(id))
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("drawer: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held[id] = x
	return nil
}

// get returns a paper.
func (d *drawer[T]) get(id string) (T, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	x, ok := d.held[id]
	return x, ok
}

// all are the papers, in no order.
func (d *drawer[T]) all() []T {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Values(d.held))
}

// drop removes a paper.
func (d *drawer[T]) drop(id string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.held, id)
	if err := os.Remove(d.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("drawer: %w", err)
	}
	return nil
}
