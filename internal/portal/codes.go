package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet"
	"guichet/codes"
	"guichet/hs"
	"guichet/trade"
)

// How many digits codes have, and how many lines of a list stand on a page.
const (
	chapterDigits = 2
	hsDigits      = 6
	mostDigits    = 14
	mostLines     = 60
)

// codesPage is what the page of a search for codes receives.
type codesPage struct {
	Query string
	Wrong faults
	Hits  []codeHit
	Lists []codes.List
	Held  []heldWording
}

type codeHit struct {
	To, Code, Kind, Hint string
	Label, Near          guichet.Text
}

// heldWording is what the home holds of the official wording of an edition or a list.
type heldWording struct {
	Of         string
	EN, FR     int  // labels
	OneMissing bool // of the two languages
}

// codes looks for codes by words; digits lead to the page of their code.
func (p *Portal) codes(v *visit) error {
	q := v.r.URL.Query()
	page := codesPage{Query: one(q, "q", longestField), Lists: codes.Lists()}
	held, err := p.heldWordings(v)
	if err != nil {
		return err
	}
	page.Held = held
	if digits := digitsOf(page.Query); len(digits) >= 2 && len(digits) <= mostDigits {
		return v.redirect(v.to("/codes/"+digits, nil))
	}
	if q.Has("q") && page.Query == "" {
		page.Wrong.add("q", v.t("codes.missing"))
	}
	if page.Query != "" {
		hits, err := p.cfg.Goods.Search(page.Query, shownHits)
		if err != nil {
			return err
		}
		for _, h := range hits {
			hit := codeHit{Code: h.Code, Kind: v.kindOf(h), Label: h.Label}
			if h.Kind != "group" {
				hit.Near = p.near(h.Edition, h.Code)
			}
			if h.Kind != "group" {
				hit.To = v.to("/codes/"+url.PathEscape(h.Code), listQuery(h.List))
			}
			if h.Matched != h.Label.EN && h.Matched != h.Label.FR && h.Matched != h.Code {
				hit.Hint = v.t("ask.goods.matched", "words", h.Matched)
			}
			page.Hits = append(page.Hits, hit)
		}
		if len(hits) == 0 {
			page.Wrong.add("q", v.t("codes.none", "words", page.Query))
		}
	}
	status := http.StatusOK
	if page.Wrong.Any() {
		status = http.StatusUnprocessableEntity
	}
	return v.show(status, "codes", v.t("codes.title"), page, func(s *shown) { s.Wrong = page.Wrong.Any() })
}

func listQuery(list string) url.Values {
	if list == "" {
		return nil
	}
	return url.Values{"list": {list}}
}

// digitsOf are the digits of a written code; "" where it is none.
func digitsOf(text string) string {
	d := strings.NewReplacer(".", "", " ", "").Replace(text)
	if strings.Trim(d, "0123456789") != "" {
		return ""
	}
	return d
}

// codePage is what the page of a code receives.
type codePage struct {
	Code, On, List string
	Asked          string // the edition that was asked for; "" none
	Wrong          faults
	Basis          string // how the code of the HS was found
	HS, Edition    string
	Label          guichet.Text
	Path           []codeStep // section, chapter, heading, subheading, national line
	Unit           string
	Below          []codeStep
	Editions       []codeEdition
	Lists          []codeList
	Groups         []codeGroup
	ListNames      []choice
}

// codeStep is a code with its names and its page.
type codeStep struct {
	To, Code, Level string
	Label, Near     guichet.Text // Near is the heading's wording: where a language is missing it stands in
}

// codeEdition is what a code is in one edition of the HS.
type codeEdition struct {
	Edition         int
	Here            bool // it is read in this one
	Word, Tag, Text string
	Reason          string
	Codes           []codeStep
	Family          string
}

// codeList is how a code stands to a national list.
type codeList struct {
	Name, Country, Standing, Tag, Snapshot, Note, Source string
	Edition                                              int
	Incomplete                                           bool
	Worded                                               bool // of some line the wording is held
	From, To                                             string
	Before, After                                        []codeChange
	Lines                                                []codeLine
	More                                                 int
}

type codeChange struct {
	To, Code string
	Year     int
}

type codeLine struct {
	To, Code, Units, From, Until string
	Label, Near                  guichet.Text
}

type codeGroup struct {
	Path string
	Name guichet.Text
}

