// Package disclosure judges which figures drawn from declarations must be hidden, so
// that no trader can be recognised in them.
//
// It promises the primary rules: threshold, dominance (n,k) and p %, as METHODS of
// statistical disclosure control have them (A. Hundepool and others, Statistical
// Disclosure Control, 2012, chapter 4; tau-Argus manual, section 4.1), each hidden
// figure with the rule that hid it. A figure of which it is not told enough is
// hidden.
//
// It does not yet hide more figures so that the hidden ones cannot be computed from
// sums (secondary suppression): it says where exactly one figure of a shown sum is
// hidden, and so follows from the rest. Two hidden figures of a sum may follow from
// several sums together; that it does not see. Nor does it know what was given
// before, or what the mirror partner publishes.
package disclosure
