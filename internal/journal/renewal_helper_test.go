package journal_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"guichet"
	"guichet/internal/guichettest"
	"guichet/internal/journal"
)

// papers is a circle whose members have a key of their own too.
func papers() guichet.Circle {
	c := circle("CA", "GB", "US")
	for i, m := range c.Members {
		c.Members[i].Keys = append(c.Members[i].Keys, memberKey(guichet.KeyMember, m.Code+" member"))
	}
	return c
}

// now is an instant of the tests' clock.
func now() time.Time { return guichettest.NewClock().Now() }

func openBook(tb testing.TB, dir string) *journal.Book {
	tb.Helper()
	return guichettest.Open(tb, func() (*journal.Book, error) { return journal.OpenBook(context.Background(), config(dir, "US")) })
}

// signed signs a renewal by the keys of a member.
func signed(tb testing.TB, r journal.Renewal, member string) journal.SignedRenewal {
	tb.Helper()
	s := journal.SignedRenewal{Renewal: r, Signatures: []journal.RenewalSignature{}}
	for _, use := range []guichet.KeyUse{guichet.KeyLog, guichet.KeyMember} {
		word := member + " " + string(use)
		if err := s.Sign(use, memberKey(use, word).ID, key(word)); err != nil {
			tb.Fatal(err)
		}
	}
	return s
}

func textOf(tb testing.TB, s journal.SignedRenewal) []byte {
	tb.Helper()
	raw, err := s.Bytes()
	if err != nil {
		tb.Fatal(err)
	}
	return raw
}

// rolledBack is a journal of 60 leaves that others have seen at 100, whose
// checkpoint it returns, and the folder of the whole one.
func rolledBack(tb testing.TB) (dir, whole string, seen []byte) {
	tb.Helper()
	dir = filled(tb, "US", 60)
	whole = copyDir(tb, dir)
	grow(tb, whole, 60, 40)
	return dir, whole, checkpointOf(tb, whole)
}

func draft(tb testing.TB, b *journal.Book, seen ...[]byte) journal.Renewal {
	tb.Helper()
	r, err := b.Draft(context.Background(), "the disk was lost", seen, nil, papers())
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func begin(tb testing.TB, b *journal.Book, r journal.Renewal) journal.SignedRenewal {
	tb.Helper()
	s := signed(tb, r, "US")
	if err := s.Verify(papers(), now()); err != nil {
		tb.Fatal(err)
	}
	if err := b.Begin(context.Background(), s); err != nil {
		tb.Fatal(err)
	}
	return s
}

// servedBook fetches what a member would get of an open journal.
func servedBook(b *journal.Book) func(context.Context, string) ([]byte, error) {
	return func(ctx context.Context, name string) ([]byte, error) { return b.File(ctx, name) }
}

// member is a member that witnesses and watches US.
type member struct {
	t        *testing.T
	code     string
	dir      string
	renewals *journal.Renewals
	witness  *journal.Witness
}

func newMember(t *testing.T, code string) *member {
	t.Helper()
	m := &member{t: t, code: code, dir: t.TempDir()}
	m.renewals = journal.OpenRenewals(m.dir)
	w, err := journal.OpenWitness(journal.WitnessConfig{
		Dir: filepath.Join(m.dir, "witness"), Circle: circleName, Member: code, Key: key(code + " witness"), Clock: now,
		Keys: func() journal.Keys { return journal.Trusted(papers()) }, Renewals: m.renewals,
	})
	if err != nil {
		t.Fatal(err)
	}
	m.witness = w
	return m
}

func (m *member) AddCheckpoint(ctx context.Context, body []byte) (int, []byte, error) {
	status, _, answer := m.witness.AddCheckpoint(ctx, body)
	return status, answer, nil
}

func (m *member) peer() journal.Peer {
	p, _ := papers().Member(m.code)
	return journal.Peer{Member: m.code, Keys: p.Keys, Via: m}
}

// cosigns lets the member cosign; it returns why it did not.
func (m *member) cosigns(cosign func(context.Context, []journal.Peer) ([]journal.Cosigned, error)) error {
	m.t.Helper()
	told, err := cosign(context.Background(), []journal.Peer{m.peer()})
	if err != nil {
		m.t.Fatal(err)
	}
	return told[0].Err
}

// cosignsAll lets the member cosign all that there is.
func (m *member) cosignsAll(b *journal.Book) {
	m.t.Helper()
	until(m.t, m.code+" cosigns", func() error {
		told, err := b.Cosign(context.Background(), []journal.Peer{m.peer()})
		if err == nil {
			err = told[0].Err
		}
		if err == nil && told[0].Size != b.Size()-b.Renewal().Renewal.First {
			err = fmt.Errorf("%d leaves are cosigned", told[0].Size)
		}
		return err
	})
}

func (m *member) check(b *journal.Book, leaves ...journal.IndexedLeaf) []journal.Finding {
	m.t.Helper()
	rep, err := journal.CheckPeer(context.Background(), journal.PeerLog{
		Circle: circleName, Member: "US", Keys: journal.Trusted(papers()), Renewals: m.renewals, Dir: filepath.Join(m.dir, "peers"), Fetch: servedBook(b), Leaves: leaves,
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return rep.Findings
}

func (m *member) accept(s journal.SignedRenewal) error {
	m.t.Helper()
	_, err := m.renewals.Accept(textOf(m.t, s), papers(), "US", now())
	return err
}

func all(tb testing.TB, b *journal.Book) []journal.IndexedLeaf {
	tb.Helper()
	var out []journal.IndexedLeaf
	for from := int64(0); from >= 0; {
		page, next, err := b.Of(context.Background(), "CA", from, 7)
		if err != nil {
			tb.Fatal(err)
		}
		out, from = append(out, page...), next
	}
	return out
}

func must[T any](x T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return x
	}
}
