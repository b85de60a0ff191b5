package agreement

import (
	"slices"

	"guichet"
)

// CopyGrant is what a term gives a member that keeps copies.
type CopyGrant struct {
	Decision   guichet.Decision
	Question   guichet.Question // the finest for rows as they are that the term permits
	Clause     string           // the path of the term: "terms[0]"
	MaxAgeDays int              // 0 no bound
	Onward     string           // "none", "parties", "public"
	Parties    []string         // of the agreement, as their codes
}

// Copying says whether a member may keep copies of what another holds in a
// dataset, and of what. There is no second law for copies: of each term that
// permits them the finest question for rows as they are is made, and judged like
// any question. What no question could get is in no copy.
//
// Where tiers or our law forbid the finest level of a classification, the next
// coarser is tried, down to its total.
func Copying(f Facts, r guichet.Request) CopyGrant {
	r.Records = true
	r.Question = guichet.Question{Dataset: r.Question.Dataset, Lang: r.Question.Lang}
	if no := f.outside(r); no != nil {
		return CopyGrant{Decision: no.decision(nil, r.Question.Lang)}
	}
	nearest := refuse(stageParties, ClauseNone,
		say("no agreement of the circle %s has both %s and %s as parties", "aucun accord du cercle %s ne réunit %s et %s", f.Circle, clip(r.From.Member), f.Us),
		say("draft one: guichet agreement draft", "rédigez-en un : guichet agreement draft"))
	var of *Paper
	for _, p := range f.inOrder(r) {
		purpose, no := f.general(&p.a, &r)
		for i := 0; no == nil && i < len(p.a.Terms); i++ {
			g, why := f.copyUnder(p, i, &r, purpose)
			if why == nil {
				return g
			}
			if of == nil || why.at >= nearest.at {
				nearest, of = why, p
			}
		}
		if no != nil && (of == nil || no.at >= nearest.at) {
			nearest, of = no, p
		}
	}
	return CopyGrant{Decision: nearest.decision(of, r.Question.Lang)}
}

// copyUnder judges copies under one term.
func (f *Facts) copyUnder(p *Paper, term int, r *guichet.Request, purpose Purpose) (CopyGrant, *refusal) {
	t := &p.a.Terms[term]
	at := &matter{f: f, r: r, q: &r.Question, p: p, purpose: purpose, term: term, t: t}
	if no := at.parties(); no != nil {
		return CopyGrant{}, no
	}
	if !t.Copies.Permitted {
		return CopyGrant{}, refuse(stageRecords, at.clause("copies.permitted"), say("no copy may be kept of what this term gives", "aucune copie ne peut être conservée de ce que donne cette clause"),
			say("ask for answers, or agree on copies: terms[].copies", "demandez des réponses, ou convenez de copies : terms[].copies"))
	}
	var first *refusal
	for coarser := 0; ; coarser++ {
		q, more := at.finestQuestion(coarser)
		asked := *r
		asked.Question = q
		m := &matter{f: f, r: &asked, q: &asked.Question, p: p, purpose: purpose, term: term, t: t}
		no := m.judge()
		if no == nil {
			g := CopyGrant{Decision: m.permit(), Question: q, Clause: at.clause(""), MaxAgeDays: t.Copies.MaxAgeDays, Onward: t.Onward}
			g.Clause = g.Clause[:len(g.Clause)-1]
			for _, x := range p.a.Parties {
				g.Parties = append(g.Parties, x.Member)
			}
			return g, nil
		}
		if first == nil {
			first = no
		}
		if !more {
			return CopyGrant{}, first
		}
	}
}

// finestQuestion is the finest question of a term, some levels of its
// classifications coarser; more says whether it can be coarser still.
func (m *matter) finestQuestion(coarser int) (q guichet.Question, more bool) {
	d := m.f.Dataset
	q = guichet.Question{Dataset: d.Name, Lang: m.q.Lang, By: []string{guichet.FieldReporter}}
	for _, c := range d.Classifications {
		names := classLevels(c)
		at, _ := m.finest(c.Name, names)
		at = max(0, at-coarser)
		more = more || at > 0
		if at > 0 && m.mayTell(names[at]) {
			q.By = append(q.By, names[at])
		}
	}
	for _, f := range d.Fields {
		if f.Role != guichet.Dimension || f.Place != guichet.InRow || f.Name == guichet.FieldReporter || f.Grain != "" || m.ofClass(f.Name) || !m.mayTell(f.Name) {
			continue
		}
		names := Levels(d, f.Name)
		if at, _ := m.finest(f.Name, names); f.Name == guichet.FieldPeriod || at == len(names)-1 {
			q.By = append(q.By, f.Name)
		}
	}
	for _, name := range m.t.Measures {
		if f, ok := d.Field(name); ok && f.Role == guichet.Measure && f.Place == guichet.InRow {
			q.Measures = append(q.Measures, name)
		}
	}
	return q, more
}

// ofClass says whether a field holds the codes of a classification.
func (m *matter) ofClass(name string) bool {
	return slices.ContainsFunc(m.f.Dataset.Classifications, func(c guichet.Classification) bool { return name == c.Code || name == c.Common })
}
