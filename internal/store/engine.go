package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2" // the driver "duckdb"
	"golang.org/x/sys/unix"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"guichet"
)

// EngineConfig bounds a DuckDB instance.
type EngineConfig struct {
	Threads   int      // 0: as many as there are cores
	MemoryMiB int      // 0: 1024
	TempDir   string   // where it may spill; created when needed
	Dirs      []string // folders that it may read and write; nothing else
	Files     []string // single files that it may read
	// KeepJoinOrder leaves joins as they are written: the optimiser takes a CSV
	// for some 42 rows and would make it the build side of the join.
	KeepJoinOrder bool
}

// openEngine opens a DuckDB in memory that may touch only what the
// configuration names: no extension is installed or loaded, no other file is
// read, and the configuration is locked.
func openEngine(ctx context.Context, cfg EngineConfig) (*sql.DB, error) {
	if !arrowBuilt {
		return nil, guichet.Errorf(guichet.KindInternal, "this program was built without the tag duckdb_arrow").
			WithHint("build it with `make build`, or `go build -tags duckdb_arrow`")
	}
	if cfg.MemoryMiB == 0 {
		cfg.MemoryMiB = 1024
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, fmt.Errorf("open engine: %w", err)
	}
	for _, s := range cfg.settings() {
		if _, err := db.ExecContext(ctx, s); err != nil {
			_ = db.Close()
			return nil, fmt.Errorf("configure engine: %s: %w", s, err)
		}
	}
	return db, nil
}

// settings are the statements that bound an instance; nothing can be set after
// the last.
func (cfg EngineConfig) settings() []string {
	// Settings are per instance; the temporary tables of a staging are per
	// connection, which is why it holds one connection throughout.
	stmts := []string{
		"SET memory_limit='" + strconv.Itoa(cfg.MemoryMiB) + "MiB'",
		"SET autoinstall_known_extensions=false",
		"SET autoload_known_extensions=false",
		"SET enable_progress_bar=false",
		"SET preserve_insertion_order=true",
		// A kept file never changes; without it every question reads the footers
		// again (100 million rows in one file: 70 ms for 12).
		"SET parquet_metadata_cache=true",
		"SET temp_directory=" + lit(cfg.TempDir),
	}
	if cfg.KeepJoinOrder {
		stmts = append(stmts, "SET disabled_optimizers='join_order,build_side_probe_side'")
	}
	if cfg.Threads > 0 {
		stmts = append(stmts, "SET threads="+strconv.Itoa(cfg.Threads))
	}
	dirs := make([]string, 0, len(cfg.Dirs)+1)
	for _, d := range append(cfg.Dirs, cfg.TempDir) {
		if d != "" {
			dirs = append(dirs, lit(strings.TrimSuffix(d, "/")+"/"))
		}
	}
	files := make([]string, len(cfg.Files))
	for i, f := range cfg.Files {
		files[i] = lit(f)
	}
	return append(stmts,
		"SET allowed_directories=["+strings.Join(dirs, ",")+"]",
		"SET allowed_paths=["+strings.Join(files, ",")+"]",
		"SET enable_external_access=false",
		"SET lock_configuration=true")
}

// isFull says whether an error means that the disk is full. DuckDB tells it only
// in words.
func isFull(err error) bool {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return true
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		// Its shared memory is a file too, for which it has no word of its own.
		return e.Code()&0xff == sqlite3.SQLITE_FULL || e.Code() == sqlite3.SQLITE_IOERR_SHMSIZE
	}
	for _, sign := range []string{"No space left", "no space left", "Could not write all bytes", "failed to offload data block", "disk quota"} {
		if strings.Contains(err.Error(), sign) {
			return true
		}
	}
	return false
}

// lit writes a string as an SQL literal. It is for paths and for constants of a
// profile in statements that take no parameters (COPY, CREATE TYPE, SET);
// values of questions are bound.
func lit(s string) string {
	return "'" + strings.ReplaceAll(strings.ReplaceAll(s, "\x00", ""), "'", "''") + "'"
}

// syncFile makes a file's content durable.
func syncFile(path string) error {
	f, err := os.Open(path) //nolint:gosec // paths of our own home
	if err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	defer func() { _ = f.Close() }()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", path, err)
	}
	return nil
}

// moveDurably renames a file into its place: content synced, renamed, both
// folders synced. When it returns, the file is there after a power cut.
func moveDurably(from, to string) error {
	if err := syncFile(from); err != nil {
		return err
	}
	if err := mkdirDurably(filepath.Dir(to)); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("move into place: %w", err)
	}
	if err := syncFile(filepath.Dir(to)); err != nil {
		return err
	}
	return syncFile(filepath.Dir(from))
}

// mkdirDurably creates a folder and the missing ones above it, and syncs the
// folder in which each new entry stands.
func mkdirDurably(dir string) error {
	if st, err := os.Stat(dir); err == nil && st.IsDir() {
		return nil
	}
	if err := mkdirDurably(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o750); err != nil && !os.IsExist(err) {
		return fmt.Errorf("create folder: %w", err)
	}
	return syncFile(filepath.Dir(dir))
}

func prefixed(before string, xs []string, after string) []string {
	out := make([]string, len(xs))
	for i, x := range xs {
		out[i] = before + x + after
	}
	return out
}
