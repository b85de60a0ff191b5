package hs_test

import (
	"reflect"
	"slices"
	"testing"

	"guichet/hs"
)

type codes = []hs.Code

func TestCorrespond(t *testing.T) {
	kits := codes{"382219", "382290"}
	for _, c := range []struct {
		from   hs.Edition
		code   hs.Code
		to     hs.Edition
		want   hs.Comparison
		codes  codes
		family codes // From, when exact
	}{
		// Gloves: closed, but the single code is not.
		{hs.HS2017, "401511", hs.HS2022, hs.Exact, codes{"401512", "401519"}, codes{"401511", "401519"}},
		{hs.HS2017, "401519", hs.HS2022, hs.Exact, codes{"401512", "401519"}, codes{"401511", "401519"}},
		{hs.HS2022, "401512", hs.HS2017, hs.Exact, codes{"401511", "401519"}, codes{"401512", "401519"}},
		{hs.HS2022, "401512", hs.HS2012, hs.Exact, codes{"401511", "401519"}, codes{"401512", "401519"}},
		// Masks and ventilators: unchanged, except where 8549 reaches ventilators,
		// and where 961900 (napkins) took something from 630790 in 2012.
		{hs.HS2022, "901920", hs.HS2017, hs.DefaultConversion, codes{"901920"}, nil},
		{hs.HS2007, "630790", hs.HS2012, hs.DefaultConversion, codes{"630790"}, nil},
		{hs.HS2017, "630790", hs.HS2022, hs.Exact, codes{"630790"}, codes{"630790"}},
		{hs.HS2012, "901920", hs.HS2017, hs.Exact, codes{"901920"}, codes{"901920"}},
		// A code that changed its number alone.
		{hs.HS2022, "030910", hs.HS2017, hs.Exact, codes{"030510"}, codes{"030910"}},
		// Test kits: a family of twelve, were it not for 300219, which the table forgets.
		{hs.HS2017, "382200", hs.HS2022, hs.DefaultConversion, kits, nil},
		{hs.HS2022, "382219", hs.HS2017, hs.DefaultConversion, codes{"382200"}, nil},
		{hs.HS2017, "300212", hs.HS2022, hs.DefaultConversion, codes{"300212"}, nil},
		{hs.HS2017, "300219", hs.HS2022, hs.NotComparable, nil, nil},
		// The same kits before 2017 are a family of ten.
		{
			hs.HS2012, "382200", hs.HS2022, hs.Exact,
			codes{"300212", "300213", "300214", "300215", "382211", "382212", "382219", "382290"},
			codes{"300210", "382200"},
		},
		// Monopods, 962000, tie sixteen codes of 2012 together.
		{hs.HS2012, "681510", hs.HS2017, hs.DefaultConversion, codes{"681510"}, nil},
		{hs.HS2017, "962000", hs.HS2012, hs.DefaultConversion, codes{"852990"}, nil},
		// 2012 and 2007 through 2017.
		{hs.HS2012, "901920", hs.HS2007, hs.Exact, codes{"901920"}, codes{"901920"}},
		{hs.HS2012, "681510", hs.HS2007, hs.DefaultConversion, codes{"681510"}, nil},
		{hs.HS2007, "681510", hs.HS2012, hs.DefaultConversion, codes{"681510"}, nil},
		// Itself.
		{hs.HS2017, "382200", hs.HS2017, hs.Exact, codes{"382200"}, codes{"382200"}},
		// Nothing to say.
		{hs.HS2017, "6307", hs.HS2022, hs.NotComparable, nil, nil},
		{hs.HS2017, "63", hs.HS2017, hs.NotComparable, nil, nil},
		{hs.HS2017, "401512", hs.HS2022, hs.NotComparable, nil, nil},
		{hs.HS2017, "401512", hs.HS2017, hs.NotComparable, nil, nil},
		{hs.HS2022, "999999", hs.HS2017, hs.NotComparable, nil, nil},
		{2002, "630790", hs.HS2017, hs.NotComparable, nil, nil},
		{hs.HS2017, "630790", 2028, hs.NotComparable, nil, nil},
		{2002, "630790", 2002, hs.NotComparable, nil, nil},
	} {
		got := hs.Correspond(c.from, c.code, c.to)
		if got.Comparison != c.want || !slices.Equal(got.To, c.codes) || !slices.Equal(got.Family.From, c.family) {
			t.Errorf("%v %s in %v is %+v, want %s, to %v, family from %v", c.from, c.code, c.to, got, c.want, c.codes, c.family)
		}
	}
}

