package codes

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"guichet/hs"
)

// List is one snapshot of a national list of goods.
type List struct {
	Name     string   // "us-hts"; several snapshots may share it
	Country  string   // alpha-2, or EU
	Flows    []string // "imports", "exports"
	Digits   int
	Edition  hs.Edition
	Snapshot string // the day on which the list was taken, "2026-02-21"
	// ValidFrom and ValidTo bound the list where its source says so: "" is unknown or open.
	ValidFrom, ValidTo string
	Entries            int
	Source             string
	// Complete is false where the source is known to lack lines: Note says which.
	Complete bool
	Note     string
}

// Lists returns every snapshot held, by name and date.
func Lists() []List {
	out := make([]List, 0, len(shelves()))
	for _, s := range shelves() {
		l := s.list
		l.Flows = append([]string(nil), l.Flows...)
		out = append(out, l)
	}
	return out
}

// shelf is a snapshot whose entries are unpacked when first asked for.
type shelf struct {
	list    List
	entries func() *entries
}

// line is an entry in little: numbers into the tables of its list.
type line struct {
	code     string
	units    uint16
	from, to uint16
	edition  uint16 // a year, 0 for the list's own
	hs6      string // "" for the prefix, "-" for none
}

// entries is what a snapshot holds, in the order of the codes.
type entries struct {
	head  List
	units [][]string
	dates []string
	lines []line
	at    map[string]int32
	byHS6 map[string][]int32
}

//nolint:gochecknoglobals // the heads are decoded once, never changed
var shelves = sync.OnceValue(func() []*shelf {
	var out []*shelf
	for _, s := range sources() {
		if !strings.HasPrefix(s.Name, "list-") {
			continue
		}
		text := body(textOf(s.Name))
		head, _, _ := strings.Cut(text, "\n")
		list := must(parseHead(head))
		list.Source, list.Entries = s.From, s.Rows
		out = append(out, &shelf{list, sync.OnceValue(func() *entries { return must(parseEntries(text)) })})
	}
	return out
})

// parseHead reads
//
//	M|us-hts|US|imports|10|2022|2026-02-21|2022-01-27||1|note
func parseHead(text string) (List, error) {
	p, err := fields(text, 11)
	if err != nil {
		return List{}, err
	}
	digits, err1 := strconv.Atoi(p[4])
	edition, err2 := strconv.Atoi(p[5])
	if err := errors.Join(err1, err2); err != nil || p[0] != "M" || p[1] == "" || len(p[6]) != len("2006-01-02") {
		return List{}, fmt.Errorf("%q is no head of a list", text)
	}
	return List{
		Name: p[1], Country: p[2], Flows: strings.Split(p[3], ","), Digits: digits, Edition: hs.Edition(edition),
		Snapshot: p[6], ValidFrom: p[7], ValidTo: p[8], Complete: p[9] == "1", Note: p[10],
	}, nil
}

// parseEntries reads the head, the sets of units and the dates that occur,
// then one line per code: how many digits it shares with the one before, the
// rest, and numbers into those tables; a trailing HS6 and edition are rare.
//
//	M|...
//	U|NO|KG|NO KGM
//	D|2002-01-01|2012-02-03
//	00101100010|1|1||010110|2007
//	3210010|1|2
func parseEntries(text string) (*entries, error) {
	head, rest, _ := strings.Cut(text, "\n")
	list, err := parseHead(head)
	if err != nil {
		return nil, err
	}
	unitLine, rest, _ := strings.Cut(rest, "\n")
	dateLine, rest, _ := strings.Cut(rest, "\n")
	if !strings.HasPrefix(unitLine, "U|") || !strings.HasPrefix(dateLine, "D|") {
		return nil, errors.New("a list needs its units and dates")
	}
	count := strings.Count(rest, "\n")
	e := &entries{head: list, units: [][]string{nil}, dates: []string{""}, lines: make([]line, 0, count), at: make(map[string]int32, count), byHS6: map[string][]int32{}}
	for set := range strings.SplitSeq(unitLine[2:], "|") {
		e.units = append(e.units, strings.Fields(set))
	}
	e.dates = append(e.dates, strings.Split(dateLine[2:], "|")...)
	last := ""
	for text := range strings.Lines(rest) {
		l, err := e.parseLine(strings.TrimSuffix(text, "\n"), last)
		if err != nil {
			return nil, fmt.Errorf("%s, line %q: %w", list.Name, text, err)
		}
		n := int32(len(e.lines)) //nolint:gosec // a list has some ten thousand lines
		e.lines = append(e.lines, l)
		e.at[l.code] = n
		if hs6 := l.subheading(); hs6 != "" {
			e.byHS6[hs6] = append(e.byHS6[hs6], n)
		}
		last = l.code
	}
	return e, nil
}

func (e *entries) parseLine(text, last string) (line, error) {
	p, err := fields(text, 6)
	if err != nil {
		return line{}, err
	}
	if p[0] == "" || p[0][0] < '0' || p[0][0] > '9' || int(p[0][0]-'0') > len(last) {
		return line{}, errors.New("want a digit and the rest of a code")
	}
	l := line{code: last[:p[0][0]-'0'] + p[0][1:], hs6: p[4]}
	if len(l.code) < 6 || l.code <= last {
		return line{}, fmt.Errorf("code %q is short or out of order", l.code)
	}
	for i, to := range []*uint16{&l.units, &l.from, &l.to} {
		limit := len(e.dates)
		if i == 0 {
			limit = len(e.units)
		}
		if p[i+1] == "" {
			continue
		}
		n, err := strconv.ParseUint(p[i+1], 10, 16)
		if err != nil || int(n) >= limit {
			return line{}, fmt.Errorf("no such number %q", p[i+1])
		}
		*to = uint16(n)
	}
	if p[5] != "" {
		year, err := strconv.ParseUint(p[5], 10, 16)
		if err != nil {
			return line{}, fmt.Errorf("edition %q: %w", p[5], err)
		}
		l.edition = uint16(year)
	}
	return l, nil
}

// subheading is the HS6 of a line, "" when it has none.
func (l line) subheading() string {
	switch l.hs6 {
	case "":
		return l.code[:6]
	case "-":
		return ""
	default:
		return l.hs6
	}
}
