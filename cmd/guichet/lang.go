package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed lang/en.json lang/fr.json
var langFiles embed.FS

// phrases are the words of the window in one language, by key. A key has
// the same places ({name}) in every language.
type phrases map[string]string

// phrasesIn reads the words of a language; English for one that is not held.
// A file that cannot be read is a fault of the build, and a test finds it.
func phrasesIn(lang string) phrases {
	text, err := langFiles.ReadFile("lang/" + lang + ".json")
	if err != nil {
		text, err = langFiles.ReadFile("lang/en.json")
	}
	var p phrases
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil {
		panic(fmt.Sprintf("guichet: the words of %q: %v", lang, err))
	}
	return p
}

// say returns the words of a key with its places filled. Pairs are names and
// values; a key that is not held is shown itself, so that a test can see it.
func (w *window) say(key string, pairs ...string) string {
	text, ok := w.words[key]
	if !ok {
		return key
	}
	if len(pairs) == 0 {
		return text
	}
	places := make([]string, len(pairs))
	for i, p := range pairs {
		places[i] = p
		if i%2 == 0 {
			places[i] = "{" + p + "}"
		}
	}
	return strings.NewReplacer(places...).Replace(text)
}

// sayN returns the words of a key for a number, which fills {n}: KEY.one or
// KEY.other. In French nothing is singular too.
func (w *window) sayN(key string, n int64) string {
	form := ".other"
	if n == 1 || n == 0 && w.lang == "fr" {
		form = ".one"
	}
	return w.say(key+form, "n", count(n, w.lang))
}

// sentences is the language in which an answer's own sentences are asked for:
// "" where it is the default.
func (w *window) sentences() string {
	if w.lang == "en" {
		return ""
	}
	return w.lang
}

// envLang reads the language of the environment: LC_ALL decides before
// LC_MESSAGES, and that before LANG.
func envLang(getenv func(string) string) string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := getenv(name); v != "" {
			if strings.HasPrefix(strings.ToLower(v), "fr") {
				return "fr"
			}
			return "en"
		}
	}
	return "en"
}
