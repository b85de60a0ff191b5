package main

import (
	"strings"

	"guichet"
)

// nearest returns an error about a name that is not known, with the known name
// that is nearest to it as its hint, or another hint when none is near.
func (w *window) nearest(message, name string, known []string, otherwise string) error {
	hint := otherwise
	if best, ok := closest(name, known); ok {
		hint = w.say("hint.nearest", "name", best)
	}
	return guichet.Errorf(guichet.KindInvalid, "%s", message).WithHint("%s", hint)
}

// unknownVerb refuses a word that a command does not know, or the lack of one.
func (w *window) unknownVerb(command, verb string, known []string) error {
	usage := w.say("hint.usage", "name", command)
	if verb == "" {
		return guichet.Errorf(guichet.KindInvalid, "%s", w.say("error.noverb", "name", command, "verbs", strings.Join(known, ", "))).WithHint("%s", usage)
	}
	return w.nearest(w.say("error.verb", "name", command, "verb", verb), verb, known, usage)
}

// closest returns the name that takes the fewest slips to become the one
// written, if it takes no more than a third of its letters.
func closest(name string, known []string) (string, bool) {
	best, least := "", 1+max(1, len([]rune(name))/3)
	for _, k := range known {
		if d := slips([]rune(name), []rune(k)); d < least {
			best, least = k, d
		}
	}
	return best, best != ""
}

// slips counts the letters to add, drop, replace or swap with the next
// (optimal string alignment distance).
func slips(a, b []rune) int {
	var before []int
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
