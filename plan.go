package guichet

import "time"

// Moment says which state of the tables is meant.
type Moment struct {
	AsOf    time.Time // what we held then; zero: now
	Vintage string    // what the offices had published by that day; "" whatever we hold
	// State is the tables' state that an answer began with, so that all of it
	// is of one state even while a file comes in; 0 the present one.
	State int
}

// Holding is a submission with the units that it answers for at a moment.
type Holding struct {
	Submission *Submission
	Units      []Unit // in force at the moment
	Whole      bool   // every unit of the submission is in force
}

// Plan is what the desk asks of the store: which rows of which submissions,
// grouped by what. It holds no expression, only names of the descriptor and
// bound values.
type Plan struct {
	Dataset  string
	Moment   Moment
	Parts    []PlanPart
	By       []string // row fields, or levels of a classification
	Measures []string // measures that rows carry
	Periods  bool     // keep periods apart even if By does not ask for them
	// Constant tells the fields of By that stand in submissions: field ->
	// submission -> value. Contributions and records alone read it.
	Constant map[string]map[string]string
	// Grouped makes one record of all rows that are alike in By, of whatever part,
	// with the sums of their measures. Records alone read it.
	Grouped bool
}

// PlanPart selects rows of some submissions by the same clauses.
type PlanPart struct {
	Submissions []string
	Span        Span
	Clauses     []Clause // all must hold
}

// Clause holds for rows whose field has one of the values, or starts with one.
type Clause struct {
	Field  string
	In     []string // values; an empty list holds for none
	Prefix []string // or: starts with one of these
	Not    bool
}

// Found is one group of rows of one submission.
type Found struct {
	Submission string
	Keys       []string // by Plan.By; "" absent
	Period     Period   // when Plan.Periods or By asks for it
	Remark     string   // remark codes, joined by a space
	Rows       int64
	Measures   []*Decimal // by Plan.Measures; nil: no row has a figure
	Figures    []int64    // rows that have a figure, by Plan.Measures
}

// Contribution tells how many stand behind one group of rows, over all parts of
// a plan and all its submissions, and how much the largest carry. Never who.
type Contribution struct {
	Keys         []string // by Plan.By; "" absent, and of the period
	Period       Period   // when By asks for it
	Contributors int      // that have a row; who is not named counts for nobody
	Of           []Weight // by Plan.Measures
}

// Weight is what a measure of a group is made of. A contribution is the sum of
// one contributor's figures in the group; rows of nobody are one together.
type Weight struct {
	Figures      int64     // rows that have a figure
	Contributors int       // named, with a contribution that is not zero
	Total        Decimal   // the group's figure
	Gross        Decimal   // the sum of the contributions' absolute values
	Largest      []Decimal // absolute values, the largest first
}
