package codes

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// Change is one step from a code to another, or to itself where a code kept
// its number while goods came or went.
type Change struct {
	Old, New string
	// FromYear is the first year of the new code; the old one ended the year before.
	FromYear int
}

// Successors returns what followed a code, by year and code: of "cn" (eight
// digits, 1988 to 2019; uk-cn and eu-cn are the same) and "nz-tariff" (ten
// digits, 2021 to 2022). None means no change is known, not that there was none.
func Successors(list, code string) []Change {
	return append([]Change(nil), changesOf(list).next[code]...)
}

// Predecessors returns what a code followed, by year and code.
func Predecessors(list, code string) []Change {
	return append([]Change(nil), changesOf(list).previous[code]...)
}

type changeTable struct{ next, previous map[string][]Change }

func changesOf(list string) *changeTable {
	switch list {
	case "cn", "uk-cn", "eu-cn":
		return changesCN()
	case "nz-tariff":
		return changesNZ()
	default:
		return &changeTable{}
	}
}

//nolint:gochecknoglobals // decoded once, never changed
var changesCN = sync.OnceValue(func() *changeTable { return must(parseChanges(body(textOf("changes-cn")))) })

//nolint:gochecknoglobals // decoded once, never changed
var changesNZ = sync.OnceValue(func() *changeTable { return must(parseChanges(body(textOf("changes-nz-tariff")))) })

// parseChanges reads an old code, the year of the change, the new codes:
//
//	02012011|1989|02012021 02012029
func parseChanges(text string) (*changeTable, error) {
	t := &changeTable{next: map[string][]Change{}, previous: map[string][]Change{}}
	for line := range strings.Lines(text) {
		p := strings.Split(strings.TrimSuffix(line, "\n"), "|")
		if len(p) != 3 || p[0] == "" || p[2] == "" {
			return nil, fmt.Errorf("line %q: want old, year, new", line)
		}
		year, err := strconv.Atoi(p[1])
		if err != nil {
			return nil, fmt.Errorf("line %q: year: %w", line, err)
		}
		for code := range strings.FieldsSeq(p[2]) {
			c := Change{Old: p[0], New: code, FromYear: year}
			t.next[c.Old] = append(t.next[c.Old], c)
			t.previous[c.New] = append(t.previous[c.New], c)
		}
	}
	for _, m := range []map[string][]Change{t.next, t.previous} {
		for _, steps := range m {
			sort.Slice(steps, func(i, j int) bool {
				if steps[i].FromYear != steps[j].FromYear {
					return steps[i].FromYear < steps[j].FromYear
				}
				return steps[i].Old+steps[i].New < steps[j].Old+steps[j].New
			})
		}
	}
	return t, nil
}
