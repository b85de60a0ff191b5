package guichet

// Layout tells the store how delimited text becomes records of a dataset. The
// text is UTF-8 and strict: every value is text until it has been checked.
type Layout struct {
	Dataset   string      `json:"dataset"`
	Files     []string    `json:"files"` // delimited text files of the same columns
	Delimiter string      `json:"delimiter"`
	Quote     string      `json:"quote"`  // "" none
	Header    bool        `json:"header"` // the first line of each file names the columns
	Columns   []string    `json:"columns"`
	Line      string      `json:"line,omitempty"` // the column that says where a line stood in the original; "" count
	Records   []RecordMap `json:"records"`        // each line gives one record per entry
	Scope     []string    `json:"scope"`          // fields whose values make a unit, beside cube and reporter
}

// RecordMap says how a line of text becomes one record.
type RecordMap struct {
	When      []Condition       `json:"when,omitempty"` // all must hold, else the line gives no such record
	Constants map[string]string `json:"constants"`      // field in the row -> value
	Texts     map[string]string `json:"texts"`          // field -> column, as it is
	// Joins are private texts of several columns, joined by a hyphen and absent
	// where one is empty: a declaration's number and that of its line.
	Joins    map[string][]string     `json:"joins,omitempty"`
	Measures map[string]NumberColumn `json:"measures"` // measure -> column
	Groups   []KeyGroup              `json:"groups"`
}

// Condition holds for lines whose column has one of the values.
type Condition struct {
	Column string   `json:"column"`
	In     []string `json:"in"`
	Not    bool     `json:"not,omitempty"`
}

// NumberColumn is a column of numbers written as text.
type NumberColumn struct {
	Column   string   `json:"column"`
	Required bool     `json:"required"`         // an absent number puts the row aside
	Absent   []string `json:"absent,omitempty"` // texts that mean "no figure"; the empty text always does
	Comma    bool     `json:"comma,omitempty"`  // the decimal sign is a comma
	Decimals int      `json:"decimals"`         // how many decimals may be there: 0 to 3
}

// KeyGroup is a set of columns whose distinct values are judged once, in pure
// Go, and whose verdicts are joined to every row.
type KeyGroup struct {
	Name    string            `json:"name"`    // unique in a layout; the same name means the same verdicts
	Rule    string            `json:"rule"`    // "commodity", "area", "unit", "period", "date", "enum"
	Columns []string          `json:"columns"` // what is judged
	Fields  []string          `json:"fields"`  // what the verdict fills
	Params  map[string]string `json:"params,omitempty"`
	Map     map[string]string `json:"map,omitempty"` // for "enum": text -> value
	Marks   []Mark            `json:"marks,omitempty"`
}

// Mark is a profile's statement about codes of a pattern: roll-ups that hide,
// estimates, pseudo-codes.
type Mark struct {
	Pattern string            `json:"pattern"`          // regular expression over the code as published
	Remark  string            `json:"remark,omitempty"` // remark code
	Common  string            `json:"common,omitempty"` // the common code, with $1 from the pattern; "" none
	Fields  map[string]string `json:"fields,omitempty"` // other fields of the verdict
}

// Verdict is what harmonising says of one distinct key.
type Verdict struct {
	Values  []string // by KeyGroup.Fields; "" absent
	Reject  string   // reason code when the rows must be put aside; "" keep
	Remarks []string // remark codes
}

// Reasons for putting a row aside that the store finds itself.
const (
	RejectNotANumber = "not_a_number"  // a measure is no plain decimal number, or too large
	RejectNoFigure   = "no_figure"     // a required measure is absent
	RejectNotUnicode = "not_text"      // NUL or broken UTF-8
	RejectColumns    = "wrong_columns" // the line has too few or too many columns
	// RejectNotAnIdentifier: a private text is longer than 70 characters, or
	// holds control characters.
	RejectNotAnIdentifier = "not_an_identifier"
)

// Uses says whether a record takes its fields from a group. Groups named by
// the record are its own; a group that stands for a column taken as it is
// belongs to the records that name that column for that field.
func (r RecordMap) Uses(g KeyGroup) bool {
	for _, own := range r.Groups {
		if own.Name == g.Name {
			return true
		}
	}
	if len(g.Fields) == 1 && len(g.Columns) == 1 {
		return r.Texts[g.Fields[0]] == g.Columns[0]
	}
	return false
}

// FileColumn is a column of a file that names and types its columns itself, as
// Parquet does.
type FileColumn struct {
	Name string
	Type ColumnType
	Said string // the type in the file's own words: "utf8", "decimal(18, 2)", "list<item: int64>"
}

// ColumnType is what the values of a FileColumn can be read as without loss.
type ColumnType string

// Types of columns.
const (
	ColumnText    ColumnType = "text"
	ColumnWhole   ColumnType = "whole"   // integers
	ColumnDecimal ColumnType = "decimal" // exact decimals
	ColumnFloat   ColumnType = "float"   // binary fractions: exact only where they are whole numbers
	ColumnDate    ColumnType = "date"    // calendar days
	ColumnOther   ColumnType = "other"   // instants, truth values, nested columns ...: not read
)
