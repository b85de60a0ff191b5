package ingest

import (
	"maps"
	"slices"
	"strings"
)

// auto is the value of the parameter subtotals that asks for a look at the file.
const auto = "auto"

// maxCodes bounds the distinct codes that are remembered to find subtotals. No
// nomenclature has so many; a file beyond it is taken to hold subtotals.
const maxCodes = 1 << 20

// autoSubtotals returns the key whose subtotals are found in the file.
func (p *Profile) autoSubtotals() (Key, bool) {
	for _, name := range slices.Sorted(maps.Keys(p.Keys)) {
		if k := p.Keys[name]; k.Params["subtotals"] == auto && len(k.Columns) > 0 {
			return k, true
		}
	}
	return Key{}, false
}

// nested says whether some code stands for others of the same file: it is the
// beginning of another, or means all products while others are there. Only then
// are rows of fewer digits subtotals; a file of headings alone has none.
func nested(codes map[string]bool, total []string) bool {
	if len(codes) >= maxCodes {
		return true
	}
	for _, t := range total {
		if t != "" && codes[t] && len(codes) > 1 {
			return true
		}
	}
	for c := range codes {
		for n := 1; n < len(c); n++ {
			if codes[c[:n]] {
				return true
			}
		}
	}
	return false
}

func (n *normaliser) nested() bool {
	k, ok := n.p.autoSubtotals()
	return ok && nested(n.codes, strings.Split(k.Params["total"], "|"))
}
