package node_test

import (
	"slices"
	"testing"

	"guichet"
)

// unitHead is the head of UN Comtrade's old bulk layout, as bulk writes it.
const unitHead = "Year,Reporter Code,Trade Flow Code,Partner Code,Classification,Commodity Code,Quantity Unit Code,Supplementary Quantity,Netweight (kg),Value,Estimation Code\r\n"

// TestQuantitiesInUnknownUnitsAreNotAdded: 100 of one unknown unit and 1000 of
// another are not 1100 of anything; known units and values are summed as ever.
// All figures are generated.
func TestQuantitiesInUnknownUnitsAreNotAdded(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ID")
	h.generated(t, "bulk.csv", unitHead+
		"2019,360,2,156,\"H5\",\"640399\",6,70,5,40,0\r\n"+
		"2019,360,2,36,\"H5\",\"640399\",6,7,1,4,0\r\n"+
		"2019,360,2,392,\"H5\",\"640399\",997,100,2,10,0\r\n"+
		"2019,360,2,458,\"H5\",\"640399\",998,1000,3,20,0\r\n")
	const words = "reporter=ID flow=exports period=2019 product=640399 measure="
	a := h.ask(t, words+"quantity,value")
	known := slices.IndexFunc(a.Rows, func(r guichet.Row) bool { return r["unit"] == "PR" })
	unknown := slices.IndexFunc(a.Rows, func(r guichet.Row) bool { return r["unit"] == "" })
	if len(a.Rows) != 2 || known < 0 || unknown < 0 {
		t.Fatalf("rows %v, want one in pairs and one without a unit", a.Rows)
	}
	if got := a.Rows[known]["quantity"].(guichet.Decimal).String(); got != "77" { //nolint:forcetypeassert // a failed test either way
		t.Errorf("%s pairs, want 77", got)
	}
	if got := a.Rows[unknown]["quantity"]; got != nil {
		t.Errorf("two unknown units are added up to %v", got)
	}
	if got := a.Rows[unknown]["value"].(guichet.Decimal).String(); got != "30" { //nolint:forcetypeassert // a failed test either way
		t.Errorf("their value is %s, want 30", got)
	}
	if r := remark(t, a, "unknown_unit", "cannot be added"); r.Rows != 2 {
		t.Errorf("the remark is about %d rows, want 2", r.Rows)
	}

	// Where no unit at all is known, no figure is told to be one of all together.
	a = h.ask(t, words+"quantity partner=JP,MY")
	if len(a.Rows) != 1 || a.Rows[0]["quantity"] != nil {
		t.Errorf("rows %v, want one without a quantity", a.Rows)
	}
	remark(t, a, "unknown_unit", "cannot be added")
	if len(a.Gaps) != 0 {
		t.Errorf("gaps %v", a.Gaps)
	}

	// Mass has a unit of its own.
	want(t, h.ask(t, words+"net_kg"), "", "net_kg", "11")
}
