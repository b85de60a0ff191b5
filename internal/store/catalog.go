package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/catalog"
	icesql "github.com/apache/iceberg-go/catalog/sql"
	icebergio "github.com/apache/iceberg-go/io"
	"github.com/apache/iceberg-go/table"

	"guichet"
)

// scheme is the URI scheme of kept paths: home:/tables/trade/data/x.parquet is
// relative to the home, so that a moved home still opens. Iceberg would store
// absolute paths.
const scheme = "home"

// homeProp carries the home's folder to the file system behind the scheme.
const homeProp = "guichet.home"

//nolint:gochecknoglobals // iceberg-go's registry is global and panics when asked twice
var registerScheme = sync.OnceFunc(func() {
	icebergio.Register(scheme, func(_ context.Context, _ *url.URL, props map[string]string) (icebergio.IO, error) {
		dir := props[homeProp]
		if dir == "" {
			return nil, errors.New("a table of a home was opened without the home's folder")
		}
		return homeIO{dir}, nil
	})
})

// homeIO is Iceberg's file system in a home. What it has written is synced:
// iceberg-go itself syncs nothing.
type homeIO struct{ dir string }

func (h homeIO) path(name string) string {
	return filepath.Join(h.dir, filepath.FromSlash(strings.TrimPrefix(strings.TrimPrefix(name, scheme+":"), "//")))
}

// Open opens a file for reading.
func (h homeIO) Open(name string) (icebergio.File, error) { return os.Open(h.path(name)) }

// Remove removes a file.
func (h homeIO) Remove(name string) error { return os.Remove(h.path(name)) }

// Create creates a file whose Close makes it durable.
func (h homeIO) Create(name string) (icebergio.FileWriter, error) {
	p := h.path(name)
	if err := mkdirDurably(filepath.Dir(p)); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(p, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // inside the home
	if err != nil {
		return nil, fmt.Errorf("create: %w", err)
	}
	return &durableFile{f}, nil
}

// WriteFile writes a whole file durably.
func (h homeIO) WriteFile(name string, p []byte) error {
	f, err := h.Create(name)
	if err != nil {
		return err
	}
	if _, err := f.Write(p); err != nil {
		_ = f.Close()
		return fmt.Errorf("write: %w", err)
	}
	return f.Close()
}

// durableFile syncs its content and its folder when it is closed.
type durableFile struct{ *os.File }

// Close makes the file durable: content, then the folder's entry.
func (f *durableFile) Close() error {
	if err := f.Sync(); err != nil {
		_ = f.File.Close()
		return fmt.Errorf("sync: %w", err)
	}
	if err := f.File.Close(); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return syncFile(filepath.Dir(f.Name()))
}

// openDB opens the home's SQLite file: write-ahead log, every commit synced.
func openDB(path string) (*sql.DB, error) {
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open catalogue: %w", err)
	}
	return db, nil
}

// openTable opens the Iceberg catalogue and the table of a dataset. With create
// set it is made when it is not there, and given the columns that its descriptor
// has gained; the caller then holds the right to write.
func (s *Store) openTable(ctx context.Context, ds *guichet.Dataset, create bool) (*table.Table, error) {
	registerScheme()
	cat, err := icesql.NewCatalog("guichet", s.db, icesql.SQLite, iceberg.Properties{homeProp: s.home.Path, "init_catalog_tables": strconv.FormatBool(create)})
	if err != nil {
		return nil, fmt.Errorf("open catalogue: %w", err)
	}
	ident := table.Identifier{"guichet", ds.Name}
	if create {
		if err := s.createTable(ctx, cat, ds, ident); err != nil {
			return nil, err
		}
	}
	t, err := cat.LoadTable(ctx, ident)
	if err != nil {
		return nil, fmt.Errorf("open table %s: %w", ds.Name, err)
	}
	if create {
		return evolve(ctx, t, ds)
	}
	return t, nil
}

func (s *Store) createTable(ctx context.Context, cat *icesql.Catalog, ds *guichet.Dataset, ident table.Identifier) error {
	if ok, err := cat.CheckTableExists(ctx, ident); err != nil || ok {
		return err
	}
	if err := cat.CreateNamespace(ctx, ident[:1], nil); err != nil && !errors.Is(err, catalog.ErrNamespaceAlreadyExists) {
		return fmt.Errorf("create namespace: %w", err)
	}
	sc, err := schemaOf(ds)
	if err != nil {
		return err
	}
	_, err = cat.CreateTable(ctx, ident, sc, catalog.WithLocation(scheme+":/"+dirTables+"/"+ds.Name), catalog.WithProperties(tableProps()))
	if err != nil {
		return fmt.Errorf("create table %s: %w", ds.Name, err)
	}
	return nil
}

// tableProps: small manifests are merged, so that planning stays quick after
// hundreds of commits; nothing expires; old metadata.json files are let go,
// since each names every snapshot again.
func tableProps() iceberg.Properties {
	return iceberg.Properties{
		"commit.manifest-merge.enabled":              "true",
		"commit.manifest.min-count-to-merge":         "20",
		"write.metadata.delete-after-commit.enabled": "true",
		"write.metadata.previous-versions-max":       "20",
		"format-version":                             "2",
		"commit.retry.num-retries":                   "4",
	}
}

// schemaOf turns a descriptor's row fields into an Iceberg schema. Every field
// is optional there: a file written before a field existed does not carry it.
func schemaOf(ds *guichet.Dataset) (*iceberg.Schema, error) {
	var out []iceberg.NestedField
	for _, f := range ds.RowFields() {
		var t iceberg.Type = iceberg.PrimitiveTypes.String
		switch f.Type {
		case guichet.TypeDate:
			t = iceberg.PrimitiveTypes.Date
		case guichet.TypeDecimal:
			t = iceberg.DecimalTypeOf(18, 3)
		case guichet.TypeInt:
			t = iceberg.PrimitiveTypes.Int32
		case guichet.TypeBool:
			t = iceberg.PrimitiveTypes.Bool
		case guichet.TypeText:
		default:
			return nil, fmt.Errorf("field %s has the unknown type %q", f.Name, f.Type)
		}
		out = append(out, iceberg.NestedField{ID: f.ID, Name: f.Name, Type: t, Doc: f.Title.EN})
	}
	return iceberg.NewSchema(0, out...), nil
}
