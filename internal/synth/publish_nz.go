package synth

// publishNZ writes Stats NZ's files of a year by ten digits and country, under
// the short header (docs/design/national-files.md). Whole NZ dollars; the first
// publication is provisional, the last final.
func publishNZ(w *world, cells []Cell, file func(published) error) error {
	for _, year := range w.cal.years() {
		for _, first := range []bool{true, false} {
			vintage, status := vintages()[first], "Final"
			if first {
				status = "Provisional"
			}
			in := w.nzImports(yearRows(cells, year, true, first), status)
			in.name, in.vintage = year+"_Imports_HS10_by_Country-"+vintage+mark+".csv", vintage
			out := w.nzExports(yearRows(cells, year, false, first), status)
			out.name, out.vintage = year+"_Exports_HS10_by_Country-"+vintage+mark+".csv", vintage
			for _, f := range []published{in, out} {
				if err := file(f); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// nzQuantity is empty where the line asks for none.
func nzQuantity(r *row, s *Sums) string {
	if r.units[0] == "" {
		return ""
	}
	return digits(roundMilli(s.Quantity[0]))
}

// nzText describes goods in our own words: of the office's there is no list.
const nzText = "Goods of the COVID-19 list (generated)"

func (w *world) nzImports(lines []row, status string) published {
	t := newTable("month,hs,hs_desc,uom,country,vfd,cif,qty,status", "\n")
	for i := range lines {
		r := &lines[i]
		vfd, cif := wholeOf(r.all.Border), wholeOf(r.all.CIF)
		t.row(bare(r.month), r.code, nzText, r.units[0], w.areaBy(r.partner).name, digits(vfd), digits(cif), nzQuantity(r, &r.all), status)
		t.totals["vfd"] += vfd
		t.totals["cif"] += cif
	}
	return published{text: t.text.Bytes(), lines: t.lines, totals: t.totals}
}

func (w *world) nzExports(lines []row, status string) published {
	t := newTable("month,hs,hs_desc,uom,country,Export_FOB,Export_Qty,Re_export_FOB,Re_export_Qty,total_export_FOB,total_export_qty,status", "\n")
	for i := range lines {
		r := &lines[i]
		domestic, again := wholeOf(r.domestic.Value), wholeOf(r.again.Value)
		all := Sums{Quantity: [2]int64{roundMilli(r.domestic.Quantity[0])*1000 + roundMilli(r.again.Quantity[0])*1000}}
		t.row(bare(r.month), r.code, nzText, r.units[0], w.areaBy(r.partner).name, digits(domestic), nzQuantity(r, &r.domestic), digits(again), nzQuantity(r, &r.again),
			digits(domestic+again), nzQuantity(r, &all), status)
		t.totals["Export_FOB"] += domestic
		t.totals["Re_export_FOB"] += again
		t.totals["total_export_FOB"] += domestic + again
	}
	return published{text: t.text.Bytes(), lines: t.lines, totals: t.totals}
}
