package journal_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/journal"
)

func witness(tb testing.TB, dir, member string) *journal.Witness {
	tb.Helper()
	w, err := journal.OpenWitness(journal.WitnessConfig{
		Dir: dir, Circle: circleName, Member: member, Key: key(member + " witness"),
		Clock: guichettest.NewClock().Now, Keys: trusted,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

// cosigner lets a function stand for a witness that is reached somehow.
type cosigner func(ctx context.Context, body []byte) (int, []byte, error)

func (f cosigner) AddCheckpoint(ctx context.Context, body []byte) (int, []byte, error) {
	return f(ctx, body)
}

func near(w *journal.Witness) cosigner {
	return func(ctx context.Context, body []byte) (int, []byte, error) {
		status, _, answer := w.AddCheckpoint(ctx, body)
		return status, answer, nil
	}
}

func peer(member string, via journal.Cosigner) journal.Peer {
	return journal.Peer{Member: member, Keys: []guichet.MemberKey{memberKey(guichet.KeyWitness, member+" witness")}, Via: via}
}

func checkpointOf(tb testing.TB, dir string) []byte {
	tb.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, "log", "checkpoint"))
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

func TestAWitnessAnswersAsItMust(t *testing.T) {
	ctx := context.Background()
	one := filled(t, "US", 10)
	other := copyDir(t, one)
	for dir, from := range map[string]int{one: 10, other: 500} {
		j := open(t, dir)
		fill(t, j, "US", from, 7)
		closeNow(t, j)
	}
	foreign := filled(t, "CA", 3)
	w := witness(t, t.TempDir(), "GB")
	now := checkpointOf(t, one)
	ask := func(body []byte, want int, answer string) {
		t.Helper()
		status, kind, got := w.AddCheckpoint(ctx, body)
		if status != want || !strings.Contains(string(got), answer) {
			t.Errorf("%d %q, want %d %q", status, got, want, answer)
		}
		if status == http.StatusConflict && kind != "text/x.tlog.size" {
			t.Errorf("a conflict is of type %s", kind)
		}
	}
	ask([]byte("nothing"), 400, "")
	ask(journal.FormatAdd(18, nil, now), 400, "above")
	ask(journal.FormatAdd(0, nil, bytes.Replace(now, []byte("/US\n"), []byte("/ZZ\n"), 1)), 404, "")
	ask(journal.FormatAdd(0, nil, bytes.Replace(now, []byte("\n17\n"), []byte("\n16\n"), 1)), 403, "")
	ask(journal.FormatAdd(5, nil, now), 409, "0\n")
	ask(journal.FormatAdd(0, [][]byte{make([]byte, 32)}, now), 422, "")
	ask(journal.FormatAdd(0, nil, now), 200, "— guichet/border-five/GB/witness ")
	ask(journal.FormatAdd(17, nil, now), 200, "— guichet/border-five/GB/witness ")
	ask(journal.FormatAdd(17, [][]byte{make([]byte, 32)}, now), 422, "")
	ask(journal.FormatAdd(17, nil, checkpointOf(t, other)), 409, "17\n")
	ask(journal.FormatAdd(0, nil, now), 409, "17\n")
	ask(journal.FormatAdd(0, nil, checkpointOf(t, foreign)), 200, "")
}

func TestAWitnessRemembers(t *testing.T) {
	ctx := context.Background()
	dir, seen := filled(t, "US", 10), t.TempDir()
	status, _, _ := witness(t, seen, "GB").AddCheckpoint(ctx, journal.FormatAdd(0, nil, checkpointOf(t, dir)))
	again, _, answer := witness(t, seen, "GB").AddCheckpoint(ctx, journal.FormatAdd(0, nil, checkpointOf(t, dir)))
	if status != 200 || again != 409 || string(answer) != "10\n" {
		t.Errorf("%d, then %d %q", status, again, answer)
	}
	// What it remembers is damaged: it signs nothing.
	files, err := filepath.Glob(filepath.Join(seen, "*"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	alter(t, files[0], func(b []byte) []byte { return b[:5] })
	if status, _, _ := witness(t, seen, "GB").AddCheckpoint(ctx, journal.FormatAdd(10, nil, checkpointOf(t, dir))); status != 500 {
		t.Errorf("a witness without its memory: %d", status)
	}
}

func TestTheWitnessOverHTTP(t *testing.T) {
	server := httptest.NewServer(witness(t, t.TempDir(), "GB"))
	defer server.Close()
	post := func(body []byte) int {
		t.Helper()
		r, err := http.Post(server.URL+"/add-checkpoint", "text/plain", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Body.Close() }()
		return r.StatusCode
	}
	if status := post(journal.FormatAdd(0, nil, checkpointOf(t, filled(t, "US", 3)))); status != 200 {
		t.Errorf("add-checkpoint: %d", status)
	}
	if status := post(make([]byte, 1<<20)); status != 400 {
		t.Errorf("a body of 1 MiB: %d", status)
	}
	if r, err := http.Get(server.URL); err != nil || r.StatusCode != 405 {
		t.Errorf("GET: %v %v", r, err)
	} else {
		_ = r.Body.Close()
	}
}

// One witness signs, one is down, one never answers, one lies, one signs for
// another key: the one counts, and nobody waits longer than the deadline.
func TestCosigningWithWitnessesOfAllKinds(t *testing.T) {
	j := open(t, t.TempDir())
	fill(t, j, "US", 0, 300)
	receipt(t, j, 299)
	good, liar := witness(t, t.TempDir(), "GB"), witness(t, t.TempDir(), "NZ")
	peers := []journal.Peer{
		peer("GB", near(good)),
		peer("AU", cosigner(func(context.Context, []byte) (int, []byte, error) { return 0, nil, errors.New("no route") })),
		peer("CA", cosigner(func(ctx context.Context, _ []byte) (int, []byte, error) { <-ctx.Done(); return 0, nil, ctx.Err() })),
		peer("NZ", cosigner(func(ctx context.Context, body []byte) (int, []byte, error) {
			status, _, answer := liar.AddCheckpoint(ctx, body)
			return status, bytes.Replace(answer, []byte("AAA"), []byte("AAB"), 1), nil
		})),
		{Member: "ZZ", Keys: peer("CA", nil).Keys, Via: near(good)},
	}
	var results []journal.Cosigned
	var err error
	guichettest.Longer(func(within time.Duration) bool {
		ctx, cancel := context.WithTimeout(context.Background(), within)
		defer cancel()
		start := time.Now()
		if results, err = j.Cosign(ctx, peers); err != nil || time.Since(start) > within+guichettest.Patience/2 {
			t.Fatalf("after %s: %v", time.Since(start), err)
		}
		return results[0].Err != nil || guichet.KindOf(results[3].Err) == guichet.KindBusy || guichet.KindOf(results[4].Err) == guichet.KindBusy
	})
	for i, want := range []guichet.Kind{"", guichet.KindBusy, guichet.KindBusy, guichet.KindUntrusted, guichet.KindUntrusted} {
		if guichet.KindOf(results[i].Err) != want {
			t.Errorf("%s: %v, want kind %q", results[i].Member, results[i].Err, want)
		}
	}
	if results[0].Size != 300 {
		t.Errorf("GB signed for %d leaves", results[0].Size)
	}
	r, err := journal.VerifyReceipt(receipt(t, j, 5), trusted())
	if err != nil || len(r.Witnesses) != 1 || r.Witnesses[0].Member != "GB" || r.Size != 300 {
		t.Errorf("receipt: %+v %v", r, err)
	}
	// The log grows; the witness is asked with a proof, and a second opinion joins.
	fill(t, j, "US", 300, 100)
	receipt(t, j, 399)
	results, err = j.Cosign(context.Background(), []journal.Peer{peers[0], peer("NZ", near(liar))})
	if err != nil || results[0].Err != nil || results[1].Err != nil || results[1].Size != 400 {
		t.Errorf("%+v %v", results, err)
	}
	report, err := j.Check(context.Background(), trusted())
	if err != nil || len(report.Findings) != 0 || len(report.Witnesses) != 2 || report.Cosigned != 400 {
		t.Errorf("%+v %v", report, err)
	}
}

// The log is restored from an old copy and grows another way: the witnesses of the
// other members find it, though our own folder tells nothing.
func TestAWitnessFindsAnOldCopy(t *testing.T) {
	ctx := context.Background()
	dir := filled(t, "US", 100)
	old := copyDir(t, dir)
	w := near(witness(t, t.TempDir(), "GB"))
	j := open(t, dir)
	fill(t, j, "US", 100, 20)
	receipt(t, j, 119)
	if r, err := j.Cosign(ctx, []journal.Peer{peer("GB", w)}); err != nil || r[0].Err != nil {
		t.Fatal(r, err)
	}
	j = open(t, old)
	say := func(part string) {
		t.Helper()
		r, err := j.Cosign(ctx, []journal.Peer{peer("GB", w)})
		if err != nil || guichet.KindOf(r[0].Err) != guichet.KindUntrusted || !strings.Contains(r[0].Err.Error(), part) {
			t.Errorf("%v %v, want %q", r, err, part)
		}
	}
	say("rolled back")
	fill(t, j, "US", 500, 20)
	receipt(t, j, 119)
	say("forked")
	fill(t, j, "US", 600, 20)
	receipt(t, j, 139)
	say("422")
}
