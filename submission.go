package guichet

import (
	"slices"
	"strings"
	"time"
)

// Submission is one file taken in: everything that is constant for it, what
// came in, what was put aside, and what it covers.
type Submission struct {
	ID       string            `json:"id"` // first 16 hex digits of the identity
	Identity string            `json:"identity"`
	Dataset  string            `json:"dataset"`
	Profile  string            `json:"profile"`
	Version  string            `json:"profile_version"`
	Tables   string            `json:"tables_version"`
	Digest   string            `json:"digest"`          // sha256 of the unpacked content
	Original string            `json:"original"`        // sha256 of the file as it came
	File     string            `json:"file"`            // its name
	Bytes    int64             `json:"bytes"`           // its size
	TakenAt  time.Time         `json:"taken_at"`        // when we took it in
	Released string            `json:"released"`        // the day on which the office published it; "" unknown
	FilePer  string            `json:"file_period"`     // the period that the file names; "" none
	Fields   map[string]string `json:"fields"`          // fields of place "submission"
	Covers   map[string]string `json:"covers"`          // dimension -> "all" or "listed" or "none"
	Action   string            `json:"action"`          // "replace", "add", "cumulative"
	Scope    []string          `json:"scope"`           // row fields that units are cut by, beside reporter, unit fields and period
	Given    map[string]string `json:"given,omitempty"` // what the operator added
	Lines    int64             `json:"lines"`           // lines of the file
	Kept     int64             `json:"kept_lines"`      // lines that gave records
	Aside    int64             `json:"put_aside"`       // lines put aside
	Records  int64             `json:"records"`         // records kept
	Totals   []Total           `json:"totals"`
	Reasons  []Count           `json:"reasons"` // why lines were put aside
	Remarks  []Count           `json:"remarks"` // remarks of the kept records
	Controls []Control         `json:"controls"`
	Override string            `json:"override,omitempty"` // why totals that do not reconcile were accepted
	// OverrideBy is who accepted totals that do not reconcile, or that more lines than
	// usual were put aside: a pseudonym from the pages, else an account; "" nobody was
	// asked, or nobody noted it.
	OverrideBy string    `json:"override_by,omitempty"`
	Units      []Unit    `json:"units"`
	Shapes     []Shape   `json:"shapes"`
	Parts      []Part    `json:"parts"`
	Outliers   []Outlier `json:"outliers,omitempty"`
	Notes      []string  `json:"notes,omitempty"` // remark codes of every answer from this file
	// FieldCounts say how each field of its rows came out; none of what was taken in
	// before that was counted.
	FieldCounts []FieldCount `json:"field_counts,omitempty"`
	// ProfileText is the profile that was given as a file, kept so that the
	// original can be judged again; "" for an embedded one.
	ProfileText string `json:"profile_text,omitempty"`
	// MayRedistribute is false where the licence forbids copies, public views
	// and exports.
	MayRedistribute bool `json:"may_redistribute"`
	Generated       bool `json:"generated"` // made data, never an observation
	// Event is set where the entry is no file, but what became of files.
	Event     *Event   `json:"event,omitempty"`
	Withdrawn string   `json:"withdrawn,omitempty"` // the event by which its figures are not in force
	Purged    []string `json:"purged,omitempty"`    // the events by which rows of it were removed; totals, examples and the original went with the first
}

// EventKind says what became of submissions after they were taken in.
type EventKind string

// The kinds of events. Figures are answered as of the days before a withdrawal;
// what was purged is gone for every day.
const (
	EventWithdrawn  EventKind = "withdrawn"  // their figures are not to be used
	EventReinstated EventKind = "reinstated" // they are again
	EventPurged     EventKind = "purged"     // rows of them were removed for good
)

// Event is an entry of the register that stands among the submissions, so that
// every moment before and after it can be told.
type Event struct {
	Kind    EventKind `json:"kind"`
	Of      []string  `json:"of"` // ids of submissions
	Why     string    `json:"why"`
	By      string    `json:"by,omitempty"` // the account or the program that did it
	Removed []Removed `json:"removed,omitempty"`
}

