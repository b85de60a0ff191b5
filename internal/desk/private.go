package desk

import (
	"maps"
	"slices"
	"strings"

	"guichet"
)

// private refuses a question that names a private field, whoever asks: not only
// what such a field holds would leave the node, but also what is counted by it.
func private(ds *guichet.Dataset, q guichet.Question) *guichet.Error {
	var named []string
	for _, name := range slices.Sorted(slices.Values(slices.Concat(q.By, q.Measures, slices.Collect(maps.Keys(q.Where))))) {
		if f, ok := ds.Field(name); ok && f.Role == guichet.Private {
			named = append(named, quote(name))
		}
	}
	named = slices.Compact(named)
	if len(named) == 0 {
		return nil
	}
	which := strings.Join(named, ", ")
	if q.Lang == "fr" {
		return guichet.Errorf(guichet.KindRefused, "%s : privé ; ce qui désigne une personne, une entreprise ou ses documents ne quitte jamais le nœud, et rien n'est compté selon cela", which).
			WithHint("interrogez selon un autre champ : %s", ds.Names())
	}
	return guichet.Errorf(guichet.KindRefused, "%s: private; what names a person, a firm or their papers never leaves the node, and nothing is counted by it", which).
		WithHint("ask by another field: %s", ds.Names())
}
