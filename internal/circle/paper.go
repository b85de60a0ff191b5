package circle

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/cjson"
	"github.com/theupdateframework/go-tuf/v2/metadata"

	"guichet"
)

// Limits on what comes from outside. A circle of 200 members with 500 agreements
// stays well below.
const (
	// MaxFile is the largest file of a circle, in bytes.
	MaxFile = 4 << 20
	// maxCircle is all files of a circle together, in bytes.
	maxCircle     = 64 << 20
	maxRoots      = 4096    // root versions
	maxRoles      = 2000    // delegations
	maxTargets    = 20000   // target files
	maxSignatures = 512     // under one paper
	maxVersion    = 1 << 40 // of a paper; leaves room however often the members sign
)

const (
	digestField = "signed" // of a snapshot's entry: SHA-256 of the signed part of the paper it names
	madeField   = "made"   // of the timestamp: when it was proposed
)

type (
	rootPaper      = metadata.Metadata[metadata.RootType]
	targetsPaper   = metadata.Metadata[metadata.TargetsType]
	snapshotPaper  = metadata.Metadata[metadata.SnapshotType]
	timestampPaper = metadata.Metadata[metadata.TimestampType]
)

// readPaper parses TUF metadata strictly, before any library sees it: one
// canonical spelling, no null (go-tuf follows null into a panic), no field that
// we do not know. The file must be what writePaper writes, byte for byte.
func readPaper[T metadata.Roles](name string, text []byte) (*metadata.Metadata[T], error) {
	if err := noNull(name, text); err != nil {
		return nil, err
	}
	p, err := (&metadata.Metadata[T]{}).FromBytes(text)
	if err != nil {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s is no paper of a circle: %w", name, err)
	}
	if field := unknownField(reflect.ValueOf(p)); field != "" {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s has a field %q that we do not know", name, clip(field)).
			WithHint("it may be made by a newer version: compare the versions of guichet")
	}
	again, err := writePaper(p)
	if err != nil || !bytes.Equal(again, text) {
		return nil, guichet.Errorf(guichet.KindInvalid, "%s is not written as the circle writes its papers (canonical JSON, RFC 8785)", name).
			WithHint("send the file on as it came: an editor may have changed it")
	}
	if len(p.Signatures) > maxSignatures {
		return nil, guichet.Errorf(guichet.KindHostile, "%s has %d signatures", name, len(p.Signatures))
	}
	for _, s := range p.Signatures {
		if len(s.Signature) != ed25519.SignatureSize || len(s.KeyID) != 2*sha256.Size {
			return nil, guichet.Errorf(guichet.KindInvalid, "%s has a signature of another form than Ed25519", name)
		}
	}
	return p, nil
}

// writePaper writes metadata in the one spelling: canonical JSON, signatures in
// order of their keys. The same content always gives the same bytes.
func writePaper[T metadata.Roles](p *metadata.Metadata[T]) ([]byte, error) {
	c := *p
	c.Signatures = slices.Clone(p.Signatures)
	if c.Signatures == nil {
		c.Signatures = []metadata.Signature{}
	}
	slices.SortFunc(c.Signatures, func(a, b metadata.Signature) int { return bytes.Compare([]byte(a.KeyID), []byte(b.KeyID)) })
	return guichet.Canonical(c)
}

