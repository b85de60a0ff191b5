package federation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"guichet"
)

const (
	// maxDepth bounds the nesting of JSON from outside: the deepest paper of the
	// wire nests seven levels.
	maxDepth = 32
	// fewNames are compared one by one; more are kept in a map.
	fewNames = 24
)

// namedOnce refuses JSON in which an object names a member twice: the second
// would silently replace the first here, and the first the second elsewhere. It
// looks at nothing else; what is no JSON at all is for the decoder to say. It
// reads bytes rather than tokens, since every exchange passes here four times.
func namedOnce(text []byte) error {
	var open []members
	for at := 0; at < len(text); at++ {
		switch text[at] {
		case '{', '[':
			if len(open) == maxDepth {
				return guichet.Errorf(guichet.KindInvalid, "the JSON nests deeper than %d levels", maxDepth)
			}
			open = append(open, members{})
		case '}', ']':
			if len(open) == 0 {
				return nil
			}
			open = open[:len(open)-1]
		case '"':
			end := endOfString(text, at)
			// In JSON, what a colon follows is the name of a member.
			if rest := bytes.TrimLeft(text[end:], " \t\r\n"); len(rest) > 0 && rest[0] == ':' && len(open) > 0 {
				if err := open[len(open)-1].add(text[at:end]); err != nil {
					return err
				}
			}
			at = end - 1
		}
	}
	return nil
}

// endOfString returns where a string that starts at a quote ends, after its
// closing quote, or the end of the text.
func endOfString(text []byte, at int) int {
	for at++; at < len(text); at++ {
		switch text[at] {
		case '\\':
			at++
		case '"':
			return at + 1
		}
	}
	return len(text)
}

// members are the names of an object that were read so far.
type members struct {
	few  [][]byte
	many map[string]bool // folded; nil while there are few
}

// add notes a name, given in its quotes.
func (m *members) add(quoted []byte) error {
	name := bytes.Trim(quoted, `"`)
	if bytes.IndexByte(quoted, '\\') >= 0 {
		var text string
		if err := json.Unmarshal(quoted, &text); err != nil {
			return fmt.Errorf("read JSON: %w", err)
		}
		name = []byte(text)
	}
	if m.has(name) {
		return guichet.Errorf(guichet.KindInvalid, "the JSON names %q twice in one object", clip(string(name), 80))
	}
	switch {
	case m.many != nil:
		m.many[folded(name)] = true
	case len(m.few) < fewNames:
		m.few = append(m.few, name)
	default:
		m.many = map[string]bool{folded(name): true}
		for _, n := range m.few {
			m.many[folded(n)] = true
		}
	}
	return nil
}

func (m *members) has(name []byte) bool {
	if m.many != nil {
		return m.many[folded(name)]
	}
	for _, n := range m.few {
		if bytes.EqualFold(n, name) {
			return true
		}
	}
	return false
}

func folded(name []byte) string { return strings.ToLower(string(name)) }
