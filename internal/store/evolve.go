package store

import (
	"context"
	"fmt"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"guichet"
)

// evolve gives a table the columns that its descriptor has gained since the
// table was made: a home of an older guichet goes on working, and a file of
// then gives NULL for what it does not carry. Nothing is ever taken away or
// changed: a field of another name or type under the same id is KindVersion.
//
// The caller holds the right to write. It is one commit of the catalogue, and
// makes no snapshot: what was answered of an earlier moment still is.
//
// A column that this program does not know, of a newer one, is left alone.
func evolve(ctx context.Context, tbl *table.Table, ds *guichet.Dataset) (*table.Table, error) {
	want, err := schemaOf(ds)
	if err != nil {
		return nil, err
	}
	missing, err := missingFields(tbl.Schema(), want, ds)
	if err != nil || len(missing) == 0 {
		return tbl, err
	}
	tx := tbl.NewTransaction()
	// The names that stand for ids in files without any are kept with the schema.
	change := tx.UpdateSchema(true, false, table.WithNameMapping(tbl.NameMapping()))
	last := tbl.Metadata().LastColumnID()
	for i, f := range missing {
		// iceberg-go numbers new columns itself, from the last one on. Our ids
		// are appended, so that these are the same; a hole would shift them.
		if f.ID != last+1+i {
			return nil, fmt.Errorf("table %s: the field %s has the id %d, and the table would give it %d", ds.Name, f.Name, f.ID, last+1+i)
		}
		change = change.AddColumn([]string{f.Name}, f.Type, f.Doc, false, nil)
	}
	if err := change.Commit(); err != nil {
		return nil, fmt.Errorf("add columns to table %s: %w", ds.Name, err)
	}
	done, err := tx.Commit(ctx)
	if err != nil {
		return nil, fmt.Errorf("add columns to table %s: %w", ds.Name, err)
	}
	return done, nil
}

// missingFields returns the fields of want that have does not hold, in order.
func missingFields(have, want *iceberg.Schema, ds *guichet.Dataset) ([]iceberg.NestedField, error) {
	var missing []iceberg.NestedField
	for _, f := range want.Fields() {
		old, ok := have.FindFieldByID(f.ID)
		switch {
		case !ok:
			missing = append(missing, f)
		case old.Name != f.Name || !old.Type.Equals(f.Type):
			return nil, guichet.Errorf(guichet.KindVersion, "table %s: the field %d is %s %s in this home, and %s %s to this program", ds.Name, f.ID, old.Name, old.Type, f.Name, f.Type).
				WithHint("use the guichet that made the home, or take its originals in again")
		}
	}
	return missing, nil
}
