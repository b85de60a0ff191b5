package guichet

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"guichet/mark"
	"guichet/wording"
)

// Text is a short wording for people in the two languages of the window.
type Text = wording.Text

// Type is the type of a field's values.
type Type string

// The types of fields. Money and quantities are DECIMAL(18,3): 18 digits stay
// in 64 bits, and three decimals are the most that an office publishes.
const (
	TypeText    Type = "text"
	TypeDate    Type = "date"
	TypeDecimal Type = "decimal"
	TypeInt     Type = "int"
	TypeBool    Type = "bool"
)

// Role says what a field is for.
type Role string

// The roles of fields.
const (
	Dimension Role = "dimension" // figures are asked for by it
	Measure   Role = "measure"   // a figure
	Attribute Role = "attribute" // says something about a figure
	Private   Role = "private"   // never leaves the node
)

// Place says where a field stands.
type Place string

// The places of fields. What is constant for a submission stands once in the
// submission and is joined when asked.
const (
	InRow        Place = "row"
	InSubmission Place = "submission"
)

// Fields that every dataset has.
const (
	FieldSubmission = "submission"
	FieldReporter   = "reporter"
	FieldFreq       = "freq"
	FieldPeriod     = "period"
	FieldRemark     = "remark"
	FieldCube       = "cube"
	FieldGrain      = "grain" // one of Dataset.Grains
)

// Field describes one column of a dataset.
type Field struct {
	ID       int    // Iceberg field id: never used twice, never changed
	Name     string // as in questions, answers and tables
	Concept  string // SDMX concept, UNSD:IMTS(1.2) where it has one
	Title    Text
	Type     Type
	Role     Role
	Place    Place
	List     string // the code list of its values, "" when free
	Required bool   // a profile must fill it
	Separate bool   // always a dimension of an answer: figures are never summed over it unsaid
	Whole    string // the member that stands for all others ("_T"), "" when it has none
	KindOf   string // names the field that tells what kind of member a row has, "" when none
	Unit     string // for measures: the field or the constant that says its unit
	Grain    string // rows of this grain alone have it, "" of any
	Outliers bool   // for measures: a few rows that carry most of a file's sum are flagged
	// Alone is for measures that can be neither added nor averaged: a percentile
	// that an office states. It is a figure only where one kept row stands behind it.
	Alone bool
}

// Breakdown is a dimension whose members may stand beside their own total, so
// that a plain sum would count twice.
type Breakdown struct {
	Field string   // the dimension
	Kind  string   // the field that decides (the dimension itself, or its kind)
	Whole []string // values of Kind that are the total of the others
	Aside []string // values of Kind that stand outside the total: groups of members
	Parts bool     // where both are there, sums are made of the parts; else the whole is taken
}

// Level is one level of a hierarchical code list.
type Level struct {
	Name   string // as in questions: "hs2", "hs6", "national"
	Digits int    // how many digits of the common code; 0 the national code itself
	Title  Text
}

// Classification is a hierarchical, versioned code list of a dataset: national
// codes beside a common one, in editions.
type Classification struct {
	Name     string // as in questions: "product"
	Code     string // field: the national code
	Common   string // field: the common code, as deep as it is known
	Edition  string // field: the edition of the common code
	Level    string // field: the number of digits at which the row is published, 0 the total
	Subtotal string // field: true when the row is a total over finer rows of the same file
	List     string // field: the national list that the code is of
	Relation string // field: how the common code follows from the national one; "" where none says it
	Levels   []Level
	// Resolve turns what a person wrote (a code, a prefix, a group) into the
	// codes of one edition of the tables.
	Resolve func(Resolution) (Selection, error)
	// Alone says whether an expression is resolved by itself; others may be
	// joined with a plus, since several codes together may be a closed family.
	Alone func(expr string) bool
	// InForce returns the edition in force for a reporter's list on a day; 0
	// when none that is held here was.
	InForce func(reporter string, dims map[string]string, list string, on time.Time) int
	// Hidden is the field and the value by which offices' roll-ups are read.
	Hidden [2]string
	// HiddenBy are the remark codes of submissions that have such rows: only
	// they are looked through.
	HiddenBy []string
	// Label names a common code for people.
	Label func(edition int, code, lang string) string
	// Editions are those that are held, oldest first; none where there is one.
	Editions []int
	// Tiers are the degrees of sensitivity of what is classified, the least
	// careful first; none where nothing is told apart.
	Tiers []string
	// Tier returns the highest degree among what an expression picks in an
	// edition, of all editions for 0; "" where that is not known.
	Tier func(expr string, edition int) string
}

