package hs

import (
	"slices"
	"sync"
)

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
	Family  Family
	Because Why    // why, in a word
	Reason  string // why, in an English sentence; never empty
}

// Why is a reason of a Correspondence, as a word: "leaking".
type Why string

// The reasons, a closed list.
const (
	WhySame      Why = "same"
	WhyOne       Why = "pair"
	WhyFamily    Why = "family"
	WhyConverted Why = "converted"
	WhyGathered  Why = "gathered"
	WhyLeaking   Why = "leaking"
	WhyDerived   Why = "derived"
	WhyScattered Why = "scattered"
	WhyUnderived Why = "underived"
	WhyForgotten Why = "forgotten"
	WhyEdition   Why = "edition"
	WhyDigits    Why = "digits"
	WhyUnknown   Why = "unknown"
)

// Whys returns the closed list of reasons.
func Whys() []Why {
	return []Why{WhySame, WhyOne, WhyFamily, WhyConverted, WhyGathered, WhyLeaking, WhyDerived, WhyScattered, WhyUnderived, WhyForgotten, WhyEdition, WhyDigits, WhyUnknown}
}

// String returns the reason in an English sentence.
func (w Why) String() string { return w.In("en") }

// In returns the reason in a sentence, in French for "fr", otherwise in English.
func (w Why) In(lang string) string { return whys()[w].in(lang) }

//nolint:gochecknoglobals // a constant in all but name: computed once, never changed
var whys = sync.OnceValue(func() map[Why]wording {
	return map[Why]wording{
		WhySame: {"the same code of the same edition", "le même code de la même édition"},
		WhyOne:  {"each of the two codes is related to the other alone", "chacun des deux codes n’est lié qu’à l’autre"},
		WhyFamily: {
			"closed family: exact when both sides are summed whole, not code by code",
			"famille fermée : exacte quand chaque côté est additionné en entier, non code par code",
		},
		WhyConverted: {
			"no closed family of at most 12 codes: UNSD's single conversion, an estimate that cuts real links",
			"pas de famille fermée de 12 codes au plus : conversion unique de la DSNU, une estimation qui coupe de vrais liens",
		},
		WhyGathered: {
			"no closed family of at most 12 codes: the newer codes whose single conversion by UNSD is this code, an estimate that cuts real links",
			"pas de famille fermée de 12 codes au plus : les codes plus récents que la DSNU convertit en celui-ci, une estimation qui coupe de vrais liens",
		},
		WhyLeaking: {
			"the table forgets a code of this subheading's group, so that no family is surely closed: UNSD's single conversion, an estimate",
			"la table oublie un code du groupe de cette sous-position, si bien qu’aucune famille n’est sûrement fermée : conversion unique de la DSNU, une estimation",
		},
		WhyDerived: {
			"no table between these editions is held: a conversion derived through HS2017 from UNSD's single conversions, an estimate",
			"aucune table entre ces éditions n’est détenue : conversion tirée, par le SH 2017, des conversions uniques de la DSNU, une estimation",
		},
		WhyScattered: {
			"no closed family of at most 12 codes, and UNSD converts no code to this one",
			"pas de famille fermée de 12 codes au plus, et la DSNU ne convertit aucun code en celui-ci",
		},
		WhyUnderived: {
			"no closed family of at most 12 codes, and no conversion between these editions can be derived through HS2017",
			"pas de famille fermée de 12 codes au plus, et aucune conversion entre ces éditions ne peut être tirée par le SH 2017",
		},
		WhyForgotten: {
			"the table between these editions has no relation for this code",
			"la table entre ces éditions n’a aucune relation pour ce code",
		},
		WhyEdition: {
			"an edition that is not held: HS2007, HS2012, HS2017 and HS2022 are",
			"une édition qui n’est pas détenue : SH 2007, 2012, 2017 et 2022 le sont",
		},
		WhyDigits:  {"correlations are known for subheadings of six digits only", "les corrélations ne sont connues que pour les sous-positions de six chiffres"},
		WhyUnknown: {"the edition asked from does not hold this code", "l’édition de départ n’a pas ce code"},
	}
})

// Correspond says what a subheading of one edition is in another, in either
// direction of time. In its own edition a code is exactly itself.
func Correspond(from Edition, c Code, to Edition) Correspondence {
	switch {
	case from.place() < 0 || to.place() < 0:
		return Correspondence{Comparison: NotComparable, Because: WhyEdition, Reason: WhyEdition.String()}
	case len(c) == 2 || len(c) == 4:
		return Correspondence{Comparison: NotComparable, Because: WhyDigits, Reason: WhyDigits.String()}
	}
	if f, ok := FamilyOf(from, c, to); ok {
		reason := WhyFamily
		switch {
		case from == to:
			reason = WhySame
		case len(f.From) == 1 && len(f.To) == 1:
			reason = WhyOne
		}
		return Correspondence{Comparison: Exact, To: slices.Clone(f.To), Family: f, Because: reason, Reason: reason.String()}
	}
	v, i, ok := viewOf(from, c, to)
	if !ok {
		return Correspondence{Comparison: NotComparable, Because: WhyUnknown, Reason: WhyUnknown.String()}
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
		reason := WhyScattered
		switch {
		case v.family[i] == forgotten:
			reason = WhyForgotten
		case v.derived:
			reason = WhyUnderived
		}
		return Correspondence{Comparison: NotComparable, Because: reason, Reason: reason.String()}
	}
	reason := WhyConverted
	switch {
	case v.derived:
		reason = WhyDerived
	case v.family[i] == leaking:
		reason = WhyLeaking
	case !v.newest:
		reason = WhyGathered
	}
	return Correspondence{Comparison: DefaultConversion, To: codes, Because: reason, Reason: reason.String()}
}
