package federation_test

import (
	"testing"

	"guichet"
	"guichet/internal/federation"
)

// TestMissesAreSaidInBothLanguages: a sentence of the node's own about what a member sent
// quotes an error, which is said in the language of the question too.
func TestMissesAreSaidInBothLanguages(t *testing.T) {
	cause := guichet.Errorf(guichet.KindUntrusted, "the signature does not hold for the key %s", "ab12")
	words := func(error) guichet.Text {
		return guichet.Text{EN: cause.Message, FR: "la signature ne tient pas pour la clé ab12"}
	}
	for lang, want := range map[string]string{
		"en": "what CA sent is signed and cannot be read: the signature does not hold for the key ab12",
		"fr": "ce que CA a envoyé est signé mais illisible : la signature ne tient pas pour la clé ab12",
	} {
		if got := federation.GarbledText("CA", cause, lang, words); got != want {
			t.Errorf("in %s: %q, want %q", lang, got, want)
		}
	}
	if got, want := federation.GarbledText("CA", cause, "fr", nil), "ce que CA a envoyé est signé mais illisible : the signature does not hold for the key ab12"; got != want {
		t.Errorf("without words: %q, want %q", got, want)
	}
}
