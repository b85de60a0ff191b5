package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/avro/ocf"

	"guichet"
	"guichet/internal/store"

	"guichet/internal/guichettest"
)

// writer is the right to write, given back at the end of the test.
func (h *house) writer() *store.Writer {
	h.t.Helper()
	w, err := h.s.Write(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return w
}

// rule sets a rule of retention.
func (h *house) rule(r store.RetentionRule) {
	h.t.Helper()
	w := h.writer()
	defer w.Close()
	r.Dataset, r.Basis = h.ds.Name, "the law"
	if _, err := w.SetRetention(h.t.Context(), r); err != nil {
		h.t.Fatal(err)
	}
}

// purge removes what is due an hour later, and holds the home to its promises.
func (h *house) purge() *guichet.Submission {
	h.t.Helper()
	h.now = h.now.Add(time.Hour)
	w := h.writer()
	defer w.Close()
	entry, removed, err := w.PurgeDue(h.t.Context(), h.ds.Name, "steward", guichettest.Patience, nil)
	if err != nil || !removed {
		h.t.Fatalf("purge: removed %t, %v", removed, err)
	}
	h.past = map[time.Time]map[string]string{} // what was answered then has lost what went
	h.check()
	return entry
}

func (h *house) withdraw(name, why string) *guichet.Submission {
	h.t.Helper()
	h.now = h.now.Add(time.Hour)
	w := h.writer()
	defer w.Close()
	entry, err := w.Withdraw(h.t.Context(), h.ds.Name, id16(name), why, "steward")
	if err != nil {
		h.t.Fatal(err)
	}
	h.check()
	return entry
}

// goneFigure and keptFigure are figures that stand nowhere else: 8 digits that are looked for in
// every file of a home.
const goneFigure, keptFigure = 71_234_561, 82_345_672

// crowd are the files that the purge tests begin with: "old" has a month that goes
// and one that stays, "older" is gone as a whole, "new" supersedes a part of "old"
// and a part that goes.
func (h *house) crowd() {
	h.take(filing{id: "older", text: line("2013-11", "in", "NW-A", goneFigure) + line("2013-12", "in", "nowhere", 7)})
	h.take(filing{id: "old", text: line("2013-12", "in", "NW-B", goneFigure) + line("2023-02", "in", "NW-A", keptFigure) + line("2023-03", "in", "NW-A", 3)})
	h.take(filing{id: "new", text: line("2023-03", "in", "NW-A", 30)})
}

const crowdLeft = "new.csv FR in 2023-03 NW-A=30; old.csv FR in 2023-02 NW-A=82345672"

// holds says in which files of the home a text stands: in Parquet as a little-endian
// number as well as in digits.
func (h *house) holding(figure int64) []string {
	h.t.Helper()
	needles := [][]byte{fmt.Append(nil, figure)}
	scaled := figure * 1000 // of a decimal of three places, as Parquet and Iceberg keep it
	for _, n := range []int64{figure, scaled} {
		le, be := make([]byte, 8), make([]byte, 8)
		for i := range 8 {
			le[i], be[7-i] = byte(n>>(8*i)), byte(n>>(8*i))
		}
		needles = append(needles, le[:5], be[3:])
	}
	var out []string
	err := filepath.WalkDir(h.path, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if strings.HasSuffix(path, ".avro") { // compressed: a search in its bytes would find nothing
			b = h.unpacked(b)
		}
		for _, n := range needles {
			if bytes.Contains(b, n) {
				rel, _ := filepath.Rel(h.path, path)
				out = append(out, rel)
				break
			}
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return out
}

// unpacked is every text and every string of bytes in an Avro file.
func (h *house) unpacked(file []byte) []byte {
	h.t.Helper()
	r, err := ocf.NewReader(bytes.NewReader(file))
	if err != nil {
		h.t.Fatal(err)
	}
	var out []byte
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []byte:
			out = append(append(out, v...), 0)
		case string:
			out = append(append(out, v...), 0)
		case map[string]any:
			for _, x := range v {
				walk(x)
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	for {
		var v any
		err := r.Decode(&v)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			h.t.Fatal(err)
		}
		walk(v)
	}
}

// TestPurge: what is due is off the disk, in whatever form it stood there; what is
// left answers at every moment; the register tells what went, when, by which rule.
func TestPurge(t *testing.T) {
	for _, packed := range []bool{false, true} {
		t.Run(fmt.Sprint("packed ", packed), func(t *testing.T) {
			h := newHouse(t)
			h.crowd()
			if packed {
				h.compact()
			}
			before := h.now
			if got := h.holding(goneFigure); len(got) < 3 || !strings.Contains(fmt.Sprint(got), "metadata/") || !strings.Contains(fmt.Sprint(got), "home.db-wal") {
				t.Fatalf("the figure stands in %v before: the test looks for the wrong thing", got)
			}
			h.rule(store.RetentionRule{Keep: "10y"})
			e := h.purge()
			if e == nil || len(e.Event.Removed) != 2 {
				t.Fatalf("purged %+v", e)
			}
			for _, r := range e.Event.Removed {
				if r.Rule != "keep 10y from period" || r.Basis != "the law" || r.Rows != 1 || r.Whole != (r.Submission == id16("older")) {
					t.Errorf("the purge tells %+v", r)
				}
			}
			if got := h.holding(goneFigure); len(got) > 0 {
				t.Errorf("the figure still stands in %v", got)
			}
			if got := h.holding(keptFigure); len(got) == 0 {
				t.Error("what stays is gone")
			}
			for _, at := range []guichet.Moment{{}, {AsOf: h.now}} {
				if got := answers(h.answer(at)); got != crowdLeft {
					t.Errorf("the home answers %s, want %s", got, crowdLeft)
				}
			}
			if got, want := answers(h.answer(guichet.Moment{AsOf: before.Add(-time.Minute)})), "old.csv FR in 2023-02 NW-A=82345672; old.csv FR in 2023-03 NW-A=3"; got != want {
				t.Errorf("as of before the newest came in the home answers %s, want %s", got, want)
			}
			gone, err := h.s.Purged(t.Context(), h.ds.Name, guichet.Moment{})
			if err != nil || len(gone) != 2 || gone[0].Units[0].Purged != e.ID {
				t.Errorf("purged are %+v, %v", gone, err)
			}
			if originals := h.files("originals"); len(originals) != 1 {
				t.Errorf("originals %v, want that of the file that lost nothing", originals)
			}
			if rejects := h.files("rejects"); len(rejects) != 0 {
				t.Errorf("lines put aside %v are left", rejects)
			}
			if again := h.purge(); again != nil {
				t.Errorf("a second purge removed %+v", again.Event)
			}
			h.take(filing{id: "later", text: line("2023-04", "in", "NW-A", 4)})
			h.compact()
			h.open()
			h.check()
		})
	}
}

// TestPurgeKilled: after each step it has happened or it has not, and who comes
// next goes on; nothing that is left is lost.
func TestPurgeKilled(t *testing.T) {
	steps := []string{
		"purge rewritten", "purge registered", "purge snapshot", "purge tidied", "purge confirmed", "purge removed", "purge forgotten",
	}
	for i, step := range steps {
		t.Run(step, func(t *testing.T) {
			h := newHouse(t)
			h.crowd()
			was := answers(h.answer(guichet.Moment{}))
			h.rule(store.RetentionRule{Keep: "10y"})
			h.now = h.now.Add(time.Hour)
			h.past = map[time.Time]map[string]string{}
			h.killAt(step, func(w *store.Writer) error {
				_, _, err := w.PurgeDue(t.Context(), h.ds.Name, "", 0, nil)
				return err
			})
			if got := answers(h.answer(guichet.Moment{})); got != was && got != crowdLeft {
				t.Errorf("before it is mended the home answers %s", got)
			}
			h.open()
			h.check()
			want := was
			if i >= slices.Index(steps, "purge snapshot") {
				want = crowdLeft
			}
			if got := answers(h.answer(guichet.Moment{})); got != want {
				t.Errorf("mended, the home answers %s, want %s", got, want)
			}
			h.purge() // of what was not, or of nothing
			if got := answers(h.answer(guichet.Moment{})); got != crowdLeft {
				t.Errorf("purged again, the home answers %s, want %s", got, crowdLeft)
			}
			if got := h.holding(goneFigure); len(got) > 0 {
				t.Errorf("the figure still stands in %v", got)
			}
		})
	}
}

// TestPurgeWhileRecordsStream: the stream goes on to its end, whole, from the files
// that it began with; they are removed when it has ended, and who asks meanwhile no
// longer sees what goes.
func TestPurgeWhileRecordsStream(t *testing.T) {
	h := newHouse(t)
	h.crowd()
	h.rule(store.RetentionRule{Keep: "10y"})
	subs := []string{id16("older"), id16("old"), id16("new")}
	plan := guichet.Plan{Dataset: h.ds.Name, Parts: []guichet.PlanPart{{Submissions: subs}}, By: []string{"submission", "post"}, Measures: []string{"people"}}
	whole := &bytes.Buffer{}
	want, err := h.s.Stream(t.Context(), plan, whole)
	if err != nil {
		t.Fatal(err)
	}
	reader, pipe := io.Pipe()
	type end struct {
		n   int64
		err error
	}
	ended := make(chan end)
	go func() {
		n, err := h.s.Stream(t.Context(), plan, pipe)
		_ = pipe.CloseWithError(err)
		ended <- end{n, err}
	}()
	first := make([]byte, 1)
	if _, err := io.ReadFull(reader, first); err != nil { // it has begun, and waits for its reader
		t.Fatal(err)
	}
	h.now = h.now.Add(time.Hour)
	w := h.writer()
	entry, removed, err := w.PurgeDue(t.Context(), h.ds.Name, "", 60*time.Millisecond, nil)
	w.Close()
	if err != nil || entry == nil || removed {
		t.Fatalf("beside a stream: %+v, removed %t, %v", entry, removed, err)
	}
	if got := answers(h.answer(guichet.Moment{})); got != crowdLeft {
		t.Errorf("beside the stream the home answers %s, want %s", got, crowdLeft)
	}
	rest, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	if got := <-ended; got.err != nil || got.n != want || !bytes.Equal(append(first, rest...), whole.Bytes()) {
		t.Errorf("the stream ended with %d rows, %v; want %d, the same bytes", got.n, got.err, want)
	}
	h.writer().Close() // the next writer removes them
	if got := h.holding(goneFigure); len(got) > 0 {
		t.Errorf("the figure still stands in %v", got)
	}
	// An answer that began before and goes on after would be of two states.
	plan.Moment.State = 3 // of the three files, before the purge
	if _, err := h.s.Find(t.Context(), plan); guichet.KindOf(err) != guichet.KindBusy {
		t.Errorf("an answer that began before says %v", err)
	}
}

// TestHoldsAndRules: which units go is told by a table of cases.
func TestHoldsAndRules(t *testing.T) {
	h := newHouse(t)
	h.take(filing{id: "a", text: line("2013-12", "in", "NW-A", 1) + line("2014-01", "in", "NW-A", 2) + line("2020-01", "in", "NW-A", 3)})
	h.take(filing{id: "b", text: line("2020-01", "in", "NW-A", 4)})
	due := func() string {
		t.Helper()
		all, _, err := h.s.Due(t.Context(), h.ds.Name, h.now)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, d := range all {
			for _, u := range d.Units {
				out = append(out, strings.TrimSpace(d.Submission.File[:1]+" "+u.Period.String()+" "+d.Hold))
			}
		}
		return strings.Join(out, ", ")
	}
	if got := due(); got != "" {
		t.Errorf("without a rule %s is due", got)
	}
	// The clock of the house stands at the first of January 2025.
	for _, x := range []struct {
		rule store.RetentionRule
		want string
	}{
		{store.RetentionRule{Keep: "11y"}, "a 2013-12"},
		{store.RetentionRule{Keep: "132m"}, "a 2013-12"},
		{store.RetentionRule{Keep: "131m"}, "a 2013-12, a 2014-01"},
		{store.RetentionRule{Keep: "4018d"}, "a 2013-12"},
		{store.RetentionRule{Keep: "4019d"}, ""},
		{store.RetentionRule{Keep: "20y"}, ""},
		{store.RetentionRule{Keep: "0d", From: store.RetainTaken}, "a 2013-12, a 2014-01, a 2020-01, b 2020-01"},
		{store.RetentionRule{Keep: "1d", From: store.RetainTaken}, ""},
		{store.RetentionRule{Keep: "20y", Superseded: "0d"}, "a 2020-01"},
		{store.RetentionRule{Keep: "20y", Superseded: "1d"}, ""},
	} {
		h.rule(x.rule)
		if got := due(); got != x.want {
			t.Errorf("by %+v %s is due, want %s", x.rule, got, x.want)
		}
	}
	w := h.writer()
	for name, bad := range map[string]store.RetentionRule{
		"no time": {Keep: "ten years"}, "negative": {Keep: "-1y"}, "too long": {Keep: "10000y"}, "no such start": {Keep: "1y", From: "birth"}, "sign": {Keep: "+1y"}, "superseded": {Keep: "1y", Superseded: "y"},
	} {
		bad.Dataset, bad.Basis = h.ds.Name, "law"
		if _, err := w.SetRetention(t.Context(), bad); guichet.KindOf(err) != guichet.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.SetRetention(t.Context(), store.RetentionRule{Dataset: h.ds.Name, Keep: "1y"}); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("a rule without a basis: %v", err)
	}
	w.Close()
	h.rule(store.RetentionRule{Keep: "0d", From: store.RetainTaken})
	hold := func(x store.LegalHold) {
		t.Helper()
		w := h.writer()
		defer w.Close()
		x.Dataset, x.Why = h.ds.Name, "a case before a court"
		if _, err := w.SetHold(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	hold(store.LegalHold{Name: "case-1", Submissions: []string{id16("b")[:6]}})
	hold(store.LegalHold{Name: "case-2", From: "2014-01-31", To: "2014-02-01"})
	hold(store.LegalHold{Name: "case-3", Reporters: []string{"DE"}})
	if got, want := due(), "a 2013-12, a 2020-01, a 2014-01 case-2, b 2020-01 case-1"; got != want {
		t.Errorf("with holds %s is due, want %s", got, want)
	}
	h.purge()
	if got, want := answers(h.answer(guichet.Moment{})), "a.csv FR in 2014-01 NW-A=2; b.csv FR in 2020-01 NW-A=4"; got != want {
		t.Errorf("with holds the home answers %s, want %s", got, want)
	}
	w = h.writer()
	if _, err := w.LiftHold(t.Context(), "case-1", "", ""); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("lifted without a reason: %v", err)
	}
	if _, err := w.LiftHold(t.Context(), "case-1", "the case is closed", "steward"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.LiftHold(t.Context(), "case-1", "again", ""); guichet.KindOf(err) != guichet.KindNotFound {
		t.Errorf("lifted twice: %v", err)
	}
	if _, err := w.SetHold(t.Context(), store.LegalHold{Name: "case-1", Dataset: h.ds.Name, Why: "x"}); guichet.KindOf(err) != guichet.KindInvalid {
		t.Errorf("a hold of a name that was taken: %v", err)
	}
	w.Close()
	// What b took the place of does not come back when b goes.
	h.purge()
	if got, want := answers(h.answer(guichet.Moment{})), "a.csv FR in 2014-01 NW-A=2"; got != want {
		t.Errorf("the home answers %s, want %s", got, want)
	}
}

// TestPurgeCancelled: nothing has happened.
func TestPurgeCancelled(t *testing.T) {
	h := newHouse(t)
	h.crowd()
	was := answers(h.answer(guichet.Moment{}))
	h.rule(store.RetentionRule{Keep: "10y"})
	ctx, cancel := context.WithCancel(t.Context())
	h.s.OnStep(func(step string) {
		if step == "purge registered" {
			cancel()
		}
	})
	w := h.writer()
	_, _, err := w.PurgeDue(ctx, h.ds.Name, "", 0, nil)
	h.s.OnStep(nil)
	w.Close()
	if err == nil {
		t.Error("a cancelled purge says nothing")
	}
	h.check()
	if got := answers(h.answer(guichet.Moment{})); got != was {
		t.Errorf("the home answers %s, want %s", got, was)
	}
}
