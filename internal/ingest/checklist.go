package ingest

import (
	"slices"
	"strings"

	"guichet/codes"
	"guichet/trade"
	"guichet/travel"
)

// ruleParams are the rules by which keys are judged, and their parameters. The
// rules themselves stand in room harmonise.
func ruleParams() map[string][]string {
	return map[string][]string{
		"commodity": {"list", "country", "flow", "period_format", "period", "digits", "edition", "strip", "depth", "pad_left", "total", "subtotals"},
		"area":      {"list", "reporter", "reporter_list", "empty"},
		"unit":      {"list"},
		"period":    {"format", "freq", "now"},
		"date":      {"format", "required", "now"},
		"enum":      {"else", remarkFor},
		"port":      {},
	}
}

// remarkFor begins the parameters of the rule enum that put a remark on a value.
const remarkFor = "remark_for:"

// heldList says whether a national list of goods, or the HS itself, is held.
func heldList(name string) bool {
	return name == "hs" || slices.ContainsFunc(codes.Lists(), func(l codes.List) bool { return l.Name == name })
}

// list looks at the list by which a key is judged.
func (c *checker) list(path, rule, name string) {
	var known bool
	var all []string
	switch rule {
	case "commodity":
		known = heldList(name) || slices.Contains(c.p.Lists, name)
		all = append(all, "hs")
		for _, l := range codes.Lists() {
			if !slices.Contains(all, l.Name) {
				all = append(all, l.Name)
			}
		}
	case "area":
		all = codes.AreaLists()
		known = slices.Contains(all, name)
	case "unit":
		all = codes.UnitLists()
		known = slices.Contains(all, name)
	default:
		return
	}
	if known {
		return
	}
	hint := ""
	if rule == "commodity" {
		hint = "; a national list that is not held is named under lists"
	}
	c.at(path, "the list %q is not known; known are %s%s", name, strings.Join(all, ", "), hint)
}

// listed notes a value that is not of its field's list. Lists that are not
// closed (ports, procedures) are not looked at.
func (c *checker) listed(path, list, v string) {
	switch list {
	case "CL_AREA":
		if _, ok := codes.AreaByCode(v); !ok && v != trade.Whole {
			c.at(path, "%q is no area; write an ISO 3166-1 alpha-2 code", v)
		}
		return
	case "ISO4217":
		if !codes.CurrencyKnown(v) {
			c.at(path, "%q is no currency of ISO 4217", v)
		}
		return
	case "CL_LIST":
		if !heldList(v) && !slices.Contains(c.p.Lists, v) {
			c.at(path, "the list %q is not known; a national list that is not held is named under lists", v)
		}
		return
	}
	if known := closedList(c.d.Grains, list); len(known) > 0 && v != "" {
		c.oneOf(path, v, known...)
	}
}

// closedList returns the members of a closed list, nil for one that is open.
// The words are RECORD's: the shape of a record, docs/design/record.md.
func closedList(grains []string, list string) []string {
	switch list {
	case "Incoterms2020":
		return trade.Incoterms()
	case "CL_FLOW":
		return texts(trade.Flows())
	case "CL_TRADE_SYSTEM":
		return texts(trade.Systems())
	case "CL_VALUATION":
		return texts(trade.Valuations())
	case "CL_PARTNER_ROLE":
		return texts(trade.Roles())
	case "CL_GRAIN":
		return grains
	case "CL_FREQ":
		return []string{"A", "Q", "M", "D"}
	case "CL_REGIME":
		return []string{"statistical", "administrative", "public"}
	case "CL_TIME_BASIS":
		return []string{"acceptance", "release", "crossing", "account_month", "unknown"}
	case "CL_FINALITY":
		return []string{"preliminary", "revised", "final"}
	case "CL_COVERAGE":
		return trade.Coverages()
	case "CL_QUANTITY_STATUS":
		return trade.QuantityStatuses()
	case "CL_CONF_STATUS":
		return trade.ConfStatuses()
	case "CL_OBS_STATUS":
		return trade.ObsStatuses()
	case "CL_RELATION":
		return trade.HSRelations()
	}
	return travel.List(list)
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = string(x)
	}
	return out
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