// TestWhys holds that each reason has a sentence in both languages, and is told in English
// beside its word.
func TestWhys(t *testing.T) {
	for _, w := range hs.Whys() {
		if w.String() == "" || w.In("fr") == "" || w.In("fr") == w.In("en") {
			t.Errorf("%s is said %q and %q", w, w.In("en"), w.In("fr"))
		}
	}
	eachPair(func(from, to hs.Edition) {
		for _, c := range []hs.Code{"630790", "401511", "382200", "300219", "681510", "6307", "999999"} {
			if k := hs.Correspond(from, c, to); !slices.Contains(hs.Whys(), k.Because) || k.Reason != k.Because.String() {
				t.Errorf("%v %s to %v: %q because %q", from, c, to, k.Reason, k.Because)
			}
		}
	})
}

func TestRelations(t *testing.T) {
	gloves := []hs.Relation{
		{From: "401512", To: "401511", Kind: hs.OneToMany, Default: true},
		{From: "401512", To: "401519", Kind: hs.ManyToMany},
	}
	if got := hs.Relations(hs.HS2022, "401512", hs.HS2017); !reflect.DeepEqual(got, gloves) {
		t.Errorf("HS2022 401512 is related %+v, want %+v", got, gloves)
	}
	magnesia := []hs.Relation{
		{From: "681510", To: "681510", Kind: hs.OneToMany, Partial: true, Default: true},
		{From: "681510", To: "962000", Kind: hs.ManyToMany, Partial: true},
	}
	if got := hs.Relations(hs.HS2012, "681510", hs.HS2017); !reflect.DeepEqual(got, magnesia) {
		t.Errorf("HS2012 681510 is related %+v, want %+v", got, magnesia)
	}
	derived := []hs.Relation{{From: "681510", To: "681510", Kind: hs.OneToOne, Default: true, Derived: true}}
	if got := hs.Relations(hs.HS2012, "681510", hs.HS2007); !reflect.DeepEqual(got, derived) {
		t.Errorf("HS2012 681510 is related to HS2007 %+v, want %+v", got, derived)
	}
	for _, got := range [][]hs.Relation{
		hs.Relations(hs.HS2017, "300219", hs.HS2022), hs.Relations(hs.HS2017, "630790", hs.HS2017),
		hs.Relations(2002, "630790", hs.HS2017), hs.Relations(hs.HS2017, "6307", hs.HS2022), hs.Relations(hs.HS2017, "401512", hs.HS2022),
	} {
		if got != nil {
			t.Errorf("there should be no relation, there is %+v", got)
		}
	}
}

// eachPair calls f for the twelve ordered pairs of editions.
func eachPair(f func(from, to hs.Edition)) {
	for _, from := range hs.Editions() {
		for _, to := range hs.Editions() {
			if from != to {
				f(from, to)
			}
		}
	}
}

func TestRelationsAreSymmetric(t *testing.T) {
	turned := map[hs.Relationship]hs.Relationship{
		hs.OneToOne: hs.OneToOne, hs.OneToMany: hs.ManyToOne, hs.ManyToOne: hs.OneToMany, hs.ManyToMany: hs.ManyToMany,
	}
	all := make(map[[2]hs.Edition]map[hs.Relation]bool)
	eachPair(func(from, to hs.Edition) {
		set := make(map[hs.Relation]bool)
		for _, c := range hs.Codes(from, 6) {
			last := hs.Code("")
			for _, r := range hs.Relations(from, c, to) {
				if r.From != c || r.To <= last || !hs.Known(to, r.To) {
					t.Errorf("%v %s to %v: %+v is out of order or unknown", from, c, to, r)
				}
				last, set[r] = r.To, true
			}
		}
		all[[2]hs.Edition{from, to}] = set
	})
	eachPair(func(from, to hs.Edition) {
		there, back := all[[2]hs.Edition{from, to}], all[[2]hs.Edition{to, from}]
		if len(there) != len(back) {
			t.Errorf("%v to %v has %d relations, and %d the other way", from, to, len(there), len(back))
		}
		for r := range there {
			swapped := r
			swapped.From, swapped.To, swapped.Kind = r.To, r.From, turned[r.Kind]
			if !back[swapped] {
				t.Errorf("%v to %v: %+v is not there the other way", from, to, r)
			}
		}
	})
}

