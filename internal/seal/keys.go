package seal

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"guichet"
)

const (
	secretBytes    = 32 // of the pseudonyms' secret: the length of the HMAC's hash
	pseudonymBytes = 8  // 16 hex digits, the length that guichet.Request.Officer has
	idBytes        = 8  // 16 hex digits, the length that guichet.MemberKey.ID has
)

// Keys are private keys by their use, and the secret that officers' pseudonyms
// are made with: what a key file holds. They are safe for concurrent use.
type Keys struct {
	mu     sync.RWMutex // guards all below
	keys   []*ownKey    // in the order made
	secret []byte
	work   int // of a file that is written: workFactor, in tests less
}

type ownKey struct {
	use     guichet.KeyUse
	from    time.Time // UTC, whole seconds
	private ed25519.PrivateKey
}

// NewKeys makes one key for each use, valid from an instant on. A node's file
// has tls, seal, log and witness; the member's ceremony key is kept in a file of
// its own, since it lies elsewhere and is used on other days.
func NewKeys(at time.Time, random io.Reader, uses ...guichet.KeyUse) (*Keys, error) {
	k := &Keys{secret: make([]byte, secretBytes), work: workFactor}
	if _, err := io.ReadFull(random, k.secret); err != nil {
		return nil, fmt.Errorf("draw a secret: %w", err)
	}
	for _, use := range uses {
		if slices.ContainsFunc(k.keys, func(o *ownKey) bool { return o.use == use }) {
			return nil, guichet.Errorf(guichet.KindInvalid, "the use %q is named twice; a file starts with one key for each use", use)
		}
		if _, err := k.Replace(use, at, random); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// Replace adds a new key for a use. The old one stays until Forget: the node
// signs with it until the circle has published the new one.
func (k *Keys) Replace(use guichet.KeyUse, at time.Time, random io.Reader) (guichet.MemberKey, error) {
	if !knownUse(use) {
		return guichet.MemberKey{}, guichet.Errorf(guichet.KindInvalid, "%q is no use of a key", use).
			WithHint("the uses are tls, seal, log, witness and member")
	}
	seed := make([]byte, ed25519.SeedSize)
	defer Wipe(seed)
	if _, err := io.ReadFull(random, seed); err != nil {
		return guichet.MemberKey{}, fmt.Errorf("draw a key: %w", err)
	}
	o := &ownKey{use: use, from: at.UTC().Truncate(time.Second), private: ed25519.NewKeyFromSeed(seed)}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys = append(k.keys, o)
	return o.public(), nil
}

// Forget removes a key: when the circle has its successor, or has revoked it.
func (k *Keys) Forget(id string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	i := slices.IndexFunc(k.keys, func(o *ownKey) bool { return o.id() == id })
	if i < 0 {
		return noKey("no key %s is in the file", id)
	}
	Wipe(k.keys[i].private)
	k.keys[i].private = nil
	k.keys = slices.Delete(k.keys, i, i+1)
	return nil
}

// Public returns the public parts, for the member's paper, in the order made.
func (k *Keys) Public() []guichet.MemberKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	out := make([]guichet.MemberKey, len(k.keys))
	for i, o := range k.keys {
		out[i] = o.public()
	}
	return out
}

// Signer returns the newest key of a use; KindNotFound if there is none.
func (k *Keys) Signer(use guichet.KeyUse) (crypto.Signer, error) {
	return k.newest(func(o *ownKey) bool { return o.use == use }, "no key for %s is in the file", string(use))
}

// SignerOf returns the key of an id; KindNotFound if there is none.
func (k *Keys) SignerOf(id string) (crypto.Signer, error) {
	return k.newest(func(o *ownKey) bool { return o.id() == id }, "no key %s is in the file", id)
}

// InForce returns the newest key of a use that the member's paper names as in
// force at an instant, and what the paper says of it. KindUntrusted when the
// paper names none of ours: the circle has not published it, or has revoked it.
func (k *Keys) InForce(m guichet.Member, use guichet.KeyUse, at time.Time) (crypto.Signer, guichet.MemberKey, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, o := range slices.Backward(k.keys) {
		paper, ok := m.Key(use, o.id(), at)
		if ok && o.use == use && bytes.Equal(paper.Public, o.publicKey()) {
			return &signer{keys: k, key: o, public: o.publicKey()}, paper, nil
		}
	}
	return nil, guichet.MemberKey{}, guichet.Errorf(guichet.KindUntrusted,
		"the circle's paper of %s names none of our %s keys as in force", m.Code, use).
		WithHint("publish the new key in the circle, or use the key file that goes with the paper")
}

// Pseudonym is the name under which an officer appears outside: the first 16 hex
// digits of an HMAC-SHA256 of the login with the file's secret. The same login
// has the same pseudonym as long as the file lives, and nobody without the file
// can try logins against it.
func (k *Keys) Pseudonym(officer string) string {
	k.mu.RLock()
	defer k.mu.RUnlock()
	mac := hmac.New(sha256.New, k.secret)
	mac.Write([]byte("guichet officer v1\x00" + officer))
	return hex.EncodeToString(mac.Sum(nil)[:pseudonymBytes])
}

// Close wipes the keys. Signers that were handed out fail from then on.
func (k *Keys) Close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, o := range k.keys {
		Wipe(o.private)
		o.private = nil
	}
	Wipe(k.secret)
	k.keys = nil
}

