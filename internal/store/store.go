package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"guichet"
)

// Config opens a store.
type Config struct {
	Home      string
	Datasets  []*guichet.Dataset
	Clock     guichet.Clock
	Threads   int           // of the engine; 0: the cores
	MemoryMiB int           // of the engine; 0: 1024
	LockWait  time.Duration // how long a writer waits for another; 0: one minute
	PackAt    int           // small files of a cube above which CompactSome packs; 0: 64
	PieceSize int64         // bytes; a data file of twice that is cut into pieces of about that; 0: 64 MiB
}

// Store is the tables of one home.
type Store struct {
	cfg    Config
	home   Home          // as it was opened; its version may rise
	db     *sql.DB       // SQLite: catalogue, submissions, units
	engine *sql.DB       // DuckDB, for asking
	ask    chan struct{} // as many questions at once as there are cores
	step   func(string)  // told of every step of a commit; nil but in tests

	version atomic.Int64 // of the home

	labels labelCache // what this store has read of label files

	states sync.Map   // dataset -> seenState
	giving sync.Mutex // one writer of the ledger at a time

	streaming streamEngine // DuckDB, for records

	mu    sync.Mutex // guards cache
	cache map[string]*shelf
}

// Open opens a home's tables. When no other process writes, what a killed one
// left half done is undone or finished first.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	home, err := OpenHome(cfg.Home)
	if err != nil {
		return nil, err
	}
	if cfg.LockWait == 0 {
		cfg.LockWait = time.Minute
	}
	if cfg.PackAt == 0 {
		cfg.PackAt = packAt
	}
	if cfg.PieceSize == 0 {
		cfg.PieceSize = pieceSize
	}
	threads := cfg.Threads
	if threads == 0 {
		threads = runtime.NumCPU()
	}
	s := &Store{cfg: cfg, home: home, cache: map[string]*shelf{}, ask: make(chan struct{}, threads)}
	s.version.Store(int64(home.Version))
	if s.db, err = openDB(filepath.Join(home.Path, homeDB)); err != nil {
		return nil, err
	}
	if err := s.prepare(ctx); err != nil {
		_ = s.Close()
		if isFull(err) {
			err = &guichet.Error{Kind: guichet.KindFull, Message: "the disk is full: the home cannot be opened", Hint: "free some space beside the home and try again", Err: err}
		}
		return nil, err
	}
	return s, nil
}

// prepare makes the tables when they are missing and mends what was left half
// done. Both need the right to write; a reader beside a writer does neither.
func (s *Store) prepare(ctx context.Context) error {
	l, err := lockHome(ctx, s.home.Path, 0)
	if guichet.KindOf(err) == guichet.KindBusy {
		return s.createRegister(ctx) // a table that an older program did not know; else nothing
	}
	if err != nil {
		return err
	}
	defer l.release()
	if err := s.createRegister(ctx); err != nil {
		return err
	}
	for _, ds := range s.cfg.Datasets {
		if _, err := s.openTable(ctx, ds, true); err != nil {
			return err
		}
	}
	return s.recover(ctx)
}

// Close lets go of everything.
func (s *Store) Close() error {
	first := s.streaming.close()
	for _, db := range []*sql.DB{s.engine, s.db} {
		if db == nil {
			continue
		}
		if err := db.Close(); err != nil && first == nil {
			first = fmt.Errorf("close: %w", err)
		}
	}
	return first
}

// Home returns the paper at the door.
func (s *Store) Home() Home {
	h := s.home
	h.Version = int(s.version.Load())
	return h
}

// Dataset returns the descriptor of a dataset held here.
func (s *Store) Dataset(name string) (*guichet.Dataset, error) {
	for _, d := range s.cfg.Datasets {
		if d.Name == name {
			return d, nil
		}
	}
	return nil, guichet.Errorf(guichet.KindNotFound, "there is no dataset %q here", name)
}

// asking returns the engine that answers questions, opened at first use.
func (s *Store) asking(ctx context.Context) (*sql.DB, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.engine != nil {
		return s.engine, nil
	}
	db, err := openEngine(ctx, EngineConfig{
		Threads: s.cfg.Threads, MemoryMiB: s.cfg.MemoryMiB,
		TempDir: filepath.Join(s.home.Path, dirStaging, "spill-"+fmt.Sprint(os.Getpid())),
		Dirs:    []string{filepath.Join(s.home.Path, dirTables), filepath.Join(s.home.Path, dirRejects), filepath.Join(s.home.Path, dirStaging)},
	})
	if err != nil {
		return nil, err
	}
	s.engine = db
	return db, nil
}

// StagingDir makes an empty folder for one staging, inside the home so that
// files move into their place by renaming.
func (s *Store) StagingDir() (string, error) {
	dir, err := os.MkdirTemp(filepath.Join(s.home.Path, dirStaging), "in-")
	if err != nil {
		return "", fmt.Errorf("staging folder: %w", err)
	}
	return dir, nil
}
