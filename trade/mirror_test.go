package trade_test

import (
	"testing"

	"guichet"
	"guichet/trade"
)

func TestMirrorWordsInBothLanguages(t *testing.T) {
	var texts []guichet.Text
	for _, v := range append(trade.Valuations(), "?") {
		texts = append(texts, v.Text())
	}
	for _, r := range append(trade.Roles(), "?") {
		texts = append(texts, r.Text())
	}
	for _, s := range append(trade.Systems(), "?") {
		texts = append(texts, s.Text())
	}
	for _, x := range texts {
		if x.EN == "" || x.FR == "" || x.EN == x.FR {
			t.Errorf("a word is %q in English and %q in French", x.EN, x.FR)
		}
	}
}
