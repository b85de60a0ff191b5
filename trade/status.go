package trade

import "guichet/hs"

// Statuses of figures, and what a national code is to the HS. Each list is
// closed: words are appended, never renamed, because they stand in records.

// TotalCode is the national code of a figure over all goods.
const TotalCode = "TOTAL"

// ListHS is the name of the list of an office that publishes plain HS codes,
// as UN Comtrade does.
const ListHS = "hs"

// NationalChapter reports whether each country fills the chapter as it likes:
// 98 and 99, and 77, which the WCO keeps free.
func NationalChapter(chapter hs.Code) bool {
	return chapter == "77" || chapter == "98" || chapter == "99"
}

// SDMX CL_OBS_STATUS, version 2.2: the codes that a profile may give.
const (
	ObsNormal      = "A" // normal value
	ObsBreak       = "B" // a break in the series
	ObsEstimated   = "E" // estimated by the office
	ObsImputed     = "I" // imputed by who received it
	ObsElsewhere   = "K" // included in another category
	ObsCannotExist = "M" // missing: it cannot exist
	ObsMissing     = "O" // missing
	ObsProvisional = "P" // provisional
	ObsSuppressed  = "Q" // missing: suppressed
	ObsIncludes    = "W" // includes what belongs to another category
)

// ObsStatuses returns the closed list of observation statuses.
func ObsStatuses() []string {
	return []string{ObsNormal, ObsBreak, ObsEstimated, ObsImputed, ObsElsewhere, ObsCannotExist, ObsMissing, ObsProvisional, ObsSuppressed, ObsIncludes}
}

// Confidentiality of a figure: how the office hides, RECORD's CONF_STATUS in
// words, since SDMX CL_CONF_STATUS says who may see a figure and not what was
// done to it.
const (
	ConfFree       = "free"       // nothing is hidden
	ConfRolledUp   = "rolled_up"  // the line stands for finer lines that are hidden
	ConfSuppressed = "suppressed" // the line is there, its figure is not
	ConfReduced    = "reduced"    // partner, port or quantity are hidden, the value is not
)

// ConfStatuses returns the closed list of confidentiality statuses.
func ConfStatuses() []string {
	return []string{ConfFree, ConfRolledUp, ConfSuppressed, ConfReduced}
}

// Coverage says which part of trade a figure is (IMTS 2010, chapter I).
const (
	CoverNormal          = "normal"
	CoverLowValue        = "low_value"       // single consignments of little value, told in one line
	CoverBelowThreshold  = "below_threshold" // traders too small to report
	CoverReturned        = "returned_goods"  // goods that came back
	CoverStores          = "stores_and_bunkers"
	CoverParcelPost      = "parcel_post"       // by post, goods not told apart
	CoverMonetaryGold    = "monetary_gold"     // no merchandise in the IMTS
	CoverNonMonetaryGold = "non_monetary_gold" // merchandise that some tables leave out
	CoverMilitary        = "military"
	CoverEstimate        = "estimate" // a line that the office made up for what it did not collect
)

// Coverages returns the closed list of coverages.
func Coverages() []string {
	return []string{
		CoverNormal, CoverLowValue, CoverBelowThreshold, CoverReturned, CoverStores,
		CoverParcelPost, CoverMonetaryGold, CoverNonMonetaryGold, CoverMilitary, CoverEstimate,
	}
}

// What a national code is to its HS code.
const (
	ByPrefix  = "prefix"             // its first six digits
	ByExact   = "exact"              // it is the HS code, or its list says which one it is
	ByFamily  = "family"             // through a closed family of another edition
	ByDefault = "default_conversion" // through UNSD's single conversion: an estimate
	ByNone    = "none"               // no subheading: the HS code is a chapter or heading, or absent
)

// HSRelations returns the closed list of relations to the HS.
func HSRelations() []string { return []string{ByPrefix, ByExact, ByFamily, ByDefault, ByNone} }

// Why a quantity is what it is.
const (
	QuantityReported     = "reported"
	QuantityEstimated    = "estimated"
	QuantityNotReported  = "not_reported"  // asked for, not given
	QuantityNotCollected = "not_collected" // not asked for
	QuantitySuppressed   = "suppressed"
	QuantityZero         = "zero" // reported, and nothing
)

// QuantityStatuses returns the closed list of statuses of a quantity.
func QuantityStatuses() []string {
	return []string{QuantityReported, QuantityEstimated, QuantityNotReported, QuantityNotCollected, QuantitySuppressed, QuantityZero}
}
