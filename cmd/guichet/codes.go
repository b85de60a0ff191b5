package main

import (
	"context"
	"errors"
	"time"

	"guichet"
	"guichet/hs"
	"guichet/internal/node"
	"guichet/trade"
)

// codesOptions are the flags of codes.
type codesOptions struct {
	list, on, edition string
	top               int
}

func codesCommand() command {
	return command{name: "codes", define: func(f *flags) action {
		var o codesOptions
		f.atHome()
		f.text(&o.list, "list")
		f.text(&o.on, "on")
		f.text(&o.edition, "edition")
		f.int(&o.top, "top", hitsShown)
		return func(ctx context.Context, w *window, args []string) error {
			if what, words := verb(args); what == "search" {
				if len(words) == 0 {
					return w.wrong("error.search.empty", "hint.search.empty")
				}
				return w.searchCodes(ctx, f, words, o)
			}
			if err := w.want("codes", args, 1, 2); err != nil {
				return err
			}
			what, rest := verb(args)
			switch what {
			case "lists":
				if err := w.want("codes", rest, 0, 0); err != nil {
					return err
				}
				return w.codeLists()
			case "groups":
				return w.codeGroups(rest, o)
			case "import":
				if err := w.want("codes", rest, 1, 1); err != nil {
					return err
				}
				return w.importLabels(ctx, f, rest[0])
			}
			if err := w.want("codes", args, 1, 1); err != nil {
				return err
			}
			return w.withLabels(ctx, f, func(label labels) error { return w.lookUp(what, o, label) })
		}
	}}
}

// withLabels works with the wording of codes: that of the home, which may hold
// an official list, or where there is no home our own.
func (w *window) withLabels(ctx context.Context, f *flags, work func(labels) error) error {
	n, err := node.Open(ctx, w.config(f))
	if guichet.KindOf(err) == guichet.KindNotFound && !f.has(homeFlag) {
		return work(trade.ProductLabel)
	}
	if err != nil {
		return err
	}
	return errors.Join(work(n.Label), n.Close())
}

func (w *window) importLabels(ctx context.Context, f *flags, file string) error {
	return w.inHome(ctx, f, func(n *node.Node) error {
		held, err := n.ImportLabels(ctx, file)
		if err != nil {
			return err
		}
		if w.json {
			return w.printJSON(map[string]int{"labels": held})
		}
		w.print(w.sayN("codes.imported", int64(held)))
		return nil
	})
}

// day reads --on; today where it is silent.
func (w *window) day(on string) (time.Time, error) {
	if on == "" {
		return w.clock().UTC().Truncate(24 * time.Hour), nil
	}
	t, err := time.Parse(time.DateOnly, on)
	if err != nil {
		return t, w.wrong("error.day", "hint.day", "flag", "--on", "value", on)
	}
	return t, nil
}

// editionOr reads --edition, or takes another where it is silent.
func (w *window) editionOr(written string, otherwise hs.Edition) (hs.Edition, error) {
	if written == "" {
		return otherwise, nil
	}
	e, err := hs.ParseEdition(written)
	if err != nil {
		return 0, w.wrong("error.edition", "hint.edition", "value", written)
	}
	return e, nil
}
