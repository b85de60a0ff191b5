package portal

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"guichet"
	"guichet/trade"
)

// Comparing is a comparison of what two members say of one flow, and on whose behalf
// each is asked.
type Comparing struct {
	Mirror  trade.MirrorQuestion
	Purpose string
	Office  string // of ours, that asks
	Officer string // who asks; leaves the node as a pseudonym
}

// Words that say in the address of something kept what it is; "" a question.
const (
	whatField   = "what"
	whatCompare = "compare"
	whatTwice   = "twice"
)

// whatOf says what something kept is.
func whatOf(h keptHead) string {
	q, err := url.ParseQuery(h.Query)
	if err != nil {
		return ""
	}
	return q.Get(whatField)
}

// compareForm is a comparison as a person writes it: goods, months, purpose and office as
// in a question, and the two members.
type compareForm struct {
	askForm
	Exporter, Importer string
}

func (p *Portal) readCompare(v url.Values) compareForm {
	f := compareForm{askForm: readAskOf(p.dataset(trade.Dataset().Name), v), Exporter: one(v, "exporter", 2), Importer: one(v, "importer", 2)}
	f.Members, f.Picks, f.By, f.Level = nil, nil, nil, ""
	f.Edition, f.Conversion, f.Vintage, f.AsOf, f.Measures = "", "", "", "", nil
	return f
}

func (f compareForm) values() url.Values {
	v := f.askForm.values()
	for name, text := range map[string]string{"exporter": f.Exporter, "importer": f.Importer} {
		if text != "" {
			v.Set(name, text)
		}
	}
	return v
}

// asks turns the form into what it asks. What is wrong is said in the page's language.
func (f *compareForm) asks(p *Portal, w phrases, c guichet.Circle) (Comparing, faults) {
	var wrong faults
	if f.Goods != "" || len(f.Products) > 0 {
		f.checkGoods(w, &wrong)
	}
	for _, side := range []struct{ field, code string }{{"exporter", f.Exporter}, {"importer", f.Importer}} {
		if _, ok := c.Member(side.code); !ok {
			wrong.add(side.field, w.say("compare."+side.field+".missing"))
		}
	}
	if f.Exporter != "" && f.Exporter == f.Importer {
		wrong.add("importer", w.say("compare.same"))
	}
	span := f.checkMonths(w, p.cfg.Clock(), &wrong)
	if !slices.ContainsFunc(p.cfg.Purposes, func(x Purpose) bool { return x.Word == f.Purpose }) {
		wrong.add("purpose", w.say("ask.purpose.missing"))
	}
	out := Comparing{Purpose: f.Purpose, Office: f.checkOffice(w, c, p.cfg.Member, &wrong), Mirror: trade.MirrorQuestion{
		Exporter: f.Exporter, Importer: f.Importer, Period: span, Product: f.Products, Lang: w.lang,
	}}
	fields := []string{"exporter", "importer", "goods", "from", "to", "purpose", "office"}
	slices.SortStableFunc(wrong, func(x, y fault) int { return cmp.Compare(slices.Index(fields, x.Field), slices.Index(fields, y.Field)) })
	return out, wrong
}

// comparePage is what the page of a comparison being written receives: askPage's goods,
// purposes and offices, and the two members.
type comparePage struct {
	askPage
	Exporters, Importers []choice
}

// compare shows the form, as ask does its own.
func (p *Portal) compare(v *visit) error {
	query := v.r.URL.Query()
	f := p.readCompare(query)
	seat, err := p.seat(f.Circle)
	if err != nil {
		return err
	}
	c := seat.Circle()
	if len(query) == 0 || len(query) == 1 && query.Has("circle") {
		fresh := p.fresh(v.r.Context(), c, f.askForm)
		f.From, f.To = fresh.From, fresh.To
	}
	f.Circle = c.Name
	find, check := query.Has("find"), query.Has("check")
	if f.Goods != "" && len(f.Products) > 0 && (query.Has("add") || !find && f.Goods == one(query, "searched", longestField)) {
		f.Goods = "" // what was looked for, and something was chosen of it
	}
	page := comparePage{}
	if check {
		if _, page.Wrong = f.asks(p, v.words, c); !page.Wrong.Any() {
			return v.redirect(v.to("/compare/question", f.values()))
		}
		find = f.Goods != ""
	}
	if find {
		if err := p.find(v, &f.askForm, &page.askPage); err != nil {
			return err
		}
	}
	page.Form = f.askForm
	p.choices(v, c, &page.askPage)
	for _, m := range page.Members {
		m.Chosen = m.Value == f.Exporter
		page.Exporters = append(page.Exporters, m)
		m.Chosen = m.Value == f.Importer
		page.Importers = append(page.Importers, m)
	}
	code := http.StatusOK
	if page.Wrong.Any() {
		code = http.StatusUnprocessableEntity
	}
	return v.show(code, "compare", v.t("compare.title"), page, func(s *shown) { s.Wrong = page.Wrong.Any() })
}

