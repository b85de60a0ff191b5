package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"path/filepath"
	"sync"
	"time"

	"guichet"
)

// Renewals are the newest renewals of other members' journals that a node has
// accepted. One that was accepted stays: the logs that it ended never grow again. It
// may be used by several goroutines; a nil one knows none.
type Renewals struct {
	dir string // of our own journal, where what was seen of others is remembered

	mu    sync.Mutex                // guards what follows; held over the write, since looking and replacing must be one step
	known map[string]*SignedRenewal // by member; nil: there is none
}

// dirRenewals is where they are kept, by member, with what was signed of a log after
// its end.
const dirRenewals = "renewals"

// OpenRenewals opens those of a node. dir is the folder of its own journal.
func OpenRenewals(dir string) *Renewals {
	return &Renewals{dir: dir, known: map[string]*SignedRenewal{}}
}

// Of is the newest that was accepted of a member; nil when none was.
func (r *Renewals) Of(member string) (*SignedRenewal, error) {
	if r == nil {
		return nil, nil //nolint:nilnil // none is an answer here
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.of(member)
}

func (r *Renewals) of(member string) (*SignedRenewal, error) {
	if s, ok := r.known[member]; ok {
		return s, nil
	}
	raw, err := readSmall(r.file(member), MaxRenewal)
	if errors.Is(err, fs.ErrNotExist) {
		r.known[member] = nil
		return nil, nil //nolint:nilnil // none is an answer here
	}
	if err != nil {
		return nil, err
	}
	s, err := ParseRenewal(raw)
	if err != nil {
		return nil, guichet.Errorf(guichet.KindUntrusted, "%s is damaged: %w", r.file(member), err).WithHint("restore it from a backup")
	}
	r.known[member] = &s
	return &s, nil
}

// current is the number of the log that a member's journal goes on in.
func (r *Renewals) current(member string) (renewed *SignedRenewal, number int, err error) {
	renewed, err = r.Of(member)
	if renewed == nil {
		return nil, 1, err
	}
	return renewed, renewed.Renewal.Number, nil
}

func (r *Renewals) file(member string) string {
	return filepath.Join(r.dir, dirRenewals, member+".json")
}

// Accept takes in a renewal that a member announces, and keeps it durably: true
// when it is news. KindUntrusted, and nothing is changed, for one that is not signed
// as it must be, that ends a log before what was seen of it, or that contradicts
// one that was accepted.
func (r *Renewals) Accept(raw []byte, c guichet.Circle, member string, now time.Time) (bool, error) {
	s, err := ParseRenewal(raw)
	if err != nil {
		return false, err
	}
	if s.Renewal.Member != member {
		return false, guichet.Errorf(guichet.KindUntrusted, "the renewal is of %s, not of %s", s.Renewal.Member, member)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	last, err := r.of(member)
	if err != nil {
		return false, err
	}
	if last != nil {
		if last.Renewal.Digest() == s.Renewal.Digest() {
			return false, nil
		}
		if s.Renewal.Number <= last.Renewal.Number {
			return false, guichet.Errorf(guichet.KindUntrusted, "%s announces another log %d than the one that was accepted as log %d", member, s.Renewal.Number, last.Renewal.Number)
		}
	}
	if err := s.Verify(c, now); err != nil {
		return false, err
	}
	if err := r.fits(s.Renewal, last, Trusted(c)); err != nil {
		return false, err
	}
	if err := writeDurably(r.file(member), bytes.TrimSpace(raw)); err != nil {
		return false, fault(r.dir, err)
	}
	r.known[member] = &s
	return true, nil
}

// fits holds the ends of the logs against what was seen of them, and against the
// ends that were accepted before.
func (r *Renewals) fits(next Renewal, last *SignedRenewal, keys Keys) error {
	for i, e := range next.Before {
		end, err := next.end(e, keys)
		if err != nil {
			return err
		}
		var held []head
		if last != nil && i < len(last.Renewal.Before) {
			was := last.Renewal.Before[i]
			if was.First != e.First {
				return guichet.Errorf(guichet.KindUntrusted, "%s now says that its log %d began at leaf %d, and has said %d", next.Member, e.Number, e.First, was.First)
			}
			cp, err := last.Renewal.end(was, keys)
			if err != nil {
				return err
			}
			held = append(held, head{cp.size, cp.root})
		}
		if last != nil && e.Number == last.Renewal.Number && e.First != last.Renewal.First {
			return guichet.Errorf(guichet.KindUntrusted, "%s now says that its log %d began at leaf %d, and has said %d", next.Member, e.Number, e.First, last.Renewal.First)
		}
		seen, err := seenOf(r.dir, next.Member, end.origin)
		if err != nil {
			return err
		}
		for _, h := range append(held, seen...) {
			if h.Size > end.size {
				return guichet.Errorf(guichet.KindUntrusted, "%s says that its log %d ended at %d leaves, and %d were seen of it under its signature", next.Member, e.Number, end.size, h.Size).
					WithHint("its operator renews again: our node shows it what was seen")
			}
			if h.Size == end.size && h.Size > 0 && !bytes.Equal(h.Root, end.root) && !e.Forked {
				return guichet.Errorf(guichet.KindUntrusted, "%s says that its log %d ended at %d leaves with another tree than was seen of it under its signature", next.Member, e.Number, end.size)
			}
		}
	}
	return nil
}

// seenOf are the trees that are remembered of a log.
func seenOf(dir, member, origin string) ([]head, error) {
	raw, err := remembered(dir, member, origin)
	if guichet.KindOf(err) == guichet.KindNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	text, _ := noteText(raw)
	c, err := parseHead(text)
	if err != nil {
		return nil, err
	}
	return []head{{c.Size, c.Hash}}, nil
}

// late keeps what was signed of a log after its end: with the renewal it proves
// that one of the two is a lie. One of each log is enough.
func (r *Renewals) late(raw []byte, renewed *SignedRenewal, keys Keys) {
	cp, err := openSigned(raw, keys)
	if err != nil || renewed == nil {
		return
	}
	for _, e := range renewed.Renewal.Before {
		if e.Number != cp.number || signed(cp.size) <= e.EndSize() {
			continue
		}
		name := r.afterFile(cp.origin)
		if _, err := readSmall(name, maxCheckpoint); errors.Is(err, fs.ErrNotExist) {
			_ = writeDurably(name, cp.raw) // the answer is the same without it
		}
	}
}

func (r *Renewals) afterFile(origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return filepath.Join(r.dir, dirRenewals, hex.EncodeToString(sum[:8])+".after")
}

// after is the file of what was signed of a log after its end; "" where there is
// none.
func (r *Renewals) after(origin string) string {
	name := r.afterFile(origin)
	if _, err := readSmall(name, maxCheckpoint); err != nil {
		return ""
	}
	return name
}
