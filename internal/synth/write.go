package synth

import "strconv"

// lineWriter writes records as declaration lines: docs/design/declarations.md
// says what every column means.
type lineWriter struct {
	w     *world
	forms [members]form
}

// form is how a member writes numbers: what stands before and after, how many
// digits, with a G where real ones have a digit.
type form struct {
	importNumber, exportNumber string
	yearFirst                  bool // the number of a declaration begins with two digits of the year
	numberDigits               int
	trader, traderEnd, group   string
	traderDigits               int
}

func forms() [members]form {
	return [members]form{
		au: {importNumber: "AG", exportNumber: "AG", numberDigits: 10, trader: "G", traderDigits: 10, group: "AG"},
		ca: {importNumber: "1G", exportNumber: "1G", numberDigits: 10, trader: "G", traderDigits: 8, traderEnd: "RM0001", group: "CG"},
		nz: {importNumber: "GZ", exportNumber: "GZ", numberDigits: 10, trader: "G", traderDigits: 7, traderEnd: "Z", group: "NG"},
		gb: {importNumber: "GBG", exportNumber: "GBG", yearFirst: true, numberDigits: 13, trader: "GBG", traderDigits: 11, group: "GG"},
		us: {importNumber: "G", exportNumber: "XG", numberDigits: 10, trader: "G0-", traderDigits: 7, group: "UG"},
	}
}

// appendNumber writes the number of a declaration: its shipment's, in the
// member's form.
func (l *lineWriter) appendNumber(b []byte, r *record) []byte {
	f := &l.forms[r.member]
	if f.yearFirst {
		b = append(b, l.w.cal.days[r.when.lodged].year...)
	}
	if r.imports {
		b = append(b, f.importNumber...)
	} else {
		b = append(b, f.exportNumber...)
	}
	return appendPadded(b, r.direction(), f.numberDigits)
}

// direction makes numbers of imports and exports differ: one is even, the
// other odd.
func (r *record) direction() uint64 {
	if r.imports {
		return r.number * 2
	}
	return r.number*2 + 1
}

// appendTrader writes a trader's number and its group.
func (l *lineWriter) appendTrader(b []byte, member area, p party) []byte {
	f := &l.forms[member]
	b = appendPadded(append(b, f.trader...), uint64(p.trader), f.traderDigits)
	b = append(append(append(b, f.traderEnd...), ','), f.group...)
	return appendPadded(b, uint64(p.group), 6)
}

// appendBroker writes the declarant, after a comma; empty where there is none.
func appendBroker(b []byte, prefix string, broker uint32) []byte {
	b = append(b, ',')
	if broker == 0 {
		return b
	}
	return appendPadded(append(b, prefix...), uint64(broker), 3)
}

// appendEnd writes the document and the wish for secrecy, and ends the line.
func appendEnd(b []byte, r *record) []byte {
	b = appendDocument(append(b, ','), r.ship, r.document)
	if r.secret {
		return append(b, ",Y\n"...)
	}
	return append(b, ",\n"...)
}

// appendDays writes the three days, each after a comma.
func (l *lineWriter) appendDays(b []byte, r *record) []byte {
	in, days := l.w.office[r.member].dates, l.w.cal.days
	return appendText(b, days[r.when.lodged].text[in], days[r.when.accepted].text[in], days[r.when.released].text[in])
}

// appendUnit writes a quantity and its unit, after commas; empty where the line
// asks none.
func appendUnit(b []byte, r *record, i int, none string) []byte {
	if i >= r.code.count {
		return appendText(b, "", none)
	}
	return appendText(appendMilli(b, r.quantity[i]), r.code.units[i].text)
}

// port is the office of lodgement: it depends on the trader.
func (l *lineWriter) port(r *record) string {
	return l.w.office[r.member].ports[(r.party.trader+uint32(r.ship.mode))%4]
}

// gross is the shipping weight in whole kilograms: an eighth more than net, an
// assumption.
func gross(grams int64) int64 { return max(grams*9/8/1000, 1) }

const usHead = "GENERATED,FLOW,ENTRY_ITN,LINE_NO,FILED_DATE,ENTRY_DATE,RELEASE_DATE,PORT_CODE,MODE_CODE,INCOTERM,HTS_SCHED_B," +
	"COUNTRY_ORIGIN,COUNTRY_EXPORTING,COUNTRY_ULT_DEST,FOREIGN_DOMESTIC,CUSTOMS_VALUE,CHARGES,CIF_VALUE,FAS_VALUE," +
	"QTY_1,UNIT_1,QTY_2,UNIT_2,SHIPPING_WEIGHT_KG,IMPORTER_EXPORTER_NO,PARENT_GROUP,FILER_CODE,BL_AWB_NO,CONFIDENTIAL\n"

