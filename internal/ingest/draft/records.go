package draft

import (
	"fmt"
	"slices"
	"strings"

	"guichet"
)

// givenFormats read a period that was given with the file.
const givenFormats = "2006|2006-Q1|2006-01|2006-01/P1M"

// keys writes the key groups.
func (w *writer) keys(goodsKeys []string, sides []side) {
	p := w.p
	w.line("keys:")
	for _, key := range goodsKeys {
		w.goods(key, sides)
	}
	if p.reporter != nil {
		w.area("reporter", p.reporter, p.reporterList, "[reporter]")
	}
	if p.partner != nil {
		w.area("partner", p.partner, p.partnerList, "[partner, partner_kind]")
	}
	column, format := p.periodColumn()
	w.line("  period:", "period")
	w.line("    rule: period")
	w.line("    columns: [" + scalar(column) + "]")
	w.line("    fields: [freq, period]")
	w.line(fmt.Sprintf("    params: {format: %s}", text(format)))
	if p.flow != nil {
		w.enum("flow", p.flow, p.flowMap)
	}
	for i, field := range []string{"unit", "unit2"} {
		if u := p.units[i]; u.col != nil {
			w.line("  "+field+":", field)
			w.line("    rule: unit")
			w.line("    columns: [" + scalar(u.col.name) + "]")
			w.line("    fields: [" + field + "]")
			w.line("    params: {list: " + u.list + "}")
		}
	}
	if p.status != nil {
		w.enum("finality", p.status, p.finality)
	}
	w.line("")
}

func (w *writer) area(key string, c *column, list, fields string) {
	p := w.p
	columns := scalar(c.name)
	params := "list: " + list
	if key == "partner" && p.reporter != nil {
		columns += ", " + scalar(p.reporter.name)
		if p.reporterList != list {
			params += ", reporter_list: " + p.reporterList
		}
	}
	if c.empty > 0 {
		params += ", empty: _NB"
	}
	w.line("  "+key+":", key)
	w.line("    rule: area")
	w.line("    columns: [" + columns + "]")
	w.line("    fields: " + fields)
	w.line("    params: {" + params + "}")
}

func (w *writer) enum(key string, c *column, m map[string]string) {
	var pairs []string
	for _, k := range sortedKeys(m) {
		pairs = append(pairs, text(k)+": "+m[k])
	}
	w.line("  "+key+":", key)
	w.line("    rule: enum")
	w.line("    columns: [" + scalar(c.name) + "]")
	w.line("    fields: [" + key + "]")
	w.line("    map: {" + strings.Join(pairs, ", ") + "}")
}

// goods writes a key of goods.
func (w *writer) goods(key string, sides []side) {
	p, g := w.p, w.p.goods
	column, format := p.periodColumn()
	columns := []string{scalar(g.col.name), scalar(column)}
	params := []string{"list: " + g.list}
	if !g.held {
		params = append(params, fmt.Sprintf("digits: %q", fmt.Sprint(g.digits)))
	}
	if p.edition != nil {
		columns = append(columns, scalar(p.edition.name))
	} else {
		params = append(params, "flow: "+flowOfKey(key, sides))
		if p.reporter != nil && p.country == "" {
			params = append(params, "edition: "+FillMe)
			p.open("commodity", guichet.Text{
				EN: "several reporters and no column with the edition of the HS: name the edition, such as HS2017",
				FR: "plusieurs déclarants et aucune colonne avec l'édition du SH : nommez l'édition, comme HS2017",
			})
		} else if p.reporter != nil {
			params = append(params, "country: "+p.country)
		}
	}
	params = append(params, "period_format: "+text(format))
	if g.strip != "" {
		params = append(params, fmt.Sprintf("strip: %q", g.strip))
	}
	if g.pad > 0 {
		params = append(params, fmt.Sprintf("pad_left: \"%d\"", g.pad))
	}
	if len(g.total) > 0 {
		params = append(params, "total: "+text(strings.Join(g.total, "|")))
	}
	if g.levels || len(g.total) > 0 {
		params = append(params, "subtotals: auto")
	}
	w.line("  "+key+":", "commodity")
	w.line("    rule: commodity")
	w.line("    columns: [" + strings.Join(columns, ", ") + "]")
	w.line("    fields: [code, hs, edition, level, subtotal, relation, coverage, conf_status, obs_status, list]")
	w.line("    params: {"+strings.Join(params, ", ")+"}", "commodity.list")
}

// flowOfKey is the flow by which the edition of a key's codes is found: of
// several that go one way the plain one.
func flowOfKey(key string, sides []side) string {
	flow := ""
	out := false
	for _, s := range sides {
		if s.key != key {
			continue
		}
		out = s.outward
		if flow == "" {
			flow = s.flow
		} else if flow != s.flow {
			flow = ""
			break
		}
	}
	if flow == "" {
		return map[bool]string{false: "imports", true: "exports"}[out]
	}
	return flow
}

