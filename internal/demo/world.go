package demo

import (
	"fmt"
	"hash/fnv"
	"slices"

	"guichet"
	"guichet/codes"
)

// world is what truly happened, told by the seed alone: every figure is drawn
// from the seed and its own name, so that two offices that speak of one flow
// draw the same. All is whole numbers, so that it is the same on every machine.
// Amounts are US dollars, free on board.
type world struct {
	seed   uint64
	goods  []good
	places []place
	rates  map[string][13]int64 // millionths of a currency per dollar; 0 is December of the year before
}

func newWorld(seed uint64) (world, error) {
	w := world{seed: seed, goods: goods(), places: places(), rates: map[string][13]int64{}}
	for _, currency := range []string{"CAD", "GBP", "NZD"} {
		var months [13]int64
		for m := range months {
			name := monthName(m)
			r, ok := codes.RateOf(currency, name)
			if !ok {
				return w, guichet.Errorf(guichet.KindInternal, "no rate of %s for %s", currency, name)
			}
			months[m] = r.Micro
		}
		w.rates[currency] = months
	}
	return w, nil
}

// monthName names a month of Year, "2024-05"; 0 is December of the year before.
func monthName(m int) string {
	if m == 0 {
		return fmt.Sprintf("%d-12", Year-1)
	}
	return fmt.Sprintf("%d-%02d", Year, m)
}

// draw returns a number from 0 to n-1 that depends on the seed and the name.
func (w world) draw(n int64, name ...any) int64 {
	h := fnv.New64a()
	_, _ = fmt.Fprintln(h, append([]any{w.seed}, name...)...)
	// The finish of splitmix64 (Steele, Lea, Flood 2014): FNV's low bits are poor.
	z := h.Sum64()
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return int64((z ^ z>>31) % uint64(n)) //nolint:gosec // below n, which is an int64
}

// shipped returns the goods that leave one country for another in a month.
func (w world) shipped(from, to place, g good, month int) int64 {
	if from.iso == to.iso || from.makes == 0 {
		return 0
	}
	if w.draw(100, "trades", from.iso, to.iso, g.hs6) < 20 {
		return 0
	}
	year := g.size / 1_000_000 * from.makes * to.needs * near(from.iso, to.iso)
	year = year / 1000 * (400 + w.draw(1200, "size", from.iso, to.iso, g.hs6))
	amount := year / 12 * (700 + w.draw(600, "month", from.iso, to.iso, g.hs6, month)) / 1000
	if amount < 500 {
		return 0
	}
	return amount
}

// arrived returns what comes in in a month under a subheading. The importer
// puts some masks among the plastic articles: by product the two sides differ
// more than in all.
func (w world) arrived(from, to place, g good, month int) int64 {
	amount := w.landed(from, to, g, month)
	moved := w.draw(260, "classified", from.iso, to.iso)
	switch g.hs6 {
	case masks:
		return amount - amount*moved/1000
	case plastics:
		i := slices.IndexFunc(w.goods, func(g good) bool { return g.hs6 == masks })
		return amount + w.landed(from, to, w.goods[i], month)*moved/1000
	}
	return amount
}

const masks, plastics = "630790", "392690"

// landed returns what comes in in a month: a part of the month before is still
// under way when it ends.
func (w world) landed(from, to place, g good, month int) int64 {
	const late = 150 // per mille
	return w.shipped(from, to, g, month)*(1000-late)/1000 + w.shipped(from, to, g, month-1)*late/1000
}

// hub is where a country's goods change ships: its exporters often know no
// further destination.
func hub(iso string) string {
	if iso == "AU" || iso == "NZ" {
		return "SG"
	}
	return ""
}

// viaHub returns the per mille of a flow that the exporter puts under its hub
// while the importer, who asks for the origin, does not.
func (w world) viaHub(from, to place) int64 {
	if hub(from.iso) == "" || hub(from.iso) == to.iso {
		return 0
	}
	return 15 + w.draw(50, "via", from.iso, to.iso)
}

// exported returns a month's exports by last known destination.
func (w world) exported(from, to place, g good, month int) int64 {
	amount := w.shipped(from, to, g, month) * (1000 - w.viaHub(from, to)) / 1000
	if hub(from.iso) != to.iso {
		return amount
	}
	for _, other := range w.places {
		amount += w.shipped(from, other, g, month) * w.viaHub(from, other) / 1000
	}
	return amount
}

// reExported returns foreign goods that go on to another country: exports of
// the one, but not of its origin in the books of the other.
func (w world) reExported(from, to place, g good, month int) int64 {
	return w.shipped(from, to, g, month) * w.draw(45, "again", from.iso, to.iso, g.hs6) / 1000
}

// freight returns the per mille of freight and insurance between two countries.
func (w world) freight(from, to place) int64 { return 18 + w.draw(55, "freight", from.iso, to.iso) }

// national converts at the rates of the days of a month, which lie around its
// mean.
func (w world) national(usd int64, currency string, month int, name ...any) int64 {
	daily := 996 + w.draw(9, append([]any{"day", currency, month}, name...)...)
	return usd * w.rates[currency][month] / 1_000_000 * daily / 1000
}

// split parts an amount into n that add up to it.
func (w world) split(amount int64, n int, name ...any) []int64 {
	parts := make([]int64, n)
	for i := range n - 1 {
		parts[i] = amount * (300 + w.draw(400, append([]any{"split", i}, name...)...)) / 1000
		amount -= parts[i]
	}
	parts[n-1] = amount
	return parts
}

func (w world) place(iso string) place {
	for _, p := range w.places {
		if p.iso == iso {
			return p
		}
	}
	return place{}
}

// kilograms and units of goods worth so many dollars.
func (g good) kilograms(usd int64) int64 { return usd * 100 / g.perKg }

func (g good) units(usd int64) int64 {
	if g.perUnit == 0 {
		return g.kilograms(usd)
	}
	return usd * 100 / g.perUnit
}
