package synth

import "strconv"

// truthHead names the columns of the file of causes. docs/design/synth.md says
// what they mean.
const truthHead = "GENERATED,consignment,side,reporter,declaration,line,level,cause,detail,fraud," +
	"exporter_before,importer_before,month_before,hs_before,usd_cents_before," +
	"exporter_after,importer_after,month_after,hs_after,usd_cents_after,true,declared\n"

// thingsHead names the columns of the file of consignments.
const thingsHead = "GENERATED,consignment,shipment,exporter,importer,origin,via,transit,hs2017,hs_edition,hs,departed,arrived,mode,incoterm," +
	"price_usd_cents,inland_usd_cents,freight_usd_cents,insurance_usd_cents,fob_usd_cents,net_grams," +
	"seller,seller_group,buyer,buyer_group,transport_document,export_declaration,export_accepted,import_declaration,import_accepted,line\n"

// moved writes that a cause took the amount from the present state to the next.
func (r *recorder) moved(why cause, detail string, next state) { r.said(why, detail, next, "", "") }

// said is moved with what is true beside what was declared.
func (r *recorder) said(why cause, detail string, next state, truth, declared string) {
	name := &r.w.cause[why]
	t := &r.tally[why]
	t.lines++
	from, to := r.now, next
	if from.usd != to.usd {
		t.moved += max(from.usd-to.usd, to.usd-from.usd)
	} else if from != to {
		t.moved += from.usd
	}
	sign := int64(1)
	if r.rec.imports {
		sign = -1
	}
	r.adds(r.w, &from, why, -sign*from.usd)
	r.adds(r.w, &to, why, sign*to.usd)
	r.rows++
	b := append(r.truth, "Y,"...)
	b = appendConsignment(b, r.c.number)
	if r.rec.imports {
		b = append(b, ",M,"...)
	} else {
		b = append(b, ",X,"...)
	}
	b = append(b, r.w.office[r.rec.member].iso...)
	b = append(b, ',')
	b = r.lw.appendNumber(b, &r.rec)
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(r.c.line), 10)
	b = appendText(b, name.level, name.name, detail)
	if name.fraud {
		b = append(b, ",Y,"...)
	} else {
		b = append(b, ",,"...)
	}
	b = r.appendState(b, &from)
	b = append(b, ',')
	b = r.appendState(b, &to)
	b = appendText(b, truth, declared)
	r.truth = append(b, '\n')
	r.now = next
}

func (r *recorder) appendState(b []byte, s *state) []byte {
	b = append(b, r.w.area[s.exporter].iso...)
	b = append(b, ',')
	b = append(b, r.w.area[s.importer].iso...)
	b = append(b, ',')
	b = append(b, r.w.cal.months[s.month]...)
	b = append(b, ',')
	b = append(b, s.code...)
	b = append(b, ',')
	return strconv.AppendInt(b, s.usd, 10)
}

// known writes the true consignment.
func (r *recorder) known() {
	s, c, w := r.s, r.c, r.w
	day := &w.cal.days[s.departed]
	b := append(r.things, "Y,"...)
	b = appendConsignment(b, c.number)
	b = append(b, ',')
	b = appendConsignment(b, s.number)
	via, transit := w.area[s.via].iso, ""
	if s.transit {
		transit = "Y"
	}
	g := &w.goods[c.good]
	b = appendText(b, w.area[s.exporter].iso, w.area[s.importer].iso, w.area[s.origin].iso, via, transit, string(g.hs6),
		editionWord[day.world], string(g.codes[day.world]), day.text[isoDate], w.cal.days[s.arrived].text[isoDate], s.mode.String(), s.incoterm)
	for _, n := range [...]int64{c.price, c.inland, c.freight, c.insurance, c.fob(), c.grams} {
		b = append(b, ',')
		b = strconv.AppendInt(b, n, 10)
	}
	b = append(b, ',')
	b = r.lw.appendTrader(b, s.exporter, s.seller)
	b = append(b, ',')
	b = r.lw.appendTrader(b, s.importer, s.buyer)
	b = append(b, ',')
	b = appendDocument(b, s, s.document)
	side := &r.rec // its other fields are set when the side is recorded
	side.number = s.number
	side.member, side.imports, side.when = s.exporter, false, s.out
	b = r.lw.appendNumber(append(b, ','), side)
	b = appendText(b, w.cal.days[s.out.accepted].text[isoDate])
	side.member, side.imports, side.when = s.importer, true, s.in
	b = r.lw.appendNumber(append(b, ','), side)
	b = appendText(b, w.cal.days[s.in.accepted].text[isoDate])
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(c.line), 10)
	r.things = append(b, '\n')
}

// editionWord names the editions as hs.Editions orders them.
//
//nolint:gochecknoglobals // a table of constants, never changed
var editionWord = [...]string{"HS2007", "HS2012", "HS2017", "HS2022"}
