package journal

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"

	"guichet"
)

// maxCheckpoint bounds a checkpoint with all its signatures, in bytes. A
// cosignature line has some 150; a circle has at most a few dozen members.
const maxCheckpoint = 64 << 10

// maxSize bounds the leaves that a checkpoint may speak of.
const maxSize = 1 << 53

// Witnessed is a member that has seen a checkpoint, and when, by its clock.
type Witnessed struct {
	Member string    `json:"member"`
	Key    string    `json:"key"` // id of its witness key
	Time   time.Time `json:"time"`
}

// checkpoint is a tree head whose signatures have been checked.
type checkpoint struct {
	raw            []byte // the note as it came
	origin         string
	circle, member string
	number         int // of the log, among the logs of that member
	size           uint64
	root           []byte
	key            guichet.MemberKey // that signed it
	witnesses      []Witnessed       // whose cosignatures hold, by member
}

// A checkpoint:
//
//	guichet/border-five/CA
//	109482
//	sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=
//
//	— guichet/border-five/CA hI2DJw...
//	— guichet/border-five/GB/witness TnKKVHLX...

// parseHead reads the signed text of a checkpoint, C2SP tlog-checkpoint, of which
// it takes the first three lines as they must be written, and no other way.
func parseHead(text []byte) (log.Checkpoint, error) {
	var c log.Checkpoint
	if _, err := c.Unmarshal(text); err != nil {
		return c, guichet.Errorf(guichet.KindInvalid, "this is no checkpoint: %w", err)
	}
	if !bytes.HasPrefix(text, c.Marshal()) || len(c.Hash) != rfc6962.DefaultHasher.Size() || c.Size > maxSize {
		return c, guichet.Errorf(guichet.KindInvalid, "this is no checkpoint: its size or its root is not written as it must be")
	}
	if c.Size == 0 && !bytes.Equal(c.Hash, rfc6962.DefaultHasher.EmptyRoot()) {
		return c, guichet.Errorf(guichet.KindInvalid, "this is no checkpoint: an empty log has another root")
	}
	return c, nil
}

// openCheckpoint reads a checkpoint and checks its signatures: the log's must be
// there and hold, those of known witnesses must hold, others are ignored.
// KindInvalid for what is no checkpoint, KindUntrusted for one that is not signed
// as it must be.
func openCheckpoint(raw []byte, keys Keys) (checkpoint, error) {
	c, err := openSigned(raw, keys)
	if err != nil {
		return checkpoint{}, err
	}
	if end, ended := keys.ends[c.origin]; ended && c.size > end {
		return checkpoint{}, guichet.Errorf(guichet.KindUntrusted, "the checkpoint of %s is of %d leaves, and that log has ended at %d: nothing counts that was signed after", c.origin, c.size, end)
	}
	return c, c.keyHolds()
}

// openSigned is openCheckpoint that takes what a revoked key has signed, and what
// was signed after the end of a log.
func openSigned(raw []byte, keys Keys) (checkpoint, error) {
	if len(raw) > maxCheckpoint {
		return checkpoint{}, guichet.Errorf(guichet.KindInvalid, "a checkpoint of more than %d bytes is not read", maxCheckpoint)
	}
	text, ok := noteText(raw)
	if !ok {
		return checkpoint{}, guichet.Errorf(guichet.KindInvalid, "this is no checkpoint: it has no signatures")
	}
	head, err := parseHead(text)
	if err != nil {
		return checkpoint{}, err
	}
	c := checkpoint{raw: raw, origin: head.Origin, size: head.Size, root: head.Hash}
	if c.circle, c.member, c.number, ok = splitOrigin(head.Origin); !ok {
		return checkpoint{}, guichet.Errorf(guichet.KindUntrusted, "the checkpoint is of %.80q, which is no journal of a circle", head.Origin)
	}
	logs := keys.logs(c.circle, c.member)
	if len(logs) == 0 {
		return checkpoint{}, guichet.Errorf(guichet.KindUntrusted, "the checkpoint is of %s, whose log key is not known", c.origin).WithHint("take the circle's newest papers in, or name the circle's root that was in force then")
	}
	return c.verified(logs, keys.witnesses(c.circle, c.member))
}

// verified checks the signatures of a checkpoint that has been read.
func (c checkpoint) verified(logs, witnesses []trusted) (checkpoint, error) {
	var verifiers []note.Verifier
	for _, t := range slices.Concat(logs, witnesses) {
		verifiers = append(verifiers, t.verifier(c.origin))
	}
	n, err := note.Open(c.raw, note.VerifierList(verifiers...))
	if bad, ok := errors.AsType[*note.InvalidSignatureError](err); ok {
		return checkpoint{}, guichet.Errorf(guichet.KindUntrusted, "the signature of %s under the checkpoint does not hold: the checkpoint or the signature was changed", bad.Name)
	}
	if err != nil {
		return checkpoint{}, guichet.Errorf(guichet.KindUntrusted, "the checkpoint of %s is not signed by its log key: %w", c.origin, err)
	}
	signed := false
	for _, s := range n.Sigs {
		for _, t := range logs {
			if v := t.verifier(c.origin); v.Name() == s.Name && v.KeyHash() == s.Hash {
				c.key, signed = t.key, true
			}
		}
		for _, t := range witnesses {
			if v := t.verifier(c.origin); v.Name() == s.Name && v.KeyHash() == s.Hash {
				c.witness(t, cosignedAt(s))
			}
		}
	}
	if !signed {
		return checkpoint{}, guichet.Errorf(guichet.KindUntrusted, "the checkpoint of %s is not signed by its log key", c.origin)
	}
	slices.SortFunc(c.witnesses, func(a, b Witnessed) int { return strings.Compare(a.Member, b.Member) })
	return c, nil
}

// witness counts a cosignature that holds, once a member, and only if the key was
// in force when it was made.
func (c *checkpoint) witness(t trusted, at time.Time) {
	counted := slices.ContainsFunc(c.witnesses, func(w Witnessed) bool { return w.Member == t.member })
	if !counted && t.key.InForce(at) {
		c.witnesses = append(c.witnesses, Witnessed{t.member, t.key.ID, at})
	}
}

// keyHolds refuses a checkpoint by a revoked key, unless a witness has seen it
// before the key was revoked: a checkpoint tells no time of its own.
func (c checkpoint) keyHolds() error {
	if c.key.Revoked.IsZero() {
		return nil
	}
	if slices.ContainsFunc(c.witnesses, func(w Witnessed) bool { return w.Time.Before(c.key.Revoked) }) {
		return nil
	}
	return guichet.Errorf(guichet.KindUntrusted, "the checkpoint of %s is signed by key %s, revoked on %s, and no witness has seen it before that", c.origin, c.key.ID, c.key.Revoked.UTC().Format(time.DateOnly)).
		WithHint("ask the member for a receipt under its present key")
}
