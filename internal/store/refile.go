package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"guichet"
)

// Refile makes of records that another node gave, a file of an Arrow IPC stream, what
// Commit takes: Parquet in the dataset's own columns, sorted, in dir; and
// completes the submission with what the rows tell: how many they are, their
// shapes, and what each of its units holds. A column that the stream has not is
// absent. Where the records tell common codes alone, those are the codes too.
//
// Units of a copy have the submission's own id for their scope: all that a list names
// is in force at its source, so that no submission of a copy supersedes another.
//
// The stream is held to its types as CopyRecords does. KindHostile for what is no such
// stream, for a private column, and for rows outside of the units that the
// submission names: what is not listed is not taken.
func Refile(ctx context.Context, ds *guichet.Dataset, sub *guichet.Submission, stream, dir string) (Intake, error) {
	plain := filepath.Join(dir, "records.parquet")
	if err := recordsToParquet(ctx, stream, plain); err != nil {
		return Intake{}, err
	}
	defer func() { _ = os.Remove(plain) }()
	db, err := openEngine(ctx, EngineConfig{Dirs: []string{dir}, TempDir: filepath.Join(dir, "spill"), MemoryMiB: 512})
	if err != nil {
		return Intake{}, err
	}
	defer func() { _ = db.Close() }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return Intake{}, fmt.Errorf("refile: %w", err)
	}
	defer func() { _ = conn.Close() }()
	r := &refiler{ds: ds, sub: sub, stager: stager{
		cfg: StageConfig{Dir: dir, Submission: sub.ID}, ds: ds, db: db, conn: conn,
	}}
	if err := r.write(ctx, plain); err != nil {
		return Intake{}, full(err)
	}
	if err := r.tell(ctx); err != nil {
		return Intake{}, full(err)
	}
	return Intake{Submission: sub, Dir: dir, Data: dataFile}, nil
}

func recordsToParquet(ctx context.Context, stream, path string) error {
	in, err := os.Open(stream) //nolint:gosec // of our own folder
	if err != nil {
		return fmt.Errorf("refile: %w", err)
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // of our own folder
	if err != nil {
		return full(err)
	}
	_, err = CopyRecords(ctx, in, "parquet", out)
	if cerr := out.Close(); err == nil && !errors.Is(cerr, os.ErrClosed) { // the writer of Parquet has closed it
		err = cerr
	}
	if err != nil {
		return full(err)
	}
	return nil
}

// refiler is a stager whose rows are there already: it summarises them as it
// would a file's.
type refiler struct {
	stager
	ds   *guichet.Dataset
	sub  *guichet.Submission
	have []string
}

func (r *refiler) write(ctx context.Context, plain string) error {
	if err := r.columns(ctx, plain); err != nil {
		return err
	}
	var cols, ids, order []string
	r.out.Filled = map[string]string{}
	for _, f := range r.ds.RowFields() {
		expr, ok := r.fill(f)
		if !ok && !f.Required {
			continue
		}
		cols = append(cols, "("+expr+")::"+sqlType(f.Type)+" AS "+f.Name)
		ids = append(ids, f.Name+": "+strconv.Itoa(f.ID))
		if ok {
			r.out.Filled[f.Name] = ""
		}
	}
	for _, f := range r.ds.Sort {
		if _, ok := r.out.Filled[f]; ok {
			order = append(order, f)
		}
	}
	query := "COPY (SELECT " + strings.Join(cols, ", ") + " FROM read_parquet(" + lit(plain) + ") r"
	if len(order) > 0 {
		query += " ORDER BY " + strings.Join(order, ", ")
	}
	return r.exec(ctx, query+") TO "+lit(filepath.Join(r.cfg.Dir, dataFile))+" (FORMAT parquet, COMPRESSION zstd, FIELD_IDS {"+strings.Join(ids, ", ")+"})")
}

// columns reads the names of the records' columns, and refuses those that no such
// rows may have.
func (r *refiler) columns(ctx context.Context, plain string) error {
	rows, err := r.conn.QueryContext(ctx, "SELECT column_name FROM (DESCRIBE SELECT * FROM read_parquet("+lit(plain)+"))")
	if err != nil {
		return fmt.Errorf("refile: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return fmt.Errorf("refile: %w", err)
		}
		f, field := r.ds.Field(name)
		_, _, class := r.ds.ClassificationBy(name)
		if !field && !class || field && (f.Role == guichet.Private || f.Place != guichet.InRow) {
			return guichet.Errorf(guichet.KindHostile, "the records have a column %q, which no copy may have", clipped(name))
		}
		r.have = append(r.have, name)
	}
	return rows.Err()
}

// fill is the expression of a field over the records, and whether they have it.
// No name of theirs enters a statement that is not one of the dataset's.
func (r *refiler) fill(f guichet.Field) (string, bool) {
	if f.Name == guichet.FieldSubmission {
		return lit(r.sub.ID), true
	}
	if slices.Contains(r.have, f.Name) {
		return "r." + f.Name, true
	}
	for _, c := range r.ds.Classifications {
		level, digits := r.level(c)
		if level == "" {
			continue
		}
		switch f.Name {
		case c.Code, c.Common:
			return "r." + level, true
		case c.Level:
			return strconv.Itoa(digits), true
		case c.Subtotal:
			return "false", true
		}
	}
	return "NULL", false
}

// level is the level of a classification that the records tell, "" where they
// have its codes as they are.
func (r *refiler) level(c guichet.Classification) (string, int) {
	if slices.Contains(r.have, c.Code) {
		return "", 0
	}
	for _, l := range c.Levels {
		if slices.Contains(r.have, l.Name) {
			return l.Name, l.Digits
		}
	}
	return "", 0
}

// tell completes the submission.
func (r *refiler) tell(ctx context.Context) error {
	from := " FROM read_parquet(" + lit(filepath.Join(r.cfg.Dir, dataFile)) + ")"
	if err := r.summariseUnits(ctx, from); err != nil {
		return err
	}
	if err := r.summariseRemarks(ctx, from); err != nil {
		return err
	}
	listed := map[string]int{}
	for i, u := range r.sub.Units {
		listed[u.Key(r.ds.UnitFields)] = i
	}
	for _, u := range r.out.Units {
		u.Scope = r.sub.ID
		i, ok := listed[u.Key(r.ds.UnitFields)]
		if !ok {
			return guichet.Errorf(guichet.KindHostile, "the records of %s hold %s %s, which its list does not name", r.sub.ID, clipped(u.Reporter), u.Period)
		}
		r.sub.Units[i].Rows, r.sub.Units[i].Value = u.Rows, u.Value
	}
	r.sub.Records, r.sub.Kept, r.sub.Lines = r.out.Records, r.out.Records, r.out.Records
	r.sub.Shapes, r.sub.Remarks = r.out.Shapes, r.out.Remarks
	return nil
}

func clipped(s string) string {
	const most = 64
	if len(s) > most {
		return strconv.Quote(s[:most])
	}
	return s
}
