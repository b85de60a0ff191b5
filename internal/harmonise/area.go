package harmonise

import (
	"slices"
	"strings"

	"guichet"
	"guichet/codes"
	"guichet/trade"
)

// area reads a country, or what stands in its place, as an office writes it.
//
// Columns: the key; and, where one file holds several reporters, the key of
// the reporter.
//
// Fields: a field whose name ends in _kind gets the kind of the area
// (codes.AreaKind, or trade.KindSelf), any other one the area's code.
//
// Params:
//
//	list           how the office writes areas, a name of codes.AreaLists; required
//	reporter       the reporter's code, "NZ": an area equal to it is the reporter
//	               itself, kind self, which is how re-imports come in
//	reporter_list  how the second column writes reporters; the list when left out
//	empty          our code for an empty text, "_NB" not broken down, "W0" world;
//	               when left out, rows without a country are put aside
//
// Groups of countries are kept, of kind group: they are never counted beside
// their members, and an answer can say that they were there.
type area struct {
	list, reporter, reporterList string
	empty                        codes.Area
	hasEmpty                     bool
	kinds                        []bool // by field: the kind, not the code
}

func newArea(g guichet.KeyGroup) (rule, error) {
	if err := checkColumns(g, 2); err != nil {
		return nil, err
	}
	if err := checkParams(g, "list", "reporter", "reporter_list", "empty"); err != nil {
		return nil, err
	}
	a := &area{list: g.Params["list"], reporter: g.Params["reporter"], reporterList: g.Params["reporter_list"]}
	if a.reporterList == "" {
		a.reporterList = a.list
	}
	for _, l := range []string{a.list, a.reporterList} {
		if !slices.Contains(codes.AreaLists(), l) {
			return nil, fault(g, "there is no list of areas %q", l).WithHint("lists: %s", strings.Join(codes.AreaLists(), ", "))
		}
	}
	if _, ok := codes.AreaByCode(a.reporter); a.reporter != "" && !ok {
		return nil, fault(g, "the reporter %q is no area", a.reporter).WithHint("give the alpha-2 code of ISO 3166-1, such as NZ")
	}
	if code, ok := g.Params["empty"]; ok {
		if a.empty, a.hasEmpty = codes.AreaByCode(code); !a.hasEmpty {
			return nil, fault(g, "empty names %q, which is no area", code).WithHint("give _NB for not broken down, _UN for unknown, W0 for the world")
		}
	}
	for _, f := range g.Fields {
		a.kinds = append(a.kinds, strings.HasSuffix(f, "_kind"))
	}
	return a, nil
}

func (a *area) verdict(key []string) guichet.Verdict {
	text := at(key, 0)
	found, ok := a.empty, a.hasEmpty
	if text != "" {
		found, ok = codes.AreaIn(a.list, text)
	}
	switch {
	case text == "" && !ok:
		return reject(trade.RejectNoPartner)
	case !ok:
		return reject(trade.RejectUnknownArea)
	}
	kind := string(found.Kind)
	if found.Code == a.reporterOf(key) {
		kind = trade.KindSelf
	}
	v := guichet.Verdict{Values: make([]string, len(a.kinds))}
	for i, isKind := range a.kinds {
		v.Values[i] = found.Code
		if isKind {
			v.Values[i] = kind
		}
	}
	return v
}

// reporterOf returns the reporter's code, "" when the group does not say it.
func (a *area) reporterOf(key []string) string {
	if text := at(key, 1); text != "" {
		found, _ := codes.AreaIn(a.reporterList, text)
		return found.Code
	}
	return a.reporter
}
