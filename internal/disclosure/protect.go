package disclosure

import (
	"fmt"
	"math/big"
	"slices"

	"guichet"
)

// Cell is a figure with those who contribute to it.
type Cell struct {
	Contributors int             // groups of enterprises with a contribution; below zero: not known
	Total        guichet.Decimal // the figure as it would be shown: the sum of the contributions
	// Gross is the sum of the contributions without their signs. Zero where none
	// is negative: then it is the total.
	Gross guichet.Decimal
	// Largest are the largest contributions, signs aside: as many as Needed
	// says, or all there are.
	Largest []guichet.Decimal
	Groups  []string // sums of which the figure is a part, and that are shown or public
	TotalOf []string // sums that the figure is
}

// The names of rules, as verdicts have them. They are never renamed.
const (
	RuleThreshold = "threshold" // too few contributors
	RuleDominance = "dominance" // the n largest carry more than k per cent
	RulePrior     = "prior"     // the second could compute the largest within p per cent
	RuleDoubt     = "doubt"     // not enough is known about the contributors
)

// Verdict says of a cell whether it is hidden, by which rule, and why.
type Verdict struct {
	Hidden bool         `json:"hidden"`
	Rule   string       `json:"rule,omitempty"`
	Text   guichet.Text `json:"text,omitzero"`
}

// Exposed names a hidden cell that follows from what is shown.
type Exposed struct {
	Group string       `json:"group"`
	Cell  int          `json:"cell"` // its place among the cells
	Text  guichet.Text `json:"text"`
}

// Protection is what is to be done with an answer's cells.
type Protection struct {
	Verdicts []Verdict `json:"verdicts"` // one per cell, in their order
	Exposed  []Exposed `json:"exposed,omitempty"`
}

// Needed is how many of the largest contributions Protect looks at.
func Needed(r guichet.DisclosureRules) int {
	n := max(0, r.Top)
	if r.Prior > 0 {
		n = max(n, 2)
	}
	return n
}

// Protect judges cells by rules; the first of threshold, dominance and p % that
// is broken is told. Shares are of the contributions without their signs, as
// Statistics Norway's GaussSuppression counts them: a repayment of a million tells
// of a trader as a payment does. Contributions are compared exactly, never
// rounded. A cell without contributors is a zero of which nobody can be recognised.
func Protect(r guichet.DisclosureRules, cells []Cell) Protection {
	out := Protection{Verdicts: make([]Verdict, len(cells))}
	for i, c := range cells {
		out.Verdicts[i] = judge(r, c)
	}
	out.Exposed = exposed(cells, out.Verdicts)
	return out
}

func judge(r guichet.DisclosureRules, c Cell) Verdict {
	if r == (guichet.DisclosureRules{}) {
		return Verdict{}
	}
	if c.Contributors == 0 && len(c.Largest) == 0 && c.Total.Sign() == 0 && c.Gross.Sign() == 0 {
		return Verdict{}
	}
	gross, sizes := sizesOf(c)
	if !enough(r, c, gross, sizes) {
		return hide(RuleDoubt, "not enough is known about who contributes", "on n'en sait pas assez sur les participants")
	}
	switch {
	case c.Contributors < r.Threshold:
		return hide(RuleThreshold, "fewer than %d contributors", "moins de %d participants", r.Threshold)
	case r.Top > 0 && dominated(r, gross, sizes):
		return hide(RuleDominance, "the %d largest carry more than %d %% of it", "les %d plus grands en portent plus de %d %%", r.Top, r.Share)
	case r.Prior > 0 && estimable(r, gross, sizes):
		return hide(RulePrior, "the second largest could compute the largest within %d %%", "le deuxième pourrait calculer le premier à %d %% près", r.Prior)
	}
	return Verdict{}
}

func hide(rule, en, fr string, args ...any) Verdict {
	return Verdict{true, rule, guichet.Text{EN: fmt.Sprintf(en, args...), FR: fmt.Sprintf(fr, args...)}}
}

// sizesOf returns the sum of the contributions without signs, and the largest of
// them, the largest first.
func sizesOf(c Cell) (gross guichet.Decimal, sizes []guichet.Decimal) {
	for _, x := range c.Largest {
		sizes = append(sizes, x.Abs())
	}
	slices.SortFunc(sizes, func(a, b guichet.Decimal) int { return b.Cmp(a) })
	gross = c.Gross
	if gross.Sign() == 0 {
		gross = c.Total
	}
	return gross, sizes
}

// enough says whether what was told of a cell can be judged: as many contributions
// as the rules look at, and none larger than all together.
func enough(r guichet.DisclosureRules, c Cell, gross guichet.Decimal, sizes []guichet.Decimal) bool {
	negative := slices.ContainsFunc(c.Largest, func(x guichet.Decimal) bool { return x.Sign() < 0 })
	switch {
	case c.Contributors <= 0 || len(sizes) > c.Contributors || len(sizes) < min(Needed(r), c.Contributors):
		return false
	case r.Threshold < 0 || r.Top < 0 || r.Prior < 0 || r.Share < 0:
		return false
	case gross.Sign() < 0 || negative && c.Gross.Sign() == 0:
		return false
	}
	return sum(sizes).Cmp(gross) <= 0
}

func sum(xs []guichet.Decimal) guichet.Decimal {
	var s guichet.Decimal
	for _, x := range xs {
		s = s.Add(x)
	}
	return s
}

// dominated: x1 + ... + xn > k % of T.
func dominated(r guichet.DisclosureRules, gross guichet.Decimal, sizes []guichet.Decimal) bool {
	top := sum(sizes[:min(r.Top, len(sizes))])
	return times(top, 100).Cmp(times(gross, r.Share)) > 0
}

// estimable: T - x1 - x2 < p % of x1.
func estimable(r guichet.DisclosureRules, gross guichet.Decimal, sizes []guichet.Decimal) bool {
	left := gross.Sub(sum(sizes[:min(2, len(sizes))]))
	return times(left, 100).Cmp(times(sizes[0], r.Prior)) < 0
}

func times(d guichet.Decimal, n int) *big.Rat {
	return new(big.Rat).Mul(d.Rat(), new(big.Rat).SetInt64(int64(n)))
}

// exposed finds the sums of which exactly one figure is hidden, the total among
// them: it is what the others leave. A total that is not among the cells is taken
// for shown.
func exposed(cells []Cell, verdicts []Verdict) []Exposed {
	var order []string
	hidden := map[string][]int{}
	for i, c := range cells {
		for _, g := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(c.Groups, c.TotalOf)))) {
			if _, seen := hidden[g]; !seen {
				order, hidden[g] = append(order, g), nil
			}
			if verdicts[i].Hidden {
				hidden[g] = append(hidden[g], i)
			}
		}
	}
	var out []Exposed
	for _, g := range order {
		if len(hidden[g]) == 1 {
			out = append(out, Exposed{g, hidden[g][0], guichet.Text{
				EN: fmt.Sprintf("one figure of %s is hidden, and follows from the others: hide the total or another part as well", g),
				FR: fmt.Sprintf("un seul chiffre de %s est caché, et se déduit des autres : cachez aussi le total ou une autre partie", g),
			}})
		}
	}
	return out
}
