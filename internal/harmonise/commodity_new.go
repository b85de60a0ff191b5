package harmonise

import (
	"slices"
	"strconv"
	"strings"

	"guichet"
	"guichet/codes"
	"guichet/hs"
	"guichet/trade"
)

// maxDigits bounds the number of digits of a code: no office held here has
// more than twelve.
const maxDigits = 14

func newCommodity(g guichet.KeyGroup) (rule, error) {
	if err := checkColumns(g, 3); err != nil {
		return nil, err
	}
	if err := checkParams(g, "list", "country", "flow", "period", "period_format", "edition", "digits", "depth", "strip", "pad_left", "total", "subtotals"); err != nil {
		return nil, err
	}
	c := &commodity{
		list: g.Params["list"], country: g.Params["country"], flow: g.Params["flow"], strip: strings.NewReplacer(pairs(g.Params["strip"])...),
		years: map[hs.Edition]string{}, moments: map[[2]string]moment{}, cases: map[caseKey]verdicts{},
	}
	for _, e := range hs.Editions() {
		c.years[e] = strconv.Itoa(int(e))
	}
	for _, step := range []func(guichet.KeyGroup) error{c.newShape, c.newTime, c.newOwner, c.newSlots} {
		if err := step(g); err != nil {
			return nil, err
		}
	}
	var err error
	c.marks, err = newMarks(g)
	return c, err
}

// pairs is the strip characters as a replacer takes them, each by nothing.
func pairs(chars string) []string {
	var out []string
	for _, r := range chars {
		out = append(out, string(r), "")
	}
	return out
}

// newShape reads how codes are written.
func (c *commodity) newShape(g guichet.KeyGroup) error {
	if c.list == "" || strings.Trim(c.list, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fault(g, "list %q is no name of a list", c.list).WithHint("name it in lower case, such as us-hts, or hs for plain HS codes")
	}
	if c.list == trade.ListHS {
		c.full = 6
	}
	for _, l := range codes.Lists() {
		if l.Name == c.list {
			c.full = l.Digits
		}
	}
	c.depth, c.pad = maxDigits, 0
	for _, p := range []struct {
		name string
		to   *int
	}{{"digits", &c.full}, {"depth", &c.depth}, {"pad_left", &c.pad}} {
		text, given := g.Params[p.name]
		if !given {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 2 || n > maxDigits {
			return fault(g, "%s is %q, no number from 2 to %d", p.name, text, maxDigits)
		}
		*p.to = n
	}
	if c.full == 0 {
		return fault(g, "digits is missing, and the list %s is not held", c.list).WithHint("say how many digits a full code has")
	}
	if text := g.Params["total"]; text != "" {
		c.totals = strings.Split(text, "|")
	}
	switch g.Params["subtotals"] {
	case "", "false":
	case "true":
		c.subtotals = true
	default:
		return fault(g, "subtotals is %q, neither true nor false", g.Params["subtotals"])
	}
	return nil
}

// newTime reads which column or parameter says when, and by which edition.
func (c *commodity) newTime(g guichet.KeyGroup) error {
	c.periodAt, c.editionAt = -1, -1
	next := 1
	period, ways := g.Params["period"], g.Params["period_format"]
	if period != "" && ways != "" {
		return fault(g, "period and period_format are both given").WithHint("give period when it is the same for the whole file, period_format when a column says it")
	}
	if period != "" {
		span, err := guichet.ParseSpan(period)
		if err != nil {
			return fault(g, "period: %w", err).WithHint("write it 2024, 2024-05 or 2024-01:2024-06")
		}
		c.fixed = momentOf(span.From.Start, span.To.End())
	}
	if ways != "" {
		var err error
		if c.ways, err = formatsOf(g, "period_format"); err != nil {
			return err
		}
		c.periodAt = next
		next++
	}
	if len(g.Columns) > next {
		c.editionAt = next
		next++
	}
	if len(g.Columns) != next {
		return fault(g, "it has %d columns where its parameters speak of %d", len(g.Columns), next).WithHint("the code, then the period when period_format is given, then the edition")
	}
	if text := g.Params["edition"]; text != "" {
		var err error
		if c.forced, err = hs.ParseEdition(text); err != nil {
			return fault(g, "edition: %w", err)
		}
	}
	if c.forced != 0 && c.editionAt > 0 {
		return fault(g, "edition is given, and a column says it too").WithHint("leave one of them out")
	}
	if c.forced == 0 && c.editionAt < 0 && period == "" && ways == "" {
		return fault(g, "nothing says which edition was in force").WithHint("give period, period_format, edition, or a column with the edition")
	}
	return nil
}

// newOwner reads whose codes these are.
func (c *commodity) newOwner(g guichet.KeyGroup) error {
	needed := c.forced == 0 && c.editionAt < 0
	if _, ok := codes.AreaByCode(c.country); !ok && c.country != "EU" && (needed || c.country != "") {
		return fault(g, "country %q is no area", c.country).WithHint("give the alpha-2 code of ISO 3166-1, or EU: it decides the edition in force")
	}
	if !slices.Contains(trade.Flows(), trade.Flow(c.flow)) && (needed || c.flow != "") {
		return fault(g, "flow %q is not known", c.flow).WithHint("give imports, exports, domestic_exports, re_exports or re_imports: it decides the edition in force")
	}
	return nil
}

// newSlots reads which fields are filled.
func (c *commodity) newSlots(g guichet.KeyGroup) error {
	for _, f := range g.Fields {
		s, ok := slotOf(f)
		if !ok {
			names := slotNames()
			return fault(g, "the rule commodity does not fill %q", f).WithHint("it fills %s", strings.Join(names[:], ", "))
		}
		c.slots = append(c.slots, s)
	}
	return nil
}
