package desk

import (
	"guichet"
	"guichet/mark"
)

// Codes of remarks that the desk makes of any dataset. They cross borders:
// appended, never renamed. What each means is its sentence in RemarkText.
const (
	RemarkOneCube         = "one_cube"
	RemarkLimited         = "limited"
	RemarkFiguresAbsent   = "figures_absent"
	RemarkNoRate          = "no_rate"
	RemarkPartsIncomplete = "parts_incomplete"
	RemarkListedOnly      = "listed_only"
	RemarkCellsHidden     = "cells_hidden"
	RemarkNarrowed        = "narrowed"

	RemarkOfficeProtection = "office_protection"

	RemarkWithinBand = "within_band"
	RemarkAboveBands = "above_bands"

	RemarkSeveralCopies = "several_copies"
)

// Codes of remarks that the desk makes, too, and whose sentences are the
// dataset's: its descriptor says them in RemarkText.
const (
	remarkFromLines      = "from_declaration_lines"
	remarkLinesHeld      = "declaration_lines_held"
	remarkTotalsAccepted = "totals_accepted"
	remarkGenerated      = "generated"
	remarkDollars        = "dollars_estimated"
	remarkOutlierMass    = "outlier_mass"
	remarkWorldOnly      = "partner_world_only"
	remarkVintageUnknown = "vintage_unknown"
)

// RemarkCodes returns the closed list of codes that the desk makes of any
// dataset.
func RemarkCodes() []string {
	out := make([]string, 0, len(words()))
	for _, w := range words() {
		out = append(out, w.code)
	}
	return out
}

// RemarkText says in a sentence what a code of RemarkCodes, or a mark of the desk's
// own, means, in French for "fr", otherwise in English; "" for a code that is none of
// them. An answer says a remark with names and numbers.
func RemarkText(code, lang string) string {
	hidden := word{mark.Protected, guichet.Text{
		EN: "hidden by the disclosure rules of the agreement: the figure would tell of single contributors",
		FR: "masqué par les règles de confidentialité de l’accord : le chiffre révélerait des participants particuliers",
	}}
	for _, w := range append(words(), hidden) {
		if w.code == code {
			return w.text.In(lang)
		}
	}
	return ""
}

// word is a code with what it means.
type word struct {
	code string
	text guichet.Text
}

func words() []word {
	return []word{
		{RemarkOneCube, guichet.Text{
			EN: "several tables could answer; the figures are of one of them, and tables are never added",
			FR: "plusieurs tableaux pouvaient répondre ; les chiffres sont d’un seul, et jamais on n’additionne des tableaux",
		}},
		{RemarkLimited, guichet.Text{
			EN: "only the first rows of the answer are given, as was asked",
			FR: "seules les premières lignes de la réponse sont données, comme demandé",
		}},
		{RemarkFiguresAbsent, guichet.Text{
			EN: "some rows have no figure of this measure; the sum is of the others",
			FR: "des lignes n’ont pas de chiffre pour cette mesure ; la somme porte sur les autres",
		}},
		{RemarkWithinBand, guichet.Text{
			EN: "estimated from counts per band; the true figure lies in the same band",
			FR: "estimé d’après des effectifs par tranche ; le chiffre vrai est dans la même tranche",
		}},
		{RemarkAboveBands, guichet.Text{
			EN: "lies above the greatest bound of its bands, and is not estimated",
			FR: "dépasse la plus grande borne de ses tranches, et n’est pas estimé",
		}},
		{RemarkNoRate, guichet.Text{
			EN: "no rate of a currency and period is held, and there are no dollars of it",
			FR: "aucun taux n’est détenu pour une monnaie et une période : il n’y a pas de dollars là",
		}},
		{RemarkPartsIncomplete, guichet.Text{
			EN: "the members that a file lists add up to less than the total that it states",
			FR: "les membres qu’un fichier énumère font moins que le total qu’il indique",
		}},
		{RemarkListedOnly, guichet.Text{
			EN: "the files at hand hold a selection, of goods or of partners: the figures are of what they list alone",
			FR: "les fichiers détenus sont une sélection de biens ou de partenaires : les chiffres ne portent que sur elle",
		}},
		{RemarkCellsHidden, guichet.Text{
			EN: "the figures of some rows are hidden by the disclosure rules of the agreement",
			FR: "les chiffres de certaines lignes sont masqués par les règles de confidentialité de l’accord",
		}},
		{RemarkNarrowed, guichet.Text{
			EN: "what the question left open was narrowed to what the agreement gives",
			FR: "ce que la question laissait ouvert a été restreint à ce que l’accord donne",
		}},
		{RemarkOfficeProtection, guichet.Text{
			EN: "published figures: protected by the office that publishes them, not by the rules of the agreement",
			FR: "chiffres publiés : protégés par l’office qui les publie, non par les règles de l’accord",
		}},
		{RemarkSeveralCopies, guichet.Text{
			EN: "several copies give figures of one reporter: the same figures told more than once, which must not be added",
			FR: "plusieurs copies donnent les chiffres d’un même déclarant : les mêmes chiffres dits plusieurs fois, à ne pas additionner",
		}},
	}
}
