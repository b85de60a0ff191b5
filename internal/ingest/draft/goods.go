package draft

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"guichet"
	"guichet/codes"
	"guichet/hs"
)

// codeTexts are the values of a column read as codes of goods.
type codeTexts struct {
	digits  []string // without what parts them
	lengths map[int]int
	strip   string   // signs that part them
	total   []string // texts that mean all goods
	bad     int
	known   float64 // share whose first six digits, or all of two or four, are in an edition
}

// readCodes reads the values of a column as codes of goods: "0101.21 00".
func (c *column) readCodes() codeTexts {
	t := codeTexts{lengths: map[int]int{}}
	known := 0
	for _, v := range c.order {
		if slices.Contains([]string{"total", "all", "todos", "tous", "gesamt", "jumlah", "alle", "all commodities"}, strings.ToLower(v)) {
			t.total = append(t.total, v)
			continue
		}
		d := strings.NewReplacer(".", "", " ", "").Replace(v)
		if strings.Trim(d, "0123456789") != "" || len(d) < 2 || len(d) > 12 {
			t.bad++
			continue
		}
		for _, sign := range []string{".", " "} {
			if strings.Contains(v, sign) && !strings.Contains(t.strip, sign) {
				t.strip += sign
			}
		}
		t.digits = append(t.digits, d)
		t.lengths[len(d)]++
		if inSomeEdition(d) {
			known++
		}
	}
	if n := len(t.digits) + t.bad; n > 0 {
		t.known = float64(known) / float64(n)
	}
	return t
}

// inSomeEdition says whether the first six digits, or a chapter or heading, are
// of the HS in any edition that is held, or of the national chapters 98 and 99.
func inSomeEdition(d string) bool {
	if strings.HasPrefix(d, "98") || strings.HasPrefix(d, "99") {
		return true
	}
	cut := d[:min(len(d), 6)]
	if len(cut)%2 == 1 {
		return false
	}
	return slices.ContainsFunc(hs.Editions(), func(e hs.Edition) bool { return hs.Known(e, hs.Code(cut)) })
}

// findCommodity looks for the column of goods.
func (p *proposal) findCommodity() {
	var best *column
	var bestTexts codeTexts
	bestScore := 0.0
	for _, c := range p.free() {
		t := c.readCodes()
		if lost := c.padded(t); lost > 0 {
			t = c.padTo(lost)
		}
		longest := 0
		for n := range t.lengths {
			longest = max(longest, n)
		}
		// Figures of six digits are rarely codes, but chapters and headings are
		// numbers like any other: they need a name that says so.
		onlyTotal := len(t.total) > 0 && len(t.digits)+t.bad == 0 && c.says("commodity") && !c.long()
		if onlyTotal {
			t.known = 0.5 // a column of codes beside it says more
		} else if t.known < 0.6 || longest < 6 && !c.says("commodity") || t.known < 0.9 && !c.says("commodity") {
			continue
		}
		score := t.known
		if c.says("commodity") {
			score++
		}
		if score > bestScore {
			best, bestTexts, bestScore = c, t, score
		}
	}
	if best == nil {
		p.doubt("every", guichet.Text{
			EN: "no column holds codes of goods: the figures are taken to be of all goods together",
			FR: "aucune colonne ne porte de codes de marchandises : les chiffres sont pris pour ceux de toutes les marchandises ensemble",
		})
		return
	}
	best.role = "code"
	p.goods = goods{col: best, strip: bestTexts.strip, total: bestTexts.total, pad: best.padded(best.readCodes())}
	for n := range bestTexts.lengths {
		p.goods.digits = max(p.goods.digits, n)
	}
	p.goods.levels = len(bestTexts.lengths) > 1
	p.findEditionColumn()
	p.chooseList(bestTexts)
	p.tellGoods(bestTexts)
}

// padded finds codes that were read as numbers once and lost their first zero:
// some have one digit less than the others, and none of the others begins with
// 0. It returns the length that they had, 0 when nothing was lost.
func (c *column) padded(t codeTexts) int {
	for full := 6; full <= 10; full += 2 {
		if t.lengths[full-1] == 0 || t.lengths[full] == 0 {
			continue
		}
		zero := slices.ContainsFunc(t.digits, func(d string) bool { return len(d) == full && d[0] == '0' })
		if !zero {
			return full
		}
	}
	return 0
}

