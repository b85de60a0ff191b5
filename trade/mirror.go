package trade

import (
	"fmt"
	"math/big"
	"slices"
	"time"

	"guichet"
)

// MirrorQuestion asks for what two countries say of one flow of goods: X, what
// the exporter reports, and M, what the importer does.
type MirrorQuestion struct {
	Exporter   string       `json:"exporter"` // ISO 3166-1 alpha-2, "CA"
	Importer   string       `json:"importer"`
	Period     guichet.Span `json:"period"`
	Product    []string     `json:"product,omitempty"`    // as in a question; none: all goods
	Edition    int          `json:"edition,omitempty"`    // both sides are read in it; 0: in force at the period's end
	Conversion string       `json:"conversion,omitempty"` // "exact" (default) or "default"
	AsOf       time.Time    `json:"as_of,omitzero"`
	Vintage    string       `json:"vintage,omitempty"`
	Lang       string       `json:"lang,omitempty"` // of the sentences: "en" (default) or "fr"
}

// MirrorAnswer is a documented contract (guichet mirror --json): fields are
// added, never changed. Amounts are US dollars unless a field says otherwise.
// What is not known is absent, and a gap or a remark says why.
type MirrorAnswer struct {
	Question   MirrorQuestion   `json:"question"`
	Export     Side             `json:"export"`
	Import     Side             `json:"import"`
	Difference *guichet.Decimal `json:"difference,omitempty"` // X - M
	// Asymmetry is c = (X - M) / ((X + M) / 2), rounded to six decimals, in
	// [-2, 2]: +2 or -2 only against a reported zero, absent when both are
	// zero, when a side is unknown or negative, or when the sides do not cover
	// the same months. Nothing is added to or taken from X and M first.
	Asymmetry *guichet.Decimal `json:"asymmetry,omitempty"`
	// SumAbsolute is the sum of |X - M| over Products: a small Asymmetry may
	// hide large gaps that cancel.
	SumAbsolute *guichet.Decimal `json:"sum_absolute,omitempty"`
	Products    []ProductPair    `json:"products"` // by |X - M|, the largest first
	// Adjusted holds other readings of the same flow, each against the
	// published figures alone: they do not add up.
	Adjusted []Adjustment     `json:"adjusted"`
	Remarks  []guichet.Remark `json:"remarks"`
	Gaps     []guichet.Gap    `json:"gaps"`
	AsOf     time.Time        `json:"as_of"`
}

// Side is what one of the two reports of the flow. Missing set: nothing is
// known, and the figures mean nothing.
type Side struct {
	Reporter  string           `json:"reporter"`
	Partner   string           `json:"partner"`
	Flow      Flow             `json:"flow"`
	System    System           `json:"trade_system"`
	Valuation Valuation        `json:"valuation"`
	Role      PartnerRole      `json:"partner_role"`
	Currency  string           `json:"currency"`
	National  guichet.Decimal  `json:"national"`                // in Currency
	USD       *guichet.Decimal `json:"usd,omitempty"`           // at the rates of the periods published, estimated unless Currency is USD; absent: a rate is not known
	USDYear   *guichet.Decimal `json:"usd_year_mean,omitempty"` // at the mean rate of each year, to compare; absent when it is the same
	Freq      guichet.Freq     `json:"freq"`
	Months    []string         `json:"months"`       // that the figures cover, "2024-01"
	Asked     int              `json:"months_asked"` // months of the question
	Periods   []PeriodFigure   `json:"periods"`
	Cube      string           `json:"cube"`
	List      string           `json:"list,omitempty"`      // national list of goods
	Edition   int              `json:"edition,omitempty"`   // of the HS, 0 when goods were not asked for
	Generated bool             `json:"generated,omitempty"` // at least one source is made data
	// Estimated: dollars were converted by us.
	Estimated bool `json:"estimated"`
	// Hidden: the office rolled goods up or blanked them.
	Hidden bool `json:"hidden,omitempty"`
	// ByProduct is dollars by common code; nil: no products by country.
	ByProduct map[string]guichet.Decimal `json:"-"`
	// Rest is what stands in no product: USD less the sum of ByProduct.
	Rest *guichet.Decimal `json:"rest,omitempty"`
	// Domestic are exports without re-exports, where published apart.
	Domestic *guichet.Decimal `json:"domestic,omitempty"`
	// FOB is the importer's own FOB value of the same goods, where published.
	FOB *guichet.Decimal `json:"fob,omitempty"`
	// Parts are what the reporter lists apart under parts of the partner's
	// statistical territory, by area; not in USD.
	Parts   map[string]guichet.Decimal `json:"parts,omitempty"`
	Others  []string                   `json:"others,omitempty"` // trade systems, valuations and roles published too and not taken: "trade_system=special_strict"
	Sources []guichet.Source           `json:"sources"`
	Remarks []guichet.Remark           `json:"remarks"` // that came with the figures
	Gaps    []guichet.Gap              `json:"gaps"`
	Missing *guichet.Gap               `json:"missing,omitempty"`
}

