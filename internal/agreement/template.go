package agreement

import (
	"slices"

	"guichet"
)

// Template is a whole paper to begin with: parties, days and contacts are to be
// changed, and every clause is to be read by somebody who may sign.
type Template struct {
	Name  string
	About guichet.Text
	Paper guichet.Agreement
}

// ToBeNamed is how a statement begins that a template leaves to a party.
const ToBeNamed = "to be named by"

// Templates returns the templates of datasets: what each dataset drafts, with what
// every agreement says. The caller owns them.
func Templates(ds []*guichet.Dataset) []Template {
	var out []Template
	for _, d := range ds {
		if d.Drafts == nil {
			continue
		}
		for _, draft := range d.Drafts() {
			out = append(out, Template{draft.Name, draft.About, complete(draft.Paper)})
		}
	}
	return out
}

// TemplateBy returns the template of a name.
func TemplateBy(ds []*guichet.Dataset, name string) (Template, bool) {
	all := Templates(ds)
	i := slices.IndexFunc(all, func(t Template) bool { return t.Name == name })
	if i < 0 {
		return Template{}, false
	}
	return all[i], true
}

// complete adds to a draft what every agreement says. The draft's own words stay.
func complete(draft guichet.Agreement) guichet.Agreement {
	a := blank()
	a.ID, a.Title, a.Circle = draft.ID, draft.Title, draft.Circle
	a.Parties, a.Purposes, a.Terms, a.Tiers = draft.Parties, draft.Purposes, draft.Terms, draft.Tiers
	if draft.Security.Witnesses > 0 {
		a.Security.Witnesses = draft.Security.Witnesses
	}
	a.Security.KeyAgeDays = draft.Security.KeyAgeDays
	for _, p := range a.Parties {
		of := func(en, fr string) guichet.OfParty {
			return guichet.OfParty{Member: p.Member, Text: say(en, fr, p.Member)}
		}
		a.LegalBasis = append(a.LegalBasis, of(ToBeNamed+" %s: act and section", "à indiquer par %s : loi et article"))
		a.Controllers = append(a.Controllers, of(ToBeNamed+" %s: the office that controls the data", "à indiquer par %s : le service en charge des données"))
		a.Contacts = append(a.Contacts, of(ToBeNamed+" %s: post, address and hours", "à indiquer par %s : fonction, adresse et horaires"))
	}
	return a
}

// blank is a paper without parties, purposes and terms.
func blank() guichet.Agreement {
	return guichet.Agreement{
		Format: 1, Version: 1,
		Validity:           guichet.Validity{From: "2026-01-01", Until: "2028-12-31", Copies: "delete"},
		Security:           guichet.SecurityMinimum{TLS: "1.3", Witnesses: 2},
		AutomatedDecisions: "forbidden",
		Corrections:        "forward",
		Accuracy:           say("Each party gives its figures as it holds them, with its remarks, and warrants no more.", "Chaque partie donne ses chiffres tels qu'elle les détient, avec ses remarques, sans autre garantie."),
		BreachNotice:       guichet.Notice{Hours: 72, Text: say("Who learns that data under this agreement were lost, changed or seen by somebody who may not tells the giving party what happened, to what, and what was done.", "Qui apprend que des données au titre de l'accord ont été perdues, altérées ou vues sans droit dit à la partie qui les a données ce qui s'est passé, sur quoi, et ce qui a été fait.")},
		Audit:              say("Each party may look, once a year and after a breach, at the other's journal of exchanges with it.", "Chaque partie peut consulter, une fois par an et après une violation, le journal de l'autre pour leurs échanges."),
		Rights:             say("Persons and traders turn to the party that holds the record; the others pass requests on within ten working days.", "Personnes et opérateurs s'adressent à la partie qui détient l'enregistrement ; les autres transmettent les requêtes sous dix jours ouvrables."),
		Fees:               say("No fee is taken; each party bears its own cost.", "Aucun droit n'est perçu ; chaque partie supporte ses coûts."),
		ServiceLevel:       say("Best effort; planned interruptions are told two working days before.", "Sans engagement de résultat ; les interruptions prévues sont annoncées deux jours ouvrables avant."),
		Changes:            say("First version.", "Première version."),
		Language:           "both",
		Texts:              sections(),
	}
}
