package main

import (
	"slices"
	"strings"

	"guichet/codes"
)

// listJSON is a snapshot of a national list as --json shows it.
type listJSON struct {
	Name      string   `json:"name"`
	Country   string   `json:"country"`
	Flows     []string `json:"flows"`
	Digits    int      `json:"digits"`
	Edition   int      `json:"edition"`
	Snapshot  string   `json:"snapshot"`
	ValidFrom string   `json:"valid_from,omitempty"`
	ValidTo   string   `json:"valid_to,omitempty"`
	Entries   int      `json:"entries"`
	Complete  bool     `json:"complete"`
	Note      string   `json:"note,omitempty"`
	Source    string   `json:"source"`
}

// codeLists names the national lists that are held: each is a snapshot of one
// day, and says what it lacks.
func (w *window) codeLists() error {
	out := []listJSON{}
	for _, l := range codes.Lists() {
		out = append(out, listJSON{
			l.Name, l.Country, some(l.Flows), l.Digits, int(l.Edition), l.Snapshot,
			l.ValidFrom, l.ValidTo, l.Entries, l.Complete, l.Note, l.Source,
		})
	}
	if w.json {
		return w.printJSON(map[string][]listJSON{"lists": out})
	}
	t := newTable(w.say("head.list"), w.say("head.country"), w.say("head.flows"), ">"+w.say("head.digits"), w.say("head.edition"), w.say("head.snapshot"), ">"+w.say("head.lines"), w.say("head.source"))
	for _, l := range out {
		t.add(l.Name, l.Country, strings.Join(l.Flows, ", "), count(int64(l.Digits), w.lang), editionName(l.Edition), l.Snapshot, count(int64(l.Entries), w.lang), l.Source)
	}
	w.table(t)
	for _, l := range out {
		if l.Note != "" {
			w.note(w.say("lists.note", "list", l.Name, "snapshot", l.Snapshot, "note", l.Note))
		}
	}
	return nil
}

// listNames returns the names of the national lists, each once.
func listNames() []string {
	var out []string
	for _, l := range codes.Lists() {
		if !slices.Contains(out, l.Name) {
			out = append(out, l.Name)
		}
	}
	return out
}