// PeriodFigure is a side's figure of one published period.
type PeriodFigure struct {
	Period   string           `json:"period"`
	National guichet.Decimal  `json:"national"`
	USD      *guichet.Decimal `json:"usd,omitempty"`
}

// ProductPair is X and M of one product. A product that only one side lists is
// a reported zero of the other.
type ProductPair struct {
	Code      string           `json:"code"`
	Export    guichet.Decimal  `json:"export"`
	Import    guichet.Decimal  `json:"import"`
	Asymmetry *guichet.Decimal `json:"asymmetry,omitempty"` // as MirrorAnswer's; absent when either is negative or both are zero
}

// Adjustment is another reading of the flow: what one cause alone does.
type Adjustment struct {
	Code       string           `json:"code"`
	Text       string           `json:"text"`
	Status     string           `json:"status"` // "measured" from records, or "estimated" from a table
	Source     string           `json:"source"`
	Factor     *guichet.Decimal `json:"factor,omitempty"` // t of M / (1 + t)
	Export     guichet.Decimal  `json:"export"`
	Import     guichet.Decimal  `json:"import"`
	Difference guichet.Decimal  `json:"difference"`
	Asymmetry  *guichet.Decimal `json:"asymmetry,omitempty"`
}

// How an adjustment came about.
const (
	Measured  = "measured"
	Estimated = "estimated"
)

// Codes of remarks and adjustments of a mirror, appended, never renamed. Where
// RemarkText knows the code, MirrorText says the same of the pair at hand.
const (
	MirrorSharedSource = RemarkSharedSource
	MirrorValuation    = RemarkValuations
	MirrorRole         = RemarkPartnerRoles
	MirrorSystem       = RemarkSystems
	MirrorLeftOut      = "also_published"
	MirrorEdition      = "edition_differs"
	MirrorList         = RemarkDifferentLists
	MirrorNoProducts   = RemarkByProduct
	MirrorRest         = "outside_products"
	MirrorCancel       = "gaps_cancel"
	MirrorRates        = RemarkDollars
	MirrorNoRate       = "dollars_not_known"
	MirrorGenerated    = RemarkGenerated
	MirrorFreq         = "frequency_differs"
	MirrorIncomplete   = "coverage_incomplete"
	MirrorMonths       = "months_differ"
	MirrorReExportsIn  = "re_exports_included"
	MirrorReExportsOut = "re_exports_left_out"
	MirrorReExports    = "re_exports_not_told"
	MirrorTerritory    = "territory_differs"
	MirrorHidden       = "hidden"
	MirrorZero         = "reported_zero"
	MirrorBothZero     = "both_zero"
	MirrorNegative     = "negative"
	MirrorNotReported  = "side_not_reported"

	AdjustFOBPublished = "fob_published"
	AdjustCIF          = "cif_to_fob"
	AdjustDomestic     = "domestic_exports"
	AdjustParts        = "parts_of_territory"
	AdjustMonths       = "common_months"
	AdjustYearMean     = "year_mean_rates"
)

// SharedSource is a pair of countries whose figures on each other are not two
// measurements.
type SharedSource struct {
	A, B   string // either may export
	From   time.Time
	Source string
}

// SharedSources returns the pairs known. Each takes its exports to the other
// from the other's imports.
func SharedSources() []SharedSource {
	return []SharedSource{{
		A: "CA", B: "US", From: time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC),
		Source: "data exchange between Statistics Canada and the US Census Bureau, memorandum of understanding of 1987, in force from January 1990",
	}}
}

