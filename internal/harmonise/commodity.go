package harmonise

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet"
	"guichet/codes"
	"guichet/hs"
	"guichet/trade"
)

// commodity reads a commodity code at its date.
//
// Columns: the code; then, when the parameter period_format is given, the
// period; then, when one more column is there, the edition of the HS as the
// file names it ("H5", "HS2017").
//
// Fields: code, hs, edition, level, subtotal, relation, coverage, conf_status,
// obs_status, list; any of them, in any order.
//
// Params:
//
//	list           the national list, "us-hts"; "hs" where plain HS codes are published; required.
//	               A list that package codes does not hold is allowed: nothing is looked up in it
//	country, flow  whose codes these are, "US", "imports": they decide the edition; required unless the file or edition names it
//	period         the period of the whole file, "2024" or "2024-01:2026-04": its last day decides
//	period_format  how the second column writes periods, as in the rule period
//	edition        the edition, whatever the date: "HS2017"
//	digits         digits of a full national code; those of the list when left out, 6 for "hs"
//	depth          digits that mean something, when the rest are zeros to be dropped: 8 of HMRC's 9
//	strip          characters to be removed, such as ". "
//	pad_left       width to which a code that lost its leading zeros is filled up again
//	total          texts that mean all products, parted by |, such as "TOTAL"
//	subtotals      "true" when rows of fewer digits, and the total, are sums over finer rows of the same file
//
// Marks are read first, over the code as published; see mark.
type commodity struct {
	list, country, flow string
	full, depth, pad    int
	strip               *strings.Replacer
	totals              []string
	subtotals           bool
	ways                []guichet.PeriodWay
	fixed               moment     // the file's period
	forced              hs.Edition // whatever the date
	periodAt, editionAt int        // columns; -1 none
	slots               []slot
	marks               []mark
	years               map[hs.Edition]string
	moments             map[[2]string]moment // remembered by the texts of period and edition
	cases               map[caseKey]verdicts // remembered
}

// caseKey is all that a verdict hangs on, but for the dates of the code in its
// list: the same code in twelve months is one case.
type caseKey struct {
	text     string
	edition  hs.Edition
	assumed  bool
	snapshot string
}

// verdicts is a case with the dates within which the list has the code.
type verdicts struct {
	within, outside guichet.Verdict
	from, to        string // "" open
}

// written is a code as it was read, apart from any date.
type written struct {
	code   string
	digits bool // false for a text that only a mark can read
	total  bool
	odd    bool  // its length makes its prefix doubtful
	mark   *mark // nil none
	common hs.Code
	reject string
}

// moment is when a code was used, and what that decides.
type moment struct {
	first, last string // days of the period, "" when none is known
	edition     hs.Edition
	assumed     bool
	snapshot    string // the day of the national list that speaks of it, "" none
	reject      string
}

// finding is what is said of a key while it is being judged.
type finding struct {
	values  [slotCount]string
	remarks []string
}

func (f *finding) remark(code string) {
	if code != "" && !slices.Contains(f.remarks, code) {
		f.remarks = append(f.remarks, code)
	}
}

func (c *commodity) verdict(key []string) guichet.Verdict {
	text, when := at(key, 0), [2]string{at(key, c.periodAt), at(key, c.editionAt)}
	m, ok := c.moments[when]
	if !ok {
		m = c.moment(when[0], when[1])
		c.moments[when] = m
	}
	if m.reject != "" {
		return reject(cmp.Or(c.read(text).reject, m.reject))
	}
	k := caseKey{text, m.edition, m.assumed, m.snapshot}
	v, ok := c.cases[k]
	if !ok {
		v = c.verdicts(text, m)
		c.cases[k] = v
	}
	// A code that began or ended within the period was in force in a part of
	// it, which is enough.
	if v.from > m.last || v.to != "" && v.to < m.first {
		return v.outside
	}
	return v.within
}

func (c *commodity) verdicts(text string, m moment) verdicts {
	w := c.read(text)
	if w.reject != "" {
		return verdicts{within: reject(w.reject)}
	}
	var entry codes.Entry
	listed := ""
	if w.digits && m.snapshot != "" && len(w.code) == c.length() {
		var standing codes.Standing
		// Any standing but this one knows the code; its dates are compared with the whole period.
		if entry, standing = codes.CommodityIn(c.list, w.code, day(m.last)); standing == codes.NotListed {
			listed = trade.RemarkNotListed
		}
	}
	return verdicts{
		within: c.judge(w, m, entry, listed), outside: c.judge(w, m, entry, trade.RemarkNotInForce),
		from: entry.From, to: entry.To,
	}
}

// length is how many digits a full national code has once it is read.
func (c *commodity) length() int { return min(c.full, c.depth) }

// day reads a day that was written by time.DateOnly; the zero time for none.
func day(s string) time.Time {
	t, _ := time.Parse(time.DateOnly, s)
	return t
}

