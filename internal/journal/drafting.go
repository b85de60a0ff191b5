package journal

import (
	"bytes"
	"context"
	"encoding/hex"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"

	"guichet"
)

// How a journal is renewed: what the others hold of it is gathered, a renewal is
// drafted from that, and, once it is signed, the next log begins.

// Beyond holds a checkpoint of one of our logs, as another member remembers it,
// against what there is of it: nil when there is nothing in it that we do not know.
// What it tells is in positions.
// Errors are those of Journal.Beyond.
func (b *Book) Beyond(ctx context.Context, raw []byte) (*Ahead, error) {
	v := b.last()
	cp, err := openSigned(raw, v.own)
	if err != nil {
		return nil, err
	}
	if cp.circle != b.circle || cp.member != b.member {
		return nil, guichet.Errorf(guichet.KindInvalid, "the checkpoint is of %s, not of %s", cp.origin, b.cfg.Origin)
	}
	switch {
	case cp.number > v.number:
		return &Ahead{Seen: b.Size() + signed(cp.size), Have: b.Size(), Log: cp.number}, nil
	case cp.number < v.number:
		return b.beyondEnd(cp)
	}
	ahead, err := v.Beyond(ctx, raw)
	if ahead != nil {
		ahead.Seen, ahead.Have, ahead.Log = ahead.Seen+v.first, ahead.Have+v.first, cp.number
	}
	return ahead, err
}

// beyondEnd holds a checkpoint against the end that we have said of its log.
func (b *Book) beyondEnd(cp checkpoint) (*Ahead, error) {
	r := b.Renewal().Renewal
	e := r.Before[cp.number-1]
	end, err := r.end(e, b.last().own)
	switch {
	case err != nil:
		return nil, err
	case cp.size > end.size:
		return &Ahead{Seen: e.First + signed(cp.size), Have: e.First + signed(end.size), Log: cp.number}, nil
	case cp.size == end.size && cp.size > 0 && !bytes.Equal(cp.root, end.root) && !e.Forked:
		return &Ahead{Seen: e.First + signed(cp.size), Have: e.First + signed(end.size), Log: cp.number, Forked: true}, nil
	}
	return nil, nil //nolint:nilnil // within is an answer here
}

// Draft makes the renewal by which the journal goes on in another log: seen are
// checkpoints of our logs that others hold, told are renewals of ours that they have
// accepted (of a journal that is older than its own renewal). What is not under our
// own signature says nothing.
func (b *Book) Draft(ctx context.Context, why string, seen, told [][]byte, c guichet.Circle) (Renewal, error) {
	known := b.Renewal()
	for _, raw := range told {
		s, err := ParseRenewal(raw)
		if err != nil || s.Renewal.Member != b.member || s.Verify(c, b.cfg.Clock()) != nil {
			continue
		}
		if known == nil || s.Renewal.Number > known.Renewal.Number {
			known = &s
		}
	}
	r := Renewal{
		Format: RenewalFormat, Circle: b.circle, Member: b.member, Number: 2, Before: []Ended{{Number: 1}},
		Why: why, Time: b.cfg.Clock().UTC().Truncate(time.Second),
	}
	if known != nil {
		r.Before = append(slices.Clone(known.Renewal.Before), Ended{Number: known.Renewal.Number, First: known.Renewal.First})
		r.Number = known.Renewal.Number + 1
	}
	if r.Number > MaxLogs {
		return r, guichet.Errorf(guichet.KindInvalid, "the journal was renewed %d times; no more is possible", MaxLogs-1).WithHint("join the circle anew, under a new code, or agree on a new circle")
	}
	for i := range r.Before {
		if err := b.draftEnd(ctx, &r.Before[i], seen); err != nil {
			return r, err
		}
	}
	e := r.Before[len(r.Before)-1]
	r.First = e.First + e.EndSize()
	return r, r.check()
}