// SharedSourceOf returns the exchange that holds between two countries in a
// span, in whole or in part.
func SharedSourceOf(exporter, importer string, span guichet.Span) (SharedSource, bool) {
	for _, s := range SharedSources() {
		pair := s.A == exporter && s.B == importer || s.A == importer && s.B == exporter
		late := !span.IsZero() && span.To.End().Before(s.From)
		if pair && !late {
			return s, true
		}
	}
	return SharedSource{}, false
}

// CIFFactor is a published or measured share t of freight and insurance:
// FOB = CIF / (1 + t).
type CIFFactor struct {
	Reporter string          // importer; "" any
	From, To int             // years that t was taken from
	T        guichet.Decimal // 0.06
	Source   string
	// Measured on records of the reporter that carry both values; else an
	// average over countries. On other goods and years either is an estimate.
	Measured bool
}

// CIFFactors returns the table, never a constant: reporter, years, source.
// The measured rows are the sum of CIF over the sum of FOB where rows carry
// both, at six digits (ores, inorganic chemicals, cobalt, nickel, batteries,
// electric vehicles): single products run from 0.4 to 30 %.
func CIFFactors() []CIFFactor {
	const comtrade = "UN Comtrade, imports of 21 to 34 codes whose rows carry both CIF and FOB"
	t := func(tenThousandths int64) guichet.Decimal { return guichet.NewDecimal(big.NewInt(tenThousandths), 4) }
	return []CIFFactor{
		{Reporter: "AU", From: 2018, To: 2021, T: t(325), Source: comtrade, Measured: true},
		{Reporter: "NZ", From: 2019, To: 2021, T: t(357), Source: comtrade, Measured: true},
		{Reporter: "US", From: 2019, To: 2019, T: t(216), Source: comtrade, Measured: true},
		{From: 1995, To: 2014, T: t(600), Source: "OECD, International Transport and Insurance Costs (ITIC), average over countries and goods"},
	}
}

// CIFFactorOf returns the factor for a reporter: its own, else the average.
func CIFFactorOf(reporter string) CIFFactor {
	all := CIFFactors()
	i := slices.IndexFunc(all, func(f CIFFactor) bool { return f.Reporter == reporter || f.Reporter == "" })
	return all[i]
}

// TerritoryParts returns the areas that lie within a reporter's statistical
// territory though others may list them apart: UN, International Merchandise
// Trade Statistics, national metadata of the reporters; US Census Bureau,
// Guide to Foreign Trade Statistics (the 50 states, DC, PR, VI); INSEE and
// French customs (overseas departments); Swiss customs (customs union of 1923).
func TerritoryParts(reporter string) []string {
	switch reporter {
	case "US":
		return []string{"PR", "VI"}
	case "FR":
		return []string{"GF", "GP", "MC", "MQ", "RE", "YT"}
	case "CH":
		return []string{"LI"}
	}
	return nil
}

// MirrorText says a remark or adjustment of a mirror in a language ("en",
// "fr") with its arguments, in the order that stands beside the text; "" for a code
// that it does not know.
func MirrorText(code, lang string, args ...any) string {
	all := slices.Concat(madeTexts(), coverTexts(), adjustTexts())
	i := slices.IndexFunc(all, func(s saying) bool { return s.code == code })
	if i < 0 {
		return ""
	}
	return fmt.Sprintf(all[i].text.In(lang), args...)
}

