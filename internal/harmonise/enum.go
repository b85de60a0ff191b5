package harmonise

import (
	"slices"
	"strings"

	"guichet"
	"guichet/trade"
)

// enum reads a coded value: a flow, a mode of transport, a procedure.
//
// Columns: the text; of several columns the texts are joined with |, as the
// map's keys are.
//
// Field: one.
//
// Map: text to value. The empty text may be mapped, and a value may be empty:
// absent. "!reason" puts the rows aside for that reason. Texts are compared
// without outer space.
//
// Params:
//
//	else                what becomes of a text that is not mapped: reject (when left out), keep, absent
//	remark_for:VALUE    a remark code for rows of that value
type enum struct {
	values  map[string]string
	orElse  string
	remarks map[string][]string
	columns int
}

const remarkFor = "remark_for:"

func newEnum(g guichet.KeyGroup) (rule, error) {
	if err := checkColumns(g, 8); err != nil {
		return nil, err
	}
	if err := checkParams(g, "else", remarkFor); err != nil {
		return nil, err
	}
	if len(g.Fields) != 1 {
		return nil, fault(g, "it fills %d fields; the rule enum fills one", len(g.Fields))
	}
	e := &enum{values: map[string]string{}, orElse: g.Params["else"], remarks: map[string][]string{}, columns: len(g.Columns)}
	switch e.orElse {
	case "":
		e.orElse = "reject"
	case "reject", "keep", "absent":
	default:
		return nil, fault(g, "else is %q", e.orElse).WithHint("give reject, keep or absent")
	}
	for text, value := range g.Map {
		parts := strings.Split(text, "|")
		if len(parts) != e.columns {
			return nil, fault(g, "the map's text %q has %d parts for %d columns", text, len(parts), e.columns)
		}
		if reason, ok := strings.CutPrefix(value, "!"); ok && !slices.Contains(trade.RejectCodes(), reason) {
			return nil, fault(g, "%q is no reason for putting rows aside", reason).WithHint("reasons: %s", strings.Join(trade.RejectCodes(), ", "))
		}
		trimmed := e.join(parts)
		if _, twice := e.values[trimmed]; twice {
			return nil, fault(g, "the map has %q twice, told apart by outer space only", trimmed)
		}
		e.values[trimmed] = value
	}
	for name, code := range g.Params {
		value, ok := strings.CutPrefix(name, remarkFor)
		if !ok {
			continue
		}
		if err := checkRemark(g, code); err != nil {
			return nil, err
		}
		e.remarks[value] = []string{code}
	}
	return e, nil
}

func (e *enum) verdict(key []string) guichet.Verdict {
	text := e.join(key)
	value, mapped := e.values[text]
	if !mapped {
		switch e.orElse {
		case "reject":
			return reject(trade.RejectUnknownValue)
		case "keep":
			value = text
		}
	}
	// Only the map may put aside: a kept text is the file's, whatever it begins with.
	if reason, aside := strings.CutPrefix(value, "!"); mapped && aside {
		return reject(reason)
	}
	return guichet.Verdict{Values: []string{value}, Remarks: slices.Clone(e.remarks[value])}
}

func (e *enum) join(key []string) string {
	if e.columns == 1 {
		return at(key, 0)
	}
	parts := make([]string, e.columns)
	for i := range parts {
		parts[i] = at(key, i)
	}
	return strings.Join(parts, "|")
}
