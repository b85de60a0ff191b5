package portal

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"guichet"
	"guichet/trade"
)

// Found is a code or a group of goods found by words.
type Found struct {
	Kind    string // "group", "hs", "national"
	Code    string
	Edition int
	List    string // of a national line
	Label   guichet.Text
	Matched string // the wording that was matched
	Score   float64
}

// shownHits is how many hits a search shows.
const shownHits = 20

// askPage is what the page of a question being written receives.
type askPage struct {
	Form      askForm
	Wrong     faults
	Circles   []choice
	Datasets  []choice // that may be asked of; none where there is one
	Was       string   // the dataset whose fields stand in the form
	Changed   string   // its title, where another was chosen a moment ago
	Moved     bool     // the circle is another than a moment ago
	Class     bool     // it is of goods, which are searched for
	Chosen    []choice // goods that were picked
	Hits      []choice // goods that may be picked
	Searched  string   // the words of the search; "" none was made
	EnglishIn bool     // some labels are there in English only
	Must      []askShown
	Main      []askShown
	Members   []choice
	Bys       []choice
	Levels    []choice
	Uses      []useGroup
	NoPaper   bool // no agreement lets us ask others for this dataset
	Offices   []choice
	More      moreShown
}

// askShown is a field of the dataset as it stands in the form.
type askShown struct {
	Name, Title, Hint, Wrong string
	Choices                  []choice // of a closed list
	Text                     string   // else what was typed
	Long                     bool     // the choices are folded
	Open                     bool     // they are unfolded: one is chosen, or wrong
}

// moreShown is what few need.
type moreShown struct {
	Open        bool // one of it is set, or wrong
	Measures    []choice
	Editions    []choice
	Conversions []choice
	Fields      []askShown
}

// ask shows the form. By "find" goods are looked for; by "check" the form is held to
// what can be asked, and leads on where nothing is wrong; by "show" the fields of another
// dataset are.
func (p *Portal) ask(v *visit) error {
	query := v.r.URL.Query()
	f := p.readAsk(query)
	seat, err := p.seat(f.Circle)
	if err != nil {
		return err
	}
	c := seat.Circle()
	find, check := query.Has("find"), query.Has("check")
	page := askPage{}
	was := one(query, "was", longestCode)
	switch {
	case isFresh(query):
		f = p.fresh(v.r.Context(), c, f)
	case was != "" && f.Dataset != was && f.ds.Name != was:
		f, find, check = p.changed(v.r.Context(), c, f), false, false
		page.Changed = f.ds.Title.In(v.lang)
	case query.Has("show"): // the first button of the form: Enter in any of its fields
		find, check = classified(f.ds), !classified(f.ds)
	}
	if of := one(query, "was_circle", longestCode); of != "" && of != c.Name {
		f.Members, f.Office = p.moved(c, f)
		page.Moved, find, check = true, false, false
	}
	f.Circle = c.Name
	if f.Goods != "" && len(f.Products) > 0 && (query.Has("add") || !find && f.Goods == one(query, "searched", longestField)) {
		f.Goods = "" // what was looked for, and something was chosen of it
	}
	if find && f.Goods == "" && len(f.Products) > 0 {
		find, check = false, true
	}
	if check {
		if _, page.Wrong = f.asks(v.words, c, p.cfg.Member, p.cfg.Purposes, p.cfg.Clock()); !page.Wrong.Any() {
			return v.redirect(v.to("/question", f.values()))
		}
		find = classified(f.ds) && f.Goods != ""
	}
	if find {
		if err := p.find(v, &f, &page); err != nil {
			return err
		}
	}
	page.Form = f
	p.choices(v, c, &page)
	code := http.StatusOK
	if page.Wrong.Any() {
		code = http.StatusUnprocessableEntity
	}
	return v.show(code, "ask", v.t("ask.title"), page, func(s *shown) { s.Wrong = page.Wrong.Any() })
}

