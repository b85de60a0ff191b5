package main

import (
	"fmt"
	"sort"
	"strings"
)

// area is one row of the table of areas.
type area struct{ code, kind, partOf, en, fr, iso3, numeric, superset, from, to string }

// atlas gathers areas and the keys that lead to them, and refuses contradictions.
type atlas struct {
	areas map[string]*area
	keys  map[[2]string]string
}

// add notes a key; what a hand-written table said first stands, a source may only repeat it.
func (a *atlas) add(list, key, code string, byHand bool) error {
	if _, ok := a.areas[code]; !ok {
		return fmt.Errorf("list %s, key %q: no area %q", list, key, code)
	}
	k := [2]string{list, key}
	if old, ok := a.keys[k]; ok && old != code && byHand {
		return fmt.Errorf("list %s, key %q: both %s and %s", list, key, old, code)
	}
	if _, ok := a.keys[k]; !ok {
		a.keys[k] = code
	}
	return nil
}

func makeAreas(r *reader) ([]*fact, error) {
	a := &atlas{areas: map[string]*area{}, keys: map[[2]string]string{}}
	for _, step := range []func(*reader) error{a.iso, a.own, a.byHand, a.isoKeys, a.comtrade, a.scheduleC, a.hmrc, a.abs} {
		if err := step(r); err != nil {
			return nil, err
		}
	}
	f := &fact{name: "areas", date: "2026-05", source: "ISO 3166-1 through datasets/country-codes (2026-05); UN Comtrade areas (2025-06); US Census Schedule C (2021-01); HMRC country codes (2021); ABS country codes (2017); areas without an ISO code, names in use and judgements by guichet"}
	codes := make([]string, 0, len(a.areas))
	for c := range a.areas {
		codes = append(codes, c)
	}
	sort.Strings(codes)
	for _, c := range codes {
		v := a.areas[c]
		fmt.Fprintln(&f.body, "A|"+strings.Join([]string{v.code, v.kind, v.partOf, v.en, v.fr, v.iso3, v.numeric, v.superset, v.from, v.to}, "|"))
	}
	keys := make([][2]string, 0, len(a.keys))
	for k := range a.keys {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool {
		return keys[i][0] < keys[j][0] || keys[i][0] == keys[j][0] && keys[i][1] < keys[j][1]
	})
	last := ""
	for _, k := range keys {
		if k[0] != last {
			fmt.Fprintln(&f.body, "L|"+k[0])
			last = k[0]
		}
		fmt.Fprintln(&f.body, "K|"+k[1]+"|"+a.keys[k])
	}
	f.rows = len(codes) + len(keys)
	return []*fact{f}, nil
}

// iso reads the areas of ISO 3166-1. Dependent areas that report their own trade at UNSD today are countries, the
// others parts. MQ and BL still stand open in UNSD's list, but France's statistical territory holds them.
func (a *atlas) iso(r *reader) error {
	reporters := map[string]bool{}
	partners, err := r.table("comtrade_areas.csv", 312, "iso2", "exit_year", "is_reporter", "is_group")
	if err != nil {
		return err
	}
	for _, p := range partners {
		if p["is_reporter"] == "1" && p["exit_year"] == "" && p["is_group"] == "0" {
			reporters[p["iso2"]] = true
		}
	}
	reporters["MQ"], reporters["BL"] = false, false
	rows, err := r.table("iso_countries.csv", 249, "alpha2", "alpha3", "iso_numeric", "name_en", "name_fr", "m49_name_en", "cldr_name", "is_independent")
	if err != nil {
		return err
	}
	for _, c := range rows {
		v := &area{code: c["alpha2"], kind: "country", en: plain(c["name_en"]), fr: plain(c["name_fr"]), iso3: c["alpha3"], numeric: c["iso_numeric"]}
		if i := strings.LastIndex(c["is_independent"], " "); i > 0 && (strings.Contains(c["is_independent"], " of ") || strings.Contains(c["is_independent"], " with ")) {
			v.partOf = c["is_independent"][i+1:]
			if !reporters[v.code] {
				v.kind = "part"
			}
		}
		if len(v.code) != 2 || v.en == "" || v.fr == "" || a.areas[v.code] != nil {
			return fmt.Errorf("iso_countries.csv: bad row %v", c)
		}
		a.areas[v.code] = v
		for _, n := range []string{v.en, plain(c["m49_name_en"]), plain(c["cldr_name"])} {
			if n != "" {
				a.keys[[2]string{"names", n}] = v.code
			}
		}
	}
	if a.areas["NA"] == nil {
		return fmt.Errorf("iso_countries.csv: Namibia was read as missing")
	}
	return a.short()
}

