package portal

import (
	"net/http"
	"slices"
)

// route is one address, below the language.
type route struct {
	method string
	path   string
	roles  []Role // who may come; none: anybody
	nav    string // the key of its words in the navigation; "" it does not stand there
	do     func(*visit) error
}

// routes are all pages, in the order of the navigation.
func (p *Portal) routes() []route {
	asks := []Role{Officer, Steward}
	keeps := []Role{Operator}
	proves := []Role{Officer, Steward, Auditor}
	return slices.Concat([]route{
		{http.MethodGet, "/{$}", nil, "nav.start", p.start},
		{http.MethodGet, "/ask", asks, "nav.ask", p.ask},
		{http.MethodGet, "/question", asks, "", p.question},
		{http.MethodPost, "/question", asks, "", p.put},
		{http.MethodGet, "/asked", asks, "nav.asked", p.asked},
		{http.MethodGet, "/asked/{id}", asks, "", p.answer},
		{http.MethodGet, "/asked/{id}/events", asks, "", p.events},
		{http.MethodGet, "/asked/{id}/figures/{format}", asks, "", p.download},
		{http.MethodPost, "/asked/{id}/remove", asks, "", p.remove},
		{http.MethodGet, "/receipt/{circle}/{exchange}", proves, "", p.receipt},
		{http.MethodGet, "/receipt/{circle}/{exchange}/file", proves, "", p.receiptFile},
		{http.MethodGet, "/operator", keeps, "nav.operator", p.operator},
		{http.MethodPost, "/operator", keeps, "", p.lookAgain},
		{http.MethodGet, "/operator/events", keeps, "", p.lookEvents},
	}, p.stewardRoutes())
}
