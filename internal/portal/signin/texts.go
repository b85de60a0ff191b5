package signin

import (
	"embed"
	"encoding/json"
	"fmt"
)

//go:embed lang/en.json lang/fr.json
var langFiles embed.FS

// Texts returns what the pages of this package say in a language ("en", "fr"), by key:
// KEY.title is a heading, KEY what is so and what to do, KEY.next the link or the
// button that leads on. A place is written {name}; Args.Values has it.
func Texts(lang string) (map[string]string, error) {
	text, err := langFiles.ReadFile("lang/" + lang + ".json")
	if err != nil {
		return nil, fmt.Errorf("no texts in the language %q: %w", lang, err)
	}
	texts := map[string]string{}
	if err := json.Unmarshal(text, &texts); err != nil {
		return nil, fmt.Errorf("texts in the language %q: %w", lang, err)
	}
	return texts, nil
}
