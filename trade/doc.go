// Package trade describes the first dataset of the window: merchandise trade,
// declaration lines and published aggregates in one shape.
//
// It promises the descriptor (fields, concepts of UNSD:IMTS(1.2), code lists,
// levels, what may never be added), the closed lists of its words (flows,
// trade systems, valuations, partner roles), the product groups with their
// tiers, and the sentences behind remark codes.
//
// It does not read files, judge keys (room harmonise) or compare countries
// (room mirror).
package trade
