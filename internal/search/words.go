package search

import (
	_ "embed" // for words.txt
	"slices"
	"strings"

	"guichet"
	"guichet/hs"
	"guichet/trade"
)

//go:embed words.txt
var wordText string

// Own returns the entries that need no official list: product groups, the goods
// of groups by our own labels, every chapter and heading, each in the newest
// edition that has it, and codes that everyday words of ours lead to.
func Own() []Entry {
	spoken := everyday()
	out := groups(spoken)
	done := map[string]bool{}
	add := func(e hs.Edition, c hs.Code) {
		if done[string(c)] {
			return
		}
		done[string(c)] = true
		out = append(out, Entry{
			Kind: HS, Code: string(c), Edition: int(e), Words: spoken[string(c)],
			Text: guichet.Text{EN: trade.ProductLabel(int(e), string(c), "en"), FR: trade.ProductLabel(int(e), string(c), "fr")},
		})
	}
	editions := hs.Editions()
	slices.Reverse(editions)
	for _, e := range editions {
		for _, digits := range []int{2, 4, 6} {
			for _, c := range hs.Codes(e, digits) {
				_, ours := trade.GoodsLabel(e, c, "en")
				if digits < 6 || ours || len(spoken[string(c)]) > 0 {
					add(e, c)
				}
			}
		}
	}
	return out
}

func groups(spoken map[string][]string) []Entry {
	var out []Entry
	for _, g := range trade.Groups() {
		out = append(out, Entry{Kind: Group, Code: g.Path, Text: g.Name, Words: spoken[g.Path]})
	}
	return out
}

// everyday reads the words of people, by code or group.
func everyday() map[string][]string {
	out := map[string][]string{}
	for line := range strings.Lines(wordText) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, phrases := range f[1:] {
			for p := range strings.SplitSeq(phrases, ";") {
				if p = strings.TrimSpace(p); !slices.Contains(out[f[0]], p) {
					out[f[0]] = append(out[f[0]], p)
				}
			}
		}
	}
	return out
}
