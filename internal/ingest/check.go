package ingest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"guichet"
)

// filePeriod is what a scope may name beside fields: the period of the file.
const filePeriod = "file_period"

// Check finds the faults of meaning of a profile against the dataset that it
// fills: unknown fields, lists and rules, two sources for one field, required
// fields that nothing fills, national codes read as numbers, constants that
// contradict each other. The error is KindInvalid and tells all of them with
// their lines.
//
// It does not check that a profile is right: that column 5 really is the value
// only a file can tell (`guichet profile check --sample`).
func (p *Profile) Check(d *guichet.Dataset) error {
	c := &checker{faulter: faulter{p: p}, d: d}
	if p.Dataset != d.Name {
		c.at("dataset", "the dataset is called %q, not %q", d.Name, p.Dataset)
	}
	c.lists()
	c.cube()
	c.submission()
	c.keys()
	if len(p.Records) == 0 {
		c.at("records", "a line must give at least one record")
	}
	for i, r := range p.Records {
		c.record(fmt.Sprintf("records[%d]", i), r)
	}
	c.twins()
	c.unused()
	if len(c.faults) > 0 {
		return faultsError(p.Name, p.file, c.faults)
	}
	return nil
}

// checker collects faults of meaning.
type checker struct {
	faulter

	d    *guichet.Dataset
	used []string // columns that something uses
}

// lists looks at what is said of the whole profile.
func (c *checker) lists() {
	p := c.p
	if p.Reporter != "" {
		c.listed("reporter", "CL_AREA", p.Reporter)
	}
	for i, r := range p.Remarks {
		c.remark(fmt.Sprintf("remarks[%d]", i), r)
	}
	for i, l := range p.Lists {
		if heldList(l) {
			c.at(fmt.Sprintf("lists[%d]", i), "the list %q is held: it need not be named here", l)
		}
	}
}

func (c *checker) cube() {
	p := c.p
	for name, how := range p.Cube.Covers {
		path := "cube.covers." + name
		_, _, isClass := c.d.ClassificationBy(name)
		f, isField := c.d.Field(name)
		if !isClass && (!isField || f.Role != guichet.Dimension) {
			c.at(path, "%q is no dimension of the dataset", name)
		}
		c.oneOf(path, how, "all", "listed", "none")
	}
	if p.Cube.By != "" {
		c.column("cube.by", p.Cube.By)
	}
	c.oneOf("update.action", p.Update.Action, "replace", "add", "cumulative")
	for i, s := range p.scopes() {
		path := fmt.Sprintf("update.scope[%d]", i)
		if s == filePeriod {
			if p.FilePeriod == nil {
				c.at(path, "the profile does not say where the file names its period")
			}
			continue
		}
		f, ok := c.d.Field(s)
		switch {
		case !ok || f.Place != guichet.InRow || f.Role != guichet.Dimension:
			c.at(path, "%q is no dimension that a row carries", s)
		case !slices.ContainsFunc(c.p.Records, func(r Record) bool { return c.p.fills(r, f) }):
			c.at(path, "nothing fills the field %q", s)
		}
	}
	if len(p.Update.Scope) == 0 {
		c.at("update.scope", "must be said: what does a newer file replace or add to?")
	}
}

// submission looks at the fields that are constant for a file.
func (c *checker) submission() {
	for name, v := range c.p.Fields {
		path := "fields." + name
		f, ok := c.d.Field(name)
		switch {
		case !ok || f.Place != guichet.InSubmission:
			c.at(path, "the dataset has no such field of a submission")
		case slices.Contains([]string{"cube", "licence", "office", "source"}, name):
			c.at(path, "is said elsewhere in the profile")
		default:
			c.listed(path, f.List, v)
		}
	}
	have := c.p.submissionFields()
	for _, f := range c.d.SubmissionFields() {
		if f.Required && have[f.Name] == "" {
			c.at("fields", "the dataset needs the field %q", f.Name)
		}
	}
}

// submissionFields are all fields of place "submission" that the profile fills.
func (p *Profile) submissionFields() map[string]string {
	out := map[string]string{"cube": p.Cube.Name, "licence": p.Licence, "office": p.Office, "source": p.Source}
	maps.Copy(out, p.Fields)
	return out
}

func (c *checker) keys() {
	for _, name := range slices.Sorted(maps.Keys(c.p.Keys)) {
		k, path := c.p.Keys[name], "keys."+name
		if !slices.ContainsFunc(append(slices.Clone(c.p.Records), c.p.Every), func(r Record) bool { return slices.Contains(r.Keys, name) }) {
			c.at(path, "no record uses it")
		}
		if len(k.Columns) == 0 {
			c.at(path, "no column is judged")
		}
		for i, col := range k.Columns {
			c.column(fmt.Sprintf("%s.columns[%d]", path, i), col)
		}
		if len(k.Fields) == 0 {
			c.at(path, "no field is filled")
		}
		for i, f := range k.Fields {
			c.rowField(fmt.Sprintf("%s.fields[%d]", path, i), f, false)
		}
		c.rule(path, k)
		c.marks(path, k)
	}
}

