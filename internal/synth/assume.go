package synth

// Planted rates, of 100,000 lines of the side concerned, and other figures that
// no source at hand gives. Each stands once more in Assumptions, with its
// reason.
const (
	rateReExport        = 6_000
	rateTransship       = 600
	rateHub             = 5_000
	rateHubUnknown      = 40_000 // of those through a hub: the exporter knows no further destination
	rateDispatchOrigin  = 12_000 // of those through a hub: the importer puts the hub for the origin
	rateOtherSubheading = 1_500
	rateNationalLine    = 2_000
	rateMisclassified   = 800
	rateUndervalued     = 1_200
	rateUnit            = 600
	rateNoDocument      = 1_000
	rateWrongDocument   = 1_500
	rateSecret          = 1_500
	rateLate            = 1_500
	rateMistyped        = 500
	rateBroker          = 60_000

	medianUSD   = 12_000 // of a line, free on board
	leastUSD    = 60
	mostUSD     = 20_000_000
	sizeWidth   = 26 // sixteenths of a doubling, three draws
	priceWidth  = 4
	covidShare  = 40  // per mille of all goods of a pair, where no figure is held
	otherShare  = 250 // per mille of a flow that goods without a figure share
	insurance   = 3   // per mille of the price
	wobble      = 8_000
	tradersEach = 40_000
	ranks       = 1_500
	brokersEach = 60
	groupsEach  = 800
)

// Assumption is a figure of the model that no published figure gives.
type Assumption struct {
	Name   string `json:"name"`
	Value  int64  `json:"value"`
	Unit   string `json:"unit"` // "of 100,000", "per mille", "US dollars" ...
	Reason string `json:"reason"`
}

// Assumptions lists what the model assumes: every rate at which a cause is
// planted, and every figure that no source at hand gives. The rates are meant
// to be seen in samples of some ten thousand lines; none claims to be the
// rate of a real office. The manifest carries the list.
func Assumptions() []Assumption {
	const per = "of 100,000"
	return []Assumption{
		{"re_export", rateReExport, per + " consignments", "assumption: goods of another origin that a member sends on"},
		{"transshipment", rateTransship, per + " consignments", "assumption, planted fraud: goods of China or Malaysia declared as of the member through whose port they came, which never declares them"},
		{"hub", rateHub, per + " consignments", "assumption: shipped by way of Singapore, Hong Kong, Antwerp, Rotterdam or Panama"},
		{"hub_unknown", rateHubUnknown, per + " through a hub", "assumption: the exporter knows the hub and no further destination"},
		{"dispatch_origin", rateDispatchOrigin, per + " through a hub", "assumption: the importer declares the country of consignment as the origin"},
		{"classification", rateOtherSubheading, per + " lines", "assumption: honestly put under another subheading of the list"},
		{"national_line", rateNationalLine, per + " lines", "assumption: another national line of the same subheading"},
		{"misclassification", rateMisclassified, per + " imports", "assumption, planted fraud: put under a subheading of the list on purpose"},
		{"undervaluation", rateUndervalued, per + " imports", "assumption, planted fraud: 25 to 70 % of the price declared"},
		{"unit_error", rateUnit, per + " lines", "assumption: grams declared as kilograms, dozens as pieces or the reverse"},
		{"document_missing", rateNoDocument, per + " lines", "assumption: no number of the transport document"},
		{"document_mistyped", rateWrongDocument, per + " lines", "assumption: one digit of it wrong"},
		{"secrecy", rateSecret, per + " traders and goods", "assumption: the trader asked that his goods are not shown"},
		{"late", rateLate, per + " lines", "assumption: came in after the first publication"},
		{"mistyped", rateMistyped, per + " lines", "assumption: value ten times too large in the first publication"},
		{"broker", rateBroker, per + " shipments", "assumption: declared by a broker"},
		{"median", medianUSD, "US dollars", "assumption: price of the middle line, the same for all goods, so that shares of lines are shares of value"},
		{"least", leastUSD, "US dollars", "assumption: smallest line"},
		{"most", mostUSD, "US dollars", "assumption: largest line"},
		{"size_width", sizeWidth, "sixteenths of a doubling, three draws", "assumption: spread of the size of lines"},
		{"price_width", priceWidth, "sixteenths of a doubling, three draws", "assumption: spread of the price of a kilogram"},
		{"covid_share", covidShare, "per mille", "assumption: goods of the list in all goods of a pair, where no figure of the pair is held"},
		{"other_share", otherShare, "per mille", "assumption: what the goods without a figure are of a flow whose other goods have one, each alike"},
		{"insurance", insurance, "per mille of the price", "assumption"},
		{"day_rate", wobble, "millionths", "assumption: the rate of a day lies within so much of the month's mean"},
		{"traders", tradersEach, "a member", "assumption: numbers that importers and exporters share"},
		{"ranks", ranks, "traders of one kind of goods in a member", "assumption: sizes fall as 1/(rank + 1), after Zipf"},
		{"brokers", brokersEach, "a member", "assumption"},
		{"groups", groupsEach, "a member", "assumption: one trader in five is of a group of several"},
	}
}
