package ingest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"guichet"
	"guichet/wording"
)

// Profile says how the files of an office are read: what they look like, which
// column is what, to which table they belong, and what a newer file does to an
// older one. It is YAML; docs/design/profiles.md says how to write one.
type Profile struct {
	Name     string       `yaml:"name"`    // "statsnz-exports-hs10": office, flow, grain; lower case
	Revision int          `yaml:"version"` // raised by whoever changes what comes out
	Title    guichet.Text `yaml:"title"`
	Dataset  string       `yaml:"dataset"`  // "trade"
	Office   string       `yaml:"office"`   // who publishes: "Stats NZ"
	Reporter string       `yaml:"reporter"` // whose figures these are, ISO 3166-1 alpha-2; "" when a key group fills it
	Source   string       `yaml:"source"`   // where the file is published and its layout documented
	Licence  string       `yaml:"licence"`
	// Redistribute is false where the licence forbids copies, public views and
	// exports. It must be written, since either default would be a guess.
	Redistribute *bool `yaml:"redistribute"`
	Generated    bool  `yaml:"generated"` // made data, never an observation

	Format     Format    `yaml:"format"`
	Columns    []Column  `yaml:"columns"`     // in the order of the file where it has no header
	FilePeriod *Template `yaml:"file_period"` // the period that the file names, where it names one
	Given      []Given   `yaml:"given"`       // what the file does not say, and whoever takes it in must
	Derive     []Derived `yaml:"derive"`      // columns made from others

	Cube    Cube              `yaml:"cube"`
	Fields  map[string]string `yaml:"fields"` // fields that are constant for the file: currency, basis, regime ...
	Lists   []string          `yaml:"lists"`  // national lists of codes that this house does not hold yet; named all the same
	Keys    map[string]Key    `yaml:"keys"`
	Every   Record            `yaml:"every"`   // what all records share
	Records []Record          `yaml:"records"` // each line gives one record per entry
	Update  Update            `yaml:"update"`

	Controls []Control `yaml:"controls"`
	Remarks  []string  `yaml:"remarks"` // remark codes that every answer from such a file carries

	file   string // what ParseProfile was told that it is: the path that hints name
	digest string // first 8 hex digits of the sha256 of the YAML
	places places
}

// Format is the outward shape of a file.
type Format struct {
	Kind      string   `yaml:"kind"`      // "csv", "json-arrays", "json-objects", "records" or "parquet"
	Also      []string `yaml:"also"`      // other kinds in which the same columns come, under the same names
	Container []string `yaml:"container"` // none, gzip, zip, tar, tar.gz; empty: any
	// Members is a regular expression over the whole name of an archive's
	// member; its named groups become columns. Other members are refused,
	// unless they match Ignore. Empty: an archive must have exactly one.
	Members  string   `yaml:"members"`
	Ignore   string   `yaml:"ignore"`
	Encoding []string `yaml:"encoding"` // utf-8, latin-1, windows-1252: tried in this order; empty: utf-8
	// Delimiter, Quote and Header are for csv: "," and "\"" and true when not said; quote "none" for none.
	// Header true of json-arrays: the first row names the columns.
	Delimiter string `yaml:"delimiter"`
	Quote     string `yaml:"quote"`
	Header    *bool  `yaml:"header"`
	// Skip is for csv: how many lines stand in front of the header, or of the
	// first line of data where there is none; blank ones count.
	Skip int `yaml:"skip"`
	// Trailing allows one empty field after the last on every line.
	Trailing bool `yaml:"trailing_delimiter"`
	// Unnamed allows columns without a name at the end of the header; their
	// fields must be empty.
	Unnamed bool `yaml:"unnamed_columns"`
	// Head, Detail and Tail are for records: lines of fixed length.
	Head   *Line `yaml:"head"`
	Detail *Line `yaml:"detail"`
	Tail   *Line `yaml:"tail"`
	// Companions are for records in an archive: members that speak of the lines.
	Companions []Companion `yaml:"companions"`
	// At and Beside are for json-objects. At is the path of the array of rows,
	// its keys joined by points; "" where the document is the array itself.
	// Beside are single values around it, each named by its path: with Only it
	// must be one of these, else the file is refused; a control may state it.
	At     string   `yaml:"at"`
	Beside []Column `yaml:"beside"`
}

// Line is a line of fixed length, cut by position. The columns of the detail
// lines are the profile's Columns.
type Line struct {
	Starts  string   `yaml:"starts"`  // what the line begins with; "" for the detail: any other line
	Length  int      `yaml:"length"`  // in bytes, without the line's end
	Between string   `yaml:"between"` // the character at every position that no column covers; "" not looked at
	Columns []Column `yaml:"columns"` // of head and tail
}

