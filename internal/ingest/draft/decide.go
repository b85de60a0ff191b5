package draft

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"guichet"
)

// side is the part of the records that one flow, or one direction of a column
// of flows, makes.
type side struct {
	flow      string   // "" when a column names it
	texts     []string // of the flow column: those of this side
	not       bool     // all others of the flow column
	valuation string
	role      string
	key       string // of the goods
	outward   bool
	figures   []figure
}

// decide turns what was found into the records, and notes what only a person
// can say.
func (p *proposal) decide() {
	for _, f := range p.figures {
		p.tellThousands(f.col)
		p.tellScale(f.col)
	}
	if p.goods.col != nil && p.goods.col.at < len(p.table.Typed) && p.table.Typed[p.goods.col.at] {
		p.open("columns."+p.goods.col.name, guichet.Text{
			EN: "the codes are JSON numbers: their first zeros are lost before anybody reads them; ask the office for texts",
			FR: "les codes sont des nombres JSON : leurs premiers zéros sont perdus avant toute lecture ; demandez des textes à l'office",
		})
	}
	p.doubt("fields.regime", guichet.Text{
		EN: "statistical is the narrowest regime: such figures serve no enforcement; administrative and public are the others",
		FR: "statistical est le régime le plus étroit : ces chiffres ne servent à aucun contrôle ; les autres sont administrative et public",
	})
	p.doubt("fields.basis", guichet.Text{
		EN: "what the period counts by: acceptance, release, crossing, account_month; the office's notes say it",
		FR: "selon quoi la période compte : acceptance, release, crossing, account_month ; les notes de l'office le disent",
	})
	if slices.ContainsFunc(p.columns, func(c *column) bool {
		return slices.ContainsFunc(c.words, func(w string) bool {
			return slices.Contains([]string{"declaration", "declarant", "importer", "exporter", "consignee", "consignor"}, w)
		})
	}) {
		p.doubt("fields.grain", guichet.Text{
			EN: "columns name declarations or traders: if each line is one of a declaration, write line, and give the private fields their columns (docs/design/record.md)",
			FR: "des colonnes nomment des déclarations ou des opérateurs : si chaque ligne en est une d'une déclaration, écrivez line, et donnez leurs colonnes aux champs privés (docs/design/record.md)",
		})
	}
	p.doubt("trade_system", guichet.Text{
		EN: "general, special_strict or special_relaxed: the office's notes say it",
		FR: "general, special_strict ou special_relaxed : les notes de l'office le disent",
	})
}

// tellThousands tells of separators of thousands, which the column's grouped
// takes out where they are one sign.
func (p *proposal) tellThousands(c *column) {
	switch {
	case !c.numbers.thousands:
	case c.numbers.either:
		p.open("columns."+c.name, guichet.Text{
			EN: fmt.Sprintf("in %q a comma has three digits after it, always: thousands, or decimals? (grouped: \",\" here, or comma: true at the measure)", c.name),
			FR: fmt.Sprintf("dans « %s » une virgule est toujours suivie de trois chiffres : milliers, ou décimales ? (grouped: \",\" ici, ou comma: true à la mesure)", c.name),
		})
	case c.numbers.grouped != "":
		p.doubt("columns."+c.name, guichet.Text{
			EN: fmt.Sprintf("%q is taken for the sign between groups of three digits", c.numbers.grouped),
			FR: fmt.Sprintf("« %s » est pris pour le signe entre groupes de trois chiffres", c.numbers.grouped),
		})
	default:
		p.open("figure."+c.name, guichet.Text{
			EN: fmt.Sprintf("the figures of %q are grouped in more than one way: no profile reads them; ask for the file without", c.name),
			FR: fmt.Sprintf("les chiffres de « %s » sont groupés de plusieurs façons : aucun profil ne les lit ; demandez le fichier sans cela", c.name),
		})
	}
}

// sides are the records of a line.
func (p *proposal) sides() []side {
	flows := p.flows()
	if p.flow != nil {
		return p.sidesByColumn(flows)
	}
	if len(flows) == 0 {
		return []side{p.sideUnknown()}
	}
	out := make([]side, 0, len(flows))
	for _, f := range flows {
		s := side{flow: f, outward: outward(f)}
		for _, x := range p.figures {
			if x.flow == f || x.flow == "" || len(flows) == 1 {
				s.figures = append(s.figures, x)
			}
		}
		out = append(out, p.complete(s))
	}
	return out
}

