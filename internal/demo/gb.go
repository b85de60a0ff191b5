package demo

import (
	"archive/zip"
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"guichet"
)

// gbMonths are the months that HMRC's files are made for; amendments reach
// further back.
func gbMonths() []int { return []int{10, 11, 12} }

// gbLine is a detail line of HMRC's file of EU arrivals, SMKM46: 123
// characters and CRLF, pounds sterling.
//
//	010110100|0|001|FR|0|000|  |001|000|0200902|000|00150|000000000|+00000000004|+000000000356689|+0000000033801|+0000000000006
//
// Commodity code of nine digits, record type, country of dispatch (sequence,
// alpha), trade indicator, country of origin (not collected), nature of
// transaction, mode of transport, period, suite, SITC, inward processing code,
// consignments, statistical value, net mass, supplementary unit.
type gbLine struct {
	code, sequence, alpha, sitc                     string
	indicator                                       int // 4: into a warehouse, 5: out of one
	mode                                            int // 1 sea, 3 road
	period                                          int // 202410
	consignments, value, netMass, supplementaryUnit int64
}

// unitedKingdom makes the bulk files of a few months. Their trailers reconcile.
func unitedKingdom(w world) ([]made, error) {
	var out []made
	for _, month := range gbMonths() {
		m, err := w.gbMonth(month)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", monthName(month), err)
		}
		out = append(out, m)
	}
	return out, nil
}

func (w world) gbMonth(month int) (made, error) {
	file := Year*100 + month
	lines := w.gbLines(month)
	out := made{
		name: fmt.Sprintf("SMKM46%d%s.zip", file%10000, mark), member: "GB", lines: len(lines),
		title:  guichet.Text{EN: "UK arrivals from the EU, " + monthName(month), FR: "Arrivées de l’UE au Royaume-Uni, " + monthName(month)},
		totals: map[string]int64{"value": 0, "month": 0, "amendments": 0, "general": 0, "special": 0, "net_mass": 0},
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "000000000|HMCUSTOMS MONTHLY DATA|%d|%9s|%-19s\r\n", Year, strings.ToUpper(time.Month(month).String()), "EU ARRIVALS")
	for _, l := range lines {
		text.WriteString(l.String() + "\r\n")
		l.addTo(out.totals, file)
	}
	// Records of type 0 to 3, value of the month's own lines, and of amendments.
	fmt.Fprintf(&text, "999999999|%013d|%013d|%013d|%013d|%+018d|%+018d\r\n", len(lines), 0, 0, 0, out.totals["month"], out.totals["amendments"])
	var err error
	out.bytes, err = zipped(fmt.Sprintf("SMKM46%d", file%10000), text.Bytes())
	return out, err
}

// addTo adds a line up: general trade leaves out what comes out of a warehouse,
// special trade what goes into one.
func (l gbLine) addTo(totals map[string]int64, file int) {
	totals["value"] += l.value
	totals["net_mass"] += l.netMass
	if l.period == file {
		totals["month"] += l.value
	} else {
		totals["amendments"] += l.value
	}
	if l.indicator != 5 {
		totals["general"] += l.value
	}
	if l.indicator != 4 {
		totals["special"] += l.value
	}
}

func zipped(name string, text []byte) ([]byte, error) {
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	if err := z.SetComment(notice); err != nil {
		return nil, fmt.Errorf("write comment: %w", err)
	}
	member, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: published()})
	if err != nil {
		return nil, fmt.Errorf("write member %s: %w", name, err)
	}
	if _, err := member.Write(text); err != nil {
		return nil, fmt.Errorf("write member %s: %w", name, err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("close zip: %w", err)
	}
	return packed.Bytes(), nil
}

// gbLines returns the lines of a month by code and country, with amendments of
// months before.
func (w world) gbLines(month int) []gbLine {
	var lines []gbLine
	gb := w.place("GB")
	for _, from := range w.places {
		if from.hmrc == "" {
			continue
		}
		for _, g := range w.goods {
			amount := w.arrived(from, gb, g, month)
			for i, part := range w.split(amount, len(g.gb), "gb", from.iso, g.hs6, month) {
				if part < 100 {
					continue
				}
				l := w.gbLine(from, g, part, month)
				l.code = g.gb[i] + "0"
				lines = append(lines, l)
				if w.draw(25, "amended", from.iso, l.code, month) == 0 {
					lines = append(lines, w.amendment(l, month))
				}
			}
		}
	}
	slices.SortStableFunc(lines, func(a, b gbLine) int {
		return cmp.Or(cmp.Compare(a.code, b.code), cmp.Compare(a.sequence, b.sequence), cmp.Compare(a.period, b.period), cmp.Compare(a.mode, b.mode))
	})
	return lines
}

// gbLine is one line; arrivals are valued with freight and insurance.
func (w world) gbLine(from place, g good, usd int64, month int) gbLine {
	gb := w.place("GB")
	l := gbLine{
		sequence: from.hmrc, alpha: from.iso, sitc: g.gbSITC, mode: 1 + 2*int(w.draw(2, "mode", from.iso, g.hs6)), period: Year*100 + month,
		value:   w.national(usd*(1000+w.freight(from, gb))/1000, "GBP", month, from.iso, g.hs6),
		netMass: g.kilograms(usd), consignments: 1 + usd/40_000,
	}
	if g.gbSecond {
		l.supplementaryUnit = g.units(usd)
	}
	switch w.draw(40, "warehouse", from.iso, g.hs6, month) {
	case 0:
		l.indicator = 4
	case 1:
		l.indicator, l.mode = 5, 0
	}
	return l
}

// amendment is a signed correction of the same line in an earlier month.
func (w world) amendment(l gbLine, month int) gbLine {
	share := 40 - w.draw(81, "by", l.alpha, l.code, month) // per mille, either sign
	l.period = Year*100 + 1 + int(w.draw(int64(month-1), "of", l.alpha, l.code, month))
	l.indicator, l.consignments = 0, 0
	l.value, l.netMass, l.supplementaryUnit = l.value*share/1000, l.netMass*share/1000, l.supplementaryUnit*share/1000
	return l
}

// String writes the line in its 123 characters.
func (l gbLine) String() string {
	return fmt.Sprintf("%s|0|%s|%s|%d|000|  |%03d|000|%07d|000|%s|000000000|%+012d|%+016d|%+014d|%+014d",
		l.code, l.sequence, l.alpha, l.indicator, l.mode, l.period, l.sitc, l.consignments, l.value, l.netMass, l.supplementaryUnit)
}
