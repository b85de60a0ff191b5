package ingest

import (
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName bounds the name of a member in bytes.
const maxName = 1024

// memberName returns the name of a member without "./", or why it is refused:
// a name that leaves the archive's folder, or that hides what it is.
func memberName(name string) (clean, why string) {
	clean = strings.TrimPrefix(name, "./")
	switch {
	case clean == "" || clean == ".":
		if name == "." || name == "./" { // tar writes the folder itself so
			return ".", ""
		}
		return "", "is empty"
	case len(name) > maxName:
		return "", "is too long"
	case !utf8.ValidString(name):
		return "", "is not UTF-8"
	case strings.ContainsFunc(name, unicode.IsControl):
		return "", "has control characters"
	case strings.Contains(name, `\`):
		return "", `has a backslash`
	case strings.HasPrefix(name, "/"), len(clean) > 1 && clean[1] == ':':
		return "", "is absolute"
	case path.Clean(clean) != clean, clean == "..", strings.HasPrefix(clean, "../"):
		return "", "leads elsewhere"
	}
	return clean, ""
}

// shorten writes a text from outside for people: at most 80 characters, control
// characters escaped, so that it can neither flood nor forge what we say.
func shorten(s string) string {
	const limit = 80
	s = strings.ToValidUTF8(s, "\uFFFD")
	var out strings.Builder
	n := 0
	for _, r := range s {
		if n == limit {
			out.WriteString("...")
			break
		}
		if r == '"' || r == '\\' {
			out.WriteRune(r)
		} else {
			q := strconv.QuoteRune(r)
			out.WriteString(q[1 : len(q)-1])
		}
		n++
	}
	return out.String()
}
