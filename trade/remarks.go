package trade

import (
	"slices"
	"sync"

	"guichet"
)

// Codes of remarks. They stand in records and cross borders: appended, never
// renamed. What each means is its sentence in remarkTexts.
const (
	RemarkNotListed       = "not_listed"
	RemarkNotInForce      = "not_in_force"
	RemarkOtherEdition    = "other_edition"
	RemarkEditionAssumed  = "edition_assumed"
	RemarkEditionNotHeld  = "edition_not_held"
	RemarkRolledUp        = "rolled_up"
	RemarkConfidential    = "confidential_total"
	RemarkNationalChapter = "national_chapter"
	RemarkPrefixNotInHS   = "prefix_not_in_hs"
	RemarkNoHS            = "no_hs"
	RemarkOddLength       = "odd_length"
	RemarkResidual        = "residual"
	RemarkEstimate        = "estimate_over_partners"
	RemarkLowValue        = "low_value"
	RemarkStores          = "stores"
	RemarkParcelPost      = "parcel_post"
	RemarkMassEstimated   = "net_mass_estimated"
	RemarkQtyEstimated    = "quantity_estimated"
	RemarkQtyNotReported  = "quantity_not_reported"
	RemarkUnknownUnit     = "unknown_unit"
	RemarkTotalsAccepted  = "totals_accepted"
	RemarkAmendments      = "amendments"
	RemarkOutlierMass     = "outlier_mass"
	RemarkGenerated       = "generated"
	RemarkPreliminary     = "preliminary"
	RemarkVintageUnknown  = "vintage_unknown"
	RemarkDollars         = "dollars_estimated"
	RemarkDifferentLists  = "different_lists"
	RemarkFamilyExact     = "family_exact"
	RemarkDefaultConv     = "default_conversion"
	RemarkBasketDiffers   = "group_basket_differs"
	RemarkNotCounted      = "group_not_counted"
	RemarkElsewhere       = "group_elsewhere"
	RemarkWorldOnly       = "partner_world_only"
	RemarkGroupsAside     = "groups_aside"
	RemarkValuations      = "valuations_differ"
	RemarkPartnerRoles    = "partner_roles_differ"
	RemarkSystems         = "trade_systems_differ"
	RemarkSharedSource    = "shared_source"
	RemarkByProduct       = "by_product_unknown"
	RemarkDateUnreadable  = "date_unreadable"
	RemarkFromLines       = "from_declaration_lines"
	RemarkLinesHeld       = "declaration_lines_held"
)

// Codes of reasons for putting a row aside, beside those that the store finds
// itself (guichet.RejectNotANumber and its like). Appended, never renamed.
const (
	RejectNoCode          = "no_code"
	RejectNotACode        = "not_a_code"
	RejectNoPeriod        = "no_period"
	RejectNotAPeriod      = "not_a_period"
	RejectFuturePeriod    = "future_period"
	RejectNoPartner       = "no_partner"
	RejectUnknownArea     = "unknown_area"
	RejectUnknownValue    = "unknown_value"
	RejectUnknownEdition  = "unknown_edition"
	RejectColumnsMismatch = "wrong_columns"
	RejectNoDate          = "no_date"
	RejectNotADate        = "not_a_date"
)

// RemarkText says in a sentence what a code of a remark, of a reason for
// putting a row aside or of a gap means, in French for "fr", otherwise in
// English; "" for a code that is none of them.
func RemarkText(code, lang string) string { return sayings()[code].In(lang) }

// RemarkCodes returns the closed list of remark codes.
func RemarkCodes() []string { return codesIn(remarkTexts()) }

// RejectCodes returns the closed list of reasons for putting a row aside.
func RejectCodes() []string { return codesIn(rejectTexts()) }

// GapCodes returns the closed list of reasons for a gap, guichet.GapReason.
func GapCodes() []string { return codesIn(gapTexts()) }

// saying is a code with its sentence.
type saying struct {
	code string
	text guichet.Text
}

