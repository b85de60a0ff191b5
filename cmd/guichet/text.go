package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes text from outside harmless for a terminal: control characters
// (ESC begins a command to the terminal), marks that turn the direction of
// writing, and bytes that are no text are written as escapes.
func clean(s string) string {
	if !strings.ContainsFunc(s, dangerous) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case dangerous(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
		s = s[n:]
	}
	return b.String()
}

// cleanLines cleans text that may have lines; those after the first are
// indented.
func cleanLines(s string) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	for i, l := range lines {
		lines[i] = clean(strings.ReplaceAll(l, "\t", "  "))
	}
	return strings.Join(lines, "\n  ")
}

// harmless escapes in JSON what the encoder leaves as it is. Outside strings
// none of it can stand.
func harmless(s string) string {
	if !strings.ContainsFunc(s, dangerousInJSON) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if dangerousInJSON(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func dangerousInJSON(r rune) bool { return r != '\n' && dangerous(r) }

// dangerous says of controls (C0, DEL, C1), of line and paragraph separators,
// and of marks that reorder what is shown (U+202A to U+202E, U+2066 to U+2069,
// U+200E, U+200F, U+061C).
func dangerous(r rune) bool {
	switch {
	case unicode.IsControl(r):
		return true
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return true
	case r == 0x200e, r == 0x200f, r == 0x061c, r == 0x2028, r == 0x2029:
		return true
	}
	return false
}

// width returns how many columns a terminal gives to text that is clean: two
// for wide signs of East Asia, none for marks that stand over others.
func width(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana), r >= 0xff01 && r <= 0xff60:
			n += 2
		default:
			n++
		}
	}
	return n
}

// short cuts text to a number of columns, with an ellipsis for what is lost.
func short(s string, columns int) string {
	if width(s) <= columns {
		return s
	}
	out := []rune(s)
	for len(out) > 0 && width(string(out)) > columns-1 {
		out = out[:len(out)-1]
	}
	return string(out) + "…"
}
