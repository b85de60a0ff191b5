package guichet

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// Canonical writes a value as the JSON that is signed and hashed: RFC 8785 (JCS)
// for the papers that cross borders here, whose numbers are whole and whose
// member names are ASCII. Anything else (a fraction, an exponent, a whole number
// that a double cannot hold, another member name) is KindInvalid, since two
// nodes might write it differently.
func Canonical(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("canonical JSON: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, fmt.Errorf("canonical JSON: %w", err)
	}
	if err := canonicalTree(tree); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(tree); err != nil { // members of a map are written in order
		return nil, fmt.Errorf("canonical JSON: %w", err)
	}
	return separators(bytes.TrimSuffix(out.Bytes(), []byte("\n"))), nil
}

// separators writes U+2028 and U+2029 as themselves: Go's encoder escapes them,
// RFC 8785 escapes control characters alone.
func separators(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			out = append(out, text[i])
			continue
		}
		if rest := text[i:]; bytes.HasPrefix(rest, []byte(`\u2028`)) || bytes.HasPrefix(rest, []byte(`\u2029`)) {
			out = append(out, "\u2028"[0], "\u2028"[1], "\u2028"[2]+rest[5]-'8')
			i += len(`\u2028`) - 1
			continue
		}
		out = append(out, text[i], text[i+1]) // an escape is never the last byte
		i++
	}
	return out
}

func canonicalTree(v any) error {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' }) {
				return Errorf(KindInvalid, "the member name %q is not plain ASCII", name)
			}
			if err := canonicalTree(inner); err != nil {
				return err
			}
		}
	case []any:
		for _, inner := range v {
			if err := canonicalTree(inner); err != nil {
				return err
			}
		}
	case json.Number:
		const exact = 1 << 53
		if n, err := v.Int64(); err != nil || n > exact || n < -exact || v.String() == "-0" {
			return Errorf(KindInvalid, "%s is no whole number that every program reads alike", v)
		}
	}
	return nil
}

// DigestOf is the SHA-256 of a value's canonical JSON, hex.
func DigestOf(v any) (string, error) {
	text, err := Canonical(v)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}
