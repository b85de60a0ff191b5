package journal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	tlog "github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"guichet"
)

// MaxReceipt bounds the text of a receipt, in bytes: a leaf in base64, a proof of
// at most 63 hashes and a checkpoint.
const MaxReceipt = 256 << 10

// ErrNotYet is what Receipt returns, within a KindBusy, while no checkpoint covers
// the leaf: ask again after Config.Checkpoint.
var ErrNotYet = errors.New("no checkpoint covers the leaf yet")

// Receipt returns the proof that a leaf is in the log: a C2SP tlog-proof whose
// extra data are the leaf's canonical JSON. It is drawn against the newest
// checkpoint that other members have signed under, where that covers the leaf,
// else against the newest of all.
//
// KindNotFound when there is no such leaf; ErrNotYet when no checkpoint covers it.
func (j *Journal) Receipt(ctx context.Context, i int64) ([]byte, error) {
	entry, err := j.entry(ctx, i)
	if err != nil {
		return nil, err
	}
	cp, err := j.covering(ctx, unsigned(i))
	if err != nil {
		return nil, err
	}
	nodes, err := inclusionProof(ctx, unsigned(i), cp.size, j.reader.ReadTile)
	if err != nil {
		return nil, err
	}
	out := tlog.TLogProof{Index: unsigned(i), Checkpoint: cp.raw, ExtraData: entry}
	for _, n := range nodes {
		out.Hashes = append(out.Hashes, [sha256.Size]byte(n))
	}
	// What leaves here is proof for years: a damaged tile must not go out in it.
	if err := proof.VerifyInclusion(rfc6962.DefaultHasher, out.Index, cp.size, leafHash(entry), nodes, cp.root); err != nil {
		return nil, &guichet.Error{Kind: guichet.KindUntrusted, Message: fmt.Sprintf("leaf %d and the hash tiles do not fit the checkpoint of %d leaves: the journal is damaged", i, cp.size), Hint: "run: guichet journal verify", Err: err}
	}
	return out.Marshal(), nil
}

// covering is the checkpoint that a receipt of a leaf is drawn against.
func (j *Journal) covering(ctx context.Context, i uint64) (checkpoint, error) {
	raw, err := readSmall(filepath.Join(j.cfg.Dir, fileCosigned), maxCheckpoint)
	if err == nil {
		if cp, err := openCheckpoint(raw, j.own); err == nil && cp.size > i {
			return cp, nil
		}
	}
	cp, err := j.checkpoint(ctx)
	if err != nil {
		return checkpoint{}, err
	}
	if cp.size <= i {
		return checkpoint{}, &guichet.Error{
			Kind: guichet.KindBusy, Message: fmt.Sprintf("there is no receipt of leaf %d yet", i),
			Hint: fmt.Sprintf("ask again in %s", j.cfg.Checkpoint), Err: ErrNotYet,
		}
	}
	return cp, nil
}

// Receipt is what a receipt proves: this leaf stands at this place of that
// member's log, and so many others have seen the log's state.
type Receipt struct {
	Index     int64        `json:"index"`
	Size      int64        `json:"size"` // leaves that the checkpoint covers
	Leaf      guichet.Leaf `json:"leaf"`
	Origin    string       `json:"origin"`
	Circle    string       `json:"circle"`
	Member    string       `json:"member"`    // whose log it is
	Log       int          `json:"log"`       // which of that member's logs, from 1 on; Index is a place in it
	Key       string       `json:"key"`       // id of the log key that signed
	Root      string       `json:"root"`      // of the tree, hex
	Witnesses []Witnessed  `json:"witnesses"` // other members whose cosignature holds
}

// A receipt:
//
//	c2sp.org/tlog-proof@v1
//	extra eyJhZ3JlZW1lbnQiOiJ...          the leaf's canonical JSON, base64
//	index 73894
//	gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
//	...
//
//	guichet/border-five/CA                and the checkpoint, with its signatures
//	...

// VerifyReceipt checks a receipt, offline, by the keys of a circle. It needs no
// journal. KindInvalid: the text is no receipt, or not written as it must be;
// KindVersion: a newer leaf; KindUntrusted: something does not hold, and the
// message says what.
//
// It does not check that the exchange was as the leaf says: a leaf is what its
// log's owner wrote. The other side's receipt of the same exchange says what they
// wrote, and a holder of the salt can check the digests.
func VerifyReceipt(text []byte, keys Keys) (Receipt, error) {
	p, err := parseReceipt(text)
	if err != nil {
		return Receipt{}, err
	}
	leaf, err := readLeaf(p.ExtraData)
	if err != nil {
		return Receipt{}, err
	}
	if canonical, err := guichet.Canonical(leaf); err != nil || !bytes.Equal(canonical, p.ExtraData) {
		return Receipt{}, guichet.Errorf(guichet.KindUntrusted, "the leaf in the receipt is not in its canonical form: it was written anew, or has fields that are not known here")
	}
	cp, err := openCheckpoint(p.Checkpoint, keys)
	if err != nil {
		return Receipt{}, err
	}
	if err := includes(cp, p); err != nil {
		return Receipt{}, err
	}
	if err := belongs(leaf, cp); err != nil {
		return Receipt{}, err
	}
	return Receipt{
		Index: signed(p.Index), Size: signed(cp.size), Leaf: leaf, Origin: cp.origin, Circle: cp.circle, Member: cp.member, Log: cp.number,
		Key: cp.key.ID, Root: hex.EncodeToString(cp.root), Witnesses: cp.witnesses,
	}, nil
}

