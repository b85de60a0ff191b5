package agreement

import (
	"slices"
	"sync"

	"guichet"
)

// The uses of purposes. Data collected for statistics serve statistical purposes
// alone (United Nations Fundamental Principles of Official Statistics,
// principle 6).
const (
	UseStatistical = "statistical"
	UseEnforcement = "enforcement"
	UseOperations  = "operations"
)

// Purpose is a word by which an asker says what an answer is for.
type Purpose struct {
	Word string // as in agreements and requests: "supply-monitoring"
	// DPV is the IRI of the broader term (skos:broadMatch) of the W3C Data
	// Privacy Vocabulary, versions 2.0 to 2.3. It is for readers elsewhere; no
	// decision depends on it.
	DPV       string
	Use       string       // one of the uses
	Automated bool         // ends in decisions by a machine about a person or trader
	Text      guichet.Text // what it covers
}

const dpv = "https://w3id.org/dpv#"

// Purposes returns the closed list of purposes, by use. The caller owns it.
func Purposes() []Purpose { return slices.Clone(purposes()) }

//nolint:gochecknoglobals // a list that never changes, made once: every decision looks at it
var purposes = sync.OnceValue(func() []Purpose {
	return []Purpose{
		{"official-statistics", dpv + "ProvideOfficialStatistics", UseStatistical, false, say("To make and publish official statistics", "Établir et publier des statistiques officielles")},
		{"mirror-reconciliation", dpv + "ProvideOfficialStatistics", UseStatistical, false, say("To compare both sides' figures of one flow and explain the difference", "Comparer les chiffres des deux côtés d'un flux et expliquer l'écart")},
		{"supply-monitoring", dpv + "PublicPolicyMaking", UseStatistical, false, say("To watch the supply of goods, and to tell governments of shortages", "Suivre l'approvisionnement en biens et signaler les pénuries aux gouvernements")},
		{"policy-analysis", dpv + "PublicPolicyMaking", UseStatistical, false, say("To prepare and weigh public policy", "Préparer et évaluer l'action publique")},
		{"research", dpv + "NonCommercialResearch", UseStatistical, false, say("Research without commercial aim", "Recherche sans but commercial")},
		{"customs-risk", dpv + "FraudPreventionAndDetection", UseEnforcement, false, say("To choose, by people, what customs look at more closely", "Choisir, par décision humaine, ce que la douane examine de plus près")},
		{"revenue-protection", dpv + "FraudPreventionAndDetection", UseEnforcement, false, say("To find duties and taxes that were evaded", "Rechercher les droits et taxes éludés")},
		{"product-safety", dpv + "ProtectionOfPublicSecurity", UseEnforcement, false, say("To find dangerous or forbidden goods", "Rechercher les biens dangereux ou interdits")},
		{"automated-targeting", dpv + "FraudPreventionAndDetection", UseEnforcement, true, say("To choose consignments or traders by machine, without a person", "Choisir des envois ou des opérateurs par machine, sans intervention humaine")},
		{"crisis-response", dpv + "ImprovePublicServices", UseOperations, false, say("To steer deliveries in a declared emergency", "Diriger des livraisons dans une urgence déclarée")},
		{"border-capacity", dpv + "ImprovePublicServices", UseOperations, false, say("To plan staff and lanes at border crossing points", "Prévoir le personnel et les files aux points de passage")},
		{"data-quality", dpv + "RecordManagement", UseOperations, false, say("To correct one's own records", "Corriger ses propres enregistrements")},
	}
})

// PurposeBy returns the purpose of a word.
func PurposeBy(word string) (Purpose, bool) {
	all := purposes()
	i := slices.IndexFunc(all, func(p Purpose) bool { return p.Word == word })
	if i < 0 {
		return Purpose{}, false
	}
	return all[i], true
}

// regimesFor are the legal regimes of submissions that may answer a use: what was
// collected for statistics never serves enforcement or operations.
func regimesFor(use string) []string {
	if use == UseStatistical {
		return []string{"statistical", "administrative", "public"}
	}
	return []string{"administrative", "public"}
}
