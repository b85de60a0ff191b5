package portal

import (
	"net/http"
	"slices"

	"guichet"
)

// startPage is what the start page receives.
type startPage struct {
	Circles []circleView
	Can     []card
	You     []youCard // of whom nobody knows: who comes here, and where each goes
	Tries   []tryGroup
}

// youCard says where somebody goes. To is "" of a role, into which one signs in.
type youCard struct{ Role, Title, Text, To, Word string }

// Try is something that a demonstration has made ready for somebody to try.
type Try struct {
	Role  Role         // "" of who has not signed in
	Who   guichet.Text // as whom: tries of the same stand together; "" as the role
	Title guichet.Text
	Text  guichet.Text
	To    string // a page, without its language: "/asked"
}

// tryGroup are tries of one sort of people.
type tryGroup struct {
	Who  string
	List []card
}

// triesOf are what has been made ready for whoever looks.
func (p *Portal) triesOf(v *visit) []tryGroup {
	var out []tryGroup
	for _, t := range p.cfg.Tries {
		if v.in != (t.Role != "") || v.in && !v.person.Is(t.Role) {
			continue
		}
		who := t.Who.In(v.lang)
		if len(out) == 0 || out[len(out)-1].Who != who {
			out = append(out, tryGroup{Who: who})
		}
		last := &out[len(out)-1]
		last.List = append(last.List, card{t.Title.In(v.lang), t.Text.In(v.lang), v.to(t.To, nil)})
	}
	return out
}

// youOf are those who come here.
func (v *visit) youOf() []youCard {
	out := []youCard{{Title: v.t("start.you.nobody"), Text: v.t("start.you.nobody.text"), To: v.to("/public", nil), Word: v.t("start.open")}}
	for _, r := range slices.Backward(Roles()) {
		key := "start.you." + string(r)
		out = append([]youCard{{Role: string(r), Title: v.t(key), Text: v.t(key + ".text"), Word: v.t("start.comein", "role", v.t("person."+string(r)))}}, out...)
	}
	return out
}

// circleView says of a circle who is in it.
type circleView struct {
	Name       string
	Members    []memberView
	Agreements int
}

type memberView struct {
	Code, Name, Role string
	Ours             bool
}

// card is something that can be done from here.
type card struct{ Title, Text, To string }

// start shows who is here and what can be done.
func (p *Portal) start(v *visit) error {
	page := startPage{Tries: p.triesOf(v)}
	if !v.in {
		page.You = v.youOf()
	}
	for _, s := range p.cfg.Seats {
		c := s.Circle()
		view := circleView{Name: c.Name, Agreements: len(c.Agreements)}
		for _, m := range c.Members {
			if !m.HasLeft(p.cfg.Clock()) {
				view.Members = append(view.Members, memberView{m.Code, areaName(m.Code, v.lang), v.words.or("role."+m.Role, m.Role), m.Code == p.cfg.Member})
			}
		}
		page.Circles = append(page.Circles, view)
	}
	if v.person.Is(Officer, Steward) && v.in {
		page.Can = append(page.Can,
			card{v.t("start.ask"), v.t("start.ask.text"), v.to("/ask", nil)},
			card{v.t("start.asked"), v.t("start.asked.text"), v.to("/asked", nil)},
			card{v.t("compare.nav"), v.t("compare.start"), v.to("/compare", nil)},
			card{v.t("twice.nav"), v.t("twice.start"), v.to("/twice", nil)})
	}
	if v.person.Is(Officer, Steward, Auditor) && v.in {
		page.Can = append(page.Can, card{v.t("codes.nav"), v.t("codes.start"), v.to("/codes", nil)})
	}
	if v.person.Is(Roles()...) && v.in {
		page.Can = append(page.Can, card{v.t("agreements.title"), v.t("agreements.text"), v.to("/agreements", nil)})
	}
	if v.person.Is(Auditor) && v.in {
		page.Can = append(page.Can,
			card{v.t("journal.title"), v.t("journal.text"), v.to("/journal", nil)},
			card{v.t("checks.title"), v.t("checks.text"), v.to("/checks", nil)},
			card{v.t("record.title"), v.t("record.text"), v.to("/record", nil)})
	}
	if v.person.Is(Operator) && v.in {
		page.Can = append(page.Can, card{v.t("start.operator"), v.t("start.operator.text"), v.to("/operator", nil)})
	}
	page.Can = append(page.Can, p.stewardCan(v)...)
	return v.show(http.StatusOK, "start", v.t("start.title"), page)
}