// Column is one column of the file.
type Column struct {
	Name     string   `yaml:"name"`
	Also     []string `yaml:"also"`     // other names under which the header may have it
	Optional bool     `yaml:"optional"` // may be missing: every value is then empty
	Ignored  bool     `yaml:"ignored"`  // known, and used for nothing
	Only     []string `yaml:"only"`     // the file is recognised by its first line having one of these
	Trim     bool     `yaml:"trim"`     // spaces around the value are no part of it
	Number   bool     `yaml:"number"`   // a figure: a JSON number, or zero-padded with a sign
	Before   string   `yaml:"before"`   // csv: only what stands before this text, "JAPA" of "JAPA: Japan"
	After    string   `yaml:"after"`    // csv: only what stands after this text, "Japan" of it
	Grouped  string   `yaml:"grouped"`  // csv: the sign between groups of three digits, the comma of 1,234,567; " " is any space
	Shift    int      `yaml:"shift"`    // csv: places by which the decimal point moves to the right: 3 of thousands
	Binary   int      `yaml:"binary"`   // csv: decimals of a figure that bears the traces of binary fractions: 2 of 241.58000000000004
	From     int      `yaml:"from"`     // records: first position, from 1
	To       int      `yaml:"to"`       // records: last position

	read signedAs // by which decimal signs; worked out when a profile is read
}

// Template is a text with {column} in it, and how to read it. In a file period
// the columns are those of the head line and of the member's name.
type Template struct {
	Text   string `yaml:"text"`   // "{year} {month}"
	Format string `yaml:"format"` // 2006, 200601, 2006-01, 2006 January
}

// Given is a thing that only a person knows.
type Given struct {
	Name string       `yaml:"name"` // "period": becomes a column of that name
	Why  guichet.Text `yaml:"why"`
}

// Derived is a column made from others, line by line: the first case that holds.
type Derived struct {
	Name  string `yaml:"name"`
	Cases []Case `yaml:"cases"`
	Else  Value  `yaml:"else"`
	// Lookup or Figure stand in the place of cases and else.
	Lookup *Lookup `yaml:"lookup"`
	Figure *Figure `yaml:"figure"`
}

// Case gives a value where all its conditions hold.
type Case struct {
	When []Test `yaml:"when"`
	Text string `yaml:"value"`
	From string `yaml:"column"`
}

// Value is a text, or what a column holds.
type Value struct {
	Text string `yaml:"value"`
	From string `yaml:"column"`
}

// Test is one condition on a column. Exactly one of In, Same, Matches, Zero and
// Over stands in it.
type Test struct {
	Column  string   `yaml:"column"`
	In      []string `yaml:"in"`      // the text is one of these
	Same    string   `yaml:"same"`    // the text is that of another column
	Matches string   `yaml:"matches"` // the whole text matches a regular expression
	Zero    bool     `yaml:"zero"`    // the text is empty, or a number that is 0
	Over    string   `yaml:"over"`    // the text is a number whose size, without its sign, is larger
	Not     bool     `yaml:"not"`     // turns the condition round
}

// Key is a group of columns whose distinct values are judged once.
type Key struct {
	Rule    string   `yaml:"rule"` // commodity, area, unit, period, date, enum
	Columns []string `yaml:"columns"`
	Fields  []string `yaml:"fields"` // what the verdict fills
	// Params are those of the rule. Where a value holds {file_period}, the
	// period of the file takes its place. A commodity's "subtotals" may be auto:
	// true when the file has codes that are the beginning of others.
	Params map[string]string `yaml:"params"`
	Map    map[string]string `yaml:"map"` // enum: text -> value
	Marks  []Mark            `yaml:"marks"`
}

// Mark says what codes of a pattern are: roll-ups that hide, estimates ...
type Mark struct {
	Pattern string            `yaml:"pattern"`
	Remark  string            `yaml:"remark"`
	Common  string            `yaml:"common"`
	Fields  map[string]string `yaml:"fields"`
}

// Record says how a line becomes one record of the dataset.
type Record struct {
	When      []When            `yaml:"when"`
	Constants map[string]string `yaml:"constants"`
	Texts     map[string]string `yaml:"texts"`
	// Joins are private texts of several columns, joined by a hyphen.
	Joins    map[string][]string `yaml:"joins"`
	Measures map[string]Number   `yaml:"measures"`
	Keys     []string            `yaml:"keys"`
}

