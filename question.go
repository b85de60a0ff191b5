package guichet

import "time"

// Question asks one dataset for figures.
type Question struct {
	Dataset    string              `json:"dataset"`
	Where      map[string][]string `json:"where,omitempty"` // field or classification -> values
	Period     Span                `json:"period"`
	By         []string            `json:"by"`
	Measures   []string            `json:"measures"`
	Edition    int                 `json:"edition,omitempty"`    // read codes in this edition; 0: in force at the period's end
	Conversion string              `json:"conversion,omitempty"` // "exact" (default) or "default"
	Cube       string              `json:"cube,omitempty"`       // answer from this cube only
	AsOf       time.Time           `json:"as_of,omitzero"`       // what we held then; zero: now
	Vintage    string              `json:"vintage,omitempty"`    // what the office had published by that day
	Limit      int                 `json:"limit,omitempty"`      // 0: all
	Lang       string              `json:"lang,omitempty"`       // of the sentences: "en" (default) or "fr"
}

// Answer is what a question gets: figures, and for each where it came from and
// how it was made comparable. It is never empty without a reason.
type Answer struct {
	Question Question  `json:"question"`
	Columns  []Column  `json:"columns"`
	Rows     []Row     `json:"rows"`
	Remarks  []Remark  `json:"remarks"`
	Gaps     []Gap     `json:"gaps"`
	Sources  []Source  `json:"sources"`
	AsOf     time.Time `json:"as_of"`
}

// Column describes one column of the rows.
type Column struct {
	Name    string `json:"name"`
	Measure bool   `json:"measure"`
	Title   Text   `json:"title"`
}

// Row holds one figure's dimensions and measures by column name: string,
// int64, bool, Decimal or nil.
type Row map[string]any

// Remark is a sentence about figures that a machine can act on.
type Remark struct {
	Code     string   `json:"code"`
	Text     string   `json:"text"`
	Reporter string   `json:"reporter,omitempty"`
	Rows     int64    `json:"rows,omitempty"`
	Value    *Decimal `json:"value,omitempty"` // of the main measure, in the reporter's currency
	Unit     string   `json:"unit,omitempty"`
	// Of says of which of several figures that stand apart it is, by what they
	// differ in: "special_relaxed"; "" where it is of all.
	Of string `json:"of,omitempty"`
	// Member is who says so, where several members answered; "" our own tables.
	Member string `json:"member,omitempty"`
}

// GapReason says why there is no figure. The list is closed.
type GapReason string

// The reasons: each a different word.
const (
	GapZero         GapReason = "zero"           // the file covers this and has no line: a reported zero
	GapNotReported  GapReason = "not_reported"   // no file of that period has been taken in
	GapPurged       GapReason = "purged"         // the figures were here, and were removed when their time had come
	GapNotCovered   GapReason = "not_covered"    // the files at hand do not break this down, or leave it out
	GapHidden       GapReason = "hidden"         // the office rolled it up or blanked it
	GapPutAside     GapReason = "put_aside"      // lines that could not be read
	GapIncomparable GapReason = "not_comparable" // another edition, and no exact family
	// Of a member that was asked, as federation tells them.
	GapRefused   GapReason = "refused"         // the member refuses; the text names the clause
	GapSilent    GapReason = "silent"          // the member cannot be reached
	GapLate      GapReason = "late"            // the member did not answer within its time
	GapUntrusted GapReason = "wrong_signature" // what came is not signed as the circle says, or is not what was signed
	GapGarbled   GapReason = "garbled"         // what came is signed and cannot be read
	GapProtected GapReason = "protected"       // cells hidden by the agreement's disclosure rules
	GapStale     GapReason = "stale"           // only a copy is held, and it is older than its agreement allows
)

// Gap says who has no figure, for what, and why.
type Gap struct {
	Reporter string    `json:"reporter"`
	Reason   GapReason `json:"reason"`
	Text     string    `json:"text"`
	Period   string    `json:"period,omitempty"` // a span, or several with a space between
	// Of are the dataset's unit fields that were not reported: "imports"; ""
	// where they are not told.
	Of string `json:"of,omitempty"`
	// Member is who says so, or of whom it is said, where several were asked.
	Member string `json:"member,omitempty"`
}

// Source is one submission behind an answer.
type Source struct {
	Submission string            `json:"submission"`
	Digest     string            `json:"digest"`
	Rows       int64             `json:"rows"`
	Reporter   string            `json:"reporter"`
	File       string            `json:"file"`
	Released   string            `json:"released,omitempty"`
	Licence    string            `json:"licence,omitempty"`
	Fields     map[string]string `json:"fields,omitempty"`    // cube, valuation, role ...
	Generated  bool              `json:"generated,omitempty"` // made data, never an observation
	Member     string            `json:"member,omitempty"`    // who answered from it, where several members did
}