// padTo reads the codes again with their first zero.
func (c *column) padTo(full int) codeTexts {
	whole := *c
	whole.order = nil
	for _, v := range c.order {
		if d := strings.NewReplacer(".", "", " ", "").Replace(v); len(d) == full-1 {
			v = "0" + d
		}
		whole.order = append(whole.order, v)
	}
	return whole.readCodes()
}

// findEditionColumn looks for a column that names the HS edition row by row.
func (p *proposal) findEditionColumn() {
	for _, c := range p.free() {
		if len(c.order) == 0 || len(c.order) > 8 {
			continue
		}
		// H0 to H2, the editions before 2007, are not held; they are editions all
		// the same, and may not stand alone.
		older, held := regexp.MustCompile(`^(H|HS ?(19|20)?)[0-9]+$`), false
		all := !slices.ContainsFunc(c.order, func(v string) bool {
			_, err := hs.ParseEdition(v)
			held = held || err == nil
			return err != nil && !older.MatchString(v)
		})
		if all && held && c.empty == 0 {
			c.role, p.edition = "edition", c
			return
		}
	}
}

// listFit is how well a list of goods knows the codes.
type listFit struct {
	name, country string
	flows         []string
	share         float64
	miss          []string
}

// fitLists returns the fits of the national lists of this many digits, the
// best first; of several snapshots of a list the best.
func (t codeTexts) fitLists(digits int) []listFit {
	best := map[string]listFit{}
	var full []string
	for _, d := range t.digits {
		if len(d) == digits && !strings.HasPrefix(d, "98") && !strings.HasPrefix(d, "99") {
			full = append(full, d)
		}
	}
	for _, l := range codes.Lists() {
		on, err := time.Parse(time.DateOnly, l.Snapshot)
		if err != nil || l.Digits != digits || len(full) == 0 {
			continue
		}
		fit := listFit{name: l.Name, country: l.Country, flows: l.Flows}
		known := 0
		for _, d := range full {
			if _, s := codes.CommodityIn(l.Name, d, on); s == codes.Listed || s == codes.NotInForce {
				known++
			} else if len(fit.miss) < 3 {
				fit.miss = append(fit.miss, d)
			}
		}
		fit.share = float64(known) / float64(len(full))
		if old, ok := best[l.Name]; !ok || fit.share > old.share {
			best[l.Name] = fit
		}
	}
	var out []listFit
	for _, f := range best {
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b listFit) int {
		if a.share != b.share {
			return map[bool]int{true: -1, false: 1}[a.share > b.share]
		}
		return strings.Compare(a.name, b.name)
	})
	return out
}

// chooseList finds the list by which the codes are judged. A list of another
// country than the reporter's is never taken, however well it fits: its codes
// may mean something else there.
func (p *proposal) chooseList(t codeTexts) {
	g := &p.goods
	if g.digits <= 6 {
		g.list, g.held = "hs", true
		p.goodsShare(t)
		return
	}
	fits := t.fitLists(g.digits)
	for _, f := range fits {
		ours := p.country == "" || f.country == p.country || f.country == "EU" && p.country != "GB" && euMember(p.country)
		// Whose the codes are is a strong sign; without it a few codes fit many lists.
		least := 0.6
		if p.country == "" {
			least = 0.8
		}
		if ours && f.share >= least && (p.country != "" || len(t.digits) >= 20) {
			g.list, g.held, g.col.share = f.name, true, f.share
			p.tellList(f, fits)
			return
		}
	}
	owner := strings.ToLower(p.country)
	if owner == "" {
		owner = "national"
	}
	g.list, g.held = fmt.Sprintf("%s-hs%d", owner, g.digits), false
	g.col.share = t.known
	text := guichet.Text{
		EN: fmt.Sprintf("no list of %d digits held here fits: %q is named for it and nothing is looked up in it; give it the office's own name", g.digits, g.list),
		FR: fmt.Sprintf("aucune liste de %d chiffres tenue ici ne convient : « %s » la nomme et rien n'y est cherché ; donnez-lui le nom qu'emploie l'office", g.digits, g.list),
	}
	if len(fits) > 0 {
		text.EN += fmt.Sprintf(" (the nearest, %s, knows %s of the codes)", fits[0].name, percent(fits[0].share))
		text.FR += fmt.Sprintf(" (la plus proche, %s, connaît %s des codes)", fits[0].name, percent(fits[0].share))
	}
	p.doubt("commodity.list", text)
}

