package ingest

import (
	"bytes"
	"strconv"
	"strings"

	"guichet"
	"guichet/internal/ingest/draft"
)

// Bounds of what is looked at. A profile names every column, and a person reads
// it: no office publishes a table of a thousand.
const (
	draftRows    = 60_000
	draftColumns = 1000
	draftCells   = 4 << 20 // of JSON, where a row may leave out keys that then stand empty
)

// tooWide refuses a table of more columns than are looked at.
func tooWide(name string) error {
	return guichet.Errorf(guichet.KindHostile, "%s has more than %d columns", name, draftColumns).
		WithHint("look at it with an editor; a table that is laid on its side must be turned first")
}

// tableOf cuts the pieces into rows and finds how they are written.
func tableOf(name string, pieces []piece, t *draft.Table) error {
	head := bytes.TrimLeft(pieces[0].text, " \t\r\n")
	if len(head) == 0 {
		return guichet.Errorf(guichet.KindInvalid, "%s is empty", name)
	}
	if head[0] == '[' || head[0] == '{' {
		return jsonTable(name, pieces, t)
	}
	c := bestCut(pieces[0].text)
	if c.records == 0 {
		if n := fixedLength(pieces[0].text); n > 0 {
			return notDraftable(name, "lines of "+strconv.Itoa(n)+" characters with nothing between the columns",
				"where one column ends and the next begins only the office's layout says: write the profile by hand, of the kind records (docs/design/profiles.md)")
		}
		return notDraftable(name, "no table whose lines have the same columns, parted by a comma, semicolon, tab or bar",
			"look at it with an editor: lines in front of the header must go; then draft again")
	}
	if c.columns > draftColumns {
		return tooWide(name)
	}
	t.Shape.Kind, t.Shape.Delimiter, t.Shape.NoQuote = kindCSV, c.delimiter, c.quote == 0
	t.Shape.Skip = c.front(pieces[0].text)
	all := c.rows(pieces, &t.Shape)
	if err := c.name(name, all, t); err != nil {
		return err
	}
	return nil
}

// cut is a way of cutting lines, and how well it does.
type cut struct {
	delimiter, quote byte
	columns          int // of most records
	agree, records   int // records of that many, and all
}

// bestCut tries the delimiters that offices use, with and without quotes.
func bestCut(text []byte) cut {
	var best cut
	for _, quote := range []byte{'"', 0} {
		for _, d := range delimiters() {
			c := tryCut(text, d, quote)
			if c.columns < 2 || c.agree*10 < c.records*8 {
				continue
			}
			// The more columns agree the better.
			if best.records == 0 || c.agree*c.columns*best.records > best.agree*best.columns*c.records {
				best = c
			}
		}
		// Quotes are quotes, unless that leaves lines that cannot be cut.
		if best.agree*50 >= best.records*49 && best.records > 0 {
			break
		}
	}
	return best
}

func tryCut(text []byte, delimiter, quote byte) cut {
	const enough = 400
	c := cut{delimiter: delimiter, quote: quote}
	counts := map[int]int{}
	r := newCSVReader(bytes.NewReader(text), delimiter, quote, headBytes)
	for c.records < enough {
		line, err := r.next()
		if err != nil {
			break
		}
		c.records++
		if !r.ragged {
			counts[len(line)]++
		}
	}
	for n, times := range counts {
		if times > c.agree || times == c.agree && n > c.columns {
			c.columns, c.agree = n, times
		}
	}
	return c
}

// mostSkipped bounds the lines in front of a header.
const mostSkipped = 100

// front counts the lines in front of the header: titles, notes and blank lines,
// up to the first line that has the columns of those that follow, names each and
// holds no figure. It is 0 where a line in front may be one of data, or no such
// line comes soon.
func (c cut) front(text []byte) int {
	n := 0
	for line := range bytes.Lines(text) {
		r := newCSVReader(bytes.NewReader(line), c.delimiter, c.quote, headBytes)
		fields, err := r.next()
		named := 0
		for _, v := range fields {
			if len(bytes.TrimSpace(v)) > 0 {
				named++
			}
		}
		cuts := err == nil && !r.ragged && (len(fields) == c.columns || len(fields) == c.columns-1)
		switch {
		case cuts && named >= c.columns-1 && named >= len(fields)-1:
			if !nameable(fields) {
				return 0
			}
			return n
		case cuts && named > 1 && named*2 > len(fields), n == mostSkipped:
			return 0
		}
		n++
	}
	return 0
}

