package trade

import (
	"fmt"
	"slices"
	"strings"

	"guichet"
	"guichet/hs"
)

// crossing is a question in one edition for rows of another.
type crossing struct {
	asked, present hs.Edition
	wanted         []hs.Code // as written
	six            []hs.Code // the subheadings behind them
	estimates      bool      // UNSD's single conversion may be used
	lang           string
}

// conversion is what a set of subheadings is in another edition.
type conversion struct {
	to        []hs.Code // sorted, each once
	left      []hs.Code // of the set: neither by family, nor by a conversion that may be used
	converted []hs.Code // of the set: by UNSD's single conversion
	family    hs.Family // of the first left code, when it has one
	why       hs.Why    // of the first that is left
	estimable bool      // every left code has a conversion that was not asked for
}

// correspond is the closure check: a family serves only when all of its codes
// are in the set, since it says nothing of a part of itself.
func correspond(from hs.Edition, set []hs.Code, to hs.Edition, estimates bool) conversion {
	out := conversion{estimable: true}
	for _, c := range set {
		k := hs.Correspond(from, c, to)
		inside := !slices.ContainsFunc(k.Family.From, func(m hs.Code) bool { return !slices.Contains(set, m) })
		switch {
		case k.Comparison == hs.Exact && inside:
			out.to = append(out.to, k.To...)
		case k.Comparison == hs.DefaultConversion && estimates:
			out.to = append(out.to, k.To...)
			out.converted = append(out.converted, c)
		default:
			if len(out.left) == 0 {
				out.family, out.why = k.Family, k.Because
			}
			out.left = append(out.left, c)
			out.estimable = out.estimable && k.Comparison == hs.DefaultConversion
		}
	}
	slices.Sort(out.to)
	out.to = slices.Compact(out.to)
	return out
}

func acrossEditions(x crossing) guichet.Selection {
	c := correspond(x.asked, x.six, x.present, x.estimates)
	if len(c.left) > 0 {
		return guichet.Selection{Gap: x.gap(c)}
	}
	s := guichet.Selection{Codes: texts(c.to), Digits: 6}
	if len(x.wanted) == 1 && slices.Equal(c.to, subheadings(x.present, x.wanted)) && len(x.wanted[0]) < 6 {
		// The prefix also finds what an office rolled up to it.
		s = guichet.Selection{Prefix: string(x.wanted[0]), Digits: len(x.wanted[0])}
	}
	if len(c.converted) > 0 {
		what := fmt.Sprintf(x.say("%s of %s in rows of %s", "%s de %s dans des lignes de %s"), named(c.converted, x.lang), x.asked, x.present)
		if wider := x.wider(c); len(wider) > 0 {
			what += fmt.Sprintf(x.say("; there %s also stand for codes that were not asked for", " ; là %s valent aussi pour des codes non demandés"), named(wider, x.lang))
		}
		s.Remarks = append(s.Remarks, remarkOn(RemarkDefaultConv, x.lang, what))
	}
	if !slices.Equal(c.to, x.six) && len(c.converted) < len(x.six) {
		what := fmt.Sprintf(x.say("%s in %s is %s in %s", "%s dans %s est %s dans %s"), named(x.six, x.lang), x.asked, named(c.to, x.lang), x.present)
		s.Remarks = append(s.Remarks, remarkOn(RemarkFamilyExact, x.lang, what))
	}
	return s
}

// wider returns the codes that a conversion gave and that stand for other
// codes of the asked edition too: their figures are taken whole.
func (x crossing) wider(c conversion) []hs.Code {
	var out []hs.Code
	for _, to := range c.to {
		back := hs.Correspond(x.present, to, x.asked)
		if slices.ContainsFunc(back.To, func(from hs.Code) bool { return !slices.Contains(x.six, from) }) {
			out = append(out, to)
		}
	}
	return out
}

// gap says what cannot be compared, and what could be asked instead.
func (x crossing) gap(c conversion) string {
	what, from, to := strings.Join(texts(x.wanted), "+"), strings.Join(texts(c.family.From), ", "), strings.Join(texts(c.family.To), ", ")
	if from != "" && len(x.six) == 1 {
		return fmt.Sprintf(x.say(
			"%s of %s alone cannot be told in rows of %s: it stands in the family {%s} to {%s}, exact only when summed whole; ask for %s",
			"%s de %s seul ne se lit pas dans des lignes de %s : il est de la famille {%s} vers {%s}, exacte seulement en entier ; demandez %s"),
			what, x.asked, x.present, from, to, strings.ReplaceAll(from, ", ", "+"))
	}
	reason, hint := c.why.In(x.lang), ""
	if from != "" {
		reason = fmt.Sprintf(x.say("its family {%s} reaches outside what was asked", "sa famille {%s} dépasse ce qui est demandé"), from)
	}
	if c.estimable {
		hint = x.say("; the conversion default would give that estimate", " ; la conversion default donnerait cette estimation")
	}
	if len(x.six) == 1 {
		return fmt.Sprintf(x.say("%s of %s is not comparable with rows of %s: %s%s", "%s de %s n’est pas comparable aux lignes de %s : %s%s"), what, x.asked, x.present, reason, hint)
	}
	return fmt.Sprintf(x.say(
		"%s of %s is not comparable with rows of %s: %d of its %d subheadings have no closed family inside it (%s); for %s: %s%s",
		"%s de %s n’est pas comparable aux lignes de %s : %d de ses %d sous-positions n’y ont pas de famille fermée (%s) ; pour %s : %s%s"),
		what, x.asked, x.present, len(c.left), len(x.six), named(c.left, x.lang), c.left[0], reason, hint)
}

// say picks the wording in the language of the question.
func (x crossing) say(en, fr string) string { return text(en, fr).In(x.lang) }

// ProductLabel names a common code for people, in French for "fr", otherwise
// in English: our own words for the goods of a group and for chapters, and for
// any other code its number and its chapter. It is "" for a code outside the
// nomenclature.
func ProductLabel(edition int, code, lang string) string {
	e, c := hs.Edition(edition), hs.Code(code)
	if label, ok := GoodsLabel(e, c, lang); ok {
		return label
	}
	if c != "77" && NationalChapter(c) {
		return text("national codes of chapter "+code, "codes nationaux du chapitre "+code).In(lang)
	}
	label, level := hs.Label(e, c, lang)
	if label == "" || len(code) == level {
		return label
	}
	within := text("%s (heading %s: %s)", "%s (position %s : %s)")
	if level == len(c.Chapter()) {
		within = text("%s (chapter %s: %s)", "%s (chapitre %s : %s)")
	}
	return fmt.Sprintf(within.In(lang), code, code[:level], label)
}
