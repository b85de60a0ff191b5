package trade

import (
	"slices"
	"strings"

	"guichet"
	"guichet/hs"
)

// The list behind the group covid19 is the WCO/WHO HS classification reference
// for COVID-19 medical supplies, 3rd edition, 2020, in HS2017. Its counterparts
// in HS2007, HS2012 and HS2022 come from UNSD's correlation tables. Where each
// code goes, the labels and the reasons are ours: docs/design/product-groups.md.

// Text is the window's bilingual wording, under the name that fits beside Group.
type Text = guichet.Text

// Tier says how carefully figures on a group are to be handled in a time of
// shortage: "critical" where lives hang on the goods and sources are few. It
// judges goods, not traders: whether one firm can be recognised in a cell is
// disclosure's question.
type Tier string

// The tiers, from the least careful to the most. A group's tier is never below
// that of a group inside it, since an answer about the whole can be taken apart.
const (
	TierLow      Tier = "low"
	TierMedium   Tier = "medium"
	TierHigh     Tier = "high"
	TierCritical Tier = "critical"
)

// Rank orders tiers from 1 (low) to 4 (critical). A tier it does not know ranks
// with critical: a doubt refuses.
func (t Tier) Rank() int {
	switch t {
	case TierLow:
		return 1
	case TierMedium:
		return 2
	case TierHigh:
		return 3
	case TierCritical:
		return 4
	}
	return 4
}

// Known reports whether t is one of the four tiers.
func (t Tier) Known() bool {
	return t == TierLow || t == TierMedium || t == TierHigh || t == TierCritical
}

// Group is a named set of goods, such as "covid19/protective/masks". Only a
// group without children (a leaf) holds items of its own.
type Group struct {
	Path       string   // "covid19/protective/masks"
	Name       Text     // "Masks and respirators"
	Reason     Text     // why these goods stand together
	Tier       Tier     // how carefully figures are handled
	TierReason Text     // why that tier
	Children   []string // paths of the groups right below, in tree order
	Items      []Item   // by edition, then code
}

// Item is one code of one edition in its group.
type Item struct {
	Edition      hs.Edition
	Code         hs.Code  // "630790"; four digits where the list names a heading
	Group        string   // path of the one leaf that counts it
	Label        Text     // the code in everyday words
	Reason       Text     // why it is here, and what else its basket holds
	Also         []string // other leaves where its goods belong; not counted there
	Partial      bool     // named, not counted: a heading, or a code that took over only a few of the goods
	Section      string   // the list's section that decides, "II"
	AlsoSections []string // further sections that name it, "VI"
	Via          *Via     // how it was reached; nil in HS2017 and for headings, which the list itself names
}

// Relation says how a converted code relates to the HS2017 codes of the list.
type Relation string

// The relations. Only "same" and "renumbered" make a series comparable code by
// code; "regrouped" is comparable over the codes that share a source.
const (
	RelationSame       Relation = "same"       // same code, same goods
	RelationRenumbered Relation = "renumbered" // other code, same goods
	RelationRegrouped  Relation = "regrouped"  // boundaries moved among counted codes; nothing left the list
	RelationWider      Relation = "wider"      // holds goods of codes outside the list too
	RelationNarrower   Relation = "narrower"   // some goods went to codes that are not counted
	RelationOverlap    Relation = "overlap"    // wider and narrower
	RelationPart       Relation = "part"       // of a partial item: took over only a few goods
)

// Via is the conversion that led from the list's HS2017 codes to an item. The
// pairs to headings 8524 and 8549 and to 852990, side effects of new headings in
// HS2022, are left out of the relation.
type Via struct {
	From     []hs.Code // codes of the list, HS2017
	Relation Relation
	Loss     Text // what can no longer be told; empty for "same" and "part"
}

// Groups returns every group in tree order: a parent before its children, and
// children as a reader expects them, not by alphabet. The caller owns the result.
func Groups() []Group {
	c := catalogue()
	out := make([]Group, len(c.groups))
	for i, g := range c.groups {
		out[i] = g.clone()
	}
	return out
}

