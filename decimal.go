package guichet

import (
	"fmt"
	"math/big"
	"strings"
)

// Decimal is an exact signed decimal number. The zero value is 0. It is
// immutable: every operation returns a new one.
type Decimal struct {
	unscaled *big.Int // nil is 0
	scale    int      // digits after the point
}

// NewDecimal returns unscaled / 10^scale.
func NewDecimal(unscaled *big.Int, scale int) Decimal {
	return Decimal{new(big.Int).Set(unscaled), scale}
}

// DecimalOf returns a whole number as a Decimal.
func DecimalOf(n int64) Decimal { return Decimal{big.NewInt(n), 0} }

// ParseDecimal reads digits with an optional sign and point, nothing else: no
// exponent, no thousands separators, no NaN.
func ParseDecimal(s string) (Decimal, error) {
	digits, neg := strings.CutPrefix(s, "-")
	if !neg {
		digits = strings.TrimPrefix(digits, "+")
	}
	whole, frac, _ := strings.Cut(digits, ".")
	if whole == "" && frac == "" || strings.Trim(whole+frac, "0123456789") != "" || len(s) > 60 {
		return Decimal{}, Errorf(KindInvalid, "%q is no decimal number", s)
	}
	n, _ := new(big.Int).SetString(whole+frac, 10)
	if neg {
		n.Neg(n)
	}
	return Decimal{n, len(frac)}, nil
}

func (d Decimal) int() *big.Int {
	if d.unscaled == nil {
		return new(big.Int)
	}
	return d.unscaled
}

// align returns both unscaled values at the larger of the two scales.
func align(a, b Decimal) (x, y *big.Int, scale int) {
	scale = max(a.scale, b.scale)
	up := func(d Decimal) *big.Int {
		f := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale-d.scale)), nil)
		return f.Mul(f, d.int())
	}
	return up(a), up(b), scale
}

// Add returns d + e.
func (d Decimal) Add(e Decimal) Decimal {
	x, y, s := align(d, e)
	return Decimal{x.Add(x, y), s}
}

// Sub returns d - e.
func (d Decimal) Sub(e Decimal) Decimal {
	x, y, s := align(d, e)
	return Decimal{x.Sub(x, y), s}
}

// Abs returns the absolute value.
func (d Decimal) Abs() Decimal { return Decimal{new(big.Int).Abs(d.int()), d.scale} }

// Cmp compares d and e: -1, 0 or 1.
func (d Decimal) Cmp(e Decimal) int {
	x, y, _ := align(d, e)
	return x.Cmp(y)
}

// Sign returns -1, 0 or 1.
func (d Decimal) Sign() int { return d.int().Sign() }

// Rat returns the exact rational value.
func (d Decimal) Rat() *big.Rat {
	return new(big.Rat).SetFrac(d.int(), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.scale)), nil))
}

// DecimalFromRat rounds a rational half away from zero to scale digits.
func DecimalFromRat(r *big.Rat, scale int) Decimal {
	d, err := ParseDecimal(r.FloatString(scale))
	if err != nil {
		return Decimal{}
	}
	return d
}

// Float64 returns the nearest float, for ratios and pictures, never for sums.
func (d Decimal) Float64() float64 {
	f, _ := d.Rat().Float64()
	return f
}

// String writes the number without trailing zeros after the point.
func (d Decimal) String() string {
	n := d.int()
	s := new(big.Int).Abs(n).String()
	if d.scale > 0 {
		if len(s) <= d.scale {
			s = strings.Repeat("0", d.scale-len(s)+1) + s
		}
		s = s[:len(s)-d.scale] + "." + s[len(s)-d.scale:]
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	if n.Sign() < 0 {
		s = "-" + s
	}
	return s
}

// MarshalJSON writes the number as a JSON number, exact.
func (d Decimal) MarshalJSON() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalJSON reads a JSON number without exponent.
func (d *Decimal) UnmarshalJSON(b []byte) error {
	v, err := ParseDecimal(string(b))
	if err != nil {
		return fmt.Errorf("read decimal: %w", err)
	}
	*d = v
	return nil
}
