package draft

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"guichet"
	"guichet/codes"
)

// findUnits looks for the columns of units beside the quantities.
func (p *proposal) findUnits() {
	wanted := 0
	for _, field := range []string{"quantity", "quantity2"} {
		if slices.ContainsFunc(p.figures, func(f figure) bool { return f.field == field }) {
			wanted++
		}
	}
	if wanted == 0 {
		return
	}
	taken := 0
	for _, c := range p.free() {
		if len(c.order) == 0 || len(c.order) > 120 || taken == wanted || taken == 1 && !p.ofSecondQuantity(c) {
			continue
		}
		list, share := c.fitUnits()
		if share < 0.6 || !c.says("unit") && (share < 0.9 || len(c.order) < 2) {
			continue
		}
		c.role, c.share = map[int]string{0: "unit", 1: "unit2"}[taken], share
		p.units[taken] = unitColumn{c, list}
		taken++
		p.doubt(c.role, guichet.Text{
			EN: fmt.Sprintf("%s of the units are in the list %s", percent(share), list),
			FR: fmt.Sprintf("%s des unités sont dans la liste %s", percent(share), list),
		})
		for _, twin := range p.free() {
			if twin.says("unit") && len(twin.order) > 0 && p.follows([]*column{c}, twin) {
				p.passOver(twin, guichet.Text{EN: fmt.Sprintf("says again what column %q says", c.name), FR: fmt.Sprintf("redit ce que dit la colonne « %s »", c.name)})
			}
		}
	}
	if taken == 0 {
		p.doubt("measures.quantity", guichet.Text{
			EN: "no column names the unit of the quantity: a quantity without unit is compared with nothing",
			FR: "aucune colonne ne nomme l'unité de la quantité : une quantité sans unité ne se compare à rien",
		})
	}
}

// ofSecondQuantity says whether a name shares a word with the second quantity
// that the first has not: alt of "Alt Qty Unit" and "Alt Qty".
func (p *proposal) ofSecondQuantity(c *column) bool {
	var first, second []string
	for _, f := range p.figures {
		switch f.field {
		case "quantity":
			first = append(first, f.col.words...)
		case "quantity2":
			second = append(second, f.col.words...)
		}
	}
	return slices.ContainsFunc(c.words, func(w string) bool { return slices.Contains(second, w) && !slices.Contains(first, w) })
}

// fitUnits returns the list of units that knows most values.
func (c *column) fitUnits() (list string, share float64) {
	for _, l := range codes.UnitLists() {
		known := 0
		for _, v := range c.order {
			if _, ok := codes.UnitIn(l, v); ok {
				known++
			}
		}
		if s := float64(known) / float64(len(c.order)); s > share {
			list, share = l, s
		}
	}
	return list, share
}

// findStatus looks for a column that says how final the figures are.
func (p *proposal) findStatus() {
	meanings := map[string]string{
		"final": "final", "definitif": "final", "definitivo": "final", "endgultig": "final", "tetap": "final", //nolint:misspell // Spanish
		"provisional": "preliminary", "preliminary": "preliminary", "provisoire": "preliminary", "preliminar": "preliminary", "vorlaufig": "preliminary", "sementara": "preliminary",
		"revised": "revised", "revise": "revised", "revisado": "revised", "revidiert": "revised",
	}
	for _, c := range p.free() {
		if len(c.order) == 0 || len(c.order) > 6 {
			continue
		}
		found := map[string]string{}
		for _, v := range c.order {
			if m := meanings[strings.Join(words(v), "")]; m != "" {
				found[v] = m
			}
		}
		if len(found) == len(c.order) {
			c.role, c.share = "finality", 1
			p.status, p.finality = c, found
			return
		}
	}
}

// settleRest decides about the columns that nothing uses: those that repeat
// another, are empty or constant are ignored; of the others only those that no
// two lines need to be told apart.
func (p *proposal) settleRest() {
	keys := p.keyColumns()
	for _, c := range p.free() {
		switch {
		case len(c.order) == 0:
			p.passOver(c, guichet.Text{EN: "empty in every line that was looked at", FR: "vide dans chaque ligne regardée"})
		case c.constant():
			p.ignoreConstant(c)
		default:
			p.ignoreRepeated(c, keys)
		}
	}
	rest := p.free()
	if len(rest) == 0 {
		return
	}
	twice := p.twice(keys)
	for _, c := range rest {
		if twice == 0 {
			p.ignore(c, guichet.Text{
				EN: "use not known; no two of the lines looked at need it to be told apart",
				FR: "usage inconnu ; aucune des lignes regardées n'en a besoin pour se distinguer d'une autre",
			})
			continue
		}
		if with := p.twice(append(slices.Clone(keys), c)); with == twice && len(rest) > 1 {
			p.ignore(c, guichet.Text{
				EN: "use not known; it tells no lines apart that are alike in the other keys",
				FR: "usage inconnu ; elle ne distingue pas de lignes semblables par leurs autres clés",
			})
			continue
		}
		p.open("columns."+c.name, guichet.Text{
			EN: fmt.Sprintf("may be a dimension (%d values, such as %s): %d lines are alike in all other keys; use it, or write ignored: true if these lines may be added up", len(c.order), quoted(c.order[:min(3, len(c.order))]), twice),
			FR: fmt.Sprintf("peut être une dimension (%d valeurs, comme %s) : %d lignes sont semblables par toutes les autres clés ; employez-la, ou écrivez ignored: true si ces lignes peuvent être additionnées", len(c.order), quoted(c.order[:min(3, len(c.order))]), twice),
		})
	}
}

