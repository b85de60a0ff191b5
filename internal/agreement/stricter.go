package agreement

import (
	"cmp"

	"guichet"
)

// Stricter returns rules under which no cell is shown that either would hide. Of
// two dominance rules it takes the larger n with the smaller k: (2,75) hides all
// that (1,75) or (2,85) hide, and the paper has place for one rule only. Zero is
// no rule.
func Stricter(a, b guichet.DisclosureRules) guichet.DisclosureRules {
	out := guichet.DisclosureRules{
		Threshold: max(a.Threshold, b.Threshold),
		Prior:     max(a.Prior, b.Prior),
		Top:       cmp.Or(a.Top, b.Top),
		Share:     cmp.Or(a.Share, b.Share),
	}
	if a.Top > 0 && b.Top > 0 {
		out.Top, out.Share = max(a.Top, b.Top), min(a.Share, b.Share)
	}
	return out
}
