package portal

import "net/http"

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
	proves := []Role{Officer, Steward, Auditor}
	return []route{
		{http.MethodGet, "/{$}", nil, "nav.start", p.start},
		{http.MethodGet, "/ask", asks, "nav.ask", p.ask},
		{http.MethodGet, "/question", asks, "", p.question},
		{http.MethodPost, "/question", asks, "", p.put},
		{http.MethodGet, "/asked", asks, "nav.asked", p.asked},
		{http.MethodGet, "/asked/{id}", asks, "", p.answer},
		{http.MethodGet, "/asked/{id}/events", asks, "", p.events},
		{http.MethodGet, "/asked/{id}/figures/{format}", asks, "", p.download},
		{http.MethodPost, "/asked/{id}/remove", asks, "", p.remove},
		{http.MethodGet, "/asked/{id}/estimated", asks, "", p.estimated},
		{http.MethodGet, "/compare", asks, "compare.nav", p.compare},
		{http.MethodGet, "/compare/question", asks, "", p.compareQuestion},
		{http.MethodPost, "/compare/question", asks, "", p.putCompare},
		{http.MethodGet, "/twice", asks, "", p.twice},
		{http.MethodGet, "/twice/question", asks, "", p.twiceQuestion},
		{http.MethodPost, "/twice/question", asks, "", p.putTwice},
		{http.MethodGet, "/codes", proves, "codes.nav", p.codes},
		{http.MethodGet, "/codes/{code}", proves, "", p.code},
		{http.MethodGet, "/receipt/{circle}/{exchange}", proves, "", p.receipt},
		{http.MethodGet, "/receipt/{circle}/{exchange}/file", proves, "", p.receiptFile},
	}
}
