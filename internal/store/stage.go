package store

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"

	"guichet"
)

// Judge gives the verdicts on the distinct keys of a group, in their order.
type Judge func(g guichet.KeyGroup, keys [][]string) ([]guichet.Verdict, error)

// StageConfig says where and with how much a file is staged.
type StageConfig struct {
	Dir        string // a folder of our own, empty; results are written here
	Submission string // id written into every row
	Reporter   string // constant reporter, "" when a group fills it
	Engine     EngineConfig
	Progress   guichet.Progress
}

// Staged is what staging found. Nothing of it is kept before Commit.
type Staged struct {
	Lines    int64             `json:"lines"`
	Kept     int64             `json:"kept"`
	Aside    int64             `json:"aside"`
	Records  int64             `json:"records"`
	Totals   []guichet.Total   `json:"totals"`
	Reasons  []guichet.Count   `json:"reasons"`
	Remarks  []guichet.Count   `json:"remarks"`
	Units    []guichet.Unit    `json:"units"`
	Shapes   []guichet.Shape   `json:"shapes"`
	Outliers []guichet.Outlier `json:"outliers"`
	Data     string            `json:"data"`    // Parquet of kept records, in Dir; "" when there is none
	Rejects  string            `json:"rejects"` // Parquet of lines put aside, in Dir; "" when there is none
	Filled   map[string]string `json:"filled"`  // row field -> "" varying, or its constant
	// Fields say how each field came out, those that were written and those that put
	// lines aside.
	Fields []guichet.FieldCount `json:"fields"`
}

// stager holds one staging: the descriptor, the layout and one connection.
type stager struct {
	cfg    StageConfig
	ds     *guichet.Dataset
	layout guichet.Layout
	db     *sql.DB
	conn   *sql.Conn
	groups []*group
	empty  map[string]bool // key columns that hold an empty text somewhere
	nums   []*number
	copied []copied         // private texts
	said   map[string]int64 // what is remarked of kept records, as it stands in them -> records
	out    Staged
}

// Stage turns delimited text into sorted Parquet: distinct keys are judged
// once by judge, the verdicts are joined to every row, rows that cannot be read
// are put aside with their place and reason. The invariant file = kept + aside
// is checked for every measure. Errors are *guichet.Error where the file is at
// fault.
func Stage(ctx context.Context, cfg StageConfig, ds *guichet.Dataset, layout guichet.Layout, judge Judge) (*Staged, error) {
	if cfg.Progress == nil {
		cfg.Progress = func(string, int64, int64) {}
	}
	cfg.Engine.Dirs = append(cfg.Engine.Dirs, cfg.Dir)
	cfg.Engine.KeepJoinOrder = true
	cfg.Engine.TempDir = filepath.Join(cfg.Dir, "spill")
	cfg.Engine.Files = append(cfg.Engine.Files, layout.Files...)
	db, err := openEngine(ctx, cfg.Engine)
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("stage: %w", err)
	}
	defer func() { _ = conn.Close() }()
	s := &stager{cfg: cfg, ds: ds, layout: layout, db: db, conn: conn, empty: map[string]bool{}}
	steps := []struct {
		name string
		run  func(context.Context, Judge) error
	}{
		{"reading keys", s.readKeys},
		{"judging keys", s.judgeKeys},
		{"writing records", s.writeRecords}, // and finding what is put aside
		{"putting lines aside", s.writeRejects},
		{"checking totals", s.summarise},
	}
	for i, step := range steps {
		cfg.Progress(step.name, int64(i), int64(len(steps)))
		if err := step.run(ctx, judge); err != nil {
			return nil, s.explain(step.name, err)
		}
	}
	cfg.Progress("checking totals", int64(len(steps)), int64(len(steps)))
	return &s.out, nil
}

// explain turns an engine error into words; the file's own faults were found
// before, so what is left is the machine (disk, memory) or ours.
func (s *stager) explain(step string, err error) error {
	if k := guichet.KindOf(err); k != guichet.KindInternal {
		return err
	}
	if isFull(err) {
		e := guichet.Errorf(guichet.KindFull, "the disk is full while %s; nothing was kept", step).WithHint("free some space beside the home and take the file in again")
		e.Err = err
		return e
	}
	return fmt.Errorf("%s: %w", step, err)
}

func (s *stager) exec(ctx context.Context, query string) error {
	if _, err := s.conn.ExecContext(ctx, query); err != nil {
		return fmt.Errorf("%w in %s", err, firstLine(query))
	}
	return nil
}

func firstLine(q string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(q), "\n")
	return line
}

// column returns the engine's name of a column of the text; names from outside
// never enter a statement.
func (s *stager) column(name string) (string, error) {
	for i, c := range s.layout.Columns {
		if c == name {
			return fmt.Sprintf("c%d", i), nil
		}
	}
	return "", guichet.Errorf(guichet.KindInvalid, "the profile names a column %q that the layout does not have", name)
}

// source is the statement that reads the text: every column as text, nothing
// guessed. Lines with too few or too many columns are left out by
// ignore_errors and counted apart (raggedLines); a line with too many of which
// those at its end are empty is read without them, which no option forbids.
func (s *stager) source(rejects bool) string {
	files := make([]string, len(s.layout.Files))
	for i, f := range s.layout.Files {
		files[i] = lit(f)
	}
	cols := make([]string, len(s.layout.Columns))
	for i := range cols {
		cols[i] = fmt.Sprintf("'c%d':'VARCHAR'", i)
	}
	quote := s.layout.Quote
	opts := fmt.Sprintf("columns={%s}, header=%t, auto_detect=false, delim=%s, quote=%s, escape=%s, strict_mode=true, ignore_errors=true, hive_partitioning=false, max_line_size=1048576",
		strings.Join(cols, ","), s.layout.Header, lit(s.layout.Delimiter), lit(quote), lit(quote))
	if rejects {
		opts += ", store_rejects=true, rejects_table='ragged', rejects_scan='ragged_scan'"
	}
	return "read_csv([" + strings.Join(files, ",") + "], " + opts + ")"
}
