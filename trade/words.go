package trade

import "slices"

// Flow is the direction of trade, SDMX TRADE_FLOW.
type Flow string

// The flows. Exports are the total of domestic exports and re-exports; where
// an office publishes all three, X = DX + RX is checked.
const (
	Imports         Flow = "imports"
	Exports         Flow = "exports"
	DomesticExports Flow = "domestic_exports"
	ReExports       Flow = "re_exports"
	ReImports       Flow = "re_imports"
)

// Flows returns the closed list of flows.
func Flows() []Flow { return []Flow{Imports, Exports, DomesticExports, ReExports, ReImports} }

// Outward says whether goods leave.
func (f Flow) Outward() bool { return slices.Contains([]Flow{Exports, DomesticExports, ReExports}, f) }

// System is the trade system, SDMX TRADE_SYSTEM (IMTS 2010, chapter II): a
// dimension, since an office may publish two.
type System string

// The trade systems.
const (
	General        System = "general"
	SpecialStrict  System = "special_strict"
	SpecialRelaxed System = "special_relaxed"
	UnknownSystem  System = "unknown"
)

// Systems returns the closed list of trade systems.
func Systems() []System { return []System{General, SpecialStrict, SpecialRelaxed, UnknownSystem} }

// Valuation is what a value includes (IMTS 2010, chapter IV). Valuations of
// one flow are never added.
type Valuation string

// The valuations.
const (
	CIF              Valuation = "cif"              // cost, insurance, freight at the border of import
	FOB              Valuation = "fob"              // free on board at the border of export
	FOBDirect        Valuation = "fob_place_direct" // at the place of direct shipment (Canada's imports)
	CustomsValue     Valuation = "customs_value"    // price paid or payable, without freight and insurance
	FAS              Valuation = "fas"              // free alongside ship (US exports)
	Invoice          Valuation = "invoice"          // as invoiced
	UnknownValuation Valuation = "unknown"          // the source does not say
)

// Valuations returns the closed list of valuations.
func Valuations() []Valuation {
	return []Valuation{CIF, FOB, FOBDirect, CustomsValue, FAS, Invoice, UnknownValuation}
}

// PartnerRole says what the partner is to the goods (IMTS 2010, chapter VI).
// Two roles are never ranked in one table unsaid.
type PartnerRole string

// The partner roles.
const (
	Origin      PartnerRole = "origin"
	Consignment PartnerRole = "consignment"
	LastKnown   PartnerRole = "last_known_destination"
	Purchase    PartnerRole = "purchase_or_sale"
	UnknownRole PartnerRole = "unknown"
)

// Roles returns the closed list of partner roles.
func Roles() []PartnerRole {
	return []PartnerRole{Origin, Consignment, LastKnown, Purchase, UnknownRole}
}

// The grains: what a record is.
const (
	GrainAggregate = "aggregate" // a published figure, over any number of declarations
	GrainLine      = "line"      // one line of one declaration
)

// Incoterms returns the rules of Incoterms 2020 (International Chamber of
// Commerce, publication 723E), in its order: seven for any mode of transport,
// four for sea and inland waterway.
func Incoterms() []string {
	return []string{"EXW", "FCA", "CPT", "CIP", "DAP", "DPU", "DDP", "FAS", "FOB", "CFR", "CIF"}
}

// Whole is the member of a dimension that stands for all the others: all
// procedures, all modes of transport (SDMX's _T).
const Whole = "_T"

// KindSelf is the kind of a partner that harmonise decides itself; the others
// are codes.AreaKind.
const KindSelf = "self" // the reporter as its own partner: re-imports
