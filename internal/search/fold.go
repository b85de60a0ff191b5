package search

import "strings"

// stemsOf cuts a text into the stems of its words, without those that say
// nothing about goods.
func stemsOf(text string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(fold(text), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
		if !says(w) {
			continue
		}
		out = append(out, stem(w))
	}
	return out
}

// says is false for words that stand in any label.
func says(w string) bool {
	switch w {
	case "a", "an", "and", "by", "for", "from", "in", "like", "not", "of", "on", "or", "other", "others", "the", "to", "up", "with", "without", "nec", "n", "e", "c", "incl",
		"au", "aux", "autre", "autres", "avec", "d", "dans", "de", "des", "du", "en", "et", "l", "la", "le", "les", "ou", "par", "pour", "sans", "sauf", "sur", "un", "une", "da", "dont":
		return false
	}
	return true
}

// fold brings text to lower case without accents.
func fold(text string) string {
	return strings.Map(func(r rune) rune {
		for _, l := range [...]struct {
			bare     rune
			accented string
		}{{'a', "àáâãäå"}, {'c', "ç"}, {'e', "èéêë"}, {'i', "ìíîï"}, {'n', "ñ"}, {'o', "òóôõö"}, {'u', "ùúûü"}} {
			if strings.ContainsRune(l.accented, r) {
				return l.bare
			}
		}
		return r
	}, strings.NewReplacer("œ", "oe", "æ", "ae").Replace(strings.ToLower(text)))
}

// Letters that a word must keep when its ending goes.
const (
	minPlural = 3
	minMute   = 4
)

// stem takes the plural and the mute e from a word, as English and French form
// them alike. It needs no dictionary, and no word of one language to be told
// from the other's: both sides of a comparison go through it.
func stem(w string) string {
	switch {
	case strings.HasSuffix(w, "eaux"), strings.HasSuffix(w, "eux"):
		w = strings.TrimSuffix(w, "x") // bateaux
	case strings.HasSuffix(w, "aux") && len(w) > minMute:
		w = strings.TrimSuffix(w, "ux") + "l" // chirurgicaux
	case strings.HasSuffix(w, "ies") && len(w) > minMute:
		w = strings.TrimSuffix(w, "es") // batteries
	case endsAny(w, "ches", "shes", "sses", "xes", "zes") && len(w) > minMute:
		w = strings.TrimSuffix(w, "es") // boxes
	case strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && len(w) > minPlural:
		w = strings.TrimSuffix(w, "s")
	}
	if len(w) > minMute && strings.HasSuffix(w, "e") {
		w = strings.TrimSuffix(w, "e") // chirurgicale, glove
	}
	if len(w) > minMute && strings.HasSuffix(w, "y") {
		w = strings.TrimSuffix(w, "y") + "i" // battery, as batteries
	}
	return w
}

func endsAny(w string, ends ...string) bool {
	for _, e := range ends {
		if strings.HasSuffix(w, e) {
			return true
		}
	}
	return false
}

// oneSlip says whether two words differ by one letter: another one, one
// missing, one too many, or two neighbours in the wrong order.
func oneSlip(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	switch len(b) - len(a) {
	case 0:
		rest := i + 1
		if rest > len(a) {
			return false // the same word
		}
		swapped := rest < len(a) && a[i] == b[rest] && a[rest] == b[i] && a[rest+1:] == b[rest+1:]
		return swapped || a[rest:] == b[rest:]
	case 1:
		return a[i:] == b[i+1:]
	}
	return false
}
