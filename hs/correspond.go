package hs

import "slices"

// Comparison is how far figures of a code can be compared across editions.
type Comparison string

// The three words, from best to worst.
const (
	// Exact: the code stands in a closed family of at most a dozen codes.
	Exact Comparison = "exact"
	// DefaultConversion: UNSD's single conversion, an estimate, to be told as such.
	DefaultConversion Comparison = "default conversion"
	// NotComparable: neither.
	NotComparable Comparison = "not comparable"
)

// Correspondence is what a code of one edition is in another.
type Correspondence struct {
	Comparison Comparison
	// To holds the codes of the other edition, sorted. When exact, all of
	// Family.To. By default conversion, from a newer edition the one code
	// to which UNSD converts; from an older edition those newer codes that
	// UNSD converts to this code, whose sum estimates it. When not
	// comparable, none: Relations tells what there is.
	To []Code
	// Family is the closed family when exact. The sum over Family.From is
	// the sum over Family.To; when From has other codes beside the one asked
	// for, nothing exact can be said of that one alone.
	Family Family
	Reason string // why, in a sentence; never empty
}

// The reasons. They are for people; programs read Comparison.
const (
	reasonSame      = "the same code of the same edition"
	reasonOne       = "each of the two codes is related to the other alone"
	reasonFamily    = "closed family: exact when both sides are summed whole, not code by code"
	reasonConverted = "no closed family of at most 12 codes: UNSD's single conversion, an estimate that cuts real links"
	reasonGathered  = "no closed family of at most 12 codes: the newer codes whose single conversion by UNSD is this code, an estimate that cuts real links"
	reasonLeaking   = "the table forgets a code of this subheading's group, so that no family is surely closed: UNSD's single conversion, an estimate"
	reasonDerived   = "no table between these editions is held: a conversion derived through HS2017 from UNSD's single conversions, an estimate"
	reasonScattered = "no closed family of at most 12 codes, and UNSD converts no code to this one"
	reasonUnderived = "no closed family of at most 12 codes, and no conversion between these editions can be derived through HS2017"
	reasonForgotten = "the table between these editions has no relation for this code"
	reasonEdition   = "an edition that is not held: HS2007, HS2012, HS2017 and HS2022 are"
	reasonDigits    = "correlations are known for subheadings of six digits only"
	reasonUnknown   = "the edition asked from does not hold this code"
)

// Correspond says what a subheading of one edition is in another, in either
// direction of time. In its own edition a code is exactly itself.
func Correspond(from Edition, c Code, to Edition) Correspondence {
	switch {
	case from.place() < 0 || to.place() < 0:
		return Correspondence{Comparison: NotComparable, Reason: reasonEdition}
	case len(c) == 2 || len(c) == 4:
		return Correspondence{Comparison: NotComparable, Reason: reasonDigits}
	}
	if f, ok := FamilyOf(from, c, to); ok {
		reason := reasonFamily
		switch {
		case from == to:
			reason = reasonSame
		case len(f.From) == 1 && len(f.To) == 1:
			reason = reasonOne
		}
		return Correspondence{Comparison: Exact, To: slices.Clone(f.To), Family: f, Reason: reason}
	}
	v, i, ok := viewOf(from, c, to)
	if !ok {
		return Correspondence{Comparison: NotComparable, Reason: reasonUnknown}
	}
	return v.convert(i)
}

// convert is the default conversion of a code that stands in no family.
func (v *view) convert(i int) Correspondence {
	var codes []Code
	for _, l := range v.links[i] {
		if l.byDefault {
			codes = append(codes, v.to.six[l.to])
		}
	}
	if len(codes) == 0 {
		reason := reasonScattered
		switch {
		case v.family[i] == forgotten:
			reason = reasonForgotten
		case v.derived:
			reason = reasonUnderived
		}
		return Correspondence{Comparison: NotComparable, Reason: reason}
	}
	reason := reasonConverted
	switch {
	case v.derived:
		reason = reasonDerived
	case v.family[i] == leaking:
		reason = reasonLeaking
	case !v.newest:
		reason = reasonGathered
	}
	return Correspondence{Comparison: DefaultConversion, To: codes, Reason: reason}
}
