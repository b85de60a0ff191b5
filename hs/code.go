package hs

import (
	"fmt"
	"strings"
)

// Code is a code of the Harmonized System: a chapter "63", a heading "6307"
// or a subheading "630790", digits only. A Code says nothing about the
// edition in which it means something; ask Known.
type Code string

// ParseCode reads a code of two, four or six digits. Dots or single spaces
// may stand between pairs of digits, as in 6307.90 and 63 07 90. A longer
// code is a national one: the caller must cut it, and know why it may.
func ParseCode(s string) (Code, error) {
	text := strings.TrimSpace(s)
	digits := make([]byte, 0, 6)
	parted := false
	for i := range len(text) {
		switch b := text[i]; {
		case b >= '0' && b <= '9':
			digits, parted = append(digits, b), false
		case (b == '.' || b == ' ') && !parted && len(digits) > 0 && len(digits)%2 == 0 && i < len(text)-1:
			parted = true
		default:
			return "", fmt.Errorf("hs code %q is not readable at character %d: write digits, parted by dots or single spaces at most", clip(s), i+1)
		}
	}
	switch len(digits) {
	case 2, 4, 6:
		return Code(digits), nil
	default:
		return "", fmt.Errorf("hs code %q has %d digits: give 2, 4 or 6", clip(s), len(digits))
	}
}

// clip keeps a message short whatever was sent.
func clip(s string) string {
	if len(s) > 24 {
		return s[:24] + "..."
	}
	return s
}

// Parent is the code above: 630790, 6307, 63, then "".
func (c Code) Parent() Code {
	if len(c) <= 2 {
		return ""
	}
	return c[:len(c)-2]
}

// Chapter is the first two digits, "" when there are none.
func (c Code) Chapter() Code { return c.upTo(2) }

// Heading is the first four digits, "" of a chapter.
func (c Code) Heading() Code { return c.upTo(4) }

func (c Code) upTo(digits int) Code {
	if len(c) < digits {
		return ""
	}
	return c[:digits]
}
