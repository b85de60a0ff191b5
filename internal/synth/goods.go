package synth

import (
	"cmp"
	"slices"

	"guichet"
	"guichet/hs"
	"guichet/trade"
)

// good is one subheading of the COVID-19 list, HS2017, with what it is called
// in the other editions.
type good struct {
	hs6     hs.Code                 // of HS2017
	codes   [4]hs.Code              // by edition, as hs.Editions orders them
	cents   int64                   // US cents a kilogram
	grams   int64                   // a piece, or a pair
	neighbs []int                   // goods with which it is confused
	weights [members][members]int64 // by exporter and importer: what is traded
}

// readGoods takes the list's 72 subheadings from package trade, in the order of
// their codes, with prices and weights from the published figures.
func readGoods(f figures) ([]good, error) {
	var out []good
	for _, g := range trade.Groups() {
		for _, it := range g.Items {
			if len(g.Children) > 0 || it.Edition != hs.HS2017 || it.Partial || len(it.Code) != 6 {
				continue
			}
			out = append(out, good{hs6: it.Code})
		}
	}
	slices.SortFunc(out, func(a, b good) int { return cmp.Compare(a.hs6, b.hs6) })
	out = slices.CompactFunc(out, func(a, b good) bool { return a.hs6 == b.hs6 })
	for i := range out {
		g := &out[i]
		for e, edition := range hs.Editions() {
			g.codes[e] = codeIn(g.hs6, edition)
			if !hs.Known(edition, g.codes[e]) {
				return nil, guichet.Errorf(guichet.KindInternal, "%s has no code in %s", g.hs6, edition)
			}
		}
		g.cents, g.grams = priceOf(f, g.hs6), gramsOf(g.hs6)
		g.neighbs = neighbours(out, i)
	}
	return out, weigh(out, f)
}

// codeIn returns the one code of an edition under which a good of the list is
// made. Where goods of one code went to several, one is chosen: an assumption,
// the code that takes most of the goods meant by the list.
func codeIn(code hs.Code, e hs.Edition) hs.Code {
	if e == hs.HS2022 {
		switch code {
		case "382200":
			return "382219"
		case "902780":
			return "902789"
		case "401511":
			return "401512"
		}
	}
	if hs.Known(e, code) {
		return code
	}
	if to := hs.Correspond(hs.HS2017, code, e).To; len(to) > 0 {
		return to[len(to)-1]
	}
	return ""
}

// priceOf returns cents a kilogram: as exported by Indonesia where BPS has the
// good, else an assumption.
func priceOf(f figures, code hs.Code) int64 {
	if p := f.prices[string(code)]; p > 0 {
		return p
	}
	switch code { // assumptions: no figure at hand has a mass
	case "300215":
		return 250_000
	case "392620":
		return 700
	case "481850":
		return 600
	case "871310", "871390":
		return 1_800
	}
	return 2_000
}

// gramsOf returns the mass of a piece or a pair: assumptions, to one figure,
// of goods that some list counts.
func gramsOf(code hs.Code) int64 {
	switch code {
	case "401511", "401519", "392620":
		return 14
	case "611610", "621600":
		return 60
	case "630790":
		return 12
	case "621010", "621040", "621050", "621142", "481850", "401590":
		return 250
	case "650500":
		return 20
	case "901831", "901832", "901839":
		return 8
	case "900490":
		return 60
	case "902519":
		return 90
	case "853949", "853950":
		return 70
	case "841920", "940290", "871310", "871390":
		return 25_000
	case "902212", "870590":
		return 1_500_000
	case "901812", "901920", "731100", "761300":
		return 12_000
	}
	return 1_500
}

// neighbours are the goods of the list that a good is confused with: made-up
// textile articles, plastic articles and paper articles for masks and shields,
// else the next of its chapter; none where it is alone in its chapter.
func neighbours(all []good, i int) []int {
	at := func(code hs.Code) int { return slices.IndexFunc(all, func(g good) bool { return g.hs6 == code }) }
	switch all[i].hs6 {
	case "630790":
		return []int{at("392690"), at("481890")}
	case "392690", "481890":
		return []int{at("630790")}
	case "401511":
		return []int{at("401519")}
	}
	for step := 1; step < len(all); step++ {
		if n := (i + step) % len(all); all[n].hs6.Chapter() == all[i].hs6.Chapter() {
			return []int{n}
		}
	}
	return nil
}
