package portal

import "net/http"

// startPage is what the start page receives.
type startPage struct {
	Circles []circleView
	Can     []card
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
	page := startPage{}
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
			card{v.t("start.asked"), v.t("start.asked.text"), v.to("/asked", nil)})
	}
	page.Can = append(page.Can, p.stewardCan(v)...)
	if v.person.Is(Operator) && v.in {
		page.Can = append(page.Can, card{v.t("start.operator"), v.t("start.operator.text"), v.to("/operator", nil)})
	}
	return v.show(http.StatusOK, "start", v.t("start.title"), page)
}
