package main

import (
	"context"

	"guichet/internal/node"
)

func exportCommand() command {
	return command{name: "export", define: func(f *flags) action {
		var dataset string
		f.atHome()
		f.text(&dataset, "dataset")
		return func(ctx context.Context, w *window, args []string) error {
			if err := w.want("export", args, 1, 1); err != nil {
				return err
			}
			return w.inHome(ctx, f, func(n *node.Node) error {
				path, err := n.Export(ctx, dataset, args[0])
				if err != nil {
					return err
				}
				if w.json {
					return w.printJSON(map[string]string{"metadata": path})
				}
				w.print(path)
				w.note(w.say("export.next"))
				return nil
			})
		}
	}}
}