// TestFamilies holds what exact promises, on every code of every pair: the
// family is closed, small, the same for all its members and from both sides.
func TestFamilies(t *testing.T) {
	eachPair(func(from, to hs.Edition) {
		for _, c := range hs.Codes(from, 6) {
			f, ok := hs.FamilyOf(from, c, to)
			got := hs.Correspond(from, c, to)
			if got.Reason == "" || ok != (got.Comparison == hs.Exact) || (len(got.To) == 0) != (got.Comparison == hs.NotComparable) {
				t.Errorf("%v %s to %v: family %v, %v, but %+v", from, c, to, f, ok, got)
			}
			if !ok {
				checkConversion(t, from, c, to, got)
				continue
			}
			if n := len(f.From) + len(f.To); n > 12 || !slices.Contains(f.From, c) || len(f.To) == 0 {
				t.Errorf("%v %s to %v: the family %v has %d codes", from, c, to, f, n)
			}
			if c != f.From[0] { // the first speaks for all
				if first, _ := hs.FamilyOf(from, f.From[0], to); !reflect.DeepEqual(first, f) {
					t.Errorf("%v to %v: %s stands in %v, its first code in %v", from, to, c, f, first)
				}
				continue
			}
			for _, m := range f.From {
				if other, ok := hs.FamilyOf(from, m, to); !ok || !reflect.DeepEqual(other, f) {
					t.Errorf("%v %s to %v: %s stands in %v, not in %v", from, c, to, m, other, f)
				}
				for _, r := range hs.Relations(from, m, to) {
					if !slices.Contains(f.To, r.To) {
						t.Errorf("%v to %v: %+v leaves the family %v", from, to, r, f)
					}
				}
			}
			swapped := hs.Family{From: f.To, To: f.From}
			for _, m := range f.To {
				if other, ok := hs.FamilyOf(to, m, from); !ok || !reflect.DeepEqual(other, swapped) {
					t.Errorf("%v %s to %v: from the other side %s stands in %v, not in %v", from, c, to, m, other, swapped)
				}
			}
		}
	})
}

// checkConversion: a default conversion is one code towards an older edition,
// and undone by the opposite question.
func checkConversion(t *testing.T, from hs.Edition, c hs.Code, to hs.Edition, got hs.Correspondence) {
	t.Helper()
	if to < from && len(got.To) > 1 {
		t.Errorf("%v %s to %v converts to several codes: %v", from, c, to, got.To)
	}
	for _, m := range got.To {
		if back := hs.Correspond(to, m, from); back.Comparison != hs.DefaultConversion || !slices.Contains(back.To, c) {
			t.Errorf("%v %s converts to %v %s, which is %+v the other way", from, c, to, m, back)
		}
	}
}

// TestUNSDComposes holds the ground on which derive stands: UNSD's tables of
// HS2022 against HS2012 and HS2007 are compositions through HS2017, and the
// derived relations of HS2012 to HS2007 compose to the table 2017-2007.
func TestUNSDComposes(t *testing.T) {
	for _, path := range [][3]hs.Edition{
		{hs.HS2022, hs.HS2017, hs.HS2012},
		{hs.HS2022, hs.HS2017, hs.HS2007},
		{hs.HS2017, hs.HS2012, hs.HS2007},
	} {
		rows := 0
		for _, c := range hs.Codes(path[0], 6) {
			var direct, composed codes
			for _, r := range hs.Relations(path[0], c, path[2]) {
				direct = append(direct, r.To)
			}
			for _, r := range hs.Relations(path[0], c, path[1]) {
				for _, s := range hs.Relations(path[1], r.To, path[2]) {
					composed = append(composed, s.To)
				}
			}
			slices.Sort(composed)
			if composed = slices.Compact(composed); !slices.Equal(direct, composed) {
				t.Errorf("%v %s: to %v directly %v, through %v %v", path[0], c, path[2], direct, path[1], composed)
			}
			rows += len(direct)
		}
		t.Logf("%v: %d relations", path, rows)
	}
}

// TestFigures holds the figures that the papers of the project tell: how many
// codes of each edition are exact, converted, not comparable in another.
func TestFigures(t *testing.T) {
	want := map[[2]hs.Edition][3]int{
		{hs.HS2007, hs.HS2012}: {4710, 330, 12},
		{hs.HS2007, hs.HS2017}: {4698, 344, 10},
		{hs.HS2007, hs.HS2022}: {3745, 1273, 34},
		{hs.HS2012, hs.HS2007}: {4777, 423, 5},
		{hs.HS2012, hs.HS2017}: {4897, 307, 1},
		{hs.HS2012, hs.HS2022}: {3942, 1247, 16},
		{hs.HS2017, hs.HS2007}: {4878, 509, 0},
		{hs.HS2017, hs.HS2012}: {5058, 329, 0},
		{hs.HS2017, hs.HS2022}: {4238, 1139, 10},
		{hs.HS2022, hs.HS2007}: {4014, 1598, 0},
		{hs.HS2022, hs.HS2012}: {4171, 1441, 0},
		{hs.HS2022, hs.HS2017}: {4352, 1260, 0},
	}
	eachPair(func(from, to hs.Edition) {
		var got [3]int
		for _, c := range hs.Codes(from, 6) {
			switch hs.Correspond(from, c, to).Comparison {
			case hs.Exact:
				got[0]++
			case hs.DefaultConversion:
				got[1]++
			case hs.NotComparable:
				got[2]++
			}
		}
		if w := want[[2]hs.Edition{from, to}]; got != w {
			t.Errorf("%v to %v: %v codes are exact, converted, not comparable, want %v", from, to, got, w)
		}
	})
}
