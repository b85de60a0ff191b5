package store_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/store"
)

// house is a home of one dataset, crossings where not said, with what it answered at every moment, so that
// each step can be held to all promises at once.
type house struct {
	t    testing.TB
	path string
	s    *store.Store
	ds   *guichet.Dataset
	now  time.Time
	cut  int64                           // size of pieces, 0 as in a home
	past map[time.Time]map[string]string // what it answered as of then
}

// newHouse makes a home and opens it.
func newHouse(tb testing.TB) *house {
	tb.Helper()
	h := &house{t: tb, path: filepath.Join(tb.TempDir(), "home"), ds: crossings(), now: day(1), past: map[time.Time]map[string]string{}}
	if _, err := store.InitHome(h.path, "FR", h.now); err != nil {
		tb.Fatal(err)
	}
	h.open()
	return h
}

// open opens the home, anew when it was open.
func (h *house) open() {
	h.t.Helper()
	h.close()
	s, err := store.Open(h.t.Context(), h.config())
	if err != nil {
		h.t.Fatalf("open the home: %v", err)
	}
	h.s = s
	h.t.Cleanup(h.close)
}

func (h *house) config() store.Config {
	return store.Config{
		Home: h.path, Datasets: []*guichet.Dataset{h.ds}, Clock: func() time.Time { return h.now },
		Threads: 2, MemoryMiB: 256, LockWait: 100 * time.Millisecond, PieceSize: h.cut,
	}
}

func (h *house) close() {
	if h.s == nil {
		return
	}
	if err := h.s.Close(); err != nil {
		h.t.Errorf("close the home: %v", err)
	}
	h.s = nil
}

// filing is a file to be taken in.
type filing struct {
	id       string // any short name
	text     string // lines without a header
	action   string // default replace
	released string
	filePer  string
	scope    []string
	digest   string
	private  bool            // may not be redistributed
	layout   *guichet.Layout // of another dataset, whose text has its own header
}

// id16 is the id of a submission of a short name.
func id16(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:8])
}

// take takes a file in an hour later, and then holds the home to its promises.
func (h *house) take(f filing) []string {
	h.t.Helper()
	h.now = h.now.Add(time.Hour)
	replaced, err := h.commit(h.t.Context(), f)
	if err != nil {
		h.t.Fatalf("take %s in: %v", f.id, err)
	}
	h.check()
	return replaced
}

// commit takes a file in and checks nothing.
func (h *house) commit(ctx context.Context, f filing) ([]string, error) {
	w, err := h.s.Write(ctx)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	dir, err := h.s.StagingDir()
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	in, err := h.stage(ctx, dir, f)
	if err != nil {
		return nil, err
	}
	return w.Commit(ctx, in)
}

// stage stages a file and says what Commit needs of it.
func (h *house) stage(ctx context.Context, dir string, f filing) (store.Intake, error) {
	l, text := layout(), header+f.text
	if f.layout != nil {
		l, text = *f.layout, f.text
	}
	name := filepath.Join(dir, "original")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		return store.Intake{}, err
	}
	l.Files, l.Scope = []string{name}, f.scope
	cfg := store.StageConfig{Dir: dir, Submission: id16(f.id), Reporter: "FR", Engine: store.EngineConfig{Threads: 2, MemoryMiB: 256}}
	st, err := store.Stage(ctx, cfg, h.ds, l, judgeCrossings)
	if err != nil {
		return store.Intake{}, err
	}
	sum := sha256.Sum256([]byte(text))
	sub := &guichet.Submission{
		ID: id16(f.id), Identity: "identity of " + f.id, Dataset: h.ds.Name, Digest: f.digest, Original: hex.EncodeToString(sum[:]), File: f.id + ".csv",
		TakenAt: h.now, Released: f.released, FilePer: f.filePer, Fields: map[string]string{"cube": "c"}, Action: f.action, Scope: f.scope,
		Lines: st.Lines, Kept: st.Kept, Aside: st.Aside, Records: st.Records, Totals: st.Totals, Reasons: st.Reasons, Remarks: st.Remarks,
		Units: st.Units, Shapes: st.Shapes, Outliers: st.Outliers, MayRedistribute: !f.private,
	}
	if sub.Action == "" {
		sub.Action = store.ActionReplace
	}
	return store.Intake{Submission: sub, Dir: dir, Data: st.Data, Rejects: st.Rejects, Original: "original"}, nil
}

// check holds the home to all its promises: its own, that every unit in force
// is found row for row, and that what was answered as of an earlier moment
// still is.
func (h *house) check() {
	h.t.Helper()
	if err := h.s.Check(h.t.Context()); err != nil {
		h.t.Fatalf("a promise is broken: %v", err)
	}
	h.past[h.now] = h.answer(guichet.Moment{})
	for at, want := range h.past {
		if diff := gocmp.Diff(want, h.answer(guichet.Moment{AsOf: at})); diff != "" {
			h.t.Fatalf("as of %s the answer has changed: %s", at, diff)
		}
	}
}

// answer is what the home answers at a moment: "submission reporter way period
// post" -> people. It is held to the units in force.
func (h *house) answer(at guichet.Moment) map[string]string {
	h.t.Helper()
	holdings, err := h.s.Holdings(h.t.Context(), "crossings", at)
	if err != nil {
		h.t.Fatal(err)
	}
	part := guichet.PlanPart{}
	want := map[string]guichet.Decimal{}
	for _, x := range holdings {
		part.Submissions = append(part.Submissions, x.Submission.ID)
		for _, u := range x.Units {
			key := strings.Join([]string{x.Submission.File, u.Reporter, u.Dims["way"], u.Period.String()}, " ")
			want[key] = want[key].Add(u.Value)
		}
	}
	found := h.find(guichet.Plan{Moment: at, Parts: []guichet.PlanPart{part}, By: []string{"reporter", "way", "post"}, Measures: []string{"people"}, Periods: true})
	out, got := map[string]string{}, map[string]guichet.Decimal{}
	for _, f := range found {
		key := strings.Join([]string{h.nameOf(f.Submission), f.Keys[0], f.Keys[1], f.Period.String()}, " ")
		got[key] = got[key].Add(*f.Measures[0])
		out[key+" "+f.Keys[2]] = f.Measures[0].String()
	}
	text := func(m map[string]guichet.Decimal) map[string]string {
		out := map[string]string{}
		for k, v := range m {
			out[k] = v.String()
		}
		return out
	}
	if diff := gocmp.Diff(text(want), text(got)); diff != "" {
		h.t.Fatalf("the rows found at %+v are not the units in force: %s", at, diff)
	}
	return out
}

func (h *house) find(p guichet.Plan) []guichet.Found {
	h.t.Helper()
	p.Dataset = h.ds.Name
	found, err := h.s.Find(h.t.Context(), p)
	if err != nil {
		h.t.Fatal(err)
	}
	return found
}

func (h *house) nameOf(id string) string {
	sub, err := h.s.Submission(h.t.Context(), "crossings", id)
	if err != nil {
		h.t.Fatal(err)
	}
	return sub.File
}

// files lists what stands in a folder of the home, without folders.
func (h *house) files(folder ...string) []string {
	h.t.Helper()
	entries, err := os.ReadDir(filepath.Join(append([]string{h.path}, folder...)...))
	if err != nil {
		h.t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if !e.IsDir() {
			out = append(out, e.Name())
		}
	}
	return out
}

// answers writes an answer in one line, in order: "a.csv FR in 2024-01 NW-A=3".
func answers(m map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, fmt.Sprintf("%s=%s", k, m[k]))
	}
	return strings.Join(out, "; ")
}
