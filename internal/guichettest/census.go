package guichettest

import (
	"archive/zip"
	"bytes"
	"maps"
	"strings"
	"testing"

	"guichet"
)

// Census is a month's archive of the US Census Bureau, IMDByymm.ZIP or
// EXDByymm.ZIP, after docs/design/national-files.md.
type Census struct {
	Exports bool
	Period  string // 202401, of lines that do not say their own
	Lines   []Cells
	Units   map[string][2]string // number -> first and second unit; absent: NO
	Pad     string               // before numbers: "0" when left out, or " "
	Stated  Cells                // totals that the archive states in the place of the true ones, by column
	Alter   func(line int, text string) string
	Without string // the member that is missing
}

// The columns of the month, and of the year to date after them, by name.
const (
	importFigures = "cards con_qy1 con_qy2 con_val dut_val cal_dut con_cha con_cif gen_qy1 gen_qy2 gen_val gen_cha gen_cif " +
		"air_val air_wgt air_cha ves_val ves_wgt ves_cha cnt_val cnt_wgt cnt_cha"
	exportFigures = "cards qty_1 qty_2 all_val air_val air_wgt ves_val ves_wgt cnt_val cnt_wgt"
)

func (c Census) figures() string {
	if c.Exports {
		return exportFigures
	}
	return importFigures
}

// detail is the layout of IMP_DETL.TXT, 688 characters, or EXP_DETL.TXT, 323.
func (c Census) detail(tb testing.TB) []span {
	tb.Helper()
	head := texts(tb, "commodity 10, cty_code 4, cty_subco 2, dist_entry 2, dist_unlad 2, rate_prov 2, year 4, month 2")
	if c.Exports {
		head = texts(tb, "df 1, commodity 10, cty_code 4, district 2, year 4, month 2")
	}
	return append(head, c.both()...)
}

// totals is the layout of IMP_COMM.TXT, 732 characters, or EXP_COMM.TXT, 373.
func (c Census) totals(tb testing.TB) []span {
	tb.Helper()
	var head []span
	if c.Exports {
		head = texts(tb, "df 1")
	}
	head = append(head, texts(tb, "commodity 10, comm_desc 50, unit_qy1 3, unit_qy2 3, year 4, month 2")...)
	return append(head, c.both()...)
}

func (c Census) both() []span {
	var out []span
	for _, end := range []string{"_mo", "_yr"} {
		names := strings.ReplaceAll(c.figures()+" ", " ", end+" ")
		out = append(out, numbers(15, names)...)
	}
	return out
}

// Zip returns the archive with the members that the office puts into it. Its
// lists of codes and documents hold next to nothing: nobody reads them.
func (c Census) Zip(tb testing.TB) []byte {
	tb.Helper()
	letter, detail, comm := "IMP", c.lines(tb), c.commodities(tb)
	if c.Exports {
		letter = "EXP"
	}
	order := []string{
		"CONCORD.TXT", "COUNTRY.TXT", "DISTRICT.TXT", "ENDUSE.TXT", "HITECH.TXT", "HSDESC.TXT",
		"Documentation/" + letter + "_COMM.lay", "Documentation/" + letter + "_CTY.lay", "Documentation/" + letter + "_DETL.lay", "Documentation/" + letter + "_DE.lay",
		letter + "_COMM.TXT", strings.ToLower(letter) + "_CTY.txt", letter + "_DE.TXT", letter + "_DETL.TXT", "NAICS.TXT", "SITC.TXT",
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	if err := w.SetComment(generatedNotice); err != nil {
		tb.Fatal(err)
	}
	for _, name := range order {
		if name == c.Without {
			continue
		}
		body := generatedNotice + "\r\n"
		switch name {
		case letter + "_COMM.TXT":
			body = comm
		case letter + "_DETL.TXT":
			body = detail
		}
		f, err := w.Create(name)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := f.Write([]byte(body)); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// lines is the text of the detail lines. The year to date is the month and a
// little more, so that whoever reads it in the month's place is seen.
func (c Census) lines(tb testing.TB) string {
	tb.Helper()
	var out strings.Builder
	for i, l := range c.Lines {
		text := fixed(tb, c.detail(tb), c.dated(l), c.pad())
		if c.Alter != nil {
			text = c.Alter(i, text)
		}
		out.WriteString(text + "\r\n")
	}
	return out.String()
}

func (c Census) pad() string {
	if c.Pad == "" {
		return "0"
	}
	return c.Pad
}

func (c Census) dated(l Cells) Cells {
	out := Cells{"year": c.Period[:4], "month": c.Period[4:]}
	maps.Copy(out, l)
	for f := range strings.FieldsSeq(c.figures()) {
		if out[f+"_yr"] == "" {
			out[f+"_yr"] = "7" + strings.TrimSpace(out[f+"_mo"])
		}
	}
	return out
}

// commodities is the text of the totals by number.
func (c Census) commodities(tb testing.TB) string {
	tb.Helper()
	var out strings.Builder
	sums := map[[2]string]map[string]guichet.Decimal{}
	var order [][2]string
	for _, l := range c.Lines {
		key := [2]string{l["df"], l["commodity"]}
		if sums[key] == nil {
			sums[key] = map[string]guichet.Decimal{}
			order = append(order, key)
		}
		for f := range strings.FieldsSeq(c.figures()) {
			if v, err := guichet.ParseDecimal(l[f+"_mo"]); err == nil {
				sums[key][f] = sums[key][f].Add(v)
			}
		}
	}
	for i, key := range order {
		units, ok := c.Units[key[1]]
		if !ok {
			units = [2]string{"NO", ""}
		}
		cells := Cells{"commodity": key[1], "comm_desc": "GENERATED", "unit_qy1": units[0], "unit_qy2": units[1]}
		if c.Exports {
			cells["df"] = key[0]
		}
		for f, v := range sums[key] {
			cells[f+"_mo"] = v.String()
		}
		if i == 0 {
			maps.Copy(cells, c.Stated)
		}
		out.WriteString(fixed(tb, c.totals(tb), c.dated(cells), c.pad()) + "\r\n")
	}
	return out.String()
}
