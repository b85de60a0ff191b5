package trade

import (
	"math/big"
	"time"

	"guichet"
	"guichet/codes"
)

// rateDecimals is how exactly a mean of rates is kept: published rates have at
// most six decimals, and a mean over twelve months moves no sum of a nation's
// trade by a cent at nine.
const rateDecimals = 9

// Rate returns units of a currency (ISO 4217) per US dollar for a period, and
// whether it is known. The rate of a month is the mean that the Federal
// Reserve publishes (G.5); of a day, that of its month; of a quarter or year,
// the arithmetic mean of its months, each of which must be known, rounded half
// away from zero to nine decimals. The US dollar is 1.
//
// Offices convert at the rate of the declaration's date, so dollars computed
// with it are an estimate. For a flow whose months are known, convert month by
// month: the mean of a year weighs every month alike, trade does not.
func Rate(currency string, p guichet.Period) (guichet.Decimal, bool) {
	months := guichet.Span{From: p, To: p}.Months()
	if p.Start.IsZero() || len(months) == 0 {
		return guichet.Decimal{}, false
	}
	if len(months) == 1 {
		return monthlyRate(currency, months[0])
	}
	sum := new(big.Rat)
	for _, m := range months {
		r, ok := monthlyRate(currency, m)
		if !ok {
			return guichet.Decimal{}, false
		}
		sum.Add(sum, r.Rat())
	}
	return guichet.DecimalFromRat(sum.Quo(sum, big.NewRat(int64(len(months)), 1)), rateDecimals), true
}

func monthlyRate(currency string, month time.Time) (guichet.Decimal, bool) {
	r, ok := codes.RateOf(currency, month.Format("2006-01"))
	if !ok {
		return guichet.Decimal{}, false
	}
	d, err := guichet.ParseDecimal(r.UnitsPerUSD)
	return d, err == nil
}

// RatesVersion names the table behind Rate: a figure in dollars cites it.
func RatesVersion() string { return codes.RatesVersion() }
