package journal

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"guichet"
)

// Cosigner reaches another member's witness.
type Cosigner interface {
	// AddCheckpoint sends the body of an add-checkpoint and returns the status and
	// the body of the answer, of at most 64 KiB. An error means that no answer came.
	AddCheckpoint(ctx context.Context, body []byte) (status int, answer []byte, err error)
}

// Peer is another member as a witness.
type Peer struct {
	Member string
	Keys   []guichet.MemberKey // its keys as the circle has signed them; those for witnessing count
	Via    Cosigner
}

// Cosigned is what came of asking one peer.
type Cosigned struct {
	Member string
	Size   int64     // leaves that it has signed for; 0 when it did not sign
	Time   time.Time // by its clock
	Err    error     // why it did not sign: KindBusy out of reach, KindUntrusted it says or sees something that cannot be
}

// Cosign asks all peers at once to sign under the newest checkpoint, and puts the
// checkpoint with their signatures beside, as checkpoint.cosigned, once Quorum of
// them have. It waits for all of them as long as ctx lasts. It is one round: run
// it in a loop of its own. Nothing waits for it; without it receipts are drawn
// against checkpoints that the member alone has signed.
//
// An error is about our own journal; what a peer did wrong is in its Cosigned.
func (j *Journal) Cosign(ctx context.Context, peers []Peer) ([]Cosigned, error) {
	j.cosign.Lock()
	defer j.cosign.Unlock()
	cp, err := j.checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	results := make([]Cosigned, len(peers))
	lines := make([][]byte, len(peers))
	var all sync.WaitGroup
	for i, p := range peers {
		known := j.seenBy[p.Member]
		all.Go(func() { results[i], lines[i] = j.ask(ctx, cp, p, known) })
	}
	all.Wait()
	signatures := bytes.Clone(cp.raw)
	count := 0
	for i, r := range results {
		if r.Err != nil {
			continue
		}
		j.seenBy[r.Member] = cp.size
		signatures = append(signatures, lines[i]...)
		count++
	}
	if count < j.cfg.Quorum || cp.size == 0 {
		return results, nil
	}
	return results, j.keepCosigned(cp, signatures, count)
}

// keepCosigned puts a cosigned checkpoint in its place, unless one of the same
// tree with more signatures is there.
func (j *Journal) keepCosigned(cp checkpoint, raw []byte, count int) error {
	name := filepath.Join(j.cfg.Dir, fileCosigned)
	if old, err := readSmall(name, maxCheckpoint); err == nil {
		was, err := openCheckpoint(old, j.own)
		if err == nil && was.size == cp.size && bytes.Count(old, []byte("\n— ")) > count {
			return nil
		}
	}
	if err := writeDurably(name, raw); err != nil {
		return fault(j.cfg.Dir, err)
	}
	return nil
}

// ask asks one peer: from the size that it was last known to have seen, and once
// more from the size that it says.
func (j *Journal) ask(ctx context.Context, cp checkpoint, p Peer, known uint64) (Cosigned, []byte) {
	fail := func(kind guichet.Kind, format string, args ...any) (Cosigned, []byte) {
		return Cosigned{Member: p.Member, Err: guichet.Errorf(kind, "%s: %w", p.Member, guichet.Errorf(kind, format, args...))}, nil
	}
	for range 2 {
		nodes, err := consistencyProof(ctx, min(known, cp.size), cp.size, j.reader.ReadTile)
		if err != nil {
			return Cosigned{Member: p.Member, Err: err}, nil
		}
		status, answer, err := p.Via.AddCheckpoint(ctx, formatAdd(min(known, cp.size), nodes, cp.raw))
		switch {
		case err != nil:
			return fail(guichet.KindBusy, "the witness does not answer: %w", err)
		case status == http.StatusOK:
			return j.countersigned(cp, p, answer)
		case status != http.StatusConflict:
			return fail(guichet.KindUntrusted, "the witness refuses the checkpoint of %d leaves (%d): %.200s", cp.size, status, printable(answer))
		}
		said, err := strconv.ParseUint(strings.TrimSuffix(string(answer), "\n"), 10, 63)
		if err != nil {
			return fail(guichet.KindUntrusted, "the witness says %d without a size", status)
		}
		if said > cp.size {
			return fail(guichet.KindUntrusted, "the witness has seen %d leaves of our log, and it has %d: it was rolled back, or restored from an old copy", said, cp.size)
		}
		if said == known {
			return fail(guichet.KindUntrusted, "the witness has seen another log of ours of %d leaves: it was forked, or restored from an old copy", said)
		}
		known = said
	}
	return fail(guichet.KindBusy, "the witness changes its mind on what it has seen")
}

// countersigned checks what a witness answered, and keeps of it the lines that
// are its own and hold.
func (j *Journal) countersigned(cp checkpoint, p Peer, answer []byte) (Cosigned, []byte) {
	var verifiers []note.Verifier
	for _, k := range p.Keys {
		if k.Use == guichet.KeyWitness {
			verifiers = append(verifiers, trusted{j.circle, p.Member, k}.verifier(cp.origin))
		}
	}
	text, _ := noteText(cp.raw)
	whole := slices.Concat(text, []byte("\n"), answer)
	n, err := note.Open(whole, note.VerifierList(verifiers...))
	if err != nil || len(whole) > maxCheckpoint {
		return Cosigned{Member: p.Member, Err: guichet.Errorf(guichet.KindUntrusted, "%s: the witness's signature does not hold", p.Member)}, nil
	}
	at := cosignedAt(n.Sigs[0])
	line := fmt.Appendf(nil, "— %s %s\n", n.Sigs[0].Name, n.Sigs[0].Base64)
	return Cosigned{Member: p.Member, Size: signed(cp.size), Time: at}, line
}

// printable keeps what others wrote from playing with a terminal.
func printable(b []byte) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, string(b))
}
