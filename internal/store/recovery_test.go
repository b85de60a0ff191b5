package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"guichet"
)

// killed is what a process says that ends between two steps of a commit.
type killed struct{ step string }

// commitKilledAt takes a file in and ends at a step of the commit, as kill -9
// would: what the step after would have done is not done, and nobody cleans up.
// It returns the steps that were reached.
func (h *house) commitKilledAt(step string, f filing) (steps []string) {
	h.t.Helper()
	h.s.OnStep(func(at string) {
		steps = append(steps, at)
		if at == step {
			panic(killed{at})
		}
	})
	defer func() {
		if r := recover(); r != nil && r != any(killed{step}) {
			panic(r)
		}
		h.s.OnStep(nil)
	}()
	// No deferred clean-up as in commit: a killed process leaves its folder.
	w, err := h.s.Write(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	defer w.Close() // the kernel lets go of the lock
	dir, err := h.s.StagingDir()
	if err != nil {
		h.t.Fatal(err)
	}
	in, err := h.stage(h.t.Context(), dir, f)
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := w.Commit(h.t.Context(), in); err != nil {
		h.t.Fatal(err)
	}
	return steps
}

// TestKilledBetweenSteps: after each step of a commit that supersedes another
// in part, the submission is wholly there or wholly absent, no orphan is read,
// what was there before stands, and the file can be taken in again.
func TestKilledBetweenSteps(t *testing.T) {
	first := filing{id: "a", text: line("2024-01", "in", "NW-A", 1) + line("2024-02", "in", "NW-A", 2)}
	second := filing{id: "b", text: line("2024-02", "in", "NW-A", 20) + line("2024-03", "in", "nowhere", 9)}
	const before = "a.csv FR in 2024-01 NW-A=1; a.csv FR in 2024-02 NW-A=2"
	const after = "a.csv FR in 2024-01 NW-A=1; b.csv FR in 2024-02 NW-A=20"
	steps := []string{"registered", "original", "rejects", "data", "rewritten", "snapshot", "confirmed"}
	for i, step := range steps {
		t.Run(step, func(t *testing.T) {
			h := newHouse(t)
			h.take(first)
			kept := h.kept()
			h.now = h.now.Add(1)
			if got := h.commitKilledAt(step, second); !slices.Equal(got, steps[:i+1]) {
				t.Fatalf("the commit went through %v, want %v", got, steps[:i+1])
			}
			want := before
			if slices.Index(steps, step) >= slices.Index(steps, "snapshot") {
				want = after
			}
			// A process that asks beside it, before anybody has mended the home.
			if got := answers(h.answer(guichet.Moment{})); got != before && got != after {
				t.Errorf("before it is mended the home answers %s", got)
			}
			h.open()
			if got := answers(h.answer(guichet.Moment{})); got != want {
				t.Errorf("the home answers %s, want %s", got, want)
			}
			h.check()
			if got := h.files("staging"); len(got) > 0 {
				t.Errorf("left in staging: %v", got)
			}
			if entries, _ := os.ReadDir(filepath.Join(h.path, "staging")); len(entries) > 0 {
				t.Errorf("left in staging: %v", entries)
			}
			if want == before {
				if got := h.kept(); !slices.Equal(got, kept) {
					t.Errorf("orphans are left: %v, want %v", got, kept)
				}
				h.take(second)
			}
			if got := answers(h.answer(guichet.Moment{})); got != after {
				t.Errorf("taken in again, the home answers %s, want %s", got, after)
			}
		})
	}
}

// kept lists what a home keeps for submissions.
func (h *house) kept() []string {
	h.t.Helper()
	return slices.Concat(h.files("tables", "crossings", "data"), h.files("rejects"), h.files("originals"))
}

// TestKilledAtTheFirst: the very first submission leaves nothing either.
func TestKilledAtTheFirst(t *testing.T) {
	for _, step := range []string{"registered", "data", "snapshot"} {
		t.Run(step, func(t *testing.T) {
			h := newHouse(t)
			f := filing{id: "a", text: line("2024-01", "in", "NW-A", 1)}
			h.commitKilledAt(step, f)
			h.open()
			subs, err := h.s.Submissions(t.Context(), "crossings")
			if err != nil || len(subs) != map[string]int{"snapshot": 1}[step] {
				t.Errorf("%d submissions, %v", len(subs), err)
			}
			h.check()
		})
	}
}

// TestTheNextWriterMends: it need not be an opening; the next right to write
// finishes or undoes as well.
func TestTheNextWriterMends(t *testing.T) {
	h := newHouse(t)
	a := filing{id: "a", text: line("2024-01", "in", "NW-A", 1)}
	h.commitKilledAt("data", a)
	h.take(a)
	h.now = h.now.Add(1)
	b := filing{id: "b", text: line("2024-02", "in", "NW-A", 2)}
	h.commitKilledAt("snapshot", b)
	h.take(filing{id: "c", text: line("2024-03", "in", "NW-A", 3)})
	want := "a.csv FR in 2024-01 NW-A=1; b.csv FR in 2024-02 NW-A=2; c.csv FR in 2024-03 NW-A=3"
	if got := answers(h.answer(guichet.Moment{})); got != want {
		t.Errorf("the home answers %s, want %s", got, want)
	}
}

// TestOrphansAreSwept, whoever left them, and never read: no register names
// them.
func TestOrphansAreSwept(t *testing.T) {
	h := newHouse(t)
	h.take(filing{id: "a", text: line("2024-01", "in", "NW-A", 1) + line("2024-01", "in", "nowhere", 1)})
	h.close()
	a, b := id16("a"), id16("b")
	data, err := os.ReadFile(filepath.Join(h.path, "tables", "crossings", "data", a+".parquet"))
	if err != nil {
		t.Fatal(err)
	}
	orphans := []string{
		"tables/crossings/data/" + b + ".parquet",
		"tables/crossings/data/" + a + "-" + b + ".parquet",
		"rejects/" + b + ".parquet",
		"originals/" + strings.Repeat("0", 64),
		"staging/in-1/data.parquet",
		"staging/" + a + "-" + b + ".parquet",
	}
	for _, name := range orphans {
		name = filepath.Join(h.path, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// What processes that ask have spilled: one that is gone, one that may be in
	// a container of its own, and one that runs.
	spills := map[string]bool{"spill-999999999": false, "spill-999999998": true, fmt.Sprintf("spill-%d", os.Getpid()): true}
	for name := range spills {
		name = filepath.Join(h.path, "staging", name)
		if err := os.Mkdir(name, 0o700); err != nil {
			t.Fatal(err)
		}
		touched := h.now.Add(-time.Hour)
		if !strings.HasSuffix(name, "8") {
			touched = h.now.AddDate(0, 0, -2)
		}
		if err := os.Chtimes(name, touched, touched); err != nil {
			t.Fatal(err)
		}
	}
	h.open()
	h.check()
	for name, want := range spills {
		if _, err := os.Stat(filepath.Join(h.path, "staging", name)); (err == nil) != want {
			t.Errorf("%s is there: %t, want %t", name, err == nil, want)
		}
	}
	for _, name := range orphans {
		if _, err := os.Stat(filepath.Join(h.path, name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
	if got, want := answers(h.answer(guichet.Moment{})), "a.csv FR in 2024-01 NW-A=1"; got != want {
		t.Errorf("the home answers %s, want %s", got, want)
	}
	if r, err := h.s.Rejects(t.Context(), a, 0); err != nil || len(r) != 1 {
		t.Errorf("the lines put aside went with the orphans: %v, %v", r, err)
	}
}

// TestACommitThatFailsLate: the fault comes after the snapshot is durable, so
// the submission is there, and the commit says so.
func TestACommitThatFailsLate(t *testing.T) {
	h := newHouse(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	h.s.OnStep(func(step string) {
		if step == "snapshot" {
			cancel()
		}
	})
	_, err := h.commit(ctx, filing{id: "a", text: line("2024-01", "in", "NW-A", 1)})
	h.s.OnStep(nil)
	if err != nil {
		t.Errorf("the submission is durable, but the commit says %v", err)
	}
	h.check()
	if got, want := answers(h.answer(guichet.Moment{})), "a.csv FR in 2024-01 NW-A=1"; got != want {
		t.Errorf("the home answers %s, want %s", got, want)
	}
}

// TestCheckFindsWhatIsBroken: each promise that can be broken from outside.
func TestCheckFindsWhatIsBroken(t *testing.T) {
	a := id16("a")
	for name, harm := range map[string]struct {
		file string
		want string
	}{
		"rows":    {"tables/crossings/data/" + a + ".parquet", a + ".parquet is missing"},
		"rejects": {"rejects/" + a + ".parquet", a + ".parquet is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.take(filing{id: "a", text: line("2024-01", "in", "NW-A", 1) + line("2024-01", "in", "nowhere", 1)})
			if err := os.Remove(filepath.Join(h.path, harm.file)); err != nil {
				t.Fatal(err)
			}
			for what, look := range map[string]func(context.Context) error{"check": h.s.Check, "look": h.s.Look} {
				if err := look(t.Context()); guichet.KindOf(err) != guichet.KindInternal || !strings.Contains(fmt.Sprint(err), harm.want) {
					t.Errorf("%s says %v, want %s", what, err, harm.want)
				}
			}
		})
	}
	t.Run("other rows", func(t *testing.T) {
		h := newHouse(t)
		if err := h.s.Look(t.Context()); err != nil {
			t.Errorf("look says of an empty home: %v", err)
		}
		h.take(filing{id: "a", text: line("2024-01", "in", "NW-A", 1)})
		if err := h.s.Look(t.Context()); err != nil {
			t.Errorf("look says of a whole home: %v", err)
		}
		h.take(filing{id: "b", text: line("2024-02", "in", "NW-A", 1) + line("2024-03", "in", "NW-A", 1)})
		data := func(name string) string {
			return filepath.Join(h.path, "tables", "crossings", "data", id16(name)+".parquet")
		}
		b, err := os.ReadFile(data("b"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(data("a"), b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := h.s.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "the table holds 2 rows, the register says 1") {
			t.Errorf("check says %v", err)
		}
	})
}