// keyColumns are the columns that make the key of a line.
func (p *proposal) keyColumns() []*column {
	var out []*column
	for _, c := range []*column{p.period.col, p.joined, p.goods.col, p.reporter, p.partner, p.flow, p.edition, p.units[0].col, p.units[1].col} {
		if c != nil {
			out = append(out, c)
		}
	}
	return out
}

// twice counts the lines that are alike in all these columns with an earlier
// one.
func (p *proposal) twice(cols []*column) int {
	seen := make(map[string]bool, len(p.table.Rows))
	n := 0
	for _, r := range p.table.Rows {
		k := keyOf(r, cols)
		if seen[k] {
			n++
		}
		seen[k] = true
	}
	return n
}

func keyOf(row []string, cols []*column) string {
	var b strings.Builder
	for _, c := range cols {
		b.WriteString(row[c.at])
		b.WriteByte(0)
	}
	return b.String()
}

// follows says whether a column's text follows from others: the same key never
// has two texts.
func (p *proposal) follows(from []*column, c *column) bool {
	seen := make(map[string]string)
	for _, r := range p.table.Rows {
		k := keyOf(r, from)
		if old, ok := seen[k]; ok && old != r[c.at] {
			return false
		}
		seen[k] = r[c.at]
	}
	return len(seen) > 0
}

// ignore ignores a column, for a reason that is worth a look.
func (p *proposal) ignore(c *column, text guichet.Text) {
	c.role = "ignored"
	p.doubt("columns."+c.name, text)
}

// passOver ignores a column that holds nothing new.
func (p *proposal) passOver(c *column, text guichet.Text) {
	c.role = "ignored"
	p.note(Doubt{About: "columns." + c.name, Text: text, Minor: true})
}

func (p *proposal) ignoreConstant(c *column) {
	v := c.order[0]
	if !p.table.Whole || len(p.table.Rows) >= 20 {
		place := c.says("partner") || c.says("reporter") || c.says("description") || c.says("unit") || c.says("status")
		if kind, _ := numberOf(v); kind == notNumber && len(v) <= 20 && !place && !slices.Contains([]string{"true", "false"}, strings.ToLower(v)) {
			c.only = v
			p.ignore(c, guichet.Text{
				EN: fmt.Sprintf("%q in every line looked at: a file that begins with anything else is not recognised", v),
				FR: fmt.Sprintf("« %s » dans chaque ligne regardée : un fichier qui commence autrement n'est pas reconnu", v),
			})
			return
		}
	}
	p.passOver(c, guichet.Text{EN: fmt.Sprintf("%q in every line looked at", v), FR: fmt.Sprintf("« %s » dans chaque ligne regardée", v)})
}

// ignoreRepeated ignores a column whose text follows from one of the keys, as
// a description from its code.
func (p *proposal) ignoreRepeated(c *column, keys []*column) {
	for _, k := range keys {
		// Where every line has its own code anything follows from it.
		trivial := len(k.order)*10 > len(p.table.Rows)*9 && !c.says("description") && !c.long()
		if len(k.order) > 1 && !trivial && p.follows([]*column{k}, c) {
			p.passOver(c, guichet.Text{EN: fmt.Sprintf("follows from column %q", k.name), FR: fmt.Sprintf("découle de la colonne « %s »", k.name)})
			return
		}
	}
	if c.says("description") && c.long() {
		p.passOver(c, guichet.Text{EN: "a text that describes", FR: "un texte qui décrit"})
	}
}

// long says whether the values are sentences rather than codes.
func (c *column) long() bool {
	total := 0
	for _, v := range c.order {
		total += len(v)
	}
	return len(c.order) > 0 && total/len(c.order) > 15
}

// sortedKeys returns the keys of a map in order.
func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
