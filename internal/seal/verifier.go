package seal

import (
	"crypto/ed25519"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"guichet"
)

const (
	// DefaultSkew is how far another clock may be from ours. A node that keeps its
	// time by NTP is within a tenth of a second; half a minute forgives one that
	// has just been started.
	DefaultSkew = 30 * time.Second

	minNonce = 16 // characters
	maxNonce = 64
)

// Find returns the public key of an id, if what it signs counts now, or an error
// that says why it does not; the error reaches the other side.
type Find func(keyID string) (ed25519.PublicKey, error)

// Verifier verifies what comes in, by the rules of docs/protocol/signatures.md.
// It keeps nothing: whether a nonce was seen before is the caller's to know.
type Verifier struct {
	Clock guichet.Clock
	Skew  time.Duration // 0: DefaultSkew
}

// Signed is what a verified signature says of itself.
type Signed struct {
	KeyID   string
	Nonce   string
	Created time.Time // by the signer's clock, UTC
	Expires time.Time
}

// Request verifies a request: one signature with all that is needed, by a key that
// find knows, over this message and body, now. A body is read by the caller, whole
// and under a limit; a request without one gives nil. KindInvalid when something
// is missing or cannot be read, KindUntrusted when something does not hold,
// KindRefused when the clocks are apart.
func (v Verifier) Request(r *http.Request, body []byte, find Find) (Signed, error) {
	needs := []string{derivedMethod, derivedAuthority, derivedPath, derivedQuery}
	// A GET that carries a body is no message of this protocol: an empty digest
	// list would leave that body unsigned.
	if len(body) > 0 || r.Method != http.MethodGet && r.Method != http.MethodHead {
		needs = append(needs, "content-digest", "content-type")
	}
	m := RequestMessage(r)
	if err := wholeBody(m.Header, needs, body); err != nil {
		return Signed{}, err
	}
	return v.message(m, needs, find)
}

// Response verifies a response and its body. Its Request must be the request as it
// was signed, which net/http sees to unless a redirect was followed.
func (v Verifier) Response(resp *http.Response, body []byte, find Find) (Signed, error) {
	needs := []string{derivedStatus, "content-digest", "content-type"}
	if err := wholeBody(resp.Header, needs, body); err != nil {
		return Signed{}, err
	}
	return v.response(resp, needs, find)
}

// Stream verifies the head of a response whose body comes in frames; the frames
// are bound by their end frame, and nothing of them counts before that.
func (v Verifier) Stream(resp *http.Response, find Find) (Signed, error) {
	return v.response(resp, []string{derivedStatus, "content-type"}, find)
}

func (v Verifier) response(resp *http.Response, needs []string, find Find) (Signed, error) {
	m := ResponseMessage(resp.StatusCode, resp.Header, resp.Request)
	needs = append(needs, "signature;req=?1", "@method;req=?1", "@path;req=?1")
	return v.message(m, needs, find)
}

// wholeBody checks the digest, before anybody parses the body.
func wholeBody(h http.Header, needs []string, body []byte) error {
	if slices.Contains(needs, "content-digest") {
		return VerifyDigest(h.Values(digestField), body)
	}
	return nil
}

func (v Verifier) message(m *Message, needs []string, find Find) (Signed, error) {
	s, signed, err := theOne(m.Header)
	if err != nil {
		return Signed{}, err
	}
	if err := covers(m.Header, s.input, needs); err != nil {
		return Signed{}, err
	}
	public, err := find(signed.KeyID)
	if err != nil {
		return Signed{}, err
	}
	if err := s.verify(m, public); err != nil {
		return Signed{}, err
	}
	// Last, so that only who holds a key learns what time it is here.
	return signed, v.fresh(signed)
}

// theOne reads the only signature of a message. A second one would be covered by
// nobody and could be meant to confuse another reader.
func theOne(h http.Header) (signature, Signed, error) {
	all, err := readSignatures(h)
	if err != nil {
		return signature{}, Signed{}, err
	}
	if len(all) != 1 {
		return signature{}, Signed{}, badInput("the message has %d signatures, not one", len(all))
	}
	signed, err := readParams(all[0].input)
	return all[0], signed, err
}

