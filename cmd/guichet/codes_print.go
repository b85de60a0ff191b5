package main

import (
	"slices"
	"strconv"
	"strings"

	"guichet/codes"
	"guichet/hs"
)

// linesShown is how many neighbouring lines of a list are named.
const linesShown = 12

// printCode says what a code is: its wording, its place in each edition, its
// groups, and how it stands to the national lists.
func (w *window) printCode(c codeJSON, list string) {
	w.printReading(c)
	if list != "" {
		w.printStanding(c.Lists[0])
	}
	if len(c.Editions) > 0 {
		w.printEditions(c)
	}
	if len(c.Groups) > 0 {
		w.print("")
		t := newTable(w.say("head.group"), w.say("head.name"), w.say("head.tier"), w.say("head.counted"))
		for _, g := range c.Groups {
			counted := w.say("yes")
			if !g.Counted {
				counted = w.say("group.alsoHere")
			}
			t.add(g.Path, g.Name.In(w.lang), w.tier(g.Tier), counted)
		}
		w.table(t)
	}
	if len(c.Below) > 0 {
		w.print("")
		w.print(w.say("code.below", "codes", strings.Join(c.Below, " ")))
	}
	w.printLists(c, list)
}

func (w *window) printReading(c codeJSON) {
	if c.HS == "" && isNational(c.Code) {
		w.print(w.say("code.national", "code", c.Code))
		return
	}
	if c.HS == "" {
		w.print(w.say("code.nohs", "code", c.Code))
		return
	}
	w.print(w.say("code.is."+c.Basis, "code", c.Code, "hs", c.HS, "edition", editionName(c.Edition)))
	w.print("  " + c.Label.In(w.lang))
	chapter := hs.Code(c.HS).Chapter()
	wording, _ := hs.Label(hs.Edition(c.Edition), chapter, w.lang)
	w.print("  " + w.say("code.place", "section", c.Section, "sectionLabel", hs.SectionLabel(c.Section, w.lang), "chapter", string(chapter), "chapterLabel", wording))
	if c.StandardUnit != "" {
		w.print("  " + w.say("code.unit", "unit", c.StandardUnit))
	}
}

// printStanding says how the code stands to the list that was asked.
func (w *window) printStanding(l inListJSON) {
	pairs := []string{"list", l.List, "snapshot", l.Snapshot, "edition", editionName(l.Edition), "held", strings.Join(l.Held, ", ")}
	key := l.Standing
	if key == "" {
		key = "none"
	}
	w.print("")
	w.print(w.say("standing."+key, pairs...))
	switch {
	case l.To != "":
		w.print("  " + w.say("standing.until", "from", w.known(l.From), "to", l.To))
	case l.From != "":
		w.print("  " + w.say("standing.since", "from", l.From))
	}
	if len(l.Units) > 0 {
		var units []string
		for _, u := range l.Units {
			units = append(units, strings.TrimSpace(u.Code+" "+u.Name.In(w.lang)))
		}
		w.print("  " + w.say("standing.units", "units", strings.Join(units, ", ")))
	}
	for _, x := range l.Before {
		w.print("  " + w.say("standing.before", "old", x.Old, "new", x.New, "year", strconv.Itoa(x.Year)))
	}
	for _, x := range l.After {
		w.print("  " + w.say("standing.after", "old", x.Old, "new", x.New, "year", strconv.Itoa(x.Year)))
	}
	if l.Note != "" {
		w.print("  " + w.say("standing.note", "note", l.Note))
	}
}

func (w *window) printEditions(c codeJSON) {
	w.print("")
	t := newTable(w.say("head.edition"), w.say("head.code"), w.say("head.relation"), w.say("head.why"))
	for _, e := range c.Editions {
		relation := e.Comparison
		if text, ok := w.words["comparison."+relation]; ok {
			relation = text
		}
		if e.Comparison == "" {
			relation = w.say("comparison.none")
			if !e.Known {
				relation = w.say("comparison.unknown")
			}
		}
		cell := strings.Join(e.Codes, " + ")
		if cell == "" {
			cell = "-"
		}
		t.add(editionName(e.Edition), cell, relation, w.why(e, c))
	}
	w.table(t)
	for _, e := range c.Editions {
		if e.Family != nil {
			w.print("  " + w.say("code.family", "edition", editionName(e.Edition), "own", editionName(c.Edition),
				"from", strings.Join(e.Family.From, " + "), "to", strings.Join(e.Family.To, " + ")))
		}
	}
}

// why says why a relation is what it is. The tables give their reason in
// English; another language has a shorter one of its own.
func (w *window) why(e editionJSON, c codeJSON) string {
	switch {
	case w.lang == "en" || e.Comparison == "":
		return e.Reason
	case e.Edition == c.Edition:
		return w.say("why.same")
	case e.Family != nil:
		return w.say("why.family")
	}
	return w.say("why." + e.Comparison)
}

// printLists names the national lines under the same six digits.
func (w *window) printLists(c codeJSON, list string) {
	t := newTable(w.say("head.list"), w.say("head.snapshot"), w.say("head.standing"), ">"+w.say("head.lines"), w.say("head.codes"))
	var absent []string
	for _, l := range c.Lists {
		if l.Standing == string(codes.NoList) {
			absent = append(absent, l.List+" ("+strings.Join(l.Held, ", ")+")")
			continue
		}
		var names []string
		for _, line := range l.Lines {
			names = append(names, line.Code)
		}
		if len(names) == 0 && (l.Standing == "" || list != "") {
			continue
		}
		if own := slices.Index(names, c.Code); own >= linesShown {
			names = slices.Insert(slices.Delete(names, own, own+1), 0, c.Code)
		}
		text := strings.Join(names[:min(len(names), linesShown)], " ")
		if len(names) > linesShown {
			text += " …"
		}
		standing := "-"
		if l.Standing != "" {
			standing = w.say("standing.word." + l.Standing)
		}
		t.add(l.List, l.Snapshot, standing, count(int64(len(names)), w.lang), text)
	}
	if len(t.rows) > 0 {
		w.print("")
		w.print(w.say("code.lines", "hs", c.HS, "on", c.On))
		w.table(t)
	}
	if len(absent) > 0 && list == "" {
		w.print("")
		w.print(w.say("code.absent", "on", c.On, "lists", strings.Join(absent, ", ")))
	}
}
