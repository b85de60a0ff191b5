package trade

import (
	_ "embed" // the table of data elements
	"strconv"
	"strings"
)

//go:embed wco.txt
var wcoTable string

// WCOElement is a data element of the WCO Data Model that says what a field of
// the record says: the same thing, as a declaration has it before figures are
// added up.
type WCOElement struct {
	ID        string // number of the data element: "145", "R038"
	Class     string // "Classification"
	Attribute string // "ID"
	Flow      string // "imports" or "exports" where it is said of one side only, else ""
}

// WCO returns the data elements of a field by its id; none for a field that no
// published list at hand names. Sources stand at the head of wco.txt: the
// declaration of version 3.6 as HMRC publishes it, and the EU's ICS2.
func WCO(field int) []WCOElement {
	var out []WCOElement
	for line := range strings.Lines(wcoTable) {
		p := strings.Split(strings.TrimSpace(line), "|")
		if len(p) != 4 || strings.HasPrefix(line, "#") {
			continue
		}
		if id, err := strconv.Atoi(p[0]); err != nil || id != field {
			continue
		}
		class, attribute, _ := strings.Cut(p[2], ".")
		out = append(out, WCOElement{ID: p[1], Class: class, Attribute: attribute, Flow: p[3]})
	}
	return out
}