func (l *lineWriter) unitedStates(b []byte, r *record) []byte {
	flow := "Y,E,"
	if r.imports {
		flow = "Y,I,"
	}
	b = l.appendNumber(append(b, flow...), r)
	b = strconv.AppendInt(append(b, ','), int64(r.lineNo), 10)
	b = l.appendDays(b, r)
	b = appendText(b, l.port(r), [...]string{sea: "11", rail: "20", road: "30", air: "40"}[r.ship.mode], r.ship.incoterm, r.code.code, l.w.area[r.origin].census)
	if r.imports {
		b = appendText(b, l.w.area[r.consign].census, "", "")
		b = appendWhole(b, r.price)
		b = appendWhole(b, r.freight+r.insurance)
		b = appendWhole(b, r.cif)
		b = append(b, ',')
	} else {
		domestic := "D"
		if r.reExport {
			domestic = "F"
		}
		b = appendText(b, "", l.w.area[r.consign].census, domestic, "", "", "")
		b = appendWhole(b, r.value)
	}
	b = appendUnit(b, r, 0, "X")
	b = appendUnit(b, r, 1, "")
	b = strconv.AppendInt(append(b, ','), gross(r.grams), 10)
	b = l.appendTrader(append(b, ','), us, r.party)
	b = appendBroker(b, "GF", r.party.broker)
	return appendEnd(b, r)
}

const caHead = "GENERATED,DIRECTION,TRANSACTION_NO,LINE_NO,LODGED_DATE,ACCEPTED_DATE,RELEASE_DATE,CUSTOMS_OFFICE,MODE_CODE,INCOTERM,HS_CODE," +
	"COUNTRY_ORIGIN,COUNTRY_EXPORT,COUNTRY_DEST,EXPORT_TYPE,VALUE_FOR_DUTY,FREIGHT,INSURANCE,FOB_VALUE,INLAND_FREIGHT," +
	"QUANTITY,UOM,NET_KG,BUSINESS_NO,GROUP_NO,BROKER_NO,CARGO_CONTROL_NO,CONFIDENTIAL\n"

func (l *lineWriter) canada(b []byte, r *record) []byte {
	flow := "Y,EXPORT,"
	if r.imports {
		flow = "Y,IMPORT,"
	}
	b = l.appendNumber(append(b, flow...), r)
	b = strconv.AppendInt(append(b, ','), int64(r.lineNo), 10)
	b = l.appendDays(b, r)
	b = appendText(b, l.port(r), [...]string{sea: "9", rail: "6", road: "2", air: "1"}[r.ship.mode], r.ship.incoterm, r.code.code, l.w.area[r.origin].iso)
	if r.imports {
		b = appendText(b, l.w.area[r.consign].iso, "", "")
		b = appendCents(b, r.price)
		b = appendCents(b, r.freight+r.inland)
		b = appendCents(b, r.insurance)
		b = append(b, ',')
	} else {
		kind := "D"
		if r.reExport {
			kind = "R"
		}
		b = appendText(b, "", l.w.area[r.consign].iso, kind, "", "", "")
		b = appendCents(b, r.value)
	}
	b = appendCents(b, r.inland)
	b = appendUnit(b, r, 0, "")
	b = appendMilli(b, r.grams)
	b = l.appendTrader(append(b, ','), ca, r.party)
	b = appendBroker(b, "GB", r.party.broker)
	return appendEnd(b, r)
}

const gbHead = "GENERATED,DE_1_1_TYPE,MRN,DE_1_6_ITEM_NO,LODGED_DATE,ACCEPTANCE_DATE,CLEARANCE_DATE,DE_5_26_OFFICE,DE_7_4_MODE,DE_4_1_TERMS," +
	"DE_1_10_PROCEDURE,DE_6_14_COMMODITY,DE_5_15_ORIGIN,DE_5_14_DISPATCH,DE_5_8_DESTINATION,DE_4_14_PRICE,FREIGHT,INSURANCE,DE_8_6_STAT_VALUE," +
	"DE_6_1_NET_KG,DE_6_2_SUPP_UNITS,SUPP_UNIT,TRADER_EORI,GROUP_NO,DE_3_18_DECLARANT,DE_2_3_TRANSPORT_DOC,SUPPRESSION\n"

