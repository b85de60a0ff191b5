package agreement

import (
	"slices"
	"strings"
	"time"

	"guichet"
)

// Facts is what a decision is made from, beside the request. The desk knows them.
type Facts struct {
	Now     time.Time // by our clock; the day is its UTC date
	Us      string    // our member code
	Circle  string    // the circle's name
	Members []guichet.Member
	Papers  []*Paper         // the circle's agreements; whether they are in force is judged here
	Dataset *guichet.Dataset // that the question names; nil where we have none of that name
	// Given returns how many answers a member was given today (UTC) under an
	// agreement. nil is not known, and refuses.
	Given   func(agreement, member string) int
	KeyFrom time.Time // since when the asker's seal key is in force; zero is not known
	Law     Law
}

// Law is what our own law says beside what was signed. It can only make stricter.
type Law struct {
	Forbidden []string           `json:"forbidden,omitempty"` // purposes that may not be answered
	Bounds    []guichet.TierRule `json:"bounds,omitempty"`    // as in agreements; tier "" is of all goods
}

// Clauses of refusals that stand in no paper.
const (
	ClauseNone    = "none"            // no agreement in which both stand
	ClauseCircle  = "circle.name"     // asked in another circle
	ClauseMembers = "circle.members"  // not, or no more, a member
	ClauseTo      = "request.to"      // put to somebody else
	ClauseDataset = "request.dataset" // no such dataset here
	ClausePrivate = "private"         // private fields leave for nobody
)

// Decide says whether a request is permitted, and how. All agreements of the circle
// in which both members stand are looked through: the one that the request names
// first, then by identifier, and of each its terms in order. The first that
// permits decides. Where none does, the refusal that came furthest along the fixed
// order of clauses is told.
//
// The member's own question needs no agreement. It is permitted, but for private
// fields.
func Decide(f Facts, r guichet.Request) guichet.Decision {
	if no := f.outside(r); no != nil {
		return no.decision(nil, r.Question.Lang)
	}
	if r.From.Member == f.Us {
		return guichet.Decision{Permitted: true, Conditions: guichet.Conditions{Records: true}}
	}
	var nearest *refusal
	var of *Paper
	for _, p := range f.inOrder(r) {
		d, no := f.under(p, &r)
		if no == nil {
			return d
		}
		if nearest == nil || no.at > nearest.at {
			nearest, of = no, p
		}
	}
	if nearest == nil && r.Agreement != "" {
		nearest = refuse(stageParties, ClauseNone,
			say("the circle %s has no agreement %q with both %s and %s as parties", "le cercle %s n'a pas d'accord « %s » réunissant %s et %s", f.Circle, clip(r.Agreement), clip(r.From.Member), f.Us),
			say("name none, or see: guichet agreement list", "n'en nommez aucun, ou voyez : guichet agreement list"))
	}
	if nearest == nil {
		nearest = refuse(stageParties, ClauseNone,
			say("no agreement of the circle %s has both %s and %s as parties", "aucun accord du cercle %s ne réunit %s et %s", f.Circle, clip(r.From.Member), f.Us),
			say("draft one: guichet agreement draft", "rédigez-en un : guichet agreement draft"))
	}
	return nearest.decision(of, r.Question.Lang)
}

// inOrder returns the papers of the circle in which both stand; where one is named,
// that one alone. A version is replaced by the next: nobody may ask under what was
// signed away.
func (f *Facts) inOrder(r guichet.Request) []*Paper {
	var out []*Paper
	for _, p := range f.Papers {
		later := func(o *Paper) bool { return o.a.Circle == f.Circle && o.a.ID == p.a.ID && o.a.Version > p.a.Version }
		meant := r.Agreement == "" || p.a.ID == r.Agreement
		if meant && p.a.Circle == f.Circle && party(&p.a, f.Us) >= 0 && party(&p.a, r.From.Member) >= 0 && !slices.ContainsFunc(f.Papers, later) {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b *Paper) int { return strings.Compare(a.a.ID, b.a.ID) })
	return out
}