// isFresh says whether an address holds no question yet.
func isFresh(query url.Values) bool {
	for name := range query {
		if name != "circle" && name != "dataset" {
			return false
		}
	}
	return true
}

// fresh is the form as somebody finds it who comes without a question.
func (p *Portal) fresh(ctx context.Context, c guichet.Circle, of askForm) askForm {
	f := askForm{ds: of.ds, Dataset: of.Dataset, Picks: firstPicks(of.ds), By: []string{guichet.FieldPeriod}}
	f.Members = p.present(c)
	last := p.lastMonth(ctx, of.ds.Name)
	f.From, f.To = last.AddDate(-1, 1, 0).Format("2006-01"), last.Format("2006-01")
	return f
}

// changed is the form after another dataset was chosen: what both have is kept.
func (p *Portal) changed(ctx context.Context, c guichet.Circle, was askForm) askForm {
	f := p.fresh(ctx, c, was)
	f.From, f.To, f.Purpose, f.Office, f.Vintage, f.AsOf = was.From, was.To, was.Purpose, was.Office, was.Vintage, was.AsOf
	if len(was.Members) > 0 {
		f.Members = was.Members
	}
	return f
}

// moved are the members and the office of a form after another circle was chosen: those
// of it that were chosen before; all of it where it has none of them.
func (p *Portal) moved(c guichet.Circle, was askForm) (members []string, office string) {
	members = slices.DeleteFunc(p.present(c), func(code string) bool { return !slices.Contains(was.Members, code) })
	if len(members) == 0 {
		members = p.present(c)
	}
	if self, _ := c.Member(p.cfg.Member); slices.ContainsFunc(self.Offices, func(o guichet.Office) bool { return o.ID == was.Office }) {
		office = was.Office
	}
	return members, office
}

// present are the members of a circle that have not left it.
func (p *Portal) present(c guichet.Circle) []string {
	var out []string
	for _, m := range c.Members {
		if !m.HasLeft(p.cfg.Clock()) {
			out = append(out, m.Code)
		}
	}
	return out
}

// firstPicks are the first value of each field that is always said.
func firstPicks(ds *guichet.Dataset) map[string][]string {
	out := map[string][]string{}
	for _, x := range askFields(ds) {
		if x.must && len(x.values) > 0 {
			out[x.name] = x.values[:1]
		}
	}
	return out
}

// lastMonth is where the months end that a form proposes: the last of which we hold
// figures ourselves, since those of others come as late; else the month before this.
func (p *Portal) lastMonth(ctx context.Context, dataset string) time.Time {
	now := p.cfg.Clock().UTC()
	last := time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, time.UTC)
	if p.cfg.Newest != nil {
		if month, ok := p.cfg.Newest(ctx, dataset); ok && month.Before(last) {
			last = month
		}
	}
	return last
}

// find looks for goods by the words that were typed. A code that is one is chosen.
func (p *Portal) find(v *visit, f *askForm, page *askPage) error {
	if f.Goods == "" {
		page.Wrong.add("goods", v.t("ask.goods.missing"))
		return nil
	}
	hits, err := p.cfg.Goods.Search(f.Goods, shownHits)
	if err != nil {
		return err
	}
	page.Searched = f.Goods
	for _, h := range hits {
		code := h.Code
		if h.List != "" {
			code = h.List + ":" + h.Code
		}
		x := choice{Value: code, Tag: v.kindOf(h)}
		x.Text, x.Lang = labelIn(h.Label, v.lang)
		if h.Label.FR == "" {
			page.EnglishIn = page.EnglishIn || v.lang == "fr"
		}
		if h.Matched != h.Label.EN && h.Matched != h.Label.FR && h.Matched != h.Code {
			x.Hint = v.t("ask.goods.matched", "words", h.Matched)
		}
		if !slices.Contains(f.Products, code) {
			page.Hits = append(page.Hits, x)
		}
	}
	if len(hits) == 0 && !page.Wrong.Any() {
		page.Wrong.add("goods", v.t("ask.goods.none", "words", f.Goods))
	}
	return nil
}