// judge says all of a code; listed is what its list says.
func (c *commodity) judge(w written, m moment, entry codes.Entry, listed string) guichet.Verdict {
	var f finding
	f.values = [slotCount]string{
		slotCode: w.code, slotList: c.list, slotEdition: c.years[m.edition],
		slotLevel: strconv.Itoa(len(w.code)), slotSubtotal: strconv.FormatBool(c.subtotals && len(w.code) < c.length()),
		slotRelation: trade.ByNone, slotCoverage: trade.CoverNormal, slotConf: trade.ConfFree, slotObs: trade.ObsNormal,
	}
	f.remark(listed)
	switch {
	case w.common != "":
		c.setCommon(&f, w.common, m.edition)
	case w.total:
		f.values[slotLevel], f.values[slotSubtotal] = "0", strconv.FormatBool(c.subtotals)
	case !w.digits:
		f.values[slotLevel] = "0"
	default:
		c.set(&f, find(w, entry, m.edition), w.mark)
	}
	if w.mark != nil {
		w.mark.apply(&f)
	}
	if f.values[slotHS] == "" {
		f.values[slotRelation] = trade.ByNone
	}
	if m.assumed {
		f.remark(trade.RemarkEditionAssumed)
	}
	v := guichet.Verdict{Values: make([]string, len(c.slots)), Remarks: f.remarks}
	for i, s := range c.slots {
		v.Values[i] = f.values[s]
	}
	return v
}

// set writes down where a code was found. What a mark says of it takes the
// place of the remark that was found: the profile knows better.
func (c *commodity) set(f *finding, p place, m *mark) {
	f.values[slotHS] = string(p.code)
	f.values[slotRelation] = p.relation
	f.values[slotEdition] = c.years[p.edition]
	if p.level > 0 {
		f.values[slotLevel] = strconv.Itoa(p.level)
		f.values[slotConf] = trade.ConfRolledUp
	}
	if m == nil || m.remark == "" {
		f.remark(p.remark)
	}
}

// setCommon writes down the common code that a mark gives.
func (c *commodity) setCommon(f *finding, common hs.Code, e hs.Edition) {
	if !trade.NationalChapter(common) && !hs.Known(e, common) {
		f.remark(trade.RemarkNoHS)
		return
	}
	f.values[slotHS] = string(common)
	f.values[slotLevel] = strconv.Itoa(len(common))
	if len(common) == 6 {
		f.values[slotRelation] = trade.ByExact
	}
}

// read reads the text of a code, apart from any date.
func (c *commodity) read(text string) written {
	if text == "" {
		return written{reject: trade.RejectNoCode}
	}
	w := written{code: text}
	for i := range c.marks {
		if common, ok := c.marks[i].match(text); ok {
			w.mark, w.common = &c.marks[i], common
			break
		}
	}
	if slices.Contains(c.totals, text) {
		w.code, w.total = trade.TotalCode, true
		return w
	}
	digits := c.strip.Replace(text)
	w.digits = digits != "" && strings.Trim(digits, "0123456789") == ""
	if !w.digits {
		if w.mark == nil {
			w.reject = trade.RejectNotACode
		}
		return w
	}
	if short := c.pad - len(digits); short > 0 {
		digits = strings.Repeat("0", short) + digits
	}
	if len(digits) > c.depth && strings.Trim(digits[c.depth:], "0") == "" {
		digits = digits[:c.depth]
	}
	w.code = digits
	w.odd = len(digits) < 2 || len(digits)%2 == 1 && len(digits) != c.full
	return w
}

// moment reads when a code was used. The period's last day decides: a month in
// which the edition changed was closed under the new one.
func (c *commodity) moment(period, edition string) moment {
	m := c.fixed
	if c.periodAt > 0 {
		if period == "" {
			return moment{reject: trade.RejectNoPeriod}
		}
		p, ok := readPeriod(c.ways, period)
		if !ok {
			return moment{reject: trade.RejectNotAPeriod}
		}
		m = momentOf(p.Start, p.End())
	}
	switch {
	case c.editionAt > 0:
		if m.edition, m.reject = readNaming(edition); m.reject != "" {
			return m
		}
	case c.forced != 0:
		m.edition = c.forced
	default:
		force := hs.InForce(c.country, c.flow, c.list, day(m.last))
		m.edition, m.assumed = force.Edition, force.Assumed && force.Edition != 0
	}
	if m.last != "" && c.list != trade.ListHS {
		entry, _ := codes.CommodityIn(c.list, "", day(m.last))
		m.snapshot = entry.List.Snapshot
	}
	return m
}

func momentOf(first, last time.Time) moment {
	return moment{first: first.Format(time.DateOnly), last: last.Format(time.DateOnly)}
}

// readNaming reads the edition as a file names it. An edition that is not held
// keeps its figures, without an HS code; another classification has none.
func readNaming(text string) (hs.Edition, string) {
	if e, err := hs.ParseEdition(text); err == nil {
		return e, ""
	}
	if slices.Contains([]string{"H0", "H1", "H2", "H7", "HS1992", "HS1996", "HS2002", "HS2028"}, strings.ToUpper(text)) {
		return 0, ""
	}
	return 0, trade.RejectUnknownEdition
}
