package portal

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// faults are what is wrong with a form: each is said above it and at its field.
type faults []fault

// fault is one of them.
type fault struct{ Field, Text string }

func (f *faults) add(field, text string) { *f = append(*f, fault{field, text}) }

// Of returns what is wrong with a field; "" nothing, the first thing only.
func (f faults) Of(field string) string {
	for _, x := range f {
		if x.Field == field {
			return x.Text
		}
	}
	return ""
}

// Any says whether anything is wrong.
func (f faults) Any() bool { return len(f) > 0 }

// choice is one thing that may be chosen in a form.
type choice struct {
	Value, Text, Hint string
	Lang              string // of the text where it is not the page's
	Tag               string // a word beside it
	Chosen            bool
}

// one is the first value of a field, bounded and without what is not text.
func one(v url.Values, name string, most int) string { return tidy(v.Get(name), most) }

// many are the values of a field, each once, at most so many.
func many(v url.Values, name string, most, longest int) []string {
	var out []string
	seen := map[string]bool{}
	for _, x := range v[name] {
		if x = tidy(x, longest); x != "" && !seen[x] && len(out) < most {
			seen[x] = true
			out = append(out, x)
		}
	}
	return out
}

// tidy drops signs that no text has, and what is beyond the length.
func tidy(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError:
			return -1
		case r == '\n', r == '\r', r == '\t':
			return ' '
		case r < ' ', r == 0x7f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return -1 // also what turns the direction of writing
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return strings.TrimSpace(s[:most])
}
