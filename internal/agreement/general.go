package agreement

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"guichet"
)

// general looks at the clauses of a paper that hold for all its terms.
func (f *Facts) general(a *guichet.Agreement, r *guichet.Request) (Purpose, *refusal) {
	for _, look := range []func(*guichet.Agreement, *guichet.Request) *refusal{
		f.valid, f.suspended, f.office, f.security,
	} {
		if no := look(a, r); no != nil {
			return Purpose{}, no
		}
	}
	return f.purpose(a, r)
}

func (f *Facts) today() string { return f.Now.UTC().Format(time.DateOnly) }

// isDay says whether a text is a calendar day; other texts are in no order.
func isDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

func (f *Facts) valid(a *guichet.Agreement, _ *guichet.Request) *refusal {
	v, today := a.Validity, f.today()
	switch {
	case !isDay(v.From) || today < v.From:
		return refuse(stageValidity, "validity.from", say("the agreement holds from %s on", "l'accord vaut à partir du %s", v.From),
			say("ask from that day on", "interrogez à partir de ce jour"))
	case !isDay(v.Until) || today > v.Until:
		return refuse(stageValidity, "validity.until", say("the agreement ended on %s", "l'accord a pris fin le %s", v.Until),
			say("sign a new version with a later end", "signez une nouvelle version avec une fin plus tardive"))
	case v.Withdrawn != "" && (!isDay(v.Withdrawn) || today >= v.Withdrawn):
		return refuse(stageValidity, "validity.withdrawn", say("the agreement has been withdrawn from %s on", "l'accord est dénoncé à partir du %s", v.Withdrawn),
			say("ask under another agreement", "interrogez au titre d'un autre accord"))
	}
	return nil
}

// suspended looks for the asker among those who may not ask for a time. A date that
// cannot be read does not shorten a suspension.
func (f *Facts) suspended(a *guichet.Agreement, r *guichet.Request) *refusal {
	today := f.today()
	for i, s := range a.Suspended {
		over := s.Until != "" && isDay(s.Until) && today > s.Until
		before := isDay(s.From) && today < s.From
		ours := s.By == "" || s.By == f.Us // another party's own stops what is asked of it alone
		if s.Member == r.From.Member && ours && !over && !before {
			return refuse(stageSuspended, fmt.Sprintf("suspended[%d]", i),
				guichet.Text{EN: s.Member + " is suspended under this agreement: " + s.Reason.EN, FR: s.Member + " est suspendu au titre de cet accord : " + s.Reason.FR},
				say("ask the parties to lift the suspension", "demandez aux parties de lever la suspension"))
		}
	}
	return nil
}

// office looks for the asker's office in the paper, and in the member's own.
func (f *Facts) office(a *guichet.Agreement, r *guichet.Request) *refusal {
	i := party(a, r.From.Member)
	m := f.Members[slices.IndexFunc(f.Members, func(m guichet.Member) bool { return m.Code == r.From.Member })]
	o, ok := m.Office(r.From.Office)
	if !ok || !slices.Contains(a.Parties[i].Offices, r.From.Office) {
		return refuse(stageOffices, fmt.Sprintf("parties[%d].offices", i), say("the office %q of %s may not ask under this agreement", "le service %q de %s ne peut pas interroger au titre de cet accord", clip(r.From.Office), m.Code),
			say("let one of these ask: %s", "faites interroger l'un de ceux-ci : %s", strings.Join(a.Parties[i].Offices, ", ")))
	}
	if p, known := PurposeBy(r.Purpose); known && o.Regime == UseStatistical && p.Use != UseStatistical {
		return refuse(stageOffices, fmt.Sprintf("parties[%d].offices", i), say("the office %q of %s is statistical and asks for statistical purposes alone", "le service %q de %s est statistique et n'interroge qu'à des fins statistiques", o.ID, m.Code),
			say("let an office ask whose task it is, or name a statistical purpose", "faites interroger un service dont c'est la mission, ou donnez une fin statistique"))
	}
	return nil
}

func (f *Facts) security(a *guichet.Agreement, _ *guichet.Request) *refusal {
	days := a.Security.KeyAgeDays
	if days == 0 || !f.KeyFrom.IsZero() && days > 0 && f.Now.Before(f.KeyFrom.AddDate(0, 0, days+1)) {
		return nil
	}
	return refuse(stageSecurity, "security.key_age_days", say("the asker's seal key is older than %d days, or its age is not known", "la clé de scellement du demandeur a plus de %d jours, ou son âge est inconnu", days),
		say("rotate the key: guichet circle rotate", "renouvelez la clé : guichet circle rotate"))
}

func (f *Facts) purpose(a *guichet.Agreement, r *guichet.Request) (Purpose, *refusal) {
	p, known := PurposeBy(r.Purpose)
	instead := func() guichet.Text { // most requests need no hint
		return say("purposes permitted: %s", "fins admises : %s", strings.Join(a.Purposes.Permitted, ", "))
	}
	switch {
	case slices.Contains(a.Purposes.Forbidden, r.Purpose):
		return p, refuse(stagePurposes, "purposes.forbidden", say("the purpose %q is forbidden", "la fin %q est interdite", clip(r.Purpose)), instead())
	case !known:
		return p, refuse(stagePurposes, "purposes.permitted", say("the purpose %q is not known", "la fin %q est inconnue", clip(r.Purpose)), instead())
	case !slices.Contains(a.Purposes.Permitted, r.Purpose):
		return p, refuse(stagePurposes, "purposes.permitted", say("the purpose %q is not permitted", "la fin %q n'est pas admise", r.Purpose), instead())
	case slices.Contains(f.Law.Forbidden, r.Purpose):
		return p, refuse(stagePurposes, "law.forbidden", say("the law of %s forbids the purpose %q", "le droit de %[1]s interdit la fin %[2]q", f.Us, r.Purpose), guichet.Text{})
	case p.Automated && a.AutomatedDecisions != "permitted":
		return p, refuse(stageAutomated, "automated_decisions", say("decisions by machine about a person or trader are forbidden, and %q ends in them", "les décisions par machine sur une personne ou un opérateur sont interdites, et %q y mène", r.Purpose),
			say("let a person decide, and name the purpose accordingly", "faites décider une personne, et nommez la fin en conséquence"))
	}
	return p, nil
}
