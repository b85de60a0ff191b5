package synth

// record is one side of a consignment as its office has it: what a declaration
// line says. Amounts are cents of the currency.
type record struct {
	ship     *shipment
	member   area
	imports  bool
	number   uint64 // of the declaration
	lineNo   int
	when     times
	code     *line
	origin   area
	consign  area // imports: where it was dispatched; exports: where it goes
	reExport bool
	// value is the one that counts in statistics; price is without inland
	// freight; border with it; both without freight and insurance.
	value, price, border, inland, freight, insurance, cif int64
	quantity                                              [2]int64 // thousandths
	grams                                                 int64
	party                                                 party
	document                                              uint64 // 0: left out
	secret                                                bool
}

// recorder records one side of one consignment: it knows the true state and
// moves away from it cause by cause, each written into the truth.
type recorder struct {
	*block
	*worker
	dice *chance
	s    *shipment
	c    *consignment
	rec  record
	now  state
	rate int64
}

// begin starts from the truth, which both sides share. Goods in planted transit
// left their origin for the importer; their carrier through a member is no
// exporter.
func (r *recorder) begin(imports bool) {
	s := r.s
	member, when, p := s.exporter, s.out, s.seller
	if imports {
		member, when, p = s.importer, s.in, s.buyer
	}
	day := &r.w.cal.days[s.departed]
	exporter := s.exporter
	if s.transit {
		exporter = s.origin
	}
	r.now = state{exporter, s.importer, day.month, string(r.w.goods[r.c.good].codes[day.world]), r.c.fob()}
	r.rec = record{
		ship: s, member: member, imports: imports, number: s.number, lineNo: r.c.line, when: when, origin: s.origin,
		grams: r.c.grams, party: p, document: s.document,
	}
	r.rate = r.w.cal.days[when.accepted].rate[member]
}

// timed moves the amount to the month of acceptance and says whether that is
// one of those asked for: otherwise nothing is written.
func (r *recorder) timed() bool {
	month := r.w.cal.days[r.rec.when.accepted].month
	if month != r.now.month {
		next := r.now
		next.month = month
		r.moved(timing, "", next)
	}
	return r.w.cal.asked(month)
}

// imported records the importer's side.
func (r *recorder) imported() {
	r.begin(true)
	if !r.timed() {
		return
	}
	s, rec := r.s, &r.rec
	rec.consign = s.exporter
	if s.via != nowhere {
		rec.consign = s.via
	}
	rec.secret = r.c.buyerSecret
	r.attributed()
	good := r.classified(true)
	r.valued()
	r.listed(good)
	r.papers(good)
	r.finish()
}

// attributed names the partner of an import: the origin, or what is declared
// as such.
func (r *recorder) attributed() {
	s, next := r.s, r.now
	switch {
	case s.transit:
		next.exporter = s.exporter
		r.rec.origin = s.exporter
		r.said(transshipment, "false_origin", next, r.w.area[s.origin].iso, r.w.area[s.exporter].iso)
	case s.via != nowhere && r.chosen(partnerAttribution, rateDispatchOrigin):
		next.exporter = s.via
		r.rec.origin = s.via
		r.said(partnerAttribution, "consignment", next, r.w.area[s.exporter].iso, r.w.area[s.via].iso)
	case s.origin != s.exporter:
		next.exporter = s.origin
		r.moved(reExports, "origin", next)
	}
}

// exported records the exporter's side; goods in transit are not declared.
func (r *recorder) exported() {
	if r.s.transit {
		return
	}
	r.begin(false)
	if !r.timed() {
		return
	}
	s, rec := r.s, &r.rec
	rec.consign, rec.reExport, rec.secret = s.importer, s.origin != s.exporter, r.c.sellerSecret
	if s.via != nowhere && s.hubUnknown {
		next := r.now
		next.importer = s.via
		rec.consign = s.via
		r.said(partnerAttribution, "last_known_destination", next, r.w.area[s.importer].iso, r.w.area[s.via].iso)
	}
	good := r.classified(false)
	rec.value = national(r.now.usd, r.rate)
	rec.price, rec.border, rec.inland = rec.value, rec.value, national(r.c.inland, r.rate)
	r.listed(good)
	r.papers(good)
	r.finish()
}

// classified returns the good under which the goods are declared, and moves the
// amount to its subheading in the edition in force where it is declared.
func (r *recorder) classified(imports bool) int {
	goods, good := r.w.goods, r.c.good
	day := &r.w.cal.days[r.rec.when.accepted]
	world := r.w.cal.days[r.s.departed].world
	if n := len(goods[good].neighbs); n > 0 {
		why := causes
		switch {
		case imports && r.chosen(misclassification, rateMisclassified):
			why = misclassification
		case r.chosen(classification, rateOtherSubheading):
			why = classification
		}
		if why != causes {
			other := goods[good].neighbs[r.dice.below(int64(n))]
			next := r.now
			next.code = string(goods[other].codes[world])
			r.said(why, "subheading", next, r.now.code, next.code)
			good = other
		}
	}
	flow := 1
	if imports {
		flow = 0
	}
	in := day.edition[r.rec.member][flow]
	if code := string(goods[good].codes[in]); code != r.now.code {
		next := r.now
		next.code = code
		r.moved(edition, editionWord[world]+">"+editionWord[in], next)
	}
	lines := r.w.lines.at[r.rec.member][flow][in][good]
	at := r.dice.below(int64(len(lines)))
	at = min(at, r.dice.below(int64(len(lines)))) // the first lines of a list are the likelier: an assumption
	r.rec.code = &lines[at]
	if len(lines) > 1 && r.chosen(classification, rateNationalLine) {
		r.rec.code = &lines[(at+1)%int64(len(lines))]
		r.said(classification, "national_line", r.now, lines[at].code, r.rec.code.code)
	}
	return good
}

