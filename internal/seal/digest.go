package seal

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"strings"

	"github.com/dunglas/httpsfv"

	"guichet"
)

// maxDigestField bounds the bytes of Content-Digest: both digests that are read
// take 160.
const maxDigestField = 1 << 10

// ContentDigest is the value of the field Content-Digest (RFC 9530) for a body:
// its SHA-256.
func ContentDigest(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

// VerifyDigest checks a body against the values of Content-Digest. sha-256 and
// sha-512 are read, each that is there must hold and one must be there; the other
// algorithms of RFC 9530, which it calls insecure, prove nothing and are passed
// over. KindInvalid when the field cannot be read, KindUntrusted when it is not
// the body's.
func VerifyDigest(values []string, body []byte) error {
	field, err := fieldText("Content-Digest", values, maxDigestField)
	if err != nil {
		return err
	}
	d, err := httpsfv.UnmarshalDictionary([]string{field})
	if err != nil {
		return badDigest("%w", err)
	}
	// Values hold no comma: fewer members than that means one name twice, of
	// which the parser has kept the last.
	if len(d.Names()) != strings.Count(field, ",")+1 {
		return badDigest("an algorithm stands in it twice")
	}
	seen := 0
	for _, name := range d.Names() {
		m, _ := d.Get(name)
		item, ok := m.(httpsfv.Item)
		if !ok || len(item.Params.Names()) > 0 {
			return badDigest("%q is no plain byte sequence", name)
		}
		got, ok := item.Value.([]byte)
		if !ok {
			return badDigest("%q is no plain byte sequence", name)
		}
		want := digestOf(name, body)
		if want == nil {
			continue
		}
		if subtle.ConstantTimeCompare(got, want) != 1 {
			return guichet.Errorf(guichet.KindUntrusted, "the body is not the one that Content-Digest names by %s", name).
				WithHint("it was altered or cut on its way; send it again")
		}
		seen++
	}
	if seen == 0 {
		return badDigest("it has neither sha-256 nor sha-512")
	}
	return nil
}

func digestOf(algorithm string, body []byte) []byte {
	switch algorithm {
	case "sha-256":
		sum := sha256.Sum256(body)
		return sum[:]
	case "sha-512":
		sum := sha512.Sum512(body)
		return sum[:]
	}
	return nil
}

func badDigest(format string, args ...any) error {
	return guichet.Errorf(guichet.KindInvalid, "the field Content-Digest cannot be used: %w", guichet.Errorf(guichet.KindInvalid, format, args...)).
		WithHint("send sha-256=:BASE64: of the body's bytes, as RFC 9530 says")
}

// fieldText is the one text of a field that may have come on several lines.
func fieldText(name string, values []string, limit int) (string, error) {
	if len(values) == 0 {
		return "", guichet.Errorf(guichet.KindInvalid, "the field %s is missing", name).
			WithHint("docs/protocol/signatures.md says which fields every message has")
	}
	size := 0
	for _, v := range values {
		size += len(v)
	}
	if size > limit || len(values) > maxSignatures {
		return "", guichet.Errorf(guichet.KindHostile, "the field %s has %d bytes on %d lines, more than %d on %d", name, size, len(values), limit, maxSignatures)
	}
	if len(values) == 1 {
		return strings.Trim(values[0], " \t"), nil
	}
	trimmed := make([]string, len(values))
	for i, v := range values {
		trimmed[i] = strings.Trim(v, " \t")
	}
	return strings.Join(trimmed, ", "), nil
}
