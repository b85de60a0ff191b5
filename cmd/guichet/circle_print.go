package main

import (
	"context"
	"os"
	"strconv"
	"strings"
	"time"

	"guichet"
	"guichet/internal/node"
)

// printReview says what a proposal changes, before anybody signs it.
func (w *window) printReview(r node.Review, print func(string)) {
	title := w.say("review.title", "circle", r.Circle, "kind", w.say("review.kind."+r.Kind), "by", w.area(r.By))
	if r.Why != "" {
		title += w.say("review.why", "why", r.Why)
	}
	print(title)
	print(w.say("review.id", "id", r.ID))
	for _, c := range r.Changes {
		print("  + " + w.explained(c))
	}
	said := map[string]bool{} // one paper may need the same signatures for two reasons
	for _, m := range r.Missing {
		line := "  ? " + w.say("review.missing", "paper", m.Paper, "have", strconv.Itoa(m.Have), "need", strconv.Itoa(m.Need), "members", strings.Join(m.Members, ", "))
		if !said[line] {
			said[line] = true
			print(line)
		}
	}
	if r.Ready {
		print(w.say("review.ready"))
	}
}

// explained is one change in words: an agreement's clause by clause.
func (w *window) explained(e node.Explained) string {
	if e.Clause == "" {
		return e.Text.In(w.lang)
	}
	before, after := e.Before, e.After
	if before == "" {
		before = w.say("diff.nothing")
	}
	if after == "" {
		after = w.say("diff.nothing")
	}
	return e.Clause + ": " + short(before, diffWidth) + " -> " + short(after, diffWidth) + " (" + w.say("diff."+e.Effect) + ")"
}

// diffWidth is how much of a clause is shown on each side of a change.
const diffWidth = 100

// printCircle shows a circle and its members.
func (w *window) printCircle(c guichet.Circle, title string) error {
	if w.json {
		return w.printJSON(map[string]guichet.Circle{"circle": c})
	}
	w.print(w.say(title, "circle", c.Name, "version", strconv.FormatInt(c.Version, 10), "threshold", strconv.Itoa(c.Threshold), "members", strconv.Itoa(len(c.Members)), "expires", c.Expires.Format(time.DateOnly)))
	w.print(w.say("circle.id", "id", c.ID))
	w.print("")
	t := newTable(w.say("head.member"), w.say("head.standingAs"), w.say("head.offices"), w.say("head.endpoints"), w.say("head.contact"))
	for _, m := range c.Members {
		var offices, contact []string
		for _, x := range m.Offices {
			offices = append(offices, x.ID)
		}
		for _, x := range m.Contacts {
			if x.For == "operations" {
				contact = append(contact, x.Email)
			}
		}
		role := m.Role
		if !m.Left.IsZero() {
			role = w.say("member.left", "day", m.Left.Format(time.DateOnly))
		}
		t.add(w.area(m.Code), role, strings.Join(offices, ", "), strings.Join(m.Endpoints, ", "), strings.Join(contact, ", "))
	}
	w.table(t)
	return nil
}

func circleVerify(_ context.Context, w *window, c *node.Ceremonies, _ *circleOptions, _ []string) error {
	r, err := c.Verify()
	if err != nil {
		return err
	}
	var wrong error
	if r.Fatal != "" || len(r.Faults) > 0 {
		wrong = told{guichet.Errorf(guichet.KindUntrusted, "the circle's papers are not as they should be")}
	}
	if w.json {
		if err := w.printJSON(map[string]node.CircleReport{"papers": r}); err != nil {
			return err
		}
		return wrong
	}
	t := newTable(w.say("head.paper"), ">"+w.say("head.version"), w.say("head.signed"), ">"+w.say("head.need"), w.say("head.expires"), w.say("head.state"))
	for _, p := range r.Papers {
		t.add(p.Name, strconv.FormatInt(p.Version, 10), strings.Join(p.Signed, ", "), strconv.Itoa(p.Need), p.Expires.Format(time.DateOnly), w.say("paper."+p.State))
	}
	w.table(t)
	for _, f := range r.Faults {
		w.print(f.Paper + ": " + f.Text.In(w.lang))
	}
	if r.Fatal != "" {
		w.print(r.Fatal)
	}
	if wrong == nil {
		w.print("")
		w.print(w.say("circle.whole", "circle", r.Circle, "id", r.ID))
	}
	return wrong
}

// needed says which flags are missing.
func (w *window) needed(name string, given map[string]string) error {
	for _, flag := range []string{"--circle", "--member", "--paper", "--key", "--id", "--template", "--parties", "--out"} {
		if v, asked := given[flag]; asked && v == "" {
			return w.wrong("error.needed", "hint.usage", "flag", flag, "name", name)
		}
	}
	return nil
}

// sent writes a paper to a new file, or to standard output, and says what to do
// with it.
func (w *window) sent(out string, text []byte, key string) error {
	if out == "" {
		w.write(string(text))
		return nil
	}
	if err := writeNew(out, text); err != nil {
		return err
	}
	if w.json {
		return w.printJSON(map[string]string{"file": out})
	}
	w.print(w.say(key, "file", out))
	return nil
}

// rewritten puts a paper in the place of the file that it was made from.
func (w *window) rewritten(name string, text []byte, key string) error {
	tmp := name + ".signing"
	if err := writeNew(tmp, text); err != nil {
		return err
	}
	if err := os.Rename(tmp, name); err != nil { //nolint:gosec // the file that the operator names
		_ = os.Remove(tmp) //nolint:gosec // as above
		return guichet.Errorf(guichet.KindInternal, "%s: %w", name, err)
	}
	if w.json {
		return w.printJSON(map[string]string{"file": name})
	}
	w.print(w.say(key, "file", name))
	return nil
}
