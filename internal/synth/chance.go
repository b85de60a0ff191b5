package synth

import "math/bits"

// chance is a source of numbers that depend on its seed alone: splitmix64
// (Steele, Lea, Flood, "Fast splittable pseudorandom number generators",
// OOPSLA 2014). All is whole numbers, so that every machine draws the same.
type chance struct{ state uint64 }

// chanceOf begins a sequence for a seed and a place, such as a block.
func chanceOf(seed, place uint64) chance {
	return chance{state: mix(seed ^ mix(place+golden))}
}

const golden = 0x9e3779b97f4a7c15

// mix scatters the bits of a number.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (c *chance) next() uint64 {
	c.state += golden
	return mix(c.state)
}

// below draws from 0 to n-1; n is over 0.
func (c *chance) below(n int64) int64 {
	hi, _ := bits.Mul64(c.next(), uint64(n)) //nolint:gosec // n is over 0
	return int64(hi)                         //nolint:gosec // below n
}

// hits says yes in n of 100,000 draws.
func (c *chance) hits(n int64) bool { return c.below(whole) < n }

// whole is the denominator of all planted rates.
const whole = 100_000

// between draws from low to high, both included.
func (c *chance) between(low, high int64) int64 { return low + c.below(high-low+1) }

// steps is how many steps of spread make a doubling.
const steps = 16

// doubling holds 2^(n/16) in millionths: a spread without floating point.
func doubling(n int64) int64 {
	return [steps]int64{
		1_000_000, 1_044_274, 1_090_508, 1_138_789, 1_189_207, 1_241_858, 1_296_840, 1_354_256,
		1_414_214, 1_476_826, 1_542_211, 1_610_490, 1_681_793, 1_756_252, 1_834_008, 1_915_207,
	}[n]
}

// spread multiplies an amount by 2^(z/16), z being the sum of three draws of
// -width..width: a bell about as wide as width on either side.
func (c *chance) spread(amount, width int64) int64 {
	r := c.next()
	span := uint64(2*width + 1) //nolint:gosec // a small positive number
	z := int64((r&0xffff)*span>>16+(r>>16&0xffff)*span>>16+(r>>32&0xffff)*span>>16) - 3*width
	whole, rest := z>>4, z&(steps-1)
	amount = amount * doubling(rest) / 1_000_000
	if whole >= 0 {
		return amount << whole
	}
	return amount >> -whole
}

// wheel chooses among things by weight with one look-up: a slot for every part
// in len(wheel) of the whole. A thing lighter than half a slot may have none.
type wheel []uint16

// newWheel shares slots among weights, none of them negative and not all 0;
// what is at i of the weights is chosen as i.
func newWheel(slots int, weights []int64) wheel {
	var total int64
	for _, w := range weights {
		total += w
	}
	out := make(wheel, slots)
	at, upTo := 0, int64(0)
	if len(weights) > 0 {
		upTo = weights[0]
	}
	for s := range out {
		// The middle of the slot, in 2*slots parts of the total, as the product of 128 bits.
		hi, lo := bits.Mul64(uint64(2*s+1), uint64(total))
		middle, _ := bits.Div64(hi, lo, uint64(2*slots))   //nolint:gosec // over 0
		for int64(middle) >= upTo && at+1 < len(weights) { //nolint:gosec // below total
			at++
			upTo += weights[at]
		}
		out[s] = uint16(at)
	}
	return out
}

func (w wheel) draw(c *chance) int { return int(w[c.below(int64(len(w)))]) }

// zipf has ranks 0 to n-1, a rank r weighing 1/(r+2): a few large traders and
// many small ones. It is an assumption, see Assumptions.
func zipf(slots, n int) wheel {
	weights := make([]int64, n)
	for i := range weights {
		weights[i] = 1_000_000_000 / int64(i+2)
	}
	return newWheel(slots, weights)
}
