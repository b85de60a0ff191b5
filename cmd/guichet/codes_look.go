package main

import (
	"slices"
	"strings"
	"time"

	"guichet"
	"guichet/codes"
	"guichet/hs"
	"guichet/trade"
)

// How many digits codes have.
const (
	hsDigits   = 6
	mostDigits = 14
)

// codeJSON is what is known of a code, as --json shows it.
type codeJSON struct {
	Code         string        `json:"code"`
	On           string        `json:"on"`
	HS           string        `json:"hs"`      // the HS code that it is read as, "" none
	Edition      int           `json:"edition"` // in which
	Basis        string        `json:"basis"`   // "code" itself, "list" says so, or "prefix": its first six digits
	Label        guichet.Text  `json:"label"`
	Section      string        `json:"section,omitempty"`
	StandardUnit string        `json:"standard_unit,omitempty"` // the WCO's
	Below        []string      `json:"below"`                   // the codes right below, of 2 and 4 digits
	Editions     []editionJSON `json:"editions"`
	Groups       []inGroupJSON `json:"groups"`
	Lists        []inListJSON  `json:"lists"`
}

// editionJSON is what a code is in one edition.
type editionJSON struct {
	Edition    int         `json:"edition"`
	Known      bool        `json:"known"`      // the edition has a code of this number
	Comparison string      `json:"comparison"` // "exact", "default conversion", "not comparable"; "" for 2 and 4 digits
	Codes      []string    `json:"codes"`
	Family     *familyJSON `json:"family,omitempty"`
	Reason     string      `json:"reason"`
	Why        string      `json:"why,omitempty"`
}

// familyJSON is a closed family: the same goods on both sides.
type familyJSON struct {
	From []string `json:"from"`
	To   []string `json:"to"`
}

// inGroupJSON is a group that a code belongs to.
type inGroupJSON struct {
	Path    string       `json:"path"`
	Name    guichet.Text `json:"name"`
	Tier    string       `json:"tier"`
	Counted bool         `json:"counted"` // here, and in no other
}

// lookUp says what a code is.
func (w *window) lookUp(written string, o codesOptions, label labels) error {
	day, err := w.day(o.on)
	if err != nil {
		return err
	}
	digits := strings.NewReplacer(".", "", " ", "").Replace(written)
	if len(digits) < 2 || len(digits) > mostDigits || strings.Trim(digits, "0123456789") != "" {
		return w.nearest(w.say("error.code", "value", written), written, []string{"lists", "groups", "import"}, w.say("hint.code"))
	}
	if o.list != "" && !slices.Contains(listNames(), o.list) {
		return w.noList(o.list)
	}
	c := codeJSON{Code: digits, On: day.Format(time.DateOnly)}
	if c, err = w.readAs(c, o, day); err != nil {
		return err
	}
	if c.HS != "" {
		c.describe(label)
	}
	c.Lists = inLists(c, o.list, day)
	if c.HS == "" && !isNational(c.Code) && !slices.ContainsFunc(c.Lists, func(l inListJSON) bool { return l.Standing == string(codes.Listed) }) {
		return guichet.Errorf(guichet.KindNotFound, "%s", w.say("error.code.unknown", "code", digits)).WithHint("%s", w.say("hint.code"))
	}
	c.Below, c.Editions, c.Groups = some(c.Below), some(c.Editions), some(c.Groups)
	if w.json {
		return w.printJSON(c)
	}
	w.printCode(c, o.list)
	return nil
}

func (w *window) noList(name string) error {
	err := guichet.Errorf(guichet.KindNotFound, "%s", w.say("error.list", "list", name))
	if best, ok := closest(name, listNames()); ok {
		return err.WithHint("%s", w.say("hint.nearest", "name", best))
	}
	return err.WithHint("%s", w.say("hint.lists", "lists", strings.Join(listNames(), ", ")))
}

