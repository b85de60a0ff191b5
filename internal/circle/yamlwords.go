package circle

// What the fields of a paper mean, as they stand above them in the file that a
// person edits: English, then French.

func memberComments() map[string]string {
	return map[string]string{
		"":          "A member's own paper. Keys are added from the key file.\nL'acte propre d'un membre. Les clés viennent du fichier de clés.",
		"code":      "two letters, ISO 3166 / deux lettres, ISO 3166",
		"role":      "party, observer, dialogue_partner or guest, as the circle's charter says / selon la charte du cercle",
		"offices":   "authorities that agreements may name / autorités que les accords peuvent nommer",
		"endpoints": "host:port where the node answers, the preferred one first / adresse du nœud, la préférée d'abord",
		"contacts":  "for: operations, security, rights, steward; posts, not persons / des fonctions, non des personnes",
	}
}

func agreementComments() map[string]string {
	return map[string]string{
		"":        "An agreement. Dates are days, UTC: 2026-01-31. What is not permitted is refused.\nUn accord. Les dates sont des jours, UTC. Ce qui n'est pas permis est refusé.",
		"format":  "of this description: 1 / de cette description : 1",
		"id":      "small letters, digits, hyphens / minuscules, chiffres, traits d'union",
		"version": "counts from 1; every change is a new one / commence à 1 ; tout changement en fait une nouvelle",
		"circle":  "name of the circle / nom du cercle",

		"parties":             "members and the offices that may ask; all of them sign / les membres et leurs services autorisés ; tous signent",
		"parties.role":        "party, observer, dialogue_partner, guest",
		"validity":            "both days included; copies then: delete, keep_archived / jours inclus ; copies ensuite : delete, keep_archived",
		"purposes":            "words of the list of purposes / mots de la liste des finalités",
		"terms":               "who may ask whom for what: members, or a role (observer, dialogue_partner, guest); empty: every member of role party / qui peut demander quoi à qui : membres, ou rôle ; vide : tout membre de rôle party",
		"terms.grains":        "declaration lines are given only where they are named here / les lignes de déclaration seulement si nommées ici",
		"terms.picks":         "classification: what may be asked / classification : ce qui peut être demandé",
		"terms.max_tier":      "highest sensitivity of goods / sensibilité la plus élevée des marchandises",
		"terms.levels":        "the finest that is told apart: product: hs6, partner: country, period: month / le plus fin qui soit distingué",
		"terms.periods":       "delay_days after a period's end; embargo: nothing before that day / délai en jours ; embargo : rien avant ce jour",
		"terms.disclosure":    "0: rule not used; with both sides' law, the stricter wins / 0 : règle non utilisée ; la plus stricte l'emporte",
		"terms.mirror":        "hiding is coordinated with the mirror partner / le masquage est coordonné avec le partenaire miroir",
		"terms.quota_per_day": "answers a day per asking and answering member; 0: none / réponses par jour ; 0 : aucune",
		"terms.records":       "rows as they are, not only sums / des lignes telles quelles, pas seulement des sommes",
		"terms.onward":        "none, parties, public",
		"terms.derived":       "none, internal, publish",
		"tiers":               "stricter rules for sensitive goods / règles plus strictes pour les marchandises sensibles",
		"security":            "what the wire must be; key_age_days 0: no bound / exigences de la liaison",
		"suspended":           "by: a party that suspends alone, and only what is asked of it; empty: all / vide : toutes les parties",
		"automated_decisions": "forbidden or permitted, about a person or trader / interdites ou autorisées",
		"corrections":         "forward: a revision is told to whom the figure was given; on_request",
		"legal_basis":         "what follows is recorded and shown with every answer / ce qui suit est consigné et montré avec chaque réponse",
		"breach_notice":       "deadline in hours / délai en heures",
		"language":            "which language prevails: en, fr / langue qui fait foi",
		"annexes":             "papers that belong to this one, by SHA-256 / pièces jointes, par SHA-256",
		"texts":               "sections for people: definitions, sovereignty, liability / sections pour les personnes",
	}
}
