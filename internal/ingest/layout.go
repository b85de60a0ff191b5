package ingest

import (
	"maps"
	"time"

	"guichet"
)

// layout completes the layout of a prepared file: records, key groups with
// their parameters, scope.
func (p *Profile) layout(out *Prepared, now time.Time) guichet.Layout {
	l := out.Layout
	l.Dataset, l.Scope = p.Dataset, out.Scope
	groups := map[string]guichet.KeyGroup{}
	for name, k := range p.Keys {
		groups[name] = k.group(name, out, now)
	}
	for _, r := range p.Records {
		m := p.merged(r)
		rec := guichet.RecordMap{Constants: m.Constants, Texts: m.Texts, Joins: m.Joins, Measures: map[string]guichet.NumberColumn{}}
		for _, w := range m.When {
			rec.When = append(rec.When, guichet.Condition{Column: w.Column, In: w.In, Not: w.Not})
		}
		for f, n := range m.Measures {
			rec.Measures[f] = guichet.NumberColumn{Column: n.Column, Required: n.Required, Absent: n.Absent, Comma: n.Comma, Decimals: n.Decimals}
		}
		for _, k := range m.Keys {
			rec.Groups = append(rec.Groups, groups[k])
		}
		l.Records = append(l.Records, rec)
	}
	return l
}

// group is a key as the rules read it. What a file knows of itself is put in:
// {file_period} where the profile writes it, the day on which the file is taken
// in (a period after it is in the future), the reporter, whose calendar of
// editions it is.
func (k Key) group(name string, out *Prepared, now time.Time) guichet.KeyGroup {
	g := guichet.KeyGroup{Name: name, Rule: k.Rule, Columns: k.Columns, Fields: k.Fields, Map: maps.Clone(k.Map), Params: map[string]string{}}
	for key, v := range k.Params {
		g.Params[key] = fill(v, periodValues(out.FilePeriod))
		if key == "subtotals" && v == auto {
			g.Params[key] = out.subtotals
		}
	}
	say := func(key, v string) {
		if _, ok := g.Params[key]; !ok && v != "" {
			g.Params[key] = v
		}
	}
	switch k.Rule {
	case "period", "date":
		say("now", now.UTC().Format(time.DateOnly))
	case "area":
		say("reporter", out.Reporter)
	case "commodity":
		say("country", out.Reporter)
	}
	for _, m := range k.Marks {
		g.Marks = append(g.Marks, guichet.Mark{Pattern: m.Pattern, Remark: m.Remark, Common: m.Common, Fields: m.Fields})
	}
	return g
}
