package trade

import (
	"cmp"
	"slices"
	"strings"

	"guichet/hs"
)

// tierNames are the tiers as agreements name them, the least careful first.
func tierNames() []string {
	return []string{string(TierLow), string(TierMedium), string(TierHigh), string(TierCritical)}
}

func heldEditions() []int {
	var out []int
	for _, e := range hs.Editions() {
		out = append(out, int(e))
	}
	return out
}

// tierOf is the highest tier of the goods that an expression picks, as Resolve
// reads it, in an edition or, for 0, in any. A group has its own tier; a code that
// of the groups that name it, counted or not, and low where none does: the
// groups are the list of what is sensitive. Everything, and codes under the
// national chapters, which hide what an office rolled up, are critical: nobody
// knows what is inside. "" is said of what cannot be read.
func tierOf(expr string, edition int) string {
	expr = strings.TrimSpace(expr)
	if isTotal(expr) {
		return string(TierCritical)
	}
	if strings.Contains(expr, "/") || GroupTier(expr) != "" {
		return string(GroupTier(expr))
	}
	_, digits, listed := strings.Cut(expr, ":")
	if !listed {
		digits = expr
	}
	tier := TierLow
	for part := range strings.SplitSeq(strings.ReplaceAll(digits, "+", ","), ",") {
		t := tierOfCode(strings.NewReplacer(".", "", " ", "").Replace(part), hs.Edition(edition))
		if t == "" {
			return ""
		}
		tier = higher(tier, t)
	}
	return string(tier)
}

// tierOfCode reads the first six digits of one code, or all of a shorter one.
func tierOfCode(digits string, edition hs.Edition) Tier {
	if len(digits) < 2 || strings.Trim(digits, "0123456789") != "" {
		return ""
	}
	if NationalChapter(hs.Code(digits).Chapter()) {
		return TierCritical
	}
	code, tier, c := digits[:min(len(digits), 6)], TierLow, catalogue()
	for _, e := range hs.Editions() {
		if edition != 0 && e != edition {
			continue
		}
		if it, ok := c.byCode[goods{e, hs.Code(code)}]; ok {
			tier = higher(tier, tierOfItem(it))
		}
		if it, ok := c.byCode[goods{e, hs.Code(code[:min(len(code), 4)])}]; ok { // a heading that is named as a whole
			tier = higher(tier, tierOfItem(it))
		}
	}
	if len(code) == 6 {
		return tier
	}
	for key, it := range c.byCode {
		if (edition == 0 || key.edition == edition) && strings.HasPrefix(string(key.code), code) {
			tier = higher(tier, tierOfItem(it))
		}
	}
	return tier
}

// tierOfItem is the highest tier of the leaves that an item stands in.
func tierOfItem(it Item) Tier {
	tier := GroupTier(it.Group)
	for _, leaf := range it.Also {
		tier = higher(tier, GroupTier(leaf))
	}
	return tier
}

func higher(a, b Tier) Tier {
	return slices.MaxFunc([]Tier{a, b}, func(x, y Tier) int { return cmp.Compare(x.Rank(), y.Rank()) })
}
