package ingest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"guichet/wording"
)

// Kinds of format.
const (
	kindCSV     = "csv"
	kindArrays  = "json-arrays"
	kindRecords = "records"
	kindObjects = "json-objects"
	kindParquet = "parquet" // see parquet.go
)

// lineColumn is the column of normalised text that says where a line stood in
// the original: "17", or "2024/countries_data/1220.json:17" in an archive of
// several members. It is the first, so that it is there in a line that cannot
// be cut.
const lineColumn = "_line"

// faulter collects the faults of a profile with their lines.
type faulter struct {
	p      *Profile
	faults []fault
}

// at notes a fault at a path of the profile; of a path that is not written, at
// the nearest one around it.
func (f *faulter) at(path, format string, args ...any) {
	line := 1
	for p := path; ; {
		if n, ok := f.p.places[p]; ok {
			line = n
			break
		}
		i := strings.LastIndexAny(p, ".[")
		if i < 0 {
			break
		}
		p = p[:i]
	}
	text := wording.Say(format, args...)
	if path != "" {
		text = wording.Say("%s: %s", path, text)
	}
	f.faults = append(f.faults, fault{line, text})
}

// oneOf notes a value that is not of a closed list.
func (f *faulter) oneOf(path, value string, known ...string) {
	if !slices.Contains(known, value) {
		f.at(path, "%q is not known; known are %s", value, strings.Join(known, ", "))
	}
}

func (f *faulter) needs(path, value string) {
	if strings.TrimSpace(value) == "" {
		f.at(path, "must be said")
	}
}

