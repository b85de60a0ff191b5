package seal

import (
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/dunglas/httpsfv"

	"guichet"
)

const (
	// Limits on what comes from outside. Our own messages take 300 bytes of
	// Signature-Input and 110 of Signature.
	maxInputField     = 8 << 10
	maxSignatureField = 4 << 10
	maxSignatures     = 8  // labels in a message, lines of a field
	maxComponents     = 64 // of one signature
	maxBase           = 64 << 10
)

// Input is what a signature says about itself: the components that it covers and
// its parameters, in their order (RFC 9421, section 2.3).
type Input struct {
	text    string // as serialised: the value of "@signature-params"
	covered []component
	params  *httpsfv.Params // nil of an input that was made here
}

// ParseInput reads one member of Signature-Input without its label, as in
//
//	("@method" "@path" "content-digest");created=1618884473;keyid="a1b2"
//
// It must be written in the one form that RFC 9651 writes: a parameter that
// stands there twice, or a space too many, is refused, so that nobody reads
// another value than we do.
func ParseInput(text string) (Input, error) {
	if len(text) > maxInputField {
		return Input{}, guichet.Errorf(guichet.KindHostile, "the signature's input has %d bytes, more than %d", len(text), maxInputField)
	}
	d, err := httpsfv.UnmarshalDictionary([]string{"x=" + text})
	if err != nil {
		return Input{}, badInput("Signature-Input: %w", err)
	}
	member, _ := d.Get("x")
	in, err := newInput(member, "")
	if err != nil {
		return Input{}, err
	}
	if in.text != text {
		return Input{}, badInput("Signature-Input is not written in the form of RFC 9651, or names a parameter twice")
	}
	return in, nil
}

// newInput takes an input from a dictionary; text is how it is serialised, "" where
// that is not known yet.
func newInput(m httpsfv.Member, text string) (Input, error) {
	list, ok := m.(httpsfv.InnerList)
	if !ok {
		return Input{}, badInput("Signature-Input is no list of components")
	}
	if len(list.Items) > maxComponents {
		return Input{}, guichet.Errorf(guichet.KindHostile, "the signature covers %d components, more than %d", len(list.Items), maxComponents)
	}
	if text == "" {
		var err error
		if text, err = httpsfv.Marshal(list); err != nil {
			return Input{}, badInput("Signature-Input: %w", err)
		}
	}
	in := Input{text: text, params: list.Params, covered: make([]component, 0, len(list.Items))}
	for _, item := range list.Items {
		c, err := newComponent(item)
		if err != nil {
			return Input{}, err
		}
		if in.index(c.same) >= 0 {
			return Input{}, badInput("component %s is covered twice", c.id)
		}
		in.covered = append(in.covered, c)
	}
	return in, nil
}

func (in Input) index(same string) int {
	for i := range in.covered {
		if in.covered[i].same == same {
			return i
		}
	}
	return -1
}

// String is the text that ParseInput reads.
func (in Input) String() string { return in.text }

// Text returns a parameter that is a text, "" if it is not there; KindInvalid if
// it is of another type.
func (in Input) Text(name string) (string, error) {
	v, ok := in.param(name)
	if !ok {
		return "", nil
	}
	s, ok := v.(string)
	if !ok {
		return "", badInput("the parameter %s is a text", name)
	}
	return s, nil
}

// Integer returns a parameter that is a whole number, and whether it is there.
func (in Input) Integer(name string) (int64, bool, error) {
	v, ok := in.param(name)
	if !ok {
		return 0, false, nil
	}
	n, ok := v.(int64)
	if !ok {
		return 0, false, badInput("the parameter %s is a whole number", name)
	}
	return n, true, nil
}

func (in Input) param(name string) (any, bool) {
	if in.params == nil {
		return nil, false
	}
	return in.params.Get(name)
}

// Base is the signature base of a message (RFC 9421, section 2.5): the bytes that
// are signed.
func (in Input) Base(m *Message) ([]byte, error) {
	if in.text == "" {
		return nil, badInput("there is no input; ParseInput makes one")
	}
	out := make([]byte, 0, 512+len(in.text))
	for i := range in.covered {
		c := &in.covered[i]
		v, err := c.value(m)
		if err != nil {
			return nil, err
		}
		if err := c.plain(v); err != nil {
			return nil, err
		}
		out = append(out, c.id...)
		out = append(out, ": "...)
		out = append(out, v...)
		out = append(out, '\n')
		if len(out) > maxBase {
			return nil, guichet.Errorf(guichet.KindHostile, "what the signature covers has more than %d bytes", maxBase)
		}
	}
	out = append(out, `"@signature-params": `...)
	return append(out, in.text...), nil
}

// plain refuses a value with a line feed in it, which could add a line of its own
// to the base, and every other byte that is no printable ASCII; a field may have
// tabs inside.
func (c *component) plain(v string) error {
	field := !strings.HasPrefix(c.name, "@")
	for i := range len(v) {
		if b := v[i]; b < ' ' && (b != '\t' || !field) || b > '~' {
			return badInput("component %s has the byte %#x in it, which cannot be signed", c.id, b)
		}
	}
	if strings.Trim(v, " ") != v && !field {
		return badInput("component %s begins or ends with a space", c.id)
	}
	return nil
}

