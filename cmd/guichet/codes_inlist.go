package main

import (
	"time"

	"guichet"
	"guichet/codes"
	"guichet/hs"
)

// inListJSON is how a code stands to one national list on a day.
type inListJSON struct {
	List     string       `json:"list"`
	Standing string       `json:"standing"`           // of a code of more than six digits; "" otherwise, save "no_list"
	Snapshot string       `json:"snapshot,omitempty"` // the day of the list that was asked
	Edition  int          `json:"edition,omitempty"`
	Held     []string     `json:"held,omitempty"` // with "no_list": the snapshots that are held, of other editions
	From     string       `json:"from,omitempty"`
	To       string       `json:"to,omitempty"`
	Units    []unitJSON   `json:"units"`
	Before   []changeJSON `json:"predecessors"`
	After    []changeJSON `json:"successors"`
	Lines    []lineJSON   `json:"lines"` // national lines under the same six digits
	Complete bool         `json:"complete"`
	Note     string       `json:"note,omitempty"`
	Source   string       `json:"source,omitempty"`
}

// unitJSON is a unit of quantity.
type unitJSON struct {
	Code string       `json:"code"`
	Name guichet.Text `json:"name"`
}

// changeJSON is a step from a code to another.
type changeJSON struct {
	Old  string `json:"old"`
	New  string `json:"new"`
	Year int    `json:"from_year"`
}

// lineJSON is a national line.
type lineJSON struct {
	Code  string   `json:"code"`
	Units []string `json:"units"`
	From  string   `json:"from,omitempty"`
	To    string   `json:"to,omitempty"`
}

// inLists tells how a code stands to one list, or to every list that has it,
// has lines under it, or could not be asked.
func inLists(c codeJSON, asked string, day time.Time) []inListJSON {
	out := []inListJSON{}
	if asked != "" {
		return append(out, inList(c, asked, day))
	}
	if len(c.Code) < hsDigits {
		return out
	}
	for _, name := range listNames() {
		l := inList(c, name, day)
		if len(l.Lines) > 0 || l.Standing == string(codes.NoList) || l.Standing == string(codes.Listed) || l.Standing == string(codes.NotInForce) {
			out = append(out, l)
		}
	}
	return out
}

func inList(c codeJSON, name string, day time.Time) inListJSON {
	e, standing := codes.CommodityIn(name, c.Code, day)
	out := inListJSON{List: name, Units: []unitJSON{}, Before: changes(codes.Predecessors(name, c.Code)), After: changes(codes.Successors(name, c.Code)), Lines: []lineJSON{}}
	if standing == codes.NoList {
		out.Standing = string(standing)
		for _, l := range codes.Lists() {
			if l.Name == name {
				out.Held = append(out.Held, l.Snapshot+" "+l.Edition.String())
			}
		}
		return out
	}
	if len(c.Code) > hsDigits {
		out.Standing = string(standing)
	}
	l := e.List
	out.Snapshot, out.Edition, out.Complete, out.Note, out.Source = l.Snapshot, int(l.Edition), l.Complete, l.Note, l.Source
	out.From, out.To = e.From, e.To
	for _, u := range e.Units {
		out.Units = append(out.Units, unitOf(u))
	}
	for _, six := range sixIn(c, l.Edition) {
		for _, line := range codes.SplitLines(name, string(six), day) {
			out.Lines = append(out.Lines, lineJSON{line.Code, some(line.Units), line.From, line.To})
		}
	}
	return out
}

// sixIn returns the six-digit codes by which a list of an edition is searched:
// the code's own there. Of a chapter or heading there are too many to be read
// as neighbours, so none.
func sixIn(c codeJSON, e hs.Edition) []hs.Code {
	if len(c.HS) != hsDigits {
		return nil
	}
	return hs.Correspond(hs.Edition(c.Edition), hs.Code(c.HS), e).To
}

func unitOf(code string) unitJSON {
	u, _ := codes.UnitByCode(code)
	return unitJSON{code, guichet.Text{EN: u.NameEN, FR: u.NameFR}}
}

func changes(list []codes.Change) []changeJSON {
	out := []changeJSON{}
	for _, c := range list {
		out = append(out, changeJSON{c.Old, c.New, c.FromYear})
	}
	return out
}
