package synth

// area is a country by its place in areas(); the first five are the members.
type area uint8

// The members, and how many they are.
const (
	au area = iota
	ca
	nz
	gb
	us
	members = 5
)

// Countries beside the members: hubs, then origins of what is sent on.
const (
	sg area = iota + members
	hk
	nl
	be
	pa
	cn
	my
	de
	mx
	th
	nowhere // a cell that no country names
)

// areaCode is a country under the keys that the formats need.
type areaCode struct {
	iso    string // ISO 3166-1 alpha-2
	census string // Schedule C of the US Census Bureau
	name   string // as Stats NZ writes it
}

// areaCodes is indexed by area. Schedule C and the names are those that package
// codes holds; a test holds them against it.
func areaCodes() [nowhere + 1]areaCode {
	return [nowhere + 1]areaCode{
		au: {"AU", "6021", "Australia"}, ca: {"CA", "1220", "Canada"}, nz: {"NZ", "6141", "New Zealand"},
		gb: {"GB", "4120", "United Kingdom"}, us: {"US", "1000", "United States of America"},
		sg: {"SG", "5590", "Singapore"}, hk: {"HK", "5820", "Hong Kong (Special Administrative Region)"},
		nl: {"NL", "4210", "Netherlands"}, be: {"BE", "4231", "Belgium"}, pa: {"PA", "2250", "Panama"},
		cn: {"CN", "5700", "China, People's Republic of"}, my: {"MY", "5570", "Malaysia"}, de: {"DE", "4280", "Germany"},
		mx: {"MX", "2010", "Mexico"}, th: {"TH", "5490", "Thailand"},
	}
}

// hubsOf are the ports by which goods to a member pass, the likeliest first
// and twice as likely as the next: an assumption.
func hubsOf(importer area) [3]area {
	return [members][3]area{au: {sg, hk, pa}, ca: {hk, pa, sg}, nz: {sg, hk, pa}, gb: {nl, be, hk}, us: {hk, pa, sg}}[importer]
}

// origins of re-exports: an assumption, by weight.
func origins() ([]area, []int64) {
	return []area{cn, de, my, mx, th, us, gb, ca, au, nz}, []int64{40, 14, 12, 8, 8, 8, 4, 3, 2, 1}
}

// mode is how goods cross the border.
type mode uint8

const (
	sea mode = iota
	rail
	road
	air
)

func (m mode) String() string { return [...]string{"sea", "rail", "road", "air"}[m] }

// way is how goods travel between two members: an assumption for each pair.
type way struct {
	modes   wheel
	transit [4][2]int64 // days from and to, by mode
	freight [4][2]int64 // per mille of the price from and to, by mode
}

func wayOf(exporter, importer area) way {
	w := way{
		transit: [4][2]int64{sea: {18, 34}, air: {1, 4}},
		freight: [4][2]int64{sea: {20, 70}, air: {35, 110}},
	}
	weights := []int64{sea: 55, rail: 0, road: 0, air: 45}
	pair := [2]area{min(exporter, importer), max(exporter, importer)}
	switch pair {
	case [2]area{ca, us}:
		weights = []int64{sea: 5, rail: 15, road: 60, air: 20}
		w.transit = [4][2]int64{sea: {4, 9}, rail: {2, 6}, road: {0, 3}, air: {0, 2}}
		w.freight = [4][2]int64{sea: {15, 40}, rail: {6, 20}, road: {8, 25}, air: {30, 80}}
	case [2]area{au, nz}:
		weights = []int64{sea: 60, rail: 0, road: 0, air: 40}
		w.transit[sea], w.transit[air] = [2]int64{4, 8}, [2]int64{0, 2}
	case [2]area{gb, us}, [2]area{ca, gb}:
		w.transit[sea] = [2]int64{9, 16}
	}
	w.modes = newWheel(1000, weights)
	return w
}
