package agreement

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"guichet"
)

// matter is one request before one term of one paper.
type matter struct {
	f       *Facts
	r       *guichet.Request
	q       *guichet.Question
	p       *Paper
	purpose Purpose
	term    int
	t       *guichet.Term

	names        []string          // what the question picks by, sorted
	by, measures []string          // what is asked, filled in as the desk fills it in
	exprs        map[string][]pick // classification -> what the question picks by
	open         map[string]bool   // classification -> the question picks nothing
	worst        map[string]int    // classification -> the highest rank of tier asked for
	raised       []raise           // rules of tiers and of our law that apply
	cond         guichet.Conditions
}

// pick is one expression of a question with what was found of it.
type pick struct {
	expr  string
	found sought
}

// raise is a rule that makes stricter, and where it stands.
type raise struct {
	rule   *guichet.TierRule
	clause string
}

// clause is the path of a clause of the term.
func (m *matter) clause(path string) string { return fmt.Sprintf("terms[%d].%s", m.term, path) }

// judge looks at the clauses of a term in the fixed order.
func (m *matter) judge() *refusal {
	if no := m.parties(); no != nil {
		return no
	}
	m.fill()
	for _, look := range []func() *refusal{
		m.records, m.grains, m.regimes, m.figures, m.picks, m.tiers, m.fields, m.where, m.levels, m.periods, m.quota,
	} {
		if no := look(); no != nil {
			return no
		}
	}
	m.cond.Rules = m.t.Rules
	for _, r := range m.raised {
		m.cond.Rules = Stricter(m.cond.Rules, r.rule.Rules)
	}
	m.cond.Mirror = m.t.Mirror
	return nil
}

// parties: the term is about the dataset, we are to answer and the asker may ask.
func (m *matter) parties() *refusal {
	if m.t.Dataset != m.q.Dataset {
		return refuse(stageTerms, m.clause("dataset"), say("the agreement gives no dataset %q", "l'accord ne donne aucun jeu de données %q", clip(m.q.Dataset)),
			say("it gives %s", "il donne %s", m.t.Dataset))
	}
	if !m.named(m.t.From, m.f.Us) {
		who := cmp.Or(strings.Join(m.t.From, ", "), roleParty)
		return refuse(stageTerms, m.clause("from"), say("%s does not answer under this term", "%s ne répond pas au titre de cette clause", m.f.Us),
			say("ask %s", "interrogez %s", who))
	}
	if !m.named(m.t.To, m.r.From.Member) {
		return refuse(stageTerms, m.clause("to"), say("%s may not ask under this term", "%s ne peut pas interroger au titre de cette clause", m.r.From.Member),
			say("the term is for %s; observers, dialogue partners and guests read only what a term gives them by name", "la clause vaut pour %s ; observateurs, partenaires de dialogue et invités ne lisent que ce qu'une clause leur donne nommément", cmp.Or(strings.Join(m.t.To, ", "), "*")))
	}
	return nil
}

// named says whether a list has a member, by its code or by the word of its role;
// an empty one has every full party.
func (m *matter) named(list []string, member string) bool {
	role := m.role(member)
	if len(list) > 0 {
		return slices.Contains(list, member) || role != "" && slices.Contains(list, role)
	}
	return role == roleParty
}

// roleParty is the role of a full party: the first of Roles.
const roleParty = "party"

// Roles are the roles of parties, in the circle and in agreements, from the one that
// may most to the one that may least.
func Roles() []string { return []string{roleParty, "observer", "dialogue_partner", "guest"} }

// role is a party's role under the paper: what the paper says and no more than what
// the circle says, whichever is less. "" of who is no member.
func (m *matter) role(member string) string {
	i := slices.IndexFunc(m.f.Members, func(x guichet.Member) bool { return x.Code == member })
	if i < 0 {
		return ""
	}
	in := slices.Index(Roles(), m.p.a.Parties[party(&m.p.a, member)].Role)
	of := slices.Index(Roles(), m.f.Members[i].Role)
	if in < 0 || of < 0 {
		return ""
	}
	return Roles()[max(in, of)]
}

// fill fills in what the question leaves open, as the desk does.
func (m *matter) fill() {
	m.names = sortedKeys(m.q.Where)
	m.by, m.measures = m.q.By, m.q.Measures
	if len(m.by) == 0 {
		m.by = m.f.Dataset.By
	}
	if len(m.measures) == 0 {
		m.measures = []string{m.f.Dataset.Main}
	}
}

