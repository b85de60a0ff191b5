package harmonise

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"guichet"
	"guichet/hs"
	"guichet/trade"
)

// slot is a field that the rule commodity fills.
type slot int

const (
	slotCode slot = iota
	slotHS
	slotEdition
	slotLevel
	slotSubtotal
	slotRelation
	slotCoverage
	slotConf
	slotObs
	slotList
)

const slotCount = int(slotList) + 1

// slotNames are the names of the fields, by slot.
func slotNames() [slotCount]string {
	return [slotCount]string{"code", "hs", "edition", "level", "subtotal", "relation", "coverage", "conf_status", "obs_status", "list"}
}

func slotOf(field string) (slot, bool) {
	names := slotNames()
	i := slices.Index(names[:], field)
	return slot(i), i >= 0
}

// mark is what a profile knows of codes of a pattern. The first that matches
// decides; it also reads codes that are not made of digits.
//
//	pattern: ^990(\d\d)\d{4}$   common: $1     remark: rolled_up    fields: {conf_status: rolled_up}
//	pattern: ^9999950000$       fields: {coverage: estimate, obs_status: E}   remark: estimate_over_partners
//	pattern: ^9809000000$       fields: {hs: "", level: "0", conf_status: rolled_up}  remark: confidential_total
//
// The pattern is matched against the text as published, without outer space,
// before anything is stripped or filled up. A common code takes the place of
// the one that would be found, and the level becomes its number of digits; one
// that the edition does not know is dropped, and remarked. Without a common
// code the HS is found as for any other code, unless fields says that hs is "". The
// mark's remark takes the place of the one that would be made of the prefix;
// what the national list says is remarked besides.
type mark struct {
	pattern *regexp.Regexp
	remark  string
	common  string // a template, "$1"
	fields  []set
}

type set struct {
	slot  slot
	value string
}

func (m *mark) match(text string) (hs.Code, bool) {
	at := m.pattern.FindStringSubmatchIndex(text)
	if at == nil {
		return "", false
	}
	return hs.Code(m.pattern.ExpandString(nil, m.common, text, at)), true
}

func (m *mark) apply(f *finding) {
	for _, s := range m.fields {
		f.values[s.slot] = s.value
	}
	f.remark(m.remark)
}

func newMarks(g guichet.KeyGroup) ([]mark, error) {
	out := make([]mark, 0, len(g.Marks))
	for i, m := range g.Marks {
		re, err := regexp.Compile(m.Pattern)
		if err != nil || m.Pattern == "" {
			return nil, fault(g, "the pattern %q of mark %d is no regular expression", m.Pattern, i+1)
		}
		if m.Remark != "" {
			if err := checkRemark(g, m.Remark); err != nil {
				return nil, err
			}
		}
		made := mark{pattern: re, remark: m.Remark, common: m.Common}
		for field, value := range m.Fields {
			s, ok := slotOf(field)
			if !ok {
				return nil, fault(g, "mark %d sets %q, which the rule commodity does not fill", i+1, field)
			}
			if !allowed(s, value) {
				return nil, fault(g, "mark %d sets %s to %q", i+1, field, value).WithHint("take a word of the field's closed list")
			}
			made.fields = append(made.fields, set{s, value})
		}
		out = append(out, made)
	}
	return out, nil
}

// checkRemark refuses a remark that would have no sentence.
func checkRemark(g guichet.KeyGroup, code string) error {
	if !slices.Contains(trade.RemarkCodes(), code) {
		return fault(g, "there is no remark %q", code).WithHint("remarks: %s", strings.Join(trade.RemarkCodes(), ", "))
	}
	return nil
}

// allowed says whether a mark may set a field to a value.
func allowed(s slot, value string) bool {
	switch s {
	case slotHS:
		return value == "" // a code is given as common, where it is checked against the edition
	case slotEdition:
		_, err := hs.ParseEdition(value)
		return value == "" || len(value) == 4 && err == nil
	case slotLevel:
		n, err := strconv.Atoi(value)
		return err == nil && n >= 0 && n <= maxDigits
	case slotSubtotal:
		return value == "true" || value == "false"
	case slotRelation:
		return slices.Contains(trade.HSRelations(), value)
	case slotCoverage:
		return slices.Contains(trade.Coverages(), value)
	case slotConf:
		return slices.Contains(trade.ConfStatuses(), value)
	case slotObs:
		return slices.Contains(trade.ObsStatuses(), value)
	case slotCode, slotList:
	}
	return value != ""
}
