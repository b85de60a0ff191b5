package seal

import (
	"crypto"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet"
)

const (
	// Tag marks the signatures of this protocol (RFC 9421, section 2.3).
	Tag = "guichet"
	// MaxLife is the longest time between created and expires that is accepted.
	// A nonce is kept for so long; a question that is a minute old is asked again.
	MaxLife = 60 * time.Second

	// life is what our own signatures have: enough for a slow line, and half of
	// what others must keep a nonce for.
	life = 30 * time.Second

	label      = "guichet"
	nonceBytes = 16 // 128 bits: no two alike in the life of a key

	digestField = "Content-Digest"
	ownFields   = "Guichet-"    // fields of this protocol are all covered
	traceField  = "Traceparent" // W3C Trace Context: by which trace of the asker's a request is made
)

// Sealer signs what a node sends, with its seal key.
type Sealer struct {
	key    crypto.Signer
	id     string
	clock  guichet.Clock
	random io.Reader
}

// NewSealer returns a Sealer for a seal key; random gives the nonces. A nil of
// clock or random is a fault of the caller and panics at the first use.
func NewSealer(key crypto.Signer, clock guichet.Clock, random io.Reader) (*Sealer, error) {
	public, err := PublicOf(key)
	if err != nil {
		return nil, err
	}
	return &Sealer{key: key, id: KeyID(public), clock: clock, random: random}, nil
}

// KeyID names the key that signs.
func (s *Sealer) KeyID() string { return s.id }

// Request signs a request that is about to be sent. Its method, URL and Host
// stand, and so does Content-Type where it has a body. A body that is not nil is
// covered by Content-Digest, which is set; GET has none. An earlier signature is
// replaced, so that a request can be sent again with a new nonce.
func (s *Sealer) Request(r *http.Request, body []byte) error {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	clearSignature(r.Header)
	covered := []component{plainComponent(derivedMethod), plainComponent(derivedAuthority), plainComponent(derivedPath), plainComponent(derivedQuery)}
	if body != nil {
		r.Header.Set(digestField, ContentDigest(body))
		covered = append(covered, plainComponent("content-digest"))
	}
	covered = append(covered, coveredFields(r.Header)...)
	return s.sign(RequestMessage(r), covered)
}

// Response signs a response before its header is written: the status, the body by
// Content-Digest, which is set, Content-Type and every Guichet- field, and the
// request that it answers, by that request's signature, method and path. An
// answer to a request without signature, a problem then, is bound to its method
// and path alone.
func (s *Sealer) Response(h http.Header, status int, to *http.Request, body []byte) error {
	h.Set(digestField, ContentDigest(body))
	return s.respond(h, status, to, []component{plainComponent(derivedStatus), plainComponent("content-digest")})
}

// Stream signs a response whose body is not known yet and is bound by a signed
// end frame instead; all else is as in Response.
func (s *Sealer) Stream(h http.Header, status int, to *http.Request) error {
	h.Del(digestField)
	return s.respond(h, status, to, []component{plainComponent(derivedStatus)})
}

func (s *Sealer) respond(h http.Header, status int, to *http.Request, covered []component) error {
	clearSignature(h)
	covered = append(covered, coveredFields(h)...)
	if len(to.Header.Values("Signature")) > 0 {
		covered = append(covered, ofRequest("signature"))
	}
	covered = append(covered, ofRequest(derivedMethod), ofRequest(derivedPath))
	return s.sign(ResponseMessage(status, h, to), covered)
}

// sign writes the parameters in one order, so that a reader sees at once what
// changes from message to message.
func (s *Sealer) sign(m *Message, covered []component) error {
	nonce := make([]byte, nonceBytes)
	if _, err := io.ReadFull(s.random, nonce); err != nil {
		return fmt.Errorf("draw a nonce: %w", err)
	}
	text := make([]byte, 0, 512)
	for i, c := range covered {
		text = append(text, "( "[min(i, 1)])
		text = append(text, c.id...)
	}
	created := s.clock().Unix()
	text = append(text, ");created="...)
	text = strconv.AppendInt(text, created, 10)
	text = append(text, ";expires="...)
	text = strconv.AppendInt(text, created+int64(life/time.Second), 10)
	text = append(text, `;nonce="`...)
	text = base64.RawURLEncoding.AppendEncode(text, nonce)
	text = append(text, `";keyid="`+s.id+`";tag="`+Tag+`"`...)
	return Sign(m, label, Input{text: string(text), covered: covered}, s.key)
}

// coveredFields are the fields of a message that must be covered where they are
// there, as identifiers, in the order of their names.
func coveredFields(h http.Header) []component {
	var out []component
	for name := range h {
		if mustCover(name) {
			out = append(out, plainComponent(strings.ToLower(name)))
		}
	}
	slices.SortFunc(out, func(a, b component) int { return strings.Compare(a.id, b.id) })
	return out
}

// mustCover: what tells how the body is to be read, and what this protocol says.
func mustCover(name string) bool {
	return name == "Content-Type" || name == "Content-Encoding" || name == traceField || strings.HasPrefix(name, ownFields)
}

func clearSignature(h http.Header) {
	h.Del("Signature-Input")
	h.Del("Signature")
}
