package agreement

import (
	"slices"
	"strconv"
	"strings"

	"guichet"
)

// picks: what the question picks from classifications is inside what is granted.
// What it leaves open is narrowed to the granted expressions.
func (m *matter) picks() *refusal {
	m.exprs, m.open = map[string][]pick{}, map[string]bool{}
	for _, c := range m.f.Dataset.Classifications {
		g := m.p.terms[m.term][c.Name]
		if no := m.picksOf(g); no != nil {
			return no
		}
	}
	return nil
}

func (m *matter) picksOf(g *grant) *refusal {
	c := g.class
	if len(g.exprs) == 0 {
		return m.notPicked(g, "all")
	}
	var found []pick
	open := true
	for _, name := range []string{c.Name, c.Code, c.Common} {
		exprs := m.q.Where[name]
		if name == c.Name && m.all(g, exprs) {
			continue // "all" is what was left open
		}
		for _, expr := range exprs {
			s := m.p.seek(m.term, g, expr, m.q)
			if !s.inside {
				return m.notPicked(g, expr)
			}
			open = open && name != c.Name
			found = append(found, pick{expr, s})
		}
	}
	if open && !g.all {
		m.narrow(c.Name, g.exprs)
	}
	if len(found) == 0 {
		for _, expr := range g.exprs {
			found = append(found, pick{expr, m.p.seek(m.term, g, expr, &guichet.Question{})})
		}
		m.open[c.Name] = true
	}
	m.exprs[c.Name] = found
	return nil
}

// all says whether one of the expressions picks everything; then the others do
// not count.
func (m *matter) all(g *grant, exprs []string) bool {
	return slices.ContainsFunc(exprs, func(e string) bool { return m.p.seek(m.term, g, e, m.q).all })
}

func (m *matter) narrow(class string, exprs []string) {
	if m.cond.Picks == nil {
		m.cond.Picks = map[string][]string{}
	}
	m.cond.Picks[class] = exprs
}

func (m *matter) notPicked(g *grant, expr string) *refusal {
	return refuse(stagePicks, m.clause("picks."+g.class.Name), say("%s %q is not wholly inside what is given", "%s %q n'est pas entièrement compris dans ce qui est donné", g.class.Name, clip(expr)),
		say("given: %s", "donné : %s", strings.Join(g.exprs, ", ")))
}

// tiers: the sensitivity of what is asked. Of a question that was left open the
// granted expressions that are too sensitive are left out; one that names such
// goods is refused. The highest tier among the rest raises the rules.
func (m *matter) tiers() *refusal {
	m.worst = map[string]int{}
	for _, c := range m.f.Dataset.Classifications {
		kept, no := m.upTo(c)
		if no != nil {
			return no
		}
		for _, p := range kept {
			m.worst[c.Name] = max(m.worst[c.Name], rank(c, p.found.tier))
		}
		m.exprs[c.Name] = kept
	}
	m.raise(m.p.a.Tiers, "tiers")
	m.raise(m.f.Law.Bounds, "law.bounds")
	for _, r := range m.raised {
		if len(r.rule.Purposes) > 0 && !slices.Contains(r.rule.Purposes, m.purpose.Word) {
			return refuse(stageTiers, r.clause+".purposes", say("for goods of this sensitivity the purpose %q is not permitted", "pour des biens de cette sensibilité, la fin %q n'est pas admise", m.purpose.Word),
				say("purposes permitted for them: %s", "fins admises pour eux : %s", strings.Join(r.rule.Purposes, ", ")))
		}
	}
	return nil
}

// upTo keeps the picks of a classification that are not above the term's tier.
func (m *matter) upTo(c guichet.Classification) ([]pick, *refusal) {
	all := m.exprs[c.Name]
	if m.t.MaxTier == "" {
		return all, nil
	}
	most := slices.Index(c.Tiers, m.t.MaxTier)
	var kept []pick
	var exprs []string
	for _, p := range all {
		if rank(c, p.found.tier) <= most {
			kept, exprs = append(kept, p), append(exprs, p.expr)
		}
	}
	if len(kept) == len(all) {
		return kept, nil
	}
	if m.open[c.Name] && len(kept) > 0 {
		m.narrow(c.Name, exprs)
		return kept, nil
	}
	return nil, refuse(stageTiers, m.clause("max_tier"), say("some of what is asked is more sensitive than %s, or nobody knows how sensitive", "une partie de ce qui est demandé est plus sensible que %s, ou de sensibilité inconnue", m.t.MaxTier),
		say("ask for less sensitive goods, one group or code at a time", "demandez des biens moins sensibles, un groupe ou un code à la fois"))
}

// raise gathers the rules that hold for the tiers asked for.
func (m *matter) raise(rules []guichet.TierRule, path string) {
	for i := range rules {
		r := &rules[i]
		applies := r.Tier == "" || len(m.f.Dataset.Classifications) == 0
		for _, c := range m.f.Dataset.Classifications {
			applies = applies || m.worst[c.Name] >= lowest(c, r.Tier)
		}
		if applies {
			m.raised = append(m.raised, raise{r, path + "[" + strconv.Itoa(i) + "]"})
		}
	}
}

// lowest is the rank from which a rule of a tier holds; of a tier that the
// classification does not know, it always does.
func lowest(c guichet.Classification, tier string) int { return max(0, slices.Index(c.Tiers, tier)) }