// When is a condition on a line: a column has one of the values, or none.
type When struct {
	Column string   `yaml:"column"`
	In     []string `yaml:"in"`
	Not    bool     `yaml:"not"`
}

// Number is a column of figures.
type Number struct {
	Column   string   `yaml:"column"`
	Required bool     `yaml:"required"` // without it the line is put aside
	Absent   []string `yaml:"absent"`   // texts that mean "no figure", beside the empty one
	Comma    bool     `yaml:"comma"`    // the decimal sign is a comma
	Decimals int      `yaml:"decimals"` // how many there may be, 0 to 3
}

// Cube is the table of the office that the file is a part of. An answer is
// drawn from one cube, so two marginals of one flow are never added.
type Cube struct {
	Name   string            `yaml:"name"`
	Covers map[string]string `yaml:"covers"` // dimension -> all, listed, none
	// By is a column whose value in the first line is added to the name: an
	// office that publishes its levels of detail in files alike has a table each.
	By string `yaml:"by"`
}

// Update says what a newer file does to an older one.
type Update struct {
	Action string   `yaml:"action"` // replace, add, cumulative
	Scope  []string `yaml:"scope"`  // fields whose values make a unit, beside cube and reporter; file_period
	// Extract is for offices that let people ask for some goods or for all, in
	// files alike.
	Extract *Extract `yaml:"extract"`
}

// Extract says which files hold some goods only. They are a table of their own,
// the cube's name with "-extract", so that they never take the place of what
// was asked for whole; see extract.go.
type Extract struct {
	Chapters int      `yaml:"chapters"` // a file with codes of fewer chapters is an extract
	Scope    []string `yaml:"scope"`    // fields whose values make a unit there
}

// Control is a total that the file states, beside what is found in its lines.
type Control struct {
	Name   string `yaml:"name"`
	Stated Sum    `yaml:"stated"`
	Found  Sum    `yaml:"found"`
}

// Sum is a column of the tail line, the sum of a companion's column, a count
// of lines, or the sum of columns over lines; the last two over the lines for
// which When holds.
type Sum struct {
	Tail  string   `yaml:"tail"`
	Total string   `yaml:"total"` // "companion.column"
	Lines bool     `yaml:"lines"`
	Sum   []string `yaml:"sum"`
	When  []Test   `yaml:"when"`
}

// Version returns the profile's version: its revision, and the beginning of
// the digest of its text, so that two texts are never taken for one:
// "1+3fa2b81c".
func (p *Profile) Version() string { return fmt.Sprintf("%d+%s", p.Revision, p.digest) }

// ParseProfile reads a profile. name is what messages call it, such as a file
// name. The error is KindInvalid and tells all faults of form, each with its
// line; faults of meaning are Check's.
func ParseProfile(name string, yaml []byte) (*Profile, error) {
	p := &Profile{file: name}
	places, faults := decodeYAML(yaml, p)
	sum := sha256.Sum256(yaml)
	p.places, p.digest = places, hex.EncodeToString(sum[:4])
	if len(faults) == 0 {
		p.settleSigns()
		faults = p.shape()
	}
	if len(faults) > 0 {
		return nil, faultsError(name, name, faults)
	}
	return p, nil
}

// faultsError tells all faults of a profile, in the order of their lines; file
// is where it stands.
func faultsError(name, file string, faults []fault) *guichet.Error {
	slices.SortStableFunc(faults, func(a, b fault) int { return a.line - b.line })
	lines := make([]wording.Sentence, len(faults))
	for i, f := range faults {
		lines[i] = wording.Say("line %d: %s", f.line, f.text)
	}
	what := wording.Say("1 fault")
	if len(faults) != 1 {
		what = wording.Say("%d faults", len(faults))
	}
	return guichet.Errorf(guichet.KindInvalid, "profile %s has %s:\n  %s", name, what, wording.Several(lines, "\n  ")).
		WithHint("docs/design/profiles.md says what each key means; `guichet profile check %s --sample FILE` tells all faults again", cmp.Or(file, name))
}

// header says whether the first line of a csv file names its columns.
func (f Format) header() bool { return f.Header == nil || *f.Header }

func (f Format) delimiter() byte {
	if f.Delimiter == "" {
		return ','
	}
	return f.Delimiter[0]
}

// quote is the quoting character, 0 for none.
func (f Format) quote() byte {
	switch f.Quote {
	case "":
		return '"'
	case "none":
		return 0
	}
	return f.Quote[0]
}

func (f Format) encodings() []string {
	if len(f.Encoding) == 0 {
		return []string{utf8Name}
	}
	return f.Encoding
}
