package synth

import (
	"maps"
	"slices"

	"guichet/trade"
)

// Cell is what an office adds up: the lines of one national code, partner,
// country of consignment and mode in a month. It says nothing of a file: each
// office writes cells as it publishes them. Amounts are cents of Currency,
// quantities thousandths, masses grams.
type Cell struct {
	Member      string
	Currency    string
	Flow        trade.Flow // imports, domestic_exports, re_exports
	Month       string     // "2019-01", of acceptance
	Code, List  string     // national code; List is "" for a line that no list held has
	HS6         string
	Partner     string // as the member attributes it: origin of imports, last known destination of exports
	Consignment string // imports: where dispatched; exports: the partner again
	Mode        string // sea, rail, road, air
	Units       [2]string
	// Hidden: somebody asked for secrecy, so that the office rolls the cell up
	// into Into, or leaves it blank where Into is "".
	Hidden bool
	Into   string
	// Final is the last publication, First the first.
	Final, First Sums
}

// Sums are what a cell holds in one publication.
type Sums struct {
	Lines    int64
	Value    int64 // as the office values the flow: CIF, FOB, customs value, FAS
	Customs  int64 // price without inland freight
	Border   int64 // free on board at the border of export
	CIF      int64 // imports alone
	Quantity [2]int64
	Grams    int64
}

func (s *Sums) add(o *Sums) {
	s.Lines += o.Lines
	s.Value += o.Value
	s.Customs += o.Customs
	s.Border += o.Border
	s.CIF += o.CIF
	s.Quantity[0] += o.Quantity[0]
	s.Quantity[1] += o.Quantity[1]
	s.Grams += o.Grams
}

// cellKey packs what makes a cell: member, flow, month, line, partner,
// consignment, mode, hidden.
type cellKey uint64

const (
	bitsHidden = 1
	bitsMode   = 2
	bitsArea   = 5
	bitsLine   = 20
	bitsMonth  = 12
	bitsFlow   = 2
)

func keyOf(r *record, month int32) cellKey {
	flow := uint64(0)
	switch {
	case r.imports:
	case r.reExport:
		flow = 2
	default:
		flow = 1
	}
	partner := r.consign
	if r.imports {
		partner = r.origin
	}
	k := uint64(r.member)
	k = k<<bitsFlow | flow
	k = k<<bitsMonth | uint64(month)        //nolint:gosec // not negative
	k = k<<bitsLine | uint64(r.code.number) //nolint:gosec // not negative
	k = k<<bitsArea | uint64(partner)
	k = k<<bitsArea | uint64(r.consign)
	k = k<<bitsMode | uint64(r.ship.mode)
	k <<= bitsHidden
	if r.secret {
		k |= 1
	}
	return cellKey(k)
}

// take cuts the last n bits off the key.
func (k *cellKey) take(n int) int {
	out := int(*k & (1<<n - 1)) //nolint:gosec // some bits
	*k >>= n
	return out
}

// pair is a cell's sums in both publications.
type pair struct{ final, first Sums }

// cellTable holds the cells that one worker has added up.
type cellTable struct {
	at   map[cellKey]int32
	sums []pair
}

func newCellTable() *cellTable { return &cellTable{at: map[cellKey]int32{}} }

// add adds a line: once to the last publication, and its value as many times as
// told to the first; 0 is a line that came late.
func (t *cellTable) add(r *record, month int32, first int64) {
	s := Sums{Lines: 1, Value: r.value, Customs: r.price, Border: r.border, CIF: r.cif, Quantity: r.quantity, Grams: r.grams}
	p := t.find(keyOf(r, month))
	p.final.add(&s)
	if first == 0 {
		return
	}
	s.Value, s.Customs, s.Border, s.CIF = s.Value*first, s.Customs*first, s.Border*first, s.CIF*first
	p.first.add(&s)
}

func (t *cellTable) find(k cellKey) *pair {
	n, ok := t.at[k]
	if !ok {
		n = int32(len(t.sums)) //nolint:gosec // fewer than lines of a run in memory
		t.at[k] = n
		t.sums = append(t.sums, pair{})
	}
	return &t.sums[n]
}

// merge takes over another table: sums of whole numbers, in whatever order.
func (t *cellTable) merge(o *cellTable) {
	for k, n := range o.at {
		p := t.find(k)
		p.final.add(&o.sums[n].final)
		p.first.add(&o.sums[n].first)
	}
}

// cells returns every cell, in an order that depends on what they stand for
// alone: member, flow, month, line, partner, consignment, mode.
func (t *cellTable) cells(w *world) []Cell {
	out := make([]Cell, 0, len(t.sums))
	for _, k := range slices.Sorted(maps.Keys(t.at)) {
		out = append(out, w.cell(k, &t.sums[t.at[k]]))
	}
	return out
}

func (w *world) cell(k cellKey, p *pair) Cell {
	hidden := k.take(bitsHidden) == 1
	m := mode(k.take(bitsMode)) //nolint:gosec // four
	consign, partner := k.take(bitsArea), k.take(bitsArea)
	l := &w.lines.all[k.take(bitsLine)]
	month := k.take(bitsMonth)
	flow := [...]trade.Flow{trade.Imports, trade.DomesticExports, trade.ReExports}[k.take(bitsFlow)]
	o := &w.office[k]
	c := Cell{
		Member: o.iso, Currency: o.currency, Flow: flow, Month: w.cal.months[month], Code: l.code, List: l.list, HS6: l.hs6,
		Partner: w.area[partner].iso, Consignment: w.area[consign].iso, Mode: m.String(),
		Units: [2]string{l.units[0].text, l.units[1].text}, Hidden: hidden, Final: p.final, First: p.first,
	}
	if hidden && !o.blank {
		c.Into = rolledInto(area(k), l.code) //nolint:gosec // a member
	}
	return c
}

// rolledInto is the code under which an office publishes goods that it hides:
// Stats NZ's 9809000000; HMRC's 990 and the chapter; in the US the heading and
// zeros, as 2918000000 in the imports of 2024.
func rolledInto(member area, code string) string {
	if member == nz {
		return "9809000000"
	}
	if member == gb {
		return "990" + code[:2] + "000"
	}
	return code[:4] + "000000"
}
