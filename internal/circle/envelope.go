package circle

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"slices"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"guichet"
)

// Types of what is put into an envelope. The type is signed with the content, so
// that an invitation can never pass as a notice.
const (
	AgreementType  = "application/vnd.guichet.agreement+json"
	invitationType = "application/vnd.guichet.invitation+json"
	joinType       = "application/vnd.guichet.join+json"
	withdrawalType = "application/vnd.guichet.withdrawal+json"
)

// Envelope signs a paper that outlives the circle's own metadata, as a DSSE
// envelope (github.com/secure-systems-lab/dsse, protocol 1) with one signature
// per key. The key id is that of a member's paper.
func Envelope(payloadType string, content []byte, keys ...crypto.Signer) ([]byte, error) {
	if len(content) > MaxFile {
		return nil, guichet.Errorf(guichet.KindHostile, "a paper of %d bytes is too large to be signed", len(content))
	}
	signers := make([]dsse.Signer, 0, len(keys))
	for _, k := range keys {
		public, err := publicOfSigner(k)
		if err != nil {
			return nil, err
		}
		signers = append(signers, envelopeKey{public: public, signer: k})
	}
	s, err := dsse.NewEnvelopeSigner(signers...)
	if err != nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "there is no key to sign with")
	}
	e, err := s.SignPayload(context.Background(), payloadType, content)
	if err != nil {
		return nil, guichet.Errorf(guichet.KindInternal, "sign an envelope: %w", err)
	}
	return guichet.Canonical(e)
}

// OpenEnvelope returns what an envelope holds, if at least need of the keys have
// signed it, and the ids of those that have. The type must be the one expected.
// KindUntrusted where signatures are missing or wrong.
func OpenEnvelope(text []byte, payloadType string, need int, keys []ed25519.PublicKey) (content []byte, by []string, err error) {
	e, err := readEnvelope(text, payloadType)
	if err != nil {
		return nil, nil, err
	}
	var verifiers []dsse.Verifier
	var seen []string
	for _, k := range keys {
		// One key twice would count twice; a key of another length would panic.
		if len(k) == ed25519.PublicKeySize && !slices.Contains(seen, KeyID(k)) {
			verifiers = append(verifiers, envelopeKey{public: k})
			seen = append(seen, KeyID(k))
		}
	}
	v, err := dsse.NewMultiEnvelopeVerifier(need, verifiers...)
	if err != nil {
		return nil, nil, guichet.Errorf(guichet.KindUntrusted, "%d signatures are needed, and %d keys are known", need, len(verifiers))
	}
	accepted, content, err := v.VerifyAndDecode(context.Background(), e)
	if err != nil {
		return nil, nil, guichet.Errorf(guichet.KindUntrusted, "the paper is signed by %d of the %d that must: %w", len(accepted), need, err)
	}
	for _, a := range accepted {
		by = append(by, a.KeyID)
	}
	return content, by, nil
}

// readEnvelope parses an envelope strictly, without trust.
func readEnvelope(text []byte, payloadType string) (*dsse.Envelope, error) {
	const most = 2 * MaxFile // base64 makes the content larger by a third
	if len(text) > most {
		return nil, guichet.Errorf(guichet.KindHostile, "the envelope has %d bytes; at most %d are read", len(text), most)
	}
	var e dsse.Envelope
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "this is no signed envelope: %w", err)
	}
	again, err := guichet.Canonical(e)
	if err != nil || !bytes.Equal(again, bytes.TrimSpace(text)) {
		return nil, guichet.Errorf(guichet.KindInvalid, "the envelope is not written as the circle writes it").
			WithHint("send the file on as it came: an editor may have changed it")
	}
	if e.PayloadType != payloadType {
		return nil, guichet.Errorf(guichet.KindInvalid, "the envelope holds %q, not %q", clip(e.PayloadType), payloadType)
	}
	if len(e.Signatures) > maxSignatures {
		return nil, guichet.Errorf(guichet.KindHostile, "the envelope has %d signatures", len(e.Signatures))
	}
	return &e, nil
}

// envelopeKey lets a key sign or verify envelopes.
type envelopeKey struct {
	public ed25519.PublicKey
	signer crypto.Signer
}

func (k envelopeKey) Sign(_ context.Context, data []byte) ([]byte, error) {
	return signWith(k.signer, data)
}

func (k envelopeKey) Verify(_ context.Context, data, sig []byte) error {
	if !ed25519.Verify(k.public, data, sig) {
		return errors.New("signature does not verify")
	}
	return nil
}

func (k envelopeKey) KeyID() (string, error)   { return KeyID(k.public), nil }
func (k envelopeKey) Public() crypto.PublicKey { return k.public }

// SealAgreement puts an agreement into an envelope signed by keys of its
// parties, for archives and for readers outside the circle.
func SealAgreement(a guichet.Agreement, keys ...crypto.Signer) ([]byte, error) {
	content, err := agreementBytes(a)
	if err != nil {
		return nil, err
	}
	return Envelope(AgreementType, content, keys...)
}

// OpenAgreement reads such an envelope, signed by all the parties with keys of
// use member that stand in their papers of the circle. When they were signed is
// not told by the envelope: a key that was replaced since counts, a revoked one
// does not.
func OpenAgreement(text []byte, c guichet.Circle) (guichet.Agreement, error) {
	e, err := readEnvelope(text, AgreementType)
	if err != nil {
		return guichet.Agreement{}, err
	}
	content, err := e.DecodeB64Payload()
	if err != nil {
		return guichet.Agreement{}, guichet.Errorf(guichet.KindInvalid, "the envelope's content is no base64: %w", err)
	}
	a, err := parseAgreement("the agreement", content)
	if err != nil {
		return a, err
	}
	for _, p := range a.Parties {
		m, _ := c.Member(p.Member)
		var keys []ed25519.PublicKey
		for _, k := range m.Keys {
			if k.Use == guichet.KeyMember && k.Revoked.IsZero() {
				keys = append(keys, k.Public)
			}
		}
		if _, _, err := OpenEnvelope(text, AgreementType, 1, keys); err != nil {
			return guichet.Agreement{}, guichet.Errorf(guichet.KindUntrusted, "the agreement %s is not signed by its party %s", a.ID, p.Member)
		}
	}
	return a, nil
}

// agreementBytes is the paper as it is signed: canonical JSON in which an empty
// list is a list, never null, however the value was made.
func agreementBytes(a guichet.Agreement) ([]byte, error) { return guichet.Canonical(filled(a)) }

func memberBytes(m guichet.Member) ([]byte, error) { return guichet.Canonical(filled(m)) }
