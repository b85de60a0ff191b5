package node

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"

	"guichet"
	"guichet/hs"
	"guichet/internal/ingest"
	"guichet/internal/store"
	"guichet/trade"
)

// ImportLabels brings an official label list into the home and returns how many
// labels of it are held, all its languages together. It takes the place of what
// was held for the same edition, or national list, and language. The list is
// read whole before anything is kept; of a list in several languages each is
// kept in a step of its own, and the same file imported again completes what a
// full disk cut short.
//
// Errors are *guichet.Error with the file's fault in words, see
// ingest.ParseLabels.
func (n *Node) ImportLabels(ctx context.Context, file string) (int, error) {
	list, err := readLabels(file)
	if err != nil {
		return 0, err
	}
	held := 0
	for _, lang := range slices.Sorted(maps.Keys(list.Langs)) {
		k := store.LabelKey{Edition: list.Edition, List: list.List, Lang: lang}
		if err := n.store.PutLabels(ctx, k, list.Source, list.Digest, list.Langs[lang]); err != nil {
			return 0, err
		}
		held += len(list.Langs[lang])
	}
	return held, nil
}

func readLabels(file string) (ingest.LabelList, error) {
	st, err := os.Stat(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return ingest.LabelList{}, guichet.Errorf(guichet.KindNotFound, "there is no file %s", file)
	case err == nil && !st.Mode().IsRegular():
		return ingest.LabelList{}, guichet.Errorf(guichet.KindInvalid, "%s is no regular file", file).WithHint("name the file of the list: guichet codes import hs_h6.csv")
	}
	f, err := os.Open(file) //nolint:gosec // the file that the operator names
	if err != nil {
		return ingest.LabelList{}, guichet.Errorf(guichet.KindInvalid, "%s cannot be read: %w", file, err).WithHint("look at its permissions")
	}
	defer func() { _ = f.Close() }()
	return ingest.ParseLabels(file, f)
}

// Label names a code of the HS for people: by the official label that was
// imported for its edition and the language; else by that of another edition,
// the newest first, in which the same number is the same goods by UNSD's
// tables, one to one (there is no French list before HS2022); else by our own
// words (trade.ProductLabel). A language that is neither French nor English
// falls back on English. It is "" for a code outside the nomenclature.
func (n *Node) Label(edition int, code, lang string) string {
	lang, _, _ = strings.Cut(strings.ToLower(lang), "-")
	for _, l := range wordings(lang) {
		if text, ok := n.official(hs.Edition(edition), hs.Code(code), l); ok {
			return text
		}
	}
	return trade.ProductLabel(edition, code, lang)
}

func wordings(lang string) []string {
	if lang == "en" || lang == "fr" {
		return []string{lang}
	}
	return []string{lang, "en"}
}

func (n *Node) official(e hs.Edition, c hs.Code, lang string) (string, bool) {
	if text, ok := n.store.Label(int(e), string(c), lang); ok {
		return text, true
	}
	editions := hs.Editions()
	slices.Reverse(editions)
	for _, other := range editions {
		if other == e {
			continue
		}
		if text, ok := n.store.Label(int(other), string(c), lang); ok && sameGoods(e, c, other) {
			return text, true
		}
	}
	return "", false
}

// sameGoods says whether a subheading of one edition is the same number and the
// same goods in another. The tables know six digits only.
func sameGoods(e hs.Edition, c hs.Code, other hs.Edition) bool {
	r := hs.Relations(e, c, other)
	return len(r) == 1 && r[0].Kind == hs.OneToOne && r[0].To == c && !r[0].Partial
}

// ListLabel names a code of a national list as the list does that was imported
// for it, and the edition of the HS that it refines; ok is false when none was
// or it does not have the code.
func (n *Node) ListLabel(edition int, list, code, lang string) (text string, ok bool) {
	return n.store.ListLabel(store.LabelKey{Edition: edition, List: list, Lang: lang}, code)
}

// LabelOf names a code in our own words, for whoever has no home at hand.
func LabelOf(edition int, code, lang string) string { return trade.ProductLabel(edition, code, lang) }
