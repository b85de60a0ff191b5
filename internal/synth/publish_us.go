package synth

// publishUS writes the answers of the Census Bureau's International Trade API,
// as CSV, a file a year and direction: imports/hs and exports/hs at ten digits.
// Names of columns: "Guide to Using U.S. International Trade Datasets in the
// Census API", appendices B and C. Whole US dollars; quantities whole.
func publishUS(w *world, cells []Cell, file func(published) error) error {
	for _, year := range w.cal.years() {
		for _, first := range []bool{true, false} {
			vintage := vintages()[first]
			in := w.usImports(yearRows(cells, year, true, first))
			in.name, in.vintage = "us-census-imports-hs10-"+year+"-"+vintage+mark+".csv", vintage
			out := w.usExports(yearRows(cells, year, false, first))
			out.name, out.vintage = "us-census-exports-hs10-"+year+"-"+vintage+mark+".csv", vintage
			for _, f := range []published{in, out} {
				if err := file(f); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// quantities are the four columns of a line's two quantities and units; the
// Census prints "-" for a unit where none is collected.
func quantities(r *row, s *Sums) [4]string {
	var out [4]string
	for i, unit := range r.units {
		if unit == "" {
			out[2*i], out[2*i+1] = "0", "-"
			continue
		}
		out[2*i], out[2*i+1] = digits(roundMilli(s.Quantity[i])), unit
	}
	return out
}

func (w *world) usImports(lines []row) published {
	t := newTable("CTY_CODE,CTY_NAME,I_COMMODITY,COMM_LVL,time,GEN_VAL_MO,GEN_CIF_MO,GEN_QY1_MO,UNIT_QY1,GEN_QY2_MO,UNIT_QY2,AIR_VAL_MO,VES_VAL_MO", "\n")
	for i := range lines {
		r := &lines[i]
		a, q := w.areaBy(r.partner), quantities(r, &r.all)
		value := wholeOf(r.all.Value)
		t.row(a.census, a.iso, r.code, "HS10", r.month, digits(value), digits(wholeOf(r.all.CIF)), q[0], q[1], q[2], q[3], digits(wholeOf(r.air)), digits(wholeOf(r.sea)))
		t.totals["GEN_VAL_MO"] += value
		t.totals["GEN_CIF_MO"] += wholeOf(r.all.CIF)
	}
	return published{text: t.text.Bytes(), lines: t.lines, totals: t.totals}
}

// usExports writes three lines for a cell: DF "-" all goods, 1 domestic, 2
// foreign; totals are of "-".
func (w *world) usExports(lines []row) published {
	t := newTable("CTY_CODE,CTY_NAME,DF,E_COMMODITY,COMM_LVL,time,ALL_VAL_MO,QTY_1_MO,UNIT_QY1,QTY_2_MO,UNIT_QY2", "\n")
	for i := range lines {
		r := &lines[i]
		a := w.areaBy(r.partner)
		for df, s := range []*Sums{&r.all, &r.domestic, &r.again} {
			if s.Lines == 0 {
				continue
			}
			q := quantities(r, s)
			t.row(a.census, a.iso, []string{"-", "1", "2"}[df], r.code, "HS10", r.month, digits(wholeOf(s.Value)), q[0], q[1], q[2], q[3])
			t.totals[[]string{"ALL_VAL_MO", "DF 1 ALL_VAL_MO", "DF 2 ALL_VAL_MO"}[df]] += wholeOf(s.Value)
		}
	}
	return published{text: t.text.Bytes(), lines: t.lines, totals: t.totals}
}