func (f *faulter) regexp(path, expr string) {
	if _, err := regexp.Compile(expr); err != nil {
		f.at(path, "no regular expression: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
}

// shape finds the faults of form: everything that reading a file relies on,
// whatever the dataset.
func (p *Profile) shape() []fault {
	f := &faulter{p: p}
	if !regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`).MatchString(p.Name) {
		f.at("name", "%q must be lower-case letters and digits, joined by hyphens", p.Name)
	}
	if p.Revision < 1 {
		f.at("version", "must be 1 or more")
	}
	for path, v := range map[string]string{
		"title.en": p.Title.EN, "title.fr": p.Title.FR, "dataset": p.Dataset, "office": p.Office,
		"source": p.Source, "licence": p.Licence, "cube.name": p.Cube.Name,
	} {
		f.needs(path, v)
	}
	if p.Redistribute == nil {
		f.at("redistribute", "must be said: does the licence allow copies, public views and exports?")
	}
	f.format()
	f.columns()
	f.derived()
	f.controls()
	f.objectFaults()
	f.forms()
	f.extract()
	if p.FilePeriod != nil {
		f.oneOf("file_period.format", p.FilePeriod.Format, periodFormats()...)
		f.template("file_period.text", p.FilePeriod.Text)
	}
	return f.faults
}

func (f *faulter) format() {
	fm := f.p.Format
	f.companionChecks()
	f.oneOf("format.kind", fm.Kind, kindCSV, kindArrays, kindRecords, kindObjects, kindParquet)
	for i, c := range fm.Container {
		f.oneOf(fmt.Sprintf("format.container[%d]", i), c, containers()...)
	}
	for i, e := range fm.Encoding {
		f.oneOf(fmt.Sprintf("format.encoding[%d]", i), e, utf8Name, latin1Name, windows1252Name)
	}
	f.regexp("format.members", fm.Members)
	f.regexp("format.ignore", fm.Ignore)
	if d := fm.Delimiter; d != "" && (len(d) != 1 || d[0] >= 0x80 || strings.ContainsAny(d, "\"\r\n")) {
		f.at("format.delimiter", "%q must be one ASCII character, and no quote and no line's end", d)
	}
	if q := fm.Quote; q != "" && q != "none" && (len(q) != 1 || q[0] >= 0x80 || q == fm.Delimiter || strings.ContainsAny(q, "\r\n")) {
		f.at("format.quote", "%q must be one ASCII character, or none", q)
	}
	if fm.Kind == kindCSV && !slices.Contains([]string{"", `"`, "none"}, fm.Quote) {
		f.at("format.quote", "only \" and none are read now")
	}
	if fm.Skip < 0 || fm.Skip > mostSkipped {
		f.at("format.skip", "must be from 0 to %d lines", mostSkipped)
	}
	if fm.Skip != 0 && !f.p.reads(kindCSV) {
		f.at("format.skip", "is only for the kind %s", kindCSV)
	}
	if fm.Kind == kindRecords {
		f.fixed()
		return
	}
	for path, l := range map[string]*Line{"format.head": fm.Head, "format.detail": fm.Detail, "format.tail": fm.Tail} {
		if l != nil {
			f.at(path, "is only for the kind %s", kindRecords)
		}
	}
}

// fixed looks at the lines of fixed length.
func (f *faulter) fixed() {
	fm := f.p.Format
	if fm.Detail == nil {
		f.at("format", "the kind %s needs the detail line", kindRecords)
		return
	}
	for path, l := range map[string]*Line{"format.head": fm.Head, "format.tail": fm.Tail} {
		if l == nil {
			continue
		}
		if l.Starts == "" {
			f.at(path+".starts", "must be said: how is the line told from the others?")
		}
		f.cuts(path, l, l.Columns, path+".columns")
	}
	if len(fm.Detail.Columns) > 0 {
		f.at("format.detail.columns", "the columns of the detail lines are the profile's columns")
	}
	f.cuts("format.detail", fm.Detail, f.p.Columns, "columns")
}

// cuts looks at the positions of the columns of one line.
func (f *faulter) cuts(path string, l *Line, cols []Column, colPath string) {
	if l.Length < 1 || l.Length > 1<<16 {
		f.at(path+".length", "must be from 1 to 65536")
	}
	if len(l.Between) > 1 {
		f.at(path+".between", "%q must be one character", l.Between)
	}
	for i, c := range cols {
		where := fmt.Sprintf("%s[%d]", colPath, i)
		if c.From < 1 || c.To < c.From || c.To > l.Length {
			f.at(where, "column %q stands from %d to %d, and the line has the positions 1 to %d", c.Name, c.From, c.To, l.Length)
		}
		if i > 0 && c.From <= cols[i-1].To {
			f.at(where, "column %q begins before column %q ends; columns stand in the order of their positions", c.Name, cols[i-1].Name)
		}
	}
}

func (f *faulter) columns() {
	p := f.p
	if len(p.Columns) == 0 {
		f.at("columns", "a profile needs at least one column")
	}
	if len(p.Columns) > 2000 {
		f.at("columns", "more than 2000 columns")
	}
	seen := map[string]string{lineColumn: "the line's place"}
	name := func(path, n string, what string) {
		if n == "" {
			f.at(path, "a name is missing")
		} else if was, ok := seen[n]; ok {
			f.at(path, "the name %q is taken by %s", n, was)
		}
		seen[n] = what
	}
	for i, c := range p.Columns {
		path := fmt.Sprintf("columns[%d]", i)
		name(path+".name", c.Name, "a column")
		for j, a := range c.Also {
			name(fmt.Sprintf("%s.also[%d]", path, j), a, "another name of column "+c.Name)
		}
		f.dress(path, c)
		if p.Format.Kind != kindRecords && (c.From != 0 || c.To != 0) {
			f.at(path, "positions are only for the kind %s", kindRecords)
		}
		if p.Format.Kind == kindRecords && c.Optional {
			f.at(path+".optional", "a position is always there")
		}
		if p.Format.Kind == kindArrays && c.Optional && !p.Format.headed() {
			f.at(path+".optional", "an array has no names: every column must be there")
		}
	}
	for _, c := range p.captures() {
		name("format.members", c, "a part of the member's name")
	}
	for i, g := range p.Given {
		path := fmt.Sprintf("given[%d].name", i)
		f.oneOf(path, g.Name, "period")
		name(path, g.Name, "a thing that is given")
	}
	for i, d := range p.Derive {
		name(fmt.Sprintf("derive[%d].name", i), d.Name, "a derived column")
	}
}

// derived looks at the columns that are made from others: each may use those of
// the file and those derived above it.
func (f *faulter) derived() {
	have := f.p.fileColumns()
	for i, d := range f.p.Derive {
		path := fmt.Sprintf("derive[%d]", i)
		f.otherThanCases(path, d, have)
		for j, c := range d.Cases {
			at := fmt.Sprintf("%s.cases[%d]", path, j)
			if len(c.When) == 0 {
				f.at(at, "a case without condition always holds; say it as else")
			}
			f.tests(at, c.When, have)
			f.value(at, c.Text, c.From, have)
		}
		f.value(path+".else", d.Else.Text, d.Else.From, have)
		have = append(have, d.Name)
	}
}

func (f *faulter) value(path, text, from string, have []string) {
	if text != "" && from != "" {
		f.at(path, "either a value or a column, not both")
	}
	if from != "" && !slices.Contains(have, from) {
		f.at(path+".column", "there is no column %q before this one", from)
	}
	for _, name := range placeholders(text) {
		if !slices.Contains(have, name) {
			f.at(path+".value", "there is no column %q before this one", name)
		}
	}
}

func (f *faulter) tests(path string, tests []Test, have []string) {
	for i, t := range tests {
		at := fmt.Sprintf("%s.when[%d]", path, i)
		if !slices.Contains(have, t.Column) {
			f.at(at+".column", "there is no column %q", t.Column)
		}
		if t.Same != "" && !slices.Contains(have, t.Same) {
			f.at(at+".same", "there is no column %q", t.Same)
		}
		said := 0
		for _, yes := range []bool{len(t.In) > 0, t.Same != "", t.Matches != "", t.Zero, t.Over != ""} {
			if yes {
				said++
			}
		}
		if said != 1 {
			f.at(at, "exactly one of in, same, matches, zero and over must be said")
		}
		if _, ok := milli([]byte(t.Over)); !ok {
			f.at(at+".over", "%q is no number", t.Over)
		}
		f.regexp(at+".matches", t.Matches)
	}
}

func (f *faulter) controls() {
	have := f.p.lineColumns()
	for i, c := range f.p.Controls {
		path := fmt.Sprintf("controls[%d]", i)
		f.needs(path+".name", c.Name)
		f.sum(path+".stated", c.Stated, have)
		f.sum(path+".found", c.Found, have)
	}
}

func (f *faulter) sum(path string, s Sum, have []string) {
	said := 0
	for _, yes := range []bool{s.Tail != "", s.Total != "", s.Lines, len(s.Sum) > 0} {
		if yes {
			said++
		}
	}
	if said != 1 {
		f.at(path, "exactly one of tail, total, lines and sum must be said")
	}
	if s.Tail != "" && !slices.Contains(f.p.tailColumns(), s.Tail) {
		f.at(path+".tail", "the tail line has no column %q", s.Tail)
	}
	if s.Tail != "" && len(s.When) > 0 {
		f.at(path+".when", "the tail is one line")
	}
	if s.Total != "" {
		f.totalCheck(path+".total", s.Total, len(s.When))
	}
	for i, c := range s.Sum {
		if !slices.Contains(have, c) {
			f.at(fmt.Sprintf("%s.sum[%d]", path, i), "there is no column %q", c)
		}
	}
	f.tests(path, s.When, have)
}

// template looks at a text with {column} in it.
func (f *faulter) template(path, text string) {
	have := append(f.p.headColumns(), f.p.captures()...)
	for _, name := range placeholders(text) {
		if !slices.Contains(have, name) {
			f.at(path, "{%s} is neither a column of the head line nor a part of the member's name", name)
		}
	}
}

// captures are the columns that come from the names of members.
func (p *Profile) captures() []string {
	re, err := regexp.Compile(p.Format.Members)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(re.SubexpNames()), func(s string) bool { return s == "" })
}

// fileColumns are the columns of a line before any is derived: of the file, of
// the member's name, and what was given.
func (p *Profile) fileColumns() []string {
	var out []string
	for _, c := range p.Columns {
		out = append(out, c.Name)
	}
	out = append(out, p.captures()...)
	for _, g := range p.Given {
		out = append(out, g.Name)
	}
	return out
}

// lineColumns are all columns of a normalised line but its place.
func (p *Profile) lineColumns() []string {
	out := p.fileColumns()
	for _, d := range p.Derive {
		out = append(out, d.Name)
	}
	return out
}

func (p *Profile) headColumns() []string { return names(p.Format.Head) }

// tailColumns are what a file states of its lines: in its tail, or beside its rows.
func (p *Profile) tailColumns() []string {
	return append(names(p.Format.Tail), names(&Line{Columns: p.Format.Beside})...)
}

func names(l *Line) []string {
	if l == nil {
		return nil
	}
	var out []string
	for _, c := range l.Columns {
		out = append(out, c.Name)
	}
	return out
}