// code shows a code: what it is, and how it became another from list to list and from
// edition to edition.
func (p *Portal) code(v *visit) error {
	q := v.r.URL.Query()
	digits := digitsOf(v.r.PathValue("code"))
	page := codePage{Code: digits, List: one(q, "list", 40), On: one(q, "on", 20)}
	if len(digits) < 2 || len(digits) > mostDigits || page.List != "" && !slices.Contains(listNames(), page.List) {
		return notKept()
	}
	day := p.cfg.Clock().UTC().Truncate(24 * time.Hour)
	if page.On != "" {
		t, err := time.Parse(time.DateOnly, page.On)
		if err != nil {
			page.Wrong.add("on", v.t("twice.day.none", "day", page.On))
		} else {
			day = t
		}
	}
	asked := hs.Edition(0)
	if text := one(q, "edition", 10); text != "" {
		e, err := hs.ParseEdition(text)
		if err != nil {
			return notKept()
		}
		asked, page.Asked = e, text
	}
	r := readCode(digits, page.List, asked, day)
	lists := p.listsOf(v, r, page.List, day)
	listed := slices.ContainsFunc(lists, func(l codeList) bool { return l.From != "" || len(l.Lines) > 0 || len(l.Before)+len(l.After) > 0 })
	if r.hs == "" && !listed && !trade.NationalChapter(hs.Code(digits).Chapter()) {
		return guichet.Errorf(guichet.KindNotFound, "%s", v.t("codes.unknown", "code", digits))
	}
	page.Lists, page.Basis = lists, r.basis
	for _, name := range listNames() {
		page.ListNames = append(page.ListNames, choice{Value: name, Text: strings.ToUpper(name), Chosen: name == page.List})
	}
	if r.hs != "" {
		p.describe(v, r, &page)
	}
	if len(digits) > hsDigits {
		edition := int(r.edition)
		if edition == 0 && len(lists) > 0 {
			edition = lists[0].Edition
		}
		page.Path = append(page.Path, codeStep{Code: digits, Level: v.t("codes.level.national"), Label: p.lineLabel(lists, digits), Near: p.near(edition, digits)})
	}
	status := http.StatusOK
	if page.Wrong.Any() {
		status = http.StatusUnprocessableEntity
	}
	return v.show(status, "code", v.t("codes.of", "code", digits), page, func(s *shown) { s.Wrong = page.Wrong.Any() })
}

// codeRead is a written code with the code of the HS that it is read as.
type codeRead struct {
	digits  string
	hs      hs.Code
	edition hs.Edition
	basis   string // "list" says so, "prefix": its first six digits, "code" itself
}

// readCode finds the code of the HS behind digits: as a list says in force on the day,
// else by the first six digits, in the edition asked for, that in force then, or the newest that
// has the code.
func readCode(digits, list string, asked hs.Edition, day time.Time) codeRead {
	out := codeRead{digits: digits}
	for _, name := range listNames() {
		if list != "" && name != list || len(digits) <= hsDigits {
			continue
		}
		e, standing := codes.CommodityIn(name, digits, day)
		if (standing == codes.Listed || standing == codes.NotInForce) && e.HS6 != "" {
			out.hs, out.edition, out.basis = hs.Code(e.HS6), e.Edition, "list"
			return out
		}
	}
	code, basis := hs.Code(digits), "code"
	if len(digits) > hsDigits {
		code, basis = hs.Code(digits[:hsDigits]), "prefix"
	}
	tried := slices.Clone(hs.Editions())
	slices.Reverse(tried)
	tried = append([]hs.Edition{asked, hs.InForce("", "", "", day).Edition}, tried...)
	for _, e := range tried {
		if e != 0 && hs.Known(e, code) {
			out.hs, out.edition, out.basis = code, e, basis
			return out
		}
	}
	return out
}

// listNames are the national lists, each once.
func listNames() []string {
	var out []string
	for _, l := range codes.Lists() {
		if !slices.Contains(out, l.Name) {
			out = append(out, l.Name)
		}
	}
	return out
}

// describe fills in what the HS and the groups say.
func (p *Portal) describe(v *visit, r codeRead, page *codePage) {
	edition := int(r.edition)
	page.HS, page.Edition = string(r.hs), r.edition.String()
	page.Label = p.bothLabels(edition, page.HS)
	if s := hs.Section(r.edition, r.hs); s != "" {
		page.Path = append(page.Path, codeStep{Code: s, Level: v.t("codes.level.section"), Label: guichet.Text{EN: hs.SectionLabel(s, "en"), FR: hs.SectionLabel(s, "fr")}})
	}
	for i, key := range []string{"codes.level.chapter", "codes.level.heading", "codes.level.subheading"} {
		n := 2 * (i + 1)
		if len(page.HS) < n {
			break
		}
		step := codeStep{Code: page.HS[:n], Level: v.t(key), Label: p.bothLabels(edition, page.HS[:n])}
		if step.Code != page.Code {
			step.To = v.to("/codes/"+step.Code, nil)
		}
		page.Path = append(page.Path, step)
	}
	if unit := hs.StandardUnit(r.edition, r.hs); unit != "" {
		page.Unit = unit
		if u, ok := codes.UnitIn("wco", unit); ok {
			page.Unit = v.unitName(u.Code)
		}
	}
	if len(r.hs) < hsDigits {
		for _, c := range hs.Children(r.edition, r.hs) {
			page.Below = append(page.Below, codeStep{To: v.to("/codes/"+string(c), nil), Code: string(c), Label: p.bothLabels(edition, string(c))})
		}
	}
	if len(r.hs) == hsDigits {
		for _, to := range hs.Editions() {
			page.Editions = append(page.Editions, p.inEdition(v, r, to))
		}
	}
	for _, path := range trade.GroupsOf(r.edition, r.hs) {
		if g, ok := trade.LookupGroup(path); ok {
			page.Groups = append(page.Groups, codeGroup{Path: path, Name: g.Name})
		}
	}
}

