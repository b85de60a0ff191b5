package ingest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"guichet"
	"guichet/codes"
	"guichet/trade"
)

// source is what fills a field in a record, and where that is written.
type source struct{ how, path string }

// sources lists what fills each field of a record, with what all records share.
func (p *Profile) sources(path string, r Record) map[string][]source {
	out := map[string][]source{}
	for _, part := range []struct {
		path string
		r    Record
	}{{"every", p.Every}, {path, r}} {
		for f := range part.r.Constants {
			out[f] = append(out[f], source{"a constant", part.path + ".constants." + f})
		}
		for f, col := range part.r.Texts {
			out[f] = append(out[f], source{"the column " + col, part.path + ".texts." + f})
		}
		for f, cols := range part.r.Joins {
			out[f] = append(out[f], source{"the columns " + strings.Join(cols, ", "), part.path + ".joins." + f})
		}
		for f, n := range part.r.Measures {
			out[f] = append(out[f], source{"the column " + n.Column, part.path + ".measures." + f})
		}
		for i, name := range part.r.Keys {
			for _, f := range p.Keys[name].Fields {
				out[f] = append(out[f], source{"the key " + name, fmt.Sprintf("%s.keys[%d]", part.path, i)})
			}
		}
	}
	return out
}

// fills says whether something fills a field in a record.
func (p *Profile) fills(r Record, f guichet.Field) bool {
	if f.Name == guichet.FieldReporter && p.Reporter != "" {
		return true
	}
	return len(p.sources("", r)[f.Name]) > 0
}

func (c *checker) record(path string, r Record) {
	c.parts(path, r)
	if path == "records[0]" {
		c.parts("every", c.p.Every)
	}
	from := c.p.sources(path, r)
	if c.p.Reporter != "" {
		from[guichet.FieldReporter] = append(from[guichet.FieldReporter], source{"the profile's reporter", "reporter"})
	}
	for _, f := range slices.Sorted(maps.Keys(from)) {
		if f != guichet.FieldRemark && len(from[f]) > 1 {
			c.at(from[f][1].path, "the field %q is filled twice: by %s and by %s", f, from[f][0].how, from[f][1].how)
		}
	}
	for _, f := range c.d.RowFields() {
		if f.Required && f.Name != guichet.FieldSubmission && len(from[f.Name]) == 0 {
			c.at(path, "nothing fills the required field %q", f.Name)
		}
	}
	all := c.p.merged(r)
	for f, n := range all.Measures {
		if f == c.d.Main && !n.Required {
			c.at(path+".measures."+f, "the measure %q stands for all others: it must be required", f)
		}
	}
	c.oneUse(path, all.Measures)
	c.contradictions(path, all.Constants)
}

// parts looks at one record, or at what all share.
func (c *checker) parts(path string, r Record) {
	for i, w := range r.When {
		at := fmt.Sprintf("%s.when[%d]", path, i)
		c.column(at+".column", w.Column)
		if len(w.In) == 0 {
			c.at(at+".in", "no value is said")
		}
	}
	for name, v := range r.Constants {
		at := path + ".constants." + name
		c.rowField(at, name, false)
		if f, ok := c.d.Field(name); ok {
			c.listed(at, f.List, v)
			c.typed(at, f.Type, v)
			if f.Role == guichet.Private {
				c.at(at, "the field %q is private: what is in a profile is read by everybody", name)
			}
		}
	}
	c.joins(path, r)
	for name, col := range r.Texts {
		c.rowField(path+".texts."+name, name, false)
		c.column(path+".texts."+name, col)
	}
	for name, n := range r.Measures {
		at := path + ".measures." + name
		c.rowField(at, name, true)
		c.column(at+".column", n.Column)
		if n.Decimals < 0 || n.Decimals > 3 {
			c.at(at+".decimals", "figures are kept with 0 to 3 decimals")
		}
		c.dressedAbsent(at, n)
		c.figureSign(at, n)
	}
	for i, name := range r.Keys {
		if _, ok := c.p.Keys[name]; !ok {
			c.at(fmt.Sprintf("%s.keys[%d]", path, i), "there is no key %q", name)
		}
	}
}

// joins looks at texts of several columns, which only private fields have: the
// others are judged, and a key has several columns.
func (c *checker) joins(path string, r Record) {
	for name, cols := range r.Joins {
		at := path + ".joins." + name
		c.rowField(at, name, false)
		if f, ok := c.d.Field(name); ok && (f.Role != guichet.Private || f.Type != guichet.TypeText) {
			c.at(at, "only a private text is joined of several columns, and %q is none", name)
		}
		if len(cols) < 2 {
			c.at(at, "a join has at least two columns; one stands under texts")
		}
		for _, col := range cols {
			c.column(at, col)
		}
	}
}

