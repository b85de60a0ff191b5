package mirror

import (
	"fmt"
	"slices"

	"guichet"
	"guichet/trade"
)

// saying is a code and its sentence.
type saying struct {
	code string
	text guichet.Text
}

func say(code, en, fr string) saying { return saying{code, guichet.Text{EN: en, FR: fr}} }

// Text says a remark or adjustment of a mirror in a language ("en",
// "fr") with its arguments, in the order that stands beside the text; "" for a code
// that it does not know.
func Text(code, lang string, args ...any) string {
	all := sayings()
	i := slices.IndexFunc(all, func(s saying) bool { return s.code == code })
	if i < 0 {
		return ""
	}
	return fmt.Sprintf(all[i].text.In(lang), args...)
}

// Codes returns the closed list of codes of remarks and adjustments that Text
// says.
func Codes() []string {
	var out []string
	for _, s := range sayings() {
		out = append(out, s.code)
	}
	return out
}

func sayings() []saying { return slices.Concat(madeTexts(), coverTexts(), adjustTexts()) }

// madeTexts say how the two sides were made. The comments name the arguments.
func madeTexts() []saying {
	return []saying{
		say(trade.MirrorSharedSource, // exporter, importer, month from which, source
			"%[1]s and %[2]s share a source: since %[3]s each takes its exports to the other from the other's imports (%[4]s). The pair is not two measurements; what differs is attribution, timing and valuation, and it says nothing of the reliability of either",
			"%[1]s et %[2]s partagent une source : depuis %[3]s chacun tire ses exportations vers l’autre des importations de l’autre (%[4]s). Ce ne sont pas deux mesures ; l’écart tient à l’attribution, à la date et à l’évaluation, et ne dit rien de la fiabilité de l’un ou de l’autre"),
		say(trade.MirrorValuation, // exporter, its valuation, importer, its valuation
			"%[1]s values its exports %[2]s, %[3]s its imports %[4]s: not the same costs are included",
			"%[1]s évalue ses exportations %[2]s, %[3]s ses importations %[4]s : les frais compris ne sont pas les mêmes"),
		say(trade.MirrorRole, // exporter, its role, importer, its role
			"the partner is %[2]s for %[1]s and %[4]s for %[3]s: goods that pass through a third country stand under different partners",
			"le partenaire est %[2]s pour %[1]s et %[4]s pour %[3]s : les marchandises passées par un pays tiers sont sous des partenaires différents"),
		say(trade.MirrorSystem, // exporter, its system, importer, its system
			"%[1]s reports %[2]s, %[3]s %[4]s: goods in warehouses and free zones are not counted alike",
			"%[1]s déclare en %[2]s, %[3]s en %[4]s : les marchandises en entrepôt et en zone franche ne sont pas comptées de même"),
		say(trade.MirrorLeftOut, // reporter, what was left out
			"%[1]s also publishes %[2]s; it is not taken here and nothing is added to it",
			"%[1]s publie aussi %[2]s ; ce n’est pas repris ici et rien n’y est ajouté"),
		say(trade.MirrorEdition, // exporter, edition, importer, edition
			"products of %[1]s are read in HS%[2]d, those of %[3]s in HS%[4]d",
			"les produits de %[1]s sont lus en SH%[2]d, ceux de %[3]s en SH%[4]d"),
		say(trade.MirrorList, // exporter, list, importer, list
			"national lists differ (%[1]s: %[2]s, %[3]s: %[4]s): products are compared at six digits at most",
			"les listes de produits diffèrent (%[1]s : %[2]s, %[3]s : %[4]s) : les produits sont comparés à six chiffres au plus"),
		say(trade.MirrorRates, // reporter, currency, rates version
			"dollars of %[1]s are estimates: %[2]s at the mean rate of each period (%[3]s); offices convert at the rate of the declaration's day",
			"les dollars de %[1]s sont estimés : %[2]s au taux moyen de chaque période (%[3]s) ; les offices convertissent au taux du jour de la déclaration"),
		say(trade.MirrorNoRate, // reporter, currency, rates version
			"dollars of %[1]s are not known: no rate of %[2]s for all of the period (%[3]s)",
			"les dollars de %[1]s ne sont pas connus : pas de taux de %[2]s pour toute la période (%[3]s)"),
		say(trade.MirrorGenerated, // reporter
			"figures of %[1]s are made data, not observations",
			"les chiffres de %[1]s sont fabriqués, ce ne sont pas des observations"),
		say(trade.MirrorReExportsIn, // exporter, amount
			"exports of %[1]s include re-exports of %[2]s, which an importer that records origin puts under the country of make",
			"les exportations de %[1]s comprennent %[2]s de réexportations, qu’un importateur qui relève l’origine range sous le pays de fabrication"),
		say(trade.MirrorReExportsOut, // exporter
			"exports of %[1]s are domestic exports: re-exports are not among them",
			"les exportations de %[1]s sont celles du pays même : les réexportations n’y sont pas"),
		say(trade.MirrorReExports, // exporter
			"%[1]s does not publish re-exports apart: how much of its exports they are is not known",
			"%[1]s ne publie pas les réexportations à part : leur part dans ses exportations n’est pas connue"),
		say(trade.MirrorTerritory, // reporter, partner, areas, amount
			"%[1]s lists %[3]s apart from %[2]s (%[4]s), whose own figures include them",
			"%[1]s compte %[3]s à part de %[2]s (%[4]s), dont les chiffres les comprennent"),
	}
}

