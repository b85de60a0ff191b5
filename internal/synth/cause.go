package synth

// cause is why a side's figure is not the true one. The names are written into
// the truth: appended, never renamed.
type cause uint8

const (
	timing cause = iota
	reExports
	partnerAttribution
	transshipment
	classification
	misclassification
	edition
	valuation
	inlandFreight
	undervaluation
	unitError
	document
	threshold
	rounding
	confidentiality
	revision
	conversion
	causes
)

// Levels say which figures a cause stands between: the truth and the declared
// line; the declared line and what is published; the last publication and the
// first; dollars at the rate of the day and at the mean of the month.
const (
	levelLine      = "line"
	levelPublished = "published"
	levelFirst     = "first_vintage"
	levelMean      = "monthly_mean"
)

// causeName is a cause as the truth says it.
type causeName struct {
	name, level string
	fraud       bool
}

func causeNames() [causes]causeName {
	return [causes]causeName{
		timing:             {"timing", levelLine, false},
		reExports:          {"re_exports", levelLine, false},
		partnerAttribution: {"partner_attribution", levelLine, false},
		transshipment:      {"transshipment", levelLine, true},
		classification:     {"classification", levelLine, false},
		misclassification:  {"misclassification", levelLine, true},
		edition:            {"edition", levelLine, false},
		valuation:          {"valuation", levelLine, false},
		inlandFreight:      {"inland_freight", levelLine, false},
		undervaluation:     {"undervaluation", levelLine, true},
		unitError:          {"unit_error", levelLine, false},
		document:           {"document", levelLine, false},
		threshold:          {"threshold", levelLine, false},
		rounding:           {"rounding", levelLine, false},
		confidentiality:    {"confidentiality", levelPublished, false},
		revision:           {"revision", levelFirst, false},
		conversion:         {"conversion", levelMean, false},
	}
}

// state is the cell of the comparison that an amount stands in: X of the
// exporter to the importer, or M of the importer from the exporter, in a month,
// under six digits. The true state is the same for both sides.
type state struct {
	exporter, importer area
	month              int32
	code               string // HS6; what a roll-up is published under
	usd                int64  // cents
}

// tally counts what was planted.
type tally struct {
	could int64 // lines where the cause may have struck by chance; 0 for causes that follow from the facts
	lines int64
	moved int64 // US cents that left a cell, summed without sign
}

func (t *tally) add(o tally) {
	t.could, t.lines, t.moved = t.could+o.could, t.lines+o.lines, t.moved+o.moved
}
