package portal

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"guichet"
)

// download gives the figures of an answer as a file: as they were said, under the names
// that programs know, in no language; the workbook has titles, and says beside them what
// stands behind the figures.
func (p *Portal) download(v *visit) error {
	k, err := p.shelf.get(v.r.PathValue("id"), v.person.Pseudonym)
	if err != nil {
		return err
	}
	v.saidIn = k.Lang
	if k.State != stateDone {
		return notKept()
	}
	var out bytes.Buffer
	var kind string
	format := v.r.PathValue("format")
	switch format {
	case "csv":
		kind, err = "text/csv; charset=utf-8; header=present", writeCSV(&out, p.dataset(k.Answer.Answer.Question.Dataset), k.Answer)
	case "parquet":
		kind, err = "application/vnd.apache.parquet", p.cfg.Parquet(v.r.Context(), k.Answer.Answer.Columns, k.Answer.Answer.Rows, &out)
	case "xlsx":
		kind, err = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", p.writeWorkbook(v, &out, k)
	default:
		return notKept()
	}
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="guichet-`+k.ID[:8]+"."+format+`"`)
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	_, _ = v.w.Write(out.Bytes()) // who went away is no fault
	return nil
}

// inert writes a text so that a spreadsheet takes it for one: a cell that begins with
// one of these is run as a formula (https://owasp.org/www-community/attacks/CSV_Injection).
// Figures are never texts, and stay as they are.
func inert(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) {
		return "'" + text
	}
	return text
}

// writeCSV writes every column as it is, and beside each measure that lacks figures why.
func writeCSV(w io.Writer, ds *guichet.Dataset, a Answer) error {
	marked := markedOf(ds, a.Answer, a.Members)
	out := csv.NewWriter(w)
	var heads []string
	lacks := map[string]bool{}
	for _, c := range a.Answer.Columns {
		heads = append(heads, inert(c.Name))
		for _, r := range a.Answer.Rows {
			if _, ok := decimalOf(r[c.Name]); c.Measure && !ok {
				lacks[c.Name] = true
			}
		}
		if lacks[c.Name] {
			heads = append(heads, inert(c.Name)+"_why_none")
		}
	}
	if err := out.Write(heads); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	for _, r := range a.Answer.Rows {
		var cells []string
		for _, c := range a.Answer.Columns {
			d, ok := decimalOf(r[c.Name])
			switch {
			case ok:
				cells = append(cells, d.String())
			case c.Measure:
				cells = append(cells, "")
			default:
				cells = append(cells, inert(plain(r[c.Name])))
			}
			switch {
			case lacks[c.Name] && !ok:
				cells = append(cells, marked.whyNone(r, c.Name))
			case lacks[c.Name]:
				cells = append(cells, "")
			}
		}
		if err := out.Write(cells); err != nil {
			return fmt.Errorf("write csv: %w", err)
		}
	}
	out.Flush()
	return out.Error()
}

// writeWorkbook writes a workbook of two sheets: the figures, and what stands behind
// them. Texts are written as texts, which no spreadsheet runs.
func (p *Portal) writeWorkbook(v *visit, w io.Writer, k kept) (err error) {
	book := excelize.NewFile()
	defer func() {
		if cerr := book.Close(); err == nil {
			err = cerr
		}
	}()
	sheet := v.t("sheet.figures")
	if err := book.SetSheetName("Sheet1", sheet); err != nil {
		return fmt.Errorf("workbook: %w", err)
	}
	about := v.t("sheet.about")
	if _, err := book.NewSheet(about); err != nil {
		return fmt.Errorf("workbook: %w", err)
	}
	if err := p.figuresSheet(v, book, sheet, k.Answer); err != nil {
		return err
	}
	if err := p.aboutSheet(v, book, about, k); err != nil {
		return err
	}
	if err := book.Write(w); err != nil {
		return fmt.Errorf("workbook: %w", err)
	}
	return nil
}

func (p *Portal) figuresSheet(v *visit, book *excelize.File, sheet string, a Answer) error {
	out, err := book.NewStreamWriter(sheet)
	if err != nil {
		return fmt.Errorf("workbook: %w", err)
	}
	var heads []any
	for _, c := range a.Answer.Columns {
		heads = append(heads, title(c.Title.In(v.lang), c.Name))
	}
	if err := out.SetRow("A1", heads); err != nil {
		return fmt.Errorf("workbook: %w", err)
	}
	f := figuresOf(v, p.dataset(a.Answer.Question.Dataset), a)
	for i, r := range a.Answer.Rows {
		var cells []any
		for _, c := range a.Answer.Columns {
			d, ok := decimalOf(r[c.Name])
			switch {
			case ok:
				cells = append(cells, d.Float64()) // a spreadsheet has no other numbers; the CSV is exact
			case c.Measure:
				cells = append(cells, f.figure(r, c.Name, 0).Why)
			default:
				cells = append(cells, plain(r[c.Name]))
			}
		}
		if err := out.SetRow("A"+strconv.Itoa(i+2), cells); err != nil {
			return fmt.Errorf("workbook: %w", err)
		}
	}
	return out.Flush()
}

func (p *Portal) aboutSheet(v *visit, book *excelize.File, sheet string, k kept) error {
	out, err := book.NewStreamWriter(sheet)
	if err != nil {
		return fmt.Errorf("workbook: %w", err)
	}
	row := 0
	var bad error
	put := func(cells ...any) {
		row++
		if err := out.SetRow("A"+strconv.Itoa(row), cells); err != nil && bad == nil {
			bad = fmt.Errorf("workbook: %w", err)
		}
	}
	put(p.titleOf(v, k.keptHead))
	put(v.t("answer.askedon"), v.words.moment(k.Began))
	if seat, err := p.seat(k.Circle); err == nil {
		for _, l := range p.linesOfKept(v, k.keptHead, seat.Circle()) {
			texts := []string{}
			if l.Text != "" {
				texts = append(texts, l.Text)
			}
			for _, g := range l.List {
				texts = append(texts, strings.TrimSpace(g.Value+" "+g.Text))
			}
			put(v.t(l.Key), strings.Join(texts, v.t("shell.semicolon")))
		}
	}
	put()
	put(v.t("who.member"), v.t("who.state"), v.t("who.agreement"), v.t("who.rows"), v.t("who.hidden"), v.t("who.exchange"), v.t("who.text"))
	for _, m := range k.Answer.Members {
		who := v.whoOf(guichet.Circle{Name: k.Circle}, m) // addresses of pages stand in no file
		put(who.Name, who.State, who.Agreement, m.Rows, m.Hidden, m.Exchange, who.Text)
	}
	if notes := p.notesOfAll(v, k.Answer); len(notes) > 0 {
		put()
		put(v.t("notes.title"))
		for _, n := range notes {
			put(n.Sign, n.Code, n.Text)
		}
	}
	for _, part := range []struct {
		key  string
		said []said
	}{{"answer.gaps", v.gapsOf(k.Answer.Answer)}, {"answer.remarks", v.remarksOf(k.Answer.Answer)}, {"answer.notices", v.noticesOf(k.Answer)}} {
		put()
		put(v.t(part.key))
		for _, s := range part.said {
			put(s.Who, s.Word, s.Text)
		}
	}
	put()
	put(v.t("answer.sources"))
	for _, s := range k.Answer.Answer.Sources {
		put(s.Member, s.Reporter, s.File, s.Released, s.Licence, madeWord(v, s))
	}
	if bad != nil {
		return bad
	}
	return out.Flush()
}

// notesOfAll are the notes of every sign of an answer.
func (p *Portal) notesOfAll(v *visit, a Answer) []note {
	t := p.tableOf(v, a)
	t.cut(0, len(t.Rows))
	return markedOf(p.dataset(a.Answer.Question.Dataset), a.Answer, nil).notesOf(v, t.Signs, nil)
}

func madeWord(v *visit, s guichet.Source) string {
	if s.Generated {
		return v.t("answer.made.word")
	}
	return ""
}
