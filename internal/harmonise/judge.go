package harmonise

import (
	"slices"
	"strings"

	"guichet"
)

// The rules that a group may name.
const (
	RuleCommodity = "commodity"
	RuleArea      = "area"
	RuleUnit      = "unit"
	RulePeriod    = "period"
	RuleDate      = "date"
	RuleEnum      = "enum"
	RulePort      = "port"
)

// Judge gives the verdicts of one group. It remembers what it has judged, so
// that a code that comes in every month is judged once: use a Judge in one
// goroutine, and change nothing in the verdicts it gives, which share their
// values.
type Judge struct{ rule rule }

// rule judges one key, whose texts stand in the order of the group's columns.
type rule interface {
	verdict(key []string) guichet.Verdict
}

// New returns the judge of a group. The error is KindInvalid, names the group,
// and says what is wrong with its rule, columns, fields, parameters or marks.
func New(g guichet.KeyGroup) (*Judge, error) {
	r, err := ruleOf(g)
	if err != nil {
		return nil, err
	}
	return &Judge{r}, nil
}

// Check says whether a group can be judged, as New does.
func Check(g guichet.KeyGroup) error {
	_, err := ruleOf(g)
	return err
}

// Verdict judges one distinct key: the texts of the group's columns, in their
// order; a text that is not there counts as empty. The values stand in the
// order of the group's fields, "" for what is absent. When Reject is set, the
// rows are put aside and the values say nothing.
func (j *Judge) Verdict(key []string) guichet.Verdict { return j.rule.verdict(key) }

func ruleOf(g guichet.KeyGroup) (rule, error) {
	if g.Name == "" {
		return nil, fault(g, "it has no name")
	}
	if len(g.Fields) == 0 {
		return nil, fault(g, "it fills no field")
	}
	for i, f := range g.Fields {
		if f == "" || slices.Contains(g.Fields[:i], f) {
			return nil, fault(g, "field %q is empty or named twice", f)
		}
	}
	if len(g.Marks) > 0 && g.Rule != RuleCommodity {
		return nil, fault(g, "marks are for commodity codes, not for the rule %q", g.Rule)
	}
	if len(g.Map) > 0 && g.Rule != RuleEnum {
		return nil, fault(g, "a map is for the rule enum, not for %q", g.Rule)
	}
	switch g.Rule {
	case RuleCommodity:
		return newCommodity(g)
	case RuleArea:
		return newArea(g)
	case RuleUnit:
		return newUnit(g)
	case RulePort:
		return newPort(g)
	case RulePeriod:
		return newPeriod(g)
	case RuleDate:
		return newDate(g)
	case RuleEnum:
		return newEnum(g)
	default:
		return nil, fault(g, "there is no rule %q", g.Rule).WithHint("rules: commodity, area, unit, period, date, enum")
	}
}

// fault is a mistake in a profile's group.
func fault(g guichet.KeyGroup, format string, args ...any) *guichet.Error {
	return guichet.Errorf(guichet.KindInvalid, "key group %q: %w", g.Name, guichet.Errorf(guichet.KindInvalid, format, args...))
}

// checkParams refuses parameters that the rule does not have: a misspelt one
// would otherwise be silence. A name that ends in a colon stands for all that
// begin so.
func checkParams(g guichet.KeyGroup, known ...string) error {
	for name := range g.Params {
		open := func(k string) bool { return strings.HasSuffix(k, ":") && strings.HasPrefix(name, k) }
		if !slices.Contains(known, name) && !slices.ContainsFunc(known, open) {
			return fault(g, "the rule %s has no parameter %q", g.Rule, name).WithHint("parameters: %s", strings.Join(known, ", "))
		}
	}
	return nil
}

// checkColumns refuses a group that judges no column, or more than its rule.
func checkColumns(g guichet.KeyGroup, most int) error {
	if n := len(g.Columns); n < 1 || n > most {
		return fault(g, "it has %d columns; the rule %s reads 1 to %d", n, g.Rule, most)
	}
	return nil
}

// at returns a text of the key without outer space, "" beyond its end.
func at(key []string, i int) string {
	if i < 0 || i >= len(key) {
		return ""
	}
	return strings.TrimSpace(key[i])
}

func reject(reason string) guichet.Verdict { return guichet.Verdict{Reject: reason} }
