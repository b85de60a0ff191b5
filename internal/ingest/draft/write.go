package draft

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// writer writes the profile line by line, each doubt above the line that it
// concerns.
type writer struct {
	p     *proposal
	lines []string
	told  map[int]bool // by the place of the doubt
}

// line writes one line, and above it the doubts about these places.
func (w *writer) line(text string, about ...string) {
	indent := text[:len(text)-len(strings.TrimLeft(text, " "))]
	first := len(w.lines)
	for i, d := range w.p.doubts {
		if w.told[i] || !slices.Contains(about, d.About) {
			continue
		}
		w.told[i] = true
		w.lines = append(w.lines, indent+"# "+w.p.mark(d)+": "+oneLine(d.Text.In(w.p.lang)))
	}
	w.lines = append(w.lines, text)
	if len(w.lines) == first+1 {
		return
	}
	for i := range w.p.doubts {
		if d := &w.p.doubts[i]; w.told[i] && d.Line == 0 {
			d.Line = len(w.lines)
		}
	}
}

func (p *proposal) mark(d Doubt) string {
	if d.Open {
		return FillMe
	}
	return map[bool]string{false: "doubt", true: "doute"}[p.lang == "fr"]
}

// write writes the profile.
func (p *proposal) write() Draft {
	sides := p.sides()
	keys := p.goodsKeys(sides)
	currency := p.currency()
	product, partner := p.covers()
	p.askWho()
	w := &writer{p: p, told: map[int]bool{}}
	name := p.profileName(sides)
	w.head(name, sides)
	w.format()
	w.columns()
	w.derive()
	if p.period.col == nil {
		w.line("given:", "given")
		w.line("  - name: period")
		w.line("    why:")
		w.line("      en: the file does not say which period its figures are of")
		w.line("      fr: le fichier ne dit pas de quelle période sont ses chiffres")
		w.line("")
	}
	w.line("cube:", "cube")
	w.line("  name: " + name)
	w.line(fmt.Sprintf("  covers: {product: %s, partner: %s}", product, partner))
	w.line("fields:")
	w.line("  grain: aggregate", "fields.grain")
	w.line("  regime: statistical", "fields.regime")
	w.line("  currency: "+currency, "fields.currency")
	w.line("  basis: unknown", "fields.basis")
	if p.goods.col != nil && !p.goods.held {
		w.line("lists: [" + p.goods.list + "]")
	}
	w.line("")
	w.keys(keys, sides)
	w.records(sides)
	w.update(product, partner)
	w.controls()
	w.rest()
	d := Draft{YAML: strings.Join(w.lines, "\n") + "\n", Doubts: p.doubts}
	slices.SortStableFunc(d.Doubts, func(a, b Doubt) int { return cmp.Compare(a.Line, b.Line) })
	return d
}

// rest tells doubts that found no line of their own, at the end.
func (w *writer) rest() {
	for i := range w.p.doubts {
		if d := &w.p.doubts[i]; !w.told[i] {
			w.told[i] = true
			w.lines = append(w.lines, "# "+w.p.mark(*d)+": "+oneLine(d.Text.In(w.p.lang)))
			d.Line = len(w.lines)
		}
	}
}

func (w *writer) head(name string, sides []side) {
	p := w.p
	file, rows := oneLine(p.table.File), strconv.Itoa(len(p.table.Rows))
	if p.lang == "fr" {
		w.line("# Ébauche faite d'après " + file + ", " + rows + " lignes regardées.")
		w.line("# Remplissez ce qui dit « fill me », voyez chaque doute, et comparez les totaux de")
		w.line("# `guichet profile check --sample` à ceux que publie l'office.")
	} else {
		w.line("# Drafted from " + file + ", " + rows + " lines looked at.")
		w.line("# Fill in what says \"fill me\", look at every doubt, and compare the totals of")
		w.line("# `guichet profile check --sample` with those that the office publishes.")
	}
	en, fr := p.titles(sides)
	w.line("name: " + name)
	w.line("version: 1")
	w.line("title:")
	w.line("  en: " + scalar(en))
	w.line("  fr: " + scalar(fr))
	w.line("dataset: trade")
	w.line("office: "+scalar(cmp.Or(p.answers.Office, FillMe)), "office")
	if p.reporter == nil {
		w.line("reporter: "+scalar(cmp.Or(p.country, FillMe)), "reporter")
	}
	w.line("source: "+scalar(cmp.Or(p.answers.Source, FillMe)), "source")
	w.line("licence: "+scalar(cmp.Or(p.answers.Licence, FillMe)), "licence")
	w.line("redistribute: "+cmp.Or(p.answers.Redistribute, FillMe), "redistribute")
	w.line("")
}

