package main

import (
	"fmt"
	"math/big"
	"sort"
	"strings"
)

// unit is one unit; an empty measure means that Rec. 20 gives no factor that we can use.
type unit struct{ code, measure, num, den, en, fr string }

// knownWrong are factors of Rec. 20 rev. 17 that are not taken: wrong by more than rounding, or between things that
// must not be exchanged.
//
//nolint:gochecknoglobals // a table that is never written
var knownWrong = map[string]string{
	"APZ": "the troy ounce is ten times too small (3,110 348 x 10⁻³ kg)",
	"5I":  "the standard cubic foot of gas has the factor of the standard of timber (4,672 m³)",
	"E33": "foot per thousand is a ratio, not a length",
	"SM3": "a standard cubic metre of gas is not a cubic metre",
	"NM3": "a normalised cubic metre of gas is not a cubic metre",
}

func makeUnits(r *reader) ([]*fact, error) {
	units, keys, err := readUnits(r)
	if err != nil {
		return nil, err
	}
	f := &fact{name: "units", date: "2021", source: "UN/ECE Recommendation 20 rev. 17 through datasets/unece-units-of-measure (codes, factors); UN Comtrade quantity units (2023-01); names, legal factors and national keys by guichet"}
	for _, c := range keysOf(units) {
		u := units[c]
		fmt.Fprintln(&f.body, "U|"+strings.TrimRight(strings.Join([]string{u.code, u.measure, u.num, u.den, u.en, u.fr}, "|"), "|"))
	}
	sort.Slice(keys, func(i, j int) bool {
		return keys[i].list < keys[j].list || keys[i].list == keys[j].list && keys[i].key < keys[j].key
	})
	last := ""
	for _, k := range keys {
		if k.list != last {
			fmt.Fprintln(&f.body, "L|"+k.list)
			last = k.list
		}
		fmt.Fprintln(&f.body, "K|"+k.key+"|"+k.code)
	}
	f.rows = len(units) + len(keys)
	return []*fact{f}, nil
}

// readUnits gives every unit by code, and the keys of every list but rec20, whose keys are the codes.
func readUnits(r *reader) (map[string]*unit, []keyed, error) {
	units := map[string]*unit{}
	lines, err := handLines("units.txt")
	if err != nil {
		return nil, nil, err
	}
	for _, l := range lines {
		p := strings.Split(l, "|")
		if len(p) != 6 || units[p[0]] != nil {
			return nil, nil, fmt.Errorf("hand/units.txt: %q", l)
		}
		units[p[0]] = &unit{p[0], p[1], p[2], p[3], p[4], p[5]}
	}
	if err := addRec20(r, units); err != nil {
		return nil, nil, err
	}
	keys, err := handKeys("unitkeys.txt")
	if err != nil {
		return nil, nil, err
	}
	if keys, err = addComtradeUnits(r, keys); err != nil {
		return nil, nil, err
	}
	for _, k := range keys {
		if units[k.code] == nil {
			return nil, nil, fmt.Errorf("hand/unitkeys.txt: list %s, key %q: no unit %q", k.list, k.key, k.code)
		}
		if k.list == "eu" { // the UK kept the units of the Combined Nomenclature
			keys = append(keys, keyed{"uk", k.key, k.code})
		}
	}
	return units, keys, nil
}

// addRec20 adds the codes of Rec. 20, and compares the factors it gives with ours.
func addRec20(r *reader, units map[string]*unit) error {
	rows, err := r.table("unece_rec20_rev17.csv", 2136, "code", "conversion_factor", "status")
	if err != nil {
		return err
	}
	parsed, seen := 0, map[string]bool{}
	for _, x := range rows {
		c := x["code"]
		if seen[c] || c == "" || strings.HasPrefix(c, "_") {
			return fmt.Errorf("unece_rec20_rev17.csv: code %q is malformed or there twice", c)
		}
		seen[c] = true
		value, measure, ok := parseFactor(x["conversion_factor"])
		if ok {
			parsed++
		}
		if u := units[c]; u != nil {
			if ok {
				if err := agree(u, value, measure); err != nil {
					return err
				}
			}
			continue
		}
		u := &unit{code: c}
		if ok && knownWrong[c] == "" && value.Num().IsInt64() && value.Denom().IsInt64() {
			u.measure, u.num, u.den = measure, value.Num().String(), value.Denom().String()
		}
		units[c] = u
	}
	for c := range units {
		if !strings.HasPrefix(c, "_") && !seen[c] {
			return fmt.Errorf("hand/units.txt: %s is not in Rec. 20", c)
		}
	}
	if parsed < 200 {
		return fmt.Errorf("rec 20: only %d factors could be read", parsed)
	}
	return nil
}

// agree checks our legal factor against the printed one: they may differ by rounding only (one in ten thousand).
func agree(u *unit, printed *big.Rat, measure string) error {
	ours, ok := new(big.Rat).SetString(u.num + "/" + u.den)
	if !ok || knownWrong[u.code] != "" {
		if ok {
			return nil
		}
		return fmt.Errorf("unit %s: factor %s/%s", u.code, u.num, u.den)
	}
	if measure != u.measure {
		return fmt.Errorf("unit %s: measure %s here, %s in Rec. 20", u.code, u.measure, measure)
	}
	ratio := new(big.Rat).Quo(printed, ours)
	ratio.Sub(ratio, big.NewRat(1, 1))
	if ratio.Abs(ratio).Cmp(big.NewRat(1, 10000)) > 0 {
		return fmt.Errorf("unit %s: %s here, %s in Rec. 20", u.code, ours.FloatString(9), printed.FloatString(9))
	}
	return nil
}

// addComtradeUnits gives every abbreviation the unit that its code has by hand.
func addComtradeUnits(r *reader, keys []keyed) ([]keyed, error) {
	rows, err := r.table("comtrade_qty_units.csv", 41, "qty_code", "abbr")
	if err != nil {
		return nil, err
	}
	byHand := map[string]string{}
	for _, k := range keys {
		if k.list == "comtrade" {
			byHand[k.key] = k.code
		}
	}
	for _, x := range rows {
		code, ok := byHand[x["qty_code"]]
		if !ok {
			return nil, fmt.Errorf("comtrade_qty_units.csv: code %s (%s) is not in hand/unitkeys.txt", x["qty_code"], x["abbr"])
		}
		keys = append(keys, keyed{"comtrade", x["abbr"], code})
	}
	return keys, nil
}
