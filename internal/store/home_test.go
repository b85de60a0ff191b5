package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/store"

	"guichet/internal/guichettest"
)

// hintOf is what the error tells its reader to do.
func hintOf(err error) string {
	if e, ok := errors.AsType[*guichet.Error](err); ok {
		return e.Hint
	}
	return ""
}

// wantError holds an error to its kind, and to a part of its words and hint.
func wantError(t *testing.T, err error, kind guichet.Kind, words, hint string) {
	t.Helper()
	if guichet.KindOf(err) != kind || !strings.Contains(err.Error(), words) || !strings.Contains(hintOf(err), hint) {
		t.Errorf("the error is %s: %v (hint: %s); want %s, %q, hint %q", guichet.KindOf(err), err, hintOf(err), kind, words, hint)
	}
}

func TestInitHome(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "deep", "home")
	h, err := store.InitHome(path, "FR", day(1))
	if err != nil || h.Member != "FR" || h.Path != path || h.Version != 1 {
		t.Fatalf("%+v, %v", h, err)
	}
	if got, err := store.OpenHome(path); err != nil || got != h {
		t.Errorf("opened: %+v, %v; made: %+v", got, err, h)
	}
	_, err = store.InitHome(path, "FR", day(2))
	wantError(t, err, guichet.KindInvalid, "is a home already", "another folder")
	full := filepath.Join(dir, "full")
	if err := os.MkdirAll(filepath.Join(full, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = store.InitHome(full, "FR", day(1))
	wantError(t, err, guichet.KindInvalid, "is not empty", "empty folder")
	if entries, _ := os.ReadDir(full); len(entries) != 1 {
		t.Errorf("a refused init left %v", entries)
	}
	if _, err := store.InitHome(t.TempDir(), "FR", day(1)); err != nil {
		t.Errorf("an empty folder: %v", err)
	}
	// As a process leaves it that is killed before the paper stands.
	half := t.TempDir()
	for _, d := range []string{"tables", "staging"} {
		if err := os.Mkdir(filepath.Join(half, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(half, "staging", "guichet.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.InitHome(half, "FR", day(1)); err != nil {
		t.Errorf("a half-made home: %v", err)
	}
	inUse := t.TempDir()
	if err := os.MkdirAll(filepath.Join(inUse, "tables", "kitchen"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = store.InitHome(inUse, "FR", day(1))
	wantError(t, err, guichet.KindInvalid, "is not empty", "empty folder")
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = store.InitHome(file, "FR", day(1))
	wantError(t, err, guichet.KindInvalid, "is no folder", "")
}

// TestOpenHomeTells what is wrong with the paper at the door, and leaves it.
func TestOpenHomeTells(t *testing.T) {
	paper := func(version int) string {
		b, err := json.Marshal(store.Home{Member: "FR", Version: version, Created: day(1)})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for _, c := range []struct {
		name, paper, words, hint string
		kind                     guichet.Kind
	}{
		{"newer", paper(store.HomeVersion + 1), fmt.Sprintf("is of version %d", store.HomeVersion+1), "newer guichet", guichet.KindVersion},
		{"older", `{"member":"FR","version":-1}`, "made by an older guichet", "originals", guichet.KindVersion},
		{"damaged", `{"member":"FR","vers`, "is damaged", "backup", guichet.KindInvalid},
		{"empty", ``, "is damaged", "backup", guichet.KindInvalid},
		{"of something else", `{"name":"x"}`, "is damaged", "backup", guichet.KindInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			h.take(filing{id: "a", text: line("2024-01", "in", "NW-A", 1)})
			h.close()
			name := filepath.Join(h.path, "guichet.json")
			before, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(c.paper), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err = store.Open(t.Context(), h.config())
			wantError(t, err, c.kind, c.words, c.hint)
			if after, _ := os.ReadFile(name); string(after) != c.paper {
				t.Errorf("the paper was changed to %s", after)
			}
			if err := os.WriteFile(name, before, 0o600); err != nil {
				t.Fatal(err)
			}
			h.open()
			h.check()
		})
	}
	_, err := store.OpenHome(filepath.Join(t.TempDir(), "nowhere"))
	wantError(t, err, guichet.KindNotFound, "there is no home", "guichet init --home")
}

// TestAMovedHomeOpens and answers as before, also for the past, and can go on.
func TestAMovedHomeOpens(t *testing.T) {
	h := newHouse(t)
	h.take(filing{id: "a", text: line("2024-01", "in", "NW-A", 1) + line("2024-02", "in", "NW-A", 2) + line("2024-02", "in", "nowhere", 2)})
	h.take(filing{id: "b", text: line("2024-02", "in", "NW-A", 20)})
	h.close()
	moved := filepath.Join(t.TempDir(), "it's a new place, é")
	if err := os.Rename(h.path, moved); err != nil {
		t.Fatal(err)
	}
	h.path = moved
	h.open()
	h.check()
	h.take(filing{id: "c", text: line("2024-01", "in", "NW-A", 100)})
	if got, want := answers(h.answer(guichet.Moment{})), "b.csv FR in 2024-02 NW-A=20; c.csv FR in 2024-01 NW-A=100"; got != want {
		t.Errorf("the moved home answers %s, want %s", got, want)
	}
	if r, err := h.s.Rejects(t.Context(), id16("a"), 0); err != nil || len(r) != 1 {
		t.Errorf("put aside in the moved home: %v, %v", r, err)
	}
}

// beside opens the same home as another process would.
func (h *house) beside() *store.Store {
	h.t.Helper()
	s, err := store.Open(h.t.Context(), h.config())
	if err != nil {
		h.t.Fatalf("open beside: %v", err)
	}
	h.t.Cleanup(func() { _ = s.Close() })
	return s
}

// TestOneWriterAtATime: the second is told who writes, or waits its turn.
func TestOneWriterAtATime(t *testing.T) {
	h := newHouse(t)
	h.take(filing{id: "a", text: line("2024-01", "in", "NW-A", 1)})
	w, err := h.s.Write(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	other := h.beside()
	_, err = other.Write(t.Context())
	wantError(t, err, guichet.KindBusy, "process "+strconv.Itoa(os.Getpid()), "try again")
	if subs, err := other.Submissions(t.Context(), "crossings"); err != nil || len(subs) != 1 {
		t.Errorf("a reader beside a writer reads %d submissions, %v", len(subs), err)
	}
	if found, err := other.Find(t.Context(), guichet.Plan{Dataset: "crossings", Parts: []guichet.PlanPart{{Submissions: []string{id16("a")}}}, Measures: []string{"people"}}); err != nil || len(found) != 1 {
		t.Errorf("a reader beside a writer finds %v, %v", found, err)
	}
	if err := other.Check(t.Context()); err != nil {
		t.Errorf("a check beside a writer: %v", err)
	}
	cfg := h.config()
	cfg.LockWait = guichettest.Patience
	patient, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = patient.Close() }()
	time.AfterFunc(30*time.Millisecond, w.Close)
	w2, err := patient.Write(t.Context())
	if err != nil {
		t.Fatalf("the second writer did not wait for the first: %v", err)
	}
	w2.Close()
}

// TestWaitingToWriteCanBeStopped: ^C does not wait for another's lock.
func TestWaitingToWriteCanBeStopped(t *testing.T) {
	h := newHouse(t)
	w, err := h.s.Write(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	cfg := h.config()
	cfg.LockWait = guichettest.Patience
	other, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err = other.Write(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > guichettest.Patience/2 {
		t.Errorf("a stopped wait ended after %s with %v", time.Since(start), err)
	}
}

// TestReadersBesideACommit: at every step another process answers and checks
// the state of before or of after, never one between.
func TestReadersBesideACommit(t *testing.T) {
	h := newHouse(t)
	h.take(filing{id: "a", text: line("2024-01", "in", "NW-A", 1) + line("2024-02", "in", "NW-A", 2)})
	const before, after = "a.csv FR in 2024-01 NW-A=1; a.csv FR in 2024-02 NW-A=2", "a.csv FR in 2024-01 NW-A=1; b.csv FR in 2024-02 NW-A=20"
	beside := &house{t: t, path: h.path, ds: h.ds, now: h.now, past: map[time.Time]map[string]string{}, s: h.beside()}
	steps := 0
	h.s.OnStep(func(step string) {
		steps++
		want := before
		if step == "confirmed" {
			want = after
		}
		if got := answers(beside.answer(guichet.Moment{})); got != want {
			t.Errorf("at %s the home answers %s, want %s", step, got, want)
		}
		if err := beside.s.Check(t.Context()); err != nil {
			t.Errorf("at %s: %v", step, err)
		}
		if _, err := beside.s.Export(t.Context(), crossings(), filepath.Join(t.TempDir(), step)); err != nil {
			t.Errorf("at %s an export fails: %v", step, err)
		}
	})
	h.take(filing{id: "b", text: line("2024-02", "in", "NW-A", 20)})
	if steps < 5 {
		t.Errorf("only %d steps were looked at", steps)
	}
	beside.s = nil
}

// TestAVersionIsNeverLowered: what another process has raised stays, whatever ours knew
// of it; and who looks at the paper meanwhile sees one version or the other.
func TestAVersionIsNeverLowered(t *testing.T) {
	h := newHouse(t)
	other := h.beside()
	looking, stop := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(looking)
		for {
			select {
			case <-stop:
				return
			default:
				_ = other.Home()
			}
		}
	}()
	for _, c := range []struct {
		s        *store.Store
		to, want int
	}{{h.s, 3, 3}, {other, 2, 3}, {other, 1, 3}, {h.s, 2, 3}} {
		if err := c.s.RaiseVersion(c.to); err != nil {
			t.Fatal(err)
		}
		paper, err := store.OpenHome(h.path)
		if err != nil || paper.Version != c.want || c.s.Home().Version != c.want && c.to > 1 {
			t.Errorf("raised to %d, the paper says %d and the store %d, want %d (%v)", c.to, paper.Version, c.s.Home().Version, c.want, err)
		}
	}
	close(stop)
	<-looking
}
