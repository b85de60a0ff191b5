package federation

import (
	"bytes"

	"guichet"
)

const (
	// maxDepth bounds the nesting of JSON from outside: the deepest paper of the
	// wire nests seven levels.
	maxDepth = 32
	// fewNames are compared one by one; more are kept in a map.
	fewNames = 24
	// longName bounds the names of members: those of fields are names of the wire,
	// which have 64 characters at most.
	longName = 64
)

// namedOnce refuses JSON in which an object names a member twice: the second
// would silently replace the first here, and the first the second elsewhere. For
// the same reason it refuses names that are not plain: Go's decoder takes "To", and
// "anſwer" with a long s, for fields of ours, and other decoders do not, so that
// one signed text would be read in two ways. It looks at nothing else; what is no
// JSON at all is for the decoder to say. It reads bytes rather than tokens, since
// every exchange passes here four times.
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

// members are the names of an object that were read so far, in their quotes.
type members struct {
	few  [][]byte
	many map[string]bool // nil while there are few
}

// add notes a name, given in its quotes.
func (m *members) add(quoted []byte) error {
	if !plain(quoted) {
		return guichet.Errorf(guichet.KindInvalid, "the JSON names a member %s; names are small letters, digits and _, without escapes", clip(string(quoted), 80))
	}
	if m.has(quoted) {
		return guichet.Errorf(guichet.KindInvalid, "the JSON names %s twice in one object", quoted)
	}
	switch {
	case m.many != nil:
		m.many[string(quoted)] = true
	case len(m.few) < fewNames:
		m.few = append(m.few, quoted)
	default:
		m.many = map[string]bool{string(quoted): true}
		for _, n := range m.few {
			m.many[string(n)] = true
		}
	}
	return nil
}

// plain says whether a name in its quotes is written [a-z0-9_]+, at most longName
// of them.
func plain(quoted []byte) bool {
	if len(quoted) < 3 || len(quoted) > longName+2 || quoted[len(quoted)-1] != '"' {
		return false
	}
	for _, c := range quoted[1 : len(quoted)-1] {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

func (m *members) has(quoted []byte) bool {
	if m.many != nil {
		return m.many[string(quoted)]
	}
	for _, n := range m.few {
		if bytes.Equal(n, quoted) {
			return true
		}
	}
	return false
}