// short gives the natural short names and the dates written by hand.
func (a *atlas) short() error {
	lines, err := handLines("overrides.txt")
	if err != nil {
		return err
	}
	for _, l := range lines {
		p := strings.Split(l, "|")
		v := a.areas[p[0]]
		if len(p) != 5 || v == nil {
			return fmt.Errorf("hand/overrides.txt: %q", l)
		}
		for i, to := range []*string{&v.en, &v.fr, &v.from, &v.to} {
			if p[i+1] != "" {
				*to = p[i+1]
			}
		}
		a.keys[[2]string{"names", v.en}] = v.code
	}
	return nil
}

// plain strips what a table adds to a name: the article in parentheses and foot-note stars.
// "Pays-Bas (les)" is "Pays-Bas", "État de Palestine (l') *" is "État de Palestine".
func plain(name string) string {
	name = strings.ReplaceAll(strings.TrimSpace(strings.TrimRight(name, "* ")), "’", "'")
	for _, article := range []string{" (the)", " (le)", " (la)", " (les)", " (l')"} {
		name = strings.TrimSuffix(name, article)
	}
	return strings.TrimSpace(name)
}

// own adds the areas that ISO does not list, from our hand-written table.
func (a *atlas) own(*reader) error {
	lines, err := handLines("areas.txt")
	if err != nil {
		return err
	}
	for _, l := range lines {
		p := strings.Split(l, "|")
		if len(p) != 7 || a.areas[p[0]] != nil {
			return fmt.Errorf("hand/areas.txt: %q is malformed, or its code is taken", l)
		}
		v := &area{code: p[0], kind: p[1], partOf: p[2], en: p[3], fr: p[4], from: p[5], to: p[6]}
		if _, suffix, ok := strings.Cut(v.code, "."); ok {
			v.superset = "G:" + suffix
		}
		a.areas[v.code] = v
	}
	for _, v := range a.areas {
		if v.superset != "" && a.areas[v.superset] == nil || v.partOf != "" && a.areas[v.partOf] == nil {
			return fmt.Errorf("area %s: its superset or whole is not in the table", v.code)
		}
	}
	return nil
}

func (a *atlas) byHand(*reader) error {
	for _, file := range []string{"keys.txt", "names.txt"} {
		keys, err := handKeys(file)
		if err != nil {
			return err
		}
		for _, k := range keys {
			if k.list == "names" { // the hand wins over the ISO table
				delete(a.keys, [2]string{"names", k.key})
			}
		}
		for _, k := range keys {
			if err := a.add(k.list, k.key, k.code, true); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *atlas) isoKeys(*reader) error {
	historic := []string{"AN", "CS", "YU", "SU", "DD", "TP", "ZR", "BU", "YD", "NT", "PC", "PZ", "PU", "VD", "FX", "XK"}
	for _, c := range historic {
		a.keys[[2]string{"iso2", c}] = c
	}
	for _, v := range a.areas {
		if v.iso3 == "" {
			continue
		}
		a.keys[[2]string{"iso2", v.code}] = v.code
		a.keys[[2]string{"iso3", v.iso3}] = v.code
		a.keys[[2]string{"m49", v.numeric}] = v.code
		a.keys[[2]string{"statcan", v.code}] = v.code
	}
	for iso3, c := range map[string]string{"ANT": "AN", "SCG": "CS", "YUG": "YU", "SUN": "SU", "DDR": "DD", "TMP": "TP", "ZAR": "ZR", "BUR": "BU", "YMD": "YD", "CSK": "CSHH", "XKX": "XK"} {
		a.keys[[2]string{"iso3", iso3}] = c
	}
	return nil
}