//nolint:gochecknoglobals // a constant in all but name: computed once, never changed
var sayings = sync.OnceValue(func() map[string]guichet.Text {
	m := map[string]guichet.Text{}
	for _, s := range slices.Concat(remarkTexts(), rejectTexts(), gapTexts()) {
		m[s.code] = s.text
	}
	return m
})

func codesIn(list []saying) []string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		out = append(out, s.code)
	}
	return out
}

func say(code, en, fr string) saying { return saying{code, text(en, fr)} }

func remarkTexts() []saying { return slices.Concat(codeTexts(), figureTexts(), answerTexts()) }

// codeTexts are said of national codes.
func codeTexts() []saying {
	return []saying{
		say(RemarkNotListed, "the national list at hand does not know this code; the figure is kept", "la liste nationale détenue ne connaît pas ce code ; le chiffre est gardé"),
		say(RemarkNotInForce, "the national list at hand dates this code to another time; the figure is kept", "la liste nationale détenue date ce code d’un autre temps ; le chiffre est gardé"),
		say(RemarkOtherEdition, "the code belongs to another HS edition than the one in force, and is read in that edition", "le code appartient à une autre édition du SH que celle en vigueur, et il est lu dans cette autre"),
		say(RemarkEditionAssumed, "no source says which HS edition was in force there; the WCO’s date is assumed", "aucune source ne dit quelle édition du SH était en vigueur ; la date de l’OMD est supposée"),
		say(RemarkEditionNotHeld, "the HS edition of this code is not held here; the code is kept as published", "l’édition du SH de ce code n’est pas détenue ici ; le code est gardé tel que publié"),
		say(RemarkRolledUp, "the office hides finer goods in this heading or chapter; they are missing from their own lines", "l’office cache des biens plus fins dans cette position ou ce chapitre ; ils manquent à leurs lignes"),
		say(RemarkConfidential, "confidential goods of many chapters, published in one line; they are missing from their own lines", "biens confidentiels de plusieurs chapitres, publiés en une ligne ; ils manquent à leurs lignes"),
		say(RemarkNationalChapter, "a code of chapters 77, 98 or 99, which each country fills as it likes; not comparable between countries", "un code des chapitres 77, 98 ou 99, que chaque pays remplit à sa façon ; sans comparaison entre pays"),
		say(RemarkPrefixNotInHS, "the first six digits are no HS subheading; the figure counts in its heading or chapter only", "les six premiers chiffres ne sont pas une sous-position du SH ; le chiffre ne compte que dans sa position ou son chapitre"),
		say(RemarkNoHS, "no HS code could be found; the figure counts in totals only", "aucun code du SH n’a été trouvé ; le chiffre ne compte que dans les totaux"),
		say(RemarkOddLength, "the code has an odd number of digits, so that its HS prefix cannot be trusted; the figure counts in totals only", "le code a un nombre impair de chiffres, son préfixe SH n’est pas sûr ; le chiffre ne compte que dans les totaux"),
		say(RemarkResidual, "goods that the office did not classify (999999)", "biens que l’office n’a pas classés (999999)"),
		say(RemarkEstimate, "an estimate of the office over its partners, not a record of goods", "une estimation de l’office sur ses partenaires, non un relevé de biens"),
		say(RemarkLowValue, "consignments of little value, published in one line whatever the goods", "envois de faible valeur, publiés en une ligne quels que soient les biens"),
		say(RemarkStores, "stores and supplies of ships, aircraft and offshore installations, whatever the goods", "avitaillement de navires, d’avions et d’installations en mer, quels que soient les biens"),
		say(RemarkParcelPost, "parcel post, whatever the goods", "colis postaux, quels que soient les biens"),
	}
}

