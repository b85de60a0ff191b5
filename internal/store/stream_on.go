//go:build duckdb_arrow

package store

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	bindings "github.com/duckdb/duckdb-go-bindings"
	"github.com/duckdb/duckdb-go/v2/arrowmapping"

	"guichet"
)

// streamEngine is the DuckDB that records come out of, opened at first use. It
// is spoken to by the driver's own bindings: the driver knows no result that is
// handed out while it is read.
type streamEngine struct {
	mu   sync.Mutex // guards db and turn
	db   *bindings.Database
	turn chan struct{}
}

// open opens the engine when it is not, and waits for a turn.
func (e *streamEngine) open(ctx context.Context, s *Store) (*bindings.Database, func(), error) {
	e.mu.Lock()
	if e.turn == nil {
		e.turn = make(chan struct{}, mostStreams)
	}
	turn := e.turn
	err := e.ready(s)
	db := e.db
	e.mu.Unlock()
	if err != nil {
		return nil, nil, err
	}
	select {
	case turn <- struct{}{}:
		return db, func() { <-turn }, nil
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}

func (e *streamEngine) ready(s *Store) error {
	if e.db != nil {
		return nil
	}
	var db bindings.Database
	if bindings.Open("", &db) == bindings.StateError {
		return guichet.Errorf(guichet.KindInternal, "the engine for records cannot be opened")
	}
	cfg := EngineConfig{
		Threads: s.cfg.Threads, MemoryMiB: streamMemoryMiB,
		TempDir: filepath.Join(s.home.Path, dirStaging, "spill-records-"+fmt.Sprint(os.Getpid())),
		Dirs:    []string{filepath.Join(s.home.Path, dirTables)},
	}
	var conn bindings.Connection
	if bindings.Connect(db, &conn) == bindings.StateError {
		bindings.Close(&db)
		return guichet.Errorf(guichet.KindInternal, "the engine for records cannot be opened")
	}
	defer bindings.Disconnect(&conn)
	for _, stmt := range cfg.settings() {
		if err := execStream(conn, stmt); err != nil {
			bindings.Close(&db)
			return err
		}
	}
	e.db = &db
	return nil
}

// close lets go of the engine; nobody streams any more.
func (e *streamEngine) close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.db != nil {
		bindings.Close(e.db)
		e.db = nil
	}
	return nil
}

// execStream runs a statement that has no result.
func execStream(conn bindings.Connection, stmt string) error {
	var res bindings.Result
	state := bindings.Query(conn, stmt, &res)
	defer bindings.DestroyResult(&res)
	if state == bindings.StateError {
		return fmt.Errorf("records: %s", bindings.ResultError(&res))
	}
	return nil
}

// run writes a stream.
func (e *streamEngine) run(ctx context.Context, s *Store, st streamed, w io.Writer) (int64, error) {
	db, done, err := e.open(ctx, s)
	if err != nil {
		return 0, err
	}
	defer done()
	var conn bindings.Connection
	if bindings.Connect(*db, &conn) == bindings.StateError {
		return 0, guichet.Errorf(guichet.KindInternal, "the engine for records takes no connection")
	}
	defer bindings.Disconnect(&conn)
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { bindings.Interrupt(conn); close(interrupted) })
	defer func() {
		if !stop() {
			<-interrupted // it speaks to the connection
		}
	}()
	out := ipc.NewWriter(w, ipc.WithSchema(st.schema))
	var rows int64
	for _, part := range st.parts {
		n, err := streamOne(ctx, conn, st, part, out)
		rows += n
		if err != nil {
			return rows, err
		}
	}
	if err := out.Close(); err != nil { // of no row, this writes the schema
		return rows, fmt.Errorf("records: %w", err)
	}
	return rows, nil
}

// streamOne writes the rows of one statement.
func streamOne(ctx context.Context, conn bindings.Connection, st streamed, part streamPart, out *ipc.Writer) (int64, error) {
	if err := streamUnits(conn, st.ds, part.partial); err != nil {
		return 0, err
	}
	res, err := startStream(conn, part)
	if err != nil {
		return 0, err
	}
	defer bindings.DestroyResult(&res)
	opts := arrowmapping.ResultGetArrowOptions(&res)
	defer arrowmapping.DestroyArrowOptions(&opts)
	schema, err := schemaOfResult(opts, &res, part.asked(st.schema))
	if err != nil {
		return 0, err
	}
	chunks := chunkWriter{opts: opts, asked: schema, ours: st.schema, fixed: part.columns(), out: out}
	defer chunks.release()
	var rows int64
	for {
		if err := ctx.Err(); err != nil {
			return rows, err
		}
		chunk := bindings.FetchChunk(res)
		if chunk.Ptr == nil {
			if text := bindings.ResultError(&res); text != "" {
				return rows, fmt.Errorf("records: %s", text)
			}
			return rows, nil
		}
		n, err := chunks.write(chunk)
		rows += n
		if err != nil {
			return rows, err
		}
	}
}