// readAs finds the HS code behind the digits and the edition in which it is
// read: as the list says, else from the first six digits, in the edition asked
// for, else the one in force on the day, else the newest that has the code.
func (w *window) readAs(c codeJSON, o codesOptions, day time.Time) (codeJSON, error) {
	lists := listNames()
	if o.list != "" {
		lists = []string{o.list}
	}
	inForce := editionOn(day)
	for _, name := range lists {
		e, standing := codes.CommodityIn(name, c.Code, day)
		if standing == codes.Listed || standing == codes.NotInForce {
			c.HS, c.Edition, c.Basis = e.HS6, int(e.Edition), "list"
			return c, nil
		}
		if o.list != "" {
			inForce = hs.InForce(countryOf(name), flowOf(name), name, day).Edition
		}
	}
	c.HS, c.Basis = c.Code, "code"
	if len(c.Code) > hsDigits {
		c.HS, c.Basis = c.Code[:hsDigits], "prefix"
	}
	asked, err := w.editionOr(o.edition, inForce)
	if err != nil {
		return c, err
	}
	if e := knownIn(hs.Code(c.HS), asked, o.edition != ""); e != 0 {
		c.Edition = int(e)
		return c, nil
	}
	c.HS, c.Basis = "", ""
	return c, nil
}

// knownIn returns the edition asked for when it has the code; otherwise, unless
// only that one will do, the newest that has it. 0 is none.
func knownIn(c hs.Code, asked hs.Edition, only bool) hs.Edition {
	if hs.Known(asked, c) {
		return asked
	}
	if only {
		return 0
	}
	all := hs.Editions()
	slices.Reverse(all)
	for _, e := range all {
		if hs.Known(e, c) {
			return e
		}
	}
	return 0
}

// editionOn is the edition that the WCO had in force on a day.
func editionOn(day time.Time) hs.Edition {
	if e := hs.InForce("", "", "", day).Edition; e != 0 {
		return e
	}
	all := hs.Editions()
	return all[len(all)-1]
}

// describe fills in what the HS and the groups say.
func (c *codeJSON) describe(label labels) {
	e, code := hs.Edition(c.Edition), hs.Code(c.HS)
	c.Label = guichet.Text{EN: label(c.Edition, c.HS, "en"), FR: label(c.Edition, c.HS, "fr")}
	c.Section = hs.Section(e, code)
	c.StandardUnit = hs.StandardUnit(e, code)
	if len(code) < hsDigits {
		c.Below = plain(hs.Children(e, code))
	}
	for _, to := range hs.Editions() {
		c.Editions = append(c.Editions, inEdition(e, code, to))
	}
	for i, path := range trade.GroupsOf(e, code) {
		g, _ := trade.LookupGroup(path)
		named := slices.ContainsFunc(g.Items, func(it trade.Item) bool { return it.Edition == e && it.Code == code && it.Partial })
		c.Groups = append(c.Groups, inGroupJSON{Path: path, Name: g.Name, Tier: string(g.Tier), Counted: i == 0 && !named})
	}
}

func inEdition(from hs.Edition, code hs.Code, to hs.Edition) editionJSON {
	out := editionJSON{Edition: int(to), Known: hs.Known(to, code), Codes: []string{}}
	if len(code) < hsDigits {
		// The tables know six digits: a heading of the same number is not
		// promised to hold the same goods.
		if out.Known {
			out.Codes = []string{string(code)}
		}
		return out
	}
	k := hs.Correspond(from, code, to)
	out.Comparison, out.Codes, out.Reason, out.Why = string(k.Comparison), plain(k.To), k.Reason, string(k.Because)
	if k.Comparison == hs.Exact && (len(k.Family.From) > 1 || len(k.Family.To) > 1) {
		out.Family = &familyJSON{plain(k.Family.From), plain(k.Family.To)}
	}
	return out
}

// isNational says whether a code belongs to chapters that the HS leaves to each
// country: 77, 98 and 99.
func isNational(code string) bool {
	return strings.HasPrefix(code, "77") || strings.HasPrefix(code, "98") || strings.HasPrefix(code, "99")
}

func countryOf(list string) string {
	for _, l := range codes.Lists() {
		if l.Name == list {
			return l.Country
		}
	}
	return ""
}

// flowOf is the flow by which a list is judged: its first.
func flowOf(list string) string {
	for _, l := range codes.Lists() {
		if l.Name == list && len(l.Flows) > 0 {
			return l.Flows[0]
		}
	}
	return ""
}
