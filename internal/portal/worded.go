package portal

import (
	"regexp"
	"slices"
	"strings"
)

// saying are the words of the language in which members speak on this page.
func (v *visit) saying() phrases {
	if said, ok := v.p.words[v.saidIn]; ok {
		return said
	}
	return v.words
}

// Codes that a refusal names: a purpose in quotes, or several at the end of a hint, and
// how fine goods may be told apart.
//
//	the purpose "customs-risk" is forbidden
//	purposes permitted: supply-monitoring, research
//	product is given down to hs4, and the question goes down to hs6
var (
	purposeQuoted = regexp.MustCompile(`"[a-z]+(-[a-z]+)*"`)
	purposesAtEnd = regexp.MustCompile(`: [a-z]+(-[a-z]+)*(, [a-z]+(-[a-z]+)*)*$`)
	levelNamed    = regexp.MustCompile(`\bhs[246]\b`)
)

// worded is a refusal of a member's with words beside the codes of purposes and levels
// that it names. Codes that are none of these stand as they came.
func (v *visit) worded(text string) string {
	words := v.saying()
	text = purposeQuoted.ReplaceAllStringFunc(text, func(quoted string) string {
		if said := v.p.purposeIn(strings.Trim(quoted, `"`), words.lang); said != "" {
			return quoted + " (" + small(said) + ")"
		}
		return quoted
	})
	text = purposesAtEnd.ReplaceAllStringFunc(text, func(end string) string {
		list := strings.Split(strings.TrimPrefix(end, ": "), ", ")
		for i, code := range list {
			said := v.p.purposeIn(code, words.lang)
			if said == "" {
				return end
			}
			list[i] = code + " (" + small(said) + ")"
		}
		return ": " + strings.Join(list, ", ")
	})
	return levelNamed.ReplaceAllStringFunc(text, func(level string) string {
		return level + " (" + words.say("depth."+level) + ")"
	})
}

// purposeIn says a purpose in words; "" it is none.
func (p *Portal) purposeIn(code, lang string) string {
	for _, x := range slices.Concat(p.cfg.Purposes, p.cfg.Automated) {
		if x.Word == code {
			return x.Text.In(lang)
		}
	}
	return ""
}
