package draft

import (
	"fmt"
	"strings"

	"guichet"
	"guichet/codes"
)

// findFlow looks for a column that names the flow row by row. Words are
// preferred to letters and numbers, whose meaning is a convention.
func (p *proposal) findFlow() {
	var best *column
	worded := false
	for _, c := range p.free() {
		if len(c.order) == 0 || len(c.order) > 12 || c.empty > 0 {
			continue
		}
		plain, all := true, true
		for _, v := range c.order {
			all = all && flowWord(v, c.says("flow")) != ""
			plain = plain && flowWord(v, false) != ""
		}
		if all && (best == nil || plain && !worded) {
			best, worded = c, plain
		}
	}
	if best == nil {
		return
	}
	best.role, best.share = "flow", 1
	p.flow, p.flowMap = best, map[string]string{}
	for _, v := range best.order {
		p.flowMap[v] = flowWord(v, best.says("flow"))
	}
	if !worded {
		p.doubt("flow", guichet.Text{
			EN: fmt.Sprintf("the codes of column %q are read as UN Comtrade writes them (1 or M imports, 2 or X exports)", best.name),
			FR: fmt.Sprintf("les codes de la colonne « %s » sont lus comme les écrit UN Comtrade (1 ou M importations, 2 ou X exportations)", best.name),
		})
	}
	for _, c := range p.free() {
		if len(c.order) <= 12 && len(c.order) > 0 && c.says("flow") && p.follows([]*column{best}, c) {
			p.passOver(c, guichet.Text{
				EN: fmt.Sprintf("says again what column %q says", best.name),
				FR: fmt.Sprintf("redit ce que dit la colonne « %s »", best.name),
			})
		}
	}
}

// flows are the flows that the file holds: of its column, of the names of its
// figures, or the one that was said or that a name suggests; nil when unknown.
func (p *proposal) flows() []string {
	seen := map[string]bool{}
	var out []string
	add := func(f string) {
		if f != "" && !seen[f] {
			seen[f] = true
			out = append(out, f)
		}
	}
	if p.flow != nil {
		for _, v := range p.flow.order {
			add(p.flowMap[v])
		}
		return out
	}
	for _, f := range p.figures {
		if f.field == "value" {
			add(f.flow)
		}
	}
	if len(out) > 0 {
		return out
	}
	add(p.answers.Flow)
	return out
}

// suggestFlow looks for a flow in the names of other columns and of the file.
func (p *proposal) suggestFlow() (flow, from string) {
	for _, c := range p.columns {
		if f := flowOf(c.words); f != "" {
			return f, c.name
		}
	}
	if p.partner != nil {
		for _, w := range p.partner.words {
			switch {
			case strings.Contains(" destination destino tujuan bestimmung bestimmungsland ", " "+w+" "):
				return "exports", p.partner.name
			case strings.Contains(" origin origine origen origem asal ursprung ursprungsland procedencia provenance departure ", " "+w+" "):
				return "imports", p.partner.name
			}
		}
	}
	for _, l := range codes.Lists() {
		if l.Name == p.goods.list && len(l.Flows) == 1 {
			return l.Flows[0], l.Name
		}
	}
	if f := flowOf(words(p.table.File)); f != "" {
		return f, p.table.File
	}
	return "", ""
}
