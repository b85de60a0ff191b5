package synth

// publishCA writes Statistics Canada's yearly CIMT archives: imports of ten
// digits, total and domestic exports of eight, by month and country
// (docs/design/national-files.md). One line a cell: the province is Ontario's
// and, with the US, the state is Michigan's, since the model has neither.
// Whole Canadian dollars.
func publishCA(w *world, cells []Cell, file func(published) error) error {
	for _, year := range w.cal.years() {
		for _, first := range []bool{true, false} {
			for _, table := range []caTable{
				{"CIMT-CICM_Imp_", "ODPFN014_", true, "HS10", func(r *row) *Sums { return &r.all }},
				{"CIMT-CICM_Tot_Exp_", "ODPFN017_", false, "HS8", func(r *row) *Sums { return &r.all }},
				{"CIMT-CICM_Dom_Exp_", "ODPFN016_", false, "HS8", func(r *row) *Sums { return &r.domestic }},
			} {
				f, err := table.publish(w, yearRows(cells, year, table.imports, first), year)
				if err != nil {
					return err
				}
				f.vintage = vintages()[first]
				f.name = table.archive + year + "-" + f.vintage + mark + ".zip"
				if err := file(f); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// caTable is one of the archives.
type caTable struct {
	archive, member string
	imports         bool
	code            string
	of              func(*row) *Sums
}

// publish writes
//
//	YearMonth/AnnéeMois,HS10,Country/Pays,Province,State/État,Value/Valeur,Quantity/Quantité,Unit of Measure/Unité de Mesure
//	202401,0101210000,US,ON,KY,1250000,12,NMB
//
// Total exports have no province.
func (c caTable) publish(w *world, lines []row, year string) (published, error) {
	province := "Province,"
	if c.member == "ODPFN017_" {
		province = ""
	}
	t := newTable("YearMonth/AnnéeMois,"+c.code+",Country/Pays,"+province+"State/État,Value/Valeur,Quantity/Quantité,Unit of Measure/Unité de Mesure", "\r\n")
	for i := range lines {
		r := &lines[i]
		s := c.of(r)
		if s.Lines == 0 {
			continue
		}
		state, unit, quantity := "", "N/A", "0"
		if r.partner == "US" {
			state = "MI"
		}
		if r.units[0] != "" {
			unit, quantity = r.units[0], digits(roundMilli(s.Quantity[0]))
		}
		values := []string{bare(r.month), r.code, r.partner}
		if province != "" {
			values = append(values, "ON")
		}
		t.row(append(values, state, digits(wholeOf(s.Value)), quantity, unit)...)
		t.totals["Value/Valeur"] += wholeOf(s.Value)
	}
	text, err := zipped(c.member+bare(w.cal.lastMonth(year))+"N.csv", t.text.Bytes())
	return published{text: text, lines: t.lines, totals: t.totals}, err
}