// Resolution asks a classification for the codes behind an expression.
type Resolution struct {
	Expr       string // "630790", "63", "covid19/protective", "uk-cn:63079098"
	Asked      int    // the edition in which Expr is read; 0: the one of Present
	Present    int    // the edition of the rows at hand
	Conversion string // "exact" or "default": which correspondences may be used
	Lang       string // of the sentences: "en" (default) or "fr"
}

// Selection is the answer to a Resolution.
type Selection struct {
	Codes    []string // common codes, complete, of the edition at hand
	Prefix   string   // or: every common code that starts so
	National string   // or: every national code that starts so
	List     string   // the national list that National is of; "" any
	Digits   int      // how deep the selection is: 2, 4, 6; the national code's length
	Remarks  []Remark
	Gap      string // not "": nothing may be used, and why
}

// The ways in which a measure is derived.
const (
	ByRate  = "rate"  // From divided by the monthly rate of the currency field
	ByBands = "bands" // the Share-th percentile of what Bands count, estimated within its band
)

// Derived is a measure that is computed when asked and never kept.
type Derived struct {
	Name  string // "value_usd"
	From  string // the measure it is made from
	By    string // one of the ways above
	Share int    // of a percentile: 90
	Bands []Band // of a percentile: the lowest first, each beginning where the one before ends
	Title Text   // with its unit, where that is constant
}

// Band is one step of a distribution that is kept as counts. Counts can be
// added, over rows, periods and places, and the percentiles of the sum are within
// a band what they would be of all that was counted; percentiles themselves
// cannot.
type Band struct {
	Field string // the measure that counts what lies in it
	UpTo  int    // the greatest value that does; 0: none, the last band is open
}

// Parts are the measures that a derived one is made from.
func (d Derived) Parts() []string {
	if d.By != ByBands {
		return []string{d.From}
	}
	out := make([]string, len(d.Bands))
	for i, b := range d.Bands {
		out[i] = b.Field
	}
	return out
}

// Dataset describes a table: nothing outside the describing package knows its
// fields by name unless it must.
type Dataset struct {
	Name            string // "trade"
	Version         int    // of the description; fields are added, never changed
	Title           Text
	Owner           string
	Licence         string
	Regime          string
	Grains          []string // the preferred one first: answers are drawn from it unless another is asked for
	Fields          []Field
	Sort            []string // the order of kept rows, for the questions asked
	Key             []string // what makes a row
	UnitFields      []string // beside cube, reporter and period: what a file replaces
	Breakdowns      []Breakdown
	Classifications []Classification
	Derived         []Derived
	Main            string   // the measure that stands for all in remarks and totals
	By              []string // what a question is answered by when it does not say
	// Contributor are the private fields that name whose figures a row is, the
	// broadest first: the group of enterprises, then the enterprise. None: nobody
	// can tell, and no cell is shown where contributors must be counted.
	Contributor []string
	// Counts is the measure that counts those whom a row is about, one by one: the
	// persons who crossed. Where it is said, no Contributor needs to name them: who
	// stands behind a figure is how many it counts. "" none.
	Counts string
	// Drafts returns agreements over this dataset to begin with; nil where there are
	// none.
	Drafts func() []Draft
	// Marks are the codes among remarks that are said of single figures: rows of an
	// answer carry them (mark.Column).
	Marks []mark.Mark
	// RemarkText says a remark's code for people; "" when it is unknown.
	RemarkText func(code, lang string) string
	// Known says whether a value is in a code list (Field.List), true for a
	// list that is not held, and else what to write instead, "" for no advice.
	// nil: every value is taken for known.
	Known func(list, value string) (ok bool, hint string)
	// Values returns the values of a closed code list in the order in which people
	// choose from them; nil of a list that is open, long or not held. nil: of none.
	Values func(list string) []string
	// ValueText says a value of a code list for people, and a constant of Field.Unit
	// where list is ""; "" where it has no words. nil: of none.
	ValueText func(list, value, lang string) string
	// Rate returns units of a currency per US dollar for a period, exact, and
	// whether it is known.
	Rate func(currency string, p Period) (Decimal, bool)
	// RatesVersion names the table behind Rate.
	RatesVersion string
}

