package store_test

import (
	"slices"
	"testing"
	"time"

	"guichet"
	"guichet/internal/store"
	"guichet/trade"
)

// published is the trade dataset as it was before declaration lines: ids up to
// 37, and those of a submission.
func published() *guichet.Dataset {
	ds := trade.Dataset()
	ds.Fields = slices.DeleteFunc(ds.Fields, func(f guichet.Field) bool { return f.ID > 37 && f.ID < 101 })
	return ds
}

// valueOf sums the value of all rows at a moment.
func (h *house) valueOf(at guichet.Moment) string {
	h.t.Helper()
	holdings, err := h.s.Holdings(h.t.Context(), h.ds.Name, at)
	if err != nil {
		h.t.Fatal(err)
	}
	part := guichet.PlanPart{}
	for _, x := range holdings {
		part.Submissions = append(part.Submissions, x.Submission.ID)
	}
	var sum guichet.Decimal
	for _, f := range h.find(guichet.Plan{Moment: at, Parts: []guichet.PlanPart{part}, Measures: []string{"value"}}) {
		sum = sum.Add(*f.Measures[0])
	}
	return sum.String()
}

// TestAnOlderHomeGoesOn: a home made before declaration lines answers as it did,
// takes new files with the new columns, keeps its past, and is whole.
func TestAnOlderHomeGoesOn(t *testing.T) {
	h := newHouse(t)
	h.ds = published()
	h.open()
	old, lines := tradeLayout(), linesLayout()
	take := func(f filing) {
		t.Helper()
		h.now = h.now.Add(time.Hour)
		if _, err := h.commit(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		if err := h.s.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	take(filing{id: "old", layout: &old, text: tradeText(1, "2024-01", 50)})
	before, then := h.valueOf(guichet.Moment{}), h.now
	for _, f := range trade.Dataset().RowFields() {
		if have := slices.Contains(h.columns(), f.Name); have != (f.ID <= 37) {
			t.Fatalf("the older home has the column %s: %v", f.Name, have)
		}
	}

	// Opened beside a writer it answers at once, and gets its columns when it
	// writes.
	h.close()
	h.ds = published()
	h.open()
	w, err := h.s.Write(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cfg := h.config()
	cfg.Datasets = []*guichet.Dataset{trade.Dataset()}
	beside, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	h.close()
	h.ds, h.s = trade.Dataset(), beside
	if got := h.valueOf(guichet.Moment{}); got != before {
		t.Errorf("the older home answers %s, and did %s", got, before)
	}
	take(filing{id: "lines", layout: &lines, text: linesHeader + "2024-02;I;630790;CN;100;2024-02-03;26US1-1;acme\n"})
	for _, f := range trade.Dataset().RowFields() {
		if !slices.Contains(h.columns(), f.Name) {
			t.Errorf("the home has no column %s", f.Name)
		}
	}
	if got := h.valueOf(guichet.Moment{AsOf: then}); got != before {
		t.Errorf("as of then the home answers %s, and did %s", got, before)
	}

	// Opened again, and a file that replaces a part of the older one: it is
	// written anew with all columns.
	h.open()
	take(filing{id: "newer", layout: &old, text: "m;way;code;who;kind;val;kg\n2024-01;imports;630790;CN;country;7,00;\n"})
	if got := h.valueOf(guichet.Moment{AsOf: then}); got != before {
		t.Errorf("as of then the home answers %s, and did %s", got, before)
	}
	// And the older program reads on.
	now := h.valueOf(guichet.Moment{})
	h.close()
	h.ds = published()
	h.open()
	if got := h.valueOf(guichet.Moment{}); got != now {
		t.Errorf("the older program answers %s, want %s", got, now)
	}
}

// columns are the names of the columns of the home's table.
func (h *house) columns() []string {
	h.t.Helper()
	names, err := h.s.Columns(h.t.Context(), h.ds.Name)
	if err != nil {
		h.t.Fatal(err)
	}
	return names
}

// TestATableOfAnotherShapeIsRefused rather than read under wrong names.
func TestATableOfAnotherShapeIsRefused(t *testing.T) {
	h := newHouse(t)
	h.close()
	cfg := h.config()
	other := crossings()
	other.Fields[6].Name = "spot"
	cfg.Datasets = []*guichet.Dataset{other}
	_, err := store.Open(t.Context(), cfg)
	wantError(t, err, guichet.KindVersion, `the field 7 is place string in this home, and spot string`, "originals")
}
