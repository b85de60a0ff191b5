package main

import (
	"math/big"
	"regexp"
	"strings"
)

// The conversion factors of Rec. 20 are text for people:
//
//	10³ kg        0,453 592 37 kg        2,834 952 x 10⁻² kg        1 609,344 m        200 mg        10-15 m3
//
// A comma is the decimal sign, spaces group digits, exponents are Unicode superscripts or plain digits.
var factorText = regexp.MustCompile(`^(\d[\d ]*(?:[.,] ?\d[\d ]*)?)?\s*(?:[x×]\s*)?(?:10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+|-\d+))?\s*(kg|g|mg|m|m²|m2|m³|m3|J|W|Bq)$`)

// bases are the units to which a factor may lead: their measure, and what one of them is in its base unit.
//
//nolint:gochecknoglobals // a table that is never written
var bases = map[string]struct {
	measure  string
	num, den int64
}{
	"kg": {"mass", 1, 1}, "g": {"mass", 1, 1000}, "mg": {"mass", 1, 1000000},
	"m": {"length", 1, 1}, "m²": {"area", 1, 1}, "m2": {"area", 1, 1}, "m³": {"volume", 1, 1}, "m3": {"volume", 1, 1},
	"J": {"energy", 1, 1}, "W": {"power", 1, 1}, "Bq": {"activity", 1, 1},
}

// parseFactor reads a factor of Rec. 20 exactly. Only plain factors to one base unit are read: "10⁶ J/m³" is not.
func parseFactor(text string) (value *big.Rat, measure string, ok bool) {
	m := factorText.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return nil, "", false
	}
	mantissa, exponent, base := m[1], m[2], bases[m[3]]
	value = big.NewRat(base.num, base.den)
	if mantissa != "" {
		digits := strings.ReplaceAll(strings.ReplaceAll(mantissa, " ", ""), ",", ".")
		r, good := new(big.Rat).SetString(digits)
		if !good {
			return nil, "", false
		}
		value.Mul(value, r)
	}
	if exponent != "" {
		power := strings.NewReplacer("⁻", "-", "⁰", "0", "¹", "1", "²", "2", "³", "3", "⁴", "4", "⁵", "5", "⁶", "6", "⁷", "7", "⁸", "8", "⁹", "9").Replace(exponent)
		r, good := new(big.Rat).SetString("1e" + power)
		if !good || len(power) > 3 {
			return nil, "", false
		}
		value.Mul(value, r)
	}
	return value, base.measure, value.Sign() > 0
}
