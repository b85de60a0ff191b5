package portal

import (
	"net/http"
	"slices"
	"strings"
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
	audits := []Role{Auditor}
	reads := []Role{Officer, Steward, Auditor, Operator}
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
		{http.MethodGet, "/operator", keeps, "nav.operator", p.operator},
		{http.MethodPost, "/operator", keeps, "", p.lookAgain},
		{http.MethodGet, "/operator/events", keeps, "", p.lookEvents},
		{http.MethodGet, "/agreements", reads, "nav.agreements", p.agreements},
		{http.MethodGet, "/agreements/{circle}/{id}", reads, "", p.agreement},
		{http.MethodGet, "/agreements/{circle}/{id}/changes", reads, "", p.changes},
		{http.MethodGet, "/agreements/{circle}/{id}/file/{format}", reads, "", p.agreementFile},
		{http.MethodGet, "/journal", audits, "nav.journal", p.journal},
		{http.MethodGet, "/journal/{circle}/{index}", audits, "", p.leaf},
		{http.MethodGet, "/checks", audits, "nav.checks", p.checksList},
		{http.MethodPost, "/checks", audits, "", p.beginCheck},
		{http.MethodGet, "/checks/{id}", audits, "", p.checkShown},
		{http.MethodGet, "/checks/{id}/events", audits, "", p.checkEvents},
		{http.MethodGet, "/record", audits, "nav.record", p.record},
		{http.MethodGet, "/record/{id}", audits, "", p.event},
		{http.MethodGet, "/record/{id}/paper/{circle}", audits, "", p.eventPaper},
		{http.MethodGet, "/public", nil, "nav.public", p.publicIndex},
		{http.MethodGet, "/public/table/{name}", nil, "", p.publicTable},
		{http.MethodGet, "/public/table/{name}/csv", nil, "", p.publicCSV},
		{http.MethodGet, "/public/log", nil, "", p.publicLog},
		{http.MethodGet, "/public/log/{circle}/checkpoint", nil, "", p.publicCheckpoint},
		{http.MethodGet, "/public/log/{circle}/bundle", nil, "", p.publicBundle},
		{http.MethodGet, "/public/words", nil, "", p.publicWords},
	}, p.stewardRoutes())
}

// open says whether a page is the same for everybody, and served before the door.
func (r route) open() bool { return r.path == "/public" || strings.HasPrefix(r.path, "/public/") }
