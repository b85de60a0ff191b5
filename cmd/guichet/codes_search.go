package main

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"guichet"
	"guichet/codes"
	"guichet/hs"
	"guichet/internal/node"
)

// hitsShown is how many hits a search shows when --top is silent, mostHits how
// many it may be asked for.
const (
	hitsShown = 10
	mostHits  = 1000
)

// hitJSON is what a search found, as --json shows it.
type hitJSON struct {
	node.SearchHit
	Lines []linesJSON `json:"lines"` // national lines of a subheading, on the day
}

// linesJSON is the national lines under one subheading in one list.
type linesJSON struct {
	List  string   `json:"list"`
	Codes []string `json:"codes"`
}

// searchCodes finds codes by everyday words, with the labels of the home where
// there is one.
func (w *window) searchCodes(ctx context.Context, f *flags, words []string, o codesOptions) error {
	day, err := w.day(o.on)
	if err != nil {
		return err
	}
	if o.top < 1 || o.top > mostHits {
		return w.wrong("error.flag.bad", "hint.usage", "name", "codes", "flag", "--top", "value", strconv.Itoa(o.top))
	}
	query := strings.Join(words, " ")
	n, err := node.Open(ctx, w.config(f))
	if guichet.KindOf(err) == guichet.KindNotFound && !f.has(homeFlag) {
		return w.printHits(query, node.SearchOwn(query, o.top), day)
	}
	if err != nil {
		return err
	}
	found, err := n.Search(query, o.top)
	if err == nil {
		err = w.printHits(query, found, day)
	}
	return errors.Join(err, n.Close())
}

func (w *window) printHits(query string, found []node.SearchHit, day time.Time) error {
	out := make([]hitJSON, len(found))
	for i, h := range found {
		out[i] = hitJSON{h, linesUnder(h, day)}
	}
	if w.json {
		return w.printJSON(struct {
			Query string    `json:"query"`
			Hits  []hitJSON `json:"hits"`
		}{query, out})
	}
	if len(out) == 0 {
		return guichet.Errorf(guichet.KindNotFound, "%s", w.say("error.search.none", "query", query)).WithHint("%s", w.say("hint.search.none"))
	}
	t := newTable(w.say("head.code"), w.say("head.what"), w.say("head.label"), w.say("head.matched"), w.say("head.nationalLines"))
	for _, h := range out {
		var lines []string
		for _, l := range h.Lines {
			lines = append(lines, l.List+" "+strconv.Itoa(len(l.Codes)))
		}
		by := h.Matched
		if by == h.Label.EN || by == h.Label.FR {
			by = ""
		}
		t.add(h.Code, w.kindOf(h), h.Label.In(w.lang), by, strings.Join(lines, ", "))
	}
	w.table(t)
	w.print("")
	w.print(w.say("search.next", "code", out[0].Code))
	return nil
}

// kindOf says what a hit is: a group, a code of an edition, a line of a list.
func (w *window) kindOf(h hitJSON) string {
	switch {
	case h.List != "":
		return h.List
	case h.Edition != 0:
		return editionName(h.Edition)
	}
	return w.say("search.group")
}

// linesUnder names the national lines of a subheading in every list in force on
// a day. A list that refines another edition is asked for the same number only
// where that edition knows it.
func linesUnder(h node.SearchHit, day time.Time) []linesJSON {
	out := []linesJSON{}
	if h.List != "" || len(h.Code) != hsDigits || strings.Trim(h.Code, "0123456789") != "" || !hs.Known(hs.Edition(h.Edition), hs.Code(h.Code)) {
		return out
	}
	for _, name := range listNames() {
		var under []string
		for _, e := range codes.SplitLines(name, h.Code, day) {
			under = append(under, e.Code)
		}
		if len(under) > 0 {
			out = append(out, linesJSON{name, under})
		}
	}
	return out
}