// Removed is what a purge took of one submission. No figure stands in it.
type Removed struct {
	Submission string `json:"submission"`
	File       string `json:"file"`
	Digest     string `json:"digest"`   // of the unpacked content: proves that another copy is the same
	Original   string `json:"original"` // sha256 of the file as it came
	Rule       string `json:"rule"`     // "keep 10y from period"
	Basis      string `json:"basis"`    // the law or the agreement behind it
	Periods    string `json:"periods"`  // "2014-01:2014-12"
	Units      int    `json:"units"`
	Rows       int64  `json:"rows"`
	Whole      bool   `json:"whole"` // nothing of it is left but this
}

// Total is the invariant of one measure: File = Kept + Aside.
type Total struct {
	Measure string  `json:"measure"`
	File    Decimal `json:"file"`
	Kept    Decimal `json:"kept"`
	Aside   Decimal `json:"put_aside"`
}

// Count counts what a code (reason, remark) was said of.
type Count struct {
	Code    string  `json:"code"`
	Rows    int64   `json:"rows"`
	Value   Decimal `json:"value"`             // of the dataset's main measure
	Example string  `json:"example,omitempty"` // one line, or one key
}

// FieldCount says in how many rows a field is filled, and where it was wrong. Fields
// that are read from the same columns (a code, and what follows from it) share what was
// remarked and what was put aside. A line with several faults counts for the first.
type FieldCount struct {
	Field    string `json:"field"`
	Filled   int64  `json:"filled"`    // records that hold something in it
	Remarked int64  `json:"remarked"`  // records that were kept with a remark on it
	Aside    int64  `json:"put_aside"` // lines that were put aside because of it
}

// Control is a total that the file states, beside what was found.
type Control struct {
	Name   string  `json:"name"`
	Stated Decimal `json:"stated"`
	Found  Decimal `json:"found"`
}

// OK says whether the control total reconciles.
func (c Control) OK() bool { return c.Stated.Cmp(c.Found) == 0 }

// Unit is what one submission replaces or adds to.
type Unit struct {
	Reporter string            `json:"reporter"`
	Period   Period            `json:"period"`
	Dims     map[string]string `json:"dims"`  // the dataset's UnitFields
	Scope    string            `json:"scope"` // the profile's further scope, e.g. one product; "" none
	Rows     int64             `json:"rows"`
	Value    Decimal           `json:"value"`
	Purged   string            `json:"purged,omitempty"` // the event that removed its rows; Rows and Value are then zero
}

// Key returns the unit's identity within a cube.
func (u Unit) Key(unitFields []string) string {
	parts := []string{u.Reporter}
	for _, f := range unitFields {
		parts = append(parts, u.Dims[f])
	}
	return strings.Join(append(parts, u.Period.String(), u.Scope), "|")
}

// Shape says which members and levels stand together in a part of a
// submission, so that no total is added to its parts.
type Shape struct {
	Dims     map[string]string `json:"dims"`     // the unit fields
	Edition  int               `json:"edition"`  // of the classification
	Level    int               `json:"level"`    // digits at which rows are published
	Subtotal bool              `json:"subtotal"` // rows that are totals over finer rows
	Kinds    map[string]string `json:"kinds"`    // breakdown field -> "whole", "part" or "aside"
	Rows     int64             `json:"rows"`
	Value    Decimal           `json:"value"` // of the dataset's main measure
}

// Outlier is one of the few rows that carry most of a measure of a file: kept,
// but every answer in that measure that uses it says so.
type Outlier struct {
	Measure string            `json:"measure"`
	Figure  Decimal           `json:"figure"`
	Share   float64           `json:"share"` // of the file's sum of absolute figures, 0 to 1
	Row     map[string]string `json:"row"`   // the row's dimensions
}

// Part is one Parquet file of a submission.
type Part struct {
	Path string `json:"path"` // relative to the table's data folder
	Rows int64  `json:"rows"`
	Size int64  `json:"size"`
}

// Field returns a submission field, "" when absent.
func (s *Submission) Field(name string) string { return s.Fields[name] }

// Reporters returns the reporters of a submission.
func (s *Submission) Reporters() []string {
	var out []string
	for _, u := range s.Units {
		if !slices.Contains(out, u.Reporter) {
			out = append(out, u.Reporter)
		}
	}
	return out
}