// labelIn is a label in a language, and which language it is where it is another.
func labelIn(t guichet.Text, lang string) (text, other string) {
	if lang == "fr" && t.FR == "" {
		return t.EN, "en"
	}
	if lang == "en" && t.EN == "" {
		return t.FR, "fr"
	}
	return t.In(lang), ""
}

// kindOf says what a hit is.
func (v *visit) kindOf(h Found) string {
	switch {
	case h.Kind == "group":
		return v.t("ask.kind.group")
	case h.List != "":
		return v.t("ask.kind.national", "list", strings.ToUpper(h.List), "code", h.Code)
	}
	return v.t("ask.kind.hs", "code", h.Code, "edition", strconv.Itoa(h.Edition))
}

// goodsChosen are the goods that a form names, with their names.
func (p *Portal) goodsChosen(v *visit, products []string) []choice {
	var out []choice
	for _, code := range products {
		x := choice{Value: code, Chosen: true, Tag: code}
		if g, ok := trade.LookupGroup(code); ok {
			x.Text = g.Name.In(v.lang)
			x.Tag = v.t("ask.kind.group")
		} else if digits := strings.NewReplacer(".", "", " ", "").Replace(code); strings.Trim(digits, "0123456789") == "" {
			const newest = 2022
			x.Text = p.cfg.Goods.Label(newest, digits, v.lang)
		}
		out = append(out, x)
	}
	return out
}

// choices fills in what may be chosen.
func (p *Portal) choices(v *visit, c guichet.Circle, page *askPage) {
	f := page.Form
	page.Chosen = p.goodsChosen(v, f.Products)
	if len(p.cfg.Seats) > 1 {
		for _, s := range p.cfg.Seats {
			name := s.Circle().Name
			page.Circles = append(page.Circles, choice{Value: name, Text: name, Chosen: name == f.Circle})
		}
	}
	page.Class, page.Was = classified(f.ds), f.ds.Name
	if len(p.cfg.Datasets) > 1 {
		for _, ds := range p.cfg.Datasets {
			known := f.Dataset == "" || f.Dataset == f.ds.Name
			page.Datasets = append(page.Datasets, choice{Value: ds.Name, Text: ds.Title.In(v.lang), Chosen: known && ds == f.ds})
		}
	}
	v.askFieldsOf(page)
	for _, m := range c.Members {
		if m.HasLeft(p.cfg.Clock()) {
			continue
		}
		x := choice{Value: m.Code, Text: areaName(m.Code, v.lang), Chosen: slices.Contains(f.Members, m.Code)}
		if m.Code == p.cfg.Member {
			x.Hint = v.t("ask.member.ours")
		}
		page.Members = append(page.Members, x)
	}
	for _, by := range bysOf(f.ds) {
		page.Bys = append(page.Bys, choice{Value: by, Text: v.words.byWord(f.ds, by), Chosen: slices.Contains(f.By, by)})
	}
	for _, l := range levelsOf(f.ds) {
		page.Levels = append(page.Levels, choice{Value: l, Text: v.levelWord(f.ds, l), Chosen: f.Level == l})
	}
	page.Uses, page.NoPaper = p.purposesOf(v, c, f)
	if self, ok := c.Member(p.cfg.Member); ok && len(self.Offices) > 1 {
		for _, o := range self.Offices {
			page.Offices = append(page.Offices, choice{Value: o.ID, Text: o.Name.In(v.lang), Chosen: f.Office == o.ID})
		}
	}
}

// levelWord says how fine goods are told apart.
func (v *visit) levelWord(ds *guichet.Dataset, level string) string {
	_, l, _ := ds.ClassificationBy(level)
	return v.words.or("level."+level, l.Title.In(v.lang))
}

