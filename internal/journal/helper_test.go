package journal_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/journal"
)

const circleName = "border-five"

// key makes a key from a word, so that a test is the same every time.
func key(word string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("generated for tests of guichet: " + word))
	return ed25519.NewKeyFromSeed(seed[:])
}

func public(word string) ed25519.PublicKey {
	return key(word).Public().(ed25519.PublicKey)
}

func memberKey(use guichet.KeyUse, word string) guichet.MemberKey {
	sum := sha256.Sum256(public(word))
	return guichet.MemberKey{ID: hex.EncodeToString(sum[:8]), Use: use, Public: public(word), From: time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)}
}

// circle is a circle whose members have a log and a witness key each.
func circle(members ...string) guichet.Circle {
	c := guichet.Circle{Name: circleName}
	for _, m := range members {
		c.Members = append(c.Members, guichet.Member{Code: m, Keys: []guichet.MemberKey{
			memberKey(guichet.KeyLog, m+" log"), memberKey(guichet.KeyWitness, m+" witness"),
		}})
	}
	return c
}

func trusted() journal.Keys { return journal.Trusted(circle("AU", "CA", "GB", "NZ", "US")) }

// config is of a member's journal in a folder.
func config(dir, member string) journal.Config {
	return journal.Config{
		Dir: dir, Origin: journal.Origin(circleName, member), Log: key(member + " log"),
		Clock: guichettest.NewClock().Now, Checkpoint: 100 * time.Millisecond,
	}
}

// open opens the journal of US in a folder, and closes it with the test.
func open(tb testing.TB, dir string) *journal.Journal {
	tb.Helper()
	return guichettest.Open(tb, func() (*journal.Journal, error) { return journal.Open(context.Background(), config(dir, "US")) })
}

func closeNow(tb testing.TB, j *journal.Journal) {
	tb.Helper()
	if err := j.Close(); err != nil {
		tb.Fatalf("close: %v", err)
	}
}

// answered is a leaf of an answer that a member gave to CA.
func answered(member string, i int) guichet.Leaf {
	return guichet.Leaf{
		Format: 1, Kind: guichet.LeafAnswered, Exchange: exchangeID(i),
		From: guichet.Party{Circle: circleName, Member: "CA", Office: "statistics"}, To: member,
		Officer: "0123456789abcdef", Purpose: "supply-monitoring", Agreement: "border-five-trade", Version: 2,
		Request: digest("request", i), Reply: digest("reply", i), Rows: int64(i % 100), Snapshot: "7042",
		Time: time.Date(2026, time.November, 21, 12, 0, i%60, 0, time.UTC),
	}
}

// received is the asker's leaf of the same exchange.
func received(member string, i int) guichet.Leaf {
	l := answered(member, i)
	l.Kind = guichet.LeafReceived
	return l
}

func exchangeID(i int) string { return digest("exchange", i)[:32] }

func digest(word string, i int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", word, i))
	return hex.EncodeToString(sum[:])
}

// fill appends n leaves, many at a time, and returns when all are durable.
func fill(tb testing.TB, j *journal.Journal, member string, from, n int) {
	tb.Helper()
	errs := make(chan error, n)
	gate := make(chan struct{}, 256)
	for i := range n {
		gate <- struct{}{}
		go func() {
			_, err := j.Append(context.Background(), answered(member, from+i))
			<-gate
			errs <- err
		}()
	}
	for range n {
		if err := <-errs; err != nil {
			tb.Fatalf("append: %v", err)
		}
	}
}

// filled makes a closed journal with leaves one after the other.
func filled(tb testing.TB, member string, n int) string {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "journal")
	j, err := journal.Open(context.Background(), config(dir, member))
	if err != nil {
		tb.Fatal(err)
	}
	fill(tb, j, member, 0, n)
	closeNow(tb, j)
	return dir
}

// until tries until it works, or fails after a while.
func until(tb testing.TB, what string, try func() error) {
	tb.Helper()
	var err error
	if !guichettest.Until(25*time.Millisecond, func() bool { err = try(); return err == nil }) {
		tb.Fatalf("%s: %v", what, err)
	}
}

func receipt(tb testing.TB, j *journal.Journal, i int64) []byte {
	tb.Helper()
	var text []byte
	until(tb, "receipt", func() (err error) {
		text, err = j.Receipt(context.Background(), i)
		if err != nil && !errors.Is(err, journal.ErrNotYet) {
			tb.Fatalf("receipt: %v", err)
		}
		return err
	})
	return text
}

func copyDir(tb testing.TB, from string) string {
	tb.Helper()
	to := filepath.Join(tb.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		tb.Fatal(err)
	}
	return to
}

// alter changes a file.
func alter(tb testing.TB, name string, change func([]byte) []byte) {
	tb.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(name, change(b), 0o600); err != nil {
		tb.Fatal(err)
	}
}

func codes(findings []journal.Finding) []journal.Code {
	var out []journal.Code
	for _, f := range findings {
		if f.Code != journal.NotCosigned {
			out = append(out, f.Code)
		}
	}
	return out
}

// isNotThere says whether an error is of a file that does not exist.
func isNotThere(err error) bool { return errors.Is(err, fs.ErrNotExist) }
