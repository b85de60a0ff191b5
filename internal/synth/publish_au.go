package synth

// publishAU writes what Australia's office gives to UN Comtrade, month by month
// and by six digits, in Comtrade's present CSV of 47 columns: the ABS itself
// publishes no table by HS (docs/design/national-files.md). US dollars at the
// mean of the month; cells that the ABS would leave blank are not in it.
func publishAU(w *world, cells []Cell, file func(published) error) error {
	for _, year := range w.cal.years() {
		for _, first := range []bool{true, false} {
			f := w.auYear(cells, year, first)
			f.vintage = vintages()[first]
			f.name = "comtrade-AUS-" + year + "-" + f.vintage + mark + ".csv"
			if err := file(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// comtradeHead names the columns of UN Comtrade's present CSV.
const comtradeHead = "typeCode,freqCode,refPeriodId,refYear,refMonth,period,reporterCode,reporterISO,reporterDesc,flowCode,flowDesc," +
	"partnerCode,partnerISO,partnerDesc,partner2Code,partner2ISO,partner2Desc,classificationCode,classificationSearchCode,isOriginalClassification," +
	"cmdCode,cmdDesc,aggrLevel,isLeaf,customsCode,customsDesc,mosCode,motCode,motDesc,qtyUnitCode,qtyUnitAbbr,qty,isQtyEstimated," +
	"altQtyUnitCode,altQtyUnitAbbr,altQty,isAltQtyEstimated,netWgt,isNetWgtEstimated,grossWgt,isGrossWgtEstimated,cifvalue,fobvalue,primaryValue," +
	"legacyEstimationFlag,isReported,isAggregate"

func (w *world) auYear(cells []Cell, year string, first bool) published {
	t := newTable(comtradeHead, "\n")
	for _, imports := range []bool{true, false} {
		lines := rows(cells, choose{imports: imports, first: first, year: year, key: func(c *Cell) rowKey {
			return rowKey{month: c.Month, code: c.HS6, partner: c.Partner}
		}})
		for i := range lines {
			r := &lines[i]
			if imports {
				w.auRow(t, r, &r.all, "M")
				continue
			}
			w.auRow(t, r, &r.all, "X")
			if r.again.Lines > 0 {
				w.auRow(t, r, &r.again, "RX")
			}
		}
	}
	return published{text: t.text.Bytes(), lines: t.lines, totals: t.totals}
}

// auRow writes one line. Imports carry CIF and FOB, CIF first; the quantity is
// the net mass.
func (w *world) auRow(t *table, r *row, s *Sums, flow string) {
	rate := w.cal.mean[au][w.monthAt(r.month)]
	fob, cif := wholeOf(usd(s.Border, rate)), int64(0)
	if flow == "M" {
		cif = wholeOf(usd(s.CIF, rate))
	}
	cifText, primary := "", fob
	if flow == "M" {
		cifText, primary = digits(cif), cif
	}
	a, kg := w.areaBy(r.partner), milliText(s.Grams)
	m49, iso3 := comtradeKeys(r.partner)
	month := r.month[5:]
	if month[0] == '0' {
		month = month[1:]
	}
	t.row("C", "M", bare(r.month)+"01", r.month[:4], month, bare(r.month), "36", "AUS", "Australia", flow, map[string]string{"M": "Import", "X": "Export", "RX": "Re-export"}[flow],
		m49, iso3, a.iso, "0", "W00", "World", w.comtradeEdition(r), "HS", "True", r.code, nzText, "6", "True", "C00", "TOTAL CPC", "0", "0", "TOTAL MOT",
		"8", "kg", kg, "False", "-1", "N/A", "0", "False", kg, "False", "0", "False", cifText, digits(fob), digits(primary), "0", "True", "False")
	t.totals[flow+" primaryValue"] += primary
}

// monthAt finds a month of the calendar.
func (w *world) monthAt(name string) int32 {
	for i, m := range w.cal.months {
		if m == name {
			return int32(i)
		}
	}
	return 0
}

// comtradeEdition is Comtrade's name of the edition that a month's codes are
// of: H6 for HS2022. Australia changes editions with the month.
func (w *world) comtradeEdition(r *row) string {
	for n := range w.cal.days {
		if d := &w.cal.days[n]; w.cal.months[d.month] == r.month {
			return [...]string{"H3", "H4", "H5", "H6"}[d.edition[au][0]]
		}
	}
	return ""
}

// comtradeKeys are Comtrade's number, which is not ISO's for the US, and ISO's
// three letters.
func comtradeKeys(iso string) (m49, iso3 string) {
	k := map[string][2]string{
		"AU": {"36", "AUS"}, "CA": {"124", "CAN"}, "NZ": {"554", "NZL"}, "GB": {"826", "GBR"}, "US": {"842", "USA"},
		"SG": {"702", "SGP"}, "HK": {"344", "HKG"}, "NL": {"528", "NLD"}, "BE": {"56", "BEL"}, "PA": {"591", "PAN"},
		"CN": {"156", "CHN"}, "MY": {"458", "MYS"}, "DE": {"276", "DEU"}, "MX": {"484", "MEX"}, "TH": {"764", "THA"},
	}[iso]
	return k[0], k[1]
}
