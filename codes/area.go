package codes

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"
)

// AreaKind says what an area is for the count of the world. Kinds are never
// renamed: they are kept in records.
type AreaKind string

// Kinds inside the world total.
const (
	Country     AreaKind = "country"
	Part        AreaKind = "part"             // of a country: Puerto Rico, Réunion
	NoISO       AreaKind = "area_without_iso" // Kosovo
	Stores      AreaKind = "stores"
	Bunkers     AreaKind = "bunkers"
	Passengers  AreaKind = "passengers_effects"
	HighSeas    AreaKind = "high_seas" // and the continental shelf
	FreeZone    AreaKind = "free_zone"
	NES         AreaKind = "not_elsewhere_specified"
	Suppressed  AreaKind = "suppressed"
	Unknown     AreaKind = "unknown"
	Unallocated AreaKind = "unallocated_estimate"
)

// Kinds outside the world total: adding them counts twice.
const (
	World         AreaKind = "world"
	Group         AreaKind = "group"
	NotBrokenDown AreaKind = "not_broken_down"
)

// InTotal reports whether an area of this kind is counted in the world total.
func (k AreaKind) InTotal() bool {
	switch k {
	case Country, Part, NoISO, Stores, Bunkers, Passengers, HighSeas, FreeZone, NES, Suppressed, Unknown, Unallocated:
		return true
	case World, Group, NotBrokenDown:
		return false
	default:
		return false // not a kind of ours: a doubt is not counted
	}
}

// Known reports whether the kind is one of ours.
func (k AreaKind) Known() bool {
	return k.InTotal() || k == World || k == Group || k == NotBrokenDown
}

// Area is a partner or reporter.
type Area struct {
	Code string // ISO 3166 alpha-2 "NZ", or ours "W0", "_ST", "G:EU": see the package comment
	Kind AreaKind
	// PartOf is the country of a dependent area: "US" for PR, "CN" for HK, whatever its kind.
	PartOf         string
	NameEN, NameFR string
	ISO3, Numeric  string // ISO 3166-1, "" where it has none
	// Superset is the group within which something unknown or suppressed is known to lie: "G:EU".
	Superset string
	From, To string // days, "" where open or not known to us
}

// AreaByCode finds an area by our own code.
func AreaByCode(code string) (Area, bool) {
	a, ok := atlas().areas[code]
	return a, ok
}

// Areas returns all areas by code.
func Areas() []Area {
	known := atlas().areas
	out := make([]Area, 0, len(known))
	for _, a := range known {
		out = append(out, a)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Code < out[j].Code })
	return out
}

// AreaLists returns the names of the lists that AreaIn knows.
func AreaLists() []string { return keysOf(atlas().lists) }

// AreaIn finds the area that a key means in a list. Of lists of codes: iso2,
// iso3, m49, comtrade, us-schedule-c, uk-hmrc (alpha), uk-hmrc-seq, statcan,
// au-abs. Of names: names (any office's English), and nz-names,
// us-census-names, indonesia-names, au-names, which look in names too.
//
// A code may stand in lower case or between spaces, a number lack its leading
// zeros. A name may differ in case, accents, full stops, commas, "&" for
// "and", "St." for "Saint". HMRC's blank alpha code, the origin it did not collect, is _NB.
func AreaIn(list, key string) (Area, bool) {
	w := atlas()
	l, ok := w.lists[list]
	if !ok {
		return Area{}, false
	}
	code, ok := l[key]
	if ok {
		return w.areas[code], true
	}
	if isNames(list) {
		folded := foldName(key)
		if code, ok = l[folded]; !ok && list != "names" {
			code, ok = w.lists["names"][folded]
		}
	} else {
		code, ok = l[foldCode(list, key)]
	}
	if !ok {
		return Area{}, false
	}
	return w.areas[code], true
}

// world is what the file of areas holds: every area, and per list its keys.
type world struct {
	areas map[string]Area
	lists map[string]map[string]string
}

//nolint:gochecknoglobals // decoded once, never changed
var atlas = sync.OnceValue(func() *world { return must(parseAreas(body(textOf("areas")))) })

// parseAreas reads lines such as
//
//	A|PR|part|US|Puerto Rico|Porto Rico|PRI|630|||
//	L|us-schedule-c
//	K|9030|PR
func parseAreas(text string) (*world, error) {
	w := &world{areas: map[string]Area{}, lists: map[string]map[string]string{}}
	list := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		kind, rest, _ := strings.Cut(line, "|")
		var err error
		switch kind {
		case "A":
			err = w.addArea(rest)
		case "L":
			list = rest
			w.lists[list] = map[string]string{}
		case "K":
			err = w.addKey(list, rest)
		default:
			err = errors.New("want A, L or K in front")
		}
		if err != nil {
			return nil, fmt.Errorf("line %q: %w", line, err)
		}
	}
	w.addFrench()
	return w, nil
}

// addFrench makes the list french-names of the areas' own French names. A name
// that two areas have means neither.
func (w *world) addFrench() {
	list, twice := map[string]string{}, map[string]bool{}
	for code, a := range w.areas {
		name := foldName(a.NameFR)
		if other, ok := list[name]; ok && other != code {
			twice[name] = true
		}
		list[name] = code
	}
	for name := range twice {
		delete(list, name)
	}
	w.lists["french-names"] = list
}

func (w *world) addArea(rest string) error {
	p, err := fields(rest, 10)
	if err != nil {
		return err
	}
	a := Area{Code: p[0], Kind: AreaKind(p[1]), PartOf: p[2], NameEN: p[3], NameFR: p[4], ISO3: p[5], Numeric: p[6], Superset: p[7], From: p[8], To: p[9]}
	if a.Code == "" || !a.Kind.Known() || a.NameEN == "" || a.NameFR == "" {
		return errors.New("an area needs a code, a known kind and names")
	}
	w.areas[a.Code] = a
	return nil
}

// addKey keeps a key as it is written and folded; the written one wins.
func (w *world) addKey(list, rest string) error {
	i := strings.LastIndexByte(rest, '|')
	if i < 0 || w.lists[list] == nil {
		return errors.New("a key needs an area and a list")
	}
	key, code := rest[:i], rest[i+1:]
	if _, ok := w.areas[code]; !ok {
		return fmt.Errorf("no area %q", code)
	}
	folded := foldCode(list, key)
	if isNames(list) {
		folded = foldName(key)
	}
	if old, ok := w.lists[list][folded]; ok && old != code {
		return fmt.Errorf("also means %s once folded", old)
	}
	w.lists[list][folded] = code
	w.lists[list][key] = code
	return nil
}

func keysOf[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
