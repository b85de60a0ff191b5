package demo

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"

	"guichet"
)

// comtradeHead names the 47 columns of UN Comtrade's present CSV.
const comtradeHead = "typeCode,freqCode,refPeriodId,refYear,refMonth,period,reporterCode,reporterISO,reporterDesc,flowCode,flowDesc," +
	"partnerCode,partnerISO,partnerDesc,partner2Code,partner2ISO,partner2Desc,classificationCode,classificationSearchCode,isOriginalClassification," +
	"cmdCode,cmdDesc,aggrLevel,isLeaf,customsCode,customsDesc,mosCode,motCode,motDesc,qtyUnitCode,qtyUnitAbbr,qty,isQtyEstimated," +
	"altQtyUnitCode,altQtyUnitAbbr,altQty,isAltQtyEstimated,netWgt,isNetWgtEstimated,grossWgt,isGrossWgtEstimated,cifvalue,fobvalue,primaryValue," +
	"legacyEstimationFlag,isReported,isAggregate"

// auRow is one row: an import carries CIF and FOB, an export FOB.
type auRow struct {
	partner  place
	good     good
	cif, fob int64
}

// primary is the value that UN Comtrade puts first.
func (r auRow) primary() int64 {
	if r.cif > 0 {
		return r.cif
	}
	return r.fob
}

// australia makes a year's imports and exports at six digits in US dollars, with
// a World row for each good that repeats its partners.
func australia(w world) ([]made, error) {
	out := made{
		name: fmt.Sprintf("comtrade-AUS-%d%s.csv", Year, mark), member: "AU",
		title:  guichet.Text{EN: "Australia's trade as UN Comtrade publishes it", FR: "Commerce de l’Australie tel que publié par UN Comtrade"},
		totals: map[string]int64{},
	}
	rows := [][]string{strings.Split(comtradeHead, ",")}
	for _, flow := range []string{"M", "X"} {
		for _, g := range w.goods {
			world := auRow{partner: place{iso: "W0", m49: "0", iso3: "W00", comtrade: "World"}, good: g}
			at := len(rows)
			rows = append(rows, nil)
			for _, p := range w.places {
				r := w.auRow(flow, p, g)
				if p.m49 == "" || r.fob == 0 {
					continue
				}
				world.cif, world.fob = world.cif+r.cif, world.fob+r.fob
				out.totals[flow+" fobvalue"] += r.fob
				out.totals[flow+" primaryValue"] += r.primary()
				out.totals[flow+" netWgt"] += g.kilograms(r.fob)
				rows = append(rows, r.row(flow))
				out.lines++
			}
			rows[at] = world.row(flow)
		}
	}
	var text bytes.Buffer
	text.WriteString("\ufeff")
	table := csv.NewWriter(&text)
	if err := table.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("write table of AU: %w", err)
	}
	out.bytes = text.Bytes()
	return []made{out}, nil
}

func (w world) auRow(flow string, p place, g good) auRow {
	r := auRow{partner: p, good: g}
	au := w.place("AU")
	for m := 1; m <= 12; m++ {
		if flow == "X" {
			r.fob += w.exported(au, p, g, m) + w.reExported(au, p, g, m)
		} else {
			r.fob += w.arrived(p, au, g, m)
		}
	}
	if flow == "M" {
		r.cif = r.fob * (1000 + w.freight(p, au)) / 1000
	}
	return r
}

func (r auRow) row(flow string) []string {
	flowName := map[string]string{"M": "Import", "X": "Export"}[flow]
	world := r.partner.m49 == "0"
	unit, abbr := "8", "kg"
	switch {
	case r.good.pairs:
		unit, abbr = "6", "2u"
	case r.good.perUnit > 0:
		unit, abbr = "5", "u"
	}
	quantity, kilograms := amount(r.good.units(r.fob)), amount(r.good.kilograms(r.fob))
	cif := ""
	if r.cif > 0 {
		cif = amount(r.cif)
	}
	return []string{
		"C", "A", fmt.Sprintf("%d0101", Year), strconv.Itoa(Year), "52", strconv.Itoa(Year), "36", "AUS", "Australia", flow, flowName,
		r.partner.m49, r.partner.iso3, r.partner.comtrade, "0", "W00", "World", "H6", "HS", "True",
		r.good.hs6, r.good.name, "6", "True", "C00", "TOTAL CPC", "0", "0", "TOTAL MOT", unit, abbr, quantity, "False",
		unit, abbr, quantity, "False", kilograms, "False", "0.0", "False", cif, amount(r.fob), amount(r.primary()),
		"0", boolName(!world), boolName(world),
	}
}

func amount(n int64) string { return strconv.FormatInt(n, 10) + ".0" }

func boolName(b bool) string {
	if b {
		return "True"
	}
	return "False"
}