// figureTexts are said of figures and of files.
func figureTexts() []saying {
	return []saying{
		say(RemarkMassEstimated, "net mass was estimated by the source", "la masse nette est estimée par la source"),
		say(RemarkQtyEstimated, "the quantity was estimated by the source", "la quantité est estimée par la source"),
		say(RemarkQtyNotReported, "a quantity is missing on some lines: not reported, which is not zero", "une quantité manque à des lignes : non déclarée, ce qui n’est pas zéro"),
		say(RemarkUnknownUnit, "the unit is not known; the quantity cannot be added or converted", "l’unité est inconnue ; la quantité ne peut être ni additionnée ni convertie"),
		say(RemarkTotalsAccepted, "the file’s own control totals do not reconcile; an operator took it in all the same", "les totaux de contrôle du fichier ne concordent pas ; un opérateur l’a tout de même accepté"),
		say(RemarkAmendments, "signed amendments that were published later are added in", "des rectifications signées, publiées plus tard, sont ajoutées"),
		say(RemarkOutlierMass, "a few lines carry most of the mass for next to no value: probably an error of the source", "quelques lignes portent la plus grande masse pour presque aucune valeur : sans doute une erreur de la source"),
		say(RemarkGenerated, "generated data, made to try the system; never an observation", "données fabriquées pour essayer le système ; jamais une observation"),
		say(RemarkPreliminary, "preliminary figures that the office may revise", "chiffres provisoires que l’office peut réviser"),
		say(RemarkVintageUnknown, "it is not known when the office published this file", "la date de publication de ce fichier par l’office n’est pas connue"),
		say(RemarkGroupsAside, "groups of countries stand in the file and are left out, since they repeat their members", "des groupes de pays figurent au fichier et sont laissés de côté, car ils répètent leurs membres"),
		say(RemarkDateUnreadable, "a date cannot be read or lies out of reach, and is left out", "une date est illisible ou hors de portée, et elle est omise"),
		say(RemarkWorldOnly, "the source gives this for the world only, not by partner", "la source ne donne ceci que pour le monde, non par partenaire"),
	}
}

// answerTexts are said of answers, where figures meet.
func answerTexts() []saying {
	return []saying{
		say(RemarkDollars, "US dollars at the mean rate of each month: an estimate, since offices convert at the rate of the day", "dollars des États-Unis au taux moyen de chaque mois : une estimation, car les offices convertissent au taux du jour"),
		say(RemarkDifferentLists, "the figures come from different national lists; they compare at six digits, not by national line", "les chiffres viennent de listes nationales différentes ; ils se comparent à six chiffres, non par ligne nationale"),
		say(RemarkFamilyExact, "codes of another HS edition enter through closed families: exact when summed", "des codes d’une autre édition du SH entrent par familles fermées : exact une fois additionné"),
		say(RemarkDefaultConv, "codes of another HS edition enter through the UN’s single conversion: an estimate that cuts real links", "des codes d’une autre édition du SH entrent par la conversion unique de l’ONU : une estimation qui coupe de vrais liens"),
		say(RemarkBasketDiffers, "the group is defined anew in each HS edition, and its baskets do not hold quite the same goods", "le groupe est défini à nouveau dans chaque édition du SH, et ses paniers n’ont pas tout à fait les mêmes biens"),
		say(RemarkNotCounted, "the group names these codes without counting them, since they hold mostly other goods", "le groupe nomme ces codes sans les compter, car ils contiennent surtout d’autres biens"),
		say(RemarkElsewhere, "these codes also hold goods of the group, but are counted in another group", "ces codes contiennent aussi des biens du groupe, mais sont comptés dans un autre"),
		say(RemarkValuations, "the two sides value goods differently", "les deux côtés évaluent les biens différemment"),
		say(RemarkPartnerRoles, "the two sides name the partner by different roles, such as origin and last known destination", "les deux côtés nomment le partenaire selon des rôles différents, comme origine et dernière destination connue"),
		say(RemarkSystems, "the two sides use different trade systems", "les deux côtés suivent des systèmes commerciaux différents"),
		say(RemarkSharedSource, "the two countries share a source: the exporter takes its figures from the importer’s", "les deux pays partagent une source : l’exportateur reprend les chiffres de l’importateur"),
		say(RemarkFromLines, "the figures are added up from declaration lines, administrative data, and not taken from published ones", "les chiffres sont additionnés à partir de lignes de déclaration, données administratives, et non tirés de chiffres publiés"),
		say(RemarkLinesHeld, "declaration lines of this are held too and never added to published figures; they are asked for by themselves (grain line)", "des lignes de déclaration en sont détenues aussi, jamais ajoutées aux chiffres publiés ; elles se demandent à part (grain line)"),
		say(RemarkByProduct, "by product the difference is not known, since one side has no products by partner", "par produit l’écart n’est pas connu, car un côté n’a pas de produits par partenaire"),
	}
}