// records writes what all lines share, and each record.
func (w *writer) records(sides []side) {
	p := w.p
	w.line("every:", "every")
	w.line("  constants:")
	if p.goods.col == nil {
		w.line("    code: TOTAL")
		w.line(`    level: "0"`)
		w.line(`    subtotal: "false"`)
		w.line("    relation: none")
		w.line("    list: hs")
	}
	if p.partner == nil {
		w.line("    partner: _NB", "partner")
		w.line("    partner_kind: not_broken_down")
	}
	w.line("    trade_system: unknown", "trade_system")
	for _, f := range []string{"partner2", "procedure", "mode"} {
		w.line("    " + f + ": _T")
	}
	keys := []string{"period"}
	for _, k := range []struct {
		name string
		yes  bool
	}{
		{"reporter", p.reporter != nil},
		{"partner", p.partner != nil},
		{"flow", p.flow != nil},
		{"unit", p.units[0].col != nil},
		{"unit2", p.units[1].col != nil},
		{"finality", p.status != nil},
	} {
		if k.yes {
			keys = append(keys, k.name)
		}
	}
	one := len(sides) == 1 || sides[0].key == sides[len(sides)-1].key
	if one && sides[0].key != "" {
		keys = append(keys, sides[0].key)
	}
	w.line("  keys: [" + strings.Join(keys, ", ") + "]")
	shared := p.flow != nil && len(sides) > 1
	if shared {
		w.line("  measures:", "measures.value")
		w.measures(sides[0], "    ")
	}
	w.line("records:", "records")
	for _, s := range sides {
		w.record(s, !one, shared)
	}
}

// record writes one record; withKey with its own key of goods, shared without
// the measures, which stand in what all records share.
func (w *writer) record(s side, withKey, shared bool) {
	lead := "  - "
	put := func(text string, about ...string) {
		w.line(lead+text, about...)
		lead = "    "
	}
	if len(s.texts) > 0 {
		in := make([]string, len(s.texts))
		for i, t := range s.texts {
			in[i] = text(t)
		}
		put(fmt.Sprintf("when: [{column: %s, in: [%s]%s}]", scalar(w.p.flow.name), strings.Join(in, ", "), map[bool]string{true: ", not: true"}[s.not]))
	}
	put("constants:")
	if s.flow != "" {
		w.line("      flow: "+s.flow, "flow")
	}
	w.line("      valuation: "+s.valuation, "valuation")
	w.line("      partner_role: "+s.role, "partner_role")
	if withKey {
		put("keys: [" + s.key + "]")
	}
	if !shared {
		put("measures:", "measures.value")
		w.measures(s, "      ")
	}
}

func (w *writer) measures(s side, indent string) {
	if !slices.ContainsFunc(s.figures, func(f figure) bool { return f.field == "value" }) {
		w.p.open("novalue", guichet.Text{
			EN: "no column of figures was found for the value: name it",
			FR: "aucune colonne de chiffres n'a été trouvée pour la valeur : nommez-la",
		})
		w.line(indent+"value: {column: "+FillMe+", required: true}", "novalue")
	}
	for _, f := range s.figures {
		w.measure(f, indent)
	}
}

func (w *writer) measure(f figure, indent string) {
	n := f.col.numbers
	column := scalar(f.col.name)
	if n.thousands && n.grouped == "" || n.shift > 0 && w.p.table.Shape.Kind != "csv" {
		column = FillMe
	}
	parts := []string{"column: " + column}
	if f.field == "value" {
		parts = append(parts, "required: true")
	}
	if n.decimals > 0 || strings.HasPrefix(f.field, "quantity") || f.field == "net_kg" {
		parts = append(parts, "decimals: 3")
	}
	if n.comma {
		parts = append(parts, "comma: true")
	}
	absent := slices.Clone(n.absent)
	about := "figure." + f.col.name
	if zeros := w.p.zerosBesideValue(f); len(zeros) > 0 {
		absent = append(absent, zeros...)
		w.p.doubt(about, guichet.Text{
			EN: "0 stands beside a value in some lines: taken for a figure that was not reported",
			FR: "0 est à côté d'une valeur dans des lignes : pris pour un chiffre non déclaré",
		})
	}
	if len(n.absent) > 0 {
		w.p.doubt(about, guichet.Text{
			EN: quoted(n.absent) + " is taken for a figure that is absent",
			FR: quoted(n.absent) + " est pris pour un chiffre absent",
		})
	}
	if n.decimals-n.shift > 3 {
		w.p.doubt(about, guichet.Text{
			EN: fmt.Sprintf("figures with up to %d decimals: three are kept, and a line with more is put aside", n.decimals-n.shift),
			FR: fmt.Sprintf("des chiffres ont jusqu'à %d décimales : trois sont gardées, et une ligne qui en a plus est mise de côté", n.decimals-n.shift),
		})
	}
	if len(absent) > 0 {
		for i, a := range absent {
			absent[i] = text(a)
		}
		parts = append(parts, "absent: ["+strings.Join(absent, ", ")+"]")
	}
	w.line(indent+f.field+": {"+strings.Join(parts, ", ")+"}", about)
}

// zerosBesideValue are the texts of zero in a column of quantities or masses
// that stand in a line whose value is no zero.
func (p *proposal) zerosBesideValue(f figure) []string {
	if f.field != "quantity" && f.field != "quantity2" && f.field != "net_kg" || f.col.numbers.zeros == 0 {
		return nil
	}
	i := slices.IndexFunc(p.figures, func(v figure) bool { return v.field == "value" && v.flow == f.flow })
	if i < 0 {
		return nil
	}
	var out []string
	for _, r := range p.table.Rows {
		zero, value := strings.TrimSpace(r[f.col.at]), r[p.figures[i].col.at]
		if f.col.numbers.shift > 0 { // a shift leaves of nought what stands before its sign
			zero, _, _ = strings.Cut(zero, f.col.numbers.sign())
		}
		if zero != "" && strings.Trim(zero, "-0.,") == "" && strings.Trim(value, "-0., ") != "" && !slices.Contains(out, zero) {
			out = append(out, zero)
		}
	}
	slices.Sort(out)
	return out
}

// text writes a value that must not be taken for a number by people either:
// codes stand in quotes.
func text(s string) string {
	if strings.Trim(s, "0123456789") == "" || strings.HasPrefix(s, "0") || len(s) > 0 && s[0] >= '0' && s[0] <= '9' {
		return fmt.Sprintf("%q", s)
	}
	return scalar(s)
}
