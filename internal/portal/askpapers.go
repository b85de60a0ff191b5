package portal

import (
	"slices"
	"strings"
	"time"

	"guichet"
)

// useGroup are the purposes of one use.
type useGroup struct {
	Use      string
	Purposes []purposeChoice
}

// purposeChoice is a purpose, and the agreements of the circle under which we may ask for
// it today. It says what papers say before anybody is asked: goods of a higher tier, the
// law of who answers, quotas and the like are not looked at. The member who is asked
// decides.
type purposeChoice struct {
	choice

	Papers []paperLink
	None   bool // no agreement permits it, where others are permitted
}

// paperLink leads to an agreement.
type paperLink struct {
	ID, To string
	Only   string // who answers and which office of ours asks, where it is not everybody
}

// opened is an agreement under which we may ask today, and who answers.
type opened struct {
	guichet.Agreement

	from []string
}

// useStatistical is the use for which alone a statistical office asks.
const useStatistical = "statistical"

// purposesOf are the purposes that may be chosen, by use; bare says that no agreement
// permits any of them.
func (p *Portal) purposesOf(v *visit, c guichet.Circle, f askForm) (uses []useGroup, bare bool) {
	bare = true
	var papers []opened
	for _, a := range c.Agreements {
		if from := p.answering(a, c, f.ds.Name); len(from) > 0 {
			papers = append(papers, opened{a, from})
		}
	}
	for _, x := range p.cfg.Purposes {
		i := slices.IndexFunc(uses, func(u useGroup) bool { return u.Use == x.Use })
		if i < 0 {
			i = len(uses)
			uses = append(uses, useGroup{Use: x.Use})
		}
		one := purposeChoice{choice: choice{Value: x.Word, Text: x.Text.In(v.lang), Chosen: f.Purpose == x.Word}}
		for _, a := range papers {
			if link, ok := p.permits(v, a, c, x); ok {
				one.Papers, bare = append(one.Papers, link), false
			}
		}
		one.None = len(one.Papers) == 0
		uses[i].Purposes = append(uses[i].Purposes, one)
	}
	return uses, bare
}

// answering are the members of a circle that we may ask for a dataset under an agreement
// today.
func (p *Portal) answering(a guichet.Agreement, c guichet.Circle, dataset string) []string {
	us, now := p.cfg.Member, p.cfg.Clock()
	state, _ := stateOf(a, now)
	if state != "inforce" && state != "suspended" || stopped(a, us, now) || partyOf(a, us) < 0 {
		return nil
	}
	return slices.DeleteFunc(p.present(c), func(code string) bool {
		return code == us || partyOf(a, code) < 0 || !slices.ContainsFunc(a.Terms, func(t guichet.Term) bool {
			return t.Dataset == dataset && inTerm(t.To, a, c, us) && inTerm(t.From, a, c, code)
		})
	})
}

// stopped says whether all parties have suspended what a member may ask.
func stopped(a guichet.Agreement, us string, now time.Time) bool {
	today := now.UTC().Format(time.DateOnly)
	return slices.ContainsFunc(a.Suspended, func(s guichet.Suspension) bool {
		return s.Member == us && s.By == "" && s.From <= today && (s.Until == "" || today <= s.Until)
	})
}

// partyOf is a member's place among the parties, -1 none.
func partyOf(a guichet.Agreement, member string) int {
	return slices.IndexFunc(a.Parties, func(x guichet.AgreementParty) bool { return x.Member == member })
}

// inTerm says whether a list of a term has a party, by its code or by its role, which is
// the lesser of the paper's and the circle's; an empty list has every full party.
func inTerm(list []string, a guichet.Agreement, c guichet.Circle, member string) bool {
	m, ok := c.Member(member)
	if !ok {
		return false
	}
	roles := []string{"party", "observer", "dialogue_partner", "guest"} // who may most comes first
	in, of := slices.Index(roles, a.Parties[partyOf(a, member)].Role), slices.Index(roles, m.Role)
	if len(list) == 0 {
		return in == 0 && of == 0
	}
	return slices.Contains(list, member) || in >= 0 && of >= 0 && slices.Contains(list, roles[max(in, of)])
}

// permits says whether some office of ours may ask for a purpose under an agreement.
func (p *Portal) permits(v *visit, a opened, c guichet.Circle, x Purpose) (paperLink, bool) {
	if !slices.Contains(a.Purposes.Permitted, x.Word) || slices.Contains(a.Purposes.Forbidden, x.Word) {
		return paperLink{}, false
	}
	self, _ := c.Member(p.cfg.Member)
	named := a.Parties[partyOf(a.Agreement, p.cfg.Member)].Offices
	var offices []string
	for _, o := range self.Offices {
		if slices.Contains(named, o.ID) && (o.Regime != useStatistical || x.Use == useStatistical) {
			offices = append(offices, o.Name.In(v.lang))
		}
	}
	link := paperLink{ID: a.ID, To: v.to(agreementPath(c.Name, a.ID), nil)}
	var only []string
	if len(a.from) < len(p.present(c))-1 {
		names := make([]string, len(a.from))
		for i, code := range a.from {
			names[i] = areaName(code, v.lang)
		}
		only = append(only, v.t("ask.purpose.from", "members", strings.Join(names, ", ")))
	}
	if len(offices) < len(self.Offices) {
		only = append(only, v.t("ask.purpose.office", "offices", strings.Join(offices, ", ")))
	}
	link.Only = strings.Join(only, v.t("ask.purpose.and"))
	return link, len(offices) > 0
}
