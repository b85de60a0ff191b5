// Package mark says what stands beside a single figure of an answer: that it is an
// estimate, is not final, or why there is none. An answer's rows carry codes in one
// more column; which measures of the row a code is about, and by which short sign a
// table shows it, stands here and in the description of each dataset.
//
// It knows no dataset and decides nothing: what is hidden, desk and disclosure say.
package mark

import (
	"slices"
	"strings"
)

// Column is the last column of an answer in which a row has a mark: codes, sorted,
// with a space between. An answer without marks does not have it.
const Column = "marks"

// Marks that desk makes of any dataset. They cross borders: appended, never renamed.
const (
	Protected  = "protected"   // the agreement's disclosure rules hide the row's figures
	NoRate     = "no_rate"     // no rate is held by which it could be converted
	AboveBands = "above_bands" // it lies above the greatest bound that is kept
)

// At says beside what a mark stands.
type At int

// A mark is said of a figure, of a figure that is not there, or of both.
const (
	Figures At = iota
	Missing
	Either
)

// Mark is one code.
type Mark struct {
	Code   string
	Sign   string // one or two letters, as offices do: "e"
	Of     []string
	By     string // where it is not "": of measures alone that are derived so
	At     At
	Remark string // code of the remark that says more; "" the same code
}

// Own are the marks that desk makes.
func Own() []Mark {
	return []Mark{
		{Code: Protected, Sign: "c", At: Missing, Remark: "cells_hidden"},
		{Code: NoRate, Sign: "r", By: "rate", At: Missing},
		{Code: AboveBands, Sign: ">", By: "bands", At: Missing},
	}
}

// Cell is one measure of a row.
type Cell struct {
	Measure string
	Parts   []string // of a derived measure: what it is made from
	By      string   // and in which way
	Figure  bool     // it has one
}

// Bounds of what is read from others.
const (
	mostCodes = 16
	mostCode  = 40 // bytes
)

// On returns those of a row's marks that stand at a cell, in order of their codes.
// text is what the column holds, from whoever: what is no list of codes says nothing.
// A code that the list does not have is of a later node; it stands everywhere in its
// row, for itself.
func On(list []Mark, text any, c Cell) []Mark {
	s, _ := text.(string)
	var out []Mark
	seen := 0
	for code := range strings.FieldsSeq(s) {
		if seen++; seen > mostCodes {
			break
		}
		m, ok := By(list, code)
		if ok && m.at(c) && !slices.ContainsFunc(out, func(o Mark) bool { return o.Code == code }) {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b Mark) int { return strings.Compare(a.Code, b.Code) })
	return out
}

// By returns the mark of a code; of one that is not in the list, the code itself. ok
// is false for what is no code.
func By(list []Mark, code string) (m Mark, ok bool) {
	for _, m := range list {
		if m.Code == code {
			return m, true
		}
	}
	strange := code == "" || len(code) > mostCode || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz0123456789_") != ""
	return Mark{Code: code, Sign: code, At: Either}, !strange
}

func (m Mark) at(c Cell) bool {
	if m.At == Figures && !c.Figure || m.At == Missing && c.Figure || m.By != "" && m.By != c.By {
		return false
	}
	return m.Concerns(c.Measure, c.Parts)
}

// Concerns says whether a mark is about a measure, by itself or by what it is made
// from.
func (m Mark) Concerns(measure string, parts []string) bool {
	about := func(name string) bool { return slices.Contains(m.Of, name) }
	return len(m.Of) == 0 || about(measure) || slices.ContainsFunc(parts, about)
}

// Last orders columns by their names: marks stand last, so that what was there before
// them stays where it was.
func Last(name, other string) int {
	switch {
	case name == other:
		return 0
	case name == Column:
		return 1
	case other == Column:
		return -1
	}
	return 0
}
