package portal

import (
	"guichet"
	"guichet/hs"
)

// lineLabel is the wording of a national line in the first list that has one.
func (p *Portal) lineLabel(lists []codeList, code string) guichet.Text {
	for _, l := range lists {
		if t := p.nationalLabel(l.Edition, l.Name, code); t.EN != "" || t.FR != "" {
			return t
		}
	}
	return guichet.Text{}
}

func (p *Portal) nationalLabel(edition int, list, code string) guichet.Text {
	var t guichet.Text
	t.EN, _ = p.cfg.Goods.Line(edition, list, code, "en")
	t.FR, _ = p.cfg.Goods.Line(edition, list, code, "fr")
	return t
}

// near is our own wording of the heading that a code stands under, or of its chapter: what
// a reader sees where the code's own wording is not held in their language.
func (p *Portal) near(edition int, code string) guichet.Text {
	say := func(lang string) string {
		label, level := hs.Label(hs.Edition(edition), hs.Code(code), lang)
		if label == "" {
			return ""
		}
		key := "codes.near.heading"
		if level == chapterDigits {
			key = "codes.near.chapter"
		}
		return p.words[lang].say(key, "code", code[:level], "label", label)
	}
	return guichet.Text{EN: say("en"), FR: say("fr")}
}

// heldWordings are the official wordings that the home holds: the editions of the HS
// first, then national lists.
func (p *Portal) heldWordings(v *visit) ([]heldWording, error) {
	held, err := p.cfg.Goods.Held()
	var out []heldWording
	for _, h := range held {
		x := heldWording{Of: v.t("codes.held.edition", "edition", h.Edition), EN: h.EN, FR: h.FR, OneMissing: (h.EN == 0) != (h.FR == 0)}
		if h.List != "" {
			x.Of = v.t("codes.held.list", "list", h.List, "edition", h.Edition)
		}
		out = append(out, x)
	}
	return out, err
}

func (p *Portal) bothLabels(edition int, code string) guichet.Text {
	return guichet.Text{EN: p.cfg.Goods.Label(edition, code, "en"), FR: p.cfg.Goods.Label(edition, code, "fr")}
}