// madeTexts say how the two sides were made. The comments name the arguments.
func madeTexts() []saying {
	return []saying{
		say(MirrorSharedSource, // exporter, importer, month from which, source
			"%[1]s and %[2]s share a source: since %[3]s each takes its exports to the other from the other's imports (%[4]s). The pair is not two measurements; what differs is attribution, timing and valuation, and it says nothing of the reliability of either",
			"%[1]s et %[2]s partagent une source : depuis %[3]s chacun tire ses exportations vers l’autre des importations de l’autre (%[4]s). Ce ne sont pas deux mesures ; l’écart tient à l’attribution, à la date et à l’évaluation, et ne dit rien de la fiabilité de l’un ou de l’autre"),
		say(MirrorValuation, // exporter, its valuation, importer, its valuation
			"%[1]s values its exports %[2]s, %[3]s its imports %[4]s: not the same costs are included",
			"%[1]s évalue ses exportations %[2]s, %[3]s ses importations %[4]s : les frais compris ne sont pas les mêmes"),
		say(MirrorRole, // exporter, its role, importer, its role
			"the partner is %[2]s for %[1]s and %[4]s for %[3]s: goods that pass through a third country stand under different partners",
			"le partenaire est %[2]s pour %[1]s et %[4]s pour %[3]s : les marchandises passées par un pays tiers sont sous des partenaires différents"),
		say(MirrorSystem, // exporter, its system, importer, its system
			"%[1]s reports %[2]s, %[3]s %[4]s: goods in warehouses and free zones are not counted alike",
			"%[1]s déclare en %[2]s, %[3]s en %[4]s : les marchandises en entrepôt et en zone franche ne sont pas comptées de même"),
		say(MirrorLeftOut, // reporter, what was left out
			"%[1]s also publishes %[2]s; it is not taken here and nothing is added to it",
			"%[1]s publie aussi %[2]s ; ce n’est pas repris ici et rien n’y est ajouté"),
		say(MirrorEdition, // exporter, edition, importer, edition
			"products of %[1]s are read in HS%[2]d, those of %[3]s in HS%[4]d",
			"les produits de %[1]s sont lus en SH%[2]d, ceux de %[3]s en SH%[4]d"),
		say(MirrorList, // exporter, list, importer, list
			"national lists differ (%[1]s: %[2]s, %[3]s: %[4]s): products are compared at six digits at most",
			"les listes de produits diffèrent (%[1]s : %[2]s, %[3]s : %[4]s) : les produits sont comparés à six chiffres au plus"),
		say(MirrorRates, // reporter, currency, rates version
			"dollars of %[1]s are estimates: %[2]s at the mean rate of each period (%[3]s); offices convert at the rate of the declaration's day",
			"les dollars de %[1]s sont estimés : %[2]s au taux moyen de chaque période (%[3]s) ; les offices convertissent au taux du jour de la déclaration"),
		say(MirrorNoRate, // reporter, currency, rates version
			"dollars of %[1]s are not known: no rate of %[2]s for all of the period (%[3]s)",
			"les dollars de %[1]s ne sont pas connus : pas de taux de %[2]s pour toute la période (%[3]s)"),
		say(MirrorGenerated, // reporter
			"figures of %[1]s are made data, not observations",
			"les chiffres de %[1]s sont fabriqués, ce ne sont pas des observations"),
		say(MirrorReExportsIn, // exporter, amount
			"exports of %[1]s include re-exports of %[2]s, which an importer that records origin puts under the country of make",
			"les exportations de %[1]s comprennent %[2]s de réexportations, qu’un importateur qui relève l’origine range sous le pays de fabrication"),
		say(MirrorReExportsOut, // exporter
			"exports of %[1]s are domestic exports: re-exports are not among them",
			"les exportations de %[1]s sont celles du pays même : les réexportations n’y sont pas"),
		say(MirrorReExports, // exporter
			"%[1]s does not publish re-exports apart: how much of its exports they are is not known",
			"%[1]s ne publie pas les réexportations à part : leur part dans ses exportations n’est pas connue"),
		say(MirrorTerritory, // reporter, partner, areas, amount
			"%[1]s lists %[3]s apart from %[2]s (%[4]s), whose own figures include them",
			"%[1]s compte %[3]s à part de %[2]s (%[4]s), dont les chiffres les comprennent"),
	}
}

