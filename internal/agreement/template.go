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

// Templates returns the templates. The caller owns them.
func Templates() []Template {
	return []Template{
		{
			"covid-supply",
			say("Five parties watch the supply of COVID-19 goods: monthly statistics, HS6 by country", "Cinq parties suivent l'approvisionnement en biens liés à la COVID-19 : statistiques mensuelles, SH6 par pays"),
			covidSupply(),
		},
		{
			"customs-risk",
			say("Customs offices share sums over declaration lines for risk analysis, protected by threshold, dominance and p per cent", "Des douanes partagent des sommes de lignes de déclaration pour l'analyse de risque, protégées par seuil, dominance et p pour cent"),
			customsRisk(),
		},
		{
			"small-circle",
			say("Two parties share what their offices have published already", "Deux parties partagent ce que leurs offices ont déjà publié"),
			smallCircle(),
		},
	}
}

// TemplateBy returns the template of a name.
func TemplateBy(name string) (Template, bool) {
	all := Templates()
	i := slices.IndexFunc(all, func(t Template) bool { return t.Name == name })
	if i < 0 {
		return Template{}, false
	}
	return all[i], true
}

func covidSupply() guichet.Agreement {
	a := blank("b5-covid-supply", say("Supply of COVID-19 goods", "Approvisionnement en biens liés à la COVID-19"))
	a.Circle = "border-five"
	a.between([]string{"AU", "CA", "GB", "NZ", "US"}, "statistics")
	a.Purposes = guichet.Purposes{
		Permitted: []string{"supply-monitoring", "official-statistics", "mirror-reconciliation"},
		Forbidden: []string{"customs-risk", "revenue-protection", "automated-targeting"},
	}
	t := term()
	t.Picks = map[string][]string{"product": {"covid19"}}
	t.Where = map[string][]string{"flow": {"imports", "exports", "domestic_exports", "re_exports"}}
	t.Measures = []string{"value", "value_usd", "cif_value", "fob_value", "net_kg", "quantity"} // both valuations: a mirror needs them
	t.Periods = guichet.Periods{From: "2018-01"}
	t.Quota = 500
	t.Onward, t.Derived = "parties", "internal"
	a.Terms = []guichet.Term{t}
	a.Tiers = []guichet.TierRule{{Tier: "critical", DelayDays: 30, Purposes: []string{"supply-monitoring", "mirror-reconciliation"}}}
	return a.Agreement
}

func customsRisk() guichet.Agreement {
	a := blank("b5-customs-risk", say("Sums over declarations for customs risk analysis", "Sommes de déclarations pour l'analyse de risque douanière"))
	a.Circle = "border-five"
	a.between([]string{"AU", "CA", "GB", "NZ", "US"}, "customs")
	a.Purposes = guichet.Purposes{
		Permitted: []string{"customs-risk", "revenue-protection", "product-safety"},
		Forbidden: []string{"research", "automated-targeting"},
	}
	t := term()
	t.Grains = []string{"line"}
	t.Picks = map[string][]string{"product": {"all"}}
	t.Measures = []string{"value", "value_usd", "net_kg", "quantity", "duty"}
	t.By = []string{"reporter", "product", "partner", "period", "flow", "origin", "mode", "procedure"}
	t.Levels["mode"], t.Levels["procedure"] = "each", "each"
	t.Periods = guichet.Periods{From: "2022-01", Delay: 15}
	t.Rules = guichet.DisclosureRules{Threshold: 3, Top: 2, Share: 85, Prior: 10}
	t.Mirror, t.Quota = true, 200
	a.Terms = []guichet.Term{t}
	a.Tiers = []guichet.TierRule{{Tier: "critical", Rules: guichet.DisclosureRules{Threshold: 5, Prior: 20}, Quota: 50}}
	a.Security.KeyAgeDays = 400
	return a.Agreement
}

func smallCircle() guichet.Agreement {
	a := blank("small-circle-statistics", say("Published statistics of two parties", "Statistiques publiées de deux parties"))
	a.Circle = "small-circle"
	a.between([]string{"CA", "NZ"}, "statistics")
	a.Purposes = guichet.Purposes{Permitted: []string{"official-statistics", "mirror-reconciliation", "supply-monitoring", "policy-analysis", "research"}}
	a.Security.Witnesses = 1
	t := term()
	t.Picks = map[string][]string{"product": {"all"}}
	t.Where = map[string][]string{"regime": {"statistical", "public"}}
	t.Measures = []string{"value", "value_usd", "net_kg", "quantity", "cif_value", "fob_value"}
	t.Levels["product"] = "national"
	t.Copies = guichet.Copies{Permitted: true, MaxAgeDays: 365}
	t.Onward, t.Derived, t.Quota = "public", "publish", 5000
	a.Terms = []guichet.Term{t}
	return a.Agreement
}

// draft is a paper in the making.
type draft struct{ guichet.Agreement }

// blank is a paper without parties, purposes and terms.
func blank(id string, title guichet.Text) *draft {
	return &draft{guichet.Agreement{
		Format: 1, ID: id, Version: 1, Title: title,
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
	}}
}

// between names the parties, each with one office, and what each states.
func (d *draft) between(members []string, office string) {
	for _, m := range members {
		d.Parties = append(d.Parties, guichet.AgreementParty{Member: m, Role: "party", Offices: []string{office}})
		of := func(en, fr string) guichet.OfParty { return guichet.OfParty{Member: m, Text: say(en, fr, m)} }
		d.LegalBasis = append(d.LegalBasis, of(ToBeNamed+" %s: act and section", "à indiquer par %s : loi et article"))
		d.Controllers = append(d.Controllers, of(ToBeNamed+" %s: the office that controls the data", "à indiquer par %s : le service en charge des données"))
		d.Contacts = append(d.Contacts, of(ToBeNamed+" %s: post, address and hours", "à indiquer par %s : fonction, adresse et horaires"))
	}
}

// term is a term over published trade figures, as narrow as most want it.
func term() guichet.Term {
	return guichet.Term{
		Dataset: "trade",
		Grains:  []string{"aggregate"},
		Levels:  map[string]string{"product": "hs6", "partner": "country", "period": "month"},
		Onward:  "none", Derived: "none",
		Keep:    guichet.Retention{Days: 365, Proof: true},
		Licence: "none",
		Credit:  say("Source: the national office named with each figure.", "Source : l'office national nommé avec chaque chiffre."),
	}
}
