package circle

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"net"
	"slices"
	"strconv"
	"time"

	"guichet"
)

// Limits of a member's paper.
const (
	maxOffices   = 200
	maxEndpoints = 16
	maxKeys      = 500 // replaced keys stay in the paper, for what they signed
	maxContacts  = 64
)

func keyUses() []guichet.KeyUse {
	return []guichet.KeyUse{guichet.KeyTLS, guichet.KeySeal, guichet.KeyLog, guichet.KeyWitness, guichet.KeyMember}
}

// NewKey puts a public key into the form of a member's paper, in force from a
// time on (UTC, whole seconds).
func NewKey(use guichet.KeyUse, public ed25519.PublicKey, from time.Time) guichet.MemberKey {
	return guichet.MemberKey{ID: KeyID(public), Use: use, Public: slices.Clone(public), From: from.UTC().Truncate(time.Second)}
}

// RevokeKey returns the paper with the key of an id revoked at a time: nothing
// that it signs counts from then on. KindNotFound where there is none.
func RevokeKey(m guichet.Member, id string, at time.Time) (guichet.Member, error) {
	i := slices.IndexFunc(m.Keys, func(k guichet.MemberKey) bool { return k.ID == id })
	if i < 0 {
		return m, guichet.Errorf(guichet.KindNotFound, "%s has no key %s", m.Code, clip(id))
	}
	if !m.Keys[i].Revoked.IsZero() {
		return m, guichet.Errorf(guichet.KindInvalid, "the key %s of %s is revoked already", id, m.Code)
	}
	if m.Keys[i].Use == guichet.KeyMember {
		return m, guichet.Errorf(guichet.KindInvalid, "%s is the key that signs %s's papers", id, m.Code).
			WithHint("replace it: propose a rotation, or say that it was lost")
	}
	m.Keys = slices.Clone(m.Keys)
	m.Keys[i].Revoked = at.UTC().Truncate(time.Second)
	return m, nil
}

func readMember(text []byte) (guichet.Member, error) {
	var m guichet.Member
	if err := readJSON("the paper", text, &m); err != nil {
		return m, err
	}
	return m, checkMember(m)
}

// checkMember refuses a paper that other nodes could not work with.
func checkMember(m guichet.Member) error {
	if err := checkCode(m.Code); err != nil {
		return err
	}
	bad := func(f string, args ...any) error {
		return guichet.Errorf(guichet.KindInvalid, "the paper of %s: %w", m.Code, guichet.Errorf(guichet.KindInvalid, f, args...))
	}
	if m.Name.EN == "" && m.Name.FR == "" {
		return bad("it has no name")
	}
	if !slices.Contains(roleNames(), m.Role) {
		return bad("the role %q is unknown", clip(m.Role))
	}
	if len(m.Offices) > maxOffices || len(m.Endpoints) > maxEndpoints || len(m.Keys) > maxKeys || len(m.Contacts) > maxContacts {
		return bad("more than %d offices, %d endpoints, %d keys or %d contacts", maxOffices, maxEndpoints, maxKeys, maxContacts)
	}
	seen := map[string]bool{}
	for _, o := range m.Offices {
		if err := checkName("an office", o.ID); err != nil || seen[o.ID] {
			return bad("the office %q is named twice, or not in small letters, digits and hyphens", clip(o.ID))
		}
		seen[o.ID] = true
	}
	for _, e := range m.Endpoints {
		if !isEndpoint(e) {
			return bad("the endpoint %q is no host:port", clip(e))
		}
	}
	return checkMemberKeys(m)
}

func isEndpoint(e string) bool {
	host, port, err := net.SplitHostPort(e)
	if err != nil || host == "" || len(host) > 253 {
		return false
	}
	const maxPort = 65535
	n, err := strconv.Atoi(port)
	return err == nil && n > 0 && n <= maxPort
}

func checkMemberKeys(m guichet.Member) error {
	ids, signs := map[string]bool{}, false
	for _, k := range m.Keys {
		if len(k.Public) != ed25519.PublicKeySize || k.ID != KeyID(k.Public) || ids[k.ID] {
			return guichet.Errorf(guichet.KindInvalid, "the paper of %s: the key %q is not of Ed25519, under another id, or there twice", m.Code, clip(k.ID))
		}
		if !slices.Contains(keyUses(), k.Use) || k.From.IsZero() {
			return guichet.Errorf(guichet.KindInvalid, "the paper of %s: the key %s has no use that we know, or no beginning", m.Code, k.ID)
		}
		ids[k.ID] = true
		signs = signs || k.Use == guichet.KeyMember
	}
	if !signs {
		return guichet.Errorf(guichet.KindInvalid, "the paper of %s holds no key of use %q", m.Code, guichet.KeyMember)
	}
	return nil
}

// publicOfSigner is the Ed25519 key behind a signer.
func publicOfSigner(s crypto.Signer) (ed25519.PublicKey, error) {
	if s == nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "there is no key to sign with")
	}
	public, ok := s.Public().(ed25519.PublicKey)
	if !ok || len(public) != ed25519.PublicKeySize {
		return nil, guichet.Errorf(guichet.KindInvalid, "the key is of %T; the circle signs with Ed25519", s.Public())
	}
	return public, nil
}

// signWith signs and checks its own signature: a token that answers with
// something else is found here, not by the other members.
func signWith(s crypto.Signer, message []byte) ([]byte, error) {
	public, err := publicOfSigner(s)
	if err != nil {
		return nil, err
	}
	sig, err := s.Sign(rand.Reader, message, crypto.Hash(0))
	if err != nil {
		return nil, guichet.Errorf(guichet.KindInternal, "the key %s does not sign: %w", KeyID(public), err)
	}
	if !ed25519.Verify(public, message, sig) {
		return nil, guichet.Errorf(guichet.KindInternal, "the key %s gave a signature that does not verify", KeyID(public))
	}
	return sig, nil
}