// noNull refuses what is no JSON, too large or too deep, and null, and a name that
// stands twice in one object: the library would keep what the first one said. That
// the rest has one spelling only is seen when it is written again.
func noNull(name string, text []byte) error {
	if len(text) > MaxFile {
		return guichet.Errorf(guichet.KindHostile, "%s has %d bytes; at most %d are read", name, len(text), MaxFile)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := noNullIn(d, 0); err != nil {
		return guichet.Errorf(guichet.KindInvalid, "%s is no paper of a circle: %w", name, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return guichet.Errorf(guichet.KindInvalid, "%s goes on after its end", name)
	}
	return nil
}

func noNullIn(d *json.Decoder, depth int) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	switch t {
	case nil:
		return errors.New("it holds a null")
	case json.Delim('['), json.Delim('{'):
	default:
		return nil
	}
	if depth > maxDepth {
		return errors.New("it is nested too deep")
	}
	names := map[string]bool{}
	for d.More() {
		if t == json.Delim('{') {
			k, err := d.Token()
			if err != nil {
				return err
			}
			name, _ := k.(string)
			if names[name] {
				return fmt.Errorf("the name %q stands twice", clip(name))
			}
			names[name] = true
		}
		if err := noNullIn(d, depth+1); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// unknownField finds a field that go-tuf kept without knowing it, other than the
// two that we add.
func unknownField(v reflect.Value) string {
	switch v.Kind() { //nolint:exhaustive // the other kinds hold nothing
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return unknownField(v.Elem())
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return ""
		}
		for i := range v.Len() {
			if f := unknownField(v.Index(i)); f != "" {
				return f
			}
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			if f := unknownField(v.MapIndex(k)); f != "" {
				return f
			}
		}
	case reflect.Struct:
		return unknownInStruct(v)
	}
	return ""
}

func unknownInStruct(v reflect.Value) string {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Name != "UnrecognizedFields" {
			if f.IsExported() && f.Type != reflect.TypeFor[time.Time]() {
				if inner := unknownField(v.Field(i)); inner != "" {
					return inner
				}
			}
			continue
		}
		for _, k := range v.Field(i).MapKeys() {
			ours := v.Type() == reflect.TypeFor[metadata.MetaFiles]() && k.String() == digestField ||
				v.Type() == reflect.TypeFor[metadata.TimestampType]() && k.String() == madeField
			if !ours {
				return k.String()
			}
		}
	}
	return ""
}

// payload is what is signed: the signed part in the canonical form of TUF.
func payload[T metadata.Roles](p *metadata.Metadata[T]) ([]byte, error) {
	text, err := cjson.EncodeCanonical(p.Signed)
	if err != nil {
		return nil, fmt.Errorf("canonical form of a paper: %w", err)
	}
	return text, nil
}

// digestOf is the SHA-256 of what is signed, hex: it stays the same while
// signatures are gathered.
func digestOf[T metadata.Roles](p *metadata.Metadata[T]) (string, error) {
	text, err := payload(p)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// tufKey writes a public key as TUF does, with its id there.
func tufKey(public ed25519.PublicKey) (*metadata.Key, string, error) {
	if len(public) != ed25519.PublicKeySize {
		return nil, "", guichet.Errorf(guichet.KindInvalid, "a public key has %d bytes, not %d", len(public), ed25519.PublicKeySize)
	}
	k, err := metadata.KeyFromPublicKey(public)
	if err != nil {
		return nil, "", fmt.Errorf("key of the circle: %w", err)
	}
	id, err := k.ID()
	if err != nil {
		return nil, "", fmt.Errorf("key of the circle: %w", err)
	}
	return k, id, nil
}

// checkKeys refuses keys of another kind than Ed25519, of a wrong length (the
// library would panic on it), or under another id than their own.
func checkKeys(name string, keys map[string]*metadata.Key) error {
	for id, k := range keys {
		public, err := publicOf(k)
		if err != nil {
			return guichet.Errorf(guichet.KindInvalid, "%s: %w", name, err)
		}
		if _, own, err := tufKey(public); err != nil || own != id {
			return guichet.Errorf(guichet.KindInvalid, "%s: the key %s stands under another id", name, clip(id))
		}
	}
	return nil
}

func publicOf(k *metadata.Key) (ed25519.PublicKey, error) {
	public, err := hex.DecodeString(k.Value.PublicKey)
	if err != nil || k.Type != metadata.KeyTypeEd25519 || k.Scheme != metadata.KeySchemeEd25519 || len(public) != ed25519.PublicKeySize {
		return nil, guichet.Errorf(guichet.KindInvalid, "a key is not of Ed25519")
	}
	return public, nil
}

// entry is what the snapshot says of a paper: its version, and what was signed.
func entry(version int64, digest string) *metadata.MetaFiles {
	return &metadata.MetaFiles{Version: version, UnrecognizedFields: map[string]any{digestField: digest}}
}

// entryDigest is the digest that an entry names, "" without one.
func entryDigest(m *metadata.MetaFiles) string {
	if m == nil {
		return ""
	}
	d, _ := m.UnrecognizedFields[digestField].(string)
	return d
}

// made is when a timestamp was proposed.
func made(p *timestampPaper) time.Time {
	text, _ := p.Signed.UnrecognizedFields[madeField].(string)
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return at
}
