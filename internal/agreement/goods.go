package agreement

import (
	"slices"

	"guichet"
)

// sought is what is known of one expression that a question picks by, beside what
// a term grants.
type sought struct {
	read   bool   // some edition can read it
	all    bool   // it picks everything, which is as if nothing had been picked
	inside bool   // what it picks is granted, in every edition that can read it
	digits int    // how deep it picks; 0 where the paper itself names the expression
	tier   string // the highest tier among its goods; "" not known
}

// seek reads an expression of a question.
func (p *Paper) seek(term int, g *grant, expr string, q *guichet.Question) sought {
	k := memoKey{term, g.class.Name, expr, q.Edition, q.Conversion}
	if s, ok := p.memo.get(k); ok {
		return s
	}
	s := g.seek(expr, q)
	p.memo.put(k, s)
	return s
}

func (g *grant) seek(expr string, q *guichet.Question) sought {
	out := sought{inside: true}
	asked := editionsOf(g.class)
	if q.Edition != 0 {
		asked = []int{q.Edition}
	}
	for _, e := range asked {
		g.seekIn(&out, guichet.Resolution{Expr: expr, Asked: e, Present: e, Conversion: q.Conversion})
	}
	out.inside = out.inside && out.read
	if slices.Contains(g.exprs, expr) {
		out.digits = 0
	}
	out.tier = g.tier(expr, q.Edition)
	return out
}

// seekIn reads an expression in one edition. Codes of other editions enter an
// answer by families that lie wholly inside what was asked, so that nothing is
// outside the grant that was not before; a question that accepts UNSD's
// estimates (conversion "default") may bring other goods, and must be granted in
// every edition that it may touch.
func (g *grant) seekIn(out *sought, r guichet.Resolution) {
	s, err := g.class.Resolve(r)
	if err != nil {
		return // not a code of that edition
	}
	out.read = true
	out.all = out.all || everything(s)
	out.digits = max(out.digits, s.Digits)
	out.inside = out.inside && g.holds(s, r.Asked)
	if r.Conversion != "default" {
		return
	}
	for _, e := range editionsOf(g.class) {
		r.Present = e
		if s, err := g.class.Resolve(r); err == nil {
			out.inside = out.inside && g.holds(s, e)
		}
	}
}

// holds says whether a selection of an edition is granted.
func (g *grant) holds(s guichet.Selection, edition int) bool {
	set := g.byEdition[edition]
	return g.all || set != nil && set.hold(s) || s.National != "" && g.holdsNational(s)
}

// holdsNational says whether the common code at the beginning of a national one
// is granted, in every edition that has it: nobody says of which edition the
// national list is.
func (g *grant) holdsNational(s guichet.Selection) bool {
	digits := 0
	for _, l := range g.class.Levels {
		if l.Digits <= len(s.National) {
			digits = max(digits, l.Digits)
		}
	}
	found := false
	for e, set := range g.byEdition {
		common, err := g.class.Resolve(guichet.Resolution{Expr: s.National[:digits], Asked: e, Present: e})
		if err != nil {
			continue
		}
		if common.National != "" || !set.hold(common) {
			return false
		}
		found = true
	}
	return found
}

// tier returns the tier of an expression; "" where the classification tells none
// apart or does not know it.
func (g *grant) tier(expr string, edition int) string {
	if g.class.Tier == nil {
		return ""
	}
	return g.class.Tier(expr, edition)
}

// rank is a tier's place, from 0; a tier that is not known ranks above all.
func rank(c guichet.Classification, tier string) int {
	if i := slices.Index(c.Tiers, tier); i >= 0 {
		return i
	}
	return len(c.Tiers)
}
