package trade

import (
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
	Marks    string           `json:"marks,omitempty"` // of the rows behind it: codes, sorted, with a space between
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
// RemarkText knows the code, room mirror says the same of the pair at hand.
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
