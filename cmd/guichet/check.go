package main

import (
	"context"

	"guichet/internal/node"
)

func checkCommand() command {
	return command{name: "check", define: func(f *flags) action {
		f.atHome()
		return func(ctx context.Context, w *window, args []string) error {
			if err := w.want("check", args, 0, 0); err != nil {
				return err
			}
			return w.inHome(ctx, f, func(n *node.Node) error {
				if err := n.Check(ctx); err != nil {
					return err
				}
				if w.json {
					return w.printJSON(map[string]bool{"ok": true})
				}
				w.print(w.say("check.ok"))
				return nil
			})
		}
	}}
}
