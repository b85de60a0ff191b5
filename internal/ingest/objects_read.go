package ingest

import (
	"bytes"
	"fmt"
	"maps"

	"guichet/wording"
)

// objects reads the rows of one member.
func (n *normaliser) objects(t *textReader, captures map[string]string) error {
	if err := n.begin(captures); err != nil {
		return err
	}
	if n.rows == nil {
		n.rows = newArrayReader(t, n.limits.Line)
	}
	n.rows.reset(t)
	o := newObjectReader(n.rows, n.p)
	err := o.run(func(row [][]byte, odd bool) error {
		if odd {
			n.ledger.odd()
			return n.ragged(o.in.row, o.text())
		}
		copy(n.row, row)
		return n.line(o.in.row)
	})
	n.tail = maps.Clone(o.said)
	return err
}

// odd counts a row that is put aside: a service that states how many rows it
// sent counts it too.
func (l *ledger) odd() {
	for i := range l.sides {
		for j := range l.sides[i] {
			if t := &l.sides[i][j]; t.lines && len(t.when) == 0 {
				t.sum.addMilli(1000)
			}
		}
	}
}

// fitsObjects compares the first row of JSON objects with the profile. What
// stands beside the rows is looked at when they are read: an answer that a
// service cut short is refused for that, and not as of an unknown kind.
func (p *Profile) fitsObjects(head []byte) (int, wording.Sentence) {
	o := newObjectReader(newArrayReader(bytes.NewReader(head), headBytes), p)
	var keys []string
	o.first = func(k []string) error { keys = k; return nil }
	whole := false
	err := o.run(func([][]byte, bool) error { whole = true; return errStop })
	switch {
	case o.empty:
		return 100, wording.Sentence{} // a file that reports nothing
	case err != nil && !whole && o.found:
		return 20, wording.Say("its first row cannot be read: %v", err)
	case !whole && err != nil:
		return 0, wording.Say("it is no JSON with rows of objects%s: %v", p.Format.place(), err)
	case !whole:
		return 0, wording.Say("it is no JSON with rows of objects%s", p.Format.place())
	}
	m := p.match(keys)
	if why := m.why(); why.Of != "" {
		known := len(keys) - len(m.unknown) - len(m.twice)
		return 90 * known / (len(p.Columns) + len(m.unknown)), why
	}
	if i := o.mistyped(); i >= 0 {
		return 92, wording.Say("column '%s' is a number in the first row, and a text in the profile", p.Columns[i].Name)
	}
	for i, c := range p.Columns {
		if why := c.refuses(string(o.row[i])); why.Of != "" && o.seen[i] {
			return 95, why
		}
	}
	return 100, wording.Sentence{}
}

// place says where the rows stand, for people.
func (f Format) place() wording.Sentence {
	if f.At == "" {
		return wording.Sentence{}
	}
	return wording.Say(" at %q", f.At)
}

// objectFaults looks at what only the kind json-objects has.
func (f *faulter) objectFaults() {
	fm := f.p.Format
	if fm.Kind != kindObjects {
		if fm.At != "" {
			f.at("format.at", "is only for the kind %s", kindObjects)
		}
		if len(fm.Beside) > 0 {
			f.at("format.beside", "is only for the kind %s", kindObjects)
		}
		return
	}
	if fm.At == "" && len(fm.Beside) > 0 {
		f.at("format.beside", "where the whole document is the array (format.at is left out), nothing stands beside it")
	}
	seen := map[string]bool{fm.At: true}
	for i, c := range fm.Beside {
		path := fmt.Sprintf("format.beside[%d]", i)
		f.needs(path+".name", c.Name)
		if seen[c.Name] {
			f.at(path+".name", "the path %q stands twice", c.Name)
		}
		seen[c.Name] = true
	}
	for i, c := range f.p.Controls {
		if fm.Members != "" && (c.Stated.Tail != "" || c.Found.Tail != "") {
			f.at(fmt.Sprintf("controls[%d]", i), "totals that stand in several members are not added up")
		}
	}
}
