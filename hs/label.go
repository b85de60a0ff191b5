package hs

import (
	_ "embed" // for label.txt and heading.txt
	"strings"
	"sync"
)

// labelText holds a line for each section and chapter, parted by tabs:
//
//	63	Other made-up textiles, worn clothing, rags	Autres textiles confectionnés, friperie, chiffons
//
//go:embed label.txt
var labelText string

// headingText holds a line for each heading of the editions held, in the same
// form. A heading that an edition does not have is passed over in it. A label is
// made for the newest edition that has the heading; where an older one held
// other goods under its number (6907, 8548), the label says so.
//
//go:embed heading.txt
var headingText string

// wording is a label in the two languages held.
type wording struct{ en, fr string }

//nolint:gochecknoglobals // a constant in all but name: computed once, never changed
var labels = sync.OnceValue(func() map[string]wording {
	m := make(map[string]wording)
	for line := range strings.Lines(labelText + headingText) {
		if f := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(f) == 3 {
			m[f[0]] = wording{f[1], f[2]}
		}
	}
	return m
})

// in picks the language: French for "fr" and its regions, otherwise English.
func (w wording) in(lang string) string {
	if lang == "fr" || strings.HasPrefix(lang, "fr-") {
		return w.fr
	}
	return w.en
}

// Label returns our own short wording for a code, in French when lang is "fr",
// otherwise in English, and the level to which it belongs: 4, its heading, or
// 2, its chapter, where the edition does not have the heading or the code has
// two digits. A window that shows it beside a subheading must say so. It is ""
// and 0 for an edition that is not held and for a chapter outside the HS. The
// editions held name their chapters alike; chapter 77 has a label, though no
// goods.
func Label(e Edition, c Code, lang string) (text string, level int) {
	if e.place() < 0 {
		return "", 0
	}
	if heading := c.Heading(); heading != "" && Known(e, heading) {
		if w, ok := labels()[string(heading)]; ok {
			return w.in(lang), headingDigits
		}
	}
	w, ok := labels()[string(c.Chapter())]
	if !ok {
		return "", 0
	}
	return w.in(lang), chapterDigits
}

// How many digits of a code name its chapter and its heading.
const (
	chapterDigits = 2
	headingDigits = 4
)

// SectionLabel returns our own short wording for a section, "XI", in the
// language as Label does; "" when there is no such section.
func SectionLabel(roman, lang string) string {
	if roman != "" && roman[0] >= '0' && roman[0] <= '9' {
		return "" // a chapter
	}
	return labels()[roman].in(lang)
}
