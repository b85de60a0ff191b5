package synth

// world is what all consignments are drawn from. It is made once and only read.
type world struct {
	seed   uint64
	cal    *calendar
	goods  []good
	lines  *lineTable
	office [members]office
	area   [nowhere + 1]areaCode
	cause  [causes]causeName
	ways   [members][members]way
	// pairs is what a shipment's exporter and importer are drawn from.
	pairs   [][2]area
	pair    wheel
	goodsOf [members][members]wheel
	origin  wheel
	origins []area
	rank    wheel
	broker  wheel
}

// Slots of the wheels: a share is true to one part in so many.
const (
	pairSlots = 1 << 14
	goodSlots = 1 << 14
)

func newWorld(o Options, cal *calendar) (*world, error) {
	f, err := readFigures()
	if err != nil {
		return nil, err
	}
	goods, err := readGoods(f)
	if err != nil {
		return nil, err
	}
	w := &world{
		seed: o.Seed, cal: cal, goods: goods, lines: newLineTable(cal, goods), office: offices(), area: areaCodes(), cause: causeNames(),
		rank: zipf(1<<12, ranks), broker: zipf(1<<10, brokersEach),
	}
	var weights []int64
	for x := range area(members) {
		for m := range area(members) {
			if x == m || !o.has(w.area[x].iso) || !o.has(w.area[m].iso) {
				continue
			}
			shares := w.shares(x, m)
			w.pairs, weights = append(w.pairs, [2]area{x, m}), append(weights, sum(shares))
			w.goodsOf[x][m], w.ways[x][m] = newWheel(goodSlots, shares), wayOf(x, m)
		}
	}
	w.pair = newWheel(pairSlots, weights)
	var each []int64
	w.origins, each = origins()
	w.origin = newWheel(1000, each)
	return w, nil
}

// shares are the weights of the goods between two members.
func (w *world) shares(x, m area) []int64 {
	out := make([]int64, len(w.goods))
	for i, g := range w.goods {
		out[i] = g.weights[x][m]
	}
	return out
}

// shipment is what travels together: one seller, one buyer, one document.
type shipment struct {
	number             uint64 // of its first consignment
	exporter, importer area   // the members that record it
	origin             area
	via                area // a hub, or nowhere
	hubUnknown         bool // the exporter knows the hub alone
	transit            bool // planted fraud: only passes through the exporter, which does not record it
	mode               mode
	incoterm           string
	departed, arrived  int32
	out, in            times
	seller, buyer      party
	document           uint64
}

// times are days of a declaration.
type times struct{ lodged, accepted, released int32 }

// party is a trader: its number, group and broker, 0 for none.
type party struct{ trader, group, broker uint32 }

// consignment is one kind of goods of a shipment: a line of both declarations.
// Amounts are whole dollars, in cents.
type consignment struct {
	number                            uint64
	line                              int
	good                              int
	price, inland, freight, insurance int64
	grams                             int64
	sellerSecret, buyerSecret         bool
}

func (c *consignment) fob() int64 { return c.price + c.inland }

// ship draws a shipment.
func (w *world) ship(c *chance, number uint64) shipment {
	pair := w.pairs[w.pair.draw(c)]
	s := shipment{number: number, exporter: pair[0], importer: pair[1], origin: pair[0], via: nowhere, document: c.next()}
	way := &w.ways[s.exporter][s.importer]
	s.mode = mode(way.modes.draw(c)) //nolint:gosec // four
	s.incoterm = [...]string{"EXW", "FCA", "FCA", "FOB", "FOB", "CIF", "DAP", "DDP"}[c.below(8)]
	switch {
	case c.hits(rateTransship):
		s.transit, s.origin = true, [2]area{cn, my}[c.below(2)]
	case c.hits(rateReExport):
		if o := w.origins[w.origin.draw(c)]; o != s.importer {
			s.origin = o
		}
	case c.hits(rateHub):
		s.via = hubsOf(s.importer)[[]int{0, 0, 0, 0, 1, 1, 2}[c.below(7)]]
		s.hubUnknown = c.hits(rateHubUnknown)
	}
	s.departed = w.cal.first + int32(c.below(int64(w.cal.last-w.cal.first+1))) //nolint:gosec // a day
	days := way.transit[s.mode]
	s.arrived = s.departed + int32(c.between(days[0], days[1])) //nolint:gosec // a few weeks
	if s.via != nowhere {
		s.arrived += int32(c.between(2, 9)) //nolint:gosec // days
	}
	s.out, s.in = drawOut(c, s.departed), drawIn(c, s.arrived)
	return s
}

// drawOut returns the days of an export: accepted on the day of departure or
// up to two days before.
func drawOut(c *chance, departed int32) times {
	r := c.next()
	t := times{accepted: departed}
	if r&7 == 0 {
		t.accepted -= int32(1 + r>>3&1)
	}
	t.lodged = t.accepted - int32(r>>8%3)
	t.released = t.accepted + int32(r>>16%2)
	return t
}

// drawIn returns the days of an import: accepted within three days of arrival.
func drawIn(c *chance, arrived int32) times {
	r := c.next()
	t := times{accepted: arrived + int32(r%4)}
	t.lodged = t.accepted - int32(r>>8%4)
	t.released = t.accepted + int32(r>>16%3)
	if r>>24%16 == 0 {
		t.released += int32(r >> 32 % 6)
	}
	return t
}

// party draws a trader of a member for a good: each good has large traders of
// its own.
func (w *world) party(c *chance, member area, good int) party {
	rank := w.rank.draw(c)
	h := mix(w.seed ^ uint64(member)<<40 ^ uint64(good)<<20 ^ uint64(rank)) //nolint:gosec // none is negative
	p := party{trader: uint32(h%tradersEach) + 1}
	g := mix(w.seed + uint64(member)<<32 + uint64(p.trader))
	p.group = groupsEach + p.trader
	if g%5 == 0 {
		p.group = uint32(g>>8%groupsEach) + 1
	}
	if c.hits(rateBroker) {
		p.broker = uint32(w.broker.draw(c)) + 1 //nolint:gosec // below brokersEach
	}
	return p
}

// secret says whether a trader asked that such goods are not shown.
func (w *world) secret(member area, p party, good int) bool {
	return mix(w.seed^uint64(member)<<48^uint64(p.trader)<<8^uint64(good))%whole < rateSecret //nolint:gosec // none is negative
}

// consign draws a line of a shipment.
func (w *world) consign(c *chance, s *shipment, number uint64, good int) consignment {
	g := &w.goods[good]
	dollars := min(max(c.spread(medianUSD, sizeWidth), leastUSD), mostUSD)
	way := &w.ways[s.exporter][s.importer]
	rates := way.freight[s.mode]
	out := consignment{
		number: number, line: int(number-s.number) + 1, good: good, //nolint:gosec // a few
		price:        dollars * 100,
		inland:       dollars * c.between(8, 40) / 1000 * 100,
		freight:      max(dollars*c.between(rates[0], rates[1])/1000, 1) * 100,
		insurance:    (dollars*insurance/1000 + 1) * 100,
		sellerSecret: w.secret(s.exporter, s.seller, good),
		buyerSecret:  w.secret(s.importer, s.buyer, good),
	}
	// Grams from dollars at a price around the good's, in cents a kilogram.
	price := max(c.spread(g.cents, priceWidth), 1)
	out.grams = max(dollars*100_000/price, 10)
	return out
}