// comparison reads a comparison from the values of an address; back leads to the form
// where something is wrong.
func (p *Portal) comparison(v *visit, q url.Values) (f compareForm, a Comparing, seat Seat, back string, err error) {
	f = p.readCompare(q)
	if seat, err = p.seat(f.Circle); err != nil {
		return f, a, nil, "", err
	}
	c := seat.Circle()
	f.Circle = c.Name
	a, wrong := f.asks(p, v.words, c)
	if wrong.Any() {
		q := f.values()
		q.Set("check", "1")
		back = v.to("/compare", q)
	}
	return f, a, seat, back, nil
}

// compareQuestion shows what would be asked of whom. Nobody is asked by opening it.
func (p *Portal) compareQuestion(v *visit) error {
	f, a, seat, back, err := p.comparison(v, v.r.URL.Query())
	if err != nil {
		return err
	}
	if back != "" {
		return v.redirect(back)
	}
	return p.confirm(v, confirmPage{
		Title: v.t("compare.question"), Action: v.to("/compare/question", nil), Lines: p.linesOfComparison(v, f, a, seat.Circle()),
		Query: f.values().Encode(), Change: v.to("/compare", f.values()), Leaf: v.t("compare.leaf"),
	})
}

// putCompare asks both members, once.
func (p *Portal) putCompare(v *visit) error {
	once, query, err := v.sent()
	if err != nil {
		return err
	}
	f, a, seat, back, err := p.comparison(v, query)
	if err != nil {
		return err
	}
	if back != "" {
		return v.redirect(back)
	}
	a.Officer = v.person.Pseudonym
	q := f.values()
	q.Set(whatField, whatCompare)
	head := keptHead{ID: once, Owner: v.person.Pseudonym, Circle: f.Circle, Query: q.Encode(), Lang: v.lang, Members: []string{f.Exporter, f.Importer}}
	if err := p.askings.begin(comparingSeat{seat, a}, Asking{}, head); err != nil {
		return err
	}
	return v.redirect(v.to("/asked/"+once, nil))
}

// comparingSeat is a seat whose question is a comparison: it goes on, and is kept, as any
// question does.
type comparingSeat struct {
	Seat
	what Comparing
}

// Ask asks both members.
func (s comparingSeat) Ask(ctx context.Context, _ Asking, each func(MemberResult)) (Answer, error) {
	a, err := s.Mirror(ctx, s.what, each)
	if err != nil {
		return Answer{}, err
	}
	if a.Mirror != nil {
		a.Answer = mirrorTable(*a.Mirror)
	}
	return a, nil
}

// linesOfComparison says a comparison in words.
func (p *Portal) linesOfComparison(v *visit, f compareForm, a Comparing, c guichet.Circle) []line {
	goods := line{Key: "question.goods", List: p.goodsChosen(v, f.Products)}
	if len(f.Products) == 0 {
		goods.Text = v.t("compare.all")
	}
	lines := []line{
		{Key: "compare.exporter", Text: areaName(f.Exporter, v.lang)},
		{Key: "compare.importer", Text: areaName(f.Importer, v.lang)},
		goods,
		{Key: "question.months", Text: v.words.span(a.Mirror.Period)},
		{Key: "question.purpose", Text: p.purposeText(v, f.Purpose)},
	}
	if self, ok := c.Member(p.cfg.Member); ok {
		if o, ok := self.Office(a.Office); ok {
			lines = append(lines, line{Key: "question.office", Text: o.Name.In(v.lang)})
		}
	}
	return append(lines, line{Key: "question.circle", Text: c.Name})
}

