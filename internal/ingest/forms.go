package ingest

import (
	"fmt"
	"slices"
	"strings"
)

// forms are the profile in each kind in which its columns may come: its own,
// and those under also. An API answers in JSON, and people keep the answers as
// CSV or Parquet with the same names.
func (p *Profile) forms() []*Profile {
	out := []*Profile{p}
	if p.Format.Kind == kindParquet {
		out[0] = p.as(kindParquet)
	}
	for _, kind := range p.Format.Also {
		out = append(out, p.as(kind))
	}
	return out
}

// as is the profile with another kind of format. A Parquet file is read as it
// lies: what is said of containers and members is for the other kinds.
func (p *Profile) as(kind string) *Profile {
	out := *p
	out.Format.Kind = kind
	if kind == kindParquet {
		out.Format.Container, out.Format.Members, out.Format.Ignore = []string{containerNone}, "", ""
	}
	return &out
}

// reads says whether the profile reads files of a kind.
func (p *Profile) reads(kind string) bool {
	return p.Format.Kind == kind || slices.Contains(p.Format.Also, kind)
}

// attemptForms looks at whether a profile fits a sample in any of its forms,
// and returns the nearest.
func (p *Profile) attemptForms(s sample) (*Profile, Attempt) {
	var best *Profile
	var attempt Attempt
	for _, form := range p.forms() {
		if a := form.attempt(s); best == nil || a.Score > attempt.Score {
			best, attempt = form, a
		}
	}
	if attempt.Score == 100 {
		best = best.inCube(s)
	}
	return best, attempt
}

// inCube is the profile with the cube of the sample, where the first line says
// which of the office's tables it is. A file without a line is of the first:
// nothing of it will be kept.
func (p *Profile) inCube(s sample) *Profile {
	at := p.columnAt(p.Cube.By)
	if at < 0 {
		return p
	}
	for _, v := range p.Columns[at].Only {
		out := *p
		out.Columns = slices.Clone(p.Columns)
		out.Columns[at].Only = []string{v}
		if out.attempt(s).Score == 100 {
			out.Columns = p.Columns
			out.Cube.Name += "-" + cubeName(v)
			return &out
		}
	}
	return p
}

// cubeName is a value as a part of a cube's name: lower-case letters and
// digits; "total" for a value without any, such as "-".
func cubeName(v string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(v))
	if name == "" {
		return "total"
	}
	return name
}

// columnAt is the place of a column of the file, -1 when it has none.
func (p *Profile) columnAt(name string) int {
	return slices.IndexFunc(p.Columns, func(c Column) bool { return name != "" && c.Name == name })
}

// forms finds the faults of what is said of several kinds.
func (f *faulter) forms() {
	fm := f.p.Format
	for i, kind := range fm.Also {
		f.oneOf(fmt.Sprintf("format.also[%d]", i), kind, kindCSV, kindArrays, kindParquet)
		if kind == fm.Kind || slices.Contains(fm.Also[:i], kind) {
			f.at(fmt.Sprintf("format.also[%d]", i), "the kind %q is said twice", kind)
		}
	}
	if len(fm.Also) > 0 {
		f.oneOf("format.kind", fm.Kind, kindCSV, kindArrays, kindParquet)
		if f.p.reads(kindArrays) && !fm.headed() {
			f.at("format.header", "must be said to be true: the columns of several kinds are found by their names")
		}
	}
	if fm.Kind == kindParquet && len(fm.Also) == 0 {
		for path, said := range map[string]bool{
			"container": len(fm.Container) > 0 && !slices.Equal(fm.Container, []string{containerNone}),
			"members":   fm.Members != "", "ignore": fm.Ignore != "", "encoding": len(fm.Encoding) > 0,
			"delimiter": fm.Delimiter != "", "quote": fm.Quote != "", "header": fm.Header != nil, "trailing_delimiter": fm.Trailing,
		} {
			if said {
				f.at("format."+path, "is not for the kind %s: such a file is plain, and says itself what its columns are", kindParquet)
			}
		}
	}
	if by := f.p.Cube.By; by != "" {
		switch i := f.p.columnAt(by); {
		case i < 0:
			f.at("cube.by", "the file has no column %q", by)
		case len(f.p.Columns[i].Only) == 0 || f.p.Columns[i].Optional:
			f.at("cube.by", "the column %q must always be there, and say under only what it may hold", by)
		}
	}
}

// headed says whether a file of arrays has the columns' names as its first row:
// only where it is written, since most have none.
func (f Format) headed() bool { return f.Header != nil && *f.Header }
