package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"guichet"
)

// Companion is a member of the archive that stands beside the lines and speaks of
// them: a fixed-length table with one line per code, from which a line learns
// what it does not say itself (its units), and whose sums the lines must give.
//
//	8471300100PORTABLE AUTOMATIC DATA PROCESSING ...   NO    202401000000000000003...
//
// It gives no record of its own.
type Companion struct {
	Name    string   `yaml:"name"`    // what lookups and controls call it
	Member  string   `yaml:"member"`  // a regular expression over the whole name of the member
	Length  int      `yaml:"length"`  // of its lines, in bytes, without the line's end
	Columns []Column `yaml:"columns"` // cut from .. to; those that are numbers are added up
}

// Lookup is a derived column that takes what a companion says of a line.
type Lookup struct {
	In    string   `yaml:"in"`    // the name of the companion
	By    []string `yaml:"by"`    // columns of the line
	Key   []string `yaml:"key"`   // columns of the member, in the same order
	Gives string   `yaml:"gives"` // the column of the member whose text is taken
	// Missing is the text where the member does not speak of the line. It must be
	// one that no member writes, so that the two are told apart.
	Missing string `yaml:"missing"`
}

// maxCompanion bounds how many lines a companion may have: a list of goods has
// some ten thousand.
const maxCompanion = 1_000_000

// companions are the companions as they were read.
type companions struct {
	lookups map[int]map[string][]byte // by place in Profile.Derive: key -> text
	sums    map[string]*figure        // "member.column"
	found   map[string]string         // companion -> the member that it is
}

