package main

import (
	"context"

	"guichet/internal/node"
)

func compactCommand() command {
	return command{name: "compact", define: func(f *flags) action {
		f.atHome()
		return func(ctx context.Context, w *window, args []string) error {
			if err := w.want("compact", args, 0, 0); err != nil {
				return err
			}
			return w.inHome(ctx, f, func(n *node.Node) error {
				p := w.progress()
				c, err := n.Compact(ctx, p.report())
				p.end()
				if err != nil {
					return err
				}
				if w.json {
					return w.printJSON(c)
				}
				if c.Packed == 0 {
					w.print(w.say("compact.nothing", "files", count(int64(c.Before), w.lang)))
					return nil
				}
				w.print(w.say("compact.done", "packed", count(int64(c.Packed), w.lang), "packs", count(int64(c.Packs), w.lang),
					"rows", count(c.Rows, w.lang), "seconds", seconds(c.Seconds, w.lang)))
				return nil
			})
		}
	}}
}
