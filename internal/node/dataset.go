package node

import (
	"slices"
	"strings"

	"guichet"
	"guichet/codes"
	"guichet/internal/desk"
	"guichet/trade"
	"guichet/travel"
)

// Dataset returns the descriptor of trade, the dataset of a question that names
// none.
func Dataset() *guichet.Dataset {
	ds := trade.Dataset()
	ds.Known, ds.Values = known, listed
	ds.RemarkText = remarkText
	ds.Classifications[0].HiddenBy = []string{trade.RemarkRolledUp, trade.RemarkConfidential}
	return ds
}

// crossings returns the descriptor of the dataset of border crossings.
func crossings() *guichet.Dataset {
	ds := travel.Dataset()
	ds.RemarkText = remarkText
	ds.Known = func(list, value string) (ok bool, hint string) {
		if values := travel.List(list); values != nil {
			return slices.Contains(values, value), "there are: " + strings.Join(values, ", ")
		}
		return known(list, value)
	}
	return ds
}

// remarkText says a code of one of the datasets, or one that the desk makes of
// any. What they have in common (a period that cannot be read) trade says.
func remarkText(code, lang string) string {
	for _, say := range []func(code, lang string) string{travel.RemarkText, trade.RemarkText, desk.RemarkText} {
		if text := say(code, lang); text != "" {
			return text
		}
	}
	return ""
}

// datasets are those that every node holds, the one of a question that names none
// first.
func datasets() []*guichet.Dataset { return []*guichet.Dataset{Dataset(), crossings()} }

// Datasets returns the descriptors of all that a node holds.
func Datasets() []*guichet.Dataset { return datasets() }

// DatasetBy returns the descriptor of a name, that of trade for "". KindNotFound
// for a name that is not held.
func DatasetBy(name string) (*guichet.Dataset, error) {
	var names []string
	for _, ds := range datasets() {
		if ds.Name == name || name == "" {
			return ds, nil
		}
		names = append(names, ds.Name)
	}
	return nil, guichet.Errorf(guichet.KindNotFound, "there is no dataset %q", name).WithHint("there are: %s", strings.Join(names, ", "))
}

// known says whether a value is in one of trade's code lists: who asks for what
// nobody knows must not be told that nothing was traded.
func known(list, value string) (ok bool, hint string) {
	switch list {
	case "CL_AREA":
		return knownArea(value)
	case "ISO4217":
		return codes.CurrencyKnown(value), "write a code of ISO 4217, such as CAD"
	case "CL_AREA_KIND":
		return codes.AreaKind(value).Known() || value == trade.KindSelf, ""
	case "CL_FREQ":
		if _, err := guichet.ParsePeriod("2024-01/" + value); err == nil {
			return true, "" // figures over several months, "P28M"
		}
	}
	values := listed(list)
	if values == nil {
		return true, ""
	}
	return slices.Contains(values, value), "there are: " + strings.Join(values, ", ")
}

// listed are the values of a closed list of trade's; nil of any other.
func listed(list string) []string {
	switch list {
	case "CL_GRAIN":
		return trade.Dataset().Grains
	case "CL_REGIME":
		return []string{"statistical", "administrative", "public"}
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
	case "CL_COVERAGE":
		return trade.Coverages()
	case "CL_CONF_STATUS":
		return trade.ConfStatuses()
	case "CL_OBS_STATUS":
		return trade.ObsStatuses()
	case "CL_QUANTITY_STATUS":
		return trade.QuantityStatuses()
	case "CL_RELATION":
		return trade.HSRelations()
	case "CL_FREQ":
		return texts([]guichet.Freq{guichet.Annual, guichet.Quarterly, guichet.Monthly, guichet.Daily})
	}
	return nil
}

// knownArea finds a country by our code, and advises who wrote another one or
// its name.
func knownArea(value string) (ok bool, hint string) {
	if _, ok := codes.AreaByCode(value); ok {
		return true, ""
	}
	for _, list := range []string{"iso2", "iso3", "names", "uk-hmrc", "us-census-names", "comtrade", "us-schedule-c"} {
		if a, ok := codes.AreaIn(list, value); ok {
			return false, "write " + a.Code + " for " + a.NameEN
		}
	}
	return false, "write the two letters of ISO 3166-1, such as GB; W0 is the world"
}

func texts[T ~string](xs []T) []string {
	out := make([]string, len(xs))
	for i, x := range xs {
		out[i] = string(x)
	}
	return out
}
