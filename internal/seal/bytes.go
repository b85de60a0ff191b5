package seal

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"strings"

	"guichet"
)

// ContextRecordsEnd is the context of the end frame of records: what is signed
// under it is the canonical JSON of that frame.
const ContextRecordsEnd = "guichet records end v1"

// SignBytes signs a message under a context: Ed25519 (RFC 8032, pure) over the
// context, a zero byte and the message; 64 bytes. The context keeps a signature
// from being taken for one of another purpose; an HTTP signature base begins with
// a quotation mark, and no context does.
func SignBytes(key crypto.Signer, context string, message []byte) ([]byte, error) {
	input, err := inContext(context, message)
	if err != nil {
		return nil, err
	}
	return signWith(key, input)
}

// VerifyBytes checks what SignBytes made; KindUntrusted if it does not hold.
func VerifyBytes(public ed25519.PublicKey, context string, message, signature []byte) error {
	input, err := inContext(context, message)
	if err != nil {
		return err
	}
	if len(public) != ed25519.PublicKeySize || !ed25519.Verify(public, input, signature) {
		return guichet.Errorf(guichet.KindUntrusted, "the signature under %q does not hold for key %s", context, KeyID(public)).
			WithHint("what was signed was altered on its way, or another key signed it; do not use it")
	}
	return nil
}

func inContext(context string, message []byte) ([]byte, error) {
	if context == "" || context[0] == '"' || strings.ContainsFunc(context, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, guichet.Errorf(guichet.KindInvalid, "%q is no context of a signature", context)
	}
	out := make([]byte, 0, len(context)+1+len(message))
	out = append(out, context...)
	out = append(out, 0)
	return append(out, message...), nil
}

func signWith(key crypto.Signer, message []byte) ([]byte, error) {
	if _, err := PublicOf(key); err != nil {
		return nil, err
	}
	// Ed25519 draws nothing; a token may, for its own protection.
	signature, err := key.Sign(rand.Reader, message, crypto.Hash(0))
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	if len(signature) != ed25519.SignatureSize {
		return nil, fmt.Errorf("sign: the key gave %d bytes, not %d", len(signature), ed25519.SignatureSize)
	}
	return signature, nil
}
