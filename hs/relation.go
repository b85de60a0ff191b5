package hs

// Relationship is the kind of a relation between two codes, "1:n". The left
// side counts how many codes of the edition asked from are related to the
// code on the right, the right side the reverse.
type Relationship string

// The kinds of relation.
const (
	OneToOne   Relationship = "1:1" // each is related to the other alone
	OneToMany  Relationship = "1:n" // From has other relations too, To has not
	ManyToOne  Relationship = "n:1" // To has other relations too, From has not
	ManyToMany Relationship = "n:n" // both have
)

// Relation says that goods of one code may be goods of the other.
type Relation struct {
	From, To Code
	Kind     Relationship
	// Partial is the table's "ex": only a part of the code is meant. Of the
	// five tables only HS2017-HS2012 prints it, so false proves nothing.
	Partial bool
	// Default marks UNSD's single conversion, which gives every newer code
	// one older code. It is tidy, but cuts real links: the conversion of
	// HS2022 382219 is 382200, though goods of 300215 went there too.
	Default bool
	// Derived marks a relation that no table held here prints, see derive.
	Derived bool
}

// Relations returns the relations of a subheading to another edition, newer
// or older, sorted by To. There is none within one edition, none for a code
// that the edition does not hold, and none for a code that the table forgets:
// HS2017 300219 towards HS2022.
func Relations(from Edition, c Code, to Edition) []Relation {
	v, i, ok := viewOf(from, c, to)
	if !ok || len(v.links[i]) == 0 {
		return nil
	}
	out := make([]Relation, len(v.links[i]))
	for n, l := range v.links[i] {
		out[n] = Relation{
			From: c, To: v.to.six[l.to], Kind: v.kind(i, l),
			Partial: l.partial, Default: l.byDefault, Derived: v.derived,
		}
	}
	return out
}

func (v *view) kind(i int, l link) Relationship {
	manyFrom, manyTo := len(v.back.links[l.to]) > 1, len(v.links[i]) > 1
	switch {
	case manyFrom && manyTo:
		return ManyToMany
	case manyFrom:
		return ManyToOne
	case manyTo:
		return OneToMany
	default:
		return OneToOne
	}
}
