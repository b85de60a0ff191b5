package hs

import (
	_ "embed" // for label.txt
	"strings"
	"sync"
)

// labelText holds a line for each section and chapter, parted by tabs:
//
//	63	Other made-up textiles, worn clothing, rags	Autres textiles confectionnés, friperie, chiffons
//
//go:embed label.txt
var labelText string

// wording is a label in the two languages held.
type wording struct{ en, fr string }

//nolint:gochecknoglobals // a constant in all but name: computed once, never changed
var labels = sync.OnceValue(func() map[string]wording {
	m := make(map[string]wording)
	for line := range strings.Lines(labelText) {
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
// otherwise in English, and the level to which it belongs. Only chapters have
// one, so the level is 2 and a window that shows it beside a subheading must
// say "chapter". It is "" and 0 for an edition that is not held and for a
// chapter outside the HS. The editions held name their chapters alike; chapter
// 77 has a label, though no goods.
func Label(e Edition, c Code, lang string) (text string, level int) {
	if e.place() < 0 {
		return "", 0
	}
	w, ok := labels()[string(c.Chapter())]
	if !ok {
		return "", 0
	}
	return w.in(lang), 2
}

// SectionLabel returns our own short wording for a section, "XI", in the
// language as Label does; "" when there is no such section.
func SectionLabel(roman, lang string) string {
	if roman != "" && roman[0] >= '0' && roman[0] <= '9' {
		return "" // a chapter
	}
	return labels()[roman].in(lang)
}
