package journal

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"

	"guichet"
)

// RenewalFormat is the format of renewals that this program writes and reads.
const RenewalFormat = 1

// RenewalContext is the context under which a renewal is signed: Ed25519 over the
// context, a zero byte and the renewal's canonical JSON. (A signature of a paper or
// of a message has another.)
const RenewalContext = "guichet journal renewal v1"

const (
	// MaxRenewal bounds a signed renewal, in bytes.
	MaxRenewal = 64 << 10
	maxEnd     = 2 << 10 // of a checkpoint in it
	maxWhy     = 500     // characters
	// renewalAhead is how far its time may lie before the reader's clock.
	renewalAhead = 5 * time.Minute
)

// Renewal is a member's word that its journal goes on in another log. A log that
// was put back from an older copy cannot go on: it would sign a second tree of
// sizes that it has signed before. So it ends where others have seen it, and the
// journal goes on under a name of its own.
//
// Leaves are told by their position in the journal: that of a leaf of a log is the
// position of the log's first leaf, and its place in the log.
type Renewal struct {
	Format int       `json:"format"`
	Circle string    `json:"circle"`
	Member string    `json:"member"`
	Number int       `json:"number"` // of the log that begins: 2 is the first that can
	First  int64     `json:"first"`  // position of its first leaf
	Before []Ended   `json:"before"` // the logs before it, in their order
	Why    string    `json:"why"`
	Time   time.Time `json:"time"` // whole seconds
}

// Ended is a log that has ended.
type Ended struct {
	Number int    `json:"number"`
	First  int64  `json:"first"` // position of its first leaf
	Have   int64  `json:"have"`  // leaves that its owner still has, from the first on
	Root   string `json:"root"`  // of the tree of those, hex
	// End is the last checkpoint of it: the highest that the owner's key has signed,
	// as far as anybody holds it. "" of a log of which nobody has ever seen one.
	End string `json:"end"`
	// Forked: under the owner's key more than one tree of some size was signed.
	Forked bool `json:"forked,omitempty"`
}

// EndSize is the number of leaves at its end; 0 where End cannot be read.
func (e Ended) EndSize() int64 {
	text, _ := noteText([]byte(e.End))
	head, err := parseHead(text)
	if err != nil {
		return 0
	}
	return signed(head.Size)
}

// Lost are the positions of the leaves that its owner has lost; to is one more than
// the last.
func (e Ended) Lost() (from, to int64) { return e.First + e.Have, e.First + max(e.Have, e.EndSize()) }

// Lost is how many leaves were lost.
func (r Renewal) Lost() int64 {
	n := int64(0)
	for _, e := range r.Before {
		from, to := e.Lost()
		n += to - from
	}
	return n
}

// holds says whether a position is one of a leaf that was not lost.
func (r Renewal) holds(i int64) bool {
	return i >= r.First || slices.ContainsFunc(r.Before, func(e Ended) bool { return i >= e.First && i < e.First+e.Have })
}

// Position is that of a leaf by its place in a log; false for a log that it does not
// know.
func (r Renewal) Position(number int, place int64) (int64, bool) {
	if number == r.Number {
		return r.First + place, true
	}
	if number < 1 || number > len(r.Before) {
		return 0, false
	}
	return r.Before[number-1].First + place, true
}

// text is what is signed.
func (r Renewal) text() ([]byte, error) { return guichet.Canonical(r) }

