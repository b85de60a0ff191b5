package trade

import "guichet/hs"

// GoodsLabel returns our own short label of a code in everyday words, for every
// code that a group counts or names in that edition. For any other code it
// returns false: the nomenclature's own texts are not ours to copy.
func GoodsLabel(e hs.Edition, c hs.Code, lang string) (string, bool) {
	it, ok := catalogue().byCode[goods{e, c}]
	if !ok {
		return "", false
	}
	return it.Label.In(lang), true
}