// Sign signs a message and adds the fields Signature-Input and Signature to its
// header, beside those of other labels. The key is Ed25519.
func Sign(m *Message, label string, in Input, key crypto.Signer) error {
	if !isLabel(label) {
		return badInput("%q is no label of a signature", label)
	}
	base, err := in.Base(m)
	if err != nil {
		return err
	}
	value, err := signWith(key, base)
	if err != nil {
		return err
	}
	if len(m.Header.Values("Signature-Input")) > 0 {
		there, err := readSignatures(m.Header)
		if err != nil {
			return err
		}
		for _, s := range there {
			if s.label == label {
				return badInput("the message is signed under the label %q already", label)
			}
		}
	}
	m.Header.Add("Signature-Input", label+"="+in.text)
	m.Header.Add("Signature", label+"=:"+base64.StdEncoding.EncodeToString(value)+":")
	return nil
}

// isLabel says whether a text may name a member of a dictionary.
func isLabel(s string) bool {
	const first = "abcdefghijklmnopqrstuvwxyz*"
	return s != "" && strings.IndexByte(first, s[0]) >= 0 && strings.Trim(s, first+"0123456789_-.") == ""
}

// Verify checks the signature of a label over a message by a public key and
// returns what it says about itself. Whether what it covers is enough, and whether
// it is fresh, is the caller's to ask: Verifier does, for our wire.
func Verify(m *Message, label string, public ed25519.PublicKey) (Input, error) {
	all, err := readSignatures(m.Header)
	if err != nil {
		return Input{}, err
	}
	for _, s := range all {
		if s.label == label {
			return s.input, s.verify(m, public)
		}
	}
	return Input{}, badInput("there is no signature %q", label)
}

// signature is one of a message.
type signature struct {
	label string
	input Input
	value []byte
}

func (s signature) verify(m *Message, public ed25519.PublicKey) error {
	// The key is Ed25519, so the algorithm is; a message that names another one is
	// not asking for what it was checked by.
	alg, err := s.input.Text("alg")
	if err != nil {
		return err
	}
	if alg != "" && alg != "ed25519" {
		return guichet.Errorf(guichet.KindUntrusted, "the signature names the algorithm %q, and its key is Ed25519", alg).
			WithHint("leave alg out: the key says the algorithm")
	}
	base, err := s.input.Base(m)
	if err != nil {
		return err
	}
	if len(public) != ed25519.PublicKeySize || len(s.value) != ed25519.SignatureSize || !ed25519.Verify(public, base, s.value) {
		return guichet.Errorf(guichet.KindUntrusted, "the signature does not hold for the key %s", KeyID(public)).
			WithHint("the message was altered on its way, or was signed over something else; compare signature bases as docs/protocol/signatures.md shows")
	}
	return nil
}

// readSignatures reads Signature-Input and Signature: the same labels in both,
// each once, in the one form of RFC 9651.
func readSignatures(h http.Header) ([]signature, error) {
	inputs, inputText, err := readDictionary("Signature-Input", h.Values("Signature-Input"), maxInputField)
	if err != nil {
		return nil, err
	}
	values, _, err := readDictionary("Signature", h.Values("Signature"), maxSignatureField)
	if err != nil {
		return nil, err
	}
	if len(inputs.Names()) > maxSignatures {
		return nil, guichet.Errorf(guichet.KindHostile, "the message has %d signatures, more than %d", len(inputs.Names()), maxSignatures)
	}
	if len(inputs.Names()) != len(values.Names()) {
		return nil, badInput("Signature-Input has %d members and Signature %d", len(inputs.Names()), len(values.Names()))
	}
	out := make([]signature, 0, len(inputs.Names()))
	for _, label := range inputs.Names() {
		member, _ := inputs.Get(label)
		text := ""
		if len(inputs.Names()) == 1 { // and written in the one form
			text = strings.TrimPrefix(inputText, label+"=")
		}
		in, err := newInput(member, text)
		if err != nil {
			return nil, err
		}
		v, _ := values.Get(label)
		item, ok := v.(httpsfv.Item)
		if !ok || len(item.Params.Names()) > 0 {
			return nil, badInput("the field Signature has no plain member %q", label)
		}
		bytes, ok := item.Value.([]byte)
		if !ok {
			return nil, badInput("the member %q of Signature is no byte sequence", label)
		}
		out = append(out, signature{label: label, input: in, value: bytes})
	}
	return out, nil
}

// readDictionary reads a dictionary that is written as RFC 9651 writes it. The
// parser keeps the last of two members of one name; written again, the text is
// shorter then, and that is how a label that stands there twice is seen.
func readDictionary(name string, values []string, limit int) (*httpsfv.Dictionary, string, error) {
	text, err := fieldText(name, values, limit)
	if err != nil {
		return nil, "", err
	}
	d, err := httpsfv.UnmarshalDictionary([]string{text})
	if err != nil {
		return nil, "", badInput("the field %s: %w", name, err)
	}
	again, err := httpsfv.Marshal(d)
	if err != nil {
		return nil, "", badInput("the field %s: %w", name, err)
	}
	if again != text {
		return nil, "", badInput("the field %s is not written in the form of RFC 9651, or has a label twice", name)
	}
	return d, text, nil
}
