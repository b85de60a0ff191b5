package ingest

import (
	"maps"
	"slices"
	"strings"

	"guichet"
)

// FieldUse says what fills one field of the dataset when a file of a profile
// is taken in.
type FieldUse struct {
	Field    string        `json:"field"`
	Place    guichet.Place `json:"place"`
	Required bool          `json:"required"`
	// How is "column", "constant", "judged", "house" (the node fills it) or "absent".
	How string `json:"how"`
	// From says which columns, which constant, which rule over which columns;
	// of several records each once, joined by "; ".
	From string `json:"from,omitempty"`
}

// Conformity tells, field by field and in the order of their ids, what the
// profile fills and from what.
func (p *Profile) Conformity(d *guichet.Dataset) []FieldUse {
	var out []FieldUse
	sub := p.submissionFields()
	for _, f := range append(d.RowFields(), d.SubmissionFields()...) {
		u := FieldUse{Field: f.Name, Place: f.Place, Required: f.Required, How: "absent"}
		switch {
		case f.Name == guichet.FieldSubmission, f.Name == guichet.FieldRemark: // remarks come of what the rules find
			u.How = "house"
		case f.Place == guichet.InSubmission:
			if v := sub[f.Name]; v != "" {
				u.How, u.From = "constant", v
			}
		case f.Name == guichet.FieldReporter && p.Reporter != "":
			u.How, u.From = "constant", p.Reporter
		default:
			u.How, u.From = p.use(f.Name)
		}
		out = append(out, u)
	}
	return out
}

// use says how the records fill a field.
func (p *Profile) use(field string) (how, from string) {
	var hows, froms []string
	note := func(h, f string) {
		if !slices.Contains(hows, h) {
			hows = append(hows, h)
		}
		if !slices.Contains(froms, f) {
			froms = append(froms, f)
		}
	}
	for _, r := range p.Records {
		m := p.merged(r)
		if v, ok := m.Constants[field]; ok {
			note("constant", v)
		}
		if col, ok := m.Texts[field]; ok {
			note("column", col)
		}
		if cols, ok := m.Joins[field]; ok {
			note("column", strings.Join(cols, ", "))
		}
		if n, ok := m.Measures[field]; ok {
			note("column", n.Column)
		}
		for _, name := range m.Keys {
			if k := p.Keys[name]; slices.Contains(k.Fields, field) {
				note("judged", k.Rule+" over "+strings.Join(k.Columns, ", ")+params(k.Params))
			}
		}
	}
	if len(hows) == 0 {
		return "absent", ""
	}
	return strings.Join(hows, ", "), strings.Join(froms, "; ")
}

// params writes parameters in a fixed order.
func params(m map[string]string) string {
	if len(m) == 0 {
		return ""
	}
	parts := make([]string, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, k+" "+m[k])
	}
	return " (" + strings.Join(parts, ", ") + ")"
}