// parseReceipt reads the text, and takes no other writing of the same receipt.
func parseReceipt(text []byte) (tlog.TLogProof, error) {
	var p tlog.TLogProof
	const hint = "a receipt begins with the line c2sp.org/tlog-proof@v1; save it as it was received"
	if len(text) > MaxReceipt {
		return p, guichet.Errorf(guichet.KindInvalid, "a receipt of more than %d bytes is not read", MaxReceipt)
	}
	if err := unmarshalReceipt(&p, text); err != nil {
		return p, guichet.Errorf(guichet.KindInvalid, "this is no receipt: %w", err).WithHint(hint)
	}
	const maxHashes = 63
	if len(p.Hashes) > maxHashes || len(p.ExtraData) > MaxLeaf || p.Index >= maxSize {
		return p, guichet.Errorf(guichet.KindInvalid, "this is no receipt: its index, its leaf or its proof is too large")
	}
	if len(p.ExtraData) == 0 {
		return p, guichet.Errorf(guichet.KindInvalid, "the receipt has no leaf: its extra line is missing").WithHint(hint)
	}
	if !bytes.Equal(p.Marshal(), text) {
		return p, guichet.Errorf(guichet.KindInvalid, "the receipt is not written as it must be: a space, a line end or a digit was changed").WithHint(hint)
	}
	return p, nil
}

// includes checks the proof of a receipt against the root of its checkpoint.
func includes(cp checkpoint, p tlog.TLogProof) error {
	if p.Index >= cp.size {
		return guichet.Errorf(guichet.KindUntrusted, "the receipt is of leaf %d, and its checkpoint covers %d: the index or the checkpoint was changed", p.Index, cp.size)
	}
	hashes := make([][]byte, len(p.Hashes))
	for i := range p.Hashes {
		hashes[i] = p.Hashes[i][:]
	}
	if err := proof.VerifyInclusion(rfc6962.DefaultHasher, p.Index, cp.size, leafHash(p.ExtraData), hashes, cp.root); err != nil {
		return &guichet.Error{
			Kind: guichet.KindUntrusted, Err: err,
			Message: fmt.Sprintf("the leaf is not in the log of %s at %d: the leaf, its index or its proof was changed after the checkpoint was signed", cp.member, p.Index),
			Hint:    "ask for the receipt again; if it comes like this from the member itself, its log was altered",
		}
	}
	return nil
}

// belongs checks that a leaf is one that the log's owner writes: as the one asked,
// or as the one that asks.
func belongs(leaf guichet.Leaf, cp checkpoint) error {
	owner := leaf.To
	if leaf.Kind == guichet.LeafReceived || leaf.Kind == guichet.LeafMissed {
		owner = leaf.From.Member
	}
	if leaf.Kind == guichet.LeafTaken || leaf.Kind == guichet.LeafRecovered && leaf.From.Member == cp.member {
		owner = cp.member
	}
	if (leaf.Kind == guichet.LeafPurged || leaf.Kind == guichet.LeafWithdrew || leaf.Kind == guichet.LeafRenewed) && leaf.From.Member != owner {
		owner = leaf.From.Member // a member tells of its own figures alone
	}
	if leaf.From.Circle != cp.circle || owner != cp.member {
		return guichet.Errorf(guichet.KindUntrusted, "a leaf %q of %s/%s stands in the log of %s: it tells another member's story", leaf.Kind, leaf.From.Circle, owner, cp.origin)
	}
	if !cp.key.Until.IsZero() && leaf.Time.After(cp.key.Until.Add(keyGrace)) {
		return guichet.Errorf(guichet.KindUntrusted, "the leaf is of %s, and the key that signed its checkpoint was replaced on %s", leaf.Time.UTC().Format(time.DateTime), cp.key.Until.UTC().Format(time.DateTime))
	}
	return nil
}

// keyGrace is how long after its replacement a log key may still sign: a node
// takes the circle's new papers in within a day.
const keyGrace = 24 * time.Hour
