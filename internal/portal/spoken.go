package portal

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode"

	"guichet"
	"guichet/wording"
)

// saidFile has the French of what rooms say in English: of an error's message, of its
// hint and of what fills their places, by what was written ("there is no file %s"). The
// places are in the same order, or numbered (%[2]s).
//
//go:embed lang/said/fr.json
var saidFile []byte

//nolint:gochecknoglobals // a constant in all but name: read once, never changed
var frenchOf = sync.OnceValues(func() (map[string]string, error) {
	var held map[string]string
	if err := json.Unmarshal(saidFile, &held); err != nil {
		return nil, fmt.Errorf("words lang/said/fr.json: %w", err)
	}
	for of, french := range held {
		held[of] = typesetText(french)
	}
	return held, nil
})

// spoken is a sentence on a page.
type spoken struct {
	Text string
	Lang string // where it is not the page's
}

// TextOf is what an error says in both languages; the English twice where it is held in
// no other.
func TextOf(err error) guichet.Text {
	e, ok := errors.AsType[*guichet.Error](err)
	if !ok {
		return guichet.Text{EN: err.Error(), FR: err.Error()}
	}
	return guichet.Text{EN: e.Error(), FR: frenched(e.Said, e.Error()).Text}
}

// HintOf is an error's hint in both languages; empty where it has none.
func HintOf(err error) guichet.Text {
	e, ok := errors.AsType[*guichet.Error](err)
	if !ok {
		return guichet.Text{}
	}
	return guichet.Text{EN: e.Hint, FR: frenched(e.Next, e.Hint).Text}
}

// Frenched is a sentence in French; otherwise where it is not held.
func Frenched(w wording.Sentence, otherwise string) string {
	if said := frenched(w, otherwise); w.Of != "" && said.Lang == "" {
		return said.Text
	}
	return otherwise
}

// speak says a sentence in the visit's language: by what it was made of, or as it stands
// where that is not known.
func (v *visit) speak(w wording.Sentence, plain string) spoken {
	if v.lang != "fr" {
		return spoken{Text: plain}
	}
	return frenched(w, plain)
}

// tells is what an error says, and what to do next.
func (v *visit) tells(err error) (said, hint spoken) {
	e, ok := errors.AsType[*guichet.Error](err)
	if !ok {
		return spoken{}, spoken{}
	}
	return v.speak(e.Said, e.Error()), v.speak(e.Next, e.Hint)
}

// told is what an error says, for the fault of a form.
func (v *visit) told(err error) string {
	said, _ := v.tells(err)
	return said.Text
}

// frenched says a sentence in French; in English, and marked so, where it is not held.
func frenched(w wording.Sentence, plain string) spoken {
	held, err := frenchOf()
	if err != nil || plain == "" {
		return spoken{Text: plain, Lang: "en"}
	}
	if w.Of == "" { // constant
		if text, ok := held[plain]; ok {
			return spoken{Text: text}
		}
		return spoken{Text: plain, Lang: "en"}
	}
	text, ok := french(held, w)
	if !ok {
		return spoken{Text: plain, Lang: "en"}
	}
	return spoken{Text: text}
}

func french(held map[string]string, w wording.Sentence) (string, bool) {
	format, ok := held[w.Of]
	if !ok {
		if !wordless(w) {
			return "", false
		}
		format = strings.NewReplacer(": ", "\u00a0: ", "; ", "\u00a0; ").Replace(w.Of)
	}
	return w.Fill(format, func(i int) string {
		p := w.Pieces[i]
		if p.Said != nil {
			if text, ok := french(held, *p.Said); ok {
				return text
			}
			return p.Text
		}
		if p.FR != "" {
			return p.FR
		}
		if text, ok := held[p.Text]; ok {
			return text
		}
		return guillemets(p.Text)
	}), true
}

// wordless says whether a format is nothing but places and signs: what fills it is the
// whole sentence.
func wordless(w wording.Sentence) bool {
	return !strings.ContainsFunc(w.Fill(w.Of, func(int) string { return "" }), unicode.IsLetter)
}

// guillemets writes the quotes of %q as French has them.
func guillemets(text string) string {
	if inner := strings.Trim(text, `"`); text == `"`+inner+`"` && !strings.Contains(inner, `"`) {
		return "«\u00a0" + inner + "\u00a0»"
	}
	return text
}