func (p *Portal) purposeText(v *visit, word string) string {
	if i := slices.IndexFunc(p.cfg.Purposes, func(x Purpose) bool { return x.Word == word }); i >= 0 {
		return p.cfg.Purposes[i].Text.In(v.lang)
	}
	return word
}

// confirmPage is what the page receives that shows what would be asked.
type confirmPage struct {
	Title, Action, Query, Once, Change, Leaf string
	Lines                                    []line
}

func (p *Portal) confirm(v *visit, page confirmPage) (err error) {
	if page.Once, err = p.chance(); err != nil {
		return err
	}
	return v.show(http.StatusOK, "confirm", page.Title, page)
}

// sent reads the form of a confirmPage.
func (v *visit) sent() (once string, query url.Values, err error) {
	bad := guichet.Errorf(guichet.KindInvalid, "%s", v.t("error.form"))
	if err := v.r.ParseForm(); err != nil {
		return "", nil, bad
	}
	once = v.r.PostForm.Get("once")
	query, err = url.ParseQuery(v.r.PostForm.Get("query"))
	if err != nil || !isID(once) {
		return "", nil, bad
	}
	return once, query, nil
}

// titleOfOther says in a line what a comparison or a question of two days was; "" of a
// question.
func (p *Portal) titleOfOther(v *visit, h keptHead) string {
	q, err := url.ParseQuery(h.Query)
	if err != nil {
		return ""
	}
	switch q.Get(whatField) {
	case whatCompare:
		f := p.readCompare(q)
		return v.t("compare.of", "exporter", areaName(f.Exporter, v.lang), "importer", areaName(f.Importer, v.lang), "goods", p.goodsLine(v, f.Products), "when", v.spanText(f.From, f.To))
	case whatTwice:
		f := p.readTwice(q)
		h.Query = f.askForm.values().Encode()
		return v.t("twice.of", "question", p.titleOf(v, h), "first", v.dayText(f.First), "second", v.dayOrNow(f.Second))
	}
	return ""
}

func (p *Portal) goodsLine(v *visit, products []string) string {
	if len(products) == 0 {
		return v.t("compare.all")
	}
	var names []string
	for _, g := range p.goodsChosen(v, products) {
		names = append(names, cmp.Or(g.Text, g.Value))
	}
	const shown = 3
	if len(names) > shown {
		names = append(names[:shown], v.t("asked.more", "n", len(names)-shown))
	}
	return strings.Join(names, v.t("shell.semicolon"))
}

// spanText writes months as they stand in a form.
func (v *visit) spanText(from, to string) string {
	if s, err := guichet.ParseSpan(from + ":" + to); err == nil {
		return v.words.span(s)
	}
	return from + " – " + to
}

// waysBack are the addresses of something kept, to ask again and to change.
func (p *Portal) waysBack(v *visit, h keptHead) (again, change string) {
	q, err := url.ParseQuery(h.Query)
	if err != nil {
		q = url.Values{}
	}
	switch q.Get(whatField) {
	case whatCompare:
		f := p.readCompare(q).values()
		return v.to("/compare/question", f), v.to("/compare", f)
	case whatTwice:
		f := p.readTwice(q).values()
		return v.to("/twice/question", f), v.to("/twice", f)
	}
	f := p.readAsk(q).values()
	return v.to("/question", f), v.to("/ask", f)
}

// linesOfKept says in words what was asked.
func (p *Portal) linesOfKept(v *visit, h keptHead, c guichet.Circle) []line {
	q, err := url.ParseQuery(h.Query)
	if err != nil {
		return nil
	}
	if q.Get(whatField) == whatCompare {
		f := p.readCompare(q)
		a, _ := f.asks(p, v.words, c)
		return p.linesOfComparison(v, f, a, c)
	}
	f := p.readTwice(q)
	a, _ := f.asks(v.words, c, p.cfg.Member, p.cfg.Purposes, p.cfg.Clock())
	if q.Get(whatField) == whatTwice {
		return append(v.linesOfTwice(f), p.linesOf(v, f.asked(), a, c)...)
	}
	return p.linesOf(v, f.askForm, a, c)
}

// dayText writes a day that is written as 2024-03-05.
func (v *visit) dayText(text string) string {
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return v.words.day(t)
	}
	return text
}
