package main

import (
	"context"
	"strconv"
	"strings"

	"guichet"
	"guichet/internal/node"
)

// draftJSON is a proposed profile as --json shows it.
type draftJSON struct {
	Path    string              `json:"path,omitempty"` // where it was written
	YAML    string              `json:"yaml"`
	Rows    int                 `json:"rows"`
	Columns []draftedColumnJSON `json:"columns"`
	Doubts  []doubtJSON         `json:"doubts"`
}

// draftedColumnJSON says what a column was taken for.
type draftedColumnJSON struct {
	Column string  `json:"column"`
	Role   string  `json:"role"`
	Share  float64 `json:"share"`
}

// doubtJSON is a doubt of a draft.
type doubtJSON struct {
	Line  int          `json:"line"`
	About string       `json:"about"`
	Text  guichet.Text `json:"text"`
	Open  bool         `json:"open"`
	Minor bool         `json:"minor"`
}

// draftProfile proposes a profile: to a file with --out, else to standard
// output, with its doubts beside it.
func (w *window) draftProfile(ctx context.Context, f *flags, file, path string, a node.ProfileAnswers) error {
	d, err := node.DraftProfile(ctx, w.config(f), file, a, w.lang)
	if err != nil {
		return err
	}
	if path != "" {
		if err := node.SaveProfile(path, d.YAML); err != nil {
			return err
		}
	}
	if w.json {
		out := draftJSON{Path: path, YAML: d.YAML, Rows: d.Rows, Columns: []draftedColumnJSON{}, Doubts: []doubtJSON{}}
		for _, c := range d.Columns {
			out.Columns = append(out.Columns, draftedColumnJSON(c))
		}
		for _, x := range d.Doubts {
			out.Doubts = append(out.Doubts, doubtJSON(x))
		}
		return w.printJSON(out)
	}
	if path == "" {
		w.write(d.YAML)
		for _, line := range w.doubtLines(d) {
			w.note(line)
		}
		return nil
	}
	w.print(w.say("draft.written", "path", path, "file", file, "rows", count(int64(d.Rows), w.lang)))
	t := newTable(w.say("head.column"), w.say("head.role"), ">"+w.say("head.fits"))
	t.indent = "  "
	for _, c := range d.Columns {
		share := ""
		if c.Share > 0 {
			share = w.percentOf(c.Share)
		}
		t.add(c.Column, w.role(c.Role), share)
	}
	w.table(t)
	for _, line := range w.doubtLines(d) {
		w.print(line)
	}
	if !strings.ContainsAny(path, "/.") { // else it would be looked for among the embedded
		path = "./" + path
	}
	w.print(w.say("draft.next", "path", path, "file", file))
	return nil
}

// role names what a column was taken for: a field as it is, the rest in words.
func (w *window) role(r string) string {
	switch r {
	case "ignored", "control", "undecided":
		return w.say("role." + r)
	}
	return r
}

// doubtLines writes the doubts: first what must be decided, then the guesses;
// of columns that hold nothing new only how many there are.
func (w *window) doubtLines(d node.ProfileDraft) []string {
	var open, guesses []string
	minor := 0
	for _, x := range d.Doubts {
		line := "  " + w.say("draft.line", "line", strconv.Itoa(x.Line), "about", x.About, "text", x.Text.In(w.lang))
		switch {
		case x.Open:
			open = append(open, line)
		case x.Minor:
			minor++
		default:
			guesses = append(guesses, line)
		}
	}
	var out []string
	if len(open) > 0 {
		out = append(append(out, "", w.say("draft.open")), open...)
	}
	if len(guesses) > 0 {
		out = append(append(out, "", w.say("draft.doubts")), guesses...)
	}
	if minor > 0 {
		out = append(out, w.sayN("draft.minor", int64(minor)))
	}
	return out
}

// showProfile prints the text of an embedded profile, to start from.
func (w *window) showProfile(name string) error {
	text, err := node.ProfileText(name)
	if err != nil {
		return err
	}
	if w.json {
		return w.printJSON(map[string]string{"name": name, "yaml": string(text)})
	}
	w.write(string(text))
	return nil
}