// rule looks at a key's rule and its parameters.
func (c *checker) rule(path string, k Key) {
	rules := ruleParams()
	known, ok := rules[k.Rule]
	if !ok {
		c.at(path+".rule", "%q is not known; known are %s", k.Rule, strings.Join(slices.Sorted(maps.Keys(rules)), ", "))
		return
	}
	for name, v := range k.Params {
		if value, ok := strings.CutPrefix(name, remarkFor); ok && k.Rule == "enum" {
			c.remark(path+".params."+remarkFor+value, v)
			continue
		}
		if !slices.Contains(known, name) {
			c.at(path+".params."+name, "the rule %s has no such parameter; it has %s", k.Rule, strings.Join(known, ", "))
		}
	}
	if l, ok := k.Params["list"]; ok || slices.Contains(known, "list") {
		c.list(path+".params.list", k.Rule, l)
	}
	if k.Rule == "enum" && len(k.Map) == 0 || k.Rule != "enum" && len(k.Map) > 0 {
		c.at(path+".map", "the rule enum needs a map, and no other has one")
	}
	if e := k.Params["else"]; e != "" {
		c.oneOf(path+".params.else", e, "reject", "keep", "absent")
	}
	if k.Rule != "commodity" {
		if len(k.Marks) > 0 {
			c.at(path+".marks", "only codes of goods are marked")
		}
	} else if len(k.Columns) > 0 {
		c.noNumber(path, k.Columns[0])
	}
	for text, v := range k.Map {
		if f, ok := c.d.Field(first(k.Fields)); ok && !strings.HasPrefix(v, "!") {
			c.listed(path+".map."+text, f.List, v)
		}
	}
}

// remark notes a remark that nobody has words for.
func (c *checker) remark(path, code string) {
	if c.d.RemarkText != nil && c.d.RemarkText(code, "en") == "" {
		c.at(path, "there is no remark %q", code)
	}
}

// noNumber holds the rule that codes are texts: read as numbers they lose their
// leading zeros, and with them the chapter.
func (c *checker) noNumber(path, col string) {
	for i, x := range c.p.Columns {
		if x.Name == col && x.Number {
			c.at(fmt.Sprintf("columns[%d].number", i), "the national code %q would be read as a number and lose its leading zeros", col)
		}
		if x.Name == col && (x.Grouped != "" || x.Shift != 0) {
			c.at(fmt.Sprintf("columns[%d]", i), "the national code %q would be changed as a number is: grouped and shift are for figures", col)
		}
	}
	for _, r := range append(slices.Clone(c.p.Records), c.p.Every) {
		for m, n := range r.Measures {
			if n.Column == col {
				c.at(path, "the national code %q is read as the figure %q elsewhere", col, m)
			}
		}
	}
}

func (c *checker) marks(path string, k Key) {
	for i, m := range k.Marks {
		at := fmt.Sprintf("%s.marks[%d]", path, i)
		re, err := regexp.Compile(m.Pattern)
		if err != nil || m.Pattern == "" {
			c.at(at+".pattern", "no regular expression: %q", m.Pattern)
		} else if strings.Contains(m.Common, "$1") && re.NumSubexp() < 1 {
			c.at(at+".common", "the pattern has no part $1")
		}
		if m.Remark != "" {
			c.remark(at+".remark", m.Remark)
		}
		for name, v := range m.Fields {
			f, ok := c.d.Field(name)
			if !ok || !slices.Contains(k.Fields, name) {
				c.at(at+".fields."+name, "is not among the fields that this key fills")
				continue
			}
			c.listed(at+".fields."+name, f.List, v)
		}
	}
}

// column notes a column that does not exist, and remembers one that does.
func (c *checker) column(path, name string) {
	if !slices.Contains(c.p.lineColumns(), name) {
		c.at(path, "there is no column %q", name)
		return
	}
	for i, x := range c.p.Columns {
		if x.Name == name && x.Ignored {
			c.at(fmt.Sprintf("columns[%d].ignored", i), "the column %q is said to be ignored, and used", name)
		}
	}
	c.used = append(c.used, name)
}

// rowField notes a field that a record cannot fill.
func (c *checker) rowField(path, name string, measure bool) {
	f, ok := c.d.Field(name)
	switch {
	case !ok || f.Place != guichet.InRow:
		c.at(path, "the dataset has no field %q in its rows", name)
	case name == guichet.FieldSubmission:
		c.at(path, "the house fills %q itself", name)
	case (f.Role == guichet.Measure) != measure:
		if measure {
			c.at(path, "%q is no measure", name)
		} else {
			c.at(path, "%q is a measure: it belongs under measures", name)
		}
	}
}
