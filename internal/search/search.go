package search

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"guichet"
)

// Kind says what an entry is.
type Kind string

// The kinds of entries.
const (
	Group    Kind = "group"    // a product group: Code is its path
	HS       Kind = "hs"       // a code of the HS
	National Kind = "national" // a line of a national list
)

// Entry is one thing that can be found.
type Entry struct {
	Kind    Kind
	Code    string       // "630790", "covid19/protective/masks"
	Edition int          // of the HS; 0 for a group
	List    string       // the national list, "" for the HS and for groups
	Text    guichet.Text // its label
	Words   []string     // everyday words and phrases, any language
}

// Hit is an entry with why it was found.
type Hit struct {
	Entry
	By    string  // the label or the everyday phrase that matched best
	Score float64 // higher is nearer; only to be compared within one query
}

// Index is entries made ready to be searched. It is never changed.
type Index struct {
	entries []Entry
	phrases []phrase
	at      map[string][]int // stem -> phrases, ascending
	stems   []string         // sorted
}

// phrase is one wording of an entry.
type phrase struct {
	entry  int
	text   string
	stems  []string
	spoken bool // everyday words, not a label
}

// New makes an index. Entries keep their order where nothing else decides.
func New(entries []Entry) *Index {
	ix := &Index{entries: entries, at: map[string][]int{}}
	for i, e := range entries {
		ix.add(i, e.Text.EN, false)
		ix.add(i, e.Text.FR, false)
		for _, w := range e.Words {
			ix.add(i, w, true)
		}
	}
	for s := range ix.at {
		ix.stems = append(ix.stems, s)
	}
	slices.Sort(ix.stems)
	return ix
}

func (ix *Index) add(entry int, text string, spoken bool) {
	stems := stemsOf(text)
	if len(stems) == 0 {
		return
	}
	n := len(ix.phrases)
	ix.phrases = append(ix.phrases, phrase{entry, text, stems, spoken})
	for _, s := range stems {
		if at := ix.at[s]; len(at) == 0 || at[len(at)-1] != n {
			ix.at[s] = append(at, n)
		}
	}
}

// How a word of the query may match a word of a wording, and what that is
// worth. Chosen on the cases of the test corpus; only their order matters.
const (
	same     = 1.0
	begins   = 0.7 // "glov" of "glovebox"
	slip     = 0.5 // one letter wrong, missing or too many
	minBegin = 4   // letters from which a beginning counts
	minSlip  = 5   // letters from which a slip is forgiven
)

// maxWords is how many words of a query are looked at: nobody describes goods
// in more, and each costs a walk through the vocabulary.
const maxWords = 24

// What a hit must reach to be shown beside the best.
const shownShare = 0.4

// Find returns the entries nearest to a query, the nearest first, at most
// limit. A query of digits (dots and spaces among them do not matter) finds the
// codes that begin so. No word that means anything gives no hit.
func (ix *Index) Find(query string, limit int) []Hit {
	if digits := strings.NewReplacer(".", "", " ", "").Replace(query); digits != "" && strings.Trim(digits, "0123456789") == "" {
		return ix.byCode(digits, limit)
	}
	words := stemsOf(query)
	if len(words) == 0 {
		return nil
	}
	words = words[:min(len(words), maxWords)]
	best := map[int]Hit{}
	for n, got := range ix.matches(words) {
		p := ix.phrases[n]
		score := p.score(got, len(words)) * ix.entries[p.entry].weight()
		if h, ok := best[p.entry]; !ok || score > h.Score || score == h.Score && p.text < h.By {
			best[p.entry] = Hit{ix.entries[p.entry], p.text, score}
		}
	}
	return rank(best, limit)
}

// byCode finds codes by their beginning, the shortest first.
func (ix *Index) byCode(digits string, limit int) []Hit {
	var out []Hit
	for _, e := range ix.entries {
		if e.Kind != Group && strings.HasPrefix(e.Code, digits) {
			out = append(out, Hit{Entry: e, By: e.Code, Score: 1 / float64(1+len(e.Code)-len(digits))})
		}
	}
	slices.SortStableFunc(out, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(len(a.Code), len(b.Code)), cmp.Compare(a.Code, b.Code), cmp.Compare(b.Edition, a.Edition), cmp.Compare(a.List, b.List))
	})
	return out[:min(limit, len(out))]
}

// matched is what of a query a wording has.
type matched struct {
	worth float64 // over its words, rare words worth more
	most  float64 // what the whole query would be worth
	words int
}

// matches finds the wordings that have at least one word of the query.
func (ix *Index) matches(words []string) map[int]matched {
	out := map[int]matched{}
	most := 0.0
	for _, w := range words {
		rare, found := 0.0, map[int]float64{}
		for s, worth := range ix.near(w) {
			for _, n := range ix.at[s] {
				found[n] = max(found[n], worth)
			}
			if worth == same {
				rare = ix.rarity(len(ix.at[s]))
			}
		}
		if rare == 0 {
			rare = ix.rarity(len(found))
		}
		most += rare
		for n, worth := range found {
			m := out[n]
			m.worth += worth * rare
			m.words++
			out[n] = m
		}
	}
	for n, m := range out {
		m.most = most
		out[n] = m
	}
	return out
}

// rarity is the inverse document frequency of a word (Spärck Jones 1972), never
// below one: a word that all entries have still counts.
func (ix *Index) rarity(phrases int) float64 {
	return 1 + math.Log(float64(1+len(ix.phrases))/float64(1+phrases))
}

// near returns the stems that a word may mean, with what each is worth.
func (ix *Index) near(word string) map[string]float64 {
	out := map[string]float64{}
	if len(ix.at[word]) > 0 {
		out[word] = same
	}
	if len(word) >= minBegin {
		at, _ := slices.BinarySearch(ix.stems, word)
		for ; at < len(ix.stems) && strings.HasPrefix(ix.stems[at], word); at++ {
			out[ix.stems[at]] = max(out[ix.stems[at]], begins)
		}
	}
	if len(out) > 0 || len(word) < minSlip {
		return out
	}
	for _, s := range ix.stems {
		if oneSlip(word, s) {
			out[s] = slip
		}
	}
	return out
}

// score is the share of the query that a wording has, times the share of the
// wording that the query is: "mask" is nearer to "face mask" than to a label
// of ten words.
func (p phrase) score(m matched, asked int) float64 {
	share := m.worth / m.most
	all := float64(m.words) / float64(asked)
	whole := float64(m.words) / float64(len(p.stems))
	score := share * all * (1 + min(1, whole)/2)
	if p.spoken {
		score *= 1.1 // people's own word for it
	}
	return score
}

// weight prefers what can be asked with: a group or a code over a line of one
// country's list.
func (e Entry) weight() float64 {
	switch {
	case e.Kind == National:
		return 0.8
	case e.Kind == HS && len(e.Code) == 2:
		return 0.85
	}
	return 1
}

func rank(best map[int]Hit, limit int) []Hit {
	at := make([]int, 0, len(best))
	for i := range best {
		at = append(at, i)
	}
	slices.SortFunc(at, func(a, b int) int {
		return cmp.Or(cmp.Compare(best[b].Score, best[a].Score), cmp.Compare(a, b))
	})
	var out []Hit
	for _, i := range at {
		if len(out) == limit || best[i].Score < shownShare*best[at[0]].Score {
			break
		}
		out = append(out, best[i])
	}
	return out
}