// askFieldsOf fills in the dataset's own fields, and what few need.
func (v *visit) askFieldsOf(page *askPage) {
	f := page.Form
	for _, x := range askFields(f.ds) {
		shown := v.askFieldOf(page, x)
		switch {
		case x.must:
			page.Must = append(page.Must, shown)
		case x.more:
			page.More.Fields = append(page.More.Fields, shown)
			page.More.Open = page.More.Open || shown.Open || shown.Text != "" || shown.Wrong != ""
		default:
			page.Main = append(page.Main, shown)
		}
	}
	chosen := f.Measures
	if len(chosen) == 0 {
		chosen = usualMeasures(f.ds)
	}
	for _, m := range measuresOf(f.ds) {
		page.More.Measures = append(page.More.Measures, choice{Value: m.Name, Text: title(m.Title.In(v.lang), m.Name), Chosen: slices.Contains(chosen, m.Name)})
	}
	page.More.Measures = append(page.More.Measures, strange(f.Measures, page.More.Measures)...)
	for _, field := range []string{"measure", "as_of", "vintage", "edition", "conversion"} {
		page.More.Open = page.More.Open || page.Wrong.Of(field) != ""
	}
	page.More.Open = page.More.Open || len(f.Measures) > 0 || f.AsOf != "" || f.Vintage != "" || f.Edition != "" || f.Conversion != ""
	if !page.Class {
		return
	}
	page.More.Editions = []choice{{Text: v.t("ask.edition.any"), Chosen: f.Edition == ""}}
	for _, e := range slices.Backward(f.ds.Class().Editions) {
		text := strconv.Itoa(e)
		page.More.Editions = append(page.More.Editions, choice{Value: text, Text: v.t("ask.edition.of", "edition", text), Chosen: f.Edition == text})
	}
	for _, way := range []string{conversionExact, conversionDefault} {
		page.More.Conversions = append(page.More.Conversions, choice{Value: way, Text: v.t("ask.conversion." + way), Chosen: f.Conversion == way || f.Conversion == "" && way == conversionExact})
	}
}

// askFieldOf is one of the dataset's own fields as it stands in the form.
func (v *visit) askFieldOf(page *askPage, x askField) askShown {
	f := page.Form
	picked := f.Picks[x.name]
	out := askShown{Name: x.name, Title: v.words.fieldWord("ask.field.", x), Wrong: page.Wrong.Of(x.name), Long: len(x.values) > mostTicks, Open: len(picked) > 0}
	out.Open = out.Open || out.Wrong != ""
	switch {
	case len(x.values) == 0:
		out.Text, out.Open = strings.Join(picked, ", "), false
		out.Hint = v.words.or("ask.hint."+x.name, v.t("ask.hint.typed"))
		if x.areas() {
			out.Hint = v.words.or("ask.hint."+x.name, v.t("ask.hint.areas"))
		}
	case !x.must:
		out.Hint = v.t("ask.hint.none")
	}
	for _, value := range x.values {
		out.Choices = append(out.Choices, choice{Value: value, Text: v.named(f.ds, x.list, value, x.values), Chosen: slices.Contains(picked, value)})
	}
	if len(x.values) > 0 {
		out.Choices = append(out.Choices, strange(picked, out.Choices)...)
	}
	return out
}

// named says a code of a list in words; of a long list with the code, which people know.
func (v *visit) named(ds *guichet.Dataset, list, value string, of []string) string {
	text := v.words.value(ds, list, value)
	if len(of) > mostTicks && text != value {
		return text + " (" + value + ")"
	}
	return text
}

// strange are values that an address named and that nobody may choose: they are shown as
// they came, to be taken away.
func strange(picked []string, known []choice) []choice {
	var out []choice
	for _, p := range picked {
		if !slices.ContainsFunc(known, func(c choice) bool { return c.Value == p }) {
			out = append(out, choice{Value: p, Text: p, Chosen: true})
		}
	}
	return out
}
