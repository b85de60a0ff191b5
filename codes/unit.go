package codes

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"sync"
)

// Unit is a unit of quantity.
type Unit struct {
	Code string // UN/ECE Rec. 20, "KGM"; ours begin with "_", where Rec. 20 has none
	// Measure is what it measures: mass, count, pairs, length, area, volume, energy, pure alcohol, mass of nitrogen ...
	// "" for a unit of Rec. 20 for which we hold no factor; "none" for _NOU, no quantity collected.
	Measure string
	// Num/Den is the exact factor to the base unit of the measure (kilogram, piece, pair, metre, square metre, cubic
	// metre, joule, litre of pure alcohol); 0/1 where there is none.
	Num, Den       int64
	NameEN, NameFR string // "" for units that no office held here uses
}

// UnitIn finds the unit that a key means in a list: rec20, us, ca, nz, au, uk,
// eu, comtrade (codes and abbreviations), wco, common (abbreviations and words
// of customs files in English, French, Spanish and Portuguese, for offices that
// have no list of their own here; what two of them read differently, such as TON
// or CT, is not in it). A key is looked up as it stands, then in capitals
// without outer space.
func UnitIn(list, key string) (Unit, bool) {
	t := units()
	l, ok := t.lists[list]
	if !ok {
		return Unit{}, false
	}
	code, ok := l[key]
	if !ok {
		code, ok = l[strings.ToUpper(strings.TrimSpace(key))]
	}
	if !ok {
		return Unit{}, false
	}
	return t.units[code], true
}

// UnitLists returns the names of the lists that UnitIn knows.
func UnitLists() []string { return keysOf(units().lists) }

// UnitByCode finds a unit by our own code, as Entry.Units gives it.
func UnitByCode(code string) (Unit, bool) {
	u, ok := units().units[code]
	return u, ok
}

// Factor gives the exact number of to in one from, as a fraction in lowest
// terms, within one measure only. Units that count different things (kilograms
// and pairs, pieces and packs) have none, nor do fractions beyond int64.
func Factor(from, to Unit) (num, den int64, ok bool) {
	if from.Measure == "" || from.Measure != to.Measure || from.Num <= 0 || from.Den <= 0 || to.Num <= 0 || to.Den <= 0 {
		return 0, 0, false
	}
	f := new(big.Rat).Quo(big.NewRat(from.Num, from.Den), big.NewRat(to.Num, to.Den))
	if !f.Num().IsInt64() || !f.Denom().IsInt64() {
		return 0, 0, false
	}
	return f.Num().Int64(), f.Denom().Int64(), true
}

type unitTable struct {
	units map[string]Unit
	lists map[string]map[string]string
}

//nolint:gochecknoglobals // decoded once, never changed
var units = sync.OnceValue(func() *unitTable { return must(parseUnits(body(textOf("units")))) })

// parseUnits reads lines such as
//
//	U|LBR|mass|45359237|100000000|pound|livre
//	L|us
//	K|LBS|LBR
//
// The list rec20 holds every code that is not ours.
func parseUnits(text string) (*unitTable, error) {
	t := &unitTable{units: map[string]Unit{}, lists: map[string]map[string]string{"rec20": {}}}
	list := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		kind, rest, _ := strings.Cut(line, "|")
		var err error
		switch kind {
		case "U":
			err = t.addUnit(rest)
		case "L":
			list = rest
			if t.lists[list] == nil {
				t.lists[list] = map[string]string{}
			}
		case "K":
			err = t.addKey(list, rest)
		default:
			err = errors.New("want U, L or K in front")
		}
		if err != nil {
			return nil, fmt.Errorf("line %q: %w", line, err)
		}
	}
	return t, nil
}

func (t *unitTable) addUnit(rest string) error {
	p, err := fields(rest, 6)
	if err != nil {
		return err
	}
	u := Unit{Code: p[0], Measure: p[1], Den: 1, NameEN: p[4], NameFR: p[5]}
	if u.Code == "" {
		return errors.New("a unit needs a code")
	}
	if u.Measure != "" {
		num, err1 := strconv.ParseInt(p[2], 10, 64)
		den, err2 := strconv.ParseInt(p[3], 10, 64)
		if err := errors.Join(err1, err2); err != nil || num < 0 || den <= 0 {
			return fmt.Errorf("%s/%s is no factor", p[2], p[3])
		}
		u.Num, u.Den = num, den
	}
	t.units[u.Code] = u
	if !strings.HasPrefix(u.Code, "_") {
		t.lists["rec20"][u.Code] = u.Code
	}
	return nil
}

// addKey keeps a key as it is written, and in capitals unless that means another unit there.
func (t *unitTable) addKey(list, rest string) error {
	i := strings.LastIndexByte(rest, '|')
	if i < 0 || t.lists[list] == nil {
		return errors.New("a key needs a unit and a list")
	}
	key, code := rest[:i], rest[i+1:]
	if _, ok := t.units[code]; !ok {
		return fmt.Errorf("no unit %q", code)
	}
	if old, ok := t.lists[list][key]; ok && old != code && key == strings.ToUpper(key) {
		return fmt.Errorf("also means %s", old)
	}
	t.lists[list][key] = code
	if upper := strings.ToUpper(key); t.lists[list][upper] == "" {
		t.lists[list][upper] = code
	}
	return nil
}