func (w *writer) format() {
	s := w.p.table.Shape
	parts := []string{"kind: " + s.Kind}
	add := func(yes bool, part string) {
		if yes {
			parts = append(parts, part)
		}
	}
	add(s.At != "", "at: "+scalar(s.At))
	add(s.Members != "", "members: "+scalar(s.Members))
	add(s.Ignore != "", "ignore: "+scalar(s.Ignore))
	add(len(s.Encoding) > 0, "encoding: ["+strings.Join(s.Encoding, ", ")+"]")
	add(s.Kind == "csv" && s.Delimiter != ',', fmt.Sprintf("delimiter: %q", string(s.Delimiter)))
	add(s.NoQuote, "quote: none")
	add(s.Skip > 0, "skip: "+strconv.Itoa(s.Skip))
	add(s.NoHeader && s.Kind == "csv", "header: false")
	add(s.HeaderRow, "header: true")
	add(s.Trailing, "trailing_delimiter: true")
	w.line("format: {"+strings.Join(parts, ", ")+"}", "format")
}

func (w *writer) columns() {
	w.line("columns:")
	for _, c := range w.p.columns {
		text := "  - {name: " + scalar(c.name)
		if c.only != "" {
			text += ", only: [" + scalar(c.only) + "]"
		}
		if c.role == "ignored" {
			text += ", ignored: true"
		}
		if w.p.isNumber(c) {
			text += ", number: true"
		}
		if c.numbers.grouped != "" && c.role != "ignored" {
			grouped := fmt.Sprintf("%q", c.numbers.grouped)
			if c.numbers.either {
				grouped = FillMe
			}
			text += ", grouped: " + grouped
		}
		text += w.shift(c)
		w.line(text+"}", "columns."+c.name)
	}
	w.line("")
}

// shift says how far the decimal sign of a column moves, where its header has it.
func (w *writer) shift(c *column) string {
	n := c.numbers.shift
	switch {
	case n == 0 || c.role == "ignored" || n > 0 && w.p.table.Shape.Kind != "csv":
		return ""
	case n == unknownShift:
		return ", shift: " + FillMe
	}
	return fmt.Sprintf(", shift: %d", n)
}

// derive joins the columns of year and month to one.
func (w *writer) derive() {
	p := w.p
	if p.joined == nil {
		return
	}
	year, month := p.period.col.name, p.joined.name
	w.line("derive:", "joined")
	w.line("  - name: " + joinedName)
	if p.period.format != "2006-01" {
		w.line(fmt.Sprintf("    cases: [{when: [{column: %s, matches: '.+'}], value: %s}]", scalar(month), scalar("{"+year+"} {"+month+"}")))
		w.line("")
		return
	}
	w.line(fmt.Sprintf("    cases: [{when: [{column: %s, matches: '\\d'}], value: %s}]", scalar(month), scalar("{"+year+"}-0{"+month+"}")))
	w.line("    else: {value: " + scalar("{"+year+"}-{"+month+"}") + "}")
	w.line("")
}

// isNumber says whether a column of a JSON file is one of figures that are
// JSON numbers, which a profile must say. A code that is a number has lost its
// zeros already, and stays a fault.
func (p *proposal) isNumber(c *column) bool {
	typed := c.at < len(p.table.Typed) && p.table.Typed[c.at]
	return typed && c.role != "code" && c.role != "ignored"
}

func (w *writer) controls() {
	var told bool
	for _, s := range w.p.sums {
		if s.total.role == "ignored" || s.a.role == "ignored" || s.b.role == "ignored" {
			continue
		}
		if !told {
			w.line("")
			w.line("controls:")
			told = true
		}
		w.line("  - name: " + scalar(fmt.Sprintf("%s = %s + %s", s.total.name, s.a.name, s.b.name)))
		w.line("    stated: {sum: [" + scalar(s.total.name) + "]}")
		w.line("    found: {sum: [" + scalar(s.a.name) + ", " + scalar(s.b.name) + "]}")
	}
}

func (w *writer) update(product, partner string) {
	scope := []string{"flow", "period"}
	if product == "listed" {
		scope = append(scope, "code")
	}
	if partner == "listed" {
		scope = append(scope, "partner")
	}
	w.line("")
	w.line("# A newer file takes the place of what it holds: " + strings.Join(scope, ", ") + ".")
	w.line("update: {action: replace, scope: [" + strings.Join(scope, ", ") + "]}")
}

// scalar writes a text as YAML reads it back: plain where that is safe beyond
// doubt, else in double quotes.
func scalar(s string) string {
	plain := regexp.MustCompile(`^[\p{L}_][\p{L}\p{N}_./()%$+-]*( [\p{L}\p{N}_./()%$+=-]+)*$`)
	low := strings.ToLower(s)
	if plain.MatchString(s) && !slices.Contains([]string{"null", "true", "false", "yes", "no", "on", "off", "y", "n"}, low) {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case disturbing(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// oneLine keeps a text from ending the comment that it stands in.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if disturbing(r) {
			return ' '
		}
		return r
	}, s)
}

// disturbing says of a sign that it controls a terminal, ends a line or turns
// the direction of writing: a file's header may hold one.
func disturbing(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == 0x2028 || r == 0x2029
}
