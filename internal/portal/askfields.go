package portal

import (
	"cmp"
	"slices"
	"strings"

	"guichet"
)

// listAreas is the list of countries and areas, whose names this room knows.
const listAreas = "CL_AREA"

// mostTicks is how many values of a closed list stand open in a form; a longer one is
// folded, and its codes are shown beside their words.
const mostTicks = 12

// askField is a dimension of a dataset as the form asks for it. What there is to ask
// for follows from the dataset's description: no field is known here by its name.
type askField struct {
	name   string
	title  guichet.Text
	list   string
	values []string // of a closed list; none: it is typed
	must   bool     // one value at least is said
	more   bool     // few need it
}

// areas says whether names and codes of countries are typed.
func (x askField) areas() bool { return x.list == listAreas }

// askFields are the dimensions that a form asks for, in their order: those by which a
// file is replaced, which are always said (flow, direction); those that every row has
// (partner; port, mode, nationality); and, for few, whose figures, and what is told apart
// anyway and has a closed list (trade system, valuation). Dimensions that only some
// offices fill, and those whose values nobody can be offered, are left to the command.
func askFields(ds *guichet.Dataset) []askField {
	var must, main, more []askField
	for _, f := range ds.Fields {
		if f.Role != guichet.Dimension || slices.Contains(askedApart(ds), f.Name) {
			continue
		}
		x := askField{name: f.Name, title: f.Title, list: f.List}
		if ds.Values != nil {
			x.values = ds.Values(f.List)
		}
		switch {
		case slices.Contains(ds.UnitFields, f.Name):
			x.must = true
			must = append(must, x)
		case f.Name == guichet.FieldReporter, f.Separate && len(x.values) > 1:
			x.more = true
			more = append(more, x)
		case f.Required && !f.Separate:
			main = append(main, x)
		}
	}
	return slices.Concat(must, main, more)
}

// askedApart are the dimensions that the form has a place of its own for, or none; and
// the names of its own fields, which no dataset's may take.
func askedApart(ds *guichet.Dataset) []string {
	out := []string{
		guichet.FieldPeriod, guichet.FieldFreq, guichet.FieldCube,
		"circle", "was_circle", "dataset", "was", "show", "goods", "product", "member", "from", "to", "by", "level", "purpose", "office",
		"edition", "conversion", "vintage", "as_of", "measure", "what", "way", "first", "second",
	}
	for _, c := range ds.Classifications {
		out = append(out, c.Code, c.Common)
	}
	return out
}

// bysOf are what figures may be told apart by, beside the goods and what is told apart
// anyway.
func bysOf(ds *guichet.Dataset) []string {
	out := []string{guichet.FieldPeriod}
	for _, x := range askFields(ds) {
		if !x.must && !x.more {
			out = append(out, x.name)
		}
	}
	return out
}

// levelsOf are how fine goods may be told apart, the coarsest first: "" all of them
// together, last the national code.
func levelsOf(ds *guichet.Dataset) []string {
	out := []string{""}
	levels := slices.Clone(ds.Class().Levels)
	slices.SortStableFunc(levels, func(a, b guichet.Level) int { return cmp.Compare(depth(a), depth(b)) })
	for _, l := range levels {
		out = append(out, l.Name)
	}
	return out
}

func depth(l guichet.Level) int {
	const deepest = 100
	if l.Digits == 0 {
		return deepest
	}
	return l.Digits
}

// classified says whether a dataset's rows are of goods, which are searched for.
func classified(ds *guichet.Dataset) bool { return len(ds.Classifications) > 0 }

// measuresOf are all measures of a dataset, those that rows carry and those that are made
// of them when asked: the usual ones first.
func measuresOf(ds *guichet.Dataset) []guichet.Column {
	var out []guichet.Column
	for _, f := range ds.Measures() {
		out = append(out, guichet.Column{Name: f.Name, Measure: true, Title: f.Title})
	}
	for _, d := range ds.Derived {
		out = append(out, guichet.Column{Name: d.Name, Measure: true, Title: d.Title})
	}
	rank := func(c guichet.Column) int {
		if i := slices.Index(usualMeasures(ds), c.Name); i >= 0 {
			return i
		}
		return len(out)
	}
	slices.SortStableFunc(out, func(a, b guichet.Column) int { return cmp.Compare(rank(a), rank(b)) })
	return out
}

// usualMeasures are those of a question that names none: the main one, and all that are
// made when asked.
func usualMeasures(ds *guichet.Dataset) []string {
	out := []string{ds.Main}
	for _, d := range ds.Derived {
		out = append(out, d.Name)
	}
	return out
}

// dataset describes a dataset; of a name that is not held, and of none, the first.
func (p *Portal) dataset(name string) *guichet.Dataset {
	if ds := p.datasetOf(name); ds != nil {
		return ds
	}
	return p.cfg.Datasets[0]
}

// datasetOf describes a dataset; nil where it is not held here.
func (p *Portal) datasetOf(name string) *guichet.Dataset {
	i := slices.IndexFunc(p.cfg.Datasets, func(d *guichet.Dataset) bool { return d.Name == name })
	if i < 0 {
		return nil
	}
	return p.cfg.Datasets[i]
}

// value says a code of a list in words: the dataset's, else ours, else itself.
func (p phrases) value(ds *guichet.Dataset, list, value string) string {
	if list == listAreas {
		return areaName(value, p.lang)
	}
	if ds.ValueText != nil {
		if text := ds.ValueText(list, value, p.lang); text != "" {
			return text
		}
	}
	return p.or("code."+value, value)
}

// values says codes of a list in words, as they were typed where nobody knows them.
func (p phrases) values(ds *guichet.Dataset, list string, codes []string) string {
	out := make([]string, len(codes))
	for i, code := range codes {
		out[i] = p.value(ds, list, code)
	}
	return strings.Join(out, ", ")
}

// byWord says that figures are told apart by a field.
func (p phrases) byWord(ds *guichet.Dataset, name string) string {
	f, _ := ds.Field(name)
	return p.or("ask.by."+name, p.say("ask.byfield", "what", small(f.Title.In(p.lang))))
}

// fieldWord is what a field is called above its choices, and in a question.
func (p phrases) fieldWord(head string, x askField) string {
	return p.or(head+x.name, x.title.In(p.lang))
}

// small begins a title with a small letter, where it is no abbreviation.
func small(text string) string {
	r := []rune(text)
	if len(r) < 2 || strings.ToUpper(string(r[1])) == string(r[1]) {
		return text
	}
	return strings.ToLower(string(r[0])) + string(r[1:])
}
