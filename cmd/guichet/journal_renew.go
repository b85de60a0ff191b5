package main

import (
	"context"
	"strconv"

	"guichet/internal/node"
)

// draftRenewal asks the others what they have seen, shows what a renewal would say,
// and writes it into a file. Nothing is signed.
func (w *window) draftRenewal(ctx context.Context, op node.Operator, o *journalOptions) error {
	if err := w.needed("journal", map[string]string{"--why": o.why, "--out": o.out}); err != nil {
		return err
	}
	if err := freeName(o.out); err != nil {
		return err
	}
	text, err := op.DraftRenewal(ctx, o.why)
	if err != nil {
		return err
	}
	if err := writeNew(o.out, text); err != nil {
		return err
	}
	if w.json {
		return w.renewalJSON(text, o.out)
	}
	if err := w.printRenewal(text); err != nil {
		return err
	}
	w.print(w.say("renewal.drafted", "file", o.out))
	w.note(w.say("renewal.tosign", "file", o.out))
	return nil
}

// signRenewal shows what a renewal says, asks, and signs by the member's own key.
func (w *window) signRenewal(c *node.Ceremonies, o *journalOptions, name string) error {
	text, err := readPaper(name)
	if err != nil {
		return err
	}
	if err := w.printRenewal(text); err != nil {
		return err
	}
	if err := w.agreed(o.yes); err != nil {
		return err
	}
	signed, err := c.SignRenewal(text)
	if err != nil {
		return err
	}
	if o.out == "" {
		return w.rewritten(name, signed, "renewal.signed")
	}
	return w.sent(o.out, signed, "renewal.signed")
}

// publishRenewal begins the log that a renewal names, and says how the journal
// stands then.
func (w *window) publishRenewal(ctx context.Context, op node.Operator, name string) error {
	text, err := readPaper(name)
	if err != nil {
		return err
	}
	st, err := op.PublishRenewal(ctx, text)
	if err != nil {
		return err
	}
	if !w.json {
		w.note(w.say("renewal.begun"))
	}
	return w.standing(st, nil)
}

// renewalJSON is what a renewal says, and the file that holds it.
func (w *window) renewalJSON(text []byte, file string) error {
	r, err := node.ReadRenewal(text)
	if err != nil {
		return err
	}
	return w.printJSON(map[string]any{"renewal": r, "file": file})
}

// printRenewal shows what a renewal says, to people.
func (w *window) printRenewal(text []byte) error {
	r, err := node.ReadRenewal(text)
	if err != nil || w.json {
		return err
	}
	w.print(w.say("renewal.says", "member", w.area(r.Member), "circle", r.Circle, "log", strconv.Itoa(r.Log)))
	for _, l := range r.Logs {
		key := "renewal.whole"
		if l.Lost > 0 {
			key = "renewal.lost"
		}
		w.print("  " + w.say(key, "log", strconv.Itoa(l.Log), "have", count(l.Have, w.lang), "seen", count(l.Seen, w.lang),
			"from", strconv.FormatInt(l.First+l.Have, 10), "to", strconv.FormatInt(l.First+l.Have+l.Lost-1, 10)))
		if l.Forked {
			w.print("  " + w.say("renewal.forked", "log", strconv.Itoa(l.Log)))
		}
	}
	w.print("  " + w.say("renewal.first", "log", strconv.Itoa(r.Log), "first", strconv.FormatInt(r.First, 10)))
	w.print("  " + w.say("renewal.why", "why", r.Why, "time", moment(r.Time)))
	w.print("  " + w.say("renewal.digest", "digest", r.Digest))
	return nil
}
