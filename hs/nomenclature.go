package hs

import "slices"

// list is the codes of one edition.
type list struct {
	six, four, two []Code       // sorted
	place          map[Code]int // position in the slice of its length
	unit           []string     // by position in six
	children       map[Code][]Code
}

func newList(codes []listed) *list {
	l := &list{place: make(map[Code]int, len(codes)*5/4), children: make(map[Code][]Code)}
	add := func(into *[]Code, c Code) {
		if _, ok := l.place[c]; ok {
			return
		}
		l.place[c] = len(*into)
		l.children[c.Parent()] = append(l.children[c.Parent()], c)
		*into = append(*into, c)
	}
	for _, c := range codes {
		add(&l.two, c.code.Chapter())
		add(&l.four, c.code.Heading())
		add(&l.six, c.code)
		l.unit = append(l.unit, c.unit)
	}
	return l
}

// listOf returns nil when the edition is not held.
func listOf(e Edition) *list {
	i := e.place()
	if i < 0 {
		return nil
	}
	return facts().lists[i]
}

// subheading returns the position of a six-digit code among the edition's.
func (l *list) subheading(c Code) (int, bool) {
	if l == nil || len(c) != 6 {
		return 0, false
	}
	i, ok := l.place[c]
	return i, ok
}

// Known reports whether the edition holds the chapter, heading or subheading.
// Chapters 98 and 99 and 999999 are not of the HS, and chapter 77 is empty.
func Known(e Edition, c Code) bool {
	l := listOf(e)
	if l == nil {
		return false
	}
	_, ok := l.place[c]
	return ok
}

// Codes returns the edition's codes of two, four or six digits, sorted; none
// for another number of digits.
func Codes(e Edition, digits int) []Code {
	l := listOf(e)
	if l == nil {
		return nil
	}
	switch digits {
	case 2:
		return slices.Clone(l.two)
	case 4:
		return slices.Clone(l.four)
	case 6:
		return slices.Clone(l.six)
	default:
		return nil
	}
}

// Children returns the codes right below c, sorted: the headings of a
// chapter, the subheadings of a heading, the chapters of "".
func Children(e Edition, c Code) []Code {
	l := listOf(e)
	if l == nil {
		return nil
	}
	return slices.Clone(l.children[c])
}

// StandardUnit returns the WCO's standard unit of quantity for a subheading
// as UN Comtrade's list abbreviates it: "kg", "u", "2u" for pairs, "m²", "l",
// "carat". It is "" where the source has none: HS2007 throughout, and
// chapters and headings. A country may collect another unit.
func StandardUnit(e Edition, c Code) string {
	l := listOf(e)
	i, ok := l.subheading(c)
	if !ok {
		return ""
	}
	return l.unit[i]
}

// sections holds the last chapter of each section, I to XXI. The four
// editions divide the chapters alike.
func sections() [21]Code {
	return [21]Code{
		"05", "14", "15", "24", "27", "38", "40", "43", "46", "49", "63",
		"67", "70", "71", "83", "85", "89", "92", "93", "96", "97",
	}
}

// romans is the sections' names in their order.
func romans() [21]string {
	return [21]string{
		"I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI",
		"XII", "XIII", "XIV", "XV", "XVI", "XVII", "XVIII", "XIX", "XX", "XXI",
	}
}

// Section returns the section of a code in roman figures, "XI" of 630790. It
// is "" of what the edition does not hold.
func Section(e Edition, c Code) string {
	if !Known(e, c) {
		return ""
	}
	ends := sections()
	i, _ := slices.BinarySearch(ends[:], c.Chapter())
	return romans()[i]
}
