package harmonise

import (
	"guichet"
	"guichet/travel"
)

// port reads a place of crossing by its UN/LOCODE.
//
// Column: the code, in five signs, with or without the space after the country.
//
// Field: one, which gets the code without a space.
//
// Params: none.
//
// A code that is written as one and is not in the list that is held stays, with a
// remark: the list is of those ports that have been met.
type port struct{}

func newPort(g guichet.KeyGroup) (rule, error) {
	if err := checkColumns(g, 1); err != nil {
		return nil, err
	}
	if err := checkParams(g); err != nil {
		return nil, err
	}
	if len(g.Fields) != 1 {
		return nil, fault(g, "it fills %d fields; the rule port fills one", len(g.Fields))
	}
	return port{}, nil
}

func (port) verdict(key []string) guichet.Verdict {
	text := at(key, 0)
	if text == "" {
		return reject(travel.RejectNoPort)
	}
	code := travel.PortCode(text)
	if code == "" {
		return reject(travel.RejectNotAPort)
	}
	v := guichet.Verdict{Values: []string{code}}
	if _, held := travel.PortBy(code); !held {
		v.Remarks = []string{travel.RemarkPortNotListed}
	}
	return v
}
