package portal

import (
	"context"
	"net/http"
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
	Chosen    []choice // goods that were picked
	Hits      []choice // goods that may be picked
	Searched  string   // the words of the search; "" none was made
	EnglishIn bool     // some labels are there in English only
	Flows     []choice
	Members   []choice
	Bys       []choice
	Levels    []choice
	Uses      []useGroup
	Offices   []choice
}

// useGroup are the purposes of one use.
type useGroup struct {
	Use      string
	Purposes []choice
}

// ask shows the form. By "find" goods are looked for; by "check" the form is held to
// what can be asked, and leads on where nothing is wrong.
func (p *Portal) ask(v *visit) error {
	query := v.r.URL.Query()
	f := readAsk(query)
	seat, err := p.seat(f.Circle)
	if err != nil {
		return err
	}
	c := seat.Circle()
	find, check := query.Has("find"), query.Has("check")
	if len(query) == 0 || len(query) == 1 && query.Has("circle") {
		f = p.fresh(v.r.Context(), c)
	}
	f.Circle = c.Name
	page := askPage{}
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
		find = f.Goods != ""
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

// fresh is the form as somebody finds it who comes without a question.
func (p *Portal) fresh(ctx context.Context, c guichet.Circle) askForm {
	f := askForm{Flow: string(trade.Imports), By: []string{"period"}}
	for _, m := range c.Members {
		if !m.HasLeft(p.cfg.Clock()) {
			f.Members = append(f.Members, m.Code)
		}
	}
	last := p.lastMonth(ctx, dataset().Name)
	f.From, f.To = last.AddDate(-1, 1, 0).Format("2006-01"), last.Format("2006-01")
	return f
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
	for _, flow := range trade.Flows() {
		page.Flows = append(page.Flows, choice{Value: string(flow), Text: v.t("flow." + string(flow)), Chosen: f.Flow == string(flow)})
	}
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
	for _, by := range []string{"period", "partner"} {
		page.Bys = append(page.Bys, choice{Value: by, Text: v.t("ask.by." + by), Chosen: slices.Contains(f.By, by)})
	}
	for _, l := range levels() {
		page.Levels = append(page.Levels, choice{Value: l, Text: v.t("level." + l), Chosen: f.Level == l})
	}
	for _, x := range p.cfg.Purposes {
		i := slices.IndexFunc(page.Uses, func(u useGroup) bool { return u.Use == x.Use })
		if i < 0 {
			i = len(page.Uses)
			page.Uses = append(page.Uses, useGroup{Use: x.Use})
		}
		page.Uses[i].Purposes = append(page.Uses[i].Purposes, choice{Value: x.Word, Text: x.Text.In(v.lang), Chosen: f.Purpose == x.Word})
	}
	if self, ok := c.Member(p.cfg.Member); ok && len(self.Offices) > 1 {
		for _, o := range self.Offices {
			page.Offices = append(page.Offices, choice{Value: o.ID, Text: o.Name.In(v.lang), Chosen: f.Office == o.ID})
		}
	}
}
