package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/store"
)

// openLabels opens an empty home in which labels may be kept.
func openLabels(t *testing.T) (*store.Store, string) {
	t.Helper()
	home := filepath.Join(t.TempDir(), "home")
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	if _, err := store.InitHome(home, "US", now); err != nil {
		t.Fatal(err)
	}
	return reopenLabels(t, home), home
}

func reopenLabels(t *testing.T, home string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{
		Home: home, LockWait: time.Millisecond,
		Clock: func() time.Time { return time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// putLabels keeps labels of HS2022 in English.
func putLabels(ctx context.Context, s *store.Store, labels map[string]string) error {
	return s.PutLabels(ctx, store.LabelKey{Edition: 2022, Lang: "en"}, "list.csv", "d1", labels)
}

func TestLabelsAreHeld(t *testing.T) {
	s, home := openLabels(t)
	if got, ok := s.Label(2022, "630790", "en"); ok {
		t.Fatalf("an empty home says %q", got)
	}
	if err := putLabels(t.Context(), s, map[string]string{"630790": "sewn <n.e.s.>", "63": "cloth"}); err != nil {
		t.Fatal(err)
	}
	national := store.LabelKey{Edition: 2017, List: "uk-cn", Lang: "en"}
	if err := s.PutLabels(t.Context(), national, "cn.csv", "d2", map[string]string{"63079098": "masks"}); err != nil {
		t.Fatal(err)
	}
	moved := home + "-moved"
	if err := os.Rename(home, moved); err != nil {
		t.Fatal(err)
	}
	again := reopenLabels(t, moved)
	for _, c := range []struct {
		key        store.LabelKey
		code, want string
	}{
		{store.LabelKey{Edition: 2022, Lang: "en"}, "630790", "sewn <n.e.s.>"},
		{store.LabelKey{Edition: 2022, Lang: "en"}, "63", "cloth"},
		{store.LabelKey{Edition: 2022, Lang: "en"}, "010121", ""},
		{store.LabelKey{Edition: 2022, Lang: "fr"}, "63", ""},
		{store.LabelKey{Edition: 2017, Lang: "en"}, "63", ""},
		{national, "63079098", "masks"},
		{store.LabelKey{Edition: 2022, List: "uk-cn", Lang: "en"}, "63079098", ""},
		{store.LabelKey{Edition: 2022, List: "../labels/", Lang: "en"}, "63", ""},
		{store.LabelKey{Edition: 2022, Lang: "../x"}, "63", ""},
	} {
		if got, ok := again.ListLabel(c.key, c.code); got != c.want || ok != (c.want != "") {
			t.Errorf("%+v %s is %q, %t; want %q", c.key, c.code, got, ok, c.want)
		}
	}
	left, err := os.ReadDir(filepath.Join(moved, "staging"))
	if err != nil || len(left) > 0 {
		t.Errorf("staging holds %v, %v; want nothing", left, err)
	}
}

func TestLabelsAreReplaced(t *testing.T) {
	s, home := openLabels(t)
	other := reopenLabels(t, home) // as another process would
	for i, labels := range []map[string]string{{"63": "first", "64": "shoes"}, {"63": "other"}} {
		if err := putLabels(t.Context(), s, labels); err != nil {
			t.Fatal(err)
		}
		for _, from := range []*store.Store{s, other} {
			got := map[string]string{}
			for _, c := range []string{"63", "64"} {
				if label, ok := from.Label(2022, c, "en"); ok {
					got[c] = label
				}
			}
			if diff := cmp.Diff(labels, got); diff != "" {
				t.Errorf("after import %d (-want +got):\n%s", i+1, diff)
			}
		}
	}
}

func TestLabelsRefused(t *testing.T) {
	s, _ := openLabels(t)
	for _, k := range []store.LabelKey{
		{},
		{Edition: 2022},
		{Lang: "en"},
		{Edition: -2022, Lang: "en"},
		{Edition: 2022, Lang: "EN"},
		{Edition: 2022, Lang: "en/.."},
		{Edition: 2022, Lang: "en", List: "a/b"},
		{Edition: 2022, Lang: "en", List: "../a"},
	} {
		err := s.PutLabels(t.Context(), k, "f", "d", map[string]string{"63": "x"})
		if guichet.KindOf(err) != guichet.KindInvalid {
			t.Errorf("%+v: %v; want it refused", k, err)
		}
	}
	if err := putLabels(t.Context(), s, nil); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("no labels: %v; want it refused", err)
	}
}

// The labels held before stay when another writes, and a damaged file counts as
// none.
func TestLabelsBusyAndDamaged(t *testing.T) {
	s, home := openLabels(t)
	if err := putLabels(t.Context(), s, map[string]string{"63": "cloth"}); err != nil {
		t.Fatal(err)
	}
	w, err := reopenLabels(t, home).Write(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := putLabels(t.Context(), s, map[string]string{"63": "other"}); guichet.KindOf(err) != guichet.KindBusy {
		t.Errorf("beside a writer: %v; want busy", err)
	}
	w.Close()
	if got, _ := s.Label(2022, "63", "en"); got != "cloth" {
		t.Errorf("the label is %q; want the one before", got)
	}
	for _, text := range []string{"", "{", `{"edition":2017,"lang":"en","labels":{"63":"wrong edition"}}`} {
		if err := os.WriteFile(filepath.Join(home, "labels", "2022-en.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, ok := s.Label(2022, "63", "en"); ok {
			t.Errorf("of %q came the label %q", text, got)
		}
	}
}

func TestLabelsByMany(t *testing.T) {
	s, _ := openLabels(t)
	if err := putLabels(t.Context(), s, map[string]string{"63": "0"}); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	done := make(chan struct{})
	for range 8 {
		all.Go(func() {
			for last := 0; ; {
				got, ok := s.Label(2022, "63", "en")
				n, err := strconv.Atoi(got)
				if !ok || err != nil || n < last {
					t.Errorf("the label went from %d to %q, %t", last, got, ok)
					return
				}
				last = n
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for i := range 20 {
		if err := putLabels(t.Context(), s, map[string]string{"63": strconv.Itoa(i)}); err != nil {
			t.Error(err)
		}
	}
	close(done)
	all.Wait()
}
