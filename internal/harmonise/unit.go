package harmonise

import (
	"math/big"
	"slices"
	"strings"

	"guichet"
	"guichet/codes"
	"guichet/trade"
)

// noQuantity is how our unit table writes that an office collects none.
const noQuantity = "_NOU"

// quantityDecimals is how exactly a converted quantity is kept: one decimal
// more than DECIMAL(18,3) loses nothing of a kept quantity in kilograms or
// pieces, and six hold grams in tonnes.
const quantityDecimals = 6

// unit reads a unit of quantity.
//
// Column: the unit as the office writes it.
//
// Fields: one that ends in _status gets not_collected where the office says
// that it collects no quantity, otherwise nothing; any other one the code of
// the unit after UN/ECE Recommendation 20, or ours ("_PKG") where that has none.
//
// Params:
//
//	list  how the office writes units, a name of codes.UnitLists; required
//
// A unit that the list does not know is absent, and remarked: the figure's
// value still counts, its quantity cannot be added.
type unit struct {
	list     string
	statuses []bool // by field: the status, not the code
}

func newUnit(g guichet.KeyGroup) (rule, error) {
	if err := checkColumns(g, 1); err != nil {
		return nil, err
	}
	if err := checkParams(g, "list"); err != nil {
		return nil, err
	}
	u := &unit{list: g.Params["list"]}
	if !slices.Contains(codes.UnitLists(), u.list) {
		return nil, fault(g, "there is no list of units %q", u.list).WithHint("lists: %s", strings.Join(codes.UnitLists(), ", "))
	}
	for _, f := range g.Fields {
		u.statuses = append(u.statuses, strings.HasSuffix(f, "_status"))
	}
	return u, nil
}

func (u *unit) verdict(key []string) guichet.Verdict {
	v := guichet.Verdict{Values: make([]string, len(u.statuses))}
	text := at(key, 0)
	if text == "" {
		return v
	}
	found, ok := codes.UnitIn(u.list, text)
	if !ok {
		v.Remarks = []string{trade.RemarkUnknownUnit}
		return v
	}
	for i, isStatus := range u.statuses {
		switch {
		case !isStatus && found.Code != noQuantity:
			v.Values[i] = found.Code
		case isStatus && found.Code == noQuantity:
			v.Values[i] = trade.QuantityNotCollected
		}
	}
	return v
}

// Convert returns a quantity in another unit, exact by the factors of UN/ECE
// Recommendation 20 and rounded half away from zero to six decimals. Units are
// codes of codes.UnitByCode, "LBR", "KGM". It is false where no factor joins
// the two: kilograms and pairs measure different things.
func Convert(quantity guichet.Decimal, from, to string) (guichet.Decimal, bool) {
	a, okFrom := codes.UnitByCode(from)
	b, okTo := codes.UnitByCode(to)
	if !okFrom || !okTo {
		return guichet.Decimal{}, false
	}
	if from == to && from != noQuantity {
		return quantity, true
	}
	num, den, ok := codes.Factor(a, b)
	if !ok {
		return guichet.Decimal{}, false
	}
	r := quantity.Rat()
	return guichet.DecimalFromRat(r.Mul(r, big.NewRat(num, den)), quantityDecimals), true
}
