package journal

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"guichet"
)

// Origin is the name of a member's log: the first line of its checkpoints, and
// the key name of its log key: "guichet/border-five/CA".
func Origin(circle, member string) string { return "guichet/" + circle + "/" + member }

// WitnessName is the key name of a member's cosignatures:
// "guichet/border-five/CA/witness".
func WitnessName(circle, member string) string { return Origin(circle, member) + "/witness" }

// MaxLogs bounds the logs that a member's journal may have, one after the other.
const MaxLogs = 16

// OriginOf is the name of one of the logs of a member's journal: of the first it is
// Origin; of one that a renewal began "guichet/border-five/CA/2".
func OriginOf(circle, member string, number int) string {
	if number <= 1 {
		return Origin(circle, member)
	}
	return Origin(circle, member) + "/" + strconv.Itoa(number)
}

// splitOrigin is OriginOf backwards.
func splitOrigin(origin string) (circle, member string, number int, ok bool) {
	parts := strings.Split(origin, "/")
	if len(parts) < 3 || len(parts) > 4 || parts[0] != "guichet" || parts[1] == "" || parts[2] == "" {
		return "", "", 0, false
	}
	number = 1
	if len(parts) == 4 {
		number, _ = strconv.Atoi(parts[3])
		if number < 2 || number > MaxLogs {
			return "", "", 0, false
		}
	}
	ok = origin == OriginOf(parts[1], parts[2], number) && !strings.ContainsAny(origin, " +\n\t")
	return parts[1], parts[2], number, ok
}

// Signature types of C2SP signed-note (0x01) and tlog-cosignature (0x04).
const (
	algEd25519     = 0x01
	algCosignature = 0x04
)

// keyID is the 32-bit key ID of C2SP signed-note: the first four bytes of
// SHA-256(name || "\n" || type || public key).
func keyID(name string, alg byte, public ed25519.PublicKey) uint32 {
	h := sha256.New()
	h.Write([]byte(name + "\n"))
	h.Write([]byte{alg})
	h.Write(public)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

// edSigner signs notes with a key that may sit in a token.
type edSigner struct {
	name string
	alg  byte
	key  crypto.Signer
	id   uint32
	// at tells the time of a cosignature.
	at guichet.Clock
	// before is asked before the text of a checkpoint is signed; nil allows all.
	before func(text []byte) error
}

func newSigner(name string, alg byte, key crypto.Signer, at guichet.Clock) (*edSigner, error) {
	if key == nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "no key to sign as %s", name)
	}
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok || len(public) != ed25519.PublicKeySize {
		return nil, guichet.Errorf(guichet.KindInvalid, "the key of %s is no Ed25519 key", name)
	}
	return &edSigner{name: name, alg: alg, key: key, id: keyID(name, alg, public), at: at}, nil
}

// Name is the key name of the signature lines.
func (s *edSigner) Name() string { return s.name }

// KeyHash is the key ID.
func (s *edSigner) KeyHash() uint32 { return s.id }

// Sign signs the text of a note.
func (s *edSigner) Sign(text []byte) ([]byte, error) {
	if s.before != nil {
		if err := s.before(text); err != nil {
			return nil, err
		}
	}
	var prefix []byte
	if s.alg == algCosignature {
		seconds := uint64(max(s.at().Unix(), 0))
		text = cosigned(seconds, text)
		prefix = binary.BigEndian.AppendUint64(nil, seconds)
	}
	sig, err := s.key.Sign(rand.Reader, text, crypto.Hash(0))
	if err != nil {
		return nil, fmt.Errorf("sign as %s: %w", s.name, err)
	}
	return append(prefix, sig...), nil
}

// cosigned is the message of an Ed25519 cosignature (tlog-cosignature, "Ed25519
// signed message").
func cosigned(seconds uint64, text []byte) []byte {
	return append(fmt.Appendf(nil, "cosignature/v1\ntime %d\n", seconds), text...)
}

// edVerifier checks signature lines of one key.
type edVerifier struct {
	name   string
	alg    byte
	public ed25519.PublicKey
}

// Name is the key name of the lines it checks.
func (v edVerifier) Name() string { return v.name }

// KeyHash is the key ID of the lines it checks.
func (v edVerifier) KeyHash() uint32 { return keyID(v.name, v.alg, v.public) }

// Verify checks a signature of the text of a note.
func (v edVerifier) Verify(text, sig []byte) bool {
	if v.alg == algCosignature {
		if len(sig) != 8+ed25519.SignatureSize {
			return false
		}
		seconds := binary.BigEndian.Uint64(sig)
		if seconds > math.MaxInt64 {
			return false
		}
		text, sig = cosigned(seconds, text), sig[8:]
	}
	return len(v.public) == ed25519.PublicKeySize && ed25519.Verify(v.public, text, sig)
}

// cosignedAt reads the time of a verified cosignature.
func cosignedAt(s note.Signature) time.Time {
	raw, err := base64.StdEncoding.DecodeString(s.Base64)
	if err != nil || len(raw) < 4+8 {
		return time.Time{}
	}
	return time.Unix(int64(binary.BigEndian.Uint64(raw[4:])), 0).UTC() //nolint:gosec // Verify has bounded it
}

// signNote signs a text and returns the whole note.
func signNote(text []byte, s note.Signer) ([]byte, error) {
	out, err := note.Sign(&note.Note{Text: string(text)}, s)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	return out, nil
}

// noteText is the signed part of a note: all before the empty line above the
// signatures, its last newline included.
func noteText(raw []byte) ([]byte, bool) {
	i := bytes.LastIndex(raw, []byte("\n\n"))
	if i < 0 {
		return nil, false
	}
	return raw[:i+1], true
}
