package draft

import (
	"slices"

	"guichet"
)

// FillMe stands in a draft where only a person knows what to write. Every
// reader of profiles refuses it.
const FillMe = "fill me"

// Table is what was seen of a file: columns by name, and rows from its
// beginning and from places spread over it.
type Table struct {
	Shape Shape
	Names []string // as the header has them; column_1 ... without one
	Rows  [][]string
	File  string // its name, without folder
	Whole bool   // the rows are all there are
	Typed []bool // by column: its values are JSON numbers; nil where the file has no types
}

// Shape is how a file is written, in the words of a profile's format.
type Shape struct {
	Kind      string   // csv, json-arrays, json-objects, parquet
	At        string   // json-objects: where the array stands
	Members   string   // of an archive of several: which members are read, a regular expression
	Ignore    string   // and which are passed over
	Encoding  []string // nil: utf-8
	Delimiter byte     // csv
	NoQuote   bool
	NoHeader  bool
	HeaderRow bool // json-arrays: the first row names the columns
	Skip      int  // csv: lines in front of the header
	Trailing  bool // one empty field after the last
	Uncut     int  // lines of the sample that could not be cut into the columns
}

// Answers are what the steward says beforehand. Empty: not said.
type Answers struct {
	Name, Reporter, Office, Source, Licence string
	Currency, Flow, Valuation               string
	Redistribute                            string // "true" or "false"
}

// Doubt is a guess, or something to be looked at.
type Doubt struct {
	Line  int          `json:"line"` // of the draft, from 1
	About string       `json:"about"`
	Text  guichet.Text `json:"text"`
	// Open: the profile is refused until a person has decided this.
	Open bool `json:"open"`
	// Minor: why a column is ignored that holds nothing new.
	Minor bool `json:"minor"`
}

// ColumnRole says what a column was taken for.
type ColumnRole struct {
	Column string `json:"column"`
	// Role is what it fills: a field of the record ("code", "partner", "value"),
	// "ignored", "control", or "undecided".
	Role string `json:"role"`
	// Share of its distinct values that speak for the role, where that was
	// counted: 0.98 of the codes are in the list. 0 otherwise.
	Share float64 `json:"share"`
}

// Draft is a proposed profile.
type Draft struct {
	YAML    string
	Doubts  []Doubt // in the order of their lines
	Columns []ColumnRole
	Rows    int // looked at
}

// Propose drafts a profile. lang is the language of its comments, "en" or "fr".
// It is pure: the same table and answers give the same text.
func Propose(t Table, a Answers, lang string) Draft {
	p := &proposal{table: t, answers: a, lang: lang}
	for i, name := range t.Names {
		p.columns = append(p.columns, newColumn(i, name, t.Rows))
	}
	p.settleCommas()
	p.findPeriod()
	p.findFlow()
	p.findAreas()
	p.findCommodity()
	p.findMeasures()
	p.findUnits()
	p.findStatus()
	p.settleRest()
	p.decide()
	d := p.write()
	d.Rows = len(t.Rows)
	for _, c := range p.columns {
		d.Columns = append(d.Columns, ColumnRole{Column: c.name, Role: c.toldRole(), Share: c.share})
	}
	return d
}

// proposal is a draft in the making.
type proposal struct {
	table   Table
	answers Answers
	lang    string
	columns []*column
	doubts  []Doubt

	period       timing
	joined       *column // a column of months beside period's years
	goods        goods
	reporter     *column
	reporterList string
	partner      *column
	partnerList  string
	edition      *column // of the HS, as the file names it row by row
	flow         *column
	flowMap      map[string]string // text -> flow
	figures      []figure
	sums         []sumOf
	units        [2]unitColumn // of quantity and quantity2
	status       *column
	finality     map[string]string
	country      string // the reporter's code, "" not known
}

// timing is how the file says its period.
type timing struct {
	col    *column // nil: it does not
	format string
}

// goods is how the file says its goods.
type goods struct {
	col    *column // nil: all products together
	list   string
	held   bool // the list is one that this house holds
	digits int  // of a full code
	strip  string
	pad    int
	total  []string // texts that mean all goods
	levels bool     // codes of several lengths
}

// settleCommas reads 1,234 as the other columns of the file read their commas:
// one office writes its decimals one way.
func (p *proposal) settleCommas() {
	decimals := slices.ContainsFunc(p.columns, func(c *column) bool { return c.numbers.comma })
	for _, c := range p.columns {
		if n := &c.numbers; n.either && decimals {
			n.comma, n.thousands, n.either, n.grouped = true, false, false, ""
		}
	}
}

// free returns the columns that have no role yet.
func (p *proposal) free() []*column {
	return slices.DeleteFunc(slices.Clone(p.columns), func(c *column) bool { return c.role != "" })
}

// doubt notes a doubt about a place in the draft, once.
func (p *proposal) doubt(about string, text guichet.Text) {
	p.note(Doubt{About: about, Text: text})
}

// open notes what only a person can decide.
func (p *proposal) open(about string, text guichet.Text) {
	p.note(Doubt{About: about, Text: text, Open: true})
}

func (p *proposal) note(d Doubt) {
	if !slices.Contains(p.doubts, d) {
		p.doubts = append(p.doubts, d)
	}
}