// nameable says whether fields can name columns: none is a figure.
func nameable(fields [][]byte) bool {
	for _, v := range fields {
		if _, number := milli([]byte(strings.ReplaceAll(strings.TrimSpace(string(v)), ",", "."))); number {
			return false
		}
	}
	return true
}

// rows cuts all pieces. Of the beginning it counts the lines that do not have
// the columns of the others; elsewhere the first record may be the end of a
// quoted text, and what cannot be cut is passed over.
func (c cut) rows(pieces []piece, s *draft.Shape) [][]string {
	var all [][]string
	share := draftRows * 2 / 3 / max(1, len(pieces))
	for i, p := range pieces {
		limit := len(all) + share
		if i == 0 {
			limit = draftRows / 3
		}
		r := newCSVReader(bytes.NewReader(p.text), c.delimiter, c.quote, headBytes)
		if p.head && r.skip(s.Skip) != nil {
			continue
		}
		for first := true; len(all) < limit; first = false {
			line, err := r.next()
			if err != nil {
				break
			}
			if r.ragged || len(line) != c.columns && len(line) != c.columns-1 {
				if i == 0 {
					s.Uncut++
				}
				continue
			}
			if i > 0 && p.head && first && len(all) > 0 && sameLine(line, all[0]) {
				continue // the header again, of another member
			}
			row := make([]string, c.columns)
			for j, v := range line {
				row[j] = string(v)
			}
			all = append(all, row)
		}
	}
	return all
}

func sameLine(line [][]byte, row []string) bool {
	for i, v := range line {
		if string(v) != row[i] {
			return false
		}
	}
	return true
}

// name takes the names of the columns from the first row, if it has them, and
// an empty field off the end of every line, if there is one.
func (c cut) name(file string, all [][]string, t *draft.Table) error {
	if len(all) == 0 {
		return nil
	}
	last := c.columns - 1
	t.Shape.Trailing = true
	for _, r := range all {
		t.Shape.Trailing = t.Shape.Trailing && r[last] == ""
	}
	if t.Shape.Trailing {
		for i := range all {
			all[i] = all[i][:last]
		}
	}
	return nameColumns(file, all, t)
}

// nameColumns finds whether the first row names the columns: none of its
// fields is a number, none is empty.
func nameColumns(file string, all [][]string, t *draft.Table) error {
	header := true
	for _, v := range all[0] {
		_, number := milli([]byte(strings.ReplaceAll(strings.TrimSpace(v), ",", ".")))
		header = header && !number && strings.TrimSpace(v) != ""
	}
	t.Rows = all
	if !header {
		t.Shape.NoHeader = true
		for i := range all[0] {
			t.Names = append(t.Names, "column_"+strconv.Itoa(i+1))
		}
		return nil
	}
	t.Rows = all[1:]
	seen := map[string]bool{}
	for _, v := range all[0] {
		v = strings.TrimSpace(v)
		if seen[v] {
			return guichet.Errorf(guichet.KindInvalid, "the header of %s names two columns \"%s\"", file, shorten(v)).
				WithHint("a profile tells columns by their names: ask the office, or rename one of them in the file")
		}
		seen[v] = true
		t.Names = append(t.Names, v)
	}
	return nil
}

// fixedLength is the length of the lines where all are alike, 0 where not.
func fixedLength(text []byte) int {
	const enough, least = 200, 20
	length, n := 0, 0
	for line := range bytes.Lines(text) {
		line = bytes.TrimRight(line, "\r\n")
		if n++; n > 1 && len(line) != length {
			return 0
		}
		length = len(line)
		if n == enough {
			break
		}
	}
	if n < 3 || length < least {
		return 0
	}
	return length
}