func (p *proposal) sideUnknown() side {
	flow, from := p.suggestFlow()
	s := side{flow: cmp.Or(flow, FillMe), outward: outward(flow), figures: p.figures}
	if flow != "" {
		p.doubt("flow", guichet.Text{
			EN: fmt.Sprintf("the flow is read from the name %q", from),
			FR: fmt.Sprintf("le flux est lu dans le nom « %s »", from),
		})
	} else {
		p.open("flow", guichet.Text{
			EN: "imports, exports, domestic_exports, re_exports or re_imports? (--flow)",
			FR: "imports, exports, domestic_exports, re_exports ou re_imports ? (--flow)",
		})
	}
	return p.complete(s)
}

// sidesByColumn gives one record to what comes in and one to what goes out.
func (p *proposal) sidesByColumn(flows []string) []side {
	var in, out []string
	for _, v := range p.flow.order {
		if outward(p.flowMap[v]) {
			out = append(out, v)
		} else {
			in = append(in, v)
		}
	}
	if len(in) == 0 || len(out) == 0 {
		s := p.complete(side{outward: len(in) == 0, figures: p.figures})
		p.doubt("flow", guichet.Text{
			EN: fmt.Sprintf("only %s were seen; a line of any other flow would be put aside", strings.Join(flows, ", ")),
			FR: fmt.Sprintf("seuls %s ont été vus ; une ligne de tout autre flux serait mise de côté", strings.Join(flows, ", ")),
		})
		return []side{s}
	}
	return []side{
		p.complete(side{texts: in, figures: p.figures}),
		p.complete(side{texts: in, not: true, outward: true, figures: p.figures}),
	}
}

// complete says the valuation, the partner's role and the key of goods.
func (p *proposal) complete(s side) side {
	s.valuation = p.answers.Valuation
	for _, f := range s.figures {
		if f.field == "value" && s.valuation == "" {
			s.valuation = f.valuation
		}
	}
	if s.valuation == "" {
		s.valuation = FillMe
		p.open("valuation", guichet.Text{
			EN: "cif, fob, fob_place_direct, customs_value, fas, invoice; unknown where the office does not say (--valuation)",
			FR: "cif, fob, fob_place_direct, customs_value, fas, invoice ; unknown si l'office ne le dit pas (--valuation)",
		})
	}
	s.role = "origin"
	switch {
	case s.flow == FillMe:
		s.role = "unknown"
	case s.outward:
		s.role = "last_known_destination"
	case p.partner != nil && slices.ContainsFunc(p.partner.words, func(w string) bool {
		return slices.Contains([]string{"consignment", "dispatch", "procedencia", "provenance", "departure"}, w)
	}):
		s.role = "consignment"
	case p.partner != nil:
		p.doubt("partner_role", guichet.Text{
			EN: "the partner of imports is taken for the country of origin; consignment and purchase_or_sale are the others",
			FR: "le partenaire des importations est pris pour le pays d'origine ; consignment et purchase_or_sale sont les autres",
		})
	}
	return s
}

// goodsKeys names the keys of goods of the sides: one, or two where imports and
// exports may stand in different editions of the HS on one day.
func (p *proposal) goodsKeys(sides []side) []string {
	if p.goods.col == nil {
		return nil
	}
	mixed := slices.ContainsFunc(sides, func(s side) bool { return s.outward != sides[0].outward })
	if !mixed || p.edition != nil {
		for i := range sides {
			sides[i].key = "commodity"
		}
		return []string{"commodity"}
	}
	for i := range sides {
		sides[i].key = map[bool]string{false: "imported", true: "exported"}[sides[i].outward]
	}
	return []string{"imported", "exported"}
}

// covers says which dimensions the file seems to hold whole. What it does not
// hold whole is no zero where a line is missing.
func (p *proposal) covers() (product, partner string) {
	product, partner = "none", "none"
	if g := p.goods; g.col != nil {
		chapters := map[string]bool{}
		for _, d := range g.col.readCodes().digits {
			chapters[d[:2]] = true
		}
		product = "listed"
		if len(chapters) >= 80 { // of the 96 chapters that are in use
			product = "all"
		}
		p.doubt("cube", guichet.Text{
			EN: fmt.Sprintf("chapters of goods seen: %d. With all, a line that is missing is a zero; with listed it is not known", len(chapters)),
			FR: fmt.Sprintf("chapitres de marchandises vus : %d. Avec all, une ligne absente est un zéro ; avec listed elle est inconnue", len(chapters)),
		})
	}
	if p.partner != nil {
		partner = "listed"
		if len(p.partner.order) >= 60 {
			partner = "all"
		}
		p.doubt("cube", guichet.Text{
			EN: fmt.Sprintf("partners seen: %d", len(p.partner.order)),
			FR: fmt.Sprintf("partenaires vus : %d", len(p.partner.order)),
		})
	}
	return product, partner
}