// coverTexts say what the two sides cover.
func coverTexts() []saying {
	return []saying{
		say(MirrorNoProducts, // reporter
			"by product the difference is not known: %[1]s has no products by country",
			"par produit, l’écart n’est pas connu : %[1]s n’a pas de produits par pays"),
		say(MirrorRest, // reporter, amount
			"of %[1]s %[2]s stand in no product of the comparison: totals, chapters of national use, goods that were rolled up",
			"pour %[1]s, %[2]s ne sont dans aucun produit comparé : totaux, chapitres d’usage national, marchandises regroupées"),
		say(MirrorCancel, // c, sum of |X - M|, X + M
			"gaps cancel: c is %[1]s, but product by product the differences add up to %[2]s, of %[3]s on both sides together",
			"des écarts se compensent : c vaut %[1]s, mais produit par produit les écarts font %[2]s, sur %[3]s des deux côtés ensemble"),
		say(MirrorFreq, // exporter, frequency, importer, frequency
			"frequencies differ (%[1]s: %[2]s, %[3]s: %[4]s): yearly figures may hold revisions that months do not",
			"les fréquences diffèrent (%[1]s : %[2]s, %[3]s : %[4]s) : les chiffres annuels peuvent contenir des révisions absentes des mois"),
		say(MirrorIncomplete, // reporter, months covered, months asked
			"%[1]s covers %[2]d of %[3]d months",
			"%[1]s couvre %[2]d mois sur %[3]d"),
		say(MirrorMonths, // exporter, importer, months in common
			"%[1]s and %[2]s do not cover the same months (%[3]d in common): no c over the whole",
			"%[1]s et %[2]s ne couvrent pas les mêmes mois (%[3]d en commun) : pas de c sur l’ensemble"),
		say(MirrorHidden, // reporter
			"%[1]s hides goods in this flow by rolling them up or leaving them out, so products do not match",
			"%[1]s cache des marchandises de ce flux en les regroupant ou en les omettant ; les produits ne se correspondent donc pas"),
		say(MirrorZero, // reporter
			"%[1]s reports zero: its file covers this and has no line",
			"%[1]s déclare zéro : son fichier couvre ceci et n’a pas de ligne"),
		say(MirrorBothZero, // none
			"both report zero: c is not defined",
			"les deux déclarent zéro : c n’est pas défini"),
		say(MirrorNegative, // reporter
			"the figure of %[1]s is negative (amendments): c is not defined",
			"le chiffre de %[1]s est négatif (rectifications) : c n’est pas défini"),
		say(MirrorNotReported, // reporter, why
			"no figure of %[1]s (%[2]s): the difference is not known",
			"pas de chiffre de %[1]s (%[2]s) : l’écart n’est pas connu"),
	}
}

// adjustTexts say other readings of the flow.
func adjustTexts() []saying {
	return []saying{
		say(AdjustFOBPublished, // importer, t in per cent
			"M as %[1]s itself publishes it without freight and insurance (%[2]s %%)",
			"M comme %[1]s le publie lui-même hors fret et assurance (%[2]s %%)"),
		say(AdjustCIF, // importer, t in per cent, years
			"M of %[1]s to FOB by a factor of %[2]s %% taken from %[3]s: an estimate",
			"M de %[1]s ramené à FAB par un facteur de %[2]s %% tiré de %[3]s : une estimation"),
		say(AdjustDomestic, // exporter
			"X of %[1]s without re-exports",
			"X de %[1]s sans les réexportations"),
		say(AdjustParts, // reporter, areas
			"with %[2]s, which %[1]s lists apart",
			"avec %[2]s, que %[1]s compte à part"),
		say(AdjustMonths, // number of months
			"over the %[1]d months that both cover",
			"sur les %[1]d mois que les deux couvrent"),
		say(AdjustYearMean, // none
			"dollars at the mean rate of the year",
			"dollars au taux moyen de l’année"),
	}
}

// Text says the valuation for people.
func (v Valuation) Text() Text {
	switch v {
	case CIF:
		return text("CIF at the border of import", "CAF à la frontière d’importation")
	case FOB:
		return text("FOB at the border of export", "FAB à la frontière d’exportation")
	case FOBDirect:
		return text("FOB at the place of direct shipment", "FAB au lieu d’expédition directe")
	case CustomsValue:
		return text("at customs value, without freight and insurance", "à la valeur en douane, hors fret et assurance")
	case FAS:
		return text("free alongside ship", "franco le long du navire")
	case Invoice:
		return text("as invoiced", "au prix facturé")
	case UnknownValuation:
	}
	return text("at a valuation that is not told", "selon une évaluation non indiquée")
}

// Text says the partner's role for people.
func (r PartnerRole) Text() Text {
	switch r {
	case Origin:
		return text("the country of origin", "le pays d’origine")
	case Consignment:
		return text("the country of consignment", "le pays de provenance")
	case LastKnown:
		return text("the last known destination", "la dernière destination connue")
	case Purchase:
		return text("the country of purchase or sale", "le pays d’achat ou de vente")
	case UnknownRole:
	}
	return text("of a role that is not told", "d’un rôle non indiqué")
}

// Text says the trade system for people.
func (s System) Text() Text {
	switch s {
	case General:
		return text("general trade", "commerce général")
	case SpecialStrict:
		return text("special trade, strict", "commerce spécial, strict")
	case SpecialRelaxed:
		return text("special trade, relaxed", "commerce spécial, souple")
	case UnknownSystem:
	}
	return text("a trade system that is not told", "un système non indiqué")
}