func readParams(in Input) (Signed, error) {
	texts := map[string]string{"nonce": "", "keyid": "", "tag": ""}
	for name := range texts {
		text, err := in.Text(name)
		if err != nil {
			return Signed{}, err
		}
		texts[name] = text
	}
	if texts["tag"] != Tag {
		return Signed{}, badInput("its tag is %q, not %q", texts["tag"], Tag)
	}
	if n := len(texts["nonce"]); n < minNonce || n > maxNonce {
		return Signed{}, badInput("its nonce has %d characters, not %d to %d", n, minNonce, maxNonce)
	}
	if len(texts["keyid"]) != 2*idBytes {
		return Signed{}, badInput("its keyid has %d characters, not %d", len(texts["keyid"]), 2*idBytes)
	}
	created, ok, err := in.Integer("created")
	if err != nil || !ok {
		return Signed{}, missing("created", err)
	}
	expires, ok, err := in.Integer("expires")
	if err != nil || !ok {
		return Signed{}, missing("expires", err)
	}
	if lives := expires - created; lives <= 0 || lives > int64(MaxLife/time.Second) {
		return Signed{}, badInput("it is made to live for %d s, not 1 to %d", lives, MaxLife/time.Second)
	}
	return Signed{
		KeyID: texts["keyid"], Nonce: texts["nonce"],
		Created: time.Unix(created, 0).UTC(), Expires: time.Unix(expires, 0).UTC(),
	}, nil
}

func missing(name string, err error) error {
	if err != nil {
		return err
	}
	return badInput("the parameter %s is missing", name)
}

// covers says whether a signature covers all that it must: what the message's kind
// needs, and the fields that are there and must not be altered. A field that is to
// be covered stands there once, since readers differ over which of two counts.
func covers(h http.Header, in Input, needs []string) error {
	for _, need := range needs {
		if in.index(need) < 0 {
			return uncovered(need)
		}
	}
	for name, values := range h {
		if !mustCover(name) && name != digestField {
			continue
		}
		if len(values) != 1 {
			return badInput("the field %s stands there %d times", name, len(values))
		}
		if mustCover(name) && in.index(strings.ToLower(name)) < 0 {
			return uncovered(name)
		}
	}
	return nil
}

func uncovered(what string) error {
	return guichet.Errorf(guichet.KindUntrusted, "the signature does not cover %s", what).
		WithHint("docs/protocol/signatures.md says what every message signs")
}

// fresh judges the times of a signature by our clock.
func (v Verifier) fresh(s Signed) error {
	skew, now := v.Skew, v.Clock().UTC()
	if skew == 0 {
		skew = DefaultSkew
	}
	switch {
	case s.Created.After(now.Add(skew)):
		return apart(s.Created.Sub(now), "ahead of", s.Created, now)
	case s.Expires.Before(now.Add(-skew)):
		return apart(now.Sub(s.Created), "behind", s.Created, now)
	}
	return nil
}

func apart(by time.Duration, which string, theirs, ours time.Time) error {
	return guichet.Errorf(guichet.KindRefused, "your clock is %s %s ours: the message was signed at %s, and here it is %s",
		roughly(by), which, theirs.Format(time.RFC3339), ours.Format(time.RFC3339)).
		WithHint("set the clocks by NTP; a message that was held up on its way for so long looks the same")
}

// roughly says a duration as a person would: "45 s", "7 min", "3 h", "2 days".
func roughly(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 90*time.Second:
		return fmt.Sprintf("%d s", d.Round(time.Second)/time.Second)
	case d < 90*time.Minute:
		return fmt.Sprintf("%d min", d.Round(time.Minute)/time.Minute)
	case d < 2*day:
		return fmt.Sprintf("%d h", d.Round(time.Hour)/time.Hour)
	}
	return fmt.Sprintf("%d days", d.Round(day)/day)
}
