package hs

import (
	"fmt"
	"strconv"
	"strings"
)

// Edition is an edition of the Harmonized System, named by the year from
// which the WCO has it in force. The zero Edition is none.
type Edition int

// The editions held here, and UN Comtrade's names for them: H3 to H6.
const (
	HS2007 Edition = 2007
	HS2012 Edition = 2012
	HS2017 Edition = 2017
	HS2022 Edition = 2022
)

// editionCount is how many editions are held.
const editionCount = 4

// Editions returns the editions held, oldest first.
func Editions() []Edition { return []Edition{HS2007, HS2012, HS2017, HS2022} }

// String returns a name such as "HS2022", and "none" for the zero Edition.
func (e Edition) String() string {
	if e == 0 {
		return "none"
	}
	return "HS" + strconv.Itoa(int(e))
}

// ParseEdition reads "HS2022", "2022" or UN Comtrade's "H6", in either case.
// An edition that is not held is refused.
func ParseEdition(s string) (Edition, error) {
	name := strings.ToUpper(strings.TrimSpace(s))
	for i, e := range Editions() {
		if name == e.String() || name == strconv.Itoa(int(e)) || name == "H"+strconv.Itoa(i+3) {
			return e, nil
		}
	}
	return 0, fmt.Errorf("hs edition %q is not held: give HS2007, HS2012, HS2017 or HS2022", clip(s))
}

// place is the edition's position among Editions, -1 when it is not held.
func (e Edition) place() int {
	switch e {
	case HS2007:
		return 0
	case HS2012:
		return 1
	case HS2017:
		return 2
	case HS2022:
		return 3
	default:
		return -1
	}
}