// euMember says whether a country uses the Combined Nomenclature as a member
// state of the European Union (27 since 2020).
func euMember(country string) bool {
	return strings.Contains(" AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE ", " "+country+" ")
}

func (p *proposal) tellList(f listFit, fits []listFit) {
	text := guichet.Text{
		EN: fmt.Sprintf("%s of the full codes are in the list %s", percent(f.share), f.name),
		FR: fmt.Sprintf("%s des codes entiers sont dans la liste %s", percent(f.share), f.name),
	}
	if len(f.miss) > 0 {
		text.EN += " (not in it: " + strings.Join(f.miss, ", ") + ")"
		text.FR += " (n'y sont pas : " + strings.Join(f.miss, ", ") + ")"
	}
	for _, other := range fits {
		if other.name != f.name && other.share > f.share-0.1 {
			text.EN += fmt.Sprintf("; %s knows %s", other.name, percent(other.share))
			text.FR += fmt.Sprintf(" ; %s en connaît %s", other.name, percent(other.share))
		}
	}
	p.doubt("commodity.list", text)
}

// goodsShare tells by edition how many of the plain HS codes are known.
func (p *proposal) goodsShare(t codeTexts) {
	var told []string
	for _, e := range hs.Editions() {
		known, all := 0, 0
		for _, d := range t.digits {
			if len(d)%2 == 0 && d[:2] < "98" {
				all++
				if hs.Known(e, hs.Code(d)) {
					known++
				}
			}
		}
		if all == 0 {
			continue
		}
		share := float64(known) / float64(all)
		p.goods.col.share = max(p.goods.col.share, share)
		told = append(told, fmt.Sprintf("%s %s", e, percent(share)))
	}
	text := guichet.Text{
		EN: "codes of the HS; known by edition: " + strings.Join(told, ", "),
		FR: "codes du SH ; connus par édition : " + strings.Join(told, ", "),
	}
	if p.edition == nil {
		text.EN += "; the edition follows from country and period, or write params edition"
		text.FR += " ; l'édition découle du pays et de la période, ou écrivez params edition"
	}
	p.doubt("commodity.list", text)
}

// tellGoods tells what is odd about the codes.
func (p *proposal) tellGoods(t codeTexts) {
	g := p.goods
	if g.pad > 0 {
		p.doubt("commodity", guichet.Text{
			EN: fmt.Sprintf("some codes have %d digits and none of %d begins with 0: their first zero was lost, and pad_left puts it back", g.pad-1, g.pad),
			FR: fmt.Sprintf("des codes ont %d chiffres et aucun de %d ne commence par 0 : leur premier zéro s'est perdu, et pad_left le remet", g.pad-1, g.pad),
		})
	}
	if g.levels {
		p.doubt("commodity", guichet.Text{
			EN: fmt.Sprintf("codes of %s digits stand in one column: the shorter are taken for subtotals where finer codes of the file begin with them", lengthsOf(t)),
			FR: fmt.Sprintf("des codes de %s chiffres sont dans une même colonne : les plus courts sont pris pour des sous-totaux quand des codes plus fins du fichier commencent par eux", lengthsOf(t)),
		})
	}
	if len(g.total) > 0 {
		p.doubt("commodity", guichet.Text{
			EN: quoted(g.total) + " is taken for the total of all goods, kept apart from its parts",
			FR: quoted(g.total) + " est pris pour le total de toutes les marchandises, tenu à part de ses composantes",
		})
	}
	if t.bad > 0 {
		p.doubt("commodity", guichet.Text{
			EN: fmt.Sprintf("%d texts of the column are no code: their lines would be put aside", t.bad),
			FR: fmt.Sprintf("%d textes de la colonne ne sont pas des codes : leurs lignes seraient mises de côté", t.bad),
		})
	}
}

func lengthsOf(t codeTexts) string {
	var all []int
	for n := range t.lengths {
		all = append(all, n)
	}
	slices.Sort(all)
	return strings.Trim(fmt.Sprint(all), "[]")
}