func (m *matter) records() *refusal {
	m.cond.Records = m.t.Records && m.r.Records
	if m.r.Records && !m.t.Records {
		return refuse(stageRecords, m.clause("records"), say("rows are not given as they are, only their sums", "les lignes ne sont pas données telles quelles, seulement leurs sommes"),
			say("ask for sums: leave out --records", "demandez des sommes : retirez --records"))
	}
	return nil
}

// grains: what may answer. Fields that rows of one grain alone have tell of it.
func (m *matter) grains() *refusal {
	m.cond.Grains = m.t.Grains
	asked := m.q.Where[guichet.FieldGrain]
	for _, g := range asked {
		if !slices.Contains(m.t.Grains, g) || !slices.Contains(m.f.Dataset.Grains, g) {
			return m.noGrain(g)
		}
	}
	if len(asked) > 0 {
		m.cond.Grains = asked
	}
	for _, name := range slices.Concat(m.by, m.measures, m.names) {
		f, ok := m.f.Dataset.Field(name)
		if ok && f.Grain != "" && !slices.Contains(m.cond.Grains, f.Grain) {
			return m.noGrain(f.Grain)
		}
	}
	if len(m.cond.Grains) == 0 {
		return refuse(stageGrains, m.clause("grains"), say("the term names no grain, and so gives no rows", "la clause ne nomme aucun grain, et ne donne donc aucune ligne"), guichet.Text{})
	}
	return nil
}

func (m *matter) noGrain(grain string) *refusal {
	return refuse(stageGrains, m.clause("grains"), say("rows of the grain %q are not given", "les lignes de grain %q ne sont pas données", clip(grain)),
		say("grains given: %s", "grains donnés : %s", strings.Join(m.t.Grains, ", ")))
}

// regimes: submissions that were collected for statistics serve nothing else.
func (m *matter) regimes() *refusal {
	m.cond.Regimes = regimesFor(m.purpose.Use)
	regimes := m.q.Where[fieldRegime]
	if _, told := m.f.Dataset.Field(fieldRegime); !told {
		regimes = []string{m.f.Dataset.Regime}
	}
	for _, r := range regimes {
		if !slices.Contains(m.cond.Regimes, r) {
			return refuse(stageRegimes, "purposes.permitted", say("data of the regime %q do not serve the purpose %q", "les données du régime %q ne servent pas la fin %q", clip(r), m.purpose.Word),
				say("name a statistical purpose, or ask for data of another regime: %s", "donnez une fin statistique, ou demandez des données d'un autre régime : %s", strings.Join(m.cond.Regimes, ", ")))
		}
	}
	return nil
}

// fieldRegime is the field of submissions that says under which legal regime their
// data were collected; a dataset without it has one regime, its own.
const fieldRegime = "regime"

// figures: a derived measure is one of its own and must be named.
func (m *matter) figures() *refusal {
	for _, name := range m.measures {
		f, field := m.f.Dataset.Field(name)
		_, derived := m.f.Dataset.DerivedBy(name)
		if slices.Contains(m.t.Measures, name) && (derived || field && f.Role == guichet.Measure) {
			continue
		}
		return refuse(stageMeasures, m.clause("measures"), say("the figure %q is not given", "le chiffre %q n'est pas donné", clip(name)),
			say("figures given: %s", "chiffres donnés : %s", strings.Join(m.t.Measures, ", ")))
	}
	return nil
}

// quota: the smallest of all that apply.
func (m *matter) quota() *refusal {
	quota, by := m.t.Quota, ""
	for _, r := range m.raised {
		if r.rule.Quota > 0 && r.rule.Quota < quota {
			quota, by = r.rule.Quota, r.clause+".quota_per_day"
		}
	}
	m.cond.Quota = quota
	if quota > 0 && m.f.Given != nil && m.f.Given(m.p.a.ID, m.r.From.Member) < quota {
		return nil
	}
	return refuse(stageQuota, cmp.Or(by, m.clause("quota_per_day")), say("the quota of %d answers a day is used up", "le quota de %d réponses par jour est épuisé", quota),
		say("ask tomorrow (UTC), or agree on a larger quota", "interrogez demain (UTC), ou convenez d'un quota plus élevé"))
}
