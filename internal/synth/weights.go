package synth

import (
	"math/bits"

	"guichet"
	"guichet/codes"
	"guichet/hs"
)

// weigh sets what is traded of each good between each two members, in US
// dollars a year:
//
//   - to the US: its general imports of 2024 by country and subheading;
//   - from New Zealand elsewhere: twelve times its exports of 2025-01, at that
//     month's mean rate;
//   - otherwise all goods of the pair in 2016 times covidShare, shared among
//     goods as the US exported them to Ireland and Switzerland (from the US),
//     or as the exporter's goods came into the US (the others).
//
// Goods that a source does not hold share otherShare of the flow, each alike;
// Stats NZ's file holds all goods, so what it does not have is not traded.
func weigh(all []good, f figures) error {
	iso := areaCodes()
	rate, ok := codes.RateOf("NZD", nzMonth)
	if !ok {
		return guichet.Errorf(guichet.KindInternal, "no rate of NZD is held for %s", nzMonth)
	}
	for x := range members {
		toUS := byGood(all, hs.HS2022, func(code string) int64 { return f.usImports[[2]string{iso[x].iso, code}] })
		if area(x) == us {
			toUS = byGood(all, hs.HS2017, func(code string) int64 { return f.usExports[code] })
		}
		for m := range members {
			var shares []int64
			switch {
			case x == m:
				continue
			case area(x) == nz && area(m) != us:
				shares = byGood(all, hs.HS2022, func(code string) int64 { return f.nzExports[[2]string{iso[m].iso, code}] })
				for i := range shares {
					shares[i] = usd(shares[i]*12, rate.Micro)
				}
			case area(m) == us:
				shares = withOthers(toUS, sum(toUS))
			default:
				shares = withOthers(toUS, f.pairs[[2]string{iso[x].iso, iso[m].iso}]*1_000_000/1000*covidShare)
			}
			for i := range all {
				all[i].weights[x][m] = shares[i]
			}
		}
	}
	return nil
}

// nzMonth is the month of Stats NZ's file that the facts hold.
const nzMonth = "2025-01"

// byGood sums a source's figures by good; its codes are of one edition.
func byGood(all []good, e hs.Edition, figure func(string) int64) []int64 {
	out := make([]int64, len(all))
	for _, code := range hs.Codes(e, 6) {
		n := figure(string(code))
		if n == 0 {
			continue
		}
		to := hs.Correspond(e, code, hs.HS2017).To
		for i := range all {
			if all[i].codes[editionAt(e)] == code || len(to) > 0 && all[i].hs6 == to[0] {
				out[i] += n
				break
			}
		}
	}
	return out
}

func editionAt(e hs.Edition) int {
	at, _ := editionIndex(e)
	return int(at)
}

// withOthers brings known shares to a total, and gives the goods without a
// figure otherShare of it.
func withOthers(known []int64, total int64) []int64 {
	of, unknown := sum(known), int64(0)
	for _, n := range known {
		if n == 0 {
			unknown++
		}
	}
	out := make([]int64, len(known))
	others := total / 1000 * otherShare
	for i, n := range known {
		if n == 0 {
			out[i] = others / max(unknown, 1)
			continue
		}
		out[i] = scale(n, total-others, of)
	}
	return out
}

// scale returns n * by / of without overflow.
func scale(n, by, of int64) int64 {
	hi, lo := bits.Mul64(uint64(n), uint64(by)) //nolint:gosec // neither is negative
	q, _ := bits.Div64(hi, lo, uint64(of))      //nolint:gosec // of is a sum that n is part of
	return int64(q)                             //nolint:gosec // at most by
}

func sum(of []int64) int64 {
	var total int64
	for _, n := range of {
		total += n
	}
	return total
}