// Draft is what an agreement to begin with says of its dataset: its parties,
// purposes, terms and tiers. What every agreement says is added to it.
type Draft struct {
	Name  string    `json:"name"` // by which it is asked for: "covid-supply"
	About Text      `json:"about"`
	Paper Agreement `json:"paper"`
}

// ReadDrafts reads the drafts of a dataset from the JSON that stands beside its
// descriptor, a list of Draft. They are part of the binary and a test reads them,
// so a fault is a broken build: it panics.
func ReadDrafts(text []byte) []Draft {
	var out []Draft
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&out); err != nil {
		panic("guichet: embedded drafts of agreements: " + err.Error())
	}
	return out
}

// Class is the classification that a dataset's rows are told apart by; of a
// dataset without one it has no name and no field, and classifies nothing.
func (d *Dataset) Class() Classification {
	if len(d.Classifications) > 0 {
		return d.Classifications[0]
	}
	return Classification{
		Resolve: func(r Resolution) (Selection, error) {
			return Selection{}, Errorf(KindInvalid, "%s has no classification", d.Name)
		},
		Alone:   func(string) bool { return true },
		InForce: func(string, map[string]string, string, time.Time) int { return 0 },
		Label:   func(int, string, string) string { return "" },
		Tier:    func(string, int) string { return "" },
	}
}

// Field returns the field of a name.
func (d *Dataset) Field(name string) (Field, bool) {
	for i := range d.Fields { // by place: a field is large to copy, and decisions look many up
		if d.Fields[i].Name == name {
			return d.Fields[i], true
		}
	}
	return Field{}, false
}

// RowFields returns the fields that a row carries, in order of their ID.
func (d *Dataset) RowFields() []Field { return d.fieldsIn(InRow) }

// SubmissionFields returns the fields that a submission carries.
func (d *Dataset) SubmissionFields() []Field { return d.fieldsIn(InSubmission) }

func (d *Dataset) fieldsIn(p Place) []Field {
	return slices.DeleteFunc(slices.Clone(d.Fields), func(f Field) bool { return f.Place != p })
}

// Measures returns the measures that rows carry.
func (d *Dataset) Measures() []Field {
	return slices.DeleteFunc(d.RowFields(), func(f Field) bool { return f.Role != Measure })
}

// DerivedBy returns the derived measure of a name.
func (d *Dataset) DerivedBy(name string) (Derived, bool) {
	i := slices.IndexFunc(d.Derived, func(x Derived) bool { return x.Name == name })
	if i < 0 {
		return Derived{}, false
	}
	return d.Derived[i], true
}

// ClassificationBy returns the classification of a name, or of the name of one
// of its levels, with that level.
func (d *Dataset) ClassificationBy(name string) (Classification, Level, bool) {
	for _, c := range d.Classifications {
		if c.Name == name {
			return c, c.Levels[len(c.Levels)-1], true
		}
		for _, l := range c.Levels {
			if l.Name == name {
				return c, l, true
			}
		}
	}
	return Classification{}, Level{}, false
}

// Names returns what a question may be answered by, for help and hints.
func (d *Dataset) Names() string {
	var out []string
	for _, c := range d.Classifications {
		out = append(out, c.Name)
		for _, l := range c.Levels {
			out = append(out, l.Name)
		}
	}
	for _, f := range d.Fields {
		if f.Role == Dimension {
			out = append(out, f.Name)
		}
	}
	return strings.Join(out, ", ")
}
