package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"guichet"
	"guichet/internal/store"
)

// compact joins the small files of the house, and holds it to its promises.
func (h *house) compact() store.Compaction {
	h.t.Helper()
	w, err := h.s.Write(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	defer w.Close()
	c, err := w.CompactAll(h.t.Context(), h.ds.Name, nil)
	if err != nil {
		h.t.Fatalf("compact: %v", err)
	}
	h.check()
	return c
}

// packs lists the packs on the disk.
func (h *house) packs() []string {
	return slices.DeleteFunc(h.files("tables", "crossings", "data"), func(name string) bool { return !strings.HasPrefix(name, "pack-") })
}

// months takes a file of each of the first months of 2024 in: 1, 2, 3 ... people.
func (h *house) months(n int) {
	h.t.Helper()
	for i := range n {
		h.take(filing{id: fmt.Sprintf("m%d", i+1), released: fmt.Sprintf("2024-%02d-15", i+2), text: line(fmt.Sprintf("2024-%02d", i+1), "in", "NW-A", i+1)})
	}
}

// TestCompactionChangesNoAnswer: not of the present, of an earlier moment or of
// a vintage, and not of what comes after it.
func TestCompactionChangesNoAnswer(t *testing.T) {
	h := newHouse(t)
	h.months(5)
	h.take(filing{id: "both", released: "2024-08-01", text: line("2024-07", "in", "NW-A", 7) + line("2024-08", "in", "NW-B", 8)})
	before, vintage := answers(h.answer(guichet.Moment{})), answers(h.answer(guichet.Moment{Vintage: "2024-03-31"}))
	if c := h.compact(); c.Packed != 6 || c.Packs != 1 || c.Rows != 7 || c.Before != 6 || c.After != 1 {
		t.Errorf("compacted %+v, want 6 files of 7 rows in one", c)
	}
	if got := answers(h.answer(guichet.Moment{})); got != before {
		t.Errorf("the home answers %s, want %s", got, before)
	}
	if got := answers(h.answer(guichet.Moment{Vintage: "2024-03-31"})); got != vintage {
		t.Errorf("the vintage is %s, want %s", got, vintage)
	}
	if c := h.compact(); c.Packed != 0 {
		t.Errorf("one file was compacted again: %+v", c)
	}
	// A part of one and the whole of another go; the pack is opened.
	if got := h.take(filing{id: "new", text: line("2024-07", "in", "NW-A", 70) + line("2024-01", "in", "NW-A", 10)}); len(got) != 2 {
		t.Errorf("replaced %v, want both and m1", got)
	}
	h.compact()
	h.open()
	h.check()
	want := "both.csv FR in 2024-08 NW-B=8; m2.csv FR in 2024-02 NW-A=2; m3.csv FR in 2024-03 NW-A=3; m4.csv FR in 2024-04 NW-A=4; m5.csv FR in 2024-05 NW-A=5; new.csv FR in 2024-01 NW-A=10; new.csv FR in 2024-07 NW-A=70"
	if got := answers(h.answer(guichet.Moment{})); got != want {
		t.Errorf("the home answers %s, want %s", got, want)
	}
}

// TestOldPacksGo an hour after the table has ceased to name them; every earlier
// moment is answered all the same.
func TestOldPacksGo(t *testing.T) {
	h := newHouse(t)
	h.months(3)
	h.compact()
	h.take(filing{id: "m4", text: line("2024-04", "in", "NW-A", 4)})
	h.compact()
	if got := h.packs(); len(got) != 2 {
		t.Errorf("packs %v, want the old one beside the new", got)
	}
	h.now = h.now.Add(store.Grace - time.Minute)
	h.open()
	if got := h.packs(); len(got) != 2 {
		t.Errorf("packs %v: the old one went before its time", got)
	}
	h.now = h.now.Add(time.Minute)
	h.open()
	if got := h.packs(); len(got) != 1 {
		t.Errorf("packs %v, want the new one alone", got)
	}
	h.check()
}

// TestCompactionKilledBetweenSteps: what was there before is there, or what is
// to be there after; the answers are the same in both.
func TestCompactionKilledBetweenSteps(t *testing.T) {
	for _, step := range []string{"compaction registered", "packed", "compaction snapshot", "compaction confirmed"} {
		t.Run(step, func(t *testing.T) {
			h := newHouse(t)
			h.months(4)
			before := answers(h.answer(guichet.Moment{}))
			if !h.compactKilledAt(step) {
				t.Fatalf("the compaction did not come to %q", step)
			}
			if got := answers(h.answer(guichet.Moment{})); got != before {
				t.Errorf("before it is mended the home answers %s, want %s", got, before)
			}
			h.open()
			h.check()
			if got := answers(h.answer(guichet.Moment{})); got != before {
				t.Errorf("the home answers %s, want %s", got, before)
			}
			done := step == "compaction snapshot" || step == "compaction confirmed"
			if got := h.packs(); len(got) == 1 != done {
				t.Errorf("packs on the disk: %v", got)
			}
			if left := h.files("staging"); len(left) > 0 {
				t.Errorf("left in staging: %v", left)
			}
			h.take(filing{id: "again", text: line("2024-02", "in", "NW-A", 200)}) // opens the pack
			h.compact()
		})
	}
}

// compactKilledAt compacts and ends at a step, as kill -9 would.
func (h *house) compactKilledAt(step string) (reached bool) {
	h.t.Helper()
	h.s.OnStep(func(at string) {
		if at == step {
			panic(killed{at})
		}
	})
	defer func() {
		r := recover()
		if r != nil && r != any(killed{step}) {
			panic(r)
		}
		reached = r != nil
		h.s.OnStep(nil)
	}()
	w, err := h.s.Write(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	defer w.Close() // the kernel lets go of the lock
	if _, err := w.CompactAll(h.t.Context(), h.ds.Name, nil); err != nil {
		h.t.Fatal(err)
	}
	return false
}

// TestCompactionIsRefused where the files do not hold what the register says,
// and leaves everything as it was.
func TestCompactionIsRefused(t *testing.T) {
	h := newHouse(t)
	h.months(3)
	data := filepath.Join(h.path, "tables", "crossings", "data")
	other, err := os.ReadFile(filepath.Join(data, id16("m2")+".parquet"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, id16("m1")+".parquet"), other, 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := h.s.Write(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.CompactAll(t.Context(), h.ds.Name, nil)
	w.Close()
	if guichet.KindOf(err) != guichet.KindInternal || !strings.Contains(fmt.Sprint(err), "nothing was compacted") {
		t.Errorf("a compaction of another's rows says %v", err)
	}
	if got := h.packs(); len(got) > 0 {
		t.Errorf("left: %v", got)
	}
	if got := h.files("staging"); len(got) > 0 {
		t.Errorf("left in staging: %v", got)
	}
}

// TestCompactionIsStopped half way, and the home is as before.
func TestCompactionIsStopped(t *testing.T) {
	for _, step := range []string{"compaction registered", "packed"} {
		h := newHouse(t)
		h.months(3)
		ctx, cancel := context.WithCancel(t.Context())
		h.s.OnStep(func(at string) {
			if at == step {
				cancel()
			}
		})
		w, err := h.s.Write(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.CompactAll(ctx, h.ds.Name, nil)
		w.Close()
		h.s.OnStep(nil)
		cancel()
		if err == nil {
			t.Errorf("stopped after %q, the compaction succeeded", step)
		}
		h.check()
		if got := h.packs(); len(got) > 0 {
			t.Errorf("stopped after %q, left: %v", step, got)
		}
	}
}

// TestSmallCubesStayAsTheyAre: what an ingest does by itself begins where a cube
// has many small files.
func TestSmallCubesStayAsTheyAre(t *testing.T) {
	const most = 5
	h := newHouse(t)
	h.close()
	cfg := h.config()
	cfg.PackAt = most
	s, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	h.s = s
	some := func() store.Compaction {
		w, err := h.s.Write(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		c, err := w.CompactSome(t.Context(), h.ds.Name, nil)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	take := func(i int) {
		h.now = h.now.Add(time.Hour)
		if _, err := h.commit(t.Context(), filing{id: fmt.Sprint(i), text: line(fmt.Sprintf("%d-%02d", 2000+i/12, 1+i%12), "in", "NW-A", i)}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range most {
		take(i)
	}
	if c := some(); c.Packs != 0 {
		t.Errorf("%d files were packed already: %+v", most, c)
	}
	take(most)
	if c := some(); c.Packed != most+1 || c.After != 1 {
		t.Errorf("packed %+v, want all %d", c, most+1)
	}
	h.check()
}

// TestPacksKeepSourcesApart: what may not leave the node shares no file with
// what may.
func TestPacksKeepSourcesApart(t *testing.T) {
	h := newHouse(t)
	for i := range 6 {
		h.take(filing{id: fmt.Sprint("f", i), private: i%2 == 0, text: line(fmt.Sprintf("2024-%02d", i+1), "in", "NW-A", i)})
	}
	if c := h.compact(); c.Packs != 2 {
		t.Errorf("%d packs, want one of what may leave and one of what may not", c.Packs)
	}
	dir := filepath.Join(t.TempDir(), "out")
	if _, err := h.s.Export(t.Context(), h.ds, dir); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(dir, "crossings", "data"))
	if err != nil || len(entries) != 1 {
		t.Errorf("exported %v, %v; want one pack", entries, err)
	}
	paper, err := os.ReadFile(filepath.Join(dir, "submissions.json"))
	if err != nil {
		t.Fatal(err)
	}
	var subs []guichet.Submission
	if err := json.Unmarshal(paper, &subs); err != nil || len(subs) != 3 {
		t.Errorf("%d submissions exported, %v; want 3", len(subs), err)
	}
}

// TestACompactedHomeIsOfVersion2: an older program would find no file of a
// packed submission and answer zero; it must refuse the home.
func TestACompactedHomeIsOfVersion2(t *testing.T) {
	h := newHouse(t)
	h.months(2)
	if v := h.s.Home().Version; v != 1 {
		t.Errorf("a home without packs is of version %d", v)
	}
	h.compact()
	h.open()
	if v := h.s.Home().Version; v != 2 {
		t.Errorf("a home with packs is of version %d", v)
	}
}

// TestCompactionIsSeenBeside: a process that asks reads the packs as soon as
// they are confirmed, and answers the same.
func TestCompactionIsSeenBeside(t *testing.T) {
	h := newHouse(t)
	h.months(4)
	beside := h.beside()
	plan := guichet.Plan{Dataset: "crossings", Parts: []guichet.PlanPart{{Submissions: []string{id16("m1"), id16("m2"), id16("m3"), id16("m4")}}}}
	for _, want := range []int{4, 1} {
		if n, err := beside.FilesFor(t.Context(), plan); err != nil || n != want {
			t.Errorf("%d files are opened, %v; want %d", n, err, want)
		}
		h.compact()
	}
}

// TestOnlyFilesThatCanHoldAreOpened: by period, by a code, by the beginning of
// one.
func TestOnlyFilesThatCanHoldAreOpened(t *testing.T) {
	h := newHouse(t)
	h.months(6)
	h.take(filing{id: "b", text: line("2024-07", "out", "NW-B", 7)})
	part := guichet.PlanPart{}
	for i := range 6 {
		part.Submissions = append(part.Submissions, id16(fmt.Sprintf("m%d", i+1)))
	}
	part.Submissions = append(part.Submissions, id16("b"))
	span := func(text string) guichet.Span {
		s, err := guichet.ParseSpan(text)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, c := range []struct {
		name string
		part guichet.PlanPart
		want int
	}{
		{"all", guichet.PlanPart{}, 7},
		{"a month", guichet.PlanPart{Span: span("2024-03")}, 1},
		{"a value", guichet.PlanPart{Clauses: []guichet.Clause{{Field: "way", In: []string{"out"}}}}, 1},
		{"not a value", guichet.PlanPart{Clauses: []guichet.Clause{{Field: "way", In: []string{"out"}, Not: true}}}, 7},
		{"the beginning of one", guichet.PlanPart{Clauses: []guichet.Clause{{Field: "post", Prefix: []string{"NW-A"}}}}, 6},
		{"no value", guichet.PlanPart{Clauses: []guichet.Clause{{Field: "way"}}}, 0},
		{"an absent one", guichet.PlanPart{Clauses: []guichet.Clause{{Field: "way", In: []string{""}}}}, 7},
	} {
		c.part.Submissions = part.Submissions
		if n, err := h.s.FilesFor(t.Context(), guichet.Plan{Dataset: "crossings", Parts: []guichet.PlanPart{c.part}}); err != nil || n != c.want {
			t.Errorf("%s: %d files are opened, %v; want %d", c.name, n, err, c.want)
		}
	}
}

// TestBoundsLeaveNoRowOut: whatever is asked, a file that holds a matching row
// is opened.
func TestBoundsLeaveNoRowOut(t *testing.T) {
	ds := crossings()
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringOfN(rapid.RuneFrom([]rune("aébz\U0010FFFF")), 0, 3, -1)
		values := rapid.SliceOfN(word, 1, 5).Draw(t, "values")
		b := map[string][2]string{"post": {slices.Min(values), slices.Max(values)}}
		c := guichet.Clause{
			Field: "post", Not: rapid.Bool().Draw(t, "not"),
			In: rapid.SliceOfN(word, 0, 2).Draw(t, "in"), Prefix: rapid.SliceOfN(word, 0, 2).Draw(t, "prefix"),
		}
		matches := slices.ContainsFunc(values, func(v string) bool {
			in := slices.Contains(c.In, v) || slices.ContainsFunc(c.Prefix, func(p string) bool { return p <= v && v < p+"\U0010FFFF" })
			return in != c.Not
		})
		if matches && !store.CanHold(ds, b, guichet.PlanPart{Clauses: []guichet.Clause{c}}) {
			t.Fatalf("%q match %+v, and the file would not be opened", values, c)
		}
	})
}

// TestAnyHistoryHoldsCompacted takes generated histories in and compacts now and
// then; house.check holds each step to the promises and to the past.
func TestAnyHistoryHoldsCompacted(t *testing.T) {
	for seed := range 5 {
		t.Run(fmt.Sprintf("history %d", seed), func(t *testing.T) {
			h := newHouse(t)
			for i, f := range rapid.Custom(drawFilings).Example(seed + 100) {
				h.take(f)
				if i%2 == seed%2 {
					h.compact()
				}
			}
			h.now = h.now.Add(2 * store.Grace)
			h.open()
			h.check()
			for _, vintage := range []string{"2024-05-15", "2024-12-31"} {
				h.answer(guichet.Moment{Vintage: vintage})
			}
		})
	}
}