// coverTexts say what the two sides cover.
func coverTexts() []saying {
	return []saying{
		say(trade.MirrorNoProducts, // reporter
			"by product the difference is not known: %[1]s has no products by country",
			"par produit, l’écart n’est pas connu : %[1]s n’a pas de produits par pays"),
		say(trade.MirrorRest, // reporter, amount
			"of %[1]s %[2]s stand in no product of the comparison: totals, chapters of national use, goods that were rolled up",
			"pour %[1]s, %[2]s ne sont dans aucun produit comparé : totaux, chapitres d’usage national, marchandises regroupées"),
		say(trade.MirrorCancel, // c, sum of |X - M|, X + M
			"gaps cancel: c is %[1]s, but product by product the differences add up to %[2]s, of %[3]s on both sides together",
			"des écarts se compensent : c vaut %[1]s, mais produit par produit les écarts font %[2]s, sur %[3]s des deux côtés ensemble"),
		say(trade.MirrorFreq, // exporter, frequency, importer, frequency
			"frequencies differ (%[1]s: %[2]s, %[3]s: %[4]s): yearly figures may hold revisions that months do not",
			"les fréquences diffèrent (%[1]s : %[2]s, %[3]s : %[4]s) : les chiffres annuels peuvent contenir des révisions absentes des mois"),
		say(trade.MirrorIncomplete, // reporter, months covered, months asked
			"%[1]s covers %[2]d of %[3]d months",
			"%[1]s couvre %[2]d mois sur %[3]d"),
		say(trade.MirrorMonths, // exporter, importer, months in common
			"%[1]s and %[2]s do not cover the same months (%[3]d in common): no c over the whole",
			"%[1]s et %[2]s ne couvrent pas les mêmes mois (%[3]d en commun) : pas de c sur l’ensemble"),
		say(trade.MirrorHidden, // reporter
			"%[1]s hides goods in this flow by rolling them up or leaving them out, so products do not match",
			"%[1]s cache des marchandises de ce flux en les regroupant ou en les omettant ; les produits ne se correspondent donc pas"),
		say(trade.MirrorZero, // reporter
			"%[1]s reports zero: its file covers this and has no line",
			"%[1]s déclare zéro : son fichier couvre ceci et n’a pas de ligne"),
		say(trade.MirrorBothZero, // none
			"both report zero: c is not defined",
			"les deux déclarent zéro : c n’est pas défini"),
		say(trade.MirrorNegative, // reporter
			"the figure of %[1]s is negative (amendments): c is not defined",
			"le chiffre de %[1]s est négatif (rectifications) : c n’est pas défini"),
		say(trade.MirrorNotReported, // reporter, why
			"no figure of %[1]s (%[2]s): the difference is not known",
			"pas de chiffre de %[1]s (%[2]s) : l’écart n’est pas connu"),
	}
}

// adjustTexts say other readings of the flow.
func adjustTexts() []saying {
	return []saying{
		say(trade.AdjustFOBPublished, // importer, t in per cent
			"M as %[1]s itself publishes it without freight and insurance (%[2]s %%)",
			"M comme %[1]s le publie lui-même hors fret et assurance (%[2]s %%)"),
		say(trade.AdjustCIF, // importer, t in per cent, years
			"M of %[1]s to FOB by a factor of %[2]s %% taken from %[3]s: an estimate",
			"M de %[1]s ramené à FAB par un facteur de %[2]s %% tiré de %[3]s : une estimation"),
		say(trade.AdjustDomestic, // exporter
			"X of %[1]s without re-exports",
			"X de %[1]s sans les réexportations"),
		say(trade.AdjustParts, // reporter, areas
			"with %[2]s, which %[1]s lists apart",
			"avec %[2]s, que %[1]s compte à part"),
		say(trade.AdjustMonths, // number of months
			"over the %[1]d months that both cover",
			"sur les %[1]d mois que les deux couvrent"),
		say(trade.AdjustYearMean, // none
			"dollars at the mean rate of the year",
			"dollars au taux moyen de l’année"),
	}
}
