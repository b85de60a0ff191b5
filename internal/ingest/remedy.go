package ingest

import (
	"bytes"

	"guichet/wording"
)

// remedy says what to change in a profile of delimited text that does not fit a
// member, where its header tells; "" where it does not.
func (p *Profile) remedy(m sampled) wording.Sentence {
	if p.Format.Kind != kindCSV || !p.Format.header() {
		return wording.Sentence{}
	}
	c := newCSVReader(bytes.NewReader(p.decodeHead(m.head)), p.Format.delimiter(), p.Format.quote(), headBytes)
	if c.skip(p.Format.Skip) != nil {
		return wording.Say("set format.skip to the number of lines that stand in front of the header")
	}
	if line, err := c.next(); err == nil && !c.ragged {
		header, _ := p.Format.named(fieldTexts(line))
		x := p.match(header)
		if len(x.unknown) > 0 && len(x.missing)+len(x.twice) == 0 {
			return wording.Say("name it in the profile's columns and use it, or with ignored: true if nothing hangs on it: a column that is left out may be a dimension")
		}
		if x.why().Of == "" {
			return wording.Sentence{}
		}
		if other := p.cutOtherwise(c.raw); other != 0 {
			return wording.Say("write delimiter: %q under the profile's format", string(other))
		}
	}
	if n := p.headerAt(p.decodeHead(m.head)); n >= 0 {
		return wording.Say("the header stands in line %d: write skip: %d under the profile's format", n+1, n)
	}
	return wording.Sentence{}
}

// headerAt is how many lines stand in front of the one that names the profile's
// columns, -1 where none of the first does.
func (p *Profile) headerAt(head []byte) int {
	n := 0
	for line := range bytes.Lines(head) {
		if n > mostSkipped {
			break
		}
		c := newCSVReader(bytes.NewReader(line), p.Format.delimiter(), p.Format.quote(), headBytes)
		if fields, err := c.next(); err == nil && !c.ragged {
			header, _ := p.Format.named(fieldTexts(fields))
			if x := p.match(header); x.why().Of == "" {
				return n
			}
		}
		n++
	}
	return -1
}

// fieldTexts are fields as texts that last.
func fieldTexts(fields [][]byte) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = string(f)
	}
	return out
}

// cutOtherwise is the delimiter by which a header names the profile's columns
// where the profile's own does not cut it; 0 when there is none.
func (p *Profile) cutOtherwise(header []byte) byte {
	for _, d := range delimiters() {
		if d == p.Format.delimiter() {
			continue
		}
		c := newCSVReader(bytes.NewReader(header), d, p.Format.quote(), headBytes)
		line, err := c.next()
		if err != nil || c.ragged || len(line) < 2 {
			continue
		}
		names, _ := p.Format.named(fieldTexts(line))
		if m := p.match(names); (len(names)-len(m.unknown)-len(m.twice))*2 > len(p.Columns) {
			return d
		}
	}
	return 0
}

// delimiters are those that offices use.
func delimiters() []byte { return []byte{',', ';', '\t', '|'} }

// signName is a delimiter for people.
func signName(d byte) string {
	if d == '\t' {
		return "a tab"
	}
	return "\"" + string(d) + "\""
}
