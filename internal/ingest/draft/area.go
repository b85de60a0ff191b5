package draft

import (
	"fmt"
	"slices"
	"strings"

	"guichet"
	"guichet/codes"
)

// areaFit is how well a list of areas knows the values of a column.
type areaFit struct {
	list  string
	share float64 // of the distinct values
	miss  []string
}

// fitAreas returns the list that knows most values. Where several know as many
// the office's own goes first, then the general ones.
func (c *column) fitAreas(country string) areaFit {
	var best areaFit
	bestRank, bestScore := 0, 0.0
	for _, list := range codes.AreaLists() {
		fit := areaFit{list: list}
		known := 0
		for _, v := range c.order {
			if _, ok := codes.AreaIn(list, v); ok {
				known++
			} else if len(fit.miss) < 5 {
				fit.miss = append(fit.miss, v)
			}
		}
		if len(c.order) > 0 {
			fit.share = float64(known) / float64(len(c.order))
		}
		// Another office's list must know clearly more than the general ones.
		rank := areaRank(list, country)
		score := fit.share
		if rank == 0 {
			score -= 0.05
		}
		if score > bestScore || score == bestScore && rank > bestRank {
			best, bestRank, bestScore = fit, rank, score
		}
	}
	return best
}

// areaRank orders lists that know the same values.
func areaRank(list, country string) int {
	own := map[string]string{
		"CA": "statcan", "AU": "au-abs", "ID": "indonesia-names",
	}
	byCountry := map[string][]string{"US": {"us-schedule-c", "us-census-names"}, "GB": {"uk-hmrc", "uk-hmrc-seq"}, "NZ": {"nz-names"}}
	switch {
	case country != "" && (own[country] == list || slices.Contains(byCountry[country], list)):
		return 3
	case list == "iso2" || list == "iso3" || list == "names":
		return 2
	case list == "comtrade" || list == "m49":
		return 1
	}
	return 0
}

// findAreas looks for the columns of reporter and partner.
func (p *proposal) findAreas() {
	p.country = p.answers.Reporter
	var found []*column
	fits := map[*column]areaFit{}
	for _, c := range p.free() {
		if len(c.order) == 0 || c.says("unit") || c.says("commodity") && !c.says("partner") {
			continue
		}
		fit := c.fitAreas(p.country)
		named := c.says("partner") || c.says("reporter")
		// Two letters and small numbers mean many things: without a name that
		// says so, nearly all must be known, and there must be many.
		least, few := 0.6, 1
		if !named {
			least, few = 0.95, 15
			if p.table.Shape.NoHeader { // no column has a name
				few = 4
			}
		}
		if fit.share >= least && len(c.order) >= few {
			found, fits[c] = append(found, c), fit
		}
	}
	reporters := slices.DeleteFunc(slices.Clone(found), func(c *column) bool { return !c.says("reporter") })
	seconds := slices.DeleteFunc(slices.Clone(found), func(c *column) bool { return !c.says("second") })
	partners := slices.DeleteFunc(slices.Clone(found), func(c *column) bool { return c.says("reporter") || c.says("second") })
	p.takeReporter(bestArea(reporters, fits), fits)
	p.takePartner(bestArea(partners, fits), fits)
	for _, c := range append(append(reporters, partners...), seconds...) {
		p.twinArea(c)
	}
	if p.partner == nil && p.strangeNames() == nil {
		p.doubt("partner", guichet.Text{
			EN: "no column names partner countries: the figures are taken to be of all partners together",
			FR: "aucune colonne ne nomme de pays partenaires : les chiffres sont pris pour ceux de tous les partenaires ensemble",
		})
	}
}

// strangeNames finds a column that is called a country and whose texts no list
// knows, such as names in a language that is not held.
func (p *proposal) strangeNames() *column {
	for _, c := range p.free() {
		if !c.says("partner") || c.says("description") && p.partner != nil || c.numbers.share > 0.5 || len(c.order) < 2 {
			continue
		}
		fit := c.fitAreas(p.country)
		p.open("columns."+c.name, guichet.Text{
			EN: fmt.Sprintf("called a country, and no list held here knows more than %s of its texts (%s; not %s): put codes of ISO 3166-1 in their place, and take the lines partner: _NB and partner_kind below out for a key of the rule area", percent(fit.share), fit.list, quoted(fit.miss)),
			FR: fmt.Sprintf("nommée comme un pays, et aucune liste tenue ici ne connaît plus de %s de ses textes (%s ; pas %s) : mettez-y des codes ISO 3166-1, et remplacez les lignes partner: _NB et partner_kind plus bas par une clé de la règle area", percent(fit.share), fit.list, quoted(fit.miss)),
		})
		c.role = "strange"
		return c
	}
	return nil
}

