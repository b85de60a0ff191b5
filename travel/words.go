package travel

import (
	"slices"

	"guichet"
)

// Mode is how a border is crossed.
type Mode string

// The modes.
const (
	Air  Mode = "air"
	Land Mode = "land"
	Sea  Mode = "sea"
)

// Modes returns the closed list of modes.
func Modes() []Mode { return []Mode{Air, Land, Sea} }

// Direction is which way, seen from the reporter.
type Direction string

// The directions. Entries and exits are never added unsaid.
const (
	Entry Direction = "entry"
	Exit  Direction = "exit"
)

// Directions returns the closed list of directions.
func Directions() []Direction { return []Direction{Entry, Exit} }

// GrainAggregate is the only grain: a row counts those who crossed.
const GrainAggregate = "aggregate"

// The code lists of the dataset that are its own.
const (
	ListPort      = "UNLOCODE"
	ListMode      = "CL_BORDER_MODE"
	ListDirection = "CL_DIRECTION"
)

// List returns the values of a closed list of this dataset, nil for any other.
func List(name string) []string {
	var out []string
	switch name {
	case ListMode:
		for _, m := range Modes() {
			out = append(out, string(m))
		}
	case ListDirection:
		for _, d := range Directions() {
			out = append(out, string(d))
		}
	case ListPort:
		for _, p := range portList() {
			out = append(out, p.Code)
		}
	}
	return out
}

// ValueText says a value of a list of this dataset for people, or a unit of its
// figures where list is ""; "" where it has no words.
func ValueText(list, value, lang string) string {
	switch list + " " + value {
	case ListMode + " " + string(Air):
		return text("Air", "Voie aérienne").In(lang)
	case ListMode + " " + string(Land):
		return text("Land", "Voie terrestre").In(lang)
	case ListMode + " " + string(Sea):
		return text("Sea", "Voie maritime").In(lang)
	case ListDirection + " " + string(Entry):
		return text("Entry", "Entrée").In(lang)
	case ListDirection + " " + string(Exit):
		return text("Exit", "Sortie").In(lang)
	case " " + persons:
		return text("persons", "personnes").In(lang)
	case " " + minutes:
		return text("minutes", "minutes").In(lang)
	}
	if p, ok := PortBy(value); ok && list == ListPort {
		return p.Name // as the place is called there, in every language
	}
	return ""
}

// Codes of remarks and of reasons for putting lines aside. They cross borders:
// appended, never renamed.
const (
	RemarkPortNotListed = "port_not_listed"
	RejectNoPort        = "no_port"
	RejectNotAPort      = "not_a_port"
)

// RemarkText says a code for people, "" for one that is not this dataset's.
func RemarkText(code, lang string) string {
	switch code {
	case RemarkPortNotListed:
		return text("the port is written as a UN/LOCODE and is not in the list that is held", "le lieu est écrit comme un LOCODE/ONU et n’est pas dans la liste détenue").In(lang)
	case RejectNoPort:
		return text("there is no port", "il n’y a pas de lieu de passage").In(lang)
	case RejectNotAPort:
		return text("the port is no UN/LOCODE", "le lieu de passage n’est pas un LOCODE/ONU").In(lang)
	}
	return ""
}

// Codes returns the closed list of codes behind RemarkText.
func Codes() []string {
	return slices.Clone([]string{RemarkPortNotListed, RejectNoPort, RejectNotAPort})
}

func text(en, fr string) guichet.Text { return guichet.Text{EN: en, FR: fr} }
