package main

import (
	"bytes"
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// table is one of UNSD's correlation tables, from a newer edition to an older.
type table struct {
	name, newer, older string
	rows               int
	lonely             []string // codes of the older edition that the table forgets
}

// tables are the five that the shared folder holds. The row counts are those
// of PROVENANCE.md less the residual's row where there is one.
func tables() []table {
	return []table{
		{name: "concordance_hs2017_hs2007.csv", newer: "HS2017", older: "HS2007", rows: 6323},
		{name: "concordance_hs2017_hs2012.csv", newer: "HS2017", older: "HS2012", rows: 6140},
		{name: "concordance_hs2022_hs2007.csv", newer: "HS2022", older: "HS2007", rows: 16634},
		{name: "concordance_hs2022_hs2012.csv", newer: "HS2022", older: "HS2012", rows: 16376},
		{name: "concordance_hs2022_hs2017.csv", newer: "HS2022", older: "HS2017", rows: 15656, lonely: []string{"300219"}},
	}
}

type pair struct {
	newer, older, kind   string
	partial, isByDefault bool
}

// file packs a table: a line for each newer code with the older codes related
// to it, each followed by * when it is UNSD's single conversion and by x when
// the table says that only a part of it (ex) is meant. A code whose heading
// is that of the code written before it is shortened to its last two digits:
//
//	401512 11* 19
//	19 19*
//
// says that HS2022 401512 is related to HS2017 401511 (the conversion) and
// 401519, and that 401519 is related to 401519. The kind of a relation (1:1,
// 1:n, n:1, n:n) is not written: it follows from the counts, which is checked
// here against what the table says.
func (t table) file(folder string, newer, older map[string]bool) (file, error) {
	pairs, err := t.read(folder)
	if err != nil {
		return file{}, err
	}
	if err := t.check(pairs, newer, older); err != nil {
		return file{}, err
	}
	var body bytes.Buffer
	line, last := "", ""
	for _, p := range pairs {
		if p.newer != line {
			if line != "" {
				body.WriteByte('\n')
			}
			body.WriteString(short(line, p.newer))
			line, last = p.newer, p.newer
		}
		body.WriteString(" " + short(last, p.older))
		last = p.older
		if p.isByDefault {
			body.WriteByte('*')
		}
		if p.partial {
			body.WriteByte('x')
		}
	}
	body.WriteByte('\n')
	source := "UNSD, insongkim/concordance data-raw/" + t.newer + "to" + t.older + "ConversionAndCorrelationTables.xlsx"
	return file{t.newer + "-" + t.older, source, collected, "201c812e51f2", len(pairs), body.Bytes()}, nil
}

// short leaves out the heading of code where it is that of the code before.
func short(before, code string) string {
	if before != "" && before[:4] == code[:4] {
		return code[4:]
	}
	return code
}

func (t table) read(folder string) ([]pair, error) {
	columns := []string{strings.ToLower(t.newer), strings.ToLower(t.older), "relationship", "partial_ex", "is_unsd_conversion"}
	rows, err := readCSV(filepath.Join(folder, t.name), columns)
	if err != nil {
		return nil, err
	}
	var pairs []pair
	for i, r := range rows {
		if r[0] == residual && r[1] == residual {
			continue
		}
		if (r[3] != "" && r[3] != "ex") || (r[4] != "0" && r[4] != "1") {
			return nil, fmt.Errorf("row %d: flags are %q and %q", i+2, r[3], r[4])
		}
		pairs = append(pairs, pair{r[0], r[1], r[2], r[3] == "ex", r[4] == "1"})
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.newer, b.newer), cmp.Compare(a.older, b.older))
	})
	return pairs, nil
}

// check holds the table against the two editions and against itself.
func (t table) check(pairs []pair, newer, older map[string]bool) error {
	if len(pairs) != t.rows {
		return fmt.Errorf("%d rows, not %d", len(pairs), t.rows)
	}
	olders, newers, byDefault := make(map[string]int), make(map[string]int), make(map[string]int)
	for i, p := range pairs {
		if i > 0 && pairs[i-1].newer == p.newer && pairs[i-1].older == p.older {
			return fmt.Errorf("%s to %s stands twice", p.newer, p.older)
		}
		if !newer[p.newer] || !older[p.older] {
			return fmt.Errorf("%s to %s names a code that its edition does not hold", p.newer, p.older)
		}
		olders[p.newer]++
		newers[p.older]++
		if p.isByDefault {
			byDefault[p.newer]++
		}
	}
	for _, p := range pairs {
		if kind := many(newers[p.older]) + ":" + many(olders[p.newer]); kind != p.kind {
			return fmt.Errorf("%s to %s is %s by count and %s by name", p.newer, p.older, kind, p.kind)
		}
	}
	for c := range newer {
		if byDefault[c] != 1 {
			return fmt.Errorf("%s has %d conversions, not one", c, byDefault[c])
		}
	}
	for c := range older {
		if forgotten := slices.Contains(t.lonely, c); (newers[c] == 0) != forgotten {
			return fmt.Errorf("%s of %s has %d relations", c, t.older, newers[c])
		}
	}
	return nil
}

func many(n int) string {
	if n > 1 {
		return "n"
	}
	return "1"
}