func (l *lineWriter) unitedKingdom(b []byte, r *record) []byte {
	flow, procedure := "Y,EX,", "1000"
	switch {
	case r.imports:
		flow, procedure = "Y,IM,", "4000"
	case r.reExport:
		procedure = "3171"
	}
	b = l.appendNumber(append(b, flow...), r)
	b = strconv.AppendInt(append(b, ','), int64(r.lineNo), 10)
	b = l.appendDays(b, r)
	b = appendText(b, l.port(r), [...]string{sea: "1", rail: "2", road: "3", air: "4"}[r.ship.mode], r.ship.incoterm, procedure, r.code.code, l.w.area[r.origin].iso)
	if r.imports {
		b = appendText(b, l.w.area[r.consign].iso, "")
		b = appendCents(b, r.border)
		b = appendCents(b, r.freight)
		b = appendCents(b, r.insurance)
	} else {
		b = appendText(b, "", l.w.area[r.consign].iso)
		b = appendCents(b, r.border)
		b = append(b, ",,"...)
	}
	b = appendCents(b, r.value)
	b = appendMilli(b, r.grams)
	b = appendUnit(b, r, 0, "")
	b = l.appendTrader(append(b, ','), gb, r.party)
	b = appendBroker(b, "GBGD00000", r.party.broker)
	return appendEnd(b, r)
}

const nzHead = "GENERATED,MSG_TYPE,ENTRY_NO,DETAIL_LINE,LODGED_DATE,ACCEPTED_DATE,CLEARED_DATE,CUSTOMS_PORT,TRANSPORT_MODE,INCOTERM,TARIFF_ITEM," +
	"COUNTRY_ORIGIN,COUNTRY_EXPORT,COUNTRY_DEST,EXPORT_TYPE,VFD_VALUE,FREIGHT,INSURANCE,CIF_VALUE,FOB_VALUE," +
	"STAT_QTY,STAT_UNIT,NET_KG,CLIENT_CODE,GROUP_NO,DECLARANT_CODE,BILL_NO,CONFIDENTIAL\n"

func (l *lineWriter) newZealand(b []byte, r *record) []byte {
	flow := "Y,EXP,"
	if r.imports {
		flow = "Y,IMP,"
	}
	b = l.appendNumber(append(b, flow...), r)
	b = strconv.AppendInt(append(b, ','), int64(r.lineNo), 10)
	b = l.appendDays(b, r)
	b = appendText(b, l.port(r), [...]string{sea: "1", rail: "2", road: "3", air: "4"}[r.ship.mode], r.ship.incoterm, r.code.code, l.w.area[r.origin].iso)
	if r.imports {
		b = appendText(b, l.w.area[r.consign].iso, "", "")
		b = appendCents(b, r.border)
		b = appendCents(b, r.freight)
		b = appendCents(b, r.insurance)
		b = appendCents(b, r.value)
		b = append(b, ',')
	} else {
		kind := "DOM"
		if r.reExport {
			kind = "REX"
		}
		b = appendText(b, "", l.w.area[r.consign].iso, kind, "", "", "", "")
		b = appendCents(b, r.value)
	}
	b = appendUnit(b, r, 0, "")
	b = appendMilli(b, r.grams)
	b = l.appendTrader(append(b, ','), nz, r.party)
	b = appendBroker(b, "GZ", r.party.broker)
	return appendEnd(b, r)
}

const auHead = "GENERATED,DECLARATION_TYPE,DECLARATION_ID,LINE_NO,LODGED_DATE,ACCEPTED_DATE,CLEARED_DATE,PORT,TRANSPORT_MODE,INCOTERM," +
	"TARIFF_STAT,AHECC,GOODS_ORIGIN_CODE,ORIGIN_COUNTRY,LOADING_COUNTRY,DESTINATION_COUNTRY,CUSTOMS_VALUE,FREIGHT,INSURANCE,CIF_VALUE,FOB_VALUE," +
	"QUANTITY,UQ,NET_KG,OWNER_ID,GROUP_ID,BROKER_LICENCE,BILL_NO,CONFIDENTIALITY\n"

func (l *lineWriter) australia(b []byte, r *record) []byte {
	flow := "Y,EXD,"
	if r.imports {
		flow = "Y,N10,"
	}
	b = l.appendNumber(append(b, flow...), r)
	b = strconv.AppendInt(append(b, ','), int64(r.lineNo), 10)
	b = l.appendDays(b, r)
	b = appendText(b, l.port(r), [...]string{sea: "S", rail: "R", road: "T", air: "A"}[r.ship.mode], r.ship.incoterm)
	if r.imports {
		b = appendText(b, r.code.code, "", "", l.w.area[r.origin].iso, l.w.area[r.consign].iso, "")
		b = appendCents(b, r.border)
		b = appendCents(b, r.freight)
		b = appendCents(b, r.insurance)
		b = appendCents(b, r.cif)
		b = append(b, ',')
	} else {
		kind := "AU"
		if r.reExport {
			kind = "FGN"
		}
		b = appendText(b, "", r.code.code, kind, l.w.area[r.origin].iso, "", l.w.area[r.consign].iso, "", "", "", "")
		b = appendCents(b, r.value)
	}
	b = appendUnit(b, r, 0, "")
	b = appendMilli(b, r.grams)
	b = l.appendTrader(append(b, ','), au, r.party)
	b = appendBroker(b, "GL", r.party.broker)
	return appendEnd(b, r)
}
