package ingest

import (
	"bytes"
	"math/big"
)

// binaryTrace is how far a figure that was counted in binary fractions may lie
// from what it means, as a part of it: a few operations on numbers of 53 bits
// leave less than one part in ten to the thirteenth.
const binaryTrace = 10_000_000_000_000

// maxBinary bounds the text of such a figure: a double has at most 17 digits
// that mean something, and 308 before or after them.
const maxBinary = 40

// unbinary takes the traces of binary fractions off a figure of so many
// decimals: with 2, "241.58000000000004" is "241.58" and "4897.0999999999985"
// is "4897.10". A figure that has more decimals than that and no such traces
// ("1.2345") is left as it is, to be put aside: nothing is rounded.
func unbinary(cell []byte, decimals int) []byte {
	whole, frac, _ := bytes.Cut(cell, []byte("."))
	// Only digits: the library reads 0x1.8 as one and a half, too.
	if len(frac) <= decimals || len(cell) > maxBinary || !onlyDigits(frac) || !onlyDigits(bytes.TrimLeft(whole, "+-")) {
		return cell
	}
	x, ok := new(big.Rat).SetString(string(cell))
	if !ok {
		return cell
	}
	text := x.FloatString(decimals)
	near, ok := new(big.Rat).SetString(text)
	if !ok {
		return cell
	}
	far := new(big.Rat).Sub(x, near)
	far.Abs(far).Mul(far, big.NewRat(binaryTrace, 1))
	if far.Cmp(x.Abs(x)) > 0 {
		return cell
	}
	return []byte(text)
}