func (k *Keys) newest(is func(*ownKey) bool, format, what string) (crypto.Signer, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, o := range slices.Backward(k.keys) {
		if is(o) {
			return &signer{keys: k, key: o, public: o.publicKey()}, nil
		}
	}
	return nil, noKey(format, what)
}

func noKey(format, what string) error {
	return guichet.Errorf(guichet.KindNotFound, format, what).
		WithHint("see which keys the file holds, or make one with Replace")
}

func knownUse(use guichet.KeyUse) bool {
	switch use {
	case guichet.KeyTLS, guichet.KeySeal, guichet.KeyLog, guichet.KeyWitness, guichet.KeyMember:
		return true
	}
	return false
}

func (o *ownKey) publicKey() ed25519.PublicKey { return o.private.Public().(ed25519.PublicKey) }

func (o *ownKey) id() string { return KeyID(o.publicKey()) }

func (o *ownKey) public() guichet.MemberKey {
	return guichet.MemberKey{ID: o.id(), Use: o.use, Public: o.publicKey(), From: o.from}
}

// signer hands out the use of a key, not the key: nobody can cast it to bytes,
// and it ends with the file that it came from.
type signer struct {
	keys   *Keys
	key    *ownKey
	public ed25519.PublicKey
}

func (s *signer) Public() crypto.PublicKey { return s.public }

// Sign is Ed25519 over the message itself, as crypto/tls and the wire use it; a
// prehashed variant is refused by the key.
func (s *signer) Sign(random io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	s.keys.mu.RLock()
	defer s.keys.mu.RUnlock()
	if s.key.private == nil {
		return nil, errors.New("the key was wiped")
	}
	return s.key.private.Sign(random, message, opts)
}

// KeyID names a public key: the first 16 hex digits of its SHA-256.
func KeyID(public ed25519.PublicKey) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:idBytes])
}

// PublicOf returns the public part of a signer; KindInvalid if it is not Ed25519,
// the one algorithm of the wire.
func PublicOf(key crypto.Signer) (ed25519.PublicKey, error) {
	if key == nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "there is no key to sign with")
	}
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok || len(public) != ed25519.PublicKeySize {
		return nil, guichet.Errorf(guichet.KindInvalid, "the key is a %T, not Ed25519", key.Public()).
			WithHint("every key of a circle is Ed25519; make such a key on the token")
	}
	return public, nil
}

// Wipe overwrites bytes. It reaches the slice that it is given and no copy: what
// Go's runtime, the age library or the terminal have copied stays until the
// memory is used again. A machine whose memory is read has lost its keys anyway;
// what this prevents is a passphrase in a core dump made days later.
func Wipe(b []byte) { clear(b) }