// LookupGroup returns the group of exactly this path. The caller owns it.
func LookupGroup(path string) (Group, bool) {
	i, ok := catalogue().byPath[path]
	if !ok {
		return Group{}, false
	}
	return catalogue().groups[i].clone(), true
}

// GroupCodes returns the counted codes of the group and of everything below it
// in one edition, each once, sorted. ok is false for a path or edition not known;
// a known group may have no counted code ("covid19/other/materials").
//
// Adding the codes up counts nothing twice, also across groups: a code is
// counted in one leaf only. GroupNotCounted and GroupElsewhere tell the rest.
func GroupCodes(path string, e hs.Edition) (codes []hs.Code, ok bool) {
	for _, it := range itemsBelow(path, e) {
		if !it.Partial {
			codes = append(codes, it.Code)
		}
	}
	slices.Sort(codes)
	_, ok = catalogue().byPath[path]
	return codes, ok && slices.Contains(hs.Editions(), e)
}

// GroupNotCounted returns what the group names but does not count in one
// edition: headings that are baskets, and codes that took over only a few of the
// list's goods. Each item gives its reason.
func GroupNotCounted(path string, e hs.Edition) []Item {
	var out []Item
	for _, it := range itemsBelow(path, e) {
		if it.Partial {
			out = append(out, it.clone())
		}
	}
	return out
}

// GroupElsewhere returns the items whose goods belong to the group as well but
// which are counted outside it: plastic articles under medical consumables, for
// one, which are counted with the face shields. A headline should name them.
func GroupElsewhere(path string, e hs.Edition) []Item {
	var out []Item
	for _, g := range catalogue().groups {
		if within(g.Path, path) {
			continue
		}
		for _, it := range g.Items {
			inGroup := func(leaf string) bool { return within(leaf, path) }
			if it.Edition == e && !it.Partial && slices.ContainsFunc(it.Also, inGroup) {
				out = append(out, it.clone())
			}
		}
	}
	return out
}

// GroupTier returns the tier of the group, "" for a path not known (which ranks
// with critical).
func GroupTier(path string) Tier {
	i, ok := catalogue().byPath[path]
	if !ok {
		return ""
	}
	return catalogue().groups[i].Tier
}

// GroupsOf returns the leaves that a code belongs to in one edition: the one
// that counts it (or names it, when partial) first, then those that also have it.
func GroupsOf(e hs.Edition, c hs.Code) []string {
	it, ok := catalogue().byCode[goods{e, c}]
	if !ok {
		return nil
	}
	return append([]string{it.Group}, it.Also...)
}

// GroupsVersion returns the version of the groups, "groups-" and the first
// twelve hex digits of the SHA-256 of their files: two members with the same
// version mean the same goods.
func GroupsVersion() string { return catalogue().version }

// itemsBelow returns the items of one edition in the group and below it.
func itemsBelow(path string, e hs.Edition) []Item {
	var out []Item
	for _, g := range catalogue().groups {
		if !within(g.Path, path) {
			continue
		}
		for _, it := range g.Items {
			if it.Edition == e {
				out = append(out, it)
			}
		}
	}
	return out
}

// within reports whether the path is the group's own or lies below it.
func within(path, group string) bool {
	return path == group || strings.HasPrefix(path, group+"/")
}

func (g Group) clone() Group {
	g.Children = slices.Clone(g.Children)
	g.Items = slices.Clone(g.Items)
	for i, it := range g.Items {
		g.Items[i] = it.clone()
	}
	return g
}

func (it Item) clone() Item {
	it.Also = slices.Clone(it.Also)
	it.AlsoSections = slices.Clone(it.AlsoSections)
	if it.Via != nil {
		via := *it.Via
		via.From = slices.Clone(via.From)
		it.Via = &via
	}
	return it
}