// bestArea prefers what a list knows best; of two as good, codes to names.
func bestArea(cols []*column, fits map[*column]areaFit) *column {
	var best *column
	score := func(c *column) float64 {
		s := fits[c].share
		if !strings.HasSuffix(fits[c].list, "names") {
			s += 0.02
		}
		if len(c.order) == 1 { // one country only: another column may say more
			s -= 0.5
		}
		return s
	}
	for _, c := range cols {
		if best == nil || score(c) > score(best) {
			best = c
		}
	}
	return best
}

func (p *proposal) takeReporter(c *column, fits map[*column]areaFit) {
	if c == nil {
		return
	}
	fit := fits[c]
	c.role, c.share = "reporter", fit.share
	p.reporter, p.reporterList = c, fit.list
	if p.answers.Reporter == "" && len(c.order) == 1 {
		if a, ok := codes.AreaIn(fit.list, c.order[0]); ok {
			p.country = a.Code
		}
	}
	p.missed("reporter", fit, c)
}

func (p *proposal) takePartner(c *column, fits map[*column]areaFit) {
	if c == nil {
		return
	}
	fit := fits[c]
	if p.country != "" { // the reporter's own list may be as good
		fit = c.fitAreas(p.country)
	}
	c.role, c.share = "partner", fit.share
	p.partner, p.partnerList = c, fit.list
	p.missed("partner", fit, c)
	if c.empty > 0 {
		p.doubt("partner", guichet.Text{
			EN: fmt.Sprintf("%d lines name no partner: _NB says that they are not broken down; _UN would say unknown", c.empty),
			FR: fmt.Sprintf("%d lignes ne nomment pas de partenaire : _NB dit qu'elles ne sont pas ventilées ; _UN dirait inconnu", c.empty),
		})
	}
	worlds, groups := 0, 0
	for v, n := range c.values {
		if a, ok := codes.AreaIn(fit.list, v); ok && a.Kind == codes.World {
			worlds += n
		} else if ok && a.Kind == codes.Group {
			groups += n
		}
	}
	if worlds+groups > 0 {
		p.doubt("partner", guichet.Text{
			EN: fmt.Sprintf("%d lines are totals of the world and %d of groups of countries: they are kept apart and never added to their members", worlds, groups),
			FR: fmt.Sprintf("%d lignes sont des totaux du monde et %d de groupes de pays : elles sont tenues à part et jamais ajoutées à leurs membres", worlds, groups),
		})
	}
}

// missed tells which values no list knows.
func (p *proposal) missed(about string, fit areaFit, c *column) {
	text := guichet.Text{
		EN: fmt.Sprintf("column %q: %s of its %d different values are areas of the list %s", c.name, percent(fit.share), len(c.order), fit.list),
		FR: fmt.Sprintf("colonne « %s » : %s de ses %d valeurs différentes sont des zones de la liste %s", c.name, percent(fit.share), len(c.order), fit.list),
	}
	if len(c.order) == 1 {
		text = guichet.Text{
			EN: fmt.Sprintf("column %q holds one area only, of the list %s", c.name, fit.list),
			FR: fmt.Sprintf("la colonne « %s » ne porte qu'une zone, de la liste %s", c.name, fit.list),
		}
	}
	if len(fit.miss) > 0 {
		text.EN += "; not in it, and so put aside: " + quoted(fit.miss)
		text.FR += " ; n'y sont pas, et seraient mises de côté : " + quoted(fit.miss)
	}
	p.doubt(about, text)
}

// twinArea settles a column that says the same country another way.
func (p *proposal) twinArea(c *column) {
	about := []*column{p.partner, p.reporter}
	if c.says("reporter") {
		slices.Reverse(about)
	}
	for _, of := range about {
		if c.role == "" && of != nil && p.follows([]*column{of}, c) {
			p.passOver(c, guichet.Text{
				EN: fmt.Sprintf("says again what column %q says", of.name),
				FR: fmt.Sprintf("redit ce que dit la colonne « %s »", of.name),
			})
		}
	}
}

// quoted writes some values for people, each cut short.
func quoted(values []string) string {
	out := make([]string, len(values))
	for i, v := range values {
		if r := []rune(v); len(r) > 40 {
			v = string(r[:40]) + "..."
		}
		out[i] = fmt.Sprintf("%q", v)
	}
	return strings.Join(out, ", ")
}
