package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/parquet/file"

	"guichet"
)

// Private fields (traders, their papers) are kept for whoever runs the node and
// never leave it. The desk refuses to ask for them; what stands here holds even
// where it did not: no plan names one, and no export carries one.

// noPrivate refuses a plan that names a private field.
func noPrivate(ds *guichet.Dataset, p guichet.Plan) error {
	names := slices.Concat(p.By, p.Measures)
	for _, part := range p.Parts {
		for _, c := range part.Clauses {
			names = append(names, c.Field)
		}
	}
	for _, name := range names {
		if f, ok := ds.Field(name); ok && f.Role == guichet.Private {
			return guichet.Errorf(guichet.KindRefused, "the field %q of %s is private: it never leaves the node", name, ds.Name)
		}
	}
	return nil
}

// withoutPrivate is a descriptor as others may see it.
func withoutPrivate(ds *guichet.Dataset) *guichet.Dataset {
	out := *ds
	out.Fields = slices.DeleteFunc(slices.Clone(ds.Fields), func(f guichet.Field) bool { return f.Role == guichet.Private })
	return &out
}

// shared is a submission as others may see it: without the examples of lines
// put aside, which show the line as it came.
func shared(sub *guichet.Submission) *guichet.Submission {
	out := *sub
	out.Reasons = slices.Clone(sub.Reasons)
	for i := range out.Reasons {
		out.Reasons[i].Example = ""
	}
	out.FieldCounts = nil // they tell of private fields too
	return &out
}

// exportFile copies a data file out of the home; one with private columns is
// written anew without them.
func (s *Store) exportFile(ctx context.Context, ds *guichet.Dataset, from, to string) error {
	ids, err := fieldIDs(from)
	if err != nil {
		return err
	}
	private := func(f guichet.Field) bool { return f.Role == guichet.Private && slices.Contains(ids, f.ID) }
	if !slices.ContainsFunc(ds.RowFields(), private) {
		return copyDurably(from, to)
	}
	var cols, fields []string
	for _, f := range withoutPrivate(ds).RowFields() {
		if slices.Contains(ids, f.ID) {
			cols, fields = append(cols, "r."+f.Name), append(fields, f.Name+": "+strconv.Itoa(f.ID))
		}
	}
	if err := mkdirDurably(filepath.Dir(to)); err != nil {
		return err
	}
	// An engine of its own: that of questions may write inside the home alone.
	spill := to + ".spill"
	engine, err := openEngine(ctx, EngineConfig{
		Threads: s.cfg.Threads, MemoryMiB: s.cfg.MemoryMiB, TempDir: spill, Dirs: []string{filepath.Dir(to)}, Files: []string{from},
	})
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(spill) }()
	defer func() { _ = engine.Close() }()
	query := "COPY (SELECT " + strings.Join(cols, ", ") + " FROM " + readParquet(ds, []string{from}) + " r) TO " + lit(to) +
		" (FORMAT parquet, COMPRESSION zstd, FIELD_IDS {" + strings.Join(fields, ", ") + "})"
	if _, err := engine.ExecContext(ctx, query); err != nil {
		return fmt.Errorf("write without private fields: %w", err)
	}
	return syncFile(to)
}

// fieldIDs are the ids of the columns of a Parquet file.
func fieldIDs(path string) ([]int, error) {
	r, err := file.OpenParquetFile(path, false)
	if err != nil {
		return nil, fmt.Errorf("read columns: %w", err)
	}
	root := r.MetaData().Schema.Root()
	ids := make([]int, root.NumFields())
	for i := range ids {
		ids[i] = int(root.Field(i).FieldID())
	}
	if err := r.Close(); err != nil {
		return nil, fmt.Errorf("read columns: %w", err)
	}
	return ids, nil
}
