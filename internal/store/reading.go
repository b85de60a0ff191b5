package store

import (
	"context"
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

// A purge removes files while questions are answered. Who reads tables holds a
// shared lock on the file of the purge that was the last one when it began; a purge
// waits for those of all earlier ones before it removes anything, and then nobody
// is left who could open what it removes. The locks fall with their processes.

// dirReading is where these files stand. They are of processes, and part of no copy.
const dirReading = "reading"

// reading is the right to read files of the table.
type reading struct{ f *os.File }

func (r reading) end() { _ = r.f.Close() }

// readingName names the file of a dataset's readers since a purge.
func readingName(dataset string, gen int) string { return dataset + "@" + strconv.Itoa(gen) }

// read begins to read the files of a dataset.
func (s *Store) read(ctx context.Context, dataset string) (reading, error) {
	gen := s.generation(dataset)
	for {
		r, err := s.hold(readingName(dataset, gen), unix.LOCK_SH)
		if err != nil {
			return reading{}, err
		}
		sh, err := s.shelfOf(ctx, dataset)
		if err == nil && sh.purged == gen {
			return r, nil
		}
		// A purge of which we did not know has not seen the lock.
		r.end()
		if err != nil {
			return reading{}, err
		}
		gen = sh.purged
	}
}

// hold opens and locks the file of a generation; it waits only for a purge that
// has seen it free and is about to remove it.
func (s *Store) hold(name string, how int) (reading, error) {
	path := filepath.Join(s.home.Path, dirReading, name)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // inside the home
	if errors.Is(err, os.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
			f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // inside the home
		}
	}
	if err != nil {
		return reading{}, fmt.Errorf("read: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), how); err != nil {
		_ = f.Close()
		return reading{}, fmt.Errorf("read: %w", err)
	}
	return reading{f}, nil
}

// generation is the place in the register of a dataset's last purge, as far as was
// read; 0 when there was none.
func (s *Store) generation(dataset string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sh := s.cache[dataset]; sh != nil {
		return sh.purged
	}
	return 0
}

// readersGone waits until nobody reads who began before a purge, and says whether
// that is so.
func (s *Store) readersGone(ctx context.Context, dataset string, gen int, wait time.Duration) (bool, error) {
	dir := filepath.Join(s.home.Path, dirReading)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("purge: %w", err)
	}
	const step = 20 * time.Millisecond
	for waited := time.Duration(0); ; waited += step {
		busy := false
		for _, e := range entries {
			of, number, _ := strings.Cut(e.Name(), "@")
			if n, err := strconv.Atoi(number); err != nil || of != dataset || n >= gen {
				continue
			}
			r, err := s.hold(e.Name(), unix.LOCK_EX|unix.LOCK_NB)
			if err == nil {
				// Who opens it after this finds that it is of an older purge.
				err = os.Remove(filepath.Join(dir, e.Name()))
				r.end()
			}
			if err == nil || errors.Is(err, os.ErrNotExist) {
				continue
			}
			if !errors.Is(err, unix.EWOULDBLOCK) {
				return false, err
			}
			busy = true
		}
		if !busy || waited >= wait {
			return !busy, nil
		}
		select {
		case <-time.After(step):
		case <-ctx.Done():
			return false, fmt.Errorf("wait for answers that are being given: %w", context.Cause(ctx))
		}
	}
}

// purgedMeanwhile refuses an answer that began before a purge and would go on
// after it: its parts would be of two states of the tables.
func purgedMeanwhile() error {
	return guichet.Errorf(guichet.KindBusy, "figures were removed while this was answered").WithHint("ask again")
}