// typed looks at a constant of a field that is no text.
func (c *checker) typed(path string, t guichet.Type, v string) {
	switch t {
	case guichet.TypeInt:
		if v == "" || strings.Trim(v, "0123456789") != "" {
			c.at(path, "%q is no whole number", v)
		}
	case guichet.TypeBool:
		c.oneOf(path, v, "true", "false")
	case guichet.TypeDate:
		if _, err := guichet.ParsePeriod(v); err != nil || len(v) != len("2006-01-02") {
			c.at(path, "%q is no day", v)
		}
	case guichet.TypeText, guichet.TypeDecimal:
	}
}

// contradictions finds constants that cannot be true together.
func (c *checker) contradictions(path string, k map[string]string) {
	if a, ok := codes.AreaByCode(k["partner"]); ok && k["partner_kind"] != "" && k["partner_kind"] != string(a.Kind) {
		c.at(path, "the partner %s is of the kind %s, not %s", a.Code, a.Kind, k["partner_kind"])
	}
	flow, role := trade.Flow(k["flow"]), trade.PartnerRole(k["partner_role"])
	if flow != "" && flow.Outward() && (role == trade.Origin || role == trade.Consignment) {
		c.at(path, "goods of the flow %s go to a partner: its role cannot be %s", flow, role)
	}
	if flow != "" && !flow.Outward() && role == trade.LastKnown {
		c.at(path, "goods of the flow %s come from a partner: its role cannot be %s", flow, role)
	}
	if k["level"] == "0" && k["hs"] != "" {
		c.at(path, "level 0 is the total, which has no HS code")
	}
}

// merged is a record with what all records share.
func (p *Profile) merged(r Record) Record {
	out := Record{
		When: slices.Concat(p.Every.When, r.When), Keys: slices.Concat(p.Every.Keys, r.Keys),
		Constants: map[string]string{}, Texts: map[string]string{}, Measures: map[string]Number{},
	}
	for _, part := range []Record{p.Every, r} {
		maps.Copy(out.Constants, part.Constants)
		maps.Copy(out.Texts, part.Texts)
		maps.Copy(out.Measures, part.Measures)
		if len(part.Joins) > 0 {
			joins := maps.Clone(part.Joins)
			maps.Copy(joins, out.Joins)
			out.Joins = joins
		}
	}
	return out
}

// oneUse finds a column that fills two measures of one record: a value is no
// mass, and one of the two is a slip.
func (c *checker) oneUse(path string, measures map[string]Number) {
	of := map[string]string{}
	for _, m := range c.d.Measures() {
		n, ok := measures[m.Name]
		if !ok {
			continue
		}
		if other, twice := of[n.Column]; twice {
			c.at(fmt.Sprintf("%s.measures.%s", path, m.Name), "the column %q fills %q already: one column is one measure", n.Column, other)
		}
		of[n.Column] = m.Name
	}
}

// twins finds records of one line that nothing tells apart: their figures would
// be added to each other.
func (c *checker) twins() {
	for i, a := range c.p.Records {
		for _, b := range c.p.Records[:i] {
			x, y := c.p.merged(a), c.p.merged(b)
			x.Measures, y.Measures = nil, nil
			if reflect.DeepEqual(x, y) {
				c.at(fmt.Sprintf("records[%d]", i), "nothing tells this record from one above it but its figures: they would be counted twice")
			}
		}
	}
}

// unused finds columns that are neither used nor said to be ignored: most often
// a slip, and sometimes a dimension forgotten, which counts twice.
func (c *checker) unused() {
	used := c.used
	seen := func(tests []Test) {
		for _, t := range tests {
			used = append(used, t.Column, t.Same)
		}
	}
	for _, d := range c.p.Derive {
		for _, k := range d.Cases {
			seen(k.When)
			used = append(append(used, k.From), placeholders(k.Text)...)
		}
		used = append(append(used, d.Else.From), placeholders(d.Else.Text)...)
		used = append(used, d.made()...)
	}
	for _, k := range c.p.Controls {
		for _, s := range []Sum{k.Stated, k.Found} {
			used = append(used, s.Sum...)
			seen(s.When)
		}
	}
	if c.p.FilePeriod != nil {
		used = append(used, placeholders(c.p.FilePeriod.Text)...)
	}
	for i, col := range c.p.Columns {
		if !col.Ignored && !slices.Contains(used, col.Name) {
			c.at(fmt.Sprintf("columns[%d]", i), "the column %q is neither used nor said to be ignored", col.Name)
		}
	}
	for i, d := range c.p.Derive {
		if !slices.Contains(used, d.Name) {
			c.at(fmt.Sprintf("derive[%d]", i), "nothing uses the column %q", d.Name)
		}
	}
}
