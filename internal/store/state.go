package store

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// An answer held ready is good while nothing was taken in. The register tells
// that for 50 microseconds of SQL; a look at SQLite's write-ahead log, to which
// every change is written first, tells for two that there was no change at all,
// by whichever process.

// settled is how much older than our look a file's last change must be before
// an unchanged file is taken for an unchanged register: the kernel stamps
// changes by a coarse clock, so that two within one tick look like one.
const settled = 100 * time.Millisecond

// seenState is the state of a dataset as it was read, with the log beside it.
type seenState struct {
	state int
	log   logStamp
}

// logStamp tells one state of SQLite's write-ahead log from another.
type logStamp struct {
	size    int64
	changed time.Time
}

func (s *Store) logStamp() (logStamp, bool) {
	var info fs.FileInfo
	info, err := os.Stat(filepath.Join(s.home.Path, homeDB+"-wal"))
	if err != nil {
		return logStamp{}, false // not there before the first write
	}
	return logStamp{info.Size(), info.ModTime()}, true
}

// State names the present state of a dataset's tables, for Moment.State: -1
// before anything was taken in. Where nothing was written since it was last
// asked, no SQL is run.
func (s *Store) State(ctx context.Context, dataset string) (int, error) {
	before, ok := s.logStamp()
	if seen, known := s.states.Load(dataset); ok && known {
		if seen := seen.(seenState); seen.log == before { //nolint:forcetypeassert // nothing else is stored
			return seen.state, nil
		}
	}
	// The machine's clock, not the store's: it is held against the file system's.
	//nolint:forbidigo // see above
	asked := time.Now()
	state, err := s.readState(ctx, dataset)
	if err != nil {
		return 0, err
	}
	if ok && asked.Sub(before.changed) > settled {
		s.states.Store(dataset, seenState{state, before})
	}
	return state, nil
}

// readState asks the register.
func (s *Store) readState(ctx context.Context, dataset string) (int, error) {
	sh, err := s.shelfOf(ctx, dataset)
	if err != nil || len(sh.subs) == 0 {
		return -1, err
	}
	return sh.seq[sh.subs[len(sh.subs)-1].ID], nil
}