// Digest is the SHA-256 of its canonical JSON, hex.
func (r Renewal) Digest() string {
	text, err := r.text()
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Leaf is the first leaf of the log that it begins.
func (r Renewal) Leaf() guichet.Leaf {
	return guichet.Leaf{
		Format: LeafFormat, Kind: guichet.LeafRenewed, From: guichet.Party{Circle: r.Circle, Member: r.Member}, To: r.Member,
		Request: r.Digest(), Rows: r.Lost(), Time: r.Time,
	}
}

// RenewalSignature is one signature under a renewal.
type RenewalSignature struct {
	Use       guichet.KeyUse `json:"use"` // "log" or "member"
	Key       string         `json:"key"` // id
	Signature []byte         `json:"signature"`
}

// SignedRenewal is a renewal with its signatures. It counts with two: of the log
// key, by which the node says it, and of the member's own key, without which who
// has stolen a node could end its journal.
type SignedRenewal struct {
	Renewal    Renewal            `json:"renewal"`
	Signatures []RenewalSignature `json:"signatures"`
}

// Sign adds a signature, in the place of one of the same use.
func (s *SignedRenewal) Sign(use guichet.KeyUse, id string, key crypto.Signer) error {
	text, err := s.Renewal.text()
	if err != nil {
		return err
	}
	signature, err := key.Sign(rand.Reader, inContext(text), crypto.Hash(0))
	if err != nil {
		return fmt.Errorf("sign the renewal: %w", err)
	}
	s.Signatures = slices.DeleteFunc(s.Signatures, func(o RenewalSignature) bool { return o.Use == use })
	s.Signatures = append(s.Signatures, RenewalSignature{use, id, signature})
	slices.SortFunc(s.Signatures, func(a, b RenewalSignature) int { return strings.Compare(string(a.Use), string(b.Use)) })
	return nil
}

func inContext(text []byte) []byte { return append([]byte(RenewalContext+"\x00"), text...) }

// Bytes is how it is written: canonical JSON.
func (s SignedRenewal) Bytes() ([]byte, error) { return guichet.Canonical(s) }

// ParseRenewal reads a renewal, whatever its signatures: KindVersion for one of a
// newer format, KindInvalid for what is none.
func ParseRenewal(raw []byte) (SignedRenewal, error) {
	var s SignedRenewal
	if len(raw) > MaxRenewal {
		return s, guichet.Errorf(guichet.KindInvalid, "a renewal of more than %d bytes is not read", MaxRenewal)
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, guichet.Errorf(guichet.KindInvalid, "this is no renewal of a journal: %w", err)
	}
	if s.Renewal.Format > RenewalFormat {
		return s, guichet.Errorf(guichet.KindVersion, "the renewal is of format %d; this program reads %d", s.Renewal.Format, RenewalFormat).WithHint("use a newer guichet")
	}
	if text, err := s.Bytes(); err != nil || !bytes.Equal(text, bytes.TrimSpace(raw)) {
		return s, guichet.Errorf(guichet.KindInvalid, "this is no renewal of a journal: it is not in its canonical form, or has fields that are not known here")
	}
	return s, s.Renewal.check()
}

// check holds a renewal to what each must be, whoever it is of.
func (r Renewal) check() error {
	bad := func(what string) error {
		return guichet.Errorf(guichet.KindInvalid, "this is no renewal of a journal: %s", what)
	}
	switch {
	case r.Format != RenewalFormat || r.Number < 2 || r.Number > MaxLogs || len(r.Before) != r.Number-1:
		return bad("its format, its number or the logs before it")
	case r.Why == "" || len([]rune(r.Why)) > maxWhy || strings.ContainsFunc(r.Why, func(c rune) bool { return c < ' ' || c == 0x7f }):
		return bad("its reason is empty, too long or not one line")
	case r.Time.Nanosecond() != 0 || r.Time.Location() != time.UTC:
		return bad("its time")
	}
	first := int64(0)
	for i, e := range r.Before {
		if e.Number != i+1 || e.First < first || i == 0 && e.First != 0 {
			return bad(fmt.Sprintf("the place of log %d", i+1))
		}
		if err := e.check(); err != nil {
			return bad(err.Error())
		}
		first = e.First + e.Have
	}
	if r.First < first || r.First > maxSize {
		return bad("its first leaf")
	}
	return nil
}

func (e Ended) check() error {
	root, err := hex.DecodeString(e.Root)
	if err != nil || len(root) != rfc6962.DefaultHasher.Size() || e.Have < 0 || e.Have > maxSize || len(e.End) > maxEnd || e.Have == 0 && e.Root != hex.EncodeToString(rfc6962.DefaultHasher.EmptyRoot()) {
		return guichet.Errorf(guichet.KindInvalid, "what is left of log %d", e.Number)
	}
	if e.EndSize() < e.Have || e.End != "" && e.EndSize() == 0 {
		return guichet.Errorf(guichet.KindInvalid, "the end of log %d", e.Number)
	}
	return nil
}

// end is the checkpoint at its end, its signature checked. A key that was revoked
// since may have signed it: that the log ended there is the renewal's word.
func (r Renewal) end(e Ended, keys Keys) (checkpoint, error) {
	if e.End == "" {
		return checkpoint{origin: OriginOf(r.Circle, r.Member, e.Number), root: rfc6962.DefaultHasher.EmptyRoot()}, nil
	}
	cp, err := openSigned([]byte(e.End), keys)
	if err == nil && cp.origin != OriginOf(r.Circle, r.Member, e.Number) {
		err = guichet.Errorf(guichet.KindUntrusted, "it is of %s", cp.origin)
	}
	if err != nil {
		return cp, guichet.Errorf(guichet.KindUntrusted, "the end of log %d of %s is not signed by its log key: %w", e.Number, r.Member, err)
	}
	return cp, nil
}

// Verify holds a renewal against a circle's papers, at an instant of ours: both
// signatures, by keys that were in force when it was made and are not revoked, and
// the ends of the logs before it.
func (s SignedRenewal) Verify(c guichet.Circle, now time.Time) error {
	r := s.Renewal
	m, ok := c.Member(r.Member)
	if !ok || r.Circle != c.Name || m.HasLeft(r.Time) {
		return guichet.Errorf(guichet.KindUntrusted, "the renewal is of %s in the circle %s: no member of ours", r.Member, r.Circle)
	}
	if r.Time.After(now.Add(renewalAhead)) {
		return guichet.Errorf(guichet.KindUntrusted, "the renewal of %s is dated %s, and our clock says %s", r.Member, r.Time.Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	text, err := r.text()
	if err != nil {
		return err
	}
	for _, use := range []guichet.KeyUse{guichet.KeyLog, guichet.KeyMember} {
		if err := s.signedBy(m, use, text); err != nil {
			return err
		}
	}
	keys := Trusted(c)
	for _, e := range r.Before {
		if _, err := r.end(e, keys); err != nil {
			return err
		}
	}
	return nil
}

// SignedBy says whether the signature of one use holds.
func (s SignedRenewal) SignedBy(m guichet.Member, use guichet.KeyUse) error {
	text, err := s.Renewal.text()
	if err != nil {
		return err
	}
	return s.signedBy(m, use, text)
}

func (s SignedRenewal) signedBy(m guichet.Member, use guichet.KeyUse, text []byte) error {
	i := slices.IndexFunc(s.Signatures, func(o RenewalSignature) bool { return o.Use == use })
	if i < 0 {
		return guichet.Errorf(guichet.KindUntrusted, "the renewal of the journal of %s is not signed by its %s key", m.Code, use)
	}
	o := s.Signatures[i]
	k, ok := m.Key(use, o.Key, s.Renewal.Time)
	if !ok || !k.Revoked.IsZero() {
		return guichet.Errorf(guichet.KindUntrusted, "the renewal of the journal of %s is signed by the %s key %.40q, which is none of its keys in force at that time, or was revoked", m.Code, use, o.Key)
	}
	if len(k.Public) != ed25519.PublicKeySize || !ed25519.Verify(k.Public, inContext(text), o.Signature) {
		return guichet.Errorf(guichet.KindUntrusted, "the signature of the %s key of %s under the renewal of its journal does not hold", use, m.Code)
	}
	return nil
}

// findings tell of each log that has ended.
func (r Renewal) findings() []Finding {
	var out []Finding
	for _, e := range r.Before {
		en, fr := "nothing of it was lost", "rien n’en a été perdu"
		if from, to := e.Lost(); to > from {
			en, fr = fmt.Sprintf("its leaves %d to %d were lost", from, to-1), fmt.Sprintf("ses feuilles %d à %d ont été perdues", from, to-1)
		}
		if e.Forked {
			en, fr = en+", and more than one was signed under its key", fr+", et plus d’un a été signé sous sa clé"
		}
		out = append(out, finding(Renewed, -1, e.Number, r.Member, e.EndSize(), r.Number, r.Time.Format(time.DateOnly), en, fr, r.Why))
	}
	return out
}
