package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/catalog"
	icesql "github.com/apache/iceberg-go/catalog/sql"
	"github.com/apache/iceberg-go/table"

	"guichet"
)

// Export writes the present rows of a dataset as a plain Iceberg table with
// absolute paths, which any engine opens, into a folder that is empty or not
// there, and what is constant for each submission into submissions.json beside
// it. Sources that may not be redistributed are left out, and so are private
// fields and the lines that were put aside. It returns the path of the metadata
// to open.
func (s *Store) Export(ctx context.Context, ds *guichet.Dataset, dir string) (string, error) {
	abs, err := emptyFolder(dir)
	if err != nil {
		return "", err
	}
	r, err := s.read(ctx, ds.Name)
	if err != nil {
		return "", err
	}
	defer r.end()
	sh, err := s.shelfOf(ctx, ds.Name)
	if err != nil {
		return "", err
	}
	held, err := s.snapshotFiles(ctx, ds, sh, guichet.Moment{})
	if err != nil {
		return "", err
	}
	var subs []*guichet.Submission
	var files []string
	copied := map[string]bool{} // a pack holds several submissions, all of which may leave or none
	for _, sub := range sh.subs {
		if !sub.MayRedistribute || len(held.of(sub.ID)) == 0 {
			continue
		}
		subs = append(subs, shared(sub))
		for _, f := range held.of(sub.ID) {
			if copied[f.Name] {
				continue
			}
			copied[f.Name] = true
			to := filepath.Join(abs, ds.Name, "data", f.Name)
			if err := s.exportFile(ctx, ds, s.dataPath(ds.Name, f.Name), to); err != nil {
				return "", full(err)
			}
			files = append(files, "file://"+to)
		}
	}
	if len(files) == 0 {
		return "", guichet.Errorf(guichet.KindNotFound, "nothing here may be exported").WithHint("take a file in whose licence allows it to leave the node")
	}
	paper, err := json.MarshalIndent(subs, "", "  ")
	if err != nil {
		return "", fmt.Errorf("export: %w", err)
	}
	if err := os.WriteFile(filepath.Join(abs, "submissions.json"), append(paper, '\n'), 0o600); err != nil {
		return "", fmt.Errorf("export: %w", err)
	}
	return exportTable(ctx, withoutPrivate(ds), abs, files)
}

// exportTable makes a table of copied files in a catalogue of its own.
func exportTable(ctx context.Context, ds *guichet.Dataset, dir string, files []string) (string, error) {
	db, err := openDB(filepath.Join(dir, "catalog.db"))
	if err != nil {
		return "", err
	}
	defer func() { _ = db.Close() }()
	cat, err := icesql.NewCatalog("guichet", db, icesql.SQLite, iceberg.Properties{"init_catalog_tables": "true"})
	if err != nil {
		return "", fmt.Errorf("export catalogue: %w", err)
	}
	if err := cat.CreateNamespace(ctx, table.Identifier{"guichet"}, nil); err != nil {
		return "", fmt.Errorf("export: %w", err)
	}
	sc, err := schemaOf(ds)
	if err != nil {
		return "", err
	}
	t, err := cat.CreateTable(ctx, table.Identifier{"guichet", ds.Name}, sc, catalog.WithLocation("file://"+filepath.Join(dir, ds.Name)), catalog.WithProperties(iceberg.Properties{"format-version": "2"}))
	if err != nil {
		return "", fmt.Errorf("export: %w", err)
	}
	// iceberg-go numbers the columns of a new table itself; the files carry ours.
	if shifted, err := missingFields(t.Schema(), sc, ds); err != nil || len(shifted) > 0 {
		return "", errors.Join(fmt.Errorf("export: the columns %v would have other ids than in the files", shifted), err)
	}
	tx := t.NewTransaction()
	if err := tx.AddFiles(ctx, files, nil, false); err != nil {
		return "", fmt.Errorf("export: %w", err)
	}
	done, err := tx.Commit(ctx)
	if err != nil {
		return "", fmt.Errorf("export: %w", err)
	}
	return strings.TrimPrefix(done.MetadataLocation(), "file://"), nil
}

func emptyFolder(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("export: %w", err)
	}
	// iceberg-go writes locations as URIs and escapes what a URI must; other
	// readers take them as they stand and would not find the files.
	if (&url.URL{Path: abs}).EscapedPath() != abs {
		return "", guichet.Errorf(guichet.KindInvalid, "other engines would not find a table in %s: its path holds more than letters, digits and plain signs", abs).
			WithHint("name a folder without spaces, accents and other signs in its path")
	}
	entries, err := os.ReadDir(abs)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", guichet.Errorf(guichet.KindInvalid, "%s cannot be used: %w", dir, err)
	}
	if len(entries) > 0 {
		return "", guichet.Errorf(guichet.KindInvalid, "%s is not empty", dir).WithHint("name an empty folder, or one that is not there yet")
	}
	return abs, mkdirDurably(abs)
}

func copyDurably(from, to string) error {
	if err := mkdirDurably(filepath.Dir(to)); err != nil {
		return err
	}
	src, err := os.Open(from) //nolint:gosec // inside the home
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	defer func() { _ = src.Close() }()
	dst, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // the folder that the operator named
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, (&durableFile{dst}).Close())
}
