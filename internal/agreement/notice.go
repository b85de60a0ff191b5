package agreement

import (
	"strings"

	"guichet"
)

// The codes of notices: what an agreement obliges us to show with every answer
// that it covers. They are never renamed.
const (
	NoticeLegalBasis   = "agreement_legal_basis"
	NoticeController   = "agreement_controller"
	NoticeAccuracy     = "agreement_accuracy"
	NoticeBreach       = "agreement_breach_notice"
	NoticeAudit        = "agreement_audit"
	NoticeRights       = "agreement_rights"
	NoticeContact      = "agreement_contact"
	NoticeFees         = "agreement_fees"
	NoticeServiceLevel = "agreement_service_level"
	NoticeChanges      = "agreement_changes"
	NoticeLanguage     = "agreement_language"
	NoticeAnnex        = "agreement_annex"
	NoticeLicence      = "agreement_licence"
	NoticeAttribution  = "agreement_attribution"
	NoticeRetention    = "agreement_retention"
	NoticeOnward       = "agreement_onward"
	NoticeDerived      = "agreement_derived"
	NoticeCopies       = "agreement_copies"
	NoticeWithdrawal   = "agreement_copies_after"
	NoticeCorrections  = "agreement_corrections"
	NoticeAutomated    = "agreement_automated_decisions"
)

// notices writes part 2 of a paper, and what a term obliges the asker to, in a
// language. What the paper leaves empty gives none.
func notices(a guichet.Agreement, term int, lang string) []guichet.Remark {
	w := &writer{lang: lang}
	for _, x := range a.LegalBasis {
		w.of(NoticeLegalBasis, x)
	}
	for _, x := range a.Controllers {
		w.of(NoticeController, x)
	}
	w.add(NoticeAccuracy, a.Accuracy)
	if a.BreachNotice.Text.EN != "" {
		w.add(NoticeBreach, say("within %d hours: "+verbatim(a.BreachNotice.Text.EN), "sous %d heures : "+verbatim(a.BreachNotice.Text.FR), a.BreachNotice.Hours))
	}
	w.add(NoticeAudit, a.Audit)
	w.add(NoticeRights, a.Rights)
	for _, x := range a.Contacts {
		w.of(NoticeContact, x)
	}
	w.add(NoticeFees, a.Fees)
	w.add(NoticeServiceLevel, a.ServiceLevel)
	w.add(NoticeChanges, a.Changes)
	w.add(NoticeLanguage, languageText(a.Language))
	for _, x := range a.Annexes {
		w.add(NoticeAnnex, say("annex %s, SHA-256 %s", "annexe %s, SHA-256 %s", x.Name, x.SHA256))
	}
	w.term(a.Terms[term])
	w.add(NoticeWithdrawal, copiesAfter(a.Validity.Copies))
	w.add(NoticeCorrections, correctionsText(a.Corrections))
	if a.AutomatedDecisions != "permitted" {
		w.add(NoticeAutomated, say("no decision about a person or trader may be left to a machine", "aucune décision sur une personne ou un opérateur ne peut être laissée à une machine"))
	}
	return w.out
}

type writer struct {
	lang string
	out  []guichet.Remark
}

func (w *writer) add(code string, t guichet.Text) {
	if text := t.In(w.lang); text != "" {
		w.out = append(w.out, guichet.Remark{Code: code, Text: text})
	}
}

func (w *writer) of(code string, x guichet.OfParty) {
	if text := x.Text.In(w.lang); text != "" {
		w.out = append(w.out, guichet.Remark{Code: code, Text: text, Reporter: x.Member})
	}
}

// verbatim keeps what people wrote from being read as a format.
func verbatim(s string) string { return strings.ReplaceAll(s, "%", "%%") }

// term writes what the asker owes for what a term gives.
func (w *writer) term(t guichet.Term) {
	if t.Licence != "" {
		w.add(NoticeLicence, say("licence: %s", "licence : %s", t.Licence))
	}
	w.add(NoticeAttribution, t.Credit)
	keep := say("to be deleted after %d days", "à supprimer après %d jours", t.Keep.Days)
	if t.Keep.Proof {
		keep = say("to be deleted after %d days, with proof of it", "à supprimer après %d jours, avec preuve", t.Keep.Days)
	}
	w.add(NoticeRetention, keep)
	w.add(NoticeOnward, onwardText(t.Onward))
	w.add(NoticeDerived, derivedText(t.Derived))
	w.add(NoticeCopies, copiesText(t.Copies))
}

func onwardText(word string) guichet.Text {
	switch word {
	case "parties":
		return say("may be passed on to the parties of the agreement", "peut être transmis aux parties à l'accord")
	case "public":
		return say("may be published", "peut être publié")
	}
	return say("may not be passed on", "ne peut pas être transmis")
}

func derivedText(word string) guichet.Text {
	switch word {
	case "internal":
		return say("works made from it stay with the asker", "les travaux qui en sont tirés restent chez le demandeur")
	case "publish":
		return say("works made from it may be published", "les travaux qui en sont tirés peuvent être publiés")
	}
	return say("no works may be made from it", "aucun travail ne peut en être tiré")
}

func copiesText(c guichet.Copies) guichet.Text {
	switch {
	case !c.Permitted:
		return say("no copy may be kept beside the answer", "aucune copie ne peut être conservée à côté de la réponse")
	case c.MaxAgeDays > 0:
		return say("a copy may be kept for %d days at most", "une copie peut être conservée %d jours au plus", c.MaxAgeDays)
	}
	return say("a copy may be kept", "une copie peut être conservée")
}

func copiesAfter(word string) guichet.Text {
	if word == "keep_archived" {
		return say("when the agreement ends, copies may be kept in archives and are used no more", "à la fin de l'accord, les copies peuvent rester archivées et ne servent plus")
	}
	return say("when the agreement ends, copies are deleted", "à la fin de l'accord, les copies sont supprimées")
}

func correctionsText(word string) guichet.Text {
	if word == "forward" {
		return say("corrections of what was given are told to whom it was given, and are to be forwarded", "les corrections de ce qui a été donné sont signalées à qui l'a reçu, et doivent être relayées")
	}
	return say("corrections of what was given are told on request", "les corrections de ce qui a été donné sont signalées sur demande")
}

func languageText(word string) guichet.Text {
	switch word {
	case "en":
		return say("the English text prevails", "le texte anglais fait foi")
	case "fr":
		return say("the French text prevails", "le texte français fait foi")
	}
	return say("the English and the French text are equally authentic", "les textes anglais et français font également foi")
}