// readCompanions reads the companions. They may stand behind the lines in the
// archive, which is therefore gone through until all have been found.
func (n *normaliser) readCompanions(ctx context.Context, f *original) error {
	want := n.p.Format.Companions
	if len(want) == 0 {
		return nil
	}
	found := map[string]string{}
	n.companions = companions{map[int]map[string][]byte{}, map[string]*figure{}, found}
	err := f.walk(ctx, func(member string, r io.Reader) error {
		for _, b := range want {
			if !regexp.MustCompile(`^(?:` + b.Member + `)$`).MatchString(member) {
				continue
			}
			found[b.Name] = member
			if err := n.readCompanion(b, r); err != nil {
				return n.within(member, err)
			}
		}
		if len(found) == len(want) {
			return errStop
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, b := range want {
		if _, ok := found[b.Name]; !ok {
			return guichet.Errorf(guichet.KindInvalid, "%s holds no member like %s, with which the profile %s reads its lines", f.name, b.Member, n.p.Name).
				WithHint("take in the archive as the office publishes it, not a part of it")
		}
	}
	return nil
}

// alone refuses a second member of the name of a companion, and a second member
// of lines: the totals of a companion are those of one.
func (n *normaliser) alone(f *original, member string) error {
	for _, b := range n.p.Format.Companions {
		if was := n.companions.found[b.Name]; was != member && regexp.MustCompile(`^(?:`+b.Member+`)$`).MatchString(member) {
			return guichet.Errorf(guichet.KindInvalid, "%s holds two members that are read as %s: %s and %s", f.name, b.Name, shorten(was), shorten(member))
		}
	}
	if len(n.p.Format.Companions) > 0 && n.read > 1 {
		return guichet.Errorf(guichet.KindInvalid, "%s holds several members of lines, and the profile %s reads one: %s is one too many", f.name, n.p.Name, shorten(member))
	}
	return nil
}

// readCompanion reads the lines of one companion.
func (n *normaliser) readCompanion(b Companion, r io.Reader) error {
	shape := &Profile{Format: Format{Detail: &Line{Length: b.Length}}, Columns: b.Columns}
	in := newRecordReader(newTextReader(ascii{r}, utf8Name, n.limits.Line), shape, n.limits.Line)
	at := func(name string) int {
		return slices.IndexFunc(b.Columns, func(c Column) bool { return c.Name == name })
	}
	for lines := 0; ; lines++ {
		row, err := in.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		switch {
		case err != nil:
			return err
		case in.ragged:
			return guichet.Errorf(guichet.KindInvalid, "line %d has %d bytes, and a line of it has %d", in.line, len(row[0]), b.Length)
		case lines >= maxCompanion:
			return guichet.Errorf(guichet.KindHostile, "it has more than %d lines", maxCompanion)
		}
		if err := n.companionSums(b, row, in.line); err != nil {
			return err
		}
		for i, d := range n.p.Derive {
			if d.Lookup != nil && d.Lookup.In == b.Name {
				if err := n.learn(i, *d.Lookup, row, at, in.line); err != nil {
					return err
				}
			}
		}
	}
}

// ascii reads a text with a question mark for every byte beyond ASCII, so that
// positions stay those of the file whatever encoding its descriptions have:
// codes, units and numbers are ASCII, and nothing else of a companion is used.
type ascii struct{ r io.Reader }

func (a ascii) Read(p []byte) (int, error) {
	n, err := a.r.Read(p)
	for i, c := range p[:n] {
		if c >= 0x80 {
			p[i] = '?'
		}
	}
	return n, err
}

// companionSums adds up the numbers of one line.
func (n *normaliser) companionSums(b Companion, row [][]byte, line int64) error {
	for i, c := range b.Columns {
		if !c.Number {
			continue
		}
		if !isNumber(row[i]) {
			return guichet.Errorf(guichet.KindInvalid, "line %d: %s is \"%s\", which is no number", line, c.Name, shorten(string(row[i])))
		}
		name := b.Name + "." + c.Name
		if n.companions.sums[name] == nil {
			n.companions.sums[name] = &figure{}
		}
		n.companions.sums[name].add(row[i])
	}
	return nil
}

// learn notes what one line says of its key. Two lines may say the same; where
// they differ nobody knows which holds.
func (n *normaliser) learn(i int, l Lookup, row [][]byte, at func(string) int, line int64) error {
	known := n.companions.lookups[i]
	if known == nil {
		known = map[string][]byte{}
		n.companions.lookups[i] = known
	}
	var key []byte
	for _, k := range l.Key {
		key = append(append(key, row[at(k)]...), '|')
	}
	says := row[at(l.Gives)]
	if was, ok := known[string(key)]; ok && string(was) != string(says) {
		return guichet.Errorf(guichet.KindInvalid, "line %d: %s of %s is \"%s\", and a line above says \"%s\"", line, l.Gives,
			shorten(strings.TrimSuffix(string(key), "|")), shorten(string(says)), shorten(string(was)))
	}
	known[string(key)] = slices.Clone(says)
	return nil
}

// lookup is a Lookup that is ready to be asked of a line.
type lookup struct {
	by      []int
	known   map[string][]byte
	missing []byte
	key     []byte // scratch
}

func (l *lookup) value(row [][]byte) []byte {
	l.key = l.key[:0]
	for _, c := range l.by {
		l.key = append(append(l.key, row[c]...), '|')
	}
	if v, ok := l.known[string(l.key)]; ok {
		return v
	}
	return l.missing
}

// useCompanions gives what the companions said to those who ask for it.
func (n *normaliser) useCompanions() {
	n.ledger.totals = map[string]guichet.Decimal{}
	for name, sum := range n.companions.sums {
		n.ledger.totals[name] = sum.decimal()
	}
	for i, d := range n.p.Derive {
		if d.Lookup == nil {
			continue
		}
		l := &lookup{known: n.companions.lookups[i], missing: []byte(d.Lookup.Missing)}
		for _, c := range d.Lookup.By {
			l.by = append(l.by, slices.Index(n.cols, c))
		}
		n.derive[i].lookup = l
	}
}

// companionChecks finds the faults of form of companions.
func (f *faulter) companionChecks() {
	seen := map[string]bool{}
	for i, b := range f.p.Format.Companions {
		path := fmt.Sprintf("format.companions[%d]", i)
		if f.p.Format.Kind != kindRecords || f.p.Format.Members == "" {
			f.at(path, "is only for the kind %s with named members (format.members)", kindRecords)
		}
		if f.needs(path+".name", b.Name); seen[b.Name] {
			f.at(path+".name", "the name %q is taken", b.Name)
		}
		seen[b.Name] = true
		f.needs(path+".member", b.Member)
		f.regexp(path+".member", b.Member)
		f.cuts(path, &Line{Length: b.Length}, b.Columns, path+".columns")
		for j, c := range b.Columns {
			if slices.ContainsFunc(b.Columns[:j], func(x Column) bool { return x.Name == c.Name }) || c.Name == "" {
				f.at(fmt.Sprintf("%s.columns[%d].name", path, j), "the name %q is missing or taken", c.Name)
			}
		}
	}
}

// lookupChecks finds the faults of form of one lookup; have are the columns
// that the line has before it.
func (f *faulter) lookupChecks(path string, l Lookup, have []string) {
	i := slices.IndexFunc(f.p.Format.Companions, func(b Companion) bool { return b.Name == l.In })
	if i < 0 {
		f.at(path+".in", "there is no companion of the name %q", l.In)
		return
	}
	cols := map[string]bool{}
	for _, c := range f.p.Format.Companions[i].Columns {
		cols[c.Name] = c.Number
	}
	for _, k := range append(slices.Clone(l.Key), l.Gives) {
		if number, ok := cols[k]; !ok || number {
			f.at(path, "%q is no text of the member %s; it has %s", k, l.In, strings.Join(slices.Sorted(maps.Keys(cols)), ", "))
		}
	}
	if len(l.By) == 0 || len(l.By) != len(l.Key) {
		f.at(path, "by and key must name as many columns")
	}
	for _, c := range l.By {
		if !slices.Contains(have, c) {
			f.at(path+".by", "there is no column %q before this one", c)
		}
	}
	f.needs(path+".missing", l.Missing)
}

// totalCheck finds a total that no companion states.
func (f *faulter) totalCheck(path, total string, when int) {
	if when > 0 {
		f.at(path, "a total is of all lines of its member")
	}
	for _, b := range f.p.Format.Companions {
		for _, c := range b.Columns {
			if total == b.Name+"."+c.Name && c.Number {
				return
			}
		}
	}
	f.at(path, "no companion has a column of numbers %q; write MEMBER.COLUMN", total)
}
