package guichettest

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"guichet"
)

// HMRCNonEU is a month's bulk file of HM Revenue & Customs of trade outside the
// EU, SMKI19yymm or SMKE19yymm, after docs/design/national-files.md.
type HMRCNonEU struct {
	Exports bool
	Year    int
	Month   int // 1 to 12
	Lines   []Cells
	Alter   func(line int, text string) string
	Tail    func(text string) string // what becomes of the true tail line
}

func (h HMRCNonEU) detail(tb testing.TB) []span {
	tb.Helper()
	head := texts(tb, "comcode 9, sitc 5, record_type 3, cod_seq 3, cod_alpha 2")
	if !h.Exports {
		head = append(head, texts(tb, "coo_seq 3, coo_alpha 2")...)
	}
	head = append(head, texts(tb, "account 7, port_seq 3, port_alpha 3, flag_seq 3, flag_alpha 2")...)
	if !h.Exports {
		head = append(head, texts(tb, "coo_imp_seq 3, coo_imp_alpha 2")...)
	}
	head = append(head, texts(tb, "trade_ind 1, container 3, mode 3, inland_mot 2, golo_seq 3, golo_alpha 3, suite 3, procedure 3")...)
	if !h.Exports {
		head = append(head, texts(tb, "cb_code 3")...)
	}
	head = append(head, span{"value", 15, true}, span{"quantity_1", 13, true}, span{"quantity_2", 13, true})
	if h.Exports {
		head = append(head, texts(tb, "plant 15")...)
	}
	return head
}

// Text returns the file: its head, its lines and a tail that reconciles.
func (h HMRCNonEU) Text(tb testing.TB) string {
	tb.Helper()
	flow := "NON-EU IMPORTS"
	if h.Exports {
		flow = "NON-EU EXPORTS"
	}
	months := strings.Fields("JANUARY FEBRUARY MARCH APRIL MAY JUNE JULY AUGUST SEPTEMBER OCTOBER NOVEMBER DECEMBER")
	own := fmt.Sprintf("%02d/%d", h.Month, h.Year)
	var out strings.Builder
	fmt.Fprintf(&out, "000000000|00000|000|HMCUSTOMS MONTHLY DATA|%9s|%d|%-18s\r\n", months[h.Month-1], h.Year, flow)
	var kinds [4]int
	var sums [2]guichet.Decimal // of the month, of amendments
	for i, l := range h.Lines {
		text, value := h.line(tb, l, own)
		if h.Alter != nil {
			text = h.Alter(i, text)
		}
		out.WriteString(text + "\r\n")
		if k := l["record_type"]; k != "" {
			kinds[k[2]-'0']++
		} else {
			kinds[0]++
		}
		if a := l["account"]; a == "" || a == own {
			sums[0] = sums[0].Add(value)
		} else {
			sums[1] = sums[1].Add(value)
		}
	}
	tail := fmt.Sprintf("999999999|%013d|%013d|%013d|%013d|%s|%s", kinds[0], kinds[1], kinds[2], kinds[3], signed(sums[0].String(), 17), signed(sums[1].String(), 17))
	if h.Tail != nil {
		tail = h.Tail(tail)
	}
	if tail != "" {
		out.WriteString(tail + "\r\n")
	}
	return out.String()
}

// line is one detail line, its columns parted by bars: texts that are not
// given are zeros, as HMRC writes them, but for letters, which are blank.
func (h HMRCNonEU) line(tb testing.TB, l Cells, own string) (text string, value guichet.Decimal) {
	tb.Helper()
	var parts []string
	for _, s := range h.detail(tb) {
		v := l[s.name]
		switch {
		case s.number:
			if s.name == "value" && v != "" {
				value = Figure(tb, v)
			}
			parts = append(parts, signed(v, s.width))
			continue
		case v == "" && s.name == "account":
			v = own
		case v == "" && !strings.HasSuffix(s.name, "_alpha"):
			v = strings.Repeat("0", s.width)
		}
		if len(v) > s.width {
			tb.Fatalf("%q is too wide for %s, which has %d characters", v, s.name, s.width)
		}
		parts = append(parts, v+strings.Repeat(" ", s.width-len(v)))
	}
	for name := range l {
		if !named(h.detail(tb), name) {
			tb.Fatalf("the layout has no column %q", name)
		}
	}
	return strings.Join(parts, "|"), value
}

// signed writes a whole number with its sign and zeros before it.
func signed(v string, width int) string {
	sign := "+"
	if strings.HasPrefix(v, "-") {
		sign, v = "-", v[1:]
	}
	return sign + strings.Repeat("0", width-len(v)) + v
}

// Zip packs the file as HMRC does: one member without extension.
func (h HMRCNonEU) Zip(tb testing.TB) []byte {
	tb.Helper()
	letter := "I"
	if h.Exports {
		letter = "E"
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	if err := w.SetComment(generatedNotice); err != nil {
		tb.Fatal(err)
	}
	f, err := w.Create(fmt.Sprintf("SMK%s19%02d%02d", letter, h.Year%100, h.Month))
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := f.Write([]byte(h.Text(tb))); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}
