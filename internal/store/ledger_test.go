package store_test

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"guichet"
	"guichet/internal/store"
)

func givenSet(member, exchange, snapshot string, at time.Time, cells ...guichet.GivenCell) guichet.GivenSet {
	return guichet.GivenSet{
		Party: guichet.Party{Circle: "border-five", Member: member, Office: "statistics"}, Agreement: "b5-covid-supply", Version: 2,
		Question: guichet.Question{Dataset: "crossings", By: []string{"reporter", "way"}, Measures: []string{"people"}},
		Cells:    cells, Snapshot: snapshot, Exchange: exchange, First: at, Last: at,
	}
}

// TestTheLedgerRemembers: a set is kept once whoever it is given to, again it
// only moves its last day, another snapshot or other cells are another line, and
// all of it is there after the home was closed.
func TestTheLedgerRemembers(t *testing.T) {
	h := newHouse(t)
	shown, hidden := guichet.GivenCell{Key: []string{"FR", "in"}}, guichet.GivenCell{Key: []string{"FR", "out"}, Hidden: true}
	day1, day2 := day(1), day(2)
	sets := []guichet.GivenSet{
		givenSet("CA", "e1", "crossings@1", day1, shown, hidden),
		givenSet("CA", "e2", "crossings@1", day2, shown, hidden), // again
		givenSet("NZ", "e3", "crossings@1", day2, shown, hidden),
		givenSet("CA", "e4", "crossings@2", day2.Add(time.Hour), shown),
	}
	for _, g := range sets {
		if err := h.s.Give(t.Context(), g); err != nil {
			t.Fatal(err)
		}
	}
	h.open()
	again := sets[0]
	again.Last = day2
	for _, c := range []struct {
		parties []guichet.Party
		want    []guichet.GivenSet
	}{
		{[]guichet.Party{{Circle: "border-five", Member: "CA"}}, []guichet.GivenSet{again, sets[3]}},
		{[]guichet.Party{{Circle: "border-five", Member: "NZ", Office: "statistics"}, {Member: "AU"}}, []guichet.GivenSet{sets[2]}},
		{nil, []guichet.GivenSet{again, sets[2], sets[3]}},
	} {
		got, err := h.s.Given(t.Context(), c.parties...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%v: %s", c.parties, diff)
		}
	}
	db, err := sql.Open("sqlite", filepath.Join(h.path, "home.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var n int
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM given_sets").Scan(&n); err != nil || n != 2 {
		t.Errorf("%d sets are kept (%v), want 2: the same cells once", n, err)
	}
	if _, err := db.ExecContext(t.Context(), "UPDATE ledger SET version=2"); err != nil {
		t.Fatal(err)
	}
	h.close()
	if _, err := store.Open(t.Context(), h.config()); guichet.KindOf(err) != guichet.KindVersion {
		t.Errorf("a newer ledger: %v, want a word about the version", err)
	}
}

// TestTheStateIsSeenAtOnce: what was taken in changes the state for whoever asks
// next, in this process and in another, however quickly; so does nothing else.
func TestTheStateIsSeenAtOnce(t *testing.T) {
	h := newHouse(t)
	other, err := store.Open(t.Context(), h.config())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	last := -1
	for i, id := range []string{"a", "b", "c", "d"} {
		if i%2 == 1 { // an old look, and a young one
			time.Sleep(150 * time.Millisecond)
		}
		for _, s := range []*store.Store{h.s, other} {
			for range 3 {
				if got, err := s.State(t.Context(), "crossings"); err != nil || got != last {
					t.Fatalf("before %s: state %d (%v), want %d", id, got, err, last)
				}
			}
		}
		h.take(filing{id: id, text: line("2024-0"+string(rune('1'+i)), "in", "NW-A", 20)})
		got, err := other.State(t.Context(), "crossings")
		if err != nil || got == last {
			t.Fatalf("after %s the state is still %d (%v)", id, got, err)
		}
		last = got
	}
	if err := h.s.Give(t.Context(), givenSet("CA", "e", "s", day(1))); err != nil {
		t.Fatal(err)
	}
	if got, err := h.s.State(t.Context(), "crossings"); err != nil || got != last {
		t.Errorf("the ledger was written: state %d (%v), want %d", got, err, last)
	}
}
