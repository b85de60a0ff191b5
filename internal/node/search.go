package node

import (
	"cmp"
	"maps"
	"slices"

	"guichet"
	"guichet/internal/search"
	"guichet/internal/store"
)

// SearchHit is a code or a product group found by words.
type SearchHit struct {
	Kind    string       `json:"kind"` // "group", "hs", "national"
	Code    string       `json:"code"` // "630790", or a group's path
	Edition int          `json:"edition,omitempty"`
	List    string       `json:"list,omitempty"` // of a national line
	Label   guichet.Text `json:"label"`
	Matched string       `json:"matched"` // the wording that was matched
	Score   float64      `json:"score"`   // to compare within one answer
}

// SearchOwn finds codes by everyday words of ours, in English and French, the
// nearest first: what a window without a home can say.
func SearchOwn(query string, limit int) []SearchHit {
	return hits(search.New(search.Own()), query, limit)
}

// Search finds codes by everyday words of ours and by the official labels that
// were brought into the home: of the HS, and of national lists. The nearest
// come first, at most limit.
func (n *Node) Search(query string, limit int) ([]SearchHit, error) {
	find, err := n.searcher()
	if err != nil {
		return nil, err
	}
	return find(query, limit), nil
}

// searcher makes the index of a search, for whoever searches often.
func (n *Node) searcher() (func(query string, limit int) []SearchHit, error) {
	entries, err := n.withOfficial(search.Own())
	if err != nil {
		return nil, err
	}
	ix := search.New(entries)
	return func(query string, limit int) []SearchHit { return hits(ix, query, limit) }, nil
}

// withOfficial adds official labels to entries: to the entry of the same code
// as further words, else as entries of their own.
func (n *Node) withOfficial(entries []search.Entry) ([]search.Entry, error) {
	at := map[string]int{}
	for i, e := range entries {
		at[e.Code] = i
	}
	type line struct {
		list, code string
		edition    int
	}
	lines := map[line]guichet.Text{}
	err := n.store.HeldLabels(func(k store.LabelKey, labels map[string]string) {
		for code, label := range labels {
			l := line{k.List, code, k.Edition}
			t := lines[l]
			if k.Lang == "fr" {
				t.FR = label
			} else {
				t.EN = label
			}
			lines[l] = t
		}
	})
	if err != nil {
		return nil, err
	}
	order := slices.SortedFunc(maps.Keys(lines), func(a, b line) int {
		return cmp.Or(cmp.Compare(a.list, b.list), cmp.Compare(b.edition, a.edition), cmp.Compare(a.code, b.code))
	})
	for _, l := range order {
		t := lines[l]
		i, ours := at[l.code]
		switch {
		case l.list != "":
			entries = append(entries, search.Entry{Kind: search.National, Code: l.code, Edition: l.edition, List: l.list, Text: t})
		case ours:
			for _, w := range []string{t.EN, t.FR} {
				if w != "" {
					entries[i].Words = append(entries[i].Words, w)
				}
			}
		default:
			at[l.code] = len(entries)
			entries = append(entries, search.Entry{Kind: search.HS, Code: l.code, Edition: l.edition, Text: t})
		}
	}
	return entries, nil
}

func hits(ix *search.Index, query string, limit int) []SearchHit {
	out := []SearchHit{}
	for _, h := range ix.Find(query, limit) {
		out = append(out, SearchHit{string(h.Kind), h.Code, h.Edition, h.List, h.Text, h.By, h.Score})
	}
	return out
}