// draftEnd fills in what is left of a log, and where it ended.
func (b *Book) draftEnd(ctx context.Context, e *Ended, seen [][]byte) error {
	e.Have, e.Root = 0, hex.EncodeToString(rfc6962.DefaultHasher.EmptyRoot())
	keys, origin := b.last().own, OriginOf(b.circle, b.member, e.Number)
	candidates := [][]byte{[]byte(e.End)}
	for _, v := range b.volumes() {
		if v.number != e.Number {
			continue
		}
		now, err := v.checkpoint(ctx)
		if err != nil {
			return err
		}
		if signed(now.size) != v.Size() {
			return guichet.Errorf(guichet.KindBusy, "the newest checkpoint covers %d of %d leaves", now.size, v.Size()).WithHint("try again in a second")
		}
		e.Have, e.Root = signed(now.size), hex.EncodeToString(now.root)
		candidates = append(candidates, now.raw)
		for _, raw := range seen {
			if ahead, err := v.Beyond(ctx, raw); err == nil && ahead != nil {
				e.Forked = e.Forked || ahead.Forked
			}
		}
	}
	var best checkpoint
	for _, raw := range append(candidates, seen...) {
		cp, err := openSigned(raw, keys)
		if err != nil || cp.origin != origin {
			continue
		}
		if cp.size == best.size && cp.size > 0 && !bytes.Equal(cp.root, best.root) {
			e.Forked = true
		}
		if cp.size > best.size {
			best = cp
		}
	}
	if best.size == 0 {
		e.End = ""
		return nil
	}
	var err error
	e.End, err = bare(best, keys)
	return err
}

// bare is a checkpoint with the log's own signature alone.
func bare(cp checkpoint, keys Keys) (string, error) {
	text, _ := noteText(cp.raw)
	for line := range strings.Lines(string(cp.raw[len(text)+1:])) {
		one := string(text) + "\n" + strings.TrimSuffix(line, "\n") + "\n"
		if _, err := openSigned([]byte(one), keys); err == nil {
			return one, nil
		}
	}
	return "", guichet.Errorf(guichet.KindUntrusted, "no line of the checkpoint of %s is signed by its log key", cp.origin)
}

// Begin ends the log that is written and begins the one that a renewal names. With
// the renewal on the disk, which is durable before anything else is done, it is
// decided: a process that ends after it finishes when the journal is opened again.
// Who calls has verified the signatures. KindInvalid when the renewal is not of the
// journal as it is now.
func (b *Book) Begin(ctx context.Context, s SignedRenewal) error {
	raw, err := s.Bytes()
	if err != nil {
		return err
	}
	b.mu.Lock() // held over I/O: nobody may append between the two logs
	defer b.mu.Unlock()
	old, r := b.logs[len(b.logs)-1], s.Renewal
	if r.Circle != b.circle || r.Member != b.member || r.Number <= old.number {
		return guichet.Errorf(guichet.KindInvalid, "the renewal is of log %d of %s in %s; this is log %d of %s", r.Number, r.Member, r.Circle, old.number, b.cfg.Origin).WithHint("draft it again")
	}
	e := r.Before[old.number-1]
	root, err := rootAt(ctx, unsigned(old.Size()), old.reader.ReadTile)
	if err != nil {
		return fault(b.cfg.Dir, err)
	}
	if e.Have != old.Size() || e.Root != hex.EncodeToString(root) {
		return guichet.Errorf(guichet.KindInvalid, "the journal has %d leaves, and the renewal was drafted when it had %d", old.Size(), e.Have).WithHint("draft it again")
	}
	b.stepped("nothing written")
	if err := writeDurably(filepath.Join(b.cfg.Dir, fileRenewal), raw); err != nil {
		return fault(b.cfg.Dir, err)
	}
	old.end()
	b.renewal = &s
	b.stepped("renewal written")
	return b.openLast(ctx, r.Number, r.First)
}
