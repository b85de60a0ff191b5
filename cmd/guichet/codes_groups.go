package main

import (
	"slices"
	"strconv"
	"strings"

	"guichet"
	"guichet/hs"
	"guichet/trade"
)

// groupJSON is a product group as --json shows it.
type groupJSON struct {
	Path       string       `json:"path"`
	Name       guichet.Text `json:"name"`
	Reason     guichet.Text `json:"reason"`
	Tier       string       `json:"tier"`
	TierReason guichet.Text `json:"tier_reason"`
	Children   []string     `json:"children"`
	Edition    int          `json:"edition"`
	Codes      []string     `json:"codes"` // counted in the edition
	Items      []itemJSON   `json:"items,omitempty"`
}

// itemJSON is a code in a group.
type itemJSON struct {
	Code     string       `json:"code"`
	Group    string       `json:"group"`
	Label    guichet.Text `json:"label"`
	Reason   guichet.Text `json:"reason"`
	Counted  bool         `json:"counted"`
	Also     []string     `json:"also"`
	Section  string       `json:"section"`
	Relation string       `json:"relation,omitempty"` // to the edition in which the list was written
	From     []string     `json:"from,omitempty"`
	Loss     guichet.Text `json:"loss,omitzero"`
}

// codeGroups shows the tree of groups, or one group with its codes.
func (w *window) codeGroups(args []string, o codesOptions) error {
	if err := w.want("codes", args, 0, 1); err != nil {
		return err
	}
	day, err := w.day(o.on)
	if err != nil {
		return err
	}
	edition, err := w.editionOr(o.edition, editionOn(day))
	if err != nil {
		return err
	}
	if len(args) == 1 {
		return w.codeGroup(args[0], edition)
	}
	out := []groupJSON{}
	for _, g := range trade.Groups() {
		out = append(out, groupOf(g, edition))
	}
	if w.json {
		return w.printJSON(map[string]any{"version": trade.GroupsVersion(), "groups": out})
	}
	t := newTable(w.say("head.group"), w.say("head.tier"), ">"+w.say("head.codesIn", "edition", edition.String()), w.say("head.name"))
	for _, g := range out {
		t.add(g.Path, w.tier(g.Tier), count(int64(len(g.Codes)), w.lang), g.Name.In(w.lang))
	}
	w.table(t)
	return nil
}

func groupOf(g trade.Group, e hs.Edition) groupJSON {
	counted, _ := trade.GroupCodes(g.Path, e)
	return groupJSON{
		Path: g.Path, Name: g.Name, Reason: g.Reason, Tier: string(g.Tier), TierReason: g.TierReason,
		Children: some(g.Children), Edition: int(e), Codes: plain(counted),
	}
}

// codeGroup shows a group with every code that it or a group below it counts
// or names, and those whose goods belong to it and are counted elsewhere.
func (w *window) codeGroup(path string, e hs.Edition) error {
	g, ok := trade.LookupGroup(path)
	if !ok {
		return w.noGroup(path)
	}
	out := groupOf(g, e)
	out.Items = itemsOf(path, e)
	if w.json {
		return w.printJSON(map[string]any{"version": trade.GroupsVersion(), "group": out, "elsewhere": elsewhere(path, e)})
	}
	w.print(g.Path + ": " + g.Name.In(w.lang))
	w.print("  " + g.Reason.In(w.lang))
	w.print("  " + w.say("group.tier", "tier", w.tier(out.Tier), "reason", g.TierReason.In(w.lang)))
	w.print("")
	t := newTable(e.String(), w.say("head.group"), w.say("head.label"), w.say("head.counted"))
	for _, it := range out.Items {
		counted := w.say("yes")
		if !it.Counted {
			counted = w.say("group.named")
		}
		t.add(it.Code, it.Group, short(it.Label.In(w.lang), labelWidth), counted)
	}
	for _, it := range elsewhere(path, e) {
		t.add(it.Code, it.Group, short(it.Label.In(w.lang), labelWidth), w.say("group.elsewhere"))
	}
	w.table(t)
	return nil
}

func (w *window) noGroup(path string) error {
	var paths []string
	for _, g := range trade.Groups() {
		paths = append(paths, g.Path)
	}
	err := guichet.Errorf(guichet.KindNotFound, "%s", w.say("error.group", "path", path))
	if best, ok := closest(path, paths); ok {
		return err.WithHint("%s", w.say("hint.nearest", "name", best))
	}
	return err.WithHint("%s", w.say("hint.groups"))
}

// itemsOf returns the items of an edition at or below a path, in the order of
// their codes.
func itemsOf(path string, e hs.Edition) []itemJSON {
	var out []itemJSON
	for _, g := range trade.Groups() {
		if g.Path != path && !strings.HasPrefix(g.Path, path+"/") {
			continue
		}
		for _, it := range g.Items {
			if it.Edition == e {
				out = append(out, itemOf(it))
			}
		}
	}
	slices.SortFunc(out, func(a, b itemJSON) int { return strings.Compare(a.Code, b.Code) })
	return out
}

func elsewhere(path string, e hs.Edition) []itemJSON {
	out := []itemJSON{}
	for _, it := range trade.GroupElsewhere(path, e) {
		out = append(out, itemOf(it))
	}
	return out
}

func itemOf(it trade.Item) itemJSON {
	out := itemJSON{
		Code: string(it.Code), Group: it.Group, Label: it.Label, Reason: it.Reason,
		Counted: !it.Partial, Also: some(it.Also), Section: it.Section,
	}
	if it.Via != nil {
		out.Relation, out.From, out.Loss = string(it.Via.Relation), plain(it.Via.From), it.Via.Loss
	}
	return out
}

// tier says a tier in the language of the window.
func (w *window) tier(t string) string {
	if text, ok := w.words["tier."+t]; ok {
		return text
	}
	return t
}

// plain writes codes of the HS as strings; none is an empty list.
func plain(cs []hs.Code) []string {
	out := make([]string, len(cs))
	for i, c := range cs {
		out[i] = string(c)
	}
	return out
}

func editionName(year int) string { return "HS" + strconv.Itoa(year) }