// inEdition says what a subheading is in another edition.
func (p *Portal) inEdition(v *visit, r codeRead, to hs.Edition) codeEdition {
	out := codeEdition{Edition: int(to), Here: to == r.edition}
	k := hs.Correspond(r.edition, r.hs, to)
	word, tag := "exact", "green"
	switch k.Comparison {
	case hs.DefaultConversion:
		word, tag = "default", "yellow"
	case hs.NotComparable:
		word, tag = "none", "red"
	case hs.Exact:
	}
	out.Word, out.Tag, out.Text, out.Reason = v.t("codes.same."+word), tag, v.t("codes.same."+word+".text"), sentence(k.Because.In(v.lang))+"."
	codesTo := k.To
	if len(codesTo) == 0 { // not comparable: what the tables link it to all the same
		for _, rel := range hs.Relations(r.edition, r.hs, to) {
			if !slices.Contains(codesTo, rel.To) {
				codesTo = append(codesTo, rel.To)
			}
		}
	}
	for _, c := range codesTo {
		step := codeStep{Code: string(c), Label: p.bothLabels(int(to), string(c))}
		if to != r.edition || step.Code != r.digits {
			step.To = v.to("/codes/"+step.Code, url.Values{"edition": {strconv.Itoa(int(to))}})
		}
		out.Codes = append(out.Codes, step)
	}
	if k.Comparison == hs.Exact && len(k.Family.From) > 1 {
		var from []string
		for _, c := range k.Family.From {
			from = append(from, string(c))
		}
		out.Family = v.t("codes.family", "codes", strings.Join(from, ", "))
	}
	return out
}

// listsOf tells how a code stands to the lists that know it, or that have lines under it.
func (p *Portal) listsOf(v *visit, r codeRead, asked string, day time.Time) []codeList {
	var out []codeList
	if len(r.digits) < hsDigits {
		return nil
	}
	for _, name := range listNames() {
		if asked != "" && name != asked {
			continue
		}
		e, standing := codes.CommodityIn(name, r.digits, day)
		l := codeList{Name: name, Standing: v.t("codes.standing." + string(standing)), Tag: "grey"}
		for _, s := range codes.Lists() {
			if s.Name == name {
				l.Country = s.Country
			}
		}
		for _, c := range codes.Predecessors(name, r.digits) {
			l.Before = append(l.Before, codeChange{v.to("/codes/"+c.Old, listQuery(name)), c.Old, c.FromYear})
		}
		for _, c := range codes.Successors(name, r.digits) {
			l.After = append(l.After, codeChange{v.to("/codes/"+c.New, listQuery(name)), c.New, c.FromYear})
		}
		if standing != codes.NoList {
			l.Snapshot, l.Edition, l.Incomplete, l.Note, l.Source = v.dayText(e.List.Snapshot), int(e.List.Edition), !e.List.Complete, e.List.Note, e.List.Source
			l.From, l.To = v.dayText(e.From), v.dayText(e.To)
			l.Lines, l.More = p.linesUnder(v, r, name, e.List.Edition, day)
			l.Worded = slices.ContainsFunc(l.Lines, func(x codeLine) bool { return x.Label != (guichet.Text{}) })
		}
		if len(r.digits) == hsDigits && standing != codes.NoList {
			l.Standing = ""
		}
		if standing == codes.Listed {
			l.Tag = "green"
		}
		if asked != "" || len(l.Lines) > 0 || len(l.Before)+len(l.After) > 0 || standing == codes.Listed || standing == codes.NotInForce {
			out = append(out, l)
		}
	}
	return out
}

// linesUnder are the lines of a list under the same six digits, and how many more there
// are than stand on a page.
func (p *Portal) linesUnder(v *visit, r codeRead, list string, e hs.Edition, day time.Time) (out []codeLine, more int) {
	if len(r.hs) != hsDigits {
		return nil, 0
	}
	for _, six := range hs.Correspond(r.edition, r.hs, e).To {
		for _, line := range codes.SplitLines(list, string(six), day) {
			if len(out) == mostLines {
				more++
				continue
			}
			var units []string
			for _, u := range line.Units {
				units = append(units, v.unitName(u))
			}
			l := codeLine{Code: line.Code, Units: strings.Join(units, ", "), From: v.dayText(line.From), Until: v.dayText(line.To), Label: p.nationalLabel(int(e), list, line.Code), Near: p.near(int(e), line.Code)}
			if line.Code != r.digits {
				l.To = v.to("/codes/"+line.Code, listQuery(list))
			}
			out = append(out, l)
		}
	}
	return out, more
}

// unitName is a unit of quantity in the page's language, its code where it has no name.
func (v *visit) unitName(code string) string {
	u, ok := codes.UnitByCode(code)
	if name := (guichet.Text{EN: u.NameEN, FR: u.NameFR}).In(v.lang); ok && name != "" {
		return name
	}
	return code
}