// valued brings the amount of an import to the office's valuation.
func (r *recorder) valued() {
	o, c, rec := &r.w.office[r.rec.member], r.c, &r.rec
	price := c.price
	next := r.now
	if o.cif {
		next.usd += c.freight + c.insurance
		r.moved(valuation, "cif", next)
	}
	if o.atDoor && c.inland > 0 {
		next.usd -= c.inland
		r.moved(inlandFreight, "", next)
	}
	if r.chosen(undervaluation, rateUndervalued) {
		price = max(price/100*r.dice.between(250, 700)/1000, 1) * 100
		next.usd -= c.price - price
		r.said(undervaluation, "price", next, decimalText(c.price), decimalText(price))
	}
	rec.value = national(next.usd, r.rate)
	rec.price = national(price, r.rate)
	rec.inland, rec.insurance = national(c.inland, r.rate), national(c.insurance, r.rate)
	rec.border = national(price+c.inland, r.rate)
	rec.cif = national(price+c.inland+c.freight+c.insurance, r.rate)
	// The parts add up to the whole in every currency: freight takes the rounding.
	rec.freight = max(rec.cif-rec.border-rec.insurance, 0)
}

// listed sets the quantities that the line asks for.
func (r *recorder) listed(good int) {
	rec, piece := &r.rec, r.w.goods[good].grams
	for i := range rec.code.count {
		rec.quantity[i] = rec.code.units[i].quantity(r.c.grams, piece)
	}
	if !r.chosen(unitError, rateUnit) {
		return
	}
	counted := rec.code.count > 0 && rec.code.units[0].measure == "count"
	if !counted {
		rec.grams *= 1000
		for i := range rec.code.count {
			if rec.code.units[i].measure == "mass" {
				rec.quantity[i] *= 1000
			}
		}
		r.said(unitError, "grams_as_kilograms", r.now, milliText(r.c.grams), milliText(rec.grams))
		return
	}
	truth := rec.quantity[0]
	detail := "dozens_as_pieces"
	if rec.code.units[0].num > 1 { // the line asks dozens or gross and is given pieces
		detail = "pieces_as_dozens"
		rec.quantity[0] = truth * rec.code.units[0].num / rec.code.units[0].den
	} else {
		rec.quantity[0] = max(truth/12, 1)
	}
	r.said(unitError, detail, r.now, milliText(truth), milliText(rec.quantity[0]))
}

// papers leaves out or mistypes the number of the transport document.
func (r *recorder) papers(int) {
	switch {
	case r.chosen(document, rateNoDocument):
		r.said(document, "missing", r.now, documentText(r.s), "")
		r.rec.document = 0
	case r.chosen(document, rateWrongDocument):
		wrong := *r.s
		wrong.document = mistype(wrong.document, r.dice.below(documentDigits))
		r.said(document, "mistyped", r.now, documentText(r.s), documentText(&wrong))
		r.rec.document = wrong.document
	}
}

// finish writes the line unless its value is too low, then what is published
// of it.
func (r *recorder) finish() {
	o, rec := &r.w.office[r.rec.member], &r.rec
	least := o.exportLeast
	if rec.imports {
		least = o.importLeast
	}
	if rec.value < least {
		next := r.now
		next.usd = 0
		r.moved(threshold, "not_declared", next)
		return
	}
	next := r.now
	if next.usd = usd(rec.value, r.rate); next.usd != r.now.usd {
		// Rounding may not hide what no cause explains.
		if off := next.usd - r.now.usd; off < -mostRounding || off > mostRounding {
			r.unexplained++
		}
		r.moved(rounding, "", next)
	}
	r.write(rec)
	r.published()
}

// published says what becomes of the line in the aggregate, in its first
// publication, and at the mean rate of the month.
func (r *recorder) published() {
	rec, declared := &r.rec, r.now
	if rec.secret {
		next := r.now
		if r.w.office[rec.member].blank {
			next.usd = 0
			r.said(confidentiality, "blank", next, rec.code.code, "")
		} else {
			next.code = rolledInto(rec.member, rec.code.code)
			r.said(confidentiality, "roll_up", next, rec.code.code, next.code)
		}
	}
	first := int64(1) // times the value, in the first publication
	final := r.now
	switch {
	case r.chosen(revision, rateLate):
		first = 0
		next := final
		next.usd = 0
		r.moved(revision, "late", next)
	case r.chosen(revision, rateMistyped):
		first = 10
		next := final
		next.usd *= 10
		r.moved(revision, "mistyped", next)
	}
	r.now = final
	r.cells.add(rec, declared.month, first)
	if next := final; next.usd != 0 {
		mean := r.w.cal.mean[rec.member][declared.month]
		if next.usd = usd(rec.value, mean); next.usd != final.usd {
			r.moved(conversion, "", next)
		}
	}
}

// chosen says by chance whether a cause strikes, and counts that it could.
func (r *recorder) chosen(why cause, rate int64) bool {
	r.tally[why].could++
	return r.dice.hits(rate)
}