// rejectTexts are the reasons for putting a row aside.
func rejectTexts() []saying {
	return []saying{
		say(RejectNoCode, "there is no commodity code", "il n’y a pas de code de produit"),
		say(RejectNotACode, "the commodity code is not made of digits", "le code de produit n’est pas fait de chiffres"),
		say(RejectNoPeriod, "there is no period", "il n’y a pas de période"),
		say(RejectNotAPeriod, "the period cannot be read", "la période est illisible"),
		say(RejectFuturePeriod, "the period lies in the future", "la période est dans l’avenir"),
		say(RejectNoPartner, "there is no country", "il n’y a pas de pays"),
		say(RejectUnknownArea, "the country is not in the list of the source", "le pays n’est pas dans la liste de la source"),
		say(RejectUnknownValue, "a value is not among those that the profile knows", "une valeur n’est pas de celles que connaît le profil"),
		say(RejectUnknownEdition, "the classification named is no edition of the HS", "la classification nommée n’est pas une édition du SH"),
		say(RejectColumnsMismatch, "the line has too few or too many columns", "la ligne a trop ou trop peu de colonnes"),
		say(RejectNoDate, "a date that must be there is missing", "une date obligatoire manque"),
		say(RejectNotADate, "a date cannot be read or lies out of reach", "une date est illisible ou hors de portée"),
		say(guichet.RejectNotAnIdentifier, "a number or name of a trader or paper is too long, or holds control characters", "un numéro ou nom d’opérateur ou de document est trop long, ou contient des caractères de contrôle"),
		say(guichet.RejectNotANumber, "a figure is no plain number, or too large", "un chiffre n’est pas un nombre simple, ou il est trop grand"),
		say(guichet.RejectNoFigure, "a figure that must be there is missing", "un chiffre obligatoire manque"),
		say(guichet.RejectNotUnicode, "the line holds bytes that are no text", "la ligne contient des octets qui ne sont pas du texte"),
	}
}

// gapTexts say why there is no figure.
func gapTexts() []saying {
	return []saying{
		say(string(guichet.GapZero), "zero: the file covers this and has no line", "zéro : le fichier couvre ceci et n’a pas de ligne"),
		say(string(guichet.GapNotReported), "not reported: no file of that period has been taken in", "non déclaré : aucun fichier de cette période n’a été reçu"),
		say(string(guichet.GapPurged), "removed: the figures were here, and were removed when their time had come", "supprimé : les chiffres étaient ici et ont été supprimés à leur échéance"),
		say(string(guichet.GapNotCovered), "not covered: the files at hand do not break this down, or leave it out", "non couvert : les fichiers détenus ne ventilent pas ceci, ou l’omettent"),
		say(string(guichet.GapHidden), "hidden: the office rolled it up or blanked it", "caché : l’office l’a regroupé ou effacé"),
		say(string(guichet.GapPutAside), "put aside: the lines could not be read", "mis de côté : les lignes n’ont pas pu être lues"),
		say(string(guichet.GapIncomparable), "not comparable: another edition, and no exact family", "non comparable : une autre édition, et pas de famille exacte"),
	}
}