// startStream begins a statement whose rows are handed out while they are read.
func startStream(conn bindings.Connection, part streamPart) (bindings.Result, error) {
	var prepared bindings.PreparedStatement
	state := bindings.Prepare(conn, part.query, &prepared)
	defer bindings.DestroyPrepare(&prepared)
	if state == bindings.StateError {
		return bindings.Result{}, fmt.Errorf("records: %s", bindings.PrepareError(prepared))
	}
	for i, arg := range part.args {
		if bindings.BindVarchar(prepared, bindings.IdxT(i+1), fmt.Sprint(arg)) == bindings.StateError {
			return bindings.Result{}, fmt.Errorf("records: value %d cannot be bound", i+1)
		}
	}
	var pending bindings.PendingResult
	// The engine calls this deprecated and names nothing in its place; its other
	// way makes the whole result in memory.
	state = bindings.PendingPreparedStreaming(prepared, &pending)
	defer bindings.DestroyPending(&pending)
	if state == bindings.StateError {
		return bindings.Result{}, fmt.Errorf("records: %s", bindings.PendingError(pending))
	}
	var res bindings.Result
	if bindings.ExecutePending(pending, &res) == bindings.StateError {
		text := bindings.ResultError(&res)
		bindings.DestroyResult(&res)
		return bindings.Result{}, fmt.Errorf("records: %s", text)
	}
	return res, nil
}

// schemaOfResult is the engine's own schema of a result, held against ours.
func schemaOfResult(opts arrowmapping.ArrowOptions, res *bindings.Result, want *arrow.Schema) (*arrow.Schema, error) {
	n := want.NumFields()
	if uint64(bindings.ColumnCount(res)) != uint64(n) { //nolint:gosec // a number of fields is not negative
		return nil, guichet.Errorf(guichet.KindInternal, "the engine gives records in other columns than were asked for")
	}
	names, types := make([]string, n), make([]bindings.LogicalType, n)
	for i := range n {
		names[i], types[i] = bindings.ColumnName(res, bindings.IdxT(i)), bindings.ColumnLogicalType(res, bindings.IdxT(i))
	}
	defer func() {
		for i := range types {
			bindings.DestroyLogicalType(&types[i])
		}
	}()
	schema, fault := arrowmapping.NewArrowSchema(opts, types, names)
	if err := arrowFault(fault); err != nil {
		return nil, err
	}
	same := schema.NumFields() == want.NumFields()
	for i := 0; same && i < n; i++ {
		same = arrow.TypeEqual(schema.Field(i).Type, want.Field(i).Type)
	}
	if !same {
		return nil, guichet.Errorf(guichet.KindInternal, "the engine gives records as %s, not as %s", schema, want)
	}
	return schema, nil
}

// asked is the part of a stream's schema that the statement gives.
func (p streamPart) asked(whole *arrow.Schema) *arrow.Schema {
	var fields []arrow.Field
	for i, f := range whole.Fields() {
		if p.fixed[i] == nil {
			fields = append(fields, f)
		}
	}
	return arrow.NewSchema(fields, nil)
}

// columns are the columns that have one text in every row, written once for as
// many rows as a chunk of the engine's has; nil for the others.
func (p streamPart) columns() []arrow.Array {
	const chunkRows = 2048
	out := make([]arrow.Array, len(p.fixed))
	for i, text := range p.fixed {
		if text != nil {
			out[i] = repeated(*text, chunkRows)
		}
	}
	return out
}

func repeated(text string, rows int) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	for range rows {
		b.Append(text)
	}
	return b.NewArray()
}

// chunkWriter writes the chunks of one statement under our names.
type chunkWriter struct {
	opts  arrowmapping.ArrowOptions
	asked *arrow.Schema // of the statement
	ours  *arrow.Schema // of the stream
	fixed []arrow.Array // columns that the statement does not give
	out   *ipc.Writer
}

func (w *chunkWriter) release() {
	for _, a := range w.fixed {
		if a != nil {
			a.Release()
		}
	}
}

// write writes one chunk of rows and lets it go.
func (w *chunkWriter) write(chunk bindings.DataChunk) (int64, error) {
	defer bindings.DestroyDataChunk(&chunk)
	rec, fault := arrowmapping.DataChunkToArrowArray(w.opts, w.asked, chunk)
	if err := arrowFault(fault); err != nil {
		return 0, err
	}
	defer rec.Release()
	columns, given := make([]arrow.Array, len(w.fixed)), 0
	for i, a := range w.fixed {
		if a == nil {
			columns[i] = rec.Column(given)
			given++
			continue
		}
		if int64(a.Len()) < rec.NumRows() {
			return 0, guichet.Errorf(guichet.KindInternal, "the engine gives %d rows at once, more than %d", rec.NumRows(), a.Len())
		}
		columns[i] = array.NewSlice(a, 0, rec.NumRows())
		defer columns[i].Release()
	}
	named := array.NewRecordBatch(w.ours, columns, rec.NumRows())
	defer named.Release()
	if err := w.out.Write(named); err != nil {
		return 0, fmt.Errorf("records: %w", err)
	}
	return rec.NumRows(), nil
}

func arrowFault(fault bindings.ErrorData) error {
	defer bindings.DestroyErrorData(&fault)
	if bindings.ErrorDataHasError(fault) {
		return fmt.Errorf("records: %s", bindings.ErrorDataMessage(fault))
	}
	return nil
}

// streamUnits lays the wanted units down, as unitTable does.
func streamUnits(conn bindings.Connection, ds *guichet.Dataset, hs []guichet.Holding) error {
	if len(hs) == 0 {
		return nil
	}
	if err := execStream(conn, "CREATE OR REPLACE TEMP TABLE wanted_units (key VARCHAR)"); err != nil {
		return err
	}
	var keys []string
	for _, h := range hs {
		for _, u := range h.Units {
			keys = append(keys, "("+lit(h.Submission.ID+"|"+unitKey(ds, u))+")")
		}
	}
	const chunk = 500
	for some := range slices.Chunk(keys, chunk) {
		if err := execStream(conn, "INSERT INTO wanted_units VALUES "+strings.Join(some, ",")); err != nil {
			return err
		}
	}
	return nil
}