// outside refuses what no agreement could permit.
func (f *Facts) outside(r guichet.Request) *refusal {
	if r.From.Circle != f.Circle {
		return refuse(0, ClauseCircle, say("%s asks in the circle %s; here answers the circle %s", "%s interroge dans le cercle %s ; ici répond le cercle %s", clip(r.From.Member), clip(r.From.Circle), f.Circle),
			say("ask in the circle %s", "interrogez dans le cercle %s", f.Circle))
	}
	if r.To != f.Us {
		return refuse(0, ClauseTo, say("this question is put to %s; here answers %s", "cette question est posée à %s ; ici répond %s", clip(r.To), f.Us),
			say("put it to %s", "posez-la à %s", f.Us))
	}
	if no := f.standing(r); no != nil {
		return no
	}
	if f.Dataset == nil || f.Dataset.Name != r.Question.Dataset {
		return refuse(0, ClauseDataset, say("%s holds no dataset %q", "%s ne détient aucun jeu de données %q", f.Us, clip(r.Question.Dataset)),
			say("ask for a dataset that an agreement names", "demandez un jeu de données qu'un accord désigne"))
	}
	if name := privateIn(f.Dataset, &r.Question); name != "" {
		return refuse(0, ClausePrivate, say("%q is private: what names a person, a firm or their papers leaves the node for nobody, and nothing is counted by it", "%q est privé : ce qui désigne une personne, une entreprise ou ses documents ne sort du nœud pour personne, et rien n'est compté selon cela", name),
			say("leave it out", "retirez-le"))
	}
	return nil
}

// standing refuses an asker who is no member of the circle.
func (f *Facts) standing(r guichet.Request) *refusal {
	i := slices.IndexFunc(f.Members, func(m guichet.Member) bool { return m.Code == r.From.Member })
	if i < 0 || f.Members[i].HasLeft(f.Now) {
		return refuse(0, ClauseMembers, say("%s is not a member of the circle %s today", "%s n'est pas membre du cercle %s aujourd'hui", clip(r.From.Member), f.Circle),
			say("join the circle first: guichet circle join", "adhérez d'abord au cercle : guichet circle join"))
	}
	return nil
}

// privateIn returns the first private field that a question names, "" none.
func privateIn(d *guichet.Dataset, q *guichet.Question) string {
	found := ""
	look := func(name string) {
		if f, ok := d.Field(name); ok && f.Role == guichet.Private && (found == "" || name < found) {
			found = name
		}
	}
	for _, name := range q.By {
		look(name)
	}
	for _, name := range q.Measures {
		look(name)
	}
	for name := range q.Where {
		look(name)
	}
	return found
}

// party is a member's place among the parties of a paper, -1 none.
func party(a *guichet.Agreement, member string) int {
	return slices.IndexFunc(a.Parties, func(p guichet.AgreementParty) bool { return p.Member == member })
}

// under decides under one paper: its general clauses, then its terms.
func (f *Facts) under(p *Paper, r *guichet.Request) (guichet.Decision, *refusal) {
	purpose, no := f.general(&p.a, r)
	if no != nil {
		return guichet.Decision{}, no
	}
	var nearest *refusal
	for i := range p.a.Terms {
		m := &matter{f: f, r: r, q: &r.Question, p: p, purpose: purpose, term: i, t: &p.a.Terms[i]}
		no := m.judge()
		if no == nil {
			return m.permit(), nil
		}
		if nearest == nil || no.at > nearest.at {
			nearest = no
		}
	}
	if nearest == nil {
		nearest = refuse(stageAutomated, "terms", say("the agreement gives nobody a right to ask", "l'accord ne donne à personne le droit d'interroger"), guichet.Text{})
	}
	return guichet.Decision{}, nearest
}

// permit writes the decision of a matter that nothing refused.
func (m *matter) permit() guichet.Decision {
	lang := "en"
	if m.q.Lang == "fr" {
		lang = "fr"
	}
	return guichet.Decision{
		Permitted: true, Agreement: m.p.a.ID, Version: m.p.a.Version, Digest: m.p.digest,
		Conditions: m.cond, Notices: m.p.notices[lang][m.term],
	}
}
